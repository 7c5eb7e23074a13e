/* From what a caller wants and what files have to queries: names are matched, types settled, SQL written. */
#define _POSIX_C_SOURCE 200809L
#include "table/reader.h"
#include "table/scan.h"

#include <string.h>
#include <strings.h>

/* Types of DuckDB, as far as throng tells them apart. */
typedef enum type_kind {
    KIND_BOOLEAN,
    KIND_WHOLE,   /* fits int64 */
    KIND_BIG,     /* whole, may not fit */
    KIND_FLOAT,   /* 32 bits */
    KIND_DOUBLE,  /* 64 bits */
    KIND_DECIMAL, /* with digits behind the point */
    KIND_DATE,
    KIND_TIMESTAMP,
    KIND_ZONED, /* timestamp, arrives as UTC */
    KIND_TEXT,
    KIND_OTHER, /* has a text, but no order that throng knows: TIME, INTERVAL, UUID, BLOB, ... */
    KIND_NESTED
} type_kind;

static bool begins(const char *text, const char *beginning) {
    return strncmp(text, beginning, strlen(beginning)) == 0;
}

static type_kind kind_of(const char *type) {
    static const struct {
        const char *type;
        type_kind kind;
    } kinds[] = {
        {"BOOLEAN", KIND_BOOLEAN},
        {"TINYINT", KIND_WHOLE},
        {"SMALLINT", KIND_WHOLE},
        {"INTEGER", KIND_WHOLE},
        {"BIGINT", KIND_WHOLE},
        {"UTINYINT", KIND_WHOLE},
        {"USMALLINT", KIND_WHOLE},
        {"UINTEGER", KIND_WHOLE},
        {"UBIGINT", KIND_BIG},
        {"HUGEINT", KIND_BIG},
        {"UHUGEINT", KIND_BIG},
        {"FLOAT", KIND_FLOAT},
        {"DOUBLE", KIND_DOUBLE},
        {"DATE", KIND_DATE},
        {"TIMESTAMP", KIND_TIMESTAMP},
        {"TIMESTAMP_S", KIND_TIMESTAMP},
        {"TIMESTAMP_MS", KIND_TIMESTAMP},
        {"TIMESTAMP_NS", KIND_TIMESTAMP},
        {"TIMESTAMP WITH TIME ZONE", KIND_ZONED},
        {"VARCHAR", KIND_TEXT},
        {"JSON", KIND_TEXT},
        {"\"NULL\"", KIND_TEXT},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(type, kinds[i].type) == 0)
            return kinds[i].kind;
    if (begins(type, "DECIMAL("))
        return strstr(type, ",0)") ? KIND_BIG : KIND_DECIMAL;
    if (begins(type, "ENUM("))
        return KIND_TEXT;
    bool nested = strchr(type, '(') || type[strlen(type) - 1] == ']';
    return nested ? KIND_NESTED : KIND_OTHER;
}

static bool is_text_file(const throng_i_file *file) {
    return file->format == THRONG_I_FORMAT_CSV || file->format == THRONG_I_FORMAT_NDJSON;
}

/* ---- matching names -------------------------------------------------------------------------------------------- */

int throng_i_plan_find(const throng_i_file *file, const char *name) {
    int found = -1;
    for (int i = 0; i < file->n_fields; i++)
        if (strcmp(file->fields[i].name, name) == 0)
            return i;
    for (int i = 0; i < file->n_fields; i++)
        if (strcasecmp(file->fields[i].name, name) == 0)
            found = found == -1 ? i : -2;
    return found;
}

static throng_status match(const throng_i_reader *reader, const throng_i_file *file, const char *name, int *out,
                           throng_error *err) {
    throng_status status = THRONG_OK;
    const char **names = NULL;
    int found = throng_i_plan_find(file, name);
    THRONG_REQUIRE(found != -2, E_COLUMN, "%s has several columns named \"%s\" in different case; write it exactly.",
                   file->shown, name);
    if (found == -1) {
        char hint[THRONG_MESSAGE_LENGTH / 2];
        THRONG_TRY(throng_i_alloc(reader->context, file->n_fields, sizeof *names, &names, err));
        for (int i = 0; i < file->n_fields; i++)
            names[i] = file->fields[i].name;
        throng_suggest(name, names, file->n_fields, hint, sizeof hint);
        THRONG_REQUIRE(false, E_COLUMN, "%s has no column \"%s\".%s", file->shown, name, hint);
    }
    *out = found;
out:
    throng_i_free(reader->context, names);
    return status;
}

