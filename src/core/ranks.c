/* Shares of a crowd, and what ranks do in common; who carries the bytes is src/dist's business. */
#include "core/ranks.h"

#include "core/context.h"

#include <string.h>

/* ---- life ------------------------------------------------------------------------------------------------------ */

void throng_i_ranks_set(throng_context *context, throng_i_ranks *ranks) {
    context->ranks = ranks;
}

throng_i_ranks *throng_i_ranks_put_by(throng_context *context) {
    throng_i_ranks *ranks = context->ranks;
    context->ranks = NULL;
    return ranks;
}

int throng_ranks_count(const throng_context *context) {
    return context->ranks ? context->ranks->size : 1;
}

int throng_ranks_mine(const throng_context *context) {
    return context->ranks ? context->ranks->rank : 0;
}

int64_t throng_i_ranks_given(const throng_context *context) {
    return context->ranks ? context->ranks->given : 0;
}

/* Whether all is well with everybody, and a sum. Once it was not, nobody is asked again: all are on their way out. */
static throng_status agree_on(throng_context *context, throng_status status, int64_t *value, throng_error *err) {
    throng_i_ranks *ranks = context->ranks;
    if (ranks->why.status == THRONG_OK) {
        throng_error why = {.status = status};
        if (status != THRONG_OK && err)
            why = *err;
        ranks->agree(ranks->self, &status, &why, value);
        if (status != THRONG_OK)
            ranks->why = why;
    }
    if (ranks->why.status != THRONG_OK && err)
        *err = ranks->why;
    return ranks->why.status;
}

static throng_status agree(throng_context *context, throng_status status, throng_error *err) {
    int64_t unused = 0;
    return agree_on(context, status, &unused, err);
}

throng_status throng_ranks_leave(throng_context *context, throng_status status, throng_error *err) {
    throng_i_ranks *ranks = context->ranks;
    if (!ranks)
        return status;
    status = agree(context, status, err);
    ranks->leave(ranks->self);
    context->ranks = NULL;
    return status;
}

throng_status throng_i_ranks_refuse(const throng_context *context, const char *what, const char *why,
                                    throng_error *err) {
    if (throng_ranks_count(context) == 1)
        return THRONG_OK;
    return THRONG_FAIL(err, E_UNSUPPORTED, "%s is not available on more than one rank: %s.", what, why);
}

/* ---- shares ---------------------------------------------------------------------------------------------------- */

static int64_t first_chunk(int64_t n_chunks, int rank, int size) {
    return n_chunks / size * rank + n_chunks % size * rank / size;
}

throng_i_share throng_i_part_of(const throng_context *context, int64_t n, int rank) {
    int size = throng_ranks_count(context);
    return (throng_i_share){first_chunk(n, rank, size), first_chunk(n, rank + 1, size)};
}

throng_i_share throng_i_part_mine(const throng_context *context, int64_t n) {
    return throng_i_part_of(context, n, throng_ranks_mine(context));
}

throng_i_share throng_i_share_of(const throng_context *context, int64_t n, int rank) {
    int size = throng_ranks_count(context);
    int64_t n_chunks = throng_i_chunk_count(n);
    throng_i_share share = {first_chunk(n_chunks, rank, size) * THRONG_CHUNK_ROWS,
                            first_chunk(n_chunks, rank + 1, size) * THRONG_CHUNK_ROWS};
    share.begin = share.begin < n ? share.begin : n;
    share.end = share.end < n ? share.end : n;
    return share;
}

throng_i_share throng_i_share_mine(const throng_context *context, int64_t n) {
    return throng_i_share_of(context, n, throng_ranks_mine(context));
}

void throng_i_share_owners(const throng_context *context, int64_t n, int32_t *owner) {
    for (int rank = 0; rank < throng_ranks_count(context); rank++) {
        throng_i_share share = throng_i_share_of(context, n, rank);
        for (int64_t c = share.begin / THRONG_CHUNK_ROWS; c < throng_i_chunk_count(share.end); c++)
            owner[c] = rank;
    }
}

