/* Best replies in turn, from many strategies that are drawn: what a team may find together. */
#include "throng/solver.h"

#include <math.h>
#include <string.h>

enum {
    STARTS
};

static const throng_param params[] = {[STARTS] = {"starts", THRONG_PARAM_INTEGER, 100, 1, 1e9, "",
                                                  "strategies that are drawn, from each of which replies begin"},
                                      {0}};

#define STREAM     0x7265706cu /* "repl" */
#define ROUNDS_MAX 1000

/* A pure strategy that is drawn: an action of each information set, all alike. */
static void draw(const throng_solver_state *state, int64_t start, double *strategy) {
    throng_random random = {state->seed, STREAM};
    memset(strategy, 0, (size_t)throng_tree_sequences(state->tree) * sizeof *strategy);
    strategy[0] = 1.0;
    for (int s = 0; s < throng_tree_sets(state->tree); s++) {
        throng_tree_set set = throng_tree_set_at(state->tree, s);
        double uniform[4];
        throng_random_uniforms(random, (uint64_t)s, (uint64_t)start, 0, uniform);
        strategy[set.first + (int)(uniform[0] * set.n_actions)] = 1.0;
    }
}

/* Each in turn does what is best against the others, until nobody gains. @return what all get together */
static double reply(const throng_solver_state *state, double *strategy) {
    const throng_tree *tree = state->tree;
    double least = 1e-12, all = 0.0;
    for (int round = 0; round < ROUNDS_MAX; round++) {
        double gained = 0.0;
        all = 0.0;
        for (int p = 0; p < throng_tree_players(tree); p++) {
            throng_tree_plan(tree, strategy, state->plan);
            throng_tree_worth(tree, p, state->plan, strategy, state->worth);
            double before = state->worth[0];
            throng_tree_best(tree, p, state->plan, state->worth, NULL);
            if (state->worth[0] > before + least * (1.0 + fabs(before)))
                throng_tree_best(tree, p, state->plan, state->worth, strategy);
            gained = fmax(gained, state->worth[0] - before - least * (1.0 + fabs(before)));
            all += state->worth[0];
        }
        if (gained <= 0.0)
            break;
    }
    return all;
}

static throng_status step(throng_solver_state *state, throng_error *err) {
    double *tried = state->kept, most = -(double)INFINITY;
    (void)err;
    for (int64_t start = 0; start < (int64_t)state->param[STARTS]; start++) {
        draw(state, start, tried);
        double all = reply(state, tried);
        if (all > most)
            memcpy(state->strategy, tried, (size_t)throng_tree_sequences(state->tree) * sizeof *tried);
        most = fmax(most, all);
    }
    return THRONG_OK;
}

extern const throng_solver throng_solver_best_replies;
const throng_solver throng_solver_best_replies = {
    .about = {.struct_size = sizeof(throng_solver),
              .name = "best-replies",
              .summary = "teams: best replies in turn from strategies that are drawn; the best that was found is the "
                         "answer",
              .details =
                  "For each start an action is drawn for every information set; then each in turn plays the best "
                  "against the others, the first of several, as long as it gains them something. In a team, where all "
                  "are paid alike, every reply is worth more to all, so that it comes to rest where nobody alone can "
                  "do better; other games may circle, and are left after 1,000 rounds. The answer is the strategy "
                  "with which all together get most. It is an equilibrium of a team, and not always the best one: "
                  "more starts find better ones.",
              .reference = "best-reply dynamics in games of common interest: Monderer and Shapley 1996, Potential "
                           "games, Games and Economic Behavior 14, doi 10.1006/game.1996.0044",
              .params = params},
    .last = true,
    .once = true,
    .step = step,
};
