/* Lines become rows: see batch.h. A thread takes a run of lines while no other does, and makes rows of them while
 * others take theirs. What it needs it takes from malloc: the context's allocator is for the context's thread alone. */
#define _POSIX_C_SOURCE 200809L
#include "ingest/batch.h"

#include <stdlib.h>
#include <string.h>

#define RUN_BYTES   (8 << 20) /* of lines; one more may follow */
#define BATCH_BYTES (512 << 20)

/* Lines that a thread took, one behind the other. */
typedef struct run {
    throng_i_batch *batch;
    struct {
        throng_i_lines_result result;
        int64_t length;
        const char *broken; /* BROKEN: why */
    } lines[THRONG_I_SOURCE_ROWS];
    int64_t n, first; /* first: number of the first line */
    char *bytes;
    int64_t n_bytes, size;
} run;

/* ---- values ---------------------------------------------------------------------------------------------------- */

/* A whole number of 64 bits without point and exponent. */
static bool read_integer(const throng_i_json_value *value, int64_t *out) {
    if (value->shape != THRONG_I_JSON_NUMBER)
        return false;
    bool is_negative = value->text[0] == '-';
    uint64_t number = 0, limit = (uint64_t)INT64_MAX + is_negative;
    for (int64_t i = is_negative; i < value->length; i++) {
        uint64_t digit = (uint64_t)(value->text[i] - '0');
        if (digit > 9 || number > (limit - digit) / 10)
            return false;
        number = 10 * number + digit;
    }
    *out = is_negative ? (int64_t)(0 - number) : (int64_t)number;
    return true;
}

/* Whether a value may stand in a field of that kind. */
static bool is_of_kind(const throng_i_json_value *value, int kind) {
    return kind == THRONG_I_FIELD_TEXT      ? value->shape == THRONG_I_JSON_STRING
           : kind == THRONG_I_FIELD_INTEGER ? value->shape == THRONG_I_JSON_NUMBER
                                            : value->shape != THRONG_I_JSON_NONE;
}

static void put_text(throng_i_source_rows *to, int column, int64_t row, const char *text, int64_t length) {
    if (text)
        throng_i_source_put_text(to, column, row, text, length);
    else
        throng_i_source_put_null(to, column, row);
}

static void put_value(throng_i_source_rows *to, int column, int64_t row, const throng_i_platform_field *field,
                      const throng_i_json_value *values) {
    static const char *const shapes[] = {NULL, "null", "false", "true", "number", "string", "array", "object"};
    const throng_i_json_value *value = &values[field->slot[0]];
    for (int i = 1; i < field->n_slots && !is_of_kind(value, (int)field->kind); i++)
        value = &values[field->slot[i]];
    int64_t number = 0;
    if (field->kind == THRONG_I_FIELD_INTEGER && read_integer(value, &number)) {
        throng_i_source_put_number(to, column, row, number);
    } else if (field->kind == THRONG_I_FIELD_SHAPE) {
        const char *shape = shapes[value->shape];
        put_text(to, column, row, shape, shape ? (int64_t)strlen(shape) : 0);
    } else {
        bool is_text = field->kind == THRONG_I_FIELD_TEXT && value->shape == THRONG_I_JSON_STRING;
        put_text(to, column, row, is_text ? value->text : NULL, is_text ? value->length : 0);
    }
}

/* ---- rows ------------------------------------------------------------------------------------------------------ */

/* The first character that is not blank, 0 if there is none. A line does not end with a zero. */
static char first_of(const char *line, int64_t length) {
    for (int64_t i = 0; i < length; i++)
        if (line[i] != ' ' && line[i] != '\t')
            return line[i];
    return '\0';
}

/* Why a line is not to be read, '' if it is blank, NULL if its values were found. */
static const char *check(const throng_i_platform *platform, throng_i_lines_result result, char *line, int64_t length,
                         throng_i_json_value *values) {
    if (result == THRONG_I_LINES_BROKEN)
        return line;
    if (result == THRONG_I_LINES_LONG)
        return "the line is too long";
    char first = first_of(line, length);
    bool blank = first == '\0' && !memchr(line, '\0', (size_t)length);
    if (blank)
        return "";
    if (!throng_i_is_utf8(line, length))
        return "not UTF-8";
    const char *reason = throng_i_json_scan(&platform->paths, line, length, values);
    if (reason)
        return reason;
    return first == '{' ? NULL : "not a JSON object";
}

static void put_row(const throng_i_platform *platform, throng_i_source_rows *to, int64_t row, int64_t number,
                    const char *broken, throng_i_json_value *values) {
    throng_i_source_put_number(to, 0, row, number);
    put_text(to, 1, row, broken, broken ? (int64_t)strlen(broken) : 0);
    if (broken)
        memset(values, 0, (size_t)platform->paths.n_slots * sizeof *values);
    for (int i = 0; i < platform->n_fields; i++)
        put_value(to, 2 + i, row, &platform->fields[i], values);
}

