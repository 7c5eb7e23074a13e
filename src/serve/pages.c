/* Handlers that show rows as they are: pages of a table, ids that begin so, all about one agent. */
#define _POSIX_C_SOURCE 200809L
#include "report/json.h"
#include "serve/explorer.h"
#include "serve/summary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SORTED_MAX      100000
#define COLUMNS_MAX     64
#define AGENT_ROWS_MAX  10000
#define SEARCH_MAX      1000
#define COLUMN_NAME_MAX 200

/* ---- columns --------------------------------------------------------------------------------------------------- */

typedef struct shown {
    throng_column_view columns[COLUMNS_MAX];
    const char *names[COLUMNS_MAX];
    int n;
} shown;

/* The next name of a list; a doubled comma is one of the name. NULL: there is none, or it is too long. */
static const char *next_name(const char *at, char out[COLUMN_NAME_MAX]) {
    size_t n = 0;
    for (; *at && n + 1 < COLUMN_NAME_MAX; at++) {
        if (*at == ',' && at[1] != ',')
            break;
        at += *at == ',';
        out[n++] = *at;
    }
    out[n] = '\0';
    return n + 1 < COLUMN_NAME_MAX ? at + (*at == ',') : NULL;
}

static bool add_shown(throng_i_call *call, shown *self, const char *name) {
    if (self->n == COLUMNS_MAX) {
        throng_i_reply_fail(call->reply, 400, "parameter", "At most %d columns can be shown at once.", COLUMNS_MAX);
        return false;
    }
    if (!throng_i_call_column(call, name, &self->columns[self->n]))
        return false;
    const throng_i_parquet *file = &call->table->file;
    self->names[self->n++] = file->columns[throng_i_parquet_find(file, name, true)].name;
    return true;
}

/* The columns that are asked for, by default all. */
static bool choose_columns(throng_i_call *call, const char *names, shown *out) {
    char name[COLUMN_NAME_MAX];
    out->n = 0;
    for (int i = 0; !names && i < call->table->file.n_columns; i++)
        if (!add_shown(call, out, call->table->file.columns[i].name))
            return false;
    while (names && *names) {
        names = next_name(names, name);
        if (!names) {
            throng_i_reply_fail(call->reply, 404, "column", "There is no column of so long a name.");
            return false;
        }
        if (!add_shown(call, out, name))
            return false;
    }
    return true;
}

static json_t *pack_names(const shown *self) {
    json_t *names = json_pack("[s]", "row");
    for (int i = 0; i < self->n; i++)
        json_array_append_new(names, throng_i_json_string(self->names[i]));
    return names;
}

static json_t *pack_row(const shown *self, int64_t row) {
    json_t *out = json_pack("[I]", (json_int_t)row);
    for (int i = 0; i < self->n; i++)
        json_array_append_new(out, throng_i_cell(&self->columns[i], row));
    return out;
}

/* ---- pages ----------------------------------------------------------------------------------------------------- */

/* "-|phi|": which column, whether by magnitude, and in which direction. */
typedef struct order {
    throng_column_view column; /* data NULL: as rows come */
    bool descending, magnitude;
} order;

static bool read_order(throng_i_call *call, order *out) {
    const char *sort = throng_i_request_argument(call->request, "sort");
    char name[COLUMN_NAME_MAX];
    *out = (order){0};
    if (!sort)
        return true;
    /* A column may be called "-x". */
    out->descending = *sort == '-' && throng_i_parquet_find(&call->table->file, sort, false) < 0;
    sort += out->descending;
    size_t n = strlen(sort);
    out->magnitude = n > 2 && n < sizeof name && *sort == '|' && sort[n - 1] == '|';
    if (out->magnitude) {
        snprintf(name, sizeof name, "%.*s", (int)(n - 2), sort + 1);
        sort = name;
    }
    if (!throng_i_call_column(call, sort, &out->column))
        return false;
    if (out->column.type != THRONG_TYPE_TEXT)
        return true;
    throng_i_reply_fail(call->reply, 400, "parameter", "Rows can be sorted by numbers, dates and times only.");
    return false;
}

/* What is offered to the list of the best; missing values come last in either direction. */
static double rank_of(const order *self, int64_t row) {
    double value = throng_i_number(&self->column, row);
    value = self->magnitude ? fabs(value) : value;
    if (value != value)
        return -HUGE_VAL;
    return self->descending ? value : -value;
}

typedef struct page {
    const throng_i_selection *selection; /* NULL: all */
    int64_t from, to, offset, limit, total;
    shown columns;
    order order;
} page;

static bool is_on(const page *self, int64_t row) {
    return !self->selection || throng_i_is_selected(self->selection, row);
}

static void reply_page(throng_i_call *call, const page *self, json_t *rows) {
    throng_i_reply_json(call->reply,
                        json_pack("{s:I, s:I, s:o, s:o}", "total", (json_int_t)self->total, "offset",
                                  (json_int_t)self->offset, "columns", pack_names(&self->columns), "rows", rows));
}

