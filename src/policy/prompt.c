/* What a model is told: a template whose slots are traits of a persona, sights of the world, and the last action. */
#include "policy/policy.h"

#include <stdio.h>
#include <string.h>

#define SLOTS_MAX 64

enum {
    LAST = -1,
    PERSONA = -2,
    TRAIT = 1000 /* and above: a trait; below: a sight */
};

struct throng_i_prompt {
    throng_context *context;
    const throng_world *world;
    const throng_personas *personas;
    throng_llm_template *template;
    int n, slot[SLOTS_MAX];
};

static throng_status bind(throng_i_prompt *self, int i, throng_error *err) {
    const char *place = NULL, *name = throng_llm_template_slot(self->template, i, &place);
    int trait = throng_i_persona_trait(self->personas, name);
    if (strcmp(name, "last") == 0 && self->world->last > 0) {
        self->slot[i] = LAST;
        return THRONG_OK;
    }
    if (strcmp(name, "persona") == 0) {
        self->slot[i] = PERSONA;
        return THRONG_OK;
    }
    for (int s = 0; s < self->world->n_sights; s++)
        if (strcmp(name, self->world->sights[s].name) == 0) {
            self->slot[i] = s;
            return THRONG_OK;
        }
    if (trait < 0)
        return THRONG_FAIL(err, E_FORMAT,
                           "%s: {{%.60s}} is neither a trait of the personas, nor what agents of %s see, nor last.",
                           place, name, self->world->about.name);
    self->slot[i] = TRAIT + trait;
    return THRONG_OK;
}

throng_status throng_i_prompt_load(throng_context *context, const char *path, const throng_world *world,
                                   const throng_personas *personas, throng_i_prompt **out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_prompt *self = NULL;
    THRONG_REQUIRE(path, E_PARAMETER, "What is a model told? Name a template with policy.prompt.");
    THRONG_TRY(throng_i_alloc(context, 1, sizeof *self, &self, err));
    *self = (throng_i_prompt){.context = context, .world = world, .personas = personas};
    THRONG_TRY(throng_llm_template_load(context, path, &self->template, err));
    self->n = throng_llm_template_slots(self->template);
    THRONG_REQUIRE(self->n <= SLOTS_MAX, E_FORMAT, "%s has more than %d slots.", path, SLOTS_MAX);
    for (int i = 0; i < self->n; i++)
        THRONG_TRY(bind(self, i, err));
    *out = self;
    self = NULL;
out:
    throng_i_prompt_free(self);
    return status;
}

void throng_i_prompt_free(throng_i_prompt *self) {
    if (!self)
        return;
    throng_llm_template_free(self->template);
    throng_i_free(self->context, self);
}

bool throng_i_prompt_says_last(const throng_i_prompt *self) {
    for (int i = 0; i < self->n; i++)
        if (self->slot[i] == LAST)
            return true;
    return false;
}

throng_status throng_i_prompt_fill(throng_i_prompt *self, int persona, int last, const double *sight,
                                   const char **system, const char **prompt, throng_error *err) {
    const char *values[SLOTS_MAX];
    char numbers[THRONG_WORLD_SIGHTS_MAX][32];
    for (int s = 0; s < self->world->n_sights; s++) {
        snprintf(numbers[s], sizeof numbers[s], "%.2f", sight[s]);
        if (strcmp(numbers[s], "-0.00") == 0)
            snprintf(numbers[s], sizeof numbers[s], "0.00");
    }
    for (int i = 0; i < self->n; i++) {
        int slot = self->slot[i];
        values[i] = slot == LAST      ? self->world->actions[last]
                    : slot == PERSONA ? throng_i_persona_name(self->personas, persona)
                    : slot >= TRAIT   ? throng_i_persona_value(self->personas, persona, slot - TRAIT)
                                      : numbers[slot];
    }
    return throng_llm_template_fill(self->template, values, system, prompt, err);
}
