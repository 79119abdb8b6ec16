"""Why a selection is empty: which of the filters, or the window, fits nothing of the log."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from dcevents import show

if TYPE_CHECKING:
    import polars as pl

    from dcevents.analysis.view import View

_MAX_SHOWN_PATTERNS = 3
"""Patterns of one option that are named."""


def explain_empty(view: View, *, of_chats: bool) -> str | None:
    """What selects nothing, in words; None where there was nothing to select from, or nothing was asked for.

    `of_chats`: whether it is live-chat attempts that were selected, else conversations.
    """
    settings, view = view.settings, replace(view, fold=view.fold.lift_window())
    name, things = (
        ("live chat", view.fold.attempts) if of_chats else ("conversation", view.fold.conversations)
    )
    asked = [_describe_option(column, patterns) for column, patterns in settings.filters.items()]
    asked += [f"the window ({_describe_window(view)})"] if settings.window else []
    if not asked or view.fold.conversations.is_empty():
        return None
    if things.is_empty():
        return f"no {name} in the log"
    alone = list(_explain_single_options(view, name, things))
    return "; ".join(alone) or f"no {name} fits {' and '.join(asked)}" + (
        " at once" if len(asked) > 1 else ""
    )


def _explain_single_options(view: View, name: str, things: pl.DataFrame) -> Iterator[str]:
    """What selects nothing even where nothing else is asked for."""
    for column, patterns in view.settings.filters.items():
        frame = things if column == "outcome" else view.fold.conversations
        if view.apply_filter(frame, column).is_empty():
            what = {"outcome": name, "agent": "live chat"}.get(column, "conversation")
            yield f"no {what} matches {_describe_option(column, patterns)}"
    if view.settings.window and view.keep_in_window(things).is_empty():
        span = view.describe_days()
        there = f"the log is of {span}" if span else "no event has a timestamp"
        yield f"no {name} starts in the window ({_describe_window(view)}); {there}"


def _describe_window(view: View) -> str:
    window, tz = view.settings.window, view.settings.tz
    return show.format_period(window.since, window.until, tz) or ""


def _describe_option(column: str, patterns: tuple[str, ...]) -> str:
    """`--conversation 'Foo*' or 'Bar'`."""
    shown = " or ".join(
        f"'{show.shorten_name(pattern)}'" for pattern in patterns[:_MAX_SHOWN_PATTERNS]
    )
    return f"--{column.replace('_', '-')} {shown}" + (
        " or …" if len(patterns) > _MAX_SHOWN_PATTERNS else ""
    )
