/* Who hears whom around an agent. A run directory does not hold its graph: it is made again from study.yaml, without
 * the plug-ins that it may name, and without files outside the run directory unless the server was told to read them.
 */
#define _POSIX_C_SOURCE 200809L
#include "report/json.h"
#include "serve/explorer.h"

#include "population/graph.h"
#include "study/run.h"
#include "study/study.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HOPS_MAX 10

/* Edges that may be looked at: neighbours of somebody very well connected may be, too. */
#define LOOKS_MAX 200000000

/* The crowds of runs, each read when it is first asked for. */
typedef struct throng_i_networks {
    pthread_mutex_t lock;
    int n;
    struct {
        throng_context *context; /* NULL: nobody asked yet */
        throng_run *crowd;       /* NULL: there is none, and why: */
        char why[THRONG_MESSAGE_LENGTH];
    } * at; /* [n] */
} throng_i_networks;

/* ---- reading --------------------------------------------------------------------------------------------------- */

static throng_status read_crowd(throng_i_call *call, throng_context *context, throng_run **out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_study *study = NULL;
    char *path = NULL;
    int64_t bytes = 0;
    int file = throng_i_run_open_file(call->run, "study.yaml", &bytes);
    THRONG_REQUIRE(file >= 0, E_FILE, "The run has no study.yaml, from which its graph could be made again.");
    THRONG_TRY(throng_i_print(context, &path, err, "%s/study.yaml", call->run->path));
    THRONG_TRY(throng_study_create(context, &study, err));
    THRONG_TRY(throng_study_load(study, path, err));
    bool edges = throng_i_study_given(study, "graph.edges"), model = throng_i_study_given(study, "graph.model");
    THRONG_REQUIRE(edges || model, E_FILE, "The run has no graph.");
    THRONG_REQUIRE(
        call->explorer->reads_graphs || (model && throng_i_study_given(study, "population.generate")), E_FILE,
        "The run's graph was made from files outside the run directory: start the server with --graph to read "
        "them again.");
    THRONG_TRY(throng_i_study_crowd(study, out, err));
out:
    if (file >= 0)
        close(file);
    throng_i_free(context, path);
    throng_study_free(study);
    return status;
}

throng_status throng_i_networks_create(throng_i_explorer *explorer, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_networks *self = NULL;
    THRONG_TRY(throng_i_alloc(explorer->context, 1, sizeof *self, &self, err));
    pthread_mutex_init(&self->lock, NULL);
    explorer->networks = self;
    THRONG_TRY(throng_i_alloc(explorer->context, explorer->n_runs, sizeof *self->at, &self->at, err));
    self->n = explorer->n_runs;
out:
    return status;
}

/* The run with its crowd; NULL: the reply says why there is none. */
static const throng_run *find_crowd(throng_i_call *call) {
    throng_error err = {0};
    int index = call->run->index;
    throng_i_networks *networks = call->explorer->networks;
    pthread_mutex_lock(&networks->lock);
    if (!networks->at[index].context && throng_context_create(&networks->at[index].context, &err) == THRONG_OK &&
        read_crowd(call, networks->at[index].context, &networks->at[index].crowd, &err) != THRONG_OK)
        memcpy(networks->at[index].why, err.message, sizeof err.message);
    const throng_run *crowd = networks->at[index].crowd;
    pthread_mutex_unlock(&networks->lock);
    if (!crowd)
        throng_i_reply_fail(call->reply, 404, "graph", "%s", networks->at[index].why);
    return crowd;
}

void throng_i_networks_free(throng_i_explorer *explorer) {
    throng_i_networks *self = explorer->networks;
    if (!self)
        return;
    for (int i = 0; i < self->n; i++) {
        throng_run_free(self->at[i].crowd);
        throng_context_free(self->at[i].context);
    }
    pthread_mutex_destroy(&self->lock);
    throng_i_free(explorer->context, self->at);
    throng_i_free(explorer->context, self);
    explorer->networks = NULL;
}

/* ---- the neighbourhood ----------------------------------------------------------------------------------------- */

typedef struct neighbourhood {
    throng_context *context;
    const throng_graph *graph;
    int32_t *place; /* [n_agents] index among the nodes, -1: none */
    throng_agent *nodes;
    int *hop;
    int64_t n, room, edges, limit, looks; /* edges: those among the nodes */
    bool hears, heard;
} neighbourhood;

static throng_status add_node(neighbourhood *self, throng_agent agent, int hop, throng_error *err) {
    throng_status status = THRONG_OK;
    if (self->n == self->room) {
        THRONG_TRY(throng_i_resize(self->context, &self->nodes, 2 * self->room + 64, sizeof *self->nodes, err));
        THRONG_TRY(throng_i_resize(self->context, &self->hop, 2 * self->room + 64, sizeof *self->hop, err));
        self->room = 2 * self->room + 64;
    }
    self->place[agent] = (int32_t)self->n;
    self->nodes[self->n] = agent;
    self->hop[self->n++] = hop;
out:
    return status;
}

