"""Repeated facts: about how many there are, and which are among known ones."""

import ctypes
import math
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Final

import polars as pl

from dcevents.model.texts import NUMBER_TYPE
from dcevents.native import arrow, draw_seed, load_library
from dcevents.native.memory import Memory, allocate

_MIN_BITS: Final = 10
"""Of a number of bits, its least logarithm."""


class _FactColumns(ctypes.Structure):
    _fields_ = (
        ("count", ctypes.c_uint64),
        ("sids", ctypes.c_void_p),
        ("words", ctypes.c_void_p),
    )


def order_facts(facts: pl.DataFrame) -> pl.DataFrame:
    """Return packed facts, each once, in the order of session, time and code, in one piece."""
    library = load_library()
    if library is None or facts.is_empty():
        return facts.unique().sort(facts.columns).rechunk()
    ordered = _FactColumns()
    with _open_chunks(facts) as chunks:
        result = library.dcevents_order_facts(
            (_FactColumns * len(chunks))(*chunks),
            ctypes.c_uint64(len(chunks)),
            ctypes.c_uint64(1 + int(facts["sid"].max())),  # type: ignore[arg-type]
            ctypes.byref(ordered),
        )
    if result:
        raise MemoryError
    sids, words = (Memory(library, address) for address in (ordered.sids, ordered.words))
    columns = {
        "sid": arrow.make_series(sids, NUMBER_TYPE, ordered.count),
        "time_and_attributes": arrow.make_series(words, pl.UInt64, ordered.count),
    }
    return pl.DataFrame(columns)


def drop_known(facts: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Return the packed facts that are not among known ones, which `order_facts` has returned."""
    library = load_library()
    if library is None or known.is_empty():
        return facts.join(known, on=facts.columns, how="anti", maintain_order="left")
    is_new, done = allocate(library, facts.height), 0
    with _open_chunks(known) as (given,), _open_chunks(facts) as chunks:
        for chunk in chunks:
            library.dcevents_find_new_facts(
                *(ctypes.byref(given), ctypes.byref(chunk)),
                ctypes.c_void_p(is_new.address + done),
            )
            done += chunk.count
    kept = facts.filter(arrow.make_series(is_new, pl.UInt8, facts.height) == 1)
    return kept.rechunk() if kept.height < facts.height else facts


def estimate_distinct(facts: pl.DataFrame) -> int:
    """Estimate how many packed facts are different, to a hundredth.

    Each sets one of twice as many bits, and these tell by how many are set: linear counting
    (Whang, Vander-Zanden and Taylor, 1990). Nobody can guess which bit is whose.
    """
    library = load_library()
    if library is None:
        return facts.n_unique()
    bit_count = 1 << max(_MIN_BITS, (2 * facts.height).bit_length())
    bits = ctypes.create_string_buffer(bit_count // 8)
    library.dcevents_mark_facts.restype = ctypes.c_uint64
    seeds = [ctypes.c_uint64(draw_seed()) for _ in range(2)]
    with _open_chunks(facts) as chunks:
        found = sum(
            library.dcevents_mark_facts(
                ctypes.byref(chunk), *seeds, bits, ctypes.c_uint64(bit_count)
            )
            for chunk in chunks
        )
    return round(-bit_count * math.log(1 - found / bit_count))


@contextmanager
def _open_chunks(facts: pl.DataFrame) -> Iterator[list[_FactColumns]]:
    """Yield the chunks of packed facts, which C may read in the block."""
    lengths = {tuple(map(len, column.get_chunks())) for column in facts}
    columns = facts if len(lengths) == 1 else facts.rechunk()
    with ExitStack() as opened:
        found = [opened.enter_context(arrow.open_series(column))[1] for column in columns]
        yield [
            _FactColumns(sids.length, *map(arrow.find_values, (sids, words), facts.dtypes))
            for sids, words in zip(*found, strict=True)
            if sids.length
        ]
