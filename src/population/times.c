/* When a row is: the different times, in order, with their rows; and how times and ids are written. */
#include "population/population.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- finding the times ----------------------------------------------------------------------------------------- */

typedef struct moment {
    int64_t value;    /* all types but TEXT */
    const char *word; /* TEXT; else NULL */
    int32_t code;
} moment;

static int compare_moments(const void *a, const void *b) {
    const moment *left = a, *right = b;
    if (left->word)
        return strcmp(left->word, right->word);
    return (left->value > right->value) - (left->value < right->value);
}

/* Sorts the keys; rank[c] becomes the new place of key c. */
static throng_status sort_keys(throng_context *context, throng_i_keys *keys, int32_t *rank, throng_error *err) {
    throng_status status = THRONG_OK;
    moment *moments = NULL;
    const char **words = NULL;
    int64_t *values = NULL;
    bool text = keys->type == THRONG_TYPE_TEXT;
    THRONG_TRY(throng_i_resize(context, &moments, keys->n, sizeof *moments, err));
    if (text)
        THRONG_TRY(throng_i_resize(context, &words, keys->n, sizeof *words, err));
    else
        THRONG_TRY(throng_i_resize(context, &values, keys->n, sizeof *values, err));
    for (int64_t i = 0; i < keys->n; i++)
        moments[i] = (moment){text ? 0 : keys->values[i], text ? keys->words[i] : NULL, (int32_t)i};
    qsort(moments, (size_t)keys->n, sizeof *moments, compare_moments);
    for (int64_t i = 0; i < keys->n; i++) {
        rank[moments[i].code] = (int32_t)i;
        if (text)
            words[i] = moments[i].word;
        else
            values[i] = moments[i].value;
    }
    throng_i_free(context, keys->memory);
    keys->memory = text ? (void *)words : (void *)values;
    keys->words = words;
    keys->values = values;
    words = NULL;
    values = NULL;
out:
    throng_i_free(context, words);
    throng_i_free(context, values);
    throng_i_free(context, moments);
    return status;
}

/* From codes in the order of first appearance to codes in the order of time; counts rows into offsets. Gives whether
 * rows are in that order already. */
static bool rank_codes(int32_t *codes, int64_t n_rows, const int32_t *rank, int64_t n_times, int64_t *offsets) {
    bool ordered = true;
    int32_t before = 0;
    for (int64_t row = 0; row < n_rows; row++) {
        int32_t code = rank[codes[row]];
        codes[row] = code;
        offsets[code + 1]++;
        ordered &= code >= before;
        before = code;
    }
    for (int64_t time = 0; time < n_times; time++)
        offsets[time + 1] += offsets[time];
    return ordered;
}

throng_status throng_i_times_find(throng_population *population, throng_i_column *column, int32_t **codes,
                                  throng_error *err) {
    throng_status status = THRONG_OK;
    throng_context *context = population->context;
    int32_t *found = NULL, *rank = NULL;
    population->n_times = 1;
    if (column) {
        THRONG_TRY(throng_i_column_code(context, column, "grouping", &found, &population->times, err));
        population->n_times = population->times.n;
        THRONG_TRY(throng_i_resize(context, &rank, population->n_times, sizeof *rank, err));
        THRONG_TRY(sort_keys(context, &population->times, rank, err));
    }
    THRONG_TRY(
        throng_i_alloc(context, population->n_times + 1, sizeof *population->offsets, &population->offsets, err));
    if (!column)
        population->offsets[1] = population->n_rows;
    else if (!rank_codes(found, population->n_rows, rank, population->n_times, population->offsets)) {
        *codes = found;
        found = NULL;
    }
out:
    throng_i_free(context, rank);
    throng_i_free(context, found);
    return status;
}

/* ---- weights of a time ----------------------------------------------------------------------------------------- */

static bool somebody_weighs(const throng_population *population, int64_t time) {
    double scratch[THRONG_CHUNK_ROWS];
    int64_t end = population->offsets[time + 1];
    for (int64_t begin = population->offsets[time]; begin < end; begin += THRONG_CHUNK_ROWS) {
        int64_t n = end - begin < THRONG_CHUNK_ROWS ? end - begin : THRONG_CHUNK_ROWS;
        const double *weights = throng_i_column_block(&population->weight, begin, n, scratch);
        for (int64_t i = 0; i < n; i++)
            if (weights[i] > 0.0)
                return true;
    }
    return false;
}

