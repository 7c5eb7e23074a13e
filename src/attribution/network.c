/*
 * Indicators of who is joined to whom. There are no aggregates: the plug-in is given the network of one time and how
 * everybody takes part, and returns the value and all its derivatives in one pass over the edges.
 *
 * Presence path: alpha as it is, dv/dalpha. State path: everybody takes part, states move, (x_i - b_i) dv/dx_i.
 */
#include "attribution/crowd.h"
#include "population/graph.h"

#include <math.h>
#include <string.h>

typedef struct throng_i_crowd_network {
    throng_graph *whole; /* of several ranks, each looks at all of it; NULL: the graph as it is */
    throng_graph *own;   /* edges between those who are there; NULL: the graph as it is */
    throng_network view; /* its state is `moved` */
    double *memory;      /* everything below */
    double *observed, *baseline, *mass, *moved, *alpha, *d_alpha, *d_state; /* [n] each */
} crowd_network;

/* ---- those who are there --------------------------------------------------------------------------------------- */

/* The edges that join two rows of this time, as rows. */
static throng_status induce(const throng_i_crowd *crowd, const throng_graph *graph, throng_graph **out,
                            throng_error *err) {
    throng_status status = THRONG_OK;
    throng_context *context = crowd->context;
    throng_adjacency whole = throng_graph_out(graph);
    int64_t n_agents = throng_graph_agents(graph), used = 0, edges = 0;
    throng_agent *row_of = NULL, *source = NULL, *target = NULL;
    double *weight = NULL;
    THRONG_TRY(throng_i_resize(context, &row_of, n_agents, sizeof *row_of, err));
    memset(row_of, 0xff, (size_t)n_agents * sizeof *row_of);
    for (int64_t i = 0; i < crowd->n; i++) {
        throng_agent agent = throng_population_agent(crowd->population, crowd->begin + i);
        row_of[agent] = (throng_agent)i;
        edges += whole.offsets[agent + 1] - whole.offsets[agent];
    }
    THRONG_TRY(throng_i_resize(context, &source, edges, sizeof *source, err));
    THRONG_TRY(throng_i_resize(context, &target, edges, sizeof *target, err));
    if (whole.weights)
        THRONG_TRY(throng_i_resize(context, &weight, edges, sizeof *weight, err));
    for (int64_t i = 0; i < crowd->n; i++) {
        throng_agent agent = throng_population_agent(crowd->population, crowd->begin + i);
        for (int64_t e = whole.offsets[agent]; e < whole.offsets[agent + 1]; e++) {
            if (row_of[whole.neighbours[e]] < 0)
                continue;
            source[used] = (throng_agent)i;
            target[used] = row_of[whole.neighbours[e]];
            if (weight)
                weight[used] = whole.weights[e];
            used++;
        }
    }
    THRONG_TRY(throng_graph_create_from(context, crowd->n, used, source, target, weight, out, err));
out:
    throng_i_free(context, row_of);
    throng_i_free(context, source);
    throng_i_free(context, target);
    throng_i_free(context, weight);
    return status;
}

/* ---- preparing ------------------------------------------------------------------------------------------------- */

#define ARRAYS  7 /* of crowd_network */
#define SCRATCH 8 /* of throng_network */

static throng_status allocate(throng_i_crowd *crowd, throng_error *err) {
    throng_status status = THRONG_OK;
    crowd_network *self = NULL;
    int64_t n = crowd->n;
    THRONG_TRY(throng_i_alloc(crowd->context, 1, sizeof *self, &self, err));
    crowd->network = self;
    THRONG_TRY(throng_i_alloc(crowd->context, (ARRAYS + SCRATCH) * n, sizeof(double), &self->memory, err));
    THRONG_TRY(throng_i_alloc(crowd->context, n, sizeof *self->view.order, &self->view.order, err));
    double **arrays[] = {&self->observed, &self->baseline, &self->mass,    &self->moved,
                         &self->alpha,    &self->d_alpha,  &self->d_state, &self->view.scratch};
    for (int a = 0; a < ARRAYS + 1; a++)
        *arrays[a] = self->memory + a * n;
    self->view.n = n;
    self->view.state = self->observed;
    self->view.mass = self->mass;
out:
    return status;
}

static void load(throng_i_crowd *crowd) {
    crowd_network *self = crowd->network;
    throng_i_block block;
    for (int64_t at = 0; at < crowd->n; at += THRONG_I_BLOCK) {
        throng_i_block_load(crowd, at, at + THRONG_I_BLOCK < crowd->n ? at + THRONG_I_BLOCK : crowd->n, &block);
        for (int64_t i = 0; i < block.n; i++) {
            self->observed[at + i] = block.x[i];
            self->baseline[at + i] = block.b ? block.b[i] : crowd->baseline;
            self->mass[at + i] = (block.w ? block.w[i] : 1.0) / crowd->mass;
        }
    }
}

