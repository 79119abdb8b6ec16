"""Commands that are no reports: a module with a `COMMAND` is one.

A module says what its command is called and takes; what needs polars it imports when it runs.
"""

import importlib
import pkgutil
from functools import cache

import click


@cache
def load_commands() -> dict[str, click.Command]:
    """Return all commands of this folder by name, sorted."""
    names = sorted(info.name for info in pkgutil.iter_modules(__path__))
    return {name: importlib.import_module(f"{__name__}.{name}").COMMAND for name in names}
