/* Numbers of a whole run, each with its slopes. Where a number has a kink, the slope is that of one side. */
#include "attribution/over.h"

#include "throng/dynamics.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef double (*value_fn)(double parameter, const double *y, int64_t steps, double *slope);

static double final_value(double parameter, const double *y, int64_t steps, double *slope) {
    (void)parameter;
    slope[steps] = 1.0;
    return y[steps];
}

static double mean(double parameter, const double *y, int64_t steps, double *slope) {
    double sum = 0.0;
    (void)parameter;
    for (int64_t t = 0; t <= steps; t++) {
        sum += y[t];
        slope[t] = 1.0 / (double)(steps + 1);
    }
    return sum / (double)(steps + 1);
}

static double change(double parameter, const double *y, int64_t steps, double *slope) {
    (void)parameter;
    slope[steps] += 1.0;
    slope[0] -= 1.0;
    return y[steps] - y[0];
}

static double ewma(double past, const double *y, int64_t steps, double *slope) {
    double value = 0.0;
    for (int64_t t = 0; t <= steps; t++) {
        slope[t] = pow(past, (double)(steps - t)) * (t > 0 ? 1.0 - past : 1.0);
        value += slope[t] * y[t];
    }
    return value;
}

static double fluctuation(double start, const double *y, int64_t steps, double *slope) {
    double sum = 0.0, squares = 0.0;
    int64_t first = (int64_t)ceil(start), n = steps + 1 - first;
    for (int64_t t = first; t <= steps; t++)
        sum += y[t];
    for (int64_t t = first; t <= steps; t++) {
        double off = y[t] - sum / (double)n;
        squares += off * off;
        slope[t] = 2.0 * off / (double)n;
    }
    return n > 0 ? squares / (double)n : (double)NAN;
}

static int64_t extreme(const double *y, int64_t steps, double sign) {
    int64_t at = 0;
    for (int64_t t = 1; t <= steps; t++)
        if (sign * y[t] > sign * y[at])
            at = t;
    return at;
}

static double highest(double parameter, const double *y, int64_t steps, double *slope) {
    (void)parameter;
    int64_t at = extreme(y, steps, 1.0);
    slope[at] = 1.0;
    return y[at];
}

static double lowest(double parameter, const double *y, int64_t steps, double *slope) {
    (void)parameter;
    int64_t at = extreme(y, steps, -1.0);
    slope[at] = 1.0;
    return y[at];
}

static double cascade_reach(double parameter, const double *y, int64_t steps, double *slope) {
    double most = highest(parameter, y, steps, slope);
    slope[0] -= 1.0;
    return most - y[0];
}

/* First time at which y, joined by straight lines, passes the level; -1 if never. *between is where: t-1 .. t. */
static double passes(const double *y, int64_t steps, double level, int64_t *between) {
    for (int64_t t = 1; t <= steps; t++)
        if (y[t] != y[t - 1] && fmin(y[t - 1], y[t]) <= level && level <= fmax(y[t - 1], y[t])) {
            *between = t;
            return (double)(t - 1) + (level - y[t - 1]) / (y[t] - y[t - 1]);
        }
    return -1.0;
}

/* d time / d level = 1 / rise; d time / d y[t-1], d y[t] follow from the straight line. */
static double crossing_slopes(const double *y, int64_t t, double level, double *slope) {
    double rise = y[t] - y[t - 1];
    slope[t - 1] += (level - y[t]) / (rise * rise);
    slope[t] -= (level - y[t - 1]) / (rise * rise);
    return 1.0 / rise;
}

static double time_to_half(double parameter, const double *y, int64_t steps, double *slope) {
    int64_t t = 0;
    double level = 0.5 * (y[0] + y[steps]);
    (void)parameter;
    double time = passes(y, steps, level, &t);
    if (y[0] == y[steps] || time < 0.0)
        return (double)NAN;
    double moved = crossing_slopes(y, t, level, slope);
    slope[0] += 0.5 * moved;
    slope[steps] += 0.5 * moved;
    return time;
}

static double survival_time(double level, const double *y, int64_t steps, double *slope) {
    int64_t t = 0;
    while (t <= steps && y[t] >= level)
        t++;
    if (t == 0 || t > steps)
        return t == 0 ? 0.0 : (double)steps;
    crossing_slopes(y, t, level, slope);
    return (double)(t - 1) + (level - y[t - 1]) / (y[t] - y[t - 1]);
}

static double drawdown(double parameter, const double *y, int64_t steps, double *slope) {
    int64_t peak = 0, from = 0, to = 0;
    double worst = 0.0;
    (void)parameter;
    for (int64_t t = 0; t <= steps; t++) {
        if (!(y[t] > 0.0))
            return (double)NAN;
        if (y[t] > y[peak])
            peak = t;
        if ((y[peak] - y[t]) / y[peak] > worst) {
            worst = (y[peak] - y[t]) / y[peak];
            from = peak;
            to = t;
        }
    }
    if (to > from) {
        slope[to] = -1.0 / y[from];
        slope[from] = y[to] / (y[from] * y[from]);
    }
    return worst;
}

static double realised_volatility(double parameter, const double *y, int64_t steps, double *slope) {
    double sum = 0.0;
    (void)parameter;
    for (int64_t t = 0; t <= steps; t++)
        if (!(y[t] > 0.0))
            return (double)NAN;
    for (int64_t t = 1; t <= steps; t++) {
        double back = log(y[t] / y[t - 1]);
        sum += back * back;
    }
    double volatility = sqrt(sum);
    for (int64_t t = 1; t <= steps && volatility > 0.0; t++) {
        double back = log(y[t] / y[t - 1]);
        slope[t] += back / (volatility * y[t]);
        slope[t - 1] -= back / (volatility * y[t - 1]);
    }
    return volatility;
}

