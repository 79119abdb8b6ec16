"""The JavaScript that sends events from a page to a log, made of templates and of the table of events.

`capture.js` is the script, `forward/` has one file for each platform that it can call as well. In them `"{{name}}"` is
a place that is filled: so they are JavaScript themselves, for editors and for whoever reads them.
"""

import json
import pkgutil
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dcevents import __version__
from dcevents.errors import UsageError
from dcevents.model.events import ATTRIBUTES, EVENTS, MEETING_INFO, READY

FORWARDS = {"ga4": "ga4", "adobe-analytics": "adobeAnalytics", "web-sdk": "webSdk"}
"""Platforms by the name of their file, and the function in it."""

_PLACE = re.compile(r'"\{\{(\w+)\}\}"')
_LINES = re.compile(r'^ *"\{\{(forward|functions)\}\}";\n', re.MULTILINE)
"""Places that are lines, or none."""
_ENDPOINT = re.compile(r"(?:https?:)?//[^\s/?#]+\S*|/(?!/)\S*|[^\s:/?#]+(?:/\S*)?")
_IN_HTML = re.compile(r"<!--|<(?=/?script)", re.IGNORECASE)
_TEXTS = re.compile(r"""'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\$]|\\.)*`""")
_PAIRS = {")": "(", "]": "[", "}": "{"}


@dataclass(frozen=True)
class Snippet:
    """What the script is to do."""

    endpoint: str
    keep_query: bool = False
    with_meeting_info: bool = False
    consent: str | None = None
    """JavaScript: events are sent only while it is true."""
    forward: Sequence[str] = ()
    """Platforms to call for each event, of `FORWARDS`."""
    external: bool = False
    """The script alone, for a file; else in a `<script>` element."""


def text(wanted: Snippet) -> str:
    """The script, to be pasted or to be a file. Raises UsageError for an endpoint or an expression that is none."""
    script = _filled(_template("capture.js"), _places(wanted))
    return script if wanted.external else f"<script>\n{script}</script>\n"


def forwarded_name(kind: str) -> str:
    """An event's name on analytics platforms, at most 40 letters: `live_chat_request_timeout` → `chat_live_timeout`."""
    return "chat_" + kind.replace("live_chat_", "live_").replace("request_timeout", "timeout")


def _places(wanted: Snippet) -> Mapping[str, str]:
    attributes = [*ATTRIBUTES, *([MEETING_INFO] if wanted.with_meeting_info else [])]
    return {
        "version": _literal(__version__),
        "endpoint": _literal(_endpoint(wanted.endpoint)),
        "ready": _literal(READY),
        "keys": _list([_literal(event.key) for event in EVENTS]),
        "attributes": "[" + ", ".join(map(_literal, attributes)) + "]",
        "consent": _expression(wanted.consent),
        "page": "location.href" if wanted.keep_query else "location.href.split(/[?#]/)[0]",
        "forward": "    forward(event, payload);\n" if wanted.forward else "",
        "functions": _functions(wanted.forward),
    }


def _functions(platforms: Sequence[str]) -> str:
    if not platforms:
        return ""
    chosen = [name for name in FORWARDS if name in platforms]
    names = [f"{event.key}: {_literal(forwarded_name(event.kind))}" for event in EVENTS]
    places = {
        "platforms": "[" + ", ".join(FORWARDS[name] for name in chosen) + "]",
        "names": "{" + _list(names)[1:-1] + "}",
    }
    return "".join(
        _filled(_template(f"forward/{name}.js"), places) for name in ["_common", *chosen]
    )


def _template(name: str) -> str:
    return (pkgutil.get_data(__name__, name) or b"").decode()


def _filled(template: str, places: Mapping[str, str]) -> str:
    # Values come last, in one pass: what is given is never taken for a place.
    return _PLACE.sub(
        lambda match: places[match[1]], _LINES.sub(lambda match: places[match[1]], template)
    )


def _list(items: Sequence[str]) -> str:
    """A JavaScript array, an item a line."""
    return "[\n" + "".join(f"    {item},\n" for item in items) + "  ]"


def _literal(text: str) -> str:
    """A JavaScript string: ASCII, and nothing that ends a `<script>` element."""
    return json.dumps(text).replace("<", "\\u003c").replace(">", "\\u003e")


def _endpoint(given: str) -> str:
    if not _ENDPOINT.fullmatch(given):
        raise UsageError(
            f"--endpoint: '{given}' is no address; write /dc-events, or https://logs.example.com/dc-events"
        )
    return given


def _expression(given: str | None) -> str:
    """JavaScript as it was given, if it cannot end the expression that it is put into, nor the `<script>` element."""
    if given is None:
        return "true"
    bare = _TEXTS.sub('""', given)
    if (
        not given.strip()
        or not given.isprintable()
        or _IN_HTML.search(given)
        or not _is_whole(bare)
    ):
        raise UsageError(
            f"--consent: '{given}' is no expression on one line, as in 'window.consent === true'"
        )
    return given


def _is_whole(bare: str) -> bool:
    """Whether brackets are closed in order, and no comment, statement or open text is there."""
    if re.search(r"//|/\*|;", bare) or re.search(r"['\"`]", bare.replace('""', "")):
        return False
    opened: list[str] = []
    for sign in bare:
        if sign in "([{":
            opened.append(sign)
        elif sign in _PAIRS and (not opened or opened.pop() != _PAIRS[sign]):
            return False
    return not opened
