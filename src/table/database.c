/* Opening DuckDB and running queries on a thread of their own, so that Ctrl-C works at any time. */
#define _POSIX_C_SOURCE 200809L
#include "table/database.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Chunks of 2048 rows that may wait for the caller, who takes all of them at once: waking a thread costs more than
 * copying a chunk. */
#define QUEUE_LENGTH 64

/* Nanoseconds between two looks at the progress callback. */
#define PATIENCE 50000000L

/* Nanoseconds to sleep while other threads work on all there is of a query. */
#define NAP 100000L

/* Up to has_result all is the worker's until it has finished; what follows `lock` is his who holds it. */
struct throng_i_query {
    throng_i_database *database;
    const char *sql;
    duckdb_prepared_statement statement;
    duckdb_pending_result pending;
    duckdb_result result;
    bool has_result;

    duckdb_data_chunk taken[QUEUE_LENGTH]; /* the caller's: taken out of the queue, not yet handed on */
    int next, n_taken;

    pthread_t worker;
    bool has_worker;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    duckdb_data_chunk queue[QUEUE_LENGTH];
    int count;
    bool stop;           /* the caller wants no more */
    bool finished;       /* the worker has returned or is about to */
    const char *failure; /* belongs to one of the handles above */
};

/* ---- the worker ------------------------------------------------------------------------------------------------ */

static bool is_stopped(throng_i_query *query) {
    pthread_mutex_lock(&query->lock);
    bool stop = query->stop;
    pthread_mutex_unlock(&query->lock);
    return stop;
}

/* Works on the query until its result is ready (NULL) or it has failed. Where other threads have all the work, DuckDB's
 * own wait spins. */
static const char *wait_for_tasks(const throng_i_query *query) {
    const struct timespec nap = {.tv_nsec = NAP};
    for (;;) {
        duckdb_pending_state state = duckdb_pending_execute_task(query->pending);
        if (state == DUCKDB_PENDING_ERROR)
            return duckdb_pending_error(query->pending);
        if (state == DUCKDB_PENDING_RESULT_READY)
            return NULL;
        if (state == DUCKDB_PENDING_NO_TASKS_AVAILABLE)
            nanosleep(&nap, NULL);
    }
}

/* Each step returns what DuckDB says if it fails. */
static const char *start_query(throng_i_query *query) {
    if (duckdb_prepare(query->database->connection, query->sql, &query->statement) != DUCKDB_OK)
        return duckdb_prepare_error(query->statement);
    if (duckdb_nparams(query->statement) > 0)
        return "Binder Error: parameters such as ? and $1 have no value here";
    if (is_stopped(query))
        return NULL;
    if (duckdb_pending_prepared_streaming(query->statement, &query->pending) != DUCKDB_OK)
        return duckdb_pending_error(query->pending);
    const char *failure = wait_for_tasks(query);
    if (failure)
        return failure;
    query->has_result = true;
    if (duckdb_execute_pending(query->pending, &query->result) != DUCKDB_OK)
        return duckdb_result_error(&query->result);
    return NULL;
}

/* False if the caller wants no more. */
static bool hand_over(throng_i_query *query, duckdb_data_chunk chunk) {
    pthread_mutex_lock(&query->lock);
    while (query->count == QUEUE_LENGTH && !query->stop)
        pthread_cond_wait(&query->changed, &query->lock);
    bool wanted = !query->stop;
    if (wanted) {
        query->queue[query->count++] = chunk;
        if (query->count == 1)
            pthread_cond_broadcast(&query->changed);
    }
    pthread_mutex_unlock(&query->lock);
    return wanted;
}

static const char *fetch_chunks(throng_i_query *query) {
    for (;;) {
        duckdb_data_chunk chunk = duckdb_fetch_chunk(query->result);
        if (!chunk)
            return duckdb_result_error(&query->result);
        if (!hand_over(query, chunk)) {
            duckdb_destroy_data_chunk(&chunk);
            return NULL;
        }
    }
}

