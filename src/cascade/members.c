/* Rows become members: ids, items and agents are coded, times read, repeats left out. */
#include "cascade/cascade.h"
#include "population/directory.h"

#include <stdio.h>
#include <string.h>

#define NUMBER_LENGTH 24 /* of an int64 as text */

/* ---- columns of ids --------------------------------------------------------------------------------------------- */

static int32_t find_missing(const throng_i_keys *keys) {
    for (int64_t i = 0; i < keys->n; i++)
        if (keys->words ? !keys->words[i][0] : keys->values[i] == INT64_MIN)
            return (int32_t)i;
    return -1;
}

/* Codes a column if there is one of that name. */
static throng_status code_column(throng_cascades *self, const char *name, throng_i_coded *out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_column column = {.n_parts = 1};
    out->missing = -1;
    if (!name)
        return THRONG_OK;
    THRONG_TRY(throng_table_find(self->actions, name, &column.view, err));
    throng_type type = column.view.type;
    THRONG_REQUIRE(type == THRONG_TYPE_INT64 || type == THRONG_TYPE_INT32 || type == THRONG_TYPE_UINT8 ||
                       type == THRONG_TYPE_TEXT,
                   E_COLUMN, "Column \"%s\" is of type %s, but ids, agents and items are whole numbers or text.", name,
                   throng_type_name(type));
    THRONG_TRY(throng_i_column_code(self->context, &column, "indexing", &out->codes, &out->keys, err));
    out->missing = find_missing(&out->keys);
out:
    return status;
}

/* Numbers as people write them, so that they can be compared with text. */
static throng_status print_keys(throng_context *context, throng_i_coded *coded, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_keys *keys = &coded->keys;
    const char **words = NULL;
    THRONG_TRY(throng_i_alloc(context, keys->n * NUMBER_LENGTH, 1, &coded->text, err));
    THRONG_TRY(throng_i_resize(context, &words, keys->n, sizeof *words, err));
    for (int64_t i = 0; i < keys->n; i++) {
        words[i] = coded->text + i * NUMBER_LENGTH;
        if (i != coded->missing)
            snprintf(coded->text + i * NUMBER_LENGTH, NUMBER_LENGTH, "%lld", (long long)keys->values[i]);
    }
    throng_i_free(context, keys->memory);
    *keys = (throng_i_keys){keys->name, THRONG_TYPE_TEXT, keys->n, NULL, words, words};
out:
    return status;
}

/* Columns that name the same things: if one is text, all are. */
static throng_status make_alike(throng_context *context, throng_i_coded *const *list, int n, throng_error *err) {
    throng_status status = THRONG_OK;
    bool text = false;
    for (int i = 0; i < n; i++)
        text = text || list[i]->keys.words;
    for (int i = 0; i < n && text; i++)
        if (list[i]->codes && !list[i]->keys.words)
            THRONG_TRY(print_keys(context, list[i], err));
out:
    return status;
}

/* For every key of one column the code of the same key of another, -1 where there is none. */
static throng_status match_keys(throng_context *context, const throng_i_coded *from, const throng_i_keys *to,
                                int32_t **out, throng_error *err) {
    throng_status status = THRONG_OK;
    static const throng_i_directory_use use = {"matching ids", "ids", "actions", "ids are"};
    throng_i_directory directory = {.context = context};
    const throng_i_keys *keys = &from->keys;
    throng_column_view column = {keys->name, keys->type, keys->n, keys->values, keys->words ? keys->n : 0, keys->words};
    int32_t *rows = NULL, *found = NULL;
    if (keys->words) {
        THRONG_TRY(throng_i_resize(context, &rows, keys->n, sizeof *rows, err));
        for (int64_t i = 0; i < keys->n; i++)
            rows[i] = (int32_t)i;
        column.data = rows;
    }
    THRONG_TRY(throng_i_directory_init(context, to, &directory, err));
    THRONG_TRY(throng_i_directory_match(&directory, &column, &use, &found, err));
    if (from->missing >= 0)
        found[from->missing] = -1;
    *out = found;
out:
    throng_i_directory_clear(&directory);
    throng_i_free(context, rows);
    return status;
}

/* ---- agents ----------------------------------------------------------------------------------------------------- */

/* Authors who do not act are agents, too: behind those who do. */
static throng_status find_agents(throng_cascades *self, throng_i_links *links, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_context *context = self->context;
    const throng_i_keys *acting = &self->agent.keys, *authors = &self->author.keys;
    void *memory = NULL;
    bool text = acting->words;
    int64_t n = acting->n;
    THRONG_REQUIRE(self->agent.missing < 0, E_MISSING_VALUE, "Column \"%s\" does not name the agent of every action.",
                   self->def.agent);
    if (self->author.codes)
        THRONG_TRY(match_keys(context, &self->author, acting, &links->agent_of_author, err));
    THRONG_TRY(throng_i_resize(context, &memory, n + authors->n, text ? sizeof(char *) : sizeof(int64_t), err));
    self->agents = (throng_i_keys){.name = acting->name, .type = acting->type, .memory = memory};
    const char **words = memory;
    int64_t *values = memory;
    if (n > 0)
        memcpy(memory, text ? (const void *)acting->words : acting->values,
               (size_t)n * (text ? sizeof(char *) : sizeof(int64_t)));
    for (int64_t i = 0; i < authors->n; i++) {
        if (links->agent_of_author[i] >= 0 || i == self->author.missing)
            continue;
        links->agent_of_author[i] = (throng_agent)n;
        if (text)
            words[n++] = authors->words[i];
        else
            values[n++] = authors->values[i];
    }
    self->agents.words = text ? words : NULL;
    self->agents.values = text ? NULL : values;
    self->n_agents = self->agents.n = n;
out:
    return status;
}

