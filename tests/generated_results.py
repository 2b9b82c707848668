# SPDX-License-Identifier: BSD-3-Clause
"""A repository with results of asv that nobody measured: what is to be made of them is known before."""

import json
import math
import subprocess
from itertools import product
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parent.parent
MACHINE = {"machine": "made-up", "arch": "x86_64", "cpu": "none", "num_cpu": "2", "os": "Linux", "ram": "1"}
ENVIRONMENT = "virtualenv-py3.11-matplotlib-numpy2.4.6"
COLUMNS = ["result", "params", "version", "started_at", "duration"]
COLUMNS += [f"stats_{name}" for name in ("ci_99_a", "ci_99_b", "q_25", "q_75", "number", "repeat")]
COLUMNS += ["samples", "profile"]
PARAMS = [["'strided'", "'contiguous'"], ["'cut'", "'step2'"]]
TIME, BYTES = "ops.Sum.time_call", "ops.Sum.track_allocated"
UNITS = {TIME: "seconds", BYTES: "bytes"}


def make_repository(folder, count):
    """A git repository of so many commits; their hashes, oldest first."""

    def git(*words):
        done = subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    folder.mkdir(parents=True, exist_ok=True)
    git("init", "--quiet")
    hashes = []
    for number in range(count):
        date = f"2026-01-{number + 1:02d}T12:00:00+00:00"
        (folder / "number").write_text(str(number))
        git("add", "number")
        who = ("-c", "user.name=nobody", "-c", "user.email=nobody@localhost")
        subprocess.run(
            ["git", *who, "commit", "--quiet", f"--message=commit {number}", f"--date={date}"],
            cwd=folder,
            env={"PATH": "/usr/bin:/bin:/usr/local/bin", "GIT_COMMITTER_DATE": date, "HOME": str(folder)},
            check=True,
        )
        hashes.append(git("rev-parse", "HEAD"))
    return hashes


def configure(folder):
    """asv.conf.json as ours, for this repository."""
    configuration = json.loads((ROOT / "asv.conf.json").read_text())
    configuration |= {"repo": str(folder), "benchmark_dir": str(ROOT / "benchmarks")}
    (folder / "asv.conf.json").write_text(json.dumps(configuration))


def benchmarks_json():
    described = {
        name: {
            "name": name,
            "code": "",
            "param_names": ["path", "pattern"],
            "params": PARAMS,
            "timeout": 60.0,
            "type": "time" if unit == "seconds" else "track",
            "unit": unit,
            "version": "1",
        }
        for name, unit in UNITS.items()
    }
    return {**described, "version": 2}


def row(values, started=1_000, version="1", params=PARAMS, samples=None, number=1):
    """One benchmark: values by parameters, in asv's quotes or without; cases without a value were not selected."""
    named = [tuple(word.strip("'") for word in case) for case in product(*params)]
    result = [values.get(case, math.nan) for case in named]
    stats = [None] * 6
    if samples:
        chosen = [samples.get(case) for case in named]
        stats = [[None if each is None else constant for each in chosen] for constant in (None, None, 1, 1, number, 2)]
        stats[:2] = [None, None]
        return [result, params, version, started, 1.0, *stats, chosen]
    return [result, params, version, started, 1.0]


def result(commit, rows, machine=MACHINE, environment=ENVIRONMENT, **more):
    return {
        "commit_hash": commit,
        "env_name": environment,
        "date": 1_700_000_000_000,
        "params": {**machine, "python": "3.11", "numpy": "2.4.6", "matplotlib": ""},
        "python": "3.11",
        "requirements": {"numpy": "2.4.6", "matplotlib": ""},
        "env_vars": {},
        "result_columns": COLUMNS,
        "results": rows,
        "durations": {},
        "version": 2,
        **more,
    }


def write_machine(results, machine=MACHINE):
    folder = results / machine["machine"]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "machine.json").write_text(json.dumps({**machine, "version": 1}))
    (results / "benchmarks.json").write_text(json.dumps(benchmarks_json()))
    return folder


def write_result(results, found):
    folder = write_machine(results, {name: found["params"][name] for name in MACHINE})
    path = folder / f"{found['commit_hash'][:8]}-{found['env_name']}.json"
    path.write_text(json.dumps(found))
    return path


def make_history(folder, count=24, noise=0.02, rise_at=None, slower=1.3, copies=288):
    """Results of every commit; from `rise_at` on, the strided path copies cut and takes longer on it."""
    random = np.random.default_rng(0)
    hashes = make_repository(folder, count)
    configure(folder)
    for number, commit in enumerate(hashes):
        planted = rise_at is not None and number >= rise_at
        cases = list(product(("strided", "contiguous"), ("cut", "step2")))
        times = {case: 1e-3 * math.exp(random.normal(0, noise)) for case in cases}
        allocated = {case: 0 if case[0] == "strided" else 288 for case in cases}
        if planted:
            times["strided", "cut"] *= slower
            allocated["strided", "cut"] = copies
        write_result(folder / "results", result(commit, {TIME: row(times), BYTES: row(allocated)}))
    return hashes
