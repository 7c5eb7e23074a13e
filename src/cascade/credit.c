/*
 * Who made cascades big: the Shapley value of reach, in closed form.
 *
 * v(S) counts the members everybody above whom is in S: a sum over members of unanimity games, in each of which the k
 * different agents above the member share its 1 equally. An agent that is above a member twice counts once: what
 * is below its topmost action has it already. So an action earns the sum of 1/k below it if its agent is not above it,
 * and nothing otherwise.
 */
#include "cascade/cascade.h"

#include <math.h>

typedef struct crediting {
    throng_cascades *self;
    int32_t *agents_above; /* [members] by place: how many different agents are above */
    bool *is_topmost;      /* [members] by place: its agent is known and not above it */
} crediting;

/* Places come in the order in which a walk enters them, and a subtree is a piece of it: an agent's action is below
 * an earlier one exactly if it lies before the end of the topmost so far. */
static throng_status count_above(crediting *job, throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_cascades *self = job->self;
    int32_t *until = NULL; /* [agents] the end of what is below its last topmost action */
    THRONG_TRY(throng_i_alloc(self->context, self->n_agents, sizeof *until, &until, err));
    for (int64_t p = 0; p < self->n_members; p++) {
        throng_agent agent = self->agent_of[self->member_at[p]];
        int32_t above = self->above[p];
        if (above >= 0)
            job->agents_above[p] = job->agents_above[above] + job->is_topmost[above];
        if (agent < 0 || p < until[agent])
            continue;
        job->is_topmost[p] = true;
        until[agent] = (int32_t)p + self->size[p];
    }
out:
    throng_i_free(self->context, until);
    return status;
}

/* Sums from the leaves up; what is below stands behind. */
static void share(void *user, throng_chunk chunk) {
    const crediting *job = user;
    throng_cascades *self = job->self;
    for (int64_t c = throng_i_cascade_from(self, chunk.begin); c < self->n_cascades && self->offsets[c] < chunk.end;
         c++)
        for (int64_t p = self->offsets[c + 1] - 1; p >= self->offsets[c]; p--) {
            double own = job->agents_above[p] > 0 ? 1.0 / job->agents_above[p] : 0.0;
            if (self->above[p] >= 0)
                self->credit[self->above[p]] += self->credit[p] + own;
            if (!job->is_topmost[p])
                self->credit[p] = 0.0;
        }
}

static void add_up(const crediting *job) {
    throng_cascades *self = job->self;
    for (int64_t m = 0; m < self->n_members; m++) {
        throng_agent agent = self->agent_of[m], above = self->parent[m] < 0 ? -1 : self->agent_of[self->parent[m]];
        int32_t place = self->place[m];
        self->proof.reach += job->agents_above[place] > 0;
        if (above >= 0)
            self->direct[above]++;
        if (agent < 0)
            continue;
        self->phi[agent] += self->credit[place];
        self->acted[agent]++;
        self->starts[agent] += self->parent[m] < 0;
        if (job->is_topmost[place])
            self->reach[agent] += self->size[place] - 1;
    }
}

static void sum_phi(void *user, throng_chunk chunk, double *sums) {
    const double *phi = user;
    for (int64_t i = chunk.begin; i < chunk.end; i++)
        sums[0] += phi[i];
}

throng_status throng_i_cascade_credit(throng_cascades *self, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_context *context = self->context;
    const throng_progress progress = {"attributing", "actions", 0, 0};
    crediting job = {.self = self};
    int64_t n = self->n_members, n_agents = self->n_agents;
    THRONG_TRY(throng_i_alloc(context, n, sizeof *job.agents_above, &job.agents_above, err));
    THRONG_TRY(throng_i_alloc(context, n, sizeof *job.is_topmost, &job.is_topmost, err));
    THRONG_TRY(throng_i_alloc(context, n, sizeof *self->credit, &self->credit, err));
    THRONG_TRY(throng_i_alloc(context, n_agents, sizeof *self->phi, &self->phi, err));
    THRONG_TRY(throng_i_alloc(context, n_agents, sizeof *self->reach, &self->reach, err));
    THRONG_TRY(throng_i_alloc(context, n_agents, sizeof *self->acted, &self->acted, err));
    THRONG_TRY(throng_i_alloc(context, n_agents, sizeof *self->starts, &self->starts, err));
    THRONG_TRY(throng_i_alloc(context, n_agents, sizeof *self->direct, &self->direct, err));
    THRONG_TRY(count_above(&job, err));
    THRONG_TRY(throng_chunks_for(context, n, share, &job, &progress, err));
    add_up(&job);
    THRONG_TRY(throng_i_sum_over(context, n_agents, 1, sum_phi, self->phi, NULL, &self->proof.sum, err));
    double whole = self->proof.reach > 0 ? (double)self->proof.reach : 1.0;
    self->proof.residual = fabs(self->proof.sum - (double)self->proof.reach) / whole;
out:
    throng_i_free(context, job.agents_above);
    throng_i_free(context, job.is_topmost);
    return status;
}
