/* Server-sent events: see events.h. Whoever listens has a thread, which waits for news and composes them from what is
 * known then: a slow listener gets fewer events, never a queue of them. */
#define _POSIX_C_SOURCE 200809L
#include "serve/events.h"

#include "report/json.h"
#include "serve/explorer.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#define HEARTBEAT_SECONDS 10
#define GOODBYE_SECONDS   1
#define SERIES_PIECE      10000

/* ---- what happens ---------------------------------------------------------------------------------------------- */

void throng_i_events_init(throng_context *context, throng_i_events *out) {
    pthread_condattr_t attributes;
    *out = (throng_i_events){.context = context, .began = throng_i_seconds()};
    pthread_mutex_init(&out->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&out->changed, &attributes);
    pthread_condattr_destroy(&attributes);
}

void throng_i_events_clear(throng_i_events *self) {
    throng_i_free(self->context, self->series);
    pthread_cond_destroy(&self->changed);
    pthread_mutex_destroy(&self->lock);
}

void throng_i_events_progress(throng_i_events *self, const throng_progress *progress) {
    pthread_mutex_lock(&self->lock);
    snprintf(self->progress.stage, sizeof self->progress.stage, "%s", progress->stage);
    snprintf(self->progress.unit, sizeof self->progress.unit, "%s", progress->unit);
    self->progress.done = progress->done;
    self->progress.total = progress->total > 0 ? progress->total : -1;
    self->progress.seconds = throng_i_seconds() - self->began;
    self->n_progress++;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->lock);
}

void throng_i_events_series(throng_i_events *self, int64_t step, double value) {
    pthread_mutex_lock(&self->lock);
    if (step < self->n_series)
        self->n_series = step;
    if (step == self->n_series && self->n_series == self->room &&
        throng_i_resize(self->context, &self->series, 2 * self->room + 64, sizeof *self->series, NULL) == THRONG_OK)
        self->room = 2 * self->room + 64;
    if (step == self->n_series && step < self->room)
        self->series[self->n_series++] = value;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->lock);
}

void throng_i_events_state(throng_i_events *self) {
    pthread_mutex_lock(&self->lock);
    self->n_states++;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->lock);
}

void throng_i_events_stop(throng_i_events *self) {
    pthread_mutex_lock(&self->lock);
    self->stopping = true;
    pthread_cond_broadcast(&self->changed);
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += GOODBYE_SECONDS;
    while (self->listeners > 0 && pthread_cond_timedwait(&self->changed, &self->lock, &until) != ETIMEDOUT) {
    }
    pthread_mutex_unlock(&self->lock);
}

/* ---- a listener ------------------------------------------------------------------------------------------------ */

typedef struct listener {
    throng_i_explorer *explorer;
    throng_i_text waiting; /* bytes that were composed */
    size_t sent;           /* of them */
    bool greeted, over;
    uint64_t states, progress; /* seen so far */
    int64_t series;
} listener;

static void compose(listener *self, const char *event, json_t *data) {
    throng_i_text_print(&self->waiting, "event: %s\ndata: ", event);
    throng_i_text_put_json(&self->waiting, data);
    throng_i_text_print(&self->waiting, "\n\n");
}

static bool has_news(const listener *self, const throng_i_events *events) {
    return events->stopping || !self->greeted || self->states != events->n_states ||
           self->progress != events->n_progress || self->series != events->n_series;
}

static void compose_series(listener *self, const throng_i_events *events) {
    json_t *values = json_array();
    if (self->series > events->n_series)
        self->series = 0; /* it began anew */
    int64_t from = self->series;
    for (; self->series < events->n_series && self->series < from + SERIES_PIECE; self->series++)
        json_array_append_new(values, throng_i_json_real(events->series[self->series]));
    compose(self, "series", json_pack("{s:i, s:I, s:o}", "run", 0, "from", (json_int_t)from, "values", values));
}

