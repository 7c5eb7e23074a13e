/*
 * Prompts as games: the parts are players, a coalition is a prompt without the others, its value the probability of an
 * answer. A method asks for one value at a time and a model is quick only with many at a time, so the method is run
 * twice:
 *
 *     rehearsal   every value is a number of no meaning; what is asked for is written down
 *     asking      all that was written down, block by block
 *     the run     values are the answers; what a rehearsal could not foresee is asked for alone
 */
#include "throng/prompt.h"
#include "llm/text.h"

#include <ctype.h>
#include <math.h>
#include <string.h>
#include <xxhash.h>

#define WORDS        (THRONG_PROMPT_PARTS_MAX / 64)
#define PROMPTS_MAX  ((int64_t)1 << 20)
#define BLOCK        4096 /* prompts */
#define EXACT_PARTS  10
#define SHAKES       60 /* runs with answers that could as well have come: an error's own error is then 9 % */
#define STREAM_SHAKE 410

typedef struct coalition {
    uint64_t bits[WORDS];
} coalition;

typedef struct part {
    char *name;
    bool noise;
    size_t from, n, space; /* of a word: where it is, and with the space behind it */
} part;

struct throng_prompt_attribution {
    throng_context *context;
    throng_llm *llm; /* NULL in a rehearsal */
    throng_prompt_def def;
    throng_llm_choose_def choose;
    char *method;
    part *parts;
    int n_parts;
    coalition *asked; /* [n_asked] in the order in which they were first asked for */
    double *p;        /* [n_asked] what the model says */
    int64_t n_asked, asked_cap;
    int64_t *table; /* [table_cap] places in `asked`, by hash; -1: free */
    int64_t table_cap;
    double *phi, *standard_error;
    double *shaken; /* [n_asked] values to take in place of p; NULL: none */
    bool strayed;   /* a shaken run wanted to know more than was asked */
    throng_prompt_summary summary;
};

typedef throng_prompt_attribution game;

/* ---- parts ----------------------------------------------------------------------------------------------------- */

/* Words that carry no information of their own. */
static const char *const function_words[] = {
    "a",    "about", "after", "all",   "also", "an",    "and",  "any",  "are",   "as",   "at",   "be",   "because",
    "been", "but",   "by",    "can",   "do",   "does",  "for",  "from", "had",   "has",  "have", "he",   "her",
    "here", "his",   "how",   "i",     "if",   "in",    "into", "is",   "it",    "its",  "just", "me",   "my",
    "of",   "on",    "or",    "our",   "out",  "she",   "so",   "some", "such",  "than", "that", "the",  "their",
    "them", "then",  "there", "these", "they", "this",  "to",   "up",   "us",    "was",  "we",   "were", "what",
    "when", "where", "which", "while", "who",  "whose", "will", "with", "would", "you",  "your"};

/* A word without the punctuation around it. */
static bool same_word(const char *word, const char *bare) {
    size_t n = strlen(word);
    while (n > 0 && ispunct((unsigned char)word[0]))
        word++, n--;
    while (n > 0 && ispunct((unsigned char)word[n - 1]))
        n--;
    return n == strlen(bare) && throng_i_text_same(word, bare, n);
}

static bool is_noise(const game *self, const char *name) {
    bool given = self->def.n_noise > 0;
    int n = given ? self->def.n_noise : (int)(sizeof function_words / sizeof *function_words);
    if (!given && self->def.parts_of)
        return strncmp(name, "noise", 5) == 0;
    for (int i = 0; i < n; i++)
        if (given ? strcmp(name, self->def.noise[i]) == 0 || same_word(name, self->def.noise[i])
                  : same_word(name, function_words[i]))
            return true;
    return !given && same_word(name, "");
}

