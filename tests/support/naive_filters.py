"""What filters select, from interface.md sentence by sentence; beside `naive`, whose rows it takes.

One place is simpler than the sentence: of a conversation without an id the name that it has in
listings stands for those of all its events.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from fnmatch import fnmatchcase

import naive
from naive import Row

Named = set[tuple[str, str]]
"""(id, name)."""


def without_case(text: str) -> str:
    """A text in NFC, without case."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def fitting(pattern: str, values: Collection[str]) -> set[str]:
    """Equal, else as a glob pattern, else equal without case and in NFC."""
    return (
        {value for value in values if value == pattern}
        or {value for value in values if fnmatchcase(value, pattern)}
        or {value for value in values if without_case(value) == without_case(pattern)}
    )


def chosen(pattern: str, shown: Named, ids: set[str], ever: Named) -> set[str]:
    """The ids that a name or id selects: by what is shown, else by what ever was."""
    found = fitting(pattern, {name for _, name in shown} | ids)
    if found:
        return {id_ for id_, name in shown if name in found} | (found & ids)
    names = fitting(pattern, {name for _, name in ever})
    return {id_ for id_, name in ever if name in names}


def shown_conversations(items: list[Row], by: list[str], tz: str) -> Named:
    """The ids and names of the report without filters; a listing shows each under its own."""
    if not by:
        return {
            (row["conversation_id"], row["conversation"])
            for row in items
            if None not in (row["conversation_id"], row["conversation"])
        }
    keys = by if "conversation" in by else ["conversation"]
    rows = naive.grouped(items, keys, tz, lambda members: {"n": len(members)}, None, None)
    return {
        (row["conversation_id"], row["conversation"])
        for row in rows
        if None not in (row["conversation_id"], row["conversation"])
    }


def of_conversation(
    log: naive.Log, items: list[Row], pattern: str, by: list[str], tz: str = "UTC"
) -> list[Row]:
    """The items of a window (conversations or attempts) that `--conversation` keeps."""
    ids = {event.id for event in log.looks if event.id is not None}
    ever = {(event.id, event.name) for event in log.looks if event.id and event.name}
    shown = shown_conversations(items, by, tz)
    found = chosen(pattern, shown, ids, ever)
    nameless: set[str] = set()
    if not fitting(pattern, {name for _, name in shown} | ids):
        nameless = fitting(pattern, {event.name for event in log.looks if event.name})
    return [
        item
        for item in items
        if item["conversation_id"] in found
        or (item["conversation_id"] is None and item["conversation"] in nameless)
    ]


def of_agent(log: naive.Log, attempts: list[Row], pattern: str) -> list[Row]:
    """The attempts of a window that `--agent` keeps."""
    ids = {event.agent for event in log.looks if event.agent is not None}
    shown = {
        (row["agent_id"], row["agent"])
        for row in attempts
        if None not in (row["agent_id"], row["agent"])
    }
    ever = {(event.agent, event.agent_name) for event in log.looks if event.agent_name}
    found = chosen(pattern, shown, ids, {(id_, name) for id_, name in ever if id_ and name})
    return [row for row in attempts if row["agent_id"] in found]
