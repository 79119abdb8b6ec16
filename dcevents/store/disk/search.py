"""The search for sessions among the numbers of all conversations of a store."""

import contextlib
import ctypes
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

import polars as pl

from dcevents.native import arrow, load_library
from dcevents.native.memory import allocate
from dcevents.store.disk.numbering import STORED_NUMBER_TYPE

ROW_TYPE: Final = pl.UInt32
_ROW_BYTES: Final = 4

FindPlaces = Callable[[pl.Series], pl.Series]
"""Returns the places (ROW_TYPE) of those of some numbers that are wanted, in rising order."""


@contextlib.contextmanager
def search_for(wanted: pl.Series) -> Iterator[FindPlaces]:
    """Yield a search for numbers, which threads may share.

    By the library (`native/sids.h`), or where there is none by polars.
    """
    ordered = wanted.cast(STORED_NUMBER_TYPE).unique().sort().rechunk()
    library = load_library()
    if library is None or ordered.is_empty():
        yield partial(_find_by_polars, ordered)
        return
    library.dcevents_new_wanted.restype = ctypes.c_void_p
    library.dcevents_find_wanted.restype = ctypes.c_uint64
    with arrow.open_series(ordered) as (_, chunks):
        values = ctypes.c_void_p(arrow.find_values(chunks[0], STORED_NUMBER_TYPE))
        count = ctypes.c_uint64(ordered.len())
        prepared = ctypes.c_void_p(library.dcevents_new_wanted(values, count))
        if not prepared:
            raise MemoryError
        try:
            yield partial(_find_by_library, library, prepared)
        finally:
            library.dcevents_free_wanted(prepared)


def _find_by_polars(wanted: pl.Series, numbers: pl.Series) -> pl.Series:
    return numbers.is_in(wanted.implode()).arg_true()


def _find_by_library(
    library: ctypes.CDLL, wanted: ctypes.c_void_p, numbers: pl.Series
) -> pl.Series:
    parts, done = [pl.Series(dtype=ROW_TYPE)], 0
    with arrow.open_series(numbers) as (_, chunks):
        for chunk in chunks:
            places = allocate(library, _ROW_BYTES * chunk.length)
            found = library.dcevents_find_wanted(
                wanted,
                ctypes.c_void_p(arrow.find_values(chunk, STORED_NUMBER_TYPE)),
                ctypes.c_uint64(chunk.length),
                ctypes.c_void_p(places.address),
            )
            parts.append(arrow.make_series(places, ROW_TYPE, found) + done)
            done += chunk.length
    return pl.concat(parts)
