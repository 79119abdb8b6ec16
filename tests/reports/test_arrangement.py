"""Rows and columns as they are wanted: --sort, --top, --columns, --grid."""

import csv
import io
import itertools
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import harness
import naive
import pytest
from choosing import try_examples
from compare import NOW, analyse, same
from histories import histories, line
from hypothesis import given
from hypothesis import strategies as st

from dcevents import reports
from dcevents.analysis.arrangement import arrange_table
from dcevents.reports._grid import make_grid
from dcevents.settings import Arrangement

SITE = str(harness.ROOT / "sample_logs" / "site")

LOG = harness.log(
    """
2026-11-02T09:00Z a engaged id=d1 name=Pricing page=/p
2026-11-02T09:01Z a completed id=d1
2026-11-02T09:00Z b engaged id=d1 name=Pricing page=/p
2026-11-04T09:00Z c engaged id=d2 name=Demo page=/d
2026-11-04T09:30Z c completed id=d2
2026-11-04T09:00Z d triggered id=d3 name='="=1+1"'
2026-11-04T09:00Z e triggered id=d4 name=Demo
- f triggered id=d1 name=Pricing
"""
)


def rows(*arguments: str, log: bytes = LOG) -> list[list[str]]:
    """The lines of a report as CSV, its header first."""
    result = harness.run(*arguments, "-f", "csv", "-q", "--as-of", "2026-11-20", stdin=log)
    assert (result.status, result.err) == (0, "")
    return list(csv.reader(io.StringIO(result.text)))


# -- sort, top, columns ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "ids"),
    [
        pytest.param([], ["d1", "d2", "d3", "d4"], id="as always"),
        pytest.param(["--sort", "completed"], ["d1", "d2", "d3", "d4"], id="ties as always"),
        pytest.param(["--sort", "completion_rate"], ["d2", "d1", "d3", "d4"], id="nulls last"),
        pytest.param(["--sort", "completion_rate:asc"], ["d1", "d2", "d3", "d4"], id="ascending"),
        pytest.param(["--sort", "conversation_id"], ["d4", "d3", "d2", "d1"], id="a key"),
        pytest.param(["--sort", "conversation:asc"], ["d3", "d2", "d4", "d1"], id="names"),
        pytest.param(["--sort", "engaged:desc", "--top", "2"], ["d1", "d2"], id="the first two"),
        pytest.param(["--top", "9"], ["d1", "d2", "d3", "d4"], id="more than there are"),
    ],
)
def test_rows_are_sorted_and_the_first_are_taken(options: list[str], ids: list[str]) -> None:
    assert [row[1] for row in rows("completion", *options)[1:]] == ids


@given(history=histories(), name=st.sampled_from(["completion", "conversations", "funnel"]))
@try_examples(4)
def test_every_column_sorts(history: list[dict[str, Any]], name: str) -> None:
    report = reports.load_reports()[name]
    by = [key for key in [report.default_by] if key]
    with TemporaryDirectory() as folder:
        view = analyse([("a.log", b"".join(map(line, history)))], Path(folder), by=tuple(by))
        (table,) = report.make_tables(view, by)
    usual = table.rows.to_dicts()
    for column, is_ascending in itertools.product(table.columns, [False, True]):
        wanted = Arrangement(sort=column.name, is_ascending=is_ascending)

        made = arrange_table(table, wanted).rows.to_dicts()

        place = column.words.index if column.words else lambda value: value
        known = [row for row in usual if row[column.name] is not None]
        is_reversed = is_ascending == bool(column.words)
        # Sorting keeps ties in their order, also where it is reversed.
        known.sort(key=lambda row: place(row[column.name]), reverse=is_reversed)
        assert made == [*known, *(row for row in usual if row[column.name] is None)]


def test_totals_stay_of_all() -> None:
    made = harness.report(LOG, "completion", "--top", "1", "--sort", "completed")

    assert len(made["rows"]) == 1
    assert made["total"] == harness.report(LOG, "completion")["total"]
    for format_ in ("table", "markdown"):
        text = harness.run("completion", "--top", "1", "-f", format_, stdin=LOG).text
        assert "… 3 more" in text
        assert "Total" in text


def test_only_the_columns_that_are_wanted_in_their_order() -> None:
    options = ["--columns", "completion_rate, completed,conversation_id"]

    assert rows("completion", *options)[0] == [
        "conversation", "conversation_id", "completion_rate", "completed",
    ]  # fmt: skip
    made = harness.report(LOG, "completion", *options)
    assert list(made["total"]) == ["completion_rate", "completed"]
    text = harness.run("completion", *options, stdin=LOG).text
    assert text.splitlines()[3].split() == ["Conversation", "ID", "rate", "Completed"]
    assert rows("conversations", "--columns", "outcome")[0] == [
        "sid", "conversation_id", "conversation", "outcome",
    ]  # fmt: skip


