/**
 * Panels: small samples of a crowd, what they say when they are attributed alone, and how far that is from what the
 * crowd's attribution says about the same agents. docs/scaling-bias.md states when a single factor reconciles the two.
 */
#ifndef THRONG_PANEL_H
#define THRONG_PANEL_H

#include "throng/attribution.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- drawing --------------------------------------------------------------------------------------------------- */

/** Who gets into a panel. */
typedef enum throng_panel_bias {
    THRONG_PANEL_WEIGHT,  /* drawn with probability proportional to weight, as convenience samples are; without weights
                             with equal chances */
    THRONG_PANEL_UNIFORM, /* drawn with equal chances, agents of weight 0 too */
    THRONG_PANEL_TOP,     /* those with the largest weights, ties to the earlier row; the same whatever the seed */
    THRONG_PANEL_BIAS_COUNT
} throng_panel_bias;

/** "weight", "uniform", "top"; NULL for unknown values. */
THRONG_API const char *throng_panel_bias_name(throng_panel_bias bias);

/** Start from throng_panel_default(). */
typedef struct throng_panel_def {
    int size;               /* >= 1; default 100 */
    throng_panel_bias bias; /* default WEIGHT */
    int draws;              /* >= 0, further panels that say how much chance there is in the first; default 200 */
    uint64_t seed;          /* default 0 */
} throng_panel_def;

THRONG_API throng_panel_def throng_panel_default(void);

/**
 * Draws a panel from one time: `size` different rows, with probability proportional to weight (successive sampling by
 * exponential keys, Efraimidis and Spirakis 2006, doi 10.1016/j.ipl.2005.11.003), in the order drawn. Rows of weight 0
 * are never drawn.
 * @param rows [size] out  @param n_drawn out, fewer than size if there are not enough rows
 * Cost: a pass over the rows of the time.
 */
THRONG_API THRONG_MUST_USE throng_status throng_panel_draw(throng_context *context, const throng_population *population,
                                                           int64_t time, int size, uint64_t seed, int64_t *rows,
                                                           int *n_drawn, throng_error *err);

/* ---- comparing ------------------------------------------------------------------------------------------------- */

/** A panel's credits P against the crowd's credits C of the same agents. NaN: it does not exist. */
typedef struct throng_panel_comparison {
    double scale;            /* s = (P . C) / (C . C), the one factor for which |P - s C| is least; NaN if C is 0 */
    double residual;         /* |P - s C| / |P|, in [0, 1]: what no single factor explains; NaN if P is 0 */
    double angle;            /* degrees between P and C, in [0, 180]. Where credits are phi_i = p_i g_i . c it is the
                                angle between c_panel and c_full in the metric sum of w_i^2 g_i g_i^T that the
                                panel's g_i span; its sine is the residual */
    double rank_correlation; /* Spearman's, ties at their mean rank; NaN if either is all ties */
    double sign_flips;       /* agents whose two credits have different signs */
    double corrected_error;  /* |corrected - C| / |C|, see throng_aggregates_credit; NaN: there is no correction */
} throng_panel_comparison;

/** Compares two vectors of credits. corrected_error is left NaN. @param panel [n] P  @param crowd [n] C */
THRONG_API THRONG_MUST_USE throng_status throng_panel_compare(throng_context *context, int64_t n, const double *panel,
                                                              const double *crowd, throng_panel_comparison *out,
                                                              throng_error *err);

/** One number over many panels: its 5 %, 50 % and 95 % quantile, NaN where no panel has it. */
typedef struct throng_panel_quantiles {
    double low, median, high;
} throng_panel_quantiles;

/** What chance does: the comparison over further draws of the same size and bias. */
typedef struct throng_panel_spread {
    int draws;     /* panels that were compared */
    int undefined; /* draws left out: the panel alone has no attribution (all its states are equal, say) */
    throng_panel_quantiles scale, residual, angle, rank_correlation, sign_flips, corrected_error;
    int n_cohorts;
    const throng_panel_quantiles *share;          /* [n_cohorts] phi of the members in a cohort / sum of phi */
    const throng_panel_quantiles *absolute_share; /* [n_cohorts] the same of |phi| */
} throng_panel_spread;

