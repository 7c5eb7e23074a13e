/* Verifying the tables of a run directory: every column against the run done again. */
#include "study/verify.h"

#include "attribution/attribution.h"
#include "population/population.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPEATS 1e-12 /* credits, of the largest; see throng_attribution_verify */
#define SAME    1e-9  /* standard errors */

/* ---- reading --------------------------------------------------------------------------------------------------- */

/* Reads columns of a file; one that cannot be read is a verdict, and leaves *out NULL. */
static throng_status read_table(throng_i_verify *self, const char *path, const throng_column_request *columns, int n,
                                throng_table **out, throng_error *err) {
    throng_error reason = {0};
    *out = NULL;
    throng_status status = throng_table_read(self->context, &path, 1, columns, n, NULL, out, &reason);
    throng_status ends = throng_i_verify_ends(status, &reason, err);
    if (status != THRONG_OK && ends == THRONG_OK)
        throng_i_verify_say(self, "files", THRONG_VERDICT_FAILS, "%s", reason.message);
    return ends;
}

/* ---- keys ------------------------------------------------------------------------------------------------------ */

static int64_t whole_at(const throng_column_view *column, int64_t row) {
    int64_t scratch[1];
    return *throng_i_column_whole(column, row, 1, scratch);
}

static const char *word_at(const throng_column_view *column, int64_t row) {
    return column->words[((const int32_t *)column->data)[row]];
}

static int64_t whole_of(const throng_i_keys *keys, int64_t code) {
    return keys->values ? keys->values[code] : code + 1;
}

static bool same_key(const throng_column_view *column, int64_t row, const throng_i_keys *keys, int64_t code) {
    if (column->type != keys->type)
        return false;
    return column->type == THRONG_TYPE_TEXT ? strcmp(word_at(column, row), keys->words[code]) == 0
                                            : whole_at(column, row) == whole_of(keys, code);
}

static void print_key(const throng_column_view *column, int64_t row, char *out, size_t size) {
    int64_t value = column->type == THRONG_TYPE_TEXT ? 0 : whole_at(column, row);
    const char *word = column->type == THRONG_TYPE_TEXT ? word_at(column, row) : NULL;
    throng_i_keys one = {.type = column->type, .n = 1, .values = &value, .words = &word};
    throng_i_key_print(&one, 0, out, size);
}

/* ---- rows ------------------------------------------------------------------------------------------------------ */

/* A row in words: "agent 17", "agent 17 at time 3". */
typedef struct row_name {
    char text[180];
} row_name;

static row_name name_row(const throng_population *population, int64_t row, int64_t time) {
    char id[80], label[64];
    row_name name;
    throng_population_id(population, throng_population_agent(population, row), id, sizeof id);
    throng_population_time_label(population, time, label, sizeof label);
    snprintf(name.text, sizeof name.text, "agent %s%s%s", id, *label ? " at time " : "", label);
    return name;
}

static int64_t time_of(const throng_population *population, int64_t row) {
    int64_t time = 0;
    while (row >= population->offsets[time + 1])
        time++;
    return time;
}

/* Whether the file has the rows of the population, in its order; if not, that is a verdict. */
static bool check_rows(throng_i_verify *self, const throng_population *population, const throng_column_view *ids,
                       const throng_column_view *times) {
    int64_t n = ids->n_rows, wanted = population->n_rows, row = 0, time = 0;
    const char *who = population->n_times > 1 ? "rows" : "agents";
    char count[2][THRONG_I_COUNT_LENGTH], id[80], label[64] = "";
    for (; row < n && row < wanted; row++) {
        while (row >= population->offsets[time + 1])
            time++;
        if (!same_key(ids, row, &population->ids, throng_population_agent(population, row)) ||
            (times && !same_key(times, row, &population->times, time)))
            break;
    }
    if (row == n && row == wanted)
        return true;
    throng_i_count_print(n, count[0]);
    throng_i_count_print(wanted, count[1]);
    if (row < n) {
        print_key(ids, row, id, sizeof id);
        if (times)
            print_key(times, row, label, sizeof label);
    }
    if (n < wanted)
        throng_i_verify_say(self, "table", THRONG_VERDICT_FAILS,
                            "attribution.parquet has %s of %s %s; first missing: %s", count[0], count[1], who,
                            name_row(population, row, time_of(population, row)).text);
    else if (n > wanted)
        throng_i_verify_say(self, "table", THRONG_VERDICT_FAILS,
                            "attribution.parquet has %s %s, the run %s; first that is not of it: agent %s%s%s",
                            count[0], who, count[1], id, times ? " at time " : "", label);
    else
        throng_i_verify_say(self, "table", THRONG_VERDICT_FAILS,
                            "attribution.parquet: row %lld is of agent %s%s%s, in the run it is %s", (long long)row + 1,
                            id, times ? " at time " : "", label, name_row(population, row, time).text);
    return false;
}

