/* The explorer's server: libmicrohttpd with a thread a connection, so that whoever reads slowly, or listens to events,
 * holds up nobody else. What is answered is explorer.c's; here are sockets, limits and headers. */
#define _POSIX_C_SOURCE 200809L
#include "throng/serve.h"

#include "report/assets.h"
#include "serve/explorer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <microhttpd.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CONNECTIONS_MAX  512u
#define IDLE_SECONDS     30u
#define ANSWER_SECONDS   600.0
#define HEAD_BYTES       ((size_t)32 << 10)
#define BLOCK_BYTES      ((size_t)64 << 10)
#define STACK_BYTES      ((size_t)4 << 20) /* DuckDB's parser runs on it */
#define ALL_BODIES_BYTES ((int64_t)64 << 20)

struct throng_server {
    throng_context *context;
    throng_i_explorer explorer;
    struct MHD_Daemon *daemon;
    bool needs_eval;  /* the page makes code from text */
    pthread_t reader; /* reads ahead */
    bool has_live, has_reader;
    atomic_llong requests, body_bytes;
    char url[400];
};

/* One exchange: the request as it comes in, then the reply until it is sent. */
typedef struct exchange {
    throng_server *server;
    throng_i_text body;
    bool too_long;
} exchange;

/* ---- replies --------------------------------------------------------------------------------------------------- */

/* A reply on its way; it outlives the exchange. */
typedef struct sending {
    throng_server *server;
    throng_i_reply reply;
    double until;
} sending;

static ssize_t send_piece(void *user, uint64_t at, char *out, size_t size) {
    sending *self = user;
    if (throng_i_seconds() > self->until)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    if (self->reply.read) {
        int64_t n = self->reply.read(self->reply.user, at, out, size);
        return n > 0 ? (ssize_t)n : n == 0 ? MHD_CONTENT_READER_END_OF_STREAM : MHD_CONTENT_READER_END_WITH_ERROR;
    }
    size_t left = self->reply.text.n - (size_t)at, n = left < size ? left : size;
    memcpy(out, self->reply.text.bytes + at, n);
    return (ssize_t)n;
}

static void end_sending(void *user) {
    sending *self = user;
    throng_i_reply_clear(&self->reply);
    throng_i_free(self->server->context, self);
}

static void add_headers(const throng_server *self, struct MHD_Response *response, const throng_i_reply *reply) {
    static const char policy[] = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'%s; style-src 'self' "
                                 "'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; connect-src "
                                 "'self'; worker-src 'self' blob:; base-uri 'none'; form-action 'none'; "
                                 "frame-ancestors 'none'";
    static const char *const headers[][2] = {{"X-Content-Type-Options", "nosniff"},
                                             {"X-Frame-Options", "DENY"},
                                             {"Referrer-Policy", "no-referrer"},
                                             {"Cross-Origin-Resource-Policy", "same-origin"},
                                             {"Cross-Origin-Opener-Policy", "same-origin"},
                                             {"Cache-Control", "no-store"}};
    char text[sizeof policy + 20];
    snprintf(text, sizeof text, policy, self->needs_eval ? " 'unsafe-eval'" : "");
    MHD_add_response_header(response, "Content-Security-Policy", text);
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        MHD_add_response_header(response, headers[i][0], headers[i][1]);
    MHD_add_response_header(response, "Content-Type", reply->type);
    for (int i = 0; i < reply->n_headers; i++)
        MHD_add_response_header(response, reply->headers[i].name, reply->headers[i].value);
}

/* Takes the reply over. */
static enum MHD_Result send_reply(throng_server *self, struct MHD_Connection *connection, throng_i_reply *reply) {
    sending *user = NULL;
    if (throng_i_alloc(self->context, 1, sizeof *user, &user, NULL) != THRONG_OK) {
        throng_i_reply_clear(reply);
        return MHD_NO;
    }
    *user = (sending){self, *reply, reply->is_unlimited ? HUGE_VAL : throng_i_seconds() + ANSWER_SECONDS};
    uint64_t size = !reply->read ? reply->text.n : reply->size == UINT64_MAX ? MHD_SIZE_UNKNOWN : reply->size;
    struct MHD_Response *response =
        reply->text.failed ? NULL : MHD_create_response_from_callback(size, BLOCK_BYTES, send_piece, user, end_sending);
    if (!response) {
        end_sending(user);
        return MHD_NO;
    }
    add_headers(self, response, &user->reply);
    enum MHD_Result result = MHD_queue_response(connection, user->reply.status, response);
    MHD_destroy_response(response);
    return result;
}

