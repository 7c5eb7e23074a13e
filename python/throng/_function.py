"""Value functions: anything that gives a number when some of its players take part and others do not."""
from __future__ import annotations

import ctypes
import inspect
from typing import Any, Callable

import numpy as np

from ._context import Context, Progress
from ._library import Record, lib, plain


class FunctionResult:
    """Credits of a value function's players.

    phi: [n] what each player contributed; the credits add up to ``everybody - nobody`` if the method is efficient
    standard_error: [n] of each phi, 0 for methods that do not sample
    certificate: as everywhere in throng
    calls, hits: how often the function was called, and how often its answer was known already

    >>> import throng
    >>> r = throng.ValueFunction(2, lambda takes_part: float(takes_part.all())).attribute()
    >>> r.phi.tolist(), r.calls
    ([0.5, 0.5], 4)
    """

    def __init__(self, phi: np.ndarray, standard_error: np.ndarray, certificate: Record, calls: int, hits: int):
        self.phi, self.standard_error, self.certificate = phi, standard_error, certificate
        self.calls, self.hits = calls, hits

    @property
    def interval(self) -> np.ndarray:
        """[n] half-width of a 95 % interval of each phi; 0 for methods that do not sample."""
        return self.certificate.interval * self.standard_error

    def __repr__(self) -> str:
        certificate = self.certificate
        return (f'{len(self.phi):,} players, v(nobody) {certificate.nobody:.6g}, v(everybody) '
                f'{certificate.everybody:.6g}, sum of phi {certificate.sum_phi:.6g}, {self.calls:,} calls')


class ValueFunction:
    """A function of who takes part, made attributable: a Mesa model, an NDlib simulation, a predictor.

    n: how many players there are
    value: ``value(participation) -> number``; participation is an array [n] of numbers from 0 (silent) to 1 (takes
        part), 0 or 1 for all methods but those on a path. With ``draws`` it is ``value(participation, draw)``.
    gradient: ``gradient(participation) -> array [n]``, the derivative by each participation: path methods
        (aumann-shapley, gradient-input) need it, others do not. Not with ``draws``.
    draws: of a function with randomness inside: v is the mean over draw = 0..draws-1. Seed your generator with `draw`
        alone, so that all coalitions have the same luck (common random numbers); standard errors then hold the rest.
    batch: of a function that is quicker with many coalitions at once: it is given at most so many, an array [b, n], and
        with ``draws`` an array [b] of draws beside it, and returns an array [b]. Credits are the same as without.
    cache: megabytes for values that are known; with `batch`, what no longer fits is asked for one at a time

    >>> import throng
    >>> game = throng.ValueFunction(3, lambda takes_part: float(takes_part[0] and (takes_part[1] or takes_part[2])))
    >>> game.attribute('shapley-exact').phi.round(4).tolist()
    [0.6667, 0.1667, 0.1667]
    >>> game = throng.ValueFunction(3, lambda takes_part: takes_part[:, 0] * takes_part[:, 1:].max(axis=1), batch=100)
    >>> game.attribute('shapley-exact').phi.round(4).tolist()
    [0.6667, 0.1667, 0.1667]
    """

    def __init__(self, n: int, value: Callable[..., float], gradient: Callable[..., Any] | None = None, *,
                 draws: int | None = None, batch: int | None = None, cache: int = 64):
        if not callable(value) or (gradient is not None and not callable(gradient)):
            raise TypeError('value and gradient must be functions')
        if batch is not None and int(batch) < 1:
            raise ValueError(f'a batch holds at least one coalition, got {batch}')
        self.n, self.draws, self.batch, self.cache = int(n), draws, batch, cache
        self._value, self._gradient = value, gradient

    def value(self, participation: Any, draw: int = 0) -> float:
        """v(participation), checked."""
        given = np.array(participation, np.float64)
        if given.shape != (self.n,):
            raise ValueError(f'participation must have {self.n} entries, got an array of shape {given.shape}')
        if self.batch is not None:
            return float(self.values(given[None, :], np.array([draw]))[0])
        found = self._value(given) if self.draws is None else self._value(given, draw)
        number = np.asarray(found, np.float64)
        if number.size != 1:
            raise ValueError(f'value must return one number, got an array of shape {number.shape}')
        return float(number.reshape(()))

    def values(self, participation: np.ndarray, draw: np.ndarray) -> np.ndarray:
        """v of every row of an array [b, n], and at a draw each, of a function with `batch`, checked."""
        found = self._value(participation) if self.draws is None else self._value(participation, draw)
        numbers = np.asarray(found, np.float64)
        if numbers.shape != (len(participation),):
            raise ValueError(f'value must return {len(participation)} numbers for so many coalitions, an array of shape '
                             f'({len(participation)},), got {numbers.shape}')
        return numbers

    def gradient(self, participation: Any) -> np.ndarray:
        """dv/dparticipation, checked; with draws their mean."""
        if self._gradient is None:
            raise ValueError('no gradient was given')
        given = np.array(participation, np.float64)
        found = np.mean([self._gradient(given)] if self.draws is None else
                        [self._gradient(given, draw) for draw in range(self.draws)], axis=0)
        if found.shape != (self.n,):
            raise ValueError(f'gradient must return an array of shape ({self.n},), got {found.shape}')
        return found

    def attribute(self, method: str | None = None, *, seed: int = 0, tolerance: float | None = None,
                  nodes_max: int | None = None, calls_max: int = 0, progress: Progress = None) -> FunctionResult:
        """Credits the players.

        method: a name and parameters, "shapley-sampled:permutations=100"; default: aumann-shapley with a gradient,
            shapley-exact for up to 12 players, else shapley-sampled
        seed: of methods that sample
        tolerance, nodes_max: of methods on a path
        calls_max: most calls of value; 0: any number. Sampling methods end there with the estimate so far.
        """
        if method is None:
            method = ('aumann-shapley' if self._gradient else 'shapley-exact' if self.n <= 12 else 'shapley-sampled')
        return _Attribution(self, progress).run(method, seed, tolerance, nodes_max, calls_max)


