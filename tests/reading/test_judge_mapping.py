"""The user's map in the judge: parts at the places that it says, and names of events."""

import base64
import json
from typing import Any

import judging
import pytest
import wrappings
from choosing import choose_some
from judging import CONTEXT, MONDAY, judge

from dcevents.reading.json_value import decode
from dcevents.reading.judge import Event, Mapping, judge_value, write_path
from dcevents.reading.judge.mapping import cut_location, simplify_path

AT = "2025-11-03T09:00:00.000Z"
CANONICAL = {
    "event": "CONVERSATION_ENGAGED",
    "timestamp": MONDAY,
    "page": "https://x.example/a",
    "data": {"payload": {"sid": "s", "id": "d1", "name": "Pricing"}},
}
SAID = f"engaged sid=s id=d1 name=Pricing page=https://x.example/a at={AT}"
ODD = {
    "what": "Chat Opened",
    "when": MONDAY,
    "at": "2025-11-04T00:00:00Z",
    "visitor": {"who": "v1", "sid": "s1"},
    "box": {"sid": "s2", "id": "d2", "where": "https://x.example/b", "dialogue": "Pricing"},
}
OPENED = (("Chat Opened", "CONVERSATION_ENGAGED"),)


def judge_mapped(
    value: Any, paths: dict[str, str], names: tuple[tuple[str, str], ...] = OPENED
) -> list[str]:
    """Return the findings of a value under a map, as short texts."""
    mapping = Mapping(tuple(paths.items()), names)
    return judge(value, context=CONTEXT._replace(mapping=mapping))


@pytest.mark.parametrize(
    ("paths", "said"),
    [
        ({"event": "what"}, "engaged sid=s2 id=d2 at={at}"),
        ({"event": "what", "payload": "visitor"}, "engaged sid=s1 at={at}"),
        ({"event": "what", "payload": "visitor", "sid": "who"}, "engaged sid=v1 at={at}"),
        ({"event": "what", "payload": "visitor", "sid": "visitor.who"}, "engaged sid=v1 at={at}"),
        ({"event": "what", "sid": "visitor.who", "payload": "box"}, "engaged sid=v1 id=d2 at={at}"),
        ({"event": "what", "sid": "who"}, "engaged sid=v1 at={at}"),
        ({"event": "what", "timestamp": "when"}, f"engaged sid=s2 id=d2 at={AT}"),
        (
            {"event": "what", "page": "box.where"},
            "engaged sid=s2 id=d2 page=https://x.example/b at={at}",
        ),
        ({"event": "what", "name": "dialogue"}, "engaged sid=s2 id=d2 name=Pricing at={at}"),
        ({"event": "what", "name": "box.dialogue"}, "engaged sid=s2 id=d2 name=Pricing at={at}"),
    ],
)
def test_parts_are_where_the_map_says(paths: dict[str, str], said: str) -> None:
    assert [said.format(at="2025-11-04T00:00:00.000Z")] == judge_mapped(ODD, paths)


def test_names_alone_are_looked_for_where_events_are_named() -> None:
    record = {"event": "chat-opened", "data": {"payload": {"sid": "s", "id": "d"}}}

    assert ["unknown_event chat-opened"] == judge(record)
    assert ["engaged sid=s id=d"] == judge_mapped(record, {})
    assert ["rejected no_sid"] == judge_mapped({"event": "chat-opened"}, {})
    assert ["unknown_event x"] == judge_mapped(
        {"event": "x", "sid": "s", "text": "Chat Opened"}, {}
    )


def test_a_name_may_mean_the_widget_is_ready() -> None:
    names = (("Loaded", "adobedx.conversations.ready"),)

    assert ["widget_ready"] == judge_mapped({"event": "loaded"}, {}, names)
    assert ["widget_ready"] == judge_mapped({"x": {"y": "loaded"}}, {"event": "x.y"}, names)


def test_a_record_without_an_event_there_is_read_as_ever() -> None:
    paths = {"event": "nowhere", "payload": "nothing", "timestamp": "never", "sid": "nobody"}

    assert [SAID] == judge_mapped(CANONICAL, paths)
    assert [SAID] == judge_mapped({"log": json.dumps(CANONICAL)}, paths)


def test_what_stands_at_the_mapped_place_decides_the_bucket() -> None:
    assert ["unknown_event Rated"] == judge_mapped({"a": {"b": "Rated"}}, {"event": "a.b"})
    assert ["rejected no_sid"] == judge_mapped({"a": {"b": "Chat Opened"}}, {"event": "a.b"})
    assert ["rejected no_event"] == judge_mapped({"a": {"b": None}}, {"event": "a.b"})


