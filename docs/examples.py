"""What the documents show of the program, taken from it:
cog puts it between their markers (see CONTRIBUTING.md).
"""

import gzip
import math
import os
import pty
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import click

from dcevents import snippet
from dcevents.cli.main import cli
from dcevents.model.events import EVENT_KINDS, name_forwarded_event

ROOT = Path(__file__).parent.parent
PROGRAM = f'dcevents() {{ "{sys.executable}" -m dcevents "$@"; }}\n'
"""A shell's function, so that the examples run the code that lies here, whatever is installed."""


def run(command: str, columns: int = 80, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """A command of the documents, run in a folder by a shell,
    its output on a terminal of that width.

    `stdout` comes back as the terminal got it, `stderr` apart.
    """
    variables = {key: value for key, value in os.environ.items() if not key.startswith("DCEVENTS_")}
    variables |= {"COLUMNS": str(columns), "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"}
    variables |= {"NO_COLOR": "1"}
    terminal, output = pty.openpty()
    with subprocess.Popen(
        ["/bin/sh", "-c", PROGRAM + command],
        cwd=folder,
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.PIPE,
    ) as process:
        os.close(output)
        shown = _read(terminal)
        _, messages = process.communicate(timeout=60)
    return subprocess.CompletedProcess(
        command, process.returncode, shown.replace("\r\n", "\n"), messages.decode()
    )


def _read(terminal: int) -> str:
    """All that is written to a terminal until its last writer has gone (an error on Linux,
    an end on macOS).
    """
    with os.fdopen(terminal, "rb", buffering=0) as shown:
        parts = []
        try:
            while part := shown.read(1 << 16):
                parts.append(part)
        except OSError:
            pass
    return b"".join(parts).decode()


def statuses(command: str) -> tuple[int, ...]:
    """The exit statuses that a command of the documents may have."""
    return (0, 4) if "--fail-if" in command else (0,)


def show(command: str, columns: int = 80, start: str = "", end: str = "") -> str:
    """A command and its output for a document: all of it,
    or from the line `start` to before the line `end`.
    """
    done = run(command, columns)
    if done.returncode not in statuses(command):
        raise RuntimeError(f"{command}: {done.stderr}")
    lines = (done.stdout + done.stderr).splitlines()
    if start:
        lines = ["…", *lines[lines.index(start) :]]
    if end:
        lines = [*lines[: lines.index(end)], "…"]
    return "\n".join(["", "```console", f"$ {command}", *lines, "```", "", ""])


def in_store(*commands: str) -> str:
    """Commands on one store, STORE in them, and their output."""
    with tempfile.TemporaryDirectory() as folder:
        store = str(Path(folder) / "store")
        shown = [
            show(command.replace("STORE", store)).replace(store, "store") for command in commands
        ]
    return "".join(shown)


def commands() -> list[str]:
    """All commands, in the order of `--help`."""
    return cli.list_commands(click.Context(cli))


def shapes() -> str:
    """The tables of the systems whose wrappings `samples/envelopes` writes, by kind."""
    sys.path.insert(0, str(ROOT))
    from samples import envelopes  # noqa: PLC0415

    tables = [
        "\n".join(
            [
                f"**{kind}**\n\n| shape | written by | time | not kept |\n|---|---|---|---|",
                *(_shape_row(name, shape) for name, shape in shapes.items()),
            ]
        )
        for kind, shapes in envelopes.KINDS.items()
    ]
    return "\n".join(["", "\n\n".join(tables), "", ""])


def _shape_row(name: str, shape: Any) -> str:  # noqa: ANN401 - Shape, imported late
    unit = {1: "ms", 1000: "s"}[shape.resolution_ms]
    time = unit if shape.clock == "page" else f"{unit}, the server's"
    lost = [f"`{key}`" for key in sorted(shape.loses)]
    lost += [f"the spelling of keys in `{key}`" for key in sorted(shape.rewrites)]
    lost += ["lines of its own are rejected"] * shape.has_other_records
    return f"| `{name}` | [{shape.system}]({shape.page}) | {time} | {', '.join(lost)} |"


def count_shapes() -> str:
    """How many systems the tables have."""
    sys.path.insert(0, str(ROOT))
    from samples import envelopes  # noqa: PLC0415

    return f"\nThese {len(envelopes.SHAPES)} are tested, alone and one behind the other.\n\n"


def forwarded() -> str:
    """A table of the names of events on analytics platforms."""
    rows = [f"| `{event.key}` | `{name_forwarded_event(event.kind)}` |" for event in EVENT_KINDS]
    return "\n".join(["", "| event | name on the platforms |", "|---|---|", *rows, "", ""])


def sizes() -> str:
    """How large the snippet is as it is printed."""
    most = snippet.SnippetSettings(
        "/dc-events",
        keep_query=True,
        with_meeting_info=True,
        consent="window.consent === true",
        forward=tuple(snippet.FORWARDS),
    )
    plain = snippet.SnippetSettings("/dc-events")
    sizes = f"{kilobytes(plain)} kB; with every option: {kilobytes(most)} kB"
    return f"\nAs printed, compressed by gzip: {sizes}.\n\n"


def kilobytes(wanted: snippet.SnippetSettings) -> str:
    """The size of a compressed snippet, rounded up: compressors differ by some bytes."""
    return f"{math.ceil(len(gzip.compress(snippet.make_script(wanted).encode())) / 100) / 10}"
