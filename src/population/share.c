/*
 * Of several ranks: a population of which each has the rows of its share. Arrays keep their length; what is not touched
 * takes no memory.
 *
 * A rank can make it of its rows alone as long as there is nothing to say about the others': no rows are left out, ids
 * are whole numbers that rise through all shares, so that nobody is there twice, and columns have one type everywhere.
 * Else the whole table is read, which says what is wrong in the words that one process has.
 */
#include "population/population.h"
#include "table/words.h"

#include <string.h>

throng_i_share throng_i_population_here(const throng_population *population) {
    return population->shared ? throng_i_share_mine(population->context, population->n_rows)
                              : (throng_i_share){0, population->n_rows};
}

throng_status throng_i_population_for(const throng_population *population, throng_chunk_fn body, void *user,
                                      const throng_progress *progress, throng_error *err) {
    return population->shared ? throng_i_share_for(population->context, population->n_rows, body, user, progress, err)
                              : throng_chunks_for(population->context, population->n_rows, body, user, progress, err);
}

throng_status throng_i_population_in_turn(const throng_population *population, throng_i_turn_fn body, void *user,
                                          void *state, int64_t size, throng_error *err) {
    if (population->shared)
        return throng_i_share_in_turn(population->context, population->n_rows, body, user, state, size, err);
    body(user, throng_i_population_here(population), state);
    return THRONG_OK;
}

/* ---- rows in their places -------------------------------------------------------------------------------------- */

/* Views of parts, which are copies, as their columns are now. */
static void look_again(throng_population *population) {
    throng_column_view *views[3 + THRONG_COHORT_LEVELS_MAX] = {&population->state, &population->weight,
                                                               &population->baseline};
    for (int level = 0; level < THRONG_COHORT_LEVELS_MAX; level++)
        views[3 + level] = &population->cohort[level];
    for (int i = 0; i < population->n_columns; i++) {
        throng_column_view *column = &population->columns[i].view;
        column->n_rows = population->n_rows;
        for (int v = 0; v < 3 + THRONG_COHORT_LEVELS_MAX; v++)
            if (views[v]->name == column->name && views[v]->data)
                *views[v] = *column;
    }
}

/* Moves the share of some memory of ours, which begins with row `first`, into an array of all rows. */
static throng_status move_share(throng_population *population, size_t size, int64_t first, void **memory,
                                throng_error *err) {
    throng_i_share mine = throng_i_share_mine(population->context, population->n_rows);
    char *old = *memory, *fresh = NULL;
    throng_status status = throng_i_resize(population->context, &fresh, population->n_rows, size, err);
    if (status != THRONG_OK)
        return status;
    memcpy(fresh + (size_t)mine.begin * size, old + (size_t)(mine.begin - first) * size,
           (size_t)(mine.end - mine.begin) * size);
    for (int i = 0; i < population->n_columns; i++)
        if (population->columns[i].view.data == old)
            population->columns[i].view.data = fresh;
    if (population->ids.values && (const char *)population->ids.values == old)
        population->ids.values = (const int64_t *)(const void *)fresh;
    throng_i_free(population->context, old);
    *memory = fresh;
    return THRONG_OK;
}

static throng_status move_ids(throng_population *population, int64_t first, throng_error *err) {
    if (!population->ids.values) /* words are one block, and stay */
        return THRONG_OK;
    return move_share(population, sizeof(int64_t), first, &population->ids.memory, err);
}

static throng_status move_all(throng_population *population, int64_t first, throng_error *err) {
    throng_status status = THRONG_OK;
    for (int i = 0; i < population->n_columns; i++) {
        throng_i_column *column = &population->columns[i];
        if (column->memory)
            THRONG_TRY(move_share(population, throng_type_size(column->view.type), first, &column->memory, err));
    }
    THRONG_TRY(move_ids(population, first, err));
    look_again(population);
    population->shared = true;
out:
    return status;
}

throng_status throng_i_population_keep_share(throng_population *population, throng_error *err) {
    return population->shared ? THRONG_OK : move_all(population, 0, err);
}

throng_status throng_i_population_gather_ids(throng_population *population, throng_error *err) {
    if (!population->shared || !population->ids.values)
        return THRONG_OK;
    return throng_i_share_gather(population->context, population->n_rows, sizeof(int64_t), population->ids.memory, err);
}

throng_status throng_i_population_drop_ids(throng_population *population, throng_error *err) {
    throng_status status = population->shared ? move_ids(population, 0, err) : THRONG_OK;
    if (population->shared)
        look_again(population);
    return status;
}

/* ---- words ----------------------------------------------------------------------------------------------------- */

/* A column with more different texts than this forms no cohorts. */
#define WORDS_MAX ((int64_t)1 << 20) /* bytes of all ranks' */

/* The words of all ranks, one rank after the other; each ends with a 0. first [ranks + 1] bytes; *odd: they are too
 * many. */
static throng_status gather_words(throng_context *context, const throng_column_view *column, int64_t *first, char **out,
                                  bool *odd, throng_error *err) {
    throng_status status = THRONG_OK;
    int size = throng_ranks_count(context), mine = throng_ranks_mine(context);
    int64_t *counts = NULL, length = 0;
    for (int64_t word = 0; word < column->n_words; word++)
        length += (int64_t)strlen(column->words[word]) + 1;
    THRONG_TRY(throng_i_alloc(context, 2 * size, sizeof *counts, &counts, err));
    for (int rank = 0; rank < size; rank++)
        counts[rank] = length;
    THRONG_TRY(throng_i_ranks_counts(context, counts, counts + size, err));
    for (int rank = 0; rank < size; rank++)
        first[rank + 1] = first[rank] + counts[size + rank];
    *odd = first[size] > WORDS_MAX;
    if (*odd)
        goto out;
    THRONG_TRY(throng_i_alloc(context, first[size], 1, out, err));
    char *place = *out + first[mine];
    for (int64_t word = 0; word < column->n_words; word++) {
        size_t bytes = strlen(column->words[word]) + 1;
        memcpy(place, column->words[word], bytes);
        place += bytes;
    }
    THRONG_TRY(throng_i_ranks_gather(context, first, 1, *out, err));
out:
    throng_i_free(context, counts);
    return status;
}

