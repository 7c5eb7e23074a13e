#!/usr/bin/env python3
"""throng run --shard and throng merge: shards of a sweep, by hand as the batch system would run them.

Use: tests/cli/test_shards.py [WORD ...]     (runs the tests whose names contain one of the words; default: all)

Environment: as for test_cli.py.
"""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

from harness import PLAIN, SOURCE, THRONG, fails, main, ok, put, report, same_file, test, throng

STUDY = """
population:
  generate: uniform:low=-1,high=1
  agents: 300
graph:
  model: watts-strogatz
world:
  name: friedkin-johnsen
  steps: 3
sweep:
  over: ["world.susceptibility=0.2,0.5", "world.steps=2,3"]
  repetitions: 2
"""


def script():
    """The job of docs/batch.md, whose array has 20 jobs: 20 shards of 8 runs are too many, 4 are not."""
    text = (SOURCE / "docs/batch.md").read_text()
    body = text[text.index("#!/bin/sh"):]
    return body[:body.index("```")].replace("/20", "/4")


def same_run(one, other):
    assert same_file(f"{one}/sweep.parquet", f"{other}/sweep.parquet")
    assert same_file(f"{one}/study.yaml", f"{other}/study.yaml")
    reports = [json.loads(pathlib.Path(run, "report.json").read_text()) for run in (one, other)]
    for it in reports:
        del it["timings"], it["provenance"]
    assert reports[0] == reports[1]


@test
def test_an_array_of_jobs_makes_what_one_run_does():
    put("study.yaml", STUDY)
    put("job.sh", script())
    os.symlink(THRONG, "throng")
    for task in (3, 1, 4, 2):  # in whatever order they come
        env = {**PLAIN, "PATH": os.getcwd() + ":" + PLAIN["PATH"], "SLURM_ARRAY_TASK_ID": str(task),
               "SLURM_CPUS_PER_TASK": "1"}
        done = subprocess.run(["sh", "job.sh"], env=env, capture_output=True, timeout=60)
        assert done.returncode == 0 and not done.stdout + done.stderr, done
    assert sorted(os.listdir("shards")) == [f"shard-{k}-of-4.journal" for k in (1, 2, 3, 4)]
    text = ok("merge", "shards", "--out", "merged")
    assert "for 4 settings of world.susceptibility and world.steps, 2 times each" in " ".join(text.split()), text
    ok("run", "study.yaml", "--out", "whole", "--quiet")
    same_run("whole", "merged")
    fails(1, "merged exists already", "merge", "shards", "--out", "merged")
    fails(1, "holds a run already: shards go to a folder", "run", "study.yaml", "--shard", "1/4", "--out", "merged")


@test
def test_what_is_wrong_with_shards_is_told_by_number():
    put("study.yaml", STUDY)
    for k in (1, 2, 3):
        ok("simulate", "study.yaml", "--shard", f"{k}/3", "--out", f"s{k}", "--quiet")
    fails(1, "Shards 1 and 3 of 3 are missing", "merge", "s2", "--out", "run")
    fails(1, "Shard 2 of 3 is missing", "merge", "s1", "s3")
    shutil.copy("s2/shard-2-of-3.journal", "s3/shard-9.journal")
    fails(1, "Shard 2 is there twice: s2/shard-2-of-3.journal and s3/shard-9.journal", "merge", "s1", "s2", "s3")
    os.unlink("s3/shard-9.journal")
    ok("simulate", "study.yaml", "--shard", "3/3", "--seed", 5, "--out", "foreign", "--quiet")
    fails(1, "is shard 3 of another study", "merge", "s1", "s2", "foreign")
    ok("run", "study.yaml", "--shard", "3/3", "--out", "attributed", "--quiet")
    fails(1, "is shard 3 of another study", "merge", "s1", "s2", "attributed")
    ok("simulate", "study.yaml", "--shard", "3/4", "--out", "fourth", "--quiet")
    fails(1, "is shard 3 of 4, but .* is one of 3", "merge", "s1", "s2", "fourth")
    file = pathlib.Path("s3/shard-3-of-3.journal")
    good = file.read_text()
    lines = good.split("\n")
    file.write_text("\n".join(lines[:2]) + "\n")
    fails(1, "Shard 3 of 3 is not finished: 1 of its 2 runs", "merge", "s1", "s2", "s3")
    file.write_text(good.replace('"value":0.', '"value":1.', 1))
    fails(1, "s3/shard-3-of-3.journal is damaged: its checksum", "merge", "s1", "s2", "s3")
    file.write_text(good.replace('"throng":"', '"throng":"0.0.'))
    fails(1, "holds runs of throng 0.0.0.1.0", "merge", "s1", "s2", "s3")
    file.write_text("")
    fails(1, "is damaged: it is empty", "merge", "s3")
    file.write_text("\n".join(lines[:2]) + "\n" + lines[2][:20])  # cut off in the middle of a line
    again = report("simulate", "study.yaml", "--shard", "3/3", "--out", "s3")
    assert again["shard"] == {"number": 3, "of": 3, "runs": 2, "resumed": 1, "all": 8,
                              "file": "s3/shard-3-of-3.journal"}
    assert file.read_text() == good
    assert "2 were there from before" in ok("simulate", "study.yaml", "--shard", "3/3", "--out", "s3")
    ok("merge", "s1", "s2", "s3", "--out", "merged", "--quiet")
    ok("simulate", "study.yaml", "--out", "whole", "--quiet")
    same_run("whole", "merged")


@test
def test_shards_that_cannot_be():
    put("study.yaml", STUDY)
    fails(2, "--shard must be K/N", "run", "study.yaml", "--shard", "5/4", "--out", "x")
    fails(2, "--shard must be K/N", "run", "study.yaml", "--shard", "1/4x", "--out", "x")
    fails(2, "8 runs, which cannot be 9 shards", "run", "study.yaml", "--shard", "1/9", "--out", "x")
    fails(2, "say with --out where", "run", "study.yaml", "--shard", "1/3")
    fails(2, "this study is one run", "attribute", "--generate", "planted", "--shard", "1/3", "--out", "x")
    fails(1, "holds no shards", "merge", ".")
    fails(1, "cannot be read: No such file", "merge", "nowhere")
    fails(2, "merge needs the folders", "merge")


@test
def test_a_shard_that_is_killed_goes_on_and_is_made_once():
    put("study.yaml", STUDY.replace("agents: 300", "agents: 20000").replace("0.2,0.5", "0.2"))
    args = ["simulate", "study.yaml", "--shard", "1/2", "--out", "s"]
    process = subprocess.Popen([THRONG, *args], env=PLAIN, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    file = pathlib.Path("s/shard-1-of-2.journal")
    for _ in range(10000):
        if file.exists() and file.read_text().count("\n") >= 2:
            break
        time.sleep(0.002)
    process.send_signal(signal.SIGSTOP)  # or it would be done before the second one has begun
    second = throng(*args)
    assert second.code == 1 and "is being written by another process" in second.err, second.err
    process.send_signal(signal.SIGKILL)
    process.wait()
    ok(*args, "--quiet")
    ok("simulate", "study.yaml", "--shard", "2/2", "--out", "s", "--quiet")
    ok("merge", "s", "--out", "merged", "--quiet")
    ok("simulate", "study.yaml", "--out", "whole", "--quiet")
    same_run("whole", "merged")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], __doc__))
