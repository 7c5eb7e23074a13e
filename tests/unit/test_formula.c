/*
 * The indicator formula, and the text parameters it takes: values and gradients against C, built-ins written as
 * formulas, every mistake one sentence that says where, random texts. test_oceanic.c has what methods make of it.
 */
#include "crowds.h"
#include "indicator/indicator.h"

#include <ctype.h>
#include <float.h>
#include <stdio.h>

static const double moments[5] = {1.0, 0.3, 0.7, -0.4, 1.9};

typedef struct formula {
    throng_context *context;
    throng_i_indicator indicator;
    throng_setting setting;
    int64_t bytes; /* held before */
} formula;

static throng_status formula_try(formula *f, const char *spec, throng_error *err) {
    *f = (formula){.context = test_context(1)};
    f->bytes = throng_context_bytes(f->context);
    throng_status status = throng_i_indicator_init(f->context, spec, &f->indicator, err);
    if (status == THRONG_OK)
        f->setting = throng_i_indicator_setting(&f->indicator, 10);
    return status;
}

static void formula_close(formula *f) {
    throng_i_indicator_clear(f->context, &f->indicator);
    cr_expect_eq(throng_context_bytes(f->context), f->bytes);
    throng_context_free(f->context);
}

static formula formula_open(const char *expression) {
    formula f;
    char spec[600];
    throng_error err = {0};
    snprintf(spec, sizeof spec, "formula:expr=%s", expression);
    cr_assert_eq(formula_try(&f, spec, &err), THRONG_OK, "%s: %s", expression, err.message);
    return f;
}

static double value_of(const formula *f, const double *m) {
    return throng_i_indicator_value(&f->indicator, &f->setting, m);
}

/* ---- values and gradients -------------------------------------------------------------------------------------- */

Test(formula, values_are_those_of_c) {
    const double *m = moments;
    const double pi = 3.141592653589793, e = 2.718281828459045;
    const struct {
        const char *text;
        double expected;
        int n_aggregates;
    } cases[] = {
        {"1", 1.0, 2},
        {"m0", m[0], 2},
        {"m2-m1^2", m[2] - m[1] * m[1], 3},
        {"-m1^2", -(m[1] * m[1]), 2},
        {"(-m1)^2", m[1] * m[1], 2},
        {"2^3^2", 512.0, 2},
        {"2^-1", 0.5, 2},
        {"8/4/2", 1.0, 2},
        {"8-4-2", 2.0, 2},
        {"2+3*4", 14.0, 2},
        {"--m1 - +m1", 0.0, 2},
        {" tanh( 3 * m2 ) * exp( -m1 ) ", tanh(3.0 * m[2]) * exp(-m[1]), 3},
        {"1.5e2+.5+2.+1E-1", 152.6, 2},
        {"pi*e", pi * e, 2},
        {"max(m1,min(m2,m3))", m[1], 4},
        {"max(m3,m2)", m[2], 4},
        {"pow(m4, 1.5)", pow(m[4], 1.5), 5},
        {"m4^m1", pow(m[4], m[1]), 5},
        {"abs(m3)", 0.4, 4},
        {"sigmoid(m1)", 1.0 / (1.0 + exp(-m[1])), 2},
        {"sigmoid(-800)", 0.0, 2},
        {"sin(m1)+cos(m2)+atan(m3)", sin(m[1]) + cos(m[2]) + atan(m[3]), 4},
        {"log(m4)/sqrt(m2)", log(m[4]) / sqrt(m[2]), 5},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        formula f = formula_open(cases[i].text);
        double got = value_of(&f, m);
        cr_expect(fabs(got - cases[i].expected) <= 4 * DBL_EPSILON * fabs(cases[i].expected), "%s: %.17g, not %.17g",
                  cases[i].text, got, cases[i].expected);
        cr_expect_eq(f.setting.n_aggregates, cases[i].n_aggregates, "%s uses %d", cases[i].text,
                     f.setting.n_aggregates);
        formula_close(&f);
    }
}

