/* Handlers that send columns, selections and what tables there are. Arrays are converted while they are sent: nothing
 * is copied, however many ask. */
#define _POSIX_C_SOURCE 200809L
#include "report/json.h"
#include "serve/explorer.h"

#include <math.h>
#include <string.h>

/* ---- tables ---------------------------------------------------------------------------------------------------- */

static json_t *pack_column(const throng_i_run_table *table, int index) {
    const throng_i_parquet_column *column = &table->file.columns[index];
    json_t *out =
        json_pack("{s:o, s:s}", "column", throng_i_json_string(column->name), "type", throng_type_name(column->type));
    const char *role = NULL;
    for (int part = 0; part < THRONG_I_PART_COUNT; part++)
        if (table->part[part] == index)
            role = throng_i_part_name((throng_i_part)part);
    json_object_set_new(out, "role", throng_i_json_string(role));
    if (column->type == THRONG_TYPE_FLOAT32 || column->type == THRONG_TYPE_FLOAT64 ||
        column->type == THRONG_TYPE_INT64) {
        json_object_set_new(out, "min", throng_i_json_real(column->min));
        json_object_set_new(out, "max", throng_i_json_real(column->max));
    }
    if (column->type == THRONG_TYPE_TEXT && column->table)
        json_object_set_new(out, "words", json_integer((json_int_t)throng_table_column(column->table, 0).n_words));
    return out;
}

/* "2025-01-01", null where there are no times. */
static json_t *pack_label(const throng_column_view *times, int64_t row) {
    json_t *cell = times->data ? throng_i_cell(times, row) : json_null();
    if (!json_is_integer(cell))
        return cell;
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)json_integer_value(cell));
    json_decref(cell);
    return json_string(text);
}

/* A table that turns out to be damaged is left out, with the reason among `problems`. */
static void pack_table(throng_i_call *call, throng_i_run_table *table, json_t *list, json_t *problems) {
    throng_error err = {0};
    const int64_t *begins = NULL;
    int64_t n = 0;
    throng_column_view times;
    call->table = table;
    if (throng_i_run_frames(table, &begins, &n, &err) != THRONG_OK) {
        json_array_append_new(problems, throng_i_json_string(err.message));
        return;
    }
    if (n < 2 || !throng_i_call_part(call, THRONG_I_PART_TIME, &times))
        throng_i_call_part(call, THRONG_I_PART_STEP, &times);
    json_t *columns = json_array(), *frames = json_array();
    pthread_mutex_lock(&table->lock); /* types and extremes change when a column is read */
    for (int i = 0; i < table->file.n_columns; i++)
        json_array_append_new(columns, pack_column(table, i));
    pthread_mutex_unlock(&table->lock);
    if (n == 1 && table->file.n_rows > 0)
        throng_i_call_part(call, THRONG_I_PART_TIME, &times);
    for (int64_t i = 0; i < n; i++)
        json_array_append_new(frames, json_pack("{s:o, s:I, s:I}", "label",
                                                begins[i] < begins[i + 1] ? pack_label(&times, begins[i]) : json_null(),
                                                "from", (json_int_t)begins[i], "to", (json_int_t)begins[i + 1]));
    json_array_append_new(list, json_pack("{s:s, s:I, s:o, s:o}", "table", table->name, "rows",
                                          (json_int_t)table->file.n_rows, "columns", columns, "frames", frames));
}

void throng_i_handle_tables(throng_i_call *call) {
    json_t *list = json_array(), *problems = json_array();
    for (int i = 0; i < call->run->n_tables; i++)
        pack_table(call, &call->run->tables[i], list, problems);
    throng_i_reply_json(call->reply, json_pack("{s:o, s:o}", "tables", list, "problems", problems));
}

/* ---- arrays ---------------------------------------------------------------------------------------------------- */

typedef enum source {
    SOURCE_COLUMN,
    SOURCE_NUMBER /* of the row */
} source;

typedef struct array {
    throng_context *context;
    throng_column_view column;
    source from_what;
    int64_t from, every;
    throng_type as;
    throng_i_selection *selection; /* NULL: all rows */
    int64_t offset;                /* selections: how many of their rows come before the first value */
    int64_t next_row, next_item;   /* selections: the row to go on with, for that item */
} array;

