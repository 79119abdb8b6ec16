"""Values of options: text to settings. Mistakes are UsageErrors.

Each says what to write instead.
"""

import os
import re
import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, available_timezones

from dcevents import render, times
from dcevents.analysis import alerts
from dcevents.analysis.patterns import find_near, match_pattern, suggest_names
from dcevents.cli.arrangement import list_column_options, parse_arrangement, parse_number
from dcevents.cli.config import read_map
from dcevents.cli.formats import (
    check_format,
    choose_format,
    explain_format,
    read_made_at,
    select_formats,
)
from dcevents.errors import UsageError
from dcevents.model.events import OUTCOME_GROUPS
from dcevents.periods import PERIOD_NAMES, Comparison, choose_comparison, parse_period
from dcevents.reports._report import Report
from dcevents.settings import (
    PACKAGE_LIMITS,
    Alert,
    IngestSettings,
    Settings,
    Tolerance,
    Window,
)

Given = Mapping[str, Any]
"""The values of a command's options by the names of its parameters."""

_SEPARATED_FORMATS = ("csv", "tsv")
_SHARE_PATTERN = re.compile(r"([0-9]{1,3})(?:\.([0-9]{1,15}))?%|0?\.([0-9]{1,15})")
_AGE_PATTERN = re.compile("([1-9][0-9]{0,3})(d|w|months?|years?)")
_MIN_WIDTH = 20
"""Columns of a line; in fewer no table can be read."""
_DEFAULT_DEDUPE_WINDOW = "30d"
_FILTERS = ("conversation", "type", "ui_type", "page", "agent", "outcome")


class OutputSettings(NamedTuple):
    """How a report is written, and to which files."""

    format: render.Format[Any]
    output_file: str | None
    """None is standard output."""
    rejects_file: str | None
    is_quiet: bool
    excel: bool
    guards_formulas: bool
    delimiter: str
    decimal: str
    width: int | None = None
    """What `--width` says."""
    is_verbose: bool = False
    repeatable_arguments: Sequence[str] | None = None
    """Options and operands that select the report's rows; None if its input cannot be reread."""
    input_arguments: Sequence[str] | None = None
    """Those that say what is read, likewise."""
    made_at_ms: int = 0
    """When the report is made, as it says of itself."""


def read_clock() -> int:
    """Return the time now, in milliseconds since 1970."""
    return int(time.time() * 1000)


# -- the settings of a report -------------------------------------------------------------------


def parse_settings(report: Report, given: Given) -> Settings:
    """Return the settings of a report. Raises UsageError."""
    tz, clock_ms = _parse_zone(given["tz"]), read_clock()
    as_of_ms = (
        None
        if given["as_of"] is None
        else times.parse_time(given["as_of"], clock_ms, tz, "--as-of")
    )
    now_ms = clock_ms if as_of_ms is None else as_of_ms
    by = _parse_by(report, given)
    given_map = read_map(given["paths"], given["names"], given["config"])
    windows = _parse_windows(report, given, now_ms, tz)
    return Settings(
        clock_ms=clock_ms,
        **given_map._asdict(),
        tz=tz,
        by=by,
        window=windows[0],
        compared=windows[1] if given.get("compare") is not None else None,
        as_of_ms=as_of_ms,
        idle_ms=parse_duration(given.get("idle", "30m"), "--idle"),
        service_level_ms=parse_duration(given.get("service_level", "60s"), "--service-level"),
        keeps_query=given.get("keep_query", False),
        shows_intervals=given.get("intervals", False),
        tolerance=_parse_tolerance(given["max_rejects"], is_strict=given["strict"]),
        alerts=_parse_alerts(report, given, by),
        min_base=_parse_min_base(given),
        stale_ms=_parse_stale(given),
        filters=_parse_filters(report, given),
        arrangement=parse_arrangement(report, given, by),
        is_listing=not report.by_keys and not report.parts,
        operands=tuple(given[name] for name in report.operands),
        package=given.get("package", "select"),
        package_limit=_parse_limit(given),
    )


