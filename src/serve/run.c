/* Opening run directories: see run.h. */
#define _POSIX_C_SOURCE 200809L
#include "serve/run.h"

#include "report/json.h"
#include "throng/report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define REPORT_BYTES ((int64_t)256 << 20)

static const char *const files[] = {"report.json",          "study.yaml",       "verify.json",
                                    "attribution.parquet",  "change.parquet",   "cohorts.parquet",
                                    "steps.parquet",        "states.parquet",   "trajectory.parquet",
                                    "intervention.parquet", "sweep.parquet",    "strategy.parquet",
                                    "trace.parquet",        "personas.parquet", "agents.parquet",
                                    "members.parquet",      "cascades.parquet", "agents.csv",
                                    "members.csv",          "cascades.csv",     NULL};

static const char *const tables[] = {"attribution", "change", "cohorts",      "steps",    "trajectory",
                                     "states",      "sweep",  "intervention", "strategy", "trace",
                                     "personas",    "agents", "members",      "cascades"};

_Static_assert(sizeof tables / sizeof *tables <= THRONG_I_TABLES_MAX, "a run may have them all");

const char *throng_i_run_file(int index) {
    return files[index];
}

const char *throng_i_part_name(throng_i_part part) {
    static const char *const names[THRONG_I_PART_COUNT] = {
        [THRONG_I_PART_ID] = "id",         [THRONG_I_PART_TIME] = "time",
        [THRONG_I_PART_STEP] = "step",     [THRONG_I_PART_STATE] = "state",
        [THRONG_I_PART_WEIGHT] = "weight", [THRONG_I_PART_BASELINE] = "baseline",
        [THRONG_I_PART_COHORT] = "cohort", [THRONG_I_PART_PHI] = "phi",
        [THRONG_I_PART_ALPHA] = "alpha",   [THRONG_I_PART_ERROR] = "standard_error"};
    return names[part];
}

int throng_i_run_open_file(const throng_i_run *self, const char *name, int64_t *bytes) {
    struct stat facts;
    bool known = false;
    for (int i = 0; files[i]; i++)
        known = known || strcmp(files[i], name) == 0;
    int file = known ? openat(self->folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC) : -1;
    if (file >= 0 && (fstat(file, &facts) != 0 || !S_ISREG(facts.st_mode))) {
        close(file);
        return -1;
    }
    if (file >= 0)
        *bytes = facts.st_size;
    return file;
}

/* ---- the report ------------------------------------------------------------------------------------------------ */

static throng_status read_all(int file, char *out, int64_t bytes) {
    for (int64_t at = 0; at < bytes;) {
        ssize_t n = pread(file, out + at, (size_t)(bytes - at), at);
        if (n <= 0)
            return THRONG_E_FILE;
        at += n;
    }
    return THRONG_OK;
}

static const char *kind_of(const json_t *report) {
    if (json_object_get(report, "solution"))
        return "solution";
    if (json_object_get(report, "cascades"))
        return "cascades";
    if (json_object_get(report, "sweep"))
        return "sweep";
    if (json_object_get(report, "intervention"))
        return "intervention";
    if (json_object_get(report, "trajectory"))
        return "simulation";
    if (json_object_get(report, "world"))
        return "world";
    return json_integer_value(json_object_get(report, "times")) > 1 ? "times" : "table";
}

static throng_status look_at_report(throng_i_run *self, const char *path, throng_error *err) {
    throng_status status = THRONG_OK;
    json_error_t problem;
    json_t *report = json_loadb(self->report, self->report_bytes, 0, &problem);
    const json_t *schema = json_object_get(report, "schema");
    const char *command = json_string_value(json_object_get(json_object_get(report, "provenance"), "command"));
    THRONG_REQUIRE(report, E_FORMAT, "%s/report.json is damaged: %s at line %d.", path, problem.text, problem.line);
    THRONG_REQUIRE(json_is_integer(schema), E_FORMAT, "%s/report.json is no report of throng: it has no schema.", path);
    THRONG_REQUIRE(json_integer_value(schema) == THRONG_REPORT_SCHEMA, E_FORMAT,
                   "%s/report.json has schema %lld, and this throng reads %d.", path,
                   (long long)json_integer_value(schema), THRONG_REPORT_SCHEMA);
    self->kind = kind_of(report);
    if (command)
        THRONG_TRY(throng_i_copy_text(self->context, command, &self->command, err));
out:
    json_decref(report);
    return status;
}

