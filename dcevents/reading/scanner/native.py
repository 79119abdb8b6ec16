"""The scanner in C, called through ctypes: blocks in, columns out."""

import ctypes
import struct
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import pairwise
from typing import Any, Final, NamedTuple

from dcevents.model.attributes import ROW_NUMBERS, AttributeColumns
from dcevents.model.numbers.packed_texts import PackedTexts, TextPiece
from dcevents.native import draw_seed
from dcevents.reading.judge import Context
from dcevents.reading.scanner.beginnings import complete_beginning
from dcevents.reading.scanner.block import (
    SEVERAL,
    Runs,
    ScannedBlock,
    SidTexts,
    StructureCount,
    TakenEvents,
    TakenOthers,
)
from dcevents.reading.scanner.map_words import list_words
from dcevents.reading.scanner.rules import SLOTS, RecordValues, Rule, Rules, Sample
from dcevents.reading.sources.buffers import BlockBytes
from dcevents.reading.timestamps import FORMS

READ_AHEAD: Final = 64
"""READ_AHEAD of scan.h: bytes behind those to be read that may be looked at."""
_MAX_ROUNDS: Final = 8
"""Times that a block is scanned anew because rules have been made for its forms."""
_FIRST_BYTES: Final = 1 << 16
"""Of a first block: what its forms are is asked before all of it is scanned, again and again."""


class _NativeRule(ctypes.Structure):
    _fields_ = (
        ("ms", ctypes.c_int64),
        ("slots", ctypes.c_int16 * SLOTS),
        ("structure", ctypes.c_uint16),
        ("prefix_structure", ctypes.c_uint16),
        ("kind", ctypes.c_uint8),
        ("form", ctypes.c_uint8),
        ("is_late", ctypes.c_uint8),
    )


_POINTERS = (
    *("runs", "event_lines", "event_sessions", "event_attributes", "event_times", "event_forms"),
    *(
        "event_structures",
        "event_members",
        "other_lines",
        "other_names",
        "other_buckets",
        "rejected_spans",
        "sid_bytes",
    ),
    *("sid_offsets", "name_bytes", "name_offsets", "form_bytes", "new_forms", "sample_bytes"),
    *("speakers", "actions", "combinations"),
    *("dialogue_bytes", "dialogue_offsets", "page_bytes", "page_offsets"),
    *("agent_bytes", "agent_offsets", "structure_counts"),
)
_COUNTS = (
    *("runs_count", "lines", "events_count", "others_count", "sids_count", "names_count"),
    *("new_forms_count", "speakers_count", "actions_count", "combinations_count"),
    *("dialogues_count", "pages_count", "agents_count"),
    *("structures_count", "rejected_spans_count", "generation"),
)


class _Result(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_void_p) for name in _POINTERS),
        *((name, ctypes.c_uint32) for name in _COUNTS),
    )


class _MemberResult(ctypes.Structure):
    _fields_ = (
        ("scanned", ctypes.POINTER(_Result)),
        ("members", ctypes.c_void_p),
        *((name, ctypes.c_uint32) for name in ("count", "stop", "is_open", "are_alone")),
    )


class FoundMembers(NamedTuple):
    """Objects beside each other, and what was found of them as if each were a line."""

    places: bytes
    """Four UInt32 of each: where it begins and ends, and how many lines end before these places."""
    scanned: ScannedBlock
    stop: int
    """Where no further one was found."""
    is_open: bool
    """There may be more once more bytes come."""
    are_alone: bool
    """Each begins on a line of its own."""


