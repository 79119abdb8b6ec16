"""Numbers of sids that stay the same from run to run.

They are 64 bits of a keyed BLAKE2b of the text: polars' own hashes change between its versions.
No figure depends on two texts never sharing a number: the second one gets another salt.
"""

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from typing import Final

import polars as pl

STORED_NUMBER_TYPE: Final = pl.UInt64
_STORED_NUMBER_BYTES: Final = 8


class StoreNumbering:
    """The numbers of a store's sids, by its secret and their salts."""

    def __init__(self, secret: str, salts: Mapping[str, int]) -> None:
        self._secret = secret
        self.salts = dict(salts)

    def number_sids(self, texts: pl.Series) -> pl.Series:
        """Return the number (UInt64) of each sid."""
        sids = texts.to_list()
        numbers = array("Q", b"".join(self._hash_texts(sids, 0)))
        if self.salts:
            for i, sid in enumerate(sids):
                if salt := self.salts.get(sid):
                    numbers[i] = int.from_bytes(next(self._hash_texts([sid], salt)), "little")
        return pl.Series("sid", numbers, dtype=STORED_NUMBER_TYPE)

    def _hash_texts(self, texts: Iterable[str], salt: int) -> Iterator[bytes]:
        key = bytes.fromhex(self._secret)
        salted = blake2b(salt.to_bytes(4, "little"), digest_size=_STORED_NUMBER_BYTES, key=key)
        for text in texts:
            each = salted.copy()
            each.update(text.encode())
            yield each.digest()

    def change_numbers(self, texts: Iterable[str]) -> "StoreNumbering":
        """Return the numbering with the next salt of these texts."""
        return StoreNumbering(self._secret, Counter(self.salts) + Counter(texts))

    def tabulate_sids(self, texts: pl.Series) -> pl.DataFrame:
        """Return columns `sid` and `text` of different texts.

        Several may share a number.
        """
        return pl.DataFrame({"sid": self.number_sids(texts), "text": texts})
