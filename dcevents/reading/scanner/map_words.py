"""A user's map as lists of words for the scanner in C: keys by what is looked for there, names."""

from itertools import combinations
from typing import Final

from dcevents.model.events import KINDS, READY
from dcevents.reading.judge import Mapping
from dcevents.reading.judge.keys import match_adobe_key
from dcevents.reading.judge.mapping import ANY_KEY, simplify_path
from dcevents.reading.judge.nodes import TYPE_STEPS
from dcevents.reading.scanner.words import WORD_LISTS

_STEP: Final = "step"
_MEANINGS: Final = (_STEP, "event", "sid", "field", "timestamp", "page")
"""Lists of keys: on the way to a part, and where a part is."""
_MAX_KEY_BYTES: Final = 250
_MAX_STEPS: Final = 16
_READY_KIND: Final = 254
"""KIND_READY of scan.h."""

WordLists = tuple[tuple[bytes, ...], ...]


def list_words(mapping: Mapping) -> WordLists | None:
    """Return all lists of words; None for a map that the scanner in C cannot go by."""
    keys: dict[str, set[str]] = {meaning: set() for meaning in _MEANINGS}
    for part, path in mapping.paths:
        steps = [step.removesuffix("[]") for step in simplify_path(path).split(".")]
        if len(steps) > _MAX_STEPS or not all(map(_is_plain_step, steps)):
            return None
        meaning = part if part in keys else _STEP if part == "payload" else "field"
        for begin, end in combinations(range(len(steps) + 1), 2):
            # Typed values stand for their objects, so the names of types may be left out.
            is_last = TYPE_STEPS.issuperset(steps[end:])
            keys[meaning if is_last else _STEP].add(".".join(steps[begin:end]))
    lists = tuple(_encode(keys[meaning]) for meaning in _MEANINGS)
    if any(len(word) > _MAX_KEY_BYTES for words in lists for word in words):
        return None
    names = {name.encode(): kind for name, kind in mapping.known_names.given.items() if name}
    if any(len(name) > _MAX_KEY_BYTES for name in names):
        return None
    kinds = (_READY_KIND if kind == READY else KINDS.index(kind) for kind in names.values())
    return *WORD_LISTS, *lists, tuple(names), tuple(bytes([kind]) for kind in kinds)


def _is_plain_step(step: str) -> bool:
    """Return whether the scanner looks into what a key holds: no meeting, none of any name."""
    is_named = bool(step) and "[]" not in step and step != ANY_KEY
    return is_named and match_adobe_key(step) != "meetingInfo"


def _encode(words: set[str]) -> tuple[bytes, ...]:
    return tuple(sorted(word.encode() for word in words))
