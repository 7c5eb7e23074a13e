/* Graphs that are kept on the disk: they are the same, are found as long as nothing has changed, and a file that is
 * damaged, cut off or somebody else's is never believed. */
#define _GNU_SOURCE
#include "population/graph_cache.h"
#include "populations.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* The options of which most tests are. */
static const throng_graph_def all = {.source = "from",
                                     .target = "to",
                                     .weight = "w",
                                     .missing = THRONG_EDGES_DROP,
                                     .loops = THRONG_EDGES_KEEP,
                                     .signed_weights = true};

static const char *const edges_file = "edges.csv";

static void put(const char *path, const void *bytes, size_t n) {
    FILE *file = fopen(path, "wb");
    cr_assert(file && fwrite(bytes, 1, n, file) == n && fclose(file) == 0, "%s", path);
}

static size_t get(const char *path, char *bytes, size_t room) {
    FILE *file = fopen(path, "rb");
    cr_assert(file, "%s", path);
    size_t n = fread(bytes, 1, room, file);
    fclose(file);
    return n;
}

static void put_edges(void) {
    static const char text[] = "from,to,w\n12,-3,1.5\n700,12,2\n900,900,3\n5,12,9\n12,-3,0.25\n700,900,-1\n";
    put(edges_file, text, sizeof text - 1);
}

static void set_up_folder(void) {
    char folder[] = "/tmp/throng-test-XXXXXX";
    cr_assert(mkdtemp(folder) && chdir(folder) == 0);
    set_up();
    put_edges();
}

static void tear_down_folder(void) {
    char here[200], command[300];
    cr_assert(getcwd(here, sizeof here) && chdir("/") == 0);
    snprintf(command, sizeof command, "rm -r '%s'", here);
    cr_expect_eq(system(command), 0);
    tear_down();
}

static throng_population *crowd(int64_t last_id) {
    throng_table *table = make_table(4);
    view(table, "state", FLOAT64, 1, 2, 3, 4);
    own(table, "id", THRONG_TYPE_INT64, (int64_t[]){700, -3, 12, last_id});
    return populate(table, PARTS(.id = "id"));
}

/* The graph from the table. */
static throng_graph *made(const throng_population *population, throng_graph_def def, throng_source *source) {
    const throng_column_request requests[] = {
        {"from", THRONG_ROLE_KEY}, {"to", THRONG_ROLE_KEY}, {"w", THRONG_ROLE_NUMBER}};
    throng_table *table = NULL;
    throng_graph *graph = NULL;
    int n = 0;
    expect_ok(throng_table_read(context, &edges_file, 1, requests, 3, NULL, &table, &error));
    if (source)
        *source = throng_table_sources(table, &n)[0];
    expect_ok(throng_graph_create(population, table, &def, &graph, &error));
    return graph;
}

static bool same_side(throng_adjacency a, throng_adjacency b, int64_t n, int64_t edges) {
    return memcmp(a.offsets, b.offsets, (size_t)(n + 1) * sizeof *a.offsets) == 0 &&
           memcmp(a.neighbours, b.neighbours, (size_t)edges * sizeof *a.neighbours) == 0 && !a.weights == !b.weights &&
           (!a.weights || memcmp(a.weights, b.weights, (size_t)edges * sizeof *a.weights) == 0);
}

static bool same(const throng_graph *a, const throng_graph *b) {
    throng_graph_counts x = throng_graph_counted(a), y = throng_graph_counted(b);
    int64_t n = throng_graph_agents(a);
    return n == throng_graph_agents(b) && memcmp(&x, &y, sizeof x) == 0 &&
           same_side(throng_graph_out(a), throng_graph_out(b), n, x.edges) &&
           same_side(throng_graph_in(a), throng_graph_in(b), n, x.edges);
}

static throng_i_graph_cache cache_of(const throng_population *population, throng_graph_def def) {
    throng_i_graph_cache cache = {0};
    expect_ok(throng_i_graph_cache_open(population, &edges_file, 1, &def, "kept", &cache, &error));
    return cache;
}

/* Whether a graph of this crowd is kept, with these options. */
static bool is_kept(const throng_population *population, throng_graph_def def) {
    throng_i_graph_cache cache = cache_of(population, def);
    throng_i_graph_kept kept;
    throng_graph *graph = NULL;
    expect_ok(throng_i_graph_cache_read(&cache, &graph, &kept, &error));
    cr_expect_str_empty(kept.remark);
    bool found = graph != NULL;
    throng_graph_free(graph);
    throng_i_graph_cache_clear(&cache);
    return found;
}

static throng_i_graph_kept keep(const throng_population *population, throng_graph_def def) {
    throng_i_graph_cache cache = cache_of(population, def);
    throng_i_graph_kept kept = {0};
    throng_source source = {.path = NULL, .bytes = 123, .hash = "0123456789abcdef0123456789abcdef"};
    throng_graph *graph = made(population, def, NULL);
    expect_ok(throng_i_graph_cache_write(&cache, graph, &source, &kept, &error));
    throng_graph_free(graph);
    throng_i_graph_cache_clear(&cache);
    return kept;
}

