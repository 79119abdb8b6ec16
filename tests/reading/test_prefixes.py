"""Lines behind prefixes: cut by the column they say what `record.read` says of each line as it
stands.
"""

import json
from itertools import product

import polars as pl
import pytest
from choosing import EVERY, choose_rows, try_examples
from hypothesis import given
from hypothesis import strategies as st

from dcevents.reading.parsing.record import Record, read
from dcevents.reading.parsing.records import Behind
from dcevents.reading.timestamps import parse_timestamp

pytestmark = pytest.mark.records

NOW = parse_timestamp("2026-11-25T00:00:00Z") or 0
TIMED = json.dumps(
    {"event": "CONVERSATION_ENGAGED", "timestamp": "2026-11-02T09:15:04.120Z", "sid": "a"}
)
UNTIMED = json.dumps({"event": "CONVERSATION_ENGAGED", "sid": "a"})
PREFIXES = (
    "",
    " ",
    "web-1  | ",
    "web-1 | 2026-11-02T09:15:04Z ",
    "web-1  |[",
    "2026-11-02T09:15:04.1Z stdout F ",
    "Nov  2 09:15:04 web1 dc[7]: ",
    "Nov 26 09:15:04.123456 web1 dc: ",
    "Nov 27 09:15:04 web1 dc[[7]: ",
    "Xyz 99 09:15:04 w d: ",
    "<134>1 2026-11-02T09:15:04Z w d 7 - - ",
    '<134>1 2026-11-02T09:15:04Z w d 7 - [a b="[["] ',
    "1 2026-11-02T09:15:04Z w d 7 - [x [ [ ] ",
    "2026-11-02 09:15:04 [warn] ",
    "[2026-11-02T09:15:04Z] ",
    "2026-11-02T09:15:04Z ",
    "2026-11-02T09:15:04Z words - ",
    "no prefix ",
)
ENDS = ("", " ", "\t ", "\xa0", "x", "}", "\r")
BODIES = (
    TIMED,
    UNTIMED,
    "{}",
    "{ }",
    "{\xa0}",
    f"[{UNTIMED}]",
    f"[ {TIMED},{TIMED}]",
    "[[{",
    f" {TIMED}",
    "a",
    "",
    "[]",
)
ROWS = [*product(PREFIXES, BODIES, ENDS)]
LINES = ["".join(row) for row in (ROWS if EVERY else choose_rows(ROWS, 2))]


def said(line: str) -> Record:
    """What a line says, but for how it was recognised."""
    return read(line, now=NOW)._replace(shape=None, asked=())


def cut(lines: list[str], *, timed: bool) -> list[str]:
    """Lines without their prefixes."""
    found = Behind("", timed).rows("".join(line + "\n" for line in lines).encode(), (), NOW).data
    assert isinstance(found, pl.DataFrame)
    return found["line"].to_list()


@pytest.mark.pairwise
@pytest.mark.parametrize("together", [1, len(LINES)])
def test_a_line_without_its_prefix_says_the_same(together: int) -> None:
    parts = [LINES[at : at + together] for at in range(0, len(LINES), together)]
    bare = [text for part in parts for text in cut(part, timed=False)]

    assert [(line, said(line)) for line in LINES] == [
        (line, said(text)) for line, text in zip(LINES, bare, strict=True)
    ]


@given(
    lines=st.lists(
        st.sampled_from([line for line in LINES if TIMED in line or UNTIMED not in line]),
        max_size=9,
    )
)
@try_examples(12)
def test_of_lines_with_times_only_the_prefix_is_cut_off(lines: list[str]) -> None:
    assert [said(line) for line in lines] == [said(text) for text in cut(lines, timed=True)]
