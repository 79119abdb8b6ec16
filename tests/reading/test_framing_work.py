"""How often the framing decodes the bytes of a line: no oftener where it holds many values."""

import pytest

from dcevents.reading import json_value
from dcevents.reading.framing import decoding
from dcevents.reading.framing.reader import Framing
from dcevents.reading.judge.keys import is_body_key
from dcevents.reading.records import has_event

EVENT = b'{"event":"CONVERSATION_CLOSED","data":{"payload":{"sid":"z"}}}'
ENDS = {
    "broken": b',{"a":bad}\n',
    "broken at the end of the input": b',{"a":bad}, ',
    "a string without an end": b',"a\n',
    "text": b" text {\n",
    "no UTF-8": b',{"a":"\xff"}\n',
    "no UTF-8 at the end of the input": b',{"a":"\xff"}, {"a":',
    "an array that is broken on the next line": b",[1,\nbad\n",
    "brackets too many": b"]]\n",
}
MANY = 150


def count_decoded(data: bytes, monkeypatch: pytest.MonkeyPatch) -> tuple[int, int]:
    """Return how many characters are decoded, and how many records there are."""
    decoded, scan_value = 0, json_value.scan_value

    def count(text: str, at: int) -> tuple[object, int]:
        nonlocal decoded
        value, end = scan_value(text, at)
        decoded += end - at
        return value, end

    with monkeypatch.context() as patched:
        patched.setattr(decoding, "scan_value", count)
        framing = Framing(has_event, is_body_key=is_body_key)
        records = framing.feed(data) + framing.finish()
        return decoded, len(records)


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("member", [EVENT, b"[1],[[2]," + EVENT + b"]"], ids=["events", "arrays"])
def test_a_line_of_many_values_behind_a_prefix_is_not_decoded_for_each(
    end: str, member: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = b'x":1},' + b",".join([member] * MANY) + ENDS[end]
    decoded, records = count_decoded(data, monkeypatch)
    assert records >= MANY
    assert decoded < 12 * len(data)
