-- The four tables of a crowd, made anew from what was read. The same records give the same tables, whatever the
-- batches in which they came.

-- Who an agent is called: a pseudonym of 16 hexadecimal digits, or its id if ids are kept.
CREATE OR REPLACE TEMP MACRO hexadecimal(number) AS lower(lpad(to_hex(number), 16, '0'));

-- Each event once: of several with one agent, record and operation the earliest.
CREATE OR REPLACE TEMP TABLE once AS
SELECT * FROM crowd.ingest.records
QUALIFY row_number() OVER (
    PARTITION BY agent, record, operation, CASE WHEN operation = 'update' THEN time END
    ORDER BY time, file, line) = 1;

-- What was taken back, and when.
CREATE OR REPLACE TEMP TABLE deletes AS
SELECT agent, record, max(time) AS time FROM once WHERE operation = 'delete' GROUP BY ALL;

-- Whose a record is, where a platform does not say it of what others do with it.
CREATE OR REPLACE TEMP TABLE authors AS
SELECT record, min(agent) AS author FROM once
WHERE operation = 'create' AND record IN (SELECT target FROM once WHERE target_agent IS NULL)
GROUP BY record;

-- What was done and not taken back.
CREATE OR REPLACE TEMP TABLE done AS
SELECT once.* REPLACE (coalesce(target_agent, author) AS target_agent) FROM once
LEFT JOIN deletes ON once.agent = deletes.agent AND once.record = deletes.record AND once.time <= deletes.time
LEFT JOIN authors ON once.target = authors.record
WHERE deletes.agent IS NULL AND operation = 'create' AND kind NOT IN ('identity', 'account', 'profile');

-- Who reacted to whom. What somebody does to himself is an action, and no edge.
CREATE OR REPLACE TEMP TABLE pairs AS
WITH both_kinds AS (
    SELECT agent AS source, target_agent AS target, kind, count(*) AS n
    FROM done WHERE target_agent IS NOT NULL AND target_agent <> agent GROUP BY ALL
    UNION ALL
    SELECT source, target, 'follow', 1 FROM crowd.ingest.follows WHERE source <> target
)
SELECT source, target, kind, CASE WHEN kind = 'follow' THEN 1 ELSE sum(n)::BIGINT END AS n
FROM both_kinds GROUP BY source, target, kind;

-- Followers as a profile or a table says; they are known if so, and else those who were seen to follow. What happened at
-- the very beginning of 1970 happened nobody knows when.
CREATE OR REPLACE TEMP TABLE people AS
WITH
acted AS (
    SELECT agent, min(time) FILTER (epoch_us(time) > 0) AS first_seen, max(time) FILTER (epoch_us(time) > 0) AS last_seen,
        arg_max(handle, (time, file, line)) FILTER (handle IS NOT NULL) AS handle,
        arg_max(status, (time, file, line)) FILTER (status IS NOT NULL) AS status,
        arg_max(followers, (time, file, line)) FILTER (followers IS NOT NULL) AS followers
    FROM once GROUP BY agent
),
did AS (
    SELECT agent, count(*) AS actions,
        count(*) FILTER (kind IN ('post', 'reply', 'quote')) AS posts, count(*) FILTER (kind = 'reply') AS replies,
        count(*) FILTER (kind = 'like') AS likes, count(*) FILTER (kind = 'repost') AS reposts
    FROM done GROUP BY agent
),
heard AS (
    SELECT target AS agent, count(DISTINCT source) AS degree, count(*) FILTER (kind = 'follow') AS seen_followers
    FROM pairs GROUP BY target
),
everybody AS (
    SELECT agent FROM acted UNION SELECT source FROM pairs UNION SELECT target FROM pairs
    UNION SELECT target_agent FROM done WHERE target_agent IS NOT NULL UNION SELECT agent FROM crowd.ingest.counts
)
SELECT
    agent, handle, status, first_seen, last_seen,
    coalesce(acted.followers, counts.followers,
        CASE WHEN (SELECT count(*) FROM crowd.ingest.follows) > 0 THEN coalesce(seen_followers, 0) END) AS followers,
    coalesce(seen_followers, 0) AS seen_followers, coalesce(degree, 0) AS degree, coalesce(actions, 0) AS actions,
    coalesce(posts, 0) AS posts, coalesce(replies, 0) AS replies, coalesce(likes, 0) AS likes,
    coalesce(reposts, 0) AS reposts
