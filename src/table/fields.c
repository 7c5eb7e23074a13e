/* What columns a file has, by format. */
#define _POSIX_C_SOURCE 200809L
#include "table/csv.h"
#include "table/reader.h"
#include "table/scan.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What the row callbacks below fill. */
typedef struct field_learner {
    throng_i_reader *reader;
    throng_context *context;
    throng_i_file *file;
    bool is_named;   /* the format has named all fields; DuckDB's names are SQL names only */
    int n_described; /* fields that DuckDB described */
    int64_t to_skip; /* Parquet: nodes below the last column still to come */
    bool past_root;  /* Parquet */
    char *lines[2];  /* text: the first lines; NULL: empty or missing */
    int n_lines;
    char **tables; /* DuckDB: [n_tables] names as people write them */
    int n_tables;
} field_learner;

static throng_status add_field(const field_learner *learner, const char *name, throng_error *err) {
    throng_i_file *file = learner->file;
    throng_status status =
        throng_i_resize(learner->context, &file->fields, (int64_t)file->n_fields + 1, sizeof *file->fields, err);
    if (status != THRONG_OK)
        return status;
    throng_i_field *field = &file->fields[file->n_fields++];
    *field = (throng_i_field){0};
    return throng_i_copy_text(learner->context, name, &field->name, err);
}

/* Runs a query about the file; take_row NULL: its rows do not matter. If DuckDB fails, *failure is what it said;
 * without `failure` that is explained. */
static throng_status ask(field_learner *learner, throng_i_sql *sql, throng_i_row_fn take_row, char **failure,
                         throng_error *err) {
    throng_i_reader *reader = learner->reader;
    char *words = NULL;
    throng_status status = throng_i_sql_check(sql, err);
    if (status == THRONG_OK)
        status = throng_i_database_rows(&reader->database, sql->text, take_row, learner, &words, err);
    throng_i_sql_reset(sql);
    if (status == THRONG_E_QUERY && words && !failure)
        status = throng_i_explain(reader, (int)(learner->file - reader->files.at), words, err);
    if (failure)
        *failure = words;
    else
        throng_i_free(learner->context, words);
    return status;
}

/* ---- names and types as DuckDB sees them ----------------------------------------------------------------------- */

/* One row of DESCRIBE. */
static throng_status take_description(void *user, const char *const *cells, int n_cells, throng_error *err) {
    field_learner *learner = user;
    throng_status status = THRONG_OK;
    (void)n_cells;
    int index = learner->n_described++;
    if (index >= learner->file->n_fields && learner->is_named)
        return THRONG_OK; /* the counts will be seen to differ */
    if (index >= learner->file->n_fields)
        THRONG_TRY(add_field(learner, cells[0], err));
    throng_i_field *field = &learner->file->fields[index];
    if (!field->sql_name)
        THRONG_TRY(throng_i_copy_text(learner->context, cells[0], &field->sql_name, err));
    THRONG_TRY(throng_i_copy_text(learner->context, cells[1], &field->type, err));
out:
    return status;
}

static throng_status describe(field_learner *learner, throng_i_sql *sql, bool all_rows, char **failure,
                              throng_error *err) {
    throng_i_database *database = &learner->reader->database;
    throng_status status = THRONG_OK;
    if (all_rows) /* else DuckDB keeps in memory all of a CSV file that it looks at */
        THRONG_TRY(throng_i_database_run(database, "SET memory_limit = '1GB'", NULL, err));
    throng_i_sql_add(sql, "SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM ");
    throng_i_scan_guess(sql, learner->file, all_rows);
    throng_i_sql_add(sql, ")");
    THRONG_TRY(ask(learner, sql, take_description, failure, err));
    if (all_rows)
        THRONG_TRY(throng_i_database_run(database, "RESET memory_limit", NULL, err));
out:
    return status;
}

/* ---- Parquet --------------------------------------------------------------------------------------------------- */

