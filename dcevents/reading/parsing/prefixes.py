"""What collectors write before the JSON of a line: known forms only, so that other text is not
taken for one. Pure.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Final, NamedTuple

_ISO = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]{1,9})?"
    r"(?:Z|[+-][0-9]{2}:?[0-9]{2})?"
)
_BSD = r"[A-Z][a-z]{2} [ 0-9][0-9] [0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?"
_FULL = rf"[A-Z][a-z]{{2}} {_ISO} UTC"
_UNIX = r"[0-9]{10}\.[0-9]{6}"
_SAID = r'[^{}\["\n\r]'
FORMS: Final = (
    ("Docker Compose", r"[A-Za-z0-9][A-Za-z0-9_.@-]* +\| (?:" + _ISO + " )?"),
    ("CRI", f"{_ISO} std(?:out|err) [FP] "),
    ("kubectl", rf"\[pod/[a-z0-9.-]+/[a-z0-9.-]+\] (?:{_ISO} )?"),
    (
        "syslog (RFC 5424)",
        (
            rf"(?:<[0-9]{{1,3}}>)?1 {_ISO} [^ {{\[]+ [^ {{\[]+ [^ {{\[]+ [^ {{\[]+ "
            r"(?:-|\[[^\]{]*\]) +(?:\ufeff)?"
        ),
    ),
    (
        "syslog or journald",
        (
            rf"(?:<[0-9]{{1,3}}>)?(?:{_BSD}|{_ISO}|{_FULL}|{_UNIX}) [A-Za-z0-9_.:-]+ "
            r"[^ {:\[]+(?:\[[0-9]+\])?: "
        ),
    ),
    ("a time", rf"\[?{_ISO}\]?(?:[ \t]{_SAID}{{0,200}}[ \t:-]|[ \t])"),
)
"""Names, and patterns for Python's and for Rust's regular expressions; the first that fits
counts.
"""
_EACH = "|".join(f"(?:{pattern})" for _, pattern in FORMS)
_JSON = r"(\{|\[\s*[\[{])"
ANY: Final = f"^(?:{_EACH}){_JSON}"
"""A prefix, and in a group what follows."""
BEFORE: Final = f"^({_EACH}){_JSON}"
"""The same, the prefix in a group of its own."""
WHOLE: Final = f"^(?:{_EACH})$"
"""A text that is a prefix, and nothing more: none has a `{` in it, nor a place within where
JSON could begin.
"""

TIME: Final = f"(?:{_ISO})|(?:{_BSD})|^(?:{_UNIX})"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Prefix(NamedTuple):
    """What stands before JSON: its name, the time in it.

    And where it ends.
    """

    name: str
    time: str | None
    end: int


@cache
def _patterns() -> tuple[re.Pattern[str], Sequence[tuple[str, re.Pattern[str]]], re.Pattern[str]]:
    """Any prefix, each by its name, and the time in one.

    Made when the first line does not begin with JSON.
    """
    named = [(name, re.compile(f"(?:{pattern})(?=\\{{|\\[\\s*[\\[{{])")) for name, pattern in FORMS]
    return re.compile(ANY), named, re.compile(TIME)


def prefix_of(text: str) -> Prefix | None:
    """The prefix of a text before `{` or `[`.

    None without one that is known.
    """
    if text.startswith("{"):
        return None
    anything, named, time_of = _patterns()
    if not anything.match(text):
        return None
    name, end = next(
        (name, match.end()) for name, pattern in named if (match := pattern.match(text))
    )
    time = time_of.search(text, 0, end)
    return Prefix(name, time[0] if time else None, end)


def dated(time: str, now: int | None) -> str:
    """A prefix's time in ISO 8601.

    One without a year is the latest that is not after tomorrow, `now` in ms.
    """
    if now is None or not time[0].isalpha():
        return time
    today = datetime.fromtimestamp(now / 1000, UTC)
    month = _MONTHS.index(time[:3]) + 1 if time[:3] in _MONTHS else 1
    later = (month, int(time[4:6])) > (today.month, today.day + 1) and not (
        today.month == 12 and month == 1
    )
    year = today.year - later
    # With milliseconds: in that form times are read fastest.
    return f"{year:04d}-{month:02d}-{int(time[4:6]):02d}T{time[7:]}{'' if '.' in time else '.000'}Z"
