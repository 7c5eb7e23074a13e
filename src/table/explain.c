/* DuckDB's words about a failure, which are many and about SQL, turned into one sentence about the user's file. */
#define _POSIX_C_SOURCE 200809L
#include "table/csv.h"
#include "table/reader.h"
#include "table/scan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of a value that a message shows, with the closing 0. */
#define SHOWN 48

/* A row found by looking into a file again. */
typedef struct row_found {
    int64_t row; /* from 1; 0: none was found */
    char value[SHOWN];
} row_found;

/* Copies a value for a message: cut between characters, and without line breaks. */
static void show_value(const char *value, int64_t length, char out[SHOWN]) {
    int64_t n = length < SHOWN ? length : SHOWN - 4;
    while (n > 0 && n < length && ((unsigned char)value[n] & 0xC0) == 0x80)
        n--;
    for (int64_t i = 0; i < n; i++)
        out[i] = (unsigned char)value[i] < ' ' ? ' ' : value[i];
    snprintf(out + n, (size_t)(SHOWN - n), "%s", n < length ? "..." : "");
}

/* The number behind the first `key` in DuckDB's words; -1 if there is none. */
static int64_t number_after(const char *words, const char *key) {
    const char *found = strstr(words, key);
    return found ? strtoll(found + strlen(key), NULL, 10) : -1;
}

/* ---- looking for the row --------------------------------------------------------------------------------------- */

static throng_status take_finding(void *user, const char *const *cells, int n_cells, throng_error *err) {
    row_found *finding = user;
    (void)n_cells;
    (void)err;
    finding->row = cells[0] ? strtoll(cells[0], NULL, 10) : 0;
    show_value(cells[1] ? cells[1] : "", cells[1] ? (int64_t)strlen(cells[1]) : 0, finding->value);
    return THRONG_OK;
}

/* Runs a query for one (row, value). If DuckDB fails nothing was found; a caller that passes `failure` frees it. */
static throng_status look(throng_i_reader *reader, throng_i_sql *sql, row_found *out, char **failure,
                          throng_error *err) {
    char *words = NULL;
    throng_status status = throng_i_sql_check(sql, err);
    if (status == THRONG_OK)
        status =
            throng_i_database_rows(&reader->database, sql->text, take_finding, out, failure ? failure : &words, err);
    throng_i_free(reader->context, words);
    return status == THRONG_E_QUERY ? THRONG_OK : status;
}

/* Begins "SELECT row, value FROM file WHERE " with the file's rows counted from 1. */
static void begin_look(throng_i_sql *sql, const throng_i_reader *reader, const throng_i_wanted *wanted, int index,
                       bool as_text) {
    int field = wanted->fields[index];
    throng_i_sql_add(sql, "SELECT CAST(\"row of file\" AS VARCHAR), CAST(");
    throng_i_sql_name(sql, reader->files.at[index].fields[field].sql_name);
    throng_i_sql_add(sql, " AS VARCHAR) FROM (SELECT *, row_number() OVER () AS \"row of file\" FROM ");
    throng_i_plan_scan(sql, reader, index, as_text ? field : -1);
    throng_i_sql_add(sql, ") WHERE ");
}

static void end_look(throng_i_sql *sql, const throng_i_reader *reader) {
    if (reader->condition)
        throng_i_sql_add(sql, " AND (%s\n)", reader->condition);
    throng_i_sql_add(sql, " LIMIT 1");
}

/* What a value must be in a form that DuckDB casts to; *noun is the word for it. NULL: any text will do. */
static const char *cast_of(throng_i_form form, const char **noun) {
    switch (form) {
    case THRONG_I_FORM_FLOAT32:
    case THRONG_I_FORM_FLOAT64:
        *noun = "a number";
        return "DOUBLE";
    case THRONG_I_FORM_INT64:
        *noun = "a whole number";
        return "BIGINT";
    case THRONG_I_FORM_DATE:
        *noun = "a date (such as 2024-11-05)";
        return "DATE";
    case THRONG_I_FORM_TIMESTAMP:
        *noun = "a point in time (such as 2024-11-05 18:30:00)";
        return "TIMESTAMP WITH TIME ZONE";
    default:
        return NULL;
    }
}

