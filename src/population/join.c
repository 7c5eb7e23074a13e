/* Columns of a second table, found by the ids of agents. */
#include "population/directory.h"
#include "table/table.h"

#include <math.h>
#include <string.h>

typedef struct join {
    throng_population *population;
    throng_context *context;
    const throng_members_def *def;
    throng_column_view key;
    int n_columns;
    int64_t *row_of; /* [agents] row of the second table, -1: none */
    int64_t unlisted;
    throng_table *made; /* the columns, a row a row of the population */
} join;

/* ---- who is where ---------------------------------------------------------------------------------------------- */

static throng_status find_rows(join *self, const throng_agent *agents, throng_error *err) {
    char cell[80], here[THRONG_I_COUNT_LENGTH], before[THRONG_I_COUNT_LENGTH];
    int64_t n_agents = self->population->n_agents;
    self->unlisted = n_agents;
    for (int64_t agent = 0; agent < n_agents; agent++)
        self->row_of[agent] = -1;
    for (int64_t row = 0; row < self->key.n_rows; row++) {
        if (agents[row] < 0)
            continue;
        if (self->row_of[agents[row]] >= 0) {
            throng_i_directory_cell(&self->key, row, cell, sizeof cell);
            return THRONG_FAIL(
                err, E_DUPLICATE_AGENT,
                "Row %s of the cohort table: %s %s is there already, in row %s. An agent has one cohort.",
                throng_i_count_print(row + 1, here), self->key.name, cell,
                throng_i_count_print(self->row_of[agents[row]] + 1, before));
        }
        self->row_of[agents[row]] = row;
        self->unlisted--;
    }
    return THRONG_OK;
}

static throng_status check_unlisted(const join *self, throng_error *err) {
    char id[80], missing[THRONG_I_COUNT_LENGTH], all[THRONG_I_COUNT_LENGTH];
    throng_agent first = 0;
    if (self->unlisted == 0 || self->def->unlisted == THRONG_UNLISTED_NONE)
        return THRONG_OK;
    while (self->row_of[first] >= 0)
        first++;
    throng_population_id(self->population, first, id, sizeof id);
    return THRONG_FAIL(err, E_COHORT,
                       "%s of %s agents %s not in the cohort table, %s the first: no row has it in column \"%s\". Make "
                       "them a cohort of their own with --cohort-missing none.",
                       throng_i_count_print(self->unlisted, missing),
                       throng_i_count_print(self->population->n_agents, all), self->unlisted == 1 ? "is" : "are", id,
                       self->key.name);
}

/* ---- columns --------------------------------------------------------------------------------------------------- */

static int64_t source_row(const join *self, int64_t row) {
    return self->row_of[throng_population_agent(self->population, row)];
}

static throng_status join_words(join *self, const throng_column_view *column, throng_error *err) {
    static const char none[] = "(none)"; /* what the reader writes for a NULL text */
    throng_status status = THRONG_OK;
    const char **words = NULL;
    int32_t *codes = NULL;
    const int32_t *from = column->data;
    int64_t absent = 0;
    THRONG_TRY(throng_i_resize(self->context, &words, column->n_words + 1, sizeof *words, err));
    for (; absent < column->n_words && strcmp(column->words[absent], none) != 0; absent++)
        words[absent] = column->words[absent];
    for (int64_t i = absent; i < column->n_words; i++)
        words[i] = column->words[i];
    if (absent == column->n_words)
        words[absent] = none;
    THRONG_TRY(throng_table_add_codes(self->made, column->name, column->n_words + (absent == column->n_words ? 1 : 0),
                                      words, &codes, err));
    for (int64_t row = 0; row < self->population->n_rows; row++) {
        int64_t at = source_row(self, row);
        codes[row] = at >= 0 ? from[at] : (int32_t)absent;
    }
out:
    throng_i_free(self->context, words);
    return status;
}

static throng_status join_numbers(join *self, const throng_column_view *column, throng_error *err) {
    void *memory = NULL;
    throng_status status = throng_table_add(self->made, column->name, THRONG_TYPE_FLOAT64, &memory, err);
    if (status != THRONG_OK)
        return status;
    double *out = memory, scratch[1];
    for (int64_t row = 0; row < self->population->n_rows; row++) {
        int64_t at = source_row(self, row);
        out[row] = at >= 0 ? *throng_i_column_block(column, at, 1, scratch) : (double)NAN;
    }
    return THRONG_OK;
}

