/* Panels beside their crowd: drawing, comparing, correcting. */
#include "attribution/panel.h"
#include "crowds.h"

#define SIZE 60

/* ---- comparing ------------------------------------------------------------------------------------------------- */

static throng_panel_comparison compare(int64_t n, const double *panel, const double *crowd) {
    throng_context *context = test_context(1);
    throng_panel_comparison out;
    cr_assert_eq(throng_panel_compare(context, n, panel, crowd, &out, NULL), THRONG_OK);
    throng_context_free(context);
    return out;
}

Test(panel_compare, finds_the_factor_that_there_is) {
    const double crowd[4] = {1.0, -2.0, 0.5, 3.0}, twice[4] = {2.0, -4.0, 1.0, 6.0},
                 turned[4] = {-1.0, 2.0, -0.5, -3.0};
    throng_panel_comparison it = compare(4, twice, crowd);
    cr_assert_float_eq(it.scale, 2.0, 1e-15);
    cr_assert_float_eq(it.residual, 0.0, 1e-15);
    cr_assert_float_eq(it.angle, 0.0, 1e-13);
    cr_assert_float_eq(it.rank_correlation, 1.0, 1e-15);
    cr_assert_eq(it.sign_flips, 0.0);
    it = compare(4, turned, crowd);
    cr_assert_float_eq(it.scale, -1.0, 1e-15);
    cr_assert_float_eq(it.angle, 180.0, 1e-12);
    cr_assert_float_eq(it.rank_correlation, -1.0, 1e-15);
    cr_assert_eq(it.sign_flips, 4.0);
}

Test(panel_compare, leaves_what_no_factor_explains) {
    /* P . C = 3, C . C = 5, P . P = 9: the cosine is 1 / sqrt 5. */
    const double panel[2] = {3.0, 0.0}, crowd[2] = {1.0, 2.0};
    throng_panel_comparison it = compare(2, panel, crowd);
    cr_assert_float_eq(it.scale, 0.6, 1e-15);
    cr_assert_float_eq(it.residual, sqrt(0.8), 1e-15);
    cr_assert_float_eq(it.angle, 63.43494882292201, 1e-12);
    cr_assert_float_eq(it.rank_correlation, -1.0, 1e-15);
}

Test(panel_compare, gives_ties_their_mean_rank) {
    /* Ranks 1.5 1.5 3 against 1 2 3: correlation sqrt(3) / 2. */
    const double panel[3] = {0.0, 0.0, 1.0}, crowd[3] = {1.0, 2.0, 3.0};
    cr_assert_float_eq(compare(3, panel, crowd).rank_correlation, sqrt(0.75), 1e-15);
}

Test(panel_compare, says_what_does_not_exist) {
    const double zero[2] = {0.0, 0.0}, some[2] = {1e-200, -2e200};
    cr_assert(isnan(compare(2, some, zero).scale));
    cr_assert(isnan(compare(2, zero, some).residual));
    cr_assert(isnan(compare(2, zero, some).rank_correlation));
    cr_assert_float_eq(compare(2, some, some).scale, 1.0, 1e-15); /* no square overflows */
    cr_assert(isnan(compare(1, some, some).rank_correlation));
    cr_assert_float_eq(compare(1, some, some).residual, 0.0, 1e-15);
}

/* ---- drawing --------------------------------------------------------------------------------------------------- */

static throng_i_urn make_urn(throng_context *context, const throng_population *population, int size,
                             throng_panel_bias bias) {
    throng_i_urn urn;
    throng_error err = {0};
    throng_panel_def def = {.size = size, .bias = bias, .draws = 1, .seed = 7};
    cr_assert_eq(throng_i_urn_init(context, population, 0, &def, &urn, &err), THRONG_OK, "%s", err.message);
    return urn;
}

/* Of weights 1, 2, 4 two are drawn in order: P(4 then 2) = 4/7 * 2/3. 6000 draws put each share within 0.03 but for one
 * seed in 10^5. Panels of three are the whole crowd: the last members come from the keys. */
