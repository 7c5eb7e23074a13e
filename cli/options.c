/* Options of sub-commands: declared once, then parsed and explained from the same list. */
#define _POSIX_C_SOURCE 200809L
#include "cli/options.h"

#include "cli/terminal.h"

#include <ctype.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- declaring ------------------------------------------------------------------------------------------------- */

void cli_options_init(cli_options *self, const cli_command *command) {
    memset(self, 0, sizeof *self);
    self->command = command;
    cli_options_switch(self, "--help", &self->help, "explain this command");
}

static cli_option *add(cli_options *self, cli_option option) {
    self->list[self->n] = option;
    return &self->list[self->n++];
}

void cli_options_switch(cli_options *self, const char *name, bool *on, const char *doc) {
    add(self, (cli_option){.name = name, .kind = CLI_OPTION_SWITCH, .on = on, .doc = doc});
}

void cli_options_text(cli_options *self, const char *name, const char *placeholder, const char **text,
                      const char *doc) {
    add(self,
        (cli_option){.name = name, .placeholder = placeholder, .kind = CLI_OPTION_TEXT, .text = text, .doc = doc});
}

void cli_options_list(cli_options *self, const char *name, const char *placeholder, const char **list, int *n_list,
                      int most, const char *doc) {
    add(self, (cli_option){.name = name,
                           .placeholder = placeholder,
                           .kind = CLI_OPTION_LIST,
                           .text = list,
                           .n_list = n_list,
                           .maximum = most,
                           .doc = doc});
}

void cli_options_count(cli_options *self, const char *name, const char *placeholder, int64_t *count, double minimum,
                       double maximum, const char *doc) {
    add(self, (cli_option){.name = name,
                           .placeholder = placeholder,
                           .kind = CLI_OPTION_COUNT,
                           .count = count,
                           .minimum = minimum,
                           .maximum = maximum,
                           .doc = doc});
}

void cli_options_elsewhere(cli_options *self, const char *name, const char *placeholder, const char *doc,
                           const char *why) {
    add(self,
        (cli_option){.name = name, .placeholder = placeholder, .kind = CLI_OPTION_TEXT, .doc = doc, .elsewhere = why});
}

static cli_option *find(cli_options *self, const char *name, size_t length) {
    for (int i = 0; i < self->n; i++)
        if (strlen(self->list[i].name) == length && strncmp(self->list[i].name, name, length) == 0)
            return &self->list[i];
    return NULL;
}

void cli_options_leave_out(cli_options *self, const char *const *keys, const char *why) {
    self->left_out = keys;
    self->elsewhere = why;
}

static bool is_left_out(const cli_options *self, const char *key) {
    for (const char *const *out = self->left_out; out && *out; out++) {
        size_t length = strlen(*out);
        if ((*out)[length - 1] == '.' ? strncmp(key, *out, length) == 0 : strcmp(key, *out) == 0)
            return true;
    }
    return false;
}

static void add_key(cli_options *self, const char *name, const throng_study_key *key) {
    add(self, (cli_option){.name = name,
                           .placeholder = key->placeholder,
                           .kind = CLI_OPTION_STUDY,
                           .key = key,
                           .doc = key->doc,
                           .elsewhere = is_left_out(self, key->key) ? self->elsewhere : NULL});
}

void cli_options_key(cli_options *self, const char *name, const char *key) {
    for (int i = 0; i < throng_study_key_count(); i++)
        if (strcmp(throng_study_key_at(i)->key, key) == 0)
            add_key(self, name, throng_study_key_at(i));
}

void cli_options_study(cli_options *self) {
    for (int i = 0; i < throng_study_key_count(); i++) {
        const throng_study_key *key = throng_study_key_at(i);
        if (key->option && !find(self, key->option, strlen(key->option)))
            add_key(self, key->option, key);
    }
}

void cli_options_common(cli_options *self, cli_common *common, bool with_output) {
    *common = (cli_common){0};
    self->common = common;
    if (with_output) {
        cli_options_text(self, "--out", "DIR", &common->out, "write a run directory: report, tables, settings");
        cli_options_switch(self, "--force", &common->force, "replace DIR if it holds an earlier run");
        cli_options_switch(self, "--json", &common->json, "print the report as JSON instead of the summary");
    }
    cli_options_switch(self, "--quiet", &common->quiet, "print neither summary nor progress");
    cli_options_count(self, "--threads", "N", &common->threads, 0, 1024,
                      "threads to use, 0 for one a processor; results do not depend on it");
}

/* ---- explaining ------------------------------------------------------------------------------------------------ */

#define DOC_COLUMN 30