static throng_status add_part(game *self, part it, const char *name, size_t n, throng_error *err) {
    throng_status status = THRONG_OK;
    THRONG_REQUIRE(self->n_parts < THRONG_PROMPT_PARTS_MAX, E_ARGUMENT,
                   "A prompt can have %d parts, and this one has more: mark the ones that matter as sections of a "
                   "template.",
                   THRONG_PROMPT_PARTS_MAX);
    THRONG_TRY(throng_i_print(self->context, &it.name, err, "%.*s", (int)n, name));
    it.noise = is_noise(self, it.name);
    self->parts[self->n_parts++] = it;
out:
    return status;
}

static throng_status find_words(game *self, throng_error *err) {
    const char *text = self->def.prompt, *at = text;
    throng_status status = THRONG_OK;
    while (isspace((unsigned char)*at))
        at++;
    while (*at) {
        const char *end = at, *next;
        while (*end && !isspace((unsigned char)*end))
            end++;
        for (next = end; isspace((unsigned char)*next);)
            next++;
        part it = {.from = (size_t)(at - text), .n = (size_t)(end - at), .space = (size_t)(next - end)};
        THRONG_TRY(add_part(self, it, at, it.n, err));
        at = next;
    }
out:
    return status;
}

static throng_status find_sections(game *self, throng_error *err) {
    throng_llm_template *from = self->def.parts_of;
    throng_status status = THRONG_OK;
    for (int i = 0; i < throng_llm_template_slots(from); i++) {
        const char *place, *name = throng_llm_template_slot(from, i, &place);
        THRONG_REQUIRE(throng_llm_template_is_section(from, i), E_ARGUMENT,
                       "%s: {{%s}} has no value here: parts of a prompt are sections, {{#%s}} ... {{/%s}}.", place,
                       name, name, name);
        THRONG_TRY(add_part(self, (part){0}, name, strlen(name), err));
    }
out:
    return status;
}

static throng_status find_parts(game *self, throng_error *err) {
    throng_status status = THRONG_OK;
    THRONG_REQUIRE((self->def.prompt != NULL) + (self->def.parts_of != NULL) == 1, E_ARGUMENT,
                   "Give a prompt or a template, and not both.");
    THRONG_TRY(throng_i_alloc(self->context, THRONG_PROMPT_PARTS_MAX, sizeof *self->parts, &self->parts, err));
    THRONG_TRY(self->def.prompt ? find_words(self, err) : find_sections(self, err));
    THRONG_REQUIRE(self->n_parts > 0, E_ARGUMENT, "The prompt has no parts: no words, or no {{#section}}.");
    for (int k = 0; k < self->def.n_noise; k++) {
        bool found = false;
        for (int i = 0; i < self->n_parts; i++)
            found = found || strcmp(self->parts[i].name, self->def.noise[k]) == 0 ||
                    same_word(self->parts[i].name, self->def.noise[k]);
        THRONG_REQUIRE(found, E_ARGUMENT, "No part of the prompt is called \"%.60s\", which is said to be noise.",
                       self->def.noise[k]);
    }
out:
    return status;
}

static bool is_in(const coalition *it, int i) {
    return it->bits[i / 64] >> (i % 64) & 1;
}

/* The prompt of a coalition. The texts are the caller's to free. */
static throng_status compose(const game *self, const coalition *it, char **system, char **prompt, throng_error *err) {
    throng_i_text text = {.context = self->context};
    const char *values[THRONG_PROMPT_PARTS_MAX], *own_system = NULL, *own_prompt = NULL;
    throng_status status = THRONG_OK;
    if (self->def.parts_of) {
        for (int i = 0; i < self->n_parts; i++)
            values[i] = is_in(it, i) ? "1" : "";
        THRONG_TRY(throng_llm_template_fill(self->def.parts_of, values, &own_system, &own_prompt, err));
        if (own_system)
            THRONG_TRY(throng_i_copy_text(self->context, own_system, system, err));
        THRONG_TRY(throng_i_copy_text(self->context, own_prompt, prompt, err));
        goto out;
    }
    throng_i_text_put(&text, "", 0);
    for (int i = 0; i < self->n_parts; i++) {
        const part *word = &self->parts[i];
        const char *absent = self->def.absent ? self->def.absent : "";
        if (is_in(it, i))
            throng_i_text_put(&text, self->def.prompt + word->from, word->n);
        else
            throng_i_text_put(&text, absent, strlen(absent));
        if (is_in(it, i) || *absent)
            throng_i_text_put(&text, self->def.prompt + word->from + word->n, word->space);
    }
    THRONG_REQUIRE(!text.failed, E_MEMORY, "Out of memory for a prompt.");
    *prompt = text.bytes;
    text.bytes = NULL;
out:
    throng_i_text_clear(&text);
    return status;
}

