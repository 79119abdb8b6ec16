"""A slow, obvious model of what dcevents counts, to compare the package with.

It follows definitions.md sentence by sentence ("1." to "4." below are its sections) and
interface.md for columns and rows. It imports nothing of the package. Times are whole milliseconds
since 1970 in UTC, or None.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Any
from zoneinfo import ZoneInfo

from model.times import ACCESS_LOG, ISO, JAVASCRIPT, OLDEST_MS, RFC_5322, timestamp_ms
from model.values import Num, number_text, shorten

Row = dict[str, Any]

# --- The vocabulary -------------------------------------------------------------------------------

TRIGGERED, ENGAGED, COMPLETED, CLOSED = "triggered", "engaged", "completed", "closed"
EMAIL, PHONE, MEETING = "input_email", "input_phone", "meeting_booked"
REQUESTED, INITIATED = "live_chat_requested", "live_chat_initiated"
TIMEOUT, ENDED = "live_chat_request_timeout", "live_chat_ended"

#: 2.: the order of events with the same timestamp.
KINDS = [
    TRIGGERED, ENGAGED, EMAIL, PHONE, MEETING, REQUESTED, INITIATED, TIMEOUT, ENDED, COMPLETED,
    CLOSED,
]  # fmt: skip
LIVE_CHAT = [REQUESTED, INITIATED, TIMEOUT, ENDED]
STEPS = [ENGAGED, EMAIL, PHONE, MEETING, *LIVE_CHAT]

#: 2.: the first that fits; also the order of a session's best outcome (interface.md, `sessions`).
OUTCOMES = [
    "completed", "served", "booked", "open", "unanswered", "left_queue", "closed", "dropped",
    "dismissed",
    "ignored",
]  # fmt: skip
ABANDONED = ["unanswered", "left_queue", "closed", "dropped"]
CHAT_OUTCOMES = ["missed", "left", "waiting", "ended", "timed_out", "closed", "ongoing", "no_end"]

WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
TIME_KEYS = ["day", "week", "month", "hour", "weekday"]

MIB = 1024 * 1024
MOST_LEVELS = 512
MOST_NAMES = 1000
DAY_MS = 24 * 3600 * 1000
REPEAT_MS = 300 * 1000
WAITING_MS = 300 * 1000
ONGOING_MS = 600 * 1000

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
MOST_SID_BYTES, MOST_TEXT, MOST_PAGE, MOST_NAME = 512, 512, 2048, 128


@dataclass(frozen=True)
class Event:
    """An accepted line (1.)."""

    ts: int | None
    future: bool
    ancient: bool
    kind: str
    sid: str
    id: str | None
    name: str | None
    type: str | None
    ui_type: str | None
    page: str | None
    agent_id: str | None
    agent_name: str | None
    meeting_info: Any
    file: str
    line: int
    form: str = "absent"

    @property
    def agent(self) -> str | None:
        """The agentID or, where there is none, the agentName (1., `duplicates`; 4.)."""
        return self.agent_id if self.agent_id is not None else self.agent_name


@dataclass
class Log:
    """What was read, by bucket (1.). `events` are without duplicates, `looks` with them."""

    records: int = 0
    blank: int = 0
    incomplete: int = 0
    later: int = 0
    duplicates: int = 0
    untimed: int = 0
    future: int = 0
    ancient: int = 0
    rejected: dict[str, int] = field(default_factory=dict)
    widget_ready: int = 0
    unknown_events: dict[str, int] = field(default_factory=dict)
    rejects: list[tuple[str, int, str]] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    looks: list[Event] = field(default_factory=list)
    as_of_ms: int | None = None


# --- 1. Input: JSON -------------------------------------------------------------------------------


class BadJSONError(ValueError):
    """The line is `invalid_json`."""


def whole(text: str) -> str:
    """`text` with each half of a surrogate pair as U+FFFD (1.)."""
    return re.sub("[\ud800-\udfff]", "\ufffd", text)


def first_wins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object, the first of equal keys winning (1.)."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        found.setdefault(whole(key), value)
    return found


def no_constant(text: str) -> None:
    """NaN and Infinity are no JSON (1., `rejected`)."""
    raise BadJSONError(text)


def mended(value: Any, level: int = 1) -> Any:
    """`value` with whole texts. Deeper than 512 levels is invalid here (1.: it "may be")."""
    if isinstance(value, (dict, list)) and level > MOST_LEVELS:
        raise BadJSONError
    if isinstance(value, dict):
        for key in value:
            value[key] = mended(value[key], level + 1)
    elif isinstance(value, list):
        for place, item in enumerate(value):
            value[place] = mended(item, level + 1)
    elif isinstance(value, str) and not isinstance(value, Num):
        return whole(value)
    return value


def parsed(line: bytes) -> Any:
    """The JSON value that a line is, its numbers as `Num` (1.). Raises BadJSONError."""
    try:
        text = line.decode("utf-8")
        value = json.loads(
            text,
            object_pairs_hook=first_wins,
            parse_int=Num,
            parse_float=Num,
            parse_constant=no_constant,
        )
        return mended(value)
    except (ValueError, RecursionError) as error:
        raise BadJSONError from error


def plain(value: Any) -> Any:
    """`value` as json.loads would give it: its numbers as int and float (Decimal where int()
    refuses).
    """
    # Loops, not comprehensions, which would take two frames a level: 512 levels have to fit.
    if isinstance(value, dict):
        members: dict[str, Any] = {}
        for key in value:
            members[key] = plain(value[key])
        return members
    if isinstance(value, list):
        items: list[Any] = []
        for item in value:
            items.append(plain(item))  # noqa: PERF401
        return items
    if isinstance(value, Num):
        if re.search("[.eE]", value):
            return float(value)
        return int(value) if len(value) < 4000 else Decimal(value)
    return value


NUMBER = re.compile(r"([+-]?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?")


def spelled(text: str) -> tuple[str, str, int] | None:
    """A number as (sign "" or "-", digits without outer zeros, exponent of the last digit); None:
    no number.

    Exact. Zero is ("", "", 0). Exponents are held within +-1e9, far beyond everything that matters.
    """
    match = NUMBER.fullmatch(text)
    if match is None:
        return None
    sign, before, after, power = match.groups(default="")
    exponent = 0
    if power:
        size = power.lstrip("+-").lstrip("0") or "0"
        exponent = min(int(size), 10**9) if len(size) <= 10 else 10**9
        if power.startswith("-"):
            exponent = -exponent
    digits = (before + after).lstrip("0")
    exponent -= len(after)
    exponent += len(digits) - len(digits.rstrip("0"))
    digits = digits.rstrip("0")
    if not digits:
        return ("", "", 0)
    return ("-" if sign == "-" else "", digits, exponent)


def same_number(one: str | None, other: str | None) -> bool:
    """Whether two texts are equal or spell the same number, exactly.

    For comparing texts that were JSON numbers "with a fraction or an exponent, in any spelling"
    (1.).
    """
    if one is None or other is None:
        return one is other
    return one == other or (spelled(one) is not None and spelled(one) == spelled(other))


def scalar(value: Any) -> str | None:
    """What a value of `event`, `page` or the payload says, None if it is as if absent (1.)."""
    if isinstance(value, Num):
        return number_text(str(value))
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and value != "":
        return value
    return None


def as_object(value: Any) -> dict[str, Any]:
    """`value`, if it is an object; anything else is as if absent."""
    return value if isinstance(value, dict) else {}


# --- 1. Input: event names ------------------------------------------------------------------------


def normal_name(spelling: str) -> str:
    """An event name as it is matched (1., "Event names")."""
    split = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", spelling)
    return re.sub(r"[^A-Za-z0-9]+", "_", split).strip("_").lower()


def kind_of(spelling: str, *, has_sid: bool) -> str | None:
    """The kind of an event name, "ready" for the ready event, None for an unknown event (1.)."""
    name = normal_name(spelling)
    if name == "adobedx_conversations_ready":
        return "ready"
    for prefix in ("", "enum_events_", "events_", "adobedx_", "adobedx_conversations_"):
        for kind in KINDS:
            if name == f"{prefix}conversation_{kind}":
                return kind
    if has_sid and name in KINDS:
        return name
    return None


# --- 1. Input: timestamps -------------------------------------------------------------------------


def timestamp_form(value: Any) -> str:
    """How a timestamp is written (5., "`timestamps` has these forms")."""
    if value is None or value == "" or isinstance(value, (dict, list)):
        return "absent"
    if timestamp_ms(value) is None:
        return "unreadable"
    if not isinstance(value, Num):
        iso = re.fullmatch(ISO, value)
        if iso is not None:
            zone = iso["zone"] or ""
            return "iso_offset" if zone[:1] in ("+", "-") else "iso_utc" if zone else "iso_local"
        for form, name in (
            (ACCESS_LOG, "access_log"),
            (RFC_5322, "rfc_5322"),
            (JAVASCRIPT, "javascript"),
        ):
            if re.fullmatch(form, value, re.IGNORECASE):
                return name
    number = spelled(value)
    assert number is not None
    sign, digits, exponent = number
    if len(digits) + exponent > 40:
        return "epoch_nanoseconds"
    size = abs(Fraction(Decimal(f"{sign}{digits or 0}E{max(exponent, -40)}")))
    for limit, unit in ((11, "seconds"), (14, "milliseconds"), (17, "microseconds")):
        if size < 10**limit:
            return f"epoch_{unit}"
    return "epoch_nanoseconds"


# --- 1. Input: records and buckets ----------------------------------------------------------------


MARKS = rb"(?:[ \t\r\0]|\xef\xbb\xbf)*"
BETWEEN = re.compile("[ \t\r,\0\ufeff\x1e]*")


def lines_of(data: bytes) -> list[tuple[bytes, bool]]:
    """The lines of an input without their LF, and whether they had one; without white space,
    NULs and byte order marks around them (1.).
    """
    pieces = data.split(b"\n")
    last = pieces.pop()
    lines = [(piece, True) for piece in pieces]
    if last != b"":
        lines.append((last, False))
    bare = re.compile(MARKS + rb"(.*?)" + MARKS, re.DOTALL)
    return [(bare.fullmatch(line)[1], has_end) for line, has_end in lines]  # type: ignore[index]


def records_on(line: bytes) -> list[bytes]:
    """The records of a line: several where a line end between whole objects was lost (1.)."""
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        return [line]
    decoder = json.JSONDecoder(parse_constant=no_constant)
    found, at = [], 0
    while at < len(text):
        try:
            _, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            return [line]
        if text[at] != "{":
            return [line]
        found.append(text[at:end].encode())
        between = BETWEEN.match(text, end)
        at = between.end() if between else end
    return found or [line]


def shown_page(value: Any, *, keep_query: bool) -> str | None:
    """The page, its query and fragment cut off (1.); None where nothing is left."""
    text = scalar(value)
    if text is not None and not keep_query:
        text = re.split("[?#]", text, maxsplit=1)[0] or None
    return shorten(text, MOST_PAGE)


def shown_text(value: Any) -> str | None:
    """A name, an id, a type or an agent (1., "Texts have limits")."""
    return shorten(scalar(value), MOST_TEXT)


def reject(log: Log, file: str, number: int, reason: str) -> None:
    """Count a rejected line."""
    log.rejected[reason] = log.rejected.get(reason, 0) + 1
    log.rejects.append((file, number, reason))


def count_unknown(log: Log, spelling: str) -> None:
    """Count an unknown event by its spelling: the first 1,000 names, the rest as `other` (1.,
    `ignored`).
    """
    if spelling not in log.unknown_events and len(log.unknown_events) >= MOST_NAMES:
        spelling = "other"
    log.unknown_events[spelling] = log.unknown_events.get(spelling, 0) + 1


def read_line(
    log: Log, file: str, number: int, line: bytes, *, has_end: bool, keep_query: bool
) -> Event | None:
    """The event that a line is, its timestamp not yet compared with a clock; else None,
    and it is counted.
    """
    if line == b"":
        log.blank += 1
        return None
    if len(line) > MIB:
        reject(log, file, number, "too_long")
        return None
    try:
        line.decode("utf-8")
        record = parsed(line)
    except ValueError as error:
        if has_end:
            is_text = not isinstance(error, UnicodeDecodeError)
            reject(log, file, number, "invalid_json" if is_text else "invalid_utf8")
        else:
            log.incomplete += 1
        return None
    if not isinstance(record, dict):
        reject(log, file, number, "not_an_object")
        return None
    spelling = scalar(record.get("event"))
    if spelling is None or spelling.strip(" \t\r\n") == "":
        reject(log, file, number, "no_event")
        return None
    payload = as_object(as_object(record.get("data")).get("payload"))
    sid = scalar(payload.get("sid"))
    kind = kind_of(spelling, has_sid=sid is not None)
    if kind == "ready":
        log.widget_ready += 1
        return None
    if kind is None:
        count_unknown(log, shorten(spelling, MOST_NAME) or "")
        return None
    if sid is None:
        reject(log, file, number, "no_sid")
        return None
    if len(sid.encode()) > MOST_SID_BYTES:
        reject(log, file, number, "too_long")
        return None
    return Event(
        ts=timestamp_ms(record.get("timestamp")),
        future=False,
        ancient=False,
        kind=kind,
        sid=sid,
        id=shown_text(payload.get("id")),
        name=shown_text(payload.get("name")),
        type=shown_text(payload.get("type")),
        ui_type=shown_text(payload.get("uiType")),
        page=shown_page(record.get("page"), keep_query=keep_query),
        agent_id=shown_text(payload.get("agentID")),
        agent_name=shown_text(payload.get("agentName")),
        meeting_info=plain(payload.get("meetingInfo")),
        file=file,
        line=number,
        form=timestamp_form(record.get("timestamp")),
    )


def by_the_clock(event: Event, now_ms: int) -> Event:
    """`event`, untimed and `future` if its timestamp is more than 24 hours after the clock,
    `ancient` if it is before 2015 (1.).
    """
    if event.ts is None or OLDEST_MS <= event.ts <= now_ms + DAY_MS:
        return event
    reason = "ancient" if event.ts < OLDEST_MS else "future"
    return Event(**{**vars(event), "ts": None, reason: True})


def read(
    inputs: list[tuple[str, bytes]],
    *,
    now_ms: int,
    as_of_ms: int | None = None,
    keep_query: bool = False,
) -> Log:
    """Everything that the inputs, (file, bytes) in order, say (1.)."""
    log = Log()
    seen: set[tuple[Any, ...]] = set()
    future: set[tuple[Any, ...]] = set()
    ancient: set[tuple[Any, ...]] = set()
    for file, data in inputs:
        records = [
            (number, record, has_end)
            for number, (line, has_end) in enumerate(lines_of(data), start=1)
            for record in records_on(line)
        ]
        for number, record, has_end in records:
            log.records += 1
            event = read_line(log, file, number, record, has_end=has_end, keep_query=keep_query)
            if event is None:
                continue
            event = by_the_clock(event, now_ms)
            if as_of_ms is not None and event.ts is not None and event.ts > as_of_ms:
                log.later += 1
                continue
            log.looks.append(event)
            key = (event.kind, event.ts, event.sid, event.id, event.agent)
            if event.future:
                future.add(key)  # whichever of its lines came first
            if event.ancient:
                ancient.add(key)
            if key in seen:
                log.duplicates += 1
                continue
            seen.add(key)
            log.events.append(event)
    log.untimed = sum(event.ts is None for event in log.events)
    log.future, log.ancient = len(future), len(ancient)
    latest = last_of(e.ts for e in log.events if e.ts is not None and e.ts <= now_ms)
    log.as_of_ms = as_of_ms if as_of_ms is not None else latest if latest is not None else now_ms
    return log


def check_buckets(log: Log) -> None:
    """Assert that every record is in exactly one bucket (1.)."""
    rejected = sum(log.rejected.values())
    ignored = log.widget_ready + sum(log.unknown_events.values())
    total = (
        log.blank
        + log.incomplete
        + rejected
        + ignored
        + log.later
        + log.duplicates
        + len(log.events)
    )
    assert log.records == total, (log.records, total)
    assert len(log.rejects) == rejected
    assert len(log.looks) == len(log.events) + log.duplicates
    assert max(log.future, log.ancient) <= log.untimed <= len(log.events)


# --- Small arithmetic -----------------------------------------------------------------------------


def first_of(times: Iterable[int | None]) -> int | None:
    """The first timestamp, None of none."""
    return min((time for time in times if time is not None), default=None)


def last_of(times: Iterable[int | None]) -> int | None:
    """The last timestamp, None of none."""
    return max((time for time in times if time is not None), default=None)


def seconds(start: int | None, end: int | None) -> float | None:
    """end - start; "what lacks one of its two times is left out" (3.)."""
    return None if start is None or end is None else (end - start) / 1000


def rate(part: int, base: int) -> float | None:
    """part / base; null where the base is 0 (3.)."""
    return None if base == 0 else part / base


def known_ms(durations: Iterable[float | None]) -> list[int]:
    """The durations that are known, in milliseconds, so that what follows is exact."""
    return [round(duration * 1000) for duration in durations if duration is not None]


def mean(durations: Iterable[float | None]) -> float | None:
    """The mean; of nothing, None."""
    known = known_ms(durations)
    return float(Fraction(sum(known), len(known) * 1000)) if known else None


def quantile(durations: Iterable[float | None], p: Fraction) -> float | None:
    """Hyndman and Fan's type 7 (3.); of nothing, None."""
    known = sorted(known_ms(durations))
    if not known:
        return None
    place = (len(known) - 1) * p
    below = floor(place)
    above = min(below + 1, len(known) - 1)
    return float((known[below] + (place - below) * (known[above] - known[below])) / 1000)