Test(formula, only_steep_expressions_crowd_nodes_at_the_ends) {
    static const char *const smooth[] = {"m2-m1^2", "pow(m2,3)", "abs(m1)/m0", "tanh(3*m2)*exp(-m1)"};
    static const char *const steep[] = {"sqrt(m2)", "log(m2)", "m2^0.5", "pow(m2,m1)"};
    for (int i = 0; i < 4; i++) {
        formula f = formula_open(smooth[i]), g = formula_open(steep[i]);
        cr_expect_not(f.indicator.endpoints, "%s", smooth[i]);
        cr_expect(g.indicator.endpoints, "%s", steep[i]);
        formula_close(&f);
        formula_close(&g);
    }
}

/* Differences at two steps, extrapolated. */
static double slope_of(const formula *f, int k) {
    double slope[2];
    for (int s = 0; s < 2; s++) {
        double step = s == 0 ? 1e-3 : 5e-4, m[2][5];
        memcpy(m[0], moments, sizeof moments);
        memcpy(m[1], moments, sizeof moments);
        m[0][k] -= step;
        m[1][k] += step;
        slope[s] = (value_of(f, m[1]) - value_of(f, m[0])) / (2.0 * step);
    }
    return (4.0 * slope[1] - slope[0]) / 3.0;
}

Test(formula, gradients_are_slopes_of_the_value) {
    static const char *const texts[] = {"m0",
                                        "m1+2*m2-m3/m4",
                                        "m1*m2*m3*m4",
                                        "(m1+m2)/(m3-m4)",
                                        "m4^m1",
                                        "m4^2-m2^3",
                                        "m2^-1.5",
                                        "-m1^2",
                                        "abs(m3)*abs(m1)",
                                        "atan(m1*m4)",
                                        "cos(m2)*sin(m3)",
                                        "exp(m1-m2)",
                                        "log(m4*m2)",
                                        "max(m1,m2)+min(m1,m2)^2",
                                        "pow(m2,m1)",
                                        "sigmoid(m1-3*m2)",
                                        "sqrt(m4+m1)",
                                        "tanh(3*m2)*exp(-m1)"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        formula f = formula_open(texts[i]);
        double got[5];
        throng_i_indicator_gradient(&f.indicator, &f.setting, moments, got);
        for (int k = 0; k < f.setting.n_aggregates; k++)
            cr_expect(fabs(got[k] - slope_of(&f, k)) <= 1e-9 * fmax(1.0, fabs(got[k])), "%s by m%d: %.12g, not %.12g",
                      texts[i], k, got[k], slope_of(&f, k));
        formula_close(&f);
    }
}

/* What does not depend on a moment has slope 0 in it, even where something beside it has no slope at all. */
Test(formula, slopes_that_do_not_exist_stay_where_they_are) {
    const double nobody[5] = {1.0, 0.0, 0.0, 0.0, 0.0};
    double got[5];
    formula f = formula_open("sqrt(m2)+3*m1+0^m0+abs(m1)");
    throng_i_indicator_gradient(&f.indicator, &f.setting, nobody, got);
    cr_expect_eq(got[1], 3.0, "%g", got[1]);
    cr_expect(isinf(got[2]), "%g", got[2]);
    formula_close(&f);
}

/* ---- built-ins as formulas ------------------------------------------------------------------------------------- */

static void attribute(throng_context *context, const throng_population *population, const char *indicator,
                      throng_path path, throng_baseline baseline, throng_attribution **out) {
    throng_error err = {0};
    throng_attribution_def def = throng_attribution_default();
    def.indicator = indicator;
    def.path = path;
    def.baseline = baseline;
    cr_assert_eq(throng_attribute(context, population, &def, out, &err), THRONG_OK, "%s: %s", indicator, err.message);
}

