"""Lines that a server logged of requests, with the lines that the page sent in `body` (docs/capture.md)."""

import gzip
import json
import random

import harness
import pytest

SITE = harness.ROOT / "sample_logs" / "site"
LINES = [
    line
    for name in ("dc.log-20261105.gz", "dc.log-20261108.gz")
    for line in gzip.decompress((SITE / name).read_bytes()).decode("utf-8", "replace").splitlines()
    if '"sid"' in line and harness.is_json(line)
]
REPORTS = ("completion", "abandonment", "live-chat", "conversations", "chats")
GOOD = harness.log("09:00 a triggered\n09:01 a engaged\n09:02 a completed").decode().splitlines()


def wrapped(lines: list[str], **more: object) -> str:
    """A line as nginx logs it."""
    body = "".join(line + "\n" for line in lines)
    return json.dumps({"received": "2026-11-02T09:15:05+00:00", "body": body, **more}, ensure_ascii=False)


def figures(log: str) -> tuple[object, ...]:
    """All reports of a log, and its account, but for how it was read."""
    made = [harness.run(report, "-q", "-f", "json", stdin=log.encode()).json for report in REPORTS]
    account = {key: value for key, value in made[0]["input"].items() if key != "envelopes"}
    return [(each["rows"], each.get("total")) for each in made], account


@pytest.mark.parametrize("share", [1.0, 0.5, 0.01])
def test_wrapped_or_not_lines_say_the_same(share: float) -> None:
    rng = random.Random(1)
    lines: list[str] = []
    left = LINES.copy()
    while left:
        taken, left = left[: (size := rng.randint(1, 5))], left[size:]
        lines += [wrapped(taken)] if rng.random() < share else taken

    assert figures("\n".join(LINES) + "\n") == figures("\n".join(lines) + "\n")


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("{", "invalid_json"),
        ("no JSON", "invalid_json"),
        (GOOD[0][:50], "invalid_json"),
        (GOOD[0] + "x", "invalid_json"),
        ("null", "not_an_object"),
        ('"text"', "not_an_object"),
        ('{"no": "event"}', "no_event"),
        (GOOD[0].replace('"sid"', '"sad"'), "no_sid"),
    ],
)
@pytest.mark.parametrize("at", [0, 1, 3])
def test_a_bad_line_in_a_body_harms_no_other(bad: str, reason: str, at: int) -> None:
    body = [*GOOD[:at], bad, *GOOD[at:]]

    report = harness.run(
        "summary", "-f", "json", "--rejects", "-", "-o", "/dev/null", stdin=f"{wrapped(body)}\n".encode()
    )
    account = harness.run("summary", "-f", "json", stdin=f"{wrapped(body)}\n".encode()).json["input"]

    assert [(1, at + 1, reason)] == [(each["line"], each["index"], each["reason"]) for each in report.ndjson]
    assert (4, 3) == (account["records"], account["events"])


def test_places_are_those_of_the_log() -> None:
    lines = [GOOD[0], wrapped(GOOD[1:]), "{"]

    events = harness.run("events", "-f", "ndjson", stdin=("\n".join(lines) + "\n").encode())
    rejects = harness.run("summary", "--rejects", "-", "-o", "/dev/null", stdin=("\n".join(lines) + "\n").encode())

    assert [1, 2, 2] == [event["line"] for event in events.ndjson]
    assert [(3, "invalid_json")] == [(each["line"], each["reason"]) for each in rejects.ndjson]
