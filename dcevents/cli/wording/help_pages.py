"""Help: a report's options in groups, and the command `help`."""

import click

_GROUPS = {
    "Which conversations": (
        "since", "until", "period", "conversation", "type_", "ui_type", "page", "agent", "outcome",
    ),
    "Rows and figures": (
        "by", "compare", "intervals", "sort", "top", "columns", "grid", "package", "limit", "tz",
        "as_of", "idle", "service_level", "keep_query",
    ),
    "Output": (
        "format", "output", "width", "quiet", "verbose", "excel", "delimiter", "decimal",
        "no_formula_guard",
    ),
    "Input": (
        "store", "max_rejects", "strict", "rejects", "paths", "names", "config", "show_map",
    ),
    "Alerts": ("fail_if", "min_base", "stale"),
}  # fmt: skip
"""Parameters by the heading that they stand below, in their order."""
_JOINED = {
    "until": "since",
    "ui_type": "type_",
    "agent": "page",
    "top": "sort",
    "decimal": "excel",
}
"""Parameters that stand on the line of another one, whose text is about both."""


class ReportCommand(click.Command):
    """A command with its options in groups; together they fit a screen."""

    # ruff: noqa: D102 - the signatures are click's.

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            # click names no command where an option lacks its value.
            error.ctx = error.ctx or ctx
            raise

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        params = {param.name or "": param for param in self.get_params(ctx)}
        groups = {heading: _list_lines(names, params, ctx) for heading, names in _GROUPS.items()}
        width = max(len(label) for lines in groups.values() for label, _ in lines)
        formatter.write_paragraph()
        for heading, lines in groups.items():
            if lines:
                formatter.write_heading(heading)
                formatter.indent()
                formatter.write_dl([(label.ljust(width), text) for label, text in lines])
                formatter.dedent()


def list_grouped_names() -> set[str]:
    """Return the parameters that have a place in the help of reports."""
    return {name for names in _GROUPS.values() for name in names}


def _list_lines(
    names: tuple[str, ...], params: dict[str, click.Parameter], ctx: click.Context
) -> list[tuple[str, str]]:
    """Return the label and the text of each option of a group."""
    lines: dict[str, tuple[str, str]] = {}
    for name in names:
        record = params[name].get_help_record(ctx) if name in params else None
        if record is None:
            continue
        label, text = record
        first = _JOINED.get(name)
        if first in lines:
            lines[first] = (_join_labels(lines[first][0], label), lines[first][1])
        else:
            lines[name] = (label, text)
    return list(lines.values())


def _join_labels(one: str, other: str) -> str:
    """Return `--since, --until TIME`."""
    option, _, value = one.partition(" ")
    return f"{option}, {other}" if other.endswith(f" {value}") else f"{one}, {other}"


@click.command("help", hidden=True, add_help_option=False)
@click.argument("names", nargs=-1)
def _show_help(names: tuple[str, ...]) -> None:
    """Print the help of dcevents or of a command."""
    root = click.get_current_context().find_root()
    words = [name for name in names if not name.startswith("-")]
    with root.command.make_context(root.info_name, [*words, "--help"]) as context:
        root.command.invoke(context)


HELP_COMMAND = _show_help