HALF, P90 = Fraction(1, 2), Fraction(9, 10)


# --- Names ----------------------------------------------------------------------------------------


def latest_text(found: list[tuple[int | None, int, str]]) -> str | None:
    """Of (ts, rank, text): the latest timed (ties: greater rank, then text),
    else greatest untimed (2.).
    """
    timed = [(ts, rank, text) for ts, rank, text in found if ts is not None]
    if timed:
        return max(timed)[2]
    return max((text for _, _, text in found), default=None)


def earliest_text(found: list[tuple[int | None, int, str]]) -> str | None:
    """Of (ts, rank, text): the earliest timed (ties: lesser rank, then text),
    else least untimed (2.).
    """
    timed = [(ts, rank, text) for ts, rank, text in found if ts is not None]
    if timed:
        return min(timed)[2]
    return min((text for _, _, text in found), default=None)


def texts(
    looks: list[Event], of: Callable[[Event], str | None]
) -> list[tuple[int | None, int, str]]:
    """(ts, rank of the kind, text) of the events that have that text."""
    found = []
    for event in looks:
        text = of(event)
        if text is not None:
            found.append((event.ts, KINDS.index(event.kind), text))
    return found


def agent_names(log: Log) -> dict[str, str | None]:
    """Agent to name: of its latest INITIATED that has one,
    else of its latest event that has one (4.).
    """
    names: dict[str, str | None] = {}
    for agent in sorted({event.agent for event in log.looks if event.agent is not None}):
        looks = [event for event in log.looks if event.agent == agent]
        accepts = [event for event in looks if event.kind == INITIATED]
        name = latest_text(
            [(ts, 0, text) for ts, _, text in texts(accepts, lambda event: event.agent_name)]
        )
        if name is None:
            name = latest_text(
                [(ts, 0, text) for ts, _, text in texts(looks, lambda event: event.agent_name)]
            )
        names[agent] = name
    return names


