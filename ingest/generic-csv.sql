-- Any platform, as tables (CSV or Parquet) with these columns; what a table lacks is taken for missing:
--   posts and other actions: id, author, time; and text, language, kind (default: post, or reply if there is a target),
--                            target (an id), target_author, via (an id), state
--   follows:                 follower, followed; and time
--   accounts:                user, followers; and handle
-- A time is a date as ISO 8601 has it, or seconds, milli- or microseconds since 1970.
--
-- input: table
WITH
named AS (
    SELECT NULL::BIGINT AS line, NULL::VARCHAR AS broken, NULL::VARCHAR AS id, NULL::VARCHAR AS author,
        NULL::VARCHAR AS time, NULL::VARCHAR AS text, NULL::VARCHAR AS language, NULL::VARCHAR AS kind,
        NULL::VARCHAR AS target, NULL::VARCHAR AS target_author, NULL::VARCHAR AS via, NULL::VARCHAR AS state,
        NULL::VARCHAR AS follower, NULL::VARCHAR AS followed, NULL::VARCHAR AS user, NULL::VARCHAR AS followers,
        NULL::VARCHAR AS handle
    WHERE false
    UNION ALL BY NAME
    SELECT * FROM lines
),
timed AS (
    SELECT *, try_cast(time AS DOUBLE) AS number FROM named
),
told AS (
    SELECT
        * EXCLUDE (time),
        CASE
            WHEN number < 0 OR number >= 2.5e17 THEN NULL
            WHEN number IS NOT NULL
                THEN make_timestamp((number * CASE WHEN number < 1e11 THEN 1e6 WHEN number < 1e14 THEN 1e3 ELSE 1 END)::BIGINT)
            ELSE make_timestamp(epoch_us(try_cast(time AS TIMESTAMPTZ)))
        END AS time
    FROM timed
)
SELECT
    line,
    broken,
    CASE
        WHEN coalesce(author, follower, "user") IS NULL THEN 'reject'
        WHEN author IS NOT NULL AND time IS NULL THEN 'reject'
        WHEN follower IS NOT NULL AND followed IS NULL THEN 'reject'
        ELSE 'row'
    END AS verdict,
    CASE
        WHEN coalesce(author, follower, "user") IS NULL THEN 'neither author nor follower nor user is given'
        WHEN author IS NOT NULL AND time IS NULL THEN 'the time is missing or is none'
        ELSE 'followed is missing'
    END AS reason,
    coalesce(author, follower, "user") AS agent,
    coalesce(time, TIMESTAMP '1970-01-01') AS time,
    CASE
        WHEN author IS NOT NULL THEN coalesce(kind, CASE WHEN target IS NULL THEN 'post' ELSE 'reply' END)
        WHEN follower IS NOT NULL THEN 'follow'
        ELSE 'profile'
    END AS kind,
    CASE WHEN author IS NOT NULL THEN id END AS record,
    target,
    coalesce(target_author, followed) AS target_agent,
    via,
    text,
    language,
    handle,
    try_cast(followers AS BIGINT) AS followers,
    try_cast(state AS DOUBLE) AS state
FROM told
