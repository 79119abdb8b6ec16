"""Events of a block become facts in C as they would one by one in Python."""

import ctypes
from array import array

import pytest
from choosing import try_examples
from columns import find_text, read_row
from hypothesis import given
from hypothesis import strategies as st

from dcevents import native
from dcevents.errors import DcError
from dcevents.model.attributes import NO_AGENT, AttributeColumns, Attributes
from dcevents.model.moments import ANCIENT, FUTURE, UNTIMED
from dcevents.model.numbers.packed_events import (
    CODE_BITS,
    PACKED_UNTIMED,
    EventNumbers,
    pack_events,
)
from dcevents.model.packed.packing import frame_packed
from dcevents.model.vocabulary import Vocabulary

LAST_BELIEVED = 2_000_000
TIMES = st.one_of(
    st.integers(0, 3_000_000),
    st.sampled_from(
        [-1, 0, LAST_BELIEVED, LAST_BELIEVED + 1, PACKED_UNTIMED - 1, PACKED_UNTIMED, UNTIMED - 1]
    ),
    st.sampled_from([UNTIMED, ANCIENT]),
)
CODES = st.one_of(st.integers(0, 5), st.sampled_from([(1 << CODE_BITS) - 1, 1 << CODE_BITS]))
EVENTS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2), TIMES), max_size=30)


@pytest.fixture(scope="module")
def library() -> ctypes.CDLL:
    try:
        found = native.load_library()
    except DcError:
        found = None
    if found is None:
        pytest.skip("the library was not built, or is not to be used")
    return found


@given(
    events=EVENTS,
    numbers=st.lists(st.integers(0, (1 << 32) - 1), min_size=3, max_size=3),
    codes=st.lists(CODES, min_size=3, max_size=3),
    as_of=st.one_of(st.none(), st.integers(0, 3_000_000)),
    believes_all=st.booleans(),
)
@try_examples(60)
def test_facts_are_those_of_single_events(
    library: ctypes.CDLL,
    events: list[tuple[int, int, int]],
    numbers: list[int],
    codes: list[int],
    as_of: int | None,
    believes_all: bool,
) -> None:
    last = UNTIMED - 1 if believes_all else LAST_BELIEVED
    sessions, attributes, times = zip(*events, strict=True) if events else ((), (), ())
    packed = pack_events(
        library,
        EventNumbers(
            array("I", sessions).tobytes(),
            array("I", attributes).tobytes(),
            array("q", times).tobytes(),
            array("I", numbers),
            array("I", codes),
        ),
        last,
        as_of,
    )

    facts, later = [], 0
    for session, attribute, time in events:
        if as_of is not None and as_of < time <= last:
            later += 1
            continue
        moment = FUTURE if last < time < UNTIMED else time
        facts.append((numbers[session], codes[attribute], moment))
    if any(not _fits(code, moment) for _, code, moment in facts):
        assert packed is None
        return
    assert packed is not None
    assert packed.later == later
    assert packed.untimed == sum(time > last for time in times)
    words = [_pack_word(code, moment) for _, code, moment in facts]
    facts_frame = frame_packed(packed)
    assert facts_frame["sid"].to_list() == [sid for sid, _, _ in facts]
    assert facts_frame["time_and_attributes"].to_list() == words


def _fits(code: int, moment: int) -> bool:
    return code < 1 << CODE_BITS and (0 <= moment < PACKED_UNTIMED or moment >= UNTIMED)


def _pack_word(code: int, moment: int) -> int:
    time = moment if moment < UNTIMED else moment - UNTIMED + PACKED_UNTIMED
    return (time << CODE_BITS) + code


@pytest.mark.parametrize("column", ["sessions", "attributes"])
def test_numbers_that_stand_for_nothing_are_refused(library: ctypes.CDLL, column: str) -> None:
    columns = {name: array("I", [0]).tobytes() for name in ("sessions", "attributes")}
    columns[column] = array("I", [1]).tobytes()
    given_events = EventNumbers(
        **columns,
        times=array("q", [0]).tobytes(),
        session_numbers=array("I", [0]),
        codes=array("I", [0]),
    )

    with pytest.raises(IndexError):
        pack_events(library, given_events, LAST_BELIEVED, None)


TEXTS = st.one_of(st.none(), st.sampled_from(["a", "b", "é"]))
ATTRIBUTES = st.builds(Attributes, st.integers(0, 10), *[TEXTS] * 8)
BATCHES = st.lists(st.lists(ATTRIBUTES, max_size=6), max_size=4)


@pytest.mark.parametrize("choice", ["", "python"])
@given(batches=BATCHES, alone=st.lists(ATTRIBUTES, max_size=3))
@try_examples(30)
def test_codes_of_columns_are_those_of_single_attributes(
    choice: str, batches: list[list[Attributes]], alone: list[Attributes]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(native.VARIABLE, choice)
        vocabulary = Vocabulary(alone)
    columns = AttributeColumns()
    known: dict[Attributes, int] = {}
    for each in alone:
        known.setdefault(each, len(known))
    expected: list[int] = []
    for batch in batches:
        for each in batch:
            add_row(columns, each)
            expected.append(known.setdefault(each, len(known)))

        assert vocabulary.codes.list_codes(columns).tolist() == expected
    assert vocabulary.list_attributes() == list(known)
    assert len(vocabulary) == len(known)
    assert [vocabulary.assign_code(each) for each in known] == list(known.values())
    check_tables(vocabulary, list(known))


def check_tables(vocabulary: Vocabulary, expected: list[Attributes]) -> None:
    rows = [
        (each.kind, each.id, each.name, each.type, each.ui_type, each.page, each.agent)
        for each in expected
    ]
    columns = ("kind", "conversation_id", "conversation", "type", "ui_type", "page", "agent_id")
    table = vocabulary.tabulate_attributes()
    assert table.select(columns).rows() == rows
    assert table["agent_name"].to_list() == [each.agent_name for each in expected]
    identities = [(each.kind, each.id, each.agent) for each in expected]
    numbers = vocabulary.number_identities().to_list()
    assert len(set(zip(identities, numbers, strict=True))) == len(set(identities))
    assert len(set(numbers)) == len(set(identities))
    assert 1 << vocabulary.count_id_bits() > len({each.id for each in expected})


def add_row(columns: AttributeColumns, attributes: Attributes) -> None:
    """Add a row; its texts are known, or new."""
    dialogue = (attributes.id, attributes.name, attributes.type, attributes.ui_type)
    agent = (attributes.agent_id, attributes.agent_name)
    values = (dialogue, attributes.page, agent, attributes.meeting_info)
    numbers = map(find_text, columns.texts, values)
    columns.rows.extend((attributes.kind, *numbers))


def test_a_row_without_texts_has_none() -> None:
    columns = AttributeColumns()
    columns.dialogues.append(("d", None, None, None))
    columns.rows.extend((3, 0, 0, 0, 0))

    expected = Attributes(3, "d", None, None, None, None, *NO_AGENT, None)
    assert read_row(columns, 0) == expected
