/*
 * Groups as players: credits against brute force over groups and against the sums of agents, every method, and standard
 * errors of sums against how far estimates really are from the truth.
 */
#include "attribution/attribution.h"
#include "attribution/crowd.h"
#include "crowds.h"

#include <stdio.h>

/* ---- games of the test's own ----------------------------------------------------------------------------------- */

#define AGENTS 12
#define GROUPS 4 /* and a fifth without members */

static const int32_t group_of[AGENTS] = {2, 0, 1, 1, 3, 0, 2, 1, 3, 1, 2, 0};

/* No two agents alike, and nothing quadratic about it. */
static double play(const double *alpha) {
    double sum = 0.0, other = 0.0;
    for (int i = 0; i < AGENTS; i++) {
        sum += alpha[i] * (0.3 + 0.1 * (i * i % 7));
        other += alpha[i] * (i % 3 - 1.2);
    }
    return 2.0 + sum * sum * sum / 9.0 - sin(1.5 * sum) + 0.4 * sum * other;
}

static throng_status value(void *self, const double *alpha, double *out, throng_error *err) {
    (void)self;
    (void)err;
    *out = play(alpha);
    return THRONG_OK;
}

static throng_status noisy(void *self, const double *alpha, int64_t draw, double *out, throng_error *err) {
    (void)self;
    (void)err;
    *out = play(alpha);
    for (int i = 0; i < AGENTS; i++)
        *out += alpha[i] * (test_uniform((uint64_t)draw, (uint64_t)i) - 0.5);
    return THRONG_OK;
}

static const throng_value_function agents = {.n_agents = AGENTS, .value = value};

static throng_grouped *grouped_of(throng_context *context, const throng_value_function *function) {
    throng_error err = {0};
    throng_grouped *grouped = NULL;
    cr_assert_eq(throng_grouped_create(context, function, group_of, GROUPS + 1, &grouped, &err), THRONG_OK, "%s",
                 err.message);
    return grouped;
}

static throng_certificate attribute(throng_context *context, const throng_value_function *function, const char *method,
                                    const throng_method_options *options, double *phi) {
    throng_error err = {0};
    throng_certificate certificate = {0};
    cr_assert_eq(throng_attribute_function(context, function, method, options, phi, &certificate, &err), THRONG_OK,
                 "%s: %s", method, err.message);
    return certificate;
}

/* The mean over all orders of groups, one after the other. */
static void permute(int *order, int at, double *phi) {
    double alpha[AGENTS] = {0.0}, before = play(alpha);
    for (int i = at; i < GROUPS; i++) {
        int swap = order[at];
        order[at] = order[i];
        order[i] = swap;
        permute(order, at + 1, phi);
        order[i] = order[at];
        order[at] = swap;
    }
    for (int i = 0; at == GROUPS && i < GROUPS; i++) {
        for (int agent = 0; agent < AGENTS; agent++)
            alpha[agent] = group_of[agent] == order[i] ? 1.0 : alpha[agent];
        phi[order[i]] += (play(alpha) - before) / 24.0;
        before = play(alpha);
    }
}

Test(grouped, shapley_values_are_those_of_all_orders) {
    throng_context *context = test_context(2);
    throng_grouped *grouped = grouped_of(context, &agents);
    throng_value_function function = throng_grouped_function(grouped);
    throng_method_options options = throng_method_options_default();
    double phi[GROUPS + 1], wanted[GROUPS + 1] = {0.0}, everybody[AGENTS];
    int order[GROUPS] = {0, 1, 2, 3};
    permute(order, 0, wanted);
    cr_assert_eq(function.n_agents, GROUPS + 1);
    throng_certificate it = attribute(context, &function, "shapley-exact", &options, phi);
    for (int g = 0; g <= GROUPS; g++)
        cr_expect_float_eq(phi[g], wanted[g], 1e-12, "group %d: %.15g, %.15g", g, phi[g], wanted[g]);
    cr_expect_leq(fabs(phi[GROUPS]), 1e-14, "nobody, no credit");
    cr_expect_leq(it.efficiency_residual, 1e-12);
    /* A group's Shapley value is not the sum of its members'. */
    double members[AGENTS], sums[GROUPS] = {0.0}, apart = 0.0;
    attribute(context, &agents, "shapley-exact", &options, members);
    for (int i = 0; i < AGENTS; i++) {
        sums[group_of[i]] += members[i];
        everybody[i] = 1.0;
    }
    for (int g = 0; g < GROUPS; g++)
        apart = fmax(apart, fabs(sums[g] - phi[g]));
    cr_expect_gt(apart, 1e-3);
    cr_expect_float_eq(it.everybody, play(everybody), 1e-12);
    throng_grouped_free(grouped);
    throng_context_free(context);
}

