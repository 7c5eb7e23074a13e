/* Mirror-descent search: better play at a decision, given how everybody plays otherwise. */
#include "throng/solver.h"

enum {
    STEP,
    ALPHA,
    SET
};

static const throng_param params[] = {
    [STEP] = {"step", THRONG_PARAM_REAL, 2, 1e-9, 1e6, "1 / payoff", "eta, how far from the blueprint"},
    [ALPHA] = {"alpha", THRONG_PARAM_REAL, 0, 0, 1e6, "payoff",
               "how strongly play is drawn to uniform, which games against others need"},
    [SET] = {"set", THRONG_PARAM_INTEGER, 0, 0, 1e9, "",
             "where is searched: an information set, in the order of the result; 0: everywhere at once"},
    {0}};

static throng_status begin(throng_solver_state *state, throng_error *err) {
    if (state->param[SET] > (double)state->n_rows)
        return THRONG_FAIL(err, E_ARGUMENT, "There are %lld information sets, and set is %.0f.",
                           (long long)state->n_rows, state->param[SET]);
    return THRONG_OK;
}

static throng_status step(throng_solver_state *state, throng_error *err) {
    const throng_problem *problem = state->problem;
    double eta = state->param[STEP], keep = 1.0 / (1.0 + eta * state->param[ALPHA]);
    throng_log_linear weights = {.keep = keep, .pull = 1.0 - keep, .step = eta * keep};
    throng_solver_state one = *state;
    (void)err;
    throng_solver_evaluate(state, state->strategy);
    if (state->param[SET] != 0.0) { /* as if there was no other row */
        one.rows += (int64_t)state->param[SET] - 1;
        one.reach += (int64_t)state->param[SET] - 1;
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
                         "others, to (p exp(step q) reference^(step alpha))^(1 / (1 + step alpha)). An iteration "
                         "searches everywhere at once, or at one set, and its result is the next one's blueprint; the "
                         "first is uniform play. Searching at one set never makes a team worse, whatever the step; "
                         "everywhere at once a small step does not.",
              .reference = "Sokota et al. 2023, The update-equivalence framework for decision-time planning, arXiv "
                           "2304.13138",
              .params = params},
    .forms = THRONG_GAME_FORM_TREE | THRONG_GAME_FORM_PREFERENCE,
    .last = true,
    .begin = begin,
    .step = step,
};
