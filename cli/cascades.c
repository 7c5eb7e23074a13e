/* throng cascades: who passed on what, and who made it big. */
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/summary.h"
#include "cli/terminal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct request {
    throng_cascades_def def;
    throng_cascades_input input;
    cli_common common;
    const char *within, *unexplained, *format;
    int64_t top;
    char *command;
} request;

/* ---- what is printed -------------------------------------------------------------------------------------------- */

static int64_t whole(const json_t *report, const char *key) {
    return (int64_t)cli_json_number(report, key);
}

static void print_count(const json_t *report, const char *key, const char *name, const char *meaning) {
    int64_t n = whole(report, key);
    if (n == 0)
        return;
    printf("  ");
    cli_print_right(throng_phrase_count(n).text, 13);
    printf("  ");
    cli_print_left(name, 10);
    printf("%s\n", meaning);
}

static void print_counts(const json_t *report) {
    print_count(report, "actions.repeats", "repeats", "rows left out: an action that was there before");
    print_count(report, "actions.unseen", "unseen", "named by others, and not in the table");
    print_count(report, "actions.starts", "starts", "begin a cascade");
    print_count(report, "actions.known", "known", "the table says from where they came");
    print_count(report, "actions.followed", "followed", "came from who was followed and acted last before");
    print_count(report, "actions.assumed", "assumed", "nothing is known: they hang on the item's beginning");
    print_count(report, "actions.lost_parents", "lost", "name a parent that is not in the table");
    print_count(report, "actions.early", "early", "have a time before that of the parent that the table names");
    print_count(report, "actions.ties", "ties", "followed at the very same time: the order of the rows decided");
    print_count(report, "actions.untimed", "untimed", "have no time");
    print_count(report, "actions.cycles", "cycles", "came from themselves: cut at the earliest action");
    print_count(report, "actions.edges_of_strangers", "strangers",
                "edges left out: an end never acts, or is both ends");
}

/* "1 cascade", "3 cascades" */
static void print_many(int64_t n, const char *one) {
    printf("%s %s%s", throng_phrase_count(n).text, one, n == 1 ? "" : "s");
}

static void print_trees(const cli_style *style, const json_t *report) {
    const json_t *list = cli_json_get(report, "top_cascades");
    if (json_array_size(list) == 0)
        return;
    printf("\n%s", style->bold);
    cli_print_left("largest cascades", 26);
    printf("    size   depth   width  virality  by%s\n", style->plain);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        cli_print_left(throng_phrase_clip(cli_json_text(one, "root"), 25).text, 26);
        cli_print_right(throng_phrase_count(whole(one, "size")).text, 8);
        cli_print_right(throng_phrase_count(whole(one, "depth")).text, 8);
        cli_print_right(throng_phrase_count(whole(one, "width")).text, 8);
        cli_print_right(throng_phrase_value(cli_json_number(one, "virality")).text, 10);
        printf("  %s\n", throng_phrase_clip(cli_json_text(one, "agent"), 25).text);
    }
}

static void print_agents(const cli_style *style, const json_t *report) {
    const json_t *list = cli_json_get(report, "top_agents");
    if (json_array_size(list) == 0)
        return;
    printf("\n%s", style->bold);
    cli_print_left("who made them big", 26);
    printf("     phi   share   reach  direct  starts  actions%s\n", style->plain);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        cli_print_left(throng_phrase_clip(cli_json_text(one, "agent"), 25).text, 26);
        cli_print_right(throng_phrase_value(cli_json_number(one, "phi")).text, 8);
        cli_print_right(throng_phrase_share(cli_json_number(one, "share")).text, 8);
        cli_print_right(throng_phrase_count(whole(one, "reach")).text, 8);
        cli_print_right(throng_phrase_count(whole(one, "direct")).text, 8);
        cli_print_right(throng_phrase_count(whole(one, "starts")).text, 8);
        cli_print_right(throng_phrase_count(whole(one, "actions")).text, 9);
        printf("\n");
    }
}

