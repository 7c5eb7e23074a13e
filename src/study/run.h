/* A run while it goes on, shared by the files of src/study that make one. */
#ifndef THRONG_SRC_STUDY_RUN_H
#define THRONG_SRC_STUDY_RUN_H

#include "report/report.h"
#include "study/deciding.h"
#include "study/settings.h"

#define THRONG_I_STAGES_MAX 15

struct throng_run {
    throng_context *context;
    throng_source *sources; /* [n_sources] copies: the table is used up */
    int n_sources;
    throng_population *population;
    throng_graph *graph;         /* NULL: none */
    throng_i_deciding deciding;  /* how its agents decide */
    throng_simulation_def world; /* settings' with that */
    throng_cohorts *cohorts;
    throng_attribution *attribution;
    throng_panel *panel;           /* NULL: none was asked for */
    throng_aggregates *aggregates; /* of the crowd that a panel is corrected by; NULL: the table is the crowd */
    json_t *document;
    char *report;
    throng_timing timings[THRONG_I_STAGES_MAX];
    int n_timings;
    double started, since; /* the run, and the stage that is going on */
};

/* A run of which nothing is done yet. */
THRONG_MUST_USE throng_status throng_i_run_begin(throng_context *context, throng_run **out, throng_error *err);

/* Ends a stage: what passed since the last one ended is its time. */
void throng_i_run_stage_done(throng_run *self, const char *stage);

/* Loads the plug-ins that a study names. */
THRONG_MUST_USE throng_status throng_i_study_load_plugins(const throng_study *study, throng_error *err);

/* Makes or reads population and graph. */
THRONG_MUST_USE throng_status throng_i_run_read_crowd(throng_run *self, const throng_i_settings *settings,
                                                      throng_error *err);

/* Has the context keep checkpoints, if the study has a place for them, and go on from one that is there: after the
 * crowd is read, whose content is part of what must be the same. E_STUDY, E_FORMAT, E_FILE. */
THRONG_MUST_USE throng_status throng_i_run_checkpoint(const throng_run *self, const throng_study *study,
                                                      throng_error *err);

/* What is attributed or simulated: settings' with the graph, and with how agents decide. */
throng_attribution_def throng_i_run_what(const throng_run *self, const throng_i_settings *settings);

/* Attributes again with distilled answers moved by their errors, as often as settings say: deciding.c. */
THRONG_MUST_USE throng_status throng_i_deciding_refit(throng_run *self, const throng_i_settings *settings,
                                                      throng_error *err);

/* From the reading of the crowd to its attribution; settings as they are in a study. */
THRONG_MUST_USE throng_status throng_i_run_attribute(throng_run *self, const throng_i_settings *settings,
                                                     throng_error *err);

#endif
