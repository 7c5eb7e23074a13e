/* Pseudonyms: SipHash-2-4 under a secret key that lies in a file of its own. */
#ifndef THRONG_SRC_INGEST_SECRET_H
#define THRONG_SRC_INGEST_SECRET_H

#include "core/core.h"

typedef struct throng_i_secret {
    uint64_t key[2];
} throng_i_secret;

/* Reads the key; makes a random one, readable by its owner alone, if the file is missing and `make` is set.
 * THRONG_E_FILE, THRONG_E_FORMAT, THRONG_E_WRITE. */
THRONG_MUST_USE throng_status throng_i_secret_open(const char *path, bool make, throng_i_secret *out,
                                                   throng_error *err);

/* SipHash-2-4 of some bytes (Aumasson, Bernstein 2012, doi 10.1007/978-3-642-34931-7_28): without the key nobody can
 * tell which id has a given hash, not even by trying all ids that there are. */
uint64_t throng_i_secret_hash(const throng_i_secret *secret, const char *bytes, int64_t length);

#endif
