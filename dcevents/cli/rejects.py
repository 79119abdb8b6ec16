"""Rejected lines in a file: NDJSON, in the order of the input."""

import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from dcevents import output
from dcevents.reading.account import RejectedLine
from dcevents.show import escape_json

MAX_RAW_BYTES = 1 << 16
"""Bytes of a line that are kept."""

_encode_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@contextmanager
def open_rejects_file(name: str | None) -> Iterator[Callable[[RejectedLine, bytes], None] | None]:
    """Yield a function that writes rejected lines; None without a name.

    The file, of mode 0600, is replaced as a whole when the block ends well. Raises OutputError.
    """
    if name is None:
        yield None
        return
    with output.open_private_file(name) as write:
        yield lambda place, line: write(format_reject(place, line))


def format_reject(place: RejectedLine, line: bytes) -> str:
    """Return a line of NDJSON: `{"file":…,"line":…,"reason":…,"raw":…}`.

    `raw_base64` in place of `raw` for a line that is not UTF-8.
    """
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
