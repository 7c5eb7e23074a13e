/* Inside the library: memory, failure handling, sums in fixed order, progress. Nothing here knows of agents. */
#ifndef THRONG_SRC_CORE_H
#define THRONG_SRC_CORE_H

#include "throng/core.h"

#include <stdarg.h>

/* ---- failing --------------------------------------------------------------------------------------------------- */

/* Leaves the function through its `out:` label, which frees what the function holds. */
#define THRONG_TRY(call)                                                                                               \
    do {                                                                                                               \
        status = (call);                                                                                               \
        if (status != THRONG_OK)                                                                                       \
            goto out;                                                                                                  \
    } while (0)

/* Fails with a message unless the condition holds: THRONG_REQUIRE(n > 0, E_ARGUMENT, "n must be positive, got %d.", n).
 * Needs `status`, `err` and `out:` in scope. */
#define THRONG_REQUIRE(condition, name, ...)                                                                           \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            status = THRONG_FAIL(err, name, __VA_ARGS__);                                                              \
            goto out;                                                                                                  \
        }                                                                                                              \
    } while (0)

/* ---- making a context ------------------------------------------------------------------------------------------ */

/* A context without any plug-in: throng_context_create adds the built-in ones, which core does not know. */
THRONG_MUST_USE throng_status throng_i_context_create(throng_realloc_fn realloc_fn, void *user, throng_context **out,
                                                      throng_error *err);

/* What one later stage keeps with the context, NULL if nothing; free_kept is called with it when the context goes. */
void *throng_i_context_kept(const throng_context *context);
void throng_i_context_keep(throng_context *context, void *kept, void (*free_kept)(throng_context *, void *));

/* ---- memory: every allocation of the library goes through the context, which counts bytes ---------------------- */

/* Allocates zeroed memory for count items of the given size; *out is set on success only. count 0 gives a valid,
 * freeable pointer. */
THRONG_MUST_USE throng_status throng_i_alloc(throng_context *context, int64_t count, size_t size, void *out,
                                             throng_error *err);

/* Grows or shrinks *pointer (pass &p; p may be NULL), keeping its content. New bytes are not set: a large block costs
 * nothing until it is touched, and growing one moves pages, not bytes. */
THRONG_MUST_USE throng_status throng_i_resize(throng_context *context, void *pointer, int64_t count, size_t size,
                                              throng_error *err);

void throng_i_free(throng_context *context, void *pointer);

/* A copy of a string. */
THRONG_MUST_USE throng_status throng_i_copy_text(throng_context *context, const char *text, char **out,
                                                 throng_error *err);

/* snprintf into fresh memory. */
THRONG_MUST_USE throng_status throng_i_print(throng_context *context, char **out, throng_error *err, const char *format,
                                             ...) THRONG_PRINTF(4, 5);

/* ---- sums whose order is fixed --------------------------------------------------------------------------------- */

static inline int64_t throng_i_chunk_count(int64_t n) {
    return (n + THRONG_CHUNK_ROWS - 1) / THRONG_CHUNK_ROWS;
}

/* What a chunk adds to a sum: sums[width] starts at zero. */
typedef void (*throng_i_sum_fn)(void *user, throng_chunk chunk, double *sums);

/* out[j] = sum over the chunks of 0..n-1 of what body adds to sums[j], in an order that does not depend on the number
 * of threads. progress->done is where counting starts. E_CANCELLED, E_MEMORY. */
THRONG_MUST_USE throng_status throng_i_sum_over(throng_context *context, int64_t n, int width, throng_i_sum_fn body,
                                                void *user, const throng_progress *progress, double *out,
                                                throng_error *err);

/* Adds up n_rows rows of `width` doubles, pairwise and in row order, into out[width]; overwrites `rows`.
 * With one row a chunk this makes a sum that does not depend on the number of threads. */
void throng_i_sum_rows(double *rows, int64_t n_rows, int width, double *out);

/* ---- drawing --------------------------------------------------------------------------------------------------- */

/* The first of n whose share a uniform number falls into; never one of share 0, though shares add up to a little less
 * than 1. */
int throng_i_pick(const double *shares, int n, double uniform);

/* ---- progress and cancelling ----------------------------------------------------------------------------------- */

/* Reports progress, at most about ten times a second; THRONG_E_CANCELLED if the caller wants to stop.
 * Cheap enough to call in a loop that takes microseconds. Call from the context's own thread. */
THRONG_MUST_USE throng_status throng_i_progress(throng_context *context, const throng_progress *progress,
                                                throng_error *err);

/* Tells whoever watches the value at a step. */
void throng_i_series(const throng_context *context, int64_t step, double value);

/* Seconds on a clock that never goes back. */
double throng_i_seconds(void);

/* ---- names ----------------------------------------------------------------------------------------------------- */

/* Of n names the one a user most likely meant, or NULL if none is near (Damerau-Levenshtein distance, scaled). */
const char *throng_i_nearest(const char *wrong, const char *const *names, int n);

/* ---- the registry ---------------------------------------------------------------------------------------------- */

/* Registers a descriptor whose stage expects `size` bytes. Checks what every kind has in common. E_PLUGIN. */
THRONG_MUST_USE throng_status throng_i_context_register(throng_context *context, throng_kind kind,
                                                        const throng_about *about, size_t size, throng_error *err);

/* Loads a shared object and finds a symbol in it; it stays loaded until the context is freed. E_PLUGIN. */
THRONG_MUST_USE throng_status throng_i_context_load(throng_context *context, const char *path, const char *symbol,
                                                    const void **out, throng_error *err);

/* ---- plug-in names with parameters: "esteban-ray:alpha=1.3,bins=21" -------------------------------------------- */

#define THRONG_I_NAME_LENGTH 64
#define THRONG_I_PARAMS_MAX  24
#define THRONG_I_SPEC_LENGTH 1024 /* of a name with all its parameters, with the zero at its end */

typedef struct throng_i_plugin_use {
    const throng_about *about;
    double param[THRONG_I_PARAMS_MAX]; /* in the order of about->params; FLAG 0 or 1; AUTO NaN */
    int place[THRONG_I_PARAMS_MAX];    /* TEXT: where it begins in words; 0: the default */
    int used;                          /* bytes of: */
    char words[THRONG_I_SPEC_LENGTH];  /* the texts given, each behind a zero */
} throng_i_plugin_use;

/* The value of a TEXT parameter. */
static inline const char *throng_i_plugin_text(const throng_i_plugin_use *use, int index) {
    return use->place[index] > 0 ? use->words + use->place[index] : use->about->params[index].text;
}

/* Finds the plug-in, fills defaults and checks what was given. THRONG_E_UNKNOWN_NAME, THRONG_E_PARAMETER. */
THRONG_MUST_USE throng_status throng_i_plugin_parse(const throng_context *context, throng_kind kind, const char *spec,
                                                    throng_i_plugin_use *out, throng_error *err);

/* The spec with every parameter spelled out: what provenance and study files record. */
void throng_i_plugin_print(const throng_i_plugin_use *use, char *out, size_t size);

/* Index of a parameter by name, -1 if the plug-in has none of that name. */
int throng_i_param_index(const throng_about *about, const char *name);

/* "a number from 0 to 1.6", "a whole number not below 1", "true or false": for messages. */
void throng_i_param_range(const throng_param *param, char *out, size_t size);

#endif
