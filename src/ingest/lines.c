/* Bytes in, unpacked if need be, lines out: see lines.h. */
#define _POSIX_C_SOURCE 200809L
#include "ingest/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#define BLOCK (1 << 18)

/* Milliseconds that a pipe may stay silent before the caller is asked what to do. */
#define PATIENCE 200

typedef enum packing {
    PACKING_UNKNOWN,
    PACKING_NONE,
    PACKING_GZIP,
    PACKING_ZSTD
} packing;

struct throng_i_lines {
    int file;
    packing packing;
    int64_t size, limit;
    _Atomic int64_t n_read; /* bytes of the file */
    int64_t offset;         /* bytes of the content before text[begin] */
    const char *broken;     /* why reading stopped; static or strerror's */
    bool at_end;

    unsigned char *packed; /* [BLOCK] */
    size_t packed_at, packed_end;
    z_stream gzip;
    ZSTD_DStream *zstd;
    bool gzip_open, in_member; /* in_member: more must come for the packed data to be whole */

    char *text; /* [text_size] begin..end is content that no line was made of yet */
    int64_t begin, end, searched, text_size;
    bool is_passing; /* inside a line that is too long */
};

/* ---- bytes ----------------------------------------------------------------------------------------------------- */

/* Reads some bytes: their number, 0 at the end, -1 after a failure, -2 if a pipe is silent. */
static int64_t read_some(throng_i_lines *lines, void *to, size_t size) {
    struct pollfd one = {.fd = lines->file, .events = POLLIN};
    for (;;) {
        if (lines->size < 0 && poll(&one, 1, PATIENCE) == 0)
            return -2;
        ssize_t n = read(lines->file, to, size);
        if (n < 0 && errno == EINTR)
            return -2;
        if (n < 0)
            lines->broken = "the file cannot be read on";
        if (n > 0)
            lines->n_read += n;
        return n;
    }
}

static packing packing_of(const unsigned char *head, size_t n) {
    static const unsigned char gzip[] = {0x1F, 0x8B}, zstd[] = {0x28, 0xB5, 0x2F, 0xFD};
    if (n >= sizeof gzip && memcmp(head, gzip, sizeof gzip) == 0)
        return PACKING_GZIP;
    if (n >= sizeof zstd && memcmp(head, zstd, sizeof zstd) == 0)
        return PACKING_ZSTD;
    return PACKING_NONE;
}

/* Unpacks some of what is there: bytes made; -1 after a failure. */
static int64_t unpack_gzip(throng_i_lines *lines, char *to, size_t size) {
    lines->gzip.next_in = lines->packed + lines->packed_at;
    lines->gzip.avail_in = (uInt)(lines->packed_end - lines->packed_at);
    lines->gzip.next_out = (unsigned char *)to;
    lines->gzip.avail_out = (uInt)size;
    lines->in_member = true;
    int result = inflate(&lines->gzip, Z_NO_FLUSH);
    if (result == Z_STREAM_END) {
        lines->in_member = false;
        result = inflateReset(&lines->gzip);
    }
    lines->packed_at = lines->packed_end - lines->gzip.avail_in;
    if (result != Z_OK && result != Z_BUF_ERROR)
        lines->broken = "the gzip data is damaged from here on";
    return lines->broken ? -1 : (int64_t)(size - lines->gzip.avail_out);
}

static int64_t unpack_zstd(throng_i_lines *lines, char *to, size_t size) {
    ZSTD_inBuffer in = {lines->packed, lines->packed_end, lines->packed_at};
    ZSTD_outBuffer out = {to, size, 0};
    size_t result = ZSTD_decompressStream(lines->zstd, &out, &in);
    lines->packed_at = in.pos;
    lines->in_member = result != 0;
    if (ZSTD_isError(result))
        lines->broken = "the zstd data is damaged from here on";
    return lines->broken ? -1 : (int64_t)out.pos;
}

