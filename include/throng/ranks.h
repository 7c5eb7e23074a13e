/** Several processes that run one study: mpirun -n 4 throng run study.yaml. Experimental. */
#ifndef THRONG_RANKS_H
#define THRONG_RANKS_H

#include "throng/core.h"

#ifdef __cplusplus
extern "C" {
#endif

/** How many processes mpirun (or srun) says that it started, 1 if none, and which of them this is: known before anybody
 *  joins. @param rank  out; may be NULL */
THRONG_API int throng_ranks_started(int *rank);

/**
 * Makes the context one of as many as mpirun started, its ranks; in a process that was started alone it does nothing.
 * Call it once, before anything else is done with the context. All ranks then call the same functions in the same
 * order, and get the same numbers, bit for bit those of one process; rank 0 alone reports, and writes all but the parts
 * of tables that others have. Of arrays over a crowd that a study shares out a rank has those of its agents.
 * @return THRONG_E_UNSUPPORTED if there are several processes, but this build of throng cannot make them one run.
 */
THRONG_API THRONG_MUST_USE throng_status throng_ranks_join(throng_context *context, throng_error *err);

/** How many ranks there are, 1 if the process is alone, and which this is. */
THRONG_API int throng_ranks_count(const throng_context *context);
THRONG_API int throng_ranks_mine(const throng_context *context);

/**
 * Waits until all ranks are here, each with its status; call it before the context is freed.
 * @param err in: why this rank failed; out: why the lowest one that did
 * @return the status of the lowest rank that failed; THRONG_OK if none did.
 */
THRONG_API throng_status throng_ranks_leave(throng_context *context, throng_status status, throng_error *err);

#ifdef __cplusplus
}
#endif
#endif