/* All rows: nothing needs to be counted. */
static void show_range(throng_i_call *call, page *self) {
    json_t *rows = json_array();
    self->total = self->to - self->from;
    for (int64_t i = self->offset; i < self->total && i < self->offset + self->limit; i++)
        json_array_append_new(rows, pack_row(&self->columns, self->from + i));
    reply_page(call, self, rows);
}

static void show_in_order(throng_i_call *call, page *self) {
    json_t *rows = json_array();
    for (int64_t row = self->from; row < self->to; row++) {
        if (!is_on(self, row))
            continue;
        if (self->total >= self->offset && self->total < self->offset + self->limit)
            json_array_append_new(rows, pack_row(&self->columns, row));
        self->total++;
    }
    reply_page(call, self, rows);
}

static void show_sorted(throng_i_call *call, page *self) {
    throng_error err = {0};
    throng_i_best best;
    throng_context *context = call->explorer->context;
    if (throng_i_best_init(context, (int)(self->offset + self->limit), &best, &err) != THRONG_OK) {
        throng_i_reply_error(call->reply, &err);
        return;
    }
    for (int64_t row = self->from; row < self->to; row++)
        if (is_on(self, row)) {
            throng_i_best_offer(&best, row, rank_of(&self->order, row));
            self->total++;
        }
    throng_i_best_sort(&best);
    json_t *rows = json_array();
    for (int64_t i = self->offset; i < best.n; i++)
        json_array_append_new(rows, pack_row(&self->columns, best.rows[i]));
    throng_i_best_clear(context, &best);
    reply_page(call, self, rows);
}

void throng_i_handle_page(throng_i_call *call) {
    page self = {.limit = 100};
    const char *names = throng_i_request_argument(call->request, "columns");
    if (!throng_i_call_table(call) || !throng_i_call_range(call) || !choose_columns(call, names, &self.columns) ||
        !read_order(call, &self.order))
        return;
    int64_t most = self.order.column.data ? SORTED_MAX : INT64_MAX / 2;
    if (!throng_i_request_count(call->request, "limit", 0, THRONG_I_PAGE_ROWS, &self.limit) ||
        !throng_i_request_count(call->request, "offset", 0, most - self.limit, &self.offset)) {
        throng_i_reply_fail(call->reply, 400, "parameter",
                            "limit is at most %d, and offset + limit at most %d in a sorted table.", THRONG_I_PAGE_ROWS,
                            SORTED_MAX);
        return;
    }
    throng_i_selection *selection = throng_i_call_selection(call, "selection");
    if (!selection && throng_i_request_argument(call->request, "selection"))
        return;
    self.selection = selection;
    self.from = call->from;
    self.to = call->to;
    if (!selection && !self.order.column.data) {
        show_range(call, &self);
    } else if (throng_i_call_enter(call)) {
        if (self.order.column.data)
            show_sorted(call, &self);
        else
            show_in_order(call, &self);
        throng_i_call_leave(call);
    }
    throng_i_selection_free(selection);
}

/* ---- searching ------------------------------------------------------------------------------------------------- */

static void print_id(const throng_column_view *ids, int64_t row, char out[24]) {
    snprintf(out, 24, "%lld", (long long)((const int64_t *)ids->data)[row]);
}

/* Marks the words that begin so: 1, or 2 for the very word. */
static throng_status mark_words(throng_context *context, const throng_column_view *ids, const char *prefix,
                                uint8_t **out, throng_error *err) {
    size_t n = strlen(prefix);
    throng_status status = throng_i_alloc(context, ids->n_words, 1, out, err);
    for (int64_t i = 0; status == THRONG_OK && i < ids->n_words; i++)
        if (strncasecmp(ids->words[i], prefix, n) == 0)
            (*out)[i] = strcmp(ids->words[i], prefix) == 0 ? 2 : 1;
    return status;
}

typedef struct search {
    const throng_column_view *ids;
    const char *prefix;
    uint8_t *words; /* TEXT; each word is found once */
    json_t *found, *exact;
    int64_t limit;
    bool more;
} search;

static void add_found(search *self, int64_t row, bool is_exact) {
    json_t *entry = json_pack("{s:o, s:I}", "id", throng_i_cell(self->ids, row), "row", (json_int_t)row);
    if (is_exact && !self->exact)
        self->exact = entry;
    else if ((int64_t)json_array_size(self->found) < self->limit)
        json_array_append_new(self->found, entry);
    else
        json_decref(entry);
}

/* Whole-number ids are looked at row by row, and one that comes again in a later frame is one. */
static void look_at_row(search *self, int64_t row) {
    char text[24];
    if (self->ids->type == THRONG_TYPE_TEXT) {
        uint8_t *word = &self->words[((const int32_t *)self->ids->data)[row]];
        if (*word)
            add_found(self, row, *word == 2);
        *word = 0;
        return;
    }
    print_id(self->ids, row, text);
    if (strncmp(text, self->prefix, strlen(self->prefix)) != 0)
        return;
    for (size_t i = 0; i < json_array_size(self->found); i++)
        if (json_integer_value(json_object_get(json_array_get(self->found, i), "id")) ==
            ((const int64_t *)self->ids->data)[row])
            return;
    bool is_exact = strcmp(text, self->prefix) == 0;
    if (!is_exact || !self->exact)
        add_found(self, row, is_exact);
}

