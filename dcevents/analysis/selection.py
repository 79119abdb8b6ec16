"""Explanations of an empty selection, by filter and window."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from dcevents import show

if TYPE_CHECKING:
    import polars as pl

    from dcevents.analysis.view import View

_MAX_SHOWN_PATTERNS = 3
"""Patterns of one option that a message names."""

_SUBJECTS = {"agent": "live chat"}
"""By filter, the rows that it is matched against, if these are not conversations."""


def explain_empty(view: View, *, of_chats: bool, said: Collection[str] = ()) -> str | None:
    """Say which options leave nothing; None without options or without conversations.

    `of_chats`: live-chat attempts were selected, not conversations. `said` are filters of which it
    was said already that they fit nothing.
    """
    view = replace(view, fold=view.fold.lift_window())
    subject = "live chat" if of_chats else "conversation"
    rows = view.fold.attempts if of_chats else view.fold.conversations
    options = list(_describe_options(view))
    if not options or view.fold.conversations.is_empty():
        return None
    if rows.is_empty():
        return f"no {subject} in the log"
    reasons = list(_explain_single_options(view, subject, rows, said))
    if reasons or said:
        return "; ".join(reasons) or None
    together = " at once" if len(options) > 1 else ""
    return f"no {subject} fits {' and '.join(options)}{together}"


def _explain_single_options(
    view: View, subject: str, rows: pl.DataFrame, said: Collection[str]
) -> Iterator[str]:
    """Yield a sentence for each option that leaves nothing by itself, and was not named yet."""
    for column, patterns in view.settings.filters.items():
        if column in said:
            continue
        is_outcome = column == "outcome"
        frame = rows if is_outcome else view.fold.conversations
        if view.apply_filter(frame, column).is_empty():
            own_subject = subject if is_outcome else _SUBJECTS.get(column, "conversation")
            yield f"no {own_subject} matches {_describe_option(column, patterns)}"
    if view.settings.window and view.keep_in_window(rows).is_empty():
        days = view.describe_days()
        covered = f"the log covers {days}" if days else "no event has a timestamp"
        yield f"no {subject} starts in the window ({_describe_window(view)}); {covered}"


def _describe_options(view: View) -> Iterator[str]:
    for column, patterns in view.settings.filters.items():
        yield _describe_option(column, patterns)
    if view.settings.window:
        yield f"the window ({_describe_window(view)})"


def _describe_window(view: View) -> str:
    window, tz = view.settings.window, view.settings.tz
    return show.format_period(window.since, window.until, tz) or ""


def _describe_option(column: str, patterns: tuple[str, ...]) -> str:
    """Write an option as `--conversation 'Foo*' or 'Bar'`."""
    shown = [f"'{show.shorten_name(pattern)}'" for pattern in patterns[:_MAX_SHOWN_PATTERNS]]
    if len(patterns) > _MAX_SHOWN_PATTERNS:
        shown.append("…")
    return f"--{column.replace('_', '-')} {' or '.join(shown)}"
