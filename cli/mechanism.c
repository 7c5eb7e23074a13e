/* throng mechanism: what a rule makes of reports, whether it keeps what it promises, and what is reported to it. */
#include "cli/llm.h"
#include "cli/progress.h"
#include "cli/terminal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN 12 /* agents of an example */

typedef struct request {
    const char *reports, *column, *where, *like, *plugin;
    int64_t check, agents, seed, rounds;
    bool replies, quiet, json;
} request;

/* Best replies from several profiles of types. */
typedef struct replies {
    int64_t profiles, rested, rounds; /* rounds: the most that any took */
    double distance;                  /* largest from what the other rule makes of the truth */
} replies;

/* Everything that is made on the way; freed in one place. */
typedef struct job {
    const request *wanted;
    throng_context *context;
    throng_rule *rule, *like;
    throng_table *table;
    double *types, *reports, *payments; /* [n] */
    int64_t n;                          /* 0: no reports were given */
    throng_outcome outcome;
    throng_place_welfare welfare;
    throng_mechanism_check *check;
    replies replies;
} job;

static bool decides_place(const job *self) {
    return throng_rule_mechanism(self->rule)->domain == THRONG_MECHANISM_PLACE;
}

/* ---- reports --------------------------------------------------------------------------------------------------- */

static int make_room(job *self, int64_t n) {
    self->types = malloc((size_t)n * sizeof *self->types);
    self->reports = malloc((size_t)n * sizeof *self->reports);
    self->payments = malloc((size_t)n * sizeof *self->payments);
    return self->types && self->reports && self->payments ? CLI_OK : cli_fail(CLI_FAILURE, "out of memory.");
}

static int read_numbers(job *self, const char *const *words, int n) {
    int code = make_room(self, n);
    self->n = n;
    for (int i = 0; code == CLI_OK && i < n; i++) {
        char *end = NULL;
        self->types[i] = strtod(words[i], &end);
        if (end == words[i] || *end)
            code = cli_fail(CLI_USAGE, "reports are numbers from 0 to 1, got \"%.40s\": a table goes behind --reports.",
                            words[i]);
    }
    return code;
}

static int read_table(job *self) {
    throng_error err = {0};
    const request *wanted = self->wanted;
    throng_column_request column = {wanted->column, THRONG_ROLE_NUMBER};
    if (throng_table_read(self->context, &wanted->reports, 1, &column, 1, wanted->where, &self->table, &err) !=
        THRONG_OK)
        return cli_fail_error(&err);
    throng_column_view view = throng_table_column(self->table, 0);
    int code = make_room(self, view.n_rows + 1);
    self->n = view.n_rows;
    if (code == CLI_OK && self->n == 0)
        code = cli_fail(CLI_FAILURE, "%s has no rows: nobody reports anything.", wanted->reports);
    for (int64_t i = 0; code == CLI_OK && i < self->n; i++)
        self->types[i] =
            view.type == THRONG_TYPE_FLOAT32 ? (double)((const float *)view.data)[i] : ((const double *)view.data)[i];
    return code;
}

/* ---- the work -------------------------------------------------------------------------------------------------- */

static int decide(job *self) {
    throng_error err = {0};
    if (throng_rule_decide(self->rule, self->types, self->n, &self->outcome, self->payments, &err) != THRONG_OK)
        return cli_fail_error(&err);
    return CLI_OK;
}

static int weigh(job *self) {
    throng_error err = {0};
    if (decides_place(self) && throng_place_welfare_of(self->context, self->types, self->n, self->outcome.place,
                                                       &self->welfare, &err) != THRONG_OK)
        return cli_fail_error(&err);
    return CLI_OK;
}

/* Best replies from the types that are there; their outcome stays in self->outcome. */
static int reply(job *self) {
    throng_error err = {0};
    throng_outcome truth;
    int64_t rounds = self->wanted->rounds, made = 0;
    if (throng_rule_decide(self->like ? self->like : self->rule, self->types, self->n, &truth, self->payments, &err) !=
            THRONG_OK ||
        throng_rule_best_replies(self->rule, self->types, self->n, rounds, self->reports, &self->outcome,
                                 self->payments, &made, &err) != THRONG_OK)
        return cli_fail_error(&err);
    self->replies.profiles++;
    self->replies.rested += made <= rounds;
    self->replies.rounds = made > self->replies.rounds ? made : self->replies.rounds;
    self->replies.distance = fmax(self->replies.distance, fabs(self->outcome.place - truth.place));
    return CLI_OK;
}

