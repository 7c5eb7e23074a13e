/*
 * Many runs of one study, one after the other; the numbers of each are on the disk before the next begins.
 *
 * Of several ranks each makes whole runs, as a process that is alone: the next runs are dealt to all, then their
 * numbers go to everybody, and the first rank writes them down. So the journal is the one of a single process, and
 * ranks and processes can go on with each other's.
 */
#define _POSIX_C_SOURCE 200809L
#include "study/sweep.h"
#include "core/ranks.h"

#include "attribution/coalition.h"
#include "study/simulate.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int64_t runs(const throng_i_sweep_job *self) {
    return self->grid.points * self->grid.repetitions;
}

bool throng_study_is_sweep(const throng_study *study) {
    return throng_study_text(study, "sweep.over", 0) ||
           strcmp(throng_study_text(study, "sweep.repetitions", 0), "1") != 0;
}

/* ---- the journal ----------------------------------------------------------------------------------------------- */

/* Which of a sweep's runs a process makes: shard 3 of 10 makes runs 2, 12, 22 ..., so that shards take about as long as
 * each other though runs grow along an axis. */
static bool is_mine(const throng_i_sweep_job *self, int64_t run) {
    const throng_running *how = &self->study->running;
    return how->shards == 0 || run % how->shards == how->shard - 1;
}

/* What must be the same for runs of a journal to be those of this sweep. */
throng_status throng_i_sweep_mark(const throng_study *study, throng_i_sweep_kind kind, char **yaml,
                                  char out[THRONG_I_MARK_LENGTH], throng_error *err) {
    throng_status status = throng_study_yaml(study, yaml, err);
    if (status != THRONG_OK)
        return status;
    XXH64_hash_t hash = XXH3_64bits_withSeed(*yaml, strlen(*yaml), (XXH64_hash_t)kind + 1);
    snprintf(out, THRONG_I_MARK_LENGTH, "%016llx", (unsigned long long)hash);
    return THRONG_OK;
}

void throng_i_sweep_take(void *user, int64_t run, json_t *numbers, json_t *about) {
    throng_i_sweep_job *self = user;
    if (run < 0 || run >= runs(self) || self->numbers[run] || !is_mine(self, run))
        return;
    self->numbers[run] = json_incref(numbers);
    self->resumed++;
    if (!self->about && about)
        self->about = json_incref(about);
}

/* Beside the directory to be, which appears when all is done; or in the folder of a sweep's shards. */
static throng_status open_journal(throng_i_sweep_job *self, const char *out, throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_running *how = &self->study->running;
    throng_i_journal_head head = {.kind = (int)self->kind, .shard = 1, .shards = 1};
    char *path = NULL, *yaml = NULL;
    size_t length = strlen(out);
    while (length > 1 && out[length - 1] == '/')
        length--;
    if (how->shards > 0) {
        head.shard = how->shard;
        head.shards = how->shards;
        THRONG_TRY(throng_i_print(self->context, &path, err, "%.*s/shard-%d-of-%d.journal", (int)length, out,
                                  how->shard, how->shards));
    } else {
        THRONG_TRY(throng_i_print(self->context, &path, err, "%.*s.journal", (int)length, out));
    }
    if (throng_ranks_mine(self->context) > 0) { /* the first has the file, the others its name */
        self->journal = (throng_i_journal){.context = self->context, .path = path};
        return THRONG_OK;
    }
    THRONG_REQUIRE(!how->resume || access(path, F_OK) == 0, E_FILE,
                   "There is nothing to resume: %s is not there. Without --resume the sweep begins anew.", path);
    THRONG_TRY(throng_i_sweep_mark(self->study, self->kind, &yaml, head.study, err));
    THRONG_TRY(throng_i_journal_open(self->context, path, &head, how->shards > 0 ? yaml : NULL, throng_i_sweep_take,
                                     self, &self->journal, err));
out:
    throng_i_free(self->context, path);
    throng_text_free(self->context, yaml);
    return status;
}

