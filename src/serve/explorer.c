/* From a request to its handler: see explorer.h. */
#define _POSIX_C_SOURCE 200809L
#include "serve/explorer.h"

#include "report/assets.h"
#include "report/json.h"
#include "table/condition.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* ---- life ------------------------------------------------------------------------------------------------------ */

throng_status throng_i_explorer_init(throng_context *context, int n_runs, throng_i_explorer *out, throng_error *err) {
    throng_status status = THRONG_OK;
    pthread_condattr_t attributes;
    *out = (throng_i_explorer){0};
    THRONG_TRY(throng_i_alloc(context, n_runs, sizeof *out->runs, &out->runs, err));
    out->context = context;
    out->n_runs = n_runs;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&out->gate.changed, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&out->gate.lock, NULL);
    pthread_mutex_init(&out->selections.lock, NULL);
    throng_i_events_init(context, &out->events);
    THRONG_TRY(throng_i_networks_create(out, err));
out:
    return status;
}

void throng_i_explorer_clear(throng_i_explorer *self) {
    if (!self->context)
        return;
    throng_i_selections_clear(&self->selections);
    throng_i_networks_free(self);
    throng_i_events_clear(&self->events);
    for (int i = 0; i < self->n_runs; i++)
        throng_i_run_close(&self->runs[i]);
    throng_i_free(self->context, self->runs);
    pthread_cond_destroy(&self->gate.changed);
    pthread_mutex_destroy(&self->gate.lock);
    pthread_mutex_destroy(&self->selections.lock);
    *self = (throng_i_explorer){0};
}

/* ---- for handlers ---------------------------------------------------------------------------------------------- */

bool throng_i_call_enter(throng_i_call *self) {
    throng_i_gate *gate = &self->explorer->gate;
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += THRONG_I_QUERY_SECONDS;
    pthread_mutex_lock(&gate->lock);
    bool room = gate->waiting < THRONG_I_HEAVY_WAITING;
    gate->waiting++;
    while (room && gate->inside == THRONG_I_HEAVY_AT_ONCE)
        room = pthread_cond_timedwait(&gate->changed, &gate->lock, &until) != ETIMEDOUT;
    gate->waiting--;
    gate->inside += room;
    pthread_mutex_unlock(&gate->lock);
    if (room && atomic_load(&self->explorer->events.stopping)) {
        throng_i_call_leave(self);
        room = false;
    }
    if (!room)
        throng_i_reply_fail(self->reply, 503, "busy", "The server has too much to do: try again in a moment.");
    return room;
}

void throng_i_call_leave(throng_i_call *self) {
    throng_i_gate *gate = &self->explorer->gate;
    pthread_mutex_lock(&gate->lock);
    gate->inside--;
    pthread_cond_signal(&gate->changed);
    pthread_mutex_unlock(&gate->lock);
}

bool throng_i_call_table(throng_i_call *self) {
    const char *name = throng_i_request_argument(self->request, "table");
    self->table = name ? throng_i_run_find(self->run, name) : throng_i_run_first(self->run);
    if (!self->table)
        throng_i_reply_fail(self->reply, 404, "table", "The run has no table \"%.40s\".", name ? name : "");
    return self->table;
}

bool throng_i_call_range(throng_i_call *self) {
    int64_t n = self->table->file.n_rows;
    self->from = 0;
    self->to = n;
    if (throng_i_request_count(self->request, "from", 0, n, &self->from) &&
        throng_i_request_count(self->request, "to", self->from, n, &self->to) && self->from <= self->to)
        return true;
    throng_i_reply_fail(self->reply, 400, "parameter",
                        "from and to must be rows with 0 <= from <= to <= %lld, the rows of %s.", (long long)n,
                        self->table->name);
    return false;
}

static bool read_column(throng_i_call *self, int index, throng_column_view *out) {
    throng_error err = {0};
    if (throng_i_run_column(self->table, index, out, &err) == THRONG_OK)
        return true;
    throng_i_reply_error(self->reply, &err);
    return false;
}

