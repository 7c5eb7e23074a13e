/* libFuzzer: requests to the handlers of the explorer's server, for a small run that is made first.
 *
 *     fuzz/build serve_request
 *     mkdir -p build-fuzz/found && build-fuzz/serve_request -max_total_time=600 -max_len=4096 build-fuzz/found fuzz/seeds/serve_request
 *
 * The input is read as the first line of a request, whose arguments are not encoded, its headers, and a body:
 *
 *     P/api/v1/runs/0/select?table=attribution
 *     Content-Type: application/json
 *
 *     {"rows": [1]}
 *
 * G is GET, P is POST, and in small letters to a server that is open to others and wants a token. The value S of an
 * argument is a selection that the server has.
 *
 * What must hold besides not crashing: every request gets a status, errors are JSON of the one form, and a body has the
 * size that was promised. */
#define _GNU_SOURCE
#include "serve/explorer.h"
#include "throng/throng.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
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
    must(throng_i_run_expect(context, path, &explorer.runs[0], &err), &err);
    must(throng_i_run_open(&explorer.runs[0], path, &err), &err);
    return 0;
}

#define TOKEN "0123456789abcdef0123456789abcdef"

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

/* Takes "Host: localhost" into the request, if it is one of the headers that are looked at. */
static void take_header(throng_i_request *request, char *line) {
    const struct {
        const char *name;
        const char **value;
    } known[] = {{"Host", &request->host},
                 {"Origin", &request->origin},
                 {"Sec-Fetch-Site", &request->site},
                 {"Sec-Fetch-Mode", &request->mode},
                 {"Cookie", &request->cookie},
                 {"X-Throng-Token", &request->token},
                 {"Content-Type", &request->content_type}};
    char *value = line;
    const char *name = cut(&value, ':');
    for (size_t i = 0; i < sizeof known / sizeof *known && value; i++)
        if (strcasecmp(name, known[i].name) == 0)
            *known[i].value = value + (*value == ' ');
}

/* A selection that the server has: made anew before it is forgotten. */
static const char *a_selection(void) {
    static char id[64];
    static int uses;
    throng_i_reply reply = {.context = context, .text = {.context = context}};
    const throng_i_request request = {.method = "GET",
                                      .host = "localhost",
                                      .path = "/api/v1/runs/0/select",
                                      .arguments = {{"where", "state > 0"}},
                                      .n_arguments = 1};
    if (uses++ % 20 != 0)
        return id;
    explorer.guard = (throng_i_guard){.port = 80, .loopback = true};
    throng_i_explorer_answer(&explorer, &request, &reply);
    json_t *document = json_loads(reply.text.bytes, 0, NULL);
    snprintf(id, sizeof id, "%s", json_string_value(json_object_get(document, "selection")));
    json_decref(document);
    throng_i_reply_clear(&reply);
    return id;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    throng_i_reply reply = {.context = context, .text = {.context = context}};
    char *text = malloc(size + 1), *at = text;
    memcpy(text, data, size);
    text[size] = '\0';
    char *line = cut(&at, '\n');
    throng_i_request request = {.host = "localhost"};
    for (char *header = cut(&at, '\n'); header && *header; header = cut(&at, '\n'))
        take_header(&request, header);
    request.body = at;
    request.body_bytes = at ? size - (size_t)(at - text) : 0;
    request.method = *line == 'P' || *line == 'p' ? "POST" : *line == 'G' || *line == 'g' ? "GET" : "PUT";
    bool open = *line == 'g' || *line == 'p';
    line += *line != '\0';
    request.path = cut(&line, '?');
    while (line) {
        char *value = cut(&line, '&'), *name = cut(&value, '=');
        const char *given = !value ? "" : strcmp(value, "S") == 0 ? a_selection() : value;
        if (request.n_arguments < THRONG_I_ARGUMENTS_MAX)
            request.arguments[request.n_arguments] = (throng_i_argument){name, given};
        request.n_arguments++;
    }
    explorer.guard = open ? (throng_i_guard){.port = 80, .token = TOKEN, .names = {"crowd.example"}}
                          : (throng_i_guard){.port = 80, .loopback = true};
    throng_i_explorer_answer(&explorer, &request, &reply);
    check(&reply);
    throng_i_reply_clear(&reply);
    free(text);
    return 0;
}
