/* Games, coalitions and sampling: what coalition.h says. */
#include "attribution/coalition.h"
#include "attribution/relative.h"
#include "core/ranks.h"

#include <float.h>
#include <math.h>
#include <stdio.h>

/* ---- games: steps ---------------------------------------------------------------------------------------------- */

#define STEPS_BLOCK 8192 /* doubles */

typedef struct walk_job {
    const throng_i_coalition_game *game;
    throng_i_steps_fn body;
    void *user;
} walk_job;

static void walk_chunk(void *user, throng_chunk chunk) {
    const walk_job *job = user;
    const throng_value_function *function = job->game->function;
    double steps[STEPS_BLOCK];
    int64_t rows = STEPS_BLOCK / job->game->k;
    for (int64_t at = chunk.begin; at < chunk.end; at += rows) {
        int64_t end = at + rows < chunk.end ? at + rows : chunk.end;
        function->aggregate_steps(function->self, at, end, steps);
        job->body(job->user, at, end, steps);
    }
}

throng_status throng_i_coalition_game_walk(const throng_i_coalition_game *game, bool share, throng_i_steps_fn body,
                                           void *user, const throng_progress *progress, throng_error *err) {
    walk_job job = {game, body, user};
    return share ? throng_i_share_for(game->context, game->n, walk_chunk, &job, progress, err)
                 : throng_chunks_for(game->context, game->n, walk_chunk, &job, progress, err);
}

static void keep_dense(void *user, int64_t begin, int64_t end, const double *steps) {
    throng_i_coalition_game *game = user;
    memcpy(game->steps + begin * game->k, steps, (size_t)((end - begin) * game->k) * sizeof *steps);
}

/* How many entries each agent has, into first[i + 1]. */
static void count_entries(void *user, int64_t begin, int64_t end, const double *steps) {
    throng_i_coalition_game *game = user;
    for (int64_t i = begin; i < end; i++) {
        int64_t count = 0;
        for (int j = 0; j < game->k; j++)
            count += steps[(i - begin) * game->k + j] != 0.0;
        game->first[i + 1] = count;
    }
}

static void keep_entries(void *user, int64_t begin, int64_t end, const double *steps) {
    throng_i_coalition_game *game = user;
    for (int64_t i = begin; i < end; i++) {
        int64_t at = game->first[i];
        for (int j = 0; j < game->k; j++) {
            double step = steps[(i - begin) * game->k + j];
            if (step == 0.0)
                continue;
            game->place[at] = j;
            game->entry[at++] = step;
        }
    }
}

/* Up to this many aggregates rows are kept whole. */
#define DENSE_MAX 8

static throng_status keep_steps(throng_i_coalition_game *game, const char *method, const throng_progress *progress,
                                throng_error *err) {
    throng_status status = THRONG_OK;
    const int64_t entry_bytes = sizeof *game->entry + sizeof *game->place, n = game->n;
    int64_t bytes = n * game->k * (int64_t)sizeof *game->steps;
    bool dense = game->k <= DENSE_MAX;
    if (!dense) {
        THRONG_TRY(throng_i_alloc(game->context, n + 1, sizeof *game->first, &game->first, err));
        THRONG_TRY(throng_i_coalition_game_walk(game, false, count_entries, game, progress, err));
        for (int64_t i = 0; i < n; i++)
            game->first[i + 1] += game->first[i];
        dense = game->first[n] * entry_bytes >= bytes;
        if (!dense)
            bytes = game->first[n] * entry_bytes;
    }
    THRONG_REQUIRE(bytes <= THRONG_I_STEPS_BYTES_MAX, E_UNSUPPORTED,
                   "%s keeps the steps of all agents in %d aggregates, which would take %.1f GiB; it stops at %d GiB. "
                   "Take aumann-shapley, or fewer bins.",
                   method, game->k, (double)bytes / (1 << 30), (int)(THRONG_I_STEPS_BYTES_MAX >> 30));
    if (dense) {
        throng_i_free(game->context, game->first);
        game->first = NULL;
        THRONG_TRY(throng_i_resize(game->context, &game->steps, n * game->k, sizeof *game->steps, err));
        THRONG_TRY(throng_i_coalition_game_walk(game, false, keep_dense, game, progress, err));
    } else {
        THRONG_TRY(throng_i_alloc(game->context, game->first[n], sizeof *game->place, &game->place, err));
        THRONG_TRY(throng_i_alloc(game->context, game->first[n], sizeof *game->entry, &game->entry, err));
        THRONG_TRY(throng_i_coalition_game_walk(game, false, keep_entries, game, progress, err));
    }
out:
    return status;
}

