"""Properties that hold for every input, hostile ones above all."""

import codecs
from itertools import pairwise

import pytest
from framed import EVENT, has_event, read
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dcevents.reading.framing import Bucket

pytestmark = pytest.mark.records

E1, E2 = EVENT % "a", EVENT % "b"
PIECES = [
    E1, E2, "\n", "\n", "\n", "{", "}", "[", "]", ",", ":", '"', "1", "true", "nul", "-", "\\",
    " ", "\t", "\r", "\0", "\ufeff", "\x1e", '"a":', '{"a":1}', '{"a":{"b":[', '"event"', "x",
    "INFO dc: ", "{\n", "\n}", '"a": {\n', "\n]", "[\n", '{"key":"k","value":1}', "é", "{}", "[]",
    '{"event":\n', '"CONVERSATION_X"}', '"\\ud800"', "2026-01-02T00:00:00Z stdout P ",
    "2026-01-02T00:00:00Z stdout F ", "2026-01-02T00:00:00Z stderr P ",
    '{"log":"{\\"event\\":","stream":"stdout"}\n',
    '{"log":"\\"CONVERSATION_X\\"}\\n","stream":"stdout"}\n', 'body="{\\"event\\":1}" ', "'",
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(PIECES), max_size=14).map("".join)
BYTES = st.one_of(TEXTS.map(str.encode), st.lists(
    st.one_of(st.sampled_from(PIECES).map(str.encode), st.binary(max_size=2)), max_size=12
).map(b"".join))  # fmt: skip
GOOD_LINES = st.lists(
    st.sampled_from([E1, "INFO dc: " + E2, E1 + E2, "[" + E1 + "," + E2 + "]", '{"a":1}', "", "7",
                     "x", "\0" + E1]),
    max_size=5,
)  # fmt: skip
HOSTILE_LINES = st.lists(
    st.sampled_from(
        ["{", '{"a":', '{"a":[', "[", "[1,", "}", "]", '{"a":"', "x {", "\\", '"', '"{', "\0",
         '{"a":1,', '"a":{', "},", "INFO [", E1[:-3], E1[3:], '[{"a":', "{}garbage", "[[[[", "{{{{"]
    ),
    max_size=6,
)  # fmt: skip


@given(BYTES, st.integers(1, 7))
@settings(max_examples=600, deadline=None, derandomize=True)
def test_chunks_do_not_matter(data: bytes, step: int) -> None:
    assert read(data) == read(data, step=step)


@given(BYTES, st.data())
@settings(max_examples=1200, deadline=None, derandomize=True)
def test_reading_on_from_any_cut_is_one_reading(data: bytes, draw: st.DataObject) -> None:
    whole, _ = read(data)
    cut = draw.draw(st.integers(0, len(data)))
    first, resume = read(data[:cut])
    later, _ = read(data[resume.offset :], begin=resume)
    assert whole == [record for record in first if record.start < resume.offset] + later


@given(BYTES)
@settings(max_examples=600, deadline=None, derandomize=True)
def test_each_byte_is_in_one_record_or_none_needs_it(data: bytes) -> None:
    records, _ = read(data)
    spans = sorted(
        span for record in records for span in [(record.start, record.end), *record.more]
    )
    assert all(end <= begin for (_, end), (begin, _) in pairwise(spans))
    data = (
        codecs.getincrementaldecoder("utf-8")("surrogateescape")
        .decode(data)
        .encode(errors="surrogateescape")
    )  # without half a character at the end
    at = 0
    for begin, end in [*spans, (len(data), len(data))]:
        between = data[at:begin]
        rest = between.translate(None, b" \t\r\n,\0\x1e\xef\xbb\xbf[]")
        assert not rest or _is_scalars(rest), between
        at = end


def _is_scalars(data: bytes) -> bool:
    """Return whether bytes without separators are scalars: members of an array of objects."""
    return b"{" not in data.split(b'"')[0]


@given(GOOD_LINES, st.lists(st.tuples(st.integers(0, 5), HOSTILE_LINES), max_size=3))
@settings(max_examples=1000, deadline=None, derandomize=True)
def test_hostile_lines_never_change_events(
    good: list[str], inserted: list[tuple[int, list[str]]]
) -> None:
    lines = list(good)
    for at, hostile in sorted(inserted, reverse=True):
        lines[min(at, len(good)) : min(at, len(good))] = hostile
    alone = [event for line in good for event in _events(f"{line}\n".encode())]
    among = _events("".join(f"{line}\n" for line in lines).encode())
    assert [each for each in among if each in {E1, E2}] == alone


def _events(data: bytes) -> list[str]:
    return [record.raw.decode() for record in read(data)[0] if has_event(record.value)]


@given(BYTES)
@settings(max_examples=300, deadline=None, derandomize=True)
def test_records_come_in_order_and_numbered(data: bytes) -> None:
    records, _ = read(data)
    assert records == sorted(records, key=lambda record: record.start)
    assert all(record.line == data[: record.start].count(b"\n") + 1 for record in records)
    for line in {record.line for record in records}:
        numbers = [record.index for record in records if record.line == line]
        assert numbers == ([None] if len(numbers) == 1 else [*range(1, len(numbers) + 1)])


@pytest.mark.parametrize("ended", [b"", b"\n"], ids=["without a last LF", "with one"])
@given(st.lists(st.sampled_from([E1, E2]), min_size=1, max_size=4))
def test_a_sound_log_is_its_lines(ended: bytes, lines: list[str]) -> None:
    records, _ = read("\n".join(lines).encode() + ended)
    assert [record.raw.decode() for record in records] == lines
    assert not any(record.bucket for record in records)


@example(b"")
@given(st.binary(max_size=40))
def test_any_bytes_are_read(data: bytes) -> None:
    records, resume = read(data)
    assert resume.offset <= len(data)
    assert all(record.bucket in {None, *Bucket} for record in records)
