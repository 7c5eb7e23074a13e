/* A team of two who each know something of their own, and cannot talk. */
#include "throng/problem.h"

#include <stdio.h>

enum {
    TYPES,
    ACTIONS,
    SEED
};

#define TYPES_MAX 100

static const throng_param params[] = {
    [TYPES] = {"types", THRONG_PARAM_INTEGER, 3, 1, TYPES_MAX, "types", "of each player, all pairs alike"},
    [ACTIONS] = {"actions", THRONG_PARAM_INTEGER, 3, 1, 1000, "actions", "of each player"},
    [SEED] = {"seed", THRONG_PARAM_INTEGER, 0, 0, 1e15, "", "of the draws"},
    {0}};

#define STREAM 0x7465616du /* "team" */

/* @param pair of types */
static throng_status play(throng_tree *tree, const double *param, int pair, throng_error *err) {
    int types = (int)param[TYPES], actions = (int)param[ACTIONS];
    throng_random random = {(uint64_t)param[SEED], STREAM};
    char sets[2][24];
    snprintf(sets[0], sizeof sets[0], "type %d", pair / types + 1);
    snprintf(sets[1], sizeof sets[1], "type %d", pair % types + 1);
    throng_status status = throng_tree_add_decision(tree, 0, sets[0], actions, NULL, err);
    for (int a = 0; a < actions && status == THRONG_OK; a++) {
        status = throng_tree_add_decision(tree, 1, sets[1], actions, NULL, err);
        for (int b = 0; b < actions && status == THRONG_OK; b++) {
            double four[4];
            throng_random_uniforms(random, (uint64_t)pair, (uint64_t)a, (uint64_t)b, four);
            const double payoffs[2] = {four[0], four[0]};
            status = throng_tree_add_end(tree, payoffs, err);
        }
    }
    return status;
}

static throng_status build(throng_tree *tree, const double *param, throng_error *err) {
    double probabilities[TYPES_MAX * TYPES_MAX] = {0};
    int pairs = (int)param[TYPES] * (int)param[TYPES];
    for (int k = 0; k < pairs; k++)
        probabilities[k] = 1.0 / pairs;
    throng_status status = throng_tree_add_chance(tree, pairs, probabilities, NULL, err);
    for (int k = 0; k < pairs && status == THRONG_OK; k++)
        status = play(tree, param, k, err);
    return status;
}

extern const throng_game throng_game_bayesian_team;
const throng_game throng_game_bayesian_team = {
    .about = {.struct_size = sizeof(throng_game),
              .name = "bayesian-team",
              .summary = "two who are paid alike, each with a type that the other does not see",
              .details = "Chance draws a type for each player, all pairs alike. Knowing their own, both choose at "
                         "once. Both get the same, uniform in (0, 1) for each pair of types and actions.",
              .reference = "as in the tests of mirror-descent search, arXiv 2304.13138",
              .params = params},
    .n_players = 2,
    .build = build,
};