/* Whether a text contains a name, in any case. */
static bool mentions(const char *text, const char *name) {
    size_t n = strlen(name);
    for (; n > 0 && *text; text++)
        if (strncasecmp(text, name, n) == 0)
            return true;
    return false;
}

bool throng_i_plan_needs_all_rows(const throng_i_reader *reader, const throng_i_file *file) {
    for (int i = 0; i < file->n_fields && reader->condition; i++) {
        bool is_number = false; /* read as float64, which holds 0.5 */
        for (int j = 0; j < reader->n_wanted; j++)
            is_number = is_number || (reader->wanted[j].role == THRONG_ROLE_NUMBER &&
                                      throng_i_plan_find(file, reader->wanted[j].name) == i);
        type_kind kind = kind_of(file->fields[i].type);
        if (!is_number && (kind == KIND_WHOLE || kind == KIND_BIG) &&
            mentions(reader->condition, file->fields[i].sql_name))
            return true;
    }
    return false;
}

/* ---- settling forms -------------------------------------------------------------------------------------------- */

/* What a key, time or label of text files becomes where a sample shows whole numbers: text until the last row has
 * shown that DuckDB's reading of it as a number would lose nothing (007, 0.5 after a million whole numbers). */
static throng_i_form whole_form(const throng_i_file *file) {
    return is_text_file(file) && file->is_sampled ? THRONG_I_FORM_WHOLE : THRONG_I_FORM_INT64;
}

static throng_i_form key_form(const throng_i_file *file, type_kind kind) {
    if (kind == KIND_WHOLE)
        return whole_form(file);
    /* Real numbers in a text file are names as they are written. */
    bool may_be_whole = kind == KIND_BIG || (!is_text_file(file) && (kind == KIND_FLOAT || kind == KIND_DOUBLE));
    return may_be_whole ? THRONG_I_FORM_WHOLE : THRONG_I_FORM_TEXT;
}

static throng_i_form time_form(const throng_i_file *file, type_kind kind) {
    switch (kind) {
    case KIND_BOOLEAN:
        return THRONG_I_FORM_INT64;
    case KIND_WHOLE:
        return whole_form(file);
    case KIND_BIG:
    case KIND_FLOAT:
    case KIND_DOUBLE:
    case KIND_DECIMAL:
        return THRONG_I_FORM_WHOLE;
    case KIND_DATE:
        return THRONG_I_FORM_DATE;
    case KIND_TIMESTAMP:
    case KIND_ZONED:
        return THRONG_I_FORM_TIMESTAMP;
    default:
        return THRONG_I_FORM_TEXT;
    }
}

static throng_i_form label_form(const throng_i_file *file, type_kind kind) {
    switch (kind) {
    case KIND_WHOLE:
        return whole_form(file);
    case KIND_BIG:
        return THRONG_I_FORM_WHOLE;
    case KIND_FLOAT:
    case KIND_DOUBLE:
    case KIND_DECIMAL:
        return THRONG_I_FORM_FLOAT64;
    default:
        return THRONG_I_FORM_TEXT;
    }
}

/* The form that a column of one file asks for. */
static throng_status file_form(const throng_i_wanted *wanted, const throng_i_file *file, int field, throng_i_form *out,
                               throng_error *err) {
    const char *name = file->fields[field].name, *type = file->fields[field].type;
    type_kind kind = kind_of(type);
    throng_status status = THRONG_OK;
    /* In text files types are guesses: there a value will be blamed, not the column. */
    bool is_number = kind <= KIND_DECIMAL || kind == KIND_TEXT || (is_text_file(file) && kind != KIND_NESTED);
    THRONG_REQUIRE(wanted->role != THRONG_ROLE_NUMBER || is_number, E_COLUMN,
                   "%s: column \"%s\" must hold numbers, but it is of type %.80s.", file->shown, name, type);
    THRONG_REQUIRE(kind != KIND_NESTED, E_COLUMN,
                   "%s: column \"%s\" must hold one value a row, but it is of type %.80s.", file->shown, name, type);
    switch (wanted->role) {
    case THRONG_ROLE_KEY:
        *out = key_form(file, kind);
        break;
    case THRONG_ROLE_TIME:
        *out = time_form(file, kind);
        break;
    case THRONG_ROLE_LABEL:
        *out = label_form(file, kind);
        break;
    default:
        *out = kind == KIND_FLOAT ? THRONG_I_FORM_FLOAT32 : THRONG_I_FORM_FLOAT64;
    }
out:
    return status;
}

static bool are_both(throng_i_form a, throng_i_form b, throng_i_form x, throng_i_form y) {
    return (a == x && b == y) || (a == y && b == x);
}