Test(formula, built_in_indicators_written_out_agree) {
    const struct {
        const char *name, *formula;
        bool shape; /* does not exist for a crowd at one point */
    } cases[] = {
        {"mean", "formula:expr=m1,weighted=false", false},
        {"variance", "formula:expr=m2-m1^2,weighted=false", false},
        {"weighted-variance", "formula", false},
        {"skewness:weighted=true", "formula:expr=(m3-3*m1*m2+2*m1^3)/(m2-m1^2)^1.5", true},
        {"bimodality",
         "formula:weighted=false,expr=(1+(m3-3*m1*m2+2*m1^3)^2/(m2-m1^2)^3)/"
         "((m4-4*m1*m3+6*m1^2*m2-3*m1^4)/(m2-m1^2)^2)",
         true},
    };
    throng_context *context = test_context(2);
    test_crowd crowd = crowd_make(1000, 1, 3);
    throng_population *population = crowd_population(context, &crowd);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int path = THRONG_PATH_STATE; path < THRONG_PATH_COUNT; path++)
            for (int own = cases[i].shape; own < 2; own++) {
                throng_baseline baseline = own ? THRONG_BASELINE_COLUMN : THRONG_BASELINE_NEUTRAL;
                throng_attribution *a = NULL, *b = NULL;
                attribute(context, population, cases[i].name, path, baseline, &a);
                attribute(context, population, cases[i].formula, path, baseline, &b);
                double scale = 0.0, apart = 0.0;
                for (int64_t row = 0; row < crowd.n; row++) {
                    scale = fmax(scale, fabs(throng_attribution_phi(a)[row]));
                    apart = fmax(apart, fabs(throng_attribution_phi(a)[row] - throng_attribution_phi(b)[row]));
                }
                /* Differences of moments about 0 lose a digit where shapes are made of them. */
                cr_expect_leq(apart, (cases[i].shape ? 5e-12 : 1e-12) * scale, "%s, path %d, own %d: %g", cases[i].name,
                              path, own, apart / scale);
                cr_expect_float_eq(throng_attribution_change(a).after, throng_attribution_change(b).after, 1e-12);
                cr_expect_eq(throng_attribution_weighted(a), throng_attribution_weighted(b));
                throng_attribution_free(a);
                throng_attribution_free(b);
            }
    throng_population_free(population);
    throng_context_free(context);
    crowd_clear(&crowd);
}

Test(formula, a_standard_deviation_starts_at_a_root) {
    throng_context *context = test_context(1);
    test_crowd crowd = crowd_make(100, 1, 3);
    throng_population *population = crowd_population(context, &crowd);
    throng_attribution *result = NULL;
    attribute(context, population, "formula:expr=sqrt(m2-m1^2)", THRONG_PATH_DEFAULT, THRONG_BASELINE_DEFAULT, &result);
    cr_expect_eq(throng_attribution_resolved(result).path, THRONG_PATH_PRESENCE);
    cr_expect_str_eq(throng_attribution_resolved(result).indicator, "formula:expr=sqrt(m2-m1^2),weighted=true");
    throng_attribution_free(result);
    throng_population_free(population);
    throng_context_free(context);
    crowd_clear(&crowd);
}

Test(formula, failing_allocations_leave_nothing) {
    test_crowd crowd = crowd_make(50, 1, 3);
    throng_attribution_def def = throng_attribution_default();
    def.indicator = "formula:expr=tanh(m2)";
    crowd_survives_failing_allocations(&crowd, &def, 1);
    crowd_clear(&crowd);
}

/* ---- specs ----------------------------------------------------------------------------------------------------- */

Test(formula, texts_come_back_as_they_were_given) {
    const struct {
        const char *given, *said;
    } cases[] = {
        {"formula", "formula:expr=m2-m1^2,weighted=true"},
        {"formula:expr=max(m1,(m2,m3)", "formula: the \"(\" at character 8 is not closed"},
        {"formula:weighted=no, expr = max(m1, 0) ,", "formula:expr=max(m1, 0),weighted=false"},
        {"formula:expr=m1,expr=m2", "formula:expr=m2,weighted=true"},
        {"formula:expr=m1=2", "formula: an operator is missing before \"=\" at character 3."},
        {"formula:expr=", "formula: expr must be text of 1 to 400 characters, got \"\"."},
        {"formula:m1", "formula: parameters are written key=value with commas between them, got \"m1\"."},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        formula f;
        char said[THRONG_I_SPEC_LENGTH];
        throng_error err = {0};
        throng_status status = formula_try(&f, cases[i].given, &err);
        if (status == THRONG_OK)
            throng_i_plugin_print(&f.indicator.use, said, sizeof said);
        cr_expect_not_null(strstr(status == THRONG_OK ? said : err.message, cases[i].said), "%s: %s", cases[i].given,
                           status == THRONG_OK ? said : err.message);
        formula_close(&f);
    }
}

