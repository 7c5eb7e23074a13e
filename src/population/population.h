/* The population's insides, for the stages that walk over all rows: indicator, attribution, report. */
#ifndef THRONG_SRC_POPULATION_POPULATION_H
#define THRONG_SRC_POPULATION_POPULATION_H

#include "core/core.h"
#include "core/ranks.h"
#include "table/table.h"
#include "throng/population.h"

/* ---- columns --------------------------------------------------------------------------------------------------- */

/* A column and what of it is ours. */
typedef struct throng_i_column {
    throng_column_view view; /* data NULL: used up */
    void *memory;            /* view.data if it is ours; NULL: the caller's */
    void *name;              /* memory of view.name */
    void *dictionary;        /* memory of view.words and of the strings */
    int n_parts;             /* how many parts the column plays: state, weight, ... */
} throng_i_column;

/* Rows begin .. begin+n-1 of a numeric column as doubles: the data itself if it is FLOAT64, else converted into
 * scratch [n]. */
const double *throng_i_column_block(const throng_column_view *column, int64_t begin, int64_t n, double *scratch);

/* The same of INT32, INT64, UINT8, DATE or TIMESTAMP as whole numbers. */
const int64_t *throng_i_column_whole(const throng_column_view *column, int64_t begin, int64_t n, int64_t *scratch);

/* ---- keys: ids of agents, labels of times ---------------------------------------------------------------------- */

/* The different values of a column, typed as a table would have them. */
typedef struct throng_i_keys {
    const char *name;         /* of the column; NULL: there is none */
    throng_type type;         /* INT64 (also of INT32 and UINT8), DATE, TIMESTAMP or TEXT */
    int64_t n;                /* how many there are */
    const int64_t *values;    /* [n] all types but TEXT; NULL: key i is i + 1 */
    const char *const *words; /* [n] TEXT */
    void *memory;             /* values or words, if they are not the column's own */
} throng_i_keys;

/* The finaliser of MurmurHash3: ids that form a pattern must not form one in a hash table. */
static inline uint64_t throng_i_hash_id(uint64_t id) {
    id = (id ^ (id >> 33)) * UINT64_C(0xff51afd7ed558ccd);
    id = (id ^ (id >> 33)) * UINT64_C(0xc4ceb9fe1a85ec53);
    return id ^ (id >> 33);
}

/* A key as people write it ("17", "alice", "2024-11-05"), cut to size but never within a character. */
void throng_i_key_print(const throng_i_keys *keys, int64_t index, char *out, size_t size);

/* Replaces a column by one code a row (0.. in the order of first appearance) and its different keys, which may borrow
 * from the column. Our own data of a column with one part is written over. `stage` names the work for progress.
 * THRONG_E_ARGUMENT: more than 2^31 - 1 different keys. */
THRONG_MUST_USE throng_status throng_i_column_code(throng_context *context, throng_i_column *column, const char *stage,
                                                   int32_t **codes, throng_i_keys *keys, throng_error *err);

/* "1,234,567" */
#define THRONG_I_COUNT_LENGTH 32
const char *throng_i_count_print(int64_t count, char out[THRONG_I_COUNT_LENGTH]);

/* ---- the population -------------------------------------------------------------------------------------------- */

#define THRONG_I_PARTS (5 + THRONG_COHORT_LEVELS_MAX) /* state, weight, baseline, cohorts, id, time */

/* Everything here may be read by later stages; only src/population writes. */
struct throng_population {
    throng_context *context;
    int64_t n_rows, n_agents, n_times, n_dropped;
    throng_column_view state, weight,
        baseline; /* numbers of any type, all finite; name NULL: there is no such column */
    throng_column_view cohort[THRONG_COHORT_LEVELS_MAX]; /* numbers, maybe NaN, or TEXT */
    int n_cohort_levels;
    bool joined; /* cohort columns are of a second table, which does not name so many: */
    int64_t n_unlisted;
    throng_agent *agents;                    /* [n_rows] NULL: the agent of row r is r */
    throng_i_keys ids;                       /* [n_agents] without id column: the agent's row in the table, from 1 */
    throng_i_keys times;                     /* [n_times] ascending; without time column name is NULL */
    int64_t *offsets;                        /* [n_times + 1] rows of time t are offsets[t] .. offsets[t + 1] - 1 */
    throng_i_column columns[THRONG_I_PARTS]; /* owners of what the above looks at */
    int n_columns;
    double *course;   /* [n_course][n_agents] states of the times that were folded into one; NULL: none were */
    int64_t n_course; /* 0: none */
    bool shared;      /* each rank has the rows of its share alone; so it is with arrays that are made over them */
};

