"""What a store is not to keep: a person's session, or what is older than a time. Removed from its files, for good."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import polars as pl

from dcevents.store import compact
from dcevents.store.disk import files, segment
from dcevents.store.disk.files import StoreWriter
from dcevents.store.disk.manifest import Manifest, SegmentInfo
from dcevents.store.disk.numbering import StoreNumbering
from dcevents.store.disk.state import StoreState
from dcevents.store.ingest import add_removed
from dcevents.store.merge import EventCounts, count_events


def forget_sessions(
    writer: StoreWriter, state: StoreState, sids: Sequence[str], clock: int
) -> Manifest:
    """Remove sessions. Lines of theirs that are read later are left out; no sid stays, but its keyed hash."""
    manifest = writer.committed
    numbers = (
        StoreNumbering(manifest.secret, manifest.salts)
        .number_sids(pl.Series(sids, dtype=pl.String))
        .unique()
    )
    rows = state.find_rows(numbers)
    facts = state.read_facts(rows)
    conversations = facts.select(
        "sid", segment.number_conversation_ids(state.attributes).gather(facts["said"]).alias("id")
    ).unique()
    after = replace(
        manifest,
        forgotten=tuple(sorted({*manifest.forgotten, *numbers})),
        unsettled=tuple(sid for sid in manifest.unsettled if sid not in set(numbers)),
    )
    return _Removing(writer, state, clock).run(rows, conversations, after, "forgotten")


def find_known_sids(state: StoreState, sids: Sequence[str]) -> set[str]:
    """Those of the sids of which there is something."""
    keys = StoreNumbering(state.manifest.secret, state.manifest.salts)
    numbered = pl.DataFrame(
        {"sid": keys.number_sids(pl.Series(sids, dtype=pl.String)), "text": sids}
    )
    return set(
        numbered.join(state.find_rows(numbered["sid"].unique()), on="sid", how="semi")["text"]
    )


def expire_conversations(
    writer: StoreWriter, state: StoreState, cut_off: int, clock: int
) -> Manifest:
    """Remove conversations that ended before a time. Lines of theirs that are read later are left out."""
    manifest = writer.committed
    last = max(cut_off, manifest.cut_off or cut_off)
    rows, conversations = _find_older(state, last, clock)
    return _Removing(writer, state, clock).run(
        rows, conversations, replace(manifest, cut_off=last), "expired"
    )


def _find_older(state: StoreState, cut_off: int, clock: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows of sessions with conversations of which nothing is later than a time, and these: `sid`, `id`.

    A timestamp that is not believed is none. Of conversations without a time it is that of their segment.
    """
    ids, found = (
        segment.number_conversation_ids(state.attributes),
        [segment.make_empty_table("conversations").select("sid", "said")],
    )
    for number, part in enumerate(state.segments):
        if part.earliest is None or part.earliest < cut_off:
            rows = state.read_table(part, "conversations", ["sid", "said", "last_at"])
            live = state.drop_superseded(number, rows)
            is_older = (pl.col("last_at").to_physical() < cut_off).fill_null(
                value=part.written_at < cut_off
            )
            found.append(live.filter(is_older).drop("last_at"))
    few = pl.concat(found)
    old = few.select("sid", ids.gather(few["said"]).alias("id"))
    rows = state.find_rows(old["sid"].unique())
    # A dialogue that was shown again is no activity, but it is something later.
    facts = state.read_facts(rows).filter(~segment.is_future(clock))
    latest = (
        facts.with_columns(ids.gather(facts["said"]).alias("id"))
        .group_by("sid", "id")
        .agg(pl.col("ts").max())
    )
    later = latest.filter(pl.col("ts").to_physical() >= cut_off)
    return rows, old.join(later, on=["sid", "id"], how="anti")


