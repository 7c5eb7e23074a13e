/* The crowd's database is filled, and its tables are made: see store.h. */
#include "ingest/statements.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ---- files ----------------------------------------------------------------------------------------------------- */

#define HEAD_BYTES 4096

/* Hash of the first `bytes` bytes, which is how a file is known again. */
static void hash_head(const char *path, int64_t *bytes, char out[32]) {
    static const throng_i_secret open_key = {{0, 0}};
    char head[HEAD_BYTES];
    FILE *file = fopen(path, "rb");
    *bytes = file ? (int64_t)fread(head, 1, (size_t)*bytes, file) : 0;
    if (file)
        fclose(file);
    snprintf(out, 32, "%016llx", (unsigned long long)throng_i_secret_hash(&open_key, head, *bytes));
}

static throng_status add_file(throng_i_store *store, const char *path, const char *head, int64_t head_bytes,
                              throng_error *err) {
    throng_i_sql sql = {.context = store->context};
    throng_status status = THRONG_OK;
    throng_i_sql_add(&sql, "INSERT INTO crowd.ingest.files SELECT coalesce(max(file), 0) + 1, ");
    throng_i_sql_literal(&sql, path);
    throng_i_sql_add(&sql, ", '%s', %lld, 0, 0, false, 0, 0, 0, 0, 0 FROM crowd.ingest.files", head,
                     (long long)head_bytes);
    THRONG_TRY(throng_i_sql_check(&sql, err));
    THRONG_TRY(throng_i_store_run(store, sql.text, err));
out:
    throng_i_sql_clear(&sql);
    return status;
}

/* Looks for a path; standard input is another one each time. */
static throng_status look_up(throng_i_store *store, const char *path, throng_i_numbers *found, throng_error *err) {
    throng_i_sql sql = {.context = store->context};
    throng_status status = THRONG_OK;
    throng_i_sql_add(&sql, "SELECT file, \"offset\", lines, head_bytes, finished::INTEGER, bytes FROM "
                           "crowd.ingest.files WHERE path = ");
    throng_i_sql_literal(&sql, path);
    throng_i_sql_add(&sql, " ORDER BY file DESC LIMIT 1");
    THRONG_TRY(throng_i_sql_check(&sql, err));
    THRONG_TRY(throng_i_store_ask(store, sql.text, found, err));
out:
    throng_i_sql_clear(&sql);
    return status;
}

static throng_status check_head(throng_i_store *store, const char *path, const throng_i_numbers *found,
                                throng_error *err) {
    char head[32], sql[200], before[200] = "";
    int64_t bytes = found->at[3];
    hash_head(path, &bytes, head);
    snprintf(sql, sizeof sql, "SELECT head FROM crowd.ingest.files WHERE file = %lld", (long long)found->at[0]);
    throng_status status = throng_i_database_rows(&store->database, sql, throng_i_take_text, before, NULL, err);
    if (status == THRONG_OK && strcmp(head, before) != 0)
        return THRONG_FAIL(err, E_FORMAT,
                           "%s begins otherwise than the file of that name that %s has read already: give it another "
                           "name, or take another --out.",
                           path, store->def->out);
    return status;
}

throng_status throng_i_store_find(throng_i_store *store, const char *path, throng_i_store_file *out,
                                  throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_numbers found;
    bool is_input = strcmp(path, "-") == 0;
    char head[32] = "";
    THRONG_TRY(look_up(store, path, &found, err));
    bool is_known = found.n_rows > 0 && !is_input;
    if (is_known) {
        THRONG_TRY(check_head(store, path, &found, err));
    } else {
        int64_t bytes = HEAD_BYTES;
        if (!is_input)
            hash_head(path, &bytes, head);
        THRONG_TRY(add_file(store, path, head, is_input ? 0 : bytes, err));
        THRONG_TRY(look_up(store, path, &found, err));
    }
    *out = (throng_i_store_file){.number = found.at[0],
                                 .offset = found.at[1],
                                 .lines = found.at[2],
                                 .bytes = found.at[5],
                                 .is_known = is_known,
                                 .is_finished = found.at[4] != 0};
out:
    return status;
}

/* ---- a batch --------------------------------------------------------------------------------------------------- */

