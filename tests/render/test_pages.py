"""Pages: their figures are JSON's, they load nothing, and no log makes an element of them
(interface.md, "Looking").
"""

import base64
import hashlib
import re
from typing import Any

import harness
import polars as pl
import pytest
from hostile_texts import HOSTILE, hostile_log
from shown import SVG, page_rows, page_tables, parse_page, text_of, texts_of

from dcevents import reports
from dcevents.reports._meanings import MEANINGS

SITE = harness.ROOT / "sample_logs" / "site"
REPORTS = [
    pytest.param(each, marks=[] if each in ("summary", "explain") else [pytest.mark.looks])
    for each in reports.load_reports()
]
"""All reports; those that the README's command leaves out are behind a mark."""
OPTIONS = ["--period", "2026-W46", "--compare", "previous"]


def page_of(*arguments: Any, **more: Any) -> bytes:
    """The page of a report."""
    result = harness.run(*arguments, "-f", "html", "-q", **more)
    assert (result.status, result.err) == (0, "")
    return result.out


# -- figures ---------------------------------------------------------------------------------------


def as_shown(value: Any) -> str:
    """A number of JSON as people read it: counts exactly, rates to a tenth of a percent."""
    if value is None:
        return "–"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value * 100:.0f} %" if value in (0, 1) else f"{value * 100:.1f} %"


@pytest.mark.parametrize(
    ("report", "caption", "columns"),
    [
        pytest.param(
            "completion",
            "Completion by conversation",
            ["sessions", "triggered", "engaged", "completed", "emails", "meetings"],
            id="completion",
        ),
        pytest.param(
            "abandonment",
            "Abandonment by conversation",
            ["engaged", "abandoned", "completed", "closed", "dropped", "left_queue"],
            id="abandonment",
            marks=pytest.mark.looks,
        ),
        pytest.param(
            "live-chat",
            "Live chat by agent",
            ["requests", "accepted", "missed"],
            id="live chat",
            marks=pytest.mark.looks,
        ),
    ],
)
def test_figures_of_the_dashboard_are_those_of_json(
    report: str, caption: str, columns: list[str]
) -> None:
    made = harness.run(report, SITE, "-f", "json", "-q").json
    titles = {each.name: each.title for each in reports.load_reports()[report].figures}

    (found,) = [
        each for each in page_tables(parse_page(page_of("summary", SITE))) if each[0] == caption
    ]

    _, headings, rows = found
    shown = [dict(zip(headings, row, strict=True)) for row in rows]
    for name in columns:
        assert [row[titles[name]] for row in shown] == [as_shown(r[name]) for r in made["rows"]]


def test_rates_of_enough_are_those_of_json() -> None:
    made = harness.run("completion", SITE, "--by", "week", "-f", "json", "-q").json

    ((_, headings, rows),) = page_tables(parse_page(page_of("completion", SITE, "--by", "week")))

    for name, title in (
        ("engagement_rate", "Engagement rate"),
        ("completion_rate", "Completion rate"),
    ):
        shown = [row[headings.index(title)] for row in rows]
        assert shown == [as_shown(row[name]) for row in made["rows"]]


def test_tiles_say_the_change_and_whether_chance_makes_such_ones() -> None:
    page = parse_page(page_of("summary", SITE, *OPTIONS))
    made = harness.run("completion", SITE, *OPTIONS, "-f", "json", "-q").json["total"]

    tiles = [text_of(each) for each in page.iter("li")]
    (tile,) = [each for each in tiles if each.startswith("Completion rate")]
    assert as_shown(made["completion_rate"]) in tile
    assert f"{made['completion_rate_change'] * 100:+.1f} points" in tile
    assert f"before {as_shown(made['completion_rate_before'])}" in tile
    assert made["verdict"] == "unclear"
    assert tile.endswith("may be chance")


@pytest.mark.looks
def test_what_is_beyond_chance_is_said() -> None:
    before = "".join(
        f"2026-11-03T09:00Z b{n} {'completed' if n < 90 else 'engaged'}\n" for n in range(100)
    )
    now = "".join(
        f"2026-11-10T09:00Z a{n} {'completed' if n < 40 else 'engaged'}\n" for n in range(100)
    )

    later = "2026-11-12T09:00Z z triggered"
    page = parse_page(page_of("summary", *OPTIONS, stdin=harness.log(before + now + later)))

    (tile,) = [t for t in map(text_of, page.iter("li")) if t.startswith("Completion rate")]
    assert "40.0 % of 100 -50.0 points, before 90.0 %" in tile
    assert tile.endswith("worse, by more than chance")


