"""Envelopes: where the records of a log keep their events, and how many keep it so."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from dcevents.reading.judge import Structure
from dcevents.reading.judge.keys import is_own_key
from dcevents.reading.judge.mapping import ANY_KEY, locate
from dcevents.reading.judge.nodes import TYPE_STEPS, PairStep, Path, TextStep

MAX_ENVELOPES: Final = 200
"""Envelopes of a log that are counted each by itself."""
PREFIX_TIME: Final = "prefix"
"""Stands for the place of a time that the text before a record has."""


class Envelope(NamedTuple):
    """Names where a kind of record keeps the parts of its event, as paths.

    None is nowhere, `` the record itself.
    """

    event: str
    timestamp: str | None
    page: str | None
    payload: str | None
    prefix: bool = False
    """True for records with text before them."""
    is_canonical: bool = False
    """True where name, sid, time and page stand where the page listener writes them."""
    mapped: tuple[str, ...] = ()
    """Parts that were found where the user's map says."""
    sid: str = "sid"
    """The key of the session's id in the payload."""
    is_row: bool = False
    """True for rows of CSV."""


class EnvelopeCount(NamedTuple):
    """How many records have an envelope, and the first of them."""

    records: int
    file: int
    """Number of the input."""
    line: int

    def add(self, other: "EnvelopeCount") -> "EnvelopeCount":
        """Return the sum of both, with the first of all records."""
        file, line = min(self[1:], other[1:])
        return EnvelopeCount(self.records + other.records, file, line)


CANONICAL: Final = Envelope("event", "timestamp", "page", "data.payload", is_canonical=True)
OTHER: Final = Envelope("…", None, None, None)
"""Stands for all envelopes beyond MAX_ENVELOPES."""


def describe_envelope(structure: Structure, *, has_prefix: bool, is_row: bool = False) -> Envelope:
    """Return the envelope of a record, without numbers of members and kinds of texts."""
    payload, sid = _split_sid_path(dict(structure.fields)["sid"])
    found = Envelope(
        event=_locate_all(structure.event),
        timestamp=PREFIX_TIME if structure.is_timed_by_prefix else _locate(structure.time),
        page=_locate(structure.page),
        payload=_locate_all(payload),
        prefix=has_prefix,
        mapped=structure.mapped,
        sid=sid,
        is_row=is_row,
    )
    if not structure.is_canonical or has_prefix or is_row:
        return found
    # A time or a page that is missing makes no other envelope.
    timestamp = CANONICAL.timestamp if found.timestamp is None else found.timestamp
    page = CANONICAL.page if found.page is None else found.page
    full = found._replace(timestamp=timestamp, page=page, is_canonical=True, mapped=())
    return full._replace(mapped=found.mapped) if full == CANONICAL else found


def add_envelopes(
    counts: Mapping[Envelope, EnvelopeCount], more: Mapping[Envelope, EnvelopeCount]
) -> dict[Envelope, EnvelopeCount]:
    """Return counts with more of them."""
    found = dict(counts)
    for envelope, count in more.items():
        is_counted = envelope in found or len(found) < MAX_ENVELOPES
        key = envelope if is_counted else OTHER
        before = found.get(key)
        found[key] = before.add(count) if before else count
    return found


def _split_sid_path(path: Path) -> tuple[Path, str]:
    """Return the path of the object that has a sid, and the key of the sid in it."""
    steps = list(path)
    while steps[-1] in TYPE_STEPS or (type(steps[-1]) is int):
        steps.pop()
    last = steps.pop()
    key = last.key if isinstance(last, PairStep) else str(last)
    around, _, key = key.rpartition(".") if isinstance(last, str) else ("", "", key)
    return (*steps, around) if around else tuple(steps), key


def name_own_keys(path: Path) -> Path:
    """Return a path in which each key that a record has of its own is ANY_KEY."""
    return tuple(ANY_KEY if _is_own(step) else step for step in path)


def _is_own(step: str | int) -> bool:
    if isinstance(step, int):
        return isinstance(step, PairStep) and is_own_key(step.key)
    return not isinstance(step, TextStep) and is_own_key(step)


def _locate_all(path: Path) -> str:
    return locate(name_own_keys(path))


def _locate(path: Path | None) -> str | None:
    return None if path is None else _locate_all(path)