/* A descriptor in static storage that is wrong in one place. */
Test(formula, descriptors_with_texts_nobody_reads_are_refused) {
    static throng_indicator wrong;
    static throng_method method;
    static throng_param params[] = {{"word", THRONG_PARAM_TEXT, 0, 1, 9, "", "a word", "yes"}, {0}};
    throng_context *context = test_context(1);
    const throng_about *about = NULL;
    throng_error err = {0};
    cr_assert_eq(throng_context_find(context, THRONG_KIND_INDICATOR, "mean", &about, &err), THRONG_OK);
    wrong = *(const throng_indicator *)(const void *)about;
    wrong.about.name = "wordy";
    wrong.about.params = params;
    cr_expect_eq(throng_context_register(context, THRONG_KIND_INDICATOR, &wrong.about, &err), THRONG_E_PLUGIN);
    cr_expect_str_eq(err.message, "The indicator wordy needs prepare, to read its text parameters.");
    cr_assert_eq(throng_context_find(context, THRONG_KIND_METHOD, "leave-one-out", &about, &err), THRONG_OK);
    method = *(const throng_method *)(const void *)about;
    method.about.name = "wordy";
    method.about.params = params;
    cr_expect_eq(throng_context_register(context, THRONG_KIND_METHOD, &method.about, &err), THRONG_E_PLUGIN);
    cr_expect_str_eq(err.message, "wordy: only indicators and games may have parameters that are text, word is one.");
    cr_assert_eq(throng_context_find(context, THRONG_KIND_INDICATOR, "formula", &about, &err), THRONG_OK);
    wrong = *(const throng_indicator *)(const void *)about;
    wrong.about.name = "wordy";
    params[0].text = "much too long";
    wrong.about.params = params;
    cr_expect_eq(throng_context_register(context, THRONG_KIND_INDICATOR, &wrong.about, &err), THRONG_E_PLUGIN);
    cr_expect_str_eq(err.message, "wordy: the default of word must be text of 1 to 9 characters.");
    throng_context_free(context);
}

/* ---- mistakes -------------------------------------------------------------------------------------------------- */

Test(formula, every_mistake_is_said_with_its_place) {
    const struct {
        const char *text, *message;
    } cases[] = {
        {"tanh(3*m5)", "formula: there is no \"m5\" at character 8. Moments go from m0 to m4."},
        {"tahn(3*m2)", "formula: there is no \"tahn\" at character 1. Did you mean \"tanh\"?"},
        {"2+Exp(m1)", "formula: there is no \"Exp\" at character 3. Did you mean \"exp\"?"},
        {"m2-", "formula: a number, a moment, a function or \"(\" is missing before the end of the expression."},
        {"m2*/m1", "formula: a number, a moment, a function or \"(\" is missing before \"/\" at character 4."},
        {"()", "formula: a number, a moment, a function or \"(\" is missing before \")\" at character 2."},
        {"m1 m2", "formula: an operator is missing before \"m\" at character 4."},
        {"2e", "formula: an operator is missing before \"e\" at character 2."},
        {"(m1))", "formula: the \")\" at character 5 closes nothing."},
        {"m2\xe2\x88\x92m1", "formula: an operator is missing before \"\xe2\x88\x92\" at character 3."},
        {"m2\tm1", "formula: an operator is missing before a control character at character 3."},
        {"exp", "formula: \"exp\" at character 1 is a function: \"(\" is missing before the end of the expression."},
        {"max(1,2,3)", "formula: \"max\" at character 1 takes 2 arguments, got 3."},
        {"sin(1,2)", "formula: \"sin\" at character 1 takes 1 argument, got 2."},
        {"max(m1", "formula: the \"(\" at character 4 is not closed: an operator or \")\" is missing before the end of "
                   "the expression."},
        {"1e999", "formula: the number \"1e999\" at character 1 is too large."},
        {".", "formula: \".\" at character 1 is no number."},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        formula f;
        char spec[600];
        throng_error err = {0};
        snprintf(spec, sizeof spec, "formula:expr=%s", cases[i].text);
        cr_expect_eq(formula_try(&f, spec, &err), THRONG_E_PARAMETER, "%s", cases[i].text);
        cr_expect_str_eq(err.message, cases[i].message, "%s: %s", cases[i].text, err.message);
        formula_close(&f);
    }
}

