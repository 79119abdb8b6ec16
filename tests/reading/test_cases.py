"""Inputs on which earlier versions fell short, through the program: cases/ as a whole.

Most hold the same twelve events in three sessions, damaged or wrapped.
"""

from pathlib import Path
from typing import Any

import harness
import pytest
from choosing import choose_some

CASES = Path(__file__).parent / "cases"
SCANNERS = ("c", "python")
HINTED = {
    "52-ansi-jq.log": "it is coloured as for a terminal",
    "67-single-quoted.log": "its records stand in single quotes",
    "68-json5.log": "it looks like JavaScript's objects",
    "69-console-firefox.log": "it looks like objects as a browser's console shows them, not whole",
    "94-html-entities.log": "its quotes are written as in HTML",
    "95-smart-quotes.log": "its quotes are typographic",
}
"""Files that definitions do not read, with what is said of them."""
OTHERS: dict[str, dict[str, Any]] = {
    "142-decimals.ndjson": {"events": 2, "sessions": 1, "completed": 1},
    "143-decimals-id.ndjson": {"events": 2, "duplicates": 1, "triggered": 1},
    "150-epoch0.ndjson": {"events": 13, "sessions": 4, "ancient": 1, "untimed": 1},
    "151-year1.ndjson": {"events": 13, "sessions": 4, "ancient": 1, "untimed": 1},
    "160-nfd.ndjson": {"events": 3, "sessions": 2},
    "83-latin1.ndjson": {"events": 3, "invalid_utf8": 9},
    "csv-other-delimiter.ndjson": {"events": 1},
    "lc-1-ended-then-timeout.ndjson": {"events": 2, "requests": 1, "ended": 1},
    "lc-2-left-then-ended.ndjson": {"events": 3, "requests": 1, "left": 1},
    "lc-3-TETI.ndjson": {"events": 4, "requests": 2},
}
"""Files that hold other events than the twelve, with figures."""
FILES = sorted(path.name for path in CASES.iterdir() if path.is_file())
TWELVE = [name for name in FILES if name not in HINTED and name not in OTHERS]
EXPECTED = {
    "events": 12,
    "untimed": 0,
    "rejected": 0,
    "sessions": 3,
    "completed": 1,
    "median_seconds_to_complete": 60,
    "served": 1,
    "closed": 1,
    "median_seconds_to_abandon": 40,
    "requests": 1,
    "ended": 1,
    "median_wait_seconds": 30,
    "median_chat_seconds": 300,
}


def summarise(path: Path, scanner: str = "c") -> dict[str, Any]:
    """Return the totals of the summary of a log, and its account."""
    result = harness.run("summary", path, "-f", "json", env={"DCEVENTS_SCANNER": scanner})
    assert result.status == 0, result.err
    account = result.json["input"]
    live_chat, abandonment, completion = (
        next(each["total"] for each in result.json["reports"] if report in each["schema"])
        for report in ("live-chat", "abandonment", "completion")
    )
    of_live_chat = {key: live_chat[key] for key in ("requests", "ended", "left")}
    waits = {key: live_chat[key] for key in ("median_wait_seconds", "median_chat_seconds")}
    figures = account | account["rejected"] | {"rejected": sum(account["rejected"].values())}
    found: dict[str, Any] = completion | abandonment | of_live_chat | waits | figures
    return found | {"said": result.err}


@pytest.mark.parametrize("scanner", choose_some(SCANNERS, 2, "records"))
@pytest.mark.parametrize("name", TWELVE)
def test_twelve_events_are_read_whatever_happened_to_them(name: str, scanner: str) -> None:
    found = summarise(CASES / name, scanner)

    assert {key: found[key] for key in EXPECTED} == EXPECTED


@pytest.mark.parametrize("scanner", SCANNERS)
@pytest.mark.parametrize("name", OTHERS)
def test_other_events_say_what_they_must(name: str, scanner: str) -> None:
    found = summarise(CASES / name, scanner)

    assert {key: found[key] for key in OTHERS[name]} == OTHERS[name]


@pytest.mark.parametrize("name", HINTED)
def test_what_is_not_read_is_told_what_it_is(name: str) -> None:
    result = harness.run("summary", CASES / name)

    assert result.status == 3
    assert HINTED[name] in result.err


def test_of_bytes_behind_compressed_data_it_is_said_that_they_were_ignored() -> None:
    said = summarise(CASES / "44-gz-trailing-garbage.ndjson.gz")["said"]

    assert "trailing bytes were ignored" in said


def test_of_latin_1_amid_good_lines_check_says_what_can_be_done() -> None:
    checked = harness.run("check", CASES / "83-latin1.ndjson", "--width", "200")

    assert "perhaps Latin-1: convert it with iconv -f ISO-8859-1 -t UTF-8" in checked.text


@pytest.mark.parametrize("scanner", SCANNERS)
def test_logs_of_several_framings_are_read_together(scanner: str) -> None:
    together = summarise(CASES / "crash", scanner)

    # 60 in each; in one, `window` stands before full names, which is none of the words that may.
    assert (660, 60) == (together["events"], together["ignored"]["unknown_event"])


def test_names_of_others_are_answered_by_the_kind_that_they_end_with() -> None:
    result = harness.run("summary", CASES / "crash" / "539.log")

    assert result.status == 3
    advice = "--map-event window.AdobeDX.Enum.Events.CONVERSATION_TRIGGERED=triggered"
    assert advice in result.err
