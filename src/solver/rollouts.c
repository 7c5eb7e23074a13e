/* What actions at an information set are worth, by playing on from it again and again: what a search at the table does,
 * which needs no sum over the tree. */
#include "game/tree.h"
#include "throng/solver.h"

#include <string.h>

#define STREAM 0x726f6c6cu /* "roll" */

struct throng_rollouts {
    throng_context *context;
    const throng_tree *tree;
    int *first, *child; /* [nodes + 1] where a node's children begin among [nodes - 1] */
    int *node;          /* [chosen.n] the node of each decision */
    int *begin, *place; /* [sets + 1] where a set's decisions begin among [chosen.n] */
    double *belief;     /* [chosen.n] room, in the order of `place` */
    double *plan;       /* [sequences] room */
};

/* Uniform numbers of one rollout, four at a time. */
typedef struct draws {
    throng_random random;
    uint64_t number, step;
    int used;
    double four[4];
} draws;

static double draw(draws *self) {
    if (self->used % 4 == 0)
        throng_random_uniforms(self->random, self->number, self->step, (uint64_t)self->used / 4, self->four);
    return self->four[self->used++ % 4];
}

static void index_tree(throng_rollouts *self) {
    const throng_tree *tree = self->tree;
    int decisions = 0;
    for (int i = 1; i < tree->n_nodes; i++)
        self->first[tree->nodes[i].parent + 1]++;
    for (int i = 0; i < tree->n_nodes; i++)
        self->first[i + 1] += self->first[i];
    for (int i = 1; i < tree->n_nodes; i++)
        self->child[self->first[tree->nodes[i].parent] + tree->nodes[i].action] = i;
    for (int i = 0; i < tree->n_nodes; i++)
        if (tree->nodes[i].player >= 0) {
            self->node[decisions++] = i;
            self->begin[tree->nodes[i].set + 1]++;
        }
    for (int s = 0; s < tree->n_sets; s++)
        self->begin[s + 1] += self->begin[s];
    for (int k = decisions - 1; k >= 0; k--) /* from behind, so that `begin` ends where it should */
        self->place[--self->begin[tree->chosen_set[k] + 1]] = k;
    for (int s = 0; s < tree->n_sets; s++)
        self->begin[s] = self->begin[s + 1];
    self->begin[tree->n_sets] = decisions;
}

throng_status throng_rollouts_create(throng_context *context, const throng_tree *tree, throng_rollouts **out,
                                     throng_error *err) {
    throng_status status = THRONG_OK;
    throng_rollouts *self = NULL;
    THRONG_TRY(throng_i_alloc(context, 1, sizeof *self, &self, err));
    self->context = context;
    self->tree = tree;
    THRONG_TRY(throng_i_alloc(context, tree->n_nodes + 1, sizeof *self->first, &self->first, err));
    THRONG_TRY(throng_i_alloc(context, tree->n_nodes, sizeof *self->child, &self->child, err));
    THRONG_TRY(throng_i_alloc(context, tree->chosen.n, sizeof *self->node, &self->node, err));
    THRONG_TRY(throng_i_alloc(context, tree->n_sets + 1, sizeof *self->begin, &self->begin, err));
    THRONG_TRY(throng_i_alloc(context, tree->chosen.n, sizeof *self->place, &self->place, err));
    THRONG_TRY(throng_i_alloc(context, tree->chosen.n, sizeof *self->belief, &self->belief, err));
    THRONG_TRY(throng_i_alloc(context, tree->n_sequences, sizeof *self->plan, &self->plan, err));
    index_tree(self);
    *out = self;
    self = NULL;
out:
    throng_rollouts_free(self);
    return status;
}

void throng_rollouts_free(throng_rollouts *self) {
    if (!self)
        return;
    throng_i_free(self->context, self->first);
    throng_i_free(self->context, self->child);
    throng_i_free(self->context, self->node);
    throng_i_free(self->context, self->begin);
    throng_i_free(self->context, self->place);
    throng_i_free(self->context, self->belief);
    throng_i_free(self->context, self->plan);
    throng_i_free(self->context, self);
}

/* How likely each node of a set is, given that it is reached; cumulative. @return their sum */
static double believe(throng_rollouts *self, int set) {
    const throng_tree *tree = self->tree;
    int player = tree->sets[set].player;
    double sum = 0.0;
    for (int i = self->begin[set]; i < self->begin[set + 1]; i++) {
        int64_t at = self->place[i];
        double likely = tree->chosen_chance[at];
        for (int p = 0; p < tree->n_players; p++)
            likely *= p == player ? 1.0 : self->plan[tree->chosen.sequence[at * tree->n_players + p]];
        self->belief[i] = sum += likely;
    }
    return sum;
}

/* From a node to the end; what a player is paid on the way. */
static double play_on(const throng_rollouts *self, int node, int player, const double *strategy, draws *random) {
    const throng_tree *tree = self->tree;
    double paid = tree->payoffs[(int64_t)node * tree->n_players + player];
    while (tree->nodes[node].player != THRONG_I_END) {
        const throng_i_node *now = &tree->nodes[node];
        const throng_i_set *set = now->player >= 0 ? &tree->sets[now->set] : &tree->chances[now->set];
        const double *play = now->player >= 0 ? strategy + set->first : set->probabilities;
        node = self->child[self->first[node] + throng_i_pick(play, set->n_actions, draw(random))];
        paid += tree->payoffs[(int64_t)node * tree->n_players + player];
    }
    return paid;
}

bool throng_rollouts_worth(throng_rollouts *self, int set, const double *strategy, int64_t samples, uint64_t seed,
                           uint64_t step, double *worth) {
    const throng_tree *tree = self->tree;
    const throng_i_set *it = &tree->sets[set];
    throng_tree_plan(tree, strategy, self->plan);
    double sum = believe(self, set);
    memset(worth, 0, (size_t)it->n_actions * sizeof *worth);
    if (!(sum > 0.0))
        return false;
    for (int64_t s = 0; s < samples; s++) {
        draws random = {.random = {seed, STREAM + (uint64_t)set * 0x100000000u}, .number = (uint64_t)s, .step = step};
        double u = draw(&random) * sum;
        int low = self->begin[set], high = self->begin[set + 1] - 1;
        while (low < high) { /* the first node whose cumulative belief is above u */
            int middle = low + (high - low) / 2;
            low = self->belief[middle] > u ? low : middle + 1;
            high = self->belief[middle] > u ? middle : high;
        }
        int node = self->node[self->place[low]];
        for (int a = 0; a < it->n_actions; a++)
            worth[a] +=
                play_on(self, self->child[self->first[node] + a], it->player, strategy, &random) / (double)samples;
    }
    return true;
}
