"""Explain: a session's lines, and the rule of each outcome."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dcevents.reports._report import Report

if TYPE_CHECKING:
    from dcevents.analysis.view import View
    from dcevents.tables import Document


def _make_document(view: View, _by: Sequence[str]) -> Document:
    from dcevents.reports._explain_document import make_document  # noqa: PLC0415 - polars

    return make_document(view)


REPORT = Report(
    name="explain",
    help="One session, line by line, and the rules that decided.",
    example="dcevents explain '5d1c9f0e*' logs/",
    make=_make_document,
    order=85,
    filters=(),
    options=("as_of", "idle", "keep_query"),
    operands=("sid",),
    is_document=True,
    needs_locations=True,
)
