/* throng_ingest: files in, one after the other and batch by batch, then the tables. */
#define _DEFAULT_SOURCE
#include "ingest/days.h"
#include "ingest/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_LIMIT (16 << 20)

/* Seconds that events from a pipe may wait before they are written. */
#define PATIENCE 5.0

/* Lines that are written together; fewer if their texts are judged, which takes long. */
#define BATCH_ROWS  1000000
#define JUDGED_ROWS 10000

const char *throng_ingest_sql(const char *platform) {
    return platform[0] == '_' ? NULL : throng_i_platform_text_of(platform);
}

/* ---- checks before any work ------------------------------------------------------------------------------------ */

static throng_status check_input(const char *path, throng_error *err) {
    struct stat facts;
    if (strcmp(path, "-") == 0)
        return THRONG_OK;
    const char *reason = stat(path, &facts) != 0 || access(path, R_OK) != 0 ? strerror(errno)
                         : S_ISDIR(facts.st_mode)                           ? "it is a directory"
                                                                            : NULL;
    return reason ? THRONG_FAIL(err, E_FILE, "%s cannot be read: %s.", path, reason) : THRONG_OK;
}

static throng_status check(const throng_ingest_def *def, throng_error *err) {
    throng_status status = THRONG_OK;
    struct stat facts;
    char days[THRONG_I_DAYS_LENGTH];
    THRONG_REQUIRE(def->platform || def->sql, E_ARGUMENT, "A platform or a platform's SQL must be given.");
    THRONG_REQUIRE(def->out && def->out[0], E_ARGUMENT, "A DuckDB file to write must be given.");
    THRONG_REQUIRE(stat(def->out, &facts) != 0 || S_ISREG(facts.st_mode), E_WRITE,
                   "%s cannot be written: it is no regular file.", def->out);
    THRONG_REQUIRE(def->line_limit >= 0 && def->line_limit <= 1 << 30, E_ARGUMENT,
                   "The line limit must lie in 1 .. 2^30 bytes, got %lld.", (long long)def->line_limit);
    THRONG_TRY(throng_i_days_read(def->days, days, err));
    for (int i = 0; i < def->n_inputs; i++)
        THRONG_TRY(check_input(def->inputs[i], err));
    if (def->follows)
        THRONG_TRY(check_input(def->follows, err));
out:
    return status;
}

/* ---- one file -------------------------------------------------------------------------------------------------- */

static throng_status read_on(throng_i_store *store, throng_i_store_file *file, const char *path, throng_i_lines *lines,
                             int64_t *new_lines, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_batch batch = {.platform = store->platform,
                            .lines = lines,
                            .line = file->lines,
                            .patience = PATIENCE,
                            .stop = &store->stop,
                            .most_rows = store->def->judge ? JUDGED_ROWS : BATCH_ROWS,
                            .taking = PTHREAD_MUTEX_INITIALIZER};
    THRONG_REQUIRE(throng_i_lines_skip(lines, file->offset), E_FORMAT,
                   "%s is shorter than when it was read before: its content ends before byte %lld.", path,
                   (long long)file->offset);
    while (!batch.is_finished)
        THRONG_TRY(throng_i_store_add(store, file, path, &batch, err));
    *new_lines += batch.line;
out:
    return status;
}

/* A table that is in the crowd already is as it was, or refused. */
static throng_status read_table(throng_i_store *store, const char *path, int64_t *new_lines, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_store_file file;
    struct stat facts;
    char *real = realpath(path, NULL);
    THRONG_REQUIRE(real && stat(real, &facts) == 0 && S_ISREG(facts.st_mode), E_FILE,
                   "%s cannot be read: platform %s takes CSV and Parquet files.", path, store->platform->name);
    THRONG_TRY(throng_i_store_find(store, real, &file, err));
    THRONG_REQUIRE(!file.is_finished || file.bytes == (int64_t)facts.st_size, E_FORMAT,
                   "%s has another size than when it was read before: take another --out.", path);
    if (file.is_finished)
        goto out;
    THRONG_TRY(throng_i_store_add_table(store, &file, real, (int64_t)facts.st_size, err));
    *new_lines += file.lines;
out:
    free(real);
    return status;
}

/* A file read to its end is read on only if it has grown. */
static throng_status read_file(throng_i_store *store, const char *path, int64_t *new_lines, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_store_file file;
    throng_i_lines *lines = NULL;
    char *real = strcmp(path, "-") == 0 ? NULL : realpath(path, NULL);
    const char *name = real ? real : path;
    int64_t limit = store->def->line_limit ? store->def->line_limit : LINE_LIMIT;
    THRONG_TRY(throng_i_store_find(store, name, &file, err));
    THRONG_TRY(throng_i_lines_open(path, limit, &lines, err));
    if (file.is_finished && throng_i_lines_size(lines) == file.bytes)
        goto out;
    *new_lines -= file.lines;
    THRONG_TRY(read_on(store, &file, path, lines, new_lines, err));
out:
    throng_i_lines_close(lines);
    free(real);
    return status;
}

/* ---- all of it ------------------------------------------------------------------------------------------------- */

throng_status throng_ingest(throng_context *context, const throng_ingest_def *def, throng_ingest_counts *counts,
                            throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_platform platform = {.context = context};
    throng_i_store store = {.context = context};
    throng_ingest_counts made = {0};
    THRONG_TRY(check(def, err));
    THRONG_TRY(throng_i_platform_open(context, def->platform ? def->platform : def->sql, def->sql, &platform, err));
    THRONG_TRY(throng_i_store_open(context, def, &platform, &store, err));
    if (def->follows)
        THRONG_TRY(throng_i_store_follow(&store, def->follows, err));
    for (int i = 0; i < def->n_inputs; i++)
        THRONG_TRY((platform.input == THRONG_I_INPUT_TABLE ? read_table : read_file)(&store, def->inputs[i],
                                                                                     &made.new_lines, err));
    THRONG_TRY(throng_i_store_finish(&store, &made, err));
    if (counts)
        *counts = made;
out:
    throng_i_store_close(&store);
    throng_i_platform_close(&platform);
    return status;
}
