/* A rule in place of a model: see rule.h. Everything in the file is read and checked once, when it is loaded. */
#define _POSIX_C_SOURCE 200809L
#include "llm/rule.h"

#include "llm/dice.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHOICES_MAX   26
#define CHOICE_LENGTH 128
#define SCRIPT_BYTES  (1 << 20)

struct throng_i_rule {
    throng_context *context;
    json_t *document; /* NULL without a file */
    const char *model;
    double collapse;
    throng_i_rule_faults faults;
};

/* ---- loading --------------------------------------------------------------------------------------------------- */

/* Every fault and the most it may be. */
#define FAULT_LIST(X)                                                                                                  \
    X(latency_ms, 600000)                                                                                              \
    X(rate_limit, 1)                                                                                                   \
    X(retry_after, 3600)                                                                                               \
    X(error, 1)                                                                                                        \
    X(drop, 1)                                                                                                         \
    X(malformed, 1)                                                                                                    \
    X(html, 1)                                                                                                         \
    X(huge, 1)                                                                                                         \
    X(huge_bytes, 1e10)                                                                                                \
    X(wrong, 1)                                                                                                        \
    X(refuse, 1)                                                                                                       \
    X(invalid_utf8, 1)                                                                                                 \
    X(no_logprobs, 1)                                                                                                  \
    X(newer_api, 1)                                                                                                    \
    X(die_after, 1e15)

static const struct fault {
    const char *name;
    size_t offset;
    double maximum;
} faults[] = {
#define ENTRY(name, most) {#name, offsetof(throng_i_rule_faults, name), most},
    FAULT_LIST(ENTRY)
#undef ENTRY
};

#define FAULTS ((int)(sizeof faults / sizeof *faults))

bool throng_i_rule_set_fault(throng_i_rule *self, const char *name, double value) {
    for (int i = 0; i < FAULTS; i++)
        if (strcmp(faults[i].name, name) == 0) {
            memcpy((char *)&self->faults + faults[i].offset, &value, sizeof value);
            return value >= 0.0 && value <= faults[i].maximum;
        }
    return false;
}

void throng_i_rule_explain_fault(const char *name, char *out, size_t size) {
    static const char *const names[] = {
#define NAME(name, most) #name,
        FAULT_LIST(NAME)
#undef NAME
    };
    char hint[160];
    for (int i = 0; i < FAULTS; i++)
        if (strcmp(faults[i].name, name) == 0) {
            snprintf(out, size, "Fault \"%s\" is a number from 0 to %.0f.", name, faults[i].maximum);
            return;
        }
    throng_suggest(name, names, FAULTS, hint, sizeof hint);
    snprintf(out, size, "There is no fault \"%.40s\".%s", name, hint);
}

static throng_status load_faults(throng_i_rule *self, const char *path, json_t *given, throng_error *err) {
    throng_status status = THRONG_OK;
    const char *name;
    json_t *value;
    THRONG_REQUIRE(json_is_object(given), E_FORMAT, "%s: \"faults\" must be an object of numbers.", path);
    json_object_foreach(given, name, value) {
        char why[240];
        double number = json_is_true(value) ? 1.0 : json_number_value(value);
        throng_i_rule_explain_fault(name, why, sizeof why);
        THRONG_REQUIRE((json_is_number(value) || json_is_boolean(value)) && throng_i_rule_set_fault(self, name, number),
                       E_FORMAT, "%s: \"faults\": %s", path, why);
    }
out:
    return status;
}

/* {"post": 0.5, ...}: numbers by choice. */
static throng_status check_logits(const char *path, const char *where, const json_t *given, throng_error *err) {
    throng_status status = THRONG_OK;
    const char *name;
    json_t *value;
    THRONG_REQUIRE(json_is_object(given) && json_object_size(given) > 0, E_FORMAT,
                   "%s: \"%s\" must be an object of numbers by choice, such as {\"post\": 0.5}.", path, where);
    THRONG_REQUIRE(json_object_size(given) <= CHOICES_MAX, E_FORMAT, "%s: \"%s\" has more than %d choices.", path,
                   where, CHOICES_MAX);
    json_object_foreach((json_t *)(uintptr_t)given, name, value) {
        THRONG_REQUIRE(*name && strlen(name) < CHOICE_LENGTH && json_is_number(value), E_FORMAT,
                       "%s: \"%s\": a choice has 1 to %d bytes and a number, \"%.40s\" has not.", path, where,
                       CHOICE_LENGTH - 1, name);
    }
out:
    return status;
}

/* "Your opinion is" or a list of such texts: numbers that stand behind them. */
static bool is_number_entry(const json_t *given) {
    size_t i;
    const json_t *one;
    if (json_is_string(given))
        return json_string_length(given) > 0;
    json_array_foreach(given, i, one) if (json_string_length(one) == 0) return false;
    return json_array_size(given) > 0;
}

