/*
 * The endpoint: requests to a server, many at a time, through libcurl's multi interface, on the calling thread.
 *
 *     free --> sent --> answered                    A slot holds one request from its first attempt to its answer;
 * while ^  \--> failed for good             it waits to try again it stays taken, so that a server in trouble is | \->
 * waiting --+                 asked less.
 *               +-----------------+
 *
 * After the first failure for good nothing new is started; what is under way is waited for, delivered, then reported.
 * Pauses use a clock that never goes back. The key lives in one string and in libcurl's list of headers.
 */
#define _GNU_SOURCE /* explicit_bzero, memmem */
#include "llm/llm.h"
#include "llm/wire.h"

#include <curl/curl.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#define KEY_BYTES       4096
#define KEY_SECRET      6 /* bytes: shorter keys are words such as "none", not secrets to be blotted out */
#define CONNECT_SECONDS 10
#define PAUSE_MAX       60.0
#define PATIENCE        600.0 /* the longest Retry-After that is waited for */
#define STREAM_JITTER   200
#define COMPLAINT       160

typedef enum slot_state {
    SLOT_FREE,
    SLOT_SENT,
    SLOT_WAITING
} slot_state;

typedef struct lane {
    CURL *easy;
    slot_state state;
    int64_t index; /* of the request */
    int attempts, refusals;
    double wake; /* WAITING: when to try again */
    throng_i_text body, reply;
    int64_t reply_max;
    bool too_long, newer;                         /* newer: the body limits the answer as newer APIs want it */
    int64_t reserved_prompt, reserved_completion; /* tokens that it may cost */
} lane;

typedef struct endpoint {
    throng_llm head;
    throng_llm_endpoint_def def; /* texts are ours */
    char *url, *address, *key_origin, *key;
    struct curl_slist *headers;
    CURLM *multi;
    lane *slots;                                  /* [def.concurrency] */
    bool met;                                     /* it has answered at least once, whatever it said */
    bool began;                                   /* libcurl was set up */
    bool newer;                                   /* it wants max_completion_tokens */
    int64_t reserved_prompt, reserved_completion; /* of all slots */
    throng_llm_usage usage;
} endpoint;

/* One call of throng_llm_ask. */
typedef struct asking {
    endpoint *self;
    const throng_llm_request *requests;
    int64_t n, next, delivered;
    int taken;            /* slots that are not free */
    double not_before;    /* the server asked for a pause */
    throng_status failed; /* THRONG_OK: nothing has */
    throng_llm_take take;
    void *user;
    throng_error *err;
} asking;

/* ---- the key --------------------------------------------------------------------------------------------------- */

/* Overwrites the key wherever a server repeated it. */
static void blot(const endpoint *self, char *text) {
    size_t length = self->key ? strlen(self->key) : 0;
    if (length < KEY_SECRET)
        return;
    for (char *at = text; (at = strstr(at, self->key)) != NULL; at += length)
        memset(at, '*', length);
}

/* The key without space around it; it goes into a header, where nothing but visible characters may be. */
static throng_status keep_key(endpoint *self, const char *given, const char *origin, throng_error *err) {
    static const char space[] = " \t\r\n";
    throng_status status = THRONG_OK;
    size_t length;
    given += strspn(given, space);
    length = strlen(given);
    while (length > 0 && strchr(space, given[length - 1]))
        length--;
    THRONG_REQUIRE(length > 0, E_FILE, "The key in %s is empty.", origin);
    for (size_t i = 0; i < length; i++)
        THRONG_REQUIRE(
            given[i] > ' ' && given[i] < 0x7F, E_FILE,
            "The key in %s has a space, a line break or another character that no key may have, at place %zu.", origin,
            i + 1);
    THRONG_TRY(throng_i_print(self->head.context, &self->key, err, "%.*s", (int)length, given));
    THRONG_TRY(throng_i_copy_text(self->head.context, origin, &self->key_origin, err));
out:
    return status;
}

