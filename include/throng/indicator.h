/**
 * Indicators: one macro number of a crowd, with its gradient. All a plug-in author needs to know is in this file.
 *
 * An indicator is a function f of a few aggregates m[k] = sum_i p_i g_k(x_i), where x_i is an agent's state and p_i its
 * share of the total mass (1/N, or w_i/W for a weighted indicator; the shares always sum to 1). It says which g it
 * needs by its form, and gives f and the gradient of f; throng does all loops over agents.
 */
#ifndef THRONG_INDICATOR_H
#define THRONG_INDICATOR_H

#include "throng/graph.h"

#ifdef __cplusplus
extern "C" {
#endif

/** How agents enter an indicator. */
typedef enum throng_form {
    THRONG_FORM_MOMENTS,      /* m[j] = sum p_i x_i^j, j = 0..n_aggregates-1, n_aggregates 2..5 */
    THRONG_FORM_HISTOGRAM,    /* m[b] = mass in bin b, b = 0..bins-1; parameters THRONG_PARAMS_HISTOGRAM */
    THRONG_FORM_FEATURES,     /* m[j] = sum p_i g_j(x_i) with the descriptor's own g, j = 0..n_aggregates-1 (1..8) */
    THRONG_FORM_DISTRIBUTION, /* no aggregates: a function of all states and masses (Gini) */
    THRONG_FORM_NETWORK,      /* no aggregates: a function of who is joined to whom (reach), see throng_network */
    THRONG_FORM_COUNT
} throng_form;

#define THRONG_AGGREGATES_MAX 1024

/** What an indicator's functions may look at. */
typedef struct throng_setting {
    const double *param; /* values of the descriptor's parameters, in its order; 0 for TEXT */
    const void *state;   /* what `prepare` made of them; NULL if there is none */
    double low, width;   /* HISTOGRAM: left edge of bin 0 and width of a bin; the same at all times */
    int n_aggregates;    /* length of m */
    double n_agents;     /* agents at this time: for indicators that count */
} throng_setting;

/** Facts about an indicator that decide which paths are meaningful. */
enum {
    THRONG_INDICATOR_WEIGHTED = 1 << 0,        /* agents count by their weight, whatever parameters say */
    THRONG_INDICATOR_SHIFT_INVARIANT = 1 << 1, /* adding a constant to all states changes nothing */
    THRONG_INDICATOR_SCALE_INVARIANT = 1 << 2, /* multiplying all states by c > 0 changes nothing */
    THRONG_INDICATOR_NONNEGATIVE = 1 << 3,     /* states must not be negative */
    THRONG_INDICATOR_POSITIVE = 1 << 4,        /* states must be positive */
    THRONG_INDICATOR_ENDPOINTS = 1 << 5,       /* the gradient may be singular where a mass is 0 (x log x): the path is
                                                  integrated with nodes crowded at its ends */
    THRONG_INDICATOR_KINKED = 1 << 6,          /* not differentiable where states tie: said in reports */
    THRONG_INDICATOR_PRESENCE_ONLY = 1 << 7    /* NETWORK: states are labels that cannot move; presence path only */
};

/** What it means that an agent takes part with intensity alpha. */
typedef enum throng_path {
    THRONG_PATH_DEFAULT,  /* what the indicator's descriptor says */
    THRONG_PATH_STATE,    /* its state moves from baseline to observed: x(alpha) = b + alpha (x - b) */
    THRONG_PATH_PRESENCE, /* what it adds to each aggregate moves: (1 - alpha) g(b) + alpha g(x); in a network what it
                             has with others moves: an edge between i and j counts alpha_i alpha_j */
    THRONG_PATH_COUNT
} throng_path;

/** What the parameters of an indicator may change about it. */
typedef struct throng_prepared {
    int n_aggregates; /* MOMENTS and FEATURES may lower it */
    bool endpoints;   /* THRONG_INDICATOR_ENDPOINTS */
} throng_prepared;

#define THRONG_NETWORK_CONSTANTS 8

/** What a NETWORK indicator looks at: the agents of one time, those of their edges that join two of them, in the order
 *  of rows. */
typedef struct throng_network {
    int64_t n;
    throng_adjacency out, in;
    const double *state; /* [n] observed, or on the state path where the agents are on their way */
    const double *mass;  /* [n] shares that add up to 1 */
    double constant[THRONG_NETWORK_CONSTANTS]; /* what `observe` found; 0 without */
    double *scratch;                           /* [8 n] */
    int64_t *order;                            /* [n] scratch, too */
} throng_network;

/** An indicator plug-in. Unused functions are NULL. */
typedef struct throng_indicator {
    throng_about about;
    throng_form form;
    int n_aggregates;     /* see throng_form; 0 for HISTOGRAM and DISTRIBUTION */
    unsigned flags;       /* THRONG_INDICATOR_... */
    throng_path path;     /* the default path: STATE or PRESENCE */
    const char *baseline; /* the default baseline: "neutral" (0) or "mean" */
    const char
        *undefined; /* when the value does not exist, as a clause ("all states are equal"); NULL: always exists */

    /** Optional: called once, before anything else, to read parameters that take some reading, such as a formula.
     *  @param text   [parameters] values of TEXT parameters, NULL for others; gone afterwards
     *  @param state  [state_size] bytes, zeroed, that throng allocates and frees: what other functions find in
     *                setting->state, from several threads at once
     *  @param out    the descriptor's facts, which may be narrowed to what these parameters need
     *  @return THRONG_E_PARAMETER with one sentence that begins with the indicator's name. */
    throng_status (*prepare)(const throng_setting *setting, const char *const *text, void *state, throng_prepared *out,
                             throng_error *err);
    size_t state_size;

    /** f(m); NaN where it is undefined. All forms but DISTRIBUTION; required there. */
    double (*value)(const throng_setting *setting, const double *m);

    /** out[k] = df/dm_k at m. Optional: NULL makes throng take central differences, and say so. */
    void (*gradient)(const throng_setting *setting, const double *m, double *out);

    /** FEATURES: g[0..n_aggregates-1] at state x, and their derivatives in x into slope. */
    void (*features)(const throng_setting *setting, double x, double *g, double *slope);

    /** DISTRIBUTION: the value for n points x[i] of mass p[i] >= 0 that sum to 1. If d_state is not NULL, also
     *  d_state[i] = d value / d x[i] and d_mass[i] = d value / d p[i]. `order` [n] is scratch space. NaN if undefined.
     */
    double (*distribution)(const throng_setting *setting, int64_t n, const double *x, const double *p, int64_t *order,
                           double *d_state, double *d_mass);

    /** NETWORK: the value when agent i takes part with alpha[i]. If not NULL, d_alpha[n] and d_state[n] are set to its
     *  derivatives. Whatever the value is divided by must be a constant that `observe` found in the crowd as it is:
     * what is divided by those present does not change while everybody leaves alike. THRONG_E_DOMAIN, _DEGENERATE. */
    throng_status (*network)(const throng_setting *setting, const throng_network *network, const double *alpha,
                             double *value, double *d_alpha, double *d_state, throng_error *err);
    /** NETWORK, optional: looks once at the observed crowd, checks it and fills constant. THRONG_E_DOMAIN, _DEGENERATE.
     */
    throng_status (*observe)(const throng_setting *setting, const throng_network *network, double *constant,
                             throng_error *err);
} throng_indicator;

/** Parameters that every HISTOGRAM indicator must list, in any place of its table. */
#define THRONG_PARAMS_HISTOGRAM                                                                                        \
    {"bins", THRONG_PARAM_INTEGER, 21, 2, THRONG_AGGREGATES_MAX, "", "number of equal bins"},                          \
        {"low",                                                                                                        \
         THRONG_PARAM_AUTO,                                                                                            \
         THRONG_AUTO,                                                                                                  \
         -1e300,                                                                                                       \
         1e300,                                                                                                        \
         "state",                                                                                                      \
         "left edge of the first bin; auto: the smallest state or baseline of all times"},                             \
    {                                                                                                                  \
        "high", THRONG_PARAM_AUTO, THRONG_AUTO, -1e300, 1e300, "state",                                                \
            "right edge of the last bin; auto: the largest; states outside fall into the outer bins"                   \
    }

/** The parameter by which a user makes agents count by their weight. Every indicator may list it. */
#define THRONG_PARAM_WEIGHTED                                                                                          \
    { "weighted", THRONG_PARAM_FLAG, 0, 0, 1, "", "agents count by their weight instead of equally" }

/** The default of an AUTO parameter. */
#define THRONG_AUTO ((double)(0.0f / 0.0f))

#ifdef __cplusplus
}
#endif
#endif
