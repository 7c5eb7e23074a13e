/*
 * Checkpoints: whatever stops a run of a world, wherever, it goes on from there to the same bits; and what is not a
 * checkpoint of this run is refused. Here runs are stopped by memory that runs out; tests/cli/test_checkpoints.py kills
 * them.
 */
#include "core/checkpoint.h"
#include "crowds.h"
#include "throng/study.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where waiting for the disk takes no time, if there is such a place. */
static const char *place(void) {
    static char path[80];
    struct stat facts;
    bool memory = stat("/dev/shm", &facts) == 0 && access("/dev/shm", W_OK) == 0;
    snprintf(path, sizeof path, "%stest_checkpoints_%ld", memory ? "/dev/shm/" : "", (long)getpid());
    return path;
}

static const char *file(void) {
    static char path[100];
    snprintf(path, sizeof path, "%s.checkpoint", place());
    return path;
}

/* ---- memory that runs out --------------------------------------------------------------------------------------- */

/* Memory that is out as soon as so many checkpoints were written: the next step that needs any is the last. */
typedef struct scarce {
    int checkpoints; /* that may still be written; -1: any number */
    uint64_t last;   /* the file, which is another one each time */
} scarce;

static void *scarce_realloc(void *user, void *pointer, size_t size) {
    scarce *self = user;
    struct stat facts;
    if (size == 0) {
        free(pointer);
        return NULL;
    }
    if (self->checkpoints >= 0 && stat(file(), &facts) == 0 && facts.st_ino != self->last) {
        self->checkpoints -= self->last != 0;
        self->last = facts.st_ino;
    }
    return self->checkpoints == 0 ? NULL : realloc(pointer, size);
}

/* So many checkpoints from now on, beside the one that may be there. */
static scarce scarce_make(int checkpoints) {
    struct stat facts;
    return (scarce){checkpoints, stat(file(), &facts) == 0 ? (uint64_t)facts.st_ino : 1};
}

/* ---- what is run ------------------------------------------------------------------------------------------------- */

#define SETTINGS_MAX 12
#define AGENTS_MAX   3000
#define BYTES        ((AGENTS_MAX + 1) * sizeof(double)) /* that runs are compared by */

typedef struct scene {
    const char *name;
    const char *agents;
    const char *setting[SETTINGS_MAX][2];
    bool simulate; /* without credits */
} scene;

static const scene scenes[] = {
    {"gaps, for not all states fit",
     "3000",
     {{"world.name", "nonlinear-opinion"},
      {"world.steps", "19"},
      {"graph.model", "watts-strogatz"},
      {"world.memory", "1"}},
     false},
    {"one lane", "60", {{"world.name", "friedkin-johnsen"}, {"world.steps", "4"}, {"graph.model", "ring"}}, false},
    {"innate, mean",
     "60",
     {{"world.name", "bounded-confidence"},
      {"world.steps", "4"},
      {"graph.model", "watts-strogatz"},
      {"world.participation", "innate"},
      {"attribution.tolerance", "1e-6"},
      {"world.over", "mean"}},
     false},
    {"behaviours, slopes of their own",
     "60",
     {{"world.name", "market-herding"},
      {"world.steps", "5"},
      {"graph.model", "watts-strogatz"},
      {"world.column", "price"},
      {"attribution.indicator", "formula:expr=exp(m1)"},
      {"attribution.tolerance", "1e-2"},
      {"world.over", "realised-volatility"}},
     false},
    {"sampled",
     "60",
     {{"world.name", "voter"},
      {"world.steps", "3"},
      {"graph.model", "watts-strogatz"},
      {"attribution.method", "shapley-sampled:permutations=2"},
      {"attribution.indicator", "variance"}},
     false},
    {"recorded", "60", {{"world.name", "vicsek-particles"}, {"world.steps", "9"}, {"world.record-every", "2"}}, true},
};

#define SCENES ((int)(sizeof scenes / sizeof *scenes))

