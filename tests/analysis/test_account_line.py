"""The account in one line: what fits the terminal."""

from collections import Counter

import pytest

from dcevents.analysis.account_line import describe_briefly
from dcevents.reading.account import Account

COMMAND = "dcevents check logs/"


def account(events: int, rejected: int = 0, **tally: int) -> Account:
    """An account of so many events, and of others by bucket."""
    records = events + rejected + sum(tally.values())
    buckets = Counter({"event": events, "invalid_json": rejected, **tally})
    return Account(1, records, buckets, events=events)


@pytest.mark.parametrize(
    ("room", "line"),
    [
        (
            None,
            (
                "900 events of 1,000 records; 60 of other kinds, 30 blank, 1 unfinished, "
                "9 unreadable (under 1 %): dcevents check logs/"
            ),
        ),
        (
            100,
            (
                "900 events of 1,000 records; 60 of other kinds, 9 unreadable (under 1 %): "
                "dcevents check logs/"
            ),
        ),
        (80, "900 events of 1,000 records; 60 of other kinds, 9 unreadable (under 1 %)"),
        (68, "900 events of 1,000 records; 91 others, 9 unreadable (under 1 %)"),
        (60, "900 events of 1,000 records; 9 unreadable (under 1 %)"),
        (20, "900 events of 1,000 records; 9 unreadable (under 1 %)"),
    ],
)
def test_less_is_said_where_there_is_less_room(room: int | None, line: str) -> None:
    found = account(900, 9, widget_ready=60, blank=30, incomplete=1)

    assert describe_briefly(found, COMMAND, room) == line


@pytest.mark.parametrize(
    ("events", "rejected", "line"),
    [
        (0, 0, "no record was read"),
        (1, 0, "1 event of 1 record"),
        (1000, 1, "1,000 events of 1,001 records; 1 unreadable (under 1 %): dcevents check logs/"),
        (95, 5, "95 events of 100 records; 5 unreadable (5 %): dcevents check logs/"),
        (
            60,
            40,
            (
                "60 events of 100 records; 40 unreadable (40 %: figures are too low): "
                "dcevents check logs/"
            ),
        ),
    ],
)
def test_it_says_whether_what_is_missing_matters(events: int, rejected: int, line: str) -> None:
    assert describe_briefly(account(events, rejected), COMMAND) == line


def test_in_80_columns_it_is_a_line_that_says_what_is_missing() -> None:
    found = Account(4, 2638, Counter({"event": 2625, "invalid_json": 13}), events=2407, untimed=2)

    line = describe_briefly(found, COMMAND, 80 - len("dcevents: "))

    assert line == "2,407 events of 2,638 records; 13 unreadable (under 1 %), 2 untimed"
