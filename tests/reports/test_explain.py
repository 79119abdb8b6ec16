"""`explain`: the outcomes of the reports, what each line did,
and only the sessions that are asked for.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import harness
import naive
import pytest
from choosing import try_examples
from compare import NOW, analyse
from histories import START, histories, line
from hypothesis import given
from hypothesis import strategies as st

from dcevents.analysis.view import View
from dcevents.explain import chat_reasons, reasons
from dcevents.explain.sessions import MAX_EXPLAINED_SESSIONS, Explanation, explain_sessions
from dcevents.explain.timeline import LoggedEvent
from dcevents.model.events import ATTEMPT_OUTCOMES, OUTCOMES
from dcevents.reading.judge.timestamps import parse_timestamp
from dcevents.reports._explain_document import build_members

DOCS = harness.ROOT / "docs"

# -- the same as everywhere ------------------------------------------------------------------------


@given(history=histories(), data=st.data())
@try_examples(4)
def test_any_history_is_explained_as_it_is_reported(
    history: list[dict[str, Any]], data: st.DataObject
) -> None:
    times = sorted({event["ts"] for event in history if event["ts"] is not None} | {START})
    as_of = data.draw(
        st.none()
        | st.builds(lambda ts, d: ts + d, st.sampled_from(times), st.sampled_from([-1, 0, 299_999]))
    )
    repeated = history + data.draw(st.lists(st.sampled_from(history), max_size=3))
    with TemporaryDirectory() as folder:
        check(b"".join(map(line, repeated)), as_of, Path(folder))


@given(history=histories(live=True))
@try_examples(4)
def test_any_live_chat_is_explained_as_it_is_reported(history: list[dict[str, Any]]) -> None:
    with TemporaryDirectory() as folder:
        check(b"".join(map(line, history)), None, Path(folder))


def check(data: bytes, as_of: int | None, folder: Path) -> None:
    """What is explained, held to the listings of the program and to the model."""
    view = analyse([("a.log", data)], folder, as_of=as_of)
    found = explain_sessions(view, "*")
    build_members(found)
    listed = {
        (row["sid"], row["conversation_id"]): row for row in view.list_conversations().to_dicts()
    }
    explained = [
        (session.sid, each) for session in found.sessions for each in session.conversations
    ]
    assert {(sid, each.row["conversation_id"]) for sid, each in explained} == set(listed)
    for sid, each in explained:
        row = listed[sid, each.row["conversation_id"]]
        assert {name: each.row[name] for name in row if name != "conversation_key"} == {
            k: v for k, v in row.items() if k != "conversation_key"
        }
        assert next(reason.outcome for reason in each.reasons if reason.fits) == row["outcome"]
        assert each.deciding_reason.fits
        assert not any(reason.fits for reason in each.earlier_reasons)
        assert time(each.started_by) == row["started_at"]
        assert time(each.engaged_by) == row["engaged_at"]
        assert (each.engaged_by is not None) == row["engaged"]
        assert time(each.last_by) == row["last_at"]
        assert each.last_step_by is None or each.last_step_by.ts is not None
    attempts_agree(view, found)
    lines_agree(view, found, naive.read([("a.log", data)], now_ms=NOW, as_of_ms=as_of))


def time(event: LoggedEvent | None) -> int | None:
    """An event's time."""
    return None if event is None else event.ts


def attempts_agree(view: View, found: Explanation) -> None:
    """The events that decided an attempt are those of its row in `chats`."""
    chats = {
        (row["sid"], row["conversation_id"], row["attempt"]): row
        for row in view.list_chats().to_dicts()
    }
    seen = 0
    for session in found.sessions:
        for each in session.conversations:
            for attempt in each.attempts:
                row = chats[session.sid, each.row["conversation_id"], attempt.number]
                seen += 1
                assert (attempt.outcome, attempt.is_accepted) == (row["outcome"], row["accepted"])
                assert time(attempt.requested_by) == row["requested_at"]
                assert time(attempt.accepted_by) == row["accepted_at"]
                assert time(attempt.ended_by) == row["ended_at"]
                assert (attempt.agent_by and attempt.agent_by.agent) == row["agent_id"]
                assert found.agent_names.get(row["agent_id"]) == row["agent_name"]
    assert seen == len(chats)


