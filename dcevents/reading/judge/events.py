"""One event, read from its payload, its name and what is around (definitions 1)."""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, NamedTuple

from dcevents.model.events import EVENT_KINDS, READY
from dcevents.reading.json_value import write_json
from dcevents.reading.judge.findings import (
    MAX_SID_BYTES,
    MAX_TEXT_CHARACTERS,
    TOO_LONG,
    Context,
    Event,
    Outcome,
    Rejection,
    Structure,
    Time,
    WidgetReady,
    cut_page,
    cut_text,
)
from dcevents.reading.judge.name_search import EventName
from dcevents.reading.judge.nodes import Scalar
from dcevents.reading.judge.payload import (
    find_field,
    find_meeting_info,
    find_plain_text,
    find_sid,
)
from dcevents.reading.judge.places import Place, SearchedRecord
from dcevents.reading.judge.prefix_times import find_prefix_time
from dcevents.reading.judge.time_search import (
    decide_page,
    decide_time,
    find_surroundings,
    order_pages,
    order_times,
    settle_time,
)
from dcevents.reading.judge.timestamps import parse_timestamp
from dcevents.settings import MAPPED_PARTS

PARTS = ("id", "name", "type", "uiType", "agentID", "agentName")
"""Parts of a payload beside sid and meetingInfo, as Adobe spells them."""
_PAYLOAD_KEYS = frozenset({"sid", *PARTS})
_RECORD_KEYS = frozenset({"event", "timestamp", "page", "data"})
_KINDS = {each.key: each.kind for each in EVENT_KINDS}
"""Kinds by the exact names of their events."""


class EventParts(NamedTuple):
    """A known name, the payload that belongs to it, and what the user's map places."""

    name: EventName
    payload: Place
    mapped: Mapping[str, Scalar]
    placed: tuple[str, ...] = ()
    """Which of the two were found where the map says."""


def read_event(parts: EventParts, record: SearchedRecord, context: Context, prefix: str) -> Outcome:
    """Return the event that a name and a payload make, or why it is none."""
    name, payload, mapped = parts.name, parts.payload, parts.mapped
    if name.kind == READY:
        return WidgetReady()
    is_canonical = is_canonical_pair(name, payload)
    sid = mapped.get("sid") or find_sid(payload, is_canonical=is_canonical)
    assert sid is not None  # noqa: S101 - a payload is an object with a sid
    if len((sid.text or "").encode()) > MAX_SID_BYTES:
        return Rejection(TOO_LONG)
    fields = _find_fields(name, payload, is_canonical=is_canonical)
    for part in context.mapping.exclusive:
        fields.pop(part, None)
    fields |= {part: each for part, each in mapped.items() if part in PARTS}
    meeting = find_meeting_info(payload)
    paths = [("sid", sid.path), *((part, each.path) for part, each in fields.items())]
    if meeting is not None:
        paths.append(("meetingInfo", meeting[1]))
    found = find_surroundings(name.place, payload, is_canonical=is_canonical)
    times = _put_first(mapped.get("timestamp"), order_times(found, is_canonical=is_canonical))
    pages = _put_first(mapped.get("page"), order_pages(found, is_canonical=is_canonical))
    time, time_path = decide_time(times, record, prefix, context)
    page, page_path = decide_page(pages, context)
    structure = Structure(
        is_canonical=is_canonical,
        event=name.path,
        fields=tuple(paths),
        time=time_path,
        page=page_path,
        times=tuple(each.path for each in times),
        pages=tuple(each.path for each in pages),
        is_timed_by_prefix=time_path is None and time.form != "absent",
        mapped=tuple(part for part in MAPPED_PARTS if part in {*mapped, *parts.placed}),
    )
    texts: dict[str, str | None] = {
        part: cut_text(each.text or "", MAX_TEXT_CHARACTERS) for part, each in fields.items()
    }
    meeting_info = write_json(meeting[0]) if meeting else None
    texts |= {"sid": sid.text, "page": page, "meetingInfo": meeting_info}
    return _make_event(name.kind, texts, time, structure)


