"""The build's hook: compiles the C functions of `dcevents/native` into a library beside them.

The compiler is $CC, cc, gcc or clang. Where none compiles a test file, the build asks for the
package `ziglang`, whose compiler needs nothing from the system. Where that fails too, the package
is built without the library, and Python does its work, slowly.

DCEVENTS_BUILD=python builds none; DCEVENTS_BUILD=c fails where none can be built.
DCEVENTS_TARGET=TARGET builds a wheel for another system, by ziglang: see .ci/wheels.
"""

from __future__ import annotations

import os
import platform
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from packaging.tags import platform_tags

VARIABLE = "DCEVENTS_BUILD"
TARGET_VARIABLE = "DCEVENTS_TARGET"
TARGETS = {
    "x86_64-linux-gnu.2.17": "manylinux_2_17_x86_64",
    "aarch64-linux-gnu.2.17": "manylinux_2_17_aarch64",
    "x86_64-linux-musl": "musllinux_1_2_x86_64",
    "aarch64-linux-musl": "musllinux_1_2_aarch64",
    "x86_64-macos.11.0": "macosx_11_0_x86_64",
    "aarch64-macos.11.0": "macosx_11_0_arm64",
    "x86_64-windows-gnu": "win_amd64",
}
"""zig's names of systems, and the platforms of their wheels."""
FOLDER = "dcevents/native"
LIBRARY = f"{FOLDER}/libdcevents.so"
FLAGS = (
    "-std=c11",
    "-O2",
    "-fPIC",
    "-shared",
    "-fvisibility=hidden",
    "-fstack-protector-strong",
    "-U_FORTIFY_SOURCE",
    "-D_FORTIFY_SOURCE=3",
)
ZIG = (sys.executable, "-m", "ziglang", "cc", "-mcpu=baseline")
"""zig's compiler; by itself it would build for the very processor that it runs on."""
ZIG_MACHINES = {"x86_64", "amd64", "aarch64", "arm64", "i686", "armv7l", "ppc64le", "riscv64"}
TEST_FILE = """\
#include <stdint.h>
#include <string.h>
__attribute__((visibility("default"))) int dcevents_abi(void) { return 0; }
"""
LOAD = "import ctypes, sys; ctypes.CDLL(sys.argv[1]).dcevents_abi()"


class CustomBuildHook(BuildHookInterface[Any]):
    """Puts the library into wheels, and into the source tree of editable installs."""

    def dependencies(self) -> list[str]:
        """Return what the build needs beside hatchling: a compiler, where the system has none."""
        is_needed = self._target or (
            self._choice != "python"
            and platform.machine().lower() in ZIG_MACHINES
            and find_compiler() is None
        )
        return ["ziglang>=0.12"] if is_needed else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the library; say why where there will be none."""
        is_editable = version == "editable"
        if is_editable:
            Path(self.root, LIBRARY).unlink(missing_ok=True)
        if self._choice == "python":
            self.app.display_info(f"{VARIABLE}=python: no C library is built")
            return
        built = self._folder / Path(LIBRARY).name
        problem = self._build(built)
        if problem:
            self._refuse(problem)
            return
        build_data["pure_python"] = False
        wheel_platform = TARGETS[self._target] if self._target else name_platform()
        build_data["tag"] = f"py3-none-{wheel_platform}"
        if is_editable:
            # A running process may have loaded the old one: replaced, never written over.
            beside = Path(self.root, f"{LIBRARY}.new")
            shutil.copyfile(built, beside)
            beside.replace(Path(self.root, LIBRARY))
        else:
            build_data["force_include"][str(built)] = LIBRARY

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002
        """Remove what was built beside the source tree."""
        shutil.rmtree(self._folder)

    @cached_property
    def _folder(self) -> Path:
        return Path(tempfile.mkdtemp(prefix="dcevents-build-"))

    @property
    def _choice(self) -> str:
        choice = os.environ.get(VARIABLE, "")
        if choice not in {"", "c", "python"}:
            raise SystemExit(f"{VARIABLE}={choice}: neither c nor python")
        return choice

    @property
    def _target(self) -> str:
        target = os.environ.get(TARGET_VARIABLE, "")
        if target and target not in TARGETS:
            raise SystemExit(f"{TARGET_VARIABLE}={target}: not one of {', '.join(TARGETS)}")
        return target

    def _build(self, library: Path) -> str:
        """Build the library; return the problem, or an empty text."""
        sources = sorted(Path(self.root, FOLDER).glob("*.c"))
        if self._target:
            return compile_library((*ZIG, "-target", self._target), sources, library, run=False)
        compiler = find_compiler() or (ZIG if can_compile(ZIG) else None)
        if compiler is None:
            return "no C compiler was found ($CC, cc, gcc, clang or the package ziglang)"
        return compile_library(compiler, sources, library)

    def _refuse(self, problem: str) -> None:
        words = f"dcevents is built without its C library, and reads logs slowly: {problem}"
        if self._choice == "c" or self._target:
            raise SystemExit(f"no C library was built: {problem}")
        self.app.display_warning(words)


def find_compiler() -> Sequence[str] | None:
    """Return the command of the system's compiler; None where none compiles a test file."""
    return next(filter(can_compile, _list_compilers()), None)


def _list_compilers() -> Iterator[Sequence[str]]:
    chosen = shlex.split(os.environ.get("CC", ""))
    if chosen:
        yield chosen
    yield from ((name,) for name in ("cc", "gcc", "clang"))


def can_compile(compiler: Sequence[str]) -> bool:
    """Return whether a compiler makes a library that this Python can load."""
    if shutil.which(compiler[0]) is None:
        return False
    with tempfile.TemporaryDirectory(prefix="dcevents-build-") as folder:
        source = Path(folder, "test.c")
        source.write_text(TEST_FILE, encoding="utf-8")
        return not compile_library(compiler, [source], Path(folder, "test.so"))


def compile_library(
    compiler: Sequence[str], sources: Sequence[Path], target: Path, *, run: bool = True
) -> str:
    """Compile a library and, if asked, load it; return the problem, or an empty text."""
    own = shlex.split(os.environ.get("CFLAGS", ""))
    made = _run([*compiler, *FLAGS, *own, *map(str, sources), "-o", str(target)])
    return made or (_run([sys.executable, "-c", LOAD, str(target)]) if run else "")


def _run(command: Sequence[str]) -> str:
    """Run a command; return what went wrong, in one line, or an empty text."""
    try:
        done = subprocess.run(
            command, capture_output=True, encoding="utf-8", errors="replace", check=False
        )
    except OSError as error:
        return f"{command[0]}: {error.strerror}"
    if not done.returncode:
        return ""
    said = next((line for line in done.stderr.splitlines() if "rror" in line), "")
    return f"{Path(command[0]).name}: exit status {done.returncode}; {said}".rstrip("; ")


def name_platform() -> str:
    """Return the platform of a wheel whose library was built for this machine alone."""
    standards = ("manylinux", "musllinux")
    return next(name for name in platform_tags() if not name.startswith(standards))
