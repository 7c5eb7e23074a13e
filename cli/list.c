/* throng list and throng describe: what the plug-ins say about themselves. */
#include "cli/describe.h"
#include "cli/json.h"
#include "cli/options.h"
#include "cli/terminal.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

typedef struct request {
    bool json, markdown;
    const char *plugin;
} request;

/* "indicator" or "indicators"; -1 after a message. */
static int find_kind(const char *name) {
    const char *names[2 * THRONG_KIND_COUNT];
    char hint[120], known[300] = " Known:";
    for (int kind = 0; kind < THRONG_KIND_COUNT; kind++) {
        snprintf(known + strlen(known), sizeof known - strlen(known), "%s %s", kind > 0 ? "," : "",
                 throng_kind_plural((throng_kind)kind));
        names[2 * kind] = throng_kind_plural((throng_kind)kind);
        names[2 * kind + 1] = throng_kind_name((throng_kind)kind);
        if (strcmp(name, names[2 * kind]) == 0 || strcmp(name, names[2 * kind + 1]) == 0)
            return kind;
    }
    cli_suggest(name, names, 2 * THRONG_KIND_COUNT, hint, sizeof hint);
    cli_fail(CLI_USAGE, "there is no kind of plug-in \"%.60s\".%s", name, *hint ? hint : strcat(known, "."));
    return -1;
}

/* ---- list ------------------------------------------------------------------------------------------------------ */

/* The i-th of a kind: plug-ins, then games that are none; NULL past the last. */
static const throng_about *entry(const throng_context *context, throng_kind kind, int i) {
    int n = throng_context_plugin_count(context, kind);
    if (i < n)
        return throng_context_plugin(context, kind, i);
    return kind == THRONG_KIND_GAME ? throng_game_builtin_about(i - n) : NULL;
}

static void list_text(const throng_context *context, throng_kind kind, bool first) {
    cli_style style = cli_style_of(stdout);
    const throng_about *about;
    int width = 0;
    for (int i = 0; (about = entry(context, kind, i)) != NULL; i++)
        width = throng_phrase_width(about->name) > width ? throng_phrase_width(about->name) : width;
    printf("%s%s%s%s\n", first ? "" : "\n", style.bold, throng_kind_plural(kind), style.plain);
    for (int i = 0; (about = entry(context, kind, i)) != NULL; i++) {
        printf("  ");
        cli_print_left(about->name, width + 2);
        cli_print_wrapped(stdout, about->summary, width + 4, style.width);
    }
}

static void list_markdown(const throng_context *context, throng_kind kind, bool first) {
    const char *plural = throng_kind_plural(kind);
    printf("%s# %c%s\n\n", first ? "" : "\n", toupper((unsigned char)plural[0]), plural + 1);
    printf("This page is made from the descriptors by `throng list %s --markdown`.\n\n| name | summary |\n|---|---|\n",
           plural);
    const throng_about *about;
    for (int i = 0; (about = entry(context, kind, i)) != NULL; i++)
        printf("| [%s](#%s) | %s |\n", about->name, about->name, about->summary);
    for (int i = 0; (about = entry(context, kind, i)) != NULL; i++) {
        printf("\n");
        cli_describe_markdown(kind, about);
    }
}

/* The names of the ordinal games, "ordinal:17". */
static json_t *ordinal_games(throng_context *context) {
    json_t *list = json_array();
    char name[32];
    for (int i = 1; i <= THRONG_GAME_ORDINAL; i++) {
        throng_normal_form *game = NULL;
        snprintf(name, sizeof name, "ordinal:%d", i);
        if (throng_game_builtin(context, name, &game, NULL) != THRONG_OK)
            break;
        json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "name", name, "title", throng_normal_form_name(game),
                                              "family", throng_normal_form_family(game)));
        throng_normal_form_free(game);
    }
    return list;
}

static json_t *pack(throng_context *context, throng_kind kind, const throng_about *about) {
    json_t *packed = cli_describe_json(kind, about);
    if (packed && kind == THRONG_KIND_GAME && strcmp(about->name, "ordinal") == 0)
        json_object_set_new(packed, "games", ordinal_games(context));
    return packed;
}