/* ---- games: life ----------------------------------------------------------------------------------------------- */

static void add_kept(void *user, throng_chunk chunk, double *sums) {
    const throng_i_coalition_game *game = user;
    for (int64_t i = chunk.begin; i < chunk.end; i++)
        throng_i_coalition_game_move(game, sums, i, 1.0);
}

static void add_passing(void *user, throng_chunk chunk, double *sums) {
    const throng_i_coalition_game *game = user;
    double steps[STEPS_BLOCK];
    int64_t rows = STEPS_BLOCK / game->k;
    for (int64_t at = chunk.begin; at < chunk.end; at += rows) {
        int64_t end = at + rows < chunk.end ? at + rows : chunk.end;
        game->function->aggregate_steps(game->function->self, at, end, steps);
        for (int64_t i = 0; i < (end - at) * game->k; i++)
            sums[i % game->k] += steps[i];
    }
}

static throng_status measure_aggregates(throng_i_coalition_game *game, const char *method, bool steps,
                                        throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_progress progress = {"preparing", "agents", 0, 0};
    int k = game->k;
    THRONG_TRY(throng_i_alloc(game->context, k, sizeof(double), &game->origin, err));
    THRONG_TRY(throng_i_alloc(game->context, k, sizeof(double), &game->total, err));
    game->function->aggregate_origin(game->function->self, game->origin);
    if (steps)
        THRONG_TRY(keep_steps(game, method, &progress, err));
    THRONG_TRY(throng_i_share_sum(game->context, game->n, k, steps ? add_kept : add_passing, game, &progress,
                                  game->total, err));
    for (int j = 0; j < k; j++)
        game->total[j] += game->origin[j];
    game->nobody = game->function->aggregate_value(game->function->self, game->origin);
    game->everybody = game->function->aggregate_value(game->function->self, game->total);
out:
    return status;
}

static throng_status measure_values(throng_i_coalition_game *game, throng_error *err) {
    throng_status status = THRONG_OK;
    double *alpha = NULL;
    THRONG_TRY(throng_i_alloc(game->context, game->n, sizeof *alpha, &alpha, err));
    THRONG_TRY(game->function->value(game->function->self, alpha, &game->nobody, err));
    for (int64_t i = 0; i < game->n; i++)
        alpha[i] = 1.0;
    THRONG_TRY(game->function->value(game->function->self, alpha, &game->everybody, err));
out:
    throng_i_free(game->context, alpha);
    return status;
}

throng_status throng_i_coalition_game_init(throng_context *context, const throng_value_function *function,
                                           const char *method, bool steps, throng_i_coalition_game *game,
                                           throng_error *err) {
    throng_status status = THRONG_OK;
    *game = (throng_i_coalition_game){
        .context = context, .function = function, .n = function->n_agents, .k = function->n_aggregates};
    THRONG_REQUIRE(function->value || function->n_aggregates > 0, E_UNSUPPORTED,
                   "%s needs values of coalitions, and this value function has neither `value` nor aggregates.",
                   method);
    if (game->k > 0)
        THRONG_TRY(measure_aggregates(game, method, steps, err));
    else
        THRONG_TRY(measure_values(game, err));
    THRONG_REQUIRE(isfinite(game->nobody), E_DEGENERATE,
                   "The value function is not finite when nobody takes part: it gave %g.", game->nobody);
    THRONG_REQUIRE(isfinite(game->everybody), E_DEGENERATE,
                   "The value function is not finite when everybody takes part: it gave %g.", game->everybody);
    return THRONG_OK;
out:
    throng_i_coalition_game_clear(game);
    return status;
}

void throng_i_coalition_game_clear(throng_i_coalition_game *game) {
    void *owned[] = {game->origin, game->total, game->steps, game->first, game->place, game->entry};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++)
        throng_i_free(game->context, owned[i]);
    game->origin = game->total = game->steps = game->entry = NULL;
    game->first = NULL;
    game->place = NULL;
}

throng_status throng_i_coalition_game_undefined(const throng_i_coalition_game *game, double value, throng_error *err) {
    return THRONG_FAIL(err, E_DEGENERATE,
                       "The value function is not finite for a coalition of the %lld agents: it "
                       "gave %g.",
                       (long long)game->n, value);
}

/* ---- coalitions ------------------------------------------------------------------------------------------------ */

#define TICK_WORK 65536

