#!/usr/bin/env python3
"""Solving games: built in, from files whole and broken, with and without convergence.

Use: tests/cli/test_solve.py [WORD ...]     (runs the tests whose names contain one of the words; default: all)

Environment: as for test_cli.py.
"""

import json
import pathlib
import sys

from harness import BUILD, Skip, fails, main, ok, put, report, test, throng

PENNIES = 'NFG 1 R "Pennies" { "Even" "Odd" } { { "h" "t" } { "h" "t" } }\n3 -3 -1 1 -1 1 1 -1'


@test
def test_kuhn():
    got = report("solve", "kuhn", "--tolerance", 1e-4)
    assert got["game"] == "kuhn" and got["solver"] == "cfr-plus" and got["converged"] is True and 0 <= got["gap"] <= got["tolerance"] == 1e-4
    assert abs(got["value"][0] + 1 / 18) < 1e-4 and abs(sum(got["value"])) < 1e-12
    assert len(got["strategy"]) == 12 and all(abs(sum(one["probabilities"]) - 1) < 1e-12 for one in got["strategy"])
    assert got["trace"][-1] == {"iteration": got["iterations"], "gap": got["gap"]}
    bet = {one["set"]: one["probabilities"][1] for one in got["strategy"]}
    assert abs(bet["K"] - 3 * bet["J"]) < 0.1 and bet["Q"] < 0.1 and bet["Kb"] > 0.99, bet  # the known family of equilibria
    every = report("solve", "kuhn", "--every", "--tolerance", 1e-4)
    assert [one["iteration"] for one in every["trace"]] == list(range(1, every["iterations"] + 1))
    shown = ok("solve", "kuhn")
    assert "55 nodes, 12 information sets" in shown and "Player 1" in shown, shown


@test
def test_files():
    put("p.nfg", PENNIES)
    got = report("solve", "p.nfg", "--solver", "cfr", "--tolerance", 0.01)
    assert got["players"] == ["Even", "Odd"] and abs(got["value"][0] - 1 / 3) < 0.01, got
    assert [one["probabilities"][0] for one in got["strategy"]] and abs(got["strategy"][1]["probabilities"][0] - 1 / 3) < 0.02, got
    ok("solve", "p.nfg", "--write", "p.efg", "--quiet", "--tolerance", 0.01)
    again = report("solve", "p.efg", "--solver", "cfr", "--tolerance", 0.01)
    assert again["value"] == got["value"] and again["gap"] == got["gap"]


@test
def test_run_directory():
    ok("solve", "kuhn", "--out", "run", "--quiet")
    assert sorted(p.name for p in pathlib.Path("run").iterdir()) == ["report.json", "strategy.parquet", "trace.parquet"]
    shown = ok("show", "run")
    assert "within the tolerance" in shown and "Player 1 gets" in shown and "logarithmic" in shown, shown
    saved = json.loads(pathlib.Path("run/report.json").read_text())
    assert saved["solution"]["game"] == "kuhn" and saved["provenance"]["command"] == "throng solve kuhn --out run --quiet"
    assert {one["for"] for one in saved["cite"]} == {"game kuhn", "solver cfr-plus", "software"}
    assert saved["solution"]["trace"][-1]["gap"] == saved["solution"]["gap"]
    again = report("attribute", "--game", "kuhn", "--policy", "run", "--of", 1)
    assert abs(again["certificate"]["everybody"] - saved["solution"]["value"][0]) < 1e-15
    fails(1, "exists already", "solve", "kuhn", "--out", "run")
    fails(1, "is of a solved game", "verify", "run")
    ok("solve", "kuhn", "--out", "run", "--force", "--quiet")
    fails(1, "did not converge", "solve", "kuhn", "--iterations", 2, "--quiet")


