/* The shards of a sweep put together: their journals are read, and what a sweep does at its end is done. */
#define _POSIX_C_SOURCE 200809L
#include "study/run.h"
#include "study/sweep.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef struct merge {
    throng_context *context;
    char **path; /* [n] files of shards */
    int64_t n;
    throng_i_journal_head head; /* of the first */
    char *yaml;
    int64_t *which; /* [head.shards] the file of each shard; -1: none */
    throng_i_sweep_job sweep;
} merge;

/* ---- which files ----------------------------------------------------------------------------------------------- */

static throng_status add_file(merge *self, const char *folder, const char *name, throng_error *err) {
    throng_status status = throng_i_resize(self->context, &self->path, self->n + 1, sizeof *self->path, err);
    if (status != THRONG_OK)
        return status;
    self->path[self->n] = NULL;
    status = throng_i_print(self->context, &self->path[self->n], err, "%s%s%s", folder, *folder ? "/" : "", name);
    self->n += status == THRONG_OK;
    return status;
}

static int is_shard(const struct dirent *entry) {
    const char *name = entry->d_name, *dot = strrchr(name, '.');
    return strncmp(name, "shard-", 6) == 0 && dot && strcmp(dot, ".journal") == 0;
}

static throng_status add_path(merge *self, const char *path, throng_error *err) {
    throng_status status = THRONG_OK;
    struct stat facts;
    struct dirent **entries = NULL;
    int n = 0;
    THRONG_REQUIRE(stat(path, &facts) == 0, E_FILE, "%s cannot be read: %s.", path, strerror(errno));
    if (!S_ISDIR(facts.st_mode))
        return add_file(self, "", path, err);
    n = scandir(path, &entries, is_shard, alphasort);
    THRONG_REQUIRE(n >= 0, E_FILE, "%s cannot be read: %s.", path, strerror(errno));
    THRONG_REQUIRE(n > 0, E_FILE, "%s holds no shards: name the folder that throng run --shard was given with --out.",
                   path);
    for (int i = 0; i < n; i++)
        THRONG_TRY(add_file(self, path, entries[i]->d_name, err));
out:
    for (int i = 0; i < n; i++)
        free(entries[i]);
    free(entries);
    return status;
}

/* ---- whether they belong together ------------------------------------------------------------------------------ */

static throng_status place(merge *self, int64_t file, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_journal_head head;
    const char *path = self->path[file];
    THRONG_TRY(throng_i_journal_look(self->context, path, &head, NULL, err));
    THRONG_REQUIRE(strcmp(head.study, self->head.study) == 0 && head.kind == self->head.kind, E_STUDY,
                   "%s is shard %d of another study, or of this one with other settings, than %s.", path, head.shard,
                   self->path[0]);
    THRONG_REQUIRE(head.shards == self->head.shards, E_STUDY, "%s is shard %d of %d, but %s is one of %d.", path,
                   head.shard, head.shards, self->path[0], self->head.shards);
    THRONG_REQUIRE(head.shard >= 1 && head.shard <= head.shards, E_FORMAT, "%s is damaged: it is shard %d of %d.", path,
                   head.shard, head.shards);
    int64_t before = self->which[head.shard - 1];
    THRONG_REQUIRE(before < 0, E_STUDY, "Shard %d is there twice: %s and %s.", head.shard,
                   before < 0 ? "" : self->path[before], path);
    self->which[head.shard - 1] = file;
out:
    return status;
}

/* "3, 7 and 9"; the rest is counted if there are many. */
static void list_missing(const merge *self, char *out, size_t size) {
    int missing = 0, told = 0;
    size_t used = 0;
    for (int s = 0; s < self->head.shards; s++)
        missing += self->which[s] < 0;
    out[0] = '\0';
    for (int s = 0; s < self->head.shards && used + 40 < size; s++) {
        if (self->which[s] >= 0)
            continue;
        bool last = ++told == missing;
        used += (size_t)snprintf(out + used, size - used, "%s%d", told == 1 ? "" : last ? " and " : ", ", s + 1);
    }
    if (told < missing)
        snprintf(out + used, size - used, " and %d more", missing - told);
}

static throng_status check_all(const merge *self, throng_error *err) {
    char missing[200];
    list_missing(self, missing, sizeof missing);
    if (!*missing)
        return THRONG_OK;
    bool one = strspn(missing, "0123456789") == strlen(missing);
    return THRONG_FAIL(err, E_STUDY, "Shard%s %s of %d %s missing.", one ? "" : "s", missing, self->head.shards,
                       one ? "is" : "are");
}

