"""Alerts: what no row and no total of a report may be, as `--fail-if` says it, and where one is."""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeGuard

from dcevents.errors import UsageError
from dcevents.settings import Alert
from dcevents.show import escape_json, shorten_name
from dcevents.times import parse_duration_ms

if TYPE_CHECKING:
    from dcevents.settings import Settings
    from dcevents.tables import Column, Document, Table

Figures = Mapping[str, Sequence["Column"]]
"""What rules may be about: the figures of each part of a report, by the part's name."""

_OPERATORS = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
_RULE_PATTERN = re.compile(r"\s*([^\s<>=!]+)\s*([<>=!]=|[<>=])\s*([^\s<>=!]+)\s*")
# So few digits that each is told exactly, and no duration is beyond counting.
_THRESHOLD_PATTERN = re.compile(r"(-?(?:[0-9]{1,12}(?:\.[0-9]{1,12})?|\.[0-9]{1,12}))([%smhdw]?)")


def parse_rule(rule: str, figures: Figures, options: Collection[str]) -> Alert:
    """The alert that a rule, METRIC OP NUMBER, stands for; `options` are those that figures may need.

    Raises UsageError, which says what is possible.
    """
    match = _RULE_PATTERN.fullmatch(rule)
    if match is None:
        example = f"'{next(iter(figures.values()))[0].name} < 5'"
        raise _make_rule_error(
            rule, f"it is no METRIC OP NUMBER, as {example}; OP is one of {' '.join(_OPERATORS)}"
        )
    name, op, number = match.groups()
    part, column = _find_figure(rule, name, figures, options)
    return Alert(
        part, column.name, "==" if op == "=" else op, _parse_threshold(rule, number, column)
    )


def _make_rule_error(rule: str, why: str) -> UsageError:
    return UsageError(f"--fail-if '{rule}': {why}")


def _find_figure(
    rule: str, name: str, figures: Figures, options: Collection[str]
) -> tuple[str, Column]:
    """The part and the figure that a name stands for, which may have the part's before it."""
    named = [(part, column) for part, columns in figures.items() for column in columns]
    found = [each for each in named if name in (each[1].name, f"{each[0]}.{each[1].name}")]
    if not found:
        there = [each for each in named if not _join_missing_options(each[1], options)]
        raise _make_rule_error(rule, _suggest_metrics(name, there, qualified=len(figures) > 1))
    if len(found) > 1:
        choices = " or ".join(f"{part}.{column.name}" for part, column in found)
        raise _make_rule_error(rule, f"{name} is in more than one report; write {choices}")
    if lacking := _join_missing_options(found[0][1], options):
        raise _make_rule_error(rule, f"{name} is only there with {lacking}")
    return found[0]


def _join_missing_options(column: Column, options: Collection[str]) -> str:
    return " ".join(option for option in column.required_options if option not in options)


def _suggest_metrics(name: str, named: Sequence[tuple[str, Column]], *, qualified: bool) -> str:
    """That there is no such metric, and those that are like it, or else all."""
    from difflib import get_close_matches  # noqa: PLC0415 - only for who is wrong

    names = dict.fromkeys(column.name for _, column in named)
    known = (
        [*names, *(f"{part}.{column.name}" for part, column in named)] if qualified else [*names]
    )
    near = get_close_matches(name, known, 3)
    return f"no metric {name}; " + (
        f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(names)}"
    )


def _parse_threshold(rule: str, text: str, column: Column) -> float:
    """A number in the unit of a figure: a rate's as a part of 1, a duration's in seconds."""
    match = _THRESHOLD_PATTERN.fullmatch(text)
    units = {"rate": "%", "seconds": "smhdw"}.get(column.kind, "")
    if match is None or match[2] not in units:
        forms = {
            "rate": "a rate: write 0.4 or 40%",
            "seconds": "a duration: write 90, 90s, 5m, 1.5h or 2d",
        }
        raise _make_rule_error(
            rule, f"{column.name} is {forms.get(column.kind, 'a count: write 5')}"
        )
    number = _convert_unit(match[1], match[2])
    if column.kind == "rate" and not 0 <= number <= 1:
        raise _make_rule_error(
            rule, f"{column.name} is a rate, from 0 to 1; {text} is {number:.15g}; write 40% or 0.4"
        )
    return number


