"""What is recognised and what is not; what the user can say instead; what is said of it."""

import functools
import gzip
import io
import json
import re
import tarfile
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import harness
import pytest
from choosing import choose_some, combine

from dcevents.cli import config
from dcevents.cli.wording import messages
from dcevents.reading.hints import find_hint
from dcevents.reading.sources import sizes
from samples import envelopes

PAYLOAD = {"name": "Pricing", "id": "d1", "type": "dialogue", "uiType": "popup", "sid": "a"}
OWN = "2026-11-02T09:15:04.120Z"
EVENT: dict[str, Any] = {
    "event": "CONVERSATION_ENGAGED",
    "timestamp": OWN,
    "page": "https://x.example/p",
}
CANONICAL = {**EVENT, "data": {"payload": PAYLOAD}}
SAMPLES = sorted((harness.ROOT / "sample_logs" / "envelopes").glob("*.log"))
"""What programs wrote themselves."""


def log(*values: object) -> bytes:
    """Each value as a line."""
    return b"".join(json.dumps(value).encode() + b"\n" for value in values)


def events(data: bytes, *options: str) -> list[dict[str, Any]]:
    """The rows of `events`."""
    result = harness.run("events", "-f", "ndjson", "-q", *options, stdin=data)
    assert (0, "") == (result.status, result.err)
    return result.ndjson


@pytest.mark.parametrize("first", ["[]", "[[]]", "[1]"])
def test_a_wrong_first_line_makes_no_list_of_a_log(first: str) -> None:
    data = (
        first.encode() + b"\n" + log(CANONICAL, {**CANONICAL, "timestamp": 1}) + b"[]\n\nno JSON\n"
    )

    account = harness.run("summary", "-f", "json", "-q", stdin=data).json["input"]

    assert (6, 2, 1) == (account["records"], account["events"], account["blank"])
    assert (2, 1) == (account["rejected"]["not_an_object"], account["rejected"]["invalid_json"])


def test_a_long_first_record_with_many_lists_is_one_line() -> None:
    slots = {f"k{n}": [{"t": n}] for n in range(5000)}
    booked = {
        **CANONICAL,
        "event": "CONVERSATION_MEETING_BOOKED",
        "data": {"payload": PAYLOAD | {"meetingInfo": slots}},
    }

    rows = events(log({**booked, "timestamp": 1_500_000_000}, CANONICAL))

    assert ["meeting_booked", "engaged"] == [row["kind"] for row in rows]


def _tar(data: bytes) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        info = tarfile.TarInfo("dc.log")
        info.size = len(data)
        tar.addfile(info, io.BytesIO(data))
    return packed.getvalue()


def _zip(data: bytes, name: str = "dc.log", method: int = zipfile.ZIP_STORED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        archive.writestr(name, data)
    return packed.getvalue()


def _parquet(_: bytes) -> bytes:
    import polars as pl  # noqa: PLC0415

    packed = io.BytesIO()
    pl.DataFrame({"event": ["CONVERSATION_ENGAGED"], "sid": ["a"]}).write_parquet(packed)
    return packed.getvalue()[:-20]


FOREIGN = {
    "tar": (_tar, "a tar archive"),
    "tar.gz": (lambda data: gzip.compress(_tar(data)), "a tar archive"),
    "gzip in tar": (lambda data: _tar(gzip.compress(data)), "a gzip inside a tar"),
    "zip": (_zip, "a zip archive"),
    "xlsx": (lambda data: _zip(data, "xl/workbook.xml", zipfile.ZIP_DEFLATED), "an Excel workbook"),
    "parquet": (_parquet, "a Parquet file"),
    "PowerShell": (
        lambda data: b"\xff\xfe" + data.decode().encode("utf-16-le"),
        "iconv -f UTF-16 -t UTF-8",
    ),
    "UTF-16BE": (lambda data: data.decode().encode("utf-16-be"), "iconv -f UTF-16BE -t UTF-8"),
    "UTF-32": (lambda data: data.decode().encode("utf-32"), "iconv -f UTF-32 -t UTF-8"),
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_what_is_no_text_is_no_log_however_many_lines_are_in_it(kind: str, tmp_path: Path) -> None:
    make, said = FOREIGN[kind]
    path, good = tmp_path / "dc.log", tmp_path / "good.log"
    path.write_bytes(make(log(CANONICAL, {**CANONICAL, "timestamp": 1})))
    good.write_bytes(log(CANONICAL))

    alone, beside = harness.run("summary", path), harness.run("summary", path, good, "-f", "json")

    assert (3, 1) == (alone.status, alone.err.count("\n"))
    assert said in alone.err
    assert (0, 1, 1) == (
        beside.status,
        beside.json["input"]["records"],
        beside.json["input"]["events"],
    )
    assert f"warning: {path}: it is " in beside.err
    assert said in beside.err
    assert 3 == harness.run("summary", path, good, "--strict").status


# -- what a canonical line means does not change ---------------------------------------------------


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        pytest.param({"timestamp": OWN, "data": {"payload": PAYLOAD}}, "no_event", id="no event"),
        pytest.param({**EVENT, "data": {"payload": {"id": "d"}}}, "no_sid", id="no sid"),
        pytest.param([], "not_an_object", id="an empty list"),
    ],
)
def test_a_canonical_line_keeps_its_meaning(line: object, reason: str) -> None:
    account = harness.report(log(CANONICAL, line), "chats")["input"]

    assert (1, 1) == (account["events"], account["rejected"][reason])
    assert "envelopes" not in account