def declare_functions(library: ctypes.CDLL) -> None:
    """Tell ctypes what the library's functions of the scanner take and return."""
    library.dc_open_scanner.restype = ctypes.c_void_p
    library.dc_open_scanner.argtypes = (
        *(ctypes.c_uint64, ctypes.c_uint64, ctypes.c_int, ctypes.c_int, ctypes.c_int64),
    )
    library.dc_close_scanner.restype = None
    library.dc_close_scanner.argtypes = (ctypes.c_void_p,)
    library.dc_set_words.argtypes = (
        *(ctypes.c_void_p, ctypes.c_uint32, ctypes.c_char_p, ctypes.c_uint32),
    )
    library.dc_add_rule.argtypes = (
        *(ctypes.c_void_p, ctypes.c_char_p, ctypes.c_uint32, ctypes.POINTER(_NativeRule)),
    )
    library.dc_list_combinations.restype = None
    library.dc_list_combinations.argtypes = (ctypes.c_void_p, ctypes.c_uint32, ctypes.c_void_p)
    library.dc_scan_block.restype = ctypes.POINTER(_Result)
    library.dc_scan_block.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)
    library.dc_scan_members.argtypes = (
        *(ctypes.c_void_p, ctypes.c_char_p, ctypes.c_uint32, ctypes.c_char_p, ctypes.c_uint32),
        *(ctypes.c_char_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint32),
        ctypes.POINTER(_MemberResult),
    )
    library.dc_number_members.restype = None
    library.dc_number_members.argtypes = (
        *(ctypes.c_void_p, ctypes.c_uint32, ctypes.c_void_p, ctypes.c_uint32, ctypes.c_uint32),
        *(ctypes.c_uint32, ctypes.c_int, ctypes.c_void_p),
    )
    library.dc_place_events.restype = None
    library.dc_place_events.argtypes = (
        *(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint32),
        *(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint32),
    )


class NativeScanner:
    """Scans blocks in C; several threads may ask at once, each has a scanner in C to itself."""

    def __init__(self, library: ctypes.CDLL, context: Context, *, in_full: bool) -> None:
        declare_functions(library)
        self.library = library
        self._context = context
        self.has_map = bool(context.mapping)
        """The user has named places or names, so events may be shorter than others."""
        self._in_full = in_full
        self._rules = Rules(context, FORMS, in_full=in_full)
        self._idle: deque[_BlockScanner] = deque()

    def scan(self, data: BlockBytes) -> ScannedBlock:
        """Return what the lines of a block say, as far as that is certain of each alone."""
        with self._take_scanner() as scanner:
            return scanner.scan(data)

    def scan_members(
        self, data: bytes, around: tuple[bytes, bytes], room: int, *, is_list: bool
    ) -> FoundMembers:
        """Return the objects that some bytes hold, each read as alone between two texts.

        They have at most `room` bytes with these.
        """
        with self._take_scanner() as scanner:
            return scanner.scan_members(data, around, room, is_list=is_list)

    @contextmanager
    def _take_scanner(self) -> Iterator["_BlockScanner"]:
        """Take a scanner that is idle, or a new one."""
        try:
            scanner = self._idle.pop()
        except IndexError:
            scanner = _BlockScanner(self.library, self._rules, self._context, in_full=self._in_full)
        try:
            yield scanner
        finally:
            self._idle.append(scanner)


