/* A player that asks a language model: the rules and the past as prose, the actions as options, a distribution as the
 * answer, from which throng draws. */
#include "core/core.h"
#include "llm/text.h"
#include "throng/game.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define STREAM_MODEL 401
#define BLOCK        1024 /* seats asked about at once */

enum {
    RULES,
    HISTORY,
    ROUND,
    ROUNDS,
    POINTS,
    PLAYER,
    SLOTS
};

static const char *const slot_names[SLOTS] = {"rules", "history", "round", "rounds", "points", "player"};

typedef struct model_player {
    throng_context *context;
    throng_player_model_def def;
    throng_llm_choose_counts counts;
} model_player;

/* ---- the prompt ------------------------------------------------------------------------------------------------ */

static const char *action_name(throng_seat seat, int player, int action) {
    return throng_normal_form_action_name(seat.match->game, player, action);
}

/* "If you choose J and the other player F, you win 0 points and the other 10 points." for every profile. */
static void write_rules(throng_i_text *text, throng_seat seat) {
    const throng_normal_form *game = seat.match->game;
    int n = throng_normal_form_players(game);
    throng_i_text_print(text,
                        "You play a game of %lld rounds with %s. In each round everybody chooses at the same "
                        "time.\n",
                        (long long)seat.match->rounds, n == 2 ? "another player" : "other players");
    for (int64_t i = 0; i < throng_normal_form_profiles(game); i++) {
        const double *payoffs = throng_normal_form_payoffs(game, i);
        throng_i_text_print(text, "If you choose %s",
                            action_name(seat, seat.player, throng_normal_form_action_in(game, i, seat.player)));
        for (int p = 0; p < n; p++)
            if (p != seat.player && n == 2)
                throng_i_text_print(text, " and the other player %s",
                                    action_name(seat, p, throng_normal_form_action_in(game, i, p)));
            else if (p != seat.player)
                throng_i_text_print(text, ", player %d %s", p + 1,
                                    action_name(seat, p, throng_normal_form_action_in(game, i, p)));
        throng_i_text_print(text, ", you win %g points", payoffs[seat.player]);
        if (n == 2)
            throng_i_text_print(text, " and the other player %g points", payoffs[1 - seat.player]);
        throng_i_text_print(text, ".\n");
    }
}

/* "Round 1: you chose J, the other player F; you won 0, the other player 10." */
static void write_history(throng_i_text *text, throng_seat seat) {
    const throng_normal_form *game = seat.match->game;
    int n = throng_normal_form_players(game);
    throng_i_text_put(text, "", 0);
    for (int64_t r = 0; r < seat.match->played; r++) {
        const int *actions = seat.match->actions + r * n;
        const double *payoffs = throng_normal_form_payoffs(game, throng_normal_form_profile(game, actions));
        throng_i_text_print(text, "%sRound %lld: you chose %s", r > 0 ? "\n" : "", (long long)r + 1,
                            action_name(seat, seat.player, actions[seat.player]));
        for (int p = 0; p < n; p++)
            if (p != seat.player && n == 2)
                throng_i_text_print(text, ", the other player %s", action_name(seat, p, actions[p]));
            else if (p != seat.player)
                throng_i_text_print(text, ", player %d %s", p + 1, action_name(seat, p, actions[p]));
        throng_i_text_print(text, "; you won %g", payoffs[seat.player]);
        if (n == 2)
            throng_i_text_print(text, ", the other player %g", payoffs[1 - seat.player]);
        throng_i_text_print(text, ".");
    }
}

static throng_status fill_template(const model_player *self, throng_i_text *parts, char **system, char **prompt,
                                   throng_error *err) {
    const char *values[64], *own_system = NULL, *own_prompt = NULL;
    int n = throng_llm_template_slots(self->def.wording);
    throng_status status = THRONG_OK;
    for (int i = 0; i < n; i++)
        for (int k = 0; k < SLOTS; k++)
            if (strcmp(throng_llm_template_slot(self->def.wording, i, NULL), slot_names[k]) == 0)
                values[i] = parts[k].bytes;
    THRONG_TRY(throng_llm_template_fill(self->def.wording, values, &own_system, &own_prompt, err));
    if (own_system)
        THRONG_TRY(throng_i_copy_text(self->context, own_system, system, err));
    THRONG_TRY(throng_i_copy_text(self->context, own_prompt, prompt, err));
out:
    return status;
}

