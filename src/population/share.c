/* Of several ranks: a population of which each has the rows of its share. Arrays keep their length; what is not touched
 * takes no memory. */
#include "population/population.h"

#include <string.h>

throng_i_share throng_i_population_here(const throng_population *population) {
    return population->shared ? throng_i_share_mine(population->context, population->n_rows)
                              : (throng_i_share){0, population->n_rows};
}

throng_status throng_i_population_for(const throng_population *population, throng_chunk_fn body, void *user,
                                      const throng_progress *progress, throng_error *err) {
    return population->shared
               ? throng_i_share_for(population->context, population->n_rows, body, user, progress, err)
               : throng_chunks_for(population->context, population->n_rows, body, user, progress, err);
}

throng_status throng_i_population_in_turn(const throng_population *population, throng_i_turn_fn body, void *user,
                                          void *state, int64_t size, throng_error *err) {
    if (population->shared)
        return throng_i_share_in_turn(population->context, population->n_rows, body, user, state, size, err);
    body(user, throng_i_population_here(population), state);
    return THRONG_OK;
}

/* ---- becoming shared ------------------------------------------------------------------------------------------- */

/* Everything that looked at `old` looks at `fresh`. */
static void look_there(throng_population *population, const void *old, const void *fresh) {
    throng_column_view *views[3] = {&population->state, &population->weight, &population->baseline};
    for (int i = 0; i < 3; i++)
        views[i]->data = views[i]->data == old ? fresh : views[i]->data;
    for (int level = 0; level < population->n_cohort_levels; level++)
        if (population->cohort[level].data == old)
            population->cohort[level].data = fresh;
    for (int i = 0; i < population->n_columns; i++)
        if (population->columns[i].view.data == old)
            population->columns[i].view.data = fresh;
    if (population->ids.values == old)
        population->ids.values = fresh;
}

/* Moves the share of some memory of ours to where nothing else is. */
static throng_status keep_share(throng_population *population, size_t size, void **memory, throng_error *err) {
    throng_i_share mine = throng_i_share_mine(population->context, population->n_rows);
    void *fresh = NULL;
    throng_status status = throng_i_resize(population->context, &fresh, population->n_rows, size, err);
    if (status != THRONG_OK)
        return status;
    size_t begin = (size_t)mine.begin * size;
    memcpy((char *)fresh + begin, (const char *)*memory + begin, (size_t)(mine.end - mine.begin) * size);
    look_there(population, *memory, fresh);
    throng_i_free(population->context, *memory);
    *memory = fresh;
    return THRONG_OK;
}

throng_status throng_i_population_keep_share(throng_population *population, throng_error *err) {
    throng_status status = THRONG_OK;
    for (int i = 0; i < population->n_columns; i++) {
        throng_i_column *column = &population->columns[i];
        if (column->memory)
            THRONG_TRY(keep_share(population, throng_type_size(column->view.type), &column->memory, err));
    }
    if (population->ids.memory && population->ids.values) /* words are one block, and stay */
        THRONG_TRY(keep_share(population, sizeof(int64_t), &population->ids.memory, err));
    population->shared = true;
out:
    return status;
}
