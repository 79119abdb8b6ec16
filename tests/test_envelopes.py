"""Events in every shape that sites log them in: the same traffic gives the same reports."""

import gzip
import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import harness
import pytest

SITE = harness.ROOT / "sample_logs" / "site"
SAMPLES = harness.ROOT / "sample_logs" / "envelopes"


def _envelopes() -> Any:
    """The script that writes the shapes."""
    spec = importlib.util.spec_from_file_location(
        "envelopes", harness.ROOT / "benchmarks" / "envelopes.py"
    )
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["envelopes"] = module
    spec.loader.exec_module(module)
    return module


MADE = _envelopes()
FINE = [name for name, shape in MADE.SHAPES.items() if shape.fine]
COARSE = [name for name, shape in MADE.SHAPES.items() if not shape.fine]


def _traffic() -> list[dict[str, Any]]:
    """The two weeks of the sample logs: every event with a time."""
    found = []
    for path in sorted(SITE.iterdir(), key=lambda path: (path.name == "dc.log", path.name)):
        data = path.read_bytes()
        lines = (gzip.decompress(data) if path.suffix == ".gz" else data).splitlines()
        found += MADE.read(lines)
    return [event for event in found if harness.kind(event["event"])]


TRAFFIC = _traffic()
NOT_LINES = {
    "array-lines", "array-pretty", "pretty", "firehose", "cloudwatch-filter", "elasticsearch-search", "insights",
    "cloudwatch-subscription",
}  # fmt: skip
"""What is no line by itself is told from the beginning of an input only: elsewhere it may be broken lines."""
REPORTS = ("completion", "abandonment", "live-chat", "conversations", "chats")


def rows(path: Path, report: str) -> bytes:
    """A report's rows as text."""
    result = harness.run(report, path, "-f", "ndjson", "-q")
    assert (0, "") == (result.status, result.err)
    return result.out


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The reports of the canonical lines."""
    path = tmp_path_factory.mktemp("canonical") / "dc.log"
    path.write_bytes(MADE.SHAPES["canonical"].write(TRAFFIC))
    return {report: rows(path, report) for report in REPORTS}


@pytest.mark.parametrize("name", FINE)
def test_the_same_traffic_in_any_shape_gives_the_same_rows(
    name: str, tmp_path: Path, expected: dict[str, bytes]
) -> None:
    path = tmp_path / "x.log"
    path.write_bytes(MADE.SHAPES[name].write(TRAFFIC))

    assert expected == {report: rows(path, report) for report in REPORTS}


@pytest.mark.parametrize("name", COARSE)
def test_in_a_shape_with_whole_seconds_the_counts_are_the_same(
    name: str, tmp_path: Path, expected: dict[str, bytes]
) -> None:
    path = tmp_path / "x.log"
    path.write_bytes(MADE.SHAPES[name].write(TRAFFIC))

    for report in ("completion", "abandonment"):
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


@pytest.mark.parametrize("name", [name for name in FINE if name not in NOT_LINES])
def test_a_file_of_one_shape_with_some_lines_of_another_loses_none(
    name: str, tmp_path: Path
) -> None:
    """Lines of a different kind behind the first ones, and again the first."""
    one, two, three = TRAFFIC[:300], TRAFFIC[300:330], TRAFFIC[330:600]
    write = MADE.SHAPES["canonical"].write
    other = MADE.SHAPES[name].write(two)
    ended = other if other.endswith(b"\n") else other + b"\n"
    (tmp_path / "a.log").write_bytes(write(TRAFFIC[:600]))
    (tmp_path / "b.log").write_bytes(write(one) + ended + write(three))

    expected, mixed = (
        harness.run("completion", tmp_path / each, "-f", "json", "-q").json
        for each in ("a.log", "b.log")
    )

    assert expected["rows"] == mixed["rows"]


@pytest.mark.parametrize("name", FINE)
def test_canonical_lines_among_others_are_not_lost(name: str, tmp_path: Path) -> None:
    one, two = TRAFFIC[:570], TRAFFIC[570:600]
    data = MADE.SHAPES[name].write(one)
    (tmp_path / "a.log").write_bytes(MADE.SHAPES["canonical"].write(TRAFFIC[:600]))
    (tmp_path / "b.log").write_bytes(
        data + b"\n" * (not data.endswith(b"\n")) + MADE.SHAPES["canonical"].write(two)
    )

    expected, mixed = (
        harness.run("completion", tmp_path / each, "-f", "json", "-q").json
        for each in ("a.log", "b.log")
    )

    assert expected["rows"] == mixed["rows"]
