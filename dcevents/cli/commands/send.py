"""`dcevents send`: events to analytics platforms, a subcommand for each."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import click

from dcevents.cli.options import (
    CONTEXT_SETTINGS,
    IDLE_OPTION,
    QUIET_OPTION,
    REJECTS_OPTIONS,
    SOURCE_ARGUMENT,
    STORE_OPTION,
    VERBOSE_OPTION,
    Decorator,
    apply_options,
    build_map_options,
    build_selection_options,
)
from dcevents.cli.values import parse_duration, parse_output_settings, parse_settings
from dcevents.cli.wording.mistakes import Name
from dcevents.errors import UsageError
from dcevents.model.events import OUTCOMES
from dcevents.reports._report import Report
from dcevents.sending import load_platforms
from dcevents.sending._platform import WHAT, Destination, Platform, SendSettings, is_loopback
from dcevents.sending._secrets import TOKEN_ENDPOINT

_FILTERS = ("conversation", "type", "ui_type", "page", "agent", "outcome")


_STATE_OPTIONS = (
    click.option("--state", metavar="DIR", help="Remember there what was sent.  [the store]"),
    click.option("--again", is_flag=True, help="Send once more what was sent."),
    click.option("--dry-run", is_flag=True, help="Print the requests, and send nothing."),
    click.option("--status", is_flag=True, help="Say what is sent, due and refused."),
    click.option(
        "-f",
        "--format",
        # Not `format`: a configured one is for reports.
        "status_format",
        type=Name(("table", "json"), "format"),
        default="table",
        metavar="F",
        help="Of --status: table, json.",
    ),
)
_CHECK_OPTION = click.option(
    "--check", is_flag=True, help="Let it check some requests; it keeps nothing."
)
_OUT_OPTION = click.option("--out", metavar="DIR", help="Write files there, and send nothing.")
_NETWORK_OPTIONS = (
    click.option("--with-agents", is_flag=True, help="Send agents' names, too."),
    click.option("--secret-file", metavar="FILE", help="Secrets, TOML of mode 0600."),
    click.option("--rate", metavar="N", help="At most so many requests a second."),
    click.option(
        "--give-up", metavar="D", default="5m", help="End after failing for so long.  [5m]"
    ),
    click.option("--endpoint", metavar="URL", help="A proxy or a container of yours."),
)
_TOKEN_ENDPOINT_OPTION = click.option(
    "--token-endpoint", metavar="URL", default=TOKEN_ENDPOINT, hidden=True
)


class PlatformGroup(click.Group):
    """The platforms; a command is made when it is asked for."""

    # ruff: noqa: ARG002, D102 - the signatures are click's.

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(load_platforms())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        platform = load_platforms().get(cmd_name)
        return None if platform is None else _make_command(platform)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Platforms"):
            formatter.write_dl([(name, each.help) for name, each in load_platforms().items()])


def _make_command(platform: Platform) -> click.Command:
    def run_command(**given: Any) -> int:  # noqa: ANN401 - click's values
        # What a report is given and this is not.
        given |= {"as_of": None, "stale": None, "format": "ndjson", "output": None}
        report = _describe_rows(platform)
        settings = parse_settings(report, given)
        output = parse_output_settings(report, given, settings)
        wanted = _parse_send_settings(platform, given)
        from dcevents.cli.sending.preparation import SendRun  # noqa: PLC0415 - polars
        from dcevents.cli.sending.run import run_send  # noqa: PLC0415 - polars

        return run_send(SendRun(wanted, report, settings, output, given["source"], given["store"]))

    run_command.__doc__ = f"{platform.help}\n\n\b\nExample: {platform.example}"
    command = apply_options(run_command, _list_options(platform))
    return click.command(platform.name, context_settings=CONTEXT_SETTINGS)(command)


def _describe_rows(platform: Platform) -> Report:
    """Return what is read and selected, as a report says it."""
    return Report(
        name=f"send {platform.name}",
        help=platform.help,
        example=platform.example,
        make=lambda _view, _by: [],
        filters=_FILTERS,
        outcomes=OUTCOMES,
        options=("window", "idle"),
    )


def _list_options(platform: Platform) -> list[Decorator]:
    return [
        SOURCE_ARGUMENT,
        *_list_platform_options(platform),
        click.option(
            "--what",
            type=Name(WHAT, "choice"),
            default="events",
            metavar="W",
            help=f"{', '.join(WHAT)}: these once they are final.  [events]",
        ),
        *build_selection_options(_FILTERS),
        IDLE_OPTION,
        STORE_OPTION,
        *_STATE_OPTIONS,
        *([_CHECK_OPTION] if platform.build_check else []),
        *([_OUT_OPTION] if platform.build_file else []),
        *_NETWORK_OPTIONS,
        *([_TOKEN_ENDPOINT_OPTION] if platform.uses_tokens else []),
        QUIET_OPTION,
        VERBOSE_OPTION,
        *REJECTS_OPTIONS,
        *build_map_options(is_hidden=True),
    ]


def _list_platform_options(platform: Platform) -> list[Decorator]:
    return [
        click.option(
            each.name,
            metavar=each.metavar,
            help=each.help,
            **({"required": True} if each.is_required else {"default": each.default}),
        )
        for each in platform.options
    ]


def _parse_send_settings(platform: Platform, given: Mapping[str, Any]) -> SendSettings:
    modes = [name for name in ("dry_run", "check", "status", "out") if given.get(name)]
    if len(modes) > 1:
        first, second = (f"--{name.replace('_', '-')}" for name in modes[:2])
        raise UsageError(f"{first} and {second} are two different things: give one")
    if given["again"] and modes and modes != ["out"]:
        raise UsageError("--again sends: it goes with neither --dry-run, --check nor --status")
    mapping_file = given.get("mapping")
    destination = Destination(
        id=given[platform.id_parameter],
        endpoint=_parse_endpoint(given["endpoint"], "--endpoint") or platform.endpoint,
        options={each.parameter: given[each.parameter] for each in platform.options},
        names_agents=given["with_agents"],
        mapping={} if mapping_file is None else _read_mapping(mapping_file),
    )
    platform.check_destination(destination)
    for name in ("state", "store", "out"):
        if given.get(name) == "":
            raise UsageError(f"--{name}: '' is no folder name; is a variable empty?")
    state = given["state"] or given["store"]
    if state is None and (not modes or modes == ["out"]):
        raise UsageError(
            "what is sent has to be remembered: name a folder for it with --state, "
            "or send from a store"
        )
    return SendSettings(
        platform=platform,
        destination=destination,
        what=given["what"],
        mode=modes[0] if modes else "send",
        state=state,
        is_state_of_store=given["state"] is None,
        out=given.get("out"),
        is_again=given["again"],
        requests_per_second=parse_rate(given["rate"], platform),
        give_up_ms=parse_duration(given["give_up"], "--give-up"),
        secret_file=given["secret_file"],
        token_endpoint=_parse_endpoint(given.get("token_endpoint"), "--token-endpoint") or "",
        status_format=given["status_format"],
    )


def parse_rate(text: str | None, platform: Platform) -> float | None:
    """Return the requests a second; never more than the platform allows."""
    most = platform.limits.requests_per_second
    if text is None:
        return most
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?", text) or float(text) == 0:
        raise UsageError(f"--rate: '{text}' is no number of requests a second; write 10, or 0.5")
    return float(text) if most is None else min(float(text), most)


def _parse_endpoint(text: str | None, option: str) -> str | None:
    """Return a URL without a query, which is encrypted or of this machine."""
    if text is None:
        return None
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if host is None or not text.isascii() or not text.isprintable() or " " in text:
        raise UsageError(f"{option}: that is no URL; write https://sgtm.example.com/mp/collect")
    if parts.username is not None or parts.query or parts.fragment:
        raise UsageError(f"{option}: give the URL without user, query and fragment")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        raise UsageError(f"{option}: secrets go there, so it has to begin with https://")
    return text


def _read_mapping(name: str) -> dict[str, Any]:
    import tomllib  # noqa: PLC0415 - few have such a file

    try:
        with open(name, "rb") as file:
            return tomllib.load(file)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UsageError(f"--mapping: {name}: {reason}") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"--mapping: {name}: no TOML ({error})") from error


@click.group("send", cls=PlatformGroup, context_settings=CONTEXT_SETTINGS)
def _send_group() -> None:
    """Send events of logs or of a store to an analytics platform, each of them once.

    \b
    Example: dcevents send ga4 --store /var/lib/dcevents --measurement-id G-ABC123DEF4
    """


_send_group.short_help = "Send events to Google Analytics or Adobe, each of them once."
COMMAND = _send_group
