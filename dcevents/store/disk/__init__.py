"""A store on disk: files, lock, manifest, ledger, numbering, segments."""
