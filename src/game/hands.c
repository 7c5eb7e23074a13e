/* Matches at trees: deals that all policies play on all seats. */
#include "throng/hands.h"
#include "core/tails.h"
#include "game/tree.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define STREAM_CHANCE 411
#define STREAM_MOVE   412
#define LEARN_EVERY   20 /* deals */

typedef struct match {
    const throng_tree *tree;
    const throng_hands_def *def;
    int n, turns;     /* players; how often each deal is played */
    int *child, *at;  /* child[at[node] + action] */
    double *scores;   /* [deals][players] */
    int64_t *seen;    /* [players][sequences] how often a policy did what; NULL: nobody learns */
    double *estimate; /* [sequences] and the same of plan, worth, best */
    throng_progress progress;
} match;

bool throng_hands_is_game(const throng_context *context, const char *name) {
    const throng_about *about = NULL;
    char plain[80];
    size_t length = strlen(name);
    if (length > 4 && strcmp(name + length - 4, ".efg") == 0)
        return true;
    snprintf(plain, sizeof plain, "%.*s", (int)strcspn(name, ":"), name);
    return throng_context_find(context, THRONG_KIND_GAME, plain, &about, NULL) == THRONG_OK;
}

/* ---- one deal -------------------------------------------------------------------------------------------------- */

static int n_actions(const throng_tree *tree, const throng_i_node *node) {
    return node->player == THRONG_TREE_CHANCE ? tree->chances[node->set].n_actions : tree->sets[node->set].n_actions;
}

/* Plays a deal with policy k on seat (k + turn) % n. */
static void play(const match *self, int64_t deal, int turn, double *scores) {
    const throng_tree *tree = self->tree;
    int node = 0, n = self->n;
    uint64_t dealt = 0, moved = 0;
    for (;;) {
        const throng_i_node *now = &tree->nodes[node];
        bool chance = now->player == THRONG_TREE_CHANCE;
        double u[4];
        for (int k = 0; k < n; k++)
            scores[k] += tree->payoffs[(int64_t)node * n + (k + turn) % n] / self->turns;
        if (now->player == THRONG_I_END)
            return;
        /* moves are drawn anew on each turn; the k-th time that chance decides it has the same luck */
        throng_random_uniforms((throng_random){self->def->seed, chance ? STREAM_CHANCE : STREAM_MOVE}, (uint64_t)deal,
                               chance ? dealt++ : moved++, chance ? 0 : (uint64_t)turn, u);
        int policy = (now->player - turn % n + n) % n, action;
        if (chance) {
            action = throng_i_pick(tree->chances[now->set].probabilities, n_actions(tree, now), u[0]);
        } else {
            const throng_i_set *set = &tree->sets[now->set];
            action = throng_i_pick(self->def->policies[policy].strategy + set->first, set->n_actions, u[0]);
            if (self->seen)
                self->seen[(int64_t)policy * tree->n_sequences + set->first + action]++;
        }
        node = self->child[self->at[node] + action];
    }
}

static void play_chunk(void *user, throng_chunk chunk) {
    const match *self = user;
    for (int64_t deal = chunk.begin; deal < chunk.end; deal++)
        for (int turn = 0; turn < self->turns; turn++)
            play(self, deal, turn, self->scores + deal * self->n);
}

/* ---- learning -------------------------------------------------------------------------------------------------- */

/* What the others seem to play on their seats; what was never seen is all alike. */
static void estimate(const match *self, int learner, int seat) {
    const throng_tree *tree = self->tree;
    int turn = (seat - learner + self->n) % self->n;
    throng_tree_uniform(tree, self->estimate);
    for (int i = 0; i < tree->n_sets; i++) {
        const throng_i_set *set = &tree->sets[i];
        int policy = (set->player - turn + self->n) % self->n;
        const int64_t *seen = self->seen + (int64_t)policy * tree->n_sequences + set->first;
        double sum = 0.0;
        if (set->player == seat)
            continue;
        for (int a = 0; a < set->n_actions; a++)
            sum += (double)seen[a] + 1.0;
        for (int a = 0; a < set->n_actions; a++)
            self->estimate[set->first + a] = ((double)seen[a] + 1.0) / sum;
    }
}

static void learn(const match *self, int learner) {
    const throng_tree *tree = self->tree;
    int64_t n = tree->n_sequences;
    double *plan = self->estimate + n, *worth = plan + n, *best = worth + n;
    for (int seat = 0; seat < self->n; seat++) {
        estimate(self, learner, seat);
        throng_tree_plan(tree, self->estimate, plan);
        throng_tree_best(tree, seat, plan, worth, best);
        for (int i = 0; i < tree->n_sets; i++) {
            const throng_i_set *set = &tree->sets[i];
            if (set->player == seat)
                memcpy(self->def->policies[learner].strategy + set->first, best + set->first,
                       (size_t)set->n_actions * sizeof *best);
        }
    }
}

