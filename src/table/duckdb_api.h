/* The part of DuckDB's C interface that throng uses. libduckdb comes without a header where it comes from npm, so the
 * facts are stated here: names, numbers and layouts as in DuckDB 1.x, whose C interface is stable. Upstream means to
 * replace two of the functions one day: duckdb_pending_prepared_streaming and duckdb_arrow_scan. */
#ifndef THRONG_SRC_TABLE_DUCKDB_API_H
#define THRONG_SRC_TABLE_DUCKDB_API_H

#include <stdbool.h>
#include <stdint.h>

typedef struct throng_i_duckdb_database_handle *duckdb_database;
typedef struct throng_i_duckdb_connection_handle *duckdb_connection;
typedef struct throng_i_duckdb_config_handle *duckdb_config;
typedef struct throng_i_duckdb_statement_handle *duckdb_prepared_statement;
typedef struct throng_i_duckdb_statements_handle *duckdb_extracted_statements;
typedef struct throng_i_duckdb_pending_handle *duckdb_pending_result;
typedef struct throng_i_duckdb_chunk_handle *duckdb_data_chunk;
typedef struct throng_i_duckdb_vector_handle *duckdb_vector;
typedef struct throng_i_duckdb_type_handle *duckdb_logical_type;
typedef struct throng_i_duckdb_stream_handle *duckdb_arrow_stream;
typedef struct throng_i_duckdb_function_handle *duckdb_scalar_function;
typedef struct throng_i_duckdb_call_handle *duckdb_function_info;
typedef struct throng_i_duckdb_table_function_handle *duckdb_table_function;
typedef struct throng_i_duckdb_bind_handle *duckdb_bind_info;
typedef struct throng_i_duckdb_init_handle *duckdb_init_info;

typedef enum duckdb_state {
    DUCKDB_OK = 0,
    DUCKDB_FAILED = 1
} duckdb_state;

typedef enum duckdb_pending_state {
    DUCKDB_PENDING_RESULT_READY = 0,
    DUCKDB_PENDING_RESULT_NOT_READY = 1,
    DUCKDB_PENDING_ERROR = 2,
    DUCKDB_PENDING_NO_TASKS_AVAILABLE = 3
} duckdb_pending_state;

/* Types of columns; the gaps are types that throng treats as unknown. */
typedef enum duckdb_type {
    DUCKDB_TYPE_INVALID = 0,
    DUCKDB_TYPE_BOOLEAN = 1,
    DUCKDB_TYPE_TINYINT = 2,
    DUCKDB_TYPE_SMALLINT = 3,
    DUCKDB_TYPE_INTEGER = 4,
    DUCKDB_TYPE_BIGINT = 5,
    DUCKDB_TYPE_UTINYINT = 6,
    DUCKDB_TYPE_USMALLINT = 7,
    DUCKDB_TYPE_UINTEGER = 8,
    DUCKDB_TYPE_UBIGINT = 9,
    DUCKDB_TYPE_FLOAT = 10,
    DUCKDB_TYPE_DOUBLE = 11,
    DUCKDB_TYPE_TIMESTAMP = 12,
    DUCKDB_TYPE_DATE = 13,
    DUCKDB_TYPE_TIME = 14,
    DUCKDB_TYPE_INTERVAL = 15,
    DUCKDB_TYPE_HUGEINT = 16,
    DUCKDB_TYPE_VARCHAR = 17,
    DUCKDB_TYPE_BLOB = 18,
    DUCKDB_TYPE_DECIMAL = 19,
    DUCKDB_TYPE_TIMESTAMP_S = 20,
    DUCKDB_TYPE_TIMESTAMP_MS = 21,
    DUCKDB_TYPE_TIMESTAMP_NS = 22,
    DUCKDB_TYPE_ENUM = 23,
    DUCKDB_TYPE_LIST = 24,
    DUCKDB_TYPE_STRUCT = 25,
    DUCKDB_TYPE_MAP = 26,
    DUCKDB_TYPE_UUID = 27,
    DUCKDB_TYPE_UNION = 28,
    DUCKDB_TYPE_TIME_TZ = 30,
    DUCKDB_TYPE_TIMESTAMP_TZ = 31,
    DUCKDB_TYPE_UHUGEINT = 32,
    DUCKDB_TYPE_ARRAY = 33,
    DUCKDB_TYPE_SQLNULL = 36
} duckdb_type;

/* A result. All of it but its size is private to DuckDB; it goes by value into duckdb_fetch_chunk. */
typedef struct duckdb_result {
    uint64_t deprecated_counts[3];
    void *deprecated_columns;
    char *deprecated_error;
    void *internal;
} duckdb_result;

/* A string in a vector: up to 12 bytes lie in the struct itself, a longer one behind the pointer. Not terminated. */
#define DUCKDB_STRING_INLINE 12

typedef struct duckdb_string_t {
    union {
        struct {
            uint32_t length;
            char prefix[4];
            char *data;
        } pointer;
        struct {
            uint32_t length;
            char data[DUCKDB_STRING_INLINE];
        } inlined;
    } value;
} duckdb_string_t;

const char *duckdb_library_version(void);
void duckdb_free(void *pointer);

duckdb_state duckdb_create_config(duckdb_config *config);
duckdb_state duckdb_set_config(duckdb_config config, const char *name, const char *option);
void duckdb_destroy_config(duckdb_config *config);
duckdb_state duckdb_open_ext(const char *path, duckdb_database *database, duckdb_config config, char **message);
void duckdb_close(duckdb_database *database);
duckdb_state duckdb_connect(duckdb_database database, duckdb_connection *connection);
void duckdb_disconnect(duckdb_connection *connection);
void duckdb_interrupt(duckdb_connection connection);

