/*
 * Black boxes: what the cache gives back, what draws leave in the intervals, budgets of calls and of time, truncation,
 * callbacks that fail.
 */
#include "crowds.h"

#include <stdio.h>

#define AGENTS_MAX 70

/* ---- games ----------------------------------------------------------------------------------------------------- */

/* A callback with a memory of what it was asked. */
typedef struct game {
    int n;
    double noise;     /* of an agent's part, by draw */
    double saturates; /* the sum of parts beyond which nothing more comes; 0: none */
    int64_t calls, fail_at;
    throng_status failure;
    const char *message;
    double bad;
} game;

static double part_of(const game *self, int agent, int64_t draw) {
    return (1 + agent) * (1.0 + self->noise * (test_uniform((uint64_t)draw + 77, (uint64_t)agent) - 0.5));
}

/* Parts add up, and every pair of neighbours is worth something more. */
static throng_status play(void *user, const double *alpha, int64_t draw, double *out, throng_error *err) {
    game *self = user;
    if (++self->calls == self->fail_at) {
        *out = self->bad;
        return self->message ? THRONG_FAIL(err, E_ARGUMENT, "%s", self->message) : self->failure;
    }
    *out = 0.0;
    for (int i = 0; i < self->n; i++)
        *out += alpha[i] * part_of(self, i, draw);
    for (int i = 1; i < self->n && self->saturates == 0.0 && self->noise == 0.0; i++)
        *out += 0.3 * i * alpha[i] * alpha[i - 1];
    if (self->saturates > 0.0)
        *out = fmin(*out, self->saturates);
    return THRONG_OK;
}

typedef struct fixture {
    throng_context *context;
    game game;
    throng_black_box *box;
    throng_value_function function;
    double phi[AGENTS_MAX], error[AGENTS_MAX];
    throng_certificate certificate;
    throng_error err;
} fixture;

static fixture *open(game what, throng_black_box_def def) {
    fixture *f = calloc(1, sizeof *f);
    f->context = test_context(2);
    f->game = what;
    def.n_agents = what.n;
    def.self = &f->game;
    def.value = play;
    cr_assert_eq(throng_black_box_create(f->context, &def, &f->box, &f->err), THRONG_OK, "%s", f->err.message);
    f->function = throng_black_box_function(f->box);
    return f;
}

static void shut(fixture *f) {
    throng_black_box_free(f->box);
    throng_context_free(f->context);
    free(f);
}

static throng_status solve(fixture *f, const char *method) {
    throng_method_options options = throng_method_options_default();
    options.standard_error = f->error;
    f->err = (throng_error){0};
    return throng_attribute_function(f->context, &f->function, method, &options, f->phi, &f->certificate, &f->err);
}

static void must(fixture *f, const char *method) {
    cr_assert_eq(solve(f, method), THRONG_OK, "%s: %s", method, f->err.message);
}

/* Fails with this status and a message that has this in it. */
static void must_not(fixture *f, const char *method, throng_status expected, const char *message) {
    throng_status status = solve(f, method);
    cr_expect_eq(status, expected, "%s gave %d: %s", method, status, f->err.message);
    cr_expect_not_null(strstr(f->err.message, message), "%s: %s", method, f->err.message);
}

/* ---- the cache ------------------------------------------------------------------------------------------------- */

/* Whatever it can hold, it changes no bit. 70 agents take two words. */
Test(black_box, the_cache_changes_no_bit) {
    static const char *const methods[] = {"shapley-exact", "shapley-sampled:permutations=200", "owen-sampled:draws=20",
                                          "banzhaf-sampled", "leave-one-out"};
    const int64_t bytes[] = {0, 24, 200, 5000, 1 << 20};
    for (int n = 9; n <= AGENTS_MAX; n += AGENTS_MAX - 9)
        for (int c = n > 20 ? 2 : 0; c < 10; c++) {
            int m = c / 2, draws = c % 2 ? 3 : 1;
            double expected[AGENTS_MAX];
            int64_t asked = 0;
            for (int b = 0; b < 5; b++) {
                throng_black_box_def def = throng_black_box_default();
                def.cache_bytes = bytes[b];
                def.draws = draws;
                fixture *f = open((game){.n = n, .noise = draws > 1 ? 0.5 : 0.0, .saturates = n * n / 3.0}, def);
                must(f, methods[m]);
                throng_black_box_counts count = throng_black_box_count(f->box);
                cr_expect_eq(count.calls, f->game.calls);
                if (b == 0) {
                    memcpy(expected, f->phi, sizeof expected);
                    asked = count.calls;
                    cr_expect_eq(count.hits, 0);
                }
                cr_expect_eq(count.calls + count.hits, asked, "%s, %lld bytes", methods[m], (long long)bytes[b]);
                cr_expect_eq(memcmp(expected, f->phi, (size_t)n * sizeof *expected), 0, "%s, %lld bytes", methods[m],
                             (long long)bytes[b]);
                shut(f);
            }
        }
}