static throng_status write_prompt(const model_player *self, throng_seat seat, char **system, char **prompt,
                                  throng_error *err) {
    throng_i_text parts[SLOTS];
    throng_status status = THRONG_OK;
    for (int k = 0; k < SLOTS; k++)
        parts[k] = (throng_i_text){.context = self->context};
    write_rules(&parts[RULES], seat);
    write_history(&parts[HISTORY], seat);
    throng_i_text_print(&parts[ROUND], "%lld", (long long)seat.match->played + 1);
    throng_i_text_print(&parts[ROUNDS], "%lld", (long long)seat.match->rounds);
    throng_i_text_print(&parts[POINTS], "%g", seat.match->totals[seat.player]);
    throng_i_text_print(&parts[PLAYER], "%d", seat.player + 1);
    bool failed = false;
    for (int k = 0; k < SLOTS; k++)
        failed = failed || parts[k].failed;
    THRONG_REQUIRE(!failed, E_MEMORY, "Out of memory for a prompt.");
    if (self->def.wording)
        THRONG_TRY(fill_template(self, parts, system, prompt, err));
    else
        THRONG_TRY(throng_i_print(self->context, prompt, err, "%s%s%s\nThis is round %s of %s. Which do you choose?",
                                  parts[RULES].bytes, seat.match->played > 0 ? "\n" : "", parts[HISTORY].bytes,
                                  parts[ROUND].bytes, parts[ROUNDS].bytes));
out:
    for (int k = 0; k < SLOTS; k++)
        throng_i_text_clear(&parts[k]);
    return status;
}

/* ---- asking ---------------------------------------------------------------------------------------------------- */

static void add_counts(model_player *self, const throng_llm_choose_counts *more) {
    throng_llm_choose_counts *to = &self->counts;
    int samples = self->def.samples ? self->def.samples : 20;
    to->by_logprobs += more->by_logprobs;
    to->by_samples += more->by_samples;
    for (int i = 0; i < THRONG_LLM_RUNG_COUNT; i++)
        to->rungs[i] += more->rungs[i];
    to->refusals += more->refusals;
    to->defaulted += more->defaulted;
    to->least_covered = fmin(to->least_covered, more->least_covered);
    if (to->by_samples > 0)
        to->unreadable = (double)to->defaulted / ((double)to->by_samples * samples);
    to->is_void = to->unreadable > 0.05;
}

/* The action at a temperature: at 0 the most probable, the first of those that tie. */
static int draw(const model_player *self, throng_seat seat, const double *p, int n) {
    double u[4];
    int best = 0;
    throng_random_uniforms((throng_random){self->def.seed, STREAM_MODEL}, (uint64_t)seat.match->number,
                           (uint64_t)seat.match->played, (uint64_t)seat.player, u);
    for (int a = 0; a < n; a++)
        best = p[a] > p[best] + 1e-12 ? a : best;
    return self->def.temperature == 0.0 ? best : throng_i_pick(p, n, u[0]);
}

