"""What a polars user would write: scan_ndjson with a schema, one group_by over (sid, id), rates for each id.

python benchmarks/rivals/polars_job.py FILE
"""

from __future__ import annotations

import json
import sys

import polars as pl

PAYLOAD = pl.Struct({"name": pl.String, "id": pl.String, "sid": pl.String})
DATA = pl.Struct({"payload": PAYLOAD})
SCHEMA: dict[str, pl.DataType] = {"event": pl.String(), "timestamp": pl.String(), "data": DATA}


def completion(path: str) -> pl.DataFrame:
    """Return a row for each conversation id, the most shown first."""
    payload = pl.col("data").struct.field("payload").struct
    event = pl.col("event").str.strip_prefix("CONVERSATION_")
    time = pl.col("timestamp").str.to_datetime("%Y-%m-%dT%H:%M:%S%.3fZ", time_unit="ms")
    first_answer = pl.col("time").filter(~pl.col("event").is_in(["TRIGGERED", "CLOSED"])).min()
    conversations = (
        pl.scan_ndjson(path, schema=SCHEMA)
        .select(event, time.alias("time"), *(payload.field(name) for name in ("sid", "id", "name")))
        .filter(pl.col("sid").is_not_null())
        .group_by("sid", "id")
        .agg(
            pl.col("name").last(),
            (~pl.col("event").is_in(["TRIGGERED", "CLOSED"])).any().alias("engaged"),
            (pl.col("event") == "COMPLETED").any().alias("completed"),
            (pl.col("event") == "INPUT_EMAIL").any().alias("emails"),
            (pl.col("time").filter(pl.col("event") == "COMPLETED").min() - first_answer).alias(
                "duration"
            ),
        )
    )
    rows = conversations.group_by(pl.col("id").alias("conversation_id")).agg(
        pl.col("name").last().alias("conversation"),
        pl.len().alias("triggered"),
        pl.col("engaged", "completed", "emails").sum(),
        (pl.col("duration").median().dt.total_milliseconds() / 1000).alias(
            "median_seconds_to_complete"
        ),
    )
    rates = {
        "engagement_rate": pl.col("engaged") / pl.col("triggered"),
        "completion_rate": pl.col("completed") / pl.col("engaged"),
        "conversion_rate": pl.col("emails") / pl.col("engaged"),
    }
    return rows.with_columns(**rates).sort("triggered", descending=True).collect(engine="streaming")


if __name__ == "__main__":
    print(json.dumps({"completion": completion(sys.argv[1]).to_dicts()}, indent=1))