def _convert_unit(digits: str, unit: str) -> float:
    if unit == "%":
        # Divided as a decimal: the same number as the figure that is written with these digits.
        return float(f"{digits}e-2")
    if unit:
        sign = -1 if digits.startswith("-") else 1
        return sign * (parse_duration_ms(digits.removeprefix("-") + unit) or 0) / 1000
    return float(digits)


# -- what trips ------------------------------------------------------------------------------------------------


def find_triggered(made: Sequence[Table] | Document, settings: Settings) -> Iterator[str]:
    """A line for each row and total that is what it may not be, in the order of the alerts, a total after its rows.

    Compared is each figure as formats other than tables write it; null is nothing.
    """
    for alert in settings.alerts:
        if isinstance(made, Sequence):
            for table in made:
                if table.name == alert.report:
                    name = alert.metric if len(made) == 1 else f"{alert.report}.{alert.metric}"
                    yield from _check_table(table, alert, name, settings.min_base)
        elif _is_triggered(made.figures[alert.metric], alert):
            yield _format_alert(alert, alert.metric, made.figures[alert.metric], None, "total")


def _check_table(table: Table, alert: Alert, name: str, least: int) -> Iterator[str]:
    column = next((each for each in table.columns if each.name == alert.metric), None)
    base = None if column is None else _find_base(column)
    # By all there are no keys: the one row is the total.
    if column is not None and table.keys:
        for value, of, *keys in _select_triggering(table, alert, column, base, least):
            where = " ".join(
                f"{key}={_format_key(cell)}" for key, cell in zip(table.keys, keys, strict=True)
            )
            yield _format_alert(alert, name, value, of, where)
    value, of = _read_total(table, alert.metric, base)
    if _is_triggered(value, alert) and (of is None or of >= least):
        yield _format_alert(alert, name, value, of, "total")


def _find_base(column: Column) -> str | None:
    return f"{column.bounded_rate}_base" if column.bounded_rate else column.base_column


def _select_triggering(
    table: Table, alert: Alert, column: Column, base: str | None, least: int
) -> Iterator[tuple[Any, ...]]:
    """Value, base (None where there is none) and keys of the rows that trip, in order."""
    import polars as pl  # noqa: PLC0415 - not for `--help`

    from dcevents.tables import round_column  # noqa: PLC0415 - as polars

    of = pl.lit(None, pl.Int64) if base is None else pl.col(base)
    rows = table.rows.select(round_column(column).alias("value"), of.alias("of"), *table.keys)
    trips = _OPERATORS[alert.operator](pl.col("value"), alert.threshold) & (
        pl.col("of").fill_null(least) >= least
    )
    yield from rows.filter(trips).iter_rows()


def _read_total(table: Table, metric: str, base: str | None) -> tuple[float | None, int | None]:
    """Value and base of a total; of a listing only `rows` has one."""
    from dcevents.tables import round_total  # noqa: PLC0415 - not for `--help`

    figures: dict[str, Any] = {"rows": table.rows.height, **(round_total(table) or {})}
    return figures.get(metric), None if base is None or table.total is None else table.total[base]


def _is_triggered(value: float | None, alert: Alert) -> TypeGuard[float]:
    return value is not None and bool(_OPERATORS[alert.operator](value, alert.threshold))


def _format_alert(alert: Alert, name: str, value: float | None, of: int | None, where: str) -> str:
    """`completion_rate 0.41 < 0.5, base 120: conversation="Pricing" conversation_id="dlg-101"`."""
    base = "" if of is None else f", base {of}"
    return f"{name} {value:.15g} {alert.operator} {alert.threshold:.15g}{base}: {where}"


def _format_key(cell: object) -> str:
    """A key as JSON: whatever it is called, it is one value."""
    return escape_json(
        json.dumps(shorten_name(cell) if isinstance(cell, str) else cell, ensure_ascii=False)
    )
