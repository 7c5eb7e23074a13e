/* The game of those looked at, as a table of next states: samples that stay the same, or probabilities. */
#include "game/aggregative.h"

#include <math.h>
#include <string.h>

#define SAMPLES_MAX ((int64_t)1 << 28)
#define PAIRS_MAX   ((int64_t)1 << 26)
#define STREAM      0x6d6f64656c6f6630ULL

struct throng_aggregative_model {
    const throng_aggregative *game;
    int64_t samples, n_rows;
    uint64_t seed;
    int32_t *next;   /* [rows][actions][samples] */
    double *chances; /* [globals][histograms][histograms] */
    double *reward;  /* [rows][actions] */
    double *best;    /* [rows] of worth */
    double *ahead;   /* [globals] room */
};

/* ---- samples --------------------------------------------------------------------------------------------------- */

static void sample_row(throng_aggregative_model *self, int64_t row) {
    const throng_aggregative *game = self->game;
    int counts[THRONG_AGGREGATIVE_LOCALS_MAX], global = (int)(row / game->n_histograms);
    int64_t crowd[THRONG_AGGREGATIVE_LOCALS_MAX];
    throng_aggregative_histogram(game, row % game->n_histograms, counts);
    for (int64_t j = 0; j < self->samples; j++) {
        int after[THRONG_AGGREGATIVE_LOCALS_MAX];
        for (int s = 0; s < game->n_locals; s++)
            crowd[s] = counts[s];
        throng_aggregative_move(game, global, (throng_random){self->seed, STREAM}, (uint64_t)row, (uint64_t)j, crowd);
        for (int s = 0; s < game->n_locals; s++)
            after[s] = (int)crowd[s];
        int64_t rank = throng_aggregative_rank(game, after);
        throng_i_draws draws = throng_i_draws_of((throng_random){self->seed, STREAM + 1}, (uint64_t)row, (uint64_t)j);
        for (int a = 0; a < game->n_actions; a++) {
            int to = throng_i_draw_place(&draws, throng_i_global_chances(game, global, a), game->n_globals);
            self->next[(row * game->n_actions + a) * self->samples + j] = (int32_t)(to * game->n_histograms + rank);
        }
    }
}

static void sample_rows(void *user, throng_chunk chunk) {
    for (int64_t row = chunk.begin; row < chunk.end; row++)
        sample_row(user, row);
}

/* ---- probabilities --------------------------------------------------------------------------------------------- */

/* Histograms of one agent more: [from][locals] where one of each kind leads. */
static void list_ups(const throng_aggregative *game, int total, int64_t n, int64_t *ups) {
    int counts[THRONG_AGGREGATIVE_LOCALS_MAX];
    for (int64_t i = 0; i < n; i++) {
        throng_i_histogram(game, total, i, counts);
        for (int s = 0; s < game->n_locals; s++) {
            counts[s]++;
            ups[i * game->n_locals + s] = throng_aggregative_rank(game, counts);
            counts[s]--;
        }
    }
}

/* Where `total` agents go, from where one fewer goes and where the one more does.
 * before [n_before][n_before], after [n_after][n_after] */
static void add_agent(const throng_aggregative *game, int global, int total, const int64_t *ups, const double *before,
                      int64_t n_before, double *after, int64_t n_after) {
    int counts[THRONG_AGGREGATIVE_LOCALS_MAX], locals = game->n_locals;
    memset(after, 0, (size_t)(n_after * n_after) * sizeof *after);
    for (int64_t i = 0; i < n_after; i++) {
        int one = 0;
        throng_i_histogram(game, total, i, counts);
        while (counts[one] == 0)
            one++;
        counts[one]--;
        const double *others = before + throng_aggregative_rank(game, counts) * n_before;
        const double *goes = throng_i_local_chances(game, global, one);
        for (int64_t j = 0; j < n_before; j++)
            for (int s = 0; s < locals; s++)
                after[i * n_after + ups[j * locals + s]] += others[j] * goes[s];
    }
}

static throng_status fill_chances(throng_aggregative_model *self, throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_aggregative *game = self->game;
    int64_t n = game->n_histograms, width = game->looked + 1, *ups = NULL;
    double *two[2] = {NULL, NULL};
    const double *count = game->choose + (game->n_locals - 1) * width; /* histograms of so many */
    THRONG_TRY(throng_i_alloc(game->context, n * game->n_locals, sizeof *ups, &ups, err));
    THRONG_TRY(throng_i_alloc(game->context, n * n, sizeof(double), &two[0], err));
    THRONG_TRY(throng_i_alloc(game->context, n * n, sizeof(double), &two[1], err));
    for (int g = 0; g < game->n_globals; g++) {
        two[0][0] = 1.0;
        for (int total = 1; total <= game->looked; total++) {
            list_ups(game, total - 1, (int64_t)count[total - 1], ups);
            add_agent(game, g, total, ups, two[(total - 1) % 2], (int64_t)count[total - 1], two[total % 2],
                      (int64_t)count[total]);
        }
        memcpy(self->chances + g * n * n, two[game->looked % 2], (size_t)(n * n) * sizeof(double));
    }
out:
    throng_i_free(game->context, ups);
    throng_i_free(game->context, two[0]);
    throng_i_free(game->context, two[1]);
    return status;
}

