/* Whether a model can sample: fifteen distributions, two ways of asking, tests against the exact laws. */
#include "core/tails.h"
#include "llm/dice.h"
#include "llm/llm.h"
#include "llm/parse.h"
#include "throng/table.h"

#include <ctype.h>
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

/* Distance of the sorted numbers from another sorted sample, in probability and in mean. */
static void test_two_samples(const double *x, int64_t n, const double *y, int64_t m, throng_llm_die_result *out) {
    int64_t i = 0, j = 0;
    double last = clip(fmin(x[0], y[0])), sum = 0.0;
    out->statistic = out->wasserstein = 0.0;
    while (i < n || j < m) {
        double at = i < n && (j >= m || x[i] <= y[j]) ? x[i] : y[j];
        double apart = fabs((double)i / (double)n - (double)j / (double)m);
        out->wasserstein += apart * (clip(at) - last);
        last = clip(at);
        while (i < n && x[i] == at)
            i++;
        while (j < m && y[j] == at)
            j++;
        out->statistic = fmax(out->statistic, fabs((double)i / (double)n - (double)j / (double)m));
    }
    double l = out->statistic * sqrt((double)n * (double)m / (double)(n + m));
    for (int k = 1; k <= 100; k++)
        sum += (k % 2 ? 2.0 : -2.0) * exp(-2.0 * k * k * l * l);
    out->p = l < 0.2 ? 1.0 : fmin(1.0, fmax(0.0, sum));
}

/* @param y [m] sorted sample to compare with, if the law is continuous; m = 0: the law itself */
static void judge(int index, double *x, int64_t n, const double *y, int64_t m, double alpha,
                  throng_llm_die_result *out) {
    const throng_i_die *die = &throng_i_dice[index];
    *out = (throng_llm_die_result){.name = die->name, .tier = die->tier, .discrete = die->discrete, .got = n};
    qsort(x, (size_t)n, sizeof *x, by_value);
    if (n < LEAST)
        return;
    if (die->discrete)
        test_discrete(die, x, n, out);
    else
        test_continuous(die, x, n, out);
    fill_cells(die, x, n, out);
    if (m > 0 && !die->discrete)
        test_two_samples(x, n, y, m, out);
    out->passed = out->p > alpha;
}

/* P(X < k) for X binomial of all dice and 1 - alpha. */
static double probability_below(int k, double alpha) {
    double sum = 0.0;
    for (int i = 0; i < k; i++)
        sum += exp(lgamma(THRONG_I_DICE + 1.0) - lgamma(i + 1.0) - lgamma(THRONG_I_DICE - i + 1.0) + i * log1p(-alpha) +
                   (THRONG_I_DICE - i) * log(alpha));
    return sum;
}

static void sum_up(double alpha, throng_llm_audit *out) {
    out->needed = THRONG_I_DICE;
    while (out->needed > 0 && probability_below(out->needed, alpha) > FALSE_ALARM)
        out->needed--;
    out->false_alarm = probability_below(out->needed, alpha);
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
        judge(i, self.numbers + (int64_t)i * self.def.numbers, self.got[i], NULL, 0, self.def.alpha, &found.dice[i]);
    sum_up(self.def.alpha, &found);
    *out = found;
out:
    throng_i_free(llm->context, self.numbers);
    return status;
}

/* ---- numbers in tables ----------------------------------------------------------------------------------------- */

/* The numbers of a table by die: those of die d are [first[d], first[d + 1]). */
typedef struct numbers {
    throng_context *context;
    double *values;
    int64_t first[THRONG_I_DICE + 1];
} numbers;

/* Whether two names have the same letters, and the same in parentheses if both have any. */
static bool same_law(const char *one, const char *other) {
    bool both = strchr(one, '(') && strchr(other, '(');
    for (;; one++, other++) {
        while (*one && !isalnum((unsigned char)*one) && *one != '(' && *one != '.')
            one++;
        while (*other && !isalnum((unsigned char)*other) && *other != '(' && *other != '.')
            other++;
        if (!both && (*one == '(' || *one == '\0') && (*other == '(' || *other == '\0'))
            return true;
        if (tolower((unsigned char)*one) != tolower((unsigned char)*other))
            return false;
        if (*one == '\0')
            return true;
    }
}