/* Content, as read_some. Data already read are unpacked before more is read. */
static int64_t unpack_some(throng_i_lines *lines, char *to, size_t size) {
    for (;;) {
        if (lines->packed_at < lines->packed_end || lines->in_member) {
            int64_t made = lines->packing == PACKING_GZIP ? unpack_gzip(lines, to, size) : unpack_zstd(lines, to, size);
            if (made != 0)
                return made;
            if (lines->packed_at < lines->packed_end)
                continue;
        }
        int64_t n = read_some(lines, lines->packed, BLOCK);
        if (n == 0 && lines->in_member)
            lines->broken =
                lines->packing == PACKING_GZIP ? "the gzip data is cut off here" : "the zstd data is cut off here";
        if (n <= 0)
            return lines->broken ? -1 : n;
        lines->packed_at = 0;
        lines->packed_end = (size_t)n;
    }
}

static bool start_unpacking(throng_i_lines *lines) {
    if (lines->packing == PACKING_GZIP)
        return lines->gzip_open = inflateInit2(&lines->gzip, 15 + 16) == Z_OK;
    lines->zstd = ZSTD_createDStream();
    return lines->zstd && !ZSTD_isError(ZSTD_DCtx_setParameter(lines->zstd, ZSTD_d_windowLogMax, 27));
}