/* ---- times ------------------------------------------------------------------------------------------------------ */

#define BLOCK 512

static throng_status read_times(const throng_cascades *self, int64_t **out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_column_view column;
    int64_t *when = NULL;
    if (!self->def.time)
        return THRONG_OK;
    THRONG_TRY(throng_table_find(self->actions, self->def.time, &column, err));
    throng_type type = column.type;
    THRONG_REQUIRE(type != THRONG_TYPE_TEXT && type != THRONG_TYPE_FLOAT64 && type != THRONG_TYPE_FLOAT32, E_COLUMN,
                   "Column \"%s\" is of type %s, but times are whole numbers, dates or timestamps.", column.name,
                   throng_type_name(type));
    int64_t missing = type == THRONG_TYPE_DATE ? INT32_MIN : INT64_MIN;
    THRONG_TRY(throng_i_resize(self->context, &when, self->n_rows, sizeof *when, err));
    for (int64_t at = 0; at < self->n_rows; at += BLOCK) {
        int64_t scratch[BLOCK], n = at + BLOCK < self->n_rows ? BLOCK : self->n_rows - at;
        const int64_t *block = throng_i_column_whole(&column, at, n, scratch);
        for (int64_t i = 0; i < n; i++)
            when[at + i] = block[i] == missing ? THRONG_I_UNTIMED : block[i];
    }
    *out = when;
out:
    return status;
}

/* ---- who is a member -------------------------------------------------------------------------------------------- */

/* What tells actions apart: the id, or item and agent; what has neither is an action of its own. */
static throng_status tell_apart(throng_cascades *self, int32_t **codes, int64_t *n, throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_i_coded *id = &self->id, *item = &self->item;
    throng_i_column column = {.view = {.name = "actions", .type = THRONG_TYPE_INT64, .n_rows = self->n_rows},
                              .n_parts = 1};
    throng_i_keys keys = {0};
    int64_t *key = NULL;
    THRONG_TRY(throng_i_resize(self->context, &key, self->n_rows, sizeof *key, err));
    for (int64_t row = 0; row < self->n_rows; row++) {
        if (id->codes)
            key[row] = id->codes[row] == id->missing ? -1 - row : id->codes[row];
        else if (item->codes && item->codes[row] != item->missing)
            key[row] = item->codes[row] * self->agent.keys.n + self->agent.codes[row];
        else
            key[row] = -1 - row;
    }
    column.view.data = column.memory = key;
    key = NULL;
    THRONG_TRY(throng_i_column_code(self->context, &column, "indexing", codes, &keys, err));
    *n = keys.n;
out:
    throng_i_free(self->context, keys.memory);
    throng_i_free(self->context, column.memory);
    throng_i_free(self->context, key);
    return status;
}

/* Of several rows of one action the earliest counts. */
static throng_status choose_rows(throng_cascades *self, throng_i_links *links, const int32_t *member_of,
                                 const int64_t *when, throng_error *err) {
    throng_status status = THRONG_OK;
    THRONG_TRY(throng_i_resize(self->context, &links->first_row, self->n_members, sizeof *links->first_row, err));
    memset(links->first_row, 0xff, (size_t)self->n_members * sizeof *links->first_row);
    for (int64_t row = 0; row < self->n_rows; row++) {
        int32_t *first = &links->first_row[member_of[row]];
        if (*first < 0 || (when && when[row] < when[*first]))
            *first = (int32_t)row;
    }
out:
    return status;
}

static throng_status fill_members(throng_cascades *self, const throng_i_links *links, const int64_t *when,
                                  throng_error *err) {
    throng_status status = THRONG_OK;
    throng_context *context = self->context;
    const throng_i_coded *naming = self->id.codes ? &self->id : &self->item;
    int64_t n = self->n_members;
    bool text = naming->keys.words;
    void *memory = NULL;
    THRONG_TRY(throng_i_resize(context, &self->row, n, sizeof *self->row, err));
    THRONG_TRY(throng_i_resize(context, &self->agent_of, n, sizeof *self->agent_of, err));
    THRONG_TRY(throng_i_resize(context, &self->parent, n, sizeof *self->parent, err));
    THRONG_TRY(throng_i_alloc(context, n, sizeof *self->link, &self->link, err));
    if (when)
        THRONG_TRY(throng_i_resize(context, &self->when, n, sizeof *self->when, err));
    if (naming->codes) {
        THRONG_TRY(throng_i_resize(context, &memory, n, text ? sizeof(char *) : sizeof(int64_t), err));
        self->names = (throng_i_keys){naming->keys.name,    naming->keys.type,    n,
                                      text ? NULL : memory, text ? memory : NULL, memory};
    }
    for (int64_t m = 0; m < n; m++) {
        int32_t row = links->first_row[m];
        self->row[m] = row;
        self->agent_of[m] = self->agent.codes[row];
        self->parent[m] = -1;
        if (when)
            self->when[m] = when[row];
        self->counts.untimed += when && when[row] == THRONG_I_UNTIMED;
        if (memory && text)
            ((const char **)memory)[m] = naming->keys.words[naming->codes[row]];
        else if (memory)
            ((int64_t *)memory)[m] = naming->keys.values[naming->codes[row]];
    }
out:
    return status;
}