@test
def test_diff():
    ok("solve", "kuhn", "--out", "a", "--quiet")
    throng("solve", "kuhn", "--solver", "cfr", "--iterations", 50, "--seed", 4, "--out", "b", "--quiet")
    a, b = (json.loads(pathlib.Path(run, "report.json").read_text())["solution"] for run in "ab")
    it = report("diff", "a", "b")
    assert {one["key"]: (one["a"], one["b"]) for one in it["settings"]} == {
        "solution.solver": ("cfr-plus", "cfr"), "solution.converged": (True, False), "provenance.seed": (0, 4)}
    assert it["gap"] == {"a": a["gap"], "b": b["gap"], "change": b["gap"] - a["gap"]} and it["iterations"]["change"] == b["iterations"] - 200
    assert [one["value"]["b"] for one in it["value"]] == b["value"] and it["value"][1]["player"] == "Player 2"
    play = [{(one["player"], one["set"], action): p for one in run["strategy"] for action, p in zip(one["actions"], one["probabilities"])}
            for run in (a, b)]
    far = sorted((abs(play[1][key] - p) for key, p in play[0].items()), reverse=True)
    listed = it["strategy"]["largest"]
    assert [abs(one["probability"]["change"]) for one in listed] == far[:20] and it["strategy"]["compared"] == 24, it["strategy"]
    for one in listed:
        key = one["player"], one["set"], one["action"]
        assert (one["probability"]["a"], one["probability"]["b"]) == (play[0][key], play[1][key]) and one["name"] == f"Player {one['player']}"
    said = ok("diff", "a", "b")
    assert "solution.solver           cfr-plus -> cfr" in said and "the 20 that differ most" in said and "Player 1 gets" in said, said
    same = ok("diff", "a", "a")
    assert "0 of 24 actions are played differently" in same and "solved are described alike" in same, same
    ok("solve", "stag-hunt", "--solver", "fictitious-play", "--tolerance", 0.01, "--out", "c", "--quiet")
    other = report("diff", "a", "c")["strategy"]
    assert (other["compared"], other["only_in_a"], other["only_in_b"], other["largest"]) == (0, 24, 4, [])
    assert "no information set is in both\n24 actions are in A alone\n4 actions are in B alone" in ok("diff", "a", "c")
    ok("simulate", "--generate", "uniform", "--agents", 20, "--graph-model", "ring", "--world", "kuramoto", "--steps", 2, "--out", "w", "--quiet")
    fails(1, "a is a solved game and w is not: diff compares runs of one kind", "diff", "w", "a")
    pathlib.Path("b/strategy.parquet").unlink()
    fails(1, "strategy.parquet cannot be read", "diff", "a", "b")


@test
def test_plugins():
    games, solvers = (BUILD / f"examples/plugin_{kind}.so" for kind in ("game", "solver"))
    if not games.exists():
        raise Skip("the example plug-ins are not built")
    got = report("solve", "inspection:fine=1", "--plugin", games, "--solver", "fictitious-play", "--tolerance", 0.02)
    cheat, look = (one["probabilities"][1] for one in got["strategy"])
    assert abs(cheat - 0.2) < 0.05 and abs(look - 0.5) < 0.05, got["strategy"]
    assert report("solve", "kuhn", "--plugin", solvers, "--solver", "discounted")["solver"] == "discounted:power=1"
    assert "inspection" in ok("play", "inspection", "--plugin", games, "--policy", "random", "--deals", 5)
    assert report("attribute", "--game", "inspection", "--plugin", games, "--policy", "uniform")["of"] == "welfare"
    fails(1, "none.so cannot be loaded", "solve", "kuhn", "--plugin", "none.so")
    fails(2, 'no game "inspection"', "solve", "inspection")


@test
def test_lists():
    games = {one["name"]: one for one in json.loads(ok("list", "games", "--json"))}
    assert {"kuhn", "leduc", "prisoners-dilemma", "stag-hunt", "ordinal", "files"} <= set(games)
    assert len(games["ordinal"]["games"]) == 144 and games["ordinal"]["games"][16] == {"name": "ordinal:17", "title": "17 Tragic Cycle", "family": "Cyclic"}
    assert "GAME.efg" in ok("list", "games") and "FF 2 and 2" in ok("describe", "game", "stag-hunt")
    assert "cfr-plus" in ok("list", "solvers") and "uniform-phantom" in ok("list", "mechanisms")