/* Sampling within its own intervals; leaving out a group is leaving out its members. */
Test(grouped, other_methods_agree_with_their_definitions) {
    throng_context *context = test_context(2);
    throng_grouped *grouped = grouped_of(context, &agents);
    throng_value_function function = throng_grouped_function(grouped);
    double exact[GROUPS + 1], phi[GROUPS + 1], error[GROUPS + 1];
    throng_method_options options = throng_method_options_default();
    attribute(context, &function, "shapley-exact", &options, exact);
    options.standard_error = error;
    static const char *const methods[] = {"shapley-sampled:permutations=2000", "owen-sampled:draws=500"};
    for (int m = 0; m < 2; m++) {
        attribute(context, &function, methods[m], &options, phi);
        for (int g = 0; g < GROUPS; g++)
            cr_expect(error[g] > 0.0 && fabs(phi[g] - exact[g]) < 4.0 * error[g], "%s, group %d: %g, %g +- %g",
                      methods[m], g, exact[g], phi[g], error[g]);
    }
    attribute(context, &function, "leave-one-out", &options, phi);
    for (int g = 0; g < GROUPS; g++) {
        double all[AGENTS], without[AGENTS];
        for (int i = 0; i < AGENTS; i++) {
            all[i] = 1.0;
            without[i] = group_of[i] != g;
        }
        cr_expect_float_eq(phi[g], play(all) - play(without), 1e-12);
    }
    throng_grouped_free(grouped);
    throng_context_free(context);
}

/* Draws are passed on: the intervals hold what they leave. */
Test(grouped, random_values_stay_random) {
    throng_context *context = test_context(1);
    throng_error err = {0};
    throng_black_box *box = NULL;
    throng_black_box_def def = throng_black_box_default();
    def.n_agents = AGENTS;
    def.value = noisy;
    def.draws = 16;
    cr_assert_eq(throng_black_box_create(context, &def, &box, &err), THRONG_OK);
    throng_value_function function = throng_black_box_function(box);
    throng_grouped *grouped = grouped_of(context, &function);
    throng_value_function players = throng_grouped_function(grouped);
    double phi[GROUPS + 1], error[GROUPS + 1];
    throng_method_options options = throng_method_options_default();
    options.standard_error = error;
    cr_assert_eq(players.n_draws, 16);
    throng_certificate it = attribute(context, &players, "shapley-sampled:permutations=320", &options, phi);
    cr_expect(it.parts == 320 && it.parts_planned == 320 && strcmp(it.parts_name, "permutations") == 0, "%lld of %lld",
              (long long)it.parts, (long long)it.parts_planned);
    /* A group's noise is a sum of uniform numbers of variance 1/12, met in 16 draws. */
    for (int g = 0; g < GROUPS; g++)
        cr_expect(error[g] > 0.02 && error[g] < 0.6, "group %d: %g", g, error[g]);
    throng_grouped_free(grouped);
    throng_black_box_free(box);
    throng_context_free(context);
}

