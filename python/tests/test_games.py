"""Games from Python: the numbers of the command line and of textbooks, and what goes wrong."""
import json
import os
import pathlib
import signal
import subprocess
import threading

import numpy as np
import pytest
import throng
from throng import errors

CYCLE = [[.5, .9, .2], [.1, .5, .7], [.8, .3, .5]]


@pytest.fixture(scope='module')
def kuhn():
    return throng.solve('kuhn', tolerance=1e-4)


def test_kuhn(kuhn):
    assert kuhn.value == pytest.approx([-1 / 18, 1 / 18], abs=1e-4) and kuhn.converged and kuhn.gap <= 1e-4
    assert kuhn.game == 'kuhn' and kuhn.solver == 'cfr-plus' and kuhn.players == ['Player 1', 'Player 2']
    assert kuhn.trace['iteration'][-1] == kuhn.iterations and kuhn.trace['gap'][-1] == kuhn.gap
    assert len(kuhn.strategy) == 12 and 0 <= kuhn.strategy['J'].bet <= 1 / 3 + 0.01 and kuhn.strategy['Kb'].bet > 0.99
    game = throng.game('kuhn')
    assert game.gap(kuhn) == kuhn.gap and game.gap(kuhn.strategy) == kuhn.gap
    assert np.array_equal(game.value(kuhn), kuhn.value) and game.size == '55 nodes, 12 information sets'
    assert game.gap('uniform') == pytest.approx(11 / 12) and throng.game('leduc').gap('uniform') == pytest.approx(4.747222, abs=1e-6)
    assert 'kuhn' in repr(game) and 'within' in repr(kuhn) and 'bet' in repr(kuhn.strategy)


def test_the_same_as_the_command_line(kuhn):
    program = os.environ.get('THRONG')
    if not program:
        pytest.skip('THRONG does not name the program')
    printed = json.loads(subprocess.run([program, 'solve', 'kuhn', '--tolerance', '1e-4', '--json'], check=True,
                                        stdout=subprocess.PIPE).stdout)
    assert printed == kuhn.report.solution
    shared = json.loads(subprocess.run([program, 'attribute', '--game', 'kuhn', '--of', '1', '--json'], check=True,
                                       stdout=subprocess.PIPE).stdout)
    mine = throng.attribute_game('kuhn', of='Player 1')
    assert [entry['phi'] for entry in shared['players']] == mine.phi.tolist() and mine.solution.gap == shared['gap']
    played = json.loads(subprocess.run([program, 'play', 'kuhn', '--policy', 'solver:cfr', '--policy', 'best-response',
                                        '--deals', '50', '--json'], check=True, stdout=subprocess.PIPE).stdout)
    mine = throng.play('kuhn', ['solver:cfr', 'best-response'], deals=50)
    assert played['policies'] == mine.policies and mine.scores.shape == (50, 2)
    found = json.loads(subprocess.run([program, 'mechanism', 'median', '--check', '50', '--json'], check=True,
                                      stdout=subprocess.PIPE).stdout)
    mine = throng.mechanism('median').check(50)
    assert [axiom['broken'] for axiom in found['axioms']] == [axiom.broken for axiom in mine.axioms]
    assert found['welfare_ratio']['worst'] == mine.welfare_ratio.worst


