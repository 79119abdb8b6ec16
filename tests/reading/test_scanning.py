"""Blocks that are read and scanned ahead."""

from collections.abc import Callable, Generator, Iterator
from concurrent import futures
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from choosing import try_examples
from hypothesis import given
from hypothesis import strategies as st

from dcevents.errors import InputError
from dcevents.model.numbers.codes import Codes
from dcevents.model.vocabulary import Vocabulary
from dcevents.reading import scanning
from dcevents.reading.log import read_log
from dcevents.reading.read_settings import ReadSettings
from dcevents.reading.scanning import ScannedInput, Scanning
from dcevents.reading.sources import sizes
from dcevents.reading.sources.blocks import InputBlock, InputItem, read_blocks
from dcevents.reading.sources.inputs import Input

LINE = b'{"event":"CONVERSATION_ENGAGED","timestamp":1772442904000,"sid":"s"}\n'
SETTINGS = ReadSettings(clock_ms=1_772_452_800_000)


def make_inputs(folder: Path, count: int, lines: int) -> list[Input]:
    found = []
    for number in range(count):
        path = folder / f"{number:03}.log"
        path.write_bytes(LINE * lines)
        found.append(Input(path.name, path, path.stat().st_size))
    return found


def wait_for_reader(scan: Scanning) -> None:
    assert scan._reader is not None
    scan._reader.join(timeout=30)
    assert not scan._reader.is_alive()


def wait_until_scanned(scan: Scanning) -> None:
    wait_for_reader(scan)
    futures.wait([each.item for each in scan._waiting if isinstance(each.item, futures.Future)])
    with scan._settling.lock:
        pass


def test_no_more_waits_than_there_is_room_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scanning, "_EARLY_BYTES", 200_000)
    inputs = make_inputs(tmp_path, 40, 500)
    scan = Scanning(inputs, SETTINGS, lambda _: None)
    scan.begin()
    with scan._changed:
        filled = scan._changed.wait_for(lambda: scan._waiting_bytes >= 200_000, timeout=30)
    assert filled
    assert len(scan._waiting) < 2 * len(inputs)

    blocks = [each for each in scan if isinstance(each, ScannedInput)]

    assert sum(each.scanned.lines for each in blocks) == 40 * 500
    wait_for_reader(scan)


def test_the_reader_ends_with_whoever_takes_its_blocks(tmp_path: Path) -> None:
    scan = Scanning(make_inputs(tmp_path, 300, 300), SETTINGS, lambda _: None)
    taken = iter(scan)
    next(taken)
    assert isinstance(taken, Generator)
    taken.close()

    wait_for_reader(scan)


def test_an_error_of_the_reader_comes_behind_the_blocks_before_it(tmp_path: Path) -> None:
    inputs = make_inputs(tmp_path, 3, 10)
    (tmp_path / "002.log").unlink()
    taken: list[object] = []

    with pytest.raises(InputError, match=r"002\.log"):
        taken.extend(Scanning(inputs, SETTINGS, lambda _: None))

    assert len(taken) == 4, "two blocks, and what was found about two inputs"


WHOLE = LINE * 3
OPEN = LINE * 2 + b'{"of":{\n'
CASES = [
    pytest.param([WHOLE, WHOLE, WHOLE], 3, id="lines that are records"),
    pytest.param([WHOLE, OPEN, WHOLE], 1, id="behind an open value any line may belong to it"),
    pytest.param([WHOLE, WHOLE + b"no JSON\n", WHOLE], 1, id="rejected lines may be shown"),
    pytest.param([WHOLE, LINE[:-1]], 1, id="a last line may go on"),
    pytest.param([WHOLE, b"[" + LINE[:-1] + b"]\n"], 1, id="an array may get more members"),
    pytest.param([WHOLE, b'{"event":"acme.opened"}\n\n'], 2, id="ignored lines are not shown"),
]


@pytest.mark.parametrize(("blocks", "let_go"), CASES)
def test_blocks_that_nobody_looks_at_again_are_let_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, blocks: list[bytes], let_go: int
) -> None:
    monkeypatch.setattr(scanning, "_MIN_THREAD_BYTES", 0)
    inputs = []
    for number, data in enumerate((b"".join(blocks), WHOLE)):
        path = tmp_path / f"{number}.log"
        path.write_bytes(data)
        inputs.append(Input(path.name, path, path.stat().st_size))
    cuts = iter([*map(len, blocks), len(WHOLE)])
    monkeypatch.setattr(scanning, "read_blocks", partial(cut_anew, read_blocks, cuts))
    scan = Scanning(inputs, SETTINGS, lambda _: None)
    scan.begin()
    wait_until_scanned(scan)

    found = [each for each in scan if isinstance(each, ScannedInput)]

    assert [each.passed_bytes > 0 for each in found] == [
        *(number < let_go for number in range(len(blocks))),
        True,
    ], "and those of the next input begin anew"
    assert sum(each.scanned.lines for each in found) == b"".join([*blocks, WHOLE]).count(b"\n") + (
        not blocks[-1].endswith(b"\n")
    )


