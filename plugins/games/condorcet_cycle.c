/* Preferences that go round in a circle. */
#include "throng/preference.h"

static throng_status open(throng_context *context, const char *name, const double *param, throng_problem *out,
                          throng_error *err) {
    static const double wins[9] = {0.5, 0.9, 0.2, 0.1, 0.5, 0.7, 0.8, 0.3, 0.5};
    static const char *const names[3] = {"A", "B", "C"};
    const throng_preference_def def = {.name = name, .n = 3, .wins = wins, .names = names};
    throng_preference *game = NULL;
    (void)param;
    throng_status status = throng_preference_create(context, &def, &game, err);
    if (status == THRONG_OK)
        *out = throng_preference_problem(game);
    return status;
}

extern const throng_game throng_game_condorcet_cycle;
const throng_game throng_game_condorcet_cycle = {
    .about = {.struct_size = sizeof(throng_game),
              .name = "condorcet-cycle",
              .summary = "three responses, each preferred to the next and beaten by the one before",
              .details = "A is preferred to B in 90 of 100 cases, B to C in 70, C to A in 80. No response is best, and "
                         "no scores per response can say so: the answer mixes A : B : C as 2 : 3 : 4.",
              .reference = "after Swamy et al. 2024, arXiv 2401.04056"},
    .open = open,
};
