"""Bytes of one input → its records: lines, values over lines, arrays, prefixes, mixtures."""

from dcevents.reading.framing.records import (
    BEGINNING,
    Bucket,
    FramedRecord,
    PassedLines,
    ResumePoint,
)

__all__ = ["BEGINNING", "Bucket", "FramedRecord", "PassedLines", "ResumePoint"]
