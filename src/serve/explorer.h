/* What answers the explorer's requests, docs/explorer-api.md: runs, selections and events, and a handler for each path.
 * Nothing here knows of sockets. Handlers run on many threads at once. */
#ifndef THRONG_SRC_SERVE_EXPLORER_H
#define THRONG_SRC_SERVE_EXPLORER_H

#include "serve/events.h"
#include "serve/guard.h"
#include "serve/http.h"
#include "serve/run.h"
#include "serve/selection.h"

/* Limits that api/v1/runs names. */
#define THRONG_I_QUERY_SECONDS  10
#define THRONG_I_PAGE_ROWS      1000
#define THRONG_I_TOP_MAX        1000
#define THRONG_I_EDGES_MAX      20000
#define THRONG_I_POLYGON_POINTS 10000
#define THRONG_I_WORDS_MAX      100000

/* Heavy requests: so many at a time, and so many that wait. */
#define THRONG_I_HEAVY_AT_ONCE 2
#define THRONG_I_HEAVY_WAITING 400

typedef struct throng_i_gate {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int inside, waiting;
} throng_i_gate;

struct throng_i_networks;

typedef struct throng_i_explorer {
    throng_context *context;
    throng_i_guard guard;
    throng_i_run *runs; /* [n_runs] */
    int n_runs;
    bool reads_graphs; /* also of files outside the run directory */
    throng_i_gate gate;
    throng_i_selections selections;
    throng_i_events events;
    struct throng_i_networks *networks;
} throng_i_explorer;

/* Starts with no runs; clearing is legal on a zeroed struct. E_MEMORY. */
THRONG_MUST_USE throng_status throng_i_explorer_init(throng_context *context, int n_runs, throng_i_explorer *out,
                                                     throng_error *err);
void throng_i_explorer_clear(throng_i_explorer *self);

/* Answers a request; the reply is filled whatever happens. */
void throng_i_explorer_answer(throng_i_explorer *self, const throng_i_request *request, throng_i_reply *reply);

/* ---- for handlers ---------------------------------------------------------------------------------------------- */

/* One request with what most handlers need. */
typedef struct throng_i_call {
    throng_i_explorer *explorer;
    const throng_i_request *request;
    throng_i_reply *reply;
    throng_i_run *run;         /* set if the path names one */
    throng_i_run_table *table; /* set by throng_i_call_table */
    int64_t from, to;          /* set by throng_i_call_range */
} throng_i_call;

/* Finds the table that `table` names, by default the first of agents; false: the reply says what is wrong. */
bool throng_i_call_table(throng_i_call *self);

/* Reads `from` and `to`. */
bool throng_i_call_range(throng_i_call *self);

/* Finds a column of the table by name, and reads it. */
bool throng_i_call_column(throng_i_call *self, const char *name, throng_column_view *out);

/* The same of a part of it; false without a reply if there is no such column. */
bool throng_i_call_part(throng_i_call *self, throng_i_part part, throng_column_view *out);

/* The column that says who it is; false: the table is not of agents, and the reply says so. */
bool throng_i_call_ids(throng_i_call *self, throng_column_view *out);

/* The selection that `selection` names, to be given back; NULL with a reply if it is gone, without one if none was
 * named. */
throng_i_selection *throng_i_call_selection(throng_i_call *self, const char *argument);

/* Waits for a place among the heavy requests; false: the reply says that there is none. */
bool throng_i_call_enter(throng_i_call *self);
void throng_i_call_leave(throng_i_call *self);

typedef void (*throng_i_handler)(throng_i_call *call);

void throng_i_handle_column(throng_i_call *call);
void throng_i_handle_words(throng_i_call *call);
void throng_i_handle_mask(throng_i_call *call);
void throng_i_handle_rows(throng_i_call *call);
void throng_i_handle_select(throng_i_call *call);
void throng_i_handle_page(throng_i_call *call);
void throng_i_handle_search(throng_i_call *call);
void throng_i_handle_agent(throng_i_call *call);
void throng_i_handle_network(throng_i_call *call);
void throng_i_handle_tables(throng_i_call *call);

/* Graphs that are read for throng_i_handle_network. */
THRONG_MUST_USE throng_status throng_i_networks_create(throng_i_explorer *explorer, throng_error *err);
void throng_i_networks_free(throng_i_explorer *explorer);

#endif
