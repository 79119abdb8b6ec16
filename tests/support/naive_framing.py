"""Framing once more, from the definitions alone: whole input, quadratic, and obvious.

Leaves out what the properties hold elsewhere: parts that Docker or CRI has cut, records of more
than 1 MiB, a character that the end of the input cuts.
"""

import json
import re
from collections.abc import Callable
from typing import Any, NamedTuple

BLANK = " \t\r\0\ufeff"
SEPARATORS = BLANK + "\n,\x1e"
MEMBERS = re.compile(rf'(?:[{SEPARATORS}\[\]]|("[^"]*"|-?\d+|true)(?![^{SEPARATORS}\[\]{{}}]))*\{{')
"""An object on the same line, though commas may be missing before it, or too many."""
BRACKETS = {"{": "}", "[": "]"}


class Wrong(Exception):  # noqa: N818 - two ways in which a text is no value
    """No JSON value begins here."""


class Cut(Exception):  # noqa: N818 - as above
    """The text ends before the value does."""


class Outer(Exception):  # noqa: N818 - as above
    """An array has an object: its brackets are separators."""


class Seen(NamedTuple):
    """A record: its line, bucket and text."""

    line: int
    bucket: str | None
    raw: str


class Value(NamedTuple):
    """A value, and where it lies."""

    at: int
    end: int
    value: Any


# -- one value ------------------------------------------------------------------------------------


def parse(s: str, at: int, levels: int = 0) -> Value:
    """Return the JSON value that begins at a place."""
    if at >= len(s):
        raise Cut
    if s[at] in "{[":
        return parse_container(s, at, levels + 1)
    if s[at] == '"':
        return parse_string(s, at)
    for word, value in (("true", True), ("false", False), ("null", None)):
        if s.startswith(word, at):
            return Value(at, at + len(word), value)
        if s[at:] and word.startswith(s[at:]):
            raise Cut
    match = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?").match(s, at)
    if not match:
        raise Cut if s[at:] == "-" else Wrong
    return Value(at, match.end(), match[0])


def parse_string(s: str, at: int) -> Value:
    end = at + 1
    while end < len(s) and s[end] != '"':
        if s[end] < " " or "\udc80" <= s[end] <= "\udcff":
            raise Wrong
        if s[end] == "\\":
            escape = re.compile(r'\\(["\\/bfnrt]|u[0-9a-fA-F]{4})').match(s, end)
            if not escape:
                raise Cut if re.fullmatch(r"\\(u[0-9a-fA-F]{0,3})?", s[end:]) else Wrong
            end = escape.end()
        else:
            end += 1
    if end >= len(s):
        raise Cut
    text = re.sub("[\ud800-\udfff]", "\ufffd", json.loads(s[at : end + 1]))
    return Value(at, end + 1, text)


def space(s: str, at: int) -> int:
    while at < len(s) and s[at] in " \t\r\n":
        at += 1
    if at >= len(s):
        raise Cut
    return at


def parse_container(s: str, at: int, levels: int) -> Value:
    if levels > 512:
        raise Wrong
    begin, closing = at, BRACKETS[s[at]]
    members: dict[str, Any] | list[Any] = {} if s[at] == "{" else []
    at = space(s, at + 1)
    if s[at] == closing:
        return Value(begin, at + 1, members)
    while True:
        if isinstance(members, dict):
            if s[at] != '"':
                raise Wrong
            key = parse_string(s, at)
            at = space(s, key.end)
            if s[at] != ":":
                raise Wrong
            member = parse(s, space(s, at + 1), levels)
            members.setdefault(key.value, member.value)
        else:
            member = parse(s, at, levels)
            members.append(member.value)
        at = space(s, member.end)
        if s[at] == closing:
            return Value(begin, at + 1, members)
        if s[at] != ",":
            raise Wrong
        at = space(s, at + 1)


def parse_array(s: str, at: int) -> Value:
    """Return the array that begins at a place. Raises Outer where there is an object in it."""
    begin, at = at, space(s, at + 1)
    if s[at] == "]":
        return Value(begin, at + 1, [])
    while True:
        if s[at] == "{":
            raise Outer
        at = (parse_array(s, at) if s[at] == "[" else parse(s, at)).end
        at = space(s, at)
        if s[at] == "]":
            return Value(begin, at + 1, [])
        if s[at] == "{" and "\n" not in s[begin:at]:
            raise Outer
        if s[at] != ",":
            raise Wrong
        at = space(s, at + 1)


