/*
 * The Shapley value by its definition: all 2^N coalitions.
 *
 * Coalitions go in chunks of 4096. Within a chunk twelve agents come and go in the order of a Gray code, one at a time;
 * every chunk adds up its other agents afresh, so that rounding cannot build up.
 */
#include "attribution/coalition.h"
#include "core/ranks.h"

#include <float.h>
#include <math.h>

enum {
    SECONDS
};

static const throng_param params[] = {[SECONDS] = THRONG_I_PARAM_SECONDS, {0}};

#define AGENTS_MAX 24
#define LOW_BITS   12 /* 2^12 = THRONG_CHUNK_ROWS */

/* What a chunk adds up: for each size of a coalition the sum of v - v(nobody), over all coalitions and over those with
 * each of the agents that change; and how many values were not finite. */
typedef struct job {
    const throng_i_coalition_game *game;
    throng_progress progress;
    int n, low;
    throng_i_share mine; /* chunks of this rank */
    int width;
    double *rows; /* [chunks][width] */
    throng_status status;
    throng_error *err;
} job;

static void enumerate(void *user, throng_chunk chunk) {
    job *self = user;
    const throng_i_coalition_game *game = self->game;
    int sizes = self->n + 1, size = 0;
    int64_t index = self->mine.begin + chunk.index;
    double *sums = self->rows + index * self->width, own[2 * AGENTS_MAX + 2 * THRONG_AGGREGATES_MAX];
    uint32_t high = (uint32_t)index << self->low, set = 0;
    throng_i_lane lane = {.game = game, .progress = &self->progress};
    throng_i_coalition coalition = throng_i_coalition_in(&lane, own);
    if (self->status != THRONG_OK)
        return;
    throng_i_coalition_reset(&coalition, false);
    for (int i = self->low; i < self->n; i++)
        if (high >> i & 1) {
            throng_i_coalition_change(&coalition, i, true);
            size++;
        }
    for (uint32_t step = 0; step < (uint32_t)1 << self->low; step++) {
        double value = 0.0;
        if (step > 0) {
            int agent = __builtin_ctz(step);
            set ^= (uint32_t)1 << agent;
            bool join = set >> agent & 1;
            throng_i_coalition_change(&coalition, agent, join);
            size += join ? 1 : -1;
        }
        if (game->k > 0) {
            value = game->function->aggregate_value(game->function->self, coalition.m);
            sums[self->width - 1] += !isfinite(value);
        } else {
            self->status = throng_i_coalition_value(&coalition, &value, self->err);
            if (self->status != THRONG_OK)
                return;
            self->progress.done++;
        }
        value -= game->nobody;
        sums[size] += value;
        for (uint32_t left = set; left; left &= left - 1)
            sums[sizes * (1 + __builtin_ctz(left)) + size] += value;
    }
}

/* phi_i = sum over sizes s of mean of v over coalitions of size s with i, minus over those of size s - 1 without, by
 * what each chunk knows about agent i. */
static void combine(const job *self, int64_t chunks, double *phi, double *scratch) {
    int n = self->n, sizes = n + 1;
    double *weight = scratch, *with = scratch + sizes, *all = with + sizes * n;
    /* weight[s] = s! (n - s - 1)! / n! */
    weight[0] = 1.0 / n;
    for (int s = 1; s < n; s++)
        weight[s] = weight[s - 1] * s / (n - s);
    /* Agents that do not change within a chunk are in all of its coalitions or in none. */
    for (int64_t chunk = 0; chunk < chunks; chunk++) {
        const double *sums = self->rows + chunk * self->width;
        for (int s = 0; s < sizes; s++) {
            all[s] += sums[s];
            for (int i = 0; i < n; i++)
                if (i < self->low)
                    with[i * sizes + s] += sums[sizes * (1 + i) + s];
                else if (chunk >> (i - self->low) & 1)
                    with[i * sizes + s] += sums[s];
        }
    }
    for (int i = 0; i < n; i++) {
        phi[i] = 0.0;
        for (int s = 0; s < n; s++)
            phi[i] += weight[s] * (with[i * sizes + s + 1] - (all[s] - with[i * sizes + s]));
    }
}

static throng_status run(throng_context *context, job *self, double *phi, throng_error *err) {
    throng_status status = THRONG_OK;
    int64_t coalitions = (int64_t)1 << self->n, chunks = coalitions >> self->low;
    double *scratch = NULL, bad = 0.0;
    bool shared = throng_i_coalition_game_shared(self->game);
    self->mine = shared ? throng_i_part_mine(context, chunks) : (throng_i_share){0, chunks};
    int64_t n_mine = self->mine.end - self->mine.begin;
    self->progress = (throng_progress){"enumerating", "coalitions", 0, self->game->k > 0 ? 0 : n_mine << self->low};
    self->width = (self->n + 1) * (self->low + 1) + 1;
    self->err = err;
    THRONG_TRY(throng_i_alloc(context, chunks * self->width, sizeof *self->rows, &self->rows, err));
    THRONG_TRY(throng_i_alloc(context, (self->n + 1) * (self->n + 2), sizeof *scratch, &scratch, err));
    if (self->game->k > 0)
        THRONG_TRY(throng_chunks_for(context, n_mine << LOW_BITS, enumerate, self, &self->progress, err));
    for (int64_t chunk = 0; self->game->k == 0 && chunk < n_mine; chunk++)
        enumerate(self, (throng_chunk){chunk, 0, 0});
    THRONG_TRY(self->status);
    if (shared)
        THRONG_TRY(throng_i_part_gather(context, chunks, (size_t)self->width * sizeof(double), self->rows, err));
    for (int64_t chunk = 0; chunk < chunks; chunk++)
        bad += self->rows[chunk * self->width + self->width - 1];
    THRONG_REQUIRE(bad == 0.0, E_DEGENERATE, "The value function is not finite for %.0f of the %lld coalitions.", bad,
                   (long long)coalitions);
    combine(self, chunks, phi, scratch);
out:
    throng_i_free(context, self->rows);
    throng_i_free(context, scratch);
    return status;
}

