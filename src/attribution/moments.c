/*
 * The ray for indicators of moments m[k] = sum p_i x_i^k, k = 0..d <= 4: two passes over the agents.
 *
 * Pass one sums powers of u = x - shift, where shift lies near the mean so that nothing cancels. Everything on the ray
 * is then algebra on d + 1 numbers, and pass two writes
 *
 *     phi_i = p_i (a + (x_i - b) R(x_i - ref)),         R a polynomial of degree d - 1,
 *
 * in which an agent at its baseline gets exactly 0 (a = 0 but for reference crowds). Where R comes from:
 *
 * State path, x(t) = b + t (x - b). With q = x - ref and y = o + t q,  m_k(t) = sum_j C(k,j) o^(k-j) t^j E[q^j],  and
 *     R_j = sum over nodes of w f_k(m(t)) k C(k-1,j) o^(k-1-j) t^j, summed over k.
 * Shift-invariant indicators see the crowd from a moving origin: ref = shift, o = 0. The others: ref = o = b.
 *
 * Presence path, m(t) = absent + t (observed - absent). With c_k = sum over nodes of w f_k(m(t)), phi_i is the
 * difference of the polynomial P(y) = sum c_k y^k between x and b, and R = (P(y) - P(b)) / (y - b).
 *
 * Own baselines b_i (a column, or first states) need the mixed moments of p = b - shift_baseline and
 * q = (x - b) - shift on the state path, y = p + t q; see credit_own.
 */
#include "attribution/crowd.h"
#include "attribution/moments_kernel.h"

#include <math.h>
#include <string.h>

static const double binomial[THRONG_I_MOMENTS_MAX][THRONG_I_MOMENTS_MAX] = {
    {1, 0, 0, 0, 0}, {1, 1, 0, 0, 0}, {1, 2, 1, 0, 0}, {1, 3, 3, 1, 0}, {1, 4, 6, 4, 1}};

static bool shift_invariant(const throng_i_crowd *crowd) {
    return crowd->indicator->descriptor->flags & THRONG_INDICATOR_SHIFT_INVARIANT;
}

/* x^k for small k, with 0^0 = 1. */
static double power(double x, int k) {
    double product = 1.0;
    for (int i = 0; i < k; i++)
        product *= x;
    return product;
}

/* Moments of z + offset from moments of z. */
static void shift_moments(int degree, const double *moments, double offset, double *out) {
    for (int k = 0; k <= degree; k++) {
        out[k] = 0.0;
        for (int j = 0; j <= k; j++)
            out[k] += binomial[k][j] * power(offset, k - j) * moments[j];
    }
}

/* ---- pass one -------------------------------------------------------------------------------------------------- */

static void sum_powers(void *user, throng_chunk chunk, double *sums) {
    const throng_i_crowd *crowd = user;
    throng_i_block block;
    for (int64_t at = chunk.begin; at < chunk.end; at += THRONG_I_BLOCK) {
        throng_i_block_load(crowd, at, at + THRONG_I_BLOCK < chunk.end ? at + THRONG_I_BLOCK : chunk.end, &block);
        throng_i_moments_add(crowd->degree, block.n, block.x, block.w, crowd->shift, sums);
    }
}

/* Own baselines: sums[k] of w (x - shift)^k, then of w (b - shift)^k; on the state path of w p^a q^j, a row per a. */
static void sum_own(void *user, throng_chunk chunk, double *sums) {
    const throng_i_crowd *crowd = user;
    int d = crowd->degree;
    throng_i_block block;
    for (int64_t at = chunk.begin; at < chunk.end; at += THRONG_I_BLOCK) {
        throng_i_block_load(crowd, at, at + THRONG_I_BLOCK < chunk.end ? at + THRONG_I_BLOCK : chunk.end, &block);
        for (int64_t i = 0; i < block.n; i++) {
            double w = block.w ? block.w[i] : 1.0, x = block.x[i], b = block.b[i];
            if (crowd->path == THRONG_PATH_PRESENCE) {
                for (int k = 0; k <= d; k++) {
                    sums[k] += w * power(x - crowd->shift, k);
                    sums[d + 1 + k] += w * power(b - crowd->shift, k);
                }
                continue;
            }
            double p = b - crowd->shift_baseline, q = (x - b) - crowd->shift;
            for (int a = 0; a <= d; a++)
                for (int j = 0; a + j <= d; j++)
                    sums[a * (d + 1) + j] += w * power(p, a) * power(q, j);
        }
    }
}

