"""Alerts: the rules of `--fail-if`, and what triggers them."""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeGuard

from dcevents.analysis.patterns import suggest_names
from dcevents.errors import UsageError
from dcevents.settings import Alert
from dcevents.show import DECIMALS, escape_json, round_figure, shorten_name
from dcevents.tables import round_total, round_values
from dcevents.times import parse_duration_ms

if TYPE_CHECKING:
    import polars as pl

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
# Few enough digits that a float holds each number exactly, and no duration overflows.
_THRESHOLD_PATTERN = re.compile(r"(-?(?:[0-9]{1,12}(?:\.[0-9]{1,12})?|\.[0-9]{1,12}))([%smhdw]?)")
_UNITS = {"rate": "%", "seconds": "smhdw"}
_THRESHOLD_HINTS = {
    "rate": "a rate: write 0.4 or 40%",
    "seconds": "a duration: write 90, 90s, 5m, 1.5h or 2d",
}
_COUNT_HINT = "a count: write 5"


# -- rules --------------------------------------------------------------------------------------


def parse_rule(rule: str, figures: Figures, options: Collection[str]) -> Alert:
    """Return the alert of a rule: METRIC OP NUMBER.

    `options` are those on the command line that figures may need. Raises UsageError, which says
    what is possible.
    """
    match = _RULE_PATTERN.fullmatch(rule)
    if match is None:
        raise _make_rule_error(rule, _describe_rules(figures, options))
    name, op, number = match.groups()
    part, column = _find_figure(rule, name, figures, options)
    op = "==" if op == "=" else op
    if column.words:
        return Alert(part, column.name, op, _check_word(rule, op, number, column))
    threshold = _parse_threshold(rule, number, column)
    is_relative = column.former_column is not None and number.endswith("%")
    return Alert(part, column.name, op, threshold, is_relative=is_relative and not _is_rate(column))


def _describe_rules(figures: Figures, options: Collection[str]) -> str:
    """Return a message: what a rule looks like, with all metrics."""
    metrics = dict.fromkeys(
        column.name
        for columns in figures.values()
        for column in columns
        if not _join_missing_options(column, options)
    )
    example, operators = f"'{next(iter(metrics))} < 5'", " ".join(_OPERATORS)
    return (
        f"a rule is METRIC OP NUMBER, as {example}; OP is one of {operators}; "
        f"METRIC is one of {', '.join(metrics)}"
    )


def _make_rule_error(rule: str, reason: str) -> UsageError:
    return UsageError(f"--fail-if '{rule}': {reason}")


def _find_figure(
    rule: str, name: str, figures: Figures, options: Collection[str]
) -> tuple[str, Column]:
    """Return part and figure of a name: `metric` or `part.metric`."""
    named = [(part, column) for part, columns in figures.items() for column in columns]
    found = [each for each in named if name in (each[1].name, f"{each[0]}.{each[1].name}")]
    if not found:
        there = [each for each in named if not _join_missing_options(each[1], options)]
        raise _make_rule_error(rule, _suggest_metrics(name, there, is_qualified=len(figures) > 1))
    if len(found) > 1:
        choices = " or ".join(f"{part}.{column.name}" for part, column in found)
        raise _make_rule_error(rule, f"{name} is in more than one report; write {choices}")
    if missing := _join_missing_options(found[0][1], options):
        raise _make_rule_error(rule, f"{name} is only there with {missing}")
    return found[0]


def _join_missing_options(column: Column, options: Collection[str]) -> str:
    return " ".join(option for option in column.required_options if option not in options)


def _suggest_metrics(name: str, known: Sequence[tuple[str, Column]], *, is_qualified: bool) -> str:
    """Return a message: the metric is unknown, and names like it."""
    names = list(dict.fromkeys(column.name for _, column in known))
    qualified = [f"{part}.{column.name}" for part, column in known] if is_qualified else []
    hint = suggest_names(name, [*names, *qualified])
    if not hint.endswith("?"):
        hint = f"there are {', '.join(names)}"
    return f"no metric {name}; {hint}"


def _is_rate(column: Column) -> bool:
    return column.kind == "rate"


def _check_word(rule: str, op: str, word: str, column: Column) -> str:
    if op not in ("==", "!=") or word not in column.words:
        words = ", ".join(column.words)
        raise _make_rule_error(rule, f"{column.name} is == or != one of {words}")
    return word


def _parse_threshold(rule: str, text: str, column: Column) -> float:
    """Return a threshold in a figure's unit: part of 1, seconds, count.

    Of the change of a count or a duration also a part of the figure before.
    """
    match = _THRESHOLD_PATTERN.fullmatch(text)
    units = _UNITS.get(column.kind, "") + ("%" if column.former_column is not None else "")
    if match is None or match[2] not in units:
        hint = _THRESHOLD_HINTS.get(column.kind, _COUNT_HINT)
        relative = ", or a part of what it was: -50%" if "%" in units and column.is_change else ""
        raise _make_rule_error(
            rule, f"{column.name} is {hint}{relative if not _is_rate(column) else ''}"
        )
    number = _convert_unit(match[1], match[2])
    lowest = -1 if column.is_change else 0
    if _is_rate(column) and not lowest <= number <= 1:
        meant = f"for {text} percent write {text}%"
        reason = f"{text} is {number:.15g}; write 40% or 0.4" if match[2] else meant
        raise _make_rule_error(rule, f"{column.name} is a rate, from {lowest} to 1; {reason}")
    return number


