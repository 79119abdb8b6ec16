"""Charts: axes in round steps, shapes in proportion, and each form for the rows it suits."""

import itertools
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

import harness
import polars as pl
import pytest
from choosing import try_examples
from hypothesis import given
from hypothesis import strategies as st
from shown import SVG, shapes, texts_of

from dcevents.render._format import RenderContext
from dcevents.render.charts.axes import choose_axis
from dcevents.render.charts.canvas import COLOURS, HEATS, PARTS, Drawing
from dcevents.render.charts.draw import draw_inline, draw_main_chart
from dcevents.render.charts.heat import choose_heat
from dcevents.render.charts.rows import count_words
from dcevents.tables import Chart, ChartForm, Column, ColumnKind, Table

CONTEXT = RenderContext("any", {}, ZoneInfo("UTC"), period="2026-11-02 to 2026-11-08")
Values = Mapping[str, list[Any]]
KINDS: tuple[ColumnKind, ...] = ("count", "rate", "seconds")


def make_table(
    keys: Mapping[str, list[Any]], figures: dict[str, list[Any]], form: ChartForm
) -> Table:
    """A table by text or day keys with a chart of all its figures."""
    kinds: dict[str, ColumnKind] = {
        "day": "day",
        "hour": "number",
        "weekday": "day",
        "step": "word",
    }
    columns = [
        Column(name, kinds.get(name, "text"), name.capitalize(), words=("a",) * (name == "step"))
        for name in keys
    ]
    rated = {name: "rate" if name.endswith("rate") else "count" for name in figures}
    columns += [
        Column(name, "rate" if kind == "rate" else "count", name.capitalize())
        for name, kind in rated.items()
        if not name.endswith(("_low", "_high"))
    ]
    shown = [each.name for each in columns if each.name not in keys]
    rows = pl.DataFrame({**keys, **figures})
    return Table(
        "any", columns, rows, tuple(keys), keys=list(keys), charts=[Chart(form, tuple(shown))]
    )


def widths_of(svg: str, ink: str) -> list[float]:
    """The widths of the rectangles of a colour."""
    return [
        float(each.attrib["width"])
        for each in ET.fromstring(svg).iter(f"{SVG}rect")
        if each.get("fill") == ink and float(each.get("x", "0")) > 0
    ]


# -- axes ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "greatest", "ticks"),
    [
        pytest.param("count", 0, ["0", "1"], id="nothing"),
        pytest.param("count", 3, ["0", "1", "2", "3"], id="no parts of conversations"),
        pytest.param("count", 78, ["0", "20", "40", "60", "80"], id="tens"),
        pytest.param(
            "count", 12_000, ["0", "2,500", "5,000", "7,500", "10,000", "12,500"], id="thousands"
        ),
        pytest.param("rate", 0.41, ["0 %", "10 %", "20 %", "30 %", "40 %", "50 %"], id="a rate"),
        pytest.param("rate", 0.004, ["0 %", "0.1 %", "0.2 %", "0.3 %", "0.4 %"], id="a low rate"),
        pytest.param("seconds", 95, ["0", "30s", "1m 00s", "1m 30s", "2m 00s"], id="half minutes"),
    ],
)
def test_axes_have_round_steps(kind: ColumnKind, greatest: float, ticks: list[str]) -> None:
    axis = choose_axis(greatest, Column("x", kind, "X"))

    assert [axis.write(tick) for tick in axis.ticks] == ticks


@given(greatest=st.floats(0, 1e12), kind=st.sampled_from(KINDS))
@try_examples(60)
def test_axes_hold_every_figure_in_a_few_steps(greatest: float, kind: ColumnKind) -> None:
    axis = choose_axis(greatest, Column("x", kind, "X"))

    assert axis.end >= greatest * (1 - 1e-9)
    assert 1 < len(axis.ticks) <= 7
    assert axis.place(0) == 0
    assert 0 <= axis.place(greatest) <= 1


# -- shapes ----------------------------------------------------------------------------------------


