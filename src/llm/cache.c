/*
 * The cache: a file of lines that are only ever added.
 *
 *     throng-llm-cache 1
 *     CHECKSUM KEY SAMPLE {"text":"B", ...}
 *
 * The checksum (XXH3, 64 bits) covers the rest of the line. A line that was cut short by a kill, or damaged, fails it
 * and is passed over; the next writer begins a line of its own. Nothing is ever overwritten, so nothing that was kept
 * can be lost by a later run. Writers append under a lock, a line a write; a reader looks for what others added before
 * it asks.
 */
#define _GNU_SOURCE /* O_CLOEXEC, flock */
#include "llm/llm.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#define MAGIC      "throng-llm-cache "
#define VERSION    "1\n"
#define HEADER     ((int64_t)(sizeof MAGIC - 1 + sizeof VERSION - 1))
#define PIECE      (1 << 20)
#define LINE_MAX_B (64 << 20)
#define SYNC_EVERY 1.0 /* seconds: what a power cut may cost; a kill costs nothing */

typedef struct cache {
    throng_llm head;
    throng_llm_cache_mode mode;
    char *path;
    int file;
    int64_t scanned; /* bytes of whole lines that the index knows of */
    double synced;
    throng_i_llm_index index;
    int64_t hits, misses, damaged;
} cache;

/* ---- reading --------------------------------------------------------------------------------------------------- */

/* Reads the head of a line, and gives where its answer begins; -1 if it is damaged. */
static int64_t read_line(const char *line, int64_t n, throng_i_llm_key *key) {
    uint64_t sum;
    int used = 0;
    if (n < 18 || sscanf(line, "%16" SCNx64 " %16" SCNx64 "%16" SCNx64 " %" SCNd64 " %n", &sum, &key->high, &key->low,
                         &key->sample, &used) < 4)
        return -1;
    return used > 17 && used < n && line[16] == ' ' && XXH3_64bits(line + 17, (size_t)n - 17) == sum ? used : -1;
}

/* Indexes whole lines from `scanned` on. A last line without an end is left: somebody may be writing it, or was. */
static throng_status scan(cache *self, throng_error *err) {
    char *buffer = NULL;
    int64_t held = 0, cap = 0;
    throng_status status = THRONG_OK;
    struct stat facts;
    THRONG_REQUIRE(fstat(self->file, &facts) == 0, E_FILE, "%s cannot be read: %s.", self->path, strerror(errno));
    for (int64_t at = self->scanned; at < (int64_t)facts.st_size;) {
        if (held + PIECE + 1 > cap) {
            cap = 2 * (held + PIECE);
            THRONG_TRY(throng_i_resize(self->head.context, &buffer, cap, 1, err));
        }
        ssize_t got = pread(self->file, buffer + held, PIECE, at);
        THRONG_REQUIRE(got >= 0, E_FILE, "%s cannot be read: %s.", self->path, strerror(errno));
        if (got == 0)
            break;
        at += got;
        held += got;
        int64_t begin = 0;
        for (const char *end; (end = memchr(buffer + begin, '\n', (size_t)(held - begin))) != NULL;) {
            throng_i_llm_key key;
            int64_t n = end - (buffer + begin);
            buffer[begin + n] = '\0';
            int64_t from = read_line(buffer + begin, n, &key);
            if (from >= 0)
                THRONG_TRY(throng_i_llm_index_put(&self->index, key, self->scanned + from, n - from, err));
            else
                self->damaged += n > 0;
            self->scanned += n + 1;
            begin += n + 1;
        }
        held -= begin;
        memmove(buffer, buffer + begin, (size_t)held);
        THRONG_REQUIRE(held < LINE_MAX_B, E_FORMAT, "%s is damaged: a line of it is longer than any answer.",
                       self->path);
    }
out:
    throng_i_free(self->head.context, buffer);
    return status;
}

/* Hands the answer out. *found is false if the file no longer holds it. */
static throng_status hand_out(cache *self, const struct throng_i_llm_place *place, int64_t index, throng_llm_take take,
                              void *user, bool *found, throng_error *err) {
    char *bytes = NULL;
    json_t *document = NULL;
    throng_llm_answer answer;
    throng_status status = THRONG_OK;
    THRONG_TRY(throng_i_alloc(self->head.context, place->length, 1, &bytes, err));
    *found = pread(self->file, bytes, (size_t)place->length, place->offset) == place->length;
    document = *found ? json_loadb(bytes, (size_t)place->length, 0, NULL) : NULL;
    *found = throng_i_llm_answer_unpack(document, &answer);
    answer.origin = THRONG_LLM_FROM_CACHE;
    if (*found)
        status = take(user, index, &answer, err);
out:
    json_decref(document);
    throng_i_free(self->head.context, bytes);
    return status;
}

/* ---- writing --------------------------------------------------------------------------------------------------- */