/* What a text says of a state, as SQL. Valence is English; texts of other languages, or of none that is said, have no
 * state. */
static const char *state_sql(const throng_i_store *store) {
    switch (store->stance.kind) {
    case THRONG_I_STANCE_VALENCE:
        return "CASE WHEN language = 'en' OR starts_with(language, 'en-') THEN score(text) END";
    case THRONG_I_STANCE_TERMS:
        return "score(text)";
    case THRONG_I_STANCE_JUDGE: /* nobody is asked about a text that counts for nothing */
        return "CASE WHEN broken IS NULL AND coalesce(verdict, 'row') = 'row' AND text <> '' THEN score(text) END";
    default:
        return "state";
    }
}

/* Adds _batch.sql with its blanks filled in. */
static void add_batch_sql(const throng_i_store *store, int64_t file, throng_i_sql *sql) {
    char number[24];
    snprintf(number, sizeof number, "%lld", (long long)file);
    const struct {
        const char *blank, *text;
    } blanks[] = {
        {"{GIVEN}", store->platform->sql},
        {"{FILE}", number},
        {"{TEXT}", store->def->keep_text ? "text" : "NULL::VARCHAR"},
        {"{STATE}", state_sql(store)},
        {"{AGENT_NAME}", store->def->keep_ids ? "agent" : "NULL::VARCHAR"},
        {"{TARGET_NAME}", store->def->keep_ids ? "target_agent" : "NULL::VARCHAR"},
    };
    const char *at = strstr(throng_i_platform_text_of("_batch"), "INSERT INTO");
    while (*at) {
        size_t plain = strcspn(at, "{"), used = 0;
        throng_i_sql_add(sql, "%.*s", (int)plain, at);
        at += plain;
        for (size_t i = 0; i < sizeof blanks / sizeof *blanks && *at && used == 0; i++) {
            size_t length = strlen(blanks[i].blank);
            if (strncmp(at, blanks[i].blank, length) == 0) {
                throng_i_sql_add(sql, "%s", blanks[i].text);
                used = length;
            }
        }
        at += used;
    }
}

/* Has the batch's texts judged, whose numbers stand where their states belong. */
static throng_status judge_texts(throng_i_store *store, int64_t file, int64_t line, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_texts *texts = &store->texts;
    const char **pointers = NULL;
    THRONG_REQUIRE(!texts->is_short, E_MEMORY, "Out of memory for the texts of a batch.");
    if (texts->n == 0)
        goto out;
    THRONG_TRY(throng_i_alloc(store->context, texts->n, sizeof *pointers, &pointers, err));
    for (int64_t i = 0; i < texts->n; i++)
        pointers[i] = texts->all[i]->bytes;
    texts->states = malloc((size_t)texts->n * sizeof *texts->states);
    THRONG_REQUIRE(texts->states, E_MEMORY, "Out of memory for the texts of a batch.");
    THRONG_TRY(store->def->judge(store->def->judge_user, pointers, texts->n, texts->states, err));
    THRONG_TRY(throng_i_store_run_format(
        store, err,
        "UPDATE crowd.ingest.events SET state = judged(state::BIGINT::VARCHAR) WHERE file = %lld AND "
        "line > %lld AND state IS NOT NULL",
        (long long)file, (long long)line));
out:
    throng_i_free(store->context, pointers);
    throng_i_texts_clear(texts);
    return status;
}

/* Judges the lines behind `line` and writes what they become. */
static throng_status judge(throng_i_store *store, int64_t file, int64_t line, throng_error *err) {
    throng_i_sql sql = {.context = store->context};
    throng_status status = THRONG_OK;
    throng_error inner = {0};
    add_batch_sql(store, file, &sql);
    THRONG_TRY(throng_i_sql_check(&sql, err));
    status = throng_i_store_run(store, sql.text, &inner);
    if (status == THRONG_E_QUERY)
        status =
            THRONG_FAIL(err, E_QUERY, "The SQL of platform %s does not do: %s", store->platform->name, inner.message);
    else if (status != THRONG_OK && err)
        *err = inner;
    THRONG_TRY(status);
    THRONG_TRY(throng_i_store_save_labels(store, err));
    if (store->def->judge)
        THRONG_TRY(judge_texts(store, file, line, err));
out:
    throng_i_sql_clear(&sql);
    return status;
}

