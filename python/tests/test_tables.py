"""Tables in and out: pandas, structured arrays, and Arrow's C data interface, read by DuckDB and by hand."""
import copy
import ctypes
import datetime
import gc
import multiprocessing
import pickle

import numpy as np
import pytest
import throng
from throng import _arrow


def test_pandas_in_and_out():
    pd = pytest.importorskip('pandas')
    frame = pd.DataFrame({'x': [1.0, 3.0, -1.0], 'kind': pd.Categorical(['a', 'b', 'a']),
                          'day': pd.to_datetime(['2026-01-02', '2026-01-01', '2026-01-01'])}, index=[10, 20, 30])
    result = throng.attribute(frame, state='x', time='day', cohort_by='kind')
    out = result.frame()
    assert out.index.tolist() == [10, 20, 30] and out['day'].equals(frame['day'])
    assert np.array_equal(out['phi'].to_numpy(), result.phi)


def test_pandas_own_types():
    """Numbers and texts that may be NA, times of a zone, labels that are numbers, an index: what a notebook has."""
    pd = pytest.importorskip('pandas')
    plain = {'x': [1.0, 3.0, -1.0], 'n': [1, 2, 5], 'id': ['a', 'b', 'b'], 'day': np.array([0, 0, 1], 'datetime64[D]')}
    want = throng.attribute(plain, state='x', weight='n', id='id', time='day')
    frame = pd.DataFrame(plain).convert_dtypes()
    frame['day'] = pd.to_datetime(plain['day']).tz_localize('UTC').tz_convert('America/New_York')
    for table in (frame, frame.set_index(['id', 'day'])):
        result = throng.attribute(table, state='x', weight='n', id='id', time='day')
        assert result.phi.tolist() == want.phi.tolist() and result.times == ['1970-01-01', '1970-01-02']
        assert result.frame().index.equals(table.index) and 'phi' in result.frame()
        assert [name in result.frame() for name in ('id', 'day')] == [name in table for name in ('id', 'day')]
    assert throng.attribute(pd.DataFrame(np.ones((3, 2))), state=1).phi.tolist() == [0, 0, 0]
    frame.loc[1, 'n'] = frame.loc[2, 'id'] = pd.NA
    with pytest.raises(throng.errors.MissingValueError, match='Row 2: column "n" is NaN or NULL'):
        throng.attribute(frame, state='x', weight='n')
    with pytest.raises(throng.errors.MissingValueError, match='Column "id" has no text in row 3'):
        throng.attribute(frame, state='x', id='id')
    assert np.isnan(throng.attribute(frame, state='x', weight='n', missing='drop').phi).tolist() == [False, True, False]


class PolarsSeries:
    """What Polars has and pandas has not: every column has ``cat``, and none has ``astype``."""

    def __init__(self, values):
        self.values, self.cat, self.dtype = np.asarray(values), object(), 'Float64'

    def to_numpy(self):
        return self.values


class PolarsFrame:
    columns = ['x', 'day']

    def __getitem__(self, name):
        return PolarsSeries({'x': [1.0, 3.0], 'day': np.array(['2026-01-02', '2026-01-01'], 'M8[D]')}[name])


def test_polars():
    result = throng.attribute(PolarsFrame(), state='x', time='day')
    assert result.times == ['2026-01-01', '2026-01-02'] and result.phi.size == 2
    pl = pytest.importorskip('polars')
    table = pl.DataFrame({'x': [1.0, 3.0], 'kind': ['a', 'b']}, schema_overrides={'kind': pl.Categorical})
    out = pl.DataFrame(throng.attribute(table, state='x', cohort_by='kind'))
    assert out.columns == ['x', 'kind', 'phi']


def test_dates():
    """Dates of Python, of pandas and of NumPy come in, and go out as dates."""
    days = [datetime.date(2026, 1, 2), datetime.date(2026, 1, 1)]
    whole = np.array(days, 'datetime64[D]')
    for given in (days, np.array(days, object), whole, whole.astype('datetime64[us]')):
        result = throng.attribute({'x': [1.0, 3.0], 'day': given}, state='x', time='day')
        assert result.times == ['2026-01-01', '2026-01-02']
        assert (result.columns()['day'] == whole).all()
    noon = [datetime.datetime(2026, 1, 1, 14, tzinfo=datetime.timezone(datetime.timedelta(hours=2))), None]
    with pytest.raises(throng.errors.MissingValueError, match='Column "at" has no time in row 2'):
        throng.attribute({'x': [1.0, 3.0], 'at': noon}, state='x', time='at')
    assert throng.attribute({'x': [1.0], 'at': noon[:1]}, state='x', time='at').times == ['2026-01-01 12:00:00']


def test_what_is_masked_is_missing():
    masked = np.ma.masked_array([1.0, 2.0, 3.0], [False, True, False])
    with pytest.raises(throng.errors.MissingValueError, match='Row 2: column "x"'):
        throng.attribute({'x': masked}, state='x')


