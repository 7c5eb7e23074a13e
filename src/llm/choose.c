/* Distributions over options: by log-probabilities where there are any, else by samples. Questions are asked in blocks,
 * so that memory does not grow with their number. */
#include "llm/llm.h"
#include "llm/parse.h"

#include <math.h>
#include <string.h>
#include <xxhash.h>

#define BLOCK        1024 /* requests */
#define COVERED      0.5  /* of the first token's probability, below which it is not trusted */
#define STREAM_ORDER 300

static const char *const rung_names[] = {"json", "tag", "pattern", "letter", "name", "none"};

const char *throng_llm_rung_name(throng_llm_rung rung) {
    return rung >= 0 && rung < THRONG_LLM_RUNG_COUNT ? rung_names[rung] : "unknown";
}

int throng_llm_read_option(const char *text, const char *const *options, int n, throng_llm_rung *rung) {
    throng_llm_rung ignored;
    return throng_i_parse_option(text, options, n, rung ? rung : &ignored);
}

int64_t throng_llm_read_numbers(const char *text, double *out, int64_t most) {
    return throng_i_parse_numbers(text, out, most);
}

/* A request for one question in one order of its options. */
typedef struct ask {
    int64_t question, sample;
    int tries;
    int order[THRONG_LLM_OPTIONS_MAX];         /* place -> option */
    const char *shown[THRONG_LLM_OPTIONS_MAX]; /* the options in that order */
    char *prompt;
    bool settled;
} ask;

typedef struct chooser {
    throng_llm *llm;
    throng_llm_choose_def def;
    const throng_llm_question *questions;
    double *p;
    throng_llm_choose_counts *counts;
    bool *sampled; /* [n] questions that log-probabilities did not settle */
    ask asks[BLOCK];
    throng_llm_request requests[BLOCK];
    int64_t n; /* asks in the block */
} chooser;

/* ---- writing --------------------------------------------------------------------------------------------------- */

/* The draw-th order of the options: a random one, and after each its reverse. */
static void draw_order(const chooser *self, ask *it, uint64_t prompt, int64_t draw) {
    int n = self->def.n_options;
    for (int i = 0; i < n; i++)
        it->order[i] = i;
    for (int i = n - 1; i > 0; i--) {
        double u[4];
        throng_random_uniforms((throng_random){self->def.seed, STREAM_ORDER}, prompt, (uint64_t)(draw / 2), (uint64_t)i,
                               u);
        int j = (int)(u[0] * (i + 1)), kept = it->order[i];
        it->order[i] = it->order[j];
        it->order[j] = kept;
    }
    for (int i = 0; draw % 2 == 1 && i < n / 2; i++) {
        int kept = it->order[i];
        it->order[i] = it->order[n - 1 - i];
        it->order[n - 1 - i] = kept;
    }
    for (int i = 0; i < n; i++)
        it->shown[i] = self->def.options[it->order[i]];
}

static throng_status add(chooser *self, int64_t question, int64_t draw, int64_t sample, throng_error *err) {
    const throng_llm_question *from = &self->questions[question];
    throng_i_text text = {.context = self->llm->context};
    ask *it = &self->asks[self->n];
    *it = (ask){.question = question, .sample = sample};
    draw_order(self, it, XXH3_64bits(from->prompt, strlen(from->prompt)), draw);
    throng_i_text_print(&text, "%s\n\n", from->prompt);
    for (int i = 0; i < self->def.n_options; i++)
        throng_i_text_print(&text, "%c) %s\n", 'A' + i, it->shown[i]);
    throng_i_text_print(&text, "\nAnswer with one letter only.");
    if (text.failed) {
        throng_i_text_clear(&text);
        return THRONG_FAIL(err, E_MEMORY, "Out of memory for a question.");
    }
    it->prompt = text.bytes;
    self->requests[self->n++] = (throng_llm_request){.system = from->system,
                                                     .prompt = it->prompt,
                                                     .temperature = self->def.temperature,
                                                     .max_tokens = self->def.max_tokens,
                                                     .sample = sample,
                                                     .label = from->label,
                                                     .bare = from->prompt};
    return THRONG_OK;
}

static void clear_block(chooser *self) {
    for (int64_t i = 0; i < self->n; i++)
        throng_i_free(self->llm->context, self->asks[i].prompt);
    self->n = 0;
}

/* ---- by log-probabilities -------------------------------------------------------------------------------------- */

