"""Numbers of sids that stay the same from run to run: 64 bits of a keyed BLAKE2b of the text.

polars' hashes change between its versions, so that they are used within a run only. As with these, no figure hangs on
two texts never having one number: who comes second gets another (`Keys.move`).
"""

from array import array
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Final

import polars as pl

from dcevents.model.sessions import NUMBER_TYPE

_NUMBER_BYTES: Final = 8


class StoreNumbering:
    """The numbers of a store's sids."""

    def __init__(self, secret: str, salts: Mapping[str, int]) -> None:
        self._key = bytes.fromhex(secret)
        self.salts = dict(salts)

    def number_sids(self, texts: pl.Series) -> pl.Series:
        """UInt64 of each text."""
        listed = texts.to_list()
        found = array("Q", b"".join(self._hash_texts(listed, 0)))
        if self.salts:
            for i, text in enumerate(listed):
                if turn := self.salts.get(text):
                    found[i] = int.from_bytes(next(iter(self._hash_texts([text], turn))), "little")
        return pl.Series("sid", found, dtype=NUMBER_TYPE)

    def _hash_texts(self, texts: Iterable[str], salt: int) -> Iterable[bytes]:
        begun = blake2b(salt.to_bytes(4, "little"), digest_size=_NUMBER_BYTES, key=self._key)
        for text in texts:
            each = begun.copy()
            each.update(text.encode())
            yield each.digest()

    def change_numbers(self, texts: Iterable[str]) -> None:
        """Give these texts their next number."""
        for text in texts:
            self.salts[text] = self.salts.get(text, 0) + 1

    def tabulate_sids(self, texts: pl.Series) -> pl.DataFrame:
        """Columns `sid` and `text` of different texts, of which several may have one number."""
        return pl.DataFrame({"sid": self.number_sids(texts), "text": texts})
