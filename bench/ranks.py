#!/usr/bin/env python3
"""Ranks against threads on one machine: the same steps by two processes of a thread and by one of two, in turn.

Use: bench/ranks.py [TURNS] [AGENTS]     (default: 8 turns, 200,000 agents; BUILD: the build folder, made with MPI=1)

Prints the ratio of each turn, two ranks over two threads, by the fastest and by the median run of the turn.
"""

import os
import pathlib
import statistics
import subprocess
import sys

BUILD = pathlib.Path(os.environ.get("BUILD", pathlib.Path(__file__).resolve().parent.parent / "build"))
MPIRUN = ("mpirun", "--allow-run-as-root", "--bind-to", "none", "--mca", "mpi_yield_when_idle", "1", "-n", "2")


def seconds(before, agents, threads):
    command = [*before, BUILD / "bench" / "ranks", "time", str(agents), str(threads)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, "OMP_WAIT_POLICY": "passive"})
    return [float(line) for line in done.stdout.split()]


def main(arguments):
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
