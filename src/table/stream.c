/* The Arrow C data interface (https://arrow.apache.org/docs/format/CDataInterface.html), the producing half.
 *
 * Numbers are handed out where they lie. Text is copied batch by batch, since a dictionary would be unpacked for every
 * batch anew. DuckDB asks for batches from its own threads, one at a time, and gives them back from any; so what a
 * batch needs is taken from malloc: the context's allocator is for the context's thread alone. */
#include "table/stream.h"

#include "table/arrow.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- ours ------------------------------------------------------------------------------------------------------ */

#define COLUMN_NAME_LENGTH 16

struct throng_i_stream {
    arrow_stream arrow; /* DuckDB copies it: only private_data leads back here */
    const throng_table *table;
    _Atomic int64_t done;
    arrow_schema *columns;             /* [n_columns] */
    arrow_schema **column_pointers;    /* [n_columns] */
    char (*names)[COLUMN_NAME_LENGTH]; /* [n_columns] */
    int64_t **lengths;                 /* [n_columns] TEXT: [n_words] of each word; else NULL */
};

/* A batch: one block of memory, which the root's private_data points to, and the text buffers. */
typedef struct batch_column {
    arrow_array array;
    const void *buffers[3]; /* validity (none), offsets or values, text */
    void *owned;            /* to be freed */
} batch_column;

typedef struct row_batch {
    const void *buffers[1];
    arrow_array **pointers; /* [n_columns] */
    batch_column *columns;  /* [n_columns] */
} row_batch;

static const char *format_of(throng_type type) {
    static const char *const formats[THRONG_TYPE_COUNT] = {
        [THRONG_TYPE_FLOAT32] = "f",      [THRONG_TYPE_FLOAT64] = "g", [THRONG_TYPE_INT32] = "i",
        [THRONG_TYPE_INT64] = "l",        [THRONG_TYPE_UINT8] = "C",   [THRONG_TYPE_DATE] = "tdD",
        [THRONG_TYPE_TIMESTAMP] = "tsu:", [THRONG_TYPE_TEXT] = "U",
    };
    return formats[type];
}

/* ---- schema ---------------------------------------------------------------------------------------------------- */

/* Schemas lie in the stream; there is nothing to free. */
static void release_schema(arrow_schema *schema) {
    schema->release = NULL;
}

static int get_schema(arrow_stream *arrow, arrow_schema *out) {
    throng_i_stream *stream = arrow->private_data;
    int n = stream->table->n_columns;
    for (int i = 0; i < n; i++)
        stream->columns[i] = (arrow_schema){
            .format = format_of(stream->table->columns[i].view.type),
            .name = stream->names[i],
            .release = release_schema,
        };
    *out = (arrow_schema){
        .format = "+s",
        .name = "",
        .n_children = n,
        .children = stream->column_pointers,
        .release = release_schema,
    };
    return 0;
}

/* ---- batches --------------------------------------------------------------------------------------------------- */

static void release_column(arrow_array *array) {
    array->release = NULL;
}

static void release_batch(arrow_array *array) {
    row_batch *batch = array->private_data;
    for (int64_t i = 0; i < array->n_children; i++)
        free(batch->columns[i].owned);
    free(batch->columns);
    free(batch->pointers);
    free(batch);
    array->release = NULL;
}

/* Lays the words of n codes one after the other: offsets, then the text, in one block. */
static bool copy_text(const throng_column_view *view, const int64_t *lengths, const int32_t *codes, int64_t n,
                      batch_column *column) {
    size_t bytes = 0, head = (size_t)(n + 1) * sizeof(int64_t);
    for (int64_t i = 0; i < n; i++)
        bytes += (size_t)lengths[codes[i]];
    column->owned = malloc(head + bytes);
    if (!column->owned)
        return false;
    int64_t *offsets = column->owned, at = 0;
    char *text = (char *)column->owned + head;
    for (int64_t i = 0; i < n; i++) {
        offsets[i] = at;
        memcpy(text + at, view->words[codes[i]], (size_t)lengths[codes[i]]);
        at += lengths[codes[i]];
    }
    offsets[n] = at;
    column->buffers[1] = offsets;
    column->buffers[2] = text;
    return true;
}

static bool fill_column(const throng_i_stream *stream, int index, int64_t begin, int64_t n, batch_column *column) {
    const throng_i_table_column *from = &stream->table->columns[index];
    const throng_column_view *view = &from->view;
    bool is_text = view->type == THRONG_TYPE_TEXT;
    column->array = (arrow_array){
        .length = n,
        .n_buffers = is_text ? 3 : 2,
        .buffers = column->buffers,
        .release = release_column,
    };
    size_t size = throng_type_size(view->type);
    void *made = from->fill ? malloc((size_t)n * size) : NULL;
    if (from->fill && !made)
        return false;
    if (from->fill)
        from->fill(from->fill_user, begin, n, made);
    const void *rows = made ? made : (const char *)view->data + (size_t)begin * size;
    if (!is_text) {
        column->owned = made;
        column->buffers[1] = rows;
        return true;
    }
    bool is_copied = copy_text(view, stream->lengths[index], rows, n, column);
    free(made);
    return is_copied;
}

