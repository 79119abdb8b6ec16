"""Periods that have names, and the windows that they are compared with. Without polars."""

import re
from datetime import date, datetime, timedelta
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from dcevents.errors import UsageError
from dcevents.settings import Window
from dcevents.times import convert_to_datetime, convert_to_ms, find_midnight

PeriodKind = Literal["day", "week", "month", "quarter", "year"]

_DAY = timedelta(days=1)
_DAY_MS = 86_400_000
_DAYS: dict[PeriodKind, int] = {"day": 1, "week": 7}
_MONTHS: dict[PeriodKind, int] = {"month": 1, "quarter": 3, "year": 12}
_NAMED_KINDS = ("week", "month", "quarter", "year")
_NAME_PATTERN = re.compile(f"(this|last)-({'|'.join(_NAMED_KINDS)})")
_PATTERNS: dict[PeriodKind, re.Pattern[str]] = {
    "week": re.compile("([0-9]{4})-W([0-9]{2})"),
    "quarter": re.compile("([0-9]{4})-Q([1-4])"),
    "month": re.compile("([0-9]{4})-([0-9]{2})"),
    "year": re.compile("([0-9]{4})"),
}
PERIOD_NAMES = (
    "today",
    "yesterday",
    *(f"{which}-{kind}" for kind in _NAMED_KINDS for which in ("this", "last")),
)
_WRITTEN_PERIOD = re.compile(r"[0-9]{4}(-(W?[0-9]{2}|Q[0-9]|[0-9]{2}-[0-9]{2}))?\Z")
_EXAMPLES = (
    "today, yesterday, this-week, last-month, last-quarter, 2026-11-02, 2026-W45, 2026-10, "
    "2026-Q4 or 2026"
)


