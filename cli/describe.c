/* A plug-in's descriptor for readers: as text, as Markdown, as JSON. All facts come from the descriptor. */
#include "cli/describe.h"

#include "cli/terminal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- words for the descriptor's numbers ------------------------------------------------------------------------ */

static const char *param_type(const throng_param *param) {
    static const char *const names[THRONG_PARAM_KIND_COUNT] = {
        [THRONG_PARAM_REAL] = "number", [THRONG_PARAM_INTEGER] = "whole number",
        [THRONG_PARAM_FLAG] = "flag",   [THRONG_PARAM_AUTO] = "number or auto",
        [THRONG_PARAM_TEXT] = "text",   [THRONG_PARAM_CHOICE] = "word"};
    return (int)param->kind >= 0 && param->kind < THRONG_PARAM_KIND_COUNT ? names[param->kind] : "unknown";
}

/* The word of a choice at a place, from 0. */
static throng_phrase choice_word(const char *words, int place) {
    throng_phrase out;
    for (; place > 0; place--) {
        words += strcspn(words, " ");
        words += strspn(words, " ");
    }
    snprintf(out.text, sizeof out.text, "%.*s", (int)strcspn(words, " "), words);
    return out;
}

static throng_phrase param_default(const throng_param *param) {
    throng_phrase out;
    if (param->kind == THRONG_PARAM_CHOICE)
        return choice_word(param->text, (int)param->fallback);
    if (param->kind == THRONG_PARAM_FLAG)
        snprintf(out.text, sizeof out.text, "%s", param->fallback != 0.0 ? "true" : "false");
    else if (param->kind == THRONG_PARAM_TEXT)
        snprintf(out.text, sizeof out.text, "%s", param->text);
    else if (isnan(param->fallback))
        snprintf(out.text, sizeof out.text, "auto");
    else
        snprintf(out.text, sizeof out.text, "%.10g", param->fallback);
    return out;
}

/* Bounds as large as this stand for none. */
static bool bounded(double bound) {
    return fabs(bound) < 1e300;
}

static throng_phrase param_range(const throng_param *param) {
    throng_phrase out;
    bool below = bounded(param->minimum), above = bounded(param->maximum);
    if (param->kind == THRONG_PARAM_FLAG)
        snprintf(out.text, sizeof out.text, "true or false");
    else if (param->kind == THRONG_PARAM_TEXT)
        snprintf(out.text, sizeof out.text, "%.0f to %.0f characters", param->minimum, param->maximum);
    else if (param->kind == THRONG_PARAM_CHOICE)
        snprintf(out.text, sizeof out.text, "%s", param->text);
    else if (below && above)
        snprintf(out.text, sizeof out.text, "%.10g to %.10g", param->minimum, param->maximum);
    else if (below)
        snprintf(out.text, sizeof out.text, "from %.10g on", param->minimum);
    else if (above)
        snprintf(out.text, sizeof out.text, "up to %.10g", param->maximum);
    else
        snprintf(out.text, sizeof out.text, "any");
    return out;
}

static const char *form_name(throng_form form) {
    static const char *const names[THRONG_FORM_COUNT] = {[THRONG_FORM_MOMENTS] = "moments",
                                                         [THRONG_FORM_HISTOGRAM] = "histogram",
                                                         [THRONG_FORM_FEATURES] = "features",
                                                         [THRONG_FORM_DISTRIBUTION] = "distribution",
                                                         [THRONG_FORM_NETWORK] = "network"};
    return (int)form >= 0 && form < THRONG_FORM_COUNT ? names[form] : "unknown";
}

static const struct {
    unsigned flag;
    const char *key, *phrase;
} properties[] = {
    {THRONG_INDICATOR_WEIGHTED, "weighted", "agents count by their weight"},
    {THRONG_INDICATOR_SHIFT_INVARIANT, "shift_invariant", "does not change if all states shift"},
    {THRONG_INDICATOR_SCALE_INVARIANT, "scale_invariant", "does not change if all states are scaled"},
    {THRONG_INDICATOR_NONNEGATIVE, "nonnegative", "states must not be negative"},
    {THRONG_INDICATOR_POSITIVE, "positive", "states must be positive"},
    {THRONG_INDICATOR_KINKED, "kinked", "not differentiable where states tie"},
    {THRONG_INDICATOR_PRESENCE_ONLY, "presence_only", "has no state path"},
};

