/* Insides of the report stage: the document while it is made, and the run directory in steps. */
#ifndef THRONG_SRC_REPORT_REPORT_H
#define THRONG_SRC_REPORT_REPORT_H

#include "population/population.h"
#include "report/json.h"
#include "throng/report.h"

/* ---- the document ---------------------------------------------------------------------------------------------- */

/* What every part of the document looks at. */
typedef struct throng_i_reporter {
    throng_context *context;
    const throng_attribution *attribution;
    const throng_population *population;
    const throng_cohorts *cohorts; /* NULL: none */
    const throng_graph *graph;     /* NULL: none */
    const throng_report_def *def;
    bool failed; /* memory ran out: the document has a hole */
} throng_i_reporter;

/* The document, without timings. Give it back with json_decref. E_MEMORY. */
THRONG_MUST_USE throng_status throng_i_report_make(throng_context *context, const throng_attribution *attribution,
                                                   const throng_cohorts *cohorts, const throng_report_def *def,
                                                   json_t **out, throng_error *err);

/* The last that is done to a document of any kind: its answer, and `timings`, the given stages and their total. A stage
 * called "total" replaces the sum. */
THRONG_MUST_USE throng_status throng_i_report_finish(json_t *document, const throng_timing *timings, int n_timings,
                                                     throng_error *err);

/* Sets `answer` of a document: what it says in words, from what is in it. */
THRONG_MUST_USE throng_status throng_i_report_answer(json_t *document, throng_error *err);

/* Leaves a hole, of which all ranks hear that make the report together. */
void throng_i_report_fail(throng_i_reporter *self);

/* Parts: each makes one value of the document. time -1 means the change from the first time to the last. */
json_t *throng_i_report_cohorts(throng_i_reporter *self, int64_t time);
json_t *throng_i_report_concentration(throng_i_reporter *self, int64_t time);
json_t *throng_i_report_top(throng_i_reporter *self, int64_t time);
json_t *throng_i_report_world(throng_i_reporter *self);
json_t *throng_i_report_panel(throng_i_reporter *self);
json_t *throng_i_report_aggregates(throng_i_reporter *self);
json_t *throng_i_report_certificate(throng_i_reporter *self, const throng_attribution *attribution, int64_t time);
json_t *throng_i_report_program(throng_i_reporter *self);
json_t *throng_i_report_columns(throng_i_reporter *self);
json_t *throng_i_report_graph(throng_i_reporter *self);
json_t *throng_i_report_provenance(throng_i_reporter *self);
json_t *throng_i_report_cite(throng_i_reporter *self);
json_t *throng_i_report_notes(throng_i_reporter *self);

/* Lists of what to cite: a work as it is; what a plug-in cites, NULL: nothing; and throng itself, which ends every list
 * and hands it back. */
void throng_i_report_cite_text(throng_i_reporter *self, json_t *list, const char *what, const char *reference);
void throng_i_report_cite_about(throng_i_reporter *self, json_t *list, const char *what, const throng_about *about);
json_t *throng_i_report_cite_throng(throng_i_reporter *self, json_t *list);

/* The plug-in of a spec "name:parameters"; NULL: there is none. */
const throng_about *throng_i_report_plugin(const throng_i_reporter *self, throng_kind kind, const char *spec);

/* What a simulation is: world, parameters, steps. Sets *failed without memory. */
json_t *throng_i_report_simulation(bool *failed, const throng_simulation *simulation);

/* The sum of phi that shares refer to. */
double throng_i_report_total(const throng_i_reporter *self, int64_t time);

/* The sum of |phi| that shares of it refer to, from the credits of all branches. */
double throng_i_report_absolute(const throng_i_reporter *self, const throng_cohort_credit *credit);

/* The label of a time, null if the table has no times. */
json_t *throng_i_report_time(const throng_i_reporter *self, int64_t time);

/* ---- the run directory ----------------------------------------------------------------------------------------- */

/* A run directory in the making: a folder beside the final place, under a temporary name. */
typedef struct throng_i_run_directory {
    throng_context *context;
    const char *shown; /* the path as it was given, for messages; borrowed */
    char *path;        /* where it will be; symbolic links resolved */
    char *draft;       /* where it is being made; NULL: nothing to clean up */
    bool force;
    bool lent; /* the draft is rank 0's */
    int lock;  /* descriptor of the draft, whose lock says that it is being made; 0: none */
} throng_i_run_directory;