# --- 4. Live chat: attempts -----------------------------------------------------------------------


@dataclass
class Attempt:
    """A live-chat attempt in the making: its events,
    and of these the ends that are not cancelled.
    """

    events: list[Event] = field(default_factory=list)
    initiated: Event | None = None
    ends: list[Event] = field(default_factory=list)

    @property
    def accepted(self) -> bool:
        """It has INITIATED, or the first of ENDED, TIMEOUT, CLOSED in it is ENDED."""
        return self.initiated is not None or (self.ends != [] and self.ends[0].kind == ENDED)

    @property
    def ended(self) -> bool:
        """An accepted one by any end, another by ENDED or CLOSED:
        after a TIMEOUT an agent may still come.
        """
        if self.accepted:
            return self.ends != []
        return any(event.kind in (ENDED, CLOSED) for event in self.ends)

    @property
    def timed_out_unaccepted(self) -> bool:
        """A TIMEOUT, and nobody has accepted."""
        return not self.accepted and any(event.kind == TIMEOUT for event in self.ends)


def near(prev: Event, event: Event) -> bool:
    """Whether `event` comes at most 300 s after `prev`; to or from an untimed event, never."""
    return prev.ts is not None and event.ts is not None and event.ts - prev.ts <= REPEAT_MS


def in_order(events: list[Event]) -> list[Event]:
    """A conversation's events in order: timestamp (untimed last), kind, agent (none first) (2.)."""
    return sorted(
        events,
        key=lambda event: (
            event.ts is None,
            event.ts or 0,
            KINDS.index(event.kind),
            event.agent is not None,
            event.agent or "",
        ),
    )


