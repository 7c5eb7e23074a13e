/* Majority tracking: one follows what most of a crowd are. */
#include "throng/aggregative.h"

#define KINDS 3

enum {
    AGENTS,
    KEEP,
    COST,
    DISCOUNT,
    ROLLOUTS
};

static const throng_param params[] = {
    [AGENTS] = {"agents", THRONG_PARAM_INTEGER, 60, 1, 1e12, "agents", "how many there are"},
    [KEEP] = {"keep", THRONG_PARAM_REAL, 0.98, 0, 1, "", "probability that an agent keeps its kind; else any, alike"},
    [COST] = {"cost", THRONG_PARAM_REAL, 0.05, 0, 1e6, "reward", "of moving to another kind"},
    [DISCOUNT] = {"discount", THRONG_PARAM_REAL, 0.9, 0, 0.9999, "", "of a reward one step later"},
    [ROLLOUTS] = {"rollouts", THRONG_PARAM_INTEGER, 1000, 2, 1e9, "roll-outs", "that value a strategy"},
    {0}};

static throng_status open_game(throng_context *context, const char *name, const double *param, throng_problem *out,
                               throng_error *err) {
    double global_chances[KINDS][KINDS][KINDS] = {0}, global_reward[KINDS][KINDS], local_chances[KINDS][KINDS][KINDS];
    double local_reward[KINDS][KINDS];
    throng_aggregative *game = NULL;
    for (int g = 0; g < KINDS; g++)
        for (int a = 0; a < KINDS; a++) {
            global_chances[g][a][a] = 1.0;
            global_reward[g][a] = a == g ? 0.0 : -param[COST];
            local_reward[g][a] = a == g ? 1.0 : 0.0;
            for (int s = 0; s < KINDS; s++)
                local_chances[g][a][s] = (1.0 - param[KEEP]) / KINDS + (s == a ? param[KEEP] : 0.0);
        }
    const throng_aggregative_def def = {.name = name,
                                        .n_globals = KINDS,
                                        .n_locals = KINDS,
                                        .n_actions = KINDS,
                                        .agents = (int64_t)param[AGENTS],
                                        .discount = param[DISCOUNT],
                                        .global_chances = &global_chances[0][0][0],
                                        .local_chances = &local_chances[0][0][0],
                                        .global_reward = &global_reward[0][0],
                                        .local_reward = &local_reward[0][0],
                                        .rollouts = (int64_t)param[ROLLOUTS]};
    throng_status status = throng_aggregative_create(context, &def, &game, err);
    if (status == THRONG_OK)
        *out = throng_aggregative_problem(game);
    return status;
}

extern const throng_game throng_game_majority_tracking;
const throng_game throng_game_majority_tracking = {
    .about = {.struct_size = sizeof(throng_game),
              .name = "majority-tracking",
              .summary = "one follows what most of a crowd are, of three kinds",
              .details =
                  "Each agent keeps its kind with probability keep, else gets any of three. Who decides names the "
                  "kind of the next step, and gets the share of agents that are of the kind named before, less "
                  "cost where the name changes. Roll-outs begin with shares of kinds drawn uniformly, another "
                  "each time. A row is the kind named and a histogram of the agents looked at. Solver: "
                  "subsample-q.",
              .reference = "throng's test for the rate in Anand and Qu 2024, arXiv 2403.00222",
              .params = params},
    .open = open_game,
};
