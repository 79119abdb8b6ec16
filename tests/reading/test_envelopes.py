"""Events in every shape that sites log them in: the same traffic gives the same reports."""

import gzip
import json
import re
from pathlib import Path
from typing import Any

import harness
import pytest
from choosing import combine

from samples import envelopes

SITE = harness.ROOT / "sample_logs" / "site"


FINE = [name for name, shape in envelopes.SHAPES.items() if shape.fine]
COARSE = [name for name, shape in envelopes.SHAPES.items() if not shape.fine]


def _traffic() -> list[dict[str, Any]]:
    """The two weeks of the sample logs: every event with a time."""
    found = []
    for path in sorted(SITE.iterdir(), key=lambda path: (path.name == "dc.log", path.name)):
        data = path.read_bytes()
        lines = (gzip.decompress(data) if path.suffix == ".gz" else data).splitlines()
        found += envelopes.read(lines)
    return [event for event in found if harness.kind(event["event"])]


TRAFFIC = _traffic()[:800]
"""More than what a shape is learnt from."""
NOT_LINES = {
    "array-lines", "array-pretty", "pretty", "firehose", "cloudwatch-filter",
    "elasticsearch-search", "insights",
    "cloudwatch-subscription",
}  # fmt: skip
"""What is no line by itself is told from the beginning of an input only:
elsewhere it may be broken lines.
"""
REPORTS = ("summary", "events")
COUNTS = ("completion", "abandonment")


def rows(path: Path, report: str) -> bytes:
    """A report's rows as text, of events without where they stand."""
    result = harness.run(report, path, "-f", "ndjson", "-q")
    assert (0, "") == (result.status, result.err)
    return re.sub(rb',"file":.*', b"}", result.out) if report == "events" else result.out


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The reports of the canonical lines."""
    path = tmp_path_factory.mktemp("canonical") / "dc.log"
    path.write_bytes(envelopes.SHAPES["canonical"].write(TRAFFIC))
    return {report: rows(path, report) for report in (*REPORTS, *COUNTS)}


@combine(("name", "report"), FINE, REPORTS, at_once=1)
def test_the_same_traffic_in_any_shape_gives_the_same_rows(
    name: str, report: str, tmp_path: Path, expected: dict[str, bytes]
) -> None:
    path = tmp_path / "x.log"
    path.write_bytes(envelopes.SHAPES[name].write(TRAFFIC))

    assert expected[report] == rows(path, report)


@pytest.mark.parametrize("name", COARSE)
def test_in_a_shape_with_whole_seconds_the_counts_are_the_same(
    name: str, tmp_path: Path, expected: dict[str, bytes]
) -> None:
    path = tmp_path / "x.log"
    path.write_bytes(envelopes.SHAPES[name].write(TRAFFIC))

    for report in COUNTS:
        assert counts(expected[report]) == counts(rows(path, report))


def counts(out: bytes) -> list[dict[str, Any]]:
    """Rows without what is measured in seconds."""
    return [
        {
            key: value
            for key, value in json.loads(row).items()
            if "seconds" not in key and key != "page"
        }
        for row in out.splitlines()
    ]


@pytest.fixture(scope="module")
def conversations() -> Any:
    """The rows of the first canonical lines."""
    return harness.report(envelopes.SHAPES["canonical"].write(TRAFFIC[:210]), "conversations")[
        "rows"
    ]


@pytest.mark.parametrize("name", [name for name in FINE if name not in NOT_LINES])
def test_a_file_of_one_shape_with_some_lines_of_another_loses_none(
    name: str, conversations: Any
) -> None:
    """Lines of a different kind behind the first ones, and again the first."""
    one, two, three = TRAFFIC[:100], TRAFFIC[100:130], TRAFFIC[130:210]
    write = envelopes.SHAPES["canonical"].write
    # Among lines, an array of one is no object.
    batches = envelopes.lines(envelopes.batches(two, (3, 8)))
    other = batches if name == "batch-array" else envelopes.SHAPES[name].write(two)
    ended = other if other.endswith(b"\n") else other + b"\n"

    mixed = harness.report(write(one) + ended + write(three), "conversations")

    assert conversations == mixed["rows"]


@pytest.mark.parametrize("name", FINE)
def test_canonical_lines_among_others_are_not_lost(name: str, conversations: Any) -> None:
    one, two = TRAFFIC[:180], TRAFFIC[180:210]
    data = envelopes.SHAPES[name].write(one)
    ended = data if data.endswith(b"\n") else data + b"\n"

    mixed = harness.report(ended + envelopes.SHAPES["canonical"].write(two), "conversations")

    assert conversations == mixed["rows"]