/* ---- one run --------------------------------------------------------------------------------------------------- */

/* What stays the same over runs, as far as it does: from the report of the first. */
static void keep_about(throng_i_sweep_job *self, const json_t *report) {
    static const char *const parts[] = {"agents", "columns", "graph", "world", "indicator", "cite"};
    if (self->about || !report)
        return;
    self->about = json_object();
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (json_object_get(report, parts[i]))
            json_object_set(self->about, parts[i], json_object_get(report, parts[i]));
    json_t *kept = json_object_get(json_object_get(report, "provenance"), "graph_cache");
    if (kept)
        json_object_set(self->about, "graph_cache", kept);
}

static throng_status simulate_one(throng_i_sweep_job *self, const throng_i_settings *settings, json_t **out,
                                  throng_error *err) {
    throng_i_simulated simulated;
    json_t *report = NULL;
    throng_report_def def = throng_report_default();
    throng_status status = throng_i_simulate(self->context, settings, false, &simulated, err);
    if (status == THRONG_OK) {
        *out = json_pack("{s:f}", "value", simulated.recording.number);
        if (!self->about)
            status = throng_i_recording_report(&simulated.recording, &def, &report, err);
        keep_about(self, report);
    }
    json_decref(report);
    throng_i_simulated_clear(&simulated);
    return status;
}

static json_t *attribution_numbers(const json_t *report) {
    const json_t *certificate = json_object_get(report, "certificate"), *cohort = NULL;
    json_t *numbers = json_object();
    size_t i = 0;
    char name[200];
    json_object_set(numbers, "value", json_object_get(certificate, "everybody"));
    json_object_set(numbers, "nobody", json_object_get(certificate, "nobody"));
    json_object_set(numbers, "gini", json_object_get(json_object_get(report, "concentration"), "gini"));
    json_array_foreach(json_object_get(report, "cohorts"), i, cohort) {
        snprintf(name, sizeof name, "share of %.150s", json_string_value(json_object_get(cohort, "name")));
        json_object_set(numbers, name, json_object_get(cohort, "share"));
    }
    return numbers;
}

static throng_status attribute_one(throng_i_sweep_job *self, throng_study *study, json_t **out, throng_error *err) {
    throng_run *run = NULL;
    throng_status status = throng_study_run(study, NULL, NULL, false, &run, err);
    json_t *report = run ? json_loads(throng_run_report(run), 0, NULL) : NULL;
    if (status == THRONG_OK) {
        *out = attribution_numbers(report);
        keep_about(self, report);
    }
    json_decref(report);
    throng_run_free(run);
    return status;
}

/* The message of a run, with its settings before it. */
static throng_status explain(const throng_i_sweep_job *self, int64_t run, throng_status status, throng_error *err) {
    char where[200], message[THRONG_MESSAGE_LENGTH];
    throng_i_grid_print(&self->grid, run / self->grid.repetitions, where, sizeof where);
    if (!err || !*where || status == THRONG_E_CANCELLED)
        return status;
    snprintf(message, sizeof message, "%.100s: %.*s", where, THRONG_MESSAGE_LENGTH - 110, err->message);
    return throng_error_set(err, status, err->file, err->line, "%s", message);
}

/* A run within a sweep leaves checkpoints beside the journal that it will be in: its own, for of several in hand each
 * may be gone on with by another rank. */
static throng_status share_running(const throng_i_sweep_job *self, int64_t run, throng_study *study,
                                   throng_error *err) {
    if (!self->journal.path)
        return THRONG_OK;
    study->running = self->study->running;
    study->running.resume = false;
    return throng_i_print(self->context, &study->checkpoint, err, "%s.run-%lld.checkpoint", self->journal.path,
                          (long long)run);
}