static void compose_news(listener *self, const throng_i_events *events) {
    throng_i_explorer *explorer = self->explorer;
    if (!self->greeted) {
        json_t *runs = json_array();
        for (int i = 0; i < explorer->n_runs; i++)
            json_array_append_new(runs, throng_i_run_pack(&explorer->runs[i]));
        compose(self, "hello", json_pack("{s:o}", "runs", runs));
        self->greeted = true;
        self->states = events->n_states;
    }
    if (self->series != events->n_series)
        compose_series(self, events);
    if (self->progress != events->n_progress)
        compose(self, "progress",
                json_pack("{s:i, s:s, s:s, s:I, s:I, s:f}", "run", 0, "stage", events->progress.stage, "unit",
                          events->progress.unit, "done", (json_int_t)events->progress.done, "total",
                          (json_int_t)events->progress.total, "seconds", events->progress.seconds));
    self->progress = events->n_progress;
    if (self->states != events->n_states)
        compose(self, "state", throng_i_run_pack(&explorer->runs[0]));
    self->states = events->n_states;
    if (events->stopping) {
        compose(self, "bye", json_object());
        self->over = true;
    }
}

/* Waits for news; a comment if there are none for long, so that a listener who is gone is noticed. */
static void wait_for_news(listener *self) {
    throng_i_events *events = &self->explorer->events;
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += HEARTBEAT_SECONDS;
    throng_i_text_clear(&self->waiting);
    self->sent = 0;
    pthread_mutex_lock(&events->lock);
    while (!has_news(self, events) && pthread_cond_timedwait(&events->changed, &events->lock, &until) != ETIMEDOUT) {
    }
    if (has_news(self, events))
        compose_news(self, events);
    else
        throng_i_text_print(&self->waiting, ": still here\n\n");
    pthread_mutex_unlock(&events->lock);
}

/* At most five times a second. */
static void pause_a_little(void) {
    struct timespec pause = {.tv_nsec = 200000000};
    nanosleep(&pause, NULL);
}

static int64_t read_events(void *user, uint64_t at, char *out, size_t size) {
    listener *self = user;
    if (self->sent == self->waiting.n) {
        if (self->over)
            return 0;
        if (at > 0 && !self->explorer->events.stopping)
            pause_a_little();
        wait_for_news(self);
    }
    if (self->waiting.failed)
        return -1;
    size_t n = self->waiting.n - self->sent < size ? self->waiting.n - self->sent : size;
    memcpy(out, self->waiting.bytes + self->sent, n);
    self->sent += n;
    return (int64_t)n;
}

static void stop_listening(void *user) {
    listener *self = user;
    throng_i_events *events = &self->explorer->events;
    pthread_mutex_lock(&events->lock);
    events->listeners--;
    pthread_cond_broadcast(&events->changed);
    pthread_mutex_unlock(&events->lock);
    throng_i_text_clear(&self->waiting);
    throng_i_free(events->context, self);
}

void throng_i_events_listen(throng_i_explorer *explorer, throng_i_reply *reply) {
    throng_i_events *events = &explorer->events;
    listener *self = NULL;
    pthread_mutex_lock(&events->lock);
    bool room = events->listeners < THRONG_I_LISTENERS_MAX;
    events->listeners += room;
    pthread_mutex_unlock(&events->lock);
    if (room && throng_i_alloc(events->context, 1, sizeof *self, &self, NULL) == THRONG_OK) {
        *self = (listener){.explorer = explorer, .waiting = {.context = events->context}};
        reply->status = 200;
        reply->type = "text/event-stream";
        reply->read = read_events;
        reply->release = stop_listening;
        reply->user = self;
        reply->size = UINT64_MAX;
        reply->is_unlimited = true;
        return;
    }
    if (room) {
        pthread_mutex_lock(&events->lock);
        events->listeners--;
        pthread_mutex_unlock(&events->lock);
    }
    throng_i_reply_fail(reply, 503, "busy", "There are %d listeners already.", THRONG_I_LISTENERS_MAX);
}
