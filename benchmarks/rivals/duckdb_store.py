"""An incremental store as a DuckDB file: a row for each conversation,
merged with what a new log says of it.

python benchmarks/rivals/duckdb_store.py STORE FILE    take a log in
python benchmarks/rivals/duckdb_store.py STORE         the three reports as JSON
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from duckdb_job import connected, fold, print_reports

MERGE = Path(__file__).with_suffix(".sql")


def main(store: str, *files: str) -> None:
    """Take in logs, or print the reports."""
    connection = connected()
    connection.execute(f"ATTACH '{store}' AS store")
    for file in files:
        fold(connection, [file])
        connection.execute(MERGE.read_text(encoding="utf-8"))
    if files:
        connection.execute("CHECKPOINT store")
    else:
        connection.execute("CREATE TEMP VIEW seen AS FROM store.state")
        print_reports(connection)


if __name__ == "__main__":
    main(*sys.argv[1:])
