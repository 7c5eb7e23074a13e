/* The pages of web/, compiled in: tools/embed-web writes their bytes. */
#ifndef THRONG_SRC_REPORT_ASSETS_H
#define THRONG_SRC_REPORT_ASSETS_H

#include <stddef.h>

typedef struct throng_i_asset {
    const char *path;           /* "/throng.js": begins with a slash */
    const unsigned char *bytes; /* [n] */
    size_t n;
} throng_i_asset;

/* Empty where throng was built without npm. */
extern const throng_i_asset throng_i_assets[];
extern const int throng_i_n_assets;

#endif
