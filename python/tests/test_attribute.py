"""Attribution from Python: the same numbers as the formulas and as the command line, and no copies."""
import json
import os
import subprocess
import sys
import threading

import numpy as np
import pytest
import throng
from throng import errors

STATES = {'x': np.array([0.5, -1.0, 2.0, 0.25])}


def variance_credits(x):
    """Aumann-Shapley credits of the variance from 0, by hand: x_i (x_i - mean) / n."""
    return x * (x - x.mean()) / len(x)


def test_credits_of_variance():
    result = throng.attribute(STATES, state='x')
    assert np.allclose(result.phi, variance_credits(STATES['x']), atol=1e-14)
    assert result.certificate.converged and abs(result.phi.sum() - np.var(STATES['x'])) < 1e-12


def test_float_columns_are_not_copied():
    x, w = np.linspace(-1, 1, 1000), np.linspace(1, 2, 1000).astype(np.float32)
    result = throng.attribute({'x': x, 'w': w}, state='x', weight='w')
    offer = result._study.tables['population.table']
    assert offer.arrays['x'].ctypes.data == x.ctypes.data
    assert offer.arrays['w'].ctypes.data == w.ctypes.data
    phi = result.phi
    assert phi.ctypes.data == result.phi.ctypes.data and not phi.flags.owndata and not phi.flags.writeable


def test_pandas_columns_are_not_copied():
    pd = pytest.importorskip('pandas')
    frame = pd.DataFrame({'x': np.linspace(-1, 1, 1000)})
    result = throng.attribute(frame, state='x')
    assert result._study.tables['population.table'].arrays['x'].ctypes.data == frame['x'].to_numpy().ctypes.data


def test_a_view_outlives_its_result():
    phi = throng.attribute({'x': np.linspace(-1, 1, 50_000)}, state='x').phi
    before = phi.copy()
    for _ in range(5):
        throng.attribute({'x': np.linspace(-3, 5, 50_000)}, state='x')
    assert (phi == before).all()


def test_rows_keep_their_order(crowd):
    result = throng.attribute(crowd, state='stance', id='id', time='day')
    for day in range(3):
        rows = crowd['day'] == day
        alone = throng.attribute({'stance': crowd['stance'][rows]}, state='stance')
        assert np.array_equal(result.phi[rows], alone.phi)
    assert result.times == ['0', '1', '2']


def test_rows_left_out_are_nan(crowd):
    crowd['stance'][[3, 77]] = np.nan
    with pytest.raises(errors.MissingValueError, match='stance'):
        throng.attribute(crowd, state='stance', id='id', time='day')
    result = throng.attribute(crowd, state='stance', id='id', time='day', missing='drop')
    assert np.flatnonzero(np.isnan(result.phi)).tolist() == [3, 77]
    rows = (crowd['day'] == 1) & np.isfinite(crowd['stance'])
    alone = throng.attribute({'stance': crowd['stance'][rows]}, state='stance')
    assert np.array_equal(result.phi[rows], alone.phi)


def test_text_times_and_dates():
    table = {'x': [1.0, 2.0, 3.0, 4.0], 't': ['b', 'a', 'b', 'a'], 'id': ['é', 'é', 'z', 'z']}
    result = throng.attribute(table, state='x', time='t', id='id')
    assert result.times == ['a', 'b'] and result.agents == ['é', 'z']
    table['t'] = np.array(['2026-02-02', '2026-02-01', '2026-02-02', '2026-02-01'], 'datetime64[ns]')
    dated = throng.attribute(table, state='x', time='t', id='id')
    assert dated.times == ['2026-02-01', '2026-02-02'] and np.array_equal(dated.phi, result.phi)


def test_cohorts(crowd):
    result = throng.attribute(crowd, state='stance', id='id', time='day', weight='followers', cohort_by='country')
    by_hand = {name: result.phi[(crowd['country'] == name) & (crowd['day'] == 2)].sum() for name in ('DE', 'FR', 'IT')}
    for cohort in result.cohorts(time='2'):
        assert cohort.phi == pytest.approx(by_hand[cohort.name], abs=1e-14)
    assert {cohort.name for cohort in result.cohorts(by='followers', time=0)} == {'head', 'middle', 'long tail'}
    nested = result.cohorts(by=['country', 'followers'], cuts=[0.5], time=1)
    assert sum(cohort.phi for cohort in nested) == pytest.approx(result.phi[crowd['day'] == 1].sum(), abs=1e-13)
    with pytest.raises(errors.ColumnError, match='country'):
        result.cohorts(by='contry')


