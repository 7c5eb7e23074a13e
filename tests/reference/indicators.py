#!/usr/bin/env python3
"""Reference values of throng's indicators, by formulas written out as in the textbook: slow, plain, independent.

Use: indicators.py                   prints crowd,indicator,value; "undefined" where there is no value
     indicators.py --crowds FOLDER   writes each crowd to FOLDER/<crowd>.csv with the columns state and weight

`indicator` is what a user types, so that a test can ask throng for the same number. Standard library only.
"""

import csv
import math
import pathlib
import sys


# ---- indicators: each takes states x and masses p that sum to 1 ------------------------------------------------------


def mean(x, p):
    return math.fsum(pi * xi for xi, pi in zip(x, p))


def central_moment(x, p, order):
    centre = mean(x, p)
    return math.fsum(pi * (xi - centre) ** order for xi, pi in zip(x, p))


def variance(x, p):
    return central_moment(x, p, 2)


def skewness(x, p):
    return central_moment(x, p, 3) / central_moment(x, p, 2) ** 1.5


def bimodality(x, p):
    kurtosis = central_moment(x, p, 4) / central_moment(x, p, 2) ** 2
    return (skewness(x, p) ** 2 + 1) / kurtosis


def histogram(x, p, bins, low, high):
    width = (high - low) / bins
    mass = [[] for _ in range(bins)]
    for xi, pi in zip(x, p):
        mass[min(max(math.floor((xi - low) / width), 0), bins - 1)].append(pi)
    return [math.fsum(terms) for terms in mass], [low + (k + 0.5) * width for k in range(bins)]


def esteban_ray(x, p, alpha=1.0, bins=21, low=None, high=None):
    mass, centre = histogram(x, p, bins, low, high)
    return math.fsum(
        mass[own] ** (1 + alpha) * mass[other] * abs(centre[own] - centre[other])
        for own in range(bins)
        for other in range(bins)
    )


def entropy(x, p, bins=21, low=None, high=None):
    mass, _ = histogram(x, p, bins, low, high)
    return -math.fsum(m * math.log(m) for m in mass if m > 0)


def logistic(u):
    return 0.5 * (1 + math.tanh(u / 2))


def extremeness(x, p, threshold=0.5, width=0.05):
    return math.fsum(
        pi * (logistic((xi - threshold) / width) + logistic((-xi - threshold) / width)) for xi, pi in zip(x, p)
    )


def cascade_size(x, p, threshold=0.5, width=0.05):
    return math.fsum(logistic((xi - threshold) / width) for xi in x)


def order_parameter(x, p, harmonic=1):
    return abs(complex(math.fsum(pi * math.cos(harmonic * xi) for xi, pi in zip(x, p)),
                       math.fsum(pi * math.sin(harmonic * xi) for xi, pi in zip(x, p))))


def synchrony(x, p):
    return mean(x, p) ** 2 / math.fsum(pi * xi * xi for xi, pi in zip(x, p))


def theil(x, p):
    shares = [xi / mean(x, p) for xi in x]
    return math.fsum(pi * share * math.log(share) for share, pi in zip(shares, p) if share > 0)


def atkinson(x, p, epsilon=0.5):
    centre = mean(x, p)
    if epsilon >= 1 and min(x) <= 0:
        raise ZeroDivisionError
    if epsilon == 1:
        return 1 - math.exp(math.fsum(pi * math.log(xi / centre) for xi, pi in zip(x, p)))
    power = math.fsum(pi * (xi / centre) ** (1 - epsilon) for xi, pi in zip(x, p))
    return 1 - power ** (1 / (1 - epsilon))


def gini(x, p):
    difference = math.fsum(pi * pj * abs(xi - xj) for xi, pi in zip(x, p) for xj, pj in zip(x, p))
    return difference / (2 * mean(x, p))


# ---- crowds: (states, weights) ---------------------------------------------------------------------------------------


def draws(n, seed):
    """n numbers in (0, 1), the same everywhere: Knuth's 64-bit linear congruential generator."""
    for _ in range(n):
        seed = (6364136223846793005 * seed + 1442695040888963407) % 2**64
        yield ((seed >> 11) + 0.5) / 2**53


