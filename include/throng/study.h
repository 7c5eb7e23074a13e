/**
 * Studies: all settings of a run in one place, from a file, from command-line options or set one by one; and the run.
 * The only part of throng that sees the whole line from table to report.
 */
#ifndef THRONG_STUDY_H
#define THRONG_STUDY_H

#include "throng/policy.h"
#include "throng/report.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum throng_key_kind {
    THRONG_KEY_TEXT,
    THRONG_KEY_TEXT_LIST,
    THRONG_KEY_CHOICE,  /* one of `choices` */
    THRONG_KEY_REAL,    /* finite, in [minimum, maximum] */
    THRONG_KEY_INTEGER, /* whole number in [minimum, maximum] */
    THRONG_KEY_REAL_LIST,
    THRONG_KEY_KIND_COUNT
} throng_key_kind;

/** One setting. Study files, command-line options, their help, the JSON Schema and the docs are derived from this
 *  table alone. */
typedef struct throng_study_key {
    const char *key;         /* "population.state": section and name in a study file */
    const char *option;      /* "--state"; NULL: a positional argument or none */
    const char *placeholder; /* "COL" */
    throng_key_kind kind;
    const char *fallback; /* default as text; NULL: not set */
    const char *choices;  /* "state|presence" */
    double minimum, maximum;
    const char *doc; /* one line */
    bool file;       /* names files: in a study file they are relative to its folder */
} throng_study_key;

/** How many keys there are, and the index-th (NULL outside). */
THRONG_API int throng_study_key_count(void);
THRONG_API const throng_study_key *throng_study_key_at(int index);

typedef struct throng_study throng_study;

/** A study with every key at its default. */
THRONG_API THRONG_MUST_USE throng_status throng_study_create(throng_context *context, throng_study **out,
                                                             throng_error *err);
THRONG_API void throng_study_free(throng_study *study);

/**
 * Sets a key from text; lists grow by one entry a call for TEXT_LIST, and take "0.9,0.999" for REAL_LIST. A list that a
 * file gave is replaced by the first entry.
 * @return THRONG_E_UNKNOWN_NAME with the nearest key; THRONG_E_PARAMETER with what is allowed.
 */
THRONG_API THRONG_MUST_USE throng_status throng_study_set(throng_study *study, const char *key, const char *value,
                                                          throng_error *err);

/** The value of a key as text, NULL if it is not set; of a list its index-th entry, NULL past the end. */
THRONG_API const char *throng_study_text(const throng_study *study, const char *key, int index);

/**
 * Reads a study file (YAML: sections of `key: value`). Relative file names in it are relative to its folder.
 * @return THRONG_E_FILE, THRONG_E_STUDY (file:line, what is wrong, the nearest key).
 */
THRONG_API THRONG_MUST_USE throng_status throng_study_load(throng_study *study, const char *path, throng_error *err);

/**
 * Checks that a study can be run as far as that shows without opening files of data; of a sweep every point.
 * @return THRONG_E_PARAMETER, THRONG_E_UNKNOWN_NAME: the first thing that is wrong.
 */
THRONG_API THRONG_MUST_USE throng_status throng_study_check(throng_study *study, throng_error *err);

/** The JSON Schema (draft 2020-12) of study files, with the plug-ins that the context has. throng_text_free it. */
THRONG_API THRONG_MUST_USE throng_status throng_study_schema(throng_context *context, char **schema, throng_error *err);

/** The resolved study as YAML, with absolute file names, so that it can be run from anywhere. throng_text_free it. */
THRONG_API THRONG_MUST_USE throng_status throng_study_yaml(const throng_study *study, char **yaml, throng_error *err);

/**
 * Attributes a study's crowd and takes the aggregates of its last time: see throng_aggregates_create.
 * @return whatever a stage returns.
 */
THRONG_API THRONG_MUST_USE throng_status throng_study_aggregates(throng_study *study, throng_aggregates **out,
                                                                 throng_error *err);

/** How a study is run, which changes nothing in what comes out. Zero means the default. */
typedef struct throng_running {
    int shard, shards; /* of a sweep only every shards-th run, from the shard-th on: 1..shards; 0 and 0: all runs */
    double checkpoint_seconds; /* of a world: what is done is written to OUT.checkpoint so many seconds, ... */
    int64_t checkpoint_steps;  /* ... or steps, after the last time; 0 and 0: never */
    bool resume; /* there must be a checkpoint, or runs of a sweep, to go on from; one that is there is gone on from
                    anyway */
} throng_running;

/** Says how a study is to be run. @return THRONG_E_PARAMETER. */
THRONG_API THRONG_MUST_USE throng_status throng_study_set_running(throng_study *study, const throng_running *running,
                                                                  throng_error *err);

/** Whether a study asks for many runs: values of settings (sweep.over) or repetitions. */
THRONG_API bool throng_study_is_sweep(const throng_study *study);

/**
 * Runs a study's world without asking who caused what comes out; a sweep runs it for every value and repetition.
 *
 * The report has the indicator at every step and the rate; a sweep's has means and 95 % intervals by setting. With
 * `out` a run directory is written: report.json, study.yaml, and trajectory.parquet and states.parquet, or
 * sweep.parquet. The numbers of each run of a sweep go to OUT.journal as soon as it is done: started again after it was
 * stopped or killed, the sweep goes on from there.
 * @param report  out: report.json as text, to be given back with throng_text_free; also set with THRONG_E_DIVERGED and
 *                THRONG_E_CANCELLED (documented exception) if steps were recorded: "complete" is then false
 * @return THRONG_E_PARAMETER (no world); THRONG_E_DIVERGED (world, agent and step; what was recorded is written);
 *         whatever a stage returns.
 */