@pytest.mark.looks
def test_each_chart_has_its_table_and_its_command_runs() -> None:
    page = parse_page(page_of("summary", SITE, "--service-level", "30s"))

    blocks = [each for each in page.iter("div") if "has-charts" in (each.get("class") or "")]
    commands = [text_of(each) for each in page.iter("code")]
    assert len(blocks) >= 9
    assert all(list(block.iter("table")) and list(block.iter(f"{SVG}svg")) for block in blocks)
    for command in set(commands):
        result = harness.run(*command.split()[1:], "-q", "-f", "json")
        assert (result.status, result.err) == (0, ""), command


def test_a_page_says_what_its_columns_mean() -> None:
    text = texts_of("html", page_of("summary", SITE))

    for title in ("Abandonment rate", "Service level", "Left queue"):
        assert re.search(f"What the words mean.*{title}", text, re.DOTALL)


def test_figures_of_every_report_have_a_meaning() -> None:
    names = {
        each.name
        for report in reports.load_reports().values()
        for each in report.figures
        if not report.is_document and not (each.required_options or each.bounded_rate)
        if each.kind in ("count", "rate", "seconds")
    }

    assert names - {"rows"} <= set(MEANINGS)


# -- one file, which loads nothing -----------------------------------------------------------------


@pytest.mark.parametrize("report", REPORTS)
def test_a_page_loads_nothing_and_its_policy_allows_nothing(report: str) -> None:
    data = page_of(*harness.words(report), SITE / "dc.log")
    page = parse_page(data)

    links = [value for each in page.iter() for name, value in each.items() if name in LOADING]
    (style,) = [text_of(each) for each in page.iter("style")]
    (policy,) = [each.get("content") for each in page.iter("meta") if each.get("http-equiv")]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert all(re.fullmatch("#[a-z0-9-]+", link) for link in links)
    assert not {each.tag for each in page.iter()} & {"script", "img", "iframe", "link", "form"}
    assert "url(" not in style
    assert "@import" not in style
    assert f"default-src 'none'; style-src 'sha256-{digest}';" in policy
    ids = [each.get("id") for each in page.iter() if each.get("id")]
    assert len(ids) == len(set(ids))
    assert {link[1:] for link in links} <= set(ids)


LOADING = {"src", "href", "srcset", "action", "data", "poster", "style", "background"}


def test_the_same_input_options_and_clock_give_the_same_bytes() -> None:
    for format_ in ("html", "svg"):
        one, other = (harness.run("summary", SITE, "-f", format_, "-q").out for _ in range(2))
        assert one == other


def test_the_moment_of_making_is_the_clocks_or_that_of_the_environment() -> None:
    log = harness.log("09:00 a engaged")

    assert "Made 2026-12-01 00:00:00" in texts_of("html", page_of("completion", stdin=log))
    env = {"SOURCE_DATE_EPOCH": "1700000000"}
    text = texts_of("html", page_of("completion", stdin=log, env=env))
    assert "Made 2023-11-14 22:13:20" in text
    wrong = harness.run("completion", stdin=log, env={"SOURCE_DATE_EPOCH": "x"})
    assert (wrong.status, wrong.out) == (2, b"")
    assert wrong.err.startswith("dcevents: SOURCE_DATE_EPOCH: 'x' is no number of seconds")


@pytest.mark.looks
def test_ten_thousand_pages_make_no_page_of_ten_thousand_rows() -> None:
    one = b"".join(
        harness.log("09:00 SID triggered page=https://x.example/PAGE")
        .replace(b"SID", b"s%d" % n)
        .replace(b"PAGE", b"%d" % n)
        for n in range(2000)
    )

    report = page_of("completion", "--by", "page", stdin=one)
    dashboard = page_of("summary", stdin=one)

    assert len(page_rows(parse_page(report))) == 501
    assert "… 1,500 more" in texts_of("html", report)
    (pages,) = [
        rows for caption, _, rows in page_tables(parse_page(dashboard)) if "page" in caption
    ]
    assert len(pages) == 21
    assert pages[-1][:3] == ["1,980 others", "1,980", "1,980"]


# -- strangers' texts ------------------------------------------------------------------------------


