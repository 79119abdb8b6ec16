-- The members of canonical lines that the job needs. duckdb_job.py sets the variables files and ignore_errors.
CREATE TEMP VIEW line AS
FROM read_json(
    getvariable('files'), format = 'newline_delimited', ignore_errors = getvariable('ignore_errors'),
    columns = {event: 'VARCHAR', timestamp: 'TIMESTAMP', data: 'STRUCT(payload STRUCT(
        sid VARCHAR, id VARCHAR, name VARCHAR, agentID VARCHAR, agentName VARCHAR))'});