static double price_crash(double parameter, const double *y, int64_t steps, double *slope) {
    int64_t at = 0;
    double worst = 0.0;
    (void)parameter;
    for (int64_t t = 0; t <= steps; t++) {
        if (!(y[t] > 0.0))
            return (double)NAN;
        if (t > 0 && log(y[t - 1] / y[t]) > worst) {
            worst = log(y[t - 1] / y[t]);
            at = t;
        }
    }
    if (at > 0) {
        slope[at] = -1.0 / y[at];
        slope[at - 1] = 1.0 / y[at - 1];
    }
    return worst;
}

/* ---- the table ------------------------------------------------------------------------------------------------- */

#define NONE 0, 0

static const struct {
    throng_over_about about;
    double minimum, maximum; /* of the parameter: from minimum, below maximum; both 0: it has none */
    bool linear;
    const char *undefined;
    value_fn value;
} overs[] = {
    {{"final", "at the last step"}, NONE, true, NULL, final_value},
    {{"mean", "mean of all steps, the start included"}, NONE, true, NULL, mean},
    {{"change", "at the last step, less that at the start"}, NONE, true, NULL, change},
    {{"ewma:PAST", "exponentially weighted mean; PAST in [0, 1) is the weight of what was before"},
     0,
     1,
     true,
     NULL,
     ewma},
    {{"fluctuation:START", "variance over the steps from START on"},
     0,
     1e9,
     false,
     "the run ends before START",
     fluctuation},
    {{"max", "largest of all steps"}, NONE, false, NULL, highest},
    {{"min", "smallest of all steps"}, NONE, false, NULL, lowest},
    {{"cascade-reach", "largest of all steps, less that at the start: whom a cascade won, of a cascade-size"},
     NONE,
     false,
     NULL,
     cascade_reach},
    {{"time-to-half", "steps until half of the way from the first to the last value is done, interpolated"},
     NONE,
     false,
     "the indicator ends where it began",
     time_to_half},
    {{"survival-time:LEVEL", "steps until it first falls below LEVEL, interpolated; all of them if it never does"},
     -HUGE_VAL,
     HUGE_VAL,
     false,
     NULL,
     survival_time},
    {{"drawdown", "largest loss from a peak, as a share of the peak"},
     NONE,
     false,
     "the indicator is not positive at every step",
     drawdown},
    {{"realised-volatility", "root of the sum of squared changes of the logarithm"},
     NONE,
     false,
     "the indicator is not positive at every step",
     realised_volatility},
    {{"price-crash", "largest fall of the logarithm in one step"},
     NONE,
     false,
     "the indicator is not positive at every step",
     price_crash},
};

#define OVERS ((int)(sizeof overs / sizeof *overs))

int throng_over_count(void) {
    return OVERS;
}

const throng_over_about *throng_over_at(int index) {
    return index >= 0 && index < OVERS ? &overs[index].about : NULL;
}

/* How long the name before the parameter is. */
static size_t name_length(const char *name) {
    return strcspn(name, ":");
}

static bool has_parameter(int kind) {
    return overs[kind].minimum != 0.0 || overs[kind].maximum != 0.0;
}

static throng_status fail_name(const char *text, throng_error *err) {
    char names[OVERS][40], tail[300], given[60];
    const char *list[OVERS];
    for (int i = 0; i < OVERS; i++) {
        snprintf(names[i], sizeof names[i], "%.*s", (int)name_length(overs[i].about.name), overs[i].about.name);
        list[i] = names[i];
    }
    snprintf(given, sizeof given, "%.*s", (int)name_length(text), text);
    throng_suggest(given, list, OVERS, tail, sizeof tail);
    return THRONG_FAIL(err, E_UNKNOWN_NAME, "A run has no number \"%s\" (--over).%s", given, tail);
}

throng_status throng_i_over_parse(const char *text, throng_i_over *out, throng_error *err) {
    size_t length = name_length(text);
    for (int i = 0; i < OVERS; i++) {
        const char *name = overs[i].about.name;
        if (name_length(name) != length || strncmp(name, text, length) != 0)
            continue;
        *out = (throng_i_over){.kind = i, .linear = overs[i].linear};
        if (!has_parameter(i) && text[length] == '\0')
            return THRONG_OK;
        char *end = NULL;
        out->parameter = has_parameter(i) && text[length] ? strtod(text + length + 1, &end) : (double)NAN;
        if (!end || end == text + length + 1 || *end || !isfinite(out->parameter) ||
            !(out->parameter >= overs[i].minimum && out->parameter < overs[i].maximum))
            return THRONG_FAIL(err, E_PARAMETER, "--over %s: %s; got \"%.60s\".", name, overs[i].about.doc, text);
        return THRONG_OK;
    }
    return fail_name(text, err);
}

double throng_i_over_value(const throng_i_over *over, const double *y, int64_t steps, double *slope) {
    memset(slope, 0, (size_t)(steps + 1) * sizeof *slope);
    return overs[over->kind].value(over->parameter, y, steps, slope);
}

const char *throng_i_over_undefined(const throng_i_over *over) {
    return overs[over->kind].undefined ? overs[over->kind].undefined : "it is not a finite number";
}