throng_status throng_i_times_check_weights(const throng_population *population, throng_error *err) {
    char label[80];
    for (int64_t time = 0; population->weight.name && time < population->n_times; time++) {
        if (somebody_weighs(population, time))
            continue;
        throng_population_time_label(population, time, label, sizeof label);
        return THRONG_FAIL(err, E_WEIGHT, "All weights (column \"%s\") are 0%s%s; somebody must weigh more than 0.",
                           population->weight.name, population->times.name ? " at time " : "", label);
    }
    return THRONG_OK;
}

/* ---- asking ---------------------------------------------------------------------------------------------------- */

void throng_population_slice(const throng_population *population, int64_t time, int64_t *begin, int64_t *end) {
    *begin = population->offsets[time];
    *end = population->offsets[time + 1];
}

void throng_population_time_label(const throng_population *population, int64_t time, char *out, size_t size) {
    if (population->times.name)
        throng_i_key_print(&population->times, time, out, size);
    else if (size > 0)
        *out = '\0';
}

#define DAY_MICROSECONDS (INT64_C(86400) * 1000000)

static int64_t floor_divide(int64_t a, int64_t b) {
    return a / b - (a % b < 0);
}

/* A day of the proleptic Gregorian calendar. Days are counted within 400-year cycles of years that begin in March:
 * Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms" (2013), civil_from_days. */
static size_t print_day(int64_t days, char *out, size_t size) {
    days += 719468; /* since 0000-03-01 */
    int64_t cycle = floor_divide(days, 146097);
    int64_t day = days - cycle * 146097;
    int64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    day -= 365 * year + year / 4 - year / 100;
    int64_t month = (5 * day + 2) / 153;
    day -= (153 * month + 2) / 5;
    year += 400 * cycle + (month >= 10);
    month = month < 10 ? month + 3 : month - 9;
    return (size_t)snprintf(out, size, "%s%04" PRId64 "-%02d-%02d", year < 0 ? "-" : "", year < 0 ? -year : year,
                            (int)month, (int)day + 1);
}

static void print_timestamp(int64_t microseconds, char *out, size_t size) {
    int64_t days = floor_divide(microseconds, DAY_MICROSECONDS);
    int64_t rest = microseconds % DAY_MICROSECONDS + (microseconds % DAY_MICROSECONDS < 0 ? DAY_MICROSECONDS : 0);
    int seconds = (int)(rest / 1000000), fraction = (int)(rest % 1000000), digits = 6;
    size_t used = print_day(days, out, size);
    used +=
        (size_t)snprintf(out + used, size - used, " %02d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60);
    if (fraction == 0)
        return;
    for (; fraction % 10 == 0; digits--)
        fraction /= 10;
    snprintf(out + used, size - used, ".%0*d", digits, fraction);
}

/* As much of the text as fits, in whole characters. */
static void copy_text(const char *text, char *out, size_t size) {
    size_t length = strlen(text);
    if (length >= size) {
        length = size - 1;
        while (length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80)
            length--;
    }
    memcpy(out, text, length);
    out[length] = '\0';
}

void throng_i_key_print(const throng_i_keys *keys, int64_t index, char *out, size_t size) {
    if (size == 0)
        return;
    char text[64];
    int64_t value = keys->values ? keys->values[index] : index + 1;
    if (keys->type == THRONG_TYPE_DATE)
        print_day(value, text, sizeof text);
    else if (keys->type == THRONG_TYPE_TIMESTAMP)
        print_timestamp(value, text, sizeof text);
    else
        snprintf(text, sizeof text, "%" PRId64, value);
    copy_text(keys->type == THRONG_TYPE_TEXT ? keys->words[index] : text, out, size);
}

const char *throng_i_count_print(int64_t count, char out[THRONG_I_COUNT_LENGTH]) {
    char digits[THRONG_I_COUNT_LENGTH];
    size_t n = (size_t)snprintf(digits, sizeof digits, "%" PRId64, count), used = 0;
    for (size_t i = 0; i < n; i++) {
        out[used++] = digits[i];
        if ((n - 1 - i) % 3 == 0 && i + 1 < n && digits[i] != '-')
            out[used++] = ',';
    }
    out[used] = '\0';
    return out;
}
