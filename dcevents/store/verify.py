"""Whether a store is what it was written as, and whether its rows are what its facts come to."""

from collections.abc import Iterator

import polars as pl

from dcevents.store import compact
from dcevents.store.disk import files, segment
from dcevents.store.disk.keys import Keys
from dcevents.store.disk.manifest import Part
from dcevents.store.disk.segment import Segment
from dcevents.store.disk.state import State
from dcevents.store.merge import Counts, counts

_MOST = 20
"""Files that are named."""


def faults(state: State, clock: int) -> Iterator[str]:
    """What is wrong with a store, a line each; none, where all is well. Raises StoreError where it cannot be read."""
    damaged = list(files.damage(state.folder, state.manifest.files))
    if damaged:
        yield from (f"{state.folder / name}: {what}" for name, what in damaged[:_MOST])
        return
    for part in state.parts:
        yield from _of_part(state, part)
    yield from _of_rows(state, clock)


def _of_part(state: State, part: Part) -> Iterator[str]:
    name = state.folder / part.name
    if (state.table(part, "facts").height, state.table(part, "conversations").height) != (
        part.facts,
        part.conversations,
    ):
        yield f"{name}: it has other numbers of rows than the manifest says"
    sids = state.table(part, "sids")
    if (
        not Keys(state.manifest.secret, state.manifest.moved)
        .numbers(sids["text"])
        .equals(sids["sid"])
    ):
        yield f"{name}: its sids have other numbers"
    for table in ("facts", "conversations", "agents", "attempts"):
        codes = state.table(part, table, ["said"])["said"]
        if codes.len() and int(codes.max()) >= state.said.height:  # type: ignore[arg-type]
            yield f"{name}/{table}.parquet: it has contents that are not there"
            return


def _of_rows(state: State, clock: int) -> Iterator[str]:
    """What is not as it comes out if everything is computed anew."""
    total = Counts(0, 0)
    identities, ids = state.vocabulary().identities(), pl.lit(segment.ids(state.said))
    for stored in compact.merged_in_ranges(state, state.parts, clock):
        settled = ~pl.col("sid").is_in(list(state.manifest.unsettled))
        again = _again(state, stored, clock)
        for name in ("conversations", "attempts"):
            columns = [column for column in segment.SCHEMAS[name] if column != "row"]
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
        found = counts(stored.facts.filter(settled), identities, clock)
        total = Counts(total.events + found.events, total.untimed + found.untimed)
    if total != (state.manifest.events, state.manifest.untimed):
        yield f"{state.folder}: {total.events:,} events, and the manifest says {state.manifest.events:,}"


def _again(state: State, stored: Segment, clock: int) -> Segment:
    """The same facts' conversations and attempts, computed anew."""
    texts = pl.concat([segment.none("sids"), *state.tables("sids")])
    own = texts.join(stored.facts.select("sid").unique(), on="sid", how="semi")
    folded = segment.fold(stored.facts, own, state.vocabulary(), clock)
    conversations, attempts = segment.tables(folded, own)
    return Segment(stored.facts, own, conversations, attempts, stored.agents, stored.events)