static void *run_query(void *user) {
    throng_i_query *query = user;
    const char *failure = start_query(query);
    if (!failure && !is_stopped(query))
        failure = fetch_chunks(query);
    pthread_mutex_lock(&query->lock);
    query->failure = failure && failure[0] ? failure : NULL;
    query->finished = true;
    pthread_cond_broadcast(&query->changed);
    pthread_mutex_unlock(&query->lock);
    return NULL;
}

/* ---- the caller's side ----------------------------------------------------------------------------------------- */

/* Threads started between these two leave signals to the caller's own threads. */
static void hold_signals(sigset_t *before) {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, before);
}

static void release_signals(const sigset_t *before) {
    pthread_sigmask(SIG_SETMASK, before, NULL);
}

static void make_lock(throng_i_query *query) {
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&query->lock, NULL);
    pthread_cond_init(&query->changed, &attributes);
    pthread_condattr_destroy(&attributes);
}

throng_status throng_i_query_open(throng_i_database *database, const char *sql, throng_i_query **out,
                                  throng_error *err) {
    throng_i_query *query = NULL;
    throng_status status = throng_i_alloc(database->context, 1, sizeof *query, &query, err);
    if (status != THRONG_OK)
        return status;
    query->database = database;
    query->sql = sql;
    make_lock(query);
    sigset_t before;
    hold_signals(&before);
    query->has_worker = pthread_create(&query->worker, NULL, run_query, query) == 0;
    release_signals(&before);
    if (!query->has_worker) {
        throng_i_query_close(query);
        return THRONG_FAIL(err, E_MEMORY, "The system refuses another thread for a query.");
    }
    *out = query;
    return THRONG_OK;
}

/* Waits for a change, but not longer than PATIENCE. */
static void wait_a_little(throng_i_query *query) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += PATIENCE;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_nsec -= 1000000000L;
        until.tv_sec++;
    }
    pthread_cond_timedwait(&query->changed, &query->lock, &until);
}

static throng_status report_progress(throng_i_database *database, throng_error *err) {
    if (database->done)
        database->progress.done = *database->done;
    throng_status status = throng_i_progress(database->context, &database->progress, err);
    if (status != THRONG_E_CANCELLED || !database->finishes)
        return status;
    *database->stop = true;
    database->is_cancelled = true;
    return THRONG_OK;
}

static throng_status fail_query(const throng_i_query *query, throng_error *err) {
    char sentence[THRONG_I_SENTENCE_LENGTH];
    throng_i_database_sentence(query->failure, sentence);
    if (strncmp(query->failure, "Out of Memory", strlen("Out of Memory")) == 0)
        return THRONG_FAIL(err, E_MEMORY, "Out of memory in DuckDB: %s", sentence);
    return THRONG_FAIL(err, E_QUERY, "%s", sentence);
}

/* Waits until the queue is not empty or the worker has finished, and empties it into `taken`. */
static throng_status take_queue(throng_i_query *query, throng_error *err) {
    throng_status status = THRONG_OK;
    pthread_mutex_lock(&query->lock);
    while (query->count == 0 && !query->finished && status == THRONG_OK) {
        wait_a_little(query);
        pthread_mutex_unlock(&query->lock);
        status = report_progress(query->database, err);
        pthread_mutex_lock(&query->lock);
    }
    if (status == THRONG_OK) {
        memcpy(query->taken, query->queue, sizeof query->queue);
        query->next = 0;
        query->n_taken = query->count;
        query->count = 0;
        if (query->n_taken == QUEUE_LENGTH)
            pthread_cond_broadcast(&query->changed); /* the worker waits for room */
    }
    pthread_mutex_unlock(&query->lock);
    return status;
}

throng_status throng_i_query_next(throng_i_query *query, duckdb_data_chunk *chunk, throng_error *err) {
    if (query->next == query->n_taken) {
        throng_status status = take_queue(query, err);
        if (status != THRONG_OK)
            return status;
    }
    if (query->next < query->n_taken)
        *chunk = query->taken[query->next++];
    else if (query->failure)
        return fail_query(query, err);
    else
        *chunk = NULL;
    return THRONG_OK;
}

duckdb_result *throng_i_query_result(throng_i_query *query) {
    return &query->result;
}

const char *throng_i_query_failure(const throng_i_query *query) {
    return query->failure;
}

