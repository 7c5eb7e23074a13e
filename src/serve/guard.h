/* Who may ask: names of this server, the pages that may call it, and the token. */
#ifndef THRONG_SRC_SERVE_GUARD_H
#define THRONG_SRC_SERVE_GUARD_H

#include "serve/http.h"

#define THRONG_I_TOKEN_LENGTH 33 /* 32 hexadecimal digits, and the zero */

typedef struct throng_i_guard {
    int port;
    bool loopback;                     /* bound to this machine alone: no token, and no names but its own */
    char token[THRONG_I_TOKEN_LENGTH]; /* "" on loopback */
    char names[2][256];                /* further names that a Host may have; "" is none */
} throng_i_guard;

/* Draws a token from the system's random numbers. E_INTERNAL. */
THRONG_MUST_USE throng_status throng_i_guard_draw(throng_i_guard *self, throng_error *err);

/* False: the request is turned away, and the reply says why. A token in the address is answered with a cookie. */
bool throng_i_guard_admits(const throng_i_guard *self, const throng_i_request *request, throng_i_reply *reply);

#endif
