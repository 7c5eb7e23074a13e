/* Who is in a row: a column of ids (or of times) as small numbers, and what follows from it. */
#include "population/population.h"

#include <stdio.h>
#include <string.h>

#if defined(__GNUC__)
#define PREFETCH(address) __builtin_prefetch(address)
#else
#define PREFETCH(address) ((void)(address))
#endif

#define BATCH 256 /* rows that are looked up together, so that their cache misses overlap */

/* ---- whole numbers to codes ------------------------------------------------------------------------------------ */

/* A hash table of codes. The keys stand in the list that is wanted anyway, a slot costs 4 bytes, and growing builds the
 * table anew instead of copying it. It is 33 to 60 % full: up to 12 bytes a key, but never more than 6.7 a row. */
typedef struct key_map {
    throng_context *context;
    int64_t *keys; /* [keys_cap] the first n_keys are set */
    int64_t n_keys, keys_cap;
    int32_t *slots; /* [n_slots] a code, or -1 */
    int64_t n_slots;
    int64_t n_rows; /* there cannot be more keys */
} key_map;

static int64_t first_slot(const key_map *map, int64_t key) {
    return (int64_t)(((throng_i_hash_id((uint64_t)key) >> 32) * (uint64_t)map->n_slots) >> 32);
}

static int64_t least(int64_t a, int64_t b) {
    return a < b ? a : b;
}

/* Makes the table again, with n_slots slots. */
static throng_status rebuild(key_map *map, int64_t n_slots, throng_error *err) {
    throng_i_free(map->context, map->slots);
    map->slots = NULL;
    throng_status status = throng_i_resize(map->context, &map->slots, n_slots, sizeof *map->slots, err);
    if (status != THRONG_OK)
        return status;
    map->n_slots = n_slots;
    memset(map->slots, 0xff, (size_t)n_slots * sizeof *map->slots);
    int64_t place[BATCH];
    for (int64_t begin = 0; begin < map->n_keys; begin += BATCH) {
        int64_t n = least(BATCH, map->n_keys - begin);
        for (int64_t i = 0; i < n; i++) {
            place[i] = first_slot(map, map->keys[begin + i]);
            PREFETCH(&map->slots[place[i]]);
        }
        for (int64_t i = 0; i < n; i++) {
            int64_t slot = place[i];
            while (map->slots[slot] >= 0)
                slot = slot + 1 == n_slots ? 0 : slot + 1;
            map->slots[slot] = (int32_t)(begin + i);
        }
    }
    return THRONG_OK;
}

/* Makes room for BATCH more keys. */
static throng_status reserve(key_map *map, throng_error *err) {
    throng_status status = THRONG_OK;
    int64_t wanted = map->n_keys + BATCH;
    if (wanted > map->keys_cap) {
        map->keys_cap = least(wanted + map->n_keys / 4, map->n_rows + BATCH);
        status = throng_i_resize(map->context, &map->keys, map->keys_cap, sizeof *map->keys, err);
    }
    if (status == THRONG_OK && 5 * wanted > 3 * map->n_slots)
        status = rebuild(map, least(3 * wanted, (map->n_rows + BATCH) * 5 / 3 + 1), err);
    return status;
}

static int32_t find_or_add(key_map *map, int64_t slot, int64_t key) {
    for (;;) {
        int32_t code = map->slots[slot];
        if (code < 0) {
            code = (int32_t)map->n_keys++;
            map->keys[code] = key;
            map->slots[slot] = code;
            return code;
        }
        if (map->keys[code] == key)
            return code;
        slot = slot + 1 == map->n_slots ? 0 : slot + 1;
    }
}

/* Cost: two cache misses a row if there are many keys, of which a batch has many under way at a time. */
static void code_batch(key_map *map, const int64_t *keys, int64_t n, int32_t *codes) {
    int64_t place[BATCH];
    for (int64_t i = 0; i < n; i++) {
        place[i] = first_slot(map, keys[i]);
        PREFETCH(&map->slots[place[i]]);
    }
    for (int64_t i = 0; i < n; i++) {
        int32_t code = map->slots[place[i]];
        if (code >= 0)
            PREFETCH(&map->keys[code]);
    }
    for (int64_t i = 0; i < n; i++)
        codes[i] = find_or_add(map, place[i], keys[i]);
}

