/*
 * Random-walk controversy: whether a walk that starts in one camp ends with the well-connected of the same camp.
 *
 * Walks start everywhere in a camp and stop at the first of its or the other camp's k best-connected agents. h_B(i),
 * the chance that a walk at i ends with camp B, solves a linear system, and so does its adjoint mu_A; both are
 * iterated.
 */
#include "throng/indicator.h"

#include <math.h>
#include <string.h>

enum {
    INFLUENCERS,
    THRESHOLD
};

static const throng_param params[] = {
    [INFLUENCERS] = {"influencers", THRONG_PARAM_INTEGER, 10, 1, 1000, "",
                     "how many of the best-connected of each camp end a walk; all of a smaller camp"},
    [THRESHOLD] = {"threshold", THRONG_PARAM_REAL, 0, -1e300, 1e300, "state",
                   "states above it are one camp, the others the other"},
    {0}};

/* network->constant */
enum {
    WHOLE /* product over camps of how many walks end there, when everybody takes part */
};

/* Rows of scratch. */
enum {
    ENDS = 0,     /* h of both camps */
    STARTS = 2,   /* mu of both camps */
    ROLE = 4,     /* 0, or 1 + camp of whom a walk ends with */
    STRENGTH = 5, /* weight of all edges of an agent */
    ROWS = 6
};

#define SETTLED    1e-14
#define ROUNDS_MAX 200000

static int camp_of(const throng_setting *setting, const throng_network *network, int64_t i) {
    return network->state[i] > setting->param[THRESHOLD];
}

/* ---- the graph without directions ------------------------------------------------------------------------------- */

/* Walks through the neighbours of an agent in either direction, each once, itself left out. */
typedef struct around {
    const throng_network *network;
    int64_t self, out, in;
    int64_t neighbour;
    double weight;
} around;

static around look_around(const throng_network *network, int64_t i) {
    return (around){.network = network, .self = i, .out = network->out.offsets[i], .in = network->in.offsets[i]};
}

static bool next(around *it) {
    const throng_adjacency *out = &it->network->out, *in = &it->network->in;
    do {
        bool has_out = it->out < out->offsets[it->self + 1], has_in = it->in < in->offsets[it->self + 1];
        if (!has_out && !has_in)
            return false;
        int64_t a = has_out ? out->neighbours[it->out] : INT64_MAX, b = has_in ? in->neighbours[it->in] : INT64_MAX;
        it->neighbour = a < b ? a : b;
        it->weight = out->weights ? 0.0 : 1.0; /* without weights an edge is an edge, one way or both */
        if (a == it->neighbour) {
            it->weight += out->weights ? out->weights[it->out] : 0.0;
            it->out++;
        }
        if (b == it->neighbour) {
            it->weight += in->weights ? in->weights[it->in] : 0.0;
            it->in++;
        }
    } while (it->neighbour == it->self);
    return true;
}

/* ---- who ends a walk --------------------------------------------------------------------------------------------- */

/* Marks the best-connected of a camp; ties go to the earlier row. `order` holds the list, best first. */
static void mark(const throng_setting *setting, const throng_network *network, int camp, const double *degree) {
    int64_t *list = network->order, n = 0, most = (int64_t)setting->param[INFLUENCERS];
    for (int64_t i = 0; i < network->n; i++) {
        if (camp_of(setting, network, i) != camp || (n == most && degree[i] <= degree[list[n - 1]]))
            continue;
        int64_t at = n < most ? n++ : n - 1;
        for (; at > 0 && degree[i] > degree[list[at - 1]]; at--)
            list[at] = list[at - 1];
        list[at] = i;
    }
    for (int64_t k = 0; k < n; k++)
        network->scratch[ROLE * network->n + list[k]] = 1 + camp;
}

static void find_roles(const throng_setting *setting, const throng_network *network) {
    double *degree = network->scratch + ENDS * network->n; /* lent */
    double *strength = network->scratch + STRENGTH * network->n;
    memset(network->scratch, 0, (size_t)(ROWS * network->n) * sizeof(double));
    for (int64_t i = 0; i < network->n; i++)
        for (around it = look_around(network, i); next(&it);) {
            degree[i] += 1.0;
            strength[i] += it.weight;
        }
    for (int camp = 0; camp < 2; camp++)
        mark(setting, network, camp, degree);
    memset(degree, 0, (size_t)network->n * sizeof(double));
}

