"""The rival that counts: the whole job in DuckDB SQL, the three reports as JSON.

python benchmarks/rivals/duckdb_job.py [--ignore-errors] FILE    (FILE may be /dev/stdin)
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

import duckdb

SCRIPT = Path(__file__).with_suffix(".sql")
REPORTS = ("completion", "abandonment", "live_chat")


def main() -> None:
    """Run the script on FILE and print the reports."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file")
    parser.add_argument("--ignore-errors", action="store_true", help="pass over lines that are not valid")
    options = parser.parse_args()
    connection = duckdb.connect()
    connection.execute("SET threads = 2")
    connection.execute("SET VARIABLE file = ?", [options.file])
    connection.execute("SET VARIABLE ignore_errors = ?", [options.ignore_errors])
    connection.execute(SCRIPT.read_text(encoding="utf-8"))
    reports = {name: rows(connection, name) for name in REPORTS}
    print(json.dumps(reports, indent=1), flush=True)
    sys.stderr.flush()
    os._exit(0)  # freeing the tables one by one only takes time


def rows(connection: duckdb.DuckDBPyConnection, view: str) -> list[dict[str, object]]:
    """Return the rows of a view as dicts."""
    cursor = connection.execute(f"FROM {view}")
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


if __name__ == "__main__":
    main()