def test_other_events_of_an_envelope_are_unknown_and_not_rejected() -> None:
    data = log(
        {"event_type": "CONVERSATION_ENGAGED", "event_time": OWN, "event_properties": PAYLOAD},
        {"event_type": "page_view", "event_properties": {"sid": "a"}},
        {"log": json.dumps({"event": "clicked", "x": 1}) + "\n"},
    )

    assert {"clicked": 1, "page_view": 1} == harness.report(data, "chats")["input"][
        "unknown_events"
    ]


def test_two_objects_that_have_run_into_one_line_among_others_are_two_records() -> None:
    both = json.dumps(CANONICAL).encode() + json.dumps(CANONICAL).encode() + b"\n"
    account = harness.report(log(CANONICAL, CANONICAL) + both, "completion")["input"]

    assert (4, 3) == (account["records"], account["duplicates"])


# -- times, batches, prefixes ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        {"log": json.dumps(CANONICAL), "time": "2026-11-05T00:00:00Z"},
        {"timestamp": "2026-11-05T00:00:00Z", "jsonPayload": CANONICAL},
        {
            "requestContext": {"requestTimeEpoch": 1},
            "body": json.dumps(CANONICAL),
            "isBase64Encoded": False,
        },
    ],
    ids=["Docker", "Cloud Logging", "Lambda"],
)
def test_the_event_s_own_time_wins(line: object) -> None:
    assert [OWN] == [row["timestamp"] for row in events(log(line))]


def test_the_collector_s_time_counts_where_the_event_has_none() -> None:
    line = {
        "log": json.dumps({"event": EVENT["event"], "payload": PAYLOAD}),
        "time": "2026-11-05T00:00:00.5Z",
    }

    assert ["2026-11-05T00:00:00.500Z"] == [row["timestamp"] for row in events(log(line))]


UNTIMED = json.dumps({"event": EVENT["event"], "payload": PAYLOAD})


@pytest.mark.parametrize(
    "line",
    [
        {
            "requestContext": {"elb": {"targetGroupArn": "x"}},
            "time": 1793610904120,
            "body": UNTIMED,
        },
        {"version": "1.1", "host": "web1", "timestamp": 1793610904.12, "short_message": UNTIMED},
        {"PROGRAM": "dc", "MESSAGE": UNTIMED, "ISODATE": OWN},
    ],
    ids=["load balancer", "GELF", "syslog-ng"],
)
def test_a_collector_s_time_is_one_that_can_be_read(line: object) -> None:
    assert [OWN] == [row["timestamp"] for row in events(log(line))]


def test_a_member_of_a_batch_is_a_record_of_its_own() -> None:
    bad = {**EVENT, "data": {"payload": {"id": "d1"}}}
    data = log([CANONICAL, bad, {**CANONICAL, "timestamp": None}], CANONICAL, [bad])

    result = harness.run("check", "-f", "json", "-q", stdin=data)

    assert (5, 2) == (result.json["input"]["records"], result.json["input"]["events"])
    assert [(1, 2), (3, None)] == [
        (each["line"], each.get("index")) for each in result.json["rejected_lines"]
    ]


