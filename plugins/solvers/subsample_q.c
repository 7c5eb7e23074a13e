/* SUB-SAMPLE-Q: one who decides for a crowd looks at few of it. */
#include "throng/aggregative.h"
#include "throng/solver.h"

#include <string.h>

enum {
    LOOKED,
    SAMPLES
};

static const throng_param params[] = {
    [LOOKED] = {"k", THRONG_PARAM_INTEGER, 16, 1, 1e6, "agents", "how many are looked at, all if there are fewer"},
    [SAMPLES] = {"m", THRONG_PARAM_INTEGER, 50, 0, 1e6, "samples",
                 "next states drawn once for each number of the table; 0: their probabilities instead"},
    {0}};

static throng_status prepare(const throng_problem *problem, const double *param, throng_error *err) {
    int64_t agents = throng_aggregative_agents(problem->game), looked = (int64_t)param[LOOKED];
    return throng_aggregative_look(problem->game, looked < agents ? looked : agents, err);
}

static throng_status begin(throng_solver_state *state, throng_error *err) {
    throng_aggregative_model *model = NULL;
    int64_t samples = (int64_t)state->param[SAMPLES];
    throng_status status = throng_aggregative_model_create(state->problem->game, samples, state->seed, &model, err);
    state->self = model;
    if (status == THRONG_OK)
        state->evaluations = samples * state->problem->kind->numbers(state->problem->game);
    return status;
}

static void end(throng_solver_state *state) {
    throng_aggregative_model_free(state->self);
}

/* The table is `kept`. */
static throng_status step(throng_solver_state *state, throng_error *err) {
    const throng_aggregative *game = state->problem->game;
    int64_t rows = throng_aggregative_globals(game) * throng_aggregative_histograms(game);
    int n = throng_aggregative_actions(game);
    (void)err;
    throng_aggregative_model_backup(state->self, state->kept, state->plan);
    memcpy(state->kept, state->plan, (size_t)(rows * n) * sizeof *state->kept);
    for (int64_t row = 0; row < rows; row++) {
        int best = 0;
        for (int a = 0; a < n; a++) {
            state->strategy[row * n + a] = 0.0;
            if (state->kept[row * n + a] > state->kept[row * n + best])
                best = a;
        }
        state->strategy[row * n + best] = 1.0;
    }
    return THRONG_OK;
}

static throng_status gap(const throng_solver_state *state, const double *strategy, double *out, throng_error *err) {
    (void)strategy;
    (void)err;
    *out = throng_aggregative_model_backup(state->self, state->kept, state->plan);
    return THRONG_OK;
}

extern const throng_solver throng_solver_subsample_q;
const throng_solver throng_solver_subsample_q = {
    .about =
        {.struct_size = sizeof(throng_solver),
         .name = "subsample-q",
         .summary = "one who decides for a crowd learns for k agents, and acts on k of all",
         .details =
             "Value iteration, Q = reward + discount * mean of max Q at m next states, for the game of k agents "
             "instead of n: a table over the global state and the histogram of k agents, C(k + kinds - 1, kinds - "
             "1) of them. Next states are drawn once and stay, so that each iteration shrinks the gap, the Bellman "
             "residual (the largest change of a number of the table), by the discount; the crowd's are common to "
             "all actions of a row. With m = 0 their probabilities are used. The strategy: at each step k of the n "
             "agents are drawn anew, and the best action for them is taken (the first of several), at a cost that "
             "does not depend on n. Its value is the mean of roll-outs with all n agents, with half of a 95 % "
             "interval. k = n is exact value iteration. It loses about sqrt((n - k) / (n k)) for what it does not "
             "see. The table grows like k to the number of kinds less 1: few kinds only.",
         .reference = "Anand and Qu 2024, Efficient reinforcement learning for global decision making in the "
                      "presence of local agents at scale, arXiv 2403.00222",
         .params = params},
    .forms = THRONG_GAME_FORM_AGGREGATIVE,
    .last = true,
    .prepare = prepare,
    .begin = begin,
    .end = end,
    .step = step,
    .gap = gap,
    .gap_name = "Bellman residual",
};
