"""What databases and warehouses export."""

from collections.abc import Sequence

from samples.envelopes._writing import (
    MEETING,
    Event,
    Shape,
    behind,
    change_keys,
    each,
    firestore,
    flat,
    iso,
    late,
    late_stamp,
    later,
    lines,
    moment,
    payload,
    plain,
    scalars,
    spread,
    stamp,
    text,
    together,
    untimed,
)

MONGO = "https://www.mongodb.com/docs/manual/reference/mongodb-extended-json/"
POSTGRES = "https://www.postgresql.org/docs/current"
MYSQL = "https://dev.mysql.com/doc/refman/8.4/en"
SQLITE = "https://sqlite.org/cli.html"
FIRESTORE = "https://cloud.google.com/firestore/docs/reference/rest/v1/Value"
BIGQUERY = "https://cloud.google.com/bigquery/docs/exporting-data"


def _oid(n: int) -> Event:
    return {"$oid": f"65430000000000000000{n:04d}"}


def _row(event: Event, n: int, doc: object) -> Event:
    return {"id": n + 1, "inserted_at": late(event), "doc": doc}


def _rows(events: Sequence[Event]) -> list[Event]:
    return [{"id": n + 1, "at": plain(later(e)), "body": text(e)} for n, e in enumerate(events)]


def _document(event: Event, n: int) -> Event:
    """Return a document of Firestore."""
    return {
        "document": {
            "name": f"projects/p/databases/(default)/documents/dc/{n}",
            "fields": {key: firestore(value) for key, value in event.items()},
            "createTime": late(event),
            "updateTime": late(event),
        }
    }


