-- What a log of canonical lines says of each conversation (sid, id). duckdb_job.py runs it on the view `line` of
-- duckdb_lines.sql; duckdb_reports.sql goes on from the table `seen`.
--
-- k is the kind's place in the order of events with the same timestamp:
--   0 triggered   1 engaged   2 e-mail   3 phone   4 meeting booked   5 live chat requested   6 initiated
--   7 request timeout   8 live chat ended   9 completed   10 closed

CREATE TYPE kind AS ENUM (
    'CONVERSATION_TRIGGERED', 'CONVERSATION_ENGAGED', 'CONVERSATION_INPUT_EMAIL', 'CONVERSATION_INPUT_PHONE',
    'CONVERSATION_MEETING_BOOKED', 'CONVERSATION_LIVE_CHAT_REQUESTED', 'CONVERSATION_LIVE_CHAT_INITIATED',
    'CONVERSATION_LIVE_CHAT_REQUEST_TIMEOUT', 'CONVERSATION_LIVE_CHAT_ENDED', 'CONVERSATION_COMPLETED',
    'CONVERSATION_CLOSED');

-- The one pass over the text, straight into conversations: 5-10 % faster than by way of a table of events, and
-- 25 % at 10^7 events. What is not read (page, type, uiType) costs nothing.
CREATE TEMP TABLE seen AS
WITH event AS (
    SELECT enum_code(TRY_CAST(event AS kind))::INTEGER AS k, timestamp AS ts, data.payload.sid AS sid,
           data.payload.id AS id, data.payload.name AS name, data.payload.agentID AS agent_id,
           data.payload.agentName AS agent_name
    FROM line
    WHERE k IS NOT NULL AND sid <> ''
)
SELECT sid, id, arg_max(name, ts) AS name, bit_or(1 << k) AS kinds, max(ts) AS any_at,
       min(CASE WHEN k = 0 THEN ts END) AS triggered_at,
       min(CASE WHEN k BETWEEN 1 AND 9 THEN ts END) AS engaged_at,
       max(CASE WHEN k BETWEEN 1 AND 9 THEN ts END) AS active_at,
       min(CASE WHEN k = 9 THEN ts END) AS completed_at,
       max(CASE WHEN k = 10 THEN ts END) AS closed_at,
       greatest(triggered_at, active_at, closed_at) AS last_at,
       list({k: k, ts: ts, agent_id: agent_id, agent_name: agent_name}) FILTER (k BETWEEN 4 AND 8) AS steps,
       list(ts) FILTER (k = 10) AS closes
FROM event
GROUP BY sid, id;
