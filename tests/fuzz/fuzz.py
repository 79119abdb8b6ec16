"""Looks for lines that dcevents miscounts, and for logs that it gets wrong: `fuzz.py lines`,
`fuzz.py program`.

`lines` holds the column path to `record.read`, and that to the naive model, line by line; `program`
holds accounts, listings, reports and formats to the naive model. Guided by coverage where atheris
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

import columns  # noqa: E402 - what is imported before is not instrumented
import harness  # noqa: E402
import histories  # noqa: E402
import mutate  # noqa: E402
import naive  # noqa: E402

from dcevents.model.moments import ANCIENT, FUTURE, UNTIMED  # noqa: E402
from dcevents.reading.parsing import parse, record, records  # noqa: E402
from dcevents.reading.sources import sizes  # noqa: E402

# Learn from few lines, so that short logs go by the column; and cut them into many blocks.
parse._MIN_LAYOUT_LINES, parse._MANY = 1, 2
sizes.BLOCK_BYTES, sizes.FIRST_BLOCK_BYTES = 1 << 12, 1 << 10

SHOWN = re.compile(
    rb"[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\x8e\x8f\xa8-\xae]|\xe2\x81[\xa6-\xa9]|\xd8\x9c"
)
"""What no table, Markdown or JSON may hold raw, in UTF-8."""

tried: Counter[str] = Counter()


def lines(data: bytes) -> None:
    """Any line, by the column, by itself, and by the model: the same bucket, and the same event."""
    dice = random.Random(zlib.crc32(data))
    each = [line for line in mutate.lines_of(data) if _bucket(line) != "several"] * dice.choice(
        (1, 1, 2, 3)
    )
    by_itself = columns.one_by_one(each)
    sample, parts = dice.choice((1, 2, 3, 5, 8, 20)), dice.choice((1, 2, 3))
    by_column = columns.parsed(each, sample=sample, parts=parts)
    assert by_itself == by_column, f"sample={sample}, parts={parts}: {by_itself} {by_column}"
    # A blank one first: at the beginning of an input a byte order mark is dropped.
    canonical = [b"", *(line for line in each if _is_canonical(line))]
    model = naive.read([("log", b"".join(line + b"\n" for line in canonical))], now_ms=columns.NOW)
    ours, theirs = _as_the_model(columns.one_by_one(canonical)), _of_the_model(model)
    assert ours == theirs, f"{ours} {theirs}"
    tried["lines"] += len(each)


def _bucket(line: bytes) -> str:
    return _read(line).bucket


def _is_canonical(line: bytes) -> bool:
    """Whether a line is what the model knows: it knows no envelopes."""
    return _read(line).shape is None and _bucket(line) != "several"


def _read(line: bytes) -> record.Record:
    return record.read(line.decode(errors="replace"))


def _as_the_model(found: Any) -> Any:
    tally, events, rejects = found
    wanted = sorted((row + 1, sid, *_texts(said), ts) for row, sid, said, ts, *_ in events)
    times = {UNTIMED: None, FUTURE: "future", ANCIENT: "ancient"}
    return (
        dict(tally),
        [(*event[:-1], times.get(event[-1], event[-1])) for event in wanted],
        rejects,
    )


def _texts(said: Any) -> tuple[Any, ...]:
    *texts, meeting = said[1:]
    info = None if meeting is None else naive.plain(naive.parsed(meeting.encode()))
    return (naive_kind(said.kind), *texts, repr(info))


def naive_kind(code: int) -> str:
    """The name of a kind."""
    from dcevents.model.events import KINDS  # noqa: PLC0415

    return str(KINDS[code])


def _of_the_model(model: naive.Log) -> Any:
    tally = Counter(model.rejected)
    tally |= Counter(blank=model.blank, widget_ready=model.widget_ready, event=len(model.looks))
    tally |= Counter(unknown_event=sum(model.unknown_events.values()))
    events = [
        (
            e.line,
            e.sid,
            e.kind,
            e.id,
            e.name,
            e.type,
            e.ui_type,
            e.page,
            e.agent_id,
            e.agent_name,
            repr(e.meeting_info),
            "future" if e.future else "ancient" if e.ancient else e.ts,
        )
        for e in model.looks
    ]
    return dict(tally), events, [(line - 1, reason) for _, line, reason in model.rejects]


def program(data: bytes) -> None:
    """A log in one or two files: the model's account and figures,
    and formats that nothing of it breaks.
    """
    dice = random.Random(zlib.crc32(data))
    data = b"\n".join(line for line in data.split(b"\n") if _is_canonical(line))
    cut = dice.choice((0, len(data), dice.randrange(len(data) + 1)))
    inputs = [
        (name, part)
        for name, part in (("a.log", data[:cut]), ("b.log", data[cut:]))
        if part or not data
    ]
    if any(records.style_of(part) for part in (data, data[:cut], data[cut:])):
        return
    as_of = dice.choice((None, None, None, histories.START + dice.randrange(10**7)))
    zone = dice.choice(("UTC", "Asia/Kathmandu", "America/St_Johns"))
    sample = dice.choice((1, 2, 5, 1000))
    histories.check(
        inputs[:2], sample=sample, keys=[dice.choice(histories.KEYS)], as_of=as_of, tz=zone
    )
    command = dice.choice(("summary", "conversations", "events", "sessions", "chats", "completion"))
    format_ = dice.choice(("table", "markdown", "json", "csv", "ndjson"))
    result = harness.run(command, "-f", format_, stdin=data)
    assert result.status in (0, 3), result.err
    # atheris has messages of its own.
    messages = [line for line in result.err.splitlines() if line and not line.startswith("INFO: ")]
    assert len(messages) <= 1, result.err
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
