"""throng: who moved the crowd, and what would move it back?

>>> import throng
>>> r = throng.attribute({'stance': [-0.9, 0.1, 0.8], 'followers': [12, 900, 4000]},
...                      state='stance', weight='followers', indicator='weighted-variance')
>>> r.phi.round(4).tolist(), r.certificate.converged
([0.0034, -0.0104, 0.0863], True)

Tables come in and go out as they are: pandas, Polars, Arrow, NumPy; columns of floats are not copied. Everything is
computed by the C library, which the command line uses, too: the same numbers, bit for bit.
"""
from . import errors
from ._function import FunctionResult, ValueFunction, value_function
from ._game import Game, Strategy, game, markov, preferences, tree
from ._library import Record, ThrongError
from ._mechanism import Rule, mechanism
from ._model import Model
from ._play import play
from ._plugins import Indicator, Mechanism, Slots, World
from ._result import Report, Result
from ._run import (Verification, attribute, available, describe, generate, ingest, intervene, panel, run, simulate,
                   verify, version)
from ._solve import NotConvergedWarning, Solution, attribute_game, read_solution, solve

__version__ = version().split()[0]
__all__ = ['FunctionResult', 'Game', 'Indicator', 'Mechanism', 'Model', 'NotConvergedWarning', 'Record', 'Report', 'Result',
           'Rule', 'Slots', 'Solution', 'Strategy', 'ThrongError', 'ValueFunction', 'Verification', 'World',
           'attribute', 'attribute_game', 'available', 'describe', 'errors', 'game', 'generate', 'ingest', 'intervene',
           'markov', 'mechanism', 'panel', 'play', 'preferences', 'read_solution', 'run', 'simulate', 'solve', 'tree',
           'value_function', 'verify', 'version']
