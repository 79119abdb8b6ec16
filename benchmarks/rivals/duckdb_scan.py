"""DuckDB's reader of JSON alone, in one thread: seconds and seconds of CPU for a file's fields.

python benchmarks/rivals/duckdb_scan.py FILE
"""

from __future__ import annotations

import sys
import time

import duckdb

READ = """
SELECT count(event), count(timestamp), count(page), count(data.payload.sid), count(data.payload.id),
       count(data.payload.name), count(data.payload.type), count(data.payload.uiType),
       count(data.payload.agentID), count(data.payload.agentName)
FROM read_json($1, format = 'newline_delimited', columns = {
    event: 'VARCHAR', timestamp: 'TIMESTAMP', page: 'VARCHAR', data: 'STRUCT(payload STRUCT(
        sid VARCHAR, id VARCHAR, name VARCHAR, type VARCHAR, uiType VARCHAR, agentID VARCHAR,
        agentName VARCHAR))'})
"""
"""Counting is the least that can be done with fields that were read."""


def main() -> None:
    """Read a file and print the time."""
    connection = duckdb.connect()
    connection.execute("SET threads = 1")
    connection.execute("SET preserve_insertion_order = false")
    wall, cpu = time.perf_counter(), time.process_time()
    connection.execute(READ, [sys.argv[1]]).fetchall()
    print(f"{time.perf_counter() - wall:.4f} {time.process_time() - cpu:.4f}")


if __name__ == "__main__":
    main()
