/* A simulation as it was recorded, for the report stage. */
#ifndef THRONG_SRC_REPORT_RECORDING_H
#define THRONG_SRC_REPORT_RECORDING_H

#include "report/report.h"

typedef struct throng_i_recording {
    throng_context *context;
    const throng_population *population;
    const throng_graph *graph; /* NULL: none */
    const throng_simulation *simulation;
    const throng_indicator *indicator;
    const char *indicator_spec, *over, *column; /* resolved */
    int64_t done;                               /* steps that were made */
    int64_t resumed;                            /* of these, by an earlier process */
    const double *series;                       /* [done + 1] the indicator */
    double number;        /* `over` of the series; NaN if it is undefined or the run was stopped */
    double seconds;       /* of the run alone */
    const char *stopped;  /* why, in a sentence; NULL: it came to its end */
    int n_kept;           /* steps whose states were kept */
    const int64_t *kept;  /* [n_kept] which */
    const double *states; /* [n_kept][columns][agents] */
} throng_i_recording;

/* The document, without timings. E_MEMORY. */
THRONG_MUST_USE throng_status throng_i_recording_report(const throng_i_recording *recording,
                                                        const throng_report_def *def, json_t **out, throng_error *err);

/* trajectory.parquet (step, indicator) and states.parquet (id, step, one column a state column) into a draft. */
THRONG_MUST_USE throng_status throng_i_recording_tables(const throng_i_recording *recording,
                                                        throng_i_run_directory *directory, throng_error *err);

#endif