void throng_i_query_close(throng_i_query *query) {
    if (!query)
        return;
    pthread_mutex_lock(&query->lock);
    query->stop = true;
    if (query->database->stop && query->has_worker && !query->finished)
        *query->database->stop = true;
    pthread_cond_broadcast(&query->changed);
    /* Again and again: DuckDB forgets an interrupt that comes before a step of the query begins. */
    while (query->has_worker && !query->finished) {
        duckdb_interrupt(query->database->connection);
        wait_a_little(query);
    }
    pthread_mutex_unlock(&query->lock);
    if (query->has_worker)
        pthread_join(query->worker, NULL);
    while (query->next < query->n_taken)
        duckdb_destroy_data_chunk(&query->taken[query->next++]);
    for (int i = 0; i < query->count; i++)
        duckdb_destroy_data_chunk(&query->queue[i]);
    if (query->has_result)
        duckdb_destroy_result(&query->result);
    duckdb_destroy_pending(&query->pending);
    duckdb_destroy_prepare(&query->statement);
    pthread_cond_destroy(&query->changed);
    pthread_mutex_destroy(&query->lock);
    throng_i_free(query->database->context, query);
}

/* Copies one row of a chunk into texts of their own. */
static throng_status copy_row(throng_i_database *database, duckdb_data_chunk chunk, int n, int64_t row,
                              char *cells[THRONG_I_CELLS], throng_error *err) {
    throng_status status = THRONG_OK;
    for (int i = 0; i < n && status == THRONG_OK; i++) {
        duckdb_vector vector = duckdb_data_chunk_get_vector(chunk, (uint64_t)i);
        if (!throng_i_is_valid(duckdb_vector_get_validity(vector), row))
            continue;
        int64_t length = 0;
        const duckdb_string_t *strings = duckdb_vector_get_data(vector);
        const char *text = throng_i_string(&strings[row], &length);
        status = throng_i_alloc(database->context, length + 1, 1, &cells[i], err);
        if (status == THRONG_OK)
            memcpy(cells[i], text, (size_t)length);
    }
    return status;
}

static throng_status take_rows(throng_i_query *query, duckdb_data_chunk chunk, throng_i_row_fn take_row, void *user,
                               throng_error *err) {
    throng_status status = THRONG_OK;
    uint64_t n_columns = duckdb_column_count(&query->result);
    int n = n_columns < THRONG_I_CELLS ? (int)n_columns : THRONG_I_CELLS;
    int64_t n_rows = (int64_t)duckdb_data_chunk_get_size(chunk);
    for (int64_t row = 0; row < n_rows && status == THRONG_OK; row++) {
        char *cells[THRONG_I_CELLS] = {0};
        status = copy_row(query->database, chunk, n, row, cells, err);
        if (status == THRONG_OK)
            status = take_row(user, (const char *const *)cells, n, err);
        for (int i = 0; i < n; i++)
            throng_i_free(query->database->context, cells[i]);
    }
    return status;
}

/* Runs a query to its end; take_row NULL: the rows do not matter. */
static throng_status run_all(throng_i_database *database, const char *sql, throng_i_row_fn take_row, void *user,
                             char **failure, throng_error *err) {
    throng_i_query *query = NULL;
    throng_status status = THRONG_OK;
    THRONG_TRY(throng_i_query_open(database, sql, &query, err));
    for (;;) {
        duckdb_data_chunk chunk = NULL;
        THRONG_TRY(throng_i_query_next(query, &chunk, err));
        if (!chunk)
            break;
        if (take_row)
            status = take_rows(query, chunk, take_row, user, err);
        duckdb_destroy_data_chunk(&chunk);
        THRONG_TRY(status);
    }
out:
    if (status == THRONG_E_QUERY && failure && throng_i_query_failure(query) &&
        throng_i_copy_text(database->context, throng_i_query_failure(query), failure, err) != THRONG_OK)
        status = THRONG_E_MEMORY;
    throng_i_query_close(query);
    return status;
}

throng_status throng_i_database_run(throng_i_database *database, const char *sql, char **failure, throng_error *err) {
    return run_all(database, sql, NULL, NULL, failure, err);
}