static throng_status find_key(endpoint *self, const throng_llm_endpoint_def *def, throng_error *err) {
    throng_i_text text = {.context = self->head.context};
    throng_status status = THRONG_OK;
    char origin[300];
    THRONG_REQUIRE(!def->key_variable || !def->key_file, E_ARGUMENT,
                   "Take the key from an environment variable or from a file, not from both.");
    if (def->key_variable) {
        const char *given = getenv(def->key_variable);
        snprintf(origin, sizeof origin, "environment variable %s", def->key_variable);
        THRONG_REQUIRE(given, E_FILE, "The %s, which should hold the key, is not set.", origin);
        THRONG_TRY(keep_key(self, given, origin, err));
    }
    if (def->key_file) {
        snprintf(origin, sizeof origin, "file %s", def->key_file);
        THRONG_TRY(throng_i_text_read_file(&text, def->key_file, KEY_BYTES, err));
        THRONG_TRY(keep_key(self, text.bytes, origin, err));
    }
out:
    if (text.bytes)
        explicit_bzero(text.bytes, text.cap);
    throng_i_text_clear(&text);
    return status;
}

/* ---- life ------------------------------------------------------------------------------------------------------ */

static throng_status add_header(endpoint *self, const char *line, throng_error *err) {
    struct curl_slist *longer = curl_slist_append(self->headers, line);
    if (!longer)
        return THRONG_FAIL(err, E_MEMORY, "Out of memory for the headers of requests.");
    self->headers = longer;
    return THRONG_OK;
}

static throng_status make_headers(endpoint *self, throng_error *err) {
    char line[KEY_BYTES + 32];
    throng_status status = THRONG_OK;
    THRONG_TRY(add_header(self, "Content-Type: application/json", err));
    THRONG_TRY(add_header(self, "Accept: application/json", err));
    THRONG_TRY(add_header(self, "Expect:", err)); /* no round trip before a long body */
    if (self->key) {
        snprintf(line, sizeof line, "Authorization: Bearer %s", self->key);
        THRONG_TRY(add_header(self, line, err));
    }
out:
    explicit_bzero(line, sizeof line);
    return status;
}

static size_t on_reply(char *bytes, size_t size, size_t n, void *user) {
    lane *self = user;
    n *= size;
    self->too_long = self->too_long || (int64_t)(self->reply.n + n) > self->reply_max;
    if (self->too_long)
        return 0;
    throng_i_text_put(&self->reply, bytes, n);
    return self->reply.failed ? 0 : n;
}

static throng_status make_slot(endpoint *self, lane *slot, throng_error *err) {
    CURL *easy = slot->easy = curl_easy_init();
    if (!easy)
        return THRONG_FAIL(err, E_MEMORY, "Out of memory for a connection.");
    slot->body.context = slot->reply.context = self->head.context;
    slot->reply_max = self->def.answer_bytes;
    CURLcode wrong = curl_easy_setopt(easy, CURLOPT_URL, self->address);
    wrong |= curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    wrong |= curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L); /* the key goes to no other host */
    wrong |= curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    wrong |= curl_easy_setopt(easy, CURLOPT_POST, 1L);
    wrong |= curl_easy_setopt(easy, CURLOPT_HTTPHEADER, self->headers);
    wrong |= curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
    wrong |= curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)(1000.0 * self->def.timeout));
    wrong |= curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_reply);
    wrong |= curl_easy_setopt(easy, CURLOPT_WRITEDATA, slot);
    wrong |= curl_easy_setopt(easy, CURLOPT_PRIVATE, slot);
    if (wrong != CURLE_OK)
        return THRONG_FAIL(err, E_INTERNAL, "libcurl %s does not know an option that is needed.", curl_version());
    return THRONG_OK;
}

static void clear_endpoint(throng_llm *head) {
    endpoint *self = (endpoint *)head;
    throng_context *context = head->context;
    for (int i = 0; self->slots && i < self->def.concurrency; i++) {
        lane *slot = &self->slots[i];
        if (slot->state == SLOT_SENT)
            curl_multi_remove_handle(self->multi, slot->easy);
        curl_easy_cleanup(slot->easy);
        throng_i_text_clear(&slot->body);
        throng_i_text_clear(&slot->reply);
    }
    if (self->multi)
        curl_multi_cleanup(self->multi);
    curl_slist_free_all(self->headers);
    if (self->began)
        curl_global_cleanup();
    if (self->key)
        explicit_bzero(self->key, strlen(self->key));
    throng_i_free(context, self->key);
    throng_i_free(context, self->key_origin);
    throng_i_free(context, self->slots);
    throng_i_free(context, self->url);
    throng_i_free(context, self->address);
}

