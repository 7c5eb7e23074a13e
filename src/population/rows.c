/* What is done to all rows of a population's columns: read as numbers, checked, left out, put into the order of time.
 */
#include "population/population.h"

#include <math.h>
#include <string.h>

#define WORD_ROWS 64 /* rows in a word of throng_i_dropped */

/* ---- reading --------------------------------------------------------------------------------------------------- */

const double *throng_i_column_block(const throng_column_view *column, int64_t begin, int64_t n, double *scratch) {
    switch (column->type) {
    case THRONG_TYPE_FLOAT64:
        return (const double *)column->data + begin;
    case THRONG_TYPE_FLOAT32: {
        const float *data = (const float *)column->data + begin;
        for (int64_t i = 0; i < n; i++)
            scratch[i] = (double)data[i];
        return scratch;
    }
    case THRONG_TYPE_INT64: {
        const int64_t *data = (const int64_t *)column->data + begin;
        for (int64_t i = 0; i < n; i++)
            scratch[i] = (double)data[i];
        return scratch;
    }
    case THRONG_TYPE_INT32: {
        const int32_t *data = (const int32_t *)column->data + begin;
        for (int64_t i = 0; i < n; i++)
            scratch[i] = (double)data[i];
        return scratch;
    }
    default: {
        const uint8_t *data = (const uint8_t *)column->data + begin;
        for (int64_t i = 0; i < n; i++)
            scratch[i] = (double)data[i];
        return scratch;
    }
    }
}

const int64_t *throng_i_column_whole(const throng_column_view *column, int64_t begin, int64_t n, int64_t *scratch) {
    switch (column->type) {
    case THRONG_TYPE_INT64:
    case THRONG_TYPE_TIMESTAMP:
        return (const int64_t *)column->data + begin;
    case THRONG_TYPE_INT32:
    case THRONG_TYPE_DATE: {
        const int32_t *data = (const int32_t *)column->data + begin;
        for (int64_t i = 0; i < n; i++)
            scratch[i] = data[i];
        return scratch;
    }
    default: {
        const uint8_t *data = (const uint8_t *)column->data + begin;
        for (int64_t i = 0; i < n; i++)
            scratch[i] = data[i];
        return scratch;
    }
    }
}

static double value_at(const throng_column_view *column, int64_t row) {
    double scratch = 0.0;
    return *throng_i_column_block(column, row, 1, &scratch);
}

double throng_population_state(const throng_population *population, int64_t row) {
    return value_at(&population->state, row);
}

double throng_population_weight(const throng_population *population, int64_t row) {
    return population->weight.name ? value_at(&population->weight, row) : 1.0;
}

/* ---- checking -------------------------------------------------------------------------------------------------- */

/* What is wrong in a chunk, or altogether. */
typedef struct finding {
    int64_t n_missing, first_missing;
    int64_t n_negative, first_negative; /* weights of rows in which nothing is missing */
} finding;

typedef struct inspection {
    const throng_column_view *columns[3]; /* those that there are */
    int n_columns;
    const throng_column_view *weight; /* NULL: there is none */
    uint64_t *bits;                   /* NULL: not wanted */
    finding *found;                   /* one a chunk */
} inspection;

static void inspect_chunk(void *user, throng_chunk chunk) {
    const inspection *task = user;
    finding *found = &task->found[chunk.index];
    int64_t n = chunk.end - chunk.begin;
    double scratch[THRONG_CHUNK_ROWS];
    uint8_t missing[THRONG_CHUNK_ROWS] = {0};
    for (int c = 0; c < task->n_columns; c++) {
        const double *values = throng_i_column_block(task->columns[c], chunk.begin, n, scratch);
        for (int64_t i = 0; i < n; i++)
            missing[i] = isfinite(values[i]) ? missing[i] : 1;
    }
    for (int64_t i = n - 1; i >= 0; i--)
        if (missing[i]) {
            found->n_missing++;
            found->first_missing = chunk.begin + i;
            if (task->bits)
                task->bits[(chunk.begin + i) / WORD_ROWS] |= UINT64_C(1) << (i % WORD_ROWS);
        }
    if (!task->weight)
        return;
    const double *weights = throng_i_column_block(task->weight, chunk.begin, n, scratch);
    for (int64_t i = n - 1; i >= 0; i--)
        if (weights[i] < 0.0 && !missing[i]) {
            found->n_negative++;
            found->first_negative = chunk.begin + i;
        }
}

static finding add_findings(const finding *found, int64_t n_chunks) {
    finding all = {0};
    for (int64_t i = n_chunks - 1; i >= 0; i--) {
        if (found[i].n_missing > 0)
            all.first_missing = found[i].first_missing;
        if (found[i].n_negative > 0)
            all.first_negative = found[i].first_negative;
        all.n_missing += found[i].n_missing;
        all.n_negative += found[i].n_negative;
    }
    return all;
}

