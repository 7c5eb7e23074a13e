/* Checkpoints: see checkpoint.h. The file is a line of text, then blocks of bytes with their lengths, then a checksum:
 *
 *     throng checkpoint 1; VERSION; MARK; BYTES
 *     [finished pieces] result of each, [1] name, [2] where it is, [parts] what it has
 *     XXH64 of all before it
 */
#define _POSIX_C_SOURCE 200809L
#include "core/checkpoint.h"
#include "core/context.h"
#include "core/ranks.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#define HEAD_LENGTH 256

struct throng_i_checkpoint {
    char *path, *mark;
    double seconds, last; /* how often, and when the last was written */
    int64_t steps, steps_since;
    char *results; /* of pieces that are done: length and bytes, one behind the other */
    int64_t results_bytes, results_room;
    int64_t begun, done; /* pieces in this process; in the checkpoint that was read */
    int64_t next;        /* bytes of results that were answered with */
    bool inside, held;   /* a piece is in hand; what one left would be lost */
    FILE *file;          /* the checkpoint that was read, at the parts; NULL: none, or all is loaded */
    char name[16];       /* of the piece that it was in */
    int64_t at[2];
};

/* ---- bytes ----------------------------------------------------------------------------------------------------- */

typedef struct stream {
    FILE *file; /* NULL: nothing is written, for another rank does it, or it failed */
    XXH3_state_t *hash;
    int reason; /* errno, if it failed */
} stream;

static void put(stream *self, const void *data, int64_t bytes) {
    if (bytes == 0 || !self->file || self->reason)
        return;
    if (fwrite(data, 1, (size_t)bytes, self->file) != (size_t)bytes)
        self->reason = errno ? errno : EIO;
    XXH3_64bits_update(self->hash, data, (size_t)bytes);
}

static void put_block(stream *self, const void *data, int64_t bytes) {
    put(self, &bytes, sizeof bytes);
    put(self, data, bytes);
}

static int64_t block(int64_t bytes) {
    return (int64_t)sizeof bytes + bytes;
}

/* ---- writing --------------------------------------------------------------------------------------------------- */

static int64_t bytes_of(const throng_i_part *part, int n) {
    int64_t sum = 0;
    for (int p = 0; p < n; p++)
        sum += block(part[p].bytes);
    return sum;
}

/* Bytes of a share that travel at a time. */
#define PIECE ((int64_t)4 << 20)

/* Row by row what each rank has of it: the bytes that one process would write. */
static throng_status put_shares(throng_context *context, const throng_i_part *part, char *piece, stream *to,
                                throng_error *err) {
    throng_status status = THRONG_OK;
    int64_t row = part->bytes / part->rows, item = row / part->n;
    for (int64_t r = 0; r < part->rows; r++)
        for (int rank = 0; rank < throng_ranks_count(context); rank++) {
            throng_i_share share = throng_i_share_of(context, part->n, rank);
            for (int64_t at = share.begin * item; at < share.end * item; at += PIECE) {
                int64_t left = share.end * item - at, length = left < PIECE ? left : PIECE;
                const char *from = (const char *)part->data + r * row + at;
                if (rank > 0)
                    THRONG_TRY(throng_i_ranks_bring(context, rank, from, length, piece, err));
                put(to, rank > 0 ? piece : from, length);
            }
        }
out:
    return status;
}

static throng_status put_parts(throng_context *context, const throng_i_part *part, int n, stream *to,
                               throng_error *err) {
    throng_status status = THRONG_OK;
    char *piece = NULL; /* of another rank's share */
    if (throng_ranks_count(context) > 1 && throng_ranks_mine(context) == 0)
        THRONG_TRY(throng_i_resize(context, &piece, PIECE, 1, err));
    for (int p = 0; p < n; p++) {
        put(to, &part[p].bytes, sizeof part[p].bytes);
        if (part[p].rows == 0)
            put(to, part[p].data, part[p].bytes);
        else
            THRONG_TRY(put_shares(context, &part[p], piece, to, err));
    }
out:
    throng_i_free(context, piece);
    return status;
}

