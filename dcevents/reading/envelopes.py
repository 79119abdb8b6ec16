"""Envelopes: where the records of a log keep their events, and how many keep it so."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from dcevents.reading.judge import Structure, write_path

MAX_ENVELOPES: Final = 200
"""Envelopes of a log that are counted each by itself."""


class Envelope(NamedTuple):
    """Where a kind of record keeps the parts of its event, as paths.

    None is nowhere, `` the record itself.
    """

    event: str
    timestamp: str | None
    page: str | None
    payload: str | None
    prefix: bool = False
    """True for records with text before them."""
    is_canonical: bool = False


class EnvelopeCount(NamedTuple):
    """How many records have an envelope, and the first of them."""

    records: int
    file: int
    """Number of the input."""
    line: int


CANONICAL: Final = Envelope("event", "timestamp", "page", "data.payload", is_canonical=True)
OTHER: Final = Envelope("…", None, None, None)
"""Stands for all envelopes beyond MAX_ENVELOPES."""


def describe_envelope(structure: Structure, *, has_prefix: bool) -> Envelope:
    """Return the envelope of a record."""
    if structure.is_canonical and not has_prefix:
        return CANONICAL
    return Envelope(
        write_path(structure.event),
        None if structure.time is None else write_path(structure.time),
        None if structure.page is None else write_path(structure.page),
        write_path(dict(structure.fields)["sid"][:-1]),
        has_prefix,
        structure.is_canonical,
    )


def add_envelopes(
    counts: Mapping[Envelope, EnvelopeCount], more: Mapping[Envelope, EnvelopeCount]
) -> dict[Envelope, EnvelopeCount]:
    """Return counts with more of them, those of later records."""
    found = dict(counts)
    for envelope, count in more.items():
        is_counted = envelope in found or len(found) < MAX_ENVELOPES
        key = envelope if is_counted else OTHER
        before = found.get(key)
        found[key] = before._replace(records=before.records + count.records) if before else count
    return found
