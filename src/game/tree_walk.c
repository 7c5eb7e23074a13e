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
