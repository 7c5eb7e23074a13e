#!/usr/bin/env python3
"""The world replay: recorded states as a run, against attributions of single times and against sums made here."""

import json
import random
import sys

from harness import fails, main, ok, put, report, test

TIMES, AGENTS = 5, 12
TABLE = ("--state", "x", "--id", "name", "--time", "day")


def states(seed=3):
    """state[day][agent]"""
    draw = random.Random(seed)
    return [[draw.uniform(-1, 1) for _ in range(AGENTS)] for _ in range(TIMES)]


def write(name, state, there=lambda day, agent: True):
    """In any order: days and agents are found by what they are called."""
    rows = [f"p{i},{10 * t + 5},{state[t][i]!r},{1 + i % 3},{'odd' if i % 2 else 'even'}"
            for t in range(TIMES) for i in range(AGENTS) if there(t, i)]
    random.Random(1).shuffle(rows)
    return put(name, "name,day,x,w,side\n" + "\n".join(rows) + "\n")


def credits(*args):
    return {one["id"]: one["phi"] for one in report("attribute", *args)["top"]}


def day(t):
    """What credits are at one time alone."""
    return credits("days.csv", *TABLE, "--where", f"day = {10 * t + 5}", "--path", "state")


def close(one, other):
    assert one.keys() == other.keys() and len(one) == AGENTS, (one, other)
    wrong = {key: (one[key], other[key]) for key in one if abs(one[key] - other[key]) > 1e-12}
    assert not wrong, wrong


def variance(x):
    mean = sum(x) / len(x)
    return sum((v - mean) ** 2 for v in x) / len(x)


@test
def test_credits_of_the_last_time_are_those_of_that_time_alone():
    write("days.csv", states())
    close(credits("days.csv", *TABLE, "--world", "replay"), day(TIMES - 1))
    it = report("attribute", "days.csv", *TABLE, "--world", "replay")
    steps = it["world"]["by_step"]
    assert it["world"]["steps"] == TIMES - 1 and it["world"]["participation"] == "innate"
    assert [one.get("phi", 0) != 0 for one in steps] == [False, False, False, True, False], steps
    weighted = ("days.csv", *TABLE, "--weight", "w", "--indicator", "weighted-variance")
    close(credits(*weighted, "--world", "replay"), credits(*weighted, "--where", "day = 45", "--path", "state"))


@test
def test_numbers_over_a_run_split_over_agents_and_steps():
    state = states()
    write("days.csv", state)
    alone = [day(t) for t in range(TIMES)]
    mean = {key: sum(one[key] for one in alone) / TIMES for key in alone[0]}
    close(credits("days.csv", *TABLE, "--world", "replay", "--over", "mean"), mean)
    it = report("attribute", "days.csv", *TABLE, "--world", "replay", "--over", "mean", "--cohort-by", "side")
    phi = [sum(one.values()) / TIMES for one in alone]
    expected = [phi[0] + phi[1], *phi[2:]]  # the first time comes with the second
    got = [one["phi"] for one in it["world"]["by_step"][:-1]]
    assert all(abs(a - b) <= 1e-12 for a, b in zip(got, expected)), (got, expected)
    assert abs(sum(got) - it["certificate"]["sum_phi"]) <= 1e-12
    for one in it["cohorts"]:
        side = sum(v for key, v in mean.items() if ("odd" if int(key[1:]) % 2 else "even") in one["name"])
        assert abs(side - one["phi"]) <= 1e-12, (one, side)
    values = [variance(x) for x in state]
    top = max(range(TIMES), key=lambda t: values[t])
    it = report("attribute", "days.csv", *TABLE, "--world", "replay", "--over", "max", "--tolerance", 0.1)
    assert abs(it["certificate"]["everybody"] - values[top]) <= 1e-14
    assert abs(it["certificate"]["sum_phi"] - values[top]) <= 1e-12, "the same time is the highest all along the ray"
    close({one["id"]: one["phi"] for one in it["top"]}, alone[top])


@test
def test_the_trajectory_is_that_of_the_table():
    state = states()
    write("days.csv", state)
    plain = report("attribute", "days.csv", *TABLE)
    it = report("simulate", "days.csv", *TABLE, "--world", "replay", "--over", "drawdown")
    y = [one["indicator"] for one in it["trajectory"]]
    assert all(abs(a - b["indicator"]["observed"]) <= 1e-14 for a, b in zip(y, plain["by_time"])), y
    drawdown = max(1 - y[t] / max(y[:t + 1]) for t in range(TIMES))
    assert drawdown > 0.1 and abs(it["indicator"]["value"] - drawdown) <= 1e-12, (it["indicator"], drawdown)


