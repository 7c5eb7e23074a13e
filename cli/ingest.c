/* throng ingest: event files of a platform become the tables of a crowd. */
#include "cli/llm.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/terminal.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct request {
    throng_ingest_def def;
    cli_common common;
    cli_llm asked;
    const char *memory;
    bool json, print_sql;
} request;

/* Who rates texts, for stance llm. */
typedef struct text_rater {
    throng_context *context;
    throng_llm *llm; /* NULL: nobody */
    const char *about;
    char cache[4096];    /* where an endpoint's answers are kept if nothing else is said */
    int64_t n, n_unread; /* texts; and of them, those of which the answer was not one number from -1 to 1 */
} text_rater;

static throng_status rate(void *user, const char *const *texts, int64_t n, double *states, throng_error *err) {
    text_rater *self = user;
    throng_status status = throng_llm_score(self->context, self->llm, self->about, texts, n, states, err);
    for (int64_t i = 0; i < n && status == THRONG_OK; i++)
        self->n_unread += isnan(states[i]);
    self->n += status == THRONG_OK ? n : 0;
    return status;
}

/* ---- what is printed ------------------------------------------------------------------------------------------- */

static int print_json(const throng_ingest_counts *it, const text_rater *rater) {
    const struct {
        const char *name;
        int64_t n;
    } counts[] = {
        {"files", it->files},
        {"new_lines", it->new_lines},
        {"lines", it->lines},
        {"blank", it->blank},
        {"ignored", it->ignored},
        {"rejected", it->rejected},
        {"rows", it->rows},
        {"actions", it->actions},
        {"duplicates", it->duplicates},
        {"taken_back", it->taken_back},
        {"other_days", it->other_days},
        {"deletes", it->deletes},
        {"updates", it->updates},
        {"notices", it->notices},
        {"agents", it->agents},
        {"edges", it->edges},
        {"states", it->states},
        {"unread_texts", it->unread_texts},
    };
    json_t *document = json_object();
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        json_object_set_new(document, counts[i].name, json_integer(counts[i].n));
    json_object_set_new(document, "weight", json_string(it->weight));
    if (rater->llm) {
        json_object_set_new(document, "rated_texts", json_integer(rater->n));
        json_object_set_new(document, "unreadable_ratings", json_integer(rater->n_unread));
        json_object_set_new(document, "usage", cli_llm_pack_usage(rater->llm));
    }
    char *text = json_dumps(document, JSON_INDENT(2));
    json_decref(document);
    if (!text)
        return cli_fail(CLI_FAILURE, "out of memory.");
    puts(text);
    free(text);
    return cli_finish_output();
}

static void print_count(const char *name, int64_t n, const char *meaning) {
    if (n == 0)
        return;
    printf("  ");
    cli_print_right(throng_phrase_count(n).text, 13);
    printf("  ");
    cli_print_left(name, 14);
    printf("%s\n", meaning);
}

static int print_text(const request *wanted, const throng_ingest_counts *it, const text_rater *rater, double seconds) {
    static const char *const weights[][2] = {
        {"followers", "followers"},
        {"degree", "1 + how many were seen to react to an agent (followers are not known)"},
        {"activity", "what an agent did that day (nothing else is known)"},
    };
    printf("%s: %s lines of %s file%s, %s of them new, in %s\n", wanted->def.out, throng_phrase_count(it->lines).text,
           throng_phrase_count(it->files).text, it->files == 1 ? "" : "s", throng_phrase_count(it->new_lines).text,
           cli_duration(seconds).text);
    print_count("blank", it->blank, "");
    print_count("ignored", it->ignored, "of a kind that is not modelled");
    print_count("rejected", it->rejected, "not events; --rejects FILE says which and why");
    print_count("rows", it->rows, "of which");
    print_count("  actions", it->actions, "");
    print_count("  duplicates", it->duplicates, "the same agent, record and operation again");
    print_count("  taken back", it->taken_back, "actions that were deleted later, or whose account was");
    print_count("  other days", it->other_days, "outside --days");
    print_count("  deletes", it->deletes, "");
    print_count("  updates", it->updates, "");
    print_count("  notices", it->notices, "about accounts and their names");
    printf("tables: %s agents, %s actions, %s edges, %s states\n", throng_phrase_count(it->agents).text,
           throng_phrase_count(it->actions).text, throng_phrase_count(it->edges).text,
           throng_phrase_count(it->states).text);
    for (size_t i = 0; i < sizeof weights / sizeof *weights; i++)
        if (strcmp(it->weight, weights[i][0]) == 0)
            printf("weight: %s\n", weights[i][1]);
    if (it->unread_texts > 0 && wanted->def.stance && strcmp(wanted->def.stance, "valence") == 0)
        printf("stance: %s texts are not in English, or do not say so, and have no state\n",
               throng_phrase_count(it->unread_texts).text);
    if (rater->llm) {
        printf(
            "stance: %s rated %s texts; %s answers were not one number from -1 to 1, and those texts have no state\n",
            throng_llm_model(rater->llm), throng_phrase_count(rater->n).text,
            throng_phrase_count(rater->n_unread).text);
        cli_llm_print_usage(rater->llm);
    }
    return cli_finish_output();
}

