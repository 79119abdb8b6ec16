"""What a person wants first: the headline figures, then the three reports."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dcevents.reports import abandonment, completion, live_chat
from dcevents.reports._headline import build_headline
from dcevents.reports._report import Report

if TYPE_CHECKING:
    from dcevents.tables import Table  # noqa: I001
    from dcevents.analysis.view import View

_PARTS = (completion.REPORT, abandonment.REPORT, live_chat.REPORT)


def _make_tables(view: View, _by: Sequence[str]) -> list[Table]:
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - not for `--help`

    def make(part: Report) -> list[Table]:
        return part.make_tables(view, (part.default_by or "all",))

    # What they share is made first, so that it is made once; then none keeps all processors busy by itself.
    view.fill_caches()
    with ThreadPoolExecutor(len(_PARTS)) as pool:
        tables = [table for made in pool.map(make, _PARTS) for table in made]
    totals: dict[str, Any] = {table.name: table.total or {} for table in tables}
    tables[0].headline = build_headline(
        totals["completion"], totals["abandonment"], totals["live-chat"]
    )
    return tables


REPORT = Report(
    name="summary",
    help="Headline figures, then completion, abandonment and live chat.",
    example="dcevents summary logs/ --period last-week --tz Europe/Berlin",
    make=_make_tables,
    order=10,
    needs_sids=False,
    rated=True,
    parts=_PARTS,
)
