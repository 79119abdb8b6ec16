"""Files that no name says to be logs, by their content."""

import re
from typing import Final

from dcevents.reading.judge import Context
from dcevents.reading.records import RecordReader
from dcevents.reading.rows.headers import has_event_row, search_table

_ANY_CLOCK: Final = Context(clock_ms=0)
_MAY_NAME_EVENT: Final = re.compile(
    rb"(?i)(?:conversations?|dynamicchat|chat|dc)[^a-z0-9]{0,6}"
    rb"(?:triggered|engaged|completed|closed|input|meeting|live)"
)
"""What a file holds that may have an event: without it, reading record by record is spared."""


def has_event(head: bytes) -> bool:
    """Return whether a file's beginning holds an event of Dynamic Chat."""
    if _MAY_NAME_EVENT.search(head) is None:
        return False
    table = search_table(head, _ANY_CLOCK, is_whole=True).table
    if table:
        return has_event_row(head, table, _ANY_CLOCK)
    reader = RecordReader(_ANY_CLOCK)
    records = [*reader.feed(head), *reader.finish()]
    return any(record.event is not None for record in records)
