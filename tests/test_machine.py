# SPDX-License-Identifier: BSD-3-Clause
"""What machine.json says of caches and bandwidth, and that asv carries it into results."""

import json

import pytest

from benchmarks.fleet import machine
from benchmarks.repository import Refused


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


def test_what_was_measured_on_another_home_stands(home, tmp_path):
    """A hosted runner has a new home every time: its results must not be those of another machine."""
    first = machine.describe("some-name", results=tmp_path)
    (tmp_path / "some-name").mkdir()
    (tmp_path / "some-name/machine.json").write_text(json.dumps({**first, "read_bandwidth": "7 GB/s", "version": 1}))
    home.unlink()
    assert machine.describe("some-name", results=tmp_path) == {**first, "read_bandwidth": "7 GB/s"}


def test_a_name_that_another_machine_has(home, tmp_path):
    first = machine.describe("some-name", results=tmp_path)
    (tmp_path / "some-name").mkdir()
    (tmp_path / "some-name/machine.json").write_text(json.dumps({**first, "cpu": "another", "version": 1}))
    with pytest.raises(Refused, match="has the results of another machine"):
        machine.describe("some-name", results=tmp_path)


@pytest.mark.parametrize(
    ("cpu", "name"),
    [
        ("AMD EPYC 7763 64-Core Processor", "amd-epyc-7763"),
        ("Intel(R) Xeon(R) Platinum 8370C CPU @ 2.80GHz", "intel-xeon-platinum-8370c"),
        ("Apple M1 (Virtual)", "apple-m1-virtual"),
    ],
)
def test_names_of_cpus(cpu, name):
    assert machine.slug(cpu) == name


def test_asv_writes_it_into_results(home, tmp_path):
    from asv.machine import Machine

    machine.describe("some-name")
    Machine.load(machine_name="some-name").save(str(tmp_path / "results"))
    written = json.loads((tmp_path / "results/some-name/machine.json").read_text())
    assert written["read_bandwidth"] == "21 GB/s"
    assert "cache_line" in written


def test_a_machine_without_a_compiler(monkeypatch, capsys):
    def fail():
        raise SystemExit("there is no C compiler")

    monkeypatch.setattr(machine, "read_bandwidth", fail)
    assert machine.facts()["read_bandwidth"] == "unknown"
    assert "there is no C compiler" in capsys.readouterr().out