/* ---- values ---------------------------------------------------------------------------------------------------- */

#define BLOCK 512

/* Whether a column of the file has these numbers, but for `slack` of them; if not, that is a verdict. */
static bool check_numbers(throng_i_verify *self, const throng_column_view *file, const throng_column_view *run,
                          double slack) {
    const throng_population *population = throng_run_population(self->run);
    double scratch[2][BLOCK], there = 0.0, here = 0.0;
    int64_t n_other = 0, first = 0;
    for (int64_t begin = 0; begin < population->n_rows; begin += BLOCK) {
        int64_t n = population->n_rows - begin < BLOCK ? population->n_rows - begin : BLOCK;
        const double *x = throng_i_column_block(file, begin, n, scratch[0]);
        const double *y = throng_i_column_block(run, begin, n, scratch[1]);
        for (int64_t i = 0; i < n; i++) {
            if (fabs(x[i] - y[i]) <= slack * fabs(y[i]))
                continue;
            if (n_other++ == 0) {
                first = begin + i;
                there = x[i];
                here = y[i];
            }
        }
    }
    if (n_other == 0)
        return true;
    char count[THRONG_I_COUNT_LENGTH];
    throng_i_verify_say(self, "table", THRONG_VERDICT_FAILS,
                        "attribution.parquet: %s of %s is %.9g, in the run it is %.9g (%s row%s differ%s)", file->name,
                        name_row(population, first, time_of(population, first)).text, there, here,
                        throng_i_count_print(n_other, count), n_other == 1 ? "" : "s", n_other == 1 ? "s" : "");
    return false;
}

static bool check_cohorts(throng_i_verify *self, const throng_column_view *file) {
    const throng_population *population = throng_run_population(self->run);
    const throng_cohorts *cohorts = throng_run_cohorts(self->run);
    const uint8_t *cohort = throng_cohorts_view(cohorts);
    for (int64_t row = 0; row < population->n_rows; row++) {
        const char *name = throng_cohorts_name(cohorts, cohort[row]);
        if (strcmp(word_at(file, row), name) == 0)
            continue;
        throng_i_verify_say(self, "table", THRONG_VERDICT_FAILS,
                            "attribution.parquet: cohort of %s is \"%.60s\", in the run it is \"%.60s\"",
                            name_row(population, row, time_of(population, row)).text, word_at(file, row), name);
        return false;
    }
    return true;
}

/* ---- attribution.parquet --------------------------------------------------------------------------------------- */

enum {
    ID,
    PHI,
    STATE,
    COHORT,
    TIME,
    WEIGHT,
    BASELINE,
    STANDARD_ERROR,
    BEHAVIOUR, /* of a world, the first; the others follow */
    COLUMNS = BEHAVIOUR + THRONG_WORLD_MESSAGES_MAX
};

/* Which columns a run has. */
typedef struct chosen {
    throng_column_request list[COLUMNS];
    int place[COLUMNS]; /* where each is in the list, -1: nowhere */
    int n;
    char behaviour[THRONG_WORLD_MESSAGES_MAX][120]; /* names */
} chosen;

static const throng_column_request requests[BEHAVIOUR] = {
    [ID] = {"id", THRONG_ROLE_KEY},
    [PHI] = {"phi", THRONG_ROLE_NUMBER},
    [STATE] = {"state", THRONG_ROLE_NUMBER},
    [COHORT] = {"cohort", THRONG_ROLE_LABEL},
    [TIME] = {"time", THRONG_ROLE_TIME},
    [WEIGHT] = {"weight", THRONG_ROLE_NUMBER},
    [BASELINE] = {"baseline", THRONG_ROLE_NUMBER},
    [STANDARD_ERROR] = {"standard_error", THRONG_ROLE_NUMBER},
};