Test(grouped, refuses_groups_that_are_not_there) {
    throng_context *context = test_context(1);
    throng_error err = {0};
    throng_grouped *grouped = NULL;
    throng_value_function nobody = agents;
    int64_t idle = throng_context_bytes(context);
    cr_expect_eq(throng_grouped_create(context, &agents, group_of, 3, &grouped, &err), THRONG_E_ARGUMENT);
    cr_expect_str_eq(err.message, "Agent 4 is in group 3, but groups are 0 to 2.");
    cr_expect_eq(throng_grouped_create(context, &agents, group_of, 0, &grouped, &err), THRONG_E_ARGUMENT);
    cr_expect_str_eq(err.message, "There must be 1 to 2^31 - 1 groups, got 0.");
    nobody.n_agents = 0;
    cr_expect_eq(throng_grouped_create(context, &nobody, group_of, 4, &grouped, &err), THRONG_E_EMPTY);
    int32_t negative[AGENTS] = {0, -1};
    cr_expect_eq(throng_grouped_create(context, &agents, negative, 4, &grouped, &err), THRONG_E_ARGUMENT);
    cr_expect_null(grouped);
    cr_expect_eq(throng_context_bytes(context), idle);
    throng_grouped_free(NULL);
    throng_context_free(context);
}

/* ---- populations ----------------------------------------------------------------------------------------------- */

typedef struct fixture {
    throng_context *context;
    test_crowd crowd;
    throng_population *population;
    throng_cohorts *cohorts;
    throng_error err;
} fixture;

static const double cuts[] = {0.2, 0.5, 0.7, 0.95};

static void open_crowd(fixture *f, int threads, int64_t n, int64_t times) {
    *f = (fixture){.context = test_context(threads), .crowd = crowd_make(n, times, 17)};
    f->population = crowd_population(f->context, &f->crowd);
    cr_assert_eq(throng_cohorts_create(f->population, &(throng_cohorts_def){cuts, 4}, &f->cohorts, &f->err), THRONG_OK);
}

static void close_crowd(fixture *f) {
    throng_cohorts_free(f->cohorts);
    throng_population_free(f->population);
    throng_context_free(f->context);
    crowd_clear(&f->crowd);
}

static throng_attribution *attribute_crowd(fixture *f, const char *indicator, const char *method,
                                           throng_players players) {
    throng_attribution *out = NULL;
    throng_attribution_def def = throng_attribution_default();
    def.indicator = indicator;
    def.method = method;
    def.baseline = THRONG_BASELINE_MEAN;
    def.cohorts = f->cohorts;
    def.players = players;
    throng_status status = throng_attribute(f->context, f->population, &def, &out, &f->err);
    cr_assert_eq(status, THRONG_OK, "%s by %s: %s", indicator, method, f->err.message);
    return out;
}

static const char *const indicators[] = {"variance", "weighted-variance", "bimodality", "entropy:bins=30", "gini",
                                         "theil",    "extremeness"};
#define INDICATORS (sizeof indicators / sizeof *indicators)

/* The chain rule: what groups get on the path is what their members get. */
Test(players, on_the_path_cohorts_get_what_their_members_get) {
    static const char *const methods[] = {"aumann-shapley", "gradient-input"};
    fixture f;
    open_crowd(&f, 2, 3000, 2);
    for (size_t k = 0; k < 2 * INDICATORS; k++) {
        const char *indicator = indicators[k / 2], *method = methods[k % 2];
        throng_attribution *one = attribute_crowd(&f, indicator, method, THRONG_PLAYERS_AGENTS);
        throng_attribution *other = attribute_crowd(&f, indicator, method, THRONG_PLAYERS_COHORTS);
        cr_assert(!throng_attribution_phi(other) && !throng_attribution_change_phi(other));
        for (int64_t time = 0; time < 2; time++) {
            throng_cohort_credit sums[5], players[5];
            double scale = 0.0;
            throng_attribution_cohorts(one, f.cohorts, time, sums);
            throng_attribution_cohorts(other, f.cohorts, time, players);
            for (int i = 0; i < 5; i++)
                scale += sums[i].absolute;
            for (int i = 0; i < 5; i++) {
                cr_expect_eq(players[i].n_agents, sums[i].n_agents);
                cr_expect_float_eq(players[i].phi, sums[i].phi, 1e-12 * scale, "%s by %s, cohort %d: %.15g, %.15g",
                                   indicator, method, i, players[i].phi, sums[i].phi);
                cr_expect(players[i].absolute == fabs(players[i].phi) && isnan(players[i].standard_error));
            }
        }
        throng_attribution_free(one);
        throng_attribution_free(other);
    }
    close_crowd(&f);
}