static throng_status play_and_learn(match *self, throng_context *context, throng_error *err) {
    throng_status status = THRONG_OK;
    for (int64_t from = 0; from < self->def->deals; from += LEARN_EVERY) {
        int64_t to = from + LEARN_EVERY < self->def->deals ? from + LEARN_EVERY : self->def->deals;
        for (int k = 0; from > 0 && k < self->n; k++)
            if (self->def->policies[k].learns)
                learn(self, k);
        play_chunk(self, (throng_chunk){.begin = from, .end = to});
        self->progress.done = to;
        THRONG_TRY(throng_i_progress(context, &self->progress, err));
    }
out:
    return status;
}

/* ---- the match ------------------------------------------------------------------------------------------------- */

static throng_status list_children(match *self, throng_context *context, throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_tree *tree = self->tree;
    THRONG_TRY(throng_i_alloc(context, tree->n_nodes, sizeof *self->at, &self->at, err));
    THRONG_TRY(throng_i_alloc(context, tree->n_nodes, sizeof *self->child, &self->child, err));
    for (int i = 0, next = 0; i < tree->n_nodes; i++) {
        const throng_i_node *node = &tree->nodes[i];
        self->at[i] = next;
        next += node->player == THRONG_I_END ? 0 : n_actions(tree, node);
        if (node->parent >= 0)
            self->child[self->at[node->parent] + node->action] = i;
    }
out:
    return status;
}

throng_status throng_hands_play(throng_context *context, const throng_tree *tree, const throng_hands_def *def,
                                double *scores, throng_error *err) {
    throng_status status = THRONG_OK;
    match self = {.tree = tree, .def = def, .n = tree->n_players, .scores = scores};
    bool learns = false;
    THRONG_REQUIRE(def->deals >= 1 && def->policies, E_ARGUMENT, "A match has policies, and deals to play.");
    self.turns = def->fixed_seats ? 1 : self.n;
    self.progress = (throng_progress){"playing", "deals", 0, def->deals};
    for (int k = 0; k < self.n; k++)
        learns = learns || def->policies[k].learns;
    THRONG_TRY(list_children(&self, context, err));
    memset(scores, 0, (size_t)(def->deals * self.n) * sizeof *scores);
    if (!learns) {
        THRONG_TRY(throng_chunks_for(context, def->deals, play_chunk, &self, &self.progress, err));
        goto out;
    }
    THRONG_REQUIRE(tree->forgotten < 0, E_UNSUPPORTED,
                   "\"%.60s\" has imperfect recall: nobody can learn best replies there.", tree->name);
    THRONG_TRY(throng_i_alloc(context, (int64_t)self.n * tree->n_sequences, sizeof *self.seen, &self.seen, err));
    THRONG_TRY(throng_i_alloc(context, 4 * (int64_t)tree->n_sequences, sizeof *self.estimate, &self.estimate, err));
    THRONG_TRY(play_and_learn(&self, context, err));
out:
    throng_i_free(context, self.at);
    throng_i_free(context, self.child);
    throng_i_free(context, self.seen);
    throng_i_free(context, self.estimate);
    return status;
}

double throng_hands_score(const double *scores, int64_t deals, int players, int policy, double *half) {
    double sum = 0.0, squares = 0.0;
    for (int64_t i = 0; i < deals; i++)
        sum += scores[i * players + policy];
    double mean = sum / (double)deals;
    for (int64_t i = 0; i < deals; i++)
        squares += (scores[i * players + policy] - mean) * (scores[i * players + policy] - mean);
    if (half)
        *half = deals > 1 ? throng_i_student_quantile(0.975, (double)deals - 1.0) *
                                sqrt(squares / (double)(deals - 1) / (double)deals)
                          : (double)NAN;
    return mean;
}

throng_status throng_hands_expected(throng_context *context, const throng_tree *tree, const throng_hands_def *def,
                                    double *values, throng_error *err) {
    throng_status status = THRONG_OK;
    double *mixed = NULL, got[2 * THRONG_GAME_PLAYERS_MAX], sums[THRONG_GAME_PLAYERS_MAX] = {0.0};
    int n = tree->n_players, turns = def->fixed_seats ? 1 : n;
    THRONG_TRY(throng_i_alloc(context, tree->n_sequences, sizeof *mixed, &mixed, err));
    throng_tree_uniform(tree, mixed);
    for (int turn = 0; turn < turns; turn++) {
        for (int i = 0; i < tree->n_sets; i++) {
            const throng_i_set *set = &tree->sets[i];
            const double *strategy = def->policies[(set->player - turn + n) % n].strategy;
            memcpy(mixed + set->first, strategy + set->first, (size_t)set->n_actions * sizeof *mixed);
        }
        THRONG_TRY(throng_tree_gap(tree, mixed, got, NULL, err));
        for (int k = 0; k < n; k++)
            sums[k] += got[(k + turn) % n] / turns;
    }
    memcpy(values, sums, (size_t)n * sizeof *values);
out:
    throng_i_free(context, mixed);
    return status;
}