/* Whether the file ends in the middle of a line: then its writer is dead, for we hold the lock. */
static bool ends_open(const cache *self) {
    struct stat facts;
    char last = '\n';
    return fstat(self->file, &facts) == 0 && facts.st_size > 0 && pread(self->file, &last, 1, facts.st_size - 1) == 1 &&
           last != '\n';
}

static throng_status keep(cache *self, throng_i_llm_key key, const throng_llm_answer *answer, throng_error *err) {
    throng_i_text line = {.context = self->head.context};
    throng_status status = THRONG_OK;
    bool locked = false;
    char sum[18];
    throng_i_text_print(&line, "\n................ %016" PRIx64 "%016" PRIx64 " %" PRId64 " ", key.high, key.low,
                        key.sample);
    throng_i_text_put_json(&line, throng_i_llm_answer_pack(answer));
    THRONG_REQUIRE(!line.failed, E_MEMORY, "Out of memory for a line of %s.", self->path);
    snprintf(sum, sizeof sum, "%016" PRIx64, (uint64_t)XXH3_64bits(line.bytes + 18, line.n - 18));
    memcpy(line.bytes + 1, sum, 16);
    throng_i_text_put(&line, "\n", 1);
    THRONG_REQUIRE(!line.failed, E_MEMORY, "Out of memory for a line of %s.", self->path);
    locked = flock(self->file, LOCK_EX) == 0;
    size_t from = ends_open(self) ? 0 : 1;
    ssize_t written = write(self->file, line.bytes + from, line.n - from);
    THRONG_REQUIRE(written == (ssize_t)(line.n - from), E_WRITE,
                   "%s cannot be written: %s. Answers kept before are safe.", self->path,
                   written < 0 ? strerror(errno) : "no room for a whole line");
    if (throng_i_seconds() - self->synced > SYNC_EVERY) {
        fdatasync(self->file);
        self->synced = throng_i_seconds();
    }
out:
    if (locked)
        flock(self->file, LOCK_UN);
    throng_i_text_clear(&line);
    return status;
}

/* ---- asking ---------------------------------------------------------------------------------------------------- */

/* Requests that the file does not answer, on their way to what does. */
typedef struct missing {
    cache *self;
    throng_llm_request *requests; /* [n] */
    throng_i_llm_key *keys;       /* [n] */
    int64_t *index;               /* [n] in what was asked */
    int64_t *twin;                /* [all] the next request that is the same, -1: none */
    throng_i_llm_index first;     /* of each key: where it stands in `requests` */
    int64_t n;
    throng_llm_take take;
    void *user;
} missing;

/* First kept, then handed out to all that asked the same: whatever the taker does, it is not asked for again. */
static throng_status take_new(void *user, int64_t index, const throng_llm_answer *answer, throng_error *err) {
    missing *it = user;
    throng_status status = THRONG_OK;
    if (it->self->mode == THRONG_LLM_CACHE_WRITE)
        status = keep(it->self, it->keys[index], answer, err);
    for (int64_t i = it->index[index]; i >= 0; i = it->twin[i]) {
        throng_status taken = it->take(it->user, i, answer, status == THRONG_OK ? err : NULL);
        status = status != THRONG_OK ? status : taken;
    }
    return status;
}

/* Puts a request on the list of what is asked for, or beside the one that asks the same. */
static throng_status add_missing(missing *it, const throng_llm_request *request, throng_i_llm_key key, int64_t index,
                                 throng_error *err) {
    const struct throng_i_llm_place *same = throng_i_llm_index_find(&it->first, key);
    if (same) {
        it->twin[index] = it->twin[it->index[same->offset]];
        it->twin[it->index[same->offset]] = index;
        return THRONG_OK;
    }
    it->twin[index] = -1;
    it->requests[it->n] = *request;
    it->keys[it->n] = key;
    it->index[it->n] = index;
    return throng_i_llm_index_put(&it->first, key, it->n++, 1, err);
}

static throng_status look_up(missing *it, const throng_llm_request *request, int64_t index, throng_error *err) {
    cache *self = it->self;
    throng_i_llm_key key;
    bool found = false;
    throng_status status = throng_i_llm_key_of(&self->head, request, &key, err);
    if (status != THRONG_OK)
        return status;
    const struct throng_i_llm_place *place = throng_i_llm_index_find(&self->index, key);
    if (place)
        status = hand_out(self, place, index, it->take, it->user, &found, err);
    if (found || status != THRONG_OK) {
        self->hits += found;
        return status;
    }
    self->misses++;
    if (self->mode == THRONG_LLM_CACHE_STRICT)
        return THRONG_FAIL(
            err, E_CACHE_MISS,
            "%s holds no answer of \"%s\" to request %lld, which begins \"%.60s\", sample %lld. A strict "
            "cache asks nobody: run once with mode write.",
            self->path, self->head.model, (long long)index + 1, request->prompt, (long long)request->sample);
    return add_missing(it, request, key, index, err);
}

