/* libFuzzer: tables of Markov games.
 *
 *     fuzz/build markov_file && build-fuzz/markov_file -max_total_time=600 -max_len=2048 CORPUS fuzz/seeds/markov_file
 *
 * An input is a table in memory, so that no run opens a database: lines of words between commas, of which the first
 * names the columns. The letter before a name is the column's type: t text, i 64-bit whole numbers, d 32-bit ones, f
 * floats of 64 bits, s of 32.
 *
 * What must hold besides not crashing: a table is read, or refused with a message, no memory stays behind, and what was
 * read is a game: probabilities of each cell add up to 1, and what comes next is a state or the end. */
#include "context.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ROWS    64
#define COLUMNS 12

static void check(const throng_markov *game) {
    for (int64_t c = 0; c < throng_markov_cells(game); c++) {
        throng_markov_cell cell = throng_markov_cell_at(game, c);
        double sum = 0.0;
        for (int i = 0; i < cell.n; i++) {
            if (cell.next[i] < THRONG_MARKOV_END || cell.next[i] >= throng_markov_states(game))
                abort();
            sum += cell.probabilities[i];
        }
        for (int p = 0; p < throng_markov_players(game); p++)
            if (!isfinite(cell.rewards[p]))
                abort();
        if (!(fabs(sum - 1.0) <= 1e-5))
            abort();
    }
}

/* The words of a table, "" where a line has fewer. */
typedef struct grid {
    const char *word[ROWS + 1][COLUMNS];
    int64_t n_rows;
} grid;

static void split(char *text, grid *out) {
    *out = (grid){0};
    for (char *line = text, *next; line && out->n_rows <= ROWS; line = next, out->n_rows++) {
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        for (int c = 0; c < COLUMNS; c++) {
            out->word[out->n_rows][c] = line ? line : "";
            line = line ? strchr(line, ',') : NULL;
            if (line)
                *line++ = '\0';
        }
    }
    out->n_rows--; /* the names */
}

static throng_status add_column(throng_table *table, const grid *words, int c) {
    static const throng_type types[] = {['i'] = THRONG_TYPE_INT64,
                                        ['d'] = THRONG_TYPE_INT32,
                                        ['f'] = THRONG_TYPE_FLOAT64,
                                        ['s'] = THRONG_TYPE_FLOAT32};
    const char *name = words->word[0][c] + 1, *texts[ROWS];
    char kind = words->word[0][c][0];
    void *data = NULL;
    for (int64_t r = 0; r < words->n_rows; r++)
        texts[r] = words->word[r + 1][c];
    if (!strchr("idfs", kind))
        return throng_table_add_text(table, name, texts, NULL);
    throng_status status = throng_table_add(table, name, types[(int)kind], &data, NULL);
    for (int64_t r = 0; status == THRONG_OK && r < words->n_rows; r++)
        if (kind == 'i')
            ((int64_t *)data)[r] = *texts[r] ? strtoll(texts[r], NULL, 10) : INT64_MIN;
        else if (kind == 'd')
            ((int32_t *)data)[r] = (int32_t)strtol(texts[r], NULL, 10);
        else if (kind == 'f')
            ((double *)data)[r] = strtod(texts[r], NULL);
        else
            ((float *)data)[r] = strtof(texts[r], NULL);
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    grid words;
    throng_error err = {0};
    throng_markov *game = NULL;
    throng_table *table = NULL;
    int64_t before = throng_context_bytes(context);
    char *text = malloc(size + 1);
    if (!text)
        abort();
    memcpy(text, data, size);
    text[size] = '\0';
    split(text, &words);
    if (throng_table_create(context, words.n_rows, &table, NULL) != THRONG_OK)
        abort();
    for (int c = 0; c < COLUMNS && *words.word[0][c]; c++)
        if (add_column(table, &words, c) != THRONG_OK)
            break; /* two of one name */
    if (throng_table_offer(context, "game", table, NULL) != THRONG_OK)
        abort();
    throng_status status = throng_markov_read(context, "memory:game", 0.9, &game, &err);
    if ((status == THRONG_OK) != (game != NULL) || (status != THRONG_OK && !err.message[0]))
        abort();
    if (game)
        check(game);
    throng_markov_free(game);
    if (throng_table_offer(context, "game", NULL, NULL) != THRONG_OK || throng_context_bytes(context) != before)
        abort();
    free(text);
    return 0;
}