/* ---- what is asked for ----------------------------------------------------------------------------------------- */

static uint64_t hash_of(const coalition *it) {
    return XXH3_64bits(it, sizeof *it);
}

/* The place of a coalition in `table`, or the free one where it belongs. */
static int64_t *slot_of(const game *self, const coalition *it) {
    uint64_t at = hash_of(it) & (uint64_t)(self->table_cap - 1);
    while (self->table[at] >= 0 && memcmp(&self->asked[self->table[at]], it, sizeof *it) != 0)
        at = (at + 1) & (uint64_t)(self->table_cap - 1);
    return &self->table[at];
}

static throng_status grow(game *self, throng_error *err) {
    int64_t cap = self->asked_cap ? 2 * self->asked_cap : 1024;
    throng_status status = THRONG_OK;
    THRONG_TRY(throng_i_resize(self->context, &self->asked, cap, sizeof *self->asked, err));
    THRONG_TRY(throng_i_resize(self->context, &self->p, cap, sizeof *self->p, err));
    THRONG_TRY(throng_i_resize(self->context, &self->table, 2 * cap, sizeof *self->table, err));
    self->asked_cap = cap;
    self->table_cap = 2 * cap;
    for (int64_t i = 0; i < self->table_cap; i++)
        self->table[i] = -1;
    for (int64_t i = 0; i < self->n_asked; i++)
        *slot_of(self, &self->asked[i]) = i;
out:
    return status;
}

static throng_status ask_block(game *self, int64_t from, int64_t to, throng_error *err);

/* What the black box calls. */
static throng_status value(void *user, const double *alpha, int64_t draw, double *out, throng_error *err) {
    game *self = user;
    coalition it = {{0}};
    throng_status status = THRONG_OK;
    (void)draw;
    for (int i = 0; i < self->n_parts; i++)
        it.bits[i / 64] |= (uint64_t)(alpha[i] == 1.0) << (i % 64);
    if (self->n_asked == self->asked_cap)
        THRONG_TRY(grow(self, err));
    int64_t *slot = slot_of(self, &it);
    int64_t place = *slot;
    if (place < 0 && self->shaken) {
        self->strayed = true;
        *out = 0.5;
        goto out;
    }
    if (place < 0) {
        THRONG_REQUIRE(self->n_asked < PROMPTS_MAX, E_ARGUMENT,
                       "This asks about more than %lld prompts: make fewer parts, or sample fewer permutations.",
                       (long long)PROMPTS_MAX);
        place = *slot = self->n_asked++;
        self->asked[place] = it;
        if (self->llm)
            THRONG_TRY(ask_block(self, place, place + 1, err));
    }
    /* in a rehearsal no two values agree, so that no method thinks that it has seen enough */
    *out = self->shaken ? self->shaken[place] : self->llm ? self->p[place] : 0x1p-64 * (double)hash_of(&it);
out:
    return status;
}

