/* Markov games from tables: a row for each state that may come next. */
#include "game/markov.h"
#include "table/table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- words and their numbers ----------------------------------------------------------------------------------- */

/* Words, numbered in the order in which they first came. */
typedef struct words {
    throng_context *context;
    char **word; /* [n] */
    int n, cap, n_buckets;
    int *bucket; /* [n_buckets] the number of a word, plus 1; open addressing */
} words;

static uint64_t hash_of(const char *word) {
    uint64_t hash = 14695981039346656037ULL;
    for (const char *c = word; *c; c++)
        hash = (hash ^ (unsigned char)*c) * 1099511628211ULL;
    return hash ^ hash >> 29;
}

/* Where a word is among the buckets, or may be put. */
static int *bucket_of(const words *self, const char *word) {
    uint64_t at = hash_of(word) % (uint64_t)self->n_buckets;
    while (self->bucket[at] && strcmp(self->word[self->bucket[at] - 1], word) != 0)
        at = (at + 1) % (uint64_t)self->n_buckets;
    return &self->bucket[at];
}

static int find_word(const words *self, const char *word) {
    return self->n_buckets > 0 ? *bucket_of(self, word) - 1 : -1;
}

static throng_status grow(words *self, throng_error *err) {
    throng_status status = THRONG_OK;
    int cap = 2 * self->cap + 16;
    int *bucket = NULL;
    THRONG_TRY(throng_i_resize(self->context, &self->word, cap, sizeof *self->word, err));
    THRONG_TRY(throng_i_alloc(self->context, 2 * (int64_t)cap, sizeof *bucket, &bucket, err));
    throng_i_free(self->context, self->bucket);
    self->bucket = bucket;
    self->n_buckets = 2 * cap;
    self->cap = cap;
    for (int i = 0; i < self->n; i++)
        *bucket_of(self, self->word[i]) = i + 1;
out:
    return status;
}

static throng_status add_word(words *self, const char *word, int *out, throng_error *err) {
    throng_status status = THRONG_OK;
    *out = find_word(self, word);
    if (*out >= 0)
        return THRONG_OK;
    if (self->n == self->cap)
        THRONG_TRY(grow(self, err));
    THRONG_TRY(throng_i_copy_text(self->context, word, &self->word[self->n], err));
    *out = self->n++;
    *bucket_of(self, word) = *out + 1;
out:
    return status;
}

static void clear_words(words *self) {
    for (int i = 0; i < self->n; i++)
        throng_i_free(self->context, self->word[i]);
    throng_i_free(self->context, self->word);
    throng_i_free(self->context, self->bucket);
}

/* ---- the table ------------------------------------------------------------------------------------------------- */

enum {
    STATE,
    NEXT,
    PROBABILITY,
    FIXED /* then an action of each player, then their rewards */
};

#define COLUMNS_MAX (FIXED + 2 * THRONG_GAME_PLAYERS_MAX)

typedef struct file {
    throng_context *context;
    const char *path;
    throng_table *table;
    char names[COLUMNS_MAX][24];
    throng_column_request requests[COLUMNS_MAX];
    throng_column_view columns[COLUMNS_MAX];
    int n_players, n_rewards;
    int64_t n_rows;
    words states, actions;  /* the latter with state and player before it: "3 1 left" */
    int *n_actions;         /* [states][players] */
    int *state, *next;      /* [rows] */
    int *entry;             /* [rows][players] in `actions` */
    int *place;             /* [actions] among those of its state and player */
    int64_t *first, *order; /* [cells + 1], [rows]: rows of each cell */
} file;

static void request(file *self, int column, throng_role role, const char *format, int number) {
    if (number > 0)
        snprintf(self->names[column], sizeof *self->names, "%s%d", format, number);
    else
        snprintf(self->names[column], sizeof *self->names, "%s", format);
    self->requests[column] = (throng_column_request){self->names[column], role};
}

static bool has(const file *self, const char *name, int number) {
    char column[24];
    snprintf(column, sizeof column, "%s%d", name, number);
    return throng_i_has_column(self->context, self->path, column);
}

