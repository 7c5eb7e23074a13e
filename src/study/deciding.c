/* How the agents of a study's world decide: see deciding.h. */
#include "study/deciding.h"

#include "attribution/attribution.h"
#include "policy/policy.h"
#include "study/run.h"
#include "table/table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_LENGTH 512

/* ---- life ------------------------------------------------------------------------------------------------------ */

throng_status throng_i_deciding_personas(throng_context *context, const throng_i_deciding_settings *settings,
                                         const throng_world *world, throng_personas **out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_llm_template *template = NULL;
    const char **traits = NULL;
    int n = 0;
    if (!settings->personas)
        return THRONG_OK;
    if (settings->prompt)
        THRONG_TRY(throng_llm_template_load(context, settings->prompt, &template, err));
    int slots = template ? throng_llm_template_slots(template) : 0;
    THRONG_TRY(throng_i_alloc(context, slots, sizeof *traits, &traits, err));
    for (int i = 0; i < slots; i++) {
        const char *name = throng_llm_template_slot(template, i, NULL);
        bool seen = strcmp(name, "persona") == 0 || strcmp(name, "last") == 0;
        for (int s = 0; s < world->n_sights; s++)
            seen = seen || strcmp(name, world->sights[s].name) == 0;
        if (!seen)
            traits[n++] = name;
    }
    THRONG_TRY(throng_personas_load(context, settings->personas, traits, n, out, err));
out:
    throng_i_free(context, traits);
    throng_llm_template_free(template);
    return status;
}

/* Everybody's persona by name, from a column of the crowd's table. With one time agent a has row a. */
static throng_status read_personas(throng_i_deciding *self, const throng_i_settings *settings, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_table *table = NULL;
    char name[TEXT_LENGTH];
    const char *column = settings->deciding.persona;
    throng_column_request request = {column, THRONG_ROLE_KEY};
    THRONG_TRY(throng_table_read(self->context, settings->paths, settings->n_paths, &request, 1, settings->condition,
                                 &table, err));
    THRONG_REQUIRE(throng_table_rows(table) == self->n, E_UNSUPPORTED,
                   "--persona (policy.persona) needs a table with a row an agent, and none left out: choose rows with "
                   "--where.");
    throng_column_view view = throng_table_column(table, 0);
    for (int64_t i = 0; i < self->n; i++) {
        int persona = 0, n = throng_personas_count(self->personas);
        throng_i_cell_text(&view, i, name, sizeof name);
        while (persona < n && strcmp(throng_personas_name(self->personas, persona), name) != 0)
            persona++;
        THRONG_REQUIRE(persona < n, E_FORMAT, "Row %lld of the crowd is a \"%.60s\" (%.60s), which no persona is.",
                       (long long)i + 1, name, column);
        self->persona[i] = persona;
    }
out:
    throng_table_free(table);
    return status;
}

throng_status throng_i_deciding_create(throng_context *context, const throng_i_settings *settings,
                                       const throng_population *population, throng_i_deciding *out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_deciding self = {.context = context, .n = population->n_agents, .drawn = settings->deciding.drawn};
    throng_i_deciding_settings asked = settings->deciding;
    throng_i_plugin_use use, policy;
    THRONG_TRY(throng_i_plugin_parse(context, THRONG_KIND_POLICY, asked.policy, &policy, err));
    if (!((const throng_policy_spec *)(const void *)policy.about)->ask)
        asked.prompt = NULL; /* nobody is told anything: traits are not needed */
    THRONG_TRY(throng_i_plugin_parse(context, THRONG_KIND_WORLD, settings->world.world, &use, err));
    const throng_world *world = (const throng_world *)(const void *)use.about;
    THRONG_REQUIRE(world->n_actions > 0, E_PARAMETER,
                   "%s leaves agents nothing to decide: leave out --policy (policy.name).", world->about.name);
    THRONG_TRY(throng_i_deciding_personas(context, &asked, world, &self.personas, err));
    if (self.personas) {
        THRONG_TRY(throng_i_alloc(context, self.n, sizeof *self.persona, &self.persona, err));
        if (settings->deciding.persona)
            THRONG_TRY(read_personas(&self, settings, err));
        else
            throng_personas_draw(self.personas, settings->seed, self.n, self.persona);
    }
    THRONG_TRY(throng_i_model_open(settings->study, (throng_i_model_budget){0}, &self.llm, err));
    self.def = (throng_policy_def){.policy = settings->deciding.policy,
                                   .world = world,
                                   .personas = self.personas,
                                   .persona = self.persona,
                                   .file = settings->deciding.file,
                                   .llm = self.llm,
                                   .prompt = settings->deciding.prompt,
                                   .samples = settings->deciding.samples,
                                   .orders = settings->deciding.orders,
                                   .seed = settings->seed};
    THRONG_TRY(throng_policy_create(context, &self.def, &self.player, err));
    *out = self;
    return THRONG_OK;
out:
    throng_i_deciding_clear(&self);
    return status;
}

void throng_i_deciding_clear(throng_i_deciding *self) {
    throng_policy_free(self->player);
    throng_llm_free(self->llm);
    throng_personas_free(self->personas);
    if (self->context)
        throng_i_free(self->context, self->persona);
    *self = (throng_i_deciding){0};
}

