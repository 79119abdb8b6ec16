"""One file, one format. A module here with a `FORMAT` is a value of `--format`."""

import importlib
import pkgutil

from dcevents.render._format import Format, RenderContext


def load_formats() -> dict[str, Format]:
    """All formats by name."""
    names = [info.name for info in pkgutil.iter_modules(__path__) if not info.name.startswith("_")]
    found: list[Format] = [importlib.import_module(f"{__name__}.{name}").FORMAT for name in names]
    return {each.name: each for each in sorted(found, key=lambda each: each.order)}


__all__ = ["RenderContext", "Format", "load_formats"]
