/* Levine's hats: two who see each other's stack of hats, and must each name a black one of their own. */
#include "throng/problem.h"

#include <stdio.h>

enum {
    HEIGHT,
    BLACK,
    PASS
};

#define HEIGHT_MAX 6

static const throng_param params[] = {
    [HEIGHT] = {"height", THRONG_PARAM_INTEGER, 3, 1, HEIGHT_MAX, "hats", "of each stack"},
    [BLACK] = {"black", THRONG_PARAM_REAL, 0.5, 0, 1, "", "chance of each hat to be black and not white"},
    [PASS] = {"pass", THRONG_PARAM_REAL, 0, 0, 1, "",
              "chance of winning if both pass on to hats further up; 0: nobody may pass"},
    {0}};

/* Hat i of a stack is black if bit i is 1. */
static bool is_black(int stack, int hat) {
    return stack >> hat & 1;
}

/* What a choice is right with: a hat of the stack; or, having passed while the other has not, one further up. */
static double right(const double *param, int stack, int choice) {
    return choice == (int)param[HEIGHT] ? param[BLACK] : is_black(stack, choice);
}

static throng_status play(throng_tree *tree, const double *param, const int stacks[2], throng_error *err) {
    static const char *const names[] = {"1", "2", "3", "4", "5", "6"};
    int height = (int)param[HEIGHT], choices = height + (param[PASS] > 0.0);
    const char *actions[HEIGHT_MAX + 1] = {0};
    char seen[2][HEIGHT_MAX + 1] = {{0}};
    for (int i = 0; i < height; i++) {
        actions[i] = names[i];
        for (int p = 0; p < 2; p++)
            seen[p][i] = is_black(stacks[1 - p], i) ? 'b' : 'w';
    }
    actions[height] = "pass";
    throng_status status = throng_tree_add_decision(tree, 0, seen[0], choices, actions, err);
    for (int a = 0; a < choices && status == THRONG_OK; a++) {
        status = throng_tree_add_decision(tree, 1, seen[1], choices, actions, err);
        for (int b = 0; b < choices && status == THRONG_OK; b++) {
            bool both = a == height && b == height;
            double won = both ? param[PASS] : right(param, stacks[0], a) * right(param, stacks[1], b);
            const double payoffs[2] = {won, won};
            status = throng_tree_add_end(tree, payoffs, err);
        }
    }
    return status;
}

static throng_status build(throng_tree *tree, const double *param, throng_error *err) {
    double probabilities[1 << 2 * HEIGHT_MAX] = {0};
    int height = (int)param[HEIGHT], pairs = 1 << 2 * height;
    for (int pair = 0; pair < pairs; pair++) {
        probabilities[pair] = 1.0;
        for (int i = 0; i < 2 * height; i++)
            probabilities[pair] *= is_black(pair, i) ? param[BLACK] : 1.0 - param[BLACK];
    }
    throng_status status = throng_tree_add_chance(tree, pairs, probabilities, NULL, err);
    for (int pair = 0; pair < pairs && status == THRONG_OK; pair++) {
        const int stacks[2] = {pair & ((1 << height) - 1), pair >> height};
        status = play(tree, param, stacks, err);
    }
    return status;
}

extern const throng_game throng_game_hats;
const throng_game throng_game_hats = {
    .about =
        {.struct_size = sizeof(throng_game),
         .name = "hats",
         .summary = "two who see each other's stack of black and white hats, and each name a black one of their own",
         .details =
             "Each has a stack of `height` hats, black or white by chance, and sees the other's, not their own. Both "
             "name a hat of their own at once; both get 1 if both hats are black, else 0. Levine's puzzle has stacks "
             "without end: there both may pass to the next hats as if nothing was. With `pass` set to v, a further "
             "choice wins v if both take it, and with chance `black` against one who names a black hat, for hats "
             "further up are independent of all that was seen. The best that strategies can do which repeat "
             "themselves block by block is the least v for which no play of this game with pass=v wins more than v: "
             "7/20 with blocks of 3 and of 5, the best that is known. `best-replies` finds good play.",
         .reference = "Levine's hat problem: arXiv 2508.01737",
         .params = params},
    .n_players = 2,
    .build = build,
};
