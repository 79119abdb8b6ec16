"""Options that choose rows and columns: --sort, --top, --columns, --grid."""

import re
from collections.abc import Collection, Mapping, Sequence
from itertools import chain
from typing import Any

from dcevents.analysis.patterns import suggest_names
from dcevents.errors import UsageError
from dcevents.reports._report import Report
from dcevents.settings import Arrangement
from dcevents.tables import Column

Given = Mapping[str, Any]
"""The values of a command's options by the names of its parameters."""

_GRID_KINDS = ("count", "rate", "seconds")


def list_column_options(given: Given, by: Sequence[str]) -> set[str]:
    """Return the options that bring in columns, as they are given."""
    options = {f"--by {key}" for key in by}
    options |= {"--intervals"} if given.get("intervals") else set()
    return options | ({"--compare"} if given.get("compare") is not None else set())


def parse_arrangement(report: Report, given: Given, by: Sequence[str]) -> Arrangement:
    """Return the rows and columns that are wanted. Raises UsageError."""
    options = list_column_options(given, by)
    columns = report.list_columns(by, options)
    sort, _, direction = (given.get("sort") or "").partition(":")
    if direction not in ("", "asc", "desc"):
        raise UsageError(f"--sort: '{direction}' is no direction; write {sort} or {sort}:asc")
    wanted = [name.strip() for name in (given.get("columns") or "").split(",")]
    chosen = [] if given.get("columns") is None else wanted
    for option, name in (*(("--columns", each) for each in chosen), ("--sort", sort)):
        if name or option == "--columns":
            if name not in [column.name for column in columns]:
                _require_options(option, name, report, options)
            _require_column(option, name, columns)
    return Arrangement(
        sort=sort or None,
        is_ascending=direction == "asc",
        top=parse_number(given.get("top"), "--top", example=10),
        columns=tuple(chosen),
        grid=_parse_grid(report, given, by),
    )


def _require_options(option: str, name: str, report: Report, given: Collection[str]) -> None:
    """Raise UsageError for a figure that other options bring in."""
    for figure in chain.from_iterable(report.figures_by_part.values()):
        missing = [each for each in figure.required_options if each not in given]
        if figure.name == name and missing:
            raise UsageError(f"{option}: {name} is only there with {' '.join(missing)}")


def _require_column(option: str, name: str, columns: Sequence[Column]) -> None:
    names = [column.name for column in columns]
    if name not in names:
        raise UsageError(f"{option}: no column '{name}'; {suggest_names(name, names)}")


def _parse_grid(report: Report, given: Given, by: Sequence[str]) -> str | None:
    name: str | None = given.get("grid")
    if name is None:
        return None
    for other in ("compare", "columns"):
        if given.get(other) is not None:
            raise UsageError(f"--grid shows one figure: it does not go with --{other}")
    if len(by) != 2:
        raise UsageError(
            "--grid has the values of a second key as columns: give --by twice, as in "
            f"--by weekday --by hour --grid {name}"
        )
    figures = [each for each in report.figures if each.kind in _GRID_KINDS]
    _require_column("--grid", name, [each for each in figures if not each.required_options])
    return name


def parse_number(text: str | None, option: str, *, example: int, least: int = 1) -> int | None:
    """Return a number of an option. Raises UsageError."""
    if text is None:
        return None
    if not re.fullmatch("[0-9]{1,9}", text) or int(text) < least:
        raise UsageError(f"{option}: '{text}' is no number from {least}; write {example}")
    return int(text)
