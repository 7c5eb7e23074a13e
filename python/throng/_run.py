"""The verbs: attribute, panel, run, simulate, intervene, verify, ingest, generate; and what there is to choose from."""
from __future__ import annotations

import ctypes
import os
import tempfile
from typing import Any

import numpy as np

from . import _tables
from ._context import Context, Progress
from ._library import Record, lib, plain
from ._result import Report, Result
from ._settings import Study, documentation


def _settings(function: Any) -> Any:
    """Adds all settings to a docstring, from the library's own table."""
    function.__doc__ = (function.__doc__ or '').replace('    {settings}', documentation())
    return function


def _path(out: Any) -> bytes | None:
    return None if out is None else os.fsencode(out)


def _attribute(study: Study, command: bytes, out: Any, force: bool) -> Result:
    run = ctypes.c_void_p()
    study.context.run('study_run', study.pointer, command, _path(out), force, ctypes.byref(run))
    return Result(study.context, study, run)


def _report(study: Study, function: str, command: bytes, out: Any, force: bool) -> Report:
    text = ctypes.c_char_p()
    study.context.run(function, study.pointer, command, _path(out), force, ctypes.byref(text))
    return Report(study.context.text(text))


@_settings
def attribute(crowd: Any = None, *, out: Any = None, force: bool = False, progress: Progress = None, threads: int = 0,
              **settings: Any) -> Any:
    """Splits a macro indicator of a crowd over its agents, exactly additive and with a certificate.

    crowd: a table with a row an agent, or an agent and time: a pandas or Polars DataFrame, an Arrow table, a dictionary
        of arrays, a structured array; or the name of a file (or several), as on the command line. Columns of floats are
        not copied. None: the crowd is made (``generate=``).
    out: write a run directory there as well; `force` replaces an earlier one
    progress: True, False, or a function of (stage, unit, done, total); default: on a terminal and in notebooks
    threads: how many; 0: one per processor. Results do not depend on it.

    Settings, as options of ``throng attribute`` with underscores for dashes; ``graph`` and ``cohort_table`` take tables,
    too:

    {settings}

    Returns a Result; a Report with its means and intervals if there is a sweep or there are repetitions.
    Raises ThrongError, or one of its kinds, with a message that says what, where and what is allowed.

    >>> import throng
    >>> r = throng.attribute({'stance': [0.1, 0.2, -0.9], 'reach': [1.0, 1.0, 8.0]}, state='stance', weight='reach')
    >>> r.phi.round(4).tolist()
    [0.01, 0.0267, 0.21]
    """
    study = Study(Context(progress, threads))
    study.apply(crowd, settings)
    if lib.c.throng_study_is_sweep(study.pointer):
        return _report(study, 'study_sweep', b'throng.attribute', out, force)
    return _attribute(study, b'throng.attribute', out, force)


def panel(crowd: Any, size: int = 100, **settings: Any) -> Result:
    """Attributes a crowd, and a panel of `size` of its agents as if there were nobody else: ``result.panel``.

    The comparison says how far a panel's credits are from those that the same agents have in the crowd. Settings are
    those of ``attribute``; ``bias`` says who gets into the panel.

    >>> import throng
    >>> crowd = throng.generate('bluesky', agents=2000, seed=1)
    >>> r = throng.panel(crowd, 50, state='state', weight='followers', id='id', seed=1)
    >>> r.panel.size
    50
    """
    return attribute(crowd, size=size, **settings)


@_settings
def run(study: Any, *, out: Any = None, force: bool = False, progress: Progress = None, threads: int = 0,
        **settings: Any) -> Any:
    """Runs a study file, as ``throng run STUDY.yaml`` does; settings given here take the place of the file's.

    Returns a Result; a Report if the study is a sweep or has repetitions.

    {settings}

    >>> import pathlib, tempfile, throng
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     study = pathlib.Path(folder, 'study.yaml')
    ...     _ = study.write_text('population: {generate: uniform, agents: 100}')
    ...     r = throng.run(study, agents=200)
    >>> r.phi.size
    200
    """
    loaded = Study(Context(progress, threads))
    loaded.load(study)
    loaded.apply(None, settings)
    if lib.c.throng_study_is_sweep(loaded.pointer):
        return _report(loaded, 'study_sweep', b'throng.run', out, force)
    return _attribute(loaded, b'throng.run', out, force)


