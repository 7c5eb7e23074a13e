-- Judged events of one batch, pseudonymous; before it comes the platform's SELECT as `given`. {FILE} is the number of
-- the file, {TEXT} what is kept of a text, {STATE} what a text says of its author's state.
WITH events AS (
    -- What a platform leaves out is NULL.
    SELECT NULL::BIGINT AS line, NULL::VARCHAR AS broken, NULL::VARCHAR AS verdict, NULL::VARCHAR AS reason,
        NULL::VARCHAR AS agent, NULL::TIMESTAMP AS time, NULL::TIMESTAMP AS created, NULL::VARCHAR AS operation,
        NULL::VARCHAR AS kind, NULL::VARCHAR AS record, NULL::VARCHAR AS target, NULL::VARCHAR AS target_agent,
        NULL::VARCHAR AS via, NULL::VARCHAR AS text, NULL::VARCHAR AS language, NULL::VARCHAR AS handle,
        NULL::VARCHAR AS status, NULL::BIGINT AS followers, NULL::DOUBLE AS state
    WHERE false
    UNION ALL BY NAME
    SELECT * FROM given
)
SELECT
    {FILE}::INTEGER AS file,
    line,
    CASE
        WHEN broken = '' THEN 'blank'
        WHEN broken IS NOT NULL THEN 'reject'
        WHEN verdict IN ('ignore', 'reject') THEN verdict
        WHEN agent IS NULL OR time IS NULL OR kind IS NULL
            OR coalesce(operation, 'create') NOT IN ('create', 'update', 'delete') THEN 'reject'
        WHEN verdict = 'row' OR verdict IS NULL THEN 'row'
        ELSE 'reject'
    END AS verdict,
    coalesce(broken, nullif(reason, ''), 'agent, time, kind or operation is missing or odd') AS reason,
    time,
    created,
    kind,
    coalesce(operation, 'create') AS operation,
    pseudonym(agent) AS agent,
    -- What has no record of its own is told apart by what it says.
    pseudonym(coalesce(record, concat_ws(' ', kind, epoch_us(time), handle, status, target, target_agent))) AS record,
    pseudonym(target) AS target,
    pseudonym(target_agent) AS target_agent,
    pseudonym(via) AS via,
    CASE WHEN text IS NOT NULL THEN length(text) END::INTEGER AS text_length,
    language,
    {STATE} AS state,
    {TEXT} AS text,
    pseudonym(handle) AS handle,
    status,
    followers,
    {AGENT_NAME} AS agent_name,
    {TARGET_NAME} AS target_name
FROM events
