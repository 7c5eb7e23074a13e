/*
 * Transcripts: a line of JSON for every answer, appended whole, so that several runs can share a file and a kill leaves
 * at most one torn line. And replay, which answers from such a file: a question is found by the same key as in a cache,
 * made anew from the texts in the line, so that transcripts from elsewhere can be replayed if they have these fields.
 */
#define _GNU_SOURCE /* O_CLOEXEC, flock */
#include "llm/llm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* ---- writing --------------------------------------------------------------------------------------------------- */

typedef struct transcript {
    throng_llm head;
    char *path;
    int file;
} transcript;

static const char *const origins[] = {"endpoint", "cache", "replay", "script"};

typedef struct passing {
    transcript *self;
    const throng_llm_request *requests;
    throng_llm_take take;
    void *user;
} passing;

static throng_status write_line(transcript *self, const throng_llm_request *request, const throng_llm_answer *answer,
                                throng_error *err) {
    throng_i_text line = {.context = self->head.context};
    throng_status status = THRONG_OK;
    json_t *document = throng_i_llm_document(self->head.model, request);
    int failed = json_object_set_new(document, "sample", json_integer(request->sample));
    failed |= json_object_set_new(document, "answer", throng_i_llm_answer_pack(answer));
    failed |= json_object_set_new(document, "from", json_string(origins[answer->origin]));
    if (request->label)
        failed |= json_object_set_new(document, "label", json_string(request->label));
    throng_i_text_put_json(&line, document);
    throng_i_text_put(&line, "\n", 1);
    THRONG_REQUIRE(!failed && !line.failed, E_MEMORY, "A line of %s could not be made.", self->path);
    flock(self->file, LOCK_EX);
    ssize_t written = write(self->file, line.bytes, line.n);
    flock(self->file, LOCK_UN);
    THRONG_REQUIRE(written == (ssize_t)line.n, E_WRITE, "%s cannot be written: %s.", self->path,
                   written < 0 ? strerror(errno) : "no room for a whole line");
out:
    throng_i_text_clear(&line);
    return status;
}

/* The answer goes on even if it could not be written down. */
static throng_status pass(void *user, int64_t index, const throng_llm_answer *answer, throng_error *err) {
    passing *it = user;
    throng_status status = write_line(it->self, &it->requests[index], answer, err);
    throng_status taken = it->take(it->user, index, answer, status == THRONG_OK ? err : NULL);
    return status != THRONG_OK ? status : taken;
}

static throng_status ask_transcript(throng_llm *head, const throng_llm_request *requests, int64_t n,
                                    throng_llm_take take, void *user, throng_error *err) {
    passing it = {.self = (transcript *)head, .requests = requests, .take = take, .user = user};
    return throng_llm_ask(head->inner, requests, n, pass, &it, err);
}

static void clear_transcript(throng_llm *head) {
    transcript *self = (transcript *)head;
    if (self->file >= 0)
        close(self->file);
    throng_i_free(head->context, self->path);
}

static const throng_i_llm_class transcript_class = {.ask = ask_transcript, .clear = clear_transcript};

/* Whether a file is empty, no file at all, or begins as every line does that is written here, whose keys are sorted. */
static bool may_append(int file) {
    static const char beginning[] = "{\"answer\":";
    char first[sizeof beginning];
    ssize_t got = pread(file, first, sizeof beginning - 1, 0);
    return got <= 0 || memcmp(first, beginning, (size_t)got) == 0;
}

throng_status throng_llm_transcript_create(throng_llm *inner, const char *path, throng_llm **out, throng_error *err) {
    transcript *self = NULL;
    throng_status status = THRONG_OK;
    THRONG_TRY(throng_i_llm_wrap(inner, &transcript_class, sizeof *self, &self, err));
    self->file = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    THRONG_REQUIRE(self->file >= 0, E_FILE, "%s cannot be opened as a transcript: %s.", path, strerror(errno));
    THRONG_REQUIRE(may_append(self->file), E_FORMAT,
                   "%s is not a transcript of throng's; nothing was changed. Name another file.", path);
    THRONG_TRY(throng_i_copy_text(inner->context, path, &self->path, err));
    *out = &self->head;
    self = NULL;
out:
    if (self)
        throng_i_llm_drop(&self->head);
    return status;
}

/* ---- replay ---------------------------------------------------------------------------------------------------- */

typedef struct replay {
    throng_llm head;
    char *path;
    FILE *file;
    throng_i_llm_index index; /* where lines lie */
    int64_t damaged, hits;
} replay;

/* Indexes a line if it is this model's. A line that is no record is counted. */
static throng_status index_line(replay *self, const char *line, int64_t offset, int64_t n, throng_error *err) {
    json_t *document = json_loadb(line, (size_t)n, 0, NULL);
    const char *model = json_string_value(json_object_get(document, "model"));
    throng_llm_request request = {
        .system = json_string_value(json_object_get(document, "system")),
        .prompt = json_string_value(json_object_get(document, "prompt")),
        .temperature = json_number_value(json_object_get(document, "temperature")),
        .max_tokens = (int)json_integer_value(json_object_get(document, "max_tokens")),
        .top_logprobs = (int)json_integer_value(json_object_get(document, "top_logprobs")),
        .sample = json_integer_value(json_object_get(document, "sample")),
    };
    throng_llm_answer answer;
    throng_i_llm_key key;
    throng_status status = THRONG_OK;
    if (!model || !request.prompt || !throng_i_llm_answer_unpack(json_object_get(document, "answer"), &answer)) {
        self->damaged++;
        goto out;
    }
    if (strcmp(model, self->head.model) != 0)
        goto out;
    THRONG_TRY(throng_i_llm_key_of(&self->head, &request, &key, err));
    THRONG_TRY(throng_i_llm_index_put(&self->index, key, offset, n, err));
out:
    json_decref(document);
    return status;
}

