"""What the tests of the Python package share. THRONG_LIBRARY names the library; without it the installed one is used."""
import os
import sys

import numpy as np
import pytest

if os.environ.get('THRONG_LIBRARY'):
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


@pytest.fixture
def crowd():
    """400 agents on three days, out of order."""
    draw = np.random.default_rng(1)
    n, days = 400, 3
    order = draw.permutation(n * days)
    ids = np.tile(np.arange(n), days)[order]
    return {
        'id': ids.astype(np.int64),
        'day': np.repeat(np.arange(days), n)[order].astype(np.int64),
        'stance': draw.normal(size=n * days),
        'followers': draw.pareto(1.2, size=n * days) + 1.0,
        'country': np.array(['DE', 'FR', 'IT'])[ids % 3].astype(object),
    }
