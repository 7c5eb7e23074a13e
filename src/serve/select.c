/* Making a selection, and its sums. Conditions are evaluated one after the other, each taking rows away. */
#define _POSIX_C_SOURCE 200809L
#include "report/json.h"
#include "serve/explorer.h"
#include "serve/summary.h"
#include "table/condition.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

/* Memory that DuckDB may take for a condition, and its threads. */
#define CONDITION_MEGABYTES 1024

/* ---- rows by number, and of agents ----------------------------------------------------------------------------- */

/* Keeps the rows whose bit is set. */
static void keep(throng_i_selection *self, const uint8_t *bits) {
    for (int64_t i = 0; i < (self->to - self->from + 7) / 8; i++)
        self->bits[i] &= bits[i];
}

static throng_status mark_row(const throng_i_selection *self, int64_t row, uint8_t *bits, throng_error *err) {
    if (row < 0 || row >= self->table->file.n_rows)
        return THRONG_FAIL(err, E_ARGUMENT, "%s has no row %lld.", self->table->name, (long long)row);
    if (row >= self->from && row < self->to)
        bits[(row - self->from) >> 3] |= (uint8_t)(1 << ((row - self->from) & 7));
    return THRONG_OK;
}

static throng_status by_numbers(const throng_i_selection *self, const char *body, size_t bytes, uint8_t *bits,
                                throng_error *err) {
    throng_status status =
        bytes % 4 ? THRONG_FAIL(err, E_ARGUMENT, "The body must be rows of 4 bytes each.") : THRONG_OK;
    for (size_t i = 0; i < bytes && status == THRONG_OK; i += 4) {
        uint32_t row = 0;
        for (size_t k = 0; k < 4; k++)
            row |= (uint32_t)(unsigned char)body[i + k] << 8 * k;
        status = mark_row(self, (int64_t)row, bits, err);
    }
    return status;
}

static throng_status by_list(const throng_i_selection *self, const json_t *rows, uint8_t *bits, throng_error *err) {
    throng_status status = json_is_array(rows) ? THRONG_OK : THRONG_FAIL(err, E_ARGUMENT, "\"rows\" must be a list.");
    for (size_t i = 0; i < json_array_size(rows) && status == THRONG_OK; i++)
        status = json_is_integer(json_array_get(rows, i))
                     ? mark_row(self, json_integer_value(json_array_get(rows, i)), bits, err)
                     : THRONG_FAIL(err, E_ARGUMENT, "\"rows\" must hold whole numbers.");
    return status;
}

/* The texts of ids as a set: what is listed is looked up by every word, or whole number, of the column. */
static json_t *set_of_ids(const json_t *ids) {
    json_t *set = json_object();
    for (size_t i = 0; i < json_array_size(ids); i++) {
        const json_t *id = json_array_get(ids, i);
        char text[24];
        snprintf(text, sizeof text, "%lld", (long long)json_integer_value(id));
        json_object_set_new(set,
                            json_is_integer(id)     ? text
                            : json_string_value(id) ? json_string_value(id)
                                                    : "",
                            json_true());
    }
    return set;
}

static throng_status by_ids(const throng_i_selection *self, const throng_column_view *column, const json_t *ids,
                            uint8_t *bits, throng_error *err) {
    throng_status status = THRONG_OK;
    uint8_t *wanted = NULL;
    json_t *set = set_of_ids(ids);
    bool is_text = column->type == THRONG_TYPE_TEXT;
    THRONG_REQUIRE(json_is_array(ids), E_ARGUMENT, "\"ids\" must be a list of ids.");
    THRONG_REQUIRE(is_text || column->type == THRONG_TYPE_INT64, E_ARGUMENT, "The table's ids cannot be looked up.");
    THRONG_TRY(throng_i_alloc(self->context, is_text ? column->n_words : 1, 1, &wanted, err));
    for (int64_t i = 0; is_text && i < column->n_words; i++)
        wanted[i] = json_object_get(set, column->words[i]) != NULL;
    for (int64_t row = self->from; row < self->to; row++) {
        char text[24];
        bool found;
        if (is_text) {
            found = wanted[((const int32_t *)column->data)[row]];
        } else {
            snprintf(text, sizeof text, "%lld", (long long)((const int64_t *)column->data)[row]);
            found = json_object_get(set, text) != NULL;
        }
        if (found)
            THRONG_TRY(mark_row(self, row, bits, err));
    }
out:
    json_decref(set);
    throng_i_free(self->context, wanted);
    return status;
}

