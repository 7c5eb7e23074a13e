/*
 * A game of your own, in a shared object: one may cheat, the other may look, and neither sees what the other does.
 * Build it, load it, use it like any other:
 *
 *     cc -std=c17 -O2 -shared -fPIC plugin_game.c $(pkg-config --cflags --libs throng) -o plugin_game.so
 *     throng solve inspection --plugin ./plugin_game.so --solver fictitious-play --tolerance 0.01
 */
#include "throng/plugin.h"

enum {
    FINE,
    COST
};

static const throng_param params[] = {
    [FINE] = {"fine", THRONG_PARAM_REAL, 3, 0, 1e6, "gain", "paid by who cheats and is seen"},
    [COST] = {"cost", THRONG_PARAM_REAL, 0.2, 0, 1, "gain", "of looking"},
    {0}};

/* Nodes are added in the order in which the game is drawn: a node, all below its first action, then its second. Nodes
 * of a player that have the same set cannot be told apart. */
static throng_status build(throng_tree *tree, const double *param, throng_error *err) {
    static const char *const deeds[] = {"comply", "cheat"}, *const answers[] = {"wait", "look"};
    const double payoffs[2][2][2] = {{{0.0, 0.0}, {0.0, -param[COST]}}, {{1.0, -1.0}, {-param[FINE], -param[COST]}}};
    throng_status status = throng_tree_add_decision(tree, 0, "at work", 2, deeds, err);
    for (int deed = 0; deed < 2; deed++) {
        if (status == THRONG_OK)
            status = throng_tree_add_decision(tree, 1, "outside", 2, answers, err);
        for (int answer = 0; answer < 2 && status == THRONG_OK; answer++)
            status = throng_tree_add_end(tree, payoffs[deed][answer], err);
    }
    return status;
}

static const throng_game inspection = {
    .about = {.struct_size = sizeof(throng_game),
              .name = "inspection",
              .summary = "one may cheat, the other may look",
              .details =
                  "Cheating gains 1, which the other loses; who is seen pays the fine and nothing is lost. At the "
                  "equilibrium one cheats with probability cost, and the other looks with 1 / (1 + fine).",
              .reference = "Example of throng, 2026",
              .params = params},
    .n_players = 2,
    .build = build,
};

static const throng_about *const games[] = {&inspection.about, NULL};
THRONG_PLUGIN(.games = games);
