/* Whether a model can sample: fifteen distributions, two ways of asking, tests against the exact laws. */
#include "llm/dice.h"
#include "llm/llm.h"
#include "llm/parse.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LEAST        20  /* numbers: fewer say nothing */
#define EXPECTED     5.0 /* in a cell of a chi-square test */
#define CLIP         1000.0
#define FALSE_ALARM  1e-3
#define STREAM_CELLS 500

_Static_assert(THRONG_LLM_DICE == THRONG_I_DICE, "the public header counts the dice");

/* ---- asking ---------------------------------------------------------------------------------------------------- */

typedef struct audit {
    throng_llm *llm;
    throng_llm_audit_def def;
    double *numbers; /* [THRONG_I_DICE][def.numbers] */
    int64_t got[THRONG_I_DICE];
    int first; /* INDEPENDENT: the die that is being asked for */
} audit;

static throng_status take_numbers(void *user, int64_t index, const throng_llm_answer *answer, throng_error *err) {
    audit *self = user;
    bool batch = self->def.protocol == THRONG_LLM_BATCH;
    int64_t die = batch ? index : self->first;
    double *to = self->numbers + die * self->def.numbers;
    (void)err;
    if (batch) {
        int64_t n = throng_i_parse_numbers(answer->text, to, self->def.numbers);
        self->got[die] = n < self->def.numbers ? n : self->def.numbers;
    } else {
        self->got[die] += throng_i_parse_numbers(answer->text, to + self->got[die], 1) > 0;
    }
    return THRONG_OK;
}

static throng_status write_prompt(const audit *self, const throng_i_die *die, char **out, throng_error *err) {
    if (self->def.protocol == THRONG_LLM_BATCH)
        return throng_i_print(
            self->llm->context, out, err,
            "Draw independent random numbers from %s, that is, %s. Give exactly %d numbers, separated "
            "by commas, and nothing else.",
            die->name, die->words, self->def.numbers);
    return throng_i_print(self->llm->context, out, err,
                          "Draw one random number from %s, that is, %s. Answer with the number and nothing else.",
                          die->name, die->words);
}

static throng_status ask_batches(audit *self, throng_error *err) {
    throng_llm_request requests[THRONG_I_DICE] = {{0}};
    char *prompts[THRONG_I_DICE] = {0};
    throng_status status = THRONG_OK;
    for (int i = 0; i < THRONG_I_DICE; i++) {
        THRONG_TRY(write_prompt(self, &throng_i_dice[i], &prompts[i], err));
        int tokens = 12 * self->def.numbers + 64;
        requests[i] = (throng_llm_request){
            .prompt = prompts[i], .temperature = 1.0, .max_tokens = tokens < 1000000 ? tokens : 1000000};
    }
    THRONG_TRY(throng_llm_ask(self->llm, requests, THRONG_I_DICE, take_numbers, self, err));
out:
    for (int i = 0; i < THRONG_I_DICE; i++)
        throng_i_free(self->llm->context, prompts[i]);
    return status;
}

static throng_status ask_one_by_one(audit *self, throng_error *err) {
    throng_llm_request *requests = NULL;
    char *prompt = NULL;
    throng_status status = THRONG_OK;
    THRONG_TRY(throng_i_alloc(self->llm->context, self->def.numbers, sizeof *requests, &requests, err));
    for (int i = 0; i < THRONG_I_DICE; i++) {
        THRONG_TRY(write_prompt(self, &throng_i_dice[i], &prompt, err));
        for (int k = 0; k < self->def.numbers; k++)
            requests[k] = (throng_llm_request){.prompt = prompt, .temperature = 1.0, .max_tokens = 32, .sample = k};
        self->first = i;
        THRONG_TRY(throng_llm_ask(self->llm, requests, self->def.numbers, take_numbers, self, err));
        throng_i_free(self->llm->context, prompt);
        prompt = NULL;
    }
out:
    throng_i_free(self->llm->context, prompt);
    throng_i_free(self->llm->context, requests);
    return status;
}

/* ---- testing --------------------------------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b) {
    double one = *(const double *)a, other = *(const double *)b;
    return (one > other) - (one < other);
}

/* Distance of the sorted numbers from the law. */
static void test_continuous(const throng_i_die *die, const double *x, int64_t n, throng_llm_die_result *out) {
    for (int64_t i = 0; i < n; i++) {
        double f = die->cdf(x[i], die->a, die->b);
        out->statistic = fmax(out->statistic, fmax(f - (double)i / (double)n, (double)(i + 1) / (double)n - f));
    }
    out->p = throng_i_kolmogorov_tail(out->statistic, (double)n);
}

/* Chi-square over whole numbers, cells merged from below until each expects enough; the last takes what is left. */
static void test_discrete(const throng_i_die *die, const double *x, int64_t n, throng_llm_die_result *out) {
    double before = 0.0; /* F where the cell begins */
    int64_t at = 0;
    int cells = 0;
    out->p = 0.0;
    for (int64_t i = 0; i < n; i++)
        if (x[i] != floor(x[i]) || die->cdf(x[i], die->a, die->b) - die->cdf(x[i] - 1.0, die->a, die->b) <= 0.0)
            return; /* impossible */
    for (double k = 0.0; before < 1.0 && k < 10000.0; k++) {
        double f = die->cdf(k, die->a, die->b), rest = 1.0 - f;
        bool last = rest * (double)n < EXPECTED;
        if (!last && (f - before) * (double)n < EXPECTED)
            continue;
        double expected = ((last ? 1.0 : f) - before) * (double)n, observed = 0.0;
        for (; at < n && (last || x[at] <= k); at++)
            observed++;
        out->statistic += (observed - expected) * (observed - expected) / expected;
        cells++;
        before = last ? 1.0 : f;
    }
    out->p = cells > 1 ? throng_i_chi_square_tail(out->statistic, cells - 1) : 1.0;
}

