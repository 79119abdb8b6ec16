"""What a record is: definitions 1, "What is a record". The values of a text, line by line."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import Protocol

from model.values import (
    WHITE,
    BadJSONError,
    CutError,
    Obj,
    Value,
    has_object,
    parse_string,
    parse_value,
    skip_white,
)

MIB = 1024 * 1024
MAX_PLACES = 8
#: "Only spaces, tabs, CR, NUL, byte order marks".
BLANKS = " \t\r\0\ufeff"
#: "White space, commas, record separators" between values; the brackets are looked at one by one.
SEPARATORS = BLANKS + ",\x1e"
#: "`body`, `request_body`, …", as keys compare (record.py).
BODY_KEYS = {
    "body", "requestbody", "message", "msg", "log", "line", "data", "payload", "raw", "original",
    "textpayload", "value", "content", "result",
}  # fmt: skip


class Judge(Protocol):
    """Know what values say: framing asks for it where the page says "an event"."""

    def holds_event(self, value: Value) -> bool:
        """Return whether an object, or a text in a body, holds an event."""

    def holds_object(self, text: str) -> bool:
        """Return whether a text is JSON with an object."""


@dataclass
class Piece:
    """Hold one record, or the value that holds several: a value, or why there is none."""

    line: int
    #: "value", "blank", "incomplete" or "rejected".
    what: str
    value: Value = None
    prefix: str = ""
    reason: str = ""


@dataclass
class Lines:
    """Hold a text, the number of each of its lines, and what to ask of values."""

    text: str
    numbers: list[int]
    judge: Judge
    #: Lines whose parts the end of the input cuts off.
    open_lines: frozenset[int] = frozenset()

    def line_end(self, position: int) -> int:
        """Return the position of the LF that ends the line, or of the end of the text."""
        end = self.text.find("\n", position)
        return end if end >= 0 else len(self.text)

    def number(self, position: int) -> int:
        """Return the number of the line that a position is on."""
        return self.numbers[self.text.count("\n", 0, position)]


@dataclass
class Read:
    """Hold what was read of a value: its kind, the value, and the position behind it."""

    #: "whole", "bad", "cut", or "broken off" at the line that begins at `end`.
    what: str
    value: Value
    end: int


class SequenceError(ValueError):
    """Something on a line is no sequence of values; the values before it, and why."""

    def __init__(self, what: str, values: list[tuple[int, Value]], read: Read, start: int) -> None:
        super().__init__(what)
        self.what, self.values, self.read, self.start = what, values, read, start


def frame(data: bytes, judge: Judge) -> list[Piece]:
    """Return the records of an input in order."""
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    return frame_text(decoder.decode(data), judge)  # without half a character at the end


def frame_text(text: str, judge: Judge) -> list[Piece]:
    """Return the records of a text in order: "what cannot be read is rejected a line at a time"."""
    logical = join_parts(text.split("\n"), judge)
    lines = Lines(
        "\n".join(line for _, line, _ in logical),
        [number for number, _, _ in logical],
        judge,
        frozenset(place for place, (_, _, is_open) in enumerate(logical) if is_open),
    )
    pieces: list[Piece] = []
    position = 0
    while position < len(lines.text):
        found, position = _read_line(lines, position)
        pieces += found
    return pieces


def _read_line(lines: Lines, position: int, *, is_rest: bool = False) -> tuple[list[Piece], int]:
    """Return the records from a position to the end of its line, and where to read on.

    `is_rest` says that a prefix and its JSON stand before, on the same line.
    """
    end = lines.line_end(position)
    line = lines.text[position:end]
    number = lines.number(position)
    if line.strip(BLANKS) == "":
        return [Piece(number, "blank")], end + 1
    if lines.text.count("\n", 0, position) in lines.open_lines:
        return [Piece(number, "incomplete")], end + 1
    start = _skip_opening(lines, position, end)
    if start == end:
        return [], end + 1  # "A line of nothing but separators is no record."
    if lines.text[start] in "{[":
        try:
            values, behind = _read_sequence(lines, start)
        except SequenceError as error:
            # "A line that itself begins with `{` has no prefix and no text behind it".
            is_broken = lines.text[start] == "{" and not is_rest
            if is_broken or error.what in {"cut", "broken off"}:
                return _fail(lines, position, error)
        else:
            return _pieces(lines, values, ""), behind + 1
        return _read_prefixed(lines, position, start)
    if end == len(lines.text) and _is_cut_scalar(lines.text, start):
        return [Piece(number, "incomplete")], end
    scalar = _read_scalar_line(lines, start, end)
    if scalar is not None:
        return [Piece(number, "value", scalar)], end + 1
    return _read_prefixed(lines, position, start)


def _skip_opening(lines: Lines, position: int, end: int) -> int:
    """Return where a line's content begins, behind separators and an outer array's brackets.

    An opening bracket is an outer array's if an object, a bracket or nothing follows on the line
    and the array is not whole; a whole one is read as an array.
    """
    while position < end:
        character = lines.text[position]
        if character == "[":
            if not _is_outer_bracket(lines, position, end):
                return position
        elif character not in SEPARATORS + "]":
            return position
        position += 1
    return end


def _is_outer_bracket(lines: Lines, position: int, end: int) -> bool:
    """Return whether a bracket is a separator: objects follow, and its array is not whole."""
    text = lines.text
    behind = position + 1
    while behind < end and text[behind] in SEPARATORS:
        behind += 1
    if behind < end and text[behind] not in "{[]":
        return False
    try:
        value, _ = parse_value(text, position)
    except BadJSONError:
        return True
    except CutError:
        # "An array without objects is one record", also where the end cuts it off.
        behind = skip_white(text, position + 1)
        return behind >= len(text) or text[behind] in "{["
    members = [start for start, member in _members(position, value) if isinstance(member, Obj)]
    return any(_read_value(lines, start).what != "whole" for start in members)


def _read_value(lines: Lines, start: int) -> Read:
    """Return the value at a position, read over as many lines as it needs.

    "A value over several lines never takes in a line that is by itself a record with an event
    (a comma behind it aside): there it is broken off".
    """
    try:
        value, end = parse_value(lines.text, start)
        read = Read("whole", value, end)
    except BadJSONError as error:
        read = Read("bad", None, error.position)
    except CutError:
        read = Read("cut", None, len(lines.text))
    line_start = lines.line_end(start) + 1
    while line_start <= read.end and line_start < len(lines.text):
        if _is_event_line(lines, line_start):
            return Read("broken off", None, line_start)
        line_start = lines.line_end(line_start) + 1
    return read


def _is_event_line(lines: Lines, start: int) -> bool:
    """Return whether a line is by itself a record with an event: whole objects, no prefix."""
    line = lines.text[start : lines.line_end(start)].strip(SEPARATORS)
    if line.startswith('"'):
        value = _read_scalar_line(Lines(line, [0], lines.judge), 0, len(line))
        return isinstance(value, str) and lines.judge.holds_event(value)
    if not line.startswith("{"):
        return False
    alone = Lines(line, [0], lines.judge)
    try:
        values, _ = _read_sequence(alone, 0)
    except SequenceError:
        return False
    return any(lines.judge.holds_event(value) for _, value in values)


def _read_sequence(lines: Lines, start: int) -> tuple[list[tuple[int, Value]], int]:
    """Return the values from a position to the end of a line, each with its position, and that end.

    "A line end lost between whole values harms none."
    """
    text = lines.text
    values: list[tuple[int, Value]] = []
    position = start
    while True:
        while position < len(text) and text[position] in SEPARATORS + "]":
            position += 1
        if position >= len(text) or text[position] == "\n":
            return values, position
        if values and (behind := _scalar_end(text, position)) is not None:
            position = behind  # a value beside an object, which is its text
            continue
        read = Read("bad", None, position)
        if text[position] == "[":
            end = lines.line_end(position)
            if _is_outer_bracket(lines, position, end):
                position += 1
                continue
            read = _read_array(lines, position)
        elif text[position] == "{":
            read = _read_value(lines, position)
        if read.what != "whole":
            raise SequenceError(read.what, values, read, position)
        if isinstance(read.value, list) and not has_object(read.value):
            # "Arrays of scalars beside an object are text"; alone they are one record.
            rest = text[read.end : lines.line_end(read.end)]
            if values or rest.strip(SEPARATORS + "]"):
                raise SequenceError("bad", values, read, position)
            return [(position, read.value)], lines.line_end(read.end)
        values += _members(position, read.value)
        position = read.end


def _scalar_end(text: str, position: int) -> int | None:
    """Return the end of a scalar between separators; None for anything else."""
    if text[position] in "{[":
        return None
    try:
        _, end = parse_value(text, position)
    except (BadJSONError, CutError):
        return None
    return end if end == len(text) or text[end] in SEPARATORS + "\n[]{}" else None


def _read_array(lines: Lines, start: int) -> Read:
    """Return the array at a position; only its members are held against broken-off values."""
    try:
        value, end = parse_value(lines.text, start)
    except BadJSONError as error:
        return Read("bad", None, error.position)
    except CutError:
        return Read("cut", None, len(lines.text))
    return Read("whole", value, end)


def _members(position: int, value: Value) -> list[tuple[int, Value]]:
    """Return the objects of an array, however deep; of another value, that value."""
    if not isinstance(value, list):
        return [(position, value)]
    found: list[tuple[int, Value]] = []
    for member in value:
        if isinstance(member, Obj):
            found.append((member.start, member))
        elif isinstance(member, list):
            found += _members(position, member)
    return found


def _pieces(lines: Lines, values: list[tuple[int, Value]], prefix: str) -> list[Piece]:
    """Return a record for each value, on the line on which it begins."""
    return [Piece(lines.number(start), "value", value, prefix) for start, value in values]


def _fail(lines: Lines, position: int, error: SequenceError) -> tuple[list[Piece], int]:
    """Return what becomes of a line of which a value cannot be read, and where to read on.

    "Half a value takes its line with it", but "a whole value before one that the end cuts off
    is a record of its own". What began on an earlier line than the failed value is whole.
    """
    failed_line = lines.text.rfind("\n", 0, error.start) + 1
    if error.what == "cut":
        return [
            *_pieces(lines, error.values, ""),
            Piece(lines.number(error.start), "incomplete"),
        ], len(lines.text)
    whole = [(start, value) for start, value in error.values if start < failed_line]
    pieces = _pieces(lines, whole, "")
    if error.what == "broken off":
        # "Its lines are rejected one by one, and reading goes on with that line".
        while failed_line < error.read.end:
            pieces.append(_reject_line(lines, failed_line))
            failed_line = lines.line_end(failed_line) + 1
        return pieces, error.read.end
    pieces.append(_reject_line(lines, max(failed_line, position)))
    return pieces, lines.line_end(failed_line) + 1


def _reject_line(lines: Lines, position: int) -> Piece:
    """Return a line that cannot be read, with the first reason that fits."""
    end = lines.line_end(position)
    start = lines.text.rfind("\n", 0, position) + 1
    line = lines.text[start:end]
    number = lines.number(position)
    if line.strip(BLANKS) == "":
        return Piece(number, "blank")
    if len(line.encode("utf-8", "surrogateescape")) > MIB:
        return Piece(number, "rejected", reason="too_long")
    if re.search("[\ud800-\udfff]", line):
        return Piece(number, "rejected", reason="invalid_utf8")
    return Piece(number, "rejected", reason="invalid_json")


def _is_cut_scalar(text: str, start: int) -> bool:
    """Return whether the end of the input cuts off a string, a number or a word."""
    try:
        parse_value(text, start)
    except CutError:
        return True
    except BadJSONError:
        return False
    return False


def _read_scalar_line(lines: Lines, start: int, end: int) -> Value:
    """Return the scalar that a line is, None if it is none; null is told as a number."""
    line = lines.text[start:end].rstrip(SEPARATORS + "]")
    try:
        value, behind = parse_value(line, 0)
    except (BadJSONError, CutError):
        return None
    if behind != len(line):
        return None
    return False if value is None else value


# --- "Prefix: a line may have text before its JSON" ------------------------------------------


def _read_prefixed(lines: Lines, position: int, start: int) -> tuple[list[Piece], int]:
    """Return the records of a line that does not begin with a value, and where to read on.

    "The JSON begins at the first of at most 8 places where `{` or `[` is followed by a quote,
    brace or bracket and a value reads on to a permitted end".
    """
    end = lines.line_end(start)
    places = [place for place in range(start, end) if _is_place(lines.text, place)]
    for place in places[:MAX_PLACES]:
        prefix = lines.text[start:place]
        read = _read_value(lines, place)
        if read.what == "cut":
            return [Piece(lines.number(place), "incomplete")], len(lines.text)
        if read.what == "whole":
            values = _members(place, read.value)
            permitted = _read_to_permitted_end(lines, prefix, values, read.end)
            if permitted is not None:
                records, behind = permitted
                return _pieces(lines, records, prefix), lines.line_end(behind) + 1
            if _is_line_end_lost(lines, values, read.end):
                # "A line end lost between whole values harms none", behind a prefix too.
                rest, behind = _read_line(lines, read.end, is_rest=True)
                return [*_pieces(lines, values, prefix), *rest], behind
    quoted = _read_quoted(lines, start, end)
    if quoted is not None:
        return [quoted], end + 1
    if end == len(lines.text) and _is_cut_quoted(lines.text[start:]):
        return [Piece(lines.number(start), "incomplete")], end
    return [_reject_line(lines, position)], end + 1


def _is_line_end_lost(lines: Lines, values: list[tuple[int, Value]], end: int) -> bool:
    """Return whether a value has an event, and another with one follows on its line."""
    if not any(lines.judge.holds_event(value) for _, value in values):
        return False
    position, last = end, lines.line_end(end)
    for _ in range(MAX_PLACES):
        places = (place for place in range(position, last) if _is_place(lines.text, place))
        place = next(places, None)
        if place is None:
            return False
        read = _read_value(lines, place)
        if read.what == "whole" and lines.judge.holds_event(read.value):
            return True
        position = read.end if read.what == "whole" else place + 1
    return False


def _is_cut_quoted(line: str) -> bool:
    """Return whether the end of the input cuts off a quoted text that is JSON."""
    rest = re.sub(r'"(?:[^"\\]|\\.)*"', "", line)
    return re.search(r'"[{\[]', rest) is not None


def _is_place(text: str, place: int) -> bool:
    """Return whether a value may begin at a place."""
    if text[place] not in "{[":
        return False
    behind = skip_white(text, place + 1)
    if behind == len(text):
        return text[place] == "{"  # cut off
    return text[behind] in '"{}[]'


def _read_to_permitted_end(
    lines: Lines, prefix: str, values: list[tuple[int, Value]], end: int
) -> tuple[list[tuple[int, Value]], int] | None:
    """Return the records of a value and of what is behind it, and the end of all.

    None if the end is not permitted.

    "The end of the line, text without quotes and brackets, the closing brackets of those that
    the prefix has opened, or further JSON values without an event". Where the first value has
    an event, all of its objects are records, and further ones with events as well: a line end was
    lost.
    """
    judge = lines.judge
    further: list[tuple[int, Value]] = []
    first_end = end
    while True:
        rest = lines.text[end : lines.line_end(end)].strip(SEPARATORS)
        is_first = end == first_end
        if rest == "" or (is_first and not re.search("[\"'`{}\\[\\]]", rest)):
            break
        if is_first and _closes(prefix, rest):
            break
        place = end
        while lines.text[place] in SEPARATORS:
            place += 1
        if lines.text[place] not in '{["0123456789-tfn':
            return None
        read = _read_value(lines, place)
        if read.what != "whole":
            return None
        further += _members(place, read.value)
        end = read.end
    with_event = [item for item in [*values, *further] if judge.holds_event(item[1])]
    first = [item for item in values if isinstance(item[1], Obj)]
    if not with_event:
        others = [item for item in further if isinstance(item[1], Obj)]
        return first or others[:1] or [(end - 1, [])], end
    if not any(item in values for item in with_event):
        return None
    return [*first, *(item for item in with_event if item in further)], end


def _closes(prefix: str, rest: str) -> bool:
    """Return whether a text closes brackets that a prefix has opened, the innermost first."""
    opened: list[str] = []
    pairs = {"[": "]", "{": "}", "(": ")"}
    for character in prefix:
        if character in pairs:
            opened.append(pairs[character])
        elif opened and character == opened[-1]:
            opened.pop()
    for character in rest:
        if character in WHITE:
            continue
        if not opened or opened.pop() != character:
            return False
    return True


def _read_quoted(lines: Lines, start: int, end: int) -> Piece | None:
    r"""Return the quoted text of a line that is JSON.

    "Where a line holds no JSON of its own, a quoted text that is JSON is entered under a body key
    (`body="{\"event\":…}"`, logfmt), or as the only quoted text of the line."
    """
    line = lines.text[start:end]
    quoted = list(re.finditer(r'"(?:[^"\\]|\\.)*"', line))
    for match in quoted:
        key = re.search(r"([A-Za-z0-9_.$@-]+)=$", line[: match.start()])
        is_body = key is not None and re.sub("[_$@ -]", "", key[1].lower()) in BODY_KEYS
        if not is_body and len(quoted) > 1:
            continue
        try:
            text, _ = parse_string(match[0], 0)
        except (BadJSONError, CutError):
            continue
        if lines.judge.holds_object(text):
            return Piece(lines.number(start), "value", text, line[: match.start()])
    return None


# --- "Parts of a line that Docker or CRI (`P`) has cut are one" -------------------------------

CRI = re.compile(
    r"[ \t\r\0\ufeff,\x1e]*([0-9]{4}-[0-9]{2}-[0-9]{2}T\S+ (stdout|stderr) )([PF])((?::\S*)? )(.*)",
    re.DOTALL,
)


def join_parts(lines: list[str], judge: Judge) -> list[tuple[int, str, bool]]:
    """Return lines with their numbers, parts joined on the line of the first; whether one is open.

    An open line lacks its last part: the end of the input cuts it off.
    """
    joined: list[tuple[int, str, bool]] = []
    used: set[int] = set()
    for place, line in enumerate(lines):
        if place in used:
            continue
        parts, text, is_open = _join_cri(lines, place)
        if not parts:
            parts, text, is_open = _join_docker(lines, place, judge)
        used |= set(parts)
        joined.append((place + 1, text if parts else line, is_open))
    return joined


def _join_cri(lines: list[str], place: int) -> tuple[list[int], str, bool]:
    """Return the places of a CRI line's parts and their text; no places if it has none."""
    first = CRI.fullmatch(lines[place])
    if first is None or first[3] != "P":
        return [], "", False
    places, text = [place], first[5]
    for other in range(place + 1, len(lines)):
        part = CRI.fullmatch(lines[other])
        if part is None or part[2] != first[2]:
            continue
        places.append(other)
        text += part[5]
        if part[3] == "F":
            return places, f"{first[1]}F{first[4]}{text}", False
    return places, f"{first[1]}F{first[4]}{text}", True