/* The schema is a tree, depth first; columns are the root's children. */
static throng_status take_node(void *user, const char *const *cells, int n_cells, throng_error *err) {
    field_learner *learner = user;
    (void)n_cells;
    int64_t children = cells[1] ? strtoll(cells[1], NULL, 10) : 0;
    if (!learner->past_root) {
        learner->past_root = true;
        return THRONG_OK;
    }
    if (learner->to_skip > 0) {
        learner->to_skip += children - 1;
        return THRONG_OK;
    }
    learner->to_skip = children;
    return add_field(learner, cells[0] ? cells[0] : "", err);
}

static throng_status take_row_count(void *user, const char *const *cells, int n_cells, throng_error *err) {
    field_learner *learner = user;
    (void)n_cells;
    (void)err;
    learner->file->n_rows = cells[0] ? strtoll(cells[0], NULL, 10) : -1;
    learner->file->has_rows = learner->file->n_rows != 0;
    return THRONG_OK;
}

static throng_status learn_parquet(field_learner *learner, throng_i_sql *sql, throng_error *err) {
    throng_i_file *file = learner->file;
    throng_status status = THRONG_OK;
    throng_i_sql_add(sql, "SELECT name, CAST(num_children AS VARCHAR) FROM parquet_schema(");
    throng_i_sql_path(sql, file->opened, true);
    throng_i_sql_add(sql, ")");
    THRONG_TRY(ask(learner, sql, take_node, NULL, err));
    throng_i_sql_add(sql, "SELECT CAST(num_rows AS VARCHAR) FROM parquet_file_metadata(");
    throng_i_sql_path(sql, file->opened, true);
    throng_i_sql_add(sql, ")");
    THRONG_TRY(ask(learner, sql, take_row_count, NULL, err));
    learner->is_named = true;
    THRONG_TRY(describe(learner, sql, false, NULL, err));
    THRONG_REQUIRE(learner->n_described == file->n_fields, E_FORMAT,
                   "%s is a Parquet file whose %d columns DuckDB reads as %d.", file->shown, file->n_fields,
                   learner->n_described);
out:
    return status;
}

/* ---- CSV and NDJSON -------------------------------------------------------------------------------------------- */

static throng_status take_line(void *user, const char *const *cells, int n_cells, throng_error *err) {
    field_learner *learner = user;
    (void)n_cells;
    char **line = &learner->lines[learner->n_lines++];
    return cells[0] ? throng_i_copy_text(learner->context, cells[0], line, err) : THRONG_OK;
}

static throng_status learn_lines(field_learner *learner, throng_i_sql *sql, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_sql_add(sql, "SELECT line FROM ");
    throng_i_scan_lines(sql, learner->file);
    throng_i_sql_add(sql, " LIMIT 2");
    THRONG_TRY(ask(learner, sql, take_line, NULL, err));
    THRONG_REQUIRE(learner->n_lines > 0, E_FORMAT, "%s is empty.", learner->file->shown);
out:
    return status;
}

/* Guesses the types of a CSV file's columns. Of a file that it cannot guess DuckDB does not say what is wrong with it;
 * reading all of it as text does. */
static throng_status guess_types(field_learner *learner, throng_i_sql *sql, bool all_rows, throng_error *err) {
    throng_i_file *file = learner->file;
    char *failure = NULL;
    learner->is_named = true;
    throng_status status = describe(learner, sql, all_rows, &failure, err);
    bool has_failed = status == THRONG_E_QUERY && failure;
    throng_i_free(learner->context, failure);
    if (status == THRONG_OK && learner->n_described == file->n_fields)
        return THRONG_OK;
    if (!has_failed)
        THRONG_TRY(status);
    throng_i_sql_add(sql, "SELECT count(COLUMNS(*)) FROM ");
    throng_i_scan(sql, file, NULL);
    THRONG_TRY(ask(learner, sql, NULL, NULL, err));
    /* It can also pass over in silence what it does not understand. */
    THRONG_REQUIRE(!has_failed || !file->has_rows, E_FORMAT, THRONG_I_NOT_REGULAR_CSV, file->shown);
    for (int i = 0; i < file->n_fields; i++) {
        throng_i_free(learner->context, file->fields[i].type);
        file->fields[i].type = NULL;
        THRONG_TRY(throng_i_copy_text(learner->context, "VARCHAR", &file->fields[i].type, err));
    }
out:
    return status;
}