throng_status throng_i_lane_tick(throng_i_lane *lane, int64_t work, throng_error *err) {
    lane->work += work;
    if (lane->work < TICK_WORK)
        return THRONG_OK;
    lane->work = 0;
    if (lane->stop && *lane->stop)
        return THRONG_FAIL(err, E_CANCELLED, "Stopped while sampling.");
    throng_status status = lane->progress ? throng_i_progress(lane->game->context, lane->progress, err) : THRONG_OK;
    if (status != THRONG_OK && lane->stop)
        *lane->stop = true;
    return status;
}

throng_status throng_i_coalition_ask(throng_i_coalition *coalition, double *out, throng_error *err) {
    throng_i_lane *lane = coalition->lane;
    const throng_value_function *function = lane->game->function;
    lane->evaluations++;
    throng_status status = lane->at_draw ? function->value_at(function->self, coalition->alpha, lane->draw, out, err)
                                         : function->value(function->self, coalition->alpha, out, err);
    if (status == THRONG_OK && !isfinite(*out))
        status = throng_i_coalition_game_undefined(lane->game, *out, err);
    if (status == THRONG_OK)
        status = throng_i_lane_tick(lane, TICK_WORK, err);
    return status;
}

throng_status throng_i_coalition_value_with(throng_i_coalition *coalition, int64_t agent, bool join, double *out,
                                            throng_error *err) {
    const throng_i_coalition_game *game = coalition->lane->game;
    if (!coalition->m) {
        double before = coalition->alpha[agent];
        coalition->alpha[agent] = join;
        throng_status status = throng_i_coalition_ask(coalition, out, err);
        coalition->alpha[agent] = before;
        return status;
    }
    memcpy(coalition->probe, coalition->m, (size_t)game->k * sizeof *coalition->m);
    throng_i_coalition_game_move(game, coalition->probe, agent, join ? 1.0 : -1.0);
    coalition->lane->evaluations++;
    *out = game->function->aggregate_value(game->function->self, coalition->probe);
    return isfinite(*out) ? THRONG_OK : throng_i_coalition_game_undefined(game, *out, err);
}

throng_status throng_i_coalition_marginals(throng_i_coalition *coalition, const unsigned char *member, unsigned char in,
                                           double scale, double *out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_lane *lane = coalition->lane;
    double here = 0.0, other = 0.0;
    throng_i_coalition_reset(coalition, false);
    for (int64_t i = 0; i < lane->game->n; i++)
        if (member[i] == in)
            throng_i_coalition_change(coalition, i, true);
    THRONG_TRY(throng_i_coalition_value(coalition, &here, err));
    for (int64_t i = 0; i < lane->game->n; i++) {
        bool is_in = member[i] == in;
        THRONG_TRY(throng_i_coalition_value_with(coalition, i, !is_in, &other, err));
        out[i] += scale * (is_in ? here - other : other - here);
        THRONG_TRY(throng_i_lane_tick(lane, 1, err));
    }
out:
    return status;
}

/* ---- certificates ---------------------------------------------------------------------------------------------- */

typedef struct certify_job {
    const double *phi, *standard_error;
} certify_job;

enum {
    SUM,
    ABSOLUTE,
    SQUARES,
    ERRORS,
    SUMS
};

static void certify_chunk(void *user, throng_chunk chunk, double *sums) {
    const certify_job *job = user;
    for (int64_t i = chunk.begin; i < chunk.end; i++) {
        sums[SUM] += job->phi[i];
        sums[ABSOLUTE] += fabs(job->phi[i]);
        sums[SQUARES] += job->phi[i] * job->phi[i];
        if (job->standard_error)
            sums[ERRORS] += job->standard_error[i] * job->standard_error[i];
    }
}

throng_status throng_i_certify(const throng_i_coalition_game *game, const double *phi, const double *standard_error,
                               throng_certificate *certificate, throng_error *err) {
    certify_job job = {phi, standard_error};
    double sums[SUMS], whole = game->everybody - game->nobody;
    throng_status status = throng_i_sum_over(game->context, game->n, SUMS, certify_chunk, &job, NULL, sums, err);
    if (status != THRONG_OK)
        return status;
    double moved = throng_i_moved(sums[ABSOLUTE], game->function->magnitude);
    certificate->nobody = game->nobody;
    certificate->everybody = game->everybody;
    certificate->sum_phi = sums[SUM];
    certificate->efficiency_residual = throng_i_relative(sums[SUM] - whole, whole, moved);
    certificate->error_estimate = sums[ERRORS] > 0.0 ? sqrt(sums[ERRORS] / fmax(sums[SQUARES], DBL_MIN)) : 0.0;
    return THRONG_OK;
}

/* ---- sampling -------------------------------------------------------------------------------------------------- */