static void choose_columns(const throng_i_verify *self, chosen *out) {
    const throng_population *population = self->run ? throng_run_population(self->run) : NULL;
    const throng_attribution *again = self->run ? throng_run_attribution(self->run) : NULL;
    const bool has[BEHAVIOUR] = {true,
                                 true,
                                 population,
                                 population,
                                 population && population->times.name,
                                 population && population->weight.name,
                                 population && again->def.baseline == THRONG_BASELINE_COLUMN,
                                 population && again->standard_error};
    *out = (chosen){.n = 0};
    for (int i = 0; i < COLUMNS; i++) {
        int b = i - BEHAVIOUR;
        bool there = b < 0 ? has[i] : again && throng_i_behaviour_column(again, b, out->behaviour[b]);
        out->place[i] = there ? out->n : -1;
        if (there)
            out->list[out->n++] = b < 0 ? requests[i] : (throng_column_request){out->behaviour[b], THRONG_ROLE_NUMBER};
    }
}

static bool check_reals(throng_i_verify *self, const throng_column_view *file, const double *again) {
    throng_column_view run = {.type = THRONG_TYPE_FLOAT64, .n_rows = file->n_rows, .data = again};
    return check_numbers(self, file, &run, SAME);
}

/* All columns, each until its first difference. */
static void check_columns(throng_i_verify *self, const throng_table *table, const int *place) {
    const throng_population *population = throng_run_population(self->run);
    const throng_attribution *again = throng_run_attribution(self->run);
    const throng_column_view *const run[COLUMNS] = {
        [STATE] = &population->state, [WEIGHT] = &population->weight, [BASELINE] = &population->baseline};
    bool whole = true;
    char name[120];
    for (int i = 0; i < COLUMNS; i++) {
        throng_column_view view = throng_table_column(table, place[i]); /* place -1: no view */
        if (!view.name)
            continue;
        if (run[i])
            whole = check_numbers(self, &view, run[i], 0.0) && whole;
        else if (i == STANDARD_ERROR)
            whole = check_reals(self, &view, again->standard_error) && whole;
        else if (i >= BEHAVIOUR)
            whole = check_reals(self, &view, throng_i_behaviour_column(again, i - BEHAVIOUR, name)) && whole;
        else if (i == COHORT && !(self->from_table && throng_study_text(self->study, "cohorts.by", 0)))
            whole = check_cohorts(self, &view) && whole;
    }
    if (whole && self->from_table)
        throng_i_verify_say(self, "table", THRONG_VERDICT_NOT_APPLICABLE,
                            "ids, states and weights of attribution.parquet cannot be compared: the inputs are gone");
    else if (whole)
        throng_i_verify_say(self, "table", THRONG_VERDICT_HOLDS,
                            "attribution.parquet has the agents, states, weights and cohorts of the run");
}

throng_status throng_i_verify_table(throng_i_verify *self, throng_table **table, const double **phi,
                                    throng_error *err) {
    chosen columns;
    choose_columns(self, &columns);
    const int *place = columns.place;
    *phi = NULL;
    throng_status status = read_table(self, self->table_file, columns.list, columns.n, table, err);
    if (status != THRONG_OK || !*table)
        return status;
    throng_column_view credits = throng_table_column(*table, place[PHI]), ids = throng_table_column(*table, place[ID]);
    throng_column_view times = throng_table_column(*table, place[TIME]);
    if (credits.type != THRONG_TYPE_FLOAT64) {
        throng_i_verify_say(self, "files", THRONG_VERDICT_FAILS, "the column phi of %s is not float64",
                            self->table_file);
        return THRONG_OK;
    }
    if (!self->run) {
        *phi = credits.data;
        return THRONG_OK;
    }
    if (!check_rows(self, throng_run_population(self->run), &ids, times.name ? &times : NULL))
        return THRONG_OK;
    check_columns(self, *table, place);
    *phi = credits.data;
    return THRONG_OK;
}

/* ---- change.parquet -------------------------------------------------------------------------------------------- */

/* An agent by its id: a whole number, or a word. */
typedef struct keyed {
    int64_t value;
    const char *word;
    int64_t at;
} keyed;

static int by_key(const void *a, const void *b) {
    const keyed *one = a, *other = b;
    if (one->word && other->word)
        return strcmp(one->word, other->word);
    return one->value < other->value ? -1 : one->value > other->value;
}

