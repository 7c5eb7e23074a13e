/* throng_table_write: DuckDB writes aside, then the file is moved to its place. */
#define _POSIX_C_SOURCE 200809L
#include "table/database.h"
#include "table/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

/* An output file on its way. */
typedef struct output_file {
    throng_context *context;
    const char *path;
    char *aside;  /* where it is written: same folder, hidden, with our process's number */
    char *folder; /* of both */
    bool is_made; /* there is a file `aside` */
} output_file;

/* Under which name a Parquet file says that it was made up. */
#define THRONG_I_ORIGIN_KEY "throng_generated"

/* How COPY is to write a format. zstd packs a third smaller than snappy and, over several threads, as fast. */
typedef struct file_format {
    const char *ending, *options;
    bool has_nan; /* NaN and infinity can be written */
} file_format;

static const file_format *find_format(const char *path) {
    static const file_format formats[] = {
        {".parquet", "FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880", true},
        {".csv", "FORMAT csv, HEADER true, DELIMITER ',', COMPRESSION none", true},
        {".ndjson", "FORMAT json, ARRAY false, COMPRESSION uncompressed", false},
        {".jsonl", "FORMAT json, ARRAY false, COMPRESSION uncompressed", false},
    };
    size_t length = strlen(path);
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        size_t n = strlen(formats[i].ending);
        if (length > n && strcasecmp(path + length - n, formats[i].ending) == 0)
            return &formats[i];
    }
    return NULL;
}

/* ---- checks before any work ------------------------------------------------------------------------------------ */

/* Files written here are read by tools that ignore case, DuckDB among them. */
static throng_status check_names(const throng_table *table, throng_error *err) {
    throng_status status = THRONG_OK;
    THRONG_REQUIRE(table->n_columns > 0, E_ARGUMENT, "A table without columns cannot be written.");
    for (int i = 0; i < table->n_columns; i++)
        for (int j = 0; j < i; j++)
            THRONG_REQUIRE(strcasecmp(table->columns[i].view.name, table->columns[j].view.name) != 0, E_COLUMN,
                           "Columns \"%s\" and \"%s\" have one name if case is ignored, as files ignore it.",
                           table->columns[j].view.name, table->columns[i].view.name);
out:
    return status;
}

throng_status throng_i_check_place(const char *path, bool force, throng_error *err) {
    struct stat about;
    throng_status status = THRONG_OK;
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    /* What is renamed to a device or a pipe takes its place for everybody. */
    if (stat(path, &about) == 0)
        THRONG_REQUIRE(S_ISREG(about.st_mode), E_WRITE, "%s cannot be written: it is %s.", path,
                       S_ISDIR(about.st_mode) ? "a directory" : "a device or a pipe, not a file");
    THRONG_REQUIRE(force || lstat(path, &about) != 0, E_EXISTS,
                   "%s exists already: choose another file, or replace it with --force.", path);
    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
    THRONG_REQUIRE(access(folder, W_OK | X_OK) == 0, E_WRITE, "%s cannot be written: %s.", path, strerror(errno));
out:
    return status;
}

/* ---- writing aside --------------------------------------------------------------------------------------------- */

static throng_status fail_write(const output_file *output, const char *reason, throng_error *err) {
    return THRONG_FAIL(err, E_WRITE, "%s cannot be written: %s.", output->path, reason);
}

