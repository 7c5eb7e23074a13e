/* Policies of a match at a tree by their names. */
#include "core/core.h"
#include "throng/strategy.h"

#include <string.h>

typedef struct table {
    throng_context *context;
    const throng_problem *problem;
    const throng_tree *tree;
    const char *const *names;
    int n, n_names; /* players */
    uint64_t seed;
    const throng_strategy_ask_def *ask;
    throng_hands_policy *policies;
    throng_llm_choose_counts *counts;
} table;

static const char *name_of(const table *self, int k) {
    return self->names[self->n_names == 1 ? 0 : k];
}

static bool is_model(const table *self, int k) {
    return strcmp(name_of(self, k), "llm") == 0;
}

/* The same model asked again would say the same. */
static throng_status fill_model(const table *self, int k, throng_error *err) {
    double *strategy = self->policies[k].strategy;
    for (int other = 0; other < k; other++)
        if (is_model(self, other)) {
            memcpy(strategy, self->policies[other].strategy,
                   (size_t)throng_tree_sequences(self->tree) * sizeof *strategy);
            return THRONG_OK;
        }
    if (!self->ask)
        return THRONG_FAIL(err, E_ARGUMENT, "The policy llm asks a language model, and none is named.");
    return throng_strategy_ask(self->context, self->problem, self->ask, -1, strategy, self->counts, err);
}

/* Copies what a player does. */
static void copy_seat(const throng_tree *tree, int player, const double *from, double *to) {
    for (int i = 0; i < throng_tree_sets(tree); i++) {
        throng_tree_set set = throng_tree_set_at(tree, i);
        if (set.player == player)
            memcpy(to + set.first, from + set.first, (size_t)set.n_actions * sizeof *to);
    }
}

/* The best on each seat against the others, who have theirs by then. */
static throng_status fill_best(const table *self, int k, throng_error *err) {
    throng_status status = THRONG_OK;
    double *mixed = NULL;
    THRONG_TRY(throng_i_alloc(self->context, throng_tree_sequences(self->tree), sizeof *mixed, &mixed, err));
    for (int seat = 0; seat < self->n; seat++) {
        throng_tree_uniform(self->tree, mixed);
        for (int player = 0; player < self->n; player++) {
            int policy = ((player - seat + k) % self->n + self->n) % self->n;
            copy_seat(self->tree, player, self->policies[policy].strategy, mixed);
        }
        THRONG_TRY(throng_strategy_fill(self->context, self->problem, "best-response", seat, 0, mixed, err));
        copy_seat(self->tree, seat, mixed, self->policies[k].strategy);
    }
out:
    throng_i_free(self->context, mixed);
    return status;
}

static throng_status fill(const table *self, int k, throng_error *err) {
    const char *name = name_of(self, k);
    if (is_model(self, k))
        return fill_model(self, k, err);
    self->policies[k].learns = strcmp(name, "best-reply") == 0;
    if (self->policies[k].learns || strcmp(name, "random") == 0)
        name = "uniform"; /* where the one begins; another name, as in games of one move */
    return throng_strategy_fill(self->context, self->problem, name, -1, self->seed, self->policies[k].strategy, err);
}

throng_status throng_strategy_hands(throng_context *context, const throng_problem *problem, const char *const *names,
                                    int n, uint64_t seed, const throng_strategy_ask_def *ask,
                                    throng_hands_policy *policies, throng_llm_choose_counts *counts,
                                    throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_problem_kind *kind = problem->kind;
    int players = kind->players(problem->game), best = -1;
    THRONG_REQUIRE(kind->form == THRONG_GAME_FORM_TREE, E_UNSUPPORTED,
                   "%.60s is not played move by move, nor is it a normal form: there are no matches of it.",
                   kind->name(problem->game));
    THRONG_REQUIRE(n == 1 || n == players, E_ARGUMENT,
                   "\"%.60s\" has %d players: name as many policies, or one for all, got %d.",
                   kind->name(problem->game), players, n);
    const table self = {context, problem, problem->game, names, players, n, seed, ask, policies, counts};
    for (int k = 0; k < players; k++) {
        policies[k].learns = false;
        throng_tree_uniform(self.tree, policies[k].strategy);
        if (strcmp(name_of(&self, k), "best-response") != 0) {
            THRONG_TRY(fill(&self, k, err));
            continue;
        }
        THRONG_REQUIRE(best < 0, E_ARGUMENT,
                       "Only one policy can be best-response: it is the best against the others.");
        best = k;
    }
    if (best >= 0)
        THRONG_TRY(fill_best(&self, best, err));
out:
    return status;
}
