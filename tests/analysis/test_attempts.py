"""The walk over a conversation's live-chat events (definitions 4): against the model's,
and case by case.

A signature has a letter for each event: REQUESTED, INITIATED, TIMEOUT, ENDED, CLOSED; a small one
comes at most 300 s after the live-chat event before it.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from typing import NamedTuple

import naive
import polars as pl
import pytest
from choosing import EVERY

from dcevents.model.attempts import _walk_conversations, decide_attempts, find_attempts
from dcevents.model.walk import (
    ACCEPT_ROLE,
    END_ROLE,
    LETTER_OF_KIND,
    PENDING_CHAT,
    PENDING_REQUEST,
    REQUEST_ROLE,
    START_ROLE,
    walk_signature,
)

KINDS = {
    "R": naive.REQUESTED,
    "I": naive.INITIATED,
    "T": naive.TIMEOUT,
    "E": naive.ENDED,
    "C": naive.CLOSED,
}
LONGEST = 6
ANY = naive.Event(
    ts=None, future=False, ancient=False, kind="", sid="s", id="d", name=None, type=None,
    ui_type=None, page=None, agent_id=None, agent_name=None, meeting_info=None, file="log", line=0,
)  # fmt: skip


class Seen(NamedTuple):
    """An attempt as both sides can say it: places of events in the signature,
    and what became of it.
    """

    members: tuple[int, ...]
    start: int
    requested: int | None
    accepted: int | None
    ended: int | None
    outcome: str


def events(signature: str) -> list[naive.Event]:
    """Events with that signature: a second apart, or 300.001 s after the one before."""
    found, now = [], 0
    for place, letter in enumerate(signature):
        now += 1_000 if letter.islower() or letter == "C" else 300_001
        found.append(replace(ANY, ts=now, kind=KINDS[letter.upper()], line=place))
    return found


def by_the_model(signature: str) -> list[Seen]:
    """The attempts of a signature as the model walks it."""
    return [_seen(attempt) for attempt in naive.walk(events(signature))]


def _seen(attempt: naive.Attempt) -> Seen:
    requests = [event.line for event in attempt.events if event.kind == naive.REQUESTED]
    outcome = naive.attempt_outcome(attempt, last=False, as_of_ms=None)
    return Seen(
        tuple(event.line for event in attempt.events),
        attempt.events[0].line,
        requests[0] if requests else None,
        attempt.initiated.line if attempt.initiated else None,
        attempt.ends[0].line if attempt.ends else None,
        outcome if attempt.ends else PENDING_CHAT if attempt.accepted else PENDING_REQUEST,
    )


def by_the_program(signature: str) -> list[Seen]:
    """The attempts of a signature as the program walks it."""
    walked = walk_signature(signature)

    def member(number: int, role: int) -> int | None:
        places = [
            i
            for i, mine in enumerate(walked.attempt_of_event)
            if mine == number and walked.roles_of_event[i] & role
        ]
        assert len(places) <= 1, (signature, role)
        return places[0] if places else None

    found = []
    for number, outcome in enumerate(walked.provisional_outcomes):
        members = tuple(i for i, mine in enumerate(walked.attempt_of_event) if mine == number)
        start = member(number, START_ROLE)
        assert start is not None
        found.append(
            Seen(
                members,
                start,
                member(number, REQUEST_ROLE),
                member(number, ACCEPT_ROLE),
                member(number, END_ROLE),
                outcome,
            )
        )
    return found


@pytest.mark.pairwise
@pytest.mark.parametrize("length", range(1, LONGEST + EVERY))
def test_every_short_walk_is_the_one_of_the_model(length: int) -> None:
    signatures = ("".join(letters) for letters in product("RITEC", *["RrIiTEC"] * (length - 1)))

    different = [each for each in signatures if by_the_model(each) != by_the_program(each)]

    assert [] == different


@pytest.mark.parametrize("length", range(1, 5))
def test_only_requests_and_accepts_depend_on_a_distance(length: int) -> None:
    signatures = ["".join(letters) for letters in product("RrIiTtEeCc", repeat=length)]
    neutral = str.maketrans("tec", "TEC")

    different = [
        each
        for each in signatures
        if walk_signature(each) != walk_signature(each.translate(neutral))
    ]

    assert [] == different


# For each attempt of the signature: its letters, and its outcome before the clock is asked.
WALKS = [
    pytest.param("RIE", [("RIE", "ended")], id="the usual talk"),
    pytest.param("RIT", [("RIT", "timed_out")], id="the visitor stopped answering"),
    pytest.param("RIC", [("RIC", "closed")], id="the visitor closed the widget"),
    pytest.param("RT", [("RT", "missed")], id="no agent took it"),
    pytest.param("RC", [("RC", "left")], id="closed before an agent came"),
    pytest.param("R", [("R", "pending_request")], id="no end: by the clock waiting or left"),
    pytest.param("RI", [("RI", "pending_chat")], id="no end: by the clock ongoing or no_end"),
    pytest.param("Rr", [("Rr", "pending_request")], id="a repeat"),
    pytest.param(
        "RR", [("R", "pending_request"), ("R", "pending_request")], id="too late for a repeat"
    ),
    pytest.param(
        "RrrI", [("RrrI", "pending_chat")], id="INITIATED after REQUESTED, however long ago"
    ),
    pytest.param(
        "RTr",
        [("RT", "missed"), ("r", "pending_request")],
        id="a REQUESTED after anything else is a new attempt",
    ),
    pytest.param("RTi", [("RTi", "pending_chat")], id="a late accept"),
    pytest.param("RTI", [("RT", "missed"), ("I", "pending_chat")], id="too late for a late accept"),
    pytest.param("RTTiE", [("RTTiE", "ended")], id="a late accept cancels every TIMEOUT so far"),
    pytest.param("RTiT", [("RTiT", "timed_out")], id="… not the one that follows"),
    pytest.param(
        "RITi",
        [("RIT", "timed_out"), ("i", "pending_chat")],
        id="not late: the attempt was accepted",
    ),
    pytest.param(
        "RETi", [("RE", "ended"), ("i", "pending_chat")], id="not late: the attempt had ended"
    ),
    pytest.param("RTEi", [("RTE", "missed"), ("i", "pending_chat")], id="not late: ENDED is prev"),
    pytest.param("RIIE", [("RIIE", "ended")], id="only the first INITIATED counts"),
    pytest.param("RE", [("RE", "ended")], id="INITIATED was lost: only a talk ends like this"),
    pytest.param("RTE", [("RTE", "missed")], id="the TIMEOUT came first: there was no talk"),
    pytest.param("RCE", [("RC", "left")], id="the CLOSED came first"),
    pytest.param("E", [("E", "ended")], id="ENDED starts one as the conversation's first"),
    pytest.param("T", [("T", "missed")], id="TIMEOUT starts one as the conversation's first"),
    pytest.param(
        "CE", [("E", "ended")], id="CLOSED is no start, and what comes after it is still the first"
    ),
    pytest.param("C", [], id="CLOSED starts none"),
    pytest.param(
        "RIEET", [("RIE", "ended")], id="what belongs to an ended attempt changes nothing"
    ),
    pytest.param(
        "RCi",
        [("RC", "left"), ("i", "pending_chat")],
        id="the CLOSED that ended the attempt is prev",
    ),
    pytest.param(
        "RCCr",
        [("RC", "left"), ("r", "pending_request")],
        id="the second CLOSED is not even prev, the first one is",
    ),
    pytest.param(
        "RTCi", [("RTi", "pending_chat")], id="CLOSED after a timed-out request is not even prev"
    ),
    pytest.param(
        "RIECi",
        [("RIE", "ended"), ("i", "pending_chat")],
        id="CLOSED after the end: prev is the ENDED",
    ),
    pytest.param("RTCiC", [("RTiC", "closed")], id="… and once accepted, CLOSED ends it"),
]


@pytest.mark.parametrize(("signature", "expected"), WALKS)
def test_a_walk(signature: str, expected: list[tuple[str, str]]) -> None:
    seen = by_the_program(signature)

    assert expected == [
        ("".join(signature[i] for i in each.members), each.outcome) for each in seen
    ]


def chats(conversations: Sequence[int], kinds: str) -> pl.DataFrame:
    """Conversations of so many events each, a second apart,
    that go through the same kinds over and over.
    """
    numbers = {letter: number for number, letter in LETTER_OF_KIND.items()}
    rows = [
        (conv, numbers[kinds[n % len(kinds)]], n * 1000, 1)
        for conv, events in enumerate(conversations)
        for n in range(events)
    ]
    schema = {"conversation_key": pl.UInt64, "kind": pl.UInt8, "ts": pl.Int64, "agent": pl.UInt32}
    return pl.DataFrame(rows, schema=schema, orient="row")


def test_walks_are_told_apart_by_a_number() -> None:
    """By their texts, a conversation of 80,000 events took a minute:
    each event was compared by 80,000 letters.
    """
    rows, walked = _walk_conversations(chats([8, 4, 8, 6], "RIEC"))

    assert rows.schema["walk_number"].is_integer()
    assert len(walked) == 3
    by_conversation = rows.group_by("conversation_key", maintain_order=True).agg(
        pl.col("walk_number").unique()
    )
    first, second, again, last = by_conversation["walk_number"].to_list()
    assert first == again
    assert len({*first, *second, *last}) == 3


def test_a_conversation_may_have_very_many_attempts() -> None:
    found = decide_attempts(find_attempts(chats([60_000], "RIEC")), as_of=None)

    assert found["attempt"].to_list() == list(range(1, 15_001))
    assert found["outcome"].unique().to_list() == ["ended"]
    assert (found["ended_at"] - found["requested_at"]).unique().to_list() == [2000]
