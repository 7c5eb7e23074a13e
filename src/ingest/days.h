/* Which days of a crowd count: what --days says, understood. */
#ifndef THRONG_SRC_INGEST_DAYS_H
#define THRONG_SRC_INGEST_DAYS_H

#include "core/core.h"

#define THRONG_I_DAYS_LENGTH 32

/* Understands "FIRST..LAST" (days of UTC such as 2024-11-21, both counted; either may be missing), one such day, or a
 * number: the last so many days. NULL: all. `out` is what _tables.sql reads: "FIRST..LAST" or the number.
 * THRONG_E_ARGUMENT. */
THRONG_MUST_USE throng_status throng_i_days_read(const char *text, char out[THRONG_I_DAYS_LENGTH], throng_error *err);

#endif
