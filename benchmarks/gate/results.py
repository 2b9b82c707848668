# SPDX-License-Identifier: BSD-3-Clause
"""What the gate measured as asv's own results, samples included, in OUT/results: for asv compare, show and publish.

``asv --config OUT/asv.conf.json compare BASE HEAD`` is asv's word on the same samples.
"""

import json
import shutil
from itertools import product

from .. import environments
from ..repository import ROOT, git, write_whole
from .process import Process


def _described(build, names):
    """Name -> benchmark as asv lists it."""
    with Process(build) as process:
        return {name: process.order("describe", name) for name in names}


def _result(benchmark, values, samples):
    """One benchmark's values and samples by parameters, as asv's runner hands them over."""
    from asv.runner import BenchmarkResult

    cases = [tuple(word.strip("'") for word in case) for case in product(*benchmark["params"])]
    taken = [samples.get(case) for case in cases]
    # asv computes the value of what has samples.
    found = [values.get(case, 0.0 if some else float("nan")) for case, some in zip(cases, taken, strict=True)]
    return BenchmarkResult(found, taken, [1 if some else None for some in taken], 0, "", None)


def _by_benchmark(figures):
    """Case -> x as benchmark -> parameters, in asv's quotes -> x."""
    found = {}
    for case, figure in figures.items():
        found.setdefault(case.benchmark, {})[case.parameters] = figure
    return found


def save(both, commits, stages, counted, machine, folder):
    """Result files of both commits, with all that describes them; nothing where both are one commit.

    Parameters
    ----------
    both : tuple of Build
    commits : tuple of str
        Their hashes.
    stages : Stages
    counted : tuple of Figures
        Of each side.
    machine : str
    folder : path
        Gets results/ and asv.conf.json.
    """
    from asv import util
    from asv.machine import Machine
    from asv.results import Results

    if commits[0] == commits[1]:
        return  # one name for two files
    # asv writes its files in place: they become those of this run when all are there.
    part = folder / "results.part"
    shutil.rmtree(part, ignore_errors=True)
    pairs = stages.first + stages.second
    described = {}
    for side, (build, commit) in enumerate(zip(both, commits, strict=True)):
        facts = {**Machine.get_defaults(), **environments.machine_facts(machine), "machine": machine}
        results = Results(
            {**facts, "python": build.version, **build.requirements},
            build.requirements,
            commit,
            1000 * int(git("show", "--no-patch", "--format=%ct", commit)),
            build.version,
            build.environment,
            {},
        )
        samples = {}
        for pair in pairs:
            for case, sides in pair.samples.items():
                samples.setdefault(case, []).extend(seconds for turn in sides[side] for seconds in turn)
        samples = _by_benchmark(samples)
        values = {case: value for (case, kind), value in counted[side].values.items() if "track_" in case.benchmark}
        values = _by_benchmark(values)
        described |= _described(build, [*samples, *values])
        for name in (*samples, *values):
            found = _result(described[name], values.get(name, {}), samples.get(name, {}))
            results.add_result(described[name], found, record_samples=True)
        results.save(str(part))
        util.write_json(str(part / machine / "machine.json"), facts, Machine.api_version)
    util.write_json(str(part / "benchmarks.json"), described, 2)
    shutil.rmtree(folder / "results", ignore_errors=True)
    part.rename(folder / "results")
    conf = json.loads((ROOT / "asv.conf.json").read_text())
    # Our plugin is not beside this configuration, which is for asv compare.
    conf |= {"repo": str(ROOT), "results_dir": "results", "html_dir": "html", "plugins": []}
    write_whole(folder / "asv.conf.json", json.dumps(conf, indent=1) + "\n")