static throng_status write_all(throng_context *context, const throng_i_work *work, const throng_i_part *more,
                               int n_more, stream *to, throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_i_checkpoint *self = context->checkpoint;
    char head[HEAD_LENGTH];
    int64_t n_parts = work->n_parts + n_more;
    int64_t body = block((int64_t)sizeof self->begun) + block(self->results_bytes) + block((int64_t)sizeof self->name) +
                   block((int64_t)sizeof work->at) + block((int64_t)sizeof n_parts) +
                   bytes_of(work->part, work->n_parts) + bytes_of(more, n_more) + (int64_t)sizeof(XXH64_hash_t);
    int64_t finished = self->begun - 1; /* all but the one in hand */
    char name[sizeof self->name] = "";
    snprintf(name, sizeof name, "%s", work->name);
    snprintf(head, sizeof head, "throng checkpoint 1; %.60s; %.60s; %" PRId64 "\n", throng_version(), self->mark, body);
    put(to, head, (int64_t)strlen(head));
    put_block(to, &finished, sizeof finished);
    put_block(to, self->results, self->results_bytes);
    put_block(to, name, sizeof name);
    put_block(to, work->at, sizeof work->at);
    put_block(to, &n_parts, sizeof n_parts);
    THRONG_TRY(put_parts(context, work->part, work->n_parts, to, err));
    THRONG_TRY(put_parts(context, more, n_more, to, err));
    XXH64_hash_t hash = to->file ? XXH3_64bits_digest(to->hash) : 0;
    put(to, &hash, sizeof hash);
out:
    return status;
}

/* That the file has its new name is on the disk when its folder is. */
static void flush_folder(const char *path) {
    char copy[PATH_MAX];
    snprintf(copy, sizeof copy, "%s", path);
    int folder = open(dirname(copy), O_RDONLY | O_CLOEXEC);
    if (folder >= 0) {
        fsync(folder);
        close(folder);
    }
}

/* Opens what is written aside. */
static void begin_draft(const char *draft, stream *to) {
    to->hash = XXH3_createState();
    to->file = to->hash ? fopen(draft, "wb") : NULL;
    if (!to->file)
        to->reason = to->hash ? errno : ENOMEM;
    else
        XXH3_64bits_reset(to->hash);
}

/* Gives it its name; or removes it, if there is a reason to. */
static void end_draft(const char *draft, const char *path, stream *to) {
    if (!to->reason && (fflush(to->file) != 0 || fsync(fileno(to->file)) != 0))
        to->reason = errno;
    if (to->file && fclose(to->file) != 0 && !to->reason)
        to->reason = errno;
    if (!to->reason && rename(draft, path) != 0)
        to->reason = errno;
    if (to->reason)
        unlink(draft);
    else
        flush_folder(path);
}

throng_status throng_i_work_save(throng_context *context, const throng_i_work *work, const throng_i_part *more,
                                 int n_more, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_checkpoint *self = context->checkpoint;
    bool writes = throng_ranks_mine(context) == 0;
    stream to = {0};
    char *draft = NULL;
    if (!throng_i_work_kept(context, work))
        return THRONG_OK;
    THRONG_TRY(throng_i_print(context, &draft, err, "%s.new", self->path));
    if (writes)
        begin_draft(draft, &to);
    status = write_all(context, work, more, n_more, &to, err);
    if (status != THRONG_OK && !to.reason)
        to.reason = ECANCELED; /* another rank has failed, which is what is said */
    if (writes)
        end_draft(draft, self->path, &to);
    THRONG_TRY(status);
    THRONG_REQUIRE(!to.reason, E_WRITE, "The checkpoint %s cannot be written: %s.", self->path, strerror(to.reason));
    self->last = throng_i_seconds();
    self->steps_since = 0;
out:
    XXH3_freeState(to.hash);
    throng_i_free(context, draft);
    return status;
}

/* ---- reading --------------------------------------------------------------------------------------------------- */

static throng_status fail_damaged(const throng_i_checkpoint *self, const char *what, throng_error *err) {
    return THRONG_FAIL(err, E_FORMAT, "The checkpoint %s is damaged: %s. Remove it to begin anew.", self->path, what);
}

