/**
 * Core of the public API: status and error record, the context, parameters and the descriptors' common head.
 *
 * Conventions, for every header of throng:
 *  - A fallible function returns `throng_status`; its last parameter is a caller-owned `throng_error *` that may be
 *    NULL. On failure outputs are untouched unless the comment says otherwise.
 *  - `_create/_free` own heap memory, `_view` is borrowed. `_free(NULL)` is legal.
 *  - Counts are `int64_t`, reals are `double`, an agent is a `throng_agent`.
 *  - The library never prints, never exits and keeps no global state: everything hangs off a `throng_context`.
 *  - A context may be used from one thread at a time; two contexts are independent.
 *  - Same inputs, seed and version give the same bits, whatever the number of threads.
 */
#ifndef THRONG_CORE_H
#define THRONG_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define THRONG_API               __attribute__((visibility("default")))
#define THRONG_PRINTF(at, first) __attribute__((format(printf, at, first)))
#define THRONG_MUST_USE          __attribute__((warn_unused_result))
#else
#define THRONG_API
#define THRONG_PRINTF(at, first)
#define THRONG_MUST_USE
#endif

/** Version of the library as text, "0.1.0", and the source revision it was built from, or "unknown". */
THRONG_API const char *throng_version(void);
THRONG_API const char *throng_revision(void);

/** Size of a public struct ("throng_error") or offset of a field in it ("throng_error.line"), as the library was
 *  compiled. A binding for another language compares them with its own before it trusts them. */
typedef struct throng_layout {
    const char *name;
    size_t bytes;
} throng_layout;

/** [*n] all of them. */
THRONG_API const throng_layout *throng_layouts(int *n);

/* ---- status and error ------------------------------------------------------------------------------------------ */

/** What a fallible function returns: 0 success, negative error. The list is status.def. */
typedef enum throng_status {
#define THRONG_STATUS(name, value, text) THRONG_##name = value,
#include "throng/status.def"
#undef THRONG_STATUS
} throng_status;

/** Name of a status ("THRONG_E_MEMORY") and what it means in general. Unknown values give "unknown status". */
THRONG_API const char *throng_status_name(throng_status status);
THRONG_API const char *throng_status_text(throng_status status);

#define THRONG_MESSAGE_LENGTH 512

/** What went wrong: filled on failure only. The message is one sentence: what, where, what is allowed, what to do. */
typedef struct throng_error {
    throng_status status;
    int line;         /* source line of the failure, for developers */
    const char *file; /* source file of the failure, static storage */
    char message[THRONG_MESSAGE_LENGTH];
} throng_error;

/** Fills err (may be NULL) and returns status; a message too long is cut, never overrun. Plug-ins use THRONG_FAIL. */
THRONG_API throng_status throng_error_set(throng_error *err, throng_status status, const char *file, int line,
                                          const char *format, ...) THRONG_PRINTF(5, 6);

/** Fails with a message: `return THRONG_FAIL(err, E_ARGUMENT, "n must be positive, got %d.", n);` */
#define THRONG_FAIL(err, name, ...) throng_error_set((err), THRONG_##name, __FILE__, __LINE__, __VA_ARGS__)

/** The tail of a message about a name nobody knows: ` Did you mean "variance"?` or, if none is near,
 *  ` Known: a, b, c.` (cut with "..."). @param names [n] */
THRONG_API void throng_suggest(const char *wrong, const char *const *names, int n, char *out, size_t size);

/* ---- parameters ------------------------------------------------------------------------------------------------ */

typedef enum throng_param_kind {
    THRONG_PARAM_REAL,    /* finite double in [minimum, maximum] */
    THRONG_PARAM_INTEGER, /* whole number in [minimum, maximum] */
    THRONG_PARAM_FLAG,    /* true or false */
    THRONG_PARAM_AUTO,    /* real as above, or "auto" (NaN), which is the default */
    THRONG_PARAM_TEXT,    /* text of minimum..maximum bytes, spaces around it left out; indicators and games. A comma
                             in it stands between parentheses: "formula:expr=max(m1,0),weighted=false" */
    THRONG_PARAM_CHOICE,  /* one of the words in `text`, with spaces between them; its value is the word's place, from 0
                           */
    THRONG_PARAM_KIND_COUNT
} throng_param_kind;

