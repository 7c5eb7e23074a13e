/* One level of cohorts: the agents of a time divided by quantiles of a column, or by its values. */
#include "population/cohorts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define VALUES_MAX 32 /* so many different whole numbers are labels; more are amounts */

static const double default_cuts[] = {0.9, 0.999};
static const char no_value[] = "(none)"; /* rows without a value; also what the reader writes for a NULL text */

/* What the loops over rows share. */
typedef struct division {
    throng_i_level *level;
    const throng_column_view *column;
    int64_t begin;                     /* first row that is looked at */
    int n_limits;                      /* quantiles: limits [n_limits], ascending; values: the values */
    double limits[THRONG_COHORTS_MAX]; /* NaN belongs to cohort n_cohorts - 1 */
    const uint8_t *of_word;            /* [n_words] text */
} division;

static throng_status fill_cohorts(const throng_population *population, int64_t n, throng_chunk_fn body, division *task,
                                  throng_error *err) {
    /* Small slices would only make the report flicker. */
    throng_progress progress = {.stage = "forming cohorts", .unit = "rows"};
    if (n == population->n_rows)
        return throng_i_population_for(population, body, task, &progress, err);
    return throng_chunks_for(population->context, n, body, task, NULL, err);
}

/* ---- quantiles ------------------------------------------------------------------------------------------------- */

/* Moves the value of rank k (from 0) to x[k], smaller ones before it, larger ones behind. Expected O(n): the pivot is
 * the median of three taken at places that no input can foresee, and equal values are shared out to both sides
 * (Hoare 1961, Algorithm 65). */
static double select_rank(double *x, int64_t low, int64_t high, int64_t k) {
    uint64_t random = UINT64_C(0x9e3779b97f4a7c15);
    while (low < high) {
        double three[3];
        for (int i = 0; i < 3; i++) {
            random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            three[i] = x[low + (int64_t)((random >> 33) % (uint64_t)(high - low + 1))];
        }
        double pivot = fmax(fmin(three[0], three[1]), fmin(fmax(three[0], three[1]), three[2]));
        int64_t i = low, j = high;
        while (i <= j) {
            while (x[i] < pivot)
                i++;
            while (pivot < x[j])
                j--;
            if (i <= j) {
                double swap = x[i];
                x[i++] = x[j];
                x[j--] = swap;
            }
        }
        if (k <= j)
            high = j;
        else if (k >= i)
            low = i;
        else
            break;
    }
    return x[k];
}

/* The limits of one time: for each cut q the value at rank floor(q n), ranks counting from 1; below rank 1 there is
 * nothing, so rank 0 is taken for 1. */
static void find_limits(double *values, int64_t n, const double *cuts, int n_cuts, double *limits) {
    int64_t begin = 0;
    for (int i = 0; i < n_cuts; i++) {
        int64_t rank = (int64_t)floor(cuts[i] * (double)n);
        int64_t k = rank > 0 ? rank - 1 : 0;
        limits[i] = n > 0 ? select_rank(values, begin, n - 1, k) : 0.0;
        begin = k;
    }
}

static void divide_by_limits(void *user, throng_chunk chunk) {
    const division *task = user;
    double scratch[THRONG_CHUNK_ROWS];
    int64_t n = chunk.end - chunk.begin, begin = task->begin + chunk.begin;
    const double *values = throng_i_column_block(task->column, begin, n, scratch);
    uint8_t *cohort = task->level->cohort + begin;
    for (int64_t i = 0; i < n; i++) {
        int above = 0;
        while (above < task->n_limits && values[i] > task->limits[above])
            above++;
        cohort[i] = (uint8_t)(isnan(values[i]) ? task->level->n_cohorts - 1 : task->n_limits - above);
    }
}

/* Copies a column's rows begin .. end-1 that have a value; gives how many. */
static int64_t copy_values(const throng_column_view *column, int64_t begin, int64_t end, double *out) {
    double scratch[THRONG_CHUNK_ROWS];
    int64_t n_values = 0;
    for (int64_t row = begin; row < end; row += THRONG_CHUNK_ROWS) {
        int64_t n = end - row < THRONG_CHUNK_ROWS ? end - row : THRONG_CHUNK_ROWS;
        const double *values = throng_i_column_block(column, row, n, scratch);
        for (int64_t i = 0; i < n; i++) {
            out[n_values] = values[i];
            n_values += !isnan(values[i]);
        }
    }
    return n_values;
}

