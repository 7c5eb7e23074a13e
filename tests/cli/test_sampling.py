#!/usr/bin/env python3
"""Sampling methods from outside: intervals in every result, and the estimate so far on Ctrl-C.

Use: tests/cli/test_sampling.py [WORD ...]     (runs the tests whose names contain one of the words; default: all)

Environment: as for test_cli.py.
"""

import json
import re
import signal
import subprocess
import sys
import time

from harness import PLAIN, THRONG, crowd, listing, main, ok, report, test

OPTIONS = ["--state", "state", "--id", "id", "--weight", "followers", "--indicator", "bimodality"]


@test
def test_intervals():
    crowd("c.parquet", agents=500)
    it = report("attribute", "c.parquet", *OPTIONS, "--method", "shapley-sampled:permutations=40", "--out", "run")
    assert it["complete"] and it["certificate"]["interval"] > 1.95
    assert it["certificate"]["sampled"] == it["certificate"]["sampled_at_most"] == 40
    for one in it["top"] + it["cohorts"]:
        assert one["low"] < one["phi"] < one["high"] and one["standard_error"] > 0
        half = it["certificate"]["interval"] * one["standard_error"]
        assert abs(one["high"] - one["phi"] - half) < 1e-9 * half
    written = ok("attribute", "run/attribution.parquet", "--state", "standard_error", "--id", "id", "--indicator", "mean",
                 "--json")
    assert json.loads(written)["indicator"]["observed"] > 0
    assert "95 % +-" in ok("attribute", "c.parquet", *OPTIONS, "--method", "shapley-sampled:permutations=40")
    it = report("attribute", "c.parquet", *OPTIONS)
    assert not {"interval", "sampled"} & set(it["certificate"]) and "low" not in it["top"][0]
    assert "low" not in it["cohorts"][0]
    assert "95 %" not in ok("attribute", "c.parquet", *OPTIONS).split("certificate")[0]


@test
def test_concentration():
    crowd("c.parquet", agents=2000, days=2)
    it = report("attribute", "c.parquet", *OPTIONS[:-2], "--time", "day")
    for where in (it, *it["by_time"]):
        one = where["concentration"]
        assert 0 < one["gini"] < 1 and 1 <= one["half"] <= it["agents"] and len(one["lorenz"]) == 101
        assert one["lorenz"][0] == 0 and abs(one["lorenz"][100] - 1) < 1e-12
        assert one["lorenz"] == sorted(one["lorenz"])
        assert 0 < one["top_thousandth"] <= one["top_hundredth"] <= one["top_tenth"] <= 1
        for cohort in where["cohorts"]:
            assert abs(cohort["per_agent"] * cohort["agents"] - cohort["phi"]) < 1e-12
    assert "concentration of |phi|: half lies with" in ok("attribute", "c.parquet", *OPTIONS[:-2], "--time", "day")


@test
def test_ctrl_c_prints_the_estimate_so_far():
    crowd("c.parquet", agents=2000)
    before = listing()
    args = [THRONG, "attribute", "c.parquet", *OPTIONS, "--method", "shapley-sampled:permutations=1000000000000"]
    for more in ([], ["--json"], ["--out", "run"]):
        for patience in (2, 8, 30):  # a loaded machine may still be reading
            running = subprocess.Popen([*args, *more], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=PLAIN)
            time.sleep(patience)
            running.send_signal(signal.SIGINT)
            out, err = running.communicate(timeout=120)
            if out:
                break
        assert running.returncode == 130, (running.returncode, err)
        assert err.decode().startswith("throng: stopped") and err.count(b"\n") == 1, err
        if more == ["--json"]:
            it = json.loads(out)
            assert it["complete"] is False and it["certificate"]["converged"] is False
            assert it["certificate"]["evaluations"] > 0 and it["top"][0]["low"] < it["top"][0]["high"]
            assert 4 <= it["certificate"]["sampled"] < it["certificate"]["sampled_at_most"] == 1e12
            assert it["certificate"]["sampled_unit"] == "permutations"
            assert it["certificate"]["evaluations"] < 2000 * it["certificate"]["sampled"]
        else:
            assert re.search(r"STOPPED EARLY after [\d,]+ of 1,000,000,000,000 permutations, this is the estimate so far",
                             " ".join(out.decode().split())) and "95 % +-" in out.decode(), out.decode()
        assert listing() == before, "nothing is written"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], __doc__))
