"""Timestamps: definitions 1, "Timestamps are ISO 8601". Times are whole milliseconds, UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from math import floor

from model.values import Num, Value

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY_MS = 24 * 3600 * 1000
#: "One before 2015-01-01T00:00:00Z (Dynamic Chat did not exist) is none".
OLDEST_MS = 1_420_070_400_000

MONTHS = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
]  # fmt: skip
MONTH = "(?P<month>Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
WEEKDAY = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
CLOCK = r"(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})"
FRACTION = r"(?:[.,](?P<fraction>[0-9]{1,9}))"
ZONE = r"(?:Z|z|UTC|GMT|[+-][0-9]{2}(?::?[0-9]{2})?)"

#: "`T` or a space; seconds and their fraction may be missing; a space before the zone".
ISO = (
    r"(?P<year>[0-9]{4})-(?P<number>[0-9]{2})-(?P<day>[0-9]{2})[Tt ]"
    r"(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})"
    rf"(?::(?P<second>[0-9]{{2}}){FRACTION}?)?(?: ?(?P<zone>{ZONE}))?"
)
#: "The form of an access log (`03/Nov/2025:09:00:00 +0000`)".
ACCESS_LOG = rf"(?P<day>[0-9]{{2}})/{MONTH}/(?P<year>[0-9]{{4}}):{CLOCK}(?: (?P<zone>{ZONE}))?"
#: RFC 5322, and with it JavaScript's `toUTCString`.
RFC_5322 = (
    rf"(?:{WEEKDAY}, ?)?(?P<day>[0-9]{{1,2}}) {MONTH} (?P<year>[0-9]{{4}}) "
    r"(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2}))?"
    rf"(?: (?P<zone>{ZONE}|UT))?(?: \([^()]*\))?"
)
#: JavaScript's `toString`.
JAVASCRIPT = (
    rf"{WEEKDAY} {MONTH} (?P<day>[0-9]{{2}}) (?P<year>[0-9]{{4}}) {CLOCK} "
    r"(?:GMT|UTC)(?P<zone>[+-][0-9]{4})?(?: \([^()]*\))?"
)
VALUE_FORMS = [ISO, ACCESS_LOG, RFC_5322, JAVASCRIPT]

#: "In a prefix these are times as well".
PREFIX_FORMS = [
    (
        rf"(?P<year>[0-9]{{4}})/(?P<number>[0-9]{{2}})/(?P<day>[0-9]{{2}}) {CLOCK}{FRACTION}?"
        rf"(?: (?P<zone>{ZONE}))?"
    ),
    rf"{WEEKDAY} {MONTH} (?P<day>[0-9 ][0-9]) {CLOCK}{FRACTION}? (?P<year>[0-9]{{4}})",
    (
        rf"(?P<day>[0-9]{{2}})-{MONTH}-(?P<year>[0-9]{{4}}) {CLOCK}{FRACTION}?"
        rf"(?: (?P<zone>{ZONE}|[A-Z][a-z]+/[A-Z][A-Za-z_]+))?"
    ),
    rf"{MONTH} (?P<day>[0-9 ][0-9]) {CLOCK}{FRACTION}?",
]
EPOCH_TEXT = r"[+-]?[0-9]+(?:\.[0-9]+)?"


def timestamp_ms(value: Value) -> int | None:
    """Return the time that a value is, None: no timestamp."""
    if isinstance(value, Num):
        return epoch_ms(value)
    if not isinstance(value, str):
        return None
    for form in VALUE_FORMS:
        match = re.fullmatch(form, value, re.IGNORECASE if form is not ISO else 0)
        if match is not None:
            return moment_ms(match.groupdict(), clock_ms=0)
    # "In a string without an exponent".
    return epoch_ms(value) if re.fullmatch(EPOCH_TEXT, value) else None


def epoch_ms(number: str) -> int | None:
    """Return the time of an epoch number, exact.

    "|n| below 1e11 seconds, below 1e14 milliseconds, below 1e17 microseconds, else nanoseconds.
    They are floored to the millisecond."
    """
    match = re.fullmatch(r"([+-]?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?", number)
    if match is None:
        return None
    sign, before, after, power = match.groups(default="")
    if not (before + after).strip("0"):
        return 0
    exponent = int(power or "0") if len(power.lstrip("+-0")) < 6 else 0
    if len(power.lstrip("+-0")) >= 6:  # no number that matters
        return (-1 if sign == "-" else 0) if power[0] == "-" else 10**40
    n = Fraction(int(before + after)) * Fraction(10) ** (exponent - len(after))
    n = -n if sign == "-" else n
    for limit, unit in (
        (10**11, Fraction(1000)),
        (10**14, Fraction(1)),
        (10**17, Fraction(1, 1000)),
    ):
        if abs(n) < limit:
            return floor(n * unit)
    return floor(n / 1_000_000)


def moment_ms(parts: dict[str, str | None], *, clock_ms: int) -> int | None:
    """Return the time of a calendar's parts, None if there is no such time."""
    month = parts.get("number") or str(MONTHS.index((parts.get("month") or "").lower()) + 1)
    day, hour, minute = (int(parts[name] or "0") for name in ("day", "hour", "minute"))
    second = int(parts.get("second") or "0")
    fraction_ms = int((parts.get("fraction") or "").ljust(9, "0")) // 1_000_000
    extra_s = 0
    # As the page has it: `24:00:00` and second 60 are the next second's start.
    if (hour, minute, second) == (24, 0, 0) and not (parts.get("fraction") or "").strip("0"):
        hour, extra_s = 0, 24 * 3600
    if second == 60:
        second, extra_s, fraction_ms = 59, 1, 0
    offset_s = zone_seconds(parts.get("zone"))
    if offset_s is None:
        return None
    if parts.get("year") is None:
        return _yearless_ms(int(month), day, hour, minute, second, fraction_ms, clock_ms)
    try:
        moment = datetime(
            int(parts["year"] or "0"), int(month), day, hour, minute, second, tzinfo=UTC
        )
    except ValueError:
        return None
    seconds = (moment - EPOCH) // timedelta(seconds=1)
    return (seconds + extra_s - offset_s) * 1000 + fraction_ms