/* Reads a block that must have so many bytes; -1: any, *data is then made for it. */
static throng_status get_block(throng_context *context, throng_i_checkpoint *self, int64_t bytes, void *data,
                               int64_t *found, throng_error *err) {
    int64_t there = 0;
    if (fread(&there, sizeof there, 1, self->file) != 1 || there < 0 || (bytes >= 0 && there != bytes))
        return fail_damaged(self, "it is not of this course of work", err);
    if (bytes < 0) {
        throng_status status = throng_i_resize(context, data, there, 1, err);
        if (status != THRONG_OK)
            return status;
        memcpy(&data, data, sizeof data);
        *found = there;
    }
    if (there > 0 && fread(data, 1, (size_t)there, self->file) != (size_t)there)
        return THRONG_FAIL(err, E_FILE, "The checkpoint %s cannot be read: %s.", self->path, strerror(errno));
    return THRONG_OK;
}

/* Reads what is this rank's of a part; the others' is left out. */
static throng_status get_part(throng_context *context, throng_i_checkpoint *self, const throng_i_part *part,
                              throng_error *err) {
    int64_t there = 0, rows = part->rows > 0 ? part->rows : 1, row = part->bytes / rows;
    throng_i_share mine = {0, row};
    if (part->rows > 0) {
        mine = throng_i_share_mine(context, part->n);
        mine = (throng_i_share){mine.begin * (row / part->n), mine.end * (row / part->n)};
    }
    if (fread(&there, sizeof there, 1, self->file) != 1 || there != part->bytes)
        return fail_damaged(self, "it is not of this course of work", err);
    size_t bytes = (size_t)(mine.end - mine.begin);
    for (int64_t r = 0; r < rows; r++) {
        char *to = (char *)part->data + r * row + mine.begin;
        bool found = fseeko(self->file, mine.begin, SEEK_CUR) == 0;
        found = found && (bytes == 0 || fread(to, 1, bytes, self->file) == bytes);
        if (!found || fseeko(self->file, row - mine.end, SEEK_CUR) != 0)
            return THRONG_FAIL(err, E_FILE, "The checkpoint %s cannot be read: %s.", self->path, strerror(errno));
    }
    return THRONG_OK;
}

/* Whose it is, and whether it is whole: for the first rank to say, which alone knows what all files hold. */
static throng_status check_head(throng_i_checkpoint *self, bool whose, int64_t *body, throng_error *err) {
    char head[HEAD_LENGTH], version[64], mark[64];
    if (!fgets(head, sizeof head, self->file) ||
        sscanf(head, "throng checkpoint 1; %63[^;]; %63[^;]; %" SCNd64, version, mark, body) != 3)
        return fail_damaged(self, "it does not begin as checkpoints do", err);
    if (strcmp(version, throng_version()) != 0)
        return THRONG_FAIL(err, E_STUDY,
                           "The checkpoint %s is of throng %s, and this is %s: go on with that, or remove it to begin "
                           "anew.",
                           self->path, version, throng_version());
    if (whose && strcmp(mark, self->mark) != 0)
        return THRONG_FAIL(err, E_STUDY,
                           "The checkpoint %s is of another study, or of this one with other settings or data: remove "
                           "it, or choose another directory.",
                           self->path);
    return THRONG_OK;
}

static throng_status check_bytes(throng_i_checkpoint *self, int64_t body, throng_error *err) {
    static const size_t room = 1 << 16;
    char bytes[1 << 16];
    XXH64_hash_t hash = 0, said = 0;
    XXH3_state_t *state = XXH3_createState();
    if (!state)
        return THRONG_FAIL(err, E_MEMORY, "Out of memory: the checkpoint %s could not be read.", self->path);
    XXH3_64bits_reset(state);
    long begin = ftell(self->file);
    rewind(self->file);
    for (int64_t left = begin + body - (int64_t)sizeof hash; left > 0;) {
        size_t want = left < (int64_t)room ? (size_t)left : room, n = fread(bytes, 1, want, self->file);
        if (n == 0)
            break;
        XXH3_64bits_update(state, bytes, n);
        left -= (int64_t)n;
    }
    hash = XXH3_64bits_digest(state);
    XXH3_freeState(state);
    if (fread(&said, sizeof said, 1, self->file) != 1)
        return fail_damaged(self, "it was cut off", err);
    if (said != hash || fgetc(self->file) != EOF)
        return fail_damaged(self, "its checksum does not fit", err);
    fseek(self->file, begin, SEEK_SET);
    return THRONG_OK;
}

