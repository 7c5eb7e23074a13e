/* What ingest does in C: JSON lines, their files, pseudonyms, terms. */
#define _POSIX_C_SOURCE 200809L
#include "ingest/did.h"
#include "ingest/json.h"
#include "ingest/lines.h"
#include "ingest/secret.h"
#include "ingest/stance.h"
#include "ingest/texts.h"
#include "throng/throng.h"

#include <criterion/criterion.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static throng_context *new_context(void) {
    throng_context *context = NULL;
    cr_assert_eq(throng_context_create(&context, NULL), THRONG_OK);
    return context;
}

/* ---- JSON ------------------------------------------------------------------------------------------------------ */

/* Scans a copy of the text, of exactly its length, for a.b, a and c[0]. */
static const char *scan(const char *text, throng_i_json_value values[3], char **copy) {
    throng_context *context = new_context();
    throng_i_json_paths paths = {.context = context};
    const char *const wanted[] = {"a.b", "a", "c[0]"};
    for (int i = 0; i < 3; i++) {
        int slot = -1;
        cr_assert_eq(throng_i_json_paths_add(&paths, wanted[i], &slot, NULL), THRONG_OK);
        cr_assert_eq(slot, i);
    }
    size_t length = strlen(text);
    *copy = malloc(length ? length : 1);
    memcpy(*copy, text, length);
    const char *reason = throng_i_json_scan(&paths, *copy, (int64_t)length, values);
    throng_i_json_paths_clear(&paths);
    throng_context_free(context);
    return reason;
}

/* Expects the text at one of the three paths; NULL: nothing there, or no text. */
static void expect(const char *text, int slot, const char *found) {
    throng_i_json_value values[3];
    char *copy = NULL;
    const char *reason = scan(text, values, &copy);
    cr_expect_null(reason, "%s: %s", text, reason);
    if (!found)
        cr_expect_null(values[slot].text, "%s", text);
    else
        cr_expect(values[slot].text && values[slot].length == (int64_t)strlen(found) &&
                      memcmp(values[slot].text, found, strlen(found)) == 0,
                  "%s: expected %s", text, found);
    free(copy);
}

Test(ingest, values_are_found) {
    expect("{\"a\":{\"b\":\"x\"}}", 0, "x");
    expect(" { \"z\" : [ { \"a\" : 1 } , { } ] , \"a\" : { \"c\" : null , \"b\" : -1.5e+3 } } ", 0, "-1.5e+3");
    expect("{\"c\":[\"first\",\"second\"],\"a\":1}", 2, "first");
    expect("{\"c\":[[\"deeper\"],\"second\"]}", 2, NULL);
    expect("{\"c\":{\"[0]\":1}}", 2, "1"); /* a key of that name is taken for it: harmless */
    expect("{\"d\":{\"a\":{\"b\":1}}}", 0, NULL);
    expect("{\"a\":{\"b\":1},\"a\":2}", 0, NULL); /* the last of two, and nothing of the first */
    expect("{\"a\":{\"b\":1},\"a\":2}", 1, "2");
    expect("{\"\\u0061\":\"k\"}", 1, "k"); /* an escaped key */
    expect("{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\u20ac\\ud83d\\ude00 plain text of more than eight bytes\"}", 1,
           "\"\\/\b\f\n\r\t\u00e9\u20ac\U0001F600 plain text of more than eight bytes");
    expect("{\"a\":\"\\ud83d \\ude00\"}", 1, "\uFFFD \uFFFD");
    expect("{\"a\":\"\u00e9\u00e9\u00e9\u00e9\u00e9 0123456789\\n\"}", 1,
           "\u00e9\u00e9\u00e9\u00e9\u00e9 0123456789\n");
    for (int64_t n = 0; n < 40; n++) { /* an escape at every place in the eights */
        char text[100], found[100];
        snprintf(text, sizeof text, "{\"a\":\"%.*s\\\"z\"}", (int)n,
                 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz");
        snprintf(found, sizeof found, "%.*s\"z", (int)n, "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz");
        expect(text, 1, found);
    }
}

Test(ingest, what_is_no_json) {
    static const char *const wrong[] = {
        "",           "{",         "}",       "[1,]",        "{\"a\":1,}",  "{a:1}",
        "{\"a\" 1}",  "{\"a\":}",  "01",      "1.",          ".5",          "-",
        "1e",         "+1",        "NaN",     "Infinity",    "tru",         "nulll",
        "\"",         "\"\\\"",    "\"\\x\"", "\"\\u12g4\"", "\"a\nb\"",    "\"0123456\t89\"",
        "{} {}",      "[1 2]",     "[1}",     "{\"a\":1]",   "{\"a\":1,2}", "\xEF\xBB\xBF{}",
        "{\"a\":1}x", "\"\\u12\"",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        throng_i_json_value values[3];
        char *copy = NULL;
        cr_expect_not_null(scan(wrong[i], values, &copy), "%s", wrong[i]);
        free(copy);
    }
}

/* Control characters are refused and their neighbours are not, wherever in a block of characters they stand. */
Test(ingest, characters_at_every_place) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz";
    static const char *const characters[] = {"\x01", "\x1f", " ", "!", "#", "[", "]", "\x7f", "\u00e9", "\U0001f600"};
    for (int n = 0; n < 40; n++)
        for (size_t i = 0; i < sizeof characters / sizeof *characters; i++) {
            char text[160], inside[140];
            throng_i_json_value values[3];
            char *copy = NULL;
            snprintf(inside, sizeof inside, "%.*s%s%s", n, letters, characters[i], letters);
            snprintf(text, sizeof text, "{\"a\":\"%s\"}", inside);
            if (i >= 2)
                expect(text, 1, inside);
            else
                cr_expect_not_null(scan(text, values, &copy), "%d letters and character %zu", n, i);
            free(copy);
        }
}

