/* Random preferences, as the studies of learning from preferences use them. */
#include "throng/preference.h"
#include "throng/math.h"

#include <stdlib.h>

enum {
    N,
    GROUPS,
    GROUP,
    SEED
};

static const throng_param params[] = {
    [N] = {"n", THRONG_PARAM_INTEGER, 10, 1, 10000, "responses", "how many there are"},
    [GROUPS] = {"groups", THRONG_PARAM_INTEGER, 1, 1, 1000, "groups", "that prefer independently of each other"},
    [GROUP] = {"group", THRONG_PARAM_INTEGER, 0, 0, 1000, "", "whose preferences are played for; 0: the mean of all"},
    [SEED] = {"seed", THRONG_PARAM_INTEGER, 0, 0, 1e15, "", "of the draws"},
    {0}};

#define STREAM 0x70726566u /* "pref" */

static void draw(const double *param, double *wins, double *reference) {
    throng_random random = {(uint64_t)param[SEED], STREAM};
    int64_t n = (int64_t)param[N];
    double four[4];
    for (int64_t g = 0; g < (int64_t)param[GROUPS]; g++)
        for (int64_t i = 0; i < n; i++) {
            wins[(g * n + i) * n + i] = 0.5;
            for (int64_t j = 0; j < i; j++) {
                throng_random_uniforms(random, (uint64_t)i, (uint64_t)j, (uint64_t)g, four);
                wins[(g * n + i) * n + j] = four[0];
                wins[(g * n + j) * n + i] = 1.0 - four[0];
            }
        }
    for (int64_t i = 0; i < n; i++) {
        throng_random_normals(random, (uint64_t)i, (uint64_t)i, 0, four);
        reference[i] = throng_exp(four[0]);
    }
}

static throng_status open(throng_context *context, const char *name, const double *param, throng_problem *out,
                          throng_error *err) {
    throng_preference_def def = {
        .name = name, .n = (int)param[N], .groups = (int)param[GROUPS], .group = (int)param[GROUP]};
    size_t pairs = (size_t)def.groups * (size_t)def.n * (size_t)def.n;
    throng_preference *game = NULL;
    throng_status status = THRONG_OK;
    double *room = pairs < (size_t)1 << 27 ? malloc((pairs + (size_t)def.n) * sizeof *room) : NULL;
    if (!room)
        return THRONG_FAIL(err, E_MEMORY, "%s: no memory for so many preferences.", name);
    draw(param, room, room + pairs);
    def.wins = room;
    def.reference = room + pairs;
    status = throng_preference_create(context, &def, &game, err);
    free(room);
    if (status == THRONG_OK)
        *out = throng_preference_problem(game);
    return status;
}

extern const throng_game throng_game_preference;
const throng_game throng_game_preference = {
    .about = {.struct_size = sizeof(throng_game),
              .name = "preference",
              .summary = "random preferences between n responses",
              .details = "How often one response is preferred to another is uniform in (0, 1), pair by pair; the "
                         "reference is softmax of standard normals. With several groups the game is played for the "
                         "mean of their preferences, or for one of them.",
              .reference = "Zhou et al. 2025, arXiv 2503.08942",
              .params = params},
    .open = open,
};
