"""Names that would do something in a page, and a log in which they stand everywhere."""

import json

HOSTILE = [
    "</td></table><script>alert(1)</script>",
    "</svg><img src=x onerror=alert(1)>",
    "</style></title><iframe src=//evil.example>",
    "\"' onmouseover=alert(1) x='\"",
    "javascript:alert(1)//https://evil.example/",
    "{{ 7*7 }}{% for x in y %}",
    "a\u202eb\u200bc\u2066d\u0000e",
    "no XML: \ufffe\uffff",
    "<!-- ]]> --> &lt;b&gt; &amp;",
    "x" * 600,
]


def hostile_log(texts: list[str]) -> bytes:
    """A log in which each text stands wherever a text may stand."""
    lines = []
    for n, text in enumerate(texts):
        payload = {
            "name": text,
            "id": f"{n}{text}",
            "type": text,
            "uiType": text,
            "sid": f"{n}{text[:300]}",
        }
        agent = {"agentName": text, "agentID": f"{n}{text}", "meetingInfo": (text * 20)[:50_000]}
        for i, kind in enumerate(
            ("TRIGGERED", "ENGAGED", "LIVE_CHAT_REQUESTED", "LIVE_CHAT_INITIATED", "MEETING_BOOKED")
        ):
            more = agent if i > 1 else {}
            event = {
                "event": f"CONVERSATION_{kind}",
                "timestamp": f"2026-11-02T09:00:0{i}Z",
                "page": f"https://x.example/{text}",
                "data": {"payload": {**payload, **more}},
            }
            lines.append(json.dumps(event))
        lines.append(json.dumps({"event": text, "sid": "s"}))
    return ("\n".join(lines) + "\n").encode()
