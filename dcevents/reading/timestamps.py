"""Timestamps of events: text to milliseconds since 1970 (UTC), one by one and by the column (definitions 1).

`parse` is the reference. The column functions handle the one common form each and leave everything else null, for
`parse` to judge; a property test holds them to it.
"""

import re
from datetime import UTC, datetime, timedelta
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, ROUND_FLOOR, Context, Decimal

import polars as pl

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
FIRST_MS = (datetime(1, 1, 1, tzinfo=UTC) - _EPOCH) // _MILLISECOND
LAST_MS = (datetime(9999, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC) - _EPOCH) // _MILLISECOND

_ISO_PATTERN = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[T ]([0-9]{2}):([0-9]{2})"
    r"(?::([0-9]{2})(?:[.,]([0-9]{1,9}))?)?"
    r"(?:Z|([+-])([0-9]{2})(?::?([0-9]{2}))?)?"
)
_NUMBER_PATTERN = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
# No line has room for so many digits that an exponent of ten digits or more would not say "far off", or "nearly 0".
_FAR_EXPONENT = re.compile(r"(?<=[eE])([+-]?)0*[1-9][0-9]{9,}")
# Whole numbers of at most 18 digits, as most browsers write them, need no exact decimals.
_INTEGER_PATTERN = re.compile(r"[+-]?[0-9]{1,18}")
_EXACT_CONTEXT = Context(prec=MAX_PREC, rounding=ROUND_FLOOR, Emin=MIN_EMIN, Emax=MAX_EMAX)

_EPOCH_UNITS = ((10**11, 1000, 1), (10**14, 1, 1), (10**17, 1, 1000))
"""Epoch numbers: below this, times, over: seconds, milliseconds, microseconds (else nanoseconds)."""

FORMS = (
    "iso_utc",
    "iso_offset",
    "iso_local",
    "epoch_seconds",
    "epoch_milliseconds",
    "epoch_microseconds",
    "epoch_nanoseconds",
    "unreadable",
    "absent",
)
"""How a timestamp may be written (definitions 5): with `Z`, with an offset, without a zone, as a number, …"""
ISO_UTC, ISO_OFFSET, ISO_LOCAL, EPOCH_SECONDS, _, _, EPOCH_NANOSECONDS, UNREADABLE, ABSENT = range(
    len(FORMS)
)


def parse_timestamp(text: str) -> int | None:
    """Milliseconds since 1970, floored; None for what is no timestamp or outside the years 1 to 9999."""
    iso = _ISO_PATTERN.fullmatch(text)
    millis = _parse_iso(iso) if iso else _parse_epoch(text)
    return millis if millis is not None and FIRST_MS <= millis <= LAST_MS else None


def _parse_iso(match: re.Match[str]) -> int | None:
    year, month, day, hour, minute = map(int, match.group(1, 2, 3, 4, 5))
    second, fraction, sign = match.group(6, 7, 8)
    offset_hours, offset_minutes = int(match[9] or 0), int(match[10] or 0)
    if offset_hours > 23 or offset_minutes > 59:
        return None
    try:
        local = datetime(year, month, day, hour, minute, int(second or 0), tzinfo=UTC)
    except ValueError:
        return None
    millis = (local - _EPOCH) // _MILLISECOND + int((fraction or "").ljust(3, "0")[:3])
    offset = (offset_hours * 60 + offset_minutes) * 60_000
    return millis + offset if sign == "-" else millis - offset


def _parse_epoch(text: str) -> int | None:
    if _INTEGER_PATTERN.fullmatch(text):
        return _scale_integer(int(text))
    if not _NUMBER_PATTERN.fullmatch(text):
        return None
    number = _EXACT_CONTEXT.create_decimal(_FAR_EXPONENT.sub(r"\g<1>999999999", text))
    if number and number.adjusted() > 21:
        return None
    for limit, times, over in _EPOCH_UNITS:
        if abs(number) < limit:
            return _floor_scaled(number, times, over)
    return _floor_scaled(number, 1, 10**6)


def _floor_scaled(number: Decimal, times: int, over: int) -> int:
    # Floor twice is floor once: ⌊⌊n·times⌋ / over⌋ = ⌊n·times / over⌋.
    return (
        int(_EXACT_CONTEXT.to_integral_value(_EXACT_CONTEXT.multiply(number, Decimal(times))))
        // over
    )


def _scale_integer(number: int) -> int:
    for limit, times, over in _EPOCH_UNITS:
        if abs(number) < limit:
            return number * times // over
    return number // 10**6


