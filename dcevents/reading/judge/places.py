"""The objects of one record, each in its place: what is entered, and what never (rule 2)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from dcevents.model.events import ADOBE_NAMES, KnownNames, is_like_adobes
from dcevents.reading.judge.keys import (
    LOGGER,
    RECORD_ITSELF,
    REQUEST_LINE,
    REQUEST_OBJECTS,
    SESSION,
    fold_key,
    is_event_key,
    is_never_entered,
    is_plainly_conversation,
    match_adobe_key,
    match_conversation_key,
    may_hold_objects,
)
from dcevents.reading.judge.nodes import MAX_DEPTH, Array, Member, Object, Scalar

MAX_ENTERED: Final = 512
"""Objects and arrays of one record that are entered, in document order."""
MAX_TEXT_DEPTH: Final = 5
"""Texts in texts that are entered."""
MIN_PAYLOAD_KEYS: Final = 2
"""Adobe's keys that make an object inside an event's object its payload."""
MIN_FLAT_PAYLOAD_KEYS: Final = 3
"""The same of an object that names the event itself: loggers have an id or a name too."""


@dataclass(eq=False)
class Place:
    """An object of a record: the object around it, the key under which it stands."""

    node: Object
    around: "Place | None"
    key: str
    record: "SearchedRecord"
    inside: list["Place"] = field(default_factory=list)
    searched: dict[object, object] = field(default_factory=dict)
    """What searches have found here, for those who search."""

    @property
    def ancestors(self) -> Iterator["Place"]:
        """Yield the objects around, the nearest first, also those around the record."""
        place = self.around
        while place is not None:
            yield place
            place = place.around

    @property
    def descendants(self) -> Iterator["Place"]:
        """Yield the objects inside, in document order, of this record only."""
        for place in self.inside:
            yield place
            yield from place.descendants

    def is_inside(self, other: "Place") -> bool:
        """Return whether this place is another or lies in it."""
        return self is other or any(place is other for place in self.ancestors)

    @cached_property
    def adobe_keys(self) -> frozenset[str]:
        """Return which of Adobe's payload keys the object has, empty ones aside."""
        found = {
            match_adobe_key(member.key) or match_conversation_key(member.key)
            for member, _ in self.node.scalars()
        }
        found |= {
            "meetingInfo"
            for member in self.node.members
            if match_adobe_key(member.key) == "meetingInfo" and not isinstance(member.node, Scalar)
        }
        return frozenset(key for key in found if key)

    @property
    def has_sid(self) -> bool:
        """Return whether the object has a sid."""
        return "sid" in self.adobe_keys

    @property
    def has_session(self) -> bool:
        """Return whether a session's id stands beside a key that is plainly a conversation's."""
        members = [member for member, _ in self.node.scalars()]
        return any(member.folded == SESSION for member in members) and any(
            is_plainly_conversation(member.key) for member in members
        )

    @cached_property
    def names_event(self) -> bool:
        """Return whether a key that names events has a text here, known or not."""
        return any(is_event_key(member.key) for member, _ in self.node.scalars())

    @cached_property
    def names_adobes_event(self) -> bool:
        """Return whether an event is named here as Adobe's are, known or not."""
        names = self.record.names
        return any(
            is_event_key(member.key)
            and (is_like_adobes(scalar.text or "") or names.match_given(scalar.text or ""))
            for member, scalar in self.node.scalars()
        )

    @cached_property
    def is_of_logger(self) -> bool:
        """Return whether a level or severity stands beside."""
        return any(member.folded in LOGGER for member, _ in self.node.scalars())

    @property
    def is_unknown_event(self) -> bool:
        """Return whether the object says an event of its own that may be nobody's we know."""
        return self.has_sid and self.names_event and not self.is_of_logger

    @property
    def is_of_form(self) -> bool:
        """Return whether the object lies in a form: its names must be full ones."""
        return self.record.root.node.is_form

    @cached_property
    def is_payload_inside_event(self) -> bool:
        """Return whether the place is, or lies in, a payload inside its event's object."""
        around = list(self._ancestors_in_record())
        if any(place.is_payload_inside_event for place in around[:1]):
            return True
        is_payload = self.has_sid and len(self.adobe_keys) >= MIN_PAYLOAD_KEYS
        return is_payload and any(place.names_event for place in around)

    @cached_property
    def is_closed(self) -> bool:
        """Return whether texts and lists here are strangers' answers, not records."""
        if self.is_payload_inside_event:
            return True
        if any(place.is_closed for place in self._ancestors_in_record()):
            return True
        is_flat = self.is_unknown_event and len(self.adobe_keys) >= MIN_FLAT_PAYLOAD_KEYS
        return is_flat and self.names_adobes_event

    def _ancestors_in_record(self) -> Iterator["Place"]:
        """Yield the objects around that belong to the same record."""
        for place in self.ancestors:
            if place.record is not self.record:
                return
            yield place