@test
def test_who_is_missing_keeps_the_last_state_and_who_comes_later_has_its_first():
    state = states(9)
    gone = {(2, 0), (4, 0), (0, 3), (1, 3), (4, 5)}
    write("days.csv", state, lambda t, i: (t, i) not in gone)
    filled = [list(row) for row in state]
    filled[2][0], filled[4][0], filled[4][5] = state[1][0], state[3][0], state[3][5]
    filled[0][3] = filled[1][3] = state[2][3]
    it = report("simulate", "days.csv", *TABLE, "--world", "replay", "--record-every", 1, "--out", "run")
    for one, x in zip(it["trajectory"], filled, strict=True):
        assert abs(one["indicator"] - variance(x)) <= 1e-14, (one, variance(x))
    write("filled.csv", filled)
    close(credits("days.csv", *TABLE, "--world", "replay", "--over", "mean"),
          credits("filled.csv", *TABLE, "--world", "replay", "--over", "mean"))
    again = report("simulate", "run/states.parquet", "--state", "state", "--id", "id", "--time", "step", "--world", "replay")
    assert again["trajectory"] == it["trajectory"], "what was recorded of a replay replays"


@test
def test_a_simulated_world_replays_to_its_own_trajectory():
    ok("simulate", "--generate", "uniform", "--agents", 3000, "--graph-model", "watts-strogatz", "--world",
       "bounded-confidence", "--steps", 6, "--record-every", 1, "--out", "run", "--quiet")
    it = report("simulate", "run/states.parquet", "--state", "opinion", "--id", "id", "--time", "step", "--world", "replay")
    with open("run/report.json", encoding="utf-8") as file:
        assert it["trajectory"] == json.load(file)["trajectory"]


@test
def test_baselines_and_repeating_a_run():
    state = states()
    write("days.csv", state)
    it = report("attribute", "days.csv", *TABLE, "--world", "replay", "--baseline", "first", "--out", "run")
    assert abs(it["certificate"]["nobody"] - variance(state[0])) <= 1e-14, "nobody: everybody stays where it was"
    assert abs(it["certificate"]["sum_phi"] - (variance(state[-1]) - variance(state[0]))) <= 1e-12
    again = json.loads(ok("run", "run/study.yaml", "--json"))
    assert again["top"] == it["top"] and again["world"] == it["world"]
    threads = [report("attribute", "days.csv", *TABLE, "--world", "replay", "--threads", n)["top"] for n in (1, 2, 8)]
    assert threads[0] == threads[1] == threads[2]
    sampled = report("attribute", "days.csv", *TABLE, "--world", "replay", "--over", "drawdown", "--method",
                     "shapley-sampled:permutations=20")
    assert sampled["certificate"]["efficiency_residual"] <= 1e-9


@test
def test_what_a_replay_cannot_do_is_refused():
    write("days.csv", states())
    replay = ("days.csv", *TABLE, "--world", "replay")
    fails(1, "can only be innate", "attribute", *replay, "--participation", "influence")
    fails(1, "can only be innate", "intervene", *replay, "--target", "-10%")
    fails(2, "a step from each time to the next, 4 here: leave --steps", "attribute", *replay, "--steps", 3)
    for steps in (10, 99):  # 10 is what it would be by default, and asked for all the same
        fails(2, "4 here: leave --steps", "simulate", *replay, "--steps", steps)
    study = ("population: {{table: days.csv, state: x, id: name, time: day}}\n"
             "world:\n  name: replay\n  steps: {}\n")
    for steps in (4, 10):  # study files spell defaults out
        put("study.yaml", study.format(steps))
        assert len(report("simulate", "study.yaml")["trajectory"]) == 5
    put("study.yaml", study.format(9))
    fails(2, "4 here: leave --steps", "simulate", "study.yaml")
    fails(1, "takes a column with ids", "attribute", "days.csv", "--state", "x", "--time", "day", "--world", "replay")
    fails(1, "--world replay goes through them", "attribute", *replay[:-1], "voter")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], __doc__))