static throng_status run_one(throng_i_sweep_job *self, int64_t run, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_study *study = NULL;
    throng_i_settings settings = {0};
    json_t *numbers = NULL;
    THRONG_TRY(throng_i_grid_study(&self->grid, self->study, run / self->grid.repetitions, run % self->grid.repetitions,
                                   &study, err));
    THRONG_TRY(share_running(self, run, study, err));
    if (self->kind == THRONG_I_SWEEP_ATTRIBUTE) {
        THRONG_TRY(attribute_one(self, study, &numbers, err));
    } else {
        THRONG_TRY(throng_i_settings_init(study, &settings, err));
        THRONG_TRY(simulate_one(self, &settings, &numbers, err));
    }
    THRONG_REQUIRE(numbers && self->about, E_MEMORY, "Out of memory: the numbers of a run could not be kept.");
    self->numbers[run] = numbers;
    THRONG_TRY(throng_i_journal_add(&self->journal, run, numbers, run == 0 ? self->about : NULL, err));
    throng_i_study_checkpoint_drop(study);
out:
    if (study)
        throng_i_settings_clear(study, &settings);
    throng_study_free(study);
    return status;
}

/* Finds what is wrong with any point before the first is run. */
static throng_status check_points(const throng_i_sweep_job *self, throng_error *err) {
    throng_status status = THRONG_OK;
    for (int64_t point = 0; point < self->grid.points && status == THRONG_OK; point++) {
        throng_study *study = NULL;
        throng_i_settings settings = {0};
        status = throng_i_grid_study(&self->grid, self->study, point, 0, &study, err);
        if (status == THRONG_OK)
            status = throng_i_settings_init(study, &settings, err);
        if (study)
            throng_i_settings_clear(study, &settings);
        throng_study_free(study);
        if (status != THRONG_OK)
            status = explain(self, point * self->grid.repetitions, status, err);
    }
    return status;
}

/* ---- over ranks ------------------------------------------------------------------------------------------------ */

/* Takes what another rank says of its runs, [[run, numbers], ...], and writes it down. */
static throng_status take_text(throng_i_sweep_job *self, const char *text, throng_error *err) {
    throng_status status = THRONG_OK;
    json_t *list = json_loads(text, 0, NULL), *one = NULL;
    size_t i = 0;
    THRONG_REQUIRE(list, E_MEMORY, "Out of memory: the numbers of another rank's runs could not be read.");
    json_array_foreach(list, i, one) {
        int64_t run = json_integer_value(json_array_get(one, 0));
        if (self->numbers[run])
            continue;
        self->numbers[run] = json_incref(json_array_get(one, 1));
        THRONG_TRY(throng_i_journal_add(&self->journal, run, self->numbers[run], NULL, err));
    }
out:
    json_decref(list);
    return status;
}

/* Tells all ranks the numbers of this one's runs from begin to end - 1, as far as there are, and takes theirs. */
static throng_status exchange(throng_i_sweep_job *self, int64_t begin, int64_t end, throng_error *err) {
    throng_status status = THRONG_OK;
    char *text = NULL, *all = NULL;
    json_t *list = json_array();
    for (int64_t run = begin; run < end; run++)
        if (self->numbers[run])
            json_array_append_new(list, json_pack("[I, O]", (json_int_t)run, self->numbers[run]));
    text = json_dumps(list, JSON_COMPACT | JSON_REAL_PRECISION(17));
    THRONG_REQUIRE(text, E_MEMORY, "Out of memory: the numbers of runs could not be written down.");
    THRONG_TRY(throng_i_ranks_texts(self->context, text, &all, err));
    const char *at = all;
    for (int rank = 0; rank < throng_ranks_count(self->context); rank++, at += strlen(at) + 1)
        THRONG_TRY(take_text(self, at, err));
out:
    free(text);
    json_decref(list);
    throng_i_free(self->context, all);
    return status;
}

/* Deals the next runs, one to a rank; -1: there is none for this one. *from, in and out, is where to look for them. */
static int64_t deal(const throng_i_sweep_job *self, int64_t *from) {
    int64_t own = -1;
    for (int dealt = 0; *from < runs(self) && dealt < throng_ranks_count(self->context); ++*from)
        if (!self->numbers[*from] && dealt++ == throng_ranks_mine(self->context))
            own = *from;
    return own;
}

