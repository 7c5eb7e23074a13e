/* Extragradient preference optimisation: two steps of mirror descent from one place. */
#include "throng/solver.h"

#include <math.h>

enum {
    BETA,
    STEP,
    SAMPLES
};

static const throng_param params[] = {
    [BETA] = {"beta", THRONG_PARAM_REAL, 0.1, 1e-6, 1e6, "payoff", "how strongly play is drawn to the reference"},
    [STEP] = {"step", THRONG_PARAM_AUTO, NAN, 1e-9, 1e6, "1 / payoff",
              "eta, at most 1 / beta; auto: 1 / (beta + 3 range)"},
    [SAMPLES] = {"samples", THRONG_PARAM_INTEGER, 0, 0, 1e9, "",
                 "pairs of responses, drawn uniformly, that each half of a step is made of, in games of preferences; "
                 "0: exact"},
    {0}};

static throng_status begin(throng_solver_state *state, throng_error *err) {
    return throng_solver_begin_sampled(state, (int64_t)state->param[SAMPLES], err);
}

static throng_status step(throng_solver_state *state, throng_error *err) {
    const throng_problem *problem = state->problem;
    throng_log_linear weights[THRONG_GAME_PLAYERS_MAX];
    double beta = state->param[BETA];
    throng_status status = THRONG_OK;
    for (int p = 0; status == THRONG_OK && p < problem->kind->players(problem->game); p++) {
        double eta = state->param[STEP];
        if (isnan(eta))
            eta = 1.0 / (beta + 3.0 * problem->kind->range(problem->game, p));
        status = throng_solver_weights(beta, eta, &weights[p], err);
    }
    if (status == THRONG_OK)
        throng_solver_extragradient(state, weights, (int64_t)state->param[SAMPLES]);
    return status;
}

static throng_status gap(const throng_solver_state *state, const double *strategy, double *out, throng_error *err) {
    return throng_solver_regularised_gap(state, state->param[BETA], strategy, out, err);
}

extern const throng_solver throng_solver_egpo;
const throng_solver throng_solver_egpo = {
    .about = {.struct_size = sizeof(throng_solver),
              .name = "egpo",
              .summary = "extragradient to the regularised equilibrium; the last strategy is the answer",
              .details = "From where one stands, log p becomes (1 - eta beta) log p + eta (beta log reference + q), "
                         "first with q as it is, then, from the same place, with q at the point found so. In a game "
                         "of preferences the divergence from the equilibrium shrinks by 1 - eta beta an iteration. "
                         "Seeks p in proportion to reference exp(q / beta), and judges itself by that game's gap; "
                         "begins at the reference. The equilibrium's gap in the game itself is at most 2 beta "
                         "ln(1 / smallest reference): a smaller beta comes closer, in more iterations. As a loss on "
                         "pairs of n responses (IPO), one gradient step of size l is a step of 4 l / (beta n); with "
                         "samples it is made of the gradient on so many pairs, each against one response of the "
                         "opponent.",
              .reference = "Zhou et al. 2025, Extragradient preference optimization (EGPO), arXiv 2503.08942",
              .params = params},
    .forms = THRONG_GAME_FORM_TREE | THRONG_GAME_FORM_PREFERENCE,
    .last = true,
    .begin = begin,
    .step = step,
    .gap = gap,
    .gap_name = "regularised gap",
};
