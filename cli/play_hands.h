/* throng play at games that are played move by move. */
#ifndef THRONG_CLI_PLAY_HANDS_H
#define THRONG_CLI_PLAY_HANDS_H

#include "cli/llm.h"

typedef struct cli_hands {
    const char *game;
    const char *const *policies;
    int n_policies;
    int64_t deals;
    const char *template;
    bool fixed_seats, quiet, json;
    const cli_llm *llm;
} cli_hands;

/* Returns an exit code. */
int cli_hands_play(const cli_hands *wanted, throng_context *context);

#endif
