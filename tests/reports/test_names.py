"""Dialogues that have several names are told where a report shows one of them."""

from pathlib import Path

import harness
import pytest

LOG = harness.log(
    """
09:00 a engaged name=Offer
09:10 b engaged name=Offer
09:20 c engaged name=Pricing
09:20 d engaged id=d2 name=Demo
09:30 e engaged id=d3 name=Tour
2026-11-03T09:00Z e engaged id=d3 name=Tours
2026-11-04T09:00Z f triggered id=d3 name=Tours
"""
)
TOLD = "dcevents: dialogues with several names, shown by the latest: "
OF_D1 = "d1 'Pricing' (1 conversation), 'Offer' (2)"

CASES = [
    pytest.param("completion", OF_D1, id="names of conversations, not of events"),
    pytest.param("summary", OF_D1, id="a report of several"),
    pytest.param("abandonment --by day --by conversation", OF_D1, id="two keys"),
    pytest.param("completion --until 2026-11-02T09:15", None, id="one name in the window"),
    pytest.param("completion --conversation Demo", None, id="others are filtered out"),
    pytest.param("completion --conversation Pricing", OF_D1, id="a filter by id"),
    pytest.param("completion --by day", None, id="no names are shown"),
    pytest.param("conversations", None, id="each row with its own name"),
    pytest.param("completion -q", None, id="quiet"),
]


@pytest.mark.parametrize(("command", "told"), CASES)
def test_several_names_of_a_dialogue_are_told(
    command: str, told: str | None, tmp_path: Path
) -> None:
    (tmp_path / "x.log").write_bytes(LOG)
    store = tmp_path / "store"
    harness.run("ingest", tmp_path / "x.log", "--store", store)

    for source in ([tmp_path / "x.log"], ["--store", store]):
        err = harness.run(*command.split(), *source).err
        lines = [line for line in err.splitlines() if line.startswith(TOLD)]
        assert lines == ([] if told is None else [TOLD + told])


def test_of_many_names_the_latest_are_told() -> None:
    names = "\n".join(f"09:0{i} s{i} engaged name=n{i}" for i in range(5))
    ids = "\n".join(f"09:0{i} t{i} engaged id=e{i // 2} name=n{i}" for i in range(8))

    err = harness.run("completion", stdin=harness.log(f"{names}\n{ids}")).err

    assert err.splitlines()[0] == (
        f"{TOLD}d1 'n4' (1 conversation), 'n3' (1), 'n2' (1), …; "
        "e0 'n1' (1 conversation), 'n0' (1); e1 'n3' (1 conversation), 'n2' (1); and 2 more"
    )


def test_names_that_only_look_alike_are_shown_apart() -> None:
    log = harness.log("09:00 a engaged name=Pricing\n09:01 b engaged id=d2 name=Pric\u200bing")

    table = harness.run("completion", stdin=log)
    program = harness.report(log, "completion")

    assert "\nPric\\u200bing " in table.text
    assert "\nPricing " in table.text
    assert {row["conversation"] for row in program["rows"]} == {"Pricing", "Pric\u200bing"}
