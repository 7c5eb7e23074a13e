/* Calling an indicator's functions without a crowd: what its `prepare` makes of its default texts. */
#ifndef THRONG_TESTS_PREPARED_H
#define THRONG_TESTS_PREPARED_H

#include "throng/indicator.h"

#include <criterion/criterion.h>

/* The state for a throng_setting, until the next call; NULL if the indicator has none. */
static inline const void *test_prepared(const throng_indicator *indicator, const double *param, int *n_aggregates) {
    static union {
        max_align_t align;
        char bytes[1 << 14];
    } state;
    const char *text[16] = {NULL};
    throng_setting setting = {.param = param, .n_aggregates = *n_aggregates};
    if (!indicator->prepare)
        return NULL;
    for (int i = 0; indicator->about.params && indicator->about.params[i].name; i++)
        text[i] = indicator->about.params[i].text;
    cr_assert_leq(indicator->state_size, sizeof state);
    throng_prepared facts = {.n_aggregates = *n_aggregates};
    cr_assert_eq(indicator->prepare(&setting, text, &state, &facts, NULL), THRONG_OK);
    *n_aggregates = facts.n_aggregates;
    return &state;
}

#endif
