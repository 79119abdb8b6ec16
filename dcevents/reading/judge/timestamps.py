"""Timestamps: text or number to milliseconds since 1970, UTC (definitions 1, "Timestamps")."""

import re
from datetime import date
from typing import Final, NamedTuple

from dcevents.model.moments import DAY_MS, FIRST_BELIEVED_MS

FUTURE_AFTER_MS: Final = DAY_MS
"""Milliseconds after the clock of the run up to which a timestamp is believed."""
EPOCH_UNITS: Final = (
    (10**11, 1000, 1, "epoch_seconds"),
    (10**14, 1, 1, "epoch_milliseconds"),
    (10**17, 1, 1000, "epoch_microseconds"),
)
"""Epoch numbers below a limit: times and over what they are milliseconds, and their form."""
EPOCH_NANOSECONDS: Final = ("epoch_nanoseconds", 10**6)
MONTHS: Final = dict(
    zip(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"),
        range(1, 13),
        strict=True,
    )
)
"""Names of months in lower case, and their numbers."""
ZONES: Final = {
    **dict.fromkeys(("Z", "UTC", "UT", "GMT"), 0),
    **dict.fromkeys(("EDT",), -240),
    **dict.fromkeys(("EST", "CDT"), -300),
    **dict.fromkeys(("CST", "MDT"), -360),
    **dict.fromkeys(("MST", "PDT"), -420),
    **dict.fromkeys(("PST",), -480),
}
"""Minutes east of UTC of the zones that RFC 5322 knows by name, in the order of a search."""

_CLOCK = r"(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})"
_SECOND = r":(?P<second>[0-9]{2})"
_OFFSET = r"(?P<sign>[+-])(?P<off_hour>[0-9]{2}):?(?P<off_minute>[0-9]{2})"
_MONTH = f"(?P<month>{'|'.join(MONTHS)})"
_WEEKDAY = "(?:mon|tue|wed|thu|fri|sat|sun)"
_COMMENT = r"(?: \([^()]*\))?"
ISO = re.compile(
    r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})[Tt ]"
    rf"{_CLOCK}(?:{_SECOND}(?:[.,](?P<fraction>[0-9]{{1,9}}))?)?"
    r"(?: ?(?:(?P<zone>[Zz]|UTC|GMT)"
    r"|(?P<sign>[+-])(?P<off_hour>[0-9]{2})(?::?(?P<off_minute>[0-9]{2}))?))?"
)
ACCESS_LOG = re.compile(
    rf"(?P<day>[0-9]{{2}})/{_MONTH}/(?P<year>[0-9]{{4}}):{_CLOCK}{_SECOND} {_OFFSET}", re.IGNORECASE
)
RFC_5322 = re.compile(
    rf"(?:{_WEEKDAY}, ?)?(?P<day>[0-9]{{1,2}}) {_MONTH} (?P<year>[0-9]{{4}}) "
    rf"{_CLOCK}(?:{_SECOND})? (?:{_OFFSET}|(?P<zone>{'|'.join(ZONES)})){_COMMENT}",
    re.IGNORECASE,
)
JAVASCRIPT = re.compile(
    rf"{_WEEKDAY} {_MONTH} (?P<day>[0-9]{{2}}) (?P<year>[0-9]{{4}}) "
    rf"{_CLOCK}{_SECOND} (?:GMT|UTC){_OFFSET}{_COMMENT}",
    re.IGNORECASE,
)
FORMS: Final = (*((ACCESS_LOG, "access_log"), (RFC_5322, "rfc_5322"), (JAVASCRIPT, "javascript")),)
"""The forms beside ISO 8601 and epoch numbers, each with its name."""

_IN_TEXT = re.compile(r"([+-]?)([0-9]+)(?:\.([0-9]+))?")
_IN_JSON = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?")
_FAR_DIGITS = 40
_FAR_MS = 10**_FAR_DIGITS


class Timestamp(NamedTuple):
    """A time as it was written: milliseconds since 1970, floored, and the name of its form."""

    ms: int
    form: str

    @property
    def is_ancient(self) -> bool:
        """Return whether the time is before Dynamic Chat existed."""
        return self.ms < FIRST_BELIEVED_MS

    def is_future(self, clock_ms: int) -> bool:
        """Return whether the time is more than 24 hours after a clock."""
        return self.ms > clock_ms + FUTURE_AFTER_MS


