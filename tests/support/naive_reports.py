"""The naive model of `funnel`, `meetings` and `usage`: interface.md, sentence by sentence."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import naive
from naive import EPOCH, HALF, MILLISECOND, Log, Row, first_of, last_of, quantile, rate, seconds

STEPS = ["triggered", "engaged", "contact", "completed", "meeting"]


# --- funnel ---------------------------------------------------------------------------------------


def funnel_steps(convs: list[Row]) -> list[Row]:
    """One row a step: conversations of a group."""
    engaged = [row for row in convs if row["engaged"]]
    reached = {
        "triggered": convs,
        "engaged": engaged,
        "contact": [row for row in convs if row["gave_email"] or row["gave_phone"]],
        "completed": [row for row in convs if row["outcome"] == "completed"],
        "meeting": [row for row in convs if row["meetings"] > 0],
    }
    took = {
        "triggered": [],
        "engaged": [seconds(row["_triggered_at"], row["engaged_at"]) for row in convs],
        "contact": [seconds(row["engaged_at"], row["_contact_at"]) for row in convs],
        "completed": [seconds(row["engaged_at"], row["_completed_at"]) for row in convs],
        "meeting": [
            seconds(row["engaged_at"], first_of(ts for ts, _ in row["_bookings"])) for row in convs
        ],
    }
    still_open = [row for row in convs if row["outcome"] == "open"]
    open_before = {
        "engaged": sum(not row["engaged"] for row in still_open),
        "completed": sum(row["engaged"] for row in still_open),
    }
    rows = []
    for step in STEPS:
        here = len(reached[step])
        previous = {"triggered": None, "engaged": len(convs)}.get(step, len(engaged))
        rows.append(
            {
                "step": step,
                "conversations": here,
                "of_first": rate(here, len(convs)),
                "of_previous": None if previous is None else rate(here, previous),
                "lost": previous - here - open_before[step]
                if previous is not None and step in open_before
                else None,
                "median_seconds_from_previous": quantile(
                    [took_ for took_ in took[step] if took_ is not None and took_ >= 0], HALF
                ),
                "_first": len(convs),
                "_previous": previous,
            }
        )
    return rows


def unfolded(groups: list[Row]) -> list[Row]:
    """The steps of groups, each with the keys of its group."""
    return [
        {**{k: v for k, v in group.items() if not k.startswith("_") and k != "triggered"}, **step}
        for group in groups
        for step in group["_steps"]
    ]


def funnel_group(convs: list[Row]) -> Row:
    """What groups are sorted by, and the steps."""
    return {"triggered": len(convs), "_steps": funnel_steps(convs)}


def funnel(
    log: Log, by: list[str], tz: str = "UTC", idle_s: float = 1800, **window: Any
) -> list[Row]:
    """The rows of `funnel`."""
    convs = naive.conversations(log, idle_s, **window)
    since_ms, until_ms = window.get("since_ms"), window.get("until_ms")
    return unfolded(naive.grouped(convs, by, tz, funnel_group, since_ms, until_ms))


# --- meetings -------------------------------------------------------------------------------------


def meetings_row(items: list[Row]) -> Row:
    """The columns of `meetings` over conversations, or over conversations with one agent."""
    booked = [row for row in items if row["_bookings"]]
    times = [ts for row in items for ts, _ in row["_bookings"]]
    to_book = [
        seconds(row["engaged_at"], first_of(ts for ts, _ in row["_bookings"])) for row in booked
    ]
    engaged = sum(row["engaged"] for row in items)
    return {
        "meetings": len(times),
        "conversations": len(booked),
        "booking_rate": rate(len(booked), engaged),
        "median_seconds_to_book": quantile(to_book, HALF),
        "first_at": first_of(times),
        "last_at": last_of(times),
    }


def with_agents(convs: list[Row]) -> list[Row]:
    """A row for each conversation and agent that it has a booking with."""
    rows = []
    for row in convs:
        for agent in sorted({agent for _, agent in row["_bookings"]}, key=lambda a: a or ""):
            name = row["_agent_names"][agent] if agent is not None else None
            mine = [booking for booking in row["_bookings"] if booking[1] == agent]
            rows.append({**row, "agent_id": agent, "agent": name, "_bookings": mine})
    return rows


def meetings_items(convs: list[Row], by: list[str]) -> tuple[list[Row], Callable[[list[Row]], Row]]:
    """What is grouped, and how it is measured."""
    if "agent" not in by:
        return convs, meetings_row
    return with_agents(convs), lambda items: {**meetings_row(items), "booking_rate": None}


def meetings(
    log: Log, by: list[str], tz: str = "UTC", idle_s: float = 1800, **window: Any
) -> list[Row]:
    """The rows of `meetings`; "by agent only in the total" goes for the booking rate."""
    items, measures = meetings_items(naive.conversations(log, idle_s, **window), by)
    since_ms, until_ms = window.get("since_ms"), window.get("until_ms")
    return naive.grouped(items, by, tz, measures, since_ms, until_ms)


def meetings_total(log: Log, idle_s: float = 1800, **window: Any) -> Row:
    """The total of `meetings`."""
    return meetings_row(naive.conversations(log, idle_s, **window))


# --- usage ----------------------------------------------------------------------------------------


def local_day(ms: int, zone: ZoneInfo) -> date:
    """The local day of a moment."""
    return (EPOCH + ms * MILLISECOND).astimezone(zone).date()


def days_of(month: str) -> list[date]:
    """All days of a month."""
    day, days = date.fromisoformat(f"{month}-01"), []
    while day.isoformat()[:7] == month:
        days.append(day)
        day += timedelta(days=1)
    return days


def usage(
    log: Log,
    tz: str = "UTC",
    package: str = "select",
    limit: int = 250,
    idle_s: float = 1800,
    *,
    since_ms: int | None = None,
    until_ms: int | None = None,
) -> list[Row]:
    """The rows of `usage`."""
    zone = ZoneInfo(tz)
    convs = naive.conversations(log, idle_s, since_ms=since_ms, until_ms=until_ms)

    def weight(row: Row) -> int:
        chats = any(attempt["_accepted"] for attempt in row["_attempts"])
        return int(row["engaged"]) + (chats if package == "select" else 0)

    def measures(items: list[Row]) -> Row:
        return {
            "engaged": sum(row["engaged"] for row in items),
            "live_chats": sum(any(a["_accepted"] for a in row["_attempts"]) for row in items),
            "counted": sum(map(weight, items)),
        }

    rows = naive.grouped(convs, ["month"], tz, measures, since_ms, until_ms)
    starts = [event.ts for event in log.events if event.ts is not None]
    begin = [local_day(min(starts), zone)] if starts else []
    if begin and since_ms is not None:
        begin.append(local_day(since_ms, zone))
    assert log.as_of_ms is not None
    today = local_day(log.as_of_ms, zone)
    is_current = until_ms is None or log.as_of_ms < until_ms
    for row in rows:
        row.update(limit=None, share=None, reaches_90_on=None, reaches_100_on=None)
        row["covered_from"] = None
        if row["month"] is None:
            continue
        row["limit"], row["share"] = limit, row["counted"] / limit
        days = days_of(row["month"])
        covered = [day for day in days if begin and day >= max(begin)]
        if covered and covered[0] != days[0]:
            row["covered_from"] = covered[0].isoformat()
        for name, part in (("reaches_90_on", Fraction(9, 10)), ("reaches_100_on", Fraction(1))):
            counted = 0
            for day in days:
                counted += sum(weight(c) for c in convs if c["started_at"] is not None
                               and local_day(c["started_at"], zone) == day)  # fmt: skip
                if counted >= part * limit:
                    row[name] = day.isoformat()
                    break
            known = [day for day in covered if day <= today]
            if row[name] or today not in days or len(known) < 3 or not is_current:
                continue
            pace = Fraction(row["counted"], len(known))
            for number, day in enumerate(covered, start=1):
                if pace * number >= part * limit:
                    row[name] = day.isoformat()
                    break
    return rows