#define SAMPLE 1024

/* Means over a few agents. */
typedef struct sample {
    double x, b, d; /* d = x - b */
} sample;

static void add_sample(void *user, throng_i_share rows, void *state) {
    const throng_i_crowd *crowd = user;
    sample *mean = state;
    int64_t n = crowd->n < SAMPLE ? crowd->n : SAMPLE, apart = crowd->n / n;
    throng_i_block block;
    for (int64_t s = 0; s < n; s++) {
        int64_t row = crowd->begin + apart * s;
        if (row < rows.begin || row >= rows.end)
            continue;
        throng_i_block_load(crowd, apart * s, apart * s + 1, &block);
        mean->x += block.x[0] / (double)n;
        mean->b += block.b ? block.b[0] / (double)n : 0.0;
        mean->d += block.b ? (block.x[0] - block.b[0]) / (double)n : 0.0;
    }
}

/* Means over evenly spaced agents: near enough to the true ones to keep digits. */
static throng_status sample_means(throng_i_crowd *crowd, sample *mean, throng_error *err) {
    *mean = (sample){0};
    return throng_i_population_in_turn(crowd->population, add_sample, crowd, mean, sizeof *mean, err);
}

static const double normal_moments[THRONG_I_MOMENTS_MAX] = {1, 0, 1, 0, 3};

/* What the absent contribute on the presence path, as moments about the origin in use. */
static void set_absent(throng_i_crowd *crowd, double origin) {
    if (!crowd->reference_crowd) {
        for (int k = 0; k <= crowd->degree; k++)
            crowd->absent[k] = power(crowd->baseline - origin, k);
        return;
    }
    double normal[THRONG_I_MOMENTS_MAX];
    for (int k = 0; k <= crowd->degree; k++)
        normal[k] = power(crowd->reference_sd, k) * normal_moments[k];
    shift_moments(crowd->degree, normal, crowd->baseline - origin, crowd->absent);
}

static throng_status prepare_constant(throng_i_crowd *crowd, throng_error *err) {
    double sums[THRONG_I_MOMENTS_MAX];
    sample few;
    throng_status status = sample_means(crowd, &few, err);
    crowd->shift = few.x;
    if (status == THRONG_OK)
        status = throng_i_share_sum(crowd->context, crowd->n, crowd->degree + 1, sum_powers, crowd, &crowd->progress,
                                    sums, err);
    if (status != THRONG_OK)
        return status;
    crowd->mass = sums[0];
    for (int k = 0; k <= crowd->degree; k++)
        crowd->observed[k] = sums[k] / sums[0];
    double mean = crowd->observed[1];
    if (isnan(crowd->baseline))
        crowd->baseline = crowd->shift + mean;
    if (crowd->degree >= 2 && crowd->reference_crowd)
        crowd->reference_sd = sqrt(fmax(crowd->observed[2] - mean * mean, 0.0));
    bool moving = shift_invariant(crowd);
    if (crowd->path == THRONG_PATH_STATE && !moving) { /* from here on moments of x - b */
        shift_moments(crowd->degree, crowd->observed, crowd->shift - crowd->baseline, sums);
        memcpy(crowd->observed, sums, sizeof sums);
    } else if (crowd->path == THRONG_PATH_PRESENCE) {
        if (!moving) { /* moments about 0 */
            shift_moments(crowd->degree, crowd->observed, crowd->shift, sums);
            memcpy(crowd->observed, sums, sizeof sums);
        }
        set_absent(crowd, moving ? crowd->shift : 0.0);
    }
    return THRONG_OK;
}

