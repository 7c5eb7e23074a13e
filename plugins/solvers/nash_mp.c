/* Nash mirror prox: extragradient in the geometry of entropy, to the regularised equilibrium. */
#include "throng/solver.h"

#include <math.h>

enum {
    BETA,
    STEP,
    SAMPLES
};

static const throng_param params[] = {
    [BETA] = {"beta", THRONG_PARAM_REAL, 0.1, 1e-6, 1e6, "payoff", "how strongly play is drawn to the reference"},
    [STEP] = {"step", THRONG_PARAM_AUTO, NAN, 1e-9, 1e6, "",
              "eta, of the proximal step: the weight of the reference against where one stands; auto: 2 beta / range"},
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
    (void)err;
    for (int p = 0; p < problem->kind->players(problem->game); p++) {
        double range = problem->kind->range(problem->game, p);
        double eta = isnan(state->param[STEP]) ? 2.0 * beta / (range > 0.0 ? range : 1.0) : state->param[STEP];
        double keep = 1.0 / (1.0 + eta);
        weights[p] = (throng_log_linear){.keep = keep, .pull = eta * keep, .step = eta / beta * keep};
    }
    throng_solver_extragradient(state, weights, (int64_t)state->param[SAMPLES]);
    return THRONG_OK;
}

static throng_status gap(const throng_solver_state *state, const double *strategy, double *out, throng_error *err) {
    return throng_solver_regularised_gap(state, state->param[BETA], strategy, out, err);
}

extern const throng_solver throng_solver_nash_mp;
const throng_solver throng_solver_nash_mp = {
    .about = {.struct_size = sizeof(throng_solver),
              .name = "nash-mp",
              .summary = "mirror prox to the regularised equilibrium; the last strategy is the answer",
              .details = "From where one stands, log p becomes (log p + eta log reference + eta / beta q) / (1 + eta), "
                         "first with q as it is, then, from the same place, with q at the point found so. In a game "
                         "of preferences q is how often each response wins, and the divergence from the equilibrium "
                         "shrinks at least by 1 + 2 beta an iteration, whatever the number of responses. Seeks p in "
                         "proportion to reference exp(q / beta), and judges itself by that game's gap; begins at the "
                         "reference. The same as egpo with a step of eta / (beta (1 + eta)), and with samples as "
                         "there: the divergence falls to a floor that is the lower the more there are.",
              .reference = "Tiapkin et al. 2025, Accelerating Nash learning from human feedback via mirror prox, "
                           "arXiv 2505.19731",
              .params = params},
    .forms = THRONG_GAME_FORM_TREE | THRONG_GAME_FORM_PREFERENCE,
    .last = true,
    .begin = begin,
    .step = step,
    .gap = gap,
    .gap_name = "regularised gap",
};