def zone_seconds(zone: str | None) -> int | None:
    """Return the seconds that a zone is ahead of UTC: "or nothing, which is UTC"."""
    if zone is None or zone.upper() in {"Z", "UTC", "GMT", "UT"}:
        return 0
    if zone[0] not in "+-":
        return None
    digits = zone[1:].replace(":", "").ljust(4, "0")
    if int(digits[:2]) > 23 or int(digits[2:]) > 59:
        return None
    seconds = int(digits[:2]) * 3600 + int(digits[2:]) * 60
    return -seconds if zone[0] == "-" else seconds


def _yearless_ms(
    month: int, day: int, hour: int, minute: int, second: int, fraction_ms: int, clock_ms: int
) -> int | None:
    """Return such a time of the 12 months up to the clock, None for a 29 February without one.

    "Of the year that puts it into the 12 months before the clock of the first reading".
    """
    now = EPOCH + timedelta(milliseconds=clock_ms)
    for year in (now.year, now.year - 1):
        try:
            moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
        except ValueError:
            continue
        ms = (moment - EPOCH) // timedelta(milliseconds=1) + fraction_ms
        if ms <= clock_ms:
            return ms
    return None


def prefix_ms(prefix: str, clock_ms: int) -> int | None:
    """Return the first time in the text before a JSON value, an ancient one only if none other.

    A bare number is a time only if it is not ancient: `[12345]` is a process, not a moment.
    """
    found: list[tuple[int, int, int]] = []
    for form in [*VALUE_FORMS, *PREFIX_FORMS]:
        for match in re.finditer(rf"(?<![0-9A-Za-z])(?:{form})(?![0-9A-Za-z])", prefix):
            ms = moment_ms(match.groupdict(), clock_ms=clock_ms)
            if ms is not None:
                found.append((match.start(), -match.end(), ms))
    spans = [(start, -end) for start, end, _ in found]
    for match in re.finditer(
        rf"(?<![0-9A-Za-z.,:/+-])(?:{EPOCH_TEXT})(?![0-9A-Za-z:/-]|\.[0-9])", prefix
    ):
        ms = epoch_ms(match[0])
        inside = any(start <= match.start() < end for start, end in spans)
        if ms is not None and ms >= OLDEST_MS and not inside:
            found.append((match.start(), -match.end(), ms))
    times = [ms for _, _, ms in sorted(found)]
    return next((ms for ms in times if ms >= OLDEST_MS), times[0] if times else None)