/* What became of the lines of a batch. */
typedef struct outcome {
    int64_t written, rejected; /* rows and rejects; rejects */
} outcome;

static throng_status count_batch(throng_i_store *store, int64_t file, int64_t line, outcome *out, throng_error *err) {
    char sql[200];
    throng_i_numbers it;
    snprintf(sql, sizeof sql,
             "SELECT count(*), count(reason) FROM crowd.ingest.events WHERE file = %lld AND line > %lld",
             (long long)file, (long long)line);
    throng_status status = throng_i_store_ask(store, sql, &it, err);
    *out = (outcome){it.at[0], it.at[1]};
    return status;
}

/* The first reject of a file: its line and reason. */
static throng_status first_reject(throng_i_store *store, int64_t file, const char *words, char reason[200],
                                  throng_error *err) {
    char sql[250];
    snprintf(sql, sizeof sql,
             "SELECT 'line ' || min(line) || '%s' || arg_min(reason, line) FROM crowd.ingest.rejects WHERE file = %lld",
             words, (long long)file);
    return throng_i_database_rows(&store->database, sql, throng_i_take_text, reason, NULL, err);
}

/* A file of which nothing is JSON, or nothing is what the platform reads, is a mistake, not a crowd. `n_lines` without
 * the blank ones. Of a pipe the first lines say too little of what comes, unless they are no JSON. */
static throng_status check_first(throng_i_store *store, const char *path, int64_t file, int64_t n_lines,
                                 const outcome *made, throng_error *err) {
    char reason[200] = "", sql[200];
    throng_status status = THRONG_OK;
    throng_i_numbers it;
    if (n_lines == 0 || made->rejected < n_lines)
        return THRONG_OK;
    snprintf(sql, sizeof sql,
             "SELECT count(*) FROM crowd.ingest.rejects WHERE file = %lld AND NOT starts_with(reason, 'not ')",
             (long long)file);
    THRONG_TRY(throng_i_store_ask(store, sql, &it, err));
    bool is_garbled = it.at[0] == 0 && store->platform->input == THRONG_I_INPUT_NDJSON;
    if (!is_garbled && strcmp(path, "-") == 0)
        return THRONG_OK;
    THRONG_TRY(first_reject(store, file, is_garbled ? " is " : ": ", reason, err));
    if (is_garbled)
        status = THRONG_FAIL(err, E_FORMAT, "%s holds no JSON lines: %s.", path, reason);
    else
        status =
            THRONG_FAIL(err, E_FORMAT, "%s holds nothing that platform %s reads: %s (the same or the like of all).",
                        path, store->platform->name, reason);
out:
    return status;
}

/* `file` says how far the file has been read, `n_lines` how many lines of it there were, `n_blank` blank ones. */
static throng_status note_progress(throng_i_store *store, const throng_i_store_file *file, int64_t n_lines,
                                   int64_t n_blank, const outcome *made, throng_error *err) {
    throng_status status = THRONG_OK;
    THRONG_TRY(throng_i_store_run_format(
        store, err,
        "UPDATE crowd.ingest.files SET \"offset\" = %lld, bytes = %lld, finished = %s, lines = %lld, "
        "blank = blank + %lld, ignored = ignored + %lld, rejected = rejected + %lld, rows = rows + "
        "%lld WHERE file = %lld",
        (long long)file->offset, (long long)file->bytes, file->is_finished ? "true" : "false", (long long)file->lines,
        (long long)n_blank, (long long)(n_lines - n_blank - made->written), (long long)made->rejected,
        (long long)(made->written - made->rejected), (long long)file->number));
    THRONG_TRY(throng_i_store_run(store, "INSERT OR IGNORE INTO crowd.ingest.settings VALUES ('changed', 'yes')", err));
out:
    return status;
}

/* What is written before a failure is taken back when the connection closes. If the user cancels, what was read is
 * written first: a pipe would not give it again. Judges may take long, and are broken off. */