/* ---- who is meant ----------------------------------------------------------------------------------------------- */

static void turn_to_members(int32_t *codes, int64_t n, const int32_t *member_of_id) {
    for (int64_t i = 0; i < n; i++)
        codes[i] = codes[i] < 0 ? -1 : member_of_id[codes[i]];
}

/* The members that parents and items name, if actions have ids. */
static throng_status find_named(throng_cascades *self, throng_i_links *links, const int32_t *member_of,
                                throng_error *err) {
    throng_status status = THRONG_OK;
    throng_context *context = self->context;
    int32_t *member_of_id = NULL;
    if (!self->id.codes)
        return THRONG_OK;
    THRONG_TRY(throng_i_resize(context, &member_of_id, self->id.keys.n, sizeof *member_of_id, err));
    for (int64_t row = 0; row < self->n_rows; row++)
        member_of_id[self->id.codes[row]] = self->id.codes[row] == self->id.missing ? -1 : member_of[row];
    if (self->parent_id.codes) {
        THRONG_TRY(match_keys(context, &self->parent_id, &self->id.keys, &links->member_of_parent, err));
        turn_to_members(links->member_of_parent, self->parent_id.keys.n, member_of_id);
    }
    if (self->item.codes) {
        THRONG_TRY(match_keys(context, &self->item, &self->id.keys, &links->member_of_item, err));
        turn_to_members(links->member_of_item, self->item.keys.n, member_of_id);
    }
    if (self->parent_id.codes && self->item.codes)
        THRONG_TRY(match_keys(context, &self->parent_id, &self->item.keys, &links->item_of_parent, err));
out:
    throng_i_free(context, member_of_id);
    return status;
}

static throng_status find_kinds(const throng_cascades *self, throng_i_links *links, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_column_view column;
    if (!self->def.kind)
        return THRONG_OK;
    THRONG_TRY(throng_table_find(self->actions, self->def.kind, &column, err));
    THRONG_REQUIRE(column.type == THRONG_TYPE_TEXT, E_COLUMN, "Column \"%s\" is of type %s, but kinds are text.",
                   column.name, throng_type_name(column.type));
    THRONG_TRY(throng_i_alloc(self->context, column.n_words, 1, &links->may_spread, err));
    for (int64_t i = 0; i < column.n_words; i++)
        links->may_spread[i] = strcmp(column.words[i], "repost") == 0;
    links->kind = column.data;
out:
    return status;
}

/* ---- the step --------------------------------------------------------------------------------------------------- */

throng_status throng_i_cascade_members(throng_cascades *self, throng_i_links *links, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_context *context = self->context;
    throng_i_coded *const names[] = {&self->id, &self->parent_id, &self->item};
    throng_i_coded *const people[] = {&self->agent, &self->author};
    int32_t *apart = NULL; /* [n_rows] */
    int64_t *when = NULL;  /* [n_rows] */
    THRONG_TRY(code_column(self, self->def.agent, &self->agent, err));
    THRONG_TRY(code_column(self, self->def.id, &self->id, err));
    THRONG_TRY(code_column(self, self->def.parent, &self->parent_id, err));
    THRONG_TRY(code_column(self, self->def.item, &self->item, err));
    THRONG_TRY(code_column(self, self->def.author, &self->author, err));
    THRONG_TRY(make_alike(context, names, 3, err));
    THRONG_TRY(make_alike(context, people, 2, err));
    THRONG_TRY(find_agents(self, links, err));
    THRONG_TRY(find_kinds(self, links, err));
    THRONG_TRY(read_times(self, &when, err));
    self->n_members = self->id.keys.n;
    if (!self->id.codes || self->id.missing >= 0) /* else the codes of ids do */
        THRONG_TRY(tell_apart(self, &apart, &self->n_members, err));
    const int32_t *member_of = apart ? apart : self->id.codes;
    links->n_room = self->n_members;
    THRONG_TRY(choose_rows(self, links, member_of, when, err));
    THRONG_TRY(fill_members(self, links, when, err));
    THRONG_TRY(find_named(self, links, member_of, err));
    self->counts.rows = self->n_rows;
    self->counts.actions = self->n_members;
    self->counts.repeats = self->n_rows - self->n_members;
out:
    throng_i_free(context, apart);
    throng_i_free(context, when);
    return status;
}
