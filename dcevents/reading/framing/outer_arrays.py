"""The outer arrays that are open between lines: scalars among their objects are no records."""

from dataclasses import dataclass

from dcevents.reading.framing.sequences import Item, Sequence


@dataclass(slots=True)
class OuterArrays:
    """How many are open. Brackets are only separators, so that a lost one costs nothing."""

    count: int = 0
    has_comma: bool = False
    """A comma or bracket stands behind the last value, so that another member may follow."""

    def hold(self, text: str, items: list[Item]) -> bool:
        """Return whether values of a line are members of an array that goes on."""
        return bool(items) and self.goes_on(text[: items[0].at])

    def goes_on(self, before: str) -> bool:
        """Return whether a value behind some text of a line is a member."""
        return self.count > 0 and (self.has_comma or "," in before)

    def note(self, text: str, sequence: Sequence, opened: int) -> None:
        """Count the arrays that a line closes, and those that it opens."""
        if sequence.items and not self.hold(text, sequence.items):
            # No comma between two values: the array has ended, its bracket is lost.
            self.count = 0
        self.count = max(0, self.count - sequence.closed) + opened
        self.has_comma = sequence.has_comma or (self.has_comma and not sequence.items)

    def pass_object(self, has_comma_before: bool, has_comma_behind: bool) -> None:  # noqa: FBT001
        """Count the arrays around a line of one object, which may have commas around."""
        if not self.has_comma and not has_comma_before:
            self.count = 0
        self.has_comma = has_comma_behind
