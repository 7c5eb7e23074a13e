#!/usr/bin/env python3
"""Repeated games: scripts and models at one table, over HTTP; logs of matches, whole and broken. The exact totals and the
published matches are in the study repeated-games.

Use: tests/cli/test_play.py [WORD ...]     (runs the tests whose names contain one of the words; default: all)

Environment: as for test_cli.py.
"""

import json
import sys

from harness import fails, main, ok, put, report, test, throng
from llm import server

FORGIVING = json.dumps({"choices": {"J": 0, "F": 0}, "when": [{"count": "the other player F;", "add": {"F": -3}}, {"contains": "points", "add": {"F": 1}}]})


def actions(got):
    return got["matches"][0]["actions"]


@test
def test_scripts():
    put("years.csv", ",J,F\nJ,-1 -1,-3 0\nF,0 -3,-2 -2\n")  # what is lost has no share
    got = report("play", "years.csv", "--policy", "always:F", "--rounds", 5)
    assert got["games"][0]["scores"] == [None, None] and got["games"][0]["totals"] == [-10, -10], got
    shown = ok("play", "prisoners-dilemma", "--policy", "tit-for-tat", "--policy", "once:F")
    assert shown.splitlines()[1].split() == ["tit-for-tat", "74", "74.0", "%", "JFJJJJJJJJ"], shown
    for policy, played in (("always", "JJJJJ"), ("always:f", "FFFFF"), ("always:2", "FFFFF"), ("alternate:F", "FJFJF"), ("once", "FJJJJ"),
                           ("sequence:FJF", "FJFFF"), ("best-reply", "JFFFF"), ("tit-for-tat", "JJJJJ")):
        got = report("play", "prisoners-dilemma", "--policy", policy, "--policy", "always:J", "--rounds", 5)
        assert actions(got) == [played, "JJJJJ"], (policy, got)
    one = report("play", "ordinal", "--policy", "random", "--repetitions", 3, "--seed", 4)
    assert one == report("play", "ordinal", "--policy", "random", "--repetitions", 3, "--seed", 4)
    assert one != report("play", "ordinal", "--policy", "random", "--repetitions", 3, "--seed", 5)
    assert len(one["matches"]) == 432 and len(one["games"]) == 144 and sum(f["matches"] for f in one["families"]) == 432
    assert all(match["actions"][0] != match["actions"][1] for match in one["matches"][:20]), "two seats draw apart"
    put("latin.nfg", b'NFG 1 R "caf\xe9" { "A" "B" } { 2 2 }\n\n1 -1 -1 1 -1 1 1 -1\n')
    fails(1, "a name is not UTF-8", "play", "latin.nfg", "--policy", "random", "--json")


@test
def test_models():
    put("rule.json", FORGIVING)
    put("t.txt", "[system]\nRound {{round}} of {{rounds}}; you are player {{player}} and have {{points}}.\n[prompt]\n{{rules}}{{#history}}So far:\n{{history:2}}{{/history}}")
    with server("--script", "rule.json") as it:
        to = ["--endpoint", it.url, "--model", "stand-in", "--cache", "c"]
        got = report("play", "prisoners-dilemma", "--policy", "llm", "--policy", "once:F", *to)
        assert actions(got)[0] == "FJJJJJJJJJ" and got["usage"]["calls"] == 20 and got["counts"]["by_logprobs"] == 10, got
        again = report("play", "prisoners-dilemma", "--policy", "llm", "--policy", "once:F", *to, "--cache-mode", "strict")
        assert again["matches"] == got["matches"] and again["usage"]["calls"] == 0
        both = report("play", "prisoners-dilemma", "--policy", "llm", "--policy", "llm", *to)
        assert actions(both) == ["FJJJJJJJJJ"] * 2 and both["usage"]["cache_hits"] > 0
        many = report("play", "stag-hunt", "--policy", "llm", "--policy", "always:J", "--rounds", 1, "--repetitions", 400, "--temperature", 1, *to)
        share = sum(match["actions"][0] == "F" for match in many["matches"]) / 400
        assert abs(share - 0.731) < 0.1, share  # 1 / (1 + exp(-1)): drawn by throng from one answer
        assert many["usage"]["calls"] == 2, many["usage"]
        report("play", "prisoners-dilemma", "--policy", "llm", "--policy", "once:F", *to[:4], "--template", "t.txt", "--transcript", "t.nd")
    asked = [json.loads(line) for line in open("t.nd")]
    assert asked[-1]["system"] == "Round 10 of 10; you are player 1 and have 81.", asked[-1]
    assert "So far:\nRound 8: you chose F, the other player J; you won 10, the other player 0.\nRound 9" in asked[-1]["prompt"]
    assert "So far" not in asked[0]["prompt"] and "If you choose J and the other player F, you win 0 points and the other player 10 points." in asked[0]["prompt"]
    with server("--script", "rule.json", "--faults", "refuse=1") as it:
        done = throng("play", "stag-hunt", "--policy", "llm", "--endpoint", it.url, "--model", "stand-in", "--samples", 2, "--no-logprobs", "--concurrency", 64)
        assert done.code == 1 and "VOID: 100.0 %" in done.err, done.err


