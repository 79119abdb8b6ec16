"""Framing against a naive one that was written from the definitions alone."""

import re

import pytest
from framed import EVENT, has_event, read
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from naive_framing import Naive, Seen

pytestmark = pytest.mark.records

E1 = EVENT % "a"
PIECES = [
    E1, E1, "\n", "\n", "\n", "\n", "{", "}", "[", "]", ",", ":", '{"a', "1", "true", "nul", "-",
    " ", "\r", "\0", "\ufeff", "\x1e", '"a":', '{"a":1}', '{"a":{"b":[', "x", "INFO dc: ", "{\n",
    "\n}", '"a": {\n', "\n]", "[\n", "é", "{}", "[]", '{"event":\n', '"CONVERSATION_X"}',
    "},\n", "{\n", '"a":1\n', '"a":1,\n', "\udcff", "[1]", "[1,\n2]", "'", '{"a":[1,{}]}', "\\",
]  # fmt: skip
CLOSED_THEN_BROKEN = re.compile(r"\][^\n]*\{\{")
TEXTS = st.lists(st.sampled_from(PIECES), max_size=16).map("".join)


def seen_by_framing(data: bytes) -> list[Seen]:
    """Return the records of some bytes, but for scalars."""
    return [
        Seen(
            record.line,
            record.bucket and str(record.bucket),
            record.raw.decode("utf-8", "surrogateescape"),
        )
        for record in read(data)[0]
        if record.bucket != "not_an_object" and (record.bucket or record.raw.startswith(b"{"))
    ]


@example("[1,\n,2]")
@given(TEXTS)
@settings(max_examples=3000, deadline=None, derandomize=True)
def test_framing_is_the_naive_one(text: str) -> None:
    # Bytes that are no UTF-8 around a value are held by golden cases: they cost nothing.
    assume("\udcff" not in text)
    # The definitions leave open whether a closing bracket, then a broken brace, are a prefix.
    assume(not CLOSED_THEN_BROKEN.search(text))
    data = text.encode("utf-8", "surrogateescape")
    text = data.decode("utf-8", "surrogateescape")
    assert Naive(text, has_event).read() == seen_by_framing(data)
