/* What the stages of a run take, made from the texts of a study. */
#ifndef THRONG_SRC_STUDY_SETTINGS_H
#define THRONG_SRC_STUDY_SETTINGS_H

#include "study/study.h"

#define THRONG_I_REQUESTS_MAX (5 + THRONG_COHORT_LEVELS_MAX)

/* How agents decide. */
typedef struct throng_i_deciding_settings {
    const char *policy; /* NULL: they do not */
    const char *file, *personas, *persona, *prompt;
    bool drawn;
    int samples, orders, refits;
} throng_i_deciding_settings;

/* Texts are borrowed from the study. */
typedef struct throng_i_settings {
    const throng_study *study;
    const char **paths; /* [n_paths] */
    int n_paths;
    const char *condition; /* SQL; NULL: all rows */
    throng_column_request requests[THRONG_I_REQUESTS_MAX];
    int n_requests;
    throng_population_def population;
    throng_attribution_def attribution;
    const char *baseline_column;
    double *cuts; /* [n_cuts] */
    int n_cuts;
    const char *generator; /* makes the crowd; NULL: it is read */
    int64_t n_agents;      /* that it makes */
    uint64_t seed;
    const char **members; /* [n_members] files of a second table with cohorts */
    int n_members;
    throng_members_def membership; /* key NULL without such a table */
    const char **edges;            /* [n_edges] files of edges */
    int n_edges;
    const char *graph_cache; /* folder where the graph is kept; NULL: nowhere */
    throng_graph_def graph;
    const char *graph_model;     /* draws the graph; NULL: none is drawn */
    throng_simulation_def world; /* world NULL: none */
    throng_i_deciding_settings deciding;
    int64_t record_every;   /* steps; 0: the last alone */
    bool steps_given;       /* worlds of recorded states know their own */
    throng_panel_def panel; /* size 0: no panel */
    const char *aggregates; /* file; NULL: none */
    int top;
} throng_i_settings;

/* Reads the study's texts and checks what can be checked without data: E_PARAMETER, E_UNKNOWN_NAME. */
THRONG_MUST_USE throng_status throng_i_settings_init(const throng_study *study, throng_i_settings *out,
                                                     throng_error *err);
void throng_i_settings_clear(const throng_study *study, throng_i_settings *self);

/* Fails if a study asks for anything about drawing a panel; `why` there is none ends the sentence. E_PARAMETER. */
THRONG_MUST_USE throng_status throng_i_settings_check_no_draw(const throng_study *study, const char *why,
                                                              throng_error *err);

/* Checks that what a study says itself does not contradict aggregates, which say what is attributed, and how:
 * E_PARAMETER. */
THRONG_MUST_USE throng_status throng_i_settings_match(const throng_study *study, const throng_i_settings *self,
                                                      const throng_aggregates *aggregates, throng_error *err);

/* Writes into a study what an attribution resolved its defaults to, so that a later version cannot read it otherwise.
 */
THRONG_MUST_USE throng_status throng_i_settings_resolve(throng_study *study, throng_attribution_def resolved,
                                                        throng_error *err);

#endif
