/* Building a tree: nodes in the order of drawing, information sets by name, then its sequence form. */
#include "game/tree.h"
#include "throng/problem.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define NODES_MAX    (1 << 26)
#define ACTIONS_MAX  (1 << 20)
#define REPORT_EVERY (1 << 16) /* nodes */

/* ---- life ------------------------------------------------------------------------------------------------------ */

throng_status throng_tree_create(throng_context *context, const char *name, int n_players, throng_tree **out,
                                 throng_error *err) {
    throng_status status = THRONG_OK;
    throng_tree *self = NULL;
    THRONG_REQUIRE(n_players >= 1 && n_players <= THRONG_GAME_PLAYERS_MAX, E_ARGUMENT,
                   "A game has 1 to %d players, got %d.", THRONG_GAME_PLAYERS_MAX, n_players);
    THRONG_TRY(throng_i_alloc(context, 1, sizeof *self, &self, err));
    self->context = context;
    self->n_players = n_players;
    self->open = -1;
    self->forgotten = -1;
    THRONG_TRY(throng_i_copy_text(context, name, &self->name, err));
    for (int p = 0; p < n_players; p++)
        THRONG_TRY(throng_i_print(context, &self->player_names[p], err, "Player %d", p + 1));
    *out = self;
    self = NULL;
out:
    throng_tree_free(self);
    return status;
}

static void free_sets(throng_context *context, throng_i_set *sets, int n) {
    for (int i = 0; i < n; i++) {
        for (int a = 0; sets[i].actions && a < sets[i].n_actions; a++)
            throng_i_free(context, sets[i].actions[a]);
        throng_i_free(context, sets[i].actions);
        throng_i_free(context, sets[i].probabilities);
        throng_i_free(context, sets[i].name);
    }
    throng_i_free(context, sets);
}

void throng_tree_free(throng_tree *self) {
    if (!self)
        return;
    free_sets(self->context, self->sets, self->n_sets);
    free_sets(self->context, self->chances, self->n_chances);
    for (int p = 0; p < self->n_players; p++)
        throng_i_free(self->context, self->player_names[p]);
    throng_i_free(self->context, self->name);
    throng_i_free(self->context, self->nodes);
    throng_i_free(self->context, self->payoffs);
    throng_i_free(self->context, self->paid.sequence);
    throng_i_free(self->context, self->chosen.sequence);
    throng_i_free(self->context, self->paid_amount);
    throng_i_free(self->context, self->chosen_chance);
    throng_i_free(self->context, self->chosen_set);
    throng_i_free(self->context, self);
}

throng_status throng_tree_set_player_name(throng_tree *self, int player, const char *name, throng_error *err) {
    throng_status status = THRONG_OK;
    char *copy = NULL;
    THRONG_REQUIRE(player >= 0 && player < self->n_players, E_ARGUMENT, "The game \"%.40s\" has no player %d.",
                   self->name, player + 1);
    THRONG_TRY(throng_i_copy_text(self->context, name, &copy, err));
    throng_i_free(self->context, self->player_names[player]);
    self->player_names[player] = copy;
out:
    return status;
}

/* ---- adding nodes ---------------------------------------------------------------------------------------------- */

static const throng_i_set *set_of(const throng_tree *self, const throng_i_node *node) {
    return node->player == THRONG_TREE_CHANCE ? &self->chances[node->set] : &self->sets[node->set];
}

/* Puts a node at the open place and finds the next one. */
static throng_status add_node(throng_tree *self, int player, int set, throng_error *err) {
    throng_status status = THRONG_OK;
    THRONG_REQUIRE(!self->finished && (self->open >= 0 || self->n_nodes == 0), E_ARGUMENT,
                   "The game \"%.40s\" has no open place for another node.", self->name);
    THRONG_REQUIRE(self->n_nodes < NODES_MAX, E_ARGUMENT, "The game \"%.40s\" has more than %d nodes.", self->name,
                   NODES_MAX);
    if (self->n_nodes == self->nodes_cap) {
        int64_t cap = 2 * (int64_t)self->nodes_cap + 64;
        THRONG_TRY(throng_i_resize(self->context, &self->nodes, cap, sizeof *self->nodes, err));
        THRONG_TRY(throng_i_resize(self->context, &self->payoffs, cap * self->n_players, sizeof *self->payoffs, err));
        self->nodes_cap = (int)cap;
    }
    self->nodes[self->n_nodes] = (throng_i_node){self->open, self->open_action, player, set};
    for (int p = 0; p < self->n_players; p++)
        self->payoffs[(int64_t)self->n_nodes * self->n_players + p] = 0.0;
    if (player != THRONG_I_END) {
        self->open = self->n_nodes;
        self->open_action = 0;
    } else {
        /* up to the first ancestor that has an action left */
        self->open_action++;
        while (self->open >= 0 && self->open_action >= set_of(self, &self->nodes[self->open])->n_actions) {
            self->open_action = self->nodes[self->open].action + 1;
            self->open = self->nodes[self->open].parent;
        }
    }
    self->n_nodes++;
    if (self->n_nodes % REPORT_EVERY == 0) {
        const throng_progress progress = {"building a tree", "nodes", self->n_nodes, -1};
        THRONG_TRY(throng_i_progress(self->context, &progress, err));
    }
out:
    return status;
}

