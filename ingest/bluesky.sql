-- Bluesky: event lines of a Jetstream server, old wire (kind, time_us, commit) and new ($type, time, no commit around).
--
-- input: ndjson
-- field: kind       text    kind|$type
-- field: did        text    did
-- field: time_us    integer time_us
-- field: seen       text    witnessedAt|time
-- field: body       shape   commit
-- field: operation  text    commit.operation|operation
-- field: collection text    commit.collection|collection
-- field: rkey       text    commit.rkey|rkey
-- field: record     shape   commit.record|record
-- field: created    text    commit.record.createdAt|record.createdAt
-- field: words      text    commit.record.text|record.text
-- field: language   text    commit.record.langs[0]|record.langs[0]
-- field: whom       text    commit.record.subject|record.subject
-- field: subject    text    commit.record.subject.uri|record.subject.uri
-- field: parent     text    commit.record.reply.parent.uri|record.reply.parent.uri
-- field: quoted     text    commit.record.embed.record.uri|commit.record.embed.record.record.uri|record.embed.record.uri|record.embed.record.record.uri
-- field: via        text    commit.record.via.uri|record.via.uri
-- field: handle     text    identity.handle
-- field: active     shape   account.active
-- field: status     text    account.status

WITH
-- What an event is about: "commit", or the part of "network.bsky.jetstream.subscribeEvents#commit" behind the #.
told AS (
    SELECT
        * REPLACE (CASE WHEN contains(kind, '#') THEN split_part(kind, '#', 2) ELSE kind END AS kind),
        -- When the server saw it. What the author's program says, createdAt, may be any year.
        coalesce(time_us, CASE WHEN seen IS NOT NULL THEN epoch_us(try_cast(seen AS TIMESTAMPTZ)) END) AS stamp,
        coalesce(subject, parent, quoted) AS object,
        CASE collection
            WHEN 'app.bsky.feed.like' THEN 'like'
            WHEN 'app.bsky.feed.post' THEN 'post'
            WHEN 'app.bsky.graph.follow' THEN 'follow'
            WHEN 'app.bsky.feed.repost' THEN 'repost'
            WHEN 'app.bsky.graph.block' THEN 'block'
        END AS act
    FROM lines
),

-- The first thing that is wrong with an event, or odd about it.
judged AS (
    SELECT
        *,
        CASE
            WHEN broken IS NOT NULL THEN NULL
            WHEN kind = 'info' THEN 'ignore: a notice of the server'
            WHEN did IS NULL THEN 'reject: did is missing'
            WHEN NOT is_did(did) THEN 'reject: did is none'
            WHEN stamp IS NULL THEN 'reject: the time is missing or is no whole number of microseconds'
            WHEN stamp < 0 OR stamp >= 253402300800000000 THEN 'reject: the time is outside 1970 to 9999'
            WHEN kind IS NULL THEN 'reject: kind is missing'
            WHEN kind IN ('identity', 'account') THEN NULL
            WHEN kind <> 'commit' THEN 'ignore: kind is not known'
            WHEN operation IS NULL AND body IS NULL THEN 'reject: a commit without its body'
            WHEN operation IS NULL THEN 'reject: operation is missing'
            WHEN operation NOT IN ('create', 'update', 'delete') THEN 'ignore: operation is not known'
            WHEN collection IS NULL OR rkey IS NULL THEN 'reject: collection or rkey is missing'
            WHEN act IS NULL THEN 'ignore: collection is not modelled'
            WHEN operation = 'delete' THEN NULL
            WHEN record IS DISTINCT FROM 'object' THEN 'reject: record is missing'
            WHEN act IN ('like', 'repost') AND subject IS NULL THEN 'reject: subject is missing'
            WHEN act IN ('like', 'repost') AND NOT starts_with(subject, 'at://did:') THEN 'reject: subject is no at:// uri'
            WHEN act IN ('follow', 'block') AND (whom IS NULL OR NOT starts_with(whom, 'did:'))
                THEN 'reject: subject is no did'
        END AS fault
    FROM told
)

SELECT
    line,
    broken,
    CASE WHEN fault IS NULL THEN 'row' ELSE left(fault, 6) END AS verdict,
    CASE WHEN fault IS NOT NULL THEN substr(fault, 9) END AS reason,
    did AS agent,
    CASE WHEN fault IS NULL THEN make_timestamp(stamp) END AS time,
    -- A text that is no time gives NULL: the event is kept, the created time unknown. Offsets are counted in.
    make_timestamp(epoch_us(try_cast(created AS TIMESTAMPTZ))) AS created,
    operation,
    CASE
        WHEN kind <> 'commit' THEN kind
        WHEN act = 'post' AND parent IS NOT NULL THEN 'reply'
        WHEN act = 'post' AND quoted IS NOT NULL THEN 'quote'
        ELSE act
    END AS kind,
    CASE WHEN kind = 'commit' THEN concat('at://', did, '/', collection, '/', rkey) END AS record,
    object AS target,
    CASE WHEN act IN ('follow', 'block') THEN whom ELSE split_part(object, '/', 3) END AS target_agent,
    via,
    words AS text,
    language,
    handle,
    CASE WHEN kind = 'account' THEN CASE WHEN active = 'true' THEN 'active' ELSE coalesce(status, 'inactive') END END AS status
FROM judged
