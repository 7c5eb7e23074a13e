/* The report of cascades, and their tables: cascades, members, agents. */
#include "cascade/cascade.h"
#include "report/report.h"
#include "table/table.h"

#include <string.h>

static void put(throng_i_reporter *self, json_t *object, const char *key, json_t *item) {
    throng_i_json_put(&self->failed, object, key, item);
}

/* ---- the largest ------------------------------------------------------------------------------------------------ */

/* How the index-th of something is ranked. */
typedef double (*rank_fn)(const throng_cascades *cascades, int64_t index);

static double size_of(const throng_cascades *cascades, int64_t index) {
    return (double)(cascades->offsets[index + 1] - cascades->offsets[index]);
}

static double phi_of(const throng_cascades *cascades, int64_t index) {
    return cascades->phi[index];
}

/* The indices of the n of the highest rank, in its order; of equals the earlier goes first. Returns how many. */
static int find_top(const throng_cascades *cascades, int64_t count, rank_fn rank, int n, int64_t *top) {
    int found = 0;
    for (int64_t i = 0; i < count; i++) {
        double mine = rank(cascades, i);
        int at = found;
        if (n == 0 || (found == n && mine <= rank(cascades, top[n - 1])))
            continue;
        found += found < n;
        for (at = found - 1; at > 0 && mine > rank(cascades, top[at - 1]); at--)
            top[at] = top[at - 1];
        top[at] = i;
    }
    return found;
}

/* ---- the document ----------------------------------------------------------------------------------------------- */

static json_t *actions(throng_i_reporter *self, const throng_cascades_counts *counts) {
    const struct {
        const char *key;
        int64_t n;
    } list[] = {
        {"rows", counts->rows},       {"repeats", counts->repeats},
        {"actions", counts->actions}, {"unseen", counts->unseen},
        {"members", counts->members}, {"starts", counts->starts},
        {"known", counts->known},     {"followed", counts->followed},
        {"assumed", counts->assumed}, {"lost_parents", counts->lost},
        {"early", counts->early},     {"ties", counts->ties},
        {"untimed", counts->untimed}, {"cycles", counts->cycles},
        {"edges", counts->edges},     {"edges_of_strangers", counts->strangers},
    };
    json_t *object = json_object();
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        put(self, object, list[i].key, json_integer((json_int_t)list[i].n));
    return object;
}

static json_t *trees(throng_i_reporter *self, const throng_cascades *cascades) {
    json_t *object = json_object();
    int64_t alone = 0, deepest = 0;
    for (int64_t c = 0; c < cascades->n_cascades; c++) {
        alone += cascades->offsets[c + 1] - cascades->offsets[c] == 1;
        deepest = cascades->deepest[c] > deepest ? cascades->deepest[c] : deepest;
    }
    put(self, object, "count", json_integer((json_int_t)cascades->n_cascades));
    put(self, object, "of_one_member", json_integer((json_int_t)alone));
    put(self, object, "deepest", json_integer((json_int_t)deepest));
    return object;
}

static json_t *tree(throng_i_reporter *self, const throng_cascades *cascades, int64_t index) {
    char name[200];
    throng_cascade it = throng_cascades_tree(cascades, index);
    json_t *object = json_object();
    put(self, object, "cascade", json_integer((json_int_t)index));
    throng_cascades_member_name(cascades, it.root, name, sizeof name);
    put(self, object, "root", throng_i_json_string(name));
    throng_cascades_agent_name(cascades, cascades->agent_of[it.root], name, sizeof name);
    put(self, object, "agent", throng_i_json_string(name));
    put(self, object, "size", json_integer((json_int_t)it.size));
    put(self, object, "depth", json_integer((json_int_t)it.depth));
    put(self, object, "width", json_integer((json_int_t)it.width));
    put(self, object, "virality", throng_i_json_real(it.virality));
    return object;
}

static json_t *agent(throng_i_reporter *self, const throng_cascades *cascades, int64_t index) {
    char name[200];
    throng_cascade_agent it = throng_cascades_agent(cascades, (throng_agent)index);
    json_t *object = json_object();
    throng_cascades_agent_name(cascades, (throng_agent)index, name, sizeof name);
    put(self, object, "agent", throng_i_json_string(name));
    put(self, object, "phi", throng_i_json_real(it.phi));
    put(self, object, "share", throng_i_json_share(it.phi, (double)cascades->proof.reach));
    put(self, object, "reach", json_integer((json_int_t)it.reach));
    put(self, object, "actions", json_integer((json_int_t)it.actions));
    put(self, object, "starts", json_integer((json_int_t)it.starts));
    put(self, object, "direct", json_integer((json_int_t)it.direct));
    return object;
}

