/* What solvers compute on a tree whose players forget nothing: no walk over its nodes, but one loop over the places
 * where something is paid and one over information sets. Under perfect recall a node's probability is that of chance
 * times a number for each player that depends on the player's own sequence alone (von Stengel 1996, doi
 * 10.1006/game.1996.0050).
 *
 * Cost of a worth: a multiplication for each player and two for each place that pays, two for each sequence. */
#include "game/tree.h"

#include <string.h>

const char *throng_tree_name(const throng_tree *self) {
    return self->name;
}

int throng_tree_players(const throng_tree *self) {
    return self->n_players;
}

const char *throng_tree_player_name(const throng_tree *self, int player) {
    return self->player_names[player];
}

int64_t throng_tree_nodes(const throng_tree *self) {
    return self->n_nodes;
}

const char *throng_tree_forgotten(const throng_tree *self) {
    return self->forgotten < 0 ? NULL : self->sets[self->forgotten].name;
}

bool throng_tree_constant_sum(const throng_tree *self) {
    return self->constant_sum;
}

double throng_tree_range(const throng_tree *self, int player) {
    return self->range[player];
}

int throng_tree_sets(const throng_tree *self) {
    return self->n_sets;
}

throng_tree_set throng_tree_set_at(const throng_tree *self, int index) {
    const throng_i_set *set = &self->sets[index];
    return (throng_tree_set){set->name, set->player, set->n_actions, set->first, set->before};
}

const char *throng_tree_action_name(const throng_tree *self, int set, int action) {
    return self->sets[set].actions[action];
}

int throng_tree_sequences(const throng_tree *self) {
    return self->n_sequences;
}

void throng_tree_uniform(const throng_tree *self, double *strategy) {
    strategy[0] = 1.0;
    for (int i = 0; i < self->n_sets; i++)
        for (int a = 0; a < self->sets[i].n_actions; a++)
            strategy[self->sets[i].first + a] = 1.0 / self->sets[i].n_actions;
}

void throng_tree_plan(const throng_tree *self, const double *strategy, double *plan) {
    plan[0] = 1.0;
    for (int i = 0; i < self->n_sets; i++) {
        const throng_i_set *set = &self->sets[i];
        for (int a = 0; a < set->n_actions; a++)
            plan[set->first + a] = plan[set->before] * strategy[set->first + a];
    }
}

void throng_tree_strategy(const throng_tree *self, const double *plan, double *strategy) {
    strategy[0] = 1.0;
    for (int i = 0; i < self->n_sets; i++) {
        const throng_i_set *set = &self->sets[i];
        double sum = 0.0;
        for (int a = 0; a < set->n_actions; a++)
            sum += plan[set->first + a];
        for (int a = 0; a < set->n_actions; a++)
            strategy[set->first + a] = sum > 0.0 ? plan[set->first + a] / sum : 1.0 / set->n_actions;
    }
}

/* The probability that chance and all but one player bring about. */
static double others(const throng_i_leaves *leaves, int64_t at, int n_players, int player, const double *plan) {
    const int *sequence = leaves->sequence + at * n_players;
    double product = 1.0;
    for (int p = 0; p < n_players; p++)
        product *= p == player ? 1.0 : plan[sequence[p]];
    return product;
}

/* What is paid right after each sequence of a player, before any other choice of their own. */
static void pay(const throng_tree *self, int player, const double *plan, double *worth) {
    int n = self->n_players;
    memset(worth, 0, (size_t)self->n_sequences * sizeof *worth);
    const int *sequence = self->paid.sequence;
    if (n == 2 && player == THRONG_TREE_ALL) {
        for (int64_t i = 0; i < 2 * self->paid.n; i += 2) {
            double first = plan[sequence[i]], second = plan[sequence[i + 1]];
            worth[sequence[i]] += second * self->paid_amount[i];
            worth[sequence[i + 1]] += first * self->paid_amount[i + 1];
        }
        return;
    }
    if (n == 2) {
        for (int64_t i = 0; i < self->paid.n; i++)
            worth[sequence[2 * i + player]] += plan[sequence[2 * i + 1 - player]] * self->paid_amount[2 * i + player];
        return;
    }
    int first = player == THRONG_TREE_ALL ? 0 : player, last = player == THRONG_TREE_ALL ? n - 1 : player;
    for (int64_t i = 0; i < self->paid.n; i++)
        for (int p = first; p <= last; p++)
            worth[sequence[i * n + p]] += others(&self->paid, i, n, p, plan) * self->paid_amount[i * n + p];
}

void throng_tree_worth(const throng_tree *self, int player, const double *plan, const double *strategy, double *worth) {
    pay(self, player, plan, worth);
    for (int i = self->n_sets - 1; i >= 0; i--) {
        const throng_i_set *set = &self->sets[i];
        double value = 0.0;
        if (set->player != player && player != THRONG_TREE_ALL)
            continue;
        for (int a = 0; a < set->n_actions; a++)
            value += strategy[set->first + a] * worth[set->first + a];
        worth[set->before] += value;
    }
}

void throng_tree_best(const throng_tree *self, int player, const double *plan, double *worth, double *best) {
    pay(self, player, plan, worth);
    for (int i = self->n_sets - 1; i >= 0; i--) {
        const throng_i_set *set = &self->sets[i];
        int chosen = 0;
        if (set->player != player)
            continue;
        for (int a = 1; a < set->n_actions; a++)
            if (worth[set->first + a] > worth[set->first + chosen])
                chosen = a;
        worth[set->before] += worth[set->first + chosen];
        for (int a = 0; best && a < set->n_actions; a++)
            best[set->first + a] = a == chosen;
    }
}

void throng_tree_reach(const throng_tree *self, int player, const double *plan, double *reach) {
    memset(reach, 0, (size_t)self->n_sets * sizeof *reach);
    for (int64_t i = 0; i < self->chosen.n; i++) {
        int set = self->chosen_set[i], who = self->sets[set].player;
        if (who == player || player == THRONG_TREE_ALL)
            reach[set] += others(&self->chosen, i, self->n_players, who, plan) * self->chosen_chance[i];
    }
}

throng_status throng_tree_gap(const throng_tree *self, const double *strategy, double *values, double *gap,
                              throng_error *err) {
    throng_status status = THRONG_OK;
    double *plan = NULL, sum = 0.0;
    THRONG_REQUIRE(self->forgotten < 0, E_UNSUPPORTED,
                   "\"%.60s\" has imperfect recall: at information set \"%.40s\" player %d does not remember what "
                   "they did before. What strategies are worth is worked out where everybody does.",
                   self->name, throng_tree_forgotten(self), self->sets[self->forgotten].player + 1);
    THRONG_TRY(throng_i_alloc(self->context, 2 * (int64_t)self->n_sequences, sizeof *plan, &plan, err));
    double *worth = plan + self->n_sequences;
    throng_tree_plan(self, strategy, plan);
    for (int p = 0; p < self->n_players; p++) {
        throng_tree_worth(self, p, plan, strategy, worth);
        double value = worth[0];
        if (values)
            values[p] = value;
        if (!gap)
            continue;
        throng_tree_best(self, p, plan, worth, NULL);
        double gains = worth[0] - value;
        sum += gains < 0.0 ? 0.0 : gains; /* a hair below is rounding; NaN stays */
    }
    if (gap)
        *gap = sum;
out:
    throng_i_free(self->context, plan);
    return status;
}