class _Removing:
    """The steps, with what they share."""

    def __init__(self, writer: StoreWriter, state: StoreState, clock: int) -> None:
        self.writer = writer
        self.state = state
        self.clock = clock
        self.ids = segment.number_conversation_ids(state.attributes)

    def run(self, rows: pl.DataFrame, gone: pl.DataFrame, after: Manifest, why: str) -> Manifest:
        """Write the segments that have conversations (`sid`, `id`) that are gone anew, without them."""
        before, state = self.writer.committed, self.state
        if gone.is_empty():
            return before if after == before else self.writer.commit_manifest(after)
        every = state.read_facts(rows)
        facts, left = self._of(gone, every), self._of(gone, every, but=True)
        vanished = (
            pl.concat([gone["sid"]]).filter(~gone["sid"].is_in(left["sid"].implode())).unique()
        )
        numbers = sorted({*rows["segment"], *self._with_lines_of(gone["sid"])})
        compact.require_undamaged(state, [state.segments[number] for number in numbers])
        parts = {
            state.segments[number].name: self._again(number, gone, vanished) for number in numbers
        }
        kept = (parts.get(part.name, part) for part in state.segments)
        unsettled = self._unsettled(after, rows["sid"], left)
        more = self._settled(left, unsettled) - self._settled(every, before.unsettled)
        texts = pl.concat([segment.make_empty_table("sids"), *state.read_tables("sids")]).join(
            vanished.to_frame("sid"), on="sid", how="semi"
        )
        after = replace(
            after,
            unsettled=unsettled,
            segments=tuple(part for part in kept if part is not None),
            superseded_file=compact.write_superseded(
                self.writer, state.superseded.filter(~pl.col("segment").is_in(list(parts)))
            ),
            event_count=after.event_count + more.events,
            untimed_count=after.untimed_count + more.untimed,
            salts={
                text: turn for text, turn in after.salts.items() if text not in set(texts["text"])
            },
            removed_events=add_removed(
                after.removed_events,
                {why: count_events(facts, self._identities, self.clock).events},
            ),
        )
        after = replace(after, attributes_file=self._said(after, facts))
        old = {name for name in before.files if name.rpartition("/")[0] in parts}
        former = {before.superseded_file, before.attributes_file} - {
            after.superseded_file,
            after.attributes_file,
            None,
        }
        return self.writer.commit_manifest(
            after, removed_files=frozenset(old | {str(name) for name in former})
        )

    def _with_lines_of(self, sids: pl.Series) -> Iterator[int]:
        """The segments that have lines of sessions, be it only such as say again what others had said."""
        for number, part in enumerate(self.state.segments):
            lines = self.state.read_table(part, "events", ["sid"])["sid"]
            if lines.is_in(sids.implode()).any():
                yield number

    def _unsettled(self, after: Manifest, sids: pl.Series, left: pl.DataFrame) -> tuple[int, ...]:
        """Sessions that are not settled, when of these only some facts are left."""
        # Whose rows are of a clock that did not believe what this one does: they are not settled by this.
        then = min(self.clock, self.writer.committed.last_clock or self.clock)
        waiting = {*left.filter(segment.is_future(then))["sid"]}
        touched = {*sids}
        return tuple(sid for sid in after.unsettled if sid in waiting or sid not in touched)

    def _settled(self, facts: pl.DataFrame, unsettled: Sequence[int]) -> EventCounts:
        """What facts come to, but for those of sessions that are not settled."""
        return count_events(
            facts.filter(~pl.col("sid").is_in(list(unsettled))), self._identities, self.clock
        )

    @property
    def _identities(self) -> pl.Series:
        return self.state.make_vocabulary().number_identities()

    def _of(self, gone: pl.DataFrame, rows: pl.DataFrame, *, but: bool = False) -> pl.DataFrame:
        named = rows.with_columns(self.ids.gather(rows["said"]).alias("id"))
        return named.join(
            gone, on=["sid", "id"], how="anti" if but else "semi", maintain_order="left"
        ).drop("id")

    def _again(self, number: int, gone: pl.DataFrame, vanished: pl.Series) -> SegmentInfo | None:
        """A segment without what is gone; None where nothing is left of it."""

        def left(name: str, frame: pl.DataFrame) -> pl.DataFrame:
            if name == "sids":
                return frame.filter(~pl.col("sid").is_in(vanished.implode()))
            return self._of(gone, frame, but=True)

        part = self.state.segments[number]
        found = compact.merge_segments(self.state, [number], left, self.clock)
        name = files.name_segment(self.writer.generation, number)
        edges = compact.compute_time_range(found, self.clock)
        return (
            compact.write_segment(self.writer, name, found, edges, part.written_at)
            if found.collect_tables()
            else None
        )

    def _said(self, after: Manifest, facts: pl.DataFrame) -> str | None:
        """Write the contents anew, without what nothing that is left says."""
        left = StoreState(
            self.state.folder,
            replace(after, files={**self.writer.committed.files, **self.writer.new_files}),
        )
        gone = facts["said"].unique()
        lost = gone.filter(
            ~gone.is_in(
                segment.collect_codes(left.read_tables("facts", ["said"]), ["said"]).implode()
            )
        )
        if lost.is_empty():
            return after.attributes_file
        conversations, attempts = left.read_tables("conversations"), left.read_tables("attempts")
        said = segment.blank_attributes(
            self.state.attributes, lost, list(conversations), list(attempts)
        )
        return self.writer.write_frame(f"said-{self.writer.generation:06}.parquet", said)
