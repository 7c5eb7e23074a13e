/* A growing SQL text and its quoting. */
#include "table/sql.h"

#include <stdio.h>
#include <string.h>

/* Makes room for `more` bytes and the final 0; false after a failure. */
static bool reserve(throng_i_sql *sql, int64_t more) {
    if (sql->status != THRONG_OK)
        return false;
    int64_t needed = sql->length + more + 1;
    if (needed > sql->size) {
        int64_t size = 2 * needed + 256;
        sql->status = throng_i_resize(sql->context, &sql->text, size, 1, NULL);
        if (sql->status == THRONG_OK)
            sql->size = size;
    }
    return sql->status == THRONG_OK;
}

static void add_bytes(throng_i_sql *sql, const char *bytes, size_t n) {
    if (!reserve(sql, (int64_t)n))
        return;
    memcpy(sql->text + sql->length, bytes, n);
    sql->length += (int64_t)n;
    sql->text[sql->length] = '\0';
}

void throng_i_sql_add(throng_i_sql *sql, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0 || !reserve(sql, length))
        return;
    va_start(arguments, format);
    vsnprintf(sql->text + sql->length, (size_t)length + 1, format, arguments);
    va_end(arguments);
    sql->length += length;
}

static void add_quoted(throng_i_sql *sql, const char *text, char quote) {
    add_bytes(sql, &quote, 1);
    for (const char *c = text; *c; c++) {
        if (*c == quote)
            add_bytes(sql, &quote, 1);
        add_bytes(sql, c, 1);
    }
    add_bytes(sql, &quote, 1);
}

void throng_i_sql_name(throng_i_sql *sql, const char *name) {
    add_quoted(sql, name, '"');
}

void throng_i_sql_literal(throng_i_sql *sql, const char *text) {
    add_quoted(sql, text, '\'');
}

void throng_i_sql_path(throng_i_sql *sql, const char *path, bool expands_patterns) {
    add_bytes(sql, "'", 1);
    if (path[0] != '/')
        add_bytes(sql, "./", 2);
    for (const char *c = path; *c; c++) {
        if (expands_patterns && strchr("[*?", *c))
            throng_i_sql_add(sql, "[%c]", *c);
        else
            throng_i_sql_add(sql, "%s%c", *c == '\'' ? "'" : "", *c);
    }
    add_bytes(sql, "'", 1);
}

throng_status throng_i_sql_check(throng_i_sql *sql, throng_error *err) {
    add_bytes(sql, "", 0);
    if (sql->status != THRONG_OK)
        return THRONG_FAIL(err, E_MEMORY, "Out of memory while preparing a query.");
    return THRONG_OK;
}

void throng_i_sql_reset(throng_i_sql *sql) {
    sql->length = 0;
    sql->status = THRONG_OK;
}

void throng_i_sql_clear(throng_i_sql *sql) {
    throng_i_free(sql->context, sql->text);
    *sql = (throng_i_sql){.context = sql->context};
}
