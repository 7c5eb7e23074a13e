/* Consensus-based optimisation: particles look for the deepest place by drifting to where those are who are deep. */
#include "throng/world.h"

#include <math.h>
#include <stdbool.h>

enum {
    DIMENSIONS,
    AMPLITUDE,
    SHARPNESS,
    DRIFT,
    NOISE,
    ISOTROPIC,
    TIME_STEP,
    MEAN,
    SPREAD
};

#define DIMENSIONS_MAX 20
#define NEAR           0.25

static const throng_param params[] = {
    [DIMENSIONS] = {"dimensions", THRONG_PARAM_INTEGER, 2, 1, DIMENSIONS_MAX, "", "of the space that is searched"},
    [AMPLITUDE] = {"amplitude", THRONG_PARAM_REAL, 2.5, 0, 1e6, "", "of the ripples that make other places look deep"},
    [SHARPNESS] = {"sharpness", THRONG_PARAM_REAL, 50, 0, 1e9, "", "how much more the deepest count"},
    [DRIFT] = {"drift", THRONG_PARAM_REAL, 1, 0, 1e6, "1/time", "towards the consensus"},
    [NOISE] = {"noise", THRONG_PARAM_REAL, 5, 0, 1e6, "", "of a step, as a share of the distance from the consensus"},
    [ISOTROPIC] = {"isotropic", THRONG_PARAM_FLAG, 0, 0, 1, "",
                   "noise is alike in all directions; otherwise as large as the distance in each"},
    [TIME_STEP] = {"time-step", THRONG_PARAM_REAL, 0.02, 0, 1, "time", "of a step"},
    [MEAN] = {"mean", THRONG_PARAM_REAL, 3, -1e6, 1e6, "", "of all coordinates but the first, at the start"},
    [SPREAD] = {"spread", THRONG_PARAM_REAL, 1, 0, 1e6, "", "of the same: they are drawn from a normal distribution"},
    {0}};

enum {
    FIRST,
    DISTANCE,
    FOUND,
    OTHERS,
    COLUMNS = OTHERS + DIMENSIONS_MAX - 1
};

#define COORDINATE(name)                                                                                               \
    { name, "", "a further coordinate; 0 if there is none", 0, -(double)INFINITY, (double)INFINITY }

static const throng_world_column columns[] = {
    [FIRST] = {"x", "", "the first coordinate", 0, -(double)INFINITY, (double)INFINITY},
    [DISTANCE] = {"distance", "", "of the consensus before this step from the deepest place, in the worst direction", 0,
                  0, (double)INFINITY},
    [FOUND] = {"found", "", "1 if that is below 0.25", 0, 0, 1},
    COORDINATE("x2"),
    COORDINATE("x3"),
    COORDINATE("x4"),
    COORDINATE("x5"),
    COORDINATE("x6"),
    COORDINATE("x7"),
    COORDINATE("x8"),
    COORDINATE("x9"),
    COORDINATE("x10"),
    COORDINATE("x11"),
    COORDINATE("x12"),
    COORDINATE("x13"),
    COORDINATE("x14"),
    COORDINATE("x15"),
    COORDINATE("x16"),
    COORDINATE("x17"),
    COORDINATE("x18"),
    COORDINATE("x19"),
    COORDINATE("x20")};

static int column_of(int dimension) {
    return dimension == 0 ? FIRST : OTHERS + dimension - 1;
}

/* Normals of an agent in a step, four by four; those of the start come behind them. */
static double normal(const throng_slots *slots, int64_t agent, int which, bool start) {
    double four[4];
    throng_random_normals(slots->random, (uint64_t)agent, (uint64_t)slots->step,
                          (uint64_t)(which / 4 + (start ? DIMENSIONS_MAX : 0)), four);
    return four[which % 4];
}

static double depth(const throng_slots *slots, double *const *place, int64_t i) {
    double sum = 0.0, pi = acos(-1.0);
    for (int d = 0; d < (int)slots->param[DIMENSIONS]; d++) {
        double x = place[column_of(d)][i];
        sum += x * x + slots->param[AMPLITUDE] * (1.0 - cos(2.0 * pi * x));
    }
    return sum;
}