class _Attribution:
    """One attribution and its callbacks."""

    def __init__(self, function: ValueFunction, progress: Progress):
        self.function, self.context = function, Context(progress)
        self.calls = 0

    def _guard(self, work: Callable[[], None]) -> int:
        if self.context.failure is None:
            self.calls += 1
            self.context.guard(work)
        return lib.value('OK') if self.context.failure is None else lib.value('E_CANCELLED')

    def _participation(self, pointer: Any) -> np.ndarray:
        return np.ctypeslib.as_array(pointer, (self.function.n,)).copy()

    def _value_at(self, _self: Any, alpha: Any, draw: int, out: Any, _error: Any) -> int:
        def work() -> None:
            out[0] = self.function.value(self._participation(alpha), draw)
        return self._guard(work)

    def _values_at(self, _self: Any, n: int, alpha: Any, draw: Any, out: Any, _error: Any) -> int:
        def work() -> None:
            given = np.ctypeslib.as_array(alpha, (n, self.function.n)).copy()
            draws = np.ctypeslib.as_array(draw, (n,)).copy()
            np.ctypeslib.as_array(out, (n,))[:] = self.function.values(given, draws)
        return self._guard(work)

    def _slope(self, _self: Any, alpha: Any, out: Any, _error: Any) -> int:
        def work() -> None:
            found = self.function.gradient(self._participation(alpha))
            np.ctypeslib.as_array(out, (self.function.n,))[:] = found
        return self._guard(work)

    def run(self, method: str, seed: int, tolerance: float | None, nodes_max: int | None,
            calls_max: int) -> FunctionResult:
        function, context = self.function, self.context
        options = lib.c.throng_method_options_default()
        phi, error = np.zeros(max(function.n, 0)), np.zeros(max(function.n, 0))
        options.standard_error = error.ctypes.data_as(ctypes.POINTER(ctypes.c_double))
        options.seed = seed
        if tolerance is not None:
            options.tolerance = tolerance
        if nodes_max is not None:
            options.nodes_max = nodes_max
        certificate = lib.struct('certificate')
        out = phi.ctypes.data_as(ctypes.POINTER(ctypes.c_double))
        wanted, box = lib.c.throng_black_box_default(), ctypes.c_void_p()
        wanted.n_agents, wanted.cache_bytes, wanted.calls_max = function.n, function.cache << 20, calls_max
        wanted.draws = 1 if function.draws is None else function.draws
        if function.batch is None:
            wanted.value = type(wanted.value)(self._value_at)
        else:
            wanted.values, wanted.batch = type(wanted.values)(self._values_at), int(function.batch)
        lib.call('black_box_create', context.pointer, ctypes.byref(wanted), ctypes.byref(box))
        try:
            callbacks = lib.c.throng_black_box_function(box)
            if function._gradient is not None:
                callbacks.gradient = type(callbacks.gradient)(self._slope)
            context.run('attribute_function', context.pointer, ctypes.byref(callbacks), method.encode(),
                        ctypes.byref(options), out, ctypes.byref(certificate))
            hits = lib.c.throng_black_box_count(box).hits
        finally:
            lib.c.throng_black_box_free(box)
        return FunctionResult(phi, error, plain(certificate), self.calls, hits)


def value_function(n: int, **options: Any) -> Callable[[Callable[..., float]], ValueFunction]:
    """Decorator: the function becomes a ValueFunction of n players. With a parameter ``draw``, `draws` is needed.

    >>> import throng
    >>> @throng.value_function(3)
    ... def quorum(takes_part):
    ...     return float(takes_part.sum() >= 2)
    >>> quorum.attribute().phi.round(4).tolist()
    [0.3333, 0.3333, 0.3333]
    """
    def wrap(function: Callable[..., float]) -> ValueFunction:
        if len(inspect.signature(function).parameters) > 1 and options.get('draws') is None:
            raise TypeError(f'{function.__name__} has a second parameter, the draw: say how many draws there are')
        made = ValueFunction(n, function, **options)
        made.__doc__ = function.__doc__
        return made
    return wrap