Test(panel_urn, draws_in_the_order_of_successive_sampling) {
    throng_context *context = test_context(1);
    test_crowd crowd = crowd_make(4, 1, 83);
    const double weights[4] = {1.0, 2.0, 4.0, 0.0};
    memcpy(crowd.weight, weights, sizeof weights);
    throng_population *population = crowd_population(context, &crowd);
    for (int size = 2; size <= 3; size++) {
        throng_i_urn urn = make_urn(context, population, size, THRONG_PANEL_WEIGHT);
        int seen[4][4] = {{0}};
        for (int draw = 0; draw < 6000; draw++) {
            int64_t rows[3];
            cr_assert_eq(throng_i_urn_draw(&urn, draw, rows, NULL), THRONG_OK);
            cr_assert(rows[0] < 3 && rows[1] < 3 && rows[0] != rows[1]);
            if (size == 3)
                cr_assert_eq(rows[0] + rows[1] + rows[2], 3);
            seen[rows[0]][rows[1]]++;
        }
        for (int a = 0; a < 3; a++)
            for (int b = 0; b < 3; b++)
                if (a != b)
                    cr_expect_float_eq(seen[a][b] / 6000.0, weights[a] / 7.0 * weights[b] / (7.0 - weights[a]), 0.03);
        throng_i_urn_clear(&urn);
    }
    throng_population_free(population);
    crowd_clear(&crowd);
    throng_context_free(context);
}

/* One account has nearly all the weight: hardly any try finds another, and the rest comes from the keys. */
Test(panel_urn, finishes_where_one_account_has_all_the_weight) {
    throng_context *context = test_context(1);
    test_crowd crowd = crowd_make(500, 1, 5);
    crowd.weight[17] = 1e15;
    throng_population *population = crowd_population(context, &crowd);
    throng_i_urn urn = make_urn(context, population, 400, THRONG_PANEL_WEIGHT);
    for (int draw = 0; draw < 20; draw++) {
        int64_t rows[400];
        bool seen[500] = {false};
        cr_assert_eq(throng_i_urn_draw(&urn, draw, rows, NULL), THRONG_OK);
        cr_assert_eq(rows[0], 17);
        for (int i = 0; i < 400; i++) {
            cr_assert_not(seen[rows[i]]);
            seen[rows[i]] = true;
        }
    }
    throng_i_urn_clear(&urn);
    throng_population_free(population);
    crowd_clear(&crowd);
    throng_context_free(context);
}

Test(panel_urn, takes_the_top_or_everybody_alike) {
    throng_context *context = test_context(1);
    test_crowd crowd = crowd_make(100, 1, 5);
    for (int i = 0; i < 100; i++)
        crowd.weight[i] = i % 10; /* ties, and zeros */
    throng_population *population = crowd_population(context, &crowd);
    throng_i_urn urn = make_urn(context, population, 12, THRONG_PANEL_TOP);
    int64_t rows[100];
    cr_assert_eq(throng_i_urn_first(&urn, rows, NULL), THRONG_OK);
    for (int i = 0; i < 12; i++)
        cr_assert_eq(rows[i], i < 10 ? 10 * i + 9 : 10 * (i - 10) + 8);
    throng_i_urn_clear(&urn);
    urn = make_urn(context, population, 5, THRONG_PANEL_UNIFORM);
    int weightless = 0;
    for (int draw = 0; draw < 2000; draw++) {
        cr_assert_eq(throng_i_urn_draw(&urn, draw, rows, NULL), THRONG_OK);
        for (int i = 0; i < 5; i++)
            weightless += crowd.weight[rows[i]] == 0.0;
    }
    cr_assert_float_eq(weightless / 10000.0, 0.1, 0.015);
    throng_i_urn_clear(&urn);
    throng_population_free(population);
    crowd_clear(&crowd);
    throng_context_free(context);
}

/* ---- the panel beside the crowd -------------------------------------------------------------------------------- */

typedef struct scene {
    throng_context *context;
    test_crowd crowd;
    throng_population *population;
    throng_attribution *attribution;
    throng_cohorts *cohorts;
    throng_panel *panel;
    const throng_panel_view *view;
} scene;

