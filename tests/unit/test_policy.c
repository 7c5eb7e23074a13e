/* Policies: slopes against differences, what passes through what, the same bits whatever the number of threads, and
 * credits by group. The program's side is in tests/cli/test_distill.py. */
#define _POSIX_C_SOURCE 200809L /* mkdtemp */
#include "scenes.h"
#include "throng/policy.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SITUATIONS 300
#define ACTIONS    3
#define CROWD      9000 /* several chunks */
/* Fourth-order differences of a smooth function with a step of 1e-3, about. */
#define AGREE 1e-8

static const char rule[] = "{\"always\": {\"post\": -0.5, \"stay silent\": 0.3}, \"persona b\": {\"share\": 1.2},"
                           "\"opinion*opinion*feed\": {\"post\": 1.5}, \"opinion*feed\": {\"share\": 0.9},"
                           "\"feed*last post\": {\"post\": 0.8}, \"persona b*opinion*last share\": {\"share\": 0.7}}";

static void save(const char *path, const char *text) {
    FILE *file = fopen(path, "w");
    cr_assert(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

/* A folder of its own, with personas, a rule, and a table of what the rule gives at Chebyshev's points. */
typedef struct bench {
    throng_context *context;
    const throng_world *world;
    throng_personas *personas;
    char folder[64], rule[96], table[96], people[96];
} bench;

static throng_policy *play(const bench *self, const char *policy, const char *file, const int32_t *persona,
                           uint64_t refit) {
    throng_error err = {0};
    throng_policy *out = NULL;
    throng_policy_def def = {.policy = policy,
                             .world = self->world,
                             .personas = self->personas,
                             .persona = persona,
                             .file = file,
                             .refit = refit};
    cr_assert_eq(throng_policy_create(self->context, &def, &out, &err), THRONG_OK, "%s", err.message);
    return out;
}

static void decide_one(const throng_policy *player, int64_t agent, double x, double y, int last, double *p) {
    double did[2] = {last == 0, last == 1};
    double *out[ACTIONS] = {p, p + 1, p + 2};
    throng_situations at = {.n = 1, .agent = agent, .lanes = 1, .sight = {&x, &y}, .last = {&did[0], &did[1]}};
    const throng_decider *decider = throng_policy_decider(player);
    decider->decide(decider->self, &at, out);
}

/* @param shift what is held out is off by that much in one probability */
static void write_table(const bench *self, int bins, double shift) {
    static const int32_t people[2] = {0, 1};
    throng_policy *player = play(self, "rule", self->rule, people, 0);
    FILE *file = fopen(self->table, "w");
    fputs("persona,last,opinion,feed,post,share,stay silent,held_out\n", file);
    for (int i = 0; i < 2 * ACTIONS * bins * bins + 20; i++) {
        bool held_out = i >= 2 * ACTIONS * bins * bins;
        int who = i % 2, last = i / 2 % ACTIONS, at = i / 2 / ACTIONS;
        double x = held_out ? sin(i) : bins > 1 ? -cos(3.14159265358979 * (at % bins) / (bins - 1)) : 0.0, p[ACTIONS];
        double y = held_out ? cos(2 * i) : bins > 1 ? -cos(3.14159265358979 * (at / bins) / (bins - 1)) : 0.0;
        decide_one(player, who, x, y, last, p);
        double off = held_out ? shift * (i % 3 - 1) : 0.0;
        fprintf(file, "%s,%s,%.17g,%.17g,%.17g,%.17g,%.17g,%d\n", who ? "b" : "a", self->world->actions[last], x, y,
                p[0] + off * p[0], p[1], p[2] - off * p[0], held_out);
    }
    fclose(file);
    throng_policy_free(player);
}

static bench set_up(void) {
    bench self = {.folder = "/tmp/throng-policy-XXXXXX"};
    throng_error err = {0};
    const throng_about *about = NULL;
    cr_assert(mkdtemp(self.folder));
    snprintf(self.rule, sizeof self.rule, "%s/rule.json", self.folder);
    snprintf(self.table, sizeof self.table, "%s/table.csv", self.folder);
    snprintf(self.people, sizeof self.people, "%s/people.csv", self.folder);
    cr_assert_eq(throng_context_create(&self.context, &err), THRONG_OK);
    cr_assert_eq(throng_context_find(self.context, THRONG_KIND_WORLD, "feed", &about, &err), THRONG_OK);
    self.world = (const throng_world *)(const void *)about;
    save(self.rule, rule);
    save(self.people, "persona,share\na,3\nb,1\n");
    cr_assert_eq(throng_personas_load(self.context, self.people, NULL, 0, &self.personas, &err), THRONG_OK, "%s",
                 err.message);
    write_table(&self, 4, 0.0);
    return self;
}

static void tear_down(bench *self) {
    throng_personas_free(self->personas);
    throng_context_free(self->context);
    unlink(self->rule);
    unlink(self->table);
    unlink(self->people);
    rmdir(self->folder);
}

/* Situations of agents with two lanes each; sums of of[a] p[a]. */
typedef struct situations {
    double numbers[4][SITUATIONS], of[ACTIONS][SITUATIONS];
    int32_t persona[SITUATIONS];
    throng_situations at;
} situations;

static void gather(situations *self) {
    self->at = (throng_situations){.n = SITUATIONS, .agent = 0, .lanes = 2};
    for (int64_t k = 0; k < SITUATIONS; k++) {
        self->persona[k] = (int32_t)(3.0 * test_uniform(5, k)) > 0;
        self->numbers[0][k] = 2.0 * test_uniform(1, k) - 1.0;
        self->numbers[1][k] = 2.0 * test_uniform(2, k) - 1.0;
        self->numbers[2][k] = 0.5 * test_uniform(3, k);
        self->numbers[3][k] = 0.5 * test_uniform(4, k);
        for (int a = 0; a < ACTIONS; a++)
            self->of[a][k] = test_uniform(10 + a, k) - 0.3;
    }
    for (int s = 0; s < 2; s++) {
        self->at.sight[s] = self->numbers[s];
        self->at.last[s] = self->numbers[2 + s];
    }
}

static void values(const throng_policy *player, const situations *crowd, double *out) {
    static double p[ACTIONS][SITUATIONS];
    double *rows[ACTIONS] = {p[0], p[1], p[2]};
    const throng_decider *decider = throng_policy_decider(player);
    decider->decide(decider->self, &crowd->at, rows);
    for (int64_t k = 0; k < SITUATIONS; k++) {
        double sum = p[0][k] + p[1][k] + p[2][k];
        cr_assert(fabs(sum - 1.0) < 1e-12 && p[0][k] > 0.0 && p[1][k] > 0.0 && p[2][k] > 0.0);
        out[k] = 0.0;
        for (int a = 0; a < ACTIONS; a++)
            out[k] += crowd->of[a][k] * p[a][k];
    }
}

static void check_slopes(const throng_policy *player, situations *crowd, const char *what) {
    static double back[4][SITUATIONS], value[4][SITUATIONS];
    double *sight[2] = {back[0], back[1]}, *last[2] = {back[2], back[3]};
    const double *of[ACTIONS] = {crowd->of[0], crowd->of[1], crowd->of[2]};
    const throng_decider *decider = throng_policy_decider(player);
    const double step = 1e-3;
    memset(back, 0, sizeof back);
    decider->decide_adjoint(decider->self, &crowd->at, of, sight, last);
    for (int number = 0; number < 4; number++) {
        double kept[SITUATIONS];
        memcpy(kept, crowd->numbers[number], sizeof kept);
        for (int i = 0; i < 4; i++) {
            for (int64_t k = 0; k < SITUATIONS; k++)
                crowd->numbers[number][k] = kept[k] * 0.99 + step * (i < 2 ? i - 2 : i - 1);
            values(player, crowd, value[i]);
        }
        for (int64_t k = 0; k < SITUATIONS; k++)
            crowd->numbers[number][k] = kept[k] * 0.99;
        memset(back, 0, sizeof back);
        decider->decide_adjoint(decider->self, &crowd->at, of, sight, last);
        memcpy(crowd->numbers[number], kept, sizeof kept);
        for (int64_t k = 0; k < SITUATIONS; k++) {
            double slope = (value[0][k] - 8.0 * value[1][k] + 8.0 * value[2][k] - value[3][k]) / (12.0 * step);
            cr_assert(fabs(slope - back[number][k]) < AGREE, "%s: slope %d of situation %d is %g, not %g", what, number,
                      (int)k, back[number][k], slope);
        }
    }
}

Test(policy, slopes_are_those_of_what_is_played) {
    bench self = set_up();
    situations *crowd = malloc(sizeof *crowd);
    gather(crowd);
    throng_policy *one = play(&self, "rule", self.rule, crowd->persona, 0);
    throng_policy *other = play(&self, "table", self.table, crowd->persona, 0);
    check_slopes(one, crowd, "rule");
    check_slopes(other, crowd, "table");
    throng_policy_free(one);
    throng_policy_free(other);
    free(crowd);
    tear_down(&self);
}

/* Four values a sight are polynomials of degree 3, and so is the rule. */
Test(policy, a_table_of_a_polynomial_is_that_polynomial) {
    bench self = set_up();
    situations *crowd = malloc(sizeof *crowd);
    static double one[SITUATIONS], other[SITUATIONS];
    throng_fit fit;
    gather(crowd);
    throng_policy *known = play(&self, "rule", self.rule, crowd->persona, 0);
    throng_policy *table = play(&self, "table", self.table, crowd->persona, 0);
    values(known, crowd, one);
    values(table, crowd, other);
    for (int k = 0; k < SITUATIONS; k++)
        cr_assert(fabs(one[k] - other[k]) < 1e-12, "situation %d: %g, not %g", k, other[k], one[k]);
    cr_assert(throng_policy_fit(table, &fit) && fit.held_out == 20 && fit.mean < 1e-12 && fit.flat > 0.05);
    cr_assert_not(throng_policy_fit(known, &fit));
    throng_policy_free(table);
    write_table(&self, 2, 0.0); /* degree 1 cannot */
    table = play(&self, "table", self.table, crowd->persona, 0);
    cr_assert(throng_policy_fit(table, &fit) && fit.mean > 1e-3 && fit.most >= fit.mean);
    throng_policy_free(table);
    throng_policy_free(known);
    free(crowd);
    tear_down(&self);
}

Test(policy, refits_move_answers_by_held_out_errors) {
    bench self = set_up();
    situations *crowd = malloc(sizeof *crowd);
    static double as_is[SITUATIONS], value[4][SITUATIONS];
    gather(crowd);
    for (int exact = 0; exact < 2; exact++) {
        write_table(&self, 4, exact ? 0.0 : 0.1);
        throng_policy *player = play(&self, "table", self.table, crowd->persona, 0);
        values(player, crowd, as_is);
        throng_policy_free(player);
        for (int r = 0; r < 4; r++) {
            player = play(&self, "table", self.table, crowd->persona, (uint64_t)(r == 3 ? 1 : r + 1));
            values(player, crowd, value[r]);
            throng_policy_free(player);
        }
        double moved = 0.0, apart = 0.0;
        for (int k = 0; k < SITUATIONS; k++) {
            moved += fabs(value[0][k] - as_is[k]) / SITUATIONS;
            apart += fabs(value[0][k] - value[1][k]) / SITUATIONS;
            cr_assert_eq(value[0][k], value[3][k], "the same number must move the same");
        }
        cr_assert(exact ? moved < 1e-12 && apart < 1e-12 : moved > 1e-4 && moved < 0.1 && apart > 1e-4,
                  "moved by %g, apart by %g", moved, apart);
    }
    free(crowd);
    tear_down(&self);
}

/* What one attribution of a small crowd gives. */
typedef struct outcome {
    double phi[CROWD], by_group[6 * 2 * 2], sum;
} outcome;

static void attribute(bench *self, int threads, bool drawn, outcome *out) {
    throng_error err = {0};
    scene place = scene_make(CROWD, 6, 7);
    throng_context *kept = self->context;
    static int32_t persona[CROWD];
    cr_assert_eq(throng_context_set_threads(place.context, threads, &err), THRONG_OK);
    self->context = place.context;
    throng_personas_draw(self->personas, 7, CROWD, persona);
    throng_policy *player = play(self, "table", self->table, persona, 0);
    throng_simulation_def def = throng_simulation_default();
    throng_simulation *simulation = NULL;
    throng_dynamics *dynamics = NULL;
    def.world = "feed";
    def.steps = 6;
    def.seed = 7;
    def.decider = throng_policy_decider(player);
    def.drawn = drawn;
    cr_assert_eq(
        throng_simulation_create(place.context, place.graph, CROWD, place.state, NULL, &def, &simulation, &err),
        THRONG_OK, "%s", err.message);
    throng_dynamics_def what = throng_dynamics_default();
    what.per_step = true;
    what.group = persona;
    what.n_groups = 2;
    cr_assert_eq(throng_dynamics_create(simulation, &what, &dynamics, &err), THRONG_OK, "%s", err.message);
    throng_value_function v = throng_dynamics_function(dynamics);
    cr_assert_eq(v.ray_credit == NULL, drawn);
    if (drawn) {
        for (int i = 0; i < CROWD; i++)
            out->phi[i] = i % 2;
        cr_assert_eq(v.value(v.self, out->phi, &out->sum, &err), THRONG_OK);
    } else {
        throng_credit_sums sums;
        double t[2] = {0.21132486540518712, 0.78867513459481288}, weight[2] = {0.5, 0.5};
        throng_nodes nodes = {.n = 2, .t = t, .weight = weight};
        cr_assert_eq(v.ray_credit(v.self, &nodes, NULL, out->phi, &sums, &err), THRONG_OK, "%s", err.message);
        out->sum = sums.phi;
        memcpy(out->by_group, throng_dynamics_by_group(dynamics), sizeof out->by_group);
    }
    throng_dynamics_free(dynamics);
    throng_simulation_free(simulation);
    throng_policy_free(player);
    self->context = kept;
    scene_clear(&place);
}

Test(policy, the_same_bits_for_any_number_of_threads) {
    bench self = set_up();
    static outcome one, other;
    for (int drawn = 0; drawn < 2; drawn++) {
        attribute(&self, 1, drawn, &one);
        for (int threads = 2; threads <= 8; threads *= 2) {
            attribute(&self, threads, drawn, &other);
            cr_assert(memcmp(&one, &other, sizeof one) == 0, "%d threads", threads);
        }
    }
    tear_down(&self);
}

Test(policy, credits_by_group_add_up) {
    bench self = set_up();
    static outcome it;
    double groups[2] = {0}, sums[2] = {0};
    static int32_t persona[CROWD];
    attribute(&self, 2, false, &it);
    throng_personas_draw(self.personas, 7, CROWD, persona);
    for (int i = 0; i < CROWD; i++)
        sums[persona[i]] += it.phi[i];
    for (int r = 0; r < 6 * 2 * 2; r++)
        groups[r / 2 % 2] += it.by_group[r];
    for (int g = 0; g < 2; g++)
        cr_assert(fabs(groups[g] - sums[g]) < 1e-14 && sums[g] != 0.0, "group %d: %g, not %g", g, groups[g], sums[g]);
    tear_down(&self);
}

Test(policy, personas_are_drawn_by_their_shares) {
    bench self = set_up();
    enum {
        N = 40000
    };
    static int32_t persona[N], again[N];
    int64_t second = 0;
    throng_personas_draw(self.personas, 3, N, persona);
    throng_personas_draw(self.personas, 3, N, again);
    for (int i = 0; i < N; i++)
        second += persona[i];
    cr_assert(memcmp(persona, again, sizeof persona) == 0);
    cr_assert(fabs((double)second / N - 0.25) < 5.0 * sqrt(0.25 * 0.75 / N), "%g", (double)second / N);
    tear_down(&self);
}

/* ---- policies of one's own ------------------------------------------------------------------------------------- */

/* examples/plugin_policy.c, as a shared object where the build made one. */
Test(policy, the_example_plugin_is_right) {
    bench self = set_up();
    throng_error err = {0};
    char path[1000];
    snprintf(path, sizeof path, "%s/examples/plugin_policy.so", getenv("BUILD") ? getenv("BUILD") : ".");
    if (access(path, R_OK) == 0) {
        situations *crowd = malloc(sizeof *crowd);
        gather(crowd);
        cr_assert_eq(throng_context_load_plugin(self.context, path, &err), THRONG_OK, "%s", err.message);
        throng_policy *player = play(&self, "outrage:heat=2", NULL, crowd->persona, 0);
        check_slopes(player, crowd, "outrage");
        double x = 0.7, y = -0.4, p[ACTIONS], post = exp(2.0 * 1.21 - 1.0), share = exp(-0.56 - 1.0);
        decide_one(player, 0, x, y, 0, p);
        cr_assert(fabs(p[0] - post / (post + share + 1.0)) < 1e-13 &&
                  fabs(p[1] - share / (post + share + 1.0)) < 1e-13);
        throng_policy_free(player);
        free(crowd);
    }
    tear_down(&self);
}

static void play_nothing(const throng_policy_player *player, const throng_faced *faced, double *const *logit) {
    for (int r = 0; r < player->lasts * (player->def.world->n_actions - 1); r++)
        memset(logit[r], 0, (size_t)faced->n * sizeof **logit);
}

static void no_slope(const throng_policy_player *player, const throng_faced *faced, double *const *of,
                     double *const *sight) {
    (void)player, (void)faced, (void)of, (void)sight;
}

static const char *const post[] = {"post", "rest"};
static const char *const nameless[] = {"post", ""};
static const throng_policy_spec idle = {.about = {.struct_size = sizeof(throng_policy_spec),
                                                  .name = "idle",
                                                  .summary = "Does anything.",
                                                  .details = "All actions are as likely.",
                                                  .reference = "this test"},
                                        .logits = play_nothing,
                                        .logits_adjoint = no_slope};

Test(policy, a_policy_of_ones_own_plays_what_it_knows) {
    bench self = set_up();
    throng_error err = {0};
    throng_policy *player = NULL;
    double p[ACTIONS];
    cr_assert_eq(throng_context_register(self.context, THRONG_KIND_POLICY, &idle.about, &err), THRONG_OK, "%s",
                 err.message);
    player = play(&self, "idle", NULL, NULL, 0); /* neither create nor clear */
    decide_one(player, 0, 0.3, 0.1, 0, p);
    cr_assert(fabs(p[0] - 1.0 / 3.0) < 1e-15 && p[0] == p[1]);
    throng_policy_free(player);
    throng_policy_spec of_others = idle;
    of_others.about.name = "of-others";
    of_others.actions = post;
    of_others.n_actions = 2;
    cr_assert_eq(throng_context_register(self.context, THRONG_KIND_POLICY, &of_others.about, &err), THRONG_OK);
    throng_policy_def def = {.policy = "of-others", .world = self.world};
    cr_assert_eq(throng_policy_create(self.context, &def, &player, &err), THRONG_E_PARAMETER);
    cr_assert(strstr(err.message, "actions are post, rest; those of feed are post, share, stay silent"), "%s",
              err.message);
    tear_down(&self);
}

Test(policy, descriptors_that_lack_something_are_refused) {
    bench self = set_up();
    throng_error err = {0};
    throng_policy_spec wrong[5] = {idle, idle, idle, idle, idle};
    wrong[0].about.struct_size--;
    wrong[1].logits = NULL;
    wrong[2].logits = NULL;
    wrong[2].logits_adjoint = NULL;
    wrong[3].actions = nameless;
    wrong[3].n_actions = 2;
    wrong[4].sights = post;
    wrong[4].n_sights = THRONG_WORLD_SIGHTS_MAX + 1;
    for (int k = 0; k < 5; k++)
        cr_assert_eq(throng_context_register(self.context, THRONG_KIND_POLICY, &wrong[k].about, &err), THRONG_E_PLUGIN,
                     "fault %d", k);
    tear_down(&self);
}
