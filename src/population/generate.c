/* Generating a crowd: finds the generator, checks what was asked for and calls it. */
#include "throng/generator.h"

#include "core/core.h"
#include "table/table.h"

#include <stdio.h>

/* A century: more is a typing error, and would be refused only when memory runs out. */
#define DAYS_MAX 36525

throng_status throng_generate(throng_context *context, const char *generator, int64_t n_agents, int32_t n_days,
                              uint64_t seed, throng_table **out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_plugin_use use;
    THRONG_REQUIRE(generator, E_ARGUMENT, "No generator was named.");
    THRONG_TRY(throng_i_plugin_parse(context, THRONG_KIND_GENERATOR, generator, &use, err));
    THRONG_REQUIRE(n_agents >= 1 && n_agents <= INT32_MAX, E_ARGUMENT, "agents must lie in 1..%d, got %lld.", INT32_MAX,
                   (long long)n_agents);
    THRONG_REQUIRE(n_days >= 1 && n_days <= DAYS_MAX, E_ARGUMENT, "days must lie in 1..%d, got %d.", DAYS_MAX, n_days);
    throng_generator_def def = {.n_agents = n_agents, .n_days = n_days, .seed = seed, .param = use.param};
    const throng_generator *plugin = (const throng_generator *)use.about;
    throng_table *made = NULL;
    char origin[THRONG_I_ORIGIN_LENGTH];
    THRONG_TRY(plugin->generate(context, &def, &made, err));
    snprintf(origin, sizeof origin, "throng generate %.80s, seed %llu", generator, (unsigned long long)seed);
    status = throng_i_table_set_origin(made, origin, err);
    if (status == THRONG_OK)
        *out = made;
    else
        throng_table_free(made);
out:
    return status;
}

/* ---- states alone ---------------------------------------------------------------------------------------------- */

/* Keeps these draws apart from every other use of the same seed. */
#define STATE_STREAM 0x7374617465ULL

typedef struct states_job {
    const throng_generator_def *def;
    throng_state_fn state_of;
    int64_t *id;
    double *state;
} states_job;

static void states_chunk(void *user, throng_chunk chunk) {
    const states_job *job = user;
    for (int64_t agent = chunk.begin; agent < chunk.end; agent++) {
        job->id[agent] = agent;
        job->state[agent] =
            job->state_of((throng_random){job->def->seed, STATE_STREAM}, (uint64_t)agent, job->def->param);
    }
}

throng_status throng_generate_states(throng_context *context, const throng_generator_def *def, throng_state_fn state_of,
                                     throng_table **out, throng_error *err) {
    static const throng_progress progress = {"generating", "agents", 0, 0};
    throng_status status = THRONG_OK;
    throng_table *table = NULL;
    void *id = NULL, *state = NULL;
    THRONG_REQUIRE(def->n_days == 1, E_PARAMETER, "This generator makes one day, got %d.", def->n_days);
    THRONG_TRY(throng_table_create(context, def->n_agents, &table, err));
    THRONG_TRY(throng_table_add(table, "id", THRONG_TYPE_INT64, &id, err));
    THRONG_TRY(throng_table_add(table, "state", THRONG_TYPE_FLOAT64, &state, err));
    states_job job = {def, state_of, id, state};
    THRONG_TRY(throng_chunks_for(context, def->n_agents, states_chunk, &job, &progress, err));
    *out = table;
    table = NULL;
out:
    throng_table_free(table);
    return status;
}
