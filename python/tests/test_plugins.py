"""Indicators and worlds written in Python against those of C."""
import numpy as np
import pytest
import throng
from throng import errors


class Spread(throng.Indicator):
    """Variance, in Python."""
    name = 'spread-in-python'

    def value(self, m):
        return m[2] - m[1] ** 2

    def gradient(self, m):
        return [0.0, -2 * m[1], 1.0]


class Square(throng.Indicator):
    """Mean of |x|^p through features."""
    name, n_features, params = 'power-mean', 1, {'p': 2.0}

    def value(self, m, p):
        return m[0]

    def features(self, x, p):
        return [abs(x) ** p], [p * abs(x) ** (p - 1) * np.sign(x)]


class Pull(throng.World):
    """Friedkin-Johnsen, in Python."""
    name, params = 'pull-in-python', {'susceptibility': 0.8}

    def move(self, s):
        rate = s.params['susceptibility']
        return rate * (s.heard[0] + (1 - s.present) * 0.0) + (1 - rate) * s.innate

    def move_adjoint(self, s, of):
        rate = s.params['susceptibility']
        return {'heard': [rate * of[0]], 'innate': (1 - rate) * of[0]}


@pytest.fixture(autouse=True)
def plugins():
    from throng import _context
    before = list(_context.registered)
    yield
    _context.registered[:] = before


def test_an_indicator():
    Spread().register()
    table = {'x': np.random.default_rng(0).normal(size=5000)}
    mine = throng.attribute(table, state='x', indicator='spread-in-python')
    assert np.allclose(mine.phi, throng.attribute(table, state='x').phi, rtol=1e-10, atol=1e-15)
    assert throng.available('indicators')['spread-in-python'] == 'Variance, in Python.'


def test_features_and_parameters():
    Square().register()
    x = np.random.default_rng(0).normal(size=300)
    found = throng.attribute({'x': x}, state='x', indicator='power-mean:p=3')
    assert found.certificate.everybody == pytest.approx(np.mean(np.abs(x) ** 3))
    assert np.allclose(found.phi, np.abs(x) ** 3 / 300)


def test_a_world():
    Pull().register()
    crowd = dict(generate='uniform', agents=200, graph_model='watts-strogatz', steps=6, seed=3)
    mine = throng.attribute(world='pull-in-python', **crowd)
    assert mine.certificate.converged and mine.report.world.smooth
    assert abs(mine.phi.sum() - (mine.certificate.everybody - mine.certificate.nobody)) < 1e-10
    sampled = throng.attribute(world='pull-in-python', method='shapley-sampled:permutations=40', **crowd)
    assert np.corrcoef(sampled.phi, mine.phi)[0, 1] > 0.9


def test_what_goes_wrong_in_a_plugin_is_raised():
    class Broken(Spread):
        name = 'broken'

        def value(self, m):
            raise RuntimeError('on purpose')

    class Shapeless(Pull):
        name = 'shapeless'

        def move(self, s):
            return np.zeros(3)

    Broken().register()
    Shapeless().register()
    with pytest.raises(RuntimeError, match='on purpose'):
        throng.attribute({'x': [1.0, 2.0]}, state='x', indicator='broken')
    with pytest.raises(ValueError, match='broadcast|shape'):
        throng.simulate(generate='uniform', agents=50, graph_model='ring', world='shapeless')
    with pytest.raises(NotImplementedError):
        class Nothing(throng.Indicator):
            name = 'nothing'
        Nothing().register()
        throng.attribute({'x': [1.0, 2.0]}, state='x', indicator='nothing')
    assert throng.attribute({'x': [1.0, 2.0]}, state='x').phi.size == 2


def test_names_that_are_taken():
    class Variance(Spread):
        name = 'variance'

    with pytest.raises(errors.PluginError, match='variance'):
        Variance().register()
    assert throng.attribute({'x': [1.0, 2.0]}, state='x').phi.size == 2
    Spread().register()
    Spread().register()


class Bids(throng.Mechanism):
    """The highest bid gets it and pays a share of the way from the second bid to its own."""
    name, decides, params, promises = 'bids-in-python', 'good', {'share': 0.0}, ['efficient', 'strategyproof']

    def decide(self, reports, share):
        second, first = np.sort(np.append(reports, 0.0))[-2:]
        return int(np.argmax(reports)), second + share * (first - second)


def test_a_mechanism():
    Bids().register()
    mine, theirs = throng.mechanism('bids-in-python'), throng.mechanism('second-price')
    assert mine.decide([0.2, 0.7, 0.5]).payments.tolist() == theirs.decide([0.2, 0.7, 0.5]).payments.tolist() == [0, .5, 0]
    assert mine.promises == ['strategyproof', 'efficient'] and mine.check(60)
    greedy = throng.mechanism('bids-in-python:share=0.5').check(60)
    assert not greedy and not greedy.axioms[0].holds and greedy.axioms[0].promised and 'BROKEN' in repr(greedy)


def test_what_goes_wrong_in_a_mechanism_is_raised():
    class Far(throng.Mechanism):
        def decide(self, reports):
            return reports.sum()

    class Broken(throng.Mechanism):
        def decide(self, reports):
            raise RuntimeError('on purpose')

    class Odd(throng.Mechanism):
        promises = ['fair']

    Far().register()
    Broken().register()
    with pytest.raises(ValueError, match='from 0 to 1, got .*1.5'):
        throng.mechanism('far').decide([0.5, 1.0])
    with pytest.raises(RuntimeError, match='on purpose'):
        throng.mechanism('broken').check(5)
    with pytest.raises(RuntimeError, match='on purpose'):
        throng.mechanism('broken').best_replies([0.5, 1.0])
    with pytest.raises(ValueError, match="no axiom 'fair': there are strategyproof"):
        Odd()
    assert throng.mechanism('median').decide([0.5]).place == 0.5


def test_what_a_world_saw_may_be_kept():
    """Arrays that move() puts aside are its own: the library's memory is gone when the call is over."""
    class Keeper(throng.World):
        """Everybody goes half of the way to 0."""
        name, saw = 'keeper', []

        def move(self, s):
            self.saw.append((s.state[0], s.state[0].tolist()))
            return s.state[0] / 2

    Keeper().register()
    throng.simulate({'x': np.arange(1.0, 9.0)}, state='x', graph_model='ring', world='keeper', steps=3)
    assert Keeper.saw and all(kept.tolist() == then for kept, then in Keeper.saw)