static int search(job *self) {
    const request *wanted = self->wanted;
    throng_error err = {0};
    self->check = malloc(sizeof *self->check);
    int code = self->check ? CLI_OK : cli_fail(CLI_FAILURE, "out of memory.");
    if (code == CLI_OK && throng_rule_check(self->rule, wanted->check, (int)wanted->agents, (uint64_t)wanted->seed,
                                            self->check, &err) != THRONG_OK)
        code = cli_fail_error(&err);
    if (code == CLI_OK && wanted->replies && self->n == 0)
        code = make_room(self, THRONG_MECHANISM_CHECK_AGENTS);
    for (int64_t k = 0; code == CLI_OK && wanted->replies && k < wanted->check; k++) {
        self->n = throng_mechanism_profile(k, (int)wanted->agents, (uint64_t)wanted->seed, self->types);
        code = reply(self);
    }
    return code;
}

/* ---- results --------------------------------------------------------------------------------------------------- */

static void print_outcome(const job *self) {
    printf("%s, %s agent%s: ", throng_rule_name(self->rule), throng_phrase_count(self->n).text,
           self->n == 1 ? "" : "s");
    if (!decides_place(self)) {
        int64_t winner = self->outcome.winner;
        printf("agent %s gets it", throng_phrase_count(winner + 1).text);
        printf(" and pays %s\n", throng_phrase_value(self->payments[winner]).text);
        return;
    }
    printf("%s\n", throng_phrase_value(self->outcome.place).text);
    printf("  welfare %s, ", throng_phrase_value(self->welfare.welfare).text);
    printf("%s at best; ", throng_phrase_value(self->welfare.best_welfare).text);
    printf("distances add up to %s, ", throng_phrase_value(self->welfare.cost).text);
    printf("%s at least\n", throng_phrase_value(self->welfare.best_cost).text);
}

/* "3 agents at 0 (2 times), 1" */
static void print_example(const double *types, int n) {
    int shown = 0, last = 0;
    printf("%d agent%s at", n, n == 1 ? "" : "s");
    for (int i = 0; i < n && shown < SHOWN; i = last, shown++) {
        for (last = i + 1; last < n && types[last] == types[i];)
            last++;
        printf("%s %s", i > 0 ? "," : "", throng_phrase_value(types[i]).text);
        if (last - i > 1)
            printf(" (%d times)", last - i);
    }
    printf("%s", last < n ? ", ..." : "");
}

static void print_axiom(const job *self, throng_axiom axiom) {
    const throng_axiom_finding *finding = &self->check->axioms[axiom];
    bool promised = throng_rule_mechanism(self->rule)->axioms & (1U << axiom);
    printf("  ");
    cli_print_left(throng_axiom_name(axiom), 23);
    cli_print_left(promised ? "promised" : "", 10);
    cli_print_left(finding->broken > 0 ? "BROKEN" : finding->tried > 0 ? "holds" : "not tried", 11);
    if (finding->broken > 0)
        printf("%s of ", throng_phrase_count(finding->broken).text);
    printf("%s", throng_phrase_count(finding->tried).text);
    if (finding->broken > 0)
        printf(", by %s at most", throng_phrase_value(finding->worst).text);
    printf("\n");
    if (finding->broken == 0)
        return;
    printf("    such as ");
    print_example(finding->example, finding->n);
    if (axiom == THRONG_AXIOM_STRATEGYPROOF) {
        printf(": number %d", finding->agent + 1);
        printf(" gains by saying %s", throng_phrase_value(finding->instead).text);
    }
    printf("\n");
}

static void print_ratio(const char *what, const throng_ratio_finding *finding) {
    printf("  %s at most %s", what, throng_phrase_value(finding->worst).text);
    if (finding->worst > 1.0 + 1e-9) {
        printf(", such as ");
        print_example(finding->example, finding->n);
    }
    printf("\n");
}

static void print_check(const job *self) {
    printf("%s, %s profiles\n", throng_rule_name(self->rule), throng_phrase_count(self->wanted->check).text);
    for (int a = 0; a < THRONG_AXIOM_COUNT; a++)
        if (throng_axiom_applies((throng_axiom)a, throng_rule_mechanism(self->rule)->domain))
            print_axiom(self, (throng_axiom)a);
    if (!decides_place(self))
        return;
    print_ratio("best welfare to its own:", &self->check->welfare);
    print_ratio("distances to the least:", &self->check->cost);
}

static void print_replies(const job *self) {
    const replies *them = &self->replies;
    printf("%sbest replies from %s profile%s: %s came to rest, after at most %s rounds\n", self->check ? "  " : "",
           throng_phrase_count(them->profiles).text, them->profiles == 1 ? "" : "s",
           throng_phrase_count(them->rested).text, throng_phrase_count(them->rounds).text);
    printf("%sat most %s from what %s makes of the truth\n", self->check ? "    " : "  ",
           throng_phrase_value(them->distance).text, throng_rule_name(self->like ? self->like : self->rule));
}

