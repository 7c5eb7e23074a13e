#!/usr/bin/env python3
"""throng simulate, worlds in throng attribute, sweeps and their journal, study files with worlds, check and schema."""

import json
import os
import pathlib
import re
import signal
import sys
import subprocess
import time

from harness import PLAIN, THRONG, fails, listing, main, ok, put, report, test, throng

CROWD = ("--generate", "uniform", "--agents", 400)
WORLD = (*CROWD, "--graph-model", "watts-strogatz", "--world", "bounded-confidence", "--steps", 12)


@test
def test_a_simulation_says_what_became_of_the_crowd():
    it = report("simulate", *WORLD)
    values = [one["indicator"] for one in it["trajectory"]]
    assert [one["step"] for one in it["trajectory"]] == list(range(13))
    assert values[0] > values[-1] > 0, values
    assert it["indicator"]["value"] == values[-1]
    assert it["world"]["name"] == "bounded-confidence" and it["graph"]["edges"] > 3900
    assert it["rate"]["node_updates_per_second"] > 0 and it["complete"] is True
    text = ok("simulate", *WORLD)
    assert "After 12 steps of bounded-confidence, variance of opinion" in text, text


@test
def test_it_is_the_same_for_any_number_of_threads_and_any_memory():
    runs = [report("simulate", *WORLD, "--threads", n)["trajectory"] for n in (1, 2, 3, 8)]
    assert all(run == runs[0] for run in runs)
    crowd = ("--generate", "uniform", "--agents", 1500, "--graph-model", "chung-lu", "--world", "kuramoto", "--steps", 40)
    parts = [report("attribute", *crowd, "--tolerance", 1e-3, "--memory", memory) for memory in (1, 1024)]
    assert parts[0]["top"] == parts[1]["top"]
    assert "latency" not in parts[0]["world"] or parts[0]["world"] == parts[1]["world"]


@test
def test_the_directory_has_the_trajectory_and_the_states():
    ok("simulate", *WORLD, "--record-every", 5, "--out", "run", "--quiet")
    assert sorted(listing("run")) == ["run/report.json", "run/states.parquet", "run/study.yaml", "run/trajectory.parquet"]
    states = report("attribute", "run/states.parquet", "--state", "opinion", "--id", "id", "--time", "step")
    assert [one["time"] for one in states["by_time"]] == ["0", "5", "10", "12"]
    again = json.loads(ok("simulate", "run/study.yaml", "--json"))
    assert again["trajectory"] == json.loads(pathlib.Path("run/report.json").read_text())["trajectory"]
    last = again["trajectory"][-1]["indicator"]
    assert abs(states["by_time"][-1]["indicator"]["observed"] - last) <= 1e-12 * last


@test
def test_attribution_through_a_world_is_additive_step_by_step():
    it = report("attribute", *WORLD, "--out", "run")
    steps = it["world"]["by_step"]
    whole = it["certificate"]["sum_phi"]
    assert it["certificate"]["efficiency_residual"] <= 1e-8
    assert abs(sum(one.get("phi", 0) for one in steps) - whole) <= 1e-12 * abs(whole)
    assert abs(steps[-2]["share_so_far"] - 1) <= 1e-12
    assert steps[-1]["indicator"] == it["certificate"]["everybody"]
    by_agent = report("attribute", "run/steps.parquet", "--state", "phi", "--id", "id", "--time", "step", "--indicator",
                      "mean")
    sums = [400 * one["indicator"]["observed"] for one in by_agent["by_time"]]
    assert all(abs(a - b["phi"]) <= 1e-12 * abs(whole) for a, b in zip(sums, steps))
    assert 0 <= it["world"]["latency"] <= 1 and 0 <= it["world"]["synchronisation"] <= 1
    ok("run", "run/study.yaml", "--out", "again", "--quiet")
    assert listing("run")["run/attribution.parquet"] == listing("again")["again/attribution.parquet"]


