"""Shapes of lines: what lines of a log have in common, so that each shape is parsed once and
not each line.

Machines write logs: line after line the same text around a few values that change (the session,
the time). A *layout* says which values those are: its slots. Cutting the slots out of a line
leaves its *pieces*; the pieces of one line, put together again with placeholders, are parsed
once by `record.read` and give a *template*. Every further line with the same pieces, and plain
text in its slots, is then known to be the same JSON with other values: validated and understood
without being parsed. Cutting and comparing are column operations.

That is exact, not a guess: a line equals piece + value + piece + …; the template is valid JSON
in which each placeholder is one whole value; and a value without quotes, backslashes and
control characters (or one that is a JSON integer) can stand in for it. Whatever does not fit is
left to `record.read`, line by line.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from math import prod
from operator import add, and_
from typing import Any, NamedTuple

import polars as pl

from dcevents.model.attributes import Attributes
from dcevents.reading.parsing.encoded import Contexts
from dcevents.reading.parsing.record import (
    MAX_LINE,
    MAX_SID_BYTES,
    SEVERAL,
    Record,
    Search,
    decode_json,
    encode_json,
    members,
)
from dcevents.reading.timestamps import (
    ISO_UTC,
    find_any_iso_forms,
    find_epoch_forms,
    parse_any_iso_column,
    parse_epoch_column,
    parse_iso_column,
)

MAX_PIECES = 4096
"""Distinct pieces kept for one place between slots; more means that a slot was not seen as one."""
MAX_TABLE = 1 << 20
"""Entries of a layout's table of templates."""
LONGEST = 1 << 14
"""Bytes of the longest piece or value that is kept: what is longer hardly repeats."""

_NUMBER = r"-?[0-9]+(?:\.[0-9]+)?(?=\s*[,}])"
_PAIR = re.compile(r'((?<!\\)"[^"\\]*+(?:\\.[^"\\]*+)*+"\s*:\s*)(?:"([^"\\]*)"|(' + _NUMBER + "))")
_INNER_PAIR = re.compile(r'((\\+)"[^"\\]*\2"\s*:\s*)(?:\2"([^"\\]*)\2"|(' + _NUMBER + "))")
"""The same in JSON that is text in JSON: its quotes have backslashes before them."""
NOT_PLAIN = re.compile(r'[\x00-\x1f\\"]')
"""What a text inside quotes cannot hold as it is."""
_PLAIN_INTEGER = r"^-?(?:0|[1-9][0-9]{0,17})$"
_PLAIN_NUMBER = r"^-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,18})?$"
_DIGITS = re.compile(rb"[0-9.-]*")
_ESCAPED = r'(?:[^"\\]|\\.)*'
_TEXT = re.compile(_ESCAPED.encode())
_MEMBER = re.compile(rf'("{_ESCAPED}"\s*:\s*)(?:"({_ESCAPED})"|({_NUMBER}))')
"""Like a pair; its text may have escapes."""
_RECORD = {"event": "CONVERSATION_CLOSED", "timestamp": "0", "data": {"payload": {"sid": "0"}}}
_TWO = [encode_json(_RECORD), encode_json({**_RECORD, "timestamp": "1"})]
"""Two records, as a text may hold them."""
_KEY = re.compile(rb'[^:\x80-\xff]*:\s*\\*"?')
"""The end of a value, and the next key up to its value."""
_LONGEST_KEY = 64
_FAR = 1 << 40

SLOW, OTHER, ENCODED, BATCH, EVENT, TIMELESS = range(6)
ASIDE = (1 << 32) - 1


class Slot(NamedTuple):
    """A place whose value changes from line to line.

    The text before the value, and how the value ends.
    """

    anchor: str
    quoted: bool
    length: int | None
    """Bytes of every value seen; None where they differ."""

    placeholder: str
    """A value of the slot's kind that no log contains by chance, unique to the slot."""
    escape: str = ""
    """What stands before each quote: backslashes, where the slot is in JSON that is text in
    JSON.
    """
    is_text: bool = False
    """Whether values have escapes in them: whole lines of JSON."""
    behind: int | None = None
    """Bytes between a text's end and the line's, where they are as many in every line."""
    after: str = ""
    """What stands behind the value in every line, and nowhere before: to look for it needs no
    copy of the rest.
    """

    @property
    def stop(self) -> str:
        """Return what ends a quoted value that is plain."""
        return self.escape[:1] or '"'

    def end(self, line: bytes, begin: int) -> int:
        """Return where in a line the value ends that begins there."""
        if self.length is not None:
            return begin + self.length
        if self.behind is not None:
            return max(begin, len(line) - self.behind)
        if self.after:
            return max(begin, line.find(self.after.encode()))
        if self.is_text:
            text = _TEXT.match(line, begin)
            return text.end() if text else begin
        if self.quoted:
            end = line.find(self.stop.encode(), begin)
            return len(line) if end < 0 else end
        digits = _DIGITS.match(line, begin)
        return digits.end() if digits else begin


