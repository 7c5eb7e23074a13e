"""Solving games, what a solution says, and what each player adds to it."""
from __future__ import annotations

import ctypes
import json
import os
import pathlib
import tempfile
import time
import warnings
from typing import Any

import numpy as np

from . import _tables
from ._context import Context, Progress
from ._function import FunctionResult
from ._game import Game, GameLike, Strategy, game as open_game, reals
from ._library import Record, lib, plain
from ._result import Report


class NotConvergedWarning(UserWarning):
    """A solver ended above its tolerance: what it found so far is the result.

    >>> import throng, warnings
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter('error', throng.NotConvergedWarning)
    ...     throng.solve('kuhn', 'cfr', iterations=3)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    throng._solve.NotConvergedWarning: cfr did not converge: after 3 iterations the gap is ...
    """


class Solution(Report):
    """A solved game: numbers of ``throng solve --json`` as attributes.

    strategy: what everybody should play, a Strategy
    value: [players] what everybody gets
    gap, measure, tolerance, converged: how far from what the solver seeks it is, what that is called, and whether that
        is close enough; game_gap: the game's own gap, None where nobody knows
    trace: array with the fields iteration and gap
    game, solver, size, players, iterations, evaluations, welfare, equality, notes: as in the report

    >>> import throng
    >>> r = throng.solve('prisoners-dilemma', 'fictitious-play', tolerance=0.01)
    >>> r.value.round(3).tolist(), r.players, r.converged, r.gap <= r.tolerance
    ([5.0, 5.0], ['Player 1', 'Player 2'], True, True)
    """

    def __init__(self, text: str, strategy: Strategy):
        super().__init__(text)
        self.strategy = strategy
        self._live: tuple[Game, Any, Any] | None = None  # game, what the library found, its report's settings

    def __reduce__(self) -> Any:
        return Solution, (self.json, self.strategy)

    def __getattr__(self, name: str) -> Any:
        solution = self.__dict__.get('report', {}).get('solution', {})
        if name in solution:
            return solution[name]
        raise AttributeError(f'a solution has no {name!r}, but {", ".join(map(repr, solution))}')

    @property
    def value(self) -> np.ndarray:
        """[players] what everybody gets."""
        return _numbers(self.report.solution.value)

    @property
    def value_half(self) -> np.ndarray:
        """[players] half the width of a 95 % interval of each value where it is estimated, else 0."""
        return _numbers(self.report.solution.value_half)

    @property
    def trace(self) -> np.ndarray:
        """How the gap went: ``trace['iteration']`` and ``trace['gap']``."""
        return np.array([(point.iteration, point.gap) for point in self.report.solution.trace],
                        [('iteration', np.int64), ('gap', np.float64)])

    def save(self, folder: Any, force: bool = False) -> pathlib.Path:
        """Writes a run directory, as ``throng solve --out`` does: report.json, strategy.parquet, trace.parquet.

        force: replaces an earlier run directory
        """
        if self._live is None:
            raise ValueError('this solution was read from a directory, or is a copy: copy the directory')
        game, found, settings = self._live
        with game.at_work() as context:
            context.run('solution_save', context.pointer, game._problem, found, ctypes.byref(settings),
                        os.fsencode(folder), force)
        return pathlib.Path(folder)

    def _page(self, path: Any, force: bool) -> pathlib.Path:
        """The run as one HTML file, as ``throng report`` makes it."""
        context = Context(False)
        with tempfile.TemporaryDirectory() as folder:
            run = self.save(os.path.join(folder, 'run'))
            context.run('run_page_save', context.pointer, os.fsencode(run), os.fsencode(path), force)
        return pathlib.Path(path)

    def plot(self, axes: Any = None) -> Any:
        """How the gap went, on logarithmic scales, with matplotlib.

        axes: to draw on; default: a new figure
        """
        import matplotlib.pyplot as plt
        if axes is None:
            _, axes = plt.subplots(figsize=(4.5, 3.2), layout='constrained')
        trace = self.trace[self.trace['gap'] > 0]
        axes.loglog(trace['iteration'], trace['gap'], color='#0072B2')
        axes.axhline(max(self.tolerance, 1e-300), color='0.6', linewidth=0.8, linestyle='--')
        axes.set_xlabel('iteration')
        axes.set_ylabel(self.measure)
        axes.set_title(f'{self.game}, {self.solver}', fontsize='medium')
        return axes

    def __repr__(self) -> str:
        lines = [f'{self.game}: {self.size}',
                 f'{self.solver}, {self.iterations:,} iteration{"s" * (self.iterations != 1)}: {self.measure} '
                 f'{self.gap:.4g} ({"within" if self.converged else "NOT WITHIN"} the tolerance {self.tolerance:.4g})']
        lines += [f'  {player} gets {value:.4g}' for player, value in zip(self.players, self.value)]
        return '\n'.join(lines)


