/* One read from start to end: files are opened (file.c), their columns learnt (fields.c), requests matched and queries
 * written (plan.c), chunks copied (fetch.c), failures put into plain words (explain.c); read.c calls them in turn. */
#ifndef THRONG_SRC_TABLE_READER_H
#define THRONG_SRC_TABLE_READER_H

#include "table/database.h"
#include "table/file.h"
#include "table/table.h"
#include "table/words.h"

/* How values arrive from DuckDB, and what becomes of them. */
typedef enum throng_i_form {
    THRONG_I_FORM_FLOAT32,
    THRONG_I_FORM_FLOAT64,
    THRONG_I_FORM_INT64,
    THRONG_I_FORM_DATE,
    THRONG_I_FORM_TIMESTAMP,
    THRONG_I_FORM_WHOLE, /* text so far all of whole numbers, which are stored; anything else widens the form */
    THRONG_I_FORM_TEXT
} throng_i_form;

/* A column wanted from all files. */
typedef struct throng_i_wanted {
    const char *name; /* as requested first */
    throng_role role; /* LINK and MOMENT: KEY and TIME that */
    bool may_lack;    /* values */
    throng_i_form form;
    int *fields; /* [files.count] which field of each file; -1 in files without rows */

    /* what was read so far */
    void *data; /* [n_rows] of 4 or 8 bytes; room for `room` */
    int64_t room;
    throng_i_words words; /* TEXT */
    bool is_float;        /* INT64 and WHOLE labels: a value was missing, and the data is doubles */
    int64_t n_missing;    /* keys and times without value */
    int missing_file;     /* where the first of them is */
    int64_t missing_row;  /* ... and its row in what was fetched from that file, from 0 */
} throng_i_wanted;

typedef struct throng_i_reader {
    throng_context *context;
    throng_i_database database;
    throng_i_files files;
    const char *condition; /* NULL: all rows */
    throng_i_wanted *wanted;
    int n_wanted;
    int64_t n_rows; /* so far */
    bool again;     /* a form was too narrow and has been widened: read anew */
} throng_i_reader;

/* ---- fields.c -------------------------------------------------------------------------------------------------- */

/* Learns the columns of a file, DuckDB's tables being attached first. all_rows: types of text files are told from all
 * rows, not from a sample. THRONG_E_FORMAT, THRONG_E_FILE, THRONG_E_COLUMN (two of one name), THRONG_E_CANCELLED. */
THRONG_MUST_USE throng_status throng_i_fields_learn(throng_i_reader *reader, int index, bool all_rows,
                                                    throng_error *err);

/* ---- plan.c ---------------------------------------------------------------------------------------------------- */

/* Index of the field that a name means: exactly, else ignoring case; -1 if there is none, -2 if there are several. */
int throng_i_plan_find(const throng_i_file *file, const char *name);

/* Whether the condition seems to look at a column that the first rows of a text file show as whole numbers. DuckDB
 * would round a later 0.5 without a word, so its type must come from all rows. */
bool throng_i_plan_needs_all_rows(const throng_i_reader *reader, const throng_i_file *file);

/* Matches every wanted column with the fields of all files and settles its form. THRONG_E_COLUMN, THRONG_E_ARGUMENT. */
THRONG_MUST_USE throng_status throng_i_plan(throng_i_reader *reader, throng_error *err);

/* Adds the expression for a wanted value of a file, cast as its form has it. */
void throng_i_plan_value(throng_i_sql *sql, const throng_i_reader *reader, const throng_i_wanted *wanted, int index);

/* Adds the table expression of a file, with the types that the plan needs; field `as_text` (-1: none) is read as text.
 */
void throng_i_plan_scan(throng_i_sql *sql, const throng_i_reader *reader, int index, int as_text);

/* Adds the whole query for a file. */
void throng_i_plan_query(throng_i_sql *sql, const throng_i_reader *reader, int index);

/* Widens a form that a value did not fit, if the role allows; false if that value is an error. `is_number`: the value
 * is a number all the same. */
bool throng_i_plan_widen(throng_i_reader *reader, throng_i_wanted *wanted, bool is_number);

/* ---- fetch.c --------------------------------------------------------------------------------------------------- */

/* Appends the rows of one file to all columns. Sets reader->again instead where a form must be widened. */
THRONG_MUST_USE throng_status throng_i_fetch(throng_i_reader *reader, int index, throng_error *err);

/* Forgets what was read, and frees it. */
void throng_i_fetch_clear(throng_i_reader *reader);

/* ---- explain.c ------------------------------------------------------------------------------------------------- */

/* Turns what DuckDB said while it read a file into one sentence about that file, looking into the file again where
 * that helps. THRONG_OK if a form was widened instead (reader->again). */
THRONG_MUST_USE throng_status throng_i_explain(throng_i_reader *reader, int index, const char *words,
                                               throng_error *err);

/* Fails because of missing values. */
THRONG_MUST_USE throng_status throng_i_explain_missing(throng_i_reader *reader, const throng_i_wanted *wanted,
                                                       throng_error *err);

/* Fails because of a value that was fetched; `row` counts from 0 in what comes of that file. `what` is how the sentence
 * goes on after the value: "is not a whole number". */
THRONG_MUST_USE throng_status throng_i_explain_value(const throng_i_reader *reader, const throng_i_wanted *wanted,
                                                     int index, int64_t row, const char *value, int64_t length,
                                                     const char *what, throng_error *err);

#endif