double throng_i_interval(int64_t units) {
    static const double few[] = {12.7062, 4.3027, 3.1824, 2.7764, 2.5706};
    const double z = 1.959963984540054, z2 = z * z;
    double freedom = (double)(units - 1);
    if (units < 2)
        return (double)INFINITY;
    if (units - 2 < (int64_t)(sizeof few / sizeof *few))
        return few[units - 2];
    /* Cornish-Fisher, Abramowitz and Stegun 26.7.5; good to 1e-3 from six degrees of freedom on. */
    return z + z * (z2 + 1.0) / (4.0 * freedom) + z * ((5.0 * z2 + 16.0) * z2 + 3.0) / (96.0 * freedom * freedom) +
           z * (((3.0 * z2 + 19.0) * z2 + 17.0) * z2 - 15.0) / (384.0 * freedom * freedom * freedom);
}

bool throng_i_coalition_game_shared(const throng_i_coalition_game *game) {
    return throng_ranks_count(game->context) > 1 && (game->k > 0 || game->function->apart);
}

/* Units are drawn in batches of as many as there are slots. Of several ranks each draws its part of a batch, and then
 * has the others', too: from there on all ranks do the same. */
typedef struct sampler {
    const throng_i_coalition_game *game;
    const throng_i_plan *plan;
    throng_progress progress;
    bool shared;                             /* with other ranks */
    throng_i_share mine;                     /* slots of this rank, in this batch */
    int64_t units, repeats;                  /* independent units, and how many of the plan's each takes */
    bool random;                             /* a unit is a draw of v: only all of them add up to v */
    int64_t slots, batch, done, evaluations; /* units at a time, now; units and coalitions so far */
    double begin;                            /* throng_i_seconds() */
    bool spent;                              /* value has no calls left */
    bool fits;                               /* it was found to fit into the seconds allowed */
    throng_i_lane *lanes;                    /* [slots] */
    throng_status *statuses;
    throng_error *errors;
    double *scratch, *out;         /* [slots][plan->scratch], [slots][n] */
    double *phi, *squares;         /* means and sums of squared deviations, later standard errors */
    double *own_squares;           /* if the caller does not want them */
    const throng_group_sums *sums; /* [n_sums] what is asked for beside single agents */
    int n_sums;
    int64_t sums_width;               /* how many sums that are, and */
    int64_t groups_width;             /* doubles that it takes to add up one unit's */
    double *units_sums, *groups;      /* [slots][sums_width], [slots][groups_width] */
    double *sums_mean, *sums_squares; /* [sums_width] */
    atomic_bool stop;
} sampler;

/* Doubles in the scratch of all slots: what small games fill, and what large ones stop at. */
#define SLOTS_WANTED (1 << 18)
#define SLOTS_SHARED (1 << 22) /* ranks wait for each other after each batch */
#define SLOTS_MAX    (1 << 27)

/* As many units at a time as there are threads; for small games more, so that a batch is worth starting. */
static int64_t slots_for(const sampler *self, int64_t threads) {
    int64_t each = self->game->n + self->plan->scratch, units = self->units;
    int64_t wanted = self->shared ? SLOTS_SHARED : SLOTS_WANTED;
    if (self->game->k == 0)
        return threads < units ? threads : units;
    if (threads * each <= wanted)
        threads = wanted / each < 4096 ? wanted / each : 4096;
    else if (threads * each > SLOTS_MAX)
        threads = each < SLOTS_MAX ? SLOTS_MAX / each : 1;
    return threads < units ? threads : units;
}

static throng_status sums_init(sampler *self, const throng_method_options *options, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_context *context = self->game->context;
    self->sums = options->group_sums;
    self->n_sums = options->n_group_sums;
    for (int i = 0; i < self->n_sums; i++) {
        self->sums_width += self->sums[i].n_sums;
        self->groups_width = self->sums[i].n_groups > self->groups_width ? self->sums[i].n_groups : self->groups_width;
    }
    THRONG_TRY(throng_i_alloc(context, self->slots * self->sums_width, sizeof(double), &self->units_sums, err));
    THRONG_TRY(throng_i_alloc(context, self->slots * self->groups_width, sizeof(double), &self->groups, err));
    THRONG_TRY(throng_i_alloc(context, self->sums_width, sizeof(double), &self->sums_mean, err));
    THRONG_TRY(throng_i_alloc(context, self->sums_width, sizeof(double), &self->sums_squares, err));
out:
    return status;
}