/* Finds the first row whose value cannot be cast. */
static throng_status find_uncastable(throng_i_reader *reader, const throng_i_wanted *wanted, int index,
                                     const char *cast, row_found *out, throng_error *err) {
    const throng_i_file *file = &reader->files.at[index];
    const char *name = file->fields[wanted->fields[index]].sql_name;
    throng_i_sql sql = {.context = reader->context};
    begin_look(&sql, reader, wanted, index, true);
    throng_i_sql_name(&sql, name);
    throng_i_sql_add(&sql, " IS NOT NULL AND TRY_CAST(");
    throng_i_sql_name(&sql, name);
    throng_i_sql_add(&sql, " AS %s) IS NULL AND lower(", cast);
    throng_i_sql_name(&sql, name);
    /* JSON's truth values are numbers to DuckDB's reader. */
    throng_i_sql_add(&sql, ") NOT IN (%s)", file->format == THRONG_I_FORMAT_NDJSON ? "'true', 'false'" : "''");
    end_look(&sql, reader);
    throng_status status = look(reader, &sql, out, NULL, err);
    throng_i_sql_clear(&sql);
    return status;
}

/* ---- values ---------------------------------------------------------------------------------------------------- */

static throng_status fail_at(const throng_i_file *file, const char *column, int64_t row, const char *value,
                             const char *what, throng_error *err) {
    char place[32] = "";
    if (row > 0)
        snprintf(place, sizeof place, " row %lld,", (long long)row);
    return THRONG_FAIL(err, E_COLUMN, "%s,%s column \"%s\": \"%s\" %s.", file->shown, place, column, value, what);
}

throng_status throng_i_explain_value(const throng_i_reader *reader, const throng_i_wanted *wanted, int index,
                                     int64_t row, const char *value, int64_t length, const char *what,
                                     throng_error *err) {
    const throng_i_file *file = &reader->files.at[index];
    char shown[SHOWN];
    show_value(value, length, shown);
    /* With a condition the rows that come are not the rows of the file. */
    return fail_at(file, file->fields[wanted->fields[index]].name, reader->condition ? 0 : row + 1, shown, what, err);
}

/* A hint for what is written most often where a number should be. */
static const char *hint_for(const throng_i_file *file, const char *value) {
    static const char *const missing[] = {"NA", "N/A", "na", "n/a", "null", "NULL", "None", "-", ".", "?"};
    const char *comma = strchr(value, ',');
    if (comma && strspn(value, "0123456789+-") == (size_t)(comma - value) && comma[1])
        return "; decimals are written with a point";
    for (size_t i = 0; i < sizeof missing / sizeof *missing; i++)
        if (file->format == THRONG_I_FORMAT_CSV && strcmp(value, missing[i]) == 0)
            return "; leave the field empty where a value is missing";
    return "";
}

/* Looks for the first value in any wanted column that cannot be what it must. *found: the status says the rest; it is
 * THRONG_OK if a form was widened. */
static throng_status explain_values(throng_i_reader *reader, int index, bool *found, throng_error *err) {
    const throng_i_file *file = &reader->files.at[index];
    throng_i_wanted *bad = NULL;
    row_found first = {0};
    const char *noun = "", *bad_noun = "";
    for (int i = 0; i < reader->n_wanted; i++) {
        throng_i_wanted *wanted = &reader->wanted[i];
        const char *cast = cast_of(wanted->form, &noun);
        row_found finding = {0};
        if (!cast || wanted->fields[index] < 0)
            continue;
        throng_status status = find_uncastable(reader, wanted, index, cast, &finding, err);
        if (status != THRONG_OK)
            return status;
        if (finding.row > 0 && (!bad || finding.row < first.row)) {
            first = finding;
            bad = wanted;
            bad_noun = noun;
        }
    }
    *found = bad != NULL;
    if (!bad || throng_i_plan_widen(reader, bad, false))
        return THRONG_OK;
    char what[160];
    snprintf(what, sizeof what, "is not %s%s", bad_noun, hint_for(file, first.value));
    return fail_at(file, file->fields[bad->fields[index]].name, first.row, first.value, what, err);
}

