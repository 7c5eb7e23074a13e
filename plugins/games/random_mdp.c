/* A Markov decision process that is drawn. */
#include "throng/markov.h"

static const throng_param params[] = {THRONG_MARKOV_RANDOM_PARAMS(10, 0.9), {0}};

static throng_status open(throng_context *context, const char *name, const double *param, throng_problem *out,
                          throng_error *err) {
    return throng_markov_open_random(context, name, 1, param, out, err);
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