/* Both lists in the order of ids. */
static void sort_agents(const throng_column_view *ids, const throng_i_keys *keys, keyed *file, keyed *run) {
    bool text = keys->type == THRONG_TYPE_TEXT;
    for (int64_t i = 0; i < ids->n_rows; i++)
        file[i] = (keyed){text ? 0 : whole_at(ids, i), text ? word_at(ids, i) : NULL, i};
    for (int64_t i = 0; i < keys->n; i++)
        run[i] = (keyed){text ? 0 : whole_of(keys, i), text ? keys->words[i] : NULL, i};
    qsort(file, (size_t)ids->n_rows, sizeof *file, by_key);
    qsort(run, (size_t)keys->n, sizeof *run, by_key);
}

static void compare_change(throng_i_verify *self, const throng_table *table, const keyed *file, const keyed *run) {
    const throng_population *population = throng_run_population(self->run);
    const double *again = throng_attribution_change_phi(throng_run_attribution(self->run));
    const double *phi = throng_table_column(table, PHI).data;
    int64_t n = throng_table_rows(table), wanted = population->n_agents, i = 0;
    double most = 0.0, largest = 0.0;
    char id[80], count[2][THRONG_I_COUNT_LENGTH];
    while (i < n && i < wanted && by_key(&file[i], &run[i]) == 0)
        i++;
    if (i < n || i < wanted) {
        bool missing = i == n || (i < wanted && by_key(&run[i], &file[i]) < 0);
        throng_column_view ids = throng_table_column(table, ID);
        if (missing)
            throng_population_id(population, (throng_agent)run[i].at, id, sizeof id);
        else
            print_key(&ids, file[i].at, id, sizeof id);
        throng_i_verify_say(self, "change", THRONG_VERDICT_FAILS,
                            "change.parquet has %s agents, the run %s; first that %s: agent %s",
                            throng_i_count_print(n, count[0]), throng_i_count_print(wanted, count[1]),
                            missing ? "is missing" : "is not of it", id);
        return;
    }
    for (i = 0; i < n; i++) {
        double apart = fabs(phi[file[i].at] - again[run[i].at]);
        most = isnan(most) || apart <= most ? most : apart; /* NaN is kept */
        largest = fmax(largest, fabs(again[run[i].at]));
    }
    throng_verification_add(self->out, "change",
                            most <= REPEATS * largest ? THRONG_VERDICT_HOLDS : THRONG_VERDICT_FAILS,
                            largest > 0.0 ? most / largest : most, REPEATS,
                            "largest difference of a credit in change.parquet from the same computed again, of the "
                            "largest credit");
}

throng_status throng_i_verify_change(throng_i_verify *self, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_table *table = NULL;
    keyed *file = NULL, *run = NULL;
    const throng_i_keys *keys = &throng_run_population(self->run)->ids;
    int64_t n_agents = throng_population_agents(throng_run_population(self->run));
    THRONG_TRY(read_table(self, self->change_file, requests, PHI + 1, &table, err));
    if (!table)
        goto out;
    throng_column_view ids = throng_table_column(table, ID);
    if (ids.type != keys->type || throng_table_column(table, PHI).type != THRONG_TYPE_FLOAT64) {
        throng_i_verify_say(self, "files", THRONG_VERDICT_FAILS, "%s has columns of other types than the run",
                            self->change_file);
        goto out;
    }
    THRONG_TRY(throng_i_resize(self->context, &file, ids.n_rows, sizeof *file, err));
    THRONG_TRY(throng_i_resize(self->context, &run, n_agents, sizeof *run, err));
    sort_agents(&ids, keys, file, run);
    compare_change(self, table, file, run);
out:
    throng_i_free(self->context, file);
    throng_i_free(self->context, run);
    throng_table_free(table);
    return status;
}

/* ---- cohorts.parquet ------------------------------------------------------------------------------------------- */

#define COHORT_COLUMNS_MAX 9

/* Where two columns differ first, in rows; -1: nowhere. What is undefined there is so here. */
static int64_t first_difference(const throng_column_view *file, const throng_column_view *run, double slack) {
    double there[1], here[1];
    for (int64_t row = 0; row < run->n_rows; row++) {
        if (run->type == THRONG_TYPE_TEXT) {
            if (strcmp(word_at(file, row), word_at(run, row)) != 0)
                return row;
            continue;
        }
        double x = *throng_i_column_block(file, row, 1, there), y = *throng_i_column_block(run, row, 1, here);
        if (!(fabs(x - y) <= slack || (isnan(x) && isnan(y))))
            return row;
    }
    return -1;
}

