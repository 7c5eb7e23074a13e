/* What throng adds to DuckDB: streams as views, functions of a text, and tables made while they are read. */
#include "table/arrow.h"
#include "table/database.h"

#include <stdlib.h>
#include <string.h>

throng_status throng_i_database_scan(throng_i_database *database, const char *name, arrow_stream *stream,
                                     throng_error *err) {
    if (duckdb_arrow_scan(database->connection, name, (duckdb_arrow_stream)stream) != DUCKDB_OK)
        return THRONG_FAIL(err, E_INTERNAL, "DuckDB %s does not take the stream %s; please report this.",
                           duckdb_library_version(), name);
    return THRONG_OK;
}

/* Sets row i to NULL. */
static void set_null(duckdb_vector vector, int64_t i) {
    duckdb_vector_ensure_validity_writable(vector);
    duckdb_vector_get_validity(vector)[i / 64] &= ~((uint64_t)1 << (i % 64));
}

static void run_function(duckdb_function_info call, duckdb_data_chunk input, duckdb_vector output) {
    const throng_i_function *function = duckdb_scalar_function_get_extra_info(call);
    duckdb_vector texts = duckdb_data_chunk_get_vector(input, 0);
    const uint64_t *validity = duckdb_vector_get_validity(texts);
    const duckdb_string_t *strings = duckdb_vector_get_data(texts);
    int64_t n = (int64_t)duckdb_data_chunk_get_size(input), length = 0;
    void *out = duckdb_vector_get_data(output);
    for (int64_t i = 0; i < n; i++) {
        if (!throng_i_is_valid(validity, i)) {
            set_null(output, i);
            continue;
        }
        const char *text = throng_i_string(&strings[i], &length);
        if (function->hash)
            ((uint64_t *)out)[i] = function->hash(function->user, text, length);
        else if (function->test)
            ((bool *)out)[i] = function->test(text, length);
        else if (!function->number(function->user, text, length, &((double *)out)[i]))
            set_null(output, i);
    }
}

throng_status throng_i_database_function(throng_i_database *database, const throng_i_function *function,
                                         throng_error *err) {
    duckdb_scalar_function made = duckdb_create_scalar_function();
    duckdb_logical_type text = duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR);
    duckdb_logical_type value = duckdb_create_logical_type(function->number ? DUCKDB_TYPE_DOUBLE
                                                           : function->hash ? DUCKDB_TYPE_UBIGINT
                                                                            : DUCKDB_TYPE_BOOLEAN);
    duckdb_scalar_function_set_name(made, function->name);
    duckdb_scalar_function_add_parameter(made, text);
    duckdb_scalar_function_set_return_type(made, value);
    duckdb_scalar_function_set_extra_info(made, (void *)(uintptr_t)function, NULL);
    duckdb_scalar_function_set_function(made, run_function);
    duckdb_state state = duckdb_register_scalar_function(database->connection, made);
    duckdb_destroy_logical_type(&text);
    duckdb_destroy_logical_type(&value);
    duckdb_destroy_scalar_function(&made);
    if (state != DUCKDB_OK)
        return THRONG_FAIL(err, E_INTERNAL, "DuckDB %s does not take the function %s; please report this.",
                           duckdb_library_version(), function->name);
    return THRONG_OK;
}

/* ---- tables ---------------------------------------------------------------------------------------------------- */

typedef struct source_column {
    duckdb_vector vector;
    union {
        int64_t *numbers;
        duckdb_string_t *texts;
    } data;
    uint64_t *validity;
    int64_t n_bytes; /* of the texts that are too long to lie within `data` */
} source_column;

struct throng_i_source_rows {
    const throng_i_source *source;
    void *part;
    char *bytes; /* [size] where the long texts of a column are put together */
    int64_t size;
    source_column columns[];
};

void throng_i_source_put_number(throng_i_source_rows *to, int column, int64_t row, int64_t number) {
    to->columns[column].data.numbers[row] = number;
}

void throng_i_source_put_text(throng_i_source_rows *to, int column, int64_t row, const char *text, int64_t length) {
    duckdb_string_t made = {.value.inlined = {.length = (uint32_t)length}};
    if (length <= DUCKDB_STRING_INLINE) { /* most are */
        memcpy(made.value.inlined.data, text, (size_t)length);
    } else {
        memcpy(made.value.pointer.prefix, text, sizeof made.value.pointer.prefix);
        made.value.pointer.data = (char *)(uintptr_t)text; /* until keep_texts */
        to->columns[column].n_bytes += length;
    }
    to->columns[column].data.texts[row] = made;
}

void throng_i_source_put_null(throng_i_source_rows *to, int column, int64_t row) {
    to->columns[column].validity[row / 64] &= ~((uint64_t)1 << (row % 64));
}

