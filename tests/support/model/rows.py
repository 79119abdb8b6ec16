"""Rows of CSV: definitions 1, "CSV and TSV", character by character."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from model.framing import BLANKS, MIB, Judge, Piece, frame
from model.keys import (
    ADOBE,
    is_adobe,
    is_body,
    is_page,
    is_plainly_conversation,
    is_session_id,
    is_time,
    names_event,
    norm,
)
from model.values import BadJSONError, CutError, Obj, Value, parse_value

MAX_HEAD = 64 * 1024
MAX_HEADER = 16 * 1024
MAX_ROWS = 100
DELIMITERS = ",;\t|"
NAME_BEGINS = "@$_#."


@dataclass
class Header:
    """Hold the names over the rows, their delimiter, and the line of the first row, from 0."""

    names: list[str]
    delimiter: str
    first_line: int
    blank_lines: int


@dataclass
class Row:
    """Hold the cells of a row, or why there are none, and the line behind it."""

    cells: list[str] | None
    end: int
    what: str = ""


def frame_rows(data: bytes, judge: Judge) -> list[Piece] | None:
    """Return the rows of an input in order; None for an input that is no CSV."""
    text = data.decode("utf-8", "surrogateescape")
    lines = re.findall(r"[^\n]*\n|[^\n]+$", text)
    header = find_header(lines)
    if header is None or not is_table(header, lines, data, judge):
        return None
    pieces = [Piece(number + 1, "blank") for number in range(header.blank_lines)]
    return pieces + list_rows(header, lines, judge)


def find_header(lines: list[str]) -> Header | None:
    """Return "the first line that is not blank, behind a line `sep=;`", if it is a header."""
    blank = 0
    while (
        blank < len(lines) and lines[blank].endswith("\n") and not lines[blank].strip(BLANKS + "\n")
    ):
        blank += 1
    place, told = blank, ""
    if place < len(lines):
        separator = re.fullmatch(r"(?i)[\ufeff\0]*sep=([,;\t|])\r?\n", lines[place])
        if separator:
            place, told = place + 1, separator[1]
    if place >= len(lines) or len(lines[place].encode("utf-8", "surrogateescape")) > MAX_HEADER:
        return None
    line = lines[place].removesuffix("\n").rstrip("\r").lstrip("\ufeff\0")
    counts = {each: count_outside(line, each) for each in DELIMITERS}
    delimiter = told or max(DELIMITERS, key=lambda each: counts[each])
    row = read_row([line], 0, delimiter)
    if row.cells is None or not any(row.cells) or not all(map(is_name, row.cells)):
        return None
    return Header(row.cells, delimiter, place + 1, blank)


def count_outside(line: str, delimiter: str) -> int:
    """Return how often a line has a character "outside quotes"."""
    count, at = 0, 0
    while at < len(line):
        if line[at] == '"':
            end = at + 1
            while end < len(line) and (line[end] != '"' or line[end + 1 : end + 2] == '"'):
                end += 2 if line[end] == '"' else 1
            at = end + 1 if end < len(line) else at + 1
            continue
        count += line[at] == delimiter
        at += 1
    return count


def is_name(cell: str) -> bool:
    """Return whether a cell "begins with a letter or one of …, or is empty"."""
    if not cell:
        return True
    is_begun = cell[0] in NAME_BEGINS or (
        re.match(r"\w", cell) is not None and not cell[0].isdecimal()
    )
    others = '{}"' if cell[0] in NAME_BEGINS else '{}"[]'
    return is_begun and not any(each in others or each < " " for each in cell[1:])


def is_table(header: Header, lines: list[str], data: bytes, judge: Judge) -> bool:
    """Return whether the first 64 KiB show "what is under it"."""
    if len(data) >= MAX_HEAD:
        head = data[: data.rfind(b"\n", 0, MAX_HEAD) + 1]
        lines = lines[: head.count(b"\n")]
    if header.first_line > len(lines):
        return False
    rows, before, at = list[tuple[list[str], str]](), list[str](), header.first_line
    while at < len(lines):
        row = read_row(lines, at, header.delimiter)
        end = at + 1 if row.what == "broken" else row.end
        raw = "".join(lines[at:end])
        piece = None if row.what else find_piece(header, lines, at, row)
        if piece is not None and piece.what == "value" and row.cells is not None:
            rows.append((row.cells, raw))
        elif not rows and (piece is None or piece.what not in {"blank", "header"}):
            before.append(raw.removesuffix("\n"))
        at = end
    text = "".join(f"{line}\n" for line in before[:MAX_ROWS]).encode("utf-8", "surrogateescape")
    pieces = [] if not before else frame(text, judge)
    if any(each.what == "value" and judge.holds_event(each.value) for each in pieces):
        return False
    return names_events(header.names) or any(
        shows_event(header.names, cells, raw, judge) for cells, raw in rows[:MAX_ROWS]
    )


def names_events(names: list[str]) -> bool:
    """Return whether "an event key and a sid are among the names"."""
    keys = [name.rpartition(".")[2] for name in names if norm(name) != "connect.sid"]
    has_sid = any(is_adobe(key, "sid") for key in keys) or (
        any(map(is_session_id, keys)) and any(map(is_plainly_conversation, keys))
    )
    return has_sid and any(map(names_event, keys))


def shows_event(names: list[str], cells: list[str], raw: str, judge: Judge) -> bool:
    """Return whether a row is an event under names of events, or has JSON as only CSV has it."""
    is_doubled = re.search(r'"\s*[\[{][\s\[{]*""', raw, re.ASCII) is not None
    if is_doubled and any(map(is_json, cells)):
        return True
    return any(map(is_known, names)) and judge.holds_event(to_object(names, cells))


def is_json(cell: str) -> bool:
    """Return whether a cell is a JSON object or array."""
    try:
        value, end = parse_value(cell, 0)
    except (BadJSONError, CutError):
        return False
    return isinstance(value, Obj | list) and not cell[end:].strip(" \t\r\n")


def is_known(name: str) -> bool:
    """Return whether a name is "one that records of events have"."""
    key = name.rpartition(".")[2]
    return (
        is_body(key)
        or names_event(key)
        or is_time(key)
        or any(is_adobe(key, each) for each in [*ADOBE, "meetingInfo"])
        or is_plainly_conversation(key)
        or is_page(key, around=False)
    )


def to_object(names: list[str], cells: list[str]) -> Obj:
    """Return a row as "an object of texts"; of equal names the first counts."""
    pairs: dict[str, Value] = {}
    for name, cell in zip(names, cells, strict=True):
        pairs.setdefault(name, cell)
    return Obj(list(pairs.items()))


def list_rows(header: Header, lines: list[str], judge: Judge) -> list[Piece]:
    """Return "each row is a record", and what is no row."""
    pieces, at = list[Piece](), header.first_line
    while at < len(lines):
        row = read_row(lines, at, header.delimiter)
        if row.what == "open" and not hides_event(header, lines[at + 1 :], judge):
            return [*pieces, Piece(at + 1, "incomplete")]
        if row.what:
            is_long = row.what == "long" or count_bytes(lines, at, at + 1) > MIB
            reason = "too_long" if is_long else "invalid_row"
            is_text = is_long or is_utf8(lines[at])
            pieces.append(Piece(at + 1, "rejected", reason=reason if is_text else "invalid_utf8"))
            at += 1
            continue
        piece = find_piece(header, lines, at, row)
        pieces += [] if piece.what == "header" else [piece]
        at = row.end
    return pieces


def find_piece(header: Header, lines: list[str], at: int, row: Row) -> Piece:
    """Return the record of a row with cells; `header` for one that repeats the header."""
    cells = row.cells or []
    if not "".join(cells).strip(BLANKS + "\n"):
        return Piece(at + 1, "blank")
    if count_bytes(lines, at, row.end) > MIB:
        return Piece(at + 1, "rejected", reason="too_long")
    is_cut = row.end == len(lines) and not lines[-1].endswith("\n")
    if is_cut and (len(cells) < len(header.names) or ends_in_character(lines[-1])):
        return Piece(at + 1, "incomplete")
    if not all(map(is_utf8, cells)):
        return Piece(at + 1, "rejected", reason="invalid_utf8")
    if len(cells) != len(header.names):
        return Piece(at + 1, "rejected", reason="invalid_row")
    if cells == header.names:
        return Piece(at + 1, "header")
    return Piece(at + 1, "value", to_object(header.names, cells))


def read_row(lines: list[str], at: int, delimiter: str) -> Row:
    """Return the row that begins on a line.

    Without cells it is "broken" (text behind a quoted cell), "open" at the end of the lines, or
    "long" over lines.
    """
    text, number, place = lines[at].lstrip("\ufeff\0"), at, 0
    cells, cell = list[str](), list[str]()
    while True:
        if text[place : place + 1] != '"':
            while place < len(text) and text[place] not in (delimiter, "\n"):
                cell.append(text[place])
                place += 1
            is_last = text[place : place + 1] != delimiter
            found = "".join(cell).rstrip("\r") if is_last else "".join(cell)
            cells, cell, place = [*cells, read_plain(found, delimiter)], [], place + 1
            if is_last:
                return end_row(lines, at, number + 1, cells)
            continue
        place += 1
        while text[place : place + 1] != '"' or text[place + 1 : place + 2] == '"':
            if place == len(text):
                number += 1
                # The row goes on, so the line end is within it.
                if len("".join(lines[at:number]).encode("utf-8", "surrogateescape")) > MIB:
                    return Row(None, number, "long")
                if number == len(lines):
                    return Row(None, number, "open")
                text, place = lines[number], 0
                continue
            cell.append(text[place])
            place += 2 if text[place] == '"' else 1
        place += 1
        if not text[place:].strip("\r\n"):
            return end_row(lines, at, number + 1, [*cells, "".join(cell)])
        if text[place] != delimiter:
            return end_row(lines, at, number + 1, None)
        cells, cell, place = [*cells, "".join(cell)], [], place + 1


def read_plain(cell: str, delimiter: str) -> str:
    """Return "what a cell without quotes says": nothing, JSON of a dump, or itself."""
    if cell in {"NULL", "\\N"}:
        return ""
    if delimiter != "\t" or cell[:1] not in ("{", "[") or "\\" not in cell:
        return cell
    single, at = list[str](), 0
    while at < len(cell):
        if cell[at] != "\\":
            single.append(cell[at])
            at += 1
            continue
        escaped = cell[at + 2 : at + 3]
        if cell[at : at + 2] != "\\\\" or escaped not in [*'"/bfnrtu\\']:
            return cell
        if escaped == "\\" and cell[at + 3 : at + 4] != "\\":
            return cell
        single.append("\\" + escaped)
        at += 4 if escaped == "\\" else 3
    return "".join(single)


def end_row(lines: list[str], at: int, end: int, cells: list[str] | None) -> Row:
    """Return a row that ends, or breaks, before a line."""
    if end > at + 1 and count_bytes(lines, at, end) > MIB:
        return Row(None, end, "long")
    return Row(cells, end, "" if cells is not None else "broken")


def hides_event(header: Header, lines: list[str], judge: Judge) -> bool:
    """Return whether "a line which is an event by itself" is among these."""
    rows = (read_row([line], 0, header.delimiter) for line in lines)
    return any(
        row.cells is not None
        and len(row.cells) == len(header.names)
        and judge.holds_event(to_object(header.names, row.cells))
        for row in rows
    )


def count_bytes(lines: list[str], at: int, end: int) -> int:
    """Return the bytes of lines, without the end of the last."""
    text = "".join(lines[at:end]).removesuffix("\n").rstrip("\r")
    return len(text.encode("utf-8", "surrogateescape"))


def is_utf8(text: str) -> bool:
    """Return whether all of a text was UTF-8."""
    return re.search("[\udc80-\udcff]", text) is None


def ends_in_character(line: str) -> bool:
    """Return whether a line ends in the middle of a character."""
    decoder = codecs.getincrementaldecoder("utf-8")("ignore")
    tail = re.search("[\udc80-\udcff]*$", line)
    decoder.decode((tail[0] if tail else "").encode("utf-8", "surrogateescape"))
    return bool(decoder.getstate()[0])
