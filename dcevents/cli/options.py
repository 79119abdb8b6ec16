"""The options, declared once, and what they come to: `Settings` and `Target`. Only click here."""

import os
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import click

from dcevents import render, snippet, times
from dcevents.analysis import alerts
from dcevents.cli import config
from dcevents.errors import UsageError
from dcevents.reports._report import Report
from dcevents.settings import Alert, IngestSettings, Settings, Tolerance, Window

Decorator = Callable[[Any], Any]


@dataclass(frozen=True)
class OutputSettings:
    """Where a report goes and how it is written."""

    format: render.Format
    output_file: str | None
    rejects_file: str | None
    is_quiet: bool
    excel: bool
    guards_formulas: bool
    delimiter: str


def _is_utf8(name: str) -> bool:
    """Whether it is UTF-8."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def check_store_name(
    _context: click.Context, _param: click.Parameter, value: str | None
) -> str | None:
    """The folder of a store. Raises UsageError for a name that not all that reads it can open."""
    if value is not None and not _is_utf8(value):
        raise UsageError(
            f"--store: {os.fsencode(value)!r} is no text in UTF-8; name another folder"
        )
    return value


SNIPPET_OPTIONS: Sequence[Decorator] = (
    click.option(
        "--endpoint",
        metavar="URL",
        required=True,
        help="Where events are sent: /dc-events, or elsewhere.",
    ),
    click.option(
        "--external",
        is_flag=True,
        help="The script alone, for a file; else with <script> around it.",
    ),
    click.option("--keep-query", is_flag=True, help="Send query and fragment of pages."),
    click.option(
        "--with-meeting-info",
        is_flag=True,
        help="Send what was booked, too; it may name the visitor.",
    ),
    click.option(
        "--consent", metavar="EXPR", help="JavaScript: only while it is true, events are sent."
    ),
    click.option(
        "--forward",
        multiple=True,
        type=click.Choice(list(snippet.FORWARDS)),
        metavar="TO",
        help=f"Call this as well for each event, repeatable: {', '.join(snippet.FORWARDS)}.",
    ),
)
"""The options of `snippet`, in the order in which `--help` shows them."""


def build_report_options(report: Report) -> list[Decorator]:
    """The decorators of a report's command, in the order in which `--help` shows the options."""
    formats = select_formats(report)
    wanted = {
        "format": _make_format_option(formats),
        **_OUTPUT_OPTIONS,
        **(_CSV_OPTIONS if "csv" in formats else {}),
    }
    return [
        *(click.argument(name) for name in report.operands),
        # Not readable: that is no wrong usage, and `sources` says it.
        click.argument("source", nargs=-1, type=click.Path(readable=False, path_type=str)),
        *([_make_by_option(report)] if report.by_keys else []),
        *(_WINDOW_OPTIONS if "window" not in report.without else ()),
        _TZ_OPTION,
        *(_FILTER_OPTIONS[name] for name in report.filters),
        *(option for name, option in _MEANING_OPTIONS.items() if name not in report.without),
        *([_INTERVALS_OPTION] if report.rated else []),
        *wanted.values(),
        *_REJECTS_OPTIONS,
        _STORE_OPTION,
        _STALE_OPTION,
        *([_FAIL_IF_OPTION] if report.figures or report.parts else []),
        *([_MIN_BASE_OPTION] if report.rated else []),
        *_make_map_options(shown=report.shows_map),
        *([_SHOW_MAP_OPTION] if report.shows_map else []),
    ]


def select_formats(report: Report) -> dict[str, render.Format]:
    """The formats that a report is offered in, by name."""
    return {
        name: each
        for name, each in render.load_formats().items()
        if each.write_document or not report.is_document
    }


def _make_format_option(formats: Iterable[str]) -> Decorator:
    return click.option(
        "-f", "--format", metavar="F", envvar="DCEVENTS_FORMAT", help=f"{', '.join(formats)}."
    )


def _make_by_option(report: Report) -> Decorator:
    return click.option(
        "--by",
        multiple=True,
        type=click.Choice(report.by_keys),
        metavar="KEY",
        help=f"A row for each of these, repeatable: {', '.join(report.by_keys)}.  [default: {report.default_by}]",
    )


