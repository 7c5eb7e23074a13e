/* Looking at a Parquet file column by column: see parquet.h. */
#define _POSIX_C_SOURCE 200809L
#include "table/parquet.h"

#include "table/database.h"
#include "table/file.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- what is in it --------------------------------------------------------------------------------------------- */

/* How a column of one of DuckDB's types is read; false: not at all. */
static bool choose_role(const char *type, throng_i_parquet_column *out) {
    static const char *const whole[] = {"TINYINT",  "SMALLINT",  "INTEGER",  "BIGINT",
                                        "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"};
    bool is_timestamp = strncmp(type, "TIMESTAMP", strlen("TIMESTAMP")) == 0;
    *out = (throng_i_parquet_column){
        .role = THRONG_ROLE_LABEL, .type = THRONG_TYPE_INT64, .min = (double)NAN, .max = (double)NAN};
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++)
        if (strcmp(type, whole[i]) == 0)
            return true;
    if (strcmp(type, "VARCHAR") == 0) {
        out->type = THRONG_TYPE_TEXT;
    } else if (strcmp(type, "DATE") == 0 || is_timestamp) {
        out->type = is_timestamp ? THRONG_TYPE_TIMESTAMP : THRONG_TYPE_DATE;
        out->role = THRONG_ROLE_TIME;
    } else if (strcmp(type, "FLOAT") == 0 || strcmp(type, "DOUBLE") == 0) {
        out->type = *type == 'F' ? THRONG_TYPE_FLOAT32 : THRONG_TYPE_FLOAT64;
        out->role = THRONG_ROLE_NUMBER;
    } else {
        return false;
    }
    return true;
}

static throng_status take_description(void *user, const char *const *cells, int n_cells, throng_error *err) {
    throng_i_parquet *self = user;
    throng_status status = THRONG_OK;
    throng_i_parquet_column column;
    (void)n_cells;
    if (!cells[0] || !cells[1] || !choose_role(cells[1], &column))
        return THRONG_OK;
    THRONG_TRY(throng_i_copy_text(self->context, cells[0], &column.name, err));
    status = throng_i_resize(self->context, &self->columns, self->n_columns + 1, sizeof *self->columns, err);
    if (status == THRONG_OK)
        self->columns[self->n_columns++] = column;
    else
        throng_i_free(self->context, column.name);
out:
    return status;
}

/* A column's least and largest value, unless some part of the file has no statistics. */
static throng_status take_statistics(void *user, const char *const *cells, int n_cells, throng_error *err) {
    throng_i_parquet *self = user;
    (void)n_cells, (void)err;
    int index = cells[0] ? throng_i_parquet_find(self, cells[0], false) : -1;
    if (index < 0 || !cells[1] || !cells[2])
        return THRONG_OK;
    throng_i_parquet_column *column = &self->columns[index];
    double min = strtod(cells[1], NULL), max = strtod(cells[2], NULL);
    bool is_number =
        column->type == THRONG_TYPE_FLOAT32 || column->type == THRONG_TYPE_FLOAT64 || column->type == THRONG_TYPE_INT64;
    if (is_number && isfinite(min) && isfinite(max)) {
        column->min = min;
        column->max = max;
    }
    return THRONG_OK;
}

static throng_status take_count(void *user, const char *const *cells, int n_cells, throng_error *err) {
    throng_i_parquet *self = user;
    (void)n_cells, (void)err;
    self->n_rows += cells[0] ? strtoll(cells[0], NULL, 10) : 0;
    return THRONG_OK;
}

static throng_status ask(throng_i_parquet *self, throng_i_database *database, const char *before, const char *after,
                         throng_i_row_fn take_row, throng_error *err) {
    throng_i_sql sql = {.context = self->context};
    throng_i_sql_add(&sql, "%s[", before);
    for (int i = 0; i < self->n_parts; i++)
        throng_i_sql_add(&sql, "%s'%s'", i > 0 ? ", " : "", self->parts[i].path);
    throng_i_sql_add(&sql, "]%s", after);
    throng_status status = throng_i_sql_check(&sql, err);
    if (status == THRONG_OK)
        status = throng_i_database_rows(database, sql.text, take_row, self, NULL, err);
    throng_i_sql_clear(&sql);
    return status;
}

