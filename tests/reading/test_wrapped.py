"""Lines that a server logged of requests,
with the lines that the page sent in `body` (docs/capture.md).
"""

import gzip
import json
import random
from pathlib import Path
from typing import Any

import harness
import pytest
from choosing import combine
from columns import NOW

from dcevents.model.attributes import Vocabulary
from dcevents.reading.log import read_log
from dcevents.reading.parsing import parse, record, records
from dcevents.reading.parsing.parse import Limits, Parser
from dcevents.reading.sources.operands import find_inputs

SITE = harness.ROOT / "sample_logs" / "site"
LINES = [
    line
    for name in ("dc.log-20261105.gz", "dc.log-20261108.gz")
    for line in gzip.decompress((SITE / name).read_bytes()).decode("utf-8", "replace").splitlines()
    if '"sid"' in line and harness.is_json(line)
]
REPORTS = ("conversations", "summary")
GOOD = harness.log("09:00 a triggered\n09:01 a engaged\n09:02 a completed").decode().splitlines()


RECEIVED = "2026-11-02T09:15:05+00:00"


def wrapped(lines: list[str], received: str = RECEIVED, **more: object) -> str:
    """A line as nginx logs it."""
    body = "".join(line + "\n" for line in lines)
    return json.dumps({"received": received, "body": body, **more}, ensure_ascii=False)


def figures(log: str) -> tuple[object, ...]:
    """All reports of a log, and its account, but for how it was read."""
    made = [harness.run(report, "-q", "-f", "json", stdin=log.encode()).json for report in REPORTS]
    account = {key: value for key, value in made[0]["input"].items() if key != "envelopes"}
    parts = [part for each in made for part in each.get("reports", [each])]
    return [(part["rows"], part.get("total")) for part in parts], account


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

    log = f"{wrapped(body)}\n".encode()
    report = harness.run("events", "--rejects", "-", "-o", "/dev/null", stdin=log)
    account = harness.run("events", "-f", "json", stdin=log).json["input"]

    assert [(1, at + 1, reason)] == [
        (each["line"], each["index"], each["reason"]) for each in report.ndjson
    ]
    assert (4, 3) == (account["records"], account["events"])


def test_places_are_those_of_the_log() -> None:
    lines = [GOOD[0], wrapped(GOOD[1:]), "{"]

    events = harness.run("events", "-f", "ndjson", stdin=("\n".join(lines) + "\n").encode())
    rejects = harness.run(
        "summary", "--rejects", "-", "-o", "/dev/null", stdin=("\n".join(lines) + "\n").encode()
    )

    assert [1, 2, 2] == [event["line"] for event in events.ndjson]
    assert [(3, "invalid_json")] == [(each["line"], each["reason"]) for each in rejects.ndjson]


# -- by the column and one by one ------------------------------------------------------------------


def everything(data: bytes, path: Path, *, sample: int) -> tuple[Any, ...]:
    """All that is known of a log whose shapes are learnt from so many lines: its account,
    events and rejects.
    """
    path.write_bytes(data)
    parser = Parser(Limits(None, NOW), Vocabulary(), in_full=True, sample=sample)
    rejects: list[Any] = []
    log = read_log(
        find_inputs([str(path)]).inputs,
        parser,
        lambda _: None,
        locate=True,
        keep_reject=lambda *each: rejects.append(each),
    )
    said = parser.vocabulary.list_attributes()
    assert log.located is not None
    events = [(said[row.pop("attributes")], row) for row in log.located.iter_rows(named=True)]
    account = log.account
    return (
        account.records,
        +account.tally,
        account.unknown_events,
        events,
        [(place.line, place.record_number, place.reason) for place, _ in rejects],
    )


