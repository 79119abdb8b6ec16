"""A stand-in for the judge: an object is an event that has a known name, or one that is below."""

from typing import Any

from dcevents.reading.framing import FramedRecord, ResumePoint
from dcevents.reading.framing.reader import Framing
from dcevents.reading.judge.keys import is_body_key

EVENT = '{"event":"CONVERSATION_CLOSED","data":{"payload":{"sid":"%s"}}}'


def has_event(value: Any) -> bool:
    """Return whether a value is an event, or holds one."""
    if type(value) is str:
        return "CONVERSATION_" in value and "{" in value
    values = [value]
    while values:
        value = values.pop()
        if isinstance(value, list):
            values += value
        elif isinstance(value, dict):
            name = value.get("event")
            if isinstance(name, str) and name.startswith("CONVERSATION_"):
                return True
            values += [each for each in value.values() if isinstance(each, (dict, list))]
    return False


def read(data: bytes, *, step: int = 1 << 20, begin: ResumePoint | None = None) -> tuple[
    list[FramedRecord], ResumePoint
]:  # fmt: skip
    """Return the records of some bytes, fed in steps, and where a later run reads on."""
    framing = Framing(has_event, begin=begin, is_body_key=is_body_key)
    records = [
        record for at in range(0, len(data), step) for record in framing.feed(data[at : at + step])
    ]
    return records + framing.finish(), framing.resume
