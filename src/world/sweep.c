/*
 * A reverse sweep: the crowd runs forward while its states are recorded, then back from the last step to the first.
 *
 * If not all states fit into memory, some are run again from the one before them that was kept. Going back, what lies
 * behind is free; so the gaps are in the beginning, the first as long as all places but two, each one shorter than the
 * one before it, and no state is run twice again. With M places, states 0..T and gaps . of missing ones:
 *
 *     M = 4, T = 6:   0 . . 3 . 5 6      0, 3, 5 and 6 are kept; 4 is run again when 6 is done with, then 1 and 2
 *
 * The same numbers come out, so no bit changes.
 */
#include "world/world.h"

#include <string.h>

typedef struct sweep {
    const throng_simulation *simulation;
    throng_i_passage passage;
    int64_t steps, places; /* steps in all, and records that there is room for */
    int64_t state, record; /* doubles of a state, columns * slots, and with the slopes of the step that led to it */
    double *records;       /* [places][record] */
    double *of;            /* [state] */
    throng_progress progress;
} sweep;

static void rows(const sweep *self, double *state, double *out[THRONG_WORLD_COLUMNS_MAX]) {
    for (int c = 0; c < THRONG_WORLD_COLUMNS_MAX; c++)
        out[c] = c < self->simulation->world->n_columns ? state + c * self->passage.slots : NULL;
}

/* As many places as there are states or, if fewer can be had, those; but enough that what is kept and the gaps, of
 * places - 2, places - 3, ... 1 states, are all states. */
static int64_t choose_places(int64_t steps, int64_t affordable) {
    int64_t least = 1;
    while (least + (least - 1) * (least - 2) / 2 < steps + 1)
        least++;
    return affordable > steps ? steps + 1 : affordable > least ? affordable : least;
}

int throng_i_sweep_lanes(int wanted) {
    int lanes = THRONG_I_LANES_MAX;
    while (lanes > wanted)
        lanes /= 2;
    return lanes;
}

/* Memory is taken from the scratch, which is made larger if need be: what it held is of no use any more. */
static throng_status take(throng_context *context, throng_i_scratch *scratch, int64_t n, throng_error *err) {
    if (n <= scratch->n)
        return THRONG_OK;
    throng_i_scratch_clear(context, scratch);
    throng_status status = throng_i_resize(context, &scratch->numbers, n, sizeof(double), err);
    scratch->n = status == THRONG_OK ? n : 0;
    return status;
}

void throng_i_scratch_clear(throng_context *context, throng_i_scratch *scratch) {
    throng_i_free(context, scratch->numbers);
    *scratch = (throng_i_scratch){0};
}

static throng_status sweep_init(sweep *self, throng_i_taking_part part, throng_i_scratch *scratch, throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_world *world = self->simulation->world;
    THRONG_TRY(throng_i_passage_init(self->simulation, part, true, &self->passage, err));
    self->steps = self->simulation->def.steps;
    self->state = world->n_columns * self->passage.slots;
    self->record = self->state + throng_i_slope_rows(world) * self->passage.slots;
    self->places = choose_places(self->steps, self->simulation->def.memory / (self->record * (int64_t)sizeof(double)));
    THRONG_TRY(take(self->simulation->context, scratch, self->places * self->record + self->state, err));
    self->records = scratch->numbers;
    self->of = scratch->numbers + self->places * self->record;
    self->progress = (throng_progress){"attributing", "steps", 0, 3 * self->steps + 1 - self->places};
out:
    return status;
}

/* The last state at or before a step that is kept throughout, and how many are kept before it. */
static int64_t kept_before(const sweep *self, int64_t step, int64_t *n_before) {
    int64_t kept = 0, missing = self->steps + 1 - self->places;
    for (*n_before = 0;; ++*n_before) {
        int64_t most = self->places - 2 - *n_before, gap = missing < most ? missing : most;
        if (gap <= 0) {
            *n_before += step - kept;
            return step;
        }
        if (kept + gap >= step)
            return kept;
        kept += gap + 1;
        missing -= gap;
    }
}