TWO = GOOD[:2]
ODD = {
    "one record": wrapped(GOOD[:1]),
    "one in another place": json.dumps({"received": RECEIVED, "message": GOOD[0], "status": "204"}),
    "none": wrapped([]),
    "no event among them": wrapped(['{"a":1}', '{"b":2}']),
    "an event and another object": wrapped([GOOD[0], '{"a":1}']),
    "ready events": wrapped(['{"event":"adobedx.conversations.ready"}'] * 2),
    "a broken line": wrapped([*TWO, "{"]),
    "a line that is none": wrapped([*TWO, "text"]),
    "a list among them": wrapped([*TWO, "[]"]),
    "two on a line": wrapped([GOOD[0] + GOOD[1], GOOD[2]]),
    "a comma between them": wrapped([f"{GOOD[0]},", GOOD[1]]),
    "over several lines": wrapped([json.dumps(json.loads(line), indent=1) for line in TWO]),
    "as a list": wrapped([f"[{GOOD[0]},", f"{GOOD[1]}]"]),
    "escapes in some": wrapped([TWO[0], TWO[1].replace('"P"', '"\\\\n{"')]),
    "blank lines": wrapped(["", TWO[0], " \t", TWO[1], "\x1e", ""]),
    "separators": wrapped(["\x1e" + line for line in TWO]),
    "spaces around them": wrapped([f"  {line}\r" for line in TWO]),
    "behind prefixes": wrapped([f"2026-11-02T09:15:04Z {line}" for line in TWO]),
    "escapes": wrapped([line.replace('"P"', '"\\u00e9\\n"') for line in TWO]).replace(
        "engaged", "\\u0065ngaged"
    ),
    "half a surrogate pair": wrapped(TWO).replace("dlg", "\\ud800"),
    "half a surrogate pair in a record": wrapped([line.replace("dlg", "\\ud800") for line in TWO]),
    "a bad escape": wrapped(TWO).replace("dlg", "\\x"),
    "a raw tab": wrapped(TWO).replace("dlg", "\t"),
    "a quote too many": wrapped(TWO).replace("dlg", '"'),
    "cut off": wrapped(TWO)[:-30],
    "another text behind it": wrapped(TWO, more="\n{"),
    "an event beside it": wrapped(TWO, event="CONVERSATION_CLOSED", sid="outer"),
    "a list beside it": wrapped(TWO, events=[json.loads(GOOD[2])] * 2),
    "a list before it": json.dumps(
        {"events": [json.loads(GOOD[2])] * 2, **json.loads(wrapped(TWO))}
    ),
    "said to be encoded": wrapped(TWO, isBase64Encoded=True),
    "wrapped once more": wrapped([wrapped(TWO), wrapped(TWO)]),
    "a plain line": GOOD[0],
    "long": wrapped(GOOD * 60),
}


@combine(("odd", "behind"), ODD, ["nothing", "as much everywhere", "more and less"], at_once=1)
def test_an_odd_body_among_others_says_what_it_says_by_itself(
    odd: str, behind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # So that so few lines are read by the column.
    monkeypatch.setattr(parse, "_MIN_LAYOUT_LINES", 2)
    monkeypatch.setattr(parse, "_MANY", 20)
    more: list[dict[str, Any]] = [
        {}
        if behind == "nothing"
        else {"status": "204"}
        if behind == "as much everywhere"
        else {"n": n}
        for n in range(60)
    ]
    usual = [
        wrapped(LINES[n : n + 2 + n % 3], RECEIVED.replace("15", str(10 + n % 50)), **more[n])
        for n in range(60)
    ]
    data = ("\n".join([*usual, odd, *usual[:30], *[odd] * 9, *usual[:9]]) + "\n").encode()

    assert everything(data, tmp_path / "x.log", sample=9999) == everything(
        data, tmp_path / "x.log", sample=20
    )


def test_lines_of_bodies_are_read_by_the_column(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not one by one, which takes eight times as long."""
    usual = [wrapped(LINES[n % 999 :][:3], id=f"{n:08x}", n=n) for n in range(2000)]
    asked: list[str] = []
    by_itself = record.members

    def members(line: str, known: Any) -> list[str]:
        asked.append(line)
        return by_itself(line, known)

    monkeypatch.setattr(records, "members", members)

    counted = everything(("\n".join(usual) + "\n").encode(), tmp_path / "x.log", sample=100)

    assert 6000 == counted[0]
    assert len(asked) < 200