void cli_summary_cascades(const cli_style *style, const json_t *report) {
    print_many(whole(report, "actions.actions"), "action");
    printf(" of ");
    print_many(whole(report, "agents"), "agent");
    printf(" in ");
    print_many(whole(report, "cascades.count"), "cascade");
    printf(", %s of them of one member; the deepest has ",
           throng_phrase_count(whole(report, "cascades.of_one_member")).text);
    print_many(whole(report, "cascades.deepest"), "step");
    printf("\n");
    print_counts(report);
    print_trees(style, report);
    print_agents(style, report);
    cli_summary_certificate(style, report, "answer.certificate.text");
    printf("time        %s\n", cli_duration(cli_json_number(report, "timings.total_seconds")).text);
}

static int print_text(const request *wanted, const json_t *report) {
    cli_style style = cli_style_of(stdout);
    cli_summary_cascades(&style, report);
    if (wanted->common.out)
        printf("written     %s: report.json, cascades.%s, members.%s, agents.%s\n", wanted->common.out, wanted->format,
               wanted->format, wanted->format);
    return cli_finish_output();
}

static int print(const request *wanted, const char *text) {
    if (wanted->common.json) {
        fputs(text, stdout);
        return cli_finish_output();
    }
    json_t *report = json_loads(text, 0, NULL);
    if (!report)
        return cli_fail(CLI_FAILURE, "out of memory.");
    int code = print_text(wanted, report);
    json_decref(report);
    return code;
}

/* ---- what is asked for ------------------------------------------------------------------------------------------ */

static int read_within(request *wanted) {
    char *end = NULL;
    wanted->def.within = (double)INFINITY;
    if (!wanted->within)
        return CLI_OK;
    wanted->def.within = strtod(wanted->within, &end);
    if (end == wanted->within || *end || !(wanted->def.within >= 0.0))
        return cli_fail(CLI_USAGE, "--within must be a number that is not negative, got \"%s\".", wanted->within);
    return CLI_OK;
}

static int prepare(const cli_options *options, request *wanted, throng_context *context) {
    throng_error err = {0};
    if (options->n_positional == 0)
        return cli_fail(CLI_USAGE, "which actions? throng cascades crowd.duckdb, or a table: throng cascades "
                                   "posts.csv --agent user --id id --parent parent.");
    wanted->input.paths = options->positional;
    wanted->input.n_paths = options->n_positional;
    if (!wanted->unexplained)
        wanted->unexplained = "item";
    wanted->def.apart = strcmp(wanted->unexplained, "apart") == 0;
    if (!wanted->def.apart && strcmp(wanted->unexplained, "item") != 0)
        return cli_fail(CLI_USAGE, "--unexplained must be item or apart, got \"%s\".", wanted->unexplained);
    if (!wanted->format)
        wanted->format = "parquet";
    if (strcmp(wanted->format, "parquet") != 0 && strcmp(wanted->format, "csv") != 0)
        return cli_fail(CLI_USAGE, "--format must be parquet or csv, got \"%s\".", wanted->format);
    wanted->command = options->command_line;
    if (wanted->common.out &&
        throng_run_directory_check(context, wanted->common.out, wanted->common.force, &err) != THRONG_OK)
        return cli_fail_error(&err);
    return read_within(wanted);
}

static throng_status make(throng_context *context, const request *wanted, char **text, throng_error *err) {
    throng_cascades *cascades = NULL;
    throng_report_def def = throng_report_default();
    double began = cli_now();
    throng_status status = throng_cascades_read(context, &wanted->input, &wanted->def, &cascades, err);
    throng_timing timing = {"total", cli_now() - began};
    def.top = (int)wanted->top;
    def.command = wanted->command;
    def.timings = &timing;
    def.n_timings = 1;
    if (status == THRONG_OK)
        status = throng_cascades_json(context, cascades, &def, text, err);
    if (status == THRONG_OK && wanted->common.out)
        status = throng_cascades_write(context, cascades, wanted->common.out, *text, strcmp(wanted->format, "csv") == 0,
                                       wanted->common.force, err);
    throng_cascades_free(cascades);
    return status;
}

