"""`dcevents snippet`: JavaScript for the page."""

from typing import Any

import click

from dcevents import snippet
from dcevents.cli.options import CONTEXT_SETTINGS, apply_options
from dcevents.cli.wording.mistakes import Name
from dcevents.output import write_to_stdout


def _run_command(**given: Any) -> int:  # noqa: ANN401 - click's values
    """Print JavaScript for the page that loads Dynamic Chat: it sends every event to a log.

    \b
    Example: dcevents snippet --endpoint /dc-events > snippet.html
    """
    write_to_stdout([snippet.make_script(snippet.SnippetSettings(**given))])
    return 0


_OPTIONS = [
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
        type=Name(list(snippet.FORWARDS), "platform"),
        metavar="TO",
        help=f"Call this as well for each event, repeatable: {', '.join(snippet.FORWARDS)}.",
    ),
]

COMMAND = click.command(
    "snippet",
    context_settings=CONTEXT_SETTINGS,
    short_help="JavaScript for the page: it sends the events to a log.",
)(apply_options(_run_command, _OPTIONS))
