"""Facts are grouped alike by C, by polars, and by the plain Python here."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import polars as pl
import pytest
from choosing import try_examples
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from dcevents import native
from dcevents.errors import DcError
from dcevents.model import facts as facts_module
from dcevents.model.attributes import Attributes
from dcevents.model.events import (
    CLOSED,
    COMPLETED,
    LIVE_CHAT_KINDS,
    MEETING_BOOKED,
    STEP_KINDS,
    TRIGGERED,
)
from dcevents.model.facts import Facts
from dcevents.model.fold import add_ranks
from dcevents.model.grouping import (
    DistinctCounts,
    GroupedPart,
    choose_texts,
    drop_repeats,
    group_part,
)
from dcevents.model.moments import ANCIENT, FUTURE, UNTIMED
from dcevents.model.native_grouping import NO_EVENT_MS, NO_STEP, NO_TIME_MS
from dcevents.model.packed.packing import FACT_SCHEMA, FactPart

MAX_ID_BITS = 4
TIMES = st.sampled_from(
    [-5, 0, 1, 2, 3, 1_793_610_000_000, 1 << 42, (1 << 60) - 1, UNTIMED, FUTURE, ANCIENT]
)
FACTS = st.lists(
    st.tuples(
        st.integers(0, 5),
        st.integers(0, 10),
        st.sampled_from([None, "d1", "d2", "d3"]),
        st.sampled_from([None, "a1", "a2"]),
        st.sampled_from(["x", "y", ""]),
        TIMES,
    ),
    max_size=60,
)
MANY_FACTS = st.lists(
    st.tuples(
        st.just(1),
        st.sampled_from([0, 6, 10]),
        st.sampled_from([None, "d1"]),
        st.just(None),
        st.just("x"),
        st.integers(0, 40),
    ),
    min_size=50,
    max_size=200,
)


class Event(NamedTuple):
    """A fact, in words."""

    sid: int
    kind: int
    id: str | None
    agent: str | None
    name: str
    ts: int

    @property
    def time(self) -> int:
        """Its time; times that are none are one."""
        return min(self.ts, UNTIMED)


@pytest.fixture(autouse=True)
def needs_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(native.VARIABLE, "c")
    try:
        native.load_library()
    except DcError:
        pytest.skip("the library was not built")


def make_facts(events: Sequence[Event]) -> Facts:
    facts = Facts()
    codes = [
        facts.vocabulary.assign_code(
            Attributes(each.kind, each.id, each.name, None, None, None, each.agent, None, None)
        )
        for each in events
    ]
    # Blocks of a log: chunks of columns.
    for begin in range(0, len(events), 7):
        part = slice(begin, begin + 7)
        rows = {
            "sid": [each.sid for each in events[part]],
            "attributes": codes[part],
            "ts": [each.ts for each in events[part]],
        }
        facts.add_rows(pl.DataFrame(rows, schema=FACT_SCHEMA))
    return facts


def tabulate_codes(facts: Facts) -> pl.DataFrame:
    rows = facts.vocabulary.list_attributes()
    columns: dict[str, Any] = {
        "kind": pl.Series([each.kind for each in rows], dtype=pl.UInt8),
        "conversation_id": pl.Series([each.id for each in rows], dtype=pl.String),
        "agent_id": pl.Series([each.agent for each in rows], dtype=pl.String),
    }
    return add_ranks(pl.DataFrame(columns))


def group_by(choice: str, part: FactPart, codes: pl.DataFrame) -> GroupedPart:
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv(native.VARIABLE, choice)
        return group_part(part, codes, MAX_ID_BITS)


def group_naively(
    events: set[Event], codes: pl.DataFrame
) -> tuple[list[dict[str, Any]], list[tuple[Any, ...]], DistinctCounts]:
    """Conversations, chat events and counts, by plain Python."""
    ranks = dict(codes.select("conversation_id", "id_rank").iter_rows())
    agents = dict(codes.select("agent_id", "agent").iter_rows())
    conversations: dict[int, list[Event]] = {}
    for each in events:
        conversations.setdefault(each.sid << MAX_ID_BITS | ranks[each.id], []).append(each)
    rows, chats = [], []
    for key, own in sorted(conversations.items()):
        rows.append({"conversation_key": key, **describe_conversation(own)})
        if any(each.kind in LIVE_CHAT_KINDS for each in own):
            found = {
                (key, each.time, agents[each.agent], each.kind)
                for each in own
                if each.kind in {*LIVE_CHAT_KINDS, CLOSED}
            }
            chats += sorted(found, key=lambda row: (row[1], row[3], row[2] or 0))
    return rows, chats, count_naively(events)


def describe_conversation(events: list[Event]) -> dict[str, Any]:
    def first(kinds: set[int]) -> int:
        return min((each.time for each in events if each.kind in kinds), default=NO_EVENT_MS)

    def last(kinds: set[int]) -> int:
        timed = [each.ts for each in events if each.kind in kinds and each.ts < UNTIMED]
        return max(timed, default=NO_TIME_MS)

    everything = set(range(11))
    steps = {(first({kind}), kind) for kind in STEP_KINDS}
    steps = {(ts, kind) for ts, kind in steps if ts < UNTIMED}
    bookings = {(each.time, each.agent) for each in events if each.kind == MEETING_BOOKED}
    return {
        "first_at": min(each.time for each in events),
        "shown_at": first({TRIGGERED}),
        "engaged_at": first(everything - {TRIGGERED, CLOSED}),
        "completed_at": first({COMPLETED}),
        "active_at": last(everything - {TRIGGERED}),
        "closed_at": last({CLOSED}),
        "meetings": len(bookings),
        "kind_bits": sum(1 << kind for kind in {each.kind for each in events}),
        "step": max(steps)[1] if steps else NO_STEP,
    }


def count_naively(events: set[Event]) -> DistinctCounts:
    def distinct(reasons: set[int] | None) -> int:
        return len(
            {
                (each.sid, each.id, each.kind, each.agent, each.time)
                for each in events
                if reasons is None or each.ts in reasons
            }
        )

    reasons = ({UNTIMED, FUTURE, ANCIENT}, {FUTURE}, {ANCIENT})
    return DistinctCounts(distinct(None), *map(distinct, reasons))


@given(rows=st.one_of(FACTS, MANY_FACTS))
@try_examples(40)
def test_all_ways_of_grouping_are_the_same(rows: list[tuple[Any, ...]]) -> None:
    events = [Event(*row) for row in rows]
    facts = make_facts(events)
    codes = tabulate_codes(facts)
    (part,) = facts.split_by_session()
    conversations, chats, counts = group_naively({*events}, codes)
    for choice in ("c", "python"):
        found = group_by(choice, part, codes)
        assert found.conversations.sort("conversation_key").to_dicts() == conversations
        assert found.chat_events.rows() == chats
        assert found.counts == counts
    assert facts.count_distinct() == counts


def choose_naively(events: set[Event], codes: pl.DataFrame, *, latest: bool) -> dict[int, str]:
    """Key to name, by plain Python (definitions 2)."""
    ranks = dict(codes.select("conversation_id", "id_rank").iter_rows())
    named: dict[int, list[Event]] = {}
    for each in events:
        if each.name:
            named.setdefault(each.sid << MAX_ID_BITS | ranks[each.id], []).append(each)
    choose = max if latest else min
    chosen = {}
    for key, own in named.items():
        timed = [(each.ts, each.kind, each.name) for each in own if each.ts < UNTIMED]
        names = [each.name for each in own]
        chosen[key] = choose(timed)[2] if timed else choose(names)
    return chosen


@given(rows=st.one_of(FACTS, MANY_FACTS), latest=st.booleans())
@try_examples(40)
def test_all_ways_of_choosing_texts_are_the_same(
    rows: list[tuple[Any, ...]], *, latest: bool
) -> None:
    events = [Event(*row) for row in rows]
    facts = make_facts(events)
    names = [each.name or None for each in facts.vocabulary.list_attributes()]
    texts = pl.Series("rank", names, dtype=pl.String)
    ranks = texts.rank("dense").fill_null(0).cast(pl.UInt32)
    codes = tabulate_codes(facts).with_columns(ranks)
    (part,) = facts.split_by_session()
    expected = choose_naively({*events}, codes, latest=latest)
    of_ranks = dict(zip(ranks, texts, strict=True))
    for choice in ("c", "python"):
        with pytest.MonkeyPatch.context() as monkeypatch:
            monkeypatch.setenv(native.VARIABLE, choice)
            found = choose_texts(part, codes, MAX_ID_BITS, latest=latest)
        assert {key: of_ranks[rank] for key, rank in found.iter_rows()} == expected


@given(rows=FACTS)
@try_examples(20)
def test_each_fact_is_left_once_in_the_part_of_its_session(rows: list[tuple[Any, ...]]) -> None:
    facts = make_facts([Event(*row) for row in rows])
    everything = facts.to_frame().unique().sort(*FACT_SCHEMA)
    (part,) = facts.split_by_session()
    code_count = len(facts.vocabulary)
    for choice in ("c", "python"):
        with pytest.MonkeyPatch.context() as monkeypatch:
            monkeypatch.setenv(native.VARIABLE, choice)
            found = [
                drop_repeats(part._replace(first_sid=first, end_sid=end), code_count)
                for first, end in ((0, 2), (2, 3), (3, 6))
            ]
        assert_frame_equal(pl.concat(found).sort(*FACT_SCHEMA), everything)


def test_parts_have_all_facts_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts_module, "_PART_ROWS", 10)
    events = [Event(n % 37, n % 11, "d1", None, "x", n) for n in range(500)]
    facts = make_facts(events)
    parts = facts.split_by_session()
    codes = tabulate_codes(facts)

    keys = [group_by("c", part, codes).conversations["conversation_key"] for part in parts]

    assert len(parts) == 50
    assert pl.concat(keys).to_list() == [(sid << MAX_ID_BITS) + 1 for sid in range(37)]
    assert_frame_equal(
        pl.concat([part.to_frame() for part in parts]).sort(*FACT_SCHEMA),
        facts.to_frame().sort(*FACT_SCHEMA),
    )


def test_attributes_that_are_none_are_an_error() -> None:
    facts = make_facts([Event(0, 1, "d1", None, "x", 5)])
    (part,) = facts.split_by_session()
    with pytest.raises(ValueError, match="attributes"):
        group_part(part, tabulate_codes(facts).clear(), MAX_ID_BITS)
