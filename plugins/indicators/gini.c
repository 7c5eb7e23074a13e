/* Gini coefficient, by sorting. The sort is in place and linear in n, so no memory is needed but the caller's. */
#include "throng/indicator.h"

#include <math.h>
#include <string.h>

/* ---- sorting --------------------------------------------------------------------------------------------------- */

#define DIGIT_BITS 8
#define DIGITS     (1 << DIGIT_BITS)

/* A whole number that orders doubles as their values do. */
static uint64_t rank_of(double x) {
    uint64_t bits = 0, sign = UINT64_C(1) << 63;
    memcpy(&bits, &x, sizeof bits);
    return bits & sign ? ~bits : bits | sign;
}

static int digit_of(double x, int shift) {
    return (int)(rank_of(x) >> shift & (DIGITS - 1));
}

static void insertion_sort(const double *x, int64_t *order, int64_t n) {
    for (int64_t i = 1; i < n; i++) {
        int64_t moved = order[i], j = i;
        for (; j > 0 && x[moved] < x[order[j - 1]]; j--)
            order[j] = order[j - 1];
        order[j] = moved;
    }
}

/* Sorts order by x, whose ranks agree above the digit at `shift`: into DIGITS piles by that digit, then each pile by
 * the next one. At most 8 deep, 4 KiB of stack each. "American flag sort": McIlroy, Bostic and McIlroy 1993,
 * Engineering radix sort, Computing Systems 6(1):5-27. */
static void sort(const double *x, int64_t *order, int64_t n, int shift) {
    if (n <= 24) {
        insertion_sort(x, order, n);
        return;
    }
    int64_t next[DIGITS], end[DIGITS + 1] = {0}; /* pile d is order[end[d] .. end[d + 1] - 1] */
    for (int64_t i = 0; i < n; i++)
        end[digit_of(x[order[i]], shift) + 1]++;
    for (int d = 0; d < DIGITS; d++) {
        next[d] = end[d];
        end[d + 1] += end[d];
    }
    for (int d = 0; d < DIGITS; d++)
        while (next[d] < end[d + 1]) {
            /* Carry the next item to its pile, the one it displaces to that one's, ..., until one belongs here. */
            int64_t carried = order[next[d]];
            for (int to = digit_of(x[carried], shift); to != d; to = digit_of(x[carried], shift)) {
                int64_t displaced = order[next[to]];
                order[next[to]++] = carried;
                carried = displaced;
            }
            order[next[d]++] = carried;
        }
    for (int d = 0; d < DIGITS && shift > 0; d++)
        sort(x, order + end[d], end[d + 1] - end[d], shift - DIGIT_BITS);
}

/* ---- sums ------------------------------------------------------------------------------------------------------ */

/* A compensated sum (Neumaier 1974). Adding 1/N a million times is off by the same rounding each time: without the
 * correction the mass below an agent would be wrong by 1e-11. */
typedef struct accumulator {
    double sum, lost;
} accumulator;

static void add(accumulator *to, double term) {
    double sum = to->sum + term;
    to->lost += fabs(to->sum) >= fabs(term) ? (to->sum - sum) + term : (term - sum) + to->sum;
    to->sum = sum;
}

static double total(accumulator of) {
    return of.sum + of.lost;
}

/* End of the run of tied states that begins at `begin`, in sorted order; *mass is what they have together. */
static int64_t run_end(int64_t n, const double *x, const double *p, const int64_t *order, int64_t begin, double *mass) {
    accumulator tied = {0.0, 0.0};
    int64_t end = begin;
    for (; end < n && (end == begin || x[order[end]] == x[order[begin]]); end++)
        add(&tied, p[order[end]]);
    *mass = total(tied);
    return end;
}

/* ---- indicator ------------------------------------------------------------------------------------------------- */

/*
 * G = sum_ij p_i p_j |x_i - x_j| / (2 sum_i p_i x_i). The distance of a pair is the sum of the gaps between
 * neighbouring states that it spans, so the double sum is 2 sum_gaps gap * (mass below) * (mass above): only positive
 * terms, in one pass over the sorted states.
 */
