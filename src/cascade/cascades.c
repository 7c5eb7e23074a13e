/* Cascades as a whole: making, asking, freeing. */
#include "cascade/cascade.h"

#include <math.h>
#include <stdio.h>

const char *throng_link_name(throng_link link) {
    static const char *const names[THRONG_LINK_COUNT] = {"start", "known", "followed", "assumed"};
    return (unsigned)link < THRONG_LINK_COUNT ? names[link] : "unknown";
}

throng_cascades_def throng_cascades_default(void) {
    return (throng_cascades_def){.within = (double)INFINITY};
}

/* ---- edges ------------------------------------------------------------------------------------------------------ */

/* Who follows whom among the agents. An edge that ends with a stranger can explain nothing, and is left out. */
static throng_status make_graph(throng_cascades *self, throng_table *edges, throng_graph **out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_graph_def def = throng_graph_default();
    const throng_population agents = {
        .context = self->context, .n_rows = self->n_agents, .n_agents = self->n_agents, .ids = self->agents};
    def.source = self->def.source;
    def.target = self->def.target;
    def.missing = def.loops = THRONG_EDGES_DROP;
    THRONG_TRY(throng_graph_create(&agents, edges, &def, out, err));
    throng_graph_counts counts = throng_graph_counted(*out);
    self->counts.edges = counts.edges;
    self->counts.strangers = counts.missing + counts.loops;
out:
    return status;
}

/* ---- making ----------------------------------------------------------------------------------------------------- */

static throng_status copy_sources(throng_cascades *self, const throng_table *table, throng_error *err) {
    int n = 0;
    const throng_source *sources = table ? throng_table_sources(table, &n) : NULL;
    return throng_i_sources_add(self->context, &self->sources, &self->n_sources, sources, n, err);
}

throng_status throng_i_cascade_check(const throng_cascades_def *def, bool has_edges, throng_error *err) {
    throng_status status = THRONG_OK;
    THRONG_REQUIRE(def->agent, E_ARGUMENT, "Cascades need the column that says who acted (agent).");
    THRONG_REQUIRE(def->item || def->parent, E_ARGUMENT,
                   "Cascades need a column that says where an action came from: its parent, or the item passed on.");
    THRONG_REQUIRE(def->id || !def->parent, E_ARGUMENT,
                   "Parents are ids of actions: name the column that holds these ids, too (id).");
    THRONG_REQUIRE(!has_edges || def->item, E_ARGUMENT,
                   "Edges tell from whom an item came: name the column that holds the items, too (item).");
    THRONG_REQUIRE(def->within >= 0.0, E_ARGUMENT, "within must not be negative, got %g.", def->within);
    THRONG_REQUIRE(def->time || isinf(def->within), E_ARGUMENT,
                   "within is a time: name the column that holds the times, too (time).");
out:
    return status;
}

static throng_status check(const throng_cascades *self, const throng_table *edges, throng_error *err) {
    throng_status status = THRONG_OK;
    THRONG_TRY(throng_i_cascade_check(&self->def, edges, err));
    THRONG_REQUIRE(!edges || (self->def.source && self->def.target), E_ARGUMENT,
                   "Edges need the names of two columns: who follows, and who is followed.");
    THRONG_REQUIRE(self->n_rows > 0, E_EMPTY, "There are no actions.");
    THRONG_REQUIRE(self->n_rows < INT32_MAX / 2, E_ARGUMENT,
                   "There are more actions than throng can count, about a thousand million.");
out:
    return status;
}

static void count_links(throng_cascades *self) {
    int64_t n[THRONG_LINK_COUNT] = {0};
    for (int64_t m = 0; m < self->n_members; m++)
        n[self->link[m]]++;
    self->counts.starts = n[THRONG_LINK_START];
    self->counts.known = n[THRONG_LINK_KNOWN];
    self->counts.followed = n[THRONG_LINK_FOLLOWED];
    self->counts.assumed = n[THRONG_LINK_ASSUMED];
}

