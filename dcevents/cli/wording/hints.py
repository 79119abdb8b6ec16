"""The command line of a run again, for hints that can be run as they are printed."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from typing import Any

import click
from click.core import ParameterSource

_MAX_HINT_CHARACTERS = 300
"""Of longer command lines there is no hint: a shell's pattern may stand for hundreds of files."""
_OF_OUTPUT = {
    "columns",
    "decimal",
    "delimiter",
    "excel",
    "fail_if",
    "format",
    "grid",
    "max_rejects",
    "min_base",
    "no_formula_guard",
    "output",
    "quiet",
    "rejects",
    "show_map",
    "stale",
    "strict",
    "top",
    "verbose",
    "width",
}
"""Parameters that change nothing about which rows there are."""


_OF_INPUT = {"source", "store", "paths", "names", "config", "as_of"}
"""Parameters that say what is read."""


def list_repeatable_arguments(context: click.Context) -> list[str] | None:
    """Return the options and operands of a run that select its rows, as words of a shell.

    None where another run would not read the same: of standard input.
    """
    return _list_arguments(context, lambda name: name not in _OF_OUTPUT)


def list_input_arguments(context: click.Context) -> list[str] | None:
    """Return the options and operands of a run that say what is read, likewise."""
    return _list_arguments(context, lambda name: name in _OF_INPUT)


def _list_arguments(context: click.Context, is_wanted: Callable[[str], bool]) -> list[str] | None:
    sources = context.params.get("source", ())
    if "-" in sources or not (sources or context.params.get("store")):
        return None
    options: list[str] = []
    operands: list[str] = []
    for param in context.command.params:
        name = param.name or ""
        is_given = context.get_parameter_source(name) == ParameterSource.COMMANDLINE
        if not is_given or not is_wanted(name):
            continue
        value = context.params[name]
        if isinstance(param, click.Argument):
            operands += value if isinstance(value, tuple) else [value]
        else:
            options += _write_option(param, value)
    dashes = ["--"] if any(each.startswith("-") for each in operands) else []
    words = [*options, *dashes, *operands]
    return words if len(shlex.join(words)) <= _MAX_HINT_CHARACTERS else None


def _write_option(param: click.Parameter, value: Any) -> Iterator[str]:  # noqa: ANN401 - click's
    name = next((each for each in param.opts if each.startswith("--")), param.opts[0])
    if value is True:
        yield name
        return
    for each in value if isinstance(value, tuple) else (value,):
        yield from [f"{name}={each}"] if str(each).startswith("-") else [name, str(each)]
