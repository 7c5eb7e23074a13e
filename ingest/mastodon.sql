-- Mastodon and other servers that speak ActivityPub: one activity a line (Create, Announce, Like, Follow, Delete, Undo,
-- Update), as an outbox or a relay gives them.
--
-- input: ndjson
-- field: kind       text  type
-- field: id         text  id
-- field: actor      text  actor|actor.id
-- field: published  text  published|object.published|updated
-- field: object     text  object|object.id
-- field: what       text  object.type
-- field: made_at    text  object.published
-- field: content    text  object.content
-- field: author     text  object.attributedTo|object.attributedTo.id
-- field: parent     text  object.inReplyTo
-- field: quoted     text  object.quoteUri|object.quoteUrl
-- field: language   text  object.language
-- field: undone     text  object.id
-- field: undone_act text  object.object|object.object.id

WITH
timed AS (
    SELECT *, make_timestamp(epoch_us(try_cast(published AS TIMESTAMPTZ))) AS time FROM lines
),
judged AS (
    SELECT
        *,
        CASE
            WHEN broken IS NOT NULL THEN NULL
            WHEN kind IS NULL THEN 'reject: type is missing'
            WHEN kind NOT IN ('Create', 'Announce', 'Like', 'Follow', 'Delete', 'Undo') THEN 'ignore: type is not modelled'
            WHEN actor IS NULL OR NOT starts_with(actor, 'http') THEN 'reject: actor is missing or is no URL'
            WHEN time IS NULL THEN 'reject: published is missing or is no time'
            WHEN object IS NULL THEN 'reject: object is missing'
            WHEN kind = 'Create' AND what NOT IN ('Note', 'Article', 'Question', 'Page') THEN 'ignore: object is no text'
            WHEN kind = 'Undo' AND what NOT IN ('Announce', 'Like', 'Follow') THEN 'ignore: what is undone is not modelled'
        END AS fault
    FROM timed
)
SELECT
    line,
    broken,
    coalesce(split_part(fault, ': ', 1), 'row') AS verdict,
    split_part(fault, ': ', 2) AS reason,
    actor AS agent,
    CASE WHEN fault IS NULL THEN time END AS time,
    make_timestamp(epoch_us(try_cast(made_at AS TIMESTAMPTZ))) AS created,
    CASE WHEN kind IN ('Delete', 'Undo') THEN 'delete' ELSE 'create' END AS operation,
    CASE
        WHEN kind = 'Create' AND parent IS NOT NULL THEN 'reply'
        WHEN kind = 'Create' AND quoted IS NOT NULL THEN 'quote'
        WHEN kind = 'Create' THEN 'post'
        WHEN kind = 'Announce' THEN 'repost'
        WHEN kind = 'Delete' THEN 'post'
        WHEN kind = 'Undo' THEN lower(what)
        ELSE lower(kind)
    END AS kind,
    -- A post is known by its own address, anything else by that of the activity.
    CASE WHEN kind IN ('Create', 'Delete', 'Undo') THEN object ELSE coalesce(id, kind || ' ' || object) END AS record,
    CASE WHEN kind = 'Create' THEN coalesce(parent, quoted) WHEN kind IN ('Announce', 'Like') THEN object END AS target,
    CASE WHEN kind = 'Follow' THEN object END AS target_agent,
    regexp_replace(content, '<[^>]*>', ' ', 'g') AS text,
    language
FROM judged
