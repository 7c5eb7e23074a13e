/* A plug-in's name with parameters, "esteban-ray:alpha=1.3,bins=21": parsed, checked against the descriptor, printed.
 */
#define _POSIX_C_SOURCE 200809L
#include "core/core.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Characters of what was given that a message repeats. */
#define SHOWN 120

int throng_i_param_index(const throng_about *about, const char *name) {
    for (int i = 0; about->params && about->params[i].name; i++)
        if (strcmp(about->params[i].name, name) == 0)
            return i;
    return -1;
}

/* The word of a CHOICE at a place: its length, and where it begins in *word. 0 past the last. */
static int choice_word(const char *words, int place, const char **word) {
    *word = words + strspn(words, " ");
    for (; place > 0; place--) {
        *word += strcspn(*word, " ");
        *word += strspn(*word, " ");
    }
    return (int)strcspn(*word, " ");
}

/* The place of a word in a CHOICE; -1 if it has none. */
static int choice_place(const char *words, const char *wanted) {
    const char *word;
    int length;
    for (int place = 0; (length = choice_word(words, place, &word)) > 0; place++)
        if (strlen(wanted) == (size_t)length && strncasecmp(word, wanted, (size_t)length) == 0)
            return place;
    return -1;
}

/* A bound for people: "1e-10", "4", or "" where there is none. */
static bool bounded(double bound) {
    return fabs(bound) < 1e300;
}

void throng_i_param_range(const throng_param *param, char *out, size_t size) {
    if (param->kind == THRONG_PARAM_FLAG) {
        snprintf(out, size, "true or false");
        return;
    }
    if (param->kind == THRONG_PARAM_TEXT) {
        snprintf(out, size, "text of %.0f to %.0f characters", param->minimum, param->maximum);
        return;
    }
    if (param->kind == THRONG_PARAM_CHOICE) {
        snprintf(out, size, "one of: %s", param->text);
        return;
    }
    const char *what = param->kind == THRONG_PARAM_INTEGER ? "a whole number" : "a number";
    const char *also = param->kind == THRONG_PARAM_AUTO ? ", or auto" : "";
    if (bounded(param->minimum) && bounded(param->maximum))
        snprintf(out, size, "%s from %.10g to %.10g%s", what, param->minimum, param->maximum, also);
    else if (bounded(param->minimum))
        snprintf(out, size, "%s not below %.10g%s", what, param->minimum, also);
    else if (bounded(param->maximum))
        snprintf(out, size, "%s not above %.10g%s", what, param->maximum, also);
    else
        snprintf(out, size, "%s%s", what, also);
}

/* Whether text is a value that the parameter allows; the value goes to *out. */
static bool read_value(const throng_param *param, const char *text, double *out) {
    if (param->kind == THRONG_PARAM_FLAG) {
        bool yes = strcasecmp(text, "true") == 0 || strcmp(text, "1") == 0 || strcasecmp(text, "yes") == 0;
        bool no = strcasecmp(text, "false") == 0 || strcmp(text, "0") == 0 || strcasecmp(text, "no") == 0;
        *out = yes ? 1.0 : 0.0;
        return yes || no;
    }
    if (param->kind == THRONG_PARAM_CHOICE) {
        int place = choice_place(param->text, text);
        *out = place;
        return place >= 0;
    }
    if (param->kind == THRONG_PARAM_AUTO && strcasecmp(text, "auto") == 0) {
        *out = (double)NAN;
        return true;
    }
    char *end = NULL;
    double value = strtod(text, &end);
    if (end == text || *end || !isfinite(value) || value < param->minimum || value > param->maximum)
        return false;
    if (param->kind == THRONG_PARAM_INTEGER && value != floor(value))
        return false;
    *out = value;
    return true;
}

/* Takes over a text without the spaces around it; false if it is too short or too long. What is kept is shorter than
 * the spec it is a part of, so there is room. */
static bool keep_text(throng_i_plugin_use *use, int index, const char *text) {
    const throng_param *param = &use->about->params[index];
    size_t length = strlen(text);
    if ((double)length < param->minimum || (double)length > param->maximum)
        return false;
    use->place[index] = use->used + 1;
    strcpy(use->words + use->place[index], text);
    use->used += (int)length + 1;
    return true;
}

