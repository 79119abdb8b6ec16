"""The terminal: how wide it is, and whether it shows colours."""

from __future__ import annotations

import os
import re
import shutil


def choose_width(width: int | None, *, is_on_terminal: bool) -> int | None:
    """Return the columns of a line: as wished, the terminal's, or those of COLUMNS.

    None where there is no limit.
    """
    if width is not None:
        return width
    if is_on_terminal:
        return shutil.get_terminal_size().columns
    columns = os.environ.get("COLUMNS", "")
    return int(columns) if re.fullmatch("[1-9][0-9]{0,5}", columns) else None


def uses_colour(*, is_on_terminal: bool) -> bool:
    """Return whether output is emphasised: NO_COLOR, FORCE_COLOR and TERM are heeded."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return is_on_terminal and os.environ.get("TERM", "dumb") != "dumb"


def find_message_width() -> int | None:
    """Return the columns of the terminal that messages go to; None where it is none."""
    try:
        return os.get_terminal_size(2).columns or None
    except OSError:
        return None
