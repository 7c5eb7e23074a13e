/* Distilling: a model is asked once for every kind of person in every kind of situation, within a number of calls. */
#include "policy/policy.h"

#include <math.h>
#include <string.h>

#define BINS_MIN     2
#define BINS_AUTO    7 /* more are not chosen unasked */
#define BINS_MAX     THRONG_I_BINS_MAX
#define BLOCK        256 /* questions between two reports of progress */
#define SAMPLES      20
#define SAMPLES_MIN  5
#define HELD_STREAM  0x68656c64ULL
#define PI           3.14159265358979323846
#define ANSWER_LIMIT 16 /* tokens: what throng_llm_choose asks for */

/* One question: who, after what, seeing what. */
typedef struct question {
    int persona, last;
    double sight[THRONG_WORLD_SIGHTS_MAX];
    char *system, *prompt;
} question;

struct throng_distill {
    throng_context *context;
    throng_distill_def def;
    throng_distill_plan plan;
    throng_i_prompt *prompt;
    question *questions; /* [n] held-out ones last */
    int64_t n;
};

/* ---- planning -------------------------------------------------------------------------------------------------- */

static void count(const throng_distill *self, throng_distill_plan *plan) {
    int orders = self->def.orders > 0 ? self->def.orders : 2;
    plan->cells = (int64_t)plan->personas * plan->lasts;
    for (int s = 0; s < self->def.world->n_sights; s++)
        plan->cells *= plan->bins[s];
    plan->held_out = (int64_t)ceil((double)plan->cells * self->def.held_out / (1.0 - self->def.held_out));
    plan->calls_logprobs = (plan->cells + plan->held_out) * orders;
    plan->samples = self->def.samples > 0 ? self->def.samples : SAMPLES;
    plan->calls_samples = (plan->cells + plan->held_out) * plan->samples + (self->def.no_logprobs ? 0 : orders);
}

static int64_t calls_of(const throng_distill *self, const throng_distill_plan *plan) {
    return self->def.no_logprobs ? plan->calls_samples : plan->calls_logprobs;
}

/* Adds a value to each sight in turn, as long as the calls suffice. */
static void choose_bins(const throng_distill *self, throng_distill_plan *plan) {
    for (bool grew = true; grew;) {
        grew = false;
        for (int s = 0; s < self->def.world->n_sights; s++) {
            throng_distill_plan larger = *plan;
            if (self->def.bins[s] > 0 || ++larger.bins[s] > BINS_AUTO)
                continue;
            count(self, &larger);
            if (calls_of(self, &larger) > self->def.calls)
                continue;
            *plan = larger;
            grew = true;
        }
    }
}

static throng_status make_plan(throng_distill *self, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_distill_plan *plan = &self->plan;
    THRONG_REQUIRE(self->def.held_out >= 0.0 && self->def.held_out <= 0.9, E_PARAMETER,
                   "The share that is held out must lie in [0, 0.9], got %g.", self->def.held_out);
    plan->personas = throng_i_personas(self->def.personas);
    plan->lasts = throng_i_prompt_says_last(self->prompt) ? self->def.world->n_actions : 1;
    plan->answer_tokens = ANSWER_LIMIT;
    for (int s = 0; s < self->def.world->n_sights; s++) {
        THRONG_REQUIRE(self->def.bins[s] >= 0 && self->def.bins[s] <= BINS_MAX, E_PARAMETER,
                       "1 to %d values of %s can be asked about, got %d.", BINS_MAX, self->def.world->sights[s].name,
                       self->def.bins[s]);
        plan->bins[s] = self->def.bins[s] > 0 ? self->def.bins[s] : BINS_MIN;
    }
    count(self, plan);
    THRONG_REQUIRE(calls_of(self, plan) <= self->def.calls, E_BUDGET,
                   "%lld calls do not suffice: %d personas, %d last actions and %s values of what is seen take %lld. "
                   "Allow more (--calls), or ask about less.",
                   (long long)self->def.calls, plan->personas, plan->lasts, self->def.bins[0] > 0 ? "so many" : "two",
                   (long long)calls_of(self, plan));
    choose_bins(self, plan);
out:
    return status;
}

/* ---- questions ------------------------------------------------------------------------------------------------- */

/* Two decimals, as the prompt says it. */
static double as_told(double value) {
    return round(100.0 * value) / 100.0;
}