/* Makes the draft, and removes those for the same place that were left by processes that were killed. E_EXISTS,
 * E_WRITE. On failure nothing needs to be cleared. */
THRONG_MUST_USE throng_status throng_i_run_directory_begin(throng_context *context, const char *path, bool force,
                                                           throng_i_run_directory *out, throng_error *err);

/* The same for all ranks together, of a crowd that they share: each then writes its part of the tables, and rank 0 what
 * there is besides. All see one file system. */
THRONG_MUST_USE throng_status throng_i_run_directory_begin_together(throng_context *context, const char *path,
                                                                    bool force, throng_i_run_directory *out,
                                                                    throng_error *err);

/* Writes the tables into the draft: attribution.parquet and, with more than one time, change.parquet, unless the
 * players are cohorts; and cohorts.parquet if there are any. Of a crowd that ranks share, all of them call it. */
THRONG_MUST_USE throng_status throng_i_run_directory_tables(throng_i_run_directory *self,
                                                            const throng_attribution *attribution,
                                                            const throng_cohorts *cohorts, throng_error *err);

/* Writes a file of text into the draft. */
THRONG_MUST_USE throng_status throng_i_run_directory_text(throng_i_run_directory *self, const char *name,
                                                          const char *text, throng_error *err);

/* Makes what was written durable and visible at once. */
THRONG_MUST_USE throng_status throng_i_run_directory_commit(throng_i_run_directory *self, throng_error *err);

/* Removes the draft if it was not committed, and frees. */
void throng_i_run_directory_clear(throng_i_run_directory *self);

/* The tables, as a path to write to: result_tables.c. cohorts NULL: there is no such column. */
THRONG_MUST_USE throng_status throng_i_write_attribution(throng_context *context, const throng_attribution *attribution,
                                                         const throng_cohorts *cohorts, const char *path,
                                                         throng_error *err);
THRONG_MUST_USE throng_status throng_i_write_change(throng_context *context, const throng_attribution *attribution,
                                                    const throng_cohorts *cohorts, const char *path, throng_error *err);
THRONG_MUST_USE throng_status throng_i_write_cohorts(throng_context *context, const throng_attribution *attribution,
                                                     const throng_cohorts *cohorts, const char *path,
                                                     throng_error *err);

/* Credits of a behaviour [rows] and their column of attribution.parquet, "phi of moving the price"; NULL: there is
 * none, or the world does not tell behaviours apart. */
const double *throng_i_behaviour_column(const throng_attribution *attribution, int behaviour, char name[120]);

/* The same of steps.parquet: [steps][agents]; NULL also if that was not kept. */
const double *throng_i_behaviour_steps(const throng_attribution *attribution, int behaviour, char name[120]);

/* cohorts.parquet before it is written. */
THRONG_MUST_USE throng_status throng_i_cohorts_table(throng_context *context, const throng_attribution *attribution,
                                                     const throng_cohorts *cohorts, throng_table **out,
                                                     throng_error *err);

/* Credits of every agent in every step; only where they were kept. */
THRONG_MUST_USE throng_status throng_i_write_steps(throng_context *context, const throng_attribution *attribution,
                                                   const throng_cohorts *cohorts, const char *path, throng_error *err);

struct throng_i_recording;
/* Every agent's state columns at the steps that were kept. */
THRONG_MUST_USE throng_status throng_i_write_states(const struct throng_i_recording *recording, const char *path,
                                                    throng_error *err);

/* intervention.parquet: id, state, weight if there is one, alpha. @param alpha [agents] */
THRONG_MUST_USE throng_status throng_i_write_intervention(throng_context *context,
                                                          const throng_attribution *attribution, const double *alpha,
                                                          const char *path, throng_error *err);

/* Rows that steps.parquet may have; with more it is not written. */
#define THRONG_I_STEP_ROWS_MAX 20000000

/* Whether there is a steps.parquet. */
bool throng_i_has_steps(const throng_attribution *attribution);

#endif
