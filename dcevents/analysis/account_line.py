"""The account of a log in one line: what was read, what was not, and whether that matters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from dcevents.show import format_count, measure_width

if TYPE_CHECKING:
    from dcevents.reading.account import Account

_SMALL_SHARE = 0.01
"""The share of unreadable records below which the figures are as good as they would be."""
_LARGE_SHARE = 0.1
"""The share from which the figures are too low."""


def describe_briefly(account: Account, command: str | None = None, room: int | None = None) -> str:
    """Describe an account in a line, of at most `room` columns if that can be.

    `1,190 events of 1,204 records; 9 repeated, 3 of other kinds, 2 unreadable (under 1 %)`.
    `command` shows more, and is named where something is missing.
    """
    *fuller, shortest = _list_lines(account, command)
    fitting = (line for line in fuller if room is None or measure_width(line) <= room)
    return next(fitting, shortest)


def _list_lines(account: Account, command: str | None) -> Iterator[str]:
    """Yield ways to say it, the fullest first."""
    if not account.records:
        yield "no record was read"
        return
    counted = (
        f"{format_count(account.events, 'event')} of {format_count(account.records, 'record')}"
    )
    repeated = _list_terms([(account.duplicates, "repeated")])
    others = _list_terms([(account.ignored, "of other kinds"), (account.tally["later"], "later")])
    small = _list_terms(
        [(account.tally["blank"], "blank"), (account.tally["incomplete"], "unfinished")]
    )
    unreadable = _describe_unreadable(account)
    missing = [*unreadable, *_list_terms([(account.untimed, "without a time")])]
    rest = account.records - account.events - sum(account.rejected.values())
    merged = _list_terms([(rest, "others")])
    hint = f": {command}" if command and missing else ""
    yield _join(counted, [*repeated, *others, *small, *missing]) + hint
    yield _join(counted, [*repeated, *others, *missing]) + hint
    yield _join(counted, [*repeated, *others, *missing])
    yield _join(counted, [*merged, *missing])
    yield _join(counted, missing)
    yield _join(counted, [*unreadable, *_list_terms([(account.untimed, "untimed")])])
    yield _join(counted, unreadable)


def _list_terms(terms: Sequence[tuple[int, str]]) -> list[str]:
    return [f"{count:,} {name}" for count, name in terms if count]


def _describe_unreadable(account: Account) -> list[str]:
    """Describe rejected records, and whether they matter."""
    rejected = sum(account.rejected.values())
    if not rejected:
        return []
    share = rejected / (account.records - account.tally["blank"])
    if share < _SMALL_SHARE:
        weight = "under 1 %"
    elif share < _LARGE_SHARE:
        weight = f"{share * 100:.0f} %"
    else:
        weight = f"{share * 100:.0f} %: figures are too low"
    return [f"{rejected:,} unreadable ({weight})"]


def _join(counted: str, terms: Sequence[str]) -> str:
    return f"{counted}; {', '.join(terms)}" if terms else counted
