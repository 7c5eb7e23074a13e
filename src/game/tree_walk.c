/* Going through the nodes of a tree, where its sequences do not say enough. */
#include "game/tree.h"

#include <math.h>

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
