/* What an attribution adds up to: cohorts and top agents. */
#include "attribution/attribution.h"
#include "population/population.h"

#include <math.h>

/* ---- cohorts --------------------------------------------------------------------------------------------------- */

static void add_credit(throng_cohort_credit *credit, double phi) {
    credit->n_agents++;
    credit->phi += phi;
    credit->absolute += fabs(phi);
}

/* What ranks do in turn, each with its rows. */
typedef struct turn {
    const throng_attribution *attribution;
    const uint8_t *cohort;
    int n;
} turn;

static void add_share(void *user, throng_i_share rows, void *state) {
    const turn *self = user;
    throng_cohort_credit *out = state;
    for (int64_t row = rows.begin; row < rows.end; row++)
        add_credit(&out[self->cohort[row]], self->attribution->phi[row]);
}

/* Adds up agents; players that are cohorts are only counted. */
static void add_agents(const throng_attribution *self, const uint8_t *cohort, int64_t time, throng_cohort_credit *out,
                       int n) {
    const throng_population *population = self->population;
    bool agents = !self->cohort_phi;
    int64_t begin = 0, end = 0;
    if (population->shared) { /* where ranks fail together, the next that is asked of them says so */
        turn job = {self, cohort, n};
        (void)!throng_i_population_in_turn(population, add_share, &job, out, n * (int64_t)sizeof *out, NULL);
        return;
    }
    if (time >= 0) {
        throng_population_slice(population, time, &begin, &end);
        for (int64_t row = begin; row < end; row++)
            add_credit(&out[cohort[row]], agents ? self->phi[row] : 0.0);
        return;
    }
    for (int64_t agent = 0; agents && agent < population->n_agents; agent++) {
        int64_t row = self->change_row ? self->change_row[agent] : agent;
        if (row >= 0)
            add_credit(&out[cohort[row]], self->change_phi[agent]);
    }
}

/* A cohort that is a player: from its credit at the first time to that at the last, with the agents of the last. */
static void look_up_players(const throng_attribution *self, int n, int64_t time, throng_cohort_credit *out) {
    int64_t last = self->population->n_times - 1;
    const double *to = self->cohort_phi + (time >= 0 ? time : last) * n;
    for (int i = 0; i < n; i++) {
        out[i].phi = time < 0 && last > 0 ? to[i] - self->cohort_phi[i] : to[i];
        out[i].absolute = fabs(out[i].phi);
    }
}

/* Standard errors of all branches at a time or in the change; NULL: not known. */
static const double *errors_of(const throng_attribution *self, const throng_cohorts *cohorts, int64_t time) {
    if (!self->cohort_error || cohorts != self->def.cohorts)
        return NULL;
    return self->cohort_error + (time >= 0 ? time : self->population->n_times) * throng_cohorts_branches(cohorts);
}

void throng_attribution_cohorts(const throng_attribution *self, const throng_cohorts *cohorts, int64_t time,
                                throng_cohort_credit *out) {
    int n = throng_cohorts_count(cohorts), last = (int)self->population->n_times - 1;
    const double *errors = errors_of(self, cohorts, time);
    bool players = self->cohort_phi, known = !players || cohorts == self->def.cohorts;
    for (int i = 0; i < n; i++)
        out[i] = (throng_cohort_credit){.standard_error = (double)NAN};
    add_agents(self, throng_cohorts_view(cohorts), players && time < 0 ? last : time, out, n);
    if (players && known)
        look_up_players(self, n, time, out);
    for (int i = 0; i < n && !known; i++)
        out[i].phi = out[i].absolute = (double)NAN;
    for (int i = 0; errors && i < throng_cohorts_branches(cohorts); i++) {
        throng_cohort_branch branch = throng_cohorts_branch(cohorts, i);
        if (branch.n == 1) /* the innermost of several that hold the same one comes last */
            out[branch.first].standard_error = errors[i];
    }
}

