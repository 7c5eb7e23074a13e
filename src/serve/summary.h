/* The sums of a selection. */
#ifndef THRONG_SRC_SERVE_SUMMARY_H
#define THRONG_SRC_SERVE_SUMMARY_H

#include "serve/explorer.h"

/* Replies with what docs/explorer-api.md says that a selection's JSON holds. */
void throng_i_summarise(throng_i_call *call, const throng_i_selection *selection, int top, double began);

/* Rows of largest value of a function, best first, ties in row order: a heap of the best that were offered. */
typedef struct throng_i_best {
    int n, most;
    int64_t *rows;  /* [most] */
    double *values; /* [most] */
} throng_i_best;

THRONG_MUST_USE throng_status throng_i_best_init(throng_context *context, int most, throng_i_best *out,
                                                 throng_error *err);
void throng_i_best_clear(throng_context *context, throng_i_best *self);

/* Rows are offered in ascending order. */
void throng_i_best_offer(throng_i_best *self, int64_t row, double value);
void throng_i_best_sort(throng_i_best *self);

#endif
