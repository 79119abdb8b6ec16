"""Rejected lines, set aside in a file of their own: NDJSON, in the order of the input, for whoever mends them."""

import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from dcevents import output
from dcevents.reading.log import RejectedLine
from dcevents.show import escape_json

MAX_RAW_BYTES = 1 << 16
"""Bytes of a line that are kept."""

_encode_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@contextmanager
def open_rejects_file(name: str | None) -> Iterator[Callable[[RejectedLine, bytes], None] | None]:
    """What writes a rejected line to a file, mode 0600; None where no file is asked for.

    The file is replaced as a whole when the block ends well. Raises OutputError.
    """
    if name is None:
        yield None
        return
    with output.open_private_file(name) as write:
        yield lambda place, line: write(format_reject(place, line))


def format_reject(place: RejectedLine, line: bytes) -> str:
    """`{"file":…,"line":…,"reason":…,"raw":…}` and LF; `raw_base64` where the line is not UTF-8."""
    return escape_json(_encode_json({**place.to_json(), **_encode_raw(line)})) + "\n"


def _encode_raw(line: bytes) -> dict[str, str]:
    kept = line.removesuffix(b"\r")[:MAX_RAW_BYTES]
    try:
        return {"raw": kept.decode()}
    except UnicodeDecodeError as error:
        cut_in_two = (
            len(line) > MAX_RAW_BYTES
            and error.end == len(kept)
            and error.reason == "unexpected end of data"
        )
        return (
            {"raw": kept[: error.start].decode()}
            if cut_in_two
            else {"raw_base64": b64encode(kept).decode()}
        )