static throng_status learn_csv(field_learner *learner, throng_i_sql *sql, bool all_rows, throng_error *err) {
    throng_i_file *file = learner->file;
    throng_status status = THRONG_OK;
    THRONG_REQUIRE(learner->lines[0], E_FORMAT, "%s, line 1: the first line must name the columns, but it is empty.",
                   file->shown);
    file->delimiter = throng_i_csv_delimiter(learner->lines[0], learner->lines[1]);
    file->has_rows = learner->n_lines > 1;
    THRONG_TRY(throng_i_csv_header(learner->context, learner->lines[0], file, err));
    THRONG_TRY(guess_types(learner, sql, all_rows, err));
out:
    return status;
}

static throng_status learn_text(field_learner *learner, throng_i_sql *sql, bool all_rows, throng_error *err) {
    throng_i_file *file = learner->file;
    throng_status status = THRONG_OK;
    THRONG_TRY(learn_lines(learner, sql, err));
    file->is_sampled = !all_rows;
    if (file->format == THRONG_I_FORMAT_UNKNOWN) {
        const char *line = learner->lines[0] ? learner->lines[0] : "";
        file->format = line[strspn(line, " \t")] == '{' ? THRONG_I_FORMAT_NDJSON : THRONG_I_FORMAT_CSV;
    }
    if (file->format == THRONG_I_FORMAT_CSV) {
        THRONG_TRY(learn_csv(learner, sql, all_rows, err));
    } else {
        THRONG_TRY(describe(learner, sql, all_rows, NULL, err));
        file->has_rows = file->n_fields > 0;
    }
out:
    return status;
}

/* ---- tables of a DuckDB file ----------------------------------------------------------------------------------- */

/* A catalog is called as the file is, since its views may say so; but no two may have one name. */
static throng_status name_catalog(field_learner *learner, throng_error *err) {
    static const char *const reserved[] = {"memory", "system", "temp", "main"};
    const throng_i_files *files = &learner->reader->files;
    throng_i_file *file = learner->file;
    const char *slash = strrchr(file->opened, '/'), *base = slash ? slash + 1 : file->opened;
    int length = (int)strcspn(base, ".");
    for (int attempt = 0;; attempt++) {
        throng_i_free(learner->context, file->catalog);
        file->catalog = NULL;
        throng_status status = attempt == 0
                                   ? throng_i_print(learner->context, &file->catalog, err, "%.*s", length, base)
                                   : throng_i_print(learner->context, &file->catalog, err, "throng_%d", attempt);
        if (status != THRONG_OK)
            return status;
        bool is_free = file->catalog[0] != '\0';
        for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
            is_free = is_free && strcasecmp(file->catalog, reserved[i]) != 0;
        for (const throng_i_file *other = files->at; other < file; other++)
            is_free = is_free && !(other->catalog && strcasecmp(file->catalog, other->catalog) == 0);
        if (is_free)
            return THRONG_OK;
    }
}

static throng_status attach(field_learner *learner, throng_i_sql *sql, throng_error *err) {
    throng_i_file *file = learner->file;
    throng_status status = THRONG_OK;
    for (const throng_i_file *other = learner->reader->files.at; other < file; other++)
        if (strcmp(other->opened, file->opened) == 0)
            return throng_i_copy_text(learner->context, other->catalog, &file->catalog, err);
    THRONG_TRY(name_catalog(learner, err));
    throng_i_sql_add(sql, "ATTACH ");
    throng_i_sql_path(sql, file->opened, false);
    throng_i_sql_add(sql, " AS ");
    throng_i_sql_name(sql, file->catalog);
    throng_i_sql_add(sql, " (READ_ONLY)");
    THRONG_TRY(ask(learner, sql, NULL, NULL, err));
out:
    return status;
}

