/* Replay: nothing is computed, everybody goes through the states that were recorded. */
#include "throng/world.h"

#include <math.h>
#include <string.h>

static const throng_world_column columns[] = {
    {"state", "state", "as recorded", 0, -(double)INFINITY, (double)INFINITY}};

static void move(const throng_slots *slots, double *const *next) {
    memcpy(next[0], slots->innate, (size_t)slots->n * sizeof *next[0]);
}

static void move_adjoint(const throng_slots *slots, const throng_slots_adjoint *adjoint) {
    for (int64_t k = 0; k < slots->n; k++)
        adjoint->innate[k] += adjoint->of[0][k];
}

const throng_world throng_world_replay = {
    .about =
        {.struct_size = sizeof(throng_world),
         .name = "replay",
         .summary = "Recorded data as a world: the states of a table, from one of its times to the next.",
         .details =
             "Update, all agents at once: x_i' = b_i + alpha_i (r_i - b_i), r_i the state that the table has for the "
             "agent at its next time, b_i the agent's baseline. There are as many steps as the table has times less "
             "one, in their order, however far apart they are; --steps is left out.\n"
             "What it is for: numbers of a whole run, such as the drawdown of an indicator, of recorded data, and "
             "whose "
             "states at which time they came from. It does not say who influenced whom, for that nothing recorded "
             "knows.\n"
             "Missing: an agent that is not there at a time keeps its last state; one that comes later has its first "
             "state from the start. Weight, baseline and cohort are those of an agent's last row.\n"
             "Credit: what a state adds is credited to the step that ends in it, the states at the first time to step "
             "0 with those at the second.\n"
             "Silence: the agent is at its baseline at every time. No other participation is possible.",
         .reference = "throng's construction"},
    .flags = THRONG_WORLD_SMOOTH | THRONG_WORLD_RECORDED,
    .columns = columns,
    .n_columns = 1,
    .participation = THRONG_PARTICIPATION_INNATE,
    .move = move,
    .move_adjoint = move_adjoint,
};