Test(graph_cache, gives_the_same_graph, .init = set_up_folder, .fini = tear_down_folder) {
    for (int weighted = 0; weighted < 2; weighted++) {
        throng_graph_def def = all;
        def.weight = weighted ? "w" : NULL;
        throng_population *population = crowd(900);
        throng_graph *from_table = made(population, def, NULL), *from_disk = NULL;
        throng_i_graph_kept kept;
        cr_expect(!is_kept(population, def));
        cr_expect_str_eq(keep(population, def).state, "written");
        throng_i_graph_cache cache = cache_of(population, def);
        expect_ok(throng_i_graph_cache_read(&cache, &from_disk, &kept, &error));
        cr_assert(from_disk);
        cr_expect_str_eq(kept.state, "read");
        cr_expect_str_eq(kept.file, cache.path);
        cr_expect(same(from_table, from_disk));
        cr_expect_eq(throng_graph_edges(from_disk), 4);
        cr_expect_str_eq(cache.sources[0].path, edges_file);
        cr_expect_eq(cache.sources[0].bytes, 123);
        cr_expect_str_eq(cache.sources[0].hash, "0123456789abcdef0123456789abcdef");
        throng_i_graph_cache_clear(&cache);
        throng_graph_free(from_table);
        throng_graph_free(from_disk);
        throng_population_free(population);
    }
}

Test(graph_cache, is_of_a_table_options_and_a_crowd, .init = set_up_folder, .fini = tear_down_folder) {
    throng_population *population = crowd(900), *other = crowd(901);
    const throng_graph_def def = all;
    struct timespec times[2] = {{.tv_sec = 1700000000, .tv_nsec = 5}, {.tv_sec = 1700000000, .tv_nsec = 5}};
    cr_assert_eq(utimensat(AT_FDCWD, edges_file, times, 0), 0);
    cr_expect_str_eq(keep(population, def).state, "written");
    cr_expect(is_kept(population, def));
    cr_expect(!is_kept(other, def), "another crowd");
    throng_graph_def others[6] = {all, all, all, all, all, all};
    others[0].loops = THRONG_EDGES_DROP;
    others[1].missing = THRONG_EDGES_ERROR;
    others[2].signed_weights = false;
    others[3].weight = NULL;
    others[4].weight = "from";
    others[5].source = "to";
    for (int i = 0; i < 6; i++)
        cr_expect(!is_kept(population, others[i]), "other options, %d", i);
    times[1].tv_nsec = 6; /* a nanosecond later */
    cr_assert_eq(utimensat(AT_FDCWD, edges_file, times, 0), 0);
    cr_expect(!is_kept(population, def), "another time");
    times[1].tv_nsec = 5;
    cr_assert_eq(utimensat(AT_FDCWD, edges_file, times, 0), 0);
    cr_expect(is_kept(population, def), "the time it was");
    cr_assert_eq(rename(edges_file, "other.csv"), 0);
    cr_assert_eq(symlink("other.csv", edges_file), 0);
    cr_expect(!is_kept(population, def), "another file");
    throng_population_free(population);
    throng_population_free(other);
}

/* Reads a file that is not what was written: it gives the same graph, or none and says why not. */
static bool noticed(const throng_population *population, throng_graph_def def, const throng_graph *right) {
    throng_i_graph_cache cache = cache_of(population, def);
    throng_i_graph_kept kept;
    throng_graph *graph = NULL;
    expect_ok(throng_i_graph_cache_read(&cache, &graph, &kept, &error));
    bool found = !graph && strstr(kept.remark, "was not used") && strstr(kept.remark, "It was made anew.");
    cr_expect(found || (graph && same(graph, right) && !kept.remark[0]), "%s", kept.remark);
    throng_graph_free(graph);
    throng_i_graph_cache_clear(&cache);
    return found;
}

Test(graph_cache, notices_every_damage, .init = set_up_folder, .fini = tear_down_folder) {
    static char whole[1 << 14], damaged[1 << 14];
    throng_population *population = crowd(900);
    const throng_graph_def def = all;
    throng_graph *right = made(population, def, NULL);
    throng_i_graph_kept kept = keep(population, def);
    throng_i_graph_cache cache = cache_of(population, def);
    size_t n = get(cache.path, whole, sizeof whole);
    int missed = 0;
    cr_assert(strcmp(kept.state, "written") == 0 && n > 500 && n < sizeof whole);
    for (size_t at = 0; at < n; at++) {
        memcpy(damaged, whole, n);
        damaged[at] ^= 0x10;
        put(cache.path, damaged, n);
        missed += !noticed(population, def, right);
    }
    /* a head, one source, and both sides of 4 agents and 4 edges; all that does not matter lies between them */
    size_t matters = 184 + 48 + 2 * (5 * sizeof(int64_t) + 4 * sizeof(throng_agent) + 4 * sizeof(double));
    cr_expect_eq((size_t)missed, n - matters, "%d", missed);
    for (size_t length = 0; length < n; length += 7) {
        put(cache.path, whole, length);
        cr_expect(noticed(population, def, right), "%zu bytes of %zu", length, n);
    }
    memset(damaged + n, 0, sizeof damaged - n);
    memcpy(damaged, whole, n);
    put(cache.path, damaged, n + 1);
    cr_expect(noticed(population, def, right), "something was added");
    put(cache.path, "another file", 12);
    cr_expect(noticed(population, def, right));
    put(cache.path, whole, n);
    cr_expect(!noticed(population, def, right), "the control");
    throng_i_graph_cache_clear(&cache);
    throng_graph_free(right);
    throng_population_free(population);
}

