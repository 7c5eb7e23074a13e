/* Numbers of a whole run: what is read off an indicator's values y_0 .. y_T at its steps. */
#ifndef THRONG_SRC_ATTRIBUTION_OVER_H
#define THRONG_SRC_ATTRIBUTION_OVER_H

#include "core/core.h"

typedef struct throng_i_over {
    int kind;         /* place in the table of over.c */
    double parameter; /* the number behind the colon */
    bool linear;      /* slopes do not depend on y */
} throng_i_over;

/* "final", "ewma:0.94": E_UNKNOWN_NAME with the nearest name, E_PARAMETER. */
THRONG_MUST_USE throng_status throng_i_over_parse(const char *text, throng_i_over *out, throng_error *err);

/* The number, NaN where it is undefined. @param y [steps + 1]   @param slope [steps + 1] out: d number / d y */
double throng_i_over_value(const throng_i_over *over, const double *y, int64_t steps, double *slope);

/* Why it is undefined, for messages. */
const char *throng_i_over_undefined(const throng_i_over *over);

#endif
