"""Value functions of Python: exact values, randomness, gradients, and callbacks that go wrong."""
import itertools
import math
import signal

import numpy as np
import pytest
import throng
from throng import errors

WEIGHTS = np.array([4.0, 3.0, 2.5, 2.0, 1.0, 1.0, 0.5, 0.5, 3.5, 1.5, 0.25, 2.25])


def majority(participation, quota=11.0):
    return float(WEIGHTS[:len(participation)] @ participation > quota)


def shapley(value, n):
    """By definition, over all orders' marginals grouped by coalition."""
    found = np.zeros(n)
    for members in range(1 << n):
        inside = [i for i in range(n) if members >> i & 1]
        here = value(np.array([members >> i & 1 for i in range(n)], float))
        for i in inside:
            without = value(np.array([(members & ~(1 << i)) >> j & 1 for j in range(n)], float))
            found[i] += (here - without) * math.factorial(len(inside) - 1) * math.factorial(n - len(inside))
    return found / math.factorial(n)


def test_exact_values():
    def value(a):
        return float(a[0] * a[1] + 2 * a[2] - a[3] * a[4] * a[0])
    result = throng.ValueFunction(6, value).attribute('shapley-exact')
    assert np.allclose(result.phi, shapley(value, 6), atol=1e-14)
    assert result.calls <= 64


def test_sampled_within_its_interval():
    exact = throng.ValueFunction(12, majority).attribute('shapley-exact').phi
    sampled = throng.ValueFunction(12, majority).attribute('shapley-sampled:permutations=500', seed=4)
    assert (np.abs(sampled.phi - exact) <= sampled.interval).sum() >= 9
    assert sampled.phi.sum() == pytest.approx(1.0)


def test_randomness_inside():
    def value(participation, draw):
        luck = np.random.default_rng(draw).normal(size=12)
        return float((WEIGHTS * (1 + 0.3 * luck)) @ participation > 11)

    mean = throng.ValueFunction(12, lambda a: np.mean([value(a, draw) for draw in range(10)]))
    exact = mean.attribute('shapley-exact').phi
    sampled = throng.ValueFunction(12, value, draws=10).attribute('shapley-sampled:permutations=100', seed=1)
    assert (np.abs(sampled.phi - exact) <= sampled.interval).sum() >= 9


def test_gradient():
    a, b = np.array([1.0, -2.0, 0.5]), np.array([0.3, 0.1, 2.0])
    function = throng.ValueFunction(3, lambda p: float((a @ p) * (b @ p)), lambda p: a * (b @ p) + b * (a @ p))
    result = function.attribute()
    assert np.allclose(result.phi, (a * b.sum() + b * a.sum()) / 2, atol=1e-12)
    assert result.certificate.converged
    with pytest.raises(errors.UnsupportedError, match='gradient'):
        throng.ValueFunction(3, lambda p: 1.0).attribute('aumann-shapley')


def test_callbacks_that_go_wrong():
    class Mine(Exception):
        pass

    def raises(participation):
        raise Mine('on purpose')

    for value, kind, said in ((raises, Mine, 'on purpose'),
                              (lambda p: float('nan'), errors.DegenerateError, ''),
                              (lambda p: np.zeros(3), ValueError, 'one number'),
                              (lambda p: 'seven', ValueError, 'seven'),
                              (lambda p: None, Exception, '')):
        with pytest.raises(kind, match=said):
            throng.ValueFunction(4, value).attribute('shapley-exact')
    with pytest.raises(ValueError, match='shape'):
        throng.ValueFunction(3, lambda p: 1.0, lambda p: np.zeros(2)).attribute('aumann-shapley')
    for n in (0, -1):
        with pytest.raises((errors.ArgumentError, errors.EmptyError, ValueError)):
            throng.ValueFunction(n, lambda p: 1.0).attribute('shapley-exact')
    assert throng.ValueFunction(2, lambda p: float(p.sum())).attribute('shapley-exact').phi.tolist() == [1.0, 1.0]


