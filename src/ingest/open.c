/* The crowd's database is opened and closed: see store.h. */
#include "ingest/days.h"
#include "ingest/did.h"
#include "ingest/statements.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of the schema `ingest`: changed when crowds of before can no longer be added to. */
#define FORMAT "4"

/* ---- functions of SQL -------------------------------------------------------------------------------------------- */

static uint64_t hash_id(const void *user, const char *text, int64_t length) {
    return throng_i_secret_hash(user, text, length);
}

static bool score_text(const void *user, const char *text, int64_t length, double *out) {
    return throng_i_stance_score(user, text, length, out);
}

/* A text's number, until it is judged. */
static bool collect_text(const void *user, const char *text, int64_t length, double *out) {
    *out = (double)throng_i_texts_number((throng_i_texts *)(uintptr_t)user, text, length);
    return true;
}

static uint64_t number_label(const void *user, const char *text, int64_t length) {
    return (uint64_t)throng_i_texts_number((throng_i_texts *)(uintptr_t)user, text, length);
}

/* What the text of that number was judged to show. */
static bool look_up_text(const void *user, const char *number, int64_t length, double *out) {
    const throng_i_texts *texts = user;
    int64_t index = 0;
    for (int64_t i = 0; i < length; i++)
        index = 10 * index + (number[i] - '0');
    *out = texts->states[index];
    return isfinite(*out);
}

/* ---- settings ---------------------------------------------------------------------------------------------------- */

/* A setting is written by the run that begins the crowd, and compared by every other. */
typedef struct setting {
    const char *name, *value;
} setting;

#define N_SETTINGS 7

typedef struct settings {
    const throng_i_store *store;
    setting at[N_SETTINGS];
    bool is_begun;
} settings;

static throng_status compare_setting(void *user, const char *const *cells, int n, throng_error *err) {
    settings *of = user;
    (void)n;
    of->is_begun = true;
    for (int i = 0; i < N_SETTINGS; i++)
        if (strcmp(cells[0], of->at[i].name) == 0 && strcmp(cells[1], of->at[i].value) != 0)
            return i == 0 ? THRONG_FAIL(err, E_FORMAT, "%s was begun by another version of throng: take another --out.",
                                        of->store->def->out)
                          : THRONG_FAIL(err, E_FORMAT, "%s was begun with %s %s, not %s: take another --out.",
                                        of->store->def->out, cells[0], cells[1], of->at[i].value);
    return THRONG_OK;
}

static throng_status write_settings(throng_i_store *store, const settings *all, throng_error *err) {
    throng_i_sql sql = {.context = store->context};
    throng_status status = THRONG_OK;
    throng_i_sql_add(&sql, "INSERT INTO crowd.ingest.settings VALUES ");
    for (int i = 0; i < N_SETTINGS; i++) {
        throng_i_sql_add(&sql, i > 0 ? ", (" : "(");
        throng_i_sql_literal(&sql, all->at[i].name);
        throng_i_sql_add(&sql, ", ");
        throng_i_sql_literal(&sql, all->at[i].value);
        throng_i_sql_add(&sql, ")");
    }
    THRONG_TRY(throng_i_sql_check(&sql, err));
    THRONG_TRY(throng_i_store_run(store, sql.text, err));
out:
    throng_i_sql_clear(&sql);
    return status;
}

/* The days may change from run to run; if they do, the tables are made anew. */
static throng_status settle_days(throng_i_store *store, throng_error *err) {
    char days[THRONG_I_DAYS_LENGTH], before[200] = "";
    throng_status status = THRONG_OK;
    THRONG_TRY(throng_i_days_read(store->def->days, days, err));
    THRONG_TRY(throng_i_database_rows(&store->database, "SELECT value FROM crowd.ingest.settings WHERE name = 'days'",
                                      throng_i_take_text, before, NULL, err));
    if (strcmp(days, before) == 0)
        return THRONG_OK;
    THRONG_TRY(throng_i_store_run_format(
        store, err, "INSERT OR REPLACE INTO crowd.ingest.settings VALUES ('days', '%s'), ('changed', 'yes')", days));
out:
    return status;
}

/* The format is compared first: of another version no more than that can be said. */
static throng_status settle_all(throng_i_store *store, throng_error *err) {
    const throng_ingest_def *def = store->def;
    char check[17];
    throng_status status = THRONG_OK;
    snprintf(check, sizeof check, "%016llx", (unsigned long long)throng_i_secret_hash(&store->secret, "throng", 6));
    settings all = {.store = store,
                    .at = {{"format", FORMAT},
                           {"platform", store->platform->name},
                           {"stance", def->stance ? def->stance : "column"},
                           {"judge", def->judge_name ? def->judge_name : "none"},
                           {"keep-ids", def->keep_ids ? "yes" : "no"},
                           {"keep-text", def->keep_text ? "yes" : "no"},
                           {"key-check", check}}};
    THRONG_TRY(throng_i_database_rows(&store->database,
                                      "SELECT name, value FROM crowd.ingest.settings ORDER BY name <> 'format', name",
                                      compare_setting, &all, NULL, err));
    if (!all.is_begun)
        THRONG_TRY(write_settings(store, &all, err));
    THRONG_TRY(settle_days(store, err));
out:
    return status;
}