Test(black_box, what_is_known_is_not_asked_again) {
    fixture *f = open((game){.n = 9}, throng_black_box_default());
    must(f, "shapley-exact");
    cr_expect_eq(f->game.calls, 512);
    must(f, "shapley-sampled:permutations=100");
    must(f, "leave-one-out");
    cr_expect_eq(f->game.calls, 512);
    cr_expect_gt(throng_black_box_count(f->box).hits, 20);
    double half[9] = {0.5}, out = 0.0; /* no coalition: asked every time */
    for (int i = 0; i < 3; i++)
        cr_assert_eq(f->function.value(f->function.self, half, &out, NULL), THRONG_OK);
    cr_expect_eq(f->game.calls, 515);
    cr_expect_eq(out, 0.5);
    shut(f);
}

Test(black_box, the_shapley_value_of_pairs) {
    fixture *f = open((game){.n = 9}, throng_black_box_default());
    must(f, "shapley-exact");
    for (int i = 0; i < 9; i++) {
        double expected = 1 + i + 0.5 * 0.3 * (i + (i < 8 ? i + 1 : 0)); /* a pair's worth is shared */
        cr_expect_float_eq(f->phi[i], expected, 1e-12);
    }
    cr_expect_eq(solve(f, "aumann-shapley"), THRONG_E_UNSUPPORTED);
    cr_expect_eq(solve(f, "oceanic"), THRONG_E_UNSUPPORTED);
    shut(f);
}

/* ---- draws ----------------------------------------------------------------------------------------------------- */

/* Where parts only add up permutations leave nothing open, so the error is that of a mean over draws, exactly. */
Test(black_box, standard_errors_hold_what_the_draws_leave) {
    static const char *const methods[] = {"shapley-sampled:permutations=10", "shapley-sampled:permutations=200",
                                          "owen-sampled:draws=12"};
    enum {
        DRAWS = 12
    };
    for (int m = 0; m < 3; m++) {
        throng_black_box_def def = throng_black_box_default();
        def.draws = DRAWS;
        fixture *f = open((game){.n = 6, .noise = 0.4}, def);
        must(f, methods[m]);
        for (int i = 0; i < 6; i++) {
            double mean = 0.0, squares = 0.0;
            for (int64_t d = 0; d < DRAWS; d++)
                mean += part_of(&f->game, i, d) / DRAWS;
            for (int64_t d = 0; d < DRAWS; d++)
                squares += pow(part_of(&f->game, i, d) - mean, 2.0);
            cr_expect_float_eq(f->phi[i], mean, 1e-12, "%s", methods[m]);
            cr_expect_float_eq(f->error[i], sqrt(squares / (DRAWS * (DRAWS - 1.0))), 1e-12, "%s", methods[m]);
        }
        cr_expect_leq(f->certificate.efficiency_residual, 1e-12);
        must(f, "shapley-exact");
        cr_expect_float_eq(f->certificate.sum_phi, f->certificate.everybody, 1e-12);
        shut(f);
    }
}

/* Saturating and noisy: both sources at work, the mean over all draws is what is estimated. */
Test(black_box, permutations_and_draws_are_both_in_the_interval) {
    throng_black_box_def def = throng_black_box_default();
    def.draws = 40;
    fixture *f = open((game){.n = 7, .noise = 0.5, .saturates = 15.0}, def);
    double exact[7];
    must(f, "shapley-exact");
    memcpy(exact, f->phi, sizeof exact);
    must(f, "shapley-sampled:permutations=4000,half-width=0.2");
    for (int i = 0; i < 7; i++)
        cr_expect_leq(fabs(f->phi[i] - exact[i]), 4.0 * f->error[i], "agent %d", i);
    cr_expect(f->certificate.efficient);
    must_not(f, "shapley-sampled:permutations=4000,half-width=1e-6", THRONG_E_NOT_CONVERGED, "was not reached");
    shut(f);
}

