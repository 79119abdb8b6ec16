"""The program against the naive model: the same log, the same figures, whatever the history."""

import json
import os
import random
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import naive
import pytest
from compare import NOW, Inputs, agree, analyse, rows
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dcevents.settings import Window

SINGLE = (
    "conversation",
    "agent",
    "last-step",
    "type",
    "ui-type",
    "page",
    "day",
    "week",
    "month",
    "hour",
    "weekday",
    "all",
)
KEYS = [
    *((key,) for key in SINGLE),
    ("day", "conversation"),
    ("type", "page"),
    ("weekday", "agent"),
    ("hour", "last-step"),
]
START = 1_793_610_000_000
# Gaps around every limit that the definitions name: 100 s, 300 s, 10 min, 30 min, a day.
GAPS = (
    0,
    1,
    999,
    59_999,
    60_000,
    60_001,
    100_000,
    299_999,
    300_000,
    300_001,
    599_999,
    600_000,
    1_799_999,
    1_800_000,
)

# `DCEVENTS_EXAMPLES=2000 pytest tests/test_model.py` looks for longer.
EXAMPLES = int(os.environ.get("DCEVENTS_EXAMPLES", "20"))
many = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))


def line(event: dict[str, Any]) -> bytes:
    """A canonical line."""
    payload = {
        key: value
        for key, value in event.items()
        if key not in ("kind", "ts", "page") and value is not None
    }
    body: dict[str, Any] = {"event": f"CONVERSATION_{event['kind'].upper()}"}
    if event["ts"] is not None:
        body["timestamp"] = naive_text(event["ts"])
    if event["page"] is not None:
        body["page"] = event["page"]
    body["data"] = {"payload": payload}
    return json.dumps(body, separators=(",", ":")).encode() + b"\n"


def naive_text(millis: int) -> str:
    """The timestamp as browsers write it."""
    moment = naive.EPOCH + millis * naive.MILLISECOND
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@st.composite
def histories(draw: st.DrawFn, *, live: bool = False) -> list[dict[str, Any]]:
    """Events of a few sessions: any order, equal times, untimed ones, repeats, odd live chats."""
    kinds = (
        [*naive.LIVE_CHAT, *naive.LIVE_CHAT, "closed", "completed"] if live else list(naive.KINDS)
    )
    size = draw(st.integers(1, 25))
    clock = START + draw(st.sampled_from([0, 86_399_000, 5 * 86_400_000]))
    events = []
    for _ in range(size):
        clock += draw(st.sampled_from(GAPS))
        agent = draw(
            st.sampled_from(
                [
                    None,
                    None,
                    ("a1", "Ann"),
                    ("a1", "Anna"),
                    ("b2", None),
                    (None, "Bo"),
                    (None, "a1"),
                ]
            )
        )
        events.append(
            {
                "kind": draw(st.sampled_from(kinds)),
                "ts": draw(st.sampled_from([clock, clock, clock, clock, None, START])),
                "page": draw(
                    st.sampled_from(["https://x.example/a", "https://x.example/b?q=1", None])
                ),
                "sid": draw(st.sampled_from(["s1"] if live else ["s1", "s1", "s2", "12"])),
                "id": draw(st.sampled_from(["d1", "d1", "d2", None])) if not live else "d1",
                "name": draw(st.sampled_from(["Pricing", "Prices", "Pricing", None])),
                "type": draw(st.sampled_from(["dialogue", "flow", None])),
                "uiType": draw(st.sampled_from(["popup", "inline"])),
                "agentID": agent and agent[0],
                "agentName": agent and agent[1],
            }
        )
    return draw(st.permutations(events))


def check(
    inputs: Inputs,
    *,
    sample: int,
    keys: Sequence[tuple[str, ...]],
    as_of: int | None = None,
    window: Window | None = None,
    tz: str = "UTC",
) -> None:
    """Listings and totals of program and model, and their reports by these keys, compared."""
    model = naive.read(list(inputs), now_ms=NOW, as_of_ms=as_of)
    with TemporaryDirectory() as folder:
        view = analyse(inputs, Path(folder), sample=sample, as_of=as_of, window=window, tz=tz)
        agree(view, model, keys=keys)