def _convert_unit(digits: str, unit: str) -> float:
    if unit == "%":
        # Divided as a decimal: the same number as the figure that is written with these digits.
        return float(f"{digits}e-2")
    if unit:
        sign = -1 if digits.startswith("-") else 1
        return sign * (parse_duration_ms(digits.removeprefix("-") + unit) or 0) / 1000
    return float(digits)


# -- triggered alerts ---------------------------------------------------------------------------


def find_triggered(made: Sequence[Table] | Document, settings: Settings) -> Iterator[str]:
    """Yield a line for each row and total that triggers an alert.

    In the order of the alerts, a total after its rows. Figures are compared as formats other than
    tables write them; an empty one triggers nothing.
    """
    for alert in settings.alerts:
        if isinstance(made, Sequence):
            for table in made:
                if table.name == alert.report:
                    name = alert.metric if len(made) == 1 else f"{alert.report}.{alert.metric}"
                    yield from _check_table(table, alert, name, settings.min_base)
        elif _is_triggered(made.figures[alert.metric], alert):
            yield _format_alert(alert, alert.metric, made.figures[alert.metric], None, "total")


def _check_table(table: Table, alert: Alert, name: str, min_base: int) -> Iterator[str]:
    column = next((each for each in table.columns if each.name == alert.metric), None)
    base_name = None if column is None else _find_base(column)
    # By all there are no keys: the one row is the total.
    if column is not None and table.keys:
        for value, base, keys in _select_triggering(table, alert, column, base_name, min_base):
            where = " ".join(
                f"{key}={_format_key(cell)}" for key, cell in zip(table.keys, keys, strict=True)
            )
            yield _format_alert(alert, name, value, base, where)
    total, base = _read_total(table, alert, base_name)
    if _is_triggered(total, alert) and (base is None or base >= min_base):
        yield _format_alert(alert, name, total, base, "total")


def _find_base(column: Column) -> str | None:
    return f"{column.bounded_rate}_base" if column.bounded_rate else column.base_column


def _select_triggering(
    table: Table, alert: Alert, column: Column, base_name: str | None, min_base: int
) -> Iterator[tuple[float | str, int | None, tuple[Any, ...]]]:
    """Yield value, base and keys of each row that triggers, in order.

    The base is None for a figure without one.
    """
    values = _read_values(table.rows, column, alert)
    triggers: pl.Series = _OPERATORS[alert.operator](values, alert.threshold)
    if base_name is not None:
        triggers &= table.rows[base_name].fill_null(min_base) >= min_base
    triggers = triggers.fill_null(value=False)
    rows = table.rows.filter(triggers)
    bases = [None] * rows.height if base_name is None else rows[base_name].to_list()
    yield from zip(
        values.filter(triggers).to_list(), bases, rows.select(table.keys).iter_rows(), strict=True
    )


def _read_values(rows: pl.DataFrame, column: Column, alert: Alert) -> pl.Series:
    """Return the figures of rows that an alert is about, rounded."""
    if not alert.is_relative or column.former_column is None:
        return round_values(rows[column.name], column)
    quotient = rows[column.name] / rows[column.former_column]
    return quotient.replace([float("nan"), float("inf"), float("-inf")], None).round(
        DECIMALS["rate"]
    )


def _read_total(
    table: Table, alert: Alert, base_name: str | None
) -> tuple[float | str | None, int | None]:
    """Return value and base of a total; a listing has only `rows`."""
    total = table.total or {}
    base = None if base_name is None or table.total is None else total[base_name]
    column = next((each for each in table.every_column if each.name == alert.metric), None)
    if alert.is_relative and column is not None and column.former_column is not None:
        change, before = (total.get(name) for name in (column.name, column.former_column))
        if change is None or not before:
            return None, base
        return round_figure(change / before, "rate"), base
    figures: dict[str, Any] = {"rows": table.rows.height, **(round_total(table) or {})}
    return figures.get(alert.metric), base


def _is_triggered(value: float | str | None, alert: Alert) -> TypeGuard[float | str]:
    return value is not None and bool(_OPERATORS[alert.operator](value, alert.threshold))


def _format_alert(
    alert: Alert, name: str, value: float | str | None, base: int | None, where: str
) -> str:
    """Return `completion_rate 0.41 < 0.5, base 120: conversation="Pricing"`."""
    with_base = "" if base is None else f", base {base}"
    figures = f"{_format_figure(value)} {alert.operator} {_format_figure(alert.threshold)}"
    return f"{name} {figures}{with_base}: {where}"


def _format_figure(value: float | str | None) -> str:
    return value if isinstance(value, str) else f"{value:.15g}"


def _format_key(cell: object) -> str:
    """Return a key as one JSON value, whatever its text."""
    text = shorten_name(cell) if isinstance(cell, str) else cell
    return escape_json(json.dumps(text, ensure_ascii=False))