throng_status throng_cascades_create(throng_context *context, throng_table *actions, throng_table *edges,
                                     const throng_cascades_def *def, throng_cascades **out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_cascades *self = NULL;
    throng_i_links links = {0};
    THRONG_TRY(throng_i_alloc(context, 1, sizeof *self, &self, err));
    links.self = self;
    self->context = context;
    self->def = *def;
    self->actions = actions;
    self->n_rows = throng_table_rows(actions);
    actions = NULL;
    THRONG_TRY(check(self, edges, err));
    THRONG_TRY(copy_sources(self, self->actions, err));
    THRONG_TRY(copy_sources(self, edges, err));
    THRONG_TRY(throng_i_cascade_members(self, &links, err));
    if (edges) {
        throng_table *consumed = edges;
        edges = NULL;
        THRONG_TRY(make_graph(self, consumed, &links.graph, err));
    }
    THRONG_TRY(throng_i_cascade_links(&links, err));
    throng_i_links_clear(&links);
    links = (throng_i_links){.self = self};
    THRONG_TRY(throng_i_cascade_trees(self, err));
    count_links(self);
    THRONG_TRY(throng_i_cascade_credit(self, err));
    *out = self;
    self = NULL;
out:
    if (links.self)
        throng_i_links_clear(&links);
    throng_table_free(actions);
    throng_table_free(edges);
    throng_cascades_free(self);
    return status;
}

static void clear_coded(throng_context *context, throng_i_coded *coded) {
    throng_i_free(context, coded->codes);
    throng_i_free(context, coded->keys.memory);
    throng_i_free(context, coded->text);
}

void throng_cascades_free(throng_cascades *self) {
    if (!self)
        return;
    throng_i_coded *const coded[] = {&self->id, &self->agent, &self->parent_id, &self->item, &self->author};
    void *const blocks[] = {
        self->agents.memory, self->names.memory, self->row,       self->agent_of, self->when,   self->parent,
        self->link,          self->place,        self->member_at, self->above,    self->size,   self->depth,
        self->cascade_at,    self->credit,       self->offsets,   self->deepest,  self->width,  self->virality,
        self->phi,           self->reach,        self->acted,     self->starts,   self->direct,
    };
    for (size_t i = 0; i < sizeof coded / sizeof *coded; i++)
        clear_coded(self->context, coded[i]);
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
        throng_i_free(self->context, blocks[i]);
    throng_i_sources_free(self->context, self->sources, self->n_sources);
    throng_table_free(self->actions);
    throng_i_free(self->context, self);
}

/* ---- asking ----------------------------------------------------------------------------------------------------- */

throng_cascades_counts throng_cascades_counted(const throng_cascades *self) {
    return self->counts;
}

int64_t throng_cascades_count(const throng_cascades *self) {
    return self->n_cascades;
}

throng_cascade throng_cascades_tree(const throng_cascades *self, int64_t index) {
    int64_t place = self->offsets[index];
    return (throng_cascade){self->member_at[place], self->size[place], self->deepest[index], self->width[index],
                            self->virality[index]};
}

throng_cascade_member throng_cascades_member(const throng_cascades *self, int64_t index) {
    int32_t place = self->place[index];
    return (throng_cascade_member){
        .row = self->row[index],
        .agent = self->agent_of[index],
        .parent = self->parent[index],
        .cascade = self->cascade_at[place],
        .depth = self->depth[place],
        .descendants = self->size[place] - 1,
        .link = (throng_link)self->link[index],
        .phi = self->credit[place],
    };
}

int64_t throng_cascades_agents(const throng_cascades *self) {
    return self->n_agents;
}

throng_cascade_agent throng_cascades_agent(const throng_cascades *self, throng_agent agent) {
    return (throng_cascade_agent){self->phi[agent], self->reach[agent], self->acted[agent], self->starts[agent],
                                  self->direct[agent]};
}

const double *throng_cascades_phi(const throng_cascades *self) {
    return self->phi;
}

throng_cascades_proof throng_cascades_prove(const throng_cascades *self) {
    return self->proof;
}

void throng_cascades_agent_name(const throng_cascades *self, throng_agent agent, char *out, size_t size) {
    if (agent < 0)
        snprintf(out, size, "(unknown)");
    else
        throng_i_key_print(&self->agents, agent, out, size);
}

void throng_cascades_member_name(const throng_cascades *self, int64_t member, char *out, size_t size) {
    bool named = self->names.words ? self->names.words[member][0]
                                   : self->names.values && self->names.values[member] != INT64_MIN;
    if (named)
        throng_i_key_print(&self->names, member, out, size);
    else
        snprintf(out, size, "row %lld", (long long)self->row[member] + 1);
}

const throng_source *throng_cascades_sources(const throng_cascades *self, int *n_sources) {
    *n_sources = self->n_sources;
    return self->sources;
}
