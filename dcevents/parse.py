"""Blocks of lines → rows of events, rejects, tallies. Every line lands in exactly one bucket; no I/O.

Lines whose shape is known are read by the column (`shapes`), all others one by one (`record`); both say the same.
"""

import contextlib
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

import polars as pl

from dcevents import record, shapes
from dcevents.events import REJECT_REASONS
from dcevents.record import MAX_LINE, Record, Said
from dcevents.shapes import ASIDE, OTHER, SLOW, TIMELESS, Layout, Seen
from dcevents.timestamps import ABSENT, form, parse

UNTIMED = 1 << 60
"""In a column of timestamps: the event has none. Sorts last, as untimed events do."""
FUTURE = UNTIMED + 1
"""The same, since its timestamp lay more than a day after the clock of the run."""
DAY_MS = 86_400_000

ROWS = {"sid": pl.UInt32, "said": pl.UInt32, "ts": pl.Int64, "row": pl.UInt32}
"""Columns of events: codes of the session and of what was said (`Vocabulary`), milliseconds, line in the block."""
FORM = {"form": pl.UInt8}
"""One more, where it is asked for: how the timestamp is written, as a number in `timestamps.FORMS`."""

_SAMPLE = 600
_FEW = 20
_FEW_SAMPLES = 2
_MANY = 200
_MOST_LAYOUTS = 8


class Reject(NamedTuple):
    """A line that is not counted, and why."""

    row: int
    reason: str
    raw: bytes


@dataclass(slots=True)
class Parsed:
    """What one block holds. `tally` sums to `records` (`event` includes duplicates)."""

    lines: int
    rows: pl.DataFrame
    tally: Counter[str] = field(default_factory=Counter)
    unknown: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Name of an unknown event → the first row that has it, and how many have."""
    rejects: list[Reject] = field(default_factory=list)
    more: int = 0
    """Records beyond one a line: a server's line may hold several."""

    @property
    def records(self) -> int:
        """What the lines hold."""
        return self.lines + self.more


class Limits(NamedTuple):
    """Times beyond which an event is not read (`as_of`) or not believed (`clock`), milliseconds."""

    as_of: int | None
    clock: int


class Vocabulary:
    """Codes for sids and for what events say; grows with distinct texts, not with lines. Safe for threads."""

    def __init__(self) -> None:
        self.sids = pl.Categorical(pl.Categories.random("sid", physical=pl.UInt32))
        # polars forgets the codes of categories that no column holds any more: this one is held for good.
        self._kept = pl.Series([""]).cast(self.sids)
        self.no_sid = int(self._kept.to_physical()[0])
        self._said: dict[Said, int] = {}
        self._lock = threading.Lock()

    def code(self, said: Said) -> int:
        """The number of what an event says."""
        with self._lock:
            return self._said.setdefault(said, len(self._said))

    def said(self) -> list[Said]:
        """All that was said, by number."""
        with self._lock:
            return list(self._said)

    def identities(self) -> pl.Series:
        """UInt32: code of what was said → number of its (kind, id, agent), by which events are told apart."""
        numbers: dict[tuple[int, str | None, str | None], int] = {}
        said = [numbers.setdefault((each.kind, each.id, each.agent), len(numbers)) for each in self.said()]
        return pl.Series(said, dtype=pl.UInt32)

    def sid_codes(self, sids: Sequence[str] | pl.Series) -> pl.Series:
        """UInt32 codes of sids."""
        return pl.Series(sids, dtype=pl.String).cast(self.sids).to_physical()

    def sid_texts(self, codes: pl.Series) -> pl.Series:
        """The sids of UInt32 codes."""
        return codes.cat.to(self.sids).cast(pl.String)


class _Known(NamedTuple):
    """What is known of the texts of sids when a block begins."""

    number: int
    """Of the block."""
    checked: int
    """The text of every code below is plain: it is inside quotes what it is outside; except for those of `odd`."""
    odd: frozenset[int]


