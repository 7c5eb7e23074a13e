/* Numbers and names the way people read them: in the answer of a report, and in what the command line prints. */
#include "population/population.h"
#include "throng/report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

throng_phrase throng_phrase_count(int64_t n) {
    throng_phrase out;
    _Static_assert(sizeof out.text >= THRONG_I_COUNT_LENGTH, "every count fits");
    throng_i_count_print(n, out.text);
    return out;
}

throng_phrase throng_phrase_share(double share) {
    throng_phrase out;
    double percent = 100.0 * share;
    if (!isfinite(percent))
        snprintf(out.text, sizeof out.text, "-");
    else if (percent == 0.0)
        snprintf(out.text, sizeof out.text, "0 %%");
    else if (fabs(percent) >= 1e6)
        snprintf(out.text, sizeof out.text, "%.2g %%", percent);
    else if (fabs(percent) >= 0.95)
        snprintf(out.text, sizeof out.text, "%.1f %%", percent);
    else if (fabs(percent) >= 1e-4)
        snprintf(out.text, sizeof out.text, "%.2g %%", percent);
    else
        snprintf(out.text, sizeof out.text, "%.0e %%", percent);
    return out;
}

throng_phrase throng_phrase_value(double x) {
    throng_phrase out;
    if (!isfinite(x))
        snprintf(out.text, sizeof out.text, "-");
    else if (fabs(x) < 1e15 && (x == floor(x) || fabs(x) >= 9999.5))
        return throng_phrase_count(llrint(x));
    else
        snprintf(out.text, sizeof out.text, "%.4g", x);
    return out;
}

/* ---- text ------------------------------------------------------------------------------------------------------ */

/* Whether a byte goes on with a UTF-8 character. */
static bool continues(char c) {
    return ((unsigned char)c & 0xC0) == 0x80;
}

/* Whether a character turns the direction of what follows (U+202A to 202E, 2066 to 2069): a name with one would turn
 * the sentence that it stands in. */
static bool turns(const char *text) {
    const unsigned char *c = (const unsigned char *)text;
    return c[0] == 0xE2 &&
           ((c[1] == 0x80 && c[2] >= 0xAA && c[2] <= 0xAE) || (c[1] == 0x81 && c[2] >= 0xA6 && c[2] <= 0xA9));
}

int throng_phrase_width(const char *text) {
    int n = 0;
    for (; *text; text++)
        n += !continues(*text);
    return n;
}

throng_phrase throng_phrase_clip(const char *text, int width) {
    static const char more[] = "\xE2\x80\xA6"; /* ... */
    throng_phrase out;
    size_t used = 0;
    bool cut = throng_phrase_width(text) > width;
    int left = cut ? width - 1 : width;
    for (; *text; text++) {
        bool begins = !continues(*text);
        if (begins && (left-- <= 0 || used + 4 + sizeof more > sizeof out.text))
            break; /* a character is taken whole or not at all */
        if (used + sizeof more >= sizeof out.text)
            break; /* not UTF-8 */
        unsigned char c = (unsigned char)*text;
        bool turning = turns(text);
        out.text[used++] = c < 0x20 || c == 0x7F || turning ? '?' : *text;
        text += turning ? 2 : 0;
    }
    out.text[used] = '\0';
    if (*text)
        memcpy(out.text + used, more, sizeof more);
    return out;
}
