/* The journal of a sweep: see journal.h. */
#define _DEFAULT_SOURCE /* flock, getline */
#include "study/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* ---- reading --------------------------------------------------------------------------------------------------- */

typedef struct reader {
    const char *path;
    FILE *file;
    throng_i_journal_fn take;
    void *user;
    json_t *head;      /* the first line */
    long end;          /* where the last whole line ends */
    XXH64_hash_t hash; /* of all lines but the last one of a complete journal */
    int64_t runs;
    bool complete;
} reader;

static throng_status fail_damaged(const reader *self, const char *what, throng_error *err) {
    return THRONG_FAIL(err, E_FORMAT,
                       "%s is damaged: %s. Remove it; the runs that it has are made again when the sweep is started "
                       "again.",
                       self->path, what);
}

/* The line behind which nothing may come: {"complete": runs, "hash": "..."}. */
static throng_status take_last(reader *self, const json_t *line, throng_error *err) {
    char hash[THRONG_I_MARK_LENGTH];
    const char *said = json_string_value(json_object_get(line, "hash"));
    snprintf(hash, sizeof hash, "%016llx", (unsigned long long)self->hash);
    if (!said || strcmp(said, hash) != 0 || json_integer_value(json_object_get(line, "complete")) != self->runs)
        return fail_damaged(self, "its checksum does not fit its runs", err);
    self->complete = true;
    return THRONG_OK;
}

static throng_status take_line(reader *self, const char *text, size_t n, throng_error *err) {
    json_t *line = json_loads(text, 0, NULL), *numbers = json_object_get(line, "numbers");
    throng_status status = THRONG_OK;
    if (!line || self->complete) {
        status = fail_damaged(self, line ? "something follows its last line" : "a line in it cannot be read", err);
    } else if (!self->head) {
        self->head = json_incref(line);
    } else if (json_object_get(line, "complete")) {
        status = take_last(self, line, err);
    } else {
        self->runs++;
        if (self->take && json_is_object(numbers))
            self->take(self->user, json_integer_value(json_object_get(line, "run")), numbers,
                       json_object_get(line, "about"));
    }
    if (!self->complete)
        self->hash = XXH3_64bits_withSeed(text, n, self->hash);
    json_decref(line);
    return status;
}

/* Reads whole lines: a last one that was cut off is no line. */
static throng_status read_lines(reader *self, bool head_only, throng_error *err) {
    char *text = NULL;
    size_t room = 0;
    throng_status status = THRONG_OK;
    for (ssize_t n = getline(&text, &room, self->file); n > 0 && status == THRONG_OK;
         n = getline(&text, &room, self->file)) {
        if (text[n - 1] != '\n')
            break;
        status = take_line(self, text, (size_t)n, err);
        self->end = ftell(self->file);
        if (head_only)
            break;
    }
    free(text);
    return status;
}

/* ---- whose runs they are --------------------------------------------------------------------------------------- */

static throng_status check_version(const reader *self, throng_error *err) {
    const char *version = json_string_value(json_object_get(self->head, "throng"));
    if (!version || !json_string_value(json_object_get(self->head, "study")))
        return fail_damaged(self, "its first line does not say whose runs it has", err);
    if (strcmp(version, throng_version()) != 0)
        return THRONG_FAIL(err, E_STUDY,
                           "%s holds runs of throng %.40s, and this is %s: go on with that, or remove it.", self->path,
                           version, throng_version());
    return THRONG_OK;
}

static void get_head(const json_t *line, throng_i_journal_head *out) {
    *out = (throng_i_journal_head){.kind = (int)json_integer_value(json_object_get(line, "kind")),
                                   .shard = (int)json_integer_value(json_object_get(line, "shard")),
                                   .shards = (int)json_integer_value(json_object_get(line, "of"))};
    snprintf(out->study, sizeof out->study, "%s", json_string_value(json_object_get(line, "study")));
}

static throng_status check_head(const reader *self, const throng_i_journal_head *wanted, throng_error *err) {
    throng_i_journal_head head;
    throng_status status = check_version(self, err);
    if (status != THRONG_OK)
        return status;
    get_head(self->head, &head);
    if (strcmp(head.study, wanted->study) == 0 && head.kind == wanted->kind && head.shard == wanted->shard &&
        head.shards == wanted->shards)
        return THRONG_OK;
    return THRONG_FAIL(err, E_STUDY,
                       "%s holds runs of another study, or of this one with other settings: remove it, or choose "
                       "another directory.",
                       self->path);
}

throng_status throng_i_journal_look(throng_context *context, const char *path, throng_i_journal_head *head, char **yaml,
                                    throng_error *err) {
    throng_status status = THRONG_OK;
    reader self = {.path = path, .file = fopen(path, "rb")};
    THRONG_REQUIRE(self.file, E_FILE, "%s cannot be read: %s.", path, strerror(errno));
    THRONG_TRY(read_lines(&self, true, err));
    if (!self.head) {
        status = fail_damaged(&self, "it is empty", err);
        goto out;
    }
    THRONG_TRY(check_version(&self, err));
    get_head(self.head, head);
    const char *text = json_string_value(json_object_get(self.head, "yaml"));
    if (yaml)
        THRONG_TRY(throng_i_copy_text(context, text ? text : "", yaml, err));
out:
    json_decref(self.head);
    if (self.file)
        fclose(self.file);
    return status;
}