throng_status throng_i_share_for(throng_context *context, int64_t n, throng_chunk_fn body, void *user,
                                 const throng_progress *progress, throng_error *err) {
    throng_i_share mine = throng_i_share_mine(context, n);
    return throng_i_chunks_between(context, mine.begin / THRONG_CHUNK_ROWS, throng_i_chunk_count(mine.end - mine.begin),
                                   n, body, user, progress, err);
}

/* ---- sums ------------------------------------------------------------------------------------------------------ */

/*
 * Sums over chunks are made in batches, and pairwise within a batch: a tree that depends on the number of rows alone.
 * Each rank adds up the branches that lie within its share and hands over their roots, at most two a level and batch;
 * what is left of the tree, everybody does.
 */
typedef struct share_sum {
    throng_context *context;
    int64_t n_chunks, batch;
    int width;
    double *rows;   /* [batch][width] */
    double *packed; /* [roots of all ranks][width] */
    int64_t *first; /* [ranks + 1] bytes of each rank's roots */
    int64_t *at;    /* [ranks] the next root of each rank */
} share_sum;

/* Chunks first .. first + m - 1 are a batch; those of them from lo to hi are a rank's. */
typedef struct batch_view {
    int64_t first, m, lo, hi;
} batch_view;

static batch_view view_of(const share_sum *self, int64_t first, int rank) {
    int size = throng_ranks_count(self->context);
    batch_view view = {first, self->n_chunks - first < self->batch ? self->n_chunks - first : self->batch,
                       first_chunk(self->n_chunks, rank, size) - first,
                       first_chunk(self->n_chunks, rank + 1, size) - first};
    view.lo = view.lo < 0 ? 0 : view.lo > view.m ? view.m : view.lo;
    view.hi = view.hi < 0 ? 0 : view.hi > view.m ? view.m : view.hi;
    return view;
}

/* Rows of the branch that begins at `at` and is the longest within the rank's part. */
static int64_t branch_length(const batch_view *view, int64_t at) {
    int64_t length = 1;
    while (at % (2 * length) == 0 && at + length < view->m &&
           (at + 2 * length < view->m ? at + 2 * length : view->m) <= view->hi)
        length *= 2;
    return at + length < view->m ? length : view->m - at;
}

static void add_row(const share_sum *self, int64_t to, int64_t from) {
    for (int j = 0; j < self->width; j++)
        self->rows[to * self->width + j] += self->rows[from * self->width + j];
}

/* Adds up the branches of this rank's part. */
static void add_branches(const share_sum *self, const batch_view *view) {
    int64_t length = 0;
    for (int64_t at = view->lo; at < view->hi; at += length) {
        length = branch_length(view, at);
        for (int64_t step = 1; step < length; step *= 2)
            for (int64_t i = 0; i + step < length; i += 2 * step)
                add_row(self, at + i, at + i + step);
    }
}

/* Adds up what no rank could: at each level the pairs that the end of a share runs through. */
static void add_across(const share_sum *self, int64_t first, int64_t m) {
    int size = throng_ranks_count(self->context);
    for (int64_t step = 1; step < m; step *= 2) {
        int64_t done = -1;
        for (int rank = 1; rank < size; rank++) {
            int64_t border = first_chunk(self->n_chunks, rank, size) - first, i = border / (2 * step) * (2 * step);
            if (border <= 0 || border >= m || i == border || i == done)
                continue;
            done = i;
            if (i + step < m)
                add_row(self, i, i + step);
        }
    }
}