def lines_agree(view: View, found: Explanation, model: naive.Log) -> None:
    """Every accepted line is there once; those that count are the model's events,
    in the model's order.
    """
    assert sum(len(session.lines) for session in found.sessions) == len(model.looks)
    listed = {(row["file"], row["line"]) for row in view.list_events().to_dicts()}
    for session in found.sessions:
        counted = [event for event in session.lines if event.duplicate_of is None]
        assert {(event.file, event.line) for event in counted} <= listed
        for identity in {event.attributes.id for event in counted}:
            events = [
                event for event in model.events if (event.sid, event.id) == (session.sid, identity)
            ]
            expected = [(event.ts, event.kind, event.agent) for event in naive.in_order(events)]
            assert expected == [
                (e.ts, e.name, e.agent) for e in counted if e.attributes.id == identity
            ]
    assert sum(
        event.duplicate_of is None for session in found.sessions for event in session.lines
    ) == len(listed)


def test_the_rules_have_the_words_of_the_definitions() -> None:
    table = re.findall(
        r"^\| (\d+) \| `(\w+)` \| (.+) \| (.+) \|$",
        (DOCS / "definitions.md").read_text(),
        re.MULTILINE,
    )
    plain = [
        [re.sub(r"\[(.+?)\]\(.+?\)", r"\1", cell).replace("`", "") for cell in row] for row in table
    ]

    rules = [[str(n), name, *reasons.OUTCOME_RULES[name]] for n, name in enumerate(OUTCOMES, 1)]

    assert plain == rules
    assert set(chat_reasons.ATTEMPT_RULES) == set(ATTEMPT_OUTCOMES)


# -- what each event did ---------------------------------------------------------------------------


def told(compact: str, sid: str = "a", **more: Any) -> dict[str, Any]:
    """The one session that is explained."""
    done = harness.run("explain", sid, "-f", "json", "-q", stdin=harness.log(compact), **more)
    (session,) = done.json["sessions"]
    assert isinstance(session, dict)
    return session


def notes(compact: str) -> list[str]:
    """What is said of each line, lines named as `:3`."""
    return [
        "; ".join(event["notes"]).replace("standard input", "") for event in told(compact)["events"]
    ]