static void explain(const cli_option *option, int width) {
    char head[80], doc[300];
    snprintf(head, sizeof head, "  %s%s%s", option->name, option->placeholder ? " " : "",
             option->placeholder ? option->placeholder : "");
    cli_print_left(head, DOC_COLUMN);
    if (throng_phrase_width(head) >= DOC_COLUMN)
        printf("\n%*s", DOC_COLUMN, "");
    if (option->key && option->key->fallback)
        snprintf(doc, sizeof doc, "%s (default: %s)", option->doc, option->key->fallback);
    else
        snprintf(doc, sizeof doc, "%s", option->doc);
    cli_print_wrapped(stdout, doc, DOC_COLUMN, width);
}

static void print_help(const cli_options *self) {
    cli_style style = cli_style_of(stdout);
    const cli_command *command = self->command;
    printf("%sthrong %s%s%s%s\n\n", style.bold, command->name, style.plain, *command->synopsis ? " " : "",
           command->synopsis);
    cli_print_wrapped(stdout, command->summary, 0, style.width);
    printf("\n%s\n\n%sOptions%s\n", command->details, style.bold, style.plain);
    for (int i = 1; i < self->n; i++)
        if (!self->list[i].elsewhere)
            explain(&self->list[i], style.width);
    explain(&self->list[0], style.width);
}

static json_t *text_or_null(const char *text) {
    return text ? json_string(text) : json_null();
}

static void print_help_json(const cli_options *self) {
    const cli_command *command = self->command;
    json_t *options = json_array();
    for (int i = 0; i < self->n; i++) {
        const cli_option *option = &self->list[i];
        bool many = option->key && (option->key->kind == THRONG_KEY_TEXT_LIST);
        json_array_append_new(options, json_pack("{s:s, s:o, s:s, s:o, s:b, s:b}", "name", option->name, "placeholder",
                                                 text_or_null(option->placeholder), "doc", option->doc, "default",
                                                 text_or_null(option->key ? option->key->fallback : NULL), "many", many,
                                                 "choices", option->key && option->key->kind == THRONG_KEY_CHOICE));
    }
    json_t *object = json_pack("{s:s, s:s, s:s, s:s, s:o}", "name", command->name, "synopsis", command->synopsis,
                               "summary", command->summary, "details", command->details, "options", options);
    json_dumpf(object, stdout, JSON_COMPACT);
    json_decref(object);
}

/* ---- the command line ------------------------------------------------------------------------------------------ */

static bool needs_quotes(const char *word) {
    for (const char *c = word; *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr("-_./:=,@%+", *c) && (unsigned char)*c < 0x80)
            return true;
    return !*word;
}

/* Appends a word in the shell's quotes if it needs them; returns the new end. */
static char *put_word(char *end, const char *word) {
    bool quote = needs_quotes(word);
    *end++ = ' ';
    if (quote)
        *end++ = '\'';
    for (; *word; word++) {
        if (*word == '\'') {
            memcpy(end, "'\\''", 4);
            end += 4;
        } else {
            *end++ = *word;
        }
    }
    if (quote)
        *end++ = '\'';
    return end;
}

static char *make_command_line(const char *command, int argc, char **argv) {
    size_t size = strlen(command) + 32;
    for (int i = 1; i < argc; i++)
        size += 4 * strlen(argv[i]) + 4;
    char *line = malloc(size);
    if (!line)
        return NULL;
    char *end = line + snprintf(line, size, "throng %s", command);
    for (int i = 1; i < argc; i++)
        end = put_word(end, argv[i]);
    *end = '\0';
    return line;
}

/* ---- parsing --------------------------------------------------------------------------------------------------- */

static int fail_unknown(const cli_options *self, const char *given) {
    const char *names[CLI_OPTIONS_MAX];
    char hint[120], name[60];
    int n = 0;
    for (int i = 0; i < self->n; i++)
        if (!self->list[i].elsewhere)
            names[n++] = self->list[i].name;
    snprintf(name, sizeof name, "%.*s", (int)strcspn(given, "="), given);
    cli_suggest(name, names, n, hint, sizeof hint);
    return cli_fail(CLI_USAGE, "%s has no option \"%s\".%s%s%s%s", self->command->name, name, hint,
                    *hint ? "" : " See throng ", *hint ? "" : self->command->name, *hint ? "" : " --help.");
}

/* A whole number as people write it: 1671587, 1_671_587, 1.6e6. */
static bool read_count(const char *text, double *out) {
    char plain[64];
    size_t n = 0;
    for (const char *c = text; *c; c++) {
        if (*c == '_' && c > text && isdigit((unsigned char)c[-1]) && isdigit((unsigned char)c[1]))
            continue;
        if (n + 1 >= sizeof plain || (!isdigit((unsigned char)*c) && !strchr("+-.eE", *c)))
            return false;
        plain[n++] = *c;
    }
    plain[n] = '\0';
    char *end = NULL;
    *out = strtod(plain, &end);
    return n > 0 && *end == '\0' && isfinite(*out) && *out == floor(*out);
}

