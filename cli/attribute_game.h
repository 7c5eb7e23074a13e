/* throng attribute --game GAME: another name for throng attribute-game GAME. */
#ifndef THRONG_CLI_ATTRIBUTE_GAME_H
#define THRONG_CLI_ATTRIBUTE_GAME_H

#include "cli/command.h"

bool cli_attribute_game_is_meant(int argc, char **argv);
int cli_attribute_game(int argc, char **argv);

#endif
