"""Styles: inputs whose records are not their lines → one record a row, each with its place.

A style is told from the beginning of an input: records behind a collector's prefix, behind
record separators, or with something between them that is no line end (`streams`). They are
found by replacing and by the column, which takes a part of the time that parsing takes. Where
that is a guess, it is checked afterwards (`Rows.is_wrong`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

import polars as pl

from dcevents.reading.parsing import prefixes, shapes, streams
from dcevents.reading.parsing.envelopes import NOTHING, PREFIX_TIME, Known
from dcevents.reading.parsing.record import members, read
from dcevents.reading.parsing.rows import PLACES, Rows
from dcevents.reading.parsing.streams import HEAD, Stream
from dcevents.reading.strict import SPACE

__all__ = ["HEAD", "Behind", "Rows", "Separated", "Stream", "Style", "several", "style_of"]

_SEEN = 200
_RECORD_SEPARATOR = b"\x1e"
_BLANK_BYTES = b" \t\r\n"


class Style(Protocol):
    """How records lie in an input."""

    @property
    def name(self) -> str:
        """In words."""

    @property
    def by_line(self) -> bool:
        """Return whether a line has a record of its own."""

    def rows(self, data: bytes, unterminated: Collection[int], now: int) -> Rows:
        """The records of a part of an input."""


def style_of(head: bytes, known: Known = NOTHING) -> Style | None:
    """The style of an input that begins like this.

    None for one record a line, and nothing before it.

    HEAD bytes will do; a byte order mark must not be among them.
    """
    text = head.lstrip(_BLANK_BYTES)
    if not text:
        return None
    first = text.split(b"\n", 1)[0].decode("utf-8", "replace")
    prefix = prefixes.prefix_of(first)
    if prefix is None:
        found = (
            streams.style_of(head, known)
            if text.startswith((b"{", b"[", _RECORD_SEPARATOR))
            else None
        )
        return found or (Separated() if text.startswith(_RECORD_SEPARATOR) else None)
    return Behind(f"behind a prefix ({prefix.name})", timed=_has_times(text))


def several(lines: Sequence[tuple[int, bytes]], known: Known) -> Rows:
    """The records of lines (numbered by their rows) that hold several each, for `PLACES` of the
    block.
    """
    texts: list[str] = []
    rows: list[int] = []
    index: list[int] = []
    for row, line in lines:
        found = members(line.decode("utf-8", "replace"), known)
        texts += found
        rows += [row] * len(found)
        index += range(1, len(found) + 1)
    frame = pl.DataFrame({"row": range(len(rows)), "line": rows, "member": index}, schema=PLACES)
    return Rows("".join(f"{text}\n" for text in texts).encode(), find_places=lambda: frame)


# -- behind a prefix
# ---------------------------------------------------------------------------------------------


def _has_times(head: bytes) -> bool:
    """Return whether the first records behind prefixes have no need of the times in these."""
    lines = [line.decode("utf-8", "replace") for line in head.split(b"\n")[:_SEEN]]
    behind = [line[prefix.end :] for line in lines if (prefix := prefixes.prefix_of(line))]
    events = [found for each in behind if (found := read(each)).said]
    return not any(found.timestamp is None for found in events)


@dataclass(frozen=True)
class Behind:
    """Records behind a prefix on each line.

    `timed` if they have times of their own.
    """

    name: str
    timed: bool
    by_line: bool = True

    def rows(self, data: bytes, unterminated: Collection[int], now: int) -> Rows:
        """Lines without their prefixes."""
        try:
            lines = pl.scan_lines(data, name="line").collect()
            lines = lines.with_columns(_prefixes(lines).alias("prefix"))
            cut = lines.select(_without_prefix()) if self.timed else _with_times(lines, now)
        except pl.exceptions.PolarsError:
            return self._slowly(data, unterminated, now)
        if not self.timed:
            return Rows(cut, unterminated, find_raw=_line_of(data))
        again = lambda: self._slowly(data, unterminated, now)  # noqa: E731
        return Rows(cut, unterminated, exactly=again, timed=False, find_raw=_line_of(data))

    def _slowly(self, data: bytes, unterminated: Collection[int], now: int) -> Rows:
        """Line by line, with the prefixes' times where they are."""
        dates: dict[str, str] = {}
        lines = [_with_time(line, dates, now) for line in data.removesuffix(b"\n").split(b"\n")]
        return Rows(b"\n".join(lines) + b"\n", unterminated, find_raw=_line_of(data))