@pytest.mark.parametrize("report", REPORTS)
def test_no_element_and_no_attribute_is_a_logs(report: str) -> None:
    """The page of hostile names has the elements of that of tame ones, and no others."""
    tame = [f"name {n}" for n in range(len(HOSTILE))]
    made, expected = (
        page_of(*harness.words(report), stdin=hostile_log(texts)) for texts in (HOSTILE, tame)
    )

    assert elements_of(made) <= elements_of(expected) | DRAWN
    assert not ACTING.search(made.decode())


ACTING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069]")
DRAWN = {(f"{SVG}path", "class", "d", "fill", "stroke-width")}
"""What a drawing has if rows lie at other places."""


def elements_of(data: bytes) -> set[tuple[str, ...]]:
    """The different elements of a page: tag, and names of attributes."""
    elements = [each for each in parse_page(data).iter() if isinstance(each.tag, str)]
    return {(each.tag, *sorted(each.keys())) for each in elements}


def test_names_are_on_the_page_as_the_log_has_them() -> None:
    log = hostile_log(HOSTILE[:2])

    rows = page_rows(parse_page(page_of("completion", "--by", "type", stdin=log)))

    assert sorted(row[0] for row in rows[:2]) == sorted(HOSTILE[:2])


def test_a_drawing_of_hostile_names_is_xml_without_anything_else() -> None:
    for report in ("completion", "live-chat", "meetings", "conversations"):
        result = harness.run(report, "-f", "svg", "-q", stdin=hostile_log(HOSTILE))
        assert result.status == 0
        assert texts_of("svg", result.out)


def test_a_day_without_any_event_is_marked() -> None:
    log = harness.log("2026-11-02T09:00Z a engaged\n2026-11-05T09:00Z b engaged")

    text = texts_of("html", page_of("completion", "--by", "day", stdin=log))

    assert "Brown stripes: 2 with nothing to count here." in text


def test_bounds_in_charts_change_no_other_format() -> None:
    frame = pl.DataFrame(harness.report(harness.log("09:00 a engaged"), "completion")["rows"])

    assert not [name for name in frame.columns if name.endswith(("_low", "_high", "_base"))]


@pytest.mark.parametrize(
    ("last", "section"),
    [
        pytest.param("2026-11-04", "Day by day", id="days"),
        pytest.param("2025-01-01", "Week by week", id="more than a year"),
        pytest.param("2016-01-01", "Month by month", id="one clock that is ten years behind"),
    ],
)
def test_long_times_have_wider_rows_and_no_day_is_missing(last: str, section: str) -> None:
    log = harness.log(f"2026-11-02T09:00Z a engaged\n{last}T09:00Z b engaged")

    page = parse_page(page_of("summary", stdin=log))

    (caption, _, rows) = next(page_tables(page))
    total = next(text_of(each) for each in page.iter("tfoot"))
    assert section in [text_of(each) for each in page.iter("h2")]
    assert caption == f"Completion by {section.split(maxsplit=1)[0].lower()}"
    assert sum(int(row[1]) for row in rows) == 2
    assert total.startswith("Total22")
    assert len(rows) <= 400


def test_what_has_no_time_has_no_place_in_a_chart_in_time_but_in_its_table() -> None:
    log = harness.log("2026-11-06T09:00Z a engaged\n2026-11-08T09:00Z b engaged\n- c engaged")

    result = harness.run("completion", "--by", "day", "-f", "html", stdin=log)

    ((*_, rows),) = page_tables(parse_page(result.out))
    assert [row[0] for row in rows] == ["2026-11-06", "2026-11-07", "2026-11-08", "–"]
    text = texts_of("html", result.out)
    assert "Grey stripes are weekends. Brown stripes: 1 with nothing to count here." in text


def test_days_stay_in_order_and_whole_where_others_are_sorted_and_cut() -> None:
    options = ["--sort", "engaged:asc", "--top", "2"]

    tables = {
        each[0]: each[2] for each in page_tables(parse_page(page_of("summary", SITE, *options)))
    }

    days = [row[0] for row in tables["Completion by day"]]
    assert days == sorted(days)
    assert len(days) == 14
    assert len(tables["Live chat by agent"]) == 3, "and how many more"


def test_rows_that_are_sorted_by_a_figure_are_no_line_in_time() -> None:
    result = harness.run("completion", SITE, "--by", "day", "--sort", "engaged", "-f", "svg", "-q")

    texts = texts_of("svg", result.out)
    assert texts.index("2026-11-03") < texts.index("2026-11-11")
    assert "- - - all: 39.6 %" in texts
