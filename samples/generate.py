"""Made-up Dynamic Chat traffic, the same bytes for the same seed; standard library only.

python samples/generate.py --events 1000000 --seed 1 > big.ndjson    four weeks of a busy site
python samples/generate.py --events 1000000 --varied > varied.ndjson the same, as sites write lines
python samples/generate.py --site sample_logs/site                   two weeks of a small one

A `Visit` plays one visitor's session and leaves `Step`s. The small site plays every visit; the bulk
stream plays a few thousand once, and then repeats them with new session ids and times, which makes
it fast.
"""

from __future__ import annotations

import argparse
import gzip
import importlib
import io
import json
import os
import re
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import chain, count
from math import log
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    Change = Callable[[bytes], bytes]  # what to make of a line

CET = timedelta(hours=1)  # both periods lie in winter, so Berlin's offset never changes
BULK_START = datetime(2026, 2, 2, tzinfo=UTC) - CET
SITE_START = datetime(2026, 11, 2, tzinfo=UTC) - CET
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000  # in milliseconds
RING = (
    6 * 3600
)  # seconds that a visit may last: lines that are still to come are kept this far ahead

ORIGIN = "https://www.example.com"
PAGES = (
    "/",
    "/pricing",
    "/pricing/enterprise",
    "/product",
    "/product/analytics",
    "/product/integrations",
    "/support",
    "/docs",
    "/events/koeln",
    "/contact",
    "/demo",
    "/blog/first-party-data",
)
READY_PAGES = ("/docs", "/contact")  # only these were given a listener for the widget itself
READY = "adobedx.conversations.ready"
HOURS = (
    2,
    1,
    1,
    1,
    1,
    2,
    5,
    14,
    34,
    52,
    60,
    56,
    40,
    50,
    58,
    54,
    46,
    32,
    20,
    15,
    13,
    11,
    8,
    4,
)  # local time
WEEKDAYS = (10, 11, 11, 10, 8, 2, 3)


class Dialogue(NamedTuple):
    """A dialogue or flow: its payload, where and how often it is shown,
    and the odds of what it asks for.
    """

    id: str
    name: str
    type: str
    ui_type: str
    pages: tuple[str, ...]
    weight: int
    live: float
    email: float
    meeting: float


class Agent(NamedTuple):
    """A live-chat agent with the local weekdays and hours that they work."""

    id: str
    name: str
    days: tuple[int, ...]
    first: int
    last: int


class Line(NamedTuple):
    """A canonical line without its timestamp, due after `head`, and its sid, due before `tail`."""

    head: bytes
    middle: bytes
    tail: bytes

    def filled(self, stamp: bytes, sid: bytes) -> bytes:
        """Return the whole line; that of the ready event has no sid."""
        return b"".join((self.head, stamp, self.middle, sid if self.tail else b"", self.tail))


class Step(NamedTuple):
    """One event of a visit: when it happens and when it arrives, in ms from the start."""

    at: int
    arrival: int
    line: Line


DIALOGUES = (
    Dialogue("dlg-101", "Pricing", "dialogue", "popup", PAGES[1:3], 30, 0.35, 0.45, 0.08),
    Dialogue(
        "dlg-102", "Product tour", "dialogue", "popup", (PAGES[0], *PAGES[3:6]), 34, 0.1, 0.4, 0.03
    ),
    Dialogue("dlg-103", "Support", "dialogue", "chatbot", PAGES[6:8], 16, 0.5, 0.3, 0.0),
    Dialogue("dlg-104", "Hausmesse Köln", "dialogue", "popup", PAGES[8:9], 7, 0.0, 0.6, 0.1),
    Dialogue("dlg-105", "Contact sales", "dialogue", "chatbot", PAGES[9:10], 8, 0.6, 0.5, 0.12),
    Dialogue(
        "flow-201", "Book a demo", "conversation flow", "inline", PAGES[10:], 9, 0.0, 0.8, 0.4
    ),
)
AGENTS = (
    Agent("ag-11", "Anna Bergström", (0, 1, 2, 3, 4), 9, 17),
    Agent("ag-12", "Jürgen Maßmann", (0, 1, 2, 3), 9, 18),
    Agent("ag-13", "Zofia Wiśniewska", (0, 2, 4), 9, 15),
    Agent("ag-14", "Tom Okafor", (1, 3, 4), 10, 18),
)
BULK_AGENTS = tuple(Agent(f"ag-{n}", f"Agent {n:03d}", (), 0, 0) for n in range(100, 160))


