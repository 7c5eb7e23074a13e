/* What a page draws of a run beside report.json: its tables, binned and cut down to what a screen can show. */
#ifndef THRONG_SRC_REPORT_FIGURES_H
#define THRONG_SRC_REPORT_FIGURES_H

#include "report/json.h"

/* Bins the tables of a run directory. In the document every figure is an object of columns, each a list of numbers or
 * texts of one length; one whose table is missing or does not apply is left out, and one whose table cannot be read is
 * a sentence in `problems`. Credits are only counted and added up in bins, never computed.
 * @param report  the directory's report.json
 * Cost: one pass over each table, a selection for the scale of the bins. */
THRONG_MUST_USE throng_status throng_i_figures_make(throng_context *context, const char *path, const json_t *report,
                                                    json_t **out, throng_error *err);

#endif
