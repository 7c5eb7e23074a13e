/* Echo chambers: whom one meets depends on what both think, and what one hears drives to extremes. */
#include "throng/world.h"

#include <math.h>

enum {
    COUPLING,
    CONTROVERSY,
    HOMOPHILY,
    NEARNESS,
    TIME_STEP
};

static const throng_param params[] = {
    [COUPLING] = {"coupling", THRONG_PARAM_REAL, 3, 0, 1e6, "state", "how far others drive an opinion at most"},
    [CONTROVERSY] = {"controversy", THRONG_PARAM_REAL, 3, 0, 1e6, "1/state",
                     "how soon what others think counts in full"},
    [HOMOPHILY] = {"homophily", THRONG_PARAM_REAL, 3, 0, 20, "",
                   "exponent by which contacts become rarer with distance; 0: all neighbours alike"},
    [NEARNESS] = {"nearness", THRONG_PARAM_REAL, 0.1, 1e-6, 1e6, "state",
                  "distance below which contacts do not become more frequent"},
    [TIME_STEP] = {"time-step", THRONG_PARAM_REAL, 0.05, 1e-9, 1, "time", "length of a step (Euler)"},
    {0}};

static const throng_world_column columns[] = {
    {"opinion", "state", "what the agent thinks", 0, -(double)INFINITY, (double)INFINITY}};

/* How often two meet, against two who think the same; and its logarithm's slope with the distance. */
static double contact(const throng_pairs *pairs, double distance) {
    double q = distance / pairs->param[NEARNESS];
    return pow(1.0 + q * q, -0.5 * pairs->param[HOMOPHILY]);
}

static double contact_slope(const throng_pairs *pairs, double distance) {
    double near = pairs->param[NEARNESS];
    return -pairs->param[HOMOPHILY] * distance / (near * near + distance * distance);
}

static void pair(const throng_pairs *pairs, double *const *message) {
    for (int64_t k = 0; k < pairs->n; k++) {
        double often = contact(pairs, pairs->other[0][k] - pairs->self[0][k]);
        message[0][k] = often * tanh(pairs->param[CONTROVERSY] * pairs->other[0][k]);
        message[1][k] = often;
    }
}

static void pair_adjoint(const throng_pairs *pairs, const double *const *of, double *const *message,
                         double *const *self, double *const *other) {
    double controversy = pairs->param[CONTROVERSY];
    for (int64_t k = 0; k < pairs->n; k++) {
        double d = pairs->other[0][k] - pairs->self[0][k], often = contact(pairs, d);
        double drive = tanh(controversy * pairs->other[0][k]);
        double nearer = often * contact_slope(pairs, d) * (of[0][k] * drive + of[1][k]);
        message[0][k] = often * drive;
        message[1][k] = often;
        self[0][k] = -nearer;
        other[0][k] = nearer + of[0][k] * often * controversy * (1.0 - drive * drive);
    }
}

/* The mean of what one's contacts say; as many contacts are made as there are neighbours taking part. */
static void move(const throng_slots *slots, double *const *next) {
    for (int64_t k = 0; k < slots->n; k++) {
        double x = slots->state[0][k], often = slots->heard[1][k];
        double drive = often > 0.0 ? slots->present[k] * slots->heard[0][k] / often : 0.0;
        next[0][k] = x + slots->param[TIME_STEP] * (slots->param[COUPLING] * drive - x);
    }
}

static void move_adjoint(const throng_slots *slots, const throng_slots_adjoint *adjoint) {
    double step = slots->param[TIME_STEP];
    for (int64_t k = 0; k < slots->n; k++) {
        double of = adjoint->of[0][k], often = slots->heard[1][k];
        adjoint->state[0][k] += of * (1.0 - step);
        if (!(often > 0.0))
            continue;
        double rate = of * step * slots->param[COUPLING], said = slots->heard[0][k] / often;
        adjoint->heard[0][k] += rate * slots->present[k] / often;
        adjoint->heard[1][k] -= rate * slots->present[k] * said / often;
        adjoint->present[k] += rate * said;
    }
}

const throng_world throng_world_echo_chamber = {
    .about =
        {.struct_size = sizeof(throng_world),
         .name = "echo-chamber",
         .summary = "Ties that follow opinions: contacts seek the like-minded, and what they say radicalises.",
         .details =
             "Update, all agents at once: x_i' = x_i + time-step (coupling a_i sum_j p_ij tanh(controversy x_j) - "
             "x_i), p_ij = w_ij alpha_j c(x_j - x_i) over its sum along j, c(d) = (1 + (d / nearness)^2)^(-homophily / "
             "2), and a_i = sum_j w_ij alpha_j / W_i the share of the agent's neighbours that take part. Baumann and "
             "others draw contacts anew at every step by p_ij with |d|^(-homophily); here the drive is its mean over "
             "those draws, along the edges of a graph, and nearness keeps c finite: throng's construction, so that "
             "path integrals exist.\n"
             "Silence: a silent agent is met by nobody, and as much less is heard in all.\n"
             "Edges: an agent that meets nobody forgets: its opinion decays to 0.\n"
             "Limits: everybody thinking the same, a crowd stays radical at the solution of x = coupling "
             "tanh(controversy x), other than 0 if coupling controversy > 1, and is neutral otherwise. With homophily "
             "0 all end on one side; with 3 two camps hold at plus and minus nearly that x.",
         .reference = "Baumann, Lorenz-Spreen, Sokolov and Starnini 2020, Modeling echo chambers and polarization "
                      "dynamics in social networks, Physical Review Letters 124, doi 10.1103/PhysRevLett.124.048301, "
                      "equation 1 (K = 3, alpha = 3, beta = 3)",
         .params = params},
    .flags = THRONG_WORLD_SMOOTH,
    .columns = columns,
    .n_columns = 1,
    .n_messages = 2,
    .hearing = THRONG_HEARING_MEAN,
    .participation = THRONG_PARTICIPATION_INFLUENCE,
    .pair = pair,
    .pair_adjoint = pair_adjoint,
    .move = move,
    .move_adjoint = move_adjoint,
};
