/* Deciding: between what agents hear and how they move, in worlds that have actions. */
#include "world/passage.h"

#include <string.h>

/* Keeps the draws of actions apart from every other use of the same seed. */
#define DECIDE_STREAM 0x646563696465ULL

static throng_situations situations_of(const throng_i_step_job *job, int64_t agent, int64_t n, double *const *sight) {
    const throng_i_passage *passage = job->passage;
    const throng_world *world = passage->simulation->world;
    throng_situations out = {.n = n, .step = job->step, .agent = agent, .lanes = passage->part.lanes};
    for (int s = 0; s < world->n_sights; s++)
        out.sight[s] = sight[s];
    for (int a = 0; world->last > 0 && a < world->n_actions - 1; a++)
        out.last[a] = job->state[world->last + a] + agent * passage->part.lanes;
    return out;
}

/* One action instead of their probabilities, by a number of the agent and the step alone: silencing somebody does not
 * shift anybody's luck. */
static void draw(const throng_i_step_job *job, const throng_situations *situations, double *const *p) {
    const throng_simulation *simulation = job->passage->simulation;
    int n_actions = simulation->world->n_actions;
    throng_random random = {simulation->def.seed, DECIDE_STREAM};
    for (int64_t k = 0; k < situations->n; k++) {
        double uniform[4];
        int chosen = 0;
        throng_random_uniforms(random, (uint64_t)(situations->agent + k / situations->lanes),
                               (uint64_t)situations->step, 0, uniform);
        for (double left = uniform[0] - p[0][k]; left >= 0.0 && chosen + 1 < n_actions;)
            left -= p[++chosen][k];
        for (int a = 0; a < n_actions; a++)
            p[a][k] = a == chosen ? 1.0 : 0.0;
    }
}

void throng_i_block_decide(const throng_i_step_job *job, throng_i_block *block) {
    const throng_simulation *simulation = job->passage->simulation;
    const throng_world *world = simulation->world;
    double *sight[THRONG_WORLD_SIGHTS_MAX], *p[THRONG_WORLD_ACTIONS_MAX];
    if (world->n_actions == 0)
        return;
    int64_t first = block->begin * block->slots.lanes;
    for (int s = 0; s < world->n_sights; s++)
        sight[s] = block->sight[s];
    for (int a = 0; a < world->n_actions; a++) {
        p[a] = job->decided ? job->decided[a] + first : block->action[a];
        block->slots.action[a] = p[a];
    }
    if (job->decided)
        return;
    world->observe(&block->slots, sight);
    throng_situations situations = situations_of(job, block->begin, block->slots.n, sight);
    simulation->def.decider->decide(simulation->def.decider->self, &situations, p);
    if (simulation->def.drawn)
        draw(job, &situations, p);
}

void throng_i_block_decide_back(const throng_i_step_job *job, const throng_i_block *block,
                                const throng_slots_adjoint *adjoint) {
    const throng_simulation *simulation = job->passage->simulation;
    const throng_world *world = simulation->world;
    throng_i_rows of;
    double *of_sight[THRONG_WORLD_SIGHTS_MAX], *of_last[THRONG_WORLD_ACTIONS_MAX] = {NULL};
    double *sight[THRONG_WORLD_SIGHTS_MAX];
    const double *back[THRONG_WORLD_SIGHTS_MAX], *of_action[THRONG_WORLD_ACTIONS_MAX];
    if (world->n_actions == 0)
        return;
    for (int s = 0; s < world->n_sights; s++) {
        back[s] = of_sight[s] = memset(of[s], 0, (size_t)block->slots.n * sizeof(double));
        sight[s] = (double *)(uintptr_t)block->sight[s];
    }
    for (int a = 0; a < world->n_actions; a++) {
        of_action[a] = adjoint->action[a];
        of_last[a] = world->last > 0 && a < world->n_actions - 1 ? adjoint->state[world->last + a] : NULL;
    }
    throng_situations situations = situations_of(job, block->begin, block->slots.n, sight);
    simulation->def.decider->decide_adjoint(simulation->def.decider->self, &situations, of_action, of_sight,
                                            world->last > 0 ? of_last : NULL);
    world->observe_adjoint(&block->slots, back, adjoint);
}

/* ---- asking everybody at once ---------------------------------------------------------------------------------- */

static void observe_chunk(void *user, throng_chunk chunk) {
    const throng_i_step_job *job = user;
    const throng_world *world = job->passage->simulation->world;
    int lanes = job->passage->part.lanes;
    throng_i_block block;
    for (int64_t at = chunk.begin; at < chunk.end; at += THRONG_I_SLOTS / lanes) {
        int64_t end = at + THRONG_I_SLOTS / lanes < chunk.end ? at + THRONG_I_SLOTS / lanes : chunk.end;
        double *sight[THRONG_WORLD_SIGHTS_MAX];
        throng_i_block_init(job, at, end, &block);
        throng_i_block_hear(job, true, &block);
        for (int s = 0; s < world->n_sights; s++)
            sight[s] = job->sight[s] + at * lanes;
        world->observe(&block.slots, sight);
    }
}

/* Sights, then actions, of all slots, in one piece of memory. */
static throng_status make_room(throng_i_step_job *job, throng_error *err) {
    const throng_i_passage *passage = job->passage;
    const throng_world *world = passage->simulation->world;
    throng_context *context = passage->simulation->context;
    double **rows = NULL, *numbers = NULL;
    int n = world->n_sights + world->n_actions;
    throng_status status = throng_i_alloc(context, n, sizeof *rows, &rows, err);
    if (status == THRONG_OK)
        status = throng_i_alloc(context, n * passage->slots, sizeof *numbers, &numbers, err);
    if (status != THRONG_OK) {
        throng_i_free(context, rows);
        return status;
    }
    for (int r = 0; r < n; r++)
        rows[r] = numbers + r * passage->slots;
    job->sight = rows;
    job->decided = rows + world->n_sights;
    return THRONG_OK;
}

throng_status throng_i_ask_everybody(throng_i_step_job *job, throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_simulation *simulation = job->passage->simulation;
    const throng_decider *decider = simulation->def.decider;
    if (!decider || !decider->ask)
        return THRONG_OK;
    THRONG_TRY(make_room(job, err));
    THRONG_TRY(throng_chunks_for(simulation->context, simulation->n, observe_chunk, job, NULL, err));
    throng_situations situations = situations_of(job, 0, job->passage->slots, job->sight);
    THRONG_TRY(decider->ask(decider->self, &situations, job->decided, err));
    if (simulation->def.drawn)
        draw(job, &situations, job->decided);
out:
    return status;
}

void throng_i_asked_clear(throng_i_step_job *job) {
    throng_context *context = job->passage->simulation->context;
    if (job->sight)
        throng_i_free(context, job->sight[0]);
    double **rows = NULL;
    memcpy(&rows, &job->sight, sizeof rows); /* ours, though the job may not move them */
    throng_i_free(context, rows);
    job->sight = job->decided = NULL;
}