#define PROPERTIES ((int)(sizeof properties / sizeof *properties))

static const throng_indicator *as_indicator(const throng_about *about) {
    return (const throng_indicator *)(const void *)about; /* the head of its descriptor */
}

/* "Form: moments. Default path: state. ..." */
static void print_facts(const throng_indicator *indicator, char *out, size_t size) {
    const char *path = throng_path_name(indicator->path);
    size_t used = (size_t)snprintf(out, size, "Form: %s. Default path: %s. Default baseline: %s.",
                                   form_name(indicator->form), path ? path : "none", indicator->baseline);
    for (int i = 0, n = 0; i < PROPERTIES && used < size; i++)
        if (indicator->about.name && (indicator->flags & properties[i].flag))
            used +=
                (size_t)snprintf(out + used, size - used, "%s%s", n++ ? "; " : " Properties: ", properties[i].phrase);
    if (used < size)
        used += (size_t)snprintf(out + used, size - used, "%s",
                                 out[used - 1] == '.' ? "" : "."); /* ends the list of properties */
    if (indicator->undefined && used < size)
        snprintf(out + used, size - used, " Undefined where %s.", indicator->undefined);
}

static const throng_world *as_world(const throng_about *about) {
    return (const throng_world *)(const void *)about; /* the head of its descriptor */
}

static bool takes_no_graph(const throng_world *world) {
    return world->hearing == THRONG_HEARING_NEAR || world->hearing == THRONG_HEARING_CROWD;
}

/* "State: opinion (what the agent thinks). ..." */
static void print_world_facts(const throng_world *world, char *out, size_t size) {
    size_t used = 0;
    for (int c = 0; c < world->n_columns && used < size; c++) {
        const throng_world_column *column = &world->columns[c];
        used += (size_t)snprintf(out + used, size - used, "%s%s (%s%s%s)", c == 0 ? "State: " : ", ", column->name,
                                 column->doc, *column->unit ? "; unit: " : "", column->unit);
    }
    if (used < size)
        snprintf(out + used, size - used, ". Taking part is by default: %s. %s%s",
                 throng_participation_name(world->participation),
                 world->flags & THRONG_WORLD_SMOOTH ? "Smooth: path methods work."
                                                    : "Not smooth: sampling methods only.",
                 world->flags & THRONG_WORLD_RECORDED   ? " Needs a table with times."
                 : world->flags & THRONG_WORLD_COMPLETE ? " Without a graph everybody hears everybody."
                 : takes_no_graph(world)                ? " Takes no graph."
                                                        : "");
    used = strlen(out);
    if (world->flags & THRONG_WORLD_SIGNED && used < size)
        snprintf(out + used, size - used, " Edges may weigh less than 0%s.",
                 world->hearing == THRONG_HEARING_MEAN ? "; W_i is then the sum of their sizes" : "");
}

static const throng_mechanism *as_mechanism(const throng_about *about) {
    return (const throng_mechanism *)(const void *)about; /* the head of its descriptor */
}

/* "Decides a place. Promises to be: strategyproof, anonymous." */
static void print_mechanism_facts(const throng_mechanism *mechanism, char *out, size_t size) {
    size_t used = (size_t)snprintf(out, size, "Decides %s. Promises:",
                                   mechanism->domain == THRONG_MECHANISM_PLACE ? "a place" : "who gets a good");
    for (int a = 0, n = 0; a < THRONG_AXIOM_COUNT && used < size; a++)
        if (mechanism->axioms & (1U << a))
            used +=
                (size_t)snprintf(out + used, size - used, "%s %s", n++ ? "," : "", throng_axiom_name((throng_axiom)a));
    if (used < size)
        snprintf(out + used, size - used, "%s.", mechanism->axioms ? "" : " nothing");
}

