/* The stand-in server: libmicrohttpd with a thread a connection, since a handler that is told to be slow just sleeps.
 * Everything that is decided by chance depends on the seed and on the request, never on the order of arrival: a fault
 * on how often that very request was seen, so that trying again can help. Handlers read the rule, and from the context
 * take nothing but memory, which it counts atomically. */
#define _POSIX_C_SOURCE 200809L
#include "throng/mock_llm.h"

#include "llm/rule.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <xxhash.h>

#define BODY_BYTES   (4 << 20)
#define SEEN         65536
#define N_MAX        128
#define STREAM_FAULT 100

struct throng_mock_llm {
    throng_context *context;
    throng_i_rule *rule;
    struct MHD_Daemon *daemon;
    uint64_t seed;
    const char *key; /* the environment's; NULL: none */
    int port;
    atomic_bool stopping;
    atomic_llong requests, answers, unseeded;
    atomic_uint seen[SEEN]; /* how often a request came, by hash */
};

/* One exchange: the request as it comes in, then the reply. */
typedef struct exchange {
    throng_mock_llm *server;
    struct MHD_Connection *connection;
    throng_i_text body, reply;
    bool too_long;
    bool chat;
    json_t *request;
} exchange;

/* ---- replies --------------------------------------------------------------------------------------------------- */

