/*
 * The edge of one machine: how many agents and edges fit, what they take, and how long.
 *
 *   attribution  states that are float32 in Parquet, read, attributed (variance) and reported on, and with --write
 *                written; one process a row. Peak memory is what it held without files behind it (RssAnon).
 *   a step       friedkin-johnsen on a uniformly random graph: drawn, one step forward, and one gradient, back and
 * forth
 *
 * What does not fit is refused, with what it needs. Files are made in the folder, and removed.
 *
 * bench/edge [--folder DIR] [--memory MB] [--write] [--agents N,N...] [--graph AGENTSxEDGES,...]
 *     default: . 12000 --agents 1e8,1e9 --graph 1e7x1e8,1e8x1e9; --agents 0 or --graph 0: none
 */
#define _GNU_SOURCE
#include "attribution/quadrature.h"
#include "scene.h"
#include "world/world.h"

#include <dirent.h>
#include <fcntl.h>
#include <jansson.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

/* Bytes an agent takes in attribution (docs/batch.md) and a row of its results, in memory or on the disk. */
#define STATE_BYTES  4
#define ROW_BYTES    17
#define RESULT_BYTES 13
#define PART_ROWS    50000000

/* What drawing a graph, and one gradient in one lane, take by the allocator's count at four small sizes, with the three
 * arrays of this program: the larger of the two is the peak. */
#define DRAWN_EDGE_BYTES  12.0
#define DRAWN_AGENT_BYTES 40.0
#define STEP_EDGE_BYTES   8.0
#define STEP_AGENT_BYTES  112.0

typedef struct wishes {
    const char *folder, *agents, *graphs;
    int64_t memory; /* bytes */
    bool write;
} wishes;

/* ---- what there is --------------------------------------------------------------------------------------------- */

static int64_t status_bytes(const char *file, const char *key) {
    char line[256];
    long long kilobytes = -1;
    size_t length = strlen(key);
    FILE *from = fopen(file, "r");
    while (from && fgets(line, sizeof line, from))
        if (strncmp(line, key, length) == 0)
            kilobytes = atoll(line + length);
    if (from)
        fclose(from);
    return kilobytes * 1024;
}

static int64_t disk_left(const char *folder) {
    struct statvfs facts;
    return statvfs(folder, &facts) == 0 ? (int64_t)facts.f_bavail * (int64_t)facts.f_frsize : 0;
}

/* Says what is missing; true if there is enough. Some is left to the system and to DuckDB. */
static bool fits(const char *what, double memory, double disk, const char *folder) {
    const double spare = 1.2e9;
    double have = (double)status_bytes("/proc/meminfo", "MemAvailable:"), left = (double)disk_left(folder);
    bool enough = memory + spare <= have && disk + spare <= left;
    if (!enough)
        printf(
            "| %s | refused: it needs %.1f GB of memory (%.1f are free) and %.1f GB of disk in %s (%.1f are free) |\n",
            what, 1e-9 * (memory + spare), 1e-9 * have, 1e-9 * (disk + spare), folder, 1e-9 * left);
    fflush(stdout);
    return enough;
}

/* If memory runs out all the same, this is what the system ends. */
static void stand_back(void) {
    int file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (file >= 0 && write(file, "1000", 4) != 4)
        fprintf(stderr, "bench: the system may end another process when memory runs out\n");
    if (file >= 0)
        close(file);
}

/* ---- attribution ----------------------------------------------------------------------------------------------- */

typedef struct states_job {
    float *state;
    int64_t first;
} states_job;

static void draw_chunk(void *user, throng_chunk chunk) {
    const states_job *job = user;
    for (int64_t i = chunk.begin; i < chunk.end; i++) {
        double u[4];
        throng_random_uniforms((throng_random){1, 1}, (uint64_t)(job->first + i), 0, 0, u);
        job->state[i] = (float)(2.0 * u[0] - 1.0 + 0.2 * u[1]);
    }
}