_WINDOW_OPTIONS = (
    click.option(
        "--since", metavar="TIME", help="Started then or later: 2026-11-02, yesterday, 7d."
    ),
    click.option("--until", metavar="TIME", help="Started before then."),
    click.option(
        "--period", metavar="P", help="Started in: yesterday, last-week, 2026-W45, 2026-10."
    ),
)
_TZ_OPTION = click.option(
    "--tz",
    metavar="ZONE",
    envvar="DCEVENTS_TZ",
    default="UTC",
    help="Time zone, as Europe/Berlin.  [UTC]",
)

_FILTER_OPTIONS = {
    "conversation": click.option(
        "--conversation",
        multiple=True,
        metavar="X",
        help="Only this conversation: name, id or pattern.",
    ),
    "type": click.option(
        "--type", "type_", multiple=True, metavar="X", help="Only this type, as dialogue."
    ),
    "ui_type": click.option(
        "--ui-type", multiple=True, metavar="X", help="Only this UI type, as popup."
    ),
    "page": click.option(
        "--page",
        multiple=True,
        metavar="X",
        help="Only those that started on this page, as */pricing.",
    ),
    "agent": click.option(
        "--agent", multiple=True, metavar="X", help="Only this agent's: name, id or pattern."
    ),
    "outcome": click.option(
        "--outcome", multiple=True, metavar="X", help="Only this outcome, as dropped."
    ),
}

_MEANING_OPTIONS = {
    "as_of": click.option(
        "--as-of", metavar="TIME", help="The report as it was then, or now.  [the latest event]"
    ),
    "idle": click.option(
        "--idle", metavar="D", default="30m", help="Silence after which nothing is open.  [30m]"
    ),
    "service_level": click.option(
        "--service-level", metavar="D", default="60s", help="A wait within it is in time.  [60s]"
    ),
    "keep_query": click.option(
        "--keep-query", is_flag=True, help="Keep query and fragment of pages."
    ),
}

_OUTPUT_OPTIONS = {
    "output": click.option(
        "-o", "--output", metavar="FILE", help="Replace this file; {date} in it is the first day."
    ),
    "quiet": click.option(
        "-q", "--quiet", is_flag=True, help="Messages only about failures and cut-off inputs."
    ),
}
_INTERVALS_OPTION = click.option(
    "--intervals", is_flag=True, help="Each rate with the bounds of its 95 % interval."
)
_CSV_OPTIONS = {
    "excel": click.option(
        "--excel", is_flag=True, help="CSV that spreadsheets open at a double click."
    ),
    "delimiter": click.option(
        "--delimiter", metavar="C", default=",", help="Between cells of CSV.  [,]"
    ),
    "guard": click.option(
        "--no-formula-guard",
        is_flag=True,
        help="No ' before text that spreadsheets take for a formula.",
    ),
}


_REJECTS_OPTIONS = (
    click.option(
        "--rejects", metavar="FILE", help="Put rejected lines there, with file, line and reason."
    ),
    click.option(
        "--max-rejects",
        metavar="N",
        help="If more are rejected (5, 5% or 0.05): no report, exit 3.",
    ),
    click.option(
        "--strict", is_flag=True, help="--max-rejects 0; unknown events, cut-off inputs count."
    ),
)


_STORE_OPTION = click.option(
    "--store",
    metavar="DIR",
    envvar="DCEVENTS_STORE",
    callback=check_store_name,
    help="A store, in place of SOURCE or beside it.",
)
_STALE_OPTION = click.option(
    "--stale", metavar="D", help="Exit 4 if it took in nothing for longer: 26h."
)
_FAIL_IF_OPTION = click.option(
    "--fail-if",
    multiple=True,
    metavar="RULE",
    help='Exit 4 if a row or total is: "METRIC < 5"; repeatable.',
)
_MIN_BASE_OPTION = click.option(
    "--min-base", metavar="N", help="--fail-if passes over rates of fewer than N."
)


