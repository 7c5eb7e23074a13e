"""An NDlib-style threshold model: who made the cascade big?

Status 1 spreads over a network; whoever has a share of adopting neighbours of at least its threshold adopts. Taking part
means passing it on: the silent adopt, but nobody sees them. The same cascade is in throng as the world
`threshold-cascade`, for millions of agents; here it is somebody's own function of NumPy.
"""
import numpy as np
import throng

N, SEEDS = 30, [0, 1, 2]


def small_world(rng):
    """Who hears whom: a ring with shortcuts, as a matrix whose rows add up to 1."""
    heard = np.zeros((N, N))
    for i in range(N):
        for step in (1, 2, -1, -2):
            j = (i + step) % N if rng.random() > 0.1 else rng.integers(N)
            heard[i, j] = i != j
    return heard / heard.sum(axis=1, keepdims=True)


NETWORK = small_world(np.random.default_rng(4))


def reach(participation, draw):
    """How many adopt; `draw` decides the thresholds, the same for every coalition."""
    thresholds = np.random.default_rng(draw).uniform(0.1, 0.6, N)
    status = np.zeros(N)
    status[SEEDS] = 1.0
    for _ in range(N):
        after = np.maximum(status, NETWORK @ (status * participation) >= thresholds)
        if (after == status).all():
            break
        status = after
    return status.sum()


result = throng.ValueFunction(N, reach, draws=10).attribute('shapley-sampled:permutations=40', seed=7)
print(f'{result.certificate.everybody:.1f} of {N} adopt, {result.certificate.nobody:.1f} if nobody passes it on.')
print('What the three seeds did:', result.phi[SEEDS].round(2), 'of', round(result.phi.sum(), 2))
assert abs(result.phi.sum() - (result.certificate.everybody - result.certificate.nobody)) < 1e-9
assert result.phi[SEEDS].sum() > 0.3 * result.phi.sum()
