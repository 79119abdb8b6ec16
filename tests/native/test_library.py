"""The library of C functions: whether it is used, and what is said where it cannot be."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import hatch_build
from dcevents import native
from dcevents.errors import DcError, UsageError

VERSION_H = Path(native.__file__).with_name("version.h")
COMPILER = hatch_build.find_compiler()

pytestmark = pytest.mark.usefixtures("forget_library")


@pytest.fixture
def forget_library() -> Iterator[None]:
    """A library is looked for once in a process; here, in each test."""
    native._open_library.cache_clear()
    yield
    native._open_library.cache_clear()


def choose(monkeypatch: pytest.MonkeyPatch, scanner: str, library: Path | None = None) -> None:
    """DCEVENTS_SCANNER, and where the library is."""
    monkeypatch.setenv("DCEVENTS_SCANNER", scanner)
    if library:
        monkeypatch.setattr(native, "LIBRARY", library)


def test_python_and_c_expect_the_same_interface() -> None:
    (number,) = re.findall(r"#define DCEVENTS_ABI (\d+)", VERSION_H.read_text())

    assert int(number) == native.ABI


def test_python_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    choose(monkeypatch, "python")

    assert native.load_library() is None
    assert native.describe_scanner() == "pure Python scanner: DCEVENTS_SCANNER=python"


def test_without_a_library_python_reads(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    choose(monkeypatch, "", tmp_path / "none.so")

    assert native.load_library() is None
    assert native.describe_scanner().startswith("pure Python scanner: no C library")


def test_without_a_library_c_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    choose(monkeypatch, "c", tmp_path / "none.so")

    with pytest.raises(DcError, match=r"^DCEVENTS_SCANNER=c: no C library was built when"):
        native.load_library()


def test_other_scanners_are_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    choose(monkeypatch, "fast")

    with pytest.raises(UsageError, match=r"^DCEVENTS_SCANNER=fast: neither c nor python$"):
        native.load_library()


def test_a_file_that_is_no_library_is_passed_over(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "lib.so").write_bytes(b"\x7fELF and no more")
    choose(monkeypatch, "", tmp_path / "lib.so")

    assert native.load_library() is None
    assert "lib.so cannot be loaded (" in native.describe_scanner()


@pytest.mark.skipif(COMPILER is None, reason="no compiler")
@pytest.mark.parametrize("source", ["int dcevents_abi(void) { return 0; }", "int other;"])
def test_a_library_of_another_version_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, source: str
) -> None:
    assert COMPILER
    (tmp_path / "old.c").write_text(source)
    built = [*COMPILER, "-shared", "-fPIC", str(tmp_path / "old.c"), "-o", str(tmp_path / "old.so")]
    subprocess.run(built, check=True)
    choose(monkeypatch, "", tmp_path / "old.so")

    with pytest.raises(DcError, match=r"old.so is of another version.*: reinstall dcevents$"):
        native.load_library()


@pytest.mark.installs
@pytest.mark.skipif(COMPILER is None, reason="no compiler")
def test_a_library_older_than_its_sources_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert COMPILER
    copied = shutil.copytree(VERSION_H.parent, tmp_path / "native")
    library = copied / "libdcevents.so"
    sources = sorted(copied.glob("*.c"))
    assert not hatch_build.compile_library(COMPILER, sources, library)
    choose(monkeypatch, "", library)
    assert native.load_library()

    native._open_library.cache_clear()
    os.utime(copied / "version.h", ns=(2**62, 2**62))
    with pytest.raises(DcError, match=r"so is of another version.*: reinstall dcevents$"):
        native.load_library()


def test_a_compiler_that_fails_is_not_taken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    failing = tmp_path / "cc"
    failing.write_text("#!/bin/sh\nexit 1\n")
    failing.chmod(0o755)
    monkeypatch.setenv("CC", str(failing))

    assert hatch_build.find_compiler() == COMPILER
    monkeypatch.setenv("PATH", str(tmp_path))
    assert hatch_build.find_compiler() is None


@pytest.mark.skipif(COMPILER is None, reason="no compiler")
def test_a_compiler_s_words_are_passed_on(tmp_path: Path) -> None:
    assert COMPILER
    (tmp_path / "odd.c").write_text("int dcevents_abi(void) { return nothing; }\n")

    problem = hatch_build.compile_library(COMPILER, [tmp_path / "odd.c"], tmp_path / "odd.so")

    assert re.fullmatch(r".*: exit status \d+; .*error.*nothing.*", problem)


def test_help_loads_no_library() -> None:
    code = "import sys; from dcevents.cli.main import cli; cli(['--help'], standalone_mode=False)"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}; sys.exit('dcevents.native' in sys.modules)"],
        capture_output=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
