/* Runs a study and prints its report: what attribute, panel and run have in common. */
#define _POSIX_C_SOURCE 200809L
#include "cli/study.h"

#include "cli/progress.h"
#include "cli/serve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The report on stdout, as JSON or as a summary made from that JSON. */
static int print_report(const cli_study_job *job, const cli_common *common, const char *report) {
    int code = CLI_OK;
    if (common->json)
        fputs(report, stdout);
    else if (!common->quiet)
        code = cli_summary_print(report, job->summary, common->out);
    return code == CLI_OK ? cli_finish_output() : code;
}

/* One run, attributed: the report lives with it. */
static throng_status attribute(throng_study *study, const char *command, const char *out, bool force, char **report,
                               throng_error *err) {
    throng_run *run = NULL;
    throng_status status = throng_study_run(study, command, out, force, &run, err);
    *report = run && throng_run_report(run) ? strdup(throng_run_report(run)) : NULL;
    throng_run_free(run);
    return status;
}

/* Told by the context, to be shown by the server. */
static void pass_on(void *user, int64_t step, double value) {
    throng_server_series(user, step, value);
}

/* Starts to serve the run that is about to begin. */
static int begin_serving(const cli_serve *wanted, const cli_common *common, throng_context *context,
                         throng_server **out) {
    const throng_server_def def = {.live = common->out};
    if (!wanted->on)
        return CLI_OK;
    if (throng_ranks_count(context) > 1)
        return cli_fail(CLI_USAGE,
                        "--serve is not available on more than one rank: see what the run leaves with throng "
                        "serve DIR.");
    if (!common->out)
        return cli_fail(CLI_USAGE, "--serve shows what a run leaves: say where with --out DIR.");
    int code = cli_serve_start(context, wanted, &def, true, out);
    if (*out)
        throng_context_set_series(context, pass_on, *out);
    return code;
}

/* The run has ended: what it left is served until Ctrl-C. An intervention that fell short leaves a directory, too. */
static int end_serving(throng_server *server, throng_context *context, bool left, const char *why) {
    throng_error err = {0};
    int code = CLI_OK;
    throng_context_set_series(context, NULL, NULL);
    if (server && !left)
        throng_server_fail(server, why);
    else if (server && throng_server_finish(server, &err) != THRONG_OK)
        code = cli_fail_error(&err);
    else if (server)
        cli_serve_wait();
    throng_server_stop(server);
    return code;
}

/* ---- how it is run --------------------------------------------------------------------------------------------- */

typedef struct running {
    const char *shard, *checkpoint;
    bool resume;
} running;

static void declare_running(cli_options *options, running *wanted) {
    cli_options_text(options, "--shard", "K/N", &wanted->shard,
                     "of a sweep make the K-th of N shares of its runs, into the folder DIR: see throng merge");
    cli_options_text(options, "--checkpoint", "TIME|STEPS", &wanted->checkpoint,
                     "keep what a world has come to in DIR.checkpoint, every so often: 90s, 10m, 2h or 500steps");
    cli_options_switch(options, "--resume", &wanted->resume,
                       "go on from DIR.checkpoint, or a sweep's journal, and fail if it is not there; without this, "
                       "one that is there is gone on from, too");
}

/* "3/100" */
static bool read_shard(const char *text, int *shard, int *shards) {
    char *end = NULL;
    long k = strtol(text, &end, 10), n = end != text && *end == '/' ? strtol(end + 1, &end, 10) : 0;
    *shard = (int)k;
    *shards = (int)n;
    return *end == '\0' && k >= 1 && k <= n && n <= 10000000;
}

/* "90s", "10m", "2h", "500steps" */
static bool read_interval(const char *text, throng_running *how) {
    char *end = NULL;
    double number = strtod(text, &end), unit = 0.0;
    if (end == text || !(number > 0.0) || number > 1e9)
        return false;
    if (strcmp(end, "steps") == 0) {
        how->checkpoint_steps = (int64_t)number;
        return (double)how->checkpoint_steps == number;
    }
    unit = strcmp(end, "s") == 0 ? 1.0 : strcmp(end, "m") == 0 ? 60.0 : strcmp(end, "h") == 0 ? 3600.0 : 0.0;
    how->checkpoint_seconds = unit * number;
    return unit > 0.0;
}

static int set_running(const running *wanted, throng_study *study) {
    throng_error err = {0};
    throng_running how = {0};
    if (wanted->shard && !read_shard(wanted->shard, &how.shard, &how.shards))
        return cli_fail(CLI_USAGE, "--shard must be K/N with K from 1 to N, such as 3/100, got \"%.60s\".",
                        wanted->shard);
    if (wanted->shard && !throng_study_is_sweep(study))
        return cli_fail(CLI_USAGE, "--shard shares out the runs of a sweep, and this study is one run: give --sweep or "
                                   "--repetitions (sweep.over, sweep.repetitions), too.");
    if (wanted->checkpoint && !read_interval(wanted->checkpoint, &how))
        return cli_fail(CLI_USAGE,
                        "--checkpoint must be a time or a number of steps, such as 90s, 10m, 2h or 500steps, "
                        "got \"%.60s\".",
                        wanted->checkpoint);
    if (wanted->checkpoint && !throng_study_text(study, "world.name", 0))
        return cli_fail(CLI_USAGE, "--checkpoint is about worlds, and this study has none: two passes over a table are "
                                   "not worth one.");
    if (wanted->resume && !throng_study_text(study, "world.name", 0) && !throng_study_is_sweep(study))
        return cli_fail(CLI_USAGE, "--resume goes on with a world or a sweep, and this study is neither.");
    how.resume = wanted->resume;
    return throng_study_set_running(study, &how, &err) == THRONG_OK ? CLI_OK : cli_fail_error(&err);
}