/* ---- what is asked for ----------------------------------------------------------------------------------------- */

/* "1GB", "512MB", "2e9". */
static int read_memory(request *wanted) {
    static const struct {
        const char *unit;
        double bytes;
    } units[] = {{"", 1}, {"B", 1}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12}};
    char *end = NULL;
    if (!wanted->memory)
        return CLI_OK;
    double number = strtod(wanted->memory, &end);
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (end != wanted->memory && strcmp(end, units[i].unit) == 0 && number * units[i].bytes >= 64e6 &&
            number * units[i].bytes <= 1e15) {
            wanted->def.memory = (int64_t)(number * units[i].bytes);
            return CLI_OK;
        }
    return cli_fail(CLI_USAGE, "--memory must be a size such as 1GB, at least 64MB, got \"%s\".", wanted->memory);
}

static int print_sql(const request *wanted) {
    const char *sql = wanted->def.platform ? throng_ingest_sql(wanted->def.platform) : NULL;
    if (!sql)
        return cli_fail(CLI_USAGE, "--print-sql needs the name of a platform, such as bluesky.");
    fputs(sql, stdout);
    return cli_finish_output();
}

/* With --sql every positional argument is a file; else the first is the platform. */
static int prepare(const cli_options *options, request *wanted) {
    int first = wanted->def.sql ? 0 : 1;
    if (options->n_positional < first)
        return cli_fail(CLI_USAGE, "which platform? throng ingest bluesky EVENTS... --out crowd.duckdb.");
    wanted->def.platform = first ? options->positional[0] : NULL;
    wanted->def.inputs = options->positional + first;
    wanted->def.n_inputs = options->n_positional - first;
    wanted->def.out = wanted->common.out;
    if (wanted->print_sql)
        return CLI_OK;
    if (!wanted->def.out)
        return cli_fail(CLI_USAGE, "--out is missing: name the file to write, such as crowd.duckdb.");
    if (wanted->def.n_inputs == 0)
        return cli_fail(CLI_USAGE, "which events? Name files, or - for standard input.");
    return read_memory(wanted);
}

static bool wants_llm(const request *wanted) {
    const char *stance = wanted->def.stance;
    return stance && strncmp(stance, "llm", 3) == 0 && (!stance[3] || stance[3] == ':');
}

/* Opens the model that rates texts, if the stance is llm; without it nobody is to be asked. */
static int open_rater(throng_context *context, request *wanted, text_rater *out) {
    *out = (text_rater){.context = context};
    if (!wants_llm(wanted))
        return wanted->asked.endpoint || wanted->asked.script || wanted->asked.replay
                   ? cli_fail(CLI_USAGE,
                              "a model is asked for nothing: add --stance llm:TOPIC, or --stance llm for the "
                              "tone of texts.")
                   : CLI_OK;
    out->about = wanted->def.stance[3] && wanted->def.stance[4] ? wanted->def.stance + 4 : NULL;
    snprintf(out->cache, sizeof out->cache, "%s.answers", wanted->def.out);
    if (wanted->asked.endpoint && !wanted->asked.cache)
        wanted->asked.cache = out->cache;
    int code = cli_llm_open(&wanted->asked, context, &out->llm);
    if (code != CLI_OK)
        return code;
    wanted->def.judge = rate;
    wanted->def.judge_user = out;
    wanted->def.judge_name = throng_llm_model(out->llm);
    return CLI_OK;
}

