"""The options, declared once: decorators for commands."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import click

from dcevents.cli.config import read_defaults
from dcevents.cli.formats import select_formats
from dcevents.cli.values import check_store_name
from dcevents.cli.wording.mistakes import Name
from dcevents.reports._report import Report
from dcevents.settings import PACKAGE_LIMITS

Decorator = Callable[[Any], Any]
Callback = TypeVar("Callback", bound=Callable[..., int])

CONTEXT_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


def apply_options(callback: Callback, decorators: Sequence[Decorator]) -> Callback:
    """Return a command's function with options, in their order."""
    for decorate in reversed(decorators):
        callback = decorate(callback)
    return callback


def _check_store_option(
    _context: click.Context, _param: click.Parameter, value: str | None
) -> str | None:
    return check_store_name(value)


def _take_defaults(context: click.Context, _param: click.Parameter, file: str | None) -> str | None:
    """Let options have the values of `[defaults]` where nothing else gives them one."""
    context.default_map = read_defaults(file)
    return file


# A source that cannot be read is no wrong usage: the message comes from where it is opened.
SOURCE_ARGUMENT = click.argument("source", nargs=-1, type=click.Path(readable=False, path_type=str))

_WINDOW_OPTIONS = (
    click.option(
        "--since", metavar="TIME", help="Started then or later; before then: 2026-11-02, 7d."
    ),
    click.option("--until", metavar="TIME", help="Started before then, not at it."),
    click.option(
        "--period",
        multiple=True,
        metavar="P",
        help="Started in last-week, this-month, 2026-W45, 2026-Q4.",
    ),
)
_COMPARE_OPTION = click.option(
    "--compare",
    metavar="W",
    help="Another window beside it: previous, 2026-10.",
)
TZ_OPTION = click.option(
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
        "--type",
        "type_",
        multiple=True,
        metavar="X",
        help="Only this type, as dialogue; UI type, as popup.",
    ),
    "ui_type": click.option(
        "--ui-type", multiple=True, metavar="X", help="Only this UI type, as popup."
    ),
    "page": click.option(
        "--page",
        multiple=True,
        metavar="X",
        help="Started on this page: /pricing; with this agent.",
    ),
    "agent": click.option(
        "--agent", multiple=True, metavar="X", help="Only this agent's: name, id or pattern."
    ),
    "outcome": click.option(
        "--outcome", multiple=True, metavar="X", help="Only this outcome, as dropped."
    ),
}

IDLE_OPTION = click.option(
    "--idle",
    metavar="D",
    envvar="DCEVENTS_IDLE",
    default="30m",
    help="Silence after which nothing is open.  [30m]",
)
_MEANING_OPTIONS = {
    "as_of": click.option(
        "--as-of", metavar="TIME", help="As it was then, or now.  [the latest event]"
    ),
    "idle": IDLE_OPTION,
    "service_level": click.option(
        "--service-level",
        metavar="D",
        envvar="DCEVENTS_SERVICE_LEVEL",
        default="60s",
        help="A wait within it is in time.  [60s]",
    ),
    "keep_query": click.option(
        "--keep-query", is_flag=True, help="Keep query and fragment of pages."
    ),
}
_PACKAGE_OPTIONS = (
    click.option(
        "--package",
        type=Name(list(PACKAGE_LIMITS), "package"),
        default="select",
        metavar="NAME",
        help="select counts live chats, prime does not.  [select]",
    ),
    click.option(
        "--limit", metavar="N", help="Conversations that it allows a month.  [250: select]"
    ),
)
_INTERVALS_OPTION = click.option(
    "--intervals", is_flag=True, help="Each rate with the bounds of its 95 % interval."
)

QUIET_OPTION = click.option(
    "-q", "--quiet", is_flag=True, help="Messages only about failures and cut-off inputs."
)
VERBOSE_OPTION = click.option(
    "-v", "--verbose", is_flag=True, help="Say in full how each record was counted."
)
_OUTPUT_OPTION = click.option(
    "-o", "--output", metavar="FILE", help="Replace this file; {date} in it is the first day."
)
_ARRANGEMENT_OPTIONS = (
    click.option(
        "--sort", metavar="COLUMN", help="Sort, largest first (COLUMN:asc); the first N rows."
    ),
    click.option("--columns", metavar="A,B", help="Only these figures, in this order."),
)
_TOP_OPTION = click.option("--top", metavar="N", help="Only the first N rows.")
_GRID_OPTION = click.option(
    "--grid", metavar="METRIC", help="One figure, the second of two --by keys as columns."
)
_WIDTH_OPTION = click.option(
    "--width", metavar="N", help="The width of tables.  [the terminal's, else COLUMNS]"
)
_CSV_OPTIONS = (
    click.option("--excel", is_flag=True, help="CSV for a double click; decimals with a comma."),
    click.option(
        "--delimiter", metavar="C", default=",", help="Between cells of CSV, as ';'.  [,]"
    ),
    click.option("--decimal", metavar="C", default=".", help="Decimals in CSV: a comma."),
    click.option(
        "--no-formula-guard",
        is_flag=True,
        help="No ' before text that looks like a formula.",
    ),
)

REJECTS_OPTIONS = (
    click.option(
        "--rejects", metavar="FILE", help="Put rejected lines there, with place and reason."
    ),
    click.option(
        "--max-rejects",
        metavar="N",
        help="If more are rejected (5, 5%): no report, exit 3.",
    ),
    click.option(
        "--strict", is_flag=True, help="--max-rejects 0; unknown events, cut-offs count too."
    ),
)