static throng_status check_when(const char *path, const json_t *list, throng_error *err) {
    throng_status status = THRONG_OK;
    size_t i;
    json_t *entry;
    THRONG_REQUIRE(json_is_array(list), E_FORMAT, "%s: \"when\" must be a list.", path);
    json_array_foreach(list, i, entry) {
        const char *contains = json_string_value(json_object_get(entry, "contains"));
        const char *count = json_string_value(json_object_get(entry, "count"));
        bool number = is_number_entry(json_object_get(entry, "number"));
        THRONG_REQUIRE(json_object_size(entry) == 2 && (contains || count || number) && json_object_get(entry, "add"),
                       E_FORMAT,
                       "%s: entry %zu of \"when\" must be {\"contains\": TEXT, \"add\": {...}}, or with \"count\" or "
                       "\"number\" in place of \"contains\".",
                       path, i + 1);
        THRONG_REQUIRE(number || *(contains ? contains : count), E_FORMAT,
                       "%s: entry %zu of \"when\" looks for no text.", path, i + 1);
        THRONG_TRY(check_logits(path, "add", json_object_get(entry, "add"), err));
    }
out:
    return status;
}

static throng_status load_entry(throng_i_rule *self, const char *path, const char *name, json_t *value,
                                throng_error *err) {
    static const char *const known[] = {"model", "choices", "when", "dice", "faults"};
    char hint[160];
    if (strcmp(name, "choices") == 0)
        return check_logits(path, name, value, err);
    if (strcmp(name, "when") == 0)
        return check_when(path, value, err);
    if (strcmp(name, "faults") == 0)
        return load_faults(self, path, value, err);
    if (strcmp(name, "model") == 0) {
        if (!json_is_string(value) || json_string_length(value) == 0)
            return THRONG_FAIL(err, E_FORMAT, "%s: \"model\" must be a name.", path);
        self->model = json_string_value(value);
        return THRONG_OK;
    }
    if (strcmp(name, "dice") == 0) {
        const json_t *collapse = json_object_get(value, "collapse");
        self->collapse = json_number_value(collapse);
        if (json_object_size(value) != 1 || !json_is_number(collapse) || self->collapse < 0.0 || self->collapse > 1.0)
            return THRONG_FAIL(err, E_FORMAT, "%s: \"dice\" must be {\"collapse\": SHARE}, a share from 0 to 1.", path);
        return THRONG_OK;
    }
    throng_suggest(name, known, (int)(sizeof known / sizeof *known), hint, sizeof hint);
    return THRONG_FAIL(err, E_FORMAT, "%s: there is no entry \"%.40s\" in a script.%s", path, name, hint);
}

static throng_status load(throng_i_rule *self, const char *path, throng_error *err) {
    throng_i_text text = {.context = self->context};
    throng_status status = THRONG_OK;
    json_error_t why;
    const char *name;
    json_t *value;
    THRONG_TRY(throng_i_text_read_file(&text, path, SCRIPT_BYTES, err));
    self->document = json_loadb(text.bytes, text.n, JSON_REJECT_DUPLICATES, &why);
    THRONG_REQUIRE(self->document, E_FORMAT, "%s:%d: this is not JSON: %s.", path, why.line, why.text);
    THRONG_REQUIRE(json_is_object(self->document), E_FORMAT, "%s: a script is a JSON object, {...}.", path);
    json_object_foreach(self->document, name, value) THRONG_TRY(load_entry(self, path, name, value, err));
out:
    throng_i_text_clear(&text);
    return status;
}

throng_status throng_i_rule_load(throng_context *context, const char *path, throng_i_rule **out, throng_error *err) {
    throng_i_rule *self = NULL;
    throng_status status = THRONG_OK;
    THRONG_TRY(throng_i_alloc(context, 1, sizeof *self, &self, err));
    *self = (throng_i_rule){.context = context, .model = "stand-in"};
    self->faults.retry_after = 1.0;
    self->faults.huge_bytes = 100e6;
    if (path)
        THRONG_TRY(load(self, path, err));
    *out = self;
    self = NULL;
out:
    throng_i_rule_free(self);
    return status;
}

void throng_i_rule_free(throng_i_rule *self) {
    if (!self)
        return;
    json_decref(self->document);
    throng_i_free(self->context, self);
}

const char *throng_i_rule_model(const throng_i_rule *self) {
    return self->model;
}

const throng_i_rule_faults *throng_i_rule_faults_of(const throng_i_rule *self) {
    return &self->faults;
}

/* ---- tokens ---------------------------------------------------------------------------------------------------- */

