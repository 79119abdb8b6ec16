"""Lines that a scanner takes are passed over while arrays are open, and say what framing says.

Which lines are read one by one is counted; what is said is held to a reading of all lines so.
"""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import harness
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from over_lines import describe_in_full

from dcevents.model.vocabulary import Vocabulary
from dcevents.reading import scanning as scanning_module
from dcevents.reading.framing.reader import Framing
from dcevents.reading.log import read_growing_log, read_log
from dcevents.reading.read_settings import ReadSettings
from dcevents.reading.scanner import PureScanner, make_scanner
from dcevents.reading.scanning import Scanning
from dcevents.reading.sources import sizes
from dcevents.reading.sources.inputs import Input, Resume

CLOCK_MS = 1_796_083_200_000
EVENT = harness.log("09:00 a engaged name=Pricing page=https://x/")[:-1]
OTHER = b'{"event":"acme.opened"}'
PRETTY = json.dumps(json.loads(EVENT), indent=2).encode()
COUNT = 200


def join(members: list[bytes], between: bytes) -> bytes:
    """Return an array whose brackets are alone on their lines."""
    return b"[\n" + between.join(members) + b"\n]\n"


MEMBERS = [OTHER if number % 7 == 3 else EVENT for number in range(COUNT)]
BATCHES = [MEMBERS[at : at + 5] for at in range(0, COUNT, 5)]
ARRAYS = {
    "white space": join(MEMBERS, b", \t\n "),
    "CRLF": join(MEMBERS, b",\r\n"),
    "comma first": join(MEMBERS, b"\n, "),
    "commas alone": join(MEMBERS, b"\n,\n"),
    "blank lines": join(MEMBERS, b",\n\n"),
    "text between": join(MEMBERS, b",\nINFO request done\n"),
    "broken members": join([EVENT[:-9] if n % 9 == 5 else EVENT for n in range(COUNT)], b",\n"),
    "several a line": join([b",".join(each) for each in BATCHES], b",\n"),
    "arrays in it": join([b"[" + b",".join(each) + b"]" for each in BATCHES], b",\n"),
    "arrays over lines": join([join(each, b",\n")[:-1] for each in BATCHES], b",\n"),
    "an array a batch": b"".join(join(each, b",\n") for each in BATCHES),
    "values over lines": join([PRETTY] * COUNT, b",\n\n"),
    "values over lines, batches": b"".join(join([PRETTY] * 5, b",\n") for _ in BATCHES),
    "never closed": b"[\n{}\n" + (b"INFO dc: " + EVENT + b"\n") * COUNT,
}


@pytest.mark.parametrize("name", ARRAYS)
def test_few_lines_in_an_array_are_read_one_by_one(name: str, tmp_path: Path) -> None:
    if isinstance(make_scanner(ReadSettings(CLOCK_MS).make_context(), in_full=False), PureScanner):
        pytest.skip("no scanner takes any lines")
    path = tmp_path / "x.log"
    path.write_bytes(ARRAYS[name])
    expected = read(path, 1 << 20, takes=False)
    fed: list[bytes] = []

    def feed(framing: Framing, chunk: bytes) -> Any:
        fed.append(chunk)
        return read_on(framing, chunk)

    read_on = Framing.feed
    with mock.patch.object(Framing, "feed", feed):
        found = read(path, 1 << 20, takes=True)

    assert found == expected
    assert sum(map(len, fed)) < len(ARRAYS[name]) / 20


# -- any lines ------------------------------------------------------------------------------------

