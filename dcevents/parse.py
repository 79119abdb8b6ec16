"""Blocks of lines → rows of events, rejects, tallies. Every line lands in exactly one bucket; no I/O.

Lines whose shape is known are read by the column (`shapes`), all others one by one (`record`); both say the same.
"""

import threading
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import polars as pl

from dcevents import record, shapes
from dcevents.events import REJECT_REASONS
from dcevents.record import MAX_LINE, Record, Said
from dcevents.shapes import OTHER, SLOW, TIMELESS, Layout, Seen
from dcevents.timestamps import parse

UNTIMED = 1 << 60
"""In a column of timestamps: the event has none. Sorts last, as untimed events do."""
FUTURE = UNTIMED + 1
"""The same, since its timestamp lay more than a day after the clock of the run."""
DAY_MS = 86_400_000

ROWS = {"sid": pl.UInt32, "said": pl.UInt32, "ts": pl.Int64, "row": pl.UInt32}
"""Columns of events: codes of the session and of what was said (`Vocabulary`), milliseconds, line in the block."""

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
    """What one block holds. `tally` sums to `lines` (`event` includes duplicates)."""

    lines: int
    rows: pl.DataFrame
    tally: Counter[str] = field(default_factory=Counter)
    unknown: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Name of an unknown event → the first row that has it, and how many have."""
    rejects: list[Reject] = field(default_factory=list)


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


class Parser:
    """Parses blocks in any number of threads; learns the log's shapes as it goes."""

    def __init__(
        self,
        limits: Limits,
        vocabulary: Vocabulary,
        *,
        keep_query: bool = False,
        with_meeting: bool = False,
        sample: int = _SAMPLE,
    ) -> None:
        self.vocabulary = vocabulary
        self.limits = limits
        self.sample = sample
        self._settings = {"keep_query": keep_query, "with_meeting": with_meeting}
        self._layouts: list[Layout] = []
        self._attempts = 0
        self._remembered: list[Seen] = []
        self._lock = threading.Lock()

    def parse(self, data: bytes, unterminated: Collection[int] = ()) -> Parsed:
        """Parse whole lines; those numbered in `unterminated` ended an input without a newline."""
        return _Block(self, data, unterminated).run()

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

    def learn(self, layout: Layout, lines: Iterable[bytes]) -> bool:
        """Take in the shapes of lines that a layout can cut, where they repeat; whether there were new ones."""
        cuts = Counter(filter(None, map(layout.split, lines)))
        with self._lock:
            for pieces, times in cuts.items():
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


