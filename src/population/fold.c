/* All times of a population as one: each agent keeps its last row, and the states of all times go into a course. */
#include "population/population.h"

#include <string.h>

/* course[t][a], and in last[a] the agent's last row. An agent that is not there yet has its first state. */
static void follow(const throng_population *population, double *course, int64_t *last) {
    int64_t n = population->n_agents;
    double scratch[512];
    memset(last, -1, (size_t)n * sizeof *last);
    for (int64_t t = 0; t < population->n_times; t++) {
        double *now = course + t * n;
        if (t > 0)
            memcpy(now, now - n, (size_t)n * sizeof *now);
        int64_t end = population->offsets[t + 1];
        for (int64_t row = population->offsets[t]; row < end; row += 512) {
            int64_t rows = row + 512 < end ? 512 : end - row;
            const double *state = throng_i_column_block(&population->state, row, rows, scratch);
            for (int64_t i = 0; i < rows; i++) {
                throng_agent agent = throng_population_agent(population, row + i);
                now[agent] = state[i];
                for (int64_t before = last[agent] < 0 ? t : 0; before > 0; before--)
                    course[(before - 1) * n + agent] = state[i];
                last[agent] = row + i;
            }
        }
    }
}

static throng_status keep_rows(throng_context *context, throng_i_column *column, const int64_t *rows, int64_t n,
                               throng_error *err) {
    size_t size = throng_type_size(column->view.type);
    char *fresh = NULL;
    const char *from = column->view.data;
    throng_status status = throng_i_resize(context, &fresh, n, size, err);
    if (status != THRONG_OK)
        return status;
    for (int64_t i = 0; i < n; i++)
        memcpy(fresh + (size_t)i * size, from + (size_t)rows[i] * size, size);
    throng_i_column_drop_data(context, column);
    column->memory = fresh;
    column->view.data = fresh;
    column->view.n_rows = n;
    return THRONG_OK;
}

/* Every column, and whatever looks at it. */
static throng_status keep_columns(throng_population *population, const int64_t *rows, throng_error *err) {
    throng_column_view *views[3 + THRONG_COHORT_LEVELS_MAX] = {&population->state, &population->weight,
                                                               &population->baseline};
    for (int level = 0; level < THRONG_COHORT_LEVELS_MAX; level++)
        views[3 + level] = &population->cohort[level];
    for (int c = 0; c < population->n_columns; c++) {
        throng_i_column *column = &population->columns[c];
        const void *old = column->view.data;
        if (!old)
            continue;
        throng_status status = keep_rows(population->context, column, rows, population->n_agents, err);
        if (status != THRONG_OK)
            return status;
        for (size_t v = 0; v < sizeof views / sizeof *views; v++)
            if (views[v]->data == old)
                *views[v] = column->view;
    }
    return THRONG_OK;
}

throng_status throng_population_fold(throng_population *population, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_context *context = population->context;
    int64_t *last = NULL, n = population->n_agents, times = population->n_times;
    double *course = NULL;
    THRONG_REQUIRE(!population->course, E_ARGUMENT, "The times of the population are one course already.");
    THRONG_REQUIRE(!population->joined, E_ARGUMENT, "Times become a course before a second table is joined.");
    THRONG_REQUIRE(times == 1 || population->ids.name, E_UNSUPPORTED,
                   "Who is at one time the same as at another? That takes a column with ids (--id).");
    THRONG_TRY(throng_i_resize(context, &course, times * n, sizeof *course, err));
    THRONG_TRY(throng_i_resize(context, &last, n, sizeof *last, err));
    follow(population, course, last);
    if (times > 1) /* otherwise agent a has row a */
        THRONG_TRY(keep_columns(population, last, err));
    population->course = course;
    population->n_course = times;
    course = NULL;
    throng_i_free(context, population->agents);
    population->agents = NULL;
    population->n_rows = n;
    population->n_times = 1;
    population->offsets[0] = 0;
    population->offsets[1] = n;
    if (population->times.values)
        population->times.values += times - 1;
    if (population->times.words)
        population->times.words += times - 1;
    population->times.n = 1;
out:
    throng_i_free(context, course);
    throng_i_free(context, last);
    return status;
}

int64_t throng_population_course(const throng_population *population, const double **states) {
    *states = population->course;
    return population->n_course;
}
