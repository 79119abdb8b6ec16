"""Numbers of sessions: 64 bits for each sid, never shared.

A number is a hash, so that no table is needed that all threads would wait for. Hashes may
collide, by chance or by intent; figures must not. So the sids are kept, and compared wherever
one number came from several places. A number that two sids share is *reserved*: neither keeps
it, and each gets its hash with the next salt instead. A sid's number follows from its text and
the reserved numbers alone.
"""

import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple, TypeVar

import polars as pl

NUMBER_TYPE: Final = pl.UInt64

_ESCAPED_BYTES = bytes(range(0x20)) + b'"\\'
"""Bytes that a JSON text or a quoted field cannot hold as they are."""

_MAX_UNSHARDED_SESSIONS = 1 << 16
_NUMBER_SHARDS: Final = 8
"""Numbers differ in their highest three bits between shards."""

_ExprOrSeries = TypeVar("_ExprOrSeries", pl.Expr, pl.Series)


def hash_sids(texts: _ExprOrSeries, salt: int = 0) -> _ExprOrSeries:
    """Hash sids to 64 bits; salt 0 comes first."""
    return texts.hash(salt)


class Sessions(NamedTuple):
    """Sessions: distinct numbers and their sids."""

    numbers: pl.Series
    joined_texts: bytes | None
    """The sids, with LF between them; None if one of them holds a LF."""
    text_bytes: int | None = None
    """Bytes of each sid, if all are equally long."""
    is_plain: bool = True
    """No sid holds a byte of _ESCAPED_BYTES."""
    separate_texts: pl.Series | None = None
    """The sids, if they cannot be joined."""

    def list_sids(self) -> pl.Series:
        """Return the sids, in the order of their numbers."""
        if self.joined_texts is not None:
            return pl.Series([self.joined_texts.decode()]).str.split("\n").explode()
        if self.separate_texts is not None:
            return self.separate_texts
        return pl.Series(dtype=pl.String)

    def to_frame(self) -> pl.DataFrame:
        """Return columns sid (the number) and text (the sid)."""
        return pl.DataFrame({"sid": self.numbers, "text": self.list_sids()})

    def select_rows(self, mask: pl.Series) -> pl.DataFrame:
        """Return the rows of `to_frame` for which a mask is true."""
        if self.joined_texts is None or self.text_bytes is None:
            return self.to_frame().filter(mask)
        begins = (mask.arg_true() * (self.text_bytes + 1)).to_list()
        texts = [self.joined_texts[begin : begin + self.text_bytes].decode() for begin in begins]
        return pl.DataFrame(
            {"sid": self.numbers.filter(mask), "text": pl.Series(texts, dtype=pl.String)}
        )


NO_SESSIONS = Sessions(pl.Series(dtype=NUMBER_TYPE), None)


def gather_sessions(numbers: pl.Series, texts: pl.Series) -> Sessions:
    """Pack sessions from distinct numbers and their sids.

    The sids are copied, since they may be slices of a much larger buffer.
    """
    if numbers.is_empty():
        return Sessions(numbers, None)
    joined_text: str = texts.str.join("\n").item()
    joined = joined_text.encode()
    lengths = texts.str.len_bytes()
    shortest: Any = lengths.min()
    text_bytes = shortest if shortest == lengths.max() else None
    separators = numbers.len() - 1
    is_plain = len(joined.translate(None, _ESCAPED_BYTES)) == len(joined) - separators
    if is_plain or joined.count(b"\n") == separators:
        return Sessions(numbers, joined, text_bytes, is_plain)
    return Sessions(numbers, None, None, is_plain, pl.Series(texts.to_list(), dtype=pl.String))


class Numbering:
    """The numbers of all sids, which follow from those reserved.

    Safe for threads.
    """

    def __init__(self, reserved: Iterable[int] = ()) -> None:
        self.reserved = frozenset(reserved)
        self._lock = threading.Lock()

    def reserve_numbers(self, numbers: Iterable[int]) -> None:
        """Let no sid have one of these numbers."""
        with self._lock:
            self.reserved |= frozenset(numbers)

    def number_sids(self, texts: pl.Series | Sequence[str]) -> pl.Series:
        """Return the numbers of sids: their first hashes that are not reserved."""
        texts = pl.Series(texts, dtype=pl.String)
        numbers, salt = hash_sids(texts), 0
        while self.reserved and (is_reserved := numbers.is_in(list(self.reserved))).any():
            salt += 1
            numbers = numbers.zip_with(~is_reserved, hash_sids(texts, salt))
        return numbers

    def number_distinct(self, numbers: pl.Series, texts: pl.Series) -> tuple[pl.Series, Sessions]:
        """Assign numbers to sids that may repeat; return their distinct sessions too.

        `numbers` are those of `hash_sids`, or of an earlier call. A null or an empty text is
        no session. Numbers that several of the texts share become reserved.
        """
        while True:
            if self.reserved:
                numbers = self.number_sids(texts)
            is_first = texts.is_first_distinct() & (texts != "").fill_null(value=False)
            found = numbers.filter(is_first)
            if found.n_unique() == found.len():
                return numbers, gather_sessions(found, texts.filter(is_first))
            self.reserve_numbers(
                _find_shared_numbers(pl.DataFrame({"sid": numbers, "text": texts}))
            )