def test_matrices():
    pennies = throng.game([[3, -1], [-1, 1]], actions=[['h', 't'], ['h', 't']], players=['Even', 'Odd'], name='Pennies')
    found = throng.solve(pennies, 'lp', tolerance=1e-9)
    assert found.value == pytest.approx([1 / 3, -1 / 3]) and found.strategy[2].h == pytest.approx(1 / 3)
    assert found.strategy[1, ''] == found.strategy[1] and found.game == 'Pennies' and found.players == ['Even', 'Odd']
    both = np.array([[[3, 0], [5, 1]], [[3, 5], [0, 1]]])  # the prisoners' dilemma
    assert throng.game(both).gap({'*': {'2': 1}}) == 0 and throng.game(both).gap({'*': {'1': 1}}) == 4
    draw = np.random.default_rng(0).normal(size=(3, 2, 3, 4))
    three = throng.game(draw)
    mixed = [np.array([.3, .7]), np.array([.2, .3, .5]), np.array([.1, .2, .3, .4])]
    table = {'player': np.repeat([1, 2, 3], [2, 3, 4]), 'set': [''] * 9, 'action': list('12') + list('123') + list('1234'),
             'probability': np.concatenate(mixed)}
    assert three.value(table) == pytest.approx(np.einsum('pijk,i,j,k->p', draw, *mixed))
    assert three.players == ['Player 1', 'Player 2', 'Player 3']


def test_preferences():
    drinks = throng.preferences(CYCLE, names=['tea', 'coffee', 'juice'], reference=[1, 1, 2])
    assert list(throng.solve(drinks, 'lp', tolerance=1e-9).strategy[1].values()) == pytest.approx([2 / 9, 3 / 9, 4 / 9])
    found = throng.solve(drinks, 'nash-mp:beta=0.1', tolerance=1e-9)
    p = found.strategy.probabilities
    weights = np.array([1, 1, 2]) * np.exp(CYCLE @ p / 0.1)
    assert p == pytest.approx(weights / weights.sum(), abs=1e-4) and found.measure == 'regularised gap'
    assert found.game_gap > 1e-3
    groups = throng.preferences([CYCLE, np.full((3, 3), .5)], group=2)
    assert groups.gap('uniform') == 0


def kuhn_tree():
    """Kuhn's poker once more, written out."""
    def play(cards, history):
        if history[-2:] in ('bb', 'pp') or history[-2:] == 'bp':
            stake = 2 if history[-2:] == 'bb' else 1
            won = stake if cards[0] > cards[1] else -stake
            if history[-2:] == 'bp':
                won = 1 if len(history) % 2 == 0 else -1
            return [won, -won]
        player = len(history) % 2
        return (player + 1, 'JQK'[cards[player]] + history,
                {'pass': play(cards, history + 'p'), 'bet': play(cards, history + 'b')})

    return {f'{"JQK"[a]}{"JQK"[b]}': (1 / 6, play((a, b), '')) for a in range(3) for b in range(3) if a != b}


def test_trees(kuhn):
    mine = throng.tree(kuhn_tree(), name='kuhn')
    assert mine.size == throng.game('kuhn').size and mine.gap('uniform') == pytest.approx(11 / 12)
    assert mine.gap(kuhn) == kuhn.gap and throng.solve(mine, 'lp').value[0] == pytest.approx(-1 / 18)
    alone = throng.tree((1, 'door', {'left': [1], 'right': (1, 'room', {'up': [0], 'down': [3]})}), players=['Ann'])
    assert alone.players == ['Ann'] and alone.value({'door': {'right': 1}, 'room': {'down': 1}}) == 3


def test_markov_games():
    draw = np.random.default_rng(2)
    chances, paid = draw.dirichlet(np.ones(5), size=(5, 3)), draw.random((5, 3))
    found = throng.solve(throng.markov(chances, paid, discount=0.8, start=2), tolerance=1e-9)
    worth = np.zeros(5)
    for _ in range(200):
        worth = (paid + 0.8 * chances @ worth).max(axis=1)
    assert found.value == pytest.approx([worth[2]], abs=1e-8)
    both, matrix = np.ones((1, 2, 3, 1)), draw.normal(size=(1, 2, 3))
    found = throng.solve(throng.markov(both, matrix, discount=0.5, states=['ring'], actions=['lr', 'uvw']), tolerance=1e-9)
    once = throng.solve(throng.game(matrix[0]), 'lp', tolerance=1e-9)
    assert found.value == pytest.approx(2 * once.value, abs=1e-6) and found.strategy.sets[1].actions == ['u', 'v', 'w']
    assert found.strategy[1, 'ring'].l == pytest.approx(once.strategy[1]['1'], abs=1e-6)
    ends = throng.markov([[[0.5], [0.25]]] * 1, [[1, 0.5]], discount=1)  # 1 + 1/2 + 1/4 ...
    assert ends.value({'*': {'1': 1}}) == pytest.approx([2])


