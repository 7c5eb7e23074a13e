/*
 * Drawing panels: successive sampling, each next member with probability proportional to its weight among those left.
 *
 * The first panel takes one exponential variate a row: the smallest variates over weight are the sample, in its order.
 * Further panels look members up in running sums of the weights and throw away those that are drawn already, which is
 * the same law. Where that would throw away too many (a panel that is most of the crowd), the rest is drawn by keys
 * again: given who is drawn, the next member's law is the same in both.
 */
#include "attribution/panel.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Keep draws apart from every other use of the same seed: the panel that is reported, and further ones. */
#define PANEL_STREAM   0x70616e656cULL
#define FURTHER_STREAM 0x70616e656c73ULL
#define REST_STREAM    0x70616e656c72ULL

static const char *const bias_names[THRONG_PANEL_BIAS_COUNT] = {
    [THRONG_PANEL_WEIGHT] = "weight", [THRONG_PANEL_UNIFORM] = "uniform", [THRONG_PANEL_TOP] = "top"};

const char *throng_panel_bias_name(throng_panel_bias bias) {
    return (int)bias >= 0 && bias < THRONG_PANEL_BIAS_COUNT ? bias_names[bias] : NULL;
}

throng_panel_def throng_panel_default(void) {
    return (throng_panel_def){.size = 100, .bias = THRONG_PANEL_WEIGHT, .draws = 200};
}

/* ---- the smallest keys ----------------------------------------------------------------------------------------- */

typedef struct candidate {
    double key; /* the smallest keys are drawn, in their order */
    int64_t row;
} candidate;

static int by_key(const void *a, const void *b) {
    const candidate *one = a, *other = b;
    if (one->key != other->key)
        return one->key < other->key ? -1 : 1;
    return one->row < other->row ? -1 : one->row > other->row;
}

/* Restores the heap whose first entry has the largest key. */
static void sift(candidate *heap, int n, int place) {
    for (;;) {
        int largest = place;
        for (int child = 2 * place + 1; child <= 2 * place + 2 && child < n; child++)
            if (by_key(&heap[child], &heap[largest]) > 0)
                largest = child;
        if (largest == place)
            return;
        candidate swap = heap[place];
        heap[place] = heap[largest];
        heap[largest] = swap;
        place = largest;
    }
}

/* What a row weighs in the draw; 0: it cannot be drawn. */
static double chance(const throng_i_urn *urn, int64_t row) {
    return urn->def.bias == THRONG_PANEL_UNIFORM ? 1.0 : throng_population_weight(urn->population, row);
}

static bool is_drawn(const throng_i_urn *urn, int64_t row) {
    int64_t at = row - urn->begin;
    return urn->drawn && (urn->drawn[at / 64] >> (at % 64) & 1);
}

/* The `wanted` rows of smallest keys among those not drawn. `stream` and `draw` name the random numbers. */
static throng_status draw_by_keys(const throng_i_urn *urn, uint64_t stream, uint64_t draw, int wanted, int64_t *rows,
                                  int *n_drawn, throng_error *err) {
    candidate *heap = NULL;
    int used = 0;
    throng_status status = throng_i_alloc(urn->context, wanted, sizeof *heap, &heap, err);
    if (status != THRONG_OK)
        return status;
    throng_random random = {urn->def.seed, stream};
    for (int64_t row = urn->begin; row < urn->end && wanted > 0; row++) {
        double weight = chance(urn, row), uniform[4];
        if (!(weight > 0.0) || is_drawn(urn, row))
            continue;
        candidate entry = {-weight, row};
        if (urn->def.bias != THRONG_PANEL_TOP) {
            throng_random_uniforms(random, (uint64_t)throng_population_agent(urn->population, row), (uint64_t)urn->time,
                                   draw, uniform);
            entry.key = -log(uniform[0]) / weight;
        }
        if (used < wanted) {
            heap[used++] = entry;
            for (int place = used == wanted ? wanted / 2 : -1; place >= 0; place--)
                sift(heap, wanted, place);
        } else if (by_key(&entry, &heap[0]) < 0) {
            heap[0] = entry;
            sift(heap, wanted, 0);
        }
    }
    qsort(heap, (size_t)used, sizeof *heap, by_key);
    for (int i = 0; i < used; i++)
        rows[i] = heap[i].row;
    *n_drawn = used;
    throng_i_free(urn->context, heap);
    return THRONG_OK;
}

throng_status throng_panel_draw(throng_context *context, const throng_population *population, int64_t time, int size,
                                uint64_t seed, int64_t *rows, int *n_drawn, throng_error *err) {
    throng_status status = THRONG_OK;
    THRONG_REQUIRE(size >= 1, E_ARGUMENT, "A panel needs at least one agent, got %d.", size);
    THRONG_REQUIRE(time >= 0 && time < throng_population_times(population), E_ARGUMENT,
                   "There is no time %lld to draw a panel from.", (long long)time);
    throng_i_urn urn = {
        .context = context, .population = population, .time = time, .def = {.size = size, .seed = seed}};
    throng_population_slice(population, time, &urn.begin, &urn.end);
    THRONG_TRY(draw_by_keys(&urn, PANEL_STREAM, 0, size, rows, n_drawn, err));
out:
    return status;
}