THRONG_API THRONG_MUST_USE throng_status throng_study_simulate(throng_study *study, const char *command,
                                                               const char *out, bool force, char **report,
                                                               throng_error *err);

/** Attributes for every value and repetition of a sweep; the report has the indicator with and without everybody, the
 *  Gini coefficient of |phi| and the cohorts' shares. Otherwise as throng_study_simulate. */
THRONG_API THRONG_MUST_USE throng_status throng_study_sweep(throng_study *study, const char *command, const char *out,
                                                            bool force, char **report, throng_error *err);

/**
 * Puts the shards of a sweep together: the run directory that the sweep without shards would have written, the same bit
 * for bit but for `timings` and `provenance` of report.json.
 * @param paths  [n_paths] folders with shards, or their files
 * @return THRONG_E_STUDY (shards that are missing, there twice, not finished, or of different studies, by their
 *         numbers), THRONG_E_FILE, THRONG_E_FORMAT (a damaged one), THRONG_E_EXISTS, THRONG_E_WRITE.
 */
THRONG_API THRONG_MUST_USE throng_status throng_study_merge(throng_context *context, const char *const *paths,
                                                            int n_paths, const char *command, const char *out,
                                                            bool force, char **report, throng_error *err);

/**
 * Finds the least influence to take from agents of a study's world so that its indicator reaches a target: see
 * throng_intervene. What is found is simulated once more, and compared with silencing those of largest credit, most
 * heard, of largest weight, most extreme, and at random. With `out`: report.json, study.yaml, intervention.parquet.
 * @param report  out: also set with THRONG_E_NOT_CONVERGED (documented exception): the budget does not suffice
 * @return THRONG_E_PARAMETER (no target, no world), and what an attribution and throng_intervene return.
 */
THRONG_API THRONG_MUST_USE throng_status throng_study_intervene(throng_study *study, const char *command,
                                                                const char *out, bool force, char **report,
                                                                throng_error *err);

/** Sees what distilling will ask, before anybody is asked; anything but THRONG_OK stops it with that. */
typedef throng_status (*throng_distill_fn)(void *user, const throng_distill_plan *plan, throng_error *err);

/** How a study's model is distilled. Zero means the default. */
typedef struct throng_study_distill_def {
    int64_t calls;   /* most calls (default 5,000) */
    double held_out; /* share of the questions that only measure the fit (default 0.2; -1: none) */
    bool no_logprobs;
    double void_share;
    double max_cost; /* stop before it costs more; needs the prices, for a million tokens */
    double prompt_price, completion_price;
    throng_distill_fn planned; /* NULL: nobody looks */
    void *user;
} throng_study_distill_def;

/**
 * Asks the model of a study what each of its personas does in each kind of situation of its world, and writes the
 * table that the policy llm-archetype plays: see throng_distill_run. Answers are kept in the study's cache, or else in
 * OUT.answers, as soon as they come: started again after it was stopped or killed, none is asked for twice.
 * @param out     the table, Parquet, CSV or NDJSON
 * @param report  out: what was planned, asked and found, as JSON; to be given back with throng_text_free
 * @return THRONG_E_PARAMETER (no world, no model, no prompt), THRONG_E_EXISTS, THRONG_E_BUDGET, THRONG_E_FORMAT (also
 *         if the result is void: nothing is written then), and what asking returns.
 */
THRONG_API THRONG_MUST_USE throng_status throng_study_distill(throng_study *study, const throng_study_distill_def *def,
                                                              const char *out, bool force, char **report,
                                                              throng_error *err);

typedef struct throng_run throng_run;

/**
 * Runs a study: reads, attributes, forms cohorts, makes the report and, if `out` is given, writes the run directory.
 * @param command  how the run was asked for, for provenance; NULL: none
 * @param out      path of the run directory to write; NULL: nothing is written
 * @param force    see throng_run_directory_write
 * @param run      also set with THRONG_E_CANCELLED (documented exception) if a sampling method had an estimate: its
 * report says "complete": false, and nothing is written
 * @return whatever a stage returns; on failure nothing is written.
 */
THRONG_API THRONG_MUST_USE throng_status throng_study_run(throng_study *study, const char *command, const char *out,
                                                          bool force, throng_run **run, throng_error *err);
THRONG_API void throng_run_free(throng_run *run);

/**
 * Verifies a run directory: runs its study again from the inputs that it names and checks the columns and credits of
 * attribution.parquet (see throng_attribution_verify), change.parquet, cohorts.parquet, steps.parquet, the numbers of
 * report.json, and the inputs' content. Where the inputs are gone attribution.parquet takes their place, and what
 * cannot be checked is said; if the players are cohorts there is none. Files that are missing, damaged or lack rows are
 * checks that fail.
 * @param activity  column of the inputs that says how much each agent did, for an order of deletion; NULL: none
 * @return THRONG_OK also if a check fails: see out->holds. THRONG_E_FILE (no run directory), THRONG_E_FORMAT (another
 *         version's), THRONG_E_UNSUPPORTED (a corrected panel; a simulation, a sweep, an intervention), THRONG_E_COLUMN
 *         (no such activity), THRONG_E_CANCELLED, THRONG_E_MEMORY.
 */
THRONG_API THRONG_MUST_USE throng_status throng_study_verify(throng_context *context, const char *path,
                                                             const char *activity, throng_verification *out,
                                                             throng_error *err);

/** What a run made; valid until it is freed. */
THRONG_API const char *throng_run_report(const throng_run *run); /* report.json as text */
THRONG_API const throng_population *throng_run_population(const throng_run *run);
THRONG_API const throng_attribution *throng_run_attribution(const throng_run *run);
THRONG_API const throng_cohorts *throng_run_cohorts(const throng_run *run);

#ifdef __cplusplus
}
#endif
#endif
