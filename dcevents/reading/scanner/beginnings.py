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
_CLOSING: Final = bytes.maketrans(b"{[", b"}]")


def complete_beginning(data: BlockBytes, size: int = _BEGINNING_BYTES) -> bytes | None:
    """Return the beginning of a block as a whole object; None where none begins that is longer."""
    if len(data) <= size:
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
