/* States spread evenly over an interval. */
#include "throng/generator.h"

enum {
    LOW,
    HIGH
};

static const throng_param params[] = {
    [LOW] = {"low", THRONG_PARAM_REAL, -1, -1e300, 1e300, "state", "one end of the interval"},
    [HIGH] = {"high", THRONG_PARAM_REAL, 1, -1e300, 1e300, "state", "the other end"},
    {0}};

static double state_of(throng_random random, uint64_t agent, const double *param) {
    double uniform[4];
    throng_random_uniforms(random, agent, 0, 0, uniform);
    return param[LOW] + (param[HIGH] - param[LOW]) * uniform[0];
}

static throng_status generate(throng_context *context, const throng_generator_def *def, throng_table **out,
                              throng_error *err) {
    return throng_generate_states(context, def, state_of, out, err);
}

extern const throng_generator throng_generator_uniform;
const throng_generator throng_generator_uniform = {
    .about = {.struct_size = sizeof(throng_generator),
              .name = "uniform",
              .summary = "states spread evenly over an interval",
              .details = "Columns: id (agent, 0..agents-1), state (uniform between low and high). One row an agent. "
                         "For worlds: opinions between -1 and 1, phases between 0 and 2 pi.",
              .reference = "elementary",
              .params = params},
    .generate = generate,
};
