/* What a language model plays: asked once about each information set, as prose. */
#include "core/core.h"
#include "throng/strategy.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    RULES,
    PLAYER,
    SET,
    SLOTS
};

static const char *const slot_names[SLOTS] = {"rules", "player", "set"};

typedef struct asker {
    throng_context *context;
    const throng_problem *problem;
    const throng_strategy_ask_def *def;
    const char *rules;
    bool *done; /* [rows] */
} asker;

/* ---- the prompt ------------------------------------------------------------------------------------------------ */

static throng_status check_wording(throng_llm_template *wording, throng_error *err) {
    const char *place = NULL;
    char hint[120];
    for (int i = 0; wording && i < throng_llm_template_slots(wording); i++) {
        const char *name = throng_llm_template_slot(wording, i, &place);
        bool known = false;
        for (int k = 0; k < SLOTS; k++)
            known = known || strcmp(name, slot_names[k]) == 0;
        throng_suggest(name, slot_names, SLOTS, hint, sizeof hint);
        if (!known)
            return THRONG_FAIL(err, E_ARGUMENT, "%s: a game move by move has no slot {{%s}}.%s", place, name, hint);
    }
    return THRONG_OK;
}

static throng_status fill_wording(const asker *self, const char *const parts[SLOTS], char **system, char **prompt,
                                  throng_error *err) {
    throng_status status = THRONG_OK;
    throng_llm_template *wording = self->def->wording;
    const char *values[64], *own_system = NULL, *own_prompt = NULL;
    for (int i = 0; i < throng_llm_template_slots(wording); i++)
        for (int k = 0; k < SLOTS; k++)
            if (strcmp(throng_llm_template_slot(wording, i, NULL), slot_names[k]) == 0)
                values[i] = parts[k];
    THRONG_TRY(throng_llm_template_fill(wording, values, &own_system, &own_prompt, err));
    if (own_system)
        THRONG_TRY(throng_i_copy_text(self->context, own_system, system, err));
    THRONG_TRY(throng_i_copy_text(self->context, own_prompt, prompt, err));
out:
    return status;
}

static throng_status write_prompt(const asker *self, int64_t index, char **system, char **prompt, throng_error *err) {
    const throng_problem_kind *kind = self->problem->kind;
    throng_problem_row row = kind->row(self->problem->game, index);
    const char *player = kind->player_name(self->problem->game, row.player);
    const char *const parts[SLOTS] = {self->rules, player, row.name};
    if (self->def->wording)
        return fill_wording(self, parts, system, prompt, err);
    return throng_i_print(self->context, prompt, err,
                          "%s\nYou are %s. What you know, your card and what was done so far, is written \"%s\". What "
                          "do you do?",
                          self->rules, player, row.name);
}

/* ---- asking ---------------------------------------------------------------------------------------------------- */

static bool same_actions(const asker *self, int64_t one, int64_t other) {
    const throng_problem_kind *kind = self->problem->kind;
    const void *game = self->problem->game;
    int n = kind->row(game, one).n_actions;
    if (n != kind->row(game, other).n_actions)
        return false;
    for (int a = 0; a < n; a++)
        if (strcmp(kind->action_name(game, one, a), kind->action_name(game, other, a)) != 0)
            return false;
    return true;
}

static void add_counts(const throng_strategy_ask_def *def, const throng_llm_choose_counts *more,
                       throng_llm_choose_counts *to) {
    to->by_logprobs += more->by_logprobs;
    to->by_samples += more->by_samples;
    for (int i = 0; i < THRONG_LLM_RUNG_COUNT; i++)
        to->rungs[i] += more->rungs[i];
    to->refusals += more->refusals;
    to->defaulted += more->defaulted;
    to->least_covered = fmin(to->least_covered, more->least_covered);
    if (to->by_samples > 0)
        to->unreadable = (double)to->defaulted / ((double)to->by_samples * (def->samples ? def->samples : 20));
    to->is_void = to->unreadable > 0.05;
}

/* At temperature 0 the most probable action is played, the first of those that tie. */
static void take(const double *p, int n, double temperature, double *out) {
    int best = 0;
    for (int a = 0; a < n; a++)
        best = p[a] > p[best] + 1e-12 ? a : best;
    for (int a = 0; a < n; a++)
        out[a] = temperature > 0.0 ? p[a] : a == best ? 1.0 : 0.0;
}