@pytest.mark.parametrize("sample", [1000, 2], ids=["line by line", "by the column"])
@given(history=histories(), key=st.sampled_from(KEYS))
@many
def test_any_history_gives_the_model_s_figures(
    history: list[dict[str, Any]], key: tuple[str, ...], sample: int
) -> None:
    check([("a.log", b"".join(map(line, history)))], sample=sample, keys=[key])


@given(history=histories(live=True))
@many
def test_any_sequence_of_live_chat_events_gives_the_model_s_attempts(
    history: list[dict[str, Any]],
) -> None:
    check([("a.log", b"".join(map(line, history)))], sample=1000, keys=[("agent",)])


@given(history=histories(), data=st.data())
@many
def test_as_of_and_windows_select_what_the_model_selects(
    history: list[dict[str, Any]], data: st.DataObject
) -> None:
    times = sorted({event["ts"] for event in history if event["ts"] is not None} | {START})
    near = st.builds(
        lambda ts, d: ts + d,
        st.sampled_from(times),
        st.sampled_from([-1, 0, 1, 299_999, 300_000, 600_000]),
    )
    as_of = data.draw(st.none() | near)
    since, until = data.draw(st.none() | near), data.draw(st.none() | near)
    if since is not None and until is not None and since >= until:
        since = None
    zone = data.draw(
        st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kathmandu", "America/St_Johns"])
    )
    keys = [data.draw(st.sampled_from(KEYS))]
    inputs = [("a.log", b"".join(map(line, history)))]
    check(inputs, sample=1000, keys=keys, as_of=as_of, window=Window(since, until), tz=zone)


@given(history=histories(), data=st.data())
@many
def test_shuffling_repeating_and_splitting_change_no_figure(
    history: list[dict[str, Any]], data: st.DataObject
) -> None:
    lines = list(map(line, history))
    parts: list[list[bytes]] = [[], [], []]
    for each in data.draw(
        st.permutations(lines + data.draw(st.lists(st.sampled_from(lines), max_size=10)))
    ):
        parts[data.draw(st.integers(0, 2))].append(each)
    inputs = [(f"{n}.log", b"".join(part)) for n, part in enumerate(parts)]
    with TemporaryDirectory() as one, TemporaryDirectory() as other:
        whole = analyse([("a.log", b"".join(lines))], Path(one))
        split = analyse(inputs, Path(other), sample=3)
        for report, by in (
            ("completion", ["conversation"]),
            ("abandonment", ["page"]),
            ("live-chat", ["agent"]),
        ):
            assert rows(split, report, by) == rows(whole, report, by)
        assert rows(split, "conversations") == rows(whole, "conversations")
        assert split.log.account.events == whole.log.account.events


@pytest.mark.parametrize("seed", range(4))
def test_a_long_log_of_several_blocks_gives_the_model_s_figures(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Thousands of lines, most of them by the column, in blocks small enough that sessions cross them."""
    monkeypatch.setattr("dcevents.reading.sources.BLOCK_BYTES", 1 << 16)
    monkeypatch.setattr("dcevents.reading.sources._FIRST_BLOCK_BYTES", 1 << 14)
    dice = random.Random(seed)
    events = [
        {
            "kind": dice.choice(naive.KINDS),
            "ts": dice.choice([START + dice.randrange(10**9), START + dice.randrange(10**9), None]),
            "page": f"https://x.example/{dice.randrange(40)}?u={dice.randrange(10**6)}",
            "sid": f"{dice.randrange(900):08x}",
            "id": dice.choice(["d1", "d2", "0012", "1e5", None]),
            "name": dice.choice(["Pricing", "Größe", "Prices"]),
            "type": "dialogue",
            "uiType": "popup",
            "agentID": dice.choice([None, "a1", "b2"]),
            "agentName": dice.choice(["Ann", "Bo", None]),
        }
        for _ in range(6000)
    ]
    lines = list(map(line, events))
    lines += [
        b"\n",
        b"{\n",
        b"\xff{}\n",
        b'{"event":"adobedx.conversations.ready"}\n',
        b'{"event":"OTHER"}\n',
    ] * 50
    dice.shuffle(lines)
    check(
        [("a.log", b"".join(lines[:3000])), ("b.log", b"".join(lines[2500:]) + b'{"event":')],
        sample=200,
        keys=KEYS,
    )