@cache
def line_of(
    event: str, page: str, dialogue: Dialogue, agent: Agent | None = None, info: str = ""
) -> Line:
    """Return the canonical line of that event."""
    head = f'{{"event":"{event}","timestamp":"'
    if event == READY:
        return Line(head.encode(), f'","page":"{ORIGIN}{page}"}}\n'.encode(), b"")
    payload = f'{{"name":"{dialogue.name}","id":"{dialogue.id}","type":"{dialogue.type}"'
    rest = f'{payload},"uiType":"{dialogue.ui_type}","sid":"'
    middle = f'","page":"{ORIGIN}{page}","data":{{"payload":{rest}'
    served = f',"agentName":"{agent.name}","agentID":"{agent.id}"' if agent else ""
    return Line(head.encode(), middle.encode(), f'"{served}{info}}}}}}}\n'.encode())


class Visit:
    """One visitor's session, played with the agents `desk` at work; `run` returns its steps."""

    def __init__(self, rng: Random, desk: Sequence[Agent], team: Sequence[Agent]) -> None:
        self.rng, self.desk, self.team = rng, desk, team
        self.now, self.page, self.dialogue = 0, "", DIALOGUES[0]
        self.steps: list[Step] = []

    def run(self, *, engaged: bool) -> list[Step]:
        """Play the visit: one dialogue, now and then a second."""
        first, second = self.rng.choices(DIALOGUES, [d.weight for d in DIALOGUES], k=2)
        self.show(first, engaged=engaged)
        if second != first and self.chance(0.07):
            self.wait(200)
            self.show(second, engaged=engaged and self.chance(0.5))
        return self.steps

    def chance(self, odds: float) -> bool:
        """Return True in that share of the calls."""
        return self.rng.random() < odds

    def wait(self, median: float, most: float = 1800) -> None:
        """Let a random time pass: seconds, log-normal like people's."""
        self.now += int(1000 * min(most, self.rng.lognormvariate(log(median), 0.7)))

    def log(self, event: str, agent: Agent | None = None, info: str = "") -> None:
        """Send an event: it arrives a little later,
        now and then twice (delivery is at least once).
        """
        line = line_of(event, self.page, self.dialogue, agent, info)
        arrival = self.now + 20 + int(self.rng.expovariate(1 / 120))
        self.steps.append(Step(self.now, arrival, line))
        if self.chance(0.003):
            self.steps.append(Step(self.now, arrival + self.rng.randrange(500, 90_000), line))
        self.now += 1

    def show(self, dialogue: Dialogue, *, engaged: bool) -> None:
        """Load a page whose dialogue the visitor answers or, mostly, does not."""
        self.dialogue, self.page = dialogue, self.rng.choice(dialogue.pages)
        if self.page in READY_PAGES:
            self.log(READY)
            self.now += self.rng.randrange(200, 900)
        self.log("CONVERSATION_TRIGGERED")
        if engaged:
            self.engage()
        elif self.chance(0.08):
            self.move()
        elif self.chance(0.22):
            self.wait(6)
            self.log("CONVERSATION_CLOSED")

    def move(self) -> None:
        """Reload the page or go to another: the dialogue is shown again there."""
        self.wait(30)
        self.page = self.page if self.chance(0.4) else self.rng.choice(PAGES)
        self.log("CONVERSATION_TRIGGERED")

    def engage(self) -> None:
        """Give the first response, and go on to an agent or to the form."""
        self.wait(9)
        self.log("CONVERSATION_ENGAGED")
        if self.chance(0.18):
            self.move()
        if self.desk and self.chance(self.dialogue.live):
            self.ask_agent()
        else:
            self.fill_form()

    def fill_form(self) -> None:
        """Give addresses, book meetings; half of the visitors go silent on the way."""
        for event, odds in ("EMAIL", self.dialogue.email), ("PHONE", 0.15):
            if self.chance(odds):
                self.wait(22)
                self.log("CONVERSATION_INPUT_" + event)
        while self.chance(self.dialogue.meeting):
            self.wait(45)
            self.log("CONVERSATION_MEETING_BOOKED", self.rng.choice(self.team), self.slot())
        self.leave(completes=0.45, closes=0.25)

    def slot(self) -> str:
        """Return the `meetingInfo` of a half hour after both periods."""
        day = self.rng.choice((17, 18, 19, 20, 24, 25, 26, 27))
        clock = f"{self.rng.randrange(8, 16):02d}:{self.rng.choice(('00', '30'))}"
        return f',"meetingInfo":{{"start":"2026-11-{day}T{clock}:00Z","minutes":30}}'

    def leave(self, completes: float, closes: float) -> None:
        """Reach the end or close the dialogue, both or neither: a closed tab sends nothing."""
        if self.chance(completes):
            self.wait(12)
            self.log("CONVERSATION_COMPLETED")
        if self.chance(closes):
            self.wait(15)
            self.log("CONVERSATION_CLOSED")

    def ask_agent(self) -> None:
        """Request a live chat: the first agent takes it within 100 s, the second later,
        or nobody does.
        """
        if self.chance(0.4):
            self.wait(20)
            self.log("CONVERSATION_INPUT_EMAIL")
        first, *others = self.rng.sample(self.desk, min(2, len(self.desk)))
        self.wait(8)
        self.log("CONVERSATION_LIVE_CHAT_REQUESTED", first)
        if self.chance(0.03):
            self.wait(8, 20)
            self.log("CONVERSATION_LIVE_CHAT_REQUESTED", first)
        fate = self.rng.random()
        if fate < 0.72:
            self.wait(22, 75)
            self.talk(first)
        elif fate < 0.9:
            self.time_out(first)
            self.ask_second(others, accepts=0.5)
        elif fate < 0.95:
            self.wait(40, 75)
            self.log("CONVERSATION_CLOSED")

    def time_out(self, agent: Agent) -> None:
        """Let an agent's 100 s pass."""
        self.now += 100_000 + self.rng.randrange(1500)
        self.log("CONVERSATION_LIVE_CHAT_REQUEST_TIMEOUT", agent)

    def ask_second(self, others: Sequence[Agent], accepts: float) -> None:
        """Try another agent, where there is one;
        a visitor whom nobody takes may still leave an address.
        """
        if others and self.chance(accepts):
            self.wait(25, 98)
            self.talk(others[0])
            return
        if others and self.chance(0.5):
            self.time_out(others[0])
        if self.chance(0.35):
            self.wait(25)
            self.log("CONVERSATION_INPUT_EMAIL")
        self.leave(completes=0.2, closes=0.35)

    def talk(self, agent: Agent) -> None:
        """Chat until the agent or the visitor ends it, it idles for ten minutes,
        or the tab is closed.
        """
        self.log("CONVERSATION_LIVE_CHAT_INITIATED", agent)
        if self.chance(0.12):
            self.move()
        self.wait(330, 2400)
        end = self.rng.random()
        if end < 0.68:
            self.log("CONVERSATION_LIVE_CHAT_ENDED", agent)
            self.leave(completes=0.35, closes=0.3)
        elif end < 0.79:
            self.log("CONVERSATION_CLOSED")
        elif end < 0.89:
            self.now += 600_000
            self.log("CONVERSATION_LIVE_CHAT_REQUEST_TIMEOUT", agent)
        if end < 0.03:
            self.wait(400)
            self.ask_agent()


