/* throng play at games that are played move by move: many deals, everybody on every seat. */
#include "cli/play_hands.h"

#include "cli/progress.h"
#include "cli/terminal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_WIDTH 30

/* Everything that is made on the way; freed in one place. */
typedef struct job {
    const cli_hands *wanted;
    throng_context *context;
    throng_problem problem;
    const throng_tree *tree;
    int n;
    throng_llm *llm;
    throng_llm_template *template;
    throng_llm_choose_counts counts;
    throng_hands_policy policies[THRONG_GAME_PLAYERS_MAX];
    double *strategies, *scores; /* [players][sequences]; [deals][players] */
    bool exact;                  /* expected[] is known */
    double expected[THRONG_GAME_PLAYERS_MAX];
} job;

bool cli_hands_is_game(const throng_context *context, const char *name) {
    const throng_about *about = NULL;
    char plain[80];
    size_t length = strlen(name);
    if (length > 4 && strcmp(name + length - 4, ".efg") == 0)
        return true;
    snprintf(plain, sizeof plain, "%.*s", (int)strcspn(name, ":"), name);
    return throng_context_find(context, THRONG_KIND_GAME, plain, &about, NULL) == THRONG_OK;
}

/* ---- policies -------------------------------------------------------------------------------------------------- */

static const char *policy_of(const job *self, int k) {
    return self->wanted->policies[self->wanted->n_policies == 1 ? 0 : k];
}

static bool asks_a_model(const char *policy) {
    return strcmp(policy, "llm") == 0;
}

static int ask_model(job *self, double *strategy) {
    const cli_hands *wanted = self->wanted;
    throng_error err = {0};
    double temperature = 0.0;
    if (!cli_llm_read_real("--temperature", wanted->llm->temperature, &temperature))
        return CLI_USAGE;
    if (wanted->template &&
        throng_llm_template_load(self->context, wanted->template, &self->template, &err) != THRONG_OK)
        return cli_fail_error(&err);
    int code = cli_llm_open(wanted->llm, self->context, &self->llm);
    if (code != CLI_OK)
        return code;
    self->counts.least_covered = 1.0;
    throng_strategy_ask_def def = {.llm = self->llm,
                                   .wording = self->template,
                                   .temperature = temperature,
                                   .no_logprobs = wanted->llm->no_logprobs,
                                   .samples = (int)wanted->llm->samples,
                                   .orders = (int)wanted->llm->orders,
                                   .seed = (uint64_t)wanted->llm->seed};
    return throng_strategy_ask(self->context, &self->problem, &def, -1, strategy, &self->counts, &err) == THRONG_OK
               ? CLI_OK
               : cli_fail_error(&err);
}

/* The same model asked again would say the same. */
static int fill_model(job *self, int k) {
    size_t n = (size_t)throng_tree_sequences(self->tree);
    for (int other = 0; other < k; other++)
        if (asks_a_model(policy_of(self, other))) {
            memcpy(self->policies[k].strategy, self->policies[other].strategy, n * sizeof(double));
            return CLI_OK;
        }
    return ask_model(self, self->policies[k].strategy);
}

/* The best on each seat against the others, who have theirs by then. */
static int fill_best(job *self, int k) {
    throng_error err = {0};
    size_t n = (size_t)throng_tree_sequences(self->tree);
    double *mixed = calloc(n, sizeof *mixed);
    int code = mixed ? CLI_OK : cli_fail(CLI_FAILURE, "out of memory.");
    for (int seat = 0; code == CLI_OK && seat < self->n; seat++) {
        throng_tree_uniform(self->tree, mixed);
        for (int i = 0; i < throng_tree_sets(self->tree); i++) {
            throng_tree_set set = throng_tree_set_at(self->tree, i);
            int policy = ((set.player - seat + k) % self->n + self->n) % self->n;
            memcpy(mixed + set.first, self->policies[policy].strategy + set.first,
                   (size_t)set.n_actions * sizeof *mixed);
        }
        if (throng_strategy_fill(self->context, &self->problem, "best-response", seat, 0, mixed, &err) != THRONG_OK)
            code = cli_fail_error(&err);
        for (int i = 0; code == CLI_OK && i < throng_tree_sets(self->tree); i++) {
            throng_tree_set set = throng_tree_set_at(self->tree, i);
            if (set.player == seat)
                memcpy(self->policies[k].strategy + set.first, mixed + set.first,
                       (size_t)set.n_actions * sizeof *mixed);
        }
    }
    free(mixed);
    return code;
}

