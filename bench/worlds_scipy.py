#!/usr/bin/env python3
"""The contest of bench/worlds.c as one writes it well with NumPy and SciPy: sparse products and an adjoint by hand, one
node at a time, for products with several columns are slower. Prints the seconds of the fastest of three runs on one
thread and, with nodes shared out, on two; reading and preparing are not counted.

Use: bench/worlds_scipy.py FOLDER STEPS

FOLDER holds raw arrays (offsets, neighbours, state, nodes, weights); phi is written there.
"""

import concurrent.futures
import pathlib
import sys
import time

import numpy as np
import scipy.sparse as sp

PRIOR, ATTENTION = 0.3, 0.9


def gradient(mean, mean_transposed, z, t, steps):
    """z times d variance(x_T) / d z along z -> t z, for x' = tanh(PRIOR t z + mean x); mean has ATTENTION in it."""
    prior = PRIOR * t * z
    states = [t * z]
    for _ in range(steps):
        x = mean @ states[-1]
        x += prior
        np.tanh(x, out=x)
        states.append(x)
    of = (states[-1] - states[-1].mean()) * (2.0 / len(z))
    moved = np.zeros(len(z))
    for _ in range(steps):
        slope = states.pop()
        slope *= slope
        np.subtract(1.0, slope, out=slope)
        slope *= of
        moved += slope
        of = mean_transposed @ slope
    moved *= PRIOR
    moved += of
    moved *= z
    return moved


def main():
    folder, steps = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    offsets = np.fromfile(folder / "offsets", dtype=np.int64)
    neighbours = np.fromfile(folder / "neighbours", dtype=np.int32)
    z = np.fromfile(folder / "state")
    nodes, weights = np.fromfile(folder / "nodes"), np.fromfile(folder / "weights")
    degree = np.diff(offsets)
    share = np.repeat(ATTENTION / np.maximum(degree, 1), degree)
    mean = sp.csr_matrix((share, neighbours, offsets.astype(np.int32)), shape=(len(z), len(z)))
    mean_transposed = mean.T.tocsr()

    def weighted(q):
        return weights[q] * gradient(mean, mean_transposed, z, nodes[q], steps)

    for threads in (1, 2):
        fastest = float("inf")
        with concurrent.futures.ThreadPoolExecutor(threads) as pool:
            for _ in range(3):
                start = time.perf_counter()
                phi = sum(pool.map(weighted, range(len(nodes))))
                fastest = min(fastest, time.perf_counter() - start)
        print(f"{fastest:.4f}", flush=True)
    phi.tofile(folder / "phi")


main()
