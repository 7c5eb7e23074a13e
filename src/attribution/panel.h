/* Drawing many panels from one crowd, for panel.c. */
#ifndef THRONG_SRC_ATTRIBUTION_PANEL_H
#define THRONG_SRC_ATTRIBUTION_PANEL_H

#include "population/population.h"
#include "throng/panel.h"

/* Who can be drawn from one time, and how likely. */
typedef struct throng_i_urn {
    throng_context *context;
    const throng_population *population;
    int64_t time, begin, end; /* rows */
    throng_panel_def def;
    int64_t n_drawable;
    double *ends;    /* [end - begin] running sums of weights; NULL: equal chances, or not needed yet */
    uint64_t *drawn; /* bits by row - begin, all 0 between draws */
} throng_i_urn;

/* Checks that a panel can be drawn: E_ARGUMENT says why not. Cost: a pass. */
THRONG_MUST_USE throng_status throng_i_urn_init(throng_context *context, const throng_population *population,
                                                int64_t time, const throng_panel_def *def, throng_i_urn *out,
                                                throng_error *err);
void throng_i_urn_clear(throng_i_urn *urn);

/* The panel that is reported: rows[def.size] in the order drawn. Cost: a pass. */
THRONG_MUST_USE throng_status throng_i_urn_first(throng_i_urn *urn, int64_t *rows, throng_error *err);

/* A further panel of the same law, numbered: O(size log rows) after a first call that is a pass. Not for TOP. */
THRONG_MUST_USE throng_status throng_i_urn_draw(throng_i_urn *urn, int draw, int64_t *rows, throng_error *err);

#endif