static throng_status find_die(const char *name, const char *path, int *out, throng_error *err) {
    const char *names[THRONG_I_DICE];
    char hint[300];
    for (int d = 0; d < THRONG_I_DICE; d++) {
        names[d] = throng_i_dice[d].name;
        if (same_law(name, names[d])) {
            *out = d;
            return THRONG_OK;
        }
    }
    throng_suggest(name, names, THRONG_I_DICE, hint, sizeof hint);
    return THRONG_FAIL(err, E_FORMAT, "%s: there is no distribution \"%.40s\".%s", path, name, hint);
}

/* Puts the values in the places of their dice, and sorts those of each. */
static throng_status sort_by_die(numbers *self, const throng_table *table, const int *dice, const char *path,
                                 throng_error *err) {
    throng_column_view words = throng_table_column(table, 0), values = throng_table_column(table, 1);
    int64_t next[THRONG_I_DICE], rows = throng_table_rows(table);
    throng_status status = THRONG_OK;
    for (int64_t row = 0; row < rows; row++)
        self->first[dice[((const int32_t *)words.data)[row]] + 1]++;
    for (int d = 0; d < THRONG_I_DICE; d++)
        self->first[d + 1] += self->first[d];
    memcpy(next, self->first, sizeof next);
    THRONG_TRY(throng_i_alloc(self->context, rows + 1, sizeof *self->values, &self->values, err));
    for (int64_t row = 0; row < rows; row++) {
        double value = values.type == THRONG_TYPE_FLOAT32 ? (double)((const float *)values.data)[row]
                                                          : ((const double *)values.data)[row];
        THRONG_REQUIRE(isfinite(value), E_FORMAT, "%s: the value in row %lld is no number.", path, (long long)row + 1);
        self->values[next[dice[((const int32_t *)words.data)[row]]]++] = value;
    }
    for (int d = 0; d < THRONG_I_DICE; d++)
        qsort(self->values + self->first[d], (size_t)(self->first[d + 1] - self->first[d]), sizeof *self->values,
              by_value);
out:
    return status;
}

static throng_status read_numbers(numbers *self, const char *path, throng_error *err) {
    static const throng_column_request requests[] = {{"distribution", THRONG_ROLE_LABEL},
                                                     {"value", THRONG_ROLE_NUMBER}};
    throng_table *table = NULL;
    int *dice = NULL; /* of the words */
    throng_status status = THRONG_OK;
    THRONG_TRY(throng_table_read(self->context, &path, 1, requests, 2, NULL, &table, err));
    throng_column_view words = throng_table_column(table, 0);
    THRONG_REQUIRE(words.type == THRONG_TYPE_TEXT && throng_table_rows(table) > 0, E_FORMAT,
                   "%s: the column distribution must hold names.", path);
    THRONG_TRY(throng_i_alloc(self->context, words.n_words + 1, sizeof *dice, &dice, err));
    for (int64_t i = 0; i < words.n_words; i++)
        THRONG_TRY(find_die(words.words[i], path, &dice[i], err));
    THRONG_TRY(sort_by_die(self, table, dice, path, err));
out:
    throng_i_free(self->context, dice);
    throng_table_free(table);
    return status;
}

throng_status throng_llm_audit_table(throng_context *context, const char *path, const char *reference, double alpha,
                                     throng_llm_audit *out, throng_error *err) {
    numbers given = {.context = context}, wanted = {.context = context};
    throng_llm_audit_def def = complete(&(throng_llm_audit_def){.alpha = alpha});
    throng_llm_audit found = {0};
    throng_status status = THRONG_OK;
    THRONG_TRY(check(&def, err));
    THRONG_TRY(read_numbers(&given, path, err));
    if (reference)
        THRONG_TRY(read_numbers(&wanted, reference, err));
    for (int d = 0; d < THRONG_I_DICE; d++) {
        int64_t n = given.first[d + 1] - given.first[d], m = wanted.first[d + 1] - wanted.first[d];
        THRONG_REQUIRE(!reference || m > 0 || n == 0 || throng_i_dice[d].discrete, E_FORMAT,
                       "%s holds no sample of %s.", reference, throng_i_dice[d].name);
        judge(d, given.values + given.first[d], n, reference ? wanted.values + wanted.first[d] : NULL, m, def.alpha,
              &found.dice[d]);
    }
    sum_up(def.alpha, &found);
    *out = found;
out:
    throng_i_free(context, given.values);
    throng_i_free(context, wanted.values);
    return status;
}