throng_status throng_i_database_rows(throng_i_database *database, const char *sql, throng_i_row_fn take_row, void *user,
                                     char **failure, throng_error *err) {
    return run_all(database, sql, take_row, user, failure, err);
}

/* ---- opening and closing --------------------------------------------------------------------------------------- */

static throng_status configure(duckdb_config config, int threads, throng_error *err) {
    char count[16];
    snprintf(count, sizeof count, "%d", threads);
    const char *const settings[][2] = {
        {"threads", count},
        {"preserve_insertion_order", "true"},
        {"autoinstall_known_extensions", "false"},
        {"autoload_known_extensions", "false"},
        {"temp_directory", ""},
    };
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        if (duckdb_set_config(config, settings[i][0], settings[i][1]) != DUCKDB_OK)
            return THRONG_FAIL(err, E_INTERNAL,
                               "DuckDB %s does not know the setting %s; throng needs DuckDB 1.2 or later.",
                               duckdb_library_version(), settings[i][0]);
    return THRONG_OK;
}

throng_status throng_i_database_open(throng_context *context, const char *stage, throng_i_database *out,
                                     throng_error *err) {
    throng_status status = THRONG_OK;
    duckdb_config config = NULL;
    char *words = NULL;
    sigset_t before;
    hold_signals(&before); /* opening starts DuckDB's threads */
    throng_i_database database = {.context = context, .progress = {.stage = stage, .unit = "rows", .total = -1}};
    THRONG_REQUIRE(duckdb_create_config(&config) == DUCKDB_OK, E_MEMORY, "Out of memory while opening DuckDB.");
    THRONG_TRY(configure(config, throng_context_threads(context), err));
    THRONG_REQUIRE(duckdb_open_ext(NULL, &database.handle, config, &words) == DUCKDB_OK, E_INTERNAL,
                   "DuckDB cannot be opened: %s", words ? words : "no reason given");
    THRONG_REQUIRE(duckdb_connect(database.handle, &database.connection) == DUCKDB_OK, E_MEMORY,
                   "Out of memory while connecting to DuckDB.");
    /* Without the icu extension there are no time zones to choose from, and UTC is what DuckDB uses. */
    if (throng_i_database_run(&database, "SET TimeZone = 'UTC'", NULL, NULL) == THRONG_E_MEMORY)
        status = THRONG_FAIL(err, E_MEMORY, "Out of memory while opening DuckDB.");
out:
    release_signals(&before);
    duckdb_free(words);
    duckdb_destroy_config(&config);
    if (status == THRONG_OK)
        *out = database;
    else
        throng_i_database_close(&database);
    return status;
}

void throng_i_database_close(throng_i_database *database) {
    duckdb_disconnect(&database->connection);
    duckdb_close(&database->handle);
}

/* ---- what DuckDB says ------------------------------------------------------------------------------------------ */

/* Skips "Binder Error: " and the like, however often. */
static const char *skip_kind(const char *words) {
    for (;;) {
        const char *colon = strstr(words, " Error: "), *line = strchr(words, '\n');
        if (!colon || (line && line < colon) || colon - words > 32)
            return words;
        words = colon + strlen(" Error: ");
    }
}

#define HOW_TO_CAST "CAST(x AS VARCHAR) makes x a text, AS DOUBLE a number, AS DATE a date."

