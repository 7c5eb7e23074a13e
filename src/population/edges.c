/* Edges as people have them: finds the agents that a table names, and says which edges cannot be used. */
#include "core/ranks.h"
#include "population/directory.h"
#include "population/graph.h"

#include <math.h>
#include <string.h>

/* ---- edges that cannot be used --------------------------------------------------------------------------------- */

#define BLOCK 512

/* The columns of the table that are looked at. */
typedef struct edge_columns {
    throng_column_view source, target, weight; /* weight.name NULL: none */
    int64_t first, total;                      /* where in the whole table its rows begin, and how many there are */
    bool numbered;                             /* the crowd has no ids: agents are 1, 2, ... */
} edge_columns;

static throng_status fail_missing(const edge_columns *columns, const throng_i_edges *edges, int64_t row, int64_t count,
                                  throng_error *err) {
    const throng_column_view *column = edges->source[row] < 0 ? &columns->source : &columns->target;
    char cell[80], place[THRONG_I_COUNT_LENGTH], missing[THRONG_I_COUNT_LENGTH], all[THRONG_I_COUNT_LENGTH];
    throng_i_directory_cell(column, row, cell, sizeof cell);
    return THRONG_FAIL(
        err, E_EDGE,
        "Edge %s: %s %s is not in the crowd%s; %s of %s edges name somebody unknown. Leave such edges out "
        "with --edges-missing drop.",
        throng_i_count_print(columns->first + row + 1, place), column->name, cell,
        columns->numbered ? ", where agents are 1, 2, ... unless --id names their column" : "",
        throng_i_count_print(count, missing), throng_i_count_print(columns->total, all));
}

static throng_status fail_loop(const edge_columns *columns, int64_t row, int64_t count, throng_error *err) {
    char cell[80], place[THRONG_I_COUNT_LENGTH], loops[THRONG_I_COUNT_LENGTH], all[THRONG_I_COUNT_LENGTH];
    throng_i_directory_cell(&columns->source, row, cell, sizeof cell);
    return THRONG_FAIL(err, E_EDGE,
                       "Edge %s goes from %s to itself; so do %s of %s edges. Say what to do with them: --self-loops "
                       "drop or keep.",
                       throng_i_count_print(columns->first + row + 1, place), cell, throng_i_count_print(count, loops),
                       throng_i_count_print(columns->total, all));
}

static throng_status check_weights(const throng_i_edges *edges, const edge_columns *columns, bool negative,
                                   throng_error *err) {
    const throng_column_view *column = &columns->weight;
    for (int64_t e = 0; e < edges->n; e++) {
        if (!isfinite(edges->weight[e]))
            return THRONG_FAIL(err, E_MISSING_VALUE, "Edge %lld: its weight (column \"%s\") is missing or not finite.",
                               (long long)(columns->first + e) + 1, column->name);
        if (edges->weight[e] < 0.0 && !negative)
            return THRONG_FAIL(err, E_WEIGHT,
                               "Edge %lld: its weight (column \"%s\") is %g, but weights of edges must "
                               "not be negative.",
                               (long long)(columns->first + e) + 1, column->name, edges->weight[e]);
    }
    return THRONG_OK;
}

/* Counts what cannot be used, fails or takes it out. The arrays are ours. */
static throng_status sift(throng_context *context, const edge_columns *columns, const throng_graph_def *def,
                          throng_i_edges *edges, throng_agent *source, throng_agent *target, double *weight,
                          throng_graph_counts *counts, throng_error *err) {
    throng_status status = THRONG_OK;
    int64_t used = 0, first_missing = -1, first_loop = -1;
    for (int64_t e = 0; e < edges->n; e++) {
        bool missing = source[e] < 0 || target[e] < 0, loop = !missing && source[e] == target[e];
        if (missing && counts->missing++ == 0)
            first_missing = e;
        if (loop && counts->loops++ == 0)
            first_loop = e;
    }
    if (columns->total > edges->n) { /* the others have the rest: who has the first bad edge says so */
        THRONG_TRY(throng_i_ranks_total(context, &counts->missing, err));
        THRONG_TRY(throng_i_ranks_total(context, &counts->loops, err));
    }
    if (counts->missing > 0 && def->missing == THRONG_EDGES_ERROR)
        return first_missing < 0 ? THRONG_OK : fail_missing(columns, edges, first_missing, counts->missing, err);
    if (counts->loops > 0 && def->loops == THRONG_EDGES_ERROR)
        return first_loop < 0 ? THRONG_OK : fail_loop(columns, first_loop, counts->loops, err);
    for (int64_t e = 0; e < edges->n; e++) {
        bool missing = source[e] < 0 || target[e] < 0;
        if (missing || (source[e] == target[e] && def->loops == THRONG_EDGES_DROP))
            continue;
        source[used] = source[e];
        target[used] = target[e];
        if (weight)
            weight[used] = weight[e];
        used++;
    }
    edges->n = used;
out:
    return status;
}

/* ---- the whole ------------------------------------------------------------------------------------------------- */

