"""Any events, written in any shape and style, are read back as they were put in.

Spaces, escapes and the order of keys are drawn, and the texts: what the table of shapes says that
is kept, must come out.
"""

import json
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import harness
import pytest
import wrappings
from choosing import try_examples
from hypothesis import given
from hypothesis import strategies as st

from dcevents.model.events import EVENT_KINDS
from samples import envelopes
from samples.envelopes import Event, _writing

pytestmark = pytest.mark.records

NAMES = [event.key for event in EVENT_KINDS]
AGENT = ("agentID", "agentName")


# -- events and styles of writing ------------------------------------------------------------------

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=9) | st.sampled_from(
    [
        "Größe",
        'say "hi"',
        "a\\b",
        "{}",
        '{"sid":"x"}',
        "\u2028",
        "😀",
        "], [",
        "1e5",
        "\x7f",
        "}\n{",
    ]
)
MOMENTS = st.tuples(st.integers(0, 20 * 8_640), st.integers(0, 999)).map(
    lambda drawn: (
        datetime(2026, 10, 20, tzinfo=UTC) + timedelta(seconds=10 * drawn[0], milliseconds=drawn[1])
    )
)
"""Each in ten seconds of its own, so that none is another's duplicate in whole seconds."""


@st.composite
def events(draw: st.DrawFn) -> Event:
    """A canonical event; the type is none that is an event's name."""
    agent = draw(st.sampled_from([(), AGENT]))
    keys = ("sid", "id", "name", *agent)
    payload = {
        **{key: draw(TEXTS) for key in keys},
        "type": "dialogue",
        "uiType": draw(st.sampled_from(["popup", "inline"])),
    }
    when = draw(MOMENTS).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    page = f"https://x.example/{draw(st.integers(0, 99))}"
    return {
        "event": draw(st.sampled_from(sorted(NAMES))),
        "timestamp": when,
        "page": page,
        "data": {"payload": payload},
    }


def style(dice: random.Random) -> Callable[..., str]:
    """A way to write JSON: its spaces, its escapes, and the order of keys,
    which may change from record to record.
    """
    separators = dice.choice([(",", ":"), (", ", ": "), (" , ", "\t: ")])
    ascii_only, steady = dice.random() < 0.5, dice.random() < 0.5
    seed = dice.random()

    def shuffled(value: Any) -> Any:
        if isinstance(value, list):
            return [shuffled(each) for each in value]
        if not isinstance(value, dict) or "events" in value:
            return (
                value
                if not isinstance(value, dict)
                else {key: shuffled(each) for key, each in value.items()}
            )
        order = list(value)
        (random.Random(seed) if steady else dice).shuffle(order)
        return {key: shuffled(value[key]) for key in order}

    return lambda value, **_: json.dumps(
        shuffled(value), separators=separators, ensure_ascii=ascii_only
    )


def again(event: Event, number: int, seconds: int) -> Event:
    """An event that is no other's duplicate, later;
    its name changes so often that it is cut out of lines.
    """
    payload = event["data"]["payload"]
    data = {
        "payload": {
            **payload,
            "id": f"{payload['id']}{number}",
            "name": f"{payload['name']}{seconds}",
        }
    }
    return {
        **event,
        "timestamp": envelopes.iso(envelopes.moment(event) + timedelta(seconds=seconds)),
        "data": data,
    }


def read_back(shape: envelopes.Shape, data: bytes) -> list[dict[str, Any]]:
    """Return the rows of `events` of a log, sorted."""
    result = harness.run("events", "-f", "ndjson", "-q", stdin=data)
    assert result.status == 0, result.err
    return sorted((wrappings.drop_rewritten(shape, row) for row in result.ndjson), key=str)


FIRST_TIME_WINS = {"snowplow-sdk"}
"""Shapes with several times of one rank: of these the order of keys decides."""


@given(
    name=st.sampled_from([name for name in envelopes.SHAPES if name not in FIRST_TIME_WINS]),
    put=st.lists(events(), min_size=1, max_size=5, unique_by=lambda event: event["timestamp"][:18]),
    seed=st.integers(),
)
@try_examples(200)
def test_events_are_read_as_they_were_put_in(name: str, put: list[Event], seed: int) -> None:
    shape = envelopes.SHAPES[name]
    many = [again(event, k, 2 * n) for n in range(5) for k, event in enumerate(put)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_writing, "json", SimpleNamespace(dumps=style(random.Random(seed))))
        data = shape.write(many)

    expected = sorted((wrappings.keep_values(shape, event) for event in many), key=str)

    assert expected == read_back(shape, data)
