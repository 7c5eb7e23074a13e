/* How unevenly credit is spread: Gini, Lorenz curve and the few that hold half of it, from one sort of |phi|. */
#include "attribution/attribution.h"
#include "population/population.h"

#include <math.h>
#include <string.h>

/* Keys are floats >= 0, whose bits sort as whole numbers do: three passes of 11 bits. */
#define PASS_BITS 11
#define PASSES    3
#define BUCKETS   (1 << PASS_BITS)

static void radix_sort(uint32_t *keys, uint32_t *other, int64_t n) {
    for (int pass = 0; pass < PASSES; pass++) {
        int64_t place[BUCKETS + 1] = {0};
        int shift = pass * PASS_BITS;
        for (int64_t i = 0; i < n; i++)
            place[((keys[i] >> shift) & (BUCKETS - 1)) + 1]++;
        for (int b = 0; b < BUCKETS; b++)
            place[b + 1] += place[b];
        for (int64_t i = 0; i < n; i++)
            other[place[(keys[i] >> shift) & (BUCKETS - 1)]++] = keys[i];
        uint32_t *swap = keys;
        keys = other;
        other = swap;
    }
}

/* |phi| of everybody who is there, in any order: how many, and into absolute[] if it is not NULL. */
static int64_t collect(const throng_attribution *self, int64_t time, double *absolute) {
    int64_t begin = 0, end = 0, n = 0;
    if (time >= 0) {
        throng_population_slice(self->population, time, &begin, &end);
        for (int64_t row = begin; absolute && row < end; row++)
            absolute[row - begin] = fabs(self->phi[row]);
        return end - begin;
    }
    for (int64_t agent = 0; agent < self->population->n_agents; agent++) {
        if (self->change_row && self->change_row[agent] < 0)
            continue;
        if (absolute)
            absolute[n] = fabs(self->change_phi[agent]);
        n++;
    }
    return n;
}

static double value_of(uint32_t key) {
    float value = 0.0f;
    memcpy(&value, &key, sizeof value);
    return value;
}

static uint32_t key_of(double value) {
    float narrow = (float)value;
    uint32_t key = 0;
    memcpy(&key, &narrow, sizeof key);
    return key;
}

/* Share of the largest of so many. */
static double share_of_largest(const uint32_t *sorted, int64_t n, int64_t largest, double total) {
    double sum = 0.0;
    for (int64_t i = n - 1; i >= n - (largest > 1 ? largest : 1); i--)
        sum += value_of(sorted[i]);
    return sum / total;
}

/* Fills everything from ascending keys whose sum is above 0. */
static void measure(const uint32_t *sorted, int64_t n, double total, throng_concentration *out) {
    double below = 0.0, ranks = 0.0, above = 0.0;
    int point = 0;
    for (int64_t i = 0; i < n; i++) {
        double value = value_of(sorted[i]);
        /* the curve is straight between agents */
        for (; point < THRONG_LORENZ_POINTS && point / 100.0 * (double)n < (double)(i + 1); point++)
            out->lorenz[point] = (below + (point / 100.0 * (double)n - (double)i) * value) / total;
        below += value;
        ranks += (double)(i + 1) * value;
    }
    for (; point < THRONG_LORENZ_POINTS; point++)
        out->lorenz[point] = 1.0;
    out->gini = fmax(2.0 * ranks / ((double)n * total) - ((double)n + 1.0) / (double)n, 0.0);
    for (int64_t i = n - 1; i >= 0 && above < 0.5 * total; i--, out->half++)
        above += value_of(sorted[i]);
    out->top_thousandth = share_of_largest(sorted, n, n / 1000, total);
    out->top_hundredth = share_of_largest(sorted, n, n / 100, total);
    out->top_tenth = share_of_largest(sorted, n, n / 10, total);
}

throng_status throng_attribution_concentration(const throng_attribution *self, int64_t time, throng_concentration *out,
                                               throng_error *err) {
    throng_status status = THRONG_OK;
    int64_t n = collect(self, time, NULL);
    double *absolute = NULL, largest = 0.0, total = 0.0;
    uint32_t *keys = NULL;
    throng_concentration result = {0};
    THRONG_REQUIRE(!self->cohort_phi, E_UNSUPPORTED,
                   "The players are cohorts: credit has no concentration over agents.");
    THRONG_TRY(throng_i_resize(self->context, &absolute, n, sizeof *absolute, err));
    THRONG_TRY(throng_i_resize(self->context, &keys, 2 * n, sizeof *keys, err));
    (void)collect(self, time, absolute);
    for (int64_t i = 0; i < n; i++)
        largest = fmax(largest, absolute[i]);
    for (int64_t i = 0; i < n && largest > 0.0; i++) {
        keys[i] = key_of(absolute[i] / largest); /* in [0, 1], whatever the unit */
        total += value_of(keys[i]);
    }
    if (largest > 0.0) {
        radix_sort(keys, keys + n, n);
        measure(keys + n, n, total, &result); /* an odd number of passes ends in the other half */
    } else {
        for (int i = 0; i < THRONG_LORENZ_POINTS; i++)
            result.lorenz[i] = i / 100.0;
    }
    *out = result;
out:
    throng_i_free(self->context, absolute);
    throng_i_free(self->context, keys);
    return status;
}