@dataclass(frozen=True, eq=False)
class Holder:
    """A list or text of a place that may hold records."""

    place: Place
    key: str
    node: Array | Scalar | Object


class SearchedRecord:
    """A record's objects in document order, its lists and texts, and the record around it."""

    def __init__(
        self,
        root: Object,
        around: Place | None = None,
        key: str = "",
        is_group: Callable[[Object], bool] = lambda _: False,
        names: KnownNames = ADOBE_NAMES,
    ) -> None:
        self.prefix = ""
        self.names = names
        self._is_group = is_group
        self.text_depth = 0
        self.places: list[Place] = []
        self.lists: list[Holder] = []
        self.texts: list[Holder] = []
        self.requests: list[Holder] = []
        self._left = MAX_ENTERED
        self.root = self._enter(root, around, key)

    @property
    def around(self) -> "SearchedRecord | None":
        """Return the record in whose list or text this one stands."""
        return self.root.around.record if self.root.around else None

    @cached_property
    def payloads(self) -> list[Place]:
        """Return the objects with a sid, in document order."""
        return [place for place in self.places if place.has_sid]

    @cached_property
    def sessions(self) -> list[Place]:
        """Return the objects with a session's id beside a key that is plainly a conversation's."""
        return [place for place in self.places if place.has_session]

    @cached_property
    def ranked_payloads(self) -> list[Place]:
        """Return the objects with a sid, the one with most of Adobe's keys first.

        Of equals the outermost goes first, then the first. Where the record has none, those around
        it; where these have none, objects with a session's id beside a conversation's key.
        """
        for has_sids in (True, False):
            around: SearchedRecord | None = self
            while around is not None:
                found = around.payloads if has_sids else around.sessions
                if found:
                    return sorted(
                        found, key=lambda place: (-len(place.adobe_keys), place.node.depth)
                    )
                around = around.around
        return []

    def list_originals(self) -> Iterator["Holder"]:
        """Yield the texts that, where they hold an event, are the record."""
        for holder in self.texts:
            is_original = fold_key(holder.key) in RECORD_ITSELF
            if is_original and not holder.place.is_payload_inside_event:
                yield holder

    def _enter(self, node: Object, around: Place | None, key: str) -> Place:
        """Return the place of an object, with all that is entered below."""
        place = Place(node, around, key, self)
        self.places.append(place)
        if node.depth < MAX_DEPTH:
            for member in node.members:
                self._enter_member(place, member)
        return place

    def _enter_member(self, place: Place, member: Member) -> None:
        """Enter an object.

        Note a list, a text or a request line for later.
        """
        node, folded = member.node, fold_key(member.key)
        if isinstance(node, Scalar):
            if node.text is None or not node.is_string:
                return
            if folded in REQUEST_LINE and not (node.text or "").lstrip().startswith(("{", "[")):
                self.requests.append(Holder(place, member.key, node))
            elif not is_never_entered(member.key):
                self.texts.append(Holder(place, member.key, node))
        elif folded in REQUEST_OBJECTS and isinstance(node, Object):
            self.requests.append(Holder(place, member.key, node))
        elif self._may_enter(member.key):
            self._left -= 1
            if isinstance(node, Object) and not self._is_group(node):
                place.inside.append(self._enter(node, place, member.key))
            else:
                self.lists.append(Holder(place, member.key, node))

    def _may_enter(self, key: str) -> bool:
        """Return whether an object or array under a key is entered."""
        return may_hold_objects(key) and self._left > 0

    def find_place(self, *keys: str) -> Place | None:
        """Return the object at exactly these keys below the root, entered or not.

        None for none.
        """
        place = self.root
        for key in keys:
            node = place.node.find(key)
            if not isinstance(node, Object):
                return None
            entered = (inside for inside in place.inside if inside.node is node)
            place = next(entered, None) or Place(node, place, key, self)
        return place
