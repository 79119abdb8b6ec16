"""Whether a store is what it was written as, and whether its rows are what its facts come to."""

from collections.abc import Iterator

import polars as pl

from dcevents.store import compact
from dcevents.store.disk import files, segment
from dcevents.store.disk.manifest import SegmentInfo
from dcevents.store.disk.numbering import StoreNumbering
from dcevents.store.disk.segment import Segment
from dcevents.store.disk.state import StoreState
from dcevents.store.merge import EventCounts, count_events

_MAX_SHOWN_FILES = 20
"""Files that are named."""


def find_faults(state: StoreState, clock: int) -> Iterator[str]:
    """What is wrong with a store, a line each; none, where all is well. Raises StoreError where it cannot be read."""
    damaged = list(files.find_damage(state.folder, state.manifest.files))
    if damaged:
        yield from (f"{state.folder / name}: {what}" for name, what in damaged[:_MAX_SHOWN_FILES])
        return
    for part in state.segments:
        yield from _check_segment(state, part)
    yield from _check_rows(state, clock)


def _check_segment(state: StoreState, part: SegmentInfo) -> Iterator[str]:
    name = state.folder / part.name
    if (state.read_table(part, "facts").height, state.read_table(part, "conversations").height) != (
        part.fact_count,
        part.conversation_count,
    ):
        yield f"{name}: it has other numbers of rows than the manifest says"
    sids = state.read_table(part, "sids")
    if (
        not StoreNumbering(state.manifest.secret, state.manifest.salts)
        .number_sids(sids["text"])
        .equals(sids["sid"])
    ):
        yield f"{name}: its sids have other numbers"
    for table in ("facts", "conversations", "agents", "attempts"):
        codes = state.read_table(part, table, ["said"])["said"]
        if codes.len() and int(codes.max()) >= state.attributes.height:  # type: ignore[arg-type]
            yield f"{name}/{table}.parquet: it has contents that are not there"
            return


def _check_rows(state: StoreState, clock: int) -> Iterator[str]:
    """What is not as it comes out if everything is computed anew."""
    total = EventCounts(0, 0)
    identities, ids = (
        state.make_vocabulary().number_identities(),
        pl.lit(segment.number_conversation_ids(state.attributes)),
    )
    for stored in compact.merge_in_ranges(state, state.segments, clock):
        settled = ~pl.col("sid").is_in(list(state.manifest.unsettled))
        again = _recompute_tables(state, stored, clock)
        for name in ("conversations", "attempts"):
            columns = [column for column in segment.TABLE_SCHEMAS[name] if column != "row"]
            # Of contents without an id any may stand for it.
            one, other = (
                getattr(each, name)
                .filter(settled)
                .select(columns)
                .with_columns(ids.gather(pl.col("said")).alias("said"))
                .sort(columns[:2] + columns[-1:])
                for each in (stored, again)
            )
            if not one.equals(other):
                yield f"{state.folder}: its {name} are not what its events come to"
        found = count_events(stored.facts.filter(settled), identities, clock)
        total = EventCounts(total.events + found.events, total.untimed + found.untimed)
    if total != (state.manifest.event_count, state.manifest.untimed_count):
        yield f"{state.folder}: {total.events:,} events, and the manifest says {state.manifest.event_count:,}"


def _recompute_tables(state: StoreState, stored: Segment, clock: int) -> Segment:
    """The same facts' conversations and attempts, computed anew."""
    texts = pl.concat([segment.make_empty_table("sids"), *state.read_tables("sids")])
    own = texts.join(stored.facts.select("sid").unique(), on="sid", how="semi")
    folded = segment.fold_facts(stored.facts, own, state.make_vocabulary(), clock)
    conversations, attempts = segment.compute_tables(folded, own)
    return Segment(stored.facts, own, conversations, attempts, stored.agents, stored.events)