def test_each_table_of_the_summary_has_the_wanted_columns_that_it_knows() -> None:
    made = harness.report(LOG, "summary", "--columns", "acceptance_rate,engaged")

    figures = [list(each["total"]) for each in made["reports"]]
    assert figures == [["engaged"], ["engaged"], ["acceptance_rate"]]


@pytest.mark.parametrize("format_", ["table", "markdown"])
def test_people_get_no_table_of_the_summary_without_a_wanted_figure(format_: str) -> None:
    text = harness.run("summary", "--columns", "acceptance_rate", "-f", format_, stdin=LOG).text

    assert "Completion by conversation" not in text
    assert text.index("Engagement") < text.index("Live chat by agent")
    made = harness.report(LOG, "summary", "--columns", "acceptance_rate")
    assert len(made["reports"]) == 3


def test_tables_of_the_summary_are_sorted_where_they_have_the_column() -> None:
    usual = harness.report(LOG, "summary")["reports"]
    made = harness.report(LOG, "summary", "--sort", "triggered:asc")["reports"]

    by_triggered = sorted(usual[0]["rows"], key=lambda row: row["triggered"])
    assert [row["triggered"] for row in made[0]["rows"]] == [
        row["triggered"] for row in by_triggered
    ]
    assert made[2]["rows"] == usual[2]["rows"]


def test_alerts_are_about_all_rows_and_columns() -> None:
    options = ["--top", "1", "--columns", "triggered", "--fail-if", "completed < 1", "-q"]

    result = harness.run("completion", *options, stdin=LOG)

    assert result.status == 4
    assert result.err.count('conversation_id="d3"') == 1


def test_the_top_of_a_funnel_are_keys() -> None:
    made = rows("funnel", "--by", "conversation", "--top", "2")

    assert [row[1] for row in made[1:]] == ["d1"] * 5 + ["d2"] * 5
    text = harness.run("funnel", "--by", "conversation", "--top", "2", stdin=LOG).text
    assert "… 2 more" in text


def test_the_verdict_that_asks_for_attention_first_comes_first() -> None:
    week = ["--period", "2026-W46", "--compare", "previous", "--sort", "verdict"]

    made = harness.run("completion", SITE, *week, "--by", "page", "-f", "ndjson", "-q").ndjson

    order = ["worse", "gone", "unclear", "same", "new", "better", None]
    found = [row["verdict"] for row in made]
    assert found == sorted(found, key=order.index)


BAD = [
    pytest.param(["--sort", "complted"], "did you mean completed", id="a column"),
    pytest.param(["--sort", "completed:up"], "'up' is no direction", id="a direction"),
    pytest.param(["--sort", "share"], "no column 'share'", id="a column of other keys"),
    pytest.param(["--columns", "completed,"], "no column ''", id="an empty name"),
    pytest.param(["--columns", ""], "no column ''", id="no name"),
    pytest.param(["--top", "0"], "no number from 1", id="no row"),
    pytest.param(["--width", "9"], "no number from 20", id="too narrow"),
    pytest.param(["--grid", "completed"], "give --by twice", id="a grid of one key"),
    pytest.param(
        ["--by", "day", "--by", "page", "--grid", "complted"], "did you mean", id="a figure"
    ),
    pytest.param(
        ["--by", "day", "--by", "page", "--grid", "completed", "--columns", "completed"],
        "does not go with --columns",
        id="a grid of columns",
    ),
]


@pytest.mark.parametrize(("options", "said"), BAD)
def test_bad_usage_says_what_to_write(options: list[str], said: str) -> None:
    result = harness.run("completion", *options, stdin=LOG)

    assert (result.status, result.out) == (2, b"")
    assert said in result.err
    assert result.err.count("\n") == 1


# -- grids ---------------------------------------------------------------------------------------


def test_a_grid_by_hand() -> None:
    by = ["--by", "weekday", "--by", "conversation"]

    # Two ids are named Demo, so these are shown; a name that is a formula is guarded.
    assert rows("completion", *by, "--grid", "engaged") == [
        ["weekday", "Pricing", "d2", "'=1+1", "d4", "Total"],
        ["Mon", "2", "0", "0", "0", "2"],
        ["Tue", "0", "0", "0", "0", "0"],
        ["Wed", "0", "1", "0", "0", "1"],
        ["Thu", "0", "0", "0", "0", "0"],
        ["Fri", "0", "0", "0", "0", "0"],
        ["Sat", "0", "0", "0", "0", "0"],
        ["Sun", "0", "0", "0", "0", "0"],
        ["", "0", "0", "0", "0", "0"],
        ["Total", "2", "1", "0", "0", "3"],
    ]
    rates = rows("completion", *by, "--grid", "completion_rate")
    assert rates[1] == ["Mon", "0.5", "", "", "", "0.5"]
    assert rates[-1] == ["Total", "0.5", "1.0", "", "", "0.666667"]


