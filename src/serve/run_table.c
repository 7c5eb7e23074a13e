/* Columns, times and agents of a run's tables: see run.h. */
#define _POSIX_C_SOURCE 200809L
#include "report/json.h"
#include "serve/run.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Whole numbers beyond this are not numbers for JavaScript: they travel as text. */
#define EXACT ((int64_t)1 << 53)

/* More frames than this are no times of a crowd, and no slider. */
#define FRAMES_MAX 100000

throng_status throng_i_run_column(throng_i_run_table *self, int index, throng_column_view *out, throng_error *err) {
    pthread_mutex_lock(&self->lock);
    throng_status status = throng_i_parquet_column_view(&self->file, index, out, err);
    pthread_mutex_unlock(&self->lock);
    return status;
}

/* ---- cells ----------------------------------------------------------------------------------------------------- */

static json_t *calendar(int64_t seconds, bool with_time) {
    char text[40];
    struct tm parts;
    time_t moment = (time_t)seconds;
    if (!gmtime_r(&moment, &parts))
        return json_integer(seconds);
    if (with_time)
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    else
        strftime(text, sizeof text, "%Y-%m-%d", &parts);
    return json_string(text);
}

json_t *throng_i_cell(const throng_column_view *column, int64_t row) {
    const int64_t second = 1000000;
    int64_t value;
    char text[24];
    switch (column->type) {
    case THRONG_TYPE_TEXT:
        return throng_i_json_string(column->words[((const int32_t *)column->data)[row]]);
    case THRONG_TYPE_DATE:
        return calendar(((const int32_t *)column->data)[row] * (int64_t)86400, false);
    case THRONG_TYPE_TIMESTAMP:
        value = ((const int64_t *)column->data)[row];
        return calendar((value - ((value % second + second) % second)) / second, true);
    case THRONG_TYPE_INT64:
        value = ((const int64_t *)column->data)[row];
        if (value >= -EXACT && value <= EXACT)
            return json_integer(value);
        snprintf(text, sizeof text, "%lld", (long long)value);
        return json_string(text);
    default:
        return throng_i_json_real(throng_i_number(column, row));
    }
}

/* ---- frames ---------------------------------------------------------------------------------------------------- */

static int64_t key_of(const throng_column_view *column, int64_t row) {
    size_t size = throng_type_size(column->type);
    if (size == sizeof(int32_t))
        return ((const int32_t *)column->data)[row];
    return size == sizeof(int64_t) ? ((const int64_t *)column->data)[row] : 0;
}

/* Where values change. False if one comes back, or there are too many. Numbers and dates must ascend; texts are coded
 * as they first appear, so their codes do. */
static bool find_changes(const throng_column_view *column, int64_t *begins, int64_t *n_frames) {
    int64_t n = 0, last = 0;
    for (int64_t row = 0; row < column->n_rows; row++) {
        int64_t key = key_of(column, row);
        if (n > 0 && key == last)
            continue;
        if (n == FRAMES_MAX || (n > 0 && key < last))
            return false;
        begins[n++] = row;
        last = key;
    }
    *n_frames = n;
    return n > 0;
}

static throng_status find_frames(throng_i_run_table *self, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_column_view column;
    int64_t *begins = NULL, n = 1;
    int index = self->part[THRONG_I_PART_TIME] >= 0 ? self->part[THRONG_I_PART_TIME] : self->part[THRONG_I_PART_STEP];
    if (self->part[THRONG_I_PART_ID] < 0) /* a time is a point of a curve there, not a crowd */
        index = -1;
    THRONG_TRY(throng_i_alloc(self->context, FRAMES_MAX + 1, sizeof *begins, &begins, err));
    if (index >= 0)
        THRONG_TRY(throng_i_parquet_column_view(&self->file, index, &column, err));
    if (index < 0 || !find_changes(&column, begins, &n)) {
        begins[0] = 0;
        n = 1;
    }
    begins[n] = self->file.n_rows;
    THRONG_TRY(throng_i_resize(self->context, &begins, n + 1, sizeof *begins, err));
    self->n_frames = n;
    self->begins = begins;
    begins = NULL;
out:
    throng_i_free(self->context, begins);
    return status;
}

throng_status throng_i_run_frames(throng_i_run_table *self, const int64_t **begins, int64_t *n, throng_error *err) {
    throng_status status = THRONG_OK;
    pthread_mutex_lock(&self->lock);
    if (!self->begins)
        status = find_frames(self, err);
    *begins = self->begins;
    *n = self->n_frames;
    pthread_mutex_unlock(&self->lock);
    return status;
}

/* ---- agents ---------------------------------------------------------------------------------------------------- */

