"""A naive model of envelopes: any events, wrapped into every shape,
are read back as they were put in.

`PLACES` says of each shape of `samples/envelopes.py` where its parts stand, and `records` what its
records are: with Python's `json`, knowing nothing of how dcevents reads. Spaces, escapes and the
order of keys are drawn.
"""

import base64
import json
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import harness
import pytest
from choosing import try_examples
from hypothesis import given
from hypothesis import strategies as st

from dcevents.model.events import EVENT_KINDS
from samples import envelopes

pytestmark = pytest.mark.records

Event = dict[str, Any]
Found = tuple[Any, ...]
KINDS = {event.key: event.kind for event in EVENT_KINDS}
AGENT = ("agentID", "agentName")
KEYS = ("sid", "id", "name", "type", "uiType", *AGENT)


# -- the model -------------------------------------------------------------------------------------


def values(text: str) -> Iterator[Any]:
    """JSON values one after the other, whatever blank is between them."""
    decoder, at = json.JSONDecoder(), 0
    while text[at:].strip(" \n\x1e"):
        at += len(text[at:]) - len(text[at:].lstrip(" \n\x1e"))
        value, at = decoder.raw_decode(text, at)
        yield value


def in_message(row: list[Event]) -> Any:
    """The record in a row of Insights, which is a list of fields with their values."""
    return json.loads(next(pair["value"] for pair in row if pair["field"] == "@message"))


def behind(text: str) -> Iterator[Any]:
    """The JSON of each line, which begins with its first brace."""
    for line in text.split("\n"):
        if line:
            yield json.loads(line[line.index("{") :])


def opened(key: str) -> Callable[[Event], Event]:
    """The record in a text that is JSON, under a key."""
    return lambda record: json.loads(record[key])


def nested(record: Event) -> Event:
    """A record whose keys have one dot, as an object in an object."""
    made: Event = {}
    for key, value in record.items():
        outer, dot, inner = key.partition(".")
        made.setdefault(outer, {}).update({inner: value}) if dot else made.update({key: value})
    return made


def renamed(record: Event) -> Event:
    """A record in snake_case, flat, with Adobe's keys in a payload."""
    adobe = {snake: key for key, snake in envelopes.SNAKE.items()}
    return {**record, "payload": {adobe.get(key, key): value for key, value in record.items()}}


def at(record: Any, path: str) -> Any:
    """What stands at a path; the record itself at the empty one."""
    for key in path.split(".") if path else ():
        record = record[key]
    return record


CANONICAL = ("event", "timestamp", "page", "data.payload")
ANALYTICS = ("event", "originalTimestamp", "context.page.url", "properties")
MIXPANEL = ("event", "properties.time", "properties.$current_url", "properties")
POSTHOG = ("event", "timestamp", "properties.$current_url", "properties")
IN_SOURCE = ("_source.event", "_source.timestamp", "_source.page", "_source.data.payload")
PLACES: dict[str, tuple[str, str | None, str, str]] = {
    "event-data": ("event", "timestamp", "page", "payload"),
    "whole-event": ("event.type", "timestamp", "page", "event.data.payload"),
    "detail": ("type", "detail.timestamp", "detail.page", "detail.data.payload"),
    "flat": ("event", "timestamp", "page", ""),
    "dotted": ("event", "timestamp", "page", "payload"),
    "snake-case": ("event_name", "timestamp", "page_url", "payload"),
    "gtm": ("event", "timestamp", "page", "dc"),
    "nginx-seconds": ("body.event", "time", "body.page", "body.data.payload"),
    "cloud-json": ("jsonPayload.event", "jsonPayload.timestamp", "jsonPayload.page",
        "jsonPayload.data.payload"),
    "syslog-seconds": ("event", None, "page", "data.payload"),
    "segment": ANALYTICS, "rudderstack": ANALYTICS, "mixpanel": MIXPANEL,
    "mixpanel-seconds": MIXPANEL,
    "amplitude": ("event_type", "event_time", "event_properties.page", "event_properties"),
    "posthog": POSTHOG, "posthog-text": POSTHOG,
    "elasticsearch": IN_SOURCE, "elasticsearch-search": IN_SOURCE,
}  # fmt: skip
"""Event, time, page and payload; `None` is in the prefix.
Those that are not named are canonical when unwrapped.
"""
UNWRAPPED: dict[str, Callable[[Any], Event]] = {
    **{name: opened("body") for name in ("nginx", "lambda", "lambda-http")},
    **{name: opened("log") for name in ("docker", "fluent-bit")},
    **{
        name: opened("message")
        for name in ("vector", "cloudwatch-filter", "cloudwatch-subscription")
    },
    "cloud-text": opened("textPayload"),
    "journald-json": opened("MESSAGE"),
    "encoded": json.loads,
    "insights": in_message,
    "lambda-base64": lambda record: json.loads(base64.b64decode(record["body"])),
    "nginx-seconds": lambda record: {**record, "body": json.loads(record["body"])},
    "posthog-text": lambda record: {**record, "properties": json.loads(record["properties"])},
    "dotted": nested,
    "snake-case": renamed,
}
LISTS: dict[str, Callable[[Any], Any]] = {
    "batch-array": lambda value: value, "array": lambda value: value,
    "array-lines": lambda value: value,
    "array-pretty": lambda value: value, "batch-events": lambda value: value["events"],
    "cloudwatch-filter": lambda value: value["events"],
    "cloudwatch-subscription": lambda value: value["logEvents"],
    "insights": lambda value: value["results"],
    "elasticsearch-search": lambda value: value["hits"]["hits"],
    "nginx-lines": lambda value: values(value["body"]),
}  # fmt: skip
PREFIXED = {
    "compose", "cri", "kubectl", "kubectl-prefix", "cloudwatch-export", "syslog", "syslog-seconds",
    "syslog-5424",
    "journald",
}  # fmt: skip


