/* Loops that are as hard to learn as they can be. */
#include "throng/markov.h"

#include <stdio.h>

enum {
    CHAINS,
    ACTIONS,
    DISCOUNT,
    LEAD
};

static const throng_param params[] = {
    [CHAINS] = {"chains", THRONG_PARAM_INTEGER, 10, 1, 1e6, "", "how many loops, each a game of its own"},
    [ACTIONS] = {"actions", THRONG_PARAM_INTEGER, 2, 1, 1e3, "", "how many actions in each"},
    [DISCOUNT] = {"discount", THRONG_PARAM_REAL, 0.9, 0.26, 0.9999, "", "what a reward one step later counts"},
    [LEAD] = {"lead", THRONG_PARAM_REAL, 0, 0, 1, "", "the share of its chance to fall out that action 1 is spared"},
    {0}};

static throng_status fill(throng_markov *game, int chains, int n_actions, const double *param, throng_error *err) {
    throng_status status = THRONG_OK;
    double leave = (1.0 - param[DISCOUNT]) / (3.0 * param[DISCOUNT]);
    for (int s = 0; s < chains && status == THRONG_OK; s++) {
        char name[24];
        snprintf(name, sizeof name, "loop %d", s + 1);
        status = throng_markov_set_state_name(game, s, name, err);
        for (int a = 0; a < n_actions && status == THRONG_OK; a++) {
            double out = a == 0 ? leave * (1.0 - param[LEAD]) : leave;
            const int next[2] = {s, THRONG_MARKOV_END};
            const double probabilities[2] = {1.0 - out, out}, reward = 1.0;
            status = throng_markov_add_cell(game, 2, next, probabilities, &reward, err);
        }
    }
    return status == THRONG_OK ? throng_markov_finish(game, err) : status;
}

static throng_status open(throng_context *context, const char *name, const double *param, throng_problem *out,
                          throng_error *err) {
    throng_markov *game = NULL;
    int chains = (int)param[CHAINS], n_actions = (int)param[ACTIONS];
    throng_status status = throng_markov_create_even(context, name, 1, chains, &n_actions, param[DISCOUNT], &game, err);
    if (status != THRONG_OK)
        return status;
    status = fill(game, chains, n_actions, param, err);
    if (status == THRONG_OK)
        *out = throng_markov_problem(game);
    else
        throng_markov_free(game);
    return status;
}

extern const throng_game throng_game_hard_chain;
const throng_game throng_game_hard_chain = {
    .about = {.struct_size = sizeof(throng_game),
              .name = "hard-chain",
              .summary = "loops whose values are as hard to learn as those of any decision process",
              .details =
                  "In each loop every action pays 1 and stays with probability p = (4 d - 1) / (3 d), where d is "
                  "the discount, else it is over. A loop is worth 1 / (1 - d p) = 3 / (4 (1 - d)). With p from n "
                  "draws that is off by about 1 / sqrt(n (1 - d)^3). lead makes action 1 the best.",
              .reference = "Azar, Munos and Kappen 2013, Minimax PAC bounds on the sample complexity of reinforcement "
                           "learning with a generative model, Machine Learning 91, doi 10.1007/s10994-013-5368-1",
              .params = params},
    .open = open,
};
