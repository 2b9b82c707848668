# SPDX-License-Identifier: BSD-3-Clause
"""asv's own pages without internet: asv-tachyon's in place of those that load their scripts from elsewhere.

asv-tachyon reads the files that `asv publish` writes, and brings its scripts and fonts along. Two things are made right
for it: a tracked value should not rise, and a graph is found by machine and versions alone. asv has every fact of a
machine as a parameter, and asv-tachyon finds no graph where one of them is of another machine, or of none. What it asks
for and is not there, a browser reports as an error: such files are there, and empty.
"""

import json
import shutil
from pathlib import Path

# asv's pages that ask other servers for scripts, and what only those need.
STOCK = (
    "index.html", "error.html", "asv.js", "asv.css", "asv_ui.js", "graphdisplay.js", "summarygrid.js",
    "summarylist.js", "summarylist.css", "regressions.js", "regressions.css", "jquery.flot.axislabels.js",
    "swallow.ico", "swallow.png",
)  # fmt: skip


def install(html, name, benchmarks, graphs, revisions, subjects, facts):
    """Replace asv's pages by asv-tachyon's.

    Parameters
    ----------
    html : path
        asv's html_dir.
    name : str
        Of the page.
    benchmarks : dict
        asv's: what is set here is written into index.json, which asv writes last.
    graphs : iterable of (path, asv.graph.Graph)
    revisions : dict
        Commit -> revision.
    subjects : dict
        Commit -> the first line of its message.
    facts : set of str
        Of machines: parameters that follow from the name of the machine.
    """
    import asv_tachyon

    html, static = Path(html), Path(asv_tachyon.__file__).parent / "static"
    for file in STOCK:
        (html / file).unlink(missing_ok=True)
    shutil.copyfile(static / "index.html", html / name)
    shutil.copyfile(static / "favicon.svg", html / "favicon.svg")
    shutil.copytree(static / "assets", html / "assets", dirs_exist_ok=True)
    for benchmark in benchmarks.values():
        benchmark["less_is_better"] = True
    named = {str(revision): subjects.get(commit, "") for commit, revision in revisions.items()}
    _write(html / "commits.json", {"by_revision": named})
    _write(html / "profiles.json", {})
    _write(html / "regressions-ignore.json", [])
    moved = _move_graphs(html, graphs, facts)
    _change_regressions(html / "regressions.json", moved, facts)
    _change_index(facts, {graph.benchmark_name for _, graph in graphs})


def _without(params, facts):
    return {name: value for name, value in params.items() if name not in facts}


def _move_graphs(html, graphs, facts):
    """Old path -> new path; where two have one, as after another kernel on the same machine, they are one history."""
    graphs = list(graphs)
    names = {graph.benchmark_name for _, graph in graphs}
    moved, points = {}, {}
    for path, graph in graphs:
        params = _without(graph.params, facts)
        for name in names:  # a machine may lack a benchmark
            points.setdefault(graph.get_file_path(params, name), {})
        moved[path] = graph.get_file_path(params, graph.benchmark_name)
        points[moved[path]].update({row[0]: row[:2] for row in graph.get_data()})
        (html / f"{path}.json").unlink()
    for path, rows in points.items():
        _write(html / f"{path}.json", [rows[revision] for revision in sorted(rows)])
        _write(html / f"{path.replace('graphs/', 'samples/', 1)}.json", {})
    return moved


def _change_regressions(path, moved, facts):
    found = json.loads(path.read_text(encoding="utf-8"))
    for regression in found["regressions"]:
        graph = regression[1].removesuffix(".json")
        regression[1:3] = f"{moved[graph]}.json", _without(regression[2], facts)
    _write(path, found)


def _change_index(facts, names):
    """asv writes index.json when all publishers are done; benchmarks that nobody has measured are left out."""
    from asv import util

    write_json = util.write_json

    def write(path, data, *more, **named):
        if Path(path).name == "index.json":
            listed = [_without(params, facts) for params in data["graph_param_list"]]
            unique = [params for place, params in enumerate(listed) if params not in listed[:place]]
            benchmarks = {name: each for name, each in data["benchmarks"].items() if name in names}
            params = _without(data["params"], facts)
            data = {**data, "params": params, "graph_param_list": unique, "benchmarks": benchmarks}
        write_json(path, data, *more, **named)

    util.write_json = write


def _write(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), encoding="utf-8")