def walk(events: list[Event]) -> list[Attempt]:
    """The attempts that a conversation's events form (4.)."""
    attempts: list[Attempt] = []
    prev: Event | None = None
    for event in in_order(events):
        latest = attempts[-1] if attempts else None

        if event.kind == REQUESTED:
            if (
                latest is not None
                and prev is not None
                and prev.kind == REQUESTED
                and near(prev, event)
            ):
                latest.events.append(event)
            else:
                attempts.append(Attempt(events=[event]))
            prev = event

        elif event.kind == INITIATED:
            if latest is not None and prev is not None and prev.kind in (REQUESTED, INITIATED):
                joins = True
            elif (
                latest is not None
                and prev is not None
                and prev.kind == TIMEOUT
                and near(prev, event)
            ):
                joins = not latest.accepted and not latest.ended
            else:
                joins = False
            if latest is None or not joins:
                latest = Attempt()
                attempts.append(latest)
            latest.events.append(event)
            if latest.initiated is None:
                latest.initiated = event
                latest.ends = [end for end in latest.ends if end.kind != TIMEOUT]
            prev = event

        elif event.kind in (ENDED, TIMEOUT):
            if latest is None:
                attempts.append(Attempt(events=[event], ends=[event]))
            elif not latest.ended:
                latest.events.append(event)
                latest.ends.append(event)
            prev = event  # also where the attempt had ended and nothing else changes

        elif event.kind == CLOSED and latest is not None:
            if latest.ended or latest.timed_out_unaccepted:
                continue  # not even prev
            latest.events.append(event)
            latest.ends.append(event)
            prev = event
    return attempts


