# SPDX-License-Identifier: BSD-3-Clause
"""GitHub Actions workflows call what is there, with options that are there; they run at GitHub only."""

import os
import re
import shlex
from pathlib import Path

import pytest
import yaml
from test_pages import SCREENSHOTS

from benchmarks.fleet import history, merge
from benchmarks.gate import __main__ as gate

ROOT = Path(__file__).parent.parent
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
OPTIONS = {"history": history.options, "gate": gate.options}


def scripts(path):
    """Lines of all steps, with GitHub's expressions as words."""
    jobs = yaml.safe_load(path.read_text())["jobs"]
    for job in jobs.values():
        for step in job["steps"]:
            yield from re.sub(r"\$\{\{.*?\}\}", "value", step.get("run", "")).splitlines()


def test_there_are_workflows():
    assert {path.stem for path in WORKFLOWS} == {"gate", "fleet", "test"}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_targets_and_options_are_there(path):
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)) | {".venv/installed"}
    seen = 0
    for line in scripts(path):
        words = [word for word in shlex.split(line, comments=True) if not word.startswith("PATH=")]
        if words[:1] == ["make"]:
            assert words[1] in targets
            for variable, value in (word.split("=", 1) for word in words[2:]):
                if variable == "HISTORY":
                    OPTIONS["history"](shlex.split(value))
            seen += 1
        if words[:3] == ["python", "-m", "benchmarks.gate"]:
            OPTIONS["gate"](words[3:])
            seen += 1
        if words == [".ci/run"]:
            assert os.access(ROOT / ".ci/run", os.X_OK)
            seen += 1
    assert seen


def test_the_gate_posts_its_summary():
    text = (ROOT / ".github/workflows/gate.yml").read_text()
    chosen = gate.options(["HEAD"])
    assert f"{chosen.out}/gate.md" in text
    assert "pull-requests: write" in text


def test_the_pictures_of_the_pages_are_kept():
    steps = yaml.safe_load((ROOT / ".github/workflows/test.yml").read_text())["jobs"]["test"]["steps"]
    assert str(SCREENSHOTS.relative_to(ROOT)) in [step.get("with", {}).get("path") for step in steps]


def test_merge_takes_the_folders_of_the_artifacts(tmp_path):
    with pytest.raises(SystemExit, match="nothing was merged"):
        merge.main([str(tmp_path), "--into", str(tmp_path / "into")])