/* ---- budgets of calls ------------------------------------------------------------------------------------------ */

Test(black_box, a_budget_ends_with_the_estimate_so_far) {
    throng_black_box_def def = throng_black_box_default();
    def.cache_bytes = 0;
    def.calls_max = 1000;
    fixture *f = open((game){.n = 10, .saturates = 20.0}, def);
    double exact[10];
    must(f, "shapley-sampled:permutations=1000000");
    cr_expect_eq(f->game.calls, 1000);
    cr_expect_gt(f->certificate.evaluations, 900);
    cr_expect(f->certificate.converged && f->certificate.efficient);
    fixture *g = open((game){.n = 10, .saturates = 20.0}, throng_black_box_default());
    must(g, "shapley-exact");
    memcpy(exact, g->phi, sizeof exact);
    for (int i = 0; i < 10; i++)
        cr_expect_leq(fabs(f->phi[i] - exact[i]), 5.0 * f->error[i]);
    shut(g);
    must_not(f, "leave-one-out", THRONG_E_BUDGET, "The black box may be called 1000 times, and has been.");
    shut(f);
    def.calls_max = 30;
    f = open((game){.n = 10}, def);
    must_not(f, "shapley-sampled", THRONG_E_BUDGET,
             "An estimate takes two independent units of sampling; 1 of them was");
    shut(f);
    def.calls_max = 1000;
    f = open((game){.n = 10, .saturates = 20.0}, def);
    must_not(f, "shapley-sampled:permutations=1000000,half-width=1e-4", THRONG_E_NOT_CONVERGED, "was not reached with");
    cr_expect_gt(f->phi[9], 0.0);
    shut(f);
    def.draws = 50; /* some draws are not made: what they leave out is in the residual, which is then no promise */
    f = open((game){.n = 6, .noise = 0.4}, def);
    must(f, "shapley-sampled:permutations=1000");
    cr_expect(f->certificate.converged && !f->certificate.efficient);
    shut(f);
}

/* ---- truncation ------------------------------------------------------------------------------------------------ */

Test(black_box, truncation_saves_calls_and_says_what_is_missing) {
    throng_black_box_def def = throng_black_box_default();
    def.cache_bytes = 0;
    int64_t calls[3];
    double plain[30];
    const char *methods[] = {"shapley-sampled:permutations=50", "shapley-sampled:permutations=50,truncate=0",
                             "shapley-sampled:permutations=50,truncate=0.1"};
    for (int m = 0; m < 3; m++) {
        fixture *f = open((game){.n = 30, .saturates = 60.0}, def);
        must(f, methods[m]);
        calls[m] = f->game.calls;
        if (m == 0)
            memcpy(plain, f->phi, sizeof plain);
        cr_expect_eq(memcmp(plain, f->phi, sizeof plain) == 0, m < 2);
        cr_expect_eq(f->certificate.efficient, m < 2);
        cr_expect_leq(f->certificate.efficiency_residual, m < 2 ? 1e-12 : 0.1);
        cr_expect_eq(f->certificate.efficiency_residual > 1e-4, m == 2, "%g", f->certificate.efficiency_residual);
        for (int i = 0; i < 30; i++)
            cr_expect_leq(fabs(f->phi[i] - plain[i]), 0.1 * 60.0);
        shut(f);
    }
    cr_expect_eq(calls[0], calls[1]);
    cr_expect_lt(calls[2], calls[0] * 3 / 4, "%lld of %lld", (long long)calls[2], (long long)calls[0]);
}

/* ---- budgets of time ------------------------------------------------------------------------------------------- */