/* ---- the urn --------------------------------------------------------------------------------------------------- */

throng_status throng_i_urn_init(throng_context *context, const throng_population *population, int64_t time,
                                const throng_panel_def *def, throng_i_urn *out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_urn urn = {.context = context, .population = population, .time = time, .def = *def};
    char label[64], place[80] = "", all[THRONG_I_COUNT_LENGTH];
    THRONG_REQUIRE(throng_panel_bias_name(def->bias), E_ARGUMENT, "Unknown panel bias (%d).", (int)def->bias);
    THRONG_REQUIRE(def->size >= 1, E_ARGUMENT, "A panel needs at least one agent, got %d.", def->size);
    THRONG_REQUIRE(def->draws >= 0, E_ARGUMENT, "draws must not be negative, got %d.", def->draws);
    THRONG_REQUIRE(def->bias != THRONG_PANEL_TOP || population->weight.name, E_ARGUMENT,
                   "--bias top takes the agents of largest weight, and there are no weights: take --weight.");
    throng_population_slice(population, time, &urn.begin, &urn.end);
    for (int64_t row = urn.begin; row < urn.end; row++)
        urn.n_drawable += chance(&urn, row) > 0.0;
    throng_population_time_label(population, time, label, sizeof label);
    if (*label)
        snprintf(place, sizeof place, " at time %s", label);
    THRONG_REQUIRE(def->size <= urn.n_drawable, E_ARGUMENT,
                   "A panel of %d cannot be drawn%s: there are %s agents%s. Take --size %s or less.", def->size, place,
                   throng_i_count_print(urn.n_drawable, all),
                   def->bias == THRONG_PANEL_UNIFORM ? "" : " with a weight above 0",
                   throng_i_count_print(urn.n_drawable, all));
    *out = urn;
out:
    return status;
}

void throng_i_urn_clear(throng_i_urn *urn) {
    throng_i_free(urn->context, urn->ends);
    throng_i_free(urn->context, urn->drawn);
    urn->ends = NULL;
    urn->drawn = NULL;
}

throng_status throng_i_urn_first(throng_i_urn *urn, int64_t *rows, throng_error *err) {
    int unused = 0;
    return draw_by_keys(urn, PANEL_STREAM, 0, urn->def.size, rows, &unused, err);
}

static throng_status prepare(throng_i_urn *urn, throng_error *err) {
    throng_status status = THRONG_OK;
    int64_t n = urn->end - urn->begin;
    bool equal = urn->def.bias == THRONG_PANEL_UNIFORM || !urn->population->weight.name;
    double sum = 0.0;
    THRONG_TRY(throng_i_alloc(urn->context, n / 64 + 1, sizeof *urn->drawn, &urn->drawn, err));
    if (equal)
        goto out;
    THRONG_TRY(throng_i_resize(urn->context, &urn->ends, n, sizeof *urn->ends, err));
    for (int64_t i = 0; i < n; i++)
        urn->ends[i] = sum += chance(urn, urn->begin + i);
out:
    return status;
}

/* The row on which a point between 0 and 1 of all weight falls: the first whose running sum exceeds it. */
static int64_t row_at(const throng_i_urn *urn, double point) {
    int64_t n = urn->end - urn->begin, low = 0, high = n - 1;
    if (!urn->ends)
        return urn->begin + (int64_t)(point * (double)n);
    double target = point * urn->ends[n - 1];
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (urn->ends[middle] > target)
            high = middle;
        else
            low = middle + 1;
    }
    return urn->begin + low;
}

/* Tries before the rest is drawn by keys. */
static int64_t tries_max(int size) {
    return 64 + 8 * (int64_t)size;
}

throng_status throng_i_urn_draw(throng_i_urn *urn, int draw, int64_t *rows, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_random random = {urn->def.seed, FURTHER_STREAM};
    double uniform[4];
    int used = 0, rest = 0, size = urn->def.size;
    if (!urn->drawn)
        THRONG_TRY(prepare(urn, err));
    for (int64_t at = 0; used < size && at < tries_max(size); at++) {
        if (at % 4 == 0)
            throng_random_uniforms(random, (uint64_t)draw, (uint64_t)urn->time, (uint64_t)(at / 4), uniform);
        int64_t row = row_at(urn, uniform[at % 4]), place = row - urn->begin;
        if (is_drawn(urn, row) || !(chance(urn, row) > 0.0)) /* rounding may land on a weight of 0 */
            continue;
        urn->drawn[place / 64] |= 1ULL << (place % 64);
        rows[used++] = row;
    }
    if (used < size)
        status = draw_by_keys(urn, REST_STREAM, (uint64_t)draw, size - used, rows + used, &rest, err);
    for (int i = 0; i < used; i++)
        urn->drawn[(rows[i] - urn->begin) / 64] = 0;
out:
    return status;
}