def test_top(crowd):
    result = throng.attribute(crowd, state='stance', id='id', time='day')
    found = result.top(5, time=1)
    rows = np.flatnonzero(crowd['day'] == 1)
    best = rows[np.argsort(-np.abs(result.phi[rows]), kind='stable')][:5]
    assert [entry.row for entry in found] == best.tolist()
    assert [entry.id for entry in found] == [str(crowd['id'][row]) for row in best]
    assert result.top(0) == [] and len(result.top(10_000)) == 400


def test_the_same_bits_as_the_command_line(tmp_path, crowd):
    program = os.environ.get('THRONG')
    if not program:
        pytest.skip('THRONG does not name the program')
    pd = pytest.importorskip('pandas')
    path = tmp_path / 'crowd.csv'
    frame = pd.DataFrame(crowd)
    frame.to_csv(path, index=False, float_format='%.17g')
    options = ['--state', 'stance', '--weight', 'followers', '--id', 'id', '--time', 'day', '--indicator', 'gini',
               '--size', '20']
    crowd['stance'] = np.abs(crowd['stance'])
    frame['stance'] = crowd['stance']
    frame.to_csv(path, index=False, float_format='%.17g')
    printed = json.loads(subprocess.run([program, 'attribute', str(path), *options, '--json'], check=True,
                                        stdout=subprocess.PIPE).stdout)
    mine = throng.panel(crowd, 20, state='stance', weight='followers', id='id', time='day', indicator='gini').report
    file = throng.panel(str(path), 20, state='stance', weight='followers', id='id', time='day', indicator='gini').report
    for key in ('certificate', 'cohorts', 'top', 'by_time', 'concentration', 'panel'):
        assert printed[key] == mine[key] == file[key], key


def test_worlds_and_graphs_from_tables():
    n = 60
    edges = {'a': np.arange(n), 'b': (np.arange(n) + 1) % n}
    result = throng.attribute({'x': np.linspace(-1, 1, n), 'id': np.arange(n)}, state='x', id='id', graph=edges,
                              source='a', target='b', world='friedkin-johnsen', steps=4)
    assert result.report.world.name == 'friedkin-johnsen' and result.certificate.converged
    assert len(result.report.world.by_step) == 5
    less = throng.intervene({'x': np.linspace(-1, 1, n)}, state='x', graph_model='chung-lu', target='-5%', budget=0.5,
                            world='nonlinear-opinion')
    assert less.report.intervention.reached and less.report.intervention.share <= 0.5


def test_sweeps_give_a_report():
    found = throng.attribute(generate='uniform', agents=50, graph_model='ring', world='friedkin-johnsen', steps=3,
                             repetitions=3)
    assert isinstance(found, throng.Report) and found.report.sweep.repetitions == 3


def test_saving_running_again_and_verifying(tmp_path, crowd):
    result = throng.attribute(crowd, state='stance', id='id', time='day', weight='followers')
    checked = throng.verify(result)
    assert checked and 'efficiency' in [check.name for check in checked.checks]
    folder = result.save(tmp_path / 'run')
    assert sorted(os.listdir(folder)) == ['attribution.parquet', 'change.parquet', 'cohorts.parquet', 'report.json',
                                          'study.yaml']
    with pytest.raises(errors.ExistsError):
        result.save(folder)
    result.save(folder, force=True)
    with pytest.raises(errors.FileError, match='memory'):
        throng.run(folder / 'study.yaml')


def test_a_page(tmp_path, crowd):
    result = throng.attribute(crowd, state='stance', id='id', time='day', weight='followers')
    try:
        page = result.report(tmp_path / 'r.html')
    except errors.UnsupportedError as reason:  # built without npm
        pytest.skip(str(reason))
    assert 'html' in page.read_text(encoding='utf-8')[:200].lower() and 10_000 < page.stat().st_size < 3_000_000
    with pytest.raises(errors.ExistsError):
        result.report(page)
    assert result.report(page, force=True) == page and os.listdir(tmp_path) == ['r.html']