def _make_map_options(*, shown: bool) -> list[Decorator]:
    """Where events are. Few need it: one command shows it in its help, so that the others' fit a screen."""
    hidden = not shown
    return [
        click.option(
            "--map",
            "paths",
            multiple=True,
            metavar="PART=PATH",
            hidden=hidden,
            help="Where it is: event=body.kind; repeatable. Reports, too.",
        ),
        click.option(
            "--map-event",
            "names",
            multiple=True,
            metavar="NAME=KIND",
            hidden=hidden,
            help='What is meant: "Chat Opened=engaged". Reports, too.',
        ),
        click.option(
            "--config",
            metavar="FILE",
            envvar="DCEVENTS_CONFIG",
            hidden=hidden,
            help="TOML with a [map] of these. Reports, too.",
        ),
    ]


_SHOW_MAP_OPTION = click.option(
    "--show-map", is_flag=True, help="Print what was recognised, as a [map] for --config."
)

_WORKBOOK_SUFFIXES = (".xlsx", ".xls", ".ods", ".numbers")
_SHARE_PATTERN = re.compile(r"([0-9]{1,3})(?:\.([0-9]{1,15}))?%|0?\.([0-9]{1,15})")


def build_ingest_options() -> list[Decorator]:
    """The options of `ingest`, in the order in which `--help` shows them."""
    return [
        click.argument("source", nargs=-1, type=click.Path(readable=False, path_type=str)),
        _WRITTEN_STORE_OPTION,
        *(click.option(*names, **how) for names, how in _INGEST_OPTIONS),
        _OUTPUT_OPTIONS["quiet"],
        *_REJECTS_OPTIONS,
        _TZ_OPTION,
        _MEANING_OPTIONS["idle"],
        _LOCK_WAIT_OPTION,
        *_make_map_options(shown=True),
    ]


def build_store_options(name: str) -> list[Decorator]:
    """The options of a command of `store`."""
    return [
        click.argument("directory", metavar="DIR", envvar="DCEVENTS_STORE"),
        *([_LOCK_WAIT_OPTION] if name == "compact" else []),
    ]


def read_clock() -> int:
    """Milliseconds since 1970, now."""
    return int(time.time() * 1000)


_WRITTEN_STORE_OPTION = click.option(
    "--store",
    metavar="DIR",
    envvar="DCEVENTS_STORE",
    required=True,
    callback=check_store_name,
    help="The store; made if it is not there.",
)
_LOCK_WAIT_OPTION = click.option(
    "--lock-wait", metavar="D", default="0s", help="Wait for another run that long: 60s.  [0s]"
)
_INGEST_OPTIONS: Sequence[tuple[Sequence[str], dict[str, Any]]] = (
    (("--changes",), {"is_flag": True, "help": "Print which days had final figures that moved."}),
    (
        ("--keep-events",),
        {"is_flag": True, "help": "Begin a store that keeps each line's event."},
    ),
    (
        ("--dedupe-window",),
        {"metavar": "D", "help": "Duplicates are told for so long, or longer.  [30d]"},
    ),
    (
        ("--forget",),
        {"metavar": "SID", "multiple": True, "help": "Remove this session, for good; repeatable."},
    ),
    (("--keep",), {"metavar": "AGE", "help": "Remove what ended longer ago: 25months, 90d."}),
    (("--again",), {"is_flag": True, "help": "Read all logs from their beginning."}),
)
_AGE_PATTERN = re.compile("([1-9][0-9]{0,3})(d|w|months?|years?)")
_DEFAULT_DEDUPE_WINDOW = "30d"


def parse_ingest_settings(given: Mapping[str, Any]) -> IngestSettings:
    """What the options of `ingest` mean. Raises UsageError."""
    tz, now = _parse_zone(given["tz"]), read_clock()
    if not given["store"]:
        raise UsageError("--store: '' is no folder name; is a variable empty?")
    for sid in given["forget"]:
        if not sid or not _is_utf8(sid):
            raise UsageError(
                f"--forget: '{sid}' is no sid" + ("; is a variable empty?" if not sid else "")
            )
    paths, meanings = config.read_map(given["paths"], given["names"], given["config"])
    return IngestSettings(
        store=given["store"],
        clock_ms=now,
        tz=tz,
        idle_ms=parse_duration(given["idle"], "--idle"),
        rejects_file=_parse_file_name(given["rejects"], "--rejects", Settings(now, tz)),
        is_quiet=given["quiet"],
        tolerance=_parse_tolerance(given["max_rejects"], strict=given["strict"]),
        mapped_paths=paths,
        mapped_names=meanings,
        keeps_events=given["keep_events"],
        prints_changes=given["changes"],
        reads_again=given["again"],
        lock_wait_ms=parse_duration(given["lock_wait"], "--lock-wait"),
        forgotten_sids=tuple(given["forget"]),
        keep_from_ms=_parse_keep(given, now, tz),
    )