/* Says why there is no run, and of one that was stopped how it goes on, if there is a checkpoint. */
static int fail_run(const char *out, const throng_error *err) {
    char path[4096];
    int signal = cli_interrupted();
    bool stopped = signal || err->status == THRONG_E_CANCELLED; /* this process, or another rank */
    size_t length = out ? strlen(out) : 0;
    while (length > 1 && out[length - 1] == '/')
        length--;
    snprintf(path, sizeof path, "%.*s.checkpoint", (int)length, out ? out : "");
    if (out && stopped && access(path, F_OK) == 0)
        return cli_fail(signal ? 128 + signal : CLI_FAILURE,
                        "stopped; %.300s has what was done: the same command goes on from there.", path);
    return cli_fail_error(err);
}

static int run_study(const cli_study_job *job, const cli_common *common, const cli_serve *serve,
                     throng_context *context, throng_study *study, const char *command_line) {
    throng_error err = {0};
    char *report = NULL;
    cli_progress progress = {0};
    throng_server *server = NULL;
    bool sweep = throng_study_is_sweep(study), ours = !job->make && !sweep;
    int code = begin_serving(serve, common, context, &server);
    if (code != CLI_OK)
        return code;
    /* Every rank is told to stop, the first alone shows what it does. */
    cli_progress_attach(&progress, context, common->quiet || throng_ranks_mine(context) > 0);
    progress.server = server;
    throng_status status = ours ? attribute(study, command_line, common->out, common->force, &report, &err)
                           : job->make
                               ? job->make(study, command_line, common->out, common->force, &report, &err)
                               : throng_study_sweep(study, command_line, common->out, common->force, &report, &err);
    cli_progress_clear(&progress);
    status = throng_ranks_leave(context, status, &err);
    bool left = report && !cli_interrupted();
    code = report ? print_report(job, common, report) : CLI_OK;
    if (ours)
        free(report);
    else
        throng_text_free(context, report);
    left = left && code == CLI_OK;
    if (status != THRONG_OK) /* before a signal that ends the serving becomes the reason */
        code = fail_run(common->out, &err);
    int served = end_serving(server, context, left, err.message);
    return code == CLI_OK ? served : code;
}

int cli_study_tables(const cli_options *options, throng_study *study) {
    throng_error err = {0};
    const char *command = options->command->name;
    bool made = false; /* the crowd is made, not read */
    for (int i = 0; i < options->n_assignments; i++)
        made = made || strcmp(options->assignments[i].key->key, "population.generate") == 0;
    if (options->n_positional == 0 && !made)
        return cli_fail(CLI_USAGE, "%s needs a table: throng %s TABLE --state COL.", command, command);
    for (int i = 0; i < options->n_positional; i++)
        if (throng_study_set(study, "population.table", options->positional[i], &err) != THRONG_OK)
            return cli_fail_error(&err);
    return CLI_OK;
}

/* Where a rank comes to an end before the run does, all others do. */
static int leave(throng_context *context, int code) {
    throng_error err = {.status = THRONG_E_ARGUMENT};
    int rank = throng_ranks_mine(context);
    snprintf(err.message, sizeof err.message, "Rank %d could not begin the run, for its options or its files.", rank);
    throng_status status = throng_ranks_leave(context, code == CLI_OK ? THRONG_OK : THRONG_E_ARGUMENT, &err);
    return code == CLI_OK && status != THRONG_OK ? cli_fail_error(&err) : code;
}

/* What is declared here and read by the work. */
typedef struct request {
    const cli_study_job *job;
    cli_common common;
    cli_serve serve;
    running how;
} request;

static int work(const cli_options *options, throng_context *context, void *given) {
    throng_error err = {0};
    const request *wanted = given;
    throng_study *study = NULL;
    int code = CLI_OK;
    if (throng_ranks_join(context, &err) != THRONG_OK || throng_study_create(context, &study, &err) != THRONG_OK)
        code = cli_fail_error(&err);
    if (code == CLI_OK)
        code = wanted->job->prepare(options, study);
    if (code == CLI_OK)
        code = set_running(&wanted->how, study);
    if (code == CLI_OK)
        code = run_study(wanted->job, &wanted->common, &wanted->serve, context, study, options->command_line);
    code = leave(context, code);
    throng_study_free(study);
    return code;
}

int cli_study_run(const cli_study_job *job, int argc, char **argv) {
    request wanted = {.job = job};
    cli_options options;
    cli_options_init(&options, job->command);
    if (job->declare)
        job->declare(&options);
    if (!job->single)
        declare_running(&options, &wanted.how);
    cli_options_switch(&options, "--serve", &wanted.serve.on,
                       "show the run in the browser while it goes on, and after");
    cli_options_count(&options, "--port", "P", &wanted.serve.port, 0, 65535,
                      "port for --serve; 0, the default, takes a free one");
    cli_options_switch(&options, "--open", &wanted.serve.open, "with --serve: open the page in the browser");
    cli_options_study(&options);
    cli_options_common(&options, &wanted.common, true);
    return cli_options_run(&options, argc, argv, work, &wanted);
}