static int ingest(throng_context *context, const request *wanted, const text_rater *rater) {
    throng_error err = {0};
    throng_ingest_counts counts;
    cli_progress progress;
    double began = cli_now();
    cli_progress_attach(&progress, context, wanted->common.quiet);
    throng_status status = throng_ingest(context, &wanted->def, &counts, &err);
    cli_progress_clear(&progress);
    if (status == THRONG_E_CANCELLED && cli_interrupted() && access(wanted->def.out, F_OK) != 0)
        return cli_fail(128 + cli_interrupted(), "stopped before anything was kept: the same command begins again.");
    if (status == THRONG_E_CANCELLED && cli_interrupted())
        return cli_fail(128 + cli_interrupted(), "stopped; what was read is kept in %s, and the same command goes on.",
                        wanted->def.out);
    if (status == THRONG_E_BUDGET)
        return cli_fail(CLI_FAILURE, "%s The same command goes on from the answers in %s.", err.message,
                        wanted->asked.cache ? wanted->asked.cache : "--cache, if there is one");
    if (status != THRONG_OK)
        return cli_fail_error(&err);
    if (wanted->json)
        return print_json(&counts, rater);
    return wanted->common.quiet ? CLI_OK : print_text(wanted, &counts, rater, cli_now() - began);
}

static int work(const cli_options *options, throng_context *context, void *job) {
    request *wanted = job;
    text_rater rater = {0};
    int code = prepare(options, wanted);
    if (code == CLI_OK && wanted->print_sql)
        return print_sql(wanted);
    if (code == CLI_OK)
        code = open_rater(context, wanted, &rater);
    if (code == CLI_OK)
        code = ingest(context, wanted, &rater);
    throng_llm_free(rater.llm);
    return code;
}

static int run(const cli_command *self, int argc, char **argv) {
    request wanted = {0};
    cli_options options;
    cli_options_init(&options, self);
    cli_options_text(&options, "--out", "FILE", &wanted.common.out, "DuckDB file to write or to add to (required)");
    cli_options_text(&options, "--stance", "WHAT", &wanted.def.stance,
                     "state of an agent: column (default), valence (English words), terms:FILE, llm:TOPIC");
    cli_options_text(&options, "--days", "DAYS", &wanted.def.days,
                     "what counts, in UTC: FIRST..LAST (such as 2024-11-21..2024-12-04), or the last N days");
    cli_options_text(&options, "--follows", "FILE", &wanted.def.follows, "table of follows or of follower counts");
    cli_options_text(&options, "--rejects", "FILE", &wanted.def.rejects, "CSV for file, line and reason of rejects");
    cli_options_text(&options, "--sql", "FILE", &wanted.def.sql, "another platform: its SQL, see docs/ingest.md");
    cli_options_switch(&options, "--print-sql", &wanted.print_sql, "print the platform's SQL instead");
    cli_options_switch(&options, "--keep-ids", &wanted.def.keep_ids, "ids as they are, not keyed hashes");
    cli_options_switch(&options, "--keep-text", &wanted.def.keep_text, "texts too, not only their length");
    cli_options_text(&options, "--key", "FILE", &wanted.def.key, "key of the hashes (default: made beside --out)");
    cli_options_text(&options, "--memory", "SIZE", &wanted.memory, "what DuckDB may take, such as 1GB");
    cli_options_count(&options, "--line-limit", "BYTES", &wanted.def.line_limit, 1, 1073741824.0,
                      "longer lines are rejected (default: 16777216)");
    cli_options_switch(&options, "--json", &wanted.json, "print the counts as JSON");
    cli_llm_options(&options, &wanted.asked);
    cli_options_common(&options, &wanted.common, false);
    return cli_options_run(&options, argc, argv, work, &wanted);
}

const cli_command cli_command_ingest = {
    .name = "ingest",
    .synopsis = "PLATFORM EVENTS... --out FILE [options]",
    .summary = "Turns the event files of a platform into the tables of a crowd.",
    .details =
        "EVENTS are files, plain, .gz or .zst, or - for standard input. Every line is counted: as a row, or as blank,\n"
        "ignored, rejected or a duplicate. An ingest that was stopped goes on when it is run again, and one that is\n"
        "run twice changes nothing. Ids become keyed hashes and texts are not stored, unless you ask.\n"
        "\n"
        "Stance llm:TOPIC asks a language model how the author of each text stands on TOPIC, and llm alone for its\n"
        "tone: each text goes to the endpoint that you name, and nowhere else. Answers are kept in --cache (default:\n"
        "beside --out, FILE.answers), so that none is paid for twice: if --max-calls is used up, the same command\n"
        "goes on with as many more.\n"
        "\n"
        "  throng ingest bluesky events.ndjson.gz --stance valence --out crowd.duckdb\n"
        "  throng attribute crowd.duckdb:states --state state --id agent --time day --weight weight",
    .run = run,
};