@test
def test_behaviours_share_out_the_credit():
    market = ("--generate", "uniform:low=-0.5,high=0.5", "--agents", 200, "--graph-model", "watts-strogatz", "--world",
              "market-herding", "--steps", 10, "--column", "price", "--indicator", "mean", "--tolerance", 1e-6)
    it = report("attribute", *market, "--out", "run")
    parts = it["world"]["behaviours"]
    assert [one["name"] for one in parts] == ["being copied", "moving the price"]
    assert abs(sum(one["phi"] for one in parts) - it["certificate"]["sum_phi"]) <= 1e-12
    for one in parts:
        column = report("attribute", "run/attribution.parquet", "--state", f"phi of {one['name']}", "--indicator", "mean")
        assert abs(200 * column["indicator"]["observed"] - one["phi"]) <= 1e-12
    for step in it["world"]["by_step"][:-1]:
        assert abs(sum(step["behaviours"]) - step["phi"]) <= 1e-12, step
    steps = report("attribute", "run/steps.parquet", "--state", "phi of being copied", "--id", "id", "--time", "step",
                   "--indicator", "mean")["by_time"]
    for mine, step in zip(steps, it["world"]["by_step"]):
        assert abs(200 * mine["indicator"]["observed"] - step["behaviours"][0]) <= 1e-12, (mine, step)
    one, other = (abs(part["phi"]) for part in parts)
    assert abs(it["world"]["behaviour_concentration"] - abs(one - other) / (2 * (one + other))) <= 1e-12
    assert "holds  steps" in ok("verify", "run")
    assert "by            being copied" in ok("attribute", *market)
    alone = report("attribute", *WORLD)["world"]["behaviours"]
    assert alone == [{"name": "influence"}]


@test
def test_a_table_with_ids_in_any_order_meets_its_graph():
    order = [3, 1, 4, 0, 2]
    put("crowd.csv", "name,x\n" + "".join(f"p{i},{i}.5\n" for i in order))
    put("edges.csv", "who,whom\np0,p1\np1,p2\np2,p3\np3,p4\np4,p0\n")
    graph = ("--graph", "edges.csv", "--source", "who", "--target", "whom")
    it = report("attribute", "crowd.csv", "--state", "x", "--id", "name", *graph, "--world",
                "friedkin-johnsen:susceptibility=1", "--steps", 1, "--indicator", "mean", "--participation", "innate")
    # everybody takes over what it hears: the mean stays, and each carried its own state's share
    phi = {one["id"]: one["phi"] for one in it["top"]}
    assert all(abs(phi[f"p{i}"] - (i + 0.5) / 5) <= 1e-14 for i in range(5)), phi


@test
def test_worlds_without_a_derivative_are_sampled():
    voter = ("--generate", "uniform", "--agents", 30, "--graph-model", "erdos-renyi:degree=5", "--world", "voter", "--steps", 4)
    fails(1, "voter.*has no derivative.*shapley-sampled", "attribute", *voter)
    it = report("attribute", *voter, "--method", "shapley-sampled:permutations=50")
    assert it["certificate"]["efficiency_residual"] <= 1e-9 and it["certificate"]["evaluations"] > 0


@test
def test_a_sweep_is_a_table_with_intervals():
    it = report("simulate", *WORLD, "--sweep", "world.confidence=0.1:0.5:3", "--sweep", "world.steps=2,8", "--repetitions",
                3, "--out", "run")
    points = it["sweep"]["points"]
    assert [list(one["settings"].values()) for one in points] == [
        [a, b] for a in ("0.1", "0.3", "0.5") for b in ("2", "8")]
    for one in points:
        assert one["value"]["low"] < one["value"]["mean"] < one["value"]["high"]
    single = report("simulate", *CROWD, "--graph-model", "watts-strogatz", "--world",
                    "bounded-confidence:confidence=0.3", "--steps", 8, "--seed", 2)
    table = report("attribute", "run/sweep.parquet", "--state", "value", "--where",
                   '"world.confidence" = 0.3 AND "world.steps" = 8 AND repetition = 2', "--indicator", "mean")
    assert table["indicator"]["observed"] == single["indicator"]["value"]
    assert sorted(listing("run")) == ["run/report.json", "run/study.yaml", "run/sweep.parquet"]
    assert not os.path.exists("run.journal")
    text = ok("simulate", *WORLD, "--sweep", "world.confidence=0.1,0.5")
    assert "world.confidence" in text and "█" in text, text