/* ---- life ------------------------------------------------------------------------------------------------------ */

static void fill_rewards(throng_aggregative_model *self) {
    const throng_aggregative *game = self->game;
    int counts[THRONG_AGGREGATIVE_LOCALS_MAX];
    int64_t crowd[THRONG_AGGREGATIVE_LOCALS_MAX];
    for (int64_t row = 0; row < self->n_rows; row++) {
        throng_aggregative_histogram(game, row % game->n_histograms, counts);
        for (int s = 0; s < game->n_locals; s++)
            crowd[s] = counts[s];
        for (int a = 0; a < game->n_actions; a++)
            self->reward[row * game->n_actions + a] =
                throng_aggregative_reward(game, (int)(row / game->n_histograms), a, crowd);
    }
}

throng_status throng_aggregative_model_create(const throng_aggregative *game, int64_t samples, uint64_t seed,
                                              throng_aggregative_model **out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_aggregative_model *self = NULL;
    throng_context *context = game->context;
    int64_t n = game->n_histograms, rows = game->n_globals * n, numbers = rows * game->n_actions;
    THRONG_REQUIRE(samples >= 0 && samples <= SAMPLES_MAX / numbers, E_ARGUMENT,
                   "\"%.40s\": %lld samples for each of %lld numbers are more than %lld: take fewer, or look at fewer "
                   "agents.",
                   game->name, (long long)samples, (long long)numbers, (long long)SAMPLES_MAX);
    THRONG_REQUIRE(
        samples > 0 || n <= PAIRS_MAX / rows, E_ARGUMENT,
        "\"%.40s\": probabilities of %lld rows for each of %lld are more than %lld: take samples, or look at "
        "fewer agents.",
        game->name, (long long)n, (long long)rows, (long long)PAIRS_MAX);
    THRONG_TRY(throng_i_alloc(context, 1, sizeof *self, &self, err));
    self->game = game;
    self->samples = samples;
    self->n_rows = rows;
    self->seed = seed;
    THRONG_TRY(throng_i_alloc(context, numbers, sizeof *self->reward, &self->reward, err));
    THRONG_TRY(throng_i_alloc(context, rows, sizeof *self->best, &self->best, err));
    THRONG_TRY(throng_i_alloc(context, game->n_globals, sizeof *self->ahead, &self->ahead, err));
    fill_rewards(self);
    if (samples > 0) {
        THRONG_TRY(throng_i_alloc(context, numbers * samples, sizeof *self->next, &self->next, err));
        THRONG_TRY(throng_chunks_for(context, rows, sample_rows, self, NULL, err));
    } else {
        THRONG_TRY(throng_i_alloc(context, rows * n, sizeof *self->chances, &self->chances, err));
        THRONG_TRY(fill_chances(self, err));
    }
    *out = self;
    self = NULL;
out:
    throng_aggregative_model_free(self);
    return status;
}

void throng_aggregative_model_free(throng_aggregative_model *self) {
    if (!self)
        return;
    throng_context *context = self->game->context;
    throng_i_free(context, self->next);
    throng_i_free(context, self->chances);
    throng_i_free(context, self->reward);
    throng_i_free(context, self->best);
    throng_i_free(context, self->ahead);
    throng_i_free(context, self);
}

/* ---- value iteration ------------------------------------------------------------------------------------------- */

/* Mean of what is best over the samples of a row's action. */
static double sampled_ahead(const throng_aggregative_model *self, int64_t number) {
    const int32_t *next = self->next + number * self->samples;
    double sum = 0.0;
    for (int64_t j = 0; j < self->samples; j++)
        sum += self->best[next[j]];
    return sum / (double)self->samples;
}

/* The same by probabilities, for all global states that may come next: where the crowd goes does not depend on the
 * action. */
static void expect_ahead(const throng_aggregative_model *self, int64_t row) {
    int64_t n = self->game->n_histograms;
    const double *chances = self->chances + row * n;
    for (int to = 0; to < self->game->n_globals; to++) {
        const double *best = self->best + to * n;
        double sum = 0.0;
        for (int64_t j = 0; j < n; j++)
            sum += chances[j] * best[j];
        self->ahead[to] = sum;
    }
}

double throng_aggregative_model_backup(throng_aggregative_model *self, const double *worth, double *out) {
    const throng_aggregative *game = self->game;
    int actions = game->n_actions;
    double change = 0.0;
    for (int64_t row = 0; row < self->n_rows; row++) {
        self->best[row] = worth[row * actions];
        for (int a = 1; a < actions; a++)
            self->best[row] = fmax(self->best[row], worth[row * actions + a]);
    }
    for (int64_t row = 0; row < self->n_rows; row++) {
        if (self->chances)
            expect_ahead(self, row);
        for (int a = 0; a < actions; a++) {
            int64_t number = row * actions + a;
            double ahead = 0.0;
            if (self->chances) {
                const double *to = throng_i_global_chances(game, (int)(row / game->n_histograms), a);
                for (int g = 0; g < game->n_globals; g++)
                    ahead += to[g] * self->ahead[g];
            } else
                ahead = sampled_ahead(self, number);
            out[number] = self->reward[number] + game->discount * ahead;
            change = fmax(change, fabs(out[number] - worth[number]));
        }
    }
    return change;
}
