/* One simulation of a study, as a stage of commands that make one or many. */
#ifndef THRONG_SRC_STUDY_SIMULATE_H
#define THRONG_SRC_STUDY_SIMULATE_H

#include "attribution/world_run.h"
#include "report/recording.h"
#include "study/run.h"

/* A simulation, and what it recorded. */
typedef struct throng_i_simulated {
    throng_run *run;           /* population and graph */
    throng_i_world_run *world; /* simulation and indicator */
    throng_i_recording recording;
    double *series, *states;
    int64_t *kept;
    char indicator_spec[THRONG_I_SPEC_LENGTH], why[THRONG_MESSAGE_LENGTH];
} throng_i_simulated;

/* Makes crowd and graph, runs the world, records. @param keep  whether states are wanted. With THRONG_E_DIVERGED and
 * THRONG_E_CANCELLED what was recorded stays (documented exception), and recording.stopped says why. */
THRONG_MUST_USE throng_status throng_i_simulate(throng_context *context, const throng_i_settings *settings, bool keep,
                                                throng_i_simulated *out, throng_error *err);
void throng_i_simulated_clear(throng_i_simulated *self);

#endif
