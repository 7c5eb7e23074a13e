/* Insides of verifying a run directory: its files against the run done again. */
#ifndef THRONG_SRC_STUDY_VERIFY_H
#define THRONG_SRC_STUDY_VERIFY_H

#include "report/report.h"
#include "study/study.h"

/* A run directory, as far as it can be read, and its run done again. */
typedef struct throng_i_verify {
    throng_context *context;
    const char *path;
    char *report_file, *study_file, *table_file, *change_file, *cohorts_file, *steps_file;
    json_t *report;      /* NULL: damaged */
    throng_study *study; /* NULL: damaged */
    throng_run *run;     /* NULL: it could not be done again */
    bool from_table;     /* it was done from attribution.parquet, because the inputs are gone */
    bool agents;         /* the players are agents: there is an attribution.parquet */
    throng_verification *out;
} throng_i_verify;

/* What ends a verification (no memory, stopped, a bug) is handed on with its reason; all other failures are verdicts,
 * for which this gives THRONG_OK. */
static inline throng_status throng_i_verify_ends(throng_status status, const throng_error *reason, throng_error *err) {
    if (status != THRONG_E_MEMORY && status != THRONG_E_CANCELLED && status != THRONG_E_INTERNAL)
        return THRONG_OK;
    if (err)
        *err = *reason;
    return status;
}

/* Adds a check without numbers. */
void throng_i_verify_say(throng_i_verify *self, const char *name, throng_verdict verdict, const char *format, ...)
    THRONG_PRINTF(4, 5);

/* The numbers of report.json, and the content of the inputs: verify_report.c. */
void throng_i_verify_report(throng_i_verify *self, const json_t *again);
void throng_i_verify_inputs(throng_i_verify *self, const json_t *again);

/* Efficiency from report.json and the credits alone, for a run that cannot be done again.
 * @param phi [rows]   @param per_time  how many are of each time; 0: as many as report.json says that agents are */
void throng_i_verify_certificate(throng_i_verify *self, int64_t rows, const double *phi, int64_t per_time);

/* attribution.parquet, column by column: verify_table.c. *table and *phi become NULL if its rows are not those of the
 * run, or if it cannot be read. */
THRONG_MUST_USE throng_status throng_i_verify_table(throng_i_verify *self, throng_table **table, const double **phi,
                                                    throng_error *err);

/* change.parquet, in any order of its rows. */
THRONG_MUST_USE throng_status throng_i_verify_change(throng_i_verify *self, throng_error *err);

/* cohorts.parquet, for a run that cannot be done again its sums alone; and the steps.parquet of a world. */
THRONG_MUST_USE throng_status throng_i_verify_cohorts(throng_i_verify *self, throng_error *err);
THRONG_MUST_USE throng_status throng_i_verify_cohort_sums(throng_i_verify *self, throng_error *err);
THRONG_MUST_USE throng_status throng_i_verify_steps(throng_i_verify *self, throng_error *err);

#endif
