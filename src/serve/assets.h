/* The page that the explorer's server shows, compiled in: tools/embed-web writes it from web/dist, or from
 * src/serve/page where that has not been built. */
#ifndef THRONG_SRC_SERVE_ASSETS_H
#define THRONG_SRC_SERVE_ASSETS_H

#include <stddef.h>

typedef struct throng_i_asset {
    const char *path;           /* "/index.html": begins with a slash */
    const unsigned char *bytes; /* [n] */
    size_t n;
} throng_i_asset;

extern const throng_i_asset throng_i_assets[];
extern const int throng_i_n_assets;

#endif