/* ---- requests -------------------------------------------------------------------------------------------------- */

static enum MHD_Result take_argument(void *user, enum MHD_ValueKind kind, const char *name, const char *value) {
    throng_i_request *request = user;
    (void)kind;
    if (request->n_arguments < THRONG_I_ARGUMENTS_MAX)
        request->arguments[request->n_arguments] = (throng_i_argument){name, value ? value : ""};
    request->n_arguments++;
    return MHD_YES;
}

/* %00 would end a text early, after which all that follows went unread: it becomes the character "substitute". */
static size_t unescape(void *user, struct MHD_Connection *connection, char *text) {
    (void)user, (void)connection;
    for (char *at = strstr(text, "%00"); at; at = strstr(at, "%00"))
        memcpy(at, "%1A", 3);
    return MHD_http_unescape(text);
}

static const char *header_of(struct MHD_Connection *connection, const char *name) {
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static enum MHD_Result answer(exchange *self, struct MHD_Connection *connection, const char *url, const char *method) {
    throng_server *server = self->server;
    throng_i_request request = {
        .method = method,
        .path = url,
        .host = header_of(connection, "Host"),
        .origin = header_of(connection, "Origin"),
        .site = header_of(connection, "Sec-Fetch-Site"),
        .mode = header_of(connection, "Sec-Fetch-Mode"),
        .cookie = header_of(connection, "Cookie"),
        .token = header_of(connection, "X-Throng-Token"),
        .content_type = header_of(connection, "Content-Type"),
        .body = self->body.bytes,
        .body_bytes = self->body.n,
        .body_too_long = self->too_long || self->body.failed,
    };
    throng_i_reply reply = {.context = server->context, .text = {.context = server->context}};
    MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, take_argument, &request);
    atomic_fetch_add(&server->requests, 1);
    throng_i_explorer_answer(&server->explorer, &request, &reply);
    return send_reply(server, connection, &reply);
}

static void take_body(exchange *self, const char *data, size_t size) {
    throng_server *server = self->server;
    if (!self->too_long && (self->body.n + size > THRONG_I_BODY_BYTES ||
                            atomic_load(&server->body_bytes) + (int64_t)size > ALL_BODIES_BYTES))
        self->too_long = true;
    if (self->too_long)
        return;
    size_t before = self->body.n;
    throng_i_text_put(&self->body, data, size);
    atomic_fetch_add(&server->body_bytes, (int64_t)(self->body.n - before)); /* nothing without memory for it */
}

/* Called first without a body, then for every piece of it, then once more at its end. */
static enum MHD_Result on_access(void *user, struct MHD_Connection *connection, const char *url, const char *method,
                                 const char *version, const char *data, size_t *data_size, void **state) {
    exchange *self = *state;
    (void)version;
    if (!self) {
        throng_server *server = user;
        if (throng_i_alloc(server->context, 1, sizeof *self, &self, NULL) != THRONG_OK)
            return MHD_NO;
        *self = (exchange){.server = server, .body = {.context = server->context}};
        *state = self;
        return MHD_YES;
    }
    if (*data_size > 0) {
        take_body(self, data, *data_size);
        *data_size = 0;
        return MHD_YES;
    }
    return answer(self, connection, url, method);
}

static void on_completed(void *user, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode code) {
    exchange *self = *state;
    (void)user, (void)connection, (void)code;
    if (!self)
        return;
    atomic_fetch_sub(&self->server->body_bytes, (int64_t)self->body.n);
    throng_i_text_clear(&self->body);
    throng_i_free(self->server->context, self);
    *state = NULL;
}

/* ---- listening ------------------------------------------------------------------------------------------------- */

typedef union address {
    struct sockaddr any;
    struct sockaddr_in four;
    struct sockaddr_in6 six;
} address;

static throng_status read_address(const char *text, int port, address *out, throng_error *err) {
    throng_status status = THRONG_OK;
    struct in_addr four;
    struct in6_addr six;
    *out = (address){0};
    THRONG_REQUIRE(port >= 0 && port <= 65535, E_ARGUMENT, "A port lies in [0, 65535], got %d.", port);
    if (inet_pton(AF_INET, text, &four) == 1)
        out->four = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = four};
    else if (inet_pton(AF_INET6, text, &six) == 1)
        out->six = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port), .sin6_addr = six};
    else
        status = THRONG_FAIL(err, E_ARGUMENT,
                             "\"%.60s\" is not an address: write it in numbers, as 127.0.0.1, 0.0.0.0 or ::1.", text);