static throng_status join_column(join *self, const throng_table *table, const char *name, throng_error *err) {
    throng_column_view column;
    throng_status status = throng_table_find(table, name, &column, err);
    if (status != THRONG_OK)
        return status;
    if (column.type == THRONG_TYPE_DATE || column.type == THRONG_TYPE_TIMESTAMP)
        return THRONG_FAIL(err, E_COLUMN, "Column \"%s\" is of type %s, but the cohort needs numbers or text.", name,
                           throng_type_name(column.type));
    return column.type == THRONG_TYPE_TEXT ? join_words(self, &column, err) : join_numbers(self, &column, err);
}

/* What was made becomes the population's, all of it or nothing. */
static throng_status hand_over(join *self, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_population *population = self->population;
    throng_i_column columns[THRONG_COHORT_LEVELS_MAX] = {{.memory = NULL}};
    for (int i = 0; i < self->n_columns; i++) {
        throng_i_table_column taken;
        THRONG_TRY(throng_i_table_take_column(self->made, i, &taken, err));
        columns[i] = (throng_i_column){taken.view, taken.memory, taken.name, taken.dictionary, 1};
    }
    for (int i = 0; i < self->n_columns; i++) {
        population->columns[population->n_columns++] = columns[i];
        population->cohort[i] = columns[i].view;
    }
    population->n_cohort_levels = self->n_columns;
    population->joined = true;
    population->n_unlisted = self->unlisted;
    return THRONG_OK;
out:
    for (int i = 0; i < self->n_columns; i++)
        throng_i_column_clear(self->context, &columns[i]);
    return status;
}

/* ---- the whole ------------------------------------------------------------------------------------------------- */

static throng_status check(join *self, const throng_table *table, throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_members_def *def = self->def;
    THRONG_REQUIRE(table->context == self->context, E_ARGUMENT, "The table was made with another context.");
    THRONG_REQUIRE(self->population->ids.name, E_ARGUMENT,
                   "A second table is matched by ids, but the population has no id column.");
    THRONG_REQUIRE(self->population->n_cohort_levels == 0, E_ARGUMENT,
                   "The population has the cohort column \"%s\" already.", self->population->cohort[0].name);
    THRONG_REQUIRE(def->key && def->by[0], E_ARGUMENT,
                   "A second table needs the names of a column with ids and of a column that forms cohorts.");
    THRONG_REQUIRE((unsigned)def->unlisted < THRONG_UNLISTED_COUNT, E_ARGUMENT, "unlisted must be error or none.");
    while (self->n_columns < THRONG_COHORT_LEVELS_MAX && def->by[self->n_columns])
        self->n_columns++;
    THRONG_TRY(throng_table_find(table, def->key, &self->key, err));
out:
    return status;
}

throng_status throng_population_join(throng_population *population, throng_table *table, const throng_members_def *def,
                                     throng_error *err) {
    static const throng_i_directory_use use = {"matching cohorts", "rows", "cohort table",
                                               "it is matched with ids of agents"};
    throng_status status = THRONG_OK;
    throng_agent *agents = NULL;
    join self = {.population = population, .context = population->context, .def = def};
    throng_i_directory directory = {.context = population->context};
    THRONG_TRY(check(&self, table, err));
    THRONG_TRY(throng_i_directory_init(self.context, &population->ids, &directory, err));
    THRONG_TRY(throng_i_directory_match(&directory, &self.key, &use, &agents, err));
    THRONG_TRY(throng_i_resize(self.context, &self.row_of, population->n_agents, sizeof *self.row_of, err));
    THRONG_TRY(find_rows(&self, agents, err));
    THRONG_TRY(check_unlisted(&self, err));
    THRONG_TRY(throng_table_create(self.context, population->n_rows, &self.made, err));
    for (int i = 0; i < self.n_columns; i++)
        THRONG_TRY(join_column(&self, table, def->by[i], err));
    THRONG_TRY(hand_over(&self, err));
out:
    throng_i_free(self.context, agents);
    throng_i_free(self.context, self.row_of);
    throng_i_directory_clear(&directory);
    throng_table_free(self.made);
    throng_table_free(table);
    return status;
}

int64_t throng_population_unlisted(const throng_population *population) {
    return population->joined ? population->n_unlisted : -1;
}
