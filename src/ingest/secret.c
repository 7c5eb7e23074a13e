/* The key of the pseudonyms and the hash: see secret.h. */
#define _DEFAULT_SOURCE
#include "ingest/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

/* ---- the hash -------------------------------------------------------------------------------------------------- */

static uint64_t turn(uint64_t x, int bits) {
    return x << bits | x >> (64 - bits);
}

/* A round; the four words stay in registers where the compiler can see all of it. */
static inline void mix(uint64_t v[4]) {
    v[0] += v[1];
    v[2] += v[3];
    v[1] = turn(v[1], 13) ^ v[0];
    v[3] = turn(v[3], 16) ^ v[2];
    v[0] = turn(v[0], 32) + v[3];
    v[2] += v[1];
    v[1] = turn(v[1], 17) ^ v[2];
    v[3] = turn(v[3], 21) ^ v[0];
    v[2] = turn(v[2], 32);
}

static inline uint64_t little_endian(const unsigned char *bytes, int n) {
    uint64_t word = 0;
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    if (n == 8)
        return memcpy(&word, bytes, 8), word;
#endif
    for (int i = n - 1; i >= 0; i--)
        word = word << 8 | bytes[i];
    return word;
}

uint64_t throng_i_secret_hash(const throng_i_secret *secret, const char *bytes, int64_t length) {
    const unsigned char *at = (const unsigned char *)bytes;
    /* "somepseudorandomlygeneratedbytes", in four words */
    uint64_t v[4] = {secret->key[0] ^ 0x736f6d6570736575u, secret->key[1] ^ 0x646f72616e646f6du,
                     secret->key[0] ^ 0x6c7967656e657261u, secret->key[1] ^ 0x7465646279746573u};
    int64_t left = length;
    for (bool is_last = false; !is_last; left -= 8, at += 8) {
        is_last = left < 8;
        uint64_t word = is_last ? little_endian(at, (int)left) | (uint64_t)length << 56 : little_endian(at, 8);
        v[3] ^= word;
        mix(v);
        mix(v);
        v[0] ^= word;
    }
    v[2] ^= 0xFF;
    for (int i = 0; i < 4; i++)
        mix(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* ---- the key --------------------------------------------------------------------------------------------------- */

static throng_status make_key(const char *path, throng_error *err) {
    uint64_t key[2];
    if (getrandom(key, sizeof key, 0) != (ssize_t)sizeof key)
        return THRONG_FAIL(err, E_WRITE, "The system gives no random numbers for the key %s.", path);
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0)
        return THRONG_FAIL(err, E_WRITE, "%s, the key of the pseudonyms, cannot be written: %s.", path,
                           strerror(errno));
    bool done = dprintf(file, "%016" PRIx64 "%016" PRIx64 "\n", key[0], key[1]) == 33 && fsync(file) == 0;
    int reason = errno;
    done = close(file) == 0 && done;
    if (done)
        return THRONG_OK;
    unlink(path);
    return THRONG_FAIL(err, E_WRITE, "%s, the key of the pseudonyms, cannot be written: %s.", path, strerror(reason));
}

throng_status throng_i_secret_open(const char *path, bool make, throng_i_secret *out, throng_error *err) {
    throng_status status = THRONG_OK;
    FILE *file = fopen(path, "rb");
    if (!file && errno == ENOENT && make) {
        status = make_key(path, err);
        if (status != THRONG_OK)
            return status;
        file = fopen(path, "rb");
    }
    if (!file)
        return THRONG_FAIL(err, E_FILE,
                           "%s, the key of the pseudonyms, cannot be read: %s. Without it new events cannot be joined "
                           "to those of earlier runs; name another with --key.",
                           path, strerror(errno));
    char digits[33] = "";
    size_t n = fread(digits, 1, 32, file);
    fclose(file);
    if (n != 32 || strspn(digits, "0123456789abcdef") != 32 ||
        sscanf(digits, "%16" SCNx64 "%16" SCNx64, &out->key[0], &out->key[1]) != 2)
        return THRONG_FAIL(err, E_FORMAT, "%s is no key: it must begin with 32 hexadecimal digits.", path);
    return THRONG_OK;
}
