"""Two windows side by side, the funnel, meetings and usage, against the naive model."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import naive
import naive_compare
import naive_reports
import pytest
from choosing import try_examples
from compare import NOW, analyse, differences, rows, same, total
from histories import KEYS, START, histories, line
from hypothesis import given
from hypothesis import strategies as st

from dcevents.settings import Window

DAY_MS = 86_400_000
ZONES = ["UTC", "Europe/Berlin", "Asia/Kathmandu", "America/St_Johns"]
COMPARED = ["completion", "abandonment", "live-chat", "funnel", "meetings"]
MAIN_RATES = {
    "completion": "completion_rate",
    "abandonment": "abandonment_rate",
    "live-chat": "acceptance_rate",
}
NOT_BY = {
    "completion": ("agent", "last-step"),
    "abandonment": ("agent",),
    "live-chat": ("last-step",),
    "funnel": ("agent", "last-step"),
    "meetings": ("last-step",),
}


def keys_of(report: str) -> list[tuple[str, ...]]:
    """The keys that a report has."""
    return [by for by in KEYS if not set(by) & set(NOT_BY[report])]


@st.composite
def two_windows(draw: st.DrawFn) -> tuple[tuple[int, int], tuple[int, int]]:
    """Two windows that do not overlap, around the histories' days, of any length."""
    edges = [START + days * DAY_MS + ms for days in range(-3, 8) for ms in (0, 1, 40_000_000)]
    cuts = sorted(draw(st.lists(st.sampled_from(edges), min_size=4, max_size=4, unique=True)))
    early, late = (cuts[0], cuts[1]), (cuts[2], cuts[3])
    return (early, late) if draw(st.booleans()) else (late, early)


def spread(history: list[dict[str, Any]], days: list[int]) -> list[dict[str, Any]]:
    """A history whose sessions' events lie on several days, under sessions of their own."""
    found = []
    for number, event in enumerate(history):
        day = days[number % len(days)]
        ts = event["ts"]
        moved = None if ts is None else ts + day * DAY_MS
        found.append({**event, "ts": moved, "sid": f"{event['sid']}-{day}"})
    return found


@pytest.mark.parametrize("report", COMPARED)
@given(history=histories(), data=st.data())
@try_examples(6)
def test_a_comparison_has_the_model_s_figures(
    report: str, history: list[dict[str, Any]], data: st.DataObject
) -> None:
    days = data.draw(st.lists(st.integers(-2, 3), min_size=2, max_size=4))
    log = b"".join(map(line, spread(history, days)))
    spans = data.draw(two_windows())
    by = list(data.draw(st.sampled_from(keys_of(report))))
    tz = data.draw(st.sampled_from(ZONES))
    model = naive.read([("a.log", log)], now_ms=NOW)
    with TemporaryDirectory() as folder:
        view = analyse(
            [("a.log", log)],
            Path(folder),
            window=Window(*spans[0]),
            compared=Window(*spans[1]),
            tz=tz,
        )

        expected = naive_compare.rows(model, report, by, tz, spans)
        assert differences(expected, rows(view, report, by)) == []
        if report != "funnel":
            figures, actual = naive_compare.total(model, report, spans, by), total(view, report, by)
            wrong = {k: (v, actual[k]) for k, v in figures.items() if not same(v, actual[k])}
            assert wrong == {}
            if figures.get("mix_change") is not None:
                parts = actual["mix_change"] + actual["within_change"]
                assert same(actual[f"{MAIN_RATES[report]}_change"], parts)


@pytest.mark.parametrize("report", ["funnel", "meetings"])
@given(history=histories(), data=st.data())
@try_examples(6)
def test_the_report_has_the_model_s_figures(
    report: str, history: list[dict[str, Any]], data: st.DataObject
) -> None:
    log = b"".join(map(line, history))
    by = list(data.draw(st.sampled_from(keys_of(report))))
    tz = data.draw(st.sampled_from(ZONES))
    model = naive.read([("a.log", log)], now_ms=NOW)
    with TemporaryDirectory() as folder:
        view = analyse([("a.log", log)], Path(folder), tz=tz)

        expected = getattr(naive_reports, report)(model, by, tz)
        assert differences(expected, rows(view, report, by)) == []
        if report == "meetings":
            figures = naive_reports.meetings_total(model)
            actual = total(view, report, by)
            assert {k: v for k, v in figures.items() if not same(v, actual[k])} == {}


@given(history=histories(), data=st.data())
@try_examples(8)
def test_usage_has_the_model_s_figures(history: list[dict[str, Any]], data: st.DataObject) -> None:
    days = data.draw(st.lists(st.integers(-40, 20), min_size=1, max_size=6))
    log = b"".join(map(line, spread(history, days)))
    tz = data.draw(st.sampled_from(ZONES))
    package, limit = data.draw(st.sampled_from(["select", "prime"])), data.draw(st.integers(1, 30))
    as_of = data.draw(st.none() | st.integers(-10, 30).map(lambda day: START + day * DAY_MS))
    since = data.draw(st.none() | st.integers(-45, 0).map(lambda day: START + day * DAY_MS))
    model = naive.read([("a.log", log)], now_ms=NOW, as_of_ms=as_of)
    with TemporaryDirectory() as folder:
        view = analyse(
            [("a.log", log)],
            Path(folder),
            tz=tz,
            as_of=as_of,
            window=Window(since, None),
            package=package,
            package_limit=limit,
        )

        expected = naive_reports.usage(model, tz, package, limit, since_ms=since)
        assert differences(expected, rows(view, "usage", ("month",))) == []