static throng_status fill_set(throng_tree *self, throng_i_set *set, const char *name, int n_actions,
                              const char *const *actions, const double *probabilities, throng_error *err) {
    throng_status status = THRONG_OK;
    THRONG_TRY(throng_i_copy_text(self->context, name, &set->name, err));
    THRONG_TRY(throng_i_alloc(self->context, n_actions, sizeof *set->actions, &set->actions, err));
    set->n_actions = n_actions;
    for (int a = 0; a < n_actions; a++) {
        if (actions && *actions[a])
            THRONG_TRY(throng_i_copy_text(self->context, actions[a], &set->actions[a], err));
        else
            THRONG_TRY(throng_i_print(self->context, &set->actions[a], err, "%d", a + 1));
    }
    if (probabilities) {
        THRONG_TRY(throng_i_alloc(self->context, n_actions, sizeof *probabilities, &set->probabilities, err));
        memcpy(set->probabilities, probabilities, (size_t)n_actions * sizeof *probabilities);
    }
out:
    return status;
}

/* Room for one more set, which is counted, so that it is freed whatever happens next. */
static throng_status push_set(throng_tree *self, throng_i_set **sets, int *n, int *cap, throng_error *err) {
    throng_status status = THRONG_OK;
    if (*n == *cap) {
        THRONG_TRY(throng_i_resize(self->context, sets, 2 * (int64_t)*cap + 16, sizeof **sets, err));
        *cap = 2 * *cap + 16;
    }
    (*sets)[(*n)++] = (throng_i_set){0};
out:
    return status;
}

static uint32_t bucket_of(int player, const char *name) {
    uint32_t hash = 2166136261u + (uint32_t)player; /* FNV-1a */
    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * 16777619u;
    return hash % THRONG_I_BUCKETS;
}

throng_status throng_tree_add_decision(throng_tree *self, int player, const char *set, int n_actions,
                                       const char *const *actions, throng_error *err) {
    throng_status status = THRONG_OK;
    THRONG_REQUIRE(player >= 0 && player < self->n_players, E_ARGUMENT, "The game \"%.40s\" has no player %d.",
                   self->name, player + 1);
    THRONG_REQUIRE(n_actions >= 1 && n_actions <= ACTIONS_MAX, E_ARGUMENT,
                   "Information set \"%.40s\" must have 1 to %d actions, got %d.", set, ACTIONS_MAX, n_actions);
    uint32_t bucket = bucket_of(player, set);
    int at = self->buckets[bucket] - 1;
    while (at >= 0 && (self->sets[at].player != player || strcmp(self->sets[at].name, set) != 0))
        at = self->sets[at].next - 1;
    if (at < 0) {
        at = self->n_sets;
        THRONG_TRY(push_set(self, &self->sets, &self->n_sets, &self->sets_cap, err));
        self->sets[at].player = player;
        THRONG_TRY(fill_set(self, &self->sets[at], set, n_actions, actions, NULL, err));
        self->sets[at].next = self->buckets[bucket];
        self->buckets[bucket] = at + 1;
    }
    THRONG_REQUIRE(self->sets[at].n_actions == n_actions, E_ARGUMENT,
                   "Information set \"%.40s\" of player %d has %d actions at one node and %d at another.", set,
                   player + 1, self->sets[at].n_actions, n_actions);
    THRONG_TRY(add_node(self, player, at, err));
out:
    return status;
}