FROM everybody LEFT JOIN acted USING (agent) LEFT JOIN heard USING (agent) LEFT JOIN did USING (agent)
LEFT JOIN crowd.ingest.counts AS counts USING (agent);

CREATE OR REPLACE TEMP TABLE naming AS
SELECT agent, coalesce(name, hexadecimal(agent)) AS name FROM people LEFT JOIN
    (SELECT agent, min(name) AS name FROM crowd.ingest.names GROUP BY agent) USING (agent);

-- One weight for the whole crowd: followers if they are known of half of those who acted, else who was seen to react to
-- them, else what they did.
CREATE OR REPLACE TEMP TABLE weighing AS
SELECT CASE
    WHEN count(followers) FILTER (actions > 0) * 2 >= greatest(count(*) FILTER (actions > 0), 1) THEN 'followers'
    WHEN max(degree) > 0 THEN 'degree'
    ELSE 'activity' END AS weight
FROM people;

BEGIN;

CREATE OR REPLACE TABLE crowd.agents AS
SELECT name AS id, hexadecimal(handle) AS handle, status, first_seen, last_seen, coalesce(followers, seen_followers) AS followers,
    degree, posts, replies, likes, reposts
FROM people JOIN naming USING (agent) ORDER BY id;

CREATE OR REPLACE TABLE crowd.actions AS
SELECT who.name AS agent, time, created, kind, record, target,
    whom.name AS target_agent, via, text_length, language, state, text
FROM done JOIN naming who ON who.agent = done.agent LEFT JOIN naming whom ON whom.agent = done.target_agent
ORDER BY time, file, line;

CREATE OR REPLACE TABLE crowd.edges AS
SELECT who.name AS source, whom.name AS target, kind, n AS count
FROM pairs JOIN naming who ON who.agent = source JOIN naming whom ON whom.agent = target
ORDER BY ALL;

-- The state of an agent on a day is the mean over what it wrote on that day.
CREATE OR REPLACE TABLE crowd.states AS
WITH daily AS (
    SELECT agent, time::DATE AS day, avg(state) AS state, count(*) AS activity FROM done
    WHERE epoch_us(time) > 0 GROUP BY ALL
)
SELECT name AS agent, day, daily.state, CASE (SELECT weight FROM weighing)
    WHEN 'followers' THEN coalesce(people.followers, 0) WHEN 'degree' THEN degree + 1 ELSE activity END::DOUBLE AS weight,
    activity
FROM daily JOIN people USING (agent) JOIN naming USING (agent)
ORDER BY day, agent;

-- The counts that are printed.
CREATE OR REPLACE TABLE crowd.ingest.totals AS
SELECT
    (SELECT count(*) FROM crowd.ingest.records) AS n_records,
    (SELECT count(*) FROM crowd.ingest.records) - count(*) AS n_duplicates,
    (SELECT count(*) FROM crowd.actions) AS n_actions,
    count(*) FILTER (operation = 'create' AND NOT is_notice) - (SELECT count(*) FROM done) AS n_taken_back,
    count(*) FILTER (operation = 'delete' AND NOT is_notice) AS n_deletes,
    count(*) FILTER (operation = 'update' AND NOT is_notice) AS n_updates,
    count(*) FILTER (is_notice) AS n_notices,
    count(*) FILTER (operation = 'create' AND text_length > 0 AND coalesce(language, '') NOT LIKE 'en%') AS n_unread,
    (SELECT weight FROM weighing) AS weight
FROM (SELECT *, kind IN ('identity', 'account', 'profile') AS is_notice FROM once);

DELETE FROM crowd.ingest.settings WHERE name = 'changed';

COMMIT
