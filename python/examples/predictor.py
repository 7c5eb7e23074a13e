"""A predictor with scikit-learn's interface: which features made this prediction?

Features are the players: those that do not take part have their mean. For a predictor with a gradient the credits of
aumann-shapley (here integrated gradients) and exact Shapley values stand side by side.
"""
import numpy as np
import throng


class LogisticRegression:
    """Newton's method, a few steps; enough for an example without scikit-learn."""

    def fit(self, x, y):
        x1 = np.column_stack([x, np.ones(len(x))])
        self.coef_ = np.zeros(x1.shape[1])
        for _ in range(8):
            p = 1 / (1 + np.exp(-x1 @ self.coef_))
            hessian = (x1 * (p * (1 - p))[:, None]).T @ x1 + 1e-3 * np.eye(x1.shape[1])
            self.coef_ += np.linalg.solve(hessian, x1.T @ (y - p))
        return self

    def predict_proba(self, x):
        p = 1 / (1 + np.exp(-np.atleast_2d(x) @ self.coef_[:-1] - self.coef_[-1]))
        return np.column_stack([1 - p, p])


rng = np.random.default_rng(0)
names = ['age', 'posts', 'links', 'followers']
X = rng.normal(size=(500, 4))
y = (X @ [0.2, 1.5, -1.0, 0.1] + rng.logistic(size=500) > 0).astype(float)
model = LogisticRegression().fit(X, y)
mean, case = X.mean(axis=0), np.array([0.5, 2.0, -1.0, 0.0])


def mixed(participation):
    return mean + participation * (case - mean)


def probability(participation):
    return model.predict_proba(mixed(participation))[0, 1]


def slope(participation):
    p = probability(participation)
    return p * (1 - p) * model.coef_[:-1] * (case - mean)


path = throng.ValueFunction(4, probability, slope).attribute('aumann-shapley')
exact = throng.ValueFunction(4, probability).attribute('shapley-exact')
for name, on_path, shapley in zip(names, path.phi, exact.phi):
    print(f'{name:<10} {on_path:+.4f} on the path, {shapley:+.4f} Shapley')
print(f'from {exact.certificate.nobody:.3f} to {exact.certificate.everybody:.3f}, in {exact.calls} and {path.calls} calls')
assert np.argmax(np.abs(exact.phi)) == np.argmax(np.abs(path.phi)) == names.index('posts')
assert abs(path.phi.sum() - exact.phi.sum()) < 1e-8