/* The i-th cell, its values Chebyshev's points, denser at both ends; or beyond them a held-out question: a person and a
 * situation drawn anywhere. */
static void place(const throng_distill *self, int64_t i, question *out) {
    const throng_world *world = self->def.world;
    double uniform[4], more[4];
    bool held_out = i >= self->plan.cells;
    int64_t left = i;
    throng_random_uniforms((throng_random){self->def.seed, HELD_STREAM}, (uint64_t)i, 0, 0, uniform);
    throng_random_uniforms((throng_random){self->def.seed, HELD_STREAM}, (uint64_t)i, 0, 1, more);
    for (int s = world->n_sights - 1; s >= 0; s--) {
        double low = world->sights[s].lowest, range = world->sights[s].highest - low;
        int64_t bins = self->plan.bins[s], bin = left % bins;
        left /= bins;
        double share = held_out ? uniform[s] : bins > 1 ? 0.5 - 0.5 * cos(PI * (double)bin / (double)(bins - 1)) : 0.5;
        out->sight[s] = as_told(low + range * share);
    }
    out->last = (int)(held_out ? more[0] * self->plan.lasts : (double)(left % self->plan.lasts));
    out->persona = (int)(held_out ? more[1] * self->plan.personas : (double)(left / self->plan.lasts));
    if (self->plan.lasts == 1)
        out->last = world->n_actions - 1;
}

static throng_status write_question(throng_distill *self, question *it, throng_error *err) {
    throng_status status = THRONG_OK;
    const char *system = NULL, *prompt = NULL;
    THRONG_TRY(throng_i_prompt_fill(self->prompt, it->persona, it->last, it->sight, &system, &prompt, err));
    if (system)
        THRONG_TRY(throng_i_copy_text(self->context, system, &it->system, err));
    THRONG_TRY(throng_i_copy_text(self->context, prompt, &it->prompt, err));
out:
    return status;
}

static throng_status write_questions(throng_distill *self, throng_error *err) {
    throng_status status = THRONG_OK;
    double bytes = 0.0;
    int64_t n = self->plan.cells + self->plan.held_out;
    THRONG_TRY(throng_i_alloc(self->context, n, sizeof *self->questions, &self->questions, err));
    for (self->n = 0; self->n < n;) {
        question *it = &self->questions[self->n];
        place(self, self->n++, it);
        THRONG_TRY(write_question(self, it, err));
        bytes += (double)strlen(it->prompt) + (it->system ? (double)strlen(it->system) : 0.0);
    }
    for (int a = 0; a < self->def.world->n_actions; a++)
        bytes += (double)n * (double)(strlen(self->def.world->actions[a]) + 4);
    self->plan.prompt_tokens = bytes / 4.0 / (double)n + 8.0;
out:
    return status;
}

static void forget_questions(throng_distill *self) {
    for (int64_t i = 0; i < self->n; i++) {
        throng_i_free(self->context, self->questions[i].system);
        throng_i_free(self->context, self->questions[i].prompt);
    }
    throng_i_free(self->context, self->questions);
    self->questions = NULL;
    self->n = 0;
}

/* ---- life ------------------------------------------------------------------------------------------------------ */

throng_status throng_distill_create(throng_context *context, const throng_distill_def *def, throng_distill **out,
                                    throng_error *err) {
    throng_status status = THRONG_OK;
    throng_distill *self = NULL;
    THRONG_REQUIRE(def->world->n_actions > 0, E_PARAMETER, "%s leaves agents nothing to decide: there is no policy.",
                   def->world->about.name);
    THRONG_TRY(throng_i_alloc(context, 1, sizeof *self, &self, err));
    self->context = context;
    self->def = *def;
    THRONG_TRY(throng_i_prompt_load(context, def->prompt, def->world, def->personas, &self->prompt, err));
    THRONG_TRY(make_plan(self, err));
    THRONG_TRY(write_questions(self, err));
    *out = self;
    self = NULL;
out:
    throng_distill_free(self);
    return status;
}

void throng_distill_free(throng_distill *self) {
    if (!self)
        return;
    forget_questions(self);
    throng_i_prompt_free(self->prompt);
    throng_i_free(self->context, self);
}

throng_distill_plan throng_distill_planned(const throng_distill *self) {
    return self->plan;
}