/* Bytes of the token that the text begins with: never a part of a character. */
static size_t token_length(const char *text) {
    size_t n = strnlen(text, THRONG_I_RULE_TOKEN);
    while (n < THRONG_I_RULE_TOKEN + 3 && ((unsigned char)text[n] & 0xC0) == 0x80)
        n++;
    return n;
}

void throng_i_rule_first_token(const char *text, char out[THRONG_LLM_TOKEN_BYTES]) {
    size_t n = token_length(text);
    memcpy(out, text, n);
    out[n] = '\0';
}

int64_t throng_i_rule_tokens(const char *text) {
    int64_t n = 0;
    for (; *text; n++)
        text += token_length(text);
    return n;
}

/* ---- choices --------------------------------------------------------------------------------------------------- */

typedef struct choices {
    int n;
    struct choice {
        char name[CHOICE_LENGTH]; /* what the rule calls it */
        char says[CHOICE_LENGTH]; /* what the answer is: a letter where the prompt lists them */
        double logit, p;
    } list[CHOICES_MAX];
} choices;

static struct choice *find(choices *self, const char *name) {
    size_t length = strlen(name);
    for (int i = 0; i < self->n; i++)
        if (strlen(self->list[i].name) == length && throng_i_text_same(self->list[i].name, name, length))
            return &self->list[i];
    return NULL;
}

/* Lines "A) post" of the prompt, lettered from A on; a list that begins anew replaces the one before. */
static void read_list(const char *prompt, choices *out) {
    for (const char *line = prompt; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
        if (line[0] == 'A' && (line[1] == ')' || line[1] == '.'))
            out->n = 0;
        if (out->n >= CHOICES_MAX || line[0] != 'A' + out->n || (line[1] != ')' && line[1] != '.') || line[2] != ' ')
            continue;
        struct choice *choice = &out->list[out->n++];
        *choice = (struct choice){0};
        snprintf(choice->says, sizeof choice->says, "%c", line[0]);
        snprintf(choice->name, sizeof choice->name, "%.*s", (int)strcspn(line + 3, "\r\n"), line + 3);
    }
}

/* Without a list in the prompt the choices are the rule's own. */
static void take_own(const throng_i_rule *self, choices *out) {
    const char *name;
    json_t *value;
    json_object_foreach(json_object_get(self->document, "choices"), name, value) {
        struct choice *choice = &out->list[out->n++];
        *choice = (struct choice){0};
        snprintf(choice->name, sizeof choice->name, "%s", name);
        snprintf(choice->says, sizeof choice->says, "%s", name);
    }
}

static void add_logits(choices *self, json_t *logits, double times) {
    const char *name;
    json_t *value;
    json_object_foreach(logits, name, value) {
        struct choice *choice = find(self, name);
        if (choice)
            choice->logit += times * json_number_value(value);
    }
}

static int occurrences(const char *text, const char *word) {
    int n = 0;
    for (const char *at = text; (at = strstr(at, word)) != NULL; at += strlen(word))
        n++;
    return n;
}

/* The number that stands behind a text, as in "Your opinion is 0.25"; 0 if none does. */
static double number_behind(const char *prompt, const char *text) {
    const char *at = strstr(prompt, text);
    char *end = NULL;
    if (!at)
        return 0.0;
    at += strlen(text);
    double number = strtod(at, &end);
    return end > at && isfinite(number) ? number : 0.0;
}

static double product_behind(const char *prompt, const json_t *texts) {
    double product = 1.0;
    size_t i;
    const json_t *one;
    if (json_is_string(texts))
        return number_behind(prompt, json_string_value(texts));
    json_array_foreach(texts, i, one) product *= number_behind(prompt, json_string_value(one));
    return product;
}

/* Softmax at a temperature above 0. */
static void set_probabilities(choices *self, double temperature) {
    double most = -INFINITY, sum = 0.0;
    for (int i = 0; i < self->n; i++)
        most = fmax(most, self->list[i].logit);
    for (int i = 0; i < self->n; i++) {
        self->list[i].p = exp((self->list[i].logit - most) / temperature);
        sum += self->list[i].p;
    }
    for (int i = 0; i < self->n; i++)
        self->list[i].p /= sum;
}

static void weigh(const throng_i_rule *self, const char *prompt, choices *out) {
    size_t i;
    json_t *entry;
    add_logits(out, json_object_get(self->document, "choices"), 1.0);
    json_array_foreach(json_object_get(self->document, "when"), i, entry) {
        const char *contains = json_string_value(json_object_get(entry, "contains"));
        const char *count = json_string_value(json_object_get(entry, "count"));
        double times = contains ? (strstr(prompt, contains) != NULL)
                       : count  ? occurrences(prompt, count)
                                : product_behind(prompt, json_object_get(entry, "number"));
        if (times != 0.0)
            add_logits(out, json_object_get(entry, "add"), times);
    }
}

