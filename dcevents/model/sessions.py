"""Sessions by number: 64 bits made from the text of a sid, and the proof that no two texts of a log share one.

A number is a hash, so that making one needs no table that all threads would wait for. Hashes may collide, by chance or
by intent; figures must not. So the texts are kept, and looked at wherever one number came from several places: a
number that two texts share is *burnt*, and each of them gets the next in a fixed sequence of its own. What number a
text has follows from nothing but the text and what is burnt.
"""

import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple, TypeVar

import polars as pl

NUMBER_TYPE: Final = pl.UInt64

_ESCAPED_BYTES = bytes(range(0x20)) + b'"\\'
"""What a text inside quotes cannot hold as it is."""

_MAX_UNSHARDED_SESSIONS = 1 << 16
_NUMBER_SHARDS: Final = 8
"""As three bits of a number tell apart."""

_ExprOrSeries = TypeVar("_ExprOrSeries", pl.Expr, pl.Series)


def hash_sids(texts: _ExprOrSeries, salt: int = 0) -> _ExprOrSeries:
    """The numbers that texts have by themselves; those of another turn where that one is burnt."""
    return texts.hash(salt)


class Sessions(NamedTuple):
    """Some sessions: different numbers, and the texts that belong to them."""

    numbers: pl.Series
    joined_texts: bytes | None
    """The texts, with LF between them; None where one holds a LF itself."""
    text_bytes: int | None = None
    """Bytes of each text, if they are equally long."""
    is_plain: bool = True
    """Whether all texts are inside quotes what they are outside: without quotes, backslashes, control characters."""
    separate_texts: pl.Series | None = None
    """The texts where they cannot be joined."""

    def list_sids(self) -> pl.Series:
        """The sids, in the order of their numbers."""
        if self.joined_texts is None:
            return (
                self.separate_texts
                if self.separate_texts is not None
                else pl.Series(dtype=pl.String)
            )
        return pl.Series([self.joined_texts.decode()]).str.split("\n").explode()

    def to_frame(self) -> pl.DataFrame:
        """Columns sid (number) and text."""
        return pl.DataFrame({"sid": self.numbers, "text": self.list_sids()})

    def select_rows(self, mask: pl.Series) -> pl.DataFrame:
        """The rows of `frame` for which a mask is true."""
        if self.joined_texts is None or self.text_bytes is None:
            return self.to_frame().filter(mask)
        begins = (mask.arg_true() * (self.text_bytes + 1)).to_list()
        texts = [self.joined_texts[begin : begin + self.text_bytes].decode() for begin in begins]
        return pl.DataFrame(
            {"sid": self.numbers.filter(mask), "text": pl.Series(texts, dtype=pl.String)}
        )


NO_SESSIONS = Sessions(pl.Series(dtype=NUMBER_TYPE), None)


def gather_sessions(numbers: pl.Series, texts: pl.Series) -> Sessions:
    """Sessions from their different numbers and texts. The texts are copied: they may be cut from something large."""
    if numbers.is_empty():
        return Sessions(numbers, None)
    text: str = texts.str.join("\n").item()
    joined = text.encode()
    lengths = texts.str.len_bytes()
    length: Any = lengths.min()
    equal = length if length == lengths.max() else None
    plain = len(joined.translate(None, _ESCAPED_BYTES)) == len(joined) - numbers.len() + 1
    if plain or joined.count(b"\n") == numbers.len() - 1:
        return Sessions(numbers, joined, equal, plain)
    return Sessions(numbers, None, None, plain, pl.Series(texts.to_list(), dtype=pl.String))


class Numbering:
    """Which numbers are burnt, and so the number of every text. Texts may be numbered in any number of threads."""

    def __init__(self, reserved: Iterable[int] = ()) -> None:
        self.reserved = frozenset(reserved)
        self._lock = threading.Lock()

    def reserve_numbers(self, numbers: Iterable[int]) -> None:
        """Have no text keep one of these numbers."""
        with self._lock:
            self.reserved |= frozenset(numbers)

    def number_sids(self, texts: pl.Series | Sequence[str]) -> pl.Series:
        """The numbers of sids."""
        texts = pl.Series(texts, dtype=pl.String)
        numbers, turn = hash_sids(texts), 0
        while self.reserved and (again := numbers.is_in(list(self.reserved))).any():
            turn += 1
            numbers = numbers.zip_with(~again, hash_sids(texts, turn))
        return numbers

    def number_distinct(self, numbers: pl.Series, texts: pl.Series) -> tuple[pl.Series, Sessions]:
        """The numbers of texts, which may be repeated, and the sessions that they are.

        `numbers` are `hashed`, or those of an earlier moment. No text, and the empty one, is no session.
        """
        while True:
            if self.reserved:
                numbers = self.number_sids(texts)
            first = texts.is_first_distinct() & (texts != "").fill_null(value=False)
            found = numbers.filter(first)
            if found.n_unique() == found.len():
                return numbers, gather_sessions(found, texts.filter(first))
            self.reserve_numbers(
                _find_shared_numbers(pl.DataFrame({"sid": numbers, "text": texts}))
            )


