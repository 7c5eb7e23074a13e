/* What axioms.c needs to know of a rule. */
#ifndef THRONG_SRC_GAME_MECHANISM_H
#define THRONG_SRC_GAME_MECHANISM_H

#include "throng/mechanism.h"

throng_context *throng_i_rule_context(const throng_rule *self);

#endif
