# SPDX-License-Identifier: BSD-3-Clause
"""asv's own pages without internet: asv-tachyon's in place of those that load their scripts from elsewhere.

asv-tachyon reads the files that `asv publish` writes, and brings its scripts and fonts along. It takes a tracked value
for one that should rise, unless it is told otherwise; ours are 0 when all is well.
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


def install(html, name, benchmarks, graphs, revisions, subjects):
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
    # It asks for these too, and a browser reports what is not there as an error.
    named = {str(revision): subjects.get(commit, "") for commit, revision in revisions.items()}
    _write(html / "commits.json", {"by_revision": named})
    _write(html / "profiles.json", {})
    _write(html / "regressions-ignore.json", [])
    for path, _ in graphs:
        _write(html / f"{path.replace('graphs/', 'samples/', 1)}.json", {})


def _write(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), encoding="utf-8")