/* The mean place of those who take part, the deepest counting most. @param room [n]  @return whether anybody does */
static bool agree(const throng_slots *slots, double *const *place, double *room, double *consensus) {
    double least = (double)INFINITY, weights = 0.0;
    int dimensions = (int)slots->param[DIMENSIONS];
    for (int64_t i = 0; i < slots->n; i++) {
        room[i] = slots->present[i] > 0.0 ? depth(slots, place, i) : (double)INFINITY;
        least = fmin(least, room[i]);
    }
    for (int d = 0; d < dimensions; d++)
        consensus[d] = 0.0;
    for (int64_t i = 0; i < slots->n; i++) {
        if (!(slots->present[i] > 0.0))
            continue;
        double weight = slots->present[i] * exp(-slots->param[SHARPNESS] * (room[i] - least));
        weights += weight;
        for (int d = 0; d < dimensions; d++)
            consensus[d] += weight * place[column_of(d)][i];
    }
    for (int d = 0; d < dimensions && weights > 0.0; d++)
        consensus[d] /= weights;
    return weights > 0.0;
}

static void go(const throng_slots *slots, double *const *place, const double *consensus, int64_t i) {
    const double *param = slots->param;
    int dimensions = (int)param[DIMENSIONS];
    double step = param[TIME_STEP], noise = param[NOISE] * sqrt(step), squares = 0.0, away[DIMENSIONS_MAX];
    for (int d = 0; d < dimensions; d++) {
        away[d] = place[column_of(d)][i] - consensus[d];
        squares += away[d] * away[d];
    }
    for (int d = 0; d < dimensions; d++)
        place[column_of(d)][i] +=
            noise * (param[ISOTROPIC] != 0.0 ? sqrt(squares) : away[d]) * normal(slots, i, d, false) -
            step * param[DRIFT] * away[d];
}

static void move(const throng_slots *slots, double *const *next) {
    double consensus[DIMENSIONS_MAX], distance = 0.0;
    int dimensions = (int)slots->param[DIMENSIONS];
    for (int c = 0; c < COLUMNS; c++)
        for (int64_t i = 0; i < slots->n; i++)
            next[c][i] = slots->state[c][i];
    for (int d = 1; d < dimensions && slots->step == 0; d++)
        for (int64_t i = 0; i < slots->n; i++)
            next[column_of(d)][i] = slots->param[MEAN] + slots->param[SPREAD] * normal(slots, i, d, true);
    bool anybody = agree(slots, next, next[DISTANCE], consensus);
    for (int d = 0; d < dimensions && anybody; d++)
        distance = fmax(distance, fabs(consensus[d]));
    for (int64_t i = 0; i < slots->n; i++) {
        if (anybody)
            go(slots, next, consensus, i);
        next[DISTANCE][i] = distance;
        next[FOUND][i] = anybody && distance < NEAR;
    }
}

const throng_world throng_world_consensus_search = {
    .about =
        {.struct_size = sizeof(throng_world),
         .name = "consensus-search",
         .summary = "Particles that only see how deep they are look for the deepest place by consensus.",
         .details =
             "Depth: E(x) = sum over coordinates of x^2 + amplitude (1 - cos 2 pi x), Rastrigin's function: deepest "
             "at 0, with a trough near every whole number. Update, all at once: the consensus is v = sum_i alpha_i "
             "e^(-sharpness E(x_i)) x_i over the sum of the weights, and x' = x - time-step drift (x - v) + "
             "sqrt(time-step) noise D z, z standard normal in each coordinate and D the distance x - v in that "
             "coordinate, or with isotropic its length in all. No gradient is ever used.\n"
             "Graph: none, for everybody sees the consensus.\n"
             "Silence: a silent particle searches on, but does not count in the consensus; one that takes part in "
             "part counts as much less. Without anybody nobody moves, and distance stays 0. Not smooth: sampling "
             "methods.\n"
             "Randomness: keyed by agent and step; all coordinates but the first are drawn in the first step.\n"
             "Cost: O(N dimensions) a step, in one thread.\n"
             "Limits: for a consensus that stays, a distance shrinks as exp(-(drift + noise^2 / 2) t) along nearly "
             "every path, however large the noise; its mean square only if noise^2 < 2 drift. With isotropic noise in "
             "d dimensions nearly every path needs noise^2 (d - 2) < 2 drift, which leaves no room to search in many.",
         .reference =
             "Pinnau, Totzeck, Tse and Martin 2017, A consensus-based model for global optimization, doi "
             "10.1142/S0218202517400061; Riedl, Klock, Geldhauser and Fornasier 2023, Gradient is all you need?, "
             "arXiv 2306.09778",
         .params = params},
    .flags = THRONG_WORLD_RANDOM,
    .columns = columns,
    .n_columns = COLUMNS,
    .hearing = THRONG_HEARING_CROWD,
    .participation = THRONG_PARTICIPATION_INFLUENCE,
    .move = move,
};