/* Where the state of a step is recorded: those of a gap take the places of what lies behind it. */
static double *place(const sweep *self, int64_t step) {
    int64_t n_before, kept = kept_before(self, step, &n_before);
    return self->records + (n_before + (step - kept) + (step > kept ? 1 : 0)) * self->record;
}

/* What the step that led to a state recorded. */
static double *slope_of(const sweep *self, double *record) {
    return self->record > self->state ? record + self->state : NULL;
}

static throng_status forward(sweep *self, int64_t step, throng_error *err) {
    double *now[THRONG_WORLD_COLUMNS_MAX], *next[THRONG_WORLD_COLUMNS_MAX], *record = place(self, step + 1);
    const double *seen[THRONG_WORLD_COLUMNS_MAX];
    rows(self, place(self, step), now);
    rows(self, record, next);
    memcpy(seen, now, sizeof now);
    throng_status status = throng_i_passage_step(&self->passage, step, seen, next, slope_of(self, record), err);
    self->progress.done++;
    return status == THRONG_OK ? throng_i_progress(self->simulation->context, &self->progress, err) : status;
}

/* Before going back over a step: the states up to it, if it is the last of a gap; `within` one, also the next. */
static throng_status fill_gap(sweep *self, int64_t step, bool within, throng_error *err) {
    throng_status status = THRONG_OK;
    int64_t n_before, kept = kept_before(self, step, &n_before);
    bool same = kept_before(self, step + 1, &n_before) == kept;
    if (same && !within)
        return THRONG_OK; /* the one behind it was in the same gap */
    for (int64_t s = kept; s < step + same; s++)
        THRONG_TRY(forward(self, s, err));
out:
    return status;
}

/* Adds what the result itself looks at in this step. */
static throng_status add_seed(sweep *self, int64_t step, throng_i_seed_fn seed, void *user, throng_error *err) {
    double *now[THRONG_WORLD_COLUMNS_MAX], *of[THRONG_WORLD_COLUMNS_MAX];
    const double *seen[THRONG_WORLD_COLUMNS_MAX];
    rows(self, place(self, step), now);
    rows(self, self->of, of);
    memcpy(seen, now, sizeof now);
    return seed(user, step, self->passage.part.lanes, seen, of, err);
}

static throng_status backward(sweep *self, int64_t step, const double *weight, double *credit, throng_error *err) {
    double *now[THRONG_WORLD_COLUMNS_MAX], *next[THRONG_WORLD_COLUMNS_MAX], *of[THRONG_WORLD_COLUMNS_MAX];
    const double *seen[THRONG_WORLD_COLUMNS_MAX], *led[THRONG_WORLD_COLUMNS_MAX];
    double *record = place(self, step + 1);
    rows(self, place(self, step), now);
    rows(self, record, next);
    rows(self, self->of, of);
    memcpy(seen, now, sizeof now);
    memcpy(led, next, sizeof next);
    throng_status status =
        throng_i_passage_back(&self->passage, step, seen, led, slope_of(self, record), of, weight, credit, err);
    self->progress.done++;
    return status == THRONG_OK ? throng_i_progress(self->simulation->context, &self->progress, err) : status;
}

/* Of this rank's agents nothing moves the result so far; memory of others is not touched. */
static void clear_share(const sweep *self) {
    throng_i_share mine = throng_i_share_mine(self->simulation->context, self->simulation->n);
    int lanes = self->passage.part.lanes;
    double *of[THRONG_WORLD_COLUMNS_MAX];
    rows(self, self->of, of);
    for (int c = 0; c < self->simulation->world->n_columns; c++)
        memset(of[c] + mine.begin * lanes, 0, (size_t)((mine.end - mine.begin) * lanes) * sizeof(double));
}

