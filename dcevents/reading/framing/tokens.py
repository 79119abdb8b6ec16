"""The grammar of one JSON value over any number of lines.

The scan needs no more memory than the brackets that are open, and says at any place whether
the text so far is a value, the beginning of one, or neither.
"""

import re
from enum import Enum
from typing import Final

from dcevents.reading.json_value import MAX_LEVELS

_CHARACTERS = rb'(?:[^"\\\x00-\x1f]++|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+'
_TOKEN = re.compile(
    rb"[ \t\r\n]*+(?:([{\[])|([}\]])|"
    rb'("' + _CHARACTERS + rb'")|'
    rb"(-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][-+]?[0-9]++)?+|true|false|null)|(,)|(:))"
)
_OPEN, _CLOSE, _STRING, _SCALAR, _COMMA, _COLON = range(1, 7)
_SPACE = re.compile(rb"[ \t\r\n]*+")
_CUT_STRING = re.compile(rb'"' + _CHARACTERS + rb"(?:\\(?:u[0-9a-fA-F]{0,3})?)?\Z")
_CUT_WORD = re.compile(
    rb"(?:-|-?(?:0|[1-9][0-9]*+)(?:\.[0-9]*+)?(?:[eE][-+]?[0-9]*+)?"
    rb"|t(?:r(?:u)?)?|f(?:a(?:l(?:s)?)?)?|n(?:u(?:l)?)?)\Z"
)
_REST_OF_STRING = re.compile(_CHARACTERS)
_CUT_ESCAPE = re.compile(rb"(?:\\(?:u[0-9a-fA-F]{0,3})?)?\Z")
_OPENING_BRACE, _OPENING_BRACKET = b"{["
_MATES = {b"}": _OPENING_BRACE, b"]": _OPENING_BRACKET}


class Status(Enum):
    """Say what is known of a value after some of its text."""

    CLOSED = "it ends there"
    OPEN = "all of the text was taken, and more must follow"
    CUT = "the text ends within a token, which more text may complete"
    BROKEN = "it is no JSON from there on"
    MEMBER = "an object begins there that is a member of an array"
    TOO_DEEP = "a bracket there would exceed the levels that are read"


class _Expect(Enum):
    VALUE = 0
    VALUE_OR_CLOSE = 1
    KEY = 2
    KEY_OR_CLOSE = 3
    COLON = 4
    COMMA_OR_CLOSE = 5


_CLOSABLE: Final = (_Expect.VALUE_OR_CLOSE, _Expect.KEY_OR_CLOSE, _Expect.COMMA_OR_CLOSE)
_AFTER_OPENING = {b"{": _Expect.KEY_OR_CLOSE, b"[": _Expect.VALUE_OR_CLOSE}