static throng_status take_logprobs(void *user, int64_t index, const throng_llm_answer *answer, throng_error *err) {
    chooser *self = user;
    ask *it = &self->asks[index];
    double share[THRONG_LLM_OPTIONS_MAX] = {0}, covered = 0.0, sum = 0.0;
    (void)err;
    for (int i = 0; i < answer->n_top; i++) {
        int place = throng_i_parse_token(answer->top[i].text, it->shown, self->def.n_options);
        if (place >= 0) {
            share[it->order[place]] += exp(answer->top[i].logprob);
            covered += exp(answer->top[i].logprob);
        }
    }
    if (answer->n_top < 2 || covered < COVERED) {
        self->sampled[it->question] = true;
        return THRONG_OK;
    }
    self->counts->least_covered = fmin(self->counts->least_covered, covered);
    for (int i = 0; i < self->def.n_options; i++) {
        share[i] = share[i] > 0.0 ? pow(share[i], 1.0 / self->def.temperature) : 0.0;
        sum += share[i];
    }
    for (int i = 0; i < self->def.n_options; i++)
        self->p[it->question * self->def.n_options + i] += share[i] / sum / self->def.orders;
    return THRONG_OK;
}

static throng_status ask_logprobs(chooser *self, int64_t from, int64_t to, throng_error *err) {
    throng_status status = THRONG_OK;
    for (int64_t q = from; q < to; q++)
        for (int order = 0; order < self->def.orders; order++)
            THRONG_TRY(add(self, q, order, 0, err));
    for (int64_t i = 0; i < self->n; i++)
        self->requests[i].top_logprobs = THRONG_LLM_TOP_MAX;
    THRONG_TRY(throng_llm_ask(self->llm, self->requests, self->n, take_logprobs, self, err));
out:
    clear_block(self);
    return status;
}

/* The first question alone tells whether the endpoint gives log-probabilities at all; without, the others are not asked
 * in vain. */
static throng_status try_logprobs(chooser *self, int64_t n, throng_error *err) {
    int64_t step = BLOCK / self->def.orders;
    throng_status status = THRONG_OK;
    if (!self->def.no_logprobs)
        THRONG_TRY(ask_logprobs(self, 0, 1, err));
    if (self->def.no_logprobs || self->sampled[0]) {
        memset(self->sampled, true, (size_t)n);
        goto out;
    }
    for (int64_t q = 1; q < n; q += step)
        THRONG_TRY(ask_logprobs(self, q, q + step < n ? q + step : n, err));
out:
    return status;
}

/* ---- by samples ------------------------------------------------------------------------------------------------ */

static throng_status take_sample(void *user, int64_t index, const throng_llm_answer *answer, throng_error *err) {
    chooser *self = user;
    ask *it = &self->asks[index];
    throng_llm_rung rung;
    int place = throng_i_parse_option(answer->text, it->shown, self->def.n_options, &rung);
    (void)err;
    self->counts->rungs[rung]++;
    if (place >= 0)
        self->p[it->question * self->def.n_options + it->order[place]] += 1.0 / self->def.samples;
    else
        self->counts->refusals += throng_i_parse_refusal(answer->text);
    it->settled = place >= 0;
    return THRONG_OK;
}

/* Keeps the asks that are to be tried once more, each as another sample; those out of tries count for all alike. */
static void keep_unsettled(chooser *self) {
    int64_t kept = 0;
    for (int64_t i = 0; i < self->n; i++) {
        ask *it = &self->asks[i];
        bool again = !it->settled && it->tries < self->def.retries;
        if (!it->settled && !again) {
            self->counts->defaulted++;
            for (int k = 0; k < self->def.n_options; k++)
                self->p[it->question * self->def.n_options + k] += 1.0 / self->def.samples / self->def.n_options;
        }
        if (!again) {
            throng_i_free(self->llm->context, it->prompt);
            continue;
        }
        it->tries++;
        self->requests[kept] = self->requests[i];
        self->requests[kept].sample = it->sample + (int64_t)it->tries * self->def.samples;
        self->asks[kept++] = *it;
    }
    self->n = kept;
}

static throng_status ask_block(chooser *self, throng_error *err) {
    throng_status status = THRONG_OK;
    while (self->n > 0) {
        THRONG_TRY(throng_llm_ask(self->llm, self->requests, self->n, take_sample, self, err));
        keep_unsettled(self);
    }
out:
    clear_block(self);
    return status;
}

