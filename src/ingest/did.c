/* Decentralized identifiers: see did.h. */
#include "ingest/did.h"

#include <string.h>

#define PREFIX 8 /* length of "did:plc:" and of "did:web:" */

static bool is_small(char c) {
    return c >= 'a' && c <= 'z';
}

static bool is_base32(char c) {
    return is_small(c) || (c >= '2' && c <= '7');
}

static bool is_host(char c) {
    return is_small(c) || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == ':' ||
           c == '%' || c == '-';
}

bool throng_i_is_did(const char *text, int64_t length) {
    bool is_plc = length == PREFIX + 24 && memcmp(text, "did:plc:", PREFIX) == 0;
    bool is_web = length > PREFIX && memcmp(text, "did:web:", PREFIX) == 0;
    if (!is_plc && !is_web)
        return false;
    for (int64_t i = PREFIX; i < length; i++)
        if (is_plc ? !is_base32(text[i]) : !is_host(text[i]))
            return false;
    return true;
}