/* Asks about n seats whose actions have the same names. */
static throng_status ask(model_player *self, const throng_seat *seats, int64_t n, int *actions, throng_error *err) {
    int n_options = throng_normal_form_actions(seats[0].match->game, seats[0].player);
    const char *options[THRONG_LLM_OPTIONS_MAX];
    throng_llm_question *questions = NULL;
    char **texts = NULL;
    double *p = NULL;
    throng_llm_choose_counts counts;
    throng_status status = THRONG_OK;
    THRONG_REQUIRE(n_options >= 2 && n_options <= THRONG_LLM_OPTIONS_MAX, E_ARGUMENT,
                   "A model can be asked about 2 to %d actions, and \"%.40s\" has %d.", THRONG_LLM_OPTIONS_MAX,
                   throng_normal_form_name(seats[0].match->game), n_options);
    for (int a = 0; a < n_options; a++)
        options[a] = action_name(seats[0], seats[0].player, a);
    THRONG_TRY(throng_i_alloc(self->context, n, sizeof *questions, &questions, err));
    THRONG_TRY(throng_i_alloc(self->context, 2 * n, sizeof *texts, &texts, err));
    THRONG_TRY(throng_i_alloc(self->context, n * n_options, sizeof *p, &p, err));
    for (int64_t i = 0; i < n; i++) {
        THRONG_TRY(write_prompt(self, seats[i], &texts[2 * i], &texts[2 * i + 1], err));
        questions[i] = (throng_llm_question){.system = texts[2 * i], .prompt = texts[2 * i + 1]};
    }
    throng_llm_choose_def def = {.options = options,
                                 .n_options = n_options,
                                 .samples = self->def.samples,
                                 .orders = self->def.orders,
                                 .no_logprobs = self->def.no_logprobs,
                                 .temperature = self->def.temperature, /* 0: as it is; the best is taken */
                                 .seed = self->def.seed};
    THRONG_TRY(throng_llm_choose(self->def.llm, &def, questions, n, p, &counts, err));
    add_counts(self, &counts);
    for (int64_t i = 0; i < n; i++)
        actions[i] = draw(self, seats[i], p + i * n_options, n_options);
out:
    for (int64_t i = 0; texts && i < 2 * n; i++)
        throng_i_free(self->context, texts[i]);
    throng_i_free(self->context, texts);
    throng_i_free(self->context, questions);
    throng_i_free(self->context, p);
    return status;
}

static bool same_actions(throng_seat one, throng_seat other) {
    int n = throng_normal_form_actions(one.match->game, one.player);
    if (n != throng_normal_form_actions(other.match->game, other.player))
        return false;
    for (int a = 0; a < n; a++)
        if (strcmp(action_name(one, one.player, a), action_name(other, other.player, a)) != 0)
            return false;
    return true;
}

static throng_status act(void *user, const throng_seat *seats, int64_t n, int *actions, throng_error *err) {
    throng_status status = THRONG_OK;
    for (int64_t from = 0, to = 0; status == THRONG_OK && from < n; from = to) {
        while (to < n && to < from + BLOCK && same_actions(seats[from], seats[to]))
            to++;
        status = ask(user, seats + from, to - from, actions + from, err);
    }
    return status;
}

/* ---- life ------------------------------------------------------------------------------------------------------ */

static void free_model(void *user) {
    model_player *self = user;
    throng_i_free(self->context, self);
}

throng_status throng_player_model(throng_context *context, const throng_player_model_def *def, throng_player *out,
                                  throng_error *err) {
    model_player *self = NULL;
    const char *place = NULL;
    char hint[120];
    throng_status status = THRONG_OK;
    THRONG_REQUIRE(def->llm && def->temperature >= 0.0 && isfinite(def->temperature), E_ARGUMENT,
                   "A player that asks a model needs one, and a temperature not below 0.");
    for (int i = 0; def->wording && i < throng_llm_template_slots(def->wording); i++) {
        const char *name = throng_llm_template_slot(def->wording, i, &place);
        bool known = false;
        for (int k = 0; k < SLOTS; k++)
            known = known || strcmp(name, slot_names[k]) == 0;
        throng_suggest(name, slot_names, SLOTS, hint, sizeof hint);
        THRONG_REQUIRE(known, E_ARGUMENT, "%s: a game has no slot {{%s}}.%s", place, name, hint);
    }
    THRONG_TRY(throng_i_alloc(context, 1, sizeof *self, &self, err));
    *self = (model_player){.context = context, .def = *def, .counts.least_covered = 1.0};
    *out = (throng_player){.self = self, .name = throng_llm_model(def->llm), .act = act, .free = free_model};
out:
    return status;
}

throng_llm_choose_counts throng_player_model_counts(const throng_player *player) {
    return ((const model_player *)player->self)->counts;
}