static throng_status read_all(throng_context *context, throng_i_checkpoint *self, throng_error *err) {
    throng_status status = THRONG_OK;
    int64_t body = 0, n_parts = 0;
    THRONG_TRY(check_head(self, throng_ranks_mine(context) == 0, &body, err));
    if (throng_ranks_mine(context) == 0)
        THRONG_TRY(check_bytes(self, body, err));
    THRONG_TRY(get_block(context, self, sizeof self->done, &self->done, NULL, err));
    THRONG_TRY(get_block(context, self, -1, &self->results, &self->results_bytes, err));
    self->results_room = self->results_bytes;
    THRONG_TRY(get_block(context, self, sizeof self->name, self->name, NULL, err));
    THRONG_TRY(get_block(context, self, sizeof self->at, self->at, NULL, err));
    THRONG_TRY(get_block(context, self, sizeof n_parts, &n_parts, NULL, err));
out:
    return status;
}

static void clear(throng_context *context, throng_i_checkpoint *self) {
    if (self->file)
        fclose(self->file);
    throng_i_free(context, self->path);
    throng_i_free(context, self->mark);
    throng_i_free(context, self->results);
    throng_i_free(context, self);
}

throng_status throng_i_checkpoint_open(throng_context *context, const throng_i_checkpoint_def *def, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_checkpoint *self = NULL;
    throng_i_checkpoint_close(context);
    THRONG_TRY(throng_i_alloc(context, 1, sizeof *self, &self, err));
    THRONG_TRY(throng_i_copy_text(context, def->path, &self->path, err));
    THRONG_TRY(throng_i_copy_text(context, def->mark, &self->mark, err));
    self->seconds = def->seconds;
    self->steps = def->steps;
    self->last = throng_i_seconds();
    self->file = fopen(def->path, "rb");
    THRONG_REQUIRE(self->file || errno == ENOENT, E_FILE, "The checkpoint %s cannot be read: %s.", def->path,
                   strerror(errno));
    THRONG_REQUIRE(self->file || !def->required, E_FILE,
                   "There is nothing to resume: %s is not there. Without --resume the run begins anew.", def->path);
    bool there = self->file;
    THRONG_TRY(throng_i_ranks_any(context, &there, err));
    THRONG_REQUIRE(!there || self->file, E_FILE,
                   "Rank %d does not see the checkpoint %s: it must stand in a folder that all ranks share.",
                   throng_ranks_mine(context), def->path);
    if (self->file)
        THRONG_TRY(read_all(context, self, err));
    context->checkpoint = self;
    self = NULL;
out:
    if (self)
        clear(context, self);
    return status;
}

void throng_i_checkpoint_close(throng_context *context) {
    if (context->checkpoint)
        clear(context, context->checkpoint);
    context->checkpoint = NULL;
}

/* ---- pieces of work -------------------------------------------------------------------------------------------- */

void throng_i_work_add(throng_i_work *work, void *data, int64_t bytes) {
    if (data && work->n_parts < THRONG_I_PARTS_MAX)
        work->part[work->n_parts++] = (throng_i_part){.data = data, .bytes = bytes};
}

void throng_i_work_add_crowd(throng_i_work *work, double *data, int64_t rows, int64_t n) {
    throng_i_work_add(work, data, rows * n * (int64_t)sizeof *data);
    if (data) {
        work->part[work->n_parts - 1].rows = rows;
        work->part[work->n_parts - 1].n = n;
    }
}