class Template(NamedTuple):
    """What all lines of one shape say.

    `record` holds placeholders where the slots are.
    """

    record: Record
    kind: int
    """SLOW: to be read line by line; OTHER: counted as `record.bucket`; EVENT; TIMELESS: one
    without timestamp.

    ENCODED: what a line says hangs on a text in base64, in the slot that `texts` names. BATCH:
    the lines of a text in the slot that `texts` names are its records, where they are several
    objects and one is an event.
    """
    texts: tuple[int, ...] = ()
    """Slots other than time and session that `record` shows, so that it depends on their values."""


class Seen(NamedTuple):
    """A line of a sample that `record.read` has read."""

    line: str
    record: Record


class Codes(NamedTuple):
    """A layout's knowledge at one moment, as columns.

    Replaced as a whole, so that threads see it consistent.
    """

    enums: tuple[pl.Enum, ...]
    strides: tuple[int, ...]
    table: pl.Series
    """Int32: combined piece codes → template number; -1 where none was made yet."""
    meaning: pl.Series
    """UInt32: combined piece codes → code of what lines say that are events with a time; ASIDE
    for all others.
    """
    kinds: pl.Series
    """UInt8: template number → the `kind` of it."""
    said: pl.Series
    """UInt32: template number → code of what it says; null where that depends on the texts in
    its slots.
    """


