"""Blocks that are read and scanned ahead."""

from collections.abc import Generator
from pathlib import Path

import pytest

from dcevents.errors import InputError
from dcevents.reading import scanning
from dcevents.reading.read_settings import ReadSettings
from dcevents.reading.scanning import ScannedInput, Scanning
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