def test_members_of_lines_among_others_have_their_index_too() -> None:
    bad = {**EVENT, "data": {"payload": {"id": "d1"}}}
    data = log(CANONICAL, {"events": [bad, CANONICAL]}, CANONICAL)

    result = harness.run("check", "-f", "json", "-q", stdin=data)

    assert [(2, 1)] == [(each["line"], each.get("index")) for each in result.json["rejected_lines"]]
    assert (4, 1) == (result.json["input"]["records"], result.json["input"]["events"])


def test_explain_and_rejects_say_line_and_index(tmp_path: Path) -> None:
    bad = {**EVENT, "data": {"payload": {"id": "d1"}}}
    data = log(CANONICAL, [CANONICAL, bad])

    told = harness.run(
        "explain", "a", "-f", "json", "-q", "--rejects", tmp_path / "bad", stdin=data
    )

    places = [(line["line"], line.get("index")) for line in told.json["sessions"][0]["events"]]
    assert [(1, None), (2, 1)] == places
    row = json.loads((tmp_path / "bad").read_text())
    assert (2, 2, "no_sid") == (row["line"], row["index"], row["reason"])


ON_LINES: dict[str, tuple[str, str, str]] = {
    "arrays": ("[", ",", "]\n"),
    "arrays with spaces": ("[ ", " , ", " ]\r\n"),
    "events": ('{"events":[', ",", "]}\n"),
    "events and another key": ('{"n":1,"events":[', ",", '],"x":[1]}\n'),
    "line ends within": ("[\n", ",\n\n", "]\n"),
    "empty ones among them": ('{"events":[', ",", ']}\n{"events":[]}\n'),
}
"""What stands before the records of a batch, between them and behind them."""