@test
def test_markov_games():
    put("pennies.csv", "state,action1,action2,next,probability,reward1\ngo,h,h,go,1,3\ngo,t,h,go,1,-1\ngo,h,t,go,1,-1\ngo,t,t,go,1,1\n")
    got = report("solve", "markov:file=pennies.csv,discount=0.5", "--solver", "value-iteration", "--tolerance", 1e-9)
    assert got["game"] == "pennies.csv" and abs(got["value"][0] - 2 / 3) < 1e-9, got
    assert got["strategy"][1]["set"] == "go" and got["strategy"][1]["actions"] == ["h", "t"], got
    shown = ok("solve", "random-mdp", "--solver", "generative-model:draws=1000", "--iterations", 1, "--tolerance", 1)
    assert "value error" in shown and "10 states, 40 cells" in shown, shown
    fails(1, r"none\.csv", "solve", "markov:file=none.csv", "--solver", "value-iteration")
    again = report("solve", "markov:file=pennies.csv", "--tolerance", 1e-9)  # by the solver that fits, and the path at the end
    assert again["solver"].startswith("value-iteration") and abs(again["value"][0] - 10 / 3) < 1e-6, again
    fails(2, "Which table", "solve", "markov")
    fails(1, "not standard input", "solve", "markov:file=-")
    fails(2, r"at most 2e\+08", "solve", "random-mdp:states=10000,actions=10000")
    fails(1, "soccer", "solve", "soccer", "--solver", "cfr")
    fails(1, "play need not end", "solve", "markov:file=pennies.csv,discount=1", "--solver", "value-iteration")


@test
def test_operators():
    got = report("solve", "linear-operator:n=20,d=30", "--solver", "halpern", "--tolerance", 0.1)
    assert got["players"] == [] and got["measure"] == "gap" and got["evaluations"] > 20 and len(got["strategy"][0]["numbers"]) == 30, got
    assert "and 22 more" in ok("solve", "linear-operator:n=20,d=30", "--solver", "halpern", "--tolerance", 0.1)


@test
def test_preferences():
    put("p.csv", ",tea,coffee,juice\ntea,.5,.9,.2\ncoffee,.1,.5,.7\njuice,.8,.3,.5\nreference,1,1,2\n")
    got = report("solve", "p.csv", "--tolerance", 1e-9)
    assert got["solver"].startswith("nash-mp") and got["measure"] == "regularised gap" and got["gap"] < 1e-9 < got["game_gap"], got
    row, = got["strategy"]
    assert row["actions"] == ["tea", "coffee", "juice"] and abs(sum(row["probabilities"]) - 1) < 1e-12 and got["evaluations"] == 2 * got["iterations"]
    wins = [[.5, .9, .2], [.1, .5, .7], [.8, .3, .5]]
    weights = [m * 2.718281828459045 ** (sum(w * p for w, p in zip(one, row["probabilities"])) / 0.1) for m, one in zip([1, 1, 2], wins)]
    assert all(abs(w / sum(weights) - p) < 1e-4 for w, p in zip(weights, row["probabilities"])), "in proportion to reference exp(wins / beta)"
    assert "in the game itself" in ok("solve", "p.csv")
    shown = ok("solve", "preference:n=40")
    assert "smaller" in shown and all(len(line) < 300 for line in shown.splitlines()), shown
    exact = report("solve", "p.csv", "--solver", "lp", "--tolerance", 1e-9)
    assert [round(9 * p, 6) for p in exact["strategy"][0]["probabilities"]] == [2, 3, 4], exact
    put("b.csv", "h,t\n3 -3,-1 1\n-1 1,1 -1\n")
    assert abs(report("solve", "b.csv", "--solver", "lp")["value"][0] - 1 / 3) < 1e-9
    put("odd.csv", ".5,.9\n.2,.5\n")
    fails(2, "Row 2, column 1.*add up to 1", "solve", "odd.csv")
    fails(1, "cfr solves trees, and .* is one of the games of preferences", "solve", "p.csv", "--solver", "cfr")
    fails(2, "at most 1", "solve", "p.csv", "--solver", "egpo:beta=1,step=2")


@test
def test_search_from_a_blueprint():
    put("blueprint.json", json.dumps(report("solve", "bayesian-team", "--solver", "mds", "--iterations", 2, "--tolerance", 2)))
    first = report("solve", "bayesian-team", "--solver", "mds", "--iterations", 1, "--tolerance", 2)
    found = report("solve", "bayesian-team", "--solver", "mds:set=1,samples=100", "--start", "blueprint.json", "--iterations", 1, "--tolerance", 2)
    blueprint = json.loads(open("blueprint.json").read())
    assert found["strategy"][1:] == blueprint["strategy"][1:] and found["strategy"][0] != blueprint["strategy"][0]
    assert found["evaluations"] == 300 and first["value"][0] <= blueprint["value"][0]
    fails(1, "cfr-plus cannot start", "solve", "bayesian-team", "--start", "blueprint.json")
    fails(1, "no strategy for this game", "solve", "kuhn", "--solver", "mds", "--start", "blueprint.json")
    fails(1, "cannot be read as JSON", "solve", "kuhn", "--solver", "mds", "--start", "none.json")
    fails(2, "There are 6 information sets", "solve", "bayesian-team", "--solver", "mds:set=7")