/* Settings, run, and what comes out: credits and certificate, or the report's numbers; gives back bytes to compare. */
static throng_status run_scene(const scene *it, throng_context *context, throng_running how, bool write, char **out,
                               throng_error *err) {
    throng_study *study = NULL;
    throng_run *run = NULL;
    char *report = NULL;
    throng_status status = throng_study_create(context, &study, err);
    const char *const common[][2] = {{"population.generate", "uniform:low=-1,high=1"},
                                     {"population.agents", it->agents}};
    for (int i = 0; i < 2 && status == THRONG_OK; i++)
        status = throng_study_set(study, common[i][0], common[i][1], err);
    for (int i = 0; i < SETTINGS_MAX && it->setting[i][0] && status == THRONG_OK; i++)
        status = throng_study_set(study, it->setting[i][0], it->setting[i][1], err);
    if (status == THRONG_OK)
        status = throng_study_set_running(study, &how, err);
    *out = NULL;
    if (status == THRONG_OK && it->simulate)
        status = throng_study_simulate(study, NULL, write ? place() : NULL, false, &report, err);
    else if (status == THRONG_OK)
        status = throng_study_run(study, NULL, write ? place() : NULL, false, &run, err);
    if (status == THRONG_OK && run) {
        const throng_attribution *attribution = throng_run_attribution(run);
        double sum = throng_attribution_certificate(attribution, 0).sum_phi;
        *out = calloc(1, BYTES);
        memcpy(*out, &sum, sizeof sum);
        memcpy(*out + sizeof sum, throng_attribution_phi(attribution), strtoul(it->agents, NULL, 10) * sizeof(double));
    } else if (status == THRONG_OK) {
        *out = calloc(1, BYTES);
        const char *numbers = strstr(report, "\"by_step\"");
        snprintf(*out, BYTES, "%.400s", numbers ? numbers : report);
    }
    throng_text_free(context, report);
    throng_run_free(run);
    throng_study_free(study);
    return status;
}

static void remove_run(void) {
    static const char *const names[] = {"report.json",   "study.yaml",     "attribution.parquet", "cohorts.parquet",
                                        "steps.parquet", "states.parquet", "trajectory.parquet"};
    char path[160];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", place(), names[i]);
        unlink(path);
    }
    rmdir(place());
}

/* ---- stopped anywhere ------------------------------------------------------------------------------------------- */

/* Runs until memory is out, goes on, and so on to the end; returns how often it was gone on from a checkpoint. */
static int run_in_pieces(const scene *it, uint64_t luck, char **out) {
    throng_running how = {.checkpoint_steps = 1};
    int resumed = 0;
    for (throng_status status = THRONG_E_MEMORY; status != THRONG_OK;) {
        throng_context *context = NULL;
        throng_error err = {0};
        luck = luck * 6364136223846793005ULL + 1442695040888963407ULL;
        scarce memory = scarce_make(2 + (int)(luck >> 61));
        cr_assert_eq(throng_context_create_with(scarce_realloc, &memory, &context, NULL), THRONG_OK);
        cr_assert_eq(throng_context_set_threads(context, resumed % 2 + 1, NULL), THRONG_OK); /* no matter how many */
        resumed += access(file(), F_OK) == 0;
        status = run_scene(it, context, how, true, out, &err);
        cr_assert(status == THRONG_OK || status == THRONG_E_MEMORY, "%s: %s", it->name, err.message);
        memory.checkpoints = -1;
        throng_context_free(context);
    }
    return resumed;
}

Test(checkpoints, whatever_stops_a_run_it_comes_to_the_same_bits, .timeout = 240) {
    for (int s = 0; s < SCENES; s++) {
        throng_context *context = NULL;
        throng_error err = {0};
        char *whole = NULL, *pieces = NULL;
        cr_assert_eq(throng_context_create(&context, NULL), THRONG_OK);
        cr_assert_eq(run_scene(&scenes[s], context, (throng_running){0}, false, &whole, &err), THRONG_OK, "%s: %s",
                     scenes[s].name, err.message);
        int resumed = run_in_pieces(&scenes[s], (uint64_t)s + 1, &pieces);
        cr_expect_gt(resumed, 1, "%s was resumed %d times", scenes[s].name, resumed);
        cr_expect_eq(memcmp(whole, pieces, BYTES), 0, "%s", scenes[s].name);
        cr_expect_neq(access(file(), F_OK), 0, "%s: the run is there, and so is its checkpoint", scenes[s].name);
        remove_run();
        free(whole);
        free(pieces);
        throng_context_free(context);
    }
}

