"""What framing gives: records in order, and the place from which a later run reads on."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

MAX_RECORD_BYTES: Final = 1 << 20
"""Bytes of the longest record that is read."""


class Bucket(StrEnum):
    """Why a record says nothing, in the order in which reasons go (definitions, section 1)."""

    BLANK = "blank"
    INCOMPLETE = "incomplete"
    TOO_LONG = "too_long"
    INVALID_UTF8 = "invalid_utf8"
    INVALID_JSON = "invalid_json"
    NOT_AN_OBJECT = "not_an_object"


@dataclass(frozen=True, slots=True)
class FramedRecord:
    """One record. `bucket` is None for one that the judge is to be asked about.

    `start` and `end` are byte offsets in the input: of the value with the prefix before it and
    the text behind it, or of the rejected line. `more` are the further spans of a line that a
    container's runtime has cut. `index` counts from 1 where several records begin on a line.
    """

    line: int
    start: int
    end: int
    bucket: Bucket | None = None
    index: int | None = None
    value: Any = None
    prefix: str = ""
    raw: bytes = field(default=b"", repr=False)
    """The value's own bytes, or the rejected line's, at most MAX_RECORD_BYTES of them."""
    more: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class ResumePoint:
    """The place and state from which a later run reads on.

    A record that begins at `offset` or behind is provisional: the later run gives it again.
    """

    offset: int = 0
    line: int = 1
    count: int = 0
    """Records that begin on the line before `offset`."""
    is_line_start: bool = True
    open_arrays: int = 0
    """Outer arrays with objects that are open there."""
    has_comma: bool = False
    """A comma or bracket stands behind the last value, so that the array may go on."""


BEGINNING: Final = ResumePoint()
"""The beginning of an input."""


@dataclass(slots=True)
class HeldRecords:
    """Records of a line.

    `count` says how many of it have been given already.
    """

    count: int = 0
    records: list[FramedRecord] = field(default_factory=list)

    def add(self, records: Iterable[FramedRecord]) -> None:
        """Hold records of the line."""
        self.records += records

    def give(self) -> list[FramedRecord]:
        """Return the records, numbered where the line has several."""
        records, self.records = self.records, []
        if self.count + len(records) > 1:
            numbered = enumerate(records, self.count + 1)
            records = [replace(record, index=number) for number, record in numbered]
        self.count += len(records)
        return records
