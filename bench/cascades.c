/*
 * Actions from Parquet to trees, measures and credits, beside libduckdb reading the same columns and counting the
 * actions of every agent: in one process, in turn, on the same threads.
 *
 * Two tables of the same size: actions that know their parent (ids, random trees of about 50), and adoptions of items
 * of which only agent and time are known, with a graph of ten follows an agent.
 *
 * bench/cascades [actions]    default: 10000000
 */
#define _DEFAULT_SOURCE
#include "scene.h"
#include "table/database.h"
#include "throng/cascade.h"

#include <time.h>
#include <unistd.h>

#define RUNS 3

static void run_sql(throng_context *context, const char *sql) {
    throng_i_database database = {0};
    throng_error err = {0};
    FAIL_IF(throng_i_database_open(context, "benchmark", &database, &err) != THRONG_OK, err.message);
    FAIL_IF(throng_i_database_run(&database, sql, NULL, &err) != THRONG_OK, err.message);
    throng_i_database_close(&database);
}

static double count(throng_context *context, const char *path, const char *others) {
    char sql[900];
    snprintf(sql, sizeof sql,
             "SELECT count(*), max(n) FROM (SELECT agent, count(*) AS n, %s FROM read_parquet('%s') GROUP BY agent)",
             others, path);
    double start = throng_i_seconds();
    run_sql(context, sql);
    return throng_i_seconds() - start;
}

/* Of all threads: on a busy machine it says more than the clock on the wall. */
static double processor_seconds(void) {
    return (double)clock() / CLOCKS_PER_SEC;
}

static double build(throng_context *context, const char *path, const char *edges, const throng_cascades_def *def,
                    bool tell) {
    throng_error err = {0};
    throng_cascades *cascades = NULL;
    const throng_cascades_input input = {.paths = &path, .n_paths = 1, .edges = edges};
    double start = throng_i_seconds(), worked = processor_seconds();
    FAIL_IF(throng_cascades_read(context, &input, def, &cascades, &err) != THRONG_OK, err.message);
    double seconds = throng_i_seconds() - start;
    worked = processor_seconds() - worked;
    throng_cascades_counts counts = throng_cascades_counted(cascades);
    if (tell)
        printf("  %lld members in %lld cascades: %lld known, %lld followed, %lld assumed; residual %.0e; peak %.0f "
               "bytes a row; %.1f s of processors\n",
               (long long)counts.members, (long long)throng_cascades_count(cascades), (long long)counts.known,
               (long long)counts.followed, (long long)counts.assumed, throng_cascades_prove(cascades).residual,
               (double)throng_context_bytes_peak(context) / (double)counts.rows, worked);
    throng_cascades_free(cascades);
    return seconds;
}

static int by_seconds(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void compare(throng_context *context, const char *name, const char *path, const char *edges, const char *others,
                    const throng_cascades_def *def) {
    double ours[RUNS], theirs[RUNS];
    printf("%s\n", name);
    for (int run = 0; run < RUNS; run++) {
        ours[run] = build(context, path, edges, def, run == 0);
        theirs[run] = count(context, path, others);
    }
    qsort(ours, RUNS, sizeof *ours, by_seconds);
    qsort(theirs, RUNS, sizeof *theirs, by_seconds);
    printf("  throng    %5.2f s %5.2f s %5.2f s (fastest, median, slowest)\n", ours[0], ours[1], ours[2]);
    printf("  libduckdb %5.2f s %5.2f s %5.2f s   throng takes %.1f times as long\n\n", theirs[0], theirs[1], theirs[2],
           ours[1] / theirs[1]);
}

int main(int argc, char **argv) {
    long long n = argc > 1 ? atoll(argv[1]) : 10000000, agents = n / 10 > 2 ? n / 10 : 2;
    const char *folder = getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp";
    char known[600], adopted[600], follows[600], sql[2000];
    throng_context *context = NULL;
    FAIL_IF(throng_context_create(&context, NULL) != THRONG_OK, "no context");
    snprintf(known, sizeof known, "%s/throng-bench-known-%lld.parquet", folder, (long long)getpid());
    snprintf(adopted, sizeof adopted, "%s/throng-bench-adopted-%lld.parquet", folder, (long long)getpid());
    snprintf(follows, sizeof follows, "%s/throng-bench-follows-%lld.parquet", folder, (long long)getpid());
    snprintf(sql, sizeof sql,
             "COPY (SELECT i * 3 AS id, CASE WHEN i %% 50 > 0 THEN 3 * (i - 1 - (hash(i) %% (i %% 50))::BIGINT) END AS "
             "parent, floor(pow(((hash(i + 7) %% 1000003)::BIGINT) / 1000003.0, 3) * %lld)::BIGINT AS agent, "
             "i AS time FROM range(%lld) t(i)) TO '%s' (FORMAT parquet)",
             agents, n, known);
    run_sql(context, sql);
    snprintf(sql, sizeof sql,
             "COPY (SELECT floor(pow(((hash(i) %% 1000003)::BIGINT) / 1000003.0, 2) * %lld)::BIGINT AS item, "
             "floor(pow(((hash(i + 7) %% 1000003)::BIGINT) / 1000003.0, 3) * %lld)::BIGINT AS agent, i AS time FROM "
             "range(%lld) t(i)) TO '%s' (FORMAT parquet)",
             n / 50, agents, n, adopted);
    run_sql(context, sql);
    snprintf(sql, sizeof sql,
             "COPY (SELECT (hash(i) %% %lld)::BIGINT AS source, floor(pow(((hash(i + 7) %% 1000003)::BIGINT) / "
             "1000003.0, 3) "
             "* %lld)::BIGINT AS target FROM range(%lld) t(i)) TO '%s' (FORMAT parquet)",
             agents, agents, n, follows);
    run_sql(context, sql);
    throng_cascades_def def = throng_cascades_default();
    def.agent = "agent";
    def.time = "time";
    printf("%lld actions, %lld agents, %d threads\n\n", n, agents, throng_context_threads(context));
    def.item = "item";
    compare(context, "items, follows and times", adopted, follows, "max(item), max(time)", &def);
    def.item = NULL;
    def.id = "id";
    def.parent = "parent";
    compare(context, "known parents", known, NULL, "max(id), max(parent), max(time)", &def);
    unlink(known);
    unlink(adopted);
    unlink(follows);
    throng_context_free(context);
    return 0;
}
