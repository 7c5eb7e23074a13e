/* How the agents of a study's world decide: personas, the model that is asked, the policy that is played. */
#ifndef THRONG_SRC_STUDY_DECIDING_H
#define THRONG_SRC_STUDY_DECIDING_H

#include "report/report.h"
#include "study/settings.h"
#include "throng/policy.h"

/* What attributing again with moved answers gave. */
typedef struct throng_i_refits {
    int n;                   /* 0: none was made */
    double mean, deviation;  /* of the number with everybody */
    double moved;            /* mean of sum |phi' - phi| / sum |phi| */
    double rank_correlation; /* the least, of phi' with phi */
} throng_i_refits;

/* Empty where agents decide nothing. */
typedef struct throng_i_deciding {
    throng_context *context;
    throng_personas *personas; /* NULL: everybody is alike */
    int32_t *persona;          /* [n] NULL without personas */
    int64_t n;
    throng_llm *llm; /* NULL: nobody is asked */
    throng_policy_def def;
    throng_policy *player;
    bool drawn;
    throng_i_refits refits;
} throng_i_deciding;

THRONG_MUST_USE throng_status throng_i_deciding_create(throng_context *context, const throng_i_settings *settings,
                                                       const throng_population *population, throng_i_deciding *out,
                                                       throng_error *err);
void throng_i_deciding_clear(throng_i_deciding *self);

/* Reads personas with the traits that the template asks for; NULL if there are none. E_FORMAT, E_COLUMN. */
THRONG_MUST_USE throng_status throng_i_deciding_personas(throng_context *context,
                                                         const throng_i_deciding_settings *settings,
                                                         const throng_world *world, throng_personas **out,
                                                         throng_error *err);

/* What asking may take. Zero: no limit, of calls what the study says. */
typedef struct throng_i_model_budget {
    int64_t calls;
    double cost, prompt_price, completion_price; /* for a million tokens */
} throng_i_model_budget;

/* The model that a study names, NULL if it names none: see model.c. */
THRONG_MUST_USE throng_status throng_i_model_open(const throng_study *study, throng_i_model_budget budget,
                                                  throng_llm **out, throng_error *err);

/* Adds the part `policy` to a report. @param attribution  NULL: none was made */
THRONG_MUST_USE throng_status throng_i_deciding_report(const throng_i_deciding *self,
                                                       const throng_attribution *attribution, json_t *document,
                                                       throng_error *err);

/* Writes personas.parquet into a folder, if there are personas whose credits are known step by step. */
THRONG_MUST_USE throng_status throng_i_deciding_table(const throng_i_deciding *self,
                                                      const throng_attribution *attribution, const char *folder,
                                                      throng_error *err);

/* The fit of a table, as reports have it. */
json_t *throng_i_fit_pack(bool *failed, const throng_fit *fit);

#endif