static enum MHD_Result send_bytes(exchange *self, unsigned code, const char *type, const char *retry_after) {
    if (self->reply.failed)
        return MHD_NO;
    struct MHD_Response *response =
        MHD_create_response_from_buffer(self->reply.n, self->reply.bytes, MHD_RESPMEM_MUST_COPY);
    if (!response)
        return MHD_NO;
    MHD_add_response_header(response, "Content-Type", type);
    if (retry_after)
        MHD_add_response_header(response, "Retry-After", retry_after);
    enum MHD_Result result = MHD_queue_response(self->connection, code, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result send_error(exchange *self, unsigned code, const char *kind, const char *message,
                                  const char *retry_after) {
    throng_i_text_put_json(
        &self->reply, json_pack("{s:{s:s, s:s, s:i}}", "error", "message", message, "type", kind, "code", (int)code));
    return send_bytes(self, code, "application/json", retry_after);
}

static ssize_t more_of_huge(void *user, uint64_t at, char *out, size_t size) {
    static const char head[] = "{\"object\":\"chat.completion\",\"choices\":[{\"message\":{\"content\":\"";
    (void)user;
    for (size_t i = 0; i < size; i++)
        out[i] = at + i < sizeof head - 1 ? head[at + i] : 'x';
    return (ssize_t)size;
}

static enum MHD_Result send_huge(exchange *self, double bytes) {
    struct MHD_Response *response = MHD_create_response_from_callback((uint64_t)bytes, 65536, more_of_huge, NULL, NULL);
    if (!response)
        return MHD_NO;
    MHD_add_response_header(response, "Content-Type", "application/json");
    enum MHD_Result result = MHD_queue_response(self->connection, 200, response);
    MHD_destroy_response(response);
    return result;
}

/* ---- answers --------------------------------------------------------------------------------------------------- */

/* All texts of the request, one below the other. */
static bool gather_prompt(const exchange *self, throng_i_text *out) {
    size_t i;
    json_t *message;
    const json_t *messages = json_object_get(self->request, "messages");
    const char *prompt = json_string_value(json_object_get(self->request, "prompt"));
    if (!self->chat && prompt)
        throng_i_text_print(out, "%s", prompt);
    json_array_foreach(self->chat ? messages : NULL, i, message) {
        const char *content = json_string_value(json_object_get(message, "content"));
        if (!content)
            return false;
        throng_i_text_print(out, "%s%s", i > 0 ? "\n" : "", content);
    }
    return out->n > 0 && !out->failed;
}

static json_t *pack_top(const throng_llm_answer *answer, int n) {
    json_t *list = json_array();
    for (int i = 0; i < answer->n_top && i < n; i++)
        json_array_append_new(list,
                              json_pack("{s:s, s:f}", "token", answer->top[i].text, "logprob", answer->top[i].logprob));
    return list;
}

/* Log-probabilities in the form of each of the two calls; NULL: none were asked for. */
static json_t *pack_logprobs(const exchange *self, const throng_llm_answer *answer) {
    const json_t *asked = json_object_get(self->request, "logprobs");
    int n = (int)json_integer_value(self->chat ? json_object_get(self->request, "top_logprobs") : asked);
    char first[THRONG_LLM_TOKEN_BYTES];
    double logprob = 0.0;
    if (throng_i_rule_faults_of(self->server->rule)->no_logprobs > 0.0 || !(json_is_true(asked) || n > 0))
        return NULL;
    throng_i_rule_first_token(answer->text, first);
    for (int i = 0; i < answer->n_top; i++)
        if (strcmp(answer->top[i].text, first) == 0)
            logprob = answer->top[i].logprob;
    if (self->chat)
        return json_pack("{s:[{s:s, s:f, s:o}]}", "content", "token", first, "logprob", logprob, "top_logprobs",
                         pack_top(answer, n));
    json_t *top = json_object();
    for (int i = 0; i < answer->n_top && i < n; i++)
        json_object_set_new(top, answer->top[i].text, json_real(answer->top[i].logprob));
    return json_pack("{s:[s], s:[f], s:[o]}", "tokens", first, "token_logprobs", logprob, "top_logprobs", top);
}

static json_t *pack_choice(const exchange *self, int index, const char *text, const throng_llm_answer *answer) {
    json_t *logprobs = pack_logprobs(self, answer);
    json_t *choice =
        json_pack("{s:i, s:s, s:o*}", "index", index, "finish_reason", answer->finish, "logprobs", logprobs);
    if (self->chat)
        json_object_set_new(choice, "message", json_pack("{s:s, s:s}", "role", "assistant", "content", text));
    else
        json_object_set_new(choice, "text", json_string(text));
    return choice;
}

/* Cuts the answer after max_tokens tokens. */
static void cut(const exchange *self, throng_i_text *text, throng_llm_answer *answer) {
    bool newer = self->chat && throng_i_rule_faults_of(self->server->rule)->newer_api > 0.0;
    const json_t *asked = json_object_get(self->request, newer ? "max_completion_tokens" : "max_tokens");
    int64_t most = json_is_integer(asked) ? json_integer_value(asked) : 4096;
    char token[THRONG_LLM_TOKEN_BYTES];
    size_t at = 0;
    for (int64_t i = 0; i < most && at < text->n; i++) {
        throng_i_rule_first_token(text->bytes + at, token);
        at += strlen(token);
    }
    if (at < text->n) {
        text->bytes[at] = '\0';
        text->n = at;
        answer->finish = "length";
        answer->completion_tokens = most;
    }
}

/* What comes in place of the rule's answer; NULL: nothing does. */
static const char *spoiled(const throng_i_rule_faults *faults, const double u[4]) {
    if (u[0] < faults->wrong)
        return "Z";
    if (u[1] < faults->refuse)
        return "I'm sorry, but I can't help with that.";
    return u[2] < faults->invalid_utf8 ? "caf\x01" : NULL; /* \x01 is overwritten by a byte that no text has */
}

static throng_status add_choice(exchange *self, int index, const char *prompt, uint64_t key, uint64_t sample,
                                const double u[4], json_t *choices, int64_t used[2], throng_error *err) {
    throng_mock_llm *server = self->server;
    throng_i_text text = {.context = server->context};
    throng_llm_answer answer;
    const json_t *temperature = json_object_get(self->request, "temperature");
    throng_random random = {server->seed, 0};
    throng_status status = THRONG_OK;
    THRONG_TRY(throng_i_rule_answer(server->rule, prompt,
                                    json_is_number(temperature) ? json_number_value(temperature) : 1.0, random, key,
                                    sample, &text, &answer, err));
    const char *instead = spoiled(throng_i_rule_faults_of(server->rule), u);
    if (instead) {
        throng_i_text_clear(&text);
        throng_i_text_print(&text, "%s", instead);
        THRONG_REQUIRE(!text.failed, E_MEMORY, "Out of memory for an answer.");
        answer.n_top = 1;
        answer.top[0].logprob = 0.0;
        throng_i_rule_first_token(text.bytes, answer.top[0].text);
        answer.text = text.bytes;
        answer.completion_tokens = throng_i_rule_tokens(text.bytes);
    }
    cut(self, &text, &answer);
    json_array_append_new(choices, pack_choice(self, index, text.bytes, &answer));
    used[0] = answer.prompt_tokens;
    used[1] += answer.completion_tokens;
out:
    throng_i_text_clear(&text);
    return status;
}

/* A request's seed, or its number. */
static uint64_t seed_of(exchange *self) {
    const json_t *seed = json_object_get(self->request, "seed");
    return json_is_integer(seed) ? (uint64_t)json_integer_value(seed)
                                 : (uint64_t)atomic_fetch_add(&self->server->unseeded, 1);
}

static enum MHD_Result send_answer(exchange *self, const char *prompt, uint64_t key, const double u[4]) {
    const json_t *asked = json_object_get(self->request, "n");
    json_int_t n = json_is_integer(asked) ? json_integer_value(asked) : 1;
    int64_t used[2] = {0, 0};
    uint64_t sample = seed_of(self);
    if (n < 1 || n > N_MAX)
        return send_error(self, 400, "invalid_request_error", "n must be 1 to 128.", NULL);
    json_t *choices = json_array();
    for (int i = 0; i < (int)n; i++)
        if (add_choice(self, i, prompt, key, sample + (uint64_t)i, u, choices, used, NULL) != THRONG_OK) {
            json_decref(choices);
            return MHD_NO;
        }
    throng_i_text_put_json(&self->reply,
                           json_pack("{s:s, s:s, s:s, s:o, s:{s:I, s:I, s:I}}", "id", "stand-in", "object",
                                     self->chat ? "chat.completion" : "text_completion", "model",
                                     throng_i_rule_model(self->server->rule), "choices", choices, "usage",
                                     "prompt_tokens", (json_int_t)used[0], "completion_tokens", (json_int_t)used[1],
                                     "total_tokens", (json_int_t)(used[0] + used[1])));
    char *control = self->reply.failed ? NULL : strstr(self->reply.bytes, "caf\\u0001");
    if (control)
        memcpy(control, "caf\xE9\xFF\xFE\xC3\xA9 ", 9);
    atomic_fetch_add(&self->server->answers, 1);
    return send_bytes(self, 200, "application/json", NULL);
}

/* ---- misbehaving ----------------------------------------------------------------------------------------------- */

static void wait_ms(const throng_mock_llm *server, double ms) {
    while (ms > 0.0 && !atomic_load(&server->stopping)) {
        double piece = ms < 50.0 ? ms : 50.0;
        struct timespec pause = {.tv_nsec = (long)(piece * 1e6)};
        nanosleep(&pause, NULL);
        ms -= piece;
    }
}

/* The protocol's faults, before any answer. true: the reply is *result. */
static bool misbehave(exchange *self, const double u[4], const double v[4], enum MHD_Result *result) {
    const throng_i_rule_faults *faults = throng_i_rule_faults_of(self->server->rule);
    char seconds[32];
    snprintf(seconds, sizeof seconds, "%.0f", faults->retry_after);
    wait_ms(self->server, faults->latency_ms);
    if (u[0] < faults->rate_limit) {
        *result = send_error(self, 429, "rate_limit_error", "Too many requests.", seconds);
    } else if (u[1] < faults->error) {
        *result = send_error(self, 503, "server_error", "The stand-in was told to fail.", NULL);
    } else if (u[2] < faults->drop) {
        *result = MHD_NO;
    } else if (u[3] < faults->malformed) {
        throng_i_text_print(&self->reply, "{\"object\": \"chat.completion\", \"choices\": [{\"mess");
        *result = send_bytes(self, 200, "application/json", NULL);
    } else if (v[0] < faults->html) {
        throng_i_text_print(&self->reply, "<!DOCTYPE html><html><body><h1>Welcome to the hotel's network</h1>");
        *result = send_bytes(self, 200, "text/html", NULL);
    } else if (v[1] < faults->huge) {
        *result = send_huge(self, faults->huge_bytes);
    } else {
        return false;
    }
    return true;
}

static enum MHD_Result complete(exchange *self) {
    throng_mock_llm *server = self->server;
    const char *model = json_string_value(json_object_get(self->request, "model"));
    throng_i_text prompt = {.context = server->context};
    double u[3][4];
    enum MHD_Result result = MHD_NO;
    if (!model || strcmp(model, throng_i_rule_model(server->rule)) != 0)
        return send_error(self, 404, "invalid_request_error", "The model does not exist; see /v1/models.", NULL);
    if (json_is_true(json_object_get(self->request, "stream")))
        return send_error(self, 400, "invalid_request_error", "The stand-in does not stream.", NULL);
    if (throng_i_rule_faults_of(server->rule)->newer_api > 0.0 && self->chat &&
        json_object_get(self->request, "max_tokens"))
        return send_error(self, 400, "invalid_request_error",
                          "Unsupported parameter: 'max_tokens' is not supported with this model. Use "
                          "'max_completion_tokens' instead.",
                          NULL);
    if (!gather_prompt(self, &prompt)) {
        throng_i_text_clear(&prompt);
        return send_error(self, 400, "invalid_request_error", "The request holds no prompt.", NULL);
    }
    uint64_t key = XXH3_64bits(prompt.bytes, prompt.n), whole = XXH3_64bits(self->body.bytes, self->body.n);
    uint64_t times = atomic_fetch_add(&server->seen[whole % SEEN], 1);
    for (uint64_t i = 0; i < 3; i++)
        throng_random_uniforms((throng_random){server->seed, STREAM_FAULT}, whole, times, i, u[i]);
    if (!misbehave(self, u[0], u[1], &result))
        result = send_answer(self, prompt.bytes, key, u[2]);
    throng_i_text_clear(&prompt);
    return result;
}

/* ---- routes ---------------------------------------------------------------------------------------------------- */

static enum MHD_Result list_models(exchange *self) {
    throng_i_text_put_json(&self->reply,
                           json_pack("{s:s, s:[{s:s, s:s, s:s}]}", "object", "list", "data", "id",
                                     throng_i_rule_model(self->server->rule), "object", "model", "owned_by", "throng"));
    return send_bytes(self, 200, "application/json", NULL);
}

static bool authorised(const exchange *self) {
    static const char bearer[] = "Bearer ";
    const char *given = MHD_lookup_connection_value(self->connection, MHD_HEADER_KIND, "Authorization");
    return !self->server->key || (given && strncmp(given, bearer, sizeof bearer - 1) == 0 &&
                                  strcmp(given + sizeof bearer - 1, self->server->key) == 0);
}

static enum MHD_Result answer(exchange *self, const char *url, const char *method) {
    throng_mock_llm *server = self->server;
    double dies = throng_i_rule_faults_of(server->rule)->die_after;
    atomic_fetch_add(&server->requests, 1);
    if (dies > 0.0 && (double)atomic_load(&server->answers) >= dies)
        return MHD_NO;
    if (!authorised(self))
        return send_error(self, 401, "invalid_request_error", "Incorrect API key provided.", NULL);
    if (strcmp(url, "/v1/models") == 0 && strcmp(method, "GET") == 0)
        return list_models(self);
    self->chat = strcmp(url, "/v1/chat/completions") == 0;
    if (!self->chat && strcmp(url, "/v1/completions") != 0)
        return send_error(self, 404, "invalid_request_error", "There is no such address here.", NULL);
    if (strcmp(method, "POST") != 0)
        return send_error(self, 405, "invalid_request_error", "This address takes POST.", NULL);
    if (self->too_long)
        return send_error(self, 413, "invalid_request_error", "The request is too long.", NULL);
    self->request = self->body.n > 0 ? json_loadb(self->body.bytes, self->body.n, 0, NULL) : NULL;
    if (!json_is_object(self->request))
        return send_error(self, 400, "invalid_request_error", "The request is not a JSON object.", NULL);
    return complete(self);
}

/* Called first without a body, then for every piece of it, then once more at its end. */
static enum MHD_Result on_access(void *user, struct MHD_Connection *connection, const char *url, const char *method,
                                 const char *version, const char *data, size_t *data_size, void **state) {
    exchange *self = *state;
    (void)version;
    if (!self) {
        throng_mock_llm *server = user;
        if (throng_i_alloc(server->context, 1, sizeof *self, &self, NULL) != THRONG_OK)
            return MHD_NO;
        *self = (exchange){.server = server, .connection = connection};
        self->body.context = self->reply.context = server->context;
        *state = self;
        return MHD_YES;
    }
    if (*data_size > 0) {
        self->too_long = self->too_long || self->body.n + *data_size > BODY_BYTES;
        if (!self->too_long)
            throng_i_text_put(&self->body, data, *data_size);
        *data_size = 0;
        return MHD_YES;
    }
    return answer(self, url, method);
}

static void on_completed(void *user, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode code) {
    exchange *self = *state;
    (void)user, (void)connection, (void)code;
    if (!self)
        return;
    json_decref(self->request);
    throng_i_text_clear(&self->body);
    throng_i_text_clear(&self->reply);
    throng_i_free(self->server->context, self);
    *state = NULL;
}

/* ---- life ------------------------------------------------------------------------------------------------------ */

/* "drop=0.1,latency_ms=20"; a name alone is 1. */
static throng_status set_faults(throng_mock_llm *self, const char *given, throng_error *err) {
    throng_status status = THRONG_OK;
    for (const char *at = given; at && *at;) {
        size_t length = strcspn(at, ",");
        char piece[80], why[240], *end = NULL;
        snprintf(piece, sizeof piece, "%.*s", (int)length, at);
        char *equals = strchr(piece, '=');
        if (equals)
            *equals = '\0';
        double value = equals ? strtod(equals + 1, &end) : 1.0;
        throng_i_rule_explain_fault(piece, why, sizeof why);
        THRONG_REQUIRE((!equals || (end > equals + 1 && *end == '\0')) &&
                           throng_i_rule_set_fault(self->rule, piece, value),
                       E_ARGUMENT, "%s", why);
        at += length + (at[length] == ',');
    }
out:
    return status;
}

static throng_status listen_on(throng_mock_llm *self, int port, throng_error *err) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    errno = 0;
    self->daemon =
        MHD_start_daemon(MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL, 0, NULL, NULL,
                         on_access, self, MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_NOTIFY_COMPLETED, on_completed,
                         NULL, MHD_OPTION_CONNECTION_LIMIT, 1024u, MHD_OPTION_END);
    if (!self->daemon)
        return THRONG_FAIL(err, E_ENDPOINT, "Port %d of 127.0.0.1 cannot be served: %s. Port 0 takes any that is free.",
                           port, errno ? strerror(errno) : "unknown reason");
    self->port = MHD_get_daemon_info(self->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
    return THRONG_OK;
}

throng_status throng_mock_llm_start(throng_context *context, const throng_mock_llm_def *def, throng_mock_llm **out,
                                    throng_error *err) {
    throng_mock_llm *self = NULL;
    throng_status status = THRONG_OK;
    THRONG_REQUIRE(def->port >= 0 && def->port <= 65535, E_ARGUMENT, "A port lies in [0, 65535], got %d.", def->port);
    THRONG_TRY(throng_i_alloc(context, 1, sizeof *self, &self, err));
    self->context = context;
    self->seed = def->seed;
    self->key = def->key_variable ? getenv(def->key_variable) : NULL;
    THRONG_REQUIRE(!def->key_variable || (self->key && *self->key), E_ARGUMENT,
                   "The environment variable %s, which should hold the key, is not set or empty.", def->key_variable);
    THRONG_TRY(throng_i_rule_load(context, def->script, &self->rule, err));
    THRONG_TRY(set_faults(self, def->faults, err));
    THRONG_TRY(listen_on(self, def->port, err));
    *out = self;
    self = NULL;
out:
    throng_mock_llm_stop(self);
    return status;
}

int throng_mock_llm_port(const throng_mock_llm *self) {
    return self->port;
}

const char *throng_mock_llm_model(const throng_mock_llm *self) {
    return throng_i_rule_model(self->rule);
}

void throng_mock_llm_counts(const throng_mock_llm *self, int64_t *requests, int64_t *answers) {
    *requests = atomic_load(&self->requests);
    *answers = atomic_load(&self->answers);
}

void throng_mock_llm_stop(throng_mock_llm *self) {
    if (!self)
        return;
    atomic_store(&self->stopping, true);
    if (self->daemon)
        MHD_stop_daemon(self->daemon);
    throng_i_rule_free(self->rule);
    throng_i_free(self->context, self);
}