/* "BIGINT, STRING_LITERAL)": what the first of them is called by people. */
static const char *type_in_words(const char *types, int n) {
    static const char *const names[][2] = {
        {"BOOLEAN", "yes or no"},      {"DATE", "a date"},    {"DECIMAL", "a number"},
        {"DOUBLE", "a number"},        {"FLOAT", "a number"}, {"STRING", "a text"},
        {"TIMESTAMP", "a time"},       {"VARCHAR", "a text"}, {"BIGINT", "a whole number"},
        {"INTEGER", "a whole number"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strncmp(types, names[i][0], strlen(names[i][0])) == 0)
            return names[i][1];
    return n > 0 ? "what it is given" : "nothing";
}

/* "Cannot compare values of type VARCHAR and type INTEGER_LITERAL"; false: it is about something else. */
static bool explain_comparison(const char *words, char out[THRONG_I_SENTENCE_LENGTH]) {
    static const char sign[] = "Cannot compare values of type ", between[] = " and type ";
    const char *left = strstr(words, sign), *right = left ? strstr(left, between) : NULL;
    if (!right)
        return false;
    snprintf(out, THRONG_I_SENTENCE_LENGTH, "%s cannot be compared with %s; " HOW_TO_CAST,
             type_in_words(left + sizeof sign - 1, 1), type_in_words(right + sizeof between - 1, 1));
    return true;
}

/* "No function matches ... '~~(BIGINT, STRING_LITERAL)'", for whoever wrote LIKE; false: it is about something else. */
static bool explain_call(const char *words, char out[THRONG_I_SENTENCE_LENGTH]) {
    static const char sign[] = "No function matches the given name and argument types '";
    static const char *const operators[][2] = {
        {"~~", "LIKE"}, {"!~~", "NOT LIKE"}, {"~~*", "ILIKE"}, {"!~~*", "NOT ILIKE"}};
    const char *name = strstr(words, sign);
    if (!name)
        return false;
    name += sizeof sign - 1;
    const int n = (int)strcspn(name, "("), n_shown = n < 40 ? n : 40;
    const char *types = name + n + (name[n] == '('), *shown = NULL;
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
        if (strncmp(name, operators[i][0], (size_t)n) == 0 && operators[i][0][n] == '\0')
            shown = operators[i][1];
    snprintf(out, THRONG_I_SENTENCE_LENGTH, "%.*s does not take %s here; " HOW_TO_CAST,
             shown ? (int)strlen(shown) : n_shown, shown ? shown : name,
             type_in_words(types, (int)strcspn(types, ")")));
    return true;
}

void throng_i_database_sentence(const char *words, char out[THRONG_I_SENTENCE_LENGTH]) {
    if (explain_call(words, out) || explain_comparison(words, out))
        return;
    words = skip_kind(words);
    size_t used = 0, limit = THRONG_I_SENTENCE_LENGTH - 5;
    for (const char *c = words; *c && *c != '\n'; c++) {
        if (used == limit) {
            while (used > 0 && ((unsigned char)out[used - 1] & 0xC0) == 0x80)
                used--; /* not within a character */
            memcpy(out + used, "...", 3);
            used += 3;
            break;
        }
        out[used++] = (unsigned char)*c < ' ' ? ' ' : *c;
    }
    while (used > 0 && strchr(" .!?:", out[used - 1]) && used <= limit)
        used--;
    snprintf(out + used, 2, ".");
}

/* Parses "before expression after"; NULL or what the parser says. */
static throng_status parse_within(throng_i_database *database, const char *before, const char *expression,
                                  const char *after, throng_error *err) {
    throng_status status = THRONG_OK;
    duckdb_extracted_statements statements = NULL;
    throng_i_sql sql = {.context = database->context};
    /* The line break ends a comment. */
    throng_i_sql_add(&sql, "%s%s\n%s", before, expression, after);
    THRONG_TRY(throng_i_sql_check(&sql, err));
    uint64_t count = duckdb_extract_statements(database->connection, sql.text, &statements);
    if (count != 1) {
        const char *words = count == 0 ? duckdb_extract_statements_error(statements) : NULL;
        char sentence[THRONG_I_SENTENCE_LENGTH];
        /* The bracket that the parser stumbles over is not the caller's. */
        if (words && strstr(words, "at or near \")\"") && !strchr(expression, ')'))
            words = "it is not complete";
        throng_i_database_sentence(words ? words : "these are several statements", sentence);
        status = THRONG_FAIL(err, E_QUERY, "The condition must be one SQL expression: %s", sentence);
    }
out:
    duckdb_destroy_extracted(&statements);
    throng_i_sql_clear(&sql);
    return status;
}

throng_status throng_i_database_check_expression(throng_i_database *database, const char *expression,
                                                 throng_error *err) {
    /* A text that closes the one bracket early to get out of its place breaks the other. */
    throng_status status = parse_within(database, "SELECT (", expression, ")", err);
    return status == THRONG_OK ? parse_within(database, "SELECT [", expression, "]", err) : status;
}
