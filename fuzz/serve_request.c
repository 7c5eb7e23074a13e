/* libFuzzer: requests to the handlers of the explorer's server, for a small run that is made first.
 *
 *     fuzz/build serve_request && build-fuzz/serve_request -max_total_time=600 -max_len=4096
 *
 * The input is read as the first line of a request, a line with its content type, and a body:
 *
 *     G/api/v1/runs/0/page?sort=-|phi|&limit=3
 *     application/json
 *     {"rows": [1]}
 *
 * What must hold besides not crashing: every request gets a status, errors are JSON of the one form, and a body has the
 * size that was promised. */
#define _GNU_SOURCE
#include "serve/explorer.h"
#include "throng/throng.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static throng_context *context;
static throng_i_explorer explorer;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static void must(throng_status status, const throng_error *err) {
    if (status == THRONG_OK)
        return;
    fprintf(stderr, "fuzz/serve_request: %s\n", err->message);
    abort();
}

static void make_run(const char *path) {
    static const char *const settings[][2] = {{"population.generate", "uniform"}, {"population.agents", "40"},
                                              {"graph.model", "watts-strogatz"},  {"world.name", "bounded-confidence"},
                                              {"world.steps", "2"}};
    throng_error err = {0};
    throng_study *study = NULL;
    throng_run *run = NULL;
    must(throng_study_create(context, &study, &err), &err);
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        must(throng_study_set(study, settings[i][0], settings[i][1], &err), &err);
    must(throng_study_run(study, NULL, path, true, &run, &err), &err);
    throng_run_free(run);
    throng_study_free(study);
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    static char folder[] = "/tmp/throng-fuzz-XXXXXX";
    char path[sizeof folder + 8];
    throng_error err = {0};
    (void)argc, (void)argv;
    must(throng_context_create(&context, &err), &err);
    must(throng_context_set_threads(context, 1, &err), &err);
    if (!mkdtemp(folder))
        abort();
    snprintf(path, sizeof path, "%s/run", folder);
    make_run(path);
    must(throng_i_explorer_init(context, 1, &explorer, &err), &err);
    explorer.guard = (throng_i_guard){.port = 80, .loopback = true};
    must(throng_i_run_expect(context, path, &explorer.runs[0], &err), &err);
    must(throng_i_run_open(&explorer.runs[0], path, &err), &err);
    return 0;
}

/* Splits off what comes before a byte; what follows begins behind it. */
static char *cut(char **at, char byte) {
    char *begin = *at, *end = begin ? strchr(begin, byte) : NULL;
    if (end)
        *end = '\0';
    *at = end ? end + 1 : NULL;
    return begin;
}

static void read_all(const throng_i_reply *reply) {
    char piece[1000];
    uint64_t at = 0;
    for (; reply->size != UINT64_MAX && at < reply->size;) {
        size_t most = reply->size - at < sizeof piece ? (size_t)(reply->size - at) : sizeof piece;
        int64_t n = reply->read(reply->user, at, piece, most);
        if (n <= 0 || (size_t)n > most)
            abort();
        at += (uint64_t)n;
    }
}

static void check(const throng_i_reply *reply) {
    if (reply->status < 200 || reply->status > 599 || !reply->type)
        abort();
    if (reply->read)
        read_all(reply);
    if (reply->status >= 400) {
        json_t *document = json_loads(reply->text.bytes, 0, NULL);
        if (!json_is_string(json_object_get(json_object_get(document, "error"), "message")))
            abort();
        json_decref(document);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    throng_i_reply reply = {.context = context, .text = {.context = context}};
    char *text = malloc(size + 1), *at = text;
    memcpy(text, data, size);
    text[size] = '\0';
    char *line = cut(&at, '\n'), *type = cut(&at, '\n');
    throng_i_request request = {.host = "localhost", .content_type = type, .body = at};
    request.body_bytes = at ? size - (size_t)(at - text) : 0;
    request.method = *line == 'P' ? "POST" : *line == 'G' ? "GET" : "PUT";
    line += *line != '\0';
    request.path = cut(&line, '?');
    while (line) {
        char *value = cut(&line, '&'), *name = cut(&value, '=');
        if (request.n_arguments < THRONG_I_ARGUMENTS_MAX)
            request.arguments[request.n_arguments] = (throng_i_argument){name, value ? value : ""};
        request.n_arguments++;
    }
    throng_i_explorer_answer(&explorer, &request, &reply);
    check(&reply);
    throng_i_reply_clear(&reply);
    free(text);
    return 0;
}
