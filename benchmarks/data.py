"""Logs to measure with, made once and kept in a folder."""

from __future__ import annotations

import gzip
import hashlib
import importlib
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from measuring import MIB, ROOT, note

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Kind = Literal["plain", "varied"]

HERE = Path(__file__).resolve().parent
GENERATOR = ROOT / "samples" / "generate.py"
VARIED = ROOT / "samples" / "varied.py"
ENVELOPES = ROOT / "samples" / "envelopes"
TABLES = ROOT / "samples" / "tables.py"
HELD_OUT = HERE / "held_out.py"
SHAPES = HERE / "shapes.py"


@dataclass(frozen=True)
class Data:
    """Files kept in a directory under names that tell how they were made."""

    directory: Path
    seed: int

    def events(self, number: int, kind: Kind = "plain", *, bad: float = 0, copies: int = 1) -> Path:
        """Return a file of that many events, with broken lines between them,
        written several times over.
        """
        asked = {"--events": number, "--seed": self.seed, "--bad": bad, "--copies": copies}
        options = [text for option, value in asked.items() for text in (option, str(value))]
        options += ["--varied"] if kind == "varied" else []
        stem = f"{kind}-{number}-seed{self.seed}-bad{bad}-x{copies}"
        return self._printed(stem, [GENERATOR, *options], GENERATOR, VARIED)

    def held_out(self, number: int) -> Path:
        """Return a file of that many events that nothing was tuned with."""
        command: list[Path | str] = [HELD_OUT, str(number), "--seed", str(self.seed)]
        return self._printed(f"held-out-{number}-seed{self.seed}", command, HELD_OUT)

    def shape(self, shape: str, number: int) -> Path:
        """Return a file of that many records in a shape of shapes.py."""
        command: list[Path | str] = [SHAPES, shape, str(number)]
        return self._printed(f"shape-{shape}-{number}", command, SHAPES, ending="log")

    def enveloped(self, path: Path, shape: str) -> Path:
        """Return the same events in a shape of samples/envelopes."""
        command: list[Path | str] = ["-m", "samples.envelopes", "--shape", shape, path.resolve()]
        sources = sorted(ENVELOPES.glob("*.py"))
        return self._printed(f"{path.stem}-{shape}", command, *sources, ending="log")

    def tabled(self, path: Path, kind: str) -> Path:
        """Return the same events as rows of CSV: `csv`, or `csv-json`."""
        options = ["--json"] if kind == "csv-json" else []
        command: list[Path | str] = ["-m", "samples.tables", *options, path.resolve()]
        return self._printed(f"{path.stem}-{kind}", command, TABLES, ending="csv")

    def _printed(
        self, stem: str, command: Sequence[Path | str], *sources: Path, ending: str = "ndjson"
    ) -> Path:
        """Return a file with what a script prints, named after the script's text."""
        text = b"".join(source.read_bytes() for source in sources)
        path = self.directory / f"{stem}-{hashlib.sha256(text).hexdigest()[:8]}.{ending}"

        def write(target: Path) -> None:
            with open(target, "wb") as out:
                subprocess.run([sys.executable, *command], stdout=out, check=True, cwd=ROOT)

        return self.once(path, write)

    def gzipped(self, path: Path) -> Path:
        """Return it compressed as gzip does by default."""

        def write(target: Path) -> None:
            with open(path, "rb") as source, gzip.open(target, "wb", compresslevel=6) as out:
                shutil.copyfileobj(source, out, MIB)

        return self.once(path.with_name(path.name + ".gz"), write)

    def zstandard(self, path: Path) -> Path:
        """Return it compressed as zstd does by default."""

        def write(target: Path) -> None:
            name = "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd"
            zstd: Any = importlib.import_module(name)  # a dependency of dcevents
            with open(path, "rb") as source, zstd.open(target, "wb") as out:
                shutil.copyfileobj(source, out, MIB)

        return self.once(path.with_name(path.name + ".zst"), write)

    def parts(self, path: Path, number: int) -> Path:
        """Return a directory with the same lines in that many files."""

        def write(target: Path) -> None:
            target.mkdir()
            with open(path, "rb") as source:
                each = -(-sum(1 for _ in source) // number)
                source.seek(0)
                for part in range(number):
                    (target / f"part-{part:06d}.ndjson").write_bytes(b"".join(islice(source, each)))

        return self.once(path.with_name(f"{path.name}-{number}-parts"), write)

    def once(self, path: Path, write: Callable[[Path], None]) -> Path:
        """Return the path; what is not there yet is written beside it first and then renamed."""
        if not path.exists():
            self.directory.mkdir(parents=True, exist_ok=True)
            note(f"making {path.name}")
            with tempfile.TemporaryDirectory(dir=self.directory) as beside:
                write(Path(beside, path.name))
                os.replace(Path(beside, path.name), path)
        return path