/* ---- budget ---------------------------------------------------------------------------------------------------- */

static double price(const endpoint *self, double prompt, double completion) {
    return 1e-6 * (prompt * self->def.prompt_price + completion * self->def.completion_price);
}

/* Whether the request still fits, with everything under way at its worst. */
static bool affordable(const endpoint *self, int taken, const throng_llm_request *request) {
    const throng_llm_endpoint_def *def = &self->def;
    double prompt = (double)(self->usage.prompt_tokens + self->reserved_prompt + throng_i_wire_guess(request->prompt) +
                             throng_i_wire_guess(request->system));
    double completion = (double)(self->usage.completion_tokens + self->reserved_completion + request->max_tokens);
    int64_t calls = self->usage.calls + taken + 1;
    return (def->max_calls == 0 || calls <= def->max_calls) &&
           (def->max_tokens == 0 || prompt + completion <= (double)def->max_tokens) &&
           (def->max_cost == 0.0 || price(self, prompt, completion) <= def->max_cost);
}

static void count_call(endpoint *self, const throng_llm_answer *answer, bool guessed) {
    self->usage.calls++;
    self->usage.guessed += guessed;
    self->usage.prompt_tokens += answer->prompt_tokens;
    self->usage.completion_tokens += answer->completion_tokens;
    self->usage.cost = price(self, (double)self->usage.prompt_tokens, (double)self->usage.completion_tokens);
}

/* ---- one attempt ----------------------------------------------------------------------------------------------- */

static void release(asking *it, lane *slot) {
    slot->state = SLOT_FREE;
    it->self->reserved_prompt -= slot->reserved_prompt;
    it->self->reserved_completion -= slot->reserved_completion;
    it->taken--;
}

/* Nothing new will be started; the first reason is the one that is told. */
static void fail(asking *it, throng_status status, const char *format, ...) THRONG_PRINTF(3, 4);

static void fail(asking *it, throng_status status, const char *format, ...) {
    char text[THRONG_MESSAGE_LENGTH];
    va_list arguments;
    if (it->failed != THRONG_OK)
        return;
    it->failed = status;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    blot(it->self, text);
    throng_error_set(it->err, status, __FILE__, __LINE__, "%s", text);
}

/* A seed of 31 bits, which every server takes, that no other question and sample has but by chance. */
static int64_t seed_for(const endpoint *self, throng_i_llm_key key) {
    uint64_t parts[4] = {self->def.seed, key.high, key.low, (uint64_t)key.sample};
    return self->def.no_seed ? -1 : (int64_t)(XXH3_64bits(parts, sizeof parts) & INT32_MAX);
}

static void send_slot(asking *it, lane *slot) {
    endpoint *self = it->self;
    slot->reply.n = 0;
    slot->too_long = false;
    slot->attempts++;
    if (slot->reply.cap > 65536) /* one long answer is not kept room for */
        throng_i_text_clear(&slot->reply);
    if (curl_multi_add_handle(self->multi, slot->easy) != CURLM_OK) {
        fail(it, THRONG_E_MEMORY, "Out of memory for a connection.");
        release(it, slot);
        return;
    }
    slot->state = SLOT_SENT;
    self->usage.attempts++;
}

/* Writes the body of the slot's request, and sends it. */
static void write_and_send(asking *it, lane *slot) {
    endpoint *self = it->self;
    const throng_llm_request *request = &it->requests[slot->index];
    throng_i_llm_key key;
    throng_error why;
    throng_status status = throng_i_llm_key_of(&self->head, request, &key, &why);
    if (status != THRONG_OK) {
        fail(it, status, "%s", why.message);
        release(it, slot);
        return;
    }
    slot->newer = self->newer;
    slot->body.n = 0;
    throng_i_wire_write(&slot->body, self->head.model, self->def.api, request, seed_for(self, key), slot->newer);
    if (slot->body.failed) {
        fail(it, THRONG_E_MEMORY, "Out of memory for a request.");
        release(it, slot);
        return;
    }
    curl_easy_setopt(slot->easy, CURLOPT_POSTFIELDS, slot->body.bytes);
    curl_easy_setopt(slot->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)slot->body.n);
    send_slot(it, slot);
}

