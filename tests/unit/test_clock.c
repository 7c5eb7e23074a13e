/* Clocks that jump: this program has its own clock of the day, which leaps by a day back, or
 * forth, at every look. Pauses,
 * timeouts and progress must not care. */
#define _GNU_SOURCE /* syscall */
#include "crowds.h"

#include <stdio.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static _Atomic int64_t looks;
static int64_t leap; /* seconds at every look; 0: the clock is right */

/* These take the places of the C library's, also for the libraries that throng uses. */
int clock_gettime(clockid_t clock, struct timespec *out) {
    long failed = syscall(SYS_clock_gettime, clock, out);
    if (clock == CLOCK_REALTIME)
        out->tv_sec += leap * ++looks;
    return (int)failed;
}

time_t time(time_t *out) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (out)
        *out = now.tv_sec;
    return now.tv_sec;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone) {
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    *out = (struct timeval){.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
    return 0;
}

static throng_status take(void *user, int64_t index, const throng_llm_answer *answer, throng_error *err) {
    (void)index, (void)answer, (void)err;
    ++*(int *)user;
    return THRONG_OK;
}

/* Errors, lost connections and slow answers, all of which are waited for by the clock. */
static void ask_with_leaps(int64_t seconds) {
    throng_context *context = test_context(1);
    throng_mock_llm *server = NULL;
    throng_llm *llm = NULL;
    throng_error error = {0};
    throng_llm_request requests[60];
    char url[64];
    int taken = 0;
    throng_mock_llm_def stand_in = {.faults = "latency_ms=3,error=0.2,drop=0.2", .seed = 2};
    cr_assert_eq(throng_mock_llm_start(context, &stand_in, &server, &error), THRONG_OK, "%s", error.message);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/v1", throng_mock_llm_port(server));
    throng_llm_endpoint_def def = {.url = url,
                                   .model = throng_mock_llm_model(server),
                                   .concurrency = 8,
                                   .timeout = 20.0,
                                   .retries = 20,
                                   .backoff = 0.01};
    cr_assert_eq(throng_llm_endpoint_create(context, &def, &llm, &error), THRONG_OK, "%s", error.message);
    for (int i = 0; i < 60; i++)
        requests[i] = (throng_llm_request){.prompt = "x", .temperature = 1.0, .max_tokens = 4, .sample = i};
    leap = seconds;
    time_t one = time(NULL), other = time(NULL);
    cr_expect_geq(llabs((long long)(one - other)), 86000, "the clock does not jump");
    throng_status status = throng_llm_ask(llm, requests, 60, take, &taken, &error);
    leap = 0;
    cr_expect_eq(status, THRONG_OK, "%s", error.message);
    cr_expect_eq(taken, 60);
    cr_expect_gt(throng_llm_usage_so_far(llm).broken, 10);
    throng_llm_free(llm);
    throng_mock_llm_stop(server);
    throng_context_free(context);
}

Test(clock, days_that_come_again, .timeout = 20) {
    ask_with_leaps(-86400);
}

Test(clock, days_that_are_left_out, .timeout = 20) {
    ask_with_leaps(86400);
}
