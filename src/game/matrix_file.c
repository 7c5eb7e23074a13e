/* Matrices in CSV: preferences, or the payoffs of two players. */
#include "game/matrix_file.h"
#include "game/lexer.h"
#include "throng/preference.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define COLUMNS_MAX (1 << 20)

/* What is read so far. */
typedef struct reading {
    throng_context *context;
    const char *origin;
    char *text, *at, *end; /* a copy of the file in which cells end with zeros; where the next line begins */
    int64_t line;
    char **cell; /* [n_cells] of this line, in `text` */
    int n_cells, cells_cap;
    char **column, **row; /* names, in `text`; [width], or NULL: none; [rows_cap] */
    int width;            /* numbers in a row; 0: not known yet */
    int per_cell;         /* 1 or 2 */
    int n_rows, rows_cap; /* of all groups */
    int group_rows;       /* of a group; 0: the first is not over */
    int groups;           /* that are complete */
    double *numbers;      /* [rows_cap][width][per_cell] */
    double *reference;    /* [width]; NULL: none */
} reading;

/* ---- lines and cells ------------------------------------------------------------------------------------------- */

/* Spaces around a cell do not count. */
static char *trim(char *text) {
    size_t n;
    while (isspace((unsigned char)*text))
        text++;
    for (n = strlen(text); n > 0 && isspace((unsigned char)text[n - 1]); n--)
        text[n - 1] = '\0';
    return text;
}

/* Takes one cell off the line, with quotes removed. @return what follows the comma; NULL: it was the last */
static char *take_cell(char *line, char **cell) {
    char *from = line + strspn(line, " \t"), *to = from;
    bool quoted = *from == '"';
    *cell = from;
    if (!quoted) {
        char *comma = strchr(line, ',');
        if (comma)
            *comma = '\0';
        *cell = trim(line);
        return comma ? comma + 1 : NULL;
    }
    for (from++; *from && (*from != '"' || from[1] == '"'); from++) {
        from += *from == '"';
        *to++ = *from;
    }
    char *comma = strchr(from, ',');
    *to = '\0';
    return comma ? comma + 1 : NULL;
}

/* The next line's cells; none, if it is empty. False at the end. */
static throng_status next_line(reading *self, bool *found, throng_error *err) {
    throng_status status = THRONG_OK;
    char *line = self->at;
    *found = line < self->end;
    self->n_cells = 0;
    if (!*found)
        return THRONG_OK;
    self->line++;
    self->at = memchr(line, '\n', (size_t)(self->end - line));
    self->at = self->at ? self->at : self->end;
    *self->at++ = '\0';
    line = trim(line);
    while (line && (*line || self->n_cells > 0)) {
        if (self->n_cells == self->cells_cap) {
            int cap = 2 * self->cells_cap + 16;
            THRONG_TRY(throng_i_resize(self->context, &self->cell, cap, sizeof *self->cell, err));
            self->cells_cap = cap;
        }
        line = take_cell(line, &self->cell[self->n_cells++]);
    }
    THRONG_REQUIRE(self->n_cells <= COLUMNS_MAX, E_FORMAT, "%s, line %lld: more than %d columns.", self->origin,
                   (long long)self->line, COLUMNS_MAX);
out:
    return status;
}

/* How many numbers a cell holds, 1 or 2; 0: it is something else. */
static int read_cell(char *cell, double out[2]) {
    char *space = cell + strcspn(cell, " \t");
    char held = *space;
    *space = '\0';
    bool first = throng_i_read_number(cell, &out[0]);
    *space = held;
    if (!first)
        return 0;
    return held == '\0' ? 1 : 2 * throng_i_read_number(space + strspn(space, " \t"), &out[1]);
}

/* ---- rows ------------------------------------------------------------------------------------------------------ */

static bool is_number(char *cell) {
    double numbers[2];
    return read_cell(cell, numbers) > 0;
}

