/* An indicator of states that move. */
#include "attribution/outcome.h"

#include "throng/math.h"
#include "world/world.h"

#include <math.h>
#include <string.h>

/* ---- life ------------------------------------------------------------------------------------------------------ */

static void add_start(void *user, throng_chunk chunk, double *sums) {
    const throng_i_outcome *self = user;
    const double *state = self->points; /* lent for this sum */
    for (int64_t i = chunk.begin; i < chunk.end; i++) {
        double w = self->weight ? self->weight[i] : 1.0;
        sums[0] += w;
        sums[1] += w * state[i];
    }
}

static throng_status set_bins(throng_i_outcome *self, const double *state, throng_error *err) {
    double low = state[0], high = state[0];
    for (int64_t i = 1; i < self->n; i++) {
        low = state[i] < low ? state[i] : low;
        high = state[i] > high ? state[i] : high;
    }
    return throng_i_indicator_set_range(&self->indicator, low, high, err);
}

throng_status throng_i_outcome_init(throng_context *context, const char *indicator, int64_t n, const double *state,
                                    const double *weight, throng_i_outcome *out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_outcome self = {.context = context, .n = n};
    double sums[2] = {0.0, 0.0};
    THRONG_TRY(throng_i_indicator_init(context, indicator, &self.indicator, err));
    THRONG_REQUIRE(self.indicator.descriptor->form != THRONG_FORM_NETWORK, E_UNSUPPORTED,
                   "%s looks at a graph; an indicator of a world's states cannot.",
                   self.indicator.descriptor->about.name);
    self.weight = self.indicator.weighted ? weight : NULL;
    throng_i_outcome lent = self;
    memcpy(&lent.points, &state, sizeof state);
    THRONG_TRY(throng_i_share_sum(context, n, 2, add_start, &lent, NULL, sums, err));
    THRONG_REQUIRE(sums[0] > 0.0, E_WEIGHT, "All weights are 0: nobody counts.");
    self.mass = sums[0];
    if (self.indicator.descriptor->flags & THRONG_INDICATOR_SHIFT_INVARIANT)
        self.shift = sums[1] / sums[0];
    if (self.indicator.descriptor->form == THRONG_FORM_HISTOGRAM)
        THRONG_TRY(set_bins(&self, state, err));
    if (self.indicator.descriptor->form == THRONG_FORM_DISTRIBUTION) {
        THRONG_TRY(throng_i_alloc(context, 4 * n, sizeof *self.points, &self.points, err));
        THRONG_TRY(throng_i_alloc(context, n, sizeof *self.order, &self.order, err));
    }
    self.setting = throng_i_indicator_setting(&self.indicator, n);
    *out = self;
    out->setting.param = out->indicator.use.param;
    return THRONG_OK;
out:
    throng_i_outcome_clear(&self);
    return status;
}

void throng_i_outcome_clear(throng_i_outcome *outcome) {
    if (!outcome->context)
        return;
    throng_i_indicator_clear(outcome->context, &outcome->indicator);
    throng_i_free(outcome->context, outcome->points);
    throng_i_free(outcome->context, outcome->order);
    *outcome = (throng_i_outcome){0};
}

/* ---- aggregates ------------------------------------------------------------------------------------------------ */

typedef struct states_job {
    const throng_i_outcome *outcome;
    int lanes;
    const double *x;
    const double *f;     /* [lanes][aggregates] d value / d aggregate */
    const double *scale; /* [lanes] */
    double *of;
} states_job;

/* g and g' at a state, but for moments. */
static void features_at(const throng_i_outcome *self, double x, double *g, double *slope) {
    const throng_indicator *descriptor = self->indicator.descriptor;
    int k_max = self->setting.n_aggregates;
    if (descriptor->form == THRONG_FORM_FEATURES) {
        descriptor->features(&self->setting, x, g, slope);
        return;
    }
    memset(g, 0, (size_t)k_max * sizeof *g);
    memset(slope, 0, (size_t)k_max * sizeof *slope);
    g[throng_i_bin(&self->setting, x)] = 1.0;
}

static void add_states(void *user, throng_chunk chunk, double *sums) {
    const states_job *job = user;
    const throng_i_outcome *self = job->outcome;
    int k_max = self->setting.n_aggregates;
    double g[THRONG_AGGREGATES_MAX], slope[THRONG_AGGREGATES_MAX];
    for (int64_t i = chunk.begin; i < chunk.end; i++) {
        double p = (self->weight ? self->weight[i] : 1.0) / self->mass;
        for (int l = 0; l < job->lanes; l++) {
            if (self->indicator.descriptor->form == THRONG_FORM_HISTOGRAM) {
                sums[l * k_max + throng_i_bin(&self->setting, job->x[i * job->lanes + l])] += p;
                continue;
            }
            features_at(self, job->x[i * job->lanes + l], g, slope);
            for (int k = 0; k < k_max; k++)
                sums[l * k_max + k] += p * g[k];
        }
    }
}

