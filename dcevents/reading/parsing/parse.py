"""Blocks of lines → rows of events, rejects, tallies.

Every line lands in exactly one bucket; no I/O.

Lines whose shape is known are read by the column (`shapes`), all others one by one (`record`);
both say the same.
"""

from __future__ import annotations  # noqa: I001

import contextlib
import threading
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TYPE_CHECKING

import polars as pl

from dcevents.model.events import REJECT_REASONS, UNREADABLE_REASONS
from dcevents.model.moments import ANCIENT, DAY_MS, FIRST_BELIEVED_MS, FUTURE, UNTIMED
from dcevents.model.texts import NUMBER_TYPE
from dcevents.reading.parsing import record, shapes
from dcevents.reading.parsing.encoded import Contexts, as_it_reads, decoded, opened
from dcevents.reading.parsing.record import MAX_LINE, NOTHING, SEVERAL, Known, Record, Shape
from dcevents.reading.parsing.rows import Rows
from dcevents.reading.parsing.shapes import (
    ASIDE,
    BATCH,
    ENCODED,
    EVENT,
    LONGEST,
    NOT_PLAIN,
    OTHER,
    SLOW,
    TIMELESS,
    Layout,
    Seen,
)
from dcevents.reading.timestamps import ABSENT, find_form, parse_timestamp

if TYPE_CHECKING:
    from dcevents.model.attributes import Vocabulary

ROWS = {"sid": NUMBER_TYPE, "attributes": pl.UInt32, "ts": pl.Int64, "row": pl.UInt32}
"""Columns of events: number of the session, code of what was said (`Vocabulary`), milliseconds,
line in the block.
"""
FORM = {"form": pl.UInt8}
"""One more, where it is asked for: how the timestamp is written, as a number in
`timestamps.FORMS`.
"""

_SAMPLE = 600
_MIN_LAYOUT_LINES = 20
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

    lines: int = 0
    parts: list[tuple[pl.DataFrame, pl.Series]] = field(default_factory=list)
    """Events, and their sids (and perhaps others), of whose places `sid` is one."""
    tally: Counter[str] = field(default_factory=Counter)
    unknown: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Name of an unknown event → the first row that has it, and how many have."""
    rejects: list[Reject] = field(default_factory=list)
    several: list[tuple[int, bytes]] = field(default_factory=list)
    """Rows with their lines that hold several records: they are in no bucket yet."""
    within: list[tuple[Rows, Parsed]] = field(default_factory=list)
    """Records of lines that hold several, read already: rows (their lines are rows of this),
    and what they hold.
    """
    opened: int = 0
    """How many lines these are of."""
    ready: list[int] = field(default_factory=list)
    """Rows of the widget's events, where these were asked for: of records within lines."""

    @property
    def rows(self) -> pl.DataFrame:
        """All events."""
        return (
            pl.concat([rows for rows, _ in self.parts]) if self.parts else pl.DataFrame(schema=ROWS)
        )


class Limits(NamedTuple):
    """Times beyond which an event is not read (`as_of`) or not believed (`clock`), milliseconds."""

    as_of: int | None
    clock: int
    believing: bool = False
    """Whether times after the clock are read as they are: for who will ask another clock."""

    @property
    def last(self) -> int:
        """The last time that is believed."""
        return UNTIMED - 1 if self.believing else self.clock + DAY_MS


