# SPDX-License-Identifier: BSD-3-Clause
"""A repository with results of asv that nobody measured: what is to be made of them is known before."""

import json
import math
import subprocess
import sys
from itertools import product
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parent.parent
MACHINE = {"machine": "made-up", "arch": "x86_64", "cpu": "none", "num_cpu": "2", "os": "Linux", "ram": "1"}
ENVIRONMENT = "virtualenv-py3.11-matplotlib-numpy2.4.6"
COLUMNS = ["result", "params", "version", "started_at", "duration"]
COLUMNS += [f"stats_{name}" for name in ("ci_99_a", "ci_99_b", "q_25", "q_75", "number", "repeat")]
COLUMNS += ["samples", "profile"]
PARAMS = [["'strided'", "'contiguous'"], ["'cut'", "'step2'"], ["512"], ["'float64'"]]
CASES = [(path, pattern, "512", "float64") for path in ("strided", "contiguous") for pattern in ("cut", "step2")]
STRIDED_CUT, STRIDED_STEP, CONTIGUOUS_CUT, CONTIGUOUS_STEP = CASES
TIME, BYTES = "ops.Sum.time_call", "ops.Sum.track_allocated"
PASSES, BREAK_EVEN = "passes.Sum.time_passes", 10
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
        date = f"2026-{1 + number // 28:02d}-{1 + number % 28:02d}T12:00:00+00:00"
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
    configuration["repo"] = str(folder)
    (folder / "asv.conf.json").write_text(json.dumps(configuration))
    (folder / "benchmarks").symlink_to(ROOT / "benchmarks")


def benchmarks_json():
    described = {
        name: {
            "name": name,
            "code": "",
            "param_names": ["path", "pattern", "size", "dtype"],
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
        times = {case: 1e-3 * math.exp(random.normal(0, noise)) for case in CASES}
        allocated = {case: 0 if case[0] == "strided" else 288 for case in CASES}
        if planted:
            times[STRIDED_CUT] *= slower
            allocated[STRIDED_CUT] = copies
        write_result(folder / "results", result(commit, {TIME: row(times), BYTES: row(allocated)}))
    return hashes


def make_suite(folder, count, machines=1, calls=None):
    """Results of the whole suite, or of some calls: the names are real, the values made up."""
    from benchmarks import cases, passes, patterns

    random = np.random.default_rng(1)
    named = [[repr(path) for path in cases.PATHS], [repr(name) for name in patterns.PATTERNS]]
    named += [[repr(size) for size in patterns.SIZES], [repr(dtype) for dtype in patterns.TIMED_DTYPES]]
    shape = tuple(map(len, named))
    described, times = {"version": 2}, {}
    for call in calls or cases.CALLS:
        there = np.array([cases.is_case(call, name) for name in patterns.PATTERNS])
        base = np.array(patterns.SIZES, float)[:, None] ** 2 * np.array([1, 0.5, 1, 0.1]) * 1e-9
        factor = np.exp(random.normal(0.7, 0.8, shape[1])) * np.where(there, 1, math.nan)
        times[call] = np.stack([base * np.ones((shape[1], 1, 1)), base * factor[:, None, None]])
        times[call][0] *= np.where(there, 1, math.nan)[:, None, None]
        for example, name in ((TIME, "time_call"), (BYTES, "track_allocated")):
            name = f"ops.{call.title().replace('_', '')}.{name}"
            described[name] = {**benchmarks_json()[example], "name": name, "params": named}
    # Packing takes as long as ten passes over the copy, which are twice as fast as those over the view.
    counts = np.array(passes.PASSES, float)
    over = [named[0], named[1], [repr(size) for size in passes.SIZES], [repr(count) for count in passes.PASSES]]
    each = np.array([[2 * counts] * len(passes.SIZES), [10 + counts] * len(passes.SIZES)])[:, None] * 1e-6
    each = np.broadcast_to(each, (2, len(named[1]), *each.shape[2:])).ravel().tolist()
    described[PASSES] = {**benchmarks_json()[TIME], "name": PASSES, "params": over}
    described[PASSES]["param_names"] = ["path", "pattern", "size", "passes"]
    hashes = make_repository(folder, count)
    configure(folder)
    for number, commit in enumerate(hashes):
        for machine in range(machines):
            rows = {PASSES: [each, over, "1", 1_000, 1.0]}
            for call, base in times.items():
                if machine and call == "norm":
                    continue  # it has not measured all
                values = base * np.exp(random.normal(0, 0.02, shape)) * (0.8 if number >= count // 2 else 1)
                if number >= 3 * count // 4 and call == "sum":
                    values[0, 1] *= 1.3
                spread = [(values * factor).ravel().tolist() for factor in (0.97, 1.03, 0.99, 1.01)]
                counts = [[10] * values.size, [5] * values.size]
                name = f"ops.{call.title().replace('_', '')}"
                rows[f"{name}.time_call"] = [values.ravel().tolist(), named, "1", 1_000, 1.0, *spread, *counts]
                size = np.array(patterns.SIZES, float)[:, None] ** 2 * np.array([8, 4, 8, 1])
                allocated = np.where(np.isnan(base), math.nan, np.stack([0 * size, size])[:, None])
                rows[f"{name}.track_allocated"] = [allocated.ravel().tolist(), named, "1", 1_000, 1.0]
            # The first machine has been described, and the others are other machines.
            facts = {"cpu": f"CPU {machine}"} if machine else {"cache_l2": "2 MiB", "read_bandwidth": "14 GB/s"}
            known = {**MACHINE, "machine": f"made-up-{machine}", **facts}
            write_result(folder / "results", result(commit, rows, machine=known))
            write_machine(folder / "results", known)
    (folder / "results/benchmarks.json").write_text(json.dumps(described))
    told = [(BREAK_EVEN, 9.0, True), (BREAK_EVEN, 40.0, False), (None, None, True)]
    advice = [
        {
            "call": "sum",
            "pattern": "cut",
            "size": 64,
            "measured": measured,
            "interval": [measured, None],
            "predicted": predicted,
            "agrees": agrees,
        }
        for measured, predicted, agrees in told
    ]
    (folder / "results/advice").mkdir()
    (folder / "results/advice/made-up-0.json").write_text(json.dumps(advice))
    return hashes


def publish(folder, told=False):
    """`asv publish`, as for our own results; the folder of the pages, and what asv told if it is asked for."""
    command = [sys.executable, "-m", "asv", "publish", "--no-pull"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    html = Path(folder) / ".asv/html"
    return (html, done.stdout + done.stderr) if told else html
