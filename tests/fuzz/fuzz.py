"""Looks for lines that dcevents miscounts, and for logs that it gets wrong: `fuzz.py lines`,
`fuzz.py program`.

`lines` holds the scanner in C to the judge, and that to the model of reading; `program` holds
accounts, listings, reports and formats to the naive model. Guided by coverage where atheris
is installed (Linux on x86-64, CPython 3.11 to 3.14); elsewhere, or with `--blind`, the same
mutations are tried without guidance. A finding is an AssertionError with the log in it, and ends
the run with a status other than 0.

By hand, for a quarter of an hour: `python tests/fuzz/fuzz.py lines --seconds 900`.
"""

import argparse
import importlib.util
import os
import random
import re
import shutil
import sys
import tempfile
import time
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS / "support"), str(TESTS.parent)]
GUIDED = importlib.util.find_spec("atheris") is not None and "--blind" not in sys.argv
if GUIDED:
    import atheris

    atheris.instrument_imports(include=["dcevents"]).__enter__()

import harness  # noqa: E402 - what is imported before is not instrumented
import histories  # noqa: E402
import model  # noqa: E402
import mutate  # noqa: E402
import odd_lines  # noqa: E402
from joined import read_records  # noqa: E402

from dcevents.model.events import KINDS  # noqa: E402
from dcevents.model.moments import ANCIENT, FUTURE, UNTIMED  # noqa: E402
from dcevents.reading.sources import sizes  # noqa: E402

# Short logs are cut into many blocks.
sizes.BLOCK_BYTES, sizes.FIRST_BLOCK_BYTES = 1 << 12, 1 << 10

SHOWN = re.compile(
    rb"[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\x8e\x8f\xa8-\xae]|\xe2\x81[\xa6-\xa9]|\xd8\x9c"
)
"""What no table, Markdown or JSON may hold raw, in UTF-8."""

tried: Counter[str] = Counter()


def lines(data: bytes) -> None:
    """Any lines, by the scanner, by the judge and by the model: the same records."""
    each = mutate.lines_of(data)
    log = b"".join(line + b"\n" for line in each)
    scanned, judged = odd_lines.read_data(log), odd_lines.read_data(log, scanner="python")
    assert scanned == judged, f"{scanned} {judged}"
    plain = b"".join(line + b"\n" for line in each if _is_plain(line))
    ours = _as_the_model(odd_lines.read_data(plain))
    theirs = _of_the_model(model.read_log(plain, odd_lines.NOW))
    assert ours == theirs, f"{ours} {theirs}"
    tried["lines"] += len(each)


def _is_plain(line: bytes) -> bool:
    """Return whether a line is one object alone that is canonical, or broken."""
    records, resume = read_records(line + b"\n", odd_lines.NOW)
    if not line.startswith(b"{") or len(records) != 1 or resume.offset != len(line) + 1:
        return False
    event = records[0].event
    if event is None:
        return records[0].outcome is None
    found = event.structure
    places = [found.event, found.time or ("timestamp",), found.page or ("page",)]
    parts = all(path == ("data", "payload", part) for part, path in found.fields)
    return parts and places == [("event",), ("timestamp",), ("page",)]


def _is_canonical(line: bytes) -> bool:
    """Return whether a line is what the naive model of reports knows: it knows no wrappings."""
    return not line.strip() or (
        _is_plain(line) and read_records(line + b"\n", odd_lines.NOW)[0][0].event is not None
    )


def _as_the_model(found: odd_lines.Read) -> Any:
    tally, events, rejects, unknown = found
    times = {UNTIMED: None, FUTURE: "future", ANCIENT: "ancient"}
    said = [
        (line, sid, KINDS[attributes.kind], *attributes[1:8], times.get(ts, ts))
        for line, _, sid, attributes, ts, _ in events
    ]
    return dict(tally), said, [(line, reason) for line, _, reason in rejects], dict(unknown)


def _of_the_model(read: Any) -> Any:
    accepted = [each for each in read.records if each.bucket in {"events", "duplicates"}]
    tally = Counter(event=len(accepted), blank=read.buckets["blank"])
    tally.update(read.rejected)
    tally.update(read.ignored)
    said = [
        (
            e.line, e.sid, e.kind, e.id, e.name, e.type, e.ui_type, e.page, e.agent_id,
            e.agent_name, "future" if e.future else "ancient" if e.ancient else e.ts_ms,
        )
        for e in accepted
    ]  # fmt: skip
    rejects = [(each.line, each.reason) for each in read.records if each.bucket == "rejected"]
    return dict(+tally), said, rejects, dict(read.unknown_events)