static void make_parts(const char *folder, int64_t n) {
    throng_error err = {0};
    throng_context *context = scene_context();
    states_job job = {.state = malloc(PART_ROWS * sizeof(float))};
    FAIL_IF(!job.state, "out of memory");
    for (; job.first < n; job.first += PART_ROWS) {
        char path[4200];
        int64_t rows = n - job.first < PART_ROWS ? n - job.first : PART_ROWS;
        throng_table *table = NULL;
        snprintf(path, sizeof path, "%s/part-%03lld.parquet", folder, (long long)(job.first / PART_ROWS));
        FAIL_IF(throng_chunks_for(context, rows, draw_chunk, &job, NULL, &err) != THRONG_OK, err.message);
        FAIL_IF(throng_table_create(context, rows, &table, &err) != THRONG_OK, err.message);
        FAIL_IF(throng_table_add_view(table, "state", THRONG_TYPE_FLOAT32, job.state, &err) != THRONG_OK, err.message);
        FAIL_IF(throng_table_write(table, path, false, &err) != THRONG_OK, err.message);
        throng_table_free(table);
    }
    free(job.state);
    throng_context_free(context);
}

static void set(throng_study *study, const char *key, const char *value) {
    throng_error err = {0};
    FAIL_IF(throng_study_set(study, key, value, &err) != THRONG_OK, err.message);
}

/* In a process of its own: prints timings, residual and the most that was in files. */
static void attribute(const wishes *wanted, const char *folder, int64_t n, FILE *to) {
    throng_error err = {0};
    throng_context *context = scene_context();
    throng_study *study = NULL;
    throng_run *run = NULL;
    char text[4200], out[4200];
    FAIL_IF(throng_study_create(context, &study, &err) != THRONG_OK, err.message);
    snprintf(text, sizeof text, "%s/*.parquet", folder);
    set(study, "population.table", text);
    set(study, "population.state", "state");
    snprintf(text, sizeof text, "%lld", (long long)(wanted->memory >> 20));
    set(study, "run.memory", text);
    snprintf(out, sizeof out, "%s/run", folder);
    FAIL_IF(throng_context_set_memory(context, wanted->memory, folder, &err) != THRONG_OK, err.message);
    FAIL_IF(throng_study_run(study, "bench/edge", wanted->write ? out : NULL, false, &run, &err) != THRONG_OK,
            err.message);
    json_t *report = json_loads(throng_run_report(run), 0, NULL), *timings = json_object_get(report, "timings");
    const char *const stages[] = {"read_seconds", "attribute_seconds", "report_seconds", "write_seconds",
                                  "total_seconds"};
    for (int i = 0; i < 5; i++)
        fprintf(to, "%.3f ", json_number_value(json_object_get(timings, stages[i])));
    throng_certificate certificate = throng_attribution_certificate(throng_run_attribution(run), 0);
    fprintf(to, "%.3e %.3f\n", certificate.efficiency_residual, (double)throng_context_bytes_peak(context) / (double)n);
    fflush(to);
}

/* The most that a child held without files behind it, until it ended. */
static int64_t watch_memory(pid_t child, bool *well) {
    char path[64];
    int state = 0;
    int64_t most = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)child);
    while (waitpid(child, &state, WNOHANG) == 0) {
        int64_t now = status_bytes(path, "RssAnon:");
        most = now > most ? now : most;
        usleep(20000);
    }
    *well = WIFEXITED(state) && WEXITSTATUS(state) == 0;
    return most;
}

static void remove_folder(const char *folder) {
    char path[8500];
    DIR *entries = opendir(folder);
    for (const struct dirent *entry = entries ? readdir(entries) : NULL; entry; entry = readdir(entries)) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (unlink(path) != 0)
            remove_folder(path);
    }
    if (entries)
        closedir(entries);
    rmdir(folder);
}

