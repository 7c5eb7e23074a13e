/* Graphs of tables that are kept on the disk, ready made: see graph_cache.c. */
#ifndef THRONG_SRC_POPULATION_GRAPH_CACHE_H
#define THRONG_SRC_POPULATION_GRAPH_CACHE_H

#include "population/graph.h"

/* One graph in a folder: where it is, or would be. */
typedef struct throng_i_graph_cache {
    throng_context *context;
    int64_t n_agents;
    char key[THRONG_I_HASH_LENGTH]; /* a hash of all that the graph follows from */
    char *folder, *path;
    throng_source *sources; /* [n_sources] the table's files; bytes and hash once the graph was read */
    int n_sources;
} throng_i_graph_cache;

/* Finds out where the graph is: of this table, these columns and options, and this crowd.
 * E_PARAMETER: the table is no file. E_FILE. */
THRONG_MUST_USE throng_status throng_i_graph_cache_open(const throng_population *population, const char *const *paths,
                                                        int n_paths, const throng_graph_def *def, const char *folder,
                                                        throng_i_graph_cache *out, throng_error *err);
void throng_i_graph_cache_clear(throng_i_graph_cache *self);

/* Maps the graph, and knows the sources then. *out stays NULL if it is not there or cannot be used; the remark says why
 * not. E_MEMORY. */
THRONG_MUST_USE throng_status throng_i_graph_cache_read(throng_i_graph_cache *self, throng_graph **out,
                                                        throng_i_graph_kept *kept, throng_error *err);

/* Keeps the graph. That it cannot be written is no failure, but said. E_MEMORY.
 * @param sources [n_sources] as the table has them */
THRONG_MUST_USE throng_status throng_i_graph_cache_write(throng_i_graph_cache *self, const throng_graph *graph,
                                                         const throng_source *sources, throng_i_graph_kept *kept,
                                                         throng_error *err);

#endif