/** One parameter of a plug-in. Checks, help, reference pages and study files are all derived from it.
 *  A table of parameters ends with an entry whose name is NULL. */
typedef struct throng_param {
    const char *name; /* lower case with dashes: what a user types */
    throng_param_kind kind;
    double fallback; /* default value */
    double minimum, maximum;
    const char *unit; /* "" if it has none */
    const char *doc;  /* one line */
    const char *text; /* TEXT: the default; CHOICE: all words */
} throng_param;

/** The head of every plug-in descriptor. All strings have static storage and are never NULL, except params. */
typedef struct throng_about {
    size_t struct_size;         /* sizeof the whole descriptor: the ABI check at registration */
    const char *name;           /* lower case with dashes: what a study file says */
    const char *summary;        /* one line for `throng list` */
    const char *details;        /* formula, conventions, what it does at the edges: for `throng describe` */
    const char *reference;      /* paper or book the equations come from */
    const throng_param *params; /* NULL: none */
} throng_about;

typedef enum throng_kind {
    THRONG_KIND_INDICATOR,
    THRONG_KIND_METHOD,
    THRONG_KIND_GENERATOR,
    THRONG_KIND_WORLD,
    THRONG_KIND_GRAPH,
    THRONG_KIND_POLICY,
    THRONG_KIND_GAME,
    THRONG_KIND_SOLVER,
    THRONG_KIND_MECHANISM,
    THRONG_KIND_COUNT
} throng_kind;

/** "indicator", "method", ...; and the plural that `throng list` takes. */
THRONG_API const char *throng_kind_name(throng_kind kind);
THRONG_API const char *throng_kind_plural(throng_kind kind);

/* ---- context --------------------------------------------------------------------------------------------------- */

/** Where throng's work happens: registered plug-ins, number of threads, progress and cancelling, memory count. */
typedef struct throng_context throng_context;

/** One report of progress. total is -1 where it is not known beforehand. */
typedef struct throng_progress {
    const char *stage; /* "reading", "attributing", "writing", ... */
    const char *unit;  /* "rows", "agents", ... */
    int64_t done, total;
} throng_progress;

/** Called from the calling thread a few times a second at most; returning false stops the work: the running function
 *  returns THRONG_E_CANCELLED and leaves nothing half-done. */
typedef bool (*throng_progress_fn)(void *user, const throng_progress *progress);

/** Called from the calling thread with the indicator at each step of a simulation as it is made: to be watched while it
 *  runs. A step that is not beyond the last begins another simulation. */
typedef void (*throng_series_fn)(void *user, int64_t step, double value);

/** Hook for every allocation of the library: as realloc(pointer, size); size 0 frees. For tests and embedders. */
typedef void *(*throng_realloc_fn)(void *user, void *pointer, size_t size);

/**
 * Creates a context with all built-in plug-ins registered and one thread per processor.
 * @return THRONG_OK; THRONG_E_MEMORY.
 */
THRONG_API THRONG_MUST_USE throng_status throng_context_create(throng_context **out, throng_error *err);

/** The same with the caller's allocator (realloc_fn NULL: the C library's). */
THRONG_API THRONG_MUST_USE throng_status throng_context_create_with(throng_realloc_fn realloc_fn, void *user,
                                                                    throng_context **out, throng_error *err);
THRONG_API void throng_context_free(throng_context *context);

/** Number of threads, 1..1024; 0 means one per processor. Results do not depend on it. */
THRONG_API THRONG_MUST_USE throng_status throng_context_set_threads(throng_context *context, int threads,
                                                                    throng_error *err);
THRONG_API int throng_context_threads(const throng_context *context);

/** Sets the progress callback (NULL: none). */
THRONG_API void throng_context_set_progress(throng_context *context, throng_progress_fn progress, void *user);

/** Sets the callback for the indicator of simulations (NULL: none). */
THRONG_API void throng_context_set_series(throng_context *context, throng_series_fn series, void *user);

