/* A run and the panel that it may draw, shared by run.c and panel.c. */
#ifndef THRONG_SRC_STUDY_RUN_H
#define THRONG_SRC_STUDY_RUN_H

#include "study/settings.h"

/* A panel with its own population and attribution. */
typedef struct throng_i_panel {
    throng_population *population;
    throng_attribution *attribution;
    int64_t *rows; /* [view.n] rows of the crowd */
    throng_panel_view view;
} throng_i_panel;

/* Draws a panel of `size` from the last time and attributes it on its own, with what the crowd's attribution resolved.
 * To be cleared, also on failure. */
THRONG_MUST_USE throng_status throng_i_panel_init(throng_context *context, const throng_population *crowd,
                                                  const throng_attribution *attribution, int size, uint64_t seed,
                                                  throng_i_panel *out, throng_error *err);
void throng_i_panel_clear(throng_context *context, throng_i_panel *self);

#endif