static int take_value(cli_options *self, cli_option *option, const char *value) {
    double number = 0.0;
    switch (option->kind) {
    case CLI_OPTION_TEXT:
        if (!*value)
            return cli_fail(CLI_USAGE, "%s must not be empty.", option->name);
        *option->text = value;
        return CLI_OK;
    case CLI_OPTION_LIST:
        if (!*value || *option->n_list == (int)option->maximum)
            return cli_fail(CLI_USAGE, "%s takes a text, at most %d times.", option->name, (int)option->maximum);
        option->text[(*option->n_list)++] = value;
        return CLI_OK;
    case CLI_OPTION_COUNT:
        if (!read_count(value, &number) || number < option->minimum || number > option->maximum)
            return cli_fail(CLI_USAGE, "%s must be a whole number from %s to %s, got \"%.60s\".", option->name,
                            throng_phrase_count((int64_t)option->minimum).text,
                            throng_phrase_count((int64_t)option->maximum).text, value);
        *option->count = (int64_t)number;
        return CLI_OK;
    case CLI_OPTION_STUDY:
        self->assignments[self->n_assignments++] = (cli_assignment){option->key, value};
        return CLI_OK;
    case CLI_OPTION_SWITCH:
        break;
    }
    *option->on = true;
    return CLI_OK;
}

/* One option at argv[*at]; *at moves on if its value stands behind it. */
static int parse_option(cli_options *self, int argc, char **argv, int *at) {
    const char *given = strcmp(argv[*at], "-h") == 0 ? "--help" : strcmp(argv[*at], "-o") == 0 ? "--out" : argv[*at];
    size_t length = strcspn(given, "=");
    const char *value = given[length] ? given + length + 1 : NULL;
    cli_option *option = find(self, given, length);
    if (!option)
        return fail_unknown(self, given);
    if (option->elsewhere)
        return cli_fail(CLI_USAGE, "%s %s.", option->name, option->elsewhere);
    if (option->given && option->kind != CLI_OPTION_LIST && !(option->key && option->key->kind == THRONG_KEY_TEXT_LIST))
        return cli_fail(CLI_USAGE, "%s is given twice.", option->name);
    option->given = true;
    if (option->kind == CLI_OPTION_SWITCH)
        return value ? cli_fail(CLI_USAGE, "%s takes no value, got \"%.60s\".", option->name, value)
                     : take_value(self, option, "");
    if (!value && *at + 1 < argc)
        value = argv[++*at];
    if (!value)
        return cli_fail(CLI_USAGE, "%s needs a value: %s %s.", option->name, option->name, option->placeholder);
    return take_value(self, option, value);
}

/* *proceed says whether to go on: false after an error, which has been printed, and after --help, which has been
 * answered. */
static int parse(cli_options *self, int argc, char **argv, bool *proceed) {
    if (argc == 2 && strcmp(argv[1], CLI_HELP_JSON) == 0) {
        *proceed = false;
        print_help_json(self);
        return cli_finish_output();
    }
    bool options = true; /* until "--" */
    *proceed = false;
    self->positional = calloc((size_t)argc + 1, sizeof *self->positional);
    self->assignments = calloc((size_t)argc + 1, sizeof *self->assignments);
    if (!self->positional || !self->assignments)
        return cli_fail(CLI_FAILURE, "out of memory.");
    for (int at = 1; at < argc; at++) {
        if (options && strcmp(argv[at], "--") == 0) {
            options = false;
        } else if (options && argv[at][0] == '-' && argv[at][1]) {
            int code = parse_option(self, argc, argv, &at);
            if (code != CLI_OK)
                return code;
        } else {
            self->positional[self->n_positional++] = argv[at];
        }
    }
    if (self->help) {
        print_help(self);
        return cli_finish_output();
    }
    self->command_line = make_command_line(self->command->name, argc, argv);
    *proceed = true;
    return CLI_OK;
}

int cli_options_run(cli_options *self, int argc, char **argv, cli_work *work, void *job) {
    throng_error err = {0};
    throng_context *context = NULL;
    bool proceed = false;
    int code = parse(self, argc, argv, &proceed);
    if (proceed &&
        (throng_context_create(&context, &err) != THRONG_OK ||
         throng_context_set_threads(context, self->common ? (int)self->common->threads : 0, &err) != THRONG_OK))
        code = cli_fail_error(&err);
    else if (proceed)
        code = work(self, context, job);
    throng_context_free(context);
    free(self->positional);
    free(self->assignments);
    free(self->command_line);
    return code;
}

throng_status cli_options_apply(const cli_options *self, throng_study *study, throng_error *err) {
    for (int i = 0; i < self->n_assignments; i++) {
        throng_status status = throng_study_set(study, self->assignments[i].key->key, self->assignments[i].value, err);
        if (status != THRONG_OK)
            return status;
    }
    return THRONG_OK;
}