def test_a_block_that_cannot_be_let_go_for_want_of_memory_is_read_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> ScannedInput:
        raise MemoryError

    monkeypatch.setattr(scanning, "_MIN_THREAD_BYTES", 0)
    monkeypatch.setattr(ScannedInput, "let_go", fail)
    scan = Scanning(make_inputs(tmp_path, 2, 100), SETTINGS, lambda _: None)
    scan.begin()
    wait_until_scanned(scan)

    found = [each for each in scan if isinstance(each, ScannedInput)]

    assert [each.scanned.lines for each in found] == [100, 100]
    assert not caplog.records, "and no thread writes a traceback"


def cut_anew(
    read: Callable[..., Iterator[InputItem]], cuts: Iterator[int], *arguments: object
) -> Iterator[InputItem]:
    """Yield what small inputs hold in blocks of such sizes."""
    for item in read(*arguments):
        if not isinstance(item, InputBlock):
            yield item
            continue
        data = bytes(item.data)
        while data:
            size = next(cuts)
            yield InputBlock(data[:size])
            data = data[size:]


def make_event(second: int, sid: str, kind: str = "ENGAGED") -> bytes:
    return b'{"event":"CONVERSATION_%s","timestamp":%d,"sid":"%s","page":"https://x.org/%s"}\n' % (
        kind.encode(),
        1_772_442_904_000 + 1000 * second,
        sid.encode(),
        sid.encode(),
    )


PIECES = [
    *(make_event(n, f"s{n % 5}", kind) for n, kind in enumerate(["TRIGGERED", "ENGAGED"] * 6)),
    make_event(99, "s1", "RATED"),
    make_event(5_000, "later than as-of"),
    make_event(10**8, "in the future"),
    make_event(-(10**8), "s2"),
    make_event(-3 * 10**9, "before 1970"),
    LINE.replace(b"1772442904000", b'"never"'),
    b"no JSON\n",
    b'{"of":{\n',
    b"\n",
]


@try_examples(15)
@given(
    data=st.lists(st.sampled_from(PIECES), max_size=60).map(b"".join),
    block_bytes=st.sampled_from([200, 1500]),
    as_of_ms=st.sampled_from([None, 1_772_443_904_000]),
)
def test_facts_that_are_made_ahead_are_those_that_are_made_later(
    data: bytes, block_bytes: int, as_of_ms: int | None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("logs") / "x.log"
    path.write_bytes(data)
    reading = ReadSettings(SETTINGS.clock_ms, as_of_ms)

    def read(*, is_ahead: bool) -> Any:
        scan = Scanning([Input("x", path, len(data))], reading, lambda _: None)
        vocabulary = Vocabulary()
        if is_ahead:
            scan.begin(vocabulary.codes)
            wait_until_scanned(scan)
        log = read_log(scan, vocabulary)
        log.count_events()
        facts = log.facts.to_distinct_frame()
        sids = log.facts.look_up_sids(facts["sid"]).to_list()
        attributes = [vocabulary.list_attributes()[code] for code in facts["attributes"]]
        rows = sorted(zip(sids, facts["ts"].to_list(), map(repr, attributes), strict=True))
        return vars(log.account), rows

    with pytest.MonkeyPatch.context() as patched:
        for module, name, value in (
            (scanning, "_MIN_THREAD_BYTES", 0),
            (scanning, "_MIN_PACKED_EVENTS", 1),
            (sizes, "BLOCK_BYTES", block_bytes),
            (sizes, "FIRST_BLOCK_BYTES", block_bytes),
        ):
            patched.setattr(module, name, value)
        assert read(is_ahead=True) == read(is_ahead=False)


def test_a_log_whose_facts_were_begun_is_read_with_their_codes(tmp_path: Path) -> None:
    scan = Scanning(make_inputs(tmp_path, 1, 3), SETTINGS, lambda _: None)
    scan.begin(Codes())
    wait_until_scanned(scan)

    with pytest.raises(ValueError, match="another vocabulary"):
        read_log(scan, Vocabulary())