@combine(
    ("name", "size", "block"),
    [*ON_LINES],
    [1, 2, 7, 30, 200],
    [1500, 10_000, 1 << 20],
    at_once=1,
)
def test_line_and_index_are_right_wherever_blocks_end(
    name: str, size: int, block: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, between, behind = ON_LINES[name]
    good, bad = (
        json.dumps(each, separators=(",", ":"))
        for each in (CANONICAL, {**CANONICAL, "data": {"payload": {}}})
    )
    text, places = "", []
    for n in range(200):
        text += between if n % size else before
        places += [(text.count("\n") + 1, n)] if n % 5 == 4 else []
        text += (bad if n % 5 == 4 else good) + (behind if n % size == size - 1 or n == 199 else "")
    firsts = {
        text.count("\n", 0, at.start()) + 1: n
        for n, at in reversed([*enumerate(re.finditer('{"event":', text))])
    }
    alone = Counter(text.count("\n", 0, at.start()) + 1 for at in re.finditer('{"event":', text))
    monkeypatch.setattr(sizes, "FIRST_BLOCK_BYTES", block)
    monkeypatch.setattr(sizes, "BLOCK_BYTES", 2 * block)
    (tmp_path / "x.log").write_text(text, newline="")

    harness.run("completion", "--rejects", tmp_path / "bad", "-q", tmp_path / "x.log")

    told = [json.loads(line) for line in (tmp_path / "bad").read_text().splitlines()]
    expected = [
        (line, n - firsts[line] + 1 if alone[line] > 1 else None, "no_sid") for line, n in places
    ]
    assert expected == [
        (row["line"], row.get("index"), row["reason"])
        for row in told
        if row["reason"] != "no_event"
    ]


def test_limits_hold_for_the_record_and_not_for_the_batch(tmp_path: Path) -> None:
    members = [
        {**CANONICAL, "timestamp": f"2026-11-02T09:{n // 60 % 60:02d}:{n % 60:02d}.{n % 1000:03d}Z"}
        for n in range(12_000)
    ]
    (tmp_path / "x.log").write_bytes(json.dumps(members).encode())

    account = harness.run("completion", tmp_path / "x.log", "-f", "json", "-q").json["input"]

    assert (12_000, 0) == (account["records"], sum(account["rejected"].values()))


def test_an_array_that_is_still_written_counts_as_far_as_it_goes() -> None:
    data = (
        b"["
        + json.dumps(CANONICAL).encode()
        + b",\n"
        + json.dumps({**CANONICAL, "timestamp": 1793610904}).encode()
        + b',\n{"ev'
    )

    account = harness.report(data, "chats")["input"]

    assert (3, 2, 1) == (account["records"], account["events"], account["incomplete"])


@pytest.mark.records
def test_a_list_of_objects_within_records_does_not_mislead() -> None:
    """They begin as the records do: a cut between them is noticed."""
    meeting = {"event": "x", "at": 1}
    booked = {**CANONICAL, "event": "CONVERSATION_MEETING_BOOKED"}
    booked["data"] = {"payload": {**PAYLOAD, "meetingInfo": [meeting, meeting, meeting]}}
    members = [
        {**each, "timestamp": 1793610904000 + n}
        for n, each in enumerate([CANONICAL, CANONICAL, booked] * 9000)
    ]
    data = json.dumps(members, separators=(",", ":")).encode()

    account = harness.report(data, "chats")["input"]

    assert (27_000, 0) == (account["records"], sum(account["rejected"].values()))


# -- what the user says ----------------------------------------------------------------------------

ODD = {
    "body": {
        "kind": "Chat Opened",
        "at": 1793610904120,
        "dc": PAYLOAD,
        "where": "https://x.example/q",
    }
}
MAP = ("event=body.kind", "timestamp=body.at", "payload=body.dc", "page=body.where")


def odd(*options: str, **more: Any) -> harness.Result:
    """A run on a log in a shape that nobody knows."""
    return harness.run("events", "-f", "ndjson", "-q", *options, stdin=log(ODD), **more)


def test_a_map_says_where_events_are() -> None:
    options = [part for path in MAP for part in ("--map", path)]

    (row,) = odd(*options, "--map-event", "Chat Opened=engaged").ndjson

    assert ("engaged", "a", "2026-11-02T09:15:04.120Z", "https://x.example/q") == (
        row["kind"],
        row["sid"],
        row["timestamp"],
        row["page"],
    )


@pytest.mark.parametrize("how", ["option", "environment", "folder"])
def test_a_file_says_it_and_options_come_first(how: str, tmp_path: Path) -> None:
    path = tmp_path / "dcevents" / "config.toml"
    path.parent.mkdir()
    path.write_text(
        '[map]\nevent = "body.kind"\ntimestamp = "x"\npayload = "body.dc"\n[map.events]\n'
        '"Chat Opened" = "closed"\n'
    )
    env = {
        "environment": {"DCEVENTS_CONFIG": str(path)},
        "folder": {"XDG_CONFIG_HOME": str(tmp_path)},
    }.get(how, {})
    options = ["--config", str(path)] if how == "option" else []

    (row,) = odd(*options, env=env).ndjson
    (other,) = odd(
        *options, "--map", "timestamp=body.at", "--map-event", "Chat Opened=engaged", env=env
    ).ndjson

    assert ("closed", OWN) == (row["kind"], row["timestamp"]), "a time is found as ever"
    assert ("engaged", OWN) == (other["kind"], other["timestamp"])


def test_the_map_that_is_shown_has_what_events_were_said_to_mean(tmp_path: Path) -> None:
    told = ("--map", "event=body.kind", "--map-event", 'Chat "Opened"=engaged')

    shown = harness.run(
        "check",
        "--show-map",
        "-q",
        *told,
        stdin=log({"body": {"kind": 'Chat "Opened"', "sid": "a"}}),
    )

    (tmp_path / "map.toml").write_text(shown.text)
    found = harness.run(
        "check",
        "--show-map",
        "-q",
        "--config",
        tmp_path / "map.toml",
        stdin=log({"body": {"kind": 'Chat "Opened"', "sid": "a"}}),
    )
    assert "[map.events]" in found.text
    assert found.text == shown.text


def test_a_home_that_may_not_be_looked_into_has_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.stat", refused)
    monkeypatch.setenv("HOME", "/root")

    assert ((), (), ()) == config.read_map((), (), None)


def test_no_file_is_looked_for_in_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.toml").write_text('[map]\nevent = "body.kind"\n')
    monkeypatch.chdir(tmp_path)

    assert 3 == odd(env={"XDG_CONFIG_HOME": ".", "HOME": ""}).status


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--map", "evnt=x"], "PART is event, timestamp, page, payload"),
        (["--map", "event"], "as in event=body.kind"),
        (["--map-event", "Chat=opened"], "KIND is one of triggered"),
        (["--config", "/nowhere.toml"], "/nowhere.toml: no such file"),
    ],
)
def test_what_cannot_be_meant_is_wrong_usage(options: list[str], said: str) -> None:
    result = odd(*options)

    assert 2 == result.status
    assert said in result.err


