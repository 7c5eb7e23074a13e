/* The tables of a run directory as a page draws them: see figures.h. Everything is one query a figure, and what comes
 * out is a few thousand numbers whatever the size of the crowd. */
#define _POSIX_C_SOURCE 200809L
#include "report/figures.h"

#include "table/database.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define ACROSS        48  /* bins of a density, left to right */
#define HALF_UP       30  /* and from zero up, and down */
#define AGENTS_SHOWN  40  /* rows of a heat map of agents */
#define STEPS_SHOWN   200 /* its columns; longer runs are put together */
#define COHORTS_SHOWN 256 /* as many as a report lists */
#define DAMPENED_MAX  500 /* agents of an intervention */
#define STATE_BINS    40  /* of the states of a simulation */
#define COLUMNS_MAX   6

typedef struct figure_maker {
    throng_context *context;
    const char *path;
    const json_t *report;
    throng_i_database *database;
    throng_i_sql sql;
    json_t *document, *problems;
    bool failed; /* memory ran out */
} figure_maker;

/* A figure: the table it needs, its columns (text where the name ends in "'"), and its query, which returns false if
 * it does not apply to this run. */
typedef struct figure {
    const char *name, *file;
    const char *columns[COLUMNS_MAX];
    bool (*query)(figure_maker *self);
} figure;

/* ---- words of SQL ---------------------------------------------------------------------------------------------- */

static const char *column_name(const figure_maker *self, const char *key) {
    return json_string_value(json_object_get(json_object_get(self->report, "columns"), key));
}

static int64_t count(const figure_maker *self, const char *key) {
    return json_integer_value(json_object_get(self->report, key));
}

/* read_parquet('path/file'), and all files of it if it is a table in parts. */
static void add_file(figure_maker *self, const char *file) {
    char *path = NULL;
    struct stat facts;
    if (throng_i_print(self->context, &path, NULL, "%s/%s", self->path, file) != THRONG_OK) {
        self->failed = true;
        return;
    }
    throng_i_sql_add(&self->sql, "read_parquet(");
    throng_i_sql_path(&self->sql, path, true);
    bool in_parts = stat(path, &facts) == 0 && S_ISDIR(facts.st_mode);
    throng_i_sql_add(&self->sql, "%s)", in_parts ? " || '/*.parquet'" : "");
    throng_i_free(self->context, path);
}

/* The width of bins that put a run's steps into STEPS_SHOWN columns at most. */
static int64_t stride(int64_t steps) {
    return steps / STEPS_SHOWN + 1;
}

static int64_t world_steps(const figure_maker *self) {
    return json_integer_value(json_object_get(json_object_get(self->report, "world"), "steps"));
}

/* ---- credit against a number ----------------------------------------------------------------------------------- */

/* How many agents have which credit and which `column`, at the last time. Credits are binned on a scale that is linear
 * within the median of |phi| and logarithmic beyond; so is the column if `stretch`, within 1. */
static void add_density(figure_maker *self, const char *column, bool stretch) {
    const char *of_x = stretch ? "sign(x) * ln(1 + abs(x))" : "x";
    const char *of_low = stretch ? "sign(low) * ln(1 + abs(low))" : "low";
    const char *of_high = stretch ? "sign(high) * ln(1 + abs(high))" : "high";
    throng_i_sql_add(&self->sql, "WITH crowd AS (SELECT CAST(%s AS DOUBLE) AS x, phi AS y FROM ", column);
    add_file(self, "attribution.parquet");
    if (count(self, "times") > 1) {
        throng_i_sql_add(&self->sql, " WHERE time = (SELECT max(time) FROM ");
        add_file(self, "attribution.parquet");
        throng_i_sql_add(&self->sql, ")");
    }
    throng_i_sql_add(&self->sql,
                     "), size AS (SELECT min(x) AS low, max(x) AS high, max(abs(y)) AS top, "
                     "coalesce(median(abs(y)) FILTER (y <> 0), 1) AS unit FROM crowd WHERE isfinite(x)), "
                     "edge AS (SELECT %s AS a, %s AS b, unit, ln(1 + top / unit) AS h FROM size), "
                     "bins AS (SELECT coalesce(least(floor((%s - a) / nullif(b - a, 0) * %d), %d), 0) AS i, "
                     "coalesce(greatest(least(floor(sign(y) * ln(1 + abs(y) / unit) / nullif(h, 0) * %d), %d), %d), 0) "
                     "AS j, count(*) AS agents, sum(y) AS phi FROM crowd, edge WHERE isfinite(x) GROUP BY ALL), "
                     "flat AS (SELECT a + (b - a) * i / %d AS x1, a + (b - a) * (i + 1) / %d AS x2, "
                     "j, agents, phi, unit, h FROM bins, edge) ",
                     of_low, of_high, of_x, ACROSS, ACROSS - 1, HALF_UP, HALF_UP - 1, -HALF_UP, ACROSS, ACROSS);
    throng_i_sql_add(&self->sql, stretch ? "SELECT sign(x1) * (exp(abs(x1)) - 1), sign(x2) * (exp(abs(x2)) - 1), "
                                         : "SELECT x1, x2, ");
    throng_i_sql_add(
        &self->sql,
        "sign(j) * unit * (exp(abs(j) * h / %d) - 1), sign(j + 1) * unit * (exp(abs(j + 1) * h / %d) - 1), "
        "agents, phi FROM flat ORDER BY x1, j",
        HALF_UP, HALF_UP);
}

