/* Leave one out: what is missing when one agent is. */
#include "attribution/coalition.h"
#include "core/ranks.h"

#include <math.h>

typedef struct job {
    const throng_i_coalition_game *game;
    double *phi;
} job;

static void credit(void *user, int64_t begin, int64_t end, const double *steps) {
    const job *self = user;
    const throng_i_coalition_game *game = self->game;
    double m[THRONG_AGGREGATES_MAX];
    for (int64_t i = begin; i < end; i++) {
        for (int j = 0; j < game->k; j++)
            m[j] = game->total[j] - steps[(i - begin) * game->k + j];
        self->phi[i] = game->everybody - game->function->aggregate_value(game->function->self, m);
    }
}

static throng_status credit_by_value(const throng_i_coalition_game *game, double *phi, throng_error *err) {
    throng_status status = THRONG_OK;
    double *alpha = NULL, without = 0.0;
    bool shared = throng_i_coalition_game_shared(game);
    throng_i_share mine = shared ? throng_i_part_mine(game->context, game->n) : (throng_i_share){0, game->n};
    throng_progress progress = {"leaving out", "agents", mine.begin, mine.end};
    THRONG_TRY(throng_i_alloc(game->context, game->n, sizeof *alpha, &alpha, err));
    for (int64_t i = 0; i < game->n; i++)
        alpha[i] = 1.0;
    for (; progress.done < mine.end; progress.done++) {
        alpha[progress.done] = 0.0;
        THRONG_TRY(game->function->value(game->function->self, alpha, &without, err));
        alpha[progress.done] = 1.0;
        phi[progress.done] = game->everybody - without;
        THRONG_TRY(throng_i_progress(game->context, &progress, err));
    }
    if (shared)
        THRONG_TRY(throng_i_part_gather(game->context, game->n, sizeof *phi, phi, err));
out:
    throng_i_free(game->context, alpha);
    return status;
}

static throng_status attribute(throng_context *context, const throng_value_function *function,
                               const throng_method_options *options, double *phi, throng_certificate *certificate,
                               throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_coalition_game game = {.context = context};
    const throng_progress progress = {"leaving out", "agents", 0, 0};
    throng_certificate result = {.tolerance = options->tolerance, .converged = true};
    THRONG_TRY(throng_i_coalition_game_init(context, function, "leave-one-out", false, &game, err));
    if (game.k > 0) {
        THRONG_TRY(throng_i_coalition_game_walk(&game, true, credit, &(job){&game, phi}, &progress, err));
        THRONG_TRY(throng_i_share_gather(context, game.n, sizeof *phi, phi, err));
    } else {
        THRONG_TRY(credit_by_value(&game, phi, err));
    }
    for (int64_t i = 0; i < game.n; i++)
        THRONG_REQUIRE(isfinite(phi[i]), E_DEGENERATE, "The value function is not finite without agent %lld.",
                       (long long)i);
    result.evaluations = game.n + 2;
    THRONG_TRY(throng_i_certify(&game, phi, NULL, &result, err));
    *certificate = result;
    if (options->standard_error)
        memset(options->standard_error, 0, (size_t)game.n * sizeof *options->standard_error);
out:
    throng_i_coalition_game_clear(&game);
    return status;
}

const throng_method throng_method_leave_one_out = {
    .about = {.struct_size = sizeof(throng_method),
              .name = "leave-one-out",
              .summary =
                  "What the indicator loses when one agent alone is missing: quick, not additive, blind to doubles.",
              .details = "Formula: phi_i = v(everybody) - v(everybody but i).\n"
                         "Limits: credits do not add up to v(everybody) - v(nobody); the certificate reports the "
                         "residual as it is. "
                         "Of two agents who do the same thing, of which one is enough, both get 0, because without "
                         "either the other "
                         "is still there; the Shapley value gives each half.\n"
                         "Cost: with aggregates O(N k) and no memory beyond phi; without, N + 2 calls of value().",
              .reference =
                  "Cook 1977, Detection of influential observation in linear regression, Technometrics 19(1), doi "
                  "10.1080/00401706.1977.10489493 (leaving out one at a time)"},
    .attribute = attribute,
};
