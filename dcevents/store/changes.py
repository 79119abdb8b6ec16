"""Days that late events have changed."""

from datetime import date
from zoneinfo import ZoneInfo

import polars as pl

from dcevents.store.disk import segment
from dcevents.store.disk.segment import TIME_TYPE
from dcevents.store.disk.state import StoreState


def count_late_events(before: StoreState, after: StoreState, tz: ZoneInfo) -> dict[date, int]:
    """Count new events by the local day of their conversation's start.

    Conversations may start on another day than before the run: that former day has 0 if no new
    event belongs to it.
    """
    names = {each.name for each in before.segments}
    ids = segment.number_conversation_ids(after.attributes)
    counts: dict[date, int] = {}
    for info in after.segments:
        if info.name in names:
            continue
        rows = after.read_table(info, "conversations", ["sid", "attributes", "started_at"])
        facts = after.read_table(info, "facts", ["sid", "attributes"])
        new, started = (
            frame.with_columns(ids.gather(frame["attributes"]).alias("id"))
            for frame in (facts, rows)
        )
        days = new.join(started, on=["sid", "id"]).select(_to_local_day(tz).alias("day"))
        for day, n in days.drop_nulls().group_by("day").len().iter_rows():
            counts[day] = counts.get(day, 0) + n
        for day in _find_former_days(before, rows, tz):
            counts.setdefault(day, 0)
    return counts


def _find_former_days(before: StoreState, rows: pl.DataFrame, tz: ZoneInfo) -> set[date]:
    """Return the days on which conversations of sessions started before the run."""
    former = before.find_rows(rows["sid"].unique()).drop_nulls("row")
    days: set[date] = set()
    for number in former["segment"].unique():
        mine = former.filter(pl.col("segment") == number)["row"]
        table = before.read_table(before.segments[number], "conversations", ["started_at"])
        days |= {*table[mine.to_list()].select(_to_local_day(tz)).to_series().drop_nulls()}
    return days


def _to_local_day(tz: ZoneInfo) -> pl.Expr:
    return pl.col("started_at").cast(TIME_TYPE).dt.convert_time_zone(tz.key).dt.date()