static throng_attribution_def what(const char *indicator) {
    throng_attribution_def def = throng_attribution_default();
    def.indicator = indicator;
    return def;
}

static scene scene_make(int threads, int64_t n, const throng_attribution_def *def, throng_panel_def panel) {
    scene it = {.context = test_context(threads), .crowd = crowd_make(n, 1, 11)};
    throng_error err = {0};
    for (int64_t i = 0; i < n; i++) /* the visible think otherwise */
        it.crowd.state[i] += 0.02 * it.crowd.weight[i];
    it.population = crowd_population(it.context, &it.crowd);
    cr_assert_eq(throng_attribute(it.context, it.population, def, &it.attribution, &err), THRONG_OK, "%s", err.message);
    throng_cohorts_def cohorts = {0};
    cr_assert_eq(throng_cohorts_create(it.population, &cohorts, &it.cohorts, &err), THRONG_OK);
    cr_assert_eq(throng_panel_create(it.context, it.attribution, it.cohorts, &panel, &it.panel, &err), THRONG_OK, "%s",
                 err.message);
    it.view = throng_panel_look(it.panel);
    return it;
}

static void scene_clear(scene *it) {
    throng_panel_free(it->panel);
    throng_cohorts_free(it->cohorts);
    throng_attribution_free(it->attribution);
    throng_population_free(it->population);
    crowd_clear(&it->crowd);
    throng_context_free(it->context);
}

static throng_panel_def panel_of(int size, int draws) {
    throng_panel_def def = throng_panel_default();
    def.size = size;
    def.draws = draws;
    def.seed = 3;
    return def;
}

/* Variance from silence credits agent i with w_i x_i (x_i - m) / W: the sign turns exactly between the two means. */
Test(panel, variance_turns_the_sign_between_the_two_means) {
    throng_attribution_def def = what("weighted-variance");
    scene it = scene_make(2, 3000, &def, panel_of(SIZE, 0));
    double crowd_mean = 0.0, crowd_mass = 0.0, panel_mean = 0.0, panel_mass = 0.0, flips = 0.0;
    for (int64_t i = 0; i < 3000; i++) {
        crowd_mean += it.crowd.weight[i] * it.crowd.state[i];
        crowd_mass += it.crowd.weight[i];
    }
    for (int i = 0; i < SIZE; i++) {
        panel_mean += it.crowd.weight[it.view->rows[i]] * it.crowd.state[it.view->rows[i]];
        panel_mass += it.crowd.weight[it.view->rows[i]];
    }
    crowd_mean /= crowd_mass;
    panel_mean /= panel_mass;
    for (int i = 0; i < SIZE; i++) {
        double x = it.crowd.state[it.view->rows[i]], w = it.crowd.weight[it.view->rows[i]];
        flips += (x - crowd_mean) * (x - panel_mean) < 0.0;
        cr_assert_float_eq(throng_attribution_phi(it.view->attribution)[i], w * x * (x - panel_mean) / panel_mass,
                           1e-14);
    }
    cr_assert_gt(flips, 0.0);
    cr_assert_eq(it.view->comparison->sign_flips, flips);
    cr_assert_gt(it.view->comparison->residual, 0.01);
    cr_assert_float_eq(sin(it.view->comparison->angle * acos(-1.0) / 180.0), it.view->comparison->residual, 1e-12);
    cr_assert_null(it.view->spread);
    scene_clear(&it);
}