def test_strategies_go_round(kuhn, tmp_path):
    game = throng.game('kuhn')
    columns = kuhn.strategy.columns()
    assert columns['player'].dtype == np.int32 and len(columns['set']) == 24
    again = game.strategy(columns)
    assert again.sets == kuhn.strategy.sets and again.probabilities == pytest.approx(kuhn.strategy.probabilities)
    pd = pytest.importorskip('pandas')
    frame = kuhn.strategy.frame()
    assert isinstance(frame, pd.DataFrame) and game.gap(frame) == pytest.approx(kuhn.gap, abs=1e-9)
    saved = kuhn.save(tmp_path / 'run')
    read = throng.read_solution(saved)
    assert read.strategy.sets == kuhn.strategy.sets and np.array_equal(read.strategy.probabilities, kuhn.strategy.probabilities)
    assert game.gap(read) == kuhn.gap and game.gap(os.fspath(saved)) == pytest.approx(kuhn.gap, abs=1e-12)
    assert np.array_equal(read.value, kuhn.value) and read.report.solution.trace == kuhn.report.solution.trace
    with pytest.raises(errors.ExistsError):
        throng.solve('kuhn', out=saved)
    assert throng.solve('stag-hunt', 'fictitious-play', tolerance=.01, out=saved, force=True).converged
    assert throng.read_solution(saved).game == 'stag-hunt'
    page = kuhn.report(tmp_path / 'page.html').read_text(encoding='utf-8')
    assert page.startswith('<!doctype html>') and 'kuhn' in page
    game.write(tmp_path / 'kuhn.efg')
    assert throng.game(tmp_path / 'kuhn.efg').gap('uniform') == pytest.approx(11 / 12)


def test_not_converged():
    with pytest.warns(throng.NotConvergedWarning, match='after 3 iterations the gap is'):
        found = throng.solve('kuhn', 'cfr', iterations=3, tolerance=0)
    assert not found.converged and found.tolerance == 0 and 'NOT WITHIN' in repr(found)
    blueprint = throng.solve('bayesian-team', 'mds', iterations=2, tolerance=2)
    better = throng.solve('bayesian-team', 'mds:set=1,samples=100', start=blueprint, iterations=1, tolerance=2)
    assert better.strategy.probabilities[6:].tolist() == blueprint.strategy.probabilities[6:].tolist()
    assert better.strategy.probabilities.tolist() != blueprint.strategy.probabilities.tolist()
    drawn = [throng.solve('bayesian-team', 'mds:samples=9', iterations=1, tolerance=9, seed=seed).gap for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]
    every = throng.solve('kuhn', 'cfr', every=True, iterations=9, tolerance=2, seed=3)
    assert every.trace['iteration'].tolist() == [1] and every.report.provenance.seed == 3


def test_other_forms():
    smooth = throng.solve('public-goods', 'aga:rule=simul-ind', tolerance=0.05)
    assert smooth.measure == 'bent gradient' and smooth.strategy[1].logit < -0.9
    crowd = throng.solve('majority-tracking:agents=30,rollouts=50', 'subsample-q:k=2,m=5')
    assert crowd.game_gap is None and crowd.value_half[0] > 0 and len(crowd.strategy) == 18
    assert throng.game('majority-tracking').name.startswith('majority-tracking')
    assert {'kuhn', 'stag-hunt', 'files'} <= throng.available('games').keys() and 'rae' in throng.available('solvers')
    assert throng.describe('games', 'stag-hunt').params == [] and 'average' in throng.available('mechanisms')