static throng_status read_report(throng_i_run *self, const char *path, throng_error *err) {
    throng_status status = THRONG_OK;
    int64_t bytes = 0;
    int file = throng_i_run_open_file(self, "report.json", &bytes);
    THRONG_REQUIRE(file >= 0, E_FILE, "%s is no run directory: it has no report.json that is a regular file.", path);
    THRONG_REQUIRE(bytes <= REPORT_BYTES, E_FORMAT, "%s/report.json has %lld bytes, which is no report of throng.",
                   path, (long long)bytes);
    THRONG_TRY(throng_i_alloc(self->context, bytes + 1, 1, &self->report, err));
    self->report_bytes = (size_t)bytes;
    THRONG_REQUIRE(read_all(file, self->report, bytes) == THRONG_OK, E_FILE, "%s/report.json cannot be read: %s.", path,
                   strerror(errno));
    THRONG_TRY(look_at_report(self, path, err));
out:
    if (file >= 0)
        close(file);
    return status;
}

/* ---- tables ---------------------------------------------------------------------------------------------------- */

/* Nobody is told of the progress, but it can be stopped. */
static bool goes_on(void *user, const throng_progress *progress) {
    const throng_i_run *self = user;
    (void)progress;
    return !self->stopping || !atomic_load(self->stopping);
}

static throng_status open_table(throng_i_run *self, const char *path, const char *name, throng_i_run_table *out,
                                throng_error *err) {
    throng_status status = THRONG_OK;
    char file[40];
    snprintf(file, sizeof file, "%s.parquet", name);
    *out = (throng_i_run_table){.name = name};
    pthread_mutex_init(&out->lock, NULL);
    THRONG_TRY(throng_i_print(self->context, &out->shown, err, "%s/%s", path, file));
    THRONG_TRY(throng_i_context_create(NULL, NULL, &out->context, err));
    THRONG_TRY(throng_context_set_threads(out->context, throng_context_threads(self->context), err));
    throng_context_set_progress(out->context, goes_on, self);
    THRONG_TRY(throng_i_parquet_open(out->context, self->folder, file, out->shown, &out->file, err));
    for (int part = 0; part < THRONG_I_PART_COUNT; part++)
        out->part[part] = throng_i_parquet_find(&out->file, throng_i_part_name((throng_i_part)part), false);
    int agent = throng_i_parquet_find(&out->file, "agent", false); /* of cascades, where an id is an action's */
    if (agent >= 0)
        out->part[THRONG_I_PART_ID] = agent;
out:
    return status;
}

static void close_table(throng_i_run *self, throng_i_run_table *table) {
    if (table->context) {
        throng_i_free(table->context, table->begins);
        throng_i_free(table->context, table->agents);
        throng_i_free(table->context, table->sums);
    }
    throng_i_parquet_close(&table->file);
    throng_context_free(table->context);
    throng_i_free(self->context, table->shown);
    pthread_mutex_destroy(&table->lock);
}

/* Only memory that runs out is worth giving up the other tables for. */
static throng_status try_table(throng_i_run *self, const char *path, const char *name, throng_error *err) {
    throng_error reason = {0};
    throng_i_run_table *table = &self->tables[self->n_tables];
    throng_status status = open_table(self, path, name, table, &reason);
    if (status == THRONG_OK) {
        self->n_tables++;
        return status;
    }
    close_table(self, table);
    if (status == THRONG_E_MEMORY && err)
        *err = reason;
    if (status == THRONG_E_MEMORY)
        return status;
    status = throng_i_copy_text(self->context, reason.message, &self->problems[self->n_problems], err);
    self->n_problems += status == THRONG_OK;
    return status;
}

static throng_status open_tables(throng_i_run *self, const char *path, throng_error *err) {
    throng_status status = THRONG_OK;
    struct stat facts;
    char file[40];
    THRONG_TRY(throng_i_alloc(self->context, THRONG_I_TABLES_MAX, sizeof *self->tables, &self->tables, err));
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        snprintf(file, sizeof file, "%s.parquet", tables[i]);
        if (fstatat(self->folder, file, &facts, AT_SYMLINK_NOFOLLOW) == 0)
            THRONG_TRY(try_table(self, path, tables[i], err));
    }
out:
    return status;
}

throng_i_run_table *throng_i_run_first(const throng_i_run *self) {
    for (int i = 0; i < self->n_tables; i++)
        if (self->tables[i].part[THRONG_I_PART_ID] >= 0)
            return &self->tables[i];
    return self->n_tables > 0 ? self->tables : NULL;
}

throng_i_run_table *throng_i_run_find(const throng_i_run *self, const char *table) {
    for (int i = 0; i < self->n_tables; i++)
        if (strcmp(self->tables[i].name, table) == 0)
            return &self->tables[i];
    return NULL;
}

/* ---- the run --------------------------------------------------------------------------------------------------- */