/* How many edges a node has with the nodes that are in. */
static int64_t edges_with(neighbourhood *self, throng_agent agent) {
    int64_t count = 0;
    const throng_i_direction *const ways[] = {&self->graph->out, &self->graph->in};
    for (int w = 0; w < 2; w++) {
        self->looks += ways[w]->offsets[agent + 1] - ways[w]->offsets[agent];
        for (int64_t e = ways[w]->offsets[agent]; e < ways[w]->offsets[agent + 1]; e++)
            count += self->place[ways[w]->neighbours[e]] >= 0;
    }
    return count;
}

/* Takes back what was added since there were n nodes. */
static void go_back(neighbourhood *self, int64_t n, int64_t edges) {
    while (self->n > n)
        self->place[self->nodes[--self->n]] = -1;
    self->edges = edges;
}

/* Adds the neighbours of the nodes from `first` on. *full: one of them would be too much; it is not in. */
static throng_status add_step(neighbourhood *self, int64_t first, int hop, bool *full, throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_i_direction *const ways[] = {self->heard ? &self->graph->out : NULL,
                                              self->hears ? &self->graph->in : NULL};
    int64_t end = self->n;
    for (int64_t i = first; i < end; i++)
        for (int w = 0; w < 2; w++) {
            throng_agent from = self->nodes[i];
            for (int64_t e = ways[w] ? ways[w]->offsets[from] : 0; ways[w] && e < ways[w]->offsets[from + 1]; e++) {
                throng_agent to = ways[w]->neighbours[e];
                if (self->place[to] >= 0)
                    continue;
                int64_t more = edges_with(self, to);
                if (self->edges + more > self->limit || self->looks > LOOKS_MAX) {
                    *full = true;
                    return THRONG_OK;
                }
                THRONG_TRY(add_node(self, to, hop, err));
                self->edges += more;
            }
        }
out:
    return status;
}

/* Grows up to `hops` steps; *reached of them are complete. */
static throng_status grow(neighbourhood *self, throng_agent centre, int hops, bool cut, int *reached, bool *full,
                          throng_error *err) {
    throng_status status = THRONG_OK;
    int64_t first = 0;
    THRONG_TRY(add_node(self, centre, 0, err));
    for (*reached = 0; *reached < hops;) {
        int64_t n = self->n, edges = self->edges;
        THRONG_TRY(add_step(self, first, *reached + 1, full, err));
        if (*full && !(cut && *reached == 0))
            go_back(self, n, edges);
        if (*full || self->n == n)
            break;
        first = n;
        ++*reached;
    }
out:
    return status;
}

/* ---- the reply ------------------------------------------------------------------------------------------------- */

/* Rows of the nodes in the table, -1 where they are not in it. */
static throng_status find_rows(throng_i_call *call, const neighbourhood *self, const throng_i_keys *ids, int64_t *rows,
                               throng_error *err) {
    throng_status status = THRONG_OK;
    throng_column_view column;
    json_t *wanted = json_object();
    for (int64_t i = 0; i < self->n; i++) {
        char text[THRONG_MESSAGE_LENGTH];
        throng_i_key_print(ids, self->nodes[i], text, sizeof text);
        json_object_set_new(wanted, text, json_integer((json_int_t)i));
        rows[i] = -1;
    }
    int8_t *seen = NULL; /* TEXT: words that were looked up and are nobody's */
    if (!throng_i_call_table(call) || !throng_i_call_range(call) ||
        !throng_i_call_part(call, THRONG_I_PART_ID, &column))
        goto out;
    THRONG_TRY(throng_i_alloc(self->context, column.n_words, sizeof *seen, &seen, err));
    for (int64_t row = call->from, found = 0; row < call->to && found < self->n; row++) {
        char text[24];
        const char *id = text;
        int32_t word = column.type == THRONG_TYPE_TEXT ? ((const int32_t *)column.data)[row] : -1;
        if (word >= 0 && seen[word]++)
            continue;
        if (word >= 0)
            id = column.words[word];
        else
            snprintf(text, sizeof text, "%lld", (long long)((const int64_t *)column.data)[row]);
        const json_t *node = json_object_get(wanted, id);
        if (word >= 0)
            seen[word] = 1;
        if (node && rows[json_integer_value(node)] < 0) {
            rows[json_integer_value(node)] = row;
            found++;
        }
    }
out:
    throng_i_free(self->context, seen);
    json_decref(wanted);
    return status;
}

static json_t *pack_nodes(const neighbourhood *self, const throng_i_keys *ids, const int64_t *rows) {
    json_t *list = json_array();
    for (int64_t i = 0; i < self->n; i++) {
        char text[THRONG_MESSAGE_LENGTH];
        throng_i_key_print(ids, self->nodes[i], text, sizeof text);
        json_array_append_new(list, json_pack("{s:o, s:I, s:i}", "id", throng_i_json_string(text), "row",
                                              (json_int_t)rows[i], "hop", self->hop[i]));
    }
    return list;
}