/* The aggregate form of groups against value() of the agents, by every method that looks at coalitions. */
Test(players, every_method_and_indicator_adds_up) {
    fixture f;
    open_crowd(&f, 2, 60, 2);
    static const char *const methods[] = {"aumann-shapley",
                                          "shapley-exact",
                                          "shapley-sampled:permutations=20",
                                          "owen-sampled:draws=4",
                                          "banzhaf-sampled",
                                          "leave-one-out",
                                          "gradient-input",
                                          "shapley-sampled:incremental=false,permutations=20"};
    for (size_t m = 0; m < sizeof methods / sizeof *methods; m++)
        for (size_t k = 0; k < INDICATORS; k++) {
            throng_attribution *it = attribute_crowd(&f, indicators[k], methods[m], THRONG_PLAYERS_COHORTS);
            throng_cohort_credit first[5], last[5], change[5];
            throng_certificate certificate = throng_attribution_certificate(it, 1);
            throng_attribution_cohorts(it, f.cohorts, 0, first);
            throng_attribution_cohorts(it, f.cohorts, 1, last);
            throng_attribution_cohorts(it, f.cohorts, -1, change);
            double sum = 0.0, difference = 0.0;
            for (int i = 0; i < 5; i++) {
                sum += last[i].phi;
                difference += change[i].phi;
                cr_expect_eq(change[i].phi, last[i].phi - first[i].phi);
                cr_expect_eq(change[i].n_agents, last[i].n_agents);
            }
            cr_expect_float_eq(sum, certificate.sum_phi, 1e-12, "%s by %s", indicators[k], methods[m]);
            cr_expect_float_eq(difference, throng_attribution_change(it).sum_phi, 1e-12);
            if (certificate.efficient) {
                cr_expect_float_eq(sum, certificate.everybody - certificate.nobody, 1e-9, "%s by %s", indicators[k],
                                   methods[m]);
                cr_expect_leq(throng_attribution_change(it).efficiency_residual, 1e-9);
            }
            throng_attribution_free(it);
        }
    close_crowd(&f);
}

/* All coalitions of five cohorts, by the plain definition of the indicator for each. */
Test(players, exact_values_against_all_coalitions_of_cohorts) {
    static const double chance[] = {1 / 5., 1 / 20., 1 / 30., 1 / 20., 1 / 5.}; /* by size of a coalition of 5 */
    fixture f;
    open_crowd(&f, 2, 40, 1);
    for (size_t k = 0; k < 2; k++) {
        throng_attribution *it =
            attribute_crowd(&f, k ? "bimodality" : "weighted-variance", "shapley-exact", THRONG_PLAYERS_COHORTS);
        throng_attribution_def def = throng_attribution_resolved(it);
        throng_i_indicator indicator;
        throng_i_crowd crowd;
        throng_cohort_credit players[5];
        double v[32], wanted[5] = {0.0};
        throng_i_crowd_def slice = {
            .population = f.population, .indicator = &indicator, .path = def.path, .baseline = def.baseline};
        cr_assert_eq(throng_i_indicator_init(f.context, def.indicator, &indicator, &f.err), THRONG_OK);
        cr_assert_eq(throng_i_crowd_init(f.context, &slice, &crowd, &f.err), THRONG_OK);
        for (int set = 0; set < 32; set++) {
            double alpha[40];
            for (int i = 0; i < 40; i++)
                alpha[i] = set >> throng_cohorts_view(f.cohorts)[i] & 1;
            cr_assert_eq(throng_i_crowd_value(&crowd, alpha, &v[set], &f.err), THRONG_OK);
        }
        for (int set = 0; set < 32; set++)
            for (int i = 0; i < 5; i++)
                if (!(set >> i & 1))
                    wanted[i] += chance[__builtin_popcount((unsigned)set)] * (v[set | 1 << i] - v[set]);
        throng_attribution_cohorts(it, f.cohorts, 0, players);
        for (int i = 0; i < 5; i++)
            cr_expect_float_eq(players[i].phi, wanted[i], 1e-12, "%s: %.15g, %.15g", def.indicator, players[i].phi,
                               wanted[i]);
        throng_i_crowd_clear(&crowd);
        throng_i_indicator_clear(f.context, &indicator);
        throng_attribution_free(it);
    }
    close_crowd(&f);
}

