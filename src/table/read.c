/* throng_table_read: the steps of reading in their order. */
#include "table/offer.h"
#include "table/reader.h"

#include <string.h>

static throng_status check_request(const throng_column_request *request, throng_error *err) {
    throng_status status = THRONG_OK;
    THRONG_REQUIRE(request->column && request->column[0], E_ARGUMENT, "The name of a wanted column must not be empty.");
    THRONG_REQUIRE((int)request->role >= 0 && request->role < THRONG_ROLE_COUNT, E_ARGUMENT,
                   "Column \"%s\" is asked for in an unknown role, number %d.", request->column, (int)request->role);
out:
    return status;
}

/* Index of the wanted column that a request asks for; -1 if it is new. */
static int find_wanted(const throng_i_reader *reader, const char *name) {
    for (int i = 0; i < reader->n_wanted; i++)
        if (strcmp(reader->wanted[i].name, name) == 0)
            return i;
    return -1;
}

/* What a role is but for its missing values. */
static throng_role base_role(throng_role role) {
    return role == THRONG_ROLE_LINK ? THRONG_ROLE_KEY : role == THRONG_ROLE_MOMENT ? THRONG_ROLE_TIME : role;
}

/* One wanted column for each different request. */
static throng_status list_wanted(throng_i_reader *reader, const throng_column_request *requests, int n_requests,
                                 throng_error *err) {
    throng_status status = THRONG_OK;
    THRONG_REQUIRE(n_requests > 0, E_ARGUMENT, "At least one column must be asked for.");
    THRONG_TRY(throng_i_alloc(reader->context, n_requests, sizeof *reader->wanted, &reader->wanted, err));
    for (int i = 0; i < n_requests; i++) {
        THRONG_TRY(check_request(&requests[i], err));
        int found = find_wanted(reader, requests[i].column);
        throng_role role = base_role(requests[i].role);
        bool may_lack = role != requests[i].role;
        THRONG_REQUIRE(found < 0 || (reader->wanted[found].role == role && reader->wanted[found].may_lack == may_lack),
                       E_ARGUMENT, "Column \"%s\" is asked for in two roles, which no column can play.",
                       requests[i].column);
        if (found >= 0)
            continue;
        throng_i_wanted *wanted = &reader->wanted[reader->n_wanted++];
        *wanted = (throng_i_wanted){.name = requests[i].column, .role = role, .may_lack = may_lack};
        wanted->words.context = reader->context;
        THRONG_TRY(throng_i_alloc(reader->context, reader->files.count, sizeof *wanted->fields, &wanted->fields, err));
        for (int j = 0; j < reader->files.count; j++)
            wanted->fields[j] = -1;
    }
out:
    return status;
}

/* From here on DuckDB may open the files to be read and no others, whatever the condition says. */
static throng_status lock_database(throng_i_reader *reader, throng_error *err) {
    static const char *const logs[] = {".wal", ".wal.checkpoint", ".wal.recovery"}; /* what is not in the file yet */
    throng_status status = THRONG_OK;
    throng_i_sql sql = {.context = reader->context};
    throng_i_sql_add(&sql, "SET allowed_paths = [");
    for (int i = 0; i < reader->files.count; i++) {
        const throng_i_file *file = &reader->files.at[i];
        throng_i_sql_add(&sql, "%s", i > 0 ? ", " : "");
        throng_i_sql_path(&sql, file->opened, false);
        throng_i_sql_add(&sql, ", ");
        throng_i_sql_path(&sql, file->opened, true);
        for (size_t k = 0; file->format == THRONG_I_FORMAT_DUCKDB && k < sizeof logs / sizeof *logs; k++) {
            throng_i_sql_add(&sql, ", ");
            throng_i_sql_path(&sql, file->opened, false);
            throng_i_sql_add(&sql, " || '%s'", logs[k]);
        }
    }
    throng_i_sql_add(&sql, "]");
    THRONG_TRY(throng_i_sql_check(&sql, err));
    THRONG_TRY(throng_i_database_run(&reader->database, sql.text, NULL, err));
    THRONG_TRY(throng_i_database_run(&reader->database, "SET enable_external_access = false", NULL, err));
out:
    throng_i_sql_clear(&sql);
    return status;
}

static bool has_all_wanted(const throng_i_reader *reader, const throng_i_file *file) {
    for (int i = 0; i < reader->n_wanted; i++)
        if (throng_i_plan_find(file, reader->wanted[i].name) < 0)
            return false;
    return true;
}

