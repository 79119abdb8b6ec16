"""The settings of one run: frozen values, made from options, read everywhere."""

from collections.abc import Mapping
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

MAPPED_PLACES: Final = ("event", "timestamp", "page", "payload")
"""Parts of a record that a map may place."""
MAPPED_FIELDS: Final = ("sid", "id", "name", "type", "uiType", "agentID", "agentName")
"""Parts of a payload that a map may place: from the payload on, or from the record on."""
MAPPED_PARTS: Final = (*MAPPED_PLACES, *MAPPED_FIELDS)


class Window(NamedTuple):
    """[since, until) in milliseconds since 1970; None is open."""

    since: int | None = None
    until: int | None = None

    def __bool__(self) -> bool:
        return self.since is not None or self.until is not None


NO_WINDOW: Final = Window()


class Tolerance(NamedTuple):
    """The faults of the input that still allow a report."""

    option: str
    """The option on the command line, for messages."""
    max_rejected: int
    out_of: int | None = None
    """Records that `max_rejected` is a share of; None: a number, not a share."""
    is_strict: bool = False
    """Unknown events and inputs that are cut off are not tolerated either."""

    def allows(self, rejected: int, records: int) -> bool:
        """Return whether `rejected` of `records` are tolerated."""
        if self.out_of is None:
            return rejected <= self.max_rejected
        return rejected * self.out_of <= self.max_rejected * records


class Alert(NamedTuple):
    """A condition that no row or total may meet: `completion.completion_rate < 0.5`."""

    report: str
    """The report, or the part of a report, that has the metric."""
    metric: str
    operator: str
    """`<`, `<=`, `>`, `>=`, `==` or `!=`."""
    threshold: float | str
    """A rate as a part of 1, a duration in seconds, a word."""
    is_relative: bool = False
    """It is about a change as a part of the figure before."""


PACKAGE_LIMITS = {"select": 250, "prime": None}
"""What Adobe's packages allow a month by default; None: as the contract says."""


class Arrangement(NamedTuple):
    """Which rows and columns of a table are written, and in which order."""

    sort: str | None = None
    """A column, the largest first; ties and all else in the usual order."""
    is_ascending: bool = False
    top: int | None = None
    """Rows that are written; None for all."""
    columns: tuple[str, ...] = ()
    """Figures that are written; none for all."""
    grid: str | None = None
    """The figure of a grid of two keys."""


NO_ARRANGEMENT: Final = Arrangement()


class Settings(NamedTuple):
    """The settings of a report: its rows, and their meaning."""

    clock_ms: int
    """The time of the run, milliseconds since 1970."""
    tz: ZoneInfo
    by: tuple[str, ...] = ()
    window: Window = NO_WINDOW
    compared: Window | None = None
    """The other window, where a report is compared with that; it has both ends."""
    as_of_ms: int | None = None
    idle_ms: int = 1_800_000
    service_level_ms: int = 60_000
    keeps_query: bool = False
    shows_intervals: bool = False
    """Each rate is shown with the bounds of its 95 % interval."""
    tolerance: Tolerance | None = None
    alerts: tuple[Alert, ...] = ()
    min_base: int = 0
    """A rate of fewer triggers no alert."""
    stale_ms: int | None = None
    """Time without new events after which a store is stale, milliseconds."""
    filters: Mapping[str, tuple[str, ...]] = {}
    """Values or glob patterns by column; one of them must fit."""
    arrangement: Arrangement = NO_ARRANGEMENT
    is_listing: bool = False
    """Rows are single conversations, attempts or events, each under its own name."""
    mapped_paths: tuple[tuple[str, str], ...] = ()
    """The user's paths to MAPPED_PARTS of records."""
    demanded_parts: tuple[str, ...] = ()
    """Those of options: found in no record, the input is not what the user says it is."""
    mapped_names: tuple[tuple[str, str], ...] = ()
    """The user's meanings of event names, which are normalised."""
    operands: tuple[str, ...] = ()
    """The values of the report's own operands."""
    package: str = "select"
    """Adobe's package; `select` counts a live chat as a second conversation."""
    package_limit: int = 250
    """What the package allows a month."""

    @property
    def now_ms(self) -> int:
        """Return the moment of the report, as far as it is known before reading."""
        return self.clock_ms if self.as_of_ms is None else self.as_of_ms

    @property
    def windows(self) -> tuple[Window, ...]:
        """Return the window, and the one that it is compared with."""
        return (self.window,) if self.compared is None else (self.window, self.compared)

    @property
    def reach(self) -> Window:
        """Return the least window with all windows in it."""
        starts = [each.since for each in self.windows if each.since is not None]
        ends = [each.until for each in self.windows if each.until is not None]
        count = len(self.windows)
        return Window(
            min(starts) if len(starts) == count else None, max(ends) if len(ends) == count else None
        )


class IngestSettings(NamedTuple):
    """The settings of a run of `ingest`."""

    store: str
    clock_ms: int
    tz: ZoneInfo
    idle_ms: int
    rejects_file: str | None
    is_quiet: bool
    tolerance: Tolerance | None
    mapped_paths: tuple[tuple[str, str], ...]
    mapped_names: tuple[tuple[str, str], ...]
    demanded_parts: tuple[str, ...]
    keeps_events: bool
    prints_changes: bool
    reads_again: bool
    lock_wait_ms: int
    forgotten_sids: tuple[str, ...]
    keep_from_ms: int | None
    """Conversations that ended before are removed; milliseconds, None: none."""
    is_confirmed: bool = False
    """Whether as many go as that says, by whatever clock."""
    is_dry_run: bool = False
