-- The job of docs/definitions.md from the conversations of duckdb_job.sql on: their outcomes, live-chat attempts, and
-- the reports completion, abandonment (by conversation) and live_chat (by agent). It reads the table or view `seen`.

CREATE TEMP TABLE clock AS SELECT max(any_at) AS t FROM seen;

CREATE TEMP TABLE step AS
SELECT DISTINCT * FROM (SELECT sid, id, unnest(steps, recursive := true) FROM seen WHERE steps IS NOT NULL);

-- Meetings are the one count that a duplicate line would change.
CREATE TEMP TABLE meeting AS
SELECT id, count(*) AS meetings FROM step WHERE k = 4 GROUP BY id;

-- What a conversation's attempts are made of.
CREATE TEMP TABLE walk AS
SELECT sid, id, k, ts, agent_id, agent_name FROM step WHERE k > 4
UNION ALL
SELECT sid, id, 10, unnest(closes), NULL, NULL FROM seen WHERE kinds & 480 > 0;

CREATE TEMP TABLE attempt AS
WITH placed AS (
    -- CLOSED is a step only where it ends an attempt: after a request or an acceptance.
    SELECT * FROM (
        SELECT *, lag(CASE WHEN k <> 10 THEN k END IGNORE NULLS) OVER steps AS before
        FROM walk
        WINDOW steps AS (PARTITION BY sid, id ORDER BY ts NULLS LAST, k, agent_id NULLS FIRST))
    WHERE k <> 10 OR before IN (5, 6)
), stepped AS (
    -- base: the step before, TIMEOUTs left aside. A late accept follows TIMEOUTs whose base is a request or nothing.
    SELECT *, row_number() OVER steps AS pos, lag(k) OVER steps AS prev,
           coalesce(ts - lag(ts) OVER steps <= INTERVAL 300 SECOND, false) AS soon,
           lag(CASE WHEN k <> 7 THEN k END IGNORE NULLS) OVER steps AS base
    FROM placed
    WINDOW steps AS (PARTITION BY sid, id ORDER BY ts NULLS LAST, k, agent_id NULLS FIRST)
), numbered AS (
    SELECT *, sum(CASE k
            WHEN 5 THEN NOT coalesce(prev = 5 AND soon, false)
            WHEN 6 THEN NOT coalesce(prev IN (5, 6) OR prev = 7 AND soon AND coalesce(base, 5) = 5, false)
            WHEN 10 THEN false
            ELSE prev IS NULL
        END::INTEGER) OVER (PARTITION BY sid, id ORDER BY pos) AS n
    FROM stepped
), folded AS (
    -- after_…: of the ends, those that come after the acceptance, which cancels the TIMEOUTs before it.
    SELECT sid, id, n, max(ts) AS last_at, min(ts) FILTER (k = 5) AS requested_at,
           bool_or(k = 6) AS initiated, arg_min(ts, pos) FILTER (k = 6) AS initiated_at,
           arg_min(coalesce(agent_id, agent_name, ''), pos) FILTER (k = 6) AS initiated_by,
           arg_max(coalesce(agent_id, agent_name), pos) FILTER (
               coalesce(agent_id, agent_name) <> ''
               AND NOT coalesce(k IN (7, 8) AND (base IN (8, 10) OR prev = 7 AND base = 6), false)) AS named,
           arg_min(k, pos) FILTER (k IN (8, 10) OR k = 7 AND base = 6) AS after_k,
           min(ts) FILTER (k IN (8, 10) OR k = 7 AND base = 6) AS after_at,
           arg_min(k, pos) FILTER (k IN (7, 8, 10)) AS any_k,
           n = max(n) OVER (PARTITION BY sid, id) AS is_last
    FROM numbered
    GROUP BY sid, id, n
)
SELECT sid, id, coalesce(nullif(initiated_by, ''), named) AS agent_id,
       initiated OR coalesce(any_k = 8, false) AS accepted,
       initiated_at, CASE WHEN initiated THEN after_at END AS ended_at,
       epoch_ms(initiated_at) - epoch_ms(requested_at) AS wait_ms,
       epoch_ms(ended_at) - epoch_ms(initiated_at) AS chat_ms,
       CASE WHEN initiated THEN
                CASE after_k WHEN 7 THEN 'timed_out' WHEN 8 THEN 'ended' WHEN 10 THEN 'closed'
                ELSE CASE WHEN is_last AND t - last_at < INTERVAL 600 SECOND THEN 'ongoing' ELSE 'no_end' END END
            ELSE
                CASE any_k WHEN 7 THEN 'missed' WHEN 8 THEN 'ended' WHEN 10 THEN 'left'
                ELSE CASE WHEN is_last AND t - last_at < INTERVAL 300 SECOND THEN 'waiting' ELSE 'left' END END
       END AS outcome
