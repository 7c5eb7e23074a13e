/* Tables: named columns, the caller's or the table's own. Reading and writing files is in read.c and write.c. */
#include "table/table.h"
#include "table/words.h"

#include <string.h>

typedef struct type_entry {
    const char *name;
    size_t size;
} type_entry;

static const type_entry types[THRONG_TYPE_COUNT] = {
    [THRONG_TYPE_FLOAT32] = {"float32", 4},     [THRONG_TYPE_FLOAT64] = {"float64", 8},
    [THRONG_TYPE_INT32] = {"int32", 4},         [THRONG_TYPE_INT64] = {"int64", 8},
    [THRONG_TYPE_UINT8] = {"uint8", 1},         [THRONG_TYPE_DATE] = {"date", 4},
    [THRONG_TYPE_TIMESTAMP] = {"timestamp", 8}, [THRONG_TYPE_TEXT] = {"text", 4},
};

static bool is_type(throng_type type) {
    return (int)type >= 0 && type < THRONG_TYPE_COUNT;
}

size_t throng_type_size(throng_type type) {
    return is_type(type) ? types[type].size : 0;
}

const char *throng_type_name(throng_type type) {
    return is_type(type) ? types[type].name : "unknown type";
}

throng_status throng_table_create(throng_context *context, int64_t n_rows, throng_table **out, throng_error *err) {
    throng_table *table = NULL;
    throng_status status = THRONG_OK;
    THRONG_REQUIRE(n_rows >= 0, E_ARGUMENT, "A table must have 0 or more rows, got %lld.", (long long)n_rows);
    THRONG_TRY(throng_i_alloc(context, 1, sizeof *table, &table, err));
    table->context = context;
    table->n_rows = n_rows;
    *out = table;
out:
    return status;
}

static void clear_column(throng_context *context, throng_i_table_column *column) {
    throng_i_free(context, column->memory);
    throng_i_free(context, column->name);
    throng_i_free(context, column->dictionary);
}

throng_status throng_i_sources_add(throng_context *context, throng_source **list, int *n, const throng_source *added,
                                   int n_added, throng_error *err) {
    throng_status status = THRONG_OK;
    THRONG_TRY(throng_i_resize(context, list, (int64_t)*n + n_added, sizeof **list, err));
    for (int i = 0; i < n_added; i++) {
        char *path = NULL;
        THRONG_TRY(throng_i_copy_text(context, added[i].path, &path, err));
        (*list)[*n] = added[i];
        (*list)[(*n)++].path = path;
    }
out:
    return status;
}

void throng_i_sources_free(throng_context *context, throng_source *list, int n) {
    for (int i = 0; i < n; i++) {
        union {
            const char *shown;
            char *owned;
        } path = {list[i].path};
        throng_i_free(context, path.owned);
    }
    throng_i_free(context, list);
}

void throng_table_free(throng_table *table) {
    if (!table)
        return;
    throng_context *context = table->context;
    for (int i = 0; i < table->n_columns; i++)
        clear_column(context, &table->columns[i]);
    throng_i_free(context, table->columns);
    throng_i_sources_free(context, table->sources, table->n_sources);
    throng_i_free(context, table->origin);
    throng_i_free(context, table);
}

int64_t throng_table_rows(const throng_table *table) {
    return table->n_rows;
}

int throng_table_columns(const throng_table *table) {
    return table->n_columns;
}

throng_column_view throng_table_column(const throng_table *table, int index) {
    if (index < 0 || index >= table->n_columns)
        return (throng_column_view){0};
    return table->columns[index].view;
}

const throng_source *throng_table_sources(const throng_table *table, int *n_sources) {
    *n_sources = table->n_sources;
    return table->n_sources > 0 ? table->sources : NULL;
}

static int find_column(const throng_table *table, const char *name) {
    for (int i = 0; i < table->n_columns; i++)
        if (strcmp(table->columns[i].view.name, name) == 0)
            return i;
    return -1;
}

throng_status throng_table_find(const throng_table *table, const char *name, throng_column_view *out,
                                throng_error *err) {
    int found = find_column(table, name);
    if (found >= 0) {
        *out = table->columns[found].view;
        return THRONG_OK;
    }
    const char **names = NULL;
    throng_status status = throng_i_alloc(table->context, table->n_columns, sizeof *names, &names, err);
    if (status != THRONG_OK)
        return status;
    for (int i = 0; i < table->n_columns; i++)
        names[i] = table->columns[i].view.name;
    char hint[THRONG_MESSAGE_LENGTH / 2];
    throng_suggest(name, names, table->n_columns, hint, sizeof hint);
    throng_i_free(table->context, names);
    return THRONG_FAIL(err, E_COLUMN, "The table has no column \"%s\".%s", name, hint);
}

throng_status throng_i_table_put_column(throng_table *table, const char *name, const throng_i_table_column *column,
                                        throng_error *err) {
    char *copy = NULL;
    throng_status status = THRONG_OK;
    THRONG_TRY(
        throng_i_resize(table->context, &table->columns, (int64_t)table->n_columns + 1, sizeof *table->columns, err));
    THRONG_TRY(throng_i_copy_text(table->context, name, &copy, err));
    throng_i_table_column *place = &table->columns[table->n_columns++];
    *place = *column;
    place->view.name = copy;
    place->view.n_rows = table->n_rows;
    place->name = copy;
out:
    return status;
}

static throng_status check_new(const throng_table *table, const char *name, throng_type type, throng_error *err) {
    throng_status status = THRONG_OK;
    THRONG_REQUIRE(name && name[0], E_ARGUMENT, "A column must have a name.");
    THRONG_REQUIRE(find_column(table, name) < 0, E_COLUMN, "The table has a column \"%s\" already.", name);
    THRONG_REQUIRE(is_type(type) && type != THRONG_TYPE_TEXT, E_ARGUMENT,
                   "Column \"%s\" must be of a type of fixed size here, got %s.", name, throng_type_name(type));
out:
    return status;
}