/* ---- asking ---------------------------------------------------------------------------------------------------- */

static throng_llm_choose_def how_to_ask(const throng_distill *self) {
    return (throng_llm_choose_def){.options = self->def.world->actions,
                                   .n_options = self->def.world->n_actions,
                                   .samples = self->plan.samples,
                                   .orders = self->def.orders,
                                   .no_logprobs = self->def.no_logprobs,
                                   .void_share = self->def.void_share,
                                   .seed = self->def.seed};
}

static void add_counts(throng_llm_choose_counts *to, const throng_llm_choose_counts *from) {
    to->by_logprobs += from->by_logprobs;
    to->by_samples += from->by_samples;
    for (int i = 0; i < THRONG_LLM_RUNG_COUNT; i++)
        to->rungs[i] += from->rungs[i];
    to->refusals += from->refusals;
    to->defaulted += from->defaulted;
    to->least_covered = fmin(to->least_covered, from->least_covered);
}

/* There are no log-probabilities: bins that were not asked for become as many as samples can be paid for, and samples
 * fewer if that is still too much. */
static throng_status plan_samples(throng_distill *self, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_distill_plan before = self->plan;
    int orders = self->def.orders > 0 ? self->def.orders : 2;
    int64_t calls = self->def.calls;
    bool given = self->def.samples > 0;
    self->def.no_logprobs = true;
    self->def.calls -= orders + SAMPLES_MIN; /* that it took to find out */
    for (int samples = given ? self->def.samples : SAMPLES;; samples--) {
        self->def.samples = samples;
        if (make_plan(self, NULL) == THRONG_OK)
            break;
        THRONG_REQUIRE(!given && samples > SAMPLES_MIN, E_BUDGET,
                       "The model gives no log-probabilities, and %d samples a question do not fit into %lld calls: "
                       "allow more (--calls), or ask about less than %d personas and %d last actions.",
                       samples, (long long)calls, before.personas, before.lasts);
    }
    forget_questions(self);
    THRONG_TRY(write_questions(self, err));
out:
    return status;
}

/* The first answer tells whether there are log-probabilities. @param p [actions] out: the answer, if there are */
static throng_status ask_first(throng_distill *self, throng_llm *llm, double *p, throng_llm_choose_counts *counts,
                               throng_error *err) {
    throng_status status = THRONG_OK;
    throng_llm_question first = {.system = self->questions[0].system, .prompt = self->questions[0].prompt};
    throng_llm_choose_def one = how_to_ask(self);
    *counts = (throng_llm_choose_counts){.least_covered = 1.0};
    if (self->def.no_logprobs)
        goto out;
    one.samples = SAMPLES_MIN;
    one.void_share = 1.0;
    THRONG_TRY(throng_llm_choose(llm, &one, &first, 1, p, counts, err));
    if (counts->by_logprobs > 0)
        goto out;
    *counts = (throng_llm_choose_counts){.least_covered = 1.0};
    THRONG_TRY(plan_samples(self, err));
out:
    return status;
}

/* Whether probabilities are shares of so many answers; those of log-probabilities are not, but by accident. */
static bool are_shares(const double *p, int n, int answers) {
    for (int a = 0; a < n; a++)
        if (fabs(p[a] * answers - round(p[a] * answers)) > 1e-6)
            return false;
    return true;
}

/* Asks what ask_first has not.
 * @param answers [n] out: how many each question's probabilities are shares of, 0 by log-probabilities */
static throng_status ask_all(const throng_distill *self, throng_llm *llm, double *p, int64_t *answers,
                             throng_distill_result *result, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_llm_question block[BLOCK];
    throng_llm_choose_counts counts, *all = &result->counts;
    throng_progress progress = {"distilling", "questions", 0, self->n};
    throng_llm_choose_def how = how_to_ask(self);
    double void_above = how.void_share > 0.0 ? how.void_share : 0.05;
    how.void_share = 1.0; /* the whole is looked at */
    for (int64_t at = all->by_logprobs; at < self->n; at += BLOCK) {
        int64_t n = self->n - at < BLOCK ? self->n - at : BLOCK;
        progress.done = at;
        THRONG_TRY(throng_i_progress(self->context, &progress, err));
        for (int64_t i = 0; i < n; i++)
            block[i] = (throng_llm_question){.system = self->questions[at + i].system,
                                             .prompt = self->questions[at + i].prompt};
        THRONG_TRY(throng_llm_choose(llm, &how, block, n, p + at * how.n_options, &counts, err));
        add_counts(all, &counts);
        for (int64_t i = at; counts.by_samples > 0 && i < at + n; i++)
            if (are_shares(p + i * how.n_options, how.n_options, how.samples))
                answers[i] = how.samples;
    }
    if (all->by_samples > 0)
        all->unreadable = (double)all->defaulted / ((double)all->by_samples * how.samples);
    all->is_void = all->unreadable > void_above;
    result->by_samples = all->by_samples > 0;
    result->samples = how.samples;
out:
    return status;
}