static void start(asking *it, lane *slot) {
    endpoint *self = it->self;
    const throng_llm_request *request = &it->requests[it->next];
    slot->index = it->next++;
    slot->attempts = slot->refusals = 0;
    slot->reserved_prompt = throng_i_wire_guess(request->prompt) + throng_i_wire_guess(request->system);
    slot->reserved_completion = request->max_tokens;
    self->reserved_prompt += slot->reserved_prompt;
    self->reserved_completion += slot->reserved_completion;
    it->taken++;
    write_and_send(it, slot);
}

/* ---- what came of it ------------------------------------------------------------------------------------------- */

/* Tries again later, or gives up. Refusals for being too many are expected, and allowed four times as often. */
static void try_again(asking *it, lane *slot, double pause, bool refusal, const char *why) {
    endpoint *self = it->self;
    int failures = slot->attempts - slot->refusals;
    double u[4];
    slot->refusals += refusal;
    throng_random_uniforms((throng_random){self->def.seed, STREAM_JITTER}, (uint64_t)slot->index,
                           (uint64_t)slot->attempts, 0, u);
    bool patient = refusal ? slot->refusals <= 4 * self->def.retries : failures <= self->def.retries;
    if (!patient)
        fail(it, THRONG_E_ENDPOINT,
             "%s: %s, at attempt %d; %lld answers came before. Is the server overloaded, or none of this protocol?",
             self->address, why, slot->attempts, (long long)it->delivered);
    else if (pause > PATIENCE)
        fail(it, THRONG_E_ENDPOINT, "%s: %s, and asks to wait %.0f s; %lld answers came before.", self->address, why,
             pause, (long long)it->delivered);
    if (it->failed != THRONG_OK) {
        release(it, slot);
        return;
    }
    double backoff = fmin(PAUSE_MAX, self->def.backoff * ldexp(1.0, slot->attempts - 1)) * (0.5 + u[0]);
    slot->wake = throng_i_seconds() + fmax(pause, 0.0) + (pause > 0.0 ? 0.1 * u[1] : backoff);
    slot->state = SLOT_WAITING;
    if (refusal && pause > 0.0)
        it->not_before = fmax(it->not_before, throng_i_seconds() + pause);
}

static void deliver(asking *it, lane *slot, throng_llm_answer *answer) {
    throng_i_text spoken = {.context = it->self->head.context};
    throng_i_text_print(&spoken, "%s", answer->text);
    if (spoken.failed) {
        fail(it, THRONG_E_MEMORY, "Out of memory for an answer.");
    } else {
        blot(it->self, spoken.bytes);
        answer->text = spoken.bytes;
        it->delivered++;
        throng_error why = {0};
        throng_status status = it->take(it->user, slot->index, answer, &why);
        if (status != THRONG_OK)
            fail(it, status, "%s", why.message);
    }
    throng_i_text_clear(&spoken);
    release(it, slot);
}

static void read_answer(asking *it, lane *slot) {
    endpoint *self = it->self;
    char why[COMPLAINT + 80], said[COMPLAINT];
    throng_llm_answer answer = {0};
    bool guessed = true;
    self->usage.repaired += slot->reply.n > 0 && throng_i_text_repair(slot->reply.bytes, slot->reply.n) > 0;
    json_t *document = slot->reply.n > 0 ? json_loadb(slot->reply.bytes, slot->reply.n, 0, NULL) : NULL;
    const char *wrong = throng_i_wire_read(document, self->def.api, &it->requests[slot->index], &answer, &guessed);
    if (wrong) { /* it may well be charged for */
        answer.prompt_tokens = slot->reserved_prompt;
        answer.completion_tokens = slot->reply.n > 0 ? throng_i_wire_guess(slot->reply.bytes) : 0;
        guessed = true;
    }
    count_call(self, &answer, guessed);
    if (wrong) {
        self->usage.broken++;
        throng_i_wire_complaint(&slot->reply, said, 80);
        snprintf(why, sizeof why, "the answer %s, it begins \"%s\"", wrong, said);
        try_again(it, slot, -1.0, false, why);
    } else {
        deliver(it, slot, &answer);
    }
    json_decref(document);
}