static throng_status sampler_init(sampler *self, const throng_i_coalition_game *game, const throng_i_plan *plan,
                                  const throng_method_options *options, double *phi, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_context *context = game->context;
    self->game = game;
    self->plan = plan;
    self->random = game->k == 0 && game->function->n_draws > 1;
    self->units = self->random ? game->function->n_draws : plan->units;
    self->repeats = (plan->units + self->units - 1) / self->units;
    self->progress = (throng_progress){"sampling", "draws", 0, self->units};
    self->shared = throng_i_coalition_game_shared(game);
    int64_t threads = game->k > 0 ? throng_context_threads(context) : 1;
    if (self->shared)
        THRONG_TRY(throng_i_ranks_total(context, &threads, err));
    self->slots = slots_for(self, threads);
    self->begin = throng_i_seconds();
    self->phi = phi;
    self->squares = options->standard_error;
    if (!self->squares) {
        THRONG_TRY(throng_i_alloc(context, game->n, sizeof *phi, &self->own_squares, err));
        self->squares = self->own_squares;
    }
    THRONG_TRY(throng_i_alloc(context, self->slots, sizeof *self->lanes, &self->lanes, err));
    THRONG_TRY(throng_i_alloc(context, self->slots, sizeof *self->statuses, &self->statuses, err));
    THRONG_TRY(throng_i_alloc(context, self->slots, sizeof *self->errors, &self->errors, err));
    THRONG_TRY(throng_i_resize(context, &self->scratch, self->slots * plan->scratch, sizeof(double), err));
    THRONG_TRY(throng_i_resize(context, &self->out, self->slots * game->n, sizeof(double), err));
    THRONG_TRY(sums_init(self, options, err));
    memset(phi, 0, (size_t)game->n * sizeof *phi);
    memset(self->squares, 0, (size_t)game->n * sizeof *phi);
out:
    return status;
}

static void sampler_clear(sampler *self, throng_context *context) {
    void *owned[] = {self->lanes,       self->statuses,   self->errors, self->scratch,   self->out,
                     self->own_squares, self->units_sums, self->groups, self->sums_mean, self->sums_squares};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++)
        throng_i_free(context, owned[i]);
}

/* v of nobody and of everybody at the lane's draw. */
static throng_status ask_ends(throng_i_lane *lane, throng_error *err) {
    throng_i_coalition coalition = throng_i_coalition_in(lane, lane->scratch);
    throng_i_coalition_reset(&coalition, false);
    throng_status status = throng_i_coalition_ask(&coalition, &lane->nobody, err);
    if (status != THRONG_OK)
        return status;
    throng_i_coalition_reset(&coalition, true);
    return throng_i_coalition_ask(&coalition, &lane->everybody, err);
}

static throng_status draw_unit(const sampler *self, throng_i_lane *lane, int64_t unit, double *out, throng_error *err) {
    throng_status status = self->random ? ask_ends(lane, err) : THRONG_OK;
    for (int64_t i = 0; status == THRONG_OK && i < self->repeats; i++)
        status = self->plan->draw(lane, self->plan->user, unit * self->repeats + i, out, err);
    for (int64_t i = 0; self->repeats > 1 && i < self->game->n; i++)
        out[i] /= (double)self->repeats;
    return status;
}

/* What the unit in a slot gives to every sum that is asked for. */
static void add_up_sums(const sampler *self, int64_t slot) {
    const double *out = self->out + slot * self->game->n;
    double *groups = self->groups + slot * self->groups_width, *to = self->units_sums + slot * self->sums_width;
    for (int at = 0; at < self->n_sums; at++) {
        const throng_group_sums *it = &self->sums[at];
        memset(groups, 0, (size_t)it->n_groups * sizeof *groups);
        for (int64_t i = 0; i < self->game->n; i++)
            groups[it->group[i]] += out[i];
        for (int s = 0; s < it->n_sums; s++, to++) {
            *to = 0.0;
            for (int g = it->first[s]; g < it->first[s] + it->count[s]; g++)
                *to += groups[g];
        }
    }
}

/* One chunk is one unit. The first runs on the context's own thread, as every first chunk does, and may report. */
static void draw_slot(void *user, throng_chunk chunk) {
    sampler *self = user;
    int64_t slot = self->mine.begin + chunk.index;
    double *out = self->out + slot * self->game->n;
    throng_i_lane *lane = &self->lanes[slot];
    *lane = (throng_i_lane){.game = self->game,
                            .progress = chunk.index == 0 || self->game->k == 0 ? &self->progress : NULL,
                            .stop = &self->stop,
                            .scratch = self->scratch + slot * self->plan->scratch,
                            .at_draw = self->random,
                            .draw = self->done + slot,
                            .nobody = self->game->nobody,
                            .everybody = self->game->everybody};
    memset(out, 0, (size_t)self->game->n * sizeof *out);
    self->statuses[slot] = draw_unit(self, lane, self->done + slot, out, &self->errors[slot]);
    if (self->statuses[slot] == THRONG_OK)
        add_up_sums(self, slot);
}

