/* Numbers the way people read them, text in columns, bars, colour. */
#ifndef THRONG_CLI_TERMINAL_H
#define THRONG_CLI_TERMINAL_H

#include "throng/report.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* More of what reports have in words. */
throng_phrase cli_amount(double x);         /* 1.67 M */
throng_phrase cli_duration(double seconds); /* 3 ms, 2.41 s, 2 min 5 s */
throng_phrase cli_bytes(double bytes);      /* 12.3 MB */

/* The text, then spaces up to `width` characters; or before it. */
void cli_print_left(const char *text, int width);
void cli_print_right(const char *text, int width);

/* A paragraph, broken at spaces to at most `width` characters; lines begin with `indent` spaces, the first has its
 * indent already. */
void cli_print_wrapped(FILE *out, const char *text, int indent, int width);

/* What the terminal can do. */
typedef struct cli_style {
    const char *bold, *dim, *bar, *against, *plain; /* escape sequences, or "" */
    int width;                                      /* columns to use, 60..100 */
} cli_style;

cli_style cli_style_of(FILE *out);

/* Room for bars: characters left and right of an axis (left 0: there is no axis), and characters per unit. */
typedef struct cli_bars {
    int left, right;
    double scale;
} cli_bars;

/* Divides `width` characters so that bars from lowest to highest fit. */
cli_bars cli_bars_for(double lowest, double highest, int width);

/* A bar; with `pad`, spaces up to the end of the room follow. Not finite: no bar. */
void cli_print_bar(const cli_style *style, const cli_bars *bars, double value, bool pad);

/* A line of n blocks of eight heights between low and high; values that are not finite are blank. */
void cli_print_sparkline_between(const double *values, int n, double low, double high);

/* The same between the least and the largest of them. */
void cli_print_sparkline(const double *values, int n);

/* Widens low..high until it has the values that are finite. */
void cli_find_range(const double *values, int n, double *low, double *high);

#endif
