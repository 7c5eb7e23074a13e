/* Mechanisms: opening one, deciding, phantoms in one pass, what an outcome is worth, best replies. */
#include "game/mechanism.h"

#include "core/core.h"

#include <math.h>
#include <stdlib.h>

#define BINS    4096 /* a power of 2, so that what lies in a bin is exact */
#define ENOUGH  1e-12
#define HALVING 60 /* of [0, 1]: less than a bit of a double is left */

struct throng_rule {
    throng_context *context;
    const throng_mechanism *mechanism;
    throng_i_plugin_use use;
    char name[THRONG_I_SPEC_LENGTH];
};

throng_status throng_rule_open(throng_context *context, const char *mechanism, throng_rule **out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_rule *self = NULL;
    THRONG_TRY(throng_i_alloc(context, 1, sizeof *self, &self, err));
    self->context = context;
    THRONG_TRY(throng_i_plugin_parse(context, THRONG_KIND_MECHANISM, mechanism, &self->use, err));
    self->mechanism = (const throng_mechanism *)(const void *)self->use.about;
    throng_i_plugin_print(&self->use, self->name, sizeof self->name);
    *out = self;
    self = NULL;
out:
    throng_rule_free(self);
    return status;
}

void throng_rule_free(throng_rule *self) {
    if (self)
        throng_i_free(self->context, self);
}

throng_context *throng_i_rule_context(const throng_rule *self) {
    return self->context;
}

const char *throng_rule_name(const throng_rule *self) {
    return self->name;
}

const throng_mechanism *throng_rule_mechanism(const throng_rule *self) {
    return self->mechanism;
}

/* ---- phantoms -------------------------------------------------------------------------------------------------- */

typedef double (*phantom_fn)(const double *param, int64_t k, int64_t n);

static int bin_of(double report, int bins) {
    int bin = (int)(report * bins);
    return bin < bins ? bin : bins - 1;
}

