"""Styles: inputs whose records are not their lines → one record a row, each with its place.

A style is told from the beginning of an input: records behind a collector's prefix, behind record separators, or with
something between them that is no line end (`streams`). They are found by replacing and by the column, which takes a
part of the time that parsing takes. Where that is a guess, it is checked afterwards (`Rows.is_wrong`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

import polars as pl

from dcevents import prefixes, streams
from dcevents.envelopes import NOTHING, PREFIX_TIME, Known
from dcevents.record import members, read
from dcevents.rows import PLACES, Rows
from dcevents.streams import HEAD, Stream

__all__ = ["HEAD", "Behind", "Rows", "Separated", "Stream", "Style", "several", "style_of"]

_SEEN = 200
_SEPARATOR = b"\x1e"
_BLANK = b" \t\r\n"


class Style(Protocol):
    """How records lie in an input."""

    @property
    def name(self) -> str:
        """In words."""

    @property
    def by_line(self) -> bool:
        """Whether a line has a record of its own."""

    def rows(self, data: bytes, unterminated: Collection[int], now: int) -> Rows:
        """The records of a part of an input."""


def style_of(head: bytes, known: Known = NOTHING) -> Style | None:
    """The style of an input that begins like this; None for one record a line, and nothing before it.

    HEAD bytes will do; a byte order mark must not be among them.
    """
    text = head.lstrip(_BLANK)
    if not text:
        return None
    first = text.split(b"\n", 1)[0].decode("utf-8", "replace")
    prefix = prefixes.prefix_of(first)
    if prefix is None:
        found = streams.style_of(head, known) if text.startswith((b"{", b"[", _SEPARATOR)) else None
        return found or (Separated() if text.startswith(_SEPARATOR) else None)
    return Behind(f"behind a prefix ({prefix.name})", timed=_has_times(text))


def several(lines: Sequence[tuple[int, bytes]], known: Known) -> Rows:
    """The records of lines (numbered by their rows) that hold several each, for `PLACES` of the block."""
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


# -- behind a prefix ---------------------------------------------------------------------------------------------


def _has_times(head: bytes) -> bool:
    """Whether the first records behind prefixes have no need of the times in these."""
    lines = [line.decode("utf-8", "replace") for line in head.split(b"\n")[:_SEEN]]
    behind = [line[prefix.end :] for line in lines if (prefix := prefixes.prefix_of(line))]
    events = [found for each in behind if (found := read(each)).said]
    return not any(found.timestamp is None for found in events)


@dataclass(frozen=True)
class Behind:
    """Records behind a prefix on each line; `timed` if they have times of their own."""

    name: str
    timed: bool
    by_line: bool = True

    def rows(self, data: bytes, unterminated: Collection[int], now: int) -> Rows:
        """Lines without their prefixes."""
        try:
            lines = pl.scan_lines(data, name="line")
            bare = lines.select(_without_prefix()) if self.timed else _with_times(lines.collect(), now)
            joined = bare.lazy().select(pl.col("line").str.join("\n")).collect().item() or ""
        except pl.exceptions.PolarsError:
            return self._slowly(data, unterminated, now)
        cut = f"{joined}\n".encode()
        if not self.timed:
            return Rows(cut, unterminated, find_raw=_line_of(data))
        again = lambda: self._slowly(data, unterminated, now)  # noqa: E731
        return Rows(cut, unterminated, exactly=again, timed=False, find_raw=_line_of(data))

    def _slowly(self, data: bytes, unterminated: Collection[int], now: int) -> Rows:
        """Line by line, with the prefixes' times where they are."""
        dates: dict[str, str] = {}
        lines = [_with_time(line, dates, now) for line in data.removesuffix(b"\n").split(b"\n")]
        return Rows(b"\n".join(lines) + b"\n", unterminated, find_raw=_line_of(data))


def _without_prefix() -> pl.Expr:
    line = pl.col("line")
    # Most of a line is not looked at: it either is behind a prefix, or begins with its record.
    return line.str.replace(prefixes.ANY, "$1")


def _with_times(lines: pl.DataFrame, now: int) -> pl.DataFrame:
    """`_with_time` by the column; each time is dated once."""
    line, prefix, time = pl.col("line"), pl.col("prefix"), pl.col("time")
    found = lines.with_columns(line.str.extract(prefixes.BEFORE, 1).alias("prefix"))
    found = found.with_columns(prefix.str.extract(prefixes.TIME, 0).alias("time"))
    times = found["time"].unique().drop_nulls().to_list()
    dates = [prefixes.dated(text, now) for text in times]
    dated = found["time"].replace_strict(times, dates, default=None, return_dtype=pl.String)
    behind = line.str.strip_prefix(prefix)
    body = behind.str.strip_chars_end()
    comma = pl.when(body.str.contains(r"^\{\s*\}")).then(pl.lit("")).otherwise(pl.lit(","))
    member = pl.concat_str(comma, pl.lit(f'"{PREFIX_TIME}":"'), pl.col("date"), pl.lit('"}'))
    is_object = time.is_not_null() & body.str.starts_with("{") & body.str.ends_with("}")
    with_time = pl.when(is_object).then(pl.concat_str(body.str.strip_suffix("}"), member))
    text = pl.when(prefix.is_null()).then(line).otherwise(pl.coalesce(with_time, behind))
    return found.with_columns(dated.alias("date")).select(text.alias("line"))


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
    comma = "" if text[prefix.end + 1 :].lstrip().startswith("}") else ","
    # Behind all else: of two equal keys the first wins, and so does any time of the record's own.
    body = text[prefix.end :].rstrip()
    return f'{body[:-1]}{comma}"{PREFIX_TIME}":"{date}"}}'.encode() if body.endswith("}") else body.encode()


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
        cut = data.removeprefix(_SEPARATOR).replace(b"\n" + _SEPARATOR, b"\n")
        return Rows(cut, unterminated, find_raw=_line_of(data))