typedef json_t *(*part_fn)(throng_i_reporter *self, const throng_cascades *cascades, int64_t index);

static json_t *list_top(throng_i_reporter *self, const throng_cascades *cascades, int64_t count, rank_fn rank,
                        part_fn make) {
    int64_t *top = NULL;
    json_t *list = json_array();
    if (throng_i_alloc(self->context, self->def->top, sizeof *top, &top, NULL) != THRONG_OK)
        self->failed = true;
    int n = self->failed ? 0 : find_top(cascades, count, rank, self->def->top, top);
    for (int i = 0; i < n; i++)
        throng_i_json_append(&self->failed, list, make(self, cascades, top[i]));
    throng_i_free(self->context, top);
    return list;
}

static json_t *certificate(throng_i_reporter *self, const throng_cascades *cascades) {
    json_t *object = json_object();
    put(self, object, "method", json_string("shapley, closed form"));
    put(self, object, "reach", json_integer((json_int_t)cascades->proof.reach));
    put(self, object, "sum", throng_i_json_real(cascades->proof.sum));
    put(self, object, "residual", throng_i_json_real(cascades->proof.residual));
    return object;
}

static json_t *citations(throng_i_reporter *self) {
    json_t *list = json_array();
    throng_i_report_cite_text(self, list, "parents by follows and time, structural virality",
                              "Goel, Anderson, Hofman and Watts 2016, The structural virality of online diffusion, "
                              "doi 10.1287/mnsc.2015.2158");
    throng_i_report_cite_text(self, list, "credits of reach",
                              "Shapley 1953, A value for n-person games, doi 10.1515/9781400881970-018");
    return throng_i_report_cite_throng(self, list);
}

throng_status throng_cascades_json(throng_context *context, const throng_cascades *cascades,
                                   const throng_report_def *def, char **out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_report_def full = *def;
    throng_i_reporter reporter = {.context = context, .def = &full};
    throng_i_reporter *self = &reporter;
    full.sources = throng_cascades_sources(cascades, &full.n_sources);
    json_t *document = json_object();
    put(self, document, "schema", json_integer(THRONG_REPORT_SCHEMA));
    put(self, document, "throng", throng_i_report_program(self));
    put(self, document, "complete", json_true());
    put(self, document, "agents", json_integer((json_int_t)cascades->n_agents));
    put(self, document, "actions", actions(self, &cascades->counts));
    put(self, document, "cascades", trees(self, cascades));
    put(self, document, "top_cascades", list_top(self, cascades, cascades->n_cascades, size_of, tree));
    put(self, document, "top_agents", list_top(self, cascades, cascades->n_agents, phi_of, agent));
    put(self, document, "certificate", certificate(self, cascades));
    put(self, document, "timings", json_object());
    put(self, document, "provenance", throng_i_report_provenance(self));
    put(self, document, "cite", citations(self));
    THRONG_REQUIRE(!self->failed, E_MEMORY, "Out of memory: the report could not be made.");
    THRONG_TRY(throng_i_report_finish(document, full.timings, full.n_timings, err));
    THRONG_TRY(throng_i_json_text(context, document, out, err));
out:
    json_decref(document);
    return status;
}

/* ---- tables ----------------------------------------------------------------------------------------------------- */

/* A column that exists only while it is written: whole numbers (the codes of text), or reals. */
typedef struct field {
    const char *name;
    throng_type type;
    int64_t (*whole)(const throng_cascades *cascades, int64_t index);
    double (*real)(const throng_cascades *cascades, int64_t index);
    const char *const *words; /* TEXT */
    int64_t n_words;
    const throng_cascades *cascades;
} field;

static void fill(const void *user, int64_t begin, int64_t n, void *out) {
    const field *self = user;
    for (int64_t i = 0; i < n; i++) {
        if (self->real)
            ((double *)out)[i] = self->real(self->cascades, begin + i);
        else if (self->type == THRONG_TYPE_TEXT)
            ((int32_t *)out)[i] = (int32_t)self->whole(self->cascades, begin + i);
        else
            ((int64_t *)out)[i] = self->whole(self->cascades, begin + i);
    }
}