/* What cannot fit is refused; what fits is not touched. No clock decides these cases. */
Test(black_box, time_that_does_not_do_is_said_early) {
    const struct {
        const char *method, *message;
    } cases[] = {
        {"shapley-sampled:permutations=1e12,seconds=0.3", "1000000000000 permutations take about "},
        {"shapley-sampled:permutations=1e12,seconds=0.3,half-width=1e-7",
         "The half-width 1e-07 takes about 1000000000000 permutations, about "},
        {"owen-sampled:draws=1e12,seconds=0.2", "1000000000000 draws take about "},
        {"banzhaf-sampled:draws=1e12,seconds=0.2", "draws take about "},
        {"shapley-exact:seconds=1e-9", "shapley-exact visits all 2^20 coalitions, which takes about "},
    };
    fixture *f = open((game){.n = 20, .saturates = 60.0}, throng_black_box_default());
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        must_not(f, cases[i].method, THRONG_E_BUDGET, cases[i].message);
        size_t end = strlen(f->err.message);
        cr_expect(end > 0 && f->err.message[end - 1] == '.', "%s", f->err.message);
        if (getenv("VERBOSE"))
            puts(f->err.message);
    }
    double without[20];
    must(f, "shapley-sampled:permutations=300,half-width=0.9");
    memcpy(without, f->phi, sizeof without);
    must(f, "shapley-sampled:permutations=300,half-width=0.9,seconds=1e6");
    cr_expect_eq(memcmp(without, f->phi, sizeof without), 0);
    must_not(f, "shapley-sampled:permutations=300,half-width=1e-6,seconds=1e6", THRONG_E_NOT_CONVERGED, "not reached");
    shut(f);
}

/* The same with aggregates, where units run in parallel. */
Test(black_box, time_is_checked_for_crowds_too) {
    throng_context *context = test_context(2);
    test_crowd crowd = crowd_make(20, 1, 5);
    throng_population *population = crowd_population(context, &crowd);
    throng_attribution_def def = throng_attribution_default();
    const char *methods[] = {"shapley-sampled:permutations=1e12,seconds=0.3", "shapley-exact:seconds=1e-6",
                             "shapley-sampled:permutations=50,seconds=1e6", "shapley-exact:seconds=1e6"};
    def.indicator = "formula:expr=tanh(m2)";
    for (int m = 0; m < 4; m++) {
        throng_attribution *result = NULL;
        throng_error err = {0};
        def.method = methods[m];
        throng_status status = throng_attribute(context, population, &def, &result, &err);
        cr_expect_eq(status, m < 2 ? THRONG_E_BUDGET : THRONG_OK, "%s: %s", methods[m], err.message);
        throng_attribution_free(result);
    }
    throng_population_free(population);
    throng_context_free(context);
    crowd_clear(&crowd);
}

/* ---- callbacks that fail --------------------------------------------------------------------------------------- */

Test(black_box, failures_are_said_in_one_sentence) {
    const game cases[] = {
        {.n = 5, .fail_at = 9, .message = "The simulator has lost its licence."},
        {.n = 5, .fail_at = 9, .failure = THRONG_E_FILE},
        {.n = 5, .fail_at = 9, .bad = NAN},
        {.n = 5, .fail_at = 1, .bad = INFINITY},
    };
    const char *const messages[] = {"The simulator has lost its licence.",
                                    "The black box failed (a file cannot be read) for a coalition of ",
                                    "of the 5 agents, draw 0: it gave nan.", "a coalition of 0 of the 5 agents"};
    const throng_status statuses[] = {THRONG_E_ARGUMENT, THRONG_E_FILE, THRONG_E_DEGENERATE, THRONG_E_DEGENERATE};
    const char *const methods[] = {"shapley-sampled", "shapley-exact", "owen-sampled"};
    for (int c = 0; c < 4; c++)
        for (int m = 0; m < 3; m++) {
            fixture *f = open(cases[c], throng_black_box_default());
            must_not(f, methods[m], statuses[c], messages[c]);
            shut(f);
        }
}

static bool stop(void *user, const throng_progress *progress) {
    (void)user;
    (void)progress;
    return false;
}

Test(black_box, can_be_cancelled) {
    throng_black_box_def def = throng_black_box_default();
    def.draws = 5;
    fixture *f = open((game){.n = 10, .noise = 0.1}, def);
    throng_context_set_progress(f->context, stop, NULL);
    must_not(f, "shapley-sampled:permutations=1000000", THRONG_E_CANCELLED, "");
    throng_context_set_progress(f->context, stop, NULL); /* reports come a few times a second; this asks for one now */
    must_not(f, "leave-one-out", THRONG_E_CANCELLED, "");
    shut(f);
}