def attempt_outcome(attempt: Attempt, *, last: bool, as_of_ms: int | None) -> str:
    """The outcome of an attempt; `last`: it is the conversation's last (4.)."""
    if attempt.ends:
        first = attempt.ends[0].kind
        if attempt.accepted:
            return {ENDED: "ended", TIMEOUT: "timed_out", CLOSED: "closed"}[first]
        return {TIMEOUT: "missed", CLOSED: "left"}[first]
    latest = last_of(event.ts for event in attempt.events)
    age = as_of_ms - latest if as_of_ms is not None and latest is not None else None
    if attempt.accepted:
        return "ongoing" if last and age is not None and age < ONGOING_MS else "no_end"
    return "waiting" if last and age is not None and age < WAITING_MS else "left"


def attempt_agent(attempt: Attempt) -> str | None:
    """The agent of the INITIATED that counts,
    else of the attempt's last event that names one (4.).
    """
    if attempt.initiated is not None and attempt.initiated.agent is not None:
        return attempt.initiated.agent
    named = [event.agent for event in attempt.events if event.agent is not None]
    return named[-1] if named else None


def attempt_rows(
    conversation: Row, events: list[Event], log: Log, names: dict[str, str | None]
) -> list[Row]:
    """The `chats` rows of one conversation, in the order of the walk."""
    attempts = walk(events)
    rows: list[Row] = []
    for number, attempt in enumerate(attempts, start=1):
        requests = [event for event in attempt.events if event.kind == REQUESTED]
        requested_at = requests[0].ts if requests else None
        accepted_at = attempt.initiated.ts if attempt.initiated is not None else None
        ended_at = attempt.ends[0].ts if attempt.ends else None
        agent = attempt_agent(attempt)
        rows.append(
            {
                "sid": conversation["sid"],
                "conversation_id": conversation["conversation_id"],
                "conversation": conversation["conversation"],
                "attempt": number,
                "requested_at": requested_at,
                "accepted_at": accepted_at,
                "ended_at": ended_at,
                "agent_id": agent,
                "agent": names[agent] if agent is not None else None,
                "wait_seconds": seconds(requested_at, accepted_at),
                "chat_seconds": seconds(accepted_at, ended_at),
                "outcome": attempt_outcome(
                    attempt, last=attempt is attempts[-1], as_of_ms=log.as_of_ms
                ),
                "_accepted": attempt.accepted,
                "_started_at": attempt.events[0].ts,
                "_type": conversation["type"],
                "_ui_type": conversation["ui_type"],
                "_page": conversation["page"],
                "_conversation_last_at": conversation["last_at"],
            }
        )
    return rows


# --- 2. Conversations -----------------------------------------------------------------------------


def last_step(events: list[Event], *, engaged: bool) -> str:
    """The kind whose first timed event is latest, ties to the later kind (2.)."""
    best: tuple[int, int] | None = None
    for kind in STEPS:
        first = first_of(event.ts for event in events if event.kind == kind)
        if first is not None:
            here = (first, KINDS.index(kind))
            best = here if best is None else max(best, here)
    if best is not None:
        return KINDS[best[1]]
    return ENGAGED if engaged else TRIGGERED


def is_closed_last(events: list[Event]) -> bool:
    """It has CLOSED, and nothing but triggered is later than its latest timed CLOSED (2.)."""
    if not any(event.kind == CLOSED for event in events):
        return False
    closed_at = last_of(event.ts for event in events if event.kind == CLOSED)
    if closed_at is None:
        return True
    return not any(
        event.kind != TRIGGERED and event.ts is not None and event.ts > closed_at
        for event in events
    )


def conversation_outcome(
    kinds: set[str], attempts: list[Row], *, recent: bool, closed: bool, engaged: bool
) -> str:
    """The first that fits (2., "Outcome"); `closed`: closed last."""
    if COMPLETED in kinds:
        return "completed"
    if any(attempt["_accepted"] for attempt in attempts):
        return "served"
    if MEETING in kinds:
        return "booked"
    if recent and not closed:
        return "open"
    if any(attempt["outcome"] == "missed" for attempt in attempts):
        return "unanswered"
    if attempts:
        return "left_queue"
    if engaged:
        return "closed" if closed else "dropped"
    return "dismissed" if closed else "ignored"


