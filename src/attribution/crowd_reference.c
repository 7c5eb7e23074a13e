/* v(alpha) and its gradient by their definition, one agent at a time: what the fast forms are tested against, and what
 * methods call that leave the ray. */
#include "attribution/crowd.h"

#include <math.h>
#include <string.h>

/* An agent, with its mass and its place between baseline and state. */
typedef struct person {
    double x, b, p;
} person;

static person person_of(const throng_i_crowd *crowd, int64_t i) {
    throng_i_block block;
    throng_i_block_load(crowd, i, i + 1, &block);
    return (person){block.x[0], block.b ? block.b[0] : crowd->baseline, (block.w ? block.w[0] : 1.0) / crowd->mass};
}

/* Shift-invariant indicators may look from any fixed origin; one near the states keeps digits. */
static double origin(const throng_i_crowd *crowd) {
    if (!(crowd->indicator->descriptor->flags & THRONG_INDICATOR_SHIFT_INVARIANT))
        return 0.0;
    return crowd->path == THRONG_PATH_STATE && !crowd->constant ? crowd->shift + crowd->shift_baseline : crowd->shift;
}

/* g(x) and g'(x) for every form with aggregates. */
static void features_at(const throng_i_crowd *crowd, double x, double *g, double *slope) {
    int n_aggregates = crowd->setting.n_aggregates;
    if (crowd->indicator->descriptor->form == THRONG_FORM_FEATURES) {
        crowd->indicator->descriptor->features(&crowd->setting, x, g, slope);
        return;
    }
    memset(slope, 0, (size_t)n_aggregates * sizeof *slope);
    if (crowd->indicator->descriptor->form == THRONG_FORM_HISTOGRAM) {
        memset(g, 0, (size_t)n_aggregates * sizeof *g);
        g[throng_i_bin(&crowd->setting, x)] = 1.0;
        return;
    }
    double y = x - origin(crowd);
    for (int k = 0; k < n_aggregates; k++) {
        g[k] = k > 0 ? g[k - 1] * y : 1.0;
        slope[k] = k > 0 ? k * g[k - 1] : 0.0;
    }
}

/* What an agent contributes when it is absent. */
static void absent_features(const throng_i_crowd *crowd, double b, double *g, double *slope) {
    features_at(crowd, b, g, slope);
    if (crowd->reference_crowd)
        memcpy(g, crowd->absent, (size_t)crowd->setting.n_aggregates * sizeof *g);
}

static void aggregates_at(const throng_i_crowd *crowd, const double *alpha, double *m) {
    int n_aggregates = crowd->setting.n_aggregates;
    double here[THRONG_AGGREGATES_MAX], away[THRONG_AGGREGATES_MAX], unused[THRONG_AGGREGATES_MAX];
    memset(m, 0, (size_t)n_aggregates * sizeof *m);
    for (int64_t i = 0; i < crowd->n; i++) {
        person one = person_of(crowd, i);
        if (crowd->path == THRONG_PATH_STATE) {
            features_at(crowd, one.b + alpha[i] * (one.x - one.b), here, unused);
            for (int k = 0; k < n_aggregates; k++)
                m[k] += one.p * here[k];
            continue;
        }
        features_at(crowd, one.x, here, unused);
        absent_features(crowd, one.b, away, unused);
        for (int k = 0; k < n_aggregates; k++)
            m[k] += one.p * ((1.0 - alpha[i]) * away[k] + alpha[i] * here[k]);
    }
}

/* DISTRIBUTION: fills points [4 x 2n]: x, p, and room for the derivatives; observed first, baselines behind. */
static int64_t fill_points(const throng_i_crowd *crowd, const double *alpha, double *points) {
    bool presence = crowd->path == THRONG_PATH_PRESENCE;
    int64_t n = crowd->n, n_points = presence ? 2 * n : n;
    for (int64_t i = 0; i < n; i++) {
        person one = person_of(crowd, i);
        points[i] = presence ? one.x : one.b + alpha[i] * (one.x - one.b);
        points[n_points + i] = presence ? alpha[i] * one.p : one.p;
        if (presence) {
            points[n + i] = one.b;
            points[n_points + n + i] = (1.0 - alpha[i]) * one.p;
        }
    }
    return n_points;
}

