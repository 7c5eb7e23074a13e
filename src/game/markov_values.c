/* Markov games: what strategies and best responses are worth, the gap, and games as they look after draws. */
#include "game/markov.h"

#include <math.h>
#include <string.h>

#define SETTLED     1e-14  /* of the largest value: what a sweep may still change */
#define SWEEPS_MOST 100000 /* without a discount, where play might never end */

double throng_markov_worth(const throng_markov *self, int64_t cell, int player, const double *values) {
    double next = 0.0;
    for (int64_t i = self->first_next[cell]; i < self->first_next[cell + 1]; i++)
        if (self->next[i] >= 0)
            next += self->probability[i] * values[self->next[i]];
    return self->rewards[cell * self->n_players + player] + self->discount * next;
}

/* How likely the actions of all but one player are in each cell; of all for -1. */
static void weigh(const throng_markov *self, int but, const double *strategy, double *weights) {
    for (int s = 0; s < self->n_states; s++)
        for (int64_t c = self->first_cell[s]; c < self->first_cell[s + 1]; c++) {
            weights[c] = 1.0;
            for (int p = 0; p < self->n_players; p++)
                if (p != but)
                    weights[c] *= strategy[throng_markov_first(self, s, p) +
                                           throng_i_markov_action(self, s, c - self->first_cell[s], p)];
        }
}

/* ---- sweeps ---------------------------------------------------------------------------------------------------- */

typedef struct sweep {
    const throng_markov *game;
    int player;
    const double *weights; /* [cells] */
    double *worth;         /* [a player's actions]; NULL: all play as they do */
    double *values;        /* [states] */
    double *best;          /* [numbers] NULL: not wanted */
} sweep;

/* What a state is worth by the values of the others. */
static double look_from(const sweep *self, int s) {
    const throng_markov *game = self->game;
    int n = self->worth ? throng_markov_actions(game, s, self->player) : 0, chosen = 0;
    double sum = 0.0;
    for (int a = 0; a < n; a++)
        self->worth[a] = 0.0;
    for (int64_t c = game->first_cell[s]; c < game->first_cell[s + 1]; c++) {
        if (self->weights[c] == 0.0)
            continue;
        double worth = self->weights[c] * throng_markov_worth(game, c, self->player, self->values);
        if (n > 0)
            self->worth[throng_i_markov_action(game, s, c - game->first_cell[s], self->player)] += worth;
        else
            sum += worth;
    }
    for (int a = 1; a < n; a++)
        if (self->worth[a] > self->worth[chosen])
            chosen = a;
    for (int a = 0; a < n && self->best; a++)
        self->best[throng_markov_first(game, s, self->player) + a] = a == chosen ? 1.0 : 0.0;
    return n > 0 ? self->worth[chosen] : sum;
}

/* Sweeps from the last state to the first, each with what the later ones have become, until nothing changes: games of a
 * number of steps need two. */
static throng_status settle(sweep *self, throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_markov *game = self->game;
    /* then the contraction has done what it can, and rounding does the rest */
    double most = game->discount < 1.0 ? 10.0 + 40.0 / (1.0 - game->discount) : SWEEPS_MOST;
    throng_progress progress = {"settling values", "sweeps", 0, -1};
    double changed = HUGE_VAL, largest = 0.0;
    memset(self->values, 0, (size_t)game->n_states * sizeof *self->values);
    for (; changed > SETTLED * largest && (double)progress.done < most; progress.done++) {
        changed = largest = 0.0;
        for (int s = game->n_states - 1; s >= 0; s--) {
            double value = look_from(self, s);
            changed = fmax(changed, fabs(value - self->values[s]));
            largest = fmax(largest, fabs(value));
            self->values[s] = value;
        }
        THRONG_TRY(throng_i_progress(game->context, &progress, err));
    }
    THRONG_REQUIRE(game->discount < 1.0 || changed <= SETTLED * largest, E_NOT_CONVERGED,
                   "\"%.60s\" has no values: play need not end, and the discount is 1. Take a discount below 1, or a "
                   "horizon.",
                   game->name);
out:
    return status;
}

throng_status throng_markov_evaluate(const throng_markov *self, int player, const double *strategy, double *values,
                                     throng_error *err) {
    throng_status status = THRONG_OK;
    double *weights = NULL;
    THRONG_TRY(throng_i_alloc(self->context, self->n_cells, sizeof *weights, &weights, err));
    weigh(self, -1, strategy, weights);
    sweep it = {.game = self, .player = player, .weights = weights, .values = values};
    THRONG_TRY(settle(&it, err));
out:
    throng_i_free(self->context, weights);
    return status;
}

throng_status throng_markov_best(const throng_markov *self, int player, const double *strategy, double *values,
                                 double *best, throng_error *err) {
    throng_status status = THRONG_OK;
    double *weights = NULL, *worth = NULL;
    int most = 1;
    for (int s = 0; s < self->n_states; s++)
        most = throng_markov_actions(self, s, player) > most ? throng_markov_actions(self, s, player) : most;
    THRONG_TRY(throng_i_alloc(self->context, self->n_cells, sizeof *weights, &weights, err));
    THRONG_TRY(throng_i_alloc(self->context, most, sizeof *worth, &worth, err));
    weigh(self, player, strategy, weights);
    sweep it = {.game = self, .player = player, .weights = weights, .worth = worth, .values = values, .best = NULL};
    THRONG_TRY(settle(&it, err));
    it.best = best;
    for (int s = 0; s < self->n_states && best; s++)
        look_from(&it, s);
out:
    throng_i_free(self->context, worth);
    throng_i_free(self->context, weights);
    return status;
}