def test_bars_are_as_long_as_their_figures() -> None:
    table = make_table({"page": ["a", "b", "c"]}, {"engaged": [40, 20, 0]}, "counts")

    widths = widths_of(draw_main_chart([table], CONTEXT), COLOURS["accent"])

    assert widths[2] == 0
    assert widths[0] == pytest.approx(2 * widths[1], abs=0.2)


def test_parts_lie_one_behind_the_other_and_are_as_long_as_their_sum() -> None:
    table = make_table({"page": ["a"]}, {"won": [30], "open": [10], "lost": [20]}, "parts")
    whole = make_table({"page": ["a"]}, {"sum": [60]}, "counts")

    svg = draw_main_chart([table], CONTEXT)
    parts = [widths_of(svg, COLOURS[ink])[-1] for ink in PARTS[:3]]

    assert parts[0] == pytest.approx(3 * parts[1], abs=0.3)
    assert sum(parts) == pytest.approx(
        widths_of(draw_main_chart([whole], CONTEXT), COLOURS["accent"])[-1], abs=0.5
    )


def test_a_rate_has_its_interval_and_the_mark_of_all() -> None:
    figures = {"x_rate": [0.5], "x_rate_low": [0.25], "x_rate_high": [0.75]}
    table = make_table({"page": ["a"]}, figures, "rates")
    table.total = {"x_rate": 0.5}

    texts = texts_of("svg", draw_main_chart([table], CONTEXT).encode())

    assert "50.0 %" in texts
    assert "- - - all: 50.0 %" in texts


def test_a_line_in_time_has_a_gap_where_there_is_no_rate() -> None:
    days = [f"2026-11-0{day}" for day in range(2, 9)]
    rates = [0.5, 0.6, None, 0.4, 0.4, 0.5, 0.5]
    table = make_table({"day": days}, {"x_rate": rates}, "rates")

    svg = ET.fromstring(draw_main_chart([table], CONTEXT))

    lines = [e for e in svg.iter(f"{SVG}path") if e.get("stroke") == COLOURS["accent"]]
    weekends = [e for e in svg.iter(f"{SVG}rect") if e.get("fill") == COLOURS["band"]]
    assert [each.attrib["d"].count("L") + 1 for each in lines] == [2, 4]
    assert len(weekends) == 2


def test_a_heat_map_has_all_weekdays_and_the_hours_between() -> None:
    weekdays = pl.Enum(["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"])
    keys: dict[str, list[Any]] = {"hour": [8, 11], "weekday": ["Wed", "Mon"]}
    table = make_table(keys, {"requests": [4, 1], "missed": [3, 0]}, "heat")
    table.rows = table.rows.with_columns(pl.col("weekday").cast(weekdays))

    texts = texts_of("svg", draw_main_chart([table], CONTEXT).encode()).split("\n")

    assert texts[texts.index("Mon") :][:7] == ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    assert [each for each in texts if each in ("8", "9", "10", "11")] == ["8", "9", "10", "11"]
    assert "4 (3)" in texts


def test_a_heat_map_keeps_ids_apart_that_share_a_name() -> None:
    log = harness.log(
        """
        09:00:00 a triggered name=Twin id=d1 type=dialogue
        09:00:00 b triggered name=Twin id=d2 type=dialogue
        09:00:00 c triggered name=Twin id=d2 type=dialogue
        """
    )
    options = ("--by", "conversation", "--by", "type")

    drawn = texts_of("svg", harness.run("completion", *options, "-f", "svg", "-q", stdin=log).out)

    assert "Twin (d1)" in drawn
    assert "Twin (d2)" in drawn


LACKING = harness.log(
    """
    09:00:00 a triggered name=Twin id=d1 page=/a
    09:00:05 a engaged name=Twin id=d1
    09:00:05 a live_chat_requested id=d1
    09:00:05 a live_chat_initiated id=d1 agent=1 agent_name=Ann
    09:00:05 a meeting_booked id=d1 agent=1
    - b triggered id=-
    - b engaged id=-
    - b live_chat_requested id=-
    - b meeting_booked id=-
    """
)
"""A conversation that has all that rows are by, and one that has nothing: no time either."""
REPORTS = ["completion", "funnel", "abandonment", "live-chat", "meetings"]
PAIRS = itertools.permutations(
    ("page", "conversation", "agent", "type", "day", "hour", "weekday"), 2
)


