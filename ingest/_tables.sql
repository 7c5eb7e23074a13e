-- The four tables of a crowd, made anew from what was read. The same records give the same tables, whatever the
-- batches in which they came. What is large is kept once, with numbers for agents: edges, states and actions are views,
-- which name the agents, and order the rows, when they are read.

-- Events that came twice: of several with one agent, record and operation the earliest counts. Few can be, as a hash
-- tells; only those are sorted.
CREATE OR REPLACE TEMP TABLE doubled AS
SELECT hash(agent, record, operation) AS key FROM crowd.ingest.records GROUP BY key HAVING count(*) > 1;

CREATE OR REPLACE TEMP TABLE duplicates AS
SELECT file, line FROM crowd.ingest.records WHERE hash(agent, record, operation) IN (SELECT key FROM doubled)
QUALIFY row_number() OVER (
    PARTITION BY agent, record, operation, CASE WHEN operation = 'update' THEN time END
    ORDER BY time, file, line) > 1;

-- What was taken back, and when.
CREATE OR REPLACE TEMP TABLE deletes AS
SELECT agent, record, max(time) AS time FROM crowd.ingest.records ANTI JOIN duplicates USING (file, line)
WHERE operation = 'delete' GROUP BY ALL;

-- What was last said of an account.
CREATE OR REPLACE TEMP TABLE told AS
SELECT agent,
    arg_max(handle, (time, file, line)) FILTER (handle IS NOT NULL) AS handle,
    arg_max(status, (time, file, line)) FILTER (status IS NOT NULL) AS status,
    arg_max(followers, (time, file, line)) FILTER (followers IS NOT NULL) AS followers
FROM crowd.ingest.records WHERE handle IS NOT NULL OR status IS NOT NULL OR followers IS NOT NULL
GROUP BY agent;

-- Accounts whose content a platform asks not to show: it counts again once they are active.
CREATE OR REPLACE TEMP TABLE gone AS
SELECT agent, status = label('deleted') AS forever FROM told
WHERE status IN (label('deleted'), label('takendown'), label('suspended'), label('deactivated'));

BEGIN;

-- The days that count, in UTC: 'FIRST..LAST', either of which may be missing, or the last so many.
CREATE OR REPLACE TABLE crowd.ingest.span AS
WITH
wanted AS (SELECT coalesce(max(value), '..') AS value FROM crowd.ingest.settings WHERE name = 'days'),
seen AS (
    SELECT max(time)::DATE AS last FROM crowd.ingest.records
    WHERE operation = 'create' AND NOT is_notice
)
SELECT
    CASE
        WHEN contains(value, '..') THEN coalesce(try_cast(split_part(value, '..', 1) AS DATE), DATE '-infinity')
        ELSE last - (value::INTEGER - 1)
    END AS first,
    CASE
        WHEN contains(value, '..') THEN coalesce(try_cast(split_part(value, '..', 2) AS DATE), DATE 'infinity')
        ELSE last
    END AS last
FROM wanted, seen;

-- Events that are no actions of the crowd: those that came twice, and those that were taken back.
CREATE OR REPLACE TABLE crowd.ingest.left_out AS
WITH
taken_back AS (
    SELECT file, line FROM crowd.ingest.records JOIN deletes USING (agent, record)
    WHERE operation = 'create' AND NOT is_notice AND records.time <= deletes.time
    UNION
    SELECT file, line FROM crowd.ingest.records SEMI JOIN gone USING (agent) WHERE operation = 'create' AND NOT is_notice
)
SELECT file, line, true AS is_double FROM duplicates
UNION ALL
SELECT file, line, false FROM taken_back ANTI JOIN duplicates USING (file, line);

-- Texts that were deleted are forgotten, if texts were kept at all.
UPDATE crowd.ingest.events SET text = NULL
WHERE text IS NOT NULL AND ((agent, record) IN (SELECT (agent, record) FROM deletes)
    OR agent IN (SELECT agent FROM gone WHERE forever));

-- Whose a record is, where a platform does not say it of what others do with it.
CREATE OR REPLACE TABLE crowd.ingest.authors AS
SELECT record, min(agent) AS author FROM crowd.ingest.records
WHERE operation = 'create'
    AND record IN (SELECT target FROM crowd.ingest.records WHERE target_agent IS NULL AND target IS NOT NULL)
GROUP BY record;

