"""What platforms are sent: values within limits, ids of visitors, batches."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import choosing
import harness
import pytest
import sends
import standins
import timing
import xdm
from hypothesis import given
from hypothesis import strategies as st
from sends import Send

from dcevents.cli.commands.send import parse_rate
from dcevents.model.events import KINDS, name_forwarded_event
from dcevents.sending import adobe_edge, ga4, load_platforms
from dcevents.sending._delivery import Pace
from dcevents.sending._encoding import cut_text
from dcevents.sending._platform import Destination, SendItem
from dcevents.sending._run import Batcher
from dcevents.sending._transport import read_retry_after

HOSTILE = [
    "x" * 300,
    "日本語" * 60,
    "👩‍👩‍👧" * 30,
    'a"b,c\n\r\td',
    "=1+1",
    "<script>",
    "\x00\x01",
    " ",
]


def cut_as_in_the_page(text: str, limit: int) -> str:
    """What `fitted` in snippet/forward/_common.js does: 16-bit letters, halves of pairs gone."""
    units = text.encode("utf-16-le")[: 2 * limit]
    letters = list(units.decode("utf-16-le", "ignore"))
    while len(quote("".join(letters), safe="-_.!~*'()")) > limit:
        letters.pop()
    return "".join(letters)


@choosing.try_examples(200)
@given(text=st.text(max_size=40), limit=st.integers(0, 40))
def test_values_are_cut_as_in_the_page(text: str, limit: int) -> None:
    assert cut_as_in_the_page(text, limit) == cut_text(text, limit)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_values_stay_within_limits(
    text: str, platform: str, standin: standins.Standin, send: Send, log: Path
) -> None:
    mapping = harness.ROOT / "examples" / "adobe-analytics" / "mapping.toml"
    options = ("--mapping", mapping) if platform == "adobe-analytics" else ()
    payload = dict.fromkeys(("name", "id", "type", "uiType", "agentID", "agentName"), text)
    event = {
        "event": "CONVERSATION_ENGAGED",
        "timestamp": "2026-11-30T09:00:00Z",
        "page": "https://example.com/" + text,
        "data": {"payload": {**payload, "sid": f"sid {text[:40]}"}},
    }
    log.write_text(json.dumps(event) + "\n")
    told = send("--with-agents", *options)
    shown = send("--dry-run", "--with-agents", "-q")

    assert (0, []) == (told.status, standin.faults), told.err
    assert [1] == [*standin.accepted.values()]
    assert b"\x1b" not in shown.out
    assert not any(ord(sign) < 32 and sign != "\n" for sign in shown.text)


def test_names_are_those_of_the_page(send: Send, platform: str, log: Path) -> None:
    log.write_bytes(
        harness.log("\n".join(f"2026-11-30T09:00:00Z s {kind}" for kind in KINDS)),
    )
    text = send("--dry-run").text

    assert all(f'"{name_forwarded_event(kind)}"' in text for kind in KINDS) or (
        platform == "adobe-analytics"
        and all(f",{name_forwarded_event(kind)}," in text for kind in KINDS)
    )


# -- visitors --------------------------------------------------------------------------------------


def write_visitors(log: Path, value: object) -> None:
    lines = harness.log(
        "2026-11-30T09:00:00Z a triggered\n"
        "2026-11-30T09:00:05Z a engaged\n"
        "2026-11-30T09:00:09Z b engaged"
    ).splitlines()
    first = {**json.loads(lines[0]), "context": {"visitor": value, "session": 1700000123}}
    log.write_text("\n".join([json.dumps(first), *(line.decode() for line in lines[1:])]) + "\n")


def test_ids_of_visitors_are_read_from_the_log(log: Path, tmp_path: Path) -> None:
    """The first event of session `a` has them; they hold for all of it."""
    write_visitors(log, "1234567890.1700000000")
    standin = standins.Ga4(harness.CLOCK.timestamp())
    options = ("--client-id", "context.visitor", "--session-id", "context.session")
    told = sends.run("ga4", standin, log, "--state", tmp_path / "state", *options)
    standin.close()

    assert (0, []) == (told.status, standin.faults)
    assert "--client-id and --session-id: known of 1 of 2 sessions" in told.err
    found = {(event["client_id"], event["params"]["session_id"]) for event in standin.events}
    assert ("1234567890.1700000000", 1700000123) in found
    assert len(found) == 2


@pytest.mark.parametrize("name", ["adobe-edge", "adobe-analytics"])
@pytest.mark.parametrize(("value", "is_known"), [("12" * 19, True), ("none", False)])
def test_an_ecid_is_read_from_the_log(name: str, value: str, is_known: bool, log: Path) -> None:
    write_visitors(log, value)
    standin = sends.PLATFORMS[name][0](harness.CLOCK.timestamp())
    told = sends.run(name, standin, log, "--dry-run", "--visitor-id", "context.visitor")
    standin.close()

    if is_known:
        assert told.status == 0
        assert told.text.count(value) == 2
    else:
        assert told.status == 2
        assert "--visitor-id: no event has one there" in told.err


@pytest.mark.parametrize(
    ("text", "client"),
    [
        ("1234567890.1700000000", "1234567890.1700000000"),
        ("GA1.1.1234567890.1700000000", "1234567890.1700000000"),
        ("GA1.3.1234567890.1700000000", "1234567890.1700000000"),
        ("amp-Zq3", "amp-Zq3"),
    ],
)
def test_a_clients_id_may_be_a_cookies(text: str, client: str) -> None:
    assert client == ga4.read_client_id(text)


@pytest.mark.parametrize(
    ("text", "session"),
    [
        ("1700000123", 1700000123),
        ("GS1.1.1700000123.4.1.1700000200.0.0.0", 1700000123),
        ("GS2.1.s1700000123$o4$g1$t1700000200$j60$l0$h0", 1700000123),
        ("1700000123.5", 1700000123),
        ("s17", None),
        ("", None),
        (None, None),
        ("1" * 16, None),
    ],
)
def test_a_sessions_id_may_be_a_cookies(text: str | None, session: int | None) -> None:
    assert session == ga4.read_session_id(text)


@pytest.mark.parametrize("option", ["--client-id", "--session-id"])
def test_an_agent_is_never_a_visitor(option: str, log: Path) -> None:
    """Where an event has nothing at the path, nothing else stands for it."""
    lines = harness.log(
        "2026-11-30T09:00:00Z a live_chat_requested agent=123456 agent_name=Ann\n"
        "2026-11-30T09:00:05Z b live_chat_requested agent=123456 agent_name=Ann"
    )
    first = {**json.loads(lines.splitlines()[0]), "context": {"id": "7777.8888"}}
    options = ("--measurement-id", "G-ABC123", "--dry-run", option, "context.id")
    log.write_bytes(json.dumps(first).encode() + b"\n" + lines.splitlines()[1] + b"\n")
    some = harness.run("send", "ga4", log, *options)
    log.write_bytes(lines)
    none = harness.run("send", "ga4", log, *options)

    assert f"{option}: known of 1 of 2 sessions" in some.err
    bodies = [request["body"] for request in some.ndjson]
    assert all(body["client_id"] != "Ann" for body in bodies)
    assert all(body["events"][0]["params"]["session_id"] != 123456 for body in bodies)
    assert none.status == 2
    assert f"{option}: no event has one there" in none.err


def test_ids_of_visitors_need_a_log(log: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    harness.run("ingest", log, "--store", store, "-q")
    options = ("--measurement-id", "G-ABC123", "--client-id", "context.visitor", "--dry-run")
    told = harness.run("send", "ga4", "--store", store, *options)

    assert told.status == 2
    assert "--client-id: such ids are read from logs" in told.err


# -- field groups ----------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [1, 2, 3])
def test_adobes_own_examples_are_within_its_schemas(number: int) -> None:
    """So what finds faults in a body finds none where there is none."""
    name = f"engaged-with-representative-in-concierge.example.{number}.json"

    assert xdm.find_faults(xdm.strip_names(json.loads((xdm.FOLDER / name).read_text()))) == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"_id": None}, "_id: no string"),
        ({"timestamp": "yesterday"}, "timestamp: no time"),
        ({"eventType": "chat.engaged"}, "eventType: chat.engaged"),
        ({"chat": {}}, "chat: no such field"),
        ({"web": {"webInteraction": {"type": "link"}}}, "webInteraction.type: 'link' is none of"),
        ({"web": {"webInteraction": {"linkClicks": {}}}}, "linkClicks.value: missing"),
        ({"identityMap": {"FPID": {"id": "1"}}}, "identityMap.FPID: no array"),
    ],
)
def test_a_body_that_leaves_the_schemas_is_found(change: dict[str, Any], fault: str) -> None:
    event = {"_id": "1", "timestamp": "2026-11-30T09:00:00Z"}
    event["eventType"] = "web.webinteraction.linkClicks"

    assert any(fault in found for found in xdm.find_faults({**event, **change}))
    assert xdm.find_faults(event) == []


@pytest.mark.parametrize("what", ["events", "conversations", "attempts"])
def test_all_that_the_edge_network_is_sent_is_within_adobes_schemas(what: str, log: Path) -> None:
    options = ("--datastream", "ebebf826-a01f", "--what", what, "--dry-run", "--with-agents")
    (request,) = harness.run("send", "adobe-edge", log, *options).ndjson

    assert request["body"]["events"]
    assert [xdm.find_faults(event["xdm"]) for event in request["body"]["events"]] == [
        [] for _ in request["body"]["events"]
    ]


def test_attempts_are_of_adobes_field_group(log: Path) -> None:
    log.write_bytes(
        harness.log(
            """
            2026-11-28T09:00:00Z a live_chat_requested name=Help agent=a7
            2026-11-28T09:00:12Z a live_chat_initiated name=Help agent=a7
            2026-11-28T09:05:12.600Z a live_chat_ended name=Help agent=a7
            2026-11-28T09:00:00Z b live_chat_requested
            2026-11-28T09:02:00Z b live_chat_request_timeout
            2026-11-28T09:00:00Z c live_chat_requested
            2026-11-28T09:00:00Z d live_chat_requested
            2026-11-28T09:00:05Z d live_chat_initiated
            2026-11-28T09:00:09Z d closed
            """
        )
    )
    options = ("--datastream", "ebebf826-a01f", "--what", "attempts", "--dry-run")
    (request,) = harness.run("send", "adobe-edge", log, *options).ndjson
    found = [event["xdm"] for event in request["body"]["events"]]
    group = "businessRepresentativeInConcierge"
    details = {
        event["engagement"][group]["conciergeConversationDetails"]["sessionID"]: event
        for event in found
    }

    assert {event["eventType"] for event in found} == {
        "engagement.business.representative.concierge"
    }
    assert [xdm.find_faults(event) for event in found] == [[] for _ in found]
    assert details["a"]["engagement"][group] == {
        "conciergeConversationDetails": {
            "sessionID": "a",
            "status": "COMPLETED",
            "initiatedAt": "2026-11-28T09:00:00.000Z",
            "acceptedAt": "2026-11-28T09:00:12.000Z",
            "completedAt": "2026-11-28T09:05:12.600Z",
            "durationInSeconds": 301,
        },
        "conciergeDetails": {"conciergeID": "d1", "conciergeName": "Help"},
        "businessRepresentativeDetails": {"businessRepresentativeID": "a7"},
    }
    statuses = {
        sid: event["engagement"][group]["conciergeConversationDetails"]["status"]
        for sid, event in details.items()
    }
    assert statuses == {
        "a": "COMPLETED",
        "b": "REPRESENTATIVES_NOT_ACCEPTED",
        "c": "EXPIRED",
        "d": "COMPLETED",
    }


# -- the rate --------------------------------------------------------------------------------------


def test_turns_are_as_far_apart_as_the_rate_says(virtual_time: timing.VirtualTime) -> None:
    pace, turns = Pace(2), list[float]()
    for pause in (0, 0, 7, 0, 0):
        pace.pause(pause)
        assert pace.take_turn()
        turns.append(virtual_time.monotonic())

    assert [0, 0.5, 7.5, 8, 8.5] == turns


def test_nobody_has_a_turn_once_all_is_to_stop() -> None:
    pace = Pace(None)
    assert pace.take_turn()
    pace.stopped.set()
    assert not pace.take_turn()


@pytest.mark.parametrize(
    ("name", "wanted", "rate"),
    [("ga4", None, None), ("ga4", "0.5", 0.5), ("adobe-edge", "1000", 200), ("adobe-edge", "7", 7)],
)
def test_no_rate_is_above_the_platforms(name: str, wanted: str | None, rate: float | None) -> None:
    assert rate == parse_rate(wanted, load_platforms()[name])


def test_the_largest_requests_are_within_the_units_of_adobes_edge() -> None:
    """At the rate that is kept, for a datastream with a few services behind it."""
    limits = adobe_edge.PLATFORM.limits
    units = -(-limits.body_bytes // 8192) * standins.AdobeEdge.upstreams

    assert limits.requests_per_second is not None
    assert (limits.requests_per_second + limits.parallel_requests) * units <= 6000


# -- Retry-After -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        (None, None),
        ("0", 0),
        ("120", 120_000),
        (" 7 ", 7_000),
        ("9" * 40, 10**9),
        ("soon", None),
        ("-1", None),
        ("Tue, 01 Dec 2026 00:01:00 GMT", 60_000),
        ("Mon, 30 Nov 2026 23:00:00 GMT", 0),
        ("Mon, 99 Nov 2026 23:00:00 GMT", None),
        ("Tue, 01 Dec 2026 00:01:00 -0000", 60_000),
        ("Tue, 01 Dec 2026 00:01:00", 60_000),
        ("Fri, 31 Dec 9999 23:59:59 -0000", 251_606_217_599_000),
    ],
)
@pytest.mark.usefixtures("tokyo")
def test_how_long_a_platform_wants_us_to_wait(
    text: str | None, milliseconds: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever the machine is: in Tokyo, the year 9999 has ended by then."""
    monkeypatch.setattr("time.time", harness.CLOCK.timestamp)

    assert milliseconds == read_retry_after(text)


