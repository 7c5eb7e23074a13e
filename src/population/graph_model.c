/* Drawing a graph: counts every agent's edges, then writes them to where they belong. */
#include "throng/graph_model.h"

#include "core/ranks.h"
#include "population/graph.h"

/* Keeps the draws of graphs apart from every other use of the same seed. */
#define GRAPH_STREAM 0x6772617068ULL

typedef struct draw_job {
    const throng_graph_model *model;
    const throng_graph_request *request;
    int64_t *first;                /* [n + 1] place of an agent's first edge */
    throng_agent *source, *target; /* [edges] those who are heard, and those who hear */
    int64_t n_edges;               /* in one direction */
} draw_job;

static void count_chunk(void *user, throng_chunk chunk) {
    const draw_job *job = user;
    for (int64_t i = chunk.begin; i < chunk.end; i++)
        job->first[i + 1] = job->model->edges(job->request, i, NULL);
}

static void write_chunk(void *user, throng_chunk chunk) {
    const draw_job *job = user;
    for (int64_t i = chunk.begin; i < chunk.end; i++) {
        job->model->edges(job->request, i, job->source + job->first[i]);
        for (int64_t e = job->first[i]; e < job->first[i + 1]; e++) {
            job->target[e] = (throng_agent)i;
            if (job->model->undirected) {
                job->source[job->n_edges + e] = (throng_agent)i;
                job->target[job->n_edges + e] = job->source[e];
            }
        }
    }
}

/* Sums of how popular everybody is. */
static throng_status add_up(throng_context *context, const throng_graph_model *model,
                            const throng_graph_request *request, const double *weight, double **out,
                            throng_error *err) {
    double *sums = NULL;
    throng_status status = throng_i_alloc(context, request->n_agents + 1, sizeof *sums, &sums, err);
    if (status != THRONG_OK)
        return status;
    for (int64_t i = 0; i < request->n_agents; i++)
        sums[i + 1] = sums[i] + model->expected(request, i, weight ? weight[i] : 1.0);
    *out = sums;
    return THRONG_OK;
}

static throng_status draw(throng_context *context, const throng_graph_model *model, throng_graph_request request,
                          throng_graph **out, throng_error *err) {
    static const throng_progress progress = {"drawing the graph", "agents", 0, 0};
    throng_status status = THRONG_OK;
    int64_t n = request.n_agents;
    draw_job job = {.model = model, .request = &request};
    throng_i_share mine = throng_i_share_mine(context, n); /* agents draw their own edges */
    THRONG_TRY(throng_i_resize(context, &job.first, n + 1, sizeof *job.first, err));
    job.first[mine.begin] = 0;
    THRONG_TRY(throng_i_share_for(context, n, count_chunk, &job, &progress, err));
    for (int64_t i = mine.begin; i < mine.end; i++)
        job.first[i + 1] += job.first[i];
    job.n_edges = job.first[mine.end];
    throng_i_edges edges = {.n = model->undirected ? 2 * job.n_edges : job.n_edges, .shared = true, .once = true};
    THRONG_TRY(throng_i_resize(context, &job.source, edges.n, sizeof *job.source, err));
    THRONG_TRY(throng_i_resize(context, &job.target, edges.n, sizeof *job.target, err));
    THRONG_TRY(throng_i_share_for(context, n, write_chunk, &job, &progress, err));
    edges.source = job.source;
    edges.target = job.target;
    edges.spent[0] = &job.source;
    edges.spent[1] = &job.target;
    THRONG_TRY(throng_i_graph_make(context, n, &edges, out, err));
    (*out)->counts.given = edges.n;
    THRONG_TRY(throng_i_ranks_total(context, &(*out)->counts.given, err));
out:
    throng_i_free(context, job.first);
    throng_i_free(context, job.source);
    throng_i_free(context, job.target);
    return status;
}

throng_status throng_graph_draw(throng_context *context, const char *name, int64_t n_agents, const double *weight,
                                uint64_t seed, throng_graph **out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_plugin_use use;
    double *cumulative = NULL;
    THRONG_REQUIRE(name, E_ARGUMENT, "No graph model was named.");
    THRONG_TRY(throng_i_plugin_parse(context, THRONG_KIND_GRAPH, name, &use, err));
    THRONG_REQUIRE(n_agents >= 1 && n_agents <= INT32_MAX, E_ARGUMENT, "agents must lie in 1..%d, got %lld.", INT32_MAX,
                   (long long)n_agents);
    const throng_graph_model *model = (const throng_graph_model *)(const void *)use.about;
    throng_graph_request request = {.n_agents = n_agents, .param = use.param, .random = {seed, GRAPH_STREAM}};
    if (model->check)
        THRONG_TRY(model->check(&request, err));
    if (model->expected) {
        THRONG_TRY(add_up(context, model, &request, weight, &cumulative, err));
        request.cumulative = cumulative;
        THRONG_REQUIRE(cumulative[n_agents] > 0.0, E_WEIGHT, "%s: all weights are 0: nobody can be heard.",
                       model->about.name);
    }
    THRONG_TRY(draw(context, model, request, out, err));
out:
    throng_i_free(context, cumulative);
    return status;
}
