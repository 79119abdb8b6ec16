"""Filters: what they select, and what is said of those that fit nothing, or several ids."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import harness
import naive
import naive_filters
import pytest
from choosing import try_examples
from compare import NOW, analyse, differences, rows
from histories import START, histories, line
from hypothesis import given
from hypothesis import strategies as st

from dcevents.settings import Window

PATTERNS = ["Pricing", "Prices", "pricing", "Pric*", "d1", "D1", "d?", "None", "*"]
AGENTS = ["Ann", "Anna", "ann", "a1", "Bo", "B*", "A1", "nobody"]
BY = [[], ["conversation"], ["day", "conversation"], ["page"], ["hour", "type", "conversation"]]


@given(
    history=histories(),
    pattern=st.sampled_from(PATTERNS),
    by=st.sampled_from(BY),
    hour=st.none() | st.integers(-1, 1),
)
@try_examples(8)
def test_a_conversation_s_filter_selects_what_the_model_selects(
    history: list[dict[str, Any]], pattern: str, by: list[str], hour: int | None
) -> None:
    window = Window(START + (hour or 0) * 3_600_000) if hour is not None else Window()
    data = b"".join(map(line, history))
    log = naive.read([("a.log", data)], now_ms=NOW)
    with TemporaryDirectory() as folder:
        view = analyse([("a.log", data)], Path(folder), window=window, by=tuple(by))
        settings = view.settings._replace(filters={"conversation": (pattern,)}, is_listing=not by)
        view = replace(view, settings=settings)
        convs = naive.conversations(log, since_ms=window.since)
        attempts = naive.attempts(log, since_ms=window.since)
        convs = naive_filters.of_conversation(log, convs, pattern, by)
        attempts = naive_filters.of_conversation(log, attempts, pattern, by)
        if not by:
            assert differences(convs, rows(view, "conversations")) == []
            assert differences(attempts, rows(view, "chats")) == []
            return
        for report, items, measure in (
            ("completion", convs, naive.completion_row),
            ("live-chat", attempts, naive.live_chat_row),
        ):
            expected = naive.grouped(items, by, "UTC", measure, window.since, None)
            assert differences(expected, rows(view, report, by)) == [], report


@given(history=histories(), pattern=st.sampled_from(AGENTS), hour=st.none() | st.integers(-1, 1))
@try_examples(8)
def test_an_agent_s_filter_selects_what_the_model_selects(
    history: list[dict[str, Any]], pattern: str, hour: int | None
) -> None:
    window = Window(START + (hour or 0) * 3_600_000) if hour is not None else Window()
    data = b"".join(map(line, history))
    log = naive.read([("a.log", data)], now_ms=NOW)
    with TemporaryDirectory() as folder:
        view = analyse([("a.log", data)], Path(folder), window=window)
        settings = view.settings._replace(filters={"agent": (pattern,)}, is_listing=True)
        attempts = naive_filters.of_agent(log, naive.attempts(log, since_ms=window.since), pattern)
        assert differences(attempts, rows(replace(view, settings=settings), "chats")) == []


# -- what is said --------------------------------------------------------------------------------

LOG = harness.log(
    """
09:00 a engaged id=d1 name=Pricing page=https://www.example.com/pricing agent=a1 agent_name=Ann
09:01 b engaged id=d2 name=Pricing page=https://www.example.com/demo
09:02 c live_chat_requested id=d2 name=Pricing agent=a1 agent_name=Ann
09:03 d live_chat_requested id=d3 name=Prices agent=a2 agent_name=Ann
09:04 e live_chat_requested id=d3 name=Prices agent=a2 agent_name=Ann
"""
)

NOTHING = "fits nothing in all that was read"
SAID = [
    pytest.param(
        "--conversation Pricng",
        f"--conversation 'Pricng' {NOTHING}; did you mean 'Pricing', 'Prices'?",
        id="the nearest names",
    ),
    pytest.param(
        "--conversation Prices --conversation Pricng",
        f"--conversation 'Pricng' {NOTHING}; did you mean 'Pricing', 'Prices'?",
        id="one of several, though the other fits",
    ),
    pytest.param(
        "--page pricing",
        "--page 'pricing' fits nothing in all that was read; did you mean '/pricing'?",
        id="a page by its path",
    ),
    pytest.param(
        "--agent Anne",
        "--agent 'Anne' fits nothing in all that was read; did you mean 'Ann'?",
        id="an agent",
    ),
    pytest.param(
        "--conversation Zzz",
        f"--conversation 'Zzz' {NOTHING}; there are 'Pricing', 'Prices', 'd1'",
        id="or else the most frequent names",
    ),
    pytest.param(
        "--conversation Pricng --until 2026-11-01",
        f"--conversation 'Pricng' {NOTHING}; did you mean 'Pricing', 'Prices'?",
        id="whatever the window",
    ),
]


@pytest.mark.parametrize(("options", "said"), SAID)
@pytest.mark.parametrize("report", ["completion", "chats"])
def test_what_fits_nothing_is_said_at_every_run(report: str, options: str, said: str) -> None:
    for quiet in ([], ["-q"]):
        result = harness.run(report, *options.split(), *quiet, stdin=LOG)

        assert result.status == 0
        assert result.err.splitlines()[0] == f"dcevents: warning: {said}"
        assert len(result.err.splitlines()) == 1 or not quiet


@pytest.mark.parametrize(
    ("report", "options", "said"),
    [
        pytest.param(
            "completion",
            ["--conversation", "pricing"],
            "--conversation 'pricing' fits 2 ids (conversations): d2 (2), d1 (1)",
            id="conversations",
        ),
        pytest.param(
            "chats",
            ["--conversation", "Pricing"],
            None,
            id="only one of which has live chats",
        ),
        pytest.param(
            "live-chat",
            ["--agent", "Ann"],
            "--agent 'Ann' fits 2 ids (live chats): a2 (2), a1 (1)",
            id="agents",
        ),
        pytest.param("completion", ["--conversation", "d1"], None, id="an id"),
        pytest.param("completion", ["--conversation", "P*"], None, id="a pattern"),
    ],
)
def test_a_name_of_several_ids_is_said(report: str, options: list[str], said: str | None) -> None:

    told = harness.run(report, *options, stdin=LOG).err.splitlines()

    assert [line for line in told if " ids (" in line] == ([f"dcevents: {said}"] if said else [])
    assert harness.run(report, *options, "-q", stdin=LOG).err == ""


def test_an_outcome_that_is_none_is_wrong_usage() -> None:
    result = harness.run("conversations", "--outcome", "abandond", stdin=LOG)

    assert (result.status, result.out) == (2, b"")
    assert "did you mean abandoned?" in result.err
    assert harness.run("chats", "--outcome", "abandoned", stdin=LOG).status == 2
