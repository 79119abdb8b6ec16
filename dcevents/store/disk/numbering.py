"""Numbers of sids that stay the same from run to run.

They are 64 bits of a keyed BLAKE2b of the text: polars' own hashes change between its versions.
No figure depends on two texts never sharing a number: the second one gets another salt.
"""

import ctypes
import os
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import blake2b
from typing import Final

import polars as pl

from dcevents.native import arrow, load_library

STORED_NUMBER_TYPE: Final = pl.UInt64
_STORED_NUMBER_BYTES: Final = 8
_STORED_SALT_BYTES: Final = 4
_TEXTS_PER_CALL: Final = 1 << 17
"""So that threads share the work."""


class StoreNumbering:
    """The numbers of a store's sids, by its secret and their salts."""

    def __init__(self, secret: str, salts: Mapping[str, int]) -> None:
        self._secret = secret
        self.salts = dict(salts)

    def number_sids(self, texts: pl.Series) -> pl.Series:
        """Return the number (UInt64) of each sid."""
        numbers = self._hash_texts(texts, 0)
        if self.salts:
            for place in texts.is_in(list(self.salts)).arg_true():
                sid = texts.slice(place, 1)
                numbers[place] = self._hash_texts(sid, self.salts[sid[0]])[0]
        return numbers.alias("sid")

    def _hash_texts(self, texts: pl.Series, salt: int) -> pl.Series:
        key, salting = bytes.fromhex(self._secret), salt.to_bytes(_STORED_SALT_BYTES, "little")
        library = load_library()
        if library is None:
            hashes = b"".join(_hash_in_python(texts.to_list(), key, salting))
            return pl.Series(array("Q", hashes), dtype=STORED_NUMBER_TYPE)
        begins = range(0, texts.len(), _TEXTS_PER_CALL)
        parts = [texts.slice(begin, _TEXTS_PER_CALL) for begin in begins]
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            found = pool.map(lambda part: _hash_in_c(library, part, key, salting), parts)
            return pl.concat([pl.Series(dtype=STORED_NUMBER_TYPE), *found], rechunk=True)

    def change_numbers(self, texts: Iterable[str]) -> "StoreNumbering":
        """Return the numbering with the next salt of these texts."""
        return StoreNumbering(self._secret, Counter(self.salts) + Counter(texts))

    def tabulate_sids(self, texts: pl.Series) -> pl.DataFrame:
        """Return columns `sid` and `text` of different texts.

        Several may share a number.
        """
        return pl.DataFrame({"sid": self.number_sids(texts), "text": texts})


def _hash_in_python(texts: Sequence[str], key: bytes, salt: bytes) -> Iterator[bytes]:
    salted = blake2b(salt, digest_size=_STORED_NUMBER_BYTES, key=key)
    for text in texts:
        each = salted.copy()
        each.update(text.encode())
        yield each.digest()


def _hash_in_c(library: ctypes.CDLL, texts: pl.Series, key: bytes, salt: bytes) -> pl.Series:
    """Do the same by the library: `native/sids.h`."""

    def hash_chunk(chunk: arrow.ArrowArray, address: int) -> None:
        fault = library.dcevents_hash_sids(
            ctypes.byref(chunk),
            key,
            ctypes.c_uint32(len(key)),
            salt,
            ctypes.c_uint32(len(salt)),
            ctypes.c_void_p(address),
        )
        if fault:
            raise ValueError("not a column of texts")

    return arrow.number_texts(library, texts, STORED_NUMBER_TYPE, hash_chunk)
