"""Where a session's figures come from: its lines, and the rule that decided each outcome."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from dcevents.errors import NoSuchSessionError
from dcevents.reports._report import Report
from dcevents.tables import Document

if TYPE_CHECKING:
    from dcevents.analysis.view import View
    from dcevents.explain.sessions import Explanation


def _make_document(view: View, _by: Sequence[str]) -> Document:
    from dcevents.explain.sessions import explain_sessions  # noqa: PLC0415 - polars, not before a report is made
    from dcevents.reports._explained import build_members, build_sections  # noqa: PLC0415 - much, and not for `--help`

    found = explain_sessions(view, view.settings.operands[0])
    if found.session_count and not found.matched_count and not _is_glob(found.pattern):
        raise NoSuchSessionError(_explain_missing(found, as_of=view.settings.as_of_ms is not None))
    return Document(
        f"Explanation of {found.pattern}",
        build_members(found),
        build_sections(found, view.settings.tz, view.fold.as_of),
    )


def _is_glob(pattern: str) -> bool:
    return re.search(r"[*?]|\[.+\]", pattern) is not None


def _explain_missing(found: Explanation, *, as_of: bool) -> str:
    from dcevents.show import format_count, shorten_name  # noqa: PLC0415

    limit = " up to --as-of" if as_of else ""
    hint = (
        f"did you mean {' or '.join(map(shorten_name, found.suggested_sids))}?"
        if found.suggested_sids
        else "dcevents sessions lists them"
    )
    return f"no session '{found.pattern}' among {format_count(found.session_count, 'session')}{limit}; {hint}"


REPORT = Report(
    name="explain",
    help="One session, line by line, and the rules that decided.",
    example="dcevents explain '5d1c9f0e*' logs/",
    make=_make_document,
    order=85,
    filters=(),
    needs_locations=True,
    is_document=True,
    operands=("sid",),
    without=("window", "service_level"),
)
