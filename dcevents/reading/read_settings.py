"""What a reading of logs goes by, beside the logs: frozen values."""

from typing import Final, NamedTuple

from dcevents.model.moments import DAY_MS, UNTIMED
from dcevents.reading.judge import NO_MAPPING, Context, Mapping

READING_RULES: Final = 2
"""Number of the rules by which records are read (definitions 1).

It is raised with each change of what a record says: a store knows by which its logs were read.
"""
_FAR_AHEAD_MS: Final = UNTIMED - DAY_MS - 1
"""A clock by which no time is in the future."""


class ReadSettings(NamedTuple):
    """The clock, and what the user says of the logs. Times in milliseconds since 1970."""

    clock_ms: int
    as_of_ms: int | None = None
    """Later events are not read."""
    believes_clock: bool = False
    """Whether times after the clock are read as they are: for who will ask another clock."""
    keeps_query: bool = False
    in_full: bool = False
    """Whether single events are looked at: with places, forms of times, and `meetingInfo`."""
    mapping: Mapping = NO_MAPPING
    first_clock_ms: int | None = None
    """The clock of the first reading, for times without a year; else the clock of the run."""

    @property
    def last_believed_ms(self) -> int:
        """Return the last time that is believed."""
        return UNTIMED - 1 if self.believes_clock else self.clock_ms + DAY_MS

    def make_context(self) -> Context:
        """Return what the judge is told."""
        first = self.clock_ms if self.first_clock_ms is None else self.first_clock_ms
        clock = _FAR_AHEAD_MS if self.believes_clock else self.clock_ms
        return Context(clock, first, self.keeps_query, self.mapping)