uint64_t duckdb_extract_statements(duckdb_connection connection, const char *query, duckdb_extracted_statements *out);
const char *duckdb_extract_statements_error(duckdb_extracted_statements statements);
void duckdb_destroy_extracted(duckdb_extracted_statements *statements);

duckdb_state duckdb_prepare(duckdb_connection connection, const char *query, duckdb_prepared_statement *statement);
const char *duckdb_prepare_error(duckdb_prepared_statement statement);
uint64_t duckdb_nparams(duckdb_prepared_statement statement);
void duckdb_destroy_prepare(duckdb_prepared_statement *statement);

duckdb_state duckdb_pending_prepared_streaming(duckdb_prepared_statement statement, duckdb_pending_result *pending);
const char *duckdb_pending_error(duckdb_pending_result pending);
duckdb_pending_state duckdb_pending_execute_task(duckdb_pending_result pending);
duckdb_state duckdb_execute_pending(duckdb_pending_result pending, duckdb_result *result);
void duckdb_destroy_pending(duckdb_pending_result *pending);

const char *duckdb_result_error(duckdb_result *result);
uint64_t duckdb_column_count(duckdb_result *result);
const char *duckdb_column_name(duckdb_result *result, uint64_t column);
duckdb_type duckdb_column_type(duckdb_result *result, uint64_t column);
duckdb_data_chunk duckdb_fetch_chunk(duckdb_result result);
void duckdb_destroy_result(duckdb_result *result);

uint64_t duckdb_data_chunk_get_size(duckdb_data_chunk chunk);
duckdb_vector duckdb_data_chunk_get_vector(duckdb_data_chunk chunk, uint64_t column);
void duckdb_destroy_data_chunk(duckdb_data_chunk *chunk);
void *duckdb_vector_get_data(duckdb_vector vector);

/* Row i is valid if bit i % 64 of word i / 64 is set; NULL if all rows are. */
uint64_t *duckdb_vector_get_validity(duckdb_vector vector);

/* Makes the stream a view of that name. The stream must outlive the connection's use of it. */
duckdb_state duckdb_arrow_scan(duckdb_connection connection, const char *name, duckdb_arrow_stream stream);

void duckdb_vector_ensure_validity_writable(duckdb_vector vector);

/* Functions of our own. `run` fills `output` for the rows of a chunk of arguments; rows with a NULL come out as NULL.
 */
duckdb_logical_type duckdb_create_logical_type(duckdb_type type);
void duckdb_destroy_logical_type(duckdb_logical_type *type);
duckdb_scalar_function duckdb_create_scalar_function(void);
void duckdb_destroy_scalar_function(duckdb_scalar_function *function);
void duckdb_scalar_function_set_name(duckdb_scalar_function function, const char *name);
void duckdb_scalar_function_add_parameter(duckdb_scalar_function function, duckdb_logical_type type);
void duckdb_scalar_function_set_return_type(duckdb_scalar_function function, duckdb_logical_type type);
void duckdb_scalar_function_set_extra_info(duckdb_scalar_function function, void *info, void (*destroy)(void *info));
void duckdb_scalar_function_set_function(duckdb_scalar_function function,
                                         void (*run)(duckdb_function_info call, duckdb_data_chunk input,
                                                     duckdb_vector output));
duckdb_state duckdb_register_scalar_function(duckdb_connection connection, duckdb_scalar_function function);
void *duckdb_scalar_function_get_extra_info(duckdb_function_info call);

/* Tables of our own. `bind` names the columns, `init` says how many threads may read, `local_init` makes what each of
 * them works with, and `run` fills a chunk of at most duckdb_vector_size() rows, all valid before; none is the end. */
void duckdb_data_chunk_set_size(duckdb_data_chunk chunk, uint64_t n_rows);
uint64_t duckdb_vector_size(void);
void duckdb_vector_assign_string_element_len(duckdb_vector vector, uint64_t row, const char *text, uint64_t length);
duckdb_table_function duckdb_create_table_function(void);
void duckdb_destroy_table_function(duckdb_table_function *function);
void duckdb_table_function_set_name(duckdb_table_function function, const char *name);
void duckdb_table_function_set_extra_info(duckdb_table_function function, void *info, void (*destroy)(void *info));
void duckdb_table_function_set_bind(duckdb_table_function function, void (*bind)(duckdb_bind_info bind));
void duckdb_table_function_set_init(duckdb_table_function function, void (*init)(duckdb_init_info init));
void duckdb_table_function_set_local_init(duckdb_table_function function, void (*init)(duckdb_init_info init));
void duckdb_table_function_set_function(duckdb_table_function function,
                                        void (*run)(duckdb_function_info call, duckdb_data_chunk output));
duckdb_state duckdb_register_table_function(duckdb_connection connection, duckdb_table_function function);
void *duckdb_bind_get_extra_info(duckdb_bind_info bind);
void duckdb_bind_add_result_column(duckdb_bind_info bind, const char *name, duckdb_logical_type type);
void *duckdb_init_get_extra_info(duckdb_init_info init);
void duckdb_init_set_init_data(duckdb_init_info init, void *data, void (*destroy)(void *data));
void duckdb_init_set_max_threads(duckdb_init_info init, uint64_t n_threads);
void duckdb_init_set_error(duckdb_init_info init, const char *message);
void *duckdb_function_get_extra_info(duckdb_function_info call);
void *duckdb_function_get_local_init_data(duckdb_function_info call);
void duckdb_function_set_error(duckdb_function_info call, const char *message);

#endif
