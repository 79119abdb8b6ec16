"""Ordinary canonical lines that nothing was tuned with: 200 pages, 6 dialogues, 5 agents.

python benchmarks/held_out.py 1000000 > held-out.ndjson

It shares no code with `samples/generate.py`. Visits of 1 to 8 events overlap; session ids are in
the form of a UUID; the same lines come for the same seed. Standard library only.
"""

from __future__ import annotations

import argparse
import heapq
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

START = datetime(2026, 3, 2, 6, tzinfo=UTC)
SECTIONS = ("shop", "blog", "docs", "help", "events")
PAGES = [
    f"https://shop.example.org/{section}/{section[:2]}{n * 37 % 211}{'/' * (n % 3 == 0)}"
    for section in SECTIONS
    for n in range(40)
]
DIALOGUES = (
    ("Welcome back", "d-7", "dialogue", "popup"),
    ("Returns & refunds", "d-12", "dialogue", "chatbot"),
    ("Größenberatung", "d-13", "dialogue", "popup"),
    ("Talk to us", "d-19", "dialogue", "inline"),
    ("Newsletter", "f-3", "conversation flow", "popup"),
    ("Service visit", "f-4", "conversation flow", "inline"),
)
AGENTS = (
    ("Ada Kowalski", "7f3e"),
    ("Bo Lindqvist", "81aa"),
    ("Chidi Eze", "90c2"),
    ("Dana Öz", "a417"),
    ("Eve Martin", "b05d"),
)
CHAT = ("LIVE_CHAT_REQUESTED", "LIVE_CHAT_INITIATED", "LIVE_CHAT_ENDED")
COURSES = (
    (0.62, ("TRIGGERED",)),
    (0.1, ("TRIGGERED", "CLOSED")),
    (0.08, ("TRIGGERED", "ENGAGED")),
    (0.07, ("TRIGGERED", "ENGAGED", "INPUT_EMAIL", "COMPLETED")),
    (0.04, ("TRIGGERED", "TRIGGERED", "ENGAGED", "CLOSED")),
    (0.04, ("TRIGGERED", "ENGAGED", *CHAT)),
    (0.02, ("TRIGGERED", "ENGAGED", "INPUT_PHONE", *CHAT, "COMPLETED", "CLOSED")),
    (0.02, ("TRIGGERED", "ENGAGED", "LIVE_CHAT_REQUESTED", "LIVE_CHAT_REQUEST_TIMEOUT")),
    (0.01, ("TRIGGERED", "ENGAGED", "INPUT_EMAIL", "MEETING_BOOKED", "COMPLETED")),
)
"""What visitors do, and the share of them that does."""


def write_lines(number: int, seed: int) -> Iterator[bytes]:
    """Yield that many lines, in order of time."""
    rng = Random(seed)
    odds, courses = zip(*COURSES, strict=True)
    waiting: list[tuple[float, int, bytes]] = []
    now, order = 0.0, 0
    for _ in range(number):
        while not waiting or waiting[0][0] > now:
            now += rng.expovariate(3.1)
            for moment, line in _play_visit(rng, now, rng.choices(courses, odds)[0]):
                order += 1
                heapq.heappush(waiting, (moment, order, line))
        yield heapq.heappop(waiting)[2]


def _play_visit(
    rng: Random, start: float, course: tuple[str, ...]
) -> Iterator[tuple[float, bytes]]:
    sid = str(UUID(int=rng.getrandbits(128), version=4))
    name, key, kind, form = rng.choice(DIALOGUES)
    agent_name, agent_id = rng.choice(AGENTS)
    page, moment = rng.choice(PAGES), start
    for event in course:
        payload = {"name": name, "id": key, "type": kind, "uiType": form, "sid": sid}
        if event == "MEETING_BOOKED" or event.startswith("LIVE_CHAT"):
            payload |= {"agentName": agent_name, "agentID": agent_id}
        stamp = (START + timedelta(seconds=moment)).isoformat(timespec="milliseconds")
        line = {
            "event": f"CONVERSATION_{event}",
            "timestamp": stamp.replace("+00:00", "Z"),
            "page": page,
            "data": {"payload": payload},
        }
        text = json.dumps(line, ensure_ascii=False, separators=(",", ":"))
        yield moment, text.encode() + b"\n"
        moment += rng.expovariate(1 / 25)
        if event == "TRIGGERED" and rng.random() < 0.1:
            page = rng.choice(PAGES)


def main() -> None:
    """Write the lines to standard output."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("events", type=int)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    sys.stdout.buffer.writelines(write_lines(options.events, options.seed))


if __name__ == "__main__":
    main()