bool throng_i_call_column(throng_i_call *self, const char *name, throng_column_view *out) {
    const throng_i_parquet *file = &self->table->file;
    const char *names[128];
    char suggestion[THRONG_MESSAGE_LENGTH / 2];
    int index = throng_i_parquet_find(file, name, true), n = 0;
    if (index >= 0)
        return read_column(self, index, out);
    for (; n < file->n_columns && n < 128; n++)
        names[n] = file->columns[n].name;
    throng_suggest(name, names, n, suggestion, sizeof suggestion);
    throng_i_reply_fail(self->reply, 404, "column", "%s has no column \"%.60s\".%s", self->table->name, name,
                        suggestion);
    return false;
}

bool throng_i_call_part(throng_i_call *self, throng_i_part part, throng_column_view *out) {
    *out = (throng_column_view){0};
    return self->table->part[part] >= 0 && read_column(self, self->table->part[part], out);
}

bool throng_i_call_ids(throng_i_call *self, throng_column_view *out) {
    int index = self->table->part[THRONG_I_PART_ID];
    return index >= 0 ? read_column(self, index, out) : throng_i_call_column(self, "id", out);
}

throng_i_selection *throng_i_call_selection(throng_i_call *self, const char *argument) {
    const char *name = throng_i_request_argument(self->request, argument);
    throng_i_selection *out = name ? throng_i_selections_find(&self->explorer->selections, name) : NULL;
    if (out && out->table != self->table) {
        throng_i_selection_free(out);
        throng_i_reply_fail(self->reply, 400, "parameter", "The selection is of another table.");
        return NULL;
    }
    if (name && !out)
        throng_i_reply_fail(self->reply, 410, "selection", "The server does not keep this selection any more.");
    return out;
}

/* ---- runs and files -------------------------------------------------------------------------------------------- */

static void list_runs(throng_i_call *call) {
    json_t *runs = json_array();
    for (int i = 0; i < call->explorer->n_runs; i++)
        json_array_append_new(runs, throng_i_run_pack(&call->explorer->runs[i]));
    json_t *limits =
        json_pack("{s:I, s:i, s:i, s:i, s:i, s:i, s:i, s:i}", "body_bytes", (json_int_t)THRONG_I_BODY_BYTES,
                  "expression_bytes", THRONG_I_CONDITION_BYTES, "query_seconds", THRONG_I_QUERY_SECONDS, "page_rows",
                  THRONG_I_PAGE_ROWS, "top", THRONG_I_TOP_MAX, "edges", THRONG_I_EDGES_MAX, "selections",
                  THRONG_I_SELECTIONS_MAX, "polygon_points", THRONG_I_POLYGON_POINTS);
    throng_i_reply_json(call->reply, json_pack("{s:i, s:s, s:o, s:o}", "api", 1, "throng", throng_version(), "limits",
                                               limits, "runs", runs));
}

static void listen(throng_i_call *call) {
    throng_i_events_listen(call->explorer, call->reply);
}

typedef struct bytes_of {
    throng_context *context;
    const char *memory; /* else: */
    int file;
} bytes_of;

static int64_t read_bytes(void *user, uint64_t at, char *out, size_t size) {
    const bytes_of *self = user;
    if (!self->memory)
        return (int64_t)pread(self->file, out, size, (off_t)at);
    memcpy(out, self->memory + at, size); /* never beyond the size of the reply */
    return (int64_t)size;
}

static void release_bytes(void *user) {
    bytes_of *self = user;
    if (!self->memory)
        close(self->file);
    throng_i_free(self->context, self);
}

/* A body out of memory that outlives the reply, or out of a file, which is closed with it. */
static void reply_bytes(throng_i_call *call, const char *type, const char *memory, int file, int64_t size) {
    bytes_of *user = NULL;
    if (throng_i_alloc(call->explorer->context, 1, sizeof *user, &user, NULL) != THRONG_OK) {
        if (!memory)
            close(file);
        throng_i_reply_fail(call->reply, 503, "busy", "Out of memory for the answer.");
        return;
    }
    *user = (bytes_of){call->explorer->context, memory, file};
    throng_i_reply_clear(call->reply);
    call->reply->status = 200;
    call->reply->type = type;
    call->reply->read = read_bytes;
    call->reply->release = release_bytes;
    call->reply->user = user;
    call->reply->size = (uint64_t)size;
}

