/* The crash game: two at a crossing. */
#include "throng/problem.h"

enum {
    BOTH_GO,
    GO,
    WAIT,
    BOTH_WAIT
};

static const throng_param params[] = {
    [BOTH_GO] = {"crash", THRONG_PARAM_REAL, -10, -1e6, 1e6, "payoff", "to both, if both go"},
    [GO] = {"go", THRONG_PARAM_REAL, 3, -1e6, 1e6, "payoff", "to who goes while the other waits"},
    [WAIT] = {"wait", THRONG_PARAM_REAL, 1, -1e6, 1e6, "payoff", "to who waits while the other goes"},
    [BOTH_WAIT] = {"stall", THRONG_PARAM_REAL, 0.5, -1e6, 1e6, "payoff", "to both, if both wait"},
    {0}};

static throng_status build(throng_tree *tree, const double *param, throng_error *err) {
    static const char *const actions[2] = {"go", "wait"};
    return throng_tree_add_symmetric(tree, 2, actions, param, err);
}

extern const throng_game throng_game_crash;
const throng_game throng_game_crash = {
    .about = {.struct_size = sizeof(throng_game),
              .name = "crash",
              .summary = "two at a crossing: go or wait",
              .details = "Both choose at once. Where one goes and the other waits all is well; two who go crash. As it "
                         "stands there are three equilibria: one goes for sure, or each goes with probability 2.5 / "
                         "13.5. Who minds variance goes less often: solver rae.",
              .reference = "throng's test for Slumbers et al. 2023, arXiv 2205.15434",
              .params = params},
    .n_players = 2,
    .build = build,
};
