/* Looking for types and reports at which a mechanism breaks an axiom. */
#include "game/mechanism.h"

#include "core/core.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MOST      THRONG_MECHANISM_CHECK_AGENTS
#define TOLERANCE 1e-9
#define STREAM    0x6d656368616e69ULL /* keeps these draws apart from others of the same seed */
#define CLIMBS    10                  /* one profile of so many is made worse step by step, */
#define MOVES     4                   /* so many times the number of its agents */

/* What is looked at: types, reported truthfully. */
typedef struct profile {
    const throng_rule *rule;
    bool place;
    int n;
    double types[MOST], sorted[MOST], payments[MOST];
    throng_outcome outcome;
    throng_random random;
    uint64_t number;
} profile;

/* ---- drawing types --------------------------------------------------------------------------------------------- */

/* Draws of a profile: agent i has draw i + 1; these stand before. */
static void draw(uint64_t seed, int64_t number, int64_t agent, double out[4]) {
    throng_random_uniforms((throng_random){seed, STREAM}, (uint64_t)number, 0, (uint64_t)agent, out);
}

static double within(double x) {
    return fmin(fmax(x, 0.0), 1.0);
}

int throng_mechanism_profile(int64_t number, int agents, uint64_t seed, double *types) {
    double u[4], places[4];
    draw(seed, number, 0, u);
    int n = agents > 0 ? agents : 2 + (int)((MOST - 1) * u[0] * u[0] * u[0]); /* mostly few */
    int64_t k = number / 5 % (n + 1), kind = number % 5;                      /* in turn: all camps of n agents */
    draw(seed, number, MOST + 1, places);
    int camps = 1 + (int)(4.0 * u[1]);
    for (int i = 0; i < n; i++) {
        double v[4];
        draw(seed, number, i + 1, v);
        double camp = places[(int)(v[0] * camps)];
        if (kind == 0)
            types[i] = v[0];
        else if (kind == 1)
            types[i] = i < k ? 0.0 : 1.0;
        else if (kind == 2)
            types[i] = camp;
        else if (kind == 3)
            types[i] = within(camp + (v[1] - 0.5) * u[2] / n);
        else
            types[i] = i < n - 1 ? (u[1] < 0.5 ? 0.0 : places[0]) : within((u[1] < 0.5 ? 0.0 : places[0]) + u[2] / n);
    }
    return n;
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static throng_status look(profile *self, throng_error *err) {
    memcpy(self->sorted, self->types, (size_t)self->n * sizeof *self->types);
    qsort(self->sorted, (size_t)self->n, sizeof *self->sorted, compare);
    return throng_rule_decide(self->rule, self->types, self->n, &self->outcome, self->payments, err);
}

/* ---- what the axioms say of truthful reports ------------------------------------------------------------------- */

/* By how much one is broken, at most 0 if it is not; NaN where it says nothing. */
typedef double (*broken_fn)(const profile *self);

static double content(const profile *self, double type) {
    return 1.0 - fabs(type - self->outcome.place);
}

static double inefficient(const profile *self) {
    double place = self->outcome.place, most = self->sorted[self->n - 1];
    if (self->place)
        return fmax(self->sorted[0] - place, place - most);
    return most - (self->outcome.winner >= 0 ? self->types[self->outcome.winner] : 0.0);
}

static double against_all(const profile *self) {
    bool same = self->sorted[0] == self->sorted[self->n - 1];
    return same ? fabs(self->outcome.place - self->sorted[0]) : (double)NAN;
}

static double less_than_own_share(const profile *self) {
    double worst = -INFINITY;
    for (int i = 0; i < self->n; i++)
        worst = fmax(worst, 1.0 / self->n - content(self, self->types[i]));
    return worst;
}

static double less_than_camp_share(const profile *self) {
    double worst = -INFINITY;
    for (int i = 0, first = 0; i < self->n; i++) {
        if (self->sorted[i] != self->sorted[first])
            first = i;
        worst = fmax(worst, (double)(i - first + 1) / self->n - content(self, self->sorted[i]));
    }
    return worst;
}

static double out_of_proportion(const profile *self) {
    int ones = 0;
    for (int i = 0; i < self->n; i++) {
        if (self->types[i] != 0.0 && self->types[i] != 1.0)
            return (double)NAN;
        ones += self->types[i] == 1.0;
    }
    return fabs(self->outcome.place - (double)ones / self->n);
}

/* k agents from a to b want k/n - (b - a) <= 1 - max(place - a, b - place). Of those that end at b the most want most
 * of a place above, of those that begin at a of one below. */
static double unfair(const profile *self) {
    double worst = -INFINITY, place = self->outcome.place;
    for (int i = 0; i < self->n; i++) {
        double here = self->sorted[i];
        worst = fmax(worst, (double)(i + 1) / self->n - here - 1.0 + place);
        worst = fmax(worst, (double)(self->n - i) / self->n + here - 1.0 - place);
    }
    return worst;
}

static double regretted(const profile *self) {
    double worst = -INFINITY;
    for (int i = 0; i < self->n; i++)
        worst = fmax(worst, -throng_rule_utility(self->rule, self->outcome, i, self->types[i], self->payments[i]));
    return worst;
}

static double deficit(const profile *self) {
    double sum = 0.0;
    for (int i = 0; i < self->n; i++)
        sum += self->payments[i];
    return -sum;
}

static const struct {
    const char *name, *doc;
    bool of_places; /* alone */
    broken_fn broken;
} axioms[THRONG_AXIOM_COUNT] = {
    [THRONG_AXIOM_STRATEGYPROOF] = {"strategyproof", "nobody gains by reporting something else than the truth", false,
                                    NULL},
    [THRONG_AXIOM_ANONYMOUS] = {"anonymous", "what one gets depends on what one reports, not on who one is", false,
                                NULL},
    [THRONG_AXIOM_EFFICIENT] = {"efficient",
                                "the place lies between the least and the greatest report; the good goes to who wants "
                                "it most",
                                false, inefficient},
    [THRONG_AXIOM_UNANIMOUS] = {"unanimous", "if all report the same, that is the place", true, against_all},
    [THRONG_AXIOM_INDIVIDUAL_FAIR_SHARE] = {"individual-fair-share", "every agent is at least 1/n content", true,
                                            less_than_own_share},
    [THRONG_AXIOM_UNANIMOUS_FAIR_SHARE] = {"unanimous-fair-share", "k agents at one place are at least k/n content",
                                           true, less_than_camp_share},
    [THRONG_AXIOM_PROPORTIONAL] = {"proportional", "if all are at 0 or 1, the place is the share of those at 1", true,
                                   out_of_proportion},
    [THRONG_AXIOM_PROPORTIONALLY_FAIR] = {"proportionally-fair",
                                          "k agents within a distance r of each other are at least k/n - r content",
                                          true, unfair},
    [THRONG_AXIOM_RATIONAL] = {"rational", "who reports the truth does not lose by taking part", false, regretted},
    [THRONG_AXIOM_NO_DEFICIT] = {"no-deficit", "payments do not add up to less than 0", false, deficit},
};

const char *throng_axiom_name(throng_axiom axiom) {
    return (int)axiom >= 0 && axiom < THRONG_AXIOM_COUNT ? axioms[axiom].name : NULL;
}

const char *throng_axiom_doc(throng_axiom axiom) {
    return (int)axiom >= 0 && axiom < THRONG_AXIOM_COUNT ? axioms[axiom].doc : NULL;
}

bool throng_axiom_applies(throng_axiom axiom, throng_mechanism_domain domain) {
    return (int)axiom >= 0 && axiom < THRONG_AXIOM_COUNT &&
           (!axioms[axiom].of_places || domain == THRONG_MECHANISM_PLACE);
}

/* ---- findings -------------------------------------------------------------------------------------------------- */

/* Keeps the example with the fewest agents. */
static void record(const profile *self, throng_axiom_finding *finding, double amount, int agent, double instead) {
    finding->tried++;
    finding->worst = fmax(finding->worst, amount);
    if (!(amount > TOLERANCE))
        return;
    finding->broken++;
    if (finding->n > 0 && finding->n <= self->n)
        return;
    finding->n = self->n;
    finding->agent = agent;
    finding->instead = instead;
    memcpy(finding->example, self->types, (size_t)self->n * sizeof *self->types);
}

static double ratio_of(double most, double least) {
    return most <= TOLERANCE && least <= TOLERANCE ? 1.0 : most / least;
}

static throng_status ratios(const profile *self, throng_context *context, double *welfare, double *cost,
                            throng_error *err) {
    throng_place_welfare here;
    throng_status status = throng_place_welfare_of(context, self->types, self->n, self->outcome.place, &here, err);
    if (status == THRONG_OK) {
        *welfare = ratio_of(here.best_welfare, here.welfare);
        *cost = ratio_of(here.cost, here.best_cost);
    }
    return status;
}

static void record_ratio(const profile *self, throng_ratio_finding *finding, double ratio) {
    if (!(ratio > finding->worst))
        return;
    finding->worst = ratio;
    finding->n = self->n;
    memcpy(finding->example, self->types, (size_t)self->n * sizeof *self->types);
}

/* ---- searching ------------------------------------------------------------------------------------------------- */

#define MISREPORTS 7

/* What one agent might try: anything, the ends, what another says, a little off, and what would pull a mean to it. */
static void misreports(const profile *self, int agent, const double u[4], double out[MISREPORTS]) {
    double sum = 0.0, type = self->types[agent];
    for (int i = 0; i < self->n; i++)
        sum += i == agent ? 0.0 : self->types[i];
    out[0] = u[1];
    out[1] = 0.0;
    out[2] = 1.0;
    out[3] = self->types[(int)(u[2] * self->n)];
    out[4] = within(type + (u[3] - 0.5) / self->n);
    out[5] = within(self->n * type - sum);
    out[6] = within(u[2] * type);
}

static throng_status try_misreports(const profile *self, throng_axiom_finding *finding, throng_error *err) {
    throng_status status = THRONG_OK;
    double u[4], said[MOST], payments[MOST], others[MISREPORTS];
    throng_random_uniforms(self->random, self->number, 1, 0, u);
    int agent = (int)(u[0] * self->n);
    double truthful = throng_rule_utility(self->rule, self->outcome, agent, self->types[agent], self->payments[agent]);
    misreports(self, agent, u, others);
    memcpy(said, self->types, (size_t)self->n * sizeof *said);
    for (int k = 0; k < MISREPORTS; k++) {
        throng_outcome outcome;
        said[agent] = others[k];
        THRONG_TRY(throng_rule_decide(self->rule, said, self->n, &outcome, payments, err));
        double utility = throng_rule_utility(self->rule, outcome, agent, self->types[agent], payments[agent]);
        record(self, finding, utility - truthful, agent, others[k]);
    }
out:
    return status;
}

/* Agents change places in a circle: everybody must get what who had that place got. */
static throng_status try_places(const profile *self, throng_axiom_finding *finding, throng_error *err) {
    throng_status status = THRONG_OK;
    double u[4], said[MOST], payments[MOST], most = 0.0;
    throng_outcome outcome;
    throng_random_uniforms(self->random, self->number, 2, 0, u);
    int shift = 1 + (int)(u[0] * (self->n - 1));
    for (int i = 0; i < self->n; i++)
        said[(i + shift) % self->n] = self->types[i];
    THRONG_TRY(throng_rule_decide(self->rule, said, self->n, &outcome, payments, err));
    for (int i = 0; i < self->n; i++) {
        int now = (i + shift) % self->n;
        double before = throng_rule_utility(self->rule, self->outcome, i, self->types[i], self->payments[i]);
        most = fmax(most, fabs(before - throng_rule_utility(self->rule, outcome, now, said[now], payments[now])));
    }
    record(self, finding, most, 0, 0.0);
out:
    return status;
}

/* Moves one agent after the other as long as that makes a ratio worse. */
static throng_status climb(profile *self, throng_context *context, bool cost, throng_ratio_finding *finding,
                           throng_error *err) {
    throng_status status = THRONG_OK;
    double u[4], best[2], now[2];
    THRONG_TRY(ratios(self, context, &best[0], &best[1], err));
    for (int k = 0; k < MOVES * self->n; k++) {
        throng_random_uniforms(self->random, self->number, cost ? 4 : 3, (uint64_t)k, u);
        int agent = (int)(u[0] * self->n);
        double before = self->types[agent];
        self->types[agent] = u[1] < 0.2   ? 0.0
                             : u[1] < 0.4 ? 1.0
                             : u[1] < 0.6 ? self->types[(int)(u[2] * self->n)]
                             : u[1] < 0.8 ? u[2]
                                          : within(before + (u[2] - 0.5) / self->n);
        THRONG_TRY(look(self, err));
        THRONG_TRY(ratios(self, context, &now[0], &now[1], err));
        if (now[cost] >= best[cost])
            best[cost] = now[cost];
        else
            self->types[agent] = before;
    }
    THRONG_TRY(look(self, err));
    record_ratio(self, finding, best[cost]);
out:
    return status;
}

static throng_status search(profile *self, throng_context *context, throng_mechanism_check *out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_mechanism_domain domain = throng_rule_mechanism(self->rule)->domain;
    double welfare, cost;
    THRONG_TRY(look(self, err));
    for (int a = 0; a < THRONG_AXIOM_COUNT; a++) {
        double amount =
            axioms[a].broken && throng_axiom_applies((throng_axiom)a, domain) ? axioms[a].broken(self) : (double)NAN;
        if (!isnan(amount))
            record(self, &out->axioms[a], amount, 0, 0.0);
    }
    THRONG_TRY(try_misreports(self, &out->axioms[THRONG_AXIOM_STRATEGYPROOF], err));
    if (self->n > 1)
        THRONG_TRY(try_places(self, &out->axioms[THRONG_AXIOM_ANONYMOUS], err));
    if (domain != THRONG_MECHANISM_PLACE)
        goto out;
    THRONG_TRY(ratios(self, context, &welfare, &cost, err));
    record_ratio(self, &out->welfare, welfare);
    record_ratio(self, &out->cost, cost);
    if (self->number % CLIMBS == 0)
        THRONG_TRY(climb(self, context, self->number / CLIMBS % 2 == 1,
                         self->number / CLIMBS % 2 == 1 ? &out->cost : &out->welfare, err));
out:
    return status;
}

throng_status throng_rule_check(const throng_rule *self, int64_t profiles, int agents, uint64_t seed,
                                throng_mechanism_check *out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_context *context = throng_i_rule_context(self);
    profile *one = NULL;
    THRONG_REQUIRE(profiles >= 1, E_ARGUMENT, "profiles must be positive, got %lld.", (long long)profiles);
    THRONG_REQUIRE(agents >= 0 && agents <= MOST, E_ARGUMENT, "agents must lie in 0..%d, got %d.", MOST, agents);
    THRONG_TRY(throng_i_alloc(context, 1, sizeof *one, &one, err));
    one->rule = self;
    one->place = throng_rule_mechanism(self)->domain == THRONG_MECHANISM_PLACE;
    one->random = (throng_random){seed, STREAM};
    memset(out, 0, sizeof *out);
    out->welfare.worst = out->cost.worst = 0.0;
    for (int a = 0; a < THRONG_AXIOM_COUNT; a++)
        out->axioms[a].worst = (double)NAN;
    for (int64_t k = 0; k < profiles; k++) {
        throng_progress progress = {"checking", "profiles", k, profiles};
        one->number = (uint64_t)k;
        one->n = throng_mechanism_profile(k, agents, seed, one->types);
        THRONG_TRY(search(one, context, out, err));
        THRONG_TRY(throng_i_progress(context, &progress, err));
    }
out:
    throng_i_free(context, one);
    return status;
}
