/*
 * A reverse sweep: the crowd runs forward while its states are recorded, then back from the last step to the first.
 *
 * If not all states fit into memory, every S-th is kept, S about the root of the number of steps; going back, each
 * stretch between two of them is run again from its first state. The same numbers come out, so no bit changes.
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
    double *between;        /* [stretch][doubles] at the steps after a kept one */
    double *of, *back;      /* [doubles] */
    throng_progress progress;
} sweep;

static void rows(const sweep *self, double *state, double *out[THRONG_WORLD_COLUMNS_MAX]) {
    for (int c = 0; c < THRONG_WORLD_COLUMNS_MAX; c++)
        out[c] = c < self->simulation->world->n_columns ? state + c * self->passage.slots : NULL;
}

static int64_t states_bytes(const throng_simulation *simulation, int lanes, int64_t states) {
    return states * simulation->world->n_columns * simulation->n * lanes * (int64_t)sizeof(double);
}

int throng_i_sweep_lanes(int wanted) {
    int lanes = THRONG_I_LANES_MAX;
    while (lanes > wanted)
        lanes /= 2;
    return lanes;
}

static throng_status sweep_init(sweep *self, throng_i_taking_part part, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_context *context = self->simulation->context;
    THRONG_TRY(throng_i_passage_init(self->simulation, part, true, &self->passage, err));
    self->steps = self->simulation->def.steps;
    self->doubles = self->simulation->world->n_columns * self->passage.slots;
    self->stretch = 1;
    if (states_bytes(self->simulation, part.lanes, self->steps + 1) > self->simulation->def.memory)
        self->stretch = (int64_t)ceil(sqrt((double)self->steps));
    int64_t n_kept = self->steps / self->stretch + 1;
    THRONG_TRY(throng_i_resize(context, &self->kept, n_kept * self->doubles, sizeof(double), err));
    THRONG_TRY(throng_i_resize(context, &self->between, (self->stretch - 1) * self->doubles, sizeof(double), err));
    THRONG_TRY(throng_i_resize(context, &self->of, self->doubles, sizeof(double), err));
    THRONG_TRY(throng_i_resize(context, &self->back, self->doubles, sizeof(double), err));
    self->progress = (throng_progress){"attributing", "steps", 0, 2 * self->steps};
out:
    return status;
}

static void sweep_clear(sweep *self) {
    throng_context *context = self->simulation->context;
    throng_i_free(context, self->kept);
    throng_i_free(context, self->between);
    throng_i_free(context, self->of);
    throng_i_free(context, self->back);
    throng_i_passage_clear(&self->passage);
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
    double *now[THRONG_WORLD_COLUMNS_MAX], *of[THRONG_WORLD_COLUMNS_MAX], *back[THRONG_WORLD_COLUMNS_MAX];
    const double *seen[THRONG_WORLD_COLUMNS_MAX], *moved[THRONG_WORLD_COLUMNS_MAX];
    rows(self, place(self, step), now);
    rows(self, self->of, of);
    rows(self, self->back, back);
    memcpy(seen, now, sizeof now);
    memcpy(moved, of, sizeof of);
    throng_status status = throng_i_passage_back(&self->passage, step, seen, moved, back, weight, credit, err);
    double *swap = self->of;
    self->of = self->back;
    self->back = swap;
    self->progress.done++;
    return status == THRONG_OK ? throng_i_progress(self->simulation->context, &self->progress, err) : status;
}

throng_status throng_i_sweep(const throng_simulation *simulation, throng_i_taking_part part, const double *weight,
                             throng_i_seed_fn seed, void *user, bool per_step, double *credit, throng_error *err) {
    throng_status status = THRONG_OK;
    sweep self = {.simulation = simulation};
    double *start[THRONG_WORLD_COLUMNS_MAX], *of[THRONG_WORLD_COLUMNS_MAX];
    const double *first[THRONG_WORLD_COLUMNS_MAX];
    THRONG_TRY(sweep_init(&self, part, err));
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
        THRONG_TRY(add_seed(&self, step, seed, user, err));
    }
    rows(&self, self.of, of);
    memcpy(first, of, sizeof of);
    THRONG_TRY(throng_i_passage_back_start(&self.passage, first, weight, credit, err));
out:
    sweep_clear(&self);
    return status;
}
