"""The account of a log (definitions 1). Plain data."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from dcevents.model.events import REJECT_REASONS

REASON_WORDS = {
    "too_long": "longer than 1 MiB, or with a sid over 512 bytes",
    "invalid_utf8": "not UTF-8",
    "invalid_json": "not JSON",
    "invalid_row": "not a whole row of a CSV",
    "not_an_object": "no JSON object",
    "no_event": "without an event",
    "no_sid": "without a sid",
}
"""Reasons of rejected lines, for people."""
_LINE_REASONS = ("too_long", "invalid_utf8", "invalid_json")
MAX_SHOWN_REJECTS = 20
"""Rejected lines that an account has."""
MAX_UNKNOWN_NAMES = 1000
"""Names of unknown events that are counted each by itself."""
MAX_UNRECOGNISED_INPUTS = 20
SAMPLE_BYTES = 1 << 12
"""Bytes of the rejected records of an unrecognised input that are kept."""
SAME_LINE = b"\x1f"
"""Stands between the records of one line in a sample."""


class RejectedLine(NamedTuple):
    """A rejected line, or record of a line."""

    file: str
    line: int
    reason: str
    record_number: int | None = None
    """Number of the record in its line; None where the line has only one."""

    def to_json(self) -> dict[str, str | int]:
        """Return `file`, `line`, `reason`, and `index` where there is one."""
        index = {} if self.record_number is None else {"index": self.record_number}
        return {"file": self.file, "line": self.line, **index, "reason": self.reason}

    @property
    def reason_words(self) -> str:
        """The reason, for people."""
        return REASON_WORDS[self.reason]

    def __str__(self) -> str:
        index = "" if self.record_number is None else f"[{self.record_number}]"
        return f"{self.line}{index}"


@dataclass(slots=True)
class InputCounts:
    """Numbers of records of one input, by which its figures are trusted or not."""

    is_resumed: bool = False
    """True if an earlier run has read its beginning."""
    records: int = 0
    """Records that are neither blank nor incomplete."""
    events: int = 0
    """Accepted records, those later than as-of too."""
    untimed: int = 0
    """Accepted records without a usable timestamp."""
    ready: int = 0
    """Events of the widget itself."""
    named_rejects: int = 0
    """Rejected records that name an event of Dynamic Chat, estimated by the first of them."""
    first_named_reject: int | None = None
    """The line of the first."""

    def add(self, other: "InputCounts") -> None:
        """Add the numbers of later records."""
        self.records += other.records
        self.events += other.events
        self.untimed += other.untimed
        self.ready += other.ready
        self.named_rejects += other.named_rejects
        if self.first_named_reject is None:
            self.first_named_reject = other.first_named_reject


@dataclass
class Account:
    """Numbers of records by bucket.

    Each record is in exactly one.
    """

    files: int = 0
    records: int = 0
    tally: Counter[str] = field(default_factory=Counter)
    """Records by bucket."""
    unknown_events: Counter[str] = field(default_factory=Counter)
    """Records by the name of their unknown event."""
    first_rejects: list[RejectedLine] = field(default_factory=list)
    """The first MAX_SHOWN_REJECTS."""
    unrecognised_inputs: dict[int, list[bytes]] = field(default_factory=dict)
    """First rejected lines of each input without an event, by the input's number.

    Empty for an input in which an event came later.
    """
    long_sids: int = 0
    """Records that are `too_long` for their sid alone, on lines that are as they should be."""
    events: int = 0
    """Different events; like the next three known after `Log.count_events`."""
    untimed: int = 0
    future: int = 0
    ancient: int = 0

    @property
    def rejected(self) -> dict[str, int]:
        """Rejected lines by reason, of all reasons."""
        return {reason: self.tally[reason] for reason in REJECT_REASONS}

    @property
    def faulty_lines(self) -> int:
        """Rejected lines that no JSON of a bearable length is on, whatever it may say.

        Who only posts something to a site's server does not cause them.
        """
        return sum(self.tally[reason] for reason in _LINE_REASONS) - self.long_sids

    @property
    def ignored(self) -> int:
        """Records without an event of a conversation.

        Those that were removed from a store are among them.
        """
        return self.tally["widget_ready"] + self.tally["unknown_event"] + sum(self.removed.values())

    @property
    def removed(self) -> dict[str, int]:
        """Events that a store has `forgotten` or that are `expired`."""
        return {name: self.tally[name] for name in ("forgotten", "expired") if self.tally[name]}

    @property
    def duplicates(self) -> int:
        """Accepted records that repeat another."""
        return self.tally["event"] - self.events

    def count_unknown_event(self, name: str, records: int) -> None:
        """Add records of an unknown event.

        After MAX_UNKNOWN_NAMES, other names are counted as `other`.
        """
        is_counted = name in self.unknown_events or len(self.unknown_events) < MAX_UNKNOWN_NAMES
        self.unknown_events[name if is_counted else "other"] += records

    def count_unknown_events(self, found: Mapping[str, tuple[int, int]]) -> None:
        """Add records of unknown events: by name the first line, and how many there are."""
        if len(self.unknown_events) < MAX_UNKNOWN_NAMES:
            for name, (_, records) in sorted(found.items(), key=_get_first_line):
                self.count_unknown_event(name, records)
            return
        # Strangers may have a name for each line: all but the known ones are the same.
        others = sum([records for _, records in found.values()])
        for name in self.unknown_events.keys() & found.keys():
            _, records = found[name]
            self.unknown_events[name] += records
            others -= records
        if others:
            self.unknown_events["other"] += others

    def rank_unknown_events(self) -> dict[str, int]:
        """Return unknown events by name, the most frequent first."""
        ranked = sorted(self.unknown_events.items(), key=lambda item: (-item[1], item[0]))
        return dict(ranked)


def _get_first_line(unknown: tuple[str, tuple[int, int]]) -> int:
    return unknown[1][0]