class _Checked:
    """Which codes of sids have had their text checked, while several blocks find new ones. Not safe for threads.

    A block checks the codes from `checked` on that it meets. So a code is checked once all blocks have ended that
    ran when it was new; each of them began when there were no more codes than the highest that was known.
    """

    def __init__(self) -> None:
        self._highest = 0
        self._blocks = 0
        self._begun: dict[int, int] = {}
        self._odd: frozenset[int] = frozenset()

    def begin(self) -> _Known:
        self._blocks += 1
        self._begun[self._blocks] = self._highest
        return _Known(self._blocks, min(self._begun.values()), self._odd)

    def end(self, known: _Known, highest: int | None, odd: set[int]) -> None:
        """A block met codes up to `highest`, and found the texts of `odd` not plain; None if it does not know."""
        if highest is None:
            return
        del self._begun[known.number]
        self._highest = max(self._highest, highest + 1)
        if odd:
            self._odd |= odd


class Parser:
    """Parses blocks in any number of threads; learns the log's shapes as it goes.

    `in_full` reads also what only those want who look at single events: `meetingInfo`, and FORM.
    """

    def __init__(
        self,
        limits: Limits,
        vocabulary: Vocabulary,
        *,
        keep_query: bool = False,
        in_full: bool = False,
        sample: int = _SAMPLE,
    ) -> None:
        self.vocabulary = vocabulary
        self.limits = limits
        self.sample = sample
        self.in_full = in_full
        self.columns = ROWS | FORM if in_full else ROWS
        self._settings = {"keep_query": keep_query, "with_meeting": in_full}
        self._layouts: list[Layout] = []
        self._attempts = 0
        self._remembered: list[Seen] = []
        self._lock = threading.Lock()
        self._checked = _Checked()

    def parse(self, data: bytes, unterminated: Collection[int] = ()) -> Parsed:
        """Parse whole lines; those numbered in `unterminated` ended an input without a newline."""
        with self._lock:
            known = self._checked.begin()
        block = _Block(self, data, unterminated, known)
        parsed = block.run()
        with self._lock:
            self._checked.end(known, block.highest, block.odd)
        return parsed

    def read(self, line: str) -> Record:
        """One line, by the reference reader, with this run's settings."""
        return record.read(line, **self._settings)

    def _judge(self, value: object) -> Record:
        return record.judge(value, **self._settings)

    def layouts(self) -> list[Layout]:
        """The layouts known, the most fitting first."""
        with self._lock:
            remembered, self._remembered = self._remembered, []
        if remembered:
            self.study(remembered)
        with self._lock:
            return list(self._layouts)

    def remember(self, sample: list[Seen]) -> None:
        """Lines that no layout fits, to be studied when another block comes: it may never come."""
        with self._lock:
            self._remembered = sample

    def fitted(self, layout: Layout, lines: int) -> None:
        """Count lines that a layout has read, so that the best comes first."""
        with self._lock:
            layout.hits += lines
            self._layouts.sort(key=lambda each: -each.hits)

    def study(self, sample: Sequence[Seen]) -> None:
        """Find a layout for lines that none fits."""
        with self._lock:
            if self._attempts >= _MOST_LAYOUTS:
                return
            self._attempts += 1
            layout = shapes.find_layout(sample, self._judge, self.vocabulary.code)
            if layout and all(layout.slots != known.slots for known in self._layouts):
                self._layouts.append(layout)

    def learn(self, layout: Layout, shapes: Iterable[tuple[tuple[str, ...], int]]) -> bool:
        """Take in shapes (pieces, and how many lines have them) where they repeat; whether there were new ones."""
        with self._lock:
            for pieces, times in shapes:
                layout.meet(pieces, times)
            stale = layout.stale
            layout.settle()
        return stale

    def codes(self, layout: Layout, cut: shapes.Codes, keys: Sequence[int]) -> shapes.Codes:
        """The layout's codes with these combinations of known pieces taken in, as of `cut`."""
        with self._lock:
            return layout.learn_keys(cut, keys)

    def said_with(self, layout: Layout, number: int, values: dict[int, str]) -> int | None:
        """What lines of a template with these texts in its slots say; None if they turn out to be no events."""
        with self._lock:
            return layout.said_with(number, values)

    def time(self, millis: int | None) -> int:
        """A timestamp as it stands in a column: browsers' clocks are not to be trusted."""
        if millis is None:
            return UNTIMED
        return FUTURE if millis > self.limits.clock + DAY_MS else millis


