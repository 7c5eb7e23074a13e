/*
 * Graphs of tables, kept ready made in a folder: making one of 1e8 edges takes many times longer than mapping it.
 *
 * A file is named by its key, a hash of all that decides what is in it: the table's files (path, size, time of the last
 * change), columns and options, who the agents are, and throng's version. So a graph that is no longer the one is not
 * found. A file has
 *
 *     head       whose it is, how long each part is, checksums of the parts and of the head
 *     parts      what the table's files held; offsets, neighbours and weights of out-edges; the same of in-edges
 *
 * each from a multiple of a cache line on, as the machine has them in memory. It is written aside and renamed: it is
 * there whole, or not at all. What is found is not believed: checksums, lengths and every neighbour are looked at.
 */
#define _GNU_SOURCE /* realpath, mkstemp, posix_fallocate */
#include "population/graph_cache.h"
#include "population/population.h"
#include "table/file.h"
#include "table/offer.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#define MAGIC "throng graph 1\n"
#define LINE  64

typedef enum part {
    SOURCES,
    OUT_OFFSETS,
    OUT_NEIGHBOURS,
    OUT_WEIGHTS,
    IN_OFFSETS,
    IN_NEIGHBOURS,
    IN_WEIGHTS,
    PARTS
} part;

/* What a file of the table held. */
typedef struct source {
    int64_t bytes;
    char hash[40];
} source;

typedef struct head {
    char magic[16];
    uint64_t order; /* a number in the order of bytes of the machine that wrote it */
    char key[40];
    int64_t n_agents;
    throng_graph_counts counts;
    int64_t bytes[PARTS];
    uint64_t parts_hash, head_hash;
} head;

static const uint64_t order_of_bytes = UINT64_C(0x0102030405060708);

/* ---- the key --------------------------------------------------------------------------------------------------- */

static void add_text(XXH3_state_t *state, const char *text) {
    XXH3_128bits_update(state, text ? text : "", text ? strlen(text) + 1 : 0);
    XXH3_128bits_update(state, text ? "+" : "-", 1); /* no text is not an empty one */
}

static void add_number(XXH3_state_t *state, int64_t number) {
    XXH3_128bits_update(state, &number, sizeof number);
}

/* A file as the disk knows it. One that is not there counts, too: a DuckDB database may have another beside it. */
static void add_stat(XXH3_state_t *state, const struct stat *about) {
    add_number(state, about ? (int64_t)about->st_size : -1);
    add_number(state, about ? (int64_t)about->st_mtim.tv_sec : 0);
    add_number(state, about ? (int64_t)about->st_mtim.tv_nsec : 0);
}

static throng_status add_file(throng_context *context, XXH3_state_t *state, const throng_i_file *file,
                              throng_error *err) {
    throng_status status = THRONG_OK;
    struct stat about, log;
    char full[PATH_MAX], *beside = NULL;
    bool there = stat(file->opened, &about) == 0;
    bool none = strcmp(file->path, "-") == 0 || throng_i_is_offered(file->path) ||
                (there && !S_ISREG(about.st_mode) && !S_ISDIR(about.st_mode));
    THRONG_REQUIRE(!none, E_PARAMETER,
                   "--graph-cache (graph.cache) knows a graph by the files of its table, and %s is none: leave it out.",
                   file->shown);
    THRONG_REQUIRE(there && realpath(file->opened, full), E_FILE, "%s cannot be read: %s.", file->shown,
                   strerror(errno));
    add_text(state, full);
    add_text(state, file->table);
    add_stat(state, &about);
    if (file->table) {
        THRONG_TRY(throng_i_print(context, &beside, err, "%s.wal", full));
        add_stat(state, stat(beside, &log) == 0 ? &log : NULL);
    }
out:
    throng_i_free(context, beside);
    return status;
}

static void add_agents(XXH3_state_t *state, const throng_i_keys *ids, int64_t n_agents) {
    add_number(state, n_agents);
    add_number(state, ids->values ? (int64_t)ids->type : ids->words ? (int64_t)THRONG_TYPE_TEXT : -1);
    if (ids->values)
        XXH3_128bits_update(state, ids->values, (size_t)ids->n * sizeof *ids->values);
    for (int64_t i = 0; ids->words && i < ids->n; i++)
        add_text(state, ids->words[i]);
}

