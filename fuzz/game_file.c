/* libFuzzer: game files of Gambit, and matrices in CSV.
 *
 *     fuzz/build game_file && build-fuzz/game_file -max_total_time=600 -max_len=4096 SOME.nfg ...
 *
 * What must hold besides not crashing: a file is read, or refused with a message, and no memory stays behind. */
#include "context.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    throng_error err = {0};
    throng_normal_form *game = NULL;
    int64_t before = throng_context_bytes(context);
    throng_status status =
        throng_normal_form_parse(context, "input", (const char *)data, (int64_t)size, &game, &err);
    if ((status == THRONG_OK) != (game != NULL) || (status != THRONG_OK && !err.message[0]))
        abort();
    throng_normal_form_free(game);
    throng_tree *tree = NULL;
    status = throng_tree_parse(context, "input", (const char *)data, (int64_t)size, &tree, &err);
    if ((status == THRONG_OK) != (tree != NULL))
        abort();
    throng_tree_free(tree);
    throng_problem problem = {0};
    status = throng_problem_parse_csv(context, "input", (const char *)data, (int64_t)size, &problem, &err);
    if ((status == THRONG_OK) != (problem.game != NULL))
        abort();
    throng_problem_clear(&problem);
    if (throng_context_bytes(context) != before)
        abort();
    return 0;
}