throng_status throng_table_add_view(throng_table *table, const char *name, throng_type type, const void *data,
                                    throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_table_column column = {.view = {.type = type, .data = data}};
    THRONG_TRY(check_new(table, name, type, err));
    THRONG_REQUIRE(data || table->n_rows == 0, E_ARGUMENT, "Column \"%s\" has no data, only NULL.", name);
    THRONG_TRY(throng_i_table_put_column(table, name, &column, err));
out:
    return status;
}

/* A zeroed column of the table's own, not yet in the table. */
static throng_status make_column(throng_table *table, throng_type type, throng_i_table_column *column,
                                 throng_error *err) {
    *column = (throng_i_table_column){.view = {.type = type}};
    throng_status status = throng_i_alloc(table->context, table->n_rows, throng_type_size(type), &column->memory, err);
    column->view.data = column->memory;
    return status;
}

throng_status throng_table_add(throng_table *table, const char *name, throng_type type, void **data,
                               throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_table_column column = {0};
    THRONG_TRY(check_new(table, name, type, err));
    THRONG_TRY(make_column(table, type, &column, err));
    THRONG_TRY(throng_i_table_put_column(table, name, &column, err));
    *data = column.memory;
    return THRONG_OK;
out:
    clear_column(table->context, &column);
    return status;
}

throng_status throng_table_add_text(throng_table *table, const char *name, const char *const *strings,
                                    throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_table_column column = {0};
    throng_i_words words = {.context = table->context};
    THRONG_TRY(check_new(table, name, THRONG_TYPE_INT32, err));
    THRONG_TRY(make_column(table, THRONG_TYPE_TEXT, &column, err));
    int32_t *codes = column.memory;
    for (int64_t i = 0; i < table->n_rows; i++) {
        THRONG_REQUIRE(strings[i], E_MISSING_VALUE, "Column \"%s\" has no text in row %lld.", name, (long long)i + 1);
        THRONG_TRY(throng_i_words_code(&words, strings[i], (int64_t)strlen(strings[i]), &codes[i], err));
    }
    column.view.n_words = words.count;
    THRONG_TRY(throng_i_words_finish(&words, &column.dictionary, &column.view.words, err));
    THRONG_TRY(throng_i_table_put_column(table, name, &column, err));
    return THRONG_OK;
out:
    throng_i_words_clear(&words);
    clear_column(table->context, &column);
    return status;
}

throng_status throng_table_add_codes(throng_table *table, const char *name, int64_t n_words, const char *const *words,
                                     int32_t **codes, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_table_column column = {0};
    throng_i_words dictionary = {.context = table->context};
    THRONG_TRY(check_new(table, name, THRONG_TYPE_INT32, err));
    THRONG_REQUIRE(n_words >= 1 && n_words <= INT32_MAX, E_ARGUMENT, "Column \"%s\" must have 1 to %d words, got %lld.",
                   name, INT32_MAX, (long long)n_words);
    for (int64_t i = 0; i < n_words; i++) {
        int32_t code = 0;
        THRONG_REQUIRE(words[i], E_ARGUMENT, "Word %lld of column \"%s\" is NULL.", (long long)i, name);
        THRONG_TRY(throng_i_words_code(&dictionary, words[i], (int64_t)strlen(words[i]), &code, err));
        THRONG_REQUIRE(code == i, E_ARGUMENT, "Column \"%s\" has the word \"%s\" twice.", name, words[i]);
    }
    THRONG_TRY(make_column(table, THRONG_TYPE_TEXT, &column, err));
    column.view.n_words = n_words;
    THRONG_TRY(throng_i_words_finish(&dictionary, &column.dictionary, &column.view.words, err));
    THRONG_TRY(throng_i_table_put_column(table, name, &column, err));
    *codes = column.memory;
    return THRONG_OK;
out:
    throng_i_words_clear(&dictionary);
    clear_column(table->context, &column);
    return status;
}

throng_status throng_i_table_take_column(throng_table *table, int index, throng_i_table_column *out,
                                         throng_error *err) {
    throng_status status = THRONG_OK;
    char *name = NULL;
    THRONG_REQUIRE(index >= 0 && index < table->n_columns, E_ARGUMENT, "The table has no column number %d.", index);
    throng_i_table_column *column = &table->columns[index];
    THRONG_TRY(throng_i_copy_text(table->context, column->view.name, &name, err));
    *out = *column;
    out->view.name = name;
    out->name = name;
    column->memory = NULL;
    column->dictionary = NULL;
out:
    return status;
}

int64_t throng_i_table_bytes(const throng_table *table) {
    int64_t bytes = (int64_t)sizeof *table + table->n_columns * (int64_t)sizeof *table->columns;
    for (int i = 0; i < table->n_columns; i++) {
        const throng_i_table_column *column = &table->columns[i];
        bytes += (int64_t)strlen(column->view.name) + 1;
        if (column->memory)
            bytes += column->view.n_rows * (int64_t)throng_type_size(column->view.type);
        for (int64_t word = 0; column->dictionary && word < column->view.n_words; word++)
            bytes += (int64_t)(sizeof(char *) + strlen(column->view.words[word]) + 1);
    }
    return bytes;
}

throng_status throng_i_table_set_origin(throng_table *table, const char *origin, throng_error *err) {
    throng_i_free(table->context, table->origin);
    table->origin = NULL;
    return throng_i_copy_text(table->context, origin, &table->origin, err);
}