static throng_status run_method(game *self, throng_error *err) {
    throng_black_box_def def = throng_black_box_default();
    throng_method_options options = throng_method_options_default();
    throng_black_box *box = NULL;
    throng_status status = THRONG_OK;
    def.n_agents = self->n_parts;
    def.cache_bytes = 0; /* values are kept here */
    def.self = self;
    def.value = value;
    options.seed = self->def.seed;
    options.standard_error = self->standard_error;
    THRONG_TRY(throng_black_box_create(self->context, &def, &box, err));
    throng_value_function function = throng_black_box_function(box);
    THRONG_TRY(throng_attribute_function(self->context, &function, self->method, &options, self->phi,
                                         &self->summary.certificate, err));
out:
    throng_black_box_free(box);
    return status;
}

/* ---- asking ---------------------------------------------------------------------------------------------------- */

static void add_counts(throng_llm_choose_counts *to, const throng_llm_choose_counts *more, int samples) {
    to->by_logprobs += more->by_logprobs;
    to->by_samples += more->by_samples;
    for (int i = 0; i < THRONG_LLM_RUNG_COUNT; i++)
        to->rungs[i] += more->rungs[i];
    to->refusals += more->refusals;
    to->defaulted += more->defaulted;
    to->least_covered = fmin(to->least_covered, more->least_covered);
    if (to->by_samples > 0)
        to->unreadable = (double)to->defaulted / ((double)to->by_samples * samples);
}

static throng_status ask_block(game *self, int64_t from, int64_t to, throng_error *err) {
    int64_t n = to - from, n_options = self->choose.n_options;
    throng_llm_question *questions = NULL;
    char **texts = NULL;
    double *p = NULL;
    throng_llm_choose_counts counts;
    throng_status status = THRONG_OK;
    THRONG_TRY(throng_i_alloc(self->context, n, sizeof *questions, &questions, err));
    THRONG_TRY(throng_i_alloc(self->context, 2 * n, sizeof *texts, &texts, err));
    THRONG_TRY(throng_i_alloc(self->context, n * n_options, sizeof *p, &p, err));
    for (int64_t i = 0; i < n; i++) {
        THRONG_TRY(compose(self, &self->asked[from + i], &texts[2 * i], &texts[2 * i + 1], err));
        questions[i] = (throng_llm_question){.system = texts[2 * i], .prompt = texts[2 * i + 1]};
    }
    THRONG_TRY(throng_llm_choose(self->llm, &self->choose, questions, n, p, &counts, err));
    for (int64_t i = 0; i < n; i++)
        self->p[from + i] = fmin(1.0, p[i * n_options + self->def.option]);
    add_counts(&self->summary.counts, &counts, self->choose.samples);
    if (counts.by_logprobs == 0)
        self->choose.no_logprobs = true; /* they are not tried in vain again */
out:
    for (int64_t i = 0; texts && i < 2 * n; i++)
        throng_i_free(self->context, texts[i]);
    throng_i_free(self->context, texts);
    throng_i_free(self->context, questions);
    throng_i_free(self->context, p);
    return status;
}

/* ---- errors and shares ----------------------------------------------------------------------------------------- */

static int size_of(const coalition *it) {
    int n = 0;
    for (int i = 0; i < WORDS; i++)
        for (uint64_t left = it->bits[i]; left; left &= left - 1)
            n++;
    return n;
}

/* Of a share that was counted over samples; never 0, since another few samples might have differed. */
static double variance_of(const game *self, double p) {
    double m = self->choose.samples, q = (p * m + 0.5) / (m + 1.0);
    return q * (1.0 - q) / m;
}

/* What the sampling of answers leaves of exact Shapley values: they are sums of independent shares with known weights,
 * |S|! (N - |S| - 1)! / N! with a sign. */