static double distribution(const throng_setting *setting, int64_t n, const double *x, const double *p, int64_t *order,
                           double *d_state, double *d_mass) {
    (void)setting;
    accumulator everybody = {0.0, 0.0}, all_states = {0.0, 0.0};
    for (int64_t i = 0; i < n; i++) {
        order[i] = i;
        add(&everybody, p[i]);
        add(&all_states, p[i] * x[i]);
    }
    sort(x, order, n, 64 - DIGIT_BITS);

    /* `distance` is sum_j p_j |x - x_j| for the smallest x, later for each in turn. */
    accumulator below = {0.0, 0.0}, pairs = {0.0, 0.0}, distance = {0.0, 0.0};
    double mass = total(everybody), mean = total(all_states), tied = 0.0;
    for (int64_t begin = 0, end = 0; begin < n; begin = end) {
        end = run_end(n, x, p, order, begin, &tied);
        add(&below, tied);
        double gap = end < n ? x[order[end]] - x[order[begin]] : 0.0;
        double above = fmax(mass - total(below), 0.0);
        add(&pairs, gap * total(below) * above);
        add(&distance, gap * above);
    }
    if (!(mean > 0.0))
        return nan("");
    double gini = total(pairs) / mean;
    if (!d_state)
        return gini;

    below = (accumulator){0.0, 0.0};
    for (int64_t begin = 0, end = 0; begin < n; begin = end) {
        end = run_end(n, x, p, order, begin, &tied);
        double under = total(below), over = mass - under - tied;
        for (int64_t i = begin; i < end; i++) {
            int64_t agent = order[i];
            d_state[agent] = p[agent] * (under - over - gini) / mean;
            d_mass[agent] = (total(distance) - gini * x[agent]) / mean;
        }
        add(&below, tied);
        if (end < n)
            add(&distance, (x[order[end]] - x[order[begin]]) * (under + tied - over));
    }
    return gini;
}

static const throng_param params[] = {THRONG_PARAM_WEIGHTED, {0}};

const throng_indicator throng_indicator_gini = {
    .about =
        {.struct_size = sizeof(throng_indicator),
         .name = "gini",
         .summary = "Gini coefficient of the states: inequality as the mean difference between two agents.",
         .details =
             "Formula: M = sum_i sum_j p_i p_j |x_i - x_j| / (2 m), m = sum_i p_i x_i, p_i = 1/N, or w_i/W if "
             "weighted. No unit; 0 if all states are equal, 1 - p_i if agent i has everything. There is no "
             "correction of the mass of pairs of an agent with itself.\n"
             "Edges: states must not be negative; undefined when all states are 0. One agent: 0. The derivative "
             "in x_i is p_i (mass below - mass above - M) / m. Where states tie it does not exist; tied agents "
             "count as neither below nor above each other, the mean of what a move up and a move down would do, "
             "so equals get equal credit. The derivative in p_i is (sum_j p_j |x_i - x_j| - M x_i) / m: that of "
             "the formula as it stands, in which masses vary independently and need not add up to 1. Dividing by "
             "their sum would add one constant to all, which drops out where mass only moves.\n"
             "Taking part: an absent agent has its baseline state. Only ratios matter: with everybody at 0 there are "
             "none, and throng refuses the neutral baseline. From the mean nobody overtakes anybody on the state "
             "path, M grows as t, and phi_i = p_i (x_i - m) (mass below - mass above - M/2) / m with one node. "
             "From other baselines agents cross, and M has kinks there.\n"
             "Defaults: state path from the mean: perfect equality, and the same total.",
         .reference = "Gini 1921, Measurement of inequality of incomes, The Economic Journal 31(121):124-126, "
                      "doi 10.2307/2223319",
         .params = params},
    .form = THRONG_FORM_DISTRIBUTION,
    .flags = THRONG_INDICATOR_SCALE_INVARIANT | THRONG_INDICATOR_NONNEGATIVE | THRONG_INDICATOR_KINKED,
    .path = THRONG_PATH_STATE,
    .baseline = "mean",
    .undefined = "all states are 0",
    .distribution = distribution,
};