def _numbers(values: list[Any]) -> np.ndarray:
    return np.array([np.nan if value is None else value for value in values], np.float64)


def solve(game: GameLike, solver: str | None = None, *, tolerance: float | None = None, iterations: int | None = None,
          seed: int = 0, start: Any = None, every: bool = False, out: Any = None, force: bool = False,
          progress: Progress = None, threads: int = 0) -> Solution:
    """Finds what everybody should play in a game, and how far that is from an equilibrium.

    game: as ``throng.game`` takes it: a name, a file, a matrix, or a game that is open
    solver: a name and parameters, "mmd:alpha=0.2,step=0.2"; see ``throng.available('solvers')``; default: one that
        serves the game
    tolerance: the gap that is good enough (default 0.001)
    iterations: the most (default 100,000)
    seed: of solvers that draw
    start: a strategy to begin with, for the solvers that can (mmd, mds): a Strategy, or what ``Game.strategy`` takes
    every: measure the gap in every iteration; otherwise ever more rarely
    out: write a run directory there as well; `force` replaces an earlier one
    progress: True, False, or a function of (stage, unit, done, total); default: on a terminal and in notebooks
    threads: how many; 0: one per processor. Results do not depend on it.

    A solver that ends above the tolerance warns with NotConvergedWarning; the result says so as ``converged``.

    >>> import throng
    >>> r = throng.solve('kuhn', tolerance=1e-4)
    >>> abs(r.value[0] + 1 / 18) < 1e-4, r.converged, r.strategy['Kb'].bet > 0.99
    (True, True, True)
    """
    game = open_game(game)
    wanted = _wanted(solver, tolerance, iterations, seed)
    wanted.every = every
    if start is not None:
        first = game.numbers(start, seed)
        wanted.start = reals(first)
    with game.at_work(progress, threads) as context:
        if out is not None:
            lib.call('run_directory_check', context.pointer, os.fsencode(out), force)
        result = _found(game, context, wanted, seed)
    if out is not None:
        result.save(out, force)
    warn(result, 3)
    return result


def _wanted(solver: str | None, tolerance: float | None, iterations: int | None, seed: int) -> Any:
    if iterations is not None and iterations < 1:
        raise ValueError(f'iterations must be 1 or more, got {iterations}')
    if tolerance is not None and not tolerance >= 0:
        raise ValueError(f'tolerance must not be negative, got {tolerance}')
    wanted = lib.struct('solve_def')
    wanted.solver = solver.encode() if solver else None
    wanted.iterations, wanted.seed = iterations or 0, seed
    wanted.tolerance = 0.0 if tolerance is None else tolerance or -1.0  # 0 in a def is the default
    return wanted


def _found(game: Game, context: Context, wanted: Any, seed: int) -> Solution:
    began, pointer, text = time.monotonic(), ctypes.c_void_p(), ctypes.c_char_p()
    context.run('solve', context.pointer, game._problem, ctypes.byref(wanted), ctypes.byref(pointer))
    found = context.own(pointer, 'solution_free')
    timing = lib.struct('timing')
    timing.stage, timing.seconds = b'solve', time.monotonic() - began
    settings = lib.c.throng_report_default()
    settings.command, settings.seed = b'throng.solve', seed
    settings.timings, settings.n_timings = ctypes.pointer(timing), 1
    lib.call('solution_json', context.pointer, game._problem, found, ctypes.byref(settings), ctypes.byref(text))
    numbers = np.ctypeslib.as_array(lib.c.throng_solution_strategy(pointer), (game._kind.numbers(game._game),))
    result = Solution(context.text(text), game.from_numbers(numbers))
    result._live = (game, found, settings)
    return result


def warn(result: Solution, depth: int) -> None:
    if not result.converged and result._live is not None:
        advice = ctypes.create_string_buffer(1600)
        lib.c.throng_solution_advise(result._live[1], advice, len(advice))
        warnings.warn(advice.value.decode('utf-8', 'replace'), NotConvergedWarning, stacklevel=depth)


