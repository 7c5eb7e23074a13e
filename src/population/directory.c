/* Finding agents by their ids: see directory.h. */
#include "population/directory.h"

#include <stdio.h>
#include <string.h>

/* ---- agents by their id ---------------------------------------------------------------------------------------- */

/* FNV-1a, mixed. */
static uint64_t hash_word(const char *word) {
    uint64_t hash = UINT64_C(14695981039346656037);
    for (const char *c = word; *c; c++)
        hash = (hash ^ (unsigned char)*c) * UINT64_C(1099511628211);
    return throng_i_hash_id(hash);
}

/* Ids that leave few gaps, as in 0, 1, 2, ...: the slot of an id is how far it is from the smallest. */
static throng_status list_agents(throng_i_directory *self, const throng_i_keys *ids, throng_error *err) {
    int64_t low = ids->n > 0 ? ids->values[0] : 0, high = low;
    for (int64_t i = 1; i < ids->n; i++) {
        low = ids->values[i] < low ? ids->values[i] : low;
        high = ids->values[i] > high ? ids->values[i] : high;
    }
    uint64_t span = (uint64_t)high - (uint64_t)low;
    if (ids->n == 0 || span >= 4 * (uint64_t)ids->n)
        return THRONG_OK;
    throng_status status = throng_i_resize(self->context, &self->slots, (int64_t)span + 1, sizeof *self->slots, err);
    if (status != THRONG_OK)
        return status;
    memset(self->slots, 0xff, (size_t)(span + 1) * sizeof *self->slots);
    for (int64_t i = 0; i < ids->n; i++)
        self->slots[(uint64_t)ids->values[i] - (uint64_t)low] = (int32_t)i;
    self->listed = span + 1;
    self->low = low;
    return THRONG_OK;
}

throng_status throng_i_directory_init(throng_context *context, const throng_i_keys *ids, throng_i_directory *out,
                                      throng_error *err) {
    throng_i_directory self = {.context = context, .ids = ids, .mask = 1};
    if (!ids->values && !ids->words) {
        *out = self;
        return THRONG_OK;
    }
    throng_status status = ids->values ? list_agents(&self, ids, err) : THRONG_OK;
    if (status != THRONG_OK || self.slots) {
        *out = self;
        return status;
    }
    while (self.mask < 2 * (uint64_t)ids->n)
        self.mask *= 2;
    status = throng_i_resize(context, &self.slots, (int64_t)self.mask, sizeof *self.slots, err);
    if (status != THRONG_OK)
        return status;
    memset(self.slots, 0xff, (size_t)self.mask * sizeof *self.slots);
    self.mask--;
    for (int64_t i = 0; i < ids->n; i++) {
        uint64_t at = (ids->words ? hash_word(ids->words[i]) : throng_i_hash_id((uint64_t)ids->values[i])) & self.mask;
        while (self.slots[at] >= 0)
            at = (at + 1) & self.mask;
        self.slots[at] = (int32_t)i;
    }
    *out = self;
    return THRONG_OK;
}

void throng_i_directory_clear(throng_i_directory *self) {
    throng_i_free(self->context, self->slots);
    self->slots = NULL;
}

static throng_agent find_whole(const throng_i_directory *self, int64_t id) {
    if (!self->slots)
        return id >= 1 && id <= self->ids->n ? (throng_agent)(id - 1) : -1;
    if (self->listed > 0) {
        uint64_t far = (uint64_t)id - (uint64_t)self->low;
        return far < self->listed ? self->slots[far] : -1;
    }
    uint64_t at = throng_i_hash_id((uint64_t)id) & self->mask;
    while (self->slots[at] >= 0 && self->ids->values[self->slots[at]] != id)
        at = (at + 1) & self->mask;
    return self->slots[at];
}

static throng_agent find_word(const throng_i_directory *self, const char *word) {
    uint64_t at = hash_word(word) & self->mask;
    while (self->slots[at] >= 0 && strcmp(self->ids->words[self->slots[at]], word) != 0)
        at = (at + 1) & self->mask;
    return self->slots[at];
}

/* ---- a column of ids ------------------------------------------------------------------------------------------- */

typedef struct match_job {
    const throng_i_directory *agents;
    const throng_column_view *column;
    const throng_agent *of_word; /* TEXT: the agent of every word */
    throng_agent *out;           /* [rows] -1: unknown */
} match_job;

#define BLOCK 512

static void match_chunk(void *user, throng_chunk chunk) {
    const match_job *job = user;
    if (job->of_word) {
        const int32_t *codes = job->column->data;
        for (int64_t i = chunk.begin; i < chunk.end; i++)
            job->out[i] = job->of_word[codes[i]];
        return;
    }
    for (int64_t at = chunk.begin; at < chunk.end; at += BLOCK) {
        int64_t scratch[BLOCK], n = at + BLOCK < chunk.end ? BLOCK : chunk.end - at;
        const int64_t *ids = throng_i_column_whole(job->column, at, n, scratch);
        for (int64_t i = 0; i < n; i++)
            job->out[at + i] = find_whole(job->agents, ids[i]);
    }
}

throng_status throng_i_directory_match(const throng_i_directory *agents, const throng_column_view *column,
                                       const throng_i_directory_use *use, throng_agent **out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_context *context = agents->context;
    throng_agent *of_word = NULL, *found = NULL;
    bool text = column->type == THRONG_TYPE_TEXT, words = agents->ids->words;
    const throng_progress progress = {use->stage, use->unit, 0, 0};
    THRONG_REQUIRE(text || column->type == THRONG_TYPE_INT64 || column->type == THRONG_TYPE_INT32 ||
                       column->type == THRONG_TYPE_UINT8,
                   E_COLUMN, "Column \"%s\" is of type %s, but %s: whole numbers or text.", column->name,
                   throng_type_name(column->type), use->purpose);
    THRONG_REQUIRE(text == words || column->n_rows == 0, E_COLUMN, /* without rows a type is a guess */
                   "Column \"%s\" of the %s holds %s, but the agents' ids are %s: they cannot be the same.",
                   column->name, use->table, text ? "text" : "whole numbers", words ? "text" : "whole numbers");
    if (text && words) {
        THRONG_TRY(throng_i_resize(context, &of_word, column->n_words, sizeof *of_word, err));
        for (int64_t i = 0; i < column->n_words; i++)
            of_word[i] = find_word(agents, column->words[i]);
    }
    THRONG_TRY(throng_i_resize(context, &found, column->n_rows, sizeof *found, err));
    match_job job = {agents, column, of_word, found};
    THRONG_TRY(throng_chunks_for(context, column->n_rows, match_chunk, &job, &progress, err));
    *out = found;
    found = NULL;
out:
    throng_i_free(context, of_word);
    throng_i_free(context, found);
    return status;
}

void throng_i_directory_cell(const throng_column_view *column, int64_t row, char *out, size_t size) {
    int64_t scratch[1];
    if (column->type == THRONG_TYPE_TEXT)
        snprintf(out, size, "\"%.60s\"", column->words[((const int32_t *)column->data)[row]]);
    else
        snprintf(out, size, "%lld", (long long)*throng_i_column_whole(column, row, 1, scratch));
}
