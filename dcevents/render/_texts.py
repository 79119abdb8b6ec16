"""Long texts in narrow columns: the common host once, and cuts that keep texts apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from dcevents.show import measure_width

if TYPE_CHECKING:
    import polars as pl

_ELLIPSIS = "…"
_ORIGIN_PATTERN = r"^([A-Za-z][A-Za-z0-9+.-]*://[^/?#]+)(?:[/?#]|$)"


def find_common_origin(addresses: pl.Series) -> tuple[str, bool] | None:
    """Return the scheme and host that most addresses have, and whether all have it.

    None where no two addresses share one.
    """
    known = addresses.drop_nulls()
    origins = known.str.extract(_ORIGIN_PATTERN)
    counts = origins.drop_nulls().value_counts().sort(["count", origins.name], descending=True)
    if counts.is_empty() or counts["count"][0] < 2:
        return None
    return counts[origins.name][0], counts["count"][0] == known.len()


def strip_origin(address: str, origin: str) -> str:
    """Return the path of an address on a host: `/pricing`; others as they are."""
    rest = address.removeprefix(origin)
    if rest == address or (rest and rest[0] not in "/?#"):
        return address
    return rest if rest.startswith("/") else f"/{rest}"


# -- cuts ---------------------------------------------------------------------------------------


def choose_cut(cells: Sequence[str], room: int, *, at_end: bool) -> Callable[[str], str]:
    """Return a function that cuts texts to a width, so that they stay apart.

    At the end if that tells them as well apart as at the beginning or in the middle, or if they
    have to be cut `at_end`.
    """
    cuts: list[Callable[[str, int], str]] = [cut_end]
    if not at_end and any(measure_width(cell) > room for cell in cells):
        cuts += [_cut_middle, _cut_beginning]
    different = set(cells)
    chosen = max(cuts, key=lambda cut: len({cut(cell, room) for cell in different}))
    return lambda cell: chosen(cell, room)


def cut_end(text: str, room: int) -> str:
    """Return a text of at most so many columns: `Product t…`."""
    return text if measure_width(text) <= room else _take(text, room - 1) + _ELLIPSIS


def _cut_beginning(text: str, room: int) -> str:
    if measure_width(text) <= room:
        return text
    return _ELLIPSIS + _take(text[::-1], room - 1)[::-1]


def _cut_middle(text: str, room: int) -> str:
    if measure_width(text) <= room:
        return text
    head = _take(text, (room - 1) // 2)
    return head + _ELLIPSIS + _take(text[::-1], room - 1 - measure_width(head))[::-1]


def _take(text: str, room: int) -> str:
    """Return as much of a text's beginning as there is room for."""
    used = 0
    for i, character in enumerate(text):
        used += measure_width(character)
        if used > room:
            return text[:i]
    return text
