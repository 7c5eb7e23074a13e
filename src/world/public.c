/* Public messages: what everybody hears as the mean over all agents, whatever the graph. Sums over everybody are made
 * once a step, in an order that does not depend on threads. */
#include "world/passage.h"

double throng_i_hearing_scale(const throng_simulation *simulation, int message, int64_t agent) {
    if (throng_i_is_public(simulation->world, message))
        return 1.0 / (double)simulation->n;
    return simulation->loudness ? simulation->loudness[agent] : 1.0;
}

void throng_i_public_hear(const throng_i_passage *passage, throng_i_block *block) {
    const throng_simulation *simulation = passage->simulation;
    int lanes = passage->part.lanes, n_messages = simulation->world->n_messages;
    for (int m = n_messages - simulation->world->n_public; m < n_messages; m++)
        for (int64_t k = 0; k < block->slots.n; k++)
            block->heard[m][k] =
                passage->everyone[m * lanes + k % lanes] * throng_i_hearing_scale(simulation, m, block->begin);
}