def test_the_map_that_check_shows_reads_the_same_log(tmp_path: Path) -> None:
    line = {"stream": "stdout", "log": json.dumps(CANONICAL)}
    shown = harness.run("check", "--show-map", "-q", stdin=log(line))
    (tmp_path / "map.toml").write_bytes(shown.out)

    assert 'event = "log.event"' in shown.text
    assert events(log(line)) == events(log(line), "--config", str(tmp_path / "map.toml"))


@pytest.mark.parametrize("part", ["event=nothing", "payload=x.y", "page=body.href", "id=key"])
def test_a_place_of_a_map_where_nothing_is_is_an_error(part: str) -> None:
    """It is a slip: a report would be of something else than the user says."""
    result = odd("--map-event", "Chat Opened=engaged", "--map", part)

    assert (3, "", 1) == (result.status, result.text, result.err.count("\n"))
    assert f"--map: no event has anything at {part}; " in result.err
    assert "dcevents check --show-map" in result.err


@pytest.mark.parametrize("part", ["timestamp=whn", "page=x", "id=dialogue"])
def test_events_of_other_kinds_do_not_hide_that_nothing_is_there(part: str) -> None:
    data = log(CANONICAL, {**CANONICAL, "event": "TICKET_OPENED"})

    result = harness.run("completion", "--map", part, stdin=data)

    assert (3, "", 1) == (result.status, result.text, result.err.count("\n"))
    assert f"--map: no event has anything at {part}; " in result.err


def test_a_place_of_a_file_where_nothing_is_is_said(tmp_path: Path) -> None:
    """A file may be about other logs, too."""
    path = tmp_path / "config.toml"
    path.write_text(
        '[map]\nevent = "body.kind"\npage = "x"\n[map.events]\n"Chat Opened"="engaged"\n'
    )

    quiet, loud = (
        harness.run("completion", "--config", path, *options, stdin=log(ODD))
        for options in (["-q"], [])
    )

    assert (0, "") == (quiet.status, quiet.err)
    assert (0, True) == (loud.status, "[map]: no event has anything at page=x; " in loud.err)


def test_an_empty_log_has_no_place_to_miss() -> None:
    result = harness.run("completion", "--map", "event=x", "-q", stdin=b"")

    assert (0, "") == (result.status, result.err)


def test_what_stands_at_a_mapped_place_is_said_where_it_is_no_event() -> None:
    result = odd("--map", "event=body.kind")

    assert 3 == result.status
    assert "1 of other events (Chat Opened): if one is Dynamic Chat's by another name" in result.err
    assert "--map-event 'Chat Opened=engaged'" in result.err


def test_taking_in_says_which_place_of_a_map_has_nothing(tmp_path: Path) -> None:
    options = ["--map", "event=body.kind", "--map", "page=x", "--map-event", "Chat Opened=engaged"]

    result = harness.run("ingest", "-", "--store", tmp_path / "s", "-q", *options, stdin=log(ODD))

    assert 0 == result.status
    assert result.err.startswith("dcevents: warning: --map: no event has anything at page=x; ")


@pytest.mark.parametrize("path", choose_some(SAMPLES, 10, "records"), ids=lambda path: path.stem)
def test_the_map_that_check_shows_gives_the_same_figures(path: Path, tmp_path: Path) -> None:
    shown = harness.run("check", "--show-map", "-q", path)
    (tmp_path / "map.toml").write_bytes(shown.out)

    recognised = harness.run("summary", "-f", "json", path)
    mapped = harness.run("summary", "-f", "json", path, "--config", tmp_path / "map.toml")

    assert (0, 0) == (recognised.status, mapped.status)
    assert recognised.json == mapped.json
    assert recognised.err == mapped.err.replace(f" --config {tmp_path / 'map.toml'}", "")


@pytest.mark.parametrize(
    ("options", "missing"),
    [
        ("--map event=nope", "event=nope"),
        ("--map event=body.what --map sid=body.whom", "event=body.what, sid=body.whom"),
        ("--map event=logs[].message[].what --map sid=who", "event=logs[].message[].what"),
        ("--map event=was --map sid=whom", "sid=whom"),
    ],
)
def test_places_of_a_map_that_lead_nowhere_are_named(options: str, missing: str) -> None:
    record = {"was": "CONVERSATION_ENGAGED", "who": "s1", "logs": [{"message": [{"x": 1}]}]}

    of_lines = harness.run("summary", *options.split(), stdin=log(record, record))
    of_rows = harness.run("summary", *options.split(), stdin=b"was,who\nCONVERSATION_ENGAGED,s1\n")

    assert (3, 3) == (of_lines.status, of_rows.status)
    assert f"dcevents: --map: nothing is at {missing}; no event of" in of_lines.err
    assert f"dcevents: --map: nothing is at {missing}; no event of" in of_rows.err


