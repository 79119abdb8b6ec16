"""Texts in lines that are lines of their own: in base64, or several of them.

What a text in base64 says hangs on the line that it stands in. The lines around such texts are
*contexts*: one with placeholders for what varies in it, and a hole. A text says what the
reference reader says of each context with that text in its hole, where that is the same for all
of them.
"""

from __future__ import annotations

import base64
import contextlib
from collections.abc import Callable, Collection
from functools import partial
from typing import Any, Protocol

import polars as pl

from dcevents.reading.parsing.places import ENTERED, Known, from_base64
from dcevents.reading.parsing.record import SEVERAL, Record, decode_json, encode_json
from dcevents.reading.strict import SPACE, read_scalar

_MAX_CONTEXTS = 64
_OUTER = "\x7fouter\x7f"
_OUTER_NUMBER = "97000314159265358979323846264338327950"
"""What stands in contexts for values that vary: no text in one, and no log by chance, holds it."""
_HOLE = "\x7fhole\x7f"
_EVENT = {"event": "CONVERSATION_CLOSED", "timestamp": "0", "data": {"payload": {"sid": "0"}}}
"""What a text may say: where it says nothing in a hole, that is none for it."""
_UNCLEAR = Record(SEVERAL)

Judge = Callable[[object], Record]


class _Agreeing(Protocol):
    def agrees(self, judge: Judge) -> bool:
        """Return whether a judge says of all that was learnt what was said of it."""


class Contexts:
    """The contexts of a log.

    `layouts` are those of the texts in them: what they have learnt holds in each context.

    Calls are the caller's to serialise.
    """

    def __init__(self, judge: Judge, known: Known) -> None:
        self.layouts: list[_Agreeing] = []
        self._judge = judge
        self._is_pruned = not known.paths
        self._contexts: list[str] = []

    def admit(self, value: object, placeholders: Collection[str], encoded: str) -> bool:
        """Take in the lines of a template.

        With their `encoded` placeholder as the hole.

        False where they differ.
        """
        context = encode_json(_pruned(value) if self._is_pruned else value).replace(encoded, _HOLE)
        for name in placeholders:
            context = context.replace(name, _OUTER_NUMBER if name.isdigit() else _OUTER)
        if context in self._contexts:
            return True
        if (
            len(self._contexts) >= _MAX_CONTEXTS
            or self._judge_in(context, _EVENT).bucket != "event"
        ):
            return False
        if not all(layout.agrees(partial(self._judge_in, context)) for layout in self.layouts):
            return False
        self._contexts.append(context)
        return True

    def judge(self, value: object) -> Record:
        """Return what a text with this value says in every context.

        SEVERAL where that is not one thing, or hangs on them.
        """
        found = [self._judge_in(context, value) for context in self._contexts]
        return found[0] if found and found.count(found[0]) == len(found) else _UNCLEAR

    def _judge_in(self, context: str, value: object) -> Record:
        text = base64.b64encode(encode_json(value).encode()).decode()
        try:
            found = self._judge(decode_json(context.replace(_HOLE, text)))
        except (ValueError, RecursionError):
            return _UNCLEAR
        asked = tuple(each for each in found.asked if each != text)
        shown = [found.event_name, found.timestamp, found.sid, *(found.said or ()), *asked]
        if any(
            part in each
            for each in shown
            if isinstance(each, str)
            for part in (_OUTER, _OUTER_NUMBER, text)
        ):
            return _UNCLEAR
        return found._replace(asked=asked)


def _pruned(value: object) -> Any:  # noqa: ANN401 - any JSON value
    """A value without what is in objects and lists that nothing is looked for in: headers, …"""
    if not isinstance(value, dict):
        return value
    return {
        key: _pruned(member)
        if not isinstance(member, dict | list) or key in ENTERED or "." in key
        else {}
        for key, member in value.items()
    }


def decoded(texts: pl.Series) -> pl.Series:
    """The objects that texts in base64 are, or begin with.

    Null for all else.
    """
    try:
        plain = texts.str.decode("base64", strict=False).cast(pl.String)
    except pl.exceptions.PolarsError:
        # One of them is no UTF-8.
        plain = pl.Series(texts.name, map(from_base64, texts), dtype=pl.String)
    return plain.set(~plain.str.starts_with("{"), None)


def opened(lines: pl.DataFrame) -> pl.DataFrame:
    """`row`, `member` (from 1), `line`: the lines of each `text`.

    Which is the inside of a JSON string.

    None of texts that do not consist of at least two objects, each of which begins a line. Most
    come as JSON strings, as escaped as they were: see `as_it_reads`.
    """
    # Without an escaped backslash, what looks like an escaped line end is one. To look for these
    # is quick.
    quick = pl.col("text").str.contains("\\\\", literal=True).not_()
    simple = lines.filter(quick).select(
        "row", line=pl.col("text").str.strip_suffix("\\n").str.split("\\n")
    )
    size = pl.col("line").list.len()
    simple = simple.filter(size > 1).with_columns(first=size.cum_sum() - size).explode("line")
    member = (pl.int_range(1, pl.len() + 1, dtype=pl.UInt32) - pl.col("first")).alias("member")
    simple = simple.select("row", member, pl.format('"{}"', "line").alias("line"))
    odd = simple.filter(~pl.col("line").str.starts_with('"{'))["row"].unique()
    if not odd.is_empty():
        simple = simple.filter(~pl.col("row").is_in(odd.implode()))
    others = lines.filter(~quick | pl.col("row").is_in(odd.implode()))
    return (
        simple if others.is_empty() else pl.concat([simple, _opened(others)]).sort("row", "member")
    )


def as_it_reads(line: bytes) -> bytes:
    """A line that `opened` has made, without what was escaped."""
    text = _unescaped_one(line.decode()[1:-1]) if line.startswith(b'"') else None
    return line if text is None else text.encode()


def _opened(lines: pl.DataFrame) -> pl.DataFrame:
    """Return the same as they read, whatever is escaped in them."""
    split = lines.select("row", _unescaped(lines["text"]).alias("line").str.split("\n")).explode(
        "line"
    )
    cut = split.with_columns(pl.col("line").str.strip_chars(SPACE + "\x1e")).filter(
        pl.col("line") != ""
    )
    each = pl.int_range(1, pl.len() + 1, dtype=pl.UInt32).over("row")
    objects = pl.col("line").str.starts_with("{").all().over("row")
    numbered = cut.with_columns(each.alias("member")).filter(objects & (pl.len().over("row") > 1))
    return numbered.select("row", "member", "line")


def _unescaped(texts: pl.Series) -> pl.Series:
    """Return what is between the quotes of JSON strings.

    As it reads.

    Null for what can not be there.
    """
    with contextlib.suppress(pl.exceptions.PolarsError):
        # polars reads half a surrogate pair as another character.
        if not texts.str.contains("\\u", literal=True).any():
            return ('"' + texts + '"').str.json_decode(pl.String)
    return pl.Series(texts.name, map(_unescaped_one, texts), dtype=pl.String)


def _unescaped_one(text: str) -> str | None:
    try:
        value = decode_json(f'"{text}"')
    except ValueError:
        return None
    return value if isinstance(value, str) and read_scalar(value) in (value, None) else None
