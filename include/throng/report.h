/**
 * Reports: the one writer of results. report.json is the contract: the command line prints it, Python loads it, the
 * web draws it, and none of them recomputes a number. docs/report.md describes every key.
 */
#ifndef THRONG_REPORT_H
#define THRONG_REPORT_H

#include "throng/cascade.h"
#include "throng/panel.h"
#include "throng/solver.h"
#include "throng/verify.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Version of report.json's layout: raised when a key changes its meaning or goes. */
#define THRONG_REPORT_SCHEMA 1

/** A stage and how long it took. */
typedef struct throng_timing {
    const char *stage; /* "read": becomes timings.read_seconds */
    double seconds;
} throng_timing;

/** What goes into a report beside the attribution itself. Start from throng_report_default(); NULL leaves a part out.
 */
typedef struct throng_report_def {
    int top;             /* how many agents the lists of top agents have, >= 0; default 20 */
    const char *command; /* how to repeat the run, as typed */
    uint64_t seed;
    const throng_source *sources; /* [n_sources] files that were read */
    int n_sources;
    const throng_timing *timings; /* [n_timings] */
    int n_timings;
    const throng_panel_view *panel;
    const throng_aggregates *aggregates; /* the credits are those of a panel corrected by these */
} throng_report_def;

THRONG_API throng_report_def throng_report_default(void);

/**
 * Makes report.json as text.
 * @param json  out: zero-terminated, to be given back with throng_text_free
 * Cost: O(rows) for the lists of top agents and the cohorts.
 */
THRONG_API THRONG_MUST_USE throng_status throng_report_json(throng_context *context,
                                                            const throng_attribution *attribution,
                                                            const throng_cohorts *cohorts, const throng_report_def *def,
                                                            char **json, throng_error *err);
THRONG_API void throng_text_free(throng_context *context, char *text);

/** A short text by value: throng_phrase_count(n).text may stand in a printf. */
typedef struct throng_phrase {
    char text[64];
} throng_phrase;

/** Numbers the way people read them, as the answer in a report has them: 1,671,587; 31.4 %; 0.3402, -1.234e-07, 12,346.
 *  "-" if there is none. */
THRONG_API throng_phrase throng_phrase_count(int64_t n);
THRONG_API throng_phrase throng_phrase_share(double share);
THRONG_API throng_phrase throng_phrase_value(double x);

/** A text of at most `width` characters, the last an ellipsis if it was cut; control characters, and those
 *  that turn the direction of writing, are "?". */
THRONG_API throng_phrase throng_phrase_clip(const char *text, int width);

/** Characters of a UTF-8 text. */
THRONG_API int throng_phrase_width(const char *text);

/** Aggregates as JSON, the form in which they can be published; throng_text_free it. docs/scaling-bias.md describes the
 *  keys. */
THRONG_API THRONG_MUST_USE throng_status throng_aggregates_json(throng_context *context,
                                                                const throng_aggregates *aggregates, char **json,
                                                                throng_error *err);

/** Writes that file; it appears whole or not at all. @return THRONG_E_EXISTS without force; THRONG_E_WRITE. */
THRONG_API THRONG_MUST_USE throng_status throng_aggregates_save(const throng_aggregates *aggregates, const char *path,
                                                                bool force, throng_error *err);

/** Reads it. @return THRONG_E_FILE; THRONG_E_FORMAT: no aggregates, of another format, damaged; THRONG_E_UNKNOWN_NAME,
 *  THRONG_E_PARAMETER: an indicator that is not known here. */
THRONG_API THRONG_MUST_USE throng_status throng_aggregates_load(throng_context *context, const char *path,
                                                                throng_aggregates **out, throng_error *err);

/** A verification as JSON; throng_text_free it. docs/verify.md describes the keys. */
THRONG_API THRONG_MUST_USE throng_status throng_verification_json(throng_context *context,
                                                                  const throng_verification *verification, char **json,
                                                                  throng_error *err);

/** Writes it as verify.json into a run directory, in place of an earlier one; the file appears whole or not at all.
 *  @return THRONG_E_WRITE. */
THRONG_API THRONG_MUST_USE throng_status throng_verification_save(throng_context *context,
                                                                  const throng_verification *verification,
                                                                  const char *path, throng_error *err);

