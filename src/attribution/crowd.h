/*
 * The crowd of one time as a value function: an indicator, a path and a baseline over a slice of a population.
 *
 * v(alpha) and its gradient exist in two versions. crowd_reference.c is the definition, written down plainly: it takes
 * any alpha and is what tests compare with. The forms (moments.c, features.c, distribution.c) know only the ray
 * (t, ..., t), which is all that path integrals need, and do it in as few passes over the agents as their mathematics
 * allows.
 */
#ifndef THRONG_SRC_ATTRIBUTION_CROWD_H
#define THRONG_SRC_ATTRIBUTION_CROWD_H

#include "core/ranks.h"
#include "indicator/indicator.h"
#include "population/population.h"
#include "throng/attribution.h"

typedef struct throng_i_crowd throng_i_crowd;

/* How a form serves the ray. Functions take the crowd as `self` of a throng_value_function does. */
typedef struct throng_i_form {
    throng_status (*prepare)(throng_i_crowd *crowd, throng_error *err);   /* the first pass */
    void (*aggregates)(const throng_i_crowd *crowd, double t, double *m); /* at t = 0 and 1; NULL: there are none */
    throng_status (*value)(void *self, double t, double *out, throng_error *err);
    throng_status (*slope)(void *self, double t, double *out, throng_error *err); /* NULL: costs a pass */
    bool slope_on_state; /* false: slope serves the presence path only */
    throng_status (*credit)(void *self, const throng_nodes *fine, const throng_nodes *coarse, double *phi,
                            throng_credit_sums *sums, throng_error *err);
} throng_i_form;

extern const throng_i_form throng_i_form_moments, throng_i_form_features, throng_i_form_distribution,
    throng_i_form_network;

struct throng_i_crowd_network; /* see network.c */

#define THRONG_I_MOMENTS_MAX 5 /* moments 0..4 */

struct throng_i_crowd {
    throng_context *context;
    const throng_population *population;
    const throng_i_indicator *indicator;
    throng_setting setting;
    throng_path path;
    int64_t begin, n;                   /* rows of the population */
    throng_column_view state, weight;   /* weight.data NULL: everyone weighs 1 */
    double mass;                        /* sum of the weights that count, or n */
    bool constant;                      /* one baseline for everybody: */
    double baseline;                    /* its value */
    throng_column_view baseline_column; /* else the column, or if it has no data: */
    const int64_t *first_row;           /* the row whose state is an agent's baseline */
    bool reference_crowd;               /* the absent are a normal crowd with the observed mean and spread */
    double reference_sd;
    throng_progress progress;

    /* MOMENTS, see moments.c */
    int degree;
    double shift, shift_baseline;
    double observed[THRONG_I_MOMENTS_MAX];                    /* moments of x - shift */
    double absent[THRONG_I_MOMENTS_MAX];                      /* of what the absent contribute */
    double mixed[THRONG_I_MOMENTS_MAX][THRONG_I_MOMENTS_MAX]; /* of p^a q^j, own baselines on the state path */

    /* FEATURES and HISTOGRAM */
    double *present; /* [n_aggregates] aggregates of the observed states; nobody's follow behind */

    /* NETWORK */
    const throng_graph *graph;
    struct throng_i_crowd_network *network;

    /* DISTRIBUTION */
    double *points; /* scratch, see distribution.c */
    int64_t *order;
};

/* What a crowd is made from. */
typedef struct throng_i_crowd_def {
    const throng_population *population;
    const throng_i_indicator *indicator;
    throng_path path;          /* STATE or PRESENCE */
    throng_baseline baseline;  /* not DEFAULT */
    const int64_t *first_row;  /* [agents], for THRONG_BASELINE_FIRST */
    const throng_graph *graph; /* for network indicators */
    int64_t time;
    throng_progress progress; /* stage and unit; done is where this crowd starts */
} throng_i_crowd_def;

/* Makes the value function of one time; the first pass over its agents happens here. E_MEMORY, E_CANCELLED. */
THRONG_MUST_USE throng_status throng_i_crowd_init(throng_context *context, const throng_i_crowd_def *def,
                                                  throng_i_crowd *crowd, throng_error *err);
void throng_i_crowd_clear(throng_i_crowd *crowd);

/* The value function; it borrows the crowd. */
throng_value_function throng_i_crowd_function(throng_i_crowd *crowd);

/* Whether indicator, path and baseline make a path that leads somewhere: THRONG_E_DEGENERATE says why not. */
THRONG_MUST_USE throng_status throng_i_crowd_check(const throng_indicator *indicator, throng_path path,
                                                   throng_baseline baseline, throng_error *err);

/* Whether the absent are a reference crowd: on the presence path a shape cannot start from one point. */
bool throng_i_crowd_has_reference(const throng_indicator *indicator, throng_path path, throng_baseline baseline);

/* The plain definitions, for any alpha: crowd_reference.c. */
throng_status throng_i_crowd_value(void *self, const double *alpha, double *out, throng_error *err);
throng_status throng_i_crowd_gradient(void *self, const double *alpha, double *out, throng_error *err);

/* The aggregate form, see throng_value_function: all forms but DISTRIBUTION. */
void throng_i_crowd_origin(void *self, double *m);
void throng_i_crowd_steps(void *self, int64_t begin, int64_t end, double *steps);
double throng_i_crowd_aggregate_value(void *self, const double *m);
void throng_i_crowd_aggregate_gradient(void *self, const double *m, double *out);

/* Its fast passes for moments with one baseline for everybody: moments.c. */
throng_status throng_i_moments_summary(void *self, double *origin, double *sum, double *squares, throng_error *err);
throng_status throng_i_moments_quadratic(void *self, const double *linear, const double *square, double *out,
                                         throng_credit_sums *sums, throng_error *err);

/* NETWORK off the ray, and its memory: network.c. */
throng_status throng_i_network_value(throng_i_crowd *crowd, const double *alpha, double *value, double *gradient,
                                     throng_error *err);
void throng_i_network_clear(throng_i_crowd *crowd);

/* ---- walking through a crowd in blocks that fit the first-level cache ------------------------------------------ */

#define THRONG_I_BLOCK 512

typedef struct throng_i_block {
    int64_t n;
    const double *x; /* [n] states */
    const double *w; /* [n] weights, NULL: all 1 */
    const double *b; /* [n] baselines, NULL: all crowd->baseline */
    double scratch[3][THRONG_I_BLOCK];
} throng_i_block;

/* Loads rows begin..end-1 of the crowd (0-based within it), at most THRONG_I_BLOCK of them. */
void throng_i_block_load(const throng_i_crowd *crowd, int64_t begin, int64_t end, throng_i_block *block);

#endif