/* All steps, recorded. One that is stopped here has nothing yet: it begins anew. */
static throng_status run_forward(sweep *self, throng_i_work *work, throng_error *err) {
    throng_status status = THRONG_OK;
    double *start[THRONG_WORLD_COLUMNS_MAX];
    rows(self, self->records, start);
    THRONG_TRY(throng_i_passage_start(&self->passage, start, err));
    for (int64_t step = 0; step < self->steps; step++) {
        throng_status ended = forward(self, step, err);
        status = work && work->resumed ? ended : throng_i_work_stopped(self->simulation->context, work, &ended, err);
        if (ended == THRONG_E_CANCELLED && work && !work->resumed) {
            work->at[1] = -1;
            /* That it stops is what is said, also if nothing can be kept. */
            if (throng_i_work_save(self->simulation->context, work, NULL, 0, NULL) != THRONG_OK)
                goto out;
        }
        THRONG_TRY(status);
    }
out:
    return status;
}

/* What going back has besides credits, as a part of a checkpoint. */
static throng_i_part part_of(const sweep *self) {
    return (throng_i_part){.data = self->of,
                           .bytes = self->state * (int64_t)sizeof *self->of,
                           .rows = self->simulation->world->n_columns,
                           .n = self->simulation->n};
}

/* How much the result moves with the states of the step that going back starts from: *step. */
static throng_status begin_back(sweep *self, throng_i_work *work, throng_i_seed_fn seed, void *user, int64_t *step,
                                throng_error *err) {
    const throng_i_part of = part_of(self);
    *step = self->steps;
    if (work && work->resumed && work->at[1] >= 0) {
        *step = work->at[1];
        return throng_i_work_load(self->simulation->context, &of, 1, err);
    }
    clear_share(self);
    return add_seed(self, self->steps, seed, user, err);
}

/* Leaves a checkpoint after a step back that ended with `status`: if it is time to, or if the run is being stopped. */
static throng_status keep_credits(sweep *self, throng_i_work *work, int64_t step, throng_status status,
                                  throng_error *err) {
    throng_context *context = self->simulation->context;
    const throng_i_part of = part_of(self);
    bool due = false;
    throng_status ended = throng_i_work_stopped(context, work, &status, err);
    if (ended == THRONG_OK)
        ended = throng_i_work_due(context, work, &due, err);
    bool stopped = status == THRONG_E_CANCELLED && throng_i_work_kept(context, work);
    if (!stopped && !due)
        return ended;
    work->at[1] = step;
    throng_status kept = throng_i_work_save(context, work, &of, 1, stopped ? NULL : err);
    return stopped ? status : kept;
}

throng_status throng_i_sweep(const throng_simulation *simulation, throng_i_taking_part part, const double *weight,
                             throng_i_seed_fn seed, throng_i_after_fn after, void *user, bool per_step, double *credit,
                             double *const *apart, bool apart_per_step, throng_i_scratch *scratch, throng_i_work *work,
                             throng_error *err) {
    throng_status status = THRONG_OK, stop = THRONG_OK;
    sweep self = {.simulation = simulation};
    double *of[THRONG_WORLD_COLUMNS_MAX], *parts[THRONG_WORLD_MESSAGES_MAX] = {NULL};
    const double *first[THRONG_WORLD_COLUMNS_MAX];
    int64_t from = 0;
    THRONG_TRY(sweep_init(&self, part, scratch, err));
    self.passage.apart = apart ? parts : NULL;
    THRONG_TRY(run_forward(&self, work, err));
    THRONG_TRY(begin_back(&self, work, seed, user, &from, err));
    for (int64_t step = from - 1; step >= 0; step--) {
        THRONG_TRY(fill_gap(&self, step, step == from - 1, err));
        for (int m = 0; apart && m < simulation->world->n_messages; m++)
            parts[m] = apart[m] + (apart_per_step ? step * simulation->n : 0);
        stop = backward(&self, step, weight, credit + (per_step ? step * simulation->n : 0), err);
        if (stop != THRONG_E_CANCELLED)
            THRONG_TRY(stop);
        if (after)
            THRONG_TRY(after(user, step, err));
        THRONG_TRY(add_seed(&self, step, seed, user, err));
        THRONG_TRY(keep_credits(&self, work, step, stop, err));
    }
    rows(&self, self.of, of);
    memcpy(first, of, sizeof of);
    THRONG_TRY(throng_i_passage_back_start(&self.passage, first, weight, credit, err));
    if (work)
        work->resumed = false; /* the next one begins at its beginning */
out:
    throng_i_passage_clear(&self.passage);
    return status;
}
