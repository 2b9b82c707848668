# SPDX-License-Identifier: BSD-3-Clause
"""What machine.json says of caches and bandwidth, and that asv carries it into results."""

import json

import pytest

from benchmarks.fleet import machine


@pytest.fixture
def caches_of_linux(tmp_path):
    """As Linux shows them: an instruction cache is none of an array's."""
    for number, (level, kind, size) in enumerate(
        [("1", "Data", "32K"), ("1", "Instruction", "64K"), ("2", "Unified", "512K"), ("3", "Unified", "32M")]
    ):
        folder = tmp_path / f"index{number}"
        folder.mkdir()
        for name, text in (("level", level), ("type", kind), ("size", size), ("coherency_line_size", "64")):
            (folder / name).write_text(f"{text}\n")
    return tmp_path


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A machine that asv knows nothing of, with measurements that take no time."""
    from asv.machine import MachineCollection

    file = tmp_path / "asv-machine.json"
    monkeypatch.setattr(MachineCollection, "get_machine_file_path", staticmethod(lambda: str(file)))
    monkeypatch.setattr(machine, "read_bandwidth", lambda: 21.4e9)
    return file


def test_caches(caches_of_linux):
    assert machine.caches(caches_of_linux) == {
        "cache_l1d": 32 * 1024,
        "cache_l2": 512 * 1024,
        "cache_l3": 32 * 1024**2,
        "cache_line": 64,
    }


def test_a_system_that_tells_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "caches", dict)
    monkeypatch.setattr(machine, "read_bandwidth", lambda: 9.96e9)
    assert machine.facts() == {
        "cache_l1d": "unknown",
        "cache_l2": "unknown",
        "cache_l3": "unknown",
        "cache_line": "unknown",
        "read_bandwidth": "10 GB/s",
    }


def test_it_is_measured_once(home, monkeypatch):
    first = machine.describe("some-name")
    assert first["machine"] == "some-name"
    assert first["read_bandwidth"] == "21 GB/s"
    assert set(first) >= {"cpu", "ram", "os", "arch", "num_cpu", "cache_l1d", "cache_l2", "cache_l3", "cache_line"}
    monkeypatch.setattr(machine, "read_bandwidth", lambda: 5e9)
    assert machine.describe("some-name") == first
    assert machine.describe("some-name", again=True)["read_bandwidth"] == "5 GB/s"
    assert json.loads(home.read_text())["some-name"]["read_bandwidth"] == "5 GB/s"


def test_asv_writes_it_into_results(home, tmp_path):
    from asv.machine import Machine

    machine.describe("some-name")
    Machine.load(machine_name="some-name").save(str(tmp_path / "results"))
    written = json.loads((tmp_path / "results/some-name/machine.json").read_text())
    assert written["read_bandwidth"] == "21 GB/s"
    assert "cache_line" in written


def test_bandwidth_is_that_of_memory():
    """Not a time: only that it is measured, and no unit is lost. Nothing reads memory at less or at more."""
    assert 1e8 < machine.read_bandwidth() < 1e13