static int fill(job *self, int k) {
    throng_error err = {0};
    const char *policy = policy_of(self, k);
    if (asks_a_model(policy))
        return fill_model(self, k);
    self->policies[k].learns = strcmp(policy, "best-reply") == 0;
    if (self->policies[k].learns || strcmp(policy, "random") == 0)
        policy = "uniform"; /* where the one begins; another name, as in games of one move */
    return throng_strategy_fill(self->context, &self->problem, policy, -1, (uint64_t)self->wanted->llm->seed,
                                self->policies[k].strategy, &err) == THRONG_OK
               ? CLI_OK
               : cli_fail_error(&err);
}

static int make_policies(job *self) {
    const cli_hands *wanted = self->wanted;
    size_t n = (size_t)throng_tree_sequences(self->tree);
    int code = CLI_OK, best = -1;
    bool model = false;
    if (wanted->n_policies != 1 && wanted->n_policies != self->n)
        return cli_fail(CLI_USAGE, "\"%s\" has %d players: give --policy as many times, or once for all, got %d.",
                        throng_tree_name(self->tree), self->n, wanted->n_policies);
    self->strategies = calloc((size_t)self->n * n, sizeof *self->strategies);
    if (!self->strategies)
        return cli_fail(CLI_FAILURE, "out of memory.");
    for (int k = 0; code == CLI_OK && k < self->n; k++) {
        self->policies[k].strategy = self->strategies + (size_t)k * n;
        throng_tree_uniform(self->tree, self->policies[k].strategy);
        model = model || asks_a_model(policy_of(self, k));
        if (strcmp(policy_of(self, k), "best-response") != 0)
            code = fill(self, k);
        else if (best >= 0)
            code = cli_fail(CLI_USAGE, "only one --policy can be best-response: it is the best against the others.");
        else
            best = k;
    }
    if (code == CLI_OK && !model && (wanted->llm->endpoint || wanted->llm->script || wanted->llm->replay))
        code = cli_fail(CLI_USAGE, "no --policy is llm, so nobody would ask the model that is named.");
    return code == CLI_OK && best >= 0 ? fill_best(self, best) : code;
}

/* ---- playing --------------------------------------------------------------------------------------------------- */

static int play(job *self) {
    const cli_hands *wanted = self->wanted;
    throng_error err = {0};
    bool learns = false;
    throng_hands_def def = {.policies = self->policies,
                            .deals = wanted->deals,
                            .seed = (uint64_t)wanted->llm->seed,
                            .fixed_seats = wanted->fixed_seats};
    for (int k = 0; k < self->n; k++)
        learns = learns || self->policies[k].learns;
    self->scores = calloc((size_t)(wanted->deals * self->n), sizeof *self->scores);
    if (!self->scores)
        return cli_fail(CLI_FAILURE, "out of memory.");
    if (throng_hands_play(self->context, self->tree, &def, self->scores, &err) != THRONG_OK)
        return cli_fail_error(&err);
    /* where somebody forgets nothing is worked out */
    self->exact = !learns && !throng_tree_forgotten(self->tree);
    if (self->exact && throng_hands_expected(self->context, self->tree, &def, self->expected, &err) != THRONG_OK)
        return cli_fail_error(&err);
    return CLI_OK;
}

/* ---- results --------------------------------------------------------------------------------------------------- */

