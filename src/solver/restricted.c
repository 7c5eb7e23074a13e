/* The restricted game of two players who each mix some policies for a tree, to which best responses are added (double
 * oracle). Averse to risk: what the other's mixing and chance make of a policy's payoff counts by mean and variance. */
#include "game/tree.h"
#include "throng/solver.h"

#include <math.h>
#include <string.h>

#define POLICIES_MAX 127

struct throng_restricted {
    throng_context *context;
    const throng_tree *tree;
    throng_tree *squares; /* pays the square of what one gets in all */
    double gamma, tremble;
    int most, n[2];
    double *plans[2];                /* [most][sequences], of which those of the player count */
    double *means, *variances;       /* [most][most][2] the first player's policy, the second's, whose payoff */
    double *mix[2];                  /* [most] */
    double *strategy, *plan, *worth; /* [sequences] room */
    double *play, *best;             /* [2 most + 1] room, of the game of policies */
    throng_risk *risk;               /* of the policies that there are; NULL: to be made */
};

void throng_restricted_free(throng_restricted *self) {
    if (!self)
        return;
    throng_risk_free(self->risk);
    throng_tree_free(self->squares);
    for (int p = 0; p < 2; p++) {
        throng_i_free(self->context, self->plans[p]);
        throng_i_free(self->context, self->mix[p]);
    }
    throng_i_free(self->context, self->means);
    throng_i_free(self->context, self->variances);
    throng_i_free(self->context, self->strategy);
    throng_i_free(self->context, self);
}

static double square(void *user, int player, double total) {
    (void)user;
    (void)player;
    return total * total;
}

static double *plan_of(const throng_restricted *self, int player, int policy) {
    return self->plans[player] + (int64_t)policy * self->tree->n_sequences;
}

/* A player's part of a plan. */
static void copy_part(const throng_tree *tree, int player, const double *from, double *to) {
    for (int i = 0; i < tree->n_sets; i++)
        if (tree->sets[i].player == player)
            memcpy(to + tree->sets[i].first, from + tree->sets[i].first,
                   (size_t)tree->sets[i].n_actions * sizeof *from);
}

/* Whether a player has no policy yet that does the same. */
static bool is_new(const throng_restricted *self, int player, const double *plan) {
    for (int k = 0; k < self->n[player]; k++) {
        const double *known = plan_of(self, player, k);
        double apart = 0.0;
        for (int i = 0; i < self->tree->n_sets; i++)
            for (int a = 0; self->tree->sets[i].player == player && a < self->tree->sets[i].n_actions; a++)
                apart += fabs(known[self->tree->sets[i].first + a] - plan[self->tree->sets[i].first + a]);
        if (apart == 0.0)
            return false;
    }
    return true;
}

/* What both get on average, and its variance, if two policies meet. */
static void meet(throng_restricted *self, int first, int second) {
    double *cell = self->means + 2 * ((int64_t)first * self->most + second);
    double *spread = self->variances + 2 * ((int64_t)first * self->most + second);
    self->plan[0] = 1.0;
    copy_part(self->tree, 0, plan_of(self, 0, first), self->plan);
    copy_part(self->tree, 1, plan_of(self, 1, second), self->plan);
    throng_tree_strategy(self->tree, self->plan, self->strategy);
    for (int p = 0; p < 2; p++) {
        throng_tree_worth(self->tree, p, self->plan, self->strategy, self->worth);
        cell[p] = self->worth[0];
        throng_tree_worth(self->squares, p, self->plan, self->strategy, self->worth);
        spread[p] = fmax(self->worth[0] - cell[p] * cell[p], 0.0);
    }
}

static void add_policy(throng_restricted *self, int player, const double *plan) {
    int at = self->n[player]++;
    memmove(plan_of(self, player, at), plan, (size_t)self->tree->n_sequences * sizeof *plan);
    for (int other = 0; other < self->n[1 - player]; other++)
        meet(self, player == 0 ? at : other, player == 0 ? other : at);
    throng_risk_free(self->risk);
    self->risk = NULL;
}

