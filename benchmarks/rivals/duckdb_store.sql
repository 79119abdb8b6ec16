-- Takes the conversations of a log (`seen`, of duckdb_job.sql) into the table store.state, in one transaction: those
-- that the store has not yet as they are, the others merged with what it has. Taking in the same log again changes nothing.

CREATE TABLE IF NOT EXISTS store.state AS FROM seen WITH NO DATA;

CREATE TEMP TABLE known AS
SELECT state.rowid AS place, state.*
FROM store.state JOIN seen ON state.sid = seen.sid AND state.id IS NOT DISTINCT FROM seen.id;

CREATE TEMP TABLE merged AS
SELECT sid, id, arg_max(name, any_at) AS name, bit_or(kinds) AS kinds, max(any_at) AS any_at,
       min(triggered_at) AS triggered_at, min(engaged_at) AS engaged_at, max(active_at) AS active_at,
       min(completed_at) AS completed_at, max(closed_at) AS closed_at,
       -- Not the later one of both: a dialogue that is shown again is no activity.
       greatest(min(triggered_at), max(active_at), max(closed_at)) AS last_at,
       list_distinct(flatten(list(steps) FILTER (steps IS NOT NULL))) AS steps,
       list_distinct(flatten(list(closes) FILTER (closes IS NOT NULL))) AS closes
FROM (
    SELECT * EXCLUDE place FROM known
    UNION ALL
    SELECT seen.* FROM seen SEMI JOIN known ON known.sid = seen.sid AND known.id IS NOT DISTINCT FROM seen.id
)
GROUP BY sid, id;

BEGIN;
DELETE FROM store.state WHERE rowid IN (SELECT place FROM known);
INSERT INTO store.state
SELECT seen.* FROM seen ANTI JOIN known ON known.sid = seen.sid AND known.id IS NOT DISTINCT FROM seen.id
UNION ALL
FROM merged;
COMMIT;
