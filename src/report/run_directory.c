/* The run directory: made under a temporary name beside its place, then renamed, so that it appears whole or not at
 * all.
 *
 * With force, the new directory and the old one change places in one step, and the old one is removed afterwards: at no
 * moment is there none, whatever stops the program. Only directories that hold nothing but a run are ever replaced.
 *
 * Ranks that share a crowd write into one draft, which rank 0 makes and renames. attribution.parquet is a folder then,
 * into which each of them puts a part with the rows of its agents. */
#define _GNU_SOURCE /* renameat2 */
#include "report/report.h"

#include "attribution/attribution.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define DRAFTS_MAX 100 /* names to try: an earlier process of the same number may have left its draft */

/* What a run directory holds: anything else in a directory is somebody else's. */
static const char *const run_files[] = {
    "report.json",    "study.yaml",           "verify.json",      "report.html",      "attribution.parquet",
    "change.parquet", "cohorts.parquet",      "steps.parquet",    "states.parquet",   "trajectory.parquet",
    "sweep.parquet",  "intervention.parquet", "personas.parquet", "cascades.parquet", "members.parquet",
    "agents.parquet", "cascades.csv",         "members.csv",      "agents.csv",       "strategy.parquet",
    "trace.parquet"};

static bool is_run_file(const char *name) {
    for (size_t i = 0; i < sizeof run_files / sizeof *run_files; i++)
        if (strcmp(run_files[i], name) == 0)
            return true;
    return false;
}