/* Copies the roots of a rank's branches in a batch to the packed ones, or from there; only counts without rows. */
static void move_roots(const share_sum *self, int64_t first, int rank, bool pack) {
    batch_view view = view_of(self, first, rank);
    size_t bytes = (size_t)self->width * sizeof(double);
    for (int64_t at = view.lo; at < view.hi; at += branch_length(&view, at), self->at[rank]++) {
        double *root = self->packed ? self->packed + self->at[rank] * self->width : NULL;
        if (root && pack)
            memcpy(root, self->rows + at * self->width, bytes);
        else if (root)
            memcpy(self->rows + at * self->width, root, bytes);
    }
}

static void start_roots(const share_sum *self) {
    for (int rank = 0; rank < throng_ranks_count(self->context); rank++)
        self->at[rank] = self->first[rank] / (self->width * (int64_t)sizeof(double));
}

static throng_status share_sum_init(share_sum *self, throng_error *err) {
    throng_status status = THRONG_OK;
    int size = throng_ranks_count(self->context);
    THRONG_TRY(throng_i_alloc(self->context, size + 1, sizeof *self->first, &self->first, err));
    THRONG_TRY(throng_i_alloc(self->context, size, sizeof *self->at, &self->at, err));
    for (int64_t first = 0; first < self->n_chunks; first += self->batch)
        for (int rank = 0; rank < size; rank++)
            move_roots(self, first, rank, true);
    for (int rank = 0; rank < size; rank++)
        self->first[rank + 1] = self->first[rank] + self->at[rank] * self->width * (int64_t)sizeof(double);
    int64_t length = self->n_chunks < self->batch ? self->n_chunks : self->batch;
    THRONG_TRY(throng_i_alloc(self->context, length * self->width, sizeof(double), &self->rows, err));
    THRONG_TRY(throng_i_alloc(self->context, self->first[size], 1, &self->packed, err));
    start_roots(self);
out:
    return status;
}

static void share_sum_clear(share_sum *self) {
    throng_i_free(self->context, self->rows);
    throng_i_free(self->context, self->packed);
    throng_i_free(self->context, self->first);
    throng_i_free(self->context, self->at);
}

static throng_status gather(throng_context *context, void *data, const int64_t *first, throng_error *err) {
    throng_status status = agree(context, THRONG_OK, err);
    if (status == THRONG_OK)
        context->ranks->gather(context->ranks->self, data, first);
    return status;
}

throng_status throng_i_share_sum(throng_context *context, int64_t n, int width, throng_i_sum_fn body, void *user,
                                 const throng_progress *progress, double *out, throng_error *err) {
    throng_status status = THRONG_OK;
    if (!context->ranks)
        return throng_i_sum_over(context, n, width, body, user, progress, out, err);
    int size = throng_ranks_count(context), mine = throng_ranks_mine(context);
    share_sum self = {
        .context = context, .n_chunks = throng_i_chunk_count(n), .batch = throng_i_sum_batch(width), .width = width};
    memset(out, 0, (size_t)width * sizeof *out);
    THRONG_TRY(share_sum_init(&self, err));
    for (int64_t first = 0; first < self.n_chunks; first += self.batch) {
        batch_view view = view_of(&self, first, mine);
        THRONG_TRY(throng_i_chunk_sums(context, first + view.lo, view.hi - view.lo, n, width, body, user, progress,
                                       self.rows + view.lo * width, err));
        add_branches(&self, &view);
        move_roots(&self, first, mine, true);
    }
    THRONG_TRY(gather(context, self.packed, self.first, err));
    start_roots(&self);
    for (int64_t first = 0; first < self.n_chunks; first += self.batch) {
        for (int rank = 0; rank < size; rank++)
            move_roots(&self, first, rank, false);
        add_across(&self, first, view_of(&self, first, mine).m);
        for (int j = 0; j < width; j++)
            out[j] += self.rows[j];
    }
out:
    share_sum_clear(&self);
    return status;
}

throng_status throng_i_ranks_fail(throng_context *context, throng_status status, throng_error *err) {
    return context->ranks && status != THRONG_OK ? agree(context, status, err) : status;
}

