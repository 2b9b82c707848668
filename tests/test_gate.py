# SPDX-License-Identifier: BSD-3-Clause
"""The gate: four outcomes, from real processes of builds that copy, work more, fail or are the same; the rule on
numbers that were drawn; what it says, and what it keeps when it is interrupted."""

import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import generated_results as made
import numpy as np
import pytest
from ccompiler import require

import strideops
from benchmarks import environments
from benchmarks.gate import __main__ as gate
from benchmarks.gate import builds, calibrate, decide, exact, process, publish, report, subset, times, worker
from benchmarks.repository import Refused

CASE = subset.Case("ops.Sum.time_call", ("strided", "cut", "6", "float64"))
COPIES = tuple(
    subset.Case(f"copies.Strided.track_{figure}", ("sum", "cut")) for figure in ("requested", "copied", "readers")
)

# What stands at the end of the package's __init__.py.
PLANTS = {
    "same": "",
    "copies": "import numpy\n_sum = strided.sum\nstrided.sum = lambda x: _sum(numpy.ascontiguousarray(x))\n",
    "works more": "_sum = strided.sum\nstrided.sum = lambda x: (_sum(x), _sum(x))[1]\n",
    "fails": "def _fail(x):\n    raise ValueError('planted')\n\n\nstrided.sum = _fail\n",
    "lacks": "del strided.sum\n",
}


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """side, plant -> Build: an interpreter that finds the installed package with the plant."""
    folder = tmp_path_factory.mktemp("planted")

    def make(side, plant):
        home = folder / plant.replace(" ", "-")
        if not home.exists():
            venv.create(home)
            packages = Path(sysconfig.get_path("purelib", vars={"base": str(home)}))
            copy = packages / "strideops"
            shutil.copytree(Path(strideops.__file__).parent, copy, ignore=shutil.ignore_patterns("__pycache__"))
            (packages / "ours.pth").write_text("\n".join(path for path in sys.path if path.endswith("site-packages")))
            with (copy / "__init__.py").open("a") as file:
                file.write(PLANTS[plant])
        python = str(home / "bin/python")
        package = builds.find_package(python)
        return builds.Build(side, "0" * 40, python, package, "made-up", "3.11", {"numpy": np.__version__})

    return make


@pytest.fixture
def run(monkeypatch, planted, tmp_path):
    """plants -> the report of a whole gate between two of them, on few cases."""

    def run(base, head, timed=(CASE,), tracked=COPIES, callgrind=False, pairs=(2, 2)):
        monkeypatch.setattr(exact, "has_callgrind", lambda: callgrind)
        monkeypatch.setattr(subset, "TIMED", timed)
        monkeypatch.setattr(subset, "TRACKED", tracked)
        monkeypatch.setattr(decide, "FIRST_PAIRS", pairs[0])
        monkeypatch.setattr(decide, "SECOND_PAIRS", pairs[1])
        plants = {"base": base, "head": head}
        monkeypatch.setattr(builds, "install", lambda side, commit: planted(side, plants[side]))
        return gate.run(gate.options(["HEAD~1", "--head", "HEAD", "--machine", "nobody", "--out", str(tmp_path)]))

    run.planted = planted
    return run


def test_nothing_is_worse(run):
    found = run("same", "same")
    assert found.outcome == report.SAME == 0, found
    assert found.compared["copied"] == found.compared["requested"] == found.compared["time"] == 1
    assert [timed.case for timed in found.timed] == [str(CASE)]
    assert found.verdict.startswith("nothing is worse (1 times, ")


def test_a_copy(run):
    found = run("same", "copies")
    assert found.outcome == report.COPIES == 3
    rose = {finding.channel: finding for finding in found.findings if finding.outcome == report.COPIES}
    assert set(rose) >= {"requested", "copied"}
    size = 512 * 512 * 8
    assert rose["copied"].base == 0
    assert rose["copied"].head >= size
    assert rose["requested"].head - rose["requested"].base >= size
    assert "| copied | 0 B | " in report.markdown(found)


