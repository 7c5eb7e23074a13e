/* Making a population: takes the columns out of a table and calls the steps of rows.c, times.c and agents.c.
 *
 * Memory is the promise here: a row of a crowd of millions costs its columns and 4 bytes for the agent. So columns are
 * moved out of the table, never copied without need; ids and times become codes in the memory of their own columns; and
 * rows are moved one column at a time. */
#include "population/population.h"
#include "table/table.h"

#include <string.h>

/* ---- columns and their parts ----------------------------------------------------------------------------------- */

typedef enum part {
    PART_STATE,
    PART_WEIGHT,
    PART_BASELINE,
    PART_COHORT, /* and those nested in it */
    PART_COHORT_LAST = PART_COHORT + THRONG_COHORT_LEVELS_MAX - 1,
    PART_ID,
    PART_TIME,
} part;

enum {
    WHOLE = 1,
    REAL = 2,
    MOMENT = 4,
    WORDS = 8
};

#define COHORTS                                                                                                        \
    { "cohort", WHOLE | REAL | WORDS, "numbers or text" }

static const struct {
    const char *name;
    unsigned accepts;
    const char *allowed;
} parts[THRONG_I_PARTS] = {
    [PART_STATE] = {"state", WHOLE | REAL, "numbers"},
    [PART_WEIGHT] = {"weight", WHOLE | REAL, "numbers"},
    [PART_BASELINE] = {"baseline", WHOLE | REAL, "numbers"},
    [PART_COHORT] = COHORTS,
    [PART_COHORT + 1] = COHORTS,
    [PART_COHORT + 2] = COHORTS,
    [PART_COHORT_LAST] = COHORTS,
    [PART_ID] = {"id", WHOLE | WORDS, "whole numbers or text"},
    [PART_TIME] = {"time", WHOLE | MOMENT | WORDS, "whole numbers, dates, timestamps or text"},
};

static const unsigned sort_of_type[THRONG_TYPE_COUNT] = {
    [THRONG_TYPE_FLOAT32] = REAL,     [THRONG_TYPE_FLOAT64] = REAL, [THRONG_TYPE_INT32] = WHOLE,
    [THRONG_TYPE_INT64] = WHOLE,      [THRONG_TYPE_UINT8] = WHOLE,  [THRONG_TYPE_DATE] = MOMENT,
    [THRONG_TYPE_TIMESTAMP] = MOMENT, [THRONG_TYPE_TEXT] = WORDS,
};

throng_population_def throng_population_default(void) {
    return (throng_population_def){.state = NULL, .missing = THRONG_MISSING_ERROR};
}

/* A column of the table by name; of columns that share their data the one that owns it. */
static throng_status find_column(const throng_table *table, part role, const char *name, int *out, throng_error *err) {
    throng_column_view view;
    throng_status status = throng_table_find(table, name, &view, err);
    if (status != THRONG_OK)
        return status;
    if (!(parts[role].accepts & sort_of_type[view.type]))
        return THRONG_FAIL(err, E_COLUMN, "Column \"%s\" is of type %s, but the %s needs %s.", name,
                           throng_type_name(view.type), parts[role].name, parts[role].allowed);
    int index = 0, n = throng_table_columns(table);
    while (strcmp(table->columns[index].view.name, name) != 0)
        index++;
    for (int i = 0; i < n; i++)
        if (table->columns[i].memory && table->columns[i].memory == view.data)
            index = i;
    *out = index;
    return THRONG_OK;
}

/* Takes the column of a part out of the table, unless another part has it already. */
static throng_status take_part(throng_population *population, throng_table *table, part role, const char *name,
                               throng_i_column **out, throng_error *err) {
    throng_status status = THRONG_OK;
    int index = 0;
    THRONG_TRY(find_column(table, role, name, &index, err));
    throng_column_view view = throng_table_column(table, index);
    throng_i_column *column = population->columns, *end = column + population->n_columns;
    while (column < end && (column->view.data != view.data || column->view.type != view.type))
        column++;
    if (column == end) {
        throng_i_table_column taken;
        THRONG_TRY(throng_i_table_take_column(table, index, &taken, err));
        *column = (throng_i_column){taken.view, taken.memory, taken.name, taken.dictionary, 0};
        population->n_columns++;
    }
    column->n_parts++;
    *out = column;
out:
    return status;
}