/* ---- the rest -------------------------------------------------------------------------------------------------- */

throng_status throng_i_ranks_gather(throng_context *context, const int64_t *first, size_t size, void *data,
                                    throng_error *err) {
    throng_status status = THRONG_OK;
    int64_t *bytes = NULL;
    int count = throng_ranks_count(context);
    THRONG_TRY(throng_i_alloc(context, count + 1, sizeof *bytes, &bytes, err));
    for (int rank = 0; rank <= count; rank++)
        bytes[rank] = first[rank] * (int64_t)size;
    THRONG_TRY(gather(context, data, bytes, err));
out:
    throng_i_free(context, bytes);
    return status;
}

/* Completes an array of which each rank has filled what `of` says. */
static throng_status gather_shares(throng_context *context, throng_i_share (*of)(const throng_context *, int64_t, int),
                                   int64_t n, size_t size, void *data, throng_error *err) {
    throng_status status = THRONG_OK;
    int64_t *first = NULL;
    int count = throng_ranks_count(context);
    if (!context->ranks)
        return THRONG_OK;
    THRONG_TRY(throng_i_alloc(context, count + 1, sizeof *first, &first, err));
    for (int rank = 0; rank < count; rank++)
        first[rank + 1] = of(context, n, rank).end;
    THRONG_TRY(throng_i_ranks_gather(context, first, size, data, err));
out:
    throng_i_free(context, first);
    return status;
}

throng_status throng_i_share_gather(throng_context *context, int64_t n, size_t size, void *data, throng_error *err) {
    return gather_shares(context, throng_i_share_of, n, size, data, err);
}

throng_status throng_i_part_gather(throng_context *context, int64_t n, size_t size, void *data, throng_error *err) {
    return gather_shares(context, throng_i_part_of, n, size, data, err);
}

throng_status throng_i_ranks_bring(throng_context *context, int rank, const void *from, int64_t bytes, void *to,
                                   throng_error *err) {
    throng_status status = THRONG_OK;
    int64_t *give = NULL;
    int count = throng_ranks_count(context), mine = throng_ranks_mine(context);
    THRONG_TRY(throng_i_alloc(context, 2 * (count + 1), sizeof *give, &give, err));
    int64_t *take = give + count + 1;
    for (int r = 1; r <= count; r++) {
        give[r] = mine == rank ? bytes : 0;
        take[r] = mine == 0 && r > rank ? bytes : 0;
    }
    THRONG_TRY(throng_i_ranks_swap(context, 1, from, give, to, take, err));
out:
    throng_i_free(context, give);
    return status;
}

throng_status throng_i_ranks_texts(throng_context *context, const char *mine, char **all, throng_error *err) {
    throng_status status = THRONG_OK;
    int64_t *length = NULL, *first = NULL;
    int count = throng_ranks_count(context), rank = throng_ranks_mine(context);
    THRONG_TRY(throng_i_alloc(context, count, sizeof *length, &length, err));
    THRONG_TRY(throng_i_alloc(context, count + 1, sizeof *first, &first, err));
    length[rank] = (int64_t)strlen(mine) + 1;
    THRONG_TRY(throng_i_part_gather(context, count, sizeof *length, length, err));
    for (int r = 0; r < count; r++)
        first[r + 1] = first[r] + length[r];
    THRONG_TRY(throng_i_resize(context, all, first[count], 1, err));
    memcpy(*all + first[rank], mine, (size_t)length[rank]);
    if (count > 1)
        THRONG_TRY(throng_i_ranks_gather(context, first, 1, *all, err));
out:
    throng_i_free(context, length);
    throng_i_free(context, first);
    return status;
}