/* find_limits of a shared population, whose values come together at rank 0. @param values [rows] */
static throng_status find_shared_limits(const throng_population *population, division *task, const double *cuts,
                                        double *values, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_context *context = population->context;
    throng_i_share here = throng_i_population_here(population);
    int64_t n = copy_values(task->column, here.begin, here.end, values + here.begin);
    for (int64_t row = here.begin + n; row < here.end; row++)
        values[row] = (double)NAN;
    THRONG_TRY(throng_i_share_collect(context, population->n_rows, sizeof *values, values, err));
    if (throng_ranks_mine(context) == 0) {
        throng_column_view all = {.type = THRONG_TYPE_FLOAT64, .n_rows = population->n_rows, .data = values};
        n = copy_values(&all, 0, population->n_rows, values);
        find_limits(values, n, cuts, task->n_limits, task->limits);
    }
    THRONG_TRY(throng_i_ranks_tell(context, 0, task->limits, sizeof task->limits, err));
out:
    return status;
}

/* Highest first. Six digits hide what rounding does to 1 - 0.999. */
static throng_status name_tiers(throng_i_level *self, const double *cuts, int n_cuts, const char *column,
                                throng_error *err) {
    static const char *const three[] = {"head", "middle", "long tail"}, *const two[] = {"above", "below"};
    throng_status status = THRONG_OK;
    for (int i = 0; i <= n_cuts; i++) {
        double upper = i > 0 ? cuts[n_cuts - i] : 1.0, lower = i < n_cuts ? cuts[n_cuts - i - 1] : 0.0;
        char **name = &self->names[i];
        if (n_cuts == 2 || n_cuts == 1)
            THRONG_TRY(throng_i_copy_text(self->context, n_cuts == 2 ? three[i] : two[i], name, err));
        else
            THRONG_TRY(throng_i_print(self->context, name, err, "%.6g–%.6g %%", 100.0 * lower, 100.0 * upper));
        const char *which = i == 0 ? "top" : i < n_cuts ? "next" : "the other";
        THRONG_TRY(throng_i_print(self->context, &self->meanings[i], err, "%s %.6g %% by %s", which,
                                  100.0 * (upper - lower), column));
    }
out:
    return status;
}

static throng_status name_none(throng_i_level *self, const char *column, throng_error *err) {
    int last = self->n_cohorts - 1;
    throng_status status = throng_i_copy_text(self->context, no_value, &self->names[last], err);
    return status != THRONG_OK ? status
                               : throng_i_print(self->context, &self->meanings[last], err, "%s is missing", column);
}

static throng_status by_quantiles(throng_i_level *self, const throng_population *population,
                                  const throng_column_view *column, const double *cuts, int n_cuts, bool gaps,
                                  throng_error *err) {
    throng_status status = THRONG_OK;
    division task = {.level = self, .column = column, .n_limits = n_cuts};
    double *values = NULL;
    int64_t longest = 0;
    self->n_cohorts = n_cuts + 1 + (gaps ? 1 : 0);
    THRONG_REQUIRE(self->n_cohorts <= THRONG_COHORTS_MAX, E_COHORT, "There may be at most %d cuts, got %d.",
                   THRONG_COHORTS_MAX - 1 - (gaps ? 1 : 0), n_cuts);
    THRONG_TRY(name_tiers(self, cuts, n_cuts, column->name, err));
    if (gaps)
        THRONG_TRY(name_none(self, column->name, err));
    for (int64_t time = 0; time < population->n_times; time++) {
        int64_t n = population->offsets[time + 1] - population->offsets[time];
        longest = n > longest ? n : longest;
    }
    THRONG_TRY(throng_i_resize(self->context, &values, longest, sizeof *values, err));
    for (int64_t time = 0; time < population->n_times; time++) {
        int64_t end = population->offsets[time + 1];
        task.begin = population->offsets[time];
        if (population->shared)
            THRONG_TRY(find_shared_limits(population, &task, cuts, values, err));
        else
            find_limits(values, copy_values(column, task.begin, end, values), cuts, n_cuts, task.limits);
        THRONG_TRY(fill_cohorts(population, end - task.begin, divide_by_limits, &task, err));
    }
out:
    throng_i_free(self->context, values);
    return status;
}

/* ---- values ---------------------------------------------------------------------------------------------------- */

/* Place of a value in an ascending list, or where it would have to be put in. */
static int place_of(double value, const double *list, int n) {
    int place = 0;
    while (place < n && list[place] < value)
        place++;
    return place;
}

/* The different values of a column so far, in ascending order. */
typedef struct value_list {
    double at[VALUES_MAX];
    int n;
    bool gaps; /* some are NaN */
    bool none; /* they are no labels: more than VALUES_MAX, or not whole numbers */
} value_list;

