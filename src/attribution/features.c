/*
 * The ray for indicators of features m[k] = sum p_i g_k(x_i) with the plug-in's own g, and for histograms, whose g is
 * "x lies in bin k".
 *
 * Presence path: two passes, like moments; phi_i = p_i sum_k c_k (g_k(x_i) - g_k(b_i)).
 * State path (features only): x(t) must be visited at every node, so each rule costs two passes of n evaluations an
 * agent: one for the aggregates at all nodes, one for phi_i = p_i (x_i - b_i) sum_q w_q sum_k f_k(m(t_q))
 * g'_k(x_i(t_q)).
 */
#include "attribution/crowd.h"

#include <math.h>
#include <string.h>

#define FEATURES_MAX 8

static bool histogram(const throng_i_crowd *crowd) {
    return crowd->indicator->descriptor->form == THRONG_FORM_HISTOGRAM;
}

/* Adds w g(x) to sums[n_aggregates]. */
static void add_features(const throng_i_crowd *crowd, double x, double w, double *sums) {
    if (histogram(crowd)) {
        sums[throng_i_bin(&crowd->setting, x)] += w;
        return;
    }
    double g[FEATURES_MAX], unused[FEATURES_MAX];
    crowd->indicator->descriptor->features(&crowd->setting, x, g, unused);
    for (int k = 0; k < crowd->setting.n_aggregates; k++)
        sums[k] += w * g[k];
}

/* sum_k c_k g_k(x). */
static double project(const throng_i_crowd *crowd, double x, const double *c) {
    if (histogram(crowd))
        return c[throng_i_bin(&crowd->setting, x)];
    double g[FEATURES_MAX], unused[FEATURES_MAX], sum = 0.0;
    crowd->indicator->descriptor->features(&crowd->setting, x, g, unused);
    for (int k = 0; k < crowd->setting.n_aggregates; k++)
        sum += c[k] * g[k];
    return sum;
}

/* ---- pass one -------------------------------------------------------------------------------------------------- */

/* sums[k] of the observed states, then of the baselines if agents have their own. */
static void sum_ends(void *user, throng_chunk chunk, double *sums) {
    const throng_i_crowd *crowd = user;
    throng_i_block block;
    for (int64_t at = chunk.begin; at < chunk.end; at += THRONG_I_BLOCK) {
        throng_i_block_load(crowd, at, at + THRONG_I_BLOCK < chunk.end ? at + THRONG_I_BLOCK : chunk.end, &block);
        for (int64_t i = 0; i < block.n; i++) {
            double w = block.w ? block.w[i] : 1.0;
            add_features(crowd, block.x[i], w, sums);
            if (block.b)
                add_features(crowd, block.b[i], w, sums + crowd->setting.n_aggregates);
        }
    }
}

static throng_status prepare(throng_i_crowd *crowd, throng_error *err) {
    throng_status status = THRONG_OK;
    int k = crowd->setting.n_aggregates;
    THRONG_TRY(throng_i_alloc(crowd->context, 2 * (int64_t)k, sizeof(double), &crowd->present, err));
    THRONG_TRY(throng_i_share_sum(crowd->context, crowd->n, crowd->constant ? k : 2 * k, sum_ends, crowd,
                                  &crowd->progress, crowd->present, err));
    for (int i = 0; i < 2 * k; i++)
        crowd->present[i] /= crowd->mass;
    if (crowd->constant)
        add_features(crowd, crowd->baseline, 1.0, crowd->present + k);
out:
    return status;
}

/* ---- on the ray ------------------------------------------------------------------------------------------------ */

typedef struct node_job {
    const throng_i_crowd *crowd;
    const double *t;
    int n_nodes;
} node_job;