static void add_answer_errors(game *self) {
    double n = self->n_parts, all = lgamma(n + 1.0);
    for (int64_t s = 0; s < self->n_asked; s++) {
        double size = size_of(&self->asked[s]), variance = variance_of(self, self->p[s]);
        double with = size > 0.0 ? exp(lgamma(size) + lgamma(n - size + 1.0) - all) : 0.0;
        double without = size < n ? exp(lgamma(size + 1.0) + lgamma(n - size) - all) : 0.0;
        for (int i = 0; i < self->n_parts; i++) {
            double weight = is_in(&self->asked[s], i) ? with : without;
            self->standard_error[i] += weight * weight * variance;
        }
    }
    for (int i = 0; i < self->n_parts; i++)
        self->standard_error[i] = sqrt(self->standard_error[i]);
}

/* The same of any other method: it is run again with values as they could as well have come out, and how far phi then
 * moves is added to its own errors. */
static throng_status shake(game *self, throng_error *err) {
    int n = self->n_parts;
    double *own[2] = {self->phi, self->standard_error}, *moved = NULL;
    throng_certificate certificate = self->summary.certificate;
    throng_status status = THRONG_OK;
    self->phi = self->standard_error = NULL;
    THRONG_TRY(throng_i_alloc(self->context, n, sizeof *moved, &moved, err));
    THRONG_TRY(throng_i_alloc(self->context, n, sizeof *self->phi, &self->phi, err));
    THRONG_TRY(throng_i_alloc(self->context, n, sizeof *self->standard_error, &self->standard_error, err));
    THRONG_TRY(throng_i_alloc(self->context, self->n_asked, sizeof *self->shaken, &self->shaken, err));
    for (int b = 0; b < SHAKES; b++) {
        for (int64_t s = 0; s < self->n_asked; s++) {
            double z[4];
            throng_random_normals((throng_random){self->def.seed, STREAM_SHAKE}, (uint64_t)s, (uint64_t)b, 0, z);
            self->shaken[s] = self->p[s] + sqrt(variance_of(self, self->p[s])) * z[0];
        }
        status = run_method(self, err);
        if (status != THRONG_OK && status != THRONG_E_NOT_CONVERGED)
            goto out;
        status = THRONG_OK;
        for (int i = 0; i < n; i++)
            moved[i] += (self->phi[i] - own[0][i]) * (self->phi[i] - own[0][i]) / SHAKES;
    }
    for (int i = 0; i < n; i++)
        own[1][i] = self->strayed ? (double)NAN : sqrt(own[1][i] * own[1][i] + moved[i]);
out:
    throng_i_free(self->context, moved);
    throng_i_free(self->context, self->shaken);
    throng_i_free(self->context, self->phi);
    throng_i_free(self->context, self->standard_error);
    self->shaken = NULL;
    self->phi = own[0];
    self->standard_error = own[1];
    self->summary.certificate = certificate;
    return status;
}

static throng_status sum_up(game *self, throng_error *err) {
    double noise = 0.0, all = 0.0, chance = 0.0;
    bool exact = strncmp(self->method, "shapley-exact", 13) == 0;
    bool sampled_answers = self->summary.counts.by_samples > 0;
    throng_status status = THRONG_OK;
    if (sampled_answers && exact)
        add_answer_errors(self);
    else if (sampled_answers)
        status = shake(self, err);
    for (int i = 0; i < self->n_parts; i++) {
        all += fabs(self->phi[i]);
        noise += self->parts[i].noise ? fabs(self->phi[i]) : 0.0;
        chance += self->parts[i].noise ? sqrt(2.0 / acos(-1.0)) * self->standard_error[i] : 0.0;
    }
    self->summary.parts = self->n_parts;
    self->summary.prompts = self->n_asked;
    self->summary.noise_share = all > 0.0 ? noise / all : 0.0;
    self->summary.noise_floor = all > 0.0 ? chance / all : 0.0;
    self->summary.method = self->method;
    self->summary.counts.is_void = self->summary.counts.unreadable > self->choose.void_share;
    return status;
}

/* ---- the whole ------------------------------------------------------------------------------------------------- */

