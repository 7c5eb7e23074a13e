/* The gate in front of all handlers. Host is checked because a page of a stranger can give its own name our address
 * ("DNS rebinding") and would then be of our origin for the browser; Origin and Sec-Fetch-Site because any page can
 * send requests, though not read their answers; the token because beyond loopback anyone can connect. */
#define _DEFAULT_SOURCE
#include "serve/guard.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

throng_status throng_i_guard_draw(throng_i_guard *self, throng_error *err) {
    unsigned char bytes[(THRONG_I_TOKEN_LENGTH - 1) / 2];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return THRONG_FAIL(err, E_INTERNAL, "The system gives no random numbers for a token: %s.", strerror(errno));
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(self->token + 2 * i, 3, "%02x", bytes[i]);
    return THRONG_OK;
}

/* ---- Host ------------------------------------------------------------------------------------------------------ */

/* Splits "name:port" or "[::1]:port"; false if it is neither. The port is 80 if it is missing. */
static bool split_host(const char *host, char *name, size_t size, int *port) {
    bool bracket = *host == '[';
    const char *end = bracket ? strchr(host, ']') : host + strcspn(host, ":");
    const char *begin = bracket ? host + 1 : host;
    if (!end || end == begin || (size_t)(end - begin) >= size)
        return false;
    memcpy(name, begin, (size_t)(end - begin));
    name[end - begin] = '\0';
    end += bracket;
    *port = 80;
    if (!*end)
        return true;
    size_t digits = strspn(end + 1, "0123456789");
    if (*end != ':' || digits == 0 || digits > 5 || end[1 + digits])
        return false;
    *port = atoi(end + 1);
    return true;
}

/* A name that no stranger can make his own: addresses cannot be given to somebody else's name. */
static bool is_ours(const throng_i_guard *self, const char *name) {
    struct in6_addr address;
    if (strcasecmp(name, "localhost") == 0 || strcmp(name, "127.0.0.1") == 0 || strcmp(name, "::1") == 0)
        return true;
    if (!self->loopback && (inet_pton(AF_INET, name, &address) == 1 || inet_pton(AF_INET6, name, &address) == 1))
        return true;
    for (size_t i = 0; i < sizeof self->names / sizeof *self->names; i++)
        if (self->names[i][0] && strcasecmp(name, self->names[i]) == 0)
            return true;
    return false;
}

static bool is_host(const throng_i_guard *self, const char *host) {
    char name[256];
    int port;
    return host && split_host(host, name, sizeof name, &port) && port == self->port && is_ours(self, name);
}

/* ---- Origin ---------------------------------------------------------------------------------------------------- */

/* The page that asks is one of ours, or a person typed or clicked an address of the page itself. */
static bool is_origin(const throng_i_request *request) {
    static const char scheme[] = "http://";
    const char *origin = request->origin, *site = request->site;
    if (origin && (strncasecmp(origin, scheme, sizeof scheme - 1) != 0 ||
                   strcasecmp(origin + sizeof scheme - 1, request->host) != 0))
        return false;
    if (!site || strcmp(site, "same-origin") == 0 || strcmp(site, "none") == 0)
        return true;
    return request->mode && strcmp(request->mode, "navigate") == 0 && strcmp(request->method, "GET") == 0 &&
           strncmp(request->path, "/api/", 5) != 0;
}

/* ---- token ----------------------------------------------------------------------------------------------------- */

/* How long it takes does not tell how much was right. */
static bool is_token(const throng_i_guard *self, const char *given, size_t n) {
    unsigned char different = n != THRONG_I_TOKEN_LENGTH - 1;
    for (size_t i = 0; i < THRONG_I_TOKEN_LENGTH - 1; i++)
        different |= (unsigned char)(self->token[i] ^ (i < n ? given[i] : 0));
    return !different;
}

static bool has_cookie(const throng_i_guard *self, const char *cookies) {
    char name[40];
    snprintf(name, sizeof name, "throng_token_%d=", self->port);
    for (const char *at = cookies; at && *at;) {
        at += strspn(at, "; ");
        size_t n = strcspn(at, ";");
        if (strncmp(at, name, strlen(name)) == 0 && n >= strlen(name) &&
            is_token(self, at + strlen(name), n - strlen(name)))
            return true;
        at += n;
    }
    return false;
}

static bool knows_token(const throng_i_guard *self, const throng_i_request *request, throng_i_reply *reply) {
    const char *given = throng_i_request_argument(request, "token");
    if (!self->token[0])
        return true;
    if (given && is_token(self, given, strlen(given))) {
        throng_i_reply_header(reply, "Set-Cookie", "throng_token_%d=%s; HttpOnly; SameSite=Strict; Path=/", self->port,
                              self->token);
        return true;
    }
    return (request->token && is_token(self, request->token, strlen(request->token))) ||
           has_cookie(self, request->cookie);
}

bool throng_i_guard_admits(const throng_i_guard *self, const throng_i_request *request, throng_i_reply *reply) {
    if (!is_host(self, request->host))
        throng_i_reply_fail(reply, 403, "host",
                            "The request is for another host than this server. If the name is right, start the server "
                            "with --host NAME.");
    else if (!is_origin(request))
        throng_i_reply_fail(reply, 403, "origin", "Pages of other sites may not ask this server.");
    else if (!knows_token(self, request, reply))
        throng_i_reply_fail(reply, 401, "token", "The token is missing or wrong: use the address that throng printed.");
    else
        return true;
    return false;
}