def test_a_field_of_the_payload_is_looked_for_around_it_too() -> None:
    payload = {"chat": {"key": "s1"}, "dlg": "d7", "title": "Pricing"}
    record = {**CANONICAL, "data": {"payload": payload}, "by": {"who": "a1"}}
    paths = ["sid=data.payload.chat.key", "id=dlg", "name=title", "agentID=by.who"]

    found = events(log(record), *(word for path in paths for word in ("--map", path)))

    assert [("s1", "d7", "Pricing", "a1")] == [
        (row["sid"], row["conversation_id"], row["conversation"], row["agent_id"]) for row in found
    ]


# -- what is said ----------------------------------------------------------------------------------


def test_what_was_recognised_is_said() -> None:
    data = log([{"log": json.dumps(CANONICAL)}])

    result = harness.run("completion", "-f", "json", stdin=data)
    checked = harness.run("check", stdin=data)

    assert (
        "dcevents: read as: a container's log (Docker, Fluent Bit) (event in log.event"
        in result.err
    )
    assert "log.event" == result.json["input"]["envelopes"][0]["event"]
    assert "Envelope" in checked.text


def test_no_two_envelopes_are_told_alike() -> None:
    flat = {"event": "chat_closed", "timestamp": 1_793_600_000}
    capitals = {key.upper(): value for key, value in PAYLOAD.items()}
    one_name = {**CANONICAL, "event": [CANONICAL["event"]]}
    records = [CANONICAL, {**CANONICAL, "data": {"payload": capitals}}, one_name]
    records += [{**flat, key: "s1", "id": "d1"} for key in ("sid", "chat_sid", "dc-sid")]
    records += [{**flat, "params": [{"key": "SID", "value": "s1"}]}]

    checked = harness.run("check", "--width", "200", stdin=log(*records, *records))
    told = harness.run("check", "-f", "json", stdin=log(*records)).json["input"]["envelopes"]

    lines = [line for line in checked.text.splitlines() if line.startswith("  2 records: ")]
    assert len({line.partition(", first ")[0] for line in lines}) == len(records)
    assert [each["sid"] for each in told] == [
        *("sid", "SID", "sid"),
        *("sid", "chat_sid", "dc-sid"),
        "SID",
    ]
    assert [each["shape"] for each in told].count("canonical") == 1
    assert "canonical records, first" in lines[0]


def test_keys_that_records_have_of_their_own_make_one_envelope() -> None:
    keys = ["-N0", "17", "evt_100", "c0ffee42", "5d1c9f0e-0001", "aB3dE5fG7hI9jK1lM3nO5"]
    keys += ["-OaBcdEFghIJklMNopQR", "aBcDeFgHiJkLmNoPqRsT"]
    data = log(*({"events": {key: CANONICAL}} for key in keys))

    told = harness.run("check", "-f", "json", stdin=data).json["input"]["envelopes"]

    assert [("events.*.event", "events.*.data.payload", 8)] == [
        (each["event"], each["payload"], each["records"]) for each in told
    ]


def test_a_path_may_lead_through_a_key_that_each_record_has_of_its_own() -> None:
    keys = ["-N0", "17", "5d1c9f0e-0001"]
    record = {"what": "Chat Opened", "ts": CANONICAL["timestamp"]}
    data = log(*({"by": {key: {**record, "sid": key}}} for key in keys))

    found = events(data, "--map", "event=by.*.what", "--map-event", "Chat Opened=engaged")

    assert keys == [row["sid"] for row in found]


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        (200, "a container's log (Docker, Fluent Bit) (event in log.event, time in log.timestamp"),
        (80, "a container's log (Docker, Fluent Bit)\n"),
    ],
)
def test_on_a_narrow_terminal_it_is_said_without_the_paths(
    columns: int, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "find_message_width", lambda: columns)

    result = harness.run("completion", stdin=log([{"log": json.dumps(CANONICAL)}]))

    assert f"dcevents: read as: {told}" in result.err