def test_run_a_study_file(tmp_path):
    study = tmp_path / 'study.yaml'
    study.write_text('population:\n  generate: uniform\n  agents: 30\nattribution:\n  indicator: variance\n')
    first, second = throng.run(study), throng.run(study, seed=0, agents=30)
    assert np.array_equal(first.phi, second.phi) and first.report.agents == 30
    assert throng.run(study, agents=40).report.agents == 40
    study.write_text('population:\n  generte: uniform\n')
    with pytest.raises(errors.StudyError, match='generate'):
        throng.run(study)


@pytest.mark.parametrize('settings, kind, said', [
    (dict(state='y'), errors.ColumnError, 'no column "y"'),
    (dict(state='x', indicator='varience'), errors.UnknownNameError, 'variance'),
    (dict(state='x', indicatr='variance'), errors.UnknownNameError, 'indicator'),
    (dict(state='x', weight='w'), errors.WeightError, 'negative'),
    (dict(state='t'), errors.ColumnError, 'text'),
    (dict(state='x', id='twice'), errors.DuplicateAgentError, 'twice'),
    (dict(state='x', where='x > 0'), errors.ArgumentError, 'condition'),
    (dict(state='x', size=3, bias='up'), errors.ParameterError, 'uniform'),
    (dict(), errors.ParameterError, 'state'),
    (dict(state='x', graph='edges.csv'), errors.ParameterError, 'graph'),
])
def test_what_is_wrong_is_said(settings, kind, said):
    table = {'x': np.array([1.0, 2.0, 4.0]), 'w': np.array([1.0, -1.0, 1.0]), 't': ['a', 'b', 'c'], 'twice': [7, 7, 8]}
    with pytest.raises(kind, match=said) as caught:
        throng.attribute(table, **settings)
    assert isinstance(caught.value, throng.ThrongError) and caught.value.status.startswith('E_')


@pytest.mark.parametrize('values, said', [
    ([1.0, 'a'], 'float and str'), (np.ones((2, 2)), 'one dimension'), ([1 + 2j, 3], 'complex'),
])
def test_columns_that_are_no_columns(values, said):
    with pytest.raises(ValueError, match=said):
        throng.attribute({'x': values}, state='x')
    with pytest.raises(ValueError, match='one length'):
        throng.attribute({'x': [1.0, 2.0], 'w': [1.0]}, state='x', weight='w')


def test_nobody_and_one():
    with pytest.raises(errors.EmptyError):
        throng.attribute({'x': np.array([], float)}, state='x')
    assert throng.attribute({'x': [2.0]}, state='x', indicator='mean').phi[0] == pytest.approx(2.0)


def test_integers_booleans_none_and_float16():
    for values in ([1, 0, 3], np.array([1, 0, 3], np.int8), np.array([1, 0, 3], np.uint64), np.array([1, 0, 3], 'f2')):
        assert np.allclose(throng.attribute({'x': values}, state='x').phi,
                           variance_credits(np.array([1.0, 0.0, 3.0])))
    assert throng.attribute({'x': [True, False]}, state='x').certificate.everybody == 0.25
    with pytest.raises(errors.MissingValueError):
        throng.attribute({'x': [1.0, None, 2.0]}, state='x')


def test_progress_and_stopping():
    seen = []
    throng.attribute({'x': np.linspace(-1, 1, 2_000_000)}, state='x',
                     progress=lambda stage, unit, done, total: seen.append(stage))

    class Enough(Exception):
        pass

    def stop(stage, unit, done, total):
        raise Enough(stage)

    with pytest.raises(Enough):
        throng.attribute(generate='uniform', agents=300, graph_model='ring', world='voter', steps=200,
                         method='shapley-sampled', progress=stop)
    assert throng.attribute(STATES, state='x').certificate.converged


def test_ctrl_c_stops_and_the_session_goes_on():
    code = '''
import os, signal, threading, throng
threading.Timer(1.0, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
try:
    throng.attribute(generate='uniform', agents=3000, graph_model='ring', world='voter', steps=500,
                     method='shapley-sampled:permutations=100000', progress=False)
except KeyboardInterrupt:
    print('stopped')
print(len(throng.attribute({'x': [1.0, 2.0]}, state='x').phi))
'''
    done = subprocess.run([sys.executable, '-c', code], stdout=subprocess.PIPE, text=True, timeout=60,
                          env={**os.environ, 'PYTHONPATH': os.pathsep.join(sys.path)})
    assert done.stdout.split() == ['stopped', '2']