/* The further panels by the plain way: rows, closed form, comparison. */
Test(panel, spread_is_the_quantiles_of_further_panels) {
    throng_attribution_def def = what("weighted-variance");
    scene it = scene_make(1, 3000, &def, panel_of(SIZE, 3));
    throng_i_urn urn = make_urn(it.context, it.population, SIZE, THRONG_PANEL_WEIGHT);
    urn.def.seed = 3;
    double residual[3];
    for (int draw = 0; draw < 3; draw++) {
        int64_t rows[SIZE];
        double alone[SIZE], crowd[SIZE], mass = 0.0, mean = 0.0;
        throng_panel_comparison comparison;
        cr_assert_eq(throng_i_urn_draw(&urn, draw, rows, NULL), THRONG_OK);
        for (int i = 0; i < SIZE; i++) {
            mass += it.crowd.weight[rows[i]];
            mean += it.crowd.weight[rows[i]] * it.crowd.state[rows[i]];
        }
        for (int i = 0; i < SIZE; i++) {
            double x = it.crowd.state[rows[i]];
            alone[i] = it.crowd.weight[rows[i]] * x * (x - mean / mass) / mass;
            crowd[i] = throng_attribution_phi(it.attribution)[rows[i]];
        }
        cr_assert_eq(throng_panel_compare(it.context, SIZE, alone, crowd, &comparison, NULL), THRONG_OK);
        residual[draw] = comparison.residual;
    }
    double low = fmin(residual[0], fmin(residual[1], residual[2])),
           high = fmax(residual[0], fmax(residual[1], residual[2])),
           middle = residual[0] + residual[1] + residual[2] - low - high;
    cr_assert_eq(it.view->spread->draws, 3);
    cr_assert_float_eq(it.view->spread->residual.low, low + 0.1 * (middle - low), 1e-12);
    cr_assert_float_eq(it.view->spread->residual.median, middle, 1e-12);
    cr_assert_float_eq(it.view->spread->residual.high, high - 0.1 * (high - middle), 1e-12);
    throng_i_urn_clear(&urn);
    scene_clear(&it);
}

Test(panel, is_the_same_for_any_number_of_threads) {
    throng_attribution_def def = what("weighted-variance");
    scene one = scene_make(1, 20000, &def, panel_of(6000, 8)), three = scene_make(3, 20000, &def, panel_of(6000, 8));
    cr_assert_arr_eq(one.view->rows, three.view->rows, 6000 * sizeof(int64_t));
    cr_assert_arr_eq(one.view->comparison, three.view->comparison, sizeof *one.view->comparison);
    cr_assert_arr_eq(&one.view->spread->scale, &three.view->spread->scale, 6 * sizeof(throng_panel_quantiles));
    cr_assert_arr_eq(one.view->spread->share, three.view->spread->share, 6 * sizeof(throng_panel_quantiles));
    scene_clear(&one);
    scene_clear(&three);
}

Test(panel, of_everybody_is_the_crowd) {
    throng_attribution_def def = what("weighted-variance");
    scene it = scene_make(1, 200, &def, panel_of(200, 2));
    cr_assert_float_eq(it.view->comparison->scale, 1.0, 1e-12);
    cr_assert_lt(it.view->comparison->residual, 1e-12);
    cr_assert_lt(it.view->spread->residual.high, 1e-12);
    cr_assert_eq(it.view->comparison->sign_flips, 0.0);
    scene_clear(&it);
}

Test(panel, of_one_agent_is_all_factor) {
    throng_attribution_def def = what("weighted-variance");
    scene it = scene_make(1, 200, &def, panel_of(1, 5));
    cr_assert(it.view->comparison->residual < 1e-12 || isnan(it.view->comparison->residual));
    cr_assert(isnan(it.view->comparison->rank_correlation));
    cr_assert_eq(it.view->spread->draws + it.view->spread->undefined, 5);
    scene_clear(&it);
}

Test(panel, refuses_what_cannot_be_drawn) {
    throng_attribution_def def = what("variance");
    scene it = scene_make(1, 200, &def, panel_of(10, 0));
    throng_panel *panel = NULL;
    throng_error err = {0};
    throng_panel_def wrong[4] = {panel_of(0, 0), panel_of(201, 0), panel_of(10, -1), panel_of(10, 0)};
    wrong[3].bias = THRONG_PANEL_BIAS_COUNT;
    for (int i = 0; i < 4; i++) {
        cr_assert_eq(throng_panel_create(it.context, it.attribution, NULL, &wrong[i], &panel, &err), THRONG_E_ARGUMENT);
        cr_assert_null(panel);
    }
    scene_clear(&it);
}

/* ---- correcting ------------------------------------------------------------------------------------------------ */

