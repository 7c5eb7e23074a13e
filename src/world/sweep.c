/*
 * A reverse sweep: the crowd runs forward while its states are recorded, then back from the last step to the first.
 *
 * If not all states fit into memory, every S-th is kept, S as small as it allows; going back, each stretch between two
 * of them is run again from its first state. The same numbers come out, so no bit changes.
 */
#include "world/world.h"

#include <math.h>
#include <string.h>

typedef struct sweep {
    const throng_simulation *simulation;
    throng_i_passage passage;
    int64_t steps, stretch; /* steps in all, and between two kept states */
    int64_t doubles;        /* of one state: columns * slots */
    double *kept;           /* [kept states][doubles] at steps 0, stretch, 2 stretch, ... */
    double *between;        /* [stretch - 1][doubles] at the steps after a kept one */
    double *of;             /* [doubles] */
    throng_progress progress;
} sweep;

static void rows(const sweep *self, double *state, double *out[THRONG_WORLD_COLUMNS_MAX]) {
    for (int c = 0; c < THRONG_WORLD_COLUMNS_MAX; c++)
        out[c] = c < self->simulation->world->n_columns ? state + c * self->passage.slots : NULL;
}

/* States in memory if every stretch-th of so many steps is kept, and those of one stretch. */
static int64_t states_kept(int64_t steps, int64_t stretch) {
    return steps / stretch + 1 + (stretch - 1);
}

/* The smallest stretch that fits, at most the one that needs least, the root of the steps. */
static int64_t choose_stretch(int64_t steps, int64_t affordable) {
    int64_t least = (int64_t)ceil(sqrt((double)steps)), stretch = 1;
    while (stretch < least && states_kept(steps, stretch) > affordable)
        stretch++;
    return stretch;
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
    THRONG_TRY(throng_i_passage_init(self->simulation, part, true, &self->passage, err));
    self->steps = self->simulation->def.steps;
    self->doubles = self->simulation->world->n_columns * self->passage.slots;
    self->stretch =
        choose_stretch(self->steps, self->simulation->def.memory / (self->doubles * (int64_t)sizeof(double)));
    int64_t n_states = states_kept(self->steps, self->stretch);
    THRONG_TRY(take(self->simulation->context, scratch, (n_states + 1) * self->doubles, err));
    self->kept = scratch->numbers;
    self->between = self->kept + (self->steps / self->stretch + 1) * self->doubles;
    self->of = scratch->numbers + n_states * self->doubles;
    self->progress = (throng_progress){"attributing", "steps", 0, 2 * self->steps};
out:
    return status;
}

/* Where the state of a step is recorded, if it is the stretch's turn. */
static double *place(const sweep *self, int64_t step) {
    int64_t into = step % self->stretch;
    return into == 0 ? self->kept + step / self->stretch * self->doubles : self->between + (into - 1) * self->doubles;
}

static throng_status forward(sweep *self, int64_t step, throng_error *err) {
    double *now[THRONG_WORLD_COLUMNS_MAX], *next[THRONG_WORLD_COLUMNS_MAX];
    const double *seen[THRONG_WORLD_COLUMNS_MAX];
    rows(self, place(self, step), now);
    rows(self, place(self, step + 1), next);
    memcpy(seen, now, sizeof now);
    throng_status status = throng_i_passage_step(&self->passage, step, seen, next, err);
    self->progress.done++;
    return status == THRONG_OK ? throng_i_progress(self->simulation->context, &self->progress, err) : status;
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
    rows(self, place(self, step), now);
    rows(self, place(self, step + 1), next);
    rows(self, self->of, of);
    memcpy(seen, now, sizeof now);
    memcpy(led, next, sizeof next);
    throng_status status = throng_i_passage_back(&self->passage, step, seen, led, of, weight, credit, err);
    self->progress.done++;
    return status == THRONG_OK ? throng_i_progress(self->simulation->context, &self->progress, err) : status;
}

throng_status throng_i_sweep(const throng_simulation *simulation, throng_i_taking_part part, const double *weight,
                             throng_i_seed_fn seed, throng_i_after_fn after, void *user, bool per_step, double *credit,
                             double *const *apart, throng_i_scratch *scratch, throng_error *err) {
    throng_status status = THRONG_OK;
    sweep self = {.simulation = simulation};
    double *start[THRONG_WORLD_COLUMNS_MAX], *of[THRONG_WORLD_COLUMNS_MAX];
    const double *first[THRONG_WORLD_COLUMNS_MAX];
    THRONG_TRY(sweep_init(&self, part, scratch, err));
    self.passage.apart = apart;
    rows(&self, self.kept, start);
    THRONG_TRY(throng_i_passage_start(&self.passage, start, err));
    for (int64_t step = 0; step < self.steps; step++)
        THRONG_TRY(forward(&self, step, err));
    memset(self.of, 0, (size_t)self.doubles * sizeof(double));
    int64_t recorded = self.steps / self.stretch; /* the stretch whose states stand in `between` */
    THRONG_TRY(add_seed(&self, self.steps, seed, user, err));
    for (int64_t step = self.steps - 1; step >= 0; step--) {
        if (step / self.stretch != recorded) {
            recorded = step / self.stretch;
            for (int64_t s = recorded * self.stretch; s < step; s++)
                THRONG_TRY(forward(&self, s, err));
        }
        THRONG_TRY(backward(&self, step, weight, credit + (per_step ? step * simulation->n : 0), err));
        if (after)
            THRONG_TRY(after(user, step, err));
        THRONG_TRY(add_seed(&self, step, seed, user, err));
    }
    rows(&self, self.of, of);
    memcpy(first, of, sizeof of);
    THRONG_TRY(throng_i_passage_back_start(&self.passage, first, weight, credit, err));
out:
    throng_i_passage_clear(&self.passage);
    return status;
}
