/* throng attribute --game GAME: the part of the command that is about games. */
#ifndef THRONG_CLI_ATTRIBUTE_GAME_H
#define THRONG_CLI_ATTRIBUTE_GAME_H

#include "cli/options.h"

bool cli_attribute_game_is_meant(int argc, char **argv);
int cli_attribute_game(int argc, char **argv);

/* For the options of the command without a game: they are known, and lead here. */
void cli_attribute_game_declare(cli_options *options);

#endif
