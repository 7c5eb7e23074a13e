#!/usr/bin/env python3
"""Runs of worlds that are killed at random moments and go on from their checkpoints to the same bits.

Use: tests/cli/test_checkpoints.py [WORD ...]     (runs the tests whose names contain one of the words; default: all)

Environment: as for test_cli.py; KILLS: how often each run is killed (default 3; 20 takes a minute).
"""

import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import time

from harness import PLAIN, THRONG, fails, main, ok, same_file, test, throng

KILLS = int(os.environ.get("KILLS", "3"))
WORLD = ["--generate", "uniform:low=-1,high=1", "--agents", "3000", "--graph-model", "watts-strogatz", "--world"]


def same_run(one, other, tables):
    for table in tables:
        assert same_file(f"{one}/{table}.parquet", f"{other}/{table}.parquet"), table
    assert same_file(f"{one}/study.yaml", f"{other}/study.yaml")
    reports = [json.loads(pathlib.Path(run, "report.json").read_text()) for run in (one, other)]
    for it in reports:
        del it["timings"], it["provenance"]
        it.pop("rate", None)
    assert reports[0] == reports[1]


def kill_and_go_on(args, seconds):
    """Starts a run that takes so long without interruption, kills it KILLS times, and lets it end."""
    luck = random.Random(7)
    found = 0
    for attempt in range(KILLS):
        process = subprocess.Popen([THRONG, *args, "--checkpoint", "1steps", "--out", "killed", "--quiet"], env=PLAIN)
        time.sleep(luck.uniform(0.1, 0.8) * seconds)
        process.send_signal(signal.SIGKILL)
        process.wait()
        if os.path.exists("killed"):
            return found  # it was faster
        found += os.path.exists("killed.checkpoint")
    ok(*args, "--out", "killed", "--quiet")
    return found


def try_one(args, tables):
    began = time.monotonic()
    ok(*args, "--out", "whole", "--quiet")
    found = kill_and_go_on(args, time.monotonic() - began)
    same_run("whole", "killed", tables)
    assert not os.path.exists("killed.checkpoint")
    return found


@test
def test_a_killed_attribution_comes_to_the_same_bits():
    try_one(["attribute", *WORLD, "nonlinear-opinion", "--steps", "6"], ["attribution", "cohorts", "steps"])


@test
def test_a_killed_simulation_comes_to_the_same_bits():
    try_one(["simulate", *WORLD, "voter", "--steps", "40", "--record-every", "5"], ["trajectory", "states"])


@test
def test_one_that_is_asked_to_stop_leaves_a_checkpoint():
    args = ["simulate", *WORLD, "voter", "--steps", "200000", "--out", "run"]
    process = subprocess.Popen([THRONG, *args, "--checkpoint", "1h", "--quiet"], env=PLAIN, stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE)
    time.sleep(0.5)
    process.send_signal(signal.SIGTERM)
    said = process.communicate()[1].decode()
    assert "run.checkpoint has what was done: the same command goes on from there" in said, said
    assert os.path.exists("run.checkpoint") and not os.path.exists("run")
    fails(1, "run.checkpoint is of another study", *args, "--seed", 3)
    head = pathlib.Path("run.checkpoint").read_bytes()
    pathlib.Path("run.checkpoint").write_bytes(head[:-100])
    fails(1, "run.checkpoint is damaged: it was cut off. Remove it to begin anew", *args)


@test
def test_what_cannot_be_asked_for():
    small = ["simulate", *WORLD, "voter", "--steps", "2"]
    fails(2, "say where it goes with --out", *small, "--checkpoint", "10m")
    fails(2, "--checkpoint must be a time or a number of steps", *small, "--checkpoint", "10", "--out", "run")
    fails(2, "--checkpoint is about worlds", "attribute", "--generate", "planted", "--checkpoint", "10m", "--out", "run")
    fails(1, "nothing to resume: run.checkpoint is not there", *small, "--resume", "--out", "run")
    fails(1, "nothing to resume: run.journal is not there", *small, "--repetitions", 2, "--resume", "--out", "run")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], __doc__))