static void print_result(const job *self) {
    printf("%s, %s deals%s\n", throng_tree_name(self->tree), cli_count(self->wanted->deals).text,
           self->wanted->fixed_seats ? "" : ", everybody on every seat");
    printf("  ");
    cli_print_left("", NAME_WIDTH);
    printf("      a deal  95 %%           %s\n", self->exact ? "worked out" : "");
    for (int k = 0; k < self->n; k++) {
        double half, score = throng_hands_score(self->scores, self->wanted->deals, self->n, k, &half);
        char text[80];
        printf("  ");
        cli_print_left(cli_clip(policy_of(self, k), NAME_WIDTH - 2).text, NAME_WIDTH);
        cli_print_right(cli_value(fabs(score) < 1e-12 ? 0.0 : score).text, 12);
        snprintf(text, sizeof text, "  ± %s", cli_value(half).text);
        cli_print_left(isfinite(half) ? text : "", 16);
        if (self->exact)
            cli_print_right(cli_value(fabs(self->expected[k]) < 1e-12 ? 0.0 : self->expected[k]).text, 12);
        printf("\n");
    }
}

static json_t *pack_result(const job *self) {
    json_t *policies = json_array();
    for (int k = 0; k < self->n; k++) {
        double half, score = throng_hands_score(self->scores, self->wanted->deals, self->n, k, &half);
        json_array_append_new(policies,
                              json_pack("{s:s, s:f, s:o, s:o}", "policy", policy_of(self, k), "score", score,
                                        "half_width", isfinite(half) ? json_real(half) : json_null(), "expected",
                                        self->exact ? json_real(self->expected[k]) : json_null()));
    }
    json_t *document =
        json_pack("{s:s, s:I, s:b, s:o}", "game", throng_tree_name(self->tree), "deals",
                  (json_int_t)self->wanted->deals, "fixed_seats", self->wanted->fixed_seats, "policies", policies);
    if (document && self->llm) {
        json_object_set_new(document, "model", json_string(throng_llm_model(self->llm)));
        json_object_set_new(document, "counts", cli_llm_pack_counts(&self->counts));
        json_object_set_new(document, "usage", cli_llm_pack_usage(self->llm));
    }
    return document;
}

static int report(const job *self) {
    if (self->wanted->json) {
        json_t *document = pack_result(self);
        if (!document)
            return cli_fail(CLI_FAILURE, "the result cannot be written as JSON: a name is not UTF-8.");
        json_dumpf(document, stdout, JSON_INDENT(2));
        printf("\n");
        json_decref(document);
    } else if (!self->wanted->quiet) {
        print_result(self);
        if (self->llm) {
            cli_llm_print_counts(&self->counts);
            cli_llm_print_usage(self->llm);
        }
    }
    int code = cli_finish_output();
    return self->counts.is_void ? cli_llm_fail_void(&self->counts) : code;
}

static int start(job *self) {
    throng_error err = {0};
    cli_progress progress;
    if (throng_problem_open(self->context, self->wanted->game, &self->problem, &err) != THRONG_OK)
        return cli_fail_error(&err);
    if (self->problem.kind->form != THRONG_GAME_FORM_TREE)
        return cli_fail(CLI_USAGE,
                        "%s is not played move by move, nor is it a normal form: there are no matches of it.",
                        self->wanted->game);
    self->tree = self->problem.game;
    self->n = throng_tree_players(self->tree);
    cli_progress_attach(&progress, self->context, self->wanted->quiet);
    int code = make_policies(self);
    if (code == CLI_OK)
        code = play(self);
    cli_progress_clear(&progress);
    return code == CLI_OK ? report(self) : code;
}

int cli_hands_play(const cli_hands *wanted, throng_context *context) {
    job it = {.wanted = wanted, .context = context};
    int code = start(&it);
    throng_problem_clear(&it.problem);
    throng_llm_template_free(it.template);
    throng_llm_free(it.llm);
    free(it.strategies);
    free(it.scores);
    return code;
}