throng_graph_def throng_graph_default(void) {
    return (throng_graph_def){.missing = THRONG_EDGES_ERROR, .loops = THRONG_EDGES_ERROR};
}

static throng_status find_columns(const throng_table *table, const throng_graph_def *def, edge_columns *out,
                                  throng_error *err) {
    throng_status status = THRONG_OK;
    *out = (edge_columns){.total = throng_table_rows(table)};
    THRONG_REQUIRE(def->source && def->target, E_ARGUMENT,
                   "A graph needs the names of two columns: where edges come from, and where they go.");
    THRONG_REQUIRE((def->missing == THRONG_EDGES_ERROR || def->missing == THRONG_EDGES_DROP) &&
                       (unsigned)def->loops < THRONG_EDGES_COUNT,
                   E_ARGUMENT, "missing must be error or drop, and loops error, drop or keep.");
    THRONG_TRY(throng_table_find(table, def->source, &out->source, err));
    THRONG_TRY(throng_table_find(table, def->target, &out->target, err));
    if (!def->weight)
        goto out;
    THRONG_TRY(throng_table_find(table, def->weight, &out->weight, err));
    THRONG_REQUIRE(out->weight.type != THRONG_TYPE_TEXT && out->weight.type != THRONG_TYPE_DATE &&
                       out->weight.type != THRONG_TYPE_TIMESTAMP,
                   E_COLUMN, "Column \"%s\" is of type %s, but weights of edges are numbers.", out->weight.name,
                   throng_type_name(out->weight.type));
out:
    return status;
}

static throng_status copy_weights(throng_context *context, const throng_column_view *column, double **out,
                                  throng_error *err) {
    double *weight = NULL;
    throng_status status = throng_i_resize(context, &weight, column->n_rows, sizeof *weight, err);
    if (status != THRONG_OK)
        return status;
    for (int64_t at = 0; at < column->n_rows; at += BLOCK) {
        double scratch[BLOCK];
        int64_t n = at + BLOCK < column->n_rows ? BLOCK : column->n_rows - at;
        memcpy(weight + at, throng_i_column_block(column, at, n, scratch), (size_t)n * sizeof *weight);
    }
    *out = weight;
    return THRONG_OK;
}

/* Of several ranks, who all have read all edges, each goes on with some. */
static void take_part(const throng_context *context, throng_i_edges *edges) {
    int64_t size = throng_ranks_count(context), rank = throng_ranks_mine(context);
    int64_t first = edges->n / size * rank + edges->n % size * rank / size;
    int64_t end = edges->n / size * (rank + 1) + edges->n % size * (rank + 1) / size;
    edges->shared = true;
    edges->source += first;
    edges->target += first;
    edges->weight = edges->weight ? edges->weight + first : NULL;
    edges->n = end - first;
}

throng_status throng_graph_create(const throng_population *population, throng_table *table, const throng_graph_def *def,
                                  throng_graph **out, throng_error *err) {
    const throng_i_table_part all = {.count = 1};
    return throng_i_graph_create_part(population, table, &all, def, out, err);
}

throng_status throng_i_graph_create_part(const throng_population *population, throng_table *table,
                                         const throng_i_table_part *part, const throng_graph_def *def,
                                         throng_graph **out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_context *context = population->context;
    throng_agent *source = NULL, *target = NULL;
    double *weight = NULL;
    static const throng_i_directory_use use = {"matching edges", "edges", "edges", "edges go between ids"};
    throng_i_directory agents = {.context = context};
    edge_columns columns;
    throng_graph_counts counts = {.given = part->taken ? part->total : throng_table_rows(table)};
    THRONG_TRY(find_columns(table, def, &columns, err));
    columns.numbered = !population->ids.name;
    if (part->taken) {
        columns.first = part->first;
        columns.total = part->total;
    }
    THRONG_TRY(throng_i_directory_init(context, &population->ids, &agents, err));
    THRONG_TRY(throng_i_directory_match(&agents, &columns.source, &use, &source, err));
    THRONG_TRY(throng_i_directory_match(&agents, &columns.target, &use, &target, err));
    if (columns.weight.name)
        THRONG_TRY(copy_weights(context, &columns.weight, &weight, err));
    throng_i_edges edges = {
        .n = throng_table_rows(table), .source = source, .target = target, .weight = weight, .shared = part->taken};
    if (weight)
        THRONG_TRY(check_weights(&edges, &columns, def->signed_weights, err));
    THRONG_TRY(sift(context, &columns, def, &edges, source, target, weight, &counts, err));
    throng_table_free(table);
    table = NULL;
    if (!part->taken)
        take_part(context, &edges);
    THRONG_TRY(throng_i_graph_make(context, population->n_agents, &edges, out, err));
    counts.edges = (*out)->counts.edges;
    counts.repeated = (*out)->counts.repeated;
    (*out)->counts = counts;
out:
    throng_i_directory_clear(&agents);
    throng_i_free(context, source);
    throng_i_free(context, target);
    throng_i_free(context, weight);
    throng_table_free(table);
    return status;
}