/* The key of the pseudonyms, made by the run that begins the crowd. With ids kept there is nothing to hide, and the key
 * is 0. */
static throng_status open_secret(throng_i_store *store, throng_error *err) {
    const throng_ingest_def *def = store->def;
    throng_i_numbers begun;
    throng_status status = THRONG_OK;
    if (def->keep_ids)
        return THRONG_OK;
    THRONG_TRY(
        throng_i_store_ask(store, "SELECT count(*) FROM crowd.ingest.settings WHERE name = 'key-check'", &begun, err));
    THRONG_TRY(throng_i_print(store->context, &store->key, err, "%s%s", def->key ? def->key : def->out,
                              def->key ? "" : ".key"));
    store->made_key = begun.at[0] == 0 && access(store->key, F_OK) != 0;
    THRONG_TRY(throng_i_secret_open(store->key, begun.at[0] == 0, &store->secret, err));
out:
    return status;
}

/* ---- labels ------------------------------------------------------------------------------------------------------ */

static throng_status take_label(void *user, const char *const *cells, int n, throng_error *err) {
    throng_i_store *store = user;
    (void)n;
    return throng_i_texts_number(&store->labels, cells[0], (int64_t)strlen(cells[0])) == store->n_saved_labels++
               ? THRONG_OK
               : THRONG_FAIL(err, E_FORMAT, "The labels of %s are damaged: take another --out.", store->def->out);
}

throng_status throng_i_store_save_labels(throng_i_store *store, throng_error *err) {
    throng_i_sql sql = {.context = store->context};
    throng_status status = THRONG_OK;
    THRONG_REQUIRE(!store->labels.is_short, E_MEMORY, "Out of memory for the kinds and languages of a batch.");
    while (store->n_saved_labels < store->labels.n) {
        throng_i_sql_reset(&sql);
        throng_i_sql_add(&sql, "INSERT INTO crowd.ingest.labels VALUES ");
        for (int i = 0; i < 1000 && store->n_saved_labels < store->labels.n; i++) {
            throng_i_sql_add(&sql, "%s(%lld, ", i > 0 ? ", " : "", (long long)store->n_saved_labels);
            throng_i_sql_literal(&sql, store->labels.all[store->n_saved_labels++]->bytes);
            throng_i_sql_add(&sql, ")");
        }
        THRONG_TRY(throng_i_sql_check(&sql, err));
        THRONG_TRY(throng_i_store_run(store, sql.text, err));
    }
out:
    throng_i_sql_clear(&sql);
    return status;
}

/* Reads the labels of an earlier run, or begins with those that the tables speak of. */
static throng_status open_labels(throng_i_store *store, throng_error *err) {
    static const char *const first[] = {"post",   "reply",   "quote",     "like",      "repost",
                                        "follow", "deleted", "takendown", "suspended", "deactivated"};
    throng_status status = THRONG_OK;
    THRONG_TRY(throng_i_database_rows(&store->database, "SELECT name FROM crowd.ingest.labels ORDER BY number",
                                      take_label, store, NULL, err));
    for (size_t i = 0; i < sizeof first / sizeof *first; i++)
        throng_i_texts_number(&store->labels, first[i], (int64_t)strlen(first[i]));
    THRONG_TRY(throng_i_store_save_labels(store, err));
out:
    return status;
}

/* ---- opening and closing ----------------------------------------------------------------------------------------- */

/* A thread writes its rows as soon as it has enough of them: kept until the end, they would be written by one thread
 * after the other. And what is written stays as it lies, instead of being put together by one thread at last. A DuckDB
 * that does not know a setting is left to its way. */
static throng_status hasten(throng_i_store *store, throng_error *err) {
    static const char *const wishes[] = {"SET GLOBAL write_buffer_row_group_count = 1",
                                         "SET GLOBAL max_vacuum_tasks = 0"};
    throng_status status = THRONG_OK;
    for (int i = 0; i < 2 && (status == THRONG_OK || status == THRONG_E_QUERY); i++)
        status = throng_i_database_run(&store->database, wishes[i], NULL, err);
    return status == THRONG_E_QUERY ? THRONG_OK : status;
}

