/*
 * A mechanism of your own, in a shared object: a place between the two who are farthest apart. Build it, load it, use
 * it like any other:
 *
 *     cc -std=c17 -O2 -shared -fPIC plugin_mechanism.c $(pkg-config --cflags throng) -o plugin_mechanism.so
 *     throng mechanism midrange 0.1 0.2 0.9 --plugin ./plugin_mechanism.so
 *     throng mechanism midrange --check 2000 --plugin ./plugin_mechanism.so
 */
#include "throng/plugin.h"

enum {
    SHARE
};

static const throng_param params[] = {
    [SHARE] = {"share", THRONG_PARAM_REAL, 0.5, 0, 1, "", "of the way from the least report to the greatest"}, {0}};

static throng_status decide(const double *param, const double *reports, int64_t n, throng_outcome *out,
                            double *payments, throng_error *err) {
    double least = reports[0], most = reports[0];
    (void)payments, (void)err; /* nobody pays */
    for (int64_t i = 1; i < n; i++) {
        least = reports[i] < least ? reports[i] : least;
        most = reports[i] > most ? reports[i] : most;
    }
    out->place = least + param[SHARE] * (most - least);
    return THRONG_OK;
}

static const throng_mechanism midrange = {
    .about = {.struct_size = sizeof(throng_mechanism),
              .name = "midrange",
              .summary = "a place between the two who are farthest apart",
              .details =
                  "The farthest agent is as near as can be. Who exaggerates moves it, so it is not strategyproof.",
              .reference = "Example of throng, 2026",
              .params = params},
    .domain = THRONG_MECHANISM_PLACE,
    .axioms = 1u << THRONG_AXIOM_ANONYMOUS | 1u << THRONG_AXIOM_EFFICIENT | 1u << THRONG_AXIOM_UNANIMOUS,
    .decide = decide,
};

static const throng_about *const mechanisms[] = {&midrange.about, NULL};
THRONG_PLUGIN(.mechanisms = mechanisms);