/* Welford's means, in the order of the units. */
static void merge_chunk(void *user, throng_chunk chunk) {
    const sampler *self = user;
    for (int64_t slot = 0; slot < self->batch; slot++) {
        const double *out = self->out + slot * self->game->n;
        double part = 1.0 / (double)(self->done + slot + 1);
        for (int64_t i = chunk.begin; i < chunk.end; i++) {
            double apart = out[i] - self->phi[i];
            self->phi[i] += apart * part;
            self->squares[i] += apart * (out[i] - self->phi[i]);
        }
    }
}

static void merge_sums(sampler *self) {
    for (int64_t slot = 0; slot < self->batch; slot++) {
        const double *sums = self->units_sums + slot * self->sums_width;
        double part = 1.0 / (double)(self->done + slot + 1);
        for (int64_t s = 0; s < self->sums_width; s++) {
            double apart = sums[s] - self->sums_mean[s];
            self->sums_mean[s] += apart * part;
            self->sums_squares[s] += apart * (sums[s] - self->sums_mean[s]);
        }
    }
}

/* What all ranks have drawn. */
static throng_status gather_units(sampler *self, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_context *context = self->game->context;
    THRONG_TRY(throng_i_part_gather(context, self->batch, (size_t)self->game->n * sizeof(double), self->out, err));
    THRONG_TRY(
        throng_i_part_gather(context, self->batch, (size_t)self->sums_width * sizeof(double), self->units_sums, err));
out:
    return status;
}

/* Draws this rank's units of the batch. */
static throng_status draw_units(sampler *self, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_context *context = self->game->context;
    int64_t evaluations = 0;
    self->mine = self->shared ? throng_i_part_mine(context, self->batch) : (throng_i_share){0, self->batch};
    int64_t n = self->mine.end - self->mine.begin;
    if (self->game->k > 0)
        THRONG_TRY(throng_chunks_for(context, n * THRONG_CHUNK_ROWS, draw_slot, self, NULL, err));
    for (int64_t i = 0; self->game->k == 0 && i < n; i++)
        draw_slot(self, (throng_chunk){i, 0, 0});
    for (int64_t slot = self->mine.begin; slot < self->mine.end; slot++) {
        if (self->statuses[slot] != THRONG_OK) {
            self->spent = self->statuses[slot] == THRONG_E_BUDGET;
            if (err)
                *err = self->errors[slot];
            return self->statuses[slot];
        }
        evaluations += self->lanes[slot].evaluations;
    }
    if (self->shared)
        THRONG_TRY(throng_i_ranks_total(context, &evaluations, err));
    self->evaluations += evaluations;
out:
    return status;
}

static throng_status run_batch(sampler *self, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_context *context = self->game->context;
    THRONG_TRY(draw_units(self, err));
    if (self->shared)
        THRONG_TRY(gather_units(self, err));
    THRONG_TRY(throng_chunks_for(context, self->game->n, merge_chunk, self, NULL, err));
    merge_sums(self);
    self->done += self->batch;
    self->progress.done = self->done;
    THRONG_TRY(throng_i_progress(context, &self->progress, err));
out:
    return status;
}

/* Largest half-width of a 95 % interval relative to the largest |phi|. */
static double widest(const sampler *self) {
    double most = 0.0, phi = 0.0;
    for (int64_t i = 0; i < self->game->n; i++) {
        most = fmax(most, self->squares[i]);
        phi = fmax(phi, fabs(self->phi[i]));
    }
    double units = (double)self->done, half = throng_i_interval(self->done) * sqrt(most / (units * (units - 1.0)));
    return half > 0.0 ? half / fmax(phi, DBL_MIN) : 0.0;
}

/* Rounding of one unit, in units of the largest value's: what sums of n numbers in random order gather. */
#define ROUNDINGS(n) (64.0 + 16.0 * sqrt((double)(n)))
/* Units that agree to rounding must also agree by far more than sampling would: rounding may be all there is. */
#define AGREE 1e-8