FROM folded, clock;

-- A view: only the query below reads it.
CREATE TEMP VIEW conversation AS
WITH chat AS (
    SELECT sid, id, bool_or(accepted) AS served, bool_or(outcome = 'missed') AS missed,
           bool_or(outcome = 'waiting') AS waiting
    FROM attempt
    GROUP BY sid, id
), judged AS (
    SELECT seen.*, served, missed, kinds & 1022 > 0 AS engaged,
           kinds & 1024 > 0 AND coalesce(active_at <= closed_at, closed_at IS NOT NULL OR active_at IS NULL)
               AS closed_last,
           coalesce(t - last_at < INTERVAL 30 MINUTE, false) OR coalesce(waiting, false) AS recent
    FROM clock, seen LEFT JOIN chat ON chat.sid = seen.sid AND chat.id IS NOT DISTINCT FROM seen.id
)
SELECT id, name, last_at, engaged, kinds & 4 > 0 AS email, kinds & 8 > 0 AS phone,
       epoch_ms(completed_at) - epoch_ms(engaged_at) AS complete_ms,
       epoch_ms(last_at) - epoch_ms(engaged_at) AS abandon_ms,
       CASE WHEN kinds & 512 > 0 THEN 'completed' WHEN served THEN 'served' WHEN kinds & 16 > 0 THEN 'booked'
            WHEN recent AND NOT closed_last THEN 'open' WHEN missed THEN 'unanswered'
            WHEN kinds & 480 > 0 THEN 'left_queue' WHEN engaged AND closed_last THEN 'closed'
            WHEN engaged THEN 'dropped' WHEN closed_last THEN 'dismissed' ELSE 'ignored' END AS outcome,
       outcome IN ('unanswered', 'left_queue', 'closed', 'dropped') AS abandoned
FROM judged;

-- Completion and abandonment have the same rows: one pass for both.
CREATE TEMP TABLE counted AS
SELECT arg_max(name, last_at) AS conversation, id AS conversation_id, count(*) AS sessions, count(*) AS triggered,
       count(*) FILTER (engaged) AS engaged, count(*) FILTER (outcome = 'completed') AS completed,
       count(*) FILTER (email) AS emails, count(*) FILTER (phone) AS phones,
       count(*) FILTER (engaged AND outcome = 'open') AS open,
       round(quantile_cont(complete_ms, 0.5) FILTER (outcome = 'completed') / 1000, 3) AS median_seconds_to_complete,
       count(*) FILTER (abandoned) AS abandoned, count(*) FILTER (outcome = 'closed') AS closed,
       count(*) FILTER (outcome = 'dropped') AS dropped, count(*) FILTER (outcome = 'unanswered') AS unanswered,
       count(*) FILTER (outcome = 'left_queue') AS left_queue,
       count(*) FILTER (abandoned AND (email OR phone)) AS abandoned_with_contact,
       count(*) FILTER (outcome = 'served') AS served, count(*) FILTER (outcome = 'booked') AS booked,
       quantile_cont(abandon_ms, [0.5, 0.9]) FILTER (abandoned) AS abandon_quantiles
FROM conversation
GROUP BY id;

