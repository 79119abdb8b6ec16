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

NUMBER: Final = pl.UInt64

_NOT_PLAIN = bytes(range(0x20)) + b'"\\'
"""What a text inside quotes cannot hold as it is."""

_MANY = 1 << 16
_SHARDS: Final = 8
"""As three bits of a number tell apart."""

_ExprOrSeries = TypeVar("_ExprOrSeries", pl.Expr, pl.Series)


def hashed(texts: _ExprOrSeries, turn: int = 0) -> _ExprOrSeries:
    """The numbers that texts have by themselves; those of another turn where that one is burnt."""
    return texts.hash(turn)


class Sids(NamedTuple):
    """Some sessions: different numbers, and the texts that belong to them."""

    numbers: pl.Series
    joined: bytes | None
    """The texts, with LF between them; None where one holds a LF itself."""
    length: int | None = None
    """Bytes of each text, if they are equally long."""
    plain: bool = True
    """Whether all texts are inside quotes what they are outside: without quotes, backslashes, control characters."""
    apart: pl.Series | None = None
    """The texts where they cannot be joined."""

    def texts(self) -> pl.Series:
        """The sids, in the order of their numbers."""
        if self.joined is None:
            return self.apart if self.apart is not None else pl.Series(dtype=pl.String)
        return pl.Series([self.joined.decode()]).str.split("\n").explode()

    def frame(self) -> pl.DataFrame:
        """Columns sid (number) and text."""
        return pl.DataFrame({"sid": self.numbers, "text": self.texts()})

    def some(self, chosen: pl.Series) -> pl.DataFrame:
        """The rows of `frame` for which a mask is true."""
        if self.joined is None or self.length is None:
            return self.frame().filter(chosen)
        begins = (chosen.arg_true() * (self.length + 1)).to_list()
        texts = [self.joined[begin : begin + self.length].decode() for begin in begins]
        return pl.DataFrame(
            {"sid": self.numbers.filter(chosen), "text": pl.Series(texts, dtype=pl.String)}
        )


NONE = Sids(pl.Series(dtype=NUMBER), None)


def gathered(numbers: pl.Series, texts: pl.Series) -> Sids:
    """Sessions from their different numbers and texts. The texts are copied: they may be cut from something large."""
    if numbers.is_empty():
        return Sids(numbers, None)
    text: str = texts.str.join("\n").item()
    joined = text.encode()
    lengths = texts.str.len_bytes()
    length: Any = lengths.min()
    equal = length if length == lengths.max() else None
    plain = len(joined.translate(None, _NOT_PLAIN)) == len(joined) - numbers.len() + 1
    if plain or joined.count(b"\n") == numbers.len() - 1:
        return Sids(numbers, joined, equal, plain)
    return Sids(numbers, None, None, plain, pl.Series(texts.to_list(), dtype=pl.String))


class Numbering:
    """Which numbers are burnt, and so the number of every text. Texts may be numbered in any number of threads."""

    def __init__(self, burnt: Iterable[int] = ()) -> None:
        self.burnt = frozenset(burnt)
        self._lock = threading.Lock()

    def burn(self, numbers: Iterable[int]) -> None:
        """Have no text keep one of these numbers."""
        with self._lock:
            self.burnt |= frozenset(numbers)

    def numbers(self, texts: pl.Series | Sequence[str]) -> pl.Series:
        """The numbers of sids."""
        texts = pl.Series(texts, dtype=pl.String)
        numbers, turn = hashed(texts), 0
        while self.burnt and (again := numbers.is_in(list(self.burnt))).any():
            turn += 1
            numbers = numbers.zip_with(~again, hashed(texts, turn))
        return numbers

    def different(self, numbers: pl.Series, texts: pl.Series) -> tuple[pl.Series, Sids]:
        """The numbers of texts, which may be repeated, and the sessions that they are.

        `numbers` are `hashed`, or those of an earlier moment. No text, and the empty one, is no session.
        """
        while True:
            if self.burnt:
                numbers = self.numbers(texts)
            first = texts.is_first_distinct() & (texts != "").fill_null(value=False)
            found = numbers.filter(first)
            if found.n_unique() == found.len():
                return numbers, gathered(found, texts.filter(first))
            self.burn(_shared(pl.DataFrame({"sid": numbers, "text": texts})))


def renumbered(frame: pl.DataFrame, sids: Sids, numbering: Numbering) -> pl.DataFrame:
    """Rows of these sessions (column sid), with the numbers that they have now."""
    if not numbering.burnt:
        return frame
    now = pl.DataFrame({"sid": sids.numbers, "now": numbering.numbers(sids.texts())})
    rows = frame.join(now, on="sid", how="left", maintain_order="left")
    return rows.select(
        pl.col("now").alias("sid"), *(name for name in frame.columns if name != "sid")
    )


def now(sids: Sids, numbering: Numbering) -> Sids:
    """The same sessions with the numbers that they have now."""
    return gathered(numbering.numbers(sids.texts()), sids.texts())


def united(parts: Sequence[Sids]) -> Sids:
    """The sessions of all parts, none of which share a number: see `clashes`."""
    frame = pl.concat([NONE.frame(), *(part.frame() for part in parts)]).unique("sid")
    return gathered(frame["sid"], frame["text"])


def once_each(parts: Sequence[Sids]) -> list[Sids]:
    """The same in several parts, made one after the other: so it needs little more memory than what comes of it."""
    everything = pl.repeat(value=True, n=sum(part.numbers.len() for part in parts), eager=True)
    distinct = (frame.unique("sid") for frame in _by_number(parts, everything))
    return [gathered(frame["sid"], frame["text"]) for frame in distinct]


def clashes(parts: Sequence[Sids], bits: int) -> set[int]:
    """Numbers that belong to one text in one part and to another in another, or differ only in their lowest bits."""
    numbers = pl.concat([NONE.numbers, *(part.numbers for part in parts)])
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
        alike | _of_several(parts, numbers.is_in(repeated.implode())) if repeated.len() else alike
    )


def _of_several(parts: Sequence[Sids], again: pl.Series) -> set[int]:
    """Numbers that stand for several texts, of those where `again` is true."""
    found: set[int] = set()
    return found.union(*map(_shared, _by_number(parts, again)))


def _by_number(parts: Sequence[Sids], chosen: pl.Series) -> Iterator[pl.DataFrame]:
    """The rows of all `frame`s for which a mask is true, those of like numbers at a time where there are many."""
    shards = _SHARDS if chosen.sum() > _MANY else 1
    for i in range(shards):
        some, end = [NONE.frame()], 0
        for part in parts:
            begin, end = end, end + part.numbers.len()
            these = chosen.slice(begin, end - begin)
            these = these & (part.numbers // (1 << 61) == i) if shards > 1 else these
            if these.any():
                some.append(part.some(these))
        yield pl.concat(some)


def _shared(frame: pl.DataFrame) -> set[int]:
    """Numbers (column sid) that stand beside several texts."""
    different = frame.unique(["sid", "text"])
    return set(different.filter(pl.col("sid").is_duplicated())["sid"])
