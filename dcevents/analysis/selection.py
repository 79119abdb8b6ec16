"""What filters and window select: what fits nothing, what fits several ids, why all is empty."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from dcevents import show
from dcevents.analysis.patterns import (
    find_near,
    fold_case,
    match_pages,
    match_pattern,
    strip_origin,
)
from dcevents.analysis.view import starts_in

if TYPE_CHECKING:
    from dcevents.analysis.view import View
    from dcevents.model.fold import Fold
    from dcevents.settings import Window

_MAX_SHOWN_PATTERNS = 3
"""Patterns of one option that a message names."""
_MAX_SHOWN_NAMES = 3
"""Names that a message offers."""
_MIN_PART = 3
"""Characters of a text that is looked for in names."""
_MAX_SHOWN_IDS = 5
"""Ids of one name that a message lists."""

_SUBJECTS = {"agent": "live chat"}
"""By filter, the rows that it is matched against, if these are not conversations."""


# -- what fits nothing in all that was read -----------------------------------------------------


def describe_unfitting(view: View) -> Iterator[str]:
    """Yield a sentence for each filter with values that fit nothing in all that was read."""
    view = replace(view, fold=view.fold.lift_window())
    if not view.settings.filters or view.fold.conversations.is_empty():
        return
    for column, patterns in view.settings.filters.items():
        if column == "agent" and view.fold.attempts.is_empty():
            continue
        is_fitting = _make_test(view, column)
        left = tuple(each for each in dict.fromkeys(patterns) if not is_fitting(each))
        if left:
            option = _describe_option(column, left)
            yield f"{option} fits nothing in all that was read{_suggest_names(view, column, left)}"


def _make_test(view: View, column: str) -> Callable[[str], bool]:
    """Return whether a pattern of a filter fits anything."""
    if column == "conversation":
        return lambda pattern: bool(view.choose_conversations(pattern))
    if column == "agent":
        return lambda pattern: bool(view.choose_agents(pattern))
    if column == "outcome":  # Its names are known: that none is there is no mistake.
        return lambda _: True
    texts = _list_texts(view, column)
    if column == "page":
        return lambda pattern: bool(match_pages(pattern, texts))
    return lambda pattern: bool(match_pattern(pattern, texts))


def _list_texts(view: View, column: str) -> list[str]:
    """Return the texts of conversations, the most frequent first."""
    rows = view.fold.conversations.select("conversation_key", "id_rank")
    counts = view.fold.add_text(rows, column)[column].drop_nulls().value_counts()
    return counts.sort(["count", column], descending=[True, False])[column].to_list()


def _list_agents(view: View) -> list[str]:
    """Return the names of agents, those with most live chats first, and their ids likewise."""
    counts = view.fold.attempts.group_by("agent").len()
    agents = view.fold.agents.join(counts, on="agent", how="left")
    agents = agents.sort(
        ["len", "agent_name", "agent_id"], descending=[True, False, False], nulls_last=True
    )
    names = [*agents["agent_name"].drop_nulls(), *agents["agent_id"].drop_nulls()]
    return list(dict.fromkeys(names))


def _suggest_names(view: View, column: str, patterns: Sequence[str]) -> str:
    """Return the names that are nearest to patterns, or else the most frequent."""
    names = _list_agents(view) if column == "agent" else _list_texts(view, column)
    others = view.fold.conversation_ids["conversation_id"].drop_nulls().sort().to_list()
    known = [*names, *others] if column == "conversation" else names
    if column == "page":
        known = list(dict.fromkeys(map(strip_origin, names)))
        patterns = list(map(strip_origin, patterns))
    near = [
        name
        for pattern in patterns
        for name in find_near(pattern, known) or _find_containing(pattern, known)
    ]
    if near:
        return f"; did you mean {_quote_names(list(dict.fromkeys(near)))}?"
    verb = "is" if len(known) == 1 else "are"
    return f"; there {verb} {_quote_names(known)}" if known else ""


def _find_containing(pattern: str, names: Sequence[str]) -> list[str]:
    """Return names that a text is a part of: `tour`, `*Tour`."""
    part = fold_case(pattern).strip("*?")
    if len(part) < _MIN_PART:
        return []
    return [name for name in names if part in fold_case(name)][:_MAX_SHOWN_NAMES]


def _quote_names(names: Sequence[str]) -> str:
    return ", ".join(f"'{show.shorten_name(name)}'" for name in names[:_MAX_SHOWN_NAMES])


# -- names of several ids ------------------------------------------------------------------------


def describe_several_ids(view: View, *, of_chats: bool) -> Iterator[str]:
    """Yield a sentence for each name that several ids have, with the count of each."""
    patterns = view.settings.filters.get("conversation", ())
    rows = view.keep_in_window(view.fold.attempts if of_chats else view.fold.conversations)
    rows = view.fold.add_key_parts(rows) if of_chats else rows
    subject = "live chat" if of_chats else "conversation"
    for pattern in dict.fromkeys(patterns):
        ranks = sorted(view.choose_conversations(pattern, of_attempts=of_chats).ranks)
        counts = _count_rows(rows, "id_rank", ranks, view.fold.conversation_ids, "conversation_id")
        yield from _describe_ids("conversation", pattern, counts, subject)
    attempts = view.keep_in_window(view.fold.attempts)
    for pattern in dict.fromkeys(view.settings.filters.get("agent", ())):
        ranks = sorted(view.choose_agents(pattern).ranks)
        counts = _count_rows(attempts, "agent", ranks, view.fold.agents, "agent_id")
        yield from _describe_ids("agent", pattern, counts, "live chat")


def _count_rows(
    rows: pl.DataFrame, rank: str, ranks: Sequence[int], ids: pl.DataFrame, name: str
) -> list[tuple[str, int]]:
    """Return id and number of rows of each rank, the largest first."""
    wanted = ids.filter(pl.col(rank).is_in(list(ranks))).select(rank, name)
    found = wanted.join(rows.group_by(rank).len(), on=rank, how="left")
    found = found.with_columns(pl.col("len").fill_null(0))
    found = found.sort(["len", name], descending=[True, False])
    return [(text, count) for _, text, count in found.iter_rows()]


def _describe_ids(
    column: str, pattern: str, counts: Sequence[tuple[str, int]], subject: str
) -> Iterator[str]:
    # Who writes a pattern expects several.
    if len(counts) < 2 or set(pattern) & set("*?["):
        return
    shown = [f"{show.shorten_name(text)} ({count:,})" for text, count in counts[:_MAX_SHOWN_IDS]]
    more = ", …" if len(counts) > _MAX_SHOWN_IDS else ""
    option = _describe_option(column, (pattern,))
    yield f"{option} fits {len(counts):,} ids ({subject}s): {', '.join(shown)}{more}"


# -- why nothing is selected ---------------------------------------------------------------------


def explain_empty(view: View, *, of_chats: bool) -> str | None:
    """Say which options leave nothing.

    None without options, without conversations, and where `describe_unfitting` has said it.
    `of_chats`: live-chat attempts were selected, not conversations.
    """
    view = replace(view, fold=view.fold.lift_window())
    subject = "live chat" if of_chats else "conversation"
    rows = view.fold.attempts if of_chats else view.fold.conversations
    options = list(_describe_options(view))
    if not options or view.fold.conversations.is_empty():
        return None
    if rows.is_empty():
        return f"no {subject} in the log"
    if reasons := list(_explain_single_options(view, subject, rows)):
        return "; ".join(reason for reason in reasons if reason) or None
    together = " at once" if len(options) > 1 else ""
    return f"no {subject} fits {' and '.join(options)}{together}"


def explain_empty_side(view: View, *, of_chats: bool) -> str | None:
    """Say which of two windows has nothing to compare; None where both have something."""
    subject = "live chat" if of_chats else "conversation"
    windows = view.settings.windows

    def list_empty(fold: Fold) -> set[Window]:
        rows = fold.attempts if of_chats else fold.conversations
        return {window for window in windows if rows.filter(starts_in(window)).is_empty()}

    parts = [list_empty(view.fold)] if of_chats else view.fold.map_parts(list_empty, ["started_at"])
    empty = set.intersection(*parts)
    for window in windows:
        if window in empty:
            name = "the window" if window is view.settings.window else "the window before"
            days = _describe_window(view, window)
            return f"no {subject} starts in {name} ({days}); {_describe_cover(view)}"
    return None


def _explain_single_options(view: View, subject: str, rows: pl.DataFrame) -> Iterator[str]:
    """Yield a sentence for each option that leaves nothing by itself.

    An empty one where its patterns fit nothing that was read.
    """
    for column, patterns in view.settings.filters.items():
        is_outcome = column == "outcome"
        frame = rows if is_outcome else view.fold.conversations
        if view.apply_filter(frame, column).is_empty():
            if not any(map(_make_test(view, column), patterns)) and not (
                column == "agent" and view.fold.attempts.is_empty()
            ):
                yield ""
                continue
            own_subject = subject if is_outcome else _SUBJECTS.get(column, "conversation")
            yield f"no {own_subject} matches {_describe_option(column, patterns)}"
    if view.settings.window and view.keep_in_window(rows).is_empty():
        yield (
            f"no {subject} starts in the window ({_describe_window(view, view.settings.window)}); "
            f"{_describe_cover(view)}"
        )


def _describe_cover(view: View) -> str:
    days = view.describe_days()
    return f"the log covers {days}" if days else "no event has a timestamp"


def _describe_options(view: View) -> Iterator[str]:
    for column, patterns in view.settings.filters.items():
        yield _describe_option(column, patterns)
    if view.settings.window:
        yield f"the window ({_describe_window(view, view.settings.window)})"


def _describe_window(view: View, window: Window) -> str:
    return show.format_period(window.since, window.until, view.settings.tz) or ""


def _describe_option(column: str, patterns: tuple[str, ...]) -> str:
    """Write an option as `--conversation 'Foo*' or 'Bar'`."""
    shown = [f"'{show.shorten_name(pattern)}'" for pattern in patterns[:_MAX_SHOWN_PATTERNS]]
    if len(patterns) > _MAX_SHOWN_PATTERNS:
        shown.append("…")
    return f"--{column.replace('_', '-')} {' or '.join(shown)}"


# -- ids of several names ------------------------------------------------------------------------


def describe_renamed(view: View) -> str | None:
    """Describe the dialogues that have several names among what is selected, if any."""
    named = pl.col("conversation").drop_nulls().n_unique()
    counts = view.fold.attributes.filter(pl.col("id_rank") > 0).group_by("id_rank").agg(named)
    several = counts.filter(pl.col("conversation") > 1)["id_rank"]
    rows = _select_ids(view, several)
    if rows.is_empty():
        return None
    names = (
        view.fold.add_text(rows, "conversation")
        .drop_nulls("conversation")
        .group_by("id_rank", "conversation")
        .agg(pl.len(), pl.col("last_at").max())
    )
    renamed = names.group_by("id_rank").agg(pl.len().alias("names")).filter(pl.col("names") > 1)
    if renamed.is_empty():
        return None
    ids = renamed.join(view.fold.conversation_ids, on="id_rank", how="left")
    first = ids.sort("conversation_id").head(_MAX_SHOWN_NAMES).iter_rows(named=True)
    shown = "; ".join(
        _describe_names(
            each["conversation_id"], _list_latest(names, each["id_rank"]), each["names"]
        )
        for each in first
    )
    more = f"; and {ids.height - _MAX_SHOWN_NAMES:,} more" * (ids.height > _MAX_SHOWN_NAMES)
    return f"dialogues with several names, shown by the latest: {shown}{more}"


def _select_ids(view: View, ids: pl.Series) -> pl.DataFrame:
    """Return the selected conversations of some ids.

    Columns: conversation_key, id_rank, last_at.
    """
    columns = ("conversation_key", "id_rank", "last_at")
    if ids.is_empty():
        return pl.DataFrame(schema=dict.fromkeys(columns, pl.Int64))

    def select_rows(part: View) -> pl.DataFrame:
        rows = part.selected_conversations.select(columns)
        return rows.filter(pl.col("id_rank").is_in(ids.implode()))

    return pl.concat(view.map_parts(select_rows, columns))


def _list_latest(names: pl.DataFrame, id_rank: int) -> list[tuple[str, int]]:
    """Return the latest names of an id, and how many conversations have each."""
    # Names without a time are the last.
    order = pl.col("last_at").fill_null(-(1 << 63)), pl.col("conversation")
    latest = names.filter(pl.col("id_rank") == id_rank).top_k(_MAX_SHOWN_NAMES, by=order)
    return latest.sort(order, descending=True).select("conversation", "len").rows()


def _describe_names(text: str, latest: Sequence[tuple[str, int]], name_count: int) -> str:
    """Return `dlg-103 'Help centre' (99 conversations), 'Help center' (86)`."""
    (name, count), *former = latest
    first = f"'{show.shorten_name(name)}' ({show.format_count(count, 'conversation')})"
    others = [f"'{show.shorten_name(name)}' ({count:,})" for name, count in former]
    more = ", …" if name_count > len(latest) else ""
    return f"{show.shorten_name(text)} {', '.join([first, *others])}{more}"