static throng_status prepare_own(throng_i_crowd *crowd, throng_error *err) {
    double sums[THRONG_I_MOMENTS_MAX * THRONG_I_MOMENTS_MAX];
    sample few = {0};
    int d = crowd->degree;
    throng_status status = shift_invariant(crowd) ? sample_means(crowd, &few, err) : THRONG_OK;
    bool presence = crowd->path == THRONG_PATH_PRESENCE;
    crowd->shift = presence ? few.x : few.d;
    crowd->shift_baseline = few.b;
    if (status == THRONG_OK)
        status = throng_i_share_sum(crowd->context, crowd->n, presence ? 2 * (d + 1) : (d + 1) * (d + 1), sum_own,
                                    crowd, &crowd->progress, sums, err);
    if (status != THRONG_OK)
        return status;
    crowd->mass = sums[0];
    for (int k = 0; k <= d && presence; k++) {
        crowd->observed[k] = sums[k] / sums[0];
        crowd->absent[k] = sums[d + 1 + k] / sums[0];
    }
    for (int a = 0; a <= d && !presence; a++)
        for (int j = 0; a + j <= d; j++)
            crowd->mixed[a][j] = sums[a * (d + 1) + j] / sums[0];
    return THRONG_OK;
}

static throng_status prepare(throng_i_crowd *crowd, throng_error *err) {
    crowd->degree = crowd->setting.n_aggregates - 1;
    return crowd->constant ? prepare_constant(crowd, err) : prepare_own(crowd, err);
}

/* ---- on the ray ------------------------------------------------------------------------------------------------ */

/* Where y = o + t q starts on the state path with one baseline. */
static double start(const throng_i_crowd *crowd) {
    return shift_invariant(crowd) ? 0.0 : crowd->baseline;
}

/* The moments at t, and their derivatives in t. */
static void moments_at(const throng_i_crowd *crowd, double t, double *m, double *slope) {
    for (int k = 0; k <= crowd->degree; k++) {
        if (crowd->path == THRONG_PATH_PRESENCE) {
            slope[k] = crowd->observed[k] - crowd->absent[k];
            m[k] = crowd->absent[k] + t * slope[k];
            continue;
        }
        m[k] = slope[k] = 0.0;
        for (int j = 0; j <= k; j++) {
            double part = binomial[k][j] *
                          (crowd->constant ? power(start(crowd), k - j) * crowd->observed[j] : crowd->mixed[k - j][j]);
            m[k] += part * power(t, j);
            slope[k] += j > 0 ? part * j * power(t, j - 1) : 0.0;
        }
    }
    /* The far end must be what was observed to the last bit, not that plus rounding. */
    if (crowd->path == THRONG_PATH_PRESENCE && t == 1.0)
        memcpy(m, crowd->observed, sizeof crowd->observed);
}

static void ends_at(const throng_i_crowd *crowd, double t, double *m) {
    double unused[THRONG_I_MOMENTS_MAX];
    moments_at(crowd, t, m, unused);
}

static throng_status value(void *self, double t, double *out, throng_error *err) {
    (void)err;
    const throng_i_crowd *crowd = self;
    double m[THRONG_I_MOMENTS_MAX], slope[THRONG_I_MOMENTS_MAX];
    moments_at(crowd, t, m, slope);
    *out = throng_i_indicator_value(crowd->indicator, &crowd->setting, m);
    return THRONG_OK;
}

static throng_status slope(void *self, double t, double *out, throng_error *err) {
    (void)err;
    const throng_i_crowd *crowd = self;
    double m[THRONG_I_MOMENTS_MAX], change[THRONG_I_MOMENTS_MAX], gradient[THRONG_I_MOMENTS_MAX];
    moments_at(crowd, t, m, change);
    throng_i_indicator_gradient(crowd->indicator, &crowd->setting, m, gradient);
    *out = 0.0;
    for (int k = 0; k <= crowd->degree; k++)
        *out += gradient[k] * change[k];
    return THRONG_OK;
}

/* ---- pass two -------------------------------------------------------------------------------------------------- */

/* phi = p (base + (x - baseline) R(x - ref)); own baselines use mixed[a][j] instead of R (state path), or P (presence).
 */
typedef struct credit_rule {
    double base, R[THRONG_I_MOMENTS_MAX];
    double mixed[THRONG_I_MOMENTS_MAX][THRONG_I_MOMENTS_MAX];
} credit_rule;

typedef struct credit_job {
    const throng_i_crowd *crowd;
    double scale; /* 1 / mass */
    credit_rule rule, change;
    throng_i_credit_rule constant; /* the same for the kernel, if there is one baseline */
    double *phi;
} credit_job;

