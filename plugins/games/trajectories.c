/* Preferences between whole trajectories, which no reward for each step explains. */
#include "throng/math.h"
#include "throng/preference.h"

#include <stdlib.h>

enum {
    STEPS,
    REWARD,
    BONUS,
    MOVES
};

#define STEPS_MAX 8

static const throng_param params[] = {
    [STEPS] = {"steps", THRONG_PARAM_INTEGER, 4, 1, STEPS_MAX, "steps", "of a trajectory, each left or right"},
    [REWARD] = {"reward", THRONG_PARAM_REAL, 0.5, 0, 100, "log odds", "for each step to the right"},
    [BONUS] = {"bonus", THRONG_PARAM_REAL, 2, 0, 100, "log odds",
               "of a number of steps to the right over one that is one more, counted in threes"},
    [MOVES] = {"moves", THRONG_PARAM_FLAG, 0, 0, 1, "",
               "two players choose step by step, as a tree; otherwise whole trajectories are the responses"},
    {0}};

/* How often a trajectory, a bit for each step, is preferred to another. */
static double wins(const double *param, int one, int other) {
    int counts[2] = {0, 0};
    for (int s = 0; s < (int)param[STEPS]; s++) {
        counts[0] += one >> s & 1;
        counts[1] += other >> s & 1;
    }
    int apart = (counts[1] - counts[0] + STEPS_MAX + 1) % 3; /* 0, 1, or 2 for one less */
    double odds = param[REWARD] * (counts[0] - counts[1]) + param[BONUS] * (apart == 1 ? 1 : apart == 2 ? -1 : 0);
    return 1.0 / (1.0 + throng_exp(-odds));
}

/* "LRR", the step-th letter being bit number step. @param out [STEPS_MAX + 1] */
static void write_path(int path, int steps, char *out) {
    for (int s = 0; s < steps; s++)
        out[s] = path >> s & 1 ? 'R' : 'L';
    out[steps] = '\0';
}

/* One player's steps, then the other's, who does not see them. */
static throng_status walk(throng_tree *tree, const double *param, int player, int step, int *paths, throng_error *err) {
    static const char *const actions[2] = {"left", "right"};
    char set[STEPS_MAX + 1];
    throng_status status = THRONG_OK;
    if (step == (int)param[STEPS] && player == 0)
        return walk(tree, param, 1, 0, paths, err);
    if (step == (int)param[STEPS]) {
        double won = wins(param, paths[0], paths[1]);
        return throng_tree_add_end(tree, (const double[]){won, 1.0 - won}, err);
    }
    write_path(paths[player], step, set);
    status = throng_tree_add_decision(tree, player, set, 2, actions, err);
    for (int a = 0; a < 2 && status == THRONG_OK; a++) {
        paths[player] |= a << step;
        status = walk(tree, param, player, step + 1, paths, err);
        paths[player] &= (1 << step) - 1;
    }
    return status;
}

static throng_status open_moves(throng_context *context, const char *name, const double *param, throng_problem *out,
                                throng_error *err) {
    throng_tree *tree = NULL;
    int paths[2] = {0, 0};
    throng_status status = throng_tree_create(context, name, 2, &tree, err);
    if (status == THRONG_OK)
        status = walk(tree, param, 0, 0, paths, err);
    if (status == THRONG_OK)
        status = throng_tree_finish(tree, err);
    if (status == THRONG_OK)
        *out = throng_tree_problem(tree);
    else
        throng_tree_free(tree);
    return status;
}

static throng_status open(throng_context *context, const char *name, const double *param, throng_problem *out,
                          throng_error *err) {
    int n = 1 << (int)param[STEPS];
    char letters[1 << STEPS_MAX][STEPS_MAX + 1];
    const char *names[1 << STEPS_MAX];
    throng_preference *game = NULL;
    if (param[MOVES] != 0.0)
        return open_moves(context, name, param, out, err);
    double *matrix = malloc((size_t)n * (size_t)n * sizeof *matrix);
    if (!matrix)
        return THRONG_FAIL(err, E_MEMORY, "%s: no memory for so many preferences.", name);
    for (int i = 0; i < n; i++) {
        write_path(i, (int)param[STEPS], letters[i]);
        names[i] = letters[i];
        for (int j = 0; j < n; j++)
            matrix[i * n + j] = wins(param, i, j);
    }
    const throng_preference_def def = {.name = name, .n = n, .wins = matrix, .names = names};
    throng_status status = throng_preference_create(context, &def, &game, err);
    free(matrix);
    if (status == THRONG_OK)
        *out = throng_preference_problem(game);
    return status;
}

extern const throng_game throng_game_trajectories;
const throng_game throng_game_trajectories = {
    .about = {.struct_size = sizeof(throng_game),
              .name = "trajectories",
              .summary = "preferences between whole trajectories, which no reward per step explains",
              .details =
                  "A trajectory is some steps to the left or right. The log odds that one is preferred to another "
                  "are reward times how many more steps it takes to the right, plus bonus if the other takes 1, "
                  "4, ... more or 2, 5, ... less, minus bonus the other way round: in threes, numbers of steps "
                  "beat each other in a circle. With moves two players take their steps unseen by the other, as "
                  "a policy that decides step by step does.",
              .reference = "after the non-Markovian preferences of Swamy et al. 2024, arXiv 2401.04056",
              .params = params},
    .open = open,
};
