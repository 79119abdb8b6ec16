"""The records that begin on one line, until it is known how many there are."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from dcevents.reading.framing.records import Record


@dataclass(slots=True)
class HeldRecords:
    """Records of a line; `count` says how many of it have been given already."""

    count: int = 0
    records: list[Record] = field(default_factory=list)

    def add(self, records: Iterable[Record]) -> None:
        """Hold records of the line."""
        self.records += records

    def give(self) -> list[Record]:
        """Return the records, numbered where the line has several."""
        records, self.records = self.records, []
        if self.count + len(records) > 1:
            numbered = enumerate(records, self.count + 1)
            records = [replace(record, index=number) for number, record in numbered]
        self.count += len(records)
        return records