def test_more_work(run):
    require("valgrind")
    found = run("same", "works more", tracked=(), callgrind=True)
    assert found.outcome == report.SLOWER == 1
    (finding,) = [finding for finding in found.findings if finding.channel == "instructions"]
    assert 1.3 < finding.head / finding.base < 4


def test_asv_compares_the_same_samples(run, tmp_path):
    run("same", "copies")
    command = [sys.executable, "-m", "asv", "--config", str(tmp_path / "asv.conf.json"), "compare", "HEAD~1", "HEAD"]
    done = subprocess.run([*command, "--machine", "nobody"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows = {row.split("|")[-2].strip(): row for row in done.stdout.splitlines() if row.startswith("|")}
    assert rows["copies.Strided.track_copied('sum', 'cut')"].startswith("| +")
    assert "n/a" not in rows["ops.Sum.time_call('strided', 'cut', 6, 'float64')"]


def slower_times(monkeypatch, ratio):
    """Pairs that nobody measured: head takes so many times as long, give or take."""
    noise = iter(np.random.default_rng(0).normal(0, 0.01, 1000))

    def take_pair(both, wanted, *_):
        seconds = {case: (1e-3, 1e-3 * ratio * np.exp(next(noise))) for case in wanted["head"]}
        return {"head": times.Pair(seconds=seconds)}

    monkeypatch.setattr(times, "take_pair", take_pair)


@pytest.mark.parametrize(("ratio", "outcome"), [(1.1, report.SLOWER), (1.0, report.SAME), (0.9, report.SAME)])
def test_the_time_channel(run, monkeypatch, ratio, outcome):
    slower_times(monkeypatch, ratio)
    found = run("same", "same", tracked=(), pairs=(6, 12))
    assert found.outcome == outcome
    (timed,) = found.timed
    assert timed.head / timed.base == pytest.approx(ratio, abs=0.02)
    assert len(timed.pairs) == (18 if outcome else 6)
    for finding in found.findings:
        assert (finding.case, finding.channel, finding.base) == (str(CASE), "time", 1e-3)
        assert finding.says == "12 pairs of processes, p = 0.0002"
        assert finding.head == pytest.approx(1.1e-3, abs=2e-5)


def test_a_failure_does_not_shift_the_counts_of_others(run):
    """callgrind numbers what it writes: a case that fails has written something too."""
    require("valgrind")
    others = tuple(subset.Case(f"ops.{op}.time_call", CASE.parameters) for op in ("Max", "Min"))
    counted = {}
    for head in ("same", "fails"):
        figures = exact.Figures()
        exact.count_instructions(run.planted("head", head), (CASE, *others), figures)
        counted[head] = {case: figures.values.get((case, exact.INSTRUCTIONS)) for case in (CASE, *others)}
    assert counted["fails"].pop(CASE) is None
    assert counted["same"].pop(CASE) > 100
    assert counted["same"] == counted["fails"]


def test_an_error_of_its_own_is_not_slower(run, monkeypatch, capsys):
    monkeypatch.setattr(publish, "known_spreads", lambda machine: 1 / 0)
    found = run("same", "same")
    assert found.outcome == report.DID_NOT_RUN
    assert found.failed[report.GATE].startswith("an error of its own, ZeroDivisionError")
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["{", "{}", '{"spreads": {"a": "b"}}', '{"spreads": []}'])
def test_a_calibration_that_is_none(tmp_path, text):
    (tmp_path / "calibration/some").mkdir(parents=True)
    (tmp_path / "calibration/some/figures.json").write_text(text)
    with pytest.raises(Refused, match="is no calibration"):
        publish.known_spreads("some", tmp_path)


def test_fewer_copies_are_no_regression(run):
    assert run("copies", "same", timed=()).outcome == report.SAME


def test_a_benchmark_that_fails_on_one_side(run):
    found = run("same", "fails")
    assert found.outcome == report.DID_NOT_RUN == 4
    assert set(found.failed) == {str(case) for case in (CASE, *COPIES)}
    assert all("head: ValueError: planted" in why for why in found.failed.values()), found.failed


def test_a_benchmark_that_head_lacks(run):
    found = run("same", "lacks")
    assert found.outcome == report.DID_NOT_RUN
    assert found.failed[str(CASE)] == "head does not have it"
    assert found.failed[str(COPIES[0])] == "head has no figure"


def test_a_benchmark_that_base_lacks_is_new(run):
    other = subset.Case("ops.Max.time_call", CASE.parameters)
    found = run("lacks", "same", timed=(CASE, other))
    assert found.outcome == report.SAME
    assert [timed.case for timed in found.timed] == [str(other)]
    assert f"new, with nothing to compare: {CASE}" in found.notes


def test_nothing_in_common(run):
    found = run("lacks", "same")
    assert found.outcome == report.DID_NOT_RUN
    assert found.failed == {report.GATE: "base and head have no benchmark in common"}


def test_environments_that_differ(run, monkeypatch):
    monkeypatch.setattr(builds, "packages", lambda build: {"numpy": {"base": "2.0.2", "head": "2.4.6"}[build.side]})
    found = run("same", "same")
    assert found.outcome == report.DID_NOT_RUN
    assert found.failed[report.GATE].startswith("the environments differ: numpy 2.0.2 and 2.4.6. Remove .asv/gate")


def test_an_interruption_keeps_what_was_measured(run, monkeypatch):
    """The first pair was taken, the second is interrupted."""
    taken = []

    def take_pair(*arguments):
        if taken:
            raise KeyboardInterrupt
        taken.append(times.Pair(seconds={CASE: (1.0, 2.0)}))
        return {"head": taken[0]}

    monkeypatch.setattr(times, "take_pair", take_pair)
    monkeypatch.setattr(times, "lanes", lambda: [None])
    found = run("same", "same")
    assert found.outcome == report.DID_NOT_RUN
    assert found.failed == {report.GATE: "interrupted: what was measured so far is in the table"}
    assert [timed.pairs for timed in found.timed] == [[(1.0, 2.0)]]
    assert found.compared["copied"] == 1


INTERRUPTED = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # what a shell starts in the background ignores it
sys.path.append({root!r})
from benchmarks.gate import __main__ as gate, builds
package = builds.find_package({python!r})
builds.install = lambda side, commit: builds.Build(side, commit, {python!r}, package, "made-up", "3.11", {{}})
sys.argv = ["gate", "HEAD~1", "--head", "HEAD", "--machine", "nobody", "--out", {out!r}]
gate.main()
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_in_the_middle(name, planted, tmp_path):
    """The exact channel has begun: its processes end, the report is there, whole, and says so."""
    python = planted("base", "same").python
    program = INTERRUPTED.format(root=str(made.ROOT), python=python, out=str(tmp_path))
    gating = subprocess.Popen(
        [sys.executable, "-P", "-u", "-c", program], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    for line in gating.stdout:
        if line.startswith("head: copies"):
            break
    else:
        pytest.fail("it ended before the signal")
    gating.send_signal(signal.Signals[name])
    printed, _ = gating.communicate(timeout=60)
    assert gating.returncode == report.DID_NOT_RUN, printed
    assert "did not run: the gate: interrupted" in printed
    found = json.loads((tmp_path / "gate.json").read_text())
    assert found["failed"] == {report.GATE: "interrupted: what was measured so far is in the table"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_at_any_moment(number):
    """As an exception it could come between two lines of a lock, which then hide it; it is none until all is over."""
    before = {each: signal.signal(each, signal.default_int_handler) for each in (signal.SIGINT, signal.SIGTERM)}

    def run(_):
        os.kill(os.getpid(), number)
        assert process._stopped.wait(60)

    try:
        for _ in range(200):
            with pytest.raises(KeyboardInterrupt):
                process.side_by_side(run, range(3))
            assert signal.getsignal(number) is signal.default_int_handler
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def test_every_case_of_the_gate_is_one_of_the_suite():
    """Renamed benchmarks would be compared with nothing."""
    suite = worker.Worker(str(made.ROOT / "benchmarks"))
    for case in (*subset.TIMED, *subset.TRACKED):
        assert case.parameters in suite._find(case.benchmark)[1], case
    assert len(set(subset.TIMED)) == len(subset.TIMED)


# ---- what it refuses ----


def gate_exit(*arguments, out):
    """Status and output of the command itself."""
    command = [sys.executable, "-m", "benchmarks.gate", *arguments, "--out", str(out)]
    done = subprocess.run(command, cwd=made.ROOT, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_an_unknown_commit(tmp_path):
    status, printed = gate_exit("no-such-commit", "--head", "HEAD", out=tmp_path)
    assert status == report.DID_NOT_RUN
    assert "'no-such-commit' names no commit of this repository; try a hash, a branch or HEAD~1" in printed
    assert json.loads((tmp_path / "gate.json").read_text())["outcome"] == report.DID_NOT_RUN
    assert "did not run" in (tmp_path / "gate.md").read_text()


def test_a_dirty_tree(monkeypatch):
    monkeypatch.setattr(gate, "git", lambda *words: " M csrc/kernels/walk.c\n M strideops/proof.py")
    found = gate.run(gate.options(["HEAD"]))
    assert found.outcome == report.DID_NOT_RUN
    assert found.failed[report.GATE].startswith("not committed: csrc/kernels/walk.c, strideops/proof.py. The gate")


@pytest.fixture(scope="module")
def not_built(tmp_path_factory):
    """A real environment of asv, for a repository that holds nothing to build: its folder, the commit, the refusal."""
    folder = tmp_path_factory.mktemp("asv")
    for name in ("asv.conf.json", "pyproject.toml"):
        shutil.copy(made.ROOT / name, folder)
    (commit,) = made.make_repository(folder / "empty", 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(builds, "ROOT", folder)
        patch.chdir(folder)
        with pytest.raises(Refused) as caught:
            builds.install("head", commit, folder / "empty")
    return folder, commit, str(caught.value)


def test_a_commit_that_does_not_build(not_built):
    folder, commit, said = not_built
    assert said.startswith(f"head ({commit[:8]}) does not build: ")
    assert said.endswith("head.log)")
    assert "pip wheel" in (folder / ".asv/gate/head.log").read_text()


def test_an_environment_holds_what_its_results_claim(not_built):
    """asv files results under the versions of its matrix, whatever is there."""
    from asv.config import Config

    folder, _, _ = not_built
    conf = Config.load(str(folder / "asv.conf.json"))
    conf.env_dir = str(folder / ".asv/gate/head")
    environment = environments.default(conf)
    mine = [each.requirements["numpy"] for each in environments.matrix(conf) if each.python == environment.python]
    assert len(mine) == 2
    assert environment.requirements["numpy"] == max(mine, key=environments.numbers)
    assert environments.broken_claims(environment) == []
    environment.requirements["numpy"] = min(mine, key=environments.numbers)
    (sentence,) = environments.broken_claims(environment)
    assert f"its results would be filed under {environment.requirements['numpy']}" in sentence


# ---- what it says ----


def some_report(*findings, **more):
    found = report.Report("base", "head", compared={"time": 2, "copied": 3}, **more)
    found.findings = [
        report.Finding(outcome, f"case{i}", channel, 1.0, 2.0, "why") for i, (outcome, channel) in enumerate(findings)
    ]
    return found


@pytest.mark.parametrize(
    ("found", "outcome", "word"),
    [
        (some_report(), 0, "nothing is worse"),
        (some_report((report.SLOWER, "time")), 1, "slower"),
        (some_report((report.SLOWER, "time"), (report.COPIES, "copied")), 3, "copies"),
        (some_report(failed={"a": "b"}), 4, "did not run"),
        (some_report((report.SLOWER, "time"), failed={"a": "b"}), 1, "slower"),
        (report.Report("base", "head"), 4, "did not run"),
    ],
)
def test_outcomes(found, outcome, word, tmp_path, capsys):
    assert found.outcome == outcome
    assert found.verdict.startswith(word)
    report.save(found, tmp_path)
    report.show(found)
    assert json.loads((tmp_path / "gate.json").read_text())["outcome"] == outcome
    printed, written = capsys.readouterr().out, (tmp_path / "gate.md").read_text()
    for finding in found.findings:
        assert finding.case in printed
        assert f"| {finding.case} |" in written
    for name, why in found.failed.items():
        assert f"did not run: {name}: {why}" in printed
        assert f"did not run: `{name}`: {why}" in written
    assert found.verdict in printed
    assert found.verdict in written


def test_a_report_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    report.save(some_report(), tmp_path)
    before = (tmp_path / "gate.json").read_text()
    monkeypatch.setattr("os.replace", lambda *_: 1 / 0)  # the machine stops after the writing
    with pytest.raises(ZeroDivisionError):
        report.save(some_report((report.COPIES, "copied")), tmp_path)
    assert (tmp_path / "gate.json").read_text() == before


# ---- the rule ----


def suites(count, slower, spread, rng, cases=12):
    """Alarms of so many runs of the whole rule, on noise with heavy tails."""
    for _ in range(count):
        alarms = 0
        for _ in range(cases):
            first, second = (
                spread * rng.standard_t(3, pairs) + np.log1p(slower)
                for pairs in (decide.FIRST_PAIRS, decide.SECOND_PAIRS)
            )
            alarms += decide.is_suspect(first) and decide.judge(second, spread, cases).slower
        yield alarms


def test_the_rule_on_drawn_noise():
    """A false alarm in no more than 1 of 100 suites, and half of a noisy 10 % is enough."""
    rng = np.random.default_rng(0)
    assert sum(map(bool, suites(300, 0, 0.02, rng))) <= 3
    assert sum(suites(10, 0.1, 0.02, rng)) >= 0.95 * 10 * 12
    assert sum(suites(10, 0.05, 0.02, rng)) >= 0.8 * 10 * 12


def test_a_few_wild_pairs_are_no_regression():
    assert not decide.judge([0.5, 0.7, 0.9, *[0.001, -0.001] * 5], 0.02, 12).slower


def test_a_wild_pair_hides_no_regression():
    assert decide.judge([-0.5, *[0.09, 0.1, 0.11] * 3, 0.1, 0.1], 0.02, 12).slower


def test_faster_is_not_slower():
    assert not decide.is_suspect([-0.1] * 8)
    assert not decide.judge([-0.1] * 16, 0.02, 12).slower


def test_a_small_but_certain_difference_is_below_the_threshold():
    judged = decide.judge([0.004] * 16, 0.001, 12)
    assert judged.p < 1e-3
    assert not judged.slower
    assert decide.threshold(0.001, 16) == decide.LEAST
    assert decide.threshold(None, 16) == decide.threshold(decide.UNKNOWN_SPREAD, 16) > decide.LEAST


def test_what_rose():
    base = exact.Figures({(CASE, "stores"): 1, (CASE, "copied"): 0, (COPIES[0], "requested"): 64, (CASE, "loads"): 2})
    head = exact.Figures({(CASE, "stores"): 1, (CASE, "copied"): 8, (COPIES[0], "requested"): 63, (CASE, "new"): 5})
    (rise,) = exact.rises(base, head)
    assert (rise.case, rise.kind, rise.base, rise.head, rise.copies) == (CASE, "copied", 0, 8, True)


# ---- the record of a calibration ----


def test_a_record_goes_on_where_it_was_cut_off(tmp_path, capsys):
    file = tmp_path / "runs.jsonl"
    record = calibrate.Record(file, "c" * 40)
    for _ in range(3):
        record.add({"what": "time", "name": "same code"})
    file.write_text(file.read_text()[:-20])
    again = calibrate.Record(file)
    assert again.commit == "c" * 40
    assert again.count["time", "same code"] == 2
    assert "line 3 is no record; it was cut off" in capsys.readouterr().out
    again.add({"what": "time", "name": "same code"})
    assert calibrate.Record(file).count["time", "same code"] == 3
    assert calibrate.Record(file, "d" * 40).count["time", "same code"] == 0