static void row(const wishes *wanted, const char *folder, int64_t n) {
    int ends[2];
    double t[7] = {0.0};
    bool well = false;
    FAIL_IF(pipe(ends) != 0, "no pipe");
    pid_t child = fork();
    FAIL_IF(child < 0, "no process");
    if (child == 0) {
        stand_back();
        make_parts(folder, n);
        _exit(0);
    }
    (void)watch_memory(child, &well);
    FAIL_IF(!well, "the crowd could not be made");
    child = fork();
    FAIL_IF(child < 0, "no process");
    if (child == 0) {
        stand_back();
        close(ends[0]);
        attribute(wanted, folder, n, fdopen(ends[1], "w"));
        _exit(0);
    }
    close(ends[1]);
    int64_t most = watch_memory(child, &well);
    FILE *from = fdopen(ends[0], "r");
    if (well && fscanf(from, "%lf %lf %lf %lf %lf %lf %lf", &t[0], &t[1], &t[2], &t[3], &t[4], &t[5], &t[6]) == 7)
        printf("| %.0e | %.1f s | %.2f s | %.1f s | %.1f s | %.1f s | %.1f | %.1f | %.0e |\n", (double)n, t[0], t[1],
               t[2], t[3], t[4], (double)most / (double)n, t[6], t[5]);
    else
        printf("| %.0e | failed |\n", (double)n);
    fflush(stdout);
    fclose(from);
}

static void tables(const wishes *wanted) {
    char folder[4096], what[40];
    printf(
        "attribution of variance, float32 states in Parquet, --memory %lld MB\n\n"
        "| agents | read | attribute | report | write | in all | peak memory, bytes an agent | with files | residual "
        "|\n|---|---|---|---|---|---|---|---|---|\n",
        (long long)(wanted->memory >> 20));
    fflush(stdout);
    for (const char *at = wanted->agents; *at; at += strcspn(at, ","), at += *at == ',') {
        double n = strtod(at, NULL), needed = ROW_BYTES * n, memory = fmin(needed, (double)wanted->memory);
        snprintf(what, sizeof what, "%.0e", n);
        double disk = STATE_BYTES * n + (needed - memory) + (wanted->write ? RESULT_BYTES * n : 0.0);
        if (n < 1.0 || !fits(what, memory, disk, wanted->folder))
            continue;
        snprintf(folder, sizeof folder, "%.4000s/throng-edge-XXXXXX", wanted->folder);
        FAIL_IF(!mkdtemp(folder), "the folder cannot be written to");
        row(wanted, folder, (int64_t)n);
        remove_folder(folder);
    }
}

/* ---- a step ---------------------------------------------------------------------------------------------------- */

typedef struct step_times {
    double draw, forward, gradient;
    int64_t edges, bytes; /* the most that was allocated */
} step_times;

/* In a process of its own. */
static step_times take_step(int64_t n, double degree) {
    step_times out = {0};
    throng_error err = {0};
    throng_context *context = scene_context();
    throng_graph *graph = NULL;
    throng_simulation *simulation = NULL;
    throng_dynamics *dynamics = NULL;
    char model[64];
    double *state = numbers(n), *gradient = numbers(n), *alpha = numbers(n), start = throng_i_seconds();
    for (int64_t i = 0; i < n; i++) {
        double u[4];
        throng_random_uniforms((throng_random){1, 1}, (uint64_t)i, 0, 0, u);
        state[i] = 2.0 * u[0] - 1.0;
        alpha[i] = 0.5;
    }
    snprintf(model, sizeof model, "erdos-renyi:degree=%.12g", degree);
    start = throng_i_seconds();
    FAIL_IF(throng_graph_draw(context, model, n, NULL, 1, &graph, &err) != THRONG_OK, err.message);
    out.draw = throng_i_seconds() - start;
    out.edges = throng_graph_edges(graph);
    throng_simulation_def def = throng_simulation_default();
    def.world = "friedkin-johnsen";
    def.steps = 1;
    FAIL_IF(throng_simulation_create(context, graph, n, state, NULL, &def, &simulation, &err) != THRONG_OK,
            err.message);
    throng_dynamics_def what = throng_dynamics_default();
    FAIL_IF(throng_dynamics_create(simulation, &what, &dynamics, &err) != THRONG_OK, err.message);
    start = throng_i_seconds();
    FAIL_IF(throng_simulation_run(simulation, alpha, NULL, NULL, &err) != THRONG_OK, err.message);
    out.forward = throng_i_seconds() - start;
    throng_value_function v = throng_dynamics_function(dynamics);
    start = throng_i_seconds();
    FAIL_IF(v.gradient(v.self, alpha, gradient, &err) != THRONG_OK, err.message);
    out.gradient = throng_i_seconds() - start;
    out.bytes = throng_context_bytes_peak(context) + 3 * n * (int64_t)sizeof(double); /* with ours */
    return out;
}

