/* Demand response: a supplier sets a level, consumers follow it or wait. */
#include "throng/aggregative.h"

#define LEVELS_MAX 5
#define KINDS_MAX  (LEVELS_MAX * LEVELS_MAX)

enum {
    AGENTS,
    LEVELS,
    DISCOUNT,
    ROLLOUTS
};

static const throng_param params[] = {
    [AGENTS] = {"agents", THRONG_PARAM_INTEGER, 8, 1, 1e12, "agents", "how many consumers there are"},
    [LEVELS] = {"levels", THRONG_PARAM_INTEGER, 3, 2, LEVELS_MAX, "levels", "of supply, of use and of need"},
    [DISCOUNT] = {"discount", THRONG_PARAM_REAL, 0.9, 0, 0.9999, "", "of a reward one step later"},
    [ROLLOUTS] = {"rollouts", THRONG_PARAM_INTEGER, 1000, 2, 1e9, "roll-outs", "that value a strategy"},
    {0}};

typedef struct tables {
    int levels, kinds; /* a kind is (use, need) */
    double global_chances[LEVELS_MAX][3][LEVELS_MAX], global_reward[LEVELS_MAX][3];
    double local_chances[LEVELS_MAX * KINDS_MAX * KINDS_MAX], local_reward[LEVELS_MAX * KINDS_MAX];
    double start[KINDS_MAX];
} tables;

static int clip(int level, int levels) {
    return level < 1 ? 1 : level > levels ? levels : level;
}

static void fill_global(tables *self, int supply) {
    for (int a = 0; a < 3; a++) {
        self->global_chances[supply - 1][a][clip(supply + a - 1, self->levels) - 1] = 1.0;
        self->global_reward[supply - 1][a] = 15.0 / supply - (a == 0 ? 1.0 : 0.0);
    }
}

/* The next use is the need, if it is supplied; else need, or need moved by what is missing, each as likely. */
static void fill_local(tables *self, int supply, int use, int need) {
    int levels = self->levels, kind = (use - 1) * levels + need - 1;
    double *chances = self->local_chances + ((supply - 1) * self->kinds + kind) * self->kinds;
    int moved = clip(need + supply - use, levels);
    for (int next = 1; next <= levels; next++) {
        chances[(need - 1) * levels + next - 1] += (need <= supply ? 1.0 : 0.5) / levels;
        if (need > supply)
            chances[(moved - 1) * levels + next - 1] += 0.5 / levels;
    }
    self->local_reward[(supply - 1) * self->kinds + kind] = use - (use > supply ? 0.5 : 0.0);
    self->start[kind] = 1.0 / self->kinds;
}

static throng_status open_game(throng_context *context, const char *name, const double *param, throng_problem *out,
                               throng_error *err) {
    static const char *const actions[3] = {"lower", "keep", "raise"};
    int levels = (int)param[LEVELS];
    tables it = {.levels = levels, .kinds = levels * levels};
    double chances[LEVELS_MAX * 3 * LEVELS_MAX];
    throng_aggregative *game = NULL;
    for (int supply = 1; supply <= levels; supply++) {
        fill_global(&it, supply);
        for (int use = 1; use <= levels; use++)
            for (int need = 1; need <= levels; need++)
                fill_local(&it, supply, use, need);
        for (int a = 0; a < 3; a++)
            for (int to = 0; to < levels; to++)
                chances[((supply - 1) * 3 + a) * levels + to] = it.global_chances[supply - 1][a][to];
    }
    const throng_aggregative_def def = {.name = name,
                                        .n_globals = levels,
                                        .n_locals = it.kinds,
                                        .n_actions = 3,
                                        .agents = (int64_t)param[AGENTS],
                                        .discount = param[DISCOUNT],
                                        .action_names = actions,
                                        .global_chances = chances,
                                        .local_chances = it.local_chances,
                                        .global_reward = &it.global_reward[0][0],
                                        .local_reward = it.local_reward,
                                        .start = it.start,
                                        .rollouts = (int64_t)param[ROLLOUTS]};
    throng_status status = throng_aggregative_create(context, &def, &game, err);
    if (status == THRONG_OK)
        *out = throng_aggregative_problem(game);
    return status;
}

extern const throng_game throng_game_demand_response;
const throng_game throng_game_demand_response = {
    .about = {.struct_size = sizeof(throng_game),
              .name = "demand-response",
              .summary = "a supplier sets the level of supply, consumers use and need",
              .details =
                  "The supplier lowers, keeps or raises the level s and gets 15 / s, less 1 for lowering it, and "
                  "the mean over consumers of their use u, less 1/2 where it is above s. A consumer who needs "
                  "d <= s uses d next; else d, or d + s - u within the levels, each with probability 1/2; and "
                  "then needs any level. The best is about the same whatever is looked at, because 15 / s is so "
                  "much: an example, no test of a rate. Solver: subsample-q.",
              .reference = "the experiment published with Anand and Qu 2024, arXiv 2403.00222, with next states drawn "
                           "instead of expected ones",
              .params = params},
    .open = open_game,
};