@pytest.fixture
def tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The machine's time zone is Tokyo's."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        yield
    time.tzset()


# -- batches ---------------------------------------------------------------------------------------


def make_item(number: int, ts: int = 10**12, sid: str = "s", **values: str) -> SendItem:
    return SendItem("events", number.to_bytes(16, "big"), "chat_engaged", ts, sid, values, None)


DESTINATION = Destination("G-ABC123", "https://example.com/", {"ads_consent": "denied"})


def test_a_batch_is_of_one_client_and_of_25_events() -> None:
    items = [make_item(n, sid="a") for n in range(60)] + [
        make_item(n, sid="b") for n in range(60, 62)
    ]
    batches = list(Batcher(ga4.PLATFORM, DESTINATION).make_batches(items))

    assert [25, 25, 10, 2] == [len(batch.encoded) for batch in batches]
    assert len({batch.group for batch in batches}) == 2
    assert len({batch.key for batch in batches}) == 4


def test_a_body_stays_within_its_limit() -> None:
    items = [make_item(n, chat_name="x" * 255, chat_id="y" * 255) for n in range(300)]
    platform = adobe_edge.PLATFORM
    batches = list(Batcher(platform, DESTINATION).make_batches(items))
    bodies = [platform.build_request(batch, DESTINATION).body for batch in batches]

    assert sum(len(batch.encoded) for batch in batches) == 300
    assert 50_000 < max(map(len, bodies)) <= 64 * 1024


def test_a_key_hangs_on_items_destination_and_salt_alone() -> None:
    def key(destination: Destination, *numbers: int, salt: bytes = b"") -> str:
        batcher = Batcher(ga4.PLATFORM, destination, salt)
        (batch,) = batcher.make_batches(make_item(n) for n in numbers)
        return batch.key

    other = DESTINATION._replace(id="G-OTHER1")
    keys = [key(DESTINATION, 1, 2), key(DESTINATION, 2, 1), key(DESTINATION, 1), key(other, 1, 2)]
    keys.append(key(DESTINATION, 1, 2, salt=b"run"))
    assert len(set(keys)) == 5
    assert key(DESTINATION._replace(endpoint="https://other.example/"), 1, 2) == keys[0]


def test_platforms_describe_themselves() -> None:
    platforms: dict[str, Any] = dict(load_platforms())
    assert {"ga4", "adobe-analytics", "adobe-edge"} == platforms.keys()
    for name, platform in platforms.items():
        assert name in platform.example
        assert {option.parameter for option in platform.options} >= {
            platform.id_parameter,
            *platform.visitor_options.values(),
        }
