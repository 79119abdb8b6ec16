"""What a store holds, in words."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from dcevents import show
from dcevents.reading import account
from dcevents.settings import Settings
from dcevents.store import reading
from dcevents.store.disk.state import State


def lines(state: State, clock: int) -> Iterator[str]:
    """A line for each thing to know: its label, and what it is."""
    for label, text in _facts(state, clock):
        yield f"{label:<12}{text}"


def _facts(state: State, clock: int) -> Iterator[tuple[str, str]]:
    of = state.manifest
    read = reading.kept(state, None, Settings(clock, ZoneInfo("UTC")))
    first, last = read.log.facts.earliest, read.log.facts.latest
    size = sum(size for size, _ in of.files.values())
    dead = state.dead.height
    yield "store", f"{state.folder}, version {of.version}, generation {of.generation}"
    yield "logs", f"{of.account.files:,}"
    yield "records", account.in_words(read.log.account)
    yield "events", f"{show.timestamp(first) or show.NONE} to {show.timestamp(last) or show.NONE}"
    yield (
        "rows",
        f"{show.things(state.height, 'conversation')}, and {dead:,} that were computed anew since",
    )
    yield (
        "keeps",
        "each line's event"
        if of.keeps_events
        else "no lines: no listing of events, no --as-of in the past",
    )
    yield (
        "files",
        f"{len(of.files):,} in {show.things(len(of.segments), 'segment')}, {size:,} bytes",
    )
    yield "taken in", f"last new event at {show.timestamp(of.taken_in_at) or show.NONE}"
    yield "looked", f"last at {show.timestamp(of.looked_at) or show.NONE}"
    if of.cut_off is not None:
        yield "cut-off", f"nothing is kept that ended before {show.timestamp(of.cut_off)}"
    if of.forgotten:
        yield "forgotten", show.things(len(of.forgotten), "session")
    if of.unsettled:
        yield (
            "unsettled",
            f"{show.things(len(of.unsettled), 'session')} with a timestamp in the future",
        )