Test(players, are_refused_where_agents_are_needed) {
    fixture f;
    open_crowd(&f, 1, 40, 1);
    throng_attribution *out = NULL, *it = attribute_crowd(&f, "variance", "aumann-shapley", THRONG_PLAYERS_COHORTS);
    throng_concentration concentration;
    throng_verification verification;
    throng_top_agent top[3];
    throng_panel *panel = NULL;
    throng_panel_def small = throng_panel_default();
    small.size = 10;
    cr_expect_eq(throng_attribution_concentration(it, 0, &concentration, &f.err), THRONG_E_UNSUPPORTED);
    cr_expect_eq(throng_attribution_top(it, 0, 3, top), 0);
    throng_verify_def how = {.seed = 0};
    cr_expect_eq(throng_attribution_verify(f.context, it, cuts, &how, &verification, &f.err), THRONG_E_UNSUPPORTED);
    cr_expect_eq(throng_panel_create(f.context, it, f.cohorts, &small, &panel, &f.err), THRONG_E_UNSUPPORTED);
    cr_expect_str_eq(f.err.message, "The players are cohorts, but a panel is compared agent by agent.");
    throng_cohorts *other = NULL;
    throng_cohort_credit credit[3];
    cr_assert_eq(throng_cohorts_create(f.population, NULL, &other, &f.err), THRONG_OK);
    throng_attribution_cohorts(it, other, 0, credit);
    cr_expect(isnan(credit[0].phi) && isnan(credit[2].absolute), "credit of other cohorts than the players");
    throng_cohorts_free(other);
    throng_attribution_free(it);
    throng_attribution_def def = throng_attribution_default();
    def.players = THRONG_PLAYERS_COHORTS;
    cr_expect_eq(throng_attribute(f.context, f.population, &def, &out, &f.err), THRONG_E_ARGUMENT);
    cr_expect_str_eq(f.err.message, "The players are cohorts, but there are none.");
    def.players = THRONG_PLAYERS_COUNT;
    cr_expect_eq(throng_attribute(f.context, f.population, &def, &out, &f.err), THRONG_E_ARGUMENT);
    cr_expect_null(throng_players_name(def.players));
    close_crowd(&f);
}

/* ---- standard errors of sums ----------------------------------------------------------------------------------- */

#define RUNS 1000

/* Five sums of groups, nested: the four groups, and two and two of them. */
static const int32_t sum_first[] = {0, 1, 2, 3, 0, 2}, sum_count[] = {1, 1, 1, 1, 2, 2};
#define SUMS 6

/* Of RUNS estimates by 20 to 30 units, how many intervals hold the truth: 95 %, give or take 2.5 %, which is 3.6
 * standard deviations of the count. What agents' errors would give if they were independent is off by far more. */
