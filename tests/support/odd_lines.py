"""Lines as each scanner reads them: what all of them say of them, and lines that are odd."""

import json
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import strategies as st

from dcevents.model.vocabulary import Vocabulary
from dcevents.reading.judge import NO_MAPPING, Mapping
from dcevents.reading.log import read_log
from dcevents.reading.read_settings import ReadSettings
from dcevents.reading.scanning import Scanning
from dcevents.reading.sources.operands import find_inputs
from dcevents.reading.timestamps import FORMS

NOW = 1_800_000_000_000
Read = tuple[Counter[str], list[tuple[Any, ...]], list[tuple[int, int | None, str]], dict[str, int]]
"""Tally, events (line, member, sid, attributes, time, its form), rejects (line, member, reason),
and unknown events by name."""


@contextmanager
def use_scanner(name: str) -> Iterator[None]:
    """Let logs be read by the scanner in C, or without one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(os.environ, "DCEVENTS_SCANNER", name)
        yield


def read_data(data: bytes, *, scanner: str = "c", mapping: Mapping = NO_MAPPING) -> Read:
    """Return what a log says, read by a scanner."""
    rejects: list[tuple[int, int | None, str]] = []
    vocabulary = Vocabulary()
    with TemporaryDirectory() as folder, use_scanner(scanner):
        path = Path(folder) / "x.log"
        path.write_bytes(data)
        settings = ReadSettings(NOW, in_full=True, mapping=mapping)
        log = read_log(
            Scanning(find_inputs([str(path)]).inputs, settings, lambda _: None),
            vocabulary,
            keep_reject=lambda each, _: rejects.append(
                (each.line, each.record_number, each.reason)
            ),
        )
    assert log.located is not None
    sids = log.facts.look_up_sids(log.located["sid"]).to_list()
    attributes = vocabulary.list_attributes()
    columns = log.located.select("line", "member", "attributes", "ts", "form").iter_rows()
    events = [
        (line, member, sid, attributes[code], ts, FORMS[form])
        for sid, (line, member, code, ts, form) in zip(sids, columns, strict=True)
    ]
    return +log.account.tally, events, rejects, log.account.rank_unknown_events()


def read_lines(lines: Sequence[bytes], *, scanner: str = "c") -> Read:
    """Return what lines say, read by a scanner."""
    return read_data(b"".join(line + b"\n" for line in lines), scanner=scanner)


def check_lines(lines: Sequence[bytes]) -> Read:
    """Return what lines say: by every scanner the same."""
    read = read_lines(lines)
    assert read == read_lines(lines, scanner="python")
    return read


SIDS = st.sampled_from(
    [
        "5d1c9f0e",
        "aaaaaaaa",
        "0012",
        "1e5",
        12,
        12.5,
        "",
        None,
        'q"uote!',
        "tab\there",
        "größe--x",
        "x" * 40,
    ]
)
TIMES = st.sampled_from(
    [
        "2026-11-02T09:15:04.120Z",
        "2026-11-02T09:15:04.999Z",
        "2026-11-02T09:15:60.120Z",
        "2026-11- 2T09:15:04.120Z",
        "2026-11-02T09:15:04.120+",
        "2026-11-02 09:15:04.120Z",
        "2026-11-02T09:15:04Z",
        1_793_610_904_120,
        1_793_610_904,
        "1793610904120",
        None,
        "",
    ]
)


@st.composite
def logs(draw: st.DrawFn) -> list[bytes]:
    """Lines of one or two ways of writing, most of them alike, some of them odd."""
    layouts = draw(
        st.lists(st.permutations(["event", "timestamp", "page", "data"]), min_size=1, max_size=2)
    )
    inner = draw(st.permutations(["name", "id", "sid", "extra"]))
    separators = draw(st.sampled_from([(",", ":"), (", ", ": "), (" ,\t", " : ")]))
    lines = []
    for _ in range(draw(st.integers(5, 40))):
        payload: dict[str, Any] = {
            "name": draw(st.sampled_from(["Pricing", "Größe", "a\\b"])),
            "id": "dlg-1",
            "sid": draw(SIDS),
        }
        payload["extra"] = draw(
            st.sampled_from(["", {"sid": "inner"}, '"sid":"x"', ["timestamp"], 1])
        )
        parts = {
            "event": draw(
                st.sampled_from(
                    [
                        "CONVERSATION_TRIGGERED",
                        "closed",
                        "adobedx.conversations.ready",
                        "OTHER",
                        None,
                    ]
                )
            ),
            "timestamp": draw(TIMES),
            "page": f"https://x.example/{draw(st.integers(0, 99))}?q=1",
            "data": {"payload": {key: payload[key] for key in inner}},
        }
        order = draw(st.sampled_from(layouts))
        text = json.dumps(
            {key: parts[key] for key in order},
            separators=separators,
            ensure_ascii=draw(st.booleans()),
        )
        line = text.encode()
        if draw(st.integers(0, 9)) == 0:
            at = draw(st.integers(0, len(line)))
            line = (
                line[:at]
                + draw(
                    st.sampled_from([b"", b'"', b"\\", b"\x01", b"\xff", b"}", b",", b'"sid":"y",'])
                )
                + line[at + 1 :]
            )
        lines.append(line.replace(b"\n", b" "))
    return lines * 3


def canonical(
    sid: str = "5d1c9f0e", ts: str = '"2026-11-02T09:15:04.120Z"', more: str = ""
) -> bytes:
    """A canonical line as text, so that it can be wrong."""
    return (
        f'{{"event":"CONVERSATION_ENGAGED","timestamp":{ts},"page":"https://x.example/",'
        f'"data":{{"payload":{{"name":"P","id":"d","type":"dialogue","uiType":"popup","sid":"{sid}"{more}}}}}}}'
    ).encode()


ODD = {
    "a control character in the session": canonical("5d1c\x019f0"),
    "a raw tab in the session": canonical("5d1c\t9f0"),
    "a backslash before the closing quote": canonical("5d1c9f0\\"),
    "a bad escape": canonical("5d1c\\x0e"),
    "a good escape": canonical("5d\\u0031c"),
    "a quote too many": canonical('5d1"9f0e'),
    "a session that closes the object": canonical('x"}}}{"a'),
    "no session": canonical(""),
    "a second session, of which the first counts": canonical(more=',"sid":"zzzzzzzz"'),
    "a session before it, in another object": canonical().replace(
        b'"data":', b'"other":{"sid":"5d1c9f0f"},"data":'
    ),
    "a number with a leading zero": canonical(ts="01793610904120"),
    "a timestamp of the wrong length": canonical(ts='"2026-11-02T09:15:04.12Z"'),
    "NaN": canonical(ts="NaN"),
    "text after the object": canonical() + b"x",
    "two objects": canonical() + b"," + canonical(),
    "cut off": canonical()[:-3],
    "invalid UTF-8 in the session": canonical("5d1c9f0").replace(b"5d1c9f0", b"5d1c9f\xff"),
    "a character cut in two by a fixed length": canonical("5d1c9fä"),
    "a surrogate alone": canonical("5\\ud800"),
    "another key behind the session": canonical(more=',"agentID":"a"'),
    "what stands behind the session before it": canonical().replace(
        b'{"event"', b'{"x":{"n":"1","agentName":"A"},"event"'
    ),
    "what stands behind the page before it": canonical().replace(
        b'{"event"', b'{"x":{"y":"z","data":{}},"event"'
    ),
    "the page at the end": canonical().replace(b'"page":"https://x.example/",', b"")[:-1]
    + b',"page":"https://x.example/"}',
    "a page that is a number": canonical().replace(b'"https://x.example/"', b"12"),
    "a page with a quote": canonical().replace(b"https://x.example/", b'https://x.example/\\"'),
}
