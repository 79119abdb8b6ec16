"""The options, declared once, and what they come to: `Settings` and `Target`. Only click here."""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import click

from dcevents import render, times
from dcevents.errors import UsageError
from dcevents.reports._base import Report
from dcevents.settings import Settings, Window

Decorator = Callable[[Any], Any]


@dataclass(frozen=True)
class Target:
    """Where a report goes and how it is written."""

    format: render.Format
    output: str | None
    quiet: bool
    excel: bool
    guard: bool
    delimiter: str


def for_report(report: Report) -> list[Decorator]:
    """The decorators of a report's command, in the order in which `--help` shows the options."""
    return [
        # Not readable: that is no wrong usage, and `sources` says it.
        click.argument("source", nargs=-1, type=click.Path(readable=False, path_type=str)),
        *([_by(report)] if report.by else []),
        *_WINDOW,
        *(_FILTERS[name] for name in report.filters),
        *_MEANING,
        *_OUTPUT,
    ]


def _by(report: Report) -> Decorator:
    return click.option(
        "--by",
        multiple=True,
        type=click.Choice(report.by),
        metavar="KEY",
        help=f"A row for each of these, repeatable: {', '.join(report.by)}.  [default: {report.default_by}]",
    )


_WINDOW = (
    click.option("--since", metavar="TIME", help="Started then or later: 2026-11-02, yesterday, 7d, an ISO time."),
    click.option("--until", metavar="TIME", help="Started before then."),
    click.option("--period", metavar="P", help="Started in: yesterday, last-week, 2026-11-02, 2026-W45, 2026-10."),
    click.option(
        "--tz", metavar="ZONE", envvar="DCEVENTS_TZ", default="UTC", help="Time zone, as Europe/Berlin.  [UTC]"
    ),
)

_FILTERS = {
    "conversation": click.option(
        "--conversation", multiple=True, metavar="X", help="Only this conversation: name, id or pattern."
    ),
    "type": click.option("--type", "type_", multiple=True, metavar="X", help="Only this type, as dialogue."),
    "ui_type": click.option("--ui-type", multiple=True, metavar="X", help="Only this UI type, as popup."),
    "page": click.option(
        "--page", multiple=True, metavar="X", help="Only those that started on this page, as */pricing."
    ),
    "agent": click.option("--agent", multiple=True, metavar="X", help="Only this agent's: name, id or pattern."),
    "outcome": click.option("--outcome", multiple=True, metavar="X", help="Only this outcome, as dropped."),
}

_MEANING = (
    click.option("--as-of", metavar="TIME", help="The report as it was then, or now.  [the latest event]"),
    click.option("--idle", metavar="D", default="30m", help="Silence after which nothing is open.  [30m]"),
    click.option("--service-level", metavar="D", default="60s", help="A wait within it is in time.  [60s]"),
    click.option("--keep-query", is_flag=True, help="Keep query and fragment of pages."),
)

_OUTPUT = (
    click.option(
        "-f", "--format", metavar="F", envvar="DCEVENTS_FORMAT", help="table, csv, tsv, json, ndjson, markdown."
    ),
    click.option("-o", "--output", metavar="FILE", help="Replace this file; {date} in it is the first day."),
    click.option("-q", "--quiet", is_flag=True, help="Messages only about failures and cut-off inputs."),
    click.option("--excel", is_flag=True, help="CSV that spreadsheets open at a double click."),
    click.option("--delimiter", metavar="C", default=",", help="Between cells of CSV.  [,]"),
    click.option("--no-formula-guard", is_flag=True, help="No ' before text that spreadsheets take for a formula."),
)


def settings(report: Report, given: Mapping[str, Any]) -> Settings:
    """What the options mean. Raises UsageError for what means nothing."""
    tz = _zone(given["tz"])
    clock = int(time.time() * 1000)
    as_of = None if given["as_of"] is None else times.instant(given["as_of"], clock, tz, "--as-of")
    now = clock if as_of is None else as_of
    by = tuple(dict.fromkeys(given.get("by") or ([report.default_by] if report.default_by else [])))
    if "all" in by and len(by) > 1:
        raise UsageError("--by all is one row: it goes with no other --by")
    names = {"conversation": "conversation", "type": "type_", "ui_type": "ui_type", "page": "page"}
    names |= {"agent": "agent", "outcome": "outcome"}
    filters = {column: tuple(given[name]) for column, name in names.items() if given.get(name)}
    for outcome in filters.get("outcome", ()):
        if not any(fnmatchcase(known, outcome) for known in report.outcomes):
            raise UsageError(f"--outcome: '{outcome}' is none of {', '.join(report.outcomes)}")
    return Settings(
        now=clock,
        tz=tz,
        by=by,
        window=_window(given, now, tz),
        as_of=as_of,
        idle_ms=_duration(given["idle"], "--idle"),
        service_level_ms=_duration(given["service_level"], "--service-level"),
        keep_query=given["keep_query"],
        filters=filters,
    )


def target(given: Mapping[str, Any], config: Settings) -> Target:
    """Where the report goes. Raises UsageError."""
    formats = render.load()
    output = given["output"]
    if output == "":
        raise UsageError("--output: '' is no file name; is a variable empty?")
    if output is not None:
        first = config.now if config.window.since is None else config.window.since
        output = output.replace("{date}", times.moment(first, config.tz).date().isoformat())
    name = given["format"] or ("csv" if given["excel"] else _by_ending(output, formats))
    if name not in formats:
        raise UsageError(f"--format: '{name}' is none of {', '.join(formats)}")
    if given["excel"] and name != "csv":
        raise UsageError(f"--excel is CSV: it does not go with --format {name}")
    if len(given["delimiter"]) != 1 or given["delimiter"] in '"\r\n':
        raise UsageError("--delimiter takes one character, and no quote or line end")
    if given["delimiter"] != "," and name != "csv":
        raise UsageError(f"--delimiter is for CSV: it does not go with --format {name}")
    return Target(
        formats[name], output, given["quiet"], given["excel"], not given["no_formula_guard"], given["delimiter"]
    )


def _by_ending(output: str | None, formats: Mapping[str, render.Format]) -> str:
    ending = os.path.splitext(output)[1].lower() if output else ""
    return next((each.name for each in formats.values() if ending in each.suffixes), "table")


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        near = [zone for zone in sorted(available_timezones()) if name and zone.lower().endswith(name.lower())][:1]
        hint = f"did you mean {near[0]}?" if near else "write one as Europe/Berlin"
        raise UsageError(f"--tz: no time zone '{name}'; {hint}") from error


def _duration(text: str, option: str) -> int:
    found = times.duration_ms(text)
    if found is None:
        raise UsageError(f"{option}: '{text}' is no duration; write 60s, 30m, 24h or 7d")
    return found


def _window(given: Mapping[str, Any], now: int, tz: ZoneInfo) -> Window:
    if given["period"] is not None:
        if given["since"] is not None or given["until"] is not None:
            raise UsageError("--period is --since and --until at once: give it alone")
        return times.period(given["period"], now, tz)
    since, until = (
        None if given[name] is None else times.instant(given[name], now, tz, f"--{name}") for name in ("since", "until")
    )
    if since is not None and until is not None and since >= until:
        raise UsageError("--since is not before --until: no time is left between them")
    return Window(since, until)