class Layout:
    """The slots of one way of writing lines.

    And the templates seen so far.

    `cut` is safe to call from several threads; `learn` and `settle` are the caller's to serialise.
    """

    def __init__(
        self,
        slots: Sequence[Slot],
        judge: Callable[[object], Record],
        intern: Callable[[Attributes], int],
        contexts: Contexts | None = None,
    ) -> None:
        self.slots = tuple(slots)
        self.is_of_batches = any(slot.is_text for slot in slots)
        self.time: int | None = None
        self.sid: int | None = None
        self.time_form = "text"
        self.hits = 0
        self.hits_within = 0
        self.templates: list[Template] = []
        self.stale = False
        self._judge = judge
        self._intern = intern
        self._contexts = contexts
        self._ends = [(slot.anchor.encode(), slot.end) for slot in self.slots]
        self._pieces: tuple[dict[str, int], ...] = tuple({} for _ in range(len(slots) + 1))
        self._numbers: dict[tuple[int, ...], int] = {}
        self._codes: list[tuple[int, ...]] = []
        self._said: list[int | None] = []
        self._once: set[tuple[str, ...]] = set()
        self.codes = self._freeze()

    # -- cutting
    # ---------------------------------------------------------------------------------------------

    def split(self, line: bytes) -> tuple[str, ...] | None:
        """The pieces of one line.

        None where the slots are not in order, or its text or a piece is not UTF-8.
        """
        pieces, at, size = [], 0, len(line)
        for anchor, end_of in self._ends:
            start = line.find(anchor)
            if start < 0:
                pieces.append(b"")
                continue
            begin = start + len(anchor)
            if start < at:
                # Out of order; or the value before is a part of this anchor.
                return None
            pieces.append(line[at:begin])
            at = min(end_of(line, begin), size)
        pieces.append(line[at:])
        if max(map(len, pieces)) > LONGEST:
            return None
        try:
            line.decode()
            return tuple([piece.decode() for piece in pieces])
        except UnicodeDecodeError:
            return None

    def cut(self, lines: pl.LazyFrame, codes: Codes, *, with_forms: bool = False) -> pl.LazyFrame:
        """Lines (column `line`, String) → `size`, `key`, `text` (the sid), `ts`.

        `plain`, `fits`, pieces, slots.

        `size` is in bytes. `key` combines the codes of the pieces and is null where one is
        unknown. `plain` says that all values but a
        session in quotes can stand in for their placeholders; `fits` that the pieces and values
        make up the line. `ts` (Int64) is null for what `time_form` does not cover. `with_forms`
        adds `form` (number in `timestamps.FORMS`) of those that it covers. `piece<i>` are all,
        `slot<i>` those that `texts` names.
        """
        pieces, values, fits = self._ranges()
        parts = {f"piece{i}": _text(*bounds) for i, bounds in enumerate(pieces)}
        parts |= {f"slot{i}": _text(*bounds) for i, bounds in enumerate(values)}
        cut = self._found(lines).select(
            pl.col("line").bin.size().alias("size"), fits.alias("fits"), **parts
        )
        session = pl.lit("") if self.sid is None else pl.col(f"slot{self.sid}")
        checks = [self._plain(i, pl.col(f"slot{i}")) for i in range(len(self.slots))]
        coded = cut.with_columns(self.key(codes), self._time_column().alias("ts"))
        return coded.select(
            *("size", "key", "ts", "fits"),
            session.alias("text"),
            reduce(and_, checks, pl.col("fits")).alias("plain"),
            *([self._form_column().alias("form")] if with_forms else []),
            *(pl.col(f"slot{i}") for i in self.texts()),
            *(pl.col(f"piece{i}") for i in range(len(pieces))),
        )

    def key(self, codes: Codes) -> pl.Expr:
        """UInt32 `key` from the columns of pieces.

        Their codes in one number, null where one is unknown.
        """
        parts = (
            pl.col(f"piece{i}").cast(enum, strict=False).to_physical().cast(pl.UInt32) * stride
            for i, (enum, stride) in enumerate(zip(codes.enums, codes.strides, strict=True))
        )
        return reduce(add, parts).alias("key")

    def texts(self) -> list[int]:
        """Slots whose text some template needs."""
        extra = {self.time} if self.time is not None and self.time_form == "text" else set()
        return sorted({i for template in self.templates for i in template.texts} | extra)

    def _found(self, lines: pl.LazyFrame) -> pl.LazyFrame:
        line = pl.col("line")
        starts = {
            f"start{i}": line.str.find(slot.anchor, literal=True).cast(pl.Int64)
            + len(slot.anchor.encode())
            for i, slot in enumerate(self.slots)
        }
        afters = {
            f"after{i}": line.str.find(slot.after, literal=True).cast(pl.Int64)
            for i, slot in enumerate(self.slots)
            if slot.after
        }
        found = lines.select(line.cast(pl.Binary), **starts, **afters)
        ends = {
            f"end{i}": self._end_column(i)
            for i, slot in enumerate(self.slots)
            if slot.length is None
        }
        return found.with_columns(**ends) if ends else found

    def _end_column(self, i: int) -> pl.Expr:
        slot, start = self.slots[i], pl.col(f"start{i}")
        if slot.behind is not None:
            end = pl.col("line").bin.size().cast(pl.Int64) - slot.behind
            # Null where the slot is absent.
            return start + (end - start).clip(lower_bound=0)
        if slot.after:
            return start + (pl.col(f"after{i}") - start).clip(lower_bound=0).fill_null(0)
        rest = pl.col("line").bin.slice(start).cast(pl.String, strict=False)
        if slot.is_text:
            size = rest.str.extract(f'^({_ESCAPED})"').str.len_bytes()
            return start + size.cast(pl.Int64).fill_null(0)
        end = rest.str.find(slot.stop, literal=True) if slot.quoted else rest.str.find("[^0-9.-]")
        return start + end.cast(pl.Int64).fill_null(0)

    def _ranges(self) -> tuple[list[tuple[Any, Any]], list[tuple[Any, Any]], pl.Expr]:
        """Offsets and lengths of pieces and of values.

        And whether they are in order.

        A slot that a line lacks is an empty piece and an empty value at the end of the slot
        before it.
        """
        pieces: list[tuple[Any, Any]] = []
        values: list[tuple[Any, Any]] = []
        fits: list[pl.Expr] = [pl.col("line").bin.size() <= MAX_LINE]
        before: pl.Expr = pl.lit(0, pl.Int64)
        for i, slot in enumerate(self.slots):
            start = pl.col(f"start{i}")
            end = pl.col(f"end{i}") if slot.length is None else start + slot.length
            length: Any = end - start if slot.length is None else slot.length
            pieces.append(
                (
                    before if i else 0,
                    (start - before).clip(lower_bound=0).fill_null(0) if i else start.fill_null(0),
                )
            )
            values.append(
                (start.fill_null(_FAR), length if slot.length is not None else length.fill_null(0))
            )
            fits += (
                [(start - len(slot.anchor.encode()) >= before).fill_null(value=True)] if i else []
            )
            fits += [] if slot.quoted else [(end > start).fill_null(value=True)]
            before = pl.coalesce(end, before) if i else end.fill_null(0)
        pieces.append((before, None))
        return pieces, values, reduce(and_, fits)

    def _plain(self, i: int, value: pl.Expr) -> pl.Expr:
        """Return whether a value can stand in for its placeholder.

        The empty one of an absent slot can.
        """
        slot = self.slots[i]
        if i == self.time and self.time_form != "text":
            # The forms that are read by the column are plain.
            return pl.col("ts").is_not_null() | (value == "")
        if slot.is_text:
            return pl.lit(value=True)
        if not slot.quoted:
            # A fraction of a sid may be spelled in several ways.
            pattern = _PLAIN_INTEGER if i == self.sid else _PLAIN_NUMBER
            return value.str.contains(pattern) | (value == "")
        if i == self.sid:
            return value.str.len_bytes() <= MAX_SID_BYTES
        plain = ~value.str.contains(NOT_PLAIN.pattern)
        return plain if slot.length is not None else plain & (value.str.len_bytes() <= LONGEST)

    def _time_column(self) -> pl.Expr:
        if self.time is None or self.time_form == "text":
            return pl.lit(None, dtype=pl.Int64)
        value = pl.col(f"slot{self.time}")
        forms = {"iso": parse_iso_column, "epoch": parse_epoch_column, "any": parse_any_iso_column}
        return forms[self.time_form](value)

    def _form_column(self) -> pl.Expr:
        if self.time is None or self.time_form == "text":
            return pl.lit(None, dtype=pl.UInt8)
        value = pl.col(f"slot{self.time}")
        if self.time_form == "any":
            return find_any_iso_forms(value)
        return find_epoch_forms(value) if self.time_form == "epoch" else pl.lit(ISO_UTC, pl.UInt8)

    # -- learning
    # --------------------------------------------------------------------------------------------

    def full(self, pieces: tuple[str, ...]) -> bool:
        """Return whether there is no room for these.

        The layout lacks a slot, or the lines are not of one making.
        """
        sizes = [
            len(known) + (piece not in known)
            for known, piece in zip(self._pieces, pieces, strict=True)
        ]
        return max(sizes) > MAX_PIECES or prod(sizes) > MAX_TABLE

    def meet(self, pieces: tuple[str, ...], times: int) -> None:
        """Learn pieces that are met for the second time.

        What repeats once will repeat.
        """
        if self.full(pieces):
            return
        if times > 1 or pieces in self._once:
            self._once.discard(pieces)
            self.learn(pieces)
        elif len(self._once) < MAX_PIECES:
            self._once.add(pieces)

    def learn(self, pieces: tuple[str, ...]) -> int:
        """The template number of lines with these pieces.

        It is in `codes` after the next `settle`.
        """
        code = tuple(
            known.setdefault(piece, len(known))
            for known, piece in zip(self._pieces, pieces, strict=True)
        )
        if code not in self._numbers:
            self._numbers[code] = len(self.templates)
            self._codes.append(code)
            template = self._template(pieces)
            self.templates.append(template)
            self._said.append(self._said_by(template))
            self.stale = True
        return self._numbers[code]

    def learn_keys(self, codes: Codes, keys: Iterable[int]) -> Codes:
        """`codes` with the templates of more combinations of its pieces.

        Its own keys stay what they are.
        """
        order = [enum.categories.to_list() for enum in codes.enums]
        numbers = [
            self.learn(
                tuple(
                    names[key // stride % len(names)]
                    for names, stride in zip(order, codes.strides, strict=True)
                )
            )
            for key in keys
        ]
        self.settle()
        return codes._replace(
            table=codes.table.clone().scatter(list(keys), numbers) if numbers else codes.table,
            kinds=self.codes.kinds,
            said=self.codes.said,
        )

    def settle(self) -> None:
        """Bring `codes` up to date with what was learnt."""
        if self.stale:
            self.codes = self._freeze()
            self.stale = False

    def _freeze(self) -> Codes:
        self._order = [list(known) for known in self._pieces]
        sizes = [max(1, len(known)) for known in self._pieces]
        strides = [1] * len(sizes)
        for i in range(len(sizes) - 1, 0, -1):
            strides[i - 1] = strides[i] * sizes[i]
        places = [sum(map(int.__mul__, code, strides)) for code in self._numbers]
        table = pl.repeat(-1, prod(sizes), dtype=pl.Int32, eager=True)
        meaning = pl.repeat(ASIDE, prod(sizes), dtype=pl.UInt32, eager=True)
        if places:
            table = table.scatter(places, list(self._numbers.values()))
            meaning = meaning.scatter(
                places, [self._meaning(number) for number in self._numbers.values()]
            )
        kinds = pl.Series([template.kind for template in self.templates], dtype=pl.UInt8)
        said = pl.Series(self._said, dtype=pl.UInt32)
        enums = tuple(pl.Enum(order) for order in self._order)
        return Codes(enums, tuple(strides), table, meaning, kinds, said)

    def _meaning(self, number: int) -> int:
        said = self._said[number]
        return said if said is not None and self.templates[number].kind == EVENT else ASIDE

    def _said_by(self, template: Template) -> int | None:
        said = template.record.said
        return (
            self._intern(said) if said and template.kind >= EVENT and not template.texts else None
        )

    def said_with(self, number: int, values: dict[int, str]) -> int | None:
        """The code of what a template's line says with these texts in its slots.

        None if it is no event then, or if a text that it shows is not among them.
        """
        if not set(self.templates[number].texts) <= values.keys():
            return None
        said = self._judge(decode_json(self.fill(self._pieces_of(number), values))).said
        return self._intern(said) if said else None

    def agrees(self, judge: Callable[[object], Record]) -> bool:
        """Return whether a judge says of all templates what was said of them."""
        known = (
            (number, each.record) for number, each in enumerate(self.templates) if each.kind != SLOW
        )
        return all(
            judge(decode_json(self.fill(self._pieces_of(number), {}))) == record
            for number, record in known
        )

    def _pieces_of(self, number: int) -> tuple[str, ...]:
        return tuple(
            names[n] for names, n in zip(map(list, self._pieces), self._codes[number], strict=True)
        )

    def fill(self, pieces: tuple[str, ...], values: dict[int, str]) -> str:
        """A line made of pieces and values.

        With placeholders where none is given.
        """
        parts = []
        for i, (piece, slot) in enumerate(zip(pieces, self.slots, strict=False)):
            parts.append(piece)
            if piece.endswith(slot.anchor):
                parts.append(values.get(i, slot.placeholder))
        return "".join(parts) + pieces[-1]

    def _template(self, pieces: tuple[str, ...]) -> Template:
        line = self.fill(pieces, {})
        try:
            value = decode_json(line)
        except (ValueError, RecursionError):
            return Template(Record("invalid_json"), SLOW)
        record = self._judge(value)
        slow = Template(record, SLOW)
        present = [i for i, slot in enumerate(self.slots) if pieces[i].endswith(slot.anchor)]
        asked = self._asked(record, present)
        if record.bucket == SEVERAL or len(asked) > 1 or not self._whole(value, line, present):
            return slow
        if asked:
            names = [self.slots[i].placeholder for i in present]
            known = self._contexts and self._contexts.admit(
                value, names, self.slots[asked[0]].placeholder
            )
            return Template(record, ENCODED, (asked[0],)) if known else slow
        if any(self.slots[i].is_text for i in present):
            text = self._batch(pieces, present)
            return slow if text is None else Template(record, BATCH, (text,))
        shown = self._shown(record, present)
        if record.bucket != "event":
            return slow if shown else Template(record, OTHER)
        time = next((i for i in present if record.timestamp == self.slots[i].placeholder), None)
        sid = next((i for i in present if record.sid == self.slots[i].placeholder), None)
        if (
            sid is None
            or not self._agree(time, sid)
            or (time is None and record.timestamp is not None)
        ):
            return slow
        texts = tuple(i for i in shown if i not in (time, sid))
        return Template(record, TIMELESS if time is None else EVENT, texts)

    def _batch(self, pieces: tuple[str, ...], present: list[int]) -> int | None:
        """The slot whose text holds a line's records.

        However many they are: told from a line with two.
        """
        text, *others = [i for i in present if self.slots[i].is_text]
        line = self.fill(pieces, {text: encode_json("\n".join(_TWO))[1:-1]})
        is_batch = (
            not others
            and self._judge(decode_json(line)).bucket == SEVERAL
            and members(line) == _TWO
        )
        return text if is_batch else None

    def _asked(self, record: Record, present: list[int]) -> list[int]:
        """The slots whose texts the place of something hangs on."""
        return [
            i for i in present if any(self.slots[i].placeholder in text for text in record.asked)
        ]

    def _whole(self, value: object, line: str, present: list[int]) -> bool:
        """Return whether each placeholder is exactly one whole value of the line, and stands
        nowhere else in it.
        """
        values = list(_strings(value))
        names = [self.slots[i].placeholder for i in present]
        return all(values.count(name) == 1 and line.count(name) == 1 for name in names)

    def _shown(self, record: Record, present: list[int]) -> list[int]:
        texts = [record.event_name, record.timestamp, record.sid, *(record.said or ())]
        return [
            i
            for i in present
            if any(self.slots[i].placeholder in t for t in texts if isinstance(t, str))
        ]

    def _agree(self, time: int | None, sid: int) -> bool:
        """Return whether a template keeps time and session in the layout's slots.

        The first one decides which.
        """
        if self.sid is None:
            self.time, self.sid = time, sid
        return self.sid == sid and time in (None, self.time)


def _text(offset: object, length: object) -> pl.Expr:
    line: Any = pl.col("line")
    text: pl.Expr = line.bin.slice(offset, length).cast(pl.String, strict=False)
    return text


def _strings(value: object) -> Iterable[str]:
    if isinstance(value, str):
        yield value
        if '"' in value:
            yield from _strings(Search().opened(value))
    elif isinstance(value, dict):
        for member in value.values():
            yield from _strings(member)
    elif isinstance(value, list):
        for member in value:
            yield from _strings(member)


def find_layout(
    sample: Sequence[Seen],
    judge: Callable[[object], Record],
    intern: Callable[[Attributes], int],
    contexts: Contexts | None = None,
) -> Layout | None:
    """The layout of a sample of lines: time, session.

    And whatever else takes many values, are its slots.

    None where the events have no session that could be cut out. Lines of which none is an event
    may share a layout.
    """
    batches = [seen for seen in sample if seen.record.bucket == SEVERAL]
    if 2 * len(batches) > len(sample):
        return _batch_layout(batches, judge, intern)
    events = [seen for seen in sample if seen.record.bucket == "event"] or sample
    found: dict[str, list[str]] = {}
    places: Counter[str] = Counter()
    needed: Counter[str] = Counter()
    for seen in events:
        for anchor, value, place in _values(seen.line):
            found.setdefault(anchor, []).append(value)
            places[anchor] += place
            if value in (seen.record.sid, seen.record.timestamp):
                needed[anchor] += 1
    many = max(8, len(events) // 16)
    chosen = [
        a for a, values in found.items() if needed[a] > len(events) // 2 or len(set(values)) > many
    ]
    chosen.sort(key=lambda anchor: places[anchor] / len(found[anchor]))
    if not chosen:
        return None
    slots = [_slot(i, anchor, found[anchor]) for i, anchor in enumerate(chosen)]
    layout = Layout(_with_after(slots, events), judge, intern, contexts)
    _introduce(layout, events, sample)
    read = layout.sid is not None or any(template.kind == ENCODED for template in layout.templates)
    return layout if read or not any(seen.record.said for seen in sample) else None


def _batch_layout(
    sample: Sequence[Seen], judge: Callable[[object], Record], intern: Callable[[Attributes], int]
) -> Layout | None:
    """The layout of lines with several records in a text.

    None where they have them elsewhere.
    """
    found: dict[str, list[str]] = {}
    behind: dict[str, set[int]] = {}
    for seen in sample:
        for match in _MEMBER.finditer(seen.line):
            key, text, number = match.groups()
            anchor = key if text is None else f'{key}"'
            found.setdefault(anchor, []).append(number or text)
            if text and "\\n{" in text:
                behind.setdefault(anchor, set()).add(len(seen.line[match.end(2) :].encode()))
    many = max(8, len(sample) // 16)
    chosen = [
        anchor for anchor, values in found.items() if anchor in behind or len(set(values)) > many
    ]
    slots = [_slot(i, anchor, found[anchor]) for i, anchor in enumerate(chosen)]
    slots = [
        slot._replace(is_text=True, length=None) if slot.anchor in behind else slot
        for slot in slots
    ]
    if slots and len(sizes := behind.get(slots[-1].anchor, set())) == 1:
        slots[-1] = slots[-1]._replace(behind=sizes.pop())
    if not any(slot.is_text for slot in slots):
        return None
    layout = Layout(_with_after(slots, sample), judge, intern)
    _introduce(layout, sample, sample)
    return layout if any(template.kind == BATCH for template in layout.templates) else None


def _introduce(layout: Layout, events: Sequence[Seen], sample: Sequence[Seen]) -> None:
    # The first template says which slots hold time and session: let it be one that has both.
    for seen in [*sorted(events, key=lambda each: each.record.timestamp is None), *sample]:
        pieces = layout.split(seen.line.encode())
        if pieces and seen.record.bucket != "invalid_json" and not layout.full(pieces):
            layout.learn(pieces)
    if layout.time is not None:
        slot = layout.slots[layout.time]
        values = pl.DataFrame({"v": [seen.record.timestamp or "" for seen in events]})
        layout.time_form = _time_form(values, slot)
    layout.settle()


def _time_form(values: pl.DataFrame, slot: Slot) -> str:
    column = pl.col("v")
    iso, epoch, other = values.select(
        parse_iso_column(column).is_not_null().mean().alias("iso"),
        parse_epoch_column(column).is_not_null().mean().alias("epoch"),
        parse_any_iso_column(column).is_not_null().mean().alias("any"),
    ).row(0)
    if slot.quoted and iso > 0.9:
        return "iso"
    return "epoch" if epoch > 0.9 else "any" if other > 0.9 else "text"


def _values(line: str) -> Iterable[tuple[str, str, int]]:
    """(anchor, value, place) of every scalar member.

    Where a key comes again, the member before is in the anchor.
    """
    first: set[str] = set()
    before = 0
    for match in (*_PAIR.finditer(line), *(_INNER_PAIR.finditer(line) if '\\"' in line else ())):
        *_, text, number = match.groups()
        escape = match[2] if match.re is _INNER_PAIR else ""
        anchor = match[1] + ("" if text is None else f'{escape}"')
        if anchor in first:
            anchor = line[before : match.start()] + anchor
        before = match.start()
        if anchor not in first:
            first.add(anchor)
            yield anchor, number if text is None else text, match.start()


def _slot(number: int, anchor: str, values: Sequence[str]) -> Slot:
    quoted = anchor.endswith('"')
    lengths = {len(value.encode()) for value in values}
    length = lengths.pop() if quoted and len(lengths) == 1 else None
    escape = anchor[len(anchor.rstrip('"').rstrip("\\")) : -1] if quoted else ""
    return Slot(anchor, quoted, length, _placeholder(number, quoted=quoted), escape)


def _with_after(slots: Sequence[Slot], sample: Sequence[Seen]) -> list[Slot]:
    """Slots with what is behind their values.

    Where these differ in length.
    """
    lines = [seen.line.encode() for seen in sample]
    return [
        slot
        if slot.length is not None or slot.is_text
        else slot._replace(after=_after(slot, lines))
        for slot in slots
    ]


def _after(slot: Slot, lines: Sequence[bytes]) -> str:
    """The next key, where it is the same in all lines and stands nowhere before.

    Else nothing.
    """
    anchor = slot.anchor.encode()
    starts = [(line, start) for line in lines if (start := line.find(anchor)) >= 0]
    ends = [(line, slot.end(line, start + len(anchor))) for line, start in starts]
    keys = {_KEY.match(line, end, end + _LONGEST_KEY) for line, end in ends}
    key, *others = {key and key[0] for key in keys} or {None}
    return (
        key.decode()
        if key and not others and all(line.find(key) == end for line, end in ends)
        else ""
    )


def _placeholder(number: int, *, quoted: bool) -> str:
    return (
        f"\x7fdcevents{number}\x7f" if quoted else f"98{number:03d}27182818284590452353602874713526"
    )


def each_once(
    texts: pl.Series, read: Callable[[str], int | str | None], dtype: type[pl.DataType]
) -> pl.Series:
    """Return what a function makes of texts.

    Which is asked once for each distinct one.

    Of null, null.
    """
    distinct = texts.unique().drop_nulls().to_list()
    return texts.replace_strict(
        distinct, [read(text) for text in distinct], default=None, return_dtype=dtype
    )
