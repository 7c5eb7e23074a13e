/* Going through the nodes of a tree, where its sequences do not say enough. */
#include "game/tree.h"

#include <math.h>
#include <string.h>

throng_status throng_tree_most(const throng_tree *self, double *most, throng_error *err) {
    throng_status status = THRONG_OK;
    double *below = NULL, total = 0.0; /* below: the best from a node's children on */
    THRONG_TRY(throng_i_alloc(self->context, self->n_nodes, sizeof *below, &below, err));
    for (int64_t i = 0; i < self->n_nodes; i++)
        below[i] = self->nodes[i].player >= 0 ? -INFINITY : 0.0;
    for (int64_t i = self->n_nodes - 1; i >= 0; i--) { /* children come behind their parents */
        const throng_i_node *node = &self->nodes[i];
        total = below[i];
        for (int p = 0; p < self->n_players; p++)
            total += self->payoffs[i * self->n_players + p];
        if (node->parent < 0)
            continue;
        const throng_i_node *parent = &self->nodes[node->parent];
        if (parent->player == THRONG_TREE_CHANCE)
            below[node->parent] += self->chances[parent->set].probabilities[node->action] * total;
        else
            below[node->parent] = fmax(below[node->parent], total);
    }
    *most = total;
out:
    throng_i_free(self->context, below);
    return status;
}

/* Where somebody does not know all that was done: a set that has two nodes, -1 if there is none. */
static throng_status find_unsure(const throng_tree *self, int *unsure, throng_error *err) {
    bool *met = NULL;
    *unsure = -1;
    throng_status status = throng_i_alloc(self->context, self->n_sets + 1, sizeof *met, &met, err);
    if (status != THRONG_OK)
        return status;
    for (int64_t i = 0; i < self->n_nodes && *unsure < 0; i++) {
        const throng_i_node *node = &self->nodes[i];
        if (node->player < 0)
            continue;
        *unsure = met[node->set] ? node->set : -1;
        met[node->set] = true;
    }
    throng_i_free(self->context, met);
    return THRONG_OK;
}

/* What a child is worth to its parent: chance adds up; a player takes the best, the first of several. */
static void hand_up(const throng_tree *self, const throng_i_node *child, const double *worth, double *above,
                    int *chosen) {
    const throng_i_node *parent = &self->nodes[child->parent];
    if (parent->player == THRONG_TREE_CHANCE) {
        double probability = self->chances[parent->set].probabilities[child->action];
        for (int p = 0; p < self->n_players; p++)
            above[p] += probability * worth[p];
    } else if (chosen[parent->set] < 0 || worth[parent->player] >= above[parent->player]) {
        chosen[parent->set] = child->action; /* the last child comes first */
        memcpy(above, worth, (size_t)self->n_players * sizeof *above);
    }
}

throng_status throng_tree_backward(const throng_tree *self, double *strategy, throng_error *err) {
    throng_status status = THRONG_OK;
    int n = self->n_players, unsure = -1, *chosen = NULL;
    double *below = NULL; /* what everybody gets from a node's children on */
    THRONG_TRY(find_unsure(self, &unsure, err));
    THRONG_REQUIRE(unsure < 0, E_UNSUPPORTED,
                   "At \"%s\" %s does not know all that was done before: backward induction needs information sets of "
                   "one node each.",
                   self->sets[unsure].name, self->player_names[self->sets[unsure].player]);
    THRONG_TRY(throng_i_alloc(self->context, (int64_t)self->n_nodes * n, sizeof *below, &below, err));
    THRONG_TRY(throng_i_alloc(self->context, self->n_sets + 1, sizeof *chosen, &chosen, err));
    for (int s = 0; s < self->n_sets; s++)
        chosen[s] = -1;
    for (int64_t i = self->n_nodes - 1; i >= 0; i--) { /* children come behind their parents */
        for (int p = 0; p < n; p++)
            below[i * n + p] += self->payoffs[i * n + p];
        if (self->nodes[i].parent >= 0)
            hand_up(self, &self->nodes[i], below + i * n, below + (int64_t)self->nodes[i].parent * n, chosen);
    }
    memset(strategy, 0, (size_t)self->n_sequences * sizeof *strategy);
    strategy[0] = 1.0;
    for (int s = 0; s < self->n_sets; s++)
        strategy[self->sets[s].first + chosen[s]] = 1.0;
out:
    throng_i_free(self->context, chosen);
    throng_i_free(self->context, below);
    return status;
}

static throng_status copy_node(const throng_tree *from, const throng_i_node *node, const double *payoffs,
                               throng_tree *to, throng_error *err) {
    if (node->player == THRONG_I_END)
        return throng_tree_add_end(to, payoffs, err);
    const throng_i_set *set = node->player == THRONG_TREE_CHANCE ? &from->chances[node->set] : &from->sets[node->set];
    const char *const *actions = (const char *const *)set->actions;
    return set->probabilities ? throng_tree_add_chance(to, set->n_actions, set->probabilities, actions, err)
                              : throng_tree_add_decision(to, set->player, set->name, set->n_actions, actions, err);
}

throng_status throng_tree_revalue(const throng_tree *self, double (*utility)(void *user, int player, double total),
                                  void *user, throng_tree **out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_tree *made = NULL;
    double *totals = NULL, payoffs[THRONG_GAME_PLAYERS_MAX];
    int n = self->n_players;
    THRONG_TRY(throng_i_alloc(self->context, (int64_t)self->n_nodes * n, sizeof *totals, &totals, err));
    THRONG_TRY(throng_tree_create(self->context, self->name, n, &made, err));
    for (int64_t i = 0; i < self->n_nodes; i++) { /* children come behind their parents */
        const throng_i_node *node = &self->nodes[i];
        for (int p = 0; p < n; p++) {
            double before = node->parent < 0 ? 0.0 : totals[(int64_t)node->parent * n + p];
            totals[i * n + p] = before + self->payoffs[i * n + p];
            payoffs[p] = node->player == THRONG_I_END ? utility(user, p, totals[i * n + p]) : 0.0;
        }
        THRONG_TRY(copy_node(self, node, payoffs, made, err));
    }
    THRONG_TRY(throng_tree_finish(made, err));
    *out = made;
    made = NULL;
out:
    throng_tree_free(made);
    throng_i_free(self->context, totals);
    return status;
}
