/* Numbers the way people read them, text in columns, bars, colour: see terminal.h. */
#define _POSIX_C_SOURCE 200809L
#include "cli/terminal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* ---- numbers --------------------------------------------------------------------------------------------------- */

throng_phrase cli_amount(double x) {
    static const char *const unit[] = {"", " k", " M", " G", " T"};
    throng_phrase out;
    int step = 0;
    while (fabs(x) >= 999.5 && step < 4) {
        x /= 1000.0;
        step++;
    }
    snprintf(out.text, sizeof out.text, "%.*f%s",
             fabs(x) >= 99.5 || step == 0 ? 0
             : fabs(x) >= 9.95            ? 1
                                          : 2,
             x, unit[step]);
    return out;
}

throng_phrase cli_duration(double seconds) {
    throng_phrase out;
    if (seconds < 0.00095)
        snprintf(out.text, sizeof out.text, "%.2g ms", 1e3 * seconds);
    else if (seconds < 0.9995)
        snprintf(out.text, sizeof out.text, "%.0f ms", 1e3 * seconds);
    else if (seconds < 99.95)
        snprintf(out.text, sizeof out.text, "%.3g s", seconds);
    else
        snprintf(out.text, sizeof out.text, "%.0f min %.0f s", floor(seconds / 60.0), floor(fmod(seconds, 60.0)));
    return out;
}

throng_phrase cli_bytes(double bytes) {
    static const char *const unit[] = {"bytes", "kB", "MB", "GB", "TB"};
    throng_phrase out;
    int step = 0;
    while (bytes >= 999.5 && step < 4) {
        bytes /= 1000.0;
        step++;
    }
    snprintf(out.text, sizeof out.text, "%.*f %s", step == 0 || bytes >= 99.5 ? 0 : 1, bytes, unit[step]);
    return out;
}

/* ---- text ------------------------------------------------------------------------------------------------------ */

/* A report may come from anywhere: what is in it must not command the terminal. */
static void put_text(FILE *out, const char *text) {
    for (; *text; text++)
        fputc((unsigned char)*text < 0x20 || *text == 0x7F ? '?' : *text, out);
}

void cli_print_left(const char *text, int width) {
    int spaces = width - throng_phrase_width(text);
    put_text(stdout, text);
    printf("%*s", spaces > 0 ? spaces : 0, "");
}

void cli_print_right(const char *text, int width) {
    int spaces = width - throng_phrase_width(text);
    printf("%*s", spaces > 0 ? spaces : 0, "");
    put_text(stdout, text);
}

/* Length of the next word; a number and its unit are one. */
static int word_length(const char *text) {
    size_t n = strcspn(text, " \n");
    if (n > 0 && text[n] == ' ' && text[n - 1] >= '0' && text[n - 1] <= '9') {
        size_t unit = strcspn(text + n + 1, " \n");
        if (unit > 0 && unit <= 3 && (text[n + 1] == '%' || strchr("smkMG", text[n + 1])))
            n += 1 + unit;
    }
    return (int)n;
}

void cli_print_wrapped(FILE *out, const char *text, int indent, int width) {
    int column = indent;
    bool fresh = true; /* nothing stands on this line yet */
    while (*text) {
        int length = word_length(text);
        char word[512];
        snprintf(word, sizeof word, "%.*s", length, text);
        int wide = throng_phrase_width(word);
        if (!fresh && column + 1 + wide > width) {
            fprintf(out, "\n%*s", indent, "");
            column = indent;
            fresh = true;
        }
        column += fprintf(out, "%s", fresh ? "" : " ") + wide;
        put_text(out, word);
        fresh = fresh && wide == 0;
        text += length;
        text += *text == ' ' || *text == '\n';
    }
    fputc('\n', out);
}

/* ---- style ----------------------------------------------------------------------------------------------------- */