/* Usually the first few rows tell that they are no labels. */
static void add_values(void *user, throng_i_share rows, void *state) {
    value_list *list = state;
    double scratch[THRONG_CHUNK_ROWS];
    for (int64_t begin = rows.begin; begin < rows.end; begin += THRONG_CHUNK_ROWS) {
        int64_t n = rows.end - begin < THRONG_CHUNK_ROWS ? rows.end - begin : THRONG_CHUNK_ROWS;
        const double *values = throng_i_column_block(user, begin, n, scratch);
        for (int64_t i = 0; i < n && !list->none; i++) {
            double value = values[i];
            int place = place_of(value, list->at, list->n);
            if (isnan(value))
                list->gaps = true;
            if (isnan(value) || (place < list->n && list->at[place] == value))
                continue;
            list->none = list->n == VALUES_MAX || floor(value) != value || fabs(value) > 0x1p53;
            if (list->none)
                return;
            memmove(list->at + place + 1, list->at + place, (size_t)(list->n - place) * sizeof *list->at);
            list->at[place] = value;
            list->n++;
        }
    }
}

static void divide_by_values(void *user, throng_chunk chunk) {
    const division *task = user;
    double scratch[THRONG_CHUNK_ROWS];
    int64_t n = chunk.end - chunk.begin;
    const double *values = throng_i_column_block(task->column, chunk.begin, n, scratch);
    for (int64_t i = 0; i < n; i++)
        task->level->cohort[chunk.begin + i] =
            (uint8_t)(isnan(values[i]) ? task->level->n_cohorts - 1
                                       : place_of(values[i], task->limits, task->n_limits));
}

static throng_status by_values(throng_i_level *self, const throng_population *population, division *task, bool gaps,
                               throng_error *err) {
    throng_status status = THRONG_OK;
    self->n_cohorts = task->n_limits + (gaps ? 1 : 0);
    for (int i = 0; i < task->n_limits; i++) {
        double value = task->limits[i] + 0.0; /* no -0 */
        THRONG_TRY(throng_i_print(self->context, &self->names[i], err, "%.0f", value));
        THRONG_TRY(throng_i_print(self->context, &self->meanings[i], err, "%s is %.0f", task->column->name, value));
    }
    if (gaps)
        THRONG_TRY(name_none(self, task->column->name, err));
    THRONG_TRY(fill_cohorts(population, population->n_rows, divide_by_values, task, err));
out:
    return status;
}

/* ---- text ------------------------------------------------------------------------------------------------------ */

typedef struct label {
    const char *word;
    int32_t code;
} label;

/* Alphabetical, but rows without a value come last. */
static int compare_labels(const void *a, const void *b) {
    const label *left = a, *right = b;
    bool left_none = strcmp(left->word, no_value) == 0, right_none = strcmp(right->word, no_value) == 0;
    return left_none != right_none ? left_none - right_none : strcmp(left->word, right->word);
}

static void divide_by_words(void *user, throng_chunk chunk) {
    const division *task = user;
    const int32_t *codes = task->column->data;
    for (int64_t row = chunk.begin; row < chunk.end; row++)
        task->level->cohort[row] = task->of_word[codes[row]];
}

typedef struct word_job {
    const throng_column_view *column;
    int64_t wrong; /* a row whose code is none; -1: there is none */
} word_job;

static void mark_words(void *user, throng_i_share rows, void *state) {
    word_job *job = user;
    const int32_t *codes = job->column->data;
    uint8_t *there = state;
    for (int64_t row = rows.begin; row < rows.end && job->wrong < 0; row++) {
        if (codes[row] >= 0 && codes[row] < job->column->n_words)
            there[codes[row]] = 1;
        else
            job->wrong = row;
    }
}

/* Which words are there (rows may have been left out), and how many. */
static throng_status find_words(const throng_population *population, const throng_column_view *column, uint8_t *there,
                                int64_t *n_there, throng_error *err) {
    throng_status status = THRONG_OK;
    word_job job = {column, -1};
    THRONG_TRY(throng_i_population_in_turn(population, mark_words, &job, there, column->n_words, err));
    THRONG_REQUIRE(job.wrong < 0, E_COLUMN, "Column \"%s\" has the code %d, but %lld words.", column->name,
                   ((const int32_t *)column->data)[job.wrong], (long long)column->n_words);
    *n_there = 0;
    for (int64_t word = 0; word < column->n_words; word++)
        *n_there += there[word];
    char count[THRONG_I_COUNT_LENGTH];
    THRONG_REQUIRE(*n_there <= THRONG_COHORTS_MAX, E_COHORT,
                   "Column \"%s\" has %s different texts, but there may be at most %d cohorts.", column->name,
                   throng_i_count_print(*n_there, count), THRONG_COHORTS_MAX);
out:
    return status;
}