static void expect_coverage(const char *method, const double *exact, bool off) {
    throng_context *context = test_context(2);
    double phi[AGENTS], error[AGENTS], errors[SUMS], truth[SUMS] = {0.0};
    int inside[SUMS] = {0}, naive[SUMS] = {0};
    throng_group_sums sums = {group_of, GROUPS, SUMS, sum_first, sum_count, errors};
    for (int s = 0; s < SUMS; s++)
        for (int i = 0; i < AGENTS; i++)
            truth[s] += group_of[i] >= sum_first[s] && group_of[i] < sum_first[s] + sum_count[s] ? exact[i] : 0.0;
    for (int run = 0; run < RUNS; run++) {
        throng_method_options options = throng_method_options_default();
        options.seed = (uint64_t)run;
        options.standard_error = error;
        options.group_sums = &sums;
        options.n_group_sums = 1;
        throng_certificate it = attribute(context, &agents, method, &options, phi);
        for (int s = 0; s < SUMS; s++) {
            double sum = 0.0, squares = 0.0;
            for (int i = 0; i < AGENTS; i++)
                if (group_of[i] >= sum_first[s] && group_of[i] < sum_first[s] + sum_count[s]) {
                    sum += phi[i];
                    squares += error[i] * error[i];
                }
            inside[s] += fabs(sum - truth[s]) <= it.interval * errors[s];
            naive[s] += fabs(sum - truth[s]) <= it.interval * sqrt(squares);
        }
    }
    double worst = 0.0;
    for (int s = 0; s < SUMS; s++) {
        cr_expect(inside[s] >= 0.925 * RUNS && inside[s] <= 0.975 * RUNS, "%s, sum %d: %d of %d", method, s, inside[s],
                  RUNS);
        worst = fmax(worst, fabs((double)naive[s] / RUNS - 0.95));
    }
    cr_expect(!off || worst > 0.03, "%s: without correlations off by %g only, the test proves nothing", method, worst);
    throng_context_free(context);
}

/* Banzhaf values by definition. */
static void banzhaf(double *phi) {
    for (int i = 0; i < AGENTS; i++) {
        phi[i] = 0.0;
        for (int set = 0; set < 1 << AGENTS; set++) {
            double alpha[AGENTS];
            for (int j = 0; j < AGENTS; j++)
                alpha[j] = set >> j & 1;
            phi[i] += (alpha[i] > 0.0 ? 1.0 : -1.0) * play(alpha) / (1 << (AGENTS - 1));
        }
    }
}

Test(errors_of_sums, hold_the_truth_as_often_as_they_say, .timeout = 120) {
    throng_context *context = test_context(1);
    double exact[AGENTS];
    throng_method_options options = throng_method_options_default();
    attribute(context, &agents, "shapley-exact", &options, exact);
    expect_coverage("shapley-sampled:permutations=30,antithetic=false", exact, true);
    expect_coverage("shapley-sampled:permutations=40", exact, true);
    expect_coverage("owen-sampled:draws=20", exact, true);
    banzhaf(exact);
    expect_coverage("banzhaf-sampled:draws=30", exact, true);
    throng_context_free(context);
}

/* A sum over everybody is known without sampling; one over nobody is 0; a method that does not sample says nothing. */
Test(errors_of_sums, of_everybody_nobody_and_unknown) {
    throng_context *context = test_context(1);
    static const int32_t first[] = {0, 2, 0}, count[] = {GROUPS, 0, 1};
    double errors[2][3], phi[AGENTS];
    const throng_group_sums sums[2] = {{group_of, GROUPS, 3, first, count, errors[0]},
                                       {group_of, GROUPS, 3, first, count, errors[1]}};
    throng_method_options options = throng_method_options_default();
    options.group_sums = sums;
    options.n_group_sums = 2;
    attribute(context, &agents, "shapley-sampled:permutations=40", &options, phi);
    cr_expect(errors[0][0] < 1e-14 && errors[0][1] == 0.0 && errors[0][2] > 1e-4);
    cr_expect_eq(memcmp(errors[0], errors[1], sizeof errors[0]), 0);
    attribute(context, &agents, "shapley-exact", &options, phi);
    for (int s = 0; s < 6; s++)
        cr_expect(isnan(errors[s / 3][s % 3]));
    throng_context_free(context);
}

