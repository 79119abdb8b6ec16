"""The formats: a module with a `FORMAT` is a value of `--format`."""

import importlib
import pkgutil
from functools import cache
from typing import Any

from dcevents.render._format import Format, RenderContext


@cache
def load_formats() -> dict[str, Format[Any]]:
    """Return all formats by name, in their order."""
    names = [
        info.name
        for info in pkgutil.iter_modules(__path__)
        if not (info.ispkg or info.name.startswith("_"))
    ]
    found: list[Format[Any]] = [
        importlib.import_module(f"{__name__}.{name}").FORMAT for name in names
    ]
    return {each.name: each for each in sorted(found, key=lambda each: each.order)}


__all__ = ["Format", "RenderContext", "load_formats"]