def renumber_rows(frame: pl.DataFrame, sessions: Sessions, numbering: Numbering) -> pl.DataFrame:
    """Rows of these sessions (column sid), with the numbers that they have now."""
    if not numbering.reserved:
        return frame
    now = pl.DataFrame(
        {"sid": sessions.numbers, "now": numbering.number_sids(sessions.list_sids())}
    )
    rows = frame.join(now, on="sid", how="left", maintain_order="left")
    return rows.select(
        pl.col("now").alias("sid"), *(name for name in frame.columns if name != "sid")
    )


def renumber_sessions(sessions: Sessions, numbering: Numbering) -> Sessions:
    """The same sessions with the numbers that they have now."""
    return gather_sessions(numbering.number_sids(sessions.list_sids()), sessions.list_sids())


def unite_sessions(parts: Sequence[Sessions]) -> Sessions:
    """The sessions of all parts, none of which share a number: see `clashes`."""
    frame = pl.concat([NO_SESSIONS.to_frame(), *(part.to_frame() for part in parts)]).unique("sid")
    return gather_sessions(frame["sid"], frame["text"])


def deduplicate_sessions(parts: Sequence[Sessions]) -> list[Sessions]:
    """The same in several parts, made one after the other: so it needs little more memory than what comes of it."""
    everything = pl.repeat(value=True, n=sum(part.numbers.len() for part in parts), eager=True)
    distinct = (frame.unique("sid") for frame in _iterate_shards(parts, everything))
    return [gather_sessions(frame["sid"], frame["text"]) for frame in distinct]


def find_collisions(parts: Sequence[Sessions], bits: int) -> set[int]:
    """Numbers that belong to one text in one part and to another in another, or differ only in their lowest bits."""
    numbers = pl.concat([NO_SESSIONS.numbers, *(part.numbers for part in parts)])
    ordered = numbers.sort()
    again = ordered == ordered.shift(1)
    repeated = ordered.filter(again).unique()
    high = ordered.filter(~again.fill_null(value=False)) // (1 << bits)
    close = high.filter(high == high.shift(1))
    alike = (
        set(ordered.filter((ordered // (1 << bits)).is_in(close.implode())))
        if close.len()
        else set()
    )
    return (
        alike | _find_ambiguous_numbers(parts, numbers.is_in(repeated.implode()))
        if repeated.len()
        else alike
    )


def _find_ambiguous_numbers(parts: Sequence[Sessions], mask: pl.Series) -> set[int]:
    """Numbers that stand for several texts, of those where `again` is true."""
    found: set[int] = set()
    return found.union(*map(_find_shared_numbers, _iterate_shards(parts, mask)))


def _iterate_shards(parts: Sequence[Sessions], mask: pl.Series) -> Iterator[pl.DataFrame]:
    """The rows of all `frame`s for which a mask is true, those of like numbers at a time where there are many."""
    shards = _NUMBER_SHARDS if mask.sum() > _MAX_UNSHARDED_SESSIONS else 1
    for i in range(shards):
        some, end = [NO_SESSIONS.to_frame()], 0
        for part in parts:
            begin, end = end, end + part.numbers.len()
            these = mask.slice(begin, end - begin)
            these = these & (part.numbers // (1 << 61) == i) if shards > 1 else these
            if these.any():
                some.append(part.select_rows(these))
        yield pl.concat(some)


def _find_shared_numbers(frame: pl.DataFrame) -> set[int]:
    """Numbers (column sid) that stand beside several texts."""
    different = frame.unique(["sid", "text"])
    return set(different.filter(pl.col("sid").is_duplicated())["sid"])
