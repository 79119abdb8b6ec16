"""Timestamps of events: text to milliseconds since 1970, UTC (definitions 1).

`parse_timestamp` is the reference, which asks the judge. Functions of columns read one common
form each and leave others null, for `parse_timestamp`; a property test compares them.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

import polars as pl

from dcevents.reading.judge import timestamps as judged
from dcevents.reading.strict import Number

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_MINUTE_MS = 60_000
_MAX_OFFSET_HOURS = 23
_MAX_OFFSET_MINUTES = 59
FIRST_MS: Final = (datetime(1, 1, 1, tzinfo=UTC) - _EPOCH) // _MILLISECOND
LAST_MS: Final = (datetime(9999, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC) - _EPOCH) // _MILLISECOND
"""Times beyond these are read as these: they are ancient, or in the future."""
_EPOCH_LIMITS: Final = tuple(limit for limit, *_ in judged.EPOCH_UNITS)

FORMS: Final = (
    "iso_utc",
    "iso_offset",
    "iso_local",
    *(form for *_, form in judged.EPOCH_UNITS),
    judged.EPOCH_NANOSECONDS[0],
    *(form for _, form in judged.FORMS),
    "unreadable",
    "absent",
)
"""Forms of timestamps (definitions 5): with `Z`, with an offset, without a zone, as a number, …"""
ISO_UTC, ISO_OFFSET, ISO_LOCAL, EPOCH_SECONDS = range(4)
UNREADABLE: Final = FORMS.index("unreadable")
ABSENT: Final = FORMS.index("absent")


def parse_timestamp(text: str) -> int | None:
    """Return milliseconds since 1970, floored, within the years 1 to 9999.

    None for what is no timestamp. A `Number` may have an exponent, another text may not.
    """
    found = judged.parse_timestamp(text, number=isinstance(text, Number))
    return None if found is None else min(max(found.ms, FIRST_MS), LAST_MS)


def find_form(text: str | None) -> int:
    """Return the number in FORMS of a timestamp's text."""
    if not text:
        return ABSENT
    found = judged.parse_timestamp(text, number=isinstance(text, Number))
    return UNREADABLE if found is None else FORMS.index(found.form)


def parse_iso_column(text: pl.Expr) -> pl.Expr:
    """Parse `2026-11-02T09:15:04.120Z` to Int64 milliseconds; null for other forms."""
    # strptime takes white space and signs for digits, and 60 for a second.
    pattern = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-5][0-9]\.[0-9]{3}Z$"
    parsed = text.str.to_datetime(
        "%Y-%m-%dT%H:%M:%S.%3fZ", time_unit="ms", strict=False, cache=False
    ).to_physical()
    return pl.when(text.str.contains(pattern) & (parsed >= FIRST_MS)).then(parsed)


def parse_any_iso_column(text: pl.Expr) -> pl.Expr:
    """Parse ISO 8601, and seconds with a fraction, to Int64 milliseconds.

    Fraction and offset of ISO 8601 may be missing. Null for other forms.
    """
    clock = text.str.slice(0, 10) + "T" + text.str.slice(11, 8)
    pattern = (
        r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-5][0-9]"
        r"(?:\.[0-9]{1,9})?(?:Z|[+-][0-2][0-9]:[0-5][0-9])?$"
    )
    local = clock.str.to_datetime(
        "%Y-%m-%dT%H:%M:%S", time_unit="ms", strict=False, cache=False
    ).to_physical()
    exact = local + _read_fraction(text) - _read_offset(text)
    iso = pl.when(text.str.contains(pattern) & exact.is_between(FIRST_MS, LAST_MS)).then(exact)
    seconds = text.str.extract(r"^([0-9]{1,10})\.[0-9]{1,9}$").cast(pl.Int64, strict=False)
    return pl.coalesce(iso, seconds * 1000 + _read_fraction(text))


def _read_fraction(text: pl.Expr) -> pl.Expr:
    """Return the milliseconds of a fraction, floored."""
    digits = text.str.extract(r"\.([0-9]{1,3})").str.pad_end(3, "0")
    return digits.cast(pl.Int64, strict=False).fill_null(0)


def _read_offset(text: pl.Expr) -> pl.Expr:
    """Return milliseconds ahead of UTC; null for impossible hours."""
    end = text.str.slice(-6)
    hours, minutes = (end.str.slice(at, 2).cast(pl.Int64, strict=False) for at in (1, 4))
    size = pl.when(hours <= _MAX_OFFSET_HOURS).then((hours * 60 + minutes) * _MINUTE_MS)
    sign = pl.when(end.str.starts_with("-")).then(-1).otherwise(1)
    return pl.when(end.str.contains(r"^[+-][0-9]{2}:[0-9]{2}$")).then(size * sign).otherwise(0)


def find_any_iso_forms(text: pl.Expr) -> pl.Expr:
    """Return numbers in FORMS, UInt8, of texts that `parse_any_iso_column` reads."""
    offset = text.str.contains(r"[+-][0-9]{2}:[0-9]{2}$")
    number = pl.when(text.str.ends_with("Z")).then(ISO_UTC).when(offset).then(ISO_OFFSET)
    return (
        number.when(text.str.contains("-")).then(ISO_LOCAL).otherwise(EPOCH_SECONDS).cast(pl.UInt8)
    )


def parse_epoch_column(text: pl.Expr) -> pl.Expr:
    """Parse whole epoch numbers to Int64 milliseconds; null for other forms.

    They have at most 18 digits.
    """
    number = pl.when(text.str.contains(r"^-?[0-9]{1,18}$")).then(text).cast(pl.Int64, strict=False)
    size = number.abs()
    millis = pl.when(size < 10**11).then(number * 1000).when(size < 10**14).then(number)
    exact = millis.when(size < 10**17).then(number.floordiv(1000)).otherwise(number.floordiv(10**6))
    return pl.when(exact.is_between(FIRST_MS, LAST_MS)).then(exact)


def find_epoch_forms(text: pl.Expr) -> pl.Expr:
    """Return numbers in FORMS, UInt8, of texts that `parse_epoch_column` reads."""
    size = text.cast(pl.Int64, strict=False).abs()
    units = pl.sum_horizontal((size >= limit).cast(pl.UInt8) for limit in _EPOCH_LIMITS)
    return pl.when(size.is_not_null()).then(units + EPOCH_SECONDS).cast(pl.UInt8)