static throng_status make_key(const throng_population *population, const throng_i_files *files,
                              const throng_graph_def *def, throng_i_graph_cache *self, throng_error *err) {
    throng_status status = THRONG_OK;
    XXH3_state_t *state = XXH3_createState();
    THRONG_REQUIRE(state, E_MEMORY, "Out of memory: the graph's place in %s could not be found.", self->folder);
    XXH3_128bits_reset(state);
    add_text(state, MAGIC);
    add_text(state, throng_version());
    add_number(state, files->count);
    for (int i = 0; i < files->count; i++)
        THRONG_TRY(add_file(self->context, state, &files->at[i], err));
    add_text(state, def->source);
    add_text(state, def->target);
    add_text(state, def->weight);
    add_number(state, (int64_t)def->missing);
    add_number(state, (int64_t)def->loops);
    add_number(state, def->signed_weights);
    add_agents(state, &population->ids, population->n_agents);
    XXH128_hash_t hash = XXH3_128bits_digest(state);
    snprintf(self->key, sizeof self->key, "%016" PRIx64 "%016" PRIx64, (uint64_t)hash.high64, (uint64_t)hash.low64);
out:
    XXH3_freeState(state);
    return status;
}

throng_status throng_i_graph_cache_open(const throng_population *population, const char *const *paths, int n_paths,
                                        const throng_graph_def *def, const char *folder, throng_i_graph_cache *out,
                                        throng_error *err) {
    throng_status status = THRONG_OK;
    throng_context *context = population->context;
    throng_i_files files = {.context = context};
    throng_i_graph_cache self = {.context = context, .n_agents = population->n_agents};
    THRONG_TRY(throng_i_copy_text(context, folder, &self.folder, err));
    THRONG_TRY(throng_i_files_find(context, paths, n_paths, &files, err));
    THRONG_TRY(make_key(population, &files, def, &self, err));
    THRONG_TRY(throng_i_print(context, &self.path, err, "%s/%s.graph", folder, self.key));
    THRONG_TRY(throng_i_alloc(context, files.count, sizeof *self.sources, &self.sources, err));
    for (int i = 0; i < files.count; i++) {
        self.sources[self.n_sources++].path = files.at[i].path;
        files.at[i].path = NULL;
    }
    *out = self;
    self = (throng_i_graph_cache){.context = context};
out:
    throng_i_files_close(&files);
    throng_i_graph_cache_clear(&self);
    return status;
}

void throng_i_graph_cache_clear(throng_i_graph_cache *self) {
    if (!self->context)
        return;
    throng_i_sources_free(self->context, self->sources, self->n_sources);
    throng_i_free(self->context, self->folder);
    throng_i_free(self->context, self->path);
    *self = (throng_i_graph_cache){0};
}

/* ---- parts and their checksums --------------------------------------------------------------------------------- */

/* The parts of a file in memory: of the graph that is written, or that was mapped. */
typedef struct parts {
    const void *at[PARTS]; /* NULL: there is none */
    int64_t bytes[PARTS];
} parts;

static int64_t up_to_line(int64_t bytes) {
    return (bytes + LINE - 1) / LINE * LINE;
}

/* Where a part begins in the file; of PARTS, how long the file is. */
static int64_t place_of(const int64_t *bytes, int wanted) {
    int64_t at = up_to_line((int64_t)sizeof(head));
    for (int p = 0; p < wanted; p++)
        at += up_to_line(bytes[p]);
    return at;
}

#define PIECE ((int64_t)1 << 20)

typedef struct hash_job {
    const char *bytes;
    int64_t n;
    XXH64_hash_t *hash; /* [pieces] */
} hash_job;

static void hash_piece(void *user, throng_chunk chunk) {
    const hash_job *job = user;
    int64_t begin = chunk.index * PIECE, n = job->n - begin < PIECE ? job->n - begin : PIECE;
    job->hash[chunk.index] = XXH3_64bits(job->bytes + begin, (size_t)n);
}