class _Block:
    """One block on its way through: what the steps share."""

    def __init__(self, parser: Parser, data: bytes, unterminated: Collection[int]) -> None:
        self.parser = parser
        self.data = data
        self.unterminated = unterminated
        self.parsed = Parsed(0, pl.DataFrame(schema=ROWS))
        self.frames: list[pl.DataFrame] = []
        self.tried: Layout | None = None
        self.lines: dict[int, bytes] = {}

    def run(self) -> Parsed:
        """All lines, each in its bucket."""
        rest = self._first() if not self.parser.layouts() else self._whole(0, self.data)
        for layout in self.parser.layouts():
            learnt = len(rest) >= _FEW and self._learn(layout, rest)
            if learnt or (layout is not self.tried and len(rest) >= _MANY):
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

    def _learn(self, layout: Layout, rows: Iterable[int]) -> bool:
        return self.parser.learn(layout, (self.lines[row] for row in rows))

    # -- by the column ---------------------------------------------------------------------------------------

    def _whole(self, first: int, data: bytes) -> Sequence[int]:
        """Lines from a row on by the most fitting layout; the rows that it could not read come back."""
        layouts = self.parser.layouts()
        if not layouts:
            return self._split(first, data)
        self.tried = layouts[0]
        codes = self.tried.codes
        try:
            cut = self._collect(pl.scan_lines(data, name="line"), self.tried, codes)
        except pl.exceptions.PolarsError:
            # Invalid UTF-8: in a line, or a character cut in two by a slot of fixed length.
            return self._split(first, data)
        self.parsed.lines = first + cut.height
        rows = pl.int_range(first, first + cut.height, dtype=pl.UInt32, eager=True)
        return self._take(self.tried, codes, cut.with_columns(rows.alias("row")))

    def _some(self, layout: Layout, rows: Sequence[int]) -> Sequence[int]:
        """The same for some rows of the block."""
        fit = [row for row in rows if layout.split(self.lines[row])]
        lines = pl.Series("line", [self.lines[row].removesuffix(b"\r").decode() for row in fit], dtype=pl.String)
        codes = layout.codes
        cut = self._collect(lines.to_frame().lazy(), layout, codes)
        left = self._take(layout, codes, cut.with_columns(pl.Series("row", fit, dtype=pl.UInt32)))
        return sorted({*rows}.difference(fit).union(left))

    def _collect(self, lines: pl.LazyFrame, layout: Layout, codes: shapes.Codes) -> pl.DataFrame:
        return layout.cut(lines, codes, self.parser.vocabulary.sids).collect(engine="streaming")

    def _take(self, layout: Layout, codes: shapes.Codes, cut: pl.DataFrame) -> Sequence[int]:
        """Keep what the layout understood; the rows that are left come back."""
        if layout.time is not None and layout.time_form == "text":
            cut = cut.with_columns(shapes.time_text(cut[f"slot{layout.time}"]).fill_null(UNTIMED).alias("ts"))
        found = self._understand(cut, codes)
        if found["number"].min() == -1:
            new = found.filter(pl.col("number") == -1)["key"].unique().to_list()
            found = self._understand(cut, self.parser.codes(layout, codes, new))
        good, other = pl.col("good"), pl.col("kind") == OTHER
        left = self._keep_events(layout, found.lazy().filter(good & ~other))
        self._count_others(layout, found.lazy().filter(good & other))
        if not found["good"].all():
            left += self._leave(found.filter(~good))
        self.parser.fitted(layout, cut.height - len(left))
        return left

    def _understand(self, cut: pl.DataFrame, codes: shapes.Codes) -> pl.DataFrame:
        """`cut` with its templates' `number`, `kind` and `said`; `good` where nothing is in doubt."""
        kind, ts = pl.col("kind"), pl.col("ts")
        event = (ts.is_not_null() | (kind == TIMELESS)) & (pl.col("sid") != self.parser.vocabulary.no_sid)
        good = pl.col("plain") & (kind != SLOW) & ((kind == OTHER) | event)
        too_new = (ts > self.parser.limits.clock + DAY_MS) & (ts != UNTIMED)
        return (
            cut.lazy()
            .with_columns(pl.lit(codes.table).gather(pl.col("key")).alias("number"))
            .with_columns(
                pl.lit(codes.kinds).gather(pl.col("number")).alias("kind"),
                pl.lit(codes.said).gather(pl.col("number")).alias("said"),
            )
            .with_columns(
                good.fill_null(value=False).alias("good"),
                pl.when(kind == TIMELESS).then(UNTIMED).when(too_new).then(FUTURE).otherwise(ts).alias("ts"),
            )
            .collect()
        )

    def _leave(self, rest: pl.DataFrame) -> list[int]:
        """Keep the text of rows that are left for another way of reading; the numbers of those not empty come back."""
        filled = rest.filter(pl.col("line").bin.size() > 0)
        self.parsed.tally["blank"] += rest.height - filled.height
        rows = filled["row"].to_list()
        self.lines.update(zip(rows, filled["line"].to_list(), strict=True))
        return rows

    def _keep_events(self, layout: Layout, found: pl.LazyFrame) -> list[int]:
        """Add events; the rows whose texts turned out to say something else come back."""
        left: list[int] = []
        events = found.select(*ROWS).collect()
        if events["said"].null_count():
            read = self._with_texts(layout, found.filter(pl.col("said").is_null()).collect())
            left = self._leave(read.filter(pl.col("said").is_null()))
            events = pl.concat([events, read.select(*ROWS)]).filter(pl.col("said").is_not_null())
        self._add(events.select(*ROWS))
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

    def _count_others(self, layout: Layout, others: pl.LazyFrame) -> None:
        counted = others.group_by("number").agg(pl.col("row").min(), pl.len()).collect()
        for number, first, lines in counted.iter_rows():
            said = layout.templates[number].record
            if said.bucket in REJECT_REASONS:
                rows = others.filter(pl.col("number") == number).select("row", "line").collect()
                for row, line in rows.iter_rows():
                    self._reject(row, said.bucket, line)
            else:
                self._ignore(said, first, lines)

    # -- one by one ------------------------------------------------------------------------------------------

    def _one_by_one(self, rows: Sequence[int]) -> list[Seen]:
        """Read lines by the reference reader; those that are JSON objects come back, to learn from."""
        events: list[tuple[str, int, int, int]] = []
        seen: list[Seen] = []
        for row in rows:
            line = self.lines[row]
            found = self._read(line, row)
            if found.said:
                ts = self.parser.time(None if found.timestamp is None else parse(found.timestamp))
                events.append((found.sid or "", self.parser.vocabulary.code(found.said), ts, row))
            elif found.bucket in REJECT_REASONS:
                self._reject(row, found.bucket, line)
            else:
                self._ignore(found, row, 1)
            if found.event_name is not None:
                seen.append(Seen(line.removesuffix(b"\r").decode(), found))
        if events:
            sids, said, ts_column, numbers = zip(*events, strict=True)
            columns = {"sid": self.parser.vocabulary.sid_codes(sids), "said": said, "ts": ts_column, "row": numbers}
            self._add(pl.DataFrame(columns, schema=ROWS))
        return seen

    def _read(self, line: bytes, row: int) -> Record:
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