/* Moments have at most so many. */
#define MOMENTS_MAX 5

/* add_states for moments: the hot one. */
THRONG_I_ALWAYS void add_lanes(const int lanes, const throng_i_outcome *self, const double *x, throng_chunk chunk,
                               double *sums) {
    int k_max = self->setting.n_aggregates;
    double total[MOMENTS_MAX][THRONG_I_LANES_MAX] = {{0.0}}, y[THRONG_I_LANES_MAX], g[THRONG_I_LANES_MAX];
    for (int64_t i = chunk.begin; i < chunk.end; i++) {
        double p = (self->weight ? self->weight[i] : 1.0) / self->mass;
#pragma GCC unroll 8
        for (int l = 0; l < lanes; l++) {
            y[l] = x[i * lanes + l] - self->shift;
            g[l] = 1.0;
        }
        for (int k = 0; k < k_max; k++)
#pragma GCC unroll 8
            for (int l = 0; l < lanes; l++) {
                total[k][l] += p * g[l];
                g[l] *= y[l];
            }
    }
    for (int l = 0; l < lanes; l++)
        for (int k = 0; k < k_max; k++)
            sums[l * k_max + k] += total[k][l];
}

THRONG_WIDE static void add_moments(void *user, throng_chunk chunk, double *sums) {
    const states_job *job = user;
    THRONG_I_WITH_LANES(job->lanes, add_lanes, job->outcome, job->x, chunk, sums);
}

static throng_status aggregates_of(throng_i_outcome *self, int lanes, const double *x, double *m, throng_error *err) {
    states_job job = {.outcome = self, .lanes = lanes, .x = x};
    bool moments = self->indicator.descriptor->form == THRONG_FORM_MOMENTS;
    return throng_i_share_sum(self->context, self->n, lanes * self->setting.n_aggregates,
                              moments ? add_moments : add_states, &job, NULL, m, err);
}

static throng_status undefined(const throng_i_outcome *self, throng_error *err) {
    const throng_indicator *descriptor = self->indicator.descriptor;
    return THRONG_FAIL(err, E_DEGENERATE, "%s is undefined on the way: %s.", descriptor->about.name,
                       descriptor->undefined ? descriptor->undefined : "its value is not finite");
}

/* Finite terms f_k m_k of the value, as those of a crowd. */
throng_status throng_i_outcome_magnitude(throng_i_outcome *self, const double *x, double *out, throng_error *err) {
    double m[THRONG_AGGREGATES_MAX], f[THRONG_AGGREGATES_MAX], sum = 0.0;
    *out = 0.0;
    if (self->indicator.descriptor->form == THRONG_FORM_DISTRIBUTION)
        return THRONG_OK;
    throng_status status = aggregates_of(self, 1, x, m, err);
    if (status != THRONG_OK)
        return status;
    throng_i_indicator_gradient(&self->indicator, &self->setting, m, f);
    for (int k = 0; k < self->setting.n_aggregates; k++)
        sum += fabs(f[k] * m[k]);
    *out = isfinite(sum) ? sum : 0.0;
    return THRONG_OK;
}

/* ---- the distribution ------------------------------------------------------------------------------------------ */

/* One process looks at the whole of it. */
static throng_status distribution_of(throng_i_outcome *self, int lanes, int lane, const double *x, bool slopes,
                                     double *value, throng_error *err) {
    throng_status status = THRONG_OK;
    int64_t n = self->n;
    throng_i_share mine = throng_i_share_mine(self->context, n);
    for (int64_t i = mine.begin; i < mine.end; i++)
        self->points[i] = x[i * lanes + lane];
    THRONG_TRY(throng_i_share_gather(self->context, n, sizeof *self->points, self->points, err));
    for (int64_t i = 0; i < n; i++)
        self->points[n + i] = (self->weight ? self->weight[i] : 1.0) / self->mass;
    *value = self->indicator.descriptor->distribution(&self->setting, n, self->points, self->points + n, self->order,
                                                      slopes ? self->points + 2 * n : NULL,
                                                      slopes ? self->points + 3 * n : NULL);
out:
    return status;
}

/* ---- value and seed -------------------------------------------------------------------------------------------- */