/**
 * Writes a run as one HTML file: the answer, its charts, the certificate, provenance. It holds all it needs and asks
 * for nothing from a network. It is made from the files of the run directory, and computes nothing but bins.
 * @param run    run directory of any kind: attribution, simulation, sweep, intervention
 * @param force  replace an existing file; otherwise THRONG_E_EXISTS
 * @return THRONG_E_FILE (no run directory, unreadable), THRONG_E_FORMAT (damaged), THRONG_E_WRITE, THRONG_E_CANCELLED;
 *         THRONG_E_UNSUPPORTED if this throng was built without its web pages. A table that is damaged or gone is no
 *         failure: the page says so in place of its chart.
 * Cost: one pass over each table; the file has about a megabyte whatever the size of the crowd.
 */
THRONG_API THRONG_MUST_USE throng_status throng_run_page_save(throng_context *context, const char *run,
                                                              const char *path, bool force, throng_error *err);

/** What such a page draws of the tables beside report.json, as JSON; throng_text_free it. docs/report.md describes the
 *  keys. */
THRONG_API THRONG_MUST_USE throng_status throng_run_figures_json(throng_context *context, const char *path, char **json,
                                                                 throng_error *err);

/** A file of a run directory that the caller has as text. */
typedef struct throng_run_file {
    const char *name; /* "report.json" */
    const char *text;
} throng_run_file;

/** Whether a run directory can be made here: fails with THRONG_E_EXISTS or THRONG_E_WRITE before any work is done. */
THRONG_API THRONG_MUST_USE throng_status throng_run_directory_check(throng_context *context, const char *path,
                                                                    bool force, throng_error *err);

/**
 * Writes a run directory: the given text files, attribution.parquet (id, time if there is one, state, weight, baseline
 * if it is a column, cohort, phi; a row a row of the population), with more than one time change.parquet (id, cohort,
 * phi; a row an agent), and with cohorts cohorts.parquet (a row a branch and time). If the players are cohorts, the
 * last is the only table.
 * Written aside and renamed: it appears whole or not at all.
 * @param force  replaces what is there if it is a run directory (has a report.json) or an empty directory; anything
 *               else is never touched
 * @return THRONG_E_EXISTS, THRONG_E_WRITE (not writable, disk full), THRONG_E_CANCELLED.
 */
THRONG_API THRONG_MUST_USE throng_status throng_run_directory_write(throng_context *context, const char *path,
                                                                    const throng_attribution *attribution,
                                                                    const throng_cohorts *cohorts,
                                                                    const throng_run_file *files, int n_files,
                                                                    bool force, throng_error *err);

/** A solved game as report.json; throng_text_free it. Of def command, seed and timings are used. docs/report.md
 * describes the keys. */
THRONG_API THRONG_MUST_USE throng_status throng_solution_json(throng_context *context, const throng_problem *problem,
                                                              const throng_solution *solution,
                                                              const throng_report_def *def, char **json,
                                                              throng_error *err);

/**
 * Writes a run directory of a solved game: report.json, strategy.parquet (player, set, action, probability, as
 * throng_strategy_write does) and trace.parquet (iteration, gap).
 * @param force  as for throng_run_directory_write  @return THRONG_E_EXISTS, THRONG_E_WRITE, THRONG_E_MEMORY.
 */
THRONG_API THRONG_MUST_USE throng_status throng_solution_save(throng_context *context, const throng_problem *problem,
                                                              const throng_solution *solution,
                                                              const throng_report_def *def, const char *path,
                                                              bool force, throng_error *err);

/** Cascades as report.json; throng_text_free it. def->sources are the cascades' own. docs/cascades.md describes the
 *  keys. */
THRONG_API THRONG_MUST_USE throng_status throng_cascades_json(throng_context *context, const throng_cascades *cascades,
                                                              const throng_report_def *def, char **json,
                                                              throng_error *err);

/**
 * Writes a run directory of cascades: report.json, and the tables cascades (a row a tree), members (a row an action or
 * unseen member) and agents, as Parquet, or as CSV. docs/cascades.md describes the columns.
 * @param report  text of report.json; NULL: none, and the directory cannot be replaced by force later
 * @param force   as for throng_run_directory_write
 * @return THRONG_E_EXISTS, THRONG_E_WRITE, THRONG_E_CANCELLED, THRONG_E_MEMORY.
 */
THRONG_API THRONG_MUST_USE throng_status throng_cascades_write(throng_context *context, const throng_cascades *cascades,
                                                               const char *path, const char *report, bool csv,
                                                               bool force, throng_error *err);

#ifdef __cplusplus
}
#endif
#endif
