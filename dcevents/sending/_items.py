"""Events, conversations and attempts of a view as items to send. Imports polars.

An *identity* is 16 bytes of a hash of all that makes an event that event (kind, time, sid, id,
agent; definitions 1, `duplicates`), of a conversation its sid and id, of an attempt its number
too. Of these two *content*, 8 bytes, says what is sent of them.
"""

import re
import struct
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import Any, Final, NamedTuple

import polars as pl

from dcevents.analysis.view import View
from dcevents.model.attributes import Attributes
from dcevents.model.events import FORWARDED_PREFIX, KINDS, name_forwarded_event
from dcevents.model.facts import Facts
from dcevents.model.moments import DAY_MS, UNTIMED
from dcevents.native.arrow import copy_numbers
from dcevents.sending._encoding import (
    AGENT_ID,
    AGENT_NAME,
    OUTCOME_NAMES,
    VALUE_COLUMNS,
    encode_json,
)
from dcevents.sending._platform import UNKNOWN_VISITOR, SendItem, Value, Visitor

VISITOR_PARTS: Final = {"id": "agentName", "session": "agentID"}
"""Parts of a record that stand for a visitor's, where a log is read for these."""
_MOMENT_COLUMNS: Final = ("requested_at", "accepted_at", "ended_at")
_SLICE_ROWS: Final = 1 << 14
_FINAL_AFTER_MS: Final = DAY_MS
"""Beyond the idle limit nothing is expected any more: late events come within a day."""


class Selection(NamedTuple):
    """Holds what windows and filters select, and can be sent some day."""

    what: str
    rows: pl.DataFrame
    """A row for each: high, low (the identity), session (a number), ts, order, and more.

    Of outcomes also `content`, the hash of what is sent.

    `order` is a kind's number: of events with equal timestamps the earlier kind comes first.
    """
    make_items: Callable[[pl.DataFrame], list[SendItem]]
    untimed: int
    """Those that have no time to be sent with."""
    not_final: int = 0
    """Those that may still change."""


Visitors = Mapping[str, Visitor]
"""What a log knows of visitors, by sid."""


def select_items(view: View, what: str, clock_ms: int, visitors: Visitors) -> Selection:
    """Return what is to be sent of a view."""
    if what == "events":
        return _select_events(view, visitors)
    return _select_outcomes(view, what, clock_ms, visitors)


def list_visitors(facts: Facts, pattern: str) -> dict[str, Visitor]:
    """Return what is known of visitors, by sid: of several ids the latest that is one.

    The facts are of a log in which agents' names and ids stand for those of visitors and of their
    sessions: see `VISITOR_PARTS`.
    """
    attributes = facts.vocabulary.list_attributes()
    ids = [
        each.agent_name if re.fullmatch(pattern, each.agent_name or "") else None
        for each in attributes
    ]
    sessions = [each.agent_id for each in attributes]
    timed = facts.to_frame().filter(pl.col("ts") < UNTIMED)
    rows = timed.sort("ts").select("sid", "attributes")
    found: dict[str, Visitor] = {}
    for part in rows.iter_slices(_SLICE_ROWS):
        sids = facts.look_up_sids(part["sid"]).to_list()
        for sid, code in zip(sids, part["attributes"], strict=True):
            former = found.get(sid, UNKNOWN_VISITOR)
            found[sid] = Visitor(ids[code] or former.id, sessions[code] or former.session)
    return found


def iterate_items(selection: Selection, rows: pl.DataFrame) -> Iterator[SendItem]:
    """Yield items of rows, a few at a time: a million would fill the memory."""
    for part in rows.iter_slices(_SLICE_ROWS):
        yield from selection.make_items(part)


# -- events ----------------------------------------------------------------------------------------


def _select_events(view: View, visitors: Visitors) -> Selection:
    rows = view.select_events()
    timed = rows.filter(pl.col("ts") < UNTIMED)
    attributes = view.log.facts.vocabulary.list_attributes()
    prefixes = [
        encode_json([KINDS[each.kind], each.id, each.agent]).encode() for each in attributes
    ]

    def hash_rows(part: pl.DataFrame) -> Iterator[bytes]:
        sids = view.fold.look_up_sids(part["sid"]).to_list()
        for code, ts, sid in zip(part["attributes"], part["ts"], sids, strict=True):
            yield _hash_identity(prefixes[code], ts, sid)

    def make_items(part: pl.DataFrame) -> list[SendItem]:
        sids = view.fold.look_up_sids(part["session"]).to_list()
        identities = list_records(part)
        columns = (part["attributes"], part["ts"], sids, identities)
        return [
            _make_event(attributes[code], ts, sid, identity, visitors.get(sid, UNKNOWN_VISITOR))
            for code, ts, sid, identity in zip(*columns, strict=True)
        ]

    words = _make_words(hash_rows(part) for part in timed.iter_slices(_SLICE_ROWS))
    keyed = timed.rename({"sid": "session"}).with_columns(
        words.gather_every(2).alias("high"),
        words.gather_every(2, 1).alias("low"),
        pl.Series("order", [each.kind for each in attributes], dtype=pl.UInt8)
        .gather(timed["attributes"])
        .alias("order"),
    )
    return Selection("events", keyed, make_items, rows.height - timed.height)