def read_solution(folder: Any) -> Solution:
    """Reads what ``throng solve --out``, or ``throng.solve(..., out=)``, wrote.

    >>> import tempfile, throng
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     r = throng.solve('stag-hunt', 'fictitious-play', tolerance=0.01, out=folder + '/run')
    ...     again = throng.read_solution(folder + '/run')
    >>> (again.strategy.probabilities == r.strategy.probabilities).all()
    True
    """
    place = pathlib.Path(folder)
    text = (place / 'report.json').read_text(encoding='utf-8')
    report = json.loads(text)
    if not isinstance(report, dict) or 'solution' not in report:
        raise ValueError(f'{place} is a run of another kind: it has no solved game')
    columns = _tables.read(Context(False), place / 'strategy.parquet',
                           {'player': 'ROLE_NUMBER', 'set': 'ROLE_KEY', 'action': 'ROLE_KEY',
                            'probability': 'ROLE_NUMBER'})
    sets: list[Record] = []
    for player, name, action in zip(columns['player'].astype(int).tolist(), columns['set'], columns['action']):
        if not sets or (player, name) != (sets[-1].player, sets[-1].set):
            sets.append(Record(player=player, set=name, actions=[]))
        sets[-1].actions.append(action)
    return Solution(text, Strategy(sets, columns['probability'], report['solution']['players']))


class GameCredits(FunctionResult):
    """What each player adds, in ``phi``, as of any value function; and

    players: their names; of: what was split; solution: what was solved, None if a policy said what is played
    """

    def __init__(self, phi: np.ndarray, standard_error: np.ndarray, certificate: Record, players: list[str], of: str,
                 solution: Solution | None):
        super().__init__(phi, standard_error, certificate, certificate.evaluations, 0)
        self.players, self.of, self.solution = players, of, solution

    def __repr__(self) -> str:
        nobody, everybody = round(self.certificate.nobody, 12), round(self.certificate.everybody, 12)
        return '\n'.join([f'{self.of}: {nobody:.6g} -> {everybody:.6g}'] + [
            f'  {player:<16} {round(phi, 12):+.6g}' for player, phi in zip(self.players, self.phi)])


def attribute_game(game: GameLike, *, policy: Any = None, reference: Any = 'uniform', of: str | int = 'welfare',
                   solver: str | None = None, tolerance: float | None = None, iterations: int | None = None,
                   method: str = 'shapley-exact', seed: int = 0, progress: Progress = None,
                   threads: int = 0) -> GameCredits:
    """Splits what the players of a game get over them, by who plays a solved strategy while the others play a reference,
    as ``throng attribute --game`` does.

    game: as ``throng.game`` takes it
    policy: what is played: a Solution, a Strategy, or what ``Game.strategy`` takes; default: what a solver finds
    reference: what those play who do not play that
    of: "welfare", "shortfall" (from the most there is), or a player's name or number from 1
    solver, tolerance, iterations: as in ``throng.solve``, where there is no policy
    method: "shapley-exact", "shapley-sampled:permutations=100", ...

    >>> import throng
    >>> throng.attribute_game('stag-hunt', solver='fictitious-play', tolerance=0.01).phi.round(3).tolist()
    [1.5, 1.5]
    """
    game = open_game(game)
    solution = None
    if policy is None:
        with game.at_work(progress, threads) as context:
            solution = _found(game, context, _wanted(solver, tolerance, iterations, seed), seed)
        policy = solution
        warn(solution, 3)
    strategy, against = game.numbers(policy, seed), game.numbers(reference, seed)
    n, what = len(game.players), ctypes.c_int()
    phi, error, certificate = np.zeros(n), np.zeros(n), lib.struct('certificate')
    with game.at_work(progress, threads) as context:
        lib.call('game_credit_of', game._problem, str(of).encode(), ctypes.byref(what))
        wanted = lib.struct('game_credit_def')
        wanted.strategy, wanted.reference = reals(strategy), reals(against)
        wanted.of, wanted.method, wanted.seed = what.value, method.encode(), seed
        context.run('game_credit', context.pointer, game._problem, ctypes.byref(wanted), reals(phi), reals(error),
                    ctypes.byref(certificate))
    name = f'what {game.players[what.value]} gets' if what.value >= 0 else str(of).lower()
    return GameCredits(phi, error, plain(certificate), game.players, name, solution)
