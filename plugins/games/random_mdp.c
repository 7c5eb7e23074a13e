/* A Markov decision process that is drawn. */
#include "throng/markov.h"

enum {
    STATES,
    ACTIONS,
    DISCOUNT,
    HORIZON,
    SEED,
    RELABEL
};

static const throng_param params[] = {
    [STATES] = {"states", THRONG_PARAM_INTEGER, 10, 1, 1e4, "", "how many states"},
    [ACTIONS] = {"actions", THRONG_PARAM_INTEGER, 4, 1, 1e4, "", "how many actions in each"},
    [DISCOUNT] = {"discount", THRONG_PARAM_REAL, 0.9, 1e-6, 1, "", "what a reward one step later counts"},
    [HORIZON] = {"horizon", THRONG_PARAM_INTEGER, 0, 0, 1e4, "steps", "after so many it ends; 0: never"},
    [SEED] = {"seed", THRONG_PARAM_INTEGER, 0, 0, 1e15, "", "of what is drawn"},
    [RELABEL] = {"relabel", THRONG_PARAM_INTEGER, 0, 0, 1e15, "", "other rewards with the same transitions"},
    {0}};

static throng_status open(throng_context *context, const char *name, const double *param, throng_problem *out,
                          throng_error *err) {
    throng_markov *game = NULL;
    const throng_markov_random_def def = {.n_players = 1,
                                          .n_states = (int)param[STATES],
                                          .n_actions = (int)param[ACTIONS],
                                          .discount = param[DISCOUNT],
                                          .horizon = (int)param[HORIZON],
                                          .seed = (uint64_t)param[SEED],
                                          .relabel = (uint64_t)param[RELABEL]};
    throng_status status = throng_markov_random(context, name, &def, &game, err);
    if (status == THRONG_OK)
        *out = throng_markov_problem(game);
    return status;
}

extern const throng_game throng_game_random_mdp;
const throng_game throng_game_random_mdp = {
    .about = {.struct_size = sizeof(throng_game),
              .name = "random-mdp",
              .summary = "a Markov decision process that is drawn",
              .details = "From every state and action each state may come next; how likely is uniform among all "
                         "distributions. Rewards are uniform between 0 and 1 and depend on state and action.",
              .reference = "Li, Wei, Chi and Chen 2024, Breaking the sample size barrier in model-based reinforcement "
                           "learning with a generative model, Operations Research 72; arXiv 2005.12900",
              .params = params},
    .open = open,
};