Test(errors_of_sums, refuse_groups_and_sums_that_are_not_there) {
    throng_context *context = test_context(1);
    throng_error err = {0};
    static const int32_t first[] = {1}, count[] = {GROUPS};
    double errors[1], phi[AGENTS];
    throng_certificate certificate;
    throng_group_sums sums = {group_of, GROUPS, 1, first, count, errors};
    throng_method_options options = throng_method_options_default();
    options.group_sums = &sums;
    options.n_group_sums = 1;
    cr_expect_eq(throng_attribute_function(context, &agents, "shapley-sampled", &options, phi, &certificate, &err),
                 THRONG_E_ARGUMENT);
    cr_expect_str_eq(err.message, "Sum 0 is over 4 groups from 1 on, but groups are 0 to 3.");
    sums.n_groups = 3;
    cr_expect_eq(throng_attribute_function(context, &agents, "shapley-sampled", &options, phi, &certificate, &err),
                 THRONG_E_ARGUMENT);
    cr_expect_str_eq(err.message, "Agent 4 is in group 3, but groups are 0 to 2.");
    throng_context_free(context);
}

#define SAMPLED "shapley-sampled:permutations=40,antithetic=false"

/* The same bits on any number of threads, agents or cohorts; errors of a change are those of its ends, added. */
Test(errors_of_sums, same_for_every_number_of_threads) {
    throng_cohort_credit first[2][3][5];
    for (int threads = 1; threads <= 8; threads = threads < 3 ? threads + 1 : threads + 5)
        for (int players = 0; players < 2; players++) {
            fixture f;
            open_crowd(&f, threads, 3000, 2);
            throng_attribution *it = attribute_crowd(&f, "bimodality", SAMPLED, (throng_players)players);
            throng_cohort_credit credit[3][5];
            for (int time = 0; time < 3; time++)
                throng_attribution_cohorts(it, f.cohorts, time < 2 ? time : -1, credit[time]);
            if (threads == 1)
                memcpy(first[players], credit, sizeof credit);
            cr_expect_eq(memcmp(first[players], credit, sizeof credit), 0, "%d threads", threads);
            for (int i = 0; i < 5; i++)
                cr_expect_gt(credit[1][i].standard_error, 0.0);
            for (int i = 0; i < 5 && players; i++)
                cr_expect_eq(credit[2][i].standard_error, credit[0][i].standard_error + credit[1][i].standard_error);
            throng_attribution_free(it);
            close_crowd(&f);
        }
}

/* In the change agents count where they are at the end: the first time's errors are those of other sums. */
Test(errors_of_sums, in_the_change_follow_the_agents) {
    fixture both, first;
    enum {
        N = 200
    };
    open_crowd(&both, 2, 2 * N, 2);
    throng_attribution *it = attribute_crowd(&both, "bimodality", SAMPLED, THRONG_PLAYERS_AGENTS);
    throng_cohort_credit last[5], change[5], moved[5];
    throng_attribution_cohorts(it, both.cohorts, 1, last);
    throng_attribution_cohorts(it, both.cohorts, -1, change);
    /* The first time alone, with the cohorts of the last. */
    first = both;
    throng_table *table = NULL;
    static int32_t final[N];
    for (int i = 0; i < N; i++)
        final[i] = throng_cohorts_view(both.cohorts)[N + i];
    cr_assert_eq(throng_table_create(both.context, N, &table, &both.err), THRONG_OK);
    cr_assert_eq(throng_table_add_view(table, "state", THRONG_TYPE_FLOAT64, both.crowd.state, &both.err), THRONG_OK);
    cr_assert_eq(throng_table_add_view(table, "weight", THRONG_TYPE_FLOAT64, both.crowd.weight, &both.err), THRONG_OK);
    cr_assert_eq(throng_table_add_view(table, "final", THRONG_TYPE_INT32, final, &both.err), THRONG_OK);
    throng_population_def def = {.state = "state", .weight = "weight", .cohort = "final"};
    cr_assert_eq(throng_population_create(both.context, table, &def, &first.population, &both.err), THRONG_OK);
    cr_assert_eq(throng_cohorts_create(first.population, NULL, &first.cohorts, &both.err), THRONG_OK);
    throng_attribution *alone = attribute_crowd(&first, "bimodality", SAMPLED, THRONG_PLAYERS_AGENTS);
    throng_attribution_cohorts(alone, first.cohorts, 0, moved);
    for (int i = 0; i < 5; i++)
        cr_expect_eq(change[i].standard_error, moved[i].standard_error + last[i].standard_error, "cohort %d", i);
    throng_attribution_free(alone);
    throng_cohorts_free(first.cohorts);
    throng_population_free(first.population);
    throng_attribution_free(it);
    close_crowd(&both);
}