def renumber_rows(frame: pl.DataFrame, sessions: Sessions, numbering: Numbering) -> pl.DataFrame:
    """Replace the numbers (column sid) of these sessions by their present ones."""
    if not numbering.reserved:
        return frame
    numbers = numbering.number_sids(sessions.list_sids())
    present = pl.DataFrame({"sid": sessions.numbers, "present": numbers})
    rows = frame.join(present, on="sid", how="left", maintain_order="left")
    others = (name for name in frame.columns if name != "sid")
    return rows.select(pl.col("present").alias("sid"), *others)


def renumber_sessions(sessions: Sessions, numbering: Numbering) -> Sessions:
    """Return the same sessions with their present numbers."""
    texts = sessions.list_sids()
    return gather_sessions(numbering.number_sids(texts), texts)


def unite_sessions(parts: Sequence[Sessions]) -> Sessions:
    """Return the union of parts without collisions (see `find_collisions`)."""
    frames = [NO_SESSIONS.to_frame(), *(part.to_frame() for part in parts)]
    distinct = pl.concat(frames).unique("sid")
    return gather_sessions(distinct["sid"], distinct["text"])


def deduplicate_sessions(parts: Sequence[Sessions]) -> list[Sessions]:
    """Return the union in parts with distinct numbers.

    The parts are made one after the other, which takes little more memory than the result.
    """
    count = sum(part.numbers.len() for part in parts)
    everything = pl.repeat(value=True, n=count, eager=True)
    distinct = (frame.unique("sid") for frame in _iterate_shards(parts, everything))
    return [gather_sessions(frame["sid"], frame["text"]) for frame in distinct]


def find_collisions(parts: Sequence[Sessions], bits: int) -> set[int]:
    """Find numbers that several sids share, lowest bits aside.

    The rank of a conversation's id replaces so many `bits` of a number.
    """
    numbers = pl.concat([NO_SESSIONS.numbers, *(part.numbers for part in parts)])
    ordered = numbers.sort()
    is_repeated = ordered == ordered.shift(1)
    repeated = ordered.filter(is_repeated).unique()
    high = ordered.filter(~is_repeated.fill_null(value=False)) // (1 << bits)
    shared_high = high.filter(high == high.shift(1))
    collisions: set[int] = set()
    if shared_high.len():
        collisions |= {*ordered.filter((ordered // (1 << bits)).is_in(shared_high.implode()))}
    if repeated.len():
        collisions |= _find_ambiguous_numbers(parts, numbers.is_in(repeated.implode()))
    return collisions


def _find_ambiguous_numbers(parts: Sequence[Sessions], mask: pl.Series) -> set[int]:
    """Find numbers of several sids, of the sessions in a mask."""
    ambiguous: set[int] = set()
    return ambiguous.union(*map(_find_shared_numbers, _iterate_shards(parts, mask)))


def _iterate_shards(parts: Sequence[Sessions], mask: pl.Series) -> Iterator[pl.DataFrame]:
    """Yield frames of the sessions in a mask.

    The mask goes over the sessions of all parts, one after the other.
    Equal numbers come in one frame; many sessions come in several frames, to save memory.
    """
    shards = _NUMBER_SHARDS if mask.sum() > _MAX_UNSHARDED_SESSIONS else 1
    for shard in range(shards):
        frames, end = [NO_SESSIONS.to_frame()], 0
        for part in parts:
            begin, end = end, end + part.numbers.len()
            of_part = mask.slice(begin, end - begin)
            if shards > 1:
                of_part &= part.numbers // (1 << 61) == shard
            if of_part.any():
                frames.append(part.select_rows(of_part))
        yield pl.concat(frames)


def _find_shared_numbers(frame: pl.DataFrame) -> set[int]:
    """Find numbers (column sid) that come with several texts."""
    pairs = frame.unique(["sid", "text"])
    return set(pairs.filter(pl.col("sid").is_duplicated())["sid"])
