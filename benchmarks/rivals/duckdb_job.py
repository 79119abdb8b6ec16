"""The rival that counts: the whole job in DuckDB SQL, the three reports as JSON.

python benchmarks/rivals/duckdb_job.py [--ignore-errors] [--lines KIND] FILE...

FILE may be /dev/stdin.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import NoReturn

import duckdb

HERE = Path(__file__).resolve().parent
FOLD, MAKE_REPORTS, LINES, *OTHER_LINES = (
    (HERE / f"duckdb_{name}.sql").read_text(encoding="utf-8")
    for name in ("job", "reports", "lines", "lines_varied", "lines_csv", "lines_csv_json")
)
KINDS = dict(zip(("plain", "varied", "csv", "csv-json"), (LINES, *OTHER_LINES), strict=True))
"""What reads lines of a kind: `varied` looks into the text `log` of lines, and minds offsets."""
REPORTS = ("completion", "abandonment", "live_chat")


def main() -> None:
    """Run the script on FILE and print the reports."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument(
        "--ignore-errors", action="store_true", help="pass over lines that are not valid"
    )
    parser.add_argument("--lines", choices=KINDS, default="plain", help="what lines there are")
    options = parser.parse_args()
    connection = connected()
    fold(connection, options.files, KINDS[options.lines], ignore_errors=options.ignore_errors)
    print_reports(connection)


def connected() -> duckdb.DuckDBPyConnection:
    """Return a connection to a database in memory, set as all jobs have it."""
    connection = duckdb.connect()
    connection.execute("SET threads = 2")
    connection.execute("SET preserve_insertion_order = false")  # the job minds no order of lines
    return connection


def fold(
    connection: duckdb.DuckDBPyConnection,
    files: list[str],
    lines: str = LINES,
    *,
    ignore_errors: bool = False,
) -> None:
    """Make `seen` of logs, whose lines a view of SQL reads."""
    connection.execute("SET VARIABLE files = ?", [files])
    connection.execute("SET VARIABLE ignore_errors = ?", [ignore_errors])
    connection.execute(lines)
    connection.execute(FOLD)


def print_reports(connection: duckdb.DuckDBPyConnection) -> NoReturn:
    """Print the reports that come of `seen`, and end."""
    connection.execute(MAKE_REPORTS)
    print(json.dumps({name: rows(connection, name) for name in REPORTS}, indent=1), flush=True)
    sys.stderr.flush()
    os._exit(0)  # freeing the tables one by one only takes time


def rows(connection: duckdb.DuckDBPyConnection, view: str) -> list[dict[str, object]]:
    """Return the rows of a view as dicts."""
    cursor = connection.execute(f"FROM {view}")
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


if __name__ == "__main__":
    main()