def conversation_row(
    events: list[Event], looks: list[Event], log: Log, names: dict[str, str | None], idle_s: float
) -> Row:
    """One conversation: the columns of the listing, and helpers that begin with `_` (2.)."""
    events = in_order(events)
    kinds = {event.kind for event in events}
    engaging = [event for event in events if event.kind not in (TRIGGERED, CLOSED)]
    engaged = engaging != []
    triggers = [event for event in events if event.kind == TRIGGERED]
    active = [event for event in events if event.kind != TRIGGERED] + triggers[:1]
    started_at = first_of(event.ts for event in events)
    engaged_at = first_of(event.ts for event in engaging)
    last_at = last_of(event.ts for event in active)
    completed_at = first_of(event.ts for event in events if event.kind == COMPLETED)
    row: Row = {
        "sid": events[0].sid,
        "conversation_id": events[0].id,
        "conversation": latest_text(texts(looks, lambda event: event.name)),
        "type": latest_text(texts(looks, lambda event: event.type)),
        "ui_type": latest_text(texts(looks, lambda event: event.ui_type)),
        "page": earliest_text(texts(looks, lambda event: event.page)),
        "started_at": started_at,
        "engaged_at": engaged_at,
        "last_at": last_at,
        "duration_seconds": seconds(started_at, last_at),
        "engaged": engaged,
        "gave_email": EMAIL in kinds,
        "gave_phone": PHONE in kinds,
        "meetings": sum(event.kind == MEETING for event in events),
    }
    attempts = attempt_rows(row, events, log, names)
    recent = last_at is not None and (
        (log.as_of_ms is not None and log.as_of_ms - last_at < idle_s * 1000)
        or any(attempt["outcome"] == "waiting" for attempt in attempts)
    )
    closed = is_closed_last(events)
    outcome = conversation_outcome(kinds, attempts, recent=recent, closed=closed, engaged=engaged)
    abandoned = outcome in ABANDONED
    row["live_chats"] = len(attempts)
    row["last_step"] = last_step(events, engaged=engaged)
    row["outcome"] = outcome
    row["_attempts"] = attempts
    row["_recent"] = recent
    row["_closed_last"] = closed
    row["_abandoned"] = abandoned
    row["_completed_at"] = completed_at
    row["_triggered_at"] = first_of(event.ts for event in triggers)
    row["_contact_at"] = first_of(event.ts for event in events if event.kind in (EMAIL, PHONE))
    row["_bookings"] = [(event.ts, event.agent) for event in events if event.kind == MEETING]
    row["_agent_names"] = names
    row["_seconds_to_complete"] = (
        seconds(engaged_at, completed_at) if outcome == "completed" else None
    )
    row["_seconds_to_abandon"] = seconds(engaged_at, last_at) if abandoned else None
    return row


def in_window(start: int | None, since_ms: int | None, until_ms: int | None) -> bool:
    """start in [since, until); what has no start is selected by no window (2.; interface.md)."""
    if since_ms is None and until_ms is None:
        return True
    if start is None:
        return False
    return (since_ms is None or start >= since_ms) and (until_ms is None or start < until_ms)


def nulls_last(value: Any) -> tuple[bool, Any]:
    """A sort key that puts None behind everything."""
    return (value is None, 0 if value is None else value)


def conversations(
    log: Log, idle_s: float = 1800, *, since_ms: int | None = None, until_ms: int | None = None
) -> list[Row]:
    """The `conversations` listing: by started_at, sid, id, nulls last."""
    names = agent_names(log)
    events: dict[tuple[str, str | None], list[Event]] = {}
    looks: dict[tuple[str, str | None], list[Event]] = {}
    for event in log.events:
        events.setdefault((event.sid, event.id), []).append(event)
    for event in log.looks:
        looks.setdefault((event.sid, event.id), []).append(event)
    rows = [conversation_row(events[key], looks[key], log, names, idle_s) for key in events]
    rows = [row for row in rows if in_window(row["started_at"], since_ms, until_ms)]
    return sorted(
        rows,
        key=lambda row: (
            nulls_last(row["started_at"]),
            row["sid"],
            nulls_last(row["conversation_id"]),
        ),
    )


def attempts(log: Log, *, since_ms: int | None = None, until_ms: int | None = None) -> list[Row]:
    """The `chats` listing: by requested_at, sid, id, attempt, nulls last (4.)."""
    rows = [attempt for conversation in conversations(log) for attempt in conversation["_attempts"]]
    rows = [row for row in rows if in_window(row["_started_at"], since_ms, until_ms)]
    return sorted(
        rows,
        key=lambda row: (
            nulls_last(row["requested_at"]),
            row["sid"],
            nulls_last(row["conversation_id"]),
            row["attempt"],
        ),
    )


def sessions(
    log: Log, idle_s: float = 1800, *, since_ms: int | None = None, until_ms: int | None = None
) -> list[Row]:
    """The `sessions` listing of the conversations that the window selects: by started_at, sid."""
    by_sid: dict[str, list[Row]] = {}
    for row in conversations(log, idle_s, since_ms=since_ms, until_ms=until_ms):
        by_sid.setdefault(row["sid"], []).append(row)
    rows = []
    for sid, convs in by_sid.items():
        started_at = first_of(row["started_at"] for row in convs)
        last_at = last_of(row["last_at"] for row in convs)
        rows.append(
            {
                "sid": sid,
                "started_at": started_at,
                "last_at": last_at,
                "duration_seconds": seconds(started_at, last_at),
                "conversations": len(convs),
                "engaged": sum(row["engaged"] for row in convs),
                "completed": sum(row["outcome"] == "completed" for row in convs),
                "emails": sum(row["gave_email"] for row in convs),
                "phones": sum(row["gave_phone"] for row in convs),
                "meetings": sum(row["meetings"] for row in convs),
                "live_chats": sum(row["live_chats"] for row in convs),
                "outcome": min((row["outcome"] for row in convs), key=OUTCOMES.index),
            }
        )
    return sorted(rows, key=lambda row: (nulls_last(row["started_at"]), row["sid"]))


# --- 3. and 4.: the columns of a row --------------------------------------------------------------


