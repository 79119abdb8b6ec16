"""Compressed members and text in one stream, in every order and cut into any chunks."""

import bz2
import gzip
import lzma
import os
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcevents.reading.sources.members import Members, Problem, Trouble

CASES = Path(__file__).parent / "cases"
TEXT = b'{"a":1}\nBZh is text\n'
PACKED = {
    "gzip": gzip.compress(TEXT, mtime=0),
    "bzip2": bz2.compress(TEXT),
    "xz": lzma.compress(TEXT),
    "empty bzip2": bz2.compress(b""),
    "text": TEXT,
    "nuls": b"",
}


def unpack(data: bytes, step: int = 1 << 20) -> tuple[bytes, Problem | None]:
    """Return the text of raw bytes that are fed in steps, and what is wrong with them."""
    members = Members()
    text = [
        piece for at in range(0, len(data), step) for piece in members.feed(data[at : at + step])
    ]
    text += members.finish()
    return b"".join(text), members.problem


@given(st.lists(st.sampled_from(sorted(PACKED)), max_size=6), st.integers(1, 40))
@settings(max_examples=200, deadline=None)
def test_members_and_text_in_any_order(names: list[str], step: int) -> None:
    raw = b"".join(PACKED[name] for name in names)
    text = b"".join(TEXT for name in names if name not in {"nuls", "empty bzip2"})
    assert unpack(raw, step) == (text, None)


@pytest.mark.parametrize("name", ["gzip", "bzip2", "xz"])
def test_each_cut_gives_what_was_whole_and_says_so(name: str) -> None:
    raw = TEXT + PACKED[name]
    for cut in range(len(TEXT) + 10, len(raw)):
        text, problem = unpack(raw[:cut], 7)
        assert (TEXT + TEXT).startswith(text)
        assert problem == Problem(Trouble.CUT_OFF, name, len(TEXT))


def test_a_wrong_checksum_keeps_what_was_unpacked() -> None:
    raw = bytearray(PACKED["gzip"])
    raw[-6] ^= 1
    assert unpack(bytes(raw)) == (TEXT, Problem(Trouble.DAMAGED, "gzip", 0))


@pytest.mark.parametrize("garbage", [b"GARBAGE!!", b"\1\2\n{", os.urandom(4000) + b"\1"])
def test_what_is_no_text_behind_a_member_is_ignored_and_said(garbage: bytes) -> None:
    raw = PACKED["gzip"] + b"\0\0"
    expected = Problem(Trouble.TRAILING, "gzip", len(raw))
    assert unpack(raw + garbage, 5) == (TEXT, expected)


def test_nuls_between_members_are_passed_over() -> None:
    assert unpack(PACKED["gzip"] + b"\0" * 9000 + PACKED["xz"] + b"\0", 11) == (TEXT * 2, None)


def test_a_member_within_a_line_is_the_line() -> None:
    raw = b"visitor: " + PACKED["gzip"] + b"\n"
    assert unpack(raw) == (raw, None)


def test_much_from_little_comes_in_small_pieces() -> None:
    members = Members()
    pieces = [*members.feed(zlib.compress(b"\n" * (1 << 24), wbits=31)), *members.finish()]
    assert max(map(len, pieces)) <= 1 << 16
    assert sum(map(len, pieces)) == 1 << 24


def test_many_small_members_are_no_more_work_than_their_bytes() -> None:
    raw = gzip.compress(b"\n", mtime=0) * 20_000
    assert unpack(raw) == (b"\n" * 20_000, None)


@pytest.mark.parametrize(
    ("name", "trouble"),
    [
        ("44-gz-trailing-garbage.ndjson.gz", Trouble.TRAILING),
        ("48-gz-then-plain.ndjson.gz", None),
        ("196-cat-gz-plain.bin", None),
        ("197-cat-plain-gz.bin", None),
    ],
)
def test_shared_cases(name: str, trouble: Trouble | None) -> None:
    text, problem = unpack((CASES / name).read_bytes(), 64)
    assert text.count(b"\n") == 12
    assert (problem and problem.trouble) == trouble


@pytest.mark.parametrize("name", ["gzip", "xz"])
def test_an_input_of_a_members_first_bytes_is_cut_off(name: str) -> None:
    for cut in range(2, 12):
        assert unpack(TEXT + PACKED[name][:cut])[1] == Problem(Trouble.CUT_OFF, name, len(TEXT))
    assert unpack(PACKED[name][:1]) == (PACKED[name][:1], None), "one byte may be any text's"


def test_chunks_of_text_alone_are_passed_on_as_they_are() -> None:
    members, chunk = Members(), TEXT * 9
    (piece,) = members.feed(chunk)
    assert piece is chunk
    (piece,) = members.feed(chunk[:-1])
    assert (piece, [*members.feed(PACKED["gzip"]), *members.finish()]) == (
        chunk[:-1],
        [PACKED["gzip"]],
    ), "a member within a line is the line"