static void run_search(throng_i_call *call, search *self) {
    for (int64_t row = call->from; row < call->to; row++) {
        bool full = (int64_t)json_array_size(self->found) >= self->limit;
        if (self->ids->type != THRONG_TYPE_TEXT && full && self->exact)
            break;
        look_at_row(self, row);
    }
    self->more = (int64_t)json_array_size(self->found) >= self->limit;
    if (self->exact) {
        json_array_insert_new(self->found, 0, self->exact);
        if ((int64_t)json_array_size(self->found) > self->limit)
            json_array_remove(self->found, json_array_size(self->found) - 1);
    }
    throng_i_reply_json(call->reply, json_pack("{s:o, s:b}", "ids", self->found, "more", self->more));
}

void throng_i_handle_search(throng_i_call *call) {
    throng_error err = {0};
    throng_column_view ids;
    search self = {.ids = &ids, .limit = 20, .prefix = throng_i_request_argument(call->request, "prefix")};
    if (!throng_i_call_table(call) || !throng_i_call_range(call) || !throng_i_call_ids(call, &ids))
        return;
    if (!self.prefix || !*self.prefix || !throng_i_request_count(call->request, "limit", 1, SEARCH_MAX, &self.limit)) {
        throng_i_reply_fail(call->reply, 400, "parameter", "prefix must not be empty, and limit be from 1 to %d.",
                            SEARCH_MAX);
        return;
    }
    if (!throng_i_call_enter(call))
        return;
    if (ids.type == THRONG_TYPE_TEXT &&
        mark_words(call->explorer->context, &ids, self.prefix, &self.words, &err) != THRONG_OK) {
        throng_i_reply_error(call->reply, &err);
    } else {
        self.found = json_array();
        run_search(call, &self);
    }
    throng_i_free(call->explorer->context, self.words);
    throng_i_call_leave(call);
}

/* ---- one agent ------------------------------------------------------------------------------------------------- */

/* The code of a word, or the number that the text is; false: nobody has this id. */
static bool find_key(const throng_column_view *ids, const char *id, int64_t *key) {
    char text[24];
    if (ids->type != THRONG_TYPE_TEXT) {
        *key = strtoll(id, NULL, 10);
        snprintf(text, sizeof text, "%lld", (long long)*key);
        return ids->type == THRONG_TYPE_INT64 && strcmp(text, id) == 0;
    }
    for (int64_t i = 0; i < ids->n_words; i++)
        if (strcmp(ids->words[i], id) == 0) {
            *key = i;
            return true;
        }
    return false;
}

/* The rows of the agent in the table; NULL: there are none, or the reply says what is wrong. */
static json_t *rows_of_agent(throng_i_call *call, const char *id, shown *columns) {
    throng_column_view ids;
    int64_t key = 0;
    if (!throng_i_call_part(call, THRONG_I_PART_ID, &ids) || !find_key(&ids, id, &key) ||
        !choose_columns(call, NULL, columns))
        return NULL;
    json_t *rows = json_array();
    for (int64_t row = 0; row < ids.n_rows && json_array_size(rows) < AGENT_ROWS_MAX; row++) {
        int64_t here =
            ids.type == THRONG_TYPE_TEXT ? ((const int32_t *)ids.data)[row] : ((const int64_t *)ids.data)[row];
        if (here == key)
            json_array_append_new(rows, pack_row(columns, row));
    }
    if (json_array_size(rows) > 0)
        return rows;
    json_decref(rows);
    return NULL;
}

void throng_i_handle_agent(throng_i_call *call) {
    const char *id = throng_i_request_argument(call->request, "id");
    if (!id || !throng_i_call_enter(call)) {
        if (!id)
            throng_i_reply_fail(call->reply, 400, "parameter", "Which agent? id=ID is missing.");
        return;
    }
    json_t *tables = json_array();
    for (int i = 0; i < call->run->n_tables; i++) { /* if one cannot be read, the others can */
        shown columns;
        call->table = &call->run->tables[i];
        json_t *rows = rows_of_agent(call, id, &columns);
        if (rows)
            json_array_append_new(tables, json_pack("{s:s, s:o, s:o}", "table", call->table->name, "columns",
                                                    pack_names(&columns), "rows", rows));
    }
    throng_i_call_leave(call);
    if (json_array_size(tables) > 0) {
        throng_i_reply_json(call->reply, json_pack("{s:o, s:o}", "id", throng_i_json_string(id), "tables", tables));
        return;
    }
    json_decref(tables);
    if (call->reply->status == 0)
        throng_i_reply_fail(call->reply, 404, "agent", "Nobody in this run has the id \"%.60s\".", id);
}
