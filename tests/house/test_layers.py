"""The house and its rooms (docs/architecture.md): who may import whom,
read from the source code.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import dcevents

PACKAGE = Path(dcevents.__file__).parent
FLOORS = (
    {"dcevents"},
    {"native"},
    {"model", "render"},
    {"reading", "snippet"},
    {"analysis"},
    {"explain", "store"},
    {"reports", "sending"},
    {"cli"},
)
"""Rooms from the ground up: the package's own plain modules, then its folders."""
FLOOR_OF = {room: floor for floor, rooms in enumerate(FLOORS) for room in sorted(rooms)}


def room_of(module: str) -> str:
    """Return the room that a module of the package stands in."""
    room = module.removeprefix("dcevents").strip(".").partition(".")[0]
    return room if (PACKAGE / room).is_dir() and room else "dcevents"


def imports_of(path: Path) -> Iterator[str]:
    """Yield the modules that a file imports, for annotations and within functions too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


FILES = sorted(PACKAGE.rglob("*.py"))
MODULES = {".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts): path for path in FILES}


EXTERNAL = {"click", "polars", "tabulate", "isal", "backports", "compression"} | {
    "jinja2",
    "markupsafe",
    "urllib3",
    "vl_convert",
    "xlsxwriter",
}
"""Dependencies, those of extras, and what Python 3.14 has of its own that older versions do not
list.
"""


@pytest.mark.parametrize("room", sorted(FLOOR_OF))
def test_a_room_imports_only_from_rooms_below_it(room: str) -> None:
    below = {other for other in FLOOR_OF if FLOOR_OF[other] < FLOOR_OF[room]}
    inside = {module: path for module, path in MODULES.items() if room_of(module) == room}
    found = {
        (module, name)
        for module, path in inside.items()
        for name in imports_of(path)
        if name.startswith("dcevents") and room_of(name) not in {room, *below}
    }

    assert inside
    assert {module for module, _ in found} <= {"dcevents.__main__"}


def test_only_the_command_line_knows_click() -> None:
    knowing = {room_of(module) for module, path in MODULES.items() if "click" in imports_of(path)}

    assert knowing == {"cli"}


def test_dependencies_are_those_of_the_package() -> None:
    names = {name.split(".")[0] for path in FILES for name in imports_of(path)}

    assert names - {"dcevents", *sys.stdlib_module_names} <= EXTERNAL


def test_help_imports_no_polars() -> None:
    code = "import sys; from dcevents.cli.main import cli; cli(['--help'], standalone_mode=False)"
    told = subprocess.run(
        [sys.executable, "-c", f"{code}; sys.exit('polars' in sys.modules)"],
        capture_output=True,
        check=False,
    )

    assert told.returncode == 0, told.stderr