def test_a_grid_s_time_is_filled_on_both_sides() -> None:
    by = ["--by", "conversation", "--by", "day", "--grid", "triggered"]

    assert rows("completion", *by) == [
        [
            "conversation", "conversation_id",
            "2026-11-02", "2026-11-03", "2026-11-04", "–", "Total",
        ],
        ["Pricing", "d1", "2", "0", "0", "1", "3"],
        ["Demo", "d2", "0", "0", "1", "0", "1"],
        ["'=1+1", "d3", "0", "0", "1", "0", "1"],
        ["Demo", "d4", "0", "0", "1", "0", "1"],
        ["Total", "", "2", "0", "3", "1", "6"],
    ]  # fmt: skip


def test_a_grid_for_people() -> None:
    options = ["--by", "conversation", "--by", "weekday", "--grid", "completion_rate"]

    text = harness.run("completion", *options, "--as-of", "2026-11-20", stdin=LOG).text

    lines = text.splitlines()
    assert lines[0].startswith("Completion: completion rate by conversation, weekday, ")
    assert lines[2].split()[:3] == ["Conversation", "ID", "Mon"]
    assert lines[4].startswith("Pricing       d1  50 % of 2    –           –    –")
    assert lines[-1].startswith("Total             50 % of 2    –  100 % of 1")


@pytest.mark.parametrize("format_", ["json", "ndjson"])
def test_a_grid_stays_long_for_programs(format_: str) -> None:
    by = ["completion", "--by", "day", "--by", "page", "-f", format_]

    assert harness.run(*by, "--grid", "engaged", stdin=LOG).text == harness.run(*by, stdin=LOG).text


def test_a_grid_has_the_largest_twenty_and_the_rest() -> None:
    """The rest and the totals are computed from the conversations: sessions are not summed."""
    log = harness.log(
        "".join(f"09:00 s{n % 3} engaged id=d{n:02d} name=N{n:02d}\n" for n in range(23))
        + "".join(f"09:0{n} t{n} engaged id=d{n:02d}\n" for n in range(9))
    )

    header, monday, *_, total = rows(
        "completion", "--by", "weekday", "--by", "conversation", "--grid", "sessions", log=log
    )

    names = [f"N{n:02d}" for n in range(20)]
    assert header == ["weekday", *names, "3 others", "Total"]
    assert monday[1:] == [*["2"] * 9, *["1"] * 11, "3", "12"]
    assert total[1:] == monday[1:]


def test_a_wide_grid_goes_on_below() -> None:
    options = ["--by", "weekday", "--by", "hour", "--grid", "requests", "--width", "60", "-q"]

    lines = harness.run("live-chat", SITE, *options).text.splitlines()

    heads = [line.split() for line in lines if line.startswith("Weekday")]
    assert [hour for head in heads for hour in head[1:]] == [*map(str, range(24)), "Total"]
    assert max(map(len, lines)) <= 60
    assert len({len(head) for head in heads}) <= 2, "in parts as even as can be"


def test_the_rows_of_a_grid_are_sorted_and_counted() -> None:
    by = ["--by", "conversation", "--by", "weekday", "--grid", "triggered"]

    made = rows("completion", *by, "--sort", "completed:asc", "--top", "2")

    assert [row[1] for row in made] == ["conversation_id", "d3", "d4", ""]
    assert made[-1][-1] == "6"


KEYS = ["conversation", "type", "page", "day", "weekday", "hour"]


@given(
    history=histories(),
    by=st.lists(st.sampled_from(KEYS), min_size=2, max_size=2, unique=True),
    metric=st.sampled_from(["sessions", "completed", "completion_rate"]),
)
@try_examples(6)
def test_any_grid_has_the_model_s_figures(
    history: list[dict[str, Any]], by: list[str], metric: str
) -> None:
    data = b"".join(map(line, history))
    log = naive.read([("a.log", data)], now_ms=NOW)
    convs = naive.conversations(log)

    def figure(key: list[str]) -> dict[Any, Any]:
        grouped = naive.grouped(convs, key, "UTC", naive.completion_row, None, None)
        names = ["conversation_id" if each == "conversation" else each for each in key]
        return {tuple(row[name] for name in names): row[metric] for row in grouped}

    with TemporaryDirectory() as folder:
        view = analyse([("a.log", data)], Path(folder), by=tuple(by))
        report = reports.load_reports()["completion"]
        (long,) = report.make_tables(view, tuple(by))
        grid = make_grid(report, view, long, Arrangement(grid=metric))

    cells, firsts, seconds = figure(by), figure(by[:1]), figure(by[1:])
    nothing = 0 if metric != "completion_rate" else None
    figures = [column.name for column in grid.columns if column.name not in grid.keys]
    for first, row in zip(firsts, grid.rows.to_dicts(), strict=True):
        wanted = [cells.get((*first, *second), nothing) for second in seconds]
        wanted.append(firsts[first])
        assert all(map(same, wanted, [row[name] for name in figures]))
    totals = [*seconds.values(), naive.completion_row(convs)[metric]]
    assert all(map(same, totals, [(grid.total or {})[name] for name in figures]))