throng_status throng_tree_add_chance(throng_tree *self, int n_actions, const double *probabilities,
                                     const char *const *actions, throng_error *err) {
    throng_status status = THRONG_OK;
    double sum = 0.0;
    THRONG_REQUIRE(n_actions >= 1 && n_actions <= ACTIONS_MAX, E_ARGUMENT, "Chance must have 1 to %d outcomes, got %d.",
                   ACTIONS_MAX, n_actions);
    for (int a = 0; a < n_actions; a++) {
        THRONG_REQUIRE(probabilities[a] >= 0.0 && probabilities[a] <= 1.0, E_ARGUMENT,
                       "A probability of chance must lie in [0, 1], got %g.", probabilities[a]);
        sum += probabilities[a];
    }
    THRONG_REQUIRE(fabs(sum - 1.0) <= 1e-6, E_ARGUMENT, "The probabilities of chance add up to %.9g, not to 1.", sum);
    int at = self->n_chances;
    THRONG_TRY(push_set(self, &self->chances, &self->n_chances, &self->chances_cap, err));
    self->chances[at].player = THRONG_TREE_CHANCE;
    THRONG_TRY(fill_set(self, &self->chances[at], "", n_actions, actions, probabilities, err));
    THRONG_TRY(add_node(self, THRONG_TREE_CHANCE, at, err));
out:
    return status;
}

throng_status throng_tree_add_end(throng_tree *self, const double *payoffs, throng_error *err) {
    throng_status status = THRONG_OK;
    THRONG_TRY(add_node(self, THRONG_I_END, -1, err));
    if (payoffs)
        THRONG_TRY(throng_tree_pay(self, payoffs, err));
out:
    return status;
}

throng_status throng_tree_pay(throng_tree *self, const double *payoffs, throng_error *err) {
    throng_status status = THRONG_OK;
    THRONG_REQUIRE(self->n_nodes > 0 && !self->finished, E_ARGUMENT, "There is no node at which to pay.");
    for (int p = 0; p < self->n_players; p++)
        THRONG_REQUIRE(isfinite(payoffs[p]), E_ARGUMENT,
                       "The payoff of player %d at node %d of \"%.40s\" is not a number.", p + 1, self->n_nodes,
                       self->name);
    for (int p = 0; p < self->n_players; p++)
        self->payoffs[(int64_t)(self->n_nodes - 1) * self->n_players + p] += payoffs[p];
out:
    return status;
}

throng_status throng_tree_add_symmetric(throng_tree *self, int n_actions, const char *const *actions,
                                        const double *payoffs, throng_error *err) {
    throng_status status = THRONG_OK;
    THRONG_TRY(throng_tree_add_decision(self, 0, "", n_actions, actions, err));
    for (int a = 0; a < n_actions; a++) {
        THRONG_TRY(throng_tree_add_decision(self, 1, "", n_actions, actions, err));
        for (int b = 0; b < n_actions; b++) {
            const double both[2] = {payoffs[a * n_actions + b], payoffs[b * n_actions + a]};
            THRONG_TRY(throng_tree_add_end(self, both, err));
        }
    }
out:
    return status;
}

/* ---- finishing ------------------------------------------------------------------------------------------------- */

/* What is known at each node on the way down. */
typedef struct walk {
    int *sequence;  /* [nodes][players] */
    double *chance; /* [nodes] */
    double *total;  /* [nodes][players] payoffs so far */
} walk;

static void walk_down(throng_tree *self, walk *down) {
    int n = self->n_players;
    for (int64_t i = 0; i < self->n_nodes; i++) {
        const throng_i_node *node = &self->nodes[i];
        int64_t up = node->parent;
        for (int p = 0; p < n; p++) {
            down->sequence[i * n + p] = up < 0 ? 0 : down->sequence[up * n + p];
            down->total[i * n + p] = self->payoffs[i * n + p] + (up < 0 ? 0.0 : down->total[up * n + p]);
        }
        down->chance[i] = up < 0 ? 1.0 : down->chance[up];
        if (up >= 0) {
            const throng_i_set *set = set_of(self, &self->nodes[up]);
            if (set->probabilities)
                down->chance[i] *= set->probabilities[node->action];
            else
                down->sequence[i * n + set->player] = set->first + node->action;
        }
        if (node->player >= 0) {
            throng_i_set *set = &self->sets[node->set];
            int before = down->sequence[i * n + node->player];
            if (set->before >= 0 && set->before != before)
                self->forgotten = node->set;
            set->before = before;
        }
    }
}

