"""A stand-in for the judge: an object is an event that has a known name and a sid below."""

from typing import Any

from dcevents.reading.framing import Framing, Record, Resume

EVENT = '{"event":"CONVERSATION_CLOSED","data":{"payload":{"sid":"%s"}}}'


def has_event(value: Any) -> bool:
    """Return whether a value is an event, or holds one."""
    if isinstance(value, list):
        return any(map(has_event, value))
    if not isinstance(value, dict):
        return type(value) is str and "CONVERSATION_" in value and "{" in value
    name = value.get("event")
    return (isinstance(name, str) and name.startswith("CONVERSATION_")) or any(
        map(has_event, (member for member in value.values() if isinstance(member, (dict, list))))
    )


def read(data: bytes, *, step: int = 1 << 20, begin: Resume | None = None) -> tuple[
    list[Record], Resume
]:  # fmt: skip
    """Return the records of some bytes, fed in steps, and where a later run reads on."""
    framing = Framing(has_event, begin=begin)
    records = [
        record for at in range(0, len(data), step) for record in framing.feed(data[at : at + step])
    ]
    return records + framing.finish(), framing.resume
