# SPDX-License-Identifier: BSD-3-Clause
"""`python -m strideops report`: the pictures as files, and what it says where something is missing."""

import json
import subprocess
import sys
from pathlib import Path

import generated_results as made
import pytest

from strideops import __main__ as command
from strideops import report, results

MACHINE = "made-up-0-Python3.11-NumPy2.4.6"


@pytest.fixture(scope="module")
def suite(tmp_path_factory):
    folder = tmp_path_factory.mktemp("suite")
    made.make_suite(folder, 3, calls=("sum", "max"))
    return folder / "results"


def run(folder, *arguments):
    done = subprocess.run(
        [sys.executable, "-P", "-m", "strideops", "report", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_all_pictures(suite, tmp_path):
    peers = suite / "peers/made-up-0"
    peers.mkdir(parents=True)
    limits = [{"bytes": 4096, "read": 2e-8, "copy": 1e-8, "set": 2e-8}]
    cells = [{"lines": 7, "pattern": "cut", "times": {"strideops: strideops": 8e-8}}]
    (peers / "peers.json").write_text(json.dumps({"about": {"machine": "x"}, "limits": limits, "cells": cells}))
    status, told = run(suite.parent, "--out", str(tmp_path))
    assert status == 0, told
    names = {path.stem for path in tmp_path.iterdir()}
    heat_maps = {f"{MACHINE}-heat-map-{dtype}" for dtype in ("float64", "float32", "int64", "uint8")}
    assert names == {*heat_maps, f"{MACHINE}-crossover", f"{MACHINE}-history", "made-up-0-roofline"}
    assert {path.suffix for path in tmp_path.iterdir()} == {".png", ".svg"}
    drawn = (tmp_path / f"{MACHINE}-heat-map-float64.svg").read_text()
    assert all(f">{word}<" in drawn for word in ("sum", "transposed", "size 2048"))
    crossover = (tmp_path / f"{MACHINE}-crossover.svg").read_text()
    assert crossover.count(f">{made.BREAK_EVEN}<") == 3 * 20


def test_pictures_are_the_same_every_time(suite, tmp_path):
    benchmarks = results.read_benchmarks(suite)
    (run_of_it,), _ = results.read(suite, benchmarks)
    drawn = []
    for _ in range(2):
        paths = report.save(report.history(run_of_it, benchmarks), tmp_path, "history")
        drawn.append([path.read_bytes() for path in paths])
    assert drawn[0] == drawn[1]


def test_one_commit_has_no_history(tmp_path, capsys):
    made.make_history(tmp_path, count=1)
    assert command.main(["report", "--results", str(tmp_path / "results"), "--out", str(tmp_path / "out")]) == 0
    told = capsys.readouterr().out
    assert "no made-up-Python3.11-NumPy2.4.6-history: nothing was measured for it" in told
    assert "heat-map-float64.png" in told


def test_json_names_the_pictures(tmp_path, capsys):
    made.make_history(tmp_path, count=2)
    arguments = ["report", "--json", "--results", str(tmp_path / "results"), "--out", str(tmp_path / "out")]
    assert command.main(arguments) == 0
    told = json.loads(capsys.readouterr().out)
    assert {Path(path).name for path in told["pictures"]} == {path.name for path in (tmp_path / "out").iterdir()}


def test_no_results(tmp_path, capsys):
    assert command.main(["report", "--results", str(tmp_path / "none"), "--out", str(tmp_path / "out")]) == 2
    assert "benchmarks.json cannot be read: No such file or directory" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_nothing_to_draw(tmp_path, capsys):
    (tmp_path / "benchmarks.json").write_text("{}")
    assert command.main(["report", "--results", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    assert "make bench" in capsys.readouterr().out


def test_without_matplotlib(tmp_path):
    (tmp_path / "matplotlib.py").write_text("raise ModuleNotFoundError('planted', name='matplotlib')\n")
    (tmp_path / "benchmarks.json").write_text("{}")
    done = subprocess.run(
        [sys.executable, "-m", "strideops", "report", "--results", "."],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "pip install 'strideops[report]'" in done.stderr


def test_help():
    status, told = run(".", "--help")
    assert status == 0
    assert "--out" in told


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"version": 2}', '{"version": 1, "results": {}}'],
    ids=["empty", "cut", "list", "keys", "old"],
)
def test_what_cannot_be_read_is_told(tmp_path, text):
    made.make_history(tmp_path, count=2)
    files = sorted((tmp_path / "results/made-up").glob("*-*.json"))
    files[0].write_text(text)
    benchmarks = results.read_benchmarks(tmp_path / "results")
    (found,), left_out = results.read(tmp_path / "results", benchmarks)
    assert len(found.commits) == 1
    assert len(left_out) == 1
    assert files[0].name in left_out[0]


def test_damaged_values_are_told(tmp_path):
    made.make_history(tmp_path, count=1)
    (file,) = (tmp_path / "results/made-up").glob("*-*.json")
    data = json.loads(file.read_text())
    data["results"][made.TIME][0] = [1.0]
    file.write_text(json.dumps(data))
    found, left_out = results.read(tmp_path / "results", results.read_benchmarks(tmp_path / "results"))
    assert found == []
    assert "damaged results" in left_out[0]
