"""What an input is whose bytes are no text in UTF-8, told from its beginning. Pure."""

_UNPACK_ADVICE = "which is to be unpacked first"
_EXPORT_ADVICE = "which is to be exported as JSON lines first"
_CONVERT_ADVICE = "which is to be converted first: iconv -f UTF-{0} -t UTF-8"
_WORKBOOK_NAMES = (b"[Content_Types].xml", b"xl/")
_FORMATS_BY_START = (
    (b"PK\x03\x04", f"a zip archive, {_UNPACK_ADVICE}"),
    (b"7z\xbc\xaf\x27\x1c", f"a 7z archive, {_UNPACK_ADVICE}"),
    (b"Rar!\x1a\x07", f"a rar archive, {_UNPACK_ADVICE}"),
    (b"\x04\x22\x4d\x18", f"compressed by lz4, {_UNPACK_ADVICE}"),
    (b"PAR1", f"a Parquet file, {_EXPORT_ADVICE}"),
    (b"Obj\x01", f"an Avro file, {_EXPORT_ADVICE}"),
    (b"SQLite format 3\0", f"an SQLite database, {_EXPORT_ADVICE}"),
    (b"LPKSHHRH", "a file of journald, which is to be printed first: journalctl -o json --file"),
    (b"\xff\xfe\0\0", "UTF-32 text, " + _CONVERT_ADVICE.format(32)),
    (b"\0\0\xfe\xff", "UTF-32 text, " + _CONVERT_ADVICE.format(32)),
    (b"\xff\xfe", "UTF-16 text, " + _CONVERT_ADVICE.format(16)),
    (b"\xfe\xff", "UTF-16 text, " + _CONVERT_ADVICE.format(16)),
)
"""The first bytes of files, what they are, and what to do; the first that fits counts."""


def describe_foreign_format(head: bytes) -> str | None:
    """What an input is that begins like this, and what to do; None for text and anything unknown."""
    if head[257:262] == b"ustar":
        inside = "a gzip inside a tar" if b"\x1f\x8b\x08" in head else "a tar archive"
        return f"{inside}, {_UNPACK_ADVICE}: tar -xf"
    if head.startswith(b"PK\x03\x04") and any(name in head[:2048] for name in _WORKBOOK_NAMES):
        return f"an Excel workbook, {_EXPORT_ADVICE}"
    return next(
        (kind for magic, kind in _FORMATS_BY_START if head.startswith(magic)), None
    ) or _describe_unmarked_utf16(head[:64])


def _describe_unmarked_utf16(head: bytes) -> str | None:
    """UTF-16 without its byte order mark: of JSON in it, every other byte is 0."""
    for order, zeros, others in (("16LE", head[1::2], head[::2]), ("16BE", head[::2], head[1::2])):
        if zeros and not any(zeros) and others[:1] in (b"{", b"["):
            return f"UTF-16 text, {_CONVERT_ADVICE.format(order)}"
    return None
