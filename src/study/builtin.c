/* The context with everything built in: the only place that knows all plug-ins, from their .def lists. */
#include "core/core.h"
#include "indicator/indicator.h"
#include "policy/policy.h"
#include "throng/plugin.h"
#include "world/world.h"

#define THRONG_INDICATOR(name) extern const throng_indicator throng_indicator_##name;
#include "plugins/indicators/indicators.def"
#undef THRONG_INDICATOR
#define THRONG_GENERATOR(name) extern const throng_generator throng_generator_##name;
#include "plugins/generators/generators.def"
#undef THRONG_GENERATOR
#define THRONG_WORLD(name) extern const throng_world throng_world_##name;
#include "plugins/worlds/worlds.def"
#undef THRONG_WORLD
#define THRONG_GRAPH(name) extern const throng_graph_model throng_graph_##name;
#include "plugins/graphs/graphs.def"
#undef THRONG_GRAPH
#define THRONG_POLICY(name) extern const throng_policy_spec throng_policy_##name;
#include "policy/policies/policies.def"
#undef THRONG_POLICY
#define THRONG_GAME(name) extern const throng_game throng_game_##name;
#include "plugins/games/games.def"
#undef THRONG_GAME
#define THRONG_SOLVER(name) extern const throng_solver throng_solver_##name;
#include "plugins/solvers/solvers.def"
#undef THRONG_SOLVER
#define THRONG_MECHANISM(name) extern const throng_mechanism throng_mechanism_##name;
#include "plugins/mechanisms/mechanisms.def"
#undef THRONG_MECHANISM
#define THRONG_METHOD(name) extern const throng_method throng_method_##name;
#include "attribution/methods/methods.def"
#undef THRONG_METHOD

static const struct {
    throng_kind kind;
    const throng_about *about;
} builtin[] = {
#define THRONG_INDICATOR(name) {THRONG_KIND_INDICATOR, &throng_indicator_##name.about},
#include "plugins/indicators/indicators.def"
#undef THRONG_INDICATOR
#define THRONG_GENERATOR(name) {THRONG_KIND_GENERATOR, &throng_generator_##name.about},
#include "plugins/generators/generators.def"
#undef THRONG_GENERATOR
#define THRONG_WORLD(name) {THRONG_KIND_WORLD, &throng_world_##name.about},
#include "plugins/worlds/worlds.def"
#undef THRONG_WORLD
#define THRONG_GRAPH(name) {THRONG_KIND_GRAPH, &throng_graph_##name.about},
#include "plugins/graphs/graphs.def"
#undef THRONG_GRAPH
#define THRONG_POLICY(name) {THRONG_KIND_POLICY, &throng_policy_##name.about},
#include "policy/policies/policies.def"
#undef THRONG_POLICY
#define THRONG_GAME(name) {THRONG_KIND_GAME, &throng_game_##name.about},
#include "plugins/games/games.def"
#undef THRONG_GAME
#define THRONG_SOLVER(name) {THRONG_KIND_SOLVER, &throng_solver_##name.about},
#include "plugins/solvers/solvers.def"
#undef THRONG_SOLVER
#define THRONG_MECHANISM(name) {THRONG_KIND_MECHANISM, &throng_mechanism_##name.about},
#include "plugins/mechanisms/mechanisms.def"
#undef THRONG_MECHANISM
#define THRONG_METHOD(name) {THRONG_KIND_METHOD, &throng_method_##name.about},
#include "attribution/methods/methods.def"
#undef THRONG_METHOD
};

static const size_t descriptor_size[THRONG_KIND_COUNT] = {
    [THRONG_KIND_INDICATOR] = sizeof(throng_indicator), [THRONG_KIND_METHOD] = sizeof(throng_method),
    [THRONG_KIND_GENERATOR] = sizeof(throng_generator), [THRONG_KIND_WORLD] = sizeof(throng_world),
    [THRONG_KIND_GRAPH] = sizeof(throng_graph_model),   [THRONG_KIND_POLICY] = sizeof(throng_policy_spec),
    [THRONG_KIND_GAME] = sizeof(throng_game),           [THRONG_KIND_SOLVER] = sizeof(throng_solver),
    [THRONG_KIND_MECHANISM] = sizeof(throng_mechanism),
};

