"""A Mesa-style model, attributable in ten lines: whose trading made the wealth of this village unequal?

The model is written as Mesa models are: agents with a step, a model that calls them in random order. `participation`
says who acts: the silent keep their coin in their pocket.
"""
import numpy as np
import throng


class Trader:
    """Gives a coin to somebody at random; number 0 takes one instead."""

    def __init__(self, model, number):
        self.model, self.number, self.wealth = model, number, 5

    def step(self):
        other = self.model.random.choice(self.model.agents)
        giver, taker = (other, self) if self.number == 0 else (self, other)
        if giver.wealth > 0:
            giver.wealth -= 1
            taker.wealth += 1


class Village:
    """Boltzmann's wealth model."""

    def __init__(self, n, seed):
        self.random = np.random.default_rng(seed)
        self.agents = [Trader(self, i) for i in range(n)]

    def step(self, acts):
        for i in self.random.permutation(len(self.agents)):  # all draws are made whoever acts: the same luck
            if acts[i]:
                self.agents[i].step()

    def gini(self):
        wealth = np.sort([agent.wealth for agent in self.agents])
        n = len(wealth)
        return float((2 * np.arange(1, n + 1) - n - 1) @ wealth / (n * wealth.sum()))


# ---- the ten lines ----

def inequality(participation, draw):
    village = Village(10, seed=draw)
    for _ in range(10):
        village.step(participation)
    return village.gini()


game = throng.ValueFunction(10, inequality, draws=20)
result = game.attribute('shapley-sampled:permutations=60', seed=1)

print(f'Gini coefficient {result.certificate.nobody:.3f} if nobody trades, {result.certificate.everybody:.3f} as it is.')
for i in np.argsort(-result.phi)[:3]:
    print(f'  agent {i}: {result.phi[i]:+.4f} +- {result.interval[i]:.4f}')
print(f'{result.calls:,} runs of the model; the parts add up within {result.certificate.efficiency_residual:.0e}.')
assert abs(result.phi.sum() - (result.certificate.everybody - result.certificate.nobody)) < 1e-9
assert result.phi.argmax() == 0