/* One table or view: its schema and name. */
static throng_status take_table(void *user, const char *const *cells, int n_cells, throng_error *err) {
    field_learner *learner = user;
    throng_i_file *file = learner->file;
    throng_i_sql relation = {.context = learner->context};
    throng_status status = THRONG_OK;
    (void)n_cells;
    THRONG_TRY(throng_i_resize(learner->context, &learner->tables, (int64_t)learner->n_tables + 1,
                               sizeof *learner->tables, err));
    bool is_main = strcmp(cells[0], "main") == 0;
    char **name = &learner->tables[learner->n_tables];
    THRONG_TRY(
        throng_i_print(learner->context, name, err, "%s%s%s", is_main ? "" : cells[0], is_main ? "" : ".", cells[1]));
    learner->n_tables++;
    if (strcmp(*name, file->table) == 0 || (!file->relation && strcasecmp(*name, file->table) == 0)) {
        throng_i_sql_name(&relation, file->catalog);
        throng_i_sql_add(&relation, ".");
        throng_i_sql_name(&relation, cells[0]);
        throng_i_sql_add(&relation, ".");
        throng_i_sql_name(&relation, cells[1]);
        THRONG_TRY(throng_i_sql_check(&relation, err));
        throng_i_free(learner->context, file->relation);
        file->relation = relation.text;
        relation.text = NULL;
    }
out:
    throng_i_sql_clear(&relation);
    return status;
}

static throng_status learn_duckdb(field_learner *learner, throng_i_sql *sql, throng_error *err) {
    throng_i_file *file = learner->file;
    throng_status status = THRONG_OK;
    THRONG_TRY(attach(learner, sql, err));
    throng_i_sql_add(sql, "SELECT table_schema, table_name FROM information_schema.tables WHERE table_catalog = ");
    throng_i_sql_literal(sql, file->catalog);
    throng_i_sql_add(sql, " ORDER BY ALL");
    THRONG_TRY(ask(learner, sql, take_table, NULL, err));
    if (!file->relation) {
        char hint[THRONG_MESSAGE_LENGTH / 2];
        throng_suggest(file->table, (const char *const *)learner->tables, learner->n_tables, hint, sizeof hint);
        status = THRONG_FAIL(err, E_FILE, "%s has no table \"%s\".%s", file->opened, file->table, hint);
        goto out;
    }
    THRONG_TRY(describe(learner, sql, false, NULL, err));
out:
    return status;
}

/* ---- all formats ----------------------------------------------------------------------------------------------- */

static throng_status check_duplicates(const throng_i_file *file, throng_error *err) {
    for (int i = 0; i < file->n_fields; i++)
        for (int j = 0; j < i && file->fields[i].name[0]; j++)
            if (strcmp(file->fields[i].name, file->fields[j].name) == 0)
                return THRONG_FAIL(err, E_COLUMN, "%s has two columns named \"%s\": numbers %d and %d.", file->shown,
                                   file->fields[i].name, j + 1, i + 1);
    return THRONG_OK;
}

throng_status throng_i_fields_learn(throng_i_reader *reader, int index, bool all_rows, throng_error *err) {
    throng_i_file *file = &reader->files.at[index];
    field_learner learner = {.reader = reader, .context = reader->context, .file = file};
    throng_i_sql sql = {.context = reader->context};
    throng_status status = THRONG_OK;
    throng_i_fields_clear(reader->context, file);
    for (int i = 0; i < reader->n_wanted; i++)
        reader->wanted[i].fields[index] = -1;
    if (file->format == THRONG_I_FORMAT_PARQUET)
        THRONG_TRY(learn_parquet(&learner, &sql, err));
    else if (file->format == THRONG_I_FORMAT_DUCKDB)
        THRONG_TRY(learn_duckdb(&learner, &sql, err));
    else
        THRONG_TRY(learn_text(&learner, &sql, all_rows, err));
    THRONG_TRY(check_duplicates(file, err));
out:
    for (int i = 0; i < learner.n_tables; i++)
        throng_i_free(reader->context, learner.tables[i]);
    throng_i_free(reader->context, learner.tables);
    throng_i_free(reader->context, learner.lines[0]);
    throng_i_free(reader->context, learner.lines[1]);
    throng_i_sql_clear(&sql);
    return status;
}
