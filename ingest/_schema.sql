-- The tables that an ingest works with, in the schema `ingest` of the crowd's database.
CREATE SCHEMA IF NOT EXISTS crowd.ingest;

-- How this crowd was begun; a run that wants something else is refused. And how far its tables have been made.
CREATE TABLE IF NOT EXISTS crowd.ingest.settings (name VARCHAR PRIMARY KEY, value VARCHAR);

-- Each file, how far it has been read (bytes of the unpacked content), and what became of its lines.
CREATE TABLE IF NOT EXISTS crowd.ingest.files (
    file INTEGER, path VARCHAR, head VARCHAR, head_bytes BIGINT, "offset" BIGINT, bytes BIGINT, finished BOOLEAN,
    lines BIGINT, blank BIGINT, ignored BIGINT, rejected BIGINT, rows BIGINT
);

-- Texts of which there are few (kinds, languages, statuses, reasons): elsewhere they are their numbers.
CREATE TABLE IF NOT EXISTS crowd.ingest.labels (number UBIGINT, name VARCHAR);

-- What was read, duplicates and all; every id is a pseudonym. A line that was rejected has a reason; an event that is
-- no action is a notice. DuckDB would try what makes each column small: of pseudonyms nothing does.
CREATE TABLE IF NOT EXISTS crowd.ingest.events (
    file INTEGER USING COMPRESSION rle, line BIGINT USING COMPRESSION bitpacking,
    reason UBIGINT USING COMPRESSION rle,
    time TIMESTAMP USING COMPRESSION bitpacking, created TIMESTAMP USING COMPRESSION bitpacking,
    kind UBIGINT USING COMPRESSION bitpacking,
    operation ENUM ('create', 'update', 'delete') USING COMPRESSION bitpacking,
    is_notice BOOLEAN USING COMPRESSION rle,
    agent UBIGINT USING COMPRESSION uncompressed, record UBIGINT USING COMPRESSION uncompressed,
    target UBIGINT USING COMPRESSION uncompressed, target_agent UBIGINT USING COMPRESSION uncompressed,
    via UBIGINT, text_length INTEGER USING COMPRESSION bitpacking, language UBIGINT USING COMPRESSION bitpacking,
    state DOUBLE, text VARCHAR, handle UBIGINT, status UBIGINT USING COMPRESSION rle, followers BIGINT,
    agent_name VARCHAR, target_name VARCHAR
);

CREATE VIEW IF NOT EXISTS crowd.ingest.records AS
SELECT * EXCLUDE (reason) FROM ingest.events WHERE reason IS NULL;

CREATE VIEW IF NOT EXISTS crowd.ingest.rejects AS
SELECT file, line, name AS reason FROM ingest.events JOIN ingest.labels ON reason = number;

-- Ids as they were, of those whom a table of follows names, if they are to be kept.
CREATE TABLE IF NOT EXISTS crowd.ingest.names (agent UBIGINT, name VARCHAR);

-- Follows, or numbers of followers, of a table of their own.
CREATE TABLE IF NOT EXISTS crowd.ingest.follows (source UBIGINT, target UBIGINT);
CREATE TABLE IF NOT EXISTS crowd.ingest.counts (agent UBIGINT, followers BIGINT)
