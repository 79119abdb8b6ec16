"""Times in the text before a record's JSON: as everywhere, and in the forms of prefixes."""

import re
from typing import Final

from dcevents.model.moments import DAY_MS
from dcevents.reading.judge.timestamps import (
    ACCESS_LOG,
    FUTURE_AFTER_MS,
    ISO,
    JAVASCRIPT,
    MONTHS,
    RFC_5322,
    Timestamp,
    parse_timestamp,
    read_match,
)

_MONTH = f"(?P<month>{'|'.join(name.title() for name in MONTHS)})"
_SECONDS = r"(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})"
_FRACTION = r"(?:[.,](?P<fraction>[0-9]{1,9}))?+"
SYSLOG: Final = re.compile(rf"{_MONTH} (?P<day>[ 0-9][0-9]|[0-9]) {_SECONDS}{_FRACTION}")
SLASHES: Final = re.compile(
    rf"(?P<year>[0-9]{{4}})/(?P<month>[0-9]{{2}})/(?P<day>[0-9]{{2}}) {_SECONDS}{_FRACTION}"
)
APACHE_ERROR: Final = re.compile(
    rf"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) {_MONTH} (?P<day>[ 0-9][0-9]) {_SECONDS}{_FRACTION}"
    r" (?P<year>[0-9]{4})"
)
# Another zone than UTC is named, not counted: such a time is none.
PHP: Final = re.compile(
    rf"(?P<day>[0-9]{{2}})-{_MONTH}-(?P<year>[0-9]{{4}}) {_SECONDS}{_FRACTION}"
    r"(?: (?P<zone>UTC|GMT)\b|(?! [A-Za-z]+/))"
)
NUMBER: Final = re.compile(
    r"(?:(?<![\w.:/=-])|(?<=\bts=)|(?<=\btime=))"
    r"[0-9]{10}(?:[0-9]{3}|[0-9]{6}|[0-9]{9})?(?:\.[0-9]+)?(?![\w:/-])"
)
"""An epoch number that stands alone."""

_PATTERNS = (
    (JAVASCRIPT, "javascript"),
    (RFC_5322, "rfc_5322"),
    (APACHE_ERROR, "prefix"),
    (ACCESS_LOG, "access_log"),
    (ISO, "iso"),
    (PHP, "prefix"),
    (SLASHES, "prefix"),
    (SYSLOG, "prefix"),
)


def find_prefix_time(prefix: str, clock_ms: int) -> tuple[Timestamp, str] | None:
    """Return the first time in a prefix that is not ancient, and its text.

    None for none.

    Dates go before bare numbers, which may be anybody's ids. A time without a year is of the 12
    months before `clock_ms`, the clock of the first reading.
    """
    found = [hit for pattern, form in _PATTERNS for hit in _find(pattern, form, prefix, clock_ms)]
    if found:
        # The first by place; of two at one place the longer.
        _, _, time, text = min(found, key=lambda hit: (hit[0], -hit[1]))
        return time, text
    return _find_number(prefix)


def _find(
    pattern: re.Pattern[str], form: str, prefix: str, clock_ms: int
) -> list[tuple[int, int, Timestamp, str]]:
    """Return the first match of a pattern that is a time: place, length, time, text."""
    for match in pattern.finditer(prefix):
        time = _read(match, pattern, form, clock_ms)
        if time is not None and not time.is_ancient and _is_apart(prefix, match):
            return [(match.start(), len(match[0]), time, match[0])]
    return []


def _read(
    match: re.Match[str], pattern: re.Pattern[str], form: str, clock_ms: int
) -> Timestamp | None:
    """Return the time of a match in a prefix."""
    if pattern is SYSLOG:
        return _read_without_year(match, clock_ms)
    if pattern is ISO:
        return parse_timestamp(match[0])
    return read_match(match, form)


def _read_without_year(match: re.Match[str], clock_ms: int) -> Timestamp | None:
    """Return the latest such time that is not in the future."""
    this_year = 1970 + clock_ms // (365 * DAY_MS + DAY_MS // 4)
    for year in range(this_year + 1, this_year - 2, -1):
        time = read_match(match, "prefix", year)
        if time is not None and time.ms <= clock_ms + FUTURE_AFTER_MS:
            return time
    return None


def _is_apart(prefix: str, match: re.Match[str]) -> bool:
    """Return whether no letter or digit stands right around a match."""
    around = prefix[max(match.start() - 1, 0) : match.start()] + prefix[match.end() :][:1]
    return not any(each.isalnum() for each in around)


def _find_number(prefix: str) -> tuple[Timestamp, str] | None:
    """Return the first epoch number of a prefix, and its text."""
    for match in NUMBER.finditer(prefix):
        time = parse_timestamp(match[0])
        if time is not None and not time.is_ancient:
            return time, match[0]
    return None
