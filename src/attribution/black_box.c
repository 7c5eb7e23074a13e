/*
 * A callback as a value function: the mean over its draws, with a cache of what it said.
 *
 * The cache is a table of coalitions. A key is a bit an agent; a coalition may lie in the few places that begin where
 * its hash says, and is told from others by all of its bits, never by the hash alone.
 */
#include "core/core.h"
#include "throng/attribution.h"

#include <math.h>
#include <string.h>

/* Places in which a key may lie: when all are taken, the first is overwritten. */
#define PLACES 8

struct throng_black_box {
    throng_context *context;
    throng_black_box_def def;
    throng_black_box_counts counts;
    int64_t n_places, n_words; /* in the table; in a key */
    int64_t *draw;             /* [n_places] one more than the draw, 0: the place is free */
    double *value;             /* [n_places] */
    uint64_t *key;             /* [n_places + 1][n_words] the last one is of the coalition being looked up */
};

throng_black_box_def throng_black_box_default(void) {
    return (throng_black_box_def){.draws = 1, .cache_bytes = (int64_t)64 << 20};
}

/* ---- the cache ------------------------------------------------------------------------------------------------- */

static uint64_t *key_at(const throng_black_box *box, int64_t place) {
    return box->key + place * box->n_words;
}

/* Makes the key of a coalition; false if some agent takes part by halves, or if nothing is kept. */
static bool make_key(const throng_black_box *box, const double *alpha) {
    uint64_t *key = box->n_places > 0 ? key_at(box, box->n_places) : NULL;
    if (!key)
        return false;
    memset(key, 0, (size_t)box->n_words * sizeof *key);
    for (int64_t i = 0; i < box->def.n_agents; i++) {
        if (alpha[i] != 0.0 && alpha[i] != 1.0)
            return false;
        key[i / 64] |= (uint64_t)(alpha[i] == 1.0) << (i % 64);
    }
    return true;
}

/* Where the key being looked up lies at this draw, or else where it should be put. */
static int64_t find_place(const throng_black_box *box, int64_t draw, bool *found) {
    const uint64_t *key = key_at(box, box->n_places);
    uint64_t hash = (uint64_t)draw;
    for (int64_t i = 0; i < box->n_words; i++) { /* the mixing step of splitmix64 */
        hash = (hash ^ key[i]) + 0x9e3779b97f4a7c15U;
        hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9U;
        hash = (hash ^ (hash >> 27)) * 0x94d049bb133111ebU;
        hash ^= hash >> 31;
    }
    int64_t first = (int64_t)(hash % (uint64_t)box->n_places), free = -1;
    *found = false;
    for (int64_t i = 0; i < PLACES && i < box->n_places; i++) {
        int64_t place = (first + i) % box->n_places;
        if (box->draw[place] == 0)
            free = free < 0 ? place : free;
        else if (box->draw[place] == draw + 1 &&
                 memcmp(key_at(box, place), key, (size_t)box->n_words * sizeof *key) == 0) {
            *found = true;
            return place;
        }
    }
    return free < 0 ? first : free;
}

static void keep(throng_black_box *box, int64_t place, int64_t draw, double value) {
    box->draw[place] = draw + 1;
    box->value[place] = value;
    memcpy(key_at(box, place), key_at(box, box->n_places), (size_t)box->n_words * sizeof *box->key);
}

/* ---- asking ---------------------------------------------------------------------------------------------------- */

static throng_status ask(throng_black_box *box, const double *alpha, int64_t draw, double *out, throng_error *err) {
    throng_error own = {0};
    double value = 0.0;
    int64_t members = 0;
    if (box->def.calls_max > 0 && box->counts.calls >= box->def.calls_max)
        return THRONG_FAIL(err, E_BUDGET, "The black box may be called %lld times, and has been.",
                           (long long)box->def.calls_max);
    box->counts.calls++;
    throng_status status = box->def.value(box->def.self, alpha, draw, &value, &own);
    for (int64_t i = 0; i < box->def.n_agents; i++)
        members += alpha[i] > 0.0;
    if (status != THRONG_OK && *own.message) {
        if (err)
            *err = own;
        return status;
    }
    if (status != THRONG_OK)
        return throng_error_set(err, status, __FILE__, __LINE__,
                                "The black box failed (%s) for a coalition of %lld of the %lld agents, draw %lld.",
                                throng_status_text(status), (long long)members, (long long)box->def.n_agents,
                                (long long)draw);
    if (!isfinite(value))
        return THRONG_FAIL(err, E_DEGENERATE,
                           "The black box is not finite for a coalition of %lld of the %lld agents, draw %lld: it gave "
                           "%g.",
                           (long long)members, (long long)box->def.n_agents, (long long)draw, value);
    *out = value;
    return THRONG_OK;
}

