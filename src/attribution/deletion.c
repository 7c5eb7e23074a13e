/* Deletion curves: what is left of an indicator while agents fall silent one after the other. */
#include "attribution/coalition.h"
#include "throng/verify.h"

#include <math.h>

throng_status throng_deletion_curve(throng_context *context, const throng_value_function *function,
                                    const int64_t *order, int points, double *left, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_coalition_game game = {.context = context};
    double *scratch = NULL, value = 0.0;
    unsigned char *seen = NULL;
    THRONG_REQUIRE(points >= 2, E_ARGUMENT, "A deletion curve needs at least two points, got %d.", points);
    THRONG_TRY(throng_i_coalition_game_init(context, function, "The deletion curve", true, &game, err));
    THRONG_REQUIRE(game.everybody != game.nobody, E_DEGENERATE,
                   "The indicator is the same with everybody and with nobody: nothing can be undone.");
    THRONG_TRY(throng_i_alloc(context, throng_i_coalition_doubles(&game), sizeof *scratch, &scratch, err));
    const throng_progress progress = {"silencing", "points", 0, points};
    throng_i_lane lane = {.game = &game, .progress = &progress};
    throng_i_coalition coalition = throng_i_coalition_in(&lane, scratch);
    THRONG_TRY(throng_i_alloc(context, game.n, 1, &seen, err));
    for (int64_t i = 0; i < game.n; i++) {
        THRONG_REQUIRE(order[i] >= 0 && order[i] < game.n && !seen[order[i]], E_ARGUMENT,
                       "An order of deletion names every agent 0..%lld once; place %lld has %lld.",
                       (long long)game.n - 1, (long long)i, (long long)order[i]);
        seen[order[i]] = 1;
    }
    throng_i_coalition_reset(&coalition, true);
    int64_t silent = 0;
    for (int i = 0; i < points; i++) {
        for (; silent < game.n * i / (points - 1); silent++)
            throng_i_coalition_change(&coalition, order[silent], false);
        THRONG_TRY(throng_i_coalition_value(&coalition, &value, err));
        left[i] = (value - game.nobody) / (game.everybody - game.nobody);
    }
out:
    throng_i_free(context, scratch);
    throng_i_free(context, seen);
    throng_i_coalition_game_clear(&game);
    return status;
}
