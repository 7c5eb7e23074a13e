/* Decentralized identifiers, which name accounts of the AT protocol. */
#ifndef THRONG_SRC_INGEST_DID_H
#define THRONG_SRC_INGEST_DID_H

#include <stdbool.h>
#include <stdint.h>

/* Whether a text is a DID of one of the two methods that the AT protocol allows (atproto.com/specs/did): "did:plc:" and
 * 24 characters of base32, or "did:web:" and a host. SQL could say it, but its regular expression
 * took 8 % of the time of reading events. */
bool throng_i_is_did(const char *text, int64_t length);

#endif