def test_a_mapped_time_alone_goes_before_all_others() -> None:
    record = CANONICAL | {"xdm": {"when": "2025-11-05T00:00:00Z"}}

    assert [SAID.replace(AT, "2025-11-05T00:00:00.000Z")] == judge_mapped(
        record, {"timestamp": "xdm.when"}
    )
    for none in (None, "soon", 0):
        assert [SAID] == judge_mapped(record | {"xdm": {"when": none}}, {"timestamp": "xdm.when"})


def test_the_record_itself_is_a_dot() -> None:
    flat = {"what": "Chat Opened", "sid": "s", "inner": {"sid": "t", "id": "d", "name": "n"}}

    assert ["engaged sid=t id=d name=n"] == judge_mapped(flat, {"event": "what"})
    assert ["engaged sid=s"] == judge_mapped(flat, {"event": "what", "payload": "."})


def test_paths_lead_through_texts_and_base64() -> None:
    inner = json.dumps({"what": "Chat Opened", "box": json.dumps({"sid": "s", "id": "d"})})
    packed = base64.b64encode(inner.encode()).decode()
    paths = {"event": "a.headers.what", "payload": "a.headers.box"}

    for text in (inner, packed):
        assert ["engaged sid=s id=d"] == judge_mapped({"a": {"headers": text}}, paths)
        assert ["engaged sid=s id=d"] == judge_mapped([{"a": {"headers": text}}], paths)


@pytest.mark.parametrize("how", ["objects", "texts"])
@pytest.mark.parametrize("is_marked", [False, True])
def test_paths_lead_through_lists(how: str, *, is_marked: bool) -> None:
    events: list[Any] = [
        {"what": "Chat Opened", "box": {"sid": "s1"}, "when": MONDAY},
        {"what": "Rated", "box": {"sid": "s2"}},
        {"box": {"sid": "s3"}},
        {"what": "Chat Opened", "box": {"sid": "s4"}},
    ]
    mark = "|json" if is_marked and how == "texts" else ""
    events = [json.dumps(each) for each in events] if how == "texts" else events
    value = {"at": "2025-11-04T00:00:00Z", "logs": [{"message": events[:3]}, {"message": events}]}
    base = f"logs[].message[]{mark}"
    paths = {"event": f"{base}.what", "timestamp": f"{base}.when", "payload": f"{base}.box"}

    later = "2025-11-04T00:00:00.000Z"
    others = ["unknown_event Rated", "rejected no_event"]
    first = f"engaged sid=s1 at={AT}"
    assert [first, *others, first, *others, f"engaged sid=s4 at={later}"] == judge_mapped(
        value, paths
    )


def test_a_list_of_pairs_is_an_object_for_paths() -> None:
    pairs = [
        {"key": "what", "value": {"string_value": "Chat Opened"}},
        {"key": "who", "value": {"string_value": "s"}},
    ]
    paths = {"event": "params.what", "sid": "params.who"}

    assert ["engaged sid=s"] == judge_mapped({"params": pairs}, paths)


@pytest.mark.parametrize("name", choose_some(wrappings.WRAPPERS, 6, "records"))
def test_a_map_of_what_was_recognised_says_the_same(name: str) -> None:
    for number, event in enumerate(wrappings.make_events()):
        value = wrappings.wrap(name, event, number)
        [finding] = judge_value(decode(json.dumps(value)), CONTEXT)
        assert isinstance(finding.outcome, Event)
        structure = finding.outcome.structure
        fields = dict(structure.fields)
        paths = {
            part: write_path(path)
            for part, path in {
                "event": structure.event,
                "timestamp": structure.time,
                "page": structure.page,
                **{part: path for part, path in fields.items() if part != "meetingInfo"},
            }.items()
            if path is not None
        }

        mapped = judge_mapped(value, paths)

        assert mapped == judge(value)


def test_locations_are_cut_whole_steps_at_a_time() -> None:
    assert "what" == cut_location("logs[].what", "logs[]")
    assert "what" == cut_location("what", "")
    assert "" == cut_location("logs", "logs")
    assert cut_location("logs2.what", "logs") is None
    assert "a[].b.c" == simplify_path("[].a|json[].b|base64.c")
    assert "" == simplify_path(".")
    assert "a.b" == simplify_path("|json.a.b")


def test_a_part_found_by_the_map_is_noted() -> None:
    mapping = Mapping((("event", "what"), ("page", "nowhere"), ("sid", "visitor.who")), OPENED)
    context = CONTEXT._replace(mapping=mapping)

    [finding] = judge_value(decode(json.dumps(ODD)), context)

    assert isinstance(finding.outcome, Event)
    assert ("event", "sid") == finding.outcome.structure.mapped


def test_what_visitors_write_is_no_event_under_a_map() -> None:
    record = CANONICAL | {"answer": "Chat Opened", "note": json.dumps(ODD)}
    record["data"] = {"payload": {"sid": "s", "id": "d1", "name": "Chat Opened", "more": ODD}}

    assert [SAID.replace("Pricing", "Chat Opened")] == judge_mapped(record, {})
    assert judging.CLOCK_MS
