/* throng show: a finished run on the terminal. */
#define _POSIX_C_SOURCE 200809L
#include "cli/options.h"
#include "cli/summary.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* ---- reading a run directory ----------------------------------------------------------------------------------- */

static int fail_read(const char *run, const char *file, const json_error_t *reason) {
    return cli_fail(CLI_FAILURE, "%s/%s is damaged: line %d: %.100s.", run, file, reason->line, reason->text);
}

/* Opens a file of a run; NULL with a code of 0 if it is missing and need not be there. */
static FILE *open_file(const char *run, const char *file, bool needed, int *code) {
    char path[4096];
    struct stat facts;
    *code = CLI_OK;
    if (stat(run, &facts) != 0) {
        *code = cli_fail(CLI_FAILURE, "%s cannot be read: %s.", run, strerror(errno));
    } else if (!S_ISDIR(facts.st_mode)) {
        *code = cli_fail(CLI_FAILURE, "%s is not a directory: name the one that --out made.", run);
    } else if (snprintf(path, sizeof path, "%s/%s", run, file) >= (int)sizeof path) {
        *code = cli_fail(CLI_FAILURE, "%s/%s cannot be read: %s.", run, file, strerror(ENAMETOOLONG));
    } else {
        FILE *stream = fopen(path, "rb");
        if (!stream && errno != ENOENT)
            *code = cli_fail(CLI_FAILURE, "%s cannot be read: %s.", path, strerror(errno));
        else if (!stream && needed)
            *code = cli_fail(CLI_FAILURE, "%s is not a run directory: it has no %s.", run, file);
        return stream;
    }
    return NULL;
}

int cli_run_read(const char *run, const char *file, bool needed, json_t **out) {
    json_error_t reason;
    int code = CLI_OK;
    *out = NULL;
    FILE *stream = open_file(run, file, needed, &code);
    if (!stream)
        return code;
    json_t *document = json_loadf(stream, 0, &reason);
    fclose(stream);
    if (!document)
        return fail_read(run, file, &reason);
    json_int_t schema = json_integer_value(json_object_get(document, "schema"));
    if (schema != THRONG_REPORT_SCHEMA) {
        json_decref(document);
        if (schema == 0)
            return cli_fail(CLI_FAILURE, "%s/%s is not a document of throng's: it has no schema.", run, file);
        return cli_fail(CLI_FAILURE, "%s/%s is of another version of throng (schema %lld, expected %d).", run, file,
                        (long long)schema, THRONG_REPORT_SCHEMA);
    }
    *out = document;
    return CLI_OK;
}

/* ---- what throng verify found ---------------------------------------------------------------------------------- */

#define CURVE_POINTS_MAX 101

/* The heights of a deletion curve; how many. */
static int take_curve(const json_t *curve, double left[CURVE_POINTS_MAX]) {
    const json_t *values = cli_json_get(curve, "left");
    size_t n = json_array_size(values);
    n = n < CURVE_POINTS_MAX ? n : CURVE_POINTS_MAX;
    for (size_t i = 0; i < n; i++) {
        const json_t *value = json_array_get(values, i);
        left[i] = json_is_number(value) ? json_number_value(value) : (double)NAN;
    }
    return (int)n;
}

/* A row a curve, all of one scale. */
static void print_curves(const cli_style *style, const json_t *curves) {
    const json_t *one = NULL;
    double left[CURVE_POINTS_MAX], low = 0.0, high = 0.0;
    size_t i = 0;
    json_array_foreach(curves, i, one) cli_find_range(left, take_curve(one, left), &low, &high);
    json_array_foreach(curves, i, one) {
        int n = take_curve(one, left);
        printf("            by ");
        cli_print_left(throng_phrase_clip(cli_json_text(one, "order"), 10).text, 11);
        printf("%s", style->bar);
        cli_print_sparkline_between(left, n, low, high);
        printf("%s  a mean of %s is left\n", style->plain, throng_phrase_value(cli_json_number(one, "area")).text);
    }
}

static void print_verification(const json_t *verification) {
    cli_style style = cli_style_of(stdout);
    const json_t *checks = cli_json_get(verification, "checks"), *curves = cli_json_get(verification, "deletion");
    const json_t *one = NULL;
    size_t i = 0;
    bool holds = json_is_true(cli_json_get(verification, "holds"));
    printf("%sverified%s    %s", style.bold, style.plain, holds ? "it holds" : "IT DOES NOT HOLD");
    json_array_foreach(checks, i, one) if (strcmp(cli_json_text(one, "verdict"), "fails") == 0)
        printf(", %s", throng_phrase_clip(cli_json_text(one, "name"), 20).text);
    printf("%s\n", json_array_size(curves) > 0 ? "; as agents fall silent:" : "");
    print_curves(&style, curves);
}

/* ---- the command ----------------------------------------------------------------------------------------------- */

static int show(const cli_options *options, throng_context *context, void *json) {
    json_t *report = NULL, *verification = NULL;
    (void)context;
    if (options->n_positional != 1)
        return cli_fail(CLI_USAGE, "show needs one run directory, got %d: throng show RUN-DIR.", options->n_positional);
    const char *run = options->positional[0];
    int code = cli_run_read(run, "report.json", true, &report);
    if (code == CLI_OK && *(bool *)json) {
        code = cli_json_print(json_incref(report));
    } else if (code == CLI_OK) {
        code = cli_run_read(run, "verify.json", false, &verification);
        if (code == CLI_OK)
            code = cli_summary_show(report, CLI_SUMMARY_FULL, NULL);
        if (code == CLI_OK && verification)
            print_verification(verification);
    }
    json_decref(report);
    json_decref(verification);
    return code == CLI_OK ? cli_finish_output() : code;
}

static int run(const cli_command *self, int argc, char **argv) {
    cli_options options;
    bool json = false;
    cli_options_init(&options, self);
    cli_options_switch(&options, "--json", &json, "print report.json instead");
    return cli_options_run(&options, argc, argv, show, &json);
}

const cli_command cli_command_show = {
    .name = "show",
    .synopsis = "RUN-DIR [options]",
    .summary = "Shows a finished run on the terminal: the answer, shares, course, top agents, certificate.",
    .details = "It reads report.json, and verify.json if the run was verified, and computes nothing.\n"
               "\n"
               "  throng generate planted --agents 5000 --out crowd.parquet\n"
               "  throng attribute crowd.parquet --state state --id id --weight followers --out run\n"
               "  throng show run",
    .run = run,
};
