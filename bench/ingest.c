/*
 * The whole ingest, lines in and the four tables out, against libduckdb alone parsing the same file to the same columns
 * (the old wire's, which is all that the made-up events have): both in processes of their own, in turn, on the same
 * threads. The figure is the ratio of rates, of the whole and of the processor time, at least 0.5 wanted.
 *
 * bench/ingest [EVENTS]                  the comparison; default 1000000
 * bench/ingest memory EVENTS SIZE        one ingest from a pipe under --memory SIZE (such as 1GB), and its peak
 * bench/ingest write EVENTS [SEED]       only the events, to standard output
 */
#define _DEFAULT_SOURCE
#include "events.h"
#include "table/database.h"
#include "throng/throng.h"

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

/* What libduckdb alone is asked for. `subject` is a text or an object. */
static const char parse[] =
    "CREATE TABLE parsed AS SELECT did, kind, time_us, commit IS NULL AS body, commit.operation AS operation, "
    "commit.collection AS collection, commit.rkey AS rkey, commit.record IS NULL AS record, "
    "commit.record.createdAt AS created, commit.record.text AS words, commit.record.langs[1] AS language, "
    "CASE WHEN json_type(commit.record.subject) = 'VARCHAR' THEN commit.record.subject->>'$' END AS whom, "
    "commit.record.subject->>'$.uri' AS subject, commit.record.reply.parent.uri AS parent, "
    "coalesce(commit.record.embed.record.uri, commit.record.embed.record.record.uri) AS quoted, "
    "commit.record.via.uri AS via, identity.handle AS handle, account.active AS active, account.status AS status "
    "FROM read_ndjson('%s', columns = {did: 'VARCHAR', kind: 'VARCHAR', time_us: 'BIGINT', "
    "commit: 'STRUCT(operation VARCHAR, collection VARCHAR, rkey VARCHAR, record STRUCT(createdAt VARCHAR, "
    "text VARCHAR, langs VARCHAR[], subject JSON, reply STRUCT(parent STRUCT(uri VARCHAR)), "
    "embed STRUCT(record STRUCT(uri VARCHAR, record STRUCT(uri VARCHAR))), via STRUCT(uri VARCHAR)))', "
    "identity: 'STRUCT(handle VARCHAR)', account: 'STRUCT(active BOOLEAN, status VARCHAR)'})";

static void run_duckdb(const char *file) {
    throng_context *context = NULL;
    throng_i_database database;
    throng_error err = {0};
    char sql[sizeof parse + 600];
    snprintf(sql, sizeof sql, parse, file);
    if (throng_context_create(&context, &err) != THRONG_OK ||
        throng_i_database_open(context, "benchmark", &database, &err) != THRONG_OK ||
        throng_i_database_run(&database, sql, NULL, &err) != THRONG_OK)
        fail(err.message);
    throng_i_database_close(&database);
    throng_context_free(context);
}

static const char *program(void) {
    return getenv("THRONG") ? getenv("THRONG") : "build/throng";
}

static void run_throng(const char *file, const char *out, const char *memory) {
    execl(program(), program(), "ingest", "bluesky", file, "--out", out, "--quiet", memory ? "--memory" : (char *)NULL,
          memory, (char *)NULL);
    _exit(127);
}

typedef struct measure {
    double seconds, processor, bytes;
} measure;

static double seconds_of(struct timeval time) {
    return (double)time.tv_sec + 1e-6 * (double)time.tv_usec;
}

/* Waits for a child and takes its time and peak memory. */
static measure wait_for(pid_t child, double start) {
    struct rusage usage;
    int status = 0;
    if (child < 0 || wait4(child, &status, 0, &usage) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail("a run failed");
    return (measure){throng_i_seconds() - start, seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime),
                     1024.0 * (double)usage.ru_maxrss};
}

static int by_number(const void *a, const void *b) {
    const double *one = a, *other = b;
    return (*one > *other) - (*one < *other);
}

static double median(const double *of) {
    double sorted[RUNS];
    memcpy(sorted, of, sizeof sorted);
    qsort(sorted, RUNS, sizeof *sorted, by_number);
    return sorted[RUNS / 2];
}

