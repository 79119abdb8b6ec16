"""What the options of one run come to: one frozen value, made at the door, read everywhere."""

from dataclasses import dataclass, field
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Window:
    """[since, until) in milliseconds since 1970; None is open."""

    since: int | None = None
    until: int | None = None

    def __bool__(self) -> bool:
        return self.since is not None or self.until is not None


@dataclass(frozen=True)
class Tolerance:
    """How much may be wrong with the input before no report is made of it."""

    option: str
    """As it was asked for."""
    max_rejected: int
    out_of: int | None = None
    """`limit` of so many records; None: of all."""
    is_strict: bool = False
    """Unknown events and inputs that are cut off are not tolerated either."""

    def allows(self, rejected: int, records: int) -> bool:
        """Whether so many of the records may be rejected."""
        return (
            rejected <= self.max_rejected
            if self.out_of is None
            else rejected * self.out_of <= self.max_rejected * records
        )


@dataclass(frozen=True)
class Alert:
    """What no row and no total may be: `completion.completion_rate < 0.5`."""

    report: str
    """The report, or the part of the summary, that the metric is of."""
    metric: str
    operator: str
    """`<`, `<=`, `>`, `>=`, `==` or `!=`."""
    threshold: float
    """A rate as a part of 1, a duration in seconds."""


@dataclass(frozen=True)
class Settings:
    """The options that decide which rows there are and what they mean."""

    clock_ms: int
    """The clock of the run, milliseconds."""
    tz: ZoneInfo
    by: tuple[str, ...] = ()
    window: Window = Window()
    as_of_ms: int | None = None
    idle_ms: int = 1_800_000
    service_level_ms: int = 60_000
    keeps_query: bool = False
    shows_intervals: bool = False
    """Whether each rate is shown with the bounds of its 95 % interval."""
    tolerance: Tolerance | None = None
    alerts: tuple[Alert, ...] = ()
    min_base: int = 0
    """No alert trips on a rate of fewer."""
    stale_ms: int | None = None
    """For how long a store may have taken in nothing, milliseconds."""
    filters: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Column → values or glob patterns, of which one must fit."""
    mapped_paths: tuple[tuple[str, str], ...] = ()
    """Where the user said that records keep `event`, `timestamp`, `page`, `payload`."""
    mapped_names: tuple[tuple[str, str], ...] = ()
    """Names of events (loosely) that the user said mean others."""
    operands: tuple[str, ...] = ()
    """The values of the report's own operands."""


@dataclass(frozen=True)
class IngestSettings:
    """What the options of `ingest` come to."""

    store: str
    clock_ms: int
    tz: ZoneInfo
    idle_ms: int
    rejects_file: str | None
    is_quiet: bool
    tolerance: Tolerance | None
    mapped_paths: tuple[tuple[str, str], ...]
    mapped_names: tuple[tuple[str, str], ...]
    keeps_events: bool
    prints_changes: bool
    reads_again: bool
    lock_wait_ms: int
    forgotten_sids: tuple[str, ...]
    keep_from_ms: int | None
    """Nothing is to be kept of conversations that ended before this, milliseconds."""