def test_threads_do_not_meet():
    want, wrong = throng.attribute(STATES, state='x').phi.copy(), []

    def work():
        for _ in range(20):
            if not np.array_equal(throng.attribute(STATES, state='x').phi, want):
                wrong.append(1)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not wrong


def test_texts_are_escaped():
    table = {'x': [1.0, 2.0, 3.0], 'who': ['<script>alert(1)</script>', 'b', 'c']}
    result = throng.attribute(table, state='x', cohort_by='who')
    assert '<script>' not in result._repr_html_() and '&lt;script&gt;' in result._repr_html_()
    assert '<script>' in repr(result)
    assert result.answer == result.report.answer.text and result.answer.startswith('variance of x is 0.6667, up 0.6667 from 0')
    assert result.answer.replace('<', '&lt;').replace('>', '&gt;') in result._repr_html_()


def test_notebooks_say_what_is_proved():
    for method, said in ('aumann-shapley', 'exactly additive: '), ('leave-one-out', 'need not add up'):
        result = throng.attribute({'x': [1.0, 2.0, 4.0]}, state='x', method=method)
        assert said in result.report.answer.certificate.text and result.report.answer.certificate.text in result._repr_html_()


def test_generate_available_describe():
    made = throng.generate('bluesky', agents=50, days=2, seed=3)
    assert 50 < len(made['state']) <= 100
    assert throng.attribute(made, state='state', id='id', time='day').report.times == 2
    assert 'kuramoto' in throng.available('worlds')
    assert [param.name for param in throng.describe('worlds', 'kuramoto').params]
    with pytest.raises(errors.UnknownNameError, match='kuramoto'):
        throng.describe('world', 'kuramotto')
    with pytest.raises(ValueError, match='indicators'):
        throng.available('things')


def test_nothing_is_leaked():
    import resource
    table = {'x': np.linspace(-1, 1, 2000), 'id': [str(i) for i in range(2000)]}

    def rounds(n):
        for _ in range(n):
            result = throng.attribute(table, state='x', id='id')
            result.phi.sum(), result.cohorts(), result.top(3)
            throng.ValueFunction(5, lambda p: p.max(axis=1), batch=16).attribute('shapley-exact')
            try:
                throng.attribute(table, state='y')
            except errors.ColumnError:
                pass
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    before = rounds(100)
    assert rounds(int(os.environ.get('THRONG_LEAK_ROUNDS', '400'))) - before < 6000  # kilobytes


def test_a_library_that_lacks_another_says_what_to_install(tmp_path):
    library = os.environ.get('THRONG_LIBRARY')
    if not library:
        pytest.skip('THRONG_LIBRARY is not set')
    (tmp_path / 'libthrong.so').write_text('no library')
    os.symlink(os.path.join(os.path.dirname(os.path.realpath(library)), 'interface.json'), tmp_path / 'interface.json')
    here = os.path.dirname(os.path.dirname(os.path.abspath(throng.__file__)))
    done = subprocess.run([sys.executable, '-c', 'import throng'], stderr=subprocess.PIPE, text=True,
                          env={**os.environ, 'THRONG_LIBRARY': str(tmp_path / 'libthrong.so'), 'PYTHONPATH': here})
    assert done.returncode != 0 and 'ImportError: throng: ' in done.stderr and 'apt-get install' in done.stderr


def test_a_library_of_another_layout_is_refused(tmp_path):
    library = os.environ.get('THRONG_LIBRARY')
    if not library:
        pytest.skip('THRONG_LIBRARY is not set')
    os.symlink(os.path.realpath(library), tmp_path / 'libthrong.so')
    with open(os.path.join(os.path.dirname(library), 'interface.json'), encoding='utf-8') as file:
        interface = json.load(file)
    fields = interface['structs']['throng_population_def']
    fields[0], fields[-1] = fields[-1], fields[0]
    (tmp_path / 'interface.json').write_text(json.dumps(interface))
    code = f'import ctypes; ctypes.CDLL({os.path.realpath(library)!r}); import throng'  # with what it needs
    here = os.path.dirname(os.path.dirname(os.path.abspath(throng.__file__)))
    done = subprocess.run([sys.executable, '-c', code], stderr=subprocess.PIPE, text=True,
                          env={**os.environ, 'THRONG_LIBRARY': str(tmp_path / 'libthrong.so'), 'PYTHONPATH': here})
    assert done.returncode != 0 and 'throng_population_def' in done.stderr and 'another version' in done.stderr