-- What was done on those days and not taken back. What happened at the very beginning of 1970 happened nobody knows when.
CREATE OR REPLACE VIEW crowd.ingest.done AS
SELECT records.* REPLACE (coalesce(target_agent, author) AS target_agent)
FROM ingest.records ANTI JOIN ingest.left_out USING (file, line)
LEFT JOIN ingest.authors ON records.target = authors.record, ingest.span
WHERE operation = 'create' AND NOT is_notice
    AND (time::DATE BETWEEN span.first AND span.last OR epoch_us(time) = 0);

-- What was read, once each, and whether it was done on those days and not taken back.
CREATE OR REPLACE TEMP TABLE acts AS
SELECT agent, coalesce(target_agent, author) AS target_agent, kind, operation, is_notice, time,
    operation = 'create' AND NOT is_notice AND is_double IS NULL
        AND (time::DATE BETWEEN span.first AND span.last OR epoch_us(time) = 0) AS is_done
FROM crowd.ingest.records LEFT JOIN crowd.ingest.left_out USING (file, line)
LEFT JOIN crowd.ingest.authors ON records.target = authors.record, crowd.ingest.span
WHERE is_double IS NOT TRUE;

-- Who reacted to whom. What somebody does to himself is an action, and no edge.
CREATE OR REPLACE TABLE crowd.ingest.pairs AS
SELECT agent AS source, target_agent AS target, kind, CASE WHEN kind = label('follow') THEN 1 ELSE count(*) END AS n
FROM acts WHERE is_done AND target_agent <> agent GROUP BY agent, target_agent, kind;

INSERT INTO crowd.ingest.pairs
SELECT DISTINCT source, target, label('follow'), 1 FROM crowd.ingest.follows
ANTI JOIN (SELECT source, target FROM crowd.ingest.pairs WHERE kind = label('follow')) USING (source, target)
WHERE target <> source;

-- Followers as a profile or a table says; they are known if so, and else those who were seen to follow.
CREATE OR REPLACE TEMP TABLE people AS
WITH
acted AS (
    SELECT agent, min(time) FILTER (epoch_us(time) > 0) AS first_seen, max(time) FILTER (epoch_us(time) > 0) AS last_seen,
        count(*) FILTER (is_done) AS actions,
        count(*) FILTER (is_done AND kind IN (label('post'), label('reply'), label('quote'))) AS posts,
        count(*) FILTER (is_done AND kind = label('reply')) AS replies,
        count(*) FILTER (is_done AND kind = label('like')) AS likes,
        count(*) FILTER (is_done AND kind = label('repost')) AS reposts
    FROM acts GROUP BY agent
),
heard AS (
    SELECT target AS agent, count(*) AS degree FROM (SELECT DISTINCT source, target FROM crowd.ingest.pairs) GROUP BY target
),
followed AS (
    SELECT target AS agent, count(*) AS seen_followers FROM crowd.ingest.pairs
    WHERE kind = label('follow') GROUP BY target
),
everybody AS (
    SELECT DISTINCT agent FROM (
        SELECT agent FROM acted UNION ALL SELECT agent FROM heard UNION ALL SELECT agent FROM crowd.ingest.counts
        UNION ALL SELECT source FROM crowd.ingest.follows WHERE source <> target
    )
)
SELECT
    agent, handle, status, first_seen, last_seen,
    coalesce(told.followers, counts.followers,
        CASE WHEN (SELECT count(*) FROM crowd.ingest.follows) > 0 THEN coalesce(seen_followers, 0) END) AS followers,
    coalesce(seen_followers, 0) AS seen_followers, coalesce(degree, 0) AS degree, coalesce(actions, 0) AS actions,
    coalesce(posts, 0) AS posts, coalesce(replies, 0) AS replies, coalesce(likes, 0) AS likes,
    coalesce(reposts, 0) AS reposts
FROM everybody LEFT JOIN acted USING (agent) LEFT JOIN told USING (agent) LEFT JOIN heard USING (agent)
LEFT JOIN followed USING (agent) LEFT JOIN crowd.ingest.counts AS counts USING (agent);

-- One weight for the whole crowd: followers if they are known of half of those who acted, else who was seen to react to
-- them, else what they did.
CREATE OR REPLACE TEMP TABLE weighing AS
SELECT CASE
    WHEN count(followers) FILTER (actions > 0) * 2 >= greatest(count(*) FILTER (actions > 0), 1) THEN 'followers'
    WHEN max(degree) > 0 THEN 'degree'
    ELSE 'activity' END AS weight
FROM people;

-- Who is called otherwise than by the 16 hexadecimal digits of his pseudonym: all, if ids are kept, and else nobody.
CREATE OR REPLACE TABLE crowd.ingest.naming AS
SELECT agent, min(name) AS name FROM (
    SELECT agent, name FROM crowd.ingest.names
    UNION ALL SELECT agent, agent_name FROM crowd.ingest.records WHERE agent_name IS NOT NULL
    UNION ALL SELECT target_agent, target_name FROM crowd.ingest.records WHERE target_name IS NOT NULL
) GROUP BY agent;