def _prefixes(lines: pl.DataFrame) -> pl.Series:
    """The prefix of each line (column `line`).

    Null where there is none.
    """
    line = pl.col("line")
    # Most of a line is not looked at: what is before the first brace either is a prefix, or there
    # mostly is none.
    before = (
        line.cast(pl.Binary)
        .bin.slice(0, line.str.find("{", literal=True).fill_null(0))
        .cast(pl.String)
    )
    texts = lines.select(before)["line"]
    found = texts.set(~texts.str.contains(prefixes.WHOLE), None)
    others = lines["line"].filter(found.is_null())
    return (
        lines["line"].str.extract(prefixes.BEFORE, 1)
        if others.str.contains(prefixes.ANY).any()
        else found
    )


def _without_prefix() -> pl.Expr:
    size = pl.col("prefix").str.len_bytes().fill_null(0)
    return pl.col("line").cast(pl.Binary).bin.slice(size).cast(pl.String)


def _with_times(lines: pl.DataFrame, now: int) -> pl.DataFrame:
    """`_with_time` by the column."""
    line, time = pl.col("line"), pl.col("time")
    found = lines.select(
        _without_prefix().str.strip_chars_end(SPACE),
        pl.col("prefix").str.extract(prefixes.TIME, 0).alias("time"),
    )
    is_object = time.is_not_null() & line.str.starts_with("{") & line.str.ends_with("}")
    # An empty object says nothing, with a time or without.
    is_object &= ~line.str.contains(r"^\{\s*\}")
    chosen = found.select(is_object.fill_null(value=False))["time"]
    text = pl.concat_str(
        line.str.strip_suffix("}"),
        pl.lit(f',"{PREFIX_TIME}":"'),
        _dates(found["time"], now),
        pl.lit('"}'),
    )
    return found.select(
        (text if chosen.all() else pl.when(chosen).then(text).otherwise(line)).alias("line")
    )


def _dates(times: pl.Series, now: int) -> pl.Expr:
    """`prefixes.dated` by the column.

    Each day without a year is dated once.
    """
    days = times.str.slice(0, 6)
    dated = shapes.each_once(
        days, lambda day: prefixes.dated(f"{day} ", now).split("T")[0], pl.String
    )
    clock = pl.lit(times).str.slice(7)
    end = (
        pl.when(clock.str.len_bytes() == len("00:00:00"))
        .then(pl.lit(".000Z"))
        .otherwise(pl.lit("Z"))
    )
    with_year = pl.concat_str(pl.lit(dated), pl.lit("T"), clock, end)
    return pl.when(pl.lit(times).str.contains("^[A-Z]")).then(with_year).otherwise(pl.lit(times))


def _with_time(line: bytes, dates: dict[str, str], now: int) -> bytes:
    try:
        text = line.decode()
    except UnicodeDecodeError:
        return line
    prefix = prefixes.prefix_of(text)
    if prefix is None:
        return line
    if prefix.time is None or text[prefix.end] != "{":
        return text[prefix.end :].encode()
    date = dates.setdefault(prefix.time, prefixes.dated(prefix.time, now))
    comma = "" if text[prefix.end + 1 :].lstrip(SPACE).startswith("}") else ","
    # Behind all else: of two equal keys the first wins, and so does any time of the record's own.
    body = text[prefix.end :].rstrip(SPACE)
    return (
        f'{body[:-1]}{comma}"{PREFIX_TIME}":"{date}"}}'.encode()
        if body.endswith("}")
        else body.encode()
    )


def _line_of(data: bytes) -> Callable[[int, bytes], bytes]:
    lines: list[bytes] = []

    def raw(row: int, _: bytes) -> bytes:
        if not lines:
            lines.extend(data.split(b"\n"))
        return lines[row]

    return raw


@dataclass(frozen=True)
class Separated:
    """Records with a record separator before each (RFC 7464)."""

    name: str = "a JSON text sequence (RFC 7464)"
    by_line: bool = True

    def rows(self, data: bytes, unterminated: Collection[int], now: int) -> Rows:  # noqa: ARG002
        """Lines without it."""
        cut: bytes | pl.DataFrame
        try:
            cut = (
                pl.scan_lines(data, name="line")
                .collect()
                .select(pl.col("line").str.strip_prefix(_RECORD_SEPARATOR.decode()))
            )
        except pl.exceptions.PolarsError:
            cut = data.removeprefix(_RECORD_SEPARATOR).replace(b"\n" + _RECORD_SEPARATOR, b"\n")
        return Rows(cut, unterminated, find_raw=_line_of(data))
