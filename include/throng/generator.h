/**
 * Generators: crowds made from counter-based random numbers, the same bits for any number of threads.
 */
#ifndef THRONG_GENERATOR_H
#define THRONG_GENERATOR_H

#include "throng/table.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What a generator is asked for. */
typedef struct throng_generator_def {
    int64_t n_agents; /* >= 1, <= 2^31 - 1 */
    int32_t n_days;   /* 1..36525 */
    uint64_t seed;
    const double *param; /* the descriptor's parameters, in its order */
} throng_generator_def;

/** A generator plug-in. */
typedef struct throng_generator {
    throng_about about;
    /** Makes the whole table. Columns and their meaning are in about.details. */
    throng_status (*generate)(throng_context *context, const throng_generator_def *def, throng_table **out,
                              throng_error *err);
} throng_generator;

/** The state of one agent, from draws of its own: throng_random_...(random, agent, ...). */
typedef double (*throng_state_fn)(throng_random random, uint64_t agent, const double *param);

/**
 * Makes the table of a generator that has nothing but states: columns id (0..agents-1) and state, a row an agent.
 * @return THRONG_E_PARAMETER if more than one day is asked for; THRONG_E_MEMORY, THRONG_E_CANCELLED.
 */
THRONG_API THRONG_MUST_USE throng_status throng_generate_states(throng_context *context,
                                                                const throng_generator_def *def,
                                                                throng_state_fn state_of, throng_table **out,
                                                                throng_error *err);

/**
 * Generates a crowd: finds the generator, checks its parameters and runs it.
 * @param generator "bluesky" or "planted:share=0.01": a name and its parameters
 * @return THRONG_E_UNKNOWN_NAME, THRONG_E_PARAMETER, THRONG_E_ARGUMENT (no agents, too many), THRONG_E_MEMORY.
 */
THRONG_API THRONG_MUST_USE throng_status throng_generate(throng_context *context, const char *generator,
                                                         int64_t n_agents, int32_t n_days, uint64_t seed,
                                                         throng_table **out, throng_error *err);

#ifdef __cplusplus
}
#endif
#endif