static int by_logprob(const void *a, const void *b) {
    const throng_llm_token *one = a, *other = b;
    if (one->logprob != other->logprob)
        return one->logprob > other->logprob ? -1 : 1;
    return strcmp(one->text, other->text);
}

/* First tokens with what the answers that begin with them have together, likeliest first. */
static void list_tokens(const choices *from, throng_llm_answer *out) {
    throng_llm_token all[CHOICES_MAX];
    int n = 0;
    for (int i = 0; i < from->n; i++) {
        char token[THRONG_LLM_TOKEN_BYTES];
        int at = 0;
        throng_i_rule_first_token(from->list[i].says, token);
        while (at < n && strcmp(all[at].text, token) != 0)
            at++;
        if (at == n) {
            all[n].logprob = 0.0;
            memcpy(all[n++].text, token, sizeof token);
        }
        all[at].logprob += from->list[i].p;
    }
    for (int i = 0; i < n; i++)
        all[i].logprob = log(fmax(all[i].logprob, 1e-300));
    qsort(all, (size_t)n, sizeof *all, by_logprob);
    out->n_top = n < THRONG_LLM_TOP_MAX ? n : THRONG_LLM_TOP_MAX;
    memcpy(out->top, all, (size_t)out->n_top * sizeof *all);
}

static void choose(choices *from, double temperature, double uniform, throng_i_text *text, throng_llm_answer *out) {
    int chosen = 0;
    set_probabilities(from, 1.0);
    list_tokens(from, out);
    if (temperature > 0.0) {
        set_probabilities(from, temperature);
        for (double left = uniform - from->list[0].p; left >= 0.0 && chosen + 1 < from->n;)
            left -= from->list[++chosen].p;
    } else {
        for (int i = 1; i < from->n; i++)
            if (from->list[i].logit > from->list[chosen].logit)
                chosen = i;
    }
    throng_i_text_print(text, "%s", from->list[chosen].says);
}

/* ---- dice ------------------------------------------------------------------------------------------------------ */

static const throng_i_die *die_in(const char *prompt) {
    for (int i = 0; i < THRONG_I_DICE; i++)
        if (strstr(prompt, throng_i_dice[i].name))
            return &throng_i_dice[i];
    return NULL;
}

#define STREAM_CHOICE   0
#define STREAM_COLLAPSE 1
#define STREAM_DIE      2

/* One number, or as many as the prompt asks for with "exactly N numbers". */
static void throw_dice(const throng_i_rule *self, const throng_i_die *die, const char *prompt, throng_random random,
                       uint64_t key, throng_i_text *text) {
    const char *asked = strstr(prompt, "exactly ");
    long n = asked ? strtol(asked + 8, NULL, 10) : 1;
    n = n < 1 ? 1 : n > 100000 ? 100000 : n;
    for (long i = 0; i < n; i++) {
        double u[4], value;
        throng_random_uniforms((throng_random){random.seed, random.stream + STREAM_COLLAPSE}, key, (uint64_t)i, 0, u);
        throng_random fair = {random.seed, random.stream + STREAM_DIE};
        value = u[0] < self->collapse ? die->mode : die->draw(fair, key, (uint64_t)i, die->a, die->b);
        throng_i_text_print(text, die->discrete ? "%s%.0f" : "%s%.6f", i > 0 ? ", " : "", value);
    }
}

throng_status throng_i_rule_answer(const throng_i_rule *self, const char *prompt, double temperature,
                                   throng_random random, uint64_t key, uint64_t sample, throng_i_text *text,
                                   throng_llm_answer *out, throng_error *err) {
    uint64_t words[4];
    choices options = {0};
    const throng_i_die *die = die_in(prompt);
    throng_random_words(random, key, sample, STREAM_CHOICE, words);
    *out = (throng_llm_answer){.finish = "stop", .origin = THRONG_LLM_FROM_SCRIPT};
    read_list(prompt, &options);
    if (options.n < 2 && !die)
        options.n = 0, take_own(self, &options);
    if (options.n >= 2 || (options.n == 1 && !die)) {
        weigh(self, prompt, &options);
        choose(&options, temperature, (double)(words[1] >> 12) * 0x1p-52, text, out);
    } else if (die) {
        throw_dice(self, die, prompt, random, words[0], text);
    } else {
        throng_i_text_print(text, "I am a stand-in for a model and know no answer to this.");
    }
    if (text->failed)
        return THRONG_FAIL(err, E_MEMORY, "Out of memory for an answer of the script.");
    if (out->n_top == 0) {
        out->n_top = 1;
        throng_i_rule_first_token(text->bytes, out->top[0].text);
    }
    out->text = text->bytes;
    out->prompt_tokens = throng_i_rule_tokens(prompt);
    out->completion_tokens = throng_i_rule_tokens(out->text);
    return THRONG_OK;
}
