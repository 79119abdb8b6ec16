"""Findings of the judge: an event, the widget's, unknown, or rejected."""

from dataclasses import dataclass
from typing import Final, NamedTuple

from dcevents.reading.judge.mapping import NO_MAPPING, Mapping
from dcevents.reading.judge.nodes import Path

MAX_TEXT_CHARACTERS: Final = 512
"""Names, ids, types, agents: of a longer text the first 511 and `…`."""
MAX_PAGE_CHARACTERS: Final = 2048
MAX_UNKNOWN_NAME_CHARACTERS: Final = 128
MAX_SID_BYTES: Final = 512
"""A known event with a longer sid is rejected."""

NOT_AN_OBJECT: Final = "not_an_object"
NO_EVENT: Final = "no_event"
NO_SID: Final = "no_sid"
TOO_LONG: Final = "too_long"


class Context(NamedTuple):
    """Hold what is known beside a record: clocks in milliseconds since 1970, options."""

    clock_ms: int
    first_clock_ms: int | None = None
    """The clock of the first reading, for times without a year; else the clock of the run."""
    keep_query: bool = False
    mapping: Mapping = NO_MAPPING

    @property
    def year_clock_ms(self) -> int:
        """Return the clock that times without a year go by."""
        return self.clock_ms if self.first_clock_ms is None else self.first_clock_ms


class Time(NamedTuple):
    """When an event happened: milliseconds, None for untimed.

    Why, and how it was written.

    `status` is `timed`, `ancient`, `future` or `untimed`; `form` is the form of the text,
    `unreadable` where a text is no timestamp, `absent` where there is none.
    """

    ms: int | None = None
    text: str | None = None
    form: str = "absent"
    status: str = "untimed"


class Structure(NamedTuple):
    """Hold where the parts of an event were found, as paths.

    None or no entry for what has none.

    `times` and `pages` are the candidates in their order: the first that reads as a timestamp and
    is not ancient, the first page with a text, is the event's.
    """

    is_canonical: bool
    event: Path
    fields: tuple[tuple[str, Path], ...]
    time: Path | None
    page: Path | None
    times: tuple[Path, ...] = ()
    pages: tuple[Path, ...] = ()
    is_timed_by_prefix: bool = False
    """True where the text before the record has the time."""
    mapped: tuple[str, ...] = ()
    """Parts that were found where the user's map says."""


class Event(NamedTuple):
    """An event of a conversation, its texts within their limits."""

    kind: str
    sid: str
    time: Time
    structure: Structure
    id: str | None = None
    name: str | None = None
    type: str | None = None
    ui_type: str | None = None
    page: str | None = None
    agent_id: str | None = None
    agent_name: str | None = None
    meeting_info: str | None = None
    """JSON text."""


@dataclass(frozen=True)
class WidgetReady:
    """The window event that says the widget is ready."""


class UnknownEvent(NamedTuple):
    """No known name, but one under a key that names events, as it is spelled."""

    name: str


class Rejection(NamedTuple):
    """A record that is none: not_an_object, no_event, no_sid, too_long."""

    reason: str


Outcome = Event | WidgetReady | UnknownEvent | Rejection


@dataclass(frozen=True)
class Finding:
    """One record of a value, and its number where the value holds several."""

    outcome: Outcome
    index: int | None = None


def cut_text(text: str, limit: int) -> str:
    """Return a text; of one longer than the limit the first limit - 1 characters and `…`."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def cut_page(page: str, *, keep_query: bool) -> str | None:
    """Return a page without query and fragment, within its limit.

    None for nothing left.
    """
    if not keep_query:
        page = page.partition("#")[0].partition("?")[0]
    return cut_text(page, MAX_PAGE_CHARACTERS) or None