/** A panel beside the crowd it was drawn from; what it points to belongs to a throng_panel, or to the caller. */
typedef struct throng_panel_view {
    const throng_attribution *attribution; /* of the panel on its own: one time, one row an agent drawn */
    const int64_t *rows;                   /* [n] rows of the crowd that were drawn, in the panel's order */
    int n;
    int64_t time; /* the time of the crowd that it was drawn from */
    bool given;   /* nobody was drawn: the rows are all there is, and the crowd is known by its aggregates only */
    throng_panel_bias bias;
    const throng_panel_comparison *comparison; /* NULL: not compared */
    const throng_panel_spread *spread;         /* NULL: one panel only */
    const double *corrected;                   /* [n] the members' credits from the crowd's aggregates alone; NULL */
    const char *uncorrected;                   /* why there is no correction, as a sentence; NULL */
} throng_panel_view;

typedef struct throng_panel throng_panel;

/**
 * Draws a panel from the crowd's last time, attributes it as if there were nobody else, and compares.
 *
 * The panel's own attribution takes over everything that the crowd's resolved: indicator with its parameters and bins,
 * method, path, baseline. Members bring their own baselines along; a baseline that is the mean is the panel's mean.
 *
 * @param crowd    must outlive the panel
 * @param cohorts  of the crowd, for the shares of the spread; NULL: none
 * @return THRONG_E_ARGUMENT: size < 1, draws < 0, more than there are agents to draw, TOP without weights; whatever
 *         attributing the panel alone returns; THRONG_E_CANCELLED.
 *
 * Cost: a pass to draw, a pass for the crowd's aggregates; with draws one for a table of 8 bytes a row, from which each
 * further panel costs O(size log rows) and its own attribution.
 */
THRONG_API THRONG_MUST_USE throng_status throng_panel_create(throng_context *context, const throng_attribution *crowd,
                                                             const throng_cohorts *cohorts, const throng_panel_def *def,
                                                             throng_panel **out, throng_error *err);
THRONG_API void throng_panel_free(throng_panel *panel);

/** What a panel holds; valid until it is freed. */
THRONG_API const throng_panel_view *throng_panel_look(const throng_panel *panel);

/* ---- aggregates: what a platform could publish ----------------------------------------------------------------- */

/** The few sums over one time of a crowd that its indicator is a function of, with everything that says how they are
 *  read. No agent can be told from them. */
typedef struct throng_aggregates throng_aggregates;

/**
 * The aggregates of one time of an attributed crowd.
 * @return THRONG_E_UNSUPPORTED, with one sentence: methods other than aumann-shapley; indicators without aggregates
 *         (Gini); on the state path those whose aggregates are no moments.
 * Cost: a pass over the rows of the time.
 */
THRONG_API THRONG_MUST_USE throng_status throng_aggregates_create(throng_context *context,
                                                                  const throng_attribution *crowd, int64_t time,
                                                                  throng_aggregates **out, throng_error *err);
THRONG_API void throng_aggregates_free(throng_aggregates *aggregates);

/** How many aggregates there are, and of how many agents. */
THRONG_API int throng_aggregates_count(const throng_aggregates *aggregates);
THRONG_API int64_t throng_aggregates_agents(const throng_aggregates *aggregates);

/**
 * The credits that a panel's agents have in the full crowd, from their own rows and the aggregates alone.
 *
 * phi_i = p_i (g(x_i) - absent_i) . c, where c, the integral of f's gradient, needs the aggregates only: the corrected
 * panel. It is what throng_attribute credits the same agents with in the crowd.
 *
 * @param panel  one time; with weights if the crowd counts by weight, and with a baseline column if agents have their
 *               own baselines
 * @param phi    [rows of the panel] out
 * @return THRONG_E_ARGUMENT: the panel lacks a column or has several times; THRONG_E_DEGENERATE: a credit is not
 * finite. Source: throng's construction; docs/scaling-bias.md.
 */
THRONG_API THRONG_MUST_USE throng_status throng_aggregates_credit(const throng_aggregates *aggregates,
                                                                  const throng_population *panel, double *phi,
                                                                  throng_error *err);

/**
 * The corrected panel as an attribution, and beside it what the panel says when it is attributed alone.
 *
 * The attribution's certificate is the crowd's, but for sum_phi, which is the members', and `efficient`, which is
 * false: a few agents' credits do not add up to what moved the crowd.
 *
 * @param members    as for throng_aggregates_credit; must outlive both results
 * @param corrected  out
 * @param panel      out; NULL if the panel alone has no attribution
 * @return what throng_aggregates_credit and throng_attribute return.
 */
THRONG_API THRONG_MUST_USE throng_status throng_panel_correct(throng_context *context,
                                                              const throng_aggregates *aggregates,
                                                              const throng_population *members,
                                                              throng_attribution **corrected, throng_panel **panel,
                                                              throng_error *err);

#ifdef __cplusplus
}
#endif
#endif
