/* A language model's answers, distilled into a table. */
#include "policy/policy.h"

static throng_status create(throng_policy_player *player, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_fit fit;
    THRONG_REQUIRE(player->def.file, E_PARAMETER,
                   "llm-archetype plays answers that were asked beforehand: make them with throng distill STUDY.yaml "
                   "--out FILE, and name FILE with --policy-file (policy.file).");
    THRONG_TRY(throng_i_table_create(player, err));
    THRONG_REQUIRE(throng_i_table_fit(player, &fit) && fit.held_out > 0, E_FORMAT,
                   "%s has no held-out answers, so nobody knows how well it fits: distil it again, or play it as the "
                   "policy table.",
                   player->def.file);
out:
    return status;
}

const throng_policy_spec throng_policy_llm_archetype = {
    .about = {.struct_size = sizeof(throng_policy_spec),
              .name = "llm-archetype",
              .summary = "Plays what a language model answered as each kind of person in each kind of situation.",
              .details =
                  "--policy-file (policy.file) is made by throng distill, which asks the model; playing asks nobody. "
                  "It is the policy table, but for one thing: the file must have held-out answers. Their distance "
                  "from what is played stands in the report, and the attribution is run again --refits (policy.refits) "
                  "times with all answers moved by errors drawn from them, to say how far its numbers move within "
                  "it.\n"
                  "What it assumes: that people of a persona are alike, and that what they do depends on what the "
                  "world shows, as is asked, and on nothing before the step that was last.",
              .reference = "throng's construction, after archetypes of Chopra and others 2024, On the limits of agency "
                           "in agent-based models, arXiv 2409.10568"},
    .create = create,
    .clear = throng_i_table_clear,
    .logits = throng_i_table_logits,
    .logits_adjoint = throng_i_table_logits_adjoint,
};
