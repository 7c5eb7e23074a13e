#!/usr/bin/env python3
"""Runs over several processes: the same bits for any number of ranks and threads, what is refused, ranks that die and
what goes on after it.

THRONG_KILLS=20 kills a rank at so many random moments in each test that does, instead of one.
"""

import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import time

from harness import BUILD, PLAIN, THRONG, Skip, crowd, fails, main, ok, put, test

MPIRUN = ("mpirun", "--allow-run-as-root", "--oversubscribe", "--bind-to", "none")
# More processes and threads than processors: nobody may wait in a loop.
PATIENT = {**PLAIN, "OMPI_MCA_mpi_yield_when_idle": "1", "OMP_WAIT_POLICY": "passive"}
KILLS = int(os.environ.get("THRONG_KILLS", "1"))
CROWD = ("attribute", "--generate", "uniform", "--agents", "20000")
WORLD = (*CROWD, "--graph-model", "stochastic-block", "--world", "friedkin-johnsen", "--quiet")


def with_mpi():
    if not shutil.which("mpirun") or not os.environ.get("MPI"):
        raise Skip("throng was built without MPI (make MPI=1)")


def ranks(n, *command):
    return subprocess.run([*MPIRUN, "-n", str(n), *map(str, command)], capture_output=True, text=True, env=PATIENT,
                          timeout=300)


def ranks_of(mpirun):
    """The processes that mpirun has started, once they are throng."""
    children = pathlib.Path(f"/proc/{mpirun.pid}/task/{mpirun.pid}/children").read_text().split()
    return [int(one) for one in children if pathlib.Path(f"/proc/{one}/cmdline").read_text().startswith(THRONG)]


def end_of(mpirun):
    """What mpirun has said once all ranks are gone. Its own end it does not always find: that of Open MPI 4.1.4 may wait
    for ever for a lock of its PMIx, when a rank has died and all are stopped."""
    try:
        return mpirun.communicate(timeout=20)[1]
    except subprocess.TimeoutExpired:
        alive = ranks_of(mpirun)
        for one in (*alive, mpirun.pid):
            os.kill(one, signal.SIGKILL)
        assert not alive, "a rank outlived another by 20 seconds"
        return mpirun.communicate()[1]


def content(folder):
    """Every file of a run, its report without times and machine, and of its agents what a process alone makes of them."""
    report = json.loads(pathlib.Path(folder, "report.json").read_text())
    for part in ("timings", "provenance"):
        del report[part]
    report.get("sweep", {}).pop("resumed", None)
    files = {path.name: path.read_bytes() for path in pathlib.Path(folder).iterdir()
             if path.suffix == ".parquet" and path.name != "attribution.parquet"}
    if pathlib.Path(folder, "attribution.parquet").exists():
        ok("attribute", f"{folder}/attribution.parquet", "--state", "phi", "--id", "id", "--baseline", "state",
           "--cohort-by", "cohort", "--indicator", "mean", "--quiet", "--out", "again")
        files["attribution"] = pathlib.Path("again/attribution.parquet").read_bytes()
        shutil.rmtree("again")
    return report, files


def said(done):
    """What throng said, without mpirun's own lines."""
    return [line for line in done.stderr.splitlines() if line.startswith("throng: ")]