def read_plain_record(
    value: Any,  # noqa: ANN401 - any JSON value
    context: Context,
    prefix: str,
) -> Event | None:
    """Return the event of a canonical record that has its texts and nothing else.

    None for any other, of which more is asked. Most records that are read one by one are so, and
    this takes a tenth of the time.
    """
    if type(value) is not dict or not _RECORD_KEYS.issuperset(value) or context.mapping:
        return None
    data, name = value.get("data"), value.get("event")
    payload = data.get("payload") if type(data) is dict and len(data) == 1 else None
    if type(payload) is not dict or not _PAYLOAD_KEYS.issuperset(payload):
        return None
    texts = {key: each for key, each in value.items() if key != "data"} | payload
    if not all(type(each) is str and each for each in texts.values()):
        return None
    sid, kind = payload.get("sid"), _KINDS.get(name) if type(name) is str else None
    if kind is None or sid is None or len(sid.encode()) > MAX_SID_BYTES:
        return None
    time = _read_plain_time(value.get("timestamp"), context, prefix)
    if time is None:
        return None
    page = cut_page(value.get("page", ""), keep_query=context.keep_query)
    parts = tuple(part for part in PARTS if part in payload)
    structure = _make_plain_structure(
        parts,
        has_timestamp="timestamp" in value,
        has_page="page" in value,
        is_paged=page is not None,
        is_timed=time.form != "absent",
    )
    cut = {part: cut_text(payload[part], MAX_TEXT_CHARACTERS) for part in parts}
    return _make_event(
        kind, {**cut, "sid": sid, "page": page, "meetingInfo": None}, time, structure
    )


def _read_plain_time(text: str | None, context: Context, prefix: str) -> Time | None:
    """Return the time of a canonical record, or of the text before it; None for a doubtful one."""
    if text is not None:
        time = parse_timestamp(text)
        return None if time is None or time.is_ancient else settle_time(time, text, context)
    hit = find_prefix_time(prefix, context.year_clock_ms) if prefix else None
    return settle_time(*hit, context) if hit else Time()


@cache
def _make_plain_structure(
    parts: tuple[str, ...], *, has_timestamp: bool, has_page: bool, is_paged: bool, is_timed: bool
) -> Structure:
    """Return where a canonical record of texts alone has its parts."""
    fields = ((part, ("data", "payload", part)) for part in ("sid", *parts))
    times = (("timestamp",),) * has_timestamp
    pages = (("page",),) * (2 * has_page)  # where it must be, and among all others
    return Structure(
        is_canonical=True,
        event=("event",),
        fields=tuple(fields),
        time=("timestamp",) if has_timestamp else None,
        page=("page",) if is_paged else None,
        times=times,
        pages=pages,
        is_timed_by_prefix=is_timed and not has_timestamp,
    )


def _put_first(first: Scalar | None, others: Iterable[Scalar]) -> list[Scalar]:
    """Return scalars in their order, behind the one that goes first."""
    return [*([] if first is None else [first]), *(each for each in others if each is not first)]


def _make_event(kind: str, texts: dict[str, str | None], time: Time, structure: Structure) -> Event:
    """Return an event of its texts, under Adobe's keys, and its time."""
    return Event(
        kind=kind,
        sid=texts["sid"] or "",
        time=time,
        structure=structure,
        id=texts.get("id"),
        name=texts.get("name"),
        type=texts.get("type"),
        ui_type=texts.get("uiType"),
        page=texts["page"],
        agent_id=texts.get("agentID"),
        agent_name=texts.get("agentName"),
        meeting_info=texts["meetingInfo"],
    )


def is_canonical_pair(name: EventName, payload: Place) -> bool:
    """Return whether a name at `event` and a payload at `data.payload` make a canonical record."""
    data = payload.around
    return (
        name.key == "event"
        and payload.key == "payload"
        and data is not None
        and data.key == "data"
        and data.around is name.place
        and find_plain_text(name.place.node, "event") is not None
        and find_plain_text(payload.node, "sid") is not None
    )


def _find_fields(name: EventName, payload: Place, *, is_canonical: bool) -> dict[str, Scalar]:
    """Return the scalars of a payload's parts; those that it has."""
    # Inside the event's object a payload's name and type are the conversation's, whatever they say.
    is_inside = payload is not name.place and payload.is_inside(name.place)
    kind = None if is_canonical or is_inside else name.kind
    found = {
        part: find_field(payload, part, is_canonical=is_canonical, event_kind=kind)
        for part in PARTS
    }
    return {part: scalar for part, scalar in found.items() if scalar is not None}