static bool is_dots(const char *name) {
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* The one table that may be in parts, and what they are called. */
#define IN_PARTS    "attribution.parquet"
#define PART_NAME   "part-%05d.parquet"
#define PART_LENGTH 32

static bool is_part(const char *name) {
    char again[PART_LENGTH];
    if (strncmp(name, "part-", 5) != 0)
        return false;
    snprintf(again, sizeof again, PART_NAME, atoi(name + 5));
    return strcmp(again, name) == 0;
}

static bool is_folder(const char *path) {
    struct stat facts;
    return lstat(path, &facts) == 0 && S_ISDIR(facts.st_mode);
}

/* ---- where it goes --------------------------------------------------------------------------------------------- */

/* What is in a folder. */
typedef struct inventory {
    bool report, empty;
    char foreign[NAME_MAX + 1]; /* a name that is not known; "" if all are */
} inventory;

static bool take_stock(const char *path, bool (*known)(const char *name), inventory *out) {
    *out = (inventory){.empty = true};
    DIR *folder = opendir(path);
    if (!folder)
        return false;
    for (const struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
        if (is_dots(entry->d_name))
            continue;
        out->empty = false;
        if (strcmp(entry->d_name, "report.json") == 0)
            out->report = true;
        if (!known(entry->d_name))
            snprintf(out->foreign, sizeof out->foreign, "%s", entry->d_name);
    }
    closedir(folder);
    return true;
}

/* Whether the directory may be replaced: it is empty, or holds a report.json and nothing but files of a run. */
static throng_status check_replaceable(const char *path, const char *shown, throng_error *err) {
    char parts[PATH_MAX];
    inventory stock, within = {0};
    if (!take_stock(path, is_run_file, &stock))
        return THRONG_FAIL(err, E_WRITE, "%s cannot be looked into: %s.", shown, strerror(errno));
    snprintf(parts, sizeof parts, "%.4000s/" IN_PARTS, path);
    if (is_folder(parts) && !take_stock(parts, is_part, &within))
        return THRONG_FAIL(err, E_WRITE, "%s/" IN_PARTS " cannot be looked into: %s.", shown, strerror(errno));
    const char *foreign = stock.foreign[0] ? stock.foreign : within.foreign;
    if (foreign[0])
        return THRONG_FAIL(err, E_EXISTS,
                           "%s is not replaced: it holds %.100s, which is not part of a run. "
                           "Choose another directory.",
                           path, foreign);
    if (!stock.empty && !stock.report)
        return THRONG_FAIL(err, E_EXISTS, "%s is not replaced: it is no run directory (it has no report.json).", shown);
    return THRONG_OK;
}

static throng_status check_existing(const char *path, const char *shown, bool force, throng_error *err) {
    struct stat facts;
    if (stat(path, &facts) != 0)
        return THRONG_FAIL(err, E_WRITE, "%s cannot be written: %s.", shown, strerror(errno));
    if (!S_ISDIR(facts.st_mode))
        return THRONG_FAIL(err, E_EXISTS, "%s exists and is not a directory.", shown);
    if (!force)
        return THRONG_FAIL(err, E_EXISTS, "%s exists already: choose another directory, or replace it with --force.",
                           shown);
    return check_replaceable(path, shown, err);
}

/* The final path with symbolic links resolved, so that what they point to is replaced and not they. */
static throng_status resolve(throng_context *context, const char *path, char **out, bool *exists, throng_error *err) {
    throng_status status = THRONG_OK;
    char *copy = NULL, *real = realpath(path, NULL);
    *exists = real != NULL;
    if (real) {
        status = throng_i_copy_text(context, real, out, err);
        goto out;
    }
    THRONG_REQUIRE(*path && errno == ENOENT, E_WRITE, "%s cannot be written: %s.", *path ? path : "\"\"",
                   strerror(errno));
    THRONG_TRY(throng_i_copy_text(context, path, &copy, err));
    for (size_t n = strlen(copy); n > 1 && copy[n - 1] == '/'; n--)
        copy[n - 1] = '\0';
    char *slash = strrchr(copy, '/');
    const char *name = slash ? slash + 1 : copy, *folder = slash == copy ? "/" : slash ? copy : ".";
    if (slash)
        *slash = '\0';
    real = realpath(folder, NULL);
    THRONG_REQUIRE(real, E_WRITE, "%s cannot be written: the folder %s: %s.", path, folder, strerror(errno));
    THRONG_TRY(throng_i_print(context, out, err, "%s%s%s", real, strcmp(real, "/") == 0 ? "" : "/", name));
out:
    throng_i_free(context, copy);
    free(real);
    return status;
}

/* The folder in which a resolved path is: "/a" of "/a/b". */
static void folder_of(const char *path, char *out, size_t size) {
    const char *slash = strrchr(path, '/');
    int length = slash == path ? 1 : (int)(slash - path);
    snprintf(out, size, "%.*s", length, path);
}

/* Resolves and checks; *out is the caller's. */
static throng_status find_place(throng_context *context, const char *path, bool force, char **out, throng_error *err) {
    throng_status status = THRONG_OK;
    char *place = NULL, folder[PATH_MAX];
    bool exists = false;
    THRONG_TRY(resolve(context, path, &place, &exists, err));
    if (exists)
        THRONG_TRY(check_existing(place, path, force, err));
    folder_of(place, folder, sizeof folder);
    THRONG_REQUIRE(access(folder, W_OK | X_OK) == 0, E_WRITE, "%s cannot be written: the folder %s: %s.", path, folder,
                   strerror(errno));
    *out = place;
    place = NULL;
out:
    throng_i_free(context, place);
    return status;
}

throng_status throng_run_directory_check(throng_context *context, const char *path, bool force, throng_error *err) {
    char *place = NULL;
    throng_status status = find_place(context, path, force, &place, err);
    throng_i_free(context, place);
    return status;
}

/* ---- what is in the way ---------------------------------------------------------------------------------------- */

/* Calls an action for every file in a folder whose name is known (NULL: any is); false if one fails. */
static bool for_files(const char *folder, bool (*action)(const char *path), bool (*known)(const char *name)) {
    char path[PATH_MAX + NAME_MAX];
    bool done = true;
    DIR *entries = opendir(folder);
    if (!entries)
        return false;
    for (const struct dirent *entry = readdir(entries); entry; entry = readdir(entries)) {
        if (is_dots(entry->d_name) || (known && !known(entry->d_name)))
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        done = action(path) && done;
    }
    closedir(entries);
    return done;
}

static bool remove_file(const char *path) {
    return unlink(path) == 0;
}

static bool remove_table(const char *path) {
    return is_folder(path) ? for_files(path, remove_file, is_part) && rmdir(path) == 0 : remove_file(path);
}

static bool remove_draft(const char *path) {
    return is_folder(path) ? for_files(path, remove_file, NULL) && rmdir(path) == 0 : remove_file(path);
}

/* Names in a draft: files of a run, or what they are called while they are written. */
static bool is_of_draft(const char *name) {
    return is_run_file(name) || is_part(name) || (*name == '.' && strstr(name, ".tmp-"));
}

/* Removes a draft unless somebody holds its lock, or it holds anything that is not of a run, or a whole one. */
static void remove_stale(const char *draft) {
    inventory stock;
    char parts[PATH_MAX];
    int lock = open(draft, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (lock < 0)
        return;
    snprintf(parts, sizeof parts, "%.4000s/" IN_PARTS, draft);
    bool ours = take_stock(draft, is_of_draft, &stock) && !stock.foreign[0] && !stock.report &&
                (!is_folder(parts) || (take_stock(parts, is_of_draft, &stock) && !stock.foreign[0]));
    if (ours && flock(lock, LOCK_EX | LOCK_NB) == 0) {
        for_files(draft, remove_draft, NULL);
        rmdir(draft);
    }
    close(lock);
}

/* Removes the drafts of this place that were left by processes that were killed. */
static void sweep_up(const char *place) {
    char folder[PATH_MAX], prefix[NAME_MAX + 8], path[PATH_MAX + NAME_MAX + 2];
    folder_of(place, folder, sizeof folder);
    snprintf(prefix, sizeof prefix, "%.*s.tmp-", NAME_MAX, strrchr(place, '/') + 1);
    DIR *entries = opendir(folder);
    for (const struct dirent *entry = entries ? readdir(entries) : NULL; entry; entry = readdir(entries)) {
        const char *number = entry->d_name + strlen(prefix);
        if (strncmp(entry->d_name, prefix, strlen(prefix)) != 0 || strspn(number, "0123456789-") != strlen(number))
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        remove_stale(path);
    }
    if (entries)
        closedir(entries);
}

/* ---- making it ------------------------------------------------------------------------------------------------- */

/* Locks a draft for as long as this process lives. A file system that knows no locks leaves what was killed lying.
 * False if somebody takes it for such a one right now. */
static bool take_lock(const char *draft, int *lock) {
    *lock = open(draft, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*lock > 0 && (flock(*lock, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK))
        return true;
    if (*lock > 0)
        close(*lock);
    *lock = 0;
    return false;
}

throng_status throng_i_run_directory_begin(throng_context *context, const char *path, bool force,
                                           throng_i_run_directory *out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_run_directory self = {.context = context, .shown = path, .force = force};
    char *draft = NULL;
    THRONG_TRY(find_place(context, path, force, &self.path, err));
    sweep_up(self.path);
    for (int attempt = 0; attempt < DRAFTS_MAX && !self.draft; attempt++) {
        THRONG_TRY(throng_i_print(context, &draft, err, attempt ? "%s.tmp-%ld-%d" : "%s.tmp-%ld", self.path,
                                  (long)getpid(), attempt));
        bool made = mkdir(draft, 0777) == 0;
        if (made && take_lock(draft, &self.lock)) {
            self.draft = draft;
            draft = NULL;
            break;
        }
        THRONG_REQUIRE(made || errno == EEXIST, E_WRITE, "%s cannot be written: %s.", path, strerror(errno));
        throng_i_free(context, draft);
        draft = NULL;
    }
    THRONG_REQUIRE(self.draft, E_WRITE, "%s cannot be written: %s.tmp-* are in the way.", path, path);
    *out = self;
    return THRONG_OK;
out:
    throng_i_free(context, draft);
    throng_i_free(context, self.path);
    return status;
}

static throng_status make_parts_folder(const throng_i_run_directory *self, throng_error *err) {
    throng_status status = THRONG_OK;
    char *path = NULL;
    THRONG_TRY(throng_i_print(self->context, &path, err, "%s/" IN_PARTS, self->draft));
    THRONG_REQUIRE(mkdir(path, 0777) == 0, E_WRITE, "%s cannot be written: %s.", self->shown, strerror(errno));
out:
    throng_i_free(self->context, path);
    return status;
}

throng_status throng_i_run_directory_begin_together(throng_context *context, const char *path, bool force,
                                                    throng_i_run_directory *out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_run_directory self = {.context = context, .shown = path};
    char draft[PATH_MAX + 64] = "";
    bool first = throng_ranks_mine(context) == 0;
    if (first) {
        THRONG_TRY(throng_i_run_directory_begin(context, path, force, &self, err));
        THRONG_TRY(make_parts_folder(&self, err));
        snprintf(draft, sizeof draft, "%s", self.draft);
    }
    THRONG_TRY(throng_i_ranks_tell(context, 0, draft, sizeof draft, err));
    self.lent = !first;
    if (!first)
        THRONG_TRY(throng_i_copy_text(context, draft, &self.draft, err));
    *out = self;
    return THRONG_OK;
out:
    throng_i_run_directory_clear(&self);
    return status;
}

/* Writes one table. */
typedef throng_status (*write_fn)(throng_context *context, const throng_attribution *attribution,
                                  const throng_cohorts *cohorts, const char *path, throng_error *err);

static throng_status write_table(throng_i_run_directory *self, const char *name, write_fn write,
                                 const throng_attribution *attribution, const throng_cohorts *cohorts,
                                 throng_error *err) {
    char *path = NULL;
    throng_status status = throng_i_print(self->context, &path, err, "%s/%s", self->draft, name);
    if (status == THRONG_OK)
        status = write(self->context, attribution, cohorts, path, err);
    throng_i_free(self->context, path);
    return status;
}

/* This rank's part; whoever has no agents writes none. */
static throng_status write_part(throng_i_run_directory *self, const throng_attribution *attribution,
                                const throng_cohorts *cohorts, throng_error *err) {
    char name[sizeof IN_PARTS + PART_LENGTH];
    throng_i_share here = throng_i_population_here(attribution->population);
    if (here.begin == here.end)
        return THRONG_OK;
    snprintf(name, sizeof name, IN_PARTS "/" PART_NAME, throng_ranks_mine(self->context));
    return write_table(self, name, throng_i_write_attribution, attribution, cohorts, err);
}

throng_status throng_i_run_directory_tables(throng_i_run_directory *self, const throng_attribution *attribution,
                                            const throng_cohorts *cohorts, throng_error *err) {
    throng_status status = THRONG_OK;
    bool agents = attribution->phi;
    if (agents && attribution->population->shared)
        THRONG_TRY(write_part(self, attribution, cohorts, err));
    else if (agents)
        THRONG_TRY(write_table(self, IN_PARTS, throng_i_write_attribution, attribution, cohorts, err));
    if (agents && attribution->population->n_times > 1)
        THRONG_TRY(write_table(self, "change.parquet", throng_i_write_change, attribution, cohorts, err));
    if (cohorts)
        THRONG_TRY(write_table(self, "cohorts.parquet", throng_i_write_cohorts, attribution, cohorts, err));
    if (agents && throng_i_has_steps(attribution))
        THRONG_TRY(write_table(self, "steps.parquet", throng_i_write_steps, attribution, cohorts, err));
out:
    return status;
}

throng_status throng_i_run_directory_text(throng_i_run_directory *self, const char *name, const char *text,
                                          throng_error *err) {
    throng_status status = THRONG_OK;
    char *path = NULL;
    FILE *file = NULL;
    THRONG_REQUIRE(is_run_file(name), E_ARGUMENT, "\"%s\" is not a file of a run directory.", name);
    THRONG_TRY(throng_i_print(self->context, &path, err, "%s/%s", self->draft, name));
    file = fopen(path, "wbx");
    bool written = file && fputs(text, file) >= 0;
    if (file && fclose(file) != 0)
        written = false;
    THRONG_REQUIRE(written, E_WRITE, "%s/%s cannot be written: %s.", self->shown, name, strerror(errno));
out:
    throng_i_free(self->context, path);
    return status;
}

/* ---- making it visible ----------------------------------------------------------------------------------------- */

/* Sees to it that a file or a folder is on the disk. */
static bool flush(const char *path) {
    int file = open(path, O_RDONLY | O_CLOEXEC);
    bool done = file >= 0 && fsync(file) == 0;
    if (file >= 0)
        close(file);
    return done;
}

/* The same of a table in parts, too. */
static bool flush_all(const char *path) {
    return (!is_folder(path) || for_files(path, flush, NULL)) && flush(path);
}

/* The draft takes the place of what is there; what was there ends up under the draft's name. */
static bool exchange(const char *draft, const char *path) {
    char aside[PATH_MAX + 8];
    if (renameat2(AT_FDCWD, draft, AT_FDCWD, path, RENAME_EXCHANGE) == 0)
        return true;
    if (errno != EINVAL && errno != ENOSYS)
        return false;
    /* This file system cannot exchange: three steps, and the old run is put back if the second fails. */
    snprintf(aside, sizeof aside, "%s.old", draft);
    if (rename(path, aside) != 0)
        return false;
    if (rename(draft, path) != 0) {
        int reason = errno;
        if (rename(aside, path) != 0)
            return false; /* the message names the path; the old run is beside it */
        errno = reason;
        return false;
    }
    return rename(aside, draft) == 0;
}

throng_status throng_i_run_directory_commit(throng_i_run_directory *self, throng_error *err) {
    throng_status status = THRONG_OK;
    struct stat facts;
    char folder[PATH_MAX];
    bool replace = stat(self->path, &facts) == 0;
    if (replace)
        THRONG_TRY(check_existing(self->path, self->shown, self->force, err));
    THRONG_REQUIRE(for_files(self->draft, flush_all, NULL) && flush(self->draft), E_WRITE, "%s cannot be written: %s.",
                   self->shown, strerror(errno));
    if (replace) {
        THRONG_REQUIRE(exchange(self->draft, self->path), E_WRITE, "%s cannot be replaced: %s.", self->shown,
                       strerror(errno));
        for_files(self->draft, remove_table, is_run_file);
        rmdir(self->draft);
    } else {
        THRONG_REQUIRE(rename(self->draft, self->path) == 0, E_WRITE, "%s cannot be written: %s.", self->shown,
                       strerror(errno));
    }
    throng_i_free(self->context, self->draft);
    self->draft = NULL;
    folder_of(self->path, folder, sizeof folder);
    flush(folder); /* the run is complete: that a crash of the machine might hide it is no failure */
out:
    return status;
}

void throng_i_run_directory_clear(throng_i_run_directory *self) {
    if (self->draft && !self->lent) {
        for_files(self->draft, remove_draft, NULL);
        rmdir(self->draft);
    }
    if (self->lock > 0)
        close(self->lock);
    throng_i_free(self->context, self->draft);
    throng_i_free(self->context, self->path);
    *self = (throng_i_run_directory){0};
}

throng_status throng_run_directory_write(throng_context *context, const char *path,
                                         const throng_attribution *attribution, const throng_cohorts *cohorts,
                                         const throng_run_file *files, int n_files, bool force, throng_error *err) {
    throng_i_run_directory directory = {0};
    throng_status status = throng_i_run_directory_begin(context, path, force, &directory, err);
    if (status != THRONG_OK)
        return status;
    THRONG_TRY(throng_i_run_directory_tables(&directory, attribution, cohorts, err));
    for (int i = 0; i < n_files; i++)
        THRONG_TRY(throng_i_run_directory_text(&directory, files[i].name, files[i].text, err));
    THRONG_TRY(throng_i_run_directory_commit(&directory, err));
out:
    throng_i_run_directory_clear(&directory);
    return status;
}
