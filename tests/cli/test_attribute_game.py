#!/usr/bin/env python3
"""Attribution of a solved game: who adds what, by which policies, and what is refused.

Use: tests/cli/test_attribute_game.py [WORD ...]     (runs the tests whose names contain one of the words; default: all)

Environment: as for test_cli.py.
"""

import sys

from harness import fails, main, ok, put, report, test, throng


@test
def test_splits():
    got = report("attribute", "--game", "kuhn", "--of", 1, "--tolerance", 0.01)
    assert got == report("attribute", "--of", "Player 1", "--game=kuhn", "--tolerance", 0.01)
    phi = [one["phi"] for one in got["players"]]
    certificate = got["certificate"]
    assert abs(certificate["nobody"] - 0.125) < 1e-12 and phi[0] > 0 > phi[1], got
    assert abs(sum(phi) - (certificate["everybody"] - certificate["nobody"])) < 1e-12 and certificate["efficiency_residual"] < 1e-10
    got = report("attribute", "--game", "prisoners-dilemma", "--policy", "always:F", "--reference", "always:J", "--of", "shortfall")
    assert [one["phi"] for one in got["players"]] == [3, 3] and got["of"] == "shortfall" and "gap" not in got
    put("mine.csv", "set,action\nK*,bet\n*,pass\n")
    assert report("attribute", "--game", "kuhn", "--policy", "mine.csv", "--of", 2)["strategy"] == "mine.csv"
    assert "what one gains another loses" in ok("attribute", "--game", "kuhn", "--policy", "mine.csv")
    got = report("attribute", "--game", "majority-tracking:rollouts=20", "--solver", "subsample-q:k=8,m=2", "--tolerance", 9)
    assert got["strategy"] == "subsample-q:k=8,m=2" and got["certificate"]["efficiency_residual"] < 1e-12, got


@test
def test_what_fails():
    fails(1, "take it as the solver", "attribute", "--game", "majority-tracking", "--policy", "solver:subsample-q:k=4@1")
    fails(1, "no players", "attribute", "--game", "linear-operator", "--tolerance", 9)
    done = throng("attribute", "--game", "kuhn", "--solver", "cfr", "--iterations", 3, "--of", 1, "--json")
    assert done.code == 1 and "did not converge" in done.err and '"phi"' in done.out, done.err
    for option in ("--tolerance", "many"), ("--solver", "cfr"), ("--iterations", 5):
        fails(2, "so that nothing is solved", "attribute", "--game", "kuhn", "--policy", "uniform", *option)
    fails(2, 'takes a number not below 0, got "many"', "attribute", "--game", "kuhn", "--tolerance", "many")
    fails(2, "--game needs a value", "attribute", "--game")
    fails(2, "--of is about a game: say which with --game", "attribute", "x.csv", "--of", 1)
    fails(2, "nothing else is attributed", "attribute", "x.csv", "--game", "kuhn")
    fails(2, 'no game "kuhm"', "attribute", "--game", "kuhm")
    fails(2, "split is welfare", "attribute", "--game", "kuhn", "--of", "3")
    fails(2, 'no policy "unifrom".*"uniform"', "attribute", "--game", "kuhn", "--reference", "unifrom")
    fails(2, 'no action "call"', "attribute", "--game", "kuhn", "--reference", "always:call")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], __doc__))
