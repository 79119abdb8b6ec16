"""Hints about inputs that are no log of Dynamic Chat. What finds them, few runs import."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dcevents.reading.judge import Mapping


def find_hint(samples: Sequence[bytes]) -> str | None:
    """Say what rejected records look like, and what to do.

    `samples` are the first bytes of each (`account.SAMPLE_BYTES`).
    """
    if not samples:
        return None
    from dcevents.reading.hinting import finding  # noqa: PLC0415

    return finding.find_hint(samples)


def find_missing_parts(samples: Sequence[bytes], mapping: Mapping) -> list[str]:
    """Return the parts of a user's map that rejected records have nothing of.

    None of them where the samples show no objects.
    """
    if not samples:
        return []
    from dcevents.reading.hinting import finding  # noqa: PLC0415

    return finding.find_missing_parts(samples, mapping)
