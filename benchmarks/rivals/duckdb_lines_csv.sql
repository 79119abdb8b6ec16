-- As duckdb_lines.sql, of rows of CSV with Adobe's keys as columns (samples/tables.py).
CREATE TEMP VIEW line AS
SELECT event, timestamp,
       {payload: {sid: sid, id: id, name: name, agentID: "agentID", agentName: "agentName"}} AS data
FROM read_csv(
    getvariable('files'), header = true, ignore_errors = getvariable('ignore_errors'), auto_detect = false,
    delim = ',', quote = '"', escape = '"',
    columns = {event: 'VARCHAR', timestamp: 'TIMESTAMP', page: 'VARCHAR', name: 'VARCHAR', id: 'VARCHAR', type: 'VARCHAR',
               uiType: 'VARCHAR', sid: 'VARCHAR', agentName: 'VARCHAR', agentID: 'VARCHAR'});
