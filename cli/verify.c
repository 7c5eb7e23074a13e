/* throng verify: checks a finished run. */
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/terminal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static int print_json(throng_context *context, const throng_verification *it) {
    throng_error err = {0};
    char *text = NULL;
    if (throng_verification_json(context, it, &text, &err) != THRONG_OK)
        return cli_fail_error(&err);
    fputs(text, stdout);
    throng_text_free(context, text);
    return CLI_OK;
}

static void print_check(const cli_style *style, const throng_check *check) {
    static const char *const marks[THRONG_VERDICT_COUNT] = {"holds", "FAILS", "-"};
    char text[THRONG_MESSAGE_LENGTH + 80], figures[80] = "";
    if (isfinite(check->number) && isfinite(check->limit))
        snprintf(figures, sizeof figures, "%.2g, at most %.2g: ", check->number, check->limit);
    else if (isnan(check->number) && isfinite(check->limit))
        snprintf(figures, sizeof figures, "not a number, at most %.2g: ", check->limit);
    snprintf(text, sizeof text, "%s%s", figures, check->text);
    printf("%s", check->verdict == THRONG_VERDICT_FAILS ? style->bold : "");
    cli_print_left(marks[check->verdict], 7);
    cli_print_left(check->name, 13);
    printf("%s", style->plain);
    cli_print_wrapped(stdout, text, 20, style->width);
}

static void print_curve(const cli_style *style, const char *head, const double *left, double low, double high) {
    cli_print_left(head, 14);
    printf("%s", style->bar);
    cli_print_sparkline_between(left, THRONG_DELETION_POINTS, low, high);
    printf("%s", style->plain);
}

/* A row a curve, all of one scale: how much is left after 0, 5, ... 100 percent of the agents are silent. */
static void print_curves(const cli_style *style, const throng_verification *it) {
    double low = 0.0, high = 0.0;
    if (it->n_deletions == 0)
        return;
    for (int i = 0; i < it->n_deletions; i++) {
        cli_find_range(it->deletion[i].low, THRONG_DELETION_POINTS, &low, &high);
        cli_find_range(it->deletion[i].high, THRONG_DELETION_POINTS, &low, &high);
    }
    if (low > -1e-9 * high)
        low = 0.0; /* rounding */
    printf("\n%sleft of the indicator as agents fall silent, from nobody to everybody (blocks: %.2g to %.2g)%s\n",
           style->bold, low, high, style->plain);
    for (int i = 0; i < it->n_deletions; i++) {
        const throng_deletion *curve = &it->deletion[i];
        char head[40];
        snprintf(head, sizeof head, "by %s", curve->order);
        print_curve(style, head, curve->left, low, high);
        printf("  mean %.3g", curve->area);
        if (i > 0 && it->deletion[0].area > 0.0 && curve->area > 0.0)
            printf(", %.3g times that by phi", curve->area / it->deletion[0].area);
        printf("\n");
        if (strcmp(curve->order, "random") != 0)
            continue;
        print_curve(style, "  least", curve->low, low, high);
        printf("  means of single orders: %.3g to %.3g\n", curve->area_low, curve->area_high);
        print_curve(style, "  most", curve->high, low, high);
        printf("\n");
    }
}

static void print_text(const throng_verification *it) {
    cli_style style = cli_style_of(stdout);
    for (int i = 0; i < it->n_checks; i++)
        print_check(&style, &it->check[i]);
    print_curves(&style, it);
    printf("\n%s%s%s\n", style.bold,
           !it->holds    ? "The run does not hold."
           : it->partial ? "The run holds, as far as it can be checked without its inputs."
                         : "The run holds.",
           style.plain);
}

/* A directory that cannot be written to can be verified all the same: a note says that there is no verify.json. */
static void save(throng_context *context, const throng_verification *it, const char *path) {
    throng_error err = {0};
    if (throng_verification_save(context, it, path, &err) != THRONG_OK)
        cli_fail_error(&err);
}

typedef struct request {
    cli_common common;
    const char *activity;
} request;

static int verify(const cli_options *options, throng_context *context, void *job) {
    throng_error err = {0};
    const request *wanted = job;
    throng_verification it;
    cli_progress progress;
    if (options->n_positional != 1)
        return cli_fail(CLI_USAGE, "verify needs one run directory, got %d: throng verify RUN-DIR.",
                        options->n_positional);
    const char *path = options->positional[0];
    cli_progress_attach(&progress, context, wanted->common.quiet);
    throng_status status = throng_study_verify(context, path, wanted->activity, &it, &err);
    cli_progress_clear(&progress);
    if (status != THRONG_OK) {
        int code = cli_fail_error(&err);
        return code == CLI_USAGE ? CLI_FAILURE : code; /* the run is at fault, not the command line */
    }
    save(context, &it, path);
    int code = CLI_OK;
    if (wanted->common.json)
        code = print_json(context, &it);
    else if (!wanted->common.quiet)
        print_text(&it);
    if (code == CLI_OK)
        code = cli_finish_output();
    return code == CLI_OK && !it.holds ? CLI_FAILURE : code;
}

static int run(const cli_command *self, int argc, char **argv) {
    cli_options options;
    request wanted = {0};
    cli_options_init(&options, self);
    cli_options_common(&options, &wanted.common, false);
    cli_options_text(&options, "--activity", "COL", &wanted.activity,
                     "column of the run's table that says how much each agent did: silence agents in its order, too");
    cli_options_switch(&options, "--json", &wanted.common.json, "print the checks as one JSON document");
    return cli_options_run(&options, argc, argv, verify, &wanted);
}

const cli_command cli_command_verify = {
    .name = "verify",
    .synopsis = "RUN-DIR [options]",
    .summary = "Checks a finished run: does it come out again, add up, keep its axioms, agree with sampling?",
    .details =
        "The run's study is run again from its inputs; where these are gone, from attribution.parquet, and what\n"
        "cannot be checked then is said. Checked are: every column of the tables, the same credits, their\n"
        "sum against the indicator, equal credit for agents that are alike, none for agents at their baseline,\n"
        "nobody moved by bystanders, linearity, agreement with sampled Shapley values on a subsample, what\n"
        "silencing agents in the order of their credit undoes, the numbers in report.json, and the content of the\n"
        "inputs. The outcome is also written to RUN-DIR/verify.json. Exit code 0 only if all hold.\n"
        "\n"
        "  throng generate planted --agents 5000 --out crowd.parquet\n"
        "  throng attribute crowd.parquet --state state --id id --out run\n"
        "  throng verify run --activity followers",
    .run = run,
};
