"""The dashboard: what the page of the summary shows beside its three tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import polars as pl

from dcevents.analysis.arrangement import keep_first_rows
from dcevents.reports import abandonment, completion, funnel, live_chat, meetings, usage
from dcevents.reports._metrics import TIME_KEYS
from dcevents.reports._summary import build_headline
from dcevents.show import format_duration
from dcevents.tables import ESSENTIAL, Chart, Column, Table

if TYPE_CHECKING:
    from dcevents.analysis.view import View
    from dcevents.reports._report import Option, Report

_MAX_PART_ROWS: Final = 50
"""Rows of a table that is not by time; CSV has them all."""
_MAX_PAGES: Final = 20
_MAX_BUCKETS: Final = 400
"""Days up to which there is a row for each; else weeks, likewise; else there is one for a month."""
_TIME_SECTIONS: Final = {"day": "Day by day", "week": "Week by week", "month": "Month by month"}
_DAY_MS: Final = 86_400_000
_OPTION_NAMES: Final[dict[Option, str]] = {
    "service_level": "--service-level",
    "idle": "--idle",
    "keep_query": "--keep-query",
}
_WAIT_SPANS: Final = (0, 10, 20, 30, 45, 60, 90, 120, 180, 300)
"""Seconds at which spans of waits begin; the last span is open."""


@dataclass(frozen=True)
class _Part:
    """A table of the dashboard: of which report, by what, and with which columns and charts."""

    section: str
    report: Report
    by: tuple[str, ...]
    charts: tuple[Chart, ...]
    columns: tuple[str, ...] = ()
    """Figures that are shown; none for all."""
    rows: int = _MAX_PART_ROWS


_LIVE_CHAT: Final = "Live chat"
_CONTACTS: Final = "Contacts and meetings"


_COMPLETION_FIGURES: Final = (
    "sessions",
    "triggered",
    "engaged",
    "engagement_rate",
    "completed",
    "completion_rate",
    "emails",
    "meetings",
)
_PARTS: Final = (
    _Part(
        "How conversations end",
        completion.REPORT,
        ("conversation",),
        (Chart("rates", ("completion_rate",)), Chart("rates", ("engagement_rate",))),
        (*_COMPLETION_FIGURES, "median_seconds_to_complete"),
    ),
    _Part(
        "How conversations end",
        abandonment.REPORT,
        ("conversation",),
        (abandonment.ENDINGS_CHART, Chart("rates", ("abandonment_rate",))),
        ("engaged", "abandoned", "abandonment_rate", *abandonment.ENDINGS_CHART.figures),
    ),
    _Part(
        "Where they are left",
        abandonment.REPORT,
        ("last-step",),
        (Chart("counts", ("abandoned", "abandoned_with_contact")),),
        ("abandoned", "share", "abandoned_with_contact", "median_seconds_to_abandon"),
    ),
    _Part("From step to step", funnel.REPORT, ("all",), funnel.CHARTS),
    _Part(
        _LIVE_CHAT,
        live_chat.REPORT,
        ("hour", "weekday"),
        (Chart("heat", ("requests", "missed")),),
        ("requests", "accepted", "acceptance_rate", "missed", "left", "median_wait_seconds"),
        rows=24 * 7,
    ),
    _Part(
        _LIVE_CHAT,
        live_chat.REPORT,
        ("agent",),
        (Chart("rates", ("acceptance_rate",)), Chart("counts", ("requests", "missed"))),
    ),
    _Part(
        _CONTACTS,
        completion.REPORT,
        ("type",),
        (Chart("counts", ("emails",)),),
        ("engaged", "emails", "conversion_rate", "phones", "meetings"),
    ),
    _Part(_CONTACTS, meetings.REPORT, ("agent",), (Chart("counts", ("meetings",)),)),
    _Part(
        "Pages",
        completion.REPORT,
        ("page",),
        (Chart("counts", ("triggered", "engaged")), Chart("rates", ("completion_rate",))),
        _COMPLETION_FIGURES,
        rows=_MAX_PAGES,
    ),
    _Part("The package", usage.REPORT, ("month",), ()),
)


def make_dashboard(view: View, made: Sequence[Table], options: Sequence[Option]) -> list[Table]:
    """Return the tables of the page in its order; those `made` already are among them."""
    known = {(table.name, tuple(table.by)): table for table in made}
    tables = []
    for part in (*_list_time_parts(_choose_time_key(view)), *_PARTS):
        table = known.get((part.report.name, part.by))
        if table is None:
            (table,) = part.report.make_tables(view, part.by)
        if part.by == ("page",):
            table = _join_rest(table, part, view)
        tables.append(_prepare_table(table, part, options))
        if part.by == ("agent",) and part.report is live_chat.REPORT:
            tables.append(_count_waits(view, options))
    # What nobody has asked for, or booked, needs no place.
    shown = [each for each in tables if not each.rows.is_empty() or each.name in _ALWAYS_SHOWN]
    # Without the lines of changes, which stand beside the figures of a page.
    shown[0].headline = build_headline(*(table.total or {} for table in made))
    return shown


_ALWAYS_SHOWN: Final = ("completion", "abandonment")


def _list_time_parts(time_key: str) -> Iterator[_Part]:
    """Yield what is shown day by day, or week by week."""
    rates = ("engagement_rate", "completion_rate")
    yield _Part(
        _TIME_SECTIONS[time_key],
        completion.REPORT,
        (time_key,),
        tuple(Chart("rates", (name,)) for name in rates),
        ("sessions", "triggered", "engaged", "engagement_rate", "completed", "completion_rate"),
        rows=_MAX_BUCKETS,
    )
    yield _Part(
        _TIME_SECTIONS[time_key],
        abandonment.REPORT,
        (time_key,),
        (Chart("rates", ("abandonment_rate",)), abandonment.ENDINGS_CHART),
        ("engaged", "abandoned", "abandonment_rate", *abandonment.ENDINGS_CHART.figures),
        rows=_MAX_BUCKETS,
    )


def _choose_time_key(view: View) -> str:
    """Return the key of which there are not too many rows, whatever years a log spans."""
    days = _count_days(view)
    if days <= _MAX_BUCKETS:
        return "day"
    return "week" if days <= _MAX_BUCKETS * 7 else "month"


def _count_days(view: View) -> int:
    """Return about how many days the report has."""
    window = view.settings.window
    first, last = view.log.facts.earliest_ms, view.log.facts.latest_ms
    since = first if window.since is None else window.since
    until = last if window.until is None else window.until
    return 0 if since is None or until is None else (until - since) // _DAY_MS


def _prepare_table(table: Table, part: _Part, options: Sequence[Option]) -> Table:
    """Return a table with what the dashboard shows of it."""
    if part.by != ("page",) and part.by[0] not in TIME_KEYS:
        table = keep_first_rows(table, part.rows)
    if part.columns and table.simplify is None:
        columns = {each.name: each for each in table.columns}
        shown = [columns[name] for name in (*table.keys, *part.columns) if name in columns]
        table = replace(table, columns=[*dict.fromkeys(shown)])
    words = [word for key in part.by for word in ("--by", key)]
    has_by = bool(part.report.by_keys)
    return replace(
        table,
        charts=part.charts or table.charts,
        section=part.section,
        is_in_order=part.by[0] in TIME_KEYS,
        command=(part.report.name, *(words if has_by else ())),
        unfit_options=_list_unfit_options(part.report, options),
        headline=(),
    )


def _join_rest(table: Table, part: _Part, view: View) -> Table:
    """Return the first rows of a table by page, and one for all other pages together."""
    first = keep_first_rows(table, part.rows)
    pages = first.rows["page"].drop_nulls().to_list()
    if not first.hidden_rows:
        return first
    (rest,) = part.report.make_tables(replace(view, left_out={"page": pages}), ("all",))
    label = pl.lit(f"{first.hidden_rows:,} others").alias("page")
    row = rest.rows.with_columns(label).select(first.rows.columns)
    return replace(first, rows=first.rows.vstack(row), hidden_rows=0)


def _list_unfit_options(report: Report, options: Sequence[Option]) -> list[str]:
    return [
        name
        for option, name in _OPTION_NAMES.items()
        if option in options and option not in report.options
    ]


def _count_waits(view: View, options: Sequence[Option]) -> Table:
    """Return how many accepted requests waited how long, in spans."""
    waits = view.select_attempts(())["wait"].drop_nulls()
    starts = [each * 1000 for each in _WAIT_SPANS]
    ends = [*starts[1:], None]
    counts = [
        waits.filter((waits >= start) & ((waits < end) if end is not None else True)).len()
        for start, end in zip(starts, ends, strict=True)
    ]
    labels = [
        f"{start // 1000}–{end // 1000} s" if end else f"{start // 1000} s and more"
        for start, end in zip(starts, ends, strict=True)
    ]
    rows = pl.DataFrame({"wait": labels, "accepted": counts})
    if not waits.len():
        rows = rows.clear()
    level = view.settings.service_level_ms
    inside = int((waits <= level).sum())
    note = (
        f"{inside:,} of {waits.len():,} known waits are within {format_duration(level / 1000)}, "
        "the service level's limit."
    )
    return Table(
        "waits",
        [
            Column("wait", "word", "Wait", ESSENTIAL),
            Column("accepted", "count", "Accepted requests", ESSENTIAL),
        ],
        rows,
        ("wait",),
        keys=["wait"],
        charts=[Chart("spread", ("accepted",), _find_place(level), "the service level's limit")],
        section=_LIVE_CHAT,
        is_in_order=True,
        command=(live_chat.REPORT.name, "--by", "all"),
        unfit_options=_list_unfit_options(live_chat.REPORT, options),
        notes=[note],
    )


def _find_place(level: int) -> float:
    """Return where a wait lies among the spans."""
    starts = [each * 1000 for each in _WAIT_SPANS]
    place = sum(1 for start in starts if start <= level) - 1
    if place >= len(starts) - 1:
        return float(len(starts) - 1)
    return place + (level - starts[place]) / (starts[place + 1] - starts[place])
