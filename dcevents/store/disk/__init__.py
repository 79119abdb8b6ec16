"""How a store lies on disk: files, lock, manifest, ledger, keys, segments."""