static double largest_of(const throng_column_view *column) {
    double largest = 0.0, scratch[1];
    for (int64_t row = 0; row < column->n_rows; row++)
        largest = fmax(largest, fabs(*throng_i_column_block(column, row, 1, scratch)));
    return largest;
}

static void print_value(const throng_column_view *column, int64_t row, char *out, size_t size) {
    double scratch[1];
    if (column->type == THRONG_TYPE_TEXT)
        snprintf(out, size, "\"%.60s\"", word_at(column, row));
    else
        snprintf(out, size, "%.9g", *throng_i_column_block(column, row, 1, scratch));
}

/* All columns; the first difference is the verdict. */
static void compare_cohorts(throng_i_verify *self, const throng_table *table, const throng_table *again) {
    char there[80], here[80];
    if (throng_table_rows(table) != throng_table_rows(again)) {
        throng_i_verify_say(self, "cohorts", THRONG_VERDICT_FAILS, "cohorts.parquet has %lld rows, the run %lld",
                            (long long)throng_table_rows(table), (long long)throng_table_rows(again));
        return;
    }
    for (int i = 0; i < throng_table_columns(again); i++) {
        throng_column_view file = throng_table_column(table, i), run = throng_table_column(again, i);
        bool text = run.type == THRONG_TYPE_TEXT, real = run.type == THRONG_TYPE_FLOAT64;
        if (text != (file.type == THRONG_TYPE_TEXT)) {
            throng_i_verify_say(self, "cohorts", THRONG_VERDICT_FAILS, "cohorts.parquet: the column %s is %s text",
                                run.name, text ? "not" : "of");
            return;
        }
        double relative = !real ? 0.0 : strcmp(run.name, "phi") == 0 ? REPEATS : SAME;
        int64_t row = first_difference(&file, &run, relative > 0.0 ? relative * largest_of(&run) : 0.0);
        if (row < 0)
            continue;
        print_value(&file, row, there, sizeof there);
        print_value(&run, row, here, sizeof here);
        throng_i_verify_say(self, "cohorts", THRONG_VERDICT_FAILS,
                            "cohorts.parquet: %s in row %lld is %s, in the run it is %s", run.name, (long long)row + 1,
                            there, here);
        return;
    }
    throng_i_verify_say(self, "cohorts", THRONG_VERDICT_HOLDS,
                        "cohorts.parquet has the cohorts, credits and shares of the run");
}

throng_status throng_i_verify_cohorts(throng_i_verify *self, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_table *table = NULL, *again = NULL;
    throng_column_request columns[COHORT_COLUMNS_MAX];
    if (self->from_table && throng_study_text(self->study, "cohorts.by", 0)) {
        throng_i_verify_say(self, "cohorts", THRONG_VERDICT_NOT_APPLICABLE,
                            "cohorts are formed by a column of the inputs, which are gone");
        return THRONG_OK;
    }
    THRONG_TRY(throng_i_cohorts_table(self->context, throng_run_attribution(self->run), throng_run_cohorts(self->run),
                                      &again, err));
    int n = throng_table_columns(again);
    THRONG_REQUIRE(n <= COHORT_COLUMNS_MAX, E_INTERNAL, "cohorts.parquet has %d columns; please report this.", n);
    for (int i = 0; i < n; i++) {
        throng_column_view view = throng_table_column(again, i);
        columns[i] =
            (throng_column_request){view.name, view.type == THRONG_TYPE_TEXT ? THRONG_ROLE_LABEL : THRONG_ROLE_NUMBER};
    }
    THRONG_TRY(read_table(self, self->cohorts_file, columns, n, &table, err));
    if (table)
        compare_cohorts(self, table, again);
out:
    throng_table_free(table);
    throng_table_free(again);
    return status;
}

throng_status throng_i_verify_cohort_sums(throng_i_verify *self, throng_error *err) {
    static const throng_column_request columns[] = {{"depth", THRONG_ROLE_NUMBER}, {"phi", THRONG_ROLE_NUMBER}};
    throng_status status = THRONG_OK;
    throng_table *table = NULL;
    double *outer = NULL, depth[1], phi[1]; /* credits of the outermost cohorts */
    int64_t n = 0, times = (int64_t)json_array_size(json_object_get(self->report, "by_time"));
    THRONG_TRY(read_table(self, self->cohorts_file, columns, 2, &table, err));
    if (!table || times == 0)
        goto out;
    throng_column_view depths = throng_table_column(table, 0), credits = throng_table_column(table, 1);
    THRONG_TRY(throng_i_resize(self->context, &outer, throng_table_rows(table), sizeof *outer, err));
    for (int64_t row = 0; row < throng_table_rows(table); row++)
        if (*throng_i_column_block(&depths, row, 1, depth) == 0.0)
            outer[n++] = *throng_i_column_block(&credits, row, 1, phi);
    throng_i_verify_certificate(self, n, outer, n / (times > 1 ? times + 1 : 1)); /* the change comes last */
out:
    throng_table_free(table);
    throng_i_free(self->context, outer);
    return status;
}

