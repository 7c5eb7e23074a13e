/* Copies DuckDB's chunks of up to 2048 rows into growing columns.
 *
 * Cost: one memcpy a number; a text costs a hash and a look-up of about 50 ns; memory is the columns. */
#include "table/reader.h"

#include <math.h>
#include <string.h>

/* What is being copied. */
typedef struct column_piece {
    throng_i_reader *reader;
    throng_i_wanted *wanted;
    int file;
    int64_t file_row; /* rows of this file that came before */
    int64_t n;
    const void *values; /* [n] */
    const uint64_t *validity;
} column_piece;

static size_t width_of(throng_i_form form) {
    return form == THRONG_I_FORM_FLOAT32 || form == THRONG_I_FORM_DATE || form == THRONG_I_FORM_TEXT ? 4 : 8;
}

static throng_status reserve(throng_i_reader *reader, throng_i_wanted *wanted, int64_t needed, throng_error *err) {
    if (needed <= wanted->room)
        return THRONG_OK;
    int64_t room = wanted->room + wanted->room / 2 + 4096;
    room = room > needed ? room : needed;
    throng_status status = throng_i_resize(reader->context, &wanted->data, room, width_of(wanted->form), err);
    if (status == THRONG_OK)
        wanted->room = room;
    return status;
}

static void note_missing(const column_piece *piece, int64_t row) {
    if (piece->wanted->n_missing++ == 0) {
        piece->wanted->missing_file = piece->file;
        piece->wanted->missing_row = piece->file_row + row;
    }
}

static throng_status fail_value(const column_piece *piece, int64_t row, const char *text, int64_t length,
                                const char *what, throng_error *err) {
    return throng_i_explain_value(piece->reader, piece->wanted, piece->file, piece->file_row + row, text, length, what,
                                  err);
}

/* ---- numbers, dates, timestamps -------------------------------------------------------------------------------- */

/* Makes a label of whole numbers one of doubles, which can say that a value is missing. */
static void turn_to_doubles(throng_i_wanted *wanted, int64_t n) {
    char *data = wanted->data;
    for (int64_t i = 0; i < n; i++) {
        int64_t whole = 0;
        memcpy(&whole, data + 8 * i, sizeof whole);
        double real = (double)whole;
        memcpy(data + 8 * i, &real, sizeof real);
    }
    wanted->is_float = true;
}

/* A value that a label, a time or a number does not have. */
static void set_missing(const column_piece *piece, int64_t row) {
    throng_i_wanted *wanted = piece->wanted;
    int64_t at = piece->reader->n_rows + row;
    if (wanted->role == THRONG_ROLE_KEY || wanted->role == THRONG_ROLE_TIME) {
        if (!wanted->may_lack)
            note_missing(piece, row);
        else if (width_of(wanted->form) == sizeof(int32_t))
            ((int32_t *)wanted->data)[at] = INT32_MIN;
        else
            ((int64_t *)wanted->data)[at] = INT64_MIN;
        return;
    }
    if (wanted->form == THRONG_I_FORM_FLOAT32) {
        ((float *)wanted->data)[at] = NAN;
        return;
    }
    if (wanted->form != THRONG_I_FORM_FLOAT64 && !wanted->is_float)
        turn_to_doubles(wanted, at);
    ((double *)wanted->data)[at] = (double)NAN;
}

/* Sets one whole number at its place, as what the column holds by now. */
static void set_whole(const throng_i_wanted *wanted, int64_t at, int64_t value) {
    if (wanted->is_float)
        ((double *)wanted->data)[at] = (double)value;
    else
        ((int64_t *)wanted->data)[at] = value;
}

/* The first row whose date or timestamp is infinite, as DuckDB and Postgres write what never begins or ends; -1: none.
 */
static int64_t find_infinite(const column_piece *piece, const char **word) {
    bool is_date = piece->wanted->form == THRONG_I_FORM_DATE;
    if (!is_date && piece->wanted->form != THRONG_I_FORM_TIMESTAMP)
        return -1;
    int64_t most = is_date ? INT32_MAX : INT64_MAX;
    for (int64_t i = 0; i < piece->n; i++) {
        int64_t value = is_date ? ((const int32_t *)piece->values)[i] : ((const int64_t *)piece->values)[i];
        *word = value > 0 ? "infinity" : "-infinity";
        if ((value == most || value == -most) && throng_i_is_valid(piece->validity, i))
            return i;
    }
    return -1;
}