static void make_folder(char work[512]) {
    snprintf(work, 512, "%s/throng-bench-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    if (!mkdtemp(work))
        fail("no temporary folder");
}

static void remove_folder(const char *work, const char *what) {
    char command[600];
    snprintf(command, sizeof command, "rm -rf '%s'%s", work, what);
    if (system(command) != 0)
        fail("the temporary folder stays");
}

static double write_events(const char *path, int64_t n) {
    struct stat facts;
    FILE *file = fopen(path, "w");
    if (!file)
        fail("no temporary file");
    events_write(n, 1, file);
    if (fclose(file) != 0 || stat(path, &facts) != 0)
        fail("the events cannot be written");
    return (double)facts.st_size;
}

static void print_runs(const char *name, const double *seconds, const double *processor) {
    double sorted[RUNS];
    memcpy(sorted, seconds, sizeof sorted);
    qsort(sorted, RUNS, sizeof *sorted, by_number);
    printf("%-16s %6.2f s %6.2f s %6.2f s %14.2f s\n", name, sorted[0], sorted[RUNS / 2], sorted[RUNS - 1],
           median(processor));
}

static void compare(int64_t n) {
    char work[512], file[600], out[600];
    double ours[RUNS], theirs[RUNS], our_processor[RUNS], their_processor[RUNS], ratio[RUNS], processor_ratio[RUNS];
    make_folder(work);
    snprintf(file, sizeof file, "%s/events.ndjson", work);
    snprintf(out, sizeof out, "%s/crowd.duckdb", work);
    double bytes = write_events(file, n);
    for (int run = 0; run < RUNS; run++) {
        double start = throng_i_seconds();
        pid_t child = fork();
        if (child == 0) {
            run_duckdb(file);
            _exit(0);
        }
        measure their = wait_for(child, start);
        start = throng_i_seconds();
        child = fork();
        if (child == 0)
            run_throng(file, out, NULL);
        measure our = wait_for(child, start);
        remove_folder(work, "/crowd.duckdb*");
        ours[run] = our.seconds, our_processor[run] = our.processor;
        theirs[run] = their.seconds, their_processor[run] = their.processor;
        ratio[run] = their.seconds / our.seconds, processor_ratio[run] = their.processor / our.processor;
    }
    printf("throng ingest bluesky, %" PRId64 " events, %.0f MB\n\n", n, bytes / 1e6);
    printf("%-16s %8s %8s %8s %16s\n", "", "fastest", "median", "slowest", "processor");
    print_runs("throng", ours, our_processor);
    print_runs("libduckdb alone", theirs, their_processor);
    printf("\nmedian of the ratios of %d pairs: %.2f, of processor time %.2f (at least 0.5 wanted)\n", RUNS,
           median(ratio), median(processor_ratio));
    remove_folder(work, "");
}

static void measure_memory(int64_t n, const char *size) {
    char work[512], out[600];
    int ends[2];
    make_folder(work);
    snprintf(out, sizeof out, "%s/crowd.duckdb", work);
    if (pipe(ends) != 0)
        fail("no pipe");
    pid_t writer = fork();
    if (writer == 0) {
        close(ends[0]);
        FILE *file = fdopen(ends[1], "w");
        events_write(n, 1, file);
        _exit(fclose(file) == 0 ? 0 : 1);
    }
    close(ends[1]);
    double start = throng_i_seconds();
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[0], STDIN_FILENO);
        run_throng("-", out, size);
    }
    close(ends[0]);
    measure it = wait_for(child, start);
    wait_for(writer, start);
    printf("throng ingest bluesky --memory %s, %" PRId64 " events: %.0f s, peak %.0f MB\n", size, n, it.seconds,
           it.bytes / 1e6);
    remove_folder(work, "");
}

int main(int argc, char **argv) {
    if (argc > 2 && strcmp(argv[1], "write") == 0)
        events_write(atoll(argv[2]), argc > 3 ? (uint64_t)atoll(argv[3]) : 1, stdout);
    else if (argc > 3 && strcmp(argv[1], "memory") == 0)
        measure_memory(atoll(argv[2]), argv[3]);
    else
        compare(argc > 1 ? atoll(argv[1]) : 1000000);
    return 0;
}
