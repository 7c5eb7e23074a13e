"""The example programs and notebooks run, and notebooks are kept without outputs."""
import json
import os
import pathlib
import re
import subprocess
import sys

import pytest
import throng

EXAMPLES = pathlib.Path(__file__).resolve().parent.parent / 'examples'
ENVIRONMENT = {**os.environ, 'PYTHONPATH': os.pathsep.join(path for path in sys.path if path)}


@pytest.mark.parametrize('example', sorted(EXAMPLES.glob('*.py')), ids=lambda path: path.stem)
def test_example(example, tmp_path):
    done = subprocess.run([sys.executable, '-W', 'error', example], cwd=tmp_path, env=ENVIRONMENT, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert done.returncode == 0, done.stderr
    assert done.stdout and not list(tmp_path.iterdir())


@pytest.mark.parametrize('page', ['README.md', 'python/README.md'])
def test_what_the_first_page_shows(page, crowd):
    """The three lines that people try first, with a table of their own."""
    text = (EXAMPLES.parents[1] / page).read_text(encoding='utf-8')
    code = re.search(r'```python\n(.*?)```', text, re.S)[1]
    names = {'df': {'stance': crowd['stance'], 'followers': crowd['followers']}}
    exec(code, names)
    assert names['r'].phi.sum() == pytest.approx(names['r'].certificate.everybody)


@pytest.mark.parametrize('notebook', sorted(EXAMPLES.glob('*.ipynb')), ids=lambda path: path.stem)
def test_notebook(notebook, tmp_path):
    cells = json.loads(notebook.read_text(encoding='utf-8'))['cells']
    assert all(not cell.get('outputs') and cell.get('execution_count') is None for cell in cells)
    for module in ('nbconvert', 'ipykernel', 'matplotlib', 'pandas'):
        pytest.importorskip(module)
    done = subprocess.run([sys.executable, '-m', 'nbconvert', '--to', 'notebook', '--execute', '--output-dir', tmp_path,
                           notebook], env={**ENVIRONMENT, 'HOME': str(tmp_path)}, text=True, stderr=subprocess.PIPE)
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.mark.parametrize('name', [name for name in throng.__all__ if name != 'errors'])
def test_help_has_an_example(name):
    """All run as doctests."""
    assert re.search('>>> import .*throng', getattr(throng, name).__doc__)
