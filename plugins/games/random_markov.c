/* A Markov game of two players and zero sum that is drawn. */
#include "throng/markov.h"

static const throng_param params[] = {THRONG_MARKOV_RANDOM_PARAMS(8, 0.8), {0}};

static throng_status open(throng_context *context, const char *name, const double *param, throng_problem *out,
                          throng_error *err) {
    return throng_markov_open_random(context, name, 2, param, out, err);
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
