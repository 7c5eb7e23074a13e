/* A hunt: the stag together, or a hare each. */
#include "throng/problem.h"

enum {
    STAG,
    ALONE,
    HARE,
    HARES
};

static const throng_param params[] = {
    [STAG] = {"stag", THRONG_PARAM_REAL, 4, -1e6, 1e6, "payoff", "to both, if both hunt the stag"},
    [ALONE] = {"alone", THRONG_PARAM_REAL, 0, -1e6, 1e6, "payoff", "to who hunts it alone"},
    [HARE] = {"hare", THRONG_PARAM_REAL, 3, -1e6, 1e6, "payoff", "to who hunts hares while the other does not"},
    [HARES] = {"hares", THRONG_PARAM_REAL, 3, -1e6, 1e6, "payoff", "to both, if both hunt hares"},
    {0}};

static throng_status build(throng_tree *tree, const double *param, throng_error *err) {
    static const char *const actions[2] = {"stag", "hare"};
    return throng_tree_add_symmetric(tree, 2, actions, param, err);
}

extern const throng_game throng_game_hunt;
const throng_game throng_game_hunt = {
    .about = {.struct_size = sizeof(throng_game),
              .name = "hunt",
              .summary = "the stag together, or a hare each: payoffs of one's own",
              .details =
                  "Both choose at once. The stag pays most, to two who trust each other; hares are safe. As it "
                  "stands [[4, 0], [3, 3]]; hunt:stag=5,alone=-3,hare=3,hares=2 is another. Which of both equilibria "
                  "is reached depends on where play starts, and on aversion to risk: solver rae.",
              .reference =
                  "Rousseau 1755; Harsanyi and Selten 1988, A general theory of equilibrium selection in games",
              .params = params},
    .n_players = 2,
    .build = build,
};