/* ---- polygons -------------------------------------------------------------------------------------------------- */

typedef struct polygon {
    throng_column_view x, y;
    bool log_x, log_y;
    int n;
    double (*points)[2];
} polygon;

/* Even-odd rule: how many sides a ray to the right of the point crosses. */
static bool is_inside(const polygon *self, double x, double y) {
    bool inside = false;
    for (int i = 0, j = self->n - 1; i < self->n; j = i++) {
        const double *a = self->points[i], *b = self->points[j];
        if ((a[1] > y) != (b[1] > y) && x < (b[0] - a[0]) * (y - a[1]) / (b[1] - a[1]) + a[0])
            inside = !inside;
    }
    return inside;
}

/* E_CANCELLED: it took too long, for points times rows may be very many, or the server stops. */
static throng_status by_polygon(const throng_i_call *call, const throng_i_selection *self, const polygon *it,
                                uint8_t *bits, throng_error *err) {
    double until = throng_i_seconds() + THRONG_I_QUERY_SECONDS;
    double min[2] = {HUGE_VAL, HUGE_VAL}, max[2] = {-HUGE_VAL, -HUGE_VAL};
    for (int i = 0; i < it->n; i++)
        for (int k = 0; k < 2; k++) {
            min[k] = fmin(min[k], it->points[i][k]);
            max[k] = fmax(max[k], it->points[i][k]);
        }
    for (int64_t i = 0; i < self->to - self->from; i++) {
        if (i % 256 == 0 && (throng_i_seconds() > until || atomic_load(&call->explorer->events.stopping)))
            return THRONG_FAIL(err, E_CANCELLED, "The polygon took longer than %d seconds and was stopped.",
                               THRONG_I_QUERY_SECONDS);
        double x = throng_i_number(&it->x, self->from + i), y = throng_i_number(&it->y, self->from + i);
        x = it->log_x ? log10(x) : x; /* of what is not positive: NaN or infinite, which is in no polygon */
        y = it->log_y ? log10(y) : y;
        if (x >= min[0] && x <= max[0] && y >= min[1] && y <= max[1] && is_inside(it, x, y))
            bits[i >> 3] |= (uint8_t)(1 << (i & 7));
    }
    return THRONG_OK;
}

static throng_status read_points(throng_context *context, const json_t *points, polygon *out, throng_error *err) {
    throng_status status = THRONG_OK;
    size_t n = json_array_size(points);
    THRONG_REQUIRE(n >= 3 && n <= THRONG_I_POLYGON_POINTS, E_ARGUMENT, "A polygon needs 3 to %d points.",
                   THRONG_I_POLYGON_POINTS);
    THRONG_TRY(throng_i_alloc(context, (int64_t)n, sizeof *out->points, &out->points, err));
    out->n = (int)n;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < 2; k++) {
            const json_t *number = json_array_get(json_array_get(points, i), k);
            THRONG_REQUIRE(json_is_number(number), E_ARGUMENT, "A point of a polygon is a pair of numbers.");
            out->points[i][k] = json_number_value(number);
        }
out:
    return status;
}

/* False: the reply says what is wrong. */
static bool select_polygon(throng_i_call *call, const throng_i_selection *self, const json_t *given, uint8_t *bits) {
    throng_error err = {0};
    polygon it = {.log_x = json_is_true(json_object_get(given, "log_x")),
                  .log_y = json_is_true(json_object_get(given, "log_y"))};
    const char *x = json_string_value(json_object_get(given, "x")), *y = json_string_value(json_object_get(given, "y"));
    if (!x || !y) {
        throng_i_reply_fail(call->reply, 400, "body",
                            "A polygon has \"x\", \"y\", the names of columns, and \"points\".");
        return false;
    }
    if (!throng_i_call_column(call, x, &it.x) || !throng_i_call_column(call, y, &it.y))
        return false;
    throng_status status = read_points(self->context, json_object_get(given, "points"), &it, &err);
    if (status != THRONG_OK) {
        throng_i_reply_fail(call->reply, 400, "body", "%s", err.message);
    } else {
        status = by_polygon(call, self, &it, bits, &err);
        if (status != THRONG_OK)
            throng_i_reply_error(call->reply, &err);
    }
    throng_i_free(self->context, it.points);
    return status == THRONG_OK;
}