static void put_run(run *it, throng_i_source_rows *to) {
    throng_i_json_value values[THRONG_I_JSON_NODES]; /* as many as there are slots are set by check */
    const throng_i_platform *platform = it->batch->platform;
    char *at = it->bytes;
    int64_t n_blank = 0;
    for (int64_t i = 0; i < it->n; i++) {
        const char *broken = it->lines[i].broken;
        if (!broken)
            broken = check(platform, it->lines[i].result, at, it->lines[i].length, values);
        n_blank += broken && !broken[0];
        put_row(platform, to, i, it->first + i, broken, values);
        at += it->lines[i].length;
    }
    it->batch->n_blank += n_blank;
}

/* ---- taking lines ---------------------------------------------------------------------------------------------- */

/* Keeps a line, of which the reader's copy lives only until the next. False without memory. */
static bool keep(run *to, throng_i_lines_result result, const char *line, int64_t length) {
    bool is_broken = result == THRONG_I_LINES_BROKEN;
    to->lines[to->n].result = result;
    to->lines[to->n].length = is_broken ? 0 : length;
    to->lines[to->n].broken = is_broken ? line : NULL;
    to->n++;
    if (is_broken || length == 0)
        return true;
    if (to->n_bytes + length > to->size) {
        int64_t size = 2 * (to->n_bytes + length) + 65536;
        char *grown = realloc(to->bytes, (size_t)size);
        if (!grown)
            return false;
        to->bytes = grown;
        to->size = size;
    }
    memcpy(to->bytes + to->n_bytes, line, (size_t)length);
    to->n_bytes += length;
    return true;
}

/* Whether what came from a pipe, which cannot be read again, has waited long enough to be written. */
static bool is_due(const throng_i_batch *batch) {
    return batch->n_rows > 0 && throng_i_lines_size(batch->lines) < 0 &&
           throng_i_seconds() - batch->began > batch->patience;
}

static bool is_full(const throng_i_batch *batch) {
    return *batch->stop || batch->is_finished || batch->n_rows >= batch->most_rows || batch->n_bytes >= BATCH_BYTES ||
           is_due(batch);
}

/* Takes lines until a run is full, or the batch ends. False without memory. */
static bool take(throng_i_batch *batch, run *to) {
    to->n = to->n_bytes = 0;
    to->first = batch->line + 1;
    while (to->n < THRONG_I_SOURCE_ROWS && to->n_bytes < RUN_BYTES && !is_full(batch)) {
        char *line = NULL;
        int64_t length = 0;
        throng_i_lines_result result = throng_i_lines_next(batch->lines, &line, &length);
        if (result == THRONG_I_LINES_PAUSE)
            continue;
        if (result == THRONG_I_LINES_END) {
            batch->is_finished = true;
        } else if (keep(to, result, line, length)) {
            batch->line++;
            batch->n_rows++;
            batch->n_bytes += length;
        } else {
            return false;
        }
    }
    return true;
}

/* ---- the source ------------------------------------------------------------------------------------------------ */

static void *open_run(void *user) {
    run *made = calloc(1, sizeof *made);
    if (made)
        made->batch = *(throng_i_batch **)user;
    return made;
}

static void close_run(void *part) {
    run *it = part;
    free(it->bytes);
    free(it);
}

static int64_t fill(void *part, throng_i_source_rows *out) {
    run *it = part;
    pthread_mutex_lock(&it->batch->taking);
    bool done = take(it->batch, it);
    pthread_mutex_unlock(&it->batch->taking);
    if (!done)
        return -1;
    put_run(it, out);
    return it->n;
}

void throng_i_batch_source(const throng_i_platform *platform, throng_i_batch **current,
                           throng_i_source_column columns[THRONG_I_BATCH_COLUMNS], throng_i_source *out) {
    columns[0] = (throng_i_source_column){.name = "line", .is_number = true};
    columns[1] = (throng_i_source_column){.name = "broken"};
    for (int i = 0; i < platform->n_fields; i++)
        columns[2 + i] = (throng_i_source_column){.name = platform->fields[i].name,
                                                  .is_number = platform->fields[i].kind == THRONG_I_FIELD_INTEGER};
    *out = (throng_i_source){.name = "line_source",
                             .user = current,
                             .columns = columns,
                             .n_columns = platform->n_fields + 2,
                             .open = open_run,
                             .close = close_run,
                             .fill = fill};
}

void throng_i_batch_begin(throng_i_batch *batch) {
    batch->n_rows = batch->n_bytes = 0;
    batch->n_blank = 0;
    batch->began = throng_i_seconds();
}
