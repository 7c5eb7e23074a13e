/* Sets of rows that were selected, kept by name for requests that follow. */
#ifndef THRONG_SRC_SERVE_SELECTION_H
#define THRONG_SRC_SERVE_SELECTION_H

#include "core/core.h"
#include "serve/run.h"

#define THRONG_I_SELECTIONS_MAX 64
#define THRONG_I_SELECTION_NAME 17 /* 16 hexadecimal digits, and the zero */

/* Rows from..to-1 of a table, of which those are selected whose bit is set. */
typedef struct throng_i_selection {
    throng_context *context;
    char name[THRONG_I_SELECTION_NAME];
    const throng_i_run_table *table;
    int64_t from, to;
    uint8_t *bits;   /* [(to - from + 7) / 8] row from + i is bit i % 8 of byte i / 8 */
    atomic_int uses; /* freed by whoever gives it back last */
} throng_i_selection;

typedef struct throng_i_selections {
    pthread_mutex_t lock;
    throng_i_selection *at[THRONG_I_SELECTIONS_MAX]; /* the one used last comes first; NULL: free */
} throng_i_selections;

/* A selection of nothing. */
THRONG_MUST_USE throng_status throng_i_selection_create(throng_context *context, const throng_i_run_table *table,
                                                        int64_t from, int64_t to, throng_i_selection **out,
                                                        throng_error *err);

/* Gives it back. NULL is legal. */
void throng_i_selection_free(throng_i_selection *self);

/* Whether a row is in it; rows outside from..to-1 are not. */
static inline bool throng_i_is_selected(const throng_i_selection *self, int64_t row) {
    int64_t i = row - self->from;
    return row >= self->from && row < self->to && (self->bits[i >> 3] >> (i & 7) & 1);
}

/* The kept one of that name, to be given back; NULL if there is none. */
throng_i_selection *throng_i_selections_find(throng_i_selections *self, const char *name);

/* Keeps it, in place of the one that was not used for longest. */
void throng_i_selections_keep(throng_i_selections *self, throng_i_selection *selection);

void throng_i_selections_clear(throng_i_selections *self);

#endif