static throng_status code_whole(throng_context *context, const throng_column_view *column, char *codes,
                                const char *stage, key_map *map, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_progress progress = {.stage = stage, .unit = "rows", .done = 0, .total = column->n_rows};
    for (int64_t begin = 0; begin < column->n_rows; begin += BATCH) {
        int64_t n = least(BATCH, column->n_rows - begin), scratch[BATCH];
        int32_t batch[BATCH];
        progress.done = begin;
        if (begin % THRONG_CHUNK_ROWS == 0)
            THRONG_TRY(throng_i_progress(context, &progress, err));
        THRONG_TRY(reserve(map, err));
        THRONG_REQUIRE(map->n_keys <= INT32_MAX - BATCH, E_ARGUMENT,
                       "Column \"%s\" has more different values than throng can count, about 2.1 thousand million.",
                       column->name);
        code_batch(map, throng_i_column_whole(column, begin, n, scratch), n, batch);
        /* codes may be the column's own memory, of which this batch has been read. */
        memcpy(codes + (size_t)begin * sizeof *batch, batch, (size_t)n * sizeof *batch);
    }
out:
    return status;
}

/* ---- text to codes --------------------------------------------------------------------------------------------- */

/* The dictionary's codes become dense and ordered by first appearance, unless they are so already. */
static throng_status code_text(throng_context *context, const throng_column_view *column, int32_t *codes,
                               throng_i_keys *keys, throng_error *err) {
    throng_status status = THRONG_OK;
    const int32_t *from = column->data;
    int32_t *code_of = NULL, n = 0;
    const char **words = NULL;
    bool changed = false;
    THRONG_REQUIRE(column->n_words <= INT32_MAX, E_ARGUMENT,
                   "Column \"%s\" has more different values than throng can count, about 2.1 thousand million.",
                   column->name);
    THRONG_TRY(throng_i_resize(context, &code_of, column->n_words, sizeof *code_of, err));
    memset(code_of, 0xff, (size_t)column->n_words * sizeof *code_of);
    for (int64_t row = 0; row < column->n_rows; row++) {
        THRONG_REQUIRE(from[row] >= 0 && from[row] < column->n_words, E_COLUMN,
                       "Column \"%s\" has the code %d in row %lld, but %lld words.", column->name, from[row],
                       (long long)row + 1, (long long)column->n_words);
        int32_t *code = &code_of[from[row]];
        if (*code < 0) {
            *code = n++;
            changed = changed || *code != from[row];
        }
        codes[row] = *code;
    }
    keys->n = n;
    keys->words = column->words;
    if (changed) {
        THRONG_TRY(throng_i_resize(context, &words, n, sizeof *words, err));
        for (int64_t i = 0; i < column->n_words; i++)
            if (code_of[i] >= 0)
                words[code_of[i]] = column->words[i];
        keys->memory = words;
        keys->words = words;
    }
out:
    throng_i_free(context, code_of);
    return status;
}

/* ---- a column to codes ----------------------------------------------------------------------------------------- */

static throng_type key_type(throng_type type) {
    return type == THRONG_TYPE_DATE || type == THRONG_TYPE_TIMESTAMP || type == THRONG_TYPE_TEXT ? type
                                                                                                 : THRONG_TYPE_INT64;
}

throng_status throng_i_column_code(throng_context *context, throng_i_column *column, const char *stage, int32_t **codes,
                                   throng_i_keys *keys, throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_column_view *view = &column->view;
    throng_i_keys found = {.name = view->name, .type = key_type(view->type)};
    key_map map = {.context = context, .n_rows = view->n_rows};
    bool in_place = column->memory && column->n_parts == 1 && throng_type_size(view->type) >= sizeof(int32_t);
    void *memory = in_place ? column->memory : NULL;
    if (!in_place)
        THRONG_TRY(throng_i_resize(context, &memory, view->n_rows, sizeof(int32_t), err));
    if (view->type == THRONG_TYPE_TEXT) {
        THRONG_TRY(code_text(context, view, memory, &found, err));
    } else {
        THRONG_TRY(code_whole(context, view, memory, stage, &map, err));
        throng_i_free(context, map.slots);
        map.slots = NULL;
        THRONG_TRY(throng_i_resize(context, &map.keys, map.n_keys, sizeof *map.keys, err));
        found.n = map.n_keys;
        found.values = map.keys;
        found.memory = map.keys;
        map.keys = NULL;
    }
    if (in_place) {
        if (throng_type_size(view->type) > sizeof(int32_t))
            THRONG_TRY(throng_i_resize(context, &column->memory, view->n_rows, sizeof(int32_t), err));
        memory = column->memory;
        column->memory = NULL;
    }
    if (column->n_parts == 1)
        throng_i_column_drop_data(context, column);
    *keys = found;
    *codes = memory;
    return THRONG_OK;
out:
    throng_i_free(context, map.slots);
    throng_i_free(context, map.keys);
    throng_i_free(context, found.memory);
    if (!in_place)
        throng_i_free(context, memory);
    return status;
}

