"""The incremental store: what logs said, kept between runs, so that each byte is read about once.

`manifest` is what a store consists of, `files` how it lies on disk, `lock` who may write. `ledger` recognises the files
that were read. `segment` is a part of the state, `state` finds and reads the parts, `bring` adds to them; `kept` answers
reports from them. `docs/architecture.md` has the format and why it is as it is.
"""
