"""The payload of an event: its object, and what the object says (definitions 1, rules 1 and 5)."""

from collections.abc import Iterator

from dcevents.reading.judge.keys import (
    SESSION,
    match_adobe_key,
    match_conversation_key,
)
from dcevents.reading.judge.nodes import Object, Scalar
from dcevents.reading.judge.places import Place, SearchedRecord

NAMED_BY_EVENT = ("name", "type")
"""Parts that may be the event's name instead of the conversation's."""


def find_canonical(record: SearchedRecord) -> Place | None:
    """Return the payload of a canonical record; None for any other.

    Canonical is a known name at `event` and an object with a sid at `data.payload`.
    """
    name = find_plain_text(record.root.node, "event")
    payload = record.find_place("data", "payload")
    if name is None or payload is None or record.names.match(name.text or "") is None:
        return None
    return payload if find_plain_text(payload.node, "sid") else None


def find_plain_text(node: Object, key: str) -> Scalar | None:
    """Return the scalar with a text under exactly this key.

    No array of one.

    None for none.
    """
    found = node.find(key)
    return found if isinstance(found, Scalar) and found.text and not found.is_of_array else None


def find_field(
    place: Place, part: str, *, is_canonical: bool, event_kind: str | None = None
) -> Scalar | None:
    """Return the scalar that says a part of a conversation.

    None for none.

    `event_kind` is given where the object itself may name the event: a name or type that does is
    passed over.
    """
    for scalar in _order_field(place, part, is_canonical=is_canonical):
        may_be_event = part in NAMED_BY_EVENT and event_kind is not None
        if not may_be_event or place.record.names.match_full(scalar.text or "") != event_kind:
            return scalar
    return None


def find_sid(place: Place, *, is_canonical: bool) -> Scalar | None:
    """Return the scalar that is the sid of a payload's object."""
    sid = find_field(place, "sid", is_canonical=is_canonical)
    if sid is not None:
        return sid
    sessions = (scalar for member, scalar in place.node.scalars() if member.folded == SESSION)
    return next(sessions, None)


def find_meeting_info(place: Place) -> tuple[object, tuple[str | int, ...]] | None:
    """Return the meeting's JSON and its path.

    None for absent, null and the empty string.
    """
    members = [
        member
        for member in place.node.members
        if match_adobe_key(member.key) == "meetingInfo"
        and not (isinstance(member.node, Scalar) and member.node.text is None)
    ]
    members.sort(key=lambda member: member.key != "meetingInfo")
    return (members[0].raw, members[0].node.path) if members else None


def _order_field(place: Place, part: str, *, is_canonical: bool) -> Iterator[Scalar]:
    """Yield the scalars whose keys mean a part, in the order in which they count."""
    exact, plain, conversation = [], [], []
    for member, scalar in place.node.scalars():
        if is_canonical and scalar.is_of_array:
            continue
        if member.key == part:
            exact.append(scalar)
        elif match_conversation_key(member.key) == part:
            conversation.append(scalar)
        elif match_adobe_key(member.key) == part:
            plain.append(scalar)
    yield from [*exact, *plain, *conversation] if is_canonical else [*conversation, *exact, *plain]
