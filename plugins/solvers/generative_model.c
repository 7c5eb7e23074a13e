/* The best policy of a decision process as draws show it, with rewards a hair off. */
#include "throng/solver.h"

#include <math.h>

enum {
    DRAWS,
    MOST,
    PERTURBATION
};

static const throng_param params[] = {
    [DRAWS] = {"draws", THRONG_PARAM_INTEGER, 64, 1, 1e9, "", "from each cell in iteration 1; then twice as many, ..."},
    [MOST] = {"most", THRONG_PARAM_INTEGER, 1048576, 1, 1e9, "", "draws from a cell: iterations end there"},
    [PERTURBATION] = {"perturbation", THRONG_PARAM_REAL, 1e-6, 0, 1e6, "reward",
                      "rewards grow by something drawn between 0 and this"},
    {0}};

#define STREAM 0x67656e65726174ULL

static throng_status begin(throng_solver_state *state, throng_error *err) {
    const throng_markov *game = state->problem->game;
    if (throng_markov_players(game) == 1)
        return THRONG_OK;
    return THRONG_FAIL(err, E_UNSUPPORTED,
                       "generative-model is for one player, and \"%.60s\" has %d: take "
                       "model-based-ne.",
                       throng_markov_name(game), throng_markov_players(game));
}

static double farthest(int n, const double *a, const double *b) {
    double most = 0.0;
    for (int s = 0; s < n; s++)
        most = fmax(most, fabs(a[s] - b[s]));
    return most;
}

static void perturb(const throng_solver_state *state, throng_markov *game) {
    for (int64_t c = 0; c < throng_markov_cells(game); c++) {
        double uniforms[4];
        throng_random_uniforms((throng_random){state->seed, STREAM}, (uint64_t)c, 0, 0, uniforms);
        throng_markov_set_reward(game, c, 0,
                                 throng_markov_cell_at(game, c).rewards[0] + state->param[PERTURBATION] * uniforms[0]);
    }
}

/* By how much the best action of a state beats the second, where that is least; infinite if nobody has a choice. */
static double least_lead(const throng_markov *game, const double *values) {
    double least = HUGE_VAL;
    for (int s = 0; s < throng_markov_states(game); s++) {
        double best = -HUGE_VAL, second = -HUGE_VAL;
        for (int64_t c = throng_markov_first_cell(game, s); c < throng_markov_first_cell(game, s + 1); c++) {
            double worth = throng_markov_worth(game, c, 0, values);
            second = fmax(second, fmin(worth, best));
            best = fmax(best, worth);
        }
        least = fmin(least, best - second);
    }
    return least;
}

/* Values of the drawn game stand in kept, with its rewards perturbed in worth; the true ones in plan. */
static throng_status plan(throng_solver_state *state, throng_markov *drawn, throng_error *err) {
    const throng_markov *game = state->problem->game;
    int n = throng_markov_states(game);
    double lead;
    throng_status status = throng_markov_best(game, 0, state->strategy, state->plan, NULL, err);
    if (status == THRONG_OK)
        status = throng_solver_markov_plan(state->context, drawn, state->strategy, state->kept, err);
    if (status != THRONG_OK)
        return status;
    perturb(state, drawn);
    status = throng_solver_markov_plan(state->context, drawn, state->strategy, state->worth, err);
    if (status != THRONG_OK)
        return status;
    throng_solver_note_down(state, "value_error", farthest(n, state->worth, state->plan));
    throng_solver_note_down(state, "perturbed_by", farthest(n, state->worth, state->kept));
    lead = least_lead(drawn, state->worth);
    if (isfinite(lead))
        throng_solver_note_down(state, "least_lead", lead);
    return THRONG_OK;
}

static throng_status step(throng_solver_state *state, throng_error *err) {
    const throng_markov *game = state->problem->game;
    throng_markov *drawn = NULL;
    double draws = fmin(state->param[DRAWS] * exp2((double)state->iteration - 1.0), state->param[MOST]);
    throng_status status = throng_markov_sample(game, (int64_t)draws, state->seed, &drawn, err);
    throng_solver_note_down(state, "draws_per_cell", draws);
    if (status == THRONG_OK)
        status = plan(state, drawn, err);
    throng_markov_free(drawn);
    state->evaluations = (int64_t)draws * throng_markov_cells(game);
    state->done = draws >= state->param[MOST];
    return status;
}

extern const throng_solver throng_solver_generative_model;
const throng_solver throng_solver_generative_model = {
    .about = {.struct_size = sizeof(throng_solver),
              .name = "generative-model",
              .summary = "a good policy for a decision process from draws of what comes next",
              .details = "Draws n times from each state and action, takes frequencies for probabilities, adds to each "
                         "reward something uniform between 0 and `perturbation`, so that no two actions are equally "
                         "good, and takes the best policy of that. The gap is what the policy lacks in the true "
                         "process. Notes: value_error, the largest difference between the values found and the true "
                         "ones; perturbed_by, what the perturbation changed, at most perturbation / (1 - discount); "
                         "least_lead, by how much best actions beat the second. Iterations double n, keeping what was "
                         "drawn. evaluations counts draws.",
              .reference = "Li, Wei, Chi and Chen 2024, Breaking the sample size barrier in model-based reinforcement "
                           "learning with a generative model, Operations Research 72; arXiv 2005.12900",
              .params = params},
    .forms = THRONG_GAME_FORM_MARKOV,
    .last = true,
    .begin = begin,
    .step = step,
};