def heavy(n, seed, tail):
    return [round(u ** (-1 / tail), 6) for u in draws(n, seed)]


CROWDS = {
    "one": ([0.25], [3.0]),
    "pair": ([-1.0, 1.0], [1.0, 3.0]),
    "equal": ([0.1] * 7, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]),
    "opinions": ([round(2 * u - 1, 6) for u in draws(60, 1)], heavy(60, 2, 1.2)),
    "camps": ([round(math.copysign(0.6, u - 0.6) + 0.3 * (u - 0.5), 6) for u in draws(80, 3)], heavy(80, 4, 1.5)),
    "incomes": (heavy(70, 5, 1.7), heavy(70, 6, 2.5)),
    "poor": ([0.0 if u < 0.3 else round(10 * u, 6) for u in draws(50, 7)], heavy(50, 8, 2.0)),
    "nothing": ([0.0] * 5, [1.0] * 5),
}

# ---- what to compute: name for a user, function, always weighted, takes `weighted`, parameters -----------------------

ON_ALL = [
    ("mean", mean, False, True, {}),
    ("variance", variance, False, False, {}),
    ("weighted-variance", variance, True, False, {}),
    ("skewness", skewness, False, True, {}),
    ("bimodality", bimodality, False, True, {}),
    ("esteban-ray", esteban_ray, False, True, {"bins": 21, "low": -1.05, "high": 1.05}),
    ("esteban-ray", esteban_ray, False, True, {"alpha": 1.6, "bins": 5, "low": -0.9, "high": 0.8}),
    ("entropy", entropy, False, True, {"bins": 21, "low": -1.05, "high": 1.05}),
    ("entropy", entropy, False, True, {"bins": 4, "low": -0.5, "high": 0.5}),
    ("extremeness", extremeness, False, True, {}),
    ("extremeness", extremeness, False, True, {"threshold": 0.8, "width": 0.2}),
    ("cascade-size", cascade_size, False, False, {}),
    ("cascade-size", cascade_size, False, False, {"threshold": -0.2, "width": 0.01}),
    ("order-parameter", order_parameter, False, True, {}),
]
ON_NONNEGATIVE = [
    ("theil", theil, False, True, {}),
    ("atkinson", atkinson, False, True, {}),
    ("atkinson", atkinson, False, True, {"epsilon": 1}),
    ("atkinson", atkinson, False, True, {"epsilon": 2.5}),
    ("gini", gini, False, True, {}),
    ("order-parameter", order_parameter, False, True, {"harmonic": 2}),
    ("synchrony", synchrony, False, True, {}),
]


def is_shape(function):
    return function in (skewness, bimodality)


def reference(function, x, p, parameters):
    """The value as text."""
    if is_shape(function) and len(set(x)) == 1:
        return "undefined"
    try:
        return repr(function(x, p, **parameters) + 0.0)
    except ZeroDivisionError:
        return "undefined"


def rows():
    """Yields (crowd, what a user types, value)."""
    for crowd, (states, weights) in CROWDS.items():
        equal = [1 / len(states)] * len(states)
        total = math.fsum(weights)
        by_weight = [weight / total for weight in weights]
        for name, function, always, choice, parameters in ON_ALL + (ON_NONNEGATIVE if min(states) >= 0 else []):
            for weighted in [False, True] if choice else [always]:
                settings = [f"{key}={setting}" for key, setting in parameters.items()]
                settings += ["weighted=true"] if choice and weighted else []
                spec = name + (":" if settings else "") + ",".join(settings)
                yield crowd, spec, reference(function, states, by_weight if weighted else equal, parameters)


def main(arguments):
    if len(arguments) == 2 and arguments[0] == "--crowds":
        for crowd, (states, weights) in CROWDS.items():
            path = pathlib.Path(arguments[1]) / f"{crowd}.csv"
            with open(path, "w", newline="", encoding="utf-8") as file:
                csv.writer(file, lineterminator="\n").writerows([("state", "weight"), *zip(states, weights)])
        return 0
    if arguments:
        print(__doc__.strip())
        return 0 if arguments[0] in ("-h", "--help") else 2
    csv.writer(sys.stdout, lineterminator="\n").writerows([("crowd", "indicator", "value"), *rows()])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