/* Adds one node's part to c_k (presence), R_j (one baseline) or mixed[a][j] (own baselines). */
static void add_node(const throng_i_crowd *crowd, double t, double weight, credit_rule *rule) {
    double m[THRONG_I_MOMENTS_MAX], unused[THRONG_I_MOMENTS_MAX], f[THRONG_I_MOMENTS_MAX];
    moments_at(crowd, t, m, unused);
    throng_i_indicator_gradient(crowd->indicator, &crowd->setting, m, f);
    for (int k = 0; k <= crowd->degree; k++) {
        if (crowd->path == THRONG_PATH_PRESENCE) {
            rule->R[k] += weight * f[k];
            continue;
        }
        for (int j = 0; j < k; j++) {
            double part = weight * f[k] * k * binomial[k - 1][j] * power(t, j);
            if (crowd->constant)
                rule->R[j] += part * power(start(crowd), k - 1 - j);
            else
                rule->mixed[k - 1 - j][j] += part;
        }
    }
}

/* From the coefficients c of P to those of (P(y) - P(at)) / (y - at); base becomes what the reference crowd leaves. */
static void divide(const throng_i_crowd *crowd, double at, credit_rule *rule) {
    double c[THRONG_I_MOMENTS_MAX], expected = 0.0;
    memcpy(c, rule->R, sizeof c);
    for (int k = 0; k <= crowd->degree; k++)
        expected += c[k] * crowd->absent[k];
    double quotient = 0.0;
    for (int k = crowd->degree; k >= 1; k--) {
        quotient = c[k] + at * quotient;
        rule->R[k - 1] = quotient;
    }
    double at_point = c[0] + at * quotient;
    rule->R[crowd->degree] = 0.0;
    rule->base = crowd->reference_crowd ? at_point - expected : 0.0;
}

static credit_rule make_rule(const throng_i_crowd *crowd, const throng_nodes *nodes) {
    credit_rule rule = {0};
    for (int q = 0; nodes && q < nodes->n; q++)
        add_node(crowd, nodes->t[q], nodes->weight[q], &rule);
    if (crowd->path == THRONG_PATH_PRESENCE && crowd->constant)
        divide(crowd, crowd->baseline - (shift_invariant(crowd) ? crowd->shift : 0.0), &rule);
    return rule;
}

static void subtract_rule(credit_rule *a, const credit_rule *b) {
    a->base -= b->base;
    for (int j = 0; j < THRONG_I_MOMENTS_MAX; j++) {
        a->R[j] -= b->R[j];
        for (int k = 0; k < THRONG_I_MOMENTS_MAX; k++)
            a->mixed[j][k] -= b->mixed[j][k];
    }
}

static inline double horner(int degree, const double *R, double u) {
    double sum = R[degree];
    for (int j = degree - 1; j >= 0; j--)
        sum = R[j] + u * sum;
    return sum;
}

/* What an agent with its own baseline is credited with, before its mass. */
static double own_credit(const throng_i_crowd *crowd, const credit_rule *rule, double x, double b) {
    if (crowd->path == THRONG_PATH_PRESENCE)
        return horner(crowd->degree, rule->R, x - crowd->shift) - horner(crowd->degree, rule->R, b - crowd->shift);
    double p = b - crowd->shift_baseline, q = (x - b) - crowd->shift, sum = 0.0;
    for (int a = 0; a < crowd->degree; a++)
        for (int j = 0; a + j < crowd->degree; j++)
            sum += rule->mixed[a][j] * power(p, a) * power(q, j);
    return (x - b) * sum;
}

static void credit_own(const credit_job *job, const throng_i_block *block, double *phi, double *sums) {
    for (int64_t i = 0; i < block->n; i++) {
        double p = job->scale * (block->w ? block->w[i] : 1.0);
        phi[i] = p * own_credit(job->crowd, &job->rule, block->x[i], block->b[i]);
        sums[0] += phi[i];
        sums[1] += fabs(phi[i]);
        sums[2] += fabs(p * own_credit(job->crowd, &job->change, block->x[i], block->b[i]));
    }
}