static throng_status read_table(file *self, throng_error *err) {
    throng_status status = THRONG_OK;
    int n = 0;
    while (n < THRONG_GAME_PLAYERS_MAX && has(self, "action", n + 1))
        n++;
    bool single = n == 0;
    self->n_players = single ? 1 : n;
    self->n_rewards = n == 2 && !has(self, "reward", 2) ? 1 : self->n_players;
    request(self, STATE, THRONG_ROLE_KEY, "state", 0);
    request(self, NEXT, THRONG_ROLE_LINK, "next", 0);
    request(self, PROBABILITY, THRONG_ROLE_NUMBER, "probability", 0);
    for (int p = 0; p < self->n_players; p++)
        request(self, FIXED + p, THRONG_ROLE_KEY, "action", single ? 0 : p + 1);
    for (int p = 0; p < self->n_rewards; p++)
        request(self, FIXED + self->n_players + p, THRONG_ROLE_NUMBER, "reward", single ? 0 : p + 1);
    int n_columns = FIXED + self->n_players + self->n_rewards;
    THRONG_TRY(throng_table_read(self->context, &self->path, 1, self->requests, n_columns, NULL, &self->table, err));
    self->n_rows = throng_table_rows(self->table);
    THRONG_REQUIRE(self->n_rows > 0, E_FORMAT, "%s has no rows.", self->path);
    for (int c = 0; c < n_columns; c++)
        self->columns[c] = throng_table_column(self->table, c);
out:
    return status;
}

static throng_status number_at(const file *self, int column, int64_t row, double *out, throng_error *err) {
    *out = throng_i_cell_number(&self->columns[column], row);
    if (isfinite(*out))
        return THRONG_OK;
    return THRONG_FAIL(err, E_FORMAT, "%s, row %lld: %s must be a finite number.", self->path, (long long)row + 1,
                       self->columns[column].name);
}

/* ---- states, actions, cells ------------------------------------------------------------------------------------ */

static throng_status number_states(file *self, throng_error *err) {
    throng_status status = THRONG_OK;
    char room[32];
    THRONG_TRY(throng_i_alloc(self->context, 2 * self->n_rows, sizeof(int), &self->state, err));
    self->next = self->state + self->n_rows;
    for (int64_t r = 0; r < self->n_rows; r++)
        THRONG_TRY(add_word(&self->states, throng_i_cell_word(&self->columns[STATE], r, room), &self->state[r], err));
    for (int64_t r = 0; r < self->n_rows; r++) {
        const char *word = throng_i_cell_word(&self->columns[NEXT], r, room);
        self->next[r] = *word ? find_word(&self->states, word) : THRONG_MARKOV_END;
        THRONG_REQUIRE(!*word || self->next[r] >= 0, E_FORMAT,
                       "%s, row %lld: the next state \"%.60s\" has no rows of its own; where nothing comes next, leave "
                       "it empty.",
                       self->path, (long long)r + 1, word);
    }
out:
    return status;
}

static throng_status number_actions(file *self, throng_error *err) {
    throng_status status = THRONG_OK;
    char room[32], *key = NULL;
    int n = self->n_players;
    THRONG_TRY(throng_i_alloc(self->context, (int64_t)self->states.n * n, sizeof(int), &self->n_actions, err));
    THRONG_TRY(throng_i_alloc(self->context, self->n_rows * n, sizeof(int), &self->entry, err));
    THRONG_TRY(throng_i_alloc(self->context, self->n_rows * n, sizeof(int), &self->place, err));
    for (int64_t r = 0; r < self->n_rows; r++)
        for (int p = 0; p < n; p++) {
            int known = self->actions.n, *entry = &self->entry[r * n + p];
            THRONG_TRY(throng_i_print(self->context, &key, err, "%d %d %s", self->state[r], p,
                                      throng_i_cell_word(&self->columns[FIXED + p], r, room)));
            THRONG_TRY(add_word(&self->actions, key, entry, err));
            if (*entry == known)
                self->place[known] = self->n_actions[(int64_t)self->state[r] * n + p]++;
            throng_i_free(self->context, key);
            key = NULL;
        }
out:
    throng_i_free(self->context, key);
    return status;
}

static throng_status name_all(const file *self, throng_markov *game, throng_error *err) {
    throng_status status = THRONG_OK;
    for (int s = 0; s < self->states.n; s++)
        THRONG_TRY(throng_markov_set_state_name(game, s, self->states.word[s], err));
    for (int e = 0; e < self->actions.n; e++) {
        int state = 0, player = 0, used = 0;
        sscanf(self->actions.word[e], "%d %d%n", &state, &player, &used);
        THRONG_TRY(
            throng_markov_set_action_name(game, state, player, self->place[e], self->actions.word[e] + used + 1, err));
    }
out:
    return status;
}

static int64_t cell_of(const file *self, const throng_markov *game, int64_t row) {
    int64_t cell = 0;
    for (int p = self->n_players - 1; p >= 0; p--)
        cell = cell * game->n_actions[(int64_t)self->state[row] * self->n_players + p] +
               self->place[self->entry[row * self->n_players + p]];
    return game->first_cell[self->state[row]] + cell;
}

