/*
 * The ray for indicators that are functions of the whole distribution, such as Gini: the plug-in is given points and
 * masses, and gives derivatives in both.
 *
 * State path: n points that move; phi_i = (x_i - b_i) dv/dx_i. Presence path: the observed points with mass t p_i, and
 * the baselines with mass (1 - t) p_i, one point if all share it; phi_i = p_i (dv/dmass at x_i - dv/dmass at b_i).
 */
#include "attribution/crowd.h"

#include <math.h>
#include <string.h>

/* Layout of crowd->points: four arrays of n_points. */
typedef struct point_view {
    int64_t n;
    double *x, *p, *d_state, *d_mass;
} point_view;

static int64_t point_count(const throng_i_crowd *crowd) {
    if (crowd->path == THRONG_PATH_STATE)
        return crowd->n;
    return crowd->constant ? crowd->n + 1 : 2 * crowd->n;
}

static point_view points_of(const throng_i_crowd *crowd) {
    int64_t n = point_count(crowd);
    double *at = crowd->points;
    return (point_view){n, at, at + n, at + 2 * n, at + 3 * n};
}

static throng_status prepare(throng_i_crowd *crowd, throng_error *err) {
    throng_status status = THRONG_OK;
    int64_t n = point_count(crowd);
    THRONG_TRY(throng_i_alloc(crowd->context, 4 * n, sizeof(double), &crowd->points, err));
    THRONG_TRY(throng_i_alloc(crowd->context, n, sizeof *crowd->order, &crowd->order, err));
out:
    return status;
}

static void fill_points(const throng_i_crowd *crowd, double t) {
    point_view points = points_of(crowd);
    bool presence = crowd->path == THRONG_PATH_PRESENCE;
    throng_i_block block;
    for (int64_t at = 0; at < crowd->n; at += THRONG_I_BLOCK) {
        throng_i_block_load(crowd, at, at + THRONG_I_BLOCK < crowd->n ? at + THRONG_I_BLOCK : crowd->n, &block);
        for (int64_t i = 0; i < block.n; i++) {
            double x = block.x[i], b = block.b ? block.b[i] : crowd->baseline;
            double p = (block.w ? block.w[i] : 1.0) / crowd->mass;
            points.x[at + i] = presence ? x : b + t * (x - b);
            points.p[at + i] = presence ? t * p : p;
            if (presence && !crowd->constant) {
                points.x[crowd->n + at + i] = b;
                points.p[crowd->n + at + i] = (1.0 - t) * p;
            }
        }
    }
    if (presence && crowd->constant) {
        points.x[crowd->n] = crowd->baseline;
        points.p[crowd->n] = 1.0 - t;
    }
}

static throng_status evaluate(throng_i_crowd *crowd, double t, bool gradient, double *out, throng_error *err) {
    point_view points = points_of(crowd);
    throng_status status = throng_i_progress(crowd->context, &crowd->progress, err);
    if (status != THRONG_OK)
        return status;
    fill_points(crowd, t);
    *out =
        crowd->indicator->descriptor->distribution(&crowd->setting, points.n, points.x, points.p, crowd->order,
                                                   gradient ? points.d_state : NULL, gradient ? points.d_mass : NULL);
    return THRONG_OK;
}

static throng_status value(void *self, double t, double *out, throng_error *err) {
    return evaluate(self, t, false, out, err);
}

/* Adds weight times the derivative along the ray to phi, after an evaluation with gradient. */
static void add_credit(const throng_i_crowd *crowd, double weight, double *phi) {
    point_view points = points_of(crowd);
    throng_i_block block;
    for (int64_t at = 0; at < crowd->n; at += THRONG_I_BLOCK) {
        throng_i_block_load(crowd, at, at + THRONG_I_BLOCK < crowd->n ? at + THRONG_I_BLOCK : crowd->n, &block);
        for (int64_t i = 0; i < block.n; i++) {
            double b = block.b ? block.b[i] : crowd->baseline;
            if (crowd->path == THRONG_PATH_STATE) {
                phi[at + i] += weight * (block.x[i] - b) * points.d_state[at + i];
                continue;
            }
            double p = (block.w ? block.w[i] : 1.0) / crowd->mass;
            double absent = points.d_mass[crowd->constant ? crowd->n : crowd->n + at + i];
            phi[at + i] += weight * p * (points.d_mass[at + i] - absent);
        }
    }
}

static throng_status integrate(throng_i_crowd *crowd, const throng_nodes *nodes, double *phi, throng_error *err) {
    memset(phi, 0, (size_t)crowd->n * sizeof *phi);
    for (int q = 0; q < nodes->n; q++) {
        double unused = 0.0;
        throng_status status = evaluate(crowd, nodes->t[q], true, &unused, err);
        if (status != THRONG_OK)
            return status;
        add_credit(crowd, nodes->weight[q], phi);
    }
    return THRONG_OK;
}

static throng_status credit(void *self, const throng_nodes *fine, const throng_nodes *coarse, double *phi,
                            throng_credit_sums *sums, throng_error *err) {
    throng_i_crowd *crowd = self;
    throng_status status = THRONG_OK;
    double *before = NULL;
    *sums = (throng_credit_sums){0};
    THRONG_TRY(integrate(crowd, fine, phi, err));
    if (coarse) {
        THRONG_TRY(throng_i_alloc(crowd->context, crowd->n, sizeof *before, &before, err));
        THRONG_TRY(integrate(crowd, coarse, before, err));
    }
    for (int64_t i = 0; i < crowd->n; i++) {
        sums->phi += phi[i];
        sums->absolute += fabs(phi[i]);
        sums->change += before ? fabs(phi[i] - before[i]) : 0.0;
    }
out:
    throng_i_free(crowd->context, before);
    return status;
}

const throng_i_form throng_i_form_distribution = {prepare, NULL, value, NULL, false, credit};