/* Rows that are here: the share of a population that is shared, else all. */
throng_i_share throng_i_population_here(const throng_population *population);

/* throng_chunks_for over them. */
THRONG_MUST_USE throng_status throng_i_population_for(const throng_population *population, throng_chunk_fn body,
                                                      void *user, const throng_progress *progress, throng_error *err);

/* throng_i_share_in_turn if it is shared, else `body` for all rows. */
THRONG_MUST_USE throng_status throng_i_population_in_turn(const throng_population *population, throng_i_turn_fn body,
                                                          void *user, void *state, int64_t size, throng_error *err);

/* Gives back the memory of rows outside this rank's share: from here on the population is shared. It has one time. */
THRONG_MUST_USE throng_status throng_i_population_keep_share(throng_population *population, throng_error *err);

/* Makes a shared population of the rows of each rank's share, without times. *out is NULL, without an error, if that
 * cannot be: then the whole table is needed.
 * @param table  that part of it, consumed; NULL: it could not be read */
THRONG_MUST_USE throng_status throng_i_population_create_share(throng_context *context, throng_table *table,
                                                               const throng_i_table_part *part,
                                                               const throng_population_def *def,
                                                               throng_population **out, throng_error *err);

/* Gives each rank of a shared population all ids, where they are numbers, and takes them back. */
THRONG_MUST_USE throng_status throng_i_population_gather_ids(throng_population *population, throng_error *err);
THRONG_MUST_USE throng_status throng_i_population_drop_ids(throng_population *population, throng_error *err);

/* For every agent its row at the first time it is there: [n_agents], to be given back with throng_i_free.
 * *out is NULL if agent a has the one row a. */
THRONG_MUST_USE throng_status throng_i_population_first_rows(const throng_population *population, int64_t **out,
                                                             throng_error *err);

/* ---- how a population is made: the steps in their order, called by population.c only ---------------------------- */

/* Which rows of the table are left out. */
typedef struct throng_i_dropped {
    uint64_t *bits; /* row r: bit r % 64 of word r / 64; NULL: none */
    int64_t n_rows, n_dropped;
} throng_i_dropped;

static inline bool throng_i_dropped_has(const throng_i_dropped *dropped, int64_t row) {
    return dropped->bits && ((dropped->bits[row / 64] >> (row % 64)) & 1) != 0;
}

/* The table's row, counted from 1, that is row `row` once rows are left out. */
int64_t throng_i_dropped_row(const throng_i_dropped *dropped, int64_t row);

/* Checks that states, weights and baselines are finite, and weights not negative. With THRONG_MISSING_DROP fills
 * dropped instead of failing where a value is missing. */
THRONG_MUST_USE throng_status throng_i_rows_check(const throng_population *population, throng_missing missing,
                                                  throng_i_dropped *dropped, throng_error *err);

/* Takes rows out of a column: in place if the data is ours, else into a copy. */
THRONG_MUST_USE throng_status throng_i_rows_drop(throng_context *context, throng_i_column *column,
                                                 const throng_i_dropped *dropped, throng_error *err);

/* Finds times, n_times and offsets, and drops the column's data. *codes [n_rows] is the time of each row; NULL if rows
 * are in the order of time already. */
THRONG_MUST_USE throng_status throng_i_times_find(throng_population *population, throng_i_column *column,
                                                  int32_t **codes, throng_error *err);

/* Finds ids, n_agents and agents in the table's order of rows; column NULL: each row is an agent. codes as above. */
THRONG_MUST_USE throng_status throng_i_agents_find(throng_population *population, throng_i_column *column,
                                                   const int32_t *codes, const throng_i_dropped *dropped,
                                                   throng_error *err);

/* Puts everything that has a value a row into the order of time. */
THRONG_MUST_USE throng_status throng_i_rows_group(throng_population *population, const int32_t *codes,
                                                  throng_error *err);

/* Checks that at every time somebody weighs more than 0. */
THRONG_MUST_USE throng_status throng_i_times_check_weights(const throng_population *population, throng_error *err);

/* Checks that nobody is there twice at one time. */
THRONG_MUST_USE throng_status throng_i_agents_check_once(const throng_population *population, const int32_t *codes,
                                                         const throng_i_dropped *dropped, throng_error *err);

/* Frees the data of a column, keeping its name and dictionary; all of it. */
void throng_i_column_drop_data(throng_context *context, throng_i_column *column);
void throng_i_column_clear(throng_context *context, throng_i_column *column);

#endif