static throng_status ask_samples(chooser *self, int64_t n, throng_error *err) {
    throng_status status = THRONG_OK;
    for (int64_t q = 0; q < n; q++) {
        if (!self->sampled[q])
            continue;
        self->counts->by_samples++;
        memset(self->p + q * self->def.n_options, 0, (size_t)self->def.n_options * sizeof *self->p);
        for (int s = 0; s < self->def.samples; s++) {
            THRONG_TRY(add(self, q, s, s, err));
            if (self->n == BLOCK)
                THRONG_TRY(ask_block(self, err));
        }
    }
    THRONG_TRY(ask_block(self, err));
out:
    clear_block(self);
    return status;
}

/* ---- both ------------------------------------------------------------------------------------------------------ */

static throng_status check(throng_llm_choose_def *def, throng_error *err) {
    throng_status status = THRONG_OK;
    THRONG_REQUIRE(def->n_options >= 2 && def->n_options <= THRONG_LLM_OPTIONS_MAX, E_ARGUMENT,
                   "A question has 2 to %d options, got %d.", THRONG_LLM_OPTIONS_MAX, def->n_options);
    for (int i = 0; i < def->n_options; i++) {
        THRONG_REQUIRE(def->options[i] && *def->options[i] && !strpbrk(def->options[i], "\r\n"), E_ARGUMENT,
                       "Option %d must be one line of text.", i + 1);
        for (int j = 0; j < i; j++)
            THRONG_REQUIRE(strlen(def->options[i]) != strlen(def->options[j]) ||
                               !throng_i_text_same(def->options[i], def->options[j], strlen(def->options[i])),
                           E_ARGUMENT, "Option \"%.60s\" is there twice.", def->options[i]);
    }
    def->samples = def->samples ? def->samples : 20;
    def->orders = def->orders ? def->orders : 2;
    def->temperature = def->temperature != 0.0 ? def->temperature : 1.0;
    def->max_tokens = def->max_tokens ? def->max_tokens : 16;
    def->retries = def->retries < 0 ? 0 : def->retries == 0 ? 2 : def->retries;
    def->void_share = def->void_share != 0.0 ? def->void_share : 0.05;
    THRONG_REQUIRE(def->samples >= 1 && def->samples <= 1000000, E_ARGUMENT,
                   "A question is sampled 1 to 1,000,000 times, got %d.", def->samples);
    THRONG_REQUIRE(def->orders >= 1 && def->orders <= 64, E_ARGUMENT, "1 to 64 orders can be averaged, got %d.",
                   def->orders);
    THRONG_REQUIRE(def->temperature > 0.0 && def->temperature <= 100.0, E_ARGUMENT,
                   "The temperature must lie in (0, 100], got %g.", def->temperature);
    THRONG_REQUIRE(def->retries <= 100, E_ARGUMENT, "At most 100 retries are allowed, got %d.", def->retries);
    THRONG_REQUIRE(def->void_share >= 0.0 && def->void_share <= 1.0, E_ARGUMENT,
                   "The share that makes a study void must lie in [0, 1], got %g.", def->void_share);
out:
    return status;
}

throng_status throng_llm_choose(throng_llm *llm, const throng_llm_choose_def *def, const throng_llm_question *questions,
                                int64_t n, double *p, throng_llm_choose_counts *counts, throng_error *err) {
    chooser *self = NULL;
    throng_llm_choose_counts found = {.least_covered = 1.0};
    throng_status status = THRONG_OK;
    THRONG_TRY(throng_i_alloc(llm->context, 1, sizeof *self, &self, err));
    self->llm = llm;
    self->def = *def;
    self->questions = questions;
    self->p = p;
    self->counts = &found;
    THRONG_TRY(check(&self->def, err));
    THRONG_TRY(throng_i_alloc(llm->context, n, sizeof *self->sampled, &self->sampled, err));
    memset(p, 0, (size_t)(n * def->n_options) * sizeof *p);
    if (n > 0) {
        THRONG_TRY(try_logprobs(self, n, err));
        THRONG_TRY(ask_samples(self, n, err));
    }
    found.by_logprobs = n - found.by_samples;
    if (found.by_samples > 0)
        found.unreadable = (double)found.defaulted / ((double)found.by_samples * self->def.samples);
    found.is_void = found.unreadable > self->def.void_share;
    *counts = found;
out:
    if (self)
        throng_i_free(llm->context, self->sampled);
    throng_i_free(llm->context, self);
    return status;
}
