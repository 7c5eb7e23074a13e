/**
 * Population: who is in the crowd. A row is an agent at a time; rows are grouped by time.
 */
#ifndef THRONG_POPULATION_H
#define THRONG_POPULATION_H

#include "throng/table.h"

#ifdef __cplusplus
extern "C" {
#endif

/** An agent: 0.. in the order of first appearance; -1 is nobody. */
typedef int32_t throng_agent;

/** What to do with rows whose state, weight or baseline is NULL, NaN or infinite. */
typedef enum throng_missing {
    THRONG_MISSING_ERROR, /* refuse, naming the first such row and how many there are */
    THRONG_MISSING_DROP,  /* leave them out and count them */
    THRONG_MISSING_COUNT
} throng_missing;

/** Most columns that cohorts are formed by, one within the other. */
#define THRONG_COHORT_LEVELS_MAX 4

/** Which columns of a table play which part. Start from throng_population_default(). */
typedef struct throng_population_def {
    const char *state;    /* number; required */
    const char *weight;   /* number >= 0, not all 0 at any time; NULL: everyone weighs 1 */
    const char *id;       /* whole number or text, unique at each time; NULL: each row is an agent, numbered from 1 */
    const char *time;     /* whole number, date, timestamp or text (in alphabetical order); NULL: one time */
    const char *baseline; /* number: the state an agent is compared with; NULL: none */
    const char *cohort;   /* number or text by which cohorts are formed; NULL: none */
    const char *nested[THRONG_COHORT_LEVELS_MAX - 1]; /* columns that divide these again, outer ones first; NULL ends */
    throng_missing missing;
} throng_population_def;

THRONG_API throng_population_def throng_population_default(void);

typedef struct throng_population throng_population;

/**
 * Makes a population from columns of a table.
 *
 * Rows are grouped by ascending time and keep their order within a time. The table's own columns move into the
 * population (the table is freed); columns added as views stay the caller's, and are only read; they are copied only if
 * rows have to be dropped or regrouped.
 *
 * @param table  consumed, also on failure
 * @return THRONG_E_COLUMN, THRONG_E_EMPTY (no rows, or none left), THRONG_E_MISSING_VALUE, THRONG_E_WEIGHT,
 *         THRONG_E_DUPLICATE_AGENT, each naming the first row concerned; rows count from 1 in the table's order.
 *
 * Cost: O(rows) time; memory is the columns, 4 bytes a row for agents if there are ids, and 8 a different agent.
 */
THRONG_API THRONG_MUST_USE throng_status throng_population_create(throng_context *context, throng_table *table,
                                                                  const throng_population_def *def,
                                                                  throng_population **out, throng_error *err);
THRONG_API void throng_population_free(throng_population *population);

THRONG_API int64_t throng_population_rows(const throng_population *population);
THRONG_API int64_t throng_population_agents(const throng_population *population);
THRONG_API int64_t throng_population_times(const throng_population *population);
THRONG_API int64_t throng_population_dropped(const throng_population *population); /* rows left out */

/** Rows of the index-th time: begin, end. */
THRONG_API void throng_population_slice(const throng_population *population, int64_t time, int64_t *begin,
                                        int64_t *end);

/** The label of a time as text ("3", "2024-11-05"); "" if there is no time column. size >= 64 is always enough. */
THRONG_API void throng_population_time_label(const throng_population *population, int64_t time, char *out, size_t size);

/** The agent of a row. */
THRONG_API throng_agent throng_population_agent(const throng_population *population, int64_t row);

/** The id of an agent as text; the number of its row if there is no id column. Cut to size. */
THRONG_API void throng_population_id(const throng_population *population, throng_agent agent, char *out, size_t size);

/** State and weight of a row. */
THRONG_API double throng_population_state(const throng_population *population, int64_t row);
THRONG_API double throng_population_weight(const throng_population *population, int64_t row);

/**
 * Makes one time of all, for worlds of recorded states: each agent keeps the row of its last time, and the states of
 * all times become the population's course. An agent that is not there at a time keeps its last state in it; before its
 * first time it has its first. What looks at rows afterwards sees one row an agent, in the order of agents.
 *
 * @return THRONG_E_UNSUPPORTED (several times, but no ids); THRONG_E_ARGUMENT (done before, or after a join);
 *         THRONG_E_MEMORY: after that it can only be freed.
 * Cost: O(times agents) time; memory 8 bytes an agent and time.
 */
THRONG_API THRONG_MUST_USE throng_status throng_population_fold(throng_population *population, throng_error *err);

/** How many times the course has, 0 if there is none, and in *states its states: [times][agents]. */
THRONG_API int64_t throng_population_course(const throng_population *population, const double **states);

/* ---- columns of a second table --------------------------------------------------------------------------------- */

/** What to do with agents that a second table does not name. */
typedef enum throng_unlisted {
    THRONG_UNLISTED_ERROR, /* refuse, naming the first and how many there are */
    THRONG_UNLISTED_NONE,  /* their value is missing: they are the cohort "(none)" */
    THRONG_UNLISTED_COUNT
} throng_unlisted;

/** Which columns of a second table say what. */
typedef struct throng_members_def {
    const char *key;                          /* ids of agents, each once; required */
    const char *by[THRONG_COHORT_LEVELS_MAX]; /* columns by which cohorts are formed, outer ones first; NULL ends */
    throng_unlisted unlisted;
} throng_members_def;

/**
 * Takes the columns by which cohorts are formed from a second table with a row an agent, such as a list of members.
 *
 * Whoever has an id in the population gets the values of the row with that id, at all times. Rows of others play no
 * part, and may have the same id twice.
 *
 * @param population  with an id column and without a cohort column
 * @param table       consumed, also on failure
 * @return THRONG_E_COLUMN; THRONG_E_DUPLICATE_AGENT, naming the first row whose agent was there before; THRONG_E_COHORT
 *         (agents that are not named); THRONG_E_ARGUMENT. The population is then as before.
 *
 * Cost: O(rows of both) time; 4 or 8 bytes a row of the population for each column.
 */
THRONG_API THRONG_MUST_USE throng_status throng_population_join(throng_population *population, throng_table *table,
                                                                const throng_members_def *def, throng_error *err);

/** How many agents a second table did not name; -1 without such a table. */
THRONG_API int64_t throng_population_unlisted(const throng_population *population);

/* ---- cohorts --------------------------------------------------------------------------------------------------- */

/** How the crowd is divided into cohorts. */
typedef struct throng_cohorts_def {
    const double *cuts; /* [n_cuts] ascending in (0, 1): quantiles; NULL: 0.9, 0.999 */
    int n_cuts;
} throng_cohorts_def;

#define THRONG_COHORTS_MAX 256

typedef struct throng_cohorts throng_cohorts;

/**
 * Divides every time's agents into cohorts: by quantiles of the cohort column (of the weights if there is none), or,
 * if that column is text or (without cuts given) whole numbers with at most 32 different values, by its values.
 *
 * An agent is above the cut q if its value exceeds the value at rank floor(q n) of its time's n agents: ties fall
 * below. Ranks count from 1, and rank 0 is taken as 1: the top 10 % of 1,000 different values are 100 agents, and a
 * single agent is the long tail. NaN or a missing text is a cohort of its own, "(none)"; cuts do not apply to text.
 * With two cuts the cohorts are called "long tail", "middle" and "head". Without weights and cohort column there is one
 * cohort, "everyone".
 *
 * Several columns nest: a cohort is what rows have in common in all of them, and is named by all ("Labour/Commons");
 * only those that occur are formed. Quantiles are those of the whole time, not of the outer cohort, so that "head"
 * means the same everywhere; cuts then divide amounts only, and whole numbers with at most 32 values stay labels.
 * @return THRONG_E_COHORT: cuts out of order, or more than THRONG_COHORTS_MAX values; THRONG_E_COLUMN: the column holds
 *         dates or timestamps.
 */
THRONG_API THRONG_MUST_USE throng_status throng_cohorts_create(const throng_population *population,
                                                               const throng_cohorts_def *def, throng_cohorts **out,
                                                               throng_error *err);
THRONG_API void throng_cohorts_free(throng_cohorts *cohorts);
THRONG_API int throng_cohorts_count(const throng_cohorts *cohorts);
/** Name of a cohort ("head"), and what it holds ("top 0.1 % by followers"). */
THRONG_API const char *throng_cohorts_name(const throng_cohorts *cohorts, int cohort);
THRONG_API const char *throng_cohorts_meaning(const throng_cohorts *cohorts, int cohort);
/** [rows] the cohort of each row. */
THRONG_API const uint8_t *throng_cohorts_view(const throng_cohorts *cohorts);

/** A branch of the tree that nested cohorts form. The innermost ones, with n = 1 and the largest depth, are the cohorts
 *  themselves; without nesting there are no others. */
typedef struct throng_cohort_branch {
    int depth;           /* 0: outermost */
    int first, n;        /* it holds the cohorts first .. first + n - 1 */
    const char *name;    /* "Labour/Commons" */
    const char *meaning; /* "party is Labour, chamber is Commons" */
} throng_cohort_branch;

/** How many branches there are, and the index-th, outer ones before what they hold; all 0 outside. */
THRONG_API int throng_cohorts_branches(const throng_cohorts *cohorts);
THRONG_API throng_cohort_branch throng_cohorts_branch(const throng_cohorts *cohorts, int index);

#ifdef __cplusplus
}
#endif
#endif