throng_status throng_i_store_add(throng_i_store *store, throng_i_store_file *file, const char *path,
                                 throng_i_batch *batch, throng_error *err) {
    throng_status status = THRONG_OK;
    outcome made;
    throng_i_batch_begin(batch);
    store->database.progress =
        (throng_progress){.stage = "ingesting", .unit = "bytes", .total = throng_i_lines_size(batch->lines)};
    store->database.done = throng_i_lines_read(batch->lines);
    store->database.finishes = !store->def->judge;
    store->batch = batch;
    THRONG_TRY(throng_i_store_run(store, "BEGIN", err));
    THRONG_TRY(judge(store, file->number, file->lines, err));
    THRONG_TRY(count_batch(store, file->number, file->lines, &made, err));
    if (file->lines == 0)
        THRONG_TRY(check_first(store, path, file->number, batch->n_rows - batch->n_blank, &made, err));
    file->offset = throng_i_lines_offset(batch->lines);
    file->bytes = *throng_i_lines_read(batch->lines);
    file->lines = batch->line;
    file->is_finished = batch->is_finished;
    THRONG_TRY(note_progress(store, file, batch->n_rows, batch->n_blank, &made, err));
    THRONG_TRY(throng_i_store_run(store, "COMMIT", err));
    store->is_empty = store->is_empty && batch->n_rows == 0;
    THRONG_REQUIRE(!store->database.is_cancelled, E_CANCELLED, "Stopped while ingesting; what was read is kept.");
out:
    store->database.finishes = false;
    store->database.done = NULL;
    return status;
}

/* ---- a table --------------------------------------------------------------------------------------------------- */

static bool ends_in(const char *path, const char *ending) {
    size_t length = strlen(path), n = strlen(ending);
    return length > n && strcmp(path + length - n, ending) == 0;
}

/* Makes a temporary table of a CSV or Parquet file: all columns as texts, and first line and broken, as a batch of JSON
 * lines has them. */
static throng_status read_table(throng_i_store *store, const char *path, const char *name, throng_error *err) {
    throng_i_sql sql = {.context = store->context};
    throng_status status = THRONG_OK;
    throng_error inner = {0};
    bool is_parquet = ends_in(path, ".parquet");
    THRONG_TRY(throng_i_store_run(store, "DROP TABLE IF EXISTS reject_errors", err));
    THRONG_TRY(throng_i_store_run(store, "DROP TABLE IF EXISTS reject_scans", err));
    throng_i_sql_add(&sql,
                     "CREATE OR REPLACE TEMP TABLE %s AS SELECT row_number() OVER () AS line, NULL::VARCHAR AS "
                     "broken, COLUMNS(*)::VARCHAR FROM %s(",
                     name, is_parquet ? "read_parquet" : "read_csv");
    throng_i_sql_path(&sql, path, true);
    throng_i_sql_add(&sql, "%s)", is_parquet ? "" : ", all_varchar = true, header = true, store_rejects = true");
    THRONG_TRY(throng_i_sql_check(&sql, err));
    status = throng_i_store_run(store, sql.text, &inner);
    if (status == THRONG_E_QUERY && strstr(inner.message, "sniffing"))
        status = THRONG_FAIL(err, E_FORMAT,
                             "%s cannot be read as CSV: a line of names and then lines of as many values, separated by "
                             "one character, cannot be made out in it.",
                             path);
    else if (status == THRONG_E_QUERY || status == THRONG_E_WRITE)
        status = THRONG_FAIL(err, E_FORMAT, "%s cannot be read as %s: %s", path, is_parquet ? "Parquet" : "CSV",
                             inner.message);
    else if (status != THRONG_OK && err)
        *err = inner;
    if (status != THRONG_OK || is_parquet)
        goto out;
    throng_i_sql_reset(&sql);
    throng_i_sql_add(&sql,
                     "INSERT INTO %s (line, broken) SELECT line, 'not CSV: ' || min(error_type) FROM "
                     "reject_errors GROUP BY line",
                     name);
    THRONG_TRY(throng_i_sql_check(&sql, err));
    THRONG_TRY(throng_i_store_run(store, sql.text, err));
out:
    throng_i_sql_clear(&sql);
    return status;
}