void throng_attribution_branches(const throng_attribution *self, const throng_cohorts *cohorts, int64_t time,
                                 throng_cohort_credit *out) {
    throng_cohort_credit credit[THRONG_COHORTS_MAX];
    const double *errors = errors_of(self, cohorts, time);
    int n = throng_cohorts_branches(cohorts);
    throng_attribution_cohorts(self, cohorts, time, credit);
    for (int i = n - 1; i >= 0; i--) {
        throng_cohort_branch outer = throng_cohorts_branch(cohorts, i);
        throng_cohort_credit sum = {.standard_error = errors ? errors[i] : (double)NAN};
        int within = i + 1;
        for (; within < n; within++) {
            throng_cohort_branch inner = throng_cohorts_branch(cohorts, within);
            if (inner.depth <= outer.depth)
                break;
            if (inner.depth > outer.depth + 1)
                continue;
            sum.n_agents += out[within].n_agents;
            sum.phi += out[within].phi;
            sum.absolute += out[within].absolute;
        }
        out[i] = within == i + 1 ? credit[outer.first] : sum;
    }
}

/* ---- top agents ------------------------------------------------------------------------------------------------ */

/* Whether a stands before b in the list: larger |phi|, then the earlier agent. */
static bool ahead(const throng_top_agent *a, const throng_top_agent *b) {
    if (fabs(a->phi) != fabs(b->phi))
        return fabs(a->phi) > fabs(b->phi);
    return a->agent < b->agent;
}

/* Restores the heap below `place`: its first entry is the one that is behind all others. */
static void sift(throng_top_agent *heap, int n, int place) {
    for (;;) {
        int last = place;
        for (int child = 2 * place + 1; child <= 2 * place + 2 && child < n; child++)
            if (ahead(&heap[last], &heap[child]))
                last = child;
        if (last == place)
            return;
        throng_top_agent swap = heap[place];
        heap[place] = heap[last];
        heap[last] = swap;
        place = last;
    }
}

/* Offers an entry to a heap that keeps the n best. */
static void offer(throng_top_agent *heap, int n, int *used, throng_top_agent entry) {
    if (*used < n) {
        heap[(*used)++] = entry;
        if (*used == n)
            for (int place = n / 2; place >= 0; place--)
                sift(heap, n, place);
        return;
    }
    if (ahead(&entry, &heap[0])) {
        heap[0] = entry;
        sift(heap, n, 0);
    }
}

/* The best first, from a heap of any fill. */
static void sort_top(throng_top_agent *heap, int n) {
    for (int place = n / 2; place >= 0; place--)
        sift(heap, n, place);
    for (int left = n - 1; left > 0; left--) {
        throng_top_agent swap = heap[0];
        heap[0] = heap[left];
        heap[left] = swap;
        sift(heap, left, 0);
    }
}

/* The heap goes from rank to rank; it has seen all rows before these. */
static void offer_share(void *user, throng_i_share rows, void *state) {
    const turn *self = user;
    int used = rows.begin < self->n ? (int)rows.begin : self->n;
    for (int64_t row = rows.begin; row < rows.end; row++)
        offer(state, self->n, &used, (throng_top_agent){(throng_agent)row, row, self->attribution->phi[row]});
}

int throng_attribution_top(const throng_attribution *self, int64_t time, int n, throng_top_agent *out) {
    int used = 0;
    if (n <= 0 || self->cohort_phi)
        return 0;
    if (self->population->shared) {
        turn job = {.attribution = self, .n = n};
        (void)!throng_i_population_in_turn(self->population, offer_share, &job, out, n * (int64_t)sizeof *out, NULL);
        used = n < self->population->n_rows ? n : (int)self->population->n_rows;
    } else if (time >= 0) {
        int64_t begin = 0, end = 0;
        throng_population_slice(self->population, time, &begin, &end);
        for (int64_t row = begin; row < end; row++)
            offer(out, n, &used,
                  (throng_top_agent){throng_population_agent(self->population, row), row, self->phi[row]});
    } else {
        for (int64_t agent = 0; agent < self->population->n_agents; agent++) {
            int64_t row = self->change_row ? self->change_row[agent] : agent;
            if (row >= 0)
                offer(out, n, &used, (throng_top_agent){(throng_agent)agent, row, self->change_phi[agent]});
        }
    }
    sort_top(out, used);
    return used;
}
