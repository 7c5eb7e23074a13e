/* "Did you mean": the nearest of some names. */
#define _POSIX_C_SOURCE 200809L
#include "core/core.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define NAME_MAX_COMPARED 64

static int lowest(int a, int b, int c) {
    int least = a < b ? a : b;
    return least < c ? least : c;
}

static bool same_letter(char a, char b) {
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* Optimal string alignment distance, ignoring case: insert, delete, replace, swap neighbours cost 1 each. */
static int distance(const char *a, const char *b) {
    int n = (int)strnlen(a, NAME_MAX_COMPARED), m = (int)strnlen(b, NAME_MAX_COMPARED);
    int rows[3][NAME_MAX_COMPARED + 1];
    for (int j = 0; j <= m; j++)
        rows[0][j] = j;
    for (int i = 1; i <= n; i++) {
        int *row = rows[i % 3], *above = rows[(i + 2) % 3], *higher = rows[(i + 1) % 3];
        row[0] = i;
        for (int j = 1; j <= m; j++) {
            int change = same_letter(a[i - 1], b[j - 1]) ? 0 : 1;
            row[j] = lowest(above[j] + 1, row[j - 1] + 1, above[j - 1] + change);
            if (i > 1 && j > 1 && same_letter(a[i - 1], b[j - 2]) && same_letter(a[i - 2], b[j - 1]) &&
                higher[j - 2] + 1 < row[j])
                row[j] = higher[j - 2] + 1;
        }
    }
    return rows[n % 3][m];
}

/* How unlike two names are, in typing errors; one that begins or ends with the other counts as half that far. */
static double unlikeness(const char *wrong, const char *name) {
    double errors = distance(wrong, name);
    size_t n = strlen(wrong), m = strlen(name), shorter = n < m ? n : m;
    if (shorter >= 3 && (strncmp(wrong, name, shorter) == 0 || strcmp(wrong + n - shorter, name + m - shorter) == 0))
        errors *= 0.5;
    return errors;
}

const char *throng_i_nearest(const char *wrong, const char *const *names, int n) {
    const char *best = NULL;
    double least = 1.0 + 0.34 * (double)strlen(wrong); /* one error in three letters */
    for (int i = 0; i < n; i++) {
        double errors = unlikeness(wrong, names[i]);
        if (errors < least && errors < (double)strlen(names[i])) {
            least = errors;
            best = names[i];
        }
    }
    return best;
}

void throng_suggest(const char *wrong, const char *const *names, int n, char *out, size_t size) {
    const char *nearest = throng_i_nearest(wrong, names, n);
    if (nearest) {
        snprintf(out, size, " Did you mean \"%s\"?", nearest);
        return;
    }
    size_t used = (size_t)snprintf(out, size, n > 0 ? " Known: " : " None are known");
    for (int i = 0; i < n && used < size; i++) {
        if (used + strlen(names[i]) + 8 > size) {
            snprintf(out + used, size - used, "...");
            return;
        }
        used += (size_t)snprintf(out + used, size - used, "%s%s", names[i], i + 1 < n ? ", " : "");
    }
    if (used < size)
        snprintf(out + used, size - used, ".");
}