class Period(NamedTuple):
    """A day, week, month, quarter or year."""

    kind: PeriodKind
    first: date

    def move(self, count: int) -> "Period":
        """Return the period so many periods later, or earlier."""
        if self.kind in _DAYS:
            return Period(self.kind, self.first + timedelta(days=count * _DAYS[self.kind]))
        months = self.first.year * 12 + self.first.month - 1 + count * _MONTHS[self.kind]
        return Period(self.kind, date(months // 12, months % 12 + 1, 1))

    def to_window(self, tz: ZoneInfo) -> Window:
        """Return the window from its first midnight to that after it."""
        return Window(find_midnight(self.first, tz), find_midnight(self.move(1).first, tz))


def parse_period(text: str, now: int, tz: ZoneInfo, option: str = "--period") -> Period:
    """Return a period of `today`, `last-week`, `2026-W45`, … Raises UsageError."""
    try:
        period = _parse_period(text.strip(), convert_to_datetime(now, tz).date())
        period.to_window(tz)
    except (ValueError, OverflowError) as error:
        more = "previous, last-year, " if option == "--compare" else ""
        reason = "is not in the calendar" if _WRITTEN_PERIOD.match(text) else "is no period"
        raise UsageError(f"{option}: '{text}' {reason}; write {more}{_EXAMPLES}") from error
    if not 1 < period.first.year < 9999:
        raise UsageError(f"{option}: '{text}' lies outside the years 2 to 9998")
    return period


def _parse_period(text: str, today: date) -> Period:
    if text in ("today", "yesterday"):
        return Period("day", today).move(0 if text == "today" else -1)
    if match := _NAME_PATTERN.fullmatch(text):
        current = _find_current(match[2], today)
        return current if match[1] == "this" else current.move(-1)
    for kind, pattern in _PATTERNS.items():
        if match := pattern.fullmatch(text):
            return _make_numbered(kind, *map(int, match.groups()))
    return Period("day", date.fromisoformat(text))


def _find_current(kind: str, today: date) -> Period:
    """Return the week, month, quarter or year of a day."""
    if kind == "week":
        return Period("week", today - today.weekday() * _DAY)
    if kind == "month":
        return Period("month", today.replace(day=1))
    if kind == "quarter":
        return _make_numbered("quarter", today.year, (today.month + 2) // 3)
    return _make_numbered("year", today.year)


def _make_numbered(kind: PeriodKind, year: int, number: int = 1) -> Period:
    if kind == "week":
        return Period(kind, date.fromisocalendar(year, number, 1))
    month = number if kind == "month" else 3 * number - 2
    return Period(kind, date(year, month, 1))


# -- the window to compare with -----------------------------------------------------------------


class Comparison(NamedTuple):
    """Two windows, as long as each other where one has not ended."""

    window: Window
    compared: Window


def choose_comparison(
    text: str, window: Window, period: Period | None, now: int, tz: ZoneInfo
) -> Comparison:
    """Return the window of a report and the one that `--compare` names.

    `period` is what the window was given as, if it has a name; `now` is the moment that reports
    look from, as far as it is known. Raises UsageError.
    """
    if window.since is None:
        raise UsageError("--compare needs a window: give --period, or --since")
    try:
        compared = _find_compared(text, window, period, now, tz)
    except (ValueError, OverflowError) as error:
        raise UsageError(f"--compare: '{text}' of this window lies outside the calendar") from error
    if _overlap(Window(window.since, now if window.until is None else window.until), compared):
        raise UsageError(
            f"--compare: '{text}' has days of the window itself; name one before or after it"
        )
    found = Comparison(window, compared)
    for one, other in ((0, 1), (1, 0)):
        found = _cut_other(found, one, other, now)
    return found


def _cut_other(found: Comparison, one: int, other: int, now: int) -> Comparison:
    """Cut a window to as much as there is of the other so far."""
    since, until = found[one].since or 0, found[one].until
    if since > now:
        raise UsageError("--compare: one of the windows has not begun; name a later --as-of")
    if until is not None and until <= now:
        return found
    windows = list(found)
    other_since, other_until = found[other].since or 0, found[other].until
    end = other_since + now - since
    if other_until is None or end < other_until:
        windows[other] = Window(other_since, end)
    return Comparison(*windows)


def _overlap(one: Window, other: Window) -> bool:
    ends = [each.until for each in (one, other) if each.until is not None]
    starts = [each.since for each in (one, other) if each.since is not None]
    return max(starts) < min(ends)


def _find_compared(
    text: str, window: Window, period: Period | None, now: int, tz: ZoneInfo
) -> Window:
    """Return the window that a text names, whole."""
    text = text.strip()
    if text == "previous":
        return _find_previous(window, now, tz) if period is None else period.move(-1).to_window(tz)
    if text != "last-year":
        return parse_period(text, now, tz, "--compare").to_window(tz)
    if period is not None and period.kind in _MONTHS:
        return Period(period.kind, _move_year(period.first)).to_window(tz)
    return _find_last_year(window, now, tz)


def _find_previous(window: Window, now: int, tz: ZoneInfo) -> Window:
    """Return as many days right before a window, counted in its zone."""
    since, until = window.since or 0, now if window.until is None else window.until
    start, end = (_to_local(ms, tz) for ms in (since, until))
    if _is_midnight(since, tz) and _is_midnight(until, tz):
        length = end.date() - start.date()
        return Window(find_midnight(start.date() - length, tz), since)
    # A change of the clocks makes no further day.
    days = min(-(-(end - start) // _DAY), -(-(until - since) // _DAY_MS))
    begin = _to_ms(start - days * _DAY, tz)
    return Window(begin, min(begin + until - since, since))


def _find_last_year(window: Window, now: int, tz: ZoneInfo) -> Window:
    """Return the same dates a year before; of whole weeks the same ISO weeks."""
    since, until = window.since or 0, now if window.until is None else window.until
    start, end = (_to_local(ms, tz) for ms in (since, until))
    if not (_is_midnight(since, tz) and _is_midnight(until, tz)):
        begin = _to_ms(datetime.combine(_move_year(start.date()), start.time()), tz)
        return Window(begin, begin + until - since)
    first, after = start.date(), end.date()
    if first.weekday() == 0 and after.weekday() == 0:
        first, after = _move_iso_year(first), _move_iso_year(after - 7 * _DAY) + 7 * _DAY
    else:
        first, after = _move_year(first), _move_year(after - _DAY) + _DAY
    return Window(find_midnight(first, tz), find_midnight(after, tz))


def _move_year(day: date) -> date:
    """Return the same date a year before; of 29 February the 28th."""
    is_leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - 1, day=28 if is_leap_day else day.day)


def _move_iso_year(monday: date) -> date:
    """Return the Monday of the same ISO week a year before; of W53 that of W52."""
    year, week, _ = monday.isocalendar()
    # 28 December is always in the last week of its year.
    last = date(year - 1, 12, 28).isocalendar().week
    return date.fromisocalendar(year - 1, min(week, last), 1)


def _is_midnight(ms: int, tz: ZoneInfo) -> bool:
    return find_midnight(_to_local(ms, tz).date(), tz) == ms


def _to_local(ms: int, tz: ZoneInfo) -> datetime:
    return convert_to_datetime(ms, tz).replace(tzinfo=None)


def _to_ms(local: datetime, tz: ZoneInfo) -> int:
    return convert_to_ms(local.replace(tzinfo=tz).astimezone(ZoneInfo("UTC")))