/* Whether the first two units are the same to rounding for every agent, and the plan's own check holds. */
static throng_status find_exact(sampler *self, bool *out, throng_error *err) {
    double scale = fmax(fabs(self->game->nobody), fabs(self->game->everybody)), absolute = 0.0, squares = 0.0,
           apart = 0.0, most = 0.0;
    *out = false;
    for (int64_t i = 0; i < self->game->n; i++) {
        absolute += fabs(self->phi[i]);
        squares += self->phi[i] * self->phi[i];
        apart += self->squares[i];
        most = fmax(most, self->squares[i]);
    }
    scale = fmax(fmax(scale, absolute), self->game->function->magnitude);
    double rounding = ROUNDINGS(self->game->n) * DBL_EPSILON * scale;
    if (sqrt(2.0 * most) > rounding || apart > AGREE * AGREE * squares)
        return THRONG_OK;
    throng_i_lane *lane = &self->lanes[0];
    *lane =
        (throng_i_lane){.game = self->game, .progress = &self->progress, .stop = &self->stop, .scratch = self->scratch};
    throng_status status = self->plan->exact(lane, self->plan->user, self->phi, rounding, out, err);
    self->evaluations += lane->evaluations;
    return status;
}

/* Number of units after which to look next; it must not depend on the number of threads. */
static int64_t next_look(const sampler *self) {
    int64_t units = self->units, next = units;
    if (self->done < 2)
        next = 2;
    else if (self->plan->half_width > 0.0 && !self->random)
        next = self->done < THRONG_I_UNITS_TRUSTED ? THRONG_I_UNITS_TRUSTED
                                                   : self->done + THRONG_I_UNITS_TRUSTED + self->done / 8;
    return next < units ? next : units;
}

void throng_i_say_seconds(double power, char *out, size_t size) {
    const double year = 365.25 * 86400.0, seconds = pow(10.0, fmin(power, 300.0));
    if (seconds < 10.0)
        snprintf(out, size, "%.2g s", seconds);
    else if (seconds < 120.0)
        snprintf(out, size, "%.0f seconds", seconds);
    else if (seconds < 2.0 * 86400.0)
        snprintf(out, size, "%.0f minutes", seconds / 60.0);
    else if (seconds < 2.0 * year)
        snprintf(out, size, "%.0f days", seconds / 86400.0);
    else if (seconds < 1e6 * year)
        snprintf(out, size, "%.0f years", seconds / year);
    else
        snprintf(out, size, "10^%.0f years", power - log10(year));
}

/* Says that `units` do not fit, `each` in seconds, and what would. */
static throng_status refuse_time(const sampler *self, double units, double each, throng_error *err) {
    const throng_i_plan *plan = self->plan;
    double parts = (double)(self->repeats * plan->n_parts), fit = floor(plan->seconds / each);
    bool adaptive = plan->half_width > 0.0, trusted = self->done >= THRONG_I_UNITS_TRUSTED && !self->random;
    char time[64], what[160], instead[200] = "no estimate at all";
    throng_i_say_seconds(log10(units * each), time, sizeof time);
    if (adaptive)
        snprintf(what, sizeof what, "The half-width %g takes %s %.0f %s,", plan->half_width,
                 trusted ? "about" : "at least", units * parts, plan->parts);
    else
        snprintf(what, sizeof what, "%.0f %s take", units * parts, plan->parts);
    if (fit >= 2.0 && adaptive && trusted)
        snprintf(instead, sizeof instead, "%.0f of them, a half-width of about %.2g", fit * parts,
                 widest(self) * sqrt((double)self->done / fit));
    else if (fit >= 2.0)
        snprintf(instead, sizeof instead, "about %.0f of them", fit * parts);
    return THRONG_FAIL(err, E_BUDGET,
                       "%s about %s; the %g seconds allowed are enough for %s. Allow more time, or ask for less.", what,
                       time, plan->seconds, instead);
}

/* So long a run is timed before it is judged by the time it took. */
#define SECONDS_TRUSTED 0.1

/*
 * From the units so far: whether the rest fits into the seconds allowed. This is decided early and once; what fits is
 * never cut short, so that no result depends on the clock.
 */
static throng_status check_time(sampler *self, throng_error *err) {
    const throng_i_plan *plan = self->plan;
    double spent = throng_i_seconds() - self->begin, done = (double)self->done, units = (double)self->units;
    if (self->fits || plan->seconds == 0.0 || spent < fmin(SECONDS_TRUSTED, 0.25 * plan->seconds))
        return THRONG_OK;
    bool adaptive = plan->half_width > 0.0 && !self->random;
    if (adaptive && self->done < THRONG_I_UNITS_TRUSTED)
        units = fmin(units, THRONG_I_UNITS_TRUSTED);
    else if (adaptive)
        units = fmin(units, done * pow(widest(self) / plan->half_width, 2.0));
    if (units > done && units * spent / done > plan->seconds)
        return refuse_time(self, units, spent / done, err);
    self->fits = !adaptive || self->done >= THRONG_I_UNITS_TRUSTED;
    return THRONG_OK;
}

