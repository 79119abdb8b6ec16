"""Sending of events to analytics platforms: a module with a `PLATFORM` is one.

Modules with an underscore are shared by platforms. A platform turns events into requests, and
reads answers; it opens no connection, and knows no secret.
"""

import importlib
import pkgutil
from functools import cache

from dcevents.sending._platform import Platform


@cache
def load_platforms() -> dict[str, Platform]:
    """Return all platforms by name, sorted."""
    names = sorted(
        info.name for info in pkgutil.iter_modules(__path__) if not info.name.startswith("_")
    )
    found: list[Platform] = [
        importlib.import_module(f"{__name__}.{name}").PLATFORM for name in names
    ]
    return {platform.name: platform for platform in found}