/* Gives all ranks one dictionary, in which words stand as they first come in all rows. */
static throng_status share_words(throng_context *context, throng_i_column *column, bool *odd, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_words words = {.context = context};
    int64_t *first = NULL;
    int size = throng_ranks_count(context), mine = throng_ranks_mine(context);
    int32_t *code_of = NULL, *codes = column->memory, code = 0;
    char *text = NULL;
    THRONG_TRY(throng_i_alloc(context, size + 1, sizeof *first, &first, err));
    THRONG_TRY(gather_words(context, &column->view, first, &text, odd, err));
    if (*odd)
        goto out;
    THRONG_TRY(throng_i_resize(context, &code_of, column->view.n_words, sizeof *code_of, err));
    for (int64_t at = 0, own = 0; at < first[size]; at += (int64_t)strlen(text + at) + 1) {
        THRONG_TRY(throng_i_words_code(&words, text + at, (int64_t)strlen(text + at), &code, err));
        if (at >= first[mine] && at < first[mine + 1])
            code_of[own++] = code;
    }
    for (int64_t row = 0; row < column->view.n_rows; row++)
        codes[row] = code_of[codes[row]];
    throng_i_free(context, column->dictionary);
    column->dictionary = NULL;
    column->view.n_words = words.count;
    THRONG_TRY(throng_i_words_finish(&words, &column->dictionary, &column->view.words, err));
out:
    throng_i_words_clear(&words);
    throng_i_free(context, first);
    throng_i_free(context, code_of);
    throng_i_free(context, text);
    return status;
}

static throng_status share_all_words(throng_population *population, bool *odd, throng_error *err) {
    throng_status status = THRONG_OK;
    for (int i = 0; i < population->n_columns && !*odd; i++)
        if (population->columns[i].view.type == THRONG_TYPE_TEXT)
            THRONG_TRY(share_words(population->context, &population->columns[i], odd, err));
out:
    return status;
}

/* ---- made of shares -------------------------------------------------------------------------------------------- */

/* What ranks tell each other of their rows. */
typedef struct brief {
    int64_t first, last; /* ids */
    int32_t odd;         /* there is something that takes the whole table to say */
    int32_t type[THRONG_I_PARTS];
} brief;

static bool rises(const throng_i_keys *ids, int64_t n) {
    for (int64_t i = 1; i < n; i++)
        if (ids->values[i - 1] >= ids->values[i])
            return false;
    return true;
}

/* @param population  of the rows of this rank; NULL: they make none */
static brief brief_of(const throng_population *population) {
    brief out = {.odd = 1};
    if (!population || population->n_dropped > 0 || population->agents || population->ids.type == THRONG_TYPE_TEXT)
        return out;
    int64_t n = population->n_rows;
    const int64_t *ids = population->ids.values;
    out.odd = ids && !rises(&population->ids, n);
    out.first = ids ? ids[0] : 0;
    out.last = ids ? ids[n - 1] : 0;
    for (int i = 0; i < population->n_columns; i++)
        out.type[i] = (int32_t)population->columns[i].view.type;
    return out;
}

static bool fit(const brief *all, int size, bool ids) {
    for (int rank = 0; rank < size; rank++)
        if (all[rank].odd || memcmp(all[rank].type, all[0].type, sizeof all->type) != 0 ||
            (ids && rank > 0 && all[rank].first <= all[rank - 1].last))
            return false;
    return true;
}

/* Whether the rows of all ranks make one population; all find the same. */
static throng_status compare(throng_context *context, const throng_population *population, bool *odd,
                             throng_error *err) {
    throng_status status = THRONG_OK;
    int size = throng_ranks_count(context);
    int64_t *first = NULL;
    brief *all = NULL;
    THRONG_TRY(throng_i_alloc(context, size + 1, sizeof *first, &first, err));
    THRONG_TRY(throng_i_alloc(context, size, sizeof *all, &all, err));
    for (int rank = 0; rank <= size; rank++)
        first[rank] = rank;
    all[throng_ranks_mine(context)] = brief_of(population);
    THRONG_TRY(throng_i_ranks_gather(context, first, sizeof *all, all, err));
    *odd = !fit(all, size, population && population->ids.values);
out:
    throng_i_free(context, first);
    throng_i_free(context, all);
    return status;
}

throng_status throng_i_population_create_share(throng_context *context, throng_table *table,
                                               const throng_i_table_part *part, const throng_population_def *def,
                                               throng_population **out, throng_error *err) {
    throng_population *population = NULL;
    throng_error reason = {0};
    bool odd = false;
    *out = NULL;
    throng_status status = table ? throng_population_create(context, table, def, &population, &reason) : THRONG_OK;
    if (status == THRONG_E_MEMORY || status == THRONG_E_CANCELLED) {
        if (err)
            *err = reason;
        return status;
    }
    THRONG_TRY(compare(context, population, &odd, err));
    if (!odd)
        THRONG_TRY(share_all_words(population, &odd, err));
    if (odd)
        goto out;
    population->n_rows = population->n_agents = population->ids.n = population->offsets[1] = part->total;
    THRONG_TRY(move_all(population, part->first, err));
    *out = population;
    population = NULL;
out:
    throng_population_free(population);
    return status;
}
