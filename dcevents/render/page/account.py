"""The account of the input as lines of a table: every bucket, and what is in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from dcevents.render.page.parts import Cell, TablePart
from dcevents.show import format_number, make_visible, shorten_name

_WORDS: Final = {
    "files": "Inputs",
    "records": "Records",
    "blank": "Blank",
    "incomplete": "Unfinished, at the end of an input",
    "rejected": "Unreadable",
    "ignored": "Of other kinds",
    "later": "Later than as of",
    "duplicates": "Repeated",
    "events": "Events",
    "untimed": "Events without a time",
    "future": "… because it lies in the future",
    "ancient": "… because it lies before 2015",
}
_MAX_SHOWN_NAMES: Final = 10
"""Names of unknown events that are listed."""


def build_account(input_account: Mapping[str, Any]) -> TablePart:
    """Return the table of the account; records are the sum of the lines behind them."""
    rows = list(_list_lines(input_account))
    return TablePart(
        "What was read",
        [Cell("What", "t"), Cell("Number")],
        [[Cell(make_visible(words), "t w"), Cell(count)] for words, count in rows],
        None,
        1,
        "",
        (),
        is_open=True,
    )


def _list_lines(account: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, words in _WORDS.items():
        value = account.get(name)
        if isinstance(value, Mapping):
            yield words, format_number(sum(value.values()))
            yield from _list_parts(value)
            if name == "ignored":
                yield from _list_names(account.get("unknown_events") or {})
        elif value is not None:
            yield words, format_number(value)


def _list_parts(parts: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    for name, count in parts.items():
        if count:
            yield f"… {name.replace('_', ' ')}", format_number(count)


def _list_names(names: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    """Yield the most frequent unknown events."""
    ordered = sorted(names.items(), key=lambda item: (-item[1], item[0]))
    for name, count in ordered[:_MAX_SHOWN_NAMES]:
        yield f"… … {shorten_name(name)}", format_number(count)
    if len(ordered) > _MAX_SHOWN_NAMES:
        yield f"… … and {format_number(len(ordered) - _MAX_SHOWN_NAMES)} other names", ""
