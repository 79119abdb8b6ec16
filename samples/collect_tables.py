"""Have databases and a library write the sample events as rows: sample_logs/envelopes/real-*.log.

python -m samples.collect_tables [PROGRAM]...     all, or those named

What is not installed is left out, and said. Debian's packages sqlite3 and postgresql are enough for
programs, PyPI's pandas for the library.
"""

from __future__ import annotations

import importlib
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from samples import envelopes
from samples.tables import COLUMNS, list_cells

ROOT = Path(__file__).parent.parent
TARGET = ROOT / "sample_logs" / "envelopes"
Event = dict[str, Any]
Samples = Mapping[str, bytes]


def run(*command: str | Path, text: str = "") -> bytes:
    """Run a program; return what it prints."""
    done = subprocess.run(command, input=text.encode(), capture_output=True, check=True)
    return done.stdout


def quote(cell: object) -> str:
    """Return a value as SQL writes it."""
    return "NULL" if cell is None else "'" + str(cell).replace("'", "''") + "'"


def write_sql(events: Sequence[Event], types: str = "text") -> str:
    """Return SQL that makes two tables: columns, and JSON beside a collector's columns."""
    columns = ", ".join(f'"{name}" text' for name in COLUMNS)
    made = [
        f"CREATE TABLE events ({columns});",
        f"CREATE TABLE hits (id int, received_at text, message {types}, host text);",
    ]
    for number, event in enumerate(events):
        cells = ", ".join(map(quote, list_cells(event)))
        hit = f"{number}, '2026-12-01 00:00:00', {quote(json.dumps(event))}, 'web1'"
        made += (
            f"INSERT INTO {table} VALUES ({row});"  # noqa: S608 - quoted, and of our own events
            for table, row in (("events", cells), ("hits", hit))
        )
    return "\n".join(made) + "\n"


def write_by_sqlite(folder: Path, events: Sequence[Event]) -> Samples:
    """Have sqlite3 print the tables."""
    path = folder / "events.db"
    run("sqlite3", path, text=write_sql(events))
    return {
        "sqlite-list": run("sqlite3", "-header", path, "SELECT * FROM events"),
    }


def write_by_psql(folder: Path, events: Sequence[Event]) -> Samples:
    """Have psql print the tables of a PostgreSQL that runs as long."""
    programs = max(Path("/usr/lib/postgresql").glob("*/bin"))
    data = folder / "data"
    user = ("runuser", "-u", "postgres", "--")
    shutil.chown(folder, "postgres")
    run(*user, programs / "initdb", "-D", data, "-U", "postgres")
    options = f"-c listen_addresses='' -c unix_socket_directories={folder}"
    server = (*user, programs / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options)
    run(*server, "start")
    psql = ("psql", "-h", folder, "-U", "postgres", "-X")
    unaligned = (*psql, "-A", "-F", "\t", "-P", "footer=off")
    try:
        run(*psql, "-q", text=write_sql(events, "jsonb"))
        semicolons = "COPY events TO STDOUT WITH (FORMAT csv, HEADER, DELIMITER ';', FORCE_QUOTE *)"
        return {
            "psql-csv": run(*psql, "--csv", "-c", "SELECT * FROM hits"),
            "psql-semicolons": run(*psql, "-c", semicolons),
            "psql-unaligned": run(*unaligned, "-c", "SELECT * FROM hits"),
        }
    finally:
        run(*server, "-m", "immediate", "stop")


def write_by_pandas(folder: Path, events: Sequence[Event]) -> Samples:
    """Have pandas flatten the events and write them as CSV, with its index."""
    target = folder / "events.csv"
    importlib.import_module("pandas").json_normalize(list(events)).to_csv(target)
    return {"pandas-csv": target.read_bytes()}


Write = Callable[[Path, Sequence[Event]], Samples]
PROGRAMS: dict[str, Write] = {
    "sqlite3": write_by_sqlite,
    "psql": write_by_psql,
    "pandas": write_by_pandas,
}
LIBRARIES = ("pandas",)


def main() -> None:
    """Write the samples."""
    with open(ROOT / "sample_logs" / "site" / "dc.log", "rb") as source:
        events = envelopes.read(source)[:24]
    for program in sys.argv[1:] or PROGRAMS:
        if program not in LIBRARIES and shutil.which(program) is None:
            print(f"{program}: not installed")
            continue
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            try:
                samples = PROGRAMS[program](Path(folder), events)
            except ImportError as error:
                print(f"{program}: {error}")
                continue
        for name, data in samples.items():
            (TARGET / f"real-{name}.log").write_bytes(data)
            print(f"real-{name}: {len(data.splitlines())} lines")


if __name__ == "__main__":
    main()