throng_status throng_markov_gap(const throng_markov *self, const double *strategy, double *values, double *gap,
                                throng_error *err) {
    throng_status status = THRONG_OK;
    double *gains = NULL, *played = NULL, *best = NULL, means[THRONG_GAME_PLAYERS_MAX] = {0.0};
    THRONG_TRY(throng_i_alloc(self->context, 3 * (int64_t)self->n_states, sizeof *gains, &gains, err));
    played = gains + self->n_states;
    best = played + self->n_states;
    for (int p = 0; p < self->n_players; p++) {
        THRONG_TRY(throng_markov_evaluate(self, p, strategy, played, err));
        if (gap)
            THRONG_TRY(throng_markov_best(self, p, strategy, best, NULL, err));
        for (int s = 0; s < self->n_states; s++) {
            gains[s] += best[s] - played[s];
            means[p] += self->start[s] * played[s];
        }
    }
    if (gap)
        *gap = 0.0; /* a hair below is rounding */
    for (int s = 0; s < self->n_states && gap; s++)
        *gap = gains[s] <= *gap ? *gap : gains[s]; /* NaN stays */
    if (values)
        memcpy(values, means, (size_t)self->n_players * sizeof *values);
out:
    throng_i_free(self->context, gains);
    return status;
}

/* ---- a generative model ---------------------------------------------------------------------------------------- */

#define STREAM 0x6d61726b6f760000ULL

/* The place, among what may come after a cell, that a uniform number falls on. */
static int64_t place_of(const throng_markov *self, int64_t cell, double uniform) {
    int64_t first = self->first_next[cell];
    return first + throng_i_pick(self->probability + first, (int)(self->first_next[cell + 1] - first), uniform);
}

int throng_markov_draw(const throng_markov *self, int64_t cell, uint64_t seed, uint64_t draw) {
    double uniforms[4];
    throng_random_uniforms((throng_random){seed, STREAM}, (uint64_t)cell, draw / 4, 0, uniforms);
    return self->next[place_of(self, cell, uniforms[draw % 4])];
}

typedef struct drawing {
    const throng_markov *game;
    uint64_t seed;
    int64_t draws;
    double *counts; /* [first_next[n_cells]] */
} drawing;

static void draw_cells(void *user, throng_chunk chunk) {
    const drawing *self = user;
    for (int64_t c = chunk.begin; c < chunk.end; c++)
        for (int64_t k = 0; k < self->draws; k += 4) {
            double uniforms[4];
            throng_random_uniforms((throng_random){self->seed, STREAM}, (uint64_t)c, (uint64_t)k / 4, 0, uniforms);
            for (int64_t j = k; j < k + 4 && j < self->draws; j++)
                self->counts[place_of(self->game, c, uniforms[j - k])] += 1.0;
        }
}

static throng_status copy_names(const throng_markov *self, throng_markov *out, throng_error *err) {
    throng_status status = THRONG_OK;
    for (int s = 0; s < self->n_states; s++)
        THRONG_TRY(throng_markov_set_state_name(out, s, self->state_names[s], err));
    for (int64_t i = 0; i < throng_markov_numbers(self); i++)
        THRONG_TRY(throng_i_copy_text(self->context, self->action_names[i], &out->action_names[i], err));
out:
    return status;
}

throng_status throng_markov_sample(const throng_markov *self, int64_t draws, uint64_t seed, throng_markov **out,
                                   throng_error *err) {
    throng_status status = THRONG_OK;
    throng_markov *made = NULL;
    drawing it = {.game = self, .seed = seed, .draws = draws};
    throng_progress progress = {"drawing", "cells", 0, 0};
    THRONG_REQUIRE(draws >= 1, E_ARGUMENT, "draws must be at least 1, got %lld.", (long long)draws);
    THRONG_TRY(throng_i_alloc(self->context, self->first_next[self->n_cells], sizeof(double), &it.counts, err));
    THRONG_TRY(throng_chunks_for(self->context, self->n_cells, draw_cells, &it, &progress, err));
    THRONG_TRY(throng_markov_create(self->context, self->name, self->n_players, self->n_states, self->n_actions,
                                    self->discount, &made, err));
    THRONG_TRY(copy_names(self, made, err));
    for (int64_t c = 0; c < self->n_cells; c++) {
        throng_markov_cell cell = throng_markov_cell_at(self, c);
        double *counts = it.counts + self->first_next[c];
        for (int i = 0; i < cell.n; i++)
            counts[i] /= (double)draws;
        THRONG_TRY(throng_markov_add_cell(made, cell.n, cell.next, counts, cell.rewards, err));
    }
    memcpy(made->start, self->start, (size_t)self->n_states * sizeof *self->start);
    THRONG_TRY(throng_markov_finish(made, err));
    *out = made;
    made = NULL;
out:
    throng_markov_free(made);
    throng_i_free(self->context, it.counts);
    return status;
}