static throng_status learn(throng_i_parquet *self, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_database database = {0};
    THRONG_TRY(throng_i_database_open(self->context, "opening", &database, err));
    status = ask(self, &database, "SELECT CAST(num_rows AS VARCHAR) FROM parquet_file_metadata(", ")", take_count, err);
    if (status == THRONG_OK)
        status = ask(self, &database, "SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM read_parquet(",
                     "))", take_description, err);
    if (status == THRONG_E_QUERY)
        status = THRONG_FAIL(err, E_FORMAT, "%s is not a Parquet file, or it is damaged.", self->shown);
    THRONG_TRY(status);
    THRONG_TRY(ask(self, &database,
                   "SELECT path_in_schema, CAST(min(TRY_CAST(stats_min_value AS DOUBLE)) AS VARCHAR), "
                   "CAST(max(TRY_CAST(stats_max_value AS DOUBLE)) AS VARCHAR) FROM parquet_metadata(",
                   ") GROUP BY path_in_schema HAVING count(*) = count(stats_min_value) AND "
                   "count(*) = count(stats_max_value)",
                   take_statistics, err));
out:
    throng_i_database_close(&database);
    return status;
}

/* ---- opening and closing --------------------------------------------------------------------------------------- */

/* *out is the descriptor of what has that name, which is no symbolic link. */
static throng_status open_at(const throng_i_parquet *self, int folder, const char *name, int *out, struct stat *facts,
                             throng_error *err) {
    throng_status status = THRONG_OK;
    *out = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    THRONG_REQUIRE(*out >= 0, E_FILE, "%s cannot be opened: %s.", self->shown,
                   errno == ELOOP ? "it is a symbolic link" : strerror(errno));
    THRONG_REQUIRE(fstat(*out, facts) == 0, E_FILE, "%s cannot be opened: %s.", self->shown, strerror(errno));
out:
    return status;
}

/* Takes an open file over, also on failure. */
static throng_status add_part(throng_i_parquet *self, int descriptor, const struct stat *facts, throng_error *err) {
    throng_status status = THRONG_OK;
    THRONG_REQUIRE(S_ISREG(facts->st_mode), E_FILE, "%s is no regular file.", self->shown);
    THRONG_TRY(throng_i_resize(self->context, &self->parts, self->n_parts + 1, sizeof *self->parts, err));
    throng_i_parquet_part *part = &self->parts[self->n_parts++];
    part->descriptor = descriptor;
    snprintf(part->path, sizeof part->path, "/proc/self/fd/%d", descriptor);
    self->bytes += facts->st_size;
    return THRONG_OK;
out:
    close(descriptor);
    return status;
}

static throng_status add_parts(throng_i_parquet *self, int folder, throng_error *err) {
    throng_status status = THRONG_OK;
    struct dirent **found = NULL;
    struct stat facts;
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", folder);
    int n = throng_i_parts_list(path, &found);
    THRONG_REQUIRE(n > 0, E_FILE, "%s is a folder without files *.parquet.", self->shown);
    for (int i = 0; i < n; i++) {
        int descriptor = -1;
        status = open_at(self, folder, found[i]->d_name, &descriptor, &facts, err);
        if (status == THRONG_OK)
            status = add_part(self, descriptor, &facts, err);
        else if (descriptor >= 0)
            close(descriptor);
        if (status != THRONG_OK)
            break;
    }
out:
    for (int i = 0; i < n; i++)
        free(found[i]);
    free(found);
    return status;
}

