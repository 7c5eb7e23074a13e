/* Random games in normal form. */
#include "throng/problem.h"

enum {
    PLAYERS,
    ACTIONS,
    ZERO_SUM,
    SEED
};

static const throng_param params[] = {
    [PLAYERS] = {"players", THRONG_PARAM_INTEGER, 2, 1, THRONG_GAME_PLAYERS_MAX, "players", "how many there are"},
    [ACTIONS] = {"actions", THRONG_PARAM_INTEGER, 10, 1, 100000, "actions", "of each player"},
    [ZERO_SUM] = {"zero-sum", THRONG_PARAM_FLAG, 1, 0, 1, "", "payoffs add up to 0; false: each is drawn by itself"},
    [SEED] = {"seed", THRONG_PARAM_INTEGER, 0, 0, 1e15, "", "of the draws"},
    {0}};

#define STREAM 0x72616e64u /* "rand" */

static throng_status fill(throng_normal_form *game, const double *param, throng_error *err) {
    throng_random random = {(uint64_t)param[SEED], STREAM};
    int n = throng_normal_form_players(game);
    throng_status status = THRONG_OK;
    for (int64_t i = 0; status == THRONG_OK && i < throng_normal_form_profiles(game); i++) {
        double payoffs[THRONG_GAME_PLAYERS_MAX], four[4], sum = 0.0;
        for (int p = 0; p < n; p++) {
            if (p % 4 == 0)
                throng_random_uniforms(random, (uint64_t)i, (uint64_t)p, 0, four);
            payoffs[p] = 2.0 * four[p % 4] - 1.0;
            sum += payoffs[p];
        }
        for (int p = 0; p < n && param[ZERO_SUM] != 0.0; p++)
            payoffs[p] = n == 2 && p == 1 ? -payoffs[0] : payoffs[p] - sum / n;
        status = throng_normal_form_set_payoffs(game, i, payoffs, err);
    }
    return status;
}

static throng_status open(throng_context *context, const char *name, const double *param, throng_problem *out,
                          throng_error *err) {
    throng_normal_form *game = NULL;
    throng_tree *tree = NULL;
    int n_actions[THRONG_GAME_PLAYERS_MAX], n = (int)param[PLAYERS];
    for (int p = 0; p < n; p++)
        n_actions[p] = (int)param[ACTIONS];
    throng_status status = throng_normal_form_create(context, name, n, n_actions, &game, err);
    if (status == THRONG_OK)
        status = fill(game, param, err);
    if (status == THRONG_OK)
        status = throng_tree_from_normal_form(context, game, &tree, err);
    if (status == THRONG_OK)
        *out = throng_tree_problem(tree);
    throng_normal_form_free(game);
    return status;
}

extern const throng_game throng_game_random;
const throng_game throng_game_random = {
    .about = {.struct_size = sizeof(throng_game),
              .name = "random",
              .summary = "a random game in normal form",
              .details = "Everybody chooses at once. Payoffs are uniform in (-1, 1), profile by profile; where they "
                         "are to add up to 0, less their mean over players.",
              .reference = "as in Nudelman et al. 2004, Run the GAMUT, AAMAS",
              .params = params},
    .open = open,
};
