"""`dcevents ingest`: logs into a store."""

from typing import Any

import click

from dcevents.cli.options import (
    CONTEXT_SETTINGS,
    IDLE_OPTION,
    LOCK_WAIT_OPTION,
    QUIET_OPTION,
    REJECTS_OPTIONS,
    SOURCE_ARGUMENT,
    TZ_OPTION,
    WRITTEN_STORE_OPTION,
    apply_options,
    build_map_options,
)
from dcevents.cli.values import parse_ingest_settings


def _run_command(**given: Any) -> int:  # noqa: ANN401 - click's values
    """Take in what is new in logs, for reports from the store.

    \b
    Example: dcevents ingest /var/log/dc --store /var/lib/dcevents -q
    """
    settings = parse_ingest_settings(given)
    from dcevents.cli.ingest import ingest_logs  # noqa: PLC0415 - polars

    return ingest_logs(settings, given["source"])


_OPTIONS = [
    SOURCE_ARGUMENT,
    WRITTEN_STORE_OPTION,
    click.option("--changes", is_flag=True, help="Print days whose final figures have changed."),
    click.option("--keep-events", is_flag=True, help="Begin a store that keeps each line's event."),
    click.option(
        "--dedupe-window",
        metavar="D",
        help="Recognise duplicates for so long, or longer.  [30d]",
    ),
    click.option(
        "--forget",
        metavar="SID",
        multiple=True,
        help="Remove this session, for good; repeatable.",
    ),
    click.option("--keep", metavar="AGE", help="Remove what ended longer ago: 25months, 90d."),
    click.option("--dry-run", is_flag=True, help="Only say what --keep would remove."),
    click.option("--yes", is_flag=True, help="Remove even much, or by a clock that is ahead."),
    click.option("--again", is_flag=True, help="Read all logs from their beginning."),
    QUIET_OPTION,
    *REJECTS_OPTIONS,
    TZ_OPTION,
    IDLE_OPTION,
    LOCK_WAIT_OPTION,
    *build_map_options(is_hidden=False),
]

COMMAND = click.command(
    "ingest",
    context_settings=CONTEXT_SETTINGS,
    short_help="Take in what is new in logs, into a store for reports.",
)(apply_options(_run_command, _OPTIONS))