/* The first column in which the row has no finite value. */
static const throng_column_view *missing_column(const inspection *task, int64_t row) {
    int c = 0;
    while (c < task->n_columns - 1 && isfinite(value_at(task->columns[c], row)))
        c++;
    return task->columns[c];
}

static throng_status judge(const inspection *task, finding all, int64_t n_rows, throng_missing missing,
                           throng_error *err) {
    char count[THRONG_I_COUNT_LENGTH], rows[THRONG_I_COUNT_LENGTH], row[THRONG_I_COUNT_LENGTH];
    throng_i_count_print(n_rows, rows);
    if (all.n_missing > 0 && (missing == THRONG_MISSING_ERROR || all.n_missing == n_rows)) {
        const throng_column_view *column = missing_column(task, all.first_missing);
        const char *what = isnan(value_at(column, all.first_missing)) ? "NaN or NULL" : "infinite";
        if (missing == THRONG_MISSING_DROP)
            return THRONG_FAIL(err, E_EMPTY,
                               "Nobody is left: each of the %s rows has a missing or infinite value; in the first, "
                               "column \"%s\" is %s.",
                               rows, column->name, what);
        return THRONG_FAIL(err, E_MISSING_VALUE,
                           "Row %s: column \"%s\" is %s; %s of %s rows %s a missing or infinite value. "
                           "Set missing to drop (--missing drop) to leave such rows out.",
                           throng_i_count_print(all.first_missing + 1, row), column->name, what,
                           throng_i_count_print(all.n_missing, count), rows, all.n_missing == 1 ? "has" : "have");
    }
    if (all.n_negative > 0)
        return THRONG_FAIL(err, E_WEIGHT,
                           "Row %s: column \"%s\" is %.6g, but a weight must not be negative; %s of %s rows %s a "
                           "negative weight.",
                           throng_i_count_print(all.first_negative + 1, row), task->weight->name,
                           value_at(task->weight, all.first_negative), throng_i_count_print(all.n_negative, count),
                           rows, all.n_negative == 1 ? "has" : "have");
    return THRONG_OK;
}

throng_status throng_i_rows_check(const throng_population *population, throng_missing missing,
                                  throng_i_dropped *dropped, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_context *context = population->context;
    int64_t n_rows = population->n_rows, n_chunks = throng_i_chunk_count(n_rows);
    const throng_column_view *columns[] = {&population->state, &population->weight, &population->baseline};
    inspection task = {.weight = population->weight.name ? &population->weight : NULL};
    for (int i = 0; i < 3; i++)
        if (columns[i]->name)
            task.columns[task.n_columns++] = columns[i];
    THRONG_TRY(throng_i_alloc(context, n_chunks, sizeof *task.found, &task.found, err));
    if (missing == THRONG_MISSING_DROP)
        THRONG_TRY(throng_i_alloc(context, n_rows / WORD_ROWS + 1, sizeof *task.bits, &task.bits, err));
    throng_progress progress = {.stage = "checking", .unit = "rows"};
    THRONG_TRY(throng_chunks_for(context, n_rows, inspect_chunk, &task, &progress, err));
    finding all = add_findings(task.found, n_chunks);
    THRONG_TRY(judge(&task, all, n_rows, missing, err));
    dropped->n_rows = n_rows;
    dropped->n_dropped = all.n_missing;
    if (all.n_missing > 0) {
        dropped->bits = task.bits;
        task.bits = NULL;
    }
out:
    throng_i_free(context, task.bits);
    throng_i_free(context, task.found);
    return status;
}

/* ---- leaving rows out ------------------------------------------------------------------------------------------ */

/* The first row from `row` on whose bit is `set`, or n_rows. */
static int64_t next_row(const throng_i_dropped *dropped, int64_t row, bool set) {
    uint64_t dull = set ? 0 : UINT64_MAX; /* a word without what is looked for */
    while (row < dropped->n_rows) {
        uint64_t word = dropped->bits[row / WORD_ROWS];
        if (word == dull)
            row = (row / WORD_ROWS + 1) * WORD_ROWS;
        else if (((word >> (row % WORD_ROWS)) & 1) == (set ? 1 : 0))
            return row;
        else
            row++;
    }
    return dropped->n_rows;
}

int64_t throng_i_dropped_row(const throng_i_dropped *dropped, int64_t row) {
    if (!dropped->bits)
        return row + 1;
    for (int64_t begin = 0, end = 0; end < dropped->n_rows; row -= end - begin) {
        begin = next_row(dropped, end, false);
        end = next_row(dropped, begin, true);
        if (row < end - begin)
            return begin + row + 1;
    }
    return dropped->n_rows;
}