/* Asks about n rows whose actions have the same names. @param rows [n] */
static throng_status ask_about(const asker *self, const int64_t *rows, int64_t n, double *strategy,
                               throng_llm_choose_counts *counts, throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_problem_kind *kind = self->problem->kind;
    throng_problem_row first = kind->row(self->problem->game, rows[0]);
    const char *options[THRONG_LLM_OPTIONS_MAX];
    throng_llm_question *questions = NULL;
    char **texts = NULL;
    double *p = NULL;
    throng_llm_choose_counts more;
    THRONG_REQUIRE(first.n_actions <= THRONG_LLM_OPTIONS_MAX, E_ARGUMENT,
                   "A model can be asked about %d actions at most, and there are %d at \"%.40s\".",
                   THRONG_LLM_OPTIONS_MAX, first.n_actions, first.name);
    for (int a = 0; a < first.n_actions; a++)
        options[a] = kind->action_name(self->problem->game, rows[0], a);
    THRONG_TRY(throng_i_alloc(self->context, n, sizeof *questions, &questions, err));
    THRONG_TRY(throng_i_alloc(self->context, 2 * n, sizeof *texts, &texts, err));
    THRONG_TRY(throng_i_alloc(self->context, n * first.n_actions, sizeof *p, &p, err));
    for (int64_t i = 0; i < n; i++) {
        THRONG_TRY(write_prompt(self, rows[i], &texts[2 * i], &texts[2 * i + 1], err));
        questions[i] = (throng_llm_question){.system = texts[2 * i], .prompt = texts[2 * i + 1]};
    }
    throng_llm_choose_def def = {.options = options,
                                 .n_options = first.n_actions,
                                 .samples = self->def->samples,
                                 .orders = self->def->orders,
                                 .no_logprobs = self->def->no_logprobs,
                                 .temperature = self->def->temperature,
                                 .seed = self->def->seed};
    THRONG_TRY(throng_llm_choose(self->def->llm, &def, questions, n, p, &more, err));
    add_counts(self->def, &more, counts);
    for (int64_t i = 0; i < n; i++)
        take(p + i * first.n_actions, first.n_actions, self->def->temperature,
             strategy + kind->row(self->problem->game, rows[i]).first);
out:
    for (int64_t i = 0; texts && i < 2 * n; i++)
        throng_i_free(self->context, texts[i]);
    throng_i_free(self->context, texts);
    throng_i_free(self->context, questions);
    throng_i_free(self->context, p);
    return status;
}

/* Where there is one action there is nothing to ask. */
static bool is_asked(const asker *self, int64_t row, int player) {
    throng_problem_row it = self->problem->kind->row(self->problem->game, row);
    return !self->done[row] && it.n_actions >= 2 && (player < 0 || it.player == player);
}

throng_status throng_strategy_ask(throng_context *context, const throng_problem *problem,
                                  const throng_strategy_ask_def *def, int player, double *strategy,
                                  throng_llm_choose_counts *counts, throng_error *err) {
    throng_status status = THRONG_OK;
    const char *name = problem->kind->name(problem->game);
    char plain[80];
    const throng_about *about = NULL;
    int64_t n = problem->kind->rows(problem->game), *rows = NULL;
    asker self = {context, problem, def, def->rules, NULL};
    THRONG_REQUIRE(def->llm && def->temperature >= 0.0 && isfinite(def->temperature), E_ARGUMENT,
                   "A model is needed, and a temperature not below 0.");
    THRONG_TRY(check_wording(def->wording, err));
    snprintf(plain, sizeof plain, "%.*s", (int)strcspn(name, ":"), name);
    if (!self.rules)
        self.rules =
            throng_context_find(context, THRONG_KIND_GAME, plain, &about, NULL) == THRONG_OK ? about->details : name;
    THRONG_TRY(throng_i_alloc(context, n, sizeof *self.done, &self.done, err));
    THRONG_TRY(throng_i_alloc(context, n, sizeof *rows, &rows, err));
    for (int64_t i = 0; i < n; i++) {
        int64_t n_alike = 0;
        for (int64_t j = i; j < n && is_asked(&self, i, player); j++)
            if (is_asked(&self, j, player) && same_actions(&self, i, j))
                rows[n_alike++] = j;
        for (int64_t j = 0; j < n_alike; j++)
            self.done[rows[j]] = true;
        if (n_alike > 0)
            THRONG_TRY(ask_about(&self, rows, n_alike, strategy, counts, err));
    }
out:
    throng_i_free(context, self.done);
    throng_i_free(context, rows);
    return status;
}