/* sums[q][k] of the features at x(t_q). */
static void sum_nodes(void *user, throng_chunk chunk, double *sums) {
    const node_job *job = user;
    const throng_i_crowd *crowd = job->crowd;
    throng_i_block block;
    for (int64_t at = chunk.begin; at < chunk.end; at += THRONG_I_BLOCK) {
        throng_i_block_load(crowd, at, at + THRONG_I_BLOCK < chunk.end ? at + THRONG_I_BLOCK : chunk.end, &block);
        for (int64_t i = 0; i < block.n; i++) {
            double b = block.b ? block.b[i] : crowd->baseline, w = block.w ? block.w[i] : 1.0;
            for (int q = 0; q < job->n_nodes; q++)
                add_features(crowd, b + job->t[q] * (block.x[i] - b), w, sums + q * crowd->setting.n_aggregates);
        }
    }
}

/* m[q][k] at the nodes t. */
static throng_status aggregates_at(const throng_i_crowd *crowd, const double *t, int n_nodes, double *m,
                                   throng_error *err) {
    int n_aggregates = crowd->setting.n_aggregates;
    const double *present = crowd->present, *absent = present + n_aggregates;
    bool ends = n_nodes == 1 && (t[0] == 0.0 || t[0] == 1.0);
    if (crowd->path == THRONG_PATH_PRESENCE || ends) {
        for (int q = 0; q < n_nodes; q++)
            for (int k = 0; k < n_aggregates; k++)
                m[q * n_aggregates + k] = t[q] == 1.0 ? present[k] : absent[k] + t[q] * (present[k] - absent[k]);
        return THRONG_OK;
    }
    node_job job = {crowd, t, n_nodes};
    throng_status status =
        throng_i_share_sum(crowd->context, crowd->n, n_nodes * n_aggregates, sum_nodes, &job, &crowd->progress, m, err);
    for (int i = 0; i < n_nodes * n_aggregates; i++)
        m[i] /= crowd->mass;
    return status;
}

static void ends_at(const throng_i_crowd *crowd, double t, double *m) {
    memcpy(m, crowd->present + (t == 1.0 ? 0 : crowd->setting.n_aggregates),
           (size_t)crowd->setting.n_aggregates * sizeof *m);
}

static throng_status value(void *self, double t, double *out, throng_error *err) {
    const throng_i_crowd *crowd = self;
    double m[THRONG_AGGREGATES_MAX];
    throng_status status = aggregates_at(crowd, &t, 1, m, err);
    if (status == THRONG_OK)
        *out = throng_i_indicator_value(crowd->indicator, &crowd->setting, m);
    return status;
}

/* Presence path only: elsewhere it costs a pass. */
static throng_status slope(void *self, double t, double *out, throng_error *err) {
    const throng_i_crowd *crowd = self;
    int n_aggregates = crowd->setting.n_aggregates;
    double m[THRONG_AGGREGATES_MAX], gradient[THRONG_AGGREGATES_MAX];
    throng_status status = aggregates_at(crowd, &t, 1, m, err);
    if (status != THRONG_OK)
        return status;
    throng_i_indicator_gradient(crowd->indicator, &crowd->setting, m, gradient);
    *out = 0.0;
    for (int k = 0; k < n_aggregates; k++)
        *out += gradient[k] * (crowd->present[k] - crowd->present[n_aggregates + k]);
    return THRONG_OK;
}

/* ---- pass two -------------------------------------------------------------------------------------------------- */

typedef struct credit_job {
    const throng_i_crowd *crowd;
    const throng_nodes *rules[2]; /* fine, coarse */
    double *c[2];                 /* presence: [k] summed over nodes; state: [q][k], weights included */
    double absent[2];             /* presence, one baseline: sum_k c_k g_k(b) */
    double *phi;
} credit_job;

/* One agent's credit by one rule, before its mass. */
static double credit_agent(const credit_job *job, int rule, double x, double b, bool own) {
    const throng_i_crowd *crowd = job->crowd;
    if (crowd->path == THRONG_PATH_PRESENCE)
        return project(crowd, x, job->c[rule]) - (own ? project(crowd, b, job->c[rule]) : job->absent[rule]);
    double g[FEATURES_MAX], dg[FEATURES_MAX], sum = 0.0;
    for (int q = 0; q < job->rules[rule]->n; q++) {
        crowd->indicator->descriptor->features(&crowd->setting, b + job->rules[rule]->t[q] * (x - b), g, dg);
        for (int k = 0; k < crowd->setting.n_aggregates; k++)
            sum += job->c[rule][q * crowd->setting.n_aggregates + k] * dg[k];
    }
    return (x - b) * sum;
}