static bool pays(const throng_tree *self, int64_t node) {
    for (int p = 0; p < self->n_players; p++)
        if (self->payoffs[node * self->n_players + p] != 0.0)
            return true;
    return false;
}

static void measure(throng_tree *self, const walk *down) {
    double low[THRONG_GAME_PLAYERS_MAX], high[THRONG_GAME_PLAYERS_MAX], least = INFINITY, most = -INFINITY;
    int n = self->n_players;
    for (int p = 0; p < n; p++) {
        low[p] = INFINITY;
        high[p] = -INFINITY;
    }
    for (int64_t i = 0; i < self->n_nodes; i++) {
        double sum = 0.0;
        for (int p = 0; p < n && self->nodes[i].player == THRONG_I_END; p++) {
            low[p] = fmin(low[p], down->total[i * n + p]);
            high[p] = fmax(high[p], down->total[i * n + p]);
            sum += down->total[i * n + p];
        }
        if (self->nodes[i].player == THRONG_I_END) {
            least = fmin(least, sum);
            most = fmax(most, sum);
        }
    }
    for (int p = 0; p < n; p++)
        self->range[p] = high[p] - low[p];
    self->constant_sum = n == 2 && most - least <= 1e-9 * fmax(self->range[0], self->range[1]);
}

/* Lists what solvers go through: payoffs and decisions, with the sequences that lead there. */
static throng_status list_leaves(throng_tree *self, const walk *down, throng_error *err) {
    throng_status status = THRONG_OK;
    int n = self->n_players;
    throng_i_leaves *paid = &self->paid, *chosen = &self->chosen;
    for (int64_t i = 0; i < self->n_nodes; i++) {
        paid->n += pays(self, i) && down->chance[i] > 0.0;
        chosen->n += self->nodes[i].player >= 0;
    }
    THRONG_TRY(throng_i_alloc(self->context, paid->n * n, sizeof(int), &paid->sequence, err));
    THRONG_TRY(throng_i_alloc(self->context, paid->n * n, sizeof(double), &self->paid_amount, err));
    THRONG_TRY(throng_i_alloc(self->context, chosen->n * n, sizeof(int), &chosen->sequence, err));
    THRONG_TRY(throng_i_alloc(self->context, chosen->n, sizeof(double), &self->chosen_chance, err));
    THRONG_TRY(throng_i_alloc(self->context, chosen->n, sizeof(int), &self->chosen_set, err));
    int64_t at_paid = 0, at_chosen = 0;
    for (int64_t i = 0; i < self->n_nodes; i++) {
        const int *sequence = down->sequence + i * n;
        if (pays(self, i) && down->chance[i] > 0.0) {
            memcpy(paid->sequence + at_paid * n, sequence, (size_t)n * sizeof *sequence);
            for (int p = 0; p < n; p++)
                self->paid_amount[at_paid * n + p] = down->chance[i] * self->payoffs[i * n + p];
            at_paid++;
        }
        if (self->nodes[i].player >= 0) {
            memcpy(chosen->sequence + at_chosen * n, sequence, (size_t)n * sizeof *sequence);
            self->chosen_chance[at_chosen] = down->chance[i];
            self->chosen_set[at_chosen++] = self->nodes[i].set;
        }
    }
out:
    return status;
}

throng_status throng_tree_finish(throng_tree *self, throng_error *err) {
    throng_status status = THRONG_OK;
    walk down = {0};
    int64_t n = self->n_nodes, sequences = 1;
    THRONG_REQUIRE(n > 0 && self->open < 0, E_ARGUMENT, "The game \"%.40s\" is not complete: a node is missing.",
                   self->name);
    for (int i = 0; i < self->n_sets; i++) {
        self->sets[i].first = (int)sequences;
        self->sets[i].before = -1;
        sequences += self->sets[i].n_actions;
    }
    THRONG_REQUIRE(sequences < INT_MAX, E_ARGUMENT, "The game \"%.40s\" has too many actions.", self->name);
    self->n_sequences = (int)sequences;
    THRONG_TRY(throng_i_alloc(self->context, n * self->n_players, sizeof *down.sequence, &down.sequence, err));
    THRONG_TRY(throng_i_alloc(self->context, n, sizeof *down.chance, &down.chance, err));
    THRONG_TRY(throng_i_alloc(self->context, n * self->n_players, sizeof *down.total, &down.total, err));
    walk_down(self, &down);
    measure(self, &down);
    for (int p = 0; p < self->n_players; p++)
        THRONG_REQUIRE(isfinite(self->range[p]), E_ARGUMENT,
                       "What player %d gets in \"%.40s\" is too large, or too far apart, for numbers of 64 bits.",
                       p + 1, self->name);
    THRONG_TRY(list_leaves(self, &down, err));
    self->finished = true;
out:
    throng_i_free(self->context, down.sequence);
    throng_i_free(self->context, down.chance);
    throng_i_free(self->context, down.total);
    return status;
}