/* ---- agents ---------------------------------------------------------------------------------------------------- */

typedef struct rise {
    const throng_column_view *column;
    uint8_t *broken; /* one a chunk */
} rise;

static void check_rise(void *user, throng_chunk chunk) {
    const rise *task = user;
    int64_t begin = chunk.begin > 0 ? chunk.begin - 1 : 0, n = chunk.end - begin;
    int64_t scratch[THRONG_CHUNK_ROWS + 1];
    const int64_t *keys = throng_i_column_whole(task->column, begin, n, scratch);
    uint8_t broken = 0;
    for (int64_t i = 1; i < n; i++)
        broken |= keys[i - 1] >= keys[i];
    task->broken[chunk.index] = broken;
}

/* Whether every key is greater than the one before. */
static throng_status rises(throng_context *context, const throng_column_view *column, bool *out, throng_error *err) {
    int64_t n_chunks = throng_i_chunk_count(column->n_rows);
    rise task = {.column = column};
    throng_status status = throng_i_alloc(context, n_chunks, 1, &task.broken, err);
    if (status != THRONG_OK)
        return status;
    status = throng_chunks_for(context, column->n_rows, check_rise, &task, NULL, err);
    *out = memchr(task.broken, 1, (size_t)n_chunks) == NULL;
    throng_i_free(context, task.broken);
    return status;
}

/* Rising ids: every row is another agent, and the column is the list of ids. */
static throng_status take_ids(throng_population *population, throng_i_column *column, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_context *context = population->context;
    throng_column_view *view = &column->view;
    population->ids = (throng_i_keys){.name = view->name, .type = THRONG_TYPE_INT64, .n = view->n_rows};
    if (view->type == THRONG_TYPE_INT64) {
        /* Whatever else the column is for may look on: ids keep the memory until everything is freed. */
        population->ids.values = view->data;
        population->ids.memory = column->memory;
        column->memory = NULL;
    } else {
        int64_t *values = NULL;
        THRONG_TRY(throng_i_resize(context, &values, view->n_rows, sizeof *values, err));
        population->ids.values = population->ids.memory = values;
        (void)throng_i_column_whole(view, 0, view->n_rows, values); /* converts: the type is narrower */
    }
    if (column->n_parts == 1)
        throng_i_column_drop_data(context, column);
out:
    return status;
}

/* No ids: agents are called by their row in the table, which has to be written down if rows move. */
static throng_status number_rows(throng_population *population, bool moved, const throng_i_dropped *dropped,
                                 throng_error *err) {
    int64_t *values = NULL, n = 0;
    population->ids = (throng_i_keys){.type = THRONG_TYPE_INT64, .n = population->n_rows};
    if (!moved)
        return THRONG_OK;
    throng_status status = throng_i_resize(population->context, &values, population->n_rows, sizeof *values, err);
    if (status != THRONG_OK)
        return status;
    for (int64_t row = 0; row < dropped->n_rows; row++)
        if (!throng_i_dropped_has(dropped, row))
            values[n++] = row + 1;
    population->ids.values = population->ids.memory = values;
    return THRONG_OK;
}

throng_status throng_i_agents_find(throng_population *population, throng_i_column *column, const int32_t *codes,
                                   const throng_i_dropped *dropped, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_context *context = population->context;
    bool rising = false;
    if (column && column->view.type != THRONG_TYPE_TEXT)
        THRONG_TRY(rises(context, &column->view, &rising, err));
    THRONG_REQUIRE((column && !rising) || population->n_rows <= INT32_MAX, E_ARGUMENT,
                   "There are more agents than throng can count, about 2.1 thousand million.");
    if (!column)
        THRONG_TRY(number_rows(population, codes || dropped->bits, dropped, err));
    else if (rising)
        THRONG_TRY(take_ids(population, column, err));
    else
        THRONG_TRY(throng_i_column_code(context, column, "indexing", &population->agents, &population->ids, err));
    population->n_agents = population->ids.n;
    if (population->n_agents == population->n_rows) {
        /* Every row is another agent: codes in the order of first appearance say nothing. */
        throng_i_free(context, population->agents);
        population->agents = NULL;
    }
out:
    return status;
}

/* ---- everybody once at a time ---------------------------------------------------------------------------------- */

/* Counts the rows of a time whose agent was there before; *first is the first of them, -1 if there is none.
 * seen: one bit an agent, all 0; cleared again. */
