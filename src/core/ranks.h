/*
 * Several processes, ranks, that run the same study side by side, each with its share of the crowd.
 *
 * A share is a range of whole chunks, so that sums over chunks come out the same whoever makes them: arrays over the
 * crowd keep their length and their order, and a rank fills and reads the places of its share. What it never touches
 * takes no memory. All that a rank does in common with the others goes through the functions here, which all ranks call
 * in the same order; each begins with everybody saying whether all is well, so that one rank's failure is all ranks'.
 * A process that is alone has no ranks, and all of this costs it nothing.
 */
#ifndef THRONG_SRC_CORE_RANKS_H
#define THRONG_SRC_CORE_RANKS_H

#include "core/core.h"
#include "throng/ranks.h"

/* How ranks talk to each other: src/dist. Lists `first` are of bytes, [size + 1]: rank r's are first[r] .. first[r + 1]
 * - 1. */
typedef struct throng_i_ranks {
    int rank, size;
    int near;         /* how many of them share this machine, this one included */
    int64_t given;    /* bytes that this one swapped with others so far */
    throng_error why; /* what all agreed on, once one has failed */
    void *self;
    /* Everybody's status and message become those of the lowest rank that failed; *value the sum of everybody's. */
    void (*agree)(void *self, throng_status *status, throng_error *err, int64_t *value);
    /* Everybody's bytes in one array, at their places; this rank's are there. */
    void (*gather)(void *self, void *data, const int64_t *first);
    /* Gives every rank its bytes of `give`, and takes what they have for this one. */
    void (*swap)(void *self, const void *give, const int64_t *give_first, void *take, const int64_t *take_first);
    void (*leave)(void *self);
} throng_i_ranks;

/* Makes the context one of several; it takes over the ranks, which may be NULL. */
void throng_i_ranks_set(throng_context *context, throng_i_ranks *ranks);

/* From here on the process is alone, until the ranks that are given back are set again: for work that is no other
 * rank's business. NULL: it was alone before. */
throng_i_ranks *throng_i_ranks_put_by(throng_context *context);

/* Bytes that this rank has given to others one by one so far, for benchmarks. */
int64_t throng_i_ranks_given(const throng_context *context);

/* A part of 0..n-1. */
typedef struct throng_i_share {
    int64_t begin, end;
} throng_i_share;

/* The share of a rank, or of this one: everything if the process is alone. */
throng_i_share throng_i_share_of(const throng_context *context, int64_t n, int rank);
throng_i_share throng_i_share_mine(const throng_context *context, int64_t n);

/* owner[c] = the rank in whose share the chunk c of n rows is. @param owner [chunks] out */
void throng_i_share_owners(const throng_context *context, int64_t n, int32_t *owner);

/* throng_chunks_for over this rank's share; chunks have the index they have among all. */
THRONG_MUST_USE throng_status throng_i_share_for(throng_context *context, int64_t n, throng_chunk_fn body, void *user,
                                                 const throng_progress *progress, throng_error *err);

/* throng_i_sum_over with every rank adding up its share: the same bits, and all have them. */
THRONG_MUST_USE throng_status throng_i_share_sum(throng_context *context, int64_t n, int width, throng_i_sum_fn body,
                                                 void *user, const throng_progress *progress, double *out,
                                                 throng_error *err);

/* Completes an array of n items, of which this rank has filled its share. */
THRONG_MUST_USE throng_status throng_i_share_gather(throng_context *context, int64_t n, size_t size, void *data,
                                                    throng_error *err);

/* Completes it at rank 0 alone; the others keep what they have. */
THRONG_MUST_USE throng_status throng_i_share_collect(throng_context *context, int64_t n, size_t size, void *data,
                                                     throng_error *err);

/* Goes on from `state` with some of the rows. */
typedef void (*throng_i_turn_fn)(void *user, throng_i_share rows, void *state);

/* What a loop over all rows does in their order, one rank after the other: each begins with the state that the last one
 * left, and all get what the end leaves. For sums that were never made by chunks, and for little else: ranks wait. If
 * it fails everybody knows. */
THRONG_MUST_USE throng_status throng_i_share_in_turn(throng_context *context, int64_t n, throng_i_turn_fn body,
                                                     void *user, void *state, int64_t size, throng_error *err);

/* Gives everybody the bytes that one rank has. */
THRONG_MUST_USE throng_status throng_i_ranks_tell(throng_context *context, int from, void *data, int64_t size,
                                                  throng_error *err);

/* Tells everybody of a failure here, for those who go on all the same: nobody will wait for what does not come. Gives
 * the status back. */
throng_status throng_i_ranks_fail(throng_context *context, throng_status status, throng_error *err);

/* *flag = whether it is set on any rank. */
THRONG_MUST_USE throng_status throng_i_ranks_any(throng_context *context, bool *flag, throng_error *err);

/* *value = the sum of what it is on all ranks. */
THRONG_MUST_USE throng_status throng_i_ranks_total(throng_context *context, int64_t *value, throng_error *err);

/* An even part of n pieces of work that do not lie over the crowd: one rank's, or this one's; and what came of all
 * pieces, of `size` bytes each, of which this rank has filled its part. */
throng_i_share throng_i_part_of(const throng_context *context, int64_t n, int rank);
throng_i_share throng_i_part_mine(const throng_context *context, int64_t n);
THRONG_MUST_USE throng_status throng_i_part_gather(throng_context *context, int64_t n, size_t size, void *data,
                                                   throng_error *err);

/* Bytes of one rank, another one than 0, come to rank 0. @param from where they are there; @param to [bytes] here */
THRONG_MUST_USE throng_status throng_i_ranks_bring(throng_context *context, int rank, const void *from, int64_t bytes,
                                                   void *to, throng_error *err);

/* *all = the texts of all ranks in one, each with its zero; free it. */
THRONG_MUST_USE throng_status throng_i_ranks_texts(throng_context *context, const char *mine, char **all,
                                                   throng_error *err);

/* What each rank has for each: lists of items, as those of bytes above, [ranks + 1]. */
THRONG_MUST_USE throng_status throng_i_ranks_swap(throng_context *context, size_t size, const void *give,
                                                  const int64_t *give_first, void *take, const int64_t *take_first,
                                                  throng_error *err);

/* Completes an array of which rank r has filled the items first[r] .. first[r + 1] - 1. */
THRONG_MUST_USE throng_status throng_i_ranks_gather(throng_context *context, const int64_t *first, size_t size,
                                                    void *data, throng_error *err);

/* counts[r] = what rank r gave as counts[this rank]: for `take` lists. */
THRONG_MUST_USE throng_status throng_i_ranks_counts(throng_context *context, const int64_t *give, int64_t *take,
                                                    throng_error *err);

/* E_UNSUPPORTED if there are several ranks: "leave-one-out is not available on more than one rank: <why>." */
THRONG_MUST_USE throng_status throng_i_ranks_refuse(const throng_context *context, const char *what, const char *why,
                                                    throng_error *err);

#endif
