/*
 * A solver of your own, in a shared object: counterfactual regret minimisation that forgets how it began. Build it,
 * load it, use it like any other:
 *
 *     cc -std=c17 -O2 -shared -fPIC plugin_solver.c $(pkg-config --cflags --libs throng) -lm -o plugin_solver.so
 *     throng solve leduc --plugin ./plugin_solver.so --solver discounted --tolerance 0.01
 */
#include "throng/plugin.h"

#include <math.h>

enum {
    POWER
};

static const throng_param params[] = {
    [POWER] = {"power", THRONG_PARAM_REAL, 1, 0, 10, "", "iteration t counts as t^power; 0: all alike"}, {0}};

/* One iteration, player after player; throng owns the loop, which measures the gap and stops. */
static throng_status step(throng_solver_state *state, throng_error *err) {
    const throng_tree *tree = state->tree;
    double t = (double)state->iteration, old = pow((t - 1.0) / t, state->param[POWER]);
    (void)err;
    for (int i = 0; i < throng_tree_sequences(tree); i++)
        state->kept[i] *= old; /* the regrets */
    for (int p = 0; p < throng_tree_players(tree); p++) {
        throng_tree_plan(tree, state->strategy, state->plan);
        throng_tree_worth(tree, p, state->plan, state->strategy, state->worth);
        throng_solver_match_regrets(tree, p, state->worth, false, state->kept, state->strategy);
    }
    throng_tree_plan(tree, state->strategy, state->plan);
    for (int i = 0; i < throng_tree_sequences(tree); i++)
        state->average[i] = old * state->average[i] + state->plan[i];
    return THRONG_OK;
}

static const throng_solver discounted = {
    .about = {.struct_size = sizeof(throng_solver),
              .name = "discounted",
              .summary = "regret matching in which late iterations count more",
              .details = "Plays each action in proportion to what it would have gained so far, where that is positive. "
                         "Regrets and plans of iteration t are weighted by t^power (Brown and Sandholm 2019).",
              .reference = "Example of throng, 2026",
              .params = params},
    .step = step,
};

static const throng_about *const solvers[] = {&discounted.about, NULL};
THRONG_PLUGIN(.solvers = solvers);
