"""The JavaScript that sends events from a page to a log.

Made of templates and of the table of events: `capture.js` is the script, `forward/` has one file
for each platform that it can call as well. In them `"{{name}}"` is a place that is filled; so they
are JavaScript themselves, for editors and readers.
"""

import json
import pkgutil
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from dcevents import __version__
from dcevents.errors import UsageError
from dcevents.model.events import (
    ADOBE_VALUE_LIMIT,
    EVENT_KINDS,
    FORWARDED_PREFIX,
    FORWARDED_VALUES,
    GA4_VALUE_LIMIT,
    MEETING_INFO_KEY,
    PAYLOAD_KEYS,
    READY_EVENT,
    name_forwarded_event,
)

FORWARDS = {"ga4": "ga4", "adobe-analytics": "adobeAnalytics", "web-sdk": "webSdk"}
"""Platforms by the name of their file, and the function in it."""

_PLACEHOLDER = re.compile(r'"\{\{(\w+)\}\}"')
_LINE_PLACEHOLDER = re.compile(r'^ *"\{\{(forward|functions)\}\}";\n', re.MULTILINE)
"""Places that are whole lines, or nothing."""
_ENDPOINT_PATTERN = re.compile(r"(?:https?:)?//[^\s/?#]+\S*|/(?!/)\S*|[^\s:/?#]+(?:/\S*)?")
_HTML_MARKUP = re.compile(r"<!--|<(?=/?script)", re.IGNORECASE)
_STRING_LITERAL = re.compile(r"""'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\$]|\\.)*`""")
_BRACKET_PAIRS = {")": "(", "]": "[", "}": "{"}


class SnippetSettings(NamedTuple):
    """The settings of the script."""

    endpoint: str
    keep_query: bool = False
    with_meeting_info: bool = False
    consent: str | None = None
    """JavaScript: events are sent only while it is true."""
    forward: Sequence[str] = ()
    """Platforms to call for each event, of `FORWARDS`."""
    external: bool = False
    """The script alone, for a file; else in a `<script>` element."""


def make_script(wanted: SnippetSettings) -> str:
    """Return the script, to be pasted or to be a file.

    Raises UsageError for an endpoint that is no address, or consent that is no expression.
    """
    script = _fill_template(_read_template("capture.js"), _collect_values(wanted))
    return script if wanted.external else f"<script>\n{script}</script>\n"


def _collect_values(wanted: SnippetSettings) -> Mapping[str, str]:
    attributes = [*PAYLOAD_KEYS, *([MEETING_INFO_KEY] if wanted.with_meeting_info else [])]
    return {
        "version": _format_string(__version__),
        "endpoint": _format_string(_check_endpoint(wanted.endpoint)),
        "ready": _format_string(READY_EVENT),
        "keys": _format_array([_format_string(event.key) for event in EVENT_KINDS]),
        "attributes": "[" + ", ".join(map(_format_string, attributes)) + "]",
        "consent": _check_expression(wanted.consent),
        "page": "location.href" if wanted.keep_query else "location.href.split(/[?#]/)[0]",
        "forward": "    forward(event, payload);\n" if wanted.forward else "",
        "functions": _build_forwarding(wanted.forward),
    }


def _build_forwarding(platforms: Sequence[str]) -> str:
    if not platforms:
        return ""
    chosen = [name for name in FORWARDS if name in platforms]
    names = [
        f"{event.key}: {_format_string(name_forwarded_event(event.kind))}" for event in EVENT_KINDS
    ]
    values = [f"{name}: payload.{key}" for name, key in FORWARDED_VALUES.items()]
    places = {
        "platforms": "[" + ", ".join(FORWARDS[name] for name in chosen) + "]",
        "names": "{" + _format_array(names)[1:-1] + "}",
        "values": "{" + _format_array(values)[1:-1] + "}",
        "prefix": _format_string(FORWARDED_PREFIX),
        "ga4_limit": str(GA4_VALUE_LIMIT),
        "adobe_limit": str(ADOBE_VALUE_LIMIT),
    }
    return "".join(
        _fill_template(_read_template(f"forward/{name}.js"), places)
        for name in ["_common", *chosen]
    )


def _read_template(name: str) -> str:
    return (pkgutil.get_data(__name__, name) or b"").decode()


def _fill_template(template: str, places: Mapping[str, str]) -> str:
    # Values come last, in one pass: what is given is never taken for a place.
    return _PLACEHOLDER.sub(
        lambda match: places[match[1]],
        _LINE_PLACEHOLDER.sub(lambda match: places[match[1]], template),
    )


def _format_array(items: Sequence[str]) -> str:
    """Return a JavaScript array, an item a line."""
    return "[\n" + "".join(f"    {item},\n" for item in items) + "  ]"


def _format_string(text: str) -> str:
    """Return a JavaScript string: ASCII, without an end of a `<script>` element."""
    return json.dumps(text).replace("<", "\\u003c").replace(">", "\\u003e")


def _check_endpoint(given: str) -> str:
    if not _ENDPOINT_PATTERN.fullmatch(given):
        raise UsageError(
            f"--endpoint: '{given}' is no address; write /dc-events, "
            "or https://logs.example.com/dc-events"
        )
    return given


def _check_expression(given: str | None) -> str:
    """Return JavaScript as it was given; `true` for none.

    Raises UsageError where it could end the expression around it, or the `<script>` element.
    """
    if given is None:
        return "true"
    bare = _STRING_LITERAL.sub('""', given)
    if (
        not given.strip()
        or not given.isprintable()
        or _HTML_MARKUP.search(given)
        or not _is_balanced(bare)
    ):
        raise UsageError(
            f"--consent: '{given}' is no expression on one line, as in 'window.consent === true'"
        )
    return given


def _is_balanced(bare: str) -> bool:
    """Return whether brackets are closed in order, without comments or statements."""
    if re.search(r"//|/\*|;", bare) or re.search(r"['\"`]", bare.replace('""', "")):
        return False
    opened: list[str] = []
    for sign in bare:
        if sign in "([{":
            opened.append(sign)
        elif sign in _BRACKET_PAIRS and (not opened or opened.pop() != _BRACKET_PAIRS[sign]):
            return False
    return not opened