/* ---- refits ---------------------------------------------------------------------------------------------------- */

/* One number an agent, for its place in an order. */
typedef struct ranked {
    double value;
    int64_t agent;
} ranked;

static int by_value(const void *a, const void *b) {
    const ranked *one = a, *other = b;
    if (one->value != other->value)
        return one->value < other->value ? -1 : 1;
    return one->agent < other->agent ? -1 : one->agent > other->agent;
}

/* rank[i] = the place of x[i] among all, from -1 to 1; equal ones share theirs. */
static void rank_of(const double *x, int64_t n, ranked *scratch, double *rank) {
    for (int64_t i = 0; i < n; i++)
        scratch[i] = (ranked){x[i], i};
    qsort(scratch, (size_t)n, sizeof *scratch, by_value);
    for (int64_t i = 0, end = 0; i < n; i = end) {
        for (end = i; end < n && scratch[end].value == scratch[i].value;)
            end++;
        for (int64_t j = i; j < end; j++)
            rank[scratch[j].agent] = (double)(i + end - n) / (double)n;
    }
}

static double correlation(const double *x, const double *y, int64_t n) {
    double xy = 0.0, xx = 0.0, yy = 0.0;
    for (int64_t i = 0; i < n; i++) {
        xy += x[i] * y[i];
        xx += x[i] * x[i];
        yy += y[i] * y[i];
    }
    return xx > 0.0 && yy > 0.0 ? xy / sqrt(xx * yy) : 1.0;
}

/* Room for comparing orders. */
typedef struct compare_job {
    ranked *scratch;
    double *rank, *other; /* [n] of phi, and of a refit's */
    double *values;       /* [refits] */
} compare_job;

static void compare(const throng_run *run, const throng_attribution *refit, compare_job *job, throng_i_refits *out) {
    int64_t n = run->deciding.n;
    const double *phi = throng_attribution_phi(run->attribution), *moved = throng_attribution_phi(refit);
    double change = 0.0, size = 0.0;
    job->values[out->n++] = throng_attribution_certificate(refit, 0).everybody;
    if (!phi || !moved) /* the players are cohorts */
        return;
    for (int64_t i = 0; i < n; i++) {
        change += fabs(moved[i] - phi[i]);
        size += fabs(phi[i]);
    }
    rank_of(moved, n, job->scratch, job->other);
    out->moved += size > 0.0 ? change / size : 0.0;
    out->rank_correlation = fmin(out->rank_correlation, correlation(job->rank, job->other, n));
}

static throng_status attribute_again(throng_run *run, const throng_i_settings *settings, int refit, compare_job *job,
                                     throng_i_refits *out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_policy_def def = run->deciding.def;
    throng_policy *player = NULL;
    throng_attribution *attribution = NULL;
    throng_attribution_def what = throng_i_run_what(run, settings);
    throng_simulation_def world = run->world;
    def.refit = (uint64_t)refit;
    THRONG_TRY(throng_policy_create(run->context, &def, &player, err));
    world.decider = throng_policy_decider(player);
    what.world = &world;
    what.cohorts = run->cohorts;
    what.group = NULL;
    THRONG_TRY(throng_attribute(run->context, run->population, &what, &attribution, err));
    compare(run, attribution, job, out);
out:
    throng_attribution_free(attribution);
    throng_policy_free(player);
    return status;
}

throng_status throng_i_deciding_refit(throng_run *run, const throng_i_settings *settings, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_refits found = {.rank_correlation = 1.0};
    compare_job job = {0};
    throng_fit fit;
    int64_t n = run->deciding.n;
    int refits = settings->deciding.refits;
    if (refits == 0 || !throng_policy_fit(run->deciding.player, &fit) || fit.held_out == 0)
        return THRONG_OK;
    THRONG_TRY(throng_i_alloc(run->context, n, sizeof *job.scratch, &job.scratch, err));
    THRONG_TRY(throng_i_alloc(run->context, n, sizeof *job.rank, &job.rank, err));
    THRONG_TRY(throng_i_alloc(run->context, n, sizeof *job.other, &job.other, err));
    THRONG_TRY(throng_i_alloc(run->context, refits, sizeof *job.values, &job.values, err));
    if (throng_attribution_phi(run->attribution))
        rank_of(throng_attribution_phi(run->attribution), n, job.scratch, job.rank);
    for (int r = 1; r <= refits; r++)
        THRONG_TRY(attribute_again(run, settings, r, &job, &found, err));
    found.moved /= refits;
    for (int r = 0; r < refits; r++)
        found.mean += job.values[r] / refits;
    for (int r = 0; r < refits; r++)
        found.deviation += (job.values[r] - found.mean) * (job.values[r] - found.mean);
    found.deviation = refits > 1 ? sqrt(found.deviation / (refits - 1)) : 0.0;
    run->deciding.refits = found;
    throng_i_run_stage_done(run, "refit");
out:
    throng_i_free(run->context, job.scratch);
    throng_i_free(run->context, job.rank);
    throng_i_free(run->context, job.other);
    throng_i_free(run->context, job.values);
    return status;
}