/* ---- steps.parquet --------------------------------------------------------------------------------------------- */

/* The columns of steps.parquet after the first two, and what they are when computed again. */
typedef struct step_columns {
    throng_column_request list[3 + THRONG_WORLD_MESSAGES_MAX];
    const double *again[3 + THRONG_WORLD_MESSAGES_MAX];
    char name[THRONG_WORLD_MESSAGES_MAX][120];
    int n;
} step_columns;

static void choose_step_columns(const throng_attribution *attribution, step_columns *out) {
    *out = (step_columns){.list = {{"id", THRONG_ROLE_KEY}, {"step", THRONG_ROLE_KEY}, {"phi", THRONG_ROLE_NUMBER}},
                          .again = {NULL, NULL, throng_dynamics_steps(throng_attribution_dynamics(attribution))},
                          .n = 3};
    for (int b = 0; b < THRONG_WORLD_MESSAGES_MAX; b++) {
        const double *again = throng_i_behaviour_steps(attribution, b, out->name[b]);
        if (!again)
            continue;
        out->again[out->n] = again;
        out->list[out->n++] = (throng_column_request){out->name[b], THRONG_ROLE_NUMBER};
    }
}

/* Largest difference of n numbers, NaN if there is one, and the largest of them. */
static void compare_credits(const double *file, const double *again, int64_t n, double *most, double *largest) {
    for (int64_t row = 0; row < n; row++) {
        double apart = fabs(file[row] - again[row]);
        *most = isnan(*most) || apart <= *most ? *most : apart; /* NaN is kept */
        *largest = fmax(*largest, fabs(again[row]));
    }
}

static void compare_steps(throng_i_verify *self, const throng_table *table, const step_columns *columns) {
    const throng_population *population = throng_run_population(self->run);
    throng_column_view ids = throng_table_column(table, 0), steps = throng_table_column(table, 1);
    int64_t n = throng_run_attribution(self->run)->world->resolved.steps * population->n_agents;
    double most = 0.0, largest = 0.0;
    bool whole = throng_table_rows(table) == n;
    for (int64_t row = 0; whole && row < n; row++)
        whole = same_key(&ids, row, &population->ids, row % population->n_agents) && steps.type == THRONG_TYPE_INT64 &&
                whole_at(&steps, row) == row / population->n_agents;
    for (int c = 2; whole && c < columns->n; c++)
        compare_credits(throng_table_column(table, c).data, columns->again[c], n, &most, &largest);
    if (!whole)
        throng_i_verify_say(self, "steps", THRONG_VERDICT_FAILS,
                            "steps.parquet does not have every agent of the run in every step, in this order");
    else
        throng_verification_add(self->out, "steps",
                                most <= REPEATS * largest ? THRONG_VERDICT_HOLDS : THRONG_VERDICT_FAILS,
                                largest > 0.0 ? most / largest : most, REPEATS,
                                "largest difference of a credit in steps.parquet from the same computed again, of the "
                                "largest credit");
}

throng_status throng_i_verify_steps(throng_i_verify *self, throng_error *err) {
    step_columns columns;
    throng_table *table = NULL;
    if (!throng_i_has_steps(throng_run_attribution(self->run)))
        return THRONG_OK;
    choose_step_columns(throng_run_attribution(self->run), &columns);
    throng_status status = read_table(self, self->steps_file, columns.list, columns.n, &table, err);
    bool usable = table;
    for (int c = 2; usable && c < columns.n; c++)
        if (throng_table_column(table, c).type != THRONG_TYPE_FLOAT64) {
            throng_i_verify_say(self, "files", THRONG_VERDICT_FAILS, "the column %s of %s is not float64",
                                columns.list[c].column, self->steps_file);
            usable = false;
        }
    if (usable)
        compare_steps(self, table, &columns);
    throng_table_free(table);
    return status;
}
