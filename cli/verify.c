/* throng verify: checks a finished run. */
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/terminal.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static json_t *number(double value) {
    return isfinite(value) ? json_real(value) : json_null();
}

static int print_json(const throng_verification *it) {
    json_t *checks = json_array(), *curves = json_array();
    for (int i = 0; i < it->n_checks; i++)
        json_array_append_new(checks, json_pack("{s:s, s:s, s:o, s:o, s:s}", "name", it->check[i].name, "verdict",
                                                throng_verdict_name(it->check[i].verdict), "number",
                                                number(it->check[i].number), "limit", number(it->check[i].limit),
                                                "meaning", it->check[i].text));
    for (int i = 0; i < it->n_deletions; i++) {
        json_t *left = json_array();
        for (int p = 0; p < THRONG_DELETION_POINTS; p++)
            json_array_append_new(left, number(it->deletion[i].left[p]));
        json_array_append_new(curves, json_pack("{s:s, s:o, s:o}", "order", it->deletion[i].order, "area",
                                                number(it->deletion[i].area), "left", left));
    }
    json_t *document = json_pack("{s:b, s:o, s:o}", "holds", it->holds, "checks", checks, "deletion", curves);
    char *text = document ? json_dumps(document, JSON_INDENT(2) | JSON_REAL_PRECISION(17)) : NULL;
    json_decref(document);
    if (!text)
        return cli_fail(CLI_FAILURE, "out of memory.");
    puts(text);
    free(text);
    return CLI_OK;
}

static void print_check(const cli_style *style, const throng_check *check) {
    static const char *const marks[THRONG_VERDICT_COUNT] = {"holds", "FAILS", "-"};
    char text[400], figures[80] = "";
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

/* A row a curve: how much is left after 0, 5, ... 100 percent of the agents are silent. */
static void print_curves(const cli_style *style, const throng_verification *it) {
    if (it->n_deletions == 0)
        return;
    printf("\n%sleft of the indicator while agents fall silent, from nobody to everybody%s\n", style->bold,
           style->plain);
    for (int i = 0; i < it->n_deletions; i++) {
        const throng_deletion *curve = &it->deletion[i];
        char head[40];
        snprintf(head, sizeof head, "by %s", curve->order);
        cli_print_left(head, 12);
        printf("%s", style->bar);
        cli_print_sparkline(curve->left, THRONG_DELETION_POINTS);
        printf("%s  mean %.3g\n", style->plain, curve->area);
    }
}

static int print_text(const throng_verification *it) {
    cli_style style = cli_style_of(stdout);
    int failed = 0;
    for (int i = 0; i < it->n_checks; i++) {
        print_check(&style, &it->check[i]);
        failed += it->check[i].verdict == THRONG_VERDICT_FAILS;
    }
    print_curves(&style, it);
    printf("\n%s%s%s\n", style.bold, failed ? "The run does not hold." : "The run holds.", style.plain);
    return CLI_OK;
}

static int verify(throng_context *context, const char *path, const cli_common *common, bool json) {
    throng_error err = {0};
    throng_verification it;
    cli_progress progress;
    cli_progress_attach(&progress, context, common->quiet);
    throng_status status = throng_study_verify(context, path, &it, &err);
    cli_progress_clear(&progress);
    if (status != THRONG_OK) {
        int code = cli_fail_error(&err);
        return code == CLI_USAGE ? CLI_FAILURE : code; /* the run is at fault, not the command line */
    }
    int code = json ? print_json(&it) : common->quiet ? CLI_OK : print_text(&it);
    if (code == CLI_OK)
        code = cli_finish_output();
    return code == CLI_OK && !it.holds ? CLI_FAILURE : code;
}

static int run(const cli_command *self, int argc, char **argv) {
    throng_error err = {0};
    throng_context *context = NULL;
    cli_options options;
    cli_common common = {0};
    bool proceed = false, json = false;
    cli_options_init(&options, self);
    cli_options_common(&options, &common, false);
    cli_options_switch(&options, "--json", &json, "print the checks as one JSON document");
    int code = cli_options_parse(&options, argc, argv, &proceed);
    if (proceed && options.n_positional != 1) {
        code =
            cli_fail(CLI_USAGE, "verify needs one run directory, got %d: throng verify RUN-DIR.", options.n_positional);
        proceed = false;
    }
    if (proceed && (throng_context_create(&context, &err) != THRONG_OK ||
                    throng_context_set_threads(context, (int)common.threads, &err) != THRONG_OK)) {
        code = cli_fail_error(&err);
        proceed = false;
    }
    if (proceed)
        code = verify(context, options.positional[0], &common, json);
    throng_context_free(context);
    cli_options_clear(&options);
    return code;
}

const cli_command cli_command_verify = {
    .name = "verify",
    .synopsis = "RUN-DIR [options]",
    .summary = "Checks a finished run: does it come out again, add up, keep its axioms, agree with sampling?",
    .details =
        "The run's study is run again from its inputs. Checked are: the same credits, their sum against the\n"
        "indicator, equal credit for doubled agents, none for agents at their baseline, linearity, agreement\n"
        "with sampled Shapley values on a subsample, what silencing agents in the order of their credit undoes,\n"
        "the numbers in report.json, and the content of the inputs. Exit code 0 only if all hold.\n"
        "\n"
        "  throng generate planted --agents 5000 --out crowd.parquet\n"
        "  throng attribute crowd.parquet --state state --id id --out run\n"
        "  throng verify run",
    .run = run,
};