static double clamp(double value, double min, double max) {
    return value < min ? min : value > max ? max : value == value ? value : 0.0;
}

static void put_value(const array *self, int64_t row, char *out) {
    bool is_whole = self->from_what == SOURCE_NUMBER || self->column.type == THRONG_TYPE_INT64 ||
                    self->column.type == THRONG_TYPE_TIMESTAMP;
    int64_t whole = self->from_what == SOURCE_NUMBER ? row : 0;
    if (is_whole && self->from_what == SOURCE_COLUMN)
        whole = ((const int64_t *)self->column.data)[row];
    double value = is_whole ? (double)whole : throng_i_number(&self->column, row);
    switch (self->as) {
    case THRONG_TYPE_FLOAT32:
        memcpy(out, &(float){(float)value}, sizeof(float));
        break;
    case THRONG_TYPE_FLOAT64:
        memcpy(out, &value, sizeof value);
        break;
    case THRONG_TYPE_INT32:
        memcpy(out, &(int32_t){(int32_t)clamp(value, INT32_MIN, INT32_MAX)}, sizeof(int32_t));
        break;
    case THRONG_TYPE_UINT8:
        *out = (char)(unsigned char)clamp(value, 0.0, UINT8_MAX);
        break;
    default:
        if (!is_whole) /* the largest double below 2^63 */
            whole = (int64_t)clamp(value, (double)INT64_MIN, 9223372036854774784.0);
        memcpy(out, &whole, sizeof whole);
    }
}

/* The row of the i-th value. Values are asked for in order, so a selection is walked through once. */
static int64_t row_of(array *self, int64_t item) {
    if (!self->selection)
        return self->from + item * self->every;
    item += self->offset;
    if (item != self->next_item) {
        self->next_item = 0;
        self->next_row = self->selection->from;
    }
    for (;; self->next_row++) {
        if (!throng_i_is_selected(self->selection, self->next_row))
            continue;
        if (self->next_item++ == item)
            return self->next_row++;
    }
}

static int64_t read_array(void *user, uint64_t at, char *out, size_t size) {
    array *self = user;
    size_t width = throng_type_size(self->as);
    int64_t n = (int64_t)(size / width), first = (int64_t)(at / width);
    bool is_plain =
        self->from_what == SOURCE_COLUMN && self->as == self->column.type && !self->selection && self->every == 1;
    if (is_plain)
        memcpy(out, (const char *)self->column.data + (size_t)(self->from + first) * width, (size_t)n * width);
    for (int64_t i = 0; i < n && !is_plain; i++)
        put_value(self, row_of(self, first + i), out + (size_t)i * width);
    return n * (int64_t)width;
}

static void release_array(void *user) {
    array *self = user;
    throng_i_selection_free(self->selection);
    throng_i_free(self->context, self);
}

/* Sends n values; takes the selection over. */
static void send_array(throng_i_call *call, array what, int64_t n) {
    array *user = NULL;
    if (throng_i_alloc(call->explorer->context, 1, sizeof *user, &user, NULL) != THRONG_OK) {
        throng_i_selection_free(what.selection);
        throng_i_reply_fail(call->reply, 503, "busy", "Out of memory for the answer.");
        return;
    }
    *user = what;
    user->context = call->explorer->context;
    throng_i_reply_clear(call->reply);
    call->reply->status = 200;
    call->reply->type = "application/octet-stream";
    call->reply->read = read_array;
    call->reply->release = release_array;
    call->reply->user = user;
    call->reply->size = (uint64_t)n * throng_type_size(what.as);
    throng_i_reply_header(call->reply, "X-Throng-Type", "%s", throng_type_name(what.as));
    throng_i_reply_header(call->reply, "X-Throng-Rows", "%lld", (long long)n);
}

static int64_t count_selected(const throng_i_selection *self) {
    int64_t n = 0;
    for (int64_t i = 0; i < (self->to - self->from + 7) / 8; i++)
        n += __builtin_popcount(self->bits[i]);
    return n;
}