static throng_status ask_cache(throng_llm *head, const throng_llm_request *requests, int64_t n, throng_llm_take take,
                               void *user, throng_error *err) {
    cache *self = (cache *)head;
    throng_context *context = head->context;
    missing it = {.self = self, .take = take, .user = user, .first = {.context = context}};
    throng_status status = THRONG_OK;
    THRONG_TRY(throng_i_alloc(context, n, sizeof *it.requests, &it.requests, err));
    THRONG_TRY(throng_i_alloc(context, n, sizeof *it.keys, &it.keys, err));
    THRONG_TRY(throng_i_alloc(context, n, sizeof *it.index, &it.index, err));
    THRONG_TRY(throng_i_alloc(context, n, sizeof *it.twin, &it.twin, err));
    THRONG_TRY(scan(self, err));
    for (int64_t i = 0; i < n; i++)
        THRONG_TRY(look_up(&it, &requests[i], i, err));
    if (it.n > 0)
        THRONG_TRY(throng_llm_ask(head->inner, it.requests, it.n, take_new, &it, err));
out:
    throng_i_free(context, it.requests);
    throng_i_free(context, it.keys);
    throng_i_free(context, it.index);
    throng_i_free(context, it.twin);
    throng_i_free(context, it.first.slots);
    return status;
}

/* ---- life ------------------------------------------------------------------------------------------------------ */

/* Writes the first line of a new file, or checks that of an old one. */
static throng_status open_cache(cache *self, throng_error *err) {
    bool writes = self->mode == THRONG_LLM_CACHE_WRITE;
    char first[64] = "";
    throng_status status = THRONG_OK;
    self->file = open(self->path, writes ? O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC : O_RDONLY | O_CLOEXEC, 0666);
    THRONG_REQUIRE(self->file >= 0, E_FILE, "%s cannot be opened as a cache: %s.", self->path, strerror(errno));
    flock(self->file, writes ? LOCK_EX : LOCK_SH);
    ssize_t got = pread(self->file, first, sizeof first - 1, 0);
    if (writes && got == 0)
        got = write(self->file, MAGIC VERSION, (size_t)HEADER) == HEADER ? pread(self->file, first, (size_t)HEADER, 0)
                                                                         : -1;
    flock(self->file, LOCK_UN);
    THRONG_REQUIRE(got >= 0, E_FILE, "%s cannot be used as a cache: %s.", self->path, strerror(errno));
    THRONG_REQUIRE(strncmp(first, MAGIC, sizeof MAGIC - 1) == 0, E_FORMAT,
                   "%s is not a cache of answers; nothing was changed. Name another file.", self->path);
    THRONG_REQUIRE(strncmp(first, MAGIC VERSION, (size_t)HEADER) == 0, E_FORMAT,
                   "%s is a cache of version %.*s, and this throng reads version 1; nothing was changed. Name another "
                   "file.",
                   self->path, (int)strcspn(first + sizeof MAGIC - 1, "\n"), first + sizeof MAGIC - 1);
    self->scanned = HEADER;
    THRONG_TRY(scan(self, err));
out:
    return status;
}

static void cache_usage(const throng_llm *head, throng_llm_usage *add_to) {
    const cache *self = (const cache *)head;
    add_to->cache_hits += self->hits;
    add_to->cache_misses += self->misses;
    add_to->cache_damaged += self->damaged;
}

static void clear_cache(throng_llm *head) {
    cache *self = (cache *)head;
    if (self->file >= 0) {
        if (self->mode == THRONG_LLM_CACHE_WRITE)
            fdatasync(self->file);
        close(self->file);
    }
    throng_i_free(head->context, self->index.slots);
    throng_i_free(head->context, self->path);
}

static const throng_i_llm_class cache_class = {.ask = ask_cache, .usage = cache_usage, .clear = clear_cache};

throng_status throng_llm_cache_create(throng_llm *inner, const char *path, throng_llm_cache_mode mode, throng_llm **out,
                                      throng_error *err) {
    cache *self = NULL;
    throng_status status = THRONG_OK;
    THRONG_REQUIRE(mode >= 0 && mode < THRONG_LLM_CACHE_MODE_COUNT, E_ARGUMENT, "There is no such cache mode.");
    THRONG_TRY(throng_i_llm_wrap(inner, &cache_class, sizeof *self, &self, err));
    self->mode = mode;
    self->file = -1;
    self->index.context = inner->context;
    THRONG_TRY(throng_i_copy_text(inner->context, path, &self->path, err));
    THRONG_TRY(open_cache(self, err));
    *out = &self->head;
    self = NULL;
out:
    if (self)
        throng_i_llm_drop(&self->head);
    return status;
}