def _parse_keep(given: Mapping[str, Any], now: int, tz: ZoneInfo) -> int | None:
    """The moment before which nothing is to be kept."""
    window = parse_duration(given["dedupe_window"] or _DEFAULT_DEDUPE_WINDOW, "--dedupe-window")
    if given["keep"] is None:
        return None
    match = _AGE_PATTERN.fullmatch(given["keep"])
    if match is None:
        raise UsageError(f"--keep: '{given['keep']}' is no age; write 25months, 2years, 90d or 12w")
    found = times.subtract_age(now, int(match[1]), match[2][0], tz)
    if given["dedupe_window"] and now - found < window:
        raise UsageError(
            f"--keep {given['keep']} is less than --dedupe-window {given['dedupe_window']}: what is gone cannot be told"
        )
    return found


def is_store_from_environment() -> bool:
    """Whether it is a variable that names the store."""
    source = click.get_current_context().get_parameter_source("store")
    return source == click.core.ParameterSource.ENVIRONMENT


def parse_settings(report: Report, given: Mapping[str, Any]) -> Settings:
    """What the options mean. Raises UsageError for what means nothing."""
    tz = _parse_zone(given["tz"])
    clock = int(time.time() * 1000)
    as_of = (
        None if given["as_of"] is None else times.parse_time(given["as_of"], clock, tz, "--as-of")
    )
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
    paths, meanings = config.read_map(given["paths"], given["names"], given["config"])
    return Settings(
        clock_ms=clock,
        mapped_paths=paths,
        mapped_names=meanings,
        tz=tz,
        by=by,
        window=Window() if "window" in report.without else _parse_window(given, now, tz),
        as_of_ms=as_of,
        idle_ms=parse_duration(given.get("idle", "30m"), "--idle"),
        service_level_ms=parse_duration(given.get("service_level", "60s"), "--service-level"),
        keeps_query=given.get("keep_query", False),
        shows_intervals=given.get("intervals", False),
        tolerance=_parse_tolerance(given["max_rejects"], strict=given["strict"]),
        alerts=_parse_alerts(report, given, by),
        min_base=_parse_min_base(given),
        stale_ms=_parse_stale(given),
        filters=filters,
        operands=tuple(given[name] for name in report.operands),
    )


def _parse_alerts(report: Report, given: Mapping[str, Any], by: Sequence[str]) -> tuple[Alert, ...]:
    rules = given.get("fail_if", ())
    if rules and given.get("show_map"):
        raise UsageError("--show-map prints no report: it does not go with --fail-if")
    options = {f"--by {key}" for key in by} | ({"--intervals"} if given.get("intervals") else set())
    figures = {part.name: part.figures for part in report.parts or [report]}
    return tuple(alerts.parse_rule(rule, figures, options) for rule in rules)


def _parse_stale(given: Mapping[str, Any]) -> int | None:
    if given["stale"] is None:
        return None
    if given["store"] is None:
        raise UsageError("--stale is for --store: give both")
    return parse_duration(given["stale"], "--stale")


def _parse_min_base(given: Mapping[str, Any]) -> int:
    text = given.get("min_base")
    if text is None:
        return 0
    if not given["fail_if"]:
        raise UsageError("--min-base is for --fail-if: give both")
    if not re.fullmatch("[0-9]{1,15}", text):
        raise UsageError(
            f"--min-base: '{text}' is no number of conversations or requests; write 30"
        )
    return int(text)