/* A hash of the hashes of all pieces of all parts. */
static throng_status hash_parts(throng_context *context, const parts *of, uint64_t *out, throng_error *err) {
    throng_status status = THRONG_OK;
    XXH64_hash_t *hash = NULL, all = 0;
    for (int p = 0; p < PARTS; p++) {
        int64_t n_pieces = (of->bytes[p] + PIECE - 1) / PIECE;
        hash_job job = {of->at[p], of->bytes[p], NULL};
        THRONG_TRY(throng_i_resize(context, &hash, n_pieces, sizeof *hash, err));
        job.hash = hash;
        /* A chunk is a piece. */
        THRONG_TRY(throng_chunks_for(context, n_pieces * THRONG_CHUNK_ROWS, hash_piece, &job, NULL, err));
        all = XXH3_64bits_withSeed(hash, (size_t)n_pieces * sizeof *hash, all);
    }
    *out = all;
out:
    throng_i_free(context, hash);
    return status;
}

static uint64_t hash_head(const head *of) {
    return XXH3_64bits(of, offsetof(head, head_hash));
}

/* ---- reading --------------------------------------------------------------------------------------------------- */

/* What is wrong with a head, or with what it says of its file; NULL: nothing. */
static const char *fault_of_head(const throng_i_graph_cache *self, const head *it, int64_t size) {
    if (size < (int64_t)sizeof *it || memcmp(it->magic, MAGIC, sizeof it->magic) != 0)
        return "it is not a graph that throng kept";
    if (it->order != order_of_bytes)
        return "it is of another kind of machine";
    if (it->head_hash != hash_head(it))
        return "its head is damaged";
    if (strncmp(it->key, self->key, sizeof it->key) != 0 || it->n_agents != self->n_agents)
        return "it is of another table or crowd";
    int64_t edges = it->counts.edges, offsets = (it->n_agents + 1) * (int64_t)sizeof(int64_t);
    int64_t weights = it->bytes[OUT_WEIGHTS] ? edges * (int64_t)sizeof(double) : 0;
    const int64_t wanted[PARTS] = {
        [SOURCES] = self->n_sources * (int64_t)sizeof(source),
        [OUT_OFFSETS] = offsets,
        [OUT_NEIGHBOURS] = edges * (int64_t)sizeof(throng_agent),
        [OUT_WEIGHTS] = weights,
        [IN_OFFSETS] = offsets,
        [IN_NEIGHBOURS] = edges * (int64_t)sizeof(throng_agent),
        [IN_WEIGHTS] = weights,
    };
    if (edges < 0 || memcmp(wanted, it->bytes, sizeof wanted) != 0)
        return "its parts do not fit each other";
    if (size < place_of(it->bytes, PARTS))
        return "it was cut off";
    return size > place_of(it->bytes, PARTS) ? "something was added to it" : NULL;
}

typedef struct check_job {
    throng_adjacency side;
    int64_t n_agents, edges;
    bool *wrong; /* [chunks] */
} check_job;

/* Whether rows follow each other within the edges, and whom they name. */
static void check_rows(void *user, throng_chunk chunk) {
    const check_job *job = user;
    const throng_adjacency *side = &job->side;
    bool wrong = side->offsets[0] != 0 || side->offsets[job->n_agents] != job->edges;
    for (int64_t i = chunk.begin; i < chunk.end && !wrong; i++) {
        int64_t begin = side->offsets[i], end = side->offsets[i + 1];
        wrong = begin < 0 || end < begin || end > job->edges;
        for (int64_t e = begin; e < end && !wrong; e++)
            wrong = side->neighbours[e] < 0 || side->neighbours[e] >= job->n_agents;
    }
    job->wrong[chunk.index] = wrong;
}

