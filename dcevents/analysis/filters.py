"""Filters by id: the conversations and agents that names, ids and patterns select."""

from collections.abc import Collection, Iterable
from typing import NamedTuple

import polars as pl

from dcevents.analysis.patterns import match_pattern
from dcevents.model.fold import Fold


class Choice(NamedTuple):
    """The ids that a pattern selects, by rank."""

    ranks: frozenset[int] = frozenset()
    names: frozenset[str] = frozenset()
    """Names of conversations without an id that are selected, too."""

    def __bool__(self) -> bool:
        return bool(self.ranks or self.names)


def choose_conversations(pattern: str, fold: Fold, shown: pl.DataFrame) -> Choice:
    """Return the conversation ids that a pattern selects.

    `shown`: id_rank, conversation; the names that the report shows for ids. Where none of these
    and no id fits, the ids that ever had a name that does.
    """
    ids = fold.conversation_ids.drop_nulls()
    ranks = _find_ranks(
        pattern, (_pair(shown, "conversation"), _pair(ids, "conversation_id")), "id_rank"
    )
    if ranks:
        return Choice(ranks)
    ever = _pair(fold.attributes, "conversation")
    found = match_pattern(pattern, set(ever["value"]))
    ranks = frozenset(_select_ranks(ever, found, "id_rank"))
    return Choice(ranks - {0}, frozenset(found) if 0 in ranks else frozenset())


def choose_agents(pattern: str, fold: Fold, attempts: pl.DataFrame) -> Choice:
    """Return the agents that a pattern selects.

    `attempts`: those of the report without filters, whose agents it shows.
    """
    shown = fold.agents.join(attempts.select("agent"), on="agent", how="semi")
    tables = _pair(shown, "agent_name", "agent"), _pair(fold.agents, "agent_id", "agent")
    ranks = _find_ranks(pattern, tables, "agent")
    if not ranks:
        ranks = _find_ranks(pattern, (_pair(fold.attributes, "agent_name", "agent"),), "agent")
    return Choice(ranks)


def join_choices(choices: Iterable[Choice]) -> Choice:
    """Return what any of the patterns selects."""
    found = list(choices)
    return Choice(
        frozenset().union(*(choice.ranks for choice in found)),
        frozenset().union(*(choice.names for choice in found)),
    )


def _pair(frame: pl.DataFrame, column: str, rank: str = "id_rank") -> pl.DataFrame:
    return frame.select(rank, pl.col(column).alias("value")).drop_nulls().unique()


def _find_ranks(pattern: str, tables: Iterable[pl.DataFrame], rank: str) -> frozenset[int]:
    """Return the ranks of what a pattern fits in tables of rank and value."""
    both = pl.concat(tables)
    return frozenset(_select_ranks(both, match_pattern(pattern, set(both["value"])), rank))


def _select_ranks(table: pl.DataFrame, values: Collection[str], rank: str) -> list[int]:
    return table.filter(pl.col("value").is_in(list(values)))[rank].to_list()
