"""Figures, times and names for people, and strangers' text made safe to show.

Plain functions of values.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

NO_FIGURE = "–"
"""Stands in place of a figure that there is not."""

# Characters that move the cursor, change colours, or turn the reading direction round: C0, DEL, C1,
# the line and paragraph separators, and Unicode's bidirectional controls; lone surrogates, which
# no terminal can be sent; and characters that cannot be seen.
_UNSAFE_CHARACTERS = (
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e"
    "\u2066-\u2069\ufeff\ud800-\udfff\ufffe\uffff"
    # Without width: names that look alike are different ones.
    "\u00ad\u034f\u115f\u1160\u180b-\u180e\u200b\u2060-\u2064\u206a-\u206f\u3164\uffa0]"
    # Joiners belong between letters of some scripts and between pictures only.
    "|(?<![\u0590-\u1fff\u2600-\u27bf\ufe0f\U00010000-\U0010ffff])[\u200c\u200d]"
    "|[\u200c\u200d](?![\u0590-\u1fff\u2600-\u27bf\U00010000-\U0010ffff])"
)


MAX_NAME_CHARACTERS = 60
"""Characters of a name that are shown where it stands in a sentence or a heading."""

DECIMALS = {"rate": 6, "seconds": 3}
"""Decimals of figures by the kind of their column, in every format but tables."""


def round_figure(value: float, kind: str) -> float:
    """Return a rounded rate or seconds, never -0.0: every format but tables."""
    return round(float(value), DECIMALS[kind]) + 0.0


def format_number(value: int | None) -> str:
    """Return `1,204`."""
    return NO_FIGURE if value is None else f"{value:,}"


def format_count(count: int, name: str) -> str:
    """Return `1 event` or `1,204 events`."""
    return f"{count:,} {name}" if count == 1 else f"{count:,} {name}s"


def shorten_name(text: str) -> str:
    """Return the first 60 characters of a name, for a line.

    Strangers may have written more.
    """
    return text if len(text) <= MAX_NAME_CHARACTERS else f"{text[:MAX_NAME_CHARACTERS]}…"


def format_percent(rate: float | None) -> str:
    """Return `41.2 %`; `0 %` and `100 %` only where exactly true."""
    if rate is None:
        return NO_FIGURE
    if rate in (0, 1):
        return f"{rate:.0%}".replace("%", " %")
    return f"{min(max(rate * 100, 0.1), 99.9) if 0 < rate < 1 else rate * 100:.1f} %"


def format_small_rate(rate: float, base: int) -> str:
    """Return `36 % of 25`: a rate of few, which reads as what it is."""
    return f"{rate * 100:.0f} % of {base}"


def format_points(change: float | None, decimals: int = 1) -> str:
    """Return the change of a rate in points of a percent: `+5.2`."""
    if change is None:
        return NO_FIGURE
    return f"{round(change * 100, decimals) + 0.0:+.{decimals}f}"


def format_relative_change(now: int | None, before: int | None) -> str:
    """Return `+10.6 %`; none of what was nothing before."""
    if now is None or not before:
        return NO_FIGURE
    return f"{(now - before) / before * 100:+.1f} %"


def format_duration(seconds: float | None) -> str:
    """Return `7.5s`, `45s`, `1m 20s`, `2h 05m` or `3d 4h`."""
    if seconds is None:
        return NO_FIGURE
    if abs(seconds) < 9.95:
        return f"{seconds:.1f}s"
    whole = round(abs(seconds))
    sign = "-" if seconds < 0 else ""
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{sign}{days}d {hours}h"
    if hours:
        return f"{sign}{hours}h {minutes:02d}m"
    return f"{sign}{minutes}m {rest:02d}s" if minutes else f"{sign}{rest}s"


@cache
def _compile_unsafe() -> re.Pattern[str]:
    return re.compile(_UNSAFE_CHARACTERS)


def make_visible(text: str) -> str:
    """Return text with escapes for what could act on a terminal: `\\x1b`."""
    # Most texts need no pattern, for which there may not even be memory.
    if text.isascii() and text.isprintable():
        return text
    return _compile_unsafe().sub(lambda match: escape_character(match[0]), text)


def escape_character(character: str) -> str:
    """Return `\\n`, `\\x1b` or `\\u202e`."""
    short = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(character)
    code = ord(character)
    return short or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")


def escape_json(text: str) -> str:
    """Return JSON text with escapes for what could act on a terminal.

    Control characters are escaped in it already.
    """
    if text.isascii() and text.replace("\n", "").isprintable():
        return text
    return _compile_unsafe().sub(
        lambda match: match[0] if match[0] in "\n\r\t" else f"\\u{ord(match[0]):04x}", text
    )


def measure_width(text: str) -> int:
    """Return the columns of a terminal that a text takes."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def measure_widths(texts: Sequence[str]) -> Iterable[int]:
    """Return the columns of a terminal that each of some texts takes."""
    return map(len if "".join(texts).isascii() else measure_width, texts)


def format_timestamp(ms: int | None) -> str | None:
    """Return `2026-11-02T09:15:04.120Z`: every format but tables."""
    if ms is None:
        return None
    return (
        (_EPOCH + timedelta(milliseconds=ms))
        .isoformat(timespec="milliseconds")
        .replace("+00:00", "Z")
    )


def format_local_time(ms: int | None, tz: ZoneInfo) -> str | None:
    """Return `2026-11-02 10:15:04` in a zone: tables and spreadsheets."""
    if ms is None:
        return None
    try:
        local = (_EPOCH + timedelta(milliseconds=ms)).astimezone(tz)
    except OverflowError:
        return format_timestamp(ms)
    return local.replace(tzinfo=None).isoformat(" ", "seconds")


def format_period(since: int | None, until: int | None, tz: ZoneInfo) -> str | None:
    """Return a window by its first and last day: `2026-11-02 to 2026-11-08`.

    By moments where it does not begin or end with a day.
    """
    first = format_local_time(since, tz)
    last = format_local_time(None if until is None else until - 1, tz)
    if first is not None and first.endswith(" 00:00:00"):
        first = first[:10]
    if until is not None and last is not None:
        last = last[:10] if last.endswith(" 23:59:59") else format_local_time(until, tz)
    if first and last:
        return first if first == last else f"{first} to {last}"
    return f"from {first}" if first else f"until {last}" if last else None
