"""The parts of an event at the places that the user's map says."""

from collections.abc import Callable, Iterator
from itertools import chain
from typing import NamedTuple

from dcevents.model.events import READY
from dcevents.reading.judge.keys import is_own_key
from dcevents.reading.judge.mapping import (
    ANY_KEY,
    Mapping,
    cut_location,
    locate,
    split_first,
)
from dcevents.reading.judge.name_search import EventName, find_name
from dcevents.reading.judge.nodes import TYPE_STEPS, Array, Node, Object, Scalar
from dcevents.reading.judge.payload import find_sid
from dcevents.reading.judge.places import Holder, Place, SearchedRecord
from dcevents.settings import MAPPED_FIELDS

OpenText = Callable[[Holder], list[SearchedRecord]]
"""Returns the records in a text, made once for each holder."""


_Payload = tuple[tuple[str, ...], Place | None]
"""A payload's object, behind `payload` where it was found where the map says."""


class _Found(NamedTuple):
    """Holds what a path leads to: its node, the object that holds it, and its key there."""

    holder: Place
    key: str
    node: Node

    @property
    def scalar(self) -> Scalar | None:
        """Return the scalar with a text that stands there."""
        return self.node if isinstance(self.node, Scalar) and self.node.text is not None else None


class MappedPair(NamedTuple):
    """An event's name at its mapped place, and its payload; none for the ready event."""

    name: EventName
    payload: Place | None
    placed: tuple[str, ...] = ()
    """Which of the two were found where the map says."""


