"""Check: the quality of the input (definitions 5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dcevents.reports._report import Report
from dcevents.tables import Column, ColumnKind, Document

if TYPE_CHECKING:
    from dcevents.analysis.view import View

_FIGURE_PATHS = (
    ("input", "files"),
    ("input", "records"),
    ("input", "blank"),
    ("input", "incomplete"),
    ("input", "rejected"),
    ("input", "later"),
    ("input", "duplicates"),
    ("input", "events"),
    ("input", "untimed"),
    ("input", "future"),
    ("input", "ancient"),
    ("input", "ignored", "widget_ready"),
    ("input", "ignored", "unknown_event"),
    ("findings",),
    ("cut_off",),
    ("untimed_share",),
    ("future_share",),
    ("ancient_share",),
    ("order", "out_of_order"),
    ("order", "step_back_seconds"),
    ("conversations", "conversations"),
    ("conversations", "start_not_seen"),
    ("conversations", "engaged"),
    ("conversations", "engagement_implied"),
    ("sessions", "sessions"),
    ("sessions", "over_24_hours"),
    ("days", "without_events"),
    ("feed", "silent_seconds"),
)
"""Paths to the figures for alerts in the JSON object."""
_KINDS_BY_ENDING: dict[str, ColumnKind] = {"share": "rate", "seconds": "seconds"}


def _make_figure(name: str) -> Column:
    return Column(name, _KINDS_BY_ENDING.get(name.rpartition("_")[2], "count"), "")


def _make_document(view: View, _by: Sequence[str]) -> Document:
    from dcevents.reports._check_document import make_document  # noqa: PLC0415 - polars

    return make_document(view, _FIGURE_PATHS)


REPORT = Report(
    name="check",
    help="The quality of the input, and what TIMEOUT means in it.",
    example="dcevents check logs/ --tz Europe/Berlin",
    make=_make_document,
    order=100,
    filters=(),
    options=("as_of", "show_map"),
    figures=[_make_figure(path[-1]) for path in _FIGURE_PATHS],
    is_document=True,
    needs_locations=True,
    needs_usable_input=False,
)