def completion_row(convs: list[Row]) -> Row:
    """The columns of `completion` over some conversations (3.)."""
    engaged = sum(row["engaged"] for row in convs)
    completed = sum(row["outcome"] == "completed" for row in convs)
    emails = sum(row["gave_email"] for row in convs)
    still_open = sum(row["engaged"] and row["outcome"] == "open" for row in convs)
    return {
        "sessions": len({row["sid"] for row in convs}),
        "triggered": len(convs),
        "engaged": engaged,
        "engagement_rate": rate(engaged, len(convs)),
        "completed": completed,
        "completion_rate": rate(completed, engaged - still_open),
        "emails": emails,
        "phones": sum(row["gave_phone"] for row in convs),
        "meetings": sum(row["meetings"] for row in convs),
        "conversion_rate": rate(emails, engaged),
        "open": still_open,
        "median_seconds_to_complete": quantile(
            (row["_seconds_to_complete"] for row in convs), HALF
        ),
    }


def abandonment_row(convs: list[Row]) -> Row:
    """The columns of `abandonment` over some conversations (3.)."""

    def count(outcome: str) -> int:
        return sum(row["outcome"] == outcome for row in convs)

    engaged = sum(row["engaged"] for row in convs)
    still_open = sum(row["engaged"] and row["outcome"] == "open" for row in convs)
    abandoned = [row for row in convs if row["_abandoned"]]
    to_abandon = [row["_seconds_to_abandon"] for row in abandoned]
    return {
        "engaged": engaged,
        "abandoned": len(abandoned),
        "abandonment_rate": rate(len(abandoned), engaged - still_open),
        "closed": count("closed"),
        "dropped": count("dropped"),
        "unanswered": count("unanswered"),
        "left_queue": count("left_queue"),
        "abandoned_with_contact": sum(row["gave_email"] or row["gave_phone"] for row in abandoned),
        "completed": count("completed"),
        "served": count("served"),
        "booked": count("booked"),
        "open": still_open,
        "median_seconds_to_abandon": quantile(to_abandon, HALF),
        "p90_seconds_to_abandon": quantile(to_abandon, P90),
    }


def peak_concurrent(attempts: list[Row]) -> int:
    """The most chats of more than 0 s at one moment, each in [INITIATED, end) (4.):
    it is at some start.
    """
    spans = [
        (row["accepted_at"], row["ended_at"])
        for row in attempts
        if row["chat_seconds"] is not None and row["chat_seconds"] > 0
    ]
    return max(
        (sum(start <= moment < end for start, end in spans) for moment, _ in spans), default=0
    )


def live_chat_row(attempts: list[Row], service_level_s: float = 60) -> Row:
    """The columns of `live-chat` over some attempts (4.)."""
    counts = {
        outcome: sum(row["outcome"] == outcome for row in attempts) for outcome in CHAT_OUTCOMES
    }
    accepted = sum(row["_accepted"] for row in attempts)
    settled = len(attempts) - counts["waiting"]
    waits = [row["wait_seconds"] for row in attempts]
    chats = [row["chat_seconds"] for row in attempts]
    within = sum(wait is not None and wait <= service_level_s for wait in waits)
    return {
        "requests": len(attempts),
        "accepted": accepted,
        "acceptance_rate": rate(accepted, settled),
        **counts,
        "mean_wait_seconds": mean(waits),
        "median_wait_seconds": quantile(waits, HALF),
        "p90_wait_seconds": quantile(waits, P90),
        "service_level": rate(within, settled),
        "mean_chat_seconds": mean(chats),
        "median_chat_seconds": quantile(chats, HALF),
        "p90_chat_seconds": quantile(chats, P90),
        "peak_concurrent": peak_concurrent(attempts),
    }


# --- interface.md, "Rows." ------------------------------------------------------------------------


def time_key(key: str, ms: int | None, zone: ZoneInfo) -> str | int | None:
    """The day, week, month, hour or weekday that a moment belongs to; of no moment, None."""
    if ms is None:
        return None
    try:
        local = (EPOCH + ms * MILLISECOND).astimezone(zone)
    except OverflowError:  # the local year is 0 or 10000, which no key can say
        return None
    if key == "hour":
        return local.hour
    if key == "weekday":
        return WEEKDAYS[local.weekday()]
    if key == "month":
        return local.date().isoformat()[:7]
    if key == "week":
        return (local.date() - timedelta(days=local.weekday())).isoformat()
    return local.date().isoformat()


def next_bucket(key: str, bucket: str) -> str:
    """The day, week or month after one."""
    if key == "month":
        year, month = int(bucket[:4]), int(bucket[5:])
        return f"{year:04d}-{month + 1:02d}" if month < 12 else f"{year + 1:04d}-01"
    return (date.fromisoformat(bucket) + timedelta(days=7 if key == "week" else 1)).isoformat()


def all_buckets(
    key: str, found: list[Any], zone: ZoneInfo, since_ms: int | None, until_ms: int | None
) -> list[Any]:
    """The buckets that have rows, by one time key alone, also without anything;
    the null bucket aside.
    """
    if key == "hour":
        return list(range(24))
    if key == "weekday":
        return list(WEEKDAYS)
    known = [bucket for bucket in found if bucket is not None]
    first = time_key(key, since_ms, zone) if since_ms is not None else min(known, default=None)
    last = time_key(key, until_ms - 1, zone) if until_ms is not None else max(known, default=None)
    if not isinstance(first, str) or not isinstance(last, str):
        return known
    buckets = [first]
    while buckets[-1] < last:
        buckets.append(next_bucket(key, buckets[-1]))
    return buckets


