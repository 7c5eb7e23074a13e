/*
 * A table of edges from Parquet to a graph in both directions, beside libduckdb counting the same file's rows by
 * source: in one process, in turn, on the same threads. The figure is DuckDB's median over throng's, at least 0.5
 * wanted. What throng's time goes into is printed, too: reading, and making the graph (matching ids, three counting
 * sorts). Then the same with the graph kept on the disk: made and written, and mapped.
 *
 * Sources are uniform, targets heavy-tailed, both integers; about ten edges an agent, no pair twice.
 *
 * bench/graph [edges]    default: 10000000
 */
#define _DEFAULT_SOURCE
#include "population/graph_cache.h"
#include "scene.h"
#include "table/database.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define RUNS 5

static void run_sql(throng_context *context, const char *sql) {
    throng_i_database database = {0};
    throng_error err = {0};
    FAIL_IF(throng_i_database_open(context, "benchmark", &database, &err) != THRONG_OK, err.message);
    FAIL_IF(throng_i_database_run(&database, sql, NULL, &err) != THRONG_OK, err.message);
    throng_i_database_close(&database);
}

/* Everybody whose id an edge may name. */
static throng_population *agents_of(throng_context *context, int64_t n) {
    throng_error err = {0};
    throng_table *table = NULL;
    throng_population *population = NULL;
    throng_population_def def = throng_population_default();
    void *id = NULL, *state = NULL;
    FAIL_IF(throng_table_create(context, n, &table, &err) != THRONG_OK, err.message);
    FAIL_IF(throng_table_add(table, "id", THRONG_TYPE_INT64, &id, &err) != THRONG_OK, err.message);
    FAIL_IF(throng_table_add(table, "state", THRONG_TYPE_FLOAT64, &state, &err) != THRONG_OK, err.message);
    for (int64_t i = 0; i < n; i++) {
        ((int64_t *)id)[i] = i;
        ((double *)state)[i] = 0.0;
    }
    def.id = "id";
    def.state = "state";
    FAIL_IF(throng_population_create(context, table, &def, &population, &err) != THRONG_OK, err.message);
    return population;
}

typedef struct loading {
    double read, make, whole;
} loading;

static throng_graph_def columns(void) {
    throng_graph_def def = throng_graph_default();
    def.source = "source";
    def.target = "target";
    def.loops = THRONG_EDGES_DROP;
    return def;
}

/* What a run with --graph-cache does. */
static double load_kept(throng_context *context, const throng_population *population, const char *path,
                        const char *folder, const char *state) {
    throng_error err = {0};
    throng_table *table = NULL;
    throng_graph *graph = NULL;
    throng_graph_def def = columns();
    throng_i_graph_cache cache = {0};
    throng_i_graph_kept kept = {0};
    int n = 0;
    const throng_column_request requests[] = {{"source", THRONG_ROLE_KEY}, {"target", THRONG_ROLE_KEY}};
    double start = throng_i_seconds();
    FAIL_IF(throng_i_graph_cache_open(population, &path, 1, &def, folder, &cache, &err) != THRONG_OK, err.message);
    FAIL_IF(throng_i_graph_cache_read(&cache, &graph, &kept, &err) != THRONG_OK, err.message);
    if (!graph) {
        FAIL_IF(throng_table_read(context, &path, 1, requests, 2, NULL, &table, &err) != THRONG_OK, err.message);
        throng_source source = *throng_table_sources(table, &n);
        FAIL_IF(throng_graph_create(population, table, &def, &graph, &err) != THRONG_OK, err.message);
        FAIL_IF(throng_i_graph_cache_write(&cache, graph, &source, &kept, &err) != THRONG_OK, err.message);
    }
    double end = throng_i_seconds();
    FAIL_IF(!kept.state || strcmp(kept.state, state) != 0, kept.remark);
    throng_graph_free(graph);
    if (strcmp(state, "read") == 0)
        unlink(cache.path);
    throng_i_graph_cache_clear(&cache);
    return end - start;
}