LOG = """game_number,game_name,round,player1,player2,answer1,answer2,points1,points2,choice_option1,choice_option2
1,Hegemony,1,one,two,B,N,4,2,N,B
1,Hegemony,2,one,two,N,N,3,4,N,B
1,Hegemony,1,two,one,J,F,2,3,J,F
"""


@test
def test_logs():
    put("log.csv", LOG)
    got = report("play", "--log", "log.csv")
    assert got["matches"] == [{"game": "1 Hegemony", "players": ["one", "two"], "totals": [7, 6], "actions": ["FJ", "JJ"]},
                              {"game": "1 Hegemony", "players": ["two", "one"], "totals": [2, 3], "actions": ["J", "F"]}], got
    assert [(p["name"], p["seats"], p["score"]) for p in got["players"]] == [("one", 2, (7 / 8 + 3 / 4) / 2), ("two", 2, (6 / 8 + 2 / 4) / 2)]
    assert got["games"][0]["largest_seen"] == [4, 4] and got["games"][0]["totals"] == [4.5, 4.5]
    assert "3 matches" not in ok("play", "--log", "log.csv")
    for old, new, message in (("1,Hegemony,1,one,two,B,N,4,2", "145,Hegemony,1,one,two,B,N,4,2", "Row 1: there is no ordinal game 145"),
                              ("B,N,4,2,N,B", "X,N,4,2,N,B", 'Row 1: the answer "X" is neither "N" nor "B"'),
                              ("B,N,4,2,N,B", "B,N,3,2,N,B", "Row 1: 3 points of player 1 are not what .* gives, 4"),
                              ("1,Hegemony,1,one", "1,Hegemony,3,one", "Row 1: a match begins with round 1"),
                              ("2,one,two", "2,one,three", 'Row 2: "three" plays round 2 of a match of "two"'),
                              ("1,Hegemony,2", "2,Hegemony,2", "Row 2: the game changes"),
                              ("answer1", "answer", 'no column "answer1"')):
        put("log.csv", LOG.replace(old, new, 1))
        fails(1, message, "play", "--log", "log.csv")
    put("log.csv", LOG.split("\n")[0] + "\n")
    fails(1, "log.csv holds no match", "play", "--log", "log.csv")


@test
def test_wrong_words():
    game = ["play", "prisoners-dilemma"]
    fails(2, "which game", "play", "--policy", "random")
    fails(2, "which game", *game, "--log", "x.csv")
    fails(2, "who plays", *game)
    fails(2, "has 2 players: give --policy as many times", *game, *["--policy", "random"] * 3)
    fails(2, 'no game "prisoner-dilemma". Did you mean "prisoners-dilemma"', "play", "prisoner-dilemma", "--policy", "random")
    fails(2, "ordinal:1 to ordinal:144", "play", "ordinal:0", "--policy", "random")
    fails(2, 'no policy "tit-for-tta". Did you mean "tit-for-tat"', *game, "--policy", "tit-for-tta")
    fails(2, '"always:K": player 1 .* has no such action', *game, "--policy", "always:K")
    fails(2, "sequence:JJFF", *game, "--policy", "sequence")
    fails(2, "whom to ask", *game, "--policy", "llm")
    fails(2, "no --policy is llm", *game, "--policy", "random", "--script", "-")
    fails(2, "--log goes without --policy", "play", "--log", "x.csv", "--policy", "random")
    fails(1, "x.csv cannot be read", "play", "--log", "x.csv")
    put("t.txt", "{{rule}}")
    fails(2, r't.txt:1: a game has no slot \{\{rule\}\}. Did you mean "rules"', *game, "--policy", "llm", "--script", "-", "--template", "t.txt")


