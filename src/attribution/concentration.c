/*
 * How unevenly credit is spread: Gini, Lorenz curve and the few that hold half of it, from one sort of |phi|.
 *
 * Keys are floats in [0, 1], whose bits sort as whole numbers do. There is one array of them: a second one would be the
 * largest thing that a crowd needs. So each goes from the credits straight into its bucket, by its first bits; buckets
 * are sorted where they stand, by the bits that follow (American flag sort, McIlroy, Bostic and McIlroy 1993), and the
 * last bits are counted. Parts of the crowd fill buckets side by side, and buckets are sorted side by side: which
 * comes first changes nothing in what is sorted, and sums over that are made by chunks.
 */
#include "attribution/attribution.h"
#include "population/population.h"

#include <math.h>
#include <string.h>

#define KEY_BITS      30 /* of 1.0f, the largest */
#define FIRST_BITS    12
#define DIGIT_BITS    9 /* twice */
#define FIRST_BUCKETS (1 << FIRST_BITS)
#define BUCKETS       (1 << DIGIT_BITS)
#define FEW           48 /* that are sorted by inserting */
#define PART_ROWS     (1 << 20)
#define PARTS_MAX     64

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

static int first_digit(uint32_t key) {
    return (int)(key >> (KEY_BITS - FIRST_BITS)) & (FIRST_BUCKETS - 1);
}

/* ---- who has a part -------------------------------------------------------------------------------------------- */

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

static void look(void *user, throng_i_share rows, void *state) {
    const credits *self = user;
    overview *out = state;
    for (int64_t i = rows.begin; i < rows.end; i++)
        if (has_part(self, i)) {
            out->largest = fabs(self->phi[i]) > out->largest ? fabs(self->phi[i]) : out->largest;
            out->n++;
        }
}

/* ---- keys into their buckets ----------------------------------------------------------------------------------- */

/* One of the parts that fill buckets side by side. */
typedef struct part {
    overview seen;
    int64_t next[FIRST_BUCKETS]; /* how many of its keys are in a bucket, then where the next of them goes */
} part;

typedef struct spread {
    const credits *credits;
    part *parts;
    int64_t n_parts;
    double largest;
    uint32_t *keys;
} spread;

static throng_i_share rows_of(const spread *self, int64_t index) {
    int64_t n = self->credits->n, most = (n + self->n_parts - 1) / self->n_parts;
    return (throng_i_share){index * most, (index + 1) * most < n ? (index + 1) * most : n};
}

/* The key of an agent's |phi|, whatever the unit. */
static uint32_t key_at(const spread *self, int64_t i) {
    return key_of(fabs(self->credits->phi[i]) / self->largest);
}

static void look_at_part(void *user, throng_chunk chunk) {
    const spread *self = user;
    look((void *)(uintptr_t)self->credits, rows_of(self, chunk.index), &self->parts[chunk.index].seen);
}

static void count_part(void *user, throng_chunk chunk) {
    const spread *self = user;
    throng_i_share rows = rows_of(self, chunk.index);
    for (int64_t i = rows.begin; i < rows.end; i++)
        if (has_part(self->credits, i))
            self->parts[chunk.index].next[first_digit(key_at(self, i))]++;
}

static void place_part(void *user, throng_chunk chunk) {
    const spread *self = user;
    throng_i_share rows = rows_of(self, chunk.index);
    for (int64_t i = rows.begin; i < rows.end; i++)
        if (has_part(self->credits, i)) {
            uint32_t key = key_at(self, i);
            self->keys[self->parts[chunk.index].next[first_digit(key)]++] = key;
        }
}

/* From how many each part has in each bucket to where its first goes. @param first [buckets + 1] out: of each bucket */
static void find_places(spread *self, int64_t *first) {
    int64_t sum = 0;
    for (int b = 0; b < FIRST_BUCKETS; b++) {
        first[b] = sum;
        for (int64_t p = 0; p < self->n_parts; p++) {
            int64_t count = self->parts[p].next[b];
            self->parts[p].next[b] = sum;
            sum += count;
        }
    }
    first[FIRST_BUCKETS] = sum;
}

/* ---- sorting where they stand ---------------------------------------------------------------------------------- */

static void insert_sort(uint32_t *keys, int64_t n) {
    for (int64_t i = 1; i < n; i++) {
        uint32_t key = keys[i];
        int64_t at = i;
        for (; at > 0 && keys[at - 1] > key; at--)
            keys[at] = keys[at - 1];
        keys[at] = key;
    }
}

/* Keys into buckets by a digit: every key goes to the next free place of its bucket, and what stood there goes on from
 * there. @param first [buckets + 1] out: of each bucket */