def simulate(crowd: Any = None, *, out: Any = None, force: bool = False, progress: Progress = None, threads: int = 0,
             **settings: Any) -> Report:
    """Runs a crowd through a world (``world=``) without asking who caused what. Settings are those of ``attribute``.

    >>> import throng
    >>> r = throng.simulate(generate='uniform', agents=100, world='friedkin-johnsen', steps=3)
    >>> [point.step for point in r.report.trajectory]
    [0, 1, 2, 3]
    """
    study = Study(Context(progress, threads))
    study.apply(crowd, settings)
    return _report(study, 'study_simulate', b'throng.simulate', out, force)


def intervene(crowd: Any = None, *, target: str, out: Any = None, force: bool = False, progress: Progress = None,
              threads: int = 0, **settings: Any) -> Report:
    """Finds the least influence to take from agents of a world so that its indicator reaches `target` ("-20%").

    Settings are those of ``attribute``, and ``budget`` and ``by``; the columns of a graph are ``source`` and
    ``graph_target`` here.

    >>> import throng
    >>> r = throng.intervene(generate='uniform', agents=200, graph_model='chung-lu', world='nonlinear-opinion',
    ...                      target='-5%', budget=0.05)
    >>> r.report.intervention.reached
    True
    """
    study = Study(Context(progress, threads))
    study.apply(crowd, {'intervene_target': target, **settings})
    return _report(study, 'study_intervene', b'throng.intervene', out, force)


class Verification(Record):
    """What was checked: ``holds``, ``checks`` and ``deletions``. It is true if nothing fails.

    >>> import throng
    >>> found = throng.verify(throng.attribute({'x': [1.0, 3.0, 8.0]}, state='x'))
    >>> bool(found), found.checks[2].name, found.checks[2].verdict
    (True, 'repeat', 'holds')
    """

    def __bool__(self) -> bool:
        return bool(self.holds)

    def __repr__(self) -> str:
        return '\n'.join(f'{check["verdict"]:<15} {check["name"]}: {check["text"]}' for check in self.checks)


def verify(what: Any, *, activity: str | None = None, progress: Progress = None, threads: int = 0) -> Verification:
    """Verifies a Result, or a run directory, as ``throng verify`` does. It is true if every check holds.

    activity: column that says how much each agent did, for one more order of deletion

    >>> import throng
    >>> bool(throng.verify(throng.attribute({'x': [1.0, 3.0, 8.0]}, state='x')))
    True
    """
    if isinstance(what, Result):
        with tempfile.TemporaryDirectory() as folder:
            return verify(what.save(os.path.join(folder, 'run')), activity=activity, progress=progress, threads=threads)
    context = Context(progress, threads)
    found = lib.struct('verification')
    context.run('study_verify', context.pointer, os.fsencode(what), activity.encode() if activity else None,
                ctypes.byref(found))
    verdicts = {value: name for name, value in lib.names('throng_verdict_name', 'VERDICT_').items()}
    checks = [plain(check) for check in found.check[:found.n_checks]]
    for check in checks:
        check['verdict'] = verdicts[check.verdict]
    return Verification(holds=found.holds, partial=found.partial, checks=checks,
                        deletions=[plain(deletion) for deletion in found.deletion[:found.n_deletions]])


