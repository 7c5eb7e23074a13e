/* Generating a crowd: finds the generator, checks what was asked for and calls it. */
#include "throng/generator.h"

#include "core/core.h"

/* A century: more is a typing error, and would be refused only when memory runs out. */
#define DAYS_MAX 36525

throng_status throng_generate(throng_context *context, const char *generator, int64_t n_agents, int32_t n_days,
                              uint64_t seed, throng_table **out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_plugin_use use;
    THRONG_REQUIRE(generator, E_ARGUMENT, "No generator was named.");
    THRONG_TRY(throng_i_plugin_parse(context, THRONG_KIND_GENERATOR, generator, &use, err));
    THRONG_REQUIRE(n_agents >= 1 && n_agents <= INT32_MAX, E_ARGUMENT, "agents must lie in 1..%d, got %lld.", INT32_MAX,
                   (long long)n_agents);
    THRONG_REQUIRE(n_days >= 1 && n_days <= DAYS_MAX, E_ARGUMENT, "days must lie in 1..%d, got %d.", DAYS_MAX, n_days);
    throng_generator_def def = {.n_agents = n_agents, .n_days = n_days, .seed = seed, .param = use.param};
    const throng_generator *plugin = (const throng_generator *)use.about;
    THRONG_TRY(plugin->generate(context, &def, out, err));
out:
    return status;
}