/* The least x with F(x) >= u, by bisection. */
static double quantile(const throng_i_die *die, double u) {
    double low = -2.0 * CLIP, high = 2.0 * CLIP;
    for (int i = 0; i < 60; i++) {
        double middle = 0.5 * (low + high);
        if (die->cdf(middle, die->a, die->b) >= u)
            high = middle;
        else
            low = middle;
    }
    return high;
}

static double clip(double x) {
    return fmin(CLIP, fmax(-CLIP, x));
}

/* Where the numbers lie in the law. A number that has a probability of its own is spread over it, at random. */
static void fill_cells(const throng_i_die *die, const double *x, int64_t n, throng_llm_die_result *out) {
    for (int64_t i = 0; i < n; i++) {
        double u = die->cdf(x[i], die->a, die->b), spread[4];
        if (die->discrete) {
            double below = die->cdf(ceil(x[i]) - 1.0, die->a, die->b);
            throng_random_uniforms((throng_random){0, STREAM_CELLS}, (uint64_t)i, 0, 0, spread);
            u = below + spread[0] * (u - below);
        }
        int cell = (int)(u * THRONG_LLM_DICE_CELLS);
        cell = cell < 0 ? 0 : cell < THRONG_LLM_DICE_CELLS ? cell : THRONG_LLM_DICE_CELLS - 1;
        out->cells[cell] += 1.0 / (double)n;
        out->wasserstein += fabs(clip(x[i]) - clip(quantile(die, ((double)i + 0.5) / (double)n))) / (double)n;
    }
}

static void judge(const audit *self, int index, throng_llm_die_result *out) {
    const throng_i_die *die = &throng_i_dice[index];
    double *x = self->numbers + (int64_t)index * self->def.numbers;
    int64_t n = self->got[index];
    *out = (throng_llm_die_result){.name = die->name, .tier = die->tier, .discrete = die->discrete, .got = n};
    qsort(x, (size_t)n, sizeof *x, by_value);
    if (n < LEAST)
        return;
    if (die->discrete)
        test_discrete(die, x, n, out);
    else
        test_continuous(die, x, n, out);
    fill_cells(die, x, n, out);
    out->passed = out->p > self->def.alpha;
}

/* P(X < k) for X binomial of all dice and 1 - alpha. */
static double probability_below(int k, double alpha) {
    double sum = 0.0;
    for (int i = 0; i < k; i++)
        sum += exp(lgamma(THRONG_I_DICE + 1.0) - lgamma(i + 1.0) - lgamma(THRONG_I_DICE - i + 1.0) + i * log1p(-alpha) +
                   (THRONG_I_DICE - i) * log(alpha));
    return sum;
}

static void sum_up(const audit *self, throng_llm_audit *out) {
    out->needed = THRONG_I_DICE;
    while (out->needed > 0 && probability_below(out->needed, self->def.alpha) > FALSE_ALARM)
        out->needed--;
    out->false_alarm = probability_below(out->needed, self->def.alpha);
    for (int i = 0; i < THRONG_I_DICE; i++)
        out->passed += out->dice[i].passed;
    out->fair = out->passed >= out->needed;
}

/* ---- the audit ------------------------------------------------------------------------------------------------- */

static throng_llm_audit_def complete(const throng_llm_audit_def *def) {
    throng_llm_audit_def it = *def;
    it.numbers = it.numbers ? it.numbers : 200;
    it.alpha = it.alpha != 0.0 ? it.alpha : 0.01;
    return it;
}

static throng_status check(const throng_llm_audit_def *def, throng_error *err) {
    throng_status status = THRONG_OK;
    THRONG_REQUIRE(def->protocol >= 0 && def->protocol < THRONG_LLM_PROTOCOL_COUNT, E_ARGUMENT,
                   "There is no such protocol.");
    THRONG_REQUIRE(def->numbers >= LEAST && def->numbers <= 100000, E_ARGUMENT,
                   "%d to 100,000 numbers can be asked for, got %d.", LEAST, def->numbers);
    THRONG_REQUIRE(def->alpha >= 1e-6 && def->alpha <= 0.5, E_ARGUMENT, "alpha must lie in [1e-6, 0.5], got %g.",
                   def->alpha);
out:
    return status;
}

throng_status throng_llm_audit_calls(const throng_llm_audit_def *def, int64_t *calls, throng_error *err) {
    throng_llm_audit_def it = complete(def);
    throng_status status = check(&it, err);
    if (status == THRONG_OK)
        *calls = it.protocol == THRONG_LLM_BATCH ? THRONG_I_DICE : (int64_t)THRONG_I_DICE * it.numbers;
    return status;
}

throng_status throng_llm_audit_dice(throng_llm *llm, const throng_llm_audit_def *def, throng_llm_audit *out,
                                    throng_error *err) {
    audit self = {.llm = llm, .def = complete(def)};
    throng_llm_audit found = {0};
    throng_status status = THRONG_OK;
    THRONG_TRY(check(&self.def, err));
    THRONG_TRY(throng_i_alloc(llm->context, (int64_t)THRONG_I_DICE * self.def.numbers, sizeof *self.numbers,
                              &self.numbers, err));
    THRONG_TRY(self.def.protocol == THRONG_LLM_BATCH ? ask_batches(&self, err) : ask_one_by_one(&self, err));
    for (int i = 0; i < THRONG_I_DICE; i++)
        judge(&self, i, &found.dice[i]);
    sum_up(&self, &found);
    *out = found;
out:
    throng_i_free(llm->context, self.numbers);
    return status;
}
