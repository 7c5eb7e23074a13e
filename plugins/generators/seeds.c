/* A few have one state, all others another: those from whom something spreads. */
#include "throng/generator.h"

enum {
    SHARE,
    HIGH,
    LOW
};

static const throng_param params[] = {
    [SHARE] = {"share", THRONG_PARAM_REAL, 0.01, 0, 1, "of agents", "chance that an agent is a seed"},
    [HIGH] = {"high", THRONG_PARAM_REAL, 1, -1e300, 1e300, "state", "state of seeds"},
    [LOW] = {"low", THRONG_PARAM_REAL, 0, -1e300, 1e300, "state", "state of all others"},
    {0}};

static double state_of(throng_random random, uint64_t agent, const double *param) {
    double uniform[4];
    throng_random_uniforms(random, agent, 0, 0, uniform);
    return uniform[0] < param[SHARE] ? param[HIGH] : param[LOW];
}

static throng_status generate(throng_context *context, const throng_generator_def *def, throng_table **out,
                              throng_error *err) {
    return throng_generate_states(context, def, state_of, out, err);
}

extern const throng_generator throng_generator_seeds;
const throng_generator throng_generator_seeds = {
    .about = {.struct_size = sizeof(throng_generator),
              .name = "seeds",
              .summary = "a few have one state, all others another: those from whom something spreads",
              .details = "Columns: id (agent, 0..agents-1), state (high with chance share, else low, by an own draw an "
                         "agent). One row an agent. For worlds: the first infected, early adopters, spins. A small "
                         "crowd may have no seed at all.",
              .reference = "elementary",
              .params = params},
    .generate = generate,
};
