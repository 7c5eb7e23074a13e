/* How unevenly credit is spread: Gini, Lorenz curve and the few that hold half of it, from one sort of |phi|. */
#include "attribution/attribution.h"
#include "population/population.h"

#include <math.h>
#include <string.h>

/* Keys are floats >= 0, whose bits sort as whole numbers do. They are sorted where they stand, by their first eight
 * bits and then within each of these: a second array would be the largest thing that a crowd needs (American flag sort,
 * McIlroy, Bostic and McIlroy 1993). */
#define DIGIT_BITS 8
#define BUCKETS    (1 << DIGIT_BITS)
#define FEW        48 /* that are sorted by inserting */

static void insert_sort(uint32_t *keys, int64_t n) {
    for (int64_t i = 1; i < n; i++) {
        uint32_t key = keys[i];
        int64_t at = i;
        for (; at > 0 && keys[at - 1] > key; at--)
            keys[at] = keys[at - 1];
        keys[at] = key;
    }
}

/* Every key goes to the next free place of its bucket, and what stood there goes on from there. */
static void permute(uint32_t *keys, int shift, int64_t *next, const int64_t *end) {
    for (int b = 0; b < BUCKETS; b++)
        while (next[b] < end[b]) {
            uint32_t key = keys[next[b]];
            int digit = (int)(key >> shift) & (BUCKETS - 1);
            while (digit != b) {
                uint32_t other = keys[next[digit]];
                keys[next[digit]++] = key;
                key = other;
                digit = (int)(key >> shift) & (BUCKETS - 1);
            }
            keys[next[b]++] = key;
        }
}

static void sort_keys(uint32_t *keys, int64_t n, int shift) {
    int64_t next[BUCKETS] = {0}, end[BUCKETS], sum = 0;
    if (n <= FEW) {
        insert_sort(keys, n);
        return;
    }
    for (int64_t i = 0; i < n; i++)
        next[(keys[i] >> shift) & (BUCKETS - 1)]++;
    for (int b = 0; b < BUCKETS; b++) {
        int64_t count = next[b];
        next[b] = sum;
        sum += count;
        end[b] = sum;
    }
    permute(keys, shift, next, end);
    for (int b = 0; b < BUCKETS && shift > 0; b++) {
        int64_t first = b > 0 ? end[b - 1] : 0;
        if (end[b] - first > 1)
            sort_keys(keys + first, end[b] - first, shift - DIGIT_BITS);
    }
}

/* Credits of a time, or of the change, which not everybody has a part in. */
typedef struct credits {
    const double *phi;  /* [n] */
    const int64_t *row; /* [n] below 0: no part; NULL: all have one */
    int64_t n;
} credits;

static credits credits_of(const throng_attribution *self, int64_t time) {
    int64_t begin = 0, end = 0;
    if (time < 0)
        return (credits){self->change_phi, self->change_row, self->population->n_agents};
    throng_population_slice(self->population, time, &begin, &end);
    return (credits){self->phi + begin, NULL, end - begin};
}

static bool has_part(const credits *self, int64_t i) {
    return !self->row || self->row[i] >= 0;
}

/* How many have a part, and the largest |phi|. */
typedef struct overview {
    int64_t n;
    double largest;
} overview;

static void look(void *user, throng_i_share part, void *state) {
    const credits *self = user;
    overview *out = state;
    for (int64_t i = part.begin; i < part.end; i++)
        if (has_part(self, i)) {
            out->largest = fmax(out->largest, fabs(self->phi[i]));
            out->n++;
        }
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

/* The keys of those of a part who have one. */
static void list_keys(const credits *self, throng_i_share part, double largest, uint32_t *keys) {
    for (int64_t i = part.begin, at = part.begin; i < part.end && largest > 0.0; i++)
        if (has_part(self, i))
            keys[at++] = key_of(fabs(self->phi[i]) / largest); /* in [0, 1], whatever the unit */
}

static void concentrate(uint32_t *keys, int64_t n, double largest, throng_concentration *out) {
    double total = 0.0;
    if (largest > 0.0) {
        for (int64_t i = 0; i < n; i++)
            total += value_of(keys[i]);
        sort_keys(keys, n, 32 - DIGIT_BITS);
        measure(keys, n, total, out);
    } else {
        for (int i = 0; i < THRONG_LORENZ_POINTS; i++)
            out->lorenz[i] = i / 100.0;
    }
}

/* Of a shared crowd, rank 0 sorts the keys of all. */
throng_status throng_attribution_concentration(const throng_attribution *self, int64_t time, throng_concentration *out,
                                               throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_population *population = self->population;
    uint32_t *keys = NULL;
    throng_concentration result = {0};
    overview all = {0};
    THRONG_REQUIRE(!self->cohort_phi, E_UNSUPPORTED,
                   "The players are cohorts: credit has no concentration over agents.");
    credits list = credits_of(self, time);
    throng_i_share part = population->shared ? throng_i_population_here(population) : (throng_i_share){0, list.n};
    if (population->shared)
        THRONG_TRY(throng_i_population_in_turn(population, look, &list, &all, sizeof all, err));
    else
        look(&list, part, &all);
    THRONG_TRY(throng_i_resize(self->context, &keys, all.n, sizeof *keys, err));
    list_keys(&list, part, all.largest, keys);
    if (population->shared)
        THRONG_TRY(throng_i_share_collect(self->context, all.n, sizeof *keys, keys, err));
    if (!population->shared || throng_ranks_mine(self->context) == 0)
        concentrate(keys, all.n, all.largest, &result);
    if (population->shared)
        THRONG_TRY(throng_i_ranks_tell(self->context, 0, &result, sizeof result, err));
    *out = result;
out:
    throng_i_free(self->context, keys);
    return status;
}