/* How the values are stored. Text, dates and times go as the numbers that they are kept as. */
static throng_type stored_as(throng_type type) {
    if (type == THRONG_TYPE_TEXT || type == THRONG_TYPE_DATE)
        return THRONG_TYPE_INT32;
    return type == THRONG_TYPE_TIMESTAMP ? THRONG_TYPE_INT64 : type;
}

static bool choose_type(throng_i_call *call, array *what) {
    static const throng_type types[] = {THRONG_TYPE_FLOAT32, THRONG_TYPE_FLOAT64, THRONG_TYPE_INT32, THRONG_TYPE_INT64,
                                        THRONG_TYPE_UINT8};
    const char *as = throng_i_request_argument(call->request, "as");
    what->column.type = stored_as(what->column.type);
    what->as = what->column.type;
    for (size_t i = 0; as && i < sizeof types / sizeof *types; i++)
        if (strcmp(as, throng_type_name(types[i])) == 0) {
            what->as = types[i];
            return true;
        }
    if (as)
        throng_i_reply_fail(call->reply, 400, "parameter", "as must be float32, float64, int32, int64 or uint8.");
    return !as;
}

/* The column that is asked for, or one that no file has. */
static bool find_source(throng_i_call *call, array *what) {
    const char *name = throng_i_request_argument(call->request, "column");
    const int32_t *agents = NULL;
    int64_t n = 0;
    throng_error err = {0};
    if (!name) {
        throng_i_reply_fail(call->reply, 400, "parameter", "Which column? column=NAME is missing.");
        return false;
    }
    if (throng_i_parquet_find(&call->table->file, name, false) < 0 && strcmp(name, "row") == 0) {
        what->from_what = SOURCE_NUMBER;
        what->column.type = call->table->file.n_rows <= INT32_MAX ? THRONG_TYPE_INT32 : THRONG_TYPE_INT64;
        return true;
    }
    if (throng_i_parquet_find(&call->table->file, name, false) >= 0 || strcmp(name, "agent") != 0)
        return throng_i_call_column(call, name, &what->column);
    if (throng_i_run_agents(call->table, &agents, &n, &err) != THRONG_OK) {
        throng_i_reply_fail(call->reply, 404, "column", "%s", err.message);
        return false;
    }
    what->column = (throng_column_view){.type = THRONG_TYPE_INT32, .data = agents};
    return true;
}

void throng_i_handle_column(throng_i_call *call) {
    array what = {.every = 1};
    if (!throng_i_call_table(call) || !throng_i_call_range(call) || !find_source(call, &what) ||
        !choose_type(call, &what))
        return;
    if (!throng_i_request_count(call->request, "every", 1, INT32_MAX, &what.every)) {
        throng_i_reply_fail(call->reply, 400, "parameter", "every must be a whole number from 1 on.");
        return;
    }
    what.from = call->from;
    what.selection = throng_i_call_selection(call, "selection");
    what.next_row = what.selection ? what.selection->from : 0;
    if (what.selection)
        send_array(call, what, count_selected(what.selection));
    else if (!throng_i_request_argument(call->request, "selection"))
        send_array(call, what, (call->to - call->from + what.every - 1) / what.every);
}

void throng_i_handle_words(throng_i_call *call) {
    const char *name = throng_i_request_argument(call->request, "column");
    throng_column_view column;
    if (!throng_i_call_table(call) || !throng_i_call_column(call, name ? name : "", &column))
        return;
    int64_t n = column.type == THRONG_TYPE_TEXT ? column.n_words : 0, from = 0;
    int64_t to = n < THRONG_I_WORDS_MAX ? n : THRONG_I_WORDS_MAX;
    if (column.type != THRONG_TYPE_TEXT || !throng_i_request_count(call->request, "from", 0, n, &from) ||
        !throng_i_request_count(call->request, "to", from, n, &to) || to - from > THRONG_I_WORDS_MAX) {
        throng_i_reply_fail(call->reply, 400, "parameter",
                            "words needs a column of text, and at most %d words from..to of its %lld.",
                            THRONG_I_WORDS_MAX, (long long)n);
        return;
    }
    json_t *words = json_array();
    for (int64_t i = from; i < to; i++)
        json_array_append_new(words, throng_i_json_string(column.words[i]));
    throng_i_reply_json(call->reply, json_pack("{s:o, s:I}", "words", words, "total", (json_int_t)n));
}