static throng_status set_param(throng_i_plugin_use *use, const char *key, const char *text, throng_error *err) {
    const throng_about *about = use->about;
    int index = throng_i_param_index(about, key);
    if (index < 0) {
        const char *names[THRONG_I_PARAMS_MAX];
        int n = 0;
        for (; about->params && about->params[n].name; n++)
            names[n] = about->params[n].name;
        char tail[200];
        throng_suggest(key, names, n, tail, sizeof tail);
        if (n == 0)
            return THRONG_FAIL(err, E_UNKNOWN_NAME, "%s takes no parameters, got \"%s\".", about->name, key);
        return THRONG_FAIL(err, E_UNKNOWN_NAME, "%s has no parameter \"%s\".%s", about->name, key, tail);
    }
    const throng_param *param = &about->params[index];
    char range[120];
    throng_i_param_range(param, range, sizeof range);
    if (!(param->kind == THRONG_PARAM_TEXT ? keep_text(use, index, text) : read_value(param, text, &use->param[index])))
        return THRONG_FAIL(err, E_PARAMETER, "%s: %s must be %s, got \"%.*s\"%s.", about->name, key, range, SHOWN, text,
                           strlen(text) > SHOWN ? "..." : "");
    return THRONG_OK;
}

/* The text without spaces at its ends, in place. */
static char *trim(char *text) {
    while (isspace((unsigned char)*text))
        text++;
    size_t length = strlen(text);
    while (length > 0 && isspace((unsigned char)text[length - 1]))
        text[--length] = '\0';
    return text;
}

/* Cuts the first "key=value" off a list and moves *rest behind its comma, NULL at the end; commas between parentheses
 * belong to the value. */
static char *next_pair(char **rest) {
    char *pair = *rest;
    int depth = 0;
    for (char *c = pair; *c; c++) {
        depth += *c == '(' ? 1 : *c == ')' && depth > 0 ? -1 : 0;
        if (*c == ',' && depth == 0) {
            *c = '\0';
            *rest = c + 1;
            return trim(pair);
        }
    }
    *rest = NULL;
    return trim(pair);
}

throng_status throng_i_plugin_parse(const throng_context *context, throng_kind kind, const char *spec,
                                    throng_i_plugin_use *out, throng_error *err) {
    char text[THRONG_I_SPEC_LENGTH];
    throng_status status = THRONG_OK;
    throng_i_plugin_use use = {0};
    THRONG_REQUIRE(strlen(spec) < sizeof text, E_PARAMETER, "The %s is longer than %d characters.",
                   throng_kind_name(kind), (int)sizeof text - 1);
    strcpy(text, spec);
    char *rest = strchr(text, ':');
    if (rest)
        *rest++ = '\0';
    THRONG_TRY(throng_context_find(context, kind, text, &use.about, err));
    for (int i = 0; use.about->params && use.about->params[i].name; i++)
        use.param[i] = use.about->params[i].fallback;
    while (rest) {
        char *pair = next_pair(&rest), *value = strchr(pair, '=');
        if (!*pair) /* a comma too many */
            continue;
        THRONG_REQUIRE(value && value != pair, E_PARAMETER,
                       "%s: parameters are written key=value with commas between them, got \"%.*s\".", use.about->name,
                       SHOWN, pair);
        *value++ = '\0';
        THRONG_TRY(set_param(&use, trim(pair), trim(value), err));
    }
    *out = use;
out:
    return status;
}

void throng_i_plugin_print(const throng_i_plugin_use *use, char *out, size_t size) {
    size_t used = (size_t)snprintf(out, size, "%s", use->about->name);
    for (int i = 0; use->about->params && use->about->params[i].name && used < size; i++) {
        const throng_param *param = &use->about->params[i];
        used += (size_t)snprintf(out + used, size - used, "%c%s=", i == 0 ? ':' : ',', param->name);
        if (used >= size)
            return;
        if (param->kind == THRONG_PARAM_FLAG)
            used += (size_t)snprintf(out + used, size - used, "%s", use->param[i] != 0.0 ? "true" : "false");
        else if (param->kind == THRONG_PARAM_TEXT)
            used += (size_t)snprintf(out + used, size - used, "%s", throng_i_plugin_text(use, i));
        else if (param->kind == THRONG_PARAM_CHOICE) {
            const char *word;
            int length = choice_word(param->text, (int)use->param[i], &word);
            used += (size_t)snprintf(out + used, size - used, "%.*s", length, word);
        } else if (isnan(use->param[i]))
            used += (size_t)snprintf(out + used, size - used, "auto");
        else {
            /* The fewest digits that give the same number back. */
            char number[40];
            for (int digits = 6; digits <= 17; digits++) {
                snprintf(number, sizeof number, "%.*g", digits, use->param[i]);
                if (strtod(number, NULL) == use->param[i])
                    break;
            }
            used += (size_t)snprintf(out + used, size - used, "%s", number);
        }
    }
}