static int cascades(throng_context *context, const request *wanted) {
    throng_error err = {0};
    cli_progress progress;
    char *text = NULL;
    int code = CLI_OK;
    cli_progress_attach(&progress, context, wanted->common.quiet);
    throng_status status = make(context, wanted, &text, &err);
    cli_progress_clear(&progress);
    if (status != THRONG_OK)
        code = cli_fail_error(&err);
    else if (wanted->common.json || !wanted->common.quiet)
        code = print(wanted, text);
    throng_text_free(context, text);
    return code;
}

static void declare(cli_options *options, request *wanted) {
    throng_cascades_def *def = &wanted->def;
    cli_options_text(options, "--agent", "COL", &def->agent, "who acted (required, unless TABLE is a crowd)");
    cli_options_text(options, "--id", "COL", &def->id, "what the action is called");
    cli_options_text(options, "--time", "COL", &def->time, "when: whole numbers, dates or timestamps");
    cli_options_text(options, "--parent", "COL", &def->parent, "the id of the action it came from, where known");
    cli_options_text(options, "--item", "COL", &def->item, "what is passed on: the id of its first action, or a name");
    cli_options_text(options, "--author", "COL", &def->author, "who made the parent or item, if that is not in TABLE");
    cli_options_text(options, "--kind", "COL", &def->kind, "only a \"repost\" may come through others than the item");
    cli_options_text(options, "--where", "SQL", &wanted->input.condition, "only rows for which this is true");
    cli_options_text(options, "--edges", "FILE", &wanted->input.edges, "table of who follows whom");
    cli_options_text(options, "--source", "COL", &def->source, "edges: who follows (default: source)");
    cli_options_text(options, "--target", "COL", &def->target, "edges: who is followed (default: target)");
    cli_options_text(options, "--edges-where", "SQL", &wanted->input.edges_condition, "only edges with this");
    cli_options_text(options, "--within", "TIME", &wanted->within,
                     "who is followed acted at most so long before: seconds, days of dates, else units");
    cli_options_text(options, "--unexplained", "HOW", &wanted->unexplained,
                     "what nobody explains: item (default) hangs on its item, apart begins a cascade");
    cli_options_count(options, "--top", "N", &wanted->top, 0, 1000, "lines in the lists (default: 10)");
    cli_options_text(options, "--format", "NAME", &wanted->format, "of the tables: parquet (default) or csv");
    cli_options_common(options, &wanted->common, true);
}

static int work(const cli_options *options, throng_context *context, void *wanted) {
    int code = prepare(options, wanted, context);
    return code == CLI_OK ? cascades(context, wanted) : code;
}

static int run(const cli_command *self, int argc, char **argv) {
    request wanted = {.def = throng_cascades_default(), .top = 10};
    cli_options options;
    cli_options_init(&options, self);
    declare(&options, &wanted);
    return cli_options_run(&options, argc, argv, work, &wanted);
}

const cli_command cli_command_cascades = {
    .name = "cascades",
    .synopsis = "TABLE... [--agent COL --id COL --parent COL | --item COL] [--edges FILE] [options]",
    .summary = "Makes trees of who passed on what, and says who made them big.",
    .details =
        "An action's parent is what the table says; else whoever its agent follows and acted last before on the\n"
        "same item; else the beginning of the item. Trees get size, depth, width and structural virality (the\n"
        "mean distance of two members). Everybody above a member shares its 1 equally: the Shapley value of\n"
        "reach, exactly additive. Columns of a crowd made by throng ingest are known. See docs/cascades.md.\n"
        "\n"
        "  throng cascades crowd.duckdb --out run\n"
        "  throng cascades tweets.csv --agent user --time time --item url --edges follows.csv",
    .run = run,
};
