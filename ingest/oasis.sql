-- OASIS, the simulator: its SQLite tables post, comment, like, follow and user, each exported to CSV or Parquet. The
-- table trace repeats what these say, and is ignored line by line. A time is a date, or the number of a step: then a step
-- is taken for a day.
--
-- input: table
WITH
named AS (
    SELECT NULL::BIGINT AS line, NULL::VARCHAR AS broken, NULL::VARCHAR AS user_id, NULL::VARCHAR AS post_id,
        NULL::VARCHAR AS original_post_id, NULL::VARCHAR AS content, NULL::VARCHAR AS quote_content,
        NULL::VARCHAR AS created_at, NULL::VARCHAR AS comment_id, NULL::VARCHAR AS like_id, NULL::VARCHAR AS follow_id,
        NULL::VARCHAR AS follower_id, NULL::VARCHAR AS followee_id, NULL::VARCHAR AS user_name,
        NULL::VARCHAR AS num_followers, NULL::VARCHAR AS action, NULL::VARCHAR AS info
    WHERE false
    UNION ALL BY NAME
    SELECT * FROM lines
),
told AS (
    SELECT
        *,
        CASE
            WHEN info IS NOT NULL OR action IS NOT NULL THEN 'trace'
            WHEN follower_id IS NOT NULL THEN 'follow'
            WHEN like_id IS NOT NULL THEN 'like'
            WHEN comment_id IS NOT NULL THEN 'reply'
            WHEN post_id IS NOT NULL AND original_post_id IS NULL THEN 'post'
            WHEN post_id IS NOT NULL AND nullif(quote_content, '') IS NOT NULL THEN 'quote'
            WHEN post_id IS NOT NULL THEN 'repost'
            WHEN user_id IS NOT NULL THEN 'profile'
        END AS act,
        CASE
            WHEN try_cast(created_at AS BIGINT) BETWEEN 0 AND 1000000
                THEN TIMESTAMP '1970-01-02' + to_days(try_cast(created_at AS INTEGER))
            ELSE make_timestamp(epoch_us(try_cast(created_at AS TIMESTAMPTZ)))
        END AS time
    FROM named
)
SELECT
    line,
    broken,
    CASE
        WHEN act = 'trace' THEN 'ignore'
        WHEN act IS NULL OR coalesce(user_id, follower_id) IS NULL OR (time IS NULL AND act <> 'profile') THEN 'reject'
        ELSE 'row'
    END AS verdict,
    CASE WHEN act IS NULL THEN 'no row of post, comment, like, follow or user' ELSE 'user or time is missing' END AS reason,
    coalesce(user_id, follower_id) AS agent,
    coalesce(time, TIMESTAMP '1970-01-01') AS time,
    act AS kind,
    CASE act
        WHEN 'follow' THEN 'follow/' || follow_id
        WHEN 'like' THEN 'like/' || like_id
        WHEN 'reply' THEN 'comment/' || comment_id
        WHEN 'profile' THEN 'user/' || user_id
        ELSE 'post/' || post_id
    END AS record,
    'post/' || CASE WHEN act IN ('like', 'reply') THEN post_id ELSE original_post_id END AS target,
    followee_id AS target_agent,
    CASE WHEN act IN ('quote', 'repost') THEN coalesce(quote_content, '') ELSE content END AS text,
    user_name AS handle,
    try_cast(num_followers AS BIGINT) AS followers
FROM told