/* Every beginning of a line is refused, and nothing is read behind its end (the sanitizers see that). */
Test(ingest, every_cut) {
    const char *whole = "{\"a\":{\"b\":\"x\\u00e9\\ud83d\\ude00\",\"n\":-1.5e+3},\"c\":[true,false,null,{\"d\":[]}]}";
    for (size_t n = 0; n < strlen(whole); n++) {
        throng_i_json_value values[3];
        char *cut = strndup(whole, n), *copy = NULL;
        cr_expect_not_null(scan(cut, values, &copy), "%s", cut);
        free(copy);
        free(cut);
    }
}

Test(ingest, nesting) {
    for (int depth = THRONG_I_JSON_DEPTH - 1; depth <= THRONG_I_JSON_DEPTH + 1; depth++) {
        throng_i_json_value values[3];
        char text[2 * THRONG_I_JSON_DEPTH + 8] = "", *copy = NULL;
        memset(text, '[', (size_t)depth);
        memset(text + depth, ']', (size_t)depth);
        const char *reason = scan(text, values, &copy);
        cr_expect_eq(reason == NULL, depth <= THRONG_I_JSON_DEPTH, "%d: %s", depth, reason);
        free(copy);
    }
}

Test(ingest, utf8) {
    static const char *const right[] = {"",
                                        "plain",
                                        "\xC2\x80",
                                        "\xDF\xBF",
                                        "\xE0\xA0\x80",
                                        "\xED\x9F\xBF",
                                        "\xEF\xBF\xBF",
                                        "\xF0\x90\x80\x80",
                                        "\xF4\x8F\xBF\xBF",
                                        "0123456\xC3\xA9"};
    static const char *const wrong[] = {"\x80",
                                        "\xC0\xAF",
                                        "\xC1\xBF",
                                        "\xC3",
                                        "\xE0\x9F\xBF",
                                        "\xED\xA0\x80",
                                        "\xEF\xBF",
                                        "\xF0\x8F\xBF\xBF",
                                        "\xF4\x90\x80\x80",
                                        "\xF5\x80\x80\x80",
                                        "01234567\xFF"};
    for (size_t i = 0; i < sizeof right / sizeof *right; i++)
        cr_expect(throng_i_is_utf8(right[i], (int64_t)strlen(right[i])), "%zu", i);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_expect_not(throng_i_is_utf8(wrong[i], (int64_t)strlen(wrong[i])), "%zu", i);
}

/* ---- lines ----------------------------------------------------------------------------------------------------- */