def find_form(text: str | None) -> int:
    """The number in FORMS of a timestamp's text."""
    if not text:
        return ABSENT
    if parse_timestamp(text) is None:
        return UNREADABLE
    if iso := _ISO_PATTERN.fullmatch(text):
        return ISO_UTC if text.endswith("Z") else ISO_OFFSET if iso[8] else ISO_LOCAL
    size = abs(_EXACT_CONTEXT.create_decimal(text))
    return EPOCH_SECONDS + sum(size >= limit for limit, _, _ in _EPOCH_UNITS)


def parse_iso_column(text: pl.Expr) -> pl.Expr:
    """Int64 milliseconds of `2026-11-02T09:15:04.120Z`, exactly so; null for every other form.

    The shape is checked apart: strptime takes white space and signs for digits, and 60 for a second.
    """
    shape = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-5][0-9]\.[0-9]{3}Z$"
    parsed = text.str.to_datetime(
        "%Y-%m-%dT%H:%M:%S.%3fZ", time_unit="ms", strict=False, cache=False
    ).to_physical()
    return pl.when(text.str.contains(shape) & (parsed >= FIRST_MS)).then(parsed)


def parse_any_iso_column(text: pl.Expr) -> pl.Expr:
    """Int64 milliseconds of ISO 8601 with or without fraction and offset, and of seconds with a fraction.

    Null for every other form.
    """
    clock = text.str.slice(0, 10) + "T" + text.str.slice(11, 8)
    shape = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-5][0-9](?:\.[0-9]{1,9})?(?:Z|[+-][0-2][0-9]:[0-5][0-9])?$"
    local = clock.str.to_datetime(
        "%Y-%m-%dT%H:%M:%S", time_unit="ms", strict=False, cache=False
    ).to_physical()
    exact = local + _read_fraction(text) - _read_offset(text)
    iso = pl.when(text.str.contains(shape) & exact.is_between(FIRST_MS, LAST_MS)).then(exact)
    seconds = text.str.extract(r"^([0-9]{1,10})\.[0-9]{1,9}$").cast(pl.Int64, strict=False)
    return pl.coalesce(iso, seconds * 1000 + _read_fraction(text))


def _read_fraction(text: pl.Expr) -> pl.Expr:
    """Milliseconds behind a point, floored."""
    digits = text.str.extract(r"\.([0-9]{1,3})").str.pad_end(3, "0")
    return digits.cast(pl.Int64, strict=False).fill_null(0)


def _read_offset(text: pl.Expr) -> pl.Expr:
    """Milliseconds that a local time is ahead of UTC; null for hours that there are not."""
    end = text.str.slice(-6)
    hours, minutes = (end.str.slice(at, 2).cast(pl.Int64, strict=False) for at in (1, 4))
    size = pl.when(hours <= 23).then((hours * 60 + minutes) * 60_000)
    sign = pl.when(end.str.starts_with("-")).then(-1).otherwise(1)
    return pl.when(end.str.contains(r"^[+-][0-9]{2}:[0-9]{2}$")).then(size * sign).otherwise(0)


def find_any_iso_forms(text: pl.Expr) -> pl.Expr:
    """UInt8: the number in FORMS of what `any_iso_column` reads."""
    offset = text.str.contains(r"[+-][0-9]{2}:[0-9]{2}$")
    number = pl.when(text.str.ends_with("Z")).then(ISO_UTC).when(offset).then(ISO_OFFSET)
    return (
        number.when(text.str.contains("-")).then(ISO_LOCAL).otherwise(EPOCH_SECONDS).cast(pl.UInt8)
    )


def parse_epoch_column(text: pl.Expr) -> pl.Expr:
    """Int64 milliseconds of whole epoch numbers of at most 18 digits; null for every other form."""
    number = pl.when(text.str.contains(r"^-?[0-9]{1,18}$")).then(text).cast(pl.Int64, strict=False)
    size = number.abs()
    millis = pl.when(size < 10**11).then(number * 1000).when(size < 10**14).then(number)
    exact = millis.when(size < 10**17).then(number.floordiv(1000)).otherwise(number.floordiv(10**6))
    return pl.when(exact.is_between(FIRST_MS, LAST_MS)).then(exact)


def find_epoch_forms(text: pl.Expr) -> pl.Expr:
    """UInt8: the number in FORMS of what `epoch_column` reads; null for the rest."""
    size = text.cast(pl.Int64, strict=False).abs()
    units = pl.sum_horizontal((size >= limit).cast(pl.UInt8) for limit, _, _ in _EPOCH_UNITS)
    return pl.when(size.is_not_null()).then(units + EPOCH_SECONDS).cast(pl.UInt8)
