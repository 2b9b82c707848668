# SPDX-License-Identifier: BSD-3-Clause
"""asv's plugin: `asv publish` writes our first page, and its own pages so that they need no internet.

asv imports this module for every command (asv.conf.json names it), also where there is no asv, to find benchmarks.
"""

import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path

ADVICE = ("call", "pattern", "size", "measured", "interval", "predicted", "agrees")


def setup():
    """Called by asv, which publishes with every subclass of OutputPublisher that there is."""
    from asv.publishing import OutputPublisher

    from . import faster

    faster.install()

    class Dashboard(OutputPublisher):
        order = 100  # after asv's own

        @classmethod
        def publish(cls, conf, repo, benchmarks, graphs, revisions):
            publish(conf, benchmarks, graphs, revisions)

    setup.publisher = Dashboard  # asv looks among the living subclasses


def describe_commits(conf, revisions):
    """hash, revision, date and subject of commits, oldest first; no subject where the repository is not at hand."""
    told = {}
    if Path(conf.repo).is_dir():
        done = subprocess.run(
            ["git", "-C", conf.repo, "log", "--no-walk=unsorted", "--stdin", "--format=%H%x09%cs%x09%s"],
            input="\n".join(revisions),
            capture_output=True,
            text=True,
            check=False,
        )
        told = {line.split("\t", 2)[0]: line.split("\t", 2)[1:] for line in done.stdout.splitlines()}
    return [
        {
            "hash": commit,
            "revision": revision,
            **dict(zip(("date", "subject"), told.get(commit, ("", "")), strict=True)),
        }
        for commit, revision in sorted(revisions.items(), key=lambda item: item[1])
    ]


def _import_results():
    """strideops.results as it is installed: `python -m asv` looks first among the sources, which have no core."""
    sources, before = Path(__file__).resolve().parents[2], sys.path[:]
    sys.path[:] = [place for place in sys.path if Path(place).resolve() != sources]
    try:
        from strideops import results
    finally:
        sys.path[:] = before
    return results


def publish(conf, benchmarks, graphs, revisions):
    """All of it, into conf.html_dir; the arguments are asv's."""
    from asv.console import log

    from . import site, skin

    try:
        results = _import_results()
        import_module("asv_tachyon")
    except ImportError as error:
        log.error(f"Our pages need strideops and asv-tachyon in the Python that runs asv; make sets up .venv: {error}")
        return
    commits = describe_commits(conf, revisions)
    subjects = {commit["hash"]: commit["subject"] for commit in commits}
    described = results.read_benchmarks(conf.results_dir)
    runs, left_out = results.read(conf.results_dir, described, revisions)
    facts = {name for run in runs for name in run.machine} - {"machine"}
    skin.install(conf.html_dir, site.SKIN, benchmarks, graphs, revisions, subjects, facts)
    for sentence in left_out:
        log.warning(sentence)
    measured = {commit for run in runs for commit in run.commits}
    verdict = site.write(
        conf.html_dir,
        conf.project,
        runs,
        described,
        [commit for commit in commits if commit["hash"] in measured],
        _graphs(graphs, runs),
        read_advice(conf.results_dir, left_out),
        left_out,
    )
    log.info(f"{verdict}: {conf.html_dir}/index.html")


def read_advice(results, left_out):
    """Machine -> what `make calibrate-advice` has found on it, rows of the values of ADVICE."""
    found = {}
    for path in sorted(Path(results).glob("advice/*.json")):
        try:
            rows = json.loads(path.read_text(encoding="utf-8"))
            found[path.stem] = [[row[name] for name in ADVICE] for row in rows]
        except (ValueError, KeyError, TypeError) as error:
            left_out.append(f"{path} is truncated or damaged ({error}): make calibrate-advice writes it anew")
    return found


def _graphs(graphs, runs):
    """(number of the run, benchmark name) -> asv's graph of it."""
    found = {}
    for _, graph in graphs:
        for number, run in enumerate(runs):
            wanted = {"machine": run.machine["machine"], **run.versions}
            wanted["python"] = wanted.pop("Python")
            if graph.benchmark_name in run.series and all(
                (graph.params.get(name) or "") == (value or "") for name, value in wanted.items()
            ):
                found[number, graph.benchmark_name] = graph
    return found
