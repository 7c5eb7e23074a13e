/* What throng adds to DuckDB: streams as views, and functions of a text. */
#include "table/arrow.h"
#include "table/database.h"

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
    uint64_t *hashes = duckdb_vector_get_data(output);
    double *numbers = duckdb_vector_get_data(output);
    for (int64_t i = 0; i < n; i++) {
        if (!throng_i_is_valid(validity, i)) {
            set_null(output, i);
            continue;
        }
        const char *text = throng_i_string(&strings[i], &length);
        if (!function->number)
            hashes[i] = function->hash(function->user, text, length);
        else if (!function->number(function->user, text, length, &numbers[i]))
            set_null(output, i);
    }
}

throng_status throng_i_database_function(throng_i_database *database, const throng_i_function *function,
                                         throng_error *err) {
    duckdb_scalar_function made = duckdb_create_scalar_function();
    duckdb_logical_type text = duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR);
    duckdb_logical_type number =
        duckdb_create_logical_type(function->number ? DUCKDB_TYPE_DOUBLE : DUCKDB_TYPE_UBIGINT);
    duckdb_scalar_function_set_name(made, function->name);
    duckdb_scalar_function_add_parameter(made, text);
    duckdb_scalar_function_set_return_type(made, number);
    duckdb_scalar_function_set_extra_info(made, (void *)(uintptr_t)function, NULL);
    duckdb_scalar_function_set_function(made, run_function);
    duckdb_state state = duckdb_register_scalar_function(database->connection, made);
    duckdb_destroy_logical_type(&text);
    duckdb_destroy_logical_type(&number);
    duckdb_destroy_scalar_function(&made);
    if (state != DUCKDB_OK)
        return THRONG_FAIL(err, E_INTERNAL, "DuckDB %s does not take the function %s; please report this.",
                           duckdb_library_version(), function->name);
    return THRONG_OK;
}