/* A reply with another status than 200. */
static void read_refusal(asking *it, lane *slot, long code) {
    endpoint *self = it->self;
    char said[COMPLAINT], why[COMPLAINT + 40];
    curl_off_t pause = 0;
    if (code == 400 && !slot->newer && self->def.api == THRONG_LLM_CHAT && slot->reply.n > 0 &&
        strstr(slot->reply.bytes, "max_completion_tokens")) {
        self->newer = true; /* what is under way in the old form is refused, too, and comes here */
        slot->attempts--;
        write_and_send(it, slot);
        return;
    }
    throng_i_wire_complaint(&slot->reply, said, sizeof said);
    curl_easy_getinfo(slot->easy, CURLINFO_RETRY_AFTER, &pause);
    snprintf(why, sizeof why, "status %ld, \"%s\"", code, said);
    if (code == 429)
        self->usage.rate_limited++;
    else
        self->usage.broken++;
    if (code == 429 || code == 408 || code == 425 || code >= 500) {
        try_again(it, slot, pause > 0 ? (double)pause : -1.0, code == 429, why);
        return;
    }
    if (code == 401 || code == 403)
        fail(it, THRONG_E_ENDPOINT, "%s refuses the key: %s. %s%s.", self->address, why,
             self->key ? "It was taken from " : "None was given: name its environment variable or its file",
             self->key ? self->key_origin : "");
    else if (code == 404)
        fail(it, THRONG_E_ENDPOINT,
             "%s: %s. Is the model \"%s\" served there, and does the URL end with the version, /v1?", self->address,
             why, self->head.model);
    else if (code >= 300 && code < 400)
        fail(it, THRONG_E_ENDPOINT,
             "%s sends elsewhere (status %ld), where throng does not follow: give the final URL.", self->address, code);
    else
        fail(it, THRONG_E_ENDPOINT,
             "%s refuses the request: %s. If that is about seeds or log-probabilities, do without (--no-seed, "
             "--no-logprobs).",
             self->address, why);
    release(it, slot);
}

static void finish(asking *it, lane *slot, CURLcode outcome) {
    endpoint *self = it->self;
    long code = 0;
    curl_multi_remove_handle(self->multi, slot->easy);
    curl_easy_getinfo(slot->easy, CURLINFO_RESPONSE_CODE, &code);
    self->met = self->met || code > 0;
    if (slot->too_long) {
        self->usage.broken++;
        fail(it, THRONG_E_ENDPOINT, "%s: an answer is longer than %lld bytes, the most that is taken.", self->address,
             (long long)self->def.answer_bytes);
        release(it, slot);
    } else if (slot->reply.failed) {
        fail(it, THRONG_E_MEMORY, "Out of memory for an answer.");
        release(it, slot);
    } else if (outcome != CURLE_OK) {
        self->usage.broken++;
        bool reached = self->met || outcome == CURLE_OPERATION_TIMEDOUT || outcome == CURLE_GOT_NOTHING ||
                       outcome == CURLE_RECV_ERROR || outcome == CURLE_SEND_ERROR || outcome == CURLE_PARTIAL_FILE;
        if (reached) {
            try_again(it, slot, -1.0, false, curl_easy_strerror(outcome));
        } else {
            fail(it, THRONG_E_ENDPOINT, "%s cannot be reached: %s. Is the server running, and is the URL right?",
                 self->address, curl_easy_strerror(outcome));
            release(it, slot);
        }
    } else if (code == 200) {
        read_answer(it, slot);
    } else {
        read_refusal(it, slot, code);
    }
}

/* ---- the loop -------------------------------------------------------------------------------------------------- */