throng_status throng_i_rows_drop(throng_context *context, throng_i_column *column, const throng_i_dropped *dropped,
                                 throng_error *err) {
    throng_status status = THRONG_OK;
    size_t size = throng_type_size(column->view.type);
    int64_t n_kept = dropped->n_rows - dropped->n_dropped, n_moved = 0;
    void *memory = column->memory;
    if (!memory)
        THRONG_TRY(throng_i_resize(context, &memory, n_kept, size, err));
    const char *from = column->view.data;
    char *to = memory;
    for (int64_t begin = 0, end = 0; end < dropped->n_rows; n_moved += end - begin) {
        begin = next_row(dropped, end, false);
        end = next_row(dropped, begin, true);
        memmove(to + (size_t)n_moved * size, from + (size_t)begin * size, (size_t)(end - begin) * size);
    }
    /* From here on the memory is the column's, also if the next step fails. */
    column->memory = memory;
    column->view.data = memory;
    column->view.n_rows = n_kept;
    THRONG_TRY(throng_i_resize(context, &column->memory, n_kept, size, err));
    column->view.data = column->memory;
out:
    return status;
}

/* ---- putting rows into the order of time ----------------------------------------------------------------------- */

/* Where rows go: the i-th row of a code to offsets[code] + i. */
typedef struct grouping {
    throng_context *context;
    const int32_t *codes;
    int64_t n_rows;
    const int64_t *offsets; /* [n_codes + 1] */
    int64_t n_codes;
    int64_t *cursor; /* [n_codes] */
} grouping;

/* Inlined for each size, so that the copy is one instruction. */
static inline void scatter(const grouping *way, size_t size, const char *restrict from, char *restrict to) {
    const int32_t *codes = way->codes;
    int64_t *cursor = way->cursor, n_rows = way->n_rows;
    for (int64_t row = 0; row < n_rows; row++)
        memcpy(to + (size_t)cursor[codes[row]]++ * size, from + (size_t)row * size, size);
}

/* Puts the rows of `data` into fresh memory, *out. About 2 ns a row while the codes are few. */
static throng_status group_data(const grouping *way, size_t size, const void *data, void *out, throng_error *err) {
    throng_progress progress = {.stage = "grouping", .unit = "rows", .done = 0, .total = way->n_rows};
    throng_status status = throng_i_progress(way->context, &progress, err);
    void *fresh = NULL;
    if (status == THRONG_OK)
        status = throng_i_resize(way->context, &fresh, way->n_rows, size, err);
    if (status != THRONG_OK)
        return status;
    memcpy(way->cursor, way->offsets, (size_t)way->n_codes * sizeof *way->cursor);
    if (size == 1)
        scatter(way, 1, data, fresh);
    else if (size == 4)
        scatter(way, 4, data, fresh);
    else
        scatter(way, 8, data, fresh);
    memcpy(out, &fresh, sizeof fresh);
    return THRONG_OK;
}

throng_status throng_i_rows_group(throng_population *population, const int32_t *codes, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_context *context = population->context;
    grouping way = {context, codes, population->n_rows, population->offsets, population->n_times, NULL};
    THRONG_TRY(throng_i_alloc(context, way.n_codes, sizeof *way.cursor, &way.cursor, err));
    for (int i = 0; i < population->n_columns; i++) {
        throng_i_column *column = &population->columns[i];
        if (!column->view.data)
            continue;
        void *fresh = NULL;
        THRONG_TRY(group_data(&way, throng_type_size(column->view.type), column->view.data, &fresh, err));
        throng_i_column_drop_data(context, column);
        column->memory = fresh;
        column->view.data = fresh;
    }
    if (population->agents) {
        throng_agent *fresh = NULL;
        THRONG_TRY(group_data(&way, sizeof *fresh, population->agents, &fresh, err));
        throng_i_free(context, population->agents);
        population->agents = fresh;
    } else if (population->ids.values) {
        /* Agents are their rows: it is the ids that move. */
        int64_t *fresh = NULL;
        THRONG_TRY(group_data(&way, sizeof *fresh, population->ids.values, &fresh, err));
        throng_i_free(context, population->ids.memory);
        population->ids.memory = fresh;
        population->ids.values = fresh;
    }
out:
    throng_i_free(context, way.cursor);
    return status;
}

void throng_i_column_drop_data(throng_context *context, throng_i_column *column) {
    throng_i_free(context, column->memory);
    column->memory = NULL;
    column->view.data = NULL;
}

void throng_i_column_clear(throng_context *context, throng_i_column *column) {
    throng_i_free(context, column->memory);
    throng_i_free(context, column->name);
    throng_i_free(context, column->dictionary);
    memset(column, 0, sizeof *column);
}
