"""Builds the Python package: its modules, and the C library that they are a skin of.

`pip install ./python` from a clone works without network, with Debian's setuptools: the library is built with `make`
first unless it is there, and goes into the package together with the description of its interface and with libduckdb.
"""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

from setuptools import Distribution, setup
from setuptools.command.build_py import build_py

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parent
BUILD = pathlib.Path(os.environ.get('BUILD', SOURCE / 'build')).resolve()


def version():
    return re.search(r"version: '([^']+)'", (SOURCE / 'meson.build').read_text(encoding='utf-8'))[1]


class BuildWithLibrary(build_py):
    """Also copies the library as `meson install` would lay it out: with the right run path to libduckdb."""

    def run(self):
        super().run()
        if not ((BUILD / 'libthrong.so').exists() and (BUILD / 'interface.json').exists()):
            subprocess.run(['make', '-C', SOURCE, 'build', f'BUILD={BUILD}'], check=True)
        target = pathlib.Path(self.build_lib) / 'throng' / 'lib'
        target.mkdir(parents=True, exist_ok=True)
        shutil.copy2(BUILD / 'interface.json', target)
        with tempfile.TemporaryDirectory() as scratch:
            subprocess.run(['meson', 'install', '-C', BUILD, '--no-rebuild', '--quiet', '--destdir', scratch], check=True)
            installed = next(pathlib.Path(scratch).rglob('libthrong.so'))
            shutil.copy2(installed.resolve(), target / 'libthrong.so')
            if (installed.parent / 'throng').is_dir():
                shutil.copytree(installed.parent / 'throng', target / 'throng', dirs_exist_ok=True)


class WithLibrary(Distribution):
    """Not for every machine: it has a library in it."""

    def has_ext_modules(self):
        return True


commands = {'build_py': BuildWithLibrary}
try:
    from wheel.bdist_wheel import bdist_wheel

    class AnyPython(bdist_wheel):
        """The library is found by name, not linked: one wheel for every Python 3."""

        def get_tag(self):
            return ('py3', 'none', super().get_tag()[2])

    commands['bdist_wheel'] = AnyPython
except ImportError:  # without it setuptools installs without a wheel
    pass

setup(
    name='throng',
    version=version(),
    description='Who moved the crowd, and what would move it back: attribution of macro indicators to single agents',
    long_description=(HERE / 'README.md').read_text(encoding='utf-8'),
    long_description_content_type='text/markdown',
    license='Apache-2.0',
    packages=['throng'],
    package_data={'throng': ['py.typed']},
    python_requires='>=3.10',
    install_requires=['numpy>=1.21'],
    extras_require={'pandas': ['pandas'], 'arrow': ['pyarrow'], 'plot': ['matplotlib']},
    distclass=WithLibrary,
    cmdclass=commands,
)