def records(name: str, data: bytes) -> Iterator[Event]:
    """The records of a log in a shape."""
    for value in (behind if name in PREFIXED else values)(data.decode()):
        for record in LISTS[name](value) if name in LISTS else [value]:
            yield UNWRAPPED[name](record) if name in UNWRAPPED else record


def time_of(value: Any) -> int:
    """Milliseconds of a time in ISO 8601, or as a number of seconds or milliseconds."""
    if str(value).isdigit():
        return int(value) * (1 if len(str(value)) > 10 else 1000)
    moment = datetime.fromisoformat(value)
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def by_the_model(name: str, data: bytes) -> list[Found]:
    """What a log says: of each event the kind, milliseconds (None: in its prefix),
    page and conversation.
    """
    event, time, page, payload = PLACES.get(name, CANONICAL)
    return [
        (
            KINDS[at(each, event)],
            time and time_of(at(each, time)),
            at(each, page),
            *map(at(each, payload).get, KEYS),
        )
        for each in records(name, data)
    ]


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
MOMENTS = st.integers(0, 20 * 86_400_000).map(
    lambda ms: datetime(2026, 10, 20, tzinfo=UTC) + timedelta(milliseconds=ms)
)


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
        "event": draw(st.sampled_from(sorted(KINDS))),
        "timestamp": when,
        "page": page,
        "data": {"payload": payload},
    }


def style(dice: random.Random) -> Callable[[object], str]:
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

    return lambda value: json.dumps(shuffled(value), separators=separators, ensure_ascii=ascii_only)


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


def by_dcevents(data: bytes) -> list[Found]:
    """What `dcevents events` says of a log, sorted."""
    result = harness.run("events", "-f", "ndjson", "-q", stdin=data)
    assert (0, "") == (result.status, result.err)
    columns = (
        "kind",
        "timestamp",
        "page",
        "sid",
        "conversation_id",
        "conversation",
        "type",
        "ui_type",
        "agent_id",
    )
    return sorted((tuple(row[column] for column in columns) for row in result.ndjson), key=str)


def shown(found: Found) -> Found:
    """An event of the model's as dcevents shows it."""
    kind, ms, page, *conversation, _ = found
    when = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
    return (
        kind,
        when.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        page,
        *conversation,
    )


@pytest.mark.parametrize("name", envelopes.SHAPES)
@given(
    put=st.lists(events(), min_size=1, max_size=5, unique_by=lambda event: event["timestamp"]),
    seed=st.integers(),
)
@try_examples(2)
def test_events_are_read_as_they_were_put_in(name: str, put: list[Event], seed: int) -> None:
    dice = random.Random(seed)
    many = [again(event, k, n) for n in range(5) for k, event in enumerate(put)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(envelopes, "text", style(dice))
        data = envelopes.SHAPES[name].write(many)
        read = by_dcevents(data)

    said = by_the_model(name, data)
    into = by_the_model("canonical", envelopes.SHAPES["canonical"].write(many))
    if not envelopes.SHAPES[name].fine:
        into = [(kind, ms // 1000 * 1000, *rest) for kind, ms, *rest in into]
    if PLACES.get(name, CANONICAL)[1] is None:
        said = [(kind, ms, *rest) for (kind, _, *rest), (_, ms, *_) in zip(said, into, strict=True)]
    assert into == said
    assert sorted({shown(each) for each in said}, key=str) == read