@test
def test_what_fails():
    done = throng("solve", "kuhn", "--solver", "cfr", "--iterations", 5, "--json")
    assert done.code == 1 and json.loads(done.out)["converged"] is False and "did not converge: after 5 iterations" in done.err, done.err
    fails(1, "after 2 iterations.*come to its end.*throng describe solver psro", "solve", "leduc", "--solver", "psro:policies=2", "--quiet")
    put("cut.nfg", PENNIES[:-3])
    put("cut.efg", 'EFG 2 R "x" { "A" } p "" 1 1 "" { "a" "b" } 0\nt "" 0')
    put("forget.efg", 'EFG 2 R "driver" { "A" } p "" 1 1 "" { "E" "B" } 0 t "" 1 "" { 0 } p "" 1 1 0 t "" 2 "" { 4 } t "" 3 "" { 1 }')
    fails(1, r"cut\.nfg, line 2: expected a payoff", "solve", "cut.nfg")
    fails(1, r"cut\.efg ends too early", "solve", "cut.efg")
    fails(1, "imperfect recall", "solve", "forget.efg")
    fails(1, "none.efg cannot be opened", "solve", "none.efg")
    fails(2, 'no game "kuhm".*"kuhn"', "solve", "kuhm")
    fails(2, 'no solver "cfrplus".*cfr-plus', "solve", "kuhn", "--solver", "cfrplus")
    fails(2, "no parameter", "solve", "kuhn", "--solver", "mmd:beta=1")
    fails(2, "which game", "solve")
    fails(2, "tolerance", "solve", "kuhn", "--tolerance", "x")
    done = throng("solve", "stag-hunt", "--tolerance", 0, "--iterations", 7, "--json")
    assert done.code in (0, 1) and json.loads(done.out)["tolerance"] == 0


@test
def test_other_forms():
    got = report("solve", "public-goods", "--solver", "aga:rule=simul-ind", "--tolerance", 0.05)
    assert got["solver"].startswith("aga:rule=simul-ind,lambda=1,align=sign,") and got["measure"] == "bent gradient", got["solver"]
    assert abs(got["welfare"] - sum(got["value"])) < 1e-12 and got["equality"] == 1 and got["gap"] == got["game_gap"] and got["value_half"] == [0, 0]
    assert [row["actions"] for row in got["strategy"]] == [["logit"], ["logit"]] and got["strategy"][0]["numbers"][0] < -0.9, got
    shown = ok("solve", "majority-tracking:agents=30,rollouts=50", "--solver", "subsample-q:k=2,m=5")
    assert "30 agents of 3 kinds, 2 looked at: 18 rows" in shown and "(+- " in shown and "1 | 2 0 0" in shown, shown
    got = report("solve", "demand-response:rollouts=50", "--solver", "subsample-q:k=2,m=5")
    assert got["game_gap"] is None and got["equality"] == 1 and got["value_half"][0] > 0 and len(got["strategy"]) == 135 and got["evaluations"] == 5 * 405
    assert report("solve", "kuhn", "--solver", "lp", "--tolerance", 1e-9)["equality"] is None, "somebody gets less than 0"
    assert "5 looked at" in ok("solve", "majority-tracking:agents=5,rollouts=50", "--solver", "subsample-q"), "all of them"
    fails(2, "look at fewer", "solve", "demand-response:levels=5", "--solver", "subsample-q:k=8")
    fails(1, "everybody chooses once", "solve", "kuhn", "--solver", "rae")
    fails(1, "aga solves smooth games, and kuhn is one of the trees", "solve", "kuhn", "--solver", "aga")
    fails(1, "cfr-plus solves trees, and public-goods is one of the smooth games", "solve", "public-goods", "--solver", "cfr-plus")
    fails(2, r"rule must be one of: aga simul-ind .*, got .boo", "solve", "public-goods", "--solver", "aga:rule=boo")
    fails(2, "cannot be written as a tree", "solve", "public-goods", "--solver", "aga", "--write", "x.efg")
    assert "always:go" in ok("play", "crash:crash=-20", "--policy", "always:go", "--policy", "always:wait"), "a plug-in of one choice each"
    described = json.loads(ok("describe", "solver", "aga", "--json"))
    rule = described["parameters"][0]
    assert (rule["type"], rule["default"], rule["minimum"]) == ("word", "aga", None) and "simul-co" in rule["choices"], rule


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], __doc__))