CREATE OR REPLACE TABLE crowd.agents AS
SELECT coalesce(naming.name, format('{:016x}', agent)) AS id, format('{:016x}', handle) AS handle, labels.name AS status,
    first_seen, last_seen, coalesce(followers, seen_followers) AS followers, degree, posts, replies, likes, reposts
FROM people LEFT JOIN crowd.ingest.naming USING (agent) LEFT JOIN crowd.ingest.labels ON status = number ORDER BY id;

CREATE OR REPLACE VIEW crowd.actions AS
SELECT coalesce(who.name, format('{:016x}', done.agent)) AS agent, time, created, kinds.name AS kind, record, target,
    coalesce(whom.name, format('{:016x}', target_agent)) AS target_agent, via, text_length, languages.name AS language,
    state, text
FROM ingest.done JOIN ingest.labels AS kinds ON kind = kinds.number
LEFT JOIN ingest.labels AS languages ON language = languages.number LEFT JOIN ingest.naming AS who ON who.agent = done.agent
LEFT JOIN ingest.naming AS whom ON whom.agent = target_agent
ORDER BY time, file, line;

CREATE OR REPLACE VIEW crowd.edges AS
SELECT coalesce(who.name, format('{:016x}', source)) AS source, coalesce(whom.name, format('{:016x}', target)) AS target,
    kinds.name AS kind, n AS count
FROM ingest.pairs JOIN ingest.labels AS kinds ON kind = kinds.number LEFT JOIN ingest.naming AS who ON who.agent = pairs.source
LEFT JOIN ingest.naming AS whom ON whom.agent = pairs.target
ORDER BY pairs.source, pairs.target, kinds.name;

-- The state of an agent on a day is the mean over what it wrote on that day, added up in the order of time.
CREATE OR REPLACE TABLE crowd.ingest.days AS
WITH
active AS (SELECT agent, time::DATE AS day, count(*) AS activity FROM acts WHERE is_done AND epoch_us(time) > 0 GROUP BY ALL),
stated AS (
    SELECT agent, time::DATE AS day, avg(state ORDER BY time, file, line) AS state FROM crowd.ingest.done
    WHERE epoch_us(time) > 0 AND state IS NOT NULL GROUP BY ALL
)
SELECT agent, day, state, CASE (SELECT weight FROM weighing)
    WHEN 'followers' THEN coalesce(followers, 0) WHEN 'degree' THEN degree + 1 ELSE activity END::DOUBLE AS weight,
    activity
FROM active LEFT JOIN stated USING (agent, day) JOIN people USING (agent);

CREATE OR REPLACE VIEW crowd.states AS
SELECT coalesce(name, format('{:016x}', days.agent)) AS agent, day, state, weight, activity
FROM ingest.days LEFT JOIN ingest.naming ON naming.agent = days.agent
ORDER BY day, days.agent;

-- The counts that are printed.
CREATE OR REPLACE TABLE crowd.ingest.totals AS
SELECT
    n_records, n_duplicates, n_actions,
    n_left_out - n_duplicates AS n_taken_back,
    n_creates - (n_left_out - n_duplicates) - n_actions AS n_other_days,
    n_deletes, n_updates, n_notices, n_unread,
    (SELECT weight FROM weighing) AS weight
FROM
    (SELECT count(*) AS n_records FROM crowd.ingest.records),
    (SELECT count(*) AS n_duplicates FROM duplicates),
    (SELECT count(*) AS n_left_out FROM crowd.ingest.left_out),
    (
        SELECT
            count(*) FILTER (is_done) AS n_actions,
            count(*) FILTER (operation = 'create' AND NOT is_notice) AS n_creates,
            count(*) FILTER (operation = 'delete' AND NOT is_notice) AS n_deletes,
            count(*) FILTER (operation = 'update' AND NOT is_notice) AS n_updates,
            count(*) FILTER (is_notice) AS n_notices
        FROM acts
    ),
    (
        SELECT count(*) AS n_unread FROM crowd.ingest.records ANTI JOIN duplicates USING (file, line)
        WHERE operation = 'create' AND NOT is_notice AND text_length > 0
            AND (language IS NULL OR language NOT IN (SELECT number FROM crowd.ingest.labels WHERE name LIKE 'en%'))
    );

DELETE FROM crowd.ingest.settings WHERE name = 'changed';

COMMIT
