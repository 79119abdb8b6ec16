"""Forms of records, as the scanner in C writes them: which values stand where.

A form has the keys that can matter, nesting, and of each value under them its class. It is read
once for each rule.
"""

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

from dcevents.reading.judge.keys import OWN_KEY
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


class TextKind(IntEnum):
    """Say how a text is read: the lower bits of the byte behind Token.TEXT."""

    JSON = 0
    BASE64 = 1
    PERCENT = 2
    BEHIND_PREFIX = 3
    FORM = 4
    QUERY = 5


TEXT_STEPS: Final = {
    TextKind.JSON: TextStep("json"),
    TextKind.BASE64: TextStep("base64"),
    TextKind.PERCENT: TextStep("percent"),
    TextKind.BEHIND_PREFIX: TextStep("json"),
    TextKind.FORM: TextStep("form"),
    TextKind.QUERY: TextStep("form"),
}


class ValueNumber(int):
    """A step of a path to one of several values of a text."""

    __slots__ = ()


_ROOT_IS_TEXT: Final = 0xFF
_FORM_IS_LATE: Final = 0xFD
_IS_PAIRS: Final = 1 << 4
_ONE_OF_SEVERAL: Final = 1 << 4
_BESIDE_EVENT: Final = 1 << 5
_UNKNOWN_NUMBER: Final = -1
"""Stands for the number of a member where it is not known how many are before."""


@dataclass
class Form:
    """The scalars of a form, by where they stand, in the order of their slots."""

    paths: list[Path] = field(default_factory=list)
    tokens: list[Token] = field(default_factory=list)
    lists: list[Path] = field(default_factory=list)
    """Where lists are of which the record is one member, the outermost first."""
    told_lists: set[Path] = field(default_factory=set)
    """Where lists are of whose members something is in the form."""
    is_beside_event: bool = False
    """The record is no event, but its list has one."""
    first_tokens: dict[Path, Token] = field(default_factory=dict)
    """What stands at each path; of equal keys the first."""
    has_doubt: bool = False
    """A text may hold something that the scanner cannot read."""
    has_text_prefix: bool = False
    """A text has more text before its JSON: a time, perhaps."""
    is_late: bool = False
    """The form has all texts that only the late stages of the judge look at."""
    has_own_keys: bool = False
    """A key that the record has of its own is OWN_KEY in paths."""
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
    reader.read_record()
    return reader.form


class _FormReader:
    """One walk over a form's bytes."""

    def __init__(self, data: bytes) -> None:
        self.form = Form(is_late=data[-1] == _FORM_IS_LATE)
        self._data = data
        self._at = 0

    def _take(self) -> int:
        self._at += 1
        return self._data[self._at - 1]

    def read_record(self) -> None:
        """Read the record that a form is of: an object, or a text."""
        if self._data[0] == _ROOT_IS_TEXT:
            self._at = 1
            self._read_text(())
        else:
            self._read_object((), are_pairs=False)

    def _read_key(self, length: int) -> str:
        self._at += length - 1
        key = self._data[self._at - length + 1 : self._at].decode(errors="surrogateescape")
        self.form.has_own_keys |= key == OWN_KEY
        return key

    def _read_object(self, path: Path, *, are_pairs: bool) -> None:
        """Read the members of an object up to its end; those of pairs have a second key."""
        tokens = []
        if are_pairs:
            self.form.told_lists.add(path)
        while (length := self._take()) > 0:
            inner: Path = (*path, self._read_key(length))
            if are_pairs:
                inner = (*inner, self._read_key(self._take()))
            tokens.append(self._read_value(self._take(), inner))
        has_others = self._take() != Token.OBJECT_END
        if len(tokens) > 1 and set(tokens) == {Token.OBJECT} and not has_others:
            self.form.may_be_group = True

    def _read_array(self, path: Path) -> None:
        number = 0
        begin = self._at
        while (byte := self._take()) & _TOKEN_BITS != Token.ARRAY_END:
            if byte & _TOKEN_BITS == Token.SAME_AGAIN:
                gap = byte >> _TOKEN_BITS.bit_length()
                is_known = 0 < gap < _TOKEN_BITS and number != _UNKNOWN_NUMBER
                number = number + gap if is_known else _UNKNOWN_NUMBER
            else:
                self._read_value(byte, (*path, number))
                number += number != _UNKNOWN_NUMBER
        if self._at > begin + 1:
            self.form.told_lists.add(path)

    def _read_text(self, path: Path) -> None:
        """Read the value that a text holds."""
        byte = self._take()
        kind = TextKind(byte & (_ONE_OF_SEVERAL - 1))
        inner: Path = (*path, TEXT_STEPS[kind])
        self._note_list(byte, inner)
        self.form.has_text_prefix |= kind is TextKind.BEHIND_PREFIX
        if byte & _ONE_OF_SEVERAL:
            inner = (*inner, ValueNumber(0))
        self._read_value(self._take(), inner)

    def _note_list(self, byte: int, path: Path) -> None:
        if byte & _ONE_OF_SEVERAL:
            self.form.lists.append(path)
            self.form.is_beside_event |= bool(byte & _BESIDE_EVENT)

    def _read_value(self, byte: int, path: Path) -> Token:
        token = Token(byte & _TOKEN_BITS)
        self.form.first_tokens.setdefault(path, token)
        if token is Token.OBJECT:
            self._read_object(path, are_pairs=bool(byte & _IS_PAIRS))
        elif token is Token.ARRAY:
            self._note_list(byte, path)
            self._read_array(path)
        else:
            self.form.paths.append(path)
            self.form.tokens.append(token)
            self.form.has_doubt |= bool(byte & _DOUBT_BIT)
            if token is Token.TEXT:
                self._read_text(path)
        return token