/* Relative error of the corrected panel; NaN where it cannot be corrected, -1 where the crowd has no attribution. */
static double corrected(const throng_attribution_def *def) {
    throng_context *context = test_context(1);
    test_crowd crowd = crowd_make(2000, 1, 23);
    throng_population *population = crowd_population(context, &crowd);
    throng_attribution *attribution = NULL;
    throng_aggregates *aggregates = NULL;
    throng_error err = {0};
    double error = -1.0, phi[SIZE], off = 0.0, whole = 0.0;
    if (throng_attribute(context, population, def, &attribution, NULL) != THRONG_OK)
        goto out;
    throng_status status = throng_aggregates_create(context, attribution, 0, &aggregates, &err);
    error = (double)NAN;
    if (status != THRONG_OK) {
        cr_assert_eq(status, THRONG_E_UNSUPPORTED, "%s", err.message);
        goto out;
    }
    /* The panel is rows 700 to 759, as a table of their own. */
    test_crowd few = {SIZE,           crowd.state + 700, crowd.weight + 700, crowd.baseline + 700,
                      crowd.id + 700, crowd.time + 700};
    throng_population *panel = crowd_population(context, &few);
    cr_assert_eq(throng_aggregates_credit(aggregates, panel, phi, &err), THRONG_OK, "%s: %s", def->indicator,
                 err.message);
    for (int i = 0; i < SIZE; i++) {
        double truth = throng_attribution_phi(attribution)[700 + i];
        off = fmax(off, fabs(phi[i] - truth));
        whole = fmax(whole, fabs(truth));
    }
    error = off / whole;
    throng_population_free(panel);
out:
    throng_aggregates_free(aggregates);
    throng_attribution_free(attribution);
    throng_population_free(population);
    crowd_clear(&crowd);
    throng_context_free(context);
    return error;
}

Test(aggregates, correct_a_panel_for_every_indicator_that_has_them) {
    throng_context *context = test_context(1);
    int tried = 0;
    for (int i = 0; i < throng_context_plugin_count(context, THRONG_KIND_INDICATOR); i++) {
        const throng_indicator *indicator =
            (const throng_indicator *)(const void *)throng_context_plugin(context, THRONG_KIND_INDICATOR, i);
        for (int path = THRONG_PATH_STATE; path <= THRONG_PATH_PRESENCE; path++)
            for (int baseline = THRONG_BASELINE_NEUTRAL; baseline < THRONG_BASELINE_COUNT; baseline++) {
                throng_attribution_def def = what(indicator->about.name);
                def.path = (throng_path)path;
                def.baseline = (throng_baseline)baseline;
                double error = corrected(&def);
                if (error == -1.0)
                    continue;
                bool can = indicator->form == THRONG_FORM_MOMENTS ||
                           (indicator->form != THRONG_FORM_DISTRIBUTION && path == THRONG_PATH_PRESENCE);
                cr_expect_eq(can, !isnan(error), "%s, path %d, baseline %d", indicator->about.name, path, baseline);
                if (can)
                    cr_expect_lt(error, 1e-12, "%s, path %d, baseline %d", indicator->about.name, path, baseline);
                tried++;
            }
    }
    cr_assert_gt(tried, 30);
    throng_context_free(context);
}

Test(aggregates, need_the_method_whose_coefficients_they_give) {
    throng_attribution_def def = what("weighted-variance");
    def.method = "oceanic";
    cr_assert(isnan(corrected(&def)));
}

Test(panel, corrected_is_what_the_crowd_says) {
    throng_attribution_def def = what("weighted-variance");
    scene it = scene_make(2, 3000, &def, panel_of(SIZE, 20));
    cr_assert_lt(it.view->comparison->corrected_error, 1e-12);
    cr_assert_lt(it.view->spread->corrected_error.high, 1e-12);
    for (int i = 0; i < SIZE; i++)
        cr_assert_float_eq(it.view->corrected[i], throng_attribution_phi(it.attribution)[it.view->rows[i]], 1e-15);
    scene_clear(&it);
    def = what("gini");
    it = scene_make(1, 300, &def, panel_of(SIZE, 0));
    cr_assert(isnan(it.view->comparison->corrected_error));
    cr_assert_null(it.view->corrected);
    cr_assert_not_null(it.view->uncorrected);
    scene_clear(&it);
}

