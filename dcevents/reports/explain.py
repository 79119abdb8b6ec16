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
    from dcevents.explain.sessions import Explained


def _make(view: View, _by: Sequence[str]) -> Document:
    from dcevents.explain.sessions import explain  # noqa: PLC0415 - polars, not before a report is made
    from dcevents.reports._explained import members, sections  # noqa: PLC0415 - much, and not for `--help`

    found = explain(view, view.settings.operands[0])
    if found.of and not found.matched and not _is_glob(found.pattern):
        raise NoSuchSessionError(_not_found(found, as_of=view.settings.as_of is not None))
    return Document(
        f"Explanation of {found.pattern}",
        members(found),
        sections(found, view.settings.tz, view.fold.as_of),
    )


def _is_glob(pattern: str) -> bool:
    return re.search(r"[*?]|\[.+\]", pattern) is not None


def _not_found(found: Explained, *, as_of: bool) -> str:
    from dcevents.show import shortened, things  # noqa: PLC0415

    limit = " up to --as-of" if as_of else ""
    hint = (
        f"did you mean {' or '.join(map(shortened, found.nearest))}?"
        if found.nearest
        else "dcevents sessions lists them"
    )
    return f"no session '{found.pattern}' among {things(found.of, 'session')}{limit}; {hint}"


REPORT = Report(
    name="explain",
    help="One session, line by line, and the rules that decided.",
    example="dcevents explain '5d1c9f0e*' logs/",
    make=_make,
    order=85,
    filters=(),
    placed=True,
    document=True,
    operands=("sid",),
    without=("window", "service_level"),
)