static void pack_all(throng_context *context, throng_kind kind, json_t *list) {
    const throng_about *about;
    for (int i = 0; (about = entry(context, kind, i)) != NULL; i++)
        json_array_append_new(list, pack(context, kind, about));
}

static int list_all(throng_context *context, const request *wanted, int only) {
    json_t *list = wanted->json ? json_array() : NULL;
    bool first = true;
    for (int i = 0; i < THRONG_KIND_COUNT; i++) {
        throng_kind kind = (throng_kind)i;
        if (only >= 0 && i != only)
            continue;
        if (wanted->json)
            pack_all(context, kind, list);
        else if (wanted->markdown)
            list_markdown(context, kind, first);
        else
            list_text(context, kind, first);
        first = false;
    }
    return wanted->json ? cli_json_print(list) : cli_finish_output();
}

/* ---- the two commands ------------------------------------------------------------------------------------------ */

static int list(const cli_options *options, throng_context *context, void *job) {
    throng_error err = {0};
    const request *wanted = job;
    int only = -1;
    if (options->n_positional > 1)
        return cli_fail(CLI_USAGE, "list takes one kind of plug-in, got %d.", options->n_positional);
    if (wanted->json && wanted->markdown)
        return cli_fail(CLI_USAGE, "--json and --markdown cannot both be had.");
    if (options->n_positional == 1 && (only = find_kind(options->positional[0])) < 0)
        return CLI_USAGE;
    if (wanted->plugin && throng_context_load_plugin(context, wanted->plugin, &err) != THRONG_OK)
        return cli_fail_error(&err);
    return list_all(context, wanted, only);
}

/* A plug-in, or a game that is none. */
static const throng_about *find(const throng_context *context, throng_kind kind, const char *name, throng_error *err) {
    const throng_about *about;
    for (int i = 0; (about = entry(context, kind, i)) != NULL; i++)
        if (strcmp(about->name, name) == 0)
            return about;
    return throng_context_find(context, kind, name, &about, err) == THRONG_OK ? about : NULL;
}

static int describe(const cli_options *options, throng_context *context, void *job) {
    throng_error err = {0};
    const request *wanted = job;
    if (options->n_positional != 2)
        return cli_fail(CLI_USAGE, "describe needs a kind and a name: throng describe indicator variance.");
    int kind = find_kind(options->positional[0]);
    if (kind < 0)
        return CLI_USAGE;
    if (wanted->plugin && throng_context_load_plugin(context, wanted->plugin, &err) != THRONG_OK)
        return cli_fail_error(&err);
    const throng_about *about = find(context, (throng_kind)kind, options->positional[1], &err);
    if (!about)
        return cli_fail_error(&err);
    if (wanted->json)
        return cli_json_print(pack(context, (throng_kind)kind, about));
    if (wanted->markdown)
        cli_describe_markdown((throng_kind)kind, about);
    else
        cli_describe_text((throng_kind)kind, about);
    return cli_finish_output();
}

static int parse_and(cli_work *work, const cli_command *self, int argc, char **argv) {
    request wanted = {0};
    cli_options options;
    cli_options_init(&options, self);
    cli_options_switch(&options, "--json", &wanted.json, "print the descriptors as JSON");
    cli_options_switch(&options, "--markdown", &wanted.markdown, "print a reference page");
    cli_options_text(&options, "--plugin", "FILE.so", &wanted.plugin, "load plug-ins from a shared object");
    return cli_options_run(&options, argc, argv, work, &wanted);
}

static int run_list(const cli_command *self, int argc, char **argv) {
    return parse_and(list, self, argc, argv);
}

static int run_describe(const cli_command *self, int argc, char **argv) {
    return parse_and(describe, self, argc, argv);
}

const cli_command cli_command_list = {
    .name = "list",
    .synopsis = "[indicators|methods|worlds|games|solvers|mechanisms|...] [options]",
    .summary = "Lists what is built in, with one line each.",
    .details = "  throng list indicators\n"
               "  throng list --markdown > reference.md",
    .run = run_list,
};

const cli_command cli_command_describe = {
    .name = "describe",
    .synopsis = "KIND NAME [options]",
    .summary = "Explains one of them, such as an indicator or a world: formula, parameters, source.",
    .details = "  throng describe indicator variance\n"
               "  throng describe generator bluesky --json",
    .run = run_describe,
};
