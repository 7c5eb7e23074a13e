/* What is to be said about games that are no plug-ins. */
#include "throng/game.h"

#define AKATA "Akata et al. 2023, Playing repeated games with large language models, arXiv 2305.16867"

static const throng_about abouts[] = {
    {.name = "prisoners-dilemma",
     .summary = "who defects is better off whatever the other does, and both are worse off if both do",
     .details =
         "Normal form, actions J (cooperate) and F (defect). JJ pays 8 and 8, JF 0 and 10, FJ 10 and 0, FF 5 and 5. "
         "FF is the only equilibrium.",
     .reference = AKATA},
    {.name = "battle-of-the-sexes",
     .summary = "both want to do the same, each would rather that it is theirs",
     .details = "Normal form, actions J and F. JJ pays 10 and 7, FF 7 and 10, otherwise nobody gets anything.",
     .reference = AKATA},
    {.name = "stag-hunt",
     .summary = "together they get most, but who goes alone is sure of something",
     .details =
         "Normal form, actions J (stag) and F (hare). JJ pays 4 and 4, JF 1 and 3, FJ 3 and 1, FF 2 and 2. JJ pays "
         "most, FF risks least; both are equilibria.",
     .reference = "Skyrms 2004, The stag hunt and the evolution of social structure, doi 10.1017/CBO9781139165228"},
    {.name = "ordinal",
     .summary = "all 144 games of two players and two actions with payoffs 1 to 4: ordinal:1 to ordinal:144",
     .details =
         "Normal form, actions J and F. In the order of Robinson and Goforth's topology, with names and families: "
         "44 Biased, 36 Win-win, 19 Unfair, 18 Cyclic, 12 Second Best, 8 Tragic, 7 PD. As they were played in the "
         "paper, 15 of them with a payoff twice. throng play takes all of them at once as \"ordinal\".",
     .reference = "Robinson and Goforth 2005, The topology of the 2x2 games; " AKATA},
    {.name = "files",
     .summary = "GAME.nfg and GAME.efg, files of Gambit's",
     .details =
         "NFG 1 with payoffs or outcomes is a normal form; EFG 2 a game move by move with information sets, chance "
         "and payoffs on the way. throng solve --write makes one of any game that is a tree.",
     .reference =
         "Savani and Turocy, Gambit: the package for computation in game theory, https://www.gambit-project.org"},
};

const throng_about *throng_game_builtin_about(int index) {
    return index >= 0 && index < (int)(sizeof abouts / sizeof *abouts) ? &abouts[index] : 0;
}
