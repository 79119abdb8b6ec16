"""Forms of records, as the scanner in C writes them: which values stand where.

A form has the keys that can matter, nesting, and of each value under them its class. It is read
once for each rule.
"""

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

from dcevents.reading.judge.nodes import Path, TextStep


class Token(IntEnum):
    """Say what a byte of a form stands for, in its lower four bits: a scalar's class, or else."""

    NULL = 0
    EMPTY = 1
    STRING = 2
    NUMBER = 3
    WORD = 4
    FULL_NAME = 5
    READY_NAME = 6
    KIND_ALONE = 7
    LIKE_ADOBES = 8
    OTHER_NAME = 9
    TEXT = 10
    OBJECT = 11
    ARRAY = 12
    OBJECT_END = 13
    ARRAY_END = 14
    SAME_AGAIN = 15


_TOKEN_BITS: Final = 15
_DOUBT_BIT: Final = 1 << 7


@dataclass
class Form:
    """The scalars of a form, by where they stand, in the order of their slots."""

    paths: list[Path] = field(default_factory=list)
    tokens: list[Token] = field(default_factory=list)
    has_doubt: bool = False
    """A text may hold something that the scanner cannot read."""
    may_be_group: bool = False
    """An object's values are all objects: it may be a list of events under keys."""

    def number_slots(self) -> dict[Path, int]:
        """Return the slot of each path; of equal keys the first wins."""
        numbers: dict[Path, int] = {}
        for number, path in enumerate(self.paths):
            numbers.setdefault(path, number)
        return numbers


def read_form(data: bytes) -> Form:
    """Return what a form says."""
    reader = _FormReader(data)
    reader.read_object(())
    return reader.form


class _FormReader:
    """One walk over a form's bytes."""

    def __init__(self, data: bytes) -> None:
        self.form = Form()
        self._data = data
        self._at = 0

    def _take(self) -> int:
        self._at += 1
        return self._data[self._at - 1]

    def read_object(self, path: Path) -> None:
        """Read the members of an object up to its end."""
        tokens = []
        while (length := self._take()) > 0:
            key = self._data[self._at : self._at + length - 1].decode()
            self._at += length - 1
            tokens.append(self._read_value(self._take(), (*path, key)))
        has_others = self._take() != Token.OBJECT_END
        if len(tokens) > 1 and set(tokens) == {Token.OBJECT} and not has_others:
            self.form.may_be_group = True

    def _read_array(self, path: Path) -> None:
        number = 0
        while (byte := self._take()) & _TOKEN_BITS != Token.ARRAY_END:
            if byte != Token.SAME_AGAIN:
                self._read_value(byte, (*path, number))
                number += 1

    def _read_value(self, byte: int, path: Path) -> Token:
        token = Token(byte & _TOKEN_BITS)
        if token is Token.OBJECT:
            self.read_object(path)
        elif token is Token.ARRAY:
            self._read_array(path)
        else:
            self.form.paths.append(path)
            self.form.tokens.append(token)
            self.form.has_doubt |= bool(byte & _DOUBT_BIT)
            if token is Token.TEXT:
                self.read_object((*path, TextStep("json")))
        return token