/* ---- the two systems --------------------------------------------------------------------------------------------- */

/* Where a walk goes from i: the mean of h over its neighbours. */
static double onward(const throng_network *network, const double *h, int64_t i) {
    double sum = 0.0, strength = network->scratch[STRENGTH * network->n + i];
    for (around it = look_around(network, i); next(&it);)
        sum += it.weight * h[it.neighbour];
    return strength > 0.0 ? sum / strength : 0.0;
}

static throng_status unsettled(throng_error *err) {
    return THRONG_FAIL(err, E_NOT_CONVERGED,
                       "random-walk-controversy: walks do not come to an end within %d rounds: the influencers are too "
                       "hard to reach. Raise influencers.",
                       ROUNDS_MAX);
}

/* h_camp(i) = alpha_i (1 or 0 at influencers, else where it goes on), Gauss-Seidel. */
static throng_status solve_ends(const throng_network *network, const double *alpha, int camp, throng_error *err) {
    double *h = network->scratch + (ENDS + camp) * network->n, *role = network->scratch + ROLE * network->n;
    for (int round = 0; round < ROUNDS_MAX; round++) {
        double change = 0.0;
        for (int64_t i = 0; i < network->n; i++) {
            double fresh = alpha[i] * (role[i] > 0.0 ? role[i] == 1 + camp : onward(network, h, i));
            change = fmax(change, fabs(fresh - h[i]));
            h[i] = fresh;
        }
        if (change <= SETTLED)
            return THRONG_OK;
    }
    return unsettled(err);
}

/* mu_camp(i): how much is expected of h(i) by walks that start in a camp. */
static throng_status solve_starts(const throng_setting *setting, const throng_network *network, const double *alpha,
                                  int camp, double share, throng_error *err) {
    double *mu = network->scratch + (STARTS + camp) * network->n, *role = network->scratch + ROLE * network->n;
    double *strength = network->scratch + STRENGTH * network->n;
    for (int round = 0; round < ROUNDS_MAX; round++) {
        double change = 0.0;
        for (int64_t i = 0; i < network->n; i++) {
            double fresh = camp_of(setting, network, i) == camp ? share : 0.0;
            for (around it = look_around(network, i); next(&it);)
                if (role[it.neighbour] == 0.0)
                    fresh += it.weight / strength[it.neighbour] * alpha[it.neighbour] * mu[it.neighbour];
            change = fmax(change, fabs(fresh - mu[i]));
            mu[i] = fresh;
        }
        if (change <= SETTLED)
            return THRONG_OK;
    }
    return unsettled(err);
}

/* ---- the indicator ----------------------------------------------------------------------------------------------- */

static void count_camps(const throng_setting *setting, const throng_network *network, double share[2]) {
    double count[2] = {0.0, 0.0};
    for (int64_t i = 0; i < network->n; i++)
        count[camp_of(setting, network, i)] += 1.0;
    for (int camp = 0; camp < 2; camp++)
        share[camp] = count[camp] > 0.0 ? 1.0 / count[camp] : 0.0;
}

/* end[a][b] = chance that a walk from camp a ends with camp b. */
static throng_status walk(const throng_setting *setting, const throng_network *network, const double *alpha,
                          double end[2][2], throng_error *err) {
    double share[2];
    count_camps(setting, network, share);
    find_roles(setting, network);
    memset(end, 0, 4 * sizeof(double));
    for (int b = 0; b < 2; b++) {
        throng_status status = solve_ends(network, alpha, b, err);
        if (status != THRONG_OK)
            return status;
        for (int64_t i = 0; i < network->n; i++) {
            int a = camp_of(setting, network, i);
            end[a][b] += share[a] * network->scratch[(ENDS + b) * network->n + i];
        }
    }
    return THRONG_OK;
}