EVENTS = [EVENT, *(harness.log(f"09:0{n} s{n % 3} closed id=d{n % 2}")[:-1] for n in range(3))]
OBJECTS = [
    *(*EVENTS, OTHER, b'{"a":1}', b'{"event":"CONVERSATION_CLOSED"}', PRETTY),
    *(EVENT + b"," + EVENT, b"[" + EVENT + b"]", b"[" + EVENT + b"," + EVENT + b"]"),
    b'{"events":[' + EVENT + b"," + EVENT + b"]}",
    *(b'{"key":"a","value":1}', b"[[" + EVENT + b"],[" + EVENT + b"]]"),
]
BEFORE = [b"", b"", b"", b" ", b",", b"\t", b"\xef\xbb\xbf", b"\x1e", b"\0", b"[", b" [", b"[["]
BEHIND = [b",", b",", b",", b"", b", ", b",\r", b"\r", b"\x1e", b"]", b"],", b" ] ", b"]x", b"]]"]
MEMBER = st.tuples(*map(st.sampled_from, (BEFORE, OBJECTS, BEHIND))).map(b"".join)
TEXTS = [
    *(b"x", b"\xff", b"INFO dc: " + EVENT, b"12 " + EVENT, b"x: [" + EVENT + b"," + EVENT + b"]"),
    *(EVENT + b" x", b"INFO " + EVENT + b" x", b"INFO " + EVENT + b" 1", b"INFO " + OTHER),
    *(b"{bad}", b'{"a":', b"1", b"null", b'"x"', b"[0] a: " + EVENT, b"] x", b"[ x", b"x ]"),
    *(b"INFO " + json.dumps(EVENT.decode()).encode(), b"{", b"}", b"[1", b"2]"),
    *(b"2026-01-02T00:00:00Z stdout P {", b"2026-01-02T00:00:00Z stdout F }"),
]
SIGNS = [b"", b" ", b"\r", b",", b"[", b"[", b"]", b"]", b"],", b",[", b"[[", b"]]", b" [ ", b"]["]
LINE = st.one_of(MEMBER, MEMBER, st.sampled_from(TEXTS), st.sampled_from(SIGNS))
REPEATED = st.tuples(LINE, st.integers(1, 3)).map(lambda pair: b"\n".join([pair[0]] * pair[1]))
LOGS = st.tuples(
    st.sampled_from([b"", b"[\n"]),
    st.lists(REPEATED, max_size=20).map(b"\n".join),
    st.sampled_from([b"", b"\n"]),
).map(b"".join)


def read(path: Path, block_bytes: int, *, takes: bool, sizes_read: Any = ()) -> Any:
    """Return what a log says, at once or as it grows, by a scanner that takes lines or none."""
    data, resume, rejects, found = path.read_bytes(), Resume(), list[Any](), list[Any]()
    reading = ReadSettings(CLOCK_MS, in_full=True)
    with scan_in_blocks(block_bytes, takes=takes):
        if not sizes_read:
            log = read_log(
                Scanning([make_input(path)], reading, lambda _: None),
                Vocabulary(),
                keep_reject=lambda place, raw: rejects.append((place, raw)),
            )
            return describe_in_full(log), rejects
        for size in (*sizes_read, len(data)):
            path.write_bytes(data[:size])
            read_on = read_growing_log(
                make_input(path, resume), reading, Vocabulary(), lambda _: None
            )
            extent = read_on.sure.inputs[0].extent
            found.append(describe_in_full(read_on.sure)[:2])
            found.append((describe_in_full(read_on.rest)[:2], extent.resume, extent.tail))
            if extent.head:
                resume = Resume(extent.resume, head=extent.head, tail=extent.tail)
    return found


def make_input(path: Path, resume: Resume | None = None) -> Input:
    """Return a file as an input."""
    status = path.stat()
    return Input("x", path, status.st_size, (status.st_dev, status.st_ino), resume)


@contextlib.contextmanager
def scan_in_blocks(block_bytes: int, *, takes: bool) -> Iterator[None]:
    """Have logs read in blocks of a size, by a scanner that takes lines or one that takes none."""
    with contextlib.ExitStack() as stack:
        for place, name, value in (
            (scanning_module, "make_scanner", make_scanner if takes else make_pure),
            (scanning_module, "_MIN_THREAD_BYTES", 0),
            (sizes, "BLOCK_BYTES", block_bytes),
            (sizes, "FIRST_BLOCK_BYTES", block_bytes),
        ):
            stack.enter_context(mock.patch.object(place, name, value))
        yield


def make_pure(*_: Any, **__: Any) -> PureScanner:
    """Return a scanner that takes no line."""
    return PureScanner()


@pytest.mark.records
@settings(max_examples=1000, deadline=None)
@given(
    data=LOGS,
    block_bytes=st.sampled_from([60, 200, 1000, 1 << 20]),
    cuts=st.lists(st.floats(0, 1), max_size=2),
)
def test_lines_in_arrays_say_what_they_say_read_one_by_one(
    data: bytes, block_bytes: int, cuts: list[float], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("logs") / "x.log"
    sizes_read = sorted(int(cut * len(data)) for cut in cuts)
    path.write_bytes(data)
    expected = read(path, 1 << 20, takes=False, sizes_read=sizes_read)
    path.write_bytes(data)

    assert expected == read(path, block_bytes, takes=True, sizes_read=sizes_read)
