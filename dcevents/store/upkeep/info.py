"""A store in words, for `dcevents store info`."""

import textwrap
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from dcevents import show
from dcevents.analysis.account_words import describe_account
from dcevents.settings import Settings
from dcevents.store import query
from dcevents.store.disk import files
from dcevents.store.disk.state import StoreState

_LABEL_WIDTH = 12


def describe_store(state: StoreState, clock: int, width: int | None = None) -> Iterator[str]:
    """Yield a line for each property of a store, more for one that is wider than `width`."""
    for label, value in _list_properties(state, clock):
        first, *more = _wrap(show.make_visible(value), width)
        yield f"{label:<{_LABEL_WIDTH}}{first}"
        yield from (" " * _LABEL_WIDTH + each for each in more)


def _list_properties(state: StoreState, clock: int) -> Iterator[tuple[str, str]]:
    manifest = state.manifest
    log = query.read_conversations(state, None, Settings(clock, ZoneInfo("UTC"))).log
    first, last = _format_time(log.facts.earliest_ms), _format_time(log.facts.latest_ms)
    size = sum(each.size for each in manifest.files.values())
    conversations = show.format_count(state.conversation_count, "conversation")
    segments = show.format_count(len(manifest.segments), "segment")
    generation = f"version {manifest.version}, generation {manifest.generation}"
    yield "store", f"{state.folder}, {generation}"
    yield "logs", f"{manifest.account.files:,}"
    yield "records", describe_account(log.account)
    yield "events", f"{first} to {last}"
    yield "rows", f"{conversations}, and {state.superseded.height:,} superseded by newer ones"
    if manifest.keeps_events:
        yield "keeps", "each line's event"
    else:
        yield "keeps", "no lines: no listing of events, no --as-of in the past"
    yield "files", f"{len(manifest.files):,} in {segments}, {size:,} bytes"
    yield "taken in", f"last new event at {_format_time(manifest.new_events_at)}"
    yield "looked", f"for new events last at {_format_time(manifest.looked_at)}"
    if manifest.lost_logs:
        yield "missing", f"facts of {len(manifest.lost_logs):,} logs, to be read again"
    if left := files.list_leftovers(state.folder, manifest):
        held = show.format_count(len(left), "file")
        yield "to go", f"{held} of former states, once no report reads them"
    if query.describe_old_rules(state):
        again = f"dcevents ingest LOGS --store {state.folder} --again"
        yield "rules", f"older ones: {again} reads the logs by today's"
    if manifest.cut_off is not None:
        yield "cut-off", f"nothing is kept that ended before {_format_time(manifest.cut_off)}"
    if manifest.forgotten_sids:
        yield "forgotten", show.format_count(len(manifest.forgotten_sids), "session")
    if not state.pending.is_empty():
        sessions = show.format_count(state.pending.len(), "session")
        yield "pending", f"{sessions} with a timestamp in the future"


def _wrap(text: str, width: int | None) -> list[str]:
    if width is None:
        return [text]
    room = max(width - _LABEL_WIDTH, 1)
    return textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False)


def _format_time(ts: int | None) -> str:
    return show.format_timestamp(ts) or show.NO_FIGURE