/* Copies the long texts of a column one behind the other. */
static void move_texts(const source_column *column, int64_t n, char *to) {
    for (int64_t row = 0; row < n; row++) {
        duckdb_string_t *text = &column->data.texts[row];
        if (!throng_i_is_valid(column->validity, row) || text->value.inlined.length <= DUCKDB_STRING_INLINE)
            continue;
        memcpy(to, text->value.pointer.data, text->value.pointer.length);
        text->value.pointer.data = to;
        to += text->value.pointer.length;
    }
}

/* Gives the long texts of a column to DuckDB as one, and points to the parts of its copy: one by one it would look for
 * memory, and check that they are UTF-8, for each. False: it does not take them. */
static bool keep_texts(throng_i_source_rows *rows, source_column *column, int64_t n) {
    if (column->n_bytes == 0)
        return true;
    if (column->n_bytes > rows->size) {
        free(rows->bytes);
        rows->size = column->n_bytes + 65536;
        rows->bytes = malloc((size_t)rows->size);
    }
    if (!rows->bytes)
        return rows->size = 0, false;
    move_texts(column, n, rows->bytes);
    duckdb_string_t first = column->data.texts[0], *whole = &column->data.texts[0];
    whole->value.inlined.length = 0;
    duckdb_vector_assign_string_element_len(column->vector, 0, rows->bytes, (uint64_t)column->n_bytes);
    bool done = whole->value.pointer.length == column->n_bytes;
    char *kept = whole->value.pointer.data;
    *whole = first;
    if (done)
        move_texts(column, n, kept);
    return done;
}

static void bind_source(duckdb_bind_info bind) {
    const throng_i_source *source = duckdb_bind_get_extra_info(bind);
    for (int i = 0; i < source->n_columns; i++) {
        duckdb_logical_type type =
            duckdb_create_logical_type(source->columns[i].is_number ? DUCKDB_TYPE_BIGINT : DUCKDB_TYPE_VARCHAR);
        duckdb_bind_add_result_column(bind, source->columns[i].name, type);
        duckdb_destroy_logical_type(&type);
    }
}

static void init_source(duckdb_init_info init) {
    const throng_i_source *source = duckdb_init_get_extra_info(init);
    duckdb_init_set_max_threads(init, (uint64_t)source->n_threads);
}

static void close_rows(void *data) {
    throng_i_source_rows *rows = data;
    if (rows->part)
        rows->source->close(rows->part);
    free(rows->bytes);
    free(rows);
}

static void open_rows(duckdb_init_info init) {
    const throng_i_source *source = duckdb_init_get_extra_info(init);
    throng_i_source_rows *made = calloc(1, sizeof *made + (size_t)source->n_columns * sizeof *made->columns);
    if (made) {
        made->source = source;
        made->part = source->open(source->user);
        duckdb_init_set_init_data(init, made, close_rows);
    }
    if (!made || !made->part)
        duckdb_init_set_error(init, "Out of Memory Error: there is no room for a batch of lines");
}

static void fill_rows(duckdb_function_info call, duckdb_data_chunk output) {
    throng_i_source_rows *to = duckdb_function_get_local_init_data(call);
    for (int i = 0; i < to->source->n_columns; i++) {
        duckdb_vector vector = duckdb_data_chunk_get_vector(output, (uint64_t)i);
        duckdb_vector_ensure_validity_writable(vector);
        to->columns[i] = (source_column){.vector = vector,
                                         .data.numbers = duckdb_vector_get_data(vector),
                                         .validity = duckdb_vector_get_validity(vector)};
    }
    int64_t n = to->source->fill(to->part, to);
    for (int i = 0; i < to->source->n_columns && n > 0; i++)
        if (!keep_texts(to, &to->columns[i], n))
            n = -1;
    if (n < 0)
        duckdb_function_set_error(call, "Out of Memory Error: there is no room for a batch of lines");
    else
        duckdb_data_chunk_set_size(output, (uint64_t)n);
}

throng_status throng_i_database_source(throng_i_database *database, const throng_i_source *source, throng_error *err) {
    duckdb_state state = DUCKDB_FAILED;
    duckdb_table_function made = duckdb_create_table_function();
    duckdb_table_function_set_name(made, source->name);
    duckdb_table_function_set_extra_info(made, (void *)(uintptr_t)source, NULL);
    duckdb_table_function_set_bind(made, bind_source);
    duckdb_table_function_set_init(made, init_source);
    duckdb_table_function_set_local_init(made, open_rows);
    duckdb_table_function_set_function(made, fill_rows);
    if (duckdb_vector_size() >= THRONG_I_SOURCE_ROWS)
        state = duckdb_register_table_function(database->connection, made);
    duckdb_destroy_table_function(&made);
    if (state != DUCKDB_OK)
        return THRONG_FAIL(err, E_INTERNAL, "DuckDB %s does not take the table %s; please report this.",
                           duckdb_library_version(), source->name);
    return THRONG_OK;
}
