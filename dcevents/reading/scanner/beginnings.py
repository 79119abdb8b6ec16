"""The beginning of a long value, completed: to learn of what forms its members are.

The rule of a form holds wherever it was learned: how the value goes on is no matter.
"""

import re
from typing import Final

from dcevents.reading.framing.tokens import Status, ValueScan
from dcevents.reading.json_value import SPACE
from dcevents.reading.sources.buffers import BlockBytes, cut_bytes

_BEGINNING_BYTES: Final = 1 << 14
_FIRST_BRACE: Final = re.compile(rb"(?:[ \t\r\n,]|\xef\xbb\xbf)*+(?=\{)")
_FIRST_RECORD: Final = re.compile(rb"\n[ \t]*+\{[ \t]*+[^ \t\r\n]")
"""A line that may be a record by itself."""
_CLOSING: Final = bytes.maketrans(b"{[", b"}]")


def may_begin_long_object(data: BlockBytes) -> bool:
    """Return whether an object over lines seems to begin an input, and to go on behind a block."""
    if not data.startswith(b"{") or data.find(b"\n") < 0:
        return False
    return not _FIRST_RECORD.search(data, 0, _BEGINNING_BYTES) and data.find(b"\n}") < 0


def complete_beginning(data: BlockBytes, size: int = _BEGINNING_BYTES) -> bytes | None:
    """Return the beginning of a block as a whole object; None where none begins that is longer.

    Of a line that goes on in the next block the framing asks: what is around its members differs.
    """
    if len(data) <= size or data.find(b"\n") < 0:
        return None
    beginning = cut_bytes(data, 0, size)
    brace = _FIRST_BRACE.match(beginning)
    if brace is None:
        return None
    scan = ValueScan()
    status, end = scan.read(beginning, brace.end(), 0)
    if status not in {Status.OPEN, Status.CUT}:
        return None
    text = beginning[brace.end() : end].rstrip(SPACE.encode())
    if scan.expects_colon:
        text += b":null"
    elif text.endswith(b":"):
        text += b"null"
    return text.removesuffix(b",") + scan.brackets[::-1].translate(_CLOSING) + b"\n"