/* Learns the columns of all files. A sample will do, unless an NDJSON file's first rows lack a wanted column, or the
 * condition hangs on a type that a later row may belie. */
static throng_status learn_fields(throng_i_reader *reader, bool all_rows, throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_i_file *first = &reader->files.at[0];
    for (int i = 0; i < reader->files.count; i++) {
        throng_i_file *file = &reader->files.at[i];
        THRONG_TRY(throng_i_fields_learn(reader, i, all_rows, err));
        bool is_enough = file->format != THRONG_I_FORMAT_NDJSON || has_all_wanted(reader, file);
        if (file->is_sampled && (!is_enough || throng_i_plan_needs_all_rows(reader, file)))
            THRONG_TRY(throng_i_fields_learn(reader, i, true, err));
        THRONG_REQUIRE(file->format == first->format, E_FORMAT,
                       "%s is %s but %s is %s; files that are read together must be of one format.", first->shown,
                       throng_i_format_name(first->format), file->shown, throng_i_format_name(file->format));
    }
out:
    return status;
}

/* How many rows will come: known for Parquet without a condition. */
static int64_t count_rows(const throng_i_reader *reader) {
    int64_t total = 0;
    for (int i = 0; i < reader->files.count && !reader->condition; i++) {
        if (reader->files.at[i].n_rows < 0)
            return -1;
        total += reader->files.at[i].n_rows;
    }
    return reader->condition ? -1 : total;
}

/* Where the index-th part begins. */
static int64_t part_begin(const throng_i_table_part *part, int64_t total, int index) {
    int64_t unit = part->unit > 0 ? part->unit : 1, n = (total + unit - 1) / unit;
    int64_t begin = (n / part->count * index + n % part->count * index / part->count) * unit;
    return begin < total ? begin : total;
}

/* Chooses the rows of a part, where that can be. */
static void take_part(throng_i_reader *reader, throng_i_table_part *part) {
    int64_t total = count_rows(reader), before = 0;
    if (part->count == 1 || total < 0 || reader->files.at[0].format != THRONG_I_FORMAT_PARQUET)
        return;
    int64_t first = part_begin(part, total, part->index), end = part_begin(part, total, part->index + 1);
    for (int i = 0; i < reader->files.count; i++) {
        throng_i_file *file = &reader->files.at[i];
        int64_t from = first - before, to = end - before;
        file->part_begin = from > 0 ? from : 0;
        file->part_end = to < file->n_rows ? to : file->n_rows;
        file->has_rows = file->has_rows && file->part_begin < file->part_end;
        before += file->n_rows;
    }
    part->taken = true;
    part->first = first;
    part->total = total;
}

/* Reads the rows of all files; once more from the start whenever a value shows that a form is too narrow. */
static throng_status fetch_all(throng_i_reader *reader, throng_error *err) {
    throng_status status = THRONG_OK;
    THRONG_TRY(throng_i_plan(reader, err));
    reader->database.progress.total = count_rows(reader);
    do {
        reader->again = false;
        throng_i_fetch_clear(reader);
        for (int i = 0; i < reader->files.count && !reader->again; i++)
            if (reader->files.at[i].has_rows)
                THRONG_TRY(throng_i_fetch(reader, i, err));
    } while (reader->again);
    for (int i = 0; i < reader->n_wanted; i++)
        if (reader->wanted[i].n_missing > 0)
            THRONG_TRY(throng_i_explain_missing(reader, &reader->wanted[i], err));
out:
    return status;
}

/* ---- the table ------------------------------------------------------------------------------------------------- */

static throng_type type_of(const throng_i_wanted *wanted) {
    switch (wanted->form) {
    case THRONG_I_FORM_FLOAT32:
        return THRONG_TYPE_FLOAT32;
    case THRONG_I_FORM_FLOAT64:
        return THRONG_TYPE_FLOAT64;
    case THRONG_I_FORM_DATE:
        return THRONG_TYPE_DATE;
    case THRONG_I_FORM_TIMESTAMP:
        return THRONG_TYPE_TIMESTAMP;
    case THRONG_I_FORM_TEXT:
        return THRONG_TYPE_TEXT;
    default:
        return wanted->is_float ? THRONG_TYPE_FLOAT64 : THRONG_TYPE_INT64;
    }
}

