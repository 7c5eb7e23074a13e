/* Numbers of a run: their values on series worked out by hand, and their slopes against differences. */
#include "attribution/over.h"
#include "populations.h"
#include "throng/dynamics.h"

static const double series[] = {1.0, 3.0, 4.0, 2.0, 1.5, 2.5};

#define STEPS 5

static double number(const char *name, const double *y, double *slope) {
    throng_i_over over;
    double unused[STEPS + 1];
    expect_ok(throng_i_over_parse(name, &over, &error));
    return throng_i_over_value(&over, y, STEPS, slope ? slope : unused);
}

Test(over, is_what_the_hand_works_out, .init = set_up, .fini = tear_down) {
    static const struct {
        const char *name;
        double value;
    } cases[] = {{"final", 2.5},
                 {"mean", 14.0 / 6.0},
                 {"change", 1.5},
                 {"ewma:0", 2.5},
                 {"ewma:0.5", 1.0 / 32 + 3.0 / 32 + 4.0 / 16 + 2.0 / 8 + 1.5 / 4 + 2.5 / 2},
                 {"fluctuation:2", 0.875}, /* of 4, 2, 1.5, 2.5 */
                 {"fluctuation:5", 0.0},
                 {"max", 4.0},
                 {"min", 1.0},
                 {"cascade-reach", 3.0},
                 {"time-to-half", 0.375},                  /* 1.75 on the way from 1 to 3 */
                 {"survival-time:2", 0.0},                 /* below from the start */
                 {"survival-time:1", 5.0},                 /* never below */
                 {"drawdown", 2.5 / 4.0},                  /* from 4 to 1.5 */
                 {"price-crash", 0.69314718055994530942}}; /* 4 to 2 */
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++)
        cr_expect_float_eq(number(cases[c].name, series, NULL), cases[c].value, 1e-14, "%s: %.17g", cases[c].name,
                           number(cases[c].name, series, NULL));
    const double falls[] = {5.0, 4.0, 2.0, 1.0, 3.0, 4.0};
    cr_expect_float_eq(number("survival-time:3", falls, NULL), 1.5, 1e-14);
    const double tiny[] = {1e-200, 3e-200, 4e-200, 6e-200, 8e-200, 9e-200}; /* whose products are 0 */
    cr_expect_float_eq(number("time-to-half", tiny, NULL), 2.5, 1e-14);
    double sum = 0.0;
    for (int t = 1; t <= STEPS; t++)
        sum += pow(log(series[t] / series[t - 1]), 2.0);
    cr_expect_float_eq(number("realised-volatility", series, NULL), sqrt(sum), 1e-14);
}

Test(over, slopes_are_those_of_differences, .init = set_up, .fini = tear_down) {
    static const char *const names[] = {
        "final",       "mean",          "change",          "ewma:0.9", "max",
        "min",         "time-to-half",  "survival-time:3", "drawdown", "realised-volatility",
        "price-crash", "fluctuation:2", "cascade-reach"};
    const double falls[] = {5.0, 4.0, 2.2, 1.0, 3.1, 1.7};
    const double *y[] = {series, falls};
    cr_assert_eq((int)(sizeof names / sizeof *names), throng_over_count(), "every number is tested here");
    for (size_t c = 0; c < sizeof names / sizeof *names; c++)
        for (int which = 0; which < 2; which++) {
            double slope[STEPS + 1], moved[STEPS + 1];
            number(names[c], y[which], slope);
            for (int t = 0; t <= STEPS; t++) {
                double at[2];
                for (int side = 0; side < 2; side++) {
                    memcpy(moved, y[which], sizeof moved);
                    moved[t] += side ? 1e-6 : -1e-6;
                    at[side] = number(names[c], moved, NULL);
                }
                cr_expect_float_eq(slope[t], (at[1] - at[0]) / 2e-6, 1e-7, "%s, series %d, step %d: %g, differences %g",
                                   names[c], which, t, slope[t], (at[1] - at[0]) / 2e-6);
            }
        }
}

Test(over, is_undefined_where_it_says_so, .init = set_up, .fini = tear_down) {
    const double level[] = {1.0, 1.0, 1.0, 1.0, 1.0, 1.0}, negative[] = {1.0, 2.0, -1.0, 1.0, 1.0, 1.0};
    cr_expect(isnan(number("time-to-half", level, NULL)));
    cr_expect(isnan(number("drawdown", negative, NULL)));
    cr_expect(isnan(number("realised-volatility", negative, NULL)));
    cr_expect(isnan(number("price-crash", negative, NULL)));
    cr_expect(isnan(number("fluctuation:6", level, NULL)));
    cr_expect_eq(number("drawdown", level, NULL), 0.0);
    cr_expect_eq(number("realised-volatility", level, NULL), 0.0);
}

Test(over, names_and_parameters_are_checked, .init = set_up, .fini = tear_down) {
    static const struct {
        const char *text;
        throng_status status;
        const char *says;
    } cases[] = {{"finale", THRONG_E_UNKNOWN_NAME, "final"},     {"", THRONG_E_UNKNOWN_NAME, "final"},
                 {"ewma", THRONG_E_PARAMETER, "PAST in [0, 1)"}, {"ewma:1", THRONG_E_PARAMETER, "PAST"},
                 {"ewma:x", THRONG_E_PARAMETER, "PAST"},         {"ewma:0.5x", THRONG_E_PARAMETER, "PAST"},
                 {"mean:3", THRONG_E_PARAMETER, "mean"},         {"survival-time:nan", THRONG_E_PARAMETER, "LEVEL"}};
    throng_i_over over;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        cr_expect_eq(throng_i_over_parse(cases[c].text, &over, &error), cases[c].status, "\"%s\"", cases[c].text);
        cr_expect(strstr(error.message, cases[c].says), "\"%s\" said %s", cases[c].text, error.message);
    }
}