static bool phi_by_weight(figure_maker *self) {
    if (!column_name(self, "weight"))
        return false;
    add_density(self, "weight", true);
    return true;
}

static bool phi_by_state(figure_maker *self) {
    add_density(self, "state", false);
    return true;
}

/* ---- credit by step -------------------------------------------------------------------------------------------- */

static bool has_steps(const figure_maker *self) {
    return json_is_true(json_object_get(json_object_get(self->report, "world"), "steps_table"));
}

static bool cohort_steps(figure_maker *self) {
    if (!has_steps(self) || json_array_size(json_object_get(self->report, "cohorts")) > COHORTS_SHOWN)
        return false;
    throng_i_sql_add(&self->sql, "SELECT step, cohort, sum(s.phi) FROM ");
    add_file(self, "steps.parquet");
    throng_i_sql_add(&self->sql, " AS s JOIN ");
    add_file(self, "attribution.parquet");
    throng_i_sql_add(&self->sql, " AS a USING (id) GROUP BY ALL ORDER BY step, cohort");
    return true;
}

/* The agents with the largest |phi|, step by step; `total` is their credit for all steps. */
static bool agent_steps(figure_maker *self) {
    if (!has_steps(self))
        return false;
    throng_i_sql_add(&self->sql, "WITH few AS (SELECT id, phi AS total FROM ");
    add_file(self, "attribution.parquet");
    throng_i_sql_add(
        &self->sql,
        " ORDER BY abs(phi) DESC, id LIMIT %d) SELECT id, step // %lld * %lld, sum(s.phi), any_value(total) "
        "FROM ",
        AGENTS_SHOWN, (long long)stride(world_steps(self)), (long long)stride(world_steps(self)));
    add_file(self, "steps.parquet");
    throng_i_sql_add(&self->sql, " AS s JOIN few USING (id) GROUP BY ALL ORDER BY abs(any_value(total)) DESC, id, 2");
    return true;
}

/* ---- simulations and interventions ----------------------------------------------------------------------------- */

/* How many agents have which state at which of the recorded steps. */
static bool state_steps(figure_maker *self) {
    const char *column = json_string_value(json_object_get(json_object_get(self->report, "indicator"), "column"));
    if (!column || !json_object_get(self->report, "trajectory"))
        return false;
    throng_i_sql_add(&self->sql, "WITH crowd AS (SELECT step, CAST(");
    throng_i_sql_name(&self->sql, column);
    throng_i_sql_add(&self->sql, " AS DOUBLE) AS x FROM ");
    add_file(self, "states.parquet");
    throng_i_sql_add(
        &self->sql,
        "), size AS (SELECT min(x) AS low, max(x) AS high FROM crowd WHERE isfinite(x)), "
        "bins AS (SELECT step, coalesce(least(floor((x - low) / nullif(high - low, 0) * %d), %d), 0) AS i, "
        "count(*) AS agents FROM crowd, size WHERE isfinite(x) GROUP BY ALL) "
        "SELECT step, low + (high - low) * i / %d, low + (high - low) * (i + 1) / %d, agents "
        "FROM bins, size ORDER BY step, i",
        STATE_BINS, STATE_BINS - 1, STATE_BINS, STATE_BINS);
    return true;
}

static bool dampened(figure_maker *self) {
    const char *weight = column_name(self, "weight");
    if (!json_object_get(self->report, "intervention"))
        return false;
    throng_i_sql_add(&self->sql, "SELECT id, CAST(state AS DOUBLE), %s, alpha FROM ",
                     weight ? "CAST(weight AS DOUBLE)" : "CAST(NULL AS DOUBLE)");
    add_file(self, "intervention.parquet");
    throng_i_sql_add(&self->sql, " WHERE alpha < 1 ORDER BY alpha, id LIMIT %d", DAMPENED_MAX);
    return true;
}

/* ---- running them ---------------------------------------------------------------------------------------------- */

static const figure figures[] = {
    {"phi_by_weight", "attribution.parquet", {"x1", "x2", "y1", "y2", "agents", "phi"}, phi_by_weight},
    {"phi_by_state", "attribution.parquet", {"x1", "x2", "y1", "y2", "agents", "phi"}, phi_by_state},
    {"cohort_steps", "steps.parquet", {"step", "cohort'", "phi"}, cohort_steps},
    {"agent_steps", "steps.parquet", {"id'", "step", "phi", "total"}, agent_steps},
    {"state_steps", "states.parquet", {"step", "low", "high", "agents"}, state_steps},
    {"dampened", "intervention.parquet", {"id'", "state", "weight", "alpha"}, dampened},
};

