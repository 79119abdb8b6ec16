"""What a person wants first: the headline figures, then the three reports."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dcevents.reports import abandonment, completion, live_chat
from dcevents.reports._base import Report, Table
from dcevents.reports._headline import headline

if TYPE_CHECKING:
    from dcevents.view import View

_PARTS = (completion.REPORT, abandonment.REPORT, live_chat.REPORT)


def _make(view: View, _by: Sequence[str]) -> list[Table]:
    tables = [table for part in _PARTS for table in part.tables(view, (part.default_by or "all",))]
    totals: dict[str, Any] = {table.name: table.total or {} for table in tables}
    tables[0].headline = headline(totals["completion"], totals["abandonment"], totals["live-chat"])
    return tables


REPORT = Report(
    name="summary",
    help="The headline figures, then completion, abandonment and live chat.",
    example="dcevents summary logs/ --period last-week --tz Europe/Berlin",
    make=_make,
    order=10,
)