/* ---- the body -------------------------------------------------------------------------------------------------- */

static bool select_json(throng_i_call *call, const throng_i_selection *self, const json_t *body, uint8_t *bits) {
    throng_error err = {0};
    throng_column_view ids;
    const json_t *given = json_object_iter_value(json_object_iter((json_t *)(uintptr_t)body));
    throng_status status = THRONG_E_ARGUMENT;
    snprintf(err.message, sizeof err.message,
             "The body must be an object with one of \"polygon\", \"ids\" and \"rows\".");
    if (json_object_size(body) == 1 && given == json_object_get(body, "polygon"))
        return select_polygon(call, self, given, bits);
    if (json_object_size(body) == 1 && given == json_object_get(body, "rows"))
        status = by_list(self, given, bits, &err);
    if (json_object_size(body) == 1 && given == json_object_get(body, "ids")) {
        if (!throng_i_call_ids(call, &ids))
            return false;
        status = by_ids(self, &ids, given, bits, &err);
    }
    if (status != THRONG_OK)
        throng_i_reply_fail(call->reply, 400, "body", "%s", err.message);
    return status == THRONG_OK;
}

static bool select_body(throng_i_call *call, const throng_i_selection *self, uint8_t *bits) {
    const throng_i_request *request = call->request;
    throng_error err = {0};
    const char *type = request->content_type ? request->content_type : "";
    size_t length = strcspn(type, "; ");
    if (length == strlen("application/octet-stream") && strncmp(type, "application/octet-stream", length) == 0) {
        if (by_numbers(self, request->body, request->body_bytes, bits, &err) == THRONG_OK)
            return true;
        throng_i_reply_fail(call->reply, 400, "body", "%s", err.message);
        return false;
    }
    if (length != strlen("application/json") || strncmp(type, "application/json", length) != 0) {
        throng_i_reply_fail(call->reply, 415, "body", "The body must be application/json or application/octet-stream.");
        return false;
    }
    json_t *body =
        json_loadb(request->body_bytes ? request->body : "", request->body_bytes, JSON_REJECT_DUPLICATES, NULL);
    bool done = select_json(call, self, body, bits);
    json_decref(body);
    return done;
}

/* ---- the expression -------------------------------------------------------------------------------------------- */

/* What conditions see of a column: its rows from..to-1. */
static throng_column_view part_of(const throng_column_view *column, int64_t from, int64_t to) {
    throng_column_view part = *column;
    part.data = (const char *)column->data + (size_t)from * throng_type_size(column->type);
    part.n_rows = to - from;
    return part;
}

static bool select_where(throng_i_call *call, const throng_i_selection *self, const char *where, uint8_t *bits) {
    throng_error err = {0};
    throng_i_condition condition = {0};
    throng_column_view columns[THRONG_I_CONDITION_COLUMNS];
    const throng_i_condition_limits limits = {.seconds = THRONG_I_QUERY_SECONDS,
                                              .stop = &call->explorer->events.stopping,
                                              .megabytes = CONDITION_MEGABYTES,
                                              .threads = throng_context_threads(call->explorer->context)};
    bool done = throng_i_condition_parse(self->context, where, &condition, &err) == THRONG_OK;
    if (!done)
        throng_i_reply_error(call->reply, &err);
    for (int i = 0; i < condition.n_columns && done; i++) {
        done = throng_i_call_column(call, condition.columns[i], &columns[i]);
        if (done)
            columns[i] = part_of(&columns[i], self->from, self->to);
        else
            call->reply->status = 400;
    }
    if (done) {
        done = throng_i_condition_rows(&condition, columns, self->to - self->from, &limits, bits, &err) == THRONG_OK;
        if (!done)
            throng_i_reply_error(call->reply, &err);
    }
    throng_i_condition_clear(&condition);
    return done;
}

/* ---- all conditions -------------------------------------------------------------------------------------------- */

