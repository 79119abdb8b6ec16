"""Bytes to a log: inputs, records, and an account of each line."""