class _Cut(NamedTuple):
    """Lines that were cut by the column, to be found again by their row."""

    first: int
    data: bytes
    sizes: pl.Series

    def lines(self, rows: Iterable[int]) -> Iterable[tuple[int, bytes]]:
        """Rows with their lines."""
        ends = self.sizes.cast(pl.UInt64).cum_sum() + pl.int_range(1, self.sizes.len() + 1, dtype=pl.UInt64, eager=True)
        if ends[-1] == len(self.data) + (not self.data.endswith(b"\n")):
            for row in rows:
                end = ends[row - self.first] - 1
                yield row, self.data[end - self.sizes[row - self.first] : end]
            return
        # Some lines end with CR LF, and their sizes do not say which.
        lines = self.data.split(b"\n")
        yield from ((row, lines[row - self.first]) for row in rows)


class _Block:
    """One block on its way through: what the steps share."""

    def __init__(self, parser: Parser, data: bytes, unterminated: Collection[int], known: _Known) -> None:
        self.parser = parser
        self.data = data
        self.unterminated = unterminated
        self.known = known
        self.highest: int | None = 0
        self.odd: set[int] = set()
        self.columns = parser.columns
        self.parsed = Parsed(0, pl.DataFrame(schema=self.columns))
        self.frames: list[pl.DataFrame] = []
        self.tried: Layout | None = None
        self.cut: _Cut | None = None
        self.lines: dict[int, bytes] = {}

    def run(self) -> Parsed:
        """All lines, each in its bucket."""
        rest = self._first() if not self.parser.layouts() else self._whole(0, self.data)
        for layout in self.parser.layouts():
            if layout is not self.tried and len(rest) >= _MANY:
                rest = self._some(layout, rest)
            if len(rest) >= _FEW and self._learn(layout, rest):
                rest = self._some(layout, rest)
        seen = self._one_by_one(rest)
        if len(seen) > max(_MANY, self.parsed.lines // 50):
            self.parser.remember(seen[: self.parser.sample])
        self.parsed.rows = pl.concat([self.parsed.rows, *self.frames])
        return self.parsed

    def _first(self) -> Sequence[int]:
        """No layout is known: read a sample line by line and look for one; rows that it cannot read come back."""
        end = 0
        for _ in range(self.parser.sample):
            end = self.data.find(b"\n", end) + 1
            if not end:
                break
        head, tail = (self.data[:end], self.data[end:]) if end else (self.data, b"")
        if len(tail) < _FEW_SAMPLES * len(head):
            # Looking for a layout would take longer than reading them all.
            return self._split(0, self.data)
        rows = self._split(0, head)
        self.parser.study(self._one_by_one(rows))
        return self._whole(self.parsed.lines, tail)

    def _split(self, first: int, data: bytes) -> Sequence[int]:
        """Lines to be read one by one; the numbers of their rows come back. Empty ones are counted at once."""
        lines = data.split(b"\n")
        if not lines[-1]:
            lines.pop()
        filled = {row: line for row, line in enumerate(lines, first) if line}
        self.parsed.tally["blank"] += len(lines) - len(filled)
        self.lines.update(filled)
        self.parsed.lines = first + len(lines)
        return list(filled)

    def _learn(self, layout: Layout, rows: Sequence[int]) -> bool:
        """Take in the shapes of lines that a layout can cut; whether there were new ones."""
        _, shapes = self._queried(layout, rows, layout.shapes)
        return self.parser.learn(layout, ((row[:-1], row[-1]) for row in shapes.iter_rows()))

    def _queried(
        self, layout: Layout, rows: Sequence[int], query: Callable[[pl.LazyFrame], pl.LazyFrame]
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """`row` and `line` of those rows that are UTF-8, and what a query of a layout makes of them."""
        try:
            lines = self._texts(rows)
            return lines, query(lines.lazy()).collect(engine="streaming")
        except pl.exceptions.PolarsError:
            # A slot of fixed length cuts a character in two.
            self.highest = None
            lines = self._texts([row for row in rows if layout.split(self.lines[row])])
            return lines, query(lines.lazy()).collect(engine="streaming")

    def _texts(self, rows: Sequence[int]) -> pl.DataFrame:
        texts = []
        for row in rows:
            with contextlib.suppress(UnicodeDecodeError):
                texts.append((row, self.lines[row].removesuffix(b"\r").decode()))
        return pl.DataFrame(texts, schema={"row": pl.UInt32, "line": pl.String}, orient="row")

    # -- by the column ---------------------------------------------------------------------------------------

    def _whole(self, first: int, data: bytes) -> Sequence[int]:
        """Lines from a row on by the most fitting layout; the rows that it could not read come back."""
        layouts = self.parser.layouts()
        if not layouts:
            return self._split(first, data)
        self.tried = layouts[0]
        codes = self.tried.codes
        try:
            # In one piece: what is cut in many costs a third more.
            lines = pl.scan_lines(data, name="line").collect(engine="streaming").rechunk()
            cut = self._cut_by(self.tried, codes, lines.lazy()).collect(engine="streaming")
        except pl.exceptions.PolarsError:
            # Invalid UTF-8: in a line, or a character cut in two by a slot of fixed length. The others can be cut yet.
            self.highest = self.tried = None
            return self._split(first, data)
        self.parsed.lines = first + cut.height
        self.cut = _Cut(first, data, cut["size"])
        rows = pl.int_range(first, first + cut.height, dtype=pl.UInt32, eager=True)
        return self._take(self.tried, codes, cut.with_columns(rows.alias("row")))

    def _some(self, layout: Layout, rows: Sequence[int]) -> Sequence[int]:
        """The same for some rows of the block."""
        codes = layout.codes
        lines, cut = self._queried(layout, rows, partial(self._cut_by, layout, codes))
        left = self._take(layout, codes, cut.with_columns(lines["row"]))
        return sorted({*rows}.difference(lines["row"]).union(left))

    def _cut_by(self, layout: Layout, codes: shapes.Codes, lines: pl.LazyFrame) -> pl.LazyFrame:
        sids, checked = self.parser.vocabulary.sids, self.known.checked
        return layout.cut(lines, codes, sids, checked, with_forms=self.parser.in_full)

    def _take(self, layout: Layout, codes: shapes.Codes, cut: pl.DataFrame) -> Sequence[int]:
        """Keep what the layout understood; the rows that are left come back."""
        if layout.time is not None and layout.time_form == "text":
            texts = cut[f"slot{layout.time}"]
            cut = cut.with_columns(shapes.each_once(texts, parse, pl.Int64).fill_null(UNTIMED).alias("ts"))
            if self.parser.in_full:
                cut = cut.with_columns(shapes.each_once(texts, form, pl.UInt8).alias("form"))
        cut = self._without_odd(cut)
        said = cut.lazy().with_columns(pl.lit(codes.meaning).gather(pl.col("key")).alias("said"))
        timed = pl.col("plain") & pl.col("ts").is_not_null() & (pl.col("sid") != self.parser.vocabulary.no_sid)
        usual = (timed & (pl.col("said") != ASIDE)).fill_null(value=False)
        found = said.with_columns(usual.alias("usual")).collect()
        self._add(found.filter("usual").select(*self.columns))
        left = [] if found["usual"].all() else self._aside(layout, codes, found.filter(~pl.col("usual")))
        self.parser.fitted(layout, cut.height - len(left))
        return left

    def _without_odd(self, cut: pl.DataFrame) -> pl.DataFrame:
        """`cut` without `plain` where the session's text is not; its code is remembered."""
        highest: Any = cut["sid"].max()
        if highest is not None and self.highest is not None:
            self.highest = max(self.highest, highest)
        if cut["odd"].any():
            self.odd.update(cut.filter("odd")["sid"].drop_nulls())
            cut = cut.with_columns(pl.col("plain") & ~pl.col("odd"))
        if self.known.odd:
            cut = cut.with_columns(pl.col("plain") & ~pl.col("sid").is_in(self.known.odd))
        return cut

    def _aside(self, layout: Layout, codes: shapes.Codes, cut: pl.DataFrame) -> list[int]:
        """Lines that are no usual events: other buckets, texts, new combinations. What is left comes back."""
        found = self._understand(cut, codes)
        if found["number"].min() == -1:
            new = found.filter(pl.col("number") == -1)["key"].unique().to_list()
            found = self._understand(cut, self.parser.codes(layout, codes, new))
        good, other = pl.col("good"), pl.col("kind") == OTHER
        left = self._keep_events(layout, found.filter(good & ~other))
        self._count_others(layout, found.filter(good & other))
        return left + self._leave(found.filter(~good))

    def _understand(self, cut: pl.DataFrame, codes: shapes.Codes) -> pl.DataFrame:
        """`cut` with its templates' `number`, `kind` and `said`; `good` where nothing is in doubt."""
        kind, ts = pl.col("kind"), pl.col("ts")
        event = (ts.is_not_null() | (kind == TIMELESS)) & (pl.col("sid") != self.parser.vocabulary.no_sid)
        good = pl.col("plain") & (kind != SLOW) & ((kind == OTHER) | event)
        return (
            cut.lazy()
            .with_columns(pl.lit(codes.table).gather(pl.col("key")).alias("number"))
            .with_columns(
                pl.lit(codes.kinds).gather(pl.col("number")).alias("kind"),
                pl.lit(codes.said).gather(pl.col("number")).alias("said"),
            )
            .with_columns(
                good.fill_null(value=False).alias("good"),
                pl.when(kind == TIMELESS).then(UNTIMED).otherwise(ts).alias("ts"),
                *(
                    [pl.when(kind == TIMELESS).then(ABSENT).otherwise("form").alias("form")]
                    if self.parser.in_full
                    else []
                ),
            )
            .collect()
        )

    def _leave(self, rest: pl.DataFrame) -> list[int]:
        """Keep the text of rows that are left for another way of reading; the numbers of those not empty come back."""
        filled = rest.filter(pl.col("size") > 0)
        self.parsed.tally["blank"] += rest.height - filled.height
        rows = filled["row"].to_list()
        missing = [row for row in rows if row not in self.lines]
        if missing and self.cut:
            self.lines.update(self.cut.lines(missing))
        return rows

    def _keep_events(self, layout: Layout, events: pl.DataFrame) -> list[int]:
        """Add events; the rows whose texts turned out to say something else come back."""
        left: list[int] = []
        if events["said"].null_count():
            read = self._with_texts(layout, events.filter(pl.col("said").is_null()))
            left = self._leave(read.filter(pl.col("said").is_null()))
            read = read.select(*self.columns)
            events = pl.concat([events.select(*self.columns), read]).filter(pl.col("said").is_not_null())
        self._add(events.select(*self.columns))
        return left

    def _with_texts(self, layout: Layout, events: pl.DataFrame) -> pl.DataFrame:
        """`said` for events that show the texts of slots: each distinct combination is read once."""
        names = [name for name in events.columns if name.startswith("slot") and name != f"slot{layout.time}"]
        distinct = events.select("number", *names).unique()
        said = [
            self.parser.said_with(layout, number, {int(n.removeprefix("slot")): v for n, v in texts.items()})
            for number, texts in ((row.pop("number"), row) for row in distinct.iter_rows(named=True))
        ]
        distinct = distinct.with_columns(pl.Series("said", said, dtype=pl.UInt32))
        return events.drop("said").join(
            distinct, on=["number", *names], how="left", maintain_order="left", nulls_equal=True
        )

    def _count_others(self, layout: Layout, others: pl.DataFrame) -> None:
        for number, first, lines in others.group_by("number").agg(pl.col("row").min(), pl.len()).iter_rows():
            said = layout.templates[number].record
            if said.bucket in REJECT_REASONS:
                for row in self._leave(others.filter(pl.col("number") == number)):
                    self._reject(row, said.bucket, self.lines[row])
            else:
                self._ignore(said, first, lines)

    # -- one by one ------------------------------------------------------------------------------------------

    def _one_by_one(self, rows: Sequence[int]) -> list[Seen]:
        """Read lines by the reference reader; those that are JSON objects come back, to learn from."""
        events: list[tuple[str, int, int, int]] = []
        forms: list[int] = []
        seen: list[Seen] = []
        for row, line, found in self._records(rows):
            if found.said:
                ts = self.parser.time(None if found.timestamp is None else parse(found.timestamp))
                events.append((found.sid or "", self.parser.vocabulary.code(found.said), ts, row))
                if self.parser.in_full:
                    forms.append(form(found.timestamp))
            elif found.bucket in REJECT_REASONS:
                self._reject(row, found.bucket, line)
            else:
                self._ignore(found, row, 1)
            if found.event_name is not None and line is self.lines[row]:
                seen.append(Seen(line.removesuffix(b"\r").decode(), found))
        if events:
            sids, said, ts_column, numbers = zip(*events, strict=True)
            codes = self.parser.vocabulary.sid_codes(sids)
            self.odd.update(code for code, sid in zip(codes, sids, strict=True) if shapes.NOT_PLAIN.search(sid))
            columns = {"sid": codes, "said": said, "ts": ts_column, "row": numbers}
            columns |= {"form": forms} if self.parser.in_full else {}
            self._add(pl.DataFrame(columns, schema=self.columns))
        return seen

    def _records(self, rows: Sequence[int]) -> Iterable[tuple[int, bytes, Record]]:
        """Lines and what they say; in place of a line that a server wrapped, those that it holds."""
        for row in rows:
            found = self._read(self.lines[row], row)
            if found.body is None:
                yield row, self.lines[row], found
                continue
            lines = record.within(found.body)
            self.parsed.more += len(lines) - 1
            for line in lines:
                inner = self._read(line)
                yield row, line, inner if inner.body is None else Record("no_event")

    def _read(self, line: bytes, row: int | None = None) -> Record:
        if len(line) > MAX_LINE and len(line.removesuffix(b"\r")) > MAX_LINE and line.strip(b" \t\r"):
            return Record("too_long")
        try:
            found = self.parser.read(line.decode())
        except UnicodeDecodeError:
            found = Record("invalid_json")
        if found.bucket == "invalid_json" and row in self.unterminated:
            return Record("incomplete")
        return found

    # -- counting --------------------------------------------------------------------------------------------

    def _add(self, events: pl.DataFrame) -> None:
        clock = self.parser.limits.clock + DAY_MS
        latest: Any = events["ts"].max()
        if latest is not None and latest > clock:
            too_new = (pl.col("ts") > clock) & (pl.col("ts") != UNTIMED)
            events = events.with_columns(pl.when(too_new).then(FUTURE).otherwise("ts").alias("ts"))
        as_of = self.parser.limits.as_of
        if as_of is not None:
            kept = events.filter((pl.col("ts") <= as_of) | (pl.col("ts") >= UNTIMED))
            self.parsed.tally["later"] += events.height - kept.height
            events = kept
        self.parsed.tally["event"] += events.height
        self.frames.append(events)

    def _reject(self, row: int, reason: str, line: bytes) -> None:
        self.parsed.tally[reason] += 1
        self.parsed.rejects.append(Reject(row, reason, line))

    def _ignore(self, found: Record, row: int, lines: int) -> None:
        self.parsed.tally[found.bucket] += lines
        if found.bucket == "unknown_event":
            name = found.event_name or ""
            first, before = self.parsed.unknown.get(name, (row, 0))
            self.parsed.unknown[name] = min(first, row), before + lines
