"""Facts of events in as few bytes as they need, made by the library. It knows no polars.

A packed fact takes 12 bytes: time and code fit into one number, from 1970 to 2109 and for
4 million codes.
"""

import ctypes
from array import array
from typing import Final, NamedTuple

from dcevents.model.moments import FUTURE, UNTIMED
from dcevents.model.numbers.tables import Translation, check_result
from dcevents.native.memory import Memory, allocate

CODE_BITS: Final = 22
"""The bits of a code in a packed number; those above are the time's."""
PACKED_UNTIMED: Final = (1 << 64 - CODE_BITS) - 3
"""UNTIMED as a packed time; FUTURE is one more, ANCIENT two."""
_FAR_MS: Final = (1 << 63) - 1
"""Later than any time."""


class EventNumbers(NamedTuple):
    """Columns of events whose sessions and attributes have numbers of their own."""

    sessions: bytes
    """UInt32: places in `session_numbers`."""
    attributes: bytes
    """UInt32: places in `codes`."""
    times: bytes
    """Int64: milliseconds, UNTIMED or ANCIENT."""
    session_numbers: "array[int]"
    codes: "array[int]"


class PackedEvents(NamedTuple):
    """Facts of events, and how many of the events are none, or untimed."""

    height: int
    """How many facts there are."""
    sids: Memory
    """UInt32: the number of the session of each."""
    words: Memory
    """UInt64: time and code of each."""
    first_ms: int
    """The first of their times; later than the last where no event has one."""
    last_ms: int
    later: int
    """Events after as-of, which are left out."""
    untimed: int

    @property
    def size(self) -> int:
        """Return how many bytes the facts take."""
        return 12 * self.height


class _Events(ctypes.Structure):
    _fields_ = (
        ("count", ctypes.c_uint64),
        ("sessions", ctypes.c_char_p),
        ("attributes", ctypes.c_char_p),
        ("times", ctypes.c_char_p),
        ("session_numbers", Translation),
        ("codes", Translation),
        ("last_believed", ctypes.c_int64),
        ("as_of", ctypes.c_int64),
        ("untimed", ctypes.c_int64),
        ("future", ctypes.c_int64),
        ("packed_untimed", ctypes.c_int64),
        ("code_bits", ctypes.c_uint32),
    )


class _PackedFacts(ctypes.Structure):
    _fields_ = (
        ("sids", ctypes.c_void_p),
        ("words", ctypes.c_void_p),
        ("count", ctypes.c_uint64),
        ("later", ctypes.c_uint64),
        ("untimed", ctypes.c_uint64),
        ("first", ctypes.c_int64),
        ("last", ctypes.c_int64),
        ("wide", ctypes.c_uint64),
    )


def pack_events(
    library: ctypes.CDLL, events: EventNumbers, last_believed_ms: int, as_of_ms: int | None
) -> PackedEvents | None:
    """Return the packed facts of events; None if some of them have to be wide.

    Times after `last_believed_ms` are FUTURE.
    """
    size = len(events.sessions)
    sids, words = allocate(library, size), allocate(library, 2 * size)
    given = _Events(
        count=size // ctypes.sizeof(ctypes.c_uint32),
        sessions=events.sessions,
        attributes=events.attributes,
        times=events.times,
        session_numbers=Translation.of(events.session_numbers),
        codes=Translation.of(events.codes),
        last_believed=last_believed_ms,
        as_of=_FAR_MS if as_of_ms is None else as_of_ms,
        untimed=UNTIMED,
        future=FUTURE,
        packed_untimed=PACKED_UNTIMED,
        code_bits=CODE_BITS,
    )
    found = _PackedFacts(sids=sids.address, words=words.address)
    check_result(library.dcevents_pack_facts(ctypes.byref(given), ctypes.byref(found)))
    if found.wide:
        return None
    return PackedEvents(
        found.count, sids, words, found.first, found.last, found.later, found.untimed
    )
