/* Lines become Arrow arrays: see batch.h. DuckDB asks from its own threads, one at a time; hence malloc. */
#include "ingest/batch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARRAY_ROWS  4096
#define ARRAY_BYTES (8 << 20) /* of lines; one more may follow */
#define BATCH_ROWS  1000000
#define BATCH_BYTES (512 << 20)
#define COLUMNS_MAX (THRONG_I_PLATFORM_FIELDS + 2)

/* A column under construction: a validity bit a row, and either 64-bit numbers or 64-bit offsets into bytes. */
typedef struct column {
    arrow_array array;
    const void *buffers[3];
    uint64_t valid[ARRAY_ROWS / 64];
    int64_t values[ARRAY_ROWS + 1];
    char *bytes;
    int64_t n_bytes, size;
    bool is_number;
} column;

typedef struct rows {
    const void *buffers[1];
    arrow_array *pointers[COLUMNS_MAX];
    int n_columns;
    int64_t n;
    column columns[];
} rows;

/* ---- columns --------------------------------------------------------------------------------------------------- */

static bool put_text(column *to, int64_t row, const char *text, int64_t length) {
    if (!to->bytes || to->n_bytes + length > to->size) {
        int64_t size = 2 * (to->n_bytes + length) + 65536;
        char *grown = realloc(to->bytes, (size_t)size);
        if (!grown)
            return false;
        to->bytes = grown;
        to->size = size;
    }
    if (text) {
        memcpy(to->bytes + to->n_bytes, text, (size_t)length);
        to->valid[row / 64] |= (uint64_t)1 << (row % 64);
        to->n_bytes += length;
    }
    to->values[row + 1] = to->n_bytes;
    return true;
}

static void put_number(column *to, int64_t row, int64_t number) {
    to->values[row] = number;
    to->valid[row / 64] |= (uint64_t)1 << (row % 64);
}

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

