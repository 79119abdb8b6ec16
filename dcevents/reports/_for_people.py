"""A comparison as people get it: the main figures, what they were, and the verdict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import polars as pl

from dcevents.reports._change_columns import FORMER, VERDICT_COLUMN
from dcevents.show import format_number, format_percent, format_points, format_relative_change
from dcevents.tables import ESSENTIAL, Column, Table

if TYPE_CHECKING:
    from dcevents.reports._grouping import Grouping

_ARROWS = {1: "▲", -1: "▼"}
_JUDGED = ("better", "worse")
_SAID = ("new", "gone")
_UNSAID = ("same", "unclear")
_CHANCE_NOTE = (
    "▲ ▼ mark changes that chance alone seldom makes. Of twenty rates that have not changed, "
    "one is marked by chance alone."
)
_UNMARKED_NOTE = (
    "No rate has changed by more than chance alone may do; rates of fewer than 30 are not judged."
)


def simplify_comparison(table: Table, grouping: Grouping) -> Table:
    """Return the table for people of one with changes."""
    figures = {column.name: column for column in table.columns}
    keys = [figures[name] for name in table.keys]
    count = figures[grouping.metrics[0].column.name]
    main = grouping.main_rate
    rate = figures[main.name] if main is not None and main.is_in_rows else None
    columns = [*keys, *_list_columns(count, rate)]
    names = table.rows.columns
    rows = [
        _describe_row(dict(zip(names, row, strict=True)), count, rate)
        for row in table.rows.iter_rows()
    ]
    texts = pl.DataFrame(rows, schema=dict.fromkeys(_list_texts(count, rate), pl.String))
    total = None
    if table.total is not None:
        total = {**table.total, **_describe_row(table.total, count, rate)}
    return replace(
        table,
        columns=[column for column in columns if column.title or _has_text(column, rows, total)],
        rows=table.rows.with_columns(texts),
        total=total,
        total_columns=(),
        notes=[*table.notes, *_list_notes(table, grouping, has_marks=_has_marks(table))],
        simplify=None,
    )


def describe_total_changes(table: Table) -> str:
    """Return how the main figures of a comparison have changed in all.

    `sessions -0.9 % (531 before), completion rate -2.9 points (41.0 % before)`.
    """
    simple = table.for_people()
    total = simple.total or {}
    changes = []
    for column in simple.columns:
        former = next((c for c in simple.columns if c.name == f"{column.name}{FORMER}"), None)
        if former is None or total.get(former.name) is None:
            continue
        title = column.title.replace("\u00ad", "").lower()
        change, before = total[f"{column.name}_change"], total[former.name]
        if column.kind == "rate":
            verdict = total.get(VERDICT_COLUMN.name)
            said = f", {verdict}" if verdict else ""
            changes.append(f"{title} {change} points{said} ({format_percent(before)} before)")
        elif before:
            changes.append(f"{title} {change} ({format_number(before)} before)")
        else:
            changes.append(f"{title} (0 before)")
    return ", ".join(changes)


def _has_text(
    column: Column, rows: Sequence[Mapping[str, Any]], total: Mapping[str, Any] | None
) -> bool:
    return any(row[column.name] for row in [*rows, *([total] if total else [])])


def _list_columns(count: Column, rate: Column | None) -> list[Column]:
    """Return the columns of the main figures, the last ones to be hidden."""
    change = Column(f"{count.name}_change", "number", "Change", 2)
    former = count._replace(name=f"{count.name}{FORMER}", title="Before", priority=2)
    if rate is None:
        return [count, former, change]
    # What became of the rate is what the comparison is about.
    columns = [count, former._replace(priority=1), change._replace(priority=1)]
    former_rate = rate._replace(
        name=f"{rate.name}{FORMER}",
        title="Before",
        base_column=f"{rate.base_column}{FORMER}",
        priority=2,
        is_main=False,
    )
    points = Column(f"{rate.name}_change", "number", "Change, points", ESSENTIAL)
    verdict = Column(VERDICT_COLUMN.name, "word", "", ESSENTIAL)
    # A bar between two figures to compare would be in their way.
    shown_rate = rate._replace(is_main=False, priority=ESSENTIAL)
    return [*columns, shown_rate, former_rate, points, verdict]


def _list_texts(count: Column, rate: Column | None) -> list[str]:
    names = [f"{count.name}_change"]
    return names if rate is None else [*names, f"{rate.name}_change", VERDICT_COLUMN.name]


def _describe_row(row: Mapping[str, Any], count: Column, rate: Column | None) -> dict[str, str]:
    """Return the texts of a row's changes, by their columns."""
    texts = [format_relative_change(row[count.name], row[f"{count.name}{FORMER}"])]
    if rate is not None:
        change = row[f"{rate.name}_change"]
        texts += [format_points(change), _format_verdict(row[VERDICT_COLUMN.name], change)]
    return dict(zip(_list_texts(count, rate), texts, strict=True))


def _format_verdict(verdict: str | None, change: float | None) -> str:
    """Return `▼ worse`, with the direction of the figure; nothing for what is not to be said."""
    if verdict in _JUDGED and change:
        return f"{_ARROWS[1 if change > 0 else -1]} {verdict}"
    return verdict if verdict in _SAID else ""


def _has_marks(table: Table) -> bool:
    """Return whether anything is called better or worse."""
    if VERDICT_COLUMN.name not in table.rows.columns:
        return False
    in_total = (table.total or {}).get(VERDICT_COLUMN.name) in _JUDGED
    return in_total or bool(table.rows[VERDICT_COLUMN.name].is_in(_JUDGED).any())


def _has_unmarked(table: Table) -> bool:
    """Return whether there is a change that nothing is called."""
    verdicts = [(table.total or {}).get(VERDICT_COLUMN.name)]
    if VERDICT_COLUMN.name in table.rows.columns:
        verdicts += table.rows[VERDICT_COLUMN.name].to_list()
    return any(verdict in _UNSAID for verdict in verdicts)


def _list_notes(table: Table, grouping: Grouping, *, has_marks: bool) -> Iterator[str]:
    if grouping.main_rate is None:
        return
    name, total = grouping.main_rate.name, table.total or {}
    title, change = _find_title(table.columns, name), total.get(f"{name}_change")
    if has_marks:
        yield _CHANCE_NOTE
    elif _has_unmarked(table):
        yield _UNMARKED_NOTE
    if not grouping.main_rate.is_in_rows and change is not None:
        rates = [format_percent(total[each]) for each in (name, f"{name}{FORMER}")]
        yield f"{title} in all: {rates[0]}, {rates[1]} before."
    mix, within = (total.get(each) for each in ("mix_change", "within_change"))
    if mix is not None and within is not None:
        yield (
            f"{title} in all: {format_points(change, 2)} points, {format_points(mix, 2)} of them "
            f"by another mix of conversations, {format_points(within, 2)} within conversations."
        )


def _find_title(columns: Sequence[Column], name: str) -> str:
    return next(each.title for each in columns if each.name == name)