static void pack_edges(const neighbourhood *self, json_t *edges, json_t *weights) {
    const throng_i_direction *out = &self->graph->out;
    for (int64_t i = 0; i < self->n; i++)
        for (int64_t e = out->offsets[self->nodes[i]]; e < out->offsets[self->nodes[i] + 1]; e++) {
            int32_t to = self->place[out->neighbours[e]];
            if (to < 0)
                continue;
            json_array_append_new(edges, json_pack("[I, I]", (json_int_t)i, (json_int_t)to));
            json_array_append_new(weights, throng_i_json_real(out->weights ? out->weights[e] : 1.0));
        }
}

static throng_status reply_with(throng_i_call *call, const neighbourhood *self, const throng_i_keys *ids, int reached,
                                bool cut, throng_error *err) {
    throng_status status = THRONG_OK;
    int64_t *rows = NULL;
    json_t *edges = json_array(), *weights = json_array();
    THRONG_TRY(throng_i_alloc(self->context, self->n, sizeof *rows, &rows, err));
    THRONG_TRY(find_rows(call, self, ids, rows, err));
    if (call->reply->status != 0)
        goto out;
    pack_edges(self, edges, weights);
    throng_i_reply_json(call->reply, json_pack("{s:o, s:O, s:O, s:b, s:i}", "nodes", pack_nodes(self, ids, rows),
                                               "edges", edges, "weights", weights, "cut", cut, "reached", reached));
out:
    json_decref(edges);
    json_decref(weights);
    throng_i_free(self->context, rows);
    return status;
}

/* The agent of that id, -1 if there is none. */
static throng_agent find_agent(const throng_i_keys *ids, const char *id) {
    char text[THRONG_MESSAGE_LENGTH];
    for (int64_t i = 0; i < ids->n; i++) {
        if (ids->type == THRONG_TYPE_TEXT ? strcmp(ids->words[i], id) == 0
                                          : (ids->values ? ids->values[i] : i + 1) == strtoll(id, NULL, 10)) {
            throng_i_key_print(ids, i, text, sizeof text);
            return strcmp(text, id) == 0 || ids->type == THRONG_TYPE_TEXT ? (throng_agent)i : -1;
        }
    }
    return -1;
}

static void show(throng_i_call *call, const throng_run *crowd, const char *id, int hops, int64_t limit) {
    throng_error err = {0};
    const char *direction = throng_i_request_argument(call->request, "direction");
    bool both = !direction || strcmp(direction, "both") == 0, full = false;
    bool cut = throng_i_request_argument(call->request, "cut");
    neighbourhood self = {.context = call->explorer->context,
                          .graph = crowd->graph,
                          .limit = limit,
                          .hears = both || strcmp(direction, "hears") == 0,
                          .heard = both || strcmp(direction, "heard") == 0};
    const throng_i_keys *ids = &crowd->population->ids;
    throng_agent centre = find_agent(ids, id);
    int reached = 0;
    throng_status status = THRONG_OK;
    if (centre < 0) {
        throng_i_reply_fail(call->reply, 404, "agent", "Nobody in this run's graph has the id \"%.60s\".", id);
        return;
    }
    THRONG_TRY(throng_i_resize(self.context, &self.place, self.graph->n_agents, sizeof *self.place, &err));
    memset(self.place, 0xFF, (size_t)self.graph->n_agents * sizeof *self.place);
    THRONG_TRY(grow(&self, centre, hops, cut, &reached, &full, &err));
    if (full && reached == 0 && !cut)
        throng_i_reply_fail(call->reply, 422, "network",
                            "The agent's neighbours alone have more than %lld edges: cut=1 shows those that fit.",
                            (long long)limit);
    else
        status = reply_with(call, &self, ids, reached, full && reached == 0, &err);
out:
    if (status != THRONG_OK)
        throng_i_reply_error(call->reply, &err);
    throng_i_free(self.context, self.place);
    throng_i_free(self.context, self.nodes);
    throng_i_free(self.context, self.hop);
}

void throng_i_handle_network(throng_i_call *call) {
    const char *id = throng_i_request_argument(call->request, "id");
    const char *direction = throng_i_request_argument(call->request, "direction");
    int64_t hops = 1, limit = THRONG_I_EDGES_MAX;
    if (!id || !throng_i_request_count(call->request, "hops", 1, HOPS_MAX, &hops) ||
        !throng_i_request_count(call->request, "limit", 1, THRONG_I_EDGES_MAX, &limit) ||
        (direction && strcmp(direction, "both") != 0 && strcmp(direction, "hears") != 0 &&
         strcmp(direction, "heard") != 0)) {
        throng_i_reply_fail(call->reply, 400, "parameter",
                            "network needs an id, hops from 1 to %d, limit from 1 to %d, and direction both, hears or "
                            "heard.",
                            HOPS_MAX, THRONG_I_EDGES_MAX);
        return;
    }
    if (!throng_i_call_enter(call))
        return;
    const throng_run *crowd = find_crowd(call);
    if (crowd)
        show(call, crowd, id, (int)hops, limit);
    throng_i_call_leave(call);
}