static throng_status distribution_at(const throng_i_crowd *crowd, const double *alpha, double *value, double *gradient,
                                     throng_error *err) {
    throng_status status = THRONG_OK;
    double *points = NULL;
    int64_t *order = NULL;
    THRONG_TRY(throng_i_alloc(crowd->context, 8 * crowd->n, sizeof *points, &points, err));
    THRONG_TRY(throng_i_alloc(crowd->context, 2 * crowd->n, sizeof *order, &order, err));
    int64_t n_points = fill_points(crowd, alpha, points);
    double *d_state = points + 2 * n_points, *d_mass = points + 3 * n_points;
    *value = crowd->indicator->descriptor->distribution(&crowd->setting, n_points, points, points + n_points, order,
                                                        gradient ? d_state : NULL, gradient ? d_mass : NULL);
    for (int64_t i = 0; gradient && i < crowd->n; i++) {
        person one = person_of(crowd, i);
        gradient[i] = crowd->path == THRONG_PATH_STATE ? (one.x - one.b) * d_state[i]
                                                       : one.p * (d_mass[i] - d_mass[crowd->n + i]);
    }
out:
    throng_i_free(crowd->context, points);
    throng_i_free(crowd->context, order);
    return status;
}

throng_status throng_i_crowd_value(void *self, const double *alpha, double *out, throng_error *err) {
    const throng_i_crowd *crowd = self;
    if (crowd->indicator->descriptor->form == THRONG_FORM_NETWORK)
        return throng_i_network_value(self, alpha, out, NULL, err);
    if (crowd->indicator->descriptor->form == THRONG_FORM_DISTRIBUTION)
        return distribution_at(crowd, alpha, out, NULL, err);
    double m[THRONG_AGGREGATES_MAX];
    aggregates_at(crowd, alpha, m);
    *out = throng_i_indicator_value(crowd->indicator, &crowd->setting, m);
    return THRONG_OK;
}

throng_status throng_i_crowd_gradient(void *self, const double *alpha, double *out, throng_error *err) {
    const throng_i_crowd *crowd = self;
    double unused = 0.0;
    if (crowd->indicator->descriptor->form == THRONG_FORM_NETWORK)
        return throng_i_network_value(self, alpha, &unused, out, err);
    if (crowd->indicator->descriptor->form == THRONG_FORM_DISTRIBUTION)
        return distribution_at(crowd, alpha, &unused, out, err);
    int n_aggregates = crowd->setting.n_aggregates;
    double m[THRONG_AGGREGATES_MAX], f[THRONG_AGGREGATES_MAX], here[THRONG_AGGREGATES_MAX], away[THRONG_AGGREGATES_MAX],
        slope[THRONG_AGGREGATES_MAX];
    aggregates_at(crowd, alpha, m);
    throng_i_indicator_gradient(crowd->indicator, &crowd->setting, m, f);
    for (int64_t i = 0; i < crowd->n; i++) {
        person one = person_of(crowd, i);
        double sum = 0.0;
        if (crowd->path == THRONG_PATH_STATE) {
            features_at(crowd, one.b + alpha[i] * (one.x - one.b), here, slope);
            for (int k = 0; k < n_aggregates; k++)
                sum += f[k] * slope[k] * (one.x - one.b);
        } else {
            features_at(crowd, one.x, here, slope);
            absent_features(crowd, one.b, away, slope);
            for (int k = 0; k < n_aggregates; k++)
                sum += f[k] * (here[k] - away[k]);
        }
        out[i] = one.p * sum;
    }
    return THRONG_OK;
}

/* ---- the aggregate form ---------------------------------------------------------------------------------------- */

void throng_i_crowd_origin(void *self, double *m) {
    const throng_i_crowd *crowd = self;
    int n_aggregates = crowd->setting.n_aggregates;
    double away[THRONG_AGGREGATES_MAX], unused[THRONG_AGGREGATES_MAX];
    memset(m, 0, (size_t)n_aggregates * sizeof *m);
    for (int64_t i = 0; i < crowd->n; i++) {
        person one = person_of(crowd, i);
        absent_features(crowd, one.b, away, unused);
        for (int k = 0; k < n_aggregates; k++)
            m[k] += one.p * away[k];
    }
}

void throng_i_crowd_steps(void *self, int64_t begin, int64_t end, double *steps) {
    const throng_i_crowd *crowd = self;
    int n_aggregates = crowd->setting.n_aggregates;
    double here[THRONG_AGGREGATES_MAX], away[THRONG_AGGREGATES_MAX], unused[THRONG_AGGREGATES_MAX];
    for (int64_t i = begin; i < end; i++) {
        person one = person_of(crowd, i);
        features_at(crowd, one.x, here, unused);
        absent_features(crowd, one.b, away, unused);
        for (int k = 0; k < n_aggregates; k++)
            steps[(i - begin) * n_aggregates + k] = one.p * (here[k] - away[k]);
    }
}

double throng_i_crowd_aggregate_value(void *self, const double *m) {
    const throng_i_crowd *crowd = self;
    return throng_i_indicator_value(crowd->indicator, &crowd->setting, m);
}

void throng_i_crowd_aggregate_gradient(void *self, const double *m, double *out) {
    const throng_i_crowd *crowd = self;
    throng_i_indicator_gradient(crowd->indicator, &crowd->setting, m, out);
}