/* The form that serves two files; false if there is none. */
static bool join_forms(throng_role role, throng_i_form a, throng_i_form b, throng_i_form *out) {
    if (a == b) {
        *out = a;
        return true;
    }
    if (are_both(a, b, THRONG_I_FORM_INT64, THRONG_I_FORM_WHOLE)) {
        *out = THRONG_I_FORM_WHOLE;
        return true;
    }
    if (role == THRONG_ROLE_TIME) {
        *out = THRONG_I_FORM_TIMESTAMP;
        return are_both(a, b, THRONG_I_FORM_DATE, THRONG_I_FORM_TIMESTAMP);
    }
    bool is_text = role == THRONG_ROLE_KEY || a == THRONG_I_FORM_TEXT || b == THRONG_I_FORM_TEXT;
    *out = is_text ? THRONG_I_FORM_TEXT : THRONG_I_FORM_FLOAT64;
    return true;
}

static throng_status settle(throng_i_reader *reader, throng_i_wanted *wanted, throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_i_file *first = NULL;
    wanted->form = wanted->role == THRONG_ROLE_KEY ? THRONG_I_FORM_INT64 : THRONG_I_FORM_FLOAT64;
    if (wanted->role == THRONG_ROLE_TIME)
        wanted->form = THRONG_I_FORM_INT64;
    for (int i = 0; i < reader->files.count; i++) {
        const throng_i_file *file = &reader->files.at[i];
        /* A file without rows may lack columns if it is NDJSON, and has no say in types if it is text. */
        wanted->fields[i] = -1;
        if (file->format == THRONG_I_FORMAT_NDJSON && !file->has_rows && reader->files.count > 1)
            continue;
        throng_i_form form = wanted->form;
        THRONG_TRY(match(reader, file, wanted->name, &wanted->fields[i], err));
        if (is_text_file(file) && !file->has_rows)
            continue;
        THRONG_TRY(file_form(wanted, file, wanted->fields[i], &form, err));
        THRONG_REQUIRE(!first || join_forms(wanted->role, wanted->form, form, &wanted->form), E_COLUMN,
                       "Column \"%s\" holds times of one kind in %s and of another in %s.", wanted->name, first->shown,
                       file->shown);
        if (!first)
            wanted->form = form;
        first = first ? first : file;
    }
out:
    return status;
}

throng_status throng_i_plan(throng_i_reader *reader, throng_error *err) {
    throng_status status = THRONG_OK;
    for (int i = 0; i < reader->n_wanted; i++) {
        throng_i_wanted *wanted = &reader->wanted[i];
        THRONG_TRY(settle(reader, wanted, err));
        for (int j = 0; j < i; j++)
            for (int k = 0; k < reader->files.count; k++)
                THRONG_REQUIRE(reader->wanted[j].fields[k] != wanted->fields[k] || wanted->fields[k] < 0 ||
                                   reader->wanted[j].role == wanted->role,
                               E_ARGUMENT, "Column \"%s\" is asked for in two roles, which no column can play.",
                               wanted->name);
    }
out:
    return status;
}

bool throng_i_plan_widen(throng_i_reader *reader, throng_i_wanted *wanted, bool is_number) {
    bool is_label = wanted->role == THRONG_ROLE_LABEL;
    if (wanted->form == THRONG_I_FORM_WHOLE && is_label && is_number)
        wanted->form = THRONG_I_FORM_FLOAT64;
    else if (wanted->form == THRONG_I_FORM_WHOLE && (is_label || wanted->role == THRONG_ROLE_KEY))
        wanted->form = THRONG_I_FORM_TEXT;
    else if (wanted->form == THRONG_I_FORM_FLOAT64 && is_label)
        wanted->form = THRONG_I_FORM_TEXT;
    else
        return false;
    reader->again = true;
    return true;
}

/* ---- SQL ------------------------------------------------------------------------------------------------------- */

/* The SQL type that a wanted field of a text file is read as. With a condition this is what the condition sees, so
 * that text which is to become a number stays text: the condition may leave those rows out. */
static const char *source_type(const throng_i_reader *reader, const throng_i_wanted *wanted, const char *type) {
    type_kind kind = kind_of(type);
    switch (wanted->form) {
    case THRONG_I_FORM_FLOAT32:
    case THRONG_I_FORM_FLOAT64:
        if (kind == KIND_BOOLEAN || (reader->condition && kind == KIND_TEXT))
            return kind == KIND_BOOLEAN ? "BOOLEAN" : "VARCHAR";
        return "DOUBLE";
    case THRONG_I_FORM_WHOLE:
        return wanted->role == THRONG_ROLE_TIME && kind == KIND_DOUBLE ? "DOUBLE" : "VARCHAR";
    case THRONG_I_FORM_TEXT:
        return "VARCHAR";
    default:
        return type;
    }
}

