/* The ladder from JSON down to a bare letter: see parse.h. Every rung is tried on the whole text before the next. */
#define _GNU_SOURCE /* strcasestr, strncasecmp */
#include "llm/parse.h"

#include <ctype.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef struct span {
    const char *text;
    size_t n;
} span;

/* Without space, and without what people and models put around a letter. */
static span trimmed(span it) {
    static const char around[] = " \t\r\n\"'`*()[].:,;!";
    while (it.n > 0 && strchr(around, it.text[0]))
        it.text++, it.n--;
    while (it.n > 0 && strchr(around, it.text[it.n - 1]))
        it.n--;
    return it;
}

/* What follows a model's thinking aloud. */
static span spoken(const char *text) {
    static const char end[] = "</think>";
    const char *at = text, *next;
    while ((next = strcasestr(at, end)) != NULL)
        at = next + sizeof end - 1;
    if (at == text && strcasestr(text, "<think>"))
        at = text + strlen(text); /* it never came to its answer */
    return (span){at, strlen(at)};
}

static bool same(span it, const char *word) {
    return strlen(word) == it.n && strncasecmp(it.text, word, it.n) == 0;
}

/* The option that a few words are: its letter, its name, or both as in "B) post"; "Option B", too. */
static int option_of(span it, const char *const *options, int n) {
    static const char word[] = "option ";
    it = trimmed(it);
    for (int i = 0; i < n; i++)
        if (same(it, options[i]))
            return i;
    if (it.n >= sizeof word && strncasecmp(it.text, word, sizeof word - 1) == 0)
        it = trimmed((span){it.text + sizeof word - 1, it.n - sizeof word + 1});
    if (it.n == 0)
        return -1;
    int letter = toupper((unsigned char)it.text[0]) - 'A';
    if (letter < 0 || letter >= n)
        return -1;
    if (it.n == 1)
        return letter;
    if (!strchr(").:", it.text[1]))
        return -1;
    span rest = trimmed((span){it.text + 2, it.n - 2});
    return same(rest, options[letter]) ? letter : -1;
}