Test(black_box, definitions_that_make_no_sense_are_refused) {
    throng_context *context = test_context(1);
    throng_black_box_def good = throng_black_box_default(), wrong[6];
    game self = {.n = 3};
    throng_black_box *box = NULL;
    good.n_agents = 3;
    good.value = play;
    good.self = &self;
    for (int i = 0; i < 6; i++)
        wrong[i] = good;
    wrong[0].value = NULL;
    wrong[1].n_agents = 0;
    wrong[2].draws = 0;
    wrong[3].cache_bytes = -1;
    wrong[4].calls_max = -1;
    for (int i = 0; i < 5; i++) {
        throng_error err = {0};
        cr_expect_eq(throng_black_box_create(context, &wrong[i], &box, &err), THRONG_E_ARGUMENT, "%d", i);
        cr_expect_neq(err.message[0], '\0');
        cr_expect_null(box);
    }
    throng_context_free(context);
    for (int64_t fail_at = 1; fail_at <= 5; fail_at++) {
        test_faults faults = {0, 0};
        throng_error err = {0};
        cr_assert_eq(throng_context_create_with(test_faulty_realloc, &faults, &context, &err), THRONG_OK);
        int64_t bytes = throng_context_bytes(context);
        faults.fail_at = faults.calls + fail_at;
        throng_status status = throng_black_box_create(context, &good, &box, &err);
        cr_expect_eq(status, fail_at <= 4 ? THRONG_E_MEMORY : THRONG_OK, "%lld", (long long)fail_at);
        if (status == THRONG_OK)
            throng_black_box_free(box);
        cr_expect_eq(throng_context_bytes(context), bytes);
        throng_context_free(context);
    }
}

/* ---- many at once ---------------------------------------------------------------------------------------------- */

/* The same game in batches. */
typedef struct crowd_game {
    game game;
    int64_t batches, largest, rows;
    throng_status failure;
} crowd_game;

static throng_status play_many(void *user, int64_t n, const double *alpha, const int64_t *draw, double *out,
                               throng_error *err) {
    crowd_game *self = user;
    throng_status status = THRONG_OK;
    self->batches++;
    self->rows += n;
    self->largest = n > self->largest ? n : self->largest;
    if (self->failure != THRONG_OK && self->batches > 1)
        return self->failure;
    for (int64_t b = 0; b < n && status == THRONG_OK; b++)
        status = play(&self->game, alpha + b * self->game.n, draw[b], &out[b], err);
    return status;
}

static fixture *open_many(crowd_game *what, throng_black_box_def def) {
    fixture *f = calloc(1, sizeof *f);
    f->context = test_context(2);
    def.n_agents = what->game.n;
    def.self = what;
    def.values = play_many;
    cr_assert_eq(throng_black_box_create(f->context, &def, &f->box, &f->err), THRONG_OK, "%s", f->err.message);
    f->function = throng_black_box_function(f->box);
    return f;
}