def _hash_identity(prefix: bytes, ts: int, sid: str) -> bytes:
    # JSON has no NUL, and numbers have none: where each part ends is certain.
    return blake2b(
        b"%b\0%d\0%b" % (prefix, ts, sid.encode()), digest_size=16, person=b"dcevents-event"
    ).digest()


def _make_event(
    attributes: Attributes, ts: int, sid: str, identity: bytes, visitor: Visitor
) -> SendItem:
    values = {
        f"{FORWARDED_PREFIX}sid": sid,
        f"{FORWARDED_PREFIX}id": attributes.id,
        f"{FORWARDED_PREFIX}name": attributes.name,
        f"{FORWARDED_PREFIX}type": attributes.type,
        f"{FORWARDED_PREFIX}ui_type": attributes.ui_type,
        AGENT_ID: attributes.agent_id,
        AGENT_NAME: attributes.agent_name,
    }
    name = name_forwarded_event(KINDS[attributes.kind])
    return SendItem("events", identity, name, ts, sid, _drop_none(values), attributes.page, visitor)


# -- conversations and attempts --------------------------------------------------------------------


def _select_outcomes(view: View, what: str, clock_ms: int, visitors: Visitors) -> Selection:
    rows = _list_conversations(view) if what == "conversations" else _list_attempts(view)
    timed = rows.drop_nulls("ended")
    is_final = pl.col("last_at") + view.settings.idle_ms + _FINAL_AFTER_MS <= clock_ms
    final = timed.filter(is_final)
    columns = [name for name in VALUE_COLUMNS if name in final.columns]

    def hash_rows(part: pl.DataFrame) -> Iterator[bytes]:
        for row in part.iter_rows(named=True):
            identity = encode_json([what, row["sid"], row["conversation_id"], row.get("attempt")])
            content = encode_json([_read_values(row, columns), row["page"], row["ended"]])
            yield (
                blake2b(identity.encode(), digest_size=16, person=b"dcevents-outcome").digest()
                + blake2b(content.encode(), digest_size=8).digest()
            )

    def make_items(part: pl.DataFrame) -> list[SendItem]:
        rows = zip(part.iter_rows(named=True), list_records(part), strict=True)
        name = OUTCOME_NAMES[what]
        return [
            SendItem(
                what,
                identity,
                name,
                row["ended"],
                row["sid"],
                _read_values(row, columns),
                row["page"],
                visitors.get(row["sid"], UNKNOWN_VISITOR),
                _drop_none({name: row.get(name) for name in _MOMENT_COLUMNS}),
            )
            for row, identity in rows
        ]

    words = _make_words(hash_rows(part) for part in final.iter_slices(_SLICE_ROWS))
    keyed = final.with_columns(
        words.gather_every(3).alias("high"),
        words.gather_every(3, 1).alias("low"),
        words.gather_every(3, 2).alias("content"),
        pl.col("sid").rank("dense").cast(pl.UInt32).alias("session"),
        pl.col("ended").alias("ts"),
        pl.lit(0, pl.UInt8).alias("order"),
    )
    untimed = rows.height - timed.height
    return Selection(what, keyed, make_items, untimed, timed.height - final.height)


def _list_conversations(view: View) -> pl.DataFrame:
    return view.list_conversations().with_columns(pl.col("last_at").alias("ended"))


def _list_attempts(view: View) -> pl.DataFrame:
    """Return attempts with what their conversations say; `ended`: their last known time."""
    rows = view.list_chats()
    for column in ("type", "ui_type", "page"):
        rows = view.fold.add_text(rows, column)
    last = view.fold.lift_window().conversations.select("conversation_key", "last_at")
    rows = rows.join(last, on="conversation_key", how="left", maintain_order="left")
    return rows.with_columns(
        pl.coalesce("ended_at", "accepted_at", "requested_at").alias("ended"),
        pl.col("outcome").cast(pl.String),
    )


def _read_values(row: Mapping[str, Any], columns: Sequence[str]) -> dict[str, Value]:
    values = {f"{FORWARDED_PREFIX}{VALUE_COLUMNS[name]}": row[name] for name in columns}
    return {
        name: round(value, 3) if isinstance(value, float) else value
        for name, value in _drop_none(values).items()
    }


def _drop_none(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


# -- identities as numbers -------------------------------------------------------------------------


def _make_words(parts: Iterable[Iterable[bytes]]) -> pl.Series:
    """Return hashes as one column of 64-bit words."""
    words = array("Q")
    for part in parts:
        words.frombytes(b"".join(part))
    return copy_numbers(words, pl.UInt64)


def list_records(rows: pl.DataFrame) -> list[bytes]:
    """Return the ledger's records of rows."""
    if "content" not in rows.columns:
        return [struct.pack("=QQ", *each) for each in zip(rows["high"], rows["low"], strict=True)]
    columns = rows["high"], rows["low"], rows["content"]
    return [struct.pack("=QQQ", *each) for each in zip(*columns, strict=True)]