def parse_output_settings(
    report: Report, given: Mapping[str, Any], config: Settings
) -> OutputSettings:
    """Where the report goes. Raises UsageError."""
    formats, excel, delimiter = (
        select_formats(report),
        given.get("excel", False),
        given.get("delimiter", ","),
    )
    output, rejects = (
        _parse_file_name(given[name], f"--{name}", config) for name in ("output", "rejects")
    )
    output = None if output == "-" else output
    name = given["format"] or ("csv" if excel else _choose_format(output))
    if name not in formats:
        raise UsageError(_explain_format(report, name, formats))
    if excel and name != "csv":
        raise UsageError(f"--excel is CSV: it does not go with --format {name}")
    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise UsageError("--delimiter takes one character, and no quote or line end")
    if delimiter != "," and name != "csv":
        raise UsageError(f"--delimiter is for CSV: it does not go with --format {name}")
    guard = not given.get("no_formula_guard", False)
    return OutputSettings(formats[name], output, rejects, given["quiet"], excel, guard, delimiter)


def _parse_file_name(name: str | None, option: str, config: Settings) -> str | None:
    if name is None:
        return None
    if not name:
        raise UsageError(f"{option}: '' is no file name; is a variable empty?")
    if found := re.search(r"\{(?!date\})[A-Za-z]+\}", name):
        raise UsageError(
            f"{option}: {found[0]} means nothing there; {{date}} is the first day of the report"
        )
    first = config.clock_ms if config.window.since is None else config.window.since
    return name.replace("{date}", times.convert_to_datetime(first, config.tz).date().isoformat())


def _parse_tolerance(text: str | None, *, strict: bool) -> Tolerance | None:
    if strict:
        if text is not None:
            raise UsageError("--strict is --max-rejects 0 and more: give one of the two")
        return Tolerance("--strict", 0, is_strict=True)
    if text is None:
        return None
    option = f"--max-rejects {text}"
    if re.fullmatch("[0-9]{1,18}", text):
        return Tolerance(option, int(text))
    if match := _SHARE_PATTERN.fullmatch(text):
        whole, decimals, share = match.groups(default="")
        limit, of = (
            int(whole + decimals + share),
            10 ** len(decimals + share) * (1 if share else 100),
        )
        if limit <= of:
            return Tolerance(option, limit, of)
    raise UsageError(
        f"--max-rejects: '{text}' is neither a number of records (5) nor a share of them (5% or 0.05)"
    )


def _choose_format(output: str | None) -> str:
    ending = os.path.splitext(output)[1].lower() if output else ""
    if ending in _WORKBOOK_SUFFIXES:
        raise UsageError(
            f"--output: {output}: workbooks are not written; --excel -o report.csv opens at a double click"
        )
    return next(
        (each.name for each in render.load_formats().values() if ending in each.suffixes), "table"
    )


def _explain_format(report: Report, name: str, formats: Iterable[str]) -> str:
    if name not in render.load_formats():
        return f"--format: '{name}' is none of {', '.join(formats)}"
    return f"{report.name} is not written as {name}: name one of its formats, as in --format {' or '.join(formats)}"


def _parse_zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        near = [
            zone
            for zone in sorted(available_timezones())
            if name and zone.lower().endswith(name.lower())
        ][:1]
        hint = f"did you mean {near[0]}?" if near else "write one as Europe/Berlin"
        raise UsageError(f"--tz: no time zone '{name}'; {hint}") from error


def parse_duration(text: str, option: str) -> int:
    """Milliseconds of `60s`, `30m`, `24h`, `7d`. Raises UsageError."""
    found = times.parse_duration_ms(text)
    if found is None:
        raise UsageError(f"{option}: '{text}' is no duration; write 60s, 30m, 24h or 7d")
    return found


def _parse_window(given: Mapping[str, Any], now: int, tz: ZoneInfo) -> Window:
    if given["period"] is not None:
        if given["since"] is not None or given["until"] is not None:
            raise UsageError("--period is --since and --until at once: give it alone")
        return times.parse_period(given["period"], now, tz)
    since, until = (
        None if given[name] is None else times.parse_time(given[name], now, tz, f"--{name}")
        for name in ("since", "until")
    )
    if since is not None and until is not None and since >= until:
        raise UsageError("--since is not before --until: no time is left between them")
    return Window(since, until)