/* ---- what is refused -------------------------------------------------------------------------------------------- */

static char *contents(long *n) {
    FILE *from = fopen(file(), "rb");
    cr_assert_not_null(from);
    fseek(from, 0, SEEK_END);
    *n = ftell(from);
    rewind(from);
    char *bytes = malloc((size_t)*n);
    cr_assert_eq(fread(bytes, 1, (size_t)*n, from), (size_t)*n);
    fclose(from);
    return bytes;
}

static void put(const char *bytes, long n) {
    FILE *to = fopen(file(), "wb");
    cr_assert_not_null(to);
    cr_assert_eq(fwrite(bytes, 1, (size_t)n, to), (size_t)n);
    fclose(to);
}

static void expect_refused(throng_status wanted, const char *why) {
    throng_context *context = NULL;
    throng_error err = {0};
    char *out = NULL;
    cr_assert_eq(throng_context_create(&context, NULL), THRONG_OK);
    throng_status status = run_scene(&scenes[1], context, (throng_running){0}, true, &out, &err);
    cr_expect(status == wanted && strstr(err.message, why), "expected \"%s\", got %d: %s", why, (int)status,
              err.message);
    free(out);
    throng_context_free(context);
}

/* Stops the second scene after three checkpoints. */
static void leave_checkpoint(void) {
    throng_context *context = NULL;
    throng_error err = {0};
    char *out = NULL;
    scarce memory = scarce_make(3);
    cr_assert_eq(throng_context_create_with(scarce_realloc, &memory, &context, NULL), THRONG_OK);
    cr_assert_eq(run_scene(&scenes[1], context, (throng_running){.checkpoint_steps = 2}, true, &out, &err),
                 THRONG_E_MEMORY);
    memory.checkpoints = -1;
    throng_context_free(context);
}

Test(checkpoints, damaged_and_foreign_ones_are_refused, .timeout = 60) {
    throng_context *context = NULL;
    throng_error err = {0};
    char *out = NULL;
    long n = 0;
    cr_assert_eq(throng_context_create(&context, NULL), THRONG_OK);
    cr_expect_eq(run_scene(&scenes[1], context, (throng_running){.resume = true}, true, &out, &err), THRONG_E_FILE);
    cr_expect(strstr(err.message, "There is nothing to resume"), "%s", err.message);
    cr_expect_eq(run_scene(&scenes[1], context, (throng_running){.checkpoint_steps = 1}, false, &out, &err),
                 THRONG_E_PARAMETER);
    leave_checkpoint();
    cr_expect_eq(run_scene(&scenes[0], context, (throng_running){0}, true, &out, &err), THRONG_E_STUDY);
    cr_expect(strstr(err.message, "of another study"), "%s", err.message);
    char *bytes = contents(&n);
    const long places[] = {n / 2, n - 1, n - 9, 120};
    for (int i = 0; i < 4; i++) {
        bytes[places[i]] ^= 4;
        put(bytes, n);
        expect_refused(THRONG_E_FORMAT, "is damaged");
        bytes[places[i]] ^= 4;
    }
    put(bytes, n - 30);
    expect_refused(THRONG_E_FORMAT, "it was cut off");
    put(bytes, 10);
    expect_refused(THRONG_E_FORMAT, "does not begin as checkpoints do");
    put("", 0);
    expect_refused(THRONG_E_FORMAT, "does not begin as checkpoints do");
    char *version = strstr(bytes, throng_version());
    version[0]++;
    put(bytes, n);
    expect_refused(THRONG_E_STUDY, "is of throng");
    version[0]--;
    put(bytes, n);
    cr_expect_eq(run_scene(&scenes[1], context, (throng_running){.resume = true}, true, &out, &err), THRONG_OK, "%s",
                 err.message);
    remove_run();
    free(out);
    free(bytes);
    throng_context_free(context);
}
