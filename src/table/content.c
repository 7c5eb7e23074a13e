/* One pass over a file before DuckDB reads it: content hash, and the check that a compressed file is whole. */
#define _POSIX_C_SOURCE 200809L
#include "table/content.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#define BLOCK (1 << 20)

/* What the pass over a file holds. */
typedef struct file_pass {
    throng_context *context;
    const char *name;
    int file;
    unsigned char *block;    /* [BLOCK] of the file */
    unsigned char *unpacked; /* [BLOCK] where gzip is unpacked to, and forgotten */
    z_stream gzip;
    bool gzip_open; /* gzip was initialised */
    bool in_member; /* between the start and the end of a gzip member */
} file_pass;

static void print_hash(XXH128_hash_t hash, char out[THRONG_I_HASH_LENGTH]) {
    snprintf(out, THRONG_I_HASH_LENGTH, "%016" PRIx64 "%016" PRIx64, (uint64_t)hash.high64, (uint64_t)hash.low64);
}

void throng_i_hash_bytes(const void *data, size_t size, char out[THRONG_I_HASH_LENGTH]) {
    print_hash(XXH3_128bits(data, size), out);
}

/* Reads up to `size` bytes at `offset`: fewer only at the end of the file. */
static throng_status read_at(const file_pass *pass, void *to, size_t size, int64_t offset, size_t *got,
                             throng_error *err) {
    size_t done = 0;
    while (done < size) {
        ssize_t n = pread(pass->file, (char *)to + done, size - done, (off_t)offset + (off_t)done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return THRONG_FAIL(err, E_FILE, "%s cannot be read: %s.", pass->name, strerror(errno));
        if (n == 0)
            break;
        done += (size_t)n;
    }
    *got = done;
    return THRONG_OK;
}

static throng_status fail_cut(const file_pass *pass, const char *format, throng_error *err) {
    return THRONG_FAIL(err, E_FORMAT, "%s is cut off: its %s data does not end.", pass->name, format);
}

static throng_status fail_damaged(const file_pass *pass, const char *format, throng_error *err) {
    return THRONG_FAIL(err, E_FORMAT, "%s is damaged: its %s data does not make sense.", pass->name, format);
}

/* ---- gzip: only unpacking tells where it ends ------------------------------------------------------------------ */

static throng_status gzip_start(file_pass *pass, throng_error *err) {
    throng_status status = throng_i_resize(pass->context, &pass->unpacked, BLOCK, 1, err);
    if (status != THRONG_OK)
        return status;
    if (inflateInit2(&pass->gzip, 15 + 16) != Z_OK)
        return THRONG_FAIL(err, E_MEMORY, "Out of memory while unpacking %s.", pass->name);
    pass->gzip_open = true;
    return THRONG_OK;
}

static throng_status gzip_add(file_pass *pass, size_t size, throng_error *err) {
    pass->gzip.next_in = pass->block;
    pass->gzip.avail_in = (uInt)size;
    for (bool full = false; pass->gzip.avail_in > 0 || full;) {
        pass->in_member = true;
        pass->gzip.next_out = pass->unpacked;
        pass->gzip.avail_out = BLOCK;
        int result = inflate(&pass->gzip, Z_NO_FLUSH);
        full = result == Z_OK && pass->gzip.avail_out == 0;
        if (result == Z_STREAM_END) {
            pass->in_member = false;
            result = inflateReset(&pass->gzip);
        }
        if (result == Z_MEM_ERROR)
            return THRONG_FAIL(err, E_MEMORY, "Out of memory while unpacking %s.", pass->name);
        if (result != Z_OK && result != Z_BUF_ERROR)
            return fail_damaged(pass, "gzip", err);
    }
    return THRONG_OK;
}

/* ---- zstd: frames and blocks say how long they are (RFC 8878), so that nothing need be unpacked ------------------ */

#define ZSTD_MAGIC      0xFD2FB528u
#define ZSTD_SKIP_MAGIC 0x184D2A50u /* to ...5F */

static uint32_t little_endian(const unsigned char *bytes, int n) {
    uint32_t value = 0;
    for (int i = n - 1; i >= 0; i--)
        value = value << 8 | bytes[i];
    return value;
}

/* Moves *offset from the first block of a frame to behind its last. */
static throng_status zstd_skip_blocks(const file_pass *pass, int64_t *offset, throng_error *err) {
    for (bool last = false; !last;) {
        unsigned char head[3];
        size_t got = 0;
        throng_status status = read_at(pass, head, sizeof head, *offset, &got, err);
        if (status != THRONG_OK)
            return status;
        if (got < sizeof head)
            return fail_cut(pass, "zstd", err);
        uint32_t bits = little_endian(head, 3), kind = bits >> 1 & 3, size = bits >> 3;
        if (kind == 3)
            return fail_damaged(pass, "zstd", err);
        last = bits & 1;
        *offset += 3 + (kind == 1 ? 1 : (int64_t)size);
    }
    return THRONG_OK;
}

static throng_status zstd_check(const file_pass *pass, int64_t bytes, throng_error *err) {
    static const int id_sizes[] = {0, 1, 2, 4}, length_sizes[] = {0, 2, 4, 8};
    int64_t offset = 0;
    while (offset < bytes) {
        unsigned char head[8];
        size_t got = 0;
        throng_status status = read_at(pass, head, sizeof head, offset, &got, err);
        if (status != THRONG_OK)
            return status;
        if (got < 5)
            return fail_cut(pass, "zstd", err);
        uint32_t magic = little_endian(head, 4), flags = head[4];
        if ((magic & ~0xFu) == ZSTD_SKIP_MAGIC && got == 8) {
            offset += 8 + (int64_t)little_endian(head + 4, 4);
            continue;
        }
        if (magic != ZSTD_MAGIC)
            return fail_damaged(pass, "zstd", err);
        bool single = flags >> 5 & 1, checksum = flags >> 2 & 1;
        int length = flags >> 6 == 0 && single ? 1 : length_sizes[flags >> 6];
        offset += 5 + (single ? 0 : 1) + id_sizes[flags & 3] + length;
        status = zstd_skip_blocks(pass, &offset, err);
        if (status != THRONG_OK)
            return status;
        offset += checksum ? 4 : 0;
    }
    return offset == bytes ? THRONG_OK : fail_cut(pass, "zstd", err);
}

/* ---- the pass -------------------------------------------------------------------------------------------------- */

static throng_status read_blocks(file_pass *pass, int64_t *bytes, char hash[THRONG_I_HASH_LENGTH], throng_error *err) {
    throng_status status = THRONG_OK;
    throng_progress progress = {.stage = "reading", .unit = "rows", .done = 0, .total = -1};
    XXH3_state_t state;
    XXH3_INITSTATE(&state);
    XXH3_128bits_reset(&state);
    *bytes = 0;
    for (size_t got = BLOCK; got == BLOCK; *bytes += (int64_t)got) {
        THRONG_TRY(throng_i_progress(pass->context, &progress, err));
        THRONG_TRY(read_at(pass, pass->block, BLOCK, *bytes, &got, err));
        XXH3_128bits_update(&state, pass->block, got);
        if (pass->gzip_open)
            THRONG_TRY(gzip_add(pass, got, err));
    }
    print_hash(XXH3_128bits_digest(&state), hash);
out:
    return status;
}

throng_status throng_i_content_read(throng_context *context, int file, const char *name,
                                    throng_i_compression compression, int64_t *bytes, char hash[THRONG_I_HASH_LENGTH],
                                    throng_error *err) {
    throng_status status = THRONG_OK;
    file_pass pass = {.context = context, .name = name, .file = file};
    THRONG_TRY(throng_i_resize(context, &pass.block, BLOCK, 1, err));
    if (compression == THRONG_I_COMPRESSION_GZIP)
        THRONG_TRY(gzip_start(&pass, err));
    THRONG_TRY(read_blocks(&pass, bytes, hash, err));
    if (pass.in_member)
        status = fail_cut(&pass, "gzip", err);
    if (compression == THRONG_I_COMPRESSION_ZSTD)
        status = zstd_check(&pass, *bytes, err);
out:
    if (pass.gzip_open)
        inflateEnd(&pass.gzip);
    throng_i_free(context, pass.unpacked);
    throng_i_free(context, pass.block);
    return status;
}
