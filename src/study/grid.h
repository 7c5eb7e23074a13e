/* The settings that a sweep goes through, in the order of its runs: points, and within them repetitions. */
#ifndef THRONG_SRC_STUDY_GRID_H
#define THRONG_SRC_STUDY_GRID_H

#include "study/study.h"

#define THRONG_I_AXES_MAX   6
#define THRONG_I_VALUES_MAX 10000
#define THRONG_I_RUNS_MAX   10000000

typedef struct throng_i_axis {
    char name[80]; /* "world.confidence" */
    char **value;  /* [n] texts */
    int64_t n;
} throng_i_axis;

typedef struct throng_i_grid {
    throng_context *context;
    throng_i_axis axis[THRONG_I_AXES_MAX];
    int n_axes;
    int64_t points, repetitions;
} throng_i_grid;

/* E_PARAMETER. */
THRONG_MUST_USE throng_status throng_i_grid_init(const throng_study *study, throng_i_grid *out, throng_error *err);
void throng_i_grid_clear(throng_i_grid *self);

/* The value of an axis at a point: the last axis goes fastest. */
const char *throng_i_grid_value(const throng_i_grid *self, int64_t point, int axis);

/* The study of one run. */
THRONG_MUST_USE throng_status throng_i_grid_study(const throng_i_grid *self, const throng_study *study, int64_t point,
                                                  int64_t repetition, throng_study **out, throng_error *err);

/* "world.confidence=0.1, world.steps=20", for messages. */
void throng_i_grid_print(const throng_i_grid *self, int64_t point, char *out, size_t size);

/* A setting of a sweep: "world.steps" is a key, "world.confidence" a parameter of the world, and so for graph,
 * population, indicator and method. E_UNKNOWN_NAME, E_PARAMETER. */
THRONG_MUST_USE throng_status throng_i_sweep_set(throng_study *study, const char *name, const char *value,
                                                 throng_error *err);

#endif
