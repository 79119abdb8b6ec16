"""A slow, obvious model of reading, to compare the package with: definitions 1."""

from model.reading import Model, Record, read_log

__all__ = ["Model", "Record", "read_log"]