static void credit_chunk(void *user, throng_chunk chunk, double *sums) {
    const credit_job *job = user;
    throng_i_block block;
    for (int64_t at = chunk.begin; at < chunk.end; at += THRONG_I_BLOCK) {
        throng_i_block_load(job->crowd, at, at + THRONG_I_BLOCK < chunk.end ? at + THRONG_I_BLOCK : chunk.end, &block);
        if (job->crowd->constant)
            throng_i_moments_credit(&job->constant, block.n, block.x, block.w, job->phi + at, sums);
        else
            credit_own(job, &block, job->phi + at, sums);
    }
}

static throng_i_credit_line kernel_line(const credit_rule *rule) {
    throng_i_credit_line line = {.base = rule->base};
    memcpy(line.R, rule->R, sizeof line.R);
    return line;
}

static throng_status credit(void *self, const throng_nodes *fine, const throng_nodes *coarse, double *phi,
                            throng_credit_sums *sums, throng_error *err) {
    throng_i_crowd *crowd = self;
    bool presence = crowd->path == THRONG_PATH_PRESENCE;
    double origin = presence ? 0.0 : crowd->baseline, total[3];
    credit_job job = {.crowd = crowd,
                      .scale = 1.0 / crowd->mass,
                      .rule = make_rule(crowd, fine),
                      .change = make_rule(crowd, coarse),
                      .phi = phi};
    if (coarse)
        subtract_rule(&job.change, &job.rule);
    job.constant = (throng_i_credit_rule){.degree = crowd->degree - 1,
                                          .scale = job.scale,
                                          .baseline = crowd->baseline,
                                          .ref = shift_invariant(crowd) ? crowd->shift : origin,
                                          .fine = kernel_line(&job.rule),
                                          .change = kernel_line(&job.change)};
    throng_status status =
        throng_i_share_sum(crowd->context, crowd->n, 3, credit_chunk, &job, &crowd->progress, total, err);
    *sums = (throng_credit_sums){total[0], total[1], total[2]};
    if (status == THRONG_OK && !crowd->population->shared)
        status = throng_i_share_gather(crowd->context, crowd->n, sizeof *phi, phi, err);
    return status;
}

/* ---- the aggregate form, one baseline -------------------------------------------------------------------------- */

/*
 * A step is p (y^j - a_j), j = 0..d, where y = x - origin and a_j is what the absent contribute. Sums of products of
 * steps are then algebra on sums of p^2 y^n, n = 0..2d, and a quadratic form in steps is p (A(y) + p B(y)) with
 * polynomials A of degree d and B of degree 2d. Both are written as base + (y - b) R(y) like credits are, so that an
 * agent at its baseline gets exactly 0.
 */

#define POWERS (2 * THRONG_I_MOMENTS_MAX - 1) /* y^0..y^8 */

static double step_origin(const throng_i_crowd *crowd) {
    return shift_invariant(crowd) ? crowd->shift : 0.0;
}

static void step_absent(const throng_i_crowd *crowd, double *absent) {
    for (int k = 0; k <= crowd->degree; k++)
        absent[k] = crowd->reference_crowd ? crowd->absent[k] : power(crowd->baseline - step_origin(crowd), k);
}

static void sum_squares(void *user, throng_chunk chunk, double *sums) {
    const throng_i_crowd *crowd = user;
    throng_i_block block;
    for (int64_t at = chunk.begin; at < chunk.end; at += THRONG_I_BLOCK) {
        throng_i_block_load(crowd, at, at + THRONG_I_BLOCK < chunk.end ? at + THRONG_I_BLOCK : chunk.end, &block);
        throng_i_moments_add_squares(crowd->degree, block.n, block.x, block.w, crowd->shift, sums);
    }
}

/* Sums of powers of y + offset from those of y, in place: offset^(n-j) y^j from the highest n down. */
static void shift_powers(int n, double offset, double *sums) {
    for (int top = n; top > 0; top--)
        for (int j = n; j > n - top; j--)
            sums[j] += offset * sums[j - 1];
}