static throng_status attach(throng_i_store *store, throng_error *err) {
    throng_i_sql sql = {.context = store->context};
    throng_status status = THRONG_OK;
    char *failure = NULL;
    char sentence[THRONG_I_SENTENCE_LENGTH];
    if (store->def->memory > 0) /* which DuckDB oversteps for moments, when tables that it groups by grow */
        THRONG_TRY(throng_i_store_run_format(store, err, "SET memory_limit = '%lldB'",
                                             (long long)(store->def->memory - store->def->memory / 10)));
    THRONG_TRY(hasten(store, err));
    throng_i_sql_add(&sql, "SET temp_directory = ");
    throng_i_sql_path(&sql, store->spill, false);
    THRONG_TRY(throng_i_sql_check(&sql, err));
    THRONG_TRY(throng_i_store_run(store, sql.text, err));
    throng_i_sql_reset(&sql);
    throng_i_sql_add(&sql, "ATTACH ");
    throng_i_sql_path(&sql, store->def->out, false);
    throng_i_sql_add(&sql, " AS crowd (TYPE duckdb)");
    THRONG_TRY(throng_i_sql_check(&sql, err));
    status = throng_i_database_run(&store->database, sql.text, &failure, err);
    if (status == THRONG_E_QUERY && failure) {
        throng_i_database_sentence(failure, sentence);
        status =
            THRONG_FAIL(err, E_WRITE, "%s cannot be opened as a DuckDB file to write: %s", store->def->out, sentence);
    }
out:
    throng_i_free(store->context, failure);
    throng_i_sql_clear(&sql);
    return status;
}

/* Makes the view `lines` of what a batch reads. Lines have numbers, and the tables are ordered when they are read. */
static throng_status prepare_lines(throng_i_store *store, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_batch_source(store->platform, &store->batch, store->columns, &store->source);
    store->source.n_threads = throng_context_threads(store->context);
    THRONG_TRY(throng_i_database_source(&store->database, &store->source, err));
    THRONG_TRY(throng_i_store_run(store, "SET preserve_insertion_order = false", err));
    THRONG_TRY(throng_i_store_run(store, "CREATE TEMP VIEW lines AS SELECT * FROM line_source()", err));
out:
    return status;
}

throng_status throng_i_store_open(throng_context *context, const throng_ingest_def *def,
                                  const throng_i_platform *platform, throng_i_store *store, throng_error *err) {
    throng_status status = THRONG_OK;
    struct stat facts;
    *store =
        (throng_i_store){.context = context, .def = def, .platform = platform, .is_empty = stat(def->out, &facts) != 0};
    throng_i_texts_clear(&store->labels);
    throng_i_texts_clear(&store->texts);
    THRONG_TRY(throng_i_stance_open(context, def->stance, &store->stance, err));
    THRONG_REQUIRE((store->stance.kind == THRONG_I_STANCE_JUDGE) == (def->judge != NULL), E_ARGUMENT,
                   "stance \"llm\", and no other, needs somebody who judges texts.");
    THRONG_TRY(throng_i_print(context, &store->spill, err, "%s.tmp", def->out));
    THRONG_TRY(throng_i_database_open(context, "opening", &store->database, err));
    store->is_open = true;
    store->database.stop = &store->stop;
    THRONG_TRY(attach(store, err));
    THRONG_TRY(throng_i_store_run(store, "BEGIN", err)); /* once: each end of a transaction waits for the disk */
    THRONG_TRY(throng_i_store_run_text(store, "_schema", err));
    if (platform->input == THRONG_I_INPUT_NDJSON)
        THRONG_TRY(prepare_lines(store, err));
    THRONG_TRY(open_secret(store, err));
    store->pseudonym = (throng_i_function){.name = "pseudonym", .hash = hash_id, .user = &store->secret};
    store->label = (throng_i_function){.name = "label", .hash = number_label, .user = &store->labels};
    store->is_did = (throng_i_function){.name = "is_did", .test = throng_i_is_did};
    store->score = (throng_i_function){.name = "score", .number = score_text, .user = &store->stance};
    if (store->stance.kind == THRONG_I_STANCE_JUDGE)
        store->score = (throng_i_function){.name = "score", .number = collect_text, .user = &store->texts};
    store->judged = (throng_i_function){.name = "judged", .number = look_up_text, .user = &store->texts};
    THRONG_TRY(throng_i_database_function(&store->database, &store->pseudonym, err));
    THRONG_TRY(throng_i_database_function(&store->database, &store->label, err));
    THRONG_TRY(throng_i_database_function(&store->database, &store->is_did, err));
    THRONG_TRY(throng_i_database_function(&store->database, &store->score, err));
    THRONG_TRY(throng_i_database_function(&store->database, &store->judged, err));
    THRONG_TRY(settle_all(store, err));
    THRONG_TRY(open_labels(store, err));
    THRONG_TRY(throng_i_store_run(store, "COMMIT", err));
out:
    return status;
}

/* Takes away what this run made of a crowd in which nothing is. */
static void remove_empty(const throng_i_store *store) {
    char log[4096];
    snprintf(log, sizeof log, "%s.wal", store->def->out);
    unlink(store->def->out);
    unlink(log);
    if (store->made_key)
        unlink(store->key);
}

void throng_i_store_close(throng_i_store *store) {
    if (store->is_open)
        throng_i_database_close(&store->database);
    if (store->is_open && store->is_empty)
        remove_empty(store);
    store->is_open = false;
    if (store->spill)
        rmdir(store->spill); /* DuckDB empties it */
    throng_i_free(store->context, store->spill);
    throng_i_free(store->context, store->key);
    store->spill = store->key = NULL;
    throng_i_stance_close(&store->stance);
    throng_i_texts_clear(&store->labels);
    throng_i_texts_clear(&store->texts);
}