static uint64_t mix(uint64_t x) {
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

/* Numbers whole-number ids as they first appear: open addressing, a slot holds a number or -1. */
static throng_status number_ids(throng_i_run_table *self, const int64_t *ids, throng_error *err) {
    throng_status status = THRONG_OK;
    int64_t n = self->file.n_rows, size = 64, count = 0;
    int32_t *agents = NULL, *slots = NULL;
    int64_t *seen = NULL;
    THRONG_REQUIRE(n <= INT32_MAX, E_ARGUMENT, "%s has too many rows to number agents.", self->shown);
    while (size < 2 * n)
        size *= 2;
    THRONG_TRY(throng_i_alloc(self->context, n, sizeof *agents, &agents, err));
    THRONG_TRY(throng_i_alloc(self->context, n, sizeof *seen, &seen, err));
    THRONG_TRY(throng_i_resize(self->context, &slots, size, sizeof *slots, err));
    memset(slots, 0xFF, (size_t)size * sizeof *slots);
    for (int64_t row = 0; row < n; row++) {
        uint64_t at = mix((uint64_t)ids[row]) & (uint64_t)(size - 1);
        while (slots[at] >= 0 && seen[slots[at]] != ids[row])
            at = (at + 1) & (uint64_t)(size - 1);
        if (slots[at] < 0) {
            seen[count] = ids[row];
            slots[at] = (int32_t)count++;
        }
        agents[row] = slots[at];
    }
    self->agents = agents;
    self->n_agents = count;
    agents = NULL;
out:
    throng_i_free(self->context, agents);
    throng_i_free(self->context, slots);
    throng_i_free(self->context, seen);
    return status;
}

static throng_status find_agents(throng_i_run_table *self, const int32_t **out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_column_view ids;
    int index = self->part[THRONG_I_PART_ID];
    THRONG_REQUIRE(index >= 0, E_ARGUMENT, "The table %s has no agents: there is no column \"id\" or \"agent\".",
                   self->name);
    THRONG_TRY(throng_i_parquet_column_view(&self->file, index, &ids, err));
    THRONG_REQUIRE(ids.type == THRONG_TYPE_TEXT || ids.type == THRONG_TYPE_INT64, E_ARGUMENT,
                   "The ids of the table %s are neither text nor whole numbers.", self->name);
    if (ids.type == THRONG_TYPE_TEXT) {
        *out = ids.data; /* words are numbered as they first come */
        self->n_agents = ids.n_words;
        goto out;
    }
    if (!self->agents)
        THRONG_TRY(number_ids(self, ids.data, err));
    *out = self->agents;
out:
    return status;
}

throng_status throng_i_run_agents(throng_i_run_table *self, const int32_t **agents, int64_t *n, throng_error *err) {
    pthread_mutex_lock(&self->lock);
    throng_status status = find_agents(self, agents, err);
    *n = self->n_agents;
    pthread_mutex_unlock(&self->lock);
    return status;
}

/* ---- sums ------------------------------------------------------------------------------------------------------ */

/* In the order of the rows. */
static void add_rows(const throng_column_view *phi, int64_t from, int64_t to, double out[2]) {
    double sums[2] = {0.0, 0.0};
    for (int64_t row = from; row < to; row++) {
        double value = throng_i_number(phi, row);
        value = isfinite(value) ? value : 0.0;
        sums[0] += value;
        sums[1] += fabs(value);
    }
    out[0] += sums[0];
    out[1] += sums[1];
}

static throng_status add_chunks(throng_i_run_table *self, const throng_column_view *phi, throng_error *err) {
    throng_status status = THRONG_OK;
    double(*sums)[2] = NULL;
    int64_t n = phi->n_rows;
    THRONG_TRY(throng_i_alloc(self->context, throng_i_chunk_count(n), sizeof *sums, &sums, err));
    for (int64_t from = 0; from < n; from += THRONG_CHUNK_ROWS)
        add_rows(phi, from, from + THRONG_CHUNK_ROWS < n ? from + THRONG_CHUNK_ROWS : n,
                 sums[from / THRONG_CHUNK_ROWS]);
    self->sums = sums;
out:
    return status;
}

throng_status throng_i_run_sums(throng_i_run_table *self, int64_t from, int64_t to, double out[2], throng_error *err) {
    throng_status status = THRONG_OK;
    throng_column_view phi;
    const int64_t size = THRONG_CHUNK_ROWS;
    pthread_mutex_lock(&self->lock);
    THRONG_TRY(throng_i_parquet_column_view(&self->file, self->part[THRONG_I_PART_PHI], &phi, err));
    if (!self->sums)
        THRONG_TRY(add_chunks(self, &phi, err));
    int64_t first = throng_i_chunk_count(from), last = to / size; /* chunks that lie in the range */
    if (first > last) {
        add_rows(&phi, from, to, out);
        goto out;
    }
    add_rows(&phi, from, first * size, out);
    for (int64_t chunk = first; chunk < last; chunk++) {
        out[0] += self->sums[chunk][0];
        out[1] += self->sums[chunk][1];
    }
    add_rows(&phi, last * size, to, out);
out:
    pthread_mutex_unlock(&self->lock);
    return status;
}