@test
def test_any_number_of_ranks_and_threads_gives_the_same_bits():
    with_mpi()
    alone = subprocess.run([BUILD / "bench" / "ranks", "same", "20000"], capture_output=True, text=True, check=True,
                           env=PATIENT).stdout
    half = alone.splitlines()
    assert len(half) >= 20 and half[: len(half) // 2] == half[len(half) // 2 :], alone
    for n in (2, 3, 4):  # one rank is a process alone
        done = ranks(n, BUILD / "bench" / "ranks", "same", 20000)
        assert done.returncode == 0 and done.stdout == alone, f"{n} ranks: {done.stdout}{done.stderr}"


@test
def test_one_rank_writes_what_a_process_alone_would():
    with_mpi()
    # Who has k followers is heard by agent k: edges of which each rank reads its part.
    crowd("crowd.parquet", agents=20000)
    # Of the crowd each reads all, for there is a condition, and keeps its own rows.
    subprocess.run([THRONG, "attribute", "crowd.parquet", "--where", "id >= 0", "--state", "state", "--id", "id",
                    "--graph", "crowd.parquet", "--source", "id", "--target", "followers", "--edges-missing", "drop", "--self-loops", "drop",
                    "--world", "friedkin-johnsen", "--steps", "3", "--quiet", "--out", "alone"], check=True, env=PATIENT)
    done = ranks(3, THRONG, "run", "alone/study.yaml", "--quiet", "--out", "ranks")
    assert done.returncode == 0 and done.stdout + done.stderr == "", done
    assert content("alone") == content("ranks")
    parts = [f"part-0000{rank}.parquet" for rank in range(3)]
    assert sorted(os.listdir("ranks/attribution.parquet")) == parts
    # Parts are of the run, which is replaced as a whole; but not if there is anything else among them.
    put("ranks/attribution.parquet/mine.txt", "x")
    fails(1, "it holds mine.txt, which is not part of a run", *CROWD, "--out", "ranks", "--force")
    pathlib.Path("ranks/attribution.parquet/mine.txt").unlink()
    ok(*CROWD, "--quiet", "--out", "ranks", "--force")
    assert pathlib.Path("ranks/attribution.parquet").is_file()


@test
def test_what_fails_is_said_once():
    with_mpi()
    pathlib.Path("there").mkdir()
    pathlib.Path("there", "file").touch()
    for message, *command in (
            ("its agents meet without a graph", *CROWD, "--world", "vicsek-particles"),
            ("ranks share the runs of a sweep out", *CROWD, "--repetitions", "4", "--shard", "1/2", "--out", "shard"),
            ("there", *WORLD, "--out", "there"),
            ("missing.yaml", "run", "missing.yaml")):
        done = ranks(3, THRONG, *command)
        lines = said(done)
        assert done.returncode != 0 and message in done.stderr, done.stderr
        assert len(lines) == 1, lines


@test
def test_commands_and_builds_that_know_no_ranks_say_so():
    started = {"OMPI_COMM_WORLD_SIZE": "4", "OMPI_COMM_WORLD_RANK": "0"}
    fails(2, "list is not available on more than one rank, but mpirun started 4", "list", env=started)
    if not os.environ.get("MPI"):
        fails(1, "4 processes were started, but this throng was built without MPI", *CROWD, env=started)


def killed(n, *command, after):
    """Starts ranks and kills one of them once `after` is over; whether the run came to its end before."""
    run = subprocess.Popen([*MPIRUN, "-n", str(n), THRONG, *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                           text=True, env=PATIENT)
    while len(started := ranks_of(run)) < n and run.poll() is None:
        time.sleep(0.02)
    after(run)
    try:
        os.kill(random.choice(started or [run.pid]), signal.SIGKILL)
    except ProcessLookupError:
        pass  # it had ended
    err = end_of(run)
    done = pathlib.Path("run").exists()
    assert done or (run.returncode != 0 and "signal 9" in err), f"{n} ranks: {run.returncode} {err}"
    return done


def go_on(command, alone, kept, lines):
    """Kills ranks, first when so many lines are kept, goes on from there with other numbers of them, and compares with a
    run that was let be."""

    def wait(run):
        file = pathlib.Path(kept)
        while run.poll() is None and not (file.exists() and file.read_bytes().count(b"\n") >= lines):
            time.sleep(0.02)

    def sleep(run):
        time.sleep(random.uniform(0.1, 1.0))

    for kill in range(KILLS):
        if killed(random.randint(2, 4), *command, after=wait if kill == 0 else sleep):
            assert content("run") == content(alone), f"kill {kill}"
            shutil.rmtree("run")
    for n in (1, 3):
        if pathlib.Path(kept).exists():
            shutil.copy(kept, "kept")
        elif pathlib.Path("kept").exists():
            shutil.move("kept", kept)
        done = ranks(n, THRONG, *command)
        assert done.returncode == 0 and content("run") == content(alone), f"{n} ranks: {done.stderr}"
        shutil.rmtree("run")
    assert os.listdir() == ["alone"], os.listdir()


@test
def test_a_run_that_was_killed_goes_on_with_any_number_of_ranks():
    with_mpi()
    steps = (*CROWD, "--graph-model", "stochastic-block", "--world", "nonlinear-opinion", "--steps", "6",
             "--tolerance", "1e-3", "--quiet")
    assert ranks(1, THRONG, *steps, "--out", "alone").returncode == 0
    go_on((*steps, "--checkpoint", "1steps", "--out", "run"), "alone", "run.checkpoint", 1)


@test
def test_a_rank_that_is_told_to_stop_stops_all_at_one_step():
    with_mpi()
    run = subprocess.Popen([*MPIRUN, "-n", "3", THRONG, *WORLD, "--steps", "100000", "--checkpoint", "1steps", "--out",
                            "run"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=PATIENT)
    while not pathlib.Path("run.checkpoint").exists():
        assert run.poll() is None, run.communicate()
        time.sleep(0.02)
    os.kill(ranks_of(run)[-1], signal.SIGTERM)
    err = end_of(run)
    assert "run.checkpoint has what was done: the same command goes on from there" in err, err
    assert os.listdir() == ["run.checkpoint"], os.listdir()


@test
def test_a_sweep_is_what_one_process_makes():
    with_mpi()
    # Seven runs: ranks have not equally many.
    study = (*CROWD, "--graph-model", "ring", "--world", "friedkin-johnsen", "--repetitions", "7", "--quiet")
    assert ranks(1, THRONG, *study, "--out", "alone").returncode == 0
    go_on((*study, "--out", "run"), "alone", "run.journal", 2)


@test
def test_a_run_of_a_sweep_that_fails_ends_it_and_the_others_are_kept():
    with_mpi()
    # Of the four runs two and two are alike: the last of three ranks alone makes one that fails.
    study = (*CROWD[:-1], "300", "--graph-model", "watts-strogatz", "--world", "friedkin-johnsen", "--steps", "3",
             "--sweep", "attribution.nodes-max=64,2", "--repetitions", "2", "--quiet")
    done = ranks(3, THRONG, *study, "--out", "run")
    assert done.returncode != 0 and len(said(done)) == 1, done.stderr
    assert said(done)[0].startswith("throng: attribution.nodes-max=2: The tolerance 1e-10 was not reached"), done.stderr
    lines = pathlib.Path("run.journal").read_text().splitlines()
    assert [json.loads(line)["run"] for line in lines[1:]] == [0, 1], lines


@test
def test_a_rank_that_dies_ends_the_run():
    with_mpi()
    for kill in range(KILLS):
        # Far more steps than there is time for.
        run = subprocess.Popen([*MPIRUN, "-n", "3", THRONG, *WORLD, "--steps", "1000000", "--memory", "1", "--out", "run"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=PATIENT)
        while len(started := ranks_of(run)) < 3:
            assert run.poll() is None, run.communicate()
            time.sleep(0.02)
        time.sleep(random.uniform(0.1, 1.0))
        os.kill(random.choice(started), signal.SIGKILL)
        err = end_of(run)
        told = "signal 9" in err or "non-zero exit code" in err
        assert run.returncode != 0 and told, f"kill {kill}: {run.returncode} {err}"
        assert list(pathlib.Path().iterdir()) == [], f"kill {kill} left {list(pathlib.Path().iterdir())}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], __doc__))
