"""Whether an input is a CSV. Modules that read rows are imported for inputs that may be one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dcevents.reading.judge import Context
    from dcevents.reading.rows.headers import RowHeader

_JSON_STARTS: Final = (b"{", b"[")


class TableSearch(NamedTuple):
    """Tells whether an input is a CSV, as far as its first bytes show."""

    table: RowHeader | None
    is_open: bool = False
    """True if more bytes might show that it is another thing."""


NO_TABLE: Final = TableSearch(None)


def look_for_table(head: bytes, context: Context, *, is_whole: bool) -> TableSearch:
    """Look for a header in the first bytes of an input: see `headers.search_table`."""
    if head.startswith(_JSON_STARTS):
        return NO_TABLE
    from dcevents.reading.rows.headers import search_table  # noqa: PLC0415 - few logs are rows

    return search_table(head, context, is_whole=is_whole)


def find_header_names(head: bytes) -> Sequence[str] | None:
    """Return the names in the first line of an input; None where it cannot be a header."""
    if head.startswith(_JSON_STARTS):
        return None
    from dcevents.reading.rows.headers import find_header  # noqa: PLC0415 - as above

    header = find_header(head)
    return header.form.names if header else None
