/**
 * The explorer's server: run directories, looked at from a browser. docs/explorer-api.md is what it answers.
 */
#ifndef THRONG_SERVE_H
#define THRONG_SERVE_H

#include "throng/core.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct throng_server throng_server;

/** What to serve. Start from {0} and set at least paths or live. Texts are copied. */
typedef struct throng_server_def {
    const char *const *paths; /* [n_paths] run directories */
    int n_paths;
    const char *live;    /* directory that a run which is going on will leave; it comes first. NULL: there is none */
    const char *address; /* to listen at, as numbers: "0.0.0.0"; NULL: 127.0.0.1, this machine alone */
    const char *host;    /* further name by which the server may be called; NULL: none */
    int port;            /* 0: one that is free */
    bool graphs;         /* read again the files of edges that runs were made with, wherever they are */
} throng_server_def;

/**
 * Opens the runs and listens on threads of its own until throng_server_stop. `context` must live as long. What cannot
 * be read of some runs is left out as long as there is a run to show: throng_server_problem says what.
 * @return THRONG_E_FILE, THRONG_E_FORMAT: no run can be read, and why the first cannot; THRONG_E_ARGUMENT: an address
 * or port that is none; THRONG_E_ENDPOINT: the port is in use, or may not be used.
 */
THRONG_API THRONG_MUST_USE throng_status throng_server_start(throng_context *context, const throng_server_def *def,
                                                             throng_server **out, throng_error *err);

/** The address for a browser, with the token if one is needed. */
THRONG_API const char *throng_server_url(const throng_server *server);

/** What is left out and why, a sentence each; NULL after the last. Valid until a live run ends. */
THRONG_API const char *throng_server_problem(const throng_server *server, int index);

/** How many requests were answered so far. */
THRONG_API int64_t throng_server_requests(const throng_server *server);

/** Tells listeners how far the live run is, and the indicator at a step of a simulation. From any thread. */
THRONG_API void throng_server_progress(throng_server *server, const throng_progress *progress);
THRONG_API void throng_server_series(throng_server *server, int64_t step, double value);

/** The live run has left its directory, which is opened. Once, and not after throng_server_fail. */
THRONG_API THRONG_MUST_USE throng_status throng_server_finish(throng_server *server, throng_error *err);

/** The live run has failed; listeners are told why. */
THRONG_API void throng_server_fail(throng_server *server, const char *message);

/** Says goodbye to listeners, ends all connections and frees. NULL is legal. */
THRONG_API void throng_server_stop(throng_server *server);

#ifdef __cplusplus
}
#endif
#endif