static throng_status by_words(throng_i_level *self, const throng_population *population,
                              const throng_column_view *column, throng_error *err) {
    throng_status status = THRONG_OK;
    label labels[THRONG_COHORTS_MAX];
    uint8_t *words = NULL; /* whether a word is there; then its cohort */
    int64_t n = 0;
    THRONG_TRY(throng_i_alloc(self->context, column->n_words, 1, &words, err));
    THRONG_TRY(find_words(population, column, words, &n, err));
    for (int64_t code = 0; code < column->n_words; code++)
        if (words[code])
            labels[self->n_cohorts++] = (label){column->words[code], (int32_t)code};
    qsort(labels, (size_t)n, sizeof *labels, compare_labels);
    for (int i = 0; i < self->n_cohorts; i++) {
        words[labels[i].code] = (uint8_t)i;
        if (strcmp(labels[i].word, no_value) == 0) {
            THRONG_TRY(name_none(self, column->name, err));
            continue;
        }
        THRONG_TRY(throng_i_copy_text(self->context, labels[i].word, &self->names[i], err));
        THRONG_TRY(throng_i_print(self->context, &self->meanings[i], err, "%s is %s", column->name, labels[i].word));
    }
    division task = {.level = self, .column = column, .of_word = words};
    THRONG_TRY(fill_cohorts(population, population->n_rows, divide_by_words, &task, err));
out:
    throng_i_free(self->context, words);
    return status;
}

/* ---- making ---------------------------------------------------------------------------------------------------- */

/* Sets a flag if some are NaN. */
static void find_gaps(void *user, throng_i_share rows, void *state) {
    bool *gaps = state;
    double scratch[THRONG_CHUNK_ROWS];
    for (int64_t begin = rows.begin; begin < rows.end && !*gaps; begin += THRONG_CHUNK_ROWS) {
        int64_t n = rows.end - begin < THRONG_CHUNK_ROWS ? rows.end - begin : THRONG_CHUNK_ROWS;
        const double *values = throng_i_column_block(user, begin, n, scratch);
        for (int64_t i = 0; i < n; i++)
            *gaps = *gaps || isnan(values[i]);
    }
}

static throng_status divide(throng_i_level *self, const throng_population *population, const throng_i_level_def *def,
                            throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_column_view *weight = &population->weight;
    throng_column_view own = def->column ? *def->column : (throng_column_view){0};
    const throng_column_view *column = def->column ? &own : NULL;
    const double *cuts = def->cuts;
    int n_cuts = def->n_cuts;
    division task = {.level = self, .column = column};
    bool gaps = false;
    if (column && column->type == THRONG_TYPE_TEXT)
        return by_words(self, population, column, err);
    if (column && (!cuts || def->keep_labels)) {
        value_list list = {.n = 0};
        THRONG_TRY(throng_i_population_in_turn(population, add_values, &own, &list, sizeof list, err));
        task.n_limits = list.n;
        memcpy(task.limits, list.at, sizeof list.at);
        if (!list.none)
            return by_values(self, population, &task, list.gaps, err);
    }
    if (!cuts) {
        cuts = default_cuts;
        n_cuts = (int)(sizeof default_cuts / sizeof *default_cuts);
    }
    if (column) {
        THRONG_TRY(throng_i_population_in_turn(population, find_gaps, &own, &gaps, sizeof gaps, err));
        return by_quantiles(self, population, column, cuts, n_cuts, gaps, err);
    }
    if (weight->name)
        return by_quantiles(self, population, weight, cuts, n_cuts, false, err);
    self->n_cohorts = 1;
    THRONG_TRY(throng_i_copy_text(self->context, "everyone", &self->names[0], err));
    THRONG_TRY(throng_i_copy_text(self->context, "all agents", &self->meanings[0], err));
out:
    return status;
}

throng_status throng_i_level_init(const throng_population *population, const throng_i_level_def *def,
                                  throng_i_level *out, throng_error *err) {
    *out = (throng_i_level){.context = population->context};
    throng_i_share here = throng_i_population_here(population);
    throng_status status = throng_i_resize(out->context, &out->cohort, population->n_rows, 1, err);
    if (status != THRONG_OK)
        return status;
    memset(out->cohort + here.begin, 0, (size_t)(here.end - here.begin));
    return divide(out, population, def, err);
}

void throng_i_level_clear(throng_i_level *self) {
    for (int i = 0; i < THRONG_COHORTS_MAX; i++) {
        throng_i_free(self->context, self->names[i]);
        throng_i_free(self->context, self->meanings[i]);
    }
    throng_i_free(self->context, self->cohort);
    *self = (throng_i_level){.context = self->context};
}