/* Names of columns stand above the first row, if anything but its first cell is no number; or that alone. */
static bool is_head(const reading *self) {
    for (int c = 1; c < self->n_cells; c++)
        if (is_number(self->cell[c]))
            return false;
    return self->n_cells > 0 && !is_number(self->cell[0]);
}

static throng_status make_room(reading *self, throng_error *err) {
    throng_status status = THRONG_OK;
    if (self->n_rows == self->rows_cap) {
        int64_t cap = 2 * (int64_t)self->rows_cap + 4;
        THRONG_TRY(throng_i_resize(self->context, &self->numbers, cap * self->width * self->per_cell,
                                   sizeof *self->numbers, err));
        THRONG_TRY(throng_i_resize(self->context, &self->row, cap, sizeof *self->row, err));
        self->rows_cap = (int)cap;
    }
out:
    return status;
}

/* A row's numbers. @param first the cell where they begin  @param out [width][per_cell] */
static throng_status take_numbers(const reading *self, int first, double *out, throng_error *err) {
    for (int c = 0; c < self->width; c++) {
        char *cell = self->cell[first + c];
        double numbers[2];
        int n = read_cell(cell, numbers);
        if (n != self->per_cell)
            return THRONG_FAIL(err, E_FORMAT, "%s, line %lld, column %d: expected %s, found \"%.40s\".", self->origin,
                               (long long)self->line, first + c + 1,
                               self->per_cell == 1 ? "a number" : "two payoffs, as in \"3 -3\"", cell);
        if (n == 1 && !(numbers[0] >= 0.0 && numbers[0] <= 1.0))
            return THRONG_FAIL(err, E_FORMAT,
                               "%s, line %lld, column %d: a preference lies in [0, 1], got %g. Payoffs are those of "
                               "both players in each cell, as in \"3 -3\".",
                               self->origin, (long long)self->line, first + c + 1, numbers[0]);
        memcpy(out + (int64_t)c * n, numbers, (size_t)n * sizeof *out);
    }
    return THRONG_OK;
}

/* The weights of the reference are positive, in any scale. */
static throng_status take_reference(reading *self, throng_error *err) {
    throng_status status = THRONG_OK;
    THRONG_REQUIRE(!self->reference, E_FORMAT, "%s, line %lld: there is a reference already.", self->origin,
                   (long long)self->line);
    THRONG_REQUIRE(self->n_cells == self->width + 1, E_FORMAT,
                   "%s, line %lld: the reference needs %d weights, and has %d. It stands below the preferences.",
                   self->origin, (long long)self->line, self->width, self->n_cells - 1);
    THRONG_TRY(throng_i_alloc(self->context, self->width, sizeof *self->reference, &self->reference, err));
    for (int c = 0; c < self->width; c++)
        THRONG_REQUIRE(throng_i_read_number(self->cell[c + 1], &self->reference[c]) && self->reference[c] > 0.0,
                       E_FORMAT, "%s, line %lld, column %d: expected a weight above 0, found \"%.40s\".", self->origin,
                       (long long)self->line, c + 2, self->cell[c + 1]);
out:
    return status;
}

static throng_status take_row(reading *self, throng_error *err) {
    throng_status status = THRONG_OK;
    double numbers[2];
    int first = !is_number(self->cell[0]);
    if (first && strcasecmp(self->cell[0], "reference") == 0)
        return take_reference(self, err);
    if (self->width == 0) {
        self->width = self->n_cells - first;
        THRONG_REQUIRE(self->width > 0, E_FORMAT,
                       "%s, line %lld: there is a name and no number. Commas stand between cells.", self->origin,
                       (long long)self->line);
        int n = read_cell(self->cell[first], numbers);
        self->per_cell = n == 2 ? 2 : 1;
    }
    THRONG_REQUIRE(self->n_cells == self->width + first, E_FORMAT,
                   "%s, line %lld: this row has %d entries, those above it %d.", self->origin, (long long)self->line,
                   self->n_cells - first, self->width);
    THRONG_TRY(make_room(self, err));
    THRONG_TRY(take_numbers(self, first, self->numbers + (int64_t)self->n_rows * self->width * self->per_cell, err));
    self->row[self->n_rows++] = first ? self->cell[0] : NULL;
out:
    return status;
}