/* 64 operands may wait, not 65; and as many parentheses as there is room for are no depth at all. */
Test(formula, depth_has_a_limit) {
    char text[500] = "";
    formula f;
    throng_error err = {0};
    for (int i = 0; i < 63; i++)
        strcat(text, "1+(");
    strcat(text, "m1");
    for (int i = 0; i < 63; i++)
        strcat(text, ")");
    f = formula_open(text);
    cr_expect_float_eq(value_of(&f, moments), 63.3, 1e-12);
    formula_close(&f);
    char spec[600] = "formula:expr=1+(";
    strcat(spec, text);
    cr_expect_eq(formula_try(&f, spec, &err), THRONG_E_PARAMETER);
    cr_expect_not_null(strstr(err.message, "more than 64 operands wait for each other at "), "%s", err.message);
    formula_close(&f);
    memset(text, '(', 190);
    strcpy(text + 190, "m1");
    memset(text + 192, ')', 190);
    text[382] = '\0';
    f = formula_open(text);
    cr_expect_float_eq(value_of(&f, moments), 0.3, 1e-15);
    formula_close(&f);
}

/* Texts put together at random from what formulas are made of, and from bytes that they are not. */
Test(formula, random_texts_never_crash) {
    static const char *const pieces[] = {"m0",  "m1",       "m2",   "m4",   "m7",   "(",    ")",     "(",    ")",
                                         "+",   "-",        "*",    "/",    "^",    ",",    "1",     "2.5",  ".",
                                         "1e3", "e",        "pi",   "max(", "exp(", "tanh", "sqrt(", "pow(", " ",
                                         "=",   "\xc3\xa4", "\xff", "\x01", "%s",   "log(", "min(",  "abc"};
    const uint64_t n_pieces = sizeof pieces / sizeof *pieces;
    throng_context *context = test_context(1);
    int valid = 0;
    for (uint64_t round = 0; round < 20000; round++) {
        char spec[700] = "formula:expr=";
        uint64_t length = 1 + (uint64_t)(test_uniform(round, 0) * (round % 100 == 0 ? 150 : 12));
        for (uint64_t i = 0; i < length; i++)
            strcat(spec, pieces[(uint64_t)(test_uniform(round, i + 1) * (double)n_pieces)]);
        throng_i_indicator indicator = {0};
        throng_error err = {0};
        throng_status status = throng_i_indicator_init(context, spec, &indicator, &err);
        if (status == THRONG_OK) {
            double out[5];
            throng_setting setting = throng_i_indicator_setting(&indicator, 10);
            (void)throng_i_indicator_value(&indicator, &setting, moments);
            throng_i_indicator_gradient(&indicator, &setting, moments, out);
            valid++;
        } else {
            size_t end = strlen(err.message);
            cr_assert(end > 20 && (err.message[end - 1] == '.' || err.message[end - 1] == '?'), "%s: %s", spec,
                      err.message);
            cr_assert(status == THRONG_E_PARAMETER || status == THRONG_E_UNKNOWN_NAME, "%s: %s", spec, err.message);
            for (const char *c = err.message; *c; c++)
                cr_assert(*c != '\n', "%s", err.message);
        }
        throng_i_indicator_clear(context, &indicator);
    }
    cr_expect_gt(valid, 500, "%d", valid);
    throng_context_free(context);
}