static double law(double n, double edges) {
    return fmax(DRAWN_EDGE_BYTES * edges + DRAWN_AGENT_BYTES * n, STEP_EDGE_BYTES * edges + STEP_AGENT_BYTES * n);
}

static void graph_row(double n, double edges) {
    int ends[2];
    bool well = false;
    step_times t = {0};
    FAIL_IF(pipe(ends) != 0, "no pipe");
    pid_t child = fork();
    FAIL_IF(child < 0, "no process");
    if (child == 0) {
        stand_back();
        t = take_step((int64_t)n, edges / n);
        _exit(write(ends[1], &t, sizeof t) == sizeof t ? 0 : 1);
    }
    close(ends[1]);
    int64_t most = watch_memory(child, &well);
    if (well && read(ends[0], &t, sizeof t) == sizeof t)
        printf("| %.0e | %lld | %.1f s | %.2f s | %.2f s | %.2f GB | %.2f GB | %.2f GB |\n", n, (long long)t.edges,
               t.draw, t.forward, t.gradient, 1e-9 * (double)most, 1e-9 * (double)t.bytes,
               1e-9 * law(n, (double)t.edges));
    else
        printf("| %.0e x %.0e | failed |\n", n, edges);
    close(ends[0]);
    fflush(stdout);
}

static void graphs(const wishes *wanted) {
    printf("\nfriedkin-johnsen, one step on a uniformly random graph, one lane\n\n"
           "| agents | edges | drawing | forward | gradient | peak memory | allocated | by the law |\n"
           "|---|---|---|---|---|---|---|---|\n");
    fflush(stdout);
    for (const char *at = wanted->graphs; *at; at += strcspn(at, ","), at += *at == ',') {
        char *end = NULL, what[60];
        double n = strtod(at, &end), edges = *end == 'x' ? strtod(end + 1, NULL) : 0.0;
        snprintf(what, sizeof what, "%.0e agents, %.0e edges", n, edges);
        if (n >= 2.0 && edges > 0.0 && fits(what, law(n, edges), 0.0, wanted->folder))
            graph_row(n, edges);
    }
}

int main(int argc, char **argv) {
    wishes wanted = {.folder = ".", .agents = "1e8,1e9", .graphs = "1e7x1e8,1e8x1e9", .memory = (int64_t)12000 << 20};
    for (int a = 1; a < argc; a++) {
        const char *value = a + 1 < argc ? argv[a + 1] : "";
        if (strcmp(argv[a], "--write") == 0) {
            wanted.write = true;
            continue;
        }
        FAIL_IF(!*value, "see the head of bench/edge.c");
        if (strcmp(argv[a], "--folder") == 0)
            wanted.folder = value;
        else if (strcmp(argv[a], "--memory") == 0)
            wanted.memory = atoll(value) << 20;
        else if (strcmp(argv[a], "--agents") == 0)
            wanted.agents = value;
        else if (strcmp(argv[a], "--graph") == 0)
            wanted.graphs = value;
        else
            FAIL_IF(true, "see the head of bench/edge.c");
        a++;
    }
    tables(&wanted);
    graphs(&wanted);
    return 0;
}
