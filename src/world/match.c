/*
 * Who is matched with whom: rounds of a tournament in which everybody meets everybody once.
 *
 * Of an odd number m of players, those whose numbers add up to c modulo m play each other in round c, and the one who
 * would play itself waits. With one player more, that one plays whoever waits. Each time partners change, a round is
 * drawn: so for every agent all others are equally likely, and nothing has to be kept.
 */
#include "world/passage.h"

/* Keeps the draws of rounds apart from every other use of the same seed. */
#define MATCH_STREAM 0x6d61746368ULL

/* The partner of an agent in a round, -1 if it waits. */
static int64_t partner(int64_t n, int64_t round, int64_t agent) {
    int64_t players = n % 2 == 0 ? n - 1 : n; /* in the circle */
    int64_t other = (round - agent % players + players) % players;
    if (agent == players) /* half of the round, modulo an odd number */
        return round % 2 == 0 ? round / 2 : (round + players) / 2;
    if (other == agent)
        return n % 2 == 0 ? players : -1;
    return other;
}

void throng_i_match_hear(const throng_i_step_job *job, throng_i_block *block) {
    const throng_simulation *simulation = job->passage->simulation;
    int64_t n = simulation->n, players = n % 2 == 0 ? n - 1 : n;
    int64_t stay = (int64_t)simulation->use.param[simulation->world->rounds];
    double uniform[4];
    throng_random_uniforms((throng_random){simulation->def.seed, MATCH_STREAM}, 0,
                           (uint64_t)(job->step / (stay > 0 ? stay : 1)), 0, uniform);
    int64_t round = (int64_t)(uniform[0] * (double)players);
    for (int64_t i = block->begin; i < block->end; i++)
        throng_i_hear_one(job, i, partner(n, round, i), block);
}
