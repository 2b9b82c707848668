# SPDX-License-Identifier: BSD-3-Clause
"""What `make bench` says of results: the verdict, the table, human units; and asv.conf.json."""

import json
import math
import tomllib
from pathlib import Path

import pytest

from benchmarks import bench, patterns, units

ROOT = Path(__file__).parent.parent


def values(strided_bytes):
    """Results as read_results gives them; one case was not selected, one is none, one failed."""
    found = {}
    for name in patterns.PATTERNS:
        for path, seconds, size in (("strided", 1e-3, strided_bytes), ("contiguous", 4e-3, 2**25)):
            case = (path, name, str(bench.TABLE_SIZE), "float64")
            found["ops.Sum.time_call", case] = seconds
            found["ops.Sum.track_allocated", case] = size
    found["ops.Sum.track_allocated", ("strided", "cut", "64", "float64")] = math.nan
    found["ops.Fill.track_allocated", ("strided", "broadcast", "64", "float64")] = math.nan
    found["ops.Dot.track_allocated", ("strided", "cut", "64", "float64")] = None
    return found


def test_verdict():
    assert bench.count_copies(values(0)) == (len(patterns.PATTERNS), [])


def test_a_planted_copy_turns_the_verdict():
    found = values(0)
    copied = ("ops.Sum.track_allocated", ("strided", "cut", str(bench.TABLE_SIZE), "float64"))
    found[copied] = 8
    assert bench.count_copies(found) == (len(patterns.PATTERNS), [copied])


def test_table(capsys):
    found = values(0)
    found["ops.Sum.time_call", ("strided", "half", str(bench.TABLE_SIZE), "float64")] = None
    bench.show_table(found)
    printed = capsys.readouterr().out
    assert "X[:, :-2]" in printed
    assert "4 x" in printed
    assert "32 MiB" in printed
    assert printed.count("failed") == 5
    assert all(name in printed for name in patterns.PATTERNS)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(2.5, "2.5 s"), (1.234e-3, "1.23 ms"), (4.5e-5, "45 µs"), (1.4e-7, "140 ns"), (0.9994, "999 ms")],
)
def test_human_time(seconds, text):
    assert units.human_time(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 B"), (288, "288 B"), (2**15, "32 KiB"), (2**25, "32 MiB"), (2**31, "2 GiB")]
)
def test_human_bytes(count, text):
    assert units.human_bytes(count) == text


@pytest.mark.parametrize(("ratio", "text"), [(0.871, "0.871"), (5.0, "5"), (793.2, "793"), (12430, "12,430")])
def test_human_ratio(ratio, text):
    assert units.human_ratio(ratio) == text


def test_asv_builds_without_touching_what_it_has_pinned():
    """asv installs the build requirements after the matrix: a numpy among them would replace the pinned one."""
    configuration = json.loads((ROOT / "asv.conf.json").read_text())
    assert "--no-deps" in configuration["build_command"][0]
    assert "--no-deps" in configuration["install_command"][0]
    with open(ROOT / "pyproject.toml", "rb") as file:
        required = " ".join(tomllib.load(file)["build-system"]["requires"])
    assert not any(package in required for package in configuration["matrix"]["req"])
    assert all(version for version in configuration["matrix"]["req"]["numpy"])


def test_the_suite_skips_what_an_old_commit_lacks(monkeypatch):
    """asv runs today's benchmarks against old builds: an op, the meter or the ways may not be there yet."""
    import strideops
    from benchmarks import acquire, cases

    monkeypatch.delattr(strideops, "proof", raising=False)
    monkeypatch.delattr(strideops, "__getattr__")
    with pytest.raises(NotImplementedError):
        cases.allocated("strided", "sum", "cut", 6, "float64")
    monkeypatch.delattr(strideops.strided, "sum")
    with pytest.raises(NotImplementedError):
        cases.prepare("strided", "sum", "cut", 6, "float64")
    monkeypatch.setitem(__import__("sys").modules, "strideops.acquire", None)
    monkeypatch.delattr(strideops, "acquire", raising=False)
    with pytest.raises(NotImplementedError):
        acquire.Acquire().setup("ravel", "cut", 6)