def test_an_interrupted_callback():
    calls = itertools.count()

    def value(participation):
        if next(calls) == 5:
            signal.raise_signal(signal.SIGINT)
        return 1.0

    with pytest.raises(KeyboardInterrupt):
        throng.ValueFunction(10, value).attribute('shapley-sampled:permutations=1000')
    assert throng.ValueFunction(1, lambda p: p[0]).attribute().phi.tolist() == [1.0]


def test_what_a_callback_keeps_stays_its_own():
    kept = []
    throng.ValueFunction(3, lambda p: kept.append(p) or 0.5 + p[0]).attribute('shapley-exact')
    assert len({tuple(entry) for entry in kept}) == len(kept) == 8


def test_decorator():
    @throng.value_function(2)
    def both(participation):
        """Both are needed."""
        return float(participation.min())

    assert both.attribute().phi.tolist() == [0.5, 0.5] and both.__doc__ == 'Both are needed.'
    with pytest.raises(TypeError, match='draws'):
        throng.value_function(2)(lambda participation, draw: 0.0)


def test_budget():
    result = throng.ValueFunction(12, majority).attribute('shapley-sampled:permutations=1000', calls_max=200)
    assert result.calls <= 200 and result.certificate.parts < 1000


def test_batches_give_the_same_credits():
    sizes = []

    def many(participation):
        sizes.append(len(participation))
        return np.array([majority(row) for row in participation])

    for method in ('shapley-exact', 'shapley-sampled:permutations=100', 'leave-one-out'):
        sizes.clear()
        alone = throng.ValueFunction(12, majority).attribute(method, seed=3)
        batched = throng.ValueFunction(12, many, batch=500).attribute(method, seed=3)
        assert batched.phi.tolist() == alone.phi.tolist()
        assert batched.standard_error.tolist() == alone.standard_error.tolist()
        assert batched.calls == len(sizes) < alone.calls / 6 and max(sizes) <= 500
    assert throng.ValueFunction(12, many, batch=5).value(np.ones(12)) == 1.0


def test_batches_with_randomness_inside():
    def one(participation, draw):
        luck = np.random.default_rng(draw).normal(size=12)
        return float((WEIGHTS * (1 + 0.3 * luck)) @ participation > 11)

    def many(participation, draws):
        assert draws.shape == (len(participation),)
        return [one(row, int(draw)) for row, draw in zip(participation, draws)]

    alone = throng.ValueFunction(12, one, draws=4).attribute('shapley-sampled:permutations=40', seed=1)
    batched = throng.ValueFunction(12, many, draws=4, batch=64).attribute('shapley-sampled:permutations=40', seed=1)
    assert batched.phi.tolist() == alone.phi.tolist()


def test_batches_that_go_wrong():
    def raises(participation):
        raise RuntimeError('on purpose')

    for value, kind, said in ((raises, RuntimeError, 'on purpose'),
                              (lambda p: np.where(p[:, 0] > 0, np.nan, 0.0), errors.DegenerateError, 'coalition of'),
                              (lambda p: 1.0, ValueError, 'array of shape'),
                              (lambda p: np.zeros((len(p), 1)), ValueError, 'array of shape'),
                              (lambda p: p, ValueError, 'array of shape')):
        with pytest.raises(kind, match=said):
            throng.ValueFunction(4, value, batch=8).attribute('shapley-exact')
    with pytest.raises(ValueError, match='at least one coalition'):
        throng.ValueFunction(4, raises, batch=0)
    calls = itertools.count()

    def interrupted(participation):
        if next(calls) == 3:
            signal.raise_signal(signal.SIGINT)
        return np.ones(len(participation))

    with pytest.raises(KeyboardInterrupt):
        throng.ValueFunction(10, interrupted, batch=4).attribute('shapley-exact')
    assert throng.ValueFunction(2, lambda p: p.sum(axis=1), batch=9).attribute().phi.tolist() == [1.0, 1.0]
