/* Names and separator out of a CSV file's first line. */
#define _POSIX_C_SOURCE 200809L
#include "table/csv.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static int count_separators(const char *line, char separator) {
    int count = 0;
    bool quoted = false;
    for (const char *c = line; *c; c++) {
        if (*c == '"')
            quoted = !quoted;
        else if (*c == separator && !quoted)
            count++;
    }
    return count;
}

char throng_i_csv_delimiter(const char *header, const char *second) {
    static const char candidates[] = {',', ';', '\t', '|'};
    char best = ',';
    int most = 0;
    bool best_agrees = false;
    for (size_t i = 0; i < sizeof candidates; i++) {
        int count = count_separators(header, candidates[i]);
        bool agrees = second && count_separators(second, candidates[i]) == count;
        if (count > 0 && (agrees > best_agrees || (agrees == best_agrees && count > most))) {
            best = candidates[i];
            most = count;
            best_agrees = agrees;
        }
    }
    return best;
}

/* Copies the field that ends at `end` into name, without quotes and the spaces around it. False if it has a quote where
 * none can be. */
static bool copy_name(const char *begin, const char *end, char *name) {
    while (begin < end && strchr(" \t\r", *begin))
        begin++;
    while (end > begin && strchr(" \t\r", end[-1]))
        end--;
    bool is_quoted = end - begin >= 2 && *begin == '"' && end[-1] == '"';
    if (is_quoted) {
        begin++;
        end--;
    }
    while (begin < end) {
        if (*begin == '"') {
            begin++;
            if (!is_quoted || begin == end || *begin != '"')
                return false;
        }
        *name++ = *begin++;
    }
    *name = '\0';
    return true;
}

/* Where the field that begins at c ends. */
static const char *field_end(const char *c, char separator) {
    bool quoted = false;
    for (; *c && (quoted || *c != separator); c++)
        if (*c == '"')
            quoted = !quoted;
    return c;
}

static bool is_taken(const throng_i_file *file, int n, const char *name) {
    for (int i = 0; i < n; i++)
        if (strcasecmp(file->fields[i].sql_name, name) == 0)
            return true;
    return false;
}

/* A name for queries: the column's own, or one made up if it has none or differs from another only in case. */
static throng_status name_field(throng_context *context, throng_i_file *file, int index, throng_error *err) {
    throng_i_field *field = &file->fields[index];
    throng_status status = THRONG_OK;
    if (field->name[0] && !is_taken(file, index, field->name))
        return throng_i_copy_text(context, field->name, &field->sql_name, err);
    for (int suffix = index + 1;; suffix++) {
        THRONG_TRY(throng_i_print(context, &field->sql_name, err, "%s_%d", field->name, suffix));
        if (!is_taken(file, index, field->sql_name))
            break;
        throng_i_free(context, field->sql_name);
        field->sql_name = NULL;
    }
out:
    return status;
}

throng_status throng_i_csv_header(throng_context *context, const char *header, throng_i_file *file, throng_error *err) {
    throng_status status = THRONG_OK;
    int quotes = 0;
    for (const char *c = header; *c; c++)
        quotes += *c == '"';
    THRONG_REQUIRE(quotes % 2 == 0, E_FORMAT, "%s, line 1: a quoted column name does not end.", file->shown);
    int n = count_separators(header, file->delimiter) + 1;
    THRONG_TRY(throng_i_alloc(context, n, sizeof *file->fields, &file->fields, err));
    for (const char *c = header; file->n_fields < n; c++) {
        const char *end = field_end(c, file->delimiter);
        throng_i_field *field = &file->fields[file->n_fields++];
        THRONG_TRY(throng_i_alloc(context, end - c + 1, 1, &field->name, err));
        THRONG_REQUIRE(copy_name(c, end, field->name), E_FORMAT,
                       "%s, line 1: the name of column %d has a quote where none can be.", file->shown, file->n_fields);
        THRONG_TRY(name_field(context, file, file->n_fields - 1, err));
        c = end;
    }
out:
    return status;
}
