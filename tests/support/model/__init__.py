"""A slow, obvious model of reading, to compare the package with: definitions 1."""

from model.reading import Model, Record, mark_duplicates, read_log

__all__ = ["Model", "Record", "mark_duplicates", "read_log"]