static int get_next(arrow_stream *arrow, arrow_array *out) {
    throng_i_stream *stream = arrow->private_data;
    int64_t begin = stream->done, n = stream->table->n_rows - begin;
    int n_columns = stream->table->n_columns;
    *out = (arrow_array){0};
    if (n <= 0)
        return 0; /* an array without release: the end */
    if (n > THRONG_I_STREAM_ROWS)
        n = THRONG_I_STREAM_ROWS;
    row_batch *batch = calloc(1, sizeof *batch);
    if (!batch)
        return ENOMEM;
    batch->columns = calloc((size_t)n_columns, sizeof *batch->columns);
    batch->pointers = calloc((size_t)n_columns, sizeof(arrow_array *));
    bool is_filled = batch->columns && batch->pointers;
    arrow_array root = {
        .length = n,
        .n_buffers = 1,
        .buffers = batch->buffers,
        .n_children = batch->columns ? n_columns : 0,
        .children = batch->pointers,
        .release = release_batch,
        .private_data = batch,
    };
    for (int i = 0; i < n_columns && is_filled; i++) {
        batch->pointers[i] = &batch->columns[i].array;
        is_filled = fill_column(stream, i, begin, n, &batch->columns[i]);
    }
    if (!is_filled) {
        release_batch(&root);
        return ENOMEM;
    }
    *out = root;
    stream->done = begin + n;
    return 0;
}

static const char *get_last_error(arrow_stream *arrow) {
    (void)arrow;
    return "Out of Memory Error: there is no room for a batch of rows";
}

/* DuckDB releases its copy; throng_i_stream_free does the rest. */
static void release_stream(arrow_stream *arrow) {
    arrow->release = NULL;
}

/* ---- making one ------------------------------------------------------------------------------------------------ */

static throng_status measure_words(throng_i_stream *stream, int index, throng_error *err) {
    const throng_column_view *view = &stream->table->columns[index].view;
    throng_status status = throng_i_alloc(stream->table->context, view->n_words, sizeof *stream->lengths[index],
                                          &stream->lengths[index], err);
    for (int64_t i = 0; i < view->n_words && status == THRONG_OK; i++)
        stream->lengths[index][i] = (int64_t)strlen(view->words[i]);
    return status;
}

throng_status throng_i_stream_create(const throng_table *table, throng_i_stream **out, throng_error *err) {
    throng_i_stream *stream = NULL;
    throng_context *context = table->context;
    int n = table->n_columns;
    throng_status status = THRONG_OK;
    THRONG_TRY(throng_i_alloc(context, 1, sizeof *stream, &stream, err));
    stream->table = table;
    stream->arrow = (arrow_stream){
        .get_schema = get_schema,
        .get_next = get_next,
        .get_last_error = get_last_error,
        .release = release_stream,
        .private_data = stream,
    };
    THRONG_TRY(throng_i_alloc(context, n, sizeof *stream->columns, &stream->columns, err));
    THRONG_TRY(throng_i_alloc(context, n, sizeof(arrow_schema *), &stream->column_pointers, err));
    THRONG_TRY(throng_i_alloc(context, n, sizeof *stream->names, &stream->names, err));
    THRONG_TRY(throng_i_alloc(context, n, sizeof(int64_t *), &stream->lengths, err));
    for (int i = 0; i < n; i++) {
        stream->column_pointers[i] = &stream->columns[i];
        snprintf(stream->names[i], COLUMN_NAME_LENGTH, "c%d", i);
        if (table->columns[i].view.type == THRONG_TYPE_TEXT)
            THRONG_TRY(measure_words(stream, i, err));
    }
    *out = stream;
    return THRONG_OK;
out:
    throng_i_stream_free(stream);
    return status;
}

void throng_i_stream_free(throng_i_stream *stream) {
    if (!stream)
        return;
    throng_context *context = stream->table->context;
    for (int i = 0; i < stream->table->n_columns && stream->lengths; i++)
        throng_i_free(context, stream->lengths[i]);
    throng_i_free(context, stream->lengths);
    throng_i_free(context, stream->names);
    throng_i_free(context, stream->column_pointers);
    throng_i_free(context, stream->columns);
    throng_i_free(context, stream);
}

duckdb_arrow_stream throng_i_stream_handle(throng_i_stream *stream) {
    return (duckdb_arrow_stream)&stream->arrow;
}

const _Atomic int64_t *throng_i_stream_done(const throng_i_stream *stream) {
    return &stream->done;
}