static void divide(uint32_t *keys, int64_t n, int shift, int buckets, int64_t *first) {
    int64_t next[FIRST_BUCKETS];
    const uint32_t mask = (uint32_t)buckets - 1;
    memset(first, 0, ((size_t)buckets + 1) * sizeof *first);
    for (int64_t i = 0; i < n; i++)
        first[(keys[i] >> shift & mask) + 1]++;
    for (int b = 0; b < buckets; b++) {
        next[b] = first[b];
        first[b + 1] += first[b];
    }
    for (uint32_t b = 0; b <= mask; b++)
        while (next[b] < first[b + 1]) {
            uint32_t key = keys[next[b]], digit = key >> shift & mask;
            for (; digit != b; digit = key >> shift & mask) {
                uint32_t other = keys[next[digit]];
                keys[next[digit]++] = key;
                key = other;
            }
            keys[next[b]++] = key;
        }
}

/* Keys that differ in their last digit only are as many of each as there are. */
static void sort_last(uint32_t *keys, int64_t n) {
    int64_t count[BUCKETS] = {0}, at = 0;
    uint32_t others = keys[0] & ~(uint32_t)(BUCKETS - 1);
    for (int64_t i = 0; i < n; i++)
        count[keys[i] & (BUCKETS - 1)]++;
    for (uint32_t digit = 0; digit < BUCKETS; digit++)
        for (int64_t k = 0; k < count[digit]; k++)
            keys[at++] = others | digit;
}

static void sort_bucket(uint32_t *keys, int64_t n) {
    int64_t first[BUCKETS + 1];
    if (n <= FEW) {
        insert_sort(keys, n);
        return;
    }
    divide(keys, n, DIGIT_BITS, BUCKETS, first);
    for (int b = 0; b < BUCKETS; b++)
        if (first[b + 1] - first[b] > FEW)
            sort_last(keys + first[b], first[b + 1] - first[b]);
        else
            insert_sort(keys + first[b], first[b + 1] - first[b]);
}

/* ---- what is read off sorted keys ------------------------------------------------------------------------------ */

/* Of the values before a chunk: their sum, and that of value times place. */
typedef struct before {
    double sum, ranks;
} before;

typedef struct order {
    uint32_t *keys;
    int64_t n, n_chunks;
    int64_t first[FIRST_BUCKETS + 1]; /* keys of the first buckets */
    before *before;                   /* [chunks + 1] of each chunk alone at first; the last is about all */
} order;

