"""Sessions go by a hash of their sid. Where hashes collide, no two sessions become one,
and none becomes two.
"""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from compare import analyse
from dcevents.reading.parsing import parse, shapes
from harness import log

from dcevents.model import sessions as sids
from dcevents.model.attributes import Attributes
from dcevents.model.facts import FACT_SCHEMA, Facts
from dcevents.model.sessions import Numbering, hash_sids
from dcevents.reading.sources import sizes

LISTINGS = ("events", "conversations", "sessions", "chats")
BITS = 10


def narrow(texts: Any, salt: int = 0) -> Any:
    """Hash to so few values that many collide, in the bits that differ between sessions."""
    return texts.hash(salt) // (1 << (64 - BITS)) * (1 << (64 - BITS))


def low(texts: Any, salt: int = 0) -> Any:
    """Hash, with the first salt, to numbers that differ in their lowest bits only."""
    return texts.hash(salt) % 256 if salt == 0 else texts.hash(salt)


def traffic() -> list[tuple[str, bytes]]:
    """Ninety sessions, each of them in two of three files,
    a few with sids that only one way of reading reads.
    """
    kinds = (
        "triggered",
        "engaged",
        "live_chat_requested",
        "live_chat_initiated",
        "completed",
        "closed",
    )
    names = [f"s{n:03d}" for n in range(86)] + ["=7", "größe", '"a\\"b"', "x" * 50]
    files: list[list[str]] = [[], [], []]
    for n, name in enumerate(names):
        for step in range(1 + n % len(kinds)):
            line = f"10:{n % 60:02d}:{step:02d} {name!s} {kinds[step]} id=d{n % 3} agent=a{n % 4}"
            files[(n + step) % 3].append(line)
    return [(f"{n}.log", log("\n".join(lines))) for n, lines in enumerate(files)]


def found(folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, list[dict[str, Any]]]:
    """All listings of the traffic, read in small blocks, first by the column, then line by line."""
    from dcevents import reports  # noqa: PLC0415

    for name in ("FIRST_BLOCK_BYTES", "BLOCK_BYTES"):
        monkeypatch.setattr(sizes, name, 4000)
    rows: dict[str, list[dict[str, Any]]] = {}
    for sample in (5, 10_000):
        where = folder / str(sample)
        where.mkdir(parents=True)
        view = analyse(traffic(), where, sample=sample)
        for name in LISTINGS:
            table = reports.load_reports()[name].make_tables(view, ())[0].rows
            rows[f"{name}, {sample}"] = table.select(pl.exclude("file")).to_dicts()
    return rows


@pytest.mark.parametrize(
    "other", [narrow, low], ids=["few numbers", "numbers that differ in their lowest bits"]
)
def test_sessions_whose_numbers_collide_are_told_apart(
    other: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = found(tmp_path / "wide", monkeypatch)
    for module in (sids, shapes, parse):
        monkeypatch.setattr(module, "hash_sids", other)
    names = pl.Series([row["sid"] for row in expected["sessions, 5"]])
    shared = names.len() - (other(names) // 16).n_unique()
    assert shared > 2, "the test would show nothing"
    assert found(tmp_path / "narrow", monkeypatch) == expected


def test_sessions_are_told_apart_again_when_ids_take_more_bits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        sids,
        "hash_sids",
        lambda texts, salt=0: texts.hash(salt) if salt else texts.str.len_bytes() * 2,
    )
    state = Facts()
    texts = pl.Series(["a", "aa"])
    code = state.vocabulary.assign_code(Attributes(0, "d0", *[None] * 7))
    numbers, sessions = state.vocabulary.numbering.number_distinct(
        sids.hash_sids(texts).cast(pl.UInt64), texts
    )
    state.add_rows(
        pl.DataFrame({"sid": numbers, "attributes": [code] * 2, "ts": [1, 2]}, schema=FACT_SCHEMA),
        sessions,
    )
    state.resolve_collisions()
    for n in range(1, 9):
        state.vocabulary.assign_code(Attributes(0, f"d{n}", *[None] * 7))

    state.resolve_collisions()

    high = state.to_frame()["sid"] // (1 << state.vocabulary.count_id_bits())
    assert (2, ["a", "aa"]) == (
        high.n_unique(),
        state.look_up_sids(state.to_frame()["sid"]).to_list(),
    )


def test_a_number_follows_from_the_text_and_which_are_reserved() -> None:
    texts = pl.Series(["a", "b", "c"])
    first = hash_sids(texts).to_list()
    numbering = Numbering([first[1]])
    assert [first[0], hash_sids(texts, 1)[1], first[2]] == numbering.number_sids(texts).to_list()
    numbering.reserve_numbers([hash_sids(texts, 1)[1]])
    assert hash_sids(texts, 2)[1] == numbering.number_sids(["b"])[0]


@pytest.mark.parametrize(
    "texts",
    [
        ["a", "b"],
        ["a" * 40, "b" * 40],
        ["a\nb", "c"],
        ['q"', "a"],
        ["größe", "x"],
        ["\n", "\n\n"],
        [],
    ],
    ids=json.dumps,
)
def test_texts_come_back_as_they_were(texts: list[str]) -> None:
    series = pl.Series(texts, dtype=pl.String)
    some = sids.gather_sessions(hash_sids(series), series)
    assert texts == some.list_sids().to_list()
    everything = pl.Series([True] * len(texts), dtype=pl.Boolean)
    assert some.to_frame().rows() == some.select_rows(everything).rows()
    assert some.is_plain == (not any(c in text for text in texts for c in '"\\\n'))
