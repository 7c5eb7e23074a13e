/* Words, their weights, and finding them in texts: see stance.h. */
#include "ingest/stance.h"

#include "ingest/secret.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PHRASE_MAX 8 /* words of a term */
#define TERM_MAX   512

/* ---- words of a text ------------------------------------------------------------------------------------------- */

/* Whether a byte belongs to a word: letters (any byte of a letter that is not ASCII), digits, and what is inside of
 * hashtags, domains and short forms. */
static bool is_inside(unsigned char c) {
    return c >= 0x80 || isalnum(c) || c == '\'' || c == '-' || c == '#' || c == '_' || c == '.' || c == '@';
}

static bool is_loose(char c) {
    return c == '\'' || c == '-' || c == '.';
}

/* Takes points, dashes and quotes off the ends of the word that ends at `to`, and www. off its beginning. */
static char *trim_word(char *word, char *to) {
    while (to > word && is_loose(to[-1]))
        to--;
    size_t skip = 0;
    while (word + skip < to && is_loose(word[skip]))
        skip++;
    if (to - word - (long)skip > 4 && strncmp(word + skip, "www.", 4) == 0)
        skip += 4;
    memmove(word, word + skip, (size_t)(to - word) - skip);
    return to - skip;
}

/* Writes a text's words, lower case (ASCII), one space between them, ended by 0, into out[length + 2]. */
static int64_t normalise(const char *text, int64_t length, char *out) {
    char *to = out;
    for (int64_t i = 0; i < length;) {
        char *word = to;
        for (; i < length; i++) {
            unsigned char c = (unsigned char)text[i];
            bool is_mark = c == 0xE2 && i + 2 < length && (unsigned char)text[i + 1] == 0x80;
            if (is_mark && (unsigned char)text[i + 2] != 0x99)
                break; /* dashes and quotes beyond ASCII */
            if (!is_inside(c))
                break;
            *to++ = is_mark ? '\'' : (char)tolower(c);
            i += is_mark ? 2 : 0;
        }
        i += i < length && (unsigned char)text[i] == 0xE2 ? 3 : 1;
        to = trim_word(word, to);
        if (to > word)
            *to++ = ' ';
    }
    to -= to > out;
    *to = '\0';
    return to - out;
}

/* ---- the table of terms ---------------------------------------------------------------------------------------- */

/* Where a term is, or the free slot where it belongs. */
static throng_i_term *find(const throng_i_stance *stance, const char *words, size_t length) {
    static const throng_i_secret open_key = {{0, 0}};
    uint64_t mask = (uint64_t)stance->n_slots - 1;
    uint64_t at = throng_i_secret_hash(&open_key, words, (int64_t)length) & mask;
    while (stance->terms[at].words &&
           (strncmp(stance->terms[at].words, words, length) != 0 || stance->terms[at].words[length] != '\0'))
        at = (at + 1) & mask;
    return &stance->terms[at];
}

static throng_status grow(throng_i_stance *stance, throng_error *err) {
    throng_i_stance larger = *stance;
    larger.n_slots = stance->n_slots ? 2 * stance->n_slots : 8192;
    throng_status status = throng_i_alloc(stance->context, larger.n_slots, sizeof *larger.terms, &larger.terms, err);
    if (status != THRONG_OK)
        return status;
    for (int64_t i = 0; i < stance->n_slots; i++)
        if (stance->terms[i].words)
            *find(&larger, stance->terms[i].words, strlen(stance->terms[i].words)) = stance->terms[i];
    throng_i_free(stance->context, stance->terms);
    *stance = larger;
    return THRONG_OK;
}

static throng_status add_term(throng_i_stance *stance, const char *term, double weight, throng_error *err) {
    char words[TERM_MAX + 2];
    int n_words = 1;
    throng_status status = THRONG_OK;
    int64_t length = normalise(term, (int64_t)strlen(term), words);
    for (int64_t i = 0; i < length; i++)
        n_words += words[i] == ' ';
    THRONG_REQUIRE(length > 0 && n_words <= PHRASE_MAX, E_FORMAT, "a term has 1 to %d words, got \"%s\".", PHRASE_MAX,
                   term);
    if (2 * (stance->n_terms + 1) > stance->n_slots)
        THRONG_TRY(grow(stance, err));
    throng_i_term *slot = find(stance, words, (size_t)length);
    if (!slot->words) {
        THRONG_TRY(throng_i_copy_text(stance->context, words, &slot->words, err));
        stance->n_terms++;
    }
    slot->weight = weight;
    stance->longest = n_words > stance->longest ? n_words : stance->longest;
out:
    return status;
}

/* ---- reading it ------------------------------------------------------------------------------------------------ */