/* A run that was dealt to this rank: nobody else's business. */
static throng_status run_alone(throng_i_sweep_job *self, int64_t run, throng_error *err) {
    throng_progress progress = {"sweeping", "runs", run, runs(self)};
    throng_status status = throng_i_progress(self->context, &progress, err);
    if (status != THRONG_OK)
        return status;
    throng_i_ranks *ranks = throng_i_ranks_put_by(self->context);
    status = run_one(self, run, err);
    throng_i_ranks_set(self->context, ranks);
    return status == THRONG_OK ? status : explain(self, run, status, err);
}

static throng_status run_on_ranks(throng_i_sweep_job *self, throng_error *err) {
    throng_status status = THRONG_OK;
    THRONG_TRY(exchange(self, 0, runs(self), err)); /* what the journal had */
    for (int64_t from = 0; from < runs(self);) {
        bool failed = false;
        int64_t own = deal(self, &from);
        throng_status ended = own < 0 ? THRONG_OK : run_alone(self, own, err);
        /* Also by a rank that failed: what the others have done is written down. */
        THRONG_TRY(exchange(self, own < 0 ? 0 : own, own + 1, ended == THRONG_OK ? err : NULL));
        THRONG_TRY(ended);
        THRONG_TRY(
            throng_i_ranks_any(self->context, &failed, err)); /* where those who go on hear of those who do not */
    }
out:
    return status;
}

/* ---- all runs -------------------------------------------------------------------------------------------------- */

static throng_status run_all(throng_i_sweep_job *self, throng_error *err) {
    throng_status status = THRONG_OK;
    if (throng_ranks_count(self->context) > 1)
        return run_on_ranks(self, err);
    for (int64_t run = 0; run < runs(self); run++) {
        throng_progress progress = {"sweeping", "runs", run, runs(self)};
        THRONG_TRY(throng_i_progress(self->context, &progress, err));
        if (self->numbers[run] || !is_mine(self, run))
            continue;
        status = run_one(self, run, err);
        if (status != THRONG_OK)
            return explain(self, run, status, err);
    }
out:
    return status;
}

/* ---- the report ------------------------------------------------------------------------------------------------ */

/* Mean, standard deviation and 95 % interval of a number over the repetitions of a point. */
static json_t *summary(const throng_i_sweep_job *self, int64_t point, const char *name) {
    int64_t n = self->grid.repetitions, counted = 0;
    double sum = 0.0, squares = 0.0;
    json_t *object = json_object();
    for (int64_t r = 0; r < n; r++) {
        const json_t *number = json_object_get(self->numbers[point * n + r], name);
        counted += json_is_number(number);
        sum += json_number_value(number);
    }
    double mean = counted > 0 ? sum / (double)counted : (double)NAN;
    for (int64_t r = 0; r < n; r++) {
        const json_t *number = json_object_get(self->numbers[point * n + r], name);
        double off = json_is_number(number) ? json_number_value(number) - mean : 0.0;
        squares += off * off;
    }
    json_object_set_new(object, "mean", throng_i_json_real(mean));
    if (counted > 1) {
        double deviation = sqrt(squares / (double)(counted - 1));
        double half = throng_i_interval(counted) * deviation / sqrt((double)counted);
        json_object_set_new(object, "deviation", throng_i_json_real(deviation));
        json_object_set_new(object, "low", throng_i_json_real(mean - half));
        json_object_set_new(object, "high", throng_i_json_real(mean + half));
    }
    return object;
}

