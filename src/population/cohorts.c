/* Cohorts: the levels that columns make (divide.c), one within the other, as a tree. */
#include "population/cohorts.h"

#include <string.h>

/* A leaf's place at every level. */
typedef struct leaf {
    uint8_t place[THRONG_COHORT_LEVELS_MAX];
} leaf;

/* A branch whose strings are ours. */
typedef struct branch {
    int depth, first, n;
    char *name, *meaning;
} branch;

struct throng_cohorts {
    throng_context *context;
    int n_cohorts, n_branches;
    leaf leaves[THRONG_COHORTS_MAX];
    int of_leaf[THRONG_COHORTS_MAX]; /* the branch that a cohort is */
    branch *branches;                /* [n_branches] outer ones before what they hold */
    uint8_t *cohort;                 /* [rows] */
};

/* ---- levels ---------------------------------------------------------------------------------------------------- */

static throng_status check_cuts(const double *cuts, int n_cuts, throng_error *err) {
    throng_status status = THRONG_OK;
    THRONG_REQUIRE(n_cuts >= 1, E_COHORT, "There must be at least one cut, got %d.", n_cuts);
    THRONG_REQUIRE(n_cuts < THRONG_COHORTS_MAX, E_COHORT, "There may be at most %d cuts, got %d.",
                   THRONG_COHORTS_MAX - 1, n_cuts);
    for (int i = 0; i < n_cuts; i++) {
        THRONG_REQUIRE(cuts[i] > 0.0 && cuts[i] < 1.0, E_COHORT, "A cut must lie between 0 and 1, got %g.", cuts[i]);
        THRONG_REQUIRE(i == 0 || cuts[i] > cuts[i - 1], E_COHORT, "Cuts must ascend, but %g comes after %g.", cuts[i],
                       cuts[i - 1]);
    }
out:
    return status;
}

/* Numbers the pairs of a cohort so far and one of the next level that occur, in the order of both. */
static throng_status number_pairs(throng_cohorts *self, int depth, const throng_i_level *level, int16_t *number,
                                  const throng_column_view *columns, throng_error *err) {
    throng_status status = THRONG_OK;
    leaf leaves[THRONG_COHORTS_MAX];
    int n = 0;
    for (int pair = 0; pair < self->n_cohorts * level->n_cohorts; pair++) {
        if (number[pair] < 0)
            continue;
        if (n < THRONG_COHORTS_MAX) {
            leaves[n] = self->leaves[pair / level->n_cohorts];
            leaves[n].place[depth] = (uint8_t)(pair % level->n_cohorts);
        }
        number[pair] = (int16_t)(n < THRONG_COHORTS_MAX ? n : 0);
        n++;
    }
    THRONG_REQUIRE(n <= THRONG_COHORTS_MAX, E_COHORT,
                   "\"%s\" within \"%s\" makes %d cohorts, but there may be at most %d.", columns[depth].name,
                   columns[depth - 1].name, n, THRONG_COHORTS_MAX);
    memcpy(self->leaves, leaves, (size_t)n * sizeof *leaves);
    self->n_cohorts = n;
out:
    return status;
}

typedef struct nest_job {
    const uint8_t *outer, *inner; /* [rows] */
    int n_inner;
} nest_job;

/* Which pairs occur. */
static void mark_pairs(void *user, throng_i_share rows, void *state) {
    const nest_job *job = user;
    int16_t *number = state;
    for (int64_t row = rows.begin; row < rows.end; row++)
        number[job->outer[row] * job->n_inner + job->inner[row]] = 0;
}

/* Divides the cohorts so far by one more level. */
static throng_status nest(throng_cohorts *self, const throng_population *population, int depth,
                          const throng_i_level *level, throng_error *err) {
    throng_status status = THRONG_OK;
    int16_t *number = NULL; /* [pairs] -1: does not occur */
    int pairs = self->n_cohorts * level->n_cohorts, inner = level->n_cohorts;
    THRONG_TRY(throng_i_resize(self->context, &number, pairs, sizeof *number, err));
    for (int i = 0; i < pairs; i++)
        number[i] = -1;
    nest_job job = {self->cohort, level->cohort, inner};
    throng_i_share here = throng_i_population_here(population);
    THRONG_TRY(throng_i_population_in_turn(population, mark_pairs, &job, number, pairs * (int64_t)sizeof *number, err));
    THRONG_TRY(number_pairs(self, depth, level, number, population->cohort, err));
    for (int64_t row = here.begin; row < here.end; row++)
        self->cohort[row] = (uint8_t)number[self->cohort[row] * inner + level->cohort[row]];
out:
    throng_i_free(self->context, number);
    return status;
}

/* ---- the tree -------------------------------------------------------------------------------------------------- */

/* Whether a leaf is in the same branch as the one before it, down to this depth. */
static bool continues(const throng_cohorts *self, int at, int depth) {
    return at > 0 && memcmp(self->leaves[at].place, self->leaves[at - 1].place, (size_t)depth + 1) == 0;
}

