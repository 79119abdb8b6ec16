"""What scan_fuzzer.c needs: the judge's words, rules for the forms of seeds, seeds, a dictionary.

python tests/fuzz/scan_setup.py FOLDER    writes FOLDER/setup, FOLDER/dictionary, FOLDER/seeds/
"""

import hashlib
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

import hostile_lines
import prefix_lines

from dcevents import native
from dcevents.errors import DcError
from dcevents.reading.judge import NO_MAPPING, Context
from dcevents.reading.scanner.map_words import list_words
from dcevents.reading.scanner.native import NativeScanner, _make_native_rule
from dcevents.reading.scanner.words import WORD_LISTS
from samples import envelopes, generate
from samples.varied import Variation

ROOT = Path(__file__).parents[2]
CONTEXT = Context(clock_ms=1_772_366_400_000)
MAX_SEED_BYTES = 4096
TOKENS = [
    *(b'{"', b'"}', b'":"', b'","', b"{}", b"[]", b"null", b"true", b"\\u00e9", b"\\ud83d\\ude00"),
    *(b"\\ud800", b"\xef\xbb\xbf", b"\x1e", b"\xff", b"1e2", b"-0.0", b"2026-02-02T09:15:04.120Z"),
    *(b"1770000000000", b"CONVERSATION_ENGAGED", b"adobedx.conversations.ready", b'{\\"event\\":'),
    *(time.encode() for time in prefix_lines.TIMES),
]

ODD_VALUES = [
    *(
        b"-0",
        b"-",
        b"01",
        b"1.",
        b".5",
        b"1e",
        b"1E+",
        b"1e400",
        b"0x1",
        b"+1",
        b"NaN",
        b"Infinity",
    ),
    *(
        b"tru",
        b"True",
        b"nul",
        b'"\\x41"',
        b'"\\u12"',
        b'"\\uD800"',
        b'"\\uDC00\\uD800"',
        b'"\\"',
        b"'a'",
    ),
    *(
        b'"\x00"',
        b'"\x1f"',
        b'"\t"',
        b'"\x7f"',
        b'"\xc0\xaf"',
        b'"\xe0\x80\xaf"',
        b'"\xed\xa0\x80"',
    ),
    *(
        b'"\xf4\x90\x80\x80"',
        b'"\xf0\x80\x80\xaf"',
        b'"\xc3"',
        b'"\xe2\x82"',
        b'"\xf0\x9f\x99\x82"',
    ),
    *(
        b"[1,]",
        b"[,1]",
        b"[1 2]",
        b'{"a":1,}',
        b'{"a" 1}',
        b"{a:1}",
        b'{"a":1 "b":2}',
        b"{,}",
        b"[}",
    ),
    *(
        b'{"":0}',
        b'{"a":{"a":{"a":[[[]]]}}}',
        b"[" * 100 + b"]" * 100,
        b"[" * 500,
        b'"//*"',
        b"/**/1",
    ),
]
"""What stands at the borders of JSON, and beyond."""


def list_logs() -> Iterator[bytes]:
    """Yield logs of all kinds, in pieces that a search can change as a whole."""
    folders = ("sample_logs", "tests/fuzz/seeds", "tests/reading/cases")
    for path in (path for folder in folders for path in sorted((ROOT / folder).rglob("*"))):
        if path.is_file() and path.suffix != ".gz":
            yield path.read_bytes()[: 16 * MAX_SEED_BYTES]
    lines = _make_lines()
    yield b"".join(lines)
    yield b"".join(Variation(1).rewrite_all(lines))
    for seed in range(12):
        yield from (make(seed, 12) for make in hostile_lines.BLOCKS)
        yield prefix_lines.make_prefixes(seed, 30)
    for value in ODD_VALUES:
        yield lines[1].replace(b"{", b'{"x":' + value + b",", 1)
        yield lines[1].replace(b'"Pricing"', value, 1) + lines[2]
    events = envelopes.read(lines[:12])
    yield from (shape.write(events) for shape in envelopes.SHAPES.values())


def _make_lines() -> list[bytes]:
    found = [
        generate.line_of(f"CONVERSATION_{kind}", "/pricing", dialogue, generate.AGENTS[0])
        for kind in ("TRIGGERED", "ENGAGED", "LIVE_CHAT_REQUESTED", "MEETING_BOOKED")
        for dialogue in generate.DIALOGUES
    ]
    return [line.filled(b"2026-02-02T09:15:04.120Z", b"a-%d" % n) for n, line in enumerate(found)]


def cut_seeds(log: bytes) -> Iterator[bytes]:
    """Yield pieces of a log: up to a few lines each."""
    seed = b""
    for line in log.splitlines(keepends=True):
        if seed and len(seed) + len(line) > MAX_SEED_BYTES // 2:
            yield seed
            seed = b""
        seed += line[:MAX_SEED_BYTES]
    yield seed


def main(folder: Path) -> None:
    """Write all that the harness needs into a folder."""
    library = native.load_library()
    if library is None:
        raise DcError("no library to learn rules with")
    (folder / "seeds").mkdir(parents=True, exist_ok=True)
    scanner = NativeScanner(library, CONTEXT, in_full=False)
    for log in list_logs():
        scanner.scan(log if log.endswith(b"\n") else log + b"\n")
        for seed in cut_seeds(log):
            (folder / "seeds" / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)
    parts = []
    for words in list_words(NO_MAPPING) or ():
        packed = b"".join(bytes([len(word)]) + word for word in words)
        parts += [struct.pack("=I", len(packed)), packed]
    for form, rule, structures in scanner._rules.list_from(0):
        native_rule = bytes(_make_native_rule(rule, *structures))
        parts += [struct.pack("=I", len(form)), form, native_rule]
    (folder / "setup").write_bytes(b"".join(parts))
    tokens = {word for words in WORD_LISTS for word in words} | {*TOKENS, *ODD_VALUES}
    quoted = ("".join(f"\\x{byte:02x}" for byte in token) for token in sorted(tokens))
    (folder / "dictionary").write_text("".join(f'"{token}"\n' for token in quoted))
    number = len(list((folder / "seeds").iterdir()))
    sys.stdout.write(f"{len(scanner._rules)} rules, {number} seeds\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
