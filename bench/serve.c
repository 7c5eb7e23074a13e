/* The explorer's server: how long a filter takes, and what many requests at once do to it beside readers that never
 * read.
 *
 * Use: bench/serve [--agents N] [--times T] [--requests R] [--connections C]    (defaults: 200,000; 1; 100,000; 200)
 *
 * Filters are timed by the server itself, the fastest of five; latencies are those of small requests over connections
 * of ten requests each, on threads in this same process: client and server share the processors. */
#define _GNU_SOURCE
#include "throng/throng.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SLOW 20

static char folder[] = "/tmp/throng-bench-XXXXXX";
static int port;

static double now(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + 1e-9 * (double)at.tv_nsec;
}

static void must(bool condition, const char *what) {
    if (condition)
        return;
    fprintf(stderr, "bench/serve: %s\n", what);
    exit(1);
}

static long option(int argc, char **argv, const char *name, long fallback) {
    for (int i = 1; i + 1 < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return strtol(argv[i + 1], NULL, 10);
    return fallback;
}

/* ---- what the process holds ------------------------------------------------------------------------------------ */

static long resident(void) {
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    must(file && fscanf(file, "%*d %ld", &pages) == 1, "statm");
    fclose(file);
    return 4 * pages / 1024;
}

static int descriptors(void) {
    int n = 0;
    DIR *entries = opendir("/proc/self/fd");
    must(entries, "/proc/self/fd");
    while (readdir(entries))
        n++;
    closedir(entries);
    return n;
}

/* ---- a run ----------------------------------------------------------------------------------------------------- */

static void make_table(throng_context *context, const char *path, int64_t agents, int64_t times) {
    throng_error err = {0};
    throng_table *table = NULL;
    int64_t n = agents * times;
    void *id, *day, *state, *weight;
    must(throng_table_create(context, n, &table, &err) == THRONG_OK &&
             throng_table_add(table, "id", THRONG_TYPE_INT64, &id, &err) == THRONG_OK &&
             throng_table_add(table, "day", THRONG_TYPE_INT64, &day, &err) == THRONG_OK &&
             throng_table_add(table, "state", THRONG_TYPE_FLOAT32, &state, &err) == THRONG_OK &&
             throng_table_add(table, "weight", THRONG_TYPE_FLOAT64, &weight, &err) == THRONG_OK,
         err.message);
    for (int64_t i = 0; i < n; i++) {
        double u[4];
        throng_random_uniforms((throng_random){1, 0}, (uint64_t)(i % agents), (uint64_t)(i / agents), 0, u);
        ((int64_t *)id)[i] = i % agents;
        ((int64_t *)day)[i] = i / agents;
        ((float *)state)[i] = (float)(2.0 * u[0] - 1.0);
        ((double *)weight)[i] = 1.0 / (1e-4 + u[1]);
    }
    must(throng_table_write(table, path, true, &err) == THRONG_OK, err.message);
    throng_table_free(table);
}

static void make_run(throng_context *context, const char *path, int64_t agents, int64_t times) {
    throng_error err = {0};
    throng_study *study = NULL;
    throng_run *run = NULL;
    char table[80];
    snprintf(table, sizeof table, "%s/crowd.parquet", folder);
    make_table(context, table, agents, times);
    const char *const settings[][2] = {{"population.table", table},
                                       {"population.id", "id"},
                                       {"population.time", "day"},
                                       {"population.state", "state"},
                                       {"population.weight", "weight"}};
    must(throng_study_create(context, &study, &err) == THRONG_OK, err.message);
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        must(throng_study_set(study, settings[i][0], settings[i][1], &err) == THRONG_OK, err.message);
    must(throng_study_run(study, NULL, path, true, &run, &err) == THRONG_OK, err.message);
    throng_run_free(run);
    throng_study_free(study);
}

/* ---- requests -------------------------------------------------------------------------------------------------- */

static int connect_to_server(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int socket_of = socket(AF_INET, SOCK_STREAM, 0);
    must(socket_of >= 0 && connect(socket_of, (struct sockaddr *)&address, sizeof address) == 0, "connect");
    return socket_of;
}

static void send_request(int to, const char *target) {
    char request[600];
    int n = snprintf(request, sizeof request, "GET /api/v1/%s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n", target, port);
    must(write(to, request, (size_t)n) == n, "write");
}

/* The reply, head and body, zero-terminated. */
static void take_reply(int from, char *out, size_t size) {
    size_t used = 0, whole = 0;
    while (whole == 0 || used < whole) {
        ssize_t n = read(from, out + used, size - 1 - used);
        must(n > 0, "the server hung up");
        used += (size_t)n;
        out[used] = '\0';
        const char *end = strstr(out, "\r\n\r\n"), *length = strcasestr(out, "\r\nContent-Length: ");
        if (whole == 0 && end && length)
            whole = (size_t)(end + 4 - out) + strtoul(length + strlen("\r\nContent-Length: "), NULL, 10);
        must(used < size - 1, "the reply is too long");
    }
    must(strncmp(out, "HTTP/1.1 200", 12) == 0, out);
}

/* ---- filters --------------------------------------------------------------------------------------------------- */

static void time_filter(const char *expression) {
    static char reply[1 << 20];
    double best = 1e9, rows = 0.0;
    int to = connect_to_server();
    for (int i = 0; i < 5; i++) {
        char target[400];
        /* The number makes it another selection, which has to be evaluated. */
        snprintf(target, sizeof target, "runs/0/select?top=20&where=%s%%20AND%%20%d%%3D%d", expression, i, i);
        send_request(to, target);
        take_reply(to, reply, sizeof reply);
        double seconds = strtod(strstr(reply, "\"seconds\":") + strlen("\"seconds\":"), NULL);
        best = seconds < best ? seconds : best;
        rows = strtod(strstr(reply, "],\"from\":0,\"of\":") + strlen("],\"from\":0,\"of\":"), NULL);
    }
    close(to);
    printf("  %-44s %.3f s for %.1f M rows\n", expression, best, rows / 1e6);
}

/* ---- load ------------------------------------------------------------------------------------------------------ */

static _Atomic long left;
static double *latencies;
static long n_requests;

static void *ask_on(void *user) {
    static const char *const targets[] = {"runs", "runs/0/page?limit=5", "runs/0/column?column=phi&to=1000"};
    char *reply = malloc(1 << 20);
    int to = connect_to_server();
    (void)user;
    for (long i = atomic_fetch_sub(&left, 1); i > 0; i = atomic_fetch_sub(&left, 1)) {
        double began = now();
        send_request(to, targets[i % 3]);
        take_reply(to, reply, 1 << 20);
        latencies[i - 1] = now() - began;
        if (i % 10 == 0) {
            close(to);
            to = connect_to_server();
        }
    }
    close(to);
    free(reply);
    return NULL;
}

static int by_size(const void *one, const void *other) {
    double a = *(const double *)one, b = *(const double *)other;
    return (a > b) - (a < b);
}

static void load(int connections) {
    pthread_t *threads = calloc((size_t)connections, sizeof *threads);
    int slow[SLOW];
    latencies = calloc((size_t)n_requests, sizeof *latencies);
    must(threads && latencies, "memory");
    int open_before = descriptors();
    long megabytes = resident();
    for (int i = 0; i < SLOW; i++) {
        slow[i] = connect_to_server();
        send_request(slow[i], "runs/0/column?column=phi");
    }
    double began = now();
    atomic_store(&left, n_requests);
    for (int i = 0; i < connections; i++)
        must(pthread_create(&threads[i], NULL, ask_on, NULL) == 0, "thread");
    for (int i = 0; i < connections; i++)
        pthread_join(threads[i], NULL);
    double seconds = now() - began;
    for (int i = 0; i < SLOW; i++)
        close(slow[i]);
    sleep(1);
    qsort(latencies, (size_t)n_requests, sizeof *latencies, by_size);
    printf("  %ld requests over %d connections beside %d readers that never read: %.0f a second\n", n_requests,
           connections, SLOW, (double)n_requests / seconds);
    printf("  latency: median %.1f ms, 99 %% below %.1f ms, longest %.1f ms\n", 1e3 * latencies[n_requests / 2],
           1e3 * latencies[n_requests * 99 / 100], 1e3 * latencies[n_requests - 1]);
    printf("  descriptors: %d before, %d after; memory: %ld MB before, %ld MB after\n", open_before, descriptors(),
           megabytes, resident());
    free(threads);
    free(latencies);
}

int main(int argc, char **argv) {
    int64_t agents = option(argc, argv, "--agents", 200000), times = option(argc, argv, "--times", 1);
    throng_context *context = NULL;
    throng_server *server = NULL;
    throng_error err = {0};
    char path[60], command[80];
    const char *paths[] = {path};
    n_requests = option(argc, argv, "--requests", 100000);
    must(mkdtemp(folder), "mkdtemp");
    snprintf(path, sizeof path, "%s/run", folder);
    must(throng_context_create(&context, &err) == THRONG_OK, err.message);
    make_run(context, path, agents, times);
    must(throng_server_start(context, &(throng_server_def){.paths = paths, .n_paths = 1}, &server, &err) == THRONG_OK,
         err.message);
    port = atoi(strrchr(throng_server_url(server), ':') + 1);
    printf("%lld agents x %lld times, %d threads\n", (long long)agents, (long long)times,
           throng_context_threads(context));
    time_filter("phi%3E0"); /* also reads the columns */
    time_filter("weight%3E100%20AND%20state%3C0");
    time_filter("cohort%3D%27head%27");
    time_filter("cohort%3D%27head%27%20AND%20phi%3E0");
    time_filter("id%20%25%20100%3D7%20OR%20phi%3C0");
    load((int)option(argc, argv, "--connections", 200));
    throng_server_stop(server);
    throng_context_free(context);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command) == 0 ? 0 : 1;
}