throng_status throng_i_parquet_open(throng_context *context, int folder, const char *name, const char *shown,
                                    throng_i_parquet *out, throng_error *err) {
    throng_status status = THRONG_OK;
    struct stat facts = {0};
    throng_i_parquet self = {.context = context, .shown = shown};
    int descriptor = -1;
    THRONG_TRY(open_at(&self, folder, name, &descriptor, &facts, err));
    if (S_ISDIR(facts.st_mode)) {
        THRONG_TRY(add_parts(&self, descriptor, err));
        close(descriptor);
        descriptor = -1;
    } else {
        int file = descriptor;
        descriptor = -1;
        THRONG_TRY(add_part(&self, file, &facts, err));
    }
    THRONG_TRY(learn(&self, err));
    *out = self;
    return THRONG_OK;
out:
    if (descriptor >= 0)
        close(descriptor);
    throng_i_parquet_close(&self);
    return status;
}

void throng_i_parquet_close(throng_i_parquet *self) {
    if (!self->context)
        return;
    for (int i = 0; i < self->n_columns; i++) {
        throng_table_free(self->columns[i].table);
        throng_i_free(self->context, self->columns[i].name);
    }
    throng_i_free(self->context, self->columns);
    for (int i = 0; i < self->n_parts; i++)
        close(self->parts[i].descriptor);
    throng_i_free(self->context, self->parts);
    *self = (throng_i_parquet){0};
}

/* ---- columns --------------------------------------------------------------------------------------------------- */

int throng_i_parquet_find(const throng_i_parquet *self, const char *name, bool nearly) {
    for (int i = 0; i < self->n_columns; i++)
        if (strcmp(self->columns[i].name, name) == 0)
            return i;
    for (int i = 0; nearly && i < self->n_columns; i++)
        if (strcasecmp(self->columns[i].name, name) == 0)
            return i;
    return -1;
}

/* The extremes of what was read, where the file did not say. */
static void measure(throng_i_parquet_column *column, const throng_column_view *view) {
    column->type = view->type;
    if (isfinite(column->min) || view->type == THRONG_TYPE_TEXT)
        return;
    double min = HUGE_VAL, max = -HUGE_VAL;
    for (int64_t i = 0; i < view->n_rows; i++) {
        double value = view->type == THRONG_TYPE_FLOAT64   ? ((const double *)view->data)[i]
                       : view->type == THRONG_TYPE_FLOAT32 ? (double)((const float *)view->data)[i]
                       : view->type == THRONG_TYPE_INT64   ? (double)((const int64_t *)view->data)[i]
                                                           : (double)NAN;
        if (isfinite(value)) {
            min = value < min ? value : min;
            max = value > max ? value : max;
        }
    }
    if (min <= max) {
        column->min = min;
        column->max = max;
    }
}

static throng_status read_column(throng_i_parquet *self, throng_i_parquet_column *column, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_column_request request = {column->name, column->role};
    const char **paths = NULL;
    THRONG_TRY(throng_i_resize(self->context, &paths, self->n_parts, sizeof *paths, err));
    for (int i = 0; i < self->n_parts; i++)
        paths[i] = self->parts[i].path;
    THRONG_TRY(throng_table_read(self->context, paths, self->n_parts, &request, 1, NULL, &column->table, err));
out:
    throng_i_free(self->context, paths);
    return status;
}

throng_status throng_i_parquet_column_view(throng_i_parquet *self, int index, throng_column_view *out,
                                           throng_error *err) {
    throng_i_parquet_column *column = &self->columns[index];
    bool fresh = !column->table;
    if (fresh) {
        throng_error reason = {0};
        throng_status status = read_column(self, column, &reason);
        if (status != THRONG_OK && status != THRONG_E_MEMORY &&
            status != THRONG_E_CANCELLED) /* it names the descriptor */
            return THRONG_FAIL(err, E_FORMAT, "%s is damaged: its column \"%.60s\" cannot be read.", self->shown,
                               column->name);
        if (status != THRONG_OK && err)
            *err = reason;
        if (status != THRONG_OK)
            return status;
    }
    *out = throng_table_column(column->table, 0);
    if (out->n_rows != self->n_rows)
        return THRONG_FAIL(err, E_FORMAT, "%s has changed while it was read.", self->shown);
    if (fresh)
        measure(column, out);
    return THRONG_OK;
}