static throng_status value_at(void *self, const double *alpha, int64_t draw, double *out, throng_error *err) {
    throng_black_box *box = self;
    bool found = false, may_keep = make_key(box, alpha);
    int64_t place = may_keep ? find_place(box, draw, &found) : 0;
    if (found) {
        box->counts.hits++;
        *out = box->value[place];
        return THRONG_OK;
    }
    throng_status status = ask(box, alpha, draw, out, err);
    if (status == THRONG_OK && may_keep)
        keep(box, place, draw, *out);
    return status;
}

static throng_status value(void *self, const double *alpha, double *out, throng_error *err) {
    throng_black_box *box = self;
    double sum = 0.0;
    for (int64_t draw = 0; draw < box->def.draws; draw++) {
        double at_draw = 0.0;
        throng_status status = value_at(box, alpha, draw, &at_draw, err);
        if (status == THRONG_OK && draw > 0) {
            throng_progress progress = {"asking the black box", "draws", draw, box->def.draws};
            status = throng_i_progress(box->context, &progress, err);
        }
        if (status != THRONG_OK)
            return status;
        sum += at_draw;
    }
    *out = sum / (double)box->def.draws;
    return THRONG_OK;
}

/* ---- life ------------------------------------------------------------------------------------------------------ */

throng_status throng_black_box_create(throng_context *context, const throng_black_box_def *def, throng_black_box **out,
                                      throng_error *err) {
    throng_status status = THRONG_OK;
    throng_black_box *box = NULL;
    THRONG_REQUIRE(def->value, E_ARGUMENT, "A black box needs a callback `value`.");
    THRONG_REQUIRE(def->n_agents >= 1, E_ARGUMENT, "A black box needs at least one agent, got %lld.",
                   (long long)def->n_agents);
    THRONG_REQUIRE(def->draws >= 1, E_ARGUMENT, "A black box needs at least one draw, got %lld.",
                   (long long)def->draws);
    THRONG_REQUIRE(def->cache_bytes >= 0 && def->calls_max >= 0, E_ARGUMENT,
                   "cache_bytes and calls_max of a black box must not be negative, got %lld and %lld.",
                   (long long)def->cache_bytes, (long long)def->calls_max);
    THRONG_TRY(throng_i_alloc(context, 1, sizeof *box, &box, err));
    box->context = context;
    box->def = *def;
    box->n_words = (def->n_agents + 63) / 64;
    int64_t each = (int64_t)(sizeof *box->draw + sizeof *box->value) + box->n_words * (int64_t)sizeof *box->key;
    box->n_places = def->cache_bytes / each;
    if (box->n_places > 0) {
        THRONG_TRY(throng_i_alloc(context, box->n_places, sizeof *box->draw, &box->draw, err));
        /* Not zeroed: memory is touched as places are taken. */
        THRONG_TRY(throng_i_resize(context, &box->value, box->n_places, sizeof *box->value, err));
        THRONG_TRY(throng_i_resize(context, &box->key, (box->n_places + 1) * box->n_words, sizeof *box->key, err));
    }
    *out = box;
    box = NULL;
out:
    throng_black_box_free(box);
    return status;
}

void throng_black_box_free(throng_black_box *box) {
    if (!box)
        return;
    throng_i_free(box->context, box->draw);
    throng_i_free(box->context, box->value);
    throng_i_free(box->context, box->key);
    throng_i_free(box->context, box);
}

throng_value_function throng_black_box_function(throng_black_box *box) {
    return (throng_value_function){.self = box,
                                   .n_agents = box->def.n_agents,
                                   .value = value,
                                   .n_draws = box->def.draws > 1 ? box->def.draws : 0,
                                   .value_at = box->def.draws > 1 ? value_at : NULL};
}

throng_black_box_counts throng_black_box_count(const throng_black_box *box) {
    return box->counts;
}
