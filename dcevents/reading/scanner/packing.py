"""Events that a scanner has taken, made into facts. It knows no polars."""

from dcevents.model.numbers.codes import Codes
from dcevents.model.numbers.packed_events import EventNumbers, PackedEvents, pack_events
from dcevents.native import load_library
from dcevents.reading.read_settings import ReadSettings
from dcevents.reading.scanner.block import SidTexts, TakenEvents


def number_events(events: TakenEvents, codes: Codes) -> EventNumbers:
    """Return events with the numbers of their sids and the codes of their attributes."""
    return EventNumbers(
        bytes(events.sessions),
        bytes(events.attributes),
        bytes(events.times),
        codes.sids.number_packed(*cut_packed(events.sids)),
        codes.list_codes(events.combinations),
    )


def pack_numbered(numbers: EventNumbers, settings: ReadSettings) -> PackedEvents | None:
    """Return the facts of events; None if they are not all packed ones, or not all wanted."""
    library = load_library()
    if library is None or settings.in_full:
        return None
    return pack_events(library, numbers, settings.last_believed_ms, settings.as_of_ms)


def cut_packed(sids: SidTexts) -> tuple[memoryview, memoryview]:
    """Return texts and offsets of sids without what may lie behind them."""
    return memoryview(sids.packed), memoryview(sids.offsets).cast("B")[: 4 * (sids.count + 1)]