NOTES = [
    pytest.param(
        "09:00 a triggered\n09:01 a triggered",
        1,
        "shown again, which is no activity",
        id="shown again",
    ),
    pytest.param(
        "09:00 a triggered\n09:01 a input_email",
        1,
        "engages it: this cannot come before",
        id="implied",
    ),
    pytest.param("09:00 a engaged\n09:01 a input_email", 1, "", id="not implied"),
    pytest.param(
        "09:00 a live_chat_requested\n09:05 a live_chat_requested",
        1,
        "a repeat, 5m 00s after the request at :1: still attempt 1",
        id="a repeat within 300 s",
    ),
    pytest.param(
        "09:00 a live_chat_requested\n09:05:00.001 a live_chat_requested",
        1,
        "starts attempt 2: no repeat, 5m 00s, more than 300 s, after :1",
        id="a millisecond later it is none",
    ),
    pytest.param(
        "09:00 a live_chat_requested\n- a live_chat_requested",
        1,
        "starts attempt 2: no repeat, untimed, so at no known distance from :1",
        id="an untimed request is no repeat",
    ),
    pytest.param(
        "09:00 a live_chat_requested\n09:02 a live_chat_request_timeout\n"
        "09:03 a live_chat_initiated",
        1,
        "times out attempt 1, but is cancelled by the late accept at :3",
        id="a timeout that is cancelled",
    ),
    pytest.param(
        "09:00 a live_chat_requested\n09:02 a live_chat_request_timeout\n"
        "09:03 a live_chat_initiated",
        2,
        "late accept of attempt 1: cancels the timeout at :2",
        id="the late accept that cancels it",
    ),
    pytest.param(
        "09:00 a live_chat_requested\n09:02 a live_chat_request_timeout\n"
        "09:08 a live_chat_initiated",
        2,
        "starts attempt 2: no late accept, 6m 00s, more than 300 s, after :2",
        id="an accept that is too late",
    ),
    pytest.param(
        "09:00 a live_chat_requested\n09:01 a live_chat_initiated\n09:02 a live_chat_initiated",
        2,
        "attempt 1 had been accepted at :2",
        id="a second accept",
    ),
    pytest.param(
        "09:00 a live_chat_initiated",
        0,
        "starts attempt 1: no request comes before it",
        id="no request",
    ),
    pytest.param(
        "09:00 a live_chat_requested\n09:01 a live_chat_initiated\n09:02 a live_chat_ended\n"
        "09:03 a live_chat_ended",
        3,
        "no part of attempt 1, which had ended at :3: changes only prev",
        id="an end after the end changes only prev",
    ),
    pytest.param(
        "09:00 a live_chat_requested\n09:01 a live_chat_request_timeout\n09:02 a closed",
        2,
        "no part of attempt 1, which had timed out at :2",
        id="CLOSED after a timeout did nothing",
    ),
    pytest.param(
        "09:00 a live_chat_requested\n09:01 a live_chat_request_timeout\n09:02 a closed\n"
        "09:03 a live_chat_initiated",
        2,
        "no part of attempt 1, which had timed out at :2",
        id="… also where the timeout is cancelled later",
    ),
    pytest.param(
        "09:00 a live_chat_requested\n09:02 a closed", 1, "ends attempt 1", id="CLOSED that ends"
    ),
    pytest.param(
        "09:00 a closed\n09:02 a live_chat_requested", 0, "", id="CLOSED before any live chat"
    ),
    pytest.param(
        "09:00 a live_chat_requested\n09:02 a live_chat_ended",
        1,
        "ends attempt 1, which an agent must have accepted: that event is missing",
        id="the accept was lost",
    ),
    pytest.param(
        "09:00 a live_chat_requested\n09:01 a live_chat_request_timeout\n09:02 a live_chat_ended",
        2,
        "no talk: attempt 1 had timed out at :2",
        id="an end without a talk",
    ),
    pytest.param(
        "09:00 a live_chat_requested\n09:01 a live_chat_request_timeout\n"
        "09:02 a live_chat_request_timeout",
        2,
        "attempt 1 had timed out before",
        id="a second timeout",
    ),
    pytest.param(
        "09:00 a live_chat_requested\n09:01 a live_chat_initiated\n"
        "09:02 a live_chat_request_timeout",
        2,
        "ends attempt 1: the visitor stopped answering",
        id="a timeout of the talk",
    ),
    pytest.param(
        "09:00 a live_chat_request_timeout",
        0,
        "starts and times out attempt 1: no agent took it",
        id="a lost request",
    ),
]


@pytest.mark.parametrize(("compact", "event", "expected"), NOTES)
def test_each_event_says_what_it_did(compact: str, event: int, expected: str) -> None:
    note = notes(compact)[event]

    assert note.removeprefix("engages it: this cannot come before the first response; ").startswith(
        expected
    )
    assert note or not expected


def test_duplicates_point_to_the_line_that_counts() -> None:
    events = told(
        "09:00:05 a engaged\n09:00 a triggered\n09:00:05 a engaged name=Other\n09:00:07 a closed"
    )["events"]

    assert [(event["line"], event["gap_seconds"]) for event in events] == [
        (2, None),
        (1, 5.0),
        (3, 0.0),
        (4, 2.0),
    ]
    assert events[2]["duplicate_of"] == {"kind": "engaged", "file": "standard input", "line": 1}
    assert [event["conversation"] for event in events] == [None, None, "Other", None]


def test_untimed_and_future_events_are_marked() -> None:
    compact = "x a engaged\n2099-01-01T00:00:00Z a closed\n09:00 a triggered"
    events = told(compact)["events"]

    assert [(e["kind"], e["timestamp"], e["gap_seconds"], e["future"]) for e in events] == [
        ("triggered", "2026-11-02T09:00:00.000Z", None, False),
        ("engaged", None, None, False),
        ("closed", None, None, True),
    ]
    text = harness.run("explain", "a", stdin=harness.log(compact)).text
    assert re.search(r"^  untimed +engaged +standard input:1$", text, re.MULTILINE)
    assert "no timestamp" in text
    assert "lies in the future" in text


# -- why an outcome is what it is ------------------------------------------------------------------