throng_status throng_i_ranks_swap(throng_context *context, size_t size, const void *give, const int64_t *give_first,
                                  void *take, const int64_t *take_first, throng_error *err) {
    throng_status status = THRONG_OK;
    int64_t *bytes = NULL;
    int count = throng_ranks_count(context);
    THRONG_TRY(throng_i_alloc(context, 2 * (count + 1), sizeof *bytes, &bytes, err));
    for (int rank = 0; rank <= count; rank++) {
        bytes[rank] = give_first[rank] * (int64_t)size;
        bytes[count + 1 + rank] = take_first[rank] * (int64_t)size;
    }
    THRONG_TRY(agree(context, THRONG_OK, err));
    int mine = throng_ranks_mine(context);
    context->ranks->given += bytes[count] - (bytes[mine + 1] - bytes[mine]);
    context->ranks->swap(context->ranks->self, give, bytes, take, bytes + count + 1);
out:
    throng_i_free(context, bytes);
    return status;
}

throng_status throng_i_share_collect(throng_context *context, int64_t n, size_t size, void *data, throng_error *err) {
    throng_status status = THRONG_OK;
    int64_t *give = NULL;
    int count = throng_ranks_count(context), mine = throng_ranks_mine(context);
    throng_i_share share = throng_i_share_mine(context, n);
    if (!context->ranks)
        return THRONG_OK;
    THRONG_TRY(throng_i_alloc(context, 2 * (count + 1), sizeof *give, &give, err));
    int64_t *take = give + count + 1;
    for (int rank = 0; rank < count; rank++) {
        give[rank + 1] = mine > 0 ? share.end - share.begin : 0;
        take[rank + 1] = mine > 0 ? 0 : throng_i_share_of(context, n, rank).end;
    }
    THRONG_TRY(throng_i_ranks_swap(context, size, (char *)data + (size_t)share.begin * size, give, data, take, err));
out:
    throng_i_free(context, give);
    return status;
}

throng_status throng_i_ranks_tell(throng_context *context, int from, void *data, int64_t size, throng_error *err) {
    throng_status status = THRONG_OK;
    int64_t *first = NULL;
    int count = throng_ranks_count(context);
    if (!context->ranks)
        return THRONG_OK;
    THRONG_TRY(throng_i_alloc(context, count + 1, sizeof *first, &first, err));
    for (int rank = from; rank < count; rank++)
        first[rank + 1] = size;
    THRONG_TRY(gather(context, data, first, err));
out:
    throng_i_free(context, first);
    return status;
}

throng_status throng_i_share_in_turn(throng_context *context, int64_t n, throng_i_turn_fn body, void *user, void *state,
                                     int64_t size, throng_error *err) {
    throng_status status = THRONG_OK;
    int mine = throng_ranks_mine(context);
    for (int rank = 0; rank < throng_ranks_count(context); rank++) {
        if (rank == mine)
            body(user, throng_i_share_mine(context, n), state);
        THRONG_TRY(throng_i_ranks_tell(context, rank, state, size, err));
    }
out:
    return throng_i_ranks_fail(context, status, err);
}

throng_status throng_i_ranks_counts(throng_context *context, const int64_t *give, int64_t *take, throng_error *err) {
    throng_status status = THRONG_OK;
    int64_t *first = NULL;
    int count = throng_ranks_count(context);
    THRONG_TRY(throng_i_alloc(context, count + 1, sizeof *first, &first, err));
    for (int rank = 0; rank <= count; rank++)
        first[rank] = rank;
    THRONG_TRY(throng_i_ranks_swap(context, sizeof *give, give, first, take, first, err));
out:
    throng_i_free(context, first);
    return status;
}

throng_status throng_i_ranks_total(throng_context *context, int64_t *value, throng_error *err) {
    return context->ranks ? agree_on(context, THRONG_OK, value, err) : THRONG_OK;
}

throng_status throng_i_ranks_any(throng_context *context, bool *flag, throng_error *err) {
    int64_t set = *flag;
    throng_status status = throng_i_ranks_total(context, &set, err);
    *flag = set > 0;
    return status;
}
