#!/usr/bin/env python3
"""The studies in small, and that their runner notices numbers that differ."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

from harness import BUILD, PLAIN, SOURCE, main, test


SHARED = pathlib.Path(os.environ.get("SHARED", SOURCE.parent / "shared"))


def studies(*words, folder=SOURCE / "studies"):
    return subprocess.run([SOURCE / "tools/run-studies", "--threads", "1", *words], capture_output=True, text=True,
                          check=False, env={**PLAIN, "BUILD": str(BUILD), "STUDIES": str(folder)})


@test
def test_every_study_comes_out_as_expected():
    done = studies()
    assert done.returncode == 0 and done.stderr == "", f"{done.stderr}\n{done.stdout}"
    rows = done.stdout.splitlines()[1:-2]
    skipped = [row for row in rows if "skipped: there is no data/" in row and not SHARED.exists()]
    assert all(row.endswith("as expected") or "report only" in row or row in skipped for row in rows), done.stdout
    folders = {path.name for path in (SOURCE / "studies").iterdir() if path.is_dir()}
    assert {row.split()[0] for row in rows} == folders, "every folder of studies/ is a study"
    for folder in folders:
        assert (SOURCE / "studies" / folder / "README.md").exists(), folder
        assert f"[{folder}]" in (SOURCE / "studies/README.md").read_text(), f"{folder} is not in the list"


@test
def test_the_runner_notices_what_is_not_as_expected():
    shutil.copytree(SOURCE / "studies/ising-recovery", "mine/ising-recovery")
    path = pathlib.Path("mine/ising-recovery/expected.json")
    expected = json.loads(path.read_text())
    home = os.getcwd() + "/mine"

    def change(**changes):
        path.write_text(json.dumps({**expected, **changes}))
        return studies(folder=home)

    check = expected["checks"][0]
    done = change(checks=[{**check, "value": 0.2}, check])
    assert done.returncode == 1 and done.stdout.count("DIFFERS") == 1, done.stdout
    assert done.stdout.count("as expected") == 1, done.stdout
    done = change(checks=[{"what": "it", "number": check["number"], "at least": 0.2}])
    assert done.returncode == 1 and "at least 0.2" in done.stdout, done.stdout
    done = change(checks=[{**check, "value": 0.2, "report only": True}])
    assert done.returncode == 0 and "report only, differs" in done.stdout, "what is only reported decides nothing"
    assert "studies 1, claims 1: 1 only reported" in done.stdout, done.stdout
    done = change(checks=[{"what": "it", "number": check["number"], "at most": float("nan")}])
    assert done.returncode == 1, "nothing is as expected if what is expected is no number"
    done = change(checks=[{**check, "number": "at(m4, 'indicator.valeu')"}])
    assert done.returncode == 1 and "valeu" in done.stderr, done.stderr
    done = change(runs={"m4": ["simulate nobody.yaml"]})
    assert done.returncode == 1 and "nobody.yaml" in done.stderr, done.stderr
    done = studies("ising")
    assert done.returncode == 2 and "ising-recovery" in done.stderr, done.stderr


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], __doc__))