class ValueScan:
    """A value whose text is read bit by bit.

    `openers` says where its open brackets lie.
    """

    __slots__ = ("_expect", "_in_string", "brackets", "first_object", "openers")

    def __init__(self) -> None:
        self.brackets = bytearray()
        self.openers: list[int] = []
        self.first_object: int | None = None
        self._expect = _Expect.VALUE
        self._in_string = False

    @property
    def expects_colon(self) -> bool:
        """Return whether a key has been read."""
        return self._expect is _Expect.COLON

    @property
    def expected(self) -> int:
        """Return the number of what may come next."""
        return self._expect.value

    def go_on(self, openers: list[int], brackets: bytes, expected: int, first: int | None) -> None:
        """Go on behind text that was read elsewhere: what is open there, and what may come next."""
        self.openers, self.brackets = openers, bytearray(brackets)
        self._expect, self.first_object = _Expect(expected), first

    def without_outer(self, count: int) -> "ValueScan":
        """Return the scan of the value that begins with the bracket at an index of `openers`."""
        inner = ValueScan()
        inner.brackets = self.brackets[count:]
        inner.openers = self.openers[count:]
        inner._expect = self._expect
        inner._in_string = self._in_string
        return inner

    def read(
        self, data: bytes, at: int, base: int, *, stops_at_members: bool = False
    ) -> tuple[Status, int]:
        """Return how far the value goes in some bytes from a place on, and the place.

        `base` is where the bytes lie in the input: openers count from there.
        """
        if self._in_string:
            at = self._read_string(data, at)
            if not self.is_in_string and not self.openers:
                return Status.CLOSED, at
        while not self.is_in_string:
            match = _TOKEN.match(data, at)
            if match is None:
                return self._read_end(data, at)
            kind, token_at = match.lastindex or 0, match.start(match.lastindex or 0)
            if kind == _OPEN and len(self.openers) >= MAX_LEVELS and self._takes_value():
                return Status.TOO_DEEP, token_at
            if stops_at_members and kind == _OPEN and self._is_member(match):
                return Status.MEMBER, token_at
            if not self._take(kind, match, base):
                return Status.BROKEN, token_at
            at = match.end()
            if not self.openers and self._expect is _Expect.COMMA_OR_CLOSE:
                return Status.CLOSED, at
        return (Status.CUT if _CUT_ESCAPE.match(data, at) else Status.BROKEN), at

    def pass_member(self) -> None:
        """Take the object that begins where the scan has stopped, without its text."""
        self._expect = _Expect.COMMA_OR_CLOSE

    def _is_member(self, match: re.Match[bytes]) -> bool:
        return self.is_in_array and match[_OPEN] == b"{" and self._takes_value()

    @property
    def is_in_array(self) -> bool:
        """Return whether the innermost open bracket is an array's."""
        return self.brackets[-1:] == b"["

    @property
    def is_behind_member(self) -> bool:
        """Return whether a member of an array has just ended."""
        return self.is_in_array and self._expect is _Expect.COMMA_OR_CLOSE

    @property
    def is_in_string(self) -> bool:
        """Return whether a string was entered that has not ended."""
        return self._in_string

    def read_string(self, data: bytes) -> int:
        """Return the place behind the string that was entered, or behind what there is of it."""
        return self._read_string(data, 0)

    def enter_string(self, data: bytes, at: int) -> int:
        """Take the beginning of a string that is cut.

        Return the place behind it.

        So a string may be longer than what is ever held.
        """
        if not data.startswith(b'"', at):
            return at
        self._expect = _Expect.COMMA_OR_CLOSE if self._takes_value() else _Expect.COLON
        self._in_string = True
        return self._read_string(data, at + 1)

    def _read_string(self, data: bytes, at: int) -> int:
        rest = _REST_OF_STRING.match(data, at)
        at = rest.end() if rest else at
        self._in_string = not data.startswith(b'"', at)
        return at if self._in_string else at + 1

    def _takes_value(self) -> bool:
        return self._expect in {_Expect.VALUE, _Expect.VALUE_OR_CLOSE}

    def _take(self, kind: int, match: re.Match[bytes], base: int) -> bool:
        """Take a token; return False where none such may follow."""
        if kind == _COMMA:
            return self._take_comma()
        if kind == _COLON:
            fits, self._expect = self._expect is _Expect.COLON, _Expect.VALUE
            return fits
        if kind == _CLOSE:
            return self._take_closing(match[_CLOSE])
        if kind == _STRING and self._expect in {_Expect.KEY, _Expect.KEY_OR_CLOSE}:
            self._expect = _Expect.COLON
            return True
        if not self._takes_value():
            return False
        self._expect = _Expect.COMMA_OR_CLOSE
        if kind == _OPEN:
            self.brackets += match[_OPEN]
            self.openers.append(base + match.start(_OPEN))
            if self.first_object is None and match[_OPEN] == b"{":
                self.first_object = self.openers[-1]
            self._expect = _AFTER_OPENING[match[_OPEN]]
        return True

    def _take_comma(self) -> bool:
        if self._expect is not _Expect.COMMA_OR_CLOSE or not self.openers:
            return False
        in_object = self.brackets[-1] == _OPENING_BRACE
        self._expect = _Expect.KEY if in_object else _Expect.VALUE
        return True

    def _take_closing(self, bracket: bytes) -> bool:
        if self._expect not in _CLOSABLE or not self.openers:
            return False
        if self.brackets.pop() != _MATES[bracket]:
            return False
        self.openers.pop()
        self._expect = _Expect.COMMA_OR_CLOSE
        return True

    def _read_end(self, data: bytes, at: int) -> tuple[Status, int]:
        """Return what the end of the text means: all taken, a token cut, or no JSON."""
        space = _SPACE.match(data, at)
        at = space.end() if space else at
        if at == len(data):
            return Status.OPEN, at
        is_key = self._expect in {_Expect.KEY, _Expect.KEY_OR_CLOSE}
        if data.startswith(b'"', at):
            cut = _CUT_STRING if is_key or self._takes_value() else None
        else:
            cut = _CUT_WORD if self._takes_value() else None
        if cut and cut.match(data, at):
            return Status.CUT, at
        return Status.BROKEN, at