static throng_status run_all(sampler *self, bool *reached, throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_i_plan *plan = self->plan;
    *reached = false;
    while (!*reached && self->done < self->units) {
        for (int64_t look = next_look(self); self->done < look;) {
            self->batch = look - self->done < self->slots ? look - self->done : self->slots;
            THRONG_TRY(run_batch(self, err));
            if (self->done > 2)
                THRONG_TRY(check_time(self, err));
        }
        if (self->done == 2 && plan->exact && !self->random)
            THRONG_TRY(find_exact(self, reached, err));
        if (self->done == 2 && !*reached)
            THRONG_TRY(check_time(self, err));
        if (plan->half_width > 0.0 &&
            (self->done == self->units || (self->done >= THRONG_I_UNITS_TRUSTED && !self->random)))
            *reached = *reached || widest(self) <= plan->half_width;
    }
out:
    return status;
}

/* Sums of squared deviations become standard errors; the certificate says what there is. */
static throng_status finish(sampler *self, bool kept, double half_width, throng_certificate *certificate,
                            throng_error *err) {
    double units = (double)self->done;
    bool efficient = self->plan->efficient && (!self->random || self->done == self->units);
    *certificate = (throng_certificate){.tolerance = self->plan->half_width, .efficient = efficient};
    if (self->done < 2)
        return THRONG_OK;
    for (int64_t i = 0; i < self->game->n; i++)
        self->squares[i] = sqrt(self->squares[i] / (units * (units - 1.0)));
    const double *squares = self->sums_squares;
    for (int i = 0; i < self->n_sums; i++)
        for (int s = 0; s < self->sums[i].n_sums; s++)
            self->sums[i].standard_error[s] = sqrt(*squares++ / (units * (units - 1.0)));
    throng_status status = throng_i_certify(self->game, self->phi, self->squares, certificate, err);
    certificate->evaluations = self->evaluations;
    certificate->parts = self->done * self->repeats * self->plan->n_parts;
    certificate->parts_planned = self->units * self->repeats * self->plan->n_parts;
    certificate->parts_name = self->plan->parts;
    certificate->interval = throng_i_interval(self->done);
    certificate->converged = kept;
    if (status == THRONG_OK && kept && efficient && certificate->efficiency_residual > THRONG_I_ADDS_UP) {
        certificate->converged = false;
        status = THRONG_FAIL(err, E_NOT_CONVERGED,
                             "Credits do not add up: the efficiency residual is %.3g. The value function is so large "
                             "against its changes that rounding shows.",
                             certificate->efficiency_residual);
    } else if (status == THRONG_OK && !kept && half_width > self->plan->half_width) {
        status = THRONG_FAIL(err, E_NOT_CONVERGED,
                             "The half-width %g was not reached with %lld coalitions: the widest 95 %% interval is "
                             "%.3g of the largest |phi| to either side. Allow more draws, or a larger half-width.",
                             self->plan->half_width, (long long)self->evaluations, half_width);
    }
    return status;
}

/* The calls that value may make are used up: what was done must do. */
static throng_status end_early(sampler *self, bool *reached, throng_error *err) {
    char message[THRONG_MESSAGE_LENGTH] = "";
    if (err)
        snprintf(message, sizeof message, "%s", err->message);
    if (self->done < 2)
        return THRONG_FAIL(err, E_BUDGET,
                           "%s An estimate takes two independent units of sampling; %lld of them %s done.", message,
                           (long long)self->done, self->done == 1 ? "was" : "were");
    *reached = self->plan->half_width > 0.0 && widest(self) <= self->plan->half_width;
    return THRONG_OK;
}

throng_status throng_i_sample(const throng_i_coalition_game *game, const throng_i_plan *plan,
                              const throng_method_options *options, double *phi, throng_certificate *certificate,
                              throng_error *err) {
    sampler self = {0};
    bool reached = false;
    throng_status status = sampler_init(&self, game, plan, options, phi, err), finished = THRONG_OK;
    if (status == THRONG_OK)
        status = run_all(&self, &reached, err);
    if (status == THRONG_E_BUDGET && self.spent)
        status = end_early(&self, &reached, err);
    if (status == THRONG_OK) {
        double half_width = plan->half_width > 0.0 && !reached ? widest(&self) : 0.0;
        finished = finish(&self, reached || plan->half_width == 0.0, half_width, certificate, err);
    } else if (status == THRONG_E_CANCELLED) {
        finished = finish(&self, false, 0.0, certificate, NULL);
    }
    sampler_clear(&self, game->context);
    return status == THRONG_OK ? finished : status;
}
