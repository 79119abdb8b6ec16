"""Formats of inputs that are no text, recognised by their first bytes, with advice."""

_UNPACK_ADVICE = "which is to be unpacked first"
_EXPORT_ADVICE = "which is to be exported as JSON lines first"
_WORKBOOK_ADVICE = (
    "which is read from a file, not ingested, with: pip install 'dcevents[excel]'; "
    "or save its sheet as CSV"
)
_PARQUET_ADVICE = "which reports read from a file; ingest takes JSON lines or CSV"
_CONVERT_ADVICE = "which is to be converted first: iconv -f UTF-{0} -t UTF-8"
_WORKBOOK_NAMES = (b"[Content_Types].xml", b"xl/")
_FORMATS_BY_START = (
    (b"PK\x03\x04", f"a zip archive, {_UNPACK_ADVICE}"),
    (b"7z\xbc\xaf\x27\x1c", f"a 7z archive, {_UNPACK_ADVICE}"),
    (b"Rar!\x1a\x07", f"a rar archive, {_UNPACK_ADVICE}"),
    (b"\x1f\x8b\x08", "compressed twice, which is to be undone once first: gzip -dc FILE"),
    (b"\x28\xb5\x2f\xfd", "compressed twice, which is to be undone once first: zstd -dc FILE"),
    (b"\x04\x22\x4d\x18", f"compressed by lz4, {_UNPACK_ADVICE}"),
    (b"PAR1", f"a Parquet file, {_PARQUET_ADVICE}"),
    (b"Obj\x01", f"an Avro file, {_EXPORT_ADVICE}"),
    (b"SQLite format 3\0", f"an SQLite database, {_EXPORT_ADVICE}"),
    (b"LPKSHHRH", "a file of journald, which is to be printed first: journalctl -o json --file"),
    (b"\xff\xfe\0\0", "UTF-32 text, " + _CONVERT_ADVICE.format(32)),
    (b"\0\0\xfe\xff", "UTF-32 text, " + _CONVERT_ADVICE.format(32)),
    (b"\xff\xfe", "UTF-16 text, " + _CONVERT_ADVICE.format(16)),
    (b"\xfe\xff", "UTF-16 text, " + _CONVERT_ADVICE.format(16)),
)
"""First bytes of files, with the format and advice; the first that fits counts."""
_FOREIGN_STARTS = tuple(start for start, _ in _FORMATS_BY_START)


def describe_foreign_format(head: bytes) -> str | None:
    """Name the format of an input that is no text, with advice.

    `head` is its beginning.
    """
    if head[257:262] == b"ustar":
        inside = "a gzip inside a tar" if b"\x1f\x8b\x08" in head else "a tar archive"
        return f"{inside}, {_UNPACK_ADVICE}: tar -xf"
    if head.startswith(b"PK\x03\x04") and any(name in head[:2048] for name in _WORKBOOK_NAMES):
        return f"an Excel workbook, {_WORKBOOK_ADVICE}"
    if head.startswith(_FOREIGN_STARTS):
        return next(name for start, name in _FORMATS_BY_START if head.startswith(start))
    return _describe_unmarked_utf16(head[:64])


def _describe_unmarked_utf16(head: bytes) -> str | None:
    """Recognise UTF-16 without its byte order mark.

    Every other byte of JSON is 0.
    """
    for order, zeros, others in (("16LE", head[1::2], head[::2]), ("16BE", head[::2], head[1::2])):
        if zeros and not any(zeros) and others[:1] in (b"{", b"["):
            return f"UTF-16 text, {_CONVERT_ADVICE.format(order)}"
    return None