static void send_report(throng_i_call *call) {
    reply_bytes(call, "application/json", call->run->report, -1, (int64_t)call->run->report_bytes);
}

static void send_figures(throng_i_call *call) {
    throng_error err = {0};
    const char *figures = NULL;
    if (!throng_i_call_enter(call))
        return;
    if (throng_i_run_figures(call->run, &figures, &err) == THRONG_OK)
        reply_bytes(call, "application/json", figures, -1, (int64_t)strlen(figures));
    else
        throng_i_reply_error(call->reply, &err);
    throng_i_call_leave(call);
}

static void send_file(throng_i_call *call, const char *name, bool download) {
    int64_t bytes = 0;
    const char *ending = strrchr(name, '.');
    int file = throng_i_run_open_file(call->run, name, &bytes);
    if (file < 0) {
        throng_i_reply_fail(call->reply, 404, "file", "The run has no such file.");
        return;
    }
    if (download)
        throng_i_reply_header(call->reply, "Content-Disposition", "attachment; filename=\"%s\"", name);
    reply_bytes(call,
                strcmp(ending, ".json") == 0   ? "application/json"
                : strcmp(ending, ".yaml") == 0 ? "application/yaml"
                                               : "application/vnd.apache.parquet",
                NULL, file, bytes);
}

static void send_verification(throng_i_call *call) {
    send_file(call, "verify.json", false);
}

static void list_files(throng_i_call *call) {
    json_t *list = json_array();
    for (int i = 0; throng_i_run_file(i); i++) {
        int64_t bytes = 0;
        int file = throng_i_run_open_file(call->run, throng_i_run_file(i), &bytes);
        if (file < 0)
            continue;
        close(file);
        json_array_append_new(list, json_pack("{s:s, s:I}", "name", throng_i_run_file(i), "bytes", (json_int_t)bytes));
    }
    throng_i_reply_json(call->reply, json_pack("{s:o}", "files", list));
}

/* ---- the page -------------------------------------------------------------------------------------------------- */

static const char *type_of(const char *path) {
    static const char *const types[][2] = {
        {".html", "text/html; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".mjs", "text/javascript; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".json", "application/json"},
        {".map", "application/json"},
        {".svg", "image/svg+xml"},
        {".png", "image/png"},
        {".webp", "image/webp"},
        {".ico", "image/x-icon"},
        {".woff2", "font/woff2"},
        {".wasm", "application/wasm"},
        {".txt", "text/plain; charset=utf-8"},
    };
    const char *ending = strrchr(path, '.');
    for (size_t i = 0; ending && i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i][0], ending) == 0)
            return types[i][1];
    return "application/octet-stream";
}

static void send_asset(throng_i_call *call, const char *path) {
    for (int i = 0; i < throng_i_n_assets; i++) {
        const throng_i_asset *asset = &throng_i_assets[i];
        if (strcmp(asset->path, path) == 0) {
            reply_bytes(call, type_of(path), (const char *)asset->bytes, -1, (int64_t)asset->n);
            return;
        }
    }
    throng_i_reply_fail(call->reply, 404, "path", "There is nothing at this address.");
}

/* ---- routes ---------------------------------------------------------------------------------------------------- */

typedef struct route {
    const char *path;      /* below api/v1/, or below api/v1/runs/N/ */
    const char *arguments; /* names that it knows, between spaces */
    throng_i_handler handle;
    bool posts; /* takes POST too */
} route;

static const route server_routes[] = {{"runs", "", list_runs, false}, {"events", "", listen, false}};

static const route run_routes[] = {
    {"report", "", send_report, false},
    {"figures", "", send_figures, false},
    {"verify", "", send_verification, false},
    {"files", "", list_files, false},
    {"tables", "", throng_i_handle_tables, false},
    {"column", " table column from to as every selection ", throng_i_handle_column, false},
    {"words", " table column from to ", throng_i_handle_words, false},
    {"select", " table where from to within top ", throng_i_handle_select, true},
    {"mask", " table selection from to as ", throng_i_handle_mask, false},
    {"rows", " table selection offset limit ", throng_i_handle_rows, false},
    {"page", " table selection sort offset limit columns from to ", throng_i_handle_page, false},
    {"search", " table prefix limit from to ", throng_i_handle_search, false},
    {"agent", " id ", throng_i_handle_agent, false},
    {"network", " id hops limit direction cut table from to ", throng_i_handle_network, false},
};