static throng_status check_side(throng_context *context, throng_adjacency side, int64_t n_agents, int64_t edges,
                                const char **fault, throng_error *err) {
    throng_status status = THRONG_OK;
    check_job job = {side, n_agents, edges, NULL};
    int64_t n_chunks = throng_i_chunk_count(n_agents);
    THRONG_TRY(throng_i_alloc(context, n_chunks, sizeof *job.wrong, &job.wrong, err));
    THRONG_TRY(throng_chunks_for(context, n_agents, check_rows, &job, NULL, err));
    for (int64_t c = 0; c < n_chunks; c++)
        *fault = job.wrong[c] ? "its edges make no sense" : *fault;
out:
    throng_i_free(context, job.wrong);
    return status;
}

static throng_i_direction direction_of(const parts *of, int first) {
    throng_i_direction out = {NULL};
    memcpy(&out.offsets, &of->at[first], sizeof out.offsets);
    memcpy(&out.neighbours, &of->at[first + 1], sizeof out.neighbours);
    memcpy(&out.weights, &of->at[first + 2], sizeof out.weights);
    return out;
}

/* A graph over a mapped file, if nothing is wrong with it: else *fault says what. */
static throng_status use_map(throng_i_graph_cache *self, const char *map, int64_t size, throng_graph **out,
                             const char **fault, throng_error *err) {
    throng_status status = THRONG_OK;
    const head *it = (const head *)(const void *)map;
    throng_graph *graph = NULL;
    parts found = {{NULL}, {0}};
    uint64_t hash = 0;
    *fault = fault_of_head(self, it, size);
    if (*fault)
        return THRONG_OK;
    memcpy(found.bytes, it->bytes, sizeof found.bytes);
    for (int p = 0; p < PARTS; p++)
        found.at[p] = found.bytes[p] > 0 || (p != OUT_WEIGHTS && p != IN_WEIGHTS) ? map + place_of(it->bytes, p) : NULL;
    THRONG_TRY(hash_parts(self->context, &found, &hash, err));
    if (hash != it->parts_hash) {
        *fault = "its checksum does not fit";
        goto out;
    }
    THRONG_TRY(throng_i_alloc(self->context, 1, sizeof *graph, &graph, err));
    graph->context = self->context;
    graph->n_agents = it->n_agents;
    graph->counts = it->counts;
    graph->out = direction_of(&found, OUT_OFFSETS);
    graph->in = direction_of(&found, IN_OFFSETS);
    THRONG_TRY(check_side(self->context, throng_graph_out(graph), it->n_agents, it->counts.edges, fault, err));
    THRONG_TRY(check_side(self->context, throng_graph_in(graph), it->n_agents, it->counts.edges, fault, err));
    if (*fault)
        goto out;
    const source *sources = found.at[SOURCES];
    for (int i = 0; i < self->n_sources; i++) {
        self->sources[i].bytes = sources[i].bytes;
        snprintf(self->sources[i].hash, sizeof self->sources[i].hash, "%.32s", sources[i].hash);
    }
    *out = graph;
    graph = NULL;
out:
    throng_i_free(self->context, graph);
    return status;
}

throng_status throng_i_graph_cache_read(throng_i_graph_cache *self, throng_graph **out, throng_i_graph_kept *kept,
                                        throng_error *err) {
    throng_status status = THRONG_OK;
    const char *fault = NULL;
    struct stat about = {0};
    char *map = MAP_FAILED;
    *kept = (throng_i_graph_kept){0};
    snprintf(kept->file, sizeof kept->file, "%s", self->path);
    int file = open(self->path, O_RDONLY | O_CLOEXEC);
    if (file < 0 && (errno == ENOENT || errno == ENOTDIR))
        return THRONG_OK;
    if (file >= 0 && fstat(file, &about) == 0 && about.st_size > 0)
        map = mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_PRIVATE, file, 0);
    if (map != MAP_FAILED)
        THRONG_TRY(use_map(self, map, (int64_t)about.st_size, out, &fault, err));
    else
        fault = file >= 0 && about.st_size == 0 ? "it is empty" : strerror(errno);
    if (*out) {
        (*out)->map = map;
        (*out)->map_bytes = (size_t)about.st_size;
        map = MAP_FAILED;
        kept->state = "read";
    } else {
        snprintf(kept->remark, sizeof kept->remark, "The graph kept in %.500s was not used: %s. It was made anew.",
                 self->path, fault);
    }
