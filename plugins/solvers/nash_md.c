/* Nash mirror descent: against the geometric mixture of oneself and the reference. */
#include "throng/solver.h"

#include <math.h>

enum {
    BETA,
    STEP
};

static const throng_param params[] = {
    [BETA] = {"beta", THRONG_PARAM_REAL, 0.1, 1e-6, 1e6, "payoff", "how strongly play is drawn to the reference"},
    [STEP] = {"step", THRONG_PARAM_AUTO, NAN, 1e-9, 1e6, "1 / payoff",
              "eta, at most 1 / beta; auto: 2 ln(iterations) / (beta iterations), for all iterations"},
    {0}};

/* `kept` becomes the mixture's logs first, and `average`, which has no other use, the mixture. */
static throng_status step(throng_solver_state *state, throng_error *err) {
    const throng_problem *problem = state->problem;
    double beta = state->param[BETA], eta = state->param[STEP], most = fmax((double)state->iterations, 2.0);
    int players = problem->kind->players(problem->game);
    throng_log_linear weights;
    throng_status status =
        throng_solver_weights(beta, isnan(eta) ? 2.0 * log(most) / (beta * most) : eta, &weights, err);
    if (status != THRONG_OK)
        return status;
    throng_log_linear mix = {.keep = weights.keep, .pull = weights.pull, .counterfactual = true};
    throng_log_linear climb = {.keep = 1.0, .step = weights.step};
    state->average[0] = state->strategy[0]; /* of a tree: 1, which belongs to no row */
    for (int p = 0; p < players; p++)
        throng_solver_log_linear(state, p, mix, state->kept, state->kept, state->average);
    throng_solver_evaluate(state, state->average);
    for (int p = 0; p < players; p++)
        throng_solver_log_linear(state, p, climb, state->kept, state->kept, state->strategy);
    return THRONG_OK;
}

static throng_status gap(const throng_solver_state *state, const double *strategy, double *out, throng_error *err) {
    return throng_solver_regularised_gap(state, state->param[BETA], strategy, out, err);
}

extern const throng_solver throng_solver_nash_md;
const throng_solver throng_solver_nash_md = {
    .about = {.struct_size = sizeof(throng_solver),
              .name = "nash-md",
              .summary = "mirror descent against a mixture with the reference; the last strategy is the answer",
              .details = "Mixes oneself with the reference geometrically, log m = (1 - eta beta) log p + eta beta log "
                         "reference, and goes to log m + eta q, with q against m. Each iteration brings the "
                         "divergence from the regularised equilibrium, p in proportion to reference exp(q / beta), "
                         "to at most 1 - eta beta of what it was, plus 2 eta^2 (of payoffs in [0, 1]). A step that "
                         "stays the same ends near the equilibrium, off by a divergence of order eta^2; the automatic "
                         "one is for a given number of iterations. Judges itself by the regularised game's gap; "
                         "begins at the reference.",
              .reference = "Munos et al. 2024, Nash learning from human feedback, ICML; arXiv 2312.00886",
              .params = params},
    .forms = THRONG_GAME_FORM_TREE | THRONG_GAME_FORM_PREFERENCE,
    .last = true,
    .begin = throng_solver_begin_at_reference,
    .step = step,
    .gap = gap,
    .gap_name = "regularised gap",
};