def parse_timestamp(text: str, *, number: bool = False) -> Timestamp | None:
    """Return the time that a text, or a JSON number's spelling, says.

    None for none.
    """
    epoch = (_IN_JSON if number else _IN_TEXT).fullmatch(text)
    if epoch is not None:
        return _read_epoch(epoch)
    if number:
        return None
    iso = ISO.fullmatch(text)
    if iso is not None:
        return read_match(iso, _name_iso_form(iso))
    for pattern, form in FORMS:
        match = pattern.fullmatch(text)
        if match is not None:
            return read_match(match, form)
    return None


def read_match(match: re.Match[str], form: str, year: int | None = None) -> Timestamp | None:
    """Return the time that a match's parts make.

    None where there is no such time.

    The part `month` is a number or a name; missing parts are 0, a missing zone is UTC.
    """
    part: dict[str, str] = {key: text or "" for key, text in match.groupdict().items()}
    month = MONTHS.get(part["month"].lower()) or int(part["month"])
    day_ms = count_day_ms(year or int(part["year"]), month, int(part["day"]))
    hour, minute, second = (int(part.get(key) or 0) for key in ("hour", "minute", "second"))
    clock_ms = _count_clock_ms(hour, minute, second, part.get("fraction", ""))
    offset = _count_offset_minutes(part)
    if day_ms is None or clock_ms is None or offset is None:
        return None
    return Timestamp(day_ms + clock_ms - offset * 60_000, form)


def count_day_ms(year: int, month: int, day: int) -> int | None:
    """Return the milliseconds since 1970 at which a day begins.

    None for no day.
    """
    try:
        return (date(year, month, day).toordinal() - date(1970, 1, 1).toordinal()) * DAY_MS
    except ValueError:
        return None


def _count_clock_ms(hour: int, minute: int, second: int, fraction: str) -> int | None:
    """Return the milliseconds since midnight.

    24:00:00 and second 60 are the next second's start.
    """
    if hour == 24:
        return None if minute or second or fraction.strip("0") else DAY_MS
    if hour > 24 or minute > 59 or second > 60:
        return None
    millis = 0 if second == 60 else int(fraction.ljust(3, "0")[:3])
    return ((hour * 60 + minute) * 60 + second) * 1000 + millis


def _count_offset_minutes(part: dict[str, str]) -> int | None:
    """Return a zone's minutes east of UTC.

    None for an offset that no zone has.
    """
    if not part.get("sign"):
        return ZONES[(part.get("zone") or "Z").upper()]
    hours, minutes = int(part["off_hour"]), int(part["off_minute"] or 0)
    if hours > 23 or minutes > 59:
        return None
    offset = hours * 60 + minutes
    return -offset if part["sign"] == "-" else offset


def _name_iso_form(match: re.Match[str]) -> str:
    """Return how an ISO time says its zone."""
    if match["sign"]:
        return "iso_offset"
    return "iso_utc" if match["zone"] else "iso_local"


def _read_epoch(match: re.Match[str]) -> Timestamp:
    """Return the time of an epoch number, exact in decimal."""
    parts = (*match.groups(), None)
    negative, whole, fraction = parts[0] == "-", parts[1] or "0", parts[2] or ""
    digits, exponent = whole + fraction, _clip(parts[3] or "0") - len(fraction)
    value = int(digits) if len(digits) < 4000 else int(digits[:4000])  # int() refuses more
    exponent += max(len(digits) - 4000, 0)
    if value == 0 or len(str(value)) + exponent < -_FAR_DIGITS:
        # Nearly nothing; a negative one is floored to the millisecond before.
        return Timestamp(-1 if negative and value else 0, "epoch_seconds")
    if len(str(value)) + exponent > _FAR_DIGITS:
        return Timestamp(-_FAR_MS if negative else _FAR_MS, EPOCH_NANOSECONDS[0])
    return _scale_epoch(-value if negative else value, exponent)


def _clip(exponent: str) -> int:
    """Return an exponent.

    A huge one as one that is far beyond all digits of a record.
    """
    digits = exponent.lstrip("+-0")
    far = 10**9
    size = far if len(digits) > 9 else int(digits or "0")
    return -size if exponent.startswith("-") else size


def _scale_epoch(value: int, exponent: int) -> Timestamp:
    """Return the time of value × 10^exponent in the unit that its size tells."""
    up, down = 10 ** max(exponent, 0), 10 ** max(-exponent, 0)
    for limit, times, over, form in EPOCH_UNITS:
        if abs(value) * up < limit * down:
            return Timestamp(value * up * times // (over * down), form)
    form, over = EPOCH_NANOSECONDS
    return Timestamp(value * up // (over * down), form)
