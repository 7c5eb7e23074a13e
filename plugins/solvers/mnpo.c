/* Multiplayer Nash preference optimisation: mirror descent against several past policies at once. */
#include "throng/preference.h"
#include "throng/solver.h"

#include <string.h>

enum {
    BETA,
    STEP,
    SECOND,
    THIRD,
    JUDGES
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
    [JUDGES] = {"judges", THRONG_PARAM_FLAG, 0, 0, 1, "",
                "each opponent is judged by a group of its own, the last policy by the first group, in place of the "
                "mean of all"},
    {0}};

static void find_weights(const throng_solver_state *state, double *weights) {
    weights[0] = 1.0 - state->param[SECOND] - state->param[THIRD];
    weights[1] = state->param[SECOND];
    weights[2] = state->param[THIRD];
}

static double *array(const throng_solver_state *state, int index) {
    return state->more + index * state->problem->kind->numbers(state->problem->game);
}

/* Groups are those of a game of preferences, and each needs an opponent. */
static throng_status require_judges(const throng_solver_state *state, throng_error *err) {
    const throng_problem *problem = state->problem;
    double weights[PAST];
    find_weights(state, weights);
    int groups = problem->kind->form == THRONG_GAME_FORM_PREFERENCE ? throng_preference_groups(problem->game) : 0;
    if (groups < 1 || groups > PAST)
        return THRONG_FAIL(err, E_UNSUPPORTED,
                           "judges takes games of preferences of at most %d groups, as there are opponents: \"%.60s\" "
                           "has %d.",
                           PAST, problem->kind->name(problem->game), groups);
    for (int j = groups; j < PAST; j++)
        if (weights[j] > 0.0)
            return THRONG_FAIL(err, E_ARGUMENT, "Opponent %d has no group that judges it: \"%.60s\" has %d.", j + 1,
                               problem->kind->name(problem->game), groups);
    return THRONG_OK;
}

static throng_status begin(throng_solver_state *state, throng_error *err) {
    size_t bytes = (size_t)state->problem->kind->numbers(state->problem->game) * sizeof(double);
    if (state->param[SECOND] + state->param[THIRD] > 1.0)
        return THRONG_FAIL(err, E_ARGUMENT, "The weights of opponents, second %g and third %g, add up to more than 1.",
                           state->param[SECOND], state->param[THIRD]);
    if (state->param[JUDGES] != 0.0) {
        throng_status status = require_judges(state, err);
        if (status != THRONG_OK)
            return status;
    }
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

/* What each action is worth against the j-th opponent, as the state has it. */
static void judge(throng_solver_state *state, int j, const double *policy) {
    throng_solver_evaluate(state, policy);
    if (state->param[JUDGES] != 0.0)
        throng_preference_against(state->problem->game, j + 1, policy, state->worth);
}

/* Weighted sums over the opponents: of their logs, and of worths against them, which become the state's. */
static void sum_up(throng_solver_state *state) {
    double weights[PAST];
    find_weights(state, weights);
    int64_t n = state->problem->kind->numbers(state->problem->game);
    memset(array(state, LOG_SUM), 0, (ARRAYS - LOG_SUM) * (size_t)n * sizeof(double));
    for (int j = 0; j < PAST; j++) {
        if (weights[j] == 0.0)
            continue;
        judge(state, j, array(state, POLICY + j));
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
    throng_log_linear weights;
    throng_status status = throng_solver_weights(state->param[BETA], state->param[STEP], &weights, err);
    if (status != THRONG_OK)
        return status;
    sum_up(state);
    for (int p = 0; p < problem->kind->players(problem->game); p++)
        throng_solver_log_linear(state, p, weights, array(state, LOG_SUM), state->kept, state->strategy);
    for (int j = PAST - 1; j >= 0; j--) {
        memcpy(array(state, LOGS + j), j ? array(state, LOGS + j - 1) : state->kept, bytes);
        memcpy(array(state, POLICY + j), j ? array(state, POLICY + j - 1) : state->strategy, bytes);
    }
    return THRONG_OK;
}

static throng_status gap(const throng_solver_state *state, const double *strategy, double *out, throng_error *err) {
    double weights[PAST], *sum = array(state, WORTH);
    int64_t n = state->problem->kind->numbers(state->problem->game);
    throng_status status = throng_solver_regularised_gap(state, state->param[BETA], strategy, out, err);
    if (state->param[JUDGES] == 0.0 || status != THRONG_OK)
        return status;
    find_weights(state, weights);
    memset(sum, 0, (size_t)n * sizeof *sum);
    for (int j = 0; j < PAST; j++)
        if (weights[j] > 0.0) {
            throng_preference_against(state->problem->game, j + 1, strategy, state->worth);
            add(weights[j], state->worth, n, sum);
        }
    memcpy(state->worth, sum, (size_t)n * sizeof *sum);
    *out = throng_solver_regularised_gain(state, state->param[BETA], strategy);
    return THRONG_OK;
}

extern const throng_solver throng_solver_mnpo;
const throng_solver throng_solver_mnpo = {
    .about = {.struct_size = sizeof(throng_solver),
              .name = "mnpo",
              .summary = "mirror descent against past policies and groups; the last strategy is the answer",
              .details = "log p becomes rho log reference + sum over opponents j of lambda_j ((1 - rho) log p_j + "
                         "q_j / eta): the opponents are the last three policies with weights 1 - second - third, "
                         "second and third, q_j is what each action is worth against the j-th, 1 / eta is step "
                         "and rho beta step. Where groups prefer differently, q_j is the mean of theirs; with "
                         "judges, group j's alone, so that groups weigh as their opponents do. Whatever the "
                         "weights, it rests only at p in proportion to reference exp(q / beta), and gets there if "
                         "the step is small enough for beta; against the last policy alone it is inpo. Begins at "
                         "the reference.",
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
