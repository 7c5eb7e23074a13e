/* Public messages: what everybody hears as the mean over all agents, whatever the graph. Sums over everybody are made
 * once a step, in an order that does not depend on threads. */
#include "world/passage.h"

void throng_i_public_hear(const throng_i_passage *passage, throng_i_block *block) {
    const throng_simulation *simulation = passage->simulation;
    int lanes = passage->part.lanes, n_messages = simulation->world->n_messages;
    for (int m = n_messages - simulation->world->n_public; m < n_messages; m++) {
        const double *everyone = passage->everyone + m * lanes;
        double scale = throng_i_hearing_scale(simulation, m, block->begin);
        for (int64_t i = block->begin; i < block->end; i++)
            for (int l = 0; l < lanes; l++)
                block->heard[m][(i - block->begin) * lanes + l] = scale * everyone[l];
    }
}