static throng_status prepare(throng_i_crowd *crowd, throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_indicator *descriptor = crowd->indicator->descriptor;
    THRONG_TRY(allocate(crowd, err));
    crowd_network *self = crowd->network;
    load(crowd);
    THRONG_TRY(throng_i_graph_whole(crowd->graph, &self->whole, err));
    const throng_graph *graph = self->whole ? self->whole : crowd->graph;
    if (crowd->population->agents || crowd->n != throng_graph_agents(graph))
        THRONG_TRY(induce(crowd, graph, &self->own, err));
    self->view.out = throng_graph_out(self->own ? self->own : graph);
    self->view.in = throng_graph_in(self->own ? self->own : graph);
    if (descriptor->observe)
        THRONG_TRY(descriptor->observe(&crowd->setting, &self->view, self->view.constant, err));
out:
    return status;
}

void throng_i_network_clear(throng_i_crowd *crowd) {
    crowd_network *self = crowd->network;
    if (!self)
        return;
    throng_graph_free(self->own);
    throng_graph_free(self->whole);
    throng_i_free(crowd->context, self->view.order);
    throng_i_free(crowd->context, self->memory);
    throng_i_free(crowd->context, self);
    crowd->network = NULL;
}

/* ---- values ---------------------------------------------------------------------------------------------------- */

throng_status throng_i_network_value(throng_i_crowd *crowd, const double *alpha, double *value, double *gradient,
                                     throng_error *err) {
    crowd_network *self = crowd->network;
    const throng_indicator *descriptor = crowd->indicator->descriptor;
    if (crowd->path == THRONG_PATH_PRESENCE)
        return descriptor->network(&crowd->setting, &self->view, alpha, value, gradient, NULL, err);
    throng_network view = self->view;
    view.state = self->moved;
    for (int64_t i = 0; i < crowd->n; i++) {
        self->moved[i] = self->baseline[i] + alpha[i] * (self->observed[i] - self->baseline[i]);
        self->d_alpha[i] = 1.0; /* lent: everybody takes part */
    }
    throng_status status =
        descriptor->network(&crowd->setting, &view, self->d_alpha, value, NULL, gradient ? self->d_state : NULL, err);
    for (int64_t i = 0; status == THRONG_OK && gradient && i < crowd->n; i++)
        gradient[i] = (self->observed[i] - self->baseline[i]) * self->d_state[i];
    return status;
}

static const double *everybody(crowd_network *self, double t) {
    for (int64_t i = 0; i < self->view.n; i++)
        self->alpha[i] = t;
    return self->alpha;
}

static throng_status ray_value(void *user, double t, double *out, throng_error *err) {
    throng_i_crowd *crowd = user;
    return throng_i_network_value(crowd, everybody(crowd->network, t), out, NULL, err);
}

/* out += sign * weight * gradient over a rule's nodes */
static throng_status add_rule(throng_i_crowd *crowd, const throng_nodes *nodes, double sign, double *gradient,
                              double *out, throng_error *err) {
    throng_status status = THRONG_OK;
    double unused = 0.0;
    for (int q = 0; q < nodes->n; q++) {
        THRONG_TRY(throng_i_network_value(crowd, everybody(crowd->network, nodes->t[q]), &unused, gradient, err));
        for (int64_t i = 0; i < crowd->n; i++)
            out[i] += sign * nodes->weight[q] * gradient[i];
        THRONG_TRY(throng_i_progress(crowd->context, &crowd->progress, err));
    }
out:
    return status;
}

static throng_status credit(void *user, const throng_nodes *fine, const throng_nodes *coarse, double *phi,
                            throng_credit_sums *sums, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_crowd *crowd = user;
    double *rows = NULL;
    int64_t n = crowd->n;
    THRONG_TRY(throng_i_alloc(crowd->context, 3 * n, sizeof *rows, &rows, err));
    double *change = rows + n, *gradient = rows + 2 * n;
    THRONG_TRY(add_rule(crowd, fine, 1.0, gradient, rows, err));
    if (coarse) {
        memcpy(change, rows, (size_t)n * sizeof *rows);
        THRONG_TRY(add_rule(crowd, coarse, -1.0, gradient, change, err));
    }
    *sums = (throng_credit_sums){0};
    for (int64_t i = 0; i < n; i++) {
        sums->phi += rows[i];
        sums->absolute += fabs(rows[i]);
        sums->change += fabs(change[i]);
    }
    if (phi)
        memcpy(phi, rows, (size_t)n * sizeof *rows);
out:
    throng_i_free(crowd->context, rows);
    return status;
}

const throng_i_form throng_i_form_network = {.prepare = prepare, .value = ray_value, .credit = credit};
