/* The short summary of a report on the terminal. It is made from report.json alone and computes nothing anew. */
#ifndef THRONG_CLI_SUMMARY_H
#define THRONG_CLI_SUMMARY_H

#include "cli/json.h"
#include "cli/terminal.h"

typedef enum cli_summary_kind {
    CLI_SUMMARY_FULL, /* who moved the crowd */
    CLI_SUMMARY_PANEL /* the panel beside the crowd */
} cli_summary_kind;

/* Prints the summary of a report. @param out where the run was written, or NULL. Returns an exit code. */
int cli_summary_print(const char *report, cli_summary_kind kind, const char *out);

/* The same of a report that has been read, whatever kind of run it is of. */
int cli_summary_show(const json_t *report, cli_summary_kind kind, const char *out);

/* Reads a file of a run directory; one that is not `needed` may be missing, *out is NULL then. Returns an exit code,
 * having said what is wrong. */
int cli_run_read(const char *run, const char *file, bool needed, json_t **out);

/* The answer as the report has it, answer.text or answer.panel, and of whom it is; a report of an older throng's has
 * none, and says so. */
void cli_summary_answer(const cli_style *style, const json_t *report, const char *which);
void cli_summary_about(const cli_style *style, const json_t *report);
/* answer.certificate.text or answer.panel_certificate.text. */
void cli_summary_certificate(const cli_style *style, const json_t *report, const char *which);

/* ---- parts in summary_tables.c --------------------------------------------------------------------------------- */

/* The cohorts as a bar chart, the panel's beside the crowd's, how far they are apart, the top agents. */
void cli_summary_cohorts(const cli_style *style, const json_t *report);
void cli_summary_panel(const cli_style *style, const json_t *report);
void cli_summary_comparison(const cli_style *style, const json_t *report);
void cli_summary_concentration(const cli_style *style, const json_t *report);
void cli_summary_top(const cli_style *style, const json_t *report);

/* ---- parts in summary_world.c ---------------------------------------------------------------------------------- */

/* The course of the indicator over the steps of a world, and how its agents decided. */
void cli_summary_course(const cli_style *style, const json_t *report);
/* What was wrong with a graph that is kept on the disk, or with keeping it; else nothing. */
void cli_summary_graph_remark(const cli_style *style, const json_t *report);
void cli_summary_policy(const cli_style *style, const json_t *report);

/* The whole summary of a simulation, and of a sweep. @param out where it was written, or NULL */
void cli_summary_simulation(const cli_style *style, const json_t *report, const char *out);
void cli_summary_intervention(const cli_style *style, const json_t *report, const char *out);
void cli_summary_shard(const cli_style *style, const json_t *report, const char *out);
void cli_summary_sweep(const cli_style *style, const json_t *report, const char *out);

/* The same of a solved game: summary_solution.c. */
void cli_summary_solution(const cli_style *style, const json_t *report);

/* The same of cascades: cascades.c. */
void cli_summary_cascades(const cli_style *style, const json_t *report);

#endif
