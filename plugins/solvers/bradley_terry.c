/* Bradley-Terry: a model of scores fitted to preferences, and what it calls best. To compare with. */
#include "throng/preference.h"
#include "throng/solver.h"

#include <math.h>

enum {
    BETA,
    ON_POLICY,
    ROUNDS
};

static const throng_param params[] = {
    [BETA] = {"beta", THRONG_PARAM_REAL, 0.1, 1e-9, 1e6, "", "how strongly play is drawn to the reference"},
    [ON_POLICY] = {"on-policy", THRONG_PARAM_FLAG, 0, 0, 1, "",
                   "pairs are drawn by the policy before; otherwise all are alike"},
    [ROUNDS] = {"rounds", THRONG_PARAM_INTEGER, 200, 1, 1e6, "rounds", "of fitting, in each iteration"},
    {0}};

/* One round of Zermelo's iteration: strengths that make won as much as is won. A pair weighs the product of what both
 * weigh. `plan` has the weights, `worth` is room. */
static void fit(const throng_solver_state *state, double *strength, double *won) {
    const throng_preference *game = state->problem->game;
    int n = throng_preference_count(game);
    const double *weight = state->plan;
    throng_preference_against(game, 0, weight, won);
    for (int round = 0; round < (int)state->param[ROUNDS]; round++) {
        double sum = 0.0;
        for (int i = 0; i < n; i++) {
            double met = 0.0;
            for (int j = 0; j < n; j++)
                met += weight[j] / (strength[i] + strength[j]);
            state->worth[i] = met > 0.0 ? won[i] / met : strength[i];
        }
        for (int i = 0; i < n; i++)
            sum += log(state->worth[i]);
        for (int i = 0; i < n; i++)
            strength[i] = state->worth[i] / exp(sum / n);
    }
}

static throng_status step(throng_solver_state *state, throng_error *err) {
    int n = throng_preference_count(state->problem->game);
    double *strength = state->more, *won = state->more + n;
    (void)err;
    for (int i = 0; i < n; i++) {
        state->plan[i] = state->param[ON_POLICY] != 0.0 ? state->strategy[i] : 1.0 / n;
        strength[i] = 1.0;
    }
    fit(state, strength, won);
    for (int i = 0; i < n; i++)
        state->kept[i] = log(strength[i]);
    for (int i = 0; i < n; i++)
        state->worth[i] = state->kept[i];
    state->reach[0] = 1.0;
    throng_solver_log_linear(state, 0, (throng_log_linear){.pull = 1.0, .step = 1.0 / state->param[BETA]}, state->kept,
                             state->kept, state->strategy);
    return THRONG_OK;
}

extern const throng_solver throng_solver_bradley_terry;
const throng_solver throng_solver_bradley_terry = {
    .about = {.struct_size = sizeof(throng_solver),
              .name = "bradley-terry",
              .summary = "the best by scores fitted to preferences: to compare with, it is no equilibrium",
              .details = "Finds scores s such that 1 / (1 + exp(s_j - s_i)) is as near as can be to how often i is "
                         "preferred to j (largest likelihood, all pairs alike or as the policy before draws them), and "
                         "plays in proportion to reference exp(s / beta). Where preferences go round in a circle, no "
                         "scores say so, and what they call best is beaten. More iterations help on-policy only, if "
                         "at all.",
              .reference = "Bradley and Terry 1952, doi 10.2307/2334029; Hunter 2004, MM algorithms for generalized "
                           "Bradley-Terry models, doi 10.1214/aos/1079120141",
              .params = params},
    .forms = THRONG_GAME_FORM_PREFERENCE,
    .last = true,
    .n_more = 2,
    .step = step,
};