/* Starts what can be started; gives the seconds until something is to be done again. */
static double fill_slots(asking *it) {
    endpoint *self = it->self;
    double now = throng_i_seconds(), pause = 0.1;
    bool tight = false;
    for (int i = 0; i < self->def.concurrency; i++) {
        lane *slot = &self->slots[i];
        bool wanted = slot->state == SLOT_FREE && it->failed == THRONG_OK && it->next < it->n;
        if (slot->state == SLOT_WAITING && it->failed != THRONG_OK) {
            release(it, slot);
        } else if (slot->state == SLOT_WAITING && slot->wake <= now) {
            send_slot(it, slot);
        } else if (slot->state == SLOT_WAITING) {
            pause = fmin(pause, slot->wake - now);
        } else if (wanted && it->not_before > now) {
            pause = fmin(pause, it->not_before - now);
        } else if (wanted && !tight && affordable(self, it->taken, &it->requests[it->next])) {
            start(it, slot);
        } else if (wanted && it->taken == 0) {
            fail(it, THRONG_E_BUDGET,
                 "The budget does not do for another request: %lld calls, %lld tokens and a cost of %.4g are used up.",
                 (long long)self->usage.calls, (long long)(self->usage.prompt_tokens + self->usage.completion_tokens),
                 self->usage.cost);
        } else if (wanted) {
            tight = true; /* what is under way may turn out cheaper than reserved */
        }
    }
    return pause;
}

/* Takes what has come; gives how many requests that settled. */
static int collect(asking *it) {
    CURLMsg *message;
    int left, running, n = 0;
    curl_multi_perform(it->self->multi, &running);
    while ((message = curl_multi_info_read(it->self->multi, &left)) != NULL) {
        char *private = NULL;
        CURLcode outcome = message->data.result;
        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
        finish(it, (lane *)(void *)private, outcome);
        n++;
    }
    return n;
}

/* Lets go of what is under way: on request of the user, who does not want to wait. */
static void abandon(asking *it) {
    for (int i = 0; i < it->self->def.concurrency; i++) {
        lane *slot = &it->self->slots[i];
        if (slot->state == SLOT_SENT)
            curl_multi_remove_handle(it->self->multi, slot->easy);
        slot->state = SLOT_FREE;
    }
    it->self->reserved_prompt = it->self->reserved_completion = 0;
    it->taken = 0;
}

static throng_status ask_endpoint(throng_llm *head, const throng_llm_request *requests, int64_t n, throng_llm_take take,
                                  void *user, throng_error *err) {
    asking it = {.self = (endpoint *)head, .requests = requests, .n = n, .take = take, .user = user, .err = err};
    while (it.taken > 0 || (it.next < n && it.failed == THRONG_OK)) {
        throng_progress progress = {.stage = "asking", .unit = "answers", .done = it.delivered, .total = n};
        double pause = fill_slots(&it);
        int settled = collect(&it);
        throng_status status = throng_i_progress(head->context, &progress, it.failed == THRONG_OK ? err : NULL);
        if (status != THRONG_OK) {
            abandon(&it);
            return it.failed != THRONG_OK ? it.failed : status;
        }
        if (settled == 0 && (it.taken > 0 || it.not_before > throng_i_seconds()))
            curl_multi_poll(it.self->multi, NULL, 0, (int)ceil(1000.0 * pause), NULL);
    }
    return it.failed;
}

static void endpoint_usage(const throng_llm *head, throng_llm_usage *add_to) {
    const throng_llm_usage *own = &((const endpoint *)head)->usage;
    add_to->calls += own->calls;
    add_to->attempts += own->attempts;
    add_to->rate_limited += own->rate_limited;
    add_to->broken += own->broken;
    add_to->prompt_tokens += own->prompt_tokens;
    add_to->completion_tokens += own->completion_tokens;
    add_to->guessed += own->guessed;
    add_to->cost += own->cost;
    add_to->repaired += own->repaired;
}

/* ---- making one ------------------------------------------------------------------------------------------------ */

static const throng_i_llm_class endpoint_class = {
    .ask = ask_endpoint, .usage = endpoint_usage, .clear = clear_endpoint};