throng_status throng_i_run_expect(throng_context *context, const char *path, throng_i_run *out, throng_error *err) {
    throng_status status = THRONG_OK;
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/')
        n--;
    size_t begin = n;
    while (begin > 0 && path[begin - 1] != '/')
        begin--;
    out->context = context;
    out->folder = -1;
    pthread_mutex_init(&out->lock, NULL);
    THRONG_TRY(throng_i_copy_text(context, path, &out->path, err));
    THRONG_TRY(throng_i_print(context, &out->name, err, "%.*s", (int)(n - begin), path + begin));
out:
    return status;
}

throng_status throng_i_run_open(throng_i_run *self, const char *path, throng_error *err) {
    throng_status status = THRONG_OK;
    self->folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    THRONG_REQUIRE(self->folder >= 0, E_FILE, "%s: %s. Name the directory that --out made.", path,
                   errno == ENOTDIR  ? "this is not a directory"
                   : errno == ENOENT ? "there is no such directory"
                                     : strerror(errno));
    THRONG_TRY(read_report(self, path, err));
    THRONG_TRY(open_tables(self, path, err));
    atomic_store(&self->state, THRONG_I_RUN_COMPLETE);
out:
    return status;
}

void throng_i_run_close(throng_i_run *self) {
    if (!self->context)
        return;
    for (int i = 0; i < self->n_tables; i++)
        close_table(self, &self->tables[i]);
    for (int i = 0; i < self->n_problems; i++)
        throng_i_free(self->context, self->problems[i]);
    throng_i_free(self->context, self->tables);
    throng_i_free(self->context, self->report);
    throng_text_free(self->context, self->figures);
    pthread_mutex_destroy(&self->lock);
    throng_i_free(self->context, self->command);
    throng_i_free(self->context, self->message);
    throng_i_free(self->context, self->name);
    throng_i_free(self->context, self->path);
    if (self->folder >= 0)
        close(self->folder);
    *self = (throng_i_run){0};
}

void throng_i_run_fail(throng_i_run *self, const char *message) {
    (void)!throng_i_copy_text(self->context, message, &self->message, NULL);
    atomic_store(&self->state, THRONG_I_RUN_FAILED);
}

void throng_i_run_read_ahead(throng_i_run *self) {
    throng_i_run_table *table = throng_i_run_first(self);
    const int64_t *begins;
    const int32_t *agents;
    int64_t n;
    double sums[2] = {0.0, 0.0};
    throng_column_view column;
    if (!table || atomic_load(&self->state) != THRONG_I_RUN_COMPLETE)
        return;
    /* What fails here will fail again, and say so, when it is asked for. */
    (void)!throng_i_run_frames(table, &begins, &n, NULL);
    if (table->part[THRONG_I_PART_PHI] >= 0)
        (void)!throng_i_run_sums(table, 0, 0, sums, NULL);
    for (int i = 0; i < table->file.n_columns && goes_on(self, NULL); i++)
        (void)!throng_i_run_column(table, i, &column, NULL);
    if (table->part[THRONG_I_PART_ID] >= 0 && goes_on(self, NULL))
        (void)!throng_i_run_agents(table, &agents, &n, NULL);
}

throng_status throng_i_run_figures(throng_i_run *self, const char **out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_context *own = NULL;
    char path[32], *json = NULL;
    pthread_mutex_lock(&self->lock);
    if (!self->figures) {
        /* A context of its own, for this is any thread; the folder that was opened, whatever has its name now. */
        snprintf(path, sizeof path, "/proc/self/fd/%d", self->folder);
        THRONG_TRY(throng_context_create(&own, err));
        throng_context_set_progress(own, goes_on, self);
        THRONG_TRY(throng_run_figures_json(own, path, &json, err));
        THRONG_TRY(throng_i_copy_text(self->context, json, &self->figures, err));
    }
    *out = self->figures;
out:
    pthread_mutex_unlock(&self->lock);
    throng_text_free(own, json);
    throng_context_free(own);
    return status;
}

json_t *throng_i_run_pack(const throng_i_run *self) {
    static const char *const states[] = {"running", "complete", "failed"};
    int state = atomic_load((atomic_int *)(uintptr_t)&self->state);
    json_t *out = json_pack("{s:i, s:o, s:o, s:s, s:b}", "run", self->index, "name", throng_i_json_string(self->name),
                            "path", throng_i_json_string(self->path), "state", states[state], "live", self->is_live);
    bool complete = state == THRONG_I_RUN_COMPLETE;
    json_object_set_new(out, "kind", throng_i_json_string(complete ? self->kind : NULL));
    json_object_set_new(out, "command", throng_i_json_string(complete ? self->command : NULL));
    if (state == THRONG_I_RUN_FAILED)
        json_object_set_new(out, "message", throng_i_json_string(self->message));
    json_t *problems = json_array();
    for (int i = 0; complete && i < self->n_problems; i++)
        json_array_append_new(problems, throng_i_json_string(self->problems[i]));
    json_object_set_new(out, "problems", problems);
    return out;
}