/* The first block tells how the file is packed. As read_some. */
static int64_t read_first(throng_i_lines *lines, char *to, size_t size) {
    int64_t n = 0;
    while (lines->packed_end < 4) {
        n = read_some(lines, lines->packed + lines->packed_end, BLOCK - lines->packed_end);
        if (n < 0)
            return n;
        if (n == 0)
            break;
        lines->packed_end += (size_t)n;
    }
    lines->packing = packing_of(lines->packed, lines->packed_end);
    if (lines->packing == PACKING_NONE) {
        size_t mark = lines->packed_end >= 3 && memcmp(lines->packed, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
        lines->offset += (int64_t)mark;
        size_t left = lines->packed_end - mark; /* at most BLOCK, which is what `size` is at least */
        memcpy(to, lines->packed + mark, left <= size ? left : size);
        return (int64_t)left;
    }
    if (!start_unpacking(lines)) {
        lines->broken = "there is no memory to unpack it";
        return -1;
    }
    return unpack_some(lines, to, size);
}

/* ---- lines ----------------------------------------------------------------------------------------------------- */

/* Makes room for a block behind the content that waits. */
static bool make_room(throng_i_lines *lines) {
    int64_t used = lines->end - lines->begin;
    if (lines->begin > 0) {
        memmove(lines->text, lines->text + lines->begin, (size_t)used);
        lines->searched -= lines->begin;
        lines->end = used;
        lines->begin = 0;
    }
    if (lines->text_size - used >= BLOCK)
        return true;
    int64_t size = 2 * lines->text_size > used + BLOCK ? 2 * lines->text_size : used + BLOCK;
    char *grown = realloc(lines->text, (size_t)size);
    if (!grown) {
        lines->broken = "there is no memory for a line as long as this";
        return false;
    }
    lines->text = grown;
    lines->text_size = size;
    return true;
}

/* As read_some, into the room behind the content. */
static int64_t fill(throng_i_lines *lines) {
    if (!make_room(lines))
        return -1;
    char *to = lines->text + lines->end;
    size_t room = (size_t)(lines->text_size - lines->end);
    int64_t n = lines->packing == PACKING_UNKNOWN ? read_first(lines, to, room)
                : lines->packing == PACKING_NONE  ? read_some(lines, to, room)
                                                  : unpack_some(lines, to, room);
    if (n > 0)
        lines->end += n;
    return n;
}

/* Takes begin..stop, and `more` bytes of line end, out of the content. */
static throng_i_lines_result take(throng_i_lines *lines, int64_t stop, int more, char **line, int64_t *length) {
    bool is_long = lines->is_passing || stop - lines->begin > lines->limit;
    *line = lines->text + lines->begin;
    *length = is_long ? 0 : stop - lines->begin;
    if (*length > 0 && (*line)[*length - 1] == '\r')
        --*length;
    lines->offset += stop + more - lines->begin;
    lines->begin = lines->searched = stop + more;
    lines->is_passing = false;
    return is_long ? THRONG_I_LINES_LONG : THRONG_I_LINES_LINE;
}

/* Forgets what is there of a line that is already too long. */
static void pass_over(throng_i_lines *lines) {
    lines->is_passing = true;
    lines->offset += lines->end - lines->begin;
    lines->begin = lines->searched = lines->end;
}

throng_i_lines_result throng_i_lines_next(throng_i_lines *lines, char **line, int64_t *length) {
    while (!lines->at_end) {
        int64_t unseen = lines->end - lines->searched;
        char *stop = unseen > 0 ? memchr(lines->text + lines->searched, '\n', (size_t)unseen) : NULL;
        if (stop)
            return take(lines, stop - lines->text, 1, line, length);
        lines->searched = lines->end;
        if (lines->end - lines->begin > lines->limit)
            pass_over(lines);
        int64_t n = fill(lines);
        if (n == -2)
            return THRONG_I_LINES_PAUSE;
        lines->at_end = n <= 0;
    }
    if (!lines->broken && (lines->end > lines->begin || lines->is_passing))
        return take(lines, lines->end, 0, line, length);
    if (!lines->broken)
        return THRONG_I_LINES_END;
    /* What there is of a line before the break is left: should the rest come one day, it is read then. */
    *line = (char *)(uintptr_t)lines->broken; /* a constant, which nobody changes */
    *length = (int64_t)strlen(lines->broken);
    lines->broken = NULL;
    lines->begin = lines->searched = lines->end;
    lines->is_passing = false;
    return THRONG_I_LINES_BROKEN;
}

bool throng_i_lines_skip(throng_i_lines *lines, int64_t bytes) {
    int64_t target = lines->offset + bytes;
    while (lines->offset < target) { /* a mark at the beginning counts, once it is read */
        int64_t there = lines->end - lines->begin, left = target - lines->offset, n = there < left ? there : left;
        lines->begin += n;
        lines->searched = lines->begin;
        lines->offset += n;
        if (n < left && fill(lines) <= 0)
            return false;
    }
    return true;
}

/* ---- opening and closing --------------------------------------------------------------------------------------- */

throng_status throng_i_lines_open(const char *path, int64_t limit, throng_i_lines **out, throng_error *err) {
    struct stat facts;
    throng_i_lines *lines = calloc(1, sizeof *lines);
    if (!lines || !(lines->packed = malloc(BLOCK))) {
        free(lines);
        return THRONG_FAIL(err, E_MEMORY, "Out of memory while opening %s.", path);
    }
    bool is_input = strcmp(path, "-") == 0;
    lines->limit = limit;
    lines->file = is_input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    const char *reason = lines->file < 0 || fstat(lines->file, &facts) != 0 ? strerror(errno)
                         : S_ISDIR(facts.st_mode)                           ? "it is a directory"
                                                                            : NULL;
    if (reason) {
        throng_i_lines_close(lines);
        return THRONG_FAIL(err, E_FILE, "%s cannot be read: %s.", path, reason);
    }
    lines->size = S_ISREG(facts.st_mode) ? (int64_t)facts.st_size : -1;
    *out = lines;
    return THRONG_OK;
}

int64_t throng_i_lines_offset(const throng_i_lines *lines) {
    return lines->offset;
}

const _Atomic int64_t *throng_i_lines_read(const throng_i_lines *lines) {
    return &lines->n_read;
}

int64_t throng_i_lines_size(const throng_i_lines *lines) {
    return lines->size;
}

void throng_i_lines_close(throng_i_lines *lines) {
    if (!lines)
        return;
    if (lines->gzip_open)
        inflateEnd(&lines->gzip);
    ZSTD_freeDStream(lines->zstd);
    if (lines->file > STDIN_FILENO)
        close(lines->file);
    free(lines->packed);
    free(lines->text);
    free(lines);
}
