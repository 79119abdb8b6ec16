"""Logs into a store: what is new of each, and what comes of it, written so that it is there whole or not at all."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl

from dcevents.errors import InputError
from dcevents.model.facts import Facts
from dcevents.reading import log, sources
from dcevents.reading.log import PLACED, Log, Place
from dcevents.reading.parsing.parse import Limits, Parser
from dcevents.reading.parsing.record import Known as Places
from dcevents.reading.sources import Followed, Input
from dcevents.store import compact
from dcevents.store.disk import files, ledger, segment
from dcevents.store.disk.keys import Keys
from dcevents.store.disk.ledger import HEAD, Known, Ledger, Tally, fingerprint
from dcevents.store.disk.manifest import Account, Manifest
from dcevents.store.disk.state import State
from dcevents.store.merge import Brought, Moment, bring

BATCH = 4_000_000
"""Facts after which what was read so far is written: so a backlog of years needs no more memory than some days."""
_MOST_REJECTS = 20
_MOST_NAMES = 1000


@dataclass(frozen=True)
class Wanted:
    """How logs are to be read."""

    clock: int
    known: Places
    progress: Callable[[int], None]
    keep: Callable[[Place, bytes], None] | None = None
    again: bool = False
    """Read everything from its beginning, whatever was read before."""
    at_once: bool = False
    """Write nothing before all is read: it may yet be refused."""


@dataclass
class Ingested:
    """What a run has read, and the store before and after it."""

    before: Manifest
    after: Manifest
    account: log.Account = field(default_factory=log.Account)
    logs: list[Log] = field(default_factory=list)
    """Of which something was read, without their facts."""
    inputs: list[Input] = field(default_factory=list)
    """What was opened and read, be it that nothing in it could be."""
    are_known: bool = False
    """Whether one of the logs was known, and had events: what is new in it may be anything."""


class Ingest:
    """One run, under the store's lock: `read`, then `write` what is left; between them it may be refused."""

    def __init__(self, folder: Path, manifest: Manifest, wanted: Wanted) -> None:
        self.folder = folder
        self.wanted = wanted
        self.writer = files.Writer(folder, manifest)
        self.done = Ingested(manifest, manifest)
        self.ledger = read_ledger(folder, manifest)
        self.state = State(folder, manifest)
        self.parser = self._parser()
        self.looks = self.is_second_look = False
        """Whether there are logs to look into; and whether some were gone, so that it is done again."""
        self.files_read: set[str] = set()
        self.logs_read: set[int] = set()
        self.expired = 0
        self._begin()

    def _parser(self) -> Parser:
        limits = Limits(None, self.wanted.clock, believing=True)
        in_full = self.state.manifest.keeps_events
        return Parser(limits, self.state.vocabulary(), in_full=in_full, known=self.wanted.known)

    def _begin(self) -> None:
        self.facts = Facts(self.parser.vocabulary)
        self.again = False
        """Whether a log was read that is accounted for already."""
        self.events = [
            pl.DataFrame(schema={**PLACED, "reading": pl.UInt32, "text": pl.String}).drop("sid")
        ]

    # -- reading -------------------------------------------------------------------------------------------------

    def read(self, inputs: Sequence[Input], look_again: Callable[[], Sequence[Input]]) -> Ingested:
        """What is new in logs. Raises InputError.

        Where a file is gone before it is opened, as in a rotation, `look_again` says what there is now.
        """
        self.looks = bool(inputs)
        read = [self._is_read(source) for source in inputs]
        if not all(read):
            self.is_second_look = True
            inputs = look_again()
            for source in inputs:
                if not self._is_read(source):
                    self._read(source)
        self.done.account.files = len(inputs)
        return self.done

    def _is_read(self, source: Input) -> bool:
        """Read an input; whether it was there."""
        try:
            self._read(source)
        except InputError:
            if source.path is None or source.path.exists():
                raise
            return False
        if self.facts.height >= BATCH and not self.wanted.at_once:
            self.write()
        return True

    def _read(self, source: Input) -> None:
        if self.is_second_look and source.size is None:
            return
        if source.path is None or source.size is None:
            # A pipe: what is in it is known only when it was read.
            self._taken(source, b"", None, Followed(ask=[each.size for each in self.ledger.logs]))
            return
        head, same = sources.head(source)
        file = fingerprint(same)
        if self.is_second_look and file in self.files_read:
            return
        self._look_into(source, head, file)
        self.files_read.add(file)

    def _look_into(self, source: Input, head: bytes, file: str) -> None:
        same_file = self.ledger.of_file(file)
        if not self.wanted.again and same_file is not None:
            self._meet(same_file)
            self.ledger.seen_in(same_file, source.name, file)
            self.wanted.progress(source.size or 0)
            return
        number, goes_on = self._number(source, head)
        self._meet(number)
        if number is None or goes_on or self.wanted.again:
            self._taken(source, head, number, self._followed(number), file)
        else:
            self.ledger.seen_in(number, source.name, file)
            self.wanted.progress(source.size or 0)

    def _meet(self, number: int | None) -> None:
        if number is not None:
            log = self.ledger.logs[number]
            self.done.are_known |= any(
                part.tally.get("event", 0) > 0 for part in (log.read, log.rest)
            )

    def _number(self, source: Input, head: bytes) -> tuple[int | None, bool]:
        """The log that an input is, as far as that was read, and whether it goes on; None for a new one."""
        for number in self.ledger.beginning_as(head):
            known = self.ledger.logs[number]
            before = sources.before(source, known.size)
            if before is not None and fingerprint(before.tail) == known.tail:
                return number, before.goes_on
        return None, True

    def _followed(self, number: int | None) -> Followed:
        known = None if number is None else self.ledger.logs[number]
        return Followed(
            begin=known.size if known and known.by_line and not self.wanted.again else 0
        )

    def _taken(
        self,
        source: Input,
        head: bytes,
        number: int | None,
        followed: Followed,
        file: str | None = None,
    ) -> None:
        """Read an input from where it is new, and note how far it was read."""
        source.followed = followed
        former = None if number is None else self.ledger.logs[number]
        self.again |= former is not None and not followed.begin
        before = former if followed.begin else None
        found = log.read(
            [source],
            self.parser,
            self.wanted.progress,
            placed=self.parser.in_full,
            keep=self.wanted.keep,
            lines_before=before.lines if before else 0,
        )
        rest = log.read_rest(
            source,
            self.parser,
            placed=self.parser.in_full,
            keep=self.wanted.keep,
            lines_before=found.lines,
        )
        self.done.inputs.append(source)
        for each in (found, rest):
            self._leave_out(each)
        if not followed.end and not followed.rest:
            return
        begun = (head or followed.head)[: min(HEAD, max(followed.end, len(followed.rest)))]
        known = Known(
            name=source.name,
            head=fingerprint(begun),
            head_size=len(begun),
            tail=fingerprint(followed.tail),
            size=followed.end,
            lines=found.lines,
            read=_sum(before.read, tally(found)) if before else tally(found),
            rest=tally(rest),
            by_line=followed.by_line,
            reading=before.reading if before else former.reading + 1 if former else 0,
            files=former.files if former else (),
        )
        number = self._same(known, followed) if number is None else number
        number = self.ledger.put(known, number)
        self.logs_read.add(number)
        if file is not None:
            self.ledger.seen_in(number, source.name, file)
        if found.account.records or rest.account.records:
            self.done.logs.append(replace(found, facts=Facts(), placed=None))
        for each in (found, rest):
            self._take(each, number, known.reading)

    def _same(self, known: Known, followed: Followed) -> int | None:
        """The log that one is after all, now that it was read: of standard input that could not be told before."""
        for number in sorted(range(len(self.ledger.logs)), key=self.ledger.length, reverse=True):
            each = self.ledger.logs[number]
            tail = followed.tails.get(each.size)
            begins_alike = each.head_size <= known.head_size and tail is not None
            if (
                begins_alike
                and fingerprint(tail or b"") == each.tail
                and _head(followed, each) == each.head
            ):
                return number
        return None

    def _leave_out(self, found: Log) -> None:
        """Account for events of sessions that are to be forgotten as such."""
        forgotten = self.writer.before.forgotten
        if not forgotten or not found.facts.height:
            return
        sessions = found.facts.sessions()
        keys = Keys(self.writer.before.secret, self.writer.before.moved)
        theirs = sessions.numbers.filter(keys.numbers(sessions.texts()).is_in(list(forgotten)))
        facts = found.facts.frame().filter(pl.col("sid").is_in(theirs.implode()))
        identity = self.parser.vocabulary.identities().gather(facts["said"]).alias("identity")
        n = facts.select("sid", identity, "ts").n_unique()
        found.account.tally.update({"forgotten": n, "event": -n})

    def _take(self, found: Log, number: int, reading: int) -> None:
        """Add what a log says to what is to be written, and to the run's account."""
        _add(self.done.account, found.account, len(self.done.inputs) - 1)
        if not found.account.records:
            return
        sessions = found.facts.sessions()
        self.facts.add(found.facts.frame(), sessions)
        if found.placed is not None and not found.placed.is_empty():
            of = {"file": number, "reading": reading}
            lines = found.placed.with_columns(
                pl.lit(n, pl.UInt32).alias(name) for name, n in of.items()
            )
            self.events.append(lines.join(sessions.frame(), on="sid").drop("sid"))

    # -- writing -------------------------------------------------------------------------------------------------

    def write(self) -> Ingested:
        """Bring what was read into the store. Raises OutputError where it cannot be written."""
        manifest = self.writer.before
        keys = Keys(manifest.secret, manifest.moved)
        events = pl.concat(self.events, how="diagonal") if self.parser.in_full else None
        brought = bring(self.state, self.facts, keys, Moment(self.wanted.clock), events=events)
        after = self._put(manifest, brought)
        self.done.account.events += brought.new
        expired = brought.removed["expired"]
        self.done.account.tally.update({"expired": expired, "event": -expired})
        after = replace(
            after,
            moved=keys.moved,
            unsettled=tuple(sorted(brought.unsettled)),
            account=account(self.ledger),
            events=manifest.events + brought.more.events,
            untimed=manifest.untimed + brought.more.untimed,
            removed=self._removed(brought),
            read_at=self.wanted.clock,
            looked_at=self.wanted.clock if self.looks else manifest.looked_at,
            taken_in_at=self.wanted.clock
            if not brought.segment.facts.is_empty()
            else manifest.taken_in_at,
        )
        self.done.after = self.writer.commit(after, without=_replaced(manifest, after))
        self.state = State(self.folder, self.done.after)
        if any(brought.removed.values()):
            # Its codes of what was left out stand for nothing now.
            self.parser = self._parser()
        self._begin()
        return self.done

    def _said(self, made: segment.Segment) -> pl.DataFrame:
        """All contents, the new ones that were left out as if they had never been said."""
        said = segment.said_table(self.parser.vocabulary.said())
        new = pl.int_range(self.state.said.height, said.height, dtype=pl.UInt32, eager=True)
        lost = new.filter(~new.is_in(segment.codes([made.facts, made.events], ["said"]).implode()))
        return (
            segment.without(said, lost, [made.conversations], [made.attempts])
            if lost.len()
            else said
        )

    def _removed(self, brought: Brought) -> Mapping[str, int]:
        removed = self.writer.before.removed
        self.expired += brought.removed["expired"]
        if self.wanted.again and len(self.logs_read) == len(self.ledger.logs):
            # All that there ever was: the forgotten are among what was read.
            return {"expired": self.expired}
        # Of what is read again, these are counted: then they would be taken for duplicates a second time less.
        return (
            removed
            if self.again
            else more_removed(removed, {"expired": brought.removed["expired"]})
        )

    def _put(self, manifest: Manifest, brought: Brought) -> Manifest:
        """Write the files of what was brought; the manifest with their names comes back."""
        number, dead, said = self.writer.number, manifest.dead, manifest.said
        made, edges = brought.segment, (brought.earliest, brought.latest)
        parts = (
            [compact.put(self.writer, files.segment(number), made, edges, self.wanted.clock)]
            if made.tables()
            else []
        )
        if not brought.dead.is_empty():
            rows = pl.concat([self.state.dead, brought.dead]).sort("segment", "row")
            dead = self.writer.put_frame(f"dead-{number:06}.parquet", rows)
        if len(self.parser.vocabulary) > self.state.said.height:
            said = self.writer.put_frame(f"said-{number:06}.parquet", self._said(made))
        logs = self.writer.put(f"ledger-{number:06}.json", self.ledger.as_json())
        return replace(
            manifest, segments=(*manifest.segments, *parts), dead=dead, said=said, ledger=logs
        )