INSIDE = json.dumps(CANONICAL)
NO_SID = {**CANONICAL, "data": {"payload": {"id": "d1"}}}
LOOKS = [
    ("a CSV with the columns what, at, who;", "what,at,who\nx,2,3\ny,5,6\n"),
    ("a CSV with the columns what, who;", "what;who\nx;2\ny;5\n"),
    ("a CSV with the columns at, message.y;", 'at,message\n1,"{""y"":{""z"":1}}"\n'),
    ("a CSV, but its events have no sid", "event,dlg\nCONVERSATION_ENGAGED,d1\n"),
    ("a TSV without a header", "1\thome;a;b\tevent1,event2\n2\thome;a;b\tevent1\n"),
    ("drawn for people", " event | sid\n-------+-----\n x     | s1\n(1 row)\n"),
    ("drawn for people", "+-------+-----+\n| event | sid |\n+-------+-----+\n| x     | s1  |\n"),
    (
        "an access log without bodies",
        '192.0.2.1 - - [02/Nov/2026:09:15:04 +0000] "POST /dc HTTP/1.1" 204 0\n',
    ),
    (
        "an access log without bodies",
        'x.example:443 192.0.2.1 - - [02/Nov/2026:09:15:04 +0000] "POST / HTTP/1.1" 2\n',
    ),
    ("an access log without bodies", '{"time":"x","request":"POST /dc","status":"204"}\n'),
    (
        "with bodies in its lines",
        (
            '192.0.2.1 - - [02/Nov/2026:09:15:04 +0000] "POST /dc HTTP/1.1" 204 0 '
            '"{\\x22event\\x22:1}"\n'
        ),
    ),
    (
        "with bodies in its lines",
        '192.0.2.1 - - [02/Nov/2026:09:15:04 +0000] "POST /dc HTTP/1.1" 204 0 {"x":1}\n',
    ),
    (
        "its keys are log.sort, log.ev.x, time;",
        json.dumps({"log": '{"sort":"a","ev":{"x":1}}', "time": "x"}) + "\n",
    ),
    ("needs log_format escape=json", '{"time":"x","body":"{\\x22event\\x22:1}"}\n'),
    ("needs log_format escape=json", '{"time":"x","body":"{"event":1}"}\n'),
    ("its keys are foo, bar.x", '{"foo":1,"bar":{"x":1}}\n'),
    ("its objects are empty", "{}\n{}\n"),
    ("its keys are foo, bar, x", json.dumps({"foo": 1, "bar": [{"x": 1}] * 2000}, indent=1)),
    (
        "its events have no sid: their keys are event, timestamp, page, data.payload.id;",
        json.dumps(NO_SID),
    ),
    ("a web page (HTML)", "<!DOCTYPE html>\n<html>\n"),
    ("XML", '<?xml version="1.0"?>\n<events/>\n'),
    ("dicts as Python prints them", f"{CANONICAL!r}\n"),
    ("YAML", "event: x\ntimestamp: 1\ndata:\n  payload:\n"),
    ("logfmt", "time=1 level=info event=CONVERSATION_ENGAGED\n"),
    ("a journal's export", "__REALTIME_TIMESTAMP=1\nMESSAGE=x\n"),
    ("a HAR file", '{\n "log": {\n  "version": "1.2", "entries": []}}\n'),
]


@pytest.mark.parametrize(
    ("said", "data"), LOOKS, ids=[f"{n} {said}" for n, (said, _) in enumerate(LOOKS)]
)
def test_what_it_looks_like_is_said_where_nothing_is_found(
    said: str, data: str, tmp_path: Path
) -> None:
    """Alone it is refused; beside a good log it is named."""
    path, good = tmp_path / "x.log", tmp_path / "good.log"
    path.write_text(data)
    good.write_bytes(log(CANONICAL))

    alone, beside = harness.run("summary", path), harness.run("summary", good, path)

    assert (3, 1) == (alone.status, alone.err.count("\n"))
    assert said in alone.err
    assert 0 == beside.status
    assert [
        line
        for line in beside.err.splitlines()
        if line.startswith(f"dcevents: warning: {path}: no event in ") and said in line
    ]


@pytest.mark.parametrize(
    "data", ["2026-11-02 09:15:04,120 INFO a\n2026-11-02 09:15:05,120 INFO b\n", "Hello, you\n"]
)
def test_other_text_is_taken_for_nothing(data: str) -> None:
    assert "looks like" not in harness.run("summary", stdin=data.encode()).err