/* ---- selections ------------------------------------------------------------------------------------------------ */

typedef struct mask {
    throng_i_selection *selection;
    throng_context *context;
    int64_t from, to;
    bool is_bytes;
} mask;

static int64_t read_mask(void *user, uint64_t at, char *out, size_t size) {
    const mask *self = user;
    for (size_t i = 0; i < size; i++) {
        unsigned char bits = 0;
        int64_t row = self->from + (int64_t)(at + i) * (self->is_bytes ? 1 : 8);
        for (int k = 0; !self->is_bytes && k < 8 && row + k < self->to; k++)
            bits = (unsigned char)(bits | throng_i_is_selected(self->selection, row + k) << k);
        if (self->is_bytes)
            bits = throng_i_is_selected(self->selection, row) ? UINT8_MAX : 0;
        out[i] = (char)bits;
    }
    return (int64_t)size;
}

static void release_mask(void *user) {
    mask *self = user;
    throng_i_selection_free(self->selection);
    throng_i_free(self->context, self);
}

/* The table need not be said: it is the selection's. */
static throng_i_selection *named_selection(throng_i_call *call) {
    const char *name = throng_i_request_argument(call->request, "selection");
    throng_i_selection *found = name ? throng_i_selections_find(&call->explorer->selections, name) : NULL;
    for (int i = 0; found && i < call->run->n_tables; i++)
        if (found->table == &call->run->tables[i])
            call->table = &call->run->tables[i];
    if (found && call->table)
        return found;
    throng_i_selection_free(found);
    if (name)
        throng_i_reply_fail(call->reply, 410, "selection", "The server does not keep this selection any more.");
    else
        throng_i_reply_fail(call->reply, 400, "parameter", "Which selection? selection=NAME is missing.");
    return NULL;
}

void throng_i_handle_mask(throng_i_call *call) {
    const char *as = throng_i_request_argument(call->request, "as");
    mask *user = NULL;
    throng_i_selection *selection = named_selection(call);
    if (!selection)
        return;
    int64_t from = selection->from, to = selection->to, n = call->table->file.n_rows;
    bool valid = throng_i_request_count(call->request, "from", 0, n, &from) &&
                 throng_i_request_count(call->request, "to", from, n, &to) && from <= to &&
                 (!as || strcmp(as, "uint8") == 0);
    if (!valid || throng_i_alloc(call->explorer->context, 1, sizeof *user, &user, NULL) != THRONG_OK) {
        throng_i_selection_free(selection);
        throng_i_reply_fail(call->reply, 400, "parameter", "from and to must be rows of the table, and as uint8.");
        return;
    }
    *user = (mask){selection, call->explorer->context, from, to, as != NULL};
    call->reply->status = 200;
    call->reply->type = "application/octet-stream";
    call->reply->read = read_mask;
    call->reply->release = release_mask;
    call->reply->user = user;
    call->reply->size = (uint64_t)(as ? to - from : (to - from + 7) / 8);
    throng_i_reply_header(call->reply, "X-Throng-Rows", "%lld", (long long)(to - from));
}

void throng_i_handle_rows(throng_i_call *call) {
    throng_i_selection *selection = named_selection(call);
    if (!selection)
        return;
    int64_t n = count_selected(selection), offset = 0, limit = n;
    if (call->table->file.n_rows > INT32_MAX ||
        !throng_i_request_count(call->request, "offset", 0, INT64_MAX, &offset) ||
        !throng_i_request_count(call->request, "limit", 0, INT64_MAX, &limit)) {
        throng_i_selection_free(selection);
        throng_i_reply_fail(call->reply, 400, "parameter", "offset and limit must be whole numbers.");
        return;
    }
    offset = offset < n ? offset : n;
    limit = limit < n - offset ? limit : n - offset;
    array what = {.column = {.type = THRONG_TYPE_INT32},
                  .from_what = SOURCE_NUMBER,
                  .as = THRONG_TYPE_INT32,
                  .selection = selection,
                  .next_row = selection->from,
                  .every = 1,
                  .offset = offset};
    send_array(call, what, limit);
}
