/* Neighbours whose numbers other ranks have: see ghosts.c. */
#ifndef THRONG_SRC_WORLD_GHOSTS_H
#define THRONG_SRC_WORLD_GHOSTS_H

#include "throng/graph.h"

typedef struct throng_i_ghosts throng_i_ghosts;

/* Finds the ghosts of this rank's share of n agents and tells the others; *out stays NULL if there is one rank.
 * @param along  rows of this rank's share are looked at */
THRONG_MUST_USE throng_status throng_i_ghosts_create(throng_context *context, int64_t n, const throng_adjacency *along,
                                                     throng_i_ghosts **out, throng_error *err);
void throng_i_ghosts_free(throng_i_ghosts *ghosts);

/* Writes the ghosts' numbers to their places in an array over the crowd, where they take memory: so of few arrays.
 * Nothing without ghosts.
 * @param numbers [n * lanes] in: those of this rank's share */
THRONG_MUST_USE throng_status throng_i_ghosts_fetch(throng_i_ghosts *ghosts, int lanes, double *numbers,
                                                    throng_error *err);

#endif
