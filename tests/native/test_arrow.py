"""Columns go from C to polars and back without a copy, and are let go once."""

import array
import ctypes
import gc
import threading

import polars as pl
import pytest
from polars.testing import assert_series_equal

from dcevents import native
from dcevents.errors import DcError
from dcevents.native import arrow
from dcevents.native.memory import allocate, copy_bytes, open_bytes


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> ctypes.CDLL:
    monkeypatch.setenv(native.VARIABLE, "c")
    try:
        found = native.load_library()
    except DcError:
        pytest.skip("the library was not built")
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("dtype", "code", "values"),
    [
        (pl.UInt8, "B", [0, 255]),
        (pl.UInt16, "H", [0, 65_535]),
        (pl.UInt32, "I", [0, (1 << 32) - 1]),
        (pl.UInt64, "Q", [0, (1 << 64) - 1]),
        (pl.Int64, "q", [-(1 << 63), (1 << 63) - 1]),
    ],
)
def test_numbers_come_as_they_were(
    library: ctypes.CDLL,
    dtype: type[pl.DataType],
    code: str,
    values: list[int],
) -> None:
    memory = copy_bytes(library, array.array(code, [*values, 7]).tobytes())

    column = arrow.make_series(memory, dtype, 2)

    assert_series_equal(column, pl.Series(values, dtype=dtype))


def test_columns_outlive_their_memorys_first_owner(library: ctypes.CDLL) -> None:
    numbers = array.array("I", range(100_000))
    memory = copy_bytes(library, numbers.tobytes())
    columns = [
        arrow.make_series(memory, pl.UInt32, 1000, offset=4 * n) for n in range(0, 99_000, 500)
    ]
    del memory
    gc.collect()

    assert [column[999] for column in columns] == [n + 999 for n in range(0, 99_000, 500)]


def test_columns_may_be_dropped_in_any_thread(library: ctypes.CDLL) -> None:
    def work() -> None:
        for n in range(200):
            memory = copy_bytes(library, array.array("Q", range(n, n + 1000)).tobytes())
            frame = arrow.make_series(memory, pl.UInt64, 1000).alias("x").to_frame()
            assert frame.lazy().select(pl.col("x").sum()).collect().item() == sum(
                range(n, n + 1000)
            )

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_a_column_that_nobody_takes_is_let_go(library: ctypes.CDLL) -> None:
    memory = copy_bytes(library, b"\0" * 8)
    for _ in range(3):
        column = arrow._Column(library, arrow.ArrowArray(), b"L")
        assert column.__arrow_c_array__()
    assert arrow.make_series(memory, pl.UInt64, 1).to_list() == [0]


def test_no_rows_make_a_column(library: ctypes.CDLL) -> None:
    memory = allocate(library, 8)
    assert arrow.make_series(memory, pl.Int64, 0).to_list() == []
    ctypes.memset(memory.address, 0, 8)
    assert arrow.make_texts(memory, 0).to_list() == []


def test_chunks_and_slices_are_read_where_they_lie() -> None:
    column = pl.concat([pl.Series([1, 2, 3], dtype=pl.UInt32)[1:], pl.Series([4], dtype=pl.UInt32)])
    with arrow.open_series(column) as (form, chunks):
        found = [
            (ctypes.c_uint32 * chunk.length).from_address(arrow.find_values(chunk, pl.UInt32))[:]
            for chunk in chunks
        ]
    assert (form, found) == (b"I", [[2, 3], [4]])


@pytest.mark.parametrize("data", [b"abc", bytearray(b"abc"), memoryview(b"abc")], ids=type)
def test_bytes_of_all_kinds_are_lent(data: bytes | bytearray | memoryview) -> None:
    with open_bytes(data) as lent:
        assert bytes(lent)[:3] == b"abc"