static void credit_chunk(void *user, throng_chunk chunk, double *sums) {
    const credit_job *job = user;
    const throng_i_crowd *crowd = job->crowd;
    double scale = 1.0 / crowd->mass;
    throng_i_block block;
    for (int64_t at = chunk.begin; at < chunk.end; at += THRONG_I_BLOCK) {
        throng_i_block_load(crowd, at, at + THRONG_I_BLOCK < chunk.end ? at + THRONG_I_BLOCK : chunk.end, &block);
        for (int64_t i = 0; i < block.n; i++) {
            double p = block.w ? block.w[i] * scale : scale, b = block.b ? block.b[i] : crowd->baseline;
            double phi = p * credit_agent(job, 0, block.x[i], b, block.b);
            job->phi[at + i] = phi;
            sums[0] += phi;
            sums[1] += fabs(phi);
            if (job->rules[1])
                sums[2] += fabs(phi - p * credit_agent(job, 1, block.x[i], b, block.b));
        }
    }
}

/* Fills c of one rule; c has room for its nodes. */
static throng_status weigh(const throng_i_crowd *crowd, const throng_nodes *nodes, double *c, throng_error *err) {
    int n_aggregates = crowd->setting.n_aggregates;
    bool presence = crowd->path == THRONG_PATH_PRESENCE;
    double *m = NULL, gradient[THRONG_AGGREGATES_MAX];
    throng_status status = THRONG_OK;
    THRONG_TRY(throng_i_alloc(crowd->context, (int64_t)nodes->n * n_aggregates, sizeof *m, &m, err));
    THRONG_TRY(aggregates_at(crowd, nodes->t, nodes->n, m, err));
    for (int q = 0; q < nodes->n; q++) {
        throng_i_indicator_gradient(crowd->indicator, &crowd->setting, m + q * n_aggregates, gradient);
        for (int k = 0; k < n_aggregates; k++) {
            if (presence)
                c[k] += nodes->weight[q] * gradient[k];
            else
                c[q * n_aggregates + k] = nodes->weight[q] * gradient[k];
        }
    }
out:
    throng_i_free(crowd->context, m);
    return status;
}

static throng_status credit(void *self, const throng_nodes *fine, const throng_nodes *coarse, double *phi,
                            throng_credit_sums *sums, throng_error *err) {
    throng_i_crowd *crowd = self;
    bool presence = crowd->path == THRONG_PATH_PRESENCE;
    credit_job job = {.crowd = crowd, .rules = {fine, coarse}, .phi = phi};
    double total[3];
    throng_status status = THRONG_OK;
    for (int r = 0; r < 2 && job.rules[r]; r++) {
        int64_t length = (presence ? 1 : job.rules[r]->n) * (int64_t)crowd->setting.n_aggregates;
        THRONG_TRY(throng_i_alloc(crowd->context, length, sizeof(double), &job.c[r], err));
        THRONG_TRY(weigh(crowd, job.rules[r], job.c[r], err));
        if (presence && crowd->constant)
            job.absent[r] = project(crowd, crowd->baseline, job.c[r]);
    }
    THRONG_TRY(throng_i_share_sum(crowd->context, crowd->n, 3, credit_chunk, &job, &crowd->progress, total, err));
    *sums = (throng_credit_sums){total[0], total[1], total[2]};
    if (!crowd->population->shared)
        THRONG_TRY(throng_i_share_gather(crowd->context, crowd->n, sizeof *phi, phi, err));
out:
    throng_i_free(crowd->context, job.c[0]);
    throng_i_free(crowd->context, job.c[1]);
    return status;
}

const throng_i_form throng_i_form_features = {prepare, ends_at, value, slope, false, credit};