static bool put_value(column *to, int64_t row, const throng_i_platform_field *field,
                      const throng_i_json_value *values) {
    static const char *const shapes[] = {NULL, "null", "false", "true", "number", "string", "array", "object"};
    const throng_i_json_value *value = &values[field->slot[0]];
    for (int i = 1; i < field->n_slots && !is_of_kind(value, (int)field->kind); i++)
        value = &values[field->slot[i]];
    int64_t number = 0;
    if (field->kind == THRONG_I_FIELD_INTEGER) {
        if (read_integer(value, &number))
            put_number(to, row, number);
        return true;
    }
    const char *shape = shapes[value->shape];
    if (field->kind == THRONG_I_FIELD_SHAPE)
        return put_text(to, row, shape, shape ? (int64_t)strlen(shape) : 0);
    bool is_text = value->shape == THRONG_I_JSON_STRING;
    return put_text(to, row, is_text ? value->text : NULL, is_text ? value->length : 0);
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

static bool add_row(throng_i_batch *batch, rows *to, throng_i_lines_result result, char *line, int64_t length) {
    throng_i_json_value values[THRONG_I_JSON_NODES]; /* as many as there are slots are set by check */
    const throng_i_platform *platform = batch->platform;
    const char *broken = check(platform, result, line, length, values);
    int64_t row = to->n;
    put_number(&to->columns[0], row, ++batch->line);
    bool done = put_text(&to->columns[1], row, broken, broken ? (int64_t)strlen(broken) : 0);
    if (broken)
        memset(values, 0, (size_t)platform->paths.n_slots * sizeof *values);
    for (int i = 0; i < platform->n_fields && done; i++)
        done = put_value(&to->columns[2 + i], row, &platform->fields[i], values);
    to->n++;
    batch->n_rows++;
    batch->n_blank += broken && !broken[0];
    batch->n_bytes += length;
    return done;
}

static bool is_full(const throng_i_batch *batch) {
    return *batch->stop || batch->is_finished || batch->is_silent || batch->n_rows >= BATCH_ROWS ||
           batch->n_bytes >= BATCH_BYTES;
}

/* Reads lines until an array is full, or the batch ends. False without memory. */
static bool fill(throng_i_batch *batch, rows *to) {
    int64_t until = batch->n_bytes + ARRAY_BYTES;
    while (to->n < ARRAY_ROWS && batch->n_bytes < until && !is_full(batch)) {
        char *line = NULL;
        int64_t length = 0;
        throng_i_lines_result result = throng_i_lines_next(batch->lines, &line, &length);
        if (result == THRONG_I_LINES_PAUSE) {
            if (batch->n_rows > 0 && throng_i_seconds() - batch->began > batch->patience)
                batch->is_silent = true;
        } else if (result == THRONG_I_LINES_END) {
            batch->is_finished = true;
        } else if (!add_row(batch, to, result, line, length)) {
            return false;
        }
    }
    return true;
}

/* ---- the stream ------------------------------------------------------------------------------------------------ */

static void release_schema(arrow_schema *schema) {
    schema->release = NULL;
}

static int get_schema(arrow_stream *arrow, arrow_schema *out) {
    throng_i_batch *batch = arrow->private_data;
    int n = batch->platform->n_fields + 2;
    for (int i = 0; i < n; i++) {
        const throng_i_platform_field *field = i < 2 ? NULL : &batch->platform->fields[i - 2];
        bool is_number = i == 0 || (field && field->kind == THRONG_I_FIELD_INTEGER);
        batch->columns[i] = (arrow_schema){.format = is_number ? "l" : "U",
                                           .name = i == 0   ? "line"
                                                   : i == 1 ? "broken"
                                                            : field->name,
                                           .flags = 2, /* may be NULL */
                                           .release = release_schema};
        batch->column_pointers[i] = &batch->columns[i];
    }
    *out = (arrow_schema){
        .format = "+s", .name = "", .n_children = n, .children = batch->column_pointers, .release = release_schema};
    return 0;
}

static void release_column(arrow_array *array) {
    array->release = NULL;
}

static void free_rows(rows *it) {
    for (int i = 0; it && i < it->n_columns; i++)
        free(it->columns[i].bytes);
    free(it);
}

static void release_rows(arrow_array *array) {
    free_rows(array->private_data);
    array->release = NULL;
}

static void finish_column(column *it, int64_t n) {
    it->buffers[0] = it->valid;
    it->buffers[1] = it->values;
    it->buffers[2] = it->bytes;
    it->array = (arrow_array){.length = n,
                              .null_count = -1,
                              .n_buffers = it->is_number ? 2 : 3,
                              .buffers = it->buffers,
                              .release = release_column};
}

static int get_next(arrow_stream *arrow, arrow_array *out) {
    throng_i_batch *batch = arrow->private_data;
    int n_columns = batch->platform->n_fields + 2;
    *out = (arrow_array){0};
    rows *made = calloc(1, sizeof *made + (size_t)n_columns * sizeof(column));
    if (!made)
        return ENOMEM;
    made->n_columns = n_columns;
    for (int i = 0; i < n_columns; i++)
        made->columns[i].is_number = i == 0 || (i > 1 && batch->platform->fields[i - 2].kind == THRONG_I_FIELD_INTEGER);
    if (!fill(batch, made)) {
        free_rows(made);
        return ENOMEM;
    }
    if (made->n == 0) {
        free_rows(made);
        return 0; /* an array without release: the end */
    }
    for (int i = 0; i < n_columns; i++) {
        finish_column(&made->columns[i], made->n);
        made->pointers[i] = &made->columns[i].array;
    }
    *out = (arrow_array){.length = made->n,
                         .n_buffers = 1,
                         .buffers = made->buffers,
                         .n_children = n_columns,
                         .children = made->pointers,
                         .release = release_rows,
                         .private_data = made};
    return 0;
}

static const char *get_last_error(arrow_stream *arrow) {
    (void)arrow;
    return "Out of Memory Error: there is no room for a batch of lines";
}

static void release_stream(arrow_stream *arrow) {
    arrow->release = NULL;
}

void throng_i_batch_begin(throng_i_batch *batch) {
    batch->arrow = (arrow_stream){.get_schema = get_schema,
                                  .get_next = get_next,
                                  .get_last_error = get_last_error,
                                  .release = release_stream,
                                  .private_data = batch};
    batch->n_rows = batch->n_blank = batch->n_bytes = 0;
    batch->began = throng_i_seconds();
    batch->is_silent = false;
}
