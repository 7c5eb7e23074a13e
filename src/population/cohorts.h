/* Cohorts while they are made: one level a column, then all levels together. */
#ifndef THRONG_SRC_POPULATION_COHORTS_H
#define THRONG_SRC_POPULATION_COHORTS_H

#include "population/population.h"

/* The rows divided by one column. */
typedef struct throng_i_level {
    throng_context *context;
    int n_cohorts;
    char *names[THRONG_COHORTS_MAX], *meanings[THRONG_COHORTS_MAX];
    uint8_t *cohort; /* [rows] */
} throng_i_level;

/* How a level is made. */
typedef struct throng_i_level_def {
    const throng_column_view *column; /* NULL: quantiles of the weights, or without weights everyone */
    const double *cuts;               /* [n_cuts] NULL: 0.9, 0.999 */
    int n_cuts;
    bool keep_labels; /* cuts divide amounts only; whole numbers that are labels stay labels */
} throng_i_level_def;

/* Divides. E_COHORT, E_COLUMN, E_MEMORY. Clear it in any case. */
THRONG_MUST_USE throng_status throng_i_level_init(const throng_population *population, const throng_i_level_def *def,
                                                  throng_i_level *out, throng_error *err);
void throng_i_level_clear(throng_i_level *self);

#endif
