"""When and on which page an event happened (definitions 1, rules 7 and 8)."""

from collections.abc import Iterator
from typing import NamedTuple

from dcevents.reading.judge.findings import Context, Time, cut_page
from dcevents.reading.judge.keys import (
    PAGE,
    PAGE_AROUND,
    fold_key,
    is_never_time,
    is_time_key,
    rank_time_key,
)
from dcevents.reading.judge.nodes import Member, Object, Path, Scalar
from dcevents.reading.judge.payload import find_plain_text
from dcevents.reading.judge.places import Place, SearchedRecord
from dcevents.reading.judge.prefix_times import find_prefix_time
from dcevents.reading.judge.timestamps import Timestamp, parse_timestamp


class Surroundings(NamedTuple):
    """The objects around an event: from the event's to the payload, those around, the rest."""

    between: tuple[Place, ...]
    around: tuple[Place, ...]
    beside: tuple[Place, ...]


def find_surroundings(event: Place, payload: Place, *, is_canonical: bool) -> Surroundings:
    """Return the objects in which an event's time and page are looked for, in their order.

    A canonical payload is left out, and what lies below the payload always.
    """
    ups = [event, *event.ancestors]
    downs = [payload, *payload.ancestors]
    common = next(place for place in ups if any(place is other for other in downs))
    between = [*_cut(ups, common), common, *reversed(_cut(downs, common))]
    around = tuple(common.ancestors)
    beside = tuple(_list_beside((*between, *around), payload))
    if is_canonical:
        between = [place for place in between if place is not payload]
    return Surroundings(tuple(between), around, beside)


def _cut(places: list[Place], end: Place) -> list[Place]:
    """Return the places before a place."""
    return places[: next(number for number, place in enumerate(places) if place is end)]


def _list_beside(chain: tuple[Place, ...], payload: Place) -> Iterator[Place]:
    """Yield what is beside the objects of a chain: not below the payload, nor another's."""
    seen = {id(place) for place in chain}
    for place in chain:
        if not place.is_inside(payload):
            for found in _list_inside(place):
                if id(found) not in seen and not found.is_inside(payload):
                    seen.add(id(found))
                    yield found


def _list_inside(place: Place) -> Iterator[Place]:
    """Yield the objects inside, without others' events, requests, meetings, …"""
    for inside in place.inside:
        if not inside.has_sid and not is_never_time(inside.key):
            yield inside
            yield from _list_inside(inside)


def order_times(found: Surroundings, *, is_canonical: bool) -> Iterator[Scalar]:
    """Yield the candidates for an event's time, in their order."""
    first = find_plain_text(found.between[0].node, "timestamp") if is_canonical else None
    if first is not None:
        yield first
    record = found.between[0].record
    for place in (*found.between, *found.around, *found.beside):
        for scalar in _order_times_of(place):
            is_absent = is_canonical and scalar.is_of_array and place.record is record
            if scalar is not first and not is_absent:
                yield scalar


def _order_times_of(place: Place) -> list[Scalar]:
    """Return the times of one object in their order."""
    times = [(member, scalar) for member, scalar in place.node.scalars() if is_time_key(member.key)]
    times.sort(key=lambda pair: rank_time_key(pair[0].key, beside_level=place.is_of_logger))
    return [scalar for _, scalar in times]


def decide_time(
    candidates: list[Scalar], record: SearchedRecord, prefix: str, context: Context
) -> tuple[Time, Path | None]:
    """Return the first time that is one and not ancient, else why there is none.

    And its path.
    """
    passed: list[tuple[Time, Path]] = []
    for scalar in candidates:
        text = scalar.text or ""
        time = parse_timestamp(str(scalar.raw), number=True) if _is_number(scalar) else None
        time = parse_timestamp(text) if time is None and scalar.is_string else time
        if time is not None and not time.is_ancient:
            return settle_time(time, text, context), scalar.path
        passed.append((_explain(time, text), scalar.path))
    for text in _list_prefixes(record, prefix):
        hit = find_prefix_time(text, context.year_clock_ms)
        if hit is not None:
            return settle_time(*hit, context), None
    passed.sort(key=lambda pair: pair[0].status != "ancient")
    return passed[0] if passed else (Time(), None)


def _is_number(scalar: Scalar) -> bool:
    return isinstance(scalar.raw, str) and not scalar.is_string


def settle_time(time: Timestamp, text: str, context: Context) -> Time:
    """Return an event's time; one in the future is none."""
    if time.is_future(context.clock_ms):
        return Time(None, text, time.form, "future")
    return Time(time.ms, text, time.form, "timed")


def _explain(time: Timestamp | None, text: str) -> Time:
    """Return why a text is no time of an event: ancient, or unreadable."""
    if time is None:
        return Time(None, text, "unreadable", "untimed")
    return Time(None, text, time.form, "ancient")


def _list_prefixes(record: SearchedRecord, prefix: str) -> Iterator[str]:
    """Yield the texts before a record, the nearest first."""
    around: SearchedRecord | None = record
    while around is not None:
        if around.prefix:
            yield around.prefix
        around = around.around
    if prefix:
        yield prefix


def order_pages(found: Surroundings, *, is_canonical: bool) -> Iterator[Scalar]:
    """Yield the candidates for an event's page, in their order."""
    first = find_plain_text(found.between[0].node, "page") if is_canonical else None
    if first is not None:
        yield first
    for place in found.between:
        yield from _order_pages_of(place, PAGE)
    for place in found.around:
        yield from _order_pages_of(place, PAGE_AROUND)
    for place in found.beside:
        if fold_key(place.key) == "context":
            yield from _order_pages_of(place, ("page",))


def _order_pages_of(place: Place, keys: tuple[str, ...]) -> Iterator[Scalar]:
    """Yield the pages of one object in the order of their keys."""
    members: dict[str, list[Member]] = {}
    for member in place.node.members:
        if (folded := member.folded) in keys:
            members.setdefault(folded, []).append(member)
    for key in keys:
        for member in members.get(key, ()):
            if isinstance(member.node, Scalar):
                yield member.node
            elif key == "page" and isinstance(member.node, Object):
                yield from (url for inner, url in member.node.scalars() if inner.folded == "url")


def decide_page(candidates: list[Scalar], context: Context) -> tuple[str | None, Path | None]:
    """Return the first page with a text, its query cut, and its path."""
    for scalar in candidates:
        page = cut_page(scalar.text or "", keep_query=context.keep_query)
        if page is not None:
            return page, scalar.path
    return None, None