static json_t *number(double x) {
    return isfinite(x) ? json_real(x) : json_null();
}

static json_t *pack_numbers(const double *values, int64_t n) {
    json_t *list = json_array();
    for (int64_t i = 0; i < n; i++)
        json_array_append_new(list, json_real(values[i]));
    return list;
}

static json_t *pack_axiom(const job *self, throng_axiom axiom) {
    const throng_axiom_finding *finding = &self->check->axioms[axiom];
    json_t *packed =
        json_pack("{s:s, s:b, s:b, s:I, s:I, s:o, s:o}", "axiom", throng_axiom_name(axiom), "promised",
                  (throng_rule_mechanism(self->rule)->axioms & (1U << axiom)) != 0, "holds", finding->broken == 0,
                  "tried", (json_int_t)finding->tried, "broken", (json_int_t)finding->broken, "worst",
                  number(finding->worst), "example", pack_numbers(finding->example, finding->n));
    if (axiom == THRONG_AXIOM_STRATEGYPROOF && finding->broken > 0) {
        json_object_set_new(packed, "agent", json_integer(finding->agent + 1));
        json_object_set_new(packed, "instead", json_real(finding->instead));
    }
    return packed;
}

static json_t *pack_ratio(const throng_ratio_finding *finding) {
    return json_pack("{s:o, s:o}", "worst", number(finding->worst), "example",
                     pack_numbers(finding->example, finding->n));
}

static json_t *pack_outcome(const job *self) {
    if (!decides_place(self)) {
        int64_t winner = self->outcome.winner;
        return json_pack("{s:I, s:I, s:f}", "agents", (json_int_t)self->n, "winner", (json_int_t)(winner + 1),
                         "payment", winner >= 0 ? self->payments[winner] : 0.0);
    }
    return json_pack("{s:I, s:f, s:f, s:f, s:f, s:f}", "agents", (json_int_t)self->n, "place", self->outcome.place,
                     "welfare", self->welfare.welfare, "best_welfare", self->welfare.best_welfare, "cost",
                     self->welfare.cost, "best_cost", self->welfare.best_cost);
}

static json_t *pack(const job *self, bool given) {
    json_t *document = json_pack("{s:s}", "mechanism", throng_rule_name(self->rule));
    if (given)
        json_object_set_new(document, "outcome", pack_outcome(self));
    if (self->check) {
        json_t *axioms = json_array();
        for (int a = 0; a < THRONG_AXIOM_COUNT; a++)
            if (throng_axiom_applies((throng_axiom)a, throng_rule_mechanism(self->rule)->domain))
                json_array_append_new(axioms, pack_axiom(self, (throng_axiom)a));
        json_object_set_new(document, "axioms", axioms);
        json_object_set_new(document, "welfare_ratio", pack_ratio(&self->check->welfare));
        json_object_set_new(document, "cost_ratio", pack_ratio(&self->check->cost));
    }
    if (self->replies.profiles > 0)
        json_object_set_new(document, "best_replies",
                            json_pack("{s:I, s:I, s:I, s:f, s:s}", "profiles", (json_int_t)self->replies.profiles,
                                      "rested", (json_int_t)self->replies.rested, "rounds",
                                      (json_int_t)self->replies.rounds, "distance", self->replies.distance, "like",
                                      throng_rule_name(self->like ? self->like : self->rule)));
    return document;
}

/* A mechanism that breaks what it promises has failed; what it never promised it may break. */
static int judge(const job *self) {
    for (int a = 0; self->check && a < THRONG_AXIOM_COUNT; a++)
        if ((throng_rule_mechanism(self->rule)->axioms & (1U << a)) && self->check->axioms[a].broken > 0)
            return cli_fail(CLI_FAILURE, "%s promises to be %s, and is not: %lld of %lld tries broke it.",
                            throng_rule_name(self->rule), throng_axiom_name((throng_axiom)a),
                            (long long)self->check->axioms[a].broken, (long long)self->check->axioms[a].tried);
    return CLI_OK;
}

static int report(const job *self, bool given) {
    int code = CLI_OK;
    if (self->wanted->json) {
        code = cli_json_print(pack(self, given));
    } else if (!self->wanted->quiet) {
        if (given)
            print_outcome(self);
        if (self->check)
            print_check(self);
        if (self->replies.profiles > 0)
            print_replies(self);
    }
    if (code == CLI_OK)
        code = cli_finish_output();
    return code == CLI_OK ? judge(self) : code;
}

/* ---- the command ----------------------------------------------------------------------------------------------- */