throng_status throng_i_moments_summary(void *self, double *origin, double *sum, double *squares, throng_error *err) {
    throng_i_crowd *crowd = self;
    int d = crowd->degree, k = d + 1;
    double powers[POWERS], moments[THRONG_I_MOMENTS_MAX];
    throng_status status =
        throng_i_share_sum(crowd->context, crowd->n, 2 * d + 1, sum_squares, crowd, &crowd->progress, powers, err);
    if (status != THRONG_OK)
        return status;
    for (int n = 0; n <= 2 * d; n++)
        powers[n] /= crowd->mass * crowd->mass;
    shift_powers(2 * d, crowd->shift - step_origin(crowd), powers);
    memcpy(moments, crowd->observed, sizeof moments);
    if (crowd->path == THRONG_PATH_STATE && !shift_invariant(crowd))
        shift_moments(d, crowd->observed, crowd->baseline, moments);
    step_absent(crowd, origin);
    for (int i = 0; i < k; i++) {
        sum[i] = moments[i] - origin[i];
        for (int j = 0; j < k; j++)
            squares[i * k + j] =
                powers[i + j] - origin[i] * powers[j] - origin[j] * powers[i] + origin[i] * origin[j] * powers[0];
    }
    return THRONG_OK;
}

/* The line base + (y - at) R(y) of a polynomial; an agent at the baseline gets 0 unless the absent are a crowd. */
static throng_i_quadratic_line make_line(int degree, const double *c, double at, bool keep_base) {
    throng_i_quadratic_line line = {0};
    double quotient = 0.0;
    for (int n = degree; n >= 1; n--) {
        quotient = c[n] + at * quotient;
        line.R[n - 1] = quotient;
    }
    line.base = keep_base ? c[0] + at * quotient : 0.0;
    return line;
}

static throng_i_quadratic_rule make_quadratic(const throng_i_crowd *crowd, const double *linear, const double *square) {
    int d = crowd->degree, k = d + 1;
    double absent[THRONG_I_MOMENTS_MAX], A[THRONG_I_MOMENTS_MAX] = {0}, B[POWERS] = {0};
    step_absent(crowd, absent);
    for (int i = 0; i < k; i++) {
        A[i] += linear[i];
        A[0] -= linear[i] * absent[i];
        for (int j = 0; j < k; j++) {
            double part = square[i * k + j];
            B[i + j] += part;
            B[i] -= part * absent[j];
            B[j] -= part * absent[i];
            B[0] += part * absent[i] * absent[j];
        }
    }
    double at = crowd->baseline - step_origin(crowd);
    return (throng_i_quadratic_rule){.degree = d,
                                     .scale = 1.0 / crowd->mass,
                                     .baseline = crowd->baseline,
                                     .ref = step_origin(crowd),
                                     .linear = make_line(d, A, at, crowd->reference_crowd),
                                     .square = make_line(2 * d, B, at, crowd->reference_crowd)};
}

typedef struct quadratic_job {
    const throng_i_crowd *crowd;
    throng_i_quadratic_rule rule;
    double *out;
} quadratic_job;

static void quadratic_chunk(void *user, throng_chunk chunk, double *sums) {
    const quadratic_job *job = user;
    throng_i_block block;
    for (int64_t at = chunk.begin; at < chunk.end; at += THRONG_I_BLOCK) {
        throng_i_block_load(job->crowd, at, at + THRONG_I_BLOCK < chunk.end ? at + THRONG_I_BLOCK : chunk.end, &block);
        throng_i_moments_form(&job->rule, block.n, block.x, block.w, job->out + at, sums);
    }
}

throng_status throng_i_moments_quadratic(void *self, const double *linear, const double *square, double *out,
                                         throng_credit_sums *sums, throng_error *err) {
    throng_i_crowd *crowd = self;
    quadratic_job job = {crowd, make_quadratic(crowd, linear, square), out};
    double total[2];
    throng_status status =
        throng_i_share_sum(crowd->context, crowd->n, 2, quadratic_chunk, &job, &crowd->progress, total, err);
    if (status == THRONG_OK)
        *sums = (throng_credit_sums){total[0], total[1], 0.0};
    if (status == THRONG_OK)
        status = throng_i_share_gather(crowd->context, crowd->n, sizeof *out, out, err);
    return status;
}

const throng_i_form throng_i_form_moments = {prepare, ends_at, value, slope, true, credit};