/**
 * Memory that the library may take for large arrays: those beyond it are mapped files in `folder`, without a name, so
 * that they are gone however the program ends. Results do not depend on it; passes over such arrays take as long as the
 * disk. Other libraries, DuckDB above all, take some memory beside it.
 * @param bytes   0: whatever there is
 * @param folder  NULL: as it was, and at first the current one
 */
THRONG_API THRONG_MUST_USE throng_status throng_context_set_memory(throng_context *context, int64_t bytes,
                                                                   const char *folder, throng_error *err);

/** Bytes of those that the library holds which are in files now. */
THRONG_API int64_t throng_context_bytes_in_files(const throng_context *context);

/** Bytes that the library holds now through this context, and the most it ever held. */
THRONG_API int64_t throng_context_bytes(const throng_context *context);
THRONG_API int64_t throng_context_bytes_peak(const throng_context *context);

/**
 * Registers a plug-in: `about` is the head of a descriptor with static storage (throng_indicator, ...).
 * @return THRONG_OK; THRONG_E_PLUGIN if the descriptor has another size, lacks documentation, has a default outside
 *         its bounds, or if the name is taken.
 */
THRONG_API THRONG_MUST_USE throng_status throng_context_register(throng_context *context, throng_kind kind,
                                                                 const throng_about *about, throng_error *err);

/** Registers everything in a shared object written with plugin.h. It stays loaded until the context is freed. */
THRONG_API THRONG_MUST_USE throng_status throng_context_load_plugin(throng_context *context, const char *path,
                                                                    throng_error *err);

/** How many plug-ins of a kind there are, and the index-th in alphabetical order (NULL outside 0..count-1). */
THRONG_API int throng_context_plugin_count(const throng_context *context, throng_kind kind);
THRONG_API const throng_about *throng_context_plugin(const throng_context *context, throng_kind kind, int index);

/** Finds a plug-in by name. @return THRONG_E_UNKNOWN_NAME with the nearest name in the message. */
THRONG_API THRONG_MUST_USE throng_status throng_context_find(const throng_context *context, throng_kind kind,
                                                             const char *name, const throng_about **out,
                                                             throng_error *err);

/* ---- parallel loops -------------------------------------------------------------------------------------------- */

/** Rows in a chunk: a constant, so that no result depends on the number of threads. */
#define THRONG_CHUNK_ROWS 4096

/** A piece of a loop over 0..n-1. */
typedef struct throng_chunk {
    int64_t index;      /* 0.. in the order of the rows: begin / THRONG_CHUNK_ROWS */
    int64_t begin, end; /* rows of this chunk */
} throng_chunk;

typedef void (*throng_chunk_fn)(void *user, throng_chunk chunk);

/**
 * Runs body on every chunk of 0..n-1, in parallel. Body writes only what belongs to its chunk.
 * @param progress what to report: chunks add to its `done`, and a `total` of 0 means n; NULL: silent, not interruptible
 * @return THRONG_OK; THRONG_E_CANCELLED if the progress callback asked to stop.
 */
THRONG_API THRONG_MUST_USE throng_status throng_chunks_for(throng_context *context, int64_t n, throng_chunk_fn body,
                                                           void *user, const throng_progress *progress,
                                                           throng_error *err);

/* ---- random numbers -------------------------------------------------------------------------------------------- */

/** Counter-based random numbers (Philox4x64-10; Salmon et al. 2011, doi 10.1145/2063384.2063405): a draw depends on
 *  (seed, stream, agent, step, draw) alone, never on the thread or on other draws. Streams keep purposes apart. */
typedef struct throng_random {
    uint64_t seed;
    uint64_t stream;
} throng_random;

/** Four independent 64-bit words. */
THRONG_API void throng_random_words(throng_random random, uint64_t agent, uint64_t step, uint64_t draw,
                                    uint64_t out[4]);

/** Four independent uniforms in the open interval (0, 1), 52 bits each: never 0, never 1. */
THRONG_API void throng_random_uniforms(throng_random random, uint64_t agent, uint64_t step, uint64_t draw,
                                       double out[4]);

/** Four independent standard normals (Box-Muller). */
THRONG_API void throng_random_normals(throng_random random, uint64_t agent, uint64_t step, uint64_t draw,
                                      double out[4]);

#ifdef __cplusplus
}
#endif
#endif
