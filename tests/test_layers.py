"""The house and its rooms (docs/architecture.md): who may import whom, read from the source code.

A room imports only from floors below its own. What a module needs for its annotations only (`TYPE_CHECKING`) counts
as well, but for the formats: they are told what a table looks like, and nothing else of reports.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import dcevents

PACKAGE = Path(dcevents.__file__).parent

FLOORS = (
    (
        "dcevents",
        "errors",
        "events",
        "listed",
        "magic",
        "prefixes",
        "rows",
        "settings",
        "show",
        "sids",
        "strict",
        "timestamps",
    ),
    ("config", "hints", "output", "places", "progress", "snippet", "times"),
    ("envelopes",),
    ("record",),
    ("encoded",),
    ("partial", "shapes", "streams"),
    ("records", "regions"),
    ("mixed", "parse", "sources"),
    ("attempts", "facts", "timeline"),
    ("chat_reasons", "conversations", "log"),
    ("account", "quality", "reasons", "recognised", "rejects", "view"),
    ("explain", "selection"),
    ("reports", "render"),
    ("alerts",),
    ("store",),
    ("options",),
    ("cli",),
    ("__main__",),
)
"""Rooms from the ground up; `reports` and `render` are folders, one file a report, one file a format."""

WITH_CLICK = {"cli", "options"}
TABLES = "reports._base"
"""What a table of a report is: all that a format may know of reports, and only for its annotations."""


class Import(NamedTuple):
    """`module` imports `target`, a module by its full name."""

    module: str
    target: str
    line: int
    for_types: bool

    def __str__(self) -> str:
        return f"{self.module}:{self.line} imports {self.target}"


def modules() -> dict[str, ast.Module]:
    """The package's modules by their names in it, `dcevents` itself under its own name."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        name = ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix("__init__").rstrip(".")
        found[name or "dcevents"] = ast.parse(path.read_text(encoding="utf-8"))
    return found


MODULES = modules()


def imports() -> Iterator[Import]:
    """All imports of the package, also those within functions."""
    for module, tree in MODULES.items():
        typing = {
            id(inner)
            for node in ast.walk(tree)
            if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
            for inner in ast.walk(node)
        }
        for node in ast.walk(tree):
            for target in _targets(node):
                yield Import(module, target, getattr(node, "lineno", 0), id(node) in typing)


def _targets(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        assert node.level == 0, "imports are absolute here: they say where they lead"
        package = str(node.module)
        for alias in node.names:
            inner = f"{package}.{alias.name}".removeprefix("dcevents.")
            yield f"dcevents.{inner}" if package.startswith("dcevents") and inner in MODULES else package


INTERNAL = [
    each._replace(target=each.target.removeprefix("dcevents."))
    for each in imports()
    if each.target.partition(".")[0] == "dcevents"
]
EXTERNAL = [each for each in imports() if each.target.partition(".")[0] != "dcevents"]


def room(module: str) -> str:
    """The room that a module stands in."""
    return module.partition(".")[0]


def floor(module: str) -> int:
    """The floor of a module's room."""
    return next(number for number, rooms in enumerate(FLOORS) if room(module) in rooms)


def test_every_module_has_a_room() -> None:
    rooms = [name for names in FLOORS for name in names]

    assert sorted(rooms) == sorted({room(module) for module in MODULES})


def test_the_house_is_seen_as_it_is() -> None:
    # If this fails, the reading of imports is broken, and the other tests here check nothing.
    seen = {(each.module, each.target) for each in INTERNAL}

    assert {("cli", "sources"), ("parse", "record"), ("reports.completion", "reports._base")} <= seen
    assert ("parse", "polars") in {(each.module, each.target) for each in EXTERNAL}


def test_a_room_imports_only_from_rooms_that_it_stands_on() -> None:
    upward = [
        str(each)
        for each in INTERNAL
        if room(each.module) != room(each.target)
        and floor(each.target) >= floor(each.module)
        and not (room(each.module) == "render" and each.target == TABLES and each.for_types)
    ]

    assert [] == upward


def test_reports_know_no_format_and_formats_know_no_report() -> None:
    across = [
        str(each)
        for each in INTERNAL
        if {room(each.module), room(each.target)} == {"reports", "render"}
        and not (each.target == TABLES and each.for_types)
    ]

    assert [] == across


def test_formats_share_only_what_is_marked_as_shared() -> None:
    between = [
        str(each)
        for each in INTERNAL
        if room(each.module) == room(each.target) == "render" and not each.target.startswith("render._")
    ]

    assert [] == between


def test_click_is_known_at_the_door_only() -> None:
    knowing = {room(each.module) for each in EXTERNAL if each.target.partition(".")[0] == "click"}

    assert knowing <= WITH_CLICK
    assert "cli" in knowing


def test_the_command_line_is_known_to_nobody() -> None:
    knowing = {each.module for each in INTERNAL if each.target in ("cli", "options")}

    assert knowing == {"__main__", "cli"}


@pytest.mark.parametrize("module", sorted(MODULES))
def test_only_sources_opens_inputs(module: str) -> None:
    reading = {"open", "fdopen", "read_text", "read_bytes", "open_code", "FileIO"}
    # output opens what it writes; polars reads lines from memory in parse and records.
    own = {
        "sources": reading,
        "output": {"open", "fdopen"},
        "parse": {"scan_lines"},
        "records": {"scan_lines"},
        "listed": {"scan_lines"},
        "config": {"open"},
        "store.files": {"fdopen", "open", "read_bytes", "read_text"},
        "store.lock": {"open"},
        "store.state": {"read_parquet", "scan_parquet"},
    }
    allowed = own.get(module, set())

    called = {
        name
        for node in ast.walk(MODULES[module])
        if isinstance(node, ast.Call) and (name := _called(node.func))
        if name in reading or (name.startswith(("read_", "scan_")) and ast.unparse(node.func).startswith("pl."))
    }

    assert called <= allowed


def _called(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def test_dependencies_are_those_of_the_package() -> None:
    known = {"click", "polars", "tabulate", "isal", "backports"}

    foreign = {name for each in EXTERNAL if (name := each.target.partition(".")[0]) not in sys.stdlib_module_names}

    # Beside its name in Python 3.14's own library, which older versions do not list.
    assert foreign - {"compression"} <= known