def test_attribution():
    found = throng.attribute_game('prisoners-dilemma', policy='always:F', reference='always:J', of='shortfall')
    assert found.phi.tolist() == [3, 3] and found.solution is None and found.of == 'shortfall'
    found = throng.attribute_game('kuhn', policy='uniform', reference='always:pass', of=2)
    assert found.phi.sum() == pytest.approx(found.certificate.everybody - found.certificate.nobody)
    assert found.players == ['Player 1', 'Player 2'] and 'Player 2' in repr(found)


def test_models_that_play(tmp_path):
    model = throng.Model(script='', temperature=1, cache=tmp_path / 'answers', transcript=tmp_path / 'said.ndjson')
    found = throng.play('kuhn', [model, 'solver:cfr'], deals=50)
    uniform = throng.play('kuhn', ['uniform', 'solver:cfr'], deals=50)
    assert found.policies[0].expected == pytest.approx(uniform.policies[0].expected, abs=1e-12)
    assert found.policies[0].policy == 'stand-in' and found.policies[0].counts.by_logprobs == 12 and 'counts' not in found.policies[1]
    again = throng.play('kuhn', [throng.Model('stand-in', replay=tmp_path / 'said.ndjson', temperature=1), 'solver:cfr'], deals=50)
    assert np.array_equal(again.scores, found.scores)
    rounds = throng.play('stag-hunt', [model, 'always:J'], rounds=5)
    assert rounds.policies[0].counts.by_logprobs == 5 and not rounds.policies[0].counts.void and rounds.actions.shape == (1, 5, 2)


def test_matches(kuhn):
    assert throng.play('kuhn', [kuhn, 'uniform'], deals=2000, fixed_seats=True).policies[0].expected > 0.05
    assert throng.play('kuhn', 'best-reply', deals=3).policies[0].expected is None

    def grim(history, player):
        return 'F' if 1 in history[:, 1 - player] else 'J'

    found = throng.play('prisoners-dilemma', [grim, 'once:F'], rounds=4)
    assert found.actions[0, :, 0].tolist() == ['J', 'F', 'F', 'F'] and found.policies[0].policy == 'grim'
    assert found.actions[0, :, 1].tolist() == ['F', 'J', 'J', 'J'] and found.policies[0].half_width is None
    copied = throng.play('stag-hunt', [lambda history, player: history[-1, 1] if len(history) else 0, 'random'],
                         rounds=9, repetitions=3).actions
    assert (copied[:, 1:, 0] == copied[:, :-1, 1]).all() and (copied[0] != copied[1]).any()
    mixed = throng.play('stag-hunt', [lambda history, player: 1, {'*': {'J': 1, 'F': 3}}], rounds=400, repetitions=2, seed=5)
    assert (mixed.actions[:, :, 0] == 'F').all() and np.mean(mixed.actions[:, :, 1] == 'F') == pytest.approx(0.75, abs=0.06)
    again = throng.play('stag-hunt', ['always:2', throng.game('stag-hunt').strategy({'*': {'J': 1, 'F': 3}})], rounds=400,
                        repetitions=2, seed=5, threads=3)
    assert (again.actions == mixed.actions).all()


def test_mechanisms():
    median = throng.mechanism('median')
    decided = median.decide(np.array([0.9, 0.0, 0.1], np.float32))
    assert decided.place == pytest.approx(0.1) and decided.welfare == decided.best_welfare == pytest.approx(2.1)
    assert 'strategyproof' in median.promises and 'median' in repr(median)
    auction = throng.mechanism('second-price').decide([0.2, 0.7, 0.5])
    assert auction.winner == 1 and auction.payments.tolist() == [0, 0.5, 0]
    replies = throng.mechanism('average').best_replies([0.2, 0.3, 0.9], like='uniform-phantom')
    assert replies.rested and replies.distance < 1e-9 and replies.reports.tolist() == [0, 0, 1]
    found = throng.mechanism('average').check(100)
    lie = found.axioms[0]
    assert lie.axiom == 'strategyproof' and not lie.holds and not lie.promised and found and 'BROKEN' in repr(found)
    reports, mean = lie.example.copy(), throng.mechanism('average')
    truth = mean.decide(reports).place
    reports[lie.agent] = lie.instead
    assert abs(mean.decide(reports).place - lie.example[lie.agent]) < abs(truth - lie.example[lie.agent])


