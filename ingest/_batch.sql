-- Judges one batch of events and writes what is a row or a reject, pseudonymous. {GIVEN} is the platform's SELECT,
-- {FILE} the number of the file, {TEXT} what is kept of a text, {STATE} what a text says of its author's state.
INSERT INTO crowd.ingest.events
WITH
given AS (
{GIVEN}
),
events AS (
    -- What a platform leaves out is NULL.
    SELECT NULL::BIGINT AS line, NULL::VARCHAR AS broken, NULL::VARCHAR AS verdict, NULL::VARCHAR AS reason,
        NULL::VARCHAR AS agent, NULL::TIMESTAMP AS time, NULL::TIMESTAMP AS created, NULL::VARCHAR AS operation,
        NULL::VARCHAR AS kind, NULL::VARCHAR AS record, NULL::VARCHAR AS target, NULL::VARCHAR AS target_agent,
        NULL::VARCHAR AS via, NULL::VARCHAR AS text, NULL::VARCHAR AS language, NULL::VARCHAR AS handle,
        NULL::VARCHAR AS status, NULL::BIGINT AS followers, NULL::DOUBLE AS state
    WHERE false
    UNION ALL BY NAME
    SELECT * FROM given
),
-- DuckDB would push the filter below into the platform's SELECT, and judge each event twice; not so past random().
judged AS (
    SELECT *, CASE WHEN random() >= 0 THEN CASE WHEN broken IS NOT NULL THEN broken <> ''
        ELSE coalesce(verdict, '') <> 'ignore' END END AS is_kept
    FROM events
)
SELECT
    {FILE}::INTEGER,
    line,
    label(CASE
        WHEN broken IS NOT NULL THEN broken
        WHEN agent IS NOT NULL AND time IS NOT NULL AND kind IS NOT NULL AND coalesce(verdict, 'row') = 'row'
            AND coalesce(operation, 'create') IN ('create', 'update', 'delete') THEN NULL
        ELSE coalesce(nullif(reason, ''), 'agent, time, kind or operation is missing or odd')
    END),
    time,
    created,
    label(kind),
    CASE operation
        WHEN 'delete' THEN 'delete'::ENUM ('create', 'update', 'delete')
        WHEN 'update' THEN 'update'::ENUM ('create', 'update', 'delete')
        ELSE 'create'::ENUM ('create', 'update', 'delete')
    END,
    kind IN ('identity', 'account', 'profile'),
    pseudonym(agent),
    -- What has no record of its own is told apart by what it says.
    pseudonym(coalesce(record, concat_ws(' ', kind, epoch_us(time), handle, status, target, target_agent))),
    pseudonym(target),
    pseudonym(target_agent),
    pseudonym(via),
    CASE WHEN text IS NOT NULL THEN length(text) END::INTEGER,
    label(language),
    {STATE},
    {TEXT},
    pseudonym(handle),
    label(status),
    followers,
    {AGENT_NAME},
    {TARGET_NAME}
FROM judged
-- A blank line is broken in that it says nothing.
WHERE is_kept