/* The first bucket that begins at a key or behind it. */
static int bucket_from(const int64_t *first, int64_t key) {
    int low = 0, high = FIRST_BUCKETS;
    while (low < high) {
        int middle = (low + high) / 2;
        if (first[middle] < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* A chunk sorts the buckets that begin in it. */
static void sort_chunk(void *user, throng_chunk chunk) {
    const order *self = user;
    for (int b = bucket_from(self->first, chunk.begin); self->first[b] < chunk.end; b++)
        sort_bucket(self->keys + self->first[b], self->first[b + 1] - self->first[b]);
}

static void sum_chunk(void *user, throng_chunk chunk) {
    const order *self = user;
    before sums = {0};
    for (int64_t i = chunk.begin; i < chunk.end; i++) {
        double value = value_of(self->keys[i]);
        sums.sum += value;
        sums.ranks += (double)(i + 1) * value;
    }
    self->before[chunk.index] = sums;
}

static void add_chunks(order *self) {
    before all = {0};
    for (int64_t c = 0; c <= self->n_chunks; c++) {
        before one = self->before[c];
        self->before[c] = all;
        all.sum += one.sum;
        all.ranks += one.ranks;
    }
}

/* What the least `place` agents hold, of the last of them a part. */
static double below(const order *self, double place) {
    int64_t end = (int64_t)place, chunk = end / THRONG_CHUNK_ROWS;
    double sum = 0.0;
    for (int64_t i = chunk * THRONG_CHUNK_ROWS; i < end; i++)
        sum += value_of(self->keys[i]);
    if (end < self->n)
        sum += (place - (double)end) * value_of(self->keys[end]);
    return self->before[chunk].sum + sum;
}

/* How many, the largest first, hold half. */
static int64_t find_half(const order *self) {
    double half = 0.5 * self->before[self->n_chunks].sum, sum = 0.0;
    int64_t chunk = self->n_chunks - 1;
    while (self->before[chunk].sum > half)
        chunk--;
    int64_t i = chunk * THRONG_CHUNK_ROWS;
    for (; self->before[chunk].sum + sum + value_of(self->keys[i]) <= half; i++)
        sum += value_of(self->keys[i]);
    return self->n - i;
}

static double share_of_largest(const order *self, int64_t n) {
    double total = self->before[self->n_chunks].sum;
    return (total - below(self, (double)(self->n - (n > 1 ? n : 1)))) / total;
}

/* Fills everything from sorted keys, the largest of which is 1. */
static void measure(const order *self, throng_concentration *out) {
    const before *all = &self->before[self->n_chunks];
    double n = (double)self->n;
    for (int point = 0; point < THRONG_LORENZ_POINTS; point++)
        out->lorenz[point] = below(self, point / 100.0 * n) / all->sum;
    out->gini = fmax(2.0 * all->ranks / (n * all->sum) - (n + 1.0) / n, 0.0);
    out->half = find_half(self);
    out->top_thousandth = share_of_largest(self, self->n / 1000);
    out->top_hundredth = share_of_largest(self, self->n / 100);
    out->top_tenth = share_of_largest(self, self->n / 10);
}

/* Sorts keys that are in their first buckets. */
static throng_status concentrate(throng_context *context, order *self, throng_concentration *out, throng_error *err) {
    throng_status status = THRONG_OK;
    self->n_chunks = throng_i_chunk_count(self->n);
    THRONG_TRY(throng_i_alloc(context, self->n_chunks + 1, sizeof *self->before, &self->before, err));
    THRONG_TRY(throng_chunks_for(context, self->n, sort_chunk, self, NULL, err));
    THRONG_TRY(throng_chunks_for(context, self->n, sum_chunk, self, NULL, err));
    add_chunks(self);
    measure(self, out);
out:
    throng_i_free(context, self->before);
    return status;
}

/* ---- of a crowd ------------------------------------------------------------------------------------------------ */

/* Fills the buckets from a crowd that this process has to itself. */
static throng_status fill(throng_context *context, const credits *list, order *out, double *largest,
                          throng_error *err) {
    throng_status status = THRONG_OK;
    spread self = {.credits = list, .n_parts = list->n / PART_ROWS + 1};
    if (self.n_parts > PARTS_MAX)
        self.n_parts = PARTS_MAX;
    const int64_t chunks = self.n_parts * THRONG_CHUNK_ROWS; /* a chunk is a part */
    THRONG_TRY(throng_i_alloc(context, self.n_parts, sizeof *self.parts, &self.parts, err));
    THRONG_TRY(throng_chunks_for(context, chunks, look_at_part, &self, NULL, err));
    for (int64_t p = 0; p < self.n_parts; p++) {
        out->n += self.parts[p].seen.n;
        self.largest = fmax(self.largest, self.parts[p].seen.largest);
    }
    *largest = self.largest;
    THRONG_TRY(throng_i_resize(context, &self.keys, out->n, sizeof *self.keys, err));
    out->keys = self.keys;
    if (self.largest > 0.0) {
        THRONG_TRY(throng_chunks_for(context, chunks, count_part, &self, NULL, err));
        find_places(&self, out->first);
        THRONG_TRY(throng_chunks_for(context, chunks, place_part, &self, NULL, err));
    }
out:
    throng_i_free(context, self.parts);
    return status;
}

/* Fills them at rank 0 from a crowd that ranks share. */
static throng_status collect(const throng_population *population, const credits *list, order *out, double *largest,
                             throng_error *err) {
    throng_status status = THRONG_OK;
    overview all = {0};
    throng_i_share here = throng_i_population_here(population);
    throng_context *context = population->context;
    THRONG_TRY(throng_i_population_in_turn(population, look, (void *)(uintptr_t)list, &all, sizeof all, err));
    THRONG_TRY(throng_i_resize(context, &out->keys, all.n, sizeof *out->keys, err));
    out->n = all.n;
    *largest = all.largest;
    const spread self = {.credits = list, .largest = all.largest};
    for (int64_t i = here.begin; i < here.end && all.largest > 0.0; i++)
        out->keys[i] = key_at(&self, i);
    THRONG_TRY(throng_i_share_collect(context, all.n, sizeof *out->keys, out->keys, err));
    if (throng_ranks_mine(context) == 0 && all.largest > 0.0)
        divide(out->keys, all.n, KEY_BITS - FIRST_BITS, FIRST_BUCKETS, out->first);
out:
    return status;
}

/* Of a shared crowd, rank 0 sorts the keys of all. */
throng_status throng_attribution_concentration(const throng_attribution *self, int64_t time, throng_concentration *out,
                                               throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_population *population = self->population;
    throng_concentration result = {0};
    order sorted = {0};
    double largest = 0.0;
    THRONG_REQUIRE(!self->cohort_phi, E_UNSUPPORTED,
                   "The players are cohorts: credit has no concentration over agents.");
    credits list = credits_of(self, time);
    if (population->shared)
        THRONG_TRY(collect(population, &list, &sorted, &largest, err));
    else
        THRONG_TRY(fill(self->context, &list, &sorted, &largest, err));
    for (int i = 0; i < THRONG_LORENZ_POINTS; i++)
        result.lorenz[i] = i / 100.0; /* of those who are all alike in having nothing */
    if (largest > 0.0 && (!population->shared || throng_ranks_mine(self->context) == 0))
        THRONG_TRY(concentrate(self->context, &sorted, &result, err));
    if (population->shared)
        THRONG_TRY(throng_i_ranks_tell(self->context, 0, &result, sizeof result, err));
    *out = result;
out:
    throng_i_free(self->context, sorted.keys);
    return status;
}