throng_status throng_i_explain_missing(throng_i_reader *reader, const throng_i_wanted *wanted, throng_error *err) {
    int index = wanted->missing_file;
    const throng_i_file *file = &reader->files.at[index];
    row_found finding = {.row = wanted->missing_row + 1};
    throng_i_sql sql = {.context = reader->context};
    if (reader->condition) {
        begin_look(&sql, reader, wanted, index, false);
        throng_i_plan_value(&sql, reader, wanted, index);
        throng_i_sql_add(&sql, " IS NULL");
        end_look(&sql, reader);
        throng_status status = look(reader, &sql, &finding, NULL, err);
        throng_i_sql_clear(&sql);
        if (status != THRONG_OK)
            return status;
    }
    const char *thing = wanted->role == THRONG_ROLE_KEY ? "key" : "time";
    char more[48] = "";
    if (wanted->n_missing > 1)
        snprintf(more, sizeof more, ", here and in %lld more row%s", (long long)wanted->n_missing - 1,
                 wanted->n_missing == 2 ? "" : "s");
    return THRONG_FAIL(err, E_MISSING_VALUE, "%s, row %lld, column \"%s\": the %s is missing%s.", file->shown,
                       (long long)finding.row, file->fields[wanted->fields[index]].name, thing, more);
}

/* ---- CSV ------------------------------------------------------------------------------------------------------- */

/* What DuckDB says of a line, in other words; NULL: nothing known. */
static const char *csv_flaw(const char *words) {
    static const char *const flaws[][2] = {
        {"Invalid unicode", "the text is not UTF-8"},
        {"unterminated quote", "a quoted field does not end"},
        {"Maximum line size", "the line is longer than 2 MB; in CSV a quote may be missing before it"},
        {"quote should be followed by", "a quoted field goes on after its closing quote"},
    };
    for (size_t i = 0; i < sizeof flaws / sizeof *flaws; i++)
        if (strstr(words, flaws[i][0]))
            return flaws[i][1];
    return NULL;
}

static throng_status explain_csv(const throng_i_file *file, const char *words, throng_error *err) {
    int64_t line = number_after(words, "CSV Error on Line: ");
    int64_t expected = number_after(words, "Expected Number of Columns: "), found = number_after(words, " Found: ");
    const char *flaw = csv_flaw(words), *convert = strstr(words, "Error when converting column ");
    char sentence[THRONG_I_SENTENCE_LENGTH];
    if (line > 0 && expected > 0)
        return THRONG_FAIL(err, E_FORMAT, "%s, line %lld: %lld field%s, but the header names %lld column%s.",
                           file->shown, (long long)line, (long long)found, found == 1 ? "" : "s", (long long)expected,
                           expected == 1 ? "" : "s");
    if (flaw && line > 0)
        return THRONG_FAIL(err, E_FORMAT, "%s, line %lld: %s.", file->shown, (long long)line, flaw);
    if (convert && line > 0) {
        throng_i_database_sentence(convert, sentence);
        return THRONG_FAIL(err, E_COLUMN, "%s, line %lld: %s", file->shown, (long long)line, sentence);
    }
    if (strstr(words, "state machine reached an invalid state"))
        return THRONG_FAIL(err, E_FORMAT, THRONG_I_NOT_REGULAR_CSV, file->shown);
    throng_i_database_sentence(words, sentence);
    return THRONG_FAIL(err, E_FORMAT, "%s cannot be read as CSV: %s", file->shown, sentence);
}

/* ---- NDJSON ---------------------------------------------------------------------------------------------------- */

static throng_status explain_ndjson(throng_i_reader *reader, int index, const char *words, throng_error *err) {
    const throng_i_file *file = &reader->files.at[index];
    row_found finding = {0};
    char *failure = NULL;
    throng_i_sql sql = {.context = reader->context};
    /* DuckDB counts lines in its own way; here they are counted as an editor does. */
    throng_i_sql_add(&sql,
                     "SELECT CAST(number AS VARCHAR), line FROM (SELECT line, row_number() OVER () AS number FROM ");
    throng_i_scan_lines(&sql, file);
    throng_i_sql_add(&sql, ") WHERE trim(line) <> '' AND CASE WHEN json_valid(line) THEN json_type(line) <> 'OBJECT' "
                           "ELSE true END LIMIT 1");
    throng_status status = look(reader, &sql, &finding, &failure, err);
    throng_i_sql_clear(&sql);
    /* Lines are read as a CSV file of one column. */
    const char *flaw = csv_flaw(failure ? failure : words);
    int64_t line = number_after(failure ? failure : words, "CSV Error on Line: ");
    if (status == THRONG_OK && finding.row > 0) {
        status = THRONG_FAIL(err, E_FORMAT, "%s, line %lld is not a JSON object: %s", file->shown,
                             (long long)finding.row, finding.value);
    } else if (status == THRONG_OK && line > 0 && flaw) {
        status = THRONG_FAIL(err, E_FORMAT, "%s, line %lld: %s.", file->shown, (long long)line, flaw);
    } else if (status == THRONG_OK && strstr(words, "byte order mark")) {
        status = THRONG_FAIL(err, E_FORMAT, "%s begins with a byte order mark, which JSON cannot: save it without BOM.",
                             file->shown);
    } else if (status == THRONG_OK && strstr(words, "non-record JSON")) {
        status = THRONG_FAIL(err, E_FORMAT, "%s holds no JSON object.", file->shown);
    } else if (status == THRONG_OK) {
        char sentence[THRONG_I_SENTENCE_LENGTH];
        throng_i_database_sentence(words, sentence);
        status = THRONG_FAIL(err, E_FORMAT, "%s cannot be read as NDJSON: %s", file->shown, sentence);
    }
    throng_i_free(reader->context, failure);
    return status;
}

