/*
 * Ranks on MPI: the only code that knows it. Everything that is exchanged is bytes at places that both sides know; what
 * they mean, and when ranks talk, is decided in src/core/ranks.c. Without -Dmpi=enabled nothing of MPI is left here.
 */
#define _POSIX_C_SOURCE 200809L
#include "core/ranks.h"

#include <stdlib.h>
#include <string.h>

int throng_ranks_started(int *rank) {
    /* What mpirun of Open MPI sets; that of MPICH, and srun. */
    static const char *const variables[][2] = {{"OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK"},
                                               {"PMI_SIZE", "PMI_RANK"}};
    int size = 1, mine = 0;
    for (int i = 0; i < 2 && size == 1; i++) {
        const char *count = getenv(variables[i][0]), *number = getenv(variables[i][1]);
        size = count && number && atoi(count) > 1 ? atoi(count) : 1;
        mine = size > 1 ? atoi(number) : 0;
    }
    if (rank)
        *rank = mine;
    return size;
}

#ifdef THRONG_MPI

#include <limits.h>
#include <mpi.h>

typedef struct mpi_ranks {
    throng_i_ranks ranks;
    throng_context *context;
    int *counts, *places;  /* [ranks] */
    MPI_Request *requests; /* [2 * ranks] */
} mpi_ranks;

/* MPI counts in int: a longer message goes in pieces. */
#define PIECE ((int64_t)1 << 30)

static void agree(void *user, throng_status *status, throng_error *err, int64_t *value) {
    mpi_ranks *self = user;
    int64_t sums[2] = {*status != THRONG_OK, *value};
    MPI_Allreduce(MPI_IN_PLACE, sums, 2, MPI_INT64_T, MPI_SUM, MPI_COMM_WORLD);
    *value = sums[1];
    if (sums[0] == 0)
        return;
    int failed = *status != THRONG_OK ? self->ranks.rank : self->ranks.size;
    MPI_Allreduce(MPI_IN_PLACE, &failed, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
    MPI_Bcast(err->message, sizeof err->message, MPI_CHAR, failed, MPI_COMM_WORLD);
    int told[2] = {(int)*status, err->line};
    MPI_Bcast(told, 2, MPI_INT, failed, MPI_COMM_WORLD);
    if (failed != self->ranks.rank)
        err->file = "another rank";
    *status = err->status = (throng_status)told[0];
    err->line = told[1];
}

/* Everybody's bytes, one rank after the other. */
static void gather_long(const mpi_ranks *self, char *data, const int64_t *first) {
    for (int rank = 0; rank < self->ranks.size; rank++)
        for (int64_t at = first[rank]; at < first[rank + 1]; at += PIECE) {
            int64_t length = first[rank + 1] - at < PIECE ? first[rank + 1] - at : PIECE;
            MPI_Bcast(data + at, (int)length, MPI_BYTE, rank, MPI_COMM_WORLD);
        }
}

static void gather(void *user, void *data, const int64_t *first) {
    const mpi_ranks *self = user;
    if (first[self->ranks.size] > INT_MAX) {
        gather_long(self, data, first);
        return;
    }
    for (int rank = 0; rank < self->ranks.size; rank++) {
        self->counts[rank] = (int)(first[rank + 1] - first[rank]);
        self->places[rank] = (int)first[rank];
    }
    MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, data, self->counts, self->places, MPI_BYTE, MPI_COMM_WORLD);
}

/* Only those who have something for each other talk; all first pieces are under way at once. */
static void swap(void *user, const void *give, const int64_t *give_first, void *take, const int64_t *take_first) {
    const mpi_ranks *self = user;
    int me = self->ranks.rank;
    const char *from = give;
    char *to = take;
    bool more = true;
    if (give_first[me + 1] > give_first[me])
        memcpy(to + take_first[me], from + give_first[me], (size_t)(give_first[me + 1] - give_first[me]));
    for (int64_t done = 0; more; done += PIECE) {
        int n = 0;
        more = false;
        for (int rank = 0; rank < self->ranks.size; rank++) {
            int64_t in = take_first[rank + 1] - take_first[rank] - done;
            int64_t out = give_first[rank + 1] - give_first[rank] - done;
            more = more || (rank != me && (in > PIECE || out > PIECE));
            if (rank != me && in > 0)
                MPI_Irecv(to + take_first[rank] + done, (int)(in < PIECE ? in : PIECE), MPI_BYTE, rank, 0,
                          MPI_COMM_WORLD, &self->requests[n++]);
            if (rank != me && out > 0)
                MPI_Isend(from + give_first[rank] + done, (int)(out < PIECE ? out : PIECE), MPI_BYTE, rank, 0,
                          MPI_COMM_WORLD, &self->requests[n++]);
        }
        MPI_Waitall(n, self->requests, MPI_STATUSES_IGNORE);
    }
}

static void leave(void *user) {
    mpi_ranks *self = user;
    throng_context *context = self->context;
    throng_i_free(context, self->counts);
    throng_i_free(context, self->places);
    throng_i_free(context, self->requests);
    throng_i_free(context, self);
    MPI_Finalize();
}

static int ranks_near(void) {
    MPI_Comm near = MPI_COMM_NULL;
    int size = 1;
    MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &near);
    MPI_Comm_size(near, &size);
    MPI_Comm_free(&near);
    return size;
}

static throng_status connect(throng_context *context, throng_error *err) {
    throng_status status = THRONG_OK;
    mpi_ranks *self = NULL;
    int started = 0, level = 0, size = 0, rank = 0;
    MPI_Initialized(&started);
    THRONG_REQUIRE(!started, E_ARGUMENT, "A process joins the other ranks once.");
    MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &level);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    THRONG_TRY(throng_i_alloc(context, 1, sizeof *self, &self, err));
    self->context = context;
    THRONG_TRY(throng_i_alloc(context, size, sizeof *self->counts, &self->counts, err));
    THRONG_TRY(throng_i_alloc(context, size, sizeof *self->places, &self->places, err));
    THRONG_TRY(throng_i_alloc(context, 2 * size, sizeof(MPI_Request), &self->requests, err));
    self->ranks = (throng_i_ranks){.rank = rank,
                                   .size = size,
                                   .near = ranks_near(),
                                   .self = self,
                                   .agree = agree,
                                   .gather = gather,
                                   .swap = swap,
                                   .leave = leave};
    throng_i_ranks_set(context, &self->ranks);
out:
    if (status != THRONG_OK && size > 0)
        MPI_Abort(MPI_COMM_WORLD, 1); /* memory ran out before anybody could be told */
    return status;
}

#else

static throng_status connect(throng_context *context, throng_error *err) {
    (void)context;
    return THRONG_FAIL(err, E_UNSUPPORTED,
                       "%d processes were started, but this throng was built without MPI: each would do the whole run. "
                       "Build it with make MPI=1, or start it without mpirun.",
                       throng_ranks_started(NULL));
}

#endif

throng_status throng_ranks_join(throng_context *context, throng_error *err) {
    return throng_ranks_started(NULL) > 1 ? connect(context, err) : THRONG_OK;
}