static int compare_down(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

/*
 * The place is at least t if k reports are, and the phantom for k is: so it is the greatest such t. Going down through
 * the reports, that holds from some report on; the place is that report, or the phantom for those above it. `above` are
 * the reports in higher bins; in the first bin that the phantom for all from there on reaches, the search ends.
 */
static throng_status place_in_bin(throng_context *context, phantom_fn phantom, const double *param,
                                  const double *reports, int64_t n, int bins, int bin, int64_t above, int64_t inside,
                                  double *place, throng_error *err) {
    throng_status status = THRONG_OK;
    double *near = NULL;
    int64_t n_near = 0, at = 0;
    THRONG_TRY(throng_i_alloc(context, inside, sizeof *near, &near, err));
    for (int64_t i = 0; i < n; i++)
        if (bin_of(reports[i], bins) == bin)
            near[n_near++] = reports[i];
    qsort(near, (size_t)n_near, sizeof *near, compare_down);
    while (at < n_near && phantom(param, above + at + 1, n) < near[at])
        at++;
    double reached = phantom(param, above + at, n);
    *place = at < n_near ? fmax(near[at], reached) : reached;
out:
    throng_i_free(context, near);
    return status;
}

static throng_status place_by_phantoms(throng_context *context, phantom_fn phantom, const double *param,
                                       const double *reports, int64_t n, double *place, throng_error *err) {
    int64_t counts[BINS], above = 0;
    int bins = 1;
    while (bins < n && bins < BINS)
        bins *= 2;
    for (int b = 0; b < bins; b++)
        counts[b] = 0;
    for (int64_t i = 0; i < n; i++)
        counts[bin_of(reports[i], bins)]++;
    for (int b = bins - 1; b >= 0; b--) {
        if (counts[b] > 0 && phantom(param, above + counts[b], n) >= (double)b / bins)
            return place_in_bin(context, phantom, param, reports, n, bins, b, above, counts[b], place, err);
        above += counts[b];
    }
    *place = phantom(param, n, n);
    return THRONG_OK;
}

/* ---- deciding -------------------------------------------------------------------------------------------------- */

throng_status throng_rule_decide(const throng_rule *self, const double *reports, int64_t n, throng_outcome *out,
                                 double *payments, throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_mechanism *mechanism = self->mechanism;
    throng_outcome outcome = {.place = 0.0, .winner = -1};
    THRONG_REQUIRE(n >= 1, E_ARGUMENT, "%s: nobody reports anything.", mechanism->about.name);
    for (int64_t i = 0; i < n; i++) {
        THRONG_REQUIRE(reports[i] >= 0.0 && reports[i] <= 1.0, E_ARGUMENT,
                       "%s: reports must lie in [0, 1]; that of agent %lld is %g.", mechanism->about.name,
                       (long long)i + 1, reports[i]);
        payments[i] = 0.0;
    }
    if (mechanism->phantom)
        THRONG_TRY(
            place_by_phantoms(self->context, mechanism->phantom, self->use.param, reports, n, &outcome.place, err));
    else
        THRONG_TRY(mechanism->decide(self->use.param, reports, n, &outcome, payments, err));
    *out = outcome;
out:
    return status;
}

double throng_rule_utility(const throng_rule *self, throng_outcome outcome, int64_t agent, double type,
                           double payment) {
    double worth = outcome.winner == agent ? type : 0.0;
    if (self->mechanism->domain == THRONG_MECHANISM_PLACE)
        worth = 1.0 - fabs(type - outcome.place);
    return worth - payment;
}

static double phantom_of_median(const double *param, int64_t k, int64_t n) {
    (void)param;
    return 2 * k > n ? 1.0 : 0.0;
}

throng_status throng_place_welfare_of(throng_context *context, const double *types, int64_t n, double place,
                                      throng_place_welfare *out, throng_error *err) {
    throng_status status = THRONG_OK;
    double median = 0.0;
    THRONG_TRY(place_by_phantoms(context, phantom_of_median, NULL, types, n, &median, err));
    *out = (throng_place_welfare){0};
    for (int64_t i = 0; i < n; i++) {
        out->cost += fabs(types[i] - place);
        out->best_cost += fabs(types[i] - median);
    }
    out->welfare = (double)n - out->cost;
    out->best_welfare = (double)n - out->best_cost;
out:
    return status;
}

/* ---- best replies ---------------------------------------------------------------------------------------------- */

/* Where a rule puts the place if one agent reports something else. */
typedef struct replier {
    const throng_rule *rule;
    double *reports, *payments;
    int64_t n, agent;
} replier;

static throng_status place_at(const replier *self, double report, double *place, throng_error *err) {
    throng_outcome outcome;
    self->reports[self->agent] = report;
    throng_status status = throng_rule_decide(self->rule, self->reports, self->n, &outcome, self->payments, err);
    if (status == THRONG_OK)
        *place = outcome.place;
    return status;
}

/* Sets an agent's report to what brings the place nearest to its type, if that is nearer than it was by more than
 * ENOUGH. */
static throng_status reply(const replier *self, double type, bool *moved, throng_error *err) {
    throng_status status = THRONG_OK;
    double before = self->reports[self->agent], low = 0.0, high = 1.0, now, at_low, at_high;
    THRONG_TRY(place_at(self, before, &now, err));
    if (fabs(now - type) <= ENOUGH)
        goto out;
    THRONG_TRY(place_at(self, low, &at_low, err));
    THRONG_TRY(place_at(self, high, &at_high, err));
    for (int k = 0; k < HALVING && at_low < type && at_high > type; k++) {
        double middle = 0.5 * (low + high), place;
        THRONG_TRY(place_at(self, middle, &place, err));
        *(place < type ? &low : &high) = middle;
        *(place < type ? &at_low : &at_high) = place;
    }
    double best = fabs(at_low - type) <= fabs(at_high - type) ? low : high;
    bool gains = fmin(fabs(at_low - type), fabs(at_high - type)) < fabs(now - type) - ENOUGH;
    self->reports[self->agent] = gains ? best : before;
    *moved = *moved || gains;
out:
    return status;
}

throng_status throng_rule_best_replies(const throng_rule *self, const double *types, int64_t n, int64_t rounds,
                                       double *reports, throng_outcome *out, double *payments, int64_t *made,
                                       throng_error *err) {
    throng_status status = THRONG_OK;
    replier one = {self, reports, payments, n, 0};
    bool moved = true;
    THRONG_REQUIRE(self->mechanism->domain == THRONG_MECHANISM_PLACE, E_UNSUPPORTED,
                   "%s decides no place: best replies are worked out for places alone.", self->mechanism->about.name);
    THRONG_REQUIRE(n <= THRONG_MECHANISM_REPLIERS, E_UNSUPPORTED,
                   "Best replies are worked out for at most %d agents, got %lld.", THRONG_MECHANISM_REPLIERS,
                   (long long)n);
    for (int64_t i = 0; i < n; i++)
        reports[i] = types[i];
    for (*made = 0; moved && *made < rounds; ++*made) {
        throng_progress progress = {"replying", "rounds", *made, -1};
        moved = false;
        for (one.agent = 0; one.agent < n; one.agent++)
            THRONG_TRY(reply(&one, types[one.agent], &moved, err));
        THRONG_TRY(throng_i_progress(self->context, &progress, err));
    }
    *made += moved;
    THRONG_TRY(throng_rule_decide(self, reports, n, out, payments, err));
out:
    return status;
}