static int open_rules(job *self, const char *name) {
    throng_error err = {0};
    const char *like = self->wanted->like;
    if ((self->wanted->plugin && throng_context_load_plugin(self->context, self->wanted->plugin, &err) != THRONG_OK) ||
        throng_rule_open(self->context, name, &self->rule, &err) != THRONG_OK ||
        (like && throng_rule_open(self->context, like, &self->like, &err) != THRONG_OK))
        return cli_fail_error(&err);
    return CLI_OK;
}

static int start(job *self, const cli_options *options) {
    const request *wanted = self->wanted;
    bool numbers = options->n_positional > 1, given = numbers || wanted->reports;
    cli_progress progress;
    if (options->n_positional == 0)
        return cli_fail(CLI_USAGE, "which mechanism? Name one: see throng list mechanisms.");
    if (numbers && wanted->reports)
        return cli_fail(CLI_USAGE, "give reports as numbers or as --reports FILE, not both.");
    if (given == (wanted->check > 0))
        return cli_fail(CLI_USAGE, "give reports (numbers, or --reports FILE) to decide on, or --check N to look for "
                                   "what breaks its axioms.");
    if (wanted->like && !wanted->replies)
        return cli_fail(CLI_USAGE, "--like compares with --best-replies, which was not asked for.");
    int code = open_rules(self, options->positional[0]);
    if (code == CLI_OK && numbers)
        code = read_numbers(self, options->positional + 1, options->n_positional - 1);
    else if (code == CLI_OK && wanted->reports)
        code = read_table(self);
    cli_progress_attach(&progress, self->context, wanted->quiet);
    if (code == CLI_OK && given)
        code = wanted->replies ? reply(self) : decide(self);
    if (code == CLI_OK && given)
        code = weigh(self);
    if (code == CLI_OK && wanted->check > 0)
        code = search(self);
    cli_progress_clear(&progress);
    return code == CLI_OK ? report(self, given) : code;
}

static void clear(job *self) {
    throng_rule_free(self->rule);
    throng_rule_free(self->like);
    throng_table_free(self->table);
    free(self->types);
    free(self->reports);
    free(self->payments);
    free(self->check);
}

static int work(const cli_options *options, throng_context *context, void *wanted) {
    job it = {.wanted = wanted, .context = context};
    int code = start(&it, options);
    clear(&it);
    return code;
}

static int run(const cli_command *self, int argc, char **argv) {
    request wanted = {.column = "report", .rounds = 1000};
    cli_options options;
    cli_options_init(&options, self);
    cli_options_text(&options, "--reports", "FILE", &wanted.reports, "a table with a row an agent");
    cli_options_text(&options, "--column", "COL", &wanted.column, "its column with what they report (default: report)");
    cli_options_text(&options, "--where", "SQL", &wanted.where, "only rows that fulfil this");
    cli_options_count(&options, "--check", "N", &wanted.check, 1, 1e9,
                      "look for what breaks its axioms, and for its worst cases, at N profiles of reports");
    cli_options_count(&options, "--agents", "N", &wanted.agents, 1, THRONG_MECHANISM_CHECK_AGENTS,
                      "of each such profile (default: 2 to 200)");
    cli_options_count(&options, "--seed", "N", &wanted.seed, 0, 1e15, "of what is drawn (default: 0)");
    cli_options_switch(&options, "--best-replies", &wanted.replies,
                       "let everybody report what serves them best, in turn, instead of the truth");
    cli_options_text(&options, "--like", "NAME", &wanted.like,
                     "the mechanism whose decision on the truth that is compared with (default: the same)");
    cli_options_count(&options, "--rounds", "N", &wanted.rounds, 1, 1e9, "most rounds of replies (default: 1,000)");
    cli_options_text(&options, "--plugin", "FILE.so", &wanted.plugin, "load mechanisms from a shared object");
    cli_options_switch(&options, "--json", &wanted.json, "print the result as JSON");
    cli_options_switch(&options, "--quiet", &wanted.quiet, "print neither summary nor progress");
    return cli_options_run(&options, argc, argv, work, &wanted);
}

const cli_command cli_command_mechanism = {
    .name = "mechanism",
    .synopsis = "NAME [REPORT...] [options]",
    .summary = "Decides by a mechanism on what agents report, and looks for what breaks its promises.",
    .details = "Reports are numbers from 0 to 1: where agents want a place to be, or what a good is worth to them.\n"
               "--check exits with 1 if an axiom that the mechanism promises is broken.\n"
               "\n"
               "  throng mechanism uniform-phantom 0 0.1 0.9\n"
               "  throng mechanism median --check 20000\n"
               "  throng mechanism average 0.2 0.3 0.9 --best-replies --like uniform-phantom",
    .run = run,
};