/* ---- conditions ------------------------------------------------------------------------------------------------ */

/* ` Did you mean "state"?` if DuckDB did not find a column, else nothing. */
static void suggest_column(const throng_i_reader *reader, const throng_i_file *file, const char *words, char *out,
                           size_t size) {
    static const char sign[] = "Referenced column \"";
    const char *begin = strstr(words, sign), *end = begin ? strchr(begin + sizeof sign - 1, '"') : NULL;
    const char **names = NULL;
    char *wrong = NULL;
    out[0] = '\0';
    if (end &&
        throng_i_print(reader->context, &wrong, NULL, "%.*s", (int)(end - begin - (int)sizeof sign + 1),
                       begin + sizeof sign - 1) == THRONG_OK &&
        throng_i_alloc(reader->context, file->n_fields, sizeof *names, &names, NULL) == THRONG_OK) {
        for (int i = 0; i < file->n_fields; i++)
            names[i] = file->fields[i].sql_name;
        throng_suggest(wrong, names, file->n_fields, out, size);
    }
    throng_i_free(reader->context, names);
    throng_i_free(reader->context, wrong);
}

static throng_status explain_condition(const throng_i_reader *reader, const throng_i_file *file, const char *words,
                                       throng_error *err) {
    char sentence[THRONG_I_SENTENCE_LENGTH], hint[THRONG_MESSAGE_LENGTH / 2];
    throng_i_database_sentence(words, sentence);
    suggest_column(reader, file, words, hint, sizeof hint);
    return THRONG_FAIL(err, E_QUERY, "The condition does not fit %s: %s%s", file->shown, sentence, hint);
}

/* ---- all formats ----------------------------------------------------------------------------------------------- */

static bool is_about_values(const char *words) {
    static const char *const signs[] = {"Conversion Error", "Error when converting", "JSON transform error",
                                        "Could not convert", "Failed to cast"};
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (strstr(words, signs[i]))
            return true;
    return false;
}

static bool is_about_sql(const char *words) {
    static const char *const kinds[] = {"Binder Error", "Parser Error", "Catalog Error", "Permission Error",
                                        "Not implemented Error"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strncmp(words, kinds[i], strlen(kinds[i])) == 0)
            return true;
    return false;
}

throng_status throng_i_explain(throng_i_reader *reader, int index, const char *words, throng_error *err) {
    const throng_i_file *file = &reader->files.at[index];
    char sentence[THRONG_I_SENTENCE_LENGTH];
    throng_i_database_sentence(words, sentence);
    if (is_about_values(words)) {
        bool found = false;
        throng_status status = explain_values(reader, index, &found, err);
        if (found || status != THRONG_OK)
            return status;
    }
    /* As long as columns are being learnt the condition is not part of any query. */
    bool has_condition = reader->condition && reader->n_wanted > 0 && reader->wanted[0].fields[index] >= 0;
    if (has_condition && (is_about_sql(words) || strncmp(words, "Conversion", 10) == 0) && !strstr(words, "CSV"))
        return explain_condition(reader, file, words, err);
    if (file->format == THRONG_I_FORMAT_CSV)
        return explain_csv(file, words, err);
    if (file->format == THRONG_I_FORMAT_NDJSON)
        return explain_ndjson(reader, index, words, err);
    if (strncmp(words, "IO Error", 8) == 0 && file->format == THRONG_I_FORMAT_DUCKDB)
        return THRONG_FAIL(err, E_FILE, "%s cannot be read: %s", file->shown, sentence);
    return THRONG_FAIL(err, E_FORMAT, "%s cannot be read as %s: %s", file->shown, throng_i_format_name(file->format),
                       sentence);
}