static throng_status sort_out(merge *self, throng_error *err) {
    throng_status status = THRONG_OK;
    THRONG_TRY(throng_i_journal_look(self->context, self->path[0], &self->head, &self->yaml, err));
    THRONG_REQUIRE(self->head.shards >= 1 && self->head.shards <= THRONG_I_RUNS_MAX, E_FORMAT,
                   "%s is damaged: it is one of %d shards.", self->path[0], self->head.shards);
    THRONG_REQUIRE(*self->yaml, E_STUDY,
                   "%s is the journal of a sweep without shards: the command that began it goes on with it.",
                   self->path[0]);
    THRONG_TRY(throng_i_alloc(self->context, self->head.shards, sizeof *self->which, &self->which, err));
    for (int s = 0; s < self->head.shards; s++)
        self->which[s] = -1;
    for (int64_t file = 0; file < self->n; file++)
        THRONG_TRY(place(self, file, err));
    THRONG_TRY(check_all(self, err));
out:
    return status;
}

/* ---- reading and writing --------------------------------------------------------------------------------------- */

/* The study stands in every shard, as it was resolved there. */
static throng_status read_study(merge *self, throng_error *err) {
    throng_status status = THRONG_OK;
    char mark[THRONG_I_MARK_LENGTH], *yaml = NULL;
    throng_i_sweep_job *sweep = &self->sweep;
    *sweep = (throng_i_sweep_job){.context = self->context, .kind = (throng_i_sweep_kind)self->head.kind};
    THRONG_TRY(throng_study_create(self->context, &sweep->study, err));
    THRONG_TRY(throng_i_study_parse(sweep->study, self->yaml, self->path[0], err));
    THRONG_TRY(throng_i_sweep_mark(sweep->study, sweep->kind, &yaml, mark, err));
    THRONG_REQUIRE(strcmp(mark, self->head.study) == 0, E_FORMAT,
                   "%s is damaged: the study in it is not the one whose runs it has.", self->path[0]);
    THRONG_TRY(throng_i_study_load_plugins(sweep->study, err));
    THRONG_TRY(throng_i_sweep_begin(sweep, err));
out:
    throng_text_free(self->context, yaml);
    return status;
}

static throng_status read_shard(merge *self, int shard, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_sweep_job *sweep = &self->sweep;
    const char *path = self->path[self->which[shard]];
    int64_t all = sweep->grid.points * sweep->grid.repetitions, there = 0, mine = 0;
    bool complete = false;
    sweep->study->running = (throng_running){.shard = shard + 1, .shards = self->head.shards};
    THRONG_TRY(throng_i_journal_read(self->context, path, throng_i_sweep_take, sweep, &complete, err));
    for (int64_t run = shard; run < all; run += self->head.shards) {
        mine++;
        there += sweep->numbers[run] != NULL;
    }
    THRONG_REQUIRE(complete && there == mine, E_STUDY,
                   "Shard %d of %d is not finished: %lld of its %lld runs are in %s. Its command, given again, goes on "
                   "from there.",
                   shard + 1, self->head.shards, (long long)there, (long long)mine, path);
out:
    return status;
}

static void clear(merge *self) {
    throng_study *study = self->sweep.study;
    if (self->sweep.context)
        throng_i_sweep_clear(&self->sweep);
    throng_study_free(study);
    for (int64_t i = 0; i < self->n; i++)
        throng_i_free(self->context, self->path[i]);
    throng_i_free(self->context, self->path);
    throng_i_free(self->context, self->which);
    throng_text_free(self->context, self->yaml);
}

throng_status throng_study_merge(throng_context *context, const char *const *paths, int n_paths, const char *command,
                                 const char *out, bool force, char **report, throng_error *err) {
    throng_status status = THRONG_OK;
    merge self = {.context = context};
    double began = throng_i_seconds();
    *report = NULL;
    for (int i = 0; i < n_paths; i++)
        THRONG_TRY(add_path(&self, paths[i], err));
    THRONG_REQUIRE(self.n > 0, E_ARGUMENT, "No shards were named.");
    if (out)
        THRONG_TRY(throng_run_directory_check(context, out, force, err));
    THRONG_TRY(sort_out(&self, err));
    THRONG_TRY(read_study(&self, err));
    for (int shard = 0; shard < self.head.shards; shard++)
        THRONG_TRY(read_shard(&self, shard, err));
    THRONG_REQUIRE(self.sweep.about, E_FORMAT, "%s is damaged: it does not say what was run.",
                   self.path[self.which[0]]);
    self.sweep.resumed = 0; /* all were made for this sweep */
    THRONG_TRY(throng_i_sweep_finish(&self.sweep, command, throng_i_seconds() - began, out, force, report, err));
out:
    if (status != THRONG_OK) {
        throng_text_free(context, *report);
        *report = NULL;
    }
    clear(&self);
    return status;
}