/* Takes the next result from those that were read. */
static throng_status answer(throng_i_checkpoint *self, throng_i_work *work, throng_error *err) {
    int64_t bytes = -1;
    if (self->next + block(work->result.bytes) <= self->results_bytes)
        memcpy(&bytes, self->results + self->next, sizeof bytes);
    if (bytes != work->result.bytes)
        return fail_damaged(self, "it is not of this course of work", err);
    if (bytes > 0)
        memcpy(work->result.data, self->results + self->next + sizeof bytes, (size_t)bytes);
    self->next += block(bytes);
    work->done = true;
    self->inside = false;
    return THRONG_OK;
}

throng_status throng_i_work_begin(throng_context *context, throng_i_work *work, throng_error *err) {
    throng_i_checkpoint *self = context->checkpoint;
    work->watched = self && !self->inside;
    if (!work->watched)
        return THRONG_OK;
    self->inside = true;
    int64_t number = self->begun++;
    if (work->leaves_more)
        self->held = false;
    if (self->file && number < self->done)
        return answer(self, work, err);
    if (!self->file)
        return THRONG_OK;
    if (strcmp(self->name, work->name) != 0)
        return fail_damaged(self, "it is not of this course of work", err);
    memcpy(work->at, self->at, sizeof work->at);
    work->resumed = true;
    return THRONG_OK;
}

throng_status throng_i_work_load(throng_context *context, const throng_i_part *part, int n_parts, throng_error *err) {
    throng_status status = THRONG_OK;
    for (int p = 0; p < n_parts && status == THRONG_OK; p++)
        status = get_part(context, context->checkpoint, &part[p], err);
    return status;
}

bool throng_i_work_kept(const throng_context *context, const throng_i_work *work) {
    const throng_i_checkpoint *self = context->checkpoint;
    return work && work->watched && !self->held && (self->seconds > 0.0 || self->steps > 0);
}

throng_status throng_i_work_stopped(throng_context *context, const throng_i_work *work, throng_status *ended,
                                    throng_error *err) {
    bool stopped = *ended == THRONG_E_CANCELLED;
    if (!throng_i_work_kept(context, work) || (*ended != THRONG_OK && !stopped))
        return *ended;
    throng_status status = throng_i_ranks_any(context, &stopped, err);
    if (status != THRONG_OK)
        return status;
    if (stopped && *ended == THRONG_OK)
        *ended = THRONG_FAIL(err, E_CANCELLED, "Stopped, as another rank was.");
    return *ended;
}

throng_status throng_i_work_due(throng_context *context, const throng_i_work *work, bool *due, throng_error *err) {
    throng_i_checkpoint *self = context->checkpoint;
    *due = false;
    if (!throng_i_work_kept(context, work))
        return THRONG_OK;
    self->steps_since++;
    if (throng_ranks_mine(context) == 0) /* whose clock counts */
        *due = (self->steps > 0 && self->steps_since >= self->steps) ||
               (self->seconds > 0.0 && throng_i_seconds() - self->last >= self->seconds);
    return throng_i_ranks_any(context, due, err);
}

/* Adds to the results of pieces that are done. */
static throng_status remember(throng_context *context, throng_i_checkpoint *self, const throng_i_work *work,
                              throng_error *err) {
    int64_t bytes = work->result.bytes, after = self->results_bytes + block(bytes);
    if (after > self->results_room) {
        throng_status status = throng_i_resize(context, &self->results, 2 * after, 1, err);
        if (status != THRONG_OK)
            return status;
        self->results_room = 2 * after;
    }
    memcpy(self->results + self->results_bytes, &bytes, sizeof bytes);
    if (bytes > 0)
        memcpy(self->results + self->results_bytes + sizeof bytes, work->result.data, (size_t)bytes);
    self->results_bytes = after;
    return THRONG_OK;
}

throng_status throng_i_work_end(throng_context *context, throng_i_work *work, throng_error *err) {
    throng_i_checkpoint *self = context->checkpoint;
    if (!work->watched)
        return THRONG_OK;
    if (self->file) { /* all of it was used */
        fclose(self->file);
        self->file = NULL;
    }
    if (self->seconds > 0.0 || self->steps > 0) {
        throng_status status = remember(context, self, work, err);
        if (status != THRONG_OK)
            return status;
    }
    self->inside = false;
    self->held = work->leaves_more;
    return THRONG_OK;
}
