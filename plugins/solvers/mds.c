/* Mirror-descent search: better play at a decision, given how everybody plays otherwise. */
#include "throng/solver.h"

enum {
    STEP,
    ALPHA,
    SET,
    SAMPLES
};

static const throng_param params[] = {
    [STEP] = {"step", THRONG_PARAM_REAL, 2, 1e-9, 1e6, "1 / payoff", "eta, how far from the blueprint"},
    [ALPHA] = {"alpha", THRONG_PARAM_REAL, 0, 0, 1e6, "payoff",
               "how strongly play is drawn to uniform, which games against others need"},
    [SET] = {"set", THRONG_PARAM_INTEGER, 0, 0, 1e9, "",
             "where is searched: an information set, in the order of the result; 0: everywhere at once"},
    [SAMPLES] = {"samples", THRONG_PARAM_INTEGER, 0, 0, 1e9, "rollouts",
                 "for each action, to find out what it is worth; 0: exactly"},
    {0}};

static throng_status begin(throng_solver_state *state, throng_error *err) {
    if (state->param[SET] > (double)state->n_rows)
        return THRONG_FAIL(err, E_ARGUMENT, "There are %lld information sets, and set is %.0f.",
                           (long long)state->n_rows, state->param[SET]);
    throng_solver_begin_at_strategy(state);
    if (state->param[SAMPLES] == 0.0)
        return THRONG_OK;
    throng_rollouts *rollouts = NULL;
    throng_status status = throng_rollouts_create(state->context, state->tree, &rollouts, err);
    state->self = rollouts;
    return status;
}

static void end(throng_solver_state *state) {
    throng_rollouts_free(state->self);
}

/* What actions are worth in the rows where is searched, as the state has it. */
static void evaluate(throng_solver_state *state, int64_t first, int64_t last) {
    if (!state->self) {
        throng_solver_evaluate(state, state->strategy);
        return;
    }
    for (int64_t r = first; r < last; r++) {
        const throng_problem_row *row = &state->rows[r];
        state->reach[r] = throng_rollouts_worth(state->self, (int)r, state->strategy, (int64_t)state->param[SAMPLES],
                                                state->seed, (uint64_t)state->iteration, state->worth + row->first);
        state->evaluations += (int64_t)state->param[SAMPLES] * row->n_actions;
    }
}

static throng_status step(throng_solver_state *state, throng_error *err) {
    const throng_problem *problem = state->problem;
    double eta = state->param[STEP], keep = 1.0 / (1.0 + eta * state->param[ALPHA]);
    throng_log_linear weights = {.keep = keep, .pull = 1.0 - keep, .step = eta * keep};
    int64_t only = (int64_t)state->param[SET] - 1;
    throng_solver_state one = *state;
    (void)err;
    evaluate(state, only < 0 ? 0 : only, only < 0 ? state->n_rows : only + 1);
    if (only >= 0) { /* as if there was no other row */
        one.rows += only;
        one.reach += only;
        one.n_rows = 1;
    }
    for (int p = 0; p < problem->kind->players(problem->game); p++)
        throng_solver_log_linear(&one, p, weights, state->kept, state->kept, state->strategy);
    return THRONG_OK;
}

extern const throng_solver throng_solver_mds;
const throng_solver throng_solver_mds = {
    .about = {.struct_size = sizeof(throng_solver),
              .name = "mds",
              .summary = "mirror-descent search: a round of it where somebody decides; the last strategy is the answer",
              .details = "Given how everybody plays, the blueprint, an action is worth q if its information set is "
                         "reached; the search plays in proportion to p exp(step q), and with alpha, for games against "
                         "others, to (p exp(step q) reference^(step alpha))^(1 / (1 + step alpha)). q is exact, or the "
                         "mean of rollouts: a node is drawn as the others and chance make it likely, and everybody "
                         "plays on by the blueprint. An iteration searches everywhere at once, or at one set, and its "
                         "result is the next one's blueprint; the first is a strategy that is given, or uniform play. "
                         "Searching at one set by exact q never makes a team worse, whatever the step; everywhere at "
                         "once a small step does not.",
              .reference = "Sokota et al. 2023, The update-equivalence framework for decision-time planning, arXiv "
                           "2304.13138",
              .params = params},
    .forms = THRONG_GAME_FORM_TREE,
    .last = true,
    .starts = true,
    .begin = begin,
    .end = end,
    .step = step,
};