static throng_status open_aside(output_file *output, throng_error *err) {
    throng_status status = THRONG_OK;
    const char *slash = strrchr(output->path, '/'), *base = slash ? slash + 1 : output->path;
    THRONG_TRY(throng_i_print(output->context, &output->folder, err, "%.*s", (int)(base - output->path), output->path));
    THRONG_TRY(
        throng_i_print(output->context, &output->aside, err, "%s.%s.tmp-%ld", output->folder, base, (long)getpid()));
    int file = open(output->aside, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (file < 0)
        return fail_write(output, strerror(errno), err);
    output->is_made = true;
    close(file);
out:
    return status;
}

/* Makes sure that a file, or the entry of a folder, is on the disk. */
static bool sync_path(const char *path) {
    int file = open(path[0] ? path : ".", O_RDONLY | O_CLOEXEC);
    bool done = file >= 0 && fsync(file) == 0;
    if (file >= 0)
        close(file);
    return done;
}

static throng_status move_to_place(output_file *output, throng_error *err) {
    if (!sync_path(output->aside) || rename(output->aside, output->path) != 0)
        return fail_write(output, strerror(errno), err);
    output->is_made = false;
    (void)sync_path(output->folder); /* some file systems cannot; the file is whole all the same */
    return THRONG_OK;
}

static void close_output(output_file *output) {
    if (output->is_made)
        unlink(output->aside);
    throng_i_free(output->context, output->aside);
    throng_i_free(output->context, output->folder);
}

/* ---- through DuckDB -------------------------------------------------------------------------------------------- */

static void add_copy(throng_i_sql *sql, const throng_table *table, const file_format *format, const char *aside) {
    throng_i_sql_add(sql, "COPY (SELECT ");
    for (int i = 0; i < table->n_columns; i++) {
        throng_type type = table->columns[i].view.type;
        throng_i_sql_add(sql, "%s", i > 0 ? ", " : "");
        if (!format->has_nan && (type == THRONG_TYPE_FLOAT32 || type == THRONG_TYPE_FLOAT64))
            throng_i_sql_add(sql, "CASE WHEN isfinite(c%d) THEN c%d END AS ", i, i);
        else
            throng_i_sql_add(sql, "c%d AS ", i);
        throng_i_sql_name(sql, table->columns[i].view.name);
    }
    throng_i_sql_add(sql, " FROM throng_table) TO ");
    throng_i_sql_path(sql, aside, false);
    throng_i_sql_add(sql, " (%s, USE_TMP_FILE false", format->options);
    if (table->origin && strstr(format->options, "parquet")) {
        throng_i_sql_add(sql, ", KV_METADATA {" THRONG_I_ORIGIN_KEY ": ");
        throng_i_sql_literal(sql, table->origin);
        throng_i_sql_add(sql, "}");
    }
    throng_i_sql_add(sql, ")");
}

/* Megabytes that DuckDB may take: a few row groups a thread. Left to itself it reads ahead as far as memory goes, and
 * is no faster; with less the threads wait for each other. */
static int64_t memory_limit(const throng_table *table) {
    int64_t bytes = 0;
    for (int i = 0; i < table->n_columns; i++) {
        const throng_column_view *view = &table->columns[i].view;
        int64_t text = 0;
        for (int64_t word = 0; word < view->n_words; word++)
            text += (int64_t)strlen(view->words[word]);
        bytes += view->type == THRONG_TYPE_TEXT ? 16 + text / (view->n_words + 1) : 8;
    }
    int64_t group = bytes * THRONG_I_STREAM_ROWS;
    return 80 + 7 * (throng_context_threads(table->context) + 1) * group / 1000000;
}

static throng_status prepare(throng_i_database *database, const throng_table *table, throng_i_stream *stream,
                             bool is_limited, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_sql sql = {.context = table->context};
    throng_i_sql_add(&sql, "SET memory_limit = '%lldMB'", (long long)memory_limit(table));
    THRONG_TRY(throng_i_sql_check(&sql, err));
    if (is_limited)
        THRONG_TRY(throng_i_database_run(database, sql.text, NULL, err));
    THRONG_REQUIRE(duckdb_arrow_scan(database->connection, "throng_table", throng_i_stream_handle(stream)) == DUCKDB_OK,
                   E_INTERNAL, "DuckDB %s does not take the table; please report this.", duckdb_library_version());
    database->progress.total = table->n_rows;
    database->done = throng_i_stream_done(stream);
out:
    throng_i_sql_clear(&sql);
    return status;
}

/* What DuckDB says, down to the reason that the system gave: `... "file": No space left on device`. */
static throng_status explain(const output_file *output, const char *words, throng_error *err) {
    char sentence[THRONG_I_SENTENCE_LENGTH];
    const char *reason = words;
    for (const char *found = strstr(words, "\": "); found; found = strstr(reason, "\": "))
        reason = found + strlen("\": ");
    throng_i_database_sentence(reason, sentence);
    sentence[strlen(sentence) - 1] = '\0'; /* the full stop, which comes again */
    return fail_write(output, sentence, err);
}

static throng_status copy(output_file *output, const throng_table *table, const file_format *format, bool is_limited,
                          throng_error *err) {
    throng_i_database database = {0};
    throng_i_stream *stream = NULL;
    throng_i_sql sql = {.context = table->context};
    char *failure = NULL;
    throng_status status = THRONG_OK;
    THRONG_TRY(throng_i_stream_create(table, &stream, err));
    THRONG_TRY(throng_i_database_open(table->context, "writing", &database, err));
    THRONG_TRY(prepare(&database, table, stream, is_limited, err));
    add_copy(&sql, table, format, output->aside);
    THRONG_TRY(throng_i_sql_check(&sql, err));
    status = throng_i_database_run(&database, sql.text, &failure, err);
    if (status == THRONG_E_QUERY && failure)
        status = explain(output, failure, err);
out:
    throng_i_database_close(&database);
    throng_i_stream_free(stream);
    throng_i_free(table->context, failure);
    throng_i_sql_clear(&sql);
    return status;
}

throng_status throng_table_check_output(const char *path, bool force, throng_error *err) {
    if (!find_format(path))
        return THRONG_FAIL(err, E_ARGUMENT, "%s must end in .parquet, .csv, .ndjson or .jsonl.", path);
    return throng_i_check_place(path, force, err);
}

throng_status throng_table_write(const throng_table *table, const char *path, bool force, throng_error *err) {
    output_file output = {.context = table->context, .path = path};
    throng_status status = THRONG_OK;
    const file_format *format = find_format(path);
    THRONG_TRY(throng_table_check_output(path, force, err));
    THRONG_TRY(check_names(table, err));
    THRONG_TRY(open_aside(&output, err));
    status = copy(&output, table, format, true, err);
    if (status == THRONG_E_MEMORY) /* our limit was too low for rows as long as these */
        status = copy(&output, table, format, false, err);
    if (status == THRONG_OK)
        status = move_to_place(&output, err);
out:
    close_output(&output);
    return status;
}

/* ---- where it came from ---------------------------------------------------------------------------------------- */

static throng_status take_origin(void *user, const char *const *cells, int n_cells, throng_error *err) {
    (void)n_cells;
    (void)err;
    snprintf(user, THRONG_I_ORIGIN_LENGTH, "%s", cells[0] ? cells[0] : "");
    return THRONG_OK;
}

void throng_i_table_read_origin(throng_context *context, const char *path, char out[THRONG_I_ORIGIN_LENGTH]) {
    throng_i_database database;
    throng_i_sql sql = {.context = context};
    const file_format *format = find_format(path);
    out[0] = '\0';
    if (!format || !strstr(format->options, "parquet") ||
        throng_i_database_open(context, "looking", &database, NULL) != THRONG_OK)
        return;
    throng_i_sql_add(&sql, "SELECT decode(value) FROM parquet_kv_metadata(");
    throng_i_sql_path(&sql, path, true);
    throng_i_sql_add(&sql, ") WHERE decode(key) = '" THRONG_I_ORIGIN_KEY "'");
    if (throng_i_sql_check(&sql, NULL) == THRONG_OK &&
        throng_i_database_rows(&database, sql.text, take_origin, out, NULL, NULL) != THRONG_OK)
        out[0] = '\0';
    throng_i_sql_clear(&sql);
    throng_i_database_close(&database);
}
