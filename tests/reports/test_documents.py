"""Reports that are documents: sections for people, members for programs, no other format."""

from collections.abc import Sequence
from pathlib import Path

import harness
import polars as pl
import pytest

from dcevents import reports
from dcevents.analysis.view import View
from dcevents.reports._report import Report
from dcevents.tables import Column, Document, Section, Table

HOSTILE = "\x1b[31mred\u202e"
LOG = harness.log("09:00:00 a engaged")


def _make(view: View, _by: Sequence[str]) -> Document:
    table = Table(
        "note", [Column("what", "text", "What"), Column("n", "count", "Count")], pl.DataFrame(ROWS)
    )
    return Document(
        f"Note on {view.settings.operands[0]}",
        {"about": view.settings.operands[0], "found": [{"what": HOSTILE, "n": 1200}]},
        [
            Section("", ["first words " * 12]),
            Section(
                f"Part {HOSTILE}",
                [HOSTILE],
                [("Kind", "one"), ("A longer label", "two words " * 12)],
                table,
            ),
        ],
    )


ROWS = {"what": [HOSTILE, "b" * 30], "n": [1200, 2]}
NOTE = Report(
    name="note",
    help="A note.",
    example="dcevents note a logs/",
    make=_make,
    filters=(),
    is_document=True,
    operands=("what",),
    options=("as_of",),
    needs_usable_input=False,
)


@pytest.fixture(autouse=True)
def _with_note(monkeypatch: pytest.MonkeyPatch) -> None:
    every = {**reports.load_reports(), "note": NOTE}
    monkeypatch.setattr("dcevents.reports.load_reports", lambda: every)


def test_people_get_sections_filled_to_the_width_and_made_safe() -> None:
    result = harness.run("note", "me\x07", "--tz", "Europe/Berlin", stdin=LOG)

    assert (result.status, result.err) == (0, "dcevents: 1 event of 1 record\n")
    assert result.text == (
        "Note on me\\x07, 2026-11-02 (Europe/Berlin)\n\n"
        "first words first words first words first words first words first words first\n"
        "words first words first words first words first words first words\n\n"
        "Part \\x1b[31mred\\u202e\n"
        "  \\x1b[31mred\\u202e\n"
        "  Kind            one\n"
        "  A longer label  two words two words two words two words two words two words\n"
        "                  two words two words two words two words two words two words\n\n"
        "  What                            Count\n"
        "  ──────────────────────────────  ─────\n"
        "  \\x1b[31mred\\u202e               1,200\n"
        f"  {'b' * 30}      2\n"
    )


def test_programs_get_the_members_behind_the_envelope() -> None:
    result = harness.run("note", "me", "-f", "json", stdin=LOG)

    assert list(result.json) == [
        "schema",
        "version",
        "as_of",
        "tz",
        "window",
        "input",
        "about",
        "found",
    ]
    assert result.json["schema"] == "dcevents.note/1"
    assert result.json["found"] == [{"what": HOSTILE, "n": 1200}]
    assert "\x1b" not in result.text
    assert "\u202e" not in result.text


@pytest.mark.parametrize(
    ("arguments", "env", "mentioned"),
    [
        pytest.param(["-f", "csv"], {}, "note is not written as csv", id="a format that it lacks"),
        pytest.param(
            ["-f", "xml"], {}, "'xml'; there are table, json", id="a format that nothing has"
        ),
        pytest.param(
            [], {"DCEVENTS_FORMAT": "ndjson"}, "not written as ndjson", id="by the environment"
        ),
        pytest.param(["-o", "x.csv"], {}, "not written as csv", id="by the ending of its file"),
        pytest.param(["--excel"], {}, "note has no option --", id="options of CSV"),
        pytest.param(["--by", "day"], {}, "note has no option --", id="keys of rows"),
        pytest.param(
            ["--since", "7d"], {}, "note has no option --", id="a window that it has none of"
        ),
        pytest.param(
            ["--idle", "1m"], {}, "note has no option --", id="an option that it does not want"
        ),
    ],
)
def test_what_it_is_not_offered_with_is_bad_usage(
    arguments: list[str], env: dict[str, str], mentioned: str
) -> None:
    result = harness.run("note", "me", *arguments, stdin=LOG, env=env)

    assert (2, b"", 1) == (result.status, result.out, result.err.count("\n"))
    assert mentioned in result.err


def test_its_operand_comes_before_the_sources(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(LOG)

    assert harness.run("note", "me", tmp_path / "a.log", "-f", "json").json["about"] == "me"
    assert "note needs WHAT; " in harness.run("note", stdin=LOG).err
    assert "as in: dcevents note WHAT logs/" in harness.run("note", "me").err


def test_a_report_of_anything_is_written_also_of_a_log_without_events() -> None:
    result = harness.run("note", "me", "-f", "json", stdin=b'{"event":"OTHER"}\n')

    assert result.status == 3
    assert result.json["input"]["unknown_events"] == {"OTHER": 1}
    assert "no event of Dynamic Chat" in result.err


@pytest.mark.parametrize("format_", ["csv", "tsv", "ndjson", "markdown"])
def test_a_document_in_a_format_that_has_none_is_a_mistake_of_ours(
    format_: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "dcevents.reports.load_reports", lambda: {"note": NOTE._replace(is_document=False)}
    )

    assert "ValueError" in harness.run("note", "me", "-f", format_, stdin=LOG).err