static throng_status load(replay *self, throng_error *err) {
    throng_i_text line = {.context = self->head.context};
    throng_status status = THRONG_OK;
    char piece[65536];
    int64_t offset = 0;
    size_t got;
    while ((got = fread(piece, 1, sizeof piece, self->file)) > 0) {
        for (size_t at = 0; at < got;) {
            const char *end = memchr(piece + at, '\n', got - at);
            size_t n = end ? (size_t)(end - piece) - at : got - at;
            throng_i_text_put(&line, piece + at, n);
            THRONG_REQUIRE(!line.failed, E_MEMORY, "Out of memory for a line of %s.", self->path);
            at += n + 1;
            if (!end)
                break;
            if (line.n > 0)
                THRONG_TRY(index_line(self, line.bytes, offset, (int64_t)line.n, err));
            offset += (int64_t)line.n + 1;
            line.n = 0;
        }
    }
    self->damaged += line.n > 0;
    THRONG_REQUIRE(!ferror(self->file), E_FILE, "%s cannot be read: %s.", self->path, strerror(errno));
    THRONG_REQUIRE(self->index.n > 0, E_FORMAT, "%s holds no answers of \"%s\"; %lld lines are not of a transcript.",
                   self->path, self->head.model, (long long)self->damaged);
out:
    throng_i_text_clear(&line);
    return status;
}

static throng_status answer_replay(replay *self, const throng_llm_request *request, int64_t index, throng_llm_take take,
                                   void *user, throng_error *err) {
    throng_i_llm_key key;
    char *bytes = NULL;
    json_t *document = NULL;
    throng_llm_answer answer;
    throng_status status = THRONG_OK;
    THRONG_TRY(throng_i_llm_key_of(&self->head, request, &key, err));
    const struct throng_i_llm_place *place = throng_i_llm_index_find(&self->index, key);
    THRONG_REQUIRE(place, E_CACHE_MISS,
                   "%s holds no answer of \"%s\" to request %lld, which begins \"%.60s\", sample %lld.", self->path,
                   self->head.model, (long long)index + 1, request->prompt, (long long)request->sample);
    THRONG_TRY(throng_i_alloc(self->head.context, place->length, 1, &bytes, err));
    THRONG_REQUIRE(pread(fileno(self->file), bytes, (size_t)place->length, place->offset) == place->length, E_FILE,
                   "%s has changed since it was opened.", self->path);
    document = json_loadb(bytes, (size_t)place->length, 0, NULL);
    THRONG_REQUIRE(throng_i_llm_answer_unpack(json_object_get(document, "answer"), &answer), E_FILE,
                   "%s has changed since it was opened.", self->path);
    answer.origin = THRONG_LLM_FROM_REPLAY;
    self->hits++;
    status = take(user, index, &answer, err);
out:
    json_decref(document);
    throng_i_free(self->head.context, bytes);
    return status;
}

static throng_status ask_replay(throng_llm *head, const throng_llm_request *requests, int64_t n, throng_llm_take take,
                                void *user, throng_error *err) {
    throng_status status = THRONG_OK;
    for (int64_t i = 0; status == THRONG_OK && i < n; i++)
        status = answer_replay((replay *)head, &requests[i], i, take, user, err);
    return status;
}

static void replay_usage(const throng_llm *head, throng_llm_usage *add_to) {
    const replay *self = (const replay *)head;
    add_to->cache_hits += self->hits;
    add_to->cache_damaged += self->damaged;
}

static void clear_replay(throng_llm *head) {
    replay *self = (replay *)head;
    if (self->file)
        fclose(self->file);
    throng_i_free(head->context, self->index.slots);
    throng_i_free(head->context, self->path);
}

static const throng_i_llm_class replay_class = {.ask = ask_replay, .usage = replay_usage, .clear = clear_replay};

throng_status throng_llm_replay_create(throng_context *context, const char *path, const char *model, throng_llm **out,
                                       throng_error *err) {
    replay *self = NULL;
    throng_status status = THRONG_OK;
    THRONG_TRY(throng_i_llm_create(context, &replay_class, sizeof *self, model, &self, err));
    self->index.context = context;
    THRONG_TRY(throng_i_copy_text(context, path, &self->path, err));
    self->file = fopen(path, "rbe");
    THRONG_REQUIRE(self->file, E_FILE, "%s cannot be read: %s.", path, strerror(errno));
    THRONG_TRY(load(self, err));
    *out = &self->head;
    self = NULL;
out:
    if (self)
        throng_i_llm_drop(&self->head);
    return status;
}