def test_a_log_that_begins_with_other_lines_looks_like_a_log(tmp_path: Path) -> None:
    path, good = tmp_path / "x.log", tmp_path / "good.log"
    path.write_bytes(b"a,b,c\n1,2,3\n" + log(CANONICAL))
    good.write_bytes(log(CANONICAL))

    assert "looks like" not in harness.run("summary", path, good).err


def test_a_log_of_ready_events_is_a_log(tmp_path: Path) -> None:
    path, good = tmp_path / "x.log", tmp_path / "good.log"
    path.write_bytes(log({"event": "adobedx.conversations.ready"}, {"foo": 1}))
    good.write_bytes(log(CANONICAL))

    assert "its keys are" not in harness.run("summary", path).err
    assert "its keys are" not in harness.run("summary", path, good).err


def test_of_many_inputs_that_are_no_logs_three_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(log(CANONICAL))
    for n in range(9):
        (tmp_path / f"x{n}.log").write_text("a,b,c\n1,2,3\n")

    said = harness.run("summary", tmp_path).err

    assert 3 == said.count("looks like a CSV")
    assert "6 more inputs without any event" in said


def test_a_line_that_is_json_as_text_is_what_it_says() -> None:
    account = harness.report(log(INSIDE, "no JSON", json.dumps(["x"])), "chats")["input"]

    assert (1, 2) == (account["events"], account["rejected"]["not_an_object"])


@pytest.mark.parametrize(
    ("record", "said", "unsaid"),
    [
        ({"event": "engaged", "id": 1}, "such names count only beside a sid", "engaged=engaged"),
        (
            {**CANONICAL, "data": {"payload": {"sid": "s" * 513}}},
            "its events have sids of over 512 bytes",
            "if one of them names the event",
        ),
        (
            {**CANONICAL, "data": {"payload": {"sid": ""}}},
            "data.payload.sid is empty",
            "their keys are",
        ),
    ],
    ids=["a kind alone", "a sid too long", "an empty sid"],
)
def test_what_is_said_of_an_event_fits_its_reason(
    record: dict[str, Any], said: str, unsaid: str
) -> None:
    told = harness.run("completion", stdin=log(record)).err

    assert said in told
    assert unsaid not in told


def test_nothing_is_said_of_nothing() -> None:
    assert find_hint([]) is None
    assert find_hint([b"hello"]) is None


@functools.cache
def sampled() -> list[dict[str, Any]]:
    """Return the events that the samples are of."""
    with (harness.ROOT / "sample_logs" / "site" / "dc.log").open("rb") as log:
        return envelopes.read(log)[:24]


@pytest.fixture(scope="module")
def expected() -> Any:
    """The conversations of the events that the samples are of."""
    return harness.report(envelopes.SHAPES["canonical"].write(sampled()), "conversations")["rows"]


HEADED = {
    *("real-psql-aligned", "real-psql-expanded", "real-pg-dump", "real-sqlite-box"),
    *("real-sqlite-line", "real-redis-stream", "real-java-xml"),
    *("real-mariadb-table", "real-mariadb-vertical", "real-mariadb-outfile"),
    *("real-apache-json", "real-google-structured"),
}
"""What programs wrote with headings, other columns or other requests as records of their own."""


@pytest.mark.parametrize("path", choose_some(SAMPLES, 4, "records"), ids=lambda path: path.stem)
def test_what_programs_wrote_themselves_says_the_same(path: Path, expected: Any) -> None:
    found = harness.run("conversations", path, "-f", "json", "-q").json

    assert expected == found["rows"]
    assert 21 == found["input"]["events"]
    known = 1 + path.read_bytes().startswith((b"Attaching to ", b"# Logfile"))  # As they begin.
    bad = sum(found["input"]["rejected"].values()) + found["input"]["ignored"]["unknown_event"]
    assert path.stem in HEADED or bad <= known


def test_a_list_of_something_else_behind_the_records_is_none_of_them() -> None:
    found = {
        "events": [{"message": INSIDE}, {"message": "x"}],
        "searchedLogStreams": [{"logStreamName": "a"}] * 2,
    }

    account = harness.report(json.dumps(found, indent=1).encode(), "chats")["input"]

    assert (2, 1, 1) == (account["records"], account["events"], account["rejected"]["no_event"])