@pytest.mark.parametrize(
    ("report", "keys"),
    [
        ("live-chat", ("page", "weekday")),
        ("completion", ("conversation", "hour")),
        ("funnel", ("page", "conversation")),
        *(
            pytest.param(report, keys, marks=pytest.mark.looks)
            for report, keys in itertools.product(REPORTS, PAIRS)
            if "agent" not in keys or report in ("live-chat", "meetings")
        ),
    ],
)
def test_there_is_a_picture_by_any_two_keys_also_of_what_lacks_them(
    report: str, keys: tuple[str, str]
) -> None:
    by = [option for key in keys for option in ("--by", key)]

    result = harness.run(report, *by, "-f", "svg", "-q", stdin=LACKING)

    assert result.status == 0, result.err
    drawn = texts_of("svg", result.out).split("\n")
    assert "Nothing to report." not in drawn
    assert "–" in " ".join(drawn), "what has no page, time or name is drawn, too"


@given(value=st.floats(0, 1e6), more=st.floats(0, 1e6))
@try_examples(30)
def test_heat_grows_with_the_figure(value: float, more: float) -> None:
    greatest = value + more
    one, other = (HEATS.index(choose_heat(each, greatest)) for each in (value, greatest))

    assert one <= other
    assert (one == 0) == (value == 0)
    assert other == (len(HEATS) - 1 if greatest else 0)


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(
            ["live-chat", "--by", "weekday", "--by", "hour", "--grid", "requests"], id="a grid"
        ),
        pytest.param(["completion", "--by", "day", "--by", "conversation"], id="two keys"),
        pytest.param(["funnel", "--by", "conversation"], id="steps of several"),
        pytest.param(["abandonment", "--by", "last-step"], id="counts"),
        pytest.param(["usage"], id="a limit"),
        pytest.param(["chats"], id="how many of each word"),
        pytest.param(["completion", "--columns", "engaged"], id="without the column of the chart"),
    ],
)
def test_no_shape_is_outside_the_drawing(arguments: list[str]) -> None:
    result = harness.run(*arguments, harness.ROOT / "sample_logs" / "site", "-f", "svg", "-q")

    found = shapes(result.out)
    left, top, width, height = (float(each) for each in found[0].attrib["viewBox"].split())
    for each in found[1:]:
        x, y = (float(each.get(name) or each.get(f"c{name}") or 0) for name in "xy")
        assert left <= x <= left + width
        assert top <= y <= top + height
        assert x + float(each.get("width") or 0) <= left + width + 0.2
        assert y + float(each.get("height") or 0) <= top + height + 0.2


def test_colours_of_neighbours_differ_in_grey() -> None:
    def measure_grey(colour: str) -> float:
        channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return sum(
            part * weight for part, weight in zip(linear, (0.2126, 0.7152, 0.0722), strict=True)
        )

    for inks in (PARTS, HEATS):
        greys = [measure_grey(COLOURS[ink]) for ink in inks]
        ratios = [(max(pair) + 0.05) / (min(pair) + 0.05) for pair in itertools.pairwise(greys)]
        assert all(ratio > 1.1 for ratio in ratios), ratios


def test_words_are_counted_in_one_order_whatever_that_of_the_rows() -> None:
    words = ["b", "a", "c", "a", "c", None]

    for rows in (words, words[::-1]):
        assert count_words(pl.Series(rows)) == [("a", 2), ("c", 2), ("b", 1)]


def test_a_text_is_escaped_where_it_is_drawn() -> None:
    drawing = Drawing(100, 12, has_classes=False)
    drawing.write_text("</svg><b a='\"'>&\u202e", 1, 1)

    (text,) = ET.fromstring(drawing.write_svg('<&">')).iter(f"{SVG}text")
    assert text.text == "</svg><b a='\"'>&\\u202e"


def test_a_table_without_rows_has_no_chart_on_a_page() -> None:
    table = make_table({"page": []}, {"engaged": []}, "counts")

    assert draw_inline(table, table.charts[0], CONTEXT) is None
    assert "Nothing to report." in draw_main_chart([table], CONTEXT)
