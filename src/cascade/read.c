/* Cascades from files: which columns are read, and in what role. */
#include "cascade/cascade.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define COLUMNS_MAX 7
#define CROWD_KINDS "kind IN ('post', 'reply', 'quote', 'repost')"

typedef struct reading {
    throng_context *context;
    throng_cascades_def def;
    const char *actions; /* a crowd's table */
    char *memory[3];     /* of texts that are made here */
    const char *edges, *condition, *edges_condition;
} reading;

/* A crowd made by throng_ingest is one file without the name of a table. */
static bool is_crowd(const throng_cascades_input *input) {
    static const char *const endings[] = {".duckdb", ".ddb", ".db"};
    const char *path = input->n_paths == 1 ? input->paths[0] : "";
    size_t length = strlen(path);
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        size_t n = strlen(endings[i]);
        if (length > n && strcasecmp(path + length - n, endings[i]) == 0)
            return true;
    }
    return false;
}

static const char *either(const char *given, const char *otherwise) {
    return given ? given : otherwise;
}

/* The columns that throng_ingest makes. */
static throng_status take_crowd(reading *self, const throng_cascades_input *input, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_cascades_def *def = &self->def;
    def->agent = either(def->agent, "agent");
    def->id = either(def->id, "record");
    def->time = either(def->time, "time");
    def->parent = either(def->parent, "via");
    def->item = either(def->item, "target");
    def->author = either(def->author, "target_agent");
    def->kind = either(def->kind, "kind");
    THRONG_TRY(throng_i_print(self->context, &self->memory[0], err, "%s#actions", input->paths[0]));
    self->actions = self->memory[0];
    THRONG_TRY(throng_i_print(self->context, &self->memory[1], err, "%s%s%s%s", CROWD_KINDS,
                              self->condition ? " AND (" : "", either(self->condition, ""),
                              self->condition ? "\n)" : ""));
    self->condition = self->memory[1];
    if (self->edges)
        goto out;
    THRONG_TRY(throng_i_print(self->context, &self->memory[2], err, "%s#edges", input->paths[0]));
    self->edges = self->memory[2];
    self->edges_condition = "kind = 'follow'";
out:
    return status;
}

static throng_status read_actions(const reading *self, const throng_cascades_input *input, throng_table **out,
                                  throng_error *err) {
    const throng_cascades_def *def = &self->def;
    const throng_column_request wanted[COLUMNS_MAX] = {
        {def->agent, THRONG_ROLE_KEY},   {def->id, THRONG_ROLE_LINK},   {def->time, THRONG_ROLE_MOMENT},
        {def->parent, THRONG_ROLE_LINK}, {def->item, THRONG_ROLE_LINK}, {def->author, THRONG_ROLE_LINK},
        {def->kind, THRONG_ROLE_LABEL},
    };
    throng_column_request requests[COLUMNS_MAX];
    int n = 0;
    for (int i = 0; i < COLUMNS_MAX; i++)
        if (wanted[i].column)
            requests[n++] = wanted[i];
    return throng_table_read(self->context, self->actions ? &self->actions : input->paths,
                             self->actions ? 1 : input->n_paths, requests, n, self->condition, out, err);
}

static throng_status read_edges(reading *self, throng_table **out, throng_error *err) {
    if (!self->edges)
        return THRONG_OK;
    self->def.source = either(self->def.source, "source");
    self->def.target = either(self->def.target, "target");
    const throng_column_request requests[] = {{self->def.source, THRONG_ROLE_KEY}, {self->def.target, THRONG_ROLE_KEY}};
    return throng_table_read(self->context, &self->edges, 1, requests, 2, self->edges_condition, out, err);
}

throng_status throng_cascades_read(throng_context *context, const throng_cascades_input *input,
                                   const throng_cascades_def *def, throng_cascades **out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_table *actions = NULL, *edges = NULL;
    reading self = {.context = context,
                    .def = *def,
                    .edges = input->edges,
                    .condition = input->condition,
                    .edges_condition = input->edges_condition};
    THRONG_REQUIRE(input->n_paths > 0, E_ARGUMENT, "Cascades need a table of actions.");
    if (is_crowd(input))
        THRONG_TRY(take_crowd(&self, input, err));
    THRONG_TRY(throng_i_cascade_check(&self.def, self.edges, err));
    THRONG_TRY(read_actions(&self, input, &actions, err));
    THRONG_TRY(read_edges(&self, &edges, err));
    status = throng_cascades_create(context, actions, edges, &self.def, out, err);
    actions = edges = NULL;
out:
    throng_table_free(actions);
    throng_table_free(edges);
    for (size_t i = 0; i < sizeof self.memory / sizeof *self.memory; i++)
        throng_i_free(context, self.memory[i]);
    return status;
}