static json_t *sweep_part(const throng_i_sweep_job *self) {
    json_t *object = json_object(), *names = json_array(), *points = json_array();
    for (int a = 0; a < self->grid.n_axes; a++)
        json_array_append_new(names, throng_i_json_string(self->grid.axis[a].name));
    for (int64_t point = 0; point < self->grid.points; point++) {
        json_t *one = json_object(), *settings = json_object(), *value = NULL;
        const char *key = NULL;
        for (int a = 0; a < self->grid.n_axes; a++)
            json_object_set_new(settings, self->grid.axis[a].name,
                                throng_i_json_string(throng_i_grid_value(&self->grid, point, a)));
        json_object_set_new(one, "settings", settings);
        json_object_foreach(self->numbers[point * self->grid.repetitions], key, value)
            json_object_set_new(one, key, summary(self, point, key));
        json_array_append_new(points, one);
    }
    json_object_set_new(object, "settings", names);
    json_object_set_new(object, "repetitions", json_integer(self->grid.repetitions));
    json_object_set_new(object, "resumed", json_integer(self->resumed));
    json_object_set_new(object, "points", points);
    return object;
}

static throng_status make_report(const throng_i_sweep_job *self, const char *command, double seconds, char **out,
                                 throng_error *err) {
    throng_report_def def = throng_report_default();
    throng_i_reporter reporter = {.context = self->context, .def = &def};
    throng_timing total = {"total", seconds};
    def.command = command;
    def.seed = (uint64_t)strtoll(throng_study_text(self->study, "run.seed", 0), NULL, 10);
    def.timings = &total;
    def.n_timings = 1;
    json_t *document = json_object();
    json_object_set_new(document, "schema", json_integer(THRONG_REPORT_SCHEMA));
    json_object_set_new(document, "throng", throng_i_report_program(&reporter));
    json_object_set_new(document, "complete", json_true());
    json_object_update(document, self->about);
    json_object_del(json_object_get(document, "indicator"), "value"); /* that of the first run */
    json_object_del(json_object_get(document, "world"), "by_step");
    json_object_set_new(document, "sweep", sweep_part(self));
    json_object_set_new(document, "timings", json_object());
    json_object_set_new(document, "provenance", throng_i_report_provenance(&reporter));
    json_t *kept = json_object_get(document, "graph_cache");
    if (kept)
        json_object_set(json_object_get(document, "provenance"), "graph_cache", kept);
    json_object_del(document, "graph_cache");
    throng_status status = throng_i_report_finish(document, &total, 1, err);
    if (status == THRONG_OK)
        status = throng_i_json_text(self->context, document, out, err);
    json_decref(document);
    return status;
}

/* ---- the table ------------------------------------------------------------------------------------------------- */

/* One row a run: its settings, as numbers where all of them are, the repetition, and its numbers. */
static throng_status add_axis(const throng_i_sweep_job *self, throng_table *table, int axis, throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_i_axis *it = &self->grid.axis[axis];
    bool real = true;
    void *data = NULL;
    const char **words = NULL;
    for (int64_t i = 0; i < it->n && real; i++) {
        char *end = NULL;
        (void)strtod(it->value[i], &end);
        real = end != it->value[i] && *end == '\0';
    }
    if (real)
        THRONG_TRY(throng_table_add(table, it->name, THRONG_TYPE_FLOAT64, &data, err));
    else
        THRONG_TRY(throng_i_alloc(self->context, runs(self), sizeof *words, &words, err));
    for (int64_t run = 0; run < runs(self); run++) {
        const char *value = throng_i_grid_value(&self->grid, run / self->grid.repetitions, axis);
        if (real)
            ((double *)data)[run] = strtod(value, NULL);
        else
            words[run] = value;
    }
    if (!real)
        THRONG_TRY(throng_table_add_text(table, it->name, words, err));
out:
    throng_i_free(self->context, words);
    return status;
}