def _head(followed: Followed, known: Known) -> str:
    return fingerprint(followed.head[: known.head_size])


def read_ledger(folder: Path, manifest: Manifest) -> Ledger:
    """The store's ledger."""
    return (
        Ledger()
        if manifest.ledger is None
        else ledger.read(files.content(folder, manifest, manifest.ledger))
    )


def _replaced(before: Manifest, after: Manifest) -> frozenset[str]:
    """Files that others take the place of."""
    was, now = ({each.said, each.dead, each.ledger} for each in (before, after))
    return frozenset(name for name in was - now if name is not None)


def more_removed(removed: Mapping[str, int], more: Mapping[str, int]) -> dict[str, int]:
    """How many events were removed, and why, with more of them."""
    return dict(Counter(removed) + Counter(more))


# -- accounts ----------------------------------------------------------------------------------------------------


def tally(of: Log) -> Tally:
    """Where a log's records went."""
    found = of.account
    rejects = tuple((each.line, each.reason, each.member) for each in found.rejects[:_MOST_REJECTS])
    return Tally(
        found.records,
        {name: n for name, n in found.tally.items() if n},
        dict(found.unknown),
        rejects,
    )


def _sum(one: Tally, other: Tally) -> Tally:
    return Tally(
        one.records + other.records,
        dict(Counter(one.tally) + Counter(other.tally)),
        _names(one.unknown, other.unknown),
        (*one.rejects, *other.rejects)[:_MOST_REJECTS],
    )


