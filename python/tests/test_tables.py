"""Tables in and out: pandas, structured arrays, and Arrow's C data interface, read by DuckDB and by hand."""
import ctypes
import gc

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
    types = {b'g': ctypes.c_double, b'f': ctypes.c_float, b'l': ctypes.c_int64, b'i': ctypes.c_int32}
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