class Parser:
    """Parses blocks in any number of threads.

    Learns the log's shapes as it goes.

    `in_full` reads also what only those want who look at single events: `meetingInfo`, and FORM.
    """

    def __init__(  # noqa: PLR0913 - all but two by name
        self,
        limits: Limits,
        vocabulary: Vocabulary,
        *,
        keep_query: bool = False,
        in_full: bool = False,
        sample: int = _SAMPLE,
        known: Known = NOTHING,
    ) -> None:
        self.vocabulary = vocabulary
        self.limits = limits
        self.sample = sample
        self.in_full = in_full
        self.columns = ROWS | FORM if in_full else ROWS
        self.known = known
        self._settings = {"keep_query": keep_query, "with_meeting": in_full}
        self._shapes: set[Shape | None] = set()
        self._layouts: list[Layout] = []
        self._contexts = Contexts(self._judge, known)
        self._inside: list[Layout] = []
        self._attempts = 0
        self._remembered: list[Seen] = []
        self._lock = threading.Lock()

    def parse(self, data: bytes | pl.DataFrame, unterminated: Collection[int] = ()) -> Parsed:
        """Parse whole lines (with their LF, or as a column `line`).

        Those numbered in `unterminated` ended an input without a newline.
        """
        return _Block(self, data, unterminated).run()

    def parse_within(self, lines: pl.DataFrame) -> Parsed:
        """Parse records that were within lines.

        None of them is opened by the column once more.
        """
        return _Block(self, lines, (), is_within=True).run()

    def read(self, line: str) -> Record:
        """One line, by the reference reader, with this run's settings."""
        return record.read(line, now=self.limits.clock, known=self.known, **self._settings)

    def _judge(self, value: object) -> Record:
        return record.judge(value, known=self.known, **self._settings)

    def note(self, shapes: Iterable[Shape | None]) -> None:
        """Remember where records were found."""
        with self._lock:
            self._shapes.update(shapes)

    def found_in(self) -> set[Shape | None]:
        """Return where events were found; None is the canonical place."""
        with self._lock:
            layouts = [*self._layouts, *self._inside]
            templates = [template.record for layout in layouts for template in layout.templates]
            return self._shapes.union(each.shape for each in templates if each.bucket == "event")

    def layouts(self) -> list[Layout]:
        """The layouts known, the most fitting first."""
        with self._lock:
            remembered, self._remembered = self._remembered, []
        if remembered:
            self.study(remembered)
        with self._lock:
            return list(self._layouts)

    def remember(self, sample: list[Seen]) -> None:
        """Lines that no layout fits.

        To be studied when another block comes: it may never come.
        """
        with self._lock:
            self._remembered = sample

    def fitted(self, layout: Layout, lines: int, *, is_within: bool) -> None:
        """Count lines that a layout has read.

        So that the best comes first: others within lines than for these.
        """
        with self._lock:
            if is_within:
                layout.hits_within += lines
            else:
                layout.hits += lines
            self._layouts.sort(key=lambda each: -each.hits)

    def study(self, sample: Sequence[Seen]) -> None:
        """Find a layout for lines that none fits."""
        with self._lock:
            if self._attempts >= _MOST_LAYOUTS:
                return
            self._attempts += 1
            layout = shapes.find_layout(
                sample, self._judge, self.vocabulary.assign_code, self._contexts
            )
            if layout and all(layout.slots != known.slots for known in self._layouts):
                self._layouts.append(layout)

    def inside(self) -> list[Layout]:
        """The layouts known of texts in base64."""
        with self._lock:
            return list(self._inside)

    def study_inside(self, texts: Iterable[str]) -> None:
        """Find a layout for texts in base64 that none fits."""
        with self._lock:
            if self._attempts >= _MOST_LAYOUTS:
                return
            self._attempts += 1
            read = [Seen(text, self._contexts.judge(value)) for text, value in _values(texts)]
            sample = [seen for seen in read if seen.record.event_name is not None]
            layout = shapes.find_layout(sample, self._contexts.judge, self.vocabulary.assign_code)
            if layout and all(layout.slots != known.slots for known in self._inside):
                self._inside.append(layout)
                self._contexts.layouts.append(layout)

    def learn(self, layout: Layout, shapes: Iterable[tuple[tuple[str, ...], int]]) -> None:
        """Take in shapes (pieces, and how many lines have them) where they repeat."""
        with self._lock:
            for pieces, times in shapes:
                layout.meet(pieces, times)
            layout.settle()

    def codes(self, layout: Layout, cut: shapes.Codes, keys: Sequence[int]) -> shapes.Codes:
        """The layout's codes with these combinations of known pieces taken in.

        As of `cut`.
        """
        with self._lock:
            return layout.learn_keys(cut, keys)

    def said_with(self, layout: Layout, number: int, values: dict[int, str]) -> int | None:
        """Return what lines of a template with these texts in its slots say.

        None if they turn out to be no events.
        """
        with self._lock:
            return layout.said_with(number, values)

    def time(self, millis: int | None) -> int:
        """A timestamp as it stands in a column.

        Browsers' clocks are not to be trusted.
        """
        if millis is None:
            return UNTIMED
        if millis < FIRST_BELIEVED_MS:
            return ANCIENT
        return FUTURE if millis > self.limits.last else millis


