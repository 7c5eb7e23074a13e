/* Two vectors of credits for the same agents: the best single factor, what it leaves, ranks, signs. */
#include "core/core.h"
#include "throng/panel.h"

#include <math.h>
#include <stdlib.h>

#define DEGREES (180.0 / 3.14159265358979323846)

typedef struct ranked {
    double value;
    int64_t place;
} ranked;

static int by_value(const void *a, const void *b) {
    const ranked *one = a, *other = b;
    if (one->value != other->value)
        return one->value < other->value ? -1 : 1;
    return one->place < other->place ? -1 : one->place > other->place;
}

/* ranks[i] = rank of values[i] from 1, ties at their mean; `order` [n] is scratch. */
static void rank(int64_t n, const double *values, ranked *order, double *ranks) {
    for (int64_t i = 0; i < n; i++)
        order[i] = (ranked){values[i], i};
    qsort(order, (size_t)n, sizeof *order, by_value);
    for (int64_t i = 0, end = 0; i < n; i = end) {
        for (end = i + 1; end < n && order[end].value == order[i].value; end++)
            ;
        for (int64_t j = i; j < end; j++)
            ranks[order[j].place] = 0.5 * (double)(i + 1 + end);
    }
}

/* Pearson's correlation of ranks, whose mean is (n + 1) / 2. */
static double correlate(int64_t n, const double *a, const double *b) {
    double mean = 0.5 * (double)(n + 1), aa = 0.0, bb = 0.0, ab = 0.0;
    for (int64_t i = 0; i < n; i++) {
        aa += (a[i] - mean) * (a[i] - mean);
        bb += (b[i] - mean) * (b[i] - mean);
        ab += (a[i] - mean) * (b[i] - mean);
    }
    return aa > 0.0 && bb > 0.0 ? ab / sqrt(aa * bb) : (double)NAN;
}

static double largest(int64_t n, const double *x) {
    double most = 0.0;
    for (int64_t i = 0; i < n; i++)
        most = fmax(most, fabs(x[i]));
    return most;
}

/* Both vectors are brought to size 1 first: their squares may not overflow or vanish. */
static void fit(int64_t n, const double *panel, const double *crowd, throng_panel_comparison *out) {
    double p_size = largest(n, panel), c_size = largest(n, crowd), pp = 0.0, cc = 0.0, pc = 0.0, left = 0.0;
    if (p_size == 0.0 || c_size == 0.0) {
        out->scale = c_size == 0.0 ? (double)NAN : 0.0;
        out->residual = p_size == 0.0 ? (double)NAN : 1.0;
        out->angle = (double)NAN;
        return;
    }
    for (int64_t i = 0; i < n; i++) {
        double p = panel[i] / p_size, c = crowd[i] / c_size;
        pp += p * p;
        cc += c * c;
        pc += p * c;
    }
    double scale = pc / cc;
    for (int64_t i = 0; i < n; i++) {
        double miss = panel[i] / p_size - scale * (crowd[i] / c_size);
        left += miss * miss;
    }
    out->scale = scale * (p_size / c_size);
    out->residual = fmin(sqrt(left / pp), 1.0);
    out->angle = atan2(sqrt(left), scale * sqrt(cc)) * DEGREES;
}

throng_status throng_panel_compare(throng_context *context, int64_t n, const double *panel, const double *crowd,
                                   throng_panel_comparison *out, throng_error *err) {
    throng_status status = THRONG_OK;
    ranked *order = NULL;
    double *ranks = NULL;
    throng_panel_comparison made = {.corrected_error = (double)NAN};
    THRONG_REQUIRE(n >= 1, E_ARGUMENT, "There are no agents to compare.");
    THRONG_TRY(throng_i_alloc(context, n, sizeof *order, &order, err));
    THRONG_TRY(throng_i_alloc(context, 2 * n, sizeof *ranks, &ranks, err));
    fit(n, panel, crowd, &made);
    rank(n, panel, order, ranks);
    rank(n, crowd, order, ranks + n);
    made.rank_correlation = correlate(n, ranks, ranks + n);
    for (int64_t i = 0; i < n; i++)
        made.sign_flips += (panel[i] > 0.0 && crowd[i] < 0.0) || (panel[i] < 0.0 && crowd[i] > 0.0);
    *out = made;
out:
    throng_i_free(context, order);
    throng_i_free(context, ranks);
    return status;
}