out:
    if (map != MAP_FAILED)
        munmap(map, (size_t)about.st_size);
    if (file >= 0)
        close(file);
    return status;
}

/* ---- writing --------------------------------------------------------------------------------------------------- */

static parts parts_of(const throng_graph *graph, const source *sources, int n_sources) {
    int64_t edges = graph->counts.edges, offsets = (graph->n_agents + 1) * (int64_t)sizeof(int64_t);
    int64_t neighbours = edges * (int64_t)sizeof(throng_agent), weights = edges * (int64_t)sizeof(double);
    const throng_i_direction *out = &graph->out, *in = &graph->in;
    return (parts){{sources, out->offsets, out->neighbours, out->weights, in->offsets, in->neighbours, in->weights},
                   {n_sources * (int64_t)sizeof *sources, offsets, neighbours, out->weights ? weights : 0, offsets,
                    neighbours, in->weights ? weights : 0}};
}

static bool write_at(int file, const void *from, int64_t bytes, int64_t at) {
    const char *bytes_of = from;
    for (int64_t done = 0; done < bytes;) {
        ssize_t n = pwrite(file, bytes_of + done, (size_t)(bytes - done), (off_t)(at + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        done += n;
    }
    return true;
}

/* The disk's room is taken first: one that is full is known at once. False with errno. */
static bool write_all(int file, const head *first, const parts *of) {
    int reason = posix_fallocate(file, 0, (off_t)place_of(of->bytes, PARTS));
    bool done = reason == 0 && write_at(file, first, sizeof *first, 0);
    errno = reason ? reason : errno;
    for (int p = 0; p < PARTS && done; p++)
        done = write_at(file, of->at[p], of->bytes[p], place_of(of->bytes, p));
    return done && fsync(file) == 0;
}

/* Writes aside, and gives the file its name. 0, or errno. */
static int put_file(throng_i_graph_cache *self, char *draft, const head *first, const parts *of) {
    if (mkdir(self->folder, 0777) != 0 && errno != EEXIST)
        return errno;
    int file = mkstemp(draft);
    if (file < 0)
        return errno;
    bool done = write_all(file, first, of);
    int reason = errno;
    if (close(file) != 0 && done) {
        done = false;
        reason = errno;
    }
    if (done && rename(draft, self->path) == 0)
        return 0;
    reason = done ? errno : reason;
    unlink(draft);
    return reason;
}

throng_status throng_i_graph_cache_write(throng_i_graph_cache *self, const throng_graph *graph,
                                         const throng_source *sources, throng_i_graph_kept *kept, throng_error *err) {
    throng_status status = THRONG_OK;
    source *held = NULL;
    char *draft = NULL;
    head first = {.magic = MAGIC, .order = order_of_bytes, .n_agents = graph->n_agents, .counts = graph->counts};
    THRONG_TRY(throng_i_alloc(self->context, self->n_sources, sizeof *held, &held, err));
    for (int i = 0; i < self->n_sources; i++) {
        held[i].bytes = sources[i].bytes;
        snprintf(held[i].hash, sizeof held[i].hash, "%s", sources[i].hash);
    }
    parts of = parts_of(graph, held, self->n_sources);
    snprintf(first.key, sizeof first.key, "%s", self->key);
    memcpy(first.bytes, of.bytes, sizeof first.bytes);
    THRONG_TRY(hash_parts(self->context, &of, &first.parts_hash, err));
    first.head_hash = hash_head(&first);
    THRONG_TRY(throng_i_print(self->context, &draft, err, "%s.XXXXXX", self->path));
    int reason = put_file(self, draft, &first, &of);
    kept->state = reason ? "not written" : "written";
    if (reason) {
        size_t used = strlen(kept->remark);
        snprintf(kept->remark + used, sizeof kept->remark - used, "%sThe graph could not be kept in %.300s: %s.",
                 used > 0 ? " " : "", self->folder, strerror(reason));
    }
out:
    throng_i_free(self->context, held);
    throng_i_free(self->context, draft);
    return status;
}
