"""Times of options: moments, durations, and the buckets of a window.

Without polars.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dcevents import errors
from dcevents.settings import Window

_WRITTEN_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
# A day less at both ends: every zone's local time is within the years that Python knows.
_FIRST_MS = (datetime(1, 1, 2, tzinfo=UTC) - _EPOCH) // _MILLISECOND
_LAST_MS = (datetime(9999, 12, 30, tzinfo=UTC) - _EPOCH) // _MILLISECOND
_UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_DURATION_PATTERN = re.compile(r"([0-9]+(?:\.[0-9]+)?)([smhdw])")


def parse_duration_ms(text: str) -> int | None:
    """Return milliseconds of `30m`, `60s`, `1.5h`, `7d`, `4w`; else None."""
    match = _DURATION_PATTERN.fullmatch(text.strip())
    return round(float(match[1]) * _UNIT_SECONDS[match[2]] * 1000) if match else None


def convert_to_ms(moment: datetime) -> int:
    """Return milliseconds since 1970, floored."""
    return (moment - _EPOCH) // _MILLISECOND


def convert_to_datetime(ms: int, tz: ZoneInfo) -> datetime:
    """Return a moment in a zone."""
    return (_EPOCH + timedelta(milliseconds=ms)).astimezone(tz)


def find_midnight(day: date, tz: ZoneInfo) -> int:
    """Return the milliseconds at which a day begins in a zone."""
    return convert_to_ms(datetime.combine(day, time(), tz).astimezone(UTC))


def subtract_age(clock_ms: int, number: int, unit: str, tz: ZoneInfo) -> int:
    """Return the beginning of the day so long before a moment.

    `unit`: `d`ays, `w`eeks, `m`onths or `y`ears. Milliseconds.
    """
    day = convert_to_datetime(clock_ms, tz).date()
    if unit in "dw":
        return find_midnight(day - timedelta(days=number * (7 if unit == "w" else 1)), tz)
    months = day.year * 12 + day.month - 1 - number * (12 if unit == "y" else 1)
    year, month = divmod(max(12, months), 12)
    return find_midnight(date(year, month + 1, min(day.day, _count_days(year, month + 1))), tz)


def _count_days(year: int, month: int) -> int:
    """Return how many days a month has."""
    return 31 if month == 12 else (date(year, month + 1, 1) - timedelta(days=1)).day


def parse_time(text: str, now: int, tz: ZoneInfo, option: str) -> int:
    """Return milliseconds of `--since`, `--until` or `--as-of`.

    Raises UsageError for a text that is no time, or outside the years 1 to 9999.
    """
    found = _parse_time_text(text.strip(), now, tz, option)
    if not _FIRST_MS <= found <= _LAST_MS:
        raise errors.UsageError(f"{option}: '{text}' lies outside the years 1 to 9999")
    return found


def _parse_time_text(text: str, now: int, tz: ZoneInfo, option: str) -> int:
    today = convert_to_datetime(now, tz).date()
    if text in ("now", "today", "yesterday"):
        days = {"today": today, "yesterday": today - timedelta(days=1)}
        return now if text == "now" else find_midnight(days[text], tz)
    ago = parse_duration_ms(text)
    try:
        if ago is not None:
            return now - ago
        if len(text) == 10:
            return find_midnight(date.fromisoformat(text), tz)
        parsed = datetime.fromisoformat(text)
        return convert_to_ms(
            (parsed if parsed.tzinfo else parsed.replace(tzinfo=tz)).astimezone(UTC)
        )
    except (ValueError, OverflowError) as error:
        reason = "is not in the calendar" if _WRITTEN_DAY.match(text) else "is no time"
        raise errors.UsageError(
            f"{option}: '{text}' {reason}; write a date (2026-11-02), an ISO time, today, "
            "yesterday, 7d, 24h or 4w"
        ) from error


def _find_next_month(first: date) -> date:
    return (first.replace(day=28) + timedelta(days=4)).replace(day=1)


def list_buckets(
    key: str,
    first: Any,  # noqa: ANN401 - of a frame
    last: Any,  # noqa: ANN401 - of a frame
    window: Window,
    tz: ZoneInfo,
) -> list[str]:
    """Return all days, Mondays or months from first to last.

    As text; of the window where it has an end, else of the buckets that are there.
    """
    if window.since is not None:
        first = _find_bucket(key, convert_to_datetime(window.since, tz).date())
    if window.until is not None:
        last = _find_bucket(key, convert_to_datetime(window.until - 1, tz).date())
    if first is None or last is None:
        return []
    found, day = [], date.fromisoformat(first if key != "month" else f"{first}-01")
    while (text := _find_bucket(key, day)) <= last:
        found.append(text)
        day = (
            _find_next_month(day)
            if key == "month"
            else day + timedelta(days=7 if key == "week" else 1)
        )
    return found


def _find_bucket(key: str, day: date) -> str:
    if key == "week":
        day -= timedelta(days=day.weekday())
    return day.isoformat()[:7] if key == "month" else day.isoformat()
