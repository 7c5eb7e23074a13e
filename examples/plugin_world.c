/*
 * A world of your own, in a shared object: everybody moves towards what the neighbours say, ever more slowly near the
 * ends of the scale. Build it, load it, use it like any other:
 *
 *     cc -std=c17 -O2 -shared -fPIC plugin_world.c $(pkg-config --cflags throng) -o plugin_world.so
 *     throng simulate --plugin ./plugin_world.so --generate uniform --graph-model ring --world conformity
 */
#include "throng/plugin.h"

#include <math.h>

enum {
    RATE
};

static const throng_param params[] = {
    [RATE] = {"rate", THRONG_PARAM_REAL, 0.3, 0, 1, "", "how far an agent moves towards what it hears in a step"}, {0}};

static const throng_world_column columns[] = {
    {.name = "opinion", .unit = "", .doc = "what the agent thinks", .lowest = -INFINITY, .highest = INFINITY}};

/* x' = tanh(x + rate (heard - present x)): who hears nobody stays put, but for the pull of the scale's ends. */
static void move(const throng_slots *slots, double *const *next) {
    double rate = slots->param[RATE];
    for (int64_t k = 0; k < slots->n; k++) {
        double x = slots->state[0][k];
        next[0][k] = tanh(x + rate * (slots->heard[0][k] - slots->present[k] * x));
    }
}

/* The derivative of move in each of its inputs, times `of`; next[0] is what move made. */
static void move_adjoint(const throng_slots *slots, const throng_slots_adjoint *adjoint) {
    double rate = slots->param[RATE];
    for (int64_t k = 0; k < slots->n; k++) {
        double after = slots->next[0][k], of = adjoint->of[0][k] * (1.0 - after * after);
        adjoint->state[0][k] += of * (1.0 - rate * slots->present[k]);
        adjoint->heard[0][k] += of * rate;
        adjoint->present[k] -= of * rate * slots->state[0][k];
    }
}

static const throng_world conformity = {
    .about = {.struct_size = sizeof(throng_world),
              .name = "conformity",
              .summary = "Everybody moves towards what the neighbours say.",
              .details =
                  "Update, all agents at once: x_i' = tanh(x_i + rate (sum_j w_ij alpha_j (x_j - x_i) / W_i)), W_i "
                  "the sum of the agent's in-weights. A silent agent is not heard.",
              .reference = "Example of throng, 2026",
              .params = params},
    .flags = THRONG_WORLD_SMOOTH,
    .columns = columns,
    .n_columns = 1,
    .n_messages = 1, /* without `send` it is the first column */
    .hearing = THRONG_HEARING_MEAN,
    .participation = THRONG_PARTICIPATION_INFLUENCE,
    .move = move,
    .move_adjoint = move_adjoint,
};

static const throng_about *const worlds[] = {&conformity.about, NULL};
THRONG_PLUGIN(.worlds = worlds);