static throng_status sort_rows(file *self, const throng_markov *game, throng_error *err) {
    throng_status status = THRONG_OK;
    int64_t n_cells = game->first_cell[game->n_states];
    THRONG_TRY(throng_i_alloc(self->context, n_cells + 2, sizeof(int64_t), &self->first, err));
    THRONG_TRY(throng_i_alloc(self->context, self->n_rows, sizeof(int64_t), &self->order, err));
    int64_t *next = self->first + 1; /* once filled, first[c] is where the rows of c begin */
    for (int64_t r = 0; r < self->n_rows; r++)
        next[cell_of(self, game, r) + 1]++;
    for (int64_t c = 0; c < n_cells; c++)
        next[c + 1] += next[c];
    for (int64_t r = 0; r < self->n_rows; r++)
        self->order[next[cell_of(self, game, r)]++] = r;
out:
    return status;
}

/* A cell of n rows. @param next, probability [n] room */
static throng_status add_rows(const file *self, throng_markov *game, const int64_t *rows, int n, int *next,
                              double *probability, throng_error *err) {
    throng_status status = THRONG_OK;
    double rewards[THRONG_GAME_PLAYERS_MAX] = {0.0}, sum = 0.0;
    for (int i = 0; i < n; i++) {
        next[i] = self->next[rows[i]];
        THRONG_TRY(number_at(self, PROBABILITY, rows[i], &probability[i], err));
        sum += probability[i];
        for (int p = 0; p < self->n_rewards; p++) {
            double reward;
            THRONG_TRY(number_at(self, FIXED + self->n_players + p, rows[i], &reward, err));
            rewards[p] += probability[i] * reward;
        }
    }
    for (int p = 0; p < self->n_rewards && sum > 0.0; p++)
        rewards[p] /= sum;
    if (self->n_rewards < self->n_players)
        rewards[1] = -rewards[0];
    throng_error own = {0};
    status = throng_markov_add_cell(game, n, next, probability, rewards, &own);
    if (status == THRONG_E_ARGUMENT)
        status = THRONG_FAIL(err, E_FORMAT, "%s: %s", self->path, own.message);
    else if (status != THRONG_OK && err)
        *err = own;
out:
    return status;
}

static throng_status add_cells(file *self, throng_markov *game, throng_error *err) {
    throng_status status = THRONG_OK;
    int64_t most = 1, n_cells = game->first_cell[game->n_states];
    int *next = NULL;
    double *probability = NULL;
    THRONG_TRY(sort_rows(self, game, err));
    for (int64_t c = 0; c < n_cells; c++)
        most = self->first[c + 1] - self->first[c] > most ? self->first[c + 1] - self->first[c] : most;
    THRONG_TRY(throng_i_alloc(self->context, most, sizeof *next, &next, err));
    THRONG_TRY(throng_i_alloc(self->context, most, sizeof *probability, &probability, err));
    for (int64_t c = 0; c < n_cells; c++)
        THRONG_TRY(add_rows(self, game, self->order + self->first[c], (int)(self->first[c + 1] - self->first[c]), next,
                            probability, err));
out:
    throng_i_free(self->context, next);
    throng_i_free(self->context, probability);
    return status;
}

static void clear_file(file *self) {
    clear_words(&self->states);
    clear_words(&self->actions);
    throng_table_free(self->table);
    throng_i_free(self->context, self->n_actions);
    throng_i_free(self->context, self->state);
    throng_i_free(self->context, self->entry);
    throng_i_free(self->context, self->place);
    throng_i_free(self->context, self->first);
    throng_i_free(self->context, self->order);
}

throng_status throng_markov_read(throng_context *context, const char *path, double discount, throng_markov **out,
                                 throng_error *err) {
    throng_status status = THRONG_OK;
    throng_markov *made = NULL;
    file self = {.context = context, .path = path, .states.context = context, .actions.context = context};
    THRONG_REQUIRE(strcmp(path, "-") != 0, E_FILE,
                   "A Markov game is looked into more than once: not standard input, give a file.");
    THRONG_TRY(read_table(&self, err));
    THRONG_TRY(number_states(&self, err));
    THRONG_TRY(number_actions(&self, err));
    THRONG_TRY(
        throng_markov_create(context, path, self.n_players, self.states.n, self.n_actions, discount, &made, err));
    THRONG_TRY(name_all(&self, made, err));
    THRONG_TRY(add_cells(&self, made, err));
    THRONG_TRY(throng_markov_finish(made, err));
    *out = made;
    made = NULL;
out:
    throng_markov_free(made);
    clear_file(&self);
    return status;
}
