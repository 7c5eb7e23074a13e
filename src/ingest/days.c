/* Days as they are written: see days.h. */
#include "ingest/days.h"

#include <stdio.h>
#include <string.h>

/* More than four thousand years. */
#define DAYS_MAX 1500000

static bool is_leap(int year) {
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Whether `length` characters are a day such as 2024-02-29, from 1970 on. */
static bool is_day(const char *text, size_t length) {
    static const char form[] = "0000-00-00";
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year = 0, month = 0, day = 0;
    if (length != sizeof form - 1)
        return false;
    for (size_t i = 0; i < length; i++)
        if (form[i] == '-' ? text[i] != '-' : text[i] < '0' || text[i] > '9')
            return false;
    sscanf(text, "%4d-%2d-%2d", &year, &month, &day);
    return year >= 1970 && month >= 1 && month <= 12 && day >= 1 &&
           day <= lengths[month - 1] + (month == 2 && is_leap(year));
}

static throng_status fail(const char *text, throng_error *err) {
    return THRONG_FAIL(err, E_ARGUMENT,
                       "days must be FIRST..LAST with days of UTC such as 2024-11-21..2024-12-04 (either may be "
                       "missing), one day, or a number: the last so many; got \"%.60s\".",
                       text);
}

static throng_status read_number(const char *text, char out[THRONG_I_DAYS_LENGTH], throng_error *err) {
    size_t length = strlen(text);
    int number = 0;
    if (length == 0 || length > 7 || strspn(text, "0123456789") != length || sscanf(text, "%d", &number) != 1 ||
        number < 1 || number > DAYS_MAX)
        return fail(text, err);
    snprintf(out, THRONG_I_DAYS_LENGTH, "%d", number);
    return THRONG_OK;
}

throng_status throng_i_days_read(const char *text, char out[THRONG_I_DAYS_LENGTH], throng_error *err) {
    const char *all = text ? text : "..", *dots = strstr(all, "..");
    size_t length = strlen(all);
    if (!dots && !is_day(all, length))
        return read_number(all, out, err);
    const char *first = all, *last = dots ? dots + 2 : all;
    size_t n_first = dots ? (size_t)(dots - all) : length, n_last = strlen(last);
    if ((n_first > 0 && !is_day(first, n_first)) || (n_last > 0 && !is_day(last, n_last)))
        return fail(text, err);
    if (n_first > 0 && n_last > 0 && strncmp(first, last, n_first) > 0)
        return THRONG_FAIL(err, E_ARGUMENT, "days must not end before they begin, got \"%s\".", text);
    snprintf(out, THRONG_I_DAYS_LENGTH, "%.*s..%s", (int)n_first, first, last);
    return THRONG_OK;
}