/* What a kind says beyond the head of its descriptors; false if nothing. */
static bool print_kind_facts(throng_kind kind, const throng_about *about, char *out, size_t size) {
    if (kind == THRONG_KIND_INDICATOR)
        print_facts(as_indicator(about), out, size);
    else if (kind == THRONG_KIND_WORLD)
        print_world_facts(as_world(about), out, size);
    else if (kind == THRONG_KIND_MECHANISM)
        print_mechanism_facts(as_mechanism(about), out, size);
    return kind == THRONG_KIND_INDICATOR || kind == THRONG_KIND_WORLD || kind == THRONG_KIND_MECHANISM;
}

static bool has_params(const throng_about *about) {
    return about->params && about->params[0].name;
}

/* ---- text ------------------------------------------------------------------------------------------------------ */

static void print_param(const throng_param *param, int width) {
    char head[80], doc[400];
    snprintf(head, sizeof head, "  %s", param->name);
    cli_print_left(head, 18);
    if (throng_phrase_width(head) >= 18)
        printf("\n%*s", 18, "");
    snprintf(doc, sizeof doc, "%s%s%s%s (%s, %s, default %s)", param->doc, *param->unit ? " [" : "", param->unit,
             *param->unit ? "]" : "", param_type(param), param_range(param).text, param_default(param).text);
    cli_print_wrapped(stdout, doc, 18, width);
}

/* Paragraphs, one a line of the text. */
static void print_lines(const char *text, int width) {
    char line[2000];
    while (*text) {
        size_t n = strcspn(text, "\n");
        snprintf(line, sizeof line, "%.*s", (int)n, text);
        cli_print_wrapped(stdout, line, 0, width);
        text += n + (text[n] == '\n');
    }
}

void cli_describe_text(throng_kind kind, const throng_about *about) {
    cli_style style = cli_style_of(stdout);
    char facts[1600];
    printf("%s%s%s (%s)\n", style.bold, about->name, style.plain, throng_kind_name(kind));
    cli_print_wrapped(stdout, about->summary, 0, style.width);
    printf("\n");
    print_lines(about->details, style.width);
    if (print_kind_facts(kind, about, facts, sizeof facts)) {
        printf("\n");
        cli_print_wrapped(stdout, facts, 0, style.width);
    }
    printf("\n%sParameters%s%s\n", style.bold, style.plain, has_params(about) ? "" : ": none");
    for (int i = 0; about->params && about->params[i].name; i++)
        print_param(&about->params[i], style.width);
    if (has_params(about))
        printf("  as in: %s:%s=%s\n", about->name, about->params[0].name, param_default(&about->params[0]).text);
    printf("\n%sSource%s\n", style.bold, style.plain);
    cli_print_wrapped(stdout, about->reference, 0, style.width);
}

/* ---- Markdown -------------------------------------------------------------------------------------------------- */

/* Text in a cell of a table: a | would end it. */
static void print_cell(const char *text) {
    for (; *text; text++)
        if (*text == '|')
            printf("\\|");
        else
            putchar(*text == '\n' ? ' ' : *text);
}

/* Prose: what Markdown would take for emphasis or markup is escaped; a new line begins a paragraph. */
static void print_prose(const char *text) {
    for (; *text; text++) {
        if (*text == '\n')
            putchar('\n');
        if (strchr("*_<>[]`\\", *text))
            putchar('\\');
        putchar(*text);
    }
}

void cli_describe_markdown(throng_kind kind, const throng_about *about) {
    char facts[1600];
    printf("## %s\n\n", about->name);
    print_prose(about->summary);
    printf("\n\n");
    print_prose(about->details);
    printf("\n\n");
    if (print_kind_facts(kind, about, facts, sizeof facts)) {
        print_prose(facts);
        printf("\n\n");
    }
    if (has_params(about))
        printf("| parameter | type | allowed | default | unit | meaning |\n|---|---|---|---|---|---|\n");
    for (int i = 0; about->params && about->params[i].name; i++) {
        const throng_param *param = &about->params[i];
        printf("| `%s` | %s | %s | %s | ", param->name, param_type(param), param_range(param).text,
               param_default(param).text);
        print_cell(param->unit);
        printf(" | ");
        print_cell(param->doc);
        printf(" |\n");
    }
    printf("%sSource: ", has_params(about) ? "\n" : "");
    print_prose(about->reference);
    printf("\n");
}