throng_status throng_i_outcome_value(throng_i_outcome *self, int lanes, const double *x, double *value,
                                     throng_error *err) {
    throng_status status = THRONG_OK;
    double *m = NULL;
    int k_max = self->setting.n_aggregates;
    bool distribution = self->indicator.descriptor->form == THRONG_FORM_DISTRIBUTION;
    if (!distribution) {
        THRONG_TRY(throng_i_alloc(self->context, lanes * k_max, sizeof *m, &m, err));
        THRONG_TRY(aggregates_of(self, lanes, x, m, err));
    }
    for (int l = 0; l < lanes; l++) {
        if (distribution)
            THRONG_TRY(distribution_of(self, lanes, l, x, false, &value[l], err));
        else
            value[l] = throng_i_indicator_value(&self->indicator, &self->setting, m + l * k_max);
        if (!isfinite(value[l]))
            THRONG_TRY(undefined(self, err));
    }
out:
    throng_i_free(self->context, m);
    return status;
}

static void seed_chunk(void *user, throng_chunk chunk) {
    const states_job *job = user;
    const throng_i_outcome *self = job->outcome;
    int k_max = self->setting.n_aggregates;
    double g[THRONG_AGGREGATES_MAX], slope[THRONG_AGGREGATES_MAX];
    for (int64_t i = chunk.begin; i < chunk.end; i++) {
        double p = (self->weight ? self->weight[i] : 1.0) / self->mass;
        for (int l = 0; l < job->lanes; l++) {
            double sum = 0.0;
            features_at(self, job->x[i * job->lanes + l], g, slope);
            for (int k = 0; k < k_max; k++)
                sum += job->f[l * k_max + k] * slope[k];
            job->of[i * job->lanes + l] += job->scale[l] * p * sum;
        }
    }
}

/* seed_chunk for moments. */
THRONG_I_ALWAYS void seed_lanes(const int lanes, const states_job *job, throng_chunk chunk) {
    const throng_i_outcome *self = job->outcome;
    int k_max = self->setting.n_aggregates;
    double f[MOMENTS_MAX][THRONG_I_LANES_MAX], y[THRONG_I_LANES_MAX], g[THRONG_I_LANES_MAX];
    for (int k = 0; k < k_max; k++)
        for (int l = 0; l < lanes; l++)
            f[k][l] = k * job->f[l * k_max + k];
    for (int64_t i = chunk.begin; i < chunk.end; i++) {
        double p = (self->weight ? self->weight[i] : 1.0) / self->mass, sum[THRONG_I_LANES_MAX];
#pragma GCC unroll 8
        for (int l = 0; l < lanes; l++) {
            y[l] = job->x[i * lanes + l] - self->shift;
            g[l] = 1.0;
            sum[l] = 0.0;
        }
        for (int k = 1; k < k_max; k++)
#pragma GCC unroll 8
            for (int l = 0; l < lanes; l++) {
                sum[l] += f[k][l] * g[l];
                g[l] *= y[l];
            }
#pragma GCC unroll 8
        for (int l = 0; l < lanes; l++)
            job->of[i * lanes + l] += job->scale[l] * p * sum[l];
    }
}

THRONG_WIDE static void seed_moments(void *user, throng_chunk chunk) {
    const states_job *job = user;
    THRONG_I_WITH_LANES(job->lanes, seed_lanes, job, chunk);
}

throng_status throng_i_outcome_seed(throng_i_outcome *self, int lanes, const double *x, const double *scale, double *of,
                                    throng_error *err) {
    throng_status status = THRONG_OK;
    double *m = NULL;
    int k_max = self->setting.n_aggregates;
    throng_i_share mine = throng_i_share_mine(self->context, self->n);
    if (self->indicator.descriptor->form == THRONG_FORM_DISTRIBUTION) {
        for (int l = 0; l < lanes; l++) {
            double unused = 0.0;
            THRONG_TRY(distribution_of(self, lanes, l, x, true, &unused, err));
            for (int64_t i = mine.begin; i < mine.end; i++)
                of[i * lanes + l] += scale[l] * self->points[2 * self->n + i];
        }
        goto out;
    }
    THRONG_TRY(throng_i_alloc(self->context, 2 * lanes * k_max, sizeof *m, &m, err));
    THRONG_TRY(aggregates_of(self, lanes, x, m, err));
    double *f = m + lanes * k_max;
    for (int l = 0; l < lanes; l++)
        throng_i_indicator_gradient(&self->indicator, &self->setting, m + l * k_max, f + l * k_max);
    states_job job = {self, lanes, x, f, scale, of};
    THRONG_TRY(throng_i_share_for(self->context, self->n,
                                  self->indicator.descriptor->form == THRONG_FORM_MOMENTS ? seed_moments : seed_chunk,
                                  &job, NULL, err));
out:
    throng_i_free(self->context, m);
    return status;
}
