"""Hints about rows: of a CSV without events, without a header, or drawn for people."""

import csv
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from dcevents.reading.account import SAME_LINE
from dcevents.reading.judge import (
    Context,
    Mapping,
    Rejection,
    judge_value,
    list_missing_parts,
)
from dcevents.reading.judge.findings import NO_SID
from dcevents.reading.rows.headers import find_header
from dcevents.show import make_visible

_ANY_CLOCK: Final = Context(clock_ms=0)
_COLUMNS_ADVICE: Final = "if they hold events, say where with --map event=COLUMN --map sid=COLUMN"
_SID_ADVICE: Final = "if one of them is the session's, say which with --map sid=COLUMN"
_HEADLESS_ADVICE: Final = (
    "put the names of its columns before it: "
    "(printf 'event{0}timestamp{0}sid\\n'; cat FILE) | dcevents …"
)
_DRAWN_TABLE: Final = re.compile(r"[|+]?-{3,}(?:\+-{3,})+[|+]?|\|(?: ?:?-{3,}:? ?\|)+")
_DRAWN_TABLE_HINT: Final = (
    "it looks like a table that is drawn for people: write CSV instead, "
    "with psql --csv, mysql --batch or sqlite3 -csv"
)
_HEADING: Final = re.compile(r"(?:[A-Za-z_@$][\w .@$:/()-]*)?")
_KINDS: Final = (("\t", "TSV"), (",", "CSV"), (";", "CSV"), ("|", "CSV"))
_MIN_COLUMNS: Final = 3
"""Columns of a table without headings; with headings one fewer."""
_MAX_SHOWN_COLUMNS: Final = 12
_MAX_COLUMN_CHARACTERS: Final = 40

Rows = list[list[str]]


def describe_rows(texts: Sequence[str]) -> str | None:
    """Say that lines are rows, and what their columns are; None for other lines."""
    if any(_DRAWN_TABLE.fullmatch(text) for text in texts):
        return _DRAWN_TABLE_HINT
    for mark, name in _KINDS:
        rows = _split_table(texts, mark)
        if rows is None:
            continue
        if not _has_headings(rows[0]):
            shown = "\\t" if mark == "\t" else mark
            return f"it looks like a {name} without a header: {_HEADLESS_ADVICE.format(shown)}"
        return f"it looks like a {name}{_describe_columns(rows)}"
    return None


def is_headed(texts: Sequence[str]) -> bool:
    """Return whether the first text is a header, and the others are rows under it."""
    return _list_objects(texts) is not None


def find_missing_parts(texts: Sequence[str], mapping: Mapping) -> list[str]:
    """Return the parts of a user's map that rows under a header have nothing of."""
    found = [{*list_missing_parts(each, mapping)} for each in _list_objects(texts) or ()]
    return [part for part, _ in mapping.paths if found and all(part in each for each in found)]


def _list_objects(texts: Sequence[str]) -> list[dict[str, str]] | None:
    """Return rows under a header as objects; None for other texts."""
    header = find_header(texts[0].encode()) if texts else None
    rows = _split_table(texts, header.form.delimiter) if header else None
    if rows is None:
        return None
    return [dict(zip(rows[0], cells, strict=True)) for cells in rows[1:]]


def _split_table(texts: Sequence[str], mark: str) -> Rows | None:
    """Return the cells of lines; None where these are no table.

    A table has equally many cells on each line, three or more, or two with headings.
    """
    lines = [text.replace(SAME_LINE.decode(), mark) for text in texts]
    try:
        rows = [*csv.reader(lines, delimiter=mark)]
    except csv.Error:
        return None
    widths = {len(row) for row in rows}
    if len(rows) < 2 or len(widths) > 1:
        return None
    return rows if min(widths) >= _MIN_COLUMNS - _has_headings(rows[0]) else None


def _has_headings(row: Sequence[str]) -> bool:
    return all(_HEADING.fullmatch(cell) for cell in row)


def _describe_columns(rows: Rows) -> str:
    """Say which columns rows under a header have, and what may be missing."""
    found = [dict(zip(rows[0], cells, strict=True)) for cells in rows[1:]]
    columns = list(dict.fromkeys(column for each in found for column in _list_columns(each)))
    shown = [make_visible(each[:_MAX_COLUMN_CHARACTERS]) for each in columns[:_MAX_SHOWN_COLUMNS]]
    listed = ", ".join(shown) + (", …" if len(columns) > _MAX_SHOWN_COLUMNS else "")
    if any(map(_lacks_sid, found)):
        return f", but its events have no sid: its columns are {listed}; {_SID_ADVICE}"
    return f" with the columns {listed}; {_COLUMNS_ADVICE}"


def _list_columns(row: dict[str, str]) -> Iterator[str]:
    """Yield the names of columns, and of the keys of JSON objects in them."""
    for name, cell in row.items():
        inner = _decode(cell) if cell.lstrip().startswith("{") else None
        if isinstance(inner, dict) and inner:
            yield from (f"{name}.{key}" for key in inner)
        else:
            yield name


def _decode(text: str) -> Any:  # noqa: ANN401 - any JSON value
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _lacks_sid(row: dict[str, str]) -> bool:
    """Return whether an event is rejected since it has no sid."""
    return any(each.outcome == Rejection(NO_SID) for each in judge_value(row, _ANY_CLOCK))