/* ---- memory ---------------------------------------------------------------------------------------------------- */

static bool stop_soon(void *user, const throng_progress *progress) {
    int *left = user;
    (void)progress;
    return --*left > 0;
}

/* Every allocation fails in turn: with cohorts, with cohorts as players, and when the work is stopped, where what is
 * found so far may be lost but nothing leaks and the reason stays. */
static void survive(const char *method, throng_players players, bool stop) {
    bool finished = false;
    for (int64_t fail_at = 1; !finished; fail_at++) {
        test_faults faults = {0, 0};
        fixture f = {.crowd = crowd_make(60, stop ? 1 : 2, 17)};
        throng_attribution *out = NULL;
        throng_attribution_def def = throng_attribution_default();
        int left = 12;
        cr_assert_eq(throng_context_create_with(test_faulty_realloc, &faults, &f.context, &f.err), THRONG_OK);
        cr_assert_eq(throng_context_set_threads(f.context, 1, &f.err), THRONG_OK);
        f.population = crowd_population(f.context, &f.crowd);
        cr_assert_eq(throng_cohorts_create(f.population, &(throng_cohorts_def){cuts, 4}, &f.cohorts, &f.err),
                     THRONG_OK);
        def.indicator = "bimodality";
        def.method = method;
        def.cohorts = f.cohorts;
        def.players = players;
        if (stop)
            throng_context_set_progress(f.context, stop_soon, &left);
        int64_t bytes = throng_context_bytes(f.context);
        faults.fail_at = faults.calls + fail_at;
        throng_status status = throng_attribute(f.context, f.population, &def, &out, &f.err);
        finished = faults.calls < faults.fail_at;
        if (finished) {
            cr_expect_eq(status, stop ? THRONG_E_CANCELLED : THRONG_OK, "%s: %s", method, f.err.message);
            cr_expect_not_null(out);
            cr_expect_neq(throng_attribution_complete(out), stop);
        } else {
            cr_expect(status == THRONG_E_MEMORY || (stop && status == THRONG_E_CANCELLED), "%s, allocation %lld: %s",
                      method, (long long)fail_at, f.err.message);
        }
        throng_attribution_free(out);
        cr_expect_eq(throng_context_bytes(f.context), bytes, "%s, allocation %lld leaks", method, (long long)fail_at);
        close_crowd(&f);
        cr_assert_lt(fail_at, 500);
    }
    cr_assert(finished);
}

Test(memory, every_allocation_may_fail) {
    survive("shapley-sampled:permutations=8", THRONG_PLAYERS_AGENTS, false);
    survive("aumann-shapley", THRONG_PLAYERS_COHORTS, false);
    survive("owen-sampled:draws=3", THRONG_PLAYERS_COHORTS, false);
    survive("shapley-sampled:permutations=1000000000", THRONG_PLAYERS_AGENTS, true);
    survive("owen-sampled:draws=1000000000", THRONG_PLAYERS_COHORTS, true);
}
