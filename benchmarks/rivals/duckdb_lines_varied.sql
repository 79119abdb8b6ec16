-- As duckdb_lines.sql, where some lines are a text in another record (`log`), as Docker keeps them, and some times
-- have an offset (which TIMESTAMP would drop without a word). Of two ways that were tried, this one is the faster: the
-- other was a union of two scans.
CREATE TEMP VIEW line AS
SELECT coalesce(event, held.event) AS event, coalesce(timestamp, held.timestamp) AS timestamp,
       coalesce(data, held.data) AS data
FROM (
    SELECT *, CASE WHEN log IS NOT NULL THEN from_json(log, '{"event": "VARCHAR", "timestamp": "TIMESTAMPTZ", "data": {
        "payload": {"sid": "VARCHAR", "id": "VARCHAR", "name": "VARCHAR", "agentID": "VARCHAR", "agentName": "VARCHAR"}
        }}') END AS held
    FROM read_json(
        getvariable('files'), format = 'newline_delimited', ignore_errors = getvariable('ignore_errors'),
        columns = {event: 'VARCHAR', timestamp: 'TIMESTAMPTZ', log: 'VARCHAR', data: 'STRUCT(payload STRUCT(
            sid VARCHAR, id VARCHAR, name VARCHAR, agentID VARCHAR, agentName VARCHAR))'}));