/* ---- the table ------------------------------------------------------------------------------------------------- */

static throng_status add_words(const throng_distill *self, throng_llm *llm, throng_table *table, throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_world *world = self->def.world;
    const char **words = NULL, *model = throng_llm_model(llm);
    int32_t *codes = NULL;
    THRONG_TRY(throng_i_alloc(self->context, self->plan.personas, sizeof *words, &words, err));
    for (int i = 0; i < self->plan.personas; i++)
        words[i] = throng_i_persona_name(self->def.personas, i);
    THRONG_TRY(throng_table_add_codes(table, "persona", self->plan.personas, words, &codes, err));
    for (int64_t i = 0; i < self->n; i++)
        codes[i] = self->questions[i].persona;
    if (self->plan.lasts > 1) {
        THRONG_TRY(throng_table_add_codes(table, "last", world->n_actions, world->actions, &codes, err));
        for (int64_t i = 0; i < self->n; i++)
            codes[i] = self->questions[i].last;
    }
    THRONG_TRY(throng_table_add_codes(table, "model", 1, &model, &codes, err));
out:
    throng_i_free(self->context, words);
    return status;
}

static throng_status add_numbers(const throng_distill *self, const double *p, const int64_t *answers,
                                 throng_table *table, throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_world *world = self->def.world;
    void *data = NULL;
    for (int s = 0; s < world->n_sights; s++) {
        THRONG_TRY(throng_table_add(table, world->sights[s].name, THRONG_TYPE_FLOAT64, &data, err));
        for (int64_t i = 0; i < self->n; i++)
            ((double *)data)[i] = self->questions[i].sight[s];
    }
    for (int a = 0; a < world->n_actions; a++) {
        THRONG_TRY(throng_table_add(table, world->actions[a], THRONG_TYPE_FLOAT64, &data, err));
        for (int64_t i = 0; i < self->n; i++)
            ((double *)data)[i] = p[i * world->n_actions + a];
    }
    THRONG_TRY(throng_table_add(table, "held_out", THRONG_TYPE_INT64, &data, err));
    for (int64_t i = 0; i < self->n; i++)
        ((int64_t *)data)[i] = i >= self->plan.cells;
    THRONG_TRY(throng_table_add(table, "answers", THRONG_TYPE_INT64, &data, err));
    memcpy(data, answers, (size_t)self->n * sizeof *answers);
out:
    return status;
}

throng_status throng_distill_run(throng_distill *self, throng_llm *llm, throng_table **out,
                                 throng_distill_result *result, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_table *table = NULL;
    double *p = NULL;
    int64_t *answers = NULL;
    double first[THRONG_WORLD_ACTIONS_MAX];
    *result = (throng_distill_result){0};
    THRONG_TRY(ask_first(self, llm, first, &result->counts, err));
    result->plan = self->plan;
    THRONG_TRY(throng_i_alloc(self->context, self->n * self->def.world->n_actions, sizeof *p, &p, err));
    THRONG_TRY(throng_i_alloc(self->context, self->n, sizeof *answers, &answers, err));
    if (result->counts.by_logprobs > 0)
        memcpy(p, first, (size_t)self->def.world->n_actions * sizeof *p);
    THRONG_TRY(ask_all(self, llm, p, answers, result, err));
    THRONG_TRY(throng_table_create(self->context, self->n, &table, err));
    THRONG_TRY(add_words(self, llm, table, err));
    THRONG_TRY(add_numbers(self, p, answers, table, err));
    *out = table;
    table = NULL;
out:
    throng_table_free(table);
    throng_i_free(self->context, p);
    throng_i_free(self->context, answers);
    return status;
}
