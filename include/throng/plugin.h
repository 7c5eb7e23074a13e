/**
 * All that the author of a plug-in needs. A shared object with plug-ins has one entry:
 *
 *     static const throng_about *const list[] = {&my_indicator.about, NULL};
 *     THRONG_PLUGIN(.indicators = list);
 */
#ifndef THRONG_PLUGIN_H
#define THRONG_PLUGIN_H

#include "throng/attribution.h"
#include "throng/generator.h"
#include "throng/graph_model.h"
#include "throng/indicator.h"
#include "throng/mechanism.h"
#include "throng/policy.h"
#include "throng/solver.h"
#include "throng/world.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Changes whenever a shared object built before cannot be used any more. */
#define THRONG_PLUGIN_ABI 7

/** What a shared object offers: lists that end with NULL, or NULL. */
typedef struct throng_plugin {
    int abi; /* THRONG_PLUGIN_ABI */
    const throng_about *const *indicators;
    const throng_about *const *generators;
    const throng_about *const *methods;
    const throng_about *const *worlds;
    const throng_about *const *graphs;
    const throng_about *const *games;
    const throng_about *const *solvers;
    const throng_about *const *policies;
    const throng_about *const *mechanisms;
} throng_plugin;

#define THRONG_PLUGIN(...)                                                                                             \
    THRONG_API extern const throng_plugin throng_plugin_entry;                                                         \
    const throng_plugin throng_plugin_entry = {.abi = THRONG_PLUGIN_ABI, __VA_ARGS__}

#ifdef __cplusplus
}
#endif
#endif