LATER = "\n20:00 z triggered"
WHY = [
    pytest.param("09:00 a engaged\n09:01 a completed", 1, "completed at :2", id="completed"),
    pytest.param("09:00 a live_chat_initiated", 2, "attempt 1 is accepted", id="served"),
    pytest.param("09:00 a meeting_booked", 3, "meeting_booked at :1", id="booked"),
    pytest.param(
        "19:50 a engaged",
        4,
        "recent: last active 10m 00s before as of, at :1; --idle is 30m 00s",
        id="open",
    ),
    pytest.param(
        "19:50 a closed\n19:51 a engaged",
        4,
        "recent: last active 9m 00s before as of, at :2; --idle is 30m 00s; closed at :1, but "
        "engaged 1m 00s later,"
        " at :2",
        id="open after a close",
    ),
    pytest.param(
        "09:00 a live_chat_requested\n09:02 a live_chat_request_timeout",
        5,
        "attempt 1 is missed",
        id="unanswered",
    ),
    pytest.param("09:00 a live_chat_requested", 6, "1 attempt", id="left the queue"),
    pytest.param("09:00 a engaged\n09:01 a closed", 7, "closed last, at :2", id="closed"),
    pytest.param("09:00 a engaged", 8, "engaged at :1", id="dropped"),
    pytest.param("09:00 a triggered\n09:01 a closed", 9, "closed last, at :2", id="dismissed"),
    pytest.param("09:00 a triggered", 10, "nothing else fits", id="ignored"),
]


@pytest.mark.parametrize(("compact", "rule", "because"), WHY)
def test_each_rule_can_be_the_one_that_decides(compact: str, rule: int, because: str) -> None:
    (conversation,) = told(compact + LATER)["conversations"]

    assert (conversation["rule"], conversation["outcome"]) == (rule, OUTCOMES[rule - 1])
    assert conversation["because"].replace("standard input", "") == because
    assert [each["rule"] for each in conversation["earlier_rules"]] == list(range(1, rule))


def test_the_rules_before_say_why_they_do_not_fit() -> None:
    (conversation,) = told("09:00 a closed\n09:00:03 a engaged" + LATER)["conversations"]

    why = {
        each["outcome"]: each["because"].replace("standard input", "")
        for each in conversation["earlier_rules"]
    }
    assert why == {
        "completed": "no completed event",
        "served": "no live chat",
        "booked": "no meeting_booked event",
        "open": "not recent: last active 10h 59m before as of, at :2; --idle is 30m 00s",
        "unanswered": "no live chat",
        "left_queue": "no live chat",
        "closed": "closed at :1, but engaged 3.0s later, at :2",
    }


EDGES = [
    pytest.param(
        "09:00 a engaged\n09:10 a triggered\n09:20 a triggered",
        None,
        id="shown again after all else",
    ),
    pytest.param(
        "09:10 a closed\n09:10 a engaged\n09:00 a triggered", None, id="closed at the same moment"
    ),
    pytest.param("09:00 a engaged", "09:30", id="silent for just the limit"),
    pytest.param("09:00 a engaged", "09:29:59.999", id="a millisecond less"),
    pytest.param("09:00 a live_chat_requested", "09:05", id="waited for just the limit"),
    pytest.param("09:00 a live_chat_requested", "09:04:59.999", id="waiting"),
    pytest.param("09:00 a live_chat_initiated", "09:10", id="talked for just the limit"),
    pytest.param("x a engaged\ny a closed", None, id="nothing has a time"),
    pytest.param("x a closed\n09:00 a engaged", None, id="closed at an unknown time"),
]


@pytest.mark.parametrize(("compact", "as_of"), EDGES)
def test_at_the_edges_the_first_rule_that_fits_is_that_of_the_reports(
    compact: str, as_of: str | None, tmp_path: Path
) -> None:
    time = None if as_of is None else parse_timestamp(f"{harness.DAY}T{as_of}Z")
    moment = None if time is None else time.ms

    check(harness.log(compact), moment, tmp_path)