static throng_status write_table(const throng_i_sweep_job *self, const char *path, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_table *table = NULL;
    void *data = NULL;
    const char *key = NULL;
    json_t *value = NULL;
    THRONG_TRY(throng_table_create(self->context, runs(self), &table, err));
    for (int a = 0; a < self->grid.n_axes; a++)
        THRONG_TRY(add_axis(self, table, a, err));
    THRONG_TRY(throng_table_add(table, "repetition", THRONG_TYPE_INT64, &data, err));
    for (int64_t run = 0; run < runs(self); run++)
        ((int64_t *)data)[run] = run % self->grid.repetitions;
    json_object_foreach(self->numbers[0], key, value) {
        THRONG_TRY(throng_table_add(table, key, THRONG_TYPE_FLOAT64, &data, err));
        for (int64_t run = 0; run < runs(self); run++) {
            const json_t *number = json_object_get(self->numbers[run], key);
            ((double *)data)[run] = json_is_number(number) ? json_number_value(number) : (double)NAN;
        }
    }
    THRONG_TRY(throng_table_write(table, path, false, err));
out:
    throng_table_free(table);
    return status;
}

static throng_status write_directory(const throng_i_sweep_job *self, const char *report, const char *out, bool force,
                                     throng_error *err) {
    throng_i_run_directory directory = {0};
    char *path = NULL, *yaml = NULL;
    throng_status status = throng_i_run_directory_begin(self->context, out, force, &directory, err);
    if (status != THRONG_OK)
        return status;
    THRONG_TRY(throng_i_print(self->context, &path, err, "%s/sweep.parquet", directory.draft));
    THRONG_TRY(write_table(self, path, err));
    THRONG_TRY(throng_study_yaml(self->study, &yaml, err));
    THRONG_TRY(throng_i_run_directory_text(&directory, "report.json", report, err));
    THRONG_TRY(throng_i_run_directory_text(&directory, "study.yaml", yaml, err));
    THRONG_TRY(throng_i_run_directory_commit(&directory, err));
    if (self->journal.path)
        unlink(self->journal.path);
out:
    throng_i_free(self->context, path);
    throng_text_free(self->context, yaml);
    throng_i_run_directory_clear(&directory);
    return status;
}

/* ---- a shard --------------------------------------------------------------------------------------------------- */

/* A folder that holds shards, its own or those of several. */
static throng_status make_folder(const char *out, throng_error *err) {
    throng_status status = THRONG_OK;
    struct stat facts;
    char report[4096];
    THRONG_REQUIRE(mkdir(out, 0777) == 0 || errno == EEXIST, E_WRITE, "%s cannot be made: %s.", out, strerror(errno));
    THRONG_REQUIRE(stat(out, &facts) == 0 && S_ISDIR(facts.st_mode), E_EXISTS, "%s exists and is not a directory.",
                   out);
    snprintf(report, sizeof report, "%s/report.json", out);
    THRONG_REQUIRE(access(report, F_OK) != 0, E_EXISTS,
                   "%s holds a run already: shards go to a folder of their own, and throng merge makes the run.", out);
out:
    return status;
}

static throng_status check_shard(const throng_i_sweep_job *self, const char *out, throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_running *how = &self->study->running;
    THRONG_REQUIRE(out, E_PARAMETER, "A shard is for throng merge: say with --out where its runs are to be.");
    THRONG_REQUIRE(how->shards <= runs(self), E_PARAMETER,
                   "The study has %lld runs, which cannot be %d shards: take at most %lld.", (long long)runs(self),
                   how->shards, (long long)runs(self));
out:
    return status;
}

/* What a shard has to report: that its runs are there. */
static throng_status report_shard(const throng_i_sweep_job *self, const char *command, double seconds, char **report,
                                  throng_error *err) {
    throng_report_def def = throng_report_default();
    throng_i_reporter reporter = {.context = self->context, .def = &def};
    throng_timing total = {"total", seconds};
    const throng_running *how = &self->study->running;
    def.command = command;
    def.timings = &total;
    def.n_timings = 1;
    json_t *shard = json_pack("{s:i, s:i, s:I, s:I, s:I, s:s}", "number", how->shard, "of", how->shards, "runs",
                              (json_int_t)self->journal.runs, "resumed", (json_int_t)self->resumed, "all",
                              (json_int_t)runs(self), "file", self->journal.path);
    json_t *document = json_pack("{s:i, s:o, s:b, s:o, s:{}, s:o}", "schema", THRONG_REPORT_SCHEMA, "throng",
                                 throng_i_report_program(&reporter), "complete", true, "shard", shard, "timings",
                                 "provenance", throng_i_report_provenance(&reporter));
    throng_status status = throng_i_report_finish(document, &total, 1, err);
    if (status == THRONG_OK)
        status = throng_i_json_text(self->context, document, report, err);
    json_decref(document);
    return status;
}