def ingest(platform: str | None, files: Any, out: Any, *, progress: Progress = None, threads: int = 0,
           **settings: Any) -> Record:
    """Event files of a platform into the tables of a crowd in one DuckDB file, as ``throng ingest`` does.

    platform: "bluesky", ...; None with ``sql=``, a platform's SQL of your own
    files: one or several names; plain, gzip or zstd
    settings: fields of ``throng_ingest_def``: follows, rejects, stance, key, memory (bytes), keep_ids, keep_text, ...

    Returns how much of everything there was; ``lines == blank + ignored + rejected + rows``.

    >>> import pathlib, tempfile, throng
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     posts = pathlib.Path(folder, 'posts.csv')
    ...     _ = posts.write_text('id,author,time,state\\n1,ana,2026-01-01,0.5\\n2,ben,2026-01-02,-1\\n')
    ...     crowd = pathlib.Path(folder, 'crowd.duckdb')
    ...     counts = throng.ingest('generic-csv', posts, crowd)
    ...     r = throng.attribute(f'{crowd}#states', state='state', id='agent')
    >>> counts.actions, r.phi.size
    (2, 2)
    """
    context = Context(progress, threads)
    wanted = lib.struct('ingest_def')
    names = [files] if isinstance(files, (str, os.PathLike)) else list(files)
    inputs = (ctypes.c_char_p * len(names))(*map(os.fsencode, names))
    wanted.inputs, wanted.n_inputs, wanted.out = inputs, len(names), os.fsencode(out)
    if platform is not None:
        wanted.platform = platform.encode()
    fields = dict(type(wanted)._fields_)
    for name, value in settings.items():
        if name not in fields or name in ('platform', 'inputs', 'n_inputs', 'out'):
            raise TypeError(f'ingest() has no setting {name!r}')
        setattr(wanted, name, os.fsencode(value) if isinstance(value, (str, os.PathLike)) else value)
    counts = lib.struct('ingest_counts')
    context.run('ingest', context.pointer, ctypes.byref(wanted), ctypes.byref(counts))
    return plain(counts)


def generate(generator: str, agents: int = 1000, days: int = 1, seed: int = 0) -> dict[str, np.ndarray]:
    """Makes a crowd with a generator ("bluesky"): a dictionary of columns, ready for ``attribute`` or pandas.

    >>> import throng
    >>> sorted(throng.generate('uniform', agents=5))
    ['id', 'state']
    """
    context, table = Context(False), ctypes.c_void_p()
    context.run('generate', context.pointer, generator.encode(), agents, days, seed, ctypes.byref(table))
    try:
        return _tables.contents(table)
    finally:
        lib.c.throng_table_free(table)


def _kind(name: str) -> int:
    kinds = [i for i in range(lib.value('KIND_COUNT'))
             if name in (lib.c.throng_kind_name(i).decode(), lib.c.throng_kind_plural(i).decode())]
    if not kinds:
        known = ', '.join(lib.c.throng_kind_plural(i).decode() for i in range(lib.value('KIND_COUNT')))
        raise ValueError(f'there are no {name!r}: there are {known}')
    return kinds[0]


def _abouts(context: Context, kind: int) -> Any:
    """The descriptors of a kind: plug-ins, then games that are none."""
    for index in range(lib.c.throng_context_plugin_count(context.pointer, kind)):
        yield lib.c.throng_context_plugin(context.pointer, kind, index).contents
    index = 0
    while kind == lib.value('KIND_GAME') and lib.c.throng_game_builtin_about(index):
        yield lib.c.throng_game_builtin_about(index).contents
        index += 1


def available(kind: str) -> dict[str, str]:
    """What there is of a kind ("indicators", "worlds", "games", "solvers", ...): names and what each is in a line.

    >>> import throng
    >>> 'variance' in throng.available('indicators')
    True
    >>> throng.available('solvers')['lp']
    'two players, constant sum: exactly, as a linear program'
    """
    context = Context(False)
    return {about.name.decode(): about.summary.decode() for about in _abouts(context, _kind(kind))}


def describe(kind: str, name: str) -> Record:
    """What a plug-in's descriptor says: summary, details, reference and parameters.

    >>> import throng
    >>> about = throng.describe('worlds', 'voter')
    >>> about.summary, [(param.name, param.fallback) for param in about.params]
    ('Voter model: agents copy a neighbour drawn at random.', [('rate', 0.5)])
    """
    context, number = Context(False), _kind(kind)
    about = next((about for about in _abouts(context, number) if about.name == name.encode()), None)
    if about is None:  # says what there is
        found = ctypes.POINTER(lib.interface.structs['throng_about'])()
        lib.call('context_find', context.pointer, number, name.encode(), ctypes.byref(found))
        about = found.contents
    params: list[Record] = []
    while about.params and about.params[len(params)].name:
        params.append(plain(about.params[len(params)]))
    return Record(name=about.name.decode(), summary=about.summary.decode(), details=about.details.decode(),
                  reference=about.reference.decode(), params=params)


def version() -> str:
    """Version of the library, and the source revision that it was built from.

    >>> import throng
    >>> throng.version().split()[0] == throng.__version__
    True
    """
    return f'{lib.c.throng_version().decode()} ({lib.c.throng_revision().decode()})'


