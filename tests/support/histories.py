"""Histories of a few sessions for hypothesis, and the program held to the naive model on them."""

import json
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import naive
from compare import NOW, Inputs, agree, analyse
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
    keys: Sequence[tuple[str, ...]],
    as_of: int | None = None,
    window: Window | None = None,
    tz: str = "UTC",
) -> None:
    """Listings and totals of program and model, and their reports by these keys, compared."""
    model = naive.read(list(inputs), now_ms=NOW, as_of_ms=as_of)
    with TemporaryDirectory() as folder:
        view = analyse(inputs, Path(folder), as_of=as_of, window=window, tz=tz)
        agree(view, model, keys=keys)