/* What is asked for at once, and how many at a time, changes no bit, and not much is asked for in vain. */
Test(black_box, batches_change_no_bit) {
    static const char *const methods[] = {"shapley-exact", "shapley-sampled:permutations=300,half-width=0.5",
                                          "owen-sampled:draws=20", "banzhaf-sampled", "leave-one-out"};
    const int64_t sizes[] = {1, 7, 1024}, bytes[] = {0, 6000, 1 << 22};
    for (int m = 0; m < 5; m++)
        for (int draws = 1; draws <= 3; draws += 2) {
            throng_black_box_def def = throng_black_box_default();
            const game what = {.n = 11, .noise = draws > 1 ? 0.5 : 0.0, .saturates = 40};
            def.draws = draws;
            fixture *alone = open(what, def);
            must(alone, methods[m]);
            throng_black_box_counts expected = throng_black_box_count(alone->box);
            for (int k = 0; k < 9; k++) {
                crowd_game many = {.game = what};
                def.batch = sizes[k % 3];
                def.cache_bytes = bytes[k / 3];
                fixture *f = open_many(&many, def);
                must(f, methods[m]);
                throng_black_box_counts count = throng_black_box_count(f->box);
                cr_expect_eq(memcmp(alone->phi, f->phi, sizeof f->phi), 0, "%s, %d", methods[m], k);
                cr_expect_eq(memcmp(alone->error, f->error, sizeof f->error), 0, "%s, %d", methods[m], k);
                cr_expect_eq(alone->certificate.evaluations, f->certificate.evaluations);
                cr_expect(many.largest <= def.batch && many.rows == count.calls && many.batches == count.batches);
                if (bytes[k / 3] > 6000) { /* all of it fits */
                    cr_expect(count.calls >= expected.calls && count.calls <= expected.calls * 5 / 4 + def.batch,
                              "%s, %d: %lld for %lld", methods[m], k, (long long)count.calls,
                              (long long)expected.calls);
                    cr_expect(count.batches <= 2 * (count.calls / def.batch + 40), "%s, %d: %lld", methods[m], k,
                              (long long)count.batches);
                }
                shut(f);
            }
            shut(alone);
        }
}

/* Groups ask for their agents' coalitions; two words a key; a budget of calls that is used up. */
Test(black_box, batches_of_groups_and_within_a_budget) {
    crowd_game many = {.game = {.n = AGENTS_MAX}};
    throng_grouped *grouped = NULL;
    throng_error err = {0};
    int32_t group[AGENTS_MAX];
    for (int i = 0; i < AGENTS_MAX; i++)
        group[i] = i % 8;
    fixture *f = open_many(&many, throng_black_box_default());
    cr_assert_eq(throng_grouped_create(f->context, &f->function, group, 8, &grouped, &err), THRONG_OK);
    f->function = throng_grouped_function(grouped);
    must(f, "shapley-exact");
    cr_expect_eq(many.rows, 256);
    cr_expect_leq(many.batches, 2);
    throng_grouped_free(grouped);
    shut(f);

    throng_black_box_def def = throng_black_box_default();
    def.calls_max = 700;
    def.batch = 100;
    many = (crowd_game){.game = {.n = 10, .saturates = 20}};
    f = open_many(&many, def);
    must(f, "shapley-sampled:permutations=1000");
    cr_expect(many.rows == 700 && f->certificate.parts < 1000 && f->certificate.parts > 10, "%d, %d", (int)many.rows,
              (int)f->certificate.parts);
    shut(f);

    /* Pairs of permutations give this game exactly, and it is seen without asking for the other 998. */
    def.calls_max = 0;
    many = (crowd_game){.game = {.n = AGENTS_MAX}};
    f = open_many(&many, def);
    must(f, "shapley-sampled:permutations=1000");
    cr_expect(f->certificate.parts == 4 && many.rows < 4000, "%d, %d", (int)f->certificate.parts, (int)many.rows);
    shut(f);
}

Test(black_box, batches_that_fail_say_so_and_leave_the_box_usable) {
    crowd_game many = {.game = {.n = 12}, .failure = THRONG_E_FILE};
    throng_black_box_def def = throng_black_box_default();
    def.batch = 50;
    fixture *f = open_many(&many, def);
    must_not(f, "shapley-exact", THRONG_E_FILE, "for 50 coalitions of the 12 agents");
    many.failure = THRONG_OK;
    many.game.fail_at = many.game.calls + 3;
    many.game.bad = (double)NAN;
    must_not(f, "shapley-exact", THRONG_E_DEGENERATE, "not finite for a coalition of");
    must(f, "shapley-exact");
    cr_expect_lt(fabs(f->phi[0] - (1.0 + 0.15)), 1e-12, "%g", f->phi[0]);
    shut(f);
    throng_context *context = test_context(1);
    throng_black_box *box = NULL;
    throng_error err = {0};
    def.n_agents = 3;
    def.value = play;
    def.values = play_many;
    cr_expect_eq(throng_black_box_create(context, &def, &box, &err), THRONG_E_ARGUMENT);
    def.value = NULL;
    def.batch = 0;
    cr_expect_eq(throng_black_box_create(context, &def, &box, &err), THRONG_E_ARGUMENT);
    throng_context_free(context);
}