def _parse_by(report: Report, given: Given) -> tuple[str, ...]:
    usual = [report.default_by] if report.default_by else []
    by = tuple(dict.fromkeys(given.get("by") or usual))
    if "all" in by and len(by) > 1:
        raise UsageError("--by all is one row: it goes with no other --by")
    return by


def _parse_filters(report: Report, given: Given) -> dict[str, tuple[str, ...]]:
    """Return the patterns of each filter by its column."""
    # click's name of the parameter is not to hide Python's `type`.
    values = {name: given.get("type_" if name == "type" else name) for name in _FILTERS}
    filters = {name: tuple(patterns) for name, patterns in values.items() if patterns}
    if "outcome" in filters:
        filters["outcome"] = _parse_outcomes(filters["outcome"], report.outcomes)
    return filters


def _parse_outcomes(patterns: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    """Return outcomes, each group of them replaced by its members."""
    groups = {
        name: members for name, members in OUTCOME_GROUPS.items() if set(members) <= set(known)
    }
    found: list[str] = []
    for pattern in patterns:
        fitting = match_pattern(pattern, [*known, *groups])
        if not fitting:
            hint = suggest_names(pattern, [*known, *groups])
            raise UsageError(f"--outcome: no outcome '{pattern}'; {hint}")
        found += [each for name in sorted(fitting) for each in groups.get(name, (name,))]
    return tuple(dict.fromkeys(found))


def _parse_windows(report: Report, given: Given, now_ms: int, tz: ZoneInfo) -> Comparison:
    """Return the window, and the one that it is compared with or none."""
    if "window" not in report.options:
        return Comparison(Window(), Window())
    if len(given["period"]) > 1:
        raise UsageError("--period is one window: give it once, or --since and --until")
    period = None
    if given["period"]:
        if given["since"] is not None or given["until"] is not None:
            raise UsageError("--period is --since and --until at once: give it alone")
        _require_period("--period", given["period"][0], PERIOD_NAMES)
        period = parse_period(given["period"][0], now_ms, tz)
    window = _parse_bounds(given, now_ms, tz) if period is None else period.to_window(tz)
    if given.get("compare") is None:
        return Comparison(window, Window())
    _require_period("--compare", given["compare"], ("previous", *PERIOD_NAMES))
    return choose_comparison(given["compare"], window, period, now_ms, tz)


def _require_period(option: str, text: str, names: Sequence[str]) -> None:
    """Raise UsageError for what is nearly the name of a period, and has no digit of a date."""
    near = find_near(text, names)
    if text not in names and near and not any(map(str.isdigit, text)):
        raise UsageError(f"{option}: no period '{text}'; did you mean {' or '.join(near)}?")


def _parse_bounds(given: Given, now_ms: int, tz: ZoneInfo) -> Window:
    since, until = (
        None if given[name] is None else times.parse_time(given[name], now_ms, tz, f"--{name}")
        for name in ("since", "until")
    )
    if since is not None and until is not None and since >= until:
        raise UsageError("--since is not before --until: no time is left between them")
    return Window(since, until)


def _parse_limit(given: Given) -> int:
    """Return how many conversations a month the package allows."""
    package, text = given.get("package", "select"), given.get("limit")
    usual = PACKAGE_LIMITS[package]
    if text is None:
        if usual is None:
            raise UsageError(
                f"--package {package} needs --limit: the conversations a month of your contract"
            )
        return usual
    if not re.fullmatch("[1-9][0-9]{0,14}", text):
        raise UsageError(f"--limit: '{text}' is no number of conversations; write 250")
    return int(text)


def _parse_zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        zones = sorted(available_timezones())
        near = [zone for zone in zones if name and zone.lower().endswith(name.lower())]
        near = near or find_near(name, zones)
        hint = f"did you mean {near[0]}?" if near else "write one as Europe/Berlin"
        raise UsageError(f"--tz: no time zone '{name}'; {hint}") from error


def parse_duration(text: str, option: str) -> int:
    """Return the milliseconds of `60s`, `30m`, `24h`, `7d`. Raises UsageError."""
    found = times.parse_duration_ms(text)
    if found is None:
        raise UsageError(f"{option}: '{text}' is no duration; write 60s, 30m, 24h or 7d")
    return found


def _parse_tolerance(text: str | None, *, is_strict: bool) -> Tolerance | None:
    if is_strict:
        if text is not None:
            raise UsageError("--strict is --max-rejects 0 and more: give one of the two")
        return Tolerance("--strict", 0, is_strict=True)
    if text is None:
        return None
    option = f"--max-rejects {text}"
    if re.fullmatch("[0-9]{1,18}", text):
        return Tolerance(option, int(text))
    if match := _SHARE_PATTERN.fullmatch(text):
        # Integers, so that 0.1 % is exactly that: `29%` is 29 of 100, `0.05` 5 of 100.
        whole, decimals, share = match.groups(default="")
        max_rejected = int(whole + decimals + share)
        out_of = 10 ** len(decimals + share) * (1 if share else 100)
        if max_rejected <= out_of:
            return Tolerance(option, max_rejected, out_of)
    raise UsageError(
        f"--max-rejects: '{text}' is neither a number of records (5) "
        "nor a share of them (5% or 0.05)"
    )


# -- alerts -------------------------------------------------------------------------------------


def _parse_alerts(report: Report, given: Given, by: Sequence[str]) -> tuple[Alert, ...]:
    rules = given.get("fail_if", ())
    if rules and given.get("show_map"):
        raise UsageError("--show-map prints no report: it does not go with --fail-if")
    options = list_column_options(given, by)
    return tuple(alerts.parse_rule(rule, report.figures_by_part, options) for rule in rules)


def _parse_stale(given: Given) -> int | None:
    if given["stale"] is None:
        return None
    if given["store"] is None:
        raise UsageError("--stale is for --store: give both")
    return parse_duration(given["stale"], "--stale")


def _parse_min_base(given: Given) -> int:
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


# -- the output of a report ---------------------------------------------------------------------


def parse_output_settings(report: Report, given: Given, settings: Settings) -> OutputSettings:
    """Return the settings of a report's output. Raises UsageError."""
    excel, delimiter = given.get("excel", False), given.get("delimiter", ",")
    output_file, rejects_file = (
        _parse_file_name(given[name], f"--{name}", settings) for name in ("output", "rejects")
    )
    output_file = None if output_file == "-" else output_file
    formats = select_formats(report)
    name = given["format"] or ("csv" if excel else choose_format(output_file, formats.values()))
    if name not in formats:
        raise UsageError(explain_format(report, name, formats))
    if excel and name != "csv":
        raise UsageError(f"--excel is CSV: it does not go with --format {name}")
    decimal = given.get("decimal", ".")
    _check_delimiter(delimiter, name)
    _check_decimal(decimal, delimiter, name)
    check_format(formats[name], output_file)
    return OutputSettings(
        format=formats[name],
        output_file=output_file,
        rejects_file=rejects_file,
        is_quiet=given["quiet"],
        excel=excel,
        guards_formulas=not given.get("no_formula_guard", False),
        delimiter=delimiter,
        decimal=decimal,
        width=parse_number(given.get("width"), "--width", example=100, least=_MIN_WIDTH),
        is_verbose=given["verbose"] and not given["quiet"],
        made_at_ms=read_made_at(settings.clock_ms),
    )


def _check_delimiter(delimiter: str, format_name: str) -> None:
    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise UsageError("--delimiter takes one character, and no quote or line end")
    if delimiter != "," and format_name != "csv":
        raise UsageError(f"--delimiter is for CSV: it does not go with --format {format_name}")


def _check_decimal(decimal: str, delimiter: str, format_name: str) -> None:
    if decimal not in (".", ","):
        raise UsageError(f"--decimal: '{decimal}' is no decimal mark; write , or .")
    if decimal != "." and format_name not in _SEPARATED_FORMATS:
        raise UsageError(
            f"--decimal is for CSV and TSV: it does not go with --format {format_name}"
        )
    if decimal == delimiter == "," and format_name == "csv":
        raise UsageError("--decimal , and commas between cells: add --delimiter ';'")


def _parse_file_name(name: str | None, option: str, settings: Settings) -> str | None:
    """Return a file's name with the first day in place of `{date}`."""
    if name is None:
        return None
    if not name:
        raise UsageError(f"{option}: '' is no file name; is a variable empty?")
    if found := re.search(r"\{(?!date\})[A-Za-z]+\}", name):
        raise UsageError(
            f"{option}: {found[0]} means nothing there; {{date}} is the first day of the report"
        )
    since = settings.window.since
    first = times.convert_to_datetime(settings.clock_ms if since is None else since, settings.tz)
    return name.replace("{date}", first.date().isoformat())


def check_store_name(name: str | None) -> str | None:
    """Return the folder of a store. Raises UsageError unless UTF-8."""
    # polars opens files by names that are text.
    if name is not None and not _is_utf8(name):
        raise UsageError(f"--store: {os.fsencode(name)!r} is no text in UTF-8; name another folder")
    return name


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def parse_ingest_settings(given: Given) -> IngestSettings:
    """Return the settings of `ingest`. Raises UsageError."""
    tz, clock_ms = _parse_zone(given["tz"]), read_clock()
    if not given["store"]:
        raise UsageError("--store: '' is no folder name; is a variable empty?")
    for sid in given["forget"]:
        if not sid or not _is_utf8(sid):
            hint = "; is a variable empty?" if not sid else ""
            raise UsageError(f"--forget: '{sid}' is no sid{hint}")
    given_map = read_map(given["paths"], given["names"], given["config"])
    return IngestSettings(
        store=given["store"],
        clock_ms=clock_ms,
        tz=tz,
        idle_ms=parse_duration(given["idle"], "--idle"),
        rejects_file=_parse_file_name(given["rejects"], "--rejects", Settings(clock_ms, tz)),
        is_quiet=given["quiet"],
        tolerance=_parse_tolerance(given["max_rejects"], is_strict=given["strict"]),
        **given_map._asdict(),
        keeps_events=given["keep_events"],
        prints_changes=given["changes"],
        reads_again=given["again"],
        lock_wait_ms=parse_duration(given["lock_wait"], "--lock-wait"),
        forgotten_sids=tuple(given["forget"]),
        keep_from_ms=_parse_keep(given, clock_ms, tz),
        is_confirmed=given["yes"],
        is_dry_run=given["dry_run"],
    )


def _parse_keep(given: Given, clock_ms: int, tz: ZoneInfo) -> int | None:
    """Return the moment from which all is kept; None for ever."""
    dedupe_ms = parse_duration(given["dedupe_window"] or _DEFAULT_DEDUPE_WINDOW, "--dedupe-window")
    if given["keep"] is None:
        if given["dry_run"] or given["yes"]:
            raise UsageError(f"--{'dry-run' if given['dry_run'] else 'yes'} is for --keep")
        return None
    match = _AGE_PATTERN.fullmatch(given["keep"])
    if match is None:
        raise UsageError(f"--keep: '{given['keep']}' is no age; write 25months, 2years, 90d or 12w")
    keep_from_ms = times.subtract_age(clock_ms, int(match[1]), match[2][0], tz)
    if given["dedupe_window"] and clock_ms - keep_from_ms < dedupe_ms:
        raise UsageError(
            f"--keep {given['keep']} is less than --dedupe-window {given['dedupe_window']}: "
            "duplicates of what is gone cannot be recognised"
        )
    return keep_from_ms