def program(data: bytes) -> None:
    """A log in one or two files: the model's account and figures,
    and formats that nothing of it breaks.
    """
    dice = random.Random(zlib.crc32(data))
    data = b"".join(line + b"\n" for line in data.split(b"\n") if _is_canonical(line))
    # Each file ends with a line: what is cut off within one may be a value that goes on.
    cut = dice.choice((0, len(data), data.find(b"\n", dice.randrange(len(data) + 1)) + 1))
    inputs = [
        (name, part)
        for name, part in (("a.log", data[:cut]), ("b.log", data[cut:]))
        if part or not data
    ]
    as_of = dice.choice((None, None, None, histories.START + dice.randrange(10**7)))
    zone = dice.choice(("UTC", "Asia/Kathmandu", "America/St_Johns"))
    scanner = dice.choice(("c", "c", "python"))
    with odd_lines.use_scanner(scanner):
        histories.check(inputs[:2], keys=[dice.choice(histories.KEYS)], as_of=as_of, tz=zone)
    command = dice.choice(("summary", "conversations", "events", "sessions", "chats", "completion"))
    format_ = dice.choice(("table", "markdown", "json", "csv", "ndjson"))
    result = harness.run(command, "-f", format_, stdin=data)
    assert result.status in (0, 3), result.err
    # atheris has messages of its own.
    messages = [line for line in result.err.splitlines() if line and not line.startswith("INFO: ")]
    warnings = [line for line in messages if line.startswith("dcevents: warning: ")]
    # What was counted; names of a dialogue; why a report is empty.
    assert len(messages) - len(warnings) <= 3, result.err
    assert all(line.startswith("dcevents: ") for line in messages), result.err
    shown = (b"" if format_ == "csv" else result.out) + "".join(messages).encode()
    assert not SHOWN.search(shown), shown
    tried["lines"] += len(mutate.lines_of(data))


HARNESSES: dict[str, Callable[[bytes], None]] = {"lines": lines, "program": program}


def _watched(given: argparse.Namespace) -> Callable[[bytes], None]:
    """A harness that counts, shows the log at fault, and ends the process when enough was tried."""
    end = time.monotonic() + given.seconds

    def run(data: bytes) -> None:
        if tried["logs"] >= given.runs or time.monotonic() > end:
            print(  # noqa: T201
                f"{given.harness}: {tried['logs']:,} logs of {tried['lines']:,} lines, no fault",
                flush=True,
            )
            os._exit(0)  # libFuzzer knows no other way
        try:
            HARNESSES[given.harness](data)
        except BaseException as error:
            error.add_note(f"the log: {data!r}")
            raise
        tried["logs"] += 1

    return run


def _blind(try_one: Callable[[bytes], None], seed: int) -> None:
    for log in mutate.seeds():
        try_one(log)
    for log in mutate.logs(random.Random(seed)):
        try_one(log)


def _guided(try_one: Callable[[bytes], None], seed: int) -> None:
    corpus = Path(tempfile.mkdtemp(prefix="fuzz-"))
    for path in mutate.SEEDS.iterdir():
        shutil.copy(path, corpus)

    def one(data: bytes, most: int, seed: int) -> bytes:
        return mutate.mutated(data, random.Random(seed))[:most]

    def both(data: bytes, other: bytes, most: int, seed: int) -> bytes:
        return mutate.crossed(data, other, random.Random(seed))[:most]

    options = [
        f"-seed={seed}",
        f"-max_len={mutate.MOST_BYTES}",
        "-len_control=0",
        "-rss_limit_mb=0",
        "-timeout=900",
        f"-artifact_prefix={corpus}/",
    ]
    atheris.Setup(
        [sys.argv[0], *options, str(corpus)], try_one, custom_mutator=one, custom_crossover=both
    )
    atheris.Fuzz()


def main() -> None:
    """Run a harness for a while; what was tried is told on standard output."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("harness", choices=HARNESSES)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument(
        "--runs", type=int, default=1_000_000_000, help="Logs at most: with a seed, the same ones."
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--blind", action="store_true", help="Without atheris.")
    given = parser.parse_args()
    (_guided if GUIDED else _blind)(_watched(given), given.seed)


if __name__ == "__main__":
    main()