Test(ingest, lines_of_a_file) {
    char path[] = "/tmp/throng-lines-XXXXXX";
    int file = mkstemp(path);
    cr_assert(file >= 0);
    FILE *out = fdopen(file, "w");
    fputs("one\r\n\ntoo long by far\nexactly10!\nlast", out);
    fclose(out);
    throng_i_lines *lines = NULL;
    cr_assert_eq(throng_i_lines_open(path, 10, &lines, NULL), THRONG_OK);
    static const struct {
        throng_i_lines_result result;
        const char *line;
        int64_t offset;
    } expected[] = {{THRONG_I_LINES_LINE, "one", 5},   {THRONG_I_LINES_LINE, "", 6},
                    {THRONG_I_LINES_LONG, "", 22},     {THRONG_I_LINES_LINE, "exactly10!", 33},
                    {THRONG_I_LINES_LINE, "last", 37}, {THRONG_I_LINES_END, "", 37}};
    char *line = NULL;
    int64_t length = 0;
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        length = 0;
        cr_expect_eq(throng_i_lines_next(lines, &line, &length), expected[i].result, "%zu", i);
        cr_expect(length == (int64_t)strlen(expected[i].line) && memcmp(line, expected[i].line, (size_t)length) == 0,
                  "%zu", i);
        cr_expect_eq(throng_i_lines_offset(lines), expected[i].offset, "%zu", i);
    }
    throng_i_lines_close(lines);
    cr_assert_eq(throng_i_lines_open(path, 10, &lines, NULL), THRONG_OK);
    cr_expect(throng_i_lines_skip(lines, 22));
    cr_expect_eq(throng_i_lines_next(lines, &line, &length), THRONG_I_LINES_LINE);
    cr_expect(length == 10 && memcmp(line, "exactly10!", 10) == 0);
    cr_expect_not(throng_i_lines_skip(lines, 5), "there are four bytes left");
    throng_i_lines_close(lines);
    unlink(path);
}

/* What editors of one system put at the beginning of a file is no line's, but counts where reading goes on. */
Test(ingest, a_mark_at_the_beginning_is_passed_once) {
    char path[] = "/tmp/throng-lines-XXXXXX", *line = NULL;
    int64_t length = 0;
    int file = mkstemp(path);
    cr_assert(file >= 0);
    FILE *out = fdopen(file, "w");
    fputs("\xEF\xBB\xBF"
          "one\ntwo\n",
          out);
    fclose(out);
    throng_i_lines *lines = NULL;
    for (int64_t from = 0; from <= 7; from += 7) {
        cr_assert_eq(throng_i_lines_open(path, 10, &lines, NULL), THRONG_OK);
        cr_assert(throng_i_lines_skip(lines, from));
        cr_expect_eq(throng_i_lines_next(lines, &line, &length), THRONG_I_LINES_LINE);
        cr_expect(length == 3 && memcmp(line, from ? "two" : "one", 3) == 0);
        cr_expect_eq(throng_i_lines_offset(lines), from ? 11 : 7);
        throng_i_lines_close(lines);
    }
    unlink(path);
}

/* ---- pseudonyms ------------------------------------------------------------------------------------------------ */

/* The vectors that the authors of SipHash publish: key 00 01 .. 0f, message 00 01 .. of n bytes. */
Test(ingest, siphash) {
    const throng_i_secret secret = {{0x0706050403020100u, 0x0f0e0d0c0b0a0908u}};
    char message[16];
    for (int i = 0; i < 16; i++)
        message[i] = (char)i;
    cr_expect_eq(throng_i_secret_hash(&secret, message, 0), 0x726fdb47dd0e0e31u);
    cr_expect_eq(throng_i_secret_hash(&secret, message, 8), 0x93f5f5799a932462u);
    cr_expect_eq(throng_i_secret_hash(&secret, message, 15), 0xa129ca6149be45e5u);
}

/* ---- terms ----------------------------------------------------------------------------------------------------- */