static throng_status observe(const throng_setting *setting, const throng_network *network, double *constant,
                             throng_error *err) {
    double share[2], end[2][2], *alpha = network->scratch + ROWS * network->n;
    count_camps(setting, network, share);
    for (int camp = 0; camp < 2; camp++)
        if (share[camp] == 0.0)
            return THRONG_FAIL(err, E_DEGENERATE,
                               "random-walk-controversy compares two camps, but nobody's state is %s the threshold %g.",
                               camp ? "above" : "at or below", setting->param[THRESHOLD]);
    for (int64_t i = 0; i < network->n; i++)
        alpha[i] = 1.0;
    throng_status status = walk(setting, network, alpha, end, err);
    constant[WHOLE] = (end[0][0] + end[1][0]) * (end[0][1] + end[1][1]);
    return status;
}

static throng_status value(const throng_setting *setting, const throng_network *network, const double *alpha,
                           double *out, double *d_alpha, double *d_state, throng_error *err) {
    double end[2][2], share[2], whole = network->constant[WHOLE];
    (void)d_state;
    throng_status status = walk(setting, network, alpha, end, err);
    *out = whole > 0.0 ? (end[0][0] * end[1][1] - end[0][1] * end[1][0]) / whole : (double)NAN;
    if (status != THRONG_OK || !d_alpha)
        return status;
    count_camps(setting, network, share);
    for (int a = 0; status == THRONG_OK && a < 2; a++)
        status = solve_starts(setting, network, alpha, a, share[a], err);
    double slope[2][2] = {{end[1][1] / whole, -end[1][0] / whole}, {-end[0][1] / whole, end[0][0] / whole}};
    for (int64_t i = 0; status == THRONG_OK && i < network->n; i++) {
        double role = network->scratch[ROLE * network->n + i];
        d_alpha[i] = 0.0;
        for (int b = 0; b < 2; b++) {
            const double *h = network->scratch + (ENDS + b) * network->n;
            double reaches = role > 0.0 ? role == 1 + b : onward(network, h, i);
            for (int a = 0; a < 2; a++)
                d_alpha[i] += slope[a][b] * network->scratch[(STARTS + a) * network->n + i] * reaches;
        }
    }
    return status;
}

const throng_indicator throng_indicator_random_walk_controversy = {
    .about =
        {.struct_size = sizeof(throng_indicator),
         .name = "random-walk-controversy",
         .summary = "Do walks stay in their camp? 1 always, 0 no more than chance, for two camps in a graph.",
         .details =
             "Formula: M = (P_XX P_YY - P_XY P_YX) / ((P_XX + P_YX) (P_XY + P_YY)), P_AB the chance that a walk that "
             "starts anywhere in camp A ends with camp B: it follows edges of either direction by weight and ends at "
             "the "
             "first of the best-connected agents of a camp that it meets (or starts at). This is P(X|X) P(Y|Y) - "
             "P(X|Y) "
             "P(Y|X) for the camp of the start given that of the end, both camps equally likely to start.\n"
             "Edges: loops are left out, and so is who has no edges. A camp without anybody is an error; undefined if "
             "no walk ends with one of the camps. Best-connected counts different neighbours, ties in the order of "
             "rows.\n"
             "Taking part: a walk at agent i goes on (or, with a best-connected one, is counted) with chance alpha_i "
             "and is lost otherwise, with the denominator as observed and the best-connected as they are.\n"
             "Controversial and ordinary topics are not told apart by it on every data set: do not read it alone.\n"
             "Cost: rounds over all edges until walks are settled to 1e-14, one to some thousand.\n"
             "Defaults: presence path; the baseline plays no part in it.",
         .reference = "Garimella, De Francisci Morales, Gionis and Mathioudakis 2018, Quantifying controversy on "
                      "social media, ACM Transactions on Social Computing 1(1), doi 10.1145/3140565; participation: "
                      "throng's construction",
         .params = params},
    .form = THRONG_FORM_NETWORK,
    .flags = THRONG_INDICATOR_PRESENCE_ONLY,
    .path = THRONG_PATH_PRESENCE,
    .baseline = "neutral",
    .undefined = "no walk ends with one of the camps",
    .network = value,
    .observe = observe,
};