def _join_docker(lines: list[str], place: int, judge: Judge) -> tuple[list[int], str, bool]:
    """Return the places of a Docker line's parts and their text; no places if it has none.

    Docker's lines end in LF, but for parts; a part here begins a value that it does not end.
    """
    first = _docker_line(lines[place])
    if first is None or first[0].endswith("\n") or not _is_begun(first[0]):
        return [], "", False
    places, text = [place], first[0]
    for other in range(place + 1, len(lines)):
        part = _docker_line(lines[other])
        if part is None or part[1] != first[1]:
            continue
        if judge.holds_event(part[0]):
            return [], "", False
        places.append(other)
        text += part[0]
        if part[0].endswith("\n"):
            break
    else:
        if _is_begun(text):
            return places, lines[place], True
    return places, _with_log(lines[place], text), False


def _docker_line(line: str) -> tuple[str, str] | None:
    """Return `log` and `stream` of a line as Docker's json-file writes it."""
    if '"stream"' not in line:
        return None
    try:
        value, _ = parse_value(line.strip(SEPARATORS), 0)
    except (BadJSONError, CutError):
        return None
    if not isinstance(value, Obj):
        return None
    log, stream, time = value.get("log"), value.get("stream"), value.get("time")
    if isinstance(log, str) and isinstance(stream, str) and isinstance(time, str):
        return log, stream
    return None


def _is_begun(text: str) -> bool:
    """Return whether a text begins a value that its end cuts off."""
    quoted = len(text) - len(text.lstrip(SEPARATORS))
    for place in range(len(text)):
        if place == quoted and text[place] == '"':
            try:
                parse_string(text, place)
            except CutError:
                return True
            except BadJSONError:
                pass
        if _is_place(text, place) or (text[place] in "{[" and not text[place + 1 :].strip()):
            try:
                parse_value(text, place)
            except CutError:
                return True
            except BadJSONError:
                pass
    return False


def _with_log(line: str, text: str) -> str:
    """Return a Docker line with another `log`."""
    escaped = "".join(
        f"\\u{ord(character):04x}" if character < " " or character in '"\\' else character
        for character in text
    )
    return re.sub(r'"log"\s*:\s*"(?:[^"\\]|\\.)*"', lambda _: f'"log":"{escaped}"', line, count=1)