@test
def test_words_are_swept_like_numbers():
    crowd = ("simulate", "--generate", "uniform:low=0", "--agents", 6, "--steps", 300, "--over", "mean")
    it = report(*crowd, "--world", "direct-punishment:fine=2", "--sweep", "world.punishment=none,third-party", "--sweep",
                "world.selection=false,true")
    singles = [report(*crowd, "--world", f"direct-punishment:fine=2,punishment={a},selection={b}")["indicator"]["value"]
               for a in ("none", "third-party") for b in ("false", "true")]
    assert [one["value"]["mean"] for one in it["sweep"]["points"]] == singles and len(set(singles)) == 4, singles
    for value, allowed in [("punishment=none,thrid", "one of: none direct third-party both"), ("selection=maybe", "true or false"),
                           ("fine=1,x", "a number from 0 to 1000000"), ("rounds=0", "a whole number from 1")]:
        fails(2, allowed, *crowd, "--world", "direct-punishment", "--sweep", f"world.{value}")


@test
def test_attributions_are_swept_too():
    it = report("attribute", "--generate", "planted", "--agents", 500, "--cohort-by", "planted", "--sweep",
                "population.share=0.01,0.2", "--repetitions", 2)
    shares = [one["share of 1" if "share of 1" in one else "share of planted is 1"] for one in it["sweep"]["points"]]
    assert all(0 < one["mean"] < 1.5 for one in shares), shares


