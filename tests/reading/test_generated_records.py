"""Properties of the model of reading, on generated logs: they hold for the package alike."""

import generate_records as generate
import model
import pytest
from generate_records import CLOCK_MS, SEVERAL, WRAPPINGS, Facts, Record, dump
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.records

MODEST = settings(
    derandomize=True,
    max_examples=40,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking takes minutes
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
FEW = settings(MODEST, max_examples=8)


def read(data: str | bytes) -> model.Model:
    return model.read_log(data.encode() if isinstance(data, str) else data, CLOCK_MS)


def to_facts(record: model.Record, spelling: str) -> Facts:
    assert record.kind is not None
    assert record.ts_ms is not None
    assert record.sid is not None
    return Facts(
        kind=record.kind,
        spelling=spelling,
        ts_ms=record.ts_ms,
        sid=record.sid,
        id=record.id,
        name=record.name,
        type=record.type,
        ui_type=record.ui_type,
        page=record.page or "",
        agent_id=record.agent_id,
        agent_name=record.agent_name,
    )


def told(data: str | bytes) -> list[Record]:
    """Return what records say, wherever they are."""
    places = {"line": None, "index": None}
    return [{**vars(record), **places} for record in read(data).records]


def without_duplicates(records: list[Record]) -> list[Record]:
    """Return records as each says alone."""
    return [
        {**record, "bucket": "events"} if record["bucket"] == "duplicates" else record
        for record in records
    ]


@pytest.mark.parametrize("name", sorted(WRAPPINGS))
@FEW
@given(event=generate.facts())
def test_wrapping_keeps_facts(name: str, event: Facts) -> None:
    # In a flat record "a `name` or `type` that names the event is not the conversation's".
    texts = f"{event.name} {event.type}".lower()
    assume(name != "flat" or "conversation" not in texts)
    line, kept = generate.wrapped(name, event)

    records = read(line + "\n").records

    assert [kept] == [to_facts(record, event.spelling) for record in records]


@pytest.mark.parametrize("name", sorted(SEVERAL))
@FEW
@given(events=st.lists(generate.facts(), min_size=2, max_size=3))
def test_several_keep_facts(name: str, events: list[Facts]) -> None:
    records = read(SEVERAL[name](events) + "\n").records

    spelled = zip(records, events, strict=True)
    assert events == [to_facts(record, event.spelling) for record, event in spelled]


@MODEST
@given(event=generate.facts(), before=generate.hostile_members(), behind=generate.hostile_members())
def test_junk_beside_canonical_says_nothing(event: Facts, before: Record, behind: Record) -> None:
    members = {**before, **event.canonical}
    members |= {key: value for key, value in behind.items() if key not in members}

    records = read(dump(members)).records

    assert [event] == [to_facts(record, event.spelling) for record in records]


@MODEST
@given(
    event=generate.facts(),
    beside=generate.unrelated_members(),
    around=generate.unrelated_members(),
    is_flat=st.booleans(),
)
def test_unrelated_junk_says_nothing(
    event: Facts, beside: Record, around: Record, *, is_flat: bool
) -> None:
    inner = {**beside, **(event.flat if is_flat else event.canonical)}

    records = read(dump({**around, "msg": inner})).records

    assert [event] == [to_facts(record, event.spelling) for record in records]


@MODEST
@given(texts=st.lists(generate.hostile_texts(), min_size=5, max_size=5))
def test_texts_of_visitors_are_no_events(texts: list[str]) -> None:
    keys = ["page", "user_agent", "referrer", "title", "cookies"]
    record = {**dict(zip(keys, texts, strict=True)), "status": 200}

    assert [] == read(dump(record)).events


@MODEST
@given(log=generate.logs())
def test_every_record_has_one_bucket(log: bytes) -> None:
    found = read(log)

    assert sum(found.buckets.values()) == len(found.records)
    assert found.future + found.ancient <= found.untimed <= len(found.events)
    numbers = [record.line for record in found.records if record.bucket != "incomplete"]
    assert all(1 <= number <= log.count(b"\n") + 1 for number in numbers)


@MODEST
@given(first=generate.hostile_records(), second=generate.hostile_records())
def test_record_says_the_same_alone(first: str, second: str) -> None:
    alone = [*told(first + "\n"), *told(second + "\n")]

    together = told(f"{first}\n{second}\n")

    assert without_duplicates(alone) == without_duplicates(together)


@MODEST
@given(
    events=st.lists(generate.facts(), min_size=1, max_size=3),
    junk=st.lists(generate.junk_lines(), max_size=4),
    data=st.data(),
)
def test_bad_lines_leave_good_ones(
    events: list[Facts], junk: list[str], data: st.DataObject
) -> None:
    good = [dump(event.canonical) for event in events]
    mixed = data.draw(st.permutations([*good, *junk]))

    found = read("\n".join(mixed) + "\n")

    accepted = [record for record in found.records if record.bucket in {"events", "duplicates"}]
    sids = [record.sid for record in accepted if record.sid != "evil"]
    assert sorted(event.sid for event in events) == sorted(map(str, sids))


@MODEST
@given(events=st.lists(generate.facts(), min_size=1, max_size=3), data=st.data())
def test_growing_log_is_one_reading(events: list[Facts], data: st.DataObject) -> None:
    log = "".join(dump(event.canonical) + "\n" for event in events).encode()
    cut = data.draw(st.integers(0, len(log)))
    first = read(log[:cut])

    cut_off = [record.line for record in first.records if record.bucket == "incomplete"]
    start = cut
    if cut_off:
        start = sum(len(line) + 1 for line in log.split(b"\n")[: cut_off[0] - 1])
    kept = [vars(record) for record in first.records if record.bucket != "incomplete"]
    then = told(log[start:])

    again = [{**record, "line": None, "index": None} for record in kept] + then
    whole = [{**record, "bucket": "events"} for record in told(log)]
    blank = [record for record in again if record["bucket"] != "blank"]
    assert whole == without_duplicates(blank)


@MODEST
@given(
    event=generate.facts(),
    places=st.lists(st.integers(1, 300), min_size=1, max_size=3),
    docker=st.booleans(),
)
def test_parts_are_one_line(event: Facts, places: list[int], *, docker: bool) -> None:
    parts = generate.cut_into_parts(dump(event.canonical), places, docker=docker)

    records = read("\n".join(parts) + "\n").records

    assert [event] == [to_facts(record, event.spelling) for record in records]


ORDINARY = [
    '1.2.3.4 - - [03/Nov/2025:09:00:00 +0000] "GET /?sid=1&event=CONVERSATION_CLOSED HTTP/1.1" 200',
    '{"level":"info","time":1762160400,"msg":"request completed","name":"api","session_id":"x"}',
    '{"event":"page_view","session_id":"x","id":"1","name":"Pricing","type":"view"}',
    '{"event":"$pageview","properties":{"$session_id":"x","$current_url":"https://e.com"}}',
    '{"type":"track","event":"Signed Up","messageId":"m","properties":{"plan":"pro"}}',
    '{"website":"w","hostname":"h","sessionId":"x","eventName":"click","url":"/"}',
    '{"event_name":"session_start","event_params":[{"key":"ga_session_id","value":{"int_value":"1"}}]}',
    '{"topic":"ticket.conversation.closed","data":{"item":{"id":"1","type":"ticket"}}}',
    '{"@timestamp":"2025-11-03T09:00:00Z","log.level":"info","message":"ok","event.kind":"event"}',
    "Nov  3 09:00:00 web sshd[12]: session closed for user root",
]


@pytest.mark.parametrize("line", ORDINARY)
def test_junk_stays_junk(line: str) -> None:
    assert [] == read(line + "\n").events