/* ---- the whole ------------------------------------------------------------------------------------------------- */

void throng_i_sweep_clear(throng_i_sweep_job *self) {
    for (int64_t run = 0; self->numbers && run < runs(self); run++)
        json_decref(self->numbers[run]);
    json_decref(self->about);
    throng_i_free(self->context, self->numbers);
    throng_i_journal_close(&self->journal);
    throng_i_grid_clear(&self->grid);
}

throng_status throng_i_sweep_begin(throng_i_sweep_job *self, throng_error *err) {
    throng_status status = throng_i_grid_init(self->study, &self->grid, err);
    return status == THRONG_OK ? throng_i_alloc(self->context, runs(self), sizeof(json_t *), &self->numbers, err)
                               : status;
}

throng_status throng_i_sweep_finish(const throng_i_sweep_job *self, const char *command, double seconds,
                                    const char *out, bool force, char **report, throng_error *err) {
    throng_status status = make_report(self, command, seconds, report, err);
    return status == THRONG_OK && out ? write_directory(self, *report, out, force, err) : status;
}

static throng_status run_shard(throng_i_sweep_job *self, const char *command, double began, const char *out,
                               char **report, throng_error *err) {
    throng_status status = THRONG_OK;
    THRONG_TRY(make_folder(out, err));
    THRONG_TRY(open_journal(self, out, err));
    if (!self->journal.complete)
        THRONG_TRY(run_all(self, err));
    THRONG_TRY(throng_i_journal_finish(&self->journal, err));
    THRONG_TRY(report_shard(self, command, throng_i_seconds() - began, report, err));
out:
    return status;
}

throng_status throng_i_sweep_study(throng_study *study, throng_i_sweep_kind kind, const char *command, const char *out,
                                   bool force, char **report, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_sweep_job self = {.context = study->context, .study = study, .kind = kind};
    bool shard = study->running.shards > 0;
    double began = throng_i_seconds();
    *report = NULL;
    THRONG_TRY(throng_i_study_limit_memory(study, out, err)); /* its runs have no directory of their own */
    THRONG_TRY(throng_i_sweep_begin(&self, err));
    if (shard)
        THRONG_TRY(
            throng_i_ranks_refuse(study->context, "a shard", "ranks share the runs of a sweep out themselves", err));
    if (shard)
        THRONG_TRY(check_shard(&self, out, err));
    THRONG_TRY(check_points(&self, err));
    if (shard) {
        THRONG_TRY(run_shard(&self, command, began, out, report, err));
        goto out;
    }
    bool writes = throng_ranks_mine(self.context) == 0;
    if (out && writes)
        THRONG_TRY(throng_run_directory_check(self.context, out, force, err));
    if (out)
        THRONG_TRY(open_journal(&self, out, err));
    THRONG_TRY(run_all(&self, err));
    if (writes)
        THRONG_TRY(throng_i_sweep_finish(&self, command, throng_i_seconds() - began, out, force, report, err));
out:
    if (status != THRONG_OK) {
        throng_text_free(self.context, *report);
        *report = NULL;
    }
    throng_i_sweep_clear(&self);
    return status;
}

throng_status throng_study_sweep(throng_study *study, const char *command, const char *out, bool force, char **report,
                                 throng_error *err) {
    throng_status status = throng_i_study_load_plugins(study, err);
    return status == THRONG_OK ? throng_i_sweep_study(study, THRONG_I_SWEEP_ATTRIBUTE, command, out, force, report, err)
                               : status;
}
