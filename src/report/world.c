/* What a world did, and when it was caused. */
#include "report/report.h"

#include "attribution/attribution.h"

#include <math.h>

static void put(throng_i_reporter *self, json_t *object, const char *key, json_t *item) {
    throng_i_json_put(&self->failed, object, key, item);
}

json_t *throng_i_report_simulation(bool *failed, const throng_simulation *simulation) {
    throng_simulation_def def = throng_simulation_resolved(simulation);
    const throng_world *world = throng_simulation_world(simulation);
    json_t *object = json_object(), *columns = json_array();
    throng_i_json_put(failed, object, "name", throng_i_json_string(world->about.name));
    throng_i_json_put(failed, object, "spec", throng_i_json_string(def.world));
    throng_i_json_put(failed, object, "summary", throng_i_json_string(world->about.summary));
    throng_i_json_put(failed, object, "reference", throng_i_json_string(world->about.reference));
    throng_i_json_put(failed, object, "steps", json_integer(def.steps));
    throng_i_json_put(failed, object, "participation",
                      throng_i_json_string(throng_participation_name(def.participation)));
    throng_i_json_put(failed, object, "smooth", json_boolean(world->flags & THRONG_WORLD_SMOOTH));
    for (int c = 0; c < world->n_columns; c++)
        throng_i_json_append(failed, columns, throng_i_json_string(world->columns[c].name));
    throng_i_json_put(failed, object, "columns", columns);
    return object;
}

/* The course, into memory that course_clear gives back; steps 0 if credits were not kept step by step. */
static int64_t course_of(throng_i_reporter *self, throng_course *out) {
    const throng_i_world_run *run = self->attribution->world;
    int64_t steps = run->resolved.steps;
    *out = (throng_course){0};
    if (!throng_dynamics_steps(run->dynamics) || steps == 0)
        return 0;
    if (throng_i_alloc(self->context, steps, sizeof *out->phi, &out->phi, NULL) != THRONG_OK ||
        throng_i_alloc(self->context, steps, sizeof *out->absolute, &out->absolute, NULL) != THRONG_OK ||
        throng_dynamics_course(self->context, run->dynamics, self->population->n_agents, steps, out, NULL) !=
            THRONG_OK) {
        throng_i_report_fail(self);
        return 0;
    }
    return steps;
}

/* Sums over an agent's credits and over their sizes. */
static double add_up(throng_i_reporter *self, const double *credit, double *size) {
    double sum = 0.0;
    if (throng_i_dynamics_add_up(self->attribution->world->dynamics, credit, &sum, size, NULL) != THRONG_OK)
        throng_i_report_fail(self);
    return sum;
}

/* What was caused by which behaviour; one alone has it all. */
static json_t *behaviours(throng_i_reporter *self, double total) {
    const throng_dynamics *dynamics = self->attribution->world->dynamics;
    json_t *list = json_array();
    for (int b = 0; b < throng_dynamics_behaviours(dynamics); b++) {
        const double *credit = throng_dynamics_behaviour(dynamics, b);
        double absolute = 0.0, phi = credit ? add_up(self, credit, &absolute) : 0.0;
        json_t *one = json_object();
        put(self, one, "name", throng_i_json_string(throng_dynamics_behaviour_name(dynamics, b)));
        if (credit) {
            put(self, one, "phi", throng_i_json_real(phi));
            put(self, one, "share", throng_i_json_share(phi, total));
            put(self, one, "absolute", throng_i_json_real(absolute));
        }
        throng_i_json_append(&self->failed, list, one);
    }
    return list;
}

/* What was caused in a step by each behaviour, in their order; NULL if that was not kept. */
static json_t *step_behaviours(throng_i_reporter *self, int64_t step) {
    const throng_dynamics *dynamics = self->attribution->world->dynamics;
    int64_t n = self->population->n_agents;
    if (!throng_dynamics_behaviour_steps(dynamics, 0))
        return NULL;
    json_t *list = json_array();
    for (int b = 0; b < throng_dynamics_behaviours(dynamics); b++) {
        double unused = 0.0, phi = add_up(self, throng_dynamics_behaviour_steps(dynamics, b) + step * n, &unused);
        throng_i_json_append(&self->failed, list, throng_i_json_real(phi));
    }
    return list;
}

/* Gini coefficient of |phi| of so many behaviours: 0 if all did as much, (n - 1) / n if one did all. */
static double concentration(throng_i_reporter *self) {
    const throng_dynamics *dynamics = self->attribution->world->dynamics;
    double size[THRONG_WORLD_MESSAGES_MAX] = {0.0}, sum = 0.0, apart = 0.0;
    int n = throng_dynamics_behaviours(dynamics);
    for (int b = 0; b < n; b++) {
        double unused = 0.0;
        size[b] = fabs(add_up(self, throng_dynamics_behaviour(dynamics, b), &unused));
        sum += size[b];
        for (int c = 0; c < b; c++)
            apart += fabs(size[b] - size[c]);
    }
    return sum > 0.0 ? apart / (n * sum) : (double)NAN;
}

json_t *throng_i_report_world(throng_i_reporter *self) {
    const throng_i_world_run *run = self->attribution->world;
    throng_attribution_def resolved = throng_attribution_resolved(self->attribution);
    const throng_world *world = throng_simulation_world(run->simulation);
    json_t *object = throng_i_report_simulation(&self->failed, run->simulation), *list = json_array();
    throng_course course;
    double total = throng_i_report_total(self, 0), sum = 0.0;
    int64_t kept = course_of(self, &course);
    put(self, object, "column", throng_i_json_string(resolved.column ? resolved.column : world->columns[0].name));
    put(self, object, "over", throng_i_json_string(resolved.over ? resolved.over : "final"));
    for (int64_t step = 0; step <= run->resolved.steps; step++) {
        json_t *one = json_object();
        put(self, one, "step", json_integer(step));
        put(self, one, "indicator", throng_i_json_real(run->series[step]));
        if (step < kept) {
            sum += course.phi[step];
            put(self, one, "phi", throng_i_json_real(course.phi[step]));
            put(self, one, "share", throng_i_json_share(course.phi[step], total));
            put(self, one, "share_so_far", throng_i_json_share(sum, total));
            json_t *apart = step_behaviours(self, step);
            if (apart)
                put(self, one, "behaviours", apart);
        }
        throng_i_json_append(&self->failed, list, one);
    }
    put(self, object, "by_step", list);
    put(self, object, "behaviours", behaviours(self, total));
    if (throng_dynamics_behaviour(run->dynamics, 0))
        put(self, object, "behaviour_concentration", throng_i_json_real(concentration(self)));
    put(self, object, "steps_table", json_boolean(throng_i_has_steps(self->attribution)));
    if (kept > 0) {
        put(self, object, "latency", throng_i_json_real(course.latency));
        put(self, object, "instability", throng_i_json_real(course.instability));
        put(self, object, "synchronisation", throng_i_json_real(course.synchronisation));
    }
    throng_i_free(self->context, course.phi);
    throng_i_free(self->context, course.absolute);
    return object;
}