typedef struct row_taker {
    json_t *columns[COLUMNS_MAX];
    bool text[COLUMNS_MAX];
    bool failed;
} row_taker;

static throng_status take_row(void *user, const char *const *cells, int n_cells, throng_error *err) {
    row_taker *self = user;
    for (int i = 0; i < n_cells && i < COLUMNS_MAX && self->columns[i]; i++) {
        json_t *cell = !cells[i]       ? json_null()
                       : self->text[i] ? throng_i_json_string(cells[i])
                                       : throng_i_json_real(strtod(cells[i], NULL));
        throng_i_json_append(&self->failed, self->columns[i], cell);
    }
    return self->failed ? THRONG_FAIL(err, E_MEMORY, "Out of memory while binning a table.") : THRONG_OK;
}

/* "SELECT CAST(COLUMNS(*) AS VARCHAR) FROM (query)" */
static throng_status run_query(figure_maker *self, const figure *one, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_error reason = {0};
    row_taker taker = {0};
    json_t *object = json_object();
    for (int i = 0; i < COLUMNS_MAX && one->columns[i]; i++) {
        char name[32];
        size_t length = strcspn(one->columns[i], "'");
        snprintf(name, sizeof name, "%.*s", (int)length, one->columns[i]);
        taker.text[i] = one->columns[i][length] != '\0';
        taker.columns[i] = json_array();
        throng_i_json_put(&taker.failed, object, name, taker.columns[i]);
    }
    status = throng_i_database_rows(self->database, self->sql.text, take_row, &taker, NULL, &reason);
    bool rows = json_array_size(taker.columns[0]) > 0;
    if (status == THRONG_OK && rows)
        throng_i_json_put(&taker.failed, self->document, one->name, json_incref(object));
    json_decref(object);
    if (status == THRONG_E_QUERY) {
        char text[THRONG_MESSAGE_LENGTH + 80];
        snprintf(text, sizeof text, "%s cannot be drawn: %s", one->file, reason.message);
        throng_i_json_append(&self->failed, self->problems, throng_i_json_string(text));
        return THRONG_OK;
    }
    self->failed = self->failed || taker.failed;
    if (status != THRONG_OK && err)
        *err = reason;
    return status;
}

/* Of a run that has a table for every agent's credit; an intervention keeps one of its own alone. Said once, though
 * several figures are of a table. */
static void say_missing(figure_maker *self, const char *file) {
    char text[160];
    if (!json_object_get(self->report, "concentration") || json_object_get(self->report, "intervention"))
        return;
    snprintf(text, sizeof text, "%s is not there: its charts are left out.", file);
    const json_t *last = json_array_get(self->problems, json_array_size(self->problems) - 1);
    if (!last || strcmp(json_string_value(last), text) != 0)
        throng_i_json_append(&self->failed, self->problems, throng_i_json_string(text));
}

static throng_status make_figure(figure_maker *self, const figure *one, throng_error *err) {
    throng_status status = THRONG_OK;
    struct stat facts;
    char *path = NULL;
    throng_i_sql_reset(&self->sql);
    throng_i_sql_add(&self->sql, "SELECT CAST(COLUMNS(*) AS VARCHAR) FROM (");
    if (!one->query(self))
        goto out;
    throng_i_sql_add(&self->sql, ")");
    THRONG_TRY(throng_i_print(self->context, &path, err, "%s/%s", self->path, one->file));
    if (stat(path, &facts) != 0 || (!S_ISREG(facts.st_mode) && !S_ISDIR(facts.st_mode))) {
        say_missing(self, one->file);
        goto out;
    }
    THRONG_TRY(throng_i_sql_check(&self->sql, err));
    THRONG_TRY(run_query(self, one, err));
out:
    throng_i_free(self->context, path);
    return status;
}

throng_status throng_i_figures_make(throng_context *context, const char *path, const json_t *report, json_t **out,
                                    throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_database database = {0};
    figure_maker self = {.context = context, .path = path, .report = report, .database = &database};
    self.sql.context = context;
    self.document = json_object();
    self.problems = json_array();
    THRONG_TRY(throng_i_database_open(context, "tables", &database, err));
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
        THRONG_TRY(make_figure(&self, &figures[i], err));
    throng_i_json_put(&self.failed, self.document, "problems", json_incref(self.problems));
    THRONG_REQUIRE(!self.failed, E_MEMORY, "Out of memory: the figures could not be made.");
    *out = json_incref(self.document);
out:
    json_decref(self.document);
    json_decref(self.problems);
    throng_i_sql_clear(&self.sql);
    throng_i_database_close(&database);
    return status;
}