/* ---- negative controls ----------------------------------------------------------------------------------------- */

/* f of one aggregate, the mean: however bent f is, c is a single number, and one factor reconciles. */
static double bent(const throng_setting *setting, const double *m) {
    (void)setting;
    return tanh(2.0 * m[1]) * exp(-m[1]);
}

static const throng_indicator one_aggregate = {
    .about = {.struct_size = sizeof(throng_indicator),
              .name = "bent-mean",
              .summary = "A bent function of the mean.",
              .details = "tanh(2 m) exp(-m)",
              .reference = "none"},
    .form = THRONG_FORM_MOMENTS,
    .n_aggregates = 2,
    .path = THRONG_PATH_PRESENCE,
    .baseline = "neutral",
    .value = bent,
};

static double residual_of(const char *indicator) {
    throng_context *context = test_context(1);
    test_crowd crowd = crowd_make(2000, 1, 29);
    throng_attribution *attribution = NULL;
    throng_panel *panel = NULL;
    throng_error err = {0};
    throng_attribution_def def = what(indicator);
    throng_panel_def wanted = panel_of(SIZE, 20);
    throng_population *population = crowd_population(context, &crowd);
    def.path = THRONG_PATH_PRESENCE;
    cr_assert_eq(throng_context_register(context, THRONG_KIND_INDICATOR, &one_aggregate.about, &err), THRONG_OK, "%s",
                 err.message);
    cr_assert_eq(throng_attribute(context, population, &def, &attribution, &err), THRONG_OK, "%s", err.message);
    cr_assert_eq(throng_panel_create(context, attribution, NULL, &wanted, &panel, &err), THRONG_OK, "%s", err.message);
    const throng_panel_view *view = throng_panel_look(panel);
    double residual = fmax(view->comparison->residual, view->spread->residual.high);
    throng_panel_free(panel);
    throng_attribution_free(attribution);
    throng_population_free(population);
    crowd_clear(&crowd);
    throng_context_free(context);
    return residual;
}

Test(panel, one_aggregate_or_a_linear_indicator_is_always_reconciled) {
    cr_expect_lt(residual_of("bent-mean"), 1e-10);
    cr_expect_lt(residual_of("mean"), 1e-10);
    cr_expect_gt(residual_of("variance"), 1e-3); /* the same panel, two aggregates */
}

/* ---- memory ---------------------------------------------------------------------------------------------------- */

Test(panel, survives_failing_allocations) {
    throng_attribution_def def = what("variance");
    bool finished = false;
    for (int64_t fail_at = 1; !finished && fail_at < 3000; fail_at++) {
        test_faults faults = {0, 0};
        throng_context *context = NULL;
        throng_attribution *attribution = NULL;
        throng_panel *panel = NULL;
        throng_error err = {0};
        throng_panel_def wanted = panel_of(8, 2);
        test_crowd crowd = crowd_make(50, 1, 3);
        cr_assert_eq(throng_context_create_with(test_faulty_realloc, &faults, &context, &err), THRONG_OK);
        throng_population *population = crowd_population(context, &crowd);
        cr_assert_eq(throng_attribute(context, population, &def, &attribution, &err), THRONG_OK);
        int64_t bytes = throng_context_bytes(context);
        faults.fail_at = faults.calls + fail_at;
        throng_status status = throng_panel_create(context, attribution, NULL, &wanted, &panel, &err);
        finished = status == THRONG_OK;
        if (!finished) {
            cr_assert_eq(status, THRONG_E_MEMORY, "allocation %lld: %s", (long long)fail_at, err.message);
            cr_assert_eq(throng_context_bytes(context), bytes, "leak at allocation %lld", (long long)fail_at);
        }
        throng_panel_free(panel);
        throng_attribution_free(attribution);
        throng_population_free(population);
        throng_context_free(context);
        crowd_clear(&crowd);
    }
    cr_assert(finished);
}