/* What DuckDB sees the wanted field of a file as. */
static type_kind source_kind(const throng_i_reader *reader, const throng_i_wanted *wanted, int index) {
    const throng_i_file *file = &reader->files.at[index];
    const char *type = file->fields[wanted->fields[index]].type;
    return kind_of(is_text_file(file) ? source_type(reader, wanted, type) : type);
}

static void add_text_value(throng_i_sql *sql, const char *name, type_kind kind) {
    if (kind != KIND_FLOAT && kind != KIND_DOUBLE) {
        throng_i_sql_add(sql, "CAST(");
        throng_i_sql_name(sql, name);
        throng_i_sql_add(sql, " AS VARCHAR)");
        return;
    }
    /* Numbers that serve as names: 7, not 7.0, as long as a double holds whole numbers exactly; NaN names nothing. */
    static const char *const pieces[] = {"CASE WHEN isnan(",
                                         ") THEN NULL WHEN ",
                                         " = trunc(",
                                         ") AND abs(",
                                         ") < 9007199254740992 THEN CAST(CAST(",
                                         " AS BIGINT) AS VARCHAR) ELSE CAST("};
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        throng_i_sql_add(sql, "%s", pieces[i]);
        throng_i_sql_name(sql, name);
    }
    throng_i_sql_add(sql, " AS VARCHAR) END");
}

void throng_i_plan_value(throng_i_sql *sql, const throng_i_reader *reader, const throng_i_wanted *wanted, int index) {
    const char *name = reader->files.at[index].fields[wanted->fields[index]].sql_name;
    type_kind kind = source_kind(reader, wanted, index);
    const char *target = NULL;
    switch (wanted->form) {
    case THRONG_I_FORM_WHOLE:
    case THRONG_I_FORM_TEXT:
        add_text_value(sql, name, kind);
        return;
    case THRONG_I_FORM_FLOAT32:
        target = "FLOAT";
        break;
    case THRONG_I_FORM_FLOAT64:
        target = "DOUBLE";
        break;
    case THRONG_I_FORM_INT64:
        target = "BIGINT";
        break;
    case THRONG_I_FORM_DATE:
        target = "DATE";
        break;
    case THRONG_I_FORM_TIMESTAMP:
        target = kind == KIND_ZONED ? "TIMESTAMP WITH TIME ZONE" : "TIMESTAMP";
        break;
    }
    throng_i_sql_add(sql, "CAST(");
    throng_i_sql_name(sql, name);
    throng_i_sql_add(sql, " AS %s)", target);
}

void throng_i_plan_scan(throng_i_sql *sql, const throng_i_reader *reader, int index, int as_text) {
    const throng_i_file *file = &reader->files.at[index];
    const char **types = NULL;
    throng_status status = throng_i_alloc(reader->context, file->n_fields, sizeof *types, &types, NULL);
    if (status != THRONG_OK) {
        sql->status = status;
        return;
    }
    for (int i = 0; i < file->n_fields && reader->condition; i++)
        types[i] = file->fields[i].type;
    for (int i = 0; i < reader->n_wanted; i++) {
        int field = reader->wanted[i].fields[index];
        if (field >= 0)
            types[field] = source_type(reader, &reader->wanted[i], file->fields[field].type);
    }
    if (as_text >= 0)
        types[as_text] = "VARCHAR";
    throng_i_scan(sql, file, types);
    throng_i_free(reader->context, types);
}

void throng_i_plan_query(throng_i_sql *sql, const throng_i_reader *reader, int index) {
    throng_i_sql_add(sql, "SELECT ");
    for (int i = 0; i < reader->n_wanted; i++) {
        throng_i_sql_add(sql, "%s", i > 0 ? ", " : "");
        throng_i_plan_value(sql, reader, &reader->wanted[i], index);
    }
    throng_i_sql_add(sql, " FROM ");
    throng_i_plan_scan(sql, reader, index, -1);
    const throng_i_file *file = &reader->files.at[index];
    if (reader->condition)
        throng_i_sql_add(sql, " WHERE (%s\n)", reader->condition); /* the line break ends a comment */
    else if (file->part_end > 0)
        throng_i_sql_add(sql, " WHERE file_row_number >= %lld AND file_row_number < %lld", (long long)file->part_begin,
                         (long long)file->part_end);
}