/* An empty line, or the end. */
static throng_status end_group(reading *self, throng_error *err) {
    throng_status status = THRONG_OK;
    int rows = self->n_rows - self->groups * self->group_rows;
    if (rows == 0)
        return THRONG_OK;
    THRONG_REQUIRE(self->groups == 0 || rows == self->group_rows, E_FORMAT,
                   "%s, line %lld: a group has %d rows, and the first one %d.", self->origin, (long long)self->line,
                   rows, self->group_rows);
    self->group_rows = rows;
    self->groups++;
out:
    return status;
}

/* Names of columns, kept until rows say how many there are, which may have a cell for their own names. */
static throng_status take_head(reading *self, int *n, throng_error *err) {
    throng_status status = THRONG_OK;
    THRONG_TRY(throng_i_alloc(self->context, self->n_cells, sizeof *self->column, &self->column, err));
    memcpy(self->column, self->cell, (size_t)self->n_cells * sizeof *self->column);
    *n = self->n_cells;
out:
    return status;
}

static throng_status read_all(reading *self, throng_error *err) {
    throng_status status = THRONG_OK;
    int named = 0;
    bool found = true;
    while (found) {
        THRONG_TRY(next_line(self, &found, err));
        if (self->n_cells == 0)
            THRONG_TRY(end_group(self, err));
        else if (!self->column && self->n_rows == 0 && is_head(self))
            THRONG_TRY(take_head(self, &named, err));
        else
            THRONG_TRY(take_row(self, err));
    }
    THRONG_REQUIRE(self->n_rows > 0, E_FORMAT, "%s has no numbers.", self->origin);
    THRONG_REQUIRE(named == 0 || named == self->width || named == self->width + 1, E_FORMAT,
                   "%s: %d columns have a name, and %d numbers.", self->origin, named, self->width);
    if (named > self->width) /* the corner */
        memmove(self->column, self->column + 1, (size_t)self->width * sizeof *self->column);
out:
    return status;
}

/* ---- what it says ---------------------------------------------------------------------------------------------- */

static throng_status make_preferences(const reading *self, throng_preference **out, throng_error *err) {
    throng_status status = THRONG_OK;
    THRONG_REQUIRE(self->group_rows == self->width, E_FORMAT,
                   "%s has %d rows and %d columns: preferences are square. Payoffs are those of both players in each "
                   "cell, as in \"3 -3\".",
                   self->origin, self->group_rows, self->width);
    bool rows = self->row[0] != NULL;
    for (int i = 0; i < self->width; i++)
        rows = rows && self->row[i];
    const throng_preference_def def = {
        .name = self->origin,
        .n = self->width,
        .groups = self->groups,
        .wins = self->numbers,
        .reference = self->reference,
        .names = (const char *const *)(self->column ? self->column
                                       : rows       ? self->row
                                                    : NULL),
    };
    THRONG_TRY(throng_preference_create(self->context, &def, out, err));
out:
    return status;
}

static throng_status name_actions(const reading *self, throng_normal_form *game, throng_error *err) {
    throng_status status = THRONG_OK;
    for (int i = 0; i < self->n_rows; i++)
        if (!self->row[i])
            self->row[i] = self->end; /* "" stands for the number */
    THRONG_TRY(throng_normal_form_set_action_names(game, 0, (const char *const *)self->row, err));
    if (self->column)
        THRONG_TRY(throng_normal_form_set_action_names(game, 1, (const char *const *)self->column, err));
out:
    return status;
}

