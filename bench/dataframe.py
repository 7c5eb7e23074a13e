#!/usr/bin/env python3
"""What Python adds: throng.attribute(df, ...) of a DataFrame against calls of the C library on the same arrays.

Use: bench/dataframe.py [ROWS]     (default: 1671587; environment: BUILD, default build; Python with NumPy and pandas)

"the study in C" are the calls that throng.attribute comes down to, made alone: a context, a table of views, a study with
its report. "the attribution in C" is throng_population_create and throng_attribute without cohorts, top agents and
report. Runs alternate; the fastest of 15 counts. Contexts are made once for the C calls and anew by throng.attribute.
"""
import ctypes
import os
import pathlib
import sys
import time

SOURCE = pathlib.Path(__file__).resolve().parents[1]
BUILD = pathlib.Path(os.environ.get('BUILD', SOURCE / 'build')).resolve()
os.environ.setdefault('THRONG_LIBRARY', str(BUILD / 'libthrong.so'))
sys.path.insert(0, str(SOURCE / 'python'))

import numpy as np  # noqa: E402
import pandas  # noqa: E402
import throng  # noqa: E402
from throng._library import lib  # noqa: E402

ROUNDS = 15
SETTINGS = {'state': 'stance', 'weight': 'followers', 'indicator': 'weighted-variance'}


def table_of(context, columns):
    table = ctypes.c_void_p()
    lib.call('table_create', context, len(next(iter(columns.values()))), ctypes.byref(table))
    for name, values in columns.items():
        lib.call('table_add_view', table, name.encode(), lib.value('TYPE_FLOAT64'), values.ctypes.data)
    return table


def study_in_c(context, columns):
    study, run = ctypes.c_void_p(), ctypes.c_void_p()
    lib.call('study_create', context, ctypes.byref(study))
    lib.call('table_offer', context, b'table', table_of(context, columns))
    for key, value in (('population.table', 'memory:table'), ('population.state', 'stance'),
                       ('population.weight', 'followers'), ('attribution.indicator', 'weighted-variance')):
        lib.call('study_set', study, key.encode(), value.encode())
    lib.call('study_run', study, b'bench', None, False, ctypes.byref(run))
    lib.c.throng_run_report(run)
    lib.c.throng_run_free(run)
    lib.c.throng_study_free(study)


def attribution_in_c(context, columns):
    population, result = ctypes.c_void_p(), ctypes.c_void_p()
    who, what = lib.c.throng_population_default(), lib.c.throng_attribution_default()
    who.state, who.weight, what.indicator = b'stance', b'followers', b'weighted-variance'
    lib.call('population_create', context, table_of(context, columns), ctypes.byref(who), ctypes.byref(population))
    lib.call('attribute', context, population, ctypes.byref(what), ctypes.byref(result))
    lib.c.throng_attribution_free(result)
    lib.c.throng_population_free(population)


def main():
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1671587
    draw = np.random.default_rng(1)
    columns = {'stance': draw.normal(size=rows), 'followers': draw.pareto(1.2, size=rows) + 1.0}
    df = pandas.DataFrame(columns)
    context = ctypes.c_void_p()
    lib.call('context_create', ctypes.byref(context))
    ways = {
        'throng.attribute(df)': lambda: throng.attribute(df, progress=False, **SETTINGS).phi,
        'the study in C': lambda: study_in_c(context, columns),
        'the attribution in C': lambda: attribution_in_c(context, columns),
    }
    seconds = dict.fromkeys(ways, float('inf'))
    for _ in range(ROUNDS):
        for name, way in ways.items():
            begin = time.perf_counter()
            way()
            seconds[name] = min(seconds[name], time.perf_counter() - begin)
    lib.c.throng_context_free(context)
    mine = seconds['throng.attribute(df)']
    print(f'{rows:,} rows, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}')
    for name, value in seconds.items():
        print(f'  {name:<22} {1e3 * value:9.2f} ms   throng.attribute takes {mine / value:.2f} of it')


if __name__ == '__main__':
    if '--help' in sys.argv:
        sys.exit(__doc__)
    main()
