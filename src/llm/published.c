/* Replay of a published table: prompts and answers, found by the prompt's text. A prompt's rows are its samples, in
 * their order. */
#include "llm/llm.h"
#include "throng/table.h"

#include <stdio.h>
#include <string.h>
#include <xxhash.h>

enum {
    PROMPT,
    ANSWER,
    SYSTEM,
    MODEL,
    COLUMNS
};

static const char *const names[COLUMNS] = {"prompt", "answer", "system", "model"};

typedef struct published {
    throng_llm head;
    char *path;
    throng_table *table;
    throng_column_view columns[COLUMNS]; /* n_words 0: there is no such column */
    throng_i_llm_index index;            /* (system, prompt, sample) -> row, as offset */
    int64_t hits;
} published;

/* ---- reading --------------------------------------------------------------------------------------------------- */

static const char *word_at(const published *self, int column, int64_t row) {
    const throng_column_view *view = &self->columns[column];
    return view->words ? view->words[((const int32_t *)view->data)[row]] : NULL;
}

static throng_i_llm_key key_of(const char *system, const char *prompt, int64_t sample) {
    XXH128_hash_t hash = XXH3_128bits(prompt, strlen(prompt));
    uint64_t own = system ? XXH3_64bits(system, strlen(system)) : 0;
    return (throng_i_llm_key){.high = hash.high64 ^ own, .low = hash.low64, .sample = sample};
}

/* Reads the columns, with those of `optional` that the table has: which they are is found out by asking. */
static throng_status read_columns(published *self, throng_error *err) {
    throng_column_request requests[COLUMNS] = {{names[PROMPT], THRONG_ROLE_LABEL}, {names[ANSWER], THRONG_ROLE_LABEL}};
    int place[COLUMNS] = {PROMPT, ANSWER}, n = 2;
    const char *path = self->path;
    throng_status status = THRONG_OK;
    for (int c = SYSTEM; c < COLUMNS; c++) {
        throng_table *one = NULL;
        throng_column_request request = {names[c], THRONG_ROLE_LABEL};
        status = throng_table_read(self->head.context, &path, 1, &request, 1, NULL, &one, err);
        throng_table_free(one);
        if (status == THRONG_OK) {
            place[n] = c;
            requests[n++] = request;
        } else if (status != THRONG_E_COLUMN) {
            goto out;
        }
    }
    THRONG_TRY(throng_table_read(self->head.context, &path, 1, requests, n, NULL, &self->table, err));
    for (int i = 0; i < n; i++) {
        throng_column_view view = throng_table_column(self->table, i);
        THRONG_REQUIRE(view.type == THRONG_TYPE_TEXT || throng_table_rows(self->table) == 0, E_FORMAT,
                       "%s: the column %s must hold text.", self->path, names[place[i]]);
        self->columns[place[i]] = view;
    }
out:
    return status;
}

static throng_status index_rows(published *self, throng_error *err) {
    throng_status status = THRONG_OK;
    for (int64_t row = 0; row < throng_table_rows(self->table); row++) {
        const char *model = word_at(self, MODEL, row), *system = word_at(self, SYSTEM, row);
        if (model && strcmp(model, self->head.model) != 0)
            continue;
        throng_i_llm_key key = key_of(system, word_at(self, PROMPT, row), 0);
        const struct throng_i_llm_place *first = throng_i_llm_index_find(&self->index, key);
        int64_t sample = first ? first->length : 0; /* the first row's length counts the prompt's rows */
        THRONG_TRY(throng_i_llm_index_put(&self->index, key, first ? first->offset : row, sample + 1, err));
        key.sample = sample;
        if (sample > 0)
            THRONG_TRY(throng_i_llm_index_put(&self->index, key, row, 1, err));
    }
    THRONG_REQUIRE(self->index.n > 0, E_FORMAT, "%s holds no answers of \"%s\".", self->path, self->head.model);
out:
    return status;
}

/* ---- answering ------------------------------------------------------------------------------------------------- */

static throng_status answer(published *self, const throng_llm_request *request, int64_t index, throng_llm_take take,
                            void *user, throng_error *err) {
    const char *prompt = request->bare ? request->bare : request->prompt;
    const char *system = self->columns[SYSTEM].words ? (request->system ? request->system : "(none)") : NULL;
    const struct throng_i_llm_place *place =
        throng_i_llm_index_find(&self->index, key_of(system, prompt, request->sample));
    if (!place)
        return THRONG_FAIL(err, E_CACHE_MISS,
                           "%s holds no answer of \"%s\" to request %lld, which begins \"%.60s\", sample %lld.",
                           self->path, self->head.model, (long long)index + 1, prompt, (long long)request->sample);
    const char *text = word_at(self, ANSWER, place->offset);
    throng_llm_answer given = {.text = text, .finish = "", .origin = THRONG_LLM_FROM_REPLAY};
    self->hits++;
    return take(user, index, &given, err);
}

static throng_status ask_published(throng_llm *head, const throng_llm_request *requests, int64_t n,
                                   throng_llm_take take, void *user, throng_error *err) {
    throng_status status = THRONG_OK;
    for (int64_t i = 0; status == THRONG_OK && i < n; i++)
        status = answer((published *)head, &requests[i], i, take, user, err);
    return status;
}

static void published_usage(const throng_llm *head, throng_llm_usage *add_to) {
    add_to->cache_hits += ((const published *)head)->hits;
}

static void clear_published(throng_llm *head) {
    published *self = (published *)head;
    throng_table_free(self->table);
    throng_i_free(head->context, self->index.slots);
    throng_i_free(head->context, self->path);
}

static const throng_i_llm_class published_class = {
    .ask = ask_published, .usage = published_usage, .clear = clear_published};

throng_status throng_llm_published_create(throng_context *context, const char *path, const char *model,
                                          throng_llm **out, throng_error *err) {
    published *self = NULL;
    throng_status status = THRONG_OK;
    THRONG_TRY(throng_i_llm_create(context, &published_class, sizeof *self, model, &self, err));
    self->index.context = context;
    THRONG_TRY(throng_i_copy_text(context, path, &self->path, err));
    THRONG_TRY(read_columns(self, err));
    THRONG_TRY(index_rows(self, err));
    *out = &self->head;
    self = NULL;
out:
    if (self)
        throng_i_llm_drop(&self->head);
    return status;
}
