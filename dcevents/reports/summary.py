"""The summary: headline figures, then completion, abandonment and live chat."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dcevents.reports import abandonment, completion, live_chat
from dcevents.reports._report import Report

if TYPE_CHECKING:
    from dcevents.analysis.view import View
    from dcevents.tables import Table

_PARTS = (completion.REPORT, abandonment.REPORT, live_chat.REPORT)
_TABLES = ((completion.GROUPING, abandonment.GROUPING), (live_chat.GROUPING,))
"""The tables of the parts; beside each other those that are made of the same rows."""


def _make_tables(view: View, _by: Sequence[str]) -> list[Table]:
    from dcevents.reports._summary import make_summary  # noqa: PLC0415 - threads, not for `--help`

    return make_summary(view, _TABLES)


def _make_page(view: View, made: Sequence[Table]) -> list[Table]:
    from dcevents.reports._dashboard import make_dashboard  # noqa: PLC0415 - polars

    return make_dashboard(view, made, REPORT.options)


REPORT = Report(
    name="summary",
    help="Headline figures, then completion, abandonment and live chat.",
    example="dcevents summary logs/ --period last-week --tz Europe/Berlin",
    make=_make_tables,
    make_page=_make_page,
    order=10,
    needs_sids=False,
    parts=_PARTS,
    can_compare=True,
)