def sids(rng: Random, number: int) -> Iterator[bytes]:
    """Yield that many random session ids, in the form of a UUID."""
    digits = rng.randbytes(16 * number).hex().encode()
    for i in range(0, 32 * number, 32):
        d = digits[i : i + 32]
        yield b"-".join((d[:8], d[8:12], d[12:16], d[16:20], d[20:]))


def is_open(minute: int) -> bool:
    """Return whether the desk is staffed in that minute after a Monday's local midnight."""
    day, minute = divmod(minute, 1440)
    return day % 7 < 5 and 540 <= minute < 1050


# The bulk stream


def pool(rng: Random, desk: Sequence[Agent], per_conversation: float) -> list[list[Step]]:
    """Return visits, engaged and other ones mixed so that a conversation has that many lines on
    average.
    """
    played = [
        [Visit(rng, desk, BULK_AGENTS).run(engaged=engaged) for _ in range(1500)]
        for engaged in (False, True)
    ]
    (quiet, quiet_talks), (busy, busy_talks) = map(totals, played)
    base, slope = per_conversation * quiet_talks - quiet, busy - quiet
    share = base / (slope - per_conversation * (busy_talks - quiet_talks))
    if not 0 <= share <= 1:
        low, high = quiet / quiet_talks, busy / busy_talks
        sys.exit(f"generate.py: --events-per-conversation goes from {low:.1f} to {high:.1f}")
    mixed = [rng.choice(played[rng.random() < share]) for _ in range(1 << 14)]
    return [steps for steps in mixed if steps[-1].arrival < (RING - 120) * 1000]