def _seconds(event: Event) -> Event:
    when = moment(event)
    return {"_seconds": stamp(event) // 1000, "_nanoseconds": when.microsecond * 1000}


def _aligned(events: Sequence[Event]) -> bytes:
    """Return what psql prints of two columns."""
    width = max((len(text(e)) for e in events), default=0)
    head = f" id | {'body':^{width}} \n----+-{'-' * width}-\n"
    rows = "".join(f" {n + 1:2d} | {text(e):<{width}}\n" for n, e in enumerate(events))
    return (head + rows + f"({len(events)} rows)\n\n").encode()


def _expanded(events: Sequence[Event]) -> bytes:
    """Return what psql prints with \\x, or mysql with \\G."""
    return "".join(
        f"-[ RECORD {n + 1} ]---\nid   | {n + 1}\nbody | {text(e)}\n" for n, e in enumerate(events)
    ).encode()


SHAPES: dict[str, Shape] = {
    "mongo": each(
        "mongoexport",
        MONGO,
        lambda e, n: {"_id": _oid(n), **e, "timestamp": {"$date": e["timestamp"]}},
    ),
    "mongo-canonical": each(
        "mongoexport --jsonFormat=canonical",
        MONGO,
        lambda e, n: {"_id": _oid(n), **e, "timestamp": {"$date": {"$numberLong": str(stamp(e))}}},
    ),
    "mongo-array": together(
        "mongoexport --jsonArray",
        "https://www.mongodb.com/docs/database-tools/mongoexport/",
        lambda events: text(
            [
                {"_id": _oid(n), "dc": untimed(e), "createdAt": {"$date": late(e)}}
                for n, e in enumerate(events)
            ]
        ).encode(),
        clock="server",
    ),
    "mongo-stream": each(
        "a change stream of MongoDB",
        "https://www.mongodb.com/docs/manual/reference/change-events/insert/",
        lambda e, n: {
            "_id": {"_data": f"8265{n}"},
            "operationType": "insert",
            "clusterTime": {"$timestamp": {"t": late_stamp(e) // 1000, "i": 1}},
            "ns": {"db": "site", "coll": "dc"},
            "documentKey": {"_id": _oid(n)},
            "fullDocument": {"_id": _oid(n), **e},
        },
    ),
    "couchdb": each(
        "CouchDB's _all_docs",
        "https://docs.couchdb.org/en/stable/api/database/bulk-api.html",
        lambda e, n: {
            "id": f"x{n}",
            "key": f"x{n}",
            "value": {"rev": "1-x"},
            "doc": {"_id": f"x{n}", "_rev": "1-x", **e},
        },
    ),
    "couchdb-all": together(
        "an answer of CouchDB",
        "https://docs.couchdb.org/en/stable/api/database/bulk-api.html",
        lambda events: (
            f'{{"total_rows":{len(events)},"offset":0,"rows":[\r\n'
            + ",\r\n".join(
                text(
                    {
                        "id": f"x{n}",
                        "key": f"x{n}",
                        "value": {"rev": "1-x"},
                        "doc": {"_id": f"x{n}", **e},
                    }
                )
                for n, e in enumerate(events)
            )
            + "\r\n]}\n"
        ).encode(),
        has_other_records=True,
    ),
    "couchdb-changes": each(
        "CouchDB's _changes, continuous",
        "https://docs.couchdb.org/en/stable/api/database/changes.html",
        lambda e, n: {
            "seq": f"{n}-x",
            "id": f"x{n}",
            "changes": [{"rev": "1-x"}],
            "doc": {"_id": f"x{n}", **e},
        },
    ),
    "firestore": each("Firestore's REST API", FIRESTORE, _document, rewrites=MEETING),
    "firestore-time": each(
        "Firestore's REST API, a timestamp",
        FIRESTORE,
        lambda e, _: {
            "fields": {
                **{key: firestore(value) for key, value in untimed(e).items()},
                "at": {"timestampValue": e["timestamp"]},
            }
        },
        rewrites=MEETING,
    ),
    "firestore-export": each(
        "a document of Firestore in JavaScript",
        "https://firebase.google.com/docs/reference/js/firestore_.timestamp",
        lambda e, _: {**flat(e), "timestamp": _seconds(e)},
    ),
    "postgres": each(
        "PostgreSQL's row_to_json",
        f"{POSTGRES}/functions-json.html",
        lambda e, n: _row(e, n, e),
    ),
    "postgres-text": each(
        "PostgreSQL's row_to_json, a text",
        f"{POSTGRES}/functions-json.html",
        lambda e, n: _row(e, n, text(e)),
    ),
    "postgres-untimed": each(
        "PostgreSQL's row_to_json, no time in the event",
        f"{POSTGRES}/functions-json.html",
        lambda e, n: {
            "id": n + 1,
            "created_at": later(e).isoformat(timespec="microseconds"),
            "data": payload(e),
            "event": e["event"],
            "page": e.get("page"),
        },
        clock="server",
    ),
    "postgres-agg": together(
        "PostgreSQL's json_agg",
        f"{POSTGRES}/functions-aggregate.html",
        lambda events: (
            "[" + ", \n ".join(text(_row(e, n, e)) for n, e in enumerate(events)) + "]\n"
        ).encode(),
    ),
    "psql": together("psql", f"{POSTGRES}/app-psql.html", _aligned, has_other_records=True),
    "psql-expanded": together(
        "psql -x", f"{POSTGRES}/app-psql.html", _expanded, has_other_records=True
    ),
    "psql-unaligned": behind(
        "psql -At", f"{POSTGRES}/app-psql.html", lambda e, n: f"{n + 1}|{plain(later(e))}+00|"
    ),
    "mysql-shell": each(
        "MySQL Shell's JSON",
        "https://dev.mysql.com/doc/mysql-shell/8.4/en/mysql-shell-output-formats.html",
        lambda e, n: {"id": n + 1, "created": plain(later(e), "seconds"), "body": e},
    ),
    "mysql-vertical": together(
        "mysql -E",
        f"{MYSQL}/mysql-command-options.html",
        lambda events: "".join(
            f"*************************** {n + 1}. row ***************************\n"
            f"  id: {n + 1}\nbody: {text(e)}\n"
            for n, e in enumerate(events)
        ).encode(),
        has_other_records=True,
    ),
    "mysql-table": together(
        "mysql -t",
        f"{MYSQL}/mysql-command-options.html",
        lambda events: (
            "+----+------+\n| id | body |\n+----+------+\n"
            + "".join(f"| {n + 1:2d} | {text(e)} |\n" for n, e in enumerate(events))
            + "+----+------+\n"
        ).encode(),
        has_other_records=True,
    ),
    "sqlite": together(
        "sqlite3 -json",
        f"{SQLITE}#changing_output_formats",
        lambda events: ("[" + ",\n".join(text(row) for row in _rows(events)) + "]\n").encode(),
    ),
    "sqlite-list": behind(
        "sqlite3", f"{SQLITE}#changing_output_formats", lambda e, n: f"{n + 1}|{plain(later(e))}|"
    ),
    "duckdb": together(
        "DuckDB's COPY to JSON",
        "https://duckdb.org/docs/stable/data/json/writing_json",
        lambda events: lines(_rows(events)),
    ),
    "clickhouse": each(
        "ClickHouse's JSONEachRow",
        "https://clickhouse.com/docs/interfaces/formats/JSONEachRow",
        lambda e, _: {
            "time": plain(later(e)),
            "event": e["event"],
            "page": e.get("page"),
            **payload(e),
        },
        clock="server",
    ),
    "clickhouse-json": together(
        "ClickHouse's JSON",
        "https://clickhouse.com/docs/interfaces/formats/JSON",
        lambda events: text(
            {
                "meta": [
                    {"name": "time", "type": "DateTime64(3)"},
                    {"name": "body", "type": "String"},
                ],
                "data": [{"time": plain(later(e)), "body": text(e)} for e in events],
                "rows": len(events),
                "statistics": {"elapsed": 0.001, "rows_read": len(events), "bytes_read": 1},
            }
        ).encode(),
    ),
    "bigquery": each(
        "BigQuery, exported as JSON",
        BIGQUERY,
        lambda e, _: {
            "timestamp": f"{plain(moment(e), 'microseconds')} UTC",
            "event": e["event"],
            "page": e.get("page"),
            "payload": payload(e),
        },
    ),
    "bigquery-flat": each(
        "BigQuery, a flat table",
        BIGQUERY,
        lambda e, _: {
            "event_name": e["event"],
            "event_time": f"{moment(e):%Y-%m-%d %H:%M:%S} UTC",
            "page": e.get("page"),
            **{f"payload_{key}": value for key, value in payload(e).items()},
        },
        resolution_ms=1000,
    ),
    "snowflake": each(
        "Snowflake's Kafka connector",
        "https://docs.snowflake.com/en/user-guide/kafka-connector-overview",
        lambda e, n: {
            "RECORD_METADATA": {"CreateTime": late_stamp(e), "offset": n, "topic": "dc"},
            "RECORD_CONTENT": change_keys(flat(e), str.upper),
        },
        rewrites=MEETING,
    ),
    "snowflake-variant": each(
        "Snowflake, unloaded",
        "https://docs.snowflake.com/en/user-guide/data-unload-overview",
        lambda e, n: {"ID": n, "LOADED_AT": plain(later(e)) + " Z", "V": e},
    ),
    "redshift": each(
        "Redshift's UNLOAD as JSON",
        "https://docs.aws.amazon.com/redshift/latest/dg/r_UNLOAD.html",
        lambda e, n: {"id": n, "received": plain(later(e), "microseconds"), "body": text(e)},
    ),
    "databricks": each(
        "Databricks, from_json of a binary column",
        "https://docs.databricks.com/aws/en/query/formats/json",
        lambda e, n: {"offset": n, "timestamp": late(e), "value": text(e), "key": None},
    ),
    "cassandra": behind(
        "cqlsh: SELECT JSON",
        "https://cassandra.apache.org/doc/latest/cassandra/developing/cql/json.html",
        "  ",
        said=lambda e: {"at": plain(moment(e)) + "Z", "chat": untimed(e)},
    ),
    "sql-server": together(
        "SQL Server's FOR JSON",
        "https://learn.microsoft.com/en-us/sql/relational-databases/json/format-query-results-as-json-with-for-json-sql-server",
        lambda events: text(
            [
                {"Id": n, "CreatedUtc": iso(later(e))[:-1], "Body": text(e)}
                for n, e in enumerate(events)
            ]
        ).encode(),
    ),
    "oracle": together(
        "SQLcl's JSON format",
        "https://docs.oracle.com/en/database/oracle/sql-developer-command-line/",
        lambda events: text(
            {
                "results": [
                    {
                        "columns": [
                            {"name": "ID", "type": "NUMBER"},
                            {"name": "BODY", "type": "CLOB"},
                        ],
                        "items": [{"id": n, "body": text(e)} for n, e in enumerate(events)],
                    }
                ]
            }
        ).encode(),
    ),
    "airtable": each(
        "Airtable's records",
        "https://airtable.com/developers/web/api/list-records",
        lambda e, n: {
            "id": f"rec{n}",
            "createdTime": late(e),
            "fields": scalars(spread(e, payload(e))),
        },
        loses=MEETING,
    ),
    "cosmos": each(
        "Cosmos DB",
        "https://learn.microsoft.com/en-us/azure/cosmos-db/nosql/query/working-with-json",
        lambda e, n: {
            "id": f"c{n}",
            "dc": e,
            "_rid": "x",
            "_etag": "y",
            "_ts": late_stamp(e) // 1000,
        },
    ),
}
