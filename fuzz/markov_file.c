/* libFuzzer: tables of Markov games.
 *
 *     fuzz/build markov_file && build-fuzz/markov_file -max_total_time=600 -max_len=4096 CORPUS fuzz/seeds/markov_file
 *
 * What must hold besides not crashing: a file is read, or refused with a message, no memory stays behind, and what was
 * read is a game: probabilities of each cell add up to 1, and what comes next is a state or the end. */
#define _GNU_SOURCE
#include "throng/throng.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static throng_context *context;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv);

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc;
    (void)argv;
    if (throng_context_create(&context, NULL) != THRONG_OK ||
        throng_context_set_threads(context, 1, NULL) != THRONG_OK)
        abort();
    return 0;
}

static void check(const throng_markov *game) {
    for (int64_t c = 0; c < throng_markov_cells(game); c++) {
        throng_markov_cell cell = throng_markov_cell_at(game, c);
        double sum = 0.0;
        for (int i = 0; i < cell.n; i++) {
            if (cell.next[i] < THRONG_MARKOV_END || cell.next[i] >= throng_markov_states(game))
                abort();
            sum += cell.probabilities[i];
        }
        for (int p = 0; p < throng_markov_players(game); p++)
            if (!isfinite(cell.rewards[p]))
                abort();
        if (!(fabs(sum - 1.0) <= 1e-5))
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char path[64];
    throng_error err = {0};
    throng_markov *game = NULL;
    int64_t before = throng_context_bytes(context);
    int file = memfd_create("game.csv", 0);
    if (file < 0 || write(file, data, size) != (ssize_t)size)
        abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    throng_status status = throng_markov_read(context, path, 0.9, &game, &err);
    if ((status == THRONG_OK) != (game != NULL) || (status != THRONG_OK && !err.message[0]))
        abort();
    if (game)
        check(game);
    throng_markov_free(game);
    close(file);
    if (throng_context_bytes(context) != before)
        abort();
    return 0;
}