throng_status throng_restricted_create(throng_context *context, const throng_tree *tree, double gamma, double tremble,
                                       int most, const double *strategy, throng_restricted **out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_restricted *self = NULL;
    int64_t n = tree->n_sequences;
    bool more;
    THRONG_REQUIRE(tree->n_players == 2, E_UNSUPPORTED,
                   "Policies are added for two players: \"%.60s\" has %d. Take rae or fictitious-play.", tree->name,
                   tree->n_players);
    THRONG_REQUIRE(most >= 1 && most <= POLICIES_MAX, E_ARGUMENT, "A player mixes 1 to %d policies, got %d.",
                   POLICIES_MAX, most);
    THRONG_TRY(throng_i_alloc(context, 1, sizeof *self, &self, err));
    self->context = context;
    self->tree = tree;
    self->gamma = gamma;
    self->tremble = tremble;
    self->most = ++most; /* and one that is only compared with them */
    for (int p = 0; p < 2; p++) {
        THRONG_TRY(throng_i_alloc(context, most * n, sizeof(double), &self->plans[p], err));
        THRONG_TRY(throng_i_alloc(context, most, sizeof(double), &self->mix[p], err));
    }
    THRONG_TRY(throng_i_alloc(context, 2 * (int64_t)most * most, sizeof(double), &self->means, err));
    THRONG_TRY(throng_i_alloc(context, 2 * (int64_t)most * most, sizeof(double), &self->variances, err));
    THRONG_TRY(throng_i_alloc(context, 3 * n + 2 * (2 * most + 1), sizeof(double), &self->strategy, err));
    self->plan = self->strategy + n;
    self->worth = self->plan + n;
    self->play = self->worth + n;
    self->best = self->play + 2 * most + 1;
    THRONG_TRY(throng_tree_revalue(tree, square, NULL, &self->squares, err));
    THRONG_TRY(throng_restricted_grow(self, strategy, &more, err));
    self->mix[0][0] = self->mix[1][0] = 1.0;
    *out = self;
    self = NULL;
out:
    throng_restricted_free(self);
    return status;
}

/* The policies' game in normal form, as aversion to risk sees it. */
static throng_status make_risk(throng_restricted *self, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_normal_form *game = NULL;
    throng_tree *tree = NULL;
    double *variances = NULL;
    int64_t profiles = (int64_t)self->n[0] * self->n[1];
    THRONG_TRY(throng_normal_form_create(self->context, self->tree->name, 2, self->n, &game, err));
    THRONG_TRY(throng_i_alloc(self->context, 2 * profiles, sizeof *variances, &variances, err));
    for (int64_t i = 0; i < profiles; i++) {
        int64_t cell = 2 * (i % self->n[0] * self->most + i / self->n[0]);
        THRONG_TRY(throng_normal_form_set_payoffs(game, i, self->means + cell, err));
        memcpy(variances + 2 * i, self->variances + cell, 2 * sizeof *variances);
    }
    THRONG_TRY(throng_tree_from_normal_form(self->context, game, &tree, err));
    THRONG_TRY(throng_risk_create(self->context, tree, self->gamma, self->tremble, &self->risk, err));
    THRONG_TRY(throng_risk_set_variances(self->risk, variances, err));
out:
    throng_tree_free(tree);
    throng_normal_form_free(game);
    throng_i_free(self->context, variances);
    return status;
}

/* A strategy of that game: 1, then how often each policy is played, player after player. */
static void write_mix(const throng_restricted *self, double *out) {
    out[0] = 1.0;
    memcpy(out + 1, self->mix[0], (size_t)self->n[0] * sizeof *out);
    memcpy(out + 1 + self->n[0], self->mix[1], (size_t)self->n[1] * sizeof *out);
}

/* What both play, policies mixed. Changes plan and worth. */
static void write_strategy(throng_restricted *self, double *out) {
    int64_t n = self->tree->n_sequences;
    memset(self->plan, 0, (size_t)n * sizeof *self->plan);
    for (int p = 0; p < 2; p++)
        for (int k = 0; k < self->n[p]; k++) {
            memset(self->worth, 0, (size_t)n * sizeof *self->worth);
            copy_part(self->tree, p, plan_of(self, p, k), self->worth);
            for (int64_t i = 1; i < n; i++)
                self->plan[i] += self->mix[p][k] * self->worth[i];
        }
    throng_tree_strategy(self->tree, self->plan, out);
}

throng_status throng_restricted_solve(throng_restricted *self, int64_t steps, double *strategy, throng_error *err) {
    throng_status status = THRONG_OK;
    int n = self->n[0] + self->n[1];
    if (!self->risk)
        THRONG_TRY(make_risk(self, err));
    for (int p = 0; p < 2; p++)
        for (int k = 0; k < self->n[p]; k++)
            self->mix[p][k] = 1.0 / self->n[p];
    write_mix(self, self->play);
    memcpy(self->best, self->play, (size_t)(n + 1) * sizeof *self->best);
    for (int64_t step = 1; step <= steps; step++) {
        throng_risk_best(self->risk, 0, self->play, self->best, NULL);
        throng_risk_best(self->risk, 1, self->play, self->best, NULL);
        for (int i = 1; i <= n; i++)
            self->play[i] += (self->best[i] - self->play[i]) / (double)(step + 1);
    }
    memcpy(self->mix[0], self->play + 1, (size_t)self->n[0] * sizeof *self->play);
    memcpy(self->mix[1], self->play + 1 + self->n[0], (size_t)self->n[1] * sizeof *self->play);
    write_strategy(self, strategy);
out:
    return status;
}

