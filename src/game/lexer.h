/* Words of Gambit's game files, and where they stand: what the readers of .nfg and .efg share. */
#ifndef THRONG_SRC_GAME_LEXER_H
#define THRONG_SRC_GAME_LEXER_H

#include "core/core.h"

#include <stdio.h>

typedef enum throng_i_token {
    THRONG_I_TOKEN_END,
    THRONG_I_TOKEN_OPEN,  /* { */
    THRONG_I_TOKEN_CLOSE, /* } */
    THRONG_I_TOKEN_TEXT,  /* "..." */
    THRONG_I_TOKEN_WORD   /* anything else up to a space: a number, NFG, p */
} throng_i_token;

/* `token` is the one that comes next: look at it, then take it. */
typedef struct throng_i_lexer {
    const char *origin; /* the file, for messages */
    const char *at, *end;
    int64_t line;
    throng_i_token token;
    char *text; /* of TEXT and WORD: [size], allocated by context */
    int64_t size;
    throng_context *context;
} throng_i_lexer;

/* Reads the first token. @param text [length] must outlive the lexer */
THRONG_MUST_USE throng_status throng_i_lexer_open(throng_context *context, const char *origin, const char *text,
                                                  int64_t length, throng_i_lexer *out, throng_error *err);
void throng_i_lexer_close(throng_i_lexer *self);

/* Goes on to the next token. E_FORMAT: a text that does not end. */
THRONG_MUST_USE throng_status throng_i_lexer_next(throng_i_lexer *self, throng_error *err);

/* The same where a token of one kind must stand. @param what for the message: "the title" */
THRONG_MUST_USE throng_status throng_i_lexer_take(throng_i_lexer *self, throng_i_token token, const char *what,
                                                  throng_error *err);

/* A copy of the text that stands here, which the caller frees, and on. */
THRONG_MUST_USE throng_status throng_i_lexer_take_text(throng_i_lexer *self, const char *what, char **out,
                                                       throng_error *err);

/* "12", "-0.5", "5/2", "1e3": finite. */
THRONG_MUST_USE throng_status throng_i_lexer_take_number(throng_i_lexer *self, const char *what, double *out,
                                                         throng_error *err);
THRONG_MUST_USE throng_status throng_i_lexer_take_whole(throng_i_lexer *self, const char *what, int least, int most,
                                                        int *out, throng_error *err);

/* `{ "Player 1" "Player 2" }`: a list of texts, freed with throng_i_free_texts. */
THRONG_MUST_USE throng_status throng_i_lexer_take_texts(throng_i_lexer *self, const char *what, char ***out, int *n,
                                                        throng_error *err);
void throng_i_free_texts(throng_context *context, char **texts, int n);

/* Fails at this place: "FILE, line 3: " and the message. */
throng_status throng_i_lexer_fail(const throng_i_lexer *self, throng_error *err, const char *expected);

/* All of a file, freed by the caller. E_FILE. */
THRONG_MUST_USE throng_status throng_i_read_text(throng_context *context, const char *path, char **out, int64_t *length,
                                                 throng_error *err);

/* Whether a text is a finite number, such as "-0.5" or "5/2". */
bool throng_i_read_number(const char *text, double *out);

/* A space, and the text in quotes. */
void throng_i_write_quoted(FILE *file, const char *text);

#endif