def test_as_of_and_idle_decide_here_as_everywhere() -> None:
    log = harness.log("09:00 a engaged\n09:20 a completed" + LATER)

    def outcome(*options: str) -> str:
        return str(
            harness.report(log, "explain", "a", *options)["sessions"][0]["conversations"][0][
                "outcome"
            ]
        )

    assert outcome() == "completed"
    assert outcome("--as-of", "2026-11-02T09:10") == "open"
    assert outcome("--as-of", "2026-11-02T09:10", "--idle", "5m") == "dropped"


# -- which sessions --------------------------------------------------------------------------------

SEVERAL = harness.log("09:00 ab engaged\n09:01 abc engaged\n09:02 a* engaged\n08:00 b engaged")


def sids(pattern: str, *options: str) -> list[str]:
    """The sessions that are explained."""
    return [
        session["sid"]
        for session in harness.report(SEVERAL, "explain", pattern, *options)["sessions"]
    ]


def test_a_sid_that_is_equal_goes_before_a_pattern() -> None:
    assert sids("a*") == ["a*"]
    assert sids("ab*") == ["ab", "abc"]
    assert sids("*") == ["b", "ab", "abc", "a*"], "by start"
    assert sids("?") == ["b"]


def test_a_pattern_that_fits_nothing_is_nothing_to_report() -> None:
    result = harness.run("explain", "x*", stdin=SEVERAL)

    assert result.status == 0
    assert "Nothing to report: 4 sessions, and none that fits." in result.text
    assert harness.report(SEVERAL, "explain", "x*")["sessions"] == []


def test_a_session_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    log = harness.log("09:00 5d1c9f0e engaged\n09:00 5D1C0000 engaged\n09:00 77 engaged")

    for pattern, hint in (
        ("d1c9", "did you mean 5d1c9f0e?"),
        ("5d1c9x", "did you mean 5d1c9f0e or 5D1C0000?"),
        ("nobody", "dcevents sessions lists them"),
        ("\x1b[31m", "dcevents sessions lists them"),
    ):
        result = harness.run("explain", pattern, "-q", "-o", tmp_path / "x.json", stdin=log)
        shown = pattern.replace("\x1b", "\\x1b")
        assert (result.status, result.out) == (1, b"")
        assert result.err == f"dcevents: no session '{shown}' among 3 sessions; {hint}\n"
    assert not (tmp_path / "x.json").exists()


ALIKE = harness.log("09:00 5d1c9f0e engaged\n09:00 5d1c0000 engaged\n09:00 77[a engaged")


@pytest.mark.parametrize(
    ("beginning", "sid"),
    [
        pytest.param("5d1c9", "5d1c9f0e", id="a beginning"),
        pytest.param("7", "77[a", id="of one character"),
        pytest.param("77[", "77[a", id="with a character of patterns"),
        pytest.param("5d1c9f…", "5d1c9f0e", id="cut at its end"),
        pytest.param("5d…0e", "5d1c9f0e", id="cut in its middle"),
        pytest.param("…9f0e", "5d1c9f0e", id="cut at its beginning"),
    ],
)
def test_the_beginning_of_one_sid_is_enough(beginning: str, sid: str) -> None:
    told = harness.report(ALIKE, "explain", beginning)

    assert [session["sid"] for session in told["sessions"]] == [sid]
    assert "1 session fits." in harness.run("explain", beginning, stdin=ALIKE).text


@pytest.mark.parametrize(
    ("beginning", "hint"),
    [
        pytest.param("…", "dcevents sessions lists them", id="of all"),
        pytest.param("5d1c9f0e…f0e", "did you mean 5d1c9f0e or 5d1c0000?", id="longer than it is"),
    ],
)
def test_a_text_that_begins_no_sid_is_told(beginning: str, hint: str) -> None:
    result = harness.run("explain", beginning, "-q", stdin=ALIKE)

    assert result.status == 1
    assert result.err == f"dcevents: no session '{beginning}' among 3 sessions; {hint}\n"


@pytest.mark.parametrize("beginning", ["5d1c", "5…"])
def test_the_beginning_of_several_sids_is_not_enough(beginning: str) -> None:
    result = harness.run("explain", beginning, "-q", stdin=ALIKE)

    assert (result.status, result.out) == (1, b"")
    assert result.err == (
        f"dcevents: '{beginning}' begins 2 of 3 sessions (5d1c0000, 5d1c9f0e); "
        "write more of the one that you mean\n"
    )


