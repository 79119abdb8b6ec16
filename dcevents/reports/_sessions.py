"""The rows of the `sessions` report."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import polars as pl

from dcevents.analysis.patterns import match_patterns
from dcevents.analysis.view import View, measure_duration
from dcevents.model.events import OUTCOMES


def list_sessions(view: View) -> pl.DataFrame:
    """Return a row for each session of the selected conversations."""
    return _describe_sessions(view, _group_sessions(view))


def list_sessions_in_parts(view: View) -> Iterator[pl.DataFrame]:
    """Yield the rows in parts, which come in order, as `View.list_conversations_in_parts`.

    Numbers of all sessions are held; texts are those of a part.
    """
    if view.settings.filters.keys() - {"outcome"}:
        yield list_sessions(view)
        return
    parts = [_group_sessions(replace(view, fold=fold)) for fold in view.fold.split_by_start()]
    sessions = _join_sessions(parts)
    for fold in view.fold.split_by_start():
        yield _describe_sessions(replace(view, fold=fold), fold.keep_in_part(sessions))


def _group_sessions(view: View) -> pl.DataFrame:
    """Return the sessions of a fold, with numbers for their sid and outcome."""
    conversations = view.keep_in_window(
        view.apply_filters(view.fold.conversations, without=("outcome",))
    )
    outcome = pl.col("outcome")
    grouped = view.fold.add_sids(conversations).group_by("sid")
    return grouped.agg(
        pl.col("started_at").min(),
        pl.col("last_at").max(),
        pl.len().alias("conversations"),
        pl.col("engaged").sum(),
        (outcome == "completed").sum().alias("completed"),
        pl.col("gave_email").sum().alias("emails"),
        pl.col("gave_phone").sum().alias("phones"),
        pl.col("meetings", "live_chats").sum(),
        # The outcome of a session is the first of its conversations' in OUTCOMES.
        outcome.to_physical().min().alias("outcome"),
    )


def _join_sessions(parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Return the grouped sessions of several parts, each once.

    A few have conversations in more than one.
    """
    sessions = pl.concat(parts)
    if len(parts) == 1:
        return sessions
    is_repeated = sessions["sid"].is_duplicated()
    sums = pl.exclude("sid", "started_at", "last_at", "outcome").sum()
    bounds = pl.col("started_at", "outcome").min(), pl.col("last_at").max()
    joined = sessions.filter(is_repeated).group_by("sid").agg(*bounds, sums)
    return pl.concat([sessions.filter(~is_repeated), joined.select(sessions.columns)])


def _describe_sessions(view: View, sessions: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of grouped sessions, in order."""
    outcome, names = pl.col("outcome"), dict(enumerate(OUTCOMES))
    rows = sessions.with_columns(
        measure_duration(),
        outcome.replace_strict(names, return_dtype=pl.String),
        pl.lit(0, pl.UInt32).alias("id_rank"),
    )
    if patterns := view.settings.filters.get("outcome"):
        rows = rows.filter(outcome.is_in(match_patterns(patterns, OUTCOMES)))
    return view.order_listing(rows, "started_at")
