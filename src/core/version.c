/* Which throng this is. */
#include "throng/core.h"

#if defined(__has_include)
#if __has_include("revision.h")
#include "revision.h"
#endif
#endif

#ifndef THRONG_VERSION
#define THRONG_VERSION "unknown"
#endif
#ifndef THRONG_REVISION
#define THRONG_REVISION "unknown"
#endif

const char *throng_version(void) {
    return THRONG_VERSION;
}

const char *throng_revision(void) {
    return THRONG_REVISION;
}