def test_plugins():
    place = pathlib.Path(os.environ.get('THRONG_LIBRARY', '')).parent / 'examples'
    if not (place / 'plugin_game.so').exists():
        pytest.skip('the example plug-ins are not built')
    game = throng.game('inspection:fine=1', plugin=place / 'plugin_game.so')
    assert game.gap({'at work': {'comply': .8, 'cheat': .2}, 'outside': {'wait': 1, 'look': 1}}) == pytest.approx(0)
    assert throng.play(game, 'random', deals=5).deals == 5
    kuhn = throng.game('kuhn', plugin=place / 'plugin_solver.so')
    assert throng.solve(kuhn, 'discounted').solver == 'discounted:power=1' and kuhn.gap('solver:discounted@9') < 0.1
    assert throng.mechanism('midrange', plugin=place / 'plugin_mechanism.so').decide([0, .1, 1]).place == 0.5
    with pytest.raises(errors.PluginError):
        throng.game('kuhn', plugin='none.so')


@pytest.mark.parametrize('message, kind, call', [
    ('Did you mean "kuhn"', errors.UnknownNameError, lambda: throng.solve('kuhm')),
    ('Did you mean "cfr-plus"', errors.UnknownNameError, lambda: throng.solve('kuhn', 'cfrplus')),
    ('cannot start', errors.UnsupportedError, lambda: throng.solve('kuhn', start='uniform')),
    ('solves trees', errors.UnsupportedError, lambda: throng.solve('public-goods', 'cfr')),
    ('not be negative', ValueError, lambda: throng.solve('kuhn', tolerance=float('nan'))),
    ('1 or more', ValueError, lambda: throng.solve('kuhn', iterations=0)),
    ('cannot be opened', errors.FileError, lambda: throng.game('none.efg')),
    ('one length', ValueError, lambda: throng.game([[1, 2], [3]])),
    ('wins are numbers', ValueError, lambda: throng.preferences([[.5, 'x'], [.1, .5]])),
    ('one of shape', ValueError, lambda: throng.game(np.zeros((3, 2, 2)))),
    ('not a number', errors.ArgumentError, lambda: throng.game([[np.nan, 1.0]])),
    ('must have actions', errors.ArgumentError, lambda: throng.game(np.zeros((0, 3)))),
    ('lists of 2, 2', ValueError, lambda: throng.game(np.eye(2), actions=[['a'], ['b', 'c']])),
    ('node at a/b must be', ValueError, lambda: throng.tree((1, 's', {'a': (2, 't', {'b': 5, 'c': [0, 0]}), 'd': [0, 0]}))),
    ('first node must be .* 2 payoffs', ValueError, lambda: throng.tree([1, 2, 3])),
    ('one of shape', ValueError, lambda: throng.markov(np.ones((2, 3)), [1, 2])),
    (r'shape .1, 2, 1. or .2, 1., got', ValueError, lambda: throng.markov(np.ones((2, 1, 2)), [[1, 2]])),
    ('2 names', ValueError, lambda: throng.markov(np.full((2, 1, 2), .5), np.ones((2, 1)), states=['a'])),
    ('sum|add up', errors.ArgumentError, lambda: throng.markov(np.ones((2, 1, 2)), np.ones((2, 1)))),
    ('discount', errors.ArgumentError, lambda: throng.markov(np.full((2, 1, 2), .5), np.ones((2, 1)), discount=2)),
    ('first node is chance', ValueError, lambda: throng.tree({'a': 0.5})),
    ('add up to', errors.ArgumentError, lambda: throng.tree({'a': (0.5, [0, 0]), 'b': (0.4, [0, 0])})),
    ('add up to 1', errors.ArgumentError, lambda: throng.preferences([[.5, .9], [.2, .5]])),
    ('for each of 3', ValueError, lambda: throng.preferences(CYCLE, names=['a'])),
    ('got int', TypeError, lambda: throng.game('kuhn').gap(3)),
    ('says nothing about', errors.ArgumentError, lambda: throng.game('kuhn').gap({'J': {'bet': 1}})),
    ('not be below 0', errors.FormatError, lambda: throng.game('kuhn').gap({'*': {'bet': -1}})),
    ('no action "go"', errors.ArgumentError, lambda: throng.game('kuhn').gap({'*': {'go': 1}})),
    ('no strategy of leduc', ValueError, lambda: throng.game('leduc').gap(throng.game('kuhn').strategy('uniform'))),
    ('no information set', KeyError, lambda: throng.game('kuhn').strategy('uniform')['ace']),
    ('split is welfare', errors.ArgumentError, lambda: throng.attribute_game('kuhn', of=3)),
    ('2 players', ValueError, lambda: throng.play('kuhn', ['uniform'] * 3)),
    ('Only one', errors.ArgumentError, lambda: throng.play('kuhn', 'best-response')),
    ('whom to ask', ValueError, lambda: throng.Model('a')),
    ('which one is it', ValueError, lambda: throng.Model(endpoint='http://127.0.0.1:9/v1')),
    ('one model plays', ValueError, lambda: throng.play('kuhn', [throng.Model(script=''), throng.Model(script='')])),
    ('temperature not below 0', errors.ArgumentError, lambda: throng.play('kuhn', throng.Model(script='', temperature=-1))),
    ('cannot be reached|not connect', errors.ThrongError,
     lambda: throng.play('stag-hunt', throng.Model('a', endpoint='http://127.0.0.1:9/v1', api='completions'), rounds=1)),
    ('none is named', errors.ArgumentError, lambda: throng.play('kuhn', 'llm')),
    ('give deals', ValueError, lambda: throng.play('kuhn', 'uniform', rounds=3)),
    ('give rounds', ValueError, lambda: throng.play('stag-hunt', 'random', deals=3)),
    ('no action of player 1', ValueError, lambda: throng.play('stag-hunt', lambda history, player: 'Q')),
    ('on purpose', RuntimeError, lambda: throng.play('stag-hunt', fail)),
    ('no matches', errors.UnsupportedError, lambda: throng.play('public-goods', 'uniform', deals=3)),
    ('in .0, 1.', errors.ArgumentError, lambda: throng.mechanism('median').decide([2.0])),
    ('Did you mean "median"', errors.UnknownNameError, lambda: throng.mechanism('medain')),
    ('one dimension', ValueError, lambda: throng.mechanism('median').decide([[1.0]])),
])
def test_what_fails(message, kind, call):
    with pytest.raises(kind, match=message):
        call()


def fail(history, player):
    raise RuntimeError('on purpose')


def test_interrupted_and_watched():
    seen = []

    def stop(stage, unit, done, total):
        seen.append((stage, unit, total))
        if len(seen) == 2:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        throng.solve('kuhn', 'cfr', iterations=10**6, tolerance=0, progress=stop)
    assert seen[0] == ('solving', 'iterations', 10**6)


def test_several_threads_use_one_game():
    game, found = throng.game('leduc'), []
    threads = [threading.Thread(target=lambda: found.append(throng.solve(game, iterations=20, tolerance=5).json)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    solved = [json.loads(text)['solution'] for text in found]
    assert len(solved) == 4 and all(one == solved[0] for one in solved)