static throng_status copy_fixed(const column_piece *piece, throng_error *err) {
    throng_i_wanted *wanted = piece->wanted;
    const char *word = NULL;
    int64_t infinite = find_infinite(piece, &word);
    if (infinite >= 0)
        return fail_value(piece, infinite, word, (int64_t)strlen(word), "is not a finite time", err);
    size_t width = width_of(wanted->form);
    int64_t begin = piece->reader->n_rows;
    if (!piece->validity && !wanted->is_float) {
        memcpy((char *)wanted->data + (size_t)begin * width, piece->values, (size_t)piece->n * width);
        return THRONG_OK;
    }
    for (int64_t i = 0; i < piece->n; i++) {
        if (!throng_i_is_valid(piece->validity, i))
            set_missing(piece, i);
        else if (wanted->form == THRONG_I_FORM_INT64)
            set_whole(wanted, begin + i, ((const int64_t *)piece->values)[i]);
        else
            memcpy((char *)wanted->data + (size_t)(begin + i) * width, (const char *)piece->values + (size_t)i * width,
                   width);
    }
    return THRONG_OK;
}

/* ---- text ------------------------------------------------------------------------------------------------------ */

/* A whole number as text. Strict: just as it would be printed, so that the text is not needed any more; else with sign
 * and zeros in front. */
static bool parse_whole(const char *text, int64_t length, bool strict, int64_t *out) {
    const char *c = text, *end = text + length;
    bool negative = c < end && *c == '-';
    if (c < end && (*c == '-' || (*c == '+' && !strict)))
        c++;
    if (c == end || (strict && *c == '0' && (negative || end - c > 1)))
        return false;
    int64_t value = 0;
    for (; c < end; c++) {
        int digit = *c - '0';
        if (digit < 0 || digit > 9 || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_sub_overflow(value, digit, &value)) /* downwards: the lowest int64 has no positive twin */
            return false;
    }
    if (!negative && value == INT64_MIN)
        return false;
    *out = negative ? value : -value;
    return true;
}

/* Whether a text looks like a number, so that a label may go on as float64. */
static bool is_number(const char *text, int64_t length) {
    bool digits = false;
    for (int64_t i = 0; i < length; i++) {
        digits = digits || (text[i] >= '0' && text[i] <= '9');
        if (!strchr("0123456789+-.eE", text[i]))
            return false;
    }
    /* 007 is a number to DuckDB, but whoever writes it so means a name. */
    bool padded = length > 1 && text[0] == '0' && text[1] >= '0' && text[1] <= '9';
    return digits && !padded;
}

static throng_status copy_whole(const column_piece *piece, throng_error *err) {
    throng_i_wanted *wanted = piece->wanted;
    const duckdb_string_t *strings = piece->values;
    bool is_time = wanted->role == THRONG_ROLE_TIME;
    for (int64_t i = 0; i < piece->n; i++) {
        int64_t length = 0, value = 0;
        if (!throng_i_is_valid(piece->validity, i)) {
            set_missing(piece, i);
            continue;
        }
        const char *text = throng_i_string(&strings[i], &length);
        if (parse_whole(text, length, !is_time, &value)) {
            set_whole(wanted, piece->reader->n_rows + i, value);
            continue;
        }
        if (throng_i_plan_widen(piece->reader, wanted, is_number(text, length)))
            return THRONG_OK;
        return fail_value(piece, i, text, length, "is not a whole number, as times in this column must be", err);
    }
    return THRONG_OK;
}

static throng_status copy_text(const column_piece *piece, throng_error *err) {
    static const char none[] = "(none)";
    throng_i_wanted *wanted = piece->wanted;
    const duckdb_string_t *strings = piece->values;
    int32_t *codes = (int32_t *)wanted->data + piece->reader->n_rows;
    for (int64_t i = 0; i < piece->n; i++) {
        int64_t length = wanted->may_lack ? 0 : (int64_t)sizeof none - 1;
        const char *text = wanted->may_lack ? "" : none;
        if (throng_i_is_valid(piece->validity, i))
            text = throng_i_string(&strings[i], &length);
        else if (wanted->role != THRONG_ROLE_LABEL && !wanted->may_lack)
            note_missing(piece, i);
        if (memchr(text, '\0', (size_t)length))
            return fail_value(piece, i, text, length, "contains a zero byte, which texts cannot", err);
        throng_status status = throng_i_words_code(&wanted->words, text, length, &codes[i], err);
        if (status != THRONG_OK)
            return status;
    }
    return THRONG_OK;
}