CREATE TEMP VIEW completion AS
SELECT conversation, conversation_id, sessions, triggered, engaged,
       round(engaged / triggered, 6) AS engagement_rate, completed,
       round(completed / nullif(engaged - open, 0), 6) AS completion_rate, emails, phones,
       coalesce(meetings, 0) AS meetings, round(emails / nullif(engaged, 0), 6) AS conversion_rate, open,
       median_seconds_to_complete
FROM counted LEFT JOIN meeting ON meeting.id IS NOT DISTINCT FROM conversation_id
ORDER BY sessions DESC, conversation, conversation_id;

CREATE TEMP VIEW abandonment AS
SELECT conversation, conversation_id, engaged, abandoned,
       round(abandoned / nullif(engaged - open, 0), 6) AS abandonment_rate, closed, dropped, unanswered, left_queue,
       abandoned_with_contact, completed, served, booked, open,
       round(abandon_quantiles[1] / 1000, 3) AS median_seconds_to_abandon,
       round(abandon_quantiles[2] / 1000, 3) AS p90_seconds_to_abandon
FROM counted
ORDER BY engaged DESC, conversation, conversation_id;

CREATE TEMP VIEW live_chat AS
WITH agent AS (
    SELECT coalesce(agent_id, agent_name) AS agent_id,
           coalesce(arg_max(agent_name, ts) FILTER (k = 6), arg_max(agent_name, ts)) AS agent
    FROM walk
    WHERE k < 10
    GROUP BY ALL
), change AS (
    SELECT agent_id, initiated_at AS moment, 1 AS step FROM attempt WHERE chat_ms > 0
    UNION ALL
    SELECT agent_id, ended_at, -1 FROM attempt WHERE chat_ms > 0
), running AS (
    SELECT agent_id, sum(step) OVER (PARTITION BY agent_id ORDER BY moment, step ROWS UNBOUNDED PRECEDING) AS chats
    FROM change
), peak AS (
    SELECT agent_id, max(chats)::INTEGER AS chats FROM running GROUP BY agent_id
), counted_chats AS (
    SELECT agent_id, count(*) AS requests, count(*) FILTER (accepted) AS accepted,
           count(*) FILTER (outcome = 'missed') AS missed, count(*) FILTER (outcome = 'left') AS "left",
           count(*) FILTER (outcome = 'waiting') AS waiting, count(*) FILTER (outcome = 'ended') AS ended,
           count(*) FILTER (outcome = 'timed_out') AS timed_out, count(*) FILTER (outcome = 'closed') AS closed,
           count(*) FILTER (outcome = 'ongoing') AS ongoing, count(*) FILTER (outcome = 'no_end') AS no_end,
           avg(wait_ms) AS mean_wait, quantile_cont(wait_ms, [0.5, 0.9]) AS wait_quantiles,
           count(*) FILTER (wait_ms <= 60000) AS in_time,
           avg(chat_ms) AS mean_chat, quantile_cont(chat_ms, [0.5, 0.9]) AS chat_quantiles
    FROM attempt
    GROUP BY agent_id
)
SELECT agent, c.agent_id, requests, accepted, round(accepted / nullif(requests - waiting, 0), 6) AS acceptance_rate,
       missed, "left", waiting, ended, timed_out, closed, ongoing, no_end,
       round(mean_wait / 1000, 3) AS mean_wait_seconds, round(wait_quantiles[1] / 1000, 3) AS median_wait_seconds,
       round(wait_quantiles[2] / 1000, 3) AS p90_wait_seconds,
       round(in_time / nullif(requests - waiting, 0), 6) AS service_level,
       round(mean_chat / 1000, 3) AS mean_chat_seconds, round(chat_quantiles[1] / 1000, 3) AS median_chat_seconds,
       round(chat_quantiles[2] / 1000, 3) AS p90_chat_seconds, coalesce(peak.chats, 0) AS peak_concurrent
FROM counted_chats AS c LEFT JOIN agent USING (agent_id) LEFT JOIN peak ON peak.agent_id IS NOT DISTINCT FROM c.agent_id
ORDER BY requests DESC, agent, c.agent_id;
