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
    const throng_tree *tree; /* the same, once it is known to be one */
    int n;
    throng_llm *llm;
    throng_llm_template *template;
    throng_llm_choose_counts counts;
    throng_hands_policy policies[THRONG_GAME_PLAYERS_MAX];
    double *strategies, *scores; /* [players][sequences]; [deals][players] */
    bool exact;                  /* expected[] is known */
    double expected[THRONG_GAME_PLAYERS_MAX];
} job;

/* ---- policies -------------------------------------------------------------------------------------------------- */

static const char *policy_of(const job *self, int k) {
    return self->wanted->policies[self->wanted->n_policies == 1 ? 0 : k];
}

/* The model that is asked, if one is. */
static int open_model(job *self, throng_strategy_ask_def *ask) {
    const cli_hands *wanted = self->wanted;
    throng_error err = {0};
    double temperature = 0.0;
    if (!cli_llm_read_real("--temperature", wanted->llm->temperature, &temperature))
        return CLI_USAGE;
    if (wanted->template &&
        throng_llm_template_load(self->context, wanted->template, &self->template, &err) != THRONG_OK)
        return cli_fail_error(&err);
    int code = cli_llm_open(wanted->llm, self->context, &self->llm);
    *ask = (throng_strategy_ask_def){.llm = self->llm,
                                     .wording = self->template,
                                     .temperature = temperature,
                                     .no_logprobs = wanted->llm->no_logprobs,
                                     .samples = (int)wanted->llm->samples,
                                     .orders = (int)wanted->llm->orders,
                                     .seed = (uint64_t)wanted->llm->seed};
    return code;
}

static int make_policies(job *self) {
    const cli_hands *wanted = self->wanted;
    throng_error err = {0};
    throng_strategy_ask_def ask = {0};
    size_t n = (size_t)self->problem.kind->numbers(self->problem.game);
    int code = CLI_OK;
    bool model = false;
    for (int k = 0; k < wanted->n_policies; k++)
        model = model || strcmp(wanted->policies[k], "llm") == 0;
    if (!model && (wanted->llm->endpoint || wanted->llm->script || wanted->llm->replay))
        return cli_fail(CLI_USAGE, "no --policy is llm, so nobody would ask the model that is named.");
    self->strategies = calloc((size_t)self->n * n, sizeof *self->strategies);
    if (!self->strategies)
        return cli_fail(CLI_FAILURE, "out of memory.");
    for (int k = 0; k < self->n; k++)
        self->policies[k].strategy = self->strategies + (size_t)k * n;
    self->counts.least_covered = 1.0;
    if (model)
        code = open_model(self, &ask);
    if (code == CLI_OK && throng_strategy_hands(self->context, &self->problem, wanted->policies, wanted->n_policies,
                                                (uint64_t)wanted->llm->seed, model ? &ask : NULL, self->policies,
                                                &self->counts, &err) != THRONG_OK)
        code = cli_fail_error(&err);
    self->tree = code == CLI_OK ? self->problem.game : NULL;
    return code;
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
    printf("%s, %s deals%s\n", throng_tree_name(self->tree), throng_phrase_count(self->wanted->deals).text,
           self->wanted->fixed_seats ? "" : ", everybody on every seat");
    printf("  ");
    cli_print_left("", NAME_WIDTH);
    printf("      a deal  95 %%           %s\n", self->exact ? "worked out" : "");
    for (int k = 0; k < self->n; k++) {
        double half, score = throng_hands_score(self->scores, self->wanted->deals, self->n, k, &half);
        char text[80];
        printf("  ");
        cli_print_left(throng_phrase_clip(policy_of(self, k), NAME_WIDTH - 2).text, NAME_WIDTH);
        cli_print_right(throng_phrase_value(fabs(score) < 1e-12 ? 0.0 : score).text, 12);
        snprintf(text, sizeof text, "  ± %s", throng_phrase_value(half).text);
        cli_print_left(isfinite(half) ? text : "", 16);
        if (self->exact)
            cli_print_right(throng_phrase_value(fabs(self->expected[k]) < 1e-12 ? 0.0 : self->expected[k]).text, 12);
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
    int code = CLI_OK;
    if (self->wanted->json) {
        code = cli_json_print(pack_result(self));
    } else if (!self->wanted->quiet) {
        print_result(self);
        if (self->llm) {
            cli_llm_print_counts(&self->counts);
            cli_llm_print_usage(self->llm);
        }
    }
    if (code == CLI_OK)
        code = cli_finish_output();
    return self->counts.is_void ? cli_llm_fail_void(&self->counts) : code;
}

static int start(job *self) {
    throng_error err = {0};
    cli_progress progress;
    cli_progress_attach(&progress, self->context, self->wanted->quiet);
    throng_status status = throng_problem_open(self->context, self->wanted->game, &self->problem, &err);
    cli_progress_clear(&progress);
    if (status != THRONG_OK)
        return cli_fail_error(&err);
    self->n = self->problem.kind->players(self->problem.game);
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