/* {"answer": "B"} anywhere in the text. */
static int from_json(span it, const char *const *options, int n) {
    static const char *const names[] = {"answer", "choice", "action", "option"};
    for (const char *at = it.text; (at = memchr(at, '{', it.n - (size_t)(at - it.text))) != NULL; at++) {
        json_t *document = json_loadb(at, it.n - (size_t)(at - it.text), JSON_DISABLE_EOF_CHECK, NULL);
        int found = -1;
        for (size_t i = 0; found < 0 && i < sizeof names / sizeof *names; i++) {
            const json_t *value = json_object_get(document, names[i]);
            char number[32];
            snprintf(number, sizeof number, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
            const char *said = json_is_integer(value) ? number : json_string_value(value);
            if (said)
                found = option_of((span){said, strlen(said)}, options, n);
        }
        json_decref(document);
        if (found >= 0)
            return found;
    }
    return -1;
}

/* <answer>B</answer> */
static int from_tag(span it, const char *const *options, int n) {
    static const char begin[] = "<answer>";
    const char *at = strcasestr(it.text, begin);
    const char *end = at ? strcasestr(at, "</answer>") : NULL;
    if (!end)
        return -1;
    at += sizeof begin - 1;
    return option_of((span){at, (size_t)(end - at)}, options, n);
}

/* "Answer: B", "my answer is **post**": the last that is said. */
static int from_pattern(span it, const char *const *options, int n) {
    static const char *const words[] = {"answer is", "answer:", "choose", "choice:", "choice is"};
    int found = -1;
    const char *last = NULL;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        for (const char *at = it.text; (at = strcasestr(at, words[i])) != NULL;) {
            at += strlen(words[i]);
            at += strspn(at, " :*\"'(");
            int option = option_of((span){at, strcspn(at, "\n,;.!?*\"')")}, options, n);
            if (option >= 0 && at > last) {
                last = at;
                found = option;
            }
        }
    return found;
}

static bool is_word(const char *text, const char *at, size_t length) {
    return (at == text || !isalnum((unsigned char)at[-1])) && !isalnum((unsigned char)at[length]);
}

/* One letter may be a word of any sentence; a digit is a number, unless it is a part of one. */
static bool is_named(const char *text, const char *at, size_t length) {
    if (length > 1 || !isdigit((unsigned char)*at))
        return length > 1 && is_word(text, at, length);
    bool before = at > text && strchr("-.,/", at[-1]);
    bool behind = at[1] && strchr(".,/%", at[1]) && (at[1] == '%' || isdigit((unsigned char)at[2]));
    return is_word(text, at, length) && !before && !behind;
}

/* The only option whose name occurs. One that is a part of another does not count within it. */
static int from_name(span it, const char *const *options, int n) {
    int found = -1;
    for (int i = 0; i < n; i++)
        for (const char *at = it.text; (at = strcasestr(at, options[i])) != NULL; at++)
            if (is_named(it.text, at, strlen(options[i]))) {
                bool part = false;
                for (int j = 0; j < n; j++)
                    part = part || (j != i && strlen(options[j]) > strlen(options[i]) &&
                                    strcasestr(options[j], options[i]) && strcasestr(it.text, options[j]));
                if (part)
                    continue;
                if (found >= 0 && found != i)
                    return -1;
                found = i;
            }
    return found;
}

int throng_i_parse_option(const char *text, const char *const *options, int n, throng_llm_rung *rung) {
    static int (*const ways[])(span, const char *const *, int) = {from_json, from_tag, from_pattern, option_of,
                                                                  from_name};
    static const throng_llm_rung rungs[] = {THRONG_LLM_RUNG_JSON, THRONG_LLM_RUNG_TAG, THRONG_LLM_RUNG_PATTERN,
                                            THRONG_LLM_RUNG_LETTER, THRONG_LLM_RUNG_NAME};
    span it = spoken(text);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        int option = ways[i](it, options, n);
        if (option >= 0) {
            *rung = rungs[i];
            return option;
        }
    }
    *rung = THRONG_LLM_RUNG_NONE;
    return -1;
}

int throng_i_parse_token(const char *token, const char *const *options, int n) {
    span it = trimmed((span){token, strlen(token)});
    int found = -1;
    if (it.n == 1 && toupper((unsigned char)it.text[0]) - 'A' >= 0 && toupper((unsigned char)it.text[0]) - 'A' < n)
        return toupper((unsigned char)it.text[0]) - 'A';
    for (int i = 0; i < n; i++)
        if (it.n > 0 && strlen(options[i]) >= it.n && strncasecmp(options[i], it.text, it.n) == 0) {
            if (found >= 0)
                return -1;
            found = i;
        }
    return found;
}

int64_t throng_i_parse_numbers(const char *text, double *out, int64_t most) {
    span it = spoken(text);
    int64_t n = 0;
    for (const char *at = it.text; *at;) {
        const char *digits = at + (*at == '-' || *at == '+');
        bool begins = isdigit((unsigned char)*digits) || (*digits == '.' && isdigit((unsigned char)digits[1]));
        bool inside = at > it.text && (isalnum((unsigned char)at[-1]) || at[-1] == '.');
        if (!begins || inside) {
            at++;
            continue;
        }
        char *end = NULL;
        double value = strtod(at, &end);
        if (isfinite(value)) {
            if (n < most)
                out[n] = value;
            n++;
        }
        at = end > at ? end : at + 1;
    }
    return n;
}

bool throng_i_parse_refusal(const char *text) {
    static const char *const words[] = {"sorry",     "can't help", "cannot help", "can't assist", "cannot assist",
                                        "unable to", "as an ai",   "i can't",     "i cannot",     "i won't"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasestr(text, words[i]))
            return true;
    return false;
}