static bool knows_argument(const route *it, const char *name) {
    char padded[40];
    if (strlen(name) + 3 > sizeof padded || strchr(name, ' '))
        return false;
    snprintf(padded, sizeof padded, " %s ", name);
    return strcmp(name, "token") == 0 || strstr(it->arguments, padded);
}

static bool is_method(throng_i_call *call, bool posts) {
    const char *method = call->request->method;
    if (strcmp(method, "GET") == 0 || (posts && strcmp(method, "POST") == 0))
        return true;
    throng_i_reply_fail(call->reply, 405, "method", "This address takes GET%s only.", posts ? " and POST" : "");
    throng_i_reply_header(call->reply, "Allow", posts ? "GET, POST" : "GET");
    return false;
}

static void follow(throng_i_call *call, const char *path, const route *routes, size_t n) {
    const throng_i_request *request = call->request;
    for (size_t i = 0; i < n; i++) {
        if (strcmp(routes[i].path, path) != 0)
            continue;
        for (int k = 0; k < request->n_arguments && k < THRONG_I_ARGUMENTS_MAX; k++)
            if (!knows_argument(&routes[i], request->arguments[k].name)) {
                const char *names = *routes[i].arguments ? routes[i].arguments : " none ";
                int length = (int)strlen(names) - 1; /* without the last space */
                throng_i_reply_fail(call->reply, 400, "parameter", "%s has no parameter \"%.40s\"; it takes%.*s.", path,
                                    request->arguments[k].name, length, names);
                return;
            }
        if (is_method(call, routes[i].posts))
            routes[i].handle(call);
        return;
    }
    throng_i_reply_fail(call->reply, 404, "path", "There is nothing at this address.");
}

/* "12/tables": finds the run, and what follows. */
static void follow_run(throng_i_call *call, const char *path) {
    size_t digits = strspn(path, "0123456789");
    const char *rest = path + digits;
    int index = 0;
    for (size_t i = 0; i < digits && index < call->explorer->n_runs; i++)
        index = 10 * index + (path[i] - '0');
    if (digits == 0 || digits > 6 || *rest != '/' || index >= call->explorer->n_runs) {
        throng_i_reply_fail(call->reply, 404, "run", "There is no such run; api/v1/runs lists them.");
        return;
    }
    call->run = &call->explorer->runs[index];
    int state = atomic_load(&call->run->state);
    if (state != THRONG_I_RUN_COMPLETE)
        throng_i_reply_fail(call->reply, 409, "running", "The run %s.",
                            state == THRONG_I_RUN_FAILED ? "has failed" : "is still going on");
    else if (strncmp(rest, "/files/", 7) != 0)
        follow(call, rest + 1, run_routes, sizeof run_routes / sizeof *run_routes);
    else if (is_method(call, false))
        send_file(call, rest + 7, true);
}

void throng_i_explorer_answer(throng_i_explorer *self, const throng_i_request *request, throng_i_reply *reply) {
    static const char api[] = "/api/v1/";
    throng_i_call call = {.explorer = self, .request = request, .reply = reply};
    if (!throng_i_guard_admits(&self->guard, request, reply))
        return;
    if (request->body_too_long)
        throng_i_reply_fail(reply, 413, "body", "The body is longer than %lld bytes.", (long long)THRONG_I_BODY_BYTES);
    else if (request->n_arguments > THRONG_I_ARGUMENTS_MAX)
        throng_i_reply_fail(reply, 400, "parameter", "There are more than %d parameters.", THRONG_I_ARGUMENTS_MAX);
    else if (strncmp(request->path, api, sizeof api - 1) == 0 &&
             strncmp(request->path + sizeof api - 1, "runs/", 5) == 0)
        follow_run(&call, request->path + sizeof api - 1 + 5);
    else if (strncmp(request->path, api, sizeof api - 1) == 0)
        follow(&call, request->path + sizeof api - 1, server_routes, sizeof server_routes / sizeof *server_routes);
    else if (is_method(&call, false))
        send_asset(&call, strcmp(request->path, "/") == 0 ? "/index.html" : request->path);
}
