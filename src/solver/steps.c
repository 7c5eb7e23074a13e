/* What several solvers do at every information set of a player. */
#include "game/tree.h"
#include "throng/simplex.h"
#include "throng/solver.h"

#include <math.h>
#include <string.h>

/* Less likely than this is never: quotients of numbers so small have no digits left. */
#define NEVER 1e-200

void throng_solver_log_linear(const throng_tree *tree, int player, double keep, double step, const double *worth,
                              const double *reach, double *logs, double *strategy) {
    for (int i = 0; i < tree->n_sets; i++) {
        const throng_i_set *set = &tree->sets[i];
        if (set->player != player || (reach && !(reach[i] > NEVER)))
            continue;
        for (int a = set->first; a < set->first + set->n_actions; a++)
            logs[a] = keep * logs[a] + step * (reach ? worth[a] / reach[i] : worth[a]);
        throng_simplex_softmax(set->n_actions, logs + set->first, strategy + set->first);
    }
}

void throng_solver_match_regrets(const throng_tree *tree, int player, const double *worth, bool floor, double *regrets,
                                 double *strategy) {
    for (int i = 0; i < tree->n_sets; i++) {
        const throng_i_set *set = &tree->sets[i];
        double value = 0.0, sum = 0.0, *regret = regrets + set->first, *play = strategy + set->first;
        if (set->player != player)
            continue;
        for (int a = 0; a < set->n_actions; a++)
            value += play[a] * worth[set->first + a];
        for (int a = 0; a < set->n_actions; a++) {
            regret[a] += worth[set->first + a] - value;
            if (floor)
                regret[a] = fmax(regret[a], 0.0);
            sum += fmax(regret[a], 0.0);
        }
        for (int a = 0; a < set->n_actions; a++)
            play[a] = sum > 0.0 ? fmax(regret[a], 0.0) / sum : 1.0 / set->n_actions;
    }
}

void throng_solver_note_down(throng_solver_state *state, const char *name, double value) {
    int at = 0;
    while (at < state->n_notes && strcmp(state->notes[at].name, name) != 0)
        at++;
    if (at == THRONG_SOLVER_NOTES_MAX)
        return;
    state->notes[at] = (throng_solver_note){name, value};
    state->n_notes = at < state->n_notes ? state->n_notes : at + 1;
}