def _names(*parts: object) -> dict[str, int]:
    found: Counter[str] = Counter()
    for part in parts:
        for name, n in dict(part).items():  # type: ignore[call-overload]
            found[name if name in found or len(found) < _MOST_NAMES else "other"] += n
    return dict(found)


def account(of: Ledger) -> Account:
    """Where the records of all logs went."""
    counts: Counter[str] = Counter()
    for each in of.logs:
        counts.update(each.read.tally)
        counts.update(each.rest.tally)
    tallies = [part for each in of.logs for part in (each.read, each.rest)]
    rejects = (
        (each.name, *place)
        for each in of.logs
        for part in (each.read, each.rest)
        for place in part.rejects
    )
    return Account(
        files=len(of.logs),
        records=sum(each.records for each in tallies),
        tally=dict(counts),
        unknown=_names(*(each.unknown for each in tallies)),
        rejects=tuple(place for place, _ in zip(rejects, range(_MOST_REJECTS), strict=False)),
    )


def _add(to: log.Account, more: log.Account, number: int) -> None:
    """Add the account of the input with this number among those that were read."""
    to.records += more.records
    to.tally += more.tally
    to.unknown = Counter(_names(to.unknown, more.unknown))
    to.rejects += more.rejects[: _MOST_REJECTS - len(to.rejects)]
    for lines in more.strangers.values():
        to.strangers[number] = lines
