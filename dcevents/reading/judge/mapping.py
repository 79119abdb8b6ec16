"""The user's map: paths to parts of events, and names of events (docs/envelopes.md).

Paths have dots between keys, `[]` behind a list, and `|json` behind a text, which may be left out.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from dcevents.model.events import (
    ADOBE_NAMES,
    KnownNames,
    match_name,
    normalize_name,
)
from dcevents.reading.judge.nodes import Path, write_path

ANY_KEY: Final = "*"
"""The step of a path to a key that each record has of its own."""
ITSELF: Final = "."
"""The path of the record itself."""

_TEXT_STEP = re.compile(r"\|(?:json|base64|percent|form)(?=[.\[|]|$)")
_OUTER_LISTS = re.compile(r"^(?:\[\])+\.?")


class Mapping(NamedTuple):
    """Holds what the user says of a log: paths by part, and meanings by normalised event name."""

    paths: tuple[tuple[str, str], ...] = ()
    names: tuple[tuple[str, str], ...] = ()
    """A meaning is a name that Dynamic Chat has."""
    exclusive: frozenset[str] = frozenset()
    """Parts that are nowhere but at their paths; others are looked for where these have none."""

    def find_path(self, part: str) -> str | None:
        """Return the path given for a part, in the form that paths compare in."""
        return _find_path(self.paths, part)

    @property
    def known_names(self) -> KnownNames:
        """Return the names that events may have in this log."""
        return _make_names(self.names) if self.names else ADOBE_NAMES

    def __bool__(self) -> bool:
        """Return whether the map says anything."""
        return bool(self.paths or self.names)


NO_MAPPING: Final = Mapping()


@lru_cache(maxsize=64)
def _find_path(paths: tuple[tuple[str, str], ...], part: str) -> str | None:
    found = dict(paths).get(part)
    return None if found is None else simplify_path(found)


@lru_cache(maxsize=16)
def _make_names(names: tuple[tuple[str, str], ...]) -> KnownNames:
    kinds = {normalize_name(name): match_name(meaning) for name, meaning in names}
    return KnownNames({name: kind for name, kind in kinds.items() if kind is not None})


def simplify_path(text: str) -> str:
    """Return a path without the kinds of texts and without outer lists; `` for the record."""
    simple = _OUTER_LISTS.sub("", _TEXT_STEP.sub("", text))
    return simple.removeprefix(ITSELF)  # What is left of a record that is a text.


def locate(path: Path) -> str:
    """Return where a node was found, as paths of a map compare."""
    return simplify_path(write_path(path))


def cut_location(path: str, location: str) -> str | None:
    """Return the rest of a path from a location on; None for a path that leads elsewhere."""
    if not location or path == location:
        return path if not location else ""
    rest = path.removeprefix(location)
    if rest == path or not rest.startswith((".", "[")):
        return None
    return rest.removeprefix(".")


def split_first(path: str) -> Iterator[tuple[str, str]]:
    """Yield a first key and the rest of a path, keys that have dots themselves too."""
    steps = path.split(".")
    for count in range(1, len(steps) + 1):
        yield ".".join(steps[:count]), ".".join(steps[count:])