/* Seconds that one coalition takes, from a few. */
static throng_status time_coalition(throng_context *context, const throng_value_function *function, double *out,
                                    throng_error *err) {
    throng_status status = THRONG_OK;
    double *scratch = NULL, value = 0.0;
    int times = function->n_aggregates > 0 ? 1000 : 1;
    THRONG_TRY(throng_i_alloc(context, function->n_aggregates > 0 ? function->n_aggregates : function->n_agents,
                              sizeof *scratch, &scratch, err));
    if (function->n_aggregates > 0)
        function->aggregate_origin(function->self, scratch);
    double start = throng_i_seconds();
    for (int i = 0; i < times; i++)
        if (function->n_aggregates > 0)
            value += function->aggregate_value(function->self, scratch);
        else
            THRONG_TRY(function->value(function->self, scratch, &value, err));
    *out = fmax(throng_i_seconds() - start, 1e-9) / times;
out:
    throng_i_free(context, scratch);
    return status;
}

static throng_status refuse(throng_context *context, const throng_value_function *function, throng_error *err) {
    double seconds = 0.0;
    char text[64];
    throng_status status = time_coalition(context, function, &seconds, err);
    if (status != THRONG_OK)
        return status;
    throng_i_say_seconds(log10(seconds) + (double)function->n_agents * log10(2.0), text, sizeof text);
    return THRONG_FAIL(err, E_UNSUPPORTED,
                       "shapley-exact visits all 2^N coalitions and stops at %d agents: for %lld it would take about "
                       "%s. Take shapley-sampled%s.",
                       AGENTS_MAX, (long long)function->n_agents, text,
                       function->n_aggregates > 0 ? ", or oceanic" : "");
}

/* Whether all coalitions fit into the seconds allowed, as far as a few of them tell. */
static throng_status check_time(throng_context *context, const throng_value_function *function, double allowed,
                                throng_error *err) {
    double seconds = 0.0;
    char text[64];
    throng_status status = time_coalition(context, function, &seconds, err);
    if (status != THRONG_OK)
        return status;
    if (function->n_aggregates > 0) /* in parallel */
        seconds /= throng_context_threads(context);
    double coalitions = ldexp(1.0, (int)function->n_agents);
    if (coalitions * seconds <= allowed)
        return THRONG_OK;
    throng_i_say_seconds(log10(coalitions * seconds), text, sizeof text);
    return THRONG_FAIL(
        err, E_BUDGET,
        "shapley-exact visits all 2^%d coalitions, which takes about %s; the %g seconds allowed are enough "
        "for %d agents. Allow more time, or take shapley-sampled.",
        (int)function->n_agents, text, allowed, (int)fmax(floor(log2(allowed / seconds)), 0.0));
}

static throng_status attribute(throng_context *context, const throng_value_function *function,
                               const throng_method_options *options, double *phi, throng_certificate *certificate,
                               throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_coalition_game game = {.context = context};
    throng_certificate result = {.tolerance = options->tolerance, .efficient = true};
    THRONG_REQUIRE(function->value || function->n_aggregates > 0, E_UNSUPPORTED,
                   "shapley-exact needs values of coalitions, and this value function has neither `value` nor "
                   "aggregates.");
    if (function->n_agents > AGENTS_MAX)
        return refuse(context, function, err);
    if (options->param[SECONDS] > 0.0)
        THRONG_TRY(check_time(context, function, options->param[SECONDS], err));
    THRONG_TRY(throng_i_coalition_game_init(context, function, "shapley-exact", true, &game, err));
    job self = {.game = &game, .n = (int)game.n};
    self.low = self.n < LOW_BITS ? self.n : LOW_BITS;
    THRONG_TRY(run(context, &self, phi, err));
    THRONG_TRY(throng_i_certify(&game, phi, NULL, &result, err));
    result.evaluations = (int64_t)1 << self.n;
    result.converged = result.efficiency_residual <= THRONG_I_ADDS_UP;
    *certificate = result;
    if (options->standard_error)
        memset(options->standard_error, 0, (size_t)game.n * sizeof *options->standard_error);
    THRONG_REQUIRE(result.converged, E_NOT_CONVERGED,
                   "Credits do not add up: the efficiency residual is %.3g. The value function is so large against its "
                   "changes that rounding shows.",
                   result.efficiency_residual);
out:
    throng_i_coalition_game_clear(&game);
    return status;
}

const throng_method throng_method_shapley_exact = {
    .about =
        {.struct_size = sizeof(throng_method),
         .name = "shapley-exact",
         .summary = "The Shapley value by its definition, all 2^N coalitions: up to 24 agents.",
         .details =
             "Formula: phi_i = sum over coalitions S without i of |S|! (N - |S| - 1)! / N! (v(S and i) - v(S)). "
             "Efficiency, symmetry, dummy and linearity hold; the only error is rounding, about 1e-13 of the values.\n"
             "Edges: more than 24 agents are refused with the time it would take, fewer if that is more than seconds.\n"
             "Cost: 2^N coalitions, each one change of k aggregates in the order of a Gray code, in parallel: 24 "
             "agents "
             "take about a second. Without aggregates 2^N calls of value(), one after the other.",
         .reference = "Shapley 1953, A value for n-person games, Contributions to the Theory of Games II, Princeton",
         .params = params},
    .attribute = attribute,
};