out:
    return status;
}

static bool is_loopback(const address *it) {
    if (it->any.sa_family == AF_INET6)
        return memcmp(&it->six.sin6_addr, &in6addr_loopback, sizeof in6addr_loopback) == 0;
    return ntohl(it->four.sin_addr.s_addr) >> 24 == 127;
}

/* Where a browser finds us. "All addresses of this machine" is none: its name is. */
static void write_url(throng_server *self, const address *it, const char *text) {
    throng_i_guard *guard = &self->explorer.guard;
    bool six = it->any.sa_family == AF_INET6;
    bool any = six ? memcmp(&it->six.sin6_addr, &in6addr_any, sizeof in6addr_any) == 0 : it->four.sin_addr.s_addr == 0;
    const char *name = guard->names[0][0] ? guard->names[0] : any && guard->names[1][0] ? guard->names[1] : text;
    bool bracket = name == text && six;
    snprintf(self->url, sizeof self->url, "http://%s%s%s:%d/%s%s", bracket ? "[" : "", name, bracket ? "]" : "",
             guard->port, guard->token[0] ? "?token=" : "", guard->token);
}

static throng_status listen_on(throng_server *self, const throng_server_def *def, throng_error *err) {
    throng_status status = THRONG_OK;
    const char *text = def->address ? def->address : "127.0.0.1";
    throng_i_guard *guard = &self->explorer.guard;
    address where;
    THRONG_TRY(read_address(text, def->port, &where, err));
    guard->loopback = is_loopback(&where);
    if (!guard->loopback)
        THRONG_TRY(throng_i_guard_draw(guard, err));
    if (def->host)
        snprintf(guard->names[0], sizeof guard->names[0], "%s", def->host);
    if (!guard->loopback)
        gethostname(guard->names[1], sizeof guard->names[1] - 1);
    unsigned flags = MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL;
    if (where.any.sa_family == AF_INET6)
        flags |= MHD_USE_IPv6;
    errno = 0;
    self->daemon = MHD_start_daemon(flags, 0, NULL, NULL, on_access, self, MHD_OPTION_SOCK_ADDR, &where.any,
                                    MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_CONNECTION_LIMIT,
                                    CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT, IDLE_SECONDS,
                                    MHD_OPTION_CONNECTION_MEMORY_LIMIT, HEAD_BYTES, MHD_OPTION_THREAD_STACK_SIZE,
                                    STACK_BYTES, MHD_OPTION_UNESCAPE_CALLBACK, unescape, NULL, MHD_OPTION_END);
    THRONG_REQUIRE(self->daemon, E_ENDPOINT, "Port %d of %s cannot be served: %s. Port 0 takes any that is free.",
                   def->port, text, errno ? strerror(errno) : "unknown reason");
    guard->port = MHD_get_daemon_info(self->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
    write_url(self, &where, text);
out:
    return status;
}

/* ---- life ------------------------------------------------------------------------------------------------------ */

/* Two directories of the same name: the second gets " (2)". */
static throng_status make_unique(throng_i_explorer *self, int index, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_run *run = &self->runs[index];
    int same = 1;
    for (int i = 0; i < index; i++)
        same += strncmp(self->runs[i].name, run->name, strlen(run->name)) == 0 &&
                (self->runs[i].name[strlen(run->name)] == '\0' || self->runs[i].name[strlen(run->name)] == ' ');
    char *name = NULL;
    if (same > 1) {
        THRONG_TRY(throng_i_print(self->context, &name, err, "%s (%d)", run->name, same));
        throng_i_free(self->context, run->name);
        run->name = name;
    }
out:
    return status;
}

/* A run that cannot be opened takes none of the others with it; `first` keeps the first reason. */
static throng_status try_run(throng_i_run *run, const char *path, throng_error *first, throng_error *err) {
    throng_error reason = {0};
    throng_status status = throng_i_run_open(run, path, &reason);
    if (status == THRONG_E_MEMORY && err)
        *err = reason;
    if (status == THRONG_OK || status == THRONG_E_MEMORY)
        return status;
    throng_i_run_fail(run, reason.message);
    if (first->status == THRONG_OK)
        *first = reason;
    return THRONG_OK;
}

static throng_status open_runs(throng_server *self, const throng_server_def *def, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_error reason = {0};
    throng_i_explorer *explorer = &self->explorer;
    int first = def->live ? 1 : 0, open = 0;
    THRONG_REQUIRE(def->n_paths + first > 0, E_ARGUMENT, "Which runs? Name at least one run directory.");
    THRONG_TRY(throng_i_explorer_init(self->context, def->n_paths + first, explorer, err));
    explorer->reads_graphs = def->graphs;
    self->has_live = def->live;
    for (int i = 0; i < explorer->n_runs; i++) {
        throng_i_run *run = &explorer->runs[i];
        const char *path = i < first ? def->live : def->paths[i - first];
        THRONG_TRY(throng_i_run_expect(self->context, path, run, err));
        run->index = i;
        run->is_live = i < first;
        run->stopping = &explorer->events.stopping;
        THRONG_TRY(make_unique(explorer, i, err));
        if (!run->is_live)
            THRONG_TRY(try_run(run, path, &reason, err));
        open += atomic_load(&run->state) != THRONG_I_RUN_FAILED;
    }
    if (open == 0) {
        status = reason.status;
        if (err)
            *err = reason;
    }
out:
    return status;
}

static void *read_ahead(void *user) {
    throng_i_explorer *explorer = user;
    for (int i = 0; i < explorer->n_runs; i++)
        throng_i_run_read_ahead(&explorer->runs[i]);
    return NULL;
}

/* Once all runs are complete. Signals are for the threads of the caller. */
static void start_reading_ahead(throng_server *self) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    self->has_reader = pthread_create(&self->reader, NULL, read_ahead, &self->explorer) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

throng_status throng_server_start(throng_context *context, const throng_server_def *def, throng_server **out,
                                  throng_error *err) {
    throng_status status = THRONG_OK;
    throng_server *self = NULL;
    THRONG_TRY(throng_i_alloc(context, 1, sizeof *self, &self, err));
    self->context = context;
    for (int i = 0; i < throng_i_n_assets; i++)
        self->needs_eval = self->needs_eval || strcmp(throng_i_assets[i].path, "/needs-eval.txt") == 0;
    THRONG_TRY(open_runs(self, def, err));
    THRONG_TRY(listen_on(self, def, err));
    if (!self->has_live)
        start_reading_ahead(self);
    *out = self;
    self = NULL;
out:
    throng_server_stop(self);
    return status;
}

const char *throng_server_url(const throng_server *server) {
    return server->url;
}

const char *throng_server_problem(const throng_server *server, int index) {
    for (int i = 0; i < server->explorer.n_runs; i++) {
        throng_i_run *run = &server->explorer.runs[i];
        int state = atomic_load(&run->state);
        if (state == THRONG_I_RUN_FAILED && index-- == 0)
            return run->message ? run->message : "Out of memory for the reason why a run cannot be shown.";
        if (state == THRONG_I_RUN_COMPLETE && index < run->n_problems)
            return run->problems[index];
        if (state == THRONG_I_RUN_COMPLETE)
            index -= run->n_problems;
    }
    return NULL;
}

int64_t throng_server_requests(const throng_server *server) {
    return atomic_load(&server->requests);
}

void throng_server_progress(throng_server *server, const throng_progress *progress) {
    throng_i_events_progress(&server->explorer.events, progress);
}

void throng_server_series(throng_server *server, int64_t step, double value) {
    throng_i_events_series(&server->explorer.events, step, value);
}

throng_status throng_server_finish(throng_server *server, throng_error *err) {
    throng_i_run *run = &server->explorer.runs[0];
    throng_status status = throng_i_run_open(run, run->path, err);
    if (status == THRONG_OK) {
        throng_i_events_state(&server->explorer.events);
        start_reading_ahead(server);
    }
    return status;
}

void throng_server_fail(throng_server *server, const char *message) {
    throng_i_run *run = &server->explorer.runs[0];
    throng_i_run_fail(run, message);
    throng_i_events_state(&server->explorer.events);
}

void throng_server_stop(throng_server *server) {
    if (!server)
        return;
    if (server->explorer.context)
        throng_i_events_stop(&server->explorer.events);
    if (server->daemon)
        MHD_stop_daemon(server->daemon);
    if (server->has_reader)
        pthread_join(server->reader, NULL);
    throng_i_explorer_clear(&server->explorer);
    throng_i_free(server->context, server);
}
