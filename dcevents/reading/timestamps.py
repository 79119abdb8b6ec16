"""Forms of timestamps, by number (definitions 5); what a text says is for the judge to say."""

from datetime import UTC, datetime, timedelta
from typing import Final

from dcevents.reading.judge import timestamps as judged

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LAST_MS: Final = (datetime(9999, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC) - _EPOCH) // timedelta(
    milliseconds=1
)
"""Later times are read as this one, in milliseconds since 1970: they are in the future."""

FORMS: Final = (
    "iso_utc",
    "iso_offset",
    "iso_local",
    *(form for *_, form in judged.EPOCH_UNITS),
    judged.EPOCH_NANOSECONDS[0],
    *(form for _, form in judged.FORMS),
    "unreadable",
    "absent",
    "prefix",
)
"""Forms of timestamps: with `Z`, with an offset, without a zone, as a number, …"""
