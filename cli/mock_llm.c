/* throng mock-llm: a stand-in for a language-model server, until Ctrl-C. */
#define _POSIX_C_SOURCE 200809L
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/terminal.h"

#include <stdio.h>
#include <time.h>

typedef struct request {
    int64_t port, seed;
    const char *script, *faults, *key_variable;
    bool quiet;
} request;

static void wait_for_signal(void) {
    while (!cli_interrupted()) {
        struct timespec pause = {.tv_nsec = 20000000};
        nanosleep(&pause, NULL); /* a signal ends it early */
    }
}

static int serve(const cli_options *options, throng_context *context, void *job) {
    throng_error err = {0};
    const request *wanted = job;
    throng_mock_llm *server = NULL;
    throng_mock_llm_def def = {.port = (int)wanted->port,
                               .script = wanted->script,
                               .seed = (uint64_t)wanted->seed,
                               .faults = wanted->faults,
                               .key_variable = wanted->key_variable};
    if (options->n_positional > 0)
        return cli_fail(CLI_USAGE, "mock-llm takes options only, got \"%.60s\".", options->positional[0]);
    if (throng_mock_llm_start(context, &def, &server, &err) != THRONG_OK)
        return cli_fail_error(&err);
    printf("http://127.0.0.1:%d/v1\n", throng_mock_llm_port(server));
    int code = cli_finish_output();
    if (code == CLI_OK)
        wait_for_signal();
    int64_t requests = 0, answers = 0;
    throng_mock_llm_counts(server, &requests, &answers);
    throng_mock_llm_stop(server);
    if (!wanted->quiet && code == CLI_OK)
        printf("%s requests, %s answers\n", throng_phrase_count(requests).text, throng_phrase_count(answers).text);
    return code == CLI_OK ? cli_finish_output() : code;
}

static int run(const cli_command *self, int argc, char **argv) {
    request wanted = {0};
    cli_options options;
    cli_options_init(&options, self);
    cli_options_count(&options, "--port", "P", &wanted.port, 0, 65535,
                      "port on 127.0.0.1; 0, the default, takes a free one");
    cli_options_text(&options, "--script", "FILE", &wanted.script,
                     "rule to answer from (default: all is equally likely)");
    cli_options_text(&options, "--faults", "NAME=SHARE,...", &wanted.faults,
                     "what to do wrong: latency_ms, rate_limit, retry_after, error, drop, malformed, html, huge, "
                     "huge_bytes, wrong, refuse, invalid_utf8, no_logprobs, newer_api, die_after");
    cli_options_count(&options, "--seed", "S", &wanted.seed, 0, 9007199254740991.0,
                      "seed of the random numbers (default: 0)");
    cli_options_text(&options, "--key-variable", "NAME", &wanted.key_variable,
                     "environment variable with the key that requests must show");
    cli_options_switch(&options, "--quiet", &wanted.quiet, "do not count requests at the end");
    return cli_options_run(&options, argc, argv, serve, &wanted);
}

const cli_command cli_command_mock_llm = {
    .name = "mock-llm",
    .synopsis = "[--port P] [--script FILE] [options]",
    .summary = "Stands in for a language-model server, for trying and testing.",
    .details = "Speaks the OpenAI protocol on this machine, answers from a rule in a file with log-probabilities, and\n"
               "prints its URL. Ctrl-C ends it. docs/language-models.md describes the file.\n"
               "\n"
               "  throng mock-llm --port 8000 --script personas.json --faults drop=0.1,latency_ms=20",
    .run = run,
};