class _BlockScanner:
    """One scanner in C, and what Python has read of its tables."""

    def __init__(
        self, library: ctypes.CDLL, rules: Rules, context: Context, *, in_full: bool
    ) -> None:
        self._library = library
        self._rules = rules
        self._rules_count = 0
        self._scanner = library.dc_open_scanner(
            draw_seed(), draw_seed(), context.keep_query, in_full, context.year_clock_ms
        )
        if not self._scanner:
            raise MemoryError
        for number, words in enumerate(list_words(context.mapping) or ()):
            packed = b"".join(bytes([len(word)]) + word for word in words)
            if not library.dc_set_words(self._scanner, number, packed, len(packed)):
                raise MemoryError
        self._generation = 0
        self._combinations = AttributeColumns()

    def __del__(self) -> None:
        self._library.dc_close_scanner(getattr(self, "_scanner", None))

    def scan(self, data: BlockBytes) -> ScannedBlock:
        """Return what the lines of a block say."""
        if not len(self._rules) and (beginning := complete_beginning(data)):
            self._learn(beginning)
        if not self._rules_count and len(data) > 2 * _FIRST_BYTES:
            self._learn(data[: data.rfind(b"\n", 0, _FIRST_BYTES) + 1])
        return self._make_block(self._learn(data))

    def scan_members(
        self, data: bytes, around: tuple[bytes, bytes], room: int, *, is_list: bool
    ) -> FoundMembers:
        """Return the objects that some bytes hold, each read as alone between two texts."""
        found = _MemberResult()

        def scan(room: int) -> Any:  # noqa: ANN401 - a structure of ctypes
            texts = (number for each in (data, *around) for number in (each, len(each)))
            if not self._library.dc_scan_members(
                *(self._scanner, *texts, is_list, room, ctypes.byref(found))
            ):
                raise MemoryError
            return found.scanned.contents

        if not self._rules_count and room > 2 * _FIRST_BYTES:
            self._learn(data, partial(scan, _FIRST_BYTES))
        scanned = self._make_block(self._learn(data, partial(scan, room)))
        places = _read_bytes(found.members, 16 * found.count)
        return FoundMembers(places, scanned, found.stop, bool(found.is_open), bool(found.are_alone))

    def _learn(
        self,
        data: BlockBytes,
        scan: Callable[[], Any] | None = None,
    ) -> Any:  # noqa: ANN401 - a structure of ctypes
        """Return what a scan found once the rules of the forms in some bytes are known."""
        values = RecordValues()
        scan = scan or partial(self._scan, data)
        for _ in range(_MAX_ROUNDS):
            self._add_rules()
            result = scan()
            if not result.new_forms_count or self._rules.is_full:
                break
            self._rules.learn(_list_new_forms(result, data), values)
            if len(self._rules) == self._rules_count:
                break
        return result

    def _scan(self, data: BlockBytes) -> Any:  # noqa: ANN401 - a structure of ctypes
        is_buffer = isinstance(data, bytearray) and data
        given = ctypes.byref(ctypes.c_char.from_buffer(data)) if is_buffer else bytes(data)
        found = self._library.dc_scan_block(self._scanner, given, len(data))
        if not found:
            raise MemoryError
        return found.contents

    def _add_rules(self) -> None:
        """Tell the scanner in C the rules that are new to it."""
        for form, rule, structures in self._rules.list_from(self._rules_count):
            native = _make_native_rule(rule, *structures)
            if not self._library.dc_add_rule(self._scanner, form, len(form), native):
                raise MemoryError
            self._rules_count += 1

    def _make_block(self, result: Any) -> ScannedBlock:  # noqa: ANN401 - a structure of ctypes
        if result.generation != self._generation:
            self._generation, self._combinations = result.generation, AttributeColumns()
        self._read_combinations(result)
        runs = Runs(_read_bytes(result.runs, 24 * result.runs_count))
        has_members = any(status in runs.statuses for status in SEVERAL)
        events = self._read_events(result, has_members=has_members)
        return ScannedBlock(runs, result.lines, events, _read_others(result))

    def _read_combinations(self, result: Any) -> None:  # noqa: ANN401 - a structure of ctypes
        """Read the attributes that are new: texts first, as others may read rows meanwhile."""
        known = len(self._combinations)
        if new := result.combinations_count - known:
            _read_texts(result, self._combinations)
            rows = (ctypes.c_uint32 * (ROW_NUMBERS * new))()
            self._library.dc_list_combinations(self._scanner, known, rows)
            self._combinations.rows.frombytes(memoryview(rows).cast("B"))

    def _read_events(
        self,
        result: Any,  # noqa: ANN401 - a structure of ctypes
        *,
        has_members: bool,
    ) -> TakenEvents:
        count = result.events_count
        packed = _read_bytes(result.structure_counts, 24 * result.structures_count)
        counted = list(zip(self._rules.structures, struct.iter_unpack("=6I", packed), strict=False))
        return TakenEvents(
            count,
            lines=_read_bytes(result.event_lines, 4 * count),
            sessions=_read_bytes(result.event_sessions, 4 * count),
            attributes=_read_bytes(result.event_attributes, 4 * count),
            times=_read_bytes(result.event_times, 8 * count),
            forms=_read_bytes(result.event_forms, count),
            structures=_read_bytes(result.event_structures, 2 * count),
            members=_read_bytes(result.event_members, 4 * count) if has_members else b"",
            sids=SidTexts(
                *_read_packed(result.sid_bytes, result.sid_offsets, result.sids_count),
                result.sids_count,
            ),
            combinations=self._combinations,
            envelopes=[
                StructureCount(structure, events, line, first_member=member)
                for structure, (events, line, member, *_) in counted
            ],
            prefixed=[
                StructureCount(structure, events, line, has_prefix=True, first_member=member)
                for structure, (*_, events, line, member) in counted
            ],
        )