@test
def test_a_killed_sweep_goes_on_where_it_was():
    args = [
        "simulate", "--generate", "uniform", "--agents", "20000", "--graph-model", "watts-strogatz", "--world",
        "bounded-confidence", "--steps", "20", "--sweep", "world.confidence=0.1:0.5:12", "--out", "run"]
    process = subprocess.Popen([THRONG, *args], env=PLAIN, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    journal = pathlib.Path("run.journal")
    for _ in range(600):
        if journal.exists() and journal.read_text().count("\n") >= 3:
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not os.path.exists("run"), "nothing half-written"
    lines = journal.read_text().split("\n")
    journal.write_text("\n".join(lines) + '{"run": 9, "numb')  # as if the power had gone in the middle of a line
    fails(1, "holds runs of another study", *args, "--seed", 5)
    it = json.loads(ok(*args, "--json"))
    assert 2 <= it["sweep"]["resumed"] < 12, it["sweep"]["resumed"]
    whole = json.loads(ok(*args[:-2], "--json"))
    assert it["sweep"]["points"] == whole["sweep"]["points"]
    assert not journal.exists()


@test
def test_a_world_that_blows_up_keeps_what_was_recorded():
    put("crowd.csv", "id,x\n1,1e308\n2,-1e308\n3,1e308\n")
    put("edges.csv", "a,b,w\n1,2,1\n2,3,1\n3,1,1\n")
    done = throng("simulate", "crowd.csv", "--state", "x", "--id", "id", "--graph", "edges.csv", "--source", "a",
                  "--target", "b", "--world", "friedkin-johnsen", "--indicator", "mean", "--steps", 3, "--out", "run")
    assert done.code == 1 and done.err.count("\n") == 1, done.err
    assert re.search("friedkin-johnsen: the state of agent 2 is not a finite number after step 1", done.err), done.err
    it = json.loads(pathlib.Path("run/report.json").read_text())
    assert it["complete"] is False and "agent 2" in it["stopped"] and len(it["trajectory"]) == 1
    # the states are numbers still, but not their variance
    wild = ("--generate", "uniform:low=0,high=1", "--agents", 50, "--graph-model", "ring", "--world",
            "commons:speed=500,cost=0", "--steps", 9)
    done = throng("simulate", *wild, "--out", "wild")
    assert done.code == 1 and "commons, after step 1: variance is undefined" in done.err, done.err
    it = json.loads(pathlib.Path("wild/report.json").read_text())
    assert it["complete"] is False and len(it["trajectory"]) == 1, it
    fails(1, "commons, after step 1: variance is undefined", "attribute", *wild)


@test
def test_study_files_are_checked_to_the_line():
    good = ("population:\n  generate: uniform\n  agents: 100\ngraph:\n  model: ring\nworld:\n  name: bounded-confidence\n"
            "  steps: 5\nsweep:\n  over: ['world.confidence=0.1,0.2']\n")
    put("good.yaml", good)
    assert ok("check", "good.yaml") == "good.yaml can be run.\n"
    assert len(json.loads(ok("simulate", "good.yaml", "--json"))["sweep"]["points"]) == 2
    # what is given replaces what the file says: lists, too
    points = report("simulate", "good.yaml", "--sweep", "world.confidence=0.3", "--sweep", "world.steps=1,2")["sweep"]["points"]
    assert [list(one["settings"].values()) for one in points] == [["0.3", "1"], ["0.3", "2"]], points
    for change, message in ((("steps: 5", "stepps: 5"), r"bad.yaml:8: .*\"world.stepps\".*world.steps"),
                            (("steps: 5", "steps: many"), r"bad.yaml:8: .*whole number"),
                            (("world:", "wrold:"), r"bad.yaml:6: There is no section \"wrold\".*world"),
                            (("ring", "rign"), "rign.*ring"),
                            (("bounded-confidence", "bounded-confidense"), "bounded-confidence"),
                            (("confidence=0.1,0.2", "confidenc=1"), "confidenc.*confidence"),
                            (("confidence=0.1,0.2", "confidence=-1"), "confidence"),
                            (("world.confidence=0.1,0.2", "wurld=1"), "wurld"),
                            (("world.confidence=0.1,0.2", "world.confidence"), "KEY=VALUE"),
                            (("generate: uniform", "generate: unifrom"), "uniform")):
        put("bad.yaml", good.replace(*change))
        for command in ("check", "simulate"):
            done = throng(command, "bad.yaml")
            assert done.code in (1, 2) and done.err.count("\n") == 1, (command, change, done.err, done.out)
            assert re.search(message, done.err), (command, change, done.err)
    schema = json.loads(ok("schema"))
    assert schema["properties"]["world"]["properties"]["steps"]["minimum"] == 0
    assert "bounded-confidence" in schema["properties"]["world"]["properties"]["name"]["pattern"]


@test
def test_what_does_not_fit_together_is_refused():
    fails(2, "Which world", "simulate", *CROWD)
    fails(2, "needs a table", "simulate", "--world", "voter")
    fails(1, "needs a graph", "simulate", *CROWD, "--world", "bounded-confidence")
    fails(2, "leave one out", "simulate", "crowd.csv", *CROWD, "--world", "voter")
    fails(2, "There is no world", "simulate", *CROWD, "--world", "boundedconfidence")
    fails(2, "number \"medium\"", "attribute", *WORLD, "--over", "medium")
    fails(2, "no indicator \"cascade-reach\": that is what --over cascade-reach .world.over. makes", "attribute",
          *WORLD, "--indicator", "cascade-reach:threshold=0")
    fails(2, "no column \"mood\"", "attribute", *WORLD, "--column", "mood")
    fails(2, "leave out --path", "attribute", *WORLD, "--path", "state")
    fails(2, "there is no panel", "attribute", *WORLD, "--size", 10)
    fails(2, "name one with --world", "attribute", *CROWD, "--over", "max")
    fails(2, "name one with --world", "attribute", *CROWD, "--participation", "innate")
    fails(2, "--steps", "simulate", *CROWD, "--world", "voter", "--steps", -1)
    for option, value in [("--method", "aumann-shapley"), ("--baseline", "mean"), ("--cohort-by", "x"), ("--players", "agents"),
                          ("--size", 10), ("--top", 5), ("--participation", "innate"), ("--tolerance", 0.1)]:
        fails(2, f"{option} is about who gets credit, and simulate gives none: it is for throng attribute and run",
              "simulate", *WORLD, option, value)
    assert "--method" not in ok("simulate", "--help")
    fails(2, "KEY=VALUE", "simulate", *WORLD, "--sweep", "world.steps")
    fails(2, 'FROM:TO:COUNT, has from 2 to 10000 values, got "1:9:1"', "simulate", *WORLD, "--sweep", "world.steps=1:9:1")
    fails(2, "two sweeps over world.steps", "simulate", *WORLD, "--sweep", "world.steps=1,2", "--sweep", "world.steps=3,4")
    fails(2, "more than 10000000 runs", "simulate", *WORLD, "--sweep", "run.seed=0:9999:10000", "--repetitions", 100000)
    put("days.csv", "id,t,x\n1,1,0\n2,1,1\n1,2,0.5\n")
    fails(1, "starts from one time, but the table has 2", "attribute", "days.csv", "--state", "x", "--id", "id", "--time",
          "t", "--world", "friedkin-johnsen")


@test
def test_a_stopped_simulation_says_how_far_it_came():
    process = subprocess.Popen([THRONG, "simulate", "--generate", "uniform", "--agents", "100000", "--graph-model",
                                "watts-strogatz", "--world", "bounded-confidence", "--steps", "100000", "--json"],
                               env=PLAIN, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(4)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, (process.returncode, err)
    it = json.loads(out)
    assert it["complete"] is False and len(it["trajectory"]) >= 1


@test
def test_agents_that_are_all_alike_have_no_instability():
    """Their credits differ by rounding, which is no number to correlate: it came out as 3."""
    options = ("--graph", "ring.csv", "--source", "a", "--target", "b", "--world", "friedkin-johnsen", "--participation", "innate",
               "--indicator", "mean")
    for n, state in (11, 0.123), (63, 0.3):
        put("alike.csv", "id,s\n" + "".join(f"{i},{state}\n" for i in range(n)))
        put("ring.csv", "a,b\n" + "".join(f"{i},{(i + d) % n}\n" for i in range(n) for d in (1, 2, n - 1)))
        for more in ("--over", "final"), ("--over", "mean"):
            it = report("attribute", "alike.csv", "--state", "s", "--id", "id", *options, *more)["world"]
            assert it["instability"] is None and it["synchronisation"] > 1 - 1e-12, it
    # Nor has their influence any effect: that is zero but for rounding, and no failure to converge.
    nothing = report("attribute", "alike.csv", "--state", "s", "--id", "id", *options[:8], "--indicator", "mean")
    assert abs(nothing["certificate"]["sum_phi"]) < 1e-12 and nothing["certificate"]["converged"], nothing["certificate"]
    it = report("attribute", *WORLD)["world"]
    assert 0.0 < abs(it["instability"]) < 1.0, it


@test
def test_an_intervention_reaches_its_target_with_less_than_others_take():
    world = ("--generate", "uniform", "--agents", 300, "--graph-model", "chung-lu", "--world", "nonlinear-opinion")
    for by in ("dampening", "silencing"):
        it = report("intervene", *world, "--target", "indicator -10%", "--budget", 0.2, "--by", by, "--out", by)
        found = it["intervention"]
        assert found["reached"] and found["value"] <= found["target"] + 1e-12
        assert abs(found["target"] - 0.9 * found["before"]) <= 1e-12
        assert it["course"][-1]["intervened"] == found["value"] and it["course"][-1]["indicator"] == found["before"]
        rivals = {one["name"]: one["amount"] for one in it["rivals"]}
        slack = 1.02 if by == "dampening" else 1.0
        assert all(amount is None or found["amount"] <= slack * amount + 1 for amount in rivals.values()), rivals
        assert rivals["drawn at random"] is None or rivals["drawn at random"] > 2 * found["amount"]
        mean = report("attribute", f"{by}/intervention.parquet", "--state", "alpha", "--indicator", "mean")
        assert abs(300 * (1 - mean["indicator"]["observed"]) - found["amount"]) <= 1e-9
    text = ok("intervene", "silencing/study.yaml")
    assert "Silencing" in text and "most heard" in text, text
    done = throng("intervene", *world, "--target", "-90%", "--budget", 0.01)
    assert done.code == 1 and "was not reached" in done.err and "not yet the target" in done.out, done.err
    fails(2, "Which target", "intervene", *world)
    fails(2, "leave out --players", "intervene", *world, "--target", "-1%", "--players", "cohorts")
    fails(2, "such as", "intervene", *world, "--target", "less")
    fails(2, "what variance is already", "intervene", *world, "--target", "+0%")
    fails(2, "intervene.budget must be a number", "intervene", *world, "--target", "-1%", "--budget", 2)
    fails(1, "derivative", "intervene", *world[:-1], "voter", "--target", "-1%")
    fails(2, "Which world", "intervene", *world[:4], "--target", "-1%")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], __doc__))
