/* A table of answers, as it stands in a file: see policy/table.c. */
#include "policy/policy.h"

const throng_policy_spec throng_policy_table = {
    .about = {.struct_size = sizeof(throng_policy_spec),
              .name = "table",
              .summary = "Plays a table: what each kind of person does in each kind of situation.",
              .details =
                  "--policy-file (policy.file) is a table with a row for every combination of persona, last action and "
                  "values of what is seen: columns persona (if there are personas), last (the action in the step "
                  "before, if it matters), one for every sight of the world, and a probability for every action. A "
                  "sight has 16 values at most. throng distill makes such a table; further columns are held_out (1: "
                  "only to measure the fit with) and answers (how many the probabilities are shares of: half an answer "
                  "is then added to each action; 0 or missing: they are known).\n"
                  "Between the values logits, the logarithms of p_a over that of the last action, are polynomials that "
                  "pass through the answers, along each sight: smooth, so path methods work, and exact where logits "
                  "are such polynomials of what is seen. A grid between whose values they would swing is refused. "
                  "Beyond the values those at the edge are taken. What was done last is known as far as it was done: "
                  "probabilities are the mean over last actions.",
              .reference = "throng's construction; interpolation at Chebyshev's points: Trefethen 2013, Approximation "
                           "theory and approximation practice"},
    .create = throng_i_table_create,
    .clear = throng_i_table_clear,
    .logits = throng_i_table_logits,
    .logits_adjoint = throng_i_table_logits_adjoint,
};
