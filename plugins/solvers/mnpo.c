/* Multiplayer Nash preference optimisation: mirror descent against several past policies at once. */
#include "throng/solver.h"

#include <string.h>

enum {
    BETA,
    STEP,
    SECOND,
    THIRD
};

#define PAST 3 /* policies that play against one */

/* In state->more: logs and policies of the past, the last one first, then room for sums. */
enum {
    LOGS,
    POLICY = PAST,
    LOG_SUM = 2 * PAST,
    WORTH,
    REACH,
    ARRAYS
};

static const throng_param params[] = {
    [BETA] = {"beta", THRONG_PARAM_REAL, 0.1, 1e-6, 1e6, "payoff", "how strongly play is drawn to the reference"},
    [STEP] = {"step", THRONG_PARAM_REAL, 1, 1e-9, 1e6, "1 / payoff",
              "1 / eta, at most 1 / beta; their product is the ratio rho"},
    [SECOND] = {"second", THRONG_PARAM_REAL, 0, 0, 1, "", "weight of the policy before the last among the opponents"},
    [THIRD] = {"third", THRONG_PARAM_REAL, 0, 0, 1, "", "weight of the one before that; the last has the rest"},
    {0}};

static double *array(const throng_solver_state *state, int index) {
    return state->more + index * state->problem->kind->numbers(state->problem->game);
}

static throng_status begin(throng_solver_state *state, throng_error *err) {
    size_t bytes = (size_t)state->problem->kind->numbers(state->problem->game) * sizeof(double);
    if (state->param[SECOND] + state->param[THIRD] > 1.0)
        return THRONG_FAIL(err, E_ARGUMENT, "The weights of opponents, second %g and third %g, add up to more than 1.",
                           state->param[SECOND], state->param[THIRD]);
    for (int j = 0; j < PAST; j++) {
        memcpy(array(state, LOGS + j), state->log_reference, bytes);
        memcpy(array(state, POLICY + j), state->reference, bytes);
    }
    return throng_solver_begin_at_reference(state, err);
}

static void add(double weight, const double *x, int64_t n, double *sum) {
    for (int64_t i = 0; i < n; i++)
        sum[i] += weight * x[i];
}

/* Weighted sums over the opponents: of their logs, and of worths against them, which become the state's. */
static void sum_up(throng_solver_state *state, const double *weights) {
    int64_t n = state->problem->kind->numbers(state->problem->game);
    memset(array(state, LOG_SUM), 0, (ARRAYS - LOG_SUM) * (size_t)n * sizeof(double));
    for (int j = 0; j < PAST; j++) {
        if (weights[j] == 0.0)
            continue;
        throng_solver_evaluate(state, array(state, POLICY + j));
        add(weights[j], array(state, LOGS + j), n, array(state, LOG_SUM));
        add(weights[j], state->worth, n, array(state, WORTH));
        add(weights[j], state->reach, state->n_rows, array(state, REACH));
    }
    memcpy(state->worth, array(state, WORTH), (size_t)n * sizeof(double));
    memcpy(state->reach, array(state, REACH), (size_t)state->n_rows * sizeof(double));
}

static throng_status step(throng_solver_state *state, throng_error *err) {
    const throng_problem *problem = state->problem;
    size_t bytes = (size_t)problem->kind->numbers(problem->game) * sizeof(double);
    const double opponents[PAST] = {1.0 - state->param[SECOND] - state->param[THIRD], state->param[SECOND],
                                    state->param[THIRD]};
    throng_log_linear weights;
    throng_status status = throng_solver_weights(state->param[BETA], state->param[STEP], &weights, err);
    if (status != THRONG_OK)
        return status;
    sum_up(state, opponents);
    for (int p = 0; p < problem->kind->players(problem->game); p++)
        throng_solver_log_linear(state, p, weights, array(state, LOG_SUM), state->kept, state->strategy);
    for (int j = PAST - 1; j >= 0; j--) {
        memcpy(array(state, LOGS + j), j ? array(state, LOGS + j - 1) : state->kept, bytes);
        memcpy(array(state, POLICY + j), j ? array(state, POLICY + j - 1) : state->strategy, bytes);
    }
    return THRONG_OK;
}

static throng_status gap(const throng_solver_state *state, const double *strategy, double *out, throng_error *err) {
    return throng_solver_regularised_gap(state, state->param[BETA], strategy, out, err);
}

extern const throng_solver throng_solver_mnpo;
const throng_solver throng_solver_mnpo = {
    .about = {.struct_size = sizeof(throng_solver),
              .name = "mnpo",
              .summary = "mirror descent against past policies and groups; the last strategy is the answer",
              .details = "log p becomes rho log reference + sum over opponents j of lambda_j ((1 - rho) log p_j + "
                         "q_j / eta): the opponents are the last three policies with weights 1 - second - third, "
                         "second and third, q_j is what each action is worth against the j-th, 1 / eta is step and "
                         "rho beta step. Where groups prefer differently, q_j is the mean of theirs. Whatever the "
                         "weights, it rests only at p in proportion to reference exp(q / beta), and gets there if the "
                         "step is small enough for beta; against the last policy alone it is inpo. Begins at the "
                         "reference.",
              .reference = "Wu et al. 2025, Multiplayer Nash preference optimization; loss and ratio as in the "
                           "published code, github.com/smiles724/MNPO",
              .params = params},
    .forms = THRONG_GAME_FORM_TREE | THRONG_GAME_FORM_PREFERENCE,
    .last = true,
    .n_more = ARRAYS,
    .begin = begin,
    .step = step,
    .gap = gap,
    .gap_name = "regularised gap",
};
