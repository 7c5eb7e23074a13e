/* The insides of a game of one who decides for a crowd, shared by the files that build it, play it and model it. */
#ifndef THRONG_SRC_GAME_AGGREGATIVE_H
#define THRONG_SRC_GAME_AGGREGATIVE_H

#include "core/core.h"
#include "throng/aggregative.h"

#define THRONG_I_ROW_NAME 160

struct throng_aggregative {
    throng_context *context;
    char *name;
    int n_globals, n_locals, n_actions;
    int64_t agents, rollouts;
    double discount;
    char **global_names, **action_names;
    double *global_chances, *local_chances, *global_reward, *local_reward;
    double *start; /* NULL: a random point of the simplex */
    int looked;
    double *choose; /* [n_locals][looked + 1] of C(s + b, b) */
    int64_t n_histograms;
    char *row_name; /* [THRONG_I_ROW_NAME] of the row asked for last */
};

/* Uniform numbers one by one. */
typedef struct throng_i_draws {
    throng_random random;
    uint64_t key, step, block;
    double four[4];
    int left;
} throng_i_draws;

static inline throng_i_draws throng_i_draws_of(throng_random random, uint64_t key, uint64_t step) {
    return (throng_i_draws){.random = random, .key = key, .step = step};
}

static inline double throng_i_draw(throng_i_draws *self) {
    if (self->left == 0) {
        throng_random_uniforms(self->random, self->key, self->step, self->block++, self->four);
        self->left = 4;
    }
    return self->four[--self->left];
}

/* throng_aggregative_histogram, of any number of agents up to those looked at; the rank works for it as it is. */
void throng_i_histogram(const throng_aggregative *self, int total, int64_t rank, int *counts);

/* How many of n succeed, each with probability p. */
int64_t throng_i_draw_binomial(throng_i_draws *draws, int64_t n, double p);

/* The place where a draw falls among probabilities. */
int throng_i_draw_place(throng_i_draws *draws, const double *chances, int n);

static inline const double *throng_i_local_chances(const throng_aggregative *self, int global, int local) {
    return self->local_chances + ((int64_t)global * self->n_locals + local) * self->n_locals;
}

static inline const double *throng_i_global_chances(const throng_aggregative *self, int global, int action) {
    return self->global_chances + ((int64_t)global * self->n_actions + action) * self->n_globals;
}

#endif
