"""Lines that a server logged of requests, with the lines that the page sent in `body` (definitions 1)."""

import gzip
import json
import random

import harness
import naive
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

SITE = harness.ROOT / "sample_logs" / "site"
LINES = [
    line
    for name in ("dc.log-20261105.gz", "dc.log-20261108.gz")
    for line in gzip.decompress((SITE / name).read_bytes()).decode("utf-8", "replace").splitlines()
]
REPORTS = ("completion", "abandonment", "live-chat", "conversations", "chats")


def wrapped(lines: list[str], **more: object) -> str:
    """A line as nginx logs it."""
    body = "".join(line + "\n" for line in lines)
    return json.dumps({"received": "2026-11-02T09:15:05+00:00", "body": body, **more}, ensure_ascii=False)


def figures(log: str) -> tuple[object, ...]:
    """All reports of a log, and its account."""
    made = [harness.run(report, "-q", "-f", "json", stdin=log.encode()).json for report in REPORTS]
    return [(each["rows"], each.get("total")) for each in made], made[0]["input"]


@pytest.mark.parametrize("share", [1.0, 0.5, 0.01])
def test_wrapped_or_not_lines_say_the_same(share: float) -> None:
    rng = random.Random(1)
    lines: list[str] = []
    left = LINES.copy()
    while left:
        taken, left = left[: (size := rng.randint(1, 5))], left[size:]
        lines += [wrapped(taken)] if rng.random() < share else taken

    assert figures("\n".join(LINES) + "\n") == figures("\n".join(lines) + "\n")


BODIES = st.lists(
    st.sampled_from(LINES[:40])
    | st.sampled_from(['{"body":""}', "", " ", "{", "null", '"x"', '{"event":" "}', "\ud800", "x\r"])
    | st.builds(wrapped, st.lists(st.sampled_from(LINES[:5]), max_size=2)),
    max_size=4,
)
OTHERS = st.sampled_from([{}, {"event": None}, {"event": "CONVERSATION_ENGAGED"}, {"body": 1}, {"body": None}])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.builds(lambda lines, more: wrapped(lines, **more), BODIES, OTHERS) | st.sampled_from(LINES[:20])))
def test_accounts_are_those_of_the_model(lines: list[str]) -> None:
    data = "".join(line + "\n" for line in lines).encode("utf-8", "surrogatepass")
    model = naive.read([("standard input", data)], now_ms=int(harness.CLOCK.timestamp() * 1000))

    account = harness.run("check", "-q", "-f", "json", stdin=data).json["input"]

    naive.check_buckets(model)
    assert model.records == account["records"]
    assert model.rejected == {reason: n for reason, n in account["rejected"].items() if n}
    assert (model.blank, len(model.events), model.duplicates) == tuple(
        account[key] for key in ("blank", "events", "duplicates")
    )


def test_places_are_those_of_the_log() -> None:
    log = harness.log("09:00 a triggered\n09:01 a engaged").decode().splitlines()
    lines = [log[0], wrapped([*log, '{"no": "event"}']), "{", wrapped([])]

    events = harness.run("events", "-f", "ndjson", stdin="\n".join(lines).encode() + b"\n")
    result = harness.run("summary", "--rejects", "-", "-o", "/dev/null", stdin="\n".join(lines).encode() + b"\n")

    assert [1, 2] == [event["line"] for event in events.ndjson]
    assert [(2, "no_event", '{"no": "event"}'), (3, "invalid_json", "{")] == [
        (reject["line"], reject["reason"], reject["raw"]) for reject in result.ndjson
    ]
    assert "6 records = 2 events + 1 duplicate + 1 blank + 2 rejected" in result.err
