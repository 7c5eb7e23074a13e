/* States drawn from a normal distribution. */
#include "throng/generator.h"

enum {
    MEAN,
    DEVIATION
};

static const throng_param params[] = {
    [MEAN] = {"mean", THRONG_PARAM_REAL, 0, -1e300, 1e300, "state", "mean"},
    [DEVIATION] = {"deviation", THRONG_PARAM_REAL, 1, 0, 1e300, "state", "standard deviation"},
    {0}};

static double state_of(throng_random random, uint64_t agent, const double *param) {
    double normal[4];
    throng_random_normals(random, agent, 0, 0, normal);
    return param[MEAN] + param[DEVIATION] * normal[0];
}

static throng_status generate(throng_context *context, const throng_generator_def *def, throng_table **out,
                              throng_error *err) {
    return throng_generate_states(context, def, state_of, out, err);
}

extern const throng_generator throng_generator_normal;
const throng_generator throng_generator_normal = {
    .about = {.struct_size = sizeof(throng_generator),
              .name = "normal",
              .summary = "states drawn from a normal distribution",
              .details = "Columns: id (agent, 0..agents-1), state (normal). One row an agent.",
              .reference = "elementary",
              .params = params},
    .generate = generate,
};