static int64_t index_itself(const throng_cascades *it, int64_t i) {
    (void)it;
    return i;
}
static int64_t root_of(const throng_cascades *it, int64_t c) {
    return it->member_at[it->offsets[c]];
}
static int64_t cascade_size(const throng_cascades *it, int64_t c) {
    return it->offsets[c + 1] - it->offsets[c];
}
static int64_t cascade_depth(const throng_cascades *it, int64_t c) {
    return it->deepest[c];
}
static int64_t cascade_width(const throng_cascades *it, int64_t c) {
    return it->width[c];
}
static double cascade_virality(const throng_cascades *it, int64_t c) {
    return it->virality[c];
}
static int64_t member_row(const throng_cascades *it, int64_t m) {
    return it->row[m] + 1;
}
static int64_t member_cascade(const throng_cascades *it, int64_t m) {
    return it->cascade_at[it->place[m]];
}
static int64_t member_parent(const throng_cascades *it, int64_t m) {
    return it->parent[m];
}
static int64_t member_depth(const throng_cascades *it, int64_t m) {
    return it->depth[it->place[m]];
}
static int64_t member_descendants(const throng_cascades *it, int64_t m) {
    return it->size[it->place[m]] - 1;
}
static int64_t member_link(const throng_cascades *it, int64_t m) {
    return it->link[m];
}
static double member_phi(const throng_cascades *it, int64_t m) {
    return it->credit[it->place[m]];
}
static double agent_share(const throng_cascades *it, int64_t a) {
    return it->proof.reach > 0 ? it->phi[a] / (double)it->proof.reach : 0.0;
}
static int64_t agent_reach(const throng_cascades *it, int64_t a) {
    return it->reach[a];
}
static int64_t agent_actions(const throng_cascades *it, int64_t a) {
    return it->acted[a];
}
static int64_t agent_starts(const throng_cascades *it, int64_t a) {
    return it->starts[a];
}
static int64_t agent_direct(const throng_cascades *it, int64_t a) {
    return it->direct[a];
}

/* Names: the code of a text, or the number itself; of an unknown agent the word behind the others, or -1. */
static int64_t name_of_member(const throng_cascades *it, int64_t m) {
    return it->names.words ? m : it->names.values[m];
}
static int64_t name_of_root(const throng_cascades *it, int64_t c) {
    return name_of_member(it, root_of(it, c));
}
static int64_t name_of_agent(const throng_cascades *it, int64_t a) {
    if (a < 0)
        return it->agents.words ? it->n_agents : -1;
    return it->agents.words ? a : it->agents.values[a];
}
static int64_t agent_of_root(const throng_cascades *it, int64_t c) {
    return name_of_agent(it, it->agent_of[root_of(it, c)]);
}
static int64_t agent_of_member(const throng_cascades *it, int64_t m) {
    return name_of_agent(it, it->agent_of[m]);
}

typedef struct table_list {
    const throng_cascades *cascades;
    const char **agents; /* [agents + 1] words, the last for the unknown one; NULL: they are numbers */
    const char *links[THRONG_LINK_COUNT];
    const char *ending;
} table_list;

static throng_status write_fields(const table_list *tables, const throng_i_run_directory *directory, const char *name,
                                  int64_t n_rows, const field *fields, int n, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_context *context = directory->context;
    throng_table *table = NULL;
    char *path = NULL;
    THRONG_TRY(throng_i_print(context, &path, err, "%s/%s%s", directory->draft, name, tables->ending));
    THRONG_TRY(throng_table_create(context, n_rows, &table, err));
    for (int i = 0; i < n; i++) {
        throng_i_table_column column = {
            .view = {.type = fields[i].type, .n_rows = n_rows, .n_words = fields[i].n_words, .words = fields[i].words},
            .fill = fill,
            .fill_user = &fields[i]};
        THRONG_TRY(throng_i_table_put_column(table, fields[i].name, &column, err));
    }
    THRONG_TRY(throng_table_write(table, path, false, err));
out:
    throng_table_free(table);
    throng_i_free(context, path);
    return status;
}

#define FIELDS(list) (list), (int)(sizeof(list) / sizeof *(list))

