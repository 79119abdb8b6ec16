"""Lines under a user's map: every scanner says the same of them, and the one in C takes them."""

import json
from typing import Any

import pytest
import scanned
from choosing import try_examples
from hypothesis import given
from hypothesis import strategies as st
from odd_lines import read_data

from dcevents.reading.judge import Mapping
from dcevents.reading.scanner import LineStatus, make_scanner
from dcevents.settings import MAPPED_PARTS

OPENED = (("Chat Opened", "CONVERSATION_TRIGGERED"), ("up", "adobedx.conversations.ready"))
MOMENT = "2026-11-02T09:15:04.120Z"

KEYS = st.sampled_from(
    [
        *("what", "who", "when", "box", "a.b", "id", "sid", "event", "data", "payload", "message"),
        *("answers", "url", "page", "name", "key", "value", "S", "timestamp"),
    ]
)
SCALARS = st.sampled_from(
    [
        *("Chat Opened", "CONVERSATION_ENGAGED", "closed", "up", "x", "", " ", "s1", MOMENT, None),
        *(0, 12.5, 1_793_610_904, True, "https://x.example/a?b=c", "?q", "y" * 70),
    ]
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.dictionaries(KEYS, inner, max_size=4),
        st.dictionaries(KEYS, inner, max_size=3).map(json.dumps),
        st.lists(inner, max_size=3),
    ),
    max_leaves=8,
)
RECORDS = st.dictionaries(KEYS, VALUES, min_size=1, max_size=5)
PATHS = st.lists(KEYS, min_size=1, max_size=3).map(".".join)
MAPS = st.builds(
    lambda paths, names: Mapping(tuple(paths.items()), names),
    st.dictionaries(st.sampled_from(MAPPED_PARTS), PATHS, max_size=4),
    st.sampled_from([(), OPENED, OPENED[:1]]),
)


@given(records=st.lists(RECORDS, min_size=1, max_size=6), mapping=MAPS)
@try_examples(20)
def test_all_scanners_say_the_same_under_a_map(
    records: list[dict[str, Any]], mapping: Mapping
) -> None:
    data = "".join(json.dumps(record) + "\n" for record in records * 3).encode()

    assert read_data(data, mapping=mapping) == read_data(data, scanner="python", mapping=mapping)


ODD = {"what": "Chat Opened", "when": MOMENT, "box": {"who": "v1", "about": "d1", "n": 1}}
TEXT = {"line": json.dumps(ODD), "host": "h"}


@pytest.mark.parametrize(
    ("record", "paths"),
    [
        (ODD, {"event": "what", "sid": "who"}),
        (ODD, {"event": "what", "sid": "box.who", "id": "about", "timestamp": "when"}),
        ({"event": "Chat Opened", "box": {"who": "v1"}}, {"sid": "box.who"}),
        (TEXT, {"event": "line.what", "sid": "line|json.box.who", "timestamp": "line.when"}),
        ({"answers": ODD}, {"event": "answers.what", "sid": "answers.box.who"}),
    ],
)
def test_lines_under_a_map_are_taken(record: dict[str, Any], paths: dict[str, str]) -> None:
    context = scanned.CONTEXT._replace(mapping=Mapping(tuple(paths.items()), OPENED))
    data = (json.dumps(record) + "\n").encode() * 9

    block = make_scanner(context, in_full=False).scan(data)

    assert [LineStatus.EVENT] == [run.status for run in block.runs]


def test_what_is_short_is_an_event_under_a_map() -> None:
    """No event of Dynamic Chat is as short: without a map such lines are passed within a value."""
    data = b'{"open":\n{"a":"up"}\n{"a":"x","b":1}\n'
    mapping = Mapping((("event", "a"), ("sid", "b")), (("x", "CONVERSATION_CLOSED"), OPENED[1]))

    tally, *_ = read_data(data, mapping=mapping)

    assert {"event": 1, "widget_ready": 1, "invalid_json": 1} == tally