static throng_status grow_branch(throng_cohorts *self, const throng_i_level *level, int at, int depth,
                                 const branch *outer, throng_error *err) {
    throng_status status = THRONG_OK;
    branch *it = &self->branches[self->n_branches++];
    int place = self->leaves[at].place[depth];
    it->depth = depth;
    it->first = at;
    for (it->n = 1; at + it->n < self->n_cohorts && continues(self, at + it->n, depth);)
        it->n++;
    THRONG_TRY(throng_i_print(self->context, &it->name, err, "%s%s%s", outer ? outer->name : "", outer ? "/" : "",
                              level->names[place]));
    THRONG_TRY(throng_i_print(self->context, &it->meaning, err, "%s%s%s", outer ? outer->meaning : "",
                              outer ? ", " : "", level->meanings[place]));
out:
    return status;
}

static throng_status grow(throng_cohorts *self, const throng_i_level *levels, int n_levels, throng_error *err) {
    throng_status status = THRONG_OK;
    int path[THRONG_COHORT_LEVELS_MAX], n = 0;
    for (int at = 0; at < self->n_cohorts; at++)
        for (int depth = 0; depth < n_levels; depth++)
            n += !continues(self, at, depth);
    THRONG_TRY(throng_i_alloc(self->context, n, sizeof *self->branches, &self->branches, err));
    for (int at = 0; at < self->n_cohorts; at++)
        for (int depth = 0; depth < n_levels; depth++) {
            if (continues(self, at, depth))
                continue;
            path[depth] = self->n_branches;
            THRONG_TRY(
                grow_branch(self, &levels[depth], at, depth, depth > 0 ? &self->branches[path[depth - 1]] : NULL, err));
            self->of_leaf[at] = path[depth];
        }
out:
    return status;
}

/* ---- making ---------------------------------------------------------------------------------------------------- */

static throng_status make(throng_cohorts *self, const throng_population *population, const double *cuts, int n_cuts,
                          throng_i_level *levels, throng_error *err) {
    throng_status status = THRONG_OK;
    int n_levels = population->n_cohort_levels;
    for (int depth = 0; depth == 0 || depth < n_levels; depth++) {
        throng_i_level_def def = {n_levels > 0 ? &population->cohort[depth] : NULL, cuts, n_cuts, n_levels > 1};
        THRONG_TRY(throng_i_level_init(population, &def, &levels[depth], err));
        if (depth > 0) {
            THRONG_TRY(nest(self, population, depth, &levels[depth], err));
            continue;
        }
        self->cohort = levels[0].cohort;
        levels[0].cohort = NULL;
        self->n_cohorts = levels[0].n_cohorts;
        for (int i = 0; i < self->n_cohorts; i++)
            self->leaves[i].place[0] = (uint8_t)i;
    }
    THRONG_TRY(grow(self, levels, n_levels > 0 ? n_levels : 1, err));
out:
    return status;
}

throng_status throng_cohorts_create(const throng_population *population, const throng_cohorts_def *def,
                                    throng_cohorts **out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_context *context = population->context;
    throng_cohorts *self = NULL;
    throng_i_level *levels = NULL;
    const double *cuts = def ? def->cuts : NULL;
    int n_cuts = cuts ? def->n_cuts : 0;
    if (cuts)
        THRONG_TRY(check_cuts(cuts, n_cuts, err));
    THRONG_TRY(throng_i_alloc(context, 1, sizeof *self, &self, err));
    self->context = context;
    THRONG_TRY(throng_i_alloc(context, THRONG_COHORT_LEVELS_MAX, sizeof *levels, &levels, err));
    THRONG_TRY(make(self, population, cuts, n_cuts, levels, err));
    *out = self;
    self = NULL;
out:
    for (int i = 0; levels && i < THRONG_COHORT_LEVELS_MAX; i++) {
        levels[i].context = context;
        throng_i_level_clear(&levels[i]);
    }
    throng_i_free(context, levels);
    throng_cohorts_free(self);
    return status;
}

void throng_cohorts_free(throng_cohorts *cohorts) {
    if (!cohorts)
        return;
    throng_context *context = cohorts->context;
    for (int i = 0; i < cohorts->n_branches; i++) {
        throng_i_free(context, cohorts->branches[i].name);
        throng_i_free(context, cohorts->branches[i].meaning);
    }
    throng_i_free(context, cohorts->branches);
    throng_i_free(context, cohorts->cohort);
    throng_i_free(context, cohorts);
}

/* ---- asking ---------------------------------------------------------------------------------------------------- */

int throng_cohorts_count(const throng_cohorts *cohorts) {
    return cohorts->n_cohorts;
}

const char *throng_cohorts_name(const throng_cohorts *cohorts, int cohort) {
    return cohort >= 0 && cohort < cohorts->n_cohorts ? cohorts->branches[cohorts->of_leaf[cohort]].name : "";
}

const char *throng_cohorts_meaning(const throng_cohorts *cohorts, int cohort) {
    return cohort >= 0 && cohort < cohorts->n_cohorts ? cohorts->branches[cohorts->of_leaf[cohort]].meaning : "";
}

const uint8_t *throng_cohorts_view(const throng_cohorts *cohorts) {
    return cohorts->cohort;
}

int throng_cohorts_branches(const throng_cohorts *cohorts) {
    return cohorts->n_branches;
}

throng_cohort_branch throng_cohorts_branch(const throng_cohorts *cohorts, int index) {
    if (index < 0 || index >= cohorts->n_branches)
        return (throng_cohort_branch){0};
    const branch *it = &cohorts->branches[index];
    return (throng_cohort_branch){it->depth, it->first, it->n, it->name, it->meaning};
}
