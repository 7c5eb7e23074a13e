/*
 * The whole command, Parquet in and Parquet out, against libduckdb alone reading the same columns and writing a file of
 * the same columns: both in processes of their own, in turn, on the same threads. The figure is the ratio of the
 * medians, at most 2.5 wanted; and peak memory in bytes a row, at most 40 wanted.
 *
 * bench/command [agents [days]]    default: 1671587 14
 */
#define _DEFAULT_SOURCE
#include "table/database.h"
#include "throng/throng.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define RUNS 5

static void fail(const char *what) {
    fprintf(stderr, "bench: %s\n", what);
    exit(1);
}

/* Runs SQL in an empty database. */
static void run_sql(const char *sql) {
    throng_context *context = NULL;
    throng_i_database database;
    throng_error err = {0};
    if (throng_context_create(&context, &err) != THRONG_OK ||
        throng_i_database_open(context, "benchmark", &database, &err) != THRONG_OK ||
        throng_i_database_run(&database, sql, NULL, &err) != THRONG_OK)
        fail(err.message);
    throng_i_database_close(&database);
    throng_context_free(context);
}

typedef struct measure {
    double seconds, bytes;
} measure;

/* Waits for a child and takes its wall time and peak memory. */
static measure wait_for(pid_t child, double start) {
    struct rusage usage;
    int status = 0;
    if (wait4(child, &status, 0, &usage) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail("a run failed");
    return (measure){throng_i_seconds() - start, 1024.0 * (double)usage.ru_maxrss};
}

static measure run_command(const char *program, const char *table, const char *out) {
    double start = throng_i_seconds();
    pid_t child = fork();
    if (child == 0) {
        execl(program, program, "attribute", table, "--state", "state", "--id", "id", "--time", "day", "--weight",
              "followers", "--indicator", "weighted-variance", "--out", out, "--force", "--quiet", (char *)NULL);
        _exit(127);
    }
    return wait_for(child, start);
}

static measure run_duckdb(const char *table, const char *out) {
    double start = throng_i_seconds();
    pid_t child = fork();
    if (child == 0) {
        char sql[4096];
        snprintf(
            sql, sizeof sql,
            "COPY (SELECT id, day, state, followers, CASE WHEN followers > 200 THEN 'head' WHEN followers > 6 THEN "
            "'middle' ELSE 'long tail' END AS cohort, followers * (state::DOUBLE * state - 0.01 * state) / 1e8 AS "
            "phi FROM read_parquet('%s')) TO '%s' (FORMAT parquet, COMPRESSION zstd)",
            table, out);
        run_sql(sql);
        _exit(0);
    }
    return wait_for(child, start);
}

static int by_seconds(const void *a, const void *b) {
    const measure *one = a, *other = b;
    return one->seconds < other->seconds ? -1 : one->seconds > other->seconds;
}

static double megabytes(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 ? (double)info.st_size / 1e6 : 0.0;
}

int main(int argc, char **argv) {
    long long agents = argc > 1 ? atoll(argv[1]) : 1671587, days = argc > 2 ? atoll(argv[2]) : 14;
    const char *program = getenv("THRONG") ? getenv("THRONG") : "build/throng";
    const char *folder = getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp";
    char work[512], table[600], out[600], copy[600], result[700], sql[4096];
    snprintf(work, sizeof work, "%s/throng-bench-XXXXXX", folder);
    if (!mkdtemp(work))
        fail("no temporary folder");
    snprintf(table, sizeof table, "%s/crowd.parquet", work);
    snprintf(out, sizeof out, "%s/run", work);
    snprintf(copy, sizeof copy, "%s/copy.parquet", work);
    snprintf(result, sizeof result, "%s/attribution.parquet", out);
    snprintf(sql, sizeof sql,
             "COPY (SELECT i %% %lld AS id, (i // %lld + 1)::INTEGER AS day, ((hash(i) %% 2000001)::BIGINT / 1e6 - "
             "1)::FLOAT AS state, floor(pow(((hash(i %% %lld + 7) %% 1000003)::BIGINT + 1) / 1000004.0, -1 / "
             "1.3))::FLOAT AS followers FROM range(%lld) t(i)) TO '%s' (FORMAT parquet)",
             agents, agents, agents, agents * days, table);
    pid_t child = fork(); /* so that making the table does not count as our memory */
    if (child == 0) {
        run_sql(sql);
        _exit(0);
    }
    wait_for(child, 0.0);
    measure ours[RUNS], theirs[RUNS];
    for (int run = 0; run < RUNS; run++) {
        ours[run] = run_command(program, table, out);
        theirs[run] = run_duckdb(table, copy);
    }
    double rows = (double)(agents * days), peak = 0.0, duckdb_peak = 0.0;
    for (int run = 0; run < RUNS; run++) {
        peak = ours[run].bytes > peak ? ours[run].bytes : peak;
        duckdb_peak = theirs[run].bytes > duckdb_peak ? theirs[run].bytes : duckdb_peak;
    }
    qsort(ours, RUNS, sizeof *ours, by_seconds);
    qsort(theirs, RUNS, sizeof *theirs, by_seconds);
    printf("throng attribute, %.0f rows (%lld agents x %lld days), %.0f MB of Parquet\n\n", rows, agents, days,
           megabytes(table));
    printf("%-16s %8s %8s %8s %12s %12s\n", "", "fastest", "median", "slowest", "bytes a row", "written MB");
    printf("%-16s %6.2f s %6.2f s %6.2f s %12.1f %12.0f\n", "throng", ours[0].seconds, ours[RUNS / 2].seconds,
           ours[RUNS - 1].seconds, peak / rows, megabytes(result));
    printf("%-16s %6.2f s %6.2f s %6.2f s %12.1f %12.0f\n", "libduckdb alone", theirs[0].seconds,
           theirs[RUNS / 2].seconds, theirs[RUNS - 1].seconds, duckdb_peak / rows, megabytes(copy));
    printf("\nratio of medians %.2f (at most 2.5 wanted); peak memory %.1f bytes a row (at most 40 wanted)\n",
           ours[RUNS / 2].seconds / theirs[RUNS / 2].seconds, peak / rows);
    snprintf(sql, sizeof sql, "rm -rf '%s'", work);
    return system(sql) == 0 ? 0 : 1;
}