static throng_status check_def(throng_llm_endpoint_def *def, throng_error *err) {
    throng_status status = THRONG_OK;
    THRONG_REQUIRE(def->url && (strncmp(def->url, "http://", 7) == 0 || strncmp(def->url, "https://", 8) == 0),
                   E_ARGUMENT, "An endpoint's URL begins with http:// or https://, got \"%.80s\".",
                   def->url ? def->url : "");
    THRONG_REQUIRE(!strchr(def->url, '@'), E_ARGUMENT,
                   "An endpoint's URL may hold no name or password: give the key by environment variable or file.");
    THRONG_REQUIRE(
        !strpbrk(def->url, "?#"), E_ARGUMENT,
        "An endpoint's URL ends with the version, /v1, and has no \"?\" or \"#\": give the key by environment "
        "variable or file.");
    THRONG_REQUIRE(def->model && *def->model, E_ARGUMENT, "An endpoint needs the name of a model.");
    THRONG_REQUIRE(def->api >= 0 && def->api < THRONG_LLM_API_COUNT, E_ARGUMENT, "There is no such API.");
    def->concurrency = def->concurrency ? def->concurrency : 16;
    def->timeout = def->timeout != 0.0 ? def->timeout : 120.0;
    def->retries = def->retries < 0 ? 0 : def->retries == 0 ? 5 : def->retries;
    def->backoff = def->backoff != 0.0 ? def->backoff : 0.5;
    def->answer_bytes = def->answer_bytes ? def->answer_bytes : 8000000;
    THRONG_REQUIRE(def->concurrency >= 1 && def->concurrency <= 1024, E_ARGUMENT,
                   "1 to 1024 requests can be under way at once, got %d.", def->concurrency);
    THRONG_REQUIRE(def->timeout >= 0.001 && def->timeout <= 86400.0, E_ARGUMENT,
                   "The timeout must lie in [0.001, 86400] seconds, got %g.", def->timeout);
    THRONG_REQUIRE(def->retries <= 100, E_ARGUMENT, "At most 100 retries are allowed, got %d.", def->retries);
    THRONG_REQUIRE(def->backoff > 0.0 && def->backoff <= PAUSE_MAX, E_ARGUMENT,
                   "The first pause must lie in (0, %g] seconds, got %g.", PAUSE_MAX, def->backoff);
    THRONG_REQUIRE(def->answer_bytes > 0 && def->max_calls >= 0 && def->max_tokens >= 0 && def->max_cost >= 0.0 &&
                       def->prompt_price >= 0.0 && def->completion_price >= 0.0,
                   E_ARGUMENT, "Budgets, prices and the longest answer may not be negative.");
    THRONG_REQUIRE(def->max_cost == 0.0 || def->prompt_price + def->completion_price > 0.0, E_ARGUMENT,
                   "A limit of cost needs the prices of a million tokens.");
out:
    return status;
}

static throng_status open_endpoint(endpoint *self, throng_error *err) {
    throng_context *context = self->head.context;
    throng_status status = THRONG_OK;
    size_t length = strlen(self->def.url);
    while (length > 0 && self->def.url[length - 1] == '/')
        length--;
    THRONG_TRY(throng_i_print(context, &self->address, err, "%.*s/%scompletions", (int)length, self->def.url,
                              self->def.api == THRONG_LLM_CHAT ? "chat/" : ""));
    THRONG_TRY(find_key(self, &self->def, err));
    self->began = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    self->multi = self->began ? curl_multi_init() : NULL;
    THRONG_REQUIRE(self->multi, E_MEMORY, "Out of memory: libcurl could not be set up.");
    curl_multi_setopt(self->multi, CURLMOPT_MAXCONNECTS, (long)self->def.concurrency);
    THRONG_TRY(make_headers(self, err));
    THRONG_TRY(throng_i_alloc(context, self->def.concurrency, sizeof *self->slots, &self->slots, err));
    for (int i = 0; i < self->def.concurrency; i++)
        THRONG_TRY(make_slot(self, &self->slots[i], err));
    self->def.url = self->def.model = self->def.key_variable = self->def.key_file = NULL; /* the caller's */
out:
    return status;
}

throng_status throng_llm_endpoint_create(throng_context *context, const throng_llm_endpoint_def *def, throng_llm **out,
                                         throng_error *err) {
    endpoint *self = NULL;
    throng_llm_endpoint_def checked = *def;
    throng_status status = THRONG_OK;
    THRONG_TRY(check_def(&checked, err));
    THRONG_TRY(throng_i_llm_create(context, &endpoint_class, sizeof *self, def->model, &self, err));
    self->def = checked;
    THRONG_TRY(open_endpoint(self, err));
    *out = &self->head;
    self = NULL;
out:
    if (self)
        throng_i_llm_drop(&self->head);
    return status;
}