# -- lines ----------------------------------------------------------------------------------------


class Line(NamedTuple):
    """The objects of a line before `stop`, and how the walk over them ended there."""

    objects: list[Value]
    how: str
    stop: int
    value: Value | None = None


class Naive:
    """The records of a whole text, but for scalars and arrays of scalars."""

    def __init__(self, text: str, has_event: Callable[[Any], bool]) -> None:
        self.s = text
        self.has_event = has_event
        self.out: list[Seen] = []
        self.rest_at = -1

    def read(self) -> list[Seen]:
        """Return the records in order."""
        at = 0
        while at < len(self.s):
            at = self.read_line(at)
        return self.out

    def line_end(self, at: int) -> int:
        """Return where the line of a place ends."""
        end = self.s.find("\n", at)
        return len(self.s) if end < 0 else end

    def emit(self, at: int, bucket: str | None, raw: str) -> None:
        """Take a record."""
        self.out.append(Seen(self.s.count("\n", 0, at) + 1, bucket, raw))

    def read_line(self, at: int) -> int:
        """Read the line, or what is left of it, at a place; return the place to go on from."""
        s, end = self.s, self.line_end(at)
        if not s[at:end].strip(BLANK):
            if at == 0 or s[at - 1] == "\n":
                self.emit(at, "blank", s[at:end])
            return end + 1
        if re.search("[\udc80-\udcff]", s[at:end]):
            self.emit(at, "invalid_utf8", s[at:end])
            return end + 1
        line = self.walk(at, end)
        if line.how == "wrong":
            return self.read_prefixed(at, end)
        for value in line.objects:
            self.emit(value.at, None, s[value.at : value.end])
        if line.how == "cut":
            self.emit(line.stop, "incomplete", s[line.stop :])
            return len(s)
        if line.value:
            if s.startswith("{", line.stop):
                self.emit(line.stop, None, s[line.stop : line.value.end])
            return line.value.end
        return end + 1

    def walk(self, at: int, end: int) -> Line:
        """Walk over separators, brackets and values, as far as they go."""
        s, objects = self.s, list[Value]()
        while True:
            while at < end and s[at] in SEPARATORS + "]":
                at += 1
            if at >= end:
                return Line(objects, "whole", end)
            if s[at] == "[":
                try:
                    value = self.over_lines(parse_array, at)
                except Outer:
                    at += 1
                    continue
                except Wrong:
                    rest = s[at:end]
                    if rest.strip(SEPARATORS + "[]") and not MEMBERS.match(rest):
                        return Line([], "wrong", at)
                    at += 1
                    continue
                except Cut:
                    if s[at:].strip(SEPARATORS + "[]"):
                        return Line(objects, "cut", at)
                    return Line(objects, "over", end, Value(at, len(s), None))
            else:
                try:
                    value = self.over_lines(parse, at)
                except Wrong:
                    return Line([], "wrong", at)
                except Cut:
                    return Line(objects, "cut", at)
                if s[at] not in '{"' and s[value.end : value.end + 1] not in {
                    *SEPARATORS,
                    *"[]{}",
                    "",
                }:
                    return Line([], "wrong", at)
                if s[at] == '"' and s[value.end : value.end + 1] not in {*SEPARATORS, *"[]{}", ""}:
                    return Line([], "wrong", at)
            if value.end > end:
                return Line(objects, "over", at, value)
            if s[at] == "{":
                objects.append(value)
            at = value.end

    def over_lines(self, parse: Callable[[str, int], Value], at: int) -> Value:
        """Return a value that takes in no line that is an event, or no UTF-8."""
        s = self.s
        begin = self.line_end(at) + 1
        while begin < len(s):
            end = self.line_end(begin)
            text = s[begin:end]
            is_member = parse is parse_array and text.strip(SEPARATORS + "[]").startswith("{")
            if re.search("[\udc80-\udcff]", text) or (not is_member and self.is_event_line(text)):
                # The value ends before, or not at all.
                try:
                    return parse(s[:begin], at)
                except Cut:
                    raise Wrong from None
            begin = end + 1
        return parse(s, at)

    def is_event_line(self, text: str) -> bool:
        """Return whether a line is whole values, with an event, and no text before them."""
        first = text.strip(SEPARATORS + "[]")[:1]
        line = Naive(text, self.has_event).walk(0, len(text))
        if line.how != "whole" or first not in {"{", '"'}:
            return False
        # Of scalars only those that hold an event of their own would count.
        return any(self.has_event(each.value) for each in line.objects)

    # -- prefixes --------------------------------------------------------------------------------

    def read_prefixed(self, at: int, end: int) -> int:
        """Read a line with text before its JSON, or with none; return where to go on."""
        s = self.s
        if s[at:].lstrip(SEPARATORS).startswith("{") and at != self.rest_at:
            self.emit(at, "invalid_json", s[at:end])
            return end + 1
        found = self.find_json(at, end)
        if found:
            for value in found[0]:
                self.emit(at, None, s[value.at : value.end])
            self.rest_at = found[1] if found[1] <= end else -1
            return found[1]
        for place in self.places(at, end)[:8] if end == len(s) else []:
            try:
                parse(s, place)
            except Cut:
                self.emit(at, "incomplete", s[place:])
                return len(s)
            except Wrong:
                continue
        if s[at:end].rstrip(" \t\r").endswith("{"):
            opener = at + s[at:end].rindex("{")
            try:
                value = self.over_lines(parse, opener)
                self.emit(at, None, s[opener : value.end])
                return value.end  # noqa: TRY300 - both returns are of what was found
            except Cut:
                self.emit(at, "incomplete", s[opener:])
                return len(s)
            except Wrong:
                pass
        self.emit(at, "invalid_json", s[at:end])
        return end + 1

    def places(self, at: int, end: int) -> list[int]:
        """Return the places of a line at which JSON may begin."""
        line = self.s[at:end]
        return [at + match.start() for match in re.finditer(r"[{\[](?=[ \t]*[\"{}\[\]])", line)]

    def find_json(self, at: int, end: int) -> tuple[list[Value], int] | None:
        """Return the values behind a prefix, and the place to go on from."""
        s, behind, tried = self.s, at, 0
        scalars: tuple[list[Value], int] | None = None
        for place in self.places(at, end):
            if place < behind or tried == 8:
                continue
            tried += 1
            try:
                value = parse(s[:end], place)
            except (Wrong, Cut):
                continue
            behind = value.end
            objects = Naive(s[place : value.end], self.has_event).walk(0, value.end - place).objects
            objects = [Value(place + v.at, place + v.end, v.value) for v in objects]
            if self.may_end(at, place, value.end, end):
                if objects:
                    return objects, end + 1
                scalars = scalars or ([], end + 1)
            if self.has_event(value.value) and self.events_behind(value.end, end):
                return objects, value.end
        return scalars

    def may_end(self, at: int, place: int, value_end: int, end: int) -> bool:
        """Return whether what follows a value on its line is permitted."""
        rest = self.s[value_end:end].strip(SEPARATORS)
        if not re.search("[\"'{}\\[\\]]", rest):
            return True
        opened = ""
        for sign in self.s[at:place]:
            if sign in BRACKETS:
                opened = BRACKETS[sign] + opened
            elif opened and sign == opened[0]:
                opened = opened[1:]
        if opened.startswith("".join(sign for sign in rest if sign not in SEPARATORS)):
            return True
        line = Naive(rest, self.has_event).walk(0, len(rest))
        brackets = re.sub(r'[^\[\]]|"[^"]*"', "", rest)
        while "[]" in brackets:
            brackets = brackets.replace("[]", "")
        if line.how != "whole" or "]" in brackets:
            return False
        return not any(self.has_event(each.value) for each in line.objects)

    def events_behind(self, at: int, end: int) -> bool:
        """Return whether one of the next places holds an event."""
        tried = 0
        while tried < 8 and (places := self.places(at, end)):
            tried += 1
            try:
                value = parse(self.s[:end], places[0])
            except (Wrong, Cut):
                at = places[0] + 1
                continue
            if self.has_event(value.value):
                return True
            at = value.end
        return False