/* One that is whole, but in the place of another. */
Test(graph_cache, does_not_take_another_s, .init = set_up_folder, .fini = tear_down_folder) {
    throng_population *population = crowd(900), *other = crowd(901);
    const throng_graph_def def = all;
    throng_i_graph_cache here = cache_of(population, def), there = cache_of(other, def);
    throng_graph *right = made(population, def, NULL);
    keep(other, def);
    cr_assert_eq(rename(there.path, here.path), 0);
    cr_expect(noticed(population, def, right));
    throng_graph_free(right);
    throng_i_graph_cache_clear(&here);
    throng_i_graph_cache_clear(&there);
    throng_population_free(population);
    throng_population_free(other);
}

static int files_in(const char *folder) {
    DIR *open = opendir(folder);
    int n = 0;
    for (struct dirent *one = NULL; open && (one = readdir(open));)
        n += one->d_name[0] != '.';
    if (open)
        closedir(open);
    return n;
}

Test(graph_cache, a_full_disk_leaves_the_graph_and_nothing_behind, .init = set_up_folder, .fini = tear_down_folder) {
    throng_population *population = crowd(900);
    const throng_graph_def def = all;
    struct rlimit before, limit;
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    limit = before;
    limit.rlim_cur = 300;
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    throng_i_graph_kept kept = keep(population, def);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
    cr_expect_str_eq(kept.state, "not written");
    cr_expect_str_eq(kept.remark, "The graph could not be kept in kept: File too large.");
    cr_expect_eq(files_in("kept"), 0);
    cr_expect(!is_kept(population, def));
    cr_expect_str_eq(keep(population, def).state, "written");
    cr_expect_eq(files_in("kept"), 1);
    throng_population_free(population);
}

Test(graph_cache, is_only_of_files, .init = set_up_folder, .fini = tear_down_folder) {
    static const char *const paths[] = {"-", "pipe", "memory:edges", "gone.csv"};
    static const char *const messages[] = {
        ("--graph-cache (graph.cache) knows a graph by the files of its table, and standard input is none: leave it "
         "out."),
        "--graph-cache (graph.cache) knows a graph by the files of its table, and pipe is none: leave it out.",
        "--graph-cache (graph.cache) knows a graph by the files of its table, and memory:edges is none: leave it out.",
        "gone.csv cannot be read: No such file or directory."};
    throng_population *population = crowd(900);
    const throng_graph_def def = all;
    cr_assert_eq(mkfifo("pipe", 0600), 0);
    for (int i = 0; i < 4; i++) {
        throng_i_graph_cache cache = {0};
        cr_expect_eq(throng_i_graph_cache_open(population, &paths[i], 1, &def, "kept", &cache, &error),
                     i < 3 ? THRONG_E_PARAMETER : THRONG_E_FILE);
        cr_expect_str_eq(error.message, messages[i]);
    }
    throng_population_free(population);
}

static throng_population *lasting;

static throng_status keep_and_read(void) {
    throng_status status = THRONG_OK;
    const throng_graph_def def = all;
    throng_i_graph_cache cache = {0};
    throng_i_graph_kept kept = {0};
    throng_graph *graph = NULL, *again = NULL;
    throng_agent source[] = {0, 2, 1}, target[] = {1, 0, 3};
    throng_source file = {.bytes = 1};
    throng_context *usual = lasting->context;
    lasting->context = context;
    THRONG_TRY(throng_i_graph_cache_open(lasting, &edges_file, 1, &def, "kept", &cache, &error));
    THRONG_TRY(throng_graph_create_from(context, 4, 3, source, target, NULL, &graph, &error));
    THRONG_TRY(throng_i_graph_cache_write(&cache, graph, &file, &kept, &error));
    THRONG_TRY(throng_i_graph_cache_read(&cache, &again, &kept, &error));
    cr_expect(again && same(graph, again));
out:
    lasting->context = usual;
    throng_i_graph_cache_clear(&cache);
    throng_graph_free(graph);
    throng_graph_free(again);
    return status;
}

Test(graph_cache, survives_any_failing_allocation, .init = set_up_folder, .fini = tear_down_folder) {
    lasting = crowd(900);
    cr_expect_gt(fail_every_allocation(keep_and_read), 8);
    throng_population_free(lasting);
}
