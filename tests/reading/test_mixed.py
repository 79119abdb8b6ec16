"""Inputs that are of one shape first, and then of another: no record is lost,
and no broken line becomes one.
"""

import json
from collections.abc import Callable
from typing import Any

import harness
import pytest
from choosing import combine

from dcevents.reading.sources import sizes
from samples import envelopes

NAMES = [
    *envelopes.KINDS["Framings"],
    *("canonical", "encoded", "flat", "nginx", "nginx-lines", "har", "docker", "cri", "compose"),
    *("syslog", "syslog-seconds", "python-logging", "monolog-line", "slog-text", "kubectl-prefix"),
    *("elasticsearch-search", "splunk-results", "cloudwatch-filter", "cloudwatch-subscription"),
    *("insights", "pubsub-pull", "dynamodb-scan", "kafka-rest", "sqlite", "mongo-array", "posthog"),
    *("lambda-base64", "journald-json", "otlp", "ga4", "form", "pixel", "crlf", "cassandra"),
]
"""Each way in which values follow each other, and some wrappings of each kind."""
LAST = "2026-11-02T09:15:04.120Z"


def event(n: int, **payload: object) -> dict[str, Any]:
    """The n-th of different events."""
    said = {
        "name": "Pricing",
        "id": "d1",
        "type": "dialogue",
        "uiType": "popup",
        "sid": f"s{n}",
        **payload,
    }
    stamp = f"2026-11-02T{9 + n // 3600:02d}:{n // 60 % 60:02d}:{n % 60:02d}.120Z"
    return {
        "event": "CONVERSATION_ENGAGED",
        "timestamp": stamp,
        "page": "https://x.example/p",
        "data": {"payload": said},
    }


def line(n: int, **payload: object) -> bytes:
    """The n-th event as a canonical line."""
    return json.dumps(event(n, **payload), separators=(",", ":")).encode() + b"\n"


def lines(*numbers: int) -> bytes:
    """Canonical lines of events."""
    return b"".join(line(n) for n in numbers)


def write(shape: str, first: int, end: int) -> bytes:
    """Some events in a shape, in whole lines."""
    events = [event(n) for n in range(first, end)]
    # Among lines, an array of one is no object.
    batches = envelopes.lines(envelopes.batches(events, (3, 8)))
    made: bytes = batches if shape == "batch-array" else envelopes.SHAPES[shape].write(events)
    return made if made.endswith(b"\n") else made + b"\n"


def account(data: bytes) -> dict[str, Any]:
    """The account of a log; its buckets sum to its records."""
    found: dict[str, Any] = harness.report(data, "events")["input"]
    sums = [
        found["blank"],
        found["incomplete"],
        found["later"],
        found["duplicates"],
        found["events"],
    ]
    assert found["records"] == sum((*sums, *found["rejected"].values(), *found["ignored"].values()))
    return found


def read(data: bytes) -> tuple[int, dict[str, int]]:
    """How many events a log has, and what is rejected, by reason."""
    found = account(data)
    return found["events"], {reason: n for reason, n in found["rejected"].items() if n}


def places(data: bytes) -> list[tuple[str, int, int | None]]:
    """The session, line and index of each event."""
    rows = harness.run("events", "-f", "ndjson", "-q", stdin=data).ndjson
    explained = harness.run("explain", "*", "-f", "json", "-q", stdin=data).json["sessions"]
    index = {
        (each["sid"], said["line"]): said.get("index")
        for each in explained
        for said in each["events"]
    }
    return [(row["sid"], row["line"], index[row["sid"], row["line"]]) for row in rows]


# -- every shape with every other ------------------------------------------------------------------


NOT_LINES = {
    name
    for name in NAMES
    if envelopes.SHAPES[name].write([event(n) for n in range(9)]).count(b"\n") != 9
}


def follows(one: str, other: str, _: str) -> bool:
    """Return whether two shapes are tried: all with some lines, and all that are no lines."""
    return one != other and (bool({one, other} & {"canonical", "cri"}) or {one, other} <= NOT_LINES)


