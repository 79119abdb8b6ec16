"""Messages about wrong usage: what was written, and what may have been meant."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from typing import Any

import click

from dcevents.analysis.patterns import find_near, suggest_names

_MAX_CORRECTED_CHARACTERS = 200
"""Of longer command lines there is no corrected one: a pattern may stand for many files."""


class Name(click.Choice[str]):
    """One of several names; a wrong one is answered by the nearest."""

    # ruff: noqa: D102 - the signatures are click's.

    def __init__(self, choices: Sequence[str], noun: str) -> None:
        super().__init__(choices)
        self.noun = noun

    def get_invalid_choice_message(
        self,
        value: Any,  # noqa: ANN401
        ctx: click.Context | None,  # noqa: ARG002
    ) -> str:
        return f"no {self.noun} '{value}'; {suggest_names(value, list(self.choices))}"


def describe_mistake(error: click.ClickException) -> str:
    """Return a line about wrong usage."""
    context: click.Context | None = getattr(error, "ctx", None)
    path = context.command_path if context else "dcevents"
    if context and isinstance(error, click.NoSuchOption):
        message = _describe_missing_option(error.option_name, context)
    elif context and isinstance(error, click.exceptions.NoSuchCommand):
        message = _describe_missing_command(error.command_name, context)
    elif _is_about_value(error):
        message = f"{_name_option(error)}: {error.message}"
    else:
        message = error.format_message().rstrip(".")
    return message if _is_remedy(message) else f"{message}; see {path} --help"


def _is_remedy(message: str) -> bool:
    """Return whether a message says what to write."""
    return message.endswith("?") or "; there are " in message or "; write: " in message


def _is_about_value(error: click.ClickException) -> bool:
    return (
        isinstance(error, click.BadParameter)
        and not isinstance(error, click.MissingParameter)
        and isinstance(error.param, click.Option)
    )


def _name_option(error: click.ClickException) -> str:
    param: click.Parameter = getattr(error, "param")  # noqa: B009 - as `_is_about_value` says
    return max(param.opts, key=len)


# -- commands -----------------------------------------------------------------------------------


def _describe_missing_command(name: str, context: click.Context) -> str:
    """Return a message: no such command, and which may be meant."""
    group = context.command
    names = group.list_commands(context) if isinstance(group, click.Group) else []
    return f"no command '{name}'{_suggest_command(name, names)}"


def _suggest_command(name: str, names: Sequence[str]) -> str:
    hint = suggest_names(name, names)
    # All commands are in the help, with what they do.
    return f"; {hint}" if hint.endswith("?") else ""


def looks_like_source(word: str) -> bool:
    """Return whether a word in place of a command names an input."""
    return word == "-" or "/" in word or "." in word or os.path.exists(word)


def describe_forgotten_command(command: str, words: Sequence[str]) -> str:
    """Return a message: the command line that begins with an input, with a command."""
    line = shlex.join(["dcevents", command, *words])
    if len(line) > _MAX_CORRECTED_CHARACTERS:
        line = shlex.join(["dcevents", command, words[0]]) + " …"
    return f"'{words[0]}' is no command, but an input; write: {line}"


# -- options ------------------------------------------------------------------------------------


def _describe_missing_option(name: str, context: click.Context) -> str:
    """Return a message: no such option, and which may be meant."""
    known = {each.lstrip("-"): each for each in _list_options(context.command)}
    if near := find_near(name.lstrip("-"), list(known)):
        return f"no option {name}; did you mean {' or '.join(known[each] for each in near)}?"
    if isinstance(context.command, click.Group):
        group = context.command
        for command in group.list_commands(context):
            found = group.get_command(context, command)
            if found and name in _list_options(found, is_long=False):
                return f"{name} is an option of commands; write: dcevents {command} {name} …"
    return f"{context.info_name} has no option {name}"


def _list_options(command: click.Command, *, is_long: bool = True) -> list[str]:
    """Return the options of a command; with `is_long` only those with two dashes."""
    return [
        option
        for param in command.params
        if isinstance(param, click.Option)
        for option in param.opts
        if option.startswith("--") or not is_long
    ]
