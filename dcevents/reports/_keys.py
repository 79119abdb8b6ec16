"""The keys of grouped rows: buckets of time, names, and the order of rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from dcevents.analysis.time_keys import WEEKDAYS
from dcevents.reports._metrics import TIME_KEYS
from dcevents.settings import Settings, Window
from dcevents.times import list_buckets

if TYPE_CHECKING:
    from dcevents.analysis.view import View

_GROUP_COLUMNS = {"conversation": "id_rank", "agent": "agent_id"}
"""Columns of rows by the key that groups by them, where the names differ."""
_ID_COLUMNS = {"conversation": "conversation_id", "agent": "agent_id"}
"""Columns of tables by the key that they identify, where the names differ."""
_CALENDAR_KEYS = ("day", "week", "month")
"""Keys whose buckets are other ones in every window."""
PAIR = "pair"
"""In rows of two windows: says which sides a bucket of time has, where buckets are paired."""
PAIRED, ONLY_NOW, ONLY_BEFORE = 0, 1, 2


class Side(NamedTuple):
    """The rows of one window, with the columns of keys."""

    frame: pl.DataFrame
    ending: str = ""
    """Ends the names of its figures: none, or FORMER."""


def list_group_columns(by: Sequence[str]) -> list[str]:
    """Return the columns of rows that keys group by."""
    return [_GROUP_COLUMNS.get(key, key.replace("-", "_")) for key in by if key != "all"]


# -- buckets of time ----------------------------------------------------------------------------


def pair_sides(sides: Sequence[Side], by: Sequence[str], settings: Settings) -> list[Side]:
    """Give the rows of the other window the calendar keys of this one, by place.

    Rows get `pair`, which says whether their bucket has a counterpart. A bucket without one
    stays under its own key.
    """
    calendar_keys = [key for key in by if key in _CALENDAR_KEYS]
    if not calendar_keys:
        return list(sides)
    found = []
    for number, side in enumerate(sides):
        lone, keys = [], []
        for key in calendar_keys:
            buckets = _list_both_buckets(key, settings)
            count = min(map(len, buckets))
            lone.append(pl.col(key).is_in(buckets[number][count:]).fill_null(value=False))
            names = dict(zip(buckets[number][:count], buckets[0][:count], strict=True))
            keys.append(pl.col(key).replace(names))
        only = (ONLY_NOW, ONLY_BEFORE)[number]
        pair = pl.when(pl.any_horizontal(lone)).then(only).otherwise(PAIRED).alias(PAIR)
        frame = side.frame.with_columns(pair.cast(pl.UInt8)).with_columns(keys)
        found.append(side._replace(frame=frame))
    return found


def _list_both_buckets(key: str, settings: Settings) -> list[list[str]]:
    """Return the buckets of both windows; a window without an end goes up to now."""
    assert settings.compared is not None  # noqa: S101 - the caller has asked
    window = settings.window
    if window.until is None:
        window = Window(window.since, settings.now_ms)
    return [
        list_buckets(key, None, None, each, settings.tz) for each in (window, settings.compared)
    ]


def fill_buckets(table: pl.DataFrame, by: Sequence[str], settings: Settings) -> pl.DataFrame:
    """Add rows for the buckets of time in which nothing happened, by one time key alone."""
    if len(by) != 1 or by[0] not in TIME_KEYS:
        return table
    (key,) = by
    if PAIR in table.columns:
        buckets = _list_paired_buckets(key, settings, table.schema)
    else:
        values = _list_key_values(table, key, settings)
        buckets = pl.DataFrame({key: pl.Series(values, dtype=table.schema[key])})
    filled = buckets.join(table, on=buckets.columns, how="left")
    untimed = table.filter(pl.col(key).is_null()).select(filled.columns)
    return pl.concat([filled, untimed])


def _list_paired_buckets(key: str, settings: Settings, schema: pl.Schema) -> pl.DataFrame:
    current, before = _list_both_buckets(key, settings)
    count = min(len(current), len(before))
    rows = [(each, PAIRED) for each in current[:count]]
    rows += [(each, ONLY_NOW) for each in current[count:]]
    rows += [(each, ONLY_BEFORE) for each in before[count:]]
    return pl.DataFrame(rows, schema={key: schema[key], PAIR: schema[PAIR]}, orient="row")


def _list_key_values(table: pl.DataFrame, key: str, settings: Settings) -> list[Any]:
    if key == "hour":
        return list(range(24))
    if key == "weekday":
        return list(WEEKDAYS)
    present = table[key].drop_nulls()
    first, last = (present.min(), present.max()) if present.len() else (None, None)
    return list_buckets(key, first, last, settings.window, settings.tz)


# -- names and order ----------------------------------------------------------------------------


def add_names(
    table: pl.DataFrame, names: Sequence[pl.DataFrame], keys: Sequence[str], view: View
) -> pl.DataFrame:
    """Add the names that belong to ids, as the first `names` have them, else the next."""
    if "id_rank" in keys:
        table = _add_conversation_names(table, names, keys, view).join(
            view.fold.conversation_ids, on="id_rank", how="left"
        )
    if "agent_id" in keys:
        agents = view.fold.agents.select("agent_id", pl.col("agent_name").alias("agent"))
        table = table.join(agents, on="agent_id", how="left")
    return table


def _add_conversation_names(
    table: pl.DataFrame, names: Sequence[pl.DataFrame], keys: Sequence[str], view: View
) -> pl.DataFrame:
    named = table.with_columns(pl.lit(None, pl.String).alias("conversation"))
    for found in names:
        unnamed = named.filter(pl.col("conversation").is_null()).select(keys)
        if unnamed.is_empty():
            break
        chosen = view.name_groups(unnamed, found, keys)
        named = named.join(chosen, on=keys, how="left", nulls_equal=True).with_columns(
            pl.coalesce("conversation", "conversation_right").alias("conversation")
        )
        named = named.drop("conversation_right")
    return named


def sort_rows(table: pl.DataFrame, by: Sequence[str], metric: str) -> pl.DataFrame:
    """Sort rows by time keys, then by size, then by other keys.

    Rows without a key are last.
    """
    times = [pl.col(key) for key in by if key in TIME_KEYS]
    keys = [key for key in by if key not in (*TIME_KEYS, "all")]
    others = [pl.col(_ID_COLUMNS.get(key, key.replace("-", "_"))) for key in keys]
    lacking = [pl.any_horizontal(other.is_null() for other in others)] if others else []
    if "id_rank" in table.columns and "conversation" in keys:
        # Ranks of ids are in the same order, and numbers are sorted sooner.
        others[keys.index("conversation")] = pl.col("id_rank")
    sizes = [-pl.col(metric).cast(pl.Int64).fill_null(0)] if others else []
    pairs = [pl.col(PAIR)] if PAIR in table.columns else []
    order = [*times, *lacking, *sizes, *others, *pairs]
    return table.sort(order, nulls_last=True) if order else table