/* ---- chunks ---------------------------------------------------------------------------------------------------- */

static throng_status copy_piece(const column_piece *piece, throng_error *err) {
    switch (piece->wanted->form) {
    case THRONG_I_FORM_WHOLE:
        return copy_whole(piece, err);
    case THRONG_I_FORM_TEXT:
        return copy_text(piece, err);
    default:
        return copy_fixed(piece, err);
    }
}

static throng_status copy_chunk(throng_i_reader *reader, int file, int64_t file_row, duckdb_data_chunk chunk,
                                throng_error *err) {
    throng_status status = THRONG_OK;
    int64_t n = (int64_t)duckdb_data_chunk_get_size(chunk);
    for (int i = 0; i < reader->n_wanted && !reader->again; i++) {
        duckdb_vector vector = duckdb_data_chunk_get_vector(chunk, (uint64_t)i);
        column_piece piece = {
            .reader = reader,
            .wanted = &reader->wanted[i],
            .file = file,
            .file_row = file_row,
            .n = n,
            .values = duckdb_vector_get_data(vector),
            .validity = duckdb_vector_get_validity(vector),
        };
        THRONG_TRY(reserve(reader, piece.wanted, reader->n_rows + n, err));
        THRONG_TRY(copy_piece(&piece, err));
    }
    reader->n_rows += n;
    reader->database.progress.done = reader->n_rows;
    THRONG_TRY(throng_i_progress(reader->context, &reader->database.progress, err));
out:
    return status;
}

/* Where it is known how many rows come, columns need not grow bit by bit. */
static throng_status reserve_file(throng_i_reader *reader, int index, throng_error *err) {
    const throng_i_file *file = &reader->files.at[index];
    int64_t rows = file->part_end > 0 ? file->part_end - file->part_begin : file->n_rows;
    throng_status status = THRONG_OK;
    for (int i = 0; i < reader->n_wanted && rows > 0 && !reader->condition && status == THRONG_OK; i++)
        status = reserve(reader, &reader->wanted[i], reader->n_rows + rows, err);
    return status;
}

throng_status throng_i_fetch(throng_i_reader *reader, int index, throng_error *err) {
    throng_i_query *query = NULL;
    throng_i_sql sql = {.context = reader->context};
    char *failure = NULL;
    int64_t begin = reader->n_rows, first = reader->files.at[index].part_begin;
    throng_status status = THRONG_OK;
    throng_i_plan_query(&sql, reader, index);
    THRONG_TRY(throng_i_sql_check(&sql, err));
    THRONG_TRY(reserve_file(reader, index, err));
    THRONG_TRY(throng_i_query_open(&reader->database, sql.text, &query, err));
    for (;;) {
        duckdb_data_chunk chunk = NULL;
        THRONG_TRY(throng_i_query_next(query, &chunk, err));
        if (!chunk)
            break;
        status = copy_chunk(reader, index, first + reader->n_rows - begin, chunk, err);
        duckdb_destroy_data_chunk(&chunk);
        if (status != THRONG_OK || reader->again)
            break;
    }
out:
    if (status == THRONG_E_QUERY && query && throng_i_query_failure(query) &&
        throng_i_copy_text(reader->context, throng_i_query_failure(query), &failure, err) != THRONG_OK)
        status = THRONG_E_MEMORY;
    throng_i_query_close(query);
    if (failure)
        status = throng_i_explain(reader, index, failure, err);
    throng_i_free(reader->context, failure);
    throng_i_sql_clear(&sql);
    return status;
}

void throng_i_fetch_clear(throng_i_reader *reader) {
    for (int i = 0; i < reader->n_wanted; i++) {
        throng_i_wanted *wanted = &reader->wanted[i];
        throng_i_free(reader->context, wanted->data);
        wanted->data = NULL;
        wanted->room = 0;
        wanted->is_float = false;
        wanted->n_missing = 0;
        throng_i_words_clear(&wanted->words);
    }
    reader->n_rows = 0;
    reader->database.progress.done = 0;
}
