/* Small line plots over decades, written as SVG: axes are powers of ten, given as their exponents. */
#ifndef THRONG_BENCH_PLOT_H
#define THRONG_BENCH_PLOT_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define PLOT_WIDTH  760
#define PLOT_HEIGHT 460
#define PLOT_LEFT   60
#define PLOT_RIGHT  560 /* the legend is right of this */
#define PLOT_TOP    40
#define PLOT_BOTTOM 390

typedef struct plot {
    FILE *file;
    double x_low, x_high, y_low, y_high;
} plot;

static inline double plot_x(const plot *self, double x) {
    return PLOT_LEFT + (x - self->x_low) / (self->x_high - self->x_low) * (PLOT_RIGHT - PLOT_LEFT);
}

static inline double plot_y(const plot *self, double y) {
    return PLOT_BOTTOM - (y - self->y_low) / (self->y_high - self->y_low) * (PLOT_BOTTOM - PLOT_TOP);
}

static inline void plot_text(const plot *self, double x, double y, const char *anchor, const char *text) {
    fprintf(self->file, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>\n", x, y, anchor, text);
}

/* A power of ten; where it is one of many, its exponent is all that is small. */
static inline void plot_power(const plot *self, double x, double y, const char *anchor, int exponent) {
    fprintf(self->file,
            "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">10<tspan dy=\"-4\" font-size=\"8\">%d</tspan></text>\n", x,
            y, anchor, exponent);
}

/* Opens the file and draws title, frame, grid and powers. */
static inline void plot_open(plot *self, const char *path, const char *title, const char *x_title, double x_low,
                             double x_high, double y_low, double y_high) {
    *self = (plot){fopen(path, "w"), x_low, x_high, y_low, y_high};
    if (!self->file) {
        fprintf(stderr, "bench: cannot write %s\n", path);
        exit(1);
    }
    fprintf(self->file,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" "
            "font-size=\"12\" fill=\"#222\">\n<rect width=\"%d\" height=\"%d\" fill=\"white\"/>\n",
            PLOT_WIDTH, PLOT_HEIGHT, PLOT_WIDTH, PLOT_HEIGHT);
    fprintf(self->file, "<text x=\"%d\" y=\"24\" font-size=\"14\" font-weight=\"bold\">%s</text>\n", PLOT_LEFT, title);
    for (int y = (int)y_low; y <= (int)y_high; y += 2) {
        fprintf(self->file, "<path d=\"M%d %.1fH%d\" stroke=\"#ddd\"/>\n", PLOT_LEFT, plot_y(self, y), PLOT_RIGHT);
        plot_power(self, PLOT_LEFT - 6, plot_y(self, y) + 4, "end", y);
    }
    for (int x = (int)x_low; x <= (int)x_high; x++) {
        fprintf(self->file, "<path d=\"M%.1f %dV%d\" stroke=\"#ddd\"/>\n", plot_x(self, x), PLOT_TOP, PLOT_BOTTOM);
        plot_power(self, plot_x(self, x), PLOT_BOTTOM + 18, "middle", x);
    }
    plot_text(self, 0.5 * (PLOT_LEFT + PLOT_RIGHT), PLOT_BOTTOM + 38, "middle", x_title);
}

/* A band between two heights, with its name inside. */
static inline void plot_band(const plot *self, double from, double to, const char *name) {
    fprintf(self->file, "<rect x=\"%d\" y=\"%.1f\" width=\"%d\" height=\"%.1f\" fill=\"#f4a582\" opacity=\"0.35\"/>\n",
            PLOT_LEFT, plot_y(self, to), PLOT_RIGHT - PLOT_LEFT, plot_y(self, from) - plot_y(self, to));
    plot_text(self, PLOT_LEFT + 6, plot_y(self, 0.5 * (from + to)) + 4, "start", name);
}

static inline void plot_line(const plot *self, int n, const double *x, const double *y, const char *colour,
                             bool dashed) {
    fprintf(self->file, "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"2\"%s points=\"", colour,
            dashed ? " stroke-dasharray=\"5 4\"" : "");
    for (int i = 0; i < n; i++)
        fprintf(self->file, "%s%.1f,%.1f", i ? " " : "", plot_x(self, x[i]), plot_y(self, y[i]));
    fprintf(self->file, "\"/>\n");
    for (int i = 0; i < n; i++)
        fprintf(self->file, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"%s\"/>\n", plot_x(self, x[i]),
                plot_y(self, y[i]), colour);
}

static inline void plot_legend(const plot *self, int place, const char *name, const char *colour) {
    double y = PLOT_TOP + 12 + 20 * place;
    fprintf(self->file, "<path d=\"M%d %.1fh18\" stroke=\"%s\" stroke-width=\"2\"/>\n", PLOT_RIGHT + 12, y - 4, colour);
    plot_text(self, PLOT_RIGHT + 36, y, "start", name);
}

static inline void plot_note(const plot *self, const char *text) {
    plot_text(self, PLOT_LEFT, PLOT_HEIGHT - 8, "start", text);
}

static inline void plot_close(plot *self) {
    fprintf(self->file, "</svg>\n");
    fclose(self->file);
}

#endif
