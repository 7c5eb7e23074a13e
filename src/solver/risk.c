/* What mixing is worth to who is averse to risk, and the best response to it. */
#include "game/tree.h"
#include "throng/simplex.h"
#include "throng/solver.h"

#include <math.h>
#include <string.h>

#define PROFILES_MAX (1 << 14)
#define STEPS        3000
#define TOLERANCE    1e-11 /* of a best response, times the range of payoffs */

struct throng_risk {
    throng_context *context;
    double gamma, tremble, tolerance;
    int n_players, most; /* most: actions of anybody */
    int n_actions[THRONG_GAME_PLAYERS_MAX], first[THRONG_GAME_PLAYERS_MAX], stride[THRONG_GAME_PLAYERS_MAX];
    int n_profiles;
    double *payoffs;           /* [profiles][players] the first player's action changes fastest */
    double *variances;         /* the same, of each profile by itself; NULL: none */
    double *chances;           /* [profiles] of the others */
    double *mean, *covariance; /* [most], [most][most] */
    double *room;              /* [3 most] */
};

/* Copies the payoffs, and where each player's actions stand in a strategy. */
static throng_status read_game(throng_risk *self, const throng_tree *tree, const throng_normal_form *game,
                               throng_error *err) {
    throng_status status = THRONG_OK;
    int64_t n = throng_normal_form_profiles(game);
    THRONG_REQUIRE(tree->n_chances == 0, E_UNSUPPORTED,
                   "Aversion to risk is for games without chance, whose variance it would leave out: in \"%.60s\" "
                   "chance moves.",
                   tree->name);
    THRONG_REQUIRE(n <= PROFILES_MAX, E_UNSUPPORTED,
                   "Aversion to risk is for games of at most %d profiles: \"%.60s\" has %lld.", PROFILES_MAX,
                   tree->name, (long long)n);
    self->n_profiles = (int)n;
    self->n_players = tree->n_players;
    for (int i = 0; i < tree->n_sets; i++)
        self->first[tree->sets[i].player] = tree->sets[i].first;
    for (int p = 0, stride = 1; p < self->n_players; p++) {
        self->n_actions[p] = throng_normal_form_actions(game, p);
        self->most = self->n_actions[p] > self->most ? self->n_actions[p] : self->most;
        self->tolerance = fmax(self->tolerance, TOLERANCE * tree->range[p]);
        self->stride[p] = stride;
        stride *= self->n_actions[p];
    }
    int64_t most = self->most;
    THRONG_TRY(throng_i_alloc(self->context, n * self->n_players, sizeof *self->payoffs, &self->payoffs, err));
    THRONG_TRY(throng_i_alloc(self->context, n, sizeof *self->chances, &self->chances, err));
    THRONG_TRY(throng_i_alloc(self->context, most, sizeof *self->mean, &self->mean, err));
    THRONG_TRY(throng_i_alloc(self->context, most * most, sizeof *self->covariance, &self->covariance, err));
    THRONG_TRY(throng_i_alloc(self->context, 3 * most, sizeof *self->room, &self->room, err));
    for (int64_t i = 0; i < n; i++)
        memcpy(self->payoffs + i * self->n_players, throng_normal_form_payoffs(game, i),
               (size_t)self->n_players * sizeof *self->payoffs);
out:
    return status;
}

throng_status throng_risk_create(throng_context *context, const throng_tree *tree, double gamma, double tremble,
                                 throng_risk **out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_risk *self = NULL;
    throng_normal_form *game = NULL;
    THRONG_REQUIRE(gamma >= 0.0 && isfinite(gamma) && tremble >= 0.0 && tremble <= 1.0, E_ARGUMENT,
                   "gamma must not be negative and tremble must lie in [0, 1], got %g and %g.", gamma, tremble);
    THRONG_TRY(throng_tree_normal_form(context, tree, &game, err));
    THRONG_TRY(throng_i_alloc(context, 1, sizeof *self, &self, err));
    self->context = context;
    self->gamma = gamma;
    self->tremble = tremble;
    THRONG_TRY(read_game(self, tree, game, err));
    *out = self;
    self = NULL;
out:
    throng_normal_form_free(game);
    throng_risk_free(self);
    return status;
}

void throng_risk_free(throng_risk *self) {
    if (!self)
        return;
    throng_i_free(self->context, self->payoffs);
    throng_i_free(self->context, self->variances);
    throng_i_free(self->context, self->chances);
    throng_i_free(self->context, self->mean);
    throng_i_free(self->context, self->covariance);
    throng_i_free(self->context, self->room);
    throng_i_free(self->context, self);
}

throng_status throng_risk_set_variances(throng_risk *self, const double *variances, throng_error *err) {
    int64_t n = (int64_t)self->n_profiles * self->n_players;
    throng_status status = THRONG_OK;
    if (!self->variances)
        THRONG_TRY(throng_i_alloc(self->context, n, sizeof *variances, &self->variances, err));
    memcpy(self->variances, variances, (size_t)n * sizeof *variances);
out:
    return status;
}

/* How likely the others make each profile, whatever the player's own action in it. */
static void find_chances(throng_risk *self, int player, const double *strategy) {
    for (int i = 0; i < self->n_profiles; i++) {
        self->chances[i] = 1.0;
        for (int q = 0; q < self->n_players; q++)
            if (q != player) {
                double play = strategy[self->first[q] + i / self->stride[q] % self->n_actions[q]];
                self->chances[i] *= (1.0 - self->tremble) * play + self->tremble / self->n_actions[q];
            }
    }
}

/* Means, and twice gamma times covariances, of a player's actions. */
static void find_moments(throng_risk *self, int player, const double *strategy) {
    int n = self->n_actions[player], stride = self->stride[player], players = self->n_players;
    const double *payoffs = self->payoffs + player;
    find_chances(self, player, strategy);
    memset(self->mean, 0, (size_t)n * sizeof *self->mean);
    memset(self->covariance, 0, (size_t)(n * n) * sizeof *self->covariance);
    for (int i = 0; i < self->n_profiles; i++)
        self->mean[i / stride % n] += self->chances[i] * payoffs[i * players];
    for (int i = 0; i < self->n_profiles && self->gamma > 0.0; i++) {
        if (i / stride % n != 0)
            continue;
        for (int a = 0; a < n; a++) {
            double off = 2.0 * self->gamma * self->chances[i] * (payoffs[(i + a * stride) * players] - self->mean[a]);
            for (int b = 0; b < n; b++)
                self->covariance[a * n + b] += off * (payoffs[(i + b * stride) * players] - self->mean[b]);
        }
    }
    for (int i = 0; i < self->n_profiles && self->variances; i++)
        self->mean[i / stride % n] -= self->gamma * self->chances[i] * self->variances[i * players + player];
}

static double utility(const throng_risk *self, int n, const double *x) {
    double sum = 0.0;
    for (int a = 0; a < n; a++) {
        double spread = 0.0;
        for (int b = 0; b < n; b++)
            spread += self->covariance[a * n + b] * x[b];
        sum += x[a] * (self->mean[a] - 0.5 * spread);
    }
    return sum;
}

void throng_risk_best(throng_risk *self, int player, const double *strategy, double *best, double *missing) {
    int n = self->n_actions[player], first = self->first[player];
    find_moments(self, player, strategy);
    double left =
        throng_simplex_quadratic(n, self->covariance, self->mean, STEPS, self->tolerance, best + first, self->room);
    if (missing)
        *missing = utility(self, n, best + first) - utility(self, n, strategy + first) + left;
}