static void select_all(throng_i_selection *self) {
    int64_t n = self->to - self->from;
    memset(self->bits, 0xFF, (size_t)(n + 7) / 8);
    if (n % 8 > 0)
        self->bits[n / 8] = (uint8_t)((1 << n % 8) - 1);
}

static bool select_within(throng_i_call *call, const throng_i_selection *self, uint8_t *bits) {
    throng_i_selection *outer = throng_i_call_selection(call, "within");
    for (int64_t row = self->from; outer && row < self->to; row++)
        if (throng_i_is_selected(outer, row))
            bits[(row - self->from) >> 3] |= (uint8_t)(1 << ((row - self->from) & 7));
    throng_i_selection_free(outer);
    return outer;
}

/* Fills the selection; false: the reply says what is wrong. */
static bool fill(throng_i_call *call, throng_i_selection *self) {
    const char *where = throng_i_request_argument(call->request, "where");
    const size_t bytes = (size_t)(self->to - self->from + 7) / 8;
    uint8_t *bits = NULL;
    bool done = throng_i_alloc(self->context, (int64_t)bytes, 1, &bits, NULL) == THRONG_OK;
    if (!done)
        throng_i_reply_fail(call->reply, 503, "busy", "Out of memory for a selection.");
    select_all(self);
    if (done && where) {
        done = select_where(call, self, where, bits);
        keep(self, bits);
    }
    if (done && throng_i_request_argument(call->request, "within")) {
        memset(bits, 0, bytes);
        done = select_within(call, self, bits);
        keep(self, bits);
    }
    if (done && strcmp(call->request->method, "POST") == 0) {
        memset(bits, 0, bytes);
        done = select_body(call, self, bits);
        keep(self, bits);
    }
    throng_i_free(self->context, bits);
    return done;
}

/* The same description has the same name. */
static void name_selection(const throng_i_call *call, char out[THRONG_I_SELECTION_NAME]) {
    static const char *const arguments[] = {"where", "within"};
    const throng_i_request *request = call->request;
    XXH64_hash_t hash = XXH3_64bits_withSeed(request->body_bytes ? request->body : "", request->body_bytes, 1);
    char text[100];
    snprintf(text, sizeof text, "%d %s %lld %lld %.20s", call->run->index, call->table->name, (long long)call->from,
             (long long)call->to, request->method);
    hash = XXH3_64bits_withSeed(text, strlen(text), hash);
    for (int i = 0; i < 2; i++) {
        const char *value = throng_i_request_argument(request, arguments[i]);
        hash = XXH3_64bits_withSeed(value ? value : "", value ? strlen(value) + 1 : 0, hash);
    }
    snprintf(out, THRONG_I_SELECTION_NAME, "%016llx", (unsigned long long)hash);
}

static throng_i_selection *make(throng_i_call *call) {
    throng_error err = {0};
    throng_i_selection *selection = NULL;
    char name[THRONG_I_SELECTION_NAME];
    name_selection(call, name);
    throng_i_selection *kept = throng_i_selections_find(&call->explorer->selections, name);
    if (kept && kept->table == call->table)
        return kept;
    throng_i_selection_free(kept);
    if (throng_i_selection_create(call->explorer->context, call->table, call->from, call->to, &selection, &err) !=
        THRONG_OK) {
        throng_i_reply_error(call->reply, &err);
        return NULL;
    }
    memcpy(selection->name, name, sizeof name);
    if (fill(call, selection)) {
        throng_i_selections_keep(&call->explorer->selections, selection);
        return selection;
    }
    throng_i_selection_free(selection);
    return NULL;
}

void throng_i_handle_select(throng_i_call *call) {
    int64_t top = 20;
    double began = throng_i_seconds();
    if (!throng_i_call_table(call) || !throng_i_call_range(call))
        return;
    if (!throng_i_request_count(call->request, "top", 0, THRONG_I_TOP_MAX, &top)) {
        throng_i_reply_fail(call->reply, 400, "parameter", "top must be a whole number from 0 to %d.",
                            THRONG_I_TOP_MAX);
        return;
    }
    if (!throng_i_call_enter(call))
        return;
    throng_i_selection *selection = make(call);
    if (selection)
        throng_i_summarise(call, selection, (int)top, began);
    throng_i_selection_free(selection);
    throng_i_call_leave(call);
}