/* Moves what was read of a wanted column into the table. */
static throng_status add_column(throng_i_reader *reader, throng_table *table, throng_i_wanted *wanted,
                                throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_table_column column = {.view = {.type = type_of(wanted)}};
    THRONG_TRY(
        throng_i_resize(reader->context, &wanted->data, reader->n_rows, throng_type_size(column.view.type), err));
    column.memory = wanted->data;
    column.view.data = wanted->data;
    if (column.view.type == THRONG_TYPE_TEXT) {
        column.view.n_words = wanted->words.count;
        THRONG_TRY(throng_i_words_finish(&wanted->words, &column.dictionary, &column.view.words, err));
    }
    THRONG_TRY(throng_i_table_put_column(table, wanted->name, &column, err));
    wanted->data = NULL;
    return THRONG_OK;
out:
    throng_i_free(reader->context, column.dictionary);
    return status;
}

static throng_status add_sources(throng_i_reader *reader, throng_table *table, throng_error *err) {
    throng_status status = THRONG_OK;
    THRONG_TRY(throng_i_alloc(reader->context, reader->files.count, sizeof *table->sources, &table->sources, err));
    for (int i = 0; i < reader->files.count; i++) {
        throng_i_file *file = &reader->files.at[i];
        throng_source *source = &table->sources[table->n_sources++];
        source->path = file->path;
        source->bytes = file->bytes;
        memcpy(source->hash, file->hash, sizeof source->hash);
        file->path = NULL;
    }
out:
    return status;
}

static throng_status make_table(throng_i_reader *reader, const throng_column_request *requests, int n_requests,
                                throng_table **out, throng_error *err) {
    throng_table *table = NULL;
    throng_status status = THRONG_OK;
    THRONG_TRY(throng_table_create(reader->context, reader->n_rows, &table, err));
    for (int i = 0; i < n_requests; i++) {
        throng_i_wanted *wanted = &reader->wanted[find_wanted(reader, requests[i].column)];
        int earlier = -1;
        for (int j = 0; j < i && earlier < 0; j++)
            earlier = strcmp(requests[j].column, wanted->name) == 0 ? j : -1;
        if (earlier < 0) {
            THRONG_TRY(add_column(reader, table, wanted, err));
        } else {
            throng_i_table_column view = {.view = table->columns[earlier].view};
            THRONG_TRY(throng_i_table_put_column(table, wanted->name, &view, err));
        }
    }
    THRONG_TRY(add_sources(reader, table, err));
    table->chosen = reader->condition;
    *out = table;
    return THRONG_OK;
out:
    throng_table_free(table);
    return status;
}

throng_status throng_table_read(throng_context *context, const char *const *paths, int n_paths,
                                const throng_column_request *requests, int n_requests, const char *condition,
                                throng_table **out, throng_error *err) {
    throng_i_table_part all = {.count = 1};
    return throng_i_table_read_part(context, paths, n_paths, requests, n_requests, condition, &all, out, err);
}

throng_status throng_i_table_read_part(throng_context *context, const char *const *paths, int n_paths,
                                       const throng_column_request *requests, int n_requests, const char *condition,
                                       throng_i_table_part *part, throng_table **out, throng_error *err) {
    throng_i_reader reader = {.context = context, .condition = condition && condition[0] ? condition : NULL};
    throng_status status = THRONG_OK;
    for (int i = 0; i < n_paths; i++)
        if (throng_i_is_offered(paths[i]))
            return throng_i_offered_read(context, paths, n_paths, requests, n_requests, condition, out, err);
    reader.files.context = context;
    THRONG_TRY(throng_i_files_open(context, paths, n_paths, part->index > 0, &reader.files, err));
    THRONG_TRY(list_wanted(&reader, requests, n_requests, err));
    THRONG_TRY(throng_i_database_open(context, "reading", &reader.database, err));
    THRONG_TRY(lock_database(&reader, err));
    if (reader.condition)
        THRONG_TRY(throng_i_database_check_expression(&reader.database, reader.condition, err));
    THRONG_TRY(learn_fields(&reader, false, err));
    take_part(&reader, part);
    status = fetch_all(&reader, err);
    if (status == THRONG_E_QUERY && reader.files.at[0].is_sampled) {
        /* The condition may name a column that the first rows of an NDJSON file lack. */
        THRONG_TRY(learn_fields(&reader, true, err));
        status = fetch_all(&reader, err);
    }
    THRONG_TRY(status);
    throng_i_database_close(&reader.database); /* its memory goes before the columns are trimmed */
    THRONG_TRY(make_table(&reader, requests, n_requests, out, err));
out:
    throng_i_database_close(&reader.database);
    throng_i_fetch_clear(&reader);
    for (int i = 0; i < reader.n_wanted; i++)
        throng_i_free(context, reader.wanted[i].fields);
    throng_i_free(context, reader.wanted);
    throng_i_files_close(&reader.files);
    return status;
}