def _read_texts(result: Any, columns: AttributeColumns) -> None:  # noqa: ANN401
    """Add the texts to columns that a scanner has numbered since."""
    _read_new_texts(result, "dialogue", columns.dialogues, first=0)
    # The first page, agent and meeting of columns is none.
    _read_new_texts(result, "page", columns.pages, first=1)
    _read_new_texts(result, "agent", columns.agents, first=1)


def _read_new_texts(
    result: Any,  # noqa: ANN401 - a structure of ctypes
    name: str,
    texts: PackedTexts,
    *,
    first: int,
) -> None:
    """Add the texts of a table that are new; the table's first one has a number in `texts`."""
    begin, end = len(texts) - first, getattr(result, f"{name}s_count")
    if begin < end:
        place, offsets = getattr(result, f"{name}_bytes"), getattr(result, f"{name}_offsets")
        packed = _read_bytes(offsets + 4 * begin, 4 * (end - begin + 1))
        numbers = memoryview(packed).cast("I")
        data = _read_bytes(place + numbers[0], numbers[-1] - numbers[0])
        texts.add_piece(TextPiece(data, packed))


def _make_native_rule(rule: Rule, structure: int, prefix_structure: int) -> _NativeRule:
    slots = (ctypes.c_int16 * SLOTS)(*rule.slots)
    structures = structure, prefix_structure
    return _NativeRule(rule.ms, slots, *structures, rule.kind, rule.time_form, rule.is_late)


def _list_new_forms(result: Any, data: BlockBytes) -> list[Sample]:  # noqa: ANN401
    """Return forms without a rule, each with a record of it."""
    found, place, record = [], (0, 0), b""
    packed = _read_bytes(result.new_forms, 40 * result.new_forms_count)
    for fields in struct.iter_unpack("=10I", packed):
        begin, length, value, size, is_clean, is_sample, *numbers = fields
        form = _read_bytes(result.form_bytes + begin, length)
        if is_sample:
            place, record = (0, 0), _read_bytes(result.sample_bytes + value, size)
        elif place != (value, size):
            place, record = (value, size), bytes(data[value : value + size])
        found.append(Sample(form, record, bool(is_clean), tuple(numbers)))
    return found


def _read_others(result: Any) -> TakenOthers:  # noqa: ANN401 - a structure of ctypes
    count = result.others_count
    packed, offsets = _read_packed(result.name_bytes, result.name_offsets, result.names_count)
    return TakenOthers(
        count,
        lines=_read_bytes(result.other_lines, 4 * count),
        buckets=_read_bytes(result.other_buckets, count),
        names=_read_bytes(result.other_names, 4 * count),
        unknown_names=_split_texts(packed, offsets),
        rejected_spans=_read_bytes(result.rejected_spans, 24 * result.rejected_spans_count),
    )


def _read_bytes(place: int | None, size: int) -> bytes:
    return ctypes.string_at(place, size) if place and size else b""


def _read_packed(place: int, offsets: int, count: int) -> tuple[bytes, bytes]:
    """Return texts one behind the other, and their offsets."""
    numbers = _read_bytes(offsets, 4 * (count + 1))
    return _read_bytes(place, struct.unpack_from("=I", numbers, 4 * count)[0]), numbers


def _split_texts(packed: bytes, offsets: bytes) -> list[str]:
    """Return texts that lie one behind the other; strangers may send one in each line."""
    places = pairwise(memoryview(offsets).cast("I").tolist())
    if packed.isascii():
        text = packed.decode()
        return [text[begin:end] for begin, end in places]
    return [packed[begin:end].decode() for begin, end in places]