def group_key(key: str, item: Row, zone: ZoneInfo) -> Any:
    """What an item, a conversation or an attempt, has for one `--by` key."""
    if key in TIME_KEYS:
        return time_key(key, item["_started_at"] if "attempt" in item else item["started_at"], zone)
    column = {
        "conversation": "conversation_id",
        "agent": "agent_id",
        "type": "type",
        "ui-type": "ui_type",
        "page": "page",
        "last-step": "last_step",
    }[key]
    return item["_" + column] if "_" + column in item else item[column]


def group_name(items: list[Row]) -> str | None:
    """The name of a row by conversation: of its conversation with the latest last_at that has one.

    Ties: the greater text. "A missing id is an id of its own, without a name in reports" (2.).
    """
    if items and items[0]["conversation_id"] is None:
        return None
    found = []
    for item in items:
        if item["conversation"] is not None:
            last_at = item["_conversation_last_at"] if "attempt" in item else item["last_at"]
            found.append((last_at, 0, item["conversation"]))
    return latest_text(found)


def key_columns(by: list[str], values: tuple[Any, ...], items: list[Row]) -> Row:
    """The key columns of a row."""
    row: Row = {}
    for key, value in zip(by, values, strict=True):
        if key == "conversation":
            row["conversation"] = group_name(items)
            row["conversation_id"] = value
        elif key == "agent":
            row["agent"] = items[0]["agent"] if items else None
            row["agent_id"] = value
        else:
            row[key.replace("-", "_")] = value
    return row


def time_order(key: str, value: Any) -> tuple[bool, Any]:
    """Time keys sort ascending, null last."""
    return nulls_last(WEEKDAYS.index(value) if key == "weekday" and value is not None else value)


def grouped(
    items: list[Row],
    by: list[str],
    tz: str,
    measures: Callable[[list[Row]], Row],
    since_ms: int | None,
    until_ms: int | None,
) -> list[Row]:
    """The rows of a report: by time keys; what has a null key last; the first count;
    the other keys.

    Without anything to report there are no rows, whatever the window (interface.md, "Exit status").
    """
    by = [key for key in by if key != "all"]
    zone = ZoneInfo(tz)
    if not items:
        return []
    if not by:
        return [measures(items)]
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for item in items:
        groups.setdefault(tuple(group_key(key, item, zone) for key in by), []).append(item)
    if len(by) == 1 and by[0] in TIME_KEYS:
        for bucket in all_buckets(
            by[0], [values[0] for values in groups], zone, since_ms, until_ms
        ):
            groups.setdefault((bucket,), [])
    rows = []
    for values, members in groups.items():
        counted = measures(members)
        pairs = list(zip(by, values, strict=True))
        others = [value for key, value in pairs if key not in TIME_KEYS]
        order = (
            [time_order(key, value) for key, value in pairs if key in TIME_KEYS],
            None in others,
            -next(iter(counted.values())),
            [nulls_last(value) for value in others],
        )
        rows.append((order, {**key_columns(by, values, members), **counted}))
    return [row for _, row in sorted(rows, key=lambda pair: pair[0])]


def completion(
    log: Log,
    by: list[str],
    tz: str = "UTC",
    idle_s: float = 1800,
    *,
    since_ms: int | None = None,
    until_ms: int | None = None,
) -> list[Row]:
    """The rows of `completion`."""
    convs = conversations(log, idle_s, since_ms=since_ms, until_ms=until_ms)
    return grouped(convs, by, tz, completion_row, since_ms, until_ms)


def completion_total(
    log: Log, idle_s: float = 1800, *, since_ms: int | None = None, until_ms: int | None = None
) -> Row:
    """The total of `completion`."""
    return completion_row(conversations(log, idle_s, since_ms=since_ms, until_ms=until_ms))


def abandonment(
    log: Log,
    by: list[str],
    tz: str = "UTC",
    idle_s: float = 1800,
    *,
    since_ms: int | None = None,
    until_ms: int | None = None,
) -> list[Row]:
    """The rows of `abandonment`; by last-step over the abandoned conversations only,
    with `share` (3.).
    """
    convs = conversations(log, idle_s, since_ms=since_ms, until_ms=until_ms)
    if "last-step" not in by:
        return grouped(convs, by, tz, abandonment_row, since_ms, until_ms)
    abandoned = [row for row in convs if row["_abandoned"]]
    rows = grouped(abandoned, by, tz, abandonment_row, since_ms, until_ms)
    return [{**row, "share": rate(row["abandoned"], len(abandoned))} for row in rows]


def abandonment_total(
    log: Log, idle_s: float = 1800, *, since_ms: int | None = None, until_ms: int | None = None
) -> Row:
    """The total of `abandonment`."""
    return abandonment_row(conversations(log, idle_s, since_ms=since_ms, until_ms=until_ms))


def live_chat(
    log: Log,
    by: list[str],
    tz: str = "UTC",
    service_level_s: float = 60,
    *,
    since_ms: int | None = None,
    until_ms: int | None = None,
) -> list[Row]:
    """The rows of `live-chat`."""

    def measures(items: list[Row]) -> Row:
        return live_chat_row(items, service_level_s)

    return grouped(
        attempts(log, since_ms=since_ms, until_ms=until_ms), by, tz, measures, since_ms, until_ms
    )


def live_chat_total(
    log: Log,
    service_level_s: float = 60,
    *,
    since_ms: int | None = None,
    until_ms: int | None = None,
) -> Row:
    """The total of `live-chat`."""
    return live_chat_row(attempts(log, since_ms=since_ms, until_ms=until_ms), service_level_s)