STORE_OPTION = click.option(
    "--store",
    metavar="DIR",
    envvar="DCEVENTS_STORE",
    callback=_check_store_option,
    help="A store, in place of SOURCE or beside it.",
)
WRITTEN_STORE_OPTION = click.option(
    "--store",
    metavar="DIR",
    envvar="DCEVENTS_STORE",
    required=True,
    callback=_check_store_option,
    help="The store; made if it is not there.",
)
STORE_ARGUMENT = click.argument("directory", metavar="DIR", envvar="DCEVENTS_STORE")
LOCK_WAIT_OPTION = click.option(
    "--lock-wait", metavar="D", default="0s", help="Wait for another run that long: 60s.  [0s]"
)

_STALE_OPTION = click.option(
    "--stale", metavar="D", help="Exit 4 if the store got nothing new for longer: 26h."
)
_FAIL_IF_OPTION = click.option(
    "--fail-if",
    multiple=True,
    metavar="RULE",
    help='Exit 4 if "METRIC < 5"; --fail-if list: METRICs.',
)
_MIN_BASE_OPTION = click.option(
    "--min-base", metavar="N", help="--fail-if passes over rates of fewer than N."
)
_SHOW_MAP_OPTION = click.option(
    "--show-map", is_flag=True, help="Print what was recognised, as a [map] for --config."
)


def build_map_options(*, is_hidden: bool) -> list[Decorator]:
    """Return the options that say where events are.

    Few users need them: all but the first are hidden from the help of most commands, which then
    fits a screen.
    """
    return [
        click.option(
            "--map",
            "paths",
            multiple=True,
            metavar="PART=PATH",
            help="Where a part is: event=body.kind; see check --help."
            if is_hidden
            else "Where a part of events is: event=body.kind; repeatable. Also for reports.",
        ),
        click.option(
            "--map-event",
            "names",
            multiple=True,
            metavar="NAME=KIND",
            hidden=is_hidden,
            help='What a name means: "Chat Opened=engaged". Also for reports.',
        ),
        click.option(
            "--config",
            metavar="FILE",
            envvar="DCEVENTS_CONFIG",
            is_eager=True,
            callback=_take_defaults,
            hidden=is_hidden,
            help="TOML with a [map] of both, and [defaults]. Also for reports.",
        ),
    ]


def build_selection_options(filters: Iterable[str]) -> list[Decorator]:
    """Return the options that select conversations: windows and filters."""
    return [*_WINDOW_OPTIONS, TZ_OPTION, *(_FILTER_OPTIONS[name] for name in filters)]


def build_report_options(report: Report) -> list[Decorator]:
    """Return a report's options, in the order of its help."""
    formats = select_formats(report)
    shows_map = "show_map" in report.options
    return [
        *(click.argument(name) for name in report.operands),
        SOURCE_ARGUMENT,
        *([_make_by_option(report)] if report.by_keys else []),
        *(_WINDOW_OPTIONS if "window" in report.options else ()),
        *([_COMPARE_OPTION] if report.can_compare else []),
        TZ_OPTION,
        *(_FILTER_OPTIONS[name] for name in report.filters),
        *(option for name, option in _MEANING_OPTIONS.items() if name in report.options),
        *(_PACKAGE_OPTIONS if "package" in report.options else ()),
        *([_INTERVALS_OPTION] if report.has_rates else []),
        *(_ARRANGEMENT_OPTIONS if report.has_rows or report.parts else ()),
        *([_TOP_OPTION] if report.has_rows or report.parts else []),
        *([_GRID_OPTION] if report.by_keys and report.has_single_lines else []),
        _make_format_option(formats),
        _OUTPUT_OPTION,
        _WIDTH_OPTION,
        QUIET_OPTION,
        VERBOSE_OPTION,
        *(_CSV_OPTIONS if "csv" in formats else ()),
        *REJECTS_OPTIONS,
        STORE_OPTION,
        _STALE_OPTION,
        *([_FAIL_IF_OPTION] if report.has_figures else []),
        *([_MIN_BASE_OPTION] if report.has_rates else []),
        *build_map_options(is_hidden=not shows_map),
        *([_SHOW_MAP_OPTION] if shows_map else []),
    ]


def _make_format_option(formats: Iterable[str]) -> Decorator:
    return click.option(
        "-f", "--format", metavar="F", envvar="DCEVENTS_FORMAT", help=f"{', '.join(formats)}."
    )


def _make_by_option(report: Report) -> Decorator:
    keys = ", ".join(report.by_keys)
    return click.option(
        "--by",
        multiple=True,
        type=Name(report.by_keys, "key", "--by"),
        metavar="KEY",
        help=f"Rows, repeatable: {keys}  [{report.default_by}]",
    )


def choose_store(given: Mapping[str, Any]) -> str | None:
    """Return the store of a report; one that no option names only without a SOURCE."""
    is_left_out = given["source"] and find_unasked_store_origin()
    return None if is_left_out else given["store"]


def find_unasked_store_origin() -> str | None:
    """Return what names the store of the running command in place of an option, for people."""
    source = click.get_current_context().get_parameter_source("store")
    return (
        {
            click.core.ParameterSource.ENVIRONMENT: "DCEVENTS_STORE",
            click.core.ParameterSource.DEFAULT_MAP: "the configuration",
        }.get(source)
        if source
        else None
    )