static throng_status write_tables(const table_list *tables, const throng_i_run_directory *directory,
                                  throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_cascades *it = tables->cascades;
    throng_type people = tables->agents ? THRONG_TYPE_TEXT : THRONG_TYPE_INT64, named = it->names.type;
    const char *const *agents = tables->agents, *const *names = it->names.words;
    int64_t n_agents = agents ? it->n_agents + 1 : 0, n_names = names ? it->n_members : 0;
    field cascades[] = {
        {"cascade", THRONG_TYPE_INT64, index_itself, NULL, NULL, 0, it},
        {"root", named, name_of_root, NULL, names, n_names, it},
        {"agent", people, agent_of_root, NULL, agents, n_agents, it},
        {"size", THRONG_TYPE_INT64, cascade_size, NULL, NULL, 0, it},
        {"depth", THRONG_TYPE_INT64, cascade_depth, NULL, NULL, 0, it},
        {"width", THRONG_TYPE_INT64, cascade_width, NULL, NULL, 0, it},
        {"virality", THRONG_TYPE_FLOAT64, NULL, cascade_virality, NULL, 0, it},
    };
    field members[] = {
        {"member", THRONG_TYPE_INT64, index_itself, NULL, NULL, 0, it},
        {"row", THRONG_TYPE_INT64, member_row, NULL, NULL, 0, it},
        {it->id.codes ? "id" : "item", named, name_of_member, NULL, names, n_names, it},
        {"agent", people, agent_of_member, NULL, agents, n_agents, it},
        {"cascade", THRONG_TYPE_INT64, member_cascade, NULL, NULL, 0, it},
        {"parent", THRONG_TYPE_INT64, member_parent, NULL, NULL, 0, it},
        {"depth", THRONG_TYPE_INT64, member_depth, NULL, NULL, 0, it},
        {"descendants", THRONG_TYPE_INT64, member_descendants, NULL, NULL, 0, it},
        {"link", THRONG_TYPE_TEXT, member_link, NULL, tables->links, THRONG_LINK_COUNT, it},
        {"phi", THRONG_TYPE_FLOAT64, NULL, member_phi, NULL, 0, it},
    };
    field credits[] = {
        {"agent", people, name_of_agent, NULL, agents, n_agents, it},
        {"phi", THRONG_TYPE_FLOAT64, NULL, phi_of, NULL, 0, it},
        {"share", THRONG_TYPE_FLOAT64, NULL, agent_share, NULL, 0, it},
        {"reach", THRONG_TYPE_INT64, agent_reach, NULL, NULL, 0, it},
        {"actions", THRONG_TYPE_INT64, agent_actions, NULL, NULL, 0, it},
        {"starts", THRONG_TYPE_INT64, agent_starts, NULL, NULL, 0, it},
        {"direct", THRONG_TYPE_INT64, agent_direct, NULL, NULL, 0, it},
    };
    THRONG_TRY(write_fields(tables, directory, "cascades", it->n_cascades, FIELDS(cascades), err));
    THRONG_TRY(write_fields(tables, directory, "members", it->n_members, FIELDS(members), err));
    THRONG_TRY(write_fields(tables, directory, "agents", it->n_agents, FIELDS(credits), err));
out:
    return status;
}

throng_status throng_cascades_write(throng_context *context, const throng_cascades *cascades, const char *path,
                                    const char *report, bool csv, bool force, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_run_directory directory = {.context = context};
    table_list tables = {.cascades = cascades, .ending = csv ? ".csv" : ".parquet"};
    for (int i = 0; i < THRONG_LINK_COUNT; i++)
        tables.links[i] = throng_link_name((throng_link)i);
    if (cascades->agents.words) {
        THRONG_TRY(throng_i_resize(context, &tables.agents, cascades->n_agents + 1, sizeof *tables.agents, err));
        memcpy(tables.agents, cascades->agents.words, (size_t)cascades->n_agents * sizeof *tables.agents);
        tables.agents[cascades->n_agents] = "(unknown)";
    }
    THRONG_TRY(throng_i_run_directory_begin(context, path, force, &directory, err));
    THRONG_TRY(write_tables(&tables, &directory, err));
    if (report)
        THRONG_TRY(throng_i_run_directory_text(&directory, "report.json", report, err));
    THRONG_TRY(throng_i_run_directory_commit(&directory, err));
out:
    throng_i_run_directory_clear(&directory);
    throng_i_free(context, tables.agents);
    return status;
}