static throng_status take_parts(throng_population *population, throng_table *table, const throng_population_def *def,
                                throng_i_column *columns[THRONG_I_PARTS], throng_error *err) {
    throng_status status = THRONG_OK;
    const char *names[THRONG_I_PARTS] = {def->state, def->weight, def->baseline};
    int levels = 0;
    for (; levels < THRONG_COHORT_LEVELS_MAX && (levels == 0 ? def->cohort : def->nested[levels - 1]); levels++)
        names[PART_COHORT + levels] = levels == 0 ? def->cohort : def->nested[levels - 1];
    population->n_cohort_levels = levels;
    names[PART_ID] = def->id;
    names[PART_TIME] = def->time;
    THRONG_REQUIRE(table->context == population->context, E_ARGUMENT, "The table was made with another context.");
    THRONG_REQUIRE(def->state, E_ARGUMENT, "The population needs the name of the column with the state.");
    THRONG_REQUIRE(def->cohort || !def->nested[0], E_ARGUMENT,
                   "Column \"%s\" divides cohorts again, but no column forms them.", def->nested[0]);
    THRONG_REQUIRE((unsigned)def->missing < THRONG_MISSING_COUNT, E_ARGUMENT, "missing must be error or drop.");
    for (int role = 0; role < THRONG_I_PARTS; role++)
        if (names[role])
            THRONG_TRY(take_part(population, table, (part)role, names[role], &columns[role], err));
    population->n_rows = throng_table_rows(table);
    THRONG_REQUIRE(population->n_rows > 0 || !table->chosen, E_EMPTY, "No row of %s%s fulfils the condition.",
                   table->sources[0].path, table->n_sources > 1 ? " and the other files" : "");
    THRONG_REQUIRE(population->n_rows > 0, E_EMPTY, "%s has no rows.",
                   table->n_sources > 0 ? table->sources[0].path : "The table");
    THRONG_REQUIRE(
        def->id || population->n_rows <= INT32_MAX, E_ARGUMENT,
        "Without ids every row is an agent, but there are more rows than throng can count agents, 2^31 - 1.");
out:
    return status;
}

/* The views of later stages; a column may have moved since the last look. */
static void look(throng_population *population, throng_i_column *const columns[THRONG_I_PARTS]) {
    throng_column_view *views[] = {&population->state, &population->weight, &population->baseline};
    for (int role = PART_STATE; role < PART_COHORT; role++)
        if (columns[role])
            *views[role] = columns[role]->view;
    for (int level = 0; level < population->n_cohort_levels; level++)
        population->cohort[level] = columns[PART_COHORT + level]->view;
}

/* ---- making ---------------------------------------------------------------------------------------------------- */

static throng_status check_rows(throng_population *population, throng_i_column *const columns[THRONG_I_PARTS],
                                throng_missing missing, throng_i_dropped *dropped, throng_error *err) {
    throng_status status = THRONG_OK;
    look(population, columns);
    THRONG_TRY(throng_i_rows_check(population, missing, dropped, err));
    for (int i = 0; dropped->bits && i < population->n_columns; i++)
        THRONG_TRY(throng_i_rows_drop(population->context, &population->columns[i], dropped, err));
    population->n_dropped = dropped->n_dropped;
    population->n_rows -= dropped->n_dropped;
out:
    return status;
}

throng_status throng_population_create(throng_context *context, throng_table *table, const throng_population_def *def,
                                       throng_population **out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_population *population = NULL;
    throng_i_column *columns[THRONG_I_PARTS] = {NULL};
    throng_i_dropped dropped = {0};
    int32_t *codes = NULL;
    THRONG_TRY(throng_i_alloc(context, 1, sizeof *population, &population, err));
    population->context = context;
    THRONG_TRY(take_parts(population, table, def, columns, err));
    throng_table_free(table);
    table = NULL;
    THRONG_TRY(check_rows(population, columns, def->missing, &dropped, err));
    THRONG_TRY(throng_i_times_find(population, columns[PART_TIME], &codes, err));
    THRONG_TRY(throng_i_agents_find(population, columns[PART_ID], codes, &dropped, err));
    if (codes)
        THRONG_TRY(throng_i_rows_group(population, codes, err));
    look(population, columns);
    THRONG_TRY(throng_i_times_check_weights(population, err));
    THRONG_TRY(throng_i_agents_check_once(population, codes, &dropped, err));
    *out = population;
    population = NULL;
out:
    throng_i_free(context, codes);
    throng_i_free(context, dropped.bits);
    throng_population_free(population);
    throng_table_free(table);
    return status;
}

void throng_population_free(throng_population *population) {
    if (!population)
        return;
    throng_context *context = population->context;
    for (int i = 0; i < population->n_columns; i++)
        throng_i_column_clear(context, &population->columns[i]);
    throng_i_free(context, population->agents);
    throng_i_free(context, population->ids.memory);
    throng_i_free(context, population->times.memory);
    throng_i_free(context, population->offsets);
    throng_i_free(context, population->course);
    throng_i_free(context, population);
}

/* ---- asking ---------------------------------------------------------------------------------------------------- */

int64_t throng_population_rows(const throng_population *population) {
    return population->n_rows;
}

int64_t throng_population_agents(const throng_population *population) {
    return population->n_agents;
}

int64_t throng_population_times(const throng_population *population) {
    return population->n_times;
}

int64_t throng_population_dropped(const throng_population *population) {
    return population->n_dropped;
}