/* A line "term<TAB or last comma>weight". */
static throng_status add_line(throng_i_stance *stance, char *line, throng_error *err) {
    char *cut = strrchr(line, '\t'), *end = NULL;
    cut = cut ? cut : strrchr(line, ',');
    double weight = cut ? strtod(cut + 1, &end) : 0.0;
    if (!cut || end == cut + 1 || end[strspn(end, " \r\n")] || !isfinite(weight))
        return THRONG_FAIL(err, E_FORMAT, "a line is \"term,weight\" with a finite number, got \"%.80s\".", line);
    *cut = '\0';
    return add_term(stance, line, weight, err);
}

static throng_status read_terms(throng_i_stance *stance, const char *path, throng_error *err) {
    char line[TERM_MAX];
    throng_error inner = {0};
    throng_status status = THRONG_OK;
    FILE *file = fopen(path, "r");
    if (!file)
        return THRONG_FAIL(err, E_FILE, "%s, the list of terms, cannot be read: %s.", path, strerror(errno));
    for (int n = 1; status == THRONG_OK && fgets(line, sizeof line, file); n++) {
        bool is_head = n == 1 && strncmp(line, "term", 4) == 0;
        line[strcspn(line, "\r\n")] = '\0';
        if (line[0] && !is_head)
            status = add_line(stance, line, &inner);
        if (status != THRONG_OK)
            status = THRONG_FAIL(err, E_FORMAT, "%s, line %d: %s", path, n, inner.message);
    }
    fclose(file);
    if (status == THRONG_OK && stance->n_terms == 0)
        status = THRONG_FAIL(err, E_FORMAT, "%s holds no terms: a line is \"term,weight\".", path);
    return status;
}

static throng_status read_valence(throng_i_stance *stance, throng_error *err) {
    throng_status status = THRONG_OK;
    if (!throng_i_valence_words[0])
        return THRONG_FAIL(err, E_ARGUMENT,
                           "The word list AFINN was not there when throng was built, so that there is no valence; a "
                           "list of your own is read by \"terms:FILE\".");
    for (const char *at = throng_i_valence_words; *at && status == THRONG_OK;) {
        char line[TERM_MAX];
        size_t length = strcspn(at, "\n");
        snprintf(line, sizeof line, "%.*s", (int)length, at);
        at += length + 1;
        status = add_line(stance, line, err);
    }
    return status;
}

throng_status throng_i_stance_open(throng_context *context, const char *spec, throng_i_stance *out, throng_error *err) {
    throng_i_stance stance = {.context = context};
    throng_status status = THRONG_OK;
    if (spec && strncmp(spec, "terms:", 6) == 0) {
        stance.kind = THRONG_I_STANCE_TERMS;
        THRONG_TRY(read_terms(&stance, spec + 6, err));
    } else if (spec && strcmp(spec, "valence") == 0) {
        stance.kind = THRONG_I_STANCE_VALENCE;
        THRONG_TRY(read_valence(&stance, err));
    } else if (spec && strncmp(spec, "llm", 3) == 0 && (!spec[3] || spec[3] == ':')) {
        stance.kind = THRONG_I_STANCE_JUDGE;
    } else {
        THRONG_REQUIRE(
            !spec || strcmp(spec, "column") == 0, E_ARGUMENT,
            "stance must be \"column\", \"valence\" (English words only), \"terms:FILE\" or \"llm:TOPIC\", got \"%s\".",
            spec);
    }
out:
    if (status == THRONG_OK)
        *out = stance;
    else
        throng_i_stance_close(&stance);
    return status;
}

void throng_i_stance_close(throng_i_stance *stance) {
    for (int64_t i = 0; i < stance->n_slots; i++)
        throng_i_free(stance->context, stance->terms[i].words);
    throng_i_free(stance->context, stance->terms);
    *stance = (throng_i_stance){.context = stance->context};
}

/* ---- scoring --------------------------------------------------------------------------------------------------- */

/* The longest term that begins at `at`; *end is behind it. */
static const throng_i_term *match(const throng_i_stance *stance, const char *at, const char **end) {
    const throng_i_term *best = NULL;
    const char *stop = at;
    for (int n = 1; n <= stance->longest; n++) {
        stop += strcspn(stop, " ");
        const throng_i_term *term = find(stance, at, (size_t)(stop - at));
        if (term->words) {
            best = term;
            *end = stop;
        }
        if (!*stop)
            break;
        stop++;
    }
    return best;
}

bool throng_i_stance_score(const throng_i_stance *stance, const char *text, int64_t length, double *out) {
    double sum = 0.0;
    int64_t n = 0;
    char *words = stance->n_slots > 0 ? malloc((size_t)length + 2) : NULL; /* called on DuckDB's threads */
    if (!words)
        return false;
    normalise(text, length, words);
    for (const char *at = words; *at;) {
        const char *end = at + strcspn(at, " ");
        const throng_i_term *term = match(stance, at, &end);
        if (term) {
            sum += term->weight;
            n++;
        }
        at = end + (*end == ' ');
    }
    free(words);
    *out = n > 0 ? sum / (double)n : 0.0;
    return n > 0;
}
