"""The incremental store: what logs said, kept between runs, so that each byte is read about once.

`manifest` is what a store consists of, `files` how it lies on disk, `lock` who may write. `ledger` recognises the logs
that were read. A `segment` is a part of what is kept; `state` finds and reads the parts, `bring` adds one, `compact`
and `remove` write some anew, `verify` and `info` look at them. `ingest` and `run` are a run of `dcevents ingest`;
`reading` and `kept` answer reports. docs/architecture.md has the format, and why it is as it is.
"""
