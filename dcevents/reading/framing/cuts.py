"""The end of a text → where a value begins that the end cuts off."""

from dcevents.reading.framing.decoding import repair_surrogates
from dcevents.reading.framing.prefixes import find_cut_quoted, find_opening, find_places
from dcevents.reading.framing.sequences import End, begins_with_object, read_sequence
from dcevents.reading.framing.tokens import Status, ValueScan


def find_cut(text: str, *, has_prefix: bool = False) -> int | None:
    """Return the character at which a value begins that a text's end cuts off; else None.

    `has_prefix` says that text stands before, on the same line.
    """
    text = repair_surrogates(text)
    sequence = read_sequence(text)
    if sequence.end is End.WHOLE:
        return None
    if sequence.end is not End.BROKEN and is_cut(text, sequence.stop):
        return sequence.stop
    if begins_with_object(text) and not has_prefix:
        return None
    at = next((at for at in find_places(text) if is_cut(text, at)), find_opening(text))
    return find_cut_quoted(text) if at is None else at


def is_cut(text: str, at: int) -> bool:
    """Return whether what begins at a place is a value of which the end is missing."""
    status, _ = ValueScan().read(text[at:].encode(), 0, 0)
    return status in {Status.OPEN, Status.CUT}
