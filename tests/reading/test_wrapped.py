"""Lines that a server logged of requests,
with the lines that the page sent in `body` (docs/capture.md).
"""

import gzip
import json
import random
from typing import Any

import harness
import pytest
from choosing import choose_some, combine
from odd_lines import check_lines

SITE = harness.ROOT / "sample_logs" / "site"
LINES = [
    line
    for name in ("dc.log-20261105.gz", "dc.log-20261108.gz")
    for line in gzip.decompress((SITE / name).read_bytes()).decode("utf-8", "replace").splitlines()
    if '"sid"' in line and harness.is_json(line) and "NaN" not in line
]
REPORTS = ("conversations", "summary")
GOOD = harness.log("09:00 a triggered\n09:01 a engaged\n09:02 a completed").decode().splitlines()


RECEIVED = "2026-11-02T09:15:05+00:00"


def wrapped(lines: list[str], received: str = RECEIVED, **more: object) -> str:
    """A line as nginx logs it."""
    body = "".join(line + "\n" for line in lines)
    return json.dumps({"received": received, "body": body, **more}, ensure_ascii=False)


def figures(log: str) -> tuple[object, ...]:
    """All reports of a log, and its account, but for how it was read."""
    made = [harness.run(report, "-q", "-f", "json", stdin=log.encode()).json for report in REPORTS]
    account = {key: value for key, value in made[0]["input"].items() if key != "envelopes"}
    parts = [part for each in made for part in each.get("reports", [each])]
    return [(part["rows"], part.get("total")) for part in parts], account


@pytest.mark.parametrize("share", [1.0, 0.5, 0.01])
def test_wrapped_or_not_lines_say_the_same(share: float) -> None:
    rng = random.Random(1)
    lines: list[str] = []
    left = LINES.copy()
    while left:
        taken, left = left[: (size := rng.randint(1, 5))], left[size:]
        lines += [wrapped(taken)] if rng.random() < share else taken

    assert figures("\n".join(LINES) + "\n") == figures("\n".join(lines) + "\n")


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("{", None),
        ("no JSON", None),
        (GOOD[0][:50], None),
        (GOOD[0] + "x", None),
        ("null", None),
        ('"text"', None),
        ('{"no": "event"}', "no_event"),
        (GOOD[0].replace('"sid"', '"sad"'), "no_sid"),
    ],
)
@pytest.mark.parametrize("at", choose_some([3, 0, 1], 3, "records"))
def test_a_bad_line_in_a_body_harms_no_other(bad: str, reason: str | None, at: int) -> None:
    body = [*GOOD[:at], bad, *GOOD[at:]]

    log = f"{wrapped(body)}\n".encode()
    report = harness.run("events", "--rejects", "-", "-o", "/dev/null", stdin=log)
    account = harness.run("events", "-f", "json", stdin=log).json["input"]

    rejects = [(each["line"], each["index"], each["reason"]) for each in report.ndjson]
    assert rejects == ([] if reason is None else [(1, at + 1, reason)])
    assert (len(rejects) + 3, 3) == (account["records"], account["events"])


def test_places_are_those_of_the_log() -> None:
    lines = [GOOD[0], wrapped(GOOD[1:]), "{x"]

    events = harness.run("events", "-f", "ndjson", stdin=("\n".join(lines) + "\n").encode())
    rejects = harness.run(
        "summary", "--rejects", "-", "-o", "/dev/null", stdin=("\n".join(lines) + "\n").encode()
    )

    assert [1, 2, 2] == [event["line"] for event in events.ndjson]
    assert [(3, "invalid_json")] == [(each["line"], each["reason"]) for each in rejects.ndjson]


# -- by the scanner and by the judge ---------------------------------------------------------------


TWO = GOOD[:2]
ODD = {
    "one record": wrapped(GOOD[:1]),
    "one in another place": json.dumps({"received": RECEIVED, "message": GOOD[0], "status": "204"}),
    "none": wrapped([]),
    "no event among them": wrapped(['{"a":1}', '{"b":2}']),
    "an event and another object": wrapped([GOOD[0], '{"a":1}']),
    "ready events": wrapped(['{"event":"adobedx.conversations.ready"}'] * 2),
    "a broken line": wrapped([*TWO, "{"]),
    "a line that is none": wrapped([*TWO, "text"]),
    "a list among them": wrapped([*TWO, "[]"]),
    "two on a line": wrapped([GOOD[0] + GOOD[1], GOOD[2]]),
    "a comma between them": wrapped([f"{GOOD[0]},", GOOD[1]]),
    "over several lines": wrapped([json.dumps(json.loads(line), indent=1) for line in TWO]),
    "as a list": wrapped([f"[{GOOD[0]},", f"{GOOD[1]}]"]),
    "escapes in some": wrapped([TWO[0], TWO[1].replace('"P"', '"\\\\n{"')]),
    "blank lines": wrapped(["", TWO[0], " \t", TWO[1], "\x1e", ""]),
    "separators": wrapped(["\x1e" + line for line in TWO]),
    "spaces around them": wrapped([f"  {line}\r" for line in TWO]),
    "behind prefixes": wrapped([f"2026-11-02T09:15:04Z {line}" for line in TWO]),
    "escapes": wrapped([line.replace('"P"', '"\\u00e9\\n"') for line in TWO]).replace(
        "engaged", "\\u0065ngaged"
    ),
    "half a surrogate pair": wrapped(TWO).replace("dlg", "\\ud800"),
    "half a surrogate pair in a record": wrapped([line.replace("dlg", "\\ud800") for line in TWO]),
    "a bad escape": wrapped(TWO).replace("dlg", "\\x"),
    "a raw tab": wrapped(TWO).replace("dlg", "\t"),
    "a quote too many": wrapped(TWO).replace("dlg", '"'),
    "cut off": wrapped(TWO)[:-30],
    "another text behind it": wrapped(TWO, more="\n{"),
    "an event beside it": wrapped(TWO, event="CONVERSATION_CLOSED", sid="outer"),
    "a list beside it": wrapped(TWO, events=[json.loads(GOOD[2])] * 2),
    "a list before it": json.dumps(
        {"events": [json.loads(GOOD[2])] * 2, **json.loads(wrapped(TWO))}
    ),
    "said to be encoded": wrapped(TWO, isBase64Encoded=True),
    "wrapped once more": wrapped([wrapped(TWO), wrapped(TWO)]),
    "a plain line": GOOD[0],
    "long": wrapped(GOOD * 60),
}


@pytest.mark.records
@combine(("odd", "behind"), ODD, ["nothing", "as much everywhere", "more and less"], at_once=1)
def test_an_odd_body_among_others_says_what_it_says_by_itself(odd: str, behind: str) -> None:
    more: list[dict[str, Any]] = [
        {}
        if behind == "nothing"
        else {"status": "204"}
        if behind == "as much everywhere"
        else {"n": n}
        for n in range(60)
    ]
    usual = [
        wrapped(LINES[n : n + 2 + n % 3], RECEIVED.replace("15", str(10 + n % 50)), **more[n])
        for n in range(60)
    ]
    lines = [*usual, odd, *usual[:30], *[odd] * 9, *usual[:9]]

    tally, *_ = check_lines([line.encode() for line in lines])
    assert tally["event"] > 200
