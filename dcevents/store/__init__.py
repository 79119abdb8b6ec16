"""The incremental store: facts of logs, kept between runs.

`disk` is how a store lies on disk. `run` is a run of `dcevents ingest`: `remove` takes out what is
not to be kept, `intake` reads what is new in a log, `ingest` writes it batch by batch, `merge`
finds the rows that it changes, `compact` merges segments. `query` and `stored_fold` answer reports,
`changes` finds the days that a run has changed, `verify` and `info` look at a store.
docs/architecture.md has the format, and its reasons.
"""