static throng_status add_profiles(throng_tree *tree, const throng_normal_form *game, int player, int *actions,
                                  throng_error *err) {
    throng_status status = THRONG_OK;
    const char **names = NULL;
    if (player == throng_normal_form_players(game))
        return throng_tree_add_end(tree, throng_normal_form_payoffs(game, throng_normal_form_profile(game, actions)),
                                   err);
    int n = throng_normal_form_actions(game, player);
    THRONG_TRY(throng_i_alloc(tree->context, n, sizeof *names, &names, err));
    for (int a = 0; a < n; a++)
        names[a] = throng_normal_form_action_name(game, player, a);
    THRONG_TRY(throng_tree_add_decision(tree, player, "", n, names, err));
    for (actions[player] = 0; actions[player] < n; actions[player]++)
        THRONG_TRY(add_profiles(tree, game, player + 1, actions, err));
out:
    throng_i_free(tree->context, names);
    return status;
}

throng_status throng_tree_from_normal_form(throng_context *context, const throng_normal_form *game, throng_tree **out,
                                           throng_error *err) {
    throng_status status = THRONG_OK;
    throng_tree *self = NULL;
    int actions[THRONG_GAME_PLAYERS_MAX], n = throng_normal_form_players(game);
    THRONG_TRY(throng_tree_create(context, throng_normal_form_name(game), n, &self, err));
    for (int p = 0; p < n; p++)
        THRONG_TRY(throng_tree_set_player_name(self, p, throng_normal_form_player_name(game, p), err));
    THRONG_TRY(add_profiles(self, game, 0, actions, err));
    THRONG_TRY(throng_tree_finish(self, err));
    *out = self;
    self = NULL;
out:
    throng_tree_free(self);
    return status;
}

/* Adds what is paid to all profiles where it falls due: players chose so, or were not asked, and choose anything. */
static throng_status add_payoff(const throng_tree *tree, int64_t payoff, const throng_i_set *const *sets, int player,
                                int *actions, throng_normal_form *game, throng_error *err) {
    throng_status status = THRONG_OK;
    int n = tree->n_players;
    if (player == n) {
        double payoffs[THRONG_GAME_PLAYERS_MAX];
        int64_t profile = throng_normal_form_profile(game, actions);
        for (int p = 0; p < n; p++)
            payoffs[p] = throng_normal_form_payoffs(game, profile)[p] + tree->paid_amount[payoff * n + p];
        return throng_normal_form_set_payoffs(game, profile, payoffs, err);
    }
    int sequence = tree->paid.sequence[payoff * n + player];
    int from = sequence > 0 ? sequence - sets[player]->first : 0;
    int to = sequence > 0 ? from + 1 : sets[player]->n_actions;
    for (actions[player] = from; actions[player] < to; actions[player]++)
        THRONG_TRY(add_payoff(tree, payoff, sets, player + 1, actions, game, err));
out:
    return status;
}

