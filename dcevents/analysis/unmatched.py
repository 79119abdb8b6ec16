"""Values of filters that fit nothing in all that was read, and what is near them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, NamedTuple

from dcevents.analysis.view import match_patterns
from dcevents.show import shorten_name

if TYPE_CHECKING:
    from dcevents.analysis.view import View

_MAX_NEAR_NAMES = 3
_MIN_LIKENESS = 0.6
_MAX_COMPARED_NAMES = 10_000
"""Names that are compared with a value: comparing takes long."""
_MAX_SHOWN_VALUES = 3
"""Values of one option that a message names."""


class Unmatched(NamedTuple):
    """The values of one filter that fit nothing."""

    column: str
    values: list[str]
    names: list[str]
    """Names that are near the values; where none is, the first that there are."""
    are_near: bool


def find_unmatched(view: View) -> Iterator[Unmatched]:
    """Yield the values of filters that fit nothing, whatever window and other filters select."""
    for column, values in view.settings.filters.items():
        if column == "outcome":
            continue  # an outcome that nothing has is no mistake
        names = _list_names(view, column)
        left = [value for value in values if not match_patterns([value], names)]
        if left and view.settings.window:
            names = _list_names(replace(view, fold=view.fold.lift_window()), column)
            left = [value for value in left if not match_patterns([value], names)]
        if left and names:
            near = list(dict.fromkeys(name for value in left for name in _find_near(value, names)))
            shown = near or sorted(names)
            yield Unmatched(column, left, shown[:_MAX_NEAR_NAMES], are_near=bool(near))


def _list_names(view: View, column: str) -> Collection[str]:
    """Return the names and ids that a filter may fit."""
    fold = view.fold
    if column == "agent":
        agents = fold.attempts.join(fold.agents, on="agent", how="left")
        return {*agents["agent_id"].drop_nulls(), *agents["agent_name"].drop_nulls()}
    keys = fold.conversations.select("conversation_key", "id_rank")
    names = set(fold.add_text(keys, column)[column].drop_nulls().unique())
    if column == "conversation":
        names |= set(fold.conversation_ids["conversation_id"].drop_nulls())
    return names


def _find_near(value: str, names: Collection[str]) -> list[str]:
    """Return the names that are nearest to a value, the nearest first; case aside."""
    by_folded: dict[str, str] = {}
    for name in sorted(names)[:_MAX_COMPARED_NAMES]:
        by_folded.setdefault(name.casefold(), name)
    near = get_close_matches(value.casefold(), by_folded, _MAX_NEAR_NAMES, _MIN_LIKENESS)
    return [by_folded[each] for each in near]


def describe_unmatched(found: Unmatched) -> str:
    """Describe values that fit nothing, and names that something has."""
    values = [f"'{shorten_name(value)}'" for value in found.values[:_MAX_SHOWN_VALUES]]
    if len(found.values) > _MAX_SHOWN_VALUES:
        values.append("…")
    names = ", ".join(f"'{shorten_name(name)}'" for name in found.names)
    hint = f"did you mean {names}?" if found.are_near else f"there is {names}"
    option = f"--{found.column.replace('_', '-')} {' or '.join(values)}"
    return f"{option} fits nothing in all that was read; {hint}"
