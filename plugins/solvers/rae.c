/* Risk-averse equilibrium, by fictitious play. */
#include "throng/solver.h"

#include <math.h>
#include <string.h>

enum {
    GAMMA,
    TREMBLE,
    START
};

static const throng_param params[] = {
    [GAMMA] = {"gamma", THRONG_PARAM_REAL, 0.1, 0, 1e6, "1 / payoff", "how much a unit of variance weighs"},
    [TREMBLE] = {"tremble", THRONG_PARAM_REAL, 0.05, 0, 1, "", "share of the time in which others play at random"},
    [START] = {"start", THRONG_PARAM_AUTO, NAN, 0, 1, "",
               "probability of everybody's first action at the beginning, others share the rest; auto: all alike"},
    {0}};

static throng_status begin(throng_solver_state *state, throng_error *err) {
    const throng_tree *tree = state->tree;
    throng_risk *risk = NULL;
    throng_status status =
        throng_risk_create(state->context, tree, state->param[GAMMA], state->param[TREMBLE], &risk, err);
    state->self = risk;
    for (int i = 0; i < throng_tree_sets(tree) && !isnan(state->param[START]); i++) {
        throng_tree_set set = throng_tree_set_at(tree, i);
        for (int a = 0; set.n_actions > 1 && a < set.n_actions; a++)
            state->strategy[set.first + a] =
                a == 0 ? state->param[START] : (1.0 - state->param[START]) / (set.n_actions - 1);
    }
    memcpy(state->kept, state->strategy, (size_t)throng_tree_sequences(tree) * sizeof *state->kept);
    return status;
}

static void end(throng_solver_state *state) {
    throng_risk_free(state->self);
}

/* Best responses are in `kept`, where the next ones start from. */
static throng_status step(throng_solver_state *state, throng_error *err) {
    double share = 1.0 / (double)(state->iteration + 1);
    (void)err;
    for (int p = 0; p < throng_tree_players(state->tree); p++)
        throng_risk_best(state->self, p, state->strategy, state->kept, NULL);
    for (int i = 1; i < throng_tree_sequences(state->tree); i++)
        state->strategy[i] += share * (state->kept[i] - state->strategy[i]);
    return THRONG_OK;
}

static throng_status gap(const throng_solver_state *state, const double *strategy, double *out, throng_error *err) {
    (void)err;
    *out = 0.0;
    memcpy(state->plan, strategy, (size_t)throng_tree_sequences(state->tree) * sizeof *strategy);
    for (int p = 0; p < throng_tree_players(state->tree); p++) {
        double missing;
        throng_risk_best(state->self, p, strategy, state->plan, &missing);
        *out += missing;
    }
    return THRONG_OK;
}

extern const throng_solver throng_solver_rae;
const throng_solver throng_solver_rae = {
    .about =
        {.struct_size = sizeof(throng_solver),
         .name = "rae",
         .summary = "risk-averse equilibrium: mean payoff less gamma times its variance",
         .details =
             "For games where everybody chooses once. Against others who mix, x is worth x'm - gamma x'S x: m are "
             "the actions' mean payoffs, S their covariances as the others' choices vary, each of whom is taken to "
             "tremble. Fictitious play: all at once move 1 / (iteration + 1) of the way to their best response, a "
             "concave quadratic program on the simplex. The gap is what all would gain in this utility by best "
             "responses; the game's own gap and values are those of mean payoffs, without trembles. With gamma = 0 "
             "it is fictitious play against trembling others.",
         .reference = "Slumbers et al. 2023, A game-theoretic framework for managing risk in multi-agent systems, "
                      "ICML; arXiv 2205.15434",
         .params = params},
    .last = true,
    .begin = begin,
    .end = end,
    .step = step,
    .gap = gap,
    .gap_name = "risk-averse gap",
};
