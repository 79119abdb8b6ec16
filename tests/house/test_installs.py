"""dcevents installs with a compiler, with ziglang's, and with none; and reads the same each time.

pip downloads what the build needs, ziglang among it: 100 MB. What dcevents itself needs is taken
from where the tests run.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import harness
import pytest

import hatch_build

pytestmark = pytest.mark.installs

NOT_COPIED = shutil.ignore_patterns(".*cache", ".git", ".venv", ".hypothesis", "*.so", "build")
HAS_COMPILER = hatch_build.find_compiler() is not None
needs_compiler = pytest.mark.skipif(not HAS_COMPILER, reason="no compiler")


class Installation(NamedTuple):
    """A virtual environment, and a checkout beside it to install from."""

    checkout: Path
    folder: Path

    def pip(self, *arguments: str, **variables: str) -> str:
        """Run its pip, with more variables; return what it said."""
        command = [str(self.folder / "bin" / "python"), "-m", "pip", *arguments]
        done = _run(command, self.checkout, variables)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def dcevents(self, *arguments: str, **variables: str) -> str:
        """Run what was installed, away from the checkout; return what it printed."""
        done = _run([str(self.folder / "bin" / "dcevents"), *arguments], self.folder, variables)
        assert done.returncode == 0, done.stderr
        return done.stdout

    @property
    def bare_path(self) -> str:
        """A PATH without a compiler."""
        return str(self.folder / "bin")


def _run(
    command: list[str], folder: Path, variables: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    unwanted = ("DCEVENTS_", "PYTHON", "CC", "CFLAGS")
    kept = {name: text for name, text in os.environ.items() if not name.startswith(unwanted)}
    return subprocess.run(
        command,
        cwd=folder,
        env={**kept, **variables},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


@pytest.fixture
def fresh(tmp_path: Path) -> Installation:
    """An installation to be, in a folder with spaces in its name."""
    base = tmp_path / "a folder with spaces"
    shutil.copytree(harness.ROOT, base / "dcevents", ignore=NOT_COPIED)
    venv.create(base / "env", with_pip=True, symlinks=True)
    purelib = sysconfig.get_path("purelib", vars={"base": str(base / "env")})
    Path(purelib, "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return Installation(base / "dcevents", base / "env")


def read_logs(installed: Installation, scanner: str) -> None:
    """Hold what was installed to what these tests run on, and to a scanner."""
    logs = str(harness.ROOT / "sample_logs" / "site")
    command = [sys.executable, "-m", "dcevents", "summary", "-q", logs]
    expected = subprocess.run(
        command, cwd=harness.ROOT, capture_output=True, encoding="utf-8", check=True
    )

    assert installed.dcevents("summary", "-q", logs) == expected.stdout
    assert f", {scanner}" in installed.dcevents("--version")


@needs_compiler
def test_with_the_system_s_compiler(fresh: Installation) -> None:
    fresh.pip("install", "--no-deps", ".")

    read_logs(fresh, "C scanner)")
    assert fresh.dcevents("--version", DCEVENTS_SCANNER="c")
    assert not list(fresh.checkout.rglob("*.so"))


def test_without_a_compiler_by_ziglang_s(fresh: Installation) -> None:
    said = fresh.pip("install", "-v", "--no-deps", ".", PATH=fresh.bare_path)

    assert "ziglang" in said
    read_logs(fresh, "C scanner)")


def test_with_neither_python_reads(fresh: Installation) -> None:
    fresh.pip("install", "hatchling")
    said = fresh.pip(
        "install", "-v", "--no-deps", "--no-build-isolation", ".", PATH=fresh.bare_path
    )

    assert "dcevents is built without its C library, and reads logs slowly: no C compiler" in said
    read_logs(fresh, "pure Python scanner: no C library was built when dcevents was installed)")


def test_python_alone_may_be_asked_for(fresh: Installation) -> None:
    said = fresh.pip("install", "-v", "--no-deps", ".", DCEVENTS_BUILD="python")

    assert "ziglang" not in said
    read_logs(fresh, "pure Python scanner")


@needs_compiler
def test_an_editable_installation_builds_it_into_the_checkout(fresh: Installation) -> None:
    fresh.pip("install", "--no-deps", "-e", ".")

    read_logs(fresh, "C scanner)")
    assert [path.name for path in fresh.checkout.rglob("*.so*")] == ["libdcevents.so"]
    fresh.pip("install", "--no-deps", "-e", ".", DCEVENTS_BUILD="python")
    assert not list(fresh.checkout.rglob("*.so*"))
    read_logs(fresh, "pure Python scanner")


@needs_compiler
def test_from_an_sdist(fresh: Installation) -> None:
    shutil.copyfile("/dev/null", fresh.checkout / hatch_build.LIBRARY)
    done = _run([sys.executable, "-m", "hatchling", "build", "-t", "sdist"], fresh.checkout, {})
    assert done.returncode == 0, done.stderr
    (sdist,) = (fresh.checkout / "dist").iterdir()

    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    sources = {path.name for path in (harness.ROOT / hatch_build.FOLDER).glob("*.[ch]")}
    assert {"hatch_build.py", *(f"{hatch_build.FOLDER}/{name}" for name in sources)} <= names
    assert hatch_build.LIBRARY not in names
    fresh.pip("install", "--no-deps", str(sdist))
    read_logs(fresh, "C scanner)")


def test_wheels_for_other_systems(fresh: Installation) -> None:
    fresh.pip("install", "hatchling", "ziglang")
    wheel = ("wheel", "--no-deps", "--no-build-isolation", "-w", "wheels", ".")
    # Of each system and each processor one; .ci/wheels builds all.
    targets = ("aarch64-linux-musl", "x86_64-macos.11.0", "x86_64-windows-gnu")
    for target in targets:
        fresh.pip(*wheel, DCEVENTS_TARGET=target)

    found = {path.name.split("-")[-1]: path for path in (fresh.checkout / "wheels").iterdir()}
    assert set(found) == {f"{hatch_build.TARGETS[target]}.whl" for target in targets}
    for path in found.values():
        with zipfile.ZipFile(path) as archive:
            assert hatch_build.LIBRARY in archive.namelist()


@pytest.mark.parametrize(
    ("build", "tag"),
    [
        pytest.param("c", hatch_build.name_platform(), marks=needs_compiler),
        pytest.param("python", "any"),
    ],
)
def test_wheels_say_where_they_work(fresh: Installation, build: str, tag: str) -> None:
    (fresh.checkout / hatch_build.LIBRARY).write_bytes(b"stale")
    fresh.pip("wheel", "--no-deps", "-w", "wheels", ".", DCEVENTS_BUILD=build)
    (wheel,) = (fresh.checkout / "wheels").iterdir()

    assert wheel.name.endswith(f"-py3-none-{tag}.whl")
    with zipfile.ZipFile(wheel) as archive:
        assert (hatch_build.LIBRARY in archive.namelist()) == (build == "c")
        assert build == "python" or archive.read(hatch_build.LIBRARY) != b"stale"