/* ---- JSON ------------------------------------------------------------------------------------------------------ */

static json_t *real_or_null(double value) {
    return isfinite(value) && bounded(value) ? json_real(value) : json_null();
}

static json_t *param_json(const throng_param *param) {
    bool flag = param->kind == THRONG_PARAM_FLAG, text = param->kind == THRONG_PARAM_TEXT;
    bool choice = param->kind == THRONG_PARAM_CHOICE;
    json_t *object =
        json_pack("{s:s, s:s, s:o, s:o, s:o, s:s, s:s}", "name", param->name, "type", param_type(param), "default",
                  flag                     ? json_boolean(param->fallback != 0.0)
                  : text                   ? json_string(param->text)
                  : choice                 ? json_string(choice_word(param->text, (int)param->fallback).text)
                  : isnan(param->fallback) ? json_string("auto")
                                           : json_real(param->fallback),
                  "minimum", flag || choice ? json_null() : real_or_null(param->minimum), "maximum",
                  flag || choice ? json_null() : real_or_null(param->maximum), "unit", param->unit, "doc", param->doc);
    if (object && choice)
        json_object_set_new(object, "choices", json_string(param->text));
    return object;
}

static void add_world_json(const throng_world *world, json_t *object) {
    json_t *columns = json_array();
    for (int c = 0; c < world->n_columns; c++)
        json_array_append_new(columns, json_pack("{s:s, s:s, s:s}", "name", world->columns[c].name, "unit",
                                                 world->columns[c].unit, "doc", world->columns[c].doc));
    json_object_set_new(object, "columns", columns);
    json_object_set_new(object, "participation", json_string(throng_participation_name(world->participation)));
    json_object_set_new(object, "smooth", json_boolean(world->flags & THRONG_WORLD_SMOOTH));
    json_object_set_new(object, "complete", json_boolean(world->flags & THRONG_WORLD_COMPLETE));
    json_object_set_new(object, "recorded", json_boolean(world->flags & THRONG_WORLD_RECORDED));
    json_object_set_new(object, "graph", json_boolean(!takes_no_graph(world)));
    json_object_set_new(object, "signed", json_boolean(world->flags & THRONG_WORLD_SIGNED));
}

static void add_mechanism_json(const throng_mechanism *mechanism, json_t *object) {
    json_t *axioms = json_array();
    for (int a = 0; a < THRONG_AXIOM_COUNT; a++)
        if (mechanism->axioms & (1U << a))
            json_array_append_new(axioms, json_string(throng_axiom_name((throng_axiom)a)));
    json_object_set_new(object, "decides", json_string(mechanism->domain == THRONG_MECHANISM_PLACE ? "place" : "good"));
    json_object_set_new(object, "promises", axioms);
}

json_t *cli_describe_json(throng_kind kind, const throng_about *about) {
    json_t *parameters = json_array();
    for (int i = 0; about->params && about->params[i].name; i++)
        json_array_append_new(parameters, param_json(&about->params[i]));
    json_t *object =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:o}", "kind", throng_kind_name(kind), "name", about->name, "summary",
                  about->summary, "details", about->details, "reference", about->reference, "parameters", parameters);
    if (object && kind == THRONG_KIND_WORLD)
        add_world_json(as_world(about), object);
    if (object && kind == THRONG_KIND_MECHANISM)
        add_mechanism_json(as_mechanism(about), object);
    if (!object || kind != THRONG_KIND_INDICATOR)
        return object;
    const throng_indicator *indicator = as_indicator(about);
    json_object_set_new(object, "form", json_string(form_name(indicator->form)));
    json_object_set_new(object, "path", json_string(throng_path_name(indicator->path)));
    json_object_set_new(object, "baseline", json_string(indicator->baseline));
    json_object_set_new(object, "undefined", indicator->undefined ? json_string(indicator->undefined) : json_null());
    for (int i = 0; i < PROPERTIES; i++)
        json_object_set_new(object, properties[i].key, json_boolean(indicator->flags & properties[i].flag));
    return object;
}
