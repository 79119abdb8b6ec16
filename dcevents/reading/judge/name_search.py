"""The event of a payload: the nearest known name (definitions 1, rule 6)."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from dcevents.model.events import READY, match_full_name
from dcevents.reading.json_value import SPACE
from dcevents.reading.judge.keys import NAME, is_event_key, may_name_event
from dcevents.reading.judge.nodes import Member, Path, Scalar
from dcevents.reading.judge.places import Place, SearchedRecord


class EventName(NamedTuple):
    """A known name: its kind, the object that has it, its key and path."""

    kind: str
    place: Place
    key: str
    path: Path
    is_full: bool = True


Search = Callable[[Place], EventName | None]


def find_under_event_keys(place: Place) -> EventName | None:
    """Return the known name under a key that names events, exactly `event` first."""
    members = [(member, scalar) for member, scalar in place.node.scalars()]
    members.sort(key=lambda pair: pair[0].key != "event")
    names = place.record.names
    match = names.match_full if place.is_of_form else names.match
    for member, scalar in members:
        text = scalar.text or ""
        kind = match(text) if is_event_key(member.key) else None
        if kind is not None:
            is_full = names.match_full(text) is not None
            return EventName(kind, place, member.key, scalar.path, is_full)
    return None


def find_under_listed_keys(place: Place) -> EventName | None:
    """Return the full name under `name`, `type` or `message`."""
    match = place.record.names.match_full
    return _find_full_name(place, lambda member: member.folded in NAME, match)


def find_under_other_keys(place: Place) -> EventName | None:
    """Return the full name under any other key that may have one."""
    return _find_full_name(place, lambda member: member.folded not in NAME, match_full_name)


def _find_full_name(
    place: Place, is_wanted: Callable[[Member], bool], match: Callable[[str], str | None]
) -> EventName | None:
    """Return the first full name of an object under the keys that are wanted."""
    for member, scalar in place.node.scalars():
        if is_wanted(member) and _may_name_here(place, member):
            kind = match(scalar.text or "")
            if kind is not None:
                return EventName(kind, place, member.key, scalar.path)
    return None


def _may_name_here(place: Place, member: Member) -> bool:
    """Return whether a key of this object may have a full name.

    An object that has a sid and names an event that is unknown says its own texts under other
    keys than `name` and `type`: a visitor's message is no name. A logger's is.
    """
    if not may_name_event(member.key):
        return False
    return (
        not place.is_unknown_event
        or member.folded in {"name", "type"}
        or (is_event_key(member.key))
    )


def find_name(
    payload: Place, record: SearchedRecord, *, below: bool, others: bool
) -> EventName | None:
    """Return the known name that is nearest to a payload.

    None for none.

    `below` looks below the payload only, `others` under keys that are not listed.
    """
    if others:
        return _search_full_names(payload, record, find_under_other_keys, below=below)
    found = _search(_order_places(payload, record, below=below), find_under_event_keys)
    return found or _search_full_names(payload, record, find_under_listed_keys, below=below)


def _search_full_names(
    payload: Place, record: SearchedRecord, search: Search, *, below: bool
) -> EventName | None:
    """Return the nearest full name that is not in a payload inside the event's object."""
    places = list(_order_places(payload, record, below=below))
    if not below and places[:1] == [payload]:
        # Around first: what an object around names is the event's, and the payload inside it.
        around = list(payload.ancestors)
        places = [*around, payload, *places[1 + len(around) :]]
    return _search((place for place in places if not place.is_payload_inside_event), search)


def _search(places: Iterator[Place], search: Search) -> EventName | None:
    """Return the first name that a search finds."""
    for place in places:
        if search not in place.searched:
            place.searched[search] = search(place)
        found = place.searched[search]
        if isinstance(found, EventName):
            return found
    return None


def _order_places(payload: Place, record: SearchedRecord, *, below: bool) -> Iterator[Place]:
    """Yield the objects that may name a payload's event, the nearest first."""
    if payload.record is not record:
        # The sid is around a list: the member names the event.
        yield from () if below else record.places
    elif not below:
        yield payload
        yield from payload.ancestors
        yield from list_beside(payload)
    elif not any(place.names_event for place in (payload, *payload.ancestors)):
        yield from _skip_sids(payload)


def list_beside(payload: Place) -> Iterator[Place]:
    """Yield the objects beside a payload and beside those around it, the nearest first.

    What has a sid of its own is another's.
    """
    seen = {id(payload), *(id(place) for place in payload.ancestors)}
    for around in payload.ancestors:
        for place in _skip_sids(around):
            if id(place) not in seen and not place.is_inside(payload):
                seen.add(id(place))
                yield place


def _skip_sids(place: Place) -> Iterator[Place]:
    """Yield the objects inside a place without those that have a sid, and what is in these."""
    for inside in place.inside:
        if not inside.has_sid:
            yield inside
            yield from _skip_sids(inside)


def find_ready(record: SearchedRecord, *, others: bool) -> EventName | None:
    """Return the widget's ready event, wherever the record names it.

    None for none.
    """
    found = _search_record(record, others=others)
    return found if found is not None and found.kind == READY else None


def find_listed_name(record: SearchedRecord) -> EventName | None:
    """Return a full name under a listed key of a record.

    None for none.
    """
    return _search_record(record, others=False)


def find_full_name(record: SearchedRecord) -> EventName | None:
    """Return a full name of a record without a sid.

    None for none.
    """
    found = _search_record(record, others=False)
    return found or _search_record(record, others=True)


def _search_record(record: SearchedRecord, *, others: bool) -> EventName | None:
    """Return the first full name of a record's objects."""
    known, key = record.root.searched, (_search_record, others)
    if key not in known:
        if others:
            searches: tuple[Search, ...] = (find_under_other_keys,)
        else:
            searches = (_find_full_under_event_keys, find_under_listed_keys)
        places = [place for place in record.places if not place.is_payload_inside_event]
        found = (_search(iter(places), search) for search in searches)
        known[key] = next((each for each in found if each is not None), None)
    name = known[key]
    return name if isinstance(name, EventName) else None


def _find_full_under_event_keys(place: Place) -> EventName | None:
    """Return the full name under a key that names events.

    A kind alone needs a sid.
    """
    match = place.record.names.match_full
    return _find_full_name(place, lambda member: is_event_key(member.key), match)


def find_unknown_name(record: SearchedRecord) -> Scalar | None:
    """Return the text under the first key that names events, exactly `event` first.

    White space alone is no name.
    """
    for place in record.places:
        texts = [
            (member, scalar)
            for member, scalar in place.node.scalars()
            if is_event_key(member.key) and (scalar.text or "").strip(SPACE)
        ]
        texts.sort(key=lambda pair: pair[0].key != "event")
        if texts:
            return texts[0][1]
    return None