throng_status throng_i_journal_read(throng_context *context, const char *path, throng_i_journal_fn take, void *user,
                                    bool *complete, throng_error *err) {
    throng_status status = THRONG_OK;
    reader self = {.path = path, .file = fopen(path, "rb"), .take = take, .user = user};
    (void)context;
    THRONG_REQUIRE(self.file, E_FILE, "%s cannot be read: %s.", path, strerror(errno));
    THRONG_TRY(read_lines(&self, false, err));
    *complete = self.complete;
out:
    json_decref(self.head);
    if (self.file)
        fclose(self.file);
    return status;
}

/* ---- writing --------------------------------------------------------------------------------------------------- */

static throng_status fail_write(const throng_i_journal *self, int reason, throng_error *err) {
    return THRONG_FAIL(err, E_WRITE, "%s cannot be written: %s.", self->path, strerror(reason));
}

/* Writes a line and sees it onto the disk; takes the line over. */
static throng_status put_line(throng_i_journal *self, json_t *line, throng_error *err) {
    char *text = line ? json_dumps(line, JSON_COMPACT | JSON_REAL_PRECISION(17)) : NULL;
    size_t n = text ? strlen(text) : 0;
    json_decref(line);
    if (!text)
        return THRONG_FAIL(err, E_MEMORY, "Out of memory: a line of %s could not be made.", self->path);
    text[n] = '\n'; /* in place of the zero */
    bool written = fwrite(text, 1, n + 1, self->file) == n + 1 && fflush(self->file) == 0;
    int reason = errno;
    fsync(fileno(self->file));
    self->hash = XXH3_64bits_withSeed(text, n + 1, self->hash);
    free(text);
    return written ? THRONG_OK : fail_write(self, reason, err);
}

static throng_status begin(throng_i_journal *self, const throng_i_journal_head *head, const char *yaml,
                           throng_error *err) {
    json_t *line = json_pack("{s:s, s:s, s:i, s:i, s:i}", "study", head->study, "throng", throng_version(), "kind",
                             head->kind, "shard", head->shard, "of", head->shards);
    if (yaml)
        json_object_set_new(line, "yaml", json_string(yaml));
    return put_line(self, line, err);
}

throng_status throng_i_journal_open(throng_context *context, const char *path, const throng_i_journal_head *head,
                                    const char *yaml, throng_i_journal_fn take, void *user, throng_i_journal *out,
                                    throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_journal self = {.context = context};
    reader from = {.path = path, .take = take, .user = user};
    THRONG_TRY(throng_i_copy_text(context, path, &self.path, err));
    int number = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (number >= 0)
        self.file = fdopen(number, "r+b");
    if (!self.file) {
        status = fail_write(&self, errno, err);
        goto out;
    }
    THRONG_REQUIRE(flock(number, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK, E_EXISTS,
                   "%s is being written by another process: the same runs are being made already.", path);
    from.file = self.file;
    THRONG_TRY(read_lines(&from, false, err));
    if (from.head)
        THRONG_TRY(check_head(&from, head, err));
    self.hash = from.hash;
    self.runs = from.runs;
    self.complete = from.complete;
    if (ftruncate(number, from.end) != 0 || fseek(self.file, from.end, SEEK_SET) != 0) {
        status = fail_write(&self, errno, err);
        goto out;
    }
    if (!from.head)
        THRONG_TRY(begin(&self, head, yaml, err));
    *out = self;
    self = (throng_i_journal){0};
out:
    json_decref(from.head);
    throng_i_journal_close(&self);
    return status;
}

throng_status throng_i_journal_add(throng_i_journal *self, int64_t run, json_t *numbers, json_t *about,
                                   throng_error *err) {
    if (!self->file)
        return THRONG_OK;
    json_t *line = json_pack("{s:I, s:O}", "run", (json_int_t)run, "numbers", numbers);
    if (line && about)
        json_object_set(line, "about", about);
    self->runs++;
    return put_line(self, line, err);
}

throng_status throng_i_journal_finish(throng_i_journal *self, throng_error *err) {
    char hash[THRONG_I_MARK_LENGTH];
    if (self->complete)
        return THRONG_OK;
    snprintf(hash, sizeof hash, "%016llx", (unsigned long long)self->hash);
    self->complete = true;
    return put_line(self, json_pack("{s:I, s:s}", "complete", (json_int_t)self->runs, "hash", hash), err);
}

void throng_i_journal_close(throng_i_journal *self) {
    if (self->file)
        fclose(self->file);
    throng_i_free(self->context, self->path);
    *self = (throng_i_journal){0};
}