static loading load(throng_context *context, const throng_population *population, const char *path) {
    throng_error err = {0};
    throng_table *table = NULL;
    throng_graph *graph = NULL;
    throng_graph_def def = columns();
    const throng_column_request requests[] = {{"source", THRONG_ROLE_KEY}, {"target", THRONG_ROLE_KEY}};
    double start = throng_i_seconds();
    FAIL_IF(throng_table_read(context, &path, 1, requests, 2, NULL, &table, &err) != THRONG_OK, err.message);
    double read = throng_i_seconds();
    FAIL_IF(throng_graph_create(population, table, &def, &graph, &err) != THRONG_OK, err.message);
    double end = throng_i_seconds();
    throng_graph_free(graph);
    return (loading){read - start, end - read, end - start};
}

static double count(throng_context *context, const char *path) {
    char sql[900];
    snprintf(sql, sizeof sql,
             "SELECT count(*), max(n) FROM (SELECT source, count(*) AS n FROM read_parquet('%s') GROUP BY source)",
             path);
    double start = throng_i_seconds();
    run_sql(context, sql);
    return throng_i_seconds() - start;
}

static int by_whole(const void *a, const void *b) {
    double x = ((const loading *)a)->whole, y = ((const loading *)b)->whole;
    return (x > y) - (x < y);
}

static int by_seconds(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv) {
    int64_t edges = argc > 1 ? atoll(argv[1]) : 10000000, agents = edges / 10 > 2 ? edges / 10 : 2;
    const char *folder = getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp";
    char path[600], kept[600], sql[1200];
    throng_context *context = NULL;
    struct stat info = {0};
    loading ours[RUNS];
    double theirs[RUNS], written[RUNS], mapped[RUNS];
    FAIL_IF(throng_context_create(&context, NULL) != THRONG_OK, "no context");
    snprintf(path, sizeof path, "%s/throng-bench-graph-%lld.parquet", folder, (long long)getpid());
    snprintf(kept, sizeof kept, "%s/throng-bench-graph-%lld", folder, (long long)getpid());
    snprintf(sql, sizeof sql,
             "COPY (SELECT DISTINCT (hash(i) %% %lld)::BIGINT AS source, least(floor(pow(((hash(i + 7) %% "
             "1000003)::BIGINT + 1) / "
             "1000004.0, 3) * %lld), %lld)::BIGINT AS target FROM range(%lld) t(i)) TO '%s' (FORMAT parquet)",
             (long long)agents, (long long)agents, (long long)agents - 1, (long long)edges, path);
    run_sql(context, sql);
    stat(path, &info);
    throng_population *population = agents_of(context, agents);
    for (int run = 0; run < RUNS; run++) {
        ours[run] = load(context, population, path);
        theirs[run] = count(context, path);
        written[run] = load_kept(context, population, path, kept, "written");
        mapped[run] = load_kept(context, population, path, kept, "read");
    }
    unlink(path);
    rmdir(kept);
    qsort(ours, RUNS, sizeof *ours, by_whole);
    qsort(theirs, RUNS, sizeof *theirs, by_seconds);
    qsort(written, RUNS, sizeof *written, by_seconds);
    qsort(mapped, RUNS, sizeof *mapped, by_seconds);
    loading median = ours[RUNS / 2];
    printf("%lld edges between %lld agents, %.0f MB of Parquet, %d threads\n\n", (long long)edges, (long long)agents,
           (double)info.st_size / 1e6, throng_context_threads(context));
    printf("%-24s %8s %8s %8s\n", "", "fastest", "median", "slowest");
    printf("%-24s %6.2f s %6.2f s %6.2f s   median: read %.2f s, make %.2f s\n", "throng, table to graph",
           ours[0].whole, median.whole, ours[RUNS - 1].whole, median.read, median.make);
    printf("%-24s %6.2f s %6.2f s %6.2f s\n", "libduckdb, count(*)", theirs[0], theirs[RUNS / 2], theirs[RUNS - 1]);
    printf("%-24s %6.2f s %6.2f s %6.2f s\n", "made and written", written[0], written[RUNS / 2], written[RUNS - 1]);
    printf("%-24s %6.3f s %5.3f s %5.3f s   median: %.0f times faster than from the table\n", "mapped", mapped[0],
           mapped[RUNS / 2], mapped[RUNS - 1], median.whole / mapped[RUNS / 2]);
    printf("\nspeed over libduckdb's %.2f (at least 0.5 wanted); fastest over fastest %.2f\n",
           theirs[RUNS / 2] / median.whole, theirs[0] / ours[0].whole);
    throng_population_free(population);
    throng_context_free(context);
    return 0;
}