/* A table of whose columns the platform's SQL names none is another's. */
static throng_status check_columns(throng_i_store *store, const char *path, throng_error *err) {
    throng_i_sql sql = {.context = store->context};
    throng_status status = THRONG_OK;
    char has[200] = "";
    throng_i_sql_add(
        &sql,
        "SELECT concat('columns ', string_agg(column_name, ', ' ORDER BY column_index)) FROM duckdb_columns() WHERE "
        "table_name = 'lines' AND column_name NOT IN ('line', 'broken') HAVING NOT "
        "bool_or(regexp_matches(");
    throng_i_sql_literal(&sql, store->platform->sql);
    throng_i_sql_add(&sql, ", concat('\\b', regexp_escape(column_name), '\\b'), 'i'))");
    THRONG_TRY(throng_i_sql_check(&sql, err));
    THRONG_TRY(throng_i_database_rows(&store->database, sql.text, throng_i_take_text, has, NULL, err));
    THRONG_REQUIRE(!has[0], E_FORMAT, "%s has no column that platform %s reads, but the %.120s%s.", path,
                   store->platform->name, has, strlen(has) > 120 ? " ..." : "");
out:
    throng_i_sql_clear(&sql);
    return status;
}

/* What the OASIS simulator leaves, and what people give first. */
static bool is_sqlite(const char *path) {
    char head[15] = "";
    FILE *file = fopen(path, "rb");
    size_t n = file ? fread(head, 1, sizeof head, file) : 0;
    if (file)
        fclose(file);
    return n == sizeof head && memcmp(head, "SQLite format 3", sizeof head) == 0;
}

throng_status throng_i_store_add_table(throng_i_store *store, throng_i_store_file *file, const char *path,
                                       int64_t bytes, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_numbers it;
    outcome made;
    store->database.progress = (throng_progress){.stage = "ingesting", .unit = "rows", .total = -1};
    THRONG_REQUIRE(bytes > 0, E_FORMAT, "%s is empty: not even a line of names is in it.", path);
    THRONG_REQUIRE(!is_sqlite(path), E_FORMAT,
                   "%s is an SQLite database: export its tables to CSV (sqlite3 -csv -header FILE 'SELECT ...').",
                   path);
    THRONG_TRY(read_table(store, path, "lines", err));
    THRONG_TRY(check_columns(store, path, err));
    THRONG_TRY(throng_i_store_run(store, "BEGIN", err));
    THRONG_TRY(judge(store, file->number, 0, err));
    THRONG_TRY(count_batch(store, file->number, 0, &made, err));
    THRONG_TRY(throng_i_store_ask(store, "SELECT count(*) FROM lines", &it, err));
    THRONG_TRY(check_first(store, path, file->number, it.at[0], &made, err));
    file->lines = it.at[0];
    file->offset = file->bytes = bytes;
    file->is_finished = true;
    THRONG_TRY(note_progress(store, file, file->lines, 0, &made, err));
    THRONG_TRY(throng_i_store_run(store, "COMMIT", err));
    store->is_empty = false;
out:
    return status;
}

/* ---- follows --------------------------------------------------------------------------------------------------- */

typedef struct follow_columns {
    char source[64], target[64], agent[64], followers[64];
} follow_columns;

/* The first of some names that a column has. */
static void match_column(const char *name, const char *const *known, char to[64]) {
    for (int i = 0; known[i] && !to[0]; i++)
        if (strcmp(name, known[i]) == 0)
            snprintf(to, 64, "%s", name);
}

static throng_status take_column(void *user, const char *const *cells, int n, throng_error *err) {
    static const char *const sources[] = {"source", "src", "follower", "follower_id", "from", NULL};
    static const char *const targets[] = {"target", "dst", "followed", "followee_id", "to", NULL};
    static const char *const agents[] = {"id", "agent", "did", "user", "user_id", "account", NULL};
    static const char *const followers[] = {"followers", "num_followers", NULL};
    follow_columns *to = user;
    (void)err;
    (void)n;
    match_column(cells[0], sources, to->source);
    match_column(cells[0], targets, to->target);
    match_column(cells[0], agents, to->agent);
    match_column(cells[0], followers, to->followers);
    return THRONG_OK;
}