typedef struct aversion {
    double gamma, mean;
} aversion;

/* Never more than what mean - gamma variance is on average, and as much if the mean is right. */
static double averse(void *user, int player, double total) {
    const aversion *self = user;
    double off = total - self->mean;
    (void)player;
    return total - self->gamma * off * off;
}

/* Mean - gamma variance of what a player gets. Changes worth. @param plan of both */
static double utility(throng_restricted *self, int player, const double *plan, const double *strategy, double *mean) {
    throng_tree_worth(self->tree, player, plan, strategy, self->worth);
    *mean = self->worth[0];
    throng_tree_worth(self->squares, player, plan, strategy, self->worth);
    return *mean - self->gamma * (self->worth[0] - *mean * *mean);
}

/* A pure response that is averse to risk: the best for a guess of its mean, then for its own, as long as that helps.
 * @param against plan of both  @param best [sequences] in: a strategy; out: the better one, if there is
 * @param most    in: what that is worth; out */
static throng_status respond(throng_restricted *self, int player, const double *against, double guess, double *best,
                             double *most, throng_error *err) {
    throng_status status = THRONG_OK;
    aversion how = {self->gamma, guess};
    throng_tree *valued = NULL;
    for (bool better = true; better;) {
        double *plan = self->plan, mean;
        throng_tree_free(valued);
        valued = NULL;
        THRONG_TRY(throng_tree_revalue(self->tree, averse, &how, &valued, err));
        memcpy(self->strategy, best, (size_t)self->tree->n_sequences * sizeof *best);
        throng_tree_best(valued, player, against, self->worth, self->strategy);
        throng_tree_plan(self->tree, self->strategy, plan);
        double worth = utility(self, player, plan, self->strategy, &mean);
        better = worth > *most;
        if (better) {
            memcpy(best, self->strategy, (size_t)self->tree->n_sequences * sizeof *best);
            *most = worth;
            how.mean = mean;
        }
    }
out:
    throng_tree_free(valued);
    return status;
}

/* From the mean now, and from the best mean: a little more often each leads to another place.
 * @param room [2 sequences] */
static throng_status learn(throng_restricted *self, int player, const double *strategy, double *room, bool *added,
                           throng_error *err) {
    throng_status status = THRONG_OK;
    int64_t n = self->tree->n_sequences;
    double *against = room, *best = room + n, now, mean, most = -INFINITY;
    throng_tree_plan(self->tree, strategy, against);
    utility(self, player, against, strategy, &now);
    memcpy(best, strategy, (size_t)n * sizeof *best);
    throng_tree_best(self->tree, player, against, self->worth, best);
    throng_tree_plan(self->tree, best, self->plan);
    most = utility(self, player, self->plan, best, &mean);
    if (self->gamma > 0.0) {
        THRONG_TRY(respond(self, player, against, mean, best, &most, err));
        THRONG_TRY(respond(self, player, against, now, best, &most, err));
    }
    throng_tree_plan(self->tree, best, self->worth);
    *added = is_new(self, player, self->worth);
    if (*added)
        add_policy(self, player, self->worth);
out:
    return status;
}

throng_status throng_restricted_grow(throng_restricted *self, const double *strategy, bool *more, throng_error *err) {
    throng_status status = THRONG_OK;
    bool added[2] = {false, false};
    double *room = NULL;
    THRONG_TRY(throng_i_alloc(self->context, 2 * (int64_t)self->tree->n_sequences, sizeof *room, &room, err));
    for (int p = 0; p < 2; p++)
        THRONG_TRY(learn(self, p, strategy, room, &added[p], err));
    *more = (added[0] || added[1]) && self->n[0] < self->most && self->n[1] < self->most;
out:
    throng_i_free(self->context, room);
    return status;
}

throng_status throng_restricted_gap(throng_restricted *self, double *gap, throng_error *err) {
    throng_status status = THRONG_OK;
    int n = self->n[0] + self->n[1];
    *gap = 0.0;
    if (!self->risk)
        THRONG_TRY(make_risk(self, err));
    write_mix(self, self->play);
    for (int p = 0; p < 2; p++) {
        double missing;
        memcpy(self->best, self->play, (size_t)(n + 1) * sizeof *self->best);
        throng_risk_best(self->risk, p, self->play, self->best, &missing);
        *gap += missing;
    }
out:
    return status;
}
