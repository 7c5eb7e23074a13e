/*
 * A callback as a value function: the mean over its draws, with a cache of what it said.
 *
 * The cache is a table of coalitions. A key is a bit an agent; a coalition may lie in the few places that begin where
 * its hash says, and is told from others by all of its bits, never by the hash alone.
 */
#include "core/core.h"
#include "throng/attribution.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Places in which a key may lie: when all are taken, the first is overwritten. */
#define PLACES 8

struct throng_black_box {
    throng_context *context;
    throng_black_box_def def;
    throng_black_box_counts counts;
    int64_t n_places, n_words; /* in the table; in a key */
    int64_t *draw;             /* [n_places] one more than the draw, 0: the place is free; negative: not known yet */
    double *value;             /* [n_places] */
    uint64_t *key;             /* [n_places + 1][n_words] the last one is of the coalition being looked up */
    int64_t n_kept;            /* with `values`, which needs all that it has kept: places taken, at most kept_max */
    int64_t kept_max;
    bool rehearsing;
    int64_t *noted; /* [n_noted] places of what is not known yet */
    int64_t n_noted, noted_cap, noted_max;
};

throng_black_box_def throng_black_box_default(void) {
    return (throng_black_box_def){.draws = 1, .cache_bytes = (int64_t)64 << 20, .batch = 1024};
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

/* Of the key being looked up at this draw. */
static uint64_t hash_of(const throng_black_box *box, int64_t draw) {
    const uint64_t *key = key_at(box, box->n_places);
    uint64_t hash = (uint64_t)draw;
    for (int64_t i = 0; i < box->n_words; i++) { /* the mixing step of splitmix64 */
        hash = (hash ^ key[i]) + 0x9e3779b97f4a7c15U;
        hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9U;
        hash = (hash ^ (hash >> 27)) * 0x94d049bb133111ebU;
        hash ^= hash >> 31;
    }
    return hash;
}

/* Where the key being looked up lies at this draw, or else where it should be put. */
static int64_t find_place(const throng_black_box *box, int64_t draw, bool *found) {
    const uint64_t *key = key_at(box, box->n_places);
    int64_t tried = box->def.values || box->n_places < PLACES ? box->n_places : PLACES;
    int64_t first = (int64_t)(hash_of(box, draw) % (uint64_t)box->n_places), free = -1;
    *found = false;
    for (int64_t i = 0; i < tried && !(box->def.values && free >= 0); i++) {
        int64_t place = (first + i) % box->n_places;
        if (box->draw[place] == 0)
            free = free < 0 ? place : free;
        else if ((box->draw[place] == draw + 1 || box->draw[place] == -draw - 1) &&
                 memcmp(key_at(box, place), key, (size_t)box->n_words * sizeof *key) == 0) {
            *found = true;
            return place;
        }
    }
    return free < 0 ? first : free;
}

/* @param draw one more than the draw, negative if the value is not known yet */
static void keep(throng_black_box *box, int64_t place, int64_t draw, double value) {
    box->n_kept += box->draw[place] == 0;
    box->draw[place] = draw;
    box->value[place] = value;
    memcpy(key_at(box, place), key_at(box, box->n_places), (size_t)box->n_words * sizeof *box->key);
}

/* ---- asking ---------------------------------------------------------------------------------------------------- */

static throng_status fail_asking(const throng_black_box *box, throng_status status, const throng_error *own,
                                 const char *which, throng_error *err) {
    if (*own->message && err)
        *err = *own;
    if (*own->message)
        return status;
    return throng_error_set(err, status, __FILE__, __LINE__, "The black box failed (%s) for %s of the %lld agents.",
                            throng_status_text(status), which, (long long)box->def.n_agents);
}

/* "a coalition of 3, draw 0, of the ..." */
static throng_status check_value(const throng_black_box *box, const double *alpha, int64_t draw, double value,
                                 throng_error *err) {
    int64_t members = 0;
    if (isfinite(value))
        return THRONG_OK;
    for (int64_t i = 0; i < box->def.n_agents; i++)
        members += alpha[i] > 0.0;
    return THRONG_FAIL(err, E_DEGENERATE,
                       "The black box is not finite for a coalition of %lld of the %lld agents, draw %lld: it gave %g.",
                       (long long)members, (long long)box->def.n_agents, (long long)draw, value);
}

static throng_status ask_many(throng_black_box *box, int64_t n, const double *alpha, const int64_t *draw, double *out,
                              throng_error *err) {
    throng_error own = {0};
    char which[60];
    box->counts.calls += n;
    box->counts.batches++;
    throng_status status = box->def.values(box->def.self, n, alpha, draw, out, &own);
    snprintf(which, sizeof which, "%lld coalitions", (long long)n);
    if (status != THRONG_OK)
        return fail_asking(box, status, &own, which, err);
    for (int64_t b = 0; b < n && status == THRONG_OK; b++)
        status = check_value(box, alpha + b * box->def.n_agents, draw[b], out[b], err);
    return status;
}

static throng_status ask(throng_black_box *box, const double *alpha, int64_t draw, double *out, throng_error *err) {
    throng_error own = {0};
    char which[80];
    double value = 0.0;
    int64_t members = 0;
    if (box->def.calls_max > 0 && box->counts.calls >= box->def.calls_max)
        return THRONG_FAIL(err, E_BUDGET, "The black box may be called %lld times, and has been.",
                           (long long)box->def.calls_max);
    if (box->def.values)
        return ask_many(box, 1, alpha, &draw, out, err);
    box->counts.calls++;
    throng_status status = box->def.value(box->def.self, alpha, draw, &value, &own);
    for (int64_t i = 0; i < box->def.n_agents; i++)
        members += alpha[i] > 0.0;
    snprintf(which, sizeof which, "a coalition of %lld, draw %lld,", (long long)members, (long long)draw);
    if (status != THRONG_OK)
        return fail_asking(box, status, &own, which, err);
    *out = value;
    return check_value(box, alpha, draw, value, err);
}

/* In a rehearsal no two values agree, so that no method thinks that it has seen enough. `place`: where to write the
 * question down, -1: nowhere, it will be asked alone. */
static throng_status guess(throng_black_box *box, int64_t place, int64_t draw, double *out, throng_error *err) {
    throng_status status = THRONG_OK;
    bool known = place >= 0 && box->draw[place] != 0;
    *out = place >= 0 ? 0x1p-64 * (double)hash_of(box, draw) : 0.0;
    if (place < 0 || known)
        return THRONG_OK;
    THRONG_REQUIRE(box->n_noted < box->noted_max, E_BUDGET, "Enough was asked for.");
    if (box->n_noted == box->noted_cap) {
        int64_t cap = box->noted_cap ? 2 * box->noted_cap : 1024;
        THRONG_TRY(throng_i_resize(box->context, &box->noted, cap, sizeof *box->noted, err));
        box->noted_cap = cap;
    }
    keep(box, place, -draw - 1, 0.0);
    box->noted[box->n_noted++] = place;
out:
    return status;
}

static throng_status value_at(void *self, const double *alpha, int64_t draw, double *out, throng_error *err) {
    throng_black_box *box = self;
    bool found = false, may_keep = make_key(box, alpha);
    int64_t place = may_keep ? find_place(box, draw, &found) : -1;
    if (found && box->draw[place] > 0) {
        box->counts.hits += !box->rehearsing;
        *out = box->value[place];
        return THRONG_OK;
    }
    if (box->rehearsing)
        return guess(box, place, draw, out, err);
    throng_status status = ask(box, alpha, draw, out, err);
    if (status == THRONG_OK && may_keep && (!box->def.values || box->n_kept < box->kept_max))
        keep(box, place, draw + 1, *out);
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

/* ---- many at once ---------------------------------------------------------------------------------------------- */

/* Bytes of the coalitions of a batch. */
#define BATCH_BYTES ((int64_t)64 << 20)

static int64_t least(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static void rehearse(void *self, bool on) {
    throng_black_box *box = self;
    for (int64_t i = 0; i < box->n_noted; i++) /* what was not answered is forgotten */
        box->draw[box->noted[i]] = 0;
    box->n_kept -= box->n_noted;
    box->n_noted = 0;
    box->rehearsing = on;
    /* A quarter more than is known: the more a rehearsal has to go through again, the more it looks ahead. */
    box->noted_max = box->def.batch > box->counts.calls / 4 ? box->def.batch : box->counts.calls / 4;
    box->noted_max = least(box->noted_max, box->kept_max - box->n_kept);
    if (box->def.calls_max > 0)
        box->noted_max = least(box->noted_max, box->def.calls_max - box->counts.calls);
}

/* Asks for noted[at .. at + n). */
static throng_status answer_some(throng_black_box *box, int64_t at, int64_t n, double *alpha, int64_t *draw,
                                 double *out, throng_error *err) {
    int64_t n_agents = box->def.n_agents;
    for (int64_t b = 0; b < n; b++) {
        const uint64_t *key = key_at(box, box->noted[at + b]);
        for (int64_t i = 0; i < n_agents; i++)
            alpha[b * n_agents + i] = (double)(key[i / 64] >> (i % 64) & 1);
        draw[b] = -box->draw[box->noted[at + b]] - 1;
    }
    throng_status status = ask_many(box, n, alpha, draw, out, err);
    for (int64_t b = 0; b < n && status == THRONG_OK; b++) {
        box->draw[box->noted[at + b]] = draw[b] + 1;
        box->value[box->noted[at + b]] = out[b];
    }
    return status;
}

static throng_status answer(void *self, int64_t *n, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_black_box *box = self;
    double *alpha = NULL, *out = NULL;
    int64_t *draw = NULL, at = 0;
    int64_t rows = least(box->def.batch, BATCH_BYTES / (8 * box->def.n_agents) + 1);
    rows = least(rows, box->n_noted);
    *n = box->n_noted;
    if (*n == 0)
        return THRONG_OK;
    THRONG_TRY(throng_i_resize(box->context, &alpha, rows * box->def.n_agents, sizeof *alpha, err));
    THRONG_TRY(throng_i_resize(box->context, &out, rows, sizeof *out, err));
    THRONG_TRY(throng_i_resize(box->context, &draw, rows, sizeof *draw, err));
    for (; at < *n; at += least(rows, *n - at)) {
        throng_progress progress = {"asking the black box", "coalitions", at, *n};
        THRONG_TRY(throng_i_progress(box->context, &progress, err));
        THRONG_TRY(answer_some(box, at, least(rows, *n - at), alpha, draw, out, err));
    }
out:
    box->n_noted -= at;
    memmove(box->noted, box->noted + at, (size_t)box->n_noted * sizeof *box->noted);
    throng_i_free(box->context, alpha);
    throng_i_free(box->context, out);
    throng_i_free(box->context, draw);
    return status;
}

/* ---- life ------------------------------------------------------------------------------------------------------ */

throng_status throng_black_box_create(throng_context *context, const throng_black_box_def *def, throng_black_box **out,
                                      throng_error *err) {
    throng_status status = THRONG_OK;
    throng_black_box *box = NULL;
    THRONG_REQUIRE(!def->value != !def->values, E_ARGUMENT, "A black box needs one of the callbacks value and values.");
    THRONG_REQUIRE(!def->values || def->batch >= 1, E_ARGUMENT, "A batch holds at least one coalition, got %lld.",
                   (long long)def->batch);
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
    box->kept_max = box->n_places - box->n_places / 4; /* room to find a place in */
    if (box->kept_max == box->n_places)
        box->kept_max = 0;
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
    throng_i_free(box->context, box->noted);
    throng_i_free(box->context, box);
}

throng_value_function throng_black_box_function(throng_black_box *box) {
    return (throng_value_function){.self = box,
                                   .n_agents = box->def.n_agents,
                                   .value = value,
                                   .n_draws = box->def.draws > 1 ? box->def.draws : 0,
                                   .value_at = box->def.draws > 1 ? value_at : NULL,
                                   .rehearse = box->def.values ? rehearse : NULL,
                                   .answer = box->def.values ? answer : NULL};
}

throng_black_box_counts throng_black_box_count(const throng_black_box *box) {
    return box->counts;
}