def test_a_session_that_comes_later_is_said_to_be_cut_off() -> None:
    result = harness.run("explain", "ab", "--as-of", "2026-11-02T08:30", stdin=SEVERAL)

    assert (result.status, result.err.partition(";")[0]) == (
        1,
        "dcevents: no session 'ab' among 1 session up to --as-of",
    )


def test_in_an_empty_log_there_is_nothing_to_report() -> None:
    assert harness.run("explain", "ab", stdin=b"").status == 0


def test_of_many_sessions_the_first_are_shown() -> None:
    log = harness.log("\n".join(f"09:{n // 60:02}:{n % 60:02} s{n} engaged" for n in range(250)))
    found = harness.report(log, "explain", "*")

    assert found["matched"] == 250
    assert [session["sid"] for session in found["sessions"]] == [
        f"s{n}" for n in range(MAX_EXPLAINED_SESSIONS)
    ]
    assert "250 sessions fit. These are the first 100 by start;" in harness.run(
        "explain", "*", stdin=log
    ).text.replace("\n", " ")


# -- what is shown ---------------------------------------------------------------------------------


def test_people_see_lines_reasons_and_attempts_in_their_zone(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(
        harness.log(
            """
09:00:00 a triggered name=Pricing
09:00:04 a input_email name=Pricing
09:00:10 a live_chat_requested agent=ag1 agent_name=Ann
09:00:35 a live_chat_initiated agent=ag1 agent_name=Ann
09:04:35 a closed
"""
        )
    )
    result = harness.run("explain", "a", tmp_path, "--tz", "Europe/Berlin")

    body = result.text.split("\n\n", 2)[2]
    assert body == (
        """Session a, 2026-11-02
  10:00:00           triggered            a.log:1
  10:00:04    +4.0s  input_email          a.log:2
                     engages it: this cannot come before the first response
  10:00:10    +6.0s  live_chat_requested  a.log:3
                     Ann (ag1); starts attempt 1
  10:00:35     +25s  live_chat_initiated  a.log:4
                     Ann (ag1); accepts attempt 1
  10:04:35  +4m 00s  closed               a.log:5
                     ends attempt 1

Pricing (d1): rule 2, served
  Rule 2       a live-chat attempt is accepted (handed to an agent)
  Because      attempt 1 is accepted
  Not 1        completed: no completed event
  Started      10:00:00, triggered at a.log:1
  Engaged      10:00:04, input_email at a.log:2; implied, no engaged event comes
               before it
  Last active  10:04:35, closed at a.log:5
  Last step    live_chat_initiated, the latest to be reached, at a.log:4
  Attempt 1    closed: accepted; the first of ended, timeout and closed in it is
               closed: the visitor closed the widget
               requested  10:00:10  a.log:3
               accepted   10:00:35  a.log:4  wait 25s
               closed     10:04:35  a.log:5  chat 4m 00s
               agent      Ann (ag1), who accepted it: a.log:4
"""
    )


def test_several_conversations_and_days_are_told_apart() -> None:
    text = harness.run(
        "explain",
        "a",
        stdin=harness.log(
            "09:00 a triggered name=One\n2026-11-03T09:00Z a triggered id=d2 name=Two"
        ),
    ).text

    assert "  2026-11-02 09:00:00          triggered  standard input:1  One (d1)\n" in text
    assert "  2026-11-03 09:00:00  +1d 0h  triggered  standard input:2  Two (d2)\n" in text
    assert "\nOne (d1): rule 10, ignored\n" in text
    assert "  Started      2026-11-03 09:00:00, triggered at standard input:2\n" in text


def test_of_very_many_lines_people_see_the_first_and_the_last() -> None:
    """Programs get all of them: a terminal cannot hold 100,000."""
    log = harness.log(
        "\n".join(f"09:{n // 60:02}:{n % 60:02} a input_email agent=ag{n}" for n in range(1001))
    )
    text, found = harness.run("explain", "a", stdin=log).text, harness.report(log, "explain", "a")
    lines = [int(each) for each in re.findall(r"input_email +standard input:([0-9]+)\n", text)]

    assert lines == [*range(1, 101), *range(902, 1002)]
    assert re.search(r"\n  …  +801 lines left out; all are in: dcevents explain -f json\n", text)
    assert len(found["sessions"][0]["events"]) == 1001


def test_a_session_of_few_lines_is_shown_whole() -> None:
    log = harness.log("\n".join(f"09:{n // 60:02}:{n % 60:02} a input_email" for n in range(200)))

    text = harness.run("explain", "a", stdin=log).text

    assert len(re.findall("input_email +standard input", text)) == 200
    assert "left out" not in text


def test_of_very_many_conversations_and_attempts_people_see_the_first_and_the_last() -> None:
    conversations = [f"09:00:{n:02} a engaged id=d{n}" for n in range(60)]
    attempts = [f"1{n // 10}:{n % 10 * 6:02} a live_chat_requested id=live" for n in range(50)]
    log = harness.log("\n".join(conversations + attempts))
    text, found = harness.run("explain", "a", stdin=log).text, harness.report(log, "explain", "a")

    of_people = [int(each) for each in re.findall("\nd([0-9]+): rule", text)]
    assert of_people == [*range(10), *range(51, 60)]
    assert "\n… 41 conversations left out; all are in: dcevents explain -f json\n" in text
    assert [int(each) for each in re.findall("Attempt ([0-9]+) ", text)] == [
        *range(1, 11),
        *range(41, 51),
    ]
    assert "30 attempts left out; all are in: dcevents explain -f json\n" in text
    (session,) = found["sessions"]
    assert (len(session["conversations"]), len(session["conversations"][-1]["attempts"])) == (
        61,
        50,
    )


def test_names_that_strangers_made_very_long_are_shortened_for_people() -> None:
    long, short = "x" * 500, "x" * 60 + "…"
    log = harness.log(
        f"09:00 {long} live_chat_initiated id={long} name=Ann{long} agent={long} "
        f"agent_name=Bob{long}"
    )
    text, found = harness.run("explain", "x*", stdin=log).text, harness.report(log, "explain", "x*")

    assert long not in text
    flat = re.sub(r"\s+", " ", text)
    for expected in (f"Session {short}", f"Ann{short[3:]} ({short})", f"Bob{short[3:]} ({short})"):
        assert expected in flat
    assert found["sessions"][0]["sid"] == long
    missed = harness.run("explain", "xxxxy", stdin=log)
    assert (missed.status, long in missed.err, f"did you mean {short}?" in missed.err) == (
        1,
        False,
        True,
    )


def test_a_late_accept_names_five_of_the_timeouts_that_it_cancels() -> None:
    timeouts = "\n".join(f"09:00:{n:02} a live_chat_request_timeout" for n in range(1, 9))
    log = f"09:00:00 a live_chat_requested\n{timeouts}\n09:01:00 a live_chat_initiated"

    note = notes(log)[-1]

    assert note == "late accept of attempt 1: cancels the timeout at :2, :3, :4, :5, :6 and 3 more"


def test_meeting_details_are_not_shown() -> None:
    log = harness.log('09:00 a meeting_booked agent=ag1 "meeting=call +49 123"')

    for format_ in ("table", "json"):
        assert "49 123" not in harness.run("explain", "a", "-f", format_, stdin=log).text


def test_agents_have_the_name_that_the_whole_log_gives_them() -> None:
    log = harness.log(
        "09:00 a live_chat_requested agent=ag1 agent_name=Ann\n"
        "10:00 b live_chat_initiated agent=ag1 agent_name=Anna"
    )
    (session,) = harness.report(log, "explain", "a")["sessions"]

    assert session["events"][0]["agent"] == "Anna"
    assert session["conversations"][0]["attempts"][0]["agent"] == "Anna"


def test_every_key_for_programs_is_described() -> None:
    found = harness.run(
        "explain", "*", harness.ROOT / "sample_logs" / "site", "-f", "json", "-q"
    ).json
    text = (DOCS / "commands.md").read_text()

    assert [key for key in sorted(set(keys(found["sessions"]))) if f"`{key}`" not in text] == []


def keys(value: Any) -> Iterator[str]:
    """All keys of a JSON value."""
    if isinstance(value, Mapping):
        yield from value
        for each in value.values():
            yield from keys(each)
    elif isinstance(value, list):
        for each in value:
            yield from keys(each)