def totals(visits: Iterable[Sequence[Step]]) -> tuple[int, int]:
    """Return the numbers of lines and of conversations."""
    lines = talks = 0
    for steps in visits:
        lines += len(steps)
        talks += len(
            {step.line.middle.partition(b'"id":"')[2][:8] for step in steps if step.line.tail}
        )
    return lines, talks


def visits_due(visits: float) -> Iterator[int]:
    """Yield the visits that begin in each minute, for as long as asked,
    `visits` of them in four weeks.
    """
    unit = visits / (4 * 60 * sum(HOURS) * sum(WEEKDAYS))
    due = 0.0
    for hour in count():
        rate = unit * HOURS[hour % 24] * WEEKDAYS[hour // 24 % 7]
        for _ in range(60):
            due += rate
            yield int(due)
            due -= int(due)


def minutes_of_log(rng: Random, events: int, per_conversation: float) -> Iterator[list[bytes]]:
    """Yield the lines that arrive in each minute, in order by the second; without end."""
    pools = [pool(rng, desk, per_conversation) for desk in ((), BULK_AGENTS)]
    lines, _ = totals(chain(*pools))
    due = visits_due(events / lines * sum(map(len, pools)) * 1.01)
    seconds = [b"%02d.%03dZ" % divmod(ms, 1000) for ms in range(MINUTE)]
    stamps = [minute_stamp(m) for m in range(RING // 60)]
    ring: list[list[bytes]] = [[] for _ in range(RING)]
    for minute, visits in enumerate(due):
        visit_pool = pools[is_open(minute)]
        stamps.append(minute_stamp(minute + RING // 60))
        random, size = rng.random, len(visit_pool)
        for sid in sids(rng, visits):
            start = minute * MINUTE + int(random() * MINUTE)
            for after, arrival, (head, middle, tail) in visit_pool[int(random() * size)]:
                at = start + after
                parts = (
                    head,
                    stamps[at // MINUTE],
                    seconds[at % MINUTE],
                    middle,
                    sid if tail else b"",
                    tail,
                )
                ring[(start + arrival) // 1000 % RING].append(b"".join(parts))
        first = minute * 60 % RING
        slots = ring[first : first + 60]
        yield list(chain.from_iterable(slots))
        for slot in slots:
            slot.clear()


def minute_stamp(minute: int) -> bytes:
    """Return the timestamp of that minute of the bulk stream, up to its seconds."""
    return (BULK_START + timedelta(minutes=minute)).isoformat()[:17].encode()


def bulk(options: argparse.Namespace) -> Iterator[bytes]:
    """Yield `events` lines and `bad` times as many broken ones, in pieces of a minute."""
    rng, events, due = Random(options.seed), options.events, 0.0
    vary = _load_variation(options.seed) if options.varied else list
    for lines in minutes_of_log(rng, events, options.events_per_conversation):
        del lines[events:]
        events -= len(lines)
        due += options.bad * len(lines)
        for _ in range(int(due)):
            lines.insert(rng.randrange(len(lines) + 1), broken(rng))
        due -= int(due)
        yield b"".join(vary(lines))
        if not events:
            return


def _load_variation(seed: int) -> Callable[[list[bytes]], Iterable[bytes]]:
    """Return the function of varied.py that rewrites lines."""
    # This file is a script, and a module of the tests.
    module = importlib.import_module(f"{__package__}.varied" if __package__ else "varied")
    rewrite: Callable[[list[bytes]], Iterable[bytes]] = module.Variation(seed).rewrite_all
    return rewrite


def broken(rng: Random) -> bytes:
    """Return a line of its own that is no event."""
    line = line_of("CONVERSATION_ENGAGED", "/pricing", DIALOGUES[0])
    whole = line.filled(b"2026-02-10T10:00:00.000Z", next(sids(rng, 1)))
    return rng.choice(strays(whole, rng.randrange(10, 200)))[1]


def strays(whole: bytes, cut: int) -> tuple[tuple[str, bytes], ...]:
    """Return what a log holds beside events, made from an ENGAGED line: what becomes of it,
    and the line.
    """
    data = whole[whole.index(b'"data":') + 7 : -2]
    event = b'"event":"CONVERSATION_ENGAGED",'
    return (
        ("invalid_json", whole[:cut] + b"\n"),
        ("invalid_json", whole[:cut] + whole),
        ("invalid_json", b"%b [warn] a client request body is buffered\n" % whole[45:64]),
        ("invalid_utf8", whole.replace(b"Pricing", b"Pr\xffcing")),
        ("invalid_json", whole.replace(b"Pricing", rb"Pr\icing")),
        ("invalid_json", whole.replace(event, event + b'"score":NaN,')),
        ("event", b"[%b]\n" % whole.strip()),
        ("not_an_object", b'"CONVERSATION_ENGAGED"\n'),
        ("not_an_object", b"null\n"),
        ("no_event", whole.replace(event, b"")),
        ("unknown_event", whole.replace(event, b'"event":" ",')),
        ("no_event", whole.replace(event, b'"event":null,')),
        ("event", whole.replace(data, json.dumps(data.decode()).encode())),
        ("no_sid", whole.replace(data, b"null")),
        ("no_sid", re.sub(rb',"sid":"[^"]*"', b"", whole)),
        ("blank", b"\n"),
        ("blank", b"  \r\n"),
    )


# The sample site

FILES = {
    "dc.log-20261105.gz": 3,
    "dc.log-20261108.gz": 6,
    "dc.log.1": 10,
    "dc.log": 14,
}  # days up to there
RENAMED = b"2026-11-09T07:30"  # a Monday before work, when Support becomes Help centre
PREVIEW = Dialogue(
    "dlg-999", r"=1+1 <img src=x onerror=alert(1)> \u001b[31m", "dialogue", "popup", (), 0, 0, 0, 0
)
LOOSE = {
    "CONVERSATION_TRIGGERED": b"Conversation Triggered",
    "CONVERSATION_ENGAGED": b"conversation-engaged",
    "CONVERSATION_CLOSED": b"conversationClosed",
    "CONVERSATION_INPUT_EMAIL": b"Enum.Events.CONVERSATION_INPUT_EMAIL",
    "CONVERSATION_COMPLETED": b"adobedx.conversations.CONVERSATION_COMPLETED",
}
UNKNOWN = {b"CONVERSATION_RATED": 7, b"acme.consent.updated": 5, b"ticket.conversation.closed": 2}
LOST = (  # that many lines with an event, from sessions where another shows that it was there
    (2, "CONVERSATION_TRIGGERED", "CONVERSATION_COMPLETED"),
    (2, "CONVERSATION_ENGAGED", "CONVERSATION_INPUT_EMAIL"),
    (1, "CONVERSATION_LIVE_CHAT_INITIATED", "CONVERSATION_LIVE_CHAT_ENDED"),
)
STAMP = re.compile(rb'(?<="timestamp":")[^"]*')
SID = re.compile(rb'(?<="sid":")[^"]*')


class Entry(NamedTuple):
    """A line of the site's log, and when it arrives, in ms from the start."""

    arrival: int
    line: bytes


class Site:
    """Two weeks of a small site: `entries` in order of arrival,
    and in `made` what was put in on purpose.
    """

    def __init__(self, seed: int) -> None:
        self.rng = Random(seed)
        self.made: Counter[str] = Counter()
        self.entries = sorted(chain.from_iterable(self.day(day) for day in range(14)))
        self.seen = Counter(entry.line for entry in self.entries)

    def day(self, day: int) -> Iterator[Entry]:
        """Yield the lines of that day's visits."""
        for sid in sids(self.rng, 10 * WEEKDAYS[day % 7] + self.rng.randrange(-9, 10)):
            hour = self.rng.choices(range(24), HOURS)[0]
            start = day * DAY + hour * HOUR + self.rng.randrange(HOUR)
            desk = [
                agent
                for agent in AGENTS
                if day % 7 in agent.days and agent.first <= hour < agent.last
            ]
            for step in Visit(self.rng, desk, AGENTS).run(engaged=self.rng.random() < 0.3):
                yield Entry(
                    start + step.arrival, step.line.filled(site_stamp(start + step.at), sid)
                )

    def sids_of(self, event: str) -> Counter[bytes]:
        """Return the sessions with that event, and how often they have it."""
        mark = f'"event":"{event}"'.encode()
        return Counter(SID.findall(line)[0] for _, line in self.entries if mark in line)

    def pick(self, event: str, number: int, among: Collection[bytes] = ()) -> list[int]:
        """Return places of that event, delivered once and not picked before,
        `among` these sids if given.
        """
        mark = f'"event":"{event}"'.encode()
        single = [
            i for i, (_, line) in enumerate(self.entries) if mark in line and self.seen[line] == 1
        ]
        places = [i for i in single if not among or SID.findall(self.entries[i].line)[0] in among]
        return sorted(self.rng.sample(places, number), reverse=True)

    def edit(
        self, what: str, event: str, change: Change, number: int = 1, among: Collection[bytes] = ()
    ) -> None:
        """Change that many lines with that event; an empty line is lost."""
        for place in self.pick(event, number, among):
            arrival, line = self.entries[place]
            self.entries[place] = Entry(arrival, changed := change(line))
            self.seen[changed] += 2  # so that it is not picked again
            self.made[what] += 1

    def add(self, what: str, line: bytes, arrival: int) -> None:
        """Put a line in."""
        self.entries.append(Entry(arrival, line))
        self.seen[line] += 1
        self.made[what] += 1

    def write(self, folder: Path) -> None:
        """Write the log as its rotation left it, the last line cut off in the middle."""
        folder.mkdir(parents=True, exist_ok=True)
        first = 0
        for name, days in FILES.items():
            last = days * DAY
            content = b"".join(
                line for arrival, line in sorted(self.entries) if first <= arrival < last
            )
            if name == "dc.log":
                content = content[: content.rindex(b"\n", 0, -1) + 120]
            (folder / name).write_bytes(packed(content) if name.endswith(".gz") else content)
            first = last


def site_stamp(ms: int) -> bytes:
    """Return the timestamp of that time since the start of the site's log."""
    moment = SITE_START + timedelta(milliseconds=ms)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z").encode()


def packed(content: bytes) -> bytes:
    """Return `content` as gzip, without name and time,
    so that only zlib's version can change it.
    """
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=buffer, mtime=0) as out:
        out.write(content)
    return buffer.getvalue()


def swap(old: bytes, new: bytes) -> Change:
    """Return a function that replaces the first `old` in a line."""
    return lambda line: line.replace(old, new, 1)


def add_clocks(site: Site) -> None:
    """Write a few timestamps in other forms, and some that are none."""

    def moment(line: bytes) -> datetime:
        return datetime.fromisoformat(STAMP.findall(line)[0].decode())

    def epoch(line: bytes) -> bytes:
        return STAMP.sub(b"%d" % round(moment(line).timestamp() * 1000), line)

    def local(line: bytes) -> bytes:
        return STAMP.sub((moment(line) + CET).strftime("%Y-%m-%dT%H:%M:%S+01:00").encode(), line)

    def number(line: bytes) -> bytes:
        return re.sub(rb'"(\d{13})"', rb"\1", epoch(line))

    def none(line: bytes) -> bytes:
        return re.sub(rb'"timestamp":"[^"]*",', b"", line)

    shown = "CONVERSATION_TRIGGERED"
    site.edit("timestamp: epoch ms, number", shown, number, 2)
    site.edit("timestamp: epoch ms, text", shown, epoch)
    site.edit("timestamp: +01:00", shown, local, 2)
    site.edit("timestamp: in 2099", "CONVERSATION_CLOSED", swap(b':"2026-', b':"2099-'))
    site.edit("timestamp: none", "CONVERSATION_INPUT_EMAIL", none)


def add_spellings(site: Site) -> None:
    """Spell events loosely, lose lines, rename a dialogue, tag pages as campaigns do."""
    for event, spelt in LOOSE.items():
        site.edit("loosely spelt event", event, swap(event.encode(), spelt))
    for number, event, witness in LOST:
        once = {sid for sid, times in site.sids_of(event).items() if times == 1} & set(
            site.sids_of(witness)
        )
        site.edit("lost: " + event, event, lambda _: b"", number, once)
    tag = b'\\1?utm_source=newsletter&utm_campaign=herbst"'
    tagged = re.compile(rb'("page":"[^"]*)"')
    site.edit("page with a query", "CONVERSATION_TRIGGERED", lambda line: tagged.sub(tag, line), 60)
    rename = swap(b'"name":"Support"', b'"name":"Help centre"')
    for i, (arrival, line) in enumerate(site.entries):
        if STAMP.findall(line) >= [RENAMED]:
            site.entries[i] = Entry(arrival, rename(line))


def add_strays(site: Site) -> None:
    """Put in what is no event, what is not Dynamic Chat's, and a preview with a hostile name."""
    for i, sid in enumerate(sids(site.rng, 17)):
        arrival = site.rng.randrange(12 * DAY) + i * HOUR
        line = line_of("CONVERSATION_ENGAGED", "/pricing", DIALOGUES[0]).filled(
            site_stamp(arrival), sid
        )
        site.add(*strays(line, 150)[i], arrival)
    for event, number in UNKNOWN.items():
        for place in site.pick("CONVERSATION_LIVE_CHAT_ENDED", number):
            arrival, line = site.entries[place]
            line = line.replace(b"CONVERSATION_LIVE_CHAT_ENDED", event)
            if not event.startswith(b"CONVERSATION"):
                line = re.sub(rb'"data":.*', b'"detail":{"source":"banner"}}', line)
            site.add(f"unknown event {event.decode()}", line, arrival + 9000)
    for i, step in enumerate(("TRIGGERED", "ENGAGED", "CLOSED")):
        arrival = 7 * DAY + 11 * HOUR + 4000 * i
        preview = line_of("CONVERSATION_" + step, "/?preview=1", PREVIEW)
        line = preview.filled(site_stamp(arrival), b"preview-1")
        site.add("hostile name", line, arrival)


def add_repeats(site: Site) -> None:
    """Deliver lines again in the next file, and show a dialogue again the day after,
    to the same sid.
    """
    for name, days in list(FILES.items())[:-1]:
        before = sorted(entry for entry in site.entries if entry.arrival < days * DAY)
        for arrival, line in before[-2:]:
            site.add(f"again after {name}", line, days * DAY + arrival % 1000)
    place = site.pick("CONVERSATION_CLOSED", 1)[0]
    arrival, line = site.entries[place]
    arrival += 26 * HOUR
    again = STAMP.sub(site_stamp(arrival), line).replace(b"_CLOSED", b"_TRIGGERED")
    site.add("shown again after a day", again, arrival)


def write_site(folder: Path, seed: int) -> None:
    """Write the sample site and print what was put in on purpose."""
    site = Site(seed)
    for addition in (add_repeats, add_spellings, add_clocks, add_strays):
        addition(site)
    site.write(folder)
    for what, number in site.made.items():
        print(f"{number:4}  {what}")


# The command line


def write_bulk(options: argparse.Namespace) -> None:
    """Write the stream to the file or to standard output;
    a reader that goes away ends it quietly.
    """
    try:
        with open(options.output or sys.stdout.fileno(), "wb", buffering=1 << 20) as out:
            for _ in range(options.copies):
                out.writelines(bulk(options))
    except BrokenPipeError:
        os._exit(0)


def parser() -> argparse.ArgumentParser:
    """Return the command line's description."""
    made = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument(
        "--events", type=int, default=1_000_000, help="lines with events, to 10^8 and beyond"
    )
    made.add_argument("--seed", type=int, default=1)
    made.add_argument("--events-per-conversation", type=float, default=2.2, metavar="MEAN")
    made.add_argument(
        "--bad", type=float, default=0.0, metavar="SHARE", help="add this share of broken lines"
    )
    made.add_argument(
        "--varied", action="store_true", help="let lines differ as those of sites do: varied.py"
    )
    made.add_argument(
        "--copies", type=int, default=1, help="write the whole stream that many times"
    )
    made.add_argument(
        "--site", type=Path, metavar="FOLDER", help="write the sample site there, nothing else"
    )
    made.add_argument(
        "-o", "--output", type=Path, metavar="FILE", help="instead of standard output"
    )
    return made


def main() -> None:
    """Run the command line."""
    options = parser().parse_args()
    if options.site:
        write_site(options.site, options.seed)
    else:
        write_bulk(options)


if __name__ == "__main__":
    main()
