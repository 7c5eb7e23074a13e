#!/usr/bin/env python3
"""Ranks against threads on one machine: the same steps by two processes of a thread and by one of two, in turn.

Use: bench/ranks.py [TURNS] [AGENTS]     (default: 8 turns, 200,000 agents; BUILD: the build folder, made with MPI=1)
     bench/ranks.py model                what docs/scaling.md predicts for more ranks
     bench/ranks.py memory [DIVISOR]     peak memory of ranks, of crowds so many times smaller

Prints the ratio of each turn, two ranks over two threads, by the fastest and by the median run of the turn.
"""

import math
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

BUILD = pathlib.Path(os.environ.get("BUILD", pathlib.Path(__file__).resolve().parent.parent / "build"))
MPIRUN = ("mpirun", "--allow-run-as-root", "--bind-to", "none", "--mca", "mpi_yield_when_idle", "1", "-n", "2")


def seconds(before, agents, threads):
    command = [*before, BUILD / "bench" / "ranks", "time", str(agents), str(threads)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, "OMP_WAIT_POLICY": "passive"})
    return [float(line) for line in done.stdout.split()]


# ---- the model of docs/scaling.md: a step forward and back of friedkin-johnsen in eight lanes ----

EDGE = 41e-9  # seconds a rank of one thread takes for an edge, forward and back: bench/ranks time 1000000 1
LATENCY, OVERHEAD, BYTE = 2e-6, 0.5e-6, 0.1e-9  # L, o and G of a network of 100 Gbit/s
COPY = 0.2e-9  # of a byte, into the message and out of it
EXCHANGES, SUMS = 3, 4  # a step forward and back: what is said, answers, who was there; and all ranks' sums
GHOST = 64 + 64 + 8  # bytes that a ghost costs in them


def copies(kind, agents, degree, ranks):
    """How many ranks other than its own an agent's numbers go to, on average."""
    if kind == "ring":
        return min(ranks * degree / agents, ranks - 1.0) if ranks > 1 else 0.0
    leaving = {"stochastic-block": 0.1, "random": 1.0}[kind]
    return (ranks - 1) * (1 - (1 - leaving / ranks) ** degree)


def predict(kind, agents, degree, ranks):
    work = EDGE * agents * degree / ranks
    volume = agents * copies(kind, agents, degree, ranks) * GHOST / ranks
    partners = min(ranks - 1, 2 if kind == "ring" else ranks)
    once = LATENCY + 2 * OVERHEAD
    talk = volume * (BYTE + COPY) + EXCHANGES * (partners * OVERHEAD + once) + SUMS * math.ceil(math.log2(ranks)) * once
    return work, volume, talk


def model():
    print("| graph | agents | ranks | bytes a rank gives | work | exchange | efficiency |\n|---|---|---|---|---|---|---|")
    for agents in (10**6, 10**8):
        for kind in ("ring", "stochastic-block", "random"):
            for ranks in (2, 4, 64, 1024):
                work, volume, talk = predict(kind, agents, 20, ranks)
                print(f"| {kind} | {agents:,} | {ranks} | {volume:,.0f} | {1e3 * work:,.2f} ms | {1e3 * talk:,.2f} ms | "
                      f"{work / (work + talk):.0%} |")


# ---- memory ----

PEAK = """import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)"""
WORLD = ("--world", "friedkin-johnsen", "--tolerance", "1e-2", "--graph-model")
CROWDS = {"table": (8 * 10**6, ()),
          "ring, 4 edges an agent, 2 steps": (2 * 10**6, (*WORLD, "ring:degree=4", "--steps", "2")),
          "stochastic-block, 20 edges, 4 steps": (10**6, (*WORLD, "stochastic-block:degree=20,blocks=64", "--steps", "4"))}


def memory(divisor):
    print("| crowd | agents | 1 rank | 2 ranks | 4 ranks | 8 ranks |\n|---|---|---|---|---|---|")
    for name, (agents, options) in CROWDS.items():
        with tempfile.TemporaryDirectory() as folder:
            table, peaks = f"{folder}/crowd.parquet", []
            agents //= divisor
            subprocess.run([BUILD / "throng", "generate", "bluesky", "--agents", str(agents), "--out", table, "--quiet"], check=True)
            for ranks in (1, 2, 4, 8):
                mpirun = [*MPIRUN[:-1], str(ranks), "--oversubscribe"]
                done = subprocess.run([*mpirun, sys.executable, "-c", PEAK, BUILD / "throng", "attribute", table, "--state", "state",
                                       "--id", "id", "--weight", "followers", *options, "--threads", "1", "--quiet"],
                                      capture_output=True, text=True, check=True, env={**os.environ, "OMP_WAIT_POLICY": "passive"})
                peaks.append(f"{max(map(int, done.stdout.split()))} MB")
            print(f"| {name} | {agents:,} | {' | '.join(peaks)} |", flush=True)


def main(arguments):
    if arguments == ["model"]:
        return model()
    if arguments[:1] == ["memory"]:
        return memory(int(arguments[1]) if len(arguments) > 1 else 1)
    turns = int(arguments[0]) if arguments else 8
    agents = int(arguments[1]) if len(arguments) > 1 else 200_000
    fastest, middle = [], []
    for turn in range(turns):
        threads, ranks = seconds((), agents, 2), seconds(MPIRUN, agents, 1)
        fastest.append(min(ranks) / min(threads))
        middle.append(statistics.median(ranks) / statistics.median(threads))
        print(f"turn {turn + 1}: threads {1e3 * min(threads):.1f} ms a step, ranks {1e3 * min(ranks):.1f} ms; "
              f"ratio of the fastest {fastest[-1]:.2f}, of the medians {middle[-1]:.2f}", flush=True)
    for name, ratios in (("fastest", fastest), ("medians", middle)):
        ratios.sort()
        print(f"{name}: {ratios[0]:.2f} to {ratios[-1]:.2f}, median {statistics.median(ratios):.2f}")


if __name__ == "__main__":
    main(sys.argv[1:])
