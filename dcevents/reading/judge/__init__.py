"""One record, exactly: where it keeps its event, and what that says.

The authority.

`judge_value` is the door. The rooms beside: `keys` has the tables, `timestamps` (and `events`
of the model) the loose spellings, `nodes` the values, `places` what is entered, `name_search`,
`payload` and `time_search` the parts of an event, `records` the order in which all this is asked.
"""

from typing import Any

from dcevents.reading.judge.events import read_plain_record
from dcevents.reading.judge.findings import (
    Context,
    Event,
    Finding,
    Outcome,
    Rejection,
    Structure,
    Time,
    UnknownEvent,
    WidgetReady,
)
from dcevents.reading.judge.keys import is_body_key
from dcevents.reading.judge.mapping import NO_MAPPING, Mapping
from dcevents.reading.judge.nodes import write_path
from dcevents.reading.judge.records import Judge

__all__ = [
    "NO_MAPPING",
    "Context",
    "Event",
    "Finding",
    "Mapping",
    "Outcome",
    "Rejection",
    "Structure",
    "Time",
    "UnknownEvent",
    "WidgetReady",
    "finds_at_listed_keys",
    "is_body_key",
    "judge_value",
    "list_missing_parts",
    "write_path",
]


def judge_value(value: Any, context: Context, prefix: str = "") -> list[Finding]:  # noqa: ANN401
    """Return what the records of one framed JSON value say.

    Numbers in the value are `json_value.JsonNumber`, or any other kind of str. `prefix` is the text
    before the value on its line. One finding at least; an index where the value holds a list.
    """
    plain = read_plain_record(value, context, prefix)
    return Judge(context, prefix).judge(value) if plain is None else [Finding(plain)]


def list_missing_parts(value: Any, mapping: Mapping) -> list[str]:  # noqa: ANN401 - as above
    """Return the parts of a user's map at whose places a value has nothing."""
    return Judge(Context(clock_ms=0, mapping=mapping)).list_missing_parts(value)


def finds_at_listed_keys(value: Any, mapping: Mapping) -> bool:  # noqa: ANN401 - as above
    """Return whether all records of a value are events by what their listed or mapped keys hold."""
    return Judge(Context(clock_ms=0, mapping=mapping)).finds_at_listed_keys(value)
