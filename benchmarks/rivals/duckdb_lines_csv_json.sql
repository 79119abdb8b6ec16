-- As duckdb_lines.sql, of rows of CSV with a column of JSON (samples/tables.py).
CREATE TEMP VIEW line AS
SELECT held.event AS event, held.timestamp AS timestamp, held.data AS data
FROM (
    SELECT from_json(message, '{"event": "VARCHAR", "timestamp": "TIMESTAMP", "data": {"payload": {
        "sid": "VARCHAR", "id": "VARCHAR", "name": "VARCHAR", "agentID": "VARCHAR", "agentName": "VARCHAR"}}}') AS held
    FROM read_csv(
        getvariable('files'), header = true, ignore_errors = getvariable('ignore_errors'), auto_detect = false,
        delim = ',', quote = '"', escape = '"', columns = {id: 'VARCHAR', host: 'VARCHAR', message: 'VARCHAR'}));
