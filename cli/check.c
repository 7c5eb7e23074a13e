/* throng check: whether a study file says something that can be run; throng schema: what it may say. */
#include "cli/options.h"

#include <stdio.h>

static int check_study(const cli_options *options, throng_context *context, void *quiet) {
    throng_error err = {0};
    throng_study *study = NULL;
    int code = CLI_OK;
    if (options->n_positional != 1)
        return cli_fail(CLI_USAGE, "check needs one study file, got %d: throng check STUDY.yaml.",
                        options->n_positional);
    if (throng_study_create(context, &study, &err) != THRONG_OK ||
        throng_study_load(study, options->positional[0], &err) != THRONG_OK ||
        throng_study_check(study, &err) != THRONG_OK)
        code = cli_fail_error(&err);
    else if (!*(bool *)quiet)
        printf("%s can be run.\n", options->positional[0]);
    throng_study_free(study);
    return code == CLI_OK ? cli_finish_output() : code;
}

static int run_check(const cli_command *self, int argc, char **argv) {
    cli_options options;
    bool quiet = false;
    cli_options_init(&options, self);
    cli_options_switch(&options, "--quiet", &quiet, "print nothing if the study can be run");
    return cli_options_run(&options, argc, argv, check_study, &quiet);
}

static int print_schema(const cli_options *options, throng_context *context, void *nothing) {
    throng_error err = {0};
    char *schema = NULL;
    (void)nothing;
    if (options->n_positional != 0)
        return cli_fail(CLI_USAGE, "schema takes no arguments, got \"%.60s\".", options->positional[0]);
    if (throng_study_schema(context, &schema, &err) != THRONG_OK)
        return cli_fail_error(&err);
    puts(schema);
    throng_text_free(context, schema);
    return cli_finish_output();
}

static int run_schema(const cli_command *self, int argc, char **argv) {
    cli_options options;
    cli_options_init(&options, self);
    return cli_options_run(&options, argc, argv, print_schema, NULL);
}

const cli_command cli_command_check = {
    .name = "check",
    .synopsis = "STUDY.yaml",
    .summary = "Checks a study file without running it.",
    .details =
        "Every key and value is looked at, and that they fit together; of a sweep every point. Files of data are\n"
        "not opened. Exit code 0 if the study can be run; else one message with file and line.\n"
        "\n"
        "  throng attribute --generate planted --agents 1000 --out first\n"
        "  throng check first/study.yaml",
    .run = run_check,
};

const cli_command cli_command_schema = {
    .name = "schema",
    .synopsis = "",
    .summary = "Prints the JSON Schema of study files, for editors.",
    .details = "Editors with a YAML language server complete and check study files by it: put the line\n"
               "# yaml-language-server: $schema=throng.schema.json\n"
               "at the top of the file.\n"
               "\n"
               "  throng schema > throng.schema.json",
    .run = run_schema,
};
