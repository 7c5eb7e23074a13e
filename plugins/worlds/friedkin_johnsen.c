/* Friedkin and Johnsen: everybody moves towards what it hears, and holds on to what it came with. */
#include "throng/math.h"
#include "throng/world.h"

#include <math.h>

enum {
    SUSCEPTIBILITY
};

static const throng_param params[] = {
    [SUSCEPTIBILITY] = {"susceptibility", THRONG_PARAM_REAL, 0.8, 0, 1, "",
                        "weight of the others against one's own first opinion; 1 is DeGroot's model"},
    {0}};

static const throng_world_column columns[] = {
    {"opinion", "state", "what the agent thinks", 0, -(double)INFINITY, (double)INFINITY}};

/* Whoever is silent is not heard: its place in the mean is taken by one's own opinion. */
THRONG_WIDE static void move(const throng_slots *slots, double *const *next) {
    double s = slots->param[SUSCEPTIBILITY], *out = next[0];
    const double *x = slots->state[0], *heard = slots->heard[0], *present = slots->present, *innate = slots->innate;
    THRONG_APART
    for (int64_t k = 0; k < slots->n; k++)
        out[k] = (1.0 - s) * innate[k] + s * (x[k] + (heard[k] - present[k] * x[k]));
}

THRONG_WIDE static void move_adjoint(const throng_slots *slots, const throng_slots_adjoint *adjoint) {
    double s = slots->param[SUSCEPTIBILITY];
    const double *x = slots->state[0], *of = adjoint->of[0], *present = slots->present;
    double *state = adjoint->state[0], *heard = adjoint->heard[0];
    double *around = adjoint->present, *innate = adjoint->innate;
    THRONG_APART
    for (int64_t k = 0; k < slots->n; k++) {
        state[k] += s * (1.0 - present[k]) * of[k];
        heard[k] += s * of[k];
        around[k] -= s * x[k] * of[k];
        innate[k] += (1.0 - s) * of[k];
    }
}

const throng_world throng_world_friedkin_johnsen = {
    .about =
        {.struct_size = sizeof(throng_world),
         .name = "friedkin-johnsen",
         .summary = "Opinions average over whom one hears, pulled back to the first opinion; DeGroot at 1.",
         .details =
             "Update, all agents at once: x_i' = (1 - s) x_i(0) + s (x_i + sum_j w_ij alpha_j (x_j - x_i) / W_i), W_i "
             "the sum of the agent's in-weights. With everybody taking part the bracket is the weighted mean of whom "
             "it hears.\n"
             "Silence: a silent agent is not heard; its weight falls to the listener's own opinion.\n"
             "Edges: an agent that hears nobody stays at its opinion (s = 1) or returns to its first one.\n"
             "Limits: s < 1: the fixed point (I - s P)^-1 (1 - s) x(0). s = 1 on a connected aperiodic graph: "
             "consensus at the left eigenvector's mean.",
         .reference = "DeGroot 1974, Reaching a consensus, JASA 69(345), doi 10.1080/01621459.1974.10480137; Friedkin "
                      "and Johnsen 1990, Social influence and opinions, Journal of Mathematical Sociology 15, doi "
                      "10.1080/0022250X.1990.9990069",
         .params = params},
    .flags = THRONG_WORLD_SMOOTH | THRONG_WORLD_COMPLETE | THRONG_WORLD_DEAF_ADJOINT,
    .columns = columns,
    .n_columns = 1,
    .n_messages = 1,
    .hearing = THRONG_HEARING_MEAN,
    .participation = THRONG_PARTICIPATION_INFLUENCE,
    .move = move,
    .move_adjoint = move_adjoint,
};
