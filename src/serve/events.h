/* What happens to runs that are going on, told to everybody who listens: server-sent events. */
#ifndef THRONG_SRC_SERVE_EVENTS_H
#define THRONG_SRC_SERVE_EVENTS_H

#include "serve/http.h"

#include <pthread.h>
#include <stdatomic.h>

#define THRONG_I_LISTENERS_MAX 64

struct throng_i_explorer;

/* Only the first run can be going on. */
typedef struct throng_i_events {
    throng_context *context;
    pthread_mutex_t lock; /* of all that follows */
    pthread_cond_t changed;
    atomic_bool stopping; /* is also read without it */
    int listeners;
    uint64_t n_states;   /* how often the state of a run has changed */
    uint64_t n_progress; /* how often `progress` was set */
    struct {
        char stage[40], unit[24];
        int64_t done, total;
        double seconds;
    } progress;
    double began;
    double *series; /* [n_series] the indicator by step */
    int64_t n_series, room;
} throng_i_events;

void throng_i_events_init(throng_context *context, throng_i_events *out);
void throng_i_events_clear(throng_i_events *self);

void throng_i_events_progress(throng_i_events *self, const throng_progress *progress);

/* The indicator at a step; going back to an earlier one begins the series anew. */
void throng_i_events_series(throng_i_events *self, int64_t step, double value);

/* A run is finished or has failed. */
void throng_i_events_state(throng_i_events *self);

/* Says goodbye to all listeners, and waits a moment for them to hear it. */
void throng_i_events_stop(throng_i_events *self);

/* Makes the reply a stream of events. */
void throng_i_events_listen(struct throng_i_explorer *explorer, throng_i_reply *reply);

#endif