static throng_status insert_follows(throng_i_store *store, const follow_columns *columns, throng_error *err) {
    bool is_edges = columns->source[0] && columns->target[0];
    const char *one = is_edges ? columns->source : columns->agent;
    const char *other = is_edges ? columns->target : columns->followers;
    throng_status status = THRONG_OK;
    THRONG_TRY(throng_i_store_run_format(store, err, "DELETE FROM crowd.ingest.%s", is_edges ? "follows" : "counts"));
    if (is_edges)
        THRONG_TRY(throng_i_store_run_format(
            store, err,
            "INSERT INTO crowd.ingest.follows SELECT DISTINCT pseudonym(\"%s\"), "
            "pseudonym(\"%s\") FROM follow_table WHERE \"%s\" IS NOT NULL AND \"%s\" IS NOT NULL",
            one, other, one, other));
    else
        THRONG_TRY(throng_i_store_run_format(
            store, err,
            "INSERT INTO crowd.ingest.counts SELECT pseudonym(\"%s\"), "
            "max(try_cast(\"%s\" AS BIGINT)) FROM follow_table WHERE \"%s\" IS NOT NULL GROUP BY ALL",
            one, other, one));
    if (store->def->keep_ids)
        THRONG_TRY(throng_i_store_run_format(store, err,
                                             "INSERT INTO crowd.ingest.names SELECT DISTINCT pseudonym(\"%s\"), \"%s\" "
                                             "FROM follow_table WHERE \"%s\" IS NOT NULL",
                                             one, one, one));
    if (store->def->keep_ids && is_edges)
        THRONG_TRY(throng_i_store_run_format(store, err,
                                             "INSERT INTO crowd.ingest.names SELECT DISTINCT pseudonym(\"%s\"), \"%s\" "
                                             "FROM follow_table WHERE \"%s\" IS NOT NULL",
                                             other, other, other));
out:
    return status;
}

/* Size, time and beginning of a file: the same, and it is taken for the file that was read before. */
static void mark_file(const char *path, char to[80]) {
    struct stat facts;
    int64_t bytes = HEAD_BYTES;
    char head[32];
    hash_head(path, &bytes, head);
    bool is_there = stat(path, &facts) == 0;
    snprintf(to, 80, "%s %lld %lld", head, is_there ? (long long)facts.st_size : 0,
             is_there ? (long long)facts.st_mtime : 0);
}

throng_status throng_i_store_follow(throng_i_store *store, const char *path, throng_error *err) {
    follow_columns columns = {.source = ""};
    char mark[80], before[200] = "";
    throng_status status = THRONG_OK;
    mark_file(path, mark);
    THRONG_TRY(throng_i_database_rows(&store->database,
                                      "SELECT value FROM crowd.ingest.settings WHERE name = 'follows'",
                                      throng_i_take_text, before, NULL, err));
    if (strcmp(mark, before) == 0)
        return THRONG_OK;
    THRONG_TRY(read_table(store, path, "follow_table", err));
    THRONG_TRY(throng_i_database_rows(&store->database,
                                      "SELECT lower(column_name)::VARCHAR FROM duckdb_columns() WHERE table_name = "
                                      "'follow_table'",
                                      take_column, &columns, NULL, err));
    THRONG_REQUIRE((columns.source[0] && columns.target[0]) || (columns.agent[0] && columns.followers[0]), E_COLUMN,
                   "%s needs the columns source and target (or src and dst, follower and followed), or id and "
                   "followers.",
                   path);
    THRONG_TRY(throng_i_store_run(store, "BEGIN", err));
    THRONG_TRY(insert_follows(store, &columns, err));
    THRONG_TRY(throng_i_store_run_format(
        store, err, "INSERT OR REPLACE INTO crowd.ingest.settings VALUES ('follows', '%s')", mark));
    THRONG_TRY(throng_i_store_run(store, "INSERT OR IGNORE INTO crowd.ingest.settings VALUES ('changed', 'yes')", err));
    THRONG_TRY(throng_i_store_run(store, "COMMIT", err));
    store->is_empty = false;
out:
    return status;
}

/* ---- the tables ------------------------------------------------------------------------------------------------ */

