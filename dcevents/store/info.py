"""What a store holds, in words."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from dcevents import show
from dcevents.reading import account_words
from dcevents.settings import Settings
from dcevents.store import query
from dcevents.store.disk.state import StoreState


def describe_store(state: StoreState, clock: int) -> Iterator[str]:
    """A line for each thing to know: its label, and what it is."""
    for label, text in _list_properties(state, clock):
        yield f"{label:<12}{text}"


def _list_properties(state: StoreState, clock: int) -> Iterator[tuple[str, str]]:
    of = state.manifest
    read = query.read_conversations(state, None, Settings(clock, ZoneInfo("UTC")))
    first, last = read.log.facts.earliest_ms, read.log.facts.latest_ms
    size = sum(size for size, _ in of.files.values())
    dead = state.superseded.height
    yield "store", f"{state.folder}, version {of.version}, generation {of.generation}"
    yield "logs", f"{of.account.files:,}"
    yield "records", account_words.describe_account(read.log.account)
    yield (
        "events",
        f"{show.format_timestamp(first) or show.NO_FIGURE} to {show.format_timestamp(last) or show.NO_FIGURE}",
    )
    yield (
        "rows",
        f"{show.format_count(state.conversation_count, 'conversation')}, and {dead:,} that were computed anew since",
    )
    yield (
        "keeps",
        "each line's event"
        if of.keeps_events
        else "no lines: no listing of events, no --as-of in the past",
    )
    yield (
        "files",
        f"{len(of.files):,} in {show.format_count(len(of.segments), 'segment')}, {size:,} bytes",
    )
    yield (
        "taken in",
        f"last new event at {show.format_timestamp(of.new_events_at) or show.NO_FIGURE}",
    )
    yield "looked", f"last at {show.format_timestamp(of.looked_at) or show.NO_FIGURE}"
    if of.cut_off is not None:
        yield "cut-off", f"nothing is kept that ended before {show.format_timestamp(of.cut_off)}"
    if of.forgotten:
        yield "forgotten", show.format_count(len(of.forgotten), "session")
    if of.unsettled:
        yield (
            "unsettled",
            f"{show.format_count(len(of.unsettled), 'session')} with a timestamp in the future",
        )