throng_status throng_context_create_with(throng_realloc_fn realloc_fn, void *user, throng_context **out,
                                         throng_error *err) {
    throng_status status = THRONG_OK;
    throng_context *context = NULL;
    THRONG_TRY(throng_i_context_create(realloc_fn, user, &context, err));
    for (size_t i = 0; i < sizeof builtin / sizeof *builtin; i++)
        THRONG_TRY(throng_context_register(context, builtin[i].kind, builtin[i].about, err));
    *out = context;
    context = NULL;
out:
    throng_context_free(context);
    return status;
}

throng_status throng_context_create(throng_context **out, throng_error *err) {
    return throng_context_create_with(NULL, NULL, out, err);
}

throng_status throng_context_register(throng_context *context, throng_kind kind, const throng_about *about,
                                      throng_error *err) {
    if ((int)kind < 0 || kind >= THRONG_KIND_COUNT || !about)
        return THRONG_FAIL(err, E_ARGUMENT, "A plug-in needs a kind and a descriptor.");
    if (kind == THRONG_KIND_INDICATOR)
        return throng_i_indicator_register(context, (const throng_indicator *)(const void *)about, err);
    if (kind == THRONG_KIND_POLICY)
        return throng_i_policy_register(context, (const throng_policy_spec *)(const void *)about, err);
    if (kind == THRONG_KIND_WORLD)
        return throng_i_world_register(context, (const throng_world *)(const void *)about, err);
    return throng_i_context_register(context, kind, about, descriptor_size[kind], err);
}

/* Registers a list that ends with NULL; what is there already, from the same shared object, is left alone. */
static throng_status register_list(throng_context *context, throng_kind kind, const throng_about *const *list,
                                   throng_error *err) {
    for (int i = 0; list && list[i]; i++) {
        const throng_about *known = NULL;
        if (list[i]->name && throng_context_find(context, kind, list[i]->name, &known, NULL) == THRONG_OK &&
            known == list[i])
            continue;
        throng_status status = throng_context_register(context, kind, list[i], err);
        if (status != THRONG_OK)
            return status;
    }
    return THRONG_OK;
}

throng_status throng_context_load_plugin(throng_context *context, const char *path, throng_error *err) {
    throng_status status = THRONG_OK;
    const void *entry = NULL;
    THRONG_TRY(throng_i_context_load(context, path, "throng_plugin_entry", &entry, err));
    const throng_plugin *plugin = entry;
    THRONG_REQUIRE(plugin->abi == THRONG_PLUGIN_ABI, E_PLUGIN,
                   "%s was built for another version of throng (plug-in interface %d, expected %d): compile it again.",
                   path, plugin->abi, THRONG_PLUGIN_ABI);
    THRONG_REQUIRE(plugin->indicators || plugin->generators || plugin->methods || plugin->worlds || plugin->graphs ||
                       plugin->games || plugin->solvers || plugin->policies || plugin->mechanisms,
                   E_PLUGIN, "%s offers no plug-in.", path);
    THRONG_TRY(register_list(context, THRONG_KIND_INDICATOR, plugin->indicators, err));
    THRONG_TRY(register_list(context, THRONG_KIND_GENERATOR, plugin->generators, err));
    THRONG_TRY(register_list(context, THRONG_KIND_METHOD, plugin->methods, err));
    THRONG_TRY(register_list(context, THRONG_KIND_WORLD, plugin->worlds, err));
    THRONG_TRY(register_list(context, THRONG_KIND_GRAPH, plugin->graphs, err));
    THRONG_TRY(register_list(context, THRONG_KIND_GAME, plugin->games, err));
    THRONG_TRY(register_list(context, THRONG_KIND_SOLVER, plugin->solvers, err));
    THRONG_TRY(register_list(context, THRONG_KIND_POLICY, plugin->policies, err));
    THRONG_TRY(register_list(context, THRONG_KIND_MECHANISM, plugin->mechanisms, err));
out:
    return status;
}