cli_style cli_style_of(FILE *out) {
    const char *no_colour = getenv("NO_COLOR"), *terminal = getenv("TERM"), *columns = getenv("COLUMNS");
    bool tty = isatty(fileno(out)) != 0;
    bool colour = tty && !(no_colour && *no_colour) && terminal && strcmp(terminal, "dumb") != 0;
    struct winsize size;
    int width = columns ? atoi(columns) : 0;
    if (width <= 0 && tty && ioctl(fileno(out), TIOCGWINSZ, &size) == 0)
        width = size.ws_col;
    if (width <= 0)
        width = 100;
    width = width < 60 ? 60 : width > 100 ? 100 : width;
    if (!colour)
        return (cli_style){"", "", "", "", "", width};
    return (cli_style){"\033[1m", "\033[2m", "\033[36m", "\033[33m", "\033[0m", width};
}

/* ---- drawing --------------------------------------------------------------------------------------------------- */

static void repeat(const char *text, int n) {
    for (int i = 0; i < n; i++)
        fputs(text, stdout);
}

/* Blocks from the left with a last one in eighths; returns the characters used. */
static int bar_right(double length, int width) {
    static const char *const part[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    int eighths = (int)lround(fmin(length, width) * 8.0);
    if (eighths == 0 && length > 0.0)
        eighths = 1; /* little is not nothing */
    repeat("█", eighths / 8);
    fputs(part[eighths % 8], stdout);
    return (eighths + 7) / 8;
}

/* Blocks that end at the right; only halves exist for the first one. */
static void bar_left(double length, int width) {
    int halves = (int)lround(fmin(length, width) * 2.0);
    bool sliver = halves == 0 && length > 0.0;
    repeat(" ", width - (halves + 1) / 2 - sliver);
    fputs(sliver ? "▕" : halves % 2 ? "▐" : "", stdout);
    repeat("█", halves / 2);
}

cli_bars cli_bars_for(double lowest, double highest, int width) {
    cli_bars bars = {.right = width};
    lowest = lowest < 0.0 ? -lowest : 0.0;
    highest = highest > 0.0 ? highest : 0.0;
    bars.scale = lowest + highest > 0.0 ? width / (lowest + highest) : 0.0;
    if (lowest > 0.0) {
        bars.left = (int)ceil(lowest * bars.scale);
        bars.left = bars.left < 1 ? 1 : bars.left > width - 2 ? width - 2 : bars.left;
        bars.right = width - 1 - bars.left;
        bars.scale = fmin(bars.left / lowest, highest > 0.0 ? bars.right / highest : INFINITY);
    }
    return bars;
}

void cli_print_bar(const cli_style *style, const cli_bars *bars, double value, bool pad) {
    double length = isfinite(value) ? fabs(value) * bars->scale : 0.0;
    if (bars->left > 0) {
        fputs(style->against, stdout);
        bar_left(value < 0.0 ? length : 0.0, bars->left);
        printf("%s│", style->plain);
    }
    fputs(style->bar, stdout);
    int used = bar_right(value > 0.0 ? length : 0.0, bars->right);
    printf("%s%*s", style->plain, pad ? bars->right - used : 0, "");
}

void cli_print_sparkline_between(const double *values, int n, double low, double high) {
    static const char *const block[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    for (int i = 0; i < n; i++) {
        int height = high > low ? (int)lround(7.0 * (values[i] - low) / (high - low)) : 3;
        fputs(isfinite(values[i]) ? block[height < 0 ? 0 : height > 7 ? 7 : height] : " ", stdout);
    }
}

void cli_find_range(const double *values, int n, double *low, double *high) {
    for (int i = 0; i < n; i++)
        if (isfinite(values[i])) {
            *low = fmin(*low, values[i]);
            *high = fmax(*high, values[i]);
        }
}

void cli_print_sparkline(const double *values, int n) {
    double low = (double)INFINITY, high = -(double)INFINITY;
    cli_find_range(values, n, &low, &high);
    cli_print_sparkline_between(values, n, low, high);
}