static throng_status count_lines(throng_i_store *store, throng_ingest_counts *out, throng_error *err) {
    throng_i_numbers it;
    throng_status status = THRONG_OK;
    THRONG_TRY(
        throng_i_store_ask(store,
                           "SELECT count(*), sum(lines), sum(blank), sum(ignored), sum(rejected), sum(rows) FROM "
                           "crowd.ingest.files",
                           &it, err));
    out->files = it.at[0], out->lines = it.at[1], out->blank = it.at[2];
    out->ignored = it.at[3], out->rejected = it.at[4], out->rows = it.at[5];
    THRONG_TRY(throng_i_store_ask(
        store,
        "SELECT n_records, n_duplicates, n_actions, n_taken_back, n_deletes, n_updates, n_notices, "
        "n_unread, n_other_days, (SELECT count(*) FROM crowd.agents), (SELECT count(*) FROM crowd.ingest.pairs), "
        "(SELECT count(*) FROM crowd.ingest.days) FROM crowd.ingest.totals",
        &it, err));
    out->duplicates = it.at[1], out->actions = it.at[2], out->taken_back = it.at[3], out->deletes = it.at[4];
    out->updates = it.at[5], out->notices = it.at[6], out->unread_texts = it.at[7];
    out->other_days = it.at[8];
    out->agents = it.at[9], out->edges = it.at[10], out->states = it.at[11];
    char weight[200] = "";
    THRONG_TRY(throng_i_database_rows(&store->database, "SELECT weight FROM crowd.ingest.totals", throng_i_take_text,
                                      weight, NULL, err));
    snprintf(out->weight, sizeof out->weight, "%.15s", weight);
    THRONG_REQUIRE(out->lines == out->blank + out->ignored + out->rejected + out->rows && out->rows == it.at[0] &&
                       out->rows == out->duplicates + out->actions + out->taken_back + out->other_days + out->deletes +
                                        out->updates + out->notices,
                   E_INTERNAL, "The counts of %s do not add up; please report this.", store->def->out);
out:
    return status;
}

static throng_status write_rejects(throng_i_store *store, throng_error *err) {
    throng_i_sql sql = {.context = store->context};
    throng_status status = THRONG_OK;
    throng_i_sql_add(&sql, "COPY (SELECT path AS file, line, reason FROM crowd.ingest.rejects JOIN crowd.ingest.files "
                           "USING (file) ORDER BY rejects.file, line) TO ");
    throng_i_sql_path(&sql, store->def->rejects, false);
    throng_i_sql_add(&sql, " (FORMAT csv, HEADER true, COMPRESSION none)");
    THRONG_TRY(throng_i_sql_check(&sql, err));
    THRONG_TRY(throng_i_store_run(store, sql.text, err));
out:
    throng_i_sql_clear(&sql);
    return status;
}

/* DuckDB divides the rows that it groups into as many parts as there are threads, rounded up to a power of two. Two
 * parts of a million rows each are larger than a cache: one thread more, and there are four. Each takes memory, though.
 */
static throng_status make_tables(throng_i_store *store, throng_error *err) {
    throng_status status = THRONG_OK;
    int n_threads = throng_context_threads(store->context);
    if (n_threads > 1 && store->def->memory == 0)
        THRONG_TRY(throng_i_store_run_format(store, err, "SET threads = %d", n_threads + 1));
    THRONG_TRY(throng_i_store_run_text(store, "_tables", err));
out:
    return status;
}

throng_status throng_i_store_finish(throng_i_store *store, throng_ingest_counts *counts, throng_error *err) {
    throng_i_numbers it;
    throng_status status = THRONG_OK;
    store->database.progress = (throng_progress){.stage = "making tables", .unit = "rows", .total = -1};
    THRONG_TRY(
        throng_i_store_ask(store, "SELECT count(*) FROM crowd.ingest.settings WHERE name = 'changed'", &it, err));
    THRONG_TRY(throng_i_store_ask(store,
                                  it.at[0] ? "SELECT 1"
                                           : "SELECT 1 - least(count(*), 1) FROM duckdb_tables() WHERE database_name "
                                             "= 'crowd' AND table_name = 'totals'",
                                  &it, err));
    if (it.at[0])
        THRONG_TRY(make_tables(store, err));
    THRONG_TRY(count_lines(store, counts, err));
    if (store->def->rejects)
        THRONG_TRY(write_rejects(store, err));
    store->is_empty = false;
    THRONG_TRY(throng_i_store_run(store, "CHECKPOINT crowd",
                                  err)); /* closing would, too, but say nothing if the disk is full */
out:
    return status;
}