def _values(texts: Iterable[str]) -> Iterable[tuple[str, object]]:
    """Texts that are JSON, with their values."""
    for text in texts:
        with contextlib.suppress(ValueError):
            yield text, record.decode_json(text)


def _whole_lines(records: pl.DataFrame, parsed: Parsed) -> pl.Series:
    """The lines (`row`) of records of which one is an event or the widget's, and all are
    objects.
    """
    of_rows = records["row"]
    odd = [
        reject.row
        for reject in parsed.rejects
        if reject.reason in (*UNREADABLE_REASONS, "not_an_object", "too_long")
    ]
    bad = of_rows.gather(odd + [row for row, _ in parsed.several])
    events = of_rows.gather(
        pl.concat([parsed.rows["row"], pl.Series(parsed.ready, dtype=pl.UInt32)])
    ).unique()
    return events.filter(~events.is_in(bad.implode()))


def _divided(
    lines: bytes | pl.DataFrame, first: int
) -> tuple[bytes | pl.DataFrame, bytes | pl.DataFrame]:
    """The first lines, and the others."""
    if isinstance(lines, pl.DataFrame):
        return lines[:first], lines[first:]
    end = 0
    for _ in range(first):
        end = lines.find(b"\n", end) + 1
        if not end:
            return lines, b""
    return lines[:end], lines[end:]


def _is_text(line: bytes) -> bool:
    """Return whether it is UTF-8."""
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _as_bytes(lines: bytes | pl.DataFrame) -> bytes:
    if isinstance(lines, bytes):
        return lines
    return b"".join(line.encode() + b"\n" for line in lines["line"])


