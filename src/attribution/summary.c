/* What an attribution adds up to: cohorts and top agents. */
#include "attribution/attribution.h"
#include "population/population.h"

#include <math.h>
#include <string.h>

/* ---- cohorts --------------------------------------------------------------------------------------------------- */

static void add_credit(throng_cohort_credit *credit, double phi) {
    credit->n_agents++;
    credit->phi += phi;
    credit->absolute += fabs(phi);
}

void throng_attribution_cohorts(const throng_attribution *self, const throng_cohorts *cohorts, int64_t time,
                                throng_cohort_credit *out) {
    const uint8_t *cohort = throng_cohorts_view(cohorts);
    memset(out, 0, (size_t)throng_cohorts_count(cohorts) * sizeof *out);
    if (time >= 0) {
        int64_t begin = 0, end = 0;
        throng_population_slice(self->population, time, &begin, &end);
        for (int64_t row = begin; row < end; row++)
            add_credit(&out[cohort[row]], self->phi[row]);
        return;
    }
    for (int64_t agent = 0; agent < self->population->n_agents; agent++) {
        int64_t row = self->change_row ? self->change_row[agent] : agent;
        if (row >= 0)
            add_credit(&out[cohort[row]], self->change_phi[agent]);
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

int throng_attribution_top(const throng_attribution *self, int64_t time, int n, throng_top_agent *out) {
    int used = 0;
    if (n <= 0)
        return 0;
    if (time >= 0) {
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
