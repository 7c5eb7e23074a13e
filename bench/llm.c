/* How near the client comes to the ideal rate: the stand-in, in this process, answers after a fixed time, and so many
 * requests are kept under way that concurrency / time answers a second would come if asking cost nothing. A sleeping
 * thread wakes late, and the later the busier the machine is: what one call at a time takes tells how late, and the
 * rate is also compared with as many of those side by side. What is missing there is the client's.
 *
 * Use: bench/llm [--calls N] [--concurrency C] [--latency MS]     (defaults: 20,000; 64; 20)
 */
#define _POSIX_C_SOURCE 200809L
#include "throng/throng.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + 1e-9 * (double)at.tv_nsec;
}

static throng_status take(void *user, int64_t index, const throng_llm_answer *answer, throng_error *err) {
    (void)index, (void)answer, (void)err;
    ++*(int64_t *)user;
    return THRONG_OK;
}

static void stop(const throng_error *err) {
    fprintf(stderr, "bench/llm: %s\n", err->message);
    exit(1);
}

static long option(int argc, char **argv, const char *name, long fallback) {
    for (int i = 1; i + 1 < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return strtol(argv[i + 1], NULL, 10);
    return fallback;
}

/* Kilobytes that the process holds. */
static long resident(void) {
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file || fscanf(file, "%*d %ld", &pages) != 1)
        pages = 0;
    if (file)
        fclose(file);
    return 4 * pages;
}

/* Calls a second. */
static double rate_of(throng_context *context, throng_llm_endpoint_def def, const throng_llm_request *requests,
                      int64_t calls) {
    throng_llm *llm = NULL;
    throng_error err = {0};
    int64_t taken = 0;
    if (throng_llm_endpoint_create(context, &def, &llm, &err) != THRONG_OK ||
        throng_llm_ask(llm, requests, calls / 10, take, &taken, &err) != THRONG_OK) /* connections are made */
        stop(&err);
    double began = now();
    taken = 0;
    if (throng_llm_ask(llm, requests, calls, take, &taken, &err) != THRONG_OK)
        stop(&err);
    double rate = (double)taken / (now() - began);
    throng_llm_free(llm);
    return rate;
}

int main(int argc, char **argv) {
    long calls = option(argc, argv, "--calls", 20000), latency = option(argc, argv, "--latency", 20);
    int concurrency = (int)option(argc, argv, "--concurrency", 64);
    throng_context *context = NULL;
    throng_mock_llm *server = NULL;
    throng_llm *llm = NULL;
    throng_error err = {0};
    char faults[64], url[64];
    int64_t taken = 0;
    snprintf(faults, sizeof faults, "latency_ms=%ld", latency);
    if (throng_context_create(&context, &err) != THRONG_OK ||
        throng_mock_llm_start(context, &(throng_mock_llm_def){.faults = faults}, &server, &err) != THRONG_OK)
        stop(&err);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/v1", throng_mock_llm_port(server));
    throng_llm_endpoint_def def = {.url = url, .model = throng_mock_llm_model(server), .concurrency = concurrency};
    if (throng_llm_endpoint_create(context, &def, &llm, &err) != THRONG_OK)
        stop(&err);
    throng_llm_request *requests = calloc((size_t)calls, sizeof *requests);
    if (!requests)
        return 1;
    for (long i = 0; i < calls; i++)
        requests[i] = (throng_llm_request){.prompt = "You are 30 years old.\n\nA) post\nB) share\n\nOne letter only.",
                                           .temperature = 1.0,
                                           .max_tokens = 4,
                                           .top_logprobs = 20,
                                           .sample = i};
    if (throng_llm_ask(llm, requests, calls / 10, take, &taken, &err) != THRONG_OK) /* connections are made */
        stop(&err);
    long before = resident();
    int64_t held = throng_context_bytes(context);
    double began = now();
    taken = 0;
    if (throng_llm_ask(llm, requests, calls, take, &taken, &err) != THRONG_OK)
        stop(&err);
    double rate = (double)taken / (now() - began), ideal = 1000.0 * concurrency / (double)latency;
    def.concurrency = 1;
    double alone = rate_of(context, def, requests, calls / concurrency < 200 ? calls / concurrency : 200);
    printf("%lld calls, %d under way, %ld ms each: %.0f a second, %.1f %% of the ideal %.0f\n", (long long)taken,
           concurrency, latency, rate, 100.0 * rate / ideal, ideal);
    printf("one under way: %.1f a second, %.1f %% of the ideal; %d times that is %.0f, of which the rate is %.1f %%\n",
           alone, 100.0 * alone * concurrency / ideal, concurrency, alone * concurrency,
           100.0 * rate / (alone * concurrency));
    printf("memory: resident %ld KB, then %ld KB; held by the library %lld, then %lld bytes\n", before, resident(),
           (long long)held, (long long)throng_context_bytes(context));
    throng_llm_free(llm);
    throng_mock_llm_stop(server);
    throng_context_free(context);
    free(requests);
    return 0;
}