Test(ingest, dids) {
    static const struct {
        const char *text;
        bool is_did;
    } cases[] = {{"did:plc:abcdefghijklmnopqrstuvwx", true},
                 {"did:plc:yz234567yz234567yz234567", true},
                 {"did:plc:abcdefghijklmnopqrstuvw", false},
                 {"did:plc:abcdefghijklmnopqrstuvwxy", false},
                 {"did:plc:abcdefghijklmnopqrstuvw1", false},
                 {"did:plc:abcdefghijklmnopqrstuvw8", false},
                 {"did:plc:abcdefghijklmnopqrstuvwX", false},
                 {"did:plc:abcdefghijklmnopqrstuvw:", false},
                 {"did:plc:abcdefghijklmnopqrstuv\xC3\xA4", false},
                 {"did:web:example.org:a_b-c%3A80", true},
                 {"did:web:", false},
                 {"did:web:example.org/a", false},
                 {"did:web:m\xC3\xBCller.de", false},
                 {"did:key:abcdefghijklmnopqrstuvwx", false},
                 {"DID:plc:abcdefghijklmnopqrstuvwx", false},
                 {"did:", false},
                 {"", false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t length = strlen(cases[i].text);
        char *copy = malloc(length + 1); /* so that a read behind its end is found */
        memcpy(copy, cases[i].text, length);
        cr_expect_eq(throng_i_is_did(copy, (int64_t)length), cases[i].is_did, "%s", cases[i].text);
        free(copy);
    }
    cr_expect_not(throng_i_is_did("did:plc:abcdefghijk\0mnopqrstuvwx", 32), "a zero");
}

#define N_TEXTS 5000

static void *number_texts(void *user) {
    throng_i_texts *texts = user;
    for (int round = 0; round < 3; round++)
        for (int i = 0; i < N_TEXTS; i++) {
            char text[16];
            int length = snprintf(text, sizeof text, "t%d", i);
            if (throng_i_texts_number(texts, text, length) < 0)
                return texts;
        }
    return NULL;
}

Test(ingest, texts_have_one_number_each_on_any_thread) {
    throng_i_texts *texts = calloc(1, sizeof *texts);
    throng_i_texts_clear(texts);
    pthread_t threads[4];
    void *failed = NULL;
    for (int i = 0; i < 4; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, number_texts, texts), 0);
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], &failed);
        cr_expect_null(failed);
    }
    cr_expect_eq(texts->n, N_TEXTS);
    for (int64_t i = 0; i < texts->n; i++)
        cr_expect_eq(throng_i_texts_number(texts, texts->all[i]->bytes, (int64_t)strlen(texts->all[i]->bytes)), i);
    cr_expect_eq(throng_i_texts_number(texts, "", 0), N_TEXTS, "an empty text is one");
    cr_expect_eq(throng_i_texts_number(texts, "t1\0rest", 7), throng_i_texts_number(texts, "t1", 2), "zero ends it");
    cr_expect_eq(throng_i_texts_number(texts, "t1234", 2), throng_i_texts_number(texts, "t1", 2), "length counts");
    throng_i_texts_clear(texts);
    cr_expect_eq(texts->n, 0);
    free(texts);
}

Test(ingest, terms) {
    char path[] = "/tmp/throng-terms-XXXXXX";
    int file = mkstemp(path);
    FILE *out = fdopen(file, "w");
    fputs("term\tweight\nnot good\t-1\ngood\t1\n#tag\t0.5\nexample.org\t3\n", out);
    fclose(out);
    throng_context *context = new_context();
    throng_i_stance stance;
    char spec[64];
    snprintf(spec, sizeof spec, "terms:%s", path);
    cr_assert_eq(throng_i_stance_open(context, spec, &stance, NULL), THRONG_OK);
    static const struct {
        const char *text;
        double score; /* NAN: none */
    } cases[] = {{"GOOD!", 1},
                 {"not good", -1},
                 {"not, good", -1},
                 {"good not good", 0},
                 {"goodness", NAN},
                 {"", NAN},
                 {"#TAG \u201Cgood\u201D", 0.75},
                 {"https://www.example.org/x", 3},
                 {"example.org.", 3},
                 {"...", NAN},
                 {"it's not", NAN}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double score = NAN;
        bool found = throng_i_stance_score(&stance, cases[i].text, (int64_t)strlen(cases[i].text), &score);
        cr_expect_eq(found, !isnan(cases[i].score), "%s", cases[i].text);
        cr_expect(!found || score == cases[i].score, "%s: %g", cases[i].text, score);
    }
    throng_i_stance_close(&stance);
    unlink(path);
    throng_context_free(context);
}