static int64_t count_repeats(const throng_population *population, int64_t time, uint64_t *seen, int64_t *first) {
    const throng_agent *agents = population->agents;
    int64_t begin = population->offsets[time], end = population->offsets[time + 1], n_repeats = 0;
    *first = -1;
    for (int64_t row = begin; row < end; row++) {
        uint64_t bit = UINT64_C(1) << (agents[row] % 64), *word = &seen[agents[row] / 64];
        if (*word & bit && n_repeats++ == 0)
            *first = row;
        *word |= bit;
    }
    for (int64_t row = begin; row < end; row++)
        seen[agents[row] / 64] = 0;
    return n_repeats;
}

static throng_status fail_repeat(const throng_population *population, int64_t row, int64_t table_row, int64_t n_repeats,
                                 throng_error *err) {
    char number[THRONG_I_COUNT_LENGTH], count[THRONG_I_COUNT_LENGTH], rows[THRONG_I_COUNT_LENGTH];
    char id[80], label[80] = "", tail[120] = "If an agent has a row for every time, name the time column (--time).";
    int64_t time = 0;
    while (population->offsets[time + 1] <= row)
        time++;
    throng_population_id(population, population->agents[row], id, sizeof id);
    if (population->times.name) {
        snprintf(label, sizeof label, " at time ");
        throng_population_time_label(population, time, label + strlen(label), sizeof label - strlen(label));
        snprintf(tail, sizeof tail, "An agent may have one row at each time.");
    }
    return THRONG_FAIL(err, E_DUPLICATE_AGENT,
                       "Row %s: agent %s (column \"%s\") has a row%s already; %s of %s rows repeat%s an agent. %s",
                       throng_i_count_print(table_row, number), id, population->ids.name, label,
                       throng_i_count_print(n_repeats, count), throng_i_count_print(population->n_rows, rows),
                       n_repeats == 1 ? "s" : "", tail);
}

/* Of some rows of the population, at most one a time (else -1), the one that came first in the table; its place among
 * the rows that were kept goes to *place. next: [n_times] rows of the times to come next. */
static int64_t earliest(const throng_population *population, const int32_t *codes, const int64_t *rows, int64_t *next,
                        int64_t *place) {
    memcpy(next, population->offsets, (size_t)population->n_times * sizeof *next);
    int64_t i = 0;
    while (next[codes[i]] != rows[codes[i]])
        next[codes[i++]]++;
    *place = i;
    return rows[codes[i]];
}

throng_status throng_i_agents_check_once(const throng_population *population, const int32_t *codes,
                                         const throng_i_dropped *dropped, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_context *context = population->context;
    int64_t n_times = population->n_times, n_repeats = 0, row = -1;
    uint64_t *seen = NULL;
    int64_t *first = NULL, *next = NULL;
    if (!population->agents)
        return THRONG_OK;
    THRONG_TRY(throng_i_alloc(context, population->n_agents / 64 + 1, sizeof *seen, &seen, err));
    THRONG_TRY(throng_i_alloc(context, n_times, sizeof *first, &first, err));
    for (int64_t time = 0; time < n_times; time++) {
        n_repeats += count_repeats(population, time, seen, &first[time]);
        row = row < 0 ? first[time] : row;
    }
    if (n_repeats > 0) {
        int64_t place = row;
        if (codes) {
            THRONG_TRY(throng_i_alloc(context, n_times, sizeof *next, &next, err));
            row = earliest(population, codes, first, next, &place);
        }
        status = fail_repeat(population, row, throng_i_dropped_row(dropped, place), n_repeats, err);
    }
out:
    throng_i_free(context, next);
    throng_i_free(context, first);
    throng_i_free(context, seen);
    return status;
}

/* ---- asking ---------------------------------------------------------------------------------------------------- */

throng_agent throng_population_agent(const throng_population *population, int64_t row) {
    return population->agents ? population->agents[row] : (throng_agent)row;
}

void throng_population_id(const throng_population *population, throng_agent agent, char *out, size_t size) {
    throng_i_key_print(&population->ids, agent, out, size);
}

throng_status throng_i_population_first_rows(const throng_population *population, int64_t **out, throng_error *err) {
    int64_t *first = NULL;
    if (population->agents) {
        throng_status status = throng_i_resize(population->context, &first, population->n_agents, sizeof *first, err);
        if (status != THRONG_OK)
            return status;
        for (int64_t row = population->n_rows - 1; row >= 0; row--)
            first[population->agents[row]] = row;
    }
    *out = first;
    return THRONG_OK;
}