@combine(
    ("one", "other", "how"),
    NAMES,
    NAMES,
    ["behind", "glued", "in its midst"],
    possible=follows,
    at_once=1,
)
def test_a_log_of_two_shapes_loses_none(one: str, other: str, how: str) -> None:
    before, between, after = write(one, 0, 11), write(other, 11, 22), write(one, 22, 33)

    if how == "in its midst":
        assert (33, {}) == read(before + between + after)
    elif how == "behind" or "encoded" in (one, other):
        assert (22, {}) == read(before + between)
    else:
        # Behind an object there is no text before another, so a line may be broken: it costs what
        # has run into it, of which the first may be a batch, and nothing behind.
        found, rejected = read(before.rstrip(b"\n") + between)
        assert found >= 10
        assert sum(rejected.values()) <= 2


# -- what is over several lines, among lines -------------------------------------------------------


def pretty(*numbers: int) -> bytes:
    """Events, each over several lines."""
    return b"".join(envelopes.pretty(event(n)) for n in numbers)


HEIGHT = pretty(0).count(b"\n")


def test_records_are_where_they_begin() -> None:
    array = b"[\n" + line(3).rstrip() + b",\n" + line(4).rstrip() + b"\n]\n"
    data = (
        lines(0)
        + pretty(1, 2)
        + array
        + lines(5)
        + lines(6, 7, 8).replace(b"\n", b"")
        + b"\n"
        + lines(9)
    )

    after = 2 + 2 * HEIGHT
    begins = [1, 2, 2 + HEIGHT, after + 1, after + 2, after + 4, *[after + 5] * 3, after + 6]
    indexes = [*[None] * 6, 1, 2, 3, None]
    expected = [
        (f"s{n}", begin, index)
        for n, (begin, index) in enumerate(zip(begins, indexes, strict=True))
    ]
    assert expected == places(data)


def test_a_broken_record_over_lines_harms_no_other() -> None:
    broken = pretty(1).replace(b'"page":', b'"page"', 1)

    found, rejected = read(lines(0) + broken + pretty(2, 3) + lines(4))

    # The lines of a record that is broken are read by themselves; one begins an object.
    assert (4, 1) == (found, rejected.pop("no_event"))
    assert rejected["invalid_json"] >= 4


def test_a_broken_line_of_an_array_is_one_record() -> None:
    members = [line(n).rstrip() for n in range(5)]
    members[2] = members[2][:50]
    data = b"[\n" + b",\n".join(members) + b"\n]\n"

    assert (6, {"invalid_json": 1}) == read(lines(10) + data + lines(11))


ONE, BOTH = {"invalid_json": 1}, {"invalid_json": 2}


@pytest.mark.parametrize(
    ("broken", "rejected"),
    [
        pytest.param([b"[", line(1)[:-1], b"]"], {}, id="an array of one"),
        pytest.param([b'{"x":', line(1)[:-1], b"}"], BOTH, id="what would swallow a line"),
        pytest.param([b'{"x":[', line(1)[:-1], b"]}"], BOTH, id="what would swallow it in a list"),
        pytest.param([line(1)[:-2], line(2)[:-1], b"}"], BOTH, id="a line that lacks its end"),
        pytest.param([b"[" + line(1)[:-1] + b",", line(2)[:-1]], {}, id="an array that is cut off"),
        pytest.param([b"{", b"}"], {"no_event": 1}, id="an object of nothing"),
        pytest.param([line(1)[:-1] + line(2)[:-10]], ONE, id="half a line behind another"),
        pytest.param([line(1)[:-1] + b" x"], ONE, id="text behind an object"),
        pytest.param([line(1)[:90], line(2)[:-1]], ONE, id="cut in a text"),
        pytest.param([line(1)[:10], line(2)[:-1]], ONE, id="cut before a value"),
        pytest.param([b"[" * 600, b"[" * 600], BOTH, id="too deep"),
    ],
)
@pytest.mark.parametrize("many", [0, 100])
def test_broken_lines_stay_broken_lines(
    broken: list[bytes], rejected: dict[str, int], many: int
) -> None:
    good = [each for each in broken if each.strip(b"[,") + b"\n" in (line(1), line(2))]
    around = lines(*range(10, 10 + many))

    found = read(around + lines(3) + b"\n".join(broken) + b"\n" + lines(4))

    assert (many + 2 + len(good), rejected) == found


