/* A Markov game of two players and zero sum that is drawn. */
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
    [STATES] = {"states", THRONG_PARAM_INTEGER, 8, 1, 1e4, "", "how many states"},
    [ACTIONS] = {"actions", THRONG_PARAM_INTEGER, 4, 1, 1e3, "", "how many actions each player has in each"},
    [DISCOUNT] = {"discount", THRONG_PARAM_REAL, 0.8, 1e-6, 1, "", "what a reward one step later counts"},
    [HORIZON] = {"horizon", THRONG_PARAM_INTEGER, 0, 0, 1e4, "steps", "after so many it ends; 0: never"},
    [SEED] = {"seed", THRONG_PARAM_INTEGER, 0, 0, 1e15, "", "of what is drawn"},
    [RELABEL] = {"relabel", THRONG_PARAM_INTEGER, 0, 0, 1e15, "", "other rewards with the same transitions"},
    {0}};

static throng_status open(throng_context *context, const char *name, const double *param, throng_problem *out,
                          throng_error *err) {
    throng_markov *game = NULL;
    const throng_markov_random_def def = {.n_players = 2,
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

extern const throng_game throng_game_random_markov;
const throng_game throng_game_random_markov = {
    .about = {.struct_size = sizeof(throng_game),
              .name = "random-markov",
              .summary = "a Markov game of two players and zero sum that is drawn",
              .details = "From every state, whatever both do, each state may come next; how likely is uniform among "
                         "all distributions. What the second player pays to the first is uniform between -1 and 1 and "
                         "depends on the state and both actions.",
              .reference = "Zhang, Kakade, Basar and Yang 2020, Model-based multi-agent RL in zero-sum Markov games "
                           "with near-optimal sample complexity, NeurIPS; arXiv 2007.07461",
              .params = params},
    .open = open,
};
