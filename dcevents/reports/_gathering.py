"""Gather what figures need of the selected rows of each window, part by part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from dcevents.analysis.time_keys import add_time_keys
from dcevents.analysis.view import starts_in
from dcevents.model.fold import find_latest_names
from dcevents.reports._change_columns import FORMER
from dcevents.reports._keys import ONLY_BEFORE, ONLY_NOW, PAIR, Side, list_group_columns, pair_sides
from dcevents.reports._metrics import ROWS, TIME_KEYS

if TYPE_CHECKING:
    from dcevents.analysis.view import View
    from dcevents.reports._grouping import Grouping, Selector
    from dcevents.reports._metrics import Expression, Metric
    from dcevents.settings import Settings


class FigureRequest(NamedTuple):
    """Rows to group, and the figures that are wanted of them."""

    select: Selector
    by: Sequence[str]
    metrics: Sequence[Metric]
    is_of_conversations: bool
    """They are conversations, and no row depends on another."""

    @classmethod
    def of(cls, groupings: Sequence[Grouping], by: Sequence[str]) -> FigureRequest:
        """Return what groupings of the same rows want; the first selects these."""
        metrics = {each.column.name: each for grouping in groupings for each in grouping.measured}
        first = groupings[0]
        return cls(first.select, by, [*metrics.values()], first.is_of_conversations)

    @classmethod
    def of_total(cls, grouping: Grouping, select: Selector, by: Sequence[str]) -> FigureRequest:
        """Return what the total of a grouping wants, which is of other rows."""
        return cls(lambda view, _: select(view, by), (), grouping.measured, False)


class GatheredSide(NamedTuple):
    """Hold what figures need of the rows of one window."""

    keys: Sequence[str]
    """Columns that tallies and rows have for groups."""
    tallies: pl.DataFrame
    """Rows that are alike in keys and in what counts ask for, with their number and sums."""
    rows: Mapping[Expression | None, pl.DataFrame]
    """The rows that all other figures are computed from, by their filter; None: all rows."""
    names: pl.DataFrame
    """The names of conversations whose ids have several: see `find_latest_names`."""
    row_keys: pl.DataFrame
    """`conversation_key` of all rows, and `sid` where they have it."""
    ending: str = ""
    """Ends the names of its figures: none, or FORMER."""

    def col(self, name: str) -> pl.Expr:
        """Return the column of a figure of this window."""
        return pl.col(f"{name}{self.ending}")

    @property
    def lacks(self) -> int:
        """Return the `pair` of rows that have nothing to do with this window."""
        return ONLY_NOW if self.ending == FORMER else ONLY_BEFORE


def gather_sides(request: FigureRequest, view: View) -> list[GatheredSide]:
    """Return what is wanted of the selected rows of each window."""
    renamed_ids = view.renamed_ids if "conversation" in request.by else pl.Series()

    def gather(part: View) -> list[GatheredSide]:
        frame = request.select(part, request.by)
        sides = _split_sides(frame, request.by, part.settings)
        return [
            _gather_side(side, request, part, renamed_ids, is_whole=part is view) for side in sides
        ]

    if not request.is_of_conversations:
        return gather(view)

    parts = view.map_parts(gather, _list_columns(request))
    return [_join_parts(sides) for sides in zip(*parts, strict=True)]


def _list_columns(request: FigureRequest) -> set[str]:
    """Return the columns of conversations that a request may need."""
    wanted = {"last_at", *(["started_at"] if {*request.by} & {*TIME_KEYS} else [])}
    for metric in request.metrics:
        for expression in (metric.value, metric.row_filter):
            wanted.update(_list_roots(expression) if expression is not None else ())
        wanted.update([metric.summed] if metric.summed is not None else ())
    return wanted


def _list_roots(expression: Expression) -> list[str]:
    """Return the columns that an expression is computed from."""
    found: pl.Expr = expression(pl.col)
    return found.meta.root_names()


def _split_sides(frame: pl.DataFrame, by: Sequence[str], settings: Settings) -> list[Side]:
    """Return the rows of each window, with the columns of time keys."""
    frame = add_time_keys(frame, by, settings.tz)
    if settings.compared is None:
        return [Side(frame)]
    window, compared = (frame.filter(starts_in(each)) for each in settings.windows)
    return pair_sides([Side(window), Side(compared, FORMER)], by, settings)


def _gather_side(
    side: Side, request: FigureRequest, view: View, renamed_ids: pl.Series, *, is_whole: bool
) -> GatheredSide:
    frame, keys = side.frame, list_group_columns(request.by)
    if PAIR in frame.columns:
        keys.append(PAIR)
    counts = [metric for metric in request.metrics if is_of_tallies(metric, keys)]
    others = [each for each in request.metrics if not (each.is_derived or each in counts)]
    names = pl.DataFrame()
    if "id_rank" in keys:
        names = find_latest_names(view.fold, frame, keys, renamed_ids)
    if view.settings.compared is not None and "id_rank" in frame.columns:
        # The change of a rate is divided over conversation ids.
        keys = list(dict.fromkeys([*keys, "id_rank"]))
    return GatheredSide(
        keys,
        _tally_rows(frame, keys, counts),
        dict(_keep_rows(frame, keys, others, is_whole=is_whole)),
        names,
        frame.select(pl.selectors.by_name("conversation_key", "sid", require_all=False)),
        side.ending,
    )


def is_of_tallies(metric: Metric, keys: Sequence[str]) -> bool:
    """Return whether a figure of groups by these keys is computed from tallies."""
    return metric.is_of_tallies or ("id_rank" in keys and metric.value_within_id is not None)


def _tally_rows(
    frame: pl.DataFrame, keys: Sequence[str], metrics: Sequence[Metric]
) -> pl.DataFrame:
    """Return rows that are alike once, with how many there are."""
    sums = {each.summed for each in metrics if each.summed is not None}
    values = (metric.value for metric in metrics if metric.is_of_tallies and metric.summed is None)
    flags = {name for value in values for name in _list_roots(value)} - {ROWS}
    alike = list(dict.fromkeys([*keys, *sorted(flags)]))
    counts = [
        pl.len().alias(ROWS),
        *(pl.col(name).sum().alias(f"sum_{name}") for name in sorted(sums)),
    ]
    if not alike:
        return frame.select(counts)
    # Millions of rows by few keys: as a stream they need no lists of rows for each group.
    return frame.lazy().group_by(alike).agg(counts).collect(engine="streaming")


def _keep_rows(
    frame: pl.DataFrame, keys: Sequence[str], metrics: Sequence[Metric], *, is_whole: bool
) -> Iterator[tuple[Expression | None, pl.DataFrame]]:
    """Yield the rows that each filter selects, with keys and what their figures need."""
    for row_filter in dict.fromkeys(metric.row_filter for metric in metrics):
        if row_filter is None and is_whole:
            yield None, frame
            continue
        values = (each.value for each in metrics if each.row_filter is row_filter)
        columns = {*keys, *(name for value in values for name in _list_roots(value))}
        rows = frame.lazy() if row_filter is None else frame.lazy().filter(row_filter(pl.col))
        yield row_filter, rows.select(sorted(columns)).collect()


def _join_parts(sides: Sequence[GatheredSide]) -> GatheredSide:
    """Return what is wanted of all rows of a window."""
    first, *others = sides
    if not others:
        return first
    return first._replace(
        tallies=pl.concat(side.tallies for side in sides),
        rows={each: pl.concat(side.rows[each] for side in sides) for each in first.rows},
        names=pl.concat(side.names for side in sides),
        row_keys=pl.concat(side.row_keys for side in sides),
    )
