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
_OPTIONS_OF_OTHERS = {
    "--access-token": "--secret-file",
    "--api-key": "--secret-file",
    "--api-secret": "--secret-file",
    "--client-secret": "--secret-file",
    "--csv": "--format csv",
    "--day": "--period",
    "--end": "--until",
    "--from": "--since",
    "--group": "--by",
    "--group-by": "--by",
    "--head": "--top",
    "--html": "--format html",
    "--json": "--format json",
    "--limit": "--top",
    "--month": "--period",
    "--org-id": "--secret-file",
    "--rsid": "--report-suite",
    "--start": "--since",
    "--timezone": "--tz",
    "--to": "--until",
    "--token": "--secret-file",
    "--week": "--period",
    "-n": "--top",
}
"""Options that other programs have, and what does the same here."""
_KEYS_OF_OTHERS = {
    "bot": "conversation",
    "date": "day",
    "dialog": "conversation",
    "dialogue": "conversation",
    "name": "conversation",
    "step": "last-step",
    "url": "page",
}
_KEYS_OF_SOME_REPORTS = ("agent", "conversation", "last-step")
"""Keys that are spelled right, though a report may not have them."""
_FORMATS_OF_OTHERS = {"excel": "xlsx", "md": "markdown", "text": "table", "txt": "table"}
OTHER_WORDS = {"key": _KEYS_OF_OTHERS, "format": _FORMATS_OF_OTHERS}
"""Words that people try, by what they are for, and the name that is meant."""


class Name(click.Choice[str]):
    """One of several names; a wrong one is answered by the nearest."""

    # ruff: noqa: D102 - the signatures are click's.

    def __init__(self, choices: Sequence[str], noun: str, option: str = "") -> None:
        super().__init__(choices)
        self.noun = noun
        self.option = option or f"--{noun}"

    def get_invalid_choice_message(
        self,
        value: Any,  # noqa: ANN401
        ctx: click.Context | None,  # noqa: ARG002
    ) -> str:
        parts = [part.strip() for part in str(value).replace(",", " ").split()]
        if len(parts) > 1 and all(part in self.choices for part in parts):
            options = " ".join(f"{self.option} {part}" for part in parts)
            return f"one {self.noun} at a time; write: {options}"
        return f"no {self.noun} '{value}'; {suggest_meant(value, list(self.choices), self.noun)}"


def suggest_meant(word: str, names: Sequence[str], noun: str) -> str:
    """Return a hint for a word that is no name: the one that people mean by it, or near ones."""
    meant = OTHER_WORDS.get(noun, {}).get(word.lower())
    if meant in names:
        return f"did you mean {meant}?"
    if noun == "key" and word in _KEYS_OF_SOME_REPORTS:
        return f"there are {', '.join(names)}"
    return suggest_names(word, names)


def describe_mistake(error: click.ClickException) -> str:
    """Return a line about wrong usage."""
    context: click.Context | None = getattr(error, "ctx", None)
    path = context.command_path if context else "dcevents"
    if context and isinstance(error, click.NoSuchOption):
        message = _describe_missing_option(error.option_name, context)
    elif context and isinstance(error, click.exceptions.NoSuchCommand):
        message = _describe_missing_command(error.command_name, context)
    elif isinstance(error, click.BadOptionUsage):
        message = f"{error.option_name} needs a value"
    elif context and isinstance(error, click.MissingParameter) and error.param:
        message = f"{context.info_name} needs {_write_parameter(error.param, context)}"
    elif _is_about_value(error):
        message = f"{_name_option(error)}: {error.message}"
    else:
        message = error.format_message().rstrip(".")
    return message if _is_remedy(message) else f"{message}; see {path} --help"


def _is_remedy(message: str) -> bool:
    """Return whether a message says what to write."""
    hints = ("; there are ", "; it belongs to ", "; write: ")
    return message.endswith("?") or any(hint in message for hint in hints)


def _is_about_value(error: click.ClickException) -> bool:
    return (
        isinstance(error, click.BadParameter)
        and not isinstance(error, click.MissingParameter)
        and isinstance(error.param, click.Option)
    )


def _write_parameter(param: click.Parameter, context: click.Context) -> str:
    """Return `--store DIR`, or `SID` of an argument."""
    metavar = param.make_metavar(context)
    return metavar if isinstance(param, click.Argument) else f"{max(param.opts, key=len)} {metavar}"


def _name_option(error: click.ClickException) -> str:
    param: click.Parameter = getattr(error, "param")  # noqa: B009 - as `_is_about_value` says
    return max(param.opts, key=len)


# -- commands -----------------------------------------------------------------------------------


def _describe_missing_command(name: str, context: click.Context) -> str:
    """Return a message: no such command, and which may be meant."""
    group = context.command
    names = group.list_commands(context) if isinstance(group, click.Group) else []
    if f"--{name}" in _list_options(group):
        return f"no command '{name}'; did you mean --{name}?"
    hint = suggest_names(name, names)
    # The help has all commands of dcevents, with what they do; those of a group are few.
    is_shown = hint.endswith("?") or context.parent is not None
    return f"no command '{name}'" + (f"; {hint}" if is_shown else "")


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
    meant = _OPTIONS_OF_OTHERS.get(name)
    if meant is not None and meant.split()[0] in known.values():
        return f"no option {name}; did you mean {meant}?"
    if owners := _list_owners(name, context):
        owned = ", ".join(owners)
        return f"{context.info_name} has no option {name}; it belongs to {owned}"
    if near := find_near(name.lstrip("-"), list(known)):
        return f"no option {name}; did you mean {' or '.join(known[each] for each in near)}?"
    if isinstance(context.command, click.Group):
        group = context.command
        for command in group.list_commands(context):
            found = group.get_command(context, command)
            if found and name in _list_options(found, is_long=False):
                return f"{name} is an option of commands; write: dcevents {command} {name} …"
    return f"{context.info_name} has no option {name}"


def _list_owners(name: str, context: click.Context) -> list[str]:
    """Return the commands beside a run's one that have an option."""
    parent = context.parent
    if parent is None or not isinstance(parent.command, click.Group):
        return []
    found = (
        (each, parent.command.get_command(parent, each))
        for each in parent.command.list_commands(parent)
    )
    return [
        each for each, command in found if command and name in _list_options(command, is_long=False)
    ]


def _list_options(command: click.Command, *, is_long: bool = True) -> list[str]:
    """Return the options of a command; with `is_long` only those with two dashes."""
    return [
        option
        for param in command.params
        if isinstance(param, click.Option)
        for option in param.opts
        if option.startswith("--") or not is_long
    ]