static throng_status make_normal_form(const reading *self, throng_normal_form **out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_normal_form *game = NULL;
    const int n_actions[2] = {self->n_rows, self->width};
    THRONG_REQUIRE(self->groups == 1 && !self->reference, E_FORMAT,
                   "%s: payoffs are one matrix, without an empty line inside and without a reference.", self->origin);
    THRONG_TRY(throng_normal_form_create(self->context, self->origin, 2, n_actions, &game, err));
    THRONG_TRY(name_actions(self, game, err));
    for (int i = 0; i < self->n_rows; i++)
        for (int j = 0; j < self->width; j++)
            THRONG_TRY(throng_normal_form_set_payoffs(game, i + (int64_t)j * self->n_rows,
                                                      self->numbers + 2 * ((int64_t)i * self->width + j), err));
    *out = game;
    game = NULL;
out:
    throng_normal_form_free(game);
    return status;
}

static throng_status begin(throng_context *context, const char *origin, const char *text, int64_t length, reading *out,
                           throng_error *err) {
    throng_status status = THRONG_OK;
    *out = (reading){.context = context, .origin = origin};
    THRONG_REQUIRE(length > 0, E_FORMAT, "%s is empty.", origin);
    THRONG_REQUIRE(!memchr(text, '\0', (size_t)length), E_FORMAT, "%s has a zero byte: it is not text.", origin);
    THRONG_TRY(throng_i_alloc(context, length + 2, 1, &out->text, err));
    memcpy(out->text, text, (size_t)length);
    out->at = out->text;
    out->end = out->text + length;
    if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) /* what some programs begin UTF-8 with */
        out->at += 3;
    THRONG_TRY(read_all(out, err));
out:
    return status;
}

static void end(reading *self) {
    throng_i_free(self->context, self->text);
    throng_i_free(self->context, self->cell);
    throng_i_free(self->context, self->column);
    throng_i_free(self->context, self->row);
    throng_i_free(self->context, self->numbers);
    throng_i_free(self->context, self->reference);
}

throng_status throng_problem_parse_csv(throng_context *context, const char *origin, const char *text, int64_t length,
                                       throng_problem *out, throng_error *err) {
    throng_status status = THRONG_OK;
    reading it;
    throng_preference *preferences = NULL;
    throng_normal_form *game = NULL;
    throng_tree *tree = NULL;
    THRONG_TRY(begin(context, origin, text, length, &it, err));
    if (it.per_cell == 1) {
        THRONG_TRY(make_preferences(&it, &preferences, err));
        *out = throng_preference_problem(preferences);
    } else {
        THRONG_TRY(make_normal_form(&it, &game, err));
        THRONG_TRY(throng_tree_from_normal_form(context, game, &tree, err));
        *out = throng_tree_problem(tree);
    }
out:
    throng_normal_form_free(game);
    end(&it);
    return status;
}

throng_status throng_i_matrix_problem(throng_context *context, const char *path, throng_problem *out,
                                      throng_error *err) {
    throng_status status = THRONG_OK;
    char *text = NULL;
    int64_t length = 0;
    THRONG_TRY(throng_i_read_text(context, path, &text, &length, err));
    THRONG_TRY(throng_problem_parse_csv(context, path, text, length, out, err));
out:
    throng_i_free(context, text);
    return status;
}

throng_status throng_i_matrix_normal_form(throng_context *context, const char *path, throng_normal_form **out,
                                          throng_error *err) {
    throng_status status = THRONG_OK;
    char *text = NULL;
    int64_t length = 0;
    reading it = {.context = context};
    throng_preference *preferences = NULL;
    THRONG_TRY(throng_i_read_text(context, path, &text, &length, err));
    THRONG_TRY(begin(context, path, text, length, &it, err));
    if (it.per_cell == 1) {
        THRONG_TRY(make_preferences(&it, &preferences, err));
        THRONG_TRY(throng_preference_normal_form(context, preferences, out, err));
    } else {
        THRONG_TRY(make_normal_form(&it, out, err));
    }
out:
    throng_preference_free(preferences);
    end(&it);
    throng_i_free(context, text);
    return status;
}
