"""Leduc hold'em: solve it, look at the strategy, see what it wins, and who would profit from playing it.

Then a game of one's own from two matrices, and a player that is a Python function.
"""
import numpy as np
import throng

leduc = throng.game('leduc')
solved = throng.solve(leduc, 'cfr-plus', tolerance=0.01)
print(solved)
assert solved.converged and abs(solved.value[0] + 0.0856) < 0.01
for card in 'JQK':
    print(f'with {card} the first player raises {solved.strategy[f"{card}:"]["raise"]:.0%} of the time')

# The strategy is a table as all results: what others are worth against it, without playing a hand.
print(f'gap of uniform play {leduc.gap("uniform"):.3f}, of calling always {leduc.gap("always:call"):.3f}')

match = throng.play(leduc, [solved, 'always:raise|call'], deals=2000)
print(match)
assert match.policies[0].expected > 0.3

credits = throng.attribute_game(leduc, policy=solved, reference='always:call', of=1)
print(credits)
assert abs(credits.phi.sum() - (credits.certificate.everybody - credits.certificate.nobody)) < 1e-9

# What the first gets and what the second gets: the battle of the sexes. Fictitious play finds one of its equilibria.
battle = throng.game([[[2, 0], [0, 1]], [[1, 0], [0, 2]]], actions=[['opera', 'football']] * 2, players=['Ann', 'Bob'])
agreed = throng.solve(battle, 'fictitious-play', tolerance=0.01)
print(agreed)


def stubborn(history, player):
    """Insists on what is best for itself, whatever the other did so far."""
    return player


rounds = throng.play(battle, ['best-reply', stubborn], rounds=12)
together = rounds.actions[0, :, 0] == rounds.actions[0, :, 1]
print(f'{together.sum()} of {len(together)} evenings together, at the {rounds.actions[0, -1, 0]}')
assert together.tolist() == [False] + 11 * [True]
