"""The user's map: paths to parts of events, and names of events (docs/envelopes.md)."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Mapping:
    """What the user says of a log: paths by part, and meanings by normalised event name."""

    paths: tuple[tuple[str, str], ...] = ()
    names: tuple[tuple[str, str], ...] = ()
    """A meaning is a name that Dynamic Chat has."""


NO_MAPPING: Final = Mapping()