static throng_status rehearse(throng_context *context, const throng_prompt_def *def, game **out, throng_error *err) {
    game *self = NULL;
    throng_status status = THRONG_OK;
    THRONG_TRY(throng_i_alloc(context, 1, sizeof *self, &self, err));
    self->context = context;
    self->def = *def;
    THRONG_REQUIRE(def->choose && def->option >= 0 && def->option < def->choose->n_options, E_ARGUMENT,
                   "An attribution of a prompt needs options, and one of them.");
    self->choose = *def->choose;
    self->choose.samples = self->choose.samples ? self->choose.samples : 20;
    self->choose.void_share = self->choose.void_share != 0.0 ? self->choose.void_share : 0.05;
    THRONG_TRY(find_parts(self, err));
    const char *method = self->n_parts <= EXACT_PARTS ? "shapley-exact" : "shapley-sampled:permutations=200";
    THRONG_TRY(throng_i_copy_text(context, def->method ? def->method : method, &self->method, err));
    THRONG_TRY(throng_i_alloc(context, self->n_parts, sizeof *self->phi, &self->phi, err));
    THRONG_TRY(throng_i_alloc(context, self->n_parts, sizeof *self->standard_error, &self->standard_error, err));
    status = run_method(self, err);
    if (status == THRONG_E_NOT_CONVERGED) /* a precision that numbers of no meaning need not reach */
        status = THRONG_OK;
    if (status == THRONG_OK) {
        *out = self;
        self = NULL;
    }
out:
    throng_prompt_attribution_free(self);
    return status;
}

throng_status throng_prompt_plan(throng_context *context, const throng_prompt_def *def, int64_t *prompts, int *parts,
                                 throng_error *err) {
    game *self = NULL;
    throng_status status = rehearse(context, def, &self, err);
    if (status == THRONG_OK) {
        *prompts = self->n_asked;
        *parts = self->n_parts;
    }
    throng_prompt_attribution_free(self);
    return status;
}

throng_status throng_prompt_attribute(throng_context *context, throng_llm *llm, const throng_prompt_def *def,
                                      throng_prompt_attribution **out, throng_error *err) {
    game *self = NULL;
    throng_status status = THRONG_OK;
    THRONG_TRY(rehearse(context, def, &self, err));
    self->llm = llm;
    self->summary = (throng_prompt_summary){.counts.least_covered = 1.0};
    for (int64_t from = 0, n = self->n_asked; from < n; from += BLOCK)
        THRONG_TRY(ask_block(self, from, from + BLOCK < n ? from + BLOCK : n, err));
    status = run_method(self, err);
    if (status == THRONG_OK || status == THRONG_E_NOT_CONVERGED) { /* what was paid for is told in any case */
        throng_status summed = sum_up(self, status == THRONG_OK ? err : NULL);
        status = summed != THRONG_OK ? summed : status;
    }
    if (status == THRONG_OK || status == THRONG_E_NOT_CONVERGED) {
        *out = self;
        self = NULL;
    }
out:
    throng_prompt_attribution_free(self);
    return status;
}

void throng_prompt_attribution_free(throng_prompt_attribution *self) {
    if (!self)
        return;
    for (int i = 0; i < self->n_parts; i++)
        throng_i_free(self->context, self->parts[i].name);
    throng_i_free(self->context, self->parts);
    throng_i_free(self->context, self->method);
    throng_i_free(self->context, self->asked);
    throng_i_free(self->context, self->p);
    throng_i_free(self->context, self->table);
    throng_i_free(self->context, self->phi);
    throng_i_free(self->context, self->standard_error);
    throng_i_free(self->context, self);
}

throng_prompt_summary throng_prompt_attribution_summary(const throng_prompt_attribution *self) {
    return self->summary;
}

throng_prompt_part throng_prompt_attribution_part(const throng_prompt_attribution *self, int index) {
    const part *it = &self->parts[index];
    return (throng_prompt_part){
        .name = it->name, .noise = it->noise, .phi = self->phi[index], .standard_error = self->standard_error[index]};
}