def test_what_is_no_table():
    for given in (np.ones(3), [{'x': 1.0}], 7):
        with pytest.raises(TypeError, match='a table is a DataFrame, .* or the name of a file, got'):
            throng.attribute(given, state='x')
    with pytest.raises(throng.errors.FormatError, match='Column "x" is of type complex128'):
        throng.attribute({'x': np.ones(2) * 1j}, state='x')
    with pytest.raises(throng.errors.ColumnError, match='no column "3"'):
        throng.attribute({'x': np.ones(2)}, state=3)


def in_another_process(seed):
    if seed == 2:
        throng.attribute({'x': [1.0]}, state='y')
    return throng.attribute(throng.generate('uniform', agents=100_000, seed=seed), state='state').report


def test_other_processes():
    """Workers that were forked after the library had threads: they end, and give back reports and errors."""
    here = in_another_process(1)
    with multiprocessing.get_context('fork').Pool(1) as pool:
        assert pool.apply_async(in_another_process, (1,)).get(60).indicator == here.indicator
        with pytest.raises(throng.errors.ColumnError, match='no column "y"'):
            pool.apply_async(in_another_process, (2,)).get(60)


def test_copies():
    solution = throng.solve('kuhn', 'cfr', tolerance=0.1)
    twin = pickle.loads(pickle.dumps(solution))
    assert twin.gap == solution.gap and twin.strategy['Kb'] == solution.strategy['Kb']
    assert copy.deepcopy(throng.simulate(generate='uniform', agents=9, world='friedkin-johnsen', steps=1)).answer
    for holder in (throng.game('kuhn'), throng.mechanism('median'), throng.attribute({'x': [1.0, 2.0]}, state='x')):
        with pytest.raises(TypeError, match='memory of the library cannot be pickled'):
            pickle.dumps(holder)


def test_structured_arrays():
    table = np.array([(1.0, 2), (3.0, 5)], [('x', 'f8'), ('w', 'i4')])
    assert throng.attribute(table, state='x', weight='w', indicator='weighted-mean' if 'weighted-mean' in
                            throng.available('indicators') else 'mean').phi.size == 2


def read_stream(capsule):
    """A reader of its own: columns as lists, and how often something was released."""
    pointer = _arrow._capsule_pointer(id(capsule), b'arrow_array_stream')
    stream = _arrow._Stream.from_address(pointer)
    schema, array = _arrow._Schema(), _arrow._Array()
    assert stream.get_schema(ctypes.byref(stream), ctypes.byref(schema)) == 0
    assert stream.get_next(ctypes.byref(stream), ctypes.byref(array)) == 0
    found = {}
    types = {b'tdD': ctypes.c_int32, b'tsu:': ctypes.c_int64,
             b'g': ctypes.c_double, b'f': ctypes.c_float, b'l': ctypes.c_int64, b'i': ctypes.c_int32}
    for i in range(schema.n_children):
        child, values = schema.children[i].contents, array.children[i].contents
        name = child.name.decode()
        if child.format == b'U':
            offsets = (ctypes.c_int64 * (values.length + 1)).from_address(values.buffers[1])
            text = ctypes.string_at(values.buffers[2], offsets[values.length])
            found[name] = [text[a:b].decode() for a, b in zip(offsets[:-1], offsets[1:])]
        else:
            found[name] = list((types[child.format] * values.length).from_address(values.buffers[1]))
    address = {schema.children[i].contents.name.decode(): array.children[i].contents.buffers[1]
               for i in range(schema.n_children)}
    end = _arrow._Array()
    assert stream.get_next(ctypes.byref(stream), ctypes.byref(end)) == 0 and not end.release
    array.release(ctypes.byref(array))
    schema.release(ctypes.byref(schema))
    stream.release(ctypes.byref(stream))
    assert not array.release and not schema.release and not stream.release
    return found, address


def test_arrow_stream():
    days = np.array([0, 1, 2], 'datetime64[D]')
    for given in (days, days + np.timedelta64(1, 'h')):
        dated = throng.attribute({'x': [1.0, 2.0, 4.0], 'at': given}, state='x', time='at')
        assert read_stream(dated.__arrow_c_stream__())[0]['at'] == dated.columns()['at'].astype(np.int64).tolist()
    table = {'x': np.array([1.0, 2.0, 4.0]), 'id': ['a', 'bé', '']}
    result = throng.attribute(table, state='x', id='id')
    held = len(_arrow._held)
    found, address = read_stream(result.__arrow_c_stream__())
    assert found == {'x': [1.0, 2.0, 4.0], 'id': ['a', 'bé', ''], 'phi': result.phi.tolist()}
    assert address['x'] == table['x'].ctypes.data and address['phi'] == result.phi.ctypes.data  # not copied
    gc.collect()
    assert len(_arrow._held) == held


def test_a_stream_that_nobody_reads():
    held = len(_arrow._held)
    throng.attribute({'x': [1.0, 2.0]}, state='x').__arrow_c_stream__()
    gc.collect()
    assert len(_arrow._held) == held


def test_plot():
    matplotlib = pytest.importorskip('matplotlib')
    matplotlib.use('Agg')
    result = throng.attribute(throng.generate('bluesky', agents=300), state='state', weight='followers', id='id')
    shares, lorenz = result.plot()
    assert len(shares.patches) == 3 and len(lorenz.lines) == 2