@test
def test_solved_strategies():
    put("p.nfg", 'NFG 1 R "Pennies" { "Even" "Odd" } { { "h" "t" } { "h" "t" } }\n3 -3 -1 1 -1 1 1 -1')
    got = report("play", "p.nfg", "--policy", "solver:lp", "--policy", "always:t", "--rounds", 3000)
    heads = got["matches"][0]["actions"][0].count("h") / 3000
    assert abs(heads - 1 / 3) < 0.05, heads
    ok("solve", "p.nfg", "--solver", "lp", "--out", "run", "--quiet")
    again = report("play", "p.nfg", "--policy", "run", "--policy", "always:t", "--rounds", 3000)
    assert again["matches"][0]["actions"] == got["matches"][0]["actions"]
    assert len(report("play", "ordinal", "--policy", "solver:fictitious-play@50", "--rounds", 1)["games"]) == 144
    fails(1, "constant sum", "play", "stag-hunt", "--policy", "solver:lp")


@test
def test_move_by_move():
    put("rule.json", json.dumps({"choices": {"bet": 2, "pass": 0}, "when": [{"contains": "know J", "add": {"pass": 5}}]}))
    put("t.txt", "You are {{player}}. {{rules}} You know {{set}}.")
    got = report("play", "kuhn", "--policy", "llm", "--policy", "always:pass", "--script", "rule.json", "--deals", 500, "--transcript", "t.nd",
                 "--template", "t.txt")
    assert got["deals"] == 500 and got["counts"]["by_logprobs"] == 12 and got["policies"][0]["policy"] == "llm", got
    asked = [json.loads(line) for line in open("t.nd")]
    assert any("You are Player 2." in one["prompt"] and "You know Kb." in one["prompt"] and "Everybody pays 1" in one["prompt"] for one in asked)
    put("script.csv", "set,action\nJ*,pass\n*,bet\n")
    same = report("play", "kuhn", "--policy", "script.csv", "--policy", "always:pass", "--deals", 500)
    assert [one["score"] for one in same["policies"]] == [one["score"] for one in got["policies"]]
    assert abs(same["policies"][0]["score"] - same["policies"][0]["expected"]) < 2 * same["policies"][0]["half_width"]
    ok("solve", "kuhn", "--out", "run", "--quiet")
    got = report("play", "kuhn", "--policy", "run", "--policy", "best-response", "--deals", 2)
    assert -0.001 < got["policies"][0]["expected"] <= 0, "what it loses to the best is at most its gap"
    assert "worked out" not in ok("play", "kuhn", "--policy", "best-reply", "--policy", "random", "--deals", 100)
    fails(2, "Only one policy can be best-response", "play", "kuhn", "--policy", "best-response")
    fails(2, "give --deals", "play", "kuhn", "--policy", "uniform", "--rounds", 3)
    fails(2, "move by move", "play", "stag-hunt", "--policy", "always:J", "--deals", 4)
    fails(2, 'no policy "tit-for-tat"', "play", "kuhn", "--policy", "tit-for-tat")
    fails(2, "whom to ask", "play", "kuhn", "--policy", "llm")
    fails(2, r"no slot \{\{rule\}\}", "play", "kuhn", "--policy", "llm", "--script", "rule.json", "--template", put("u.txt", "{{rule}}"))
    fails(2, "nobody would ask", "play", "kuhn", "--policy", "uniform", "--script", "rule.json")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], __doc__))