class MappedSearch:
    """The search of one value's records for the parts of a map."""

    def __init__(self, mapping: Mapping, open_text: OpenText) -> None:
        self._mapping = mapping
        self._open_text = open_text
        # What was made before, by the node: the same objects are asked for again and again.
        self._texts: dict[int, tuple[Node, list[SearchedRecord]]] = {}
        self._places: dict[int, Place] = {}

    def find_pair(self, record: SearchedRecord) -> MappedPair | None:
        """Return the known name and the payload that the map places; None for none."""
        name = self._find_event(record)
        if name is not None:
            kind = record.names.match(name.scalar.text or "") if name.scalar else None
            if kind is None or name.scalar is None:
                return None
            found = EventName(kind, name.holder, name.key, name.scalar.path)
            if kind == READY:
                return MappedPair(found, None)
            placed, payload = self._find_payload(record, name.holder)
            return MappedPair(found, payload, ("event", *placed)) if payload else None
        if self._mapping.find_path("event") is not None:
            return None
        placed, payload = next(self._list_mapped_payloads(record), ((), None))
        event = payload and _find_name_of(payload)
        return MappedPair(event, payload, placed) if event else None

    def find_event_text(self, record: SearchedRecord) -> str | None:
        """Return the text at the event's mapped place, a known name or not."""
        found = self._find_event(record)
        return found.scalar.text if found and found.scalar else None

    def find_scalars(self, event: Place, payload: Place) -> dict[str, Scalar]:
        """Return the scalars of an event's parts at their mapped places; those that it has."""
        found: dict[str, Scalar] = {}
        for part, _ in self._mapping.paths:
            path = self._mapping.find_path(part)
            if path is None or part in {"event", "payload"}:
                continue
            around = (payload, *payload.ancestors) if part in MAPPED_FIELDS else ()
            inside = (self._walk(place, path) for place in around)
            places = (each for each in chain(inside, self._look_up(event.record, path)) if each)
            scalar = next((each.scalar for each in places if each.scalar), None)
            if scalar is not None:
                found[part] = scalar
        return found

    def has_part(self, record: SearchedRecord, part: str) -> bool:
        """Return whether a record, or one in it, has anything at the place of a part."""
        path = self._mapping.find_path(part)
        if path is None:
            return False
        if any(self._walk(place, path) is not None for place in record.places):
            return True
        if next(self._look_up_within(record, path), None) is not None:
            return True
        inside = (self._open_text(holder) for holder in (*record.lists, *record.texts))
        return any(self.has_part(each, part) for records in inside for each in records)

    def leads_into(self, holder: Holder) -> bool:
        """Return whether a mapped event lies in a list that a holder is or has."""
        location = locate(holder.node.path)
        for part in ("event", "payload", "sid"):
            path = self._mapping.find_path(part)
            rest = None if path is None else cut_location(path, location)
            if rest is not None and "[]" in rest and location:
                return True
        return False

    def _find_event(self, record: SearchedRecord) -> _Found | None:
        path = self._mapping.find_path("event")
        places = () if path is None else self._look_up_within(record, path)
        return next((each for each in places if each.scalar is not None), None)

    def _find_payload(self, record: SearchedRecord, event: Place) -> _Payload:
        """Return the payload of a mapped event; None for none."""
        others = (((), place) for place in event.record.ranked_payloads)
        found = next(self._list_mapped_payloads(record), None) or next(others, None)
        return found or ((), None)

    def _list_mapped_payloads(self, record: SearchedRecord) -> Iterator[_Payload]:
        """Yield the object at the payload's mapped place, then those with the mapped sid."""
        sid, path = self._mapping.find_path("sid"), self._mapping.find_path("payload")
        if path is not None:
            for found in self._look_up(record, path):
                place = self._open_object(found)
                if place is not None and (
                    find_sid(place, is_canonical=False) is not None
                    or (sid is not None and self._has_scalar(record, place, sid))
                ):
                    yield ("payload",), place
        if sid is not None:
            places = [found.holder for found in self._look_up(record, sid) if found.scalar]
            inside = [place for place in record.places if self._find_scalar(place, sid)]
            yield from (((), place) for place in places or inside)

    def _has_scalar(self, record: SearchedRecord, place: Place, path: str) -> bool:
        """Return whether a path leads to a scalar, from an object or from its record on."""
        places = (self._walk(place, path), *self._look_up(record, path))
        return any(each is not None and each.scalar is not None for each in places)

    def _find_scalar(self, place: Place, path: str) -> Scalar | None:
        found = self._walk(place, path)
        return found.scalar if found else None

    def _look_up(self, record: SearchedRecord, path: str) -> Iterator[_Found]:
        """Yield what stands at a path of a record, then of those around it."""
        around: SearchedRecord | None = record
        while around is not None:
            yield from self._look_up_within(around, path)
            around = around.around

    def _look_up_within(self, record: SearchedRecord, path: str) -> Iterator[_Found]:
        """Yield what stands at a path that begins at the whole value or at the record."""
        rest = cut_location(path, locate(record.root.node.path))
        for each in dict.fromkeys((rest, path)):
            found = None if each is None else self._walk(record.root, each)
            if found is not None:
                yield found

    def _walk(self, place: Place, path: str) -> _Found | None:
        """Return what stands at a path below an object, also through texts."""
        if not path:
            return _Found(place, place.key, place.node)
        for first, rest in split_first(path):
            key, node = _find_under(place, first)
            found = None if node is None else self._step(place, key, node, rest)
            if found is not None:
                return found
        return None

    def _step(self, place: Place, key: str, node: Node, rest: str) -> _Found | None:
        """Return what stands at the rest of a path, from the node of a key on."""
        rest = _skip_type_steps(node, rest)
        if not rest:
            return _Found(place, key.removesuffix("[]"), node)
        if isinstance(node, Array):
            return None
        inner = self._open_object(_Found(place, key, node))
        return self._walk(inner, rest) if inner else None

    def _open_object(self, found: _Found) -> Place | None:
        """Return the object that stands at a path, or in the text there."""
        if isinstance(found.node, Object):
            return self._find_place(found.holder, found.key, found.node)
        if not isinstance(found.node, Scalar) or not found.node.is_string:
            return None
        records = self._open(found)
        return records[0].root if len(records) == 1 else None

    def _find_place(self, holder: Place, key: str, node: Object) -> Place:
        """Return the place of an object, entered or not."""
        if holder.node is node:
            return holder
        entered = next((inside for inside in holder.inside if inside.node is node), None)
        return entered or self._places.setdefault(id(node), Place(node, holder, key, holder.record))

    def _open(self, found: _Found) -> list[SearchedRecord]:
        """Return the records in a text, those that the judge has made for the same text."""
        if id(found.node) not in self._texts:
            own = (each for each in found.holder.record.texts if each.node is found.node)
            assert isinstance(found.node, Scalar)  # noqa: S101 - asked before
            holder = next(own, None) or Holder(found.holder, found.key, found.node)
            self._texts[id(found.node)] = found.node, self._open_text(holder)
        return self._texts[id(found.node)][1]


def _find_under(place: Place, key: str) -> tuple[str, Node | None]:
    """Return what stands under a key, or under the first that the record has of its own."""
    node = place.node.find(key) or place.node.find(key.removesuffix("[]"))
    if node is None and key.removesuffix("[]") == ANY_KEY:
        own = next((member for member in place.node.members if is_own_key(member.key)), None)
        return (own.key, own.node) if own else (key, None)
    return key, node


def _find_name_of(payload: Place) -> EventName | None:
    """Return the known name that is nearest to a mapped payload; None for none."""
    for others in (False, True):
        for below in (False, True):
            name = find_name(payload, payload.record, below=below, others=others)
            if name is not None:
                return name
    return None


def _skip_type_steps(node: Node, path: str) -> str:
    """Return the rest of a path behind the types' names that a node stands for."""
    while path:
        first, _, rest = path.partition(".")
        is_own = isinstance(node, Object) and node.find(first) is not None
        if first.removesuffix("[]") not in TYPE_STEPS or is_own:
            break
        path = rest
    return path
