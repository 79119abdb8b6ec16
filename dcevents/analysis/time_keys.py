"""The buckets of time that rows belong to."""

from collections.abc import Collection
from zoneinfo import ZoneInfo

import polars as pl

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def add_time_keys(frame: pl.DataFrame, by: Collection[str], tz: ZoneInfo) -> pl.DataFrame:
    """Add the columns of the time keys among `by` to rows with `started_at`."""
    local = pl.col("started_at").cast(pl.Datetime("ms", "UTC")).dt.convert_time_zone(tz.key)
    # Local years that the calendar does not have belong to no bucket.
    local = pl.when(local.dt.year().is_between(1, 9999)).then(local)
    week = local.dt.date() - pl.duration(days=local.dt.weekday() - 1)
    keys = {
        "day": local.dt.strftime("%Y-%m-%d"),
        "week": week.dt.strftime("%Y-%m-%d"),
        "month": local.dt.strftime("%Y-%m"),
        "hour": local.dt.hour().cast(pl.Int64),
        "weekday": local.dt.weekday().replace_strict(
            dict(enumerate(WEEKDAYS, 1)), return_dtype=pl.Enum(WEEKDAYS)
        ),
    }
    return frame.with_columns(expr.alias(key) for key, expr in keys.items() if key in by)