class _Cut(NamedTuple):
    """Lines that were cut by the column.

    To be found again by their row.
    """

    first: int
    data: bytes | pl.DataFrame
    sizes: pl.Series
    texts: pl.Series
    """Lines without their line end, be it LF or CR LF."""

    def lines(self, rows: Iterable[int]) -> Iterable[tuple[int, bytes]]:
        """Rows with their lines."""
        if isinstance(self.data, pl.DataFrame):
            yield from ((row, self.texts[row - self.first].encode()) for row in rows)
            return
        if self.sizes.is_empty():
            return
        ends = self.sizes.cast(pl.UInt64).cum_sum() + pl.int_range(
            1, self.sizes.len() + 1, dtype=pl.UInt64, eager=True
        )
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

    def __init__(
        self,
        parser: Parser,
        data: bytes | pl.DataFrame,
        unterminated: Collection[int],
        *,
        is_within: bool = False,
    ) -> None:
        self.parser = parser
        self.data = data
        self.unterminated = unterminated
        self.columns = parser.columns
        self.parsed = Parsed()
        self.sids = pl.Series(dtype=pl.String)
        self.tried: Layout | None = None
        self.cut: _Cut | None = None
        self.lines: dict[int, bytes] = {}
        self.is_within = is_within
        self.encoded: list[pl.DataFrame] = []
        self.batches: list[pl.DataFrame] = []

    def run(self) -> Parsed:
        """All lines, each in its bucket."""
        rest = self._inside(self._first() if not self._layouts() else self._whole(0, self.data))
        known = self._layouts()
        rest = self._by_others(known, rest)
        sample = self.parser.sample
        if len(rest) > _FEW_SAMPLES * sample:
            self.parser.study(self._one_by_one(rest[:sample]))
            rest = self._by_others(
                [each for each in self._layouts() if each not in known], rest[sample:]
            )
        seen = self._one_by_one(rest)
        if len(seen) > max(_MANY, self.parsed.lines // 50):
            self.parser.remember(seen[: self.parser.sample])
        return self.parsed

    def _by_others(self, layouts: Sequence[Layout], rest: Sequence[int]) -> Sequence[int]:
        """Rows by layouts that were not tried yet.

        Those that are left come back.
        """
        for layout in layouts:
            if layout is not self.tried and len(rest) >= _MANY:
                rest = self._inside(self._some(layout, rest))
        return rest

    def _layouts(self) -> list[Layout]:
        known = self.parser.layouts()
        within = [layout for layout in known if not layout.is_of_batches]
        return sorted(within, key=lambda each: -each.hits_within) if self.is_within else known

    def _fitted(self, layout: Layout, lines: int) -> None:
        self.parser.fitted(layout, lines, is_within=self.is_within)

    def _first(self) -> Sequence[int]:
        """No layout is known.

        Read a sample line by line and look for one.

        Rows that it cannot read come back.
        """
        head, tail = _divided(self.data, self.parser.sample)
        if len(tail) < _FEW_SAMPLES * len(head):
            # Looking for a layout would take longer than reading them all.
            return self._split(0, self.data)
        rows = self._split(0, head)
        self.parser.study(self._one_by_one(rows))
        return self._whole(self.parsed.lines, tail)

    def _split(self, first: int, data: bytes | pl.DataFrame) -> Sequence[int]:
        """Lines to be read one by one.

        The numbers of their rows come back. Empty ones are counted at once.
        """
        lines = _as_bytes(data).split(b"\n")
        if not lines[-1]:
            lines.pop()
        filled = {row: line for row, line in enumerate(lines, first) if line}
        self.parsed.tally["blank"] += len(lines) - len(filled)
        self.lines.update(filled)
        self.parsed.lines = first + len(lines)
        return list(filled)

    def _texts(self, rows: Sequence[int]) -> pl.DataFrame:
        """Rows (`row`) with what stands in them (`line`).

        Those that are UTF-8.
        """
        numbers = pl.Series("row", rows, dtype=pl.UInt32)
        if self.cut:
            return pl.DataFrame(
                [numbers, self.cut.texts.gather(numbers - self.cut.first).alias("line")]
            )
        lines = [self.lines[row] for row in rows]
        bad = {i for i, line in enumerate(lines) if not line.isascii() and not _is_text(line)}
        texts = pl.Series(
            "line",
            [line for i, line in enumerate(lines) if i not in bad] if bad else lines,
            dtype=pl.Binary,
        )
        good = ~pl.int_range(numbers.len(), eager=True).is_in(list(bad))
        return pl.DataFrame([numbers.filter(good), texts.cast(pl.String).str.strip_suffix("\r")])

    def _bytes(self, rows: Sequence[int]) -> Iterable[tuple[int, bytes]]:
        """Rows with what stands in them, be it UTF-8 or not."""
        return self.cut.lines(rows) if self.cut else ((row, self.lines[row]) for row in rows)

    # -- by the column
    # ---------------------------------------------------------------------------------------

    def _whole(self, first: int, data: bytes | pl.DataFrame) -> Sequence[int]:
        """Lines from a row on by the most fitting layout.

        The rows that it could not read come back.
        """
        layouts = self._layouts()
        if not layouts:
            return self._split(first, data)
        self.tried = layouts[0]
        codes = self.tried.codes
        try:
            # In one piece: what is cut in many costs a third more.
            lines = (
                data
                if isinstance(data, pl.DataFrame)
                else pl.scan_lines(data, name="line").collect(engine="streaming")
            )
            cut = self._cut_by(self.tried, codes, lines.rechunk().lazy()).collect(
                engine="streaming"
            )
        except pl.exceptions.PolarsError:
            # Invalid UTF-8: in a line, or a character cut in two by a slot of fixed length. The
            # others can be cut yet.
            self.tried = None
            return self._split(first, data)
        self.parsed.lines = first + cut.height
        self.cut = _Cut(first, data, cut["size"], lines["line"])
        rows = pl.int_range(first, first + cut.height, dtype=pl.UInt32, eager=True)
        left = self._take(self.tried, codes, cut.with_columns(rows.alias("row")))
        self._fitted(self.tried, cut.height - len(left))
        return left

    def _some(self, layout: Layout, rows: Sequence[int]) -> Sequence[int]:
        """Return the same for some rows of the block."""
        lines = self._texts(rows)
        left = self._frame(layout, lines)
        self._fitted(layout, lines.height - len(left))
        return sorted({*rows}.difference(lines["row"]).union(left))

    def _frame(self, layout: Layout, lines: pl.DataFrame) -> Sequence[int]:
        """Return the same for lines (`row`, `line`)."""
        codes = layout.codes
        left: list[int] = []
        try:
            cut = self._cut_by(layout, codes, lines.lazy()).collect(engine="streaming")
        except pl.exceptions.PolarsError:
            # A slot of fixed length cuts a character in two.
            good = pl.Series(
                [layout.split(line.encode()) is not None for line in lines["line"]],
                dtype=pl.Boolean,
            )
            left = self._leave(lines.filter(~good).select("row", size=pl.lit(1)))
            lines = lines.filter(good)
            cut = self._cut_by(layout, codes, lines.lazy()).collect(engine="streaming")
        return [*left, *self._take(layout, codes, cut.with_columns(lines["row"]))]

    def _inside(self, rest: Sequence[int]) -> Sequence[int]:
        """Read the texts that were set aside.

        The rows that are left come back, with those left before.
        """
        left = [
            *(self._decoded() if self.encoded else ()),
            *(self._opened() if self.batches else ()),
        ]
        return sorted({*rest}.union(left)) if left else rest

    def _decoded(self) -> Sequence[int]:
        """Texts that were in base64, by the column.

        The rows that could not be read so come back.
        """
        lines, self.encoded = pl.concat(self.encoded), []
        known = self.parser.inside()
        left = self._by_layouts(known, lines)
        if len(left) > _MANY:
            lines = lines.filter(pl.col("row").is_in(left))
            self.parser.study_inside(lines["line"].head(self.parser.sample))
            left = self._by_layouts(self.parser.inside()[len(known) :], lines)
        return left

    def _opened(self) -> Sequence[int]:
        """Lines with several records in a text, by the column.

        The rows that could not be read so come back.
        """
        lines, self.batches = pl.concat(self.batches), []
        records = opened(lines)
        parsed = self.parser.parse_within(records.select("line"))
        good = _whole_lines(records, parsed)
        if good.len() < records["row"].n_unique():
            # Some hold no records of their own, or not in this way: they are read one by one.
            records = records.filter(pl.col("row").is_in(good.implode()))
            parsed = self.parser.parse_within(records.select("line"))
        number = pl.int_range(pl.len(), dtype=pl.UInt32)
        places = records.select(row=number, line=pl.col("row").cast(pl.UInt64), member="member")
        rows = Rows(
            records.select("line"),
            find_places=lambda: places,
            find_raw=lambda _, text: as_it_reads(text),
        )
        self.parsed.within.append((rows, parsed))
        self.parsed.opened += good.len()
        return self._leave(lines.filter(~pl.col("row").is_in(good.implode())))

    def _by_layouts(self, layouts: Sequence[Layout], lines: pl.DataFrame) -> Sequence[int]:
        left: Sequence[int] = lines["row"].to_list()
        for layout in layouts:
            left = self._frame(layout, lines)
            lines = lines.filter(pl.col("row").is_in(left))
        return left if layouts else self._leave(lines.select("row", size=pl.lit(1)))

    def _cut_by(self, layout: Layout, codes: shapes.Codes, lines: pl.LazyFrame) -> pl.LazyFrame:
        return layout.cut(lines, codes, with_forms=self.parser.in_full)

    def _take(self, layout: Layout, codes: shapes.Codes, cut: pl.DataFrame) -> Sequence[int]:
        """Keep what the layout understood; the rows that are left come back."""
        if layout.time is not None and layout.time_form == "text":
            texts = cut[f"slot{layout.time}"]
            cut = cut.with_columns(
                shapes.each_once(texts, parse_timestamp, pl.Int64).fill_null(UNTIMED).alias("ts")
            )
            if self.parser.in_full:
                cut = cut.with_columns(shapes.each_once(texts, find_form, pl.UInt8).alias("form"))
        cut = self._with_sessions(cut)
        said = codes.meaning.gather(cut["key"]).alias("attributes")
        usual = cut["plain"] & cut["ts"].is_not_null() & (cut["text"] != "") & (said != ASIDE)
        chosen = usual.fill_null(value=False)
        columns = [said if name == "attributes" else cut[name] for name in self.columns]
        self._add(pl.DataFrame(columns).filter(chosen))
        return [] if chosen.all() else self._others(layout, codes, cut.filter(~chosen))

    def _others(self, layout: Layout, codes: shapes.Codes, cut: pl.DataFrame) -> list[int]:
        """Lines that are no usual events.

        Most of them are of other buckets, and known; what is left comes back.
        """
        number = codes.table.gather(cut["key"])
        # -1, a new combination, would be looked up as the last one.
        other = (cut["plain"] & (number >= 0) & (codes.kinds.gather(number) == OTHER)).fill_null(
            value=False
        )
        self._count_others(layout, cut.with_columns(number.alias("number")).filter(other))
        rest = cut.filter(~other)
        # For a few it is not worth while to find out why.
        return (
            self._aside(layout, codes, rest)
            if rest.height >= _MIN_LAYOUT_LINES
            else self._leave(rest)
        )

    def _with_sessions(self, cut: pl.DataFrame) -> pl.DataFrame:
        """`cut` with the numbers of sessions.

        Not `plain` where the text of one is not.
        """
        numbers, self.sids = _find_places(cut["text"].fill_null(""))
        cut = cut.with_columns(numbers.alias("sid"))
        if not self.sids.str.contains(NOT_PLAIN.pattern).any():
            return cut
        return cut.with_columns(pl.col("plain") & ~pl.col("text").str.contains(NOT_PLAIN.pattern))

    def _aside(self, layout: Layout, codes: shapes.Codes, cut: pl.DataFrame) -> list[int]:
        """Lines with texts in their slots, without a time.

        Or of new shapes.

        What is left comes back.
        """
        if cut["key"].null_count():
            codes = self._learn(layout, codes, cut)
            cut = cut.with_columns(layout.key(codes))
        found = self._understand(cut, codes)
        if found["number"].min() == -1:
            new = found.filter(pl.col("number") == -1)["key"].unique().to_list()
            found = self._understand(cut, self.parser.codes(layout, codes, new))
        good, event, other, encoded, batch = (
            pl.col("good"), pl.col("kind") >= EVENT,
            *(pl.col("kind") == kind for kind in (OTHER, ENCODED, BATCH))
        )  # fmt: skip
        left = self._keep_events(layout, found.filter(good & event))
        self._count_others(layout, found.filter(good & other))
        left += self._decode(layout, found.filter(good & encoded))
        left += self._open(layout, found.filter(good & batch))
        return left + self._leave(found.filter(~good))

    def _open(self, layout: Layout, found: pl.DataFrame) -> list[int]:
        """Set the texts aside that hold the records of lines.

        The rows of others come back.
        """
        slots = [f"slot{i}" for i, slot in enumerate(layout.slots) if slot.is_text]
        if found.is_empty() or self.is_within or slots[0] not in found.columns:
            return self._leave(found)
        self.batches.append(found.select("row", "size", pl.col(slots[0]).alias("text")))
        return []

    def _decode(self, layout: Layout, found: pl.DataFrame) -> list[int]:
        """Set the encoded texts of lines aside.

        The rows that have none come back.
        """
        left: list[int] = []
        slots = {number: layout.templates[number].texts[0] for number in found["number"].unique()}
        for slot in set(slots.values()):
            rows = found.filter(
                pl.col("number").is_in([number for number, its in slots.items() if its == slot])
            )
            if f"slot{slot}" not in rows.columns:
                # It has been learnt since they were cut that it is needed.
                left += self._leave(rows)
                continue
            rows = rows.with_columns(decoded(rows[f"slot{slot}"]).alias("line"))
            left += self._leave(rows.filter(pl.col("line").is_null()))
            self.encoded.append(rows.filter(pl.col("line").is_not_null()).select("row", "line"))
        return left

    def _learn(self, layout: Layout, codes: shapes.Codes, cut: pl.DataFrame) -> shapes.Codes:
        """The layout's codes with the shapes of lines that it can cut, but does not know."""
        if codes is not layout.codes:
            # Other blocks have learnt meanwhile.
            codes = layout.codes
            cut = cut.with_columns(layout.key(codes))
        pieces = [name for name in cut.columns if name.startswith("piece")]
        short = [pl.col(name).str.len_bytes() <= LONGEST for name in pieces]
        unknown = cut.filter(pl.col("fits") & pl.col("key").is_null() & pl.all_horizontal(short))
        if unknown.height < _MIN_LAYOUT_LINES:
            return codes
        shapes = unknown.group_by(pieces, maintain_order=True).agg(pl.len())
        self.parser.learn(layout, ((row[:-1], row[-1]) for row in shapes.iter_rows()))
        return layout.codes

    def _understand(self, cut: pl.DataFrame, codes: shapes.Codes) -> pl.DataFrame:
        """`cut` with its templates' `number`, `kind` and `attributes`.

        `good` where nothing is in doubt.
        """
        number = codes.table.gather(cut["key"])
        kind = codes.kinds.gather(number)
        timeless = kind == TIMELESS
        event = (cut["ts"].is_not_null() | timeless) & (cut["text"] != "")
        good = cut["plain"] & (kind != SLOW) & ((kind < EVENT) | event)
        columns = [
            number.alias("number"),
            kind.alias("kind"),
            codes.said.gather(number).alias("attributes"),
            good.fill_null(value=False).alias("good"),
            cut["ts"].set(timeless, UNTIMED),
        ]
        return cut.with_columns(
            columns + ([cut["form"].set(timeless, ABSENT)] if self.parser.in_full else [])
        )

    def _leave(self, rest: pl.DataFrame) -> list[int]:
        """The numbers of rows that are left for another way of reading.

        Empty ones are counted.
        """
        filled = rest.filter(pl.col("size") > 0)
        self.parsed.tally["blank"] += rest.height - filled.height
        return filled["row"].to_list()

    def _keep_events(self, layout: Layout, events: pl.DataFrame) -> list[int]:
        """Add events; the rows whose texts turned out to say something else come back."""
        left: list[int] = []
        if events.is_empty():
            return left
        if events["attributes"].null_count():
            read = self._with_texts(layout, events.filter(pl.col("attributes").is_null()))
            left = self._leave(read.filter(pl.col("attributes").is_null()))
            read = read.select(*self.columns)
            events = pl.concat([events.select(*self.columns), read]).filter(
                pl.col("attributes").is_not_null()
            )
        self._add(events.select(*self.columns))
        return left

    def _with_texts(self, layout: Layout, events: pl.DataFrame) -> pl.DataFrame:
        """`attributes` for events that show the texts of slots.

        Each distinct combination is read once.
        """
        names = [
            name
            for name in events.columns
            if name.startswith("slot") and name != f"slot{layout.time}"
        ]
        distinct = events.select("number", *names).unique()
        said = [
            self.parser.said_with(
                layout, number, {int(n.removeprefix("slot")): v for n, v in texts.items()}
            )
            for number, texts in (
                (row.pop("number"), row) for row in distinct.iter_rows(named=True)
            )
        ]
        distinct = distinct.with_columns(pl.Series("attributes", said, dtype=pl.UInt32))
        return events.drop("attributes").join(
            distinct, on=["number", *names], how="left", maintain_order="left", nulls_equal=True
        )

    def _count_others(self, layout: Layout, others: pl.DataFrame) -> None:
        if others.is_empty():
            return
        numbers, rows = others["number"].to_list(), others["row"].to_list()
        firsts = dict(zip(reversed(numbers), reversed(rows), strict=True))
        for number, lines in Counter(numbers).items():
            first, said = firsts[number], layout.templates[number].record
            if said.bucket in REJECT_REASONS:
                for row, line in self._bytes(
                    self._leave(others.filter(pl.col("number") == number))
                ):
                    self._reject(row, said.bucket, line)
            else:
                if self.is_within and said.bucket == "widget_ready":
                    self.parsed.ready.extend(others.filter(pl.col("number") == number)["row"])
                self._ignore(said, first, lines)

    # -- one by one
    # ------------------------------------------------------------------------------------------

    def _one_by_one(self, rows: Sequence[int]) -> list[Seen]:
        """Read lines by the reference reader.

        Those that are JSON objects come back, to learn from.
        """
        events: list[tuple[str, int, int, int]] = []
        forms: list[int] = []
        seen: list[Seen] = []
        places: set[Shape | None] = set()
        for row, line in self._bytes(rows):
            found = self._read(line, row)
            if found.said:
                ts = self.parser.time(
                    None if found.timestamp is None else parse_timestamp(found.timestamp)
                )
                places.add(found.shape)
                events.append(
                    (found.sid or "", self.parser.vocabulary.assign_code(found.said), ts, row)
                )
                if self.parser.in_full:
                    forms.append(find_form(found.timestamp))
            elif found.bucket in REJECT_REASONS:
                self._reject(row, found.bucket, line)
            elif found.bucket == SEVERAL:
                self.parsed.several.append((row, line))
            else:
                if self.is_within and found.bucket == "widget_ready":
                    self.parsed.ready.append(row)
                self._ignore(found, row, 1)
            if found.event_name is not None or found.bucket == SEVERAL:
                seen.append(Seen(line.removesuffix(b"\r").decode(), found))
        self.parser.note(places)
        if events:
            sids, said, ts_column, row_numbers = zip(*events, strict=True)
            texts = pl.Series(sids, dtype=pl.String)
            numbers, self.sids = _find_places(texts)
            columns = {"sid": numbers, "attributes": said, "ts": ts_column, "row": row_numbers}
            columns |= {"form": forms} if self.parser.in_full else {}
            self._add(pl.DataFrame(columns, schema=self.columns))
        return seen

    def _read(self, line: bytes, row: int) -> Record:
        if (
            len(line) > MAX_LINE
            and len(line.removesuffix(b"\r")) > MAX_LINE
            and line.strip(b" \t\r\0")
        ):
            return Record("too_long")
        try:
            found = self.parser.read(line.decode())
        except UnicodeDecodeError:
            found = Record("invalid_utf8")
        if found.bucket in UNREADABLE_REASONS and row in self.unterminated:
            return Record("incomplete")
        return found

    # -- counting
    # --------------------------------------------------------------------------------------------

    def _add(self, events: pl.DataFrame) -> None:
        last = self.parser.limits.last
        ts = pl.col("ts")
        earliest: Any = events["ts"].min()
        latest: Any = events["ts"].max()
        if latest is not None and (latest > last or earliest < FIRST_BELIEVED_MS):
            is_ancient, is_future = ts < FIRST_BELIEVED_MS, (ts > last) & (ts < UNTIMED)
            believed = pl.when(is_ancient).then(ANCIENT).when(is_future).then(FUTURE).otherwise(ts)
            events = events.with_columns(believed.alias("ts"))
        as_of = self.parser.limits.as_of
        if as_of is not None:
            kept = events.filter((pl.col("ts") <= as_of) | (pl.col("ts") >= UNTIMED))
            self.parsed.tally["later"] += events.height - kept.height
            events = kept
        self.parsed.tally["event"] += events.height
        parts = self.parsed.parts
        if parts and parts[-1][1] is self.sids:
            events = pl.concat([parts.pop()[0], events])
        parts.append((events, self.sids))

    def _reject(self, row: int, reason: str, line: bytes) -> None:
        self.parsed.tally[reason] += 1
        self.parsed.rejects.append(Reject(row, reason, line))

    def _ignore(self, found: Record, row: int, lines: int) -> None:
        self.parsed.tally[found.bucket] += lines
        if found.bucket == "unknown_event":
            name = found.event_name or ""
            first, before = self.parsed.unknown.get(name, (row, 0))
            self.parsed.unknown[name] = min(first, row), before + lines


def _find_places(texts: pl.Series) -> tuple[pl.Series, pl.Series]:
    """The place of each text among the distinct texts, and these."""
    distinct = texts.unique(maintain_order=True).rename("text")
    places = distinct.to_frame().with_row_index("sid")
    rows = texts.rename("text").to_frame()
    return rows.join(places, on="text", how="left", maintain_order="left")["sid"], distinct