def test_a_line_of_an_array_that_is_an_event_by_itself_is_no_second_one() -> None:
    array = b"[\n" + line(1).rstrip() + b",\n" + line(2) + b"]\n"

    found = account(lines(0) + array + lines(3))

    assert (4, 4, 0) == (found["records"], found["events"], found["duplicates"])


def test_files_that_share_a_block_are_not_read_as_one(tmp_path: Any) -> None:
    text = pretty(1)
    middle = text.index(b"\n", 60) + 1
    (tmp_path / "a.log").write_bytes(lines(*range(9)) + text[:middle])
    (tmp_path / "b.log").write_bytes(text[middle:] + lines(*range(10, 19)) + pretty(20))

    found = harness.run("completion", tmp_path, "-f", "json", "-q").json["input"]

    # The first ends within a record; the second begins with its rest, an object among it.
    assert (19, 1) == (found["events"], found["incomplete"])
    assert (2, 1) == (found["rejected"]["invalid_json"], found["rejected"]["no_event"])


def test_rejects_show_what_stands_in_the_log() -> None:
    text = envelopes.pretty({**event(1), "event": None})
    data = lines(0) + text + b"no JSON\n" + pretty(2)

    rejects = harness.run("summary", "--rejects", "-", "-o", "/dev/null", "-q", stdin=data).ndjson

    expected = [
        (2, "no_event", text.decode().rstrip("\n")),
        (2 + HEIGHT, "invalid_json", "no JSON"),
    ]
    assert expected == [(each["line"], each["reason"], each["raw"]) for each in rejects]


# -- lines that were cut ---------------------------------------------------------------------------


def cri(text: bytes, tag: str, stream: str = "stdout") -> bytes:
    """A line of CRI."""
    return f"2026-11-02T09:15:04.000000001Z {stream} {tag} ".encode() + text + b"\n"


def docker(text: str, stream: str = "stdout") -> bytes:
    """A line of Docker's json-file."""
    return (
        json.dumps({"log": text, "stream": stream, "time": LAST}, separators=(",", ":")).encode()
        + b"\n"
    )


@pytest.mark.parametrize(
    "first", [cri(line(9)[:-1], "F"), line(9)], ids=["behind prefixes", "among bare lines"]
)
def test_parts_of_cri_are_one_record(first: bytes) -> None:
    one, other = line(1).rstrip(), line(2).rstrip()
    parts = (
        cri(one[:60], "P")
        + cri(other[:90], "P", "stderr")
        + cri(one[60:150], "P")
        + cri(other[90:], "F", "stderr")
    )
    data = first + parts + cri(one[150:], "F") + cri(line(3).rstrip(), "F")

    assert (4, {}) == read(data)
    assert [("s1", 2, None), ("s2", 3, None), ("s3", 7, None), ("s9", 1, None)] == places(data)


def test_parts_of_docker_are_one_record() -> None:
    one, other = line(1).decode(), line(2).decode()
    parts = (
        docker(one[:60])
        + docker(other[:90], "stderr")
        + docker(one[60:150])
        + docker(other[90:], "stderr")
    )
    data = docker(line(9).decode()) + parts + docker(one[150:]) + docker(line(3).decode())

    assert (4, {}) == read(data)
    assert [("s1", 2, None), ("s2", 3, None), ("s3", 7, None), ("s9", 1, None)] == places(data)


def docker_part(text: bytes, tag: str) -> bytes:
    """The same, told what CRI is told."""
    return docker(text.decode() + "\n" * (tag == "F"))