throng_status throng_tree_normal_form(throng_context *context, const throng_tree *tree, throng_normal_form **out,
                                      throng_error *err) {
    throng_status status = THRONG_OK;
    throng_normal_form *self = NULL;
    const throng_i_set *sets[THRONG_GAME_PLAYERS_MAX] = {NULL};
    int n_actions[THRONG_GAME_PLAYERS_MAX];
    int actions[THRONG_GAME_PLAYERS_MAX];
    throng_progress progress = {"filling a normal form", "payoffs", 0, -1};
    for (int i = 0; i < tree->n_sets; i++) {
        int p = tree->sets[i].player;
        THRONG_REQUIRE(!sets[p], E_UNSUPPORTED,
                       "\"%.60s\" is no game where everybody chooses once: %.40s chooses more often.", tree->name,
                       tree->player_names[p]);
        sets[p] = &tree->sets[i];
        n_actions[p] = sets[p]->n_actions;
    }
    for (int p = 0; p < tree->n_players; p++)
        THRONG_REQUIRE(sets[p], E_UNSUPPORTED,
                       "\"%.60s\" is no game where everybody chooses once: %.40s never chooses.", tree->name,
                       tree->player_names[p]);
    THRONG_TRY(throng_normal_form_create(context, tree->name, tree->n_players, n_actions, &self, err));
    for (int p = 0; p < tree->n_players; p++) {
        THRONG_TRY(throng_normal_form_set_player_name(self, p, tree->player_names[p], err));
        THRONG_TRY(throng_normal_form_set_action_names(self, p, (const char *const *)sets[p]->actions, err));
    }
    for (progress.done = 0; progress.done < tree->paid.n; progress.done++) {
        THRONG_TRY(add_payoff(tree, progress.done, sets, 0, actions, self, err));
        THRONG_TRY(throng_i_progress(context, &progress, err));
    }
    *out = self;
    self = NULL;
out:
    throng_normal_form_free(self);
    return status;
}

/* Plug-ins and built-in normal forms, of which none has that name. */
static throng_status fail_unknown(const throng_context *context, const char *name, throng_error *err) {
    const char *names[64];
    char hint[300];
    int n = 0;
    for (int i = 0; n < 48 && i < throng_context_plugin_count(context, THRONG_KIND_GAME); i++)
        names[n++] = throng_context_plugin(context, THRONG_KIND_GAME, i)->name;
    for (int i = 0; n < 63 && throng_game_builtin_name(i); i++)
        names[n++] = throng_game_builtin_name(i);
    names[n++] = "ordinal:1";
    throng_suggest(name, names, n, hint, sizeof hint);
    return THRONG_FAIL(err, E_UNKNOWN_NAME, "There is no game \"%.60s\".%s", name, hint);
}

/* A plug-in's own way of opening may give a tree, too. */
static throng_status open_as_tree(throng_context *context, const throng_game *plugin, const char *name,
                                  const double *param, throng_tree **out, throng_error *err) {
    throng_problem problem = {0};
    throng_status status = plugin->open(context, name, param, &problem, err);
    if (status != THRONG_OK)
        return status;
    if (problem.kind->form != THRONG_GAME_FORM_TREE) {
        throng_problem_clear(&problem);
        return THRONG_FAIL(err, E_UNSUPPORTED, "%s is not a game that is played move by move.", plugin->about.name);
    }
    *out = problem.game;
    return THRONG_OK;
}

throng_status throng_tree_open(throng_context *context, const char *name, throng_tree **out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_normal_form *game = NULL;
    throng_tree *self = NULL;
    throng_i_plugin_use use;
    size_t length = strlen(name), head = strcspn(name, ":");
    if (length > 4 && strcmp(name + length - 4, ".efg") == 0)
        return throng_tree_read(context, name, out, err);
    for (int i = 0; i < throng_context_plugin_count(context, THRONG_KIND_GAME); i++) {
        const throng_about *about = throng_context_plugin(context, THRONG_KIND_GAME, i);
        if (strlen(about->name) != head || strncmp(about->name, name, head) != 0)
            continue;
        const throng_game *plugin = (const throng_game *)(const void *)about;
        THRONG_TRY(throng_i_plugin_parse(context, THRONG_KIND_GAME, name, &use, err));
        if (plugin->open) {
            THRONG_TRY(open_as_tree(context, plugin, name, use.param, out, err));
            goto out;
        }
        THRONG_TRY(throng_tree_create(context, name, plugin->n_players, &self, err));
        THRONG_TRY(plugin->build(self, use.param, err));
        THRONG_TRY(throng_tree_finish(self, err));
        *out = self;
        self = NULL;
        goto out;
    }
    status = throng_normal_form_open(context, name, &game, err);
    if (status == THRONG_E_UNKNOWN_NAME && strncmp(name, "ordinal:", 8) != 0)
        status = fail_unknown(context, name, err);
    THRONG_TRY(status);
    THRONG_TRY(throng_tree_from_normal_form(context, game, out, err));
out:
    throng_normal_form_free(game);
    throng_tree_free(self);
    return status;
}