@pytest.mark.parametrize(
    ("write", "expected"),
    [pytest.param(cri, {"invalid_json": 1}), pytest.param(docker_part, {"no_event": 2})],
)
def test_parts_that_are_none_swallow_nothing(write: Any, expected: dict[str, int]) -> None:
    data = (
        write(b'{"event":', "P")
        + write(line(1).rstrip(), "F")
        + write(b"rest", "F")
        + write(line(2).rstrip(), "F")
    )

    assert (2, expected) == read(data)


# -- long lines ------------------------------------------------------------------------------------


@pytest.mark.records
@combine(
    ("write", "how"),
    {
        "an array": lambda events: json.dumps(events).encode(),
        "a list in an object": lambda events: json.dumps({"events": events}).encode(),
        "objects without line ends": lambda events: "".join(map(json.dumps, events)).encode(),
    },
    ["a file", "a pipe"],
    at_once=1,
)
def test_a_line_longer_than_a_record_has_records(write: Any, how: str, tmp_path: Any) -> None:
    long = write([event(n) for n in range(1000, 13_000)])
    data = lines(*range(900)) + long + b"\n" + lines(900)
    path = tmp_path / "x.log"
    path.write_bytes(data)

    pipe = how == "a pipe"
    result = harness.run(
        "check", "-" if pipe else path, "-f", "json", "-q", stdin=data if pipe else b""
    )
    found = result.json["input"]

    assert len(long) > 2 << 20
    assert (12_901, 12_901, 0) == (
        found["records"],
        found["events"],
        sum(found["rejected"].values()),
    )


def test_lines_that_are_held_back_are_not_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sizes, "FIRST_BLOCK_BYTES", 1 << 10)
    data = lines(*range(9)) + b"{\n" * 3

    found = account(data)

    assert (12, 9, 1, 2) == (
        found["records"],
        found["events"],
        found["incomplete"],
        found["rejected"]["invalid_json"],
    )


# -- where blocks end ------------------------------------------------------------------------------


def _cut(text: bytes, part: Any) -> bytes:
    """A line, in parts of a hundred bytes."""
    pieces = [text[at : at + 100] for at in range(0, len(text), 100)]
    return b"".join(part(piece, "P" if piece is not pieces[-1] else "F") for piece in pieces)


OTHERS: dict[str, Callable[[range], bytes]] = {
    "pretty": lambda numbers: pretty(*numbers),
    "an array": lambda numbers: envelopes.pretty([event(n) for n in numbers]),
    "an array of lines": lambda numbers: (
        b"[\n" + lines(*numbers)[:-1].replace(b"\n", b",\n") + b"\n]\n"
    ),
    "CRI": lambda numbers: b"".join(_cut(line(n)[:-1], cri) for n in numbers),
    "Docker": lambda numbers: b"".join(_cut(line(n)[:-1], docker_part) for n in numbers),
}


@combine(
    ("name", "how", "size"),
    [*OTHERS],
    ["a file", "a pipe"],
    [1 << 10, 1200, 3000],
    at_once=1,
)
def test_no_record_is_lost_where_blocks_end(
    name: str, how: str, size: int, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sizes, "FIRST_BLOCK_BYTES", size)
    monkeypatch.setattr(sizes, "BLOCK_BYTES", 2 * size)
    data = lines(*range(300)) + OTHERS[name](range(300, 360)) + lines(*range(360, 500))
    path = tmp_path / "x.log"
    path.write_bytes(data)

    pipe = how == "a pipe"
    found = harness.run(
        "events", "-" if pipe else path, "-f", "json", "-q", stdin=data if pipe else b""
    )

    # An array that is cut is none: its brackets are lines that are no JSON.
    rejected = found.json["input"]["rejected"]
    assert (500, 0, True) == (
        found.json["input"]["events"],
        rejected["no_event"],
        rejected["invalid_json"] <= 2,
    )
    assert "array" in name or not rejected["invalid_json"]
